"""The reference engine: one object a PE, one loop over cycles, written to be read aloud.

It is slow and plain on purpose: every other engine is tested against it, and it shares nothing
with them but the program itself.
"""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np

from .memory import Part
from .operations import Operation
from .ports import LINKS, RAMP, opposite
from .state import State


class Work:
    """One operation of one PE: where its data is, and how many elements are done."""

    def __init__(self, number: int, operation: Operation, n: int, pe: tuple, program: Any):
        self.number, self.kind, self.n, self.handled = number, operation.kind, n, 0
        self.reads, self.sends = operation.reads, operation.sends
        self.type = np.dtype(operation.dtype).type
        self.cycles_left = operation.cycles(
            n, program.rules
        )  # counts where no stream is waited for
        self.inputs = [locate(item, pe, program) for item in operation.inputs]
        self.out = locate(operation.out, pe, program)

    def element(self, arrived: dict) -> np.float32:
        """Compute the next element from memory, numbers and the wavelets that arrived."""
        a, *rest = (self.value(item, arrived) for item in self.inputs)
        if self.kind == "mov":
            result = a
        elif self.kind == "add":
            result = a + rest[0]
        elif self.kind == "mul":
            result = a * rest[0]
        elif self.kind == "max":
            result = a if a > rest[0] or a != a else rest[0]
        else:
            result = rest[1] + a * rest[0]  # rounded twice: the product, then the sum
        if self.sends is None:
            self.out[self.position(self.out)] = result
        self.handled += 1
        return np.float32(result)  # what a wavelet carries

    def value(self, item: Any, arrived: dict) -> Any:
        """The next element of one input, in the type that the operation computes in."""
        if isinstance(item, np.ndarray):
            return self.type(item[self.position(item)])
        return self.type(arrived.get(item, item))

    def position(self, array: np.ndarray) -> tuple:
        """Where element number ``handled`` stands; a single value serves every element."""
        return np.unravel_index(self.handled, array.shape) if array.ndim else ()


def locate(item: Any, pe: tuple, program: Any) -> Any:
    """An operand of one PE: a view of its memory, a color, or a number."""
    if isinstance(item, Part):
        return item.of(program.memories[item.memory.name][(*pe, ...)], 0)
    return item.color if hasattr(item, "color") else item


class PE:
    """A processor and its router."""

    def __init__(self, row: int, column: int, program: Any):
        self.work: deque[Work] = deque()
        self.pause = 0  # cycles before the next operation may begin
        self.routes = {c: r for c in program.colors if (r := c.route_at(row, column))}
        self.neighbours: dict[Any, PE] = {}
        latency = program.rules.ramp_latency
        self.belt_out: dict = {c: [None] * latency for c in self.routes}  # processor to router
        self.queue: dict = {c: deque() for c in self.routes}  # the router's
        self.belt_in: dict = {c: [None] * (latency - 1) for c in self.routes}  # and back
        self.inbox: dict = {c: deque() for c in self.routes}  # the processor's

    def look(self, depth: int) -> None:
        """Note which queues have room at the start of the cycle."""
        self.room = {c for c in self.routes if len(self.queue[c]) < depth}
        self.inbox_room = {c for c in self.routes if len(self.inbox[c]) < depth}

    def ready(self) -> bool:
        """Whether the operation handles an element: its inputs are there, its way out moves."""
        if not self.work or self.pause:
            return False
        reads, c = self.work[0].reads, self.work[0].sends
        way_out = c is None or (c in self.room and self.routes[c].input is RAMP)
        return way_out and all(self.inbox.get(c) for c in reads)

    def grants(self, order: list) -> list:
        """The colors whose first wavelet moves, to all its ports at once; lowest color first."""
        taken: set = set()
        granted = []
        for c in order:
            if self.queue.get(c):
                ports = self.routes[c].outputs
                if taken.isdisjoint(ports) and all(self.may_enter(c, port) for port in ports):
                    taken.update(ports)
                    granted.append(c)
        return granted

    def may_enter(self, c: Any, port: Any) -> bool:
        """Whether what lies behind the port takes this color from here, and has room."""
        if port is RAMP:
            return c in self.inbox_room
        there = self.neighbours.get(port)
        if there is None or c not in there.routes:
            return False
        return there.routes[c].input is opposite(port) and c in there.room

    def compute(self, rules: Any) -> np.float32 | None:
        """One cycle of the current operation; gives the value to send, if it sends."""
        now, value = self.work[0], None
        if now.reads or now.sends is not None:
            value = now.element({c: self.inbox[c].popleft() for c in now.reads})
        else:
            now.cycles_left -= 1
            while now.cycles_left == 0 and now.handled < now.n:
                now.element({})
        if now.handled == now.n:
            self.work.popleft()
            self.pause = rules.gap
        return value if now.sends is not None else None


def advance(belts: dict, room: set, entering: dict, queues: dict) -> bool:
    """Move every belt whose queue has room by one place; tell whether a wavelet moved."""
    moved = False
    for c in room:
        places = [entering.get(c), *belts[c]]
        belts[c], leaving = places[:-1], places[-1]
        if leaving is not None:
            queues[c].append(leaving)
        moved |= leaving is not None or any(place is not None for place in belts[c])
    return moved


def build(program: Any) -> dict:
    """The PEs of the wafer, wired to their neighbours, each with its operations in order."""
    rows, columns = program.shape
    pes = {(r, c): PE(r, c, program) for r in range(rows) for c in range(columns)}
    for (row, column), pe in pes.items():
        for port in LINKS:
            down, right = port.step or (0, 0)
            there = pes.get((row + down, column + right))
            if there:
                pe.neighbours[port] = there
    for number, operation in enumerate(program.operations):
        counts = operation.counts(program.shape)
        for place in zip(*np.nonzero(counts), strict=True):
            n = int(counts[place])
            pes[place].work.append(Work(number, operation, n, place, program))
    return pes


def simulate(program: Any, max_cycles: int | None = None, progress: Any = None) -> tuple:
    """Run ``program``, writing into ``program.memories``.

    Gives how it ended ("ended", "stuck" or "limit"), hops, ramp deliveries, and the `State`.
    """
    rules, pes = program.rules, build(program)
    cycle = hops = ramps = 0
    while any(pe.work for pe in pes.values()):
        if max_cycles is not None and cycle >= max_cycles:
            return "limit", hops, ramps, photograph(program, pes, cycle)

        # First everything decides, on what it sees at the start of the cycle.
        for pe in pes.values():
            pe.look(rules.queue_depth)
        order = list(program.colors)
        if rules.arbitration == "rotate":
            start = cycle % max(1, len(order))
            order = order[start:] + order[:start]
        decisions = [(pe, pe.grants(order), pe.ready()) for pe in pes.values()]

        # Then everything moves; it is seen in its new place in the next cycle.
        moved = False
        for pe, granted, ready in decisions:
            to_processor: dict = {}
            to_router: dict = {}
            for c in granted:
                value = pe.queue[c].popleft()
                for port in pe.routes[c].outputs:
                    if port is RAMP:
                        to_processor[c] = value
                        ramps += 1
                    else:
                        pe.neighbours[port].queue[c].append(value)
                        hops += 1
            if ready:
                sends = pe.work[0].sends
                value = pe.compute(rules)
                if sends is not None:
                    to_router[sends] = value
            elif pe.pause:
                pe.pause -= 1
                moved |= bool(pe.work)
            moved |= bool(granted) or ready
            moved |= advance(pe.belt_in, pe.inbox_room, to_processor, pe.inbox)
            moved |= advance(pe.belt_out, pe.room, to_router, pe.queue)
        if not moved:
            return "stuck", hops, ramps, photograph(program, pes, cycle)
        cycle += 1
        if progress:
            progress(cycle)
    return "ended", hops, ramps, photograph(program, pes, cycle)


def photograph(program: Any, pes: dict, cycle: int) -> State:
    """What stands where."""
    state = State.empty(program.shape, len(program.colors))
    state.cycle = cycle
    for place, pe in pes.items():
        if pe.work:
            state.operation[place] = pe.work[0].number
            state.handled[place] = pe.work[0].handled
        for c in pe.routes:
            state.leaving[c.number][place] = sum(v is not None for v in pe.belt_out[c])
            state.queued[c.number][place] = len(pe.queue[c])
            state.arriving[c.number][place] = sum(v is not None for v in pe.belt_in[c])
            state.waiting[c.number][place] = len(pe.inbox[c])
    return state
