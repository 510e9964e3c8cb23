"""The non-zeros of a matrix that is cut into tiles, as each PE would keep them.

A PE keeps the non-zeros of its tile one column after another, and in a column from the top: their
values, and beside each the row that it stands in. Each PE has as many as it happens to have.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .tiling import tiles

#: What a PE keeps beside the value of a non-zero, to know its row: a whole number of 16 bits.
INDEX_BYTES = 2


@dataclass(frozen=True)
class NonZeros:
    """The non-zeros of each PE's tile: arrays over the wafer's rows and columns of PEs first.

    ``values``, ``rows`` and ``columns`` (of the tile) have as many places as the fullest PE needs;
    what lies behind the last non-zero of a PE is 0 and counts for nothing. ``counts[..., j]`` are
    those in column j of the tile.

    Examples
    --------
    >>> kept = NonZeros.of(np.array([[0, 2, 0], [1, 3, 0]]), wafer=(1, 1), tile=(2, 3))
    >>> kept.values.tolist(), kept.rows.tolist(), kept.counts.tolist()
    ([[[1, 2, 3]]], [[[1, 0, 1]]], [[[1, 2, 0]]])
    """

    values: np.ndarray
    rows: np.ndarray
    columns: np.ndarray
    counts: np.ndarray

    @classmethod
    def of(cls, matrix: np.ndarray, wafer: tuple[int, int], tile: tuple[int, int]) -> NonZeros:
        """Those of ``matrix``, in tiles of that shape."""
        height, width = tile
        by_column = tiles(matrix, wafer, tile).swapaxes(2, 3).reshape(*wafer, width * height)
        there = by_column != 0
        most = int(there.sum(axis=2).max())
        order = np.argsort(~there, axis=2, kind="stable")[..., :most]
        columns, rows = np.divmod(order, height)
        counts = there.reshape(*wafer, width, height).sum(axis=3)
        return cls(np.take_along_axis(by_column, order, axis=2), rows, columns, counts)

    @cached_property
    def per_pe(self) -> np.ndarray:
        """How many each PE has."""
        return np.asarray(self.counts.sum(axis=2))

    @cached_property
    def firsts(self) -> np.ndarray:
        """Where each column of a tile begins in ``values``."""
        return np.cumsum(self.counts, axis=2) - self.counts
