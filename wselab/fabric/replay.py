"""Replay: the values of a launch that the control has found to end.

Which values an operation computes does not depend on when it computes them: every queue has one
writer and keeps its order. So each operation is computed here for many PEs and all its elements at
once, as soon as the values that it takes in are there. The PEs of a line of the wafer that have
done the same so far form a *crew*; a crew is split when only some of it can go on. The values of a
stream wait on a tape, a line's streams side by side, and a page of tape is used again when all who
listen have read it.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterator
from typing import Any

import numpy as np

from .color import Color
from .memory import Part
from .operations import FabIn, Operation
from .ports import EAST, NORTH, SOUTH, WEST
from .program import Program, Schedule
from .streams import Streams

PAGE = 1024  # values of one stream on a page, at most


class Crew:
    """PEs of one line that have done the same so far.

    ``places`` in the line, ``step`` in the schedule and elements ``handled`` of it; ``read`` and
    ``sent`` count values by color.
    """

    def __init__(self, line: int, places: np.ndarray, step: int):
        self.line, self.places, self.step, self.handled = line, places, step, 0
        self.read: dict[Color, int] = {}
        self.sent: dict[Color, int] = {}
        self.rows = _as_slice(places)
        self.sources: dict[Color, tuple[int, Any]] = {}

    def split(self, keys: np.ndarray) -> list[Crew]:
        """Crews of the PEs with the same key."""
        parts = []
        for key in np.unique(keys):
            part = Crew(self.line, self.places[keys == key], self.step)
            part.handled = self.handled
            part.read, part.sent = dict(self.read), dict(self.sent)
            parts.append(part)
        return parts


class Tape:
    """The streams of one color, by the line in which they start."""

    def __init__(self, streams: Streams, line_of: Any, length: int):
        self.source, self.line_of, self.places = streams.source, line_of, length
        shape = streams.source.shape
        heard = self.source[streams.listening & (self.source >= 0)]
        self.listeners = np.bincount(heard, minlength=self.source.size).reshape(shape)
        self.sent = streams.sent
        self.width = int(min(PAGE, max(1, self.sent.max(initial=0))))
        self.written: dict[int, np.ndarray] = {}  # values of each stream of a line, so far
        self.pages: dict[tuple[int, int], list[Any]] = {}  # (line, number): [values, reads to come]
        self.blank: list[np.ndarray] = []

    def written_in(self, line: int) -> np.ndarray:
        """How many values each stream of a line has, by place."""
        if line not in self.written:
            self.written[line] = np.zeros(self.places, np.int64)
        return self.written[line]

    def values(self, line: int, position: int, count: int) -> np.ndarray:
        """An array [place, value] of a line's streams; the values must lie on one page."""
        number, at = divmod(position, self.width)
        if (line, number) not in self.pages:
            page = (
                self.blank.pop() if self.blank else np.empty((self.places, self.width), np.float32)
            )
            here = np.clip(self.line_of(self.sent, line) - number * self.width, 0, self.width)
            reads = int((here * self.line_of(self.listeners, line)).sum())
            self.pages[line, number] = [page, reads]
        return self.pages[line, number][0][:, at : at + count]

    def have_read(self, line: int, position: int, values: int) -> None:
        """Count values as read; when all have been, their page is blank again."""
        page = self.pages[line, position // self.width]
        page[1] -= values
        if page[1] == 0:
            self.blank.append(self.pages.pop((line, position // self.width))[0])

    def page_ends(self, position: int, count: int) -> range:
        """Where pages end within the next ``count`` values, counted from ``position``."""
        return range(self.width - position % self.width, count, self.width)


class Replay:
    """Computes what the operations of a program write, in an order that the streams allow."""

    def __init__(self, program: Program, schedule: Schedule, streams: list[Streams]):
        self.program, self.schedule = program, schedule
        self.turned = _chains_run_along_rows(program)
        count, length = program.shape[::-1] if self.turned else program.shape
        self.tapes = {
            color: Tape(one, self._line_of, length)
            for color, one in zip(program.colors, streams, strict=True)
        }
        self.ready: deque[Crew] = deque()
        self.blocked: dict[tuple[Color, int], list[Crew]] = {}
        self.prologue, first = _prologue(program, schedule)
        for line in range(count):
            steps = first[self._line_of(schedule.class_of, line)]
            for step in np.unique(steps).tolist():
                self.ready.append(Crew(line, np.flatnonzero(steps == step), step))

    def run(self) -> None:
        """Compute everything, writing into the program's memories."""
        with np.errstate(all="ignore"):
            for operation in self.prologue:
                _alone(operation, self.program)
            while self.ready:
                while self.ready:
                    self._go_on(self.ready.popleft())
                self._go_on_in_part()

    def _line_of(self, array: np.ndarray, line: int) -> np.ndarray:
        """The PEs of a line in an array of the wafer's shape."""
        return array[:, line] if self.turned else array[line]

    def _operation(self, crew: Crew) -> Operation | None:
        number = self.schedule.operation[crew.step]
        return self.program.operations[number] if number >= 0 else None

    def _go_on(self, crew: Crew, whole: bool = True) -> bool:
        """Compute operations of a crew until it must wait, or is split; tells if any was."""
        progress = False
        while operation := self._operation(crew):
            n = operation.n
            if np.ndim(n):
                counts = self._line_of(n, crew.line)[crew.places]
                n = int(counts[0])
                if (counts != n).any():
                    self.ready.extend(crew.split(counts))
                    return True
            amount = n - crew.handled
            for color in operation.reads:
                source = self._source(crew, color)
                if source is None:
                    return True  # split
                line, rows = source
                there = self.tapes[color].written_in(line)[rows] - crew.read.get(color, 0)
                least = int(there.min())
                if least >= amount:
                    continue
                enough = there >= (amount if whole else 1)
                if not enough.any():
                    self.blocked.setdefault((color, line), []).append(crew)
                    return progress
                if not enough.all():
                    self.ready.extend(crew.split(enough))
                    return True
                amount = min(amount, least)
            self._compute(operation, crew, amount)
            progress = True
            if crew.handled == n:
                crew.step = int(self.schedule.following[crew.step])
                crew.handled = 0
            else:
                whole = True  # the rest waits as any other
        return progress

    def _go_on_in_part(self) -> None:
        """An operation fed by its own earlier output finds only some of its elements there."""
        waiting = [crew for crews in self.blocked.values() for crew in crews]
        self.blocked.clear()
        for at, crew in enumerate(waiting):
            if self._go_on(crew, whole=False):
                self.ready.extend(waiting[at + 1 :])
                return

    def _source(self, crew: Crew, color: Color) -> tuple[int, Any] | None:
        """The line and rows of the tape that a crew reads; None if the crew was split for it."""
        if color not in crew.sources:
            sources = self._line_of(self.tapes[color].source, crew.line)[crew.places]
            row, column = np.divmod(sources, self.program.shape[1])
            lines, places = (column, row) if self.turned else (row, column)
            if (lines != lines[0]).any():
                self.ready.extend(crew.split(lines))
                return None
            crew.sources[color] = int(lines[0]), _as_slice(places)
        return crew.sources[color]

    def _compute(self, operation: Operation, crew: Crew, amount: int) -> None:
        """The next ``amount`` elements of an operation, in pieces that lie on one page each."""
        edges = {0, amount}
        reads = []
        for color in operation.reads:
            tape, position = self.tapes[color], crew.read.get(color, 0)
            reads.append((tape, position, *crew.sources[color]))
            edges.update(tape.page_ends(position, amount))
            crew.read[color] = position + amount
        sends = operation.sends
        if sends is not None:
            out_tape, out_position = self.tapes[sends], crew.sent.get(sends, 0)
            edges.update(out_tape.page_ends(out_position, amount))
            crew.sent[sends] = out_position + amount
        pieces = sorted(edges)
        for low, high in itertools.pairwise(pieces):
            span = slice(crew.handled + low, crew.handled + high)
            streams = iter(reads)
            inputs = []
            for item in operation.inputs:
                if isinstance(item, FabIn):
                    tape, position, line, rows = next(streams)
                    inputs.append(tape.values(line, position + low, high - low)[rows])
                elif isinstance(item, Part):
                    values = self._part(item, crew.line)[crew.rows]
                    inputs.append(values[:, span] if item.shape else values)
                else:
                    inputs.append(np.dtype(operation.dtype).type(item))
            if sends is not None:
                target = out_tape.values(crew.line, out_position + low, high - low)
                _evaluate(operation, inputs, target, crew.rows)
            else:
                self._store(operation, inputs, crew, span)
            for tape, position, line, _ in reads:
                tape.have_read(line, position + low, len(crew.places) * (high - low))
        crew.handled += amount
        if sends is not None:
            out_tape.written_in(crew.line)[crew.rows] += amount
            self.ready.extend(self.blocked.pop((sends, crew.line), ()))

    def _store(self, operation: Operation, inputs: list[Any], crew: Crew, span: slice) -> None:
        part = operation.out
        memory = self._part(part, crew.line)
        _evaluate(operation, inputs, memory[:, span], crew.rows)
        view = self._view(part, crew.line)
        if not np.shares_memory(memory, view):  # no flat view of this part: write the copy back
            view[...] = memory.reshape(view.shape)

    def _view(self, part: Part, line: int) -> np.ndarray:
        array = self.program.memories[part.memory.name]
        return part.of(self._line_of(array, line), 1)

    def _part(self, part: Part, line: int) -> np.ndarray:
        """A part of the memory of a line's PEs as [place, element]; a view where that can be."""
        view = self._view(part, line)
        return view.reshape(len(view), part.length)


def _chains_run_along_rows(program: Program) -> bool:
    """Whether more PEs pass on what comes along a row than what comes along a column.

    Lines then are columns, so that the PEs of a line pass it on together, not one after another.
    """
    along_rows = 0
    for operation in program.operations:
        if operation.sends is not None and operation.present is not None:
            for color in operation.reads:
                entry = color.entries[0][operation.present]
                along_rows += int(np.isin(entry, [EAST.number + 1, WEST.number + 1]).sum())
                along_rows -= int(np.isin(entry, [NORTH.number + 1, SOUTH.number + 1]).sum())
    return along_rows > 0  # and rows, which lie together in memory, where nothing is passed on


def _prologue(program: Program, schedule: Schedule) -> tuple[list[Operation], np.ndarray]:
    """Operations on memory alone before any stream, and the step of each class behind them.

    They can be computed region by region as they were written, whatever else a PE has to do.
    """
    begun = np.zeros(program.shape, bool)
    alone = np.zeros(len(program.operations), bool)
    for number, operation in enumerate(program.operations):
        where = operation.present
        if where is None:
            continue
        alone[number] = not operation.on_fabric and not begun[where].any()
        if not alone[number]:
            begun[where] = True
    skipped = np.append(alone, False)[schedule.operation]  # by step; the end, -1, is none
    first = schedule.first.copy()
    while skipped[first].any():
        first = np.where(skipped[first], schedule.following[first], first)
    return [o for o, is_alone in zip(program.operations, alone, strict=True) if is_alone], first


def _alone(operation: Operation, program: Program) -> None:
    """An operation on memory alone, for its whole region, some rows at a time."""
    for row, places in _rows_of(operation.present, program.shape):
        columns = _as_slice(places)
        inputs = []
        for item in operation.inputs:
            if isinstance(item, Part):
                view = item.of(program.memories[item.memory.name][row], 1)[columns]
                inputs.append(view.reshape(len(view), item.length))
            else:
                inputs.append(np.dtype(operation.dtype).type(item))
        view = operation.out.of(program.memories[operation.out.memory.name][row], 1)
        flat = view.reshape(len(view), operation.out.length)
        _evaluate(operation, inputs, flat, columns)
        if not np.shares_memory(flat, view):
            view[...] = flat.reshape(view.shape)


def _rows_of(where: Any, shape: tuple[int, int]) -> Iterator[tuple[int, np.ndarray]]:
    """The rows of a region, each with its columns."""
    if isinstance(where, tuple):
        columns = np.arange(shape[1])[where[1]]
        rows = np.arange(shape[0])[where[0]] if len(columns) else ()
        yield from ((int(row), columns) for row in rows)
    else:
        for row in np.flatnonzero(where.any(axis=1)):
            yield int(row), np.flatnonzero(where[row])


def _evaluate(operation: Operation, inputs: list[Any], target: np.ndarray, rows: Any) -> None:
    """One operation on blocks of values, rounded as each element would be."""
    kind, dtype = operation.kind, operation.dtype
    out = target[rows]
    a = inputs[0]
    if kind == "mov":
        np.copyto(out, a, casting="same_kind")
    elif kind == "max":
        a, b = (np.asarray(item).astype(dtype) for item in inputs)
        np.copyto(out, np.where((a > b) | (a != a), a, b), casting="same_kind")
    elif kind == "mac":
        product = np.multiply(a, inputs[1], dtype=dtype, casting="same_kind")
        np.add(inputs[2], product, out=out, dtype=dtype, casting="same_kind")
    else:
        function = np.add if kind == "add" else np.multiply
        function(a, inputs[1], out=out, dtype=dtype, casting="same_kind")
    if not isinstance(rows, slice):
        target[rows] = out


def _as_slice(places: np.ndarray) -> Any:
    """Evenly spaced places as a slice, one place for all as a slice of one; else as they are."""
    first, last = int(places[0]), int(places[-1])
    if first == last and (places == first).all():
        return slice(first, first + 1)
    step = int(places[1]) - first
    if step > 0 and last - first == step * (len(places) - 1) and (np.diff(places) == step).all():
        return slice(first, last + 1, step)
    return places
