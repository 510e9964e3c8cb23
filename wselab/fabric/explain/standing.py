"""What one PE of a stopped fabric is at: read from a program and a state, in the words of messages.

A `State` holds arrays over the whole wafer; here are the questions that are asked of a single PE.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ..color import Color
from ..operations import Operation
from ..ports import Port, Route
from ..program import Program
from ..state import State

if TYPE_CHECKING:
    from ..hosts import HostStream
    from ..tasks import Task

Place = tuple[int, int]
Kind = Literal[
    "counting",  # works on memory alone, for a number of cycles
    "pause",  # between two operations
    "beside",  # a microthread has what it needs
    "no wavelet",  # one that it takes has not come
    "full",  # no room ahead
    "port taken",  # another goes first in this cycle
    "switch",  # a router's switch has to advance before
    "host",  # it is not its turn with the host
    "not now",  # the PE is at something else
    "not read",  # and will never take it
    "no route",  # and never will have one
]


@dataclass(frozen=True)
class Waiting:
    """Something that can wait, of a PE and a color or, a microthread, of an operation's number.

    ``what`` is an "operation": without a number the one that the PE is at beside its microthreads;
    a "task" that waits to be woken; the first wavelet of a "queue", the router's, of an "inbox",
    the PE's own, of the ramp's "belt out" or "belt in", or of the "link" by which the router takes
    it in, if that is long; or what the host has yet to send into a PE's router, "host in", or to
    take from it, "host out".
    """

    what: str
    pe: Place
    color: Color | None = None
    number: int | None = None


@dataclass
class Reason:
    """Why something waits: of what kind, in words, after what (None: no other), and a mend."""

    kind: Kind
    text: str
    after: Waiting | None = None
    mend: str = ""


def name(pe: Place) -> str:
    """A PE in a message.

    >>> name((0, 3))
    'PE (0, 3)'
    """
    return f"PE ({pe[0]}, {pe[1]})"


def count(number: int, thing: str) -> str:
    """A number of things in a message.

    >>> count(1, "wavelet"), count(2500, "wavelet")
    ('1 wavelet', '2,500 wavelets')
    """
    return f"{int(number):,} {thing}" + ("" if number == 1 else "s")


def step(pe: Place, port: Port) -> Place:
    """The place behind a port; it may lie beyond the edge."""
    down, right = port.step or (0, 0)
    return pe[0] + down, pe[1] + right


def within(pe: Place, where: Any) -> bool:
    """Whether a PE is among those of an index of the wafer's arrays: a mask, or two slices."""
    if isinstance(where, np.ndarray):
        return bool(where[pe])
    axes = [range(axis.start, axis.stop, axis.step) for axis in where]
    return all(at in axis for at, axis in zip(pe, axes, strict=True))


def elements(operation: Operation, pe: Place) -> int:
    """How many elements an operation has at one PE; 0 where it is not."""
    n = operation.n
    return int(n[pe] if np.ndim(n) else n) if within(pe, operation.where) else 0


class Standing:
    """A program and what stands where in it."""

    def __init__(self, program: Program, state: State):
        self.program, self.state = program, state
        self.depth = program.rules.queue_depth
        self._written = program.main  # before those of tasks

    def inside(self, pe: Place) -> bool:
        """Whether a place is on the wafer."""
        return all(0 <= at < size for at, size in zip(pe, self.program.shape, strict=True))

    # Routes: a router's switch may stand in one position for what enters, in another for what goes.

    def entering(self, pe: Place, color: Color) -> Route | None:
        """The route that wavelets of a color follow which enter a router now."""
        return color.route_at(*pe, int(self.state.position_in[color.number][pe]))

    def going(self, pe: Place, color: Color) -> Route | None:
        """The route that the first wavelet of a router's queue follows."""
        return color.route_at(*pe, int(self.state.position_out[color.number][pe]))

    def to_come(self, pe: Place, color: Color) -> list[Route]:
        """The routes of the switch positions after the one that entering wavelets follow."""
        return color.routes_at(*pe)[int(self.state.position_in[color.number][pe]) + 1 :]

    # What the processor is at.

    def main(self, pe: Place) -> int | None:
        """The number of the operation that a PE is at or will begin next; None at its end."""
        number = int(self.state.operation[pe])
        return number if number >= 0 else None

    def lanes(self, pe: Place) -> list[int]:
        """The numbers of the operations that run as microthreads, -1 where a lane is free."""
        return [int(one) for one in self.state.threads[:, pe[0], pe[1]]]

    def threads(self, pe: Place) -> list[int]:
        """The numbers of the operations that run as microthreads."""
        return [one for one in self.lanes(pe) if one >= 0]

    def operation(self, pe: Place, number: int | None = None) -> Operation:
        """The operation of a number, or the one that a PE, not at its end, is at."""
        return self.program.operations[int(self.state.operation[pe]) if number is None else number]

    def done(self, number: int, pe: Place) -> int:
        """Elements that a PE has handled of an operation that is not a task's."""
        for lane, one in enumerate(self.state.threads[:, pe[0], pe[1]]):
            if one == number:
                return int(self.state.threads_handled[lane][pe])
        main = self.main(pe)
        if number == main:
            return int(self.state.handled[pe])
        begun = main is None or number < main or main not in self._written
        return elements(self.program.operations[number], pe) if begun else 0

    def at(self, number: int, pe: Place) -> str:
        """A PE and an operation of it: what, where it was written, how much is done."""
        return f"{name(pe)} at {self.program.operations[number]} (line {self.line(number, pe)})"

    def line(self, number: int, pe: Place) -> str:
        """Where an operation was written, and how much of it is done."""
        operation = self.program.operations[number]
        done, total = self._handled(number, pe), elements(operation, pe)
        return f"{operation.line}, {done} of {total} elements done"

    def _handled(self, number: int, pe: Place) -> int:
        if number == self.main(pe):
            return int(self.state.handled[pe])
        return self.done(number, pe)

    def pause(self, pe: Place) -> int:
        """Cycles before its next operation may begin."""
        return int(self.state.pause[pe])

    def computed(self, pe: Place, total: int) -> str:
        """How far an operation on memory alone is that takes ``total`` cycles."""
        return f"{total - int(self.state.left[pe])} of {count(total, 'cycle')} done"

    # What it has sent and taken of a color, and will.

    def sent(self, pe: Place, color: Color) -> tuple[int, int]:
        """Wavelets of a color that a PE has sent, and will have sent; without those of tasks."""
        return self._account(pe, [o.sends is color for o in self.program.operations])

    def sending_task(self, pe: Place, color: Color) -> Task | None:
        """The first task of a PE that sends on a color."""
        tasks = (t for t in self.tasks(pe) if any(one.sends is color for one in t.operations))
        return next(tasks, None)

    def senders(self, color: Color) -> list[Place]:
        """The PEs that send on a color in this launch, row by row."""
        sending = np.zeros(self.program.shape, bool)
        for operation in self.program.operations:
            if operation.sends is color:
                sending |= operation.counts(self.program.shape) > 0
        return [(int(row), int(column)) for row, column in np.argwhere(sending)]

    def taken(self, pe: Place, color: Color) -> tuple[int, int]:
        """Wavelets of a color that a PE has taken, and will have taken; without those of tasks."""
        return self._account(pe, [color in o.reads for o in self.program.operations])

    def _account(self, pe: Place, chosen: list[bool]) -> tuple[int, int]:
        numbers = [number for number in self._written if chosen[number]]
        total = sum(elements(self.program.operations[number], pe) for number in numbers)
        return sum(self.done(number, pe) for number in numbers), total

    def will_read(self, pe: Place, color: Color) -> bool:
        """Whether something that a PE has yet to do, or a task of it, takes a color."""
        done, total = self.taken(pe, color)
        return done < total or any(
            task.color is color or any(color in one.reads for one in task.operations)
            for task in self.tasks(pe)
        )

    # Tasks and the host.

    def tasks(self, pe: Place) -> list[Task]:
        """The tasks bound at a PE, in the order in which they are woken."""
        here = [task for task in self.program.tasks if within(pe, task.where)]
        return sorted(here, key=lambda task: task.color.number)

    def host(self, pe: Place, color: Color, port: Port, is_in: bool) -> HostStream | None:
        """The host's stream behind a port of a router at the edge, if it has one."""
        for stream in self.program.hosts:
            theirs = stream.is_in is is_in and stream.color is color and stream.edge is port
            if theirs and pe in stream.places:
                return stream
        return None

    def passed(self, stream: HostStream, pe: Place) -> int:
        """Wavelets that have passed between the host and a PE's router."""
        links = self.state.passed[self.program.hosts.index(stream)]
        return int(links[stream.places.index(pe)])
