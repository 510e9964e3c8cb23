"""Problems of writing a matrix times a vector, with a tile of the matrix in each PE."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..fabric import Wafer
from .problem import Size
from .programs import Data, Programming, whole_numbers
from .sums import same_color_as_neighbour

Four = tuple[int, int, int, int]


class TiledProduct(Programming):
    """The learner's function gets ``w, A, x, y``: a tile, room for a piece of x, a part of y."""

    #: Rows and columns of PEs and of a tile: what is scored, and two that are tried beside it.
    sizes_shown: tuple[Four, Four, Four]
    #: The least and one more than the most of either, in those that are drawn.
    sides: tuple[int, int]
    tile_sides: tuple[int, int]
    #: Where x is before the launch, as an index of PEs.
    x_begins: Any

    def sizes(self, seed: int | None = None) -> list[Size]:
        """Those that are shown, or the one that is scored with others."""
        some = list(self.sizes_shown)
        if seed is not None:
            rng = np.random.default_rng(seed)
            some[1:] = [
                (
                    *rng.integers(*self.sides, 2).tolist(),
                    *rng.integers(*self.tile_sides, 2).tolist(),
                )
                for _ in range(2)
            ]
        return [dict(zip(("rows", "columns", "m", "n"), one, strict=True)) for one in some]

    def wafer(self, size: Size) -> tuple[Any, ...]:
        """PEs with a tile, a piece of x, and a part of y."""
        w, m, n = Wafer(size["rows"], size["columns"]), size["m"], size["n"]
        return w, w.memory("A", (m, n)), w.memory("x", n), w.memory("y", m)

    def data(self, size: Size, rng: np.random.Generator) -> Data:
        """Tiles everywhere, x where it begins."""
        shape, m, n = (size["rows"], size["columns"]), size["m"], size["n"]
        x = np.zeros((*shape, n), np.float32)
        x[self.x_begins] = whole_numbers(rng, x[self.x_begins].shape)
        return {"A": whole_numbers(rng, (*shape, m, n)), "x": x}

    def in_words(self, size: Size) -> str:
        """The wafer, and a tile."""
        return "{rows} x {columns} PEs with tiles of {m} x {n}".format(**size)

    def mistakes(self, program: Wafer, size: Size) -> Iterator[str]:
        """Neighbours that send on the same color."""
        yield from same_color_as_neighbour(program)
