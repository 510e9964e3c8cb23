"""One disc diced: which dies are good, which have a defect, and what is left of them.

>>> disc = Disc()
>>> diced = dice(disc, 28.5, 28.5, defects(disc, per_mm2=0.001, seed=1))
>>> diced
<68 dies of 28.5 x 28.5 mm: 27 good, 41 with defects>
>>> int(diced.good_with_spares(units=(12, 12), spare=12).sum())
    68
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .defects import defects as defects
from .disc import Disc


@dataclass(frozen=True)
class Diced:
    """The dies of a disc, and the defects that fell on them.

    ``corners``: the lower left corner of each die, in mm, shape ``(dies, 2)``. ``points``: the
    defects, x and y in mm. ``die``: for each of them the number of its die, -1 where it fell on a
    street or the rim. ``within``: where in its die it lies, as parts of width and height.
    """

    disc: Disc
    width_mm: float
    height_mm: float
    corners: np.ndarray
    points: np.ndarray
    die: np.ndarray
    within: np.ndarray

    @property
    def counts(self) -> np.ndarray:
        """Defects of each die."""
        return np.bincount(self.die[self.die >= 0], minlength=len(self.corners))

    @property
    def good(self) -> np.ndarray:
        """Dies without a defect: a mask."""
        return self.counts == 0

    def good_with_spares(self, units: tuple[int, int], spare: int) -> np.ndarray:
        """Dies that work if they may lose some of their units: a mask.

        ``units`` are equal parts of the die in rows and columns, of which at most ``spare`` may
        have a defect.
        """
        rows, columns = units
        hit = self.die >= 0
        row, column = ((self.within[hit] * (columns, rows)).astype(int).T)[::-1]
        unit = (self.die[hit] * rows + row) * columns + column
        bad = np.bincount(np.unique(unit) // (rows * columns), minlength=len(self.corners))
        return bad <= spare

    @property
    def good_area_mm2(self) -> float:
        """Silicon in good dies."""
        return float(self.good.sum() * self.width_mm * self.height_mm)

    def __repr__(self) -> str:
        good = int(self.good.sum())
        return (
            f"<{len(self.corners)} dies of {self.width_mm:g} x {self.height_mm:g} mm: {good} good, "
            f"{len(self.corners) - good} with defects>"
        )


def dice(disc: Disc, width_mm: float, height_mm: float, points: np.ndarray) -> Diced:
    """Cut a disc with defects at ``points`` (x and y in mm, see `defects`) into dies of a size.

    A defect on a street or on the rim harms no die. Raises ValueError where no die of that size
    fits on the disc, and where a side is not above 0.
    """
    corners = _placed(disc, width_mm, height_mm)
    points = np.asarray(points, float).reshape(-1, 2)
    die = np.full(len(points), -1)
    within = np.zeros((len(points), 2))
    if len(points):
        step = np.array([width_mm, height_mm]) + disc.scribe_mm
        first = corners.min(axis=0)
        place = np.rint((corners - first) / step).astype(int)
        number = np.full(place.max(axis=0) + 1, -1)
        number[tuple(place.T)] = np.arange(len(corners))
        cell, inside = np.divmod(points - first, step)
        cell, part = cell.astype(int), inside / (width_mm, height_mm)
        on_die = ((cell >= 0) & (cell < number.shape) & (part < 1)).all(axis=1)
        die[on_die] = number[tuple(cell[on_die].T)]
        within = np.where(die[:, None] >= 0, part, 0.0)
    return Diced(disc, width_mm, height_mm, corners, points, die, within)


def simulate_yield(
    disc: Disc,
    width_mm: float,
    height_mm: float,
    per_mm2: float,
    discs: int,
    seed: int,
    alpha: float | None = None,
    cluster_mm: float | None = None,
) -> float:
    """The share of good dies of ``discs`` random ones, from the same maps that `dice` cuts."""
    if not discs >= 1:
        raise ValueError(f"discs={discs!r}; expected at least 1")
    random = np.random.default_rng(seed)
    good = dies = 0
    corners = _placed(disc, width_mm, height_mm)
    for _ in range(discs):
        found = dice(disc, width_mm, height_mm, defects(disc, per_mm2, random, alpha, cluster_mm))
        good, dies = good + int(found.good.sum()), dies + len(corners)
    return good / dies


def _placed(disc: Disc, width_mm: float, height_mm: float) -> np.ndarray:
    """The corners of the dies, of which there is at least one."""
    corners = disc.place(width_mm, height_mm)
    if not len(corners):
        raise ValueError(
            f"no die of {width_mm:g} x {height_mm:g} mm fits within the rim of {disc}; expected "
            f"smaller sides, of a square up to {disc.largest_square_mm():.1f} mm"
        )
    return corners


def cost_per_good_mm2(disc_price_usd: float, good_area_mm2: float) -> float:
    """What a square millimetre of working silicon costs, in USD; infinite where there is none."""
    if not (disc_price_usd >= 0 and good_area_mm2 >= 0):
        raise ValueError(
            f"disc_price_usd={disc_price_usd!r}, good_area_mm2={good_area_mm2!r}; expected neither "
            "below 0"
        )
    return disc_price_usd / good_area_mm2 if good_area_mm2 else float("inf")
