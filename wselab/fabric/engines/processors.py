"""The processors of the lockstep engine: what each PE begins, handles and ends in a cycle.

PEs that are at the same operation form a *group*, whose next elements are computed together. A PE
is numbered row by row; what it still has to do is a step of the `Schedule`, for a task a step of a
schedule of the task's own.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..conditions import COMPARISONS
from ..memory import Part
from ..operations import FabIn, Operation, Wavelet, conflict
from ..program import Program, Schedule
from .planes import groups_of
from .queues import NOTHING, OWN, PATH, Entering
from .routers import Routers


class Processors:
    """All PEs of a program."""

    def __init__(self, program: Program, routers: Routers):
        self.program, self.routers, self.rules = program, routers, program.rules
        self.recorder = routers.recorder
        count = self.count = routers.pes
        self.flat = {
            name: np.ascontiguousarray(array).reshape(count, -1)
            for name, array in program.memories.items()
        }
        main = Schedule(program, program.main)
        self._operations, self._followings = [main.operation], [main.following]
        self.step = main.first[main.class_of].ravel()
        self.tasks: list[tuple[np.ndarray, np.ndarray]] = []  # (node, first step) of each PE
        numbers = {operation: number for number, operation in enumerate(program.operations)}
        for task in sorted(program.tasks, key=lambda task: task.color.number):
            schedule = Schedule(program, [numbers[one] for one in task.operations])
            self._add_task(task, schedule)
        self.operation = np.concatenate(self._operations)
        self.following = np.concatenate(self._followings)
        tests = [-1 if o.when is None else numbers[o.when] for o in program.operations]
        self.row_of = {n: row for row, n in enumerate(sorted({*tests} - {-1}))}  # of comparisons
        self.holds = np.zeros((len(self.row_of) + 1, count), bool)
        self.holds[-1] = True  # for operations that stand behind no comparison
        self.when = np.array([self.row_of.get(n, -1) for n in (*tests, -1)])
        self.woke = np.zeros(count, np.float32)
        self.pause = np.zeros(count, np.int64)
        shape = (program.lanes, count)
        self.running = np.full(shape, -1)
        self.handled, self.total = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        self.value = np.zeros(shape, np.float32)  # of the wavelet that woke the operation's task
        self.groups: dict[tuple[int, int], np.ndarray] = {}  # PEs on streams, by (lane, number)
        self.alarms: dict[int, list[tuple[int, np.ndarray]]] = {}  # ends of those on memory alone
        self.conflicts: dict[tuple[int, int], Any] = {}
        self.offsets = [
            [item.offsets() if isinstance(item, Part) else None for item in (*o.inputs, o.out)]
            for o in program.operations
        ]

    def _add_task(self, task: Any, schedule: Schedule) -> None:
        shift = sum(map(len, self._operations))
        mask = np.zeros(self.program.shape, bool)
        mask[task.where] = True
        first = np.where(mask, schedule.first[schedule.class_of], -1).ravel()
        first = np.where(first > 0, first + shift, first)
        nodes = np.where(mask.ravel(), self.routers.node_of[task.color.number], -1)
        self.tasks.append((nodes, first))
        self._operations.append(schedule.operation)
        self._followings.append(np.where(schedule.following > 0, schedule.following + shift, 0))

    @property
    def busy(self) -> bool:
        """Whether any PE has work left."""
        return bool(self.step.any() or self.groups or self.alarms)

    def left(self, now: int) -> np.ndarray:
        """Cycles that the operation on memory alone of each PE still takes, all if not begun."""
        left = np.zeros(self.count, np.int64)
        for end, ended in self.alarms.items():
            for _, pes in ended:
                left[pes] = end + 1 - now
        pes = np.flatnonzero((self.step > 0) & (self.running[0] < 0))
        for number, those in groups_of(self.operation[self.step[pes]], pes):
            operation = self.program.operations[number]
            if not operation.on_fabric:
                n = operation.n if np.ndim(operation.n) == 0 else operation.n.ravel()[those]
                left[those] = operation.cycles(n, self.rules)
        return left

    # What begins.

    def wakes(self) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """(PEs, their nodes, first steps) for each task that wakes in this cycle."""
        if not self.tasks:
            return []
        idle = (self.running[0] < 0) & (self.step == 0) & (self.pause == 0)
        found = []
        for nodes, first in self.tasks:
            pes = np.flatnonzero(idle & (nodes >= 0))
            pes = pes[self.routers.inbox.count[nodes[pes]] > 0]
            idle[pes] = False
            if len(pes):
                found.append((pes, nodes[pes], first[pes]))
        return found

    def wake(self, pes: np.ndarray, nodes: np.ndarray, first: np.ndarray) -> None:
        """Take wavelets and get their task's operations to do."""
        self.woke[pes] = self.routers.take(nodes)
        self.holds[:-1, pes] = False
        self.step[pes] = first
        self._drop(pes)
        self.pause[pes] = self.rules.task_wake

    def _drop(self, pes: np.ndarray) -> None:
        """Forget operations of a task whose condition does not hold."""
        while self.row_of and len(pes):
            test = self.when[self.operation[self.step[pes]]]
            pes = pes[~self.holds[test, pes]]
            self.step[pes] = self.following[self.step[pes]]

    def begin(self, now: int) -> bool:
        """Begin operations where a PE may; tells whether a microthread began."""
        pes = np.flatnonzero((self.step > 0) & (self.running[0] < 0) & (self.pause == 0))
        began = False
        for number, those in groups_of(self.operation[self.step[pes]], pes):
            operation = self.program.operations[number]
            if len(self.running) > 1:
                those = those[~self._conflict(number, those)]
            lane: Any = 0
            if operation.microthread:
                free = self.running[1:, those] < 0
                those, free = those[free.any(axis=0)], free[:, free.any(axis=0)]
                lane = 1 + free.argmax(axis=0)
                began |= len(those) > 0
            if not len(those):
                continue
            n = operation.n if np.ndim(operation.n) == 0 else operation.n.ravel()[those]
            self.running[lane, those], self.handled[lane, those] = number, 0
            self.total[lane, those], self.value[lane, those] = n, self.woke[those]
            self.step[those] = self.following[self.step[those]]
            if operation.microthread:
                self._drop(those)
            if operation.on_fabric:
                for one in np.unique(lane).tolist():
                    key, some = (one, number), those if np.ndim(lane) == 0 else those[lane == one]
                    known = self.groups.get(key)
                    self.groups[key] = some if known is None else np.concatenate([known, some])
            else:
                ends = now + np.broadcast_to(operation.cycles(n, self.rules), those.shape) - 1
                for end, some in groups_of(ends, those):
                    self.alarms.setdefault(end, []).append((number, some))
        return began

    def pausing(self) -> bool:
        """Whether a PE counts down to its next operation."""
        pauses = self.pause > 0
        if not pauses.any():
            return False
        if (pauses & (self.step > 0)).any():
            return True
        counts = self.routers.inbox.count
        return any((counts[nodes[pauses & (nodes >= 0)]] > 0).any() for nodes, _ in self.tasks)

    def _conflict(self, number: int, pes: np.ndarray) -> np.ndarray:
        """Where an operation must wait for a microthread that runs."""
        waits = np.zeros(len(pes), bool)
        threads = self.running[1:, pes]
        for other in np.unique(threads[threads >= 0]).tolist():
            pair = (other, number)
            if pair not in self.conflicts:
                operations = self.program.operations
                answer = conflict(operations[other], operations[number])
                self.conflicts[pair] = answer.ravel() if np.ndim(answer) else answer
            answer = self.conflicts[pair]
            there = (threads == other).any(axis=0)
            waits |= there & (answer[pes] if np.ndim(answer) else answer)
        return waits

    # What is handled.

    def ready(self) -> list[tuple[int, int, np.ndarray]]:
        """(operation, lane, PEs) that handle an element of a stream in this cycle."""
        routers, found = self.routers, []
        if not routers.count:
            return []  # no color is routed anywhere
        inbox, out_moves = routers.inbox.count, routers.belt_out_moves
        sent = np.zeros(self.count, bool) if len(self.running) > 1 else None
        for (lane, number), pes in sorted(self.groups.items()):
            operation = self.program.operations[number]
            fires = np.ones(len(pes), bool)
            for color in operation.reads:
                nodes = routers.node_of[color.number, pes]
                fires &= (nodes >= 0) & (inbox[nodes] > 0)
            if operation.sends is not None:
                nodes = routers.node_of[operation.sends.number, pes]
                fires &= (nodes >= 0) & out_moves[nodes]
                if sent is not None:
                    fires &= ~sent[pes]
                    sent[pes[fires]] = True
            if fires.any():
                found.append((number, lane, pes[fires]))
        return found

    def compute(self, now: int, ready: list[tuple[int, int, np.ndarray]]) -> Entering:
        """Handle those elements, end what ends; gives what enters the belts to the routers."""
        self.pause -= self.pause > 0
        nodes, values, marks = [], [], []
        for number, lane, pes in ready:
            operation = self.program.operations[number]
            at = self.handled[lane, pes]
            result = self._elements(number, lane, pes, at)
            self.handled[lane, pes] = at + 1
            last = at + 1 == self.total[lane, pes]
            if operation.sends is not None:
                nodes.append(self.routers.node_of[operation.sends.number, pes])
                mark = {None: 0, "own": OWN, "path": PATH}[operation.out.advance]
                marks.append(np.where(last, mark, 0))
                values.append(result.astype(np.float32))
                if self.recorder is not None:
                    values[-1] = self.recorder.sent(number, pes, at, values[-1], marks[-1])
            if last.any():
                key, ended = (lane, number), pes[last]
                self._end(lane, ended)
                left = np.setdiff1d(self.groups[key], ended, assume_unique=True)
                if len(left):
                    self.groups[key] = left
                else:
                    del self.groups[key]
        for number, pes in self.alarms.pop(now, ()):
            n = int(self.total[0, pes].max())
            for at in range(n):  # all values of a PE that has fewer have been handled before
                some = pes[self.total[0, pes] > at]
                result = self._elements(number, 0, some, np.full(len(some), at))
                if number in self.row_of:
                    self.holds[self.row_of[number], some] = result
            self._end(0, pes)
        if not nodes:
            return NOTHING
        return np.concatenate(nodes), np.concatenate(values), np.concatenate(marks)

    def _end(self, lane: int, pes: np.ndarray) -> None:
        self.running[lane, pes] = -1
        if lane == 0:
            self.pause[pes] = self.rules.gap
            self._drop(pes)

    def _elements(self, number: int, lane: int, pes: np.ndarray, at: np.ndarray) -> Any:
        """Element ``at`` of an operation, for each of these PEs."""
        operation: Operation = self.program.operations[number]
        dtype, offsets = operation.dtype, self.offsets[number]
        inputs = []
        for item, offset in zip(operation.inputs, offsets, strict=False):
            if isinstance(item, Part):
                values = self.flat[item.memory.name][pes, self._place(item, offset, pes, at)]
            elif isinstance(item, FabIn):
                values = self.routers.take(self.routers.node_of[item.color.number, pes])
            elif isinstance(item, Wavelet):
                values = self.value[lane, pes]
            else:
                values = np.dtype(dtype).type(item)
            inputs.append(values.astype(dtype))
        result = _combine(operation.kind, inputs)
        if self.recorder is not None:
            self.recorder.handled(lane, pes)
        if isinstance(operation.out, Part):
            where = self._place(operation.out, offsets[-1], pes, at)
            if self.recorder is not None:
                self.recorder.written(operation.out.memory.name, pes, where, result)
            self.flat[operation.out.memory.name][pes, where] = result
        return np.broadcast_to(result, pes.shape)

    def _place(self, part: Part, offset: Any, pes: np.ndarray, at: np.ndarray) -> np.ndarray:
        """Where element ``at`` stands in the memory of each PE."""
        place = offset[at if part.shape else 0]
        return place if part.starts is None else place + part.starts.ravel()[pes]


def _combine(kind: str, inputs: list[Any]) -> Any:
    a, *rest = inputs
    if kind == "mov":
        return a
    if kind == "add":
        return a + rest[0]
    if kind == "mul":
        return a * rest[0]
    if kind == "max":
        return np.where((a > rest[0]) | (a != a), a, rest[0])
    if kind == "mac":
        return rest[1] + a * rest[0]
    return COMPARISONS[kind](a, rest[0])
