"""Traces as Chrome trace JSON, the format that ui.perfetto.dev and chrome://tracing show.

A cycle is a microsecond there, the format's unit of time. Each PE is a track with a slice for each
of its operations and, in it, one for each time that it waits, named by the reason; its microthreads
have tracks of their own. Wavelets inside the wafer are counters, one a color.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..explain.standing import Waiting, elements, name
from .cells import DOING
from .frames import Frame
from .pe_frame import PLACES

if TYPE_CHECKING:
    from .trace import Trace

PES, WAVELETS = 1, 2  # process numbers: a group of tracks each
MOST_REASONS = 20_000  # waits told in words; later ones have the kind alone


def write(trace: Trace, path: Path) -> None:
    """Write a trace as Chrome trace JSON."""
    data = {
        "traceEvents": Timeline(trace).events(),
        "displayTimeUnit": "ns",
        "otherData": {"unit": "1 us is 1 cycle", "cycles": trace.end_cycle, "end": trace.end},
    }
    path.write_text(json.dumps(data), encoding="utf-8")


class Timeline:
    """The slices of a trace, collected from cycle to cycle; tracks are (lane, PE)."""

    def __init__(self, trace: Trace):
        self.trace, self.cells, self.program = trace, trace.cells, trace.program
        alone = [not operation.on_fabric for operation in self.program.operations]
        self.alone = np.array([False, *alone])  # by 1 + number
        shape = (self.program.lanes, len(self.cells.pes))
        self.number = np.zeros(shape, np.int64)  # 1 + the operation that runs in a lane
        self.since = np.zeros(shape, np.int64)
        self.waits = np.zeros(shape, bool)
        self.doing = np.zeros(shape[1], np.uint32)
        self.waits_since = np.zeros(shape, np.int64)
        self.reasons: dict[tuple[int, int], tuple[str, str]] = {}
        self.asked = 0
        self.inside = np.full(len(self.program.colors), -1)
        self.found: list[dict[str, Any]] = []

    def events(self) -> list[dict[str, Any]]:
        """All events, those that name the tracks first."""
        trace = self.trace
        frames = [trace._cells_at(trace.first).copy(), trace._cells_at(trace.first).copy()]
        views = [{n: self.cells.view(c, n) for n in self.cells.sections} for c in frames]
        self._open(trace.first, views[0])
        for cycle, (changed, how) in enumerate(trace._changes, trace.first):
            frames[1][changed] ^= how
            self._cycle(cycle, frames[0], *views)
            frames[0][changed] ^= how
        self._count(trace.last, views[1])
        self._close(trace.last, self.waits, self.number > 0)
        return [*self._names(), *self.found]

    def _open(self, first: int, now: dict[str, np.ndarray]) -> None:
        """What runs already when the trace begins."""
        self.number[1:] = now["thread"]
        self.number[0] = np.where(now["begun"][0] > 0, now["operation"][0], 0)
        self.since[:] = first

    def _cycle(self, cycle: int, cells: np.ndarray, now: dict, then: dict) -> None:
        fired = now["done"] != then["done"]
        main = now["operation"][0].astype(np.int64)
        runs = np.concatenate([now["begun"] > 0, now["thread"] > 0])
        stays = np.concatenate([then["begun"] > 0, then["thread"] > 0])
        begins = ~runs & (stays | fired)
        self.number[begins] = np.broadcast_to(main, runs.shape)[begins]
        self.since[begins] = cycle
        works = fired.copy()
        works[0] |= self.alone[main] & (runs[0] | begins[0])
        waits = runs & ~works
        waits[0] = (main > 0) & ~works[0] & ~begins[1:].any(axis=0)
        other = now["doing"][0] != self.doing  # it waits for something else now
        self.doing = now["doing"][0].copy()
        self._close(cycle, self.waits & (~waits | other), None)
        starts = waits & (~self.waits | other)
        if starts.any():
            self._ask(cycle, cells, starts)
        self.waits = waits
        self._count(cycle, now)
        ends = (runs | begins) & ~stays
        self._close(cycle + 1, self.waits & ends, ends)
        self.waits &= ~ends

    def _ask(self, cycle: int, cells: np.ndarray, starts: np.ndarray) -> None:
        """Note why some lanes wait, and since when."""
        self.waits_since[starts] = cycle
        frame = Frame(self.trace, cycle, cells)
        for lane, pe in np.argwhere(starts).tolist():
            kind, text = DOING[self.doing[pe]], ""
            if self.asked < MOST_REASONS:
                self.asked += 1
                number = int(self.number[lane, pe]) - 1 if lane else None
                thing = Waiting("operation", self.cells.place(pe), None, number)
                if reason := frame.why(thing):
                    kind, text = reason.kind, reason.text
            self.reasons[lane, pe] = kind, text

    def _close(self, cycle: int, waits: np.ndarray, operations: np.ndarray | None) -> None:
        """End some waits, then some operations, before ``cycle``."""
        for lane, pe in np.argwhere(waits).tolist():
            kind, text = self.reasons[lane, pe]
            since = int(self.waits_since[lane, pe])
            self._slice(lane, pe, since, cycle, kind, "waiting", {"reason": text} if text else {})
        for lane, pe in [] if operations is None else np.argwhere(operations).tolist():
            number = int(self.number[lane, pe]) - 1
            operation = self.program.operations[number]
            args = {
                "line": operation.line,
                "elements": elements(operation, self.cells.place(pe)),
                "number": number,
            }
            what = "operation" if operation.on_fabric else "computing"
            self._slice(lane, pe, int(self.since[lane, pe]), cycle, str(operation), what, args)
            self.number[lane, pe] = 0

    def _slice(
        self, lane: int, pe: int, start: int, stop: int, what: str, kind: str, args: dict
    ) -> None:
        if stop > start:
            self.found.append(
                {"ph": "X", "name": what, "cat": kind, "ts": start, "dur": stop - start,
                 "pid": PES, "tid": self._track(lane, pe), "args": args}
            )  # fmt: skip

    def _track(self, lane: int, pe: int) -> int:
        return 1 + pe * self.program.lanes + lane

    def _count(self, cycle: int, now: dict[str, np.ndarray]) -> None:
        """Count the wavelets of each color where their number has changed."""
        held = sum((now[place] > 0).sum(axis=0) for place in PLACES)
        inside = np.bincount(self.cells.color, weights=held, minlength=len(self.inside))
        for number in np.flatnonzero(inside != self.inside).tolist():
            color = f"color {self.program.colors[number].name}"
            self.found.append(
                {"ph": "C", "name": color, "cat": "wavelets", "ts": cycle, "pid": WAVELETS,
                 "tid": 0, "args": {"wavelets": int(inside[number])}}
            )  # fmt: skip
        self.inside = inside

    def _names(self) -> list[dict[str, Any]]:
        """Metadata events: the names and the order of the tracks that are used."""
        rows, columns = self.trace.shape
        found = [
            _metadata("process_name", PES, 0, {"name": f"PEs of {rows} x {columns}"}),
            _metadata("process_name", WAVELETS, 0, {"name": "wavelets inside, by color"}),
            _metadata("process_sort_index", PES, 0, {"sort_index": 0}),
            _metadata("process_sort_index", WAVELETS, 0, {"sort_index": 1}),
        ]
        for track in sorted({event["tid"] for event in self.found if event["ph"] == "X"}):
            pe, lane = divmod(track - 1, self.program.lanes)
            of = name(self.cells.place(pe)) + (f", microthread {lane}" if lane else "")
            found.append(_metadata("thread_name", PES, track, {"name": of}))
            found.append(_metadata("thread_sort_index", PES, track, {"sort_index": track}))
        return found


def _metadata(what: str, process: int, track: int, args: dict[str, Any]) -> dict[str, Any]:
    """An event that names or orders a process or a track."""
    return {"ph": "M", "name": what, "cat": "__metadata", "ts": 0, "pid": process, "tid": track,
            "args": args}  # fmt: skip
