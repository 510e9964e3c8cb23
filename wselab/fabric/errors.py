"""What can go wrong with a program on the fabric, one class a kind.

`ProgramError` and its kinds are raised while a program is written; `RunError` and its kinds when
it runs. Every message says what, where, what was expected, and what to try.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .state import State
    from .trace.trace import Trace


class WaferError(Exception):
    """The common base of all errors of the fabric."""


class ProgramError(WaferError, ValueError):
    """The program asks for something that the fabric does not have."""


class RouteError(ProgramError):
    """A route that the routers cannot hold, or one that would silently replace another."""


class MemoryBudgetError(ProgramError):
    """More memory asked for than a PE has."""


class HostMemoryError(ProgramError):
    """More memory asked for than this machine has."""


class TooLong(WaferError, RuntimeError):
    """A run that would take, or has taken, longer than its ``patience``."""


class RunError(WaferError, RuntimeError):
    """A launch that did not end well; memory is as it was before the launch.

    ``cycle`` says when, ``state`` holds what stood where at that time, and ``trace`` what was
    recorded up to then, if `Wafer.run` was told to.
    """

    trace: Trace | None = None

    def __init__(self, message: str, cycle: int, state: State):
        super().__init__(message)
        self.cycle, self.state = cycle, state


class Deadlock(RunError):
    """Nothing can move or count down any more, and operations are left."""


class Undrained(RunError):
    """Every operation has ended, and wavelets that nobody reads are still inside."""


class StillRunning(RunError):
    """``max_cycles`` have passed and operations are left."""
