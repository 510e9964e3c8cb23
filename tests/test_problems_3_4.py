"""Problem 3.4: reckoning the cycles of a chain; what passes, what fails, with which words."""

from __future__ import annotations

import inspect
import random
import re
import textwrap
from pathlib import Path

import nbformat
import numpy as np
import pytest

import wselab as wse
import wselab.kernels
from wselab.course import check, find
from wselab.course.problems import p03_4
from wselab.course.problems.p03_4 import busy_chain, chain_cycles, textbook
from wselab.course.replaced import replaced_parts

from .long import long

PROBLEM = find("3.4")
ROOT = Path(__file__).resolve().parent.parent


# ---- right answers -------------------------------------------------------------------------


def backwards(work, values, ramp_latency):
    begins = work[-1]
    for busy in reversed(work[:-1]):
        begins = max(busy, begins + 2 * ramp_latency + 2)
    return begins + values


def by_a_maximum(work, values, ramp_latency):
    """The longest way from a PE that is ready to the first one."""
    step = 2 * ramp_latency + 2
    return max(free + k * step for k, free in enumerate(work)) + values


def as_a_float(work, values, ramp_latency):
    return float(np.max(np.array(work) + (2 * ramp_latency + 2) * np.arange(len(work)))) + values


def value_by_value(work, values, ramp_latency):
    """When each PE handles each value: a loop that counts, wavelet by wavelet."""
    handled = [work[-1] + k for k in range(values)]
    for free in reversed(work[:-1]):
        arrives = [cycle + 2 * ramp_latency + 2 for cycle in handled]
        handled, now = [], free
        for cycle in arrives:
            now = max(now, cycle)
            handled.append(now)
            now += 1
    return handled[-1] + 1


def careless_with_its_list(work, values, ramp_latency):
    begins = work.pop()
    while work:
        begins = max(work.pop(), begins + 2 * ramp_latency + 2)
    return begins + values


@pytest.mark.parametrize(
    "answer", [backwards, by_a_maximum, as_a_float, value_by_value, careless_with_its_list]
)
@pytest.mark.parametrize("seed", [None, 0, *long(1, 2)])
def test_different_right_answers_pass(answer, seed):
    """A loop, a formula and a count of every value; there is no score."""
    result = check("3.4", answer, seed=seed)
    assert result.passed is True and result.points == 8, result
    assert result.score is None and result.par is None and "cycles" not in repr(result)[70:]


def test_the_reckoning_is_the_emulator_s():
    """Formula and engine agree on random chains, with any queue that holds two or more."""
    draw = random.Random(1)
    for _ in range(60):
        work = [draw.choice([0, draw.randint(0, 90)]) for _ in range(draw.randint(2, 9))]
        values, ramp = draw.randint(1, 40), draw.randint(1, 5)
        run = busy_chain(work, values, ramp).run(engine=draw.choice(["reference", "bitplane"]))
        assert run.cycles == textbook(work, values, ramp), (work, values, ramp)


def test_the_notebook_shows_the_program_that_runs():
    """The lines in the text are those of the chain whose cycles are asked for."""
    source = inspect.getsource(busy_chain)
    lines = source[source.index("    for k in range(columns):") :].rpartition("    return w")[0]
    for folder in ("solutions", "exercises"):
        notebook = nbformat.read(ROOT / folder / "03_a_fabric_of_cores.ipynb", as_version=4)
        shown = textwrap.dedent(lines).strip()
        assert any(f"```python\n{shown}\n```" in cell.source for cell in notebook.cells), folder


# ---- wrong answers -------------------------------------------------------------------------


def untouched(work, values, ramp_latency):
    raise NotImplementedError


def prints_it(work, values, ramp_latency):
    print(backwards(work, values, ramp_latency))


def in_words(work, values, ramp_latency):
    return f"{backwards(work, values, ramp_latency)} cycles"


def in_seconds(work, values, ramp_latency):
    return backwards(work, values, ramp_latency) / 850e6


def not_a_number(work, values, ramp_latency):
    return float("nan")


def endless_many(work, values, ramp_latency):
    return float("inf")


def far_too_many(work, values, ramp_latency):
    return 10**400


def true(work, values, ramp_latency):
    return True


def of_the_example(work, values, ramp_latency):
    return 34


def one_too_few(work, values, ramp_latency):
    return backwards(work, values, ramp_latency) - 1


def one_hand_over_too_many(work, values, ramp_latency):
    step = 2 * ramp_latency + 2
    return max(free + k * step for k, free in enumerate(work, start=1)) + values


def without_work(work, values, ramp_latency):
    return values + (2 * ramp_latency + 2) * (len(work) - 1)


def all_work_added(work, values, ramp_latency):
    return sum(work) + without_work(work, values, ramp_latency)


def when_all_are_ready(work, values, ramp_latency):
    return max(work) + without_work(work, values, ramp_latency)


def from_the_wrong_end(work, values, ramp_latency):
    return backwards(work[::-1], values, ramp_latency)


def with_the_usual_ramp(work, values, ramp_latency):
    return backwards(work, values, 2)


def without_the_addition(work, values, ramp_latency):
    return chain_of(work, values, 2 * ramp_latency + 1)


def one_ramp(work, values, ramp_latency):
    return chain_of(work, values, ramp_latency + 2)


def a_hop_each(work, values, ramp_latency):
    return chain_of(work, values, 1)


def whole_vectors(work, values, ramp_latency):
    return (len(work) - 1) * (values + 2 * ramp_latency + 2)


def chain_of(work, values, hand_over):
    return max(free + k * hand_over for k, free in enumerate(work)) + values


WRONG = {
    untouched: "not written yet",
    prints_it: "prints_it returns nothing",
    in_words: "returns something of type str",
    in_seconds: r"returns 4e-08, something of type float.*cycles are a whole number",
    not_a_number: "returns nan, something of type float",
    endless_many: "returns inf, something of type float",
    far_too_many: "too many",
    true: "returns something of type bool",
    of_the_example: r"Right with work = \[0, 0, 0, 0\].*it gives 34",
    one_too_few: "off by one",
    one_hand_over_too_many: "One hand-over too many",
    without_work: "work does not come in",
    all_work_added: "adds up the work of all PEs; they work side by side",
    when_all_are_ready: "lets the chain begin when everybody is ready",
    from_the_wrong_end: "from the wrong end",
    with_the_usual_ramp: "ramp_latency does not come in",
    without_the_addition: "one cycle too short",
    one_ramp: "two ramps, one out and one in",
    a_hop_each: "more than a hop",
    whole_vectors: "wait for a whole vector",
}


@pytest.mark.parametrize("answer", WRONG, ids=lambda answer: answer.__name__)
def test_a_known_mistake_is_named(answer):
    """No points, and the mistake before the numbers."""
    result = check("3.4", answer)
    assert not result.passed and result.points == 0
    assert re.search(WRONG[answer], "\n".join(result.reasons), re.DOTALL), result


def test_the_emulator_s_count_is_said():
    """Which case, what was given, what the emulator counts, how far off."""
    reasons = check("3.4", one_too_few).reasons
    assert reasons[-1] == (
        "With work = [0, 0, 0, 0], values = 16, ramp_latency = 2 it gives 33; the emulator counts "
        "34, so that is 1 too few."
    )


@pytest.mark.parametrize("seed", [None, *range(5)])
def test_only_the_right_formula_is_right_everywhere(seed):
    """Each wrong formula is wrong in some case, of the visible ones and of any seed's."""
    sizes = PROBLEM.sizes(seed)
    for formula, text in p03_4.MISTAKES:
        cases = [PROBLEM.arguments(size) for size in sizes]
        assert any(formula(*case) != textbook(*case) for case in cases), text


def test_visible_cases_tell_mistakes_apart():
    """Where there is work, wrong formulas give wrong numbers, each another one, but for few."""
    for size in PROBLEM.sizes(None)[1:4]:
        case = PROBLEM.arguments(size)
        given = [
            formula(*case) for formula, text in p03_4.MISTAKES if "does not always" not in text
        ]
        assert textbook(*case) not in given and len(set(given)) == len(given), size


# ---- what may not earn points --------------------------------------------------------------


class Agrees(int):
    """A whole number that equals everything."""

    def __eq__(self, other):
        return True

    __hash__ = int.__hash__


def runs_it(work, values, ramp_latency):
    return busy_chain(work, values, ramp_latency).run().cycles


def runs_its_own(work, values, ramp_latency):
    return wse.Wafer(1, len(work)).run().cycles


def predicts(work, values, ramp_latency):
    return wse.predict.reduce_row(pes=len(work), wavelets=values)


def by_a_kernel(work, values, ramp_latency):
    return wselab.kernels.reduce_row(np.ones((1, 4, 16), np.float32))[1].cycles


def asks_the_course(work, values, ramp_latency):
    return chain_cycles(work, values, 2 * ramp_latency + 2)


def asks_the_problem(work, values, ramp_latency):
    return PROBLEM.right(PROBLEM.sizes(None)[0])


def agrees_with_all(work, values, ramp_latency):
    return Agrees(7)


def changes_the_judge(work, values, ramp_latency):
    type(PROBLEM).right = lambda self, size: 7
    return 7


def leaves(work, values, ramp_latency):
    raise SystemExit


CHEATS = {
    runs_it: "calls a function of the course itself",
    runs_its_own: "asks the emulator",
    predicts: "calls wselab.predict: what is asked is a formula of your own",
    by_a_kernel: "calls wselab.kernels: reckon by the rules",
    asks_the_course: "calls a function of the course itself",
    asks_the_problem: "calls a function of the course itself",
    agrees_with_all: "returns something of type Agrees",
    changes_the_judge: "replaces CountTheCycles.right",
    leaves: "ends the program with SystemExit",
}


@pytest.mark.parametrize("cheat", CHEATS, ids=lambda cheat: cheat.__name__)
def test_what_may_not_earn_points_does_not(cheat):
    """Asking the judge is no reckoning, and neither is changing it."""
    result = check("3.4", cheat)
    assert result.passed is False and re.search(CHEATS[cheat], result.reasons[0]), result
    assert replaced_parts() == []


@pytest.mark.parametrize("stranger", ["34", None, True, [34]])
def test_a_record_that_is_no_number_cannot_be_judged(stranger):
    """What comes from a learner's kernel is a whole number, or the record is broken."""
    with pytest.raises(ValueError, match="is no number"):
        PROBLEM.judge(stranger, PROBLEM.sizes(None)[0], np.random.default_rng(0))
