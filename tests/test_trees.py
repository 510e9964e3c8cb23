"""The trees of a reduce: their shapes, and the dynamic programs against plain search."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from functools import cache

import numpy as np
import pytest

from wselab import predict
from wselab.predict.reduce import sum_ends
from wselab.trees import (
    ALGORITHMS,
    NEVER,
    Tree,
    children_of,
    depths_of,
    fewest_hops,
    model_cost,
    model_tree,
    reduce_tree,
)

T_R = 2


def tree(algorithm: str, pes: int, wavelets: int = 16, group: int | None = None) -> Tree:
    return reduce_tree(algorithm, group, pes, wavelets, ramp_latency=T_R, gap=0)


def all_trees(pes: int) -> Iterator[Tree]:
    """Every tree without holes: each PE's parent is the PE before it, or one of that one's line."""

    def grown(parents: tuple[int, ...]) -> Iterator[Tree]:
        if len(parents) == pes:
            yield parents
            return
        parent = len(parents) - 1
        while parent >= 0:
            yield from grown((*parents, parent))
            parent = parents[parent]

    return grown((-1,))


def test_trees_drawn_by_hand() -> None:
    """The parents of eleven PEs under each algorithm, as one draws them."""
    assert tree("chain", 11) == (-1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9)
    assert tree("star", 11) == (-1, *[0] * 10)
    assert tree("tree", 11) == (-1, 0, 0, 2, 0, 4, 4, 6, 0, 8, 8)
    assert tree("two_phase", 11, group=4) == (-1, 0, 1, 2, 0, 4, 5, 6, 4, 8, 9)
    assert tree("two_phase", 11, group=1) == tree("two_phase", 11, group=11) == tree("chain", 11)
    assert all(tree(how, 1) == (-1,) and tree(how, 2) == (-1, 0) for how in ALGORITHMS)


def test_a_tree_of_groups_is_levels_of_chains() -> None:
    """Chains of S, chains of their heads, and so on; few levels are what has a name of its own."""
    assert tree("tree", 11, group=3) == (-1, 0, 1, 0, 3, 4, 3, 6, 7, 0, 9)
    assert tree("tree", 11, group=2) == tree("tree", 11)
    for pes, size in itertools.product(range(1, 40), range(2, 41)):
        made = tree("tree", pes, group=size)
        if size >= pes:
            assert made == tree("chain", pes)
        elif size**2 >= pes:
            assert made == tree("two_phase", pes, group=size)
        reach = [pe - parent for pe, parent in enumerate(made) if pe]
        assert {*reach} == {size**k for k in range(8) if size**k < pes}


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_trees_have_no_holes(algorithm: str) -> None:
    """A PE's parent is the PE before it or one to which that one's sum goes too."""
    for pes, wavelets in itertools.product((2, 3, 5, 9, 30, 64), (1, 5, 16, 200)):
        parents = tree(algorithm, pes, wavelets)
        for pe in range(1, pes):
            ancestors = [pe - 1]
            while ancestors[-1] > 0:
                ancestors.append(parents[ancestors[-1]])
            assert parents[pe] in ancestors


@pytest.mark.parametrize("gap", [0, 3])
@pytest.mark.parametrize("ramp_latency", [1, 2, 5])
def test_no_tree_is_faster_than_the_best(ramp_latency: int, gap: int) -> None:
    """Of all trees over up to nine PEs none takes fewer cycles by the rules than "best"."""
    for pes, wavelets in itertools.product(range(2, 10), (1, 2, 7, 16, 40, 200)):
        least = min(sum_ends(one, wavelets, ramp_latency, gap) for one in all_trees(pes))
        best = reduce_tree("best", None, pes, wavelets, ramp_latency, gap)
        assert sum_ends(best, wavelets, ramp_latency, gap) == least


def test_there_are_as_many_trees_as_catalan_counted() -> None:
    """The search above sees each ordered tree once: 1, 1, 2, 5, 14, 42, ..."""
    counts = [len(set(all_trees(pes))) for pes in range(1, 9)]
    assert counts == [1, 1, 2, 5, 14, 42, 132, 429]


@pytest.mark.parametrize("ramp_latency", [1, 2, 5])
def test_no_tree_is_cheaper_than_the_models(ramp_latency: int) -> None:
    """Of all trees over up to nine PEs in which who sends earlier takes in less, none costs less.

    By that rule, which the dynamic program needs, a PE's last child takes in at most as many
    vectors as the PE does, the one before it one less, and so on. Over trees of any shape the
    model's tree is within a seventh of the cheapest.
    """

    def orderly(parents: Tree, pe: int, most: int) -> bool:
        children = children_of(parents)[pe]
        allowed = range(most - len(children) + 1, most + 1)
        return len(children) <= most and all(
            orderly(parents, child, one) for child, one in zip(children, allowed, strict=True)
        )

    for pes, wavelets in itertools.product(range(2, 9), (1, 2, 7, 16, 40, 200)):
        costs = {
            one: model_cost(one, wavelets, ramp_latency) + (0 if orderly(one, 0, most) else 1e9)
            for one in all_trees(pes)
            for most in [max(map(len, children_of(one)))]
        }
        found = model_cost(model_tree(pes, wavelets, ramp_latency), wavelets, ramp_latency)
        assert found <= min(costs.values())
        assert found <= 1.14 * min(cost % 1e9 for cost in costs.values())


def test_fewest_hops_is_that_of_a_scalar_recurrence() -> None:
    """The table has the numbers of the plain recurrence, one by one."""

    @cache
    def least(n: int, d: int, c: int) -> int:
        if n == 1:
            return 0
        if d == 0 or c == 0:
            return NEVER
        ways = [least(n - m, d, c - 1) + least(m, d - 1, c) + n - m for m in range(1, n)]
        return min(NEVER, *ways)

    table = fewest_hops(12, 6, 5)
    for n, d, c in itertools.product(range(1, 13), range(7), range(6)):
        assert table[n, d, c] == least(n, d, c)


def test_the_models_tree_has_the_least_cost_of_the_whole_table() -> None:
    """What is left out of the search is dearer, and the tree has the hops that the table says."""
    for pes in (2, 5, 12, 30, 41):
        table = fewest_hops(pes, pes - 1, pes - 1)[pes, 1:, 1:].astype(float)
        deep, taken = np.ogrid[1:pes, 1:pes]
        for wavelets, t_r in itertools.product((1, 3, 16, 100, 1000), (1, 2, 5)):
            load = np.maximum(wavelets * taken, wavelets * table / (pes - 1) + pes - 1)
            costs = np.where(table < NEVER, load + (2 * t_r + 1) * deep, np.inf)
            parents = model_tree(pes, wavelets, t_r)
            assert model_cost(parents, wavelets, t_r) == pytest.approx(costs.min(), rel=1e-12)


def test_lower_bound_is_that_of_a_scalar_recurrence() -> None:
    """`predict.reduce_lower_bound` gives what the printed recurrence gives, written out plainly."""

    @cache
    def energy(r: int, d: int) -> float:
        if r == 1:
            return 0
        if d == 0:
            return float("inf")
        return min(
            energy(r, d - 1), *(energy(s, d - 1) + energy(r - s, d) + r - s for s in range(1, r))
        )

    for pes, wavelets in itertools.product((2, 3, 5, 8, 13, 24), (1, 2, 5, 16, 100, 4096)):
        for t_r in (1, 2, 4):
            bound = min(
                wavelets * energy(pes, d) / (pes - 1) + pes - 1 + d * (2 * t_r + 1)
                for d in range(1, pes)
            )
            given = predict.reduce_lower_bound(pes=pes, wavelets=wavelets, ramp_latency=t_r)
            assert given == pytest.approx(bound, rel=1e-12)


def test_no_tree_costs_less_than_the_lower_bound() -> None:
    """By the model no tree is below its bound, and the tree found for it is next to it."""
    for pes, wavelets in itertools.product(range(2, 9), (1, 2, 7, 16, 40, 200)):
        bound = predict.reduce_lower_bound(pes=pes, wavelets=wavelets)
        assert min(model_cost(one, wavelets, T_R) for one in all_trees(pes)) >= bound - 1e-9
    for pes, wavelets in itertools.product((16, 50, 128), (1, 8, 64, 512, 4096)):
        bound = predict.reduce_lower_bound(pes=pes, wavelets=wavelets)
        cost = model_cost(model_tree(pes, wavelets, T_R), wavelets, T_R)
        assert bound - 1e-9 <= cost <= 1.05 * bound


def test_children_and_depths() -> None:
    """Children are named nearest first; PE 0 has depth 0."""
    parents = tree("tree", 8)
    assert children_of(parents) == [[1, 2, 4], [], [3], [], [5, 6], [], [7], []]
    assert depths_of(parents) == [0, 1, 1, 2, 1, 2, 2, 3]


@pytest.mark.parametrize(
    ("algorithm", "group", "words"),
    [
        ("pile", None, "no algorithm 'pile'; there is 'chain', 'star', 'tree', 'two_phase', "),
        ("star", 4, "group=4 with algorithm 'star'; it is for 'two_phase' and 'tree'"),
        ("tree", 1, "group=1: expected a whole number, at least 2"),
        ("two_phase", 0, "group=0: expected a whole number, at least 1"),
        ("two_phase", "4", "group='4': expected a whole number"),
    ],
)
def test_wrong_algorithms_and_groups_are_named(algorithm: str, group: int, words: str) -> None:
    """A wrong algorithm or group raises a ValueError that says what there is."""
    with pytest.raises(ValueError, match=re.escape(words)):
        tree(algorithm, 8, group=group)
