"""The fullest of many PEs: what is expected of the largest of random counts.

Of ``places`` places, each holds a non-zero with the probability ``density``, whatever the others
hold. So a PE has a binomial number of them, `at_most` knows how likely at most k are, and of P PEs
that know nothing of each other all have at most k with the P-th power of that.
"""

from __future__ import annotations

import numpy as np

from .inputs import whole


def at_most(places: int, density: float) -> np.ndarray:
    """The probabilities of at most 0, 1, ..., ``places`` non-zeros: the binomial distribution.

    >>> at_most(2, 0.5).tolist()
    [0.25, 0.75, 1.0]
    """
    check_share("density", density)
    return np.minimum(np.cumsum(exactly(places, density)), 1.0)


def exactly(places: int, density: float) -> np.ndarray:
    """The probabilities of exactly 0, 1, ..., ``places`` non-zeros.

    >>> exactly(2, 0.5).tolist()
    [0.25, 0.5, 0.25]
    """
    if density in (0.0, 1.0):
        sure = np.zeros(places + 1)
        sure[places if density else 0] = 1.0
        return sure
    k = np.arange(places + 1)
    factorials = np.concatenate([[0.0], np.cumsum(np.log(k[1:]))])  # their logarithms
    ways = factorials[-1] - factorials - factorials[::-1]
    chance = np.exp(ways + k * np.log(density) + (places - k) * np.log1p(-density))
    return np.asarray(chance / chance.sum())  # the logarithms have been rounded


def expected_most(*, places: int, density: float, pes: int) -> float:
    """The non-zeros that the fullest of ``pes`` PEs is expected to have.

    A count that is never negative has the mean ``sum over k of P(count > k)``, k from 0 on. For
    the largest of P counts that is ``sum of 1 - F(k)^P``, where F is `at_most`: no approximation,
    where places are filled independently. For many places and PEs it is near the mean plus
    ``sqrt(2 ln P)`` standard deviations, each ``sqrt(places density (1 - density))``. So the larger
    a tile, the less its imbalance, and the more PEs, the more.

    Parameters
    ----------
    places : int
        Places in a PE's tile.
    density : float
        The share of places that hold a non-zero, from 0 to 1.
    pes : int
        P.

    Raises
    ------
    ValueError
        A size is not a whole number of at least 1, or the density no share.

    Examples
    --------
    >>> round(expected_most(places=256, density=0.1, pes=1), 6)
    25.6
    >>> round(expected_most(places=256, density=0.1, pes=4096), 1)
    44.5
    """
    places, pes = whole(places=places, pes=pes)
    return float((1.0 - at_most(places, density) ** pes).sum())


def check_share(name: str, value: object) -> None:
    """Raise `ValueError` where ``value`` is not a number from 0 to 1.

    >>> check_share("density", 1.5)
    Traceback (most recent call last):
        ...
    ValueError: density=1.5: expected a share, from 0 to 1
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise ValueError(f"{name}={value!r}: expected a share, from 0 to 1")
