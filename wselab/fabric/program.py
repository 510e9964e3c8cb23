"""A program as the engines see it: routes, operations, memory, and who does what in which order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from .color import Color
from .errors import ProgramError
from .memory import Part
from .operations import Operation
from .rules import Rules
from .wires import Wires

if TYPE_CHECKING:
    from .hosts import HostStream
    from .tasks import Task


@dataclass
class Program:
    """What one launch runs. ``memories`` holds arrays of shape ``(rows, columns, ...)`` by name.

    ``operations`` holds those of all PEs in the order written, then those of ``tasks``.
    """

    shape: tuple[int, int]
    rules: Rules
    colors: list[Color]
    operations: list[Operation]
    memories: dict[str, np.ndarray]
    tasks: list[Task]
    hosts: list[HostStream]
    wires: Wires

    @classmethod
    def of(cls, wafer: Any) -> Program:
        """The program recorded on a wafer since its last run."""
        arrays = {name: memory.array for name, memory in wafer.memories.items()}
        operations = list(wafer.recorded)
        operations += dict.fromkeys(o for task in wafer.tasks for o in task.operations)
        return cls(
            wafer.shape, wafer.rules, list(wafer.colors), operations, arrays,
            list(wafer.tasks), list(wafer.hosts), wafer.wires,
        )  # fmt: skip

    def on_copies(self) -> Program:
        """The same program on copies of the memory that it writes."""
        outs = [operation.out for operation in self.operations]
        written = {out.memory.name for out in outs if isinstance(out, Part)}
        copies = {name: a.copy() if name in written else a for name, a in self.memories.items()}
        hosts = [h if h.is_in else replace(h, data=h.data.copy()) for h in self.hosts]
        copy = replace(self, memories=copies, hosts=hosts)
        copy.schedule = self.schedule
        return copy

    def write_back(self, program: Program) -> None:
        """Write what this program has computed into the memory of the one that it copies."""
        for name, array in self.memories.items():
            if array is not program.memories[name]:
                program.memories[name][...] = array
        for mine, theirs in zip(self.hosts, program.hosts, strict=True):
            theirs.data[theirs.lines] = mine.data[mine.lines]  # others may share the array

    def taken_twice(self) -> Iterator[tuple[str, tuple[int, int], int, str]]:
        """Operations that would take wavelets away from a task.

        Each as the color, the first such PE, how many there are, and the two in words.
        """
        for task in self.tasks:
            mask = np.zeros(self.shape, bool)
            mask[task.where] = True
            for operation in self.operations:
                if task.color not in operation.reads:
                    continue
                both = np.argwhere(mask & (operation.counts(self.shape) > 0))
                if len(both):
                    pe = int(both[0][0]), int(both[0][1])
                    text = (
                        f"PE {pe}: color {task.color.word} wakes task {task.name} (line "
                        f"{task.line}), and {operation} (line {operation.line}) reads it too; its "
                        "wavelets go to one of them"
                    )
                    yield task.color.name, pe, len(both), text

    def check(self) -> None:
        """Refuse what no engine can run."""
        for *_, text in self.taken_twice():
            raise ProgramError(f"{text}. Use two colors")

    @cached_property
    def schedule(self) -> Schedule:
        """What each PE does in which order, but for tasks."""
        return Schedule(self, self.main)

    @property
    def main(self) -> range:
        """The numbers of the operations that are not those of tasks."""
        of_tasks = {operation for task in self.tasks for operation in task.operations}
        return range(sum(operation not in of_tasks for operation in self.operations))

    @property
    def lanes(self) -> int:
        """Operations of a PE that can run at once: the main one and the microthreads."""
        threads = sum(operation.microthread for operation in self.operations)
        return 1 + min(threads, self.rules.microthreads)


class Schedule:
    """The operations of each PE in order, PEs with the same list taken together as a class.

    ``class_of`` has the wafer's shape; ``lists[k]`` are the operation numbers of class k. A *step*
    stands for all that a PE still has to do: ``operation[step]`` comes next and ``following[step]``
    after it; step 0 is the end, with operation -1. Class k begins with step ``first[k]``.

    ``numbers`` are the operations meant, in order.
    """

    def __init__(self, program: Program, numbers: Iterable[int]):
        self.class_of = np.zeros(program.shape, np.int32)
        self.lists: list[list[int]] = [[]]
        self._sizes = [self.class_of.size]
        previous, touched = None, []
        for number in numbers:
            operation = program.operations[number]
            where = operation.present
            if where is None:
                continue
            if not (isinstance(where, tuple) and where == previous):
                touched = self._cut(where)
            previous = where if isinstance(where, tuple) else None
            for k in touched:
                self.lists[k].append(number)
        steps: dict[tuple[int, int], int] = {}
        self.first = np.array([self._steps(numbers, steps) for numbers in self.lists])
        self.operation = np.array([-1, *(number for number, _ in steps)])
        self.following = np.array([0, *(after for _, after in steps)])

    @staticmethod
    def _steps(numbers: list[int], steps: dict[tuple[int, int], int]) -> int:
        """The step of a list; lists that end alike share steps."""
        step = 0
        for number in reversed(numbers):
            step = steps.setdefault((number, step), len(steps) + 1)
        return step

    def _cut(self, where: Any) -> list[int]:
        """Split the classes that ``where`` cuts; gives the classes that lie within it."""
        inside = self.class_of[where]
        if inside.size == 0:
            return []
        if inside.min() == inside.max():
            present, counts = [int(inside.flat[0])], [inside.size]
        else:
            counts_of_all = np.bincount(inside.ravel(), minlength=len(self.lists))
            present = np.flatnonzero(counts_of_all).tolist()
            counts = counts_of_all[present].tolist()
        renamed = np.arange(len(self.lists), dtype=np.int32)
        within = []
        for k, count in zip(present, counts, strict=True):
            if count < self._sizes[k]:
                renamed[k] = len(self.lists)
                self.lists.append(list(self.lists[k]))
                self._sizes[k] -= count
                self._sizes.append(count)
            within.append(int(renamed[k]))
        if within != present:
            self.class_of[where] = renamed[inside]
        return within
