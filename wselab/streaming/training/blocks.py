"""Memory in every PE, and operations on it that either become a program or happen at once.

What a PE computes on its own memory is written once, against `Processors`. While the device *runs*,
each operation is recorded for the wafer and costs its cycles in the next launch. While it
*replays*, the same call computes the same values with one line of NumPy, rounded after each product
and each sum as a PE rounds them: the same operations in the same order, and so the same bits.
"""

from __future__ import annotations

from typing import Any

import numpy as np

#: The part of a block that an operation is on: first value, the one behind the last, and the step.
Span = tuple[int, int, int]


class Block:
    """``size`` values in every PE of a device: ``values`` has the shape (rows, columns, size).

    ``block[a:b:step]`` and ``block[i]`` are operands. The device makes the memory of all blocks at
    once, when all of them are known (`Device.allocate`).
    """

    def __init__(self, name: str, size: int, dtype: Any):
        self.name, self.size, self.dtype = name, size, dtype
        self.values = np.zeros((0, 0, size))
        self.memory: Any = None  # the wafer's, where there is a wafer
        self.pieces: dict[Any, Any] = {}  # operands made so far

    def __getitem__(self, key: slice | int) -> Piece:
        single = not isinstance(key, slice)
        span = (key, key + 1, 1) if isinstance(key, int) else key.indices(self.size)
        name = (single, *span)
        if name not in self.pieces:
            self.pieces[name] = Piece(self, span, single)
        return self.pieces[name]

    def __repr__(self) -> str:
        return f"<block {self.name}: {self.size} values in each PE>"


class Piece:
    """A part of a block, as the operand of an operation."""

    def __init__(self, block: Block, span: Span, single: bool):
        self.block, self.span, self.single = block, span, single
        self._part: Any = None
        self._views: dict[int, np.ndarray] = {}

    @property
    def part(self) -> Any:
        """As the wafer's own operand."""
        if self._part is None:
            first, last, step = self.span
            own = self.block.memory.own
            self._part = own[first] if self.single else own[first:last:step]
        return self._part

    def view(self, first_row: int) -> np.ndarray:
        """As an array (rows, columns, n) of the rows from ``first_row`` on; row 0 alone for -1."""
        if first_row not in self._views:
            rows = slice(0, 1) if first_row < 0 else slice(first_row, None)
            first, last, step = self.span
            self._views[first_row] = self.block.values[rows, :, first:last:step]
        return self._views[first_row]

    def __len__(self) -> int:
        return len(range(*self.span))


class Processors:
    """PEs of a device that do the same: those that compute, or the row that keeps the weights.

    The operations are those of a region of the wafer; operands are blocks, pieces and numbers.
    ``region`` is None for processors that never run, such as the host's.
    """

    def __init__(self, device: Any, region: Any, first_row: int):
        self.device, self.region, self.first_row = device, region, first_row

    def mov(self, a: Any, *, out: Any) -> None:
        """``out = a``."""
        if self._runs:
            self.region.mov(_operand(a), out=_operand(out))
        else:
            self._view(out)[...] = self._view(a)

    def add(self, a: Any, b: Any, *, out: Any) -> None:
        """``out = a + b``."""
        if self._runs:
            self.region.add(_operand(a), _operand(b), out=_operand(out))
        else:
            np.add(self._view(a), self._view(b), out=self._view(out))

    def mul(self, a: Any, b: Any, *, out: Any) -> None:
        """``out = a * b``."""
        if self._runs:
            self.region.mul(_operand(a), _operand(b), out=_operand(out))
        else:
            np.multiply(self._view(a), self._view(b), out=self._view(out))

    def max(self, a: Any, b: Any, *, out: Any) -> None:
        """``out`` = the larger of ``a`` and ``b``."""
        if self._runs:
            self.region.max(_operand(a), _operand(b), out=_operand(out))
        else:
            a, b = self._view(a), self._view(b)
            self._view(out)[...] = np.where((a > b) | (a != a), a, b)

    def mac(self, a: Any, b: Any, *, out: Any, acc: Any = None) -> None:
        """``out = acc + a * b``, rounded twice; ``acc`` is ``out`` unless given."""
        acc = out if acc is None else acc
        if self._runs:
            self.region.mac(_operand(a), _operand(b), acc=_operand(acc), out=_operand(out))
        else:
            product = np.multiply(self._view(a), self._view(b))
            np.add(self._view(acc), product, out=self._view(out))

    @property
    def _runs(self) -> bool:
        return self.region is not None and self.device.running

    def _view(self, item: Any) -> Any:
        if isinstance(item, Block):
            item = item[:]
        if isinstance(item, Piece):
            return item.view(self.first_row)
        return self.device.number(item)


def _operand(item: Any) -> Any:
    if isinstance(item, Block):
        return item.memory.own
    return item.part if isinstance(item, Piece) else item
