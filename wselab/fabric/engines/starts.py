"""What the planes of a PE hold when an operation starts."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..color import Color
from ..ports import RAMP
from ..program import Program
from .planes import Layout
from .wiring import LOW, Plan


class Start(NamedTuple):
    """PEs that start an operation: its number, their elements, their bits, and the lane.

    ``followed``: whether another operation comes after it.
    """

    number: int
    n: int
    bits: np.ndarray
    lane: int
    followed: bool


class Starts:
    """What the planes of a PE hold when an operation starts, for each operation of a program."""

    def __init__(self, program: Program, slots: list[Color]):
        self.operations, self.rules, self.shape = program.operations, program.rules, program.shape
        count = len(program.operations)
        self.computing = np.array([not o.on_fabric for o in program.operations], bool)
        self.reads_nothing = np.array([not o.reads for o in program.operations], bool)
        index = {color: slot for slot, color in enumerate(slots)}
        self.reading = [[index[c] for c in o.reads] for o in program.operations]
        self.sending = [[index[c] for c in (o.sends,) if c] for o in program.operations]
        self.uses = [  # (0 reading or 1 sending, slot)
            {*((0, slot) for slot in r), *((1, slot) for slot in s)}
            for r, s in zip(self.reading, self.sending, strict=True)
        ]
        self.fixed_n = np.zeros(count, np.int64)
        self.varying = {i for i, o in enumerate(program.operations) if np.ndim(o.n)}
        self.mute: dict[int, np.ndarray] = {}  # operations that send where the router takes nothing
        longest = 1
        for number, operation in enumerate(program.operations):
            if operation.sends is not None:
                deaf = ~operation.sends.enters_by(RAMP)
                if deaf[operation.where].any():
                    self.mute[number] = deaf
            if np.ndim(operation.n) == 0:
                self.fixed_n[number] = operation.n
            if operation.on_fabric:
                longest = max(longest, int(np.max(operation.n, initial=0)))
        self.high = max(0, (longest - 1).bit_length() - LOW)

    def elements(self, bits: np.ndarray, numbers: np.ndarray, layout: Layout) -> np.ndarray:
        """How many elements each PE's operation handles."""
        n = self.fixed_n[numbers]
        for number in self.varying:
            those = numbers == number
            if those.any():
                n[those] = self.operations[number].n[layout.places(bits[those])]
        return n

    def is_mute(self, number: int, bits: np.ndarray, layout: Layout) -> np.ndarray:
        """Whether an operation sends where the router of each PE takes nothing from the ramp."""
        if number not in self.mute:
            return np.zeros(len(bits), bool)
        return self.mute[number][layout.places(bits)]

    def planes(self, start: Start, live: bool, plan: Plan) -> np.ndarray:
        """0 or 1 for each plane of `Plan.start_rows`."""
        number, n = start.number, start.n
        reading = np.isin(plan.chosen, self.reading[number])
        sending = np.isin(plan.chosen, self.sending[number])
        others = [live, False, n <= (1 << LOW)]
        if plan.lanes > 1:
            others.insert(0, bool(self.sending[number]))
        counter = (1 << (LOW + self.high)) - n
        counting = (counter >> np.arange(LOW + self.high)) & 1 != 0
        if start.lane:
            return np.concatenate([reading, sending, others, counting])
        uses = [~reading, ~sending, reading, sending] if plan.sends else [~reading, reading]
        return np.concatenate([*uses, [start.followed, *others], counting])
