"""Problem 1.3: repair a grid of cores by rows.

>>> textbook([[False, True, False, False], [False, False, False, False]], columns=3)
[[0, 2, 3], [0, 1, 2]]
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..problem import Refused, Size, register
from ..repairs import Columns, Repairing, faults, row_shift


def textbook(dead: Any, columns: int) -> Columns | None:
    """The plain right answer: in each row the first working cores."""
    return row_shift(dead, columns)


def shifted_by_counting(dead: np.ndarray, columns: int) -> Columns:
    """A wrong one that many find: core c moves on by the dead cores in columns 0 to c."""
    return (np.arange(columns) + np.cumsum(dead, axis=1)[:, :columns]).tolist()


def whole_columns(dead: np.ndarray, columns: int) -> Columns:
    """Repair by columns, as far as it goes."""
    return [np.flatnonzero(~dead.any(axis=0))[:columns].tolist()] * len(dead)


@register
class RepairByRows(Repairing):
    """The learner's function says which core stands for which."""

    number = "1.3"
    title = "Repair a grid by rows"
    points = 8
    answer = "repaired"
    textbook = staticmethod(textbook)
    hints = (
        "Every row is repaired by itself, so write it for one row: which of its columns have a "
        "core that works? With dead[row] as an array, np.flatnonzero(~dead[row]) lists them from "
        "west to east; so does a loop over its columns with an if.",
        "The program's column 0 is the first of these, its column 1 the second, and so on: the "
        "first columns of them are the row that is asked for. What is left of the list beyond that "
        "are spares which this row does not need.",
        "If a row has fewer working cores than columns, the whole grid cannot be repaired: return "
        "None, before anything else is returned. Otherwise collect the rows in a list: "
        "[working(row)[:columns] for row in dead].",
    )

    def sizes(self, seed: int | None = None) -> list[Size]:
        """One dead core, many, none, spares that are left, and a grid that cannot be repaired."""
        if seed is None:
            return [
                _size(3, 6, 1, 0, 0), _size(8, 12, 20, 0, 4), _size(5, 9, 6, 2, 7),
                _size(1, 10, 3, 0, 2), _size(4, 4, 0, 0, 1), _size(6, 8, 9, -1, 5),
            ]  # fmt: skip
        rng = np.random.default_rng(seed)
        sizes = self.sizes(None)[:1]
        for left in (0, 0, 1, 3, -1, 0):
            rows, total = int(rng.integers(3, 12)), int(rng.integers(12, 30))
            sizes.append(_size(rows, total, rows * total // 8, left, int(rng.integers(1, 2**31))))
        return sizes

    def measure(self, written: Any, size: Size) -> int:
        """Nothing but that it is the one right repair."""
        dead, columns = self.arguments(size)
        column, right = self.read(written, "the answer", size), row_shift(dead, columns)
        if column == right:
            return 0
        shown = "\n".join("".join("x" if is_dead else "." for is_dead in row) for row in dead)
        raise Refused(
            *self._why(column, right, dead, columns),
            f"This was with {self.in_words(size)}; x is dead:\n{shown}",
        )

    def mistakes(self, size: Size) -> Iterator[tuple[Columns | None, str]]:
        """Repairs that people write, and what is wrong with them."""
        dead, columns = self.arguments(size)
        for wrong, text in _mistakes(dead, columns):
            yield wrong, text
            if row_shift(dead, columns) is None:  # which people may still have seen
                yield None, text

    def _why(
        self, column: Columns | None, right: Columns | None, dead: np.ndarray, columns: int
    ) -> Iterator[str]:
        """What is wrong with it, in a sentence."""
        working = (~dead).sum(axis=1)
        if column is None:
            yield (
                "It returns None, which says that the grid cannot be repaired (or is a return "
                f"missing?). But each row has {working.min()} working cores or more, and "
                f"{columns} are wanted."
            )
            return
        if right is None:
            row = int(working.argmin())
            yield (
                f"Row {row} has {working[row]} working cores, and {columns} are wanted: this grid "
                "cannot be repaired. Return None."
            )
            return
        if fault := next(faults(column, dead, columns), ""):
            yield fault
            return
        row = next(number for number, one in enumerate(column) if one != right[number])
        c = next(c for c in range(columns) if column[row][c] != right[row][c])
        yield (
            f"In row {row} the core in column {right[row][c]} of the grid works, and is left out, "
            "while others east of it are used. By rows a row leaves out its dead cores alone."
        )


def _mistakes(dead: np.ndarray, columns: int) -> Iterator[tuple[Columns, str]]:
    yield (
        [list(range(columns))] * len(dead),
        "It takes the first columns as they are, as if no core were dead.",
    )
    yield (
        shifted_by_counting(dead, columns),
        "It moves core c east by the number of dead cores in columns 0 to c. But what has moved "
        "may stand on a dead core again, or have passed one: count among the working ones instead.",
    )
    yield (
        whole_columns(dead, columns),
        "It leaves out a column in every row, because it is dead in one. That is repair by "
        "columns; by rows each row leaves out its own dead cores alone.",
    )
    yield (
        [np.flatnonzero(row)[:columns].tolist() for row in dead],
        "It takes the dead cores: dead is True where a core does not work.",
    )
    yield (
        [np.flatnonzero(~row).tolist() for row in dead],
        "It takes all working cores, the spare ones too: a program gets as many as columns.",
    )
    for one in dead:
        yield (
            [np.flatnonzero(~one)[:columns].tolist()] * len(dead),
            "All rows get the same columns, those of one row: other rows have other dead cores.",
        )


def _size(rows: int, total: int, dead: int, left: int, draw: int) -> Size:
    return {"rows": rows, "total": total, "dead": dead, "left": left, "draw": draw}
