"""Repair: a rectangle without holes from a grid of cores with dead ones among them.

A program wants a rectangle of cores, each with a neighbour on every side. Two ways to give it one,
with spare columns that the mask prints for the purpose:

- *columns*: a column with anything dead in it is left out, whole. Its neighbours are wired together
  past it. One defect costs a column, however small it is.
- *rows*: each row leaves out its own dead cores alone, and what lies east of one shifts by a place.
  A row then needs only as many spares as it has dead cores itself; links between rows that have
  shifted differently become longer.

    >>> dead = np.zeros((3, 6), bool)
    >>> dead[1, 2] = True
    >>> repair(dead, columns=5, by="rows")
    <repair by rows: 3 x 5 of 3 x 6 cores, 1 spare column of 1 used, longest link 2>
    >>> repair(dead, columns=5, by="rows").column[1].tolist()
    [0, 1, 3, 4, 5]
    >>> repair(dead, columns=5, by="rows").wires.south.tolist()
    [[1, 1, 2, 2, 2], [1, 1, 2, 2, 2]]
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from .cores import Dead

WAYS = ("rows", "columns")


class Wires(NamedTuple):
    """The lengths of links after repair, in steps of the grid: `wselab.Wafer` takes them.

    ``east``: from each core to its eastern neighbour, ``south``: to its southern one.
    """

    east: np.ndarray
    south: np.ndarray


class Unrepairable(ValueError):
    """Too much is dead for the spares that there are; says what and where."""


@dataclass(frozen=True)
class Repair:
    """A rectangle of working cores, and where each of them really is.

    ``column[r, c]`` is the physical column of the core that a program sees in row r and column c;
    rows stay where they are. ``left_out`` is a mask of the cores that were given up, dead or not.
    ``wires`` are the lengths of its links, and ``spares`` is how many columns the grid has more.
    """

    by: str
    column: np.ndarray
    wires: Wires
    left_out: np.ndarray
    spares: int

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the rectangle."""
        rows, columns = self.column.shape
        return rows, columns

    @property
    def spares_used(self) -> int:
        """How many columns of the spare part of the grid the rectangle reaches into.

        From the first of them to the last with a core that is used; what is dead farther east
        takes none.

        >>> dead = np.zeros((3, 6), bool)
        >>> dead[1, 4:] = True
        >>> repair(dead, columns=4)
        <repair by rows: 3 x 4 of 3 x 6 cores, 0 spare columns of 2 used, longest link 1>
        """
        return int(self.column[:, -1].max()) + 1 - self.shape[1]

    @property
    def longest(self) -> int:
        """The longest link."""
        return max(int(lengths.max(initial=1)) for lengths in self.wires)

    def __repr__(self) -> str:
        rows, columns = self.shape
        s = "" if self.spares_used == 1 else "s"
        return (
            f"<repair by {self.by}: {rows} x {columns} of {rows} x {self.left_out.shape[1]} cores, "
            f"{self.spares_used} spare column{s} of {self.spares} used, longest link "
            f"{self.longest}>"
        )


def repair(dead: Any, columns: int, by: str = "rows") -> Repair:
    """A rectangle with all rows and ``columns`` columns, of a grid with ``dead`` cores or links.

    ``dead`` is a `Dead`, or a mask of dead cores alone. What the grid has more than ``columns`` are
    spares. A dead link to the east costs the core behind it, one to the south the core that it
    leads to, unless a core at one of its ends is dead anyway: the wires that lead past a core are
    taken to be others. Raises `Unrepairable` where the spares do not suffice, with the row that
    needs most, and ValueError where the question makes no sense.
    """
    dead = dead if isinstance(dead, Dead) else Dead.of(dead)
    total = dead.cores.shape[1]
    if by not in WAYS:
        raise ValueError(f"by={by!r}; expected one of {', '.join(map(repr, WAYS))}")
    if not (isinstance(columns, (int, np.integer)) and 1 <= columns <= total):
        raise ValueError(
            f"columns={columns!r}; expected a whole number from 1 to the grid's {total}"
        )
    given_up = _given_up(dead)
    if by == "columns":
        given_up = np.broadcast_to(given_up.any(axis=0), given_up.shape)
    needed, spares = int(given_up.sum(axis=1).max()), total - int(columns)
    if needed > spares:  # then, and only then, a row has too few cores left
        raise Unrepairable(_why(given_up, by, needed, spares))
    column = _physical(given_up, int(columns))
    return Repair(by, column, _wires(column, given_up), np.array(given_up), spares)


def _given_up(dead: Dead) -> np.ndarray:
    """The cores that cannot be used: the dead ones, and one for each dead link."""
    given_up = dead.cores.copy()
    for mask, right, down in ((dead.east, 1, 0), (dead.south, 0, 1)):
        row, column = np.nonzero(mask)
        alive = ~dead.cores[row, column] & ~dead.cores[row + down, column + right]
        given_up[row[alive] + down, column[alive] + right] = True
    return given_up


def _physical(given_up: np.ndarray, columns: int) -> np.ndarray:
    """In each row the first working columns, so many."""
    column = np.tile(np.arange(columns, dtype=np.int32), (len(given_up), 1))
    for row in np.flatnonzero(given_up.any(axis=1)):  # few, as defects are
        column[row] = np.flatnonzero(~given_up[row])[:columns]
    return column


def _wires(column: np.ndarray, given_up: np.ndarray) -> Wires:
    """The lengths of the links between cores in those columns; 1 but where one was left out."""
    rows, columns = column.shape
    east = np.ones((rows, columns - 1), np.int16)
    south = np.ones((rows - 1, columns), np.int16)
    hit = np.flatnonzero(given_up.any(axis=1))
    east[hit] = np.diff(column[hit], axis=1)
    north_of = np.unique([*hit[hit > 0] - 1, *hit[hit < rows - 1]]).astype(int)
    south[north_of] += np.abs(column[north_of + 1] - column[north_of])
    return Wires(east, south)


def _why(given_up: np.ndarray, by: str, needed: int, spares: int) -> str:
    have = f"there {'is 1 spare column' if spares == 1 else f'are {spares} spare columns'}"
    if by == "columns":
        first = ", ".join(map(str, np.flatnonzero(given_up[0])[:5]))
        return (
            f"repair by columns: {needed} columns have something dead in them (the first are "
            f"{first}), and {have}. Try by='rows', or fewer columns"
        )
    row = int(given_up.sum(axis=1).argmax())
    return (
        f"repair by rows: row {row} has lost {needed} cores, and {have}. Try fewer columns, which "
        "leaves more spares"
    )


def spares_needed(cells: np.ndarray, shape: tuple[int, int]) -> dict[str, np.ndarray]:
    """Spare columns that many discs at once need, by each way of `repair`.

    With so many of a grid's columns as spares `repair` finds a rectangle, with one fewer it does
    not. So all that is dead counts, in the spare columns too: a dead spare is none. The rectangle
    itself may reach into fewer of them (`Repair.spares_used`).

    ``cells`` has the numbers of the dead cores of each disc, counted row by row, of shape
    ``(discs, defects)``; a core may be hit twice, and -1 is no core, for discs with fewer defects.
    Gives an array with a number for each disc, for "rows" and for "columns".

    >>> cells = np.array([[0, 7, 13], [5, 5, -1]])         # of a grid of 3 x 6
    >>> {way: needed.tolist() for way, needed in spares_needed(cells, (3, 6)).items()}
    {'rows': [1, 1], 'columns': [2, 1]}
    """
    cells = np.asarray(cells)
    rows, columns = shape
    if cells.ndim != 2 or cells.dtype.kind not in "iu" or not rows >= 1 or not columns >= 1:
        raise ValueError(
            f"cells of {cells.dtype} of shape {cells.shape}; expected whole numbers of shape "
            "(discs, defects), and a grid of at least one core"
        )
    if cells.size and (cells.min() < -1 or cells.max() >= rows * columns):
        raise ValueError(
            f"cells from {cells.min()} to {cells.max()}; expected 0 to {rows * columns - 1}, the "
            f"cores of a grid of {rows} x {columns}, or -1 for none"
        )
    if not cells.size:
        nothing = np.zeros(len(cells), np.int64)
        return {"rows": nothing, "columns": nothing.copy()}
    cells = np.sort(cells, axis=1)
    new = _begins(cells) & (cells >= 0)
    row = cells // columns  # -1 for no core
    # The number of different cells so far, less what it was when the row began.
    so_far = np.cumsum(new, axis=1)
    before = np.maximum.accumulate(np.where(_begins(row), so_far - new, 0), axis=1)
    by_rows: np.ndarray = (so_far - before).max(axis=1)
    lost = np.sort(np.where(cells < 0, -1, cells % columns), axis=1)
    by_columns = (_begins(lost) & (lost >= 0)).sum(axis=1)
    return {"rows": by_rows, "columns": by_columns}


def _begins(lines: np.ndarray) -> np.ndarray:
    """Where another number than the one before stands, in each line."""
    begins = np.ones(lines.shape, bool)
    begins[:, 1:] = lines[:, 1:] != lines[:, :-1]
    return begins
