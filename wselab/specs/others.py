"""What else the lessons compare with: a chip that also lives from SRAM, and a cluster's network.

Examples
--------
>>> LPU.sram_bandwidth_bytes_per_s / LPU.sram_bytes > 300_000  # the whole SRAM, times a second
True
>>> INFINIBAND.fact("ndr_port_bits_per_s").unit
'bit/s'
"""

from .chip import Chip
from .fact import Fact

_LPU = "Groq, public figures of the LPU v1"
_PORTS = "general knowledge, not looked up"

#: Groq's first language processing unit.
LPU = Chip(
    "Groq LPU v1",
    {
        "sram_bytes": Fact(230_000_000, "byte", _LPU, "second"),
        "sram_bandwidth_bytes_per_s": Fact(80e12, "byte/s", _LPU, "second"),
        "peak_int8_op_per_s": Fact(750e12, "op/s", _LPU, "second"),
        "peak_fp16_dense_flop_per_s": Fact(188e12, "flop/s", _LPU, "second"),
    },
)

#: Not a chip but the network of a cluster, kept in the same form.
INFINIBAND = Chip(
    "InfiniBand",
    {
        "hdr_port_bits_per_s": Fact(200e9, "bit/s", _PORTS, "recalled"),
        "ndr_port_bits_per_s": Fact(400e9, "bit/s", _PORTS, "recalled"),
    },
)

#: For comparisons of power.
HOME = Chip(
    "home in the USA",
    {"power_w": Fact(1200, "W", _PORTS, "recalled", "The mean of an average home, over a year.")},
)
