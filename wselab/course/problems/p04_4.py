"""Problem 4.4: everybody in a row gets the sum."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...fabric import Wafer
from ...kernels.all_reduce import write_all_reduce_row
from ..problem import Size, register
from ..sums import Summing


def reduce_and_broadcast(w: Wafer, x: Any, total: Any) -> None:
    """The plain textbook program: a chain to the western end, and a broadcast back."""
    write_all_reduce_row(w, x, total)


@register
class AllReduce(Summing):
    """The learner's function writes any all-reduce of a row."""

    number = "4.4"
    title = "Let everybody in a row have the sum"
    points = 8
    answer = "everybody"
    textbook = staticmethod(reduce_and_broadcast)
    hints = (
        "You have both halves already: a reduce, which brings the sum into one PE, and a "
        "broadcast, which brings one PE's vector to all. Written one after the other on the same "
        "wafer they are an all-reduce: a PE does its operations in the order you write them.",
        "The broadcast needs a color of its own. The PE that has the sum sends it, RAMP >> EAST; "
        "the routers between copy it, WEST >> (RAMP, EAST); the last one ends it, WEST >> RAMP. "
        "The PE that sends takes nothing in: let it keep the sum in its own total first.",
        "A chain to column 0, its end being w[:, 0].add(fabin(theirs), x, out=total). Then "
        "w[:, 0].mov(total, out=fabout(back)) and w[:, 1:].mov(fabin(back), out=total). To be "
        "under par, take the quicker reduce of problem 4.1, or sum from both ends into the middle.",
    )

    def sizes(self, seed: int | None = None) -> list[Size]:
        """Rows whose vectors can be cut into as many equal parts as there are PEs, for a ring."""
        some = [(32, 32), (8, 64), (5, 10)]
        if seed is not None:
            rng = np.random.default_rng(seed)
            pes, parts = rng.integers(3, 24, 2).tolist(), rng.integers(1, 9, 2).tolist()
            some[1:] = [(n, n * part) for n, part in zip(pes, parts, strict=True)]
        return [{"columns": pes, "wavelets": wavelets} for pes, wavelets in some]

    def wanted(self, size: Size) -> np.ndarray:
        """Everywhere."""
        return np.ones((1, size["columns"]), bool)
