"""The reference engine: one object a PE, one loop over cycles, written to be read aloud.

It is slow and plain on purpose: every other engine is tested against it, and it shares nothing
with them but the program itself. Read `pe` for what a core and its router hold, decide and do,
then `simulate` for a cycle.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from ..ports import LINKS
from ..state import Outcome, State
from .host_links import join_hosts, those_that_give
from .pe import PE, Message
from .work import Work


def simulate(
    program: Any, max_cycles: int | None = None, progress: Any = None, watch: Any = None
) -> Outcome:
    """Run ``program``, cycle after cycle, writing into ``program.memories``.

    ``watch(state)`` is called at the start of each cycle.
    """
    pes = build(program)
    given, taken = join_hosts(program, pes)
    photo = partial(photograph, program, pes, (given, taken))
    rate = program.rules.io_wavelets
    patience = max([1, *(1 - -len(links) // rate for links in (given, taken))])
    cycle = quiet = 0  # quiet: how many cycles nothing has moved
    while True:
        busy = any(pe.work or any(pe.running) for pe in pes.values())
        busy |= any(link.left for *_, link in (*given, *taken))
        how = None
        if not busy and (not program.tasks or quiet):
            how, cycle = "ended", cycle - quiet
        elif quiet >= patience:
            how, cycle = "stuck", cycle - quiet
        elif max_cycles is not None and cycle >= max_cycles:
            how = "limit"
        if how:
            hops = sum(pe.hops for pe in pes.values())
            ramps = sum(pe.ramps for pe in pes.values())
            return Outcome(how, cycle, hops, ramps, photo(cycle))
        if watch:
            watch(photo(cycle))
        quiet = 0 if step(program, pes, given, cycle) else quiet + 1
        cycle += 1
        if progress:
            progress(cycle)


def step(program: Any, pes: dict, given: list, cycle: int) -> bool:
    """One cycle; ``given`` are the links from the host. Tells whether anything moved."""
    # First everything decides, on what it sees at the start of the cycle.
    for pe in pes.values():
        pe.look(program.rules.queue_depth)
    order = order_of(program, cycle)
    decisions = [(pe, pe.decide(order, cycle)) for pe in pes.values()]
    from_host = those_that_give(given, cycle)

    # Then everything moves; it is seen in its new place in the next cycle.
    moved = [pe.move(decided) for pe, decided in decisions]
    moved += [pe.advance_wires() for pe in pes.values()]
    for pe, c, link in from_host:
        pe.enqueue(c, Message(link.give()))
    return any(moved) or bool(from_host)


def order_of(program: Any, cycle: int) -> list:
    """In which order colors ask for ports in a cycle."""
    colors = list(program.colors)
    start = cycle % max(1, len(colors)) if program.rules.arbitration == "rotate" else 0
    return colors[start:] + colors[:start]


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
