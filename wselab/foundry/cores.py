"""Dead cores and dead links: what defects do to a die that is one grid of cores.

>>> points = np.array([[0.0, 0.0], [100.0, 100.0], [140.0, 0.0]])    # the last is off the die
>>> dead = dead_cores(points, shape=(4, 6), width_mm=215, height_mm=215)
>>> dead.cores.astype(int)
array([[0, 0, 0, 0, 0, 1],
       [0, 0, 0, 0, 0, 0],
       [0, 0, 0, 1, 0, 0],
       [0, 0, 0, 0, 0, 0]])
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np


class Dead(NamedTuple):
    """What does not work on a grid of cores: masks.

    ``cores`` of shape ``(rows, columns)``; ``east``, links to the eastern neighbour, of shape
    ``(rows, columns - 1)``; ``south``, links to the southern one, of shape ``(rows - 1, columns)``.
    """

    cores: np.ndarray
    east: np.ndarray
    south: np.ndarray

    @classmethod
    def of(cls, cores: Any, east: Any = None, south: Any = None) -> Dead:
        """From masks that need not all be given; raises ValueError where shapes do not fit."""
        cores = np.asarray(cores)
        if cores.ndim != 2 or cores.dtype != bool or not cores.size:
            raise ValueError(
                f"dead cores: an array of {cores.dtype} of shape {cores.shape}; expected a mask "
                "(of True and False) of shape (rows, columns)"
            )
        rows, columns = cores.shape
        links = []
        for name, mask, shape in (
            ("east", east, (rows, columns - 1)), ("south", south, (rows - 1, columns)),
        ):  # fmt: skip
            mask = np.zeros(shape, bool) if mask is None else np.asarray(mask)
            if mask.shape != shape or mask.dtype != bool:
                raise ValueError(
                    f"dead links: {name} is an array of {mask.dtype} of shape {mask.shape}; "
                    f"expected a mask of shape {shape}"
                )
            links.append(mask)
        return cls(cores, *links)


def dead_cores(
    points: np.ndarray,
    shape: tuple[int, int],
    width_mm: float,
    height_mm: float,
    link_share: float = 0.0,
    seed: Any = 0,
) -> Dead:
    """What defects kill on a die of ``width_mm`` x ``height_mm`` in the middle of the disc.

    Each defect kills the core it falls on or, with probability ``link_share``, one of that core's
    links to the east or south. ``shape`` is rows and columns of cores; row 0 lies in the north,
    where y is greatest. Defects beside the die kill nothing. How much of a core's area its links
    take is not public, so ``link_share`` is a choice.
    """
    rows, columns = shape
    if not (rows >= 1 and columns >= 1 and width_mm > 0 and height_mm > 0 and 0 <= link_share <= 1):
        raise ValueError(
            f"shape={shape!r}, width_mm={width_mm!r}, height_mm={height_mm!r}, "
            f"link_share={link_share!r}; expected a grid of cores, a size above 0 mm, and a share "
            "from 0 to 1"
        )
    points = np.asarray(points, float).reshape(-1, 2)
    column = np.floor((points[:, 0] / width_mm + 0.5) * columns).astype(int)
    row = np.floor((0.5 - points[:, 1] / height_mm) * rows).astype(int)
    inside = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
    row, column = row[inside], column[inside]
    dead = Dead.of(np.zeros(shape, bool))
    random = np.random.default_rng(seed)
    link, east = random.random((2, len(row))) < [[link_share], [0.5]]
    dead.cores[row[~link], column[~link]] = True
    for mask, chosen in ((dead.east, link & east), (dead.south, link & ~east)):
        there = chosen & (row < mask.shape[0]) & (column < mask.shape[1])
        mask[row[there], column[there]] = True
    return dead
