"""Why something does not move: one answer for errors, `explain`, traces and pictures.

Things that can wait are an operation of a PE, a PE that a wavelet would wake, and the first wavelet
in a router's queue, in a PE's own queue, or on one of the belts between the two. Each waits for one
other thing, or for something that will never come; following these gives a chain that ends, or a
circle. The answer holds for any state between two cycles, of a healthy run too: what moves in the
next cycle waits for nothing.
"""

from __future__ import annotations

from ..color import Color
from ..operations import conflict
from ..ports import RAMP, Port, Route, opposite
from .edge import Edge
from .standing import Place, Reason, Waiting, count, elements, name, step


class Explainer(Edge):
    """Answers "why can this not move" about a program that stands in a state."""

    def why(self, thing: Waiting) -> Reason | None:
        """Why ``thing`` does not move in the next cycle; None if nothing keeps it."""
        if thing.what == "operation":
            return self._operations(thing.pe).get(thing.number)
        if thing.color is None:
            raise ValueError(f"{thing}: of which color?")
        if thing.what == "task":
            return self._why_task(thing.pe, thing.color)
        if thing.what == "inbox":
            return self._why_inbox(thing.pe, thing.color)
        if thing.what == "host in":
            return self.why_host_in(thing.pe, thing.color)
        if thing.what == "host out" and not self.state.queued[thing.color.number][thing.pe]:
            return self.why_host_out(thing.pe, thing.color)
        if thing.what in ("queue", "host out"):
            return self._why_queue(thing.pe, thing.color)
        return self._why_belt(thing.what, thing.pe, thing.color)

    def chain(self, thing: Waiting) -> tuple[list[tuple[Waiting, Reason]], Waiting | None]:
        """What ``thing`` waits for, and so on; and where the chain closes, if it does."""
        links: list[tuple[Waiting, Reason]] = []
        seen: set[Waiting] = set()
        current: Waiting | None = thing
        while current is not None and current not in seen:
            seen.add(current)
            reason = self.why(current)
            if reason is None:
                return links, None
            links.append((current, reason))
            current = reason.after
        return links, current

    # Operations (rules 7 and 8).

    def _operations(self, pe: Place) -> dict[int | None, Reason | None]:
        """Why each operation of a PE does not go on: by number, the one that it is at as None."""
        main, answers = self.main(pe), dict[int | None, Reason | None]()
        lanes = self.lanes(pe)
        running: list[tuple[int, int, int | None]] = [
            (lane, number, number) for lane, number in enumerate(lanes) if number >= 0
        ]
        if main is not None:  # it goes first, or in the lane that it will begin in
            beside = self.program.operations[main].microthread and -1 in lanes
            running.append((lanes.index(-1) if beside else -1, main, None))
        sender: int | None = None
        for _, number, key in sorted(running, key=lambda one: one[0]):
            reason = self._not_begun(pe, number) if key is None else None
            reason = reason or self._missing(pe, number) or self._way_out(pe, number, sender)
            if reason is None and self.program.operations[number].sends is not None:
                sender = number
            answers[key] = reason
        return answers

    def _not_begun(self, pe: Place, number: int) -> Reason | None:
        operation = self.program.operations[number]
        if pause := self.pause(pe):
            cycles = count(pause, "cycle")
            return Reason("pause", f"{name(pe)} pauses for {cycles} before {operation}")
        threads = self.threads(pe)
        for other in threads:
            shared = conflict(self.program.operations[other], operation)
            if shared if isinstance(shared, bool) else shared[pe]:
                text = (
                    f"{self.at(number, pe)} waits for the microthread "
                    f"{self.program.operations[other]}, which uses the same stream or memory"
                )
                return Reason("beside", text, Waiting("operation", pe, None, other))
        if operation.microthread and len(threads) == self.program.lanes - 1:
            text = f"{self.at(number, pe)} waits for a microthread to end: all run"
            return Reason("beside", text, Waiting("operation", pe, None, threads[0]))
        if not operation.on_fabric:
            total = operation.cycles(elements(operation, pe), self.program.rules)
            text = f"{self.at(number, pe)} computes: {self.computed(pe, total)}"
            return Reason("counting", text)
        return None

    def _missing(self, pe: Place, number: int) -> Reason | None:
        for color in self.program.operations[number].reads:
            if not self.state.waiting[color.number][pe]:
                text, after, mend = self.upstream(pe, color)
                at = f"{self.at(number, pe)} waits for a wavelet on color {color.word}"
                return Reason("no wavelet", f"{at}: {text}", after, mend)
        return None

    def _way_out(self, pe: Place, number: int, sender: int | None) -> Reason | None:
        color = self.program.operations[number].sends
        if color is None:
            return None
        at = f"{self.at(number, pe)}"
        route = self.entering(pe, color)
        if route is None or route.input is not RAMP:
            if any(later.input is RAMP for later in self.to_come(pe, color)):
                return self.switch(pe, color, f"{at} cannot send on color {color.word}")
            how = f"routes it {route}" if route else "does not route it"
            text = f"{at} sends on color {color.word}, but its router {how}"
            return Reason("no route", text, None, self.mender.no_way_out(pe, color))
        if self.state.queued[color.number][pe] >= self.depth:
            text = f"{at} cannot send: the queue of color {color.word} in its router is full"
            return Reason("full", text, Waiting("queue", pe, color))
        if sender is not None:
            text = f"{at} cannot send: {self.program.operations[sender]} sends in this cycle"
            return Reason("port taken", text, Waiting("operation", pe, None, sender))
        return None

    # Wavelets (rules 3 to 6, and 9).

    def _why_queue(self, pe: Place, color: Color) -> Reason | None:
        route = self.going(pe, color)
        if route is None or not self.state.queued[color.number][pe]:
            return None
        reasons = [self._blocked(pe, color, port, route) for port in route.outputs]
        if blocked := [one for one in reasons if one]:  # the host's turn comes; others may not pass
            return min(blocked, key=lambda one: one.kind == "host")
        taken = self._granted(pe)
        for port in route.outputs:
            if (first := taken.get(port, color)) is not color:
                turn = "the colors take turns" if self.rotates else "the lowest color goes first"
                way = "the processor takes" if port is RAMP else f"the port {port} carries"
                text = (
                    f"color {color.word} stands in the router of {name(pe)}: {way} color "
                    f"{first.word} in this cycle ({turn})"
                )
                mend = f"make color {color.word} before {first.word}: the first made goes first"
                return Reason("port taken", text, Waiting("queue", pe, first), mend)
        return None

    def _blocked(self, pe: Place, color: Color, port: Port, route: Route) -> Reason | None:
        """Why the first wavelet of a queue cannot leave by a port, apart from other colors."""
        at = f"color {color.word} stands in the router of {name(pe)}"
        if port is RAMP:
            if self.state.waiting[color.number][pe] < self.depth:
                return None
            text = f"{at}: the inbox of {name(pe)} for color {color.word} is full"
            return Reason("full", text, Waiting("inbox", pe, color))
        there = step(pe, port)
        if not self.inside(there):
            return self.blocked_at_edge(pe, color, port, route)
        other = self.entering(there, color)
        if other is None or other.input is not opposite(port):
            if any(later.input is opposite(port) for later in self.to_come(there, color)):
                return self.switch(there, color, f"{at}: it leaves {port}")
            how = f"takes it from the {other.input}" if other else "does not route it"
            text = f"{at}: it leaves {port}, but {name(there)} there {how}"
            return Reason("no route", text, None, self.mender.not_taken(pe, port, color))
        if self.state.queued[color.number][there] >= self.depth:
            text = f"{at}: the queue of color {color.word} at {name(there)} is full"
            return Reason("full", text, Waiting("queue", there, color))
        return None

    def lost(self, pe: Place, color: Color) -> Reason | None:
        """Where the route of what stands at a PE leads nowhere, if it does so anywhere."""
        ahead, seen = [pe], set[Place]()
        while ahead:
            here = ahead.pop()
            route = self.going(here, color)
            if here in seen or route is None:
                continue
            seen.add(here)
            for port in route.outputs:
                blocked = self._blocked(here, color, port, route)
                if blocked and blocked.kind == "no route":
                    return blocked
                if port is not RAMP and self.inside(there := step(here, port)):
                    ahead.append(there)
        return None

    def _granted(self, pe: Place) -> dict[Port, Color]:
        """Which color has each port of a router in the next cycle."""
        order = list(self.program.colors)
        if self.rotates:
            start = self.state.cycle % len(order)
            order = order[start:] + order[:start]
        granted: dict[Port, Color] = {}
        for color in order:
            route = self.going(pe, color)
            if route and self.state.queued[color.number][pe]:
                free = granted.keys().isdisjoint(route.outputs)
                if free and not any(self._blocked(pe, color, p, route) for p in route.outputs):
                    granted |= dict.fromkeys(route.outputs, color)
        return granted

    @property
    def rotates(self) -> bool:
        """Whether colors take turns."""
        return self.program.rules.arbitration == "rotate"

    def _why_inbox(self, pe: Place, color: Color) -> Reason | None:
        if not self.state.waiting[color.number][pe]:
            return None
        main = self.main(pe)
        readers = [
            (key, operation, reason)
            for key, reason in self._operations(pe).items()
            if color in (operation := self.operation(pe, key)).reads
        ]
        if any(reason is None for *_, reason in readers):
            return None
        for key, operation, _ in readers:
            text = f"{name(pe)} is at {operation}, which reads it but cannot go on"
            return Reason("not now", text, Waiting("operation", pe, None, key))
        if unread := self.unread(pe, color):
            return unread
        if main is not None:
            operation = self.program.operations[main]
            text = f"{name(pe)} does not read color {color.word} now: it is at {operation}"
            return Reason("not now", text, Waiting("operation", pe))
        if pause := self.pause(pe):
            return Reason("pause", f"{name(pe)} pauses for {count(pause, 'cycle')} before a task")
        return self._wakes_not(pe, color)

    def _wakes_not(self, pe: Place, color: Color) -> Reason | None:
        """Why the first wavelet of a color is not taken by an idle PE that has tasks."""
        tasks = self.tasks(pe)
        if not any(task.color is color for task in tasks):
            task = next(t for t in tasks if any(color in o.reads for o in t.operations))
            text = f"{name(pe)} reads color {color.word} in task {task.name}, which sleeps"
            return Reason("not now", text, Waiting("task", pe, task.color))
        first = next(task.color for task in tasks if self.state.waiting[task.color.number][pe])
        if first is not color:
            text = f"{name(pe)} runs the task of color {first.word} first, the lower color"
            return Reason("not now", text, Waiting("inbox", pe, first))
        return None

    def _why_task(self, pe: Place, color: Color) -> Reason | None:
        task = next(task for task in self.tasks(pe) if task.color is color)
        if self.state.waiting[color.number][pe]:
            return self._why_inbox(pe, color)
        text, after, mend = self.upstream(pe, color)
        at = f"{name(pe)} waits for a wavelet on color {color.word} to wake its task {task.name}"
        return Reason("no wavelet", f"{at}: {text}", after, mend)

    def _why_belt(self, what: str, pe: Place, color: Color) -> Reason | None:
        on = "the long link into" if what == "link" else "the ramp of"
        at = f"color {color.word} stands on {on} {name(pe)}"
        if what == "belt in":
            if self.state.waiting[color.number][pe] < self.depth:
                return None
            text = f"{at}: the inbox of {name(pe)} for color {color.word} is full"
            return Reason("full", text, Waiting("inbox", pe, color))
        if self.state.queued[color.number][pe] >= self.depth:
            text = f"{at}: the queue of color {color.word} in its router is full"
            return Reason("full", text, Waiting("queue", pe, color))
        route = self.entering(pe, color)
        moves = what == "link" or route is None or route.input is RAMP
        return None if moves else self.switch(pe, color, at)
