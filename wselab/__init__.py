"""wselab: a course on wafer-scale computing, and an emulator of a wafer-scale engine.

    >>> import wselab as wse
    >>> w = wse.Wafer(2, 3)
    >>> w
    <wafer of 2 rows x 3 columns on WSE-2>

Importing it costs NumPy and little more; kernels, predictions, pictures and the course's machinery
are loaded when they are first used. Independent of Cerebras Systems, whose trademarks the names of
wafer-scale engines are.
"""

from __future__ import annotations

import importlib
from typing import Any

from . import specs
from .fabric import (
    EAST,
    NORTH,
    RAMP,
    SOUTH,
    WEST,
    Deadlock,
    HostMemoryError,
    Memory,
    MemoryBudgetError,
    ProgramError,
    Region,
    RouteError,
    Rules,
    Run,
    RunError,
    StillRunning,
    TooLong,
    Trace,
    Undrained,
    Wafer,
    WaferError,
    fabin,
    fabout,
)
from .specs import A100, B200, H100, LPU, WSE1, WSE2, WSE3

__version__ = "0.1.0"

__all__ = [
    "A100", "B200", "EAST", "H100", "LPU", "NORTH", "RAMP", "SOUTH", "WEST", "WSE1", "WSE2",
    "WSE3", "Deadlock", "HostMemoryError", "Memory", "MemoryBudgetError", "ProgramError",
    "Region", "RouteError", "Rules", "Run", "RunError", "StillRunning", "TooLong", "Trace",
    "Undrained", "Wafer", "WaferError", "fabin", "fabout", "specs",
]  # fmt: skip

_LATER = {  # where names live that are loaded when first used
    "foundry": ".foundry",
    "hierarchy": ".hierarchy",
    "kernels": ".kernels",
    "predict": ".predict",
    "streaming": ".streaming",
    "show": ".show",
    "course": ".course",
    "check": ".course:check",
    "hint": ".course:hint",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module 'wselab' has no attribute {name!r}")
    module, _, attribute = _LATER[name].partition(":")
    value = importlib.import_module(module, __name__)
    return getattr(value, attribute) if attribute else value


def __dir__() -> list[str]:
    return sorted([*__all__, *_LATER, "__version__"])
