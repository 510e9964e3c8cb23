"""The processors of the lockstep engine: what each PE begins, handles and ends in a cycle.

PEs that are at operations of one form, see `forms`, are a *group*, whose next elements are computed
together. A PE is numbered row by row; what it still has to do is a step of the `Schedule`, for a
task a step of a schedule of the task's own.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..conditions import COMPARISONS
from ..memory import Part
from ..operations import FabIn, Wavelet, conflict
from ..program import Program, Schedule
from .forms import forms
from .planes import groups_of
from .queues import NOTHING, OWN, PATH, Entering
from .routers import Routers

#: Elements of operations on memory alone are computed so many at once.
AT_ONCE = 1 << 15


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
        main = program.schedule
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
        self.forms, self.form, self.row = forms(program.operations)
        self.groups: dict[int, np.ndarray] = {}  # [lanes, PEs] on streams, by form
        self.alarms: dict[int, list[tuple[int, np.ndarray]]] = {}  # ends of those on memory alone
        self.conflicts: dict[int, Any] = {}

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
        if len(self.running) > 1:
            pes = pes[~self._conflict(pes)]
        numbers = self.operation[self.step[pes]]
        began = False
        for number, which in groups_of(self.form[numbers], np.arange(len(pes))):
            form, those = self.forms[number], pes[which]
            lane: Any = 0
            if form.one.microthread:
                free = self.running[1:, those] < 0
                some = free.any(axis=0)
                which, those = which[some], those[some]
                lane = 1 + free[:, some].argmax(axis=0)
                began |= len(those) > 0
            if not len(those):
                continue
            n = form.counts(self.row[numbers[which]], those)
            self.running[lane, those], self.handled[lane, those] = numbers[which], 0
            self.total[lane, those], self.value[lane, those] = n, self.woke[those]
            self.step[those] = self.following[self.step[those]]
            if form.one.microthread:
                self._drop(those)
            if form.one.on_fabric:
                group = np.array([np.broadcast_to(lane, those.shape), those])
                if number in self.groups:
                    group = np.concatenate([self.groups[number], group], axis=1)
                self.groups[number] = group
            else:
                ends = now + form.one.cycles(n, self.rules) - 1
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

    def _conflict(self, pes: np.ndarray) -> np.ndarray:
        """Where the next operation must wait for a microthread that runs."""
        waits = np.zeros(len(pes), bool)
        threads = self.running[1:, pes]
        lane, at = np.nonzero(threads >= 0)
        if not len(at):
            return waits
        operations = self.program.operations
        pairs = threads[lane, at] * len(operations) + self.operation[self.step[pes[at]]]
        kinds, kind = np.unique(pairs, return_inverse=True)
        for pair in set(kinds.tolist()) - self.conflicts.keys():
            one, other = divmod(pair, len(operations))
            answer = conflict(operations[one], operations[other])
            self.conflicts[pair] = answer.ravel() if np.ndim(answer) else bool(answer)
        answers = [self.conflicts[pair] for pair in kinds.tolist()]
        waits[at[np.array([answer is True for answer in answers])[kind]]] = True
        for number, answer in enumerate(answers):
            if np.ndim(answer):
                here = at[kind == number]
                waits[here] |= answer[pes[here]]
        return waits

    # What is handled.

    def ready(self) -> list[tuple[int, np.ndarray, np.ndarray]]:
        """(form, lanes, PEs) that handle an element of a stream in this cycle."""
        routers, found = self.routers, []
        if not routers.count:
            return []  # no color is routed anywhere
        inbox, out_moves = routers.inbox.count, routers.belt_out_moves
        first = np.full(self.count, len(self.running))  # the lane that sends, in each PE
        for number, (lanes, pes) in sorted(self.groups.items()):
            operation = self.forms[number].one
            fires = np.ones(len(pes), bool)
            for color in operation.reads:
                nodes = routers.node_of[color.number, pes]
                fires &= (nodes >= 0) & (inbox[nodes] > 0)
            if operation.sends is not None:
                nodes = routers.node_of[operation.sends.number, pes]
                fires &= (nodes >= 0) & out_moves[nodes]
            lanes, pes = lanes[fires], pes[fires]
            if operation.sends is not None:
                first[pes] = np.minimum(first[pes], lanes)
            found.append((number, lanes, pes))
        ready = []
        for number, lanes, pes in found:
            if len(self.running) > 1 and self.forms[number].one.sends is not None:
                fires = lanes == first[pes]
                lanes, pes = lanes[fires], pes[fires]
            if len(pes):
                ready.append((number, lanes, pes))
        return ready

    def compute(self, now: int, ready: list[tuple[int, np.ndarray, np.ndarray]]) -> Entering:
        """Handle those elements, end what ends; gives what enters the belts to the routers."""
        self.pause -= self.pause > 0
        nodes, values, marks = [], [], []
        for number, lanes, pes in ready:
            operation = self.forms[number].one
            at = self.handled[lanes, pes]
            result = self._elements(number, lanes, pes, at)
            self.handled[lanes, pes] = at + 1
            last = at + 1 == self.total[lanes, pes]
            if operation.sends is not None:
                nodes.append(self.routers.node_of[operation.sends.number, pes])
                mark = {None: 0, "own": OWN, "path": PATH}[operation.out.advance]
                marks.append(np.where(last, mark, 0))
                values.append(result.astype(np.float32))
                if self.recorder is not None:
                    numbers = self.running[lanes, pes]
                    values[-1] = self.recorder.sent(numbers, pes, at, values[-1], marks[-1])
            if self.recorder is not None:
                self.recorder.handled(lanes, pes, 1)
            if last.any():
                self._end(lanes[last], pes[last])
                group = self.groups.pop(number)
                remain = self.running[group[0], group[1]] >= 0
                if remain.any():
                    self.groups[number] = group[:, remain]
        for number, pes in self.alarms.pop(now, ()):
            main, n = np.zeros(len(pes), np.int64), self.total[0, pes]
            test = self.row_of.get(int(self.running[0, pes[0]]))
            behind = np.cumsum(n)
            for first in range(0, int(behind[-1]), AT_ONCE):
                element = np.arange(first, min(first + AT_ONCE, behind[-1]))
                which = np.searchsorted(behind, element, side="right")
                at = element - (behind - n)[which]
                result = self._elements(number, main[which], pes[which], at)
                if test is not None:
                    self.holds[test, pes[which]] = result
            if self.recorder is not None:
                self.recorder.handled(main, pes, n)
            self._end(main, pes)
        if not nodes:
            return NOTHING
        return np.concatenate(nodes), np.concatenate(values), np.concatenate(marks)

    def _end(self, lanes: np.ndarray, pes: np.ndarray) -> None:
        self.running[lanes, pes] = -1
        main = pes[lanes == 0]
        self.pause[main] = self.rules.gap
        self._drop(main)

    def _elements(
        self, number: int, lanes: np.ndarray, pes: np.ndarray, at: np.ndarray
    ) -> np.ndarray:
        """Element ``at`` of the operations of a form that these PEs are at."""
        form = self.forms[number]
        operation, rows = form.one, self.row[self.running[lanes, pes]]
        inputs = []
        for operand, item in enumerate(operation.inputs):
            if isinstance(item, Part):
                place = form.places(operand, rows, pes, at)
                values = self.flat[item.memory.name][pes, place]
            elif isinstance(item, FabIn):
                values = self.routers.take(self.routers.node_of[item.color.number, pes])
            elif isinstance(item, Wavelet):
                values = self.value[lanes, pes]
            else:
                values = form.tables[operand][rows]
            inputs.append(values.astype(operation.dtype))
        result = _combine(operation.kind, inputs)
        if isinstance(operation.out, Part):
            where = form.places(len(inputs), rows, pes, at)
            if self.recorder is not None:
                self.recorder.written(operation.out.memory.name, pes, where, result)
            self.flat[operation.out.memory.name][pes, where] = result
        return result


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
