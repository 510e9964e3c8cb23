"""Lines of PEs: a program along a row is the same as one up a column, turned."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..fabric import EAST, NORTH, SOUTH, WEST, Region, Wafer


class Line:
    """PEs in a line, numbered from 0: a part of every row of a wafer, or of its column 0.

    ``home`` is the port towards PE 0, ``away`` the other one.

    Examples
    --------
    >>> w = Wafer(4, 8)
    >>> line = Line.row(w, first=5, last=2)  # columns 5, 4, 3, 2 of every row
    >>> line.pes, line.home, line[[1, 3]].mask[0].nonzero()[0].tolist()
    (4, EAST, [2, 4])
    """

    def __init__(self, w: Wafer, axis: int, first: int, last: int):
        self.w, self.axis, self.first = w, axis, first
        self.step = 1 if last >= first else -1
        self.pes = abs(last - first) + 1
        ports = (NORTH, SOUTH) if axis == 0 else (WEST, EAST)
        self.home, self.away = ports[:: self.step]

    @classmethod
    def row(cls, w: Wafer, first: int = 0, last: int = -1) -> Line:
        """Every row at once, from column ``first`` (PE 0) to column ``last``."""
        return cls(w, 1, first, last % w.shape[1])

    @classmethod
    def column_0(cls, w: Wafer) -> Line:
        """Column 0, from north to south."""
        return cls(w, 0, 0, w.shape[0] - 1)

    def __getitem__(self, numbers: Any) -> Region:
        """The PEs of these numbers: a slice where they are evenly spaced, else a mask."""
        places = np.sort(self.first + self.step * np.atleast_1d(np.asarray(numbers, np.int64)))
        stride = int(places[1] - places[0]) if len(places) > 1 else 1
        if len(places) and stride and (np.diff(places) == stride).all():
            lines: Any = slice(int(places[0]), int(places[-1]) + 1, stride)
            return self.w[:, lines] if self.axis else self.w[lines, 0]
        mask = np.zeros(self.w.shape, bool)
        if self.axis:
            mask[:, places] = True
        else:
            mask[places, 0] = True
        return self.w[mask]
