"""Repairs that an answer returns: which core of a grid stands for each core that a program sees.

A repair is a list with a list for each row: ``column[r][c]`` is the physical column of the core
that the program finds in row r and column c, as in `wselab.foundry.Repair`.

    >>> dead = dead_of({"rows": 3, "total": 6, "dead": 1, "left": 0, "draw": 0})
    >>> row_shift(dead, 5)
    [[0, 1, 2, 3, 4], [0, 1, 3, 4, 5], [0, 1, 2, 3, 4]]
    >>> [links.tolist() for links in lengths(row_shift(dead, 5))]
    [[[1, 1, 1, 1], [1, 2, 1, 1], [1, 1, 1, 1]], [[1, 1, 2, 2, 2], [1, 1, 2, 2, 2]]]
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from .problem import Refused, Size
from .reckoning import NUMBERS, Calculation

Columns = list[list[int]]
FAR = 10**6  # no grid has so many columns


class Repairing(Calculation):
    """A problem whose answer repairs a grid: `arguments` are a mask of dead cores, and columns.

    A size has ``rows`` and ``total`` columns of the grid, the number of ``dead`` cores, how many
    spare columns are ``left`` beyond what its worst row needs (-1: one too few), and a ``draw``.
    """

    def arguments(self, size: Size) -> tuple[Any, ...]:
        """The mask, and how many columns the program gets."""
        dead = dead_of(size)
        return dead, max(1, size["total"] - int(dead.sum(axis=1).max()) - size["left"])

    def in_words(self, size: Size) -> str:
        """The grid, and what is asked of it."""
        columns, n = self.arguments(size)[1], size["dead"]
        return f"{size['rows']} x {size['total']} cores, {n} of them dead, and columns = {columns}"

    def read(self, given: Any, name: str, size: Size) -> Columns | None:
        """A list of lists of whole numbers; None stays None."""
        if given is None:
            return None
        rows = _items(given)
        if rows is None:
            raise Refused(
                f"{name} returns something of type {type(given).__name__}; expected a list with a "
                "list for each row, or an array."
            )
        return [_row(row, number, name) for number, row in enumerate(rows)]


def dead_of(size: Size) -> np.ndarray:
    """The dead cores of a size: a mask; with ``draw`` 0 a single one, in the middle.

    >>> dead_of({"rows": 3, "total": 6, "dead": 1, "left": 0, "draw": 0}).astype(int).tolist()
    [[0, 0, 0, 0, 0, 0], [0, 0, 1, 0, 0, 0], [0, 0, 0, 0, 0, 0]]
    """
    rows, total = size["rows"], size["total"]
    dead = np.zeros((rows, total), bool)
    if size["draw"]:
        cells = np.random.default_rng(size["draw"]).choice(dead.size, size["dead"], replace=False)
        dead.flat[cells] = True
    else:
        dead[rows // 2, total // 2 - 1] = True
    return dead


def row_shift(dead: Any, columns: int) -> Columns | None:
    """The plain repair by rows: in each row the first working cores; None where they are too few.

    >>> row_shift([[False, True]], 2)
    """
    working = [[at for at, is_dead in enumerate(row) if not is_dead] for row in dead]
    if any(len(row) < columns for row in working):
        return None
    return [row[:columns] for row in working]


def lengths(column: Columns) -> tuple[np.ndarray, np.ndarray]:
    """The lengths of all links, to the east and to the south, in steps of the grid."""
    at = np.array(column)
    return np.diff(at, axis=1), 1 + abs(np.diff(at, axis=0))


def faults(column: Columns, dead: np.ndarray, columns: int) -> Iterator[str]:
    """What keeps a list of columns from being a repair at all, the first thing first."""
    rows, total = dead.shape
    if [len(row) for row in column] != [columns] * rows:
        yield _shape(column, rows, columns, total)
        return
    for row, places in enumerate(column):
        for c, at in enumerate(places):
            if not 0 <= at < total:
                yield (
                    f"The core in row {row} and column {c} would be in column {at} of the grid, "
                    f"which has columns 0 to {total - 1}."
                )
                return
            if dead[row, at]:
                yield (
                    f"The core in row {row} and column {c} is taken from column {at}, and there it "
                    "is dead."
                )
                return
        for c, (at, then) in enumerate(pairwise(places)):
            if at == then:
                yield f"In row {row} one core, in column {at} of the grid, is used twice."
                return
            if at > then:
                yield (
                    f"In row {row} the order is lost: columns {c} and {c + 1} are taken from "
                    f"columns {at} and {then} of the grid. East has to stay east."
                )
                return


def _shape(column: Columns, rows: int, columns: int, total: int) -> str:
    widths = sorted({len(row) for row in column})
    if widths == [rows] and len(column) == columns and rows != columns:
        return (
            f"It returns {columns} rows of {rows}: rows and columns are swapped. There is one list "
            "for each row."
        )
    if len(column) != rows:
        said = f"It returns {len(column)} rows; the grid has {rows}."
        through = " Does it go through the columns? dead[row] is a row."
        return said + (through if len(column) == total else "")
    row = next(number for number, one in enumerate(column) if len(one) != columns)
    return f"Row {row} gets {len(column[row])} cores; the program wants {columns} in each row."


def _items(given: Any) -> list[Any] | None:
    """What a list, a tuple or an array holds; None for anything else."""
    if type(given) is np.ndarray:
        return given.tolist() if given.ndim else None
    return list(given) if type(given) in (list, tuple) else None


def _row(given: Any, number: int, name: str) -> list[int]:
    """One row, as whole numbers."""
    items = _items(given)
    if items is None:
        raise Refused(
            f"{name} returns something of type {type(given).__name__} for row {number}; expected a "
            "list of columns."
        )
    found = [_whole(item) for item in items]
    for item, number_of_it in zip(items, found, strict=True):
        if number_of_it is None:
            shown = f"{item:g}, " if type(item) in NUMBERS and abs(item) < FAR else ""
            raise Refused(
                f"{name} returns {shown}something of type {type(item).__name__} in row {number}; a "
                "column is a whole number."
            )
    return [at for at in found if at is not None]


def _whole(item: Any) -> int | None:
    """A whole number of a plain type; None for anything else, and for what no grid has."""
    if type(item) is not int and type(item).__module__ != "numpy":
        whole = type(item) is float and item.is_integer()
    else:
        whole = isinstance(item, (int, np.integer)) or (
            isinstance(item, np.floating) and float(item).is_integer()
        )
    return int(item) if whole and abs(item) < FAR else None
