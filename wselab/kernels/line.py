"""Lines of PEs: a program along a row is the same as one up a column, turned."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..fabric import EAST, NORTH, SOUTH, WEST, Region, Wafer


class Line:
    """PEs in a line, numbered from 0: a part of every row or column of a wafer, or of column 0.

    ``home`` is the port towards PE 0, ``away`` the other one.

    Examples
    --------
    >>> w = Wafer(4, 8)
    >>> line = Line.row(w, first=5, last=2)  # columns 5, 4, 3, 2 of every row
    >>> line.pes, line.home, line[[1, 3]].mask[0].nonzero()[0].tolist()
    (4, EAST, [2, 4])
    """

    def __init__(self, w: Wafer, axis: int, first: int, last: int, beside: Any = slice(None)):
        self.w, self.axis, self.first = w, axis, first
        self.beside = beside  # of the lines that lie side by side, which
        self.step = 1 if last >= first else -1
        self.pes = abs(last - first) + 1
        ports = (NORTH, SOUTH) if axis == 0 else (WEST, EAST)
        self.home, self.away = ports[:: self.step]

    @classmethod
    def row(cls, w: Wafer, first: int = 0, last: int = -1) -> Line:
        """Every row at once, from column ``first`` (PE 0) to column ``last``."""
        return cls(w, 1, first, last % w.shape[1])

    @classmethod
    def column(cls, w: Wafer) -> Line:
        """Every column at once, from north to south."""
        return cls(w, 0, 0, w.shape[0] - 1)

    @classmethod
    def column_0(cls, w: Wafer) -> Line:
        """Column 0, from north to south."""
        return cls(w, 0, 0, w.shape[0] - 1, beside=0)

    def __getitem__(self, numbers: Any) -> Region:
        """The PEs of these numbers, in ascending order: a slice where they are evenly spaced."""
        return self.among(numbers, self.beside)

    def among(self, numbers: Any, lines: Any) -> Region:
        """The PEs of these numbers in some of the lines side by side, by their own numbers.

        >>> rows = Line.row(Wafer(4, 8))
        >>> rows.among([0, 1], [1, 2, 3]).mask.astype(int)[:, :3].tolist()
        [[0, 0, 0], [1, 1, 0], [1, 1, 0], [1, 1, 0]]
        """
        places = self.first + self.step * np.atleast_1d(np.asarray(numbers, np.int64))
        keys = [_key(lines), _key(places)]
        row, column = keys if self.axis else keys[::-1]
        if isinstance(row, slice | int) and isinstance(column, slice | int):
            return self.w[row, column]
        rows, columns = (np.arange(n)[k] for n, k in zip(self.w.shape, (row, column), strict=True))
        mask = np.zeros(self.w.shape, bool)
        mask[np.ix_(np.atleast_1d(rows), np.atleast_1d(columns))] = True
        return self.w[mask]


def _key(places: Any) -> Any:
    """Places in ascending order as a slice where they are evenly spaced; a slice as it is."""
    if isinstance(places, slice | int):
        return places
    places = np.sort(np.asarray(places, np.int64))
    if not len(places):
        return slice(0, 0)
    stride = int(places[1] - places[0]) if len(places) > 1 else 1
    if stride and (np.diff(places) == stride).all():
        return slice(int(places[0]), int(places[-1]) + 1, stride)
    return places
