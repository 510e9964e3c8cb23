"""What is known of each chip: every number with its unit, its source and how far to trust it.

Examples
--------
>>> from wselab.specs import WSE2
>>> WSE2.clock_hz
850000000.0
>>> print(WSE2.fact("clock_hz"))
8.5e+08 Hz (seen: Cerebras SDK, benchmark programs)
>>> WSE2.user_shape
(994, 750)
"""

from .appliance import MEMORYX, SWARMX
from .chip import WHAT_IF, Chip
from .energy import MOVING, PJ_45NM
from .fact import STATUSES, Fact
from .gpus import A100, B200, DGX_B200, DGX_H100, H100, H200
from .models import MODELS, LanguageModel
from .others import HOME, INFINIBAND, LPU
from .published import PUBLISHED
from .silicon import N5, N7, N16
from .wafers import WSE1, WSE2, WSE3

#: Everything with facts: chips and systems, wafers first, the processes that make them, energies.
ALL = (
    WSE1, WSE2, WSE3, A100, H100, H200, B200, DGX_H100, DGX_B200, LPU, INFINIBAND, MEMORYX,
    SWARMX, N16, N7, N5, PJ_45NM, MOVING, HOME,
)  # fmt: skip

__all__ = [
    "A100",
    "ALL",
    "B200",
    "DGX_B200",
    "DGX_H100",
    "H100",
    "H200",
    "HOME",
    "INFINIBAND",
    "LPU",
    "MEMORYX",
    "MODELS",
    "MOVING",
    "N5",
    "N7",
    "N16",
    "PJ_45NM",
    "PUBLISHED",
    "STATUSES",
    "SWARMX",
    "WHAT_IF",
    "WSE1",
    "WSE2",
    "WSE3",
    "Chip",
    "Fact",
    "LanguageModel",
]
