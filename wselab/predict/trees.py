"""Cycles of any reduce along a line of PEs, from the tree along which sums are handed over.

In a reduce of n PEs the first one takes in the sums of its children, the nearest first. Say that
the last child has m of the n PEs. Then the first one begins with the last stream

- when it is free: it has summed the n - m PEs before, a smaller reduce of the same kind;
- when the stream is there: the last child began to send, which it did when it began with its own
  last stream, and a hand-over has passed: two ramps, n - m hops and the cycle of the addition;

whichever is later, and ends B elements later. Nothing else costs: streams that come too early wait
outside, and follow without a break. How m follows from n is all in which the algorithms differ.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import isqrt
from typing import Any

import numpy as np

from .inputs import at_least

ALGORITHMS = ("chain", "star", "tree", "two_phase", "auto")


def sum_ends(
    pes: int,
    wavelets: int,
    algorithm: str,
    group: Any,
    ramp_latency: int,
    gap: int,
    ready: int = 0,
) -> int:
    """The cycle in which the first of two or more PEs has their sum, if it is free at ``ready``.

    Raises `ValueError` where there is no such algorithm or group.

    >>> sum_ends(512, 4096, "two_phase", 32, ramp_latency=2, gap=0)
    8896
    """
    lag = 2 * ramp_latency + 1
    last = _last(algorithm, group, pes, wavelets, lag, gap)
    if algorithm == "chain":
        return max(ready, (lag + 1) * (pes - 1)) + wavelets
    begins = [0, 0]  # with the last stream, by the number of PEs
    for n in range(2, pes):
        m = last(n)
        free = begins[n - m] + wavelets + gap if n - m > 1 else 0
        begins.append(max(free, begins[m] + lag + n - m))
    children = []
    while pes > 1:
        m = last(pes)
        pes -= m
        children.append((pes, m))
    end, free = 0, ready
    for distance, m in reversed(children):
        end = max(free, begins[m] + lag + distance) + wavelets
        free = end + gap
    return end


def _last(
    algorithm: str, group: Any, pes: int, wavelets: int, lag: int, gap: int
) -> Callable[[int], int]:
    """What tells m, the PEs that the last child has, from n."""
    if algorithm not in ALGORITHMS:
        known = ", ".join(map(repr, ALGORITHMS))
        raise ValueError(f"no algorithm {algorithm!r}; there is {known}")
    if group is not None and algorithm != "two_phase":
        raise ValueError(f"group={group!r} with algorithm {algorithm!r}; it is for 'two_phase'")
    if algorithm == "chain":
        return lambda n: n - 1
    if algorithm == "star":
        return lambda n: 1
    if algorithm == "tree":
        return lambda n: n - (1 << (n - 1).bit_length() - 1)
    if algorithm == "auto":
        best = _best_last(pes, wavelets, lag, gap)
        return lambda n: best[n]
    root = isqrt(4 * pes) + 1 >> 1  # the whole number nearest to the root
    size = root if group is None else at_least("group", group, 1)
    return lambda n: n - size if n > size else n - 1


@lru_cache(maxsize=64)
def _best_last(pes: int, wavelets: int, lag: int, gap: int) -> tuple[int, ...]:
    """The m of each n that makes the last stream begin first."""
    begins, free = np.zeros((2, pes + 1), np.int64)
    best = [0] * (pes + 1)
    for n in range(2, pes + 1):
        m = np.arange(1, n)
        at = np.maximum(free[n - m], begins[m] + lag + n - m)
        best[n] = int(m[at.argmin()])
        begins[n] = at.min()
        free[n] = begins[n] + wavelets + gap
    return tuple(best)
