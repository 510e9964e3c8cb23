"""Problem 1.4: the cycles of a broadcast on a repaired wafer.

>>> shifted = [[0, 1, 2], [0, 2, 3], [0, 1, 2]]
>>> textbook(shifted, row=0, source=0, values=16), broadcast_on(shifted, 0, 0, 16).run().cycles
(27, 27)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ...fabric import EAST, NORTH, RAMP, SOUTH, WEST, Wafer, fabin, fabout
from ..problem import Size, register
from ..reckoning import Reckoning
from ..repairs import Columns, dead_of, lengths, row_shift

RAMPS = 5  # cycles of the two ramps and of the last value's handling, on a WSE-2


def broadcast_on(column: Columns, row: int, source: int, values: int) -> Wafer:
    """A broadcast from PE (row, source): along its row, and from there up and down all columns."""
    rows, columns = len(column), len(column[0])
    w = Wafer(rows, columns, wires=lengths(column))
    x, c = w.memory("x", values), w.color("c")
    north, south = (NORTH,) * (row > 0), (SOUTH,) * (row < rows - 1)
    for to, at in np.ndindex(rows, columns):
        if to == row:
            west, east = (WEST,) * (0 < at <= source), (EAST,) * (source <= at < columns - 1)
            came = (RAMP,) if at == source else (EAST,) if at < source else (WEST,)
            keeps = () if at == source else (RAMP,)
            if out := (*keeps, *west, *east, *north, *south):
                w[to, at].route(c, came[0] >> out)
        elif to < row:
            w[to, at].route(c, SOUTH >> (RAMP, *(NORTH,) * (to > 0)))
        else:
            w[to, at].route(c, NORTH >> (RAMP, *(SOUTH,) * (to < rows - 1)))
    others = np.ones(w.shape, bool)
    others[row, source] = False
    w[row, source].mov(x, out=fabout(c))
    w[others].mov(fabin(c), out=x)
    return w


def textbook(column: Columns, row: int, source: int, values: int) -> int:
    """The plain right answer: the longest way, then a value a cycle, and the ramps."""
    return int(ways(column, row, source).max()) + values + RAMPS


def ways(
    column: Columns, row: int, source: int, along: np.ndarray | None = None,
    south: np.ndarray | None = None,
) -> np.ndarray:  # fmt: skip
    """How long the way to each PE is: along the row of the source, then along the PE's column.

    ``along`` and ``south`` are other lengths to reckon with: of the ways along that row, and of the
    links from row to row.
    """
    at = np.array(column)
    along = abs(at[row] - at[row, source]) if along is None else along  # nothing turns back
    south = lengths(column)[1] if south is None else south
    found = np.tile(along, (len(at), 1))
    found[row + 1 :] += np.cumsum(south[row:], axis=0)
    found[:row] += np.cumsum(south[:row][::-1], axis=0)[::-1]
    return found


def _straight(column: Columns, row: int, source: int) -> np.ndarray:
    """How far each PE is on the grid, links or no links."""
    at = np.array(column)
    return abs(at - at[row, source]) + abs(np.arange(len(at)) - row)[:, None]


def _steps(column: Columns, source: int) -> np.ndarray:
    """The ways along a row whose links are all 1 long."""
    return abs(np.arange(len(column[0])) - source)


def _extra(column: Columns) -> int:
    """What all links together have over 1."""
    return int(sum((links - 1).sum() for links in lengths(column)))


def _longest(column: Columns) -> int:
    return max(int(links.max(initial=1)) for links in lengths(column))


#: Wrong ways that people reckon with, the likeliest first, and what to say.
MISTAKES: list[tuple[Callable[[Columns, int, int], Any], str]] = [
    (
        lambda column, row, source: _plain(column, row, source).max(),
        "The longer links do not come in: it is right for a wafer whose links are all 1 long.",
    ),
    (
        lambda column, row, source: ways(column, row, source, _steps(column, source)).max(),
        "Links along the row count as 1. Where a core was left out the link leads past it: it is "
        "as long as the difference of the two columns.",
    ),
    (
        lambda column, row, source: ways(
            column, row, source, south=np.ones_like(lengths(column)[1])
        ).max(),
        "Links from row to row count as 1. Where the upper core and the lower one stand in "
        "different columns of the grid, the link also leads aside.",
    ),
    (
        lambda column, row, source: ways(column, row, source, south=lengths(column)[1] - 1).max(),
        "A link from row to row is a step down, and as many aside as the two columns differ: the "
        "step down is forgotten.",
    ),
    (
        lambda column, row, source: ways(column, row, source)[[0, 0, -1, -1], [0, -1, 0, -1]].max(),
        "It takes the way to a corner. Where rows are shifted, another PE of the first or the last "
        "row may be farther: look at all columns.",
    ),
    (
        lambda column, row, source: ways(column, row, source)[-1].max(),
        "It looks at the last row alone. The values also go north, and row 0 may be farther.",
    ),
    (
        lambda column, row, source: ways(column, row, source)[-1, -1],
        "It takes the way to the last PE of the last row. Another one may be farther: look at all "
        "columns, and at both ends of them.",
    ),
    (
        lambda column, row, source: ways(column, 0, 0).max(),
        "It begins in PE (0, 0). The values start from PE (row, source), and go both ways.",
    ),
    (
        lambda column, row, source: _straight(column, row, source).max(),
        "It takes the straight way on the grid. The values go from core to core, east or west "
        "first and then along a column of the program, and each link on that way counts.",
    ),
    (
        lambda column, row, source: _plain(column, row, source).max() * _longest(column),
        "It takes every link for as long as the longest. Each has a length of its own.",
    ),
    (
        lambda column, row, source: _plain(column, row, source).max() + _extra(column),
        "It adds up the longer links of the whole wafer. Only those on the way to one PE add up, "
        "and the farthest PE decides.",
    ),
]


SELDOM_WRONG = (1, 4)  # mistakes that many wafers do not show


def _plain(column: Columns, row: int, source: int) -> np.ndarray:
    """The ways on a wafer whose links are all 1 long."""
    return ways([list(range(len(column[0])))] * len(column), row, source)


@register
class CountOnARepairedWafer(Reckoning):
    """The learner's function reckons the cycles of `broadcast_on`."""

    number = "1.4"
    title = "Count the cycles on a repaired wafer"
    points = 8
    answer = "cycles"
    textbook = staticmethod(textbook)
    hints = (
        "How long is a link? Along a row two neighbours stand in columns column[r][c] and "
        "column[r][c + 1] of the grid: the link has the length of the difference. From row r to "
        "row r + 1 it takes one step down, and abs(column[r][c] - column[r + 1][c]) aside.",
        "The first value comes to PE (r, c) after the lengths of all links on its way: along the "
        "row of the source as far as column c, then up or down that column as far as row r. "
        "Each further value comes a cycle later. So one PE decides: the one that is farthest.",
        "Along the row the way is abs(column[row][c] - column[row][source]), as nothing turns "
        "back. Add the links of column c from row down to the last row, or up to row 0; take the "
        "larger, and the largest over all c. The run takes that, and values + 5.",
    )

    def sizes(self, seed: int | None = None) -> list[Size]:
        """One row that is shifted, then more, from sources at the edge and inside."""
        if seed is None:
            return [
                _size(3, 6, 1, 0, 0, 0, 0, 16), _size(7, 10, 8, 0, 49, 3, 7, 8),
                _size(8, 13, 13, 0, 36, 6, 8, 20), _size(11, 10, 13, 0, 84, 5, 6, 1),
                _size(1, 9, 2, 0, 3, 0, 3, 5), _size(9, 14, 14, 0, 8, 0, 2, 30),
            ]  # fmt: skip
        rng = np.random.default_rng(seed)
        sizes = self.sizes(None)[:1]
        while len(sizes) < 7:
            rows, total = rng.integers(5, 12, 2).tolist()
            size = _size(
                rows, total + 4, rows * total // 8, int(rng.integers(2)),
                int(rng.integers(1, 2**31)), int(rng.integers(rows)), 0, int(rng.integers(1, 40)),
            )  # fmt: skip
            columns = len(self.arguments(size)[0][0])
            size["source"] = int(rng.integers(columns))
            one = self.arguments(size)[:3]
            right = ways(*one).max()
            if len(sizes) > 3 or all(MISTAKES[k][0](*one) != right for k in SELDOM_WRONG):
                sizes.append(size)
        return sizes

    def arguments(self, size: Size) -> tuple[Any, ...]:
        """A repair by rows, where the broadcast starts, and how many values it has."""
        dead = dead_of(size)
        columns = size["total"] - int(dead.sum(axis=1).max()) - size["left"]
        return row_shift(dead, columns), size["row"], size["source"], size["values"]

    def right(self, size: Size) -> int:
        """What the emulator counts."""
        return broadcast_on(*self.arguments(size)).run().cycles

    def mistakes(self, size: Size) -> Iterator[tuple[float, str]]:
        """Wrong ways, with their cycles here; then what is wrong behind the right way."""
        column, row, source, values = self.arguments(size)
        for wrong, text in MISTAKES:
            yield int(wrong(column, row, source)) + values + RAMPS, text
        way = int(ways(column, row, source).max())
        for off in (-1, 1):
            yield (
                way + values + RAMPS + off,
                "It is off by one: where all links are 1 long, it is values + 5 and the steps to "
                "the farthest PE.",
            )
        yield way + values, "The 5 cycles on the ramps are forgotten."
        yield way + RAMPS, "The values do not come in: each of them follows a cycle later."
        yield (
            way * values + RAMPS,
            "It lets the values go one after the other, each when the one before has arrived. They "
            "follow each other a cycle apart.",
        )


def _size(
    rows: int, total: int, dead: int, left: int, draw: int, row: int, source: int, values: int
) -> Size:
    return {"rows": rows, "total": total, "dead": dead, "left": left, "draw": draw, "row": row,
            "source": source, "values": values}  # fmt: skip
