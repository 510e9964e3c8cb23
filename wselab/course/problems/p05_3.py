"""Problem 5.3: SUMMA on a square of PEs, with a color for each panel.

>>> w = Wafer(2, 2)
>>> A, B, C = w.memory("A", (3, 2)), w.memory("B", (3, 4)), w.memory("C", (4, 2))
>>> A_now, B_now = w.memory("A_now", (3, 2)), w.memory("B_now", (3, 4))
>>> summa(w, A, B, C, A_now, B_now)
>>> A[...] = B[...] = 1.0
>>> w.run().cycles, float(C[0, 0, 0, 0])
(114, 6.0)
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from ...fabric import EAST, NORTH, RAMP, SOUTH, WEST, Wafer, fabin, fabout
from ..problem import Size, register
from ..programs import Data, Due, Programming, Ran, whole_numbers
from ..recorded import Recorded
from ..sums import same_color_as_neighbour


def summa(w: Wafer, A: Any, B: Any, C: Any, A_now: Any, B_now: Any) -> None:
    """The plain textbook program: in each step two panels are broadcast, then multiplied."""
    P, (b, n) = w.shape[0], B.shape[2:]
    for k in range(P):
        along, down = w.color(f"A, panel {k}"), w.color(f"B, panel {k}")
        _spread(w, along, k, axis=1)
        _spread(w, down, k, axis=0)
        w[:, k].mov(A, out=fabout(along))
        w[:, k].mov(A, out=A_now)
        w[:, :k].mov(fabin(along), out=A_now)
        w[:, k + 1 :].mov(fabin(along), out=A_now)
        w[k, :].mov(B, out=fabout(down))
        w[k, :].mov(B, out=B_now)
        w[:k, :].mov(fabin(down), out=B_now)
        w[k + 1 :, :].mov(fabin(down), out=B_now)
        for q in range(b):
            for j in range(n):
                w[...].mac(A_now.own[q], B_now.own[q, j], out=C.own[j])


def _spread(w: Wafer, color: Any, k: int, axis: int) -> None:
    """Routes from column k along the rows (axis 1), from row k along the columns (axis 0)."""
    home, away = ((NORTH, SOUTH), (WEST, EAST))[axis]
    last = w.shape[axis] - 1

    def line(at: Any) -> Any:
        return w[:, at] if axis else w[at, :]

    line(k).route(color, RAMP >> tuple([home] * (k > 0) + [away] * (k < last)))
    if k > 0:
        line(slice(1, k)).route(color, away >> (RAMP, home))
        line(0).route(color, away >> RAMP)
    if k < last:
        line(slice(k + 1, last)).route(color, home >> (RAMP, away))
        line(last).route(color, home >> RAMP)


@register
class Summa(Programming):
    """The learner's function writes any product of two matrices that lie in tiles."""

    number = "5.3"
    title = "Two matrices by SUMMA"
    points = 10
    answer = "summa"
    textbook = staticmethod(summa)
    hints = (
        "Write one step first, k = 0: column 0 sends its tiles of A to the east, row 0 its tiles "
        "of B to the south, and everybody multiplies what came. After it C is right for matrices "
        "in which everything but panel 0 is zero. What changes for another k?",
        "In step k the senders stand in the middle, and send both ways: RAMP >> (WEST, EAST) in "
        "column k, EAST >> (RAMP, WEST) between it and column 0, EAST >> RAMP in column 0, and the "
        "like on the other side. At the rim one of the two ways is missing. Each step takes two "
        'new colors: w.color(f"A, panel {k}").',
        "The senders have their tile already: w[:, k].mov(A, out=A_now), and the others "
        "mov(fabin(color), out=A_now), in w[:, :k] and in w[:, k + 1 :]. Then, for q in range(b) "
        "and j in range(n): w[...].mac(A_now.own[q], B_now.own[q, j], out=C.own[j]). P is "
        "w.shape[0], b and n are B.shape[2:].",
    )

    def sizes(self, seed: int | None = None) -> list[Size]:
        """Squares, with tiles of no special shape."""
        some = [(4, 3, 8, 4), (2, 5, 1, 3), (5, 2, 3, 1), (3, 1, 4, 6)]
        if seed is not None:
            rng = np.random.default_rng(seed)
            some[2:] = [
                (int(rng.integers(2, 7)), *rng.integers(1, 7, 3).tolist()) for _ in range(2)
            ]
        return [dict(zip(("side", "m", "b", "n"), one, strict=True)) for one in some]

    def wafer(self, size: Size) -> tuple[Any, ...]:
        """A square of PEs, a tile of each matrix in them, and room for what comes by."""
        w, m, b, n = Wafer(size["side"], size["side"]), size["m"], size["b"], size["n"]
        shapes = {"A": (b, m), "B": (b, n), "C": (n, m), "A_now": (b, m), "B_now": (b, n)}
        return w, *(w.memory(name, shape) for name, shape in shapes.items())

    def data(self, size: Size, rng: np.random.Generator) -> Data:
        """Tiles of A and B, a column of A and a row of B lying together."""
        side, m, b, n = size["side"], size["m"], size["b"], size["n"]
        return {
            "A": whole_numbers(rng, (side, side, b, m)),
            "B": whole_numbers(rng, (side, side, b, n)),
        }

    def due(self, size: Size, data: Data) -> list[Due]:
        """The tile of the product in every PE."""
        values = _products(data).sum(axis=2)
        return [Due("C", np.ones(values.shape[:2], bool), values, "the product")]

    def in_words(self, size: Size) -> str:
        """The square, and the tiles."""
        return "{side} x {side} PEs, tiles of A {m} x {b}, of B {b} x {n}".format(**size)

    def most_cycles(self, size: Size) -> tuple[int, str]:
        """As many as the plain program."""
        par = self.par_at(size)
        return par, f"the plain program takes {par:,}, and no more are asked"

    def mistakes(self, program: Wafer, size: Size) -> Iterator[str]:
        """Neighbours that send on the same color."""
        yield from same_color_as_neighbour(program)

    def why(self, written: Recorded, size: Size, ran: Ran) -> Iterator[str]:
        """Which panels the first wrong tile lacks, or what it multiplies instead."""
        got, products = ran.wafer.memories["C"].array, _products(ran.data)
        off = (got != products.sum(axis=2)).any(axis=(2, 3))
        row, column = (int(one) for one in np.argwhere(off)[0])
        mine, C = products[row, column], got[row, column]
        if not C.any():
            return
        side = size["side"]
        for lacks in itertools.product((0, 1, 2), repeat=side):
            if np.array_equal(C, np.tensordot(lacks, mine, axes=1)):
                yield _lacks(lacks, row, column, int(off.sum()))
                return
        A, B = ran.data["A"], ran.data["B"]
        own = side * np.einsum("bm,bn->nm", A[row, column], B[row, column])
        if np.array_equal(C, own):
            yield (
                f"PE ({row}, {column}) multiplies its own two tiles in every step. What came in "
                "this step lies in A_now and B_now."
            )
        elif np.array_equal(C, np.einsum("bm,kbn->nm", A[row, column], B[:, column])):
            yield f"PE ({row}, {column}) multiplies with its own tile of A in every step."
        elif np.array_equal(C, np.einsum("kbm,bn->nm", A[row], B[row, column])):
            yield f"PE ({row}, {column}) multiplies with its own tile of B in every step."
        elif np.array_equal(C, np.einsum("kbm,kbn->nm", A[:, column], B[row])):
            yield (
                "A goes along the columns and B along the rows. It is the other way round: PE "
                "(i, j) needs row i of A and column j of B."
            )


def _products(data: Data) -> np.ndarray:
    """What each step adds to C of each PE: (row, column, step, n, m)."""
    products: np.ndarray = np.einsum("ikbm,kjbn->ijknm", data["A"], data["B"])
    return products


def _lacks(counts: tuple[int, ...], row: int, column: int, wrong: int) -> str:
    """Which panels are missing in a tile, or there twice."""
    where = f"In PE ({row}, {column}), one of {wrong} with a wrong C," if wrong > 1 else (
        f"In PE ({row}, {column})"
    )  # fmt: skip
    missing = [k for k, count in enumerate(counts) if count == 0]
    twice = [k for k, count in enumerate(counts) if count == 2]
    if missing:
        return f"{where} the product of {_panels(missing)} is missing."
    return f"{where} the product of {_panels(twice)} is added twice."


def _panels(numbers: list[int]) -> str:
    names = [f"panel {number}" for number in numbers]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
