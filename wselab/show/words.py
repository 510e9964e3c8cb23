"""What a map shows, in words, from its numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .scale import maps_of

FEW = 4  # PEs and lines named one by one; of more the number is said
MANY = 100  # PEs, of which a share
SHARE = 0.05  # at one end of the range is worth a word, from this on
TREND = 0.9  # correlation with the row or the column, from which a map is said to grow that way
STANDS_OUT = 4.0  # how many times further than others a line's mean lies from their middle
IN_RANGE = 0.1  # and how much of the range that must be

LINES = (  # of each axis: its name, and the ways to go along it
    ("row", "growing southward", "growing northward"),
    ("column", "growing eastward", "growing westward"),
)


def describe(values: Any, title: str = "", label: str = "") -> str:
    """What a map shows, or several by name: size, range, dead PEs, where it is high, which way.

    >>> describe([[0, 1, 2], [0, 1, 2]], "Columns")
    'Columns. Map of 2 rows x 3 columns of PEs: from 0 to 2, mean 1; the same in every row; growing
    eastward.'
    >>> describe([[5, 5], [float("nan"), 5]], label="wavelets")
    'Map of 2 rows x 2 columns of PEs (wavelets): 5 everywhere; PE (1, 0) is dead.'
    """
    maps = maps_of(values)
    rows, columns = next(iter(maps.values())).shape
    head = f"{title.rstrip('.')}. " if title else ""
    unit = f" ({label})" if label else ""
    told = [(name and f"{name} ") + "; ".join(_facts(table)) for name, table in maps.items()]
    return f"{head}Map of {rows:,} rows x {columns:,} columns of PEs{unit}: {'. '.join(told)}."


def number(value: float, digits: int = 4) -> str:
    """A value in words: a whole number in full, another with so many digits; NaN is a dead PE.

    >>> number(10580.0), number(0.1 + 0.2), number(12345.678), number(float("nan"))
    ('10,580', '0.3', '12,346', 'dead')
    """
    if np.isnan(value):
        return "dead"
    if abs(value) < 1e15 and (float(value).is_integer() or abs(value) >= 10**digits):
        return f"{value:,.0f}"
    return f"{value:,.{digits}g}"


def _facts(table: np.ndarray) -> Iterator[str]:
    """What is to be said of one map, the most important first."""
    dead = np.isnan(table)
    if dead.all():
        yield "all PEs are dead"
        return
    alive = table[~dead]
    low, high = alive.min(), alive.max()
    if low == high:
        yield f"{number(low)} everywhere"
    else:
        with np.errstate(invalid="ignore"):  # the mean of both infinities
            yield f"from {number(low)} to {number(high)}, mean {number(alive.mean())}"
    yield from _dead(dead)
    if low == high:
        return
    means = [_means(table, dead, axis) for axis in (0, 1)]
    repeats = False
    for axis, line in ((0, "row"), (1, "column")):
        other = means[1 - axis][(None, slice(None)) if axis == 0 else (slice(None), None)]
        if table.shape[axis] > 1 and ((table == other) | dead).all():
            repeats = True
            yield f"the same in every {line}"
    for axis in (0, 1):
        yield from _trend(means[axis], axis)
        yield from _lines_that_stand_out(means[axis], high - low, LINES[axis][0])
    if not repeats:
        yield from _ends(table, low, high)


def _ends(table: np.ndarray, low: float, high: float) -> Iterator[str]:
    """Where the highest PEs are, or how many are at an end of the range."""
    there = np.argwhere(table == high)
    if len(there) <= FEW:
        yield f"highest at {_places(there)}"
    for end in (high, low):
        count = int((table == end).sum())
        if table.size >= MANY and count >= SHARE * table.size:
            yield f"{_share(count, table.size)} of the PEs at {number(end)}"


def _means(table: np.ndarray, dead: np.ndarray, axis: int) -> np.ndarray:
    """The mean of the living PEs of each row (axis 0) or column; NaN where none lives."""
    sums, alive = np.where(dead, 0, table).sum(1 - axis), (~dead).sum(1 - axis)
    with np.errstate(invalid="ignore"):
        return sums / alive


def _dead(dead: np.ndarray) -> Iterator[str]:
    count = int(dead.sum())
    if not count:
        return
    whole = [np.flatnonzero(dead.all(1 - axis)) for axis in (0, 1)]
    for axis, lines in enumerate(whole):
        if 0 < len(lines) <= FEW:
            yield f"{LINES[axis][0]} {_list(lines)} {'is' if len(lines) == 1 else 'are'} dead"
    if count <= FEW:
        yield f"{_places(np.argwhere(dead))} {'is' if count == 1 else 'are'} dead"
    else:
        yield f"{count:,} PEs are dead ({_share(count, dead.size)})"


def _trend(means: np.ndarray, axis: int) -> Iterator[str]:
    """Which way a map grows along an axis, if it does."""
    known = np.flatnonzero(~np.isnan(means))
    values = means[known]
    if len(values) < 2 or not np.isfinite(values).all() or values.min() == values.max():
        return
    steps = np.diff(values)
    how = float(np.corrcoef(known, values)[0, 1])
    if (steps >= 0).all() or (how > TREND and len(values) > FEW):
        yield LINES[axis][1]
    elif (steps <= 0).all() or (how < -TREND and len(values) > FEW):
        yield LINES[axis][2]


def _lines_that_stand_out(means: np.ndarray, extent: float, line: str) -> Iterator[str]:
    if len(means) <= FEW or not np.isfinite(extent):
        return
    middle = np.nanmedian(means)
    off = np.abs(means - middle)
    found = np.flatnonzero((off > STANDS_OUT * np.nanmedian(off)) & (off > IN_RANGE * extent))
    if 0 < len(found) <= FEW:
        how = "high" if (means[found] > middle).all() else "low"
        if how == "low" and (means[found] > middle).any():
            how = "unlike the others"
        lines = f"{line} {_list(found)} {'is' if len(found) == 1 else 'are'} {how}"
        told = " and ".join(
            number(mean) for mean in sorted({*means[found[:1]], *means[found[-1:]]})
        )
        yield f"{lines}, mean {told} against {number(middle)}"


def _places(places: np.ndarray) -> str:
    return ("PE " if len(places) == 1 else "PEs ") + _list([f"({r}, {c})" for r, c in places])


def _list(items: Any) -> str:
    *first, last = [str(item) for item in items]
    return f"{', '.join(first)} and {last}" if first else last


def _share(count: int, of: int) -> str:
    share = 100 * count / of
    return f"{number(share, 2)}%" if share < 99 or count == of else "nearly all"
