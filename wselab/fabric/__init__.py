"""The emulator: a wafer of PEs, routers and wavelets, stepped cycle by cycle.

To read it, take `ports`, `wafer`, `region`, `reference`; then `planes`, `wiring`, `circuit`,
`bitplane` for when things happen; and `streams`, `replay` for what is computed. `why` says what
keeps something; `cells`, `recorder`, `trace`, `frames` record a run, `critical` says what it waited
for.
"""

from .errors import (
    Deadlock,
    HostMemoryError,
    MemoryBudgetError,
    ProgramError,
    RouteError,
    RunError,
    StillRunning,
    TooLong,
    Undrained,
    WaferError,
)
from .memory import Memory
from .operations import fabin, fabout
from .ports import EAST, NORTH, RAMP, SOUTH, WEST
from .region import Region
from .rules import Rules
from .run import Run
from .trace import Trace
from .wafer import Wafer

__all__ = [
    "EAST",
    "NORTH",
    "RAMP",
    "SOUTH",
    "WEST",
    "Deadlock",
    "HostMemoryError",
    "Memory",
    "MemoryBudgetError",
    "ProgramError",
    "Region",
    "RouteError",
    "Rules",
    "Run",
    "RunError",
    "StillRunning",
    "TooLong",
    "Trace",
    "Undrained",
    "Wafer",
    "WaferError",
    "fabin",
    "fabout",
]
