"""Puzzle 7.P: stream a layer through a rectangle of PEs, in few cycles.

>>> problem = StreamFast()
>>> problem.par
111
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...fabric import EAST, RAMP, WEST, Wafer, fabin, fabout
from ...specs import WSE2
from ..problem import Size, register
from ..programs import Data
from .p07_3 import Streaming
from .p07_3 import textbook as through_columns


def textbook(w: Wafer, W: Any, x: Any, y: Any, weight: Any) -> None:
    """The plain right answer: each column as in problem 7.3, then chains along the rows."""
    through_columns(w, W, x, y, weight)
    if w.shape[1] == 1:
        return
    mine, theirs = w.alternating("even", "odd", by="column")
    w[1:, 1:].route(mine, RAMP >> WEST)
    w[1:, :-1].route(theirs, EAST >> RAMP)
    w[1:, -1].mov(y, out=fabout(mine))
    w[1:, 1:-1].add(fabin(theirs), y, out=fabout(mine))
    w[1:, 0].add(fabin(theirs), y, out=y)


@register
class StreamFast(Streaming):
    """The learner's function streams a layer through a rectangle, in fewer cycles than par."""

    number = "7.P"
    title = "Open puzzle: a layer through a rectangle"
    points = 10
    answer = "stream_fast"
    textbook = staticmethod(textbook)
    hints = (
        "Write the plain program first: problem 7.3 in every column, then a chain along each row "
        "that adds all of y into column 0. Where do its cycles go? A weight keeps a PE for 1 + t "
        "cycles if the PE has t tokens, and only t of them are arithmetic.",
        "While a PE computes, the way in from row 0 is idle. So a weight may as well be sent more "
        "than once. And an operation may take its weights from the stream itself: mac(fabin(c), "
        "...) uses each as it comes, with no cycle to store any.",
        "The one vector operation of a PE that uses weights as they come has many weights and one "
        "number of x in it: a feature of a token, and that feature's weight for every output. How "
        "often, and in which order, does row 0 have to send its W then? W.own[:, j] is a column.",
    )

    def sizes(self, seed: int | None = None) -> list[Size]:
        """The rectangle that is scored, and others."""
        some = [(4, 4, 6, 4, 2), (2, 7, 4, 3, 4), (5, 2, 3, 6, 1)]
        if seed is not None:
            rng = np.random.default_rng(seed)
            some[1:] = [tuple(rng.integers(2, 6, 5).tolist()) for _ in range(2)]
        names = ("rows", "columns", "outputs", "features", "tokens")
        return [dict(zip(names, one, strict=True)) for one in some]

    def in_words(self, size: Size) -> str:
        """Rows, columns, and what each PE has."""
        return (
            f"{size['rows']} x {size['columns']} PEs below the source, {size['outputs']} outputs, "
            f"{size['features']} features and {size['tokens']} tokens in each PE"
        )

    def wanted(self, size: Size) -> np.ndarray:
        """Column 0."""
        return np.arange(size["columns"]) == 0

    def products(self, data: Data) -> np.ndarray:
        """The sums along the rows."""
        return self.summed(self.partial_sums(data))

    def summed(self, partial: np.ndarray) -> np.ndarray:
        """All columns' partial sums, in each column."""
        return np.broadcast_to(partial.sum(axis=1, keepdims=True), partial.shape)

    def most_cycles(self, size: Size) -> tuple[int, str]:
        """Fewer than the plain program."""
        par = self.par_at(size)
        return par - 1, f"a weight at a time and then a chain take {par:,}; fewer are asked"

    def bound(self) -> str:
        """What all PEs need for the products alone."""
        size = self.sizes()[0]
        macs = size["outputs"] * size["features"] * size["tokens"]
        least = least_cycles(macs, size["rows"], WSE2.fp32_macs_per_cycle)
        return (
            f"No program takes fewer than {least:,} cycles: so long all PEs, the source's too, "
            "need for the products, a multiply-accumulate a cycle each."
        )


def least_cycles(macs: int, rows: int, rate: int) -> int:
    """Cycles for ``macs`` in each PE of so many rows, if the row of the source helps.

    >>> least_cycles(48, 4, 1)
    39
    """
    return -(-macs * rows // ((rows + 1) * rate))
