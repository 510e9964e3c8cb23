"""A cycle of a trace: what stands where at its start, and what happens in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..color import Color
from ..explain.standing import Place, Reason, Waiting, count, name
from ..explain.why import Explainer
from ..ports import Port
from ..state import State
from .cells import BUSY, DOING, IDLE
from .pe_frame import PLACES, PEFrame

if TYPE_CHECKING:
    from .trace import Trace

SIGNS = {"idle": ".", "busy": "#", "no wavelet": "w", "full": "f"}  # others by their first letter
MOST_DRAWN = (32, 32)  # rows and columns
WAVELET_HERE = np.dtype(
    [("row", int), ("column", int), ("color", int), ("place", "U5"), ("slot", int)]
    + [("id", int), ("value", np.float32), ("control", bool)]
)


class Move(NamedTuple):
    """The first wavelet of a router's queue leaves it by some ports."""

    pe: Place
    color: Color
    ports: tuple[Port, ...]
    id: int


class Fired(NamedTuple):
    """A PE handles an element of an operation, in a lane; of one on memory alone, the last."""

    pe: Place
    number: int
    lane: int


class Frame:
    """The start of a cycle, and what happens in it; made by `Trace.at`.

    ``cells`` are as `Cells` says. The last frame of a run shows how it ended: nothing happens.
    """

    def __init__(self, trace: Trace, cycle: int, cells: np.ndarray):
        self.trace, self.cycle, self.cells = trace, cycle, cells
        self.program = trace.program

    def __call__(self, section: str) -> np.ndarray:
        """A section of the cells, of shape (width, count)."""
        return self.trace.cells.view(self.cells, section)

    def pe(self, row: int, column: int) -> PEFrame:
        """One PE. Raises IndexError where the trace does not hold it."""
        local = self.trace.cells.local(row, column)
        if local is None:
            rows, columns = self.trace.cells.rows, self.trace.cells.columns
            raise IndexError(
                f"PE ({row}, {column}) is not in the trace, which holds rows {rows.start} to "
                f"{rows.stop - 1} and columns {columns.start} to {columns.stop - 1}"
            )
        return PEFrame(self, (row, column), local)

    @cached_property
    def state(self) -> State:
        """What stands where, as errors hold it; nothing where the trace holds no PE."""
        cells, program = self.trace.cells, self.program
        state = State.empty(program.shape, len(program.colors), program.lanes)
        state.cycle, pes = self.cycle, cells.pes

        def put(plane: np.ndarray, values: Any, where: np.ndarray = pes) -> None:
            plane.ravel()[where] = values

        operation = self("operation")[0].astype(np.int64) - 1
        done = (self("done") - self("before")).astype(np.int64)
        put(state.operation, operation)
        put(state.handled, np.where(self("begun")[0] > 0, done[0], 0))
        for lane, thread in enumerate(self("thread").astype(np.int64) - 1):
            put(state.threads[lane], thread)
            put(state.threads_handled[lane], np.where(thread >= 0, done[lane + 1], 0))
        for planes, section in (
            (state.leaving, "out"), (state.queued, "queue"), (state.arriving, "in"),
            (state.waiting, "inbox"), (state.position_in, "entering"),
            (state.position_out, "leaving"),
        ):  # fmt: skip
            rows = self(section)
            values = rows.sum(axis=0) if section in ("entering", "leaving") else (rows > 0).sum(0)
            for color, plane in enumerate(planes):
                nodes = cells.color == color
                put(plane, values[nodes], pes[cells.pe[nodes]])
        places = cells.link_places
        for number, port in enumerate(cells.long_ports):
            on_it = (self("link")[number * places : (number + 1) * places] > 0).sum(axis=0)
            for color, by_port in enumerate(state.coming):
                nodes = cells.color == color
                put(by_port[port.number], on_it[nodes], pes[cells.pe[nodes]])
        put(state.pause, np.maximum(0, self("resume")[0].astype(np.int64) - self.cycle))
        put(state.left, self._left(operation))
        streams = [len(stream.places) for stream in program.hosts]
        given, taken = (
            iter(np.split(self(section)[0], np.cumsum(_lengths(streams, program.hosts, into))))
            for section, into in (("given", True), ("taken", False))
        )
        state.passed = [next(given if one.is_in else taken) for one in program.hosts]
        return state

    def _left(self, operation: np.ndarray) -> np.ndarray:
        """Cycles that operations on memory alone still take."""
        begun, left = self("begun")[0].astype(np.int64), np.zeros(len(operation), np.int64)
        for number, one in enumerate(self.program.operations):
            if not one.on_fabric and (at := np.flatnonzero(operation == number)).size:
                n = one.n if np.ndim(one.n) == 0 else one.n.ravel()[self.trace.cells.pes[at]]
                passed = np.where(begun[at] > 0, self.cycle + 1 - begun[at], 0)
                left[at] = one.cycles(n, self.program.rules) - passed
        return left

    @property
    def doing(self) -> np.ndarray:
        """What each PE does in this cycle, in words of `DOING`; of the trace's rectangle's shape.

        After the last cycle of a run that came to its end all are idle.
        """
        shape = len(self.trace.cells.rows), len(self.trace.cells.columns)
        return np.array(DOING)[self("doing")[0]].reshape(shape)

    @property
    def wavelets(self) -> np.ndarray:
        """The wavelets inside: row, column, color (its number), place, slot, id, value, control.

        Places are "out" (the belt from the processor, slot 0 first), "link" (a long one into the
        router, see `Cells`), "queue" (the router's, slot 0 the first in line), "in" (the belt to
        the processor) and "inbox" (the PE's own).
        """
        cells, table, parts = self.trace.cells, self.trace.wavelets, []
        for place in PLACES:
            rows = self(place)
            slot, node = np.nonzero(rows)
            part = np.zeros(len(slot), WAVELET_HERE)
            pe = cells.pes[cells.pe[node]]
            part["row"], part["column"] = np.divmod(pe, cells.shape[1])
            part["color"], part["place"], part["slot"] = cells.color[node], place, slot
            part["id"] = rows[slot, node]
            known = table[part["id"] - 1]
            control = (known["advance"] == 2) | ((known["advance"] == 1) & (known["pe"] == pe))
            part["value"] = known["value"]
            part["control"] = control & (place in ("out", "link", "queue"))
            parts.append(part)
        return np.concatenate(parts)

    # What happens in the cycle.

    def _changed(self, section: str) -> tuple[np.ndarray, np.ndarray]:
        """The cells of a section that change in this cycle."""
        at = self.cycle - self.trace.first
        changes = self.trace._changes
        cells = changes[at][0] if at < len(changes) else np.zeros(0, np.uint32)
        return self.trace.cells.within(cells, section)

    @property
    def moved(self) -> list[Move]:
        """Which wavelets leave a router's queue in this cycle, and by which ports."""
        cells, colors, found = self.trace.cells, self.program.colors, []
        for node in self._changed("moved")[1].tolist():
            pe, color = cells.place(cells.pe[node]), colors[cells.color[node]]
            position = int(self("leaving")[:, node].sum())
            route = color.route_at(*pe, min(position, color.positions - 1))
            ports = () if route is None else route.outputs
            found.append(Move(pe, color, ports, int(self("queue")[0, node])))
        return found

    @property
    def fired(self) -> list[Fired]:
        """Which PEs handle an element of an operation in this cycle."""
        lanes, pes = self._changed("done")
        found = []
        for lane, pe in zip(lanes.tolist(), pes.tolist(), strict=True):
            thread = int(self("thread")[lane - 1, pe]) if lane else 0
            number = (thread or int(self("operation")[0, pe])) - 1
            found.append(Fired(self.trace.cells.place(pe), number, lane))
        return found

    @property
    def from_host(self) -> list[Waiting]:
        """The links by which the host sends a wavelet into the wafer in this cycle."""
        return self._links("given", True)

    @property
    def to_host(self) -> list[Waiting]:
        """The links by which the host takes a wavelet from the wafer in this cycle."""
        return self._links("taken", False)

    def _links(self, section: str, into: bool) -> list[Waiting]:
        streams = [stream for stream in self.program.hosts if stream.is_in is into]
        links = [(stream, place) for stream in streams for place in stream.places]
        what = "host in" if into else "host out"
        at = self._changed(section)[1].tolist()
        return [Waiting(what, links[i][1], links[i][0].color) for i in at]

    # Why something waits.

    @cached_property
    def explainer(self) -> Explainer:
        """What answers why something does not move; it knows only the PEs of the trace."""
        state = self.state
        if len(self.trace.cells.pes) < state.operation.size:
            known = np.zeros(state.operation.shape, bool)
            known.ravel()[self.trace.cells.pes] = True
            changed: dict[str, Any] = {}
            for field, value in vars(state).items():
                if field not in ("cycle", "passed"):
                    planes = isinstance(value, list)
                    changed[field] = (
                        [Known(one, known) for one in value] if planes else Known(value, known)
                    )
            state = replace(state, **changed)
        return Explainer(self.program, state)

    def why(self, thing: Waiting) -> Reason | None:
        """Why something does not move in this cycle; None if nothing keeps it."""
        try:
            return self.explainer.why(thing)
        except Outside as outside:
            text = f"{name(thing.pe)} depends on {outside}, of which the trace holds nothing"
            return Reason("not now", text)

    def __repr__(self) -> str:
        doing, inside = self.doing, sum(int((self(place) > 0).sum()) for place in PLACES)
        busy, idle = int((doing == DOING[BUSY]).sum()), int((doing == DOING[IDLE]).sum())
        line = (
            f"cycle {self.cycle:,} of {self.trace.end_cycle:,}: {count(inside, 'wavelet')} inside; "
            f"{count(doing.size, 'PE')}: {busy:,} busy, {doing.size - busy - idle:,} waiting, "
            f"{idle:,} idle"
        )
        drawn = doing.shape[0] <= MOST_DRAWN[0] and doing.shape[1] <= MOST_DRAWN[1]
        return "\n".join([line, *self._drawing(doing)]) if drawn else line

    def _drawing(self, doing: np.ndarray) -> Iterator[str]:
        """The PEs as signs, each with the number of wavelets at it."""
        here = np.zeros(doing.size, np.int64)
        for place in PLACES:
            np.add.at(here, self.trace.cells.pe, (self(place) > 0).sum(axis=0))
        digits = np.where(here > 9, "+", np.where(here > 0, here.astype("U20"), " "))
        for signs, row in zip(doing, digits.reshape(doing.shape), strict=True):
            pairs = zip(signs.tolist(), row.tolist(), strict=True)
            yield "  " + " ".join(_sign(what) + wavelets for what, wavelets in pairs).rstrip()
        kinds = [kind for kind in DOING if (doing == kind).any()]
        yield "  (" + ", ".join(f"{_sign(kind)} {kind}" for kind in kinds) + "; 1-9 wavelets there)"


def _sign(what: str) -> str:
    return SIGNS.get(what, what[0])


def _lengths(sizes: list[int], hosts: list, into: bool) -> list[int]:
    return [size for size, stream in zip(sizes, hosts, strict=True) if stream.is_in is into]


class Outside(LookupError):
    """Something was asked of a PE that a trace does not hold."""


class Known:
    """An array of the wafer's shape of which only some PEs are known."""

    def __init__(self, array: np.ndarray, known: np.ndarray):
        self.array, self.known = array, known

    def __getitem__(self, key: Any) -> Any:
        if not isinstance(key, tuple):  # a lane
            return Known(self.array[key], self.known)
        if not self.known[key[-2:]]:
            raise Outside(name(key[-2:]))
        return self.array[key]

    def __len__(self) -> int:
        return len(self.array)
