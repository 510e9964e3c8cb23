"""A PE of the reference engine: what a core and its router hold, decide and do in a cycle.

Lesson 03 reads it aloud. A cycle has two halves: `PE.decide` looks at what stands where at the
start of the cycle and moves nothing; `PE.move` does what was decided.
"""

from __future__ import annotations

from collections import deque
from typing import Any, NamedTuple

import numpy as np

from ..operations import conflict
from ..ports import RAMP, opposite
from .host_links import Link
from .work import Work


class Message(NamedTuple):
    """A wavelet: what it carries, and whose switches it advances (None, "own" or "path")."""

    value: Any
    advance: str | None = None


class Decision(NamedTuple):
    """What a PE does in a cycle, decided on what stands where at its start."""

    granted: list  # the colors whose first wavelet leaves the router, each with its ports
    ready: list[Work]  # the operations that handle an element
    woken: Any  # the color whose first wavelet wakes a task, or None
    began: bool  # whether a microthread begins


class PE:
    """A processor and its router."""

    def __init__(self, place: tuple, program: Any, conflicts: dict):
        self.place, self.program, self.conflicts = place, program, conflicts
        self.neighbours: dict[Any, PE] = {}
        self.hosts: dict[tuple, Link] = {}  # where a link leads to the host
        self.hops = self.ramps = 0  # what has left the router, over links and over the ramp

        # The processor: work to begin, in order; what runs, the main operation first.
        self.work: deque[Work] = deque()
        self.running: list[Work | None] = [None] * program.lanes
        self.tasks: dict = {}
        self.holds: set = set()  # comparisons that the current task found to hold
        self.pause = 0  # cycles before the next operation may begin

        # The router: for each color its routes, one for each position of the switch.
        self.routes = {c: r for c in program.colors if (r := c.routes_at(*place))}
        self.entering = dict.fromkeys(self.routes, 0)  # the position that new wavelets will follow
        self.leaving = dict.fromkeys(self.routes, 0)  # and the one that the first in line follows

        # The way of each color: the processor's belt out, the router's queue, the belt back in,
        # and the queue in front of the processor.
        latency = program.rules.ramp_latency
        self.belt_out: dict = {c: [None] * latency for c in self.routes}
        self.queue: dict = {c: deque() for c in self.routes}
        self.belt_in: dict = {c: [None] * (latency - 1) for c in self.routes}
        self.inbox: dict = {c: deque() for c in self.routes}
        self.wires: dict = {}  # belts of the long links that lead into the router, by port
        self.on_wires: dict = {}  # and what enters them in this cycle

    # The first half of a cycle: to decide.

    def look(self, depth: int) -> None:
        """Note which queues have room at the start of the cycle, and for what port."""
        self.room = {c for c in self.routes if len(self.queue[c]) < depth}
        self.inbox_room = {c for c in self.routes if len(self.inbox[c]) < depth}
        self.takes_from = {c: self.routes[c][self.entering[c]].input for c in self.routes}
        self.belt_out_moves = {c for c in self.room if self.takes_from[c] is RAMP}

    def decide(self, order: list, cycle: int) -> Decision:
        """What the router and the processor do, when every PE has had a look."""
        woken = self.wakes()
        began = self.begin()
        return Decision(self.grants(order, cycle), self.ready(), woken, began)

    def grants(self, order: list, cycle: int) -> list:
        """The colors whose first wavelet moves, to all its ports at once; lowest color first."""
        taken: set = set()
        granted = []
        for c in order:
            if self.queue.get(c):
                ports = self.routes[c][self.leaving[c]].outputs
                if taken.isdisjoint(ports) and all(self.may_enter(c, p, cycle) for p in ports):
                    taken.update(ports)
                    granted.append((c, ports))
        return granted

    def may_enter(self, c: Any, port: Any, cycle: int) -> bool:
        """Whether what lies behind the port takes this color from here, and has room."""
        if port is RAMP:
            return c in self.inbox_room
        if (c, port) in self.hosts:
            return self.hosts[c, port].ready(cycle)
        there = self.neighbours.get(port)
        return there is not None and c in there.room and there.takes_from[c] is opposite(port)

    def ready(self) -> list[Work]:
        """What handles an element: its inputs are there, its way out moves and is not taken.

        One operation sends in a cycle, the main one before the microthreads, these by their lanes.
        """
        found: list[Work] = []
        for one in filter(None, self.running):
            way_out = one.sends is None or (
                one.sends in self.belt_out_moves and not any(other.sends for other in found)
            )
            if way_out and all(self.inbox.get(c) for c in one.reads):
                found.append(one)
        return found

    def begin(self) -> bool:
        """Begin the next operation, if it may; tells whether a microthread began."""
        if self.pause or self.running[0] or not self.work:
            return False
        following = self.work[0]
        lane = 0
        if following.operation.microthread:
            free = [at for at, one in enumerate(self.running) if at and not one]
            lane = free[0] if free else -1
        if lane < 0 or any(self.in_conflict(one, following) for one in self.running if one):
            return False
        self.running[lane] = self.work.popleft()
        if lane > 0:
            self.drop()
        return lane > 0

    def in_conflict(self, one: Work, other: Work) -> bool:
        """Whether two operations use the same stream, or memory that one of them writes."""
        pair = one.number, other.number
        if pair not in self.conflicts:
            self.conflicts[pair] = conflict(one.operation, other.operation)
        answer = self.conflicts[pair]
        return bool(answer[self.place] if np.ndim(answer) else answer)

    def drop(self) -> None:
        """Forget operations of a task whose condition does not hold."""
        while self.work and self.work[0].operation.when not in (None, *self.holds):
            self.work.popleft()

    def wakes(self) -> Any:
        """The color whose first wavelet wakes a task now, lowest first; None if none does."""
        if self.pause or self.work or self.running[0]:
            return None
        return next((c for c in self.tasks if self.inbox.get(c)), None)

    # The second half: to move.

    def move(self, decided: Decision) -> bool:
        """Do what was decided; tells whether anything moved."""
        moved = bool(decided.granted or decided.ready or decided.began)
        to_processor: dict = {}
        to_router: dict = {}
        for c, ports in decided.granted:
            message = self.dequeue(c)
            for port in ports:
                if port is RAMP:
                    to_processor[c] = Message(message.value)
                    self.ramps += 1
                elif (c, port) in self.hosts:
                    self.hosts[c, port].take(message.value)
                else:
                    self.neighbours[port].come_in(c, opposite(port), message)
                    self.hops += 1
        if self.pause:
            self.pause -= 1
            moved |= bool(self.work) or any(self.inbox.get(c) for c in self.tasks)
        for one in decided.ready:
            sent = self.compute(one)
            if sent is not None:
                to_router[one.sends] = sent
        if decided.woken is not None:
            self.wake(decided.woken)
            moved = True
        moved |= advance(self.belt_in, self.inbox_room, to_processor, self.receive)
        moved |= advance(self.belt_out, self.belt_out_moves, to_router, self.enqueue)
        return moved

    def come_in(self, c: Any, port: Any, message: Message) -> None:
        """A wavelet comes in by a link; a long one is a belt before the queue."""
        if port in self.wires:
            self.on_wires[port] = {**self.on_wires.get(port, {}), c: message}
        else:
            self.enqueue(c, message)

    def advance_wires(self) -> bool:
        """Move what is on long links; tells whether a wavelet moved."""
        moved = False
        for port, belts in self.wires.items():
            moving = {c for c in self.room if self.takes_from[c] is port}
            moved |= advance(belts, moving, self.on_wires.pop(port, {}), self.enqueue)
        return moved

    def enqueue(self, c: Any, message: Message) -> None:
        """A wavelet enters the router; behind a control wavelet others follow the next position."""
        self.queue[c].append(message)
        if message.advance:
            self.entering[c] = min(self.entering[c] + 1, len(self.routes[c]) - 1)

    def dequeue(self, c: Any) -> Message:
        """The first wavelet in line leaves."""
        message = self.queue[c].popleft()
        if message.advance:
            self.leaving[c] = min(self.leaving[c] + 1, len(self.routes[c]) - 1)
        return message if message.advance == "path" else Message(message.value)

    def receive(self, c: Any, message: Message) -> None:
        """A wavelet reaches the processor's queue."""
        self.inbox[c].append(message)

    def compute(self, one: Work) -> Message | None:
        """One cycle of an operation; gives the wavelet to send, if it sends."""
        value = None
        if one.reads or one.sends is not None:
            value = one.element({c: self.inbox[c].popleft().value for c in one.reads})
        else:
            one.cycles_left -= 1
            while one.cycles_left == 0 and one.handled < one.n:
                value = one.element({})
        last = one.handled == one.n
        if last:
            self.end(one, value)
        if one.sends is None:
            return None
        return Message(np.float32(value), one.operation.out.advance if last else None)

    def end(self, one: Work, value: Any) -> None:
        """An operation has ended; of a comparison, ``value`` is what it found."""
        lane = self.running.index(one)
        self.running[lane] = None
        if lane == 0:
            self.pause = self.program.rules.gap
            if one.operation.out is None and value:
                self.holds.add(one.operation)
            self.drop()

    def wake(self, c: Any) -> None:
        """Take a wavelet and get its task's operations to do."""
        value = self.inbox[c].popleft().value
        self.holds.clear()
        for number, n in self.tasks[c]:
            self.work.append(Work(number, self.program, self.place, n, value))
        self.drop()
        self.pause = self.program.rules.task_wake


def advance(belts: dict, moving: set, entering: dict, arrive: Any) -> bool:
    """Move belts by one place; what leaves arrives. Tells whether a wavelet moved."""
    moved = False
    for c in moving:
        places = [entering.get(c), *belts[c]]
        belts[c], leaving = places[:-1], places[-1]
        if leaving is not None:
            arrive(c, leaving)
        moved |= leaving is not None or any(place is not None for place in belts[c])
    return moved
