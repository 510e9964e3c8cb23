"""Defects: where on a disc something went wrong, as points that random numbers choose.

    >>> found = defects(Disc(), per_mm2=0.001, seed=1)
    >>> found.shape                                # about 0.001 x 70,686 of them, x and y in mm
    (76, 2)
    >>> bool(Disc().holds(*found.T).all())
    True

Defects that fall independently make counts that follow Poisson's law. Real ones come in clusters:
one disc, or one part of it, has many and another has few. Here the density itself is then random,
drawn from a gamma distribution of shape ``alpha`` (small: strong clusters), which makes counts
negative binomial.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .disc import Disc


def defects(
    disc: Disc,
    per_mm2: float,
    seed: Any,
    alpha: float | None = None,
    cluster_mm: float | None = None,
) -> np.ndarray:
    """The defects of one disc: an array of shape ``(defects, 2)``, x and y in mm from its centre.

    ``per_mm2`` is the mean density. ``alpha`` makes it vary: over squares of side ``cluster_mm``,
    or from disc to disc where that is None. ``seed`` is a number, or NumPy's generator. Raises
    ValueError where a density, ``alpha`` or ``cluster_mm`` makes no sense.
    """
    check_density(per_mm2)
    check_alpha(alpha)
    if cluster_mm is not None and (alpha is None or not cluster_mm > 0):
        raise ValueError(
            f"cluster_mm={cluster_mm!r} with alpha={alpha!r}: clusters need a size above 0 mm and "
            "an alpha above 0, such as alpha=3"
        )
    random = np.random.default_rng(seed)
    side = disc.diameter_mm
    cells = 1 if cluster_mm is None else int(np.ceil(side / cluster_mm))
    cell_mm = side / cells
    density = np.full((cells, cells), float(per_mm2))
    if alpha is not None:
        density *= random.gamma(alpha, 1 / alpha, (cells, cells))
    counts = random.poisson(density * cell_mm**2).ravel()
    corner = np.stack(np.divmod(np.repeat(np.arange(cells**2), counts), cells), axis=1)
    points = (corner + random.random(corner.shape)) * cell_mm - side / 2
    return points[disc.holds(*points.T)]


def check_density(per_mm2: Any) -> None:
    """Raise ValueError for what is no density of defects."""
    if not (np.ndim(per_mm2) == 0 and np.isreal(per_mm2) and 0 <= per_mm2 < 10):
        raise ValueError(
            f"a defect density of {per_mm2!r} per mm2; expected a number from 0 to 10 (TSMC's N5 "
            "has about 0.001; texts often give it per cm2, which is 100 times as much)"
        )


def check_alpha(alpha: Any) -> None:
    """Raise ValueError for what is no parameter of clustering."""
    if alpha is not None and not (np.isreal(alpha) and alpha > 0):
        raise ValueError(f"alpha={alpha!r}; expected a number above 0, or None for no clusters")
