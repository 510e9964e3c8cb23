"""Which PEs a picture of routes shows: a wafer, a region of it, or a line in parts."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..fabric.region import Region
from ..fabric.wafer import Wafer

MOST = 8, 12  # rows and columns that can be told apart in a picture
MOST_IN_LINE = 64  # PEs of a single row or column, which is folded
Window = tuple[slice, slice]


def window_of(of: Any) -> tuple[Wafer, Window]:
    """The wafer, and the rectangle around the PEs meant."""
    if not isinstance(of, (Wafer, Region)):
        raise ValueError(f"routes of {of!r}: expected a wafer, w, or a region, w[0:4, 0:8]")
    region = of[:, :] if isinstance(of, Wafer) else of
    lines = [np.flatnonzero(region.mask.any(axis=axis)) for axis in (1, 0)]
    if not lines[0].size:
        raise ValueError(f"routes of {of!r}: the region has no PE")
    rows, columns = (slice(int(found[0]), int(found[-1]) + 1) for found in lines)
    high, wide = rows.stop - rows.start, columns.stop - columns.start
    is_line = 1 in (high, wide) and high * wide <= MOST_IN_LINE
    if not is_line and (high > MOST[0] or wide > MOST[1]):
        some = f"{rows.start}:{min(rows.stop, rows.start + 4)}"
        others = f"{columns.start}:{min(columns.stop, columns.start + 8)}"
        raise ValueError(
            f"routes of {high} x {wide} PEs: at most {MOST[0]} x {MOST[1]} can be told apart, "
            f"or {MOST_IN_LINE} in one row or column. Try a region, "
            f"show.routes(w[{some}, {others}])"
        )
    return region.wafer, (rows, columns)


def folded(window: Window) -> list[Window]:
    """A window, or the parts of a line that is too long for one: of one length, but for the last.

    >>> folded((slice(0, 1), slice(0, 16)))
    [(slice(0, 1, None), slice(0, 8, None)), (slice(0, 1, None), slice(8, 16, None))]
    """
    rows, columns = window
    high, wide = rows.stop - rows.start, columns.stop - columns.start
    if high == 1 and wide > MOST[1]:
        return [(rows, part) for part in _parts(columns, MOST[1])]
    if wide == 1 and high > MOST[0]:
        return [(part, columns) for part in _parts(rows, MOST[0])]
    return [window]


def _parts(line: slice, most: int) -> list[slice]:
    length = line.stop - line.start
    each = -(-length // -(-length // most))
    starts = range(line.start, line.stop, each)
    return [slice(start, min(start + each, line.stop)) for start in starts]
