"""Problem 6.2: the bill of a product whose zero weights are skipped.

>>> textbook([[3, 1], [2, 5]], m=2, n=4)
24
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ...specs import WSE2
from ..problem import Size, register
from ..reckoning import Reckoning

T_R = WSE2.ramp_latency_cycles
WAY = 2 * T_R + 2  # from row 0 to the first row below it; and a hand-over of the chain

Kept = list[list[int]]


def textbook(kept: Kept, m: int, n: int) -> int:
    """The plain right answer: when each PE is free, and the chain that waits for it."""
    return bill(kept, m, n)


def bill(
    kept: Kept, m: int, n: int, *, later: int = 1, way: int = WAY, hand_over: int = WAY,
    values: int | None = None, waits: bool = True, from_west: bool = False,
) -> int:  # fmt: skip
    """The cycles; each row of PEs is ``later`` than the one above, and so on."""
    ends = []
    for row, line in enumerate(kept):
        free = [n + way + later * row + work for work in line]
        begins, *others = free if from_west else free[::-1]
        for one in others:
            begins = max(one if waits else 0, begins + hand_over)
        ends.append(begins)
    return max(ends) + (m if values is None else values)


def _all_for_the_fullest(kept: Kept, m: int, n: int) -> int:
    most = max(max(line) for line in kept)
    return bill([[most] * len(line) for line in kept], m, n)


def _mean(kept: Kept, m: int, n: int) -> int:
    mean = round(np.mean(kept))
    return bill([[mean] * len(line) for line in kept], m, n)


#: Wrong bills that people find, the likeliest first, and what to say.
MISTAKES: list[tuple[Callable[[Kept, int, int], int], str]] = [
    (
        _all_for_the_fullest,
        "Not everybody waits for the fullest PE: its work may be done before the sum comes by.",
    ),
    (
        lambda kept, m, n: max(_mean(kept, m, n), 0),
        "It takes the mean for each PE. The chain waits for those that have more.",
    ),
    (
        lambda kept, m, n: bill(kept, m, n, waits=False),
        "A PE can pass on the sum only when its own work is done: the later of the two counts.",
    ),
    (
        lambda kept, m, n: bill(kept, m, n, later=0),
        "Rows further down have x later, a cycle for each row.",
    ),
    (
        lambda kept, m, n: bill(kept, m, n, hand_over=1),
        "A hand-over takes 2 T_R + 2 cycles, and not only the link.",
    ),
    (
        lambda kept, m, n: bill(kept, m, n, values=0),
        "The m values of a sum come one after another: m cycles from where PE 0 of the row begins.",
    ),
    (
        lambda kept, m, n: bill(kept, m, n, values=1),
        "The m values of a sum come one after another: m cycles from where PE 0 of the row begins.",
    ),
    (
        lambda kept, m, n: bill(kept, m, n, from_west=True),
        "The chain starts in the last column and ends in column 0, not the other way round.",
    ),
    (
        lambda kept, m, n: bill(kept[-1:], m, n) + len(kept) - 1,
        "The last row is the last to have x, but another may have more work: take the latest of "
        "all rows.",
    ),
    (
        lambda kept, m, n: bill(kept[:1], m, n),
        "That is the first row of PEs alone: take the latest of all rows.",
    ),
    (
        lambda kept, m, n: bill(kept, m, 0),
        "x is sent whole, n values one behind the other, before a PE begins.",
    ),
    (
        lambda kept, m, n: bill(kept, m, n, way=0),
        "The first value of x takes 2 T_R + 2 cycles to the first row.",
    ),
    (
        lambda kept, m, n: bill([[m * n] * len(line) for line in kept], m, n),
        "That is the bill with no zeros at all: a PE works for as many cycles as it has non-zeros.",
    ),
]


@register
class SparseBill(Reckoning):
    """The learner's function gives the cycles from the non-zeros of each PE."""

    number = "6.2"
    title = "The bill of a sparse product"
    points = 8
    answer = "sparse_cycles"
    textbook = staticmethod(textbook)
    hints = (
        "Take one row of PEs by itself; rows do not wait for each other. In row r, PE c has done "
        "its own work in cycle n + 6 + r + kept[r][c]. Write that down for all its PEs.",
        "Now go along the row from the last PE to the first. The last begins to send when it is "
        "free. The next one begins when it is free itself, or 6 cycles after its neighbour began, "
        "whichever is later: begins = max(free, begins + 6).",
        "The first PE of the row is the last to begin, and needs m cycles for its m sums. The "
        "product is done when the slowest row is: the max over the rows of begins, plus m.",
    )

    def sizes(self, seed: int | None = None) -> list[Size]:
        """Wafers with much and little work, and some whose fullest PE is in another place."""
        if seed is None:
            return [
                _size(4, 4, 6, 8, 50, 1), _size(8, 8, 16, 16, 50, 2), _size(3, 9, 4, 10, 20, 3),
                _size(9, 3, 12, 5, 80, 4), _size(5, 6, 20, 20, 40, 5),
            ]  # fmt: skip
        rng = np.random.default_rng(seed)
        sizes = self.sizes(None)[:1]
        for least in (4, 4, 4, 16, 16, 16, 16):
            sides = rng.integers((3, 3, least, least), (10, 10, 21, 21))
            rows, columns, m, n = (int(side) for side in sides)
            percent, draw = int(rng.integers(30, 70)), int(rng.integers(2**31))
            sizes.append(_size(rows, columns, m, n, percent, draw))
        return sizes

    def arguments(self, size: Size) -> tuple[Any, ...]:
        """How many non-zeros each PE has, a list for each row of PEs; the sides of a tile."""
        rng = np.random.default_rng(size["draw"])
        full, shape = size["m"] * size["n"], (size["rows"], size["columns"])
        uneven = rng.uniform(0.4, 1.6, shape) * size["percent"] / 100
        kept = rng.binomial(full, np.minimum(uneven, 1))
        return kept.tolist(), size["m"], size["n"]

    def in_words(self, size: Size) -> str:
        """The wafer and the tiles; the non-zeros where they are few."""
        shape = f"{size['rows']} x {size['columns']} PEs, tiles of {size['m']} x {size['n']}"
        if size["rows"] * size["columns"] > 16:
            return shape
        return f"{shape}, kept = {self.arguments(size)[0]}"

    def right(self, size: Size) -> int:
        """What the emulator counts."""
        return textbook(*self.arguments(size))

    def mistakes(self, size: Size) -> Iterator[tuple[float, str]]:
        """Wrong bills that people find, with their values here."""
        for wrong, text in MISTAKES:
            yield wrong(*self.arguments(size)), text


def _size(rows: int, columns: int, m: int, n: int, percent: int, draw: int) -> Size:
    return {"rows": rows, "columns": columns, "m": m, "n": n, "percent": percent, "draw": draw}
