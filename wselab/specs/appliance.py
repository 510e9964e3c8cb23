"""What stands around wafers that stream their weights: MemoryX and SwarmX, in the form of chips.

Their sizes were announced. How fast they are was not: what is assumed here is never slower than
the I/O of a wafer, so that a wafer that waits in a prediction waits for its own I/O.

Examples
--------
>>> MEMORYX.fact("cs2_capacity_bytes").text
'4e+12 to 2.4e+15'
>>> SWARMX.cs3_wafers
2048
"""

from .chip import Chip
from .fact import Fact
from .wafers import WSE2

_CS2 = "Cerebras, announcement of MemoryX and SwarmX, August 2021"
_CS3 = "Cerebras, press material on the CS-3, March 2024"
_CHOICE = "choice of this project"

#: The store of weights and optimizer state outside the wafers, which also updates them.
MEMORYX = Chip(
    "MemoryX",
    {
        "cs2_capacity_bytes": Fact((4e12, 2.4e15), "byte", _CS2, "seen", "Smallest, largest."),
        "cs3_smallest_bytes": Fact(1.5e12, "byte", _CS3, "second"),
        "cs3_middle_bytes": Fact(12e12, "byte", _CS3, "second"),
        "cs3_largest_bytes": Fact(1.2e15, "byte", _CS3, "second"),
        "bandwidth_bits_per_s": Fact(
            WSE2.io_bandwidth_bits_per_s,
            "bit/s",
            _CHOICE,
            "assumed",
            "Each way. No figure is public; a wafer's io_bandwidth_bits_per_s.",
        ),
    },
)

#: The tree between a MemoryX and its wafers: it copies weights on their way, and adds gradients.
SWARMX = Chip(
    "SwarmX",
    {
        "cs2_wafers": Fact(192, "1", _CS2, "seen", "CS-2 systems on one SwarmX, at most."),
        "cs3_wafers": Fact(2048, "1", _CS3, "second", "CS-3 systems, at most."),
        "fan_out": Fact(
            4, "1", _CHOICE, "assumed", "Ways down from a node of the tree; not public."
        ),
        "link_bandwidth_bits_per_s": Fact(
            WSE2.io_bandwidth_bits_per_s,
            "bit/s",
            _CHOICE,
            "assumed",
            "Each way. No figure is public; a wafer's io_bandwidth_bits_per_s.",
        ),
        "node_latency_s": Fact(
            1e-6,
            "s",
            _CHOICE,
            "assumed",
            "For a node and the link to it. Not public; the order of a network switch and a port.",
        ),
    },
)
