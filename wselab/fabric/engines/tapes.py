"""Tapes: the values of streams, kept until all who listen have read them.

The streams that start in one line of the wafer lie side by side, and a page of tape is used again
when all who listen have read it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..streams import Streams

PAGE = 1024  # values of one stream on a page, at most


class Tape:
    """The streams of one color, by the line in which they start; its pages are arrays of ``xp``."""

    def __init__(self, streams: Streams, line_of: Any, length: int, xp: Any = np):
        self.source, self.line_of, self.places = streams.source, line_of, length
        self.xp = xp
        shape = streams.source.shape
        heard = self.source[streams.listening & (self.source >= 0)]
        listeners = np.bincount(heard, minlength=self.source.size)
        self.listeners = listeners.astype(np.int32).reshape(shape)
        self.sent = streams.sent
        self.width = int(min(PAGE, max(1, self.sent.max(initial=0))))
        self.written: dict[int, np.ndarray] = {}  # values of each stream of a line, so far
        self.pages: dict[tuple[int, int], list[Any]] = {}  # (line, number): [values, reads to come]
        self.blank: list[Any] = []

    def written_in(self, line: int) -> np.ndarray:
        """How many values each stream of a line has, by place."""
        if line not in self.written:
            self.written[line] = np.zeros(self.places, np.int64)
        return self.written[line]

    def values(self, line: int, position: int, count: int) -> Any:
        """An array [place, value] of a line's streams; the values must lie on one page."""
        number, at = divmod(position, self.width)
        if (line, number) not in self.pages:
            shape = self.places, self.width
            page = self.blank.pop() if self.blank else self.xp.empty(shape, np.float32)
            here = np.clip(self.line_of(self.sent, line) - number * self.width, 0, self.width)
            reads = int(np.multiply(here, self.line_of(self.listeners, line), dtype=np.int64).sum())
            self.pages[line, number] = [page, reads]
        return self.pages[line, number][0][:, at : at + count]

    def have_read(self, line: int, position: int, values: int) -> None:
        """Count values as read; when all have been, their page is blank again."""
        page = self.pages[line, position // self.width]
        page[1] -= values
        if page[1] == 0:
            self.blank.append(self.pages.pop((line, position // self.width))[0])

    def page_ends(self, position: int, count: int) -> range:
        """Where pages end within the next ``count`` values, counted from ``position``."""
        return range(self.width - position % self.width, count, self.width)
