"""Recording a run on the lockstep engine: what changes from cycle to cycle, into a `Trace`.

Wavelets get numbers when they are sent, and these travel with their values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..engines.queues import OWN
from ..program import Program
from .doing import Doing

if TYPE_CHECKING:
    from ..engines.lockstep import Lockstep
    from ..engines.queues import Belt, Fifo
    from ..engines.routers import Routers
    from .trace import Trace

PAYLOAD = np.dtype([("value", np.float32), ("id", np.uint32)])  # id 0: without a number
WAVELET = np.dtype(  # see docs/trace.md
    [("value", "<f4"), ("pe", "<i4"), ("operation", "<i4"), ("host", "<i4")]
    + [("element", "<u4"), ("cycle", "<u4"), ("advance", "u1")]
)
OVERHEAD = 112  # bytes of an array beside what it holds


class Recorder:
    """Fills a `Trace` while the lockstep engine steps a program."""

    payload = PAYLOAD

    def __init__(self, program: Program, trace: Trace):
        self.trace, self.cells = trace, trace.cells
        count = program.shape[0] * program.shape[1]
        self.inside = np.full(count, -1)  # index among the PEs of the trace
        self.inside[self.cells.pes] = np.arange(len(self.cells.pes))
        self.given_by = _links_in(program)
        self.recording, self.over, self.now = False, False, 0
        self.done = np.zeros((program.lanes, count), np.int64)
        self.begun = np.zeros(count, np.int64)
        self.moved = np.zeros(0, np.int64)
        self.before, self.current = np.zeros((2, self.cells.size), np.uint32)
        self.named = self.used = self.since_key = 0
        self.writes: list[np.ndarray] = []
        self.doing: Doing | None = None

    # What the engine tells as it happens.

    def sent(self, number: int, pes: Any, at: Any, values: Any, marks: Any) -> np.ndarray:
        """Name the wavelets that PEs send: values with numbers."""
        return self._name(values, pes, (number, -1), at, marks)

    def from_host(self, links: np.ndarray, at: Any, values: Any) -> np.ndarray:
        """Name the wavelets that the host sends by some links."""
        stream, pe = self.given_by
        return self._name(values, pe[links], (-1, stream[links]), at, 0)

    def _name(self, values: Any, pes: Any, source: tuple, at: Any, marks: Any) -> np.ndarray:
        payload = np.zeros(len(values), PAYLOAD)
        payload["value"] = values
        if self.recording:
            new = np.zeros(len(values), WAVELET)
            for name, column in zip(
                WAVELET.names or (), (values, pes, *source, at, self.now, marks), strict=True
            ):
                new[name] = column
            kept = np.flatnonzero((new["pe"] < 0) | (self.inside[new["pe"]] >= 0))
            payload["id"][kept] = self.named + 1 + np.arange(len(kept))
            self.named += len(kept)
            self.trace._wavelets.append(new[kept])
            self.used += len(kept) * WAVELET.itemsize + OVERHEAD
        return payload

    def handled(self, lanes: np.ndarray, pes: np.ndarray, n: Any) -> None:
        """Some PEs handle ``n`` elements each."""
        self.done[lanes, pes] += n

    def written(self, name: str, pes: np.ndarray, where: Any, values: Any) -> None:
        """Some PEs write a value each into memory; called before they do."""
        kept = self.trace.memories.get(name) if self.recording else None
        if kept is None:
            return
        here = np.flatnonzero(self.inside[pes] >= 0)
        where = np.broadcast_to(where, pes.shape)[here]
        dtype = kept.initial.dtype
        new = np.broadcast_to(values, pes.shape)[here].astype(dtype)
        bits = [a.view(f"u{dtype.itemsize}") for a in (self.flat[name][pes[here], where], new)]
        rows = (self.inside[pes[here]], kept.start + where, bits[0] ^ bits[1])
        self.writes.append(np.array(rows, np.uint32))

    # What it reads from the engine in each cycle.

    def look(self, engine: Lockstep) -> None:
        """At the start of a cycle: what stands where."""
        if self.doing is None:
            self.doing = Doing(engine)
            self.moved = np.zeros(engine.routers.count, np.int64)
        processors, self.now = engine.processors, engine.now
        self.doing.look(engine.quiet)
        running = processors.running[0]
        self.begun = np.where(running >= 0, np.where(self.begun > 0, self.begun, self.now), 0)
        next_one = processors.operation[processors.step]
        self.main = np.where(running >= 0, running, next_one)
        if not self.recording and not self.over and self.now in self.trace.wanted:
            self._start(engine)
        if self.recording:
            self._fill(engine)

    def decided(self, granted: np.ndarray, ready: list, woken: list) -> None:
        """When everything has decided what it does in this cycle."""
        assert self.doing is not None
        doing = self.doing.decided(self.main, ready, woken)
        self.moved[granted] += 1
        if self.recording:
            self.cells.view(self.current, "doing")[0] = doing[self.cells.pes]
            self._store()

    def finish(self, engine: Lockstep, how: str) -> None:
        """After a run: the state in which it ended, if that is not recorded yet."""
        end, limit = engine.now, how == "limit"
        if self.doing is not None:
            self.doing.close(0 if limit else engine.quiet)
        if limit:  # also what each PE would do next, though nobody sees that done
            with np.errstate(all="ignore"):
                self.look(engine)
                engine._cycle()
        elif self.doing is None or self.now < end:
            self.look(engine)
            if self.recording:
                self.cells.view(self.current, "doing")[0] = 0
                self._store()
        assert self.doing is not None
        self.trace._close(end, self.doing.count)

    def _start(self, engine: Lockstep) -> None:
        self.recording, self.trace.first = True, self.now
        self.flat = engine.processors.flat
        self.used += self.trace._keep_memory(self.flat)
        nodes = engine.routers.node_of[:, self.cells.pes]
        self.nodes = nodes[nodes >= 0]  # by color, then PE, as the cells have them
        self.partial = self.now > 0 or len(self.cells.pes) < len(self.inside)

    def _fill(self, engine: Lockstep) -> None:
        """Bring the cells up to date, all but ``doing``."""
        processors, routers, pes = engine.processors, engine.routers, self.cells.pes
        at = {name: self.cells.view(self.current, name) for name in self.cells.sections}
        at["operation"][0] = self.main[pes] + 1
        at["begun"][0] = self.begun[pes]
        pause = processors.pause[pes]
        at["resume"][0] = np.where(pause > 0, self.now + pause, at["resume"][0])
        at["woke"][...] = processors.woke.view(np.uint32)[pes]
        at["done"][...] = self.done[:, pes]
        begun = self.done[:, pes] - processors.handled[:, pes]
        at["before"][...] = np.where(processors.running[:, pes] >= 0, begun, at["before"])
        at["thread"][...] = processors.running[1:, pes] + 1
        self._belt(at["out"], routers.belt_out)
        self._links(at["link"], routers)
        self._queue(at["queue"], routers.queue)
        self._belt(at["in"], routers.belt_in)
        self._queue(at["inbox"], routers.inbox)
        at["moved"][0] = self.moved[self.nodes]
        at["entering"][...] = routers.entering[self.nodes]
        at["leaving"][...] = routers.leaving[self.nodes]
        at["given"][0], at["taken"][0] = routers.hosts_in.passed, routers.hosts_out.passed

    def _belt(self, rows: np.ndarray, belt: Belt) -> None:
        for place, row in enumerate(rows):
            there = belt.there[place, self.nodes]
            row[:] = self._ids(belt, np.intp(place), there, self.nodes)

    def _links(self, rows: np.ndarray, routers: Routers) -> None:
        places = self.cells.link_places
        for number, port in enumerate(self.cells.long_ports):
            belts = routers.long_of[port.number * routers.count + self.nodes]
            nodes = np.flatnonzero(belts >= 0)
            for place in range(places):
                there = routers.long.there[place, belts[nodes]]
                ids = self._ids(routers.long, np.intp(place), there, belts[nodes], nodes)
                rows[number * places + place, nodes] = ids

    def _queue(self, rows: np.ndarray, fifo: Fifo) -> None:
        count, head = fifo.count[self.nodes], fifo.head[self.nodes]
        for place, row in enumerate(rows):
            row[:] = self._ids(fifo, (head + place) % fifo.depth, count > place, self.nodes)

    def _ids(
        self, held: Belt | Fifo, slot: Any, there: np.ndarray, rows: np.ndarray, nodes: Any = ...
    ) -> np.ndarray:
        """The numbers of the wavelets in a slot of some rows, 0 where none is there.

        ``nodes`` are those of the cells that the rows belong to, all in order unless given.
        """
        ids = np.where(there, held.values["id"][slot, rows], 0)
        if self.partial and len(new := np.flatnonzero(there & (ids == 0))):
            slots = np.broadcast_to(slot, rows.shape)[new], rows[new]
            marks, pes = held.marks[slots], self.cells.pes[self.cells.pe[nodes][new]]
            pes = np.where(marks == OWN, pes, -1)  # such a mark goes when it leaves its router
            payload = self._name(held.values["value"][slots], pes, (-1, -1), 0, marks)
            held.values["id"][slots] = ids[new] = payload["id"]
        return ids

    def _store(self) -> None:
        """Keep what has changed since the cycle before."""
        trace, first = self.trace, not self.trace._keys
        changed = np.flatnonzero(self.current != self.before)
        now, then = self.current[changed], self.before[changed]
        changes = np.array([changed, now ^ then], np.uint32)
        writes = np.concatenate([np.zeros((3, 0), np.uint32), *self.writes], axis=1)
        size = changes.nbytes + writes.nbytes + 2 * OVERHEAD
        self.since_key += size
        if key := first or self.since_key > self.current.nbytes:
            size += self.current.nbytes
            self.since_key = 0
        self.used += size
        if self.used > trace.budget:
            self.recording, self.over = False, True
            trace.full = True
            return
        if not first:
            trace._changes.append(changes)
            trace._writes.append(writes)
        if key:
            trace._keys.append((self.now, self.current.copy()))
        self.before[changed] = now
        self.writes.clear()
        if self.now >= trace.wanted.stop:
            self.recording, self.over = False, True


def _links_in(program: Program) -> tuple[np.ndarray, np.ndarray]:
    """Of each link by which the host sends: the number of its stream, and its PE."""
    links = [
        (number, row * program.shape[1] + column)
        for number, stream in enumerate(program.hosts)
        if stream.is_in
        for row, column in stream.places
    ]
    stream, pe = np.array(links, np.int64).reshape(-1, 2).T
    return stream, pe
