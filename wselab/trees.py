"""Who hands over to whom in a reduce along a line: a tree, whatever the algorithm.

Every reduce of a line of P PEs into PE 0 is a tree. A PE takes in the sums of its children, the
nearest first, adds its own vector, and sends the sum to its parent. The trees here have subtrees
without holes: PE p and the n - 1 PEs behind it make one, and the last child of p has the m PEs at
its far end. How m follows from n is all in which the algorithms differ::

    chain      m = n - 1                            each PE to the next
    star       m = 1                                everyone to PE 0
    tree       n - m is the largest power of S below n, S = 2 unless given
    two_phase  m = n - S above S PEs, else n - 1    chains of S, then a chain of their heads
    auto       what costs least by the published model, found by a dynamic program
    best       what takes the fewest cycles by the rules of the fabric, found by another

A tree is written as a tuple, the parent of each PE, with -1 for PE 0, which has none. This is all
that `wselab.kernels` and `wselab.predict` share: the former writes programs that follow a tree, the
latter reckons what they take.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from functools import lru_cache
from math import isqrt
from operator import index
from typing import Any

import numpy as np

#: What ``algorithm=`` of a reduce can be.
ALGORITHMS = ("chain", "star", "tree", "two_phase", "auto", "best")
#: The least S that ``group=`` of a reduce can be, where it can be given.
LEAST_GROUP = {"two_phase": 1, "tree": 2}

Tree = tuple[int, ...]


def reduce_tree(
    algorithm: str, group: Any, pes: int, wavelets: int, ramp_latency: int, gap: int
) -> Tree:
    """The tree of an algorithm for ``pes`` PEs in a line.

    ``group`` is S: of "two_phase" the whole number nearest to the root of ``pes`` unless given, of
    "tree" 2. A "tree" is chains of S PEs, then chains of S of their first ones, and so on: with S
    as the K-th root of ``pes``, rounded up, K levels of them; two levels are "two_phase". "auto"
    and "best" depend on the vectors' length and on the rules. Raises `ValueError` where there is no
    such algorithm or group.

    Examples
    --------
    >>> reduce_tree("tree", None, 6, 16, ramp_latency=2, gap=0)
    (-1, 0, 0, 2, 0, 4)
    >>> reduce_tree("two_phase", 3, 8, 16, ramp_latency=2, gap=0)
    (-1, 0, 1, 0, 3, 4, 3, 6)
    >>> reduce_tree("tree", 3, 12, 16, ramp_latency=2, gap=0)
    (-1, 0, 1, 0, 3, 4, 3, 6, 7, 0, 9, 10)
    """
    if algorithm not in ALGORITHMS:
        known = ", ".join(map(repr, ALGORITHMS))
        raise ValueError(f"no algorithm {algorithm!r}; there is {known}")
    if group is not None and algorithm not in LEAST_GROUP:
        takers = " and ".join(map(repr, LEAST_GROUP))
        raise ValueError(f"group={group!r} with algorithm {algorithm!r}; it is for {takers}")
    if algorithm == "auto":
        return model_tree(pes, wavelets, ramp_latency)
    if algorithm == "best":
        m = best_last(pes, wavelets, ramp_latency, gap)
        return _split(pes, lambda n: m[n])
    if algorithm == "two_phase":
        size = nearest_root(pes) if group is None else _group(group, LEAST_GROUP["two_phase"])
        return _split(pes, lambda n: n - size if n > size else n - 1)
    if algorithm == "tree":
        powers = _powers_below(pes, 2 if group is None else _group(group, LEAST_GROUP["tree"]))
        return _split(pes, lambda n: n - powers[bisect_left(powers, n) - 1])
    return _split(pes, lambda n: n - 1 if algorithm == "chain" else 1)


def _group(group: Any, least: int) -> int:
    if not hasattr(group, "__index__") or isinstance(group, bool) or group < least:
        raise ValueError(f"group={group!r}: expected a whole number, at least {least}")
    return index(group)


def _powers_below(most: int, base: int) -> list[int]:
    powers = [1]
    while powers[-1] * base < most:
        powers.append(powers[-1] * base)
    return powers


def _split(pes: int, last: Callable[[int], int]) -> Tree:
    """The tree in which the last child of a PE with n PEs has ``last(n)`` of them."""
    parents = [-1] * pes
    to_do = [(0, pes)]
    while to_do:
        head, n = to_do.pop()
        if n > 1:
            child = head + n - last(n)
            parents[child] = head
            to_do += [(head, child - head), (child, head + n - child)]
    return tuple(parents)


def nearest_root(pes: int) -> int:
    """The whole number nearest to the square root of ``pes``.

    >>> [nearest_root(pes) for pes in (1, 2, 3, 6, 7, 512)]
    [1, 1, 2, 2, 3, 23]
    """
    return isqrt(4 * pes) + 1 >> 1


@lru_cache(maxsize=64)
def best_last(pes: int, wavelets: int, ramp_latency: int, gap: int) -> tuple[int, ...]:
    """For each n up to ``pes``: how many PEs below the last child make a reduce of n fastest.

    A PE begins with the stream of its last child when the one before has ended or when it is
    there, whichever is later, and ends a vector's length later. Either part is a smaller problem of
    the same kind. Of equal choices the largest is taken: it needs the fewest colors.

    Examples
    --------
    >>> best_last(8, wavelets=16, ramp_latency=2, gap=0)[8]
    5
    >>> best_last(8, wavelets=1000, ramp_latency=2, gap=0)[8]  # a chain is best
    7
    """
    begins, free = np.zeros((2, pes + 1), np.int64)
    last = [0] * (pes + 1)
    for n in range(2, pes + 1):
        there = begins[1:n] + 2 * ramp_latency + 1 + np.arange(n - 1, 0, -1)
        either = np.maximum(free[n - 1 : 0 : -1], there)  # for m from 1 to n - 1
        last[n] = n - 1 - int(either[::-1].argmin())
        begins[n] = either[last[n] - 1]
        free[n] = begins[n] + wavelets + gap
    return tuple(last)


@lru_cache(maxsize=64)
def model_tree(pes: int, wavelets: int, ramp_latency: int) -> Tree:
    """The tree that costs least by the published model of a reduce.

    The model's cost is ``max(B C, B E / (P - 1) + P - 1) + (2 T_R + 1) D`` for a tree in which a PE
    takes in at most C vectors, a value has E hops, and a sum is handed over at most D times in
    turn. For every C and D the program finds the tree of least E, then takes the cheapest.

    Luczynski et al., "Near-Optimal Wafer-Scale Reduce", HPDC 2024, arXiv:2404.15888, for the model
    and for generating the tree from it; how C enters the program is ours.

    Examples
    --------
    >>> model_tree(6, wavelets=1, ramp_latency=2)  # a star
    (-1, 0, 0, 0, 0, 0)
    >>> model_tree(6, wavelets=16, ramp_latency=2)
    (-1, 0, 1, 0, 3, 3)
    """
    if pes == 1:
        return (-1,)
    lag = 2 * ramp_latency + 1
    known = min(
        model_cost(reduce_tree(how, None, pes, wavelets, ramp_latency, 0), wavelets, ramp_latency)
        for how in ("chain", "star", "tree", "two_phase", "best")
    )
    # Dearer trees need not be looked at: of D hand-overs, one vector on each link; of C vectors
    # into a PE, which come from C different distances.
    spare = known - (pes - 1)
    most_deep = max(1, min(pes - 1, int((spare - wavelets) / lag)))
    most_in = max(1, min(pes - 1, isqrt(int(2 * (pes - 1) * (spare - lag) / wavelets))))
    most_in = max(1, min(most_in, int((known - lag) / wavelets)))
    energy = fewest_hops(pes, most_deep, most_in)
    deep, taken = np.ogrid[: most_deep + 1, : most_in + 1]
    load = np.maximum(wavelets * taken, wavelets * energy[pes] / (pes - 1) + pes - 1)
    cost = np.where(energy[pes] < NEVER, load + lag * deep, np.inf)
    best = np.unravel_index(cost.argmin(), cost.shape)

    parents = [-1] * pes
    to_do = [(0, pes, int(best[0]), int(best[1]))]
    while to_do:
        head, n, d, c = to_do.pop()
        if n > 1:
            m = np.arange(1, n)
            hops = energy[n - m, d, c - 1] + energy[m, d - 1, c] + n - m
            child = head + n - int(m[hops.argmin()])
            parents[child] = head
            to_do += [(head, child - head, d, c - 1), (child, head + n - child, d - 1, c)]
    return tuple(parents)


def model_cost(parents: Tree, wavelets: int, ramp_latency: int) -> float:
    """Cycles of a tree by the published model: ``max(B C, B E / (P - 1) + P - 1) + (2 T_R + 1) D``.

    >>> model_cost((-1, 0, 1, 2), wavelets=16, ramp_latency=2)  # a chain
    34.0
    """
    distances = [pe - parent for pe, parent in enumerate(parents) if pe]
    most_in = max(map(len, children_of(parents)))
    load = wavelets * sum(distances) / len(distances) + len(distances)
    return max(wavelets * most_in, load) + (2 * ramp_latency + 1) * max(depths_of(parents))


#: More hops than any tree has: there is none.
NEVER = 1 << 29


def fewest_hops(pes: int, most_deep: int, most_in: int) -> np.ndarray:
    """E[n, d, c]: the fewest hops of a value's reduce over n PEs with d hand-overs and c vectors.

    That is: at most d hand-overs in turn, and at most c vectors into the first PE, of which the
    last is from a PE that takes in at most c, the one before from one with at most c - 1, and so
    on: who sends earlier has less time.

    Examples
    --------
    >>> fewest_hops(4, 3, 3)[4, 1:, 1:]  # a star has 1 + 2 + 3, a tree 1 + 1 + 2, a chain 3
    array([[536870912, 536870912,         6],
           [536870912,         4,         4],
           [        3,         3,         3]], dtype=int32)
    """
    energy = np.full((pes + 1, most_deep + 1, most_in + 1), NEVER, np.int32)
    energy[1] = 0
    for n in range(2, pes + 1):
        way = np.arange(n - 1, 0, -1, dtype=np.int32)[:, None, None]  # for m from 1 to n - 1
        hops = energy[n - 1 : 0 : -1, 1:, :-1] + energy[1:n, :-1, 1:] + way
        energy[n, 1:, 1:] = np.minimum(hops.min(axis=0), NEVER)
    return energy


def children_of(parents: Tree) -> list[list[int]]:
    """The children of each PE, the nearest first.

    >>> children_of((-1, 0, 0, 2))
    [[1, 2], [], [3], []]
    """
    children: list[list[int]] = [[] for _ in parents]
    for pe, parent in enumerate(parents[1:], start=1):
        children[parent].append(pe)
    return children


def depths_of(parents: Tree) -> list[int]:
    """How many hand-overs each PE is away from PE 0.

    >>> depths_of((-1, 0, 0, 2))
    [0, 1, 1, 2]
    """
    depths = [0] * len(parents)
    for pe, parent in enumerate(parents[1:], start=1):
        depths[pe] = depths[parent] + 1
    return depths
