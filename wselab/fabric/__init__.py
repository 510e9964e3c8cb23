"""The emulator: a wafer of PEs, routers and wavelets, stepped cycle by cycle.

To read it, take the words first: `ports`, `color`, `memory`, `operations`, `operating`, `region`,
`wafer`, and `tasks` and `hosts` for programs that need them; then `engines.pe` and
`engines.reference`, which are the rules. A launch is a `program` with its `streams`, gone through
by `run`. `engines` has the fast engines, `explain` says why something does not move, `trace` what
happened and why it took so long.
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
from .trace.trace import Trace
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
