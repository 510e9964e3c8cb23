"""The emulator: a wafer of PEs, routers and wavelets, stepped cycle by cycle.

To read it, take `ports`, `wafer`, `reference`; then `planes`, `wiring`, `circuit`, `bitplane` for
when things happen; and `streams`, `replay` for what is computed.
"""

from .errors import (
    Deadlock,
    MemoryBudgetError,
    ProgramError,
    RouteError,
    RunError,
    StillRunning,
    Undrained,
    WaferError,
)
from .operations import fabin, fabout
from .ports import EAST, NORTH, RAMP, SOUTH, WEST
from .run import Run
from .wafer import Wafer

__all__ = [
    "EAST",
    "NORTH",
    "RAMP",
    "SOUTH",
    "WEST",
    "Deadlock",
    "MemoryBudgetError",
    "ProgramError",
    "RouteError",
    "Run",
    "RunError",
    "StillRunning",
    "Undrained",
    "Wafer",
    "WaferError",
    "fabin",
    "fabout",
]
