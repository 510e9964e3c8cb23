"""Replay: the values of a launch that the control has found to end.

Which values an operation computes does not depend on when it computes them: every queue has one
writer and keeps its order, and operations that share memory or a stream keep theirs. So each
operation is computed here for many PEs and all its elements at once, as soon as the values that it
takes in are there. The PEs of a line of the wafer that have done the same so far form a *crew*; a
crew is split when only some of it can go on. A microthread that cannot go on is put off, and the
crew goes on with what does not conflict with it.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from ..color import Color
from ..memory import Part
from ..operations import FabIn, Operation, conflict
from ..ports import EAST, NORTH, SOUTH, WEST
from ..program import Program
from ..streams import Streams
from .backend import to_device, to_host
from .blocks import Places, evaluate, fetch, store
from .planes import groups_of
from .tapes import Tape

DONE, WAITS, SPLIT = range(3)


class Job:
    """An operation that a crew has begun: its number, and elements ``handled``."""

    def __init__(self, number: int, handled: int = 0):
        self.number, self.handled = number, handled


class Crew:
    """PEs of one line that have done the same so far.

    ``step`` in the schedule is what comes next, ``current`` as much of it as is done, ``put_off``
    the microthreads that wait; ``read`` and ``sent`` count values by color.
    """

    def __init__(self, line: int, places: Places, step: int):
        self.line, self.places, self.step = line, places, step
        self.current: Job | None = None
        self.put_off: list[Job] = []
        self.read: dict[Color, int] = {}
        self.sent: dict[Color, int] = {}
        self.sources: dict[Color, tuple[int, Places]] = {}  # a line, and each PE's place there
        self.turn = 0  # how often it has gone on; one that waits for several streams goes on once

    def split_off(self, chosen: np.ndarray) -> Crew:
        """A crew of the PEs of a mask; the others remain."""
        others = ~chosen
        part = Crew(self.line, self.places.among(chosen), self.step)
        part.current = self.current and Job(self.current.number, self.current.handled)
        part.put_off = [Job(job.number, job.handled) for job in self.put_off]
        part.read, part.sent = dict(self.read), dict(self.sent)
        self.places = self.places.among(others)
        for color, (line, places) in self.sources.items():
            part.sources[color] = line, places.among(chosen)
            self.sources[color] = line, places.among(others)
        return part


class Replay:
    """Computes what the operations of a program write, in an order that the streams allow.

    It computes with arrays of ``xp``: those of CuPy are copies of the memory that a program uses,
    and what it writes is copied back at the end.
    """

    def __init__(self, program: Program, streams: list[Streams], xp: Any = np):
        self.program, self.schedule, self.xp = program, program.schedule, xp
        used = {name for o in program.operations for name in _memories((*o.inputs, o.out))}
        self.memories = {name: to_device(xp, program.memories[name]) for name in used}
        self.turned = _chains_run_along_rows(program)
        count, length = program.shape[::-1] if self.turned else program.shape
        self.tapes = {
            color: Tape(one, self._line_of, length, xp)
            for color, one in zip(program.colors, streams, strict=True)
        }
        self.ready: deque[tuple[Crew, int]] = deque()  # with their turns: a later one is another's
        self.blocked: dict[tuple[Color, int], list[tuple[Crew, int]]] = {}
        self.conflicts: dict[tuple[int, int], Any] = {}
        self.prologue, first = _prologue(program)
        steps = first[self.schedule.class_of]
        steps = steps.T if self.turned else steps
        differs = (steps[1:] != steps[:-1]).any(axis=1)
        kinds: list[tuple[int, Places]] = []
        for line in range(count):
            if line == 0 or differs[line - 1]:
                places = np.arange(length)
                kinds = [(step, Places(some)) for step, some in groups_of(steps[line], places)]
            self.ready.extend((Crew(line, some, step), 0) for step, some in kinds)

    def run(self) -> None:
        """Compute everything, writing into the program's memories."""
        with np.errstate(all="ignore"):
            for operation in self.prologue:
                _alone(operation, self.program.shape, self.memories)
            while self.ready:
                while self.ready:
                    crew, turn = self.ready.popleft()
                    if crew.turn == turn:
                        self._go_on(crew)
                self._go_on_in_part()
        if self.xp is not np:
            for name in {name for o in self.program.operations for name in _memories((o.out,))}:
                self.program.memories[name][...] = to_host(self.memories[name])

    def _line_of(self, array: Any, line: int) -> Any:
        """The PEs of a line in an array of the wafer's shape."""
        return array[:, line] if self.turned else array[line]

    def _go_on(self, crew: Crew, whole: bool = True) -> bool:
        """Compute operations of a crew until it must wait, or is split; tells if any was."""
        crew.turn += 1
        progress = False
        for job in list(crew.put_off):
            how, some = self._try(crew, job, whole)
            progress |= some
            if how == SPLIT:
                return True
            if how == DONE:
                crew.put_off.remove(job)
        while crew.step:
            number = int(self.schedule.operation[crew.step])
            if crew.current is None:
                how = self._in_the_way(crew, number)
                if how != DONE:
                    return progress or how == SPLIT
                crew.current = Job(number)
            how, some = self._try(crew, crew.current, whole)
            progress |= some
            if how == SPLIT:
                return True
            if how == WAITS:
                if not self.program.operations[number].microthread:
                    return progress
                crew.put_off.append(crew.current)
            crew.current = None
            crew.step = int(self.schedule.following[crew.step])
        return progress

    def _in_the_way(self, crew: Crew, number: int) -> int:
        """Whether an operation must wait for microthreads put off; the crew may be split for it."""
        for job in crew.put_off:
            pair = (job.number, number)
            if pair not in self.conflicts:
                self.conflicts[pair] = conflict(*(self.program.operations[one] for one in pair))
            answer = self.conflicts[pair]
            if np.ndim(answer):
                here = self._line_of(answer, crew.line)[crew.places.numbers]
                if here.any() and not here.all():
                    self._split(crew, ~here)
                    return SPLIT
                answer = here.all()
            if answer:
                return WAITS
        return DONE

    def _try(self, crew: Crew, job: Job, whole: bool) -> tuple[int, bool]:
        """Compute as much of a job as is there, all or (not ``whole``) a part; how it went, and
        whether anything was computed."""
        operation = self.program.operations[job.number]
        n, progress = operation.n, False
        if np.ndim(n):
            counts = self._line_of(n, crew.line)[crew.places.numbers]
            n = int(counts[0])
            if (counts != n).any():
                self._split(crew, counts == n)
                return SPLIT, True
        while job.handled < n:
            amount = n - job.handled
            for color in operation.reads:
                source = self._source(crew, color)
                if source is None:
                    return SPLIT, True
                line, places = source
                there = self.tapes[color].written_in(line)[places.numbers] - crew.read.get(color, 0)
                least = int(there.min())
                if least >= amount:
                    continue
                enough = there >= (amount if whole else 1)
                if not enough.any():
                    self.blocked.setdefault((color, line), []).append((crew, crew.turn))
                    return WAITS, progress
                if not enough.all():
                    others_wait = not operation.microthread and job is crew.current
                    self._split(crew, enough, (color, line) if others_wait else None)
                    return SPLIT, True
                amount = min(amount, least)
            self._compute(operation, crew, job, amount)
            progress = whole = True  # the rest waits as any other
        return DONE, progress

    def _split(self, crew: Crew, chosen: np.ndarray, wait: Any = None) -> None:
        """Let the PEs of a mask go on before the others of a crew.

        ``wait`` is the stream that the others need next, if they have no other way to go on.
        """
        if wait is None:
            self.ready.appendleft((crew, crew.turn))
        else:
            self.blocked.setdefault(wait, []).append((crew, crew.turn))
        self.ready.appendleft((crew.split_off(chosen), 0))

    def _go_on_in_part(self) -> None:
        """An operation fed by its own earlier output finds only some of its elements there."""
        waiting = [one for crews in self.blocked.values() for one in crews]
        self.blocked.clear()
        for at, (crew, turn) in enumerate(waiting):
            if crew.turn == turn and self._go_on(crew, whole=False):
                self.ready.extend(waiting[at + 1 :])
                return

    def _source(self, crew: Crew, color: Color) -> tuple[int, Places] | None:
        """The line and places of the tape that a crew reads; None if the crew was split for it."""
        if color not in crew.sources:
            sources = self._line_of(self.tapes[color].source, crew.line)[crew.places.numbers]
            row, column = np.divmod(sources, self.program.shape[1])
            lines, places = (column, row) if self.turned else (row, column)
            if (lines != lines[0]).any():
                self._split(crew, lines == lines[0])
                return None
            crew.sources[color] = int(lines[0]), Places(places)
        return crew.sources[color]

    def _compute(self, operation: Operation, crew: Crew, job: Job, amount: int) -> None:
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
        for low, high in itertools.pairwise(sorted(edges)):
            span = slice(job.handled + low, job.handled + high)
            streams = iter(reads)
            inputs = []
            for item in operation.inputs:
                if isinstance(item, FabIn):
                    tape, position, line, places = next(streams)
                    values = tape.values(line, position + low, high - low)
                    inputs.append(values[to_device(self.xp, places.rows)])
                elif isinstance(item, Part):
                    inputs.append(fetch(item, *self._memory(item, crew.line), crew.places, span))
                else:
                    inputs.append(np.dtype(operation.dtype).type(item))
            if sends is not None:
                target = out_tape.values(crew.line, out_position + low, high - low)
                evaluate(operation, inputs, target, crew.places.rows)
            else:
                memory = self._memory(operation.out, crew.line)
                store(operation, inputs, *memory, crew.places, span)
            for tape, position, line, _ in reads:
                tape.have_read(line, position + low, len(crew.places) * (high - low))
        job.handled += amount
        if sends is not None:
            out_tape.written_in(crew.line)[crew.places.rows] += amount
            # Those first who can read what was just sent: it is at hand, and its tape soon blank.
            self.ready.extendleft(self.blocked.pop((sends, crew.line), ()))

    def _memory(self, part: Part, line: int) -> tuple[Any, Any]:
        """The memory of a line's PEs, and where a part begins in each, if not in all alike."""
        array = self._line_of(self.memories[part.memory.name], line)
        return array, None if part.starts is None else self._line_of(part.starts, line)


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
    if along_rows:
        return along_rows > 0
    arrays = list(program.memories.values())  # nothing is passed on: lines as they lie in memory
    columns = sum(array.nbytes for array in arrays if array.strides[0] < array.strides[1])
    return 2 * columns > sum(array.nbytes for array in arrays)


def _memories(operands: Iterable[Any]) -> Iterator[str]:
    """The names of the memories among some operands."""
    return (item.memory.name for item in operands if isinstance(item, Part))


def _prologue(program: Program) -> tuple[list[Operation], np.ndarray]:
    """Operations on memory alone before any stream, and the step of each class behind them.

    They can be computed region by region as they were written, whatever else a PE has to do.
    """
    schedule, begun = program.schedule, np.zeros(program.shape, bool)
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


def _alone(operation: Operation, shape: tuple[int, int], memories: dict[str, Any]) -> None:
    """An operation on memory alone, for its whole region, row by row."""
    for row, numbers, n in _rows_of(operation, shape):
        places, span = Places(numbers), slice(0, n)

        def memory(part: Part, row: int = row) -> tuple[Any, Any]:
            array = memories[part.memory.name][row]
            return array, None if part.starts is None else part.starts[row]

        inputs = [
            fetch(item, *memory(item), places, span)
            if isinstance(item, Part)
            else np.dtype(operation.dtype).type(item)
            for item in operation.inputs
        ]
        store(operation, inputs, *memory(operation.out), places, span)


def _rows_of(operation: Operation, shape: tuple[int, int]) -> Iterator[tuple[int, np.ndarray, int]]:
    """The rows of an operation's PEs, each with its columns and how many elements they handle."""
    where = operation.present
    if isinstance(where, tuple):
        columns = np.arange(shape[1])[where[1]]
        rows = np.arange(shape[0])[where[0]] if len(columns) else ()
        yield from ((int(row), columns, operation.n) for row in rows)
        return
    counts = operation.counts(shape)
    for row in np.flatnonzero(where.any(axis=1)):
        columns = np.flatnonzero(where[row])
        for n, some in groups_of(counts[row, columns], columns):
            yield int(row), some, n
