"""Microthreads: which operation each lane of each PE runs, and who waits for a lane."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from typing import Any

import numpy as np

from ..operations import Operation, conflict
from .planes import Layout, groups_of

#: Up to so many lanes of PEs it is quicker to look what each runs than to ask of all that runs.
FEW = 500


class Threads:
    """The microthreads of all PEs; a lane is one that a PE can run beside its main operation.

    PEs are numbered by their bits. ``parked`` are those whose next operation waits for a lane, or
    for a microthread that it conflicts with.
    """

    def __init__(self, lanes: int, size: int, operations: list[Operation], layout: Layout):
        self.operations, self.layout = operations, layout
        self.number = np.full((lanes, size), -1, np.int32)  # of the operation, by lane and PE
        self.free = np.full(size, (1 << lanes) - 1, np.uint16)  # lanes, a bit each
        self.lowest = np.array([(free & -free).bit_length() - 1 for free in range(1 << lanes)])
        self.running: Counter[int] = Counter()  # PEs that run each operation
        self.parked = np.zeros(size, bool)
        self.conflicts: dict[tuple[int, int], Any] = {}

    def __len__(self) -> int:
        return len(self.number)

    def admit(self, number: int, bits: np.ndarray) -> np.ndarray:
        """Those PEs that can begin an operation now; the others are parked."""
        waits = np.zeros(len(bits), bool)
        for other in self._running_at(bits):
            pair = other, number
            if pair not in self.conflicts:
                self.conflicts[pair] = conflict(*(self.operations[one] for one in pair))
            answer = self.conflicts[pair]
            if answer is not False:
                here = (self.number[:, bits] == other).any(axis=0)
                waits |= here & (answer[self.layout.places(bits)] if np.ndim(answer) else answer)
        if self.operations[number].microthread:
            waits |= self.free[bits] == 0
        if not waits.any():
            return bits
        self.parked[bits[waits]] = True
        return bits[~waits]

    def _running_at(self, bits: np.ndarray) -> Collection[int]:
        """The operations that run beside, at least all those of these PEs."""
        if len(bits) * len(self) < FEW:
            return {*self.number[:, bits].flat} - {-1}
        self.running = +self.running  # without those that have ended
        return self.running

    def begin(self, number: int, bits: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
        """Begin a microthread in the first free lane of each PE; gives the lanes with their PEs."""
        free = self.free[bits]
        lanes = self.lowest[free]
        self.free[bits] = free & (free - 1)
        self.number[lanes, bits] = number
        self.running[number] += len(bits)
        return groups_of(lanes, bits)

    def end(self, lane: int, bits: np.ndarray) -> np.ndarray:
        """End the microthreads of a lane; gives the PEs that had waited."""
        self.free[bits] |= np.uint16(1 << lane)
        for number, those in groups_of(self.number[lane, bits], bits):
            self.running[number] -= len(those)
        self.number[lane, bits] = -1
        waiting = bits[self.parked[bits]]
        self.parked[waiting] = False
        return waiting
