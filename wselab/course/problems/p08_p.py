"""Puzzle 8.P: an update of many operations, with the help of the PEs that wait.

>>> least_work(values=72, rows=9)
200
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ...fabric import Wafer
from ..problem import Size, register
from ..programs import Data, Due, Programming, Ran
from ..recorded import Recorded

ROUNDS = 8
FACTOR = 3.75
RATE = 0.125
OPERATIONS = 3 * ROUNDS + 1  # a parameter


def rule(pes: Any, v: Any, a: Any) -> None:
    """The rounds: what a root and a division stand for. ``a`` is overwritten."""
    for _ in range(ROUNDS):
        pes.mac(v, -1.0, acc=1.0, out=a)
        pes.mul(v, a, out=v)
        pes.mul(v, FACTOR, out=v)


def in_the_home_row(w: Wafer, p: Any, v: Any, a: Any) -> None:
    """The plain textbook program: everything where the parameters are."""
    rule(w[0], v, a)
    w[0].mac(v, -RATE, out=p)


def by_numpy(v: np.ndarray) -> np.ndarray:
    """The rounds in float32, rounded as a PE does."""
    v, one, factor = v.astype(np.float32), np.float32(1), np.float32(FACTOR)
    for _ in range(ROUNDS):
        v = v * (one - v) * factor
    return v


def least_work(values: int, rows: int) -> int:
    """Cycles that the operations take if no PE of a column ever waits, and nothing is sent."""
    return -(-OPERATIONS * values // rows)


@register
class ShareTheUpdate(Programming):
    """The learner's function shares the work out over the wafer."""

    number = "8.P"
    title = "Open puzzle: share the update"
    points = 10
    answer = "update"
    textbook = staticmethod(in_the_home_row)
    hints = (
        "Sending a value and getting one back costs the home row two cycles; doing its update "
        "itself costs 25. So give most of them away. Only v has to travel: p can stay at home, "
        "since it is needed for the last operation alone.",
        "Begin with one helper, row 1: a color down (RAMP >> SOUTH, NORTH >> RAMP) and one up. Row "
        "0 sends half of v, works on its own half, and takes in the other half with "
        "mac(fabin(up), -0.125, acc=p.own[half:], out=p.own[half:]). v.own[:half] is a part of it.",
        "Then a color down and a color up for each row, straight through the routers of the rows "
        "between. The farthest row's part is sent first. Row 0 should keep a smaller part than the "
        "others: it has to send and take in as well. Find the best parts by trying. What else "
        "could be done at the same time? (Microthreads.)",
    )

    def sizes(self, seed: int | None = None) -> list[Size]:
        """The wafer that is scored, and others."""
        some = [(9, 3, 72), (5, 2, 50), (7, 1, 33)]
        if seed is not None:
            rng = np.random.default_rng(seed)
            some[1:] = [tuple(rng.integers((4, 1, 30), (12, 4, 90)).tolist()) for _ in "ab"]
        return [dict(zip(("rows", "columns", "values"), one, strict=True)) for one in some]

    def in_words(self, size: Size) -> str:
        """The wafer and the parameters."""
        return (
            f"{size['rows']} x {size['columns']} PEs, {size['values']} parameters in each of row 0"
        )

    def wafer(self, size: Size) -> tuple[Any, ...]:
        """Parameters, what the rule works on, and memory for a while."""
        w = Wafer(size["rows"], size["columns"])
        return w, *(w.memory(name, size["values"]) for name in ("p", "v", "a"))

    def data(self, size: Size, rng: np.random.Generator) -> Data:
        """Numbers between 0 and 1, with all their bits, in row 0; nothing elsewhere."""
        data = {}
        for name in ("p", "v"):
            data[name] = np.zeros((size["rows"], size["columns"], size["values"]), np.float32)
            data[name][0] = rng.uniform(0.05, 0.95, data[name][0].shape)
        return data

    def due(self, size: Size, data: Data) -> list[Due]:
        """The parameters after the update, to the last bit, in row 0."""
        values = data["p"] - np.float32(RATE) * by_numpy(data["v"])
        where = np.zeros((size["rows"], size["columns"]), bool)
        where[0] = True
        return [Due("p", where, values, "p after the update, to the last bit,")]

    def most_cycles(self, size: Size) -> tuple[int, str]:
        """Fewer than the home row alone."""
        par = self.par_at(size)
        return par - 1, f"the home row alone takes {par:,}, and fewer are asked"

    def why(self, written: Recorded, size: Size, ran: Ran) -> Iterator[str]:
        """Which parameters are right, and what was done to the others."""
        (due,) = self.due(size, ran.data)
        got, p = ran.wafer.memories["p"].array[0], ran.data["p"][0]
        off = got != due.values[0]
        untouched = np.flatnonzero((off & (got == p)).any(0))
        if len(untouched) == off.shape[1]:
            yield "p is as it was: no parameter has moved."
        elif len(untouched):
            yield (
                f"Some parameters have not moved: p[{untouched[0]}]"
                + (f" and {len(untouched) - 1} more." if len(untouched) > 1 else ".")
                + " Every one has to, whoever does the work."
            )
        other = {
            "The sign is wrong: p moves against v, by -0.125 times it.": 2 * p - due.values[0],
            "v itself is subtracted: the rounds of the rule are missing.": p
            - np.float32(RATE) * ran.data["v"][0],
            "All of v is subtracted, not 0.125 of it.": p - by_numpy(ran.data["v"][0]),
        }
        near = np.abs(got - due.values[0])
        for text, values in other.items():
            if np.allclose(got, values, atol=1e-6) and near.max() > 1e-3:
                yield text
                return
        if off.any() and near.max() < 1e-2 and not len(untouched):
            yield (
                "It is nearly right. The operations are to be those of the rule, in its order: "
                "another order rounds differently, and after some rounds one sees it."
            )

    def bound(self) -> str:
        """What the operations alone take."""
        size = self.sizes()[0]
        least = least_work(size["values"], size["rows"])
        return (
            f"With the rule's {OPERATIONS} operations for each parameter no program takes fewer "
            f"than {least:,} cycles: {OPERATIONS * size['values']:,} operations for each column, "
            f"which has {size['rows']} PEs. How near one can come is open."
        )
