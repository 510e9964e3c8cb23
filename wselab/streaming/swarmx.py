"""SwarmX: the tree between a MemoryX and many wafers, which copies weights and adds gradients.

On the way down every node copies what comes to all below it; on the way up it adds what comes from
them. Both pass through as they come, so that a tree of more levels costs its latency once, and no
bandwidth: a MemoryX sends and receives as much for a thousand wafers as for one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..specs import SWARMX
from .memoryx import positive


@dataclass(frozen=True)
class SwarmX:
    """A tree over ``wafers`` wafers; the rest is `wselab.specs.SWARMX` unless given, and assumed.

    Raises ValueError for a number of wafers that it does not join, or a rate that is none.

    Examples
    --------
    >>> tree = SwarmX(wafers=64)
    >>> tree.levels, tree.broadcast_s(1.5e9) - 8 * 1.5e9 / tree.link_bandwidth_bits_per_s < 4e-6
    (3, True)
    >>> print(tree)
    SwarmX: 64 wafers under 3 levels of nodes, 1.2e+12 bit/s each way, 3.0 µs from end to end
    """

    wafers: int
    fan_out: int = SWARMX.fan_out
    link_bandwidth_bits_per_s: float = SWARMX.link_bandwidth_bits_per_s
    node_latency_s: float = SWARMX.node_latency_s

    def __post_init__(self) -> None:
        most = SWARMX.cs3_wafers
        for name, least, limit in (("wafers", 1, most), ("fan_out", 2, most)):
            value = getattr(self, name)
            whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
            if not whole or not least <= value <= limit:
                raise ValueError(
                    f"SwarmX: {name}={value!r}; expected a whole number from {least} to {limit:,}"
                    + (" (the most CS-3 systems that were announced)" if name == "wafers" else "")
                )
        positive("SwarmX", "link_bandwidth_bits_per_s", self.link_bandwidth_bits_per_s)
        positive("SwarmX", "node_latency_s", self.node_latency_s)

    @property
    def levels(self) -> int:
        """Nodes between the MemoryX and a wafer; none for one wafer."""
        levels, reach = 0, 1
        while reach < self.wafers:
            levels, reach = levels + 1, reach * self.fan_out
        return levels

    @property
    def latency_s(self) -> float:
        """Seconds from one end of the tree to the other."""
        return self.levels * self.node_latency_s

    def broadcast_s(self, size_bytes: float) -> float:
        """Seconds until every wafer has so many bytes of weights."""
        if not size_bytes >= 0:
            raise ValueError(f"SwarmX: size_bytes={size_bytes!r}; expected 0 or more")
        return self.latency_s + 8 * size_bytes / self.link_bandwidth_bits_per_s

    def reduce_s(self, size_bytes: float) -> float:
        """Seconds until the sum of the wafers' gradients, of so many bytes each, is at the top."""
        return self.broadcast_s(size_bytes)  # as long: a node adds what passes

    def add(self, gradients: Sequence[np.ndarray]) -> np.ndarray:
        """The sum of one gradient a wafer, in the order of the tree, whichever comes first.

        A node adds what comes from below it from left to right::

            while len(parts) > 1:
                parts = [sum_from_left(parts[k : k + fan_out])
                         for k in range(0, len(parts), fan_out)]

        Examples
        --------
        >>> SwarmX(3).add([np.full(2, value, np.float32) for value in (1, 2, 4)]).tolist()
        [7.0, 7.0]
        """
        parts = [np.asarray(one) for one in gradients]
        if len(parts) != self.wafers or len({(one.shape, one.dtype) for one in parts}) != 1:
            found = ", ".join(sorted({f"{one.dtype} of shape {one.shape}" for one in parts}))
            raise ValueError(
                f"SwarmX: {len(parts)} gradients ({found}); expected {self.wafers}, one a wafer, "
                "all of one shape and type"
            )
        while len(parts) > 1:
            nodes = [parts[at : at + self.fan_out] for at in range(0, len(parts), self.fan_out)]
            parts = [_from_left(node) for node in nodes]
        return parts[0].copy() if self.wafers == 1 else parts[0]

    def __str__(self) -> str:
        return (
            f"SwarmX: {self.wafers:,} wafers under {self.levels} levels of nodes, "
            f"{self.link_bandwidth_bits_per_s:.3g} bit/s each way, "
            f"{self.latency_s * 1e6:.1f} µs from end to end"
        )


def _from_left(parts: Sequence[np.ndarray]) -> np.ndarray:
    total = parts[0]
    for one in parts[1:]:
        total = total + one
    return total
