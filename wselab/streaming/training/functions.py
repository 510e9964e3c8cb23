"""Functions that a PE has no instruction for, made of additions, products and maxima.

The fabric's operations are mov, add, mul, max and mac. So a PE computes the exponential as a
polynomial of a small argument, squared again and again, and the reciprocal and the reciprocal root
by Newton's method, from a first guess out of straight lines. Each line below is one operation, and
costs a cycle an element. The bounds are relative, in float32, and the tests hold the functions to
them over their whole ranges.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

EXP_LOWEST = -32.0  # below it exp counts as this: 1.3e-14, nothing beside a sum that holds a 1
EXP_HALVINGS = 6  # the argument is divided by 2^6, so that it lies within +-0.5
EXP_DEGREE = 7
EXP_BOUND = 2e-5
NEWTON_BOUND = 5e-7
ROUNDING = 2.0**-25


def exp(pes: Any, x: Any, *, out: Any) -> None:
    """``out = exp(x)`` for x up to 32, within `EXP_BOUND`; ``x`` is used up.

    exp(x) = exp(x / 64) ** 64: the Taylor polynomial of degree 7, evaluated from its highest
    coefficient down, is within 1e-7 of the exponential of x / 64, and each of six squarings doubles
    the relative error and adds a rounding. In all 15 operations an element.
    """
    pes.max(x, EXP_LOWEST, out=x)
    pes.mul(x, 2.0**-EXP_HALVINGS, out=x)
    coefficients = [1 / math.factorial(power) for power in range(EXP_DEGREE + 1)]
    pes.mac(x, coefficients[-1], acc=coefficients[-2], out=out)
    for coefficient in coefficients[-3::-1]:
        pes.mac(out, x, acc=coefficient, out=out)
    for _ in range(EXP_HALVINGS):
        pes.mul(out, out, out=out)


def reciprocal(pes: Any, x: Any, *, out: Any, scratch: Any, low: float, high: float) -> None:
    """``out = 1 / x`` for x from ``low`` to ``high``, within `NEWTON_BOUND`; ``x`` is used up.

    Newton: r (2 - x r) is nearer to 1 / x than r, the error squared each time. To begin with,
    1 / x lies above all its tangents, and the largest of a few of them is a guess from below.
    """
    lines, rounds = _plan("reciprocal", low, high)
    pes.mul(x, -1.0, out=x)
    _largest(pes, lines, x, out, scratch)
    for _ in range(rounds):
        pes.mac(x, out, acc=2.0, out=scratch)
        pes.mul(out, scratch, out=out)


def rsqrt(pes: Any, x: Any, *, out: Any, scratch: Any, low: float, high: float) -> None:
    """``out = 1 / sqrt(x)`` for x from ``low`` to ``high``, within `NEWTON_BOUND`; ``x`` is lost.

    Newton: r (3 / 2 - x r^2 / 2), from the largest of some tangents, as `reciprocal`. Smaller x, 0
    too, give a finite number below the true one.
    """
    lines, rounds = _plan("rsqrt", low, high)
    pes.mul(x, -0.5, out=x)
    _largest(pes, lines, x, out, scratch)
    for _ in range(rounds):
        pes.mul(out, out, out=scratch)
        pes.mac(x, scratch, acc=1.5, out=scratch)
        pes.mul(out, scratch, out=out)


def operations(function: str, low: float = 1.0, high: float = 1.0) -> int:
    """Operations an element of a function, by name; of `reciprocal` and `rsqrt` over a range.

    >>> operations("exp"), operations("reciprocal", 1.0, 10.0), operations("rsqrt", 1e-5, 1e3)
    (15, 14, 42)
    """
    if function == "exp":
        return 2 + EXP_DEGREE + EXP_HALVINGS
    lines, rounds = _plan(function, low, high)
    return 2 * len(lines) + rounds * (2 if function == "reciprocal" else 3)


def _largest(pes: Any, lines: list[tuple[float, float]], x: Any, out: Any, scratch: Any) -> None:
    """The largest of some straight lines (slope, intercept) at ``x``."""
    (slope, intercept), *others = lines
    pes.mac(x, slope, acc=intercept, out=out)
    for slope, intercept in others:
        pes.mac(x, slope, acc=intercept, out=scratch)
        pes.max(out, scratch, out=out)


@cache
def _plan(function: str, low: float, high: float) -> tuple[list[tuple[float, float]], int]:
    """Tangents, as lines of -x or -x / 2, and the rounds of Newton's method that they need."""
    if not 0 < low <= high:
        raise ValueError(f"{function}: low={low}, high={high}; expected 0 < low <= high")
    count = 1 + math.ceil(math.log(high / low, 4) - 1e-9)
    ratio = (high / low) ** (1 / max(1, count - 1))
    points = [low * ratio**number for number in range(count)]
    if function == "reciprocal":
        lines = [(1 / a**2, 2 / a) for a in points]
        error = ((ratio - 1) / (ratio + 1)) ** 2  # where two neighbours cross
    else:
        lines = [(a**-1.5, 1.5 * a**-0.5) for a in points]
        if ratio == 1:
            error = 0.0
        else:
            x = 3 * (1 - ratio**-0.5) / (1 - ratio**-1.5)  # the crossing, for a = 1
            error = 1 - math.sqrt(x) * (1.5 - x / 2)
    rounds = 0
    while error > ROUNDING:
        error = error**2 if function == "reciprocal" else error**2 * (3 - error) / 2
        rounds += 1
    return lines, rounds
