"""Traces: what stood where in each cycle of a run, to step through forwards and backwards.

    >>> import wselab as wse
    >>> from wselab import EAST, RAMP, WEST, fabin, fabout
    >>> w = wse.Wafer(1, 3)
    >>> x = w.memory("x", 4)
    >>> x[0, 0] = [1, 2, 3, 4]
    >>> c = w.color("c")
    >>> w[:, 0].route(c, RAMP >> EAST)
    >>> w[:, 1].route(c, WEST >> (RAMP, EAST))
    >>> w[:, 2].route(c, WEST >> RAMP)
    >>> w[:, 0].mov(x, out=fabout(c))
    >>> w[:, 1:].mov(fabin(c), out=x)
    >>> trace = w.run(trace=True).trace
    >>> trace
    <trace of 3 PEs, cycles 0 to 11: the run ended>
    >>> frame = trace.at(6)
    >>> frame.pe(0, 1).doing
    'busy'
    >>> trace.back().pe(0, 1).doing
    'no wavelet'

The format, in memory and in files, is that of ``docs/trace.md``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ProgramError
from ..program import Program
from .cells import BUSY, DOING, Cells

if TYPE_CHECKING:
    from ..region import Region
    from .frames import Frame
    from .recorder import Recorder

SCHEMA, VERSION = "wselab-trace", 1
MEGABYTES = 256
MEMORY_PART = 4  # the PEs' memory may take one part in so many of a trace


@dataclass
class Kept:
    """A memory in a trace: its shape in a PE, its values when the trace begins, a row a PE.

    ``start`` is where it begins among the values of a PE, memory after memory.
    """

    shape: tuple[int, ...]
    start: int
    initial: np.ndarray


class Trace:
    """What is recorded of a run: give one to ``w.run(trace=...)``, or True for all of it.

    ``cycles``, a (start, stop), and ``pes``, a region of the wafer, of which the enclosing
    rectangle counts, record less. When ``megabytes`` (of 10**6 bytes) are used up, recording stops
    and the run goes on; ``first`` and ``last`` are the cycles held, ``full`` tells whether this
    happened. The memory of the PEs is held too if it fits into a quarter of that; ``memories`` is
    empty otherwise. ``end`` says how the run ended ("ended", "Deadlock", "Undrained",
    "StillRunning"), and ``error`` in which words.

    ``at``, ``next`` and ``back`` give a `Frame`, what stands where at the start of a cycle and what
    happens in it; so does ``for frame in trace``. ``to_json`` and ``from_json`` keep a trace,
    ``to_perfetto`` writes it for a viewer of timelines.

    Raises `ProgramError` where an option makes no sense.
    """

    def __init__(self, cycles: Any = None, pes: Region | None = None, megabytes: float = MEGABYTES):
        start, stop = (0, sys.maxsize) if cycles is None else _pair(cycles)
        self.wanted = range(start, stop)
        if not isinstance(megabytes, (int, float)) or not megabytes > 0:
            raise ProgramError(f"Trace: megabytes={megabytes!r}; expected a number above 0")
        self.budget = int(megabytes * 1_000_000)
        if pes is not None and not hasattr(pes, "mask"):
            raise ProgramError(f"Trace: pes={pes!r}; expected a region, such as w[0:4, 0:8]")
        self._pes = pes
        self.cells: Cells
        self.description: dict[str, Any] = {}
        self.first = self.end_cycle = self._position = 0
        self.full, self.end, self.error = False, "ended", ""
        self.memories: dict[str, Kept] = {}
        self.usage: np.ndarray = np.zeros(0, np.uint32)
        self._keys: list[tuple[int, np.ndarray]] = []
        self._changes: list[np.ndarray] = []
        self._writes: list[np.ndarray] = []
        self._wavelets: list[np.ndarray] = []
        self._here = np.zeros(0, np.uint32)

    # Stepping.

    @property
    def last(self) -> int:
        """The last cycle held; at the end of a run, the one behind its last."""
        return self.first + len(self._changes)

    @property
    def cycle(self) -> int:
        """Where the trace stands, the cycle that `next` and `back` start from."""
        return self._position

    def at(self, cycle: int) -> Frame:
        """Go to a cycle; gives its `Frame`. Negative ones count from behind, -1 is the last."""
        from .frames import Frame

        self._check_filled()
        goal = cycle + self.last + 1 if cycle < 0 else cycle
        if not self.first <= goal <= self.last:
            raise IndexError(f"cycle {cycle} is not in the trace, which holds {self._held()}")
        return Frame(self, goal, self._cells_at(goal).copy())

    def next(self) -> Frame:
        """Go to the next cycle; at the last, stay."""
        return self.at(min(self._position + 1, self.last))

    def back(self) -> Frame:
        """Go back to the cycle before; at the first, stay."""
        return self.at(max(self._position - 1, self.first))

    def __copy__(self) -> Trace:
        """The same trace, standing where it likes: `at`, `next` and `back` move one of the two."""
        other = object.__new__(type(self))
        other.__dict__ |= self.__dict__ | {"_here": self._here[:0]}
        return other

    def __iter__(self) -> Iterator[Frame]:
        return (self.at(cycle) for cycle in range(self.first, self.last + 1))

    def _cells_at(self, goal: int) -> np.ndarray:
        """The cells at the start of a cycle, from here or from the nearest that is kept whole."""
        self._check_filled()
        near = min(self._keys, key=lambda key: abs(key[0] - goal))
        if not len(self._here) or abs(near[0] - goal) < abs(self._position - goal):
            self._position, self._here = near[0], near[1].copy()
        while self._position != goal:
            ahead = self._position < goal
            changed, how = self._changes[self._position - self.first - (not ahead)]
            self._here[changed] ^= how  # the same way forwards and backwards
            self._position += 1 if ahead else -1
        return self._here

    # What is known of the program and its wavelets.

    @property
    def waiting_for(self) -> dict[str, np.ndarray]:
        """Cycles that each PE waited, by the reason: "no wavelet", "full", "beside", ...

        Arrays of the wafer's shape, of the whole run also where the trace holds some of it; their
        sum is ``run.maps.waiting``. Reasons that never held are left out.
        """
        self._check_filled()
        reasons = enumerate(DOING[BUSY + 1 :], BUSY + 1)
        return {
            what: self.usage[at].astype(np.int64) for at, what in reasons if self.usage[at].any()
        }

    @property
    def shape(self) -> tuple[int, int]:
        """The wafer's (rows, columns)."""
        return self.cells.shape

    @property
    def whole(self) -> bool:
        """Whether it holds all PEs and all cycles of the run."""
        pes = len(self.cells.pes) == self.shape[0] * self.shape[1]
        return pes and self.first == 0 and self.last == self.end_cycle and bool(self._keys)

    @cached_property
    def program(self) -> Program:
        """The program that ran, without its memory."""
        from .description import program_of

        return program_of(self.description, self.shape)

    @property
    def wavelets(self) -> np.ndarray:
        """All wavelets, wavelet number i in row i - 1; the columns are in ``docs/trace.md``."""
        from .recorder import WAVELET

        if len(self._wavelets) != 1:
            self._wavelets = [np.concatenate([np.zeros(0, WAVELET), *self._wavelets])]
        return self._wavelets[0]

    @property
    def bytes(self) -> int:
        """Bytes of what it holds."""
        lists = (self._changes, self._writes, self._wavelets)
        held = sum(array.nbytes for some in lists for array in some)
        held += sum(cells.nbytes for _, cells in self._keys)
        return held + sum(kept.initial.nbytes for kept in self.memories.values())

    # Files.

    def to_json(self, path: str | Path) -> None:
        """Write it to a file, compressed if its name ends in ".gz"."""
        from .tracefile import write

        self._check_filled()
        write(self, Path(path))

    @classmethod
    def from_json(cls, path: str | Path) -> Trace:
        """Read what `to_json` wrote. Raises ValueError for another schema or a later version."""
        from .tracefile import read

        return read(cls(), Path(path))

    def to_perfetto(self, path: str | Path) -> None:
        """Write it as Chrome trace JSON, which Perfetto shows; a cycle is a microsecond there."""
        from .perfetto import write

        self._check_filled()
        write(self, Path(path))

    # Filling it.

    def _recorder(self, program: Program) -> Recorder:
        """Begin to hold a run of ``program``."""
        from .description import describe
        from .recorder import Recorder

        if self.description:
            raise ProgramError("trace=...: this trace holds a run already; give a new wse.Trace()")
        rows, columns = (range(size) for size in program.shape)
        if self._pes is not None:
            mask = self._pes.mask
            if mask.shape != program.shape or not mask.any():
                raise ProgramError(f"Trace: pes={self._pes!r}; expected some PEs of this wafer")
            rows, columns = (_span(mask.any(axis=axis)) for axis in (1, 0))
        self.description = describe(program)
        self.cells = Cells(program, rows, columns)
        return Recorder(program, self)

    def _keep_memory(self, flat: dict[str, np.ndarray]) -> int:
        """Copy the PEs' memory if there is room; gives the bytes taken."""
        sizes = {name: array.shape[1] * array.itemsize for name, array in flat.items()}
        taken = sum(sizes.values()) * len(self.cells.pes)
        if taken > self.budget // MEMORY_PART:
            return 0
        start = 0
        for one in self.description["memories"]:
            initial = flat[one["name"]][self.cells.pes]
            self.memories[one["name"]] = Kept(tuple(one["shape"]), start, initial)
            start += initial.shape[1]
        return taken

    def _close(self, end: int, usage: np.ndarray) -> None:
        """Note how many cycles the run took, and what the PEs did in them."""
        held = max(0, end - self.first)
        del self._changes[held:], self._writes[held:]
        self._keys = [key for key in self._keys if key[0] <= end]
        self.end_cycle, self.usage = end, usage.reshape(-1, *self.shape)
        self._position = self.first

    def _check_filled(self) -> None:
        if not self.description:
            raise ProgramError("this trace holds nothing yet: give it to w.run(trace=...)")
        if not self._keys:
            why = "its megabytes do not hold one cycle" if self.full else "the run ended before it"
            raise ProgramError(f"this trace holds no cycle: {why}. See its cycles= and megabytes=")

    def _held(self) -> str:
        why = "" if self.last == self.end_cycle else f" of {self.end_cycle:,}"
        why += " (its megabytes were used up)" if self.full else ""
        return f"cycles {self.first:,} to {self.last:,}{why}"

    def __repr__(self) -> str:
        if not self.description:
            return "<trace, empty: for w.run(trace=...)>"
        if not self._keys:
            return "<trace that holds no cycle>"
        how = self.end if self.end != "ended" else "the run ended"
        return f"<trace of {len(self.cells.pes):,} PEs, {self._held()}: {how}>"


def _pair(cycles: Any) -> tuple[int, int]:
    try:
        start, stop = (int(cycle) for cycle in cycles)
    except (TypeError, ValueError):
        start = stop = -1
    if not 0 <= start < stop:
        raise ProgramError(f"Trace: cycles={cycles!r}; expected (start, stop), such as (100, 200)")
    return start, stop


def _span(lines: Any) -> range:
    there = np.flatnonzero(lines)
    return range(int(there[0]), int(there[-1]) + 1)
