"""Puzzle 4.P: all PEs of a square agree on the sum of one number each, as soon as they can.

>>> distance_bound(64, 64, ramp_latency=2)
132
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...fabric import Wafer
from ...kernels.broadcast import write_broadcast
from ...kernels.reduce import write_reduce_2d
from ...specs import WSE2
from ..problem import Size, register
from ..sums import Summing


def distance_bound(rows: int, columns: int, ramp_latency: int) -> int:
    """Cycles before which no program can have let every PE know every number.

    The sum in one corner depends on the number in the opposite one, and nothing but a wavelet
    carries it there. Sent in cycle 0 at the earliest, it is on the ramp for ``T_R`` cycles and in
    its router's queue in cycle ``T_R + 1``; it takes a cycle for each of ``rows - 1 + columns - 1``
    links, as no way is shorter; then it is on the other ramp for ``T_R - 1`` cycles, and its PE can
    handle it in the next. With cycle 0 that makes ``rows + columns + 2 T_R`` cycles.
    """
    return rows + columns + 2 * ramp_latency


def rows_then_a_column(w: Wafer, x: Any, total: Any) -> None:
    """The plain textbook program: chains along all rows, one up column 0, and a broadcast."""
    write_reduce_2d(w, x, total)
    write_broadcast(w, total)


@register
class Agree(Summing):
    """The learner's function writes any all-reduce over rows and columns."""

    number = "4.P"
    title = "Open puzzle: 4,096 PEs agree on one number"
    points = 10
    answer = "agree"
    textbook = staticmethod(rows_then_a_column)
    hints = (
        "Start from what you have: sums along all rows at once, then along one column, then a "
        "broadcast from there. Write down how many of par's cycles each part takes. For a single "
        "number nearly all of it is hand-overs, 2 T_R + 2 cycles each: where are they needed?",
        "Nothing says that a sum has to end in a corner. If rows sum from both sides into the "
        "column in the middle, and that column into its middle, every way is half as long, the "
        "broadcast's too: a router in the middle sends to (EAST, WEST), or to (NORTH, SOUTH).",
        "And a chain is the slowest tree for a single number. One PE can take in a wavelet every "
        "cycle, so that many PEs may send to the same one, one behind the other: a switch lets a "
        "router first send its own and then let others pass (fabout(color, advance=...)). Try a "
        "star along a part of the row, then stars of stars.",
    )

    def sizes(self, seed: int | None = None) -> list[Size]:
        """The square that is scored, and other rectangles."""
        some = [(64, 64), (17, 30), (40, 23)]
        if seed is not None:
            some[1:] = np.random.default_rng(seed).integers(16, 48, size=(2, 2)).tolist()
        return [{"rows": rows, "columns": columns, "wavelets": 1} for rows, columns in some]

    def wanted(self, size: Size) -> np.ndarray:
        """Everywhere."""
        return np.ones(self.shape(size), bool)

    def most_cycles(self, size: Size) -> tuple[int, str]:
        """Fewer than the plain program."""
        par = self.par_at(size)
        return par - 1, f"rows, then a column, then a broadcast take {par:,}; fewer are asked"

    def bound(self) -> str:
        """What the way from corner to corner takes."""
        size = self.sizes()[0]
        least = distance_bound(size["rows"], size["columns"], WSE2.ramp_latency_cycles)
        return (
            f"No program takes fewer than {least:,} cycles: the number of one corner has to travel "
            "to the opposite one, and that is how long a wavelet needs for it."
        )
