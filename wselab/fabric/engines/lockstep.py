"""The lockstep engine: the rules for all PEs at once, in dense arrays, values and all.

It runs every program: those whose sends depend on values, and those whose routes change within a
launch, for which `bitplane` cannot keep control and values apart. A cycle costs as much as the
wafer is large.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..program import Program
from ..state import Outcome, State
from .processors import Processors
from .routers import Routers
from .watch import ArrayWatch

if TYPE_CHECKING:
    from ..trace.recorder import Recorder


class Lockstep:
    """One launch, stepped; a ``recorder`` looks on."""

    def __init__(self, program: Program, recorder: Recorder | None = None):
        self.program, self.recorder = program, recorder
        self.routers = Routers(program, recorder)
        self.processors = Processors(program, self.routers)
        self.hosts = (self.routers.hosts_in, self.routers.hosts_out)
        self.now = self.hops = self.ramps = self.quiet = 0
        self.watch: ArrayWatch | None = None

    def run(self, max_cycles: int | None, progress: Any = None) -> str:
        """Step to the end: "ended", "stuck" or "limit"."""
        rate = self.program.rules.io_wavelets
        patience = max([1, *(1 - -host.count // rate for host in self.hosts if host.count)])
        while True:
            busy = self.processors.busy or any(host.left for host in self.hosts)
            if not busy and (not self.program.tasks or self.quiet):
                self.now -= self.quiet
                return "ended"
            if self.quiet >= patience:
                self.now -= self.quiet
                return "stuck"
            if max_cycles is not None and self.now >= max_cycles:
                return "limit"
            if self.recorder is not None:
                self.recorder.look(self)
            self.quiet = 0 if self._cycle() else self.quiet + 1
            self.now += 1
            if progress:
                progress(self.now)

    def _cycle(self) -> bool:
        """One cycle; tells whether anything moved or counted."""
        routers, processors = self.routers, self.processors
        # First everything decides, on what it sees at the start of the cycle.
        routers.look(self.now)
        routers.hosts_in.decide(self.now)
        woken = processors.wakes()
        moved = processors.begin(self.now)
        moved |= bool(processors.alarms or woken) or processors.pausing()
        granted = routers.grants(self.now)
        ready = processors.ready()
        if self.recorder is not None:
            self.recorder.decided(granted, ready, woken)
        # Then everything moves; it is seen in its new place in the next cycle.
        if self.watch:
            self.watch.before(granted, ready, woken)
        sent = processors.compute(self.now, ready)
        for pes, nodes, first in woken:
            processors.wake(pes, nodes, first)
        on_links, hops, ramps = routers.move(granted, sent)
        self.hops, self.ramps = self.hops + hops, self.ramps + ramps
        if self.watch:
            self.watch.after(self.now)
        return moved or on_links or bool(ready)

    def write_back(self) -> None:
        """Write what was computed into the program's memories."""
        for name, flat in self.processors.flat.items():
            array = self.program.memories[name]
            if array.flags.writeable and not np.shares_memory(flat, array):
                array[...] = flat.reshape(array.shape)

    def state(self) -> State:
        """What stands where, now."""
        program, routers, processors = self.program, self.routers, self.processors
        state = State.empty(program.shape, len(program.colors), program.lanes)
        state.cycle = self.now
        begun = processors.running[0] >= 0
        main = np.where(begun, processors.running[0], processors.operation[processors.step])
        state.operation[...] = main.reshape(program.shape)
        handled = np.where(begun, processors.handled[0], 0)
        state.handled[...] = handled.reshape(program.shape)
        state.threads[...] = processors.running[1:].reshape(state.threads.shape)
        state.pause = processors.pause.reshape(program.shape).copy()
        state.left = processors.left(self.now).reshape(program.shape)
        passed = {host.into: host.by_stream() for host in self.hosts}
        state.passed = [next(passed[stream.is_in]) for stream in program.hosts]
        for entry, on_it in zip(routers.long_entry, routers.long.there.sum(axis=0), strict=True):
            port, node = divmod(int(entry), routers.count)
            state.coming[routers.color[node]][port].ravel()[routers.pe[node]] = on_it
        there = state.threads >= 0
        state.threads_handled[there] = processors.handled[1:].reshape(there.shape)[there]
        for kind, counts in (
            (state.leaving, routers.belt_out.there.sum(axis=0)),
            (state.queued, routers.queue.count),
            (state.arriving, routers.belt_in.there.sum(axis=0)),
            (state.waiting, routers.inbox.count),
            (state.position_in, routers.entering),
            (state.position_out, routers.leaving),
        ):
            for number in range(len(program.colors)):
                nodes = routers.color == number
                kind[number].ravel()[routers.pe[nodes]] = counts[nodes]
        return state


def simulate(
    program: Program,
    max_cycles: int | None = None,
    progress: Any = None,
    recorder: Recorder | None = None,
    maps: bool = False,
) -> Outcome:
    """Run ``program``, writing into ``program.memories``, as `reference.simulate` does.

    Counts ``maps`` if told to, or if there is a ``recorder``.
    """
    engine = Lockstep(program, recorder)
    engine.watch = ArrayWatch(engine) if maps or recorder is not None else None
    with np.errstate(all="ignore"):
        how = engine.run(max_cycles, progress)
    engine.write_back()
    found = engine.watch.maps(engine.now) if engine.watch else None
    outcome = Outcome(how, engine.now, engine.hops, engine.ramps, engine.state(), found)
    if recorder is not None:
        recorder.finish(engine, how)  # at max_cycles it looks one cycle further
    return outcome
