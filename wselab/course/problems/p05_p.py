"""Puzzle 5.P: one product on 16 x 16 PEs, as soon as you can."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ...fabric import Wafer
from ...kernels.gemv_program import write_gemv
from ...specs import WSE2
from ..problem import Size, register
from ..programs import Data, Due, Ran
from ..recorded import Recorded
from ..sums import found_elsewhere
from ..tiled import TiledProduct
from .p04_p import distance_bound


def in_three_phases(w: Wafer, A: Any, x: Any, y: Any) -> None:
    """The plain textbook program: x down, multiply, chains to the west."""
    write_gemv(w, A, x, y)


@register
class QuickProduct(TiledProduct):
    """The learner's function writes any product; it has to be quicker than the lesson's."""

    number = "5.P"
    title = "Open puzzle: one product, as soon as you can"
    points = 10
    answer = "quick_product"
    textbook = staticmethod(in_three_phases)
    hints = (
        "Par is a sum of three: x comes, all multiply, the chain adds up. Write down how many "
        "cycles each of them takes here. For the largest of them you have written something better "
        "in exercise 04.",
        "The sums along a row are sums of a few values over 16 PEs. Two phases take two short "
        "chains instead of a long one: in groups of 4, then over the first PEs of the groups, "
        "past the routers between. A tree has four levels.",
        "Then the first phase. A PE need not have all of its x before it begins: take it in by "
        "parts, mov(fabin(down), out=x.own[:4], microthread=True), and multiply what is there "
        "while the next part comes. Or let row 0 send before anything else, as a microthread, and "
        "multiply meanwhile. Or start x in another way: the middle of a column is nearer to all.",
    )

    sizes_shown = ((16, 16, 4, 12), (9, 13, 3, 8), (12, 20, 5, 6))
    sides = (8, 21)
    tile_sides = (2, 9)
    x_begins = np.s_[0]

    def due(self, size: Size, data: Data) -> list[Due]:
        """The sums over each row of PEs, in column 0."""
        shares = _shares(data)
        where = np.zeros(shares.shape[:2], bool)
        where[:, 0] = True
        values = np.broadcast_to(shares.sum(axis=1, keepdims=True), shares.shape)
        return [Due("y", where, values, "the sum over its row")]

    def most_cycles(self, size: Size) -> tuple[int, str]:
        """Fewer than the plain program."""
        par = self.par_at(size)
        return par - 1, f"the lesson's program takes {par:,}; fewer are asked"

    def bound(self) -> str:
        """What the way from corner to corner takes."""
        size = self.sizes()[0]
        least = distance_bound(size["rows"], size["columns"], WSE2.ramp_latency_cycles)
        return (
            f"No program takes fewer than {least} cycles: the last sum of column 0 depends on the "
            "last x of row 0, which has to come from the opposite corner, by whatever way."
        )

    def why(self, written: Recorded, size: Size, ran: Ran) -> Iterator[str]:
        """Where the sums stand, or which columns' shares are in them."""
        (due,) = self.due(size, ran.data)
        if elsewhere := found_elsewhere(ran, due).replace("The sum is", "Each sum is"):
            yield elsewhere
            return
        got, shares = ran.wafer.memories["y"].array[:, 0], _shares(ran.data)
        if np.array_equal(got, shares[:, 0]):
            yield "Column 0 has its own shares only: those of the other columns have not come."
            return
        total = shares.sum(axis=1)
        for column in range(size["columns"]):
            if np.array_equal(got, total - shares[:, column]):
                yield f"The shares of column {column} are not in the sums."
            elif np.array_equal(got, total + shares[:, column]):
                yield f"The shares of column {column} are in the sums twice."
        top = np.zeros_like(total)
        top[0] = total[0]
        if np.array_equal(got, top):
            yield "Only row 0 has x: the others multiply with zeros. x has to come to them before."


def _shares(data: Data) -> np.ndarray:
    """What each PE has to add, (rows, columns, m)."""
    shares: np.ndarray = np.einsum("rcmn,cn->rcm", data["A"], data["x"][0])
    return shares
