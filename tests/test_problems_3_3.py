"""Problem 3.3: a deadlock of two, made and mended; what passes, what fails, with which words."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest

import wselab as wse
from wselab import EAST, NORTH, RAMP, SOUTH, fabin, fabout
from wselab.course import check, find
from wselab.course.problems import p03_3
from wselab.course.replaced import replaced_parts
from wselab.course.rewrites import changes, route_changes

from .hostile import HOSTILE, hostile

PROBLEM = find("3.3")
ROOT = Path(__file__).resolve().parent.parent


# ---- right answers -------------------------------------------------------------------------


def rows(w, x, y, east, west):
    """The first half of all_sum, as it is given."""
    w[:, 0].mov(x, out=fabout(east))
    w[:, 1].mov(fabin(east), out=y)
    w[:, 1].mov(x, out=fabout(west))
    w[:, 0].mov(fabin(west), out=y)
    w[:, :].add(x, y, out=x)


def columns(w, x, y, south, north, which=(0, 1)):
    """The second half, as it is given, for some columns."""
    for k in which:
        w[0, k].mov(x, out=fabout(south))
        w[1, k].mov(fabin(south), out=y)
        w[1, k].mov(x, out=fabout(north))
        w[0, k].mov(fabin(north), out=y)
        w[:, k].add(x, y, out=x)


def all_sum(w, x, y, east, west, south, north):
    rows(w, x, y, east, west)
    columns(w, x, y, south, north)


def ring(w, x, y, east, west, south, north):
    for pe, out in (((0, 0), east), ((0, 1), south), ((1, 1), west), ((1, 0), north)):
        w[pe].mov(x, out=fabout(out))
    for pe, into in (((0, 0), north), ((0, 1), east), ((1, 1), south), ((1, 0), west)):
        w[pe].mov(fabin(into), out=y)


def north_west_takes_first(w, x, y, east, west, south, north):
    rows(w, x, y, east, west)
    columns(w, x, y, south, north, [1])
    w[0, 0].mov(fabin(north), out=y)
    w[0, 0].mov(x, out=fabout(south))
    w[1, 0].mov(fabin(south), out=y)
    w[1, 0].mov(x, out=fabout(north))
    w[:, 0].add(x, y, out=x)


def adds_as_it_sends(w, x, y, east, west, south, north):
    """One operation is changed: it sends only as values come in."""
    rows(w, x, y, east, west)
    columns(w, x, y, south, north, [0])
    w[0, 1].add(x, fabin(north), out=fabout(south))
    w[1, 1].mov(fabin(south), out=y)
    w[1, 1].mov(x, out=fabout(north))
    w[0, 1].mov(fabin(north), out=y)
    w[:, 1].add(x, y, out=x)


def one_takes_first(w, x, y, east, west, south, north):
    w[0, 1].mov(fabin(east), out=y)
    for pe, out in (((0, 0), east), ((0, 1), south), ((1, 1), west), ((1, 0), north)):
        w[pe].mov(x, out=fabout(out))
    for pe, into in (((0, 0), north), ((1, 1), south), ((1, 0), west)):
        w[pe].mov(fabin(into), out=y)


def two_take_first(w, x, y, east, west, south, north):
    w[0, 0].mov(fabin(north), out=y)
    w[1, 1].mov(fabin(south), out=y)
    for pe, out in (((0, 0), east), ((0, 1), south), ((1, 1), west), ((1, 0), north)):
        w[pe].mov(x, out=fabout(out))
    w[0, 1].mov(fabin(east), out=y)
    w[1, 0].mov(fabin(west), out=y)


def side_by_side(w, x, y, east, west, south, north):
    for pe, out in (((0, 0), east), ((0, 1), south), ((1, 1), west), ((1, 0), north)):
        w[pe].mov(x, out=fabout(out), microthread=True)
    for pe, into in (((0, 0), north), ((0, 1), east), ((1, 1), south), ((1, 0), west)):
        w[pe].mov(fabin(into), out=y)


def value_by_value(w, x, y, east, west, south, north):
    """All send first, a value at a time."""
    ways = {
        (0, 0): (east, north),
        (0, 1): (south, east),
        (1, 1): (west, south),
        (1, 0): (north, west),
    }
    for k in range(x.shape[-1]):
        for pe, (out, into) in ways.items():
            w[pe].mov(x.own[k], out=fabout(out))
            w[pe].mov(fabin(into), out=y.own[k])


def with_a_route_of_its_own(w, x, y, east, west, south, north):
    """A route that nobody needs is one route, and allowed."""
    side_by_side(w, x, y, east, west, south, north)
    w[0, 0].route(w.color("spare"), RAMP >> EAST)


BROKEN = [north_west_takes_first, adds_as_it_sends]
MENDED = [one_takes_first, two_take_first, side_by_side, value_by_value, with_a_route_of_its_own]


@pytest.mark.parametrize(
    ("broken", "mended"),
    [(BROKEN[0], mended) for mended in MENDED] + [(BROKEN[1], side_by_side)],
)
@pytest.mark.parametrize("seed", [None, 4])
def test_different_right_answers_pass(broken, mended, seed):
    """Whichever two stand still, and however the ring is mended."""
    result = check("3.3", (broken, mended), seed=seed)
    assert result.passed is True and result.points == result.out_of == 8, result


def test_scores():
    """Par is one PE that takes in first; two are quicker, and side by side is quickest."""
    one, two, four = (
        check("3.3", (BROKEN[0], mended)).score
        for mended in (one_takes_first, two_take_first, side_by_side)
    )
    values = PROBLEM.sizes(None)[0]["values"]
    assert one == PROBLEM.par and four < two < one
    assert four == values + 6, "one hand-over, and then a value a cycle"


def body(function):
    """The lines of a function below its docstring."""
    return inspect.getsource(function).split('"""')[-1].strip("\n")


@pytest.mark.parametrize("folder", ["solutions", "exercises"])
@pytest.mark.parametrize("given", [p03_3.all_sum, p03_3.ring])
def test_the_notebook_gives_the_programs_that_are_meant(folder, given):
    """What learners copy is what their change is held against."""
    notebook = nbformat.read(ROOT / folder / "03_a_fabric_of_cores.ipynb", as_version=4)
    assert any(body(given) in cell.source for cell in notebook.cells)


def test_the_given_programs_do_what_the_text_says():
    """all_sum is right; the ring is right for 9 values and stands still with 10."""
    w, x, *others = p03_3.square(5)
    x[...] = numbers = np.random.default_rng(0).integers(0, 9, x.shape)
    p03_3.all_sum(w, x, *others)
    w.run()
    assert (x == numbers.sum(axis=(0, 1))).all()
    for values, ends in ((9, True), (10, False)):
        w, x, y, *colors = p03_3.square(values)
        p03_3.ring(w, x, y, *colors)
        x[..., 0] = [[1, 2], [3, 4]]
        if ends:
            w.run()
            assert y[..., 0].tolist() == [[3, 1], [4, 2]]
        else:
            with pytest.raises(wse.Deadlock, match="4 of 4 PEs"):
                w.run()


# ---- wrong answers: broken ------------------------------------------------------------------


def untouched(w, x, y, east, west, south, north):
    raise NotImplementedError


def nothing(w, x, y, east, west, south, north):
    pass


def in_the_first_half(w, x, y, east, west, south, north):
    """The others need the two later on."""
    w[0, 0].mov(fabin(west), out=y)
    w[:, 0].mov(x, out=fabout(east))
    w[:, 1].mov(fabin(east), out=y)
    w[:, 1].mov(x, out=fabout(west))
    w[1, 0].mov(fabin(west), out=y)
    w[:, :].add(x, y, out=x)
    columns(w, x, y, south, north)


def both_send_first(w, x, y, east, west, south, north):
    """Works as a deadlock only with long vectors."""
    rows(w, x, y, east, west)
    w[0, :].mov(x, out=fabout(south))
    w[1, 1].mov(x, out=fabout(north))
    w[1, :].mov(fabin(south), out=y)
    w[1, 0].mov(x, out=fabout(north))
    w[0, :].mov(fabin(north), out=y)
    w[:, :].add(x, y, out=x)


def a_whole_line(w, x, y, east, west, south, north):
    """One line of the program, but two PEs."""
    rows(w, x, y, east, west)
    w[0, :].mov(fabin(north), out=y)
    w[0, :].mov(x, out=fabout(south))
    w[1, :].mov(fabin(south), out=y)
    w[1, :].mov(x, out=fabout(north))
    w[:, :].add(x, y, out=x)


def a_route_turned(w, x, y, east, west, south, north):
    all_sum(w, x, y, east, west, south, north)
    w[1, 0].route(south, EAST >> RAMP, replace=True)


def never_sent(w, x, y, east, west, south, north):
    rows(w, x, y, east, west)
    columns(w, x, y, south, north, [0])
    w[1, 1].mov(fabin(south), out=y)
    w[1, 1].mov(x, out=fabout(north))
    w[0, 1].mov(fabin(north), out=y)
    w[:, 1].add(x, y, out=x)


def one_send_too_many(w, x, y, east, west, south, north):
    all_sum(w, x, y, east, west, south, north)
    w[1, 1].mov(x.own[0], out=fabout(north))


def everybody_waits(w, x, y, east, west, south, north):
    ring(w, x, y, east, west, south, north)


def harmless(w, x, y, east, west, south, north):
    all_sum(w, x, y, east, west, south, north)
    w[0, 0].mov(x, out=y)


WRONG_BROKEN = {
    untouched: "^broken: untouched is not written yet",
    nothing: "^broken: nothing writes nothing",
    all_sum: "^broken: It is the given program as it was",
    in_the_first_half: "^broken: 4 PEs stand still: two wait for each other",
    both_send_first: "^Right with vectors of 64 values, not with vectors of 1 value:\n"
    "broken: It runs to its end",
    a_whole_line: r"^broken: It changes 2 things.*PE \(0, 0\): .*PE \(0, 1\): ",
    a_route_turned: "^broken: PE .* waits for something that never comes: that is a dead end",
    never_sent: "^broken: PE .* waits for something that never comes: that is a dead end",
    one_send_too_many: "^broken: Something goes wrong, but nobody waits for anybody",
    everybody_waits: "^broken: It changes .* things",
    harmless: "^broken: It runs to its end, in .* cycles: nothing stands still",
}


@pytest.mark.parametrize("broken", WRONG_BROKEN, ids=lambda answer: answer.__name__)
def test_a_known_mistake_in_broken_is_named(broken):
    """Both functions are needed; what is wrong with this one is said first."""
    result = check("3.3", (broken, side_by_side))
    assert not result.passed and result.points == 0
    assert re.search(WRONG_BROKEN[broken], "\n".join(result.reasons)), result


def test_the_check_explains_in_the_emulator_s_words():
    """Who waits for whom, without what to do about it; and what the one change was."""
    reasons = "\n".join(check("3.3", (in_the_first_half, side_by_side)).reasons)
    assert "PE (0, 0) at mov(fabin(west), out=y)" in reasons
    assert "its sender PE (0, 1) has not sent it yet" in reasons
    assert "This is a circle through 2 PEs" in reasons and "Try:" not in reasons
    assert "The one change is that PE (0, 0): mov(" in reasons
    told = "\n".join(check("3.3", (both_send_first, side_by_side)).reasons)
    assert "fit into the queues and belts on the way" in told


def test_a_circle_of_four_is_none_of_two():
    """The ring itself stands still, and names how many it takes."""
    size = {"values": 30}
    w, *given = p03_3.square(30)
    p03_3.ring(w, *given)
    with pytest.raises(wse.Deadlock) as stopped:
        w.run()
    with pytest.raises(wse.course.problem.Refused, match="4 PEs wait for each other"):
        p03_3._check_circle(w, stopped.value, "")
    assert PROBLEM.in_words(size) == "vectors of 30 values"


# ---- wrong answers: mended ------------------------------------------------------------------


def shorter(w, x, y, east, west, south, north):
    """Only what fits into the queues is handed on."""
    n = min(9, x.shape[-1])
    for pe, out in (((0, 0), east), ((0, 1), south), ((1, 1), west), ((1, 0), north)):
        w[pe].mov(x.own[:n], out=fabout(out))
    for pe, into in (((0, 0), north), ((0, 1), east), ((1, 1), south), ((1, 0), west)):
        w[pe].mov(fabin(into), out=y.own[:n])


def the_other_way_round(w, x, y, east, west, south, north):
    for pe, out in (((0, 0), south), ((1, 0), east), ((1, 1), north), ((0, 1), west)):
        w[pe].mov(x, out=fabout(out), microthread=True)
    for pe, into in (((0, 0), west), ((1, 0), south), ((1, 1), east), ((0, 1), north)):
        w[pe].mov(fabin(into), out=y)


def all_take_first(w, x, y, east, west, south, north):
    for pe, into in (((0, 0), north), ((0, 1), east), ((1, 1), south), ((1, 0), west)):
        w[pe].mov(fabin(into), out=y)
    for pe, out in (((0, 0), east), ((0, 1), south), ((1, 1), west), ((1, 0), north)):
        w[pe].mov(x, out=fabout(out))


def one_is_left_out(w, x, y, east, west, south, north):
    w[0, 0].mov(x, out=fabout(east))
    w[0, 1].mov(fabin(east), out=y)
    w[0, 1].mov(x, out=fabout(south))
    w[1, 1].mov(fabin(south), out=y)
    w[1, 1].mov(x, out=fabout(west))
    w[1, 0].mov(fabin(west), out=y)


def two_routes(w, x, y, east, west, south, north):
    side_by_side(w, x, y, east, west, south, north)
    w[0, 0].route(north, EAST >> RAMP, replace=True)
    w[1, 0].route(north, RAMP >> EAST, replace=True)


WRONG_MENDED = {
    untouched: "^mended: untouched is not written yet",
    ring: r"^mended: Deadlock: (.*\n)+.*This is a circle through 4 PEs",
    shorter: r"^mended: y\[9\] of PE \(0, 0\) is 0; x of the PE before it, clockwise, is",
    the_other_way_round: "^mended: The vectors go round the other way",
    all_take_first: r"^mended: Deadlock: (.*\n)+.*This is a circle through 4 PEs",
    one_is_left_out: r"^mended: PE \(0, 0\) has got nothing: is its fabin left out",
    two_routes: r"^mended: It changes 2 routes, one at most is allowed: PE \(0, 0\) routes north",
}


@pytest.mark.parametrize("mended", WRONG_MENDED, ids=lambda answer: answer.__name__)
def test_a_known_mistake_in_mended_is_named(mended):
    """The other function is said to be right."""
    result = check("3.3", (north_west_takes_first, mended))
    assert not result.passed and result.points == 0
    assert re.search(WRONG_MENDED[mended], "\n".join(result.reasons)), result
    assert result.reasons[-1] == "broken does what it should: two PEs stand still."


@pytest.mark.parametrize("answer", [north_west_takes_first, (side_by_side,), None, [1, 2]])
def test_both_functions_are_asked_for(answer):
    """One alone, or something else, hears how to hand over two."""
    (reason,) = check("3.3", answer).reasons
    assert 'wse.check("3.3", (broken, mended))' in reason


@pytest.mark.parametrize("cheat", HOSTILE)
@pytest.mark.parametrize("place", [0, 1])
def test_what_may_not_earn_points_does_not(cheat, place):
    """In either function."""
    answers = [north_west_takes_first, side_by_side]
    answers[place], words = hostile(answers[place])[cheat]
    result = check("3.3", tuple(answers))
    assert result.passed is False and re.search(words, result.reasons[0]), result
    assert replaced_parts() == []


# ---- in how many things programs differ -------------------------------------------------------


def program(*lines, routes=()):
    """A wafer with operations at PE (0, 0): a name for each."""
    w = wse.Wafer(2, 2)
    x, c = w.memory("x", 3), w.color("c")
    w[0, 0].route(c, RAMP >> EAST)
    for route in routes:
        w[1, 0].route(c, route, replace=True)
    what = {
        "send": lambda: w[0, 0].mov(x, out=fabout(c)),
        "beside": lambda: w[0, 0].mov(x, out=fabout(c), microthread=True),
        "double": lambda: w[0, 0].add(x, x, out=x),
        "clear": lambda: w[0, 0].mul(x, 0.0, out=x),
        "one": lambda: w[0, 0].mov(1.0, out=fabout(c), n=1),
        "two": lambda: w[0, 0].mov(1.0, out=fabout(c), n=2),
    }
    for line in lines:
        what[line]()
    return w


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (["send", "double"], ["send", "double"], []),
        (["send", "double"], ["double", "send"], ["stands elsewhere"]),
        (["send", "double", "clear"], ["double", "clear", "send"], ["fabout(c)) stands"]),
        (["send", "double"], ["send"], ["add(x, x, out=x) is left out"]),
        (["send"], ["send", "double"], ["add(x, x, out=x) is added"]),
        (["send", "double"], ["send", "clear"], ["mul(x, 0.0, out=x) instead of add(x, x"]),
        (["send"], ["beside"], ["microthread=True) instead of"]),
        (["one"], ["two"], ["n=2) instead of mov(1.0, out=fabout(c), n=1)"]),
        (["send", "double", "clear"], ["clear", "double", "send"], ["elsewhere", "elsewhere"]),
        (["double"] * 4, ["double"] * 2, ["left out", "left out"]),
    ],
)  # fmt: skip
def test_operations_differ_in_the_fewest_things(before, after, said):
    """What is moved, changed, added or left out is one thing each."""
    found = changes(program(*before), program(*after))
    assert len(found) == len(said) and all(
        part in one for part, one in zip(said, found, strict=True)
    )
    assert all(one.startswith("PE (0, 0): ") for one in found)


def test_routes_differ_router_by_router():
    """A new, another and a missing route; colors are told by their names."""
    plain, other = program(), program(routes=[RAMP >> NORTH])
    assert route_changes(plain, plain) == []
    assert route_changes(plain, other) == ["PE (1, 0) routes c RAMP >> NORTH, not no route"]
    assert route_changes(other, plain) == ["PE (1, 0) routes c nothing, not RAMP >> NORTH"]
    more = program()
    more[1, 1].route(more.color("d"), [RAMP >> NORTH, SOUTH >> NORTH])
    assert route_changes(plain, more) == [
        "PE (1, 1) routes d RAMP >> NORTH then SOUTH >> NORTH, not no route"
    ]


def test_a_task_is_a_change():
    """A program that binds a task is another one, at the PEs that have it."""
    w = program()

    @w[1, 1].task(w.colors[0])
    def wakes(pe, wavelet):
        pe.mov(wavelet, out=w.memories["x"].own[0])

    assert changes(program(), w) == ["PE (1, 1): task wakes is added"]
