"""Problem 2.5: the bytes that a product in tiles moves.

>>> textbook(4, 4, 4, tile=(2, 2, 2), order="ikj", itemsize=2)
192
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import permutations
from math import prod
from typing import Any

import numpy as np

from ..problem import Size, register
from ..reckoning import Reckoning
from ..reuse import LOOPS, OPERANDS, Shape, moved, of_each, once, passes, tiles

ORDERS = tuple("".join(loops) for loops in permutations(LOOPS))


def textbook(rows: int, inner: int, columns: int, tile: Shape, order: str, itemsize: int) -> int:
    """The plain right answer: how often each operand comes by, times its size."""
    return moved((rows, inner, columns), tile, order) * itemsize


def _of_c(shape: Shape, tile: Shape, order: str, fetched: int, written: int, more: int) -> int:
    """With other counts for C: so many times its passes fetched and written, and ``more``."""
    count, n = tiles(shape, tile), of_each(shape)
    come = {operand: passes(operand, count, order) for operand in OPERANDS}
    c = (fetched + written) * come["C"] + more
    return n["A"] * come["A"] + n["B"] * come["B"] + n["C"] * c


def _each_step(operand: str, count: dict[str, int], order: str) -> int:
    """As if every step fetched every tile."""
    return prod(count[loop] for loop in LOOPS if loop not in OPERANDS[operand])


def _turns_or_not(operand: str, count: dict[str, int], order: str) -> int:
    """As if a loop of a single turn changed a tile."""
    last = max(order.index(loop) for loop in OPERANDS[operand])
    return prod(count[loop] for loop in order[:last] if loop not in OPERANDS[operand])


def _down(shape: Shape, tile: Shape) -> Shape:
    """The part of a product that whole tiles fill."""
    rows, inner, columns = (max(n // size, 1) * size for n, size in zip(shape, tile, strict=True))
    return rows, inner, columns


def _whole(shape: Shape, tile: Shape) -> Shape:
    """A product whose last tiles are as large as the others."""
    rows, inner, columns = (-(-n // size) * size for n, size in zip(shape, tile, strict=True))
    return rows, inner, columns


#: Wrong counts that people find, in values, the likeliest first, and what to say.
MISTAKES: list[tuple[Callable[[Shape, Shape, str], int], str]] = [
    (
        lambda shape, tile, order: once(shape),
        "That is each value once. A tile that had to make room is fetched again when the loops "
        "come back to it.",
    ),
    (
        lambda shape, tile, order: moved(shape, tile, order, _each_step),
        "It fetches all three tiles at every step. One that is still there from the step before "
        "stays.",
    ),
    (
        lambda shape, tile, order: moved(shape, tile, order, _each_step) + of_each(shape)["C"],
        "It fetches all three tiles at every step. One that is still there from the step before "
        "stays.",
    ),
    (
        lambda shape, tile, order: _of_c(shape, tile, order, 0, 1, 0),
        "A tile of C that comes by again is fetched too: what was added up so far goes on there.",
    ),
    (
        lambda shape, tile, order: _of_c(shape, tile, order, 1, 1, 0),
        "A tile of C that is begun is not fetched: it begins with zeros.",
    ),
    (
        lambda shape, tile, order: _of_c(shape, tile, order, 0, 0, 1),
        "C is counted once. Its tiles come and go like those of A and B: each time one makes room "
        "it is written.",
    ),
    (
        lambda shape, tile, order: _of_c(shape, tile, order, 0, 0, 2),
        "C is counted as fetched once and written once. Its tiles come and go like those of A and "
        "B, and a tile that is begun is not fetched.",
    ),
    (
        lambda shape, tile, order: _of_c(shape, tile, order, 0, 0, 0),
        "C is missing: what is done has to be written.",
    ),
    (
        lambda shape, tile, order: moved(shape, tile, order[::-1]),
        "The order is read from the wrong end: its first letter is the outermost loop.",
    ),
    (
        lambda shape, tile, order: moved(shape, tile, "ikj"),
        "order does not come in.",
    ),
    (
        lambda shape, tile, order: moved(shape, tile, "ijk"),
        "order does not come in.",
    ),
    (
        lambda shape, tile, order: moved(shape, tile, order, _turns_or_not),
        "A loop of a single turn changes no tile: where one tile takes all of a side, that loop "
        "might as well not be there.",
    ),
    (
        lambda shape, tile, order: moved(_whole(shape, tile), tile, order),
        "The last tile of a side is smaller where the side is no multiple of the tile: only what "
        "is there is moved.",
    ),
    (
        lambda shape, tile, order: moved(_down(shape, tile), tile, order),
        "The rest is forgotten where a side is no multiple of the tile: round the number of tiles "
        "up.",
    ),
    (
        lambda shape, tile, order: moved(shape, (tile[0], tile[2], tile[1]), order),
        "The sides of a tile are mixed up: tile has rows, inner and columns, in this order.",
    ),
    (
        lambda shape, tile, order: moved(shape, _sides(shape, tile), order),
        "tile has the sides of a tile, not how many tiles there are.",
    ),
]


def _sides(shape: Shape, count: Shape) -> Shape:
    """The sides of tiles of which there are so many."""
    rows, inner, columns = (-(-n // number) for n, number in zip(shape, count, strict=True))
    return rows, inner, columns


@register
class BytesMoved(Reckoning):
    """The learner's function counts the bytes of any order and tiles."""

    number = "2.5"
    title = "The bytes that a product in tiles moves"
    points = 10
    answer = "bytes_moved"
    textbook = staticmethod(textbook)
    kind = "bytes are a whole number"
    hints = (
        "You need not be clever: three loops over the tiles, in the order that is asked for, and a "
        "variable for each operand that remembers which tile is there. Where the one that is "
        "needed is another one, add its values; the last tile of a side may be smaller.",
        "C needs two things more. When its tile makes room, and at the very end, its values are "
        "written: add them. And a set of the tiles that were begun: one that is in it is fetched "
        "when it comes back, one that is not begins with zeros.",
        "Or by a formula. All of A comes by once for each turn of the loop over columns, if that "
        "loop is outside of one that changes A's tile, over rows or inner, with more than one "
        "turn; else once. B and C likewise. If C comes by p times, it is written p times and "
        "fetched p - 1 times.",
    )

    def sizes(self, seed: int | None = None) -> list[Size]:
        """All orders, sides that are no multiple of a tile, loops of a single turn, a GEMV."""
        if seed is None:
            return [
                _size((8, 8, 8), (4, 2, 4), "ikj", 2), _size((12, 10, 8), (5, 3, 4), "kij", 4),
                _size((20, 16, 9), (6, 16, 2), "jki", 2), _size((64, 64, 1), (8, 16, 1), "kij", 2),
                _size((64, 64, 1), (8, 16, 1), "ijk", 2), _size((15, 7, 11), (4, 2, 11), "jik", 1),
                _size((9, 13, 30), (9, 4, 7), "kji", 4), _size((10, 9, 8), (10, 9, 8), "ijk", 2),
            ]  # fmt: skip
        rng, sizes = np.random.default_rng(seed), self.sizes(None)[:1]
        for order in ORDERS * 2:
            shape = rng.integers(4, 40, 3)
            tile = rng.integers(1, shape + 1)
            tile[rng.integers(3)] = 2
            if len(sizes) > len(ORDERS):  # a loop of a single turn
                whole = rng.integers(3)
                tile[whole] = shape[whole]
            sizes.append(_size(shape.tolist(), tile.tolist(), order, int(rng.choice([1, 2, 4]))))
        return sizes

    def arguments(self, size: Size) -> tuple[Any, ...]:
        """The shape of the product, the sides of a tile, the order, the bytes of a value."""
        shape, tile = _shape(size), (size["tile_rows"], size["tile_inner"], size["tile_columns"])
        return *shape, tile, ORDERS[size["order"]], size["itemsize"]

    def right(self, size: Size) -> int:
        """By the formula."""
        return textbook(*self.arguments(size))

    def truth(self, size: Size, right: int) -> str:
        """What is right, and how it comes about."""
        *_, tile, order, _ = self.arguments(size)
        count = tiles(_shape(size), tile)
        a, b, c = (passes(operand, count, order) for operand in OPERANDS)
        return (
            f"{right:,} are moved, since A is fetched {_times(a)}, B {_times(b)}, and C is written "
            f"{_times(c)} and " + ("never fetched" if c == 1 else f"fetched {_times(c - 1)}")
        )

    def mistakes(self, size: Size) -> Iterator[tuple[float, str]]:
        """Wrong counts that people find, with their values here."""
        *_, tile, order, itemsize = self.arguments(size)
        shape = _shape(size)
        yield (
            moved(shape, tile, order),
            "That is in values: each has itemsize bytes.",
        )
        yield (
            8 * itemsize * moved(shape, tile, order),
            "That is in bits: itemsize is in bytes already.",
        )
        for count, text in MISTAKES:
            yield count(shape, tile, order) * itemsize, text


def _shape(size: Size) -> Shape:
    return size["rows"], size["inner"], size["columns"]


def _times(n: int) -> str:
    return ("once", "twice")[n - 1] if n < 3 else f"{n} times"


def _size(shape: Sequence[int], tile: Sequence[int], order: str, itemsize: int) -> Size:
    names = ("rows", "inner", "columns", "tile_rows", "tile_inner", "tile_columns")
    return dict(zip(names, (*shape, *tile), strict=True)) | {
        "order": ORDERS.index(order), "itemsize": itemsize,
    }  # fmt: skip
