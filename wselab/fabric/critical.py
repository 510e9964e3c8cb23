"""The critical path of a run: from its last event back to cycle 0, what each had to wait for.

Something happens in a cycle t because in cycle t - 1, when it did not happen yet, something else
happened that let it: the wavelet came, the operation before it ended, room was made, a port was
given back. So each event has one before it, a cycle earlier, and the path has an event in every
cycle of the run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from .color import Color
from .hosts import turn_of
from .operations import conflict
from .ports import RAMP, Route, opposite
from .standing import step

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
    ``other`` does ("blocked"); the one in a place of its belt ("out", "in") goes on; or the host
    serves a link ("given").
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


class CriticalPath:
    """Walks back over a trace that holds a whole run; ``steps`` has one `Step` a cycle."""

    def __init__(self, trace: Trace):
        self.trace, self.cells, self.program = trace, trace.cells, trace.program
        self.operations, self.colors = self.program.operations, self.program.colors
        self.latency = self.program.rules.ramp_latency
        self.reach = self._host_links(True), self._host_links(False)
        end = trace.end_cycle
        self.now = end  # `after` is the state at its start, `then` that of the cycle before
        self.after = trace._cells_at(end).copy()
        self.then = trace._cells_at(max(0, end - 1)).copy()
        views = [
            {name: self.cells.view(some, name) for name in self.cells.sections}
            for some in (self.after, self.then)
        ]
        self.a, self.b = views
        self.steps = self._walk() if end else []

    def _host_links(self, into: bool) -> list[tuple[int, int]]:
        """The (node, port number) of each link of the host."""
        streams = [stream for stream in self.program.hosts if stream.is_in is into]
        return [
            (self._node(stream.color, place), stream.edge.number)
            for stream in streams
            for place in stream.places
        ]

    def _walk(self) -> list[Step]:
        changes, step = self.trace._changes, self._last()
        found = [step]
        while self.now > 1:
            for cells, at in ((self.after, self.now - 1), (self.then, self.now - 2)):
                changed, how = changes[at]
                cells[changed] ^= how
            self.now -= 1
            step = self._before(step.event)
            found.append(step)
        return found[::-1]

    # What there is to know of the cycle that has just passed, from `then` to `after`.

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

    # What had to happen before.

    def _last(self) -> Step:
        """The event that ended the run: an operation, a link of the host, or a task."""
        for pe in np.flatnonzero((self.a["done"] != self.b["done"]).any(axis=0)).tolist():
            return self._fire(self._fired(pe)[0])
        for section, links in (("taken", self.reach[1]), ("given", self.reach[0])):
            for link in np.flatnonzero(self.a[section][0] != self.b[section][0]).tolist():
                node = links[link][0]
                if section == "taken":
                    return self._head("link", node)
                return Step("host", Event("given", int(self.cells.pe[node]), link))
        popped = (self.b["inbox"] != self.a["inbox"]).any(axis=0)
        return Step("task", Event("wake", int(self.cells.pe[np.flatnonzero(popped)[0]])))

    def _before(self, event: Event) -> Step:
        """What happened a cycle earlier and let this happen now."""
        pe, number = event.pe, event.number
        if event.what == "fire":
            return self._before_fire(event)
        if event.what == "start":
            return self._before_start(pe, number)
        if event.what == "pause":
            return self._paused(pe) or self._set_to_work(pe)
        if event.what == "wake":
            return self._before_wake(pe)
        if event.what == "head":
            return self._before_head(number)
        if event.what == "blocked":
            longer = self._before_head(number)
            return longer if longer.kind == "contention" else self._before_head(event.other)
        if event.what == "out":
            return self._before_out(pe, number, event.lane)
        if event.what == "in":
            return self._before_in(number, event.lane)
        return self._before_given(pe, number)

    def _before_fire(self, event: Event) -> Step:
        _, pe, number, lane, _ = event
        begun = self.a["thread"][lane - 1, pe] == number + 1 if lane else self.a["begun"][0, pe]
        if not begun:
            return self._before_start(pe, number)
        operation = self.operations[number]
        if not operation.on_fabric or self.a["done"][lane, pe] != self.b["done"][lane, pe]:
            return self._fire(event)  # the element before
        for color in operation.reads:
            node = int(self.cells.node_of[color.number, pe])
            if not self.b["inbox"][0, node]:
                return self._arrived(node)
        assert operation.sends is not None
        return self._way_out(pe, int(self.cells.node_of[operation.sends.number, pe]))

    def _way_out(self, pe: int, node: int) -> Step:
        """What cleared the way out of a processor: its belt stood still, or was not its own."""
        route = self._route(node, "entering")
        if route is not None and route.input is not RAMP:
            return Step("switch", self._entered(node).event)
        if self.b["queue"][-1, node]:
            return self._head("full", node)
        senders = (one for one in self._fired(pe) if self.operations[one.number].sends)
        return self._fire(next(senders))

    def _paused(self, pe: int) -> Step | None:
        pauses = int(self.b["resume"][0, pe]) > self.now - 1
        return Step("pause", Event("pause", pe)) if pauses else None

    def _set_to_work(self, pe: int) -> Step:
        """The operation that a PE ended or began beside, or that it was woken."""
        number = int(self.b["operation"][0, pe]) - 1
        if number < 0:
            return Step("task", Event("wake", pe))
        if self.operations[number].microthread:
            return Step("start", Event("start", pe, number))
        return self._fire(Event("fire", pe, number))

    def _before_start(self, pe: int, number: int) -> Step:
        """What an operation had to wait for before it began."""
        if paused := self._paused(pe):
            return paused
        if int(self.b["operation"][0, pe]) - 1 != number:
            return self._set_to_work(pe)
        threads = zip(self.b["thread"][:, pe].tolist(), self.a["thread"][:, pe], strict=True)
        ended = [
            Event("fire", pe, then - 1, lane)
            for lane, (then, now) in enumerate(threads, 1)
            if then and then != now
        ]
        return self._fire(next((one for one in ended if self._conflict(one, number)), ended[0]))

    def _conflict(self, thread: Event, number: int) -> bool:
        shared = conflict(self.operations[thread.number], self.operations[number])
        return bool(shared[self.cells.place(thread.pe)] if np.ndim(shared) else shared)

    def _before_wake(self, pe: int) -> Step:
        if paused := self._paused(pe):
            return paused
        if self.b["operation"][0, pe]:
            return self._set_to_work(pe)
        colors = [task.color.number for task in self.program.tasks]
        nodes = [node for color in sorted(colors) if (node := self.cells.node_of[color, pe]) >= 0]
        node = next(node for node in nodes if self.a["inbox"][0, node])
        if not self.b["inbox"][0, node]:
            return self._arrived(int(node))
        return Step("task", Event("wake", pe))  # another task, which did nothing

    def _before_head(self, node: int) -> Step:
        wavelet, then = self.a["queue"][0, node], self.b["queue"][:, node]
        if wavelet not in then:
            return self._entered(node)
        if then[0] != wavelet:
            return self._head("in line", node)
        color, pe = self.colors[self.cells.color[node]], int(self.cells.pe[node])
        route = self._route(node, "leaving")
        assert route is not None
        for port in route.outputs:
            if port is RAMP:
                if self.b["inbox"][-1, node]:
                    return self._popped(node)
                continue
            there = self._node(color, step(self.cells.place(pe), port))
            if there < 0:
                continue
            into = self._route(there, "entering")
            if into is None or into.input is not opposite(port):
                return Step("switch", self._entered(there).event)
            if self.b["queue"][-1, there]:
                return self._head("full", there)
        if not all(self._served(node, port.number) for port in route.outputs):
            return self._head("host", node)
        return Step("contention", Event("blocked", pe, node, 0, self._taker(pe, node, route)))

    def _served(self, node: int, port: int) -> bool:
        """Whether it was the turn of the host's link behind a port, if there is one."""
        links = self.reach[1]
        turn = turn_of(len(links), self.program.rules.io_wavelets, self.now - 1)
        return (node, port) not in links or bool(turn[links.index((node, port))])

    def _taker(self, pe: int, node: int, route: Route) -> int:
        """The node that had a port of a route in that cycle."""
        for other in np.flatnonzero(self.cells.pe == pe).tolist():
            moved = self.a["moved"][0, other] != self.b["moved"][0, other]
            if other != node and moved:
                its = self._route(other, "leaving")
                if its is not None and set(its.outputs) & set(route.outputs):
                    return int(other)
        raise RuntimeError(f"cycle {self.now}: nothing kept the wavelet of node {node}")

    def _before_out(self, pe: int, node: int, place: int) -> Step:
        wavelet = int(self.a["out"][place, node])
        if self.b["out"][place, node] == wavelet:
            return self._way_out(pe, node)
        if place:
            return Step("ramp", Event("out", pe, node, place - 1))
        number = int(self.trace.wavelets["operation"][wavelet - 1])
        return self._fire(next(one for one in self._fired(pe) if one.number == number))

    def _before_in(self, node: int, place: int) -> Step:
        if self.b["in"][place, node] == self.a["in"][place, node]:
            return self._popped(node)
        if place:
            return Step("ramp", Event("in", int(self.cells.pe[node]), node, place - 1))
        return self._head("ramp", node)

    def _before_given(self, pe: int, link: int) -> Step:
        node = self.reach[0][link][0]
        gave = self.a["given"][0, link] != self.b["given"][0, link]
        if self.b["queue"][-1, node] and not gave:
            return self._head("full", node)
        route, (_, port) = self._route(node, "entering"), self.reach[0][link]
        if route is not None and route.input.number != port and not gave:
            return Step("switch", self._entered(node).event)
        return Step("host", Event("given", pe, link))
