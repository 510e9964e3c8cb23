"""Problem 1.1: the share of dies that work, where some of their units may be dead.

>>> round(textbook(814, 0.001, units=144, spare=2, share=1.0), 4)
0.9514
>>> of_random_dies(814, 0.001, units=144, spare=2, share=1.0)
0.9516
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import comb, exp
from typing import Any

import numpy as np

from ..problem import Size, register
from ..reckoning import Reckoning

DRAWN = 10_000  # dies, to hold the formula against


def textbook(die_area_mm2: float, per_mm2: float, units: int, spare: int, share: float) -> float:
    """The plain right answer: no defect in the rest, and at most ``spare`` units with one."""
    dead = 1 - exp(-per_mm2 * die_area_mm2 * share / units)
    rest = exp(-per_mm2 * die_area_mm2 * (1 - share))
    return rest * at_most(spare, units, dead)


def at_most(spare: int, units: int, dead: float) -> float:
    """The chance that no more than ``spare`` of the units are dead."""
    return sum(
        comb(units, count) * dead**count * (1 - dead) ** (units - count)
        for count in range(spare + 1)
    )


def of_random_dies(
    die_area_mm2: float, per_mm2: float, units: int, spare: int, share: float
) -> float:
    """The share of dies drawn at random: defects fall, and hit a unit or the rest."""
    rng = np.random.default_rng([units, spare])
    count = rng.poisson(die_area_mm2 * per_mm2, DRAWN)
    die = np.repeat(np.arange(DRAWN), count)
    at = rng.random(len(die)) / share * units  # a place on the die; beyond the units is the rest
    works = np.ones(DRAWN, bool)
    works[die[at >= units]] = False
    hit = np.unique(die[at < units] * units + at[at < units].astype(int))
    return float((works & (np.bincount(hit // units, minlength=DRAWN) <= spare)).mean())


Formula = Callable[[float, float, int, int, float], float]


def _units(number: Callable[[int, int, float], float]) -> Formula:
    """A formula with another way to go from the chance of a dead unit to the die's."""

    def formula(area: float, density: float, units: int, spare: int, share: float) -> float:
        dead = 1 - exp(-density * area * share / units)
        return exp(-density * area * (1 - share)) * number(units, spare, dead)

    return formula


def _poisson(expected: float, most: int) -> float:
    """The chance of no more than so many defects."""
    term, total = exp(-expected), 0.0
    for count in range(most + 1):
        total += term
        term *= expected / (count + 1)
    return total


_NO_SPARES = (
    "That is the share of dies without a defect. Up to spare dead units are put up with: add the "
    "chances of 0, 1, ... and spare dead ones."
)
_REST = (
    "The rest of the die, a part of 1 - share, has no spares: a defect there is the end of the "
    "die, however many units work."
)

#: Wrong formulas that people find, the likeliest first, and what to say.
MISTAKES: list[tuple[Formula, str]] = [
    (lambda area, density, units, spare, share: exp(-density * area), _NO_SPARES),
    (
        lambda area, density, units, spare, share: textbook(area * share, density, units, spare, 1),
        _REST,
    ),
    (
        lambda area, density, units, spare, share: textbook(area, density, units, spare, 1),
        "share does not come in: only so much of the die is units, and " + _REST[0].lower()
        + _REST[1:],
    ),
    (
        lambda area, density, units, spare, share: (
            exp(-density * area * (1 - share)) * _poisson(density * area * share, spare)
        ),
        "It counts defects, and dead units are asked: two defects in one unit kill one unit.",
    ),
    (
        lambda area, density, units, spare, share: _poisson(density * area, spare),
        "It counts the defects of the whole die. Dead units are asked, and in the rest of the die "
        "no defect at all may be.",
    ),
    (
        _units(lambda units, spare, dead: comb(units, spare) * dead**spare
               * (1 - dead) ** (units - spare)),
        "That is the chance of exactly spare dead units. Fewer are fine too: add up all chances "
        "from 0 on.",
    ),
    (
        _units(lambda units, spare, dead: at_most(spare - 1, units, dead)),
        "It stops one short: spare dead units are still put up with, and range(spare) ends before "
        "spare.",
    ),
    (
        _units(lambda units, spare, dead: sum(
            dead**k * (1 - dead) ** (units - k) for k in range(spare + 1))),
        "It forgets in how many ways k of the units can be the dead ones: math.comb(units, k).",
    ),
    (
        _units(lambda units, spare, dead: sum(
            comb(units, k) * (1 - dead) ** k * dead ** (units - k) for k in range(spare + 1))),
        "Dead and good are mixed up: k units are dead, units - k are good.",
    ),
    (
        _units(lambda units, spare, dead: at_most(spare, units - spare, dead)),
        "All units can have a defect, the spare ones too: there are units of them, not units - "
        "spare.",
    ),
    (
        lambda area, density, units, spare, share: (
            exp(-density * area * (1 - share))
            * at_most(spare, units, min(1.0, density * area * share / units))
        ),
        "The chance of a dead unit is 1 - exp(-D A): D A itself counts a unit with two defects "
        "twice.",
    ),
    (
        lambda area, density, units, spare, share: (
            exp(-density * area * (1 - share)) * at_most(spare, units, 1 - exp(-density * area))
        ),
        "It takes the area of the die for that of a unit: a unit has share / units of it.",
    ),
    (
        lambda area, density, units, spare, share: (
            exp(-density * area * (1 - share))
            * at_most(spare, units, 1 - exp(-density * area / units))
        ),
        "It takes the units for larger than they are: all of them together are only a part, share, "
        "of the die.",
    ),
    (
        lambda area, density, units, spare, share: (
            (1 - density * area * (1 - share))
            * at_most(spare, units, 1 - exp(-density * area * share / units))
        ),
        "The chance that the rest has no defect is exp(-D A); 1 - D A is near it only where D A is "
        "small.",
    ),
    (
        lambda area, density, units, spare, share: textbook(
            area, density / 100, units, spare, share
        ),
        "The density is divided by 100: it is given per mm2 already, as the area is in mm2.",
    ),
    (
        lambda area, density, units, spare, share: textbook(
            area, min(density * 100, 9.0), units, spare, share
        ),
        "The density is taken 100 times: it is given per mm2 already, as the area is in mm2.",
    ),
    (
        lambda area, density, units, spare, share: 1 - textbook(
            area, density, units, spare, share
        ),
        "That is the share of dies that do not work.",
    ),
    (
        lambda area, density, units, spare, share: 100 * textbook(
            area, density, units, spare, share
        ),
        "That is in percent: a share is a number from 0 to 1.",
    ),
]  # fmt: skip


@register
class ShareThatWorks(Reckoning):
    """The learner's function reckons the yield of dies with spare units."""

    number = "1.1"
    title = "The yield of a die with spares"
    points = 8
    answer = "share_that_works"
    textbook = staticmethod(textbook)
    whole = False
    kind = "a share is a number from 0 to 1"
    tolerance = 1e-4
    hints = (
        "Take one unit first. It has an area: die_area_mm2 * share / units. By Poisson's law it "
        "has no defect with probability exp(-area * per_mm2), so it is dead with 1 minus that. "
        "Whether one unit is dead says nothing about another one, as defects fall independently.",
        "The chance that k given units are dead and all others are not is dead**k * (1 - dead)**"
        "(units - k), and k units can be chosen in math.comb(units, k) ways. The die puts up with "
        "0 dead units, or 1, or 2, ... up to spare: add these chances up.",
        "The rest of the die has the area die_area_mm2 * (1 - share), and must have no defect: "
        "exp(-per_mm2 * rest). Both have to be so, so multiply: rest * sum(comb(units, k) * "
        "dead**k * (1 - dead)**(units - k) for k in range(spare + 1)).",
    )

    def sizes(self, seed: int | None = None) -> list[Size]:
        """A GPU's die at first, then others: no spares, no rest, nothing but spares."""
        if seed is None:
            return [
                _size(814, 1_000, 144, 2, 100), _size(814, 4_000, 144, 2, 70),
                _size(600, 2_500, 10, 1, 60), _size(826, 5_000, 128, 4, 80),
                _size(400, 1_500, 16, 0, 50), _size(300, 9_000, 8, 3, 90),
            ]  # fmt: skip
        rng = np.random.default_rng(seed)
        units = rng.integers(6, 150, 6).tolist()
        sizes = [
            _size(
                int(rng.integers(200, 900)), int(rng.integers(2_000, 9_000)), each,
                int(rng.integers(1, 5)), int(rng.integers(50, 95)),
            )
            for each in units
        ]  # fmt: skip
        return [self.sizes(None)[0], *sizes, _size(int(rng.integers(100, 900)), 800, 9, 9, 50)]

    def arguments(self, size: Size) -> tuple[Any, ...]:
        """Area in mm2, defects in a mm2, units, how many may be dead, the part that is units."""
        density, share = size["per_million_mm2"] / 1e6, size["percent"] / 100
        return float(size["area_mm2"]), density, size["units"], size["spare"], share

    def right(self, size: Size) -> float:
        """By the formula; random dies agree."""
        return textbook(*self.arguments(size))

    def truth(self, size: Size, right: float) -> str:
        """What is right, and what random dies say."""
        drawn = of_random_dies(*self.arguments(size))
        return f"of {DRAWN:,} dies drawn at random {drawn:.1%} work, and exactly it is {right:.6f}"

    def mistakes(self, size: Size) -> Iterator[tuple[float, str]]:
        """Wrong formulas that people find, with their values here."""
        arguments = self.arguments(size)
        for formula, text in MISTAKES:
            yield formula(*arguments), text


def _size(area: int, density: int, units: int, spare: int, percent: int) -> Size:
    return {"area_mm2": area, "per_million_mm2": density, "units": units, "spare": spare,
            "percent": percent}  # fmt: skip
