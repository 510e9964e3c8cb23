"""Problem 6.4: a product on a column of PEs that sends no zeros.

>>> problem = SendNoZeros()
>>> w, x, A, y = problem.wafer({"rows": 2, "m": 2, "n": 3, "there": 2})
>>> textbook(w, x, A, y)
>>> x[0], A[1:] = [5, 0, -1], [[1, 2, 3], [4, 5, 6]]
>>> cycles = w.run().cycles
>>> y[1:, 0].tolist()
[[2.0, 14.0], [2.0, 14.0]]
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ...fabric import NORTH, RAMP, SOUTH, Wafer, fabout
from ...specs import WSE2
from ..problem import Size, register
from ..programs import Data, Due, Programming, Ran, whole_numbers
from ..recorded import Recorded


def textbook(w: Wafer, x: Any, A: Any, y: Any) -> None:
    """The plain right answer: each non-zero goes down on the color of its column, and wakes."""
    ready = w.color("ready")
    w[1].route(ready, RAMP >> NORTH)
    w[0].route(ready, SOUTH >> RAMP)
    colors = [w.color(f"x[{j}]") for j in range(x.shape[2])]
    for j, c in enumerate(colors):
        w[0].route(c, RAMP >> SOUTH)
        w[1:-1].route(c, NORTH >> (RAMP, SOUTH))
        w[-1].route(c, NORTH >> RAMP)

        @w[1:].task(c)
        def multiply(pe: Any, value: Any, j: int = j) -> None:
            pe.mac(A.own[:, j], value, out=y)

    @w[0].task(ready, data_dependent=True)
    def send(pe: Any, wavelet: Any) -> None:
        for j, c in enumerate(colors):
            pe.where(x.own[j] > 0).mov(x.own[j], out=fabout(c))
            pe.where(x.own[j] < 0).mov(x.own[j], out=fabout(c))

    w[1].mov(1.0, out=fabout(ready), n=1)


def with_zeros(size: Size) -> int:
    """The cycles of the product that sends all of x and leaves out nothing."""
    n, ramp = size["n"], WSE2.ramp_latency_cycles
    return n + size["rows"] + 1 + 2 * ramp + size["m"] * n


@register
class SendNoZeros(Programming):
    """The learner's function writes the whole program; row 0 has x, the others their tiles."""

    number = "6.4"
    title = "A product that sends no zeros"
    points = 10
    answer = "send_no_zeros"
    textbook = staticmethod(textbook)
    hints = (
        "Start from `woken` of the lesson, which does it for one PE with a tile. Two things are "
        "new: x may have values below zero, so that one comparison is not enough; and there are "
        "several PEs below, each of which needs a copy of what is sent.",
        "A router in the middle copies: w[1:-1].route(c, NORTH >> (RAMP, SOUTH)), and the last row "
        "only takes its copy. Row 1 starts it all: it sends one wavelet north, on a color of its "
        "own, which wakes the task of row 0. That task is data_dependent=True.",
        "In the task of row 0, for each j: pe.where(x.own[j] > 0).mov(x.own[j], "
        "out=fabout(colors[j])), and once more with < 0. Below, a task for each color: "
        "pe.mac(A.own[:, j], value, out=y). Give it j=j as an argument: a function looks up j "
        "when it is called, and by then the loop is over.",
    )

    def sizes(self, seed: int | None = None) -> list[Size]:
        """Tiles that are tall against what there is to compare; a third is not zero, or less."""
        if seed is None:
            return [_size(3, 24, 12, 4), _size(5, 30, 9, 3), _size(2, 40, 16, 5)]
        rng = np.random.default_rng(seed)
        sizes = self.sizes(None)[:1]
        for _ in range(2):
            n = int(rng.integers(9, 17))
            rows, m, there = (int(k) for k in rng.integers((2, 24, 2), (7, 48, n // 3 + 1)))
            sizes.append(_size(rows, m, n, there))
        return sizes

    def in_words(self, size: Size) -> str:
        """The column, its tiles, and how many values are not zero."""
        rows, m, n, there = (size[name] for name in ("rows", "m", "n", "there"))
        return f"{rows} PEs with tiles of {m} x {n}, {there} of the {n} values not zero"

    def wafer(self, size: Size) -> tuple[Any, ...]:
        """A column of PEs, the first for x; then x, the tiles A, and y."""
        w = Wafer(size["rows"] + 1, 1)
        m, n = size["m"], size["n"]
        return w, w.memory("x", n), w.memory("A", (m, n)), w.memory("y", m)

    def data(self, size: Size, rng: np.random.Generator) -> Data:
        """Tiles without zeros; x of which so many are not zero, the first one above zero.

        So work begins at once, and a PE is never idle until it is done: cycles do not depend on
        where the others stand.
        """
        rows, m, n, there = (size[name] for name in ("rows", "m", "n", "there"))
        x, A = np.zeros((rows + 1, 1, n), np.float32), whole_numbers(rng, (rows + 1, 1, m, n))
        others = 1 + rng.choice(n - 1, there - 1, replace=False)
        x[0, 0, 0], x[0, 0, others] = rng.integers(1, 10), whole_numbers(rng, (there - 1,))
        x[0, 0, others[0]] = -abs(x[0, 0, others[0]])
        A[0] = 0
        return {"x": x, "A": A}

    def due(self, size: Size, data: Data) -> list[Due]:
        """The product, in every row with a tile."""
        values = data["A"] @ data["x"][0, 0]
        return [Due("y", _below(size), values.astype(np.float32), "its part of the product")]

    def most_cycles(self, size: Size) -> tuple[int, str]:
        """Half of what the product with all zeros takes."""
        dense = with_zeros(size)
        return dense // 2, (
            f"a product that leaves out no zeros takes {dense:,}, and half of that is asked, "
            f"{dense // 2:,}. A zero is not to be sent, so that it wakes nobody"
        )

    def bound(self) -> str:
        """What a PE has to multiply."""
        size = self.sizes()[0]
        least = size["m"] * size["there"]
        return (
            f"No program takes fewer than {least:,} cycles: a PE makes one multiply-accumulate a "
            f"cycle in float32, and has {size['m']} for each of {size['there']} non-zeros."
        )

    def why(self, written: Recorded, size: Size, ran: Ran) -> Iterator[str]:
        """Which part of the product is there instead."""
        there = _below(size)[:, 0]
        x, A = ran.data["x"][0, 0], ran.data["A"][there, 0]
        got = ran.wafer.memories["y"].array[there, 0]

        def all_have(wanted: np.ndarray) -> bool:
            return bool((got == wanted).all())

        if not got.any():
            yield (
                "y is still 0 in every PE: does a wavelet wake the task of the PE with x, and is "
                "there a task below for each color that it sends on?"
            )
            return
        above, columns = A @ np.maximum(x, 0), range(len(x))
        right = (got == A @ x).all(axis=1)
        if all_have(above):
            yield (
                "Only the values above zero are in the product: those below zero count too. "
                "Compare twice, > 0 and < 0."
            )
        elif all_have(A @ np.minimum(x, 0)):
            yield "Only the values below zero are in the product: compare with > 0 as well."
        elif all_have(A[:, :, -1] * x.sum()):
            yield (
                "All values are multiplied with the last column of the tile: the tasks look up j "
                "when they are called, and by then the loop is over. Write "
                "def multiply(pe, value, j=j)."
            )
        elif any(all_have(A[:, :, j] * x[j]) for j in columns if x[j]):
            yield "y holds one product only: mac adds to y, mul and mov overwrite it."
        elif all_have(A @ abs(x)):
            yield "Values below zero come as if they were above: send x itself."
        elif all_have(A @ (x != 0)):
            yield "The columns are added, not multiplied: the wavelet's value is missing."
        elif right.any() and not got[~right].any():
            yield (
                f"Of {len(right)} PEs with tiles {int(right.sum())} {_have(right)} the product, "
                "the others nothing: every router but the last has to pass a copy on, NORTH >> "
                "(RAMP, SOUTH), and every PE needs the tasks."
            )


def _below(size: Size) -> np.ndarray:
    return np.arange(size["rows"] + 1)[:, None] > 0


def _have(right: np.ndarray) -> str:
    return "has" if right.sum() == 1 else "have"


def _size(rows: int, m: int, n: int, there: int) -> Size:
    return {"rows": rows, "m": m, "n": n, "there": there}
