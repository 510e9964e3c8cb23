"""Cycles of programs in which all PEs of a row send around a ring at once."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

#: A step: what each PE sends, and what it takes in, operation by operation; numbers of elements.
Step = tuple[np.ndarray, list[np.ndarray]]


def ring_ends(pes: int, steps: Iterable[Step], ramp_latency: int, gap: int) -> int:
    """The cycle by which the last PE has taken in all, in a ring of two or more PEs.

    In each step a PE first begins to send, as a microthread, when it has taken all of the step
    before. (Its last sending has ended by then: it began earlier and was no more than one longer.)
    It begins to take a cycle later, or when the first wavelet is there, two ramps, a cycle and the
    way after it was sent: one hop from the PE before, P - 1 from the last PE to the first. Then
    elements follow one another.

    >>> three = np.full(3, 8)  # 8 wavelets from each PE to the next, and on once more
    >>> ring_ends(3, [(three, [three]), (three, [three])], ramp_latency=2, gap=0)
    29
    """
    way = np.full(pes, 1)
    way[0] = pes - 1
    free = np.zeros(pes, np.int64)  # when a PE can begin an operation
    end = 0
    for n, takes in steps:
        begins = free
        free = np.where(n > 0, begins + 1, free)
        there = np.roll(begins, 1) + 2 * ramp_latency + 1 + way
        for taken in takes:
            ends = np.maximum(free, there) + taken
            free = np.where(taken > 0, ends + gap, free)
            end = max(end, int(np.where(taken > 0, ends, 0).max()))
            there = there + taken
    return end
