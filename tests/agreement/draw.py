"""Choices for random programs."""

from __future__ import annotations

import random
from typing import Any

import numpy as np


class Draw:
    """Choices from a `random.Random` or one that Hypothesis controls.

    ``threads`` and ``starts`` are the chances, in percent, of a microthread and of a part that
    begins elsewhere in each PE.
    """

    def __init__(self, source: Any):
        self.source = source
        self.threads = self.starts = 0

    def number(self, low: int, high: int) -> int:
        return self.source.randint(low, high)

    def chance(self, percent: int) -> bool:
        return self.source.randint(1, 100) <= percent

    def one_of(self, items: Any) -> Any:
        return items[self.source.randint(0, len(items) - 1)]

    def numbers(self) -> np.random.Generator:
        """NumPy's source of numbers, for arrays."""
        return np.random.default_rng(self.number(0, 2**31))

    def apart(self) -> Draw:
        """A source of its own, for choices that are made later or not at all."""
        other = Draw(random.Random(self.number(0, 2**31)))
        other.threads, other.starts = self.threads, self.starts
        return other

    def microthread(self) -> bool:
        return self.threads > 0 and self.chance(self.threads)

    def part(self, memory: Any, start: int, count: int) -> Any:
        """So many values of a memory, from ``start`` or from elsewhere in each PE."""
        if not self.starts or not self.chance(self.starts):
            return memory.own[start : start + count]
        size = memory.shape[2]
        starts = self.numbers().integers(0, size - count + 1, (1, memory.shape[1]))
        return memory.own[starts : starts + count]
