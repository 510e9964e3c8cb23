"""The reference engine: one object a PE, one loop over cycles, written to be read aloud.

It is slow and plain on purpose: every other engine is tested against it, and it shares nothing
with them but the program itself. Read `PE` for what a core and its router hold and decide,
`simulate` for a cycle.
"""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from ..hosts import turn_of
from ..operations import conflict
from ..ports import LINKS, RAMP, opposite
from ..state import Outcome, State
from .work import Work


class Message(NamedTuple):
    """A wavelet: what it carries, and whose switches it advances (None, "own" or "path")."""

    value: Any
    advance: str | None = None


class PE:
    """A processor and its router."""

    def __init__(self, place: tuple, program: Any, conflicts: dict):
        self.place, self.program, self.conflicts = place, program, conflicts
        self.neighbours: dict[Any, PE] = {}
        self.hosts: dict[tuple, Link] = {}  # where a link leads to the host

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
        latency = program.rules.ramp_latency
        self.belt_out: dict = {c: [None] * latency for c in self.routes}  # processor to router
        self.queue: dict = {c: deque() for c in self.routes}  # the router's
        self.belt_in: dict = {c: [None] * (latency - 1) for c in self.routes}  # and back
        self.inbox: dict = {c: deque() for c in self.routes}  # the processor's
        self.wires: dict = {}  # belts of the long links that lead into the router, by port
        self.on_wires: dict = {}  # and what enters them in this cycle

    # What the router decides.

    def look(self, depth: int) -> None:
        """Note which queues have room at the start of the cycle, and for what port."""
        self.room = {c for c in self.routes if len(self.queue[c]) < depth}
        self.inbox_room = {c for c in self.routes if len(self.inbox[c]) < depth}
        self.takes_from = {c: self.routes[c][self.entering[c]].input for c in self.routes}
        self.belt_out_moves = {c for c in self.room if self.takes_from[c] is RAMP}

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
            return self.hosts[c, port].takes(cycle)
        there = self.neighbours.get(port)
        return there is not None and c in there.room and there.takes_from[c] is opposite(port)

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

    # What the processor decides.

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

    # What the processor does.

    def wake(self, c: Any) -> None:
        """Take a wavelet and get its task's operations to do."""
        value = self.inbox[c].popleft().value
        self.holds.clear()
        for number, n in self.tasks[c]:
            self.work.append(Work(number, self.program, self.place, n, value))
        self.drop()
        self.pause = self.program.rules.task_wake

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
            lane = self.running.index(one)
            self.running[lane] = None
            if lane == 0:
                self.pause = self.program.rules.gap
                if one.operation.out is None and value:
                    self.holds.add(one.operation)
                self.drop()
        if one.sends is None:
            return None
        return Message(np.float32(value), one.operation.out.advance if last else None)


class Link:
    """A link between a router and the host, which serves it when its turn comes."""

    def __init__(self, number: int, links: int, values: np.ndarray, rate: int):
        self.number, self.links, self.rate, self.values, self.passed = (
            number,
            links,
            rate,
            values,
            0,
        )

    def takes(self, cycle: int) -> bool:
        """Whether the host gives or takes a wavelet in this cycle."""
        turn = turn_of(self.links, self.rate, cycle)[self.number]
        return bool(turn) and self.passed < len(self.values)


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


def build(program: Any) -> dict:
    """The PEs of the wafer, wired to their neighbours, each with its operations in order."""
    rows, columns = program.shape
    conflicts: dict = {}
    places = [(r, c) for r in range(rows) for c in range(columns)]
    pes = {place: PE(place, program, conflicts) for place in places}
    lengths = {port: program.wires.into(port) for port in LINKS}
    for (row, column), pe in pes.items():
        for port in LINKS:
            down, right = port.step or (0, 0)
            there = pes.get((row + down, column + right))
            if there:
                pe.neighbours[port] = there
                if (length := int(lengths[port][row, column])) > 1:
                    pe.wires[port] = {c: [None] * (length - 1) for c in pe.routes}
    for number in program.main:
        counts = program.operations[number].counts(program.shape)
        for place in zip(*np.nonzero(counts), strict=True):
            pes[place].work.append(Work(number, program, place, int(counts[place])))
    for task in sorted(program.tasks, key=lambda task: task.color.number):
        mask = np.zeros(program.shape, bool)
        mask[task.where] = True
        for place in zip(*np.nonzero(mask), strict=True):
            pes[place].tasks[task.color] = []
        for operation in task.operations:
            counts = operation.counts(program.shape) * mask
            for place in zip(*np.nonzero(counts), strict=True):
                todo = program.operations.index(operation), int(counts[place])
                pes[place].tasks[task.color].append(todo)
    return pes


def join_hosts(program: Any, pes: dict) -> tuple[list, list]:
    """The links to the host: (PE, color, port, link) of those that lead in, and out."""
    found: tuple[list, list] = ([], [])
    for into in (True, False):
        streams = [stream for stream in program.hosts if stream.is_in is into]
        total = sum(len(stream.places) for stream in streams)
        for stream in streams:
            for place, line in zip(stream.places, stream.lines, strict=True):
                values = stream.data[line]
                links = found[0 if into else 1]
                link = Link(len(links), total, values, program.rules.io_wavelets)
                links.append((pes[place], stream.color, stream.edge, link))
                if not into:
                    pes[place].hosts[stream.color, stream.edge] = link
    return found


def simulate(
    program: Any, max_cycles: int | None = None, progress: Any = None, watch: Any = None
) -> Outcome:
    """Run ``program``, writing into ``program.memories``.

    ``watch(state)`` is called at the start of each cycle.
    """
    rules, pes = program.rules, build(program)
    given, taken = join_hosts(program, pes)
    photo = partial(photograph, program, pes, (given, taken))
    patience = max([1, *(1 - -len(links) // rules.io_wavelets for links in (given, taken))])
    cycle = hops = ramps = quiet = 0
    while True:
        busy = any(pe.work or any(pe.running) for pe in pes.values())
        busy |= any(link.passed < len(link.values) for *_, link in (*given, *taken))
        if not busy and (not program.tasks or quiet):
            return Outcome("ended", cycle - quiet, hops, ramps, photo(cycle - quiet))
        if quiet >= patience:
            return Outcome("stuck", cycle - quiet, hops, ramps, photo(cycle - quiet))
        if max_cycles is not None and cycle >= max_cycles:
            return Outcome("limit", cycle, hops, ramps, photo(cycle))
        if watch:
            watch(photo(cycle))

        # First everything decides, on what it sees at the start of the cycle.
        for pe in pes.values():
            pe.look(rules.queue_depth)
        order = list(program.colors)
        if rules.arbitration == "rotate":
            start = cycle % max(1, len(order))
            order = order[start:] + order[:start]
        moved = False
        decisions = []
        for pe in pes.values():
            woken = pe.wakes()
            moved |= pe.begin()
            decisions.append((pe, pe.grants(order, cycle), pe.ready(), woken))
        from_host = [
            (pe, c, link)
            for pe, c, port, link in given
            if c in pe.room and pe.takes_from[c] is port and link.takes(cycle)
        ]

        # Then everything moves; it is seen in its new place in the next cycle.
        for pe, granted, ready, woken in decisions:
            to_processor: dict = {}
            to_router: dict = {}
            for c, ports in granted:
                message = pe.dequeue(c)
                for port in ports:
                    if port is RAMP:
                        to_processor[c] = Message(message.value)
                        ramps += 1
                    elif (c, port) in pe.hosts:
                        link = pe.hosts[c, port]
                        link.values[link.passed] = message.value
                        link.passed += 1
                    else:
                        pe.neighbours[port].come_in(c, opposite(port), message)
                        hops += 1
            if pe.pause:
                pe.pause -= 1
                moved |= bool(pe.work) or any(pe.inbox.get(c) for c in pe.tasks)
            for one in ready:
                sent = pe.compute(one)
                if sent is not None:
                    to_router[one.sends] = sent
            if woken is not None:
                pe.wake(woken)
            moved |= bool(granted or ready) or woken is not None
            moved |= advance(pe.belt_in, pe.inbox_room, to_processor, pe.receive)
            moved |= advance(pe.belt_out, pe.belt_out_moves, to_router, pe.enqueue)
        for pe in pes.values():
            moved |= pe.advance_wires()
        for pe, c, link in from_host:
            pe.enqueue(c, Message(link.values[link.passed]))
            link.passed += 1
            moved = True
        quiet = 0 if moved else quiet + 1
        cycle += 1
        if progress:
            progress(cycle)


def photograph(program: Any, pes: dict, links: tuple[list, list], cycle: int) -> State:
    """What stands where."""
    state = State.empty(program.shape, len(program.colors), program.lanes)
    state.cycle = cycle
    given, taken = (iter(link.passed for *_, link in some) for some in links)
    state.passed = [
        np.array([next(given if stream.is_in else taken) for _ in stream.places])
        for stream in program.hosts
    ]
    for place, pe in pes.items():
        main, *threads = pe.running
        if main or pe.work:
            current = main or pe.work[0]
            state.operation[place] = current.number
            state.handled[place] = current.handled
            state.left[place] = 0 if current.operation.on_fabric else current.cycles_left
        state.pause[place] = pe.pause
        for lane, one in enumerate(threads):
            if one:
                state.threads[lane][place] = one.number
                state.threads_handled[lane][place] = one.handled
        for c in pe.routes:
            state.leaving[c.number][place] = sum(v is not None for v in pe.belt_out[c])
            state.queued[c.number][place] = len(pe.queue[c])
            state.arriving[c.number][place] = sum(v is not None for v in pe.belt_in[c])
            state.waiting[c.number][place] = len(pe.inbox[c])
            for port, belts in pe.wires.items():
                on_it = sum(v is not None for v in belts[c])
                state.coming[c.number][(port.number, *place)] = on_it
            state.position_in[c.number][place] = pe.entering[c]
            state.position_out[c.number][place] = pe.leaving[c]
    return state
