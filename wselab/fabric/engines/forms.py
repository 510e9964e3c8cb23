"""Forms: operations that differ only in the values of the same memories that they use.

A product of tiles takes an operation for each column and factor, and in one cycle the PEs of a
wafer are at many of them. What is of one form is begun and computed together.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np

from ..conditions import COMPARISONS
from ..memory import Part
from ..operations import FabIn, FabOut, Operation, Wavelet


class Form:
    """Some operations of one form; ``one`` of them stands for what they have in common.

    ``tables`` have a row for each operation, and one table for each operand, the inputs first: of a
    part the places of its elements in the memory of a PE, of a number the number itself; None of
    what comes from elsewhere.
    """

    def __init__(self, operations: list[Operation]):
        self.one = operations[0]
        self.tables = [
            self._table([(*o.inputs, o.out)[at] for o in operations])
            for at in range(len(self.one.inputs) + 1)
        ]
        self.amounts = np.array([o.n for o in operations] if np.ndim(self.one.n) == 0 else [0])

    def _table(self, operands: list[Any]) -> Any:
        if isinstance(operands[0], Part):
            return np.array([part.offsets() for part in operands])
        if operands[0] is None or isinstance(operands[0], (FabIn, FabOut, Wavelet)):
            return None
        return np.array([np.dtype(self.one.dtype).type(number) for number in operands])

    def counts(self, rows: np.ndarray, pes: np.ndarray) -> np.ndarray:
        """How many elements each of these PEs handles in its operation, given by its row."""
        if np.ndim(self.one.n):
            counts: np.ndarray = self.one.n.ravel()[pes]
            return counts
        return self.amounts[rows]

    def places(self, operand: int, rows: np.ndarray, pes: np.ndarray, at: np.ndarray) -> Any:
        """Where element ``at`` of a part stands in the memory of each PE."""
        part = (*self.one.inputs, self.one.out)[operand]
        place = self.tables[operand][rows, at if part.shape else 0]
        return place if part.starts is None else place + part.starts.ravel()[pes]


def forms(operations: list[Operation]) -> tuple[list[Form], np.ndarray, np.ndarray]:
    """All forms; and of each operation, the number of its form and its row there."""
    alike: dict[Any, list[int]] = defaultdict(list)
    for number, operation in enumerate(operations):
        alike[_form(operation, number)].append(number)
    form, row = np.zeros((2, len(operations)), np.int64)
    for at, numbers in enumerate(alike.values()):
        form[numbers], row[numbers] = at, np.arange(len(numbers))
    return [Form([operations[number] for number in those]) for those in alike.values()], form, row


def _form(operation: Operation, number: int) -> tuple[Any, ...]:
    """What operations of one form have in common."""
    operands = *operation.inputs, operation.out
    differs = any(isinstance(item, Part) and item.starts is not None for item in operands)
    if operation.kind in COMPARISONS or differs or np.ndim(operation.n):
        return (number,)  # it is the only one
    common = operation.kind, operation.dtype, operation.microthread
    return *common, *(_operand(item) for item in operands)


def _operand(item: Any) -> Any:
    if isinstance(item, Part):
        return item.memory.name, item.shape
    if isinstance(item, FabIn):
        return item.color.number
    if isinstance(item, FabOut):
        return item.color.number, item.advance
    return "wavelet" if isinstance(item, Wavelet) else "number"
