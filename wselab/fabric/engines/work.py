"""One operation of one PE, element by element: what the reference engine computes with."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..conditions import COMPARISONS
from ..memory import Part
from ..operations import Operation, Wavelet


class Work:
    """One operation of one PE: where its data is, and how many elements are done.

    ``woke`` is the value of the wavelet that woke the task that it belongs to, if any.
    """

    def __init__(self, number: int, program: Any, pe: tuple, n: int, woke: Any = None):
        operation: Operation = program.operations[number]
        self.number, self.operation, self.n, self.handled = number, operation, n, 0
        self.kind, self.reads, self.sends = operation.kind, operation.reads, operation.sends
        self.type = np.dtype(operation.dtype).type
        self.cycles_left = operation.cycles(n, program.rules)  # where no stream is waited for
        self.inputs = [locate(item, pe, program, woke) for item in operation.inputs]
        self.out = locate(operation.out, pe, program, woke)

    def element(self, arrived: dict) -> Any:
        """Compute the next element from memory, numbers and the wavelets that arrived."""
        a, *rest = (self.value(item, arrived) for item in self.inputs)
        if self.kind == "mov":
            result = a
        elif self.kind == "add":
            result = a + rest[0]
        elif self.kind == "mul":
            result = a * rest[0]
        elif self.kind == "max":
            result = a if a > rest[0] or a != a else rest[0]
        elif self.kind == "mac":
            result = rest[1] + a * rest[0]  # rounded twice: the product, then the sum
        else:
            result = COMPARISONS[self.kind](a, rest[0])
        if isinstance(self.out, np.ndarray):
            self.out[self.position(self.out)] = result
        self.handled += 1
        return result

    def value(self, item: Any, arrived: dict) -> Any:
        """The next element of one input, in the type that the operation computes in."""
        if isinstance(item, np.ndarray):
            return self.type(item[self.position(item)])
        return self.type(arrived.get(item, item))

    def position(self, array: np.ndarray) -> tuple:
        """Where element number ``handled`` stands; a single value serves every element."""
        return np.unravel_index(self.handled, array.shape) if array.ndim else ()


def locate(item: Any, pe: tuple, program: Any, woke: Any) -> Any:
    """An operand of one PE: a view of its memory, a color, or a number."""
    if isinstance(item, Part):
        memory = program.memories[item.memory.name][(*pe, ...)]
        if item.starts is None:
            return item.of(memory, 0)
        return memory[int(item.starts[pe]) :]
    if isinstance(item, Wavelet):
        return woke
    return item.color if hasattr(item, "color") else item
