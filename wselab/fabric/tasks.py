"""Tasks: what a PE does when a wavelet wakes it.

A task is written as a function of the PEs that wake and the wavelet that woke them::

    @w[:, 1:].task(c)
    def keep_the_largest(pe, wavelet):
        pe.max(largest, wavelet, out=largest)

The function is called once, when the task is bound, and what it says is recorded: ``pe`` has the
operations of a region, and the wavelet is an operand. It sees no value, so Python can neither
compute on one, which would cost the wafer nothing, nor branch on one. What a PE does only in some
cases stands behind ``pe.where(condition)``.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .color import Color, alternating_parities
from .conditions import Condition
from .errors import ProgramError
from .operating import Operating
from .operations import Operation, Wavelet, compute_dtype, operand
from .region import Region, plain_color
from .written import Written


@dataclass(frozen=True, eq=False)
class Task:
    """Operations that a wavelet of ``color`` wakes in the PEs of ``where``."""

    color: Color
    where: Any
    operations: list[Operation]
    name: str
    line: Written


class Woken(Operating):
    """The PEs that a wavelet woke, all or those where a condition holds."""

    def __init__(self, region: Region, tracing: Tracing, when: Operation | None = None):
        self._region, self._tracing, self._when = region, tracing, when

    def where(self, condition: Any, *more: Any) -> Woken:
        """Those of the PEs where ``condition`` holds; to compare takes an operation of a cycle.

        Conditions are comparisons of the wavelet, numbers, and single values of memory:
        ``wavelet > 0.5``, ``wavelet <= limit.own[0]``.
        """
        if isinstance(condition, (np.ndarray, np.bool_)):
            what = f"an array of shape {condition.shape}" if condition.shape else f"{condition}"
            raise ProgramError(
                f"where: {what}, which the host has compared, now, as the task is bound. A PE "
                "compares its own values when it wakes: pe.where(s.own > 0), or x.own[0] > 0 where "
                "a memory holds more than one"
            )
        if more or not isinstance(condition, Condition):
            raise ProgramError(
                f"where({condition!r}): expected a comparison of what each PE has, such as "
                "wavelet > 0.5 or x.own[0] <= wavelet"
            )
        region = self._region
        sides = tuple(operand(side, region.wafer) for side in (condition.left, condition.right))
        for side in sides:
            if getattr(side, "shape", ()) or hasattr(side, "color"):
                raise ProgramError(
                    f"where({condition}): {side} is not one value of each PE; try x.own[0]"
                )
        test = Operation(
            condition.kind, region.where, sides, None, 1, compute_dtype(list(sides)),
            self._tracing.line, when=self._when,
        )  # fmt: skip
        self._tracing.note(test, sides)
        return Woken(region, self._tracing, test)

    def _record(self, kind: str, inputs: tuple[Any, ...], out: Any, n: Any, beside: bool) -> None:
        for operation in self._region.operations(kind, inputs, out, n, beside):
            if operation.sends is not None and self._when and not self._tracing.data_dependent:
                raise ProgramError(
                    f"{operation} under where({self._when.inputs[0]} ...): what is sent then "
                    "depends on values; say so: task(color, data_dependent=True)"
                )
            self._tracing.note(replace(operation, when=self._when), operation.inputs)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(
            f"woken PEs have no {name!r}; they have where, mov, add, mul, max, mac"
        )


class Tracing:
    """A task being recorded."""

    def __init__(self, data_dependent: bool, line: Written):
        self.data_dependent, self.line = data_dependent, line
        self.wavelet = Wavelet()
        self.operations: list[Operation] = []
        self.open = True

    def note(self, operation: Operation, inputs: tuple[Any, ...]) -> None:
        """Add an operation to the task."""
        if not self.open or any(
            isinstance(item, Wavelet) and item is not self.wavelet for item in inputs
        ):
            raise ProgramError(
                f"{operation}: its PEs and wavelet are those of a task that has ended"
            )
        self.operations.append(operation)


def bind(region: Region, color: Any, data_dependent: bool, line: Written) -> Callable[[Any], Any]:
    """The decorator that `Region.task` gives."""
    wafer = region.wafer
    colors = [
        (plain_color(color, parities, wafer), where)
        for parities, where in region.split(alternating_parities([color]))
    ]

    def decorate(function: Any) -> Any:
        tracing = Tracing(data_dependent, line)
        pe_and_wavelet = Woken(region, tracing), tracing.wavelet
        try:
            inspect.signature(function).bind(*pe_and_wavelet)
        except TypeError:
            raise ProgramError(
                f"task {getattr(function, '__name__', function)!r}: a task is a function of the "
                "PEs that wake and of the wavelet, def f(pe, wavelet)"
            ) from None
        name = wafer.binding = getattr(function, "__name__", "task")
        try:
            function(*pe_and_wavelet)
        finally:
            wafer.binding, tracing.open = None, False
        for one, where in colors:
            _check_free(wafer, one, where, name)
            wafer.tasks.append(Task(one, where, tracing.operations, name, line))
        return function

    return decorate


def _check_free(wafer: Any, color: Color, where: Any, name: str) -> None:
    mask = np.zeros(wafer.shape, bool)
    mask[where] = True
    for task in wafer.tasks:
        if task.color is color and mask[task.where].any():
            raise ProgramError(
                f"task {name}: color {color.word} wakes {task.name} (line {task.line}) in some of "
                "these PEs already; a color wakes one task"
            )
