"""What a trace holds of a cycle: one array of cells of 32 bits, in named sections.

A cell is a wavelet in a place, an operation that a PE is at, or a count of what has happened so
far. From one cycle to the next few cells change, so a trace holds which ones and how; a count that
changes tells in which cycle something happened.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..ports import LINKS
from ..program import Program

# What a PE does in a cycle; from PAUSE on it waits, for the reasons that `why` has.
DOING = (
    "idle",  # it has nothing left to do, or sleeps
    "busy",  # it handles an element, computes, or takes the wavelet that wakes it
    "pause", "beside", "no wavelet", "full", "switch", "port taken", "no route",
)  # fmt: skip
IDLE, BUSY, PAUSE, BESIDE, NO_WAVELET, FULL, SWITCH, PORT_TAKEN, NO_ROUTE = range(len(DOING))


class Section(NamedTuple):
    """Where a section lies among the cells: ``width`` rows of ``length`` cells."""

    start: int
    width: int
    length: int


class Cells:
    """The sections of a trace of a program, over a rectangle of the wafer's PEs.

    ``rows`` and ``columns`` are the rectangle's; ``pes`` its PEs, as numbers on the wafer, row by
    row. ``color`` and ``pe`` (an index of ``pes``) say of which color and PE each node is.

    Of each PE: ``operation`` (1 + its number, begun or next; 0: none), ``begun`` (the cycle after
    the one in which it began; 0: not yet), ``resume`` (the cycle in which a pause ends), ``doing``
    (in this cycle, see `DOING`), ``woke`` (the bits of the value that woke its task); and by lane,
    the main operation's first: ``done`` (elements handled so far), ``before`` (those handled before
    the current operation), and ``thread`` for the lanes of microthreads (1 + the number, 0: none).

    Of each node: wavelets, by their numbers, on the belt ``out`` of the processor (the first place
    is the processor's end), on a long ``link`` into the router (``link_places`` for each of
    ``long_ports``, the last at the router), in its ``queue`` (the first in line first), on the belt
    ``in`` and in the PE's ``inbox``; ``moved``, the wavelets that have left the queue so far; and
    the switch positions for what is ``entering`` and ``leaving``.

    Of each link of the host, stream after stream: wavelets ``given`` to the wafer, and ``taken``.
    """

    def __init__(self, program: Program, rows: range, columns: range):
        self.shape, self.rows, self.columns = program.shape, rows, columns
        numbers = np.arange(program.shape[0] * program.shape[1]).reshape(program.shape)
        inside = slice(rows.start, rows.stop), slice(columns.start, columns.stop)
        self.pes = numbers[inside].ravel()
        routed = [color.routed[inside].ravel() for color in program.colors]
        there = np.array(routed, bool).reshape(len(routed), len(self.pes))
        self.color, self.pe = np.nonzero(there)
        self.node_of = np.full(there.shape, -1)
        self.node_of[there] = np.arange(len(self.pe))
        pes, nodes, lanes = len(self.pes), len(self.pe), program.lanes
        links = {into: _links(program, into) for into in (True, False)}
        switches = any(color.positions > 1 for color in program.colors)
        depth, latency = program.rules.queue_depth, program.rules.ramp_latency
        self.link_places = program.wires.longest - 1
        self.long_ports = [port for port in LINKS if (program.wires.into(port) > 1).any()]
        sizes = {
            "operation": (1, pes), "begun": (1, pes), "resume": (1, pes), "doing": (1, pes),
            "woke": (int(bool(program.tasks)), pes), "done": (lanes, pes), "before": (lanes, pes),
            "thread": (lanes - 1, pes),
            "out": (latency, nodes), "link": (self.link_places * len(self.long_ports), nodes),
            "queue": (depth, nodes), "in": (latency - 1, nodes), "inbox": (depth, nodes),
            "moved": (1, nodes),
            "entering": (int(switches), nodes), "leaving": (int(switches), nodes),
            "given": (1, links[True]), "taken": (1, links[False]),
        }  # fmt: skip
        self.sections: dict[str, Section] = {}
        self.size = 0
        for name, (width, length) in sizes.items():
            self.sections[name] = Section(self.size, width, length)
            self.size += width * length

    def view(self, cells: np.ndarray, name: str) -> np.ndarray:
        """A section of an array of cells, of shape ``(width, length)``."""
        start, width, length = self.sections[name]
        return cells[start : start + width * length].reshape(width, length)

    def within(self, indices: np.ndarray, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Those of some cells that lie in a section: their rows and columns there."""
        start, width, length = self.sections[name]
        low, high = np.searchsorted(indices, [start, start + width * length])
        row, column = np.divmod(indices[low:high].astype(np.int64) - start, max(1, length))
        return row, column

    def local(self, row: int, column: int) -> int | None:
        """The index among ``pes`` of a PE; None where it is not in the rectangle."""
        if row not in self.rows or column not in self.columns:
            return None
        return (row - self.rows.start) * len(self.columns) + column - self.columns.start

    def place(self, pe: int) -> tuple[int, int]:
        """Row and column of the PE at an index of ``pes``."""
        row, column = divmod(int(self.pes[pe]), self.shape[1])
        return row, column


def _links(program: Program, into: bool) -> int:
    return sum(len(stream.places) for stream in program.hosts if stream.is_in is into)
