"""Problem 3.5: sum the vectors of a row into a PE that is told, by chains from both ends.

>>> w, x, total, root = SumIntoRoot().wafer({"columns": 4, "wavelets": 2, "root": 2})
>>> textbook(w, x, total, root)
>>> x[0] = [[1, 2], [10, 20], [100, 200], [1000, 2000]]
>>> cycles = w.run().cycles
>>> total[0, 2]
array([1111., 2222.], dtype=float32)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ...fabric import EAST, RAMP, WEST, Wafer, fabin, fabout
from ..problem import Size, register
from ..sums import Summing


def textbook(w: Wafer, x: Any, total: Any, root: int) -> None:
    """The plain right answer: a chain from each end, and the root takes one after the other."""
    last = w.shape[1] - 1
    to_east, from_west = w.alternating("e0", "e1", by="column")
    to_west, from_east = w.alternating("w0", "w1", by="column")
    w[:, root].mov(x, out=total)  # the root's own share
    if root > 0:  # there are PEs to the west, and their sums go east
        w[:, :root].route(to_east, RAMP >> EAST)
        w[:, 1 : root + 1].route(from_west, WEST >> RAMP)
        w[:, 0].mov(x, out=fabout(to_east))
        w[:, 1:root].add(fabin(from_west), x, out=fabout(to_east))
        w[:, root].add(fabin(from_west), total, out=total)
    if root < last:  # and the same from the east
        w[:, root + 1 :].route(to_west, RAMP >> WEST)
        w[:, root:-1].route(from_east, EAST >> RAMP)
        w[:, -1].mov(x, out=fabout(to_west))
        w[:, root + 1 : -1].add(fabin(from_east), x, out=fabout(to_west))
        w[:, root].add(fabin(from_east), total, out=total)


@register
class SumIntoRoot(Summing):
    """The learner's function writes the chains; the sum of all is to stand in the root's total."""

    number = "3.5"
    title = "Sum a row into any of its PEs"
    points = 8
    answer = "sum_into"
    textbook = staticmethod(textbook)
    hints = (
        "Take root = 0 first: then it is the chain of the lesson. The PE in the last column sends "
        "its x, each one before it adds its own to what comes in and passes the sum on, and the "
        "root adds what comes in to its own. A router has one input a color, so a PE that takes in "
        "and sends on needs two: w.alternating gives both, as a PE sees them.",
        "A root in the middle has a chain on either side. The western one is the mirror image of "
        "the other: it starts in column 0, and its wavelets leave by EAST and come in by WEST. "
        "Where root is 0 or the last column, one of the two is empty: an if around its lines keeps "
        "the PE at the end from sending.",
        "Both neighbours of the root lie in columns of one parity, so with one alternating pair "
        "for both chains they would send on the same color, and the root's router has one input "
        "for that. Take two pairs. Then the root: mov(x, out=total), add(fabin(from_west), total, "
        "out=total), add(fabin(from_east), total, out=total).",
    )

    def sizes(self, seed: int | None = None) -> list[Size]:
        """A root near the middle, which is scored, others, and both ends."""
        if seed is None:
            return [_size(17, 16, 7), _size(12, 3, 0), _size(6, 20, 5), _size(3, 1, 1)]
        rng = np.random.default_rng(seed)
        columns = int(rng.integers(4, 12))
        return [
            self.sizes(None)[0],
            _size(columns, 24, int(rng.integers(1, columns - 1))),
            _size(columns, int(rng.integers(1, 9)), 0),
            _size(columns, int(rng.integers(10, 30)), columns - 1),
            _size(2, 5, int(rng.integers(2))),
        ]

    def in_words(self, size: Size) -> str:
        """The row, the vectors and the root."""
        return f"{super().in_words(size)}, root = {size['root']}"

    def wafer(self, size: Size) -> tuple[Any, ...]:
        """A row with memories x and total; then these two, and the column of the root."""
        return (*super().wafer(size), size["root"])

    def wanted(self, size: Size) -> np.ndarray:
        """The root."""
        return np.arange(size["columns"])[None] == size["root"]

    def mistakes(self, program: Wafer, size: Size) -> Iterator[str]:
        """What the operations tell before they run."""
        root, last, shown = size["root"], size["columns"] - 1, self.sizes(None)[0]["root"]
        takes, sends = np.zeros((2, *program.shape), bool)
        for operation in program.recorded:
            there = operation.counts(program.shape) > 0
            takes |= there & bool(operation.reads)
            sends |= there & (operation.sends is not None)
        if root != shown and takes[:, shown : shown + 1].any() and not takes[:, root].any():
            yield (
                f"PE (0, {shown}) takes in, and the root, PE (0, {root}), does not: use root "
                "instead of a number."
            )
        elif root in (0, last) and sends[:, root].any():
            yield (
                f"The root is the {'first' if root == 0 else 'last'} PE of its row here, and it "
                "sends: on that side there is no chain, and the root only takes in."
            )
        yield from super().mistakes(program, size)

    def missing(self, missing: np.ndarray, size: Size) -> str:
        """Whole sides that are missing, and PEs that pass on without adding."""
        root = size["root"]
        west, east, inner = missing[0, :root], missing[0, root + 1 :], missing[0, 1:-1]
        sides = [side for side, there in (("west", west), ("east", east)) if there.any()]
        if len(sides) == 1 and (west if sides == ["west"] else east).all():
            end = "column 0, eastward" if sides == ["west"] else "the last column, westward"
            return (
                f"The PEs to the {sides[0]} of the root are missing in the sum: a chain of their "
                f"own brings them, from {end}. If it is there, the root overwrites what it brings: "
                "add(fabin(...), total, out=total) adds to what total holds, mov does not."
            )
        if np.delete(inner, root - 1 if 0 < root < len(inner) + 1 else []).all():
            return (
                "Only the ends of the row are in the sum: the PEs between have to add their own x "
                "to what comes in before they pass it on."
            )
        return super().missing(missing, size)


def _size(columns: int, wavelets: int, root: int) -> Size:
    return {"columns": columns, "wavelets": wavelets, "root": root}
