"""Who hands over to whom in a reduce along a line: a tree, whatever the algorithm.

Every reduce of a line of P PEs into PE 0 is a tree. A PE takes in the sums of its children, the
nearest first, adds its own vector, and sends the sum to its parent. The trees here have subtrees
without holes: PE p and the n - 1 PEs behind it make one, and the last child of p has the m PEs at
its far end. How m follows from n is all in which the algorithms differ::

    chain      m = n - 1                            each PE to the next
    star       m = 1                                everyone to PE 0
    tree       n - m is the largest power of 2 below n
    two_phase  m = n - S above S PEs, else n - 1    chains of S, then a chain of their heads
    auto       the m with which the last stream comes soonest

A tree is written as a tuple, the parent of each PE, with -1 for PE 0, which has none.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import isqrt
from typing import Any

import numpy as np

from ..fabric import ProgramError
from ..fabric.rules import Rules

#: What ``algorithm=`` of a reduce can be.
ALGORITHMS = ("chain", "star", "tree", "two_phase", "auto")

Tree = tuple[int, ...]


def reduce_tree(algorithm: str, group: Any, pes: int, wavelets: int, rules: Rules) -> Tree:
    """The tree of an algorithm for ``pes`` PEs in a line.

    ``group`` is S of "two_phase", the whole number nearest to the root of ``pes`` unless given.
    "auto" depends on the vectors' length and on the rules. Raises `ProgramError` where there is no
    such algorithm or group.

    Examples
    --------
    >>> from wselab.specs import WSE2
    >>> rules = Rules.of(WSE2)
    >>> reduce_tree("tree", None, 6, 16, rules)
    (-1, 0, 0, 2, 0, 4)
    >>> reduce_tree("two_phase", 3, 8, 16, rules)
    (-1, 0, 1, 0, 3, 4, 3, 6)
    >>> reduce_tree("auto", None, 6, 16, rules)
    (-1, 0, 0, 2, 3, 4)
    """
    last = _last(algorithm, group, pes, wavelets, rules)
    parents = [-1] * pes
    to_do = [(0, pes)]
    while to_do:
        head, n = to_do.pop()
        if n > 1:
            child = head + n - last(n)
            parents[child] = head
            to_do += [(head, child - head), (child, head + n - child)]
    return tuple(parents)


def _last(
    algorithm: str, group: Any, pes: int, wavelets: int, rules: Rules
) -> Callable[[int], int]:
    """What tells m, the PEs below the last child, from n."""
    if algorithm not in ALGORITHMS:
        known = ", ".join(map(repr, ALGORITHMS))
        raise ProgramError(f"reduce: no algorithm {algorithm!r}; there is {known}")
    if group is not None and algorithm != "two_phase":
        raise ProgramError(
            f"reduce: group={group!r} with algorithm {algorithm!r}; groups are for 'two_phase'"
        )
    if algorithm == "chain":
        return lambda n: n - 1
    if algorithm == "star":
        return lambda n: 1
    if algorithm == "tree":
        return lambda n: n - (1 << (n - 1).bit_length() - 1)
    if algorithm == "auto":
        best = best_last(pes, wavelets, rules.ramp_latency, rules.gap)
        return lambda n: best[n]
    whole = isinstance(group, (int, np.integer)) and not isinstance(group, bool)
    if group is not None and (not whole or group < 1):
        raise ProgramError(f"reduce: group={group!r}; expected a whole number, at least 1")
    size = int(group) if group is not None else nearest_root(pes)
    return lambda n: n - size if n > size else n - 1


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


def nearest_root(pes: int) -> int:
    """The whole number nearest to the square root of ``pes``.

    >>> [nearest_root(pes) for pes in (1, 2, 3, 6, 7, 512)]
    [1, 1, 2, 2, 3, 23]
    """
    return isqrt(4 * pes) + 1 >> 1


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


def static_colors(parents: Tree) -> list[int]:
    """A color for the stream of each PE to its parent, above those of all beneath it; -1 for PE 0.

    Two streams may share a color only where they share no router. Of two that do, the one that is
    taken in first gets the lower number: the other must wait for it anyway, and would take its
    place on the links.

    Examples
    --------
    >>> static_colors((-1, 0, 1, 2))  # a chain
    [-1, 0, 1, 0]
    >>> static_colors((-1, 0, 0, 2, 0, 4, 4, 6))  # a binary tree
    [-1, 0, 1, 0, 2, 0, 1, 0]
    """
    children = children_of(parents)
    colors, highest = [-1] * len(parents), [-1] * len(parents)
    for pe in reversed(range(len(parents))):  # children come behind their parents
        for child in children[pe]:
            taken = {colors[grandchild] for grandchild in children[child]}
            color = highest[pe] + 1
            while color in taken:
                color += 1
            colors[child] = color
            highest[pe] = max(highest[pe], highest[child], color)
    return colors
