"""Replay: the values of a launch that the control has found to end.

Which values an operation computes does not depend on when it computes them: every queue has one
writer and keeps its order. So each operation is computed here for many PEs and all its elements at
once, as soon as the values that it takes in are there, line by line of the wafer. The values of a
stream wait on a tape, a line's streams side by side, and a page of tape is used again when all who
listen have read it.
"""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np

from .memory import Part
from .operations import FabIn, Operation
from .program import Program, Schedule
from .streams import Streams

PAGE = 1024  # values of one stream on a page, at most


class Tape:
    """The streams of one color. Arrays are indexed [line, place in the line]."""

    def __init__(self, streams: Streams, grid: Any):
        count = len(streams.source)
        self.length = grid(streams.sent)
        line, place = grid.line_and_place(streams.source)
        self.source_line, self.source_place = grid(line), grid(place)
        heard = streams.source[streams.listening & (streams.source >= 0)]
        self.listeners = grid(np.bincount(heard, minlength=count))
        self.written = np.zeros(self.length.shape, np.int64)
        self.read = np.zeros(self.length.shape, np.int64)
        self.width = int(min(PAGE, max(1, self.length.max(initial=0))))
        self.pages: dict[tuple[int, int], list[Any]] = {}  # (line, page): [values, reads to come]
        self.blank: list[np.ndarray] = []
        listening = grid(streams.listening & (streams.source >= 0))
        meets = np.zeros((len(listening), len(listening)), bool)
        at, _ = np.nonzero(listening)
        meets[self.source_line[listening], at] = True
        self.heard_in = [np.flatnonzero(row).tolist() for row in meets]

    def page(self, line: int, number: int) -> np.ndarray:
        """A page of the streams that start in a line: an array [place, value]."""
        if (line, number) not in self.pages:
            shape = (self.length.shape[1], self.width)
            values = self.blank.pop() if self.blank else np.empty(shape, np.float32)
            here = np.clip(self.length[line] - number * self.width, 0, self.width)
            self.pages[line, number] = [values, int((here * self.listeners[line]).sum())]
        return self.pages[line, number][0]

    def done_reading(self, line: int, number: int, values: int) -> None:
        """Count values as read; when all have been, the page is blank again."""
        page = self.pages[line, number]
        page[1] -= values
        if page[1] == 0:
            self.blank.append(self.pages.pop((line, number))[0])


class Grid:
    """Turns arrays over PEs, numbered row by row, into [line, place] and back."""

    def __init__(self, shape: tuple[int, int], lines_are_columns: bool):
        self.shape, self.turned = shape, lines_are_columns

    def __call__(self, flat: np.ndarray) -> np.ndarray:
        table = flat.reshape(self.shape)
        return np.ascontiguousarray(table.T if self.turned else table)

    def line_and_place(self, number: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        row, column = np.divmod(number, self.shape[1])
        return (column, row) if self.turned else (row, column)

    def line_of(self, array: np.ndarray, line: int) -> np.ndarray:
        """The PEs of a line in an array of the wafer's shape."""
        return array[:, line] if self.turned else array[line]


class Replay:
    """Computes what the operations of a program write, in any order that the streams allow."""

    def __init__(
        self, program: Program, schedule: Schedule, streams: list[Streams], lines_are_columns: bool
    ):
        self.program, self.schedule = program, schedule
        grid = self.grid = Grid(program.shape, lines_are_columns)
        self.tapes = [Tape(one, grid) for one in streams]
        self.step = grid(schedule.first[schedule.class_of].astype(np.int64).ravel())
        self.handled = np.zeros(self.step.shape, np.int64)
        self.queue: deque[int] = deque()
        self.queued = np.ones(len(self.step), bool)

    def run(self) -> None:
        """Compute everything, writing into the program's memories."""
        lines = range(len(self.step))
        self.queue.extend(lines)
        with np.errstate(all="ignore"):
            while True:
                while self.queue:
                    line = self.queue.popleft()
                    self.queued[line] = False
                    while self._line(line, whole=True):
                        pass
                # An operation fed by its own earlier output finds only some of its elements there.
                if not any(self._line(line, whole=False) for line in lines):
                    return

    def _line(self, line: int, whole: bool) -> bool:
        """Compute what can be computed in a line; tells whether anything was."""
        steps = self.step[line]
        numbers = self.schedule.operation[steps]
        waiting = numbers >= 0
        progress = False
        for step in np.unique(steps[waiting]).tolist():
            places = np.flatnonzero(steps == step)
            progress |= self._operation(line, places, step, whole)
        return progress

    def _operation(self, line: int, places: np.ndarray, step: int, whole: bool) -> bool:
        """The operation of one step, for those of the places whose streams hold enough."""
        operation = self._at(step)
        left = self._elements(operation, line, places) - self.handled[line, places]
        amount, keys = left, [self.handled[line, places]]
        for color in operation.reads:
            tape = self.tapes[color.number]
            source = tape.source_line[line, places]
            read = tape.read[line, places]
            there = tape.written[source, tape.source_place[line, places]] - read
            amount = np.minimum(amount, there)
            keys += [source, read]
        if operation.sends is not None:
            keys.append(self.tapes[operation.sends.number].written[line, places])
        enough = (amount == left) if whole else (amount > 0)
        if not enough.any():
            return False
        if not enough.all():
            places, amount, left = places[enough], amount[enough], left[enough]
            keys = [key[enough] for key in keys]
        for group in _alike([amount, *keys]):
            self._compute(operation, line, places[group], int(amount[group][0]))
        ended = places[amount == left]
        self._next(line, ended)
        following = self._at(step + 1)
        while whole and following and not following.on_fabric and np.ndim(following.n) == 0:
            self._compute(following, line, ended, following.n)  # nothing to wait for
            self._next(line, ended)
            step += 1
            following = self._at(step + 1)
        return True

    def _at(self, step: int) -> Operation | None:
        number = self.schedule.operation[step]
        return self.program.operations[number] if number >= 0 else None

    def _elements(self, operation: Operation, line: int, places: np.ndarray) -> np.ndarray:
        if np.ndim(operation.n) == 0:
            return np.full(len(places), operation.n)
        return self.grid.line_of(operation.n, line)[places]

    def _next(self, line: int, places: np.ndarray) -> None:
        self.handled[line, places] = 0
        self.step[line, places] += 1

    def _compute(self, operation: Operation, line: int, places: np.ndarray, amount: int) -> None:
        """The next ``amount`` elements of PEs that are all in the same state."""
        start = int(self.handled[line, places[0]])
        rows = _as_slice(places)
        reads = [_Reading(self.tapes[color.number], line, places) for color in operation.reads]
        writes = [_Writing(self.tapes[c.number], line, places) for c in (operation.sends,) if c]
        cuts = {0, amount}
        for stream in (*reads, *writes):
            cuts |= stream.page_ends(amount)
            stream.move(amount)
        edges = sorted(cuts)
        for low, high in zip(edges[:-1], edges[1:], strict=True):
            streams = iter(reads)
            inputs = []
            for item in operation.inputs:
                if isinstance(item, FabIn):
                    inputs.append(next(streams).values(low, high))
                elif isinstance(item, Part):
                    values = self._part(item, line)[rows]
                    single = not item.shape
                    inputs.append(values if single else values[:, start + low : start + high])
                else:
                    inputs.append(np.dtype(operation.dtype).type(item))
            if writes:
                target, columns = writes[0].target(low, high)
            else:
                target, columns = self._part(operation.out, line), slice(start + low, start + high)
            _evaluate(operation, inputs, target, rows, columns)
            if not writes and not np.shares_memory(target, self._view(operation.out, line)):
                view = self._view(operation.out, line)
                view[...] = target.reshape(view.shape)
            for stream in reads:
                stream.done(low, high)
        self.handled[line, places] += amount
        if writes:
            self._announce(writes[0].tape.heard_in[line])

    def _view(self, part: Part, line: int) -> np.ndarray:
        array = self.program.memories[part.memory.name]
        return part.of(self.grid.line_of(array, line), 1)

    def _part(self, part: Part, line: int) -> np.ndarray:
        """A part of the memory of a line's PEs as [place, element]; a view where that can be."""
        view = self._view(part, line)
        return view.reshape(len(view), part.length)

    def _announce(self, lines: list[int]) -> None:
        for line in lines:
            if not self.queued[line]:
                self.queued[line] = True
                self.queue.append(line)


class _Stream:
    """Some PEs of a line at the same position of a color's streams."""

    def __init__(self, tape: Tape, line: int, places: np.ndarray, positions: np.ndarray):
        self.tape, self.line, self.places, self.positions = tape, line, places, positions
        self.position = int(positions[line, places[0]])

    def page_ends(self, amount: int) -> set[int]:
        """Where a page ends within the next ``amount`` values."""
        width = self.tape.width
        return set(range(width - self.position % width, amount, width))

    def move(self, amount: int) -> None:
        self.positions[self.line, self.places] += amount


class _Reading(_Stream):
    def __init__(self, tape: Tape, line: int, places: np.ndarray):
        super().__init__(tape, line, places, tape.read)
        self.source = int(tape.source_line[line, places[0]])
        self.rows = _as_slice(tape.source_place[line, places])

    def values(self, low: int, high: int) -> np.ndarray:
        number, at = divmod(self.position + low, self.tape.width)
        return self.tape.page(self.source, number)[self.rows, at : at + high - low]

    def done(self, low: int, high: int) -> None:
        number = (self.position + low) // self.tape.width
        self.tape.done_reading(self.source, number, len(self.places) * (high - low))


class _Writing(_Stream):
    def __init__(self, tape: Tape, line: int, places: np.ndarray):
        super().__init__(tape, line, places, tape.written)

    def target(self, low: int, high: int) -> tuple[np.ndarray, slice]:
        number, at = divmod(self.position + low, self.tape.width)
        return self.tape.page(self.line, number), slice(at, at + high - low)


def _evaluate(
    operation: Operation, inputs: list[Any], target: np.ndarray, rows: Any, columns: slice
) -> None:
    """One operation on blocks of values, rounded as each element would be."""
    kind, dtype = operation.kind, operation.dtype
    out = target[rows, columns]
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
        target[rows, columns] = out


def _as_slice(places: np.ndarray) -> Any:
    """Evenly spaced places as a slice; one place for all as a slice of one; else as they are."""
    first, last = int(places[0]), int(places[-1])
    if first == last and (places == first).all():
        return slice(first, first + 1)
    step = int(places[1]) - first
    if step > 0 and last - first == step * (len(places) - 1) and (np.diff(places) == step).all():
        return slice(first, last + 1, step)
    return places


def _alike(keys: list[np.ndarray]) -> list[Any]:
    """Index sets within which every key has one value."""
    if all((key == key[0]).all() for key in keys):
        return [slice(None)]
    _, group = np.unique(np.stack(keys), axis=1, return_inverse=True)
    group = group.ravel()
    return [np.flatnonzero(group == k) for k in range(group.max() + 1)]
