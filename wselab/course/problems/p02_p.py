"""Puzzle 2.P: loops and tiles for a product, so that a small SRAM fetches little.

>>> textbook(96, 128, 80, values=1200)
('ijk', (20, 20, 20))
>>> bytes_of((96, 128, 80), *textbook(96, 128, 80, values=1200)), least((96, 128, 80), 1200)
(216064, 146432)
"""

from __future__ import annotations

from functools import cached_property
from math import isqrt
from operator import index
from typing import Any

import numpy as np

from ..problem import Refused, Size, register
from ..reckoning import Calculation
from ..reuse import Shape, held, moved, once
from .p02_5 import ORDERS

ITEMSIZE = 2
ASKED = (3, 4)  # of par, where it is scored
SIDES = ("rows", "inner", "columns")

Plan = tuple[str, Shape]


def textbook(rows: int, inner: int, columns: int, values: int) -> Plan:
    """The plain plan: square tiles, all three of one size, and each of C done before the next."""
    side = isqrt(values // 3)
    return "ijk", (min(side, rows), min(side, inner), min(side, columns))


def bytes_of(shape: Shape, order: str, tile: Shape) -> int:
    """What a plan moves."""
    return moved(shape, tile, order) * ITEMSIZE


def least(shape: Shape, values: int) -> int:
    """The fewest bytes of any plan that fits.

    What is moved depends on how many tiles there are. So of the sizes of a tile's side only the
    smallest of each number has to be tried, and with two sides given the third is best as large as
    it fits.
    """
    few = [sorted({-(-n // count) for count in range(1, n + 1)}) for n in shape]
    found = []
    for rows in few[0]:
        for columns in few[2]:
            inner = (values - rows * columns) // (rows + columns)
            if inner >= 1:
                tile = (rows, min(inner, shape[1]), columns)
                found += [bytes_of(shape, order, tile) for order in ORDERS]
    return min(found)


@register
class PlanTheProduct(Calculation):
    """The learner's function chooses the order of the loops, and the tiles."""

    number = "2.P"
    title = "Open puzzle: a product that fetches little"
    points = 10
    answer = "plan"
    textbook = staticmethod(textbook)
    scored = True
    unit = "bytes moved"
    hints = (
        "You have a judge already: bytes_moved of problem 2.5 says what any plan costs. Try the "
        "six orders with the tiles of par, then other tiles with each. What do the good ones have "
        "in common?",
        "If a tile of C stays until it is done, only A and B are fetched again: A once for each "
        "column of C's tiles, B once for each row of them. So C's tile should be large, and nearly "
        "all of the SRAM its own. How much do A and B need, when their tiles may be thin?",
        "Let a program search. What is moved depends on how many tiles there are, so of all sides "
        "try -(-n // count) for each count. For two sides of a tile the third is (values - r * c) "
        "// (r + c) at most, and no larger than the matrix. For each of these, and each order, ask "
        "bytes_moved; return the least.",
    )

    def sizes(self, seed: int | None = None) -> list[Size]:
        """The product that is scored, and others: thin ones, flat ones, some that nearly fit."""
        if seed is None:
            return [
                _size(96, 128, 80, 1200), _size(256, 256, 4, 600), _size(200, 20, 200, 1500),
                _size(24, 300, 16, 1000), _size(10, 12, 11, 500),
            ]  # fmt: skip
        rng, sizes = np.random.default_rng(seed), self.sizes(None)[:1]
        for _ in range(4):
            rows, inner, columns = (int(2 ** rng.uniform(2, 7.5)) for _ in range(3))
            sizes.append(_size(rows, inner, columns, int(rng.integers(50, 2000))))
        return sizes

    def arguments(self, size: Size) -> tuple[Any, ...]:
        """The shape of the product, and how many values the SRAM holds."""
        return *_shape(size), size["values"]

    def read(self, given: Any, name: str, size: Size) -> list[Any]:
        """An order and the three sides of a tile."""
        wanted = "two things, an order and a tile, such as ('ijk', (20, 20, 20))"
        if type(given) not in (tuple, list) or len(given) != 2:
            shown = "nothing" if given is None else f"something of type {type(given).__name__}"
            raise Refused(f"{name} returns {shown}; expected {wanted}.")
        order, tile = given
        if type(order) is not str or order not in ORDERS:
            shown = repr(order)[:20] if type(order) is str else f"a {type(order).__name__}"
            raise Refused(
                f"{name} returns {shown} for the order; expected i, k and j in some order, such as "
                "'ijk'."
            )
        if type(tile) not in (tuple, list) or len(tile) != 3:
            raise Refused(
                f"{name} returns a tile of type {type(tile).__name__}; expected its rows, inner "
                "and columns, such as (20, 20, 20)."
            )
        sides = [_whole(side) for side in tile]
        if not all(sides):
            raise Refused(
                f"{name} returns a side of a tile that is no whole number of at least 1 (// makes "
                "one)."
            )
        return [order, sides]

    def measure(self, written: Any, size: Size) -> int:
        """The bytes of the plan, if its tiles fit."""
        order, (rows, inner, columns) = self.read(written, "the answer", size)
        shape, tile = _shape(size), (rows, inner, columns)
        for side, n, name in zip(tile, shape, SIDES, strict=True):
            if side > n:
                raise Refused(
                    f"With {self.in_words(size)} it has tiles of {side:,} {name}, and the matrix "
                    f"has {n:,}: no side of a tile is larger (min(..., {name}) sees to it)."
                )
        if held(tile) > size["values"]:
            raise Refused(
                f"The tiles do not fit with {self.in_words(size)}: {rows} x {inner} of A, {inner} "
                f"x {columns} of B and {rows} x {columns} of C are {held(tile):,} values, and the "
                f"SRAM holds {size['values']:,}."
            )
        return bytes_of(shape, order, tile)

    def most(self, size: Size) -> tuple[int, str]:
        """Three quarters of par where it is scored, and nowhere more than par."""
        par = self.par_at(size)
        if size == self.sizes()[0]:
            most = ASKED[0] * par // ASKED[1]
            return most, f"par is {par:,}, and to pass it takes {most:,} or fewer"
        return par, f"par is {par:,}, and to pass it takes no more than par"

    @cached_property
    def fewest(self) -> int:
        """The fewest bytes for the product that is scored."""
        size = self.sizes()[0]
        return least(_shape(size), size["values"])

    def bound(self) -> str:
        """What all plans come to, and what no plan of any kind can save."""
        each = once(_shape(self.sizes()[0])) * ITEMSIZE
        return (
            f"No order and no tiles move fewer than {self.fewest:,}: the check has tried all that "
            f"fit. With each value moved once, in an SRAM for everything, it would be "
            f"{each:,}."
        )


def _shape(size: Size) -> Shape:
    return size["rows"], size["inner"], size["columns"]


def _whole(side: Any) -> int:
    """A whole number of at least 1; 0 for anything else."""
    if type(side) is not int and type(side).__module__ != "numpy":
        return 0
    try:
        return max(index(side), 0)
    except Exception:  # an array, or a number that is not whole
        return 0


def _size(rows: int, inner: int, columns: int, values: int) -> Size:
    return {"rows": rows, "inner": inner, "columns": columns, "values": values}
