"""The disc: how many rectangles of a size fit on it, and by how much one that does not sticks out.

>>> disc = Disc()
>>> len(disc.place(28.5, 28.5))                  # dies of about 814 mm2
    68
>>> round(disc.textbook_count(814), 1)           # the formula of textbooks
63.5
>>> f"{disc.overhang_mm2(215, 215):.0f} mm2"     # the whole square of a WSE, at its corners
'102 mm2'
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import asin, hypot, pi, sqrt
from typing import Any

import numpy as np

OFFSETS = 24  # positions of the grid that are tried along each axis, beside the symmetric ones


@dataclass(frozen=True)
class Disc:
    """A disc of silicon, all lengths in mm.

    ``edge_exclusion_mm``: the rim that makes no good dies. ``scribe_mm``: the street between dies,
    where the saw goes. Both are choices of the maker; 3 mm and 0.1 mm are usual, and assumed here.
    Raises ValueError where no usable silicon is left.
    """

    diameter_mm: float = 300.0
    edge_exclusion_mm: float = 3.0
    scribe_mm: float = 0.1

    def __post_init__(self) -> None:
        if not self.radius_mm > 0 or self.scribe_mm < 0 or self.edge_exclusion_mm < 0:
            raise ValueError(
                f"{self}: no usable silicon; expected a diameter above twice the edge exclusion, "
                "and neither of the others below 0"
            )

    @property
    def radius_mm(self) -> float:
        """Of the usable part."""
        return self.diameter_mm / 2 - self.edge_exclusion_mm

    @property
    def area_mm2(self) -> float:
        """Of the whole disc."""
        return pi * (self.diameter_mm / 2) ** 2

    def place(self, width_mm: float, height_mm: float) -> np.ndarray:
        """The lower left corners of all dies of a size: an array of shape ``(dies, 2)``, in mm.

        The dies lie in one grid, as a saw needs it; of the positions of that grid tried (26 along
        each axis, the symmetric ones first) it is the first that holds most. The centre of the
        disc is (0, 0). Raises ValueError where a side is not above 0.
        """
        _check_sides(width_mm, height_mm)
        return _best_grid(self, width_mm, height_mm)

    def _grid(self, width: float, height: float, right: float, up: float) -> np.ndarray:
        """The dies that fit, with a grid that is shifted by parts of its steps."""
        axes = []
        for side, shift in ((width, right), (height, up)):
            step = side + self.scribe_mm
            many = int(self.radius_mm / step) + 2
            axes.append((np.arange(-many, many + 1) + shift) * step)
        x, y = np.meshgrid(*axes, indexing="ij")
        far_x = np.maximum(np.abs(x), np.abs(x + width))
        far_y = np.maximum(np.abs(y), np.abs(y + height))
        fits = far_x**2 + far_y**2 <= self.radius_mm**2
        return np.stack([x[fits], y[fits]], axis=1)

    def textbook_count(self, die_area_mm2: float) -> float:
        """Dies by the textbook's formula, ``pi r2 / S - pi d / sqrt(2 S)``.

        It knows no edge exclusion, no streets and no shape.
        """
        if not die_area_mm2 > 0:
            raise ValueError(f"die_area_mm2={die_area_mm2!r}; expected an area above 0")
        return float(self.area_mm2 / die_area_mm2 - pi * self.diameter_mm / sqrt(2 * die_area_mm2))

    def largest_square_mm(self) -> float:
        """The side of the largest square that the usable disc holds."""
        return self.radius_mm * sqrt(2)

    def overhang_mm2(self, width_mm: float, height_mm: float) -> float:
        """The area of a centred rectangle that lies beyond the usable disc.

        Raises ValueError where a side is not above 0, or the rectangle leaves the disc at a whole
        side and not only at its corners.
        """
        _check_sides(width_mm, height_mm)
        r, half_width, half_height = self.radius_mm, width_mm / 2, height_mm / 2
        if hypot(half_width, half_height) <= r:
            return 0.0
        if max(half_width, half_height) >= r:
            raise ValueError(
                f"{width_mm} x {height_mm} mm: a side reaches beyond the disc's {2 * r} mm; "
                "expected a rectangle that sticks out at its corners alone"
            )
        start = sqrt(r**2 - half_height**2)  # where the rim crosses the upper side

        def under_rim(x: float) -> float:
            return (x * sqrt(r**2 - x**2) + r**2 * asin(x / r)) / 2

        corner = half_height * (half_width - start) - (under_rim(half_width) - under_rim(start))
        return 4 * corner

    def holds(self, x_mm: Any, y_mm: Any) -> np.ndarray:
        """Which points lie on the whole disc, the rim included."""
        return np.hypot(x_mm, y_mm) <= self.diameter_mm / 2


@lru_cache(maxsize=64)
def _best_grid(disc: Disc, width: float, height: float) -> np.ndarray:
    """See `Disc.place`; the same for each disc of a size, and asked for again and again."""
    best = np.zeros((0, 2))
    shifts = [
        # a die in the middle, a street in the middle, and others
        [-side / 2 / (side + disc.scribe_mm), disc.scribe_mm / 2 / (side + disc.scribe_mm)]
        + (np.arange(OFFSETS) / OFFSETS).tolist()
        for side in (width, height)
    ]
    for right in shifts[0]:
        for up in shifts[1]:
            corners = disc._grid(width, height, right, up)
            if len(corners) > len(best):
                best = corners
    best.flags.writeable = False
    return best


def _check_sides(width_mm: float, height_mm: float) -> None:
    for name, side in (("width_mm", width_mm), ("height_mm", height_mm)):
        if not (isinstance(side, (int, float, np.number)) and side > 0):
            raise ValueError(f"{name}={side!r}; expected a length in mm above 0")
