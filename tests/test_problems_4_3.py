"""Problem 4.3, which reduce for a row: what passes, what fails, and with which words."""

from __future__ import annotations

import itertools
import json
import re

import numpy as np
import pytest

import wselab as wse
import wselab.kernels
import wselab.predict
import wselab.trees
from wselab.course import check, find
from wselab.course.problems import p04_3

PROBLEM = find("4.3")


def by_formulas(pes, wavelets):
    """The cycles of each as they are for long or for short vectors, then the least."""
    levels = (pes - 1).bit_length()
    found = {
        ("chain", None): wavelets + 6 * (pes - 1),
        ("star", None): wavelets * (pes - 1) + 6,
        ("tree", None): max(wavelets * levels + 6, wavelets + pes - 1 + 5 * levels),
    }
    for size in range(2, pes):
        groups = -(-pes // size)
        short = wavelets + (groups - 1) * (5 + size)
        found["two_phase", size] = 6 * (size - 1) + max(
            2 * wavelets + (groups - 2) * (5 + size), short
        )
    return min(found, key=found.get)


def as_in_the_lesson(pes, wavelets):
    """The closed forms of lesson 04, the group by the root."""
    levels, size = (pes - 1).bit_length(), max(2, round(pes**0.5))
    found = {
        ("chain", None): wavelets + 6 * (pes - 1),
        ("star", None): wavelets * (pes - 1) + 6,
        ("tree", None): (wavelets + 5) * levels + pes - 1,
        ("two_phase", size): 2 * wavelets + pes - 1 + 5 * (size - 2 - (-pes // size)),
    }
    return min(found, key=found.get)


def by_hand_overs(pes, wavelets):
    """Another way: follow the streams of every tree, hand-over by hand-over."""

    def ends(last):
        begins, free = [0] * (pes + 1), [0] * (pes + 1)
        for n in range(2, pes + 1):
            m = last(n)
            begins[n] = max(free[n - m], begins[m] + 5 + n - m)
            free[n] = begins[n] + wavelets
        return free[pes]

    shapes = {("chain", None): lambda n: n - 1, ("star", None): lambda n: 1}
    shapes["tree", None] = lambda n: n - (1 << (n - 1).bit_length() - 1)
    for size in range(2, pes):
        shapes["two_phase", np.int64(size)] = lambda n, s=size: n - s if n > s else n - 1
    return list(min(shapes, key=lambda choice: ends(shapes[choice])))


@pytest.mark.parametrize(
    ("answer", "seed"),
    [
        *itertools.product((by_formulas, as_in_the_lesson), (None, *range(6))),
        (by_hand_overs, 0),
    ],
)
def test_right_functions_pass(answer, seed):
    """Formulas of two kinds and a recurrence; who reckons better is further under par."""
    result = check("4.3", answer, seed)
    assert result.passed, result
    assert answer is as_in_the_lesson or result.score < result.par


def test_the_closed_forms_are_good_enough_for_any_row():
    """The margin is wider than what they err by, in hundreds of rows."""
    rng = np.random.default_rng(0)
    for _ in range(300):
        case = int(rng.integers(4, 129)), int(2 ** rng.uniform(0, 9))
        assert p04_3._good(p04_3.by_closed_forms(*case), *case), case


# ---- wrong ---------------------------------------------------------------------------------


def untouched(pes, wavelets):
    raise NotImplementedError


def always_the_chain(pes, wavelets):
    return "chain", None


def always_the_root(pes, wavelets):
    return "two_phase", round(pes**0.5)


def always_pairs(pes, wavelets):
    return ("two_phase", 2) if wavelets > 1 else ("star", None)


def swapped(wavelets, pes):
    return by_formulas(pes, wavelets)


def forgets_the_length(pes, wavelets):
    return by_formulas(pes, 1)


def forgets_the_pes(pes, wavelets):
    if wavelets < 4:
        return "star", None
    return ("tree", None) if wavelets < 100 else ("chain", None)


def only_the_name(pes, wavelets):
    return "tree"


def a_table(pes, wavelets):
    """The shown rows by heart."""
    table = {case: by_formulas(*case) for case in p04_3.SHOWN}
    return table.get((pes, wavelets), ("star", None))


def misspelt(pes, wavelets):
    return "two-phase", 8


def a_number(pes, wavelets):
    return 379


def a_float(pes, wavelets):
    return "two_phase", pes**0.5


def no_group(pes, wavelets):
    return "two_phase", None


def too_large(pes, wavelets):
    return "two_phase", 2 * pes


def a_group_for_a_star(pes, wavelets):
    return "star", 8


def another_kind(pes, wavelets):
    return "best", None


def raises(pes, wavelets):
    return {64: ("star", None)}[pes]


def asks_for_the_prediction(pes, wavelets):
    kinds = ("star", "chain", "tree")
    return min(
        ((kind, None) for kind in kinds),
        key=lambda one: wselab.predict.reduce_row(pes=pes, wavelets=wavelets, algorithm=one[0]),
    )


def runs_it(pes, wavelets):
    wselab.kernels.reduce_row(np.ones((1, pes, wavelets), np.float32))
    return "star", None


def asks_the_trees(pes, wavelets):
    wselab.trees.reduce_tree("star", None, pes, wavelets, 2, 0)
    return "star", None


def a_wafer_of_its_own(pes, wavelets):
    wse.Wafer(1, pes)
    return "star", None


class Odd:
    """Something without a text."""

    def __repr__(self):
        raise RuntimeError


def without_a_text(pes, wavelets):
    return Odd()


WRONG = {
    untouched: "not written yet",
    always_the_chain: "The answer is the same for every row.*\n.*64 PEs, 1 value each: you ",
    always_the_root: "in groups of 8, which takes 134 cycles; star takes 69",
    always_pairs: "The group of two_phase is always the same",
    swapped: "pes and wavelets are mixed up",
    forgets_the_length: "64 PEs, 16 values each: you choose star, which takes 1,014 cycles",
    forgets_the_pes: "you choose ",
    only_the_name: r"only_the_name\(64, 1\) gives 'tree'; expected two things",
    a_table: "Right with the rows shown, not with other rows",
    misspelt: r"chooses 'two-phase'; there is 'star', 'chain', 'tree', 'two_phase'",
    a_number: r"gives 379; expected two things",
    a_float: r"groups of 8\.0; expected a whole number",
    no_group: "groups of None; expected a whole number",
    too_large: "groups of 128 PEs; the row has 64",
    a_group_for_a_star: "gives 'star' a group, 8",
    another_kind: "chooses 'best'; there is",
    raises: "Right|raises KeyError in line",
    asks_for_the_prediction: "calls wselab.predict",
    runs_it: "calls wselab.kernels",
    asks_the_trees: "calls wselab.trees",
    a_wafer_of_its_own: "It asks the emulator",
    without_a_text: "something of type Odd",
    p04_3.by_closed_forms: "calls a function of the course itself",
}


@pytest.mark.parametrize("answer", WRONG, ids=lambda answer: answer.__name__)
def test_a_mistake_is_named(answer, monkeypatch):
    """In the first of the reasons, or the second."""
    result = check("4.3", answer)
    assert result.passed is False and result.points == 0
    assert re.search(WRONG[answer], "\n".join(result.reasons[:2]), re.DOTALL), result


def test_what_is_said_of_a_choice_is_what_the_emulator_counts():
    """Predictions hold the choice against the best; the emulator has the same cycles."""
    for case in p04_3.SHOWN[:4]:
        for choice in (("chain", None), p04_3.by_closed_forms(*case)):
            assert p04_3._takes(choice, *case) == p04_3._run(choice, *case)


def test_others_are_tried_with_every_seed():
    """Other rows each time, of sizes that the text promises."""
    drawn = [PROBLEM.cases(PROBLEM.sizes(seed)[1]) for seed in (None, *range(20))]
    assert len({str(cases) for cases in drawn}) == len(drawn)
    for pes, wavelets in [case for cases in drawn for case in cases]:
        assert 4 <= pes <= 128 and 1 <= wavelets <= 512


NONSENSE = [[], [[["star", None]]], [["best", 3]] * 8, "x" * 8, [[7]] * 8]


@pytest.mark.parametrize("nonsense", NONSENSE)
def test_a_record_that_is_none_is_no_answer(nonsense):
    """What a stranger's process says is looked at as if it were the answer."""
    with pytest.raises((ValueError, TypeError, p04_3.Refused, IndexError)):
        PROBLEM.judge(json.loads(json.dumps(nonsense)), PROBLEM.sizes()[0], None)
