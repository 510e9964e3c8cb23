"""Problem 3.5: sum the vectors of each row into a PE that is told, by chains from both ends.

>>> w, x, total, root = SumIntoRoot().wafer({"rows": 1, "columns": 4, "values": 2, "root": 2})
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
from ...fabric.explain.standing import count
from ..problem import Size, register
from ..programs import Data, Due, Programming, Ran, whole_numbers
from ..recorded import Recorded


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
class SumIntoRoot(Programming):
    """The learner's function writes the chains; each row's sum is to stand in its root."""

    number = "3.5"
    title = "Sum each row into any of its PEs"
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
        "the PE at the end from sending to itself.",
        "Both neighbours of the root lie in columns of one parity, so with one alternating pair "
        "for both chains they would send on the same color, and the root's router has one input "
        "for that. Take two pairs. Then the root: mov(x, out=total), add(fabin(from_west), total, "
        "out=total), add(fabin(from_east), total, out=total).",
    )

    def sizes(self, seed: int | None = None) -> list[Size]:
        """A root near the middle, which is scored, others, and both ends."""
        if seed is None:
            return [_size(2, 17, 16, 7), _size(1, 5, 3, 0), _size(3, 6, 20, 5), _size(1, 3, 1, 1)]
        rng = np.random.default_rng(seed)
        columns = int(rng.integers(4, 12))
        return [
            self.sizes(None)[0],
            _size(int(rng.integers(2, 5)), columns, 24, int(rng.integers(1, columns - 1))),
            _size(1, columns, int(rng.integers(1, 9)), 0),
            _size(2, columns, int(rng.integers(10, 30)), columns - 1),
            _size(1, 2, 5, int(rng.integers(2))),
        ]

    def in_words(self, size: Size) -> str:
        """The wafer, the root's column and the vector."""
        values = count(size["values"], "value")
        return f"{size['rows']} x {size['columns']} PEs, root = {size['root']}, {values}"

    def wafer(self, size: Size) -> tuple[Any, ...]:
        """A wafer with memories x and total; then these two, and the column of the root."""
        w = Wafer(size["rows"], size["columns"])
        return w, w.memory("x", size["values"]), w.memory("total", size["values"]), size["root"]

    def data(self, size: Size, rng: np.random.Generator) -> Data:
        """An x in every PE; total is 0."""
        return {"x": whole_numbers(rng, (size["rows"], size["columns"], size["values"]))}

    def due(self, size: Size, data: Data) -> list[Due]:
        """The sum of a row in its root; what the others have in total does not matter."""
        x = data["x"]
        roots = np.zeros(x.shape[:2], bool)
        roots[:, size["root"]] = True
        values = np.broadcast_to(x.sum(axis=1, keepdims=True), x.shape)
        return [Due("total", roots, values, "the sum of the x of its row")]

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
                f"The PEs of column {shown} take in, and the root, column {root}, does not: use "
                "root instead of a number."
            )
        elif root in (0, last) and sends[:, root].any():
            yield (
                f"The root is the {'first' if root == 0 else 'last'} PE of its row here, and it "
                "sends: on that side there is no chain, and the root only takes in."
            )
        if sends.any() and not sends[1:].any() and len(sends) > 1:
            yield "Only the first row sends: w[:, k] is column k of all rows, w[0, k] a single PE."

    def why(self, written: Recorded, size: Size, ran: Ran) -> Iterator[str]:
        """What the sum in the root lacks, or has twice."""
        got = ran.wafer.memories["total"].array[:, size["root"]]
        patterns = _wrong_sums(ran.data["x"], size["root"])
        yield from [text for wrong, text in patterns if np.array_equal(got, wrong)][:1]


def _wrong_sums(x: np.ndarray, root: int) -> Iterator[tuple[np.ndarray, str]]:
    """What usual mistakes leave in total, (rows, values), and the sentence for each."""
    last = x.shape[1] - 1
    own, row, west = x[:, root], x.sum(axis=1), x[:, :root].sum(axis=1)
    east = row - own - west
    yield row - own, "The root's own x is missing in total, which has that of all others."
    yield row + own, "The root's own x is in total twice: add it to one of the two streams only."
    yield own, "total holds the root's own x alone: nothing of the others has been added."
    if 0 < root < last:
        for side, there, end in (("west", west, "column 0"), ("east", east, "the last column")):
            chain = f"there a chain of its own begins, in {end}."
            yield row - there, f"The PEs to the {side} of the root are missing in total: {chain}"
            yield (
                there,
                f"total holds what came from the {side} alone. mov overwrites what total held "
                "before; add(fabin(...), total, out=total) adds to it.",
            )
    ends = x[:, 0] * (root > 0) + x[:, -1] * (root < last)
    near = x[:, max(root - 1, 0) : root + 2].sum(axis=1)
    for wrong in (ends, ends + own):
        yield (
            wrong,
            "Only the x of the ends has come to the root: the PEs between have to add their own "
            "to what comes in before they pass it on.",
        )
    yield (
        near,
        "Only the root and its neighbours are in total: a PE has to pass on the sum of what comes "
        "in and its own x, not x alone.",
    )


def _size(rows: int, columns: int, values: int, root: int) -> Size:
    return {"rows": rows, "columns": columns, "values": values, "root": root}
