"""Yield: the share of dies without a defect, by the formulas in use.

All of them take the area of a die and the density of defects, and differ in how that density
varies from place to place:

    >>> area, density = 814, 0.001                   # an H100's die, a defect in 1,000 mm2
    >>> for formula in FORMULAS.values():
    ...     print(f"{formula.__name__:18} {formula(area, density):.3f}")
    poisson            0.443
    murphy             0.468
    seeds              0.551
    negative_binomial  0.487
    >>> print(f"{bose_einstein(area, density / 10, layers=10):.3f}")    # the same in 10 layers
    0.457
"""

from __future__ import annotations

from collections.abc import Callable
from math import exp
from typing import Any

import numpy as np

from .defects import check_alpha, check_density


def poisson(area_mm2: Any, per_mm2: float) -> Any:
    """``exp(-A D)``: defects fall independently of each other."""
    return np.exp(-_expected(area_mm2, per_mm2))


def murphy(area_mm2: Any, per_mm2: float) -> Any:
    """``((1 - exp(-A D)) / (A D))^2``: the density varies like a triangle around its mean."""
    expected = _expected(area_mm2, per_mm2)
    safe = np.where(expected == 0, 1.0, expected)
    return np.where(expected == 0, 1.0, (-np.expm1(-safe) / safe) ** 2)[()]


def seeds(area_mm2: Any, per_mm2: float) -> Any:
    """``1 / (1 + A D)``: densities near 0 are the likeliest, large ones become ever rarer.

    Some calculators give this name to ``exp(-sqrt(A D))``.
    """
    return 1 / (1 + _expected(area_mm2, per_mm2))


def negative_binomial(area_mm2: Any, per_mm2: float, alpha: float = 3.0) -> Any:
    """``(1 + A D / alpha)^-alpha``: the density has a gamma distribution of shape ``alpha``.

    Large ``alpha`` is Poisson's formula, ``alpha=1`` that of Seeds.
    """
    check_alpha(alpha)
    return (1 + _expected(area_mm2, per_mm2) / alpha) ** -alpha


def bose_einstein(area_mm2: Any, per_mm2_of_a_layer: float, layers: int) -> Any:
    """``(1 + A D)^-n``: n critical layers, each with a density D of its own defects.

    So a density of all layers together has to be divided by ``layers``. One layer is Seeds'
    formula, many come near Poisson's.
    """
    if not layers >= 1:
        raise ValueError(f"layers={layers!r}; expected a number of critical layers, at least 1")
    return (1 + _expected(area_mm2, per_mm2_of_a_layer)) ** -layers


def partial_good(
    die_area_mm2: float, per_mm2: float, units: int, spare: int, share: float = 1.0
) -> float:
    """The share of dies with at most ``spare`` bad ones among their ``units``, by Poisson's law.

    The units are equal parts of ``share`` of the die; a defect in the rest kills the die. A GPU
    that sells 132 of 144 multiprocessors has ``units=144, spare=12``.
    """
    if not (0 <= spare <= units and units >= 1 and 0 < share <= 1):
        raise ValueError(
            f"units={units!r}, spare={spare!r}, share={share!r}; expected some units, no more "
            "spares than units, and a share of the die from 0 to 1"
        )
    expected = _expected(die_area_mm2, per_mm2)
    bad = -np.expm1(-expected * share / units)
    ways, total = 1.0, 0.0
    for k in range(spare + 1):
        total += ways * bad**k * (1 - bad) ** (units - k)
        ways *= (units - k) / (k + 1)
    return float(total * exp(-expected * (1 - share)))


FORMULAS: dict[str, Callable[..., Any]] = {
    "Poisson": poisson,
    "Murphy": murphy,
    "Seeds": seeds,
    "negative binomial": negative_binomial,
}


def _expected(area_mm2: Any, per_mm2: float) -> Any:
    """The mean number of defects of a die."""
    check_density(per_mm2)
    area = np.asarray(area_mm2, float)
    if not (np.isfinite(area).all() and (area > 0).all()):
        raise ValueError(f"area_mm2={area_mm2!r}; expected an area above 0, in mm2")
    return area[()] * per_mm2
