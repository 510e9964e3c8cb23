"""Problem 5.1: the bytes that a PE takes for its part of a matrix, and the vectors that it meets.

>>> textbook(4096, 4096, 27, 27, "tiles", 2, 2)
47424
>>> textbook(10, 64, 4, 8, "rows", 4, 1), textbook(10, 64, 4, 8, "columns", 4, 1)
(516, 128)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..problem import Size, register
from ..reckoning import Reckoning

LAYOUTS = ("tiles", "rows", "columns")
OTHER = {"tiles": "tiles", "rows": "columns", "columns": "rows"}


def textbook(M: int, N: int, R: int, C: int, layout: str, itemsize: int, places: int) -> int:
    """The plain right answer: a part of the matrix, and places for the x and the y it meets."""
    return values(M, N, R, C, layout, places) * itemsize


def values(
    M: int, N: int, R: int, C: int, layout: str, places: int, *, up: int = 1, own: int = 1,
    xs: int = 1, ys: int = 1, piece: bool = False,
) -> int:  # fmt: skip
    """Values in a PE: ``own``, ``xs`` and ``ys`` copies of its part, of x and of y.

    They are wrong with ``up`` 0, which rounds down, and with ``piece``, where x and y are cut
    though they should be whole.
    """

    def part(lines: int, pes: int) -> int:
        return -(-lines // pes) if up else lines // pes

    x, y = part(N, C), part(M, R)  # a piece of each
    m, n = y, x
    if layout == "rows":
        m, n = part(M, R * C), N
    elif layout == "columns":
        m, n = M, part(N, R * C)
    if not piece or layout == "tiles":
        x, y = n, m
    elif layout == "rows":
        y = m
    else:
        x = n
    return own * m * n + places * (xs * x + ys * y)


def _but(**other: Any) -> Callable[..., float]:
    """The bytes, counted with something else."""

    def formula(M: int, N: int, R: int, C: int, layout: str, itemsize: int, places: int) -> float:
        given: dict[str, Any] = {"layout": layout, "places": places} | other
        return values(M, N, R, C, **given) * itemsize

    return formula


#: Wrong counts that people find, the likeliest first, and what to say.
MISTAKES: list[tuple[Callable[..., float], str]] = [
    (
        _but(up=0),
        "It rounds down. A part is rounded up: what does not come out even is filled up with "
        "zeros, and these take memory too.",
    ),
    (
        lambda M, N, R, C, layout, itemsize, places: textbook(M, N, R, C, layout, 1, places),
        "Those are values: each of them has itemsize bytes.",
    ),
    (
        lambda *given: 8 * textbook(*given),
        "That is in bits: 8 of them are a byte.",
    ),
    (
        _but(places=1),
        "places does not come in: with a double buffer x and y have two places each.",
    ),
    (
        lambda M, N, R, C, layout, itemsize, places: itemsize * values(
            M, N, R, C, layout, places, own=places
        ),
        "The matrix rests: a PE has its part once. Only x and y have several places.",
    ),
    (
        _but(ys=0),
        "y is missing: the sums need places as well.",
    ),
    (
        _but(xs=0),
        "x is missing: what a PE multiplies with has to lie somewhere.",
    ),
    (
        _but(xs=0, ys=0),
        "x and y are missing: a PE holds more than its part of the matrix.",
    ),
    (
        lambda M, N, R, C, layout, itemsize, places: itemsize * values(
            M, N, R, C, layout, 1
        ) + itemsize * (places - 1) * values(M, N, R, C, layout, 1, own=0, ys=0),
        "y has a single place there; with a double buffer it has two, as x has.",
    ),
    (
        lambda M, N, R, C, layout, itemsize, places: textbook(
            M, N, C, R, layout, itemsize, places
        ),
        "Rows and columns of PEs are mixed up: M is cut by R, N by C.",
    ),
    (
        _but(layout="tiles"),
        "layout does not come in: in rows a PE has whole rows of the matrix, in columns whole "
        "columns.",
    ),
    (
        lambda M, N, R, C, layout, itemsize, places: textbook(
            M, N, R, C, OTHER[layout], itemsize, places
        ),
        "rows and columns are mixed up: in rows a PE has whole rows, N values long.",
    ),
    (
        _but(piece=True),
        "Whoever has whole rows needs all of x, and whoever has whole columns makes a share of all "
        "of y: not only a piece.",
    ),
    (
        lambda M, N, R, C, layout, itemsize, places: textbook(
            M, N, R, C, layout, itemsize, places
        ) * R * C,
        "That is what all PEs hold together; what is asked is one of them.",
    ),
    (
        lambda M, N, R, C, layout, itemsize, places: itemsize * (
            M * N / (R * C) + places * values(M, N, R, C, layout, 1, own=0)
        ),
        "A share of the matrix is not a tile: m and n are rounded up one by one, and then "
        "multiplied.",
    ),
]  # fmt: skip


@register
class BytesInAPE(Reckoning):
    """The learner's function reckons the memory of a PE in each layout."""

    number = "5.1"
    title = "The bytes that a PE takes"
    points = 6
    answer = "bytes_in_a_pe"
    textbook = staticmethod(textbook)
    kind = "bytes are a whole number"
    hints = (
        "First the part of the matrix, m rows and n columns of it. In tiles m is M / R and n is "
        "N / C, both rounded up: -(-M // R). What are they where a PE has whole rows?",
        "In rows all R * C PEs share the M rows, so m = -(-M // (R * C)), and n is all of N. In "
        "columns it is the other way round: m = M, and n is a share of N.",
        "Every column of the part meets a value of x, and every row of it makes one of y. So a PE "
        "has m * n values of the matrix, places * n of x and places * m of y, of itemsize bytes "
        "each.",
    )

    def sizes(self, seed: int | None = None) -> list[Size]:
        """Layers of the lesson in all layouts, then some that nobody has built."""
        if seed is None:
            shown = [
                (4096, 4096, 27, 30, 0, 2, 2), (10, 64, 4, 8, 0, 4, 1), (10, 64, 3, 7, 1, 4, 2),
                (10, 100, 3, 7, 2, 4, 2), (1000, 300, 16, 9, 0, 4, 3), (500, 70, 11, 6, 1, 2, 1),
                (90, 2000, 12, 20, 2, 2, 3),
            ]  # fmt: skip
            return [_size(*one) for one in shown]
        rng, sizes = np.random.default_rng(seed), self.sizes(None)[:1]
        for number in range(8):
            M, N = (10 ** rng.uniform(1, 4, 2)).astype(int).tolist()
            R, C = rng.integers(2, 60, 2).tolist()
            itemsize, places = int(rng.choice([2, 4])), int(rng.integers(1, 4))
            sizes.append(_size(M, N, R, C, number % 3, itemsize, places))
        return sizes

    def arguments(self, size: Size) -> tuple[Any, ...]:
        """The layout by its name."""
        named = dict(size) | {"layout": LAYOUTS[size["layout"]]}
        return tuple(named.values())

    def right(self, size: Size) -> int:
        """All of it, in bytes."""
        return textbook(*self.arguments(size))

    def truth(self, size: Size, right: int) -> str:
        """What is right."""
        return f"it takes {right:,}"

    def mistakes(self, size: Size) -> Iterator[tuple[float, str]]:
        """Wrong counts that people find, with their values here."""
        for formula, text in MISTAKES:
            yield formula(*self.arguments(size)), text


def _size(M: int, N: int, R: int, C: int, layout: int, itemsize: int, places: int) -> Size:
    return {
        "M": M, "N": N, "R": R, "C": C, "layout": layout, "itemsize": itemsize, "places": places
    }  # fmt: skip
