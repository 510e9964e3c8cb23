"""What happened in one cycle of a trace, told from the states before and behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from ..color import Color
from ..explain.standing import step
from ..ports import RAMP, Route

if TYPE_CHECKING:
    from .trace import Trace

Kind = Literal[
    "elements",  # an operation on streams handles one
    "computing",  # an operation on memory alone
    "ramp",  # a wavelet goes on between a processor and its router
    "link",  # or from router to router
    "in line",  # others of its color leave the router before it
    "contention",  # another color has the port
    "full",  # a wavelet that stood in the way goes on
    "switch",  # a wavelet comes in that advances a router's switch
    "host",  # the host serves a link
    "start",  # a microthread begins: a PE begins one operation a cycle
    "pause",  # before the next operation, or a task's first
    "task",  # a wavelet wakes a task
]


class Event(NamedTuple):
    """What happens in a cycle at a PE (an index of the trace's).

    ``what``: an operation "fire"s in a lane, or "start"s as a microthread; a PE "pause"s or
    "wake"s; the first wavelet of the queue of a node ("head") leaves it, or does not, since
    ``other`` does ("blocked"); the one in a place of its belt ("out", "in", "link") goes on; or the
    host serves a link ("given"). ``other`` is also the node whose switch it advances.
    """

    what: str
    pe: int
    number: int = -1  # of the operation, the node, or the link
    lane: int = 0  # or the place on a belt
    other: int = -1


class Step(NamedTuple):
    """What the path is at in a cycle, and as what that counts."""

    kind: Kind
    event: Event


class Passed:
    """A cycle of a trace that has just passed: ``b`` are the cells at its start, ``a`` behind it.

    ``now`` is the cycle that follows. It begins with the last of the run; `back` goes back.
    ``reach`` holds the (node, port number) of each link of the host: into the wafer, and out.
    """

    def __init__(self, trace: Trace):
        self.trace, self.cells, self.program = trace, trace.cells, trace.program
        self.operations, self.colors = self.program.operations, self.program.colors
        self.latency = self.program.rules.ramp_latency
        self.reach = self._host_links(True), self._host_links(False)
        self.now = trace.end_cycle
        starts = (self.now, max(0, self.now - 1))
        self._arrays = [trace._cells_at(cycle).copy() for cycle in starts]
        self.a, self.b = (
            {name: self.cells.view(array, name) for name in self.cells.sections}
            for array in self._arrays
        )

    def back(self) -> None:
        """Go to the cycle before."""
        for array, at in zip(self._arrays, (self.now - 1, self.now - 2), strict=True):
            changed, how = self.trace._changes[at]
            array[changed] ^= how
        self.now -= 1

    def _host_links(self, into: bool) -> list[tuple[int, int]]:
        """The (node, port number) of each link of the host."""
        streams = [stream for stream in self.program.hosts if stream.is_in is into]
        return [
            (self._node(stream.color, place), stream.edge.number)
            for stream in streams
            for place in stream.places
        ]

    def _node(self, color: Color, pe: tuple[int, int]) -> int:
        local = self.cells.local(*pe)
        return -1 if local is None else int(self.cells.node_of[color.number, local])

    def _fired(self, pe: int) -> list[Event]:
        """The operations of a PE that handled an element in it."""
        found = []
        for lane in np.flatnonzero(self.a["done"][:, pe] != self.b["done"][:, pe]).tolist():
            number = int(self.b["thread"][lane - 1, pe]) if lane else 0
            number = (number or int(self.b["operation"][0, pe])) - 1
            found.append(Event("fire", pe, number, lane))
        return found

    def _fire(self, event: Event) -> Step:
        alone = not self.operations[event.number].on_fabric
        return Step("computing" if alone else "elements", event)

    def _popped(self, node: int) -> Step:
        """Who took a wavelet from a PE's queue in it."""
        pe, color = int(self.cells.pe[node]), self.colors[self.cells.color[node]]
        for event in self._fired(pe):
            if color in self.operations[event.number].reads:
                return self._fire(event)
        return Step("task", Event("wake", pe))

    def _head(self, kind: Kind, node: int) -> Step:
        return Step(kind, Event("head", int(self.cells.pe[node]), node))

    def _route(self, node: int, position: str) -> Route | None:
        """The route of a router in its switch position at the start of that cycle."""
        color = self.colors[self.cells.color[node]]
        at = int(self.b[position][:, node].sum())
        place = self.cells.place(self.cells.pe[node])
        return color.route_at(*place, min(at, color.positions - 1))

    def _entered(self, node: int) -> Step:
        """What came into a router's queue in it."""
        route, pe = self._route(node, "entering"), int(self.cells.pe[node])
        if route is None or route.input is RAMP:
            return Step("ramp", Event("out", pe, node, self.latency - 1))
        color = self.colors[self.cells.color[node]]
        if self.program.wires.into(route.input)[self.cells.place(pe)] > 1:
            number = self.cells.long_ports.index(route.input)
            return Step("link", Event("link", pe, node, (number + 1) * self.cells.link_places - 1))
        there = self._node(color, step(self.cells.place(pe), route.input))
        if there >= 0:
            return self._head("link", there)
        link = self.reach[0].index((node, route.input.number))
        return Step("host", Event("given", pe, link))

    def _arrived(self, node: int) -> Step:
        """What came into a PE's queue in it."""
        if self.latency == 1:
            return self._head("ramp", node)
        return Step("ramp", Event("in", int(self.cells.pe[node]), node, self.latency - 2))
