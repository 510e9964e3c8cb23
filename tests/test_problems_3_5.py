"""Problem 3.5: a row summed into any of its PEs; what passes, what fails, with which words."""

from __future__ import annotations

import re

import numpy as np
import pytest

from wselab import EAST, RAMP, WEST, fabin, fabout
from wselab.course import check, find
from wselab.course.replaced import replaced_parts

from .hostile import HOSTILE, hostile
from .long import long

PROBLEM = find("3.5")


# ---- right answers -------------------------------------------------------------------------


def western(w, x, root, add=True):
    """The chain from column 0; the stream that comes out of it."""
    mine, theirs = w.alternating("e0", "e1", by="column")
    w[0, :root].route(mine, RAMP >> EAST)
    w[0, 1 : root + 1].route(theirs, WEST >> RAMP)
    w[0, 0].mov(x, out=fabout(mine))
    if add:
        w[0, 1:root].add(fabin(theirs), x, out=fabout(mine))
    else:
        w[0, 1:root].mov(fabin(theirs), out=fabout(mine), n=x.shape[-1])
    return fabin(theirs)


def eastern(w, x, root, add=True):
    """The chain from the last column."""
    mine, theirs = w.alternating("w0", "w1", by="column")
    w[0, root + 1 :].route(mine, RAMP >> WEST)
    w[0, root:-1].route(theirs, EAST >> RAMP)
    w[0, -1].mov(x, out=fabout(mine))
    if add:
        w[0, root + 1 : -1].add(fabin(theirs), x, out=fabout(mine))
    else:
        w[0, root + 1 : -1].mov(fabin(theirs), out=fabout(mine), n=x.shape[-1])
    return fabin(theirs)


def one_after_the_other(w, x, total, root, add=True):
    w[0, root].mov(x, out=total)
    if root > 0:
        w[0, root].add(western(w, x, root, add), total, out=total)
    if root < w.shape[1] - 1:
        w[0, root].add(eastern(w, x, root, add), total, out=total)


def both_at_once(w, x, total, root):
    """The root adds the two streams to each other, then its own."""
    last = w.shape[1] - 1
    if 0 < root < last:
        w[0, root].add(western(w, x, root), eastern(w, x, root), out=total)
    elif root:
        w[0, root].mov(western(w, x, root), out=total)
    else:
        w[0, root].mov(eastern(w, x, root), out=total)
    w[0, root].add(total, x, out=total)


def through_the_root(w, x, total, root):
    """One chain over the whole row to column 0, and the sum sent back to the root."""
    mine, theirs = w.alternating("a", "b", by="column")
    w[0, 1:].route(mine, RAMP >> WEST)
    w[0, :-1].route(theirs, EAST >> RAMP)
    w[0, -1].mov(x, out=fabout(mine))
    w[0, 1:-1].add(fabin(theirs), x, out=fabout(mine))
    w[0, 0].add(fabin(theirs), x, out=total)
    if root:
        c = w.color("back")
        w[0, 0].route(c, RAMP >> EAST)
        w[0, 1:root].route(c, WEST >> EAST)
        w[0, root].route(c, WEST >> RAMP)
        w[0, 0].mov(total, out=fabout(c))
        w[0, root].mov(fabin(c), out=total)


def everybody_to_the_root(w, x, total, root):
    """Two stars: routers send their own first, then let the others pass."""
    a, b = w.color("a"), w.color("b")
    if root:
        w[0, root].route(a, WEST >> RAMP)
        w[0, :root].route(a, [RAMP >> EAST, WEST >> EAST])
        w[0, :root].mov(x, out=fabout(a, advance="own"))
    if root < w.shape[1] - 1:
        w[0, root].route(b, EAST >> RAMP)
        w[0, root + 1 :].route(b, [RAMP >> WEST, EAST >> WEST])
        w[0, root + 1 :].mov(x, out=fabout(b, advance="own"))
    w[0, root].mov(x, out=total)
    for _ in range(root):
        w[0, root].add(fabin(a), total, out=total)
    for _ in range(w.shape[1] - 1 - root):
        w[0, root].add(fabin(b), total, out=total)


RIGHT = [one_after_the_other, both_at_once, through_the_root, everybody_to_the_root]


@pytest.mark.parametrize("answer", RIGHT)
@pytest.mark.parametrize("seed", [None, 0, *long(1, 2)])
def test_different_right_answers_pass(answer, seed):
    """Two chains, one chain and a way back, two stars: right is right."""
    result = check("3.5", answer, seed=seed)
    assert result.passed is True and result.points == result.out_of == 8, result


def test_scores():
    """Par is one stream after the other, by hand; the other programs are over it."""
    size = PROBLEM.sizes(None)[0]
    farthest = max(size["root"], size["columns"] - 1 - size["root"])
    assert farthest == 9 and PROBLEM.par == 6 * size["root"] + 2 * size["wavelets"]
    scores = [check("3.5", answer).score for answer in RIGHT]
    assert scores[0] == PROBLEM.par and min(scores[1:]) > PROBLEM.par


@pytest.mark.parametrize("seed", range(10))
def test_every_seed_tries_both_ends(seed):
    """The root lies inside, at the first PE and at the last."""
    places = {
        (size["root"] == 0) - (size["root"] == size["columns"] - 1) for size in PROBLEM.sizes(seed)
    }
    assert places == {0, 1, -1}


# ---- wrong answers -------------------------------------------------------------------------


def untouched(w, x, total, root):
    raise NotImplementedError


def nothing(w, x, total, root):
    pass


def without_the_west(w, x, total, root):
    w[0, root].mov(x, out=total)
    if root < w.shape[1] - 1:
        w[0, root].add(eastern(w, x, root), total, out=total)


def without_the_east(w, x, total, root):
    w[0, root].mov(x, out=total)
    if root:
        w[0, root].add(western(w, x, root), total, out=total)


def overwrites(w, x, total, root):
    """The second sum takes the place of the first."""
    if root:
        w[0, root].add(western(w, x, root), x, out=total)
    if root < w.shape[1] - 1:
        w[0, root].add(eastern(w, x, root), x, out=total)


def own_forgotten(w, x, total, root):
    if root:
        w[0, root].add(western(w, x, root), total, out=total)
    if root < w.shape[1] - 1:
        w[0, root].add(eastern(w, x, root), total, out=total)


def own_twice(w, x, total, root):
    one_after_the_other(w, x, total, root)
    w[0, root].add(total, x, out=total)


def passes_on_without_adding(w, x, total, root):
    one_after_the_other(w, x, total, root, add=False)


def one_pair_for_both(w, x, total, root):
    mine, theirs = w.alternating("a", "b", by="column")
    w[0, :root].route(mine, RAMP >> EAST)
    w[0, 1 : root + 1].route(theirs, WEST >> RAMP)
    w[0, root + 1 :].route(mine, RAMP >> WEST)
    w[0, root:-1].route(theirs, EAST >> RAMP)


def one_color_a_side(w, x, total, root):
    e = w.color("e")
    w[0, :root].route(e, RAMP >> EAST)
    w[0, root].route(e, WEST >> RAMP)
    w[0, 0].mov(x, out=fabout(e))
    w[0, 1:root].add(fabin(e), x, out=fabout(e))
    w[0, root].add(fabin(e), x, out=total)


def only_for_a_root_inside(w, x, total, root):
    w[0, root].mov(x, out=total)
    w[0, root].add(western(w, x, root), total, out=total)
    w[0, root].add(eastern(w, x, root), total, out=total)


def always_to_the_example_s(w, x, total, root):
    one_after_the_other(w, x, total, 7)


def into_column_0(w, x, total, root):
    one_after_the_other(w, x, total, 0)


def into_x(w, x, total, root):
    one_after_the_other(w, x, x, root)


def one_pe_forgotten(w, x, total, root):
    one_after_the_other(w, x, total, root)
    w.recorded[:] = [op for op in w.recorded if "add" not in op.kind or op.where[1].start != 2]


WRONG = {
    untouched: "not written yet",
    nothing: "writes nothing on the wafer yet",
    without_the_west: "The PEs to the west of the root are missing in the sum",
    without_the_east: "The PEs to the east of the root are missing in the sum",
    overwrites: "to the west of the root are missing.*the root overwrites what it brings",
    own_forgotten: r"PE \(0, 7\) forgets its own vector",
    own_twice: r"The vector of PE \(0, 7\) is in the sum more than once",
    passes_on_without_adding: "Only the ends of the row are in the sum",
    one_pair_for_both: "raises RouteError.*already routes",
    one_color_a_side: r"sends e EAST, and its neighbour PE \(0, 1\) sends on e too",
    only_for_a_root_inside: "Right with 17 PEs.*The root is the first PE of its row here, and it",
    always_to_the_example_s: r"Right with 17 PEs.*PE \(0, 7\) takes in, and the root, PE \(0, 0\)",
    into_column_0: r"The sum is right, but it stands in total of PE \(0, 0\); it is due in",
    into_x: r"The sum is right, but it stands in x of PE \(0, 7\); it is due in total of",
}


@pytest.mark.parametrize("answer", WRONG, ids=lambda answer: answer.__name__)
def test_a_known_mistake_is_named(answer):
    """No points, and the mistake first."""
    result = check("3.5", answer)
    assert not result.passed and result.points == 0
    assert re.search(WRONG[answer], "\n".join(result.reasons), re.DOTALL), result


def test_whoever_is_missing_is_named():
    """A PE that passes on what comes in, and forgets its own, is found."""

    def one_forgets(w, x, total, root):
        one_after_the_other(w, x, total, root)
        for k, op in enumerate(w.recorded):
            if op.reads and op.sends and op.where[1].start == root + 2:
                there = np.zeros(w.shape, bool)
                there[0, root + 2] = True
                w.recorded.pop(k)
                others = op.where[1]
                w[0, others.start + others.step : others.stop : others.step].add(
                    fabin(op.reads[0]), x, out=fabout(op.sends)
                )
                w[there].mov(fabin(op.reads[0]), out=fabout(op.sends), n=x.shape[-1])
                return

    reasons = "\n".join(check("3.5", one_forgets).reasons)
    assert "The vector of PE (0, 9) is not in the sum" in reasons, reasons


@pytest.mark.parametrize("cheat", HOSTILE)
def test_what_may_not_earn_points_does_not(cheat):
    """Whatever a function does besides writing the program, it earns nothing and hears why."""
    answer, words = hostile(one_after_the_other)[cheat]
    result = check("3.5", answer)
    assert result.passed is False and re.search(words, result.reasons[0]), result
    assert replaced_parts() == []
