"""Puzzle 1.P: repair a grid so that its links stay short.

>>> dead, columns = RepairWithLittleWire().arguments(RepairWithLittleWire().sizes()[0])
>>> dead.shape, columns, extra_steps(textbook(dead, columns)), least(dead, columns)
((24, 34), 32, 291, 115)
"""

from __future__ import annotations

from functools import cached_property
from itertools import combinations
from math import comb
from typing import Any

import numpy as np

from ..problem import Refused, Size, register
from ..repairs import Columns, Repairing, faults, lengths, row_shift


def textbook(dead: Any, columns: int) -> Columns | None:
    """The plain repair: each row leaves out its dead cores alone, and its spares in the east."""
    return row_shift(dead, columns)


def extra_steps(column: Columns) -> int:
    """What all links together are longer than 1."""
    return int(sum((links - 1).sum() for links in lengths(column)))


def least(dead: np.ndarray, columns: int) -> int:
    """The fewest extra steps that any repair takes, found by trying all of them row after row.

    A row that leaves out the cores q0 < q1 < ... is shifted by 1 from column q0 of the program on,
    by 2 from column q1 - 1, and so on. So its links to a row that leaves out r0 < r1 < ... have
    |q0 - r0| + |q1 - r1| + ... extra steps together, and its own links one for each core that it
    leaves out between two that it uses.
    """
    rows, total = dead.shape
    spares = total - columns
    left_out = np.array([*combinations(range(total), spares)], np.int16).reshape(-1, spares)
    first = left_out - np.arange(spares)
    between = ((first > 0) & (first < columns)).sum(axis=1)
    apart = np.zeros((len(left_out), len(left_out)), np.int16)
    for one in left_out.T:
        apart += abs(one[:, None] - one)
    covered = np.zeros((len(left_out), total), bool)
    np.put_along_axis(covered, left_out.astype(int), True, axis=1)

    never = 10**6
    steps = np.zeros(len(left_out), np.int32)
    for row in range(rows):
        if row:
            steps = (apart + steps).min(axis=1)
        steps = np.where((dead[row] & ~covered).any(axis=1), never, steps + between)
    return int(steps.min())


@register
class RepairWithLittleWire(Repairing):
    """The learner's function repairs grids with a few spare columns."""

    number = "1.P"
    title = "Open puzzle: repair with the least wire"
    points = 10
    answer = "rewired"
    textbook = staticmethod(textbook)
    scored = True
    unit = "extra steps of wire"
    hints = (
        "A row has to leave out as many cores as there are spares, dead or not: the plain repair "
        "leaves out those at its eastern end. Look at a row whose dead core is far in the west. "
        "All its links to both neighbours are longer from there on. What if the neighbours left "
        "out a core in nearly the same column?",
        "What does it cost that one row leaves out column 5 and the next one column 9? Between the "
        "two they are shifted differently, so 4 links are longer by a step. In general: sort what "
        "each of the rows leaves out, and add the distances of the first ones, the second ones, "
        "and so on. Add a step for each core that a row leaves out between two that it uses.",
        "So a row's price depends on the row above it alone: a dynamic program. List all ways to "
        "leave out so many of a row's cores (itertools.combinations); for each way and each row "
        "keep the least price of all rows down to this one, and from which way of the row above it "
        "came. Ways that keep a dead core are out. At the end go back from the cheapest.",
    )

    def sizes(self, seed: int | None = None) -> list[Size]:
        """The grid that is scored, with 2 spare columns, and smaller ones with 1 to 3."""
        if seed is None:
            return [_size(24, 34, 14, 0, 32), _size(8, 14, 4, 0, 5), _size(12, 18, 9, 0, 8)]
        rng = np.random.default_rng(seed)
        sizes = self.sizes(None)[:1]
        while len(sizes) < 4:
            rows, total = int(rng.integers(5, 14)), int(rng.integers(10, 19))
            size = _size(
                rows, total, int(rng.integers(2, rows)), int(rng.integers(2)),
                int(rng.integers(1, 2**31)),
            )  # fmt: skip
            if 1 <= total - self.arguments(size)[1] <= 3:
                sizes.append(size)
        return sizes

    def measure(self, written: Any, size: Size) -> int:
        """Its extra steps, if it is a repair."""
        dead, columns = self.arguments(size)
        column = self.read(written, "the answer", size)
        if column is None:
            raise Refused(
                "It returns nothing, or None; expected a list with the columns of each row. This "
                "grid can be repaired: no row has more dead cores than there are spares."
            )
        if fault := next(faults(column, dead, columns), ""):
            raise Refused(fault, f"This was with {self.in_words(size)}.")
        return extra_steps(column)

    def most(self, size: Size) -> tuple[int, str]:
        """Two thirds of the plain repair where it is scored, and nowhere more than that one."""
        par = self.par_at(size)
        if size == self.sizes()[0]:
            most = 2 * par // 3
            return most, f"repair by rows takes {par:,}, and to pass it takes {most:,} or fewer"
        return par, f"repair by rows takes {par:,}, and to pass it takes no more"

    @cached_property
    def fewest(self) -> int:
        """The fewest steps at the size that is scored."""
        return least(*self.arguments(self.sizes()[0]))

    def bound(self) -> str:
        """What all ways to repair the grid come to."""
        dead, columns = self.arguments(self.sizes()[0])
        total = dead.shape[1]
        ways = comb(total, total - columns)
        return (
            f"No repair of this grid takes fewer than {self.fewest:,}: a row can leave out "
            f"{total - columns} of its {total} cores in {ways:,} ways, and all of them were tried, "
            "row after row."
        )


def _size(rows: int, total: int, dead: int, left: int, draw: int) -> Size:
    return {"rows": rows, "total": total, "dead": dead, "left": left, "draw": draw}
