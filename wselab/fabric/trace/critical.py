"""The critical path of a run: from its last event back to cycle 0, what each had to wait for.

Something happens in a cycle t because in cycle t - 1, when it did not happen yet, something else
happened that let it: the wavelet came, the operation before it ended, room was made, a port was
given back. So each event has one before it, a cycle earlier, and the path has an event in every
cycle of the run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..explain.standing import step
from ..hosts import turn_of
from ..operations import conflict
from ..ports import RAMP, Route, opposite
from .events import Event, Passed, Step

if TYPE_CHECKING:
    from .trace import Trace


class CriticalPath(Passed):
    """Walks back over a trace that holds a whole run; ``steps`` has one `Step` a cycle."""

    def __init__(self, trace: Trace):
        super().__init__(trace)
        found = [self._last()] if self.now else []
        while self.now > 1:
            self.back()
            found.append(self._before(found[-1].event))
        self.steps = found[::-1]

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
        if event.what == "link":
            return self._before_link(pe, number, event.lane)
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
            return self._switched(node)
        if self.b["queue"][-1, node]:
            return self._head("full", node)
        senders = (one for one in self._fired(pe) if self.operations[one.number].sends)
        return self._fire(next(senders))

    def _switched(self, node: int) -> Step:
        """The control wavelet that came in and advanced a router's switch."""
        return Step("switch", self._entered(node).event._replace(other=node))

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
                return self._switched(there)
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

    def _before_link(self, pe: int, node: int, row: int) -> Step:
        """Before a wavelet goes on in a place of a long link: rows are those of the cells."""
        number, place = divmod(row, self.cells.link_places)
        port, route = self.cells.long_ports[number], self._route(node, "entering")
        if self.b["link"][row, node] == self.a["link"][row, node]:
            stands = route is not None and route.input is not port
            return self._switched(node) if stands else self._head("full", node)
        here = self.cells.place(pe)
        if place > self.cells.link_places + 1 - int(self.program.wires.into(port)[here]):
            return Step("link", Event("link", pe, node, row - 1))
        color = self.colors[self.cells.color[node]]
        return self._head("link", self._node(color, step(here, port)))

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
            return self._switched(node)
        return Step("host", Event("given", pe, link))
