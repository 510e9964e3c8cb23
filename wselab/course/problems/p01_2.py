"""Problem 1.2: how many dies of a size a disc holds.

>>> textbook(28.5, 28.5, diameter_mm=300, edge_exclusion_mm=3, scribe_mm=0.1)
68
>>> textbook(215, 215, diameter_mm=300, edge_exclusion_mm=3, scribe_mm=0.1)  # a WSE
0
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import ceil, pi, sqrt
from typing import Any

import numpy as np

from ..problem import Size, register
from ..reckoning import Reckoning

Fits = Callable[..., np.ndarray]

BOTH = (True, False)
ALL_FOUR = tuple((along_x, along_y) for along_x in BOTH for along_y in BOTH)


def textbook(
    width_mm: float, height_mm: float, diameter_mm: float, edge_exclusion_mm: float,
    scribe_mm: float,
) -> int:  # fmt: skip
    """The plain right answer: of four grids the one that holds most dies."""
    return most(width_mm, height_mm, diameter_mm / 2 - edge_exclusion_mm, scribe_mm)


def corners_inside(
    left: np.ndarray, right: np.ndarray, low: np.ndarray, high: np.ndarray, radius: float
) -> np.ndarray:
    """Which dies lie on the disc with all four corners, its rim included."""
    far_x = np.maximum(abs(left), abs(right))
    far_y = np.maximum(abs(low), abs(high))
    return far_x**2 + far_y**2 <= radius**2


def most(
    width: float,
    height: float,
    radius: float,
    scribe: float,
    fits: Fits = corners_inside,
    grids: tuple[tuple[bool, bool], ...] = ALL_FOUR,
) -> int:
    """The most dies that ``fits`` lets pass, of some grids.

    A grid is told by two words: whether the middle of the disc is the middle of a die along x, and
    along y; else it is the middle of a street.
    """
    return max(
        int(fits(*_sides(width, scribe, radius, along_x, 1),
                 *_sides(height, scribe, radius, along_y, 0), radius).sum())
        for along_x, along_y in grids
    )  # fmt: skip


def _sides(
    side: float, scribe: float, radius: float, middle_of_a_die: bool, axis: int
) -> tuple[np.ndarray, np.ndarray]:
    """Where the dies begin and end along an axis, as a row or a column."""
    many = int(radius / side) + 2
    first = -side / 2 if middle_of_a_die else scribe / 2
    begin = np.expand_dims(first + np.arange(-many, many + 1) * (side + scribe), 1 - axis)
    return begin, begin + side


def _strictly(left: Any, right: Any, low: Any, high: Any, radius: float) -> np.ndarray:
    far_x, far_y = np.maximum(abs(left), abs(right)), np.maximum(abs(low), abs(high))
    return far_x**2 + far_y**2 < radius**2


def _middles(left: Any, right: Any, low: Any, high: Any, radius: float) -> np.ndarray:
    return ((left + right) / 2) ** 2 + ((low + high) / 2) ** 2 <= radius**2


def _one_corner(left: Any, right: Any, low: Any, high: Any, radius: float) -> np.ndarray:
    return left**2 + low**2 <= radius**2


def _touched(left: Any, right: Any, low: Any, high: Any, radius: float) -> np.ndarray:
    near_x = np.clip(0, left, right)
    near_y = np.clip(0, low, high)
    return near_x**2 + near_y**2 < radius**2


def _sides_alone(left: Any, right: Any, low: Any, high: Any, radius: float) -> np.ndarray:
    along_x = np.maximum(abs(left), abs(right)) <= radius
    return along_x & (np.maximum(abs(low), abs(high)) <= radius)


_FOUR = (
    "It tries fewer grids than four. Along x the middle of the disc may be the middle of a die or "
    "of a street, and along y too, each as it likes; the largest count is asked."
)
_CUT = "It counts dies that the rim cuts: all four corners have to lie within the usable part."

#: Wrong counts that people find, the likeliest first, and what to say.
MISTAKES: list[tuple[Callable[[float, float, float, float, float], float], str]] = [
    (
        lambda w, h, d, edge, s: most(w, h, d - edge, s),
        "diameter_mm is the diameter; from the middle to the rim it is half of that.",
    ),
    (
        lambda w, h, d, edge, s: most(w, h, d, s),
        "diameter_mm is the diameter; from the middle to the rim it is half of that.",
    ),
    (
        lambda w, h, d, edge, s: most(w, h, d / 2, s),
        "edge_exclusion_mm does not come in: so wide a rim makes no good dies.",
    ),
    (
        lambda w, h, d, edge, s: most(w, h, (d - edge) / 2, s),
        "The rim is taken off the diameter once. It is there on both sides, so the radius loses "
        "all of edge_exclusion_mm.",
    ),
    (
        lambda w, h, d, edge, s: most(w, h, d / 2 - edge, 0),
        "scribe_mm does not come in: between two dies there is a street, so that they stand "
        "width_mm + scribe_mm apart.",
    ),
    (
        lambda w, h, d, edge, s: most(w + s, h + s, d / 2 - edge, 0),
        "Dies are taken for as large as die and street together: the street around a die may lie "
        "beyond the rim, only the die may not.",
    ),
    (
        lambda w, h, d, edge, s: most(w, h, d / 2 - edge, s, _strictly),
        "A corner that lies exactly on the rim of the usable part is still on it: <=, not <.",
    ),
    (lambda w, h, d, edge, s: most(w, h, d / 2 - edge, s, _middles), _CUT),
    (lambda w, h, d, edge, s: most(w, h, d / 2 - edge, s, _one_corner), _CUT),
    (lambda w, h, d, edge, s: most(w, h, d / 2 - edge, s, _touched), _CUT),
    (
        lambda w, h, d, edge, s: most(w, h, d / 2 - edge, s, _sides_alone),
        "It counts what fits a square around the disc: x and y count together, x**2 + y**2 <= "
        "radius**2 at each corner.",
    ),
    (lambda w, h, d, edge, s: most(w, h, d / 2 - edge, s, grids=((False, False),)), _FOUR),
    (lambda w, h, d, edge, s: most(w, h, d / 2 - edge, s, grids=((True, True),)), _FOUR),
    (
        lambda w, h, d, edge, s: most(w, h, d / 2 - edge, s, grids=((True, True), (False, False))),
        _FOUR,
    ),
    (
        lambda w, h, d, edge, s: most(w, h, d / 2 - edge, s, grids=((True, False), (False, True))),
        _FOUR,
    ),
    *(
        (
            lambda w, h, d, edge, s, rounded=rounded: rounded(pi * (d / 2 - edge) ** 2 / (w * h)),
            "That is the area of the disc over the area of a die. Dies are not liquid: what lies "
            "between them and the rim is lost.",
        )
        for rounded in (round, int, ceil)
    ),
    *(
        (
            lambda w, h, d, edge, s, rounded=rounded, rim=rim: rounded(
                pi * (d / 2 - rim * edge) ** 2 / (w * h)
                - pi * (d - 2 * rim * edge) / sqrt(2 * w * h)
            ),
            "That is the textbook's estimate, which knows neither streets nor the shape of a die. "
            "Here the dies have to be placed and counted.",
        )
        for rounded in (round, int, ceil)
        for rim in (0, 1)
    ),
]


@register
class CountTheDies(Reckoning):
    """The learner's function counts the dies of a disc."""

    number = "1.2"
    title = "Place dies on a disc"
    points = 8
    answer = "dies"
    textbook = staticmethod(textbook)
    kind = "dies are a whole number"
    hints = (
        "Take one grid first, the one with the middle of a die in the middle of the disc. Die "
        "number i along x then reaches from -width_mm / 2 + i * (width_mm + scribe_mm) as far as "
        "width_mm further, for i = ..., -2, -1, 0, 1, 2, ..., and the same along y. The usable "
        "part of the disc has the radius diameter_mm / 2 - edge_exclusion_mm.",
        "A die lies within a circle if its farthest corner does. Along x its farther side is at "
        "max(abs(left), abs(right)), along y at max(abs(low), abs(high)): it fits if the sum of "
        "their squares is at most the square of the radius. Count over all i and j.",
        "With a street in the middle die 0 begins at scribe_mm / 2 instead of -width_mm / 2; all "
        "else is the same. Write a function that counts for given first_x and first_y, call it "
        "for each of the two first_x with each of the two first_y, and return the max of the four.",
    )

    def sizes(self, seed: int | None = None) -> list[Size]:
        """Known dies at first, in tenths of a mm; one whose corners lie on the rim, one too large.

        No other has a corner within rounding of the rim.
        """
        if seed is None:
            return [
                _size(285, 285, 3000, 30, 1), _size(330, 260, 3000, 30, 1),
                _size(1500, 2000, 2500, 0, 0), _size(95, 62, 2000, 50, 2),
                _size(2150, 2150, 3000, 30, 1), _size(135, 170, 3000, 45, 10),
                _size(140, 140, 3000, 20, 10),
            ]  # fmt: skip
        rng = np.random.default_rng(seed)
        part = int(rng.integers(20, 50)) * 10
        sizes = [self.sizes(None)[0], _size(6 * part, 8 * part, 10 * part, 0, 0)]
        while len(sizes) < 14:  # wrong counts are right for some dies, and not for so many
            width, height = rng.integers(100, 400, 2).tolist()
            size = _size(
                width, height, int(rng.choice([2000, 3000])), int(rng.integers(20, 80)),
                int(rng.integers(5, 25)),
            )  # fmt: skip
            if not on_the_rim(size):
                sizes.append(size)
        return sizes

    def arguments(self, size: Size) -> tuple[Any, ...]:
        """Width, height, the disc's diameter, its rim and its streets, in mm."""
        return tuple(size[name] / 10 for name in ("width", "height", "diameter", "edge", "scribe"))

    def right(self, size: Size) -> int:
        """How many lie within the rim."""
        return textbook(*self.arguments(size))

    def truth(self, size: Size, right: int) -> str:
        """How many are right."""
        return f"{right:,} {'lies' if right == 1 else 'lie'} within the rim"

    def mistakes(self, size: Size) -> Iterator[tuple[float, str]]:
        """Wrong counts that people find, with their values here."""
        arguments = self.arguments(size)
        for formula, text in MISTAKES:
            yield formula(*arguments), text


def on_the_rim(size: Size) -> bool:
    """Whether a corner lies exactly on the rim in one of the grids, in whole numbers.

    >>> on_the_rim({"width": 1500, "height": 2000, "diameter": 2500, "edge": 0, "scribe": 0})
    True
    """
    radius = size["diameter"] - 2 * size["edge"]  # all lengths in twentieths of a mm
    far = []
    for side in (size["width"], size["height"]):
        step = 2 * (side + size["scribe"])
        many = np.arange(radius // step + 2)
        far.append(np.concatenate([side + many * step, size["scribe"] + 2 * side + many * step]))
    return bool((far[0][:, None] ** 2 + far[1] ** 2 == radius**2).any())


def _size(width: int, height: int, diameter: int, edge: int, scribe: int) -> Size:
    return {"width": width, "height": height, "diameter": diameter, "edge": edge,
            "scribe": scribe}  # fmt: skip
