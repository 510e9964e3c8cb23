"""What a map shows, in words, from its numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .scale import maps_of

FEW = 4  # PEs and lines named one by one; of more the number is said
MANY = 100  # PEs, of which a share
SHARE = 0.05  # at one end of the range is worth a word, from this on
TREND = 0.9  # correlation with the row or the column, from which a map is said to grow that way,
STEADY = 0.5  # and from which where hardly a line turns back:
MOSTLY = 0.98  # of the steps go that way
STANDS_OUT = 8.0  # how many times further than others a line's mean lies from their middle
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
    told = [(name and f"{name}: ") + "; ".join(_facts(table)) for name, table in maps.items()]
    size = f"{_count(rows, 'row')} x {_count(columns, 'column')} of PEs{unit}"
    return f"{head}Map of {size}{'. ' if '' not in maps else ': '}{'. '.join(told)}."


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
    for end, what in ((high, "highest"), (low, "lowest")):
        there = np.argwhere(table == end)
        if len(there) <= FEW:
            yield f"{what} at {_places(there)}"
            break
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
    lines_told = 0
    for axis, (line, *_) in enumerate(LINES):
        lines = np.flatnonzero(dead.all(1 - axis))
        if 0 < len(lines) <= FEW and dead.shape[1 - axis] > 1:
            lines_told += len(lines) * dead.shape[1 - axis]
            yield f"{line}{'' if len(lines) == 1 else 's'} {_list(lines)} {_are(len(lines))} dead"
    if lines_told == count:
        return
    if count <= FEW:
        yield f"{_places(np.argwhere(dead))} {_are(count)} dead"
    else:
        yield f"{count:,} PEs are dead ({_share(count, dead.size)})"


def _trend(means: np.ndarray, axis: int) -> Iterator[str]:
    """Which way a map grows along an axis, if it does."""
    known = np.flatnonzero(~np.isnan(means))
    values = means[known]
    if len(values) < 2 or not np.isfinite(values).all() or values.min() == values.max():
        return
    how, steps = float(np.corrcoef(known, values)[0, 1]), np.diff(values)
    for sign, way in zip((1, -1), LINES[axis][1:], strict=True):
        steady = (sign * steps >= 0).mean() >= MOSTLY
        if sign * how > (STEADY if steady else TREND):
            yield way


def _lines_that_stand_out(means: np.ndarray, extent: float, name: str) -> Iterator[str]:
    if len(means) <= FEW or not np.isfinite(extent):
        return
    middle = np.nanmedian(means)
    off = np.abs(means - middle)
    found = np.flatnonzero((off > STANDS_OUT * np.nanmedian(off)) & (off > IN_RANGE * extent))
    if len(found) > FEW:
        return
    for how, side in (("high", means > middle), ("low", means < middle)):
        if len(lines := found[side[found]]):
            they = f"{name}{'' if len(lines) == 1 else 's'} {_list(lines)} {_are(len(lines))}"
            told = _list([number(mean) for mean in means[lines]])
            yield f"{they} {how}, mean {told} against {number(middle)}"


def _places(places: np.ndarray) -> str:
    return ("PE " if len(places) == 1 else "PEs ") + _list([f"({r}, {c})" for r, c in places])


def _are(many: int) -> str:
    return "is" if many == 1 else "are"


def _count(many: int, what: str) -> str:
    return f"{many:,} {what}{'' if many == 1 else 's'}"


def _list(items: Any) -> str:
    *first, last = [str(item) for item in items]
    return f"{', '.join(first)} and {last}" if first else last


def _share(count: int, of: int) -> str:
    share = 100 * count / of
    return f"{number(share, 2)}%" if share < 99 or count == of else "nearly all"
