"""Problems 4.1, 4.2 and 4.4, sums along a row: what passes, what fails, and with which words."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest

import wselab as wse
import wselab.kernels
import wselab.predict
from wselab import EAST, RAMP, WEST, fabin, fabout
from wselab.course import check, find
from wselab.course.problems import p04_1, p04_2, p04_4
from wselab.course.replaced import replaced_parts
from wselab.course.sums import places

from .hostile import HOSTILE, hostile

# ---- parts that answers are made of --------------------------------------------------------


def chain(w, x, total, first=0, last=-1, names=("a", "b"), end=True):
    """The vectors of columns first to last, summed westward into total of the first."""
    pes = w.shape[1]
    last %= pes
    mine, theirs = w.alternating(*names, by="column")
    w[:, first + 1 : last + 1].route(mine, RAMP >> WEST)
    w[:, first:last].route(theirs, EAST >> RAMP)
    w[:, last].mov(x, out=fabout(mine))
    w[:, first + 1 : last].add(fabin(theirs), x, out=fabout(mine))
    if end:
        w[:, first].add(fabin(theirs), x, out=total)
    return fabin(theirs)


def two_phase(w, x, total, group):
    """Groups of `group`, the last as long as it comes out."""
    pes = w.shape[1]
    firsts = list(range(0, pes, group))
    mine, theirs = w.alternating("a", "b", by="column")
    for first in firsts:
        last = min(first + group, pes) - 1
        if last == first:
            w[:, first].mov(x, out=total)
            continue
        w[:, first + 1 : last + 1].route(mine, RAMP >> WEST)
        w[:, first:last].route(theirs, EAST >> RAMP)
        w[:, last].mov(x, out=fabout(mine))
        w[:, first + 1 : last].add(fabin(theirs), x, out=fabout(mine))
        w[:, first].add(fabin(theirs), x, out=total)
    second_phase(w, total, firsts)


def second_phase(w, total, firsts):
    """A chain of the PEs in these columns."""
    colors = w.color("c"), w.color("d")
    for k, (before, first) in enumerate(itertools.pairwise(firsts), start=1):
        w[:, first].route(colors[k % 2], RAMP >> WEST)
        w[:, before + 1 : first].route(colors[k % 2], EAST >> WEST)
        w[:, before].route(colors[k % 2], EAST >> RAMP)
    for k, first in enumerate(firsts):
        ours, next_ = colors[k % 2], colors[1 - k % 2]
        if k and first == firsts[-1]:
            w[:, first].mov(total, out=fabout(ours))
        elif first != firsts[-1]:
            w[:, first].add(fabin(next_), total, out=fabout(ours) if k else total)


def back(w, total):
    """A broadcast of the westmost PE's total to the others."""
    c = w.color("back")
    w[:, 0].route(c, RAMP >> EAST)
    w[:, 1:-1].route(c, WEST >> (RAMP, EAST))
    w[:, -1].route(c, WEST >> RAMP)
    w[:, 0].mov(total, out=fabout(c))
    w[:, 1:].mov(fabin(c), out=total)


def untouched(w, x, total, group=None):
    raise NotImplementedError


# ---- 4.1 -----------------------------------------------------------------------------------


def groups_of_eight(w, x, total):
    two_phase(w, x, total, 8)


def binary_tree(w, x, total):
    """Neighbours, then neighbours of neighbours: one color a level."""
    pes, step = w.shape[1], 1
    w[...].mov(x, out=total)
    while step < pes:
        c = w.color(f"level {step}")
        for sender in range(step, pes, 2 * step):
            w[:, sender].route(c, RAMP >> WEST)
            w[:, sender - step + 1 : sender].route(c, EAST >> WEST)
            w[:, sender - step].route(c, EAST >> RAMP)
            w[:, sender].mov(total, out=fabout(c))
            w[:, sender - step].add(fabin(c), total, out=total)
        step *= 2


def by_tasks(w, x, total):
    """Halves: the far one goes by on a color that wakes a task in the first PE."""
    middle = w.shape[1] // 2
    at = w.memory("at", ())
    chain(w, x, total, 0, middle - 1)
    chain(w, x, total, middle, -1, ("e", "f"))
    c = w.color("far")
    w[:, middle].route(c, RAMP >> WEST)
    w[:, 1:middle].route(c, EAST >> WEST)
    w[:, 0].route(c, EAST >> RAMP)
    w[:, middle].mov(total, out=fabout(c))
    w[:, 0].mov(0.0, out=at)
    w[:, 0].add(fabin(c), total, out=total)


def only_a_chain(w, x, total):
    chain(w, x, total)


def a_star(w, x, total):
    c = w.color("c")
    w[:, 0].route(c, EAST >> RAMP)
    w[:, 1:-1].route(c, [RAMP >> WEST, EAST >> WEST])
    w[:, -1].route(c, RAMP >> WEST)
    w[:, 1:].mov(x, out=fabout(c, advance="own"))
    w[:, 0].mov(x, out=total)
    for _ in range(w.shape[1] - 1):
        w[:, 0].add(fabin(c), total, out=total)


def to_the_east(w, x, total):
    mine, theirs = w.alternating("a", "b", by="column")
    w[:, :-1].route(mine, RAMP >> EAST)
    w[:, 1:].route(theirs, WEST >> RAMP)
    w[:, 0].mov(x, out=fabout(mine))
    w[:, 1:-1].add(fabin(theirs), x, out=fabout(mine))
    w[:, -1].add(fabin(theirs), x, out=total)


def into_x(w, x, total):
    chain(w, x, x)


def forgets_its_own(w, x, total):
    w[:, 0].mov(chain(w, x, total, end=False), out=total)


def first_ones_forget_their_own(w, x, total):
    """In phase one the first PE of a group takes the sum of the others in, and adds nothing."""
    two_phase(w, x, total, 8)
    firsts = [op for op in w.recorded if str(op.out) == "total" and "x" in str(op.inputs)]
    for one in firsts:
        place = w.recorded.index(one)
        w[one.where].mov(one.inputs[0], out=total)
        w.recorded[place] = w.recorded.pop()


def forgets_the_last(w, x, total):
    chain(w, x, total, 0, w.shape[1] - 2)


def one_passes_on_without_its_own(w, x, total):
    """PE 1 adds nothing to what comes by."""
    mine, theirs = w.alternating("a", "b", by="column")
    w[:, 1:].route(mine, RAMP >> WEST)
    w[:, :-1].route(theirs, EAST >> RAMP)
    w[:, -1].mov(x, out=fabout(mine))
    w[:, 2:-1].add(fabin(theirs), x, out=fabout(mine))
    w[:, 1].mov(fabin(theirs), out=fabout(mine), n=x.shape[2])
    w[:, 0].add(fabin(theirs), x, out=total)


def only_the_first_value(w, x, total):
    mine, theirs = w.alternating("a", "b", by="column")
    w[:, 1:].route(mine, RAMP >> WEST)
    w[:, :-1].route(theirs, EAST >> RAMP)
    w[:, -1].mov(x.own[0], out=fabout(mine))
    w[:, 1:-1].add(fabin(theirs), x.own[0], out=fabout(mine))
    w[:, 0].add(fabin(theirs), x.own[0], out=total.own[0])


def counts_one_twice(w, x, total):
    two_phase(w, x, total, 8)
    w[:, 0].add(total, x, out=total)


def one_color(w, x, total):
    """Every PE of the chain sends on the color that it should take in."""
    c = w.color("c")
    w[:, 1:].route(c, RAMP >> WEST)
    w[:, 0].route(c, EAST >> RAMP)
    w[:, -1].mov(x, out=fabout(c))
    w[:, 1:-1].add(fabin(c), x, out=fabout(c))
    w[:, 0].add(fabin(c), x, out=total)


def sixty_four(w, x, total):
    """Right for the example alone."""
    mine, theirs = w.alternating("a", "b", by="column")
    for first in range(0, 64, 8):
        w[:, first + 1 : first + 8].route(mine, RAMP >> WEST)
        w[:, first : first + 7].route(theirs, EAST >> RAMP)
        w[:, first + 7].mov(x, out=fabout(mine))
        w[:, first + 1 : first + 7].add(fabin(theirs), x, out=fabout(mine))
        w[:, first].add(fabin(theirs), x, out=total)
    second_phase(w, total, range(0, 64, 8))


def the_largest(w, x, total):
    chain(w, x, total)
    w.discard()
    mine, theirs = w.colors
    pes = w.shape[1]
    for k in reversed(range(pes)):
        ours, next_ = (mine, theirs) if k % 2 == 0 else (theirs, mine)
        if k == pes - 1:
            w[:, k].mov(x, out=fabout(ours))
        else:
            w[:, k].max(fabin(next_), x, out=fabout(ours) if k else total)


def constant(w, x, total):
    two_phase(w, x, total, 8)
    w[...].mov(5.0, out=total)


def nothing_in_total(w, x, total):
    w[:, 0].add(x, x, out=x)


def from_the_host(w, x, total):
    two_phase(w, x, total, 8)
    total[:, 0] = x[:, :].sum()  # nothing to see yet
    total[:, 0] += 1


def by_a_kernel(w, x, total):
    wselab.kernels.write_reduce_row(w, x, total, "best")


def by_the_course(w, x, total):
    p04_2.two_phase(w, x, total, 8)


def runs_it(w, x, total):
    two_phase(w, x, total, 8)
    w.run()


WRONG_1 = {
    untouched: "not written yet",
    only_a_chain: "but come after 394 cycles: the chain takes 394",
    a_star: "but come after 1,024 cycles: the chain takes 394",
    to_the_east: r"stands in total of PE \(0, 63\); it is due in total of PE \(0, 0\)",
    into_x: r"stands in x of PE \(0, 0\); it is due in total of PE \(0, 0\)",
    forgets_its_own: r"PE \(0, 0\) forgets its own vector",
    first_ones_forget_their_own: r"vectors of 8 PEs, PE \(0, 0\) the first of them are not in the",
    forgets_the_last: r"The vector of PE \(0, 63\) is not in the sum",
    one_passes_on_without_its_own: r"The vector of PE \(0, 1\) is not in the sum",
    only_the_first_value: "only value 0 is summed right, values 1 to 15 are not",
    counts_one_twice: r"The vector of PE \(0, 0\) is in the sum more than once",
    one_color: r"PE \(0, 2\) sends c WEST, and its neighbour PE \(0, 1\) sends on c too",
    sixty_four: r"Right with 64 PEs, 16 values each, not with 37 PEs",
    the_largest: r"total\[0\] of PE \(0, 0\) is \d+; the sum is",
    constant: "The same comes out whatever numbers are loaded",
    nothing_in_total: "total is still 0 wherever a result is due",
    from_the_host: "writes memory total from the host",
    by_a_kernel: "calls wselab.kernels",
    by_the_course: "calls a function of the course itself",
    p04_1.chain: "calls a function of the course itself",
    runs_it: "runs a wafer itself",
}


@pytest.mark.parametrize("answer", [groups_of_eight, binary_tree, by_tasks])
@pytest.mark.parametrize("seed", [None, 3])
def test_4_1_accepts_whatever_is_quicker_than_the_chain(answer, seed):
    """Groups, a tree and two halves."""
    result = check("4.1", answer, seed)
    assert result.passed and result.score < result.par


@pytest.mark.parametrize("answer", WRONG_1, ids=lambda answer: answer.__name__)
def test_4_1_names_the_mistake(answer):
    """In the first of its reasons, or the second."""
    hears(check("4.1", answer), WRONG_1[answer])


def hears(result, words):
    """The result has no points, and says so in its first two reasons."""
    assert result.passed is False and result.points == 0
    assert re.search(words, "\n".join(result.reasons[:2]), re.DOTALL), result


def test_4_1_has_the_chain_as_par_and_a_bound_that_is_said_to_be_none():
    """Par is by the rules' closed form; the bound is the published model's, and below "best"."""
    problem = find("4.1")
    size = problem.sizes()[0]
    pes, wavelets = size["columns"], size["wavelets"]
    assert problem.par == wselab.predict.reduce_row(pes=pes, wavelets=wavelets)
    bound = round(wselab.predict.reduce_lower_bound(pes=pes, wavelets=wavelets))
    best = wselab.predict.reduce_row(pes=pes, wavelets=wavelets, algorithm="best")
    assert best < bound, "else the sentence is not true"
    said = repr(check("4.1", groups_of_eight))
    assert f"published model is {bound} " in said and "no bound on the emulator's rules" in said


# ---- 4.2 -----------------------------------------------------------------------------------


def one_loop(w, x, total, group):
    two_phase(w, x, total, group)


def pe_by_pe(w, x, total, group):
    """Another program: every PE by itself, and the last group's sum goes on as it comes."""
    pes = w.shape[1]
    a, b, c, d = (w.color(name) for name in "abcd")
    for k in reversed(range(pes)):
        ours, next_ = ((a, b), (b, a))[k % 2]
        far, farther = ((c, d), (d, c))[k // group % 2]
        leads, ends = k % group == 0, k == pes - 1 or (k + 1) % group == 0
        if not leads:
            w[0, k].route(ours, RAMP >> WEST)
            w[0, k].route(farther, EAST >> WEST) if k // group * group + group < pes else None
        elif k:
            w[0, k].route(far, RAMP >> WEST)
        if not ends:
            w[0, k].route(next_, EAST >> RAMP)
        if leads and k + group < pes:
            w[0, k].route(farther, EAST >> RAMP)
        out = fabout(ours) if not leads else total if k + group < pes or not k else fabout(far)
        if ends:
            w[0, k].mov(x, out=out)
        else:
            w[0, k].add(fabin(next_), x, out=out)
        if leads and k + group < pes:
            w[0, k].add(fabin(farther), total, out=fabout(far) if k else total)


def groups_of_its_own(w, x, total, group):
    """Another group than the one that is given, because it is quicker."""
    pes, n = w.shape[1], x.shape[2]
    pe_by_pe(w, x, total, min(range(2, pes), key=lambda s: 2 * n + 6 * s + pes // s * (5 + s)))


def forgets_the_last_group(w, x, total, group):
    """pes // group groups, and the rest is left out."""
    full = w.shape[1] // group
    mine, theirs = w.alternating("a", "b", by="column")
    for k in range(full):
        first, last = k * group, k * group + group - 1
        w[:, first + 1 : last + 1].route(mine, RAMP >> WEST)
        w[:, first:last].route(theirs, EAST >> RAMP)
        w[:, last].mov(x, out=fabout(mine))
        w[:, first + 1 : last].add(fabin(theirs), x, out=fabout(mine))
        w[:, first].add(fabin(theirs), x, out=total)
    second_phase(w, total, [k * group for k in range(full)])


def all_groups_are_full(w, x, total, group):
    """The last group goes on over the edge."""
    pes = w.shape[1]
    mine, theirs = w.alternating("a", "b", by="column")
    firsts = range(0, pes, group)
    for first in firsts:
        last = first + group - 1
        w[:, first + 1 : last + 1].route(mine, RAMP >> WEST)
        w[:, first:last].route(theirs, EAST >> RAMP)
        w[:, last].mov(x, out=fabout(mine))
        w[:, first + 1 : last].add(fabin(theirs), x, out=fabout(mine))
        w[:, first].add(fabin(theirs), x, out=total)
    second_phase(w, total, firsts)


def groups_overlap(w, x, total, group):
    """Each group has one PE too many: its last is the first of the next."""
    mine, theirs = w.alternating("a", "b", by="column")
    firsts = range(0, w.shape[1] - 1, group)
    for first in firsts:
        last = min(first + group, w.shape[1] - 1)
        w[:, first + 1 : last + 1].route(mine, RAMP >> WEST)
        w[:, first:last].route(theirs, EAST >> RAMP)
        w[:, last].mov(x, out=fabout(mine))
        w[:, first + 1 : last].add(fabin(theirs), x, out=fabout(mine))
        w[:, first].add(fabin(theirs), x, out=total)
    second_phase(w, total, firsts)


def adds_x_again(w, x, total, group):
    """In phase two the first PEs add their own vector, not the sum of their group."""
    two_phase(w, x, total, group)
    for place, one in enumerate(w.recorded):
        if str(one.inputs[-1]) == "total" and one.kind == "add":
            w[one.where].add(one.inputs[0], x, out=one.out)
            w.recorded[place] = w.recorded.pop()


def the_same_colors(w, x, total, group):
    """Phase two on the colors of phase one."""
    chain(w, x, total, 0, group - 1)
    w[:, group].route(w.colors[0], RAMP >> WEST)
    w[:, 1:group].route(w.colors[0], EAST >> WEST)


def nobody_passes(w, x, total, group):
    """The routers between the first PEs are forgotten."""
    two_phase(w, x, total, group)
    for color in w.colors[2:]:
        passing = (color.entries[0] == EAST.number + 1) & (color.exits[0] == WEST.bit)
        color.entries[0][passing] = 0


def ends_in_the_east(w, x, total, group):
    to_the_east(w, x, total)


def only_phase_one(w, x, total, group):
    two_phase(w, x, total, group)
    pes = w.shape[1]
    firsts = -(-pes // group)
    del w.recorded[len(w.recorded) - firsts :]


def ignores_the_group(w, x, total, group):
    chain(w, x, total)


def phase_two_first_value(w, x, total, group):
    """Phase two hands on one value."""
    two_phase(w, x, total, group)
    for place, one in enumerate(w.recorded):
        if one.kind == "mov" and str(one.inputs[0]) == "total":
            w[one.where].mov(total.own[:1], out=one.out)
            w.recorded[place] = w.recorded.pop()
        elif one.kind == "add" and str(one.inputs[-1]) == "total":
            out = total.own[:1] if str(one.out) == "total" else one.out
            w[one.where].add(one.inputs[0], total.own[:1], out=out)
            w.recorded[place] = w.recorded.pop()


WRONG_2 = {
    untouched: "not written yet",
    forgets_the_last_group: (
        r"Right with 64 PEs.*groups of 8, not with 23.*PE \(0, 20\) to PE \(0, 22\) are not in "
        "the sum: they make the last group, which is not full where 5 does not divide 23"
    ),
    all_groups_are_full: "raises ProgramError in line .*column 24 of a wafer with 23",
    groups_overlap: "The vectors of 7 PEs, .* are in the sum more than once",
    adds_x_again: r"are not in the sum",
    the_same_colors: "raises RouteError.*already routes",
    nobody_passes: "Deadlock.*does not route",
    ends_in_the_east: r"stands in total of PE \(0, 63\)",
    only_phase_one: r"are not in the sum",
    ignores_the_group: "but come after 394 cycles: in two phases it takes 165",
    phase_two_first_value: "only value 0 is summed right, values 1 to 15 are not",
    p04_2.two_phase: "calls a function of the course itself",
}


@pytest.mark.parametrize("answer", [one_loop, pe_by_pe])
@pytest.mark.parametrize("seed", [None, 1, 2, 3, 8])
def test_4_2_accepts_the_two_phases_however_they_are_written(answer, seed):
    """The plain program, and one that lets the last group's sum go on as it comes."""
    result = check("4.2", answer, seed)
    assert result.passed and result.score <= result.par, result


def test_4_2_accepts_whatever_is_within_par():
    """A program that is as quick may do something else."""
    assert check("4.2", groups_of_its_own).passed


@pytest.mark.parametrize("answer", WRONG_2, ids=lambda answer: answer.__name__)
def test_4_2_names_the_mistake(answer):
    """In the first of its reasons, or the second."""
    hears(check("4.2", answer), WRONG_2[answer])


def test_4_2_tries_groups_of_every_kind():
    """Groups that fill the row, a short last one, one of a single PE, and one group only."""
    kinds = {(s["columns"] % s["group"], s["columns"] // s["group"]) for s in find("4.2").sizes()}
    assert {left for left, _ in kinds} >= {0, 1, 3} and (0, 1) in kinds
    for seed in range(30):
        for size in find("4.2").sizes(seed):
            assert 2 <= size["group"] <= size["columns"] and size["wavelets"] >= 1


@pytest.mark.parametrize("pes", [2, 3, 7, 12])
def test_4_2_s_textbook_is_right_for_every_group(pes):
    """Also with groups of one PE and of more than there are."""
    for group in range(1, pes + 3):
        w = wse.Wafer(1, pes)
        x, total = w.memory("x", 3), w.memory("total", 3)
        x[...] = np.arange(3 * pes).reshape(1, pes, 3)
        p04_2.two_phase(w, x, total, group)
        w.run()
        assert np.array_equal(total[0, 0], x[0].sum(axis=0)), group


# ---- 4.4 -----------------------------------------------------------------------------------


def chain_and_back(w, x, total):
    chain(w, x, total)
    back(w, total)


def tree_and_back(w, x, total):
    binary_tree(w, x, total)
    back(w, total)


def a_ring(w, x, total):
    """Parts go round twice; the last PE sends to the first over all the others."""
    pes = w.shape[1]
    n = x.array.shape[2] // pes
    even, odd, home = w.color("even"), w.color("odd"), w.color("home")
    out, into = {}, {}
    for k in range(pes - 1):
        c = (even, odd)[k % 2]
        w[0, k].route(c, RAMP >> EAST)
        w[0, k + 1].route(c, WEST >> RAMP)
        out[k] = into[k + 1] = c
    w[0, -1].route(home, RAMP >> WEST)
    w[0, 1:-1].route(home, EAST >> WEST)
    w[0, 0].route(home, EAST >> RAMP)
    out[pes - 1] = into[0] = home

    def part(memory, number):
        return memory.own[number % pes * n : (number % pes + 1) * n]

    w[...].mov(x, out=total)
    for turn in range(2 * pes - 2):
        for k in range(pes):
            first = k - turn + (turn >= pes - 1)
            if turn >= pes - 1:
                first = k + 1 - (turn - pes + 1)
            w[0, k].mov(part(total, first), out=fabout(out[k]), microthread=True)
            if turn < pes - 1:
                mine = part(total, first - 1)
                w[0, k].add(fabin(into[k]), mine, out=mine)
            else:
                w[0, k].mov(fabin(into[k]), out=part(total, first - 1))


def as_it_comes(w, x, total):
    """The broadcast goes on while the chain does; PE 1 hands the sum back to PE 0."""
    c, home = w.color("back"), w.color("home")
    w[:, 0].route(c, RAMP >> EAST)
    w[:, 1:-1].route(c, WEST >> (RAMP, EAST))
    w[:, -1].route(c, WEST >> RAMP)
    w[:, 1].route(home, RAMP >> WEST)
    w[:, 0].route(home, EAST >> RAMP)
    w[:, 1:].mov(fabin(c), out=total, microthread=True)
    w[:, 0].add(chain(w, x, total, end=False), x, out=fabout(c))
    w[:, 1].mov(total, out=fabout(home))
    w[:, 0].mov(fabin(home), out=total)


def no_broadcast(w, x, total):
    chain(w, x, total)


def keeps_no_total(w, x, total):
    """PE 0 has the sum in x."""
    w[:, 0].add(chain(w, x, total, end=False), x, out=x)
    back(w, total)
    w.recorded.pop(-2)
    c = w.colors[-1]
    w[:, 0].mov(x, out=fabout(c))


def deaf(w, x, total):
    """PE 0 sends the sum as it comes, while the others are still busy with the chain."""
    comes, c = chain(w, x, total, end=False), w.color("back")
    w[:, 0].route(c, RAMP >> EAST)
    w[:, 1:-1].route(c, WEST >> (RAMP, EAST))
    w[:, -1].route(c, WEST >> RAMP)
    w[:, 0].add(comes, x, out=fabout(c))
    w[:, 1:].mov(fabin(c), out=total)


def the_last_gets_none(w, x, total):
    chain(w, x, total)
    c = w.color("back")
    w[:, 0].route(c, RAMP >> EAST)
    w[:, 1:-2].route(c, WEST >> (RAMP, EAST))
    w[:, -2].route(c, WEST >> RAMP)
    w[:, 0].mov(total, out=fabout(c))
    w[:, 1:-1].mov(fabin(c), out=total)


def sends_its_own(w, x, total):
    """PE 0 broadcasts x."""
    chain(w, x, total)
    back(w, total)
    w.recorded[-2:] = []
    w[:, 0].mov(x, out=fabout(w.colors[2]))
    w[:, 1:].mov(fabin(w.colors[2]), out=total)


def on_the_chain_s_color(w, x, total):
    chain(w, x, total)
    w[:, 0].route(w.colors[0], RAMP >> EAST)
    w[:, 1:-1].route(w.colors[0], WEST >> (RAMP, EAST))


def partial_sums(w, x, total):
    """Everybody keeps the sum so far."""
    pes = w.shape[1]
    colors = w.color("a"), w.color("b")
    w[:, -1].mov(x, out=total)
    for k in range(pes - 1, 0, -1):
        w[:, k].route(colors[k % 2], RAMP >> WEST)
        w[:, k - 1].route(colors[k % 2], EAST >> RAMP)
        w[:, k].mov(total, out=fabout(colors[k % 2]))
        w[:, k - 1].add(fabin(colors[k % 2]), x, out=total)


def forgets_the_last_vector(w, x, total):
    chain(w, x, total, 0, w.shape[1] - 2)
    back(w, total)


def copies_to_nobody(w, x, total):
    """The routers pass the sum on without a copy to their PEs."""
    chain(w, x, total)
    c = w.color("back")
    w[:, 0].route(c, RAMP >> EAST)
    w[:, 1:-1].route(c, WEST >> EAST)
    w[:, -1].route(c, WEST >> RAMP)
    w[:, 0].mov(total, out=fabout(c))
    w[:, 1:].mov(fabin(c), out=total)


def thirty_two(w, x, total):
    """Right for the example alone: it counts on a PE that others have not."""
    chain_and_back(w, x, total)
    w[:, 31].mov(total, out=total)


WRONG_4 = {
    untouched: "not written yet",
    no_broadcast: r"right in other PEs, but PE \(0, 1\) to PE \(0, 31\) never get it",
    keeps_no_total: r"stands in x of PE \(0, 0\); it is due in total of PE \(0, 0\)\.",
    thirty_two: r"Right with 32 PEs, 32 values each, not with 8 PEs.*column 31 of a wafer with 8",
    deaf: "^Deadlock.*microthread=True the two run side by side",
    the_last_gets_none: r"right in other PEs, but PE \(0, 31\) never gets it",
    sends_its_own: r"right in other PEs, but not in PE \(0, 1\) to PE \(0, 31\)",
    on_the_chain_s_color: "raises RouteError.*already routes",
    partial_sums: r"right in other PEs, but not in PE \(0, 1\) to PE \(0, 31\)",
    forgets_the_last_vector: r"The vector of PE \(0, 31\) is not in the sum",
    copies_to_nobody: "^Deadlock",
    p04_4.reduce_and_broadcast: "calls a function of the course itself",
    constant: "The same comes out whatever numbers are loaded",
}


@pytest.mark.parametrize(
    ("answer", "seed"),
    [
        *itertools.product((chain_and_back, tree_and_back, as_it_comes), (None, 2)),
        (a_ring, None),
    ],
)
def test_4_4_accepts_every_all_reduce(answer, seed):
    """Reduce and broadcast, with a chain or a tree, and a ring, at whatever score."""
    result = check("4.4", answer, seed)
    assert result.passed, result
    assert answer is not chain_and_back or result.score == result.par


@pytest.mark.parametrize("answer", WRONG_4, ids=lambda answer: answer.__name__)
def test_4_4_names_the_mistake(answer):
    """In the first of its reasons, or the second."""
    hears(check("4.4", answer), WRONG_4[answer])


def test_4_4_s_vectors_can_be_cut_into_parts_for_a_ring():
    """Of every seed."""
    for seed in (None, *range(30)):
        assert all(s["wavelets"] % s["columns"] == 0 for s in find("4.4").sizes(seed))


# ---- what may not earn points --------------------------------------------------------------


@pytest.mark.parametrize("cheat", HOSTILE)
@pytest.mark.parametrize(
    ("number", "right"), [("4.1", groups_of_eight), ("4.2", one_loop), ("4.4", chain_and_back)]
)
def test_a_right_program_that_does_more_than_write_earns_nothing(number, right, cheat):
    """It hears why, and what it replaced is put back."""
    answer, words = hostile(right)[cheat]
    result = check(number, answer)
    assert result.passed is False and result.points == 0, result
    assert re.search(words, result.reasons[0]), result
    assert replaced_parts() == []


# ---- who is in a sum -----------------------------------------------------------------------


def test_counting_tells_how_often_each_vector_is_in_a_sum():
    """For a program that adds some vectors twice and leaves others out."""

    def odd(w, x, total):
        chain(w, x, total, 0, 30)
        w[:, 0].add(total, x, out=total)
        w[:, 0].add(total, x, out=total)

    problem = find("4.1")
    size = {"columns": 37, "wavelets": 5}
    counts = problem.counted(problem.write(odd, size), size, (0, 0))
    assert counts.tolist() == [[3, *[1] * 30, *[0] * 6]]


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ([[1, 0, 0]], "PE (0, 0)"),
        ([[0, 1, 1]], "PE (0, 1) to PE (0, 2)"),
        ([[1, 0, 1] * 4], "8 PEs, PE (0, 0) the first of them"),
        ([[1, 0], [1, 1]], "3 PEs, PE (0, 0) the first of them"),
    ],
)
def test_places_are_said_in_few_words(where, words):
    """Neighbours in a row together, many as a number."""
    assert places(np.array(where, bool)) == words
