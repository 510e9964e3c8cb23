"""Puzzle 3.P: turn a row round; x of PE k is to end in y of PE P - 1 - k.

The textbook's program needs no more than the words of the lesson: vectors are passed on from PE to
PE, all eastward ones first, then all westward ones.

    >>> w, x, y = ReverseRow().wafer({"columns": 5, "values": 1})
    >>> textbook(w, x, y)
    >>> x[0, :, 0] = [10, 11, 12, 13, 14]
    >>> cycles = w.run().cycles
    >>> y[0, :, 0]
    array([14., 13., 12., 11., 10.], dtype=float32)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ...fabric import EAST, RAMP, WEST, Wafer, fabin, fabout
from ...fabric.explain.standing import count
from ..problem import Size, register
from ..programs import Data, Due, Programming, Ran
from ..recorded import Recorded


def textbook(w: Wafer, x: Any, y: Any) -> None:
    """The plain right answer: the western half passes its vectors on to the eastern, then back.

    A PE sends its own vector before those that come from behind it. So the nearest one's comes
    first, which is the one that the first PE of the other half keeps.
    """
    columns, n = w.shape[1], x.shape[2]
    half = columns // 2
    to_east, from_west = w.alternating("e0", "e1", by="column")
    to_west, from_east = w.alternating("w0", "w1", by="column")
    w[:, :-1].route(to_east, RAMP >> EAST)
    w[:, 1:].route(from_west, WEST >> RAMP)
    w[:, 1:].route(to_west, RAMP >> WEST)
    w[:, :-1].route(from_east, EAST >> RAMP)

    west, middle, east = w[:, :half], w[:, half : columns - half], w[:, columns - half :]
    behind = n * np.arange(half)[np.newaxis]  # values that come from behind a PE of its half
    if columns % 2:
        middle.mov(x, out=y)
    west.mov(x, out=fabout(to_east))
    west.mov(fabin(from_west), out=fabout(to_east), n=behind)
    middle.mov(fabin(from_west), out=fabout(to_east), n=n * half)
    east.mov(fabin(from_west), out=y)
    east.mov(fabin(from_west), out=fabout(to_east), n=behind[:, ::-1])
    east.mov(x, out=fabout(to_west))
    east.mov(fabin(from_east), out=fabout(to_west), n=behind[:, ::-1])
    middle.mov(fabin(from_east), out=fabout(to_west), n=n * half)
    west.mov(fabin(from_east), out=y)
    west.mov(fabin(from_east), out=fabout(to_west), n=behind)


def least_cycles(columns: int, values: int, ramp_latency: int) -> int:
    """Cycles that no program can beat: all of one half passes the link in the middle.

    ``values * (columns // 2)`` wavelets go east over it, one a cycle. The first is there
    ``ramp_latency + 1`` cycles after the start, and the last reaches its processor's queue
    ``ramp_latency + 1`` cycles after it, where it is taken in one more.

    >>> least_cycles(2, 1, 2)
    7
    """
    return values * (columns // 2) + 2 * ramp_latency + 2


@register
class ReverseRow(Programming):
    """The learner's function writes a program that turns a row of vectors round."""

    number = "3.P"
    title = "Open puzzle: turn a row round"
    points = 10
    answer = "reverse"
    textbook = staticmethod(textbook)
    hints = (
        "To get it right: in a row of P PEs exchange the vectors of neighbours, columns 0 and 1, 2 "
        "and 3, ..., then 1 and 2, 3 and 4, ..., and so on for P rounds; after them the row is "
        "turned round. To get to par: let PEs pass vectors on, mov(fabin(...), out=fabout(...), "
        "n=...), where n may be an array with one number a PE.",
        "To get under par: while the eastward half of the links works, the other half is idle. "
        "With microthread=True an operation on a stream runs beside those written after it, so "
        "that both directions run at once. Then P / 2 vectors cross the middle, each way.",
        "To get near the bound, leave the processors out of it: each hand-over costs two ramps, "
        "and a router passes a wavelet on in a cycle. A route can be a list of positions, "
        "[RAMP >> EAST, WEST >> EAST]: first its own vector, then those from behind. The wavelet "
        'that goes on to the next position is the last of mov(x, out=fabout(c, advance="path")).',
    )

    def sizes(self, seed: int | None = None) -> list[Size]:
        """A row of 32, which is scored, and odd, short and long ones."""
        if seed is None:
            return [_size(32, 16), _size(5, 3), _size(2, 12), _size(9, 1)]
        rng = np.random.default_rng(seed)
        pairs = int(rng.integers(2, 8))
        return [
            self.sizes(None)[0],
            _size(2 * pairs, int(rng.integers(2, 30))),
            _size(2 * pairs + 1, int(rng.integers(2, 30))),
            _size(int(rng.integers(50, 61)), 2),
            _size(3, 20),
        ]

    def in_words(self, size: Size) -> str:
        """The row and the vectors."""
        return f"{size['columns']} PEs in the row, {count(size['values'], 'value')} each"

    def wafer(self, size: Size) -> tuple[Any, ...]:
        """A row with memories x and y; then these two."""
        w = Wafer(1, size["columns"])
        return w, w.memory("x", size["values"]), w.memory("y", size["values"])

    def data(self, size: Size, rng: np.random.Generator) -> Data:
        """An x in every PE, of random bits, so that no wavelet could carry two; y is 0."""
        x = rng.standard_normal((1, size["columns"], size["values"]))
        return {"x": x.astype(np.float32)}

    def due(self, size: Size, data: Data) -> list[Due]:
        """Everybody's x at the other end of the row."""
        everywhere, last = np.ones((1, size["columns"]), bool), size["columns"] - 1
        return [Due("y", everywhere, data["x"][:, ::-1], f"x of PE (0, {last} - column)")]

    def most_cycles(self, size: Size) -> tuple[int, str] | None:
        """Fewer than the plain program, at the size that is scored; right at all others."""
        if size != self.sizes(None)[0]:
            return None
        par = self.par_at(size)
        return par - 1, f"passing vectors on, first east and then west, takes {par:,}; be quicker"

    def bound(self) -> str:
        """What the link in the middle has to carry."""
        size = self.sizes(None)[0]
        least = least_cycles(
            size["columns"], size["values"], self.wafer(size)[0].rules.ramp_latency
        )
        return f"No program takes fewer than {least:,}: half of all vectors cross one link."

    def why(self, written: Recorded, size: Size, ran: Ran) -> Iterator[str]:
        """What stands in y instead."""
        got = ran.wafer.memories["y"].array
        for wrong, sentence in _wrong_rows(ran.data["x"]):
            if np.array_equal(got, wrong):
                yield sentence
                return
        right = (got == ran.data["x"][:, ::-1]).all(axis=-1)[0]
        columns = len(right)
        half = columns // 2
        if columns % 2 and not right[half] and np.delete(right, half).all():
            yield (
                f"All is right but the PE in the middle, column {half}: it is its own partner, and "
                "keeps its vector, mov(x, out=y)."
            )
        elif right[:half].all() != right[columns - half :].all():
            done, undone = ("west", "east") if right[:half].all() else ("east", "west")
            yield f"The {done}ern half of the row is right; the {undone}ern is not."


def _wrong_rows(x: np.ndarray) -> Iterator[tuple[np.ndarray, str]]:
    """What usual mistakes leave in y, and the sentence for each."""
    columns = x.shape[1]
    yield x, "Every PE has its own x in y: nothing has moved."
    elements = (
        "Each vector is turned round in its own PE. It is the row that is to be turned round: x of "
        "PE k goes to PE P - 1 - k as it is."
    )
    yield x[:, :, ::-1], elements
    both = "The row is turned round, and each vector too: it is to arrive as it is."
    yield x[:, ::-1, ::-1], both
    if columns % 2 == 0:
        once = "Neighbours have exchanged their vectors, once: go on with it."
        yield x[:, np.arange(columns) ^ 1], once
    for by in (1, -1):
        off = "Every vector is one PE off: columns count from 0, so k goes to P - 1 - k."
        yield np.roll(x[:, ::-1], by, axis=1), off


def _size(columns: int, values: int) -> Size:
    return {"columns": columns, "values": values}
