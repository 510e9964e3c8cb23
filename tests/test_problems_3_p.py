"""Puzzle 3.P: a row turned round; what passes, what fails, and with which words."""

from __future__ import annotations

import re

import numpy as np
import pytest

from wselab import EAST, RAMP, WEST, fabin, fabout
from wselab.course import check, find, numbers
from wselab.course.problems.p03_p import least_cycles
from wselab.course.replaced import replaced_parts

from .hostile import HOSTILE, hostile
from .long import long

PROBLEM = find("3.P")


# ---- right answers -------------------------------------------------------------------------


def halves(w):
    """The western half, the PE in the middle if there is one, and the eastern half."""
    half, odd = divmod(w.shape[1], 2)
    return w[:, :half], w[:, half : half + odd], w[:, half + odd :]


def by_switches(w, x, y):
    """Near the bound: routers send their own vector first, and keep the first that comes."""
    west, middle, east = halves(w)
    e, b = w.color("e"), w.color("b")
    west.route(e, [RAMP >> EAST, WEST >> EAST])
    middle.route(e, WEST >> EAST)
    east.route(e, [WEST >> RAMP, WEST >> EAST])
    east.route(b, [RAMP >> WEST, EAST >> WEST])
    middle.route(b, EAST >> WEST)
    west.route(b, [EAST >> RAMP, EAST >> WEST])
    west.mov(x, out=fabout(e, advance="path"), microthread=True)
    east.mov(x, out=fabout(b, advance="path"), microthread=True)
    west.mov(fabin(b), out=y)
    east.mov(fabin(e), out=y)
    middle.mov(x, out=y)


def in_turns(w, x, y):
    """The same, first all to the east, then all to the west: under par as well."""
    by_switches(w, x, y)
    west, _, east = halves(w)
    e, b = w.colors
    w.discard()
    west.mov(x, out=fabout(e, advance="path"))
    east.mov(fabin(e), out=y)
    east.mov(x, out=fabout(b, advance="path"))
    west.mov(fabin(b), out=y)
    halves(w)[1].mov(x, out=y)


def routed_both_ways(w):
    to_east, from_west = w.alternating("e0", "e1", by="column")
    to_west, from_east = w.alternating("w0", "w1", by="column")
    w[:, :-1].route(to_east, RAMP >> EAST)
    w[:, 1:].route(from_west, WEST >> RAMP)
    w[:, 1:].route(to_west, RAMP >> WEST)
    w[:, :-1].route(from_east, EAST >> RAMP)
    return to_east, from_west, to_west, from_east


def neighbours_side_by_side(w, x, y, rounds=None):
    """P rounds of exchanges, sending and taking in at once."""
    to_east, from_west, to_west, from_east = routed_both_ways(w)
    columns = w.shape[1]
    z = w.memory("z", x.shape[-1])
    w[...].mov(x, out=y)
    for k in range(columns if rounds is None else rounds):
        first = k % 2
        left, right = w[:, first : columns - 1 : 2], w[:, first + 1 :: 2]
        both = np.arange(columns)
        both = (both >= first) & (both < columns - (columns - first) % 2)
        w[both[None]].mov(y, out=z)
        left.mov(z, out=fabout(to_east), microthread=True)
        right.mov(z, out=fabout(to_west), microthread=True)
        left.mov(fabin(from_east), out=y)
        right.mov(fabin(from_west), out=y)


@pytest.mark.parametrize("answer", [by_switches, in_turns])
@pytest.mark.parametrize("seed", [None, 0, *long(1, 2)])
def test_different_right_answers_pass(answer, seed):
    """Both directions at once, and one after the other."""
    result = check("3.P", answer, seed=seed)
    assert result.passed is True and result.points == result.out_of == 10, result
    assert result.score < result.par


def test_a_right_program_over_par_hears_its_cycles():
    """Neighbours that exchange their vectors are right, and too slow to pass."""
    result = check("3.P", neighbours_side_by_side)
    assert not result.passed and result.points == 0 and result.score > result.par
    (reason,) = result.reasons
    assert "The numbers are right (32 PEs in the row, 16 values each), but come after" in reason
    assert "passing vectors on, first east and then west, takes" in reason


def test_the_bound_holds_and_is_nearly_reached():
    """No program is under it; the switches come near; for two PEs they meet it."""
    size = PROBLEM.sizes(None)[0]
    bound = least_cycles(size["columns"], size["values"], 2)
    assert bound == 16 * 16 + 6 and f"{bound}" in PROBLEM.bound()
    assert bound < check("3.P", by_switches).score < 1.1 * bound
    for columns, values in ((2, 1), (2, 9), (3, 4), (8, 3), (15, 2)):
        w, x, y = PROBLEM.wafer({"columns": columns, "values": values})
        by_switches(w, x, y)
        cycles = w.run().cycles
        assert cycles >= least_cycles(columns, values, 2)
        assert columns > 2 or cycles == least_cycles(columns, values, 2)


def test_the_puzzle_comes_last():
    """It is the last of its lesson's problems."""
    of_lesson = [number for number in numbers() if number.startswith("3.")]
    assert of_lesson == ["3.1", "3.2", "3.3", "3.4", "3.5", "3.P"]


# ---- wrong answers -------------------------------------------------------------------------


def untouched(w, x, y):
    raise NotImplementedError


def nothing_moves(w, x, y):
    w[...].mov(x, out=y)


def each_vector_turned(w, x, y):
    for k in range(x.shape[-1]):
        w[...].mov(x.own[k], out=y.own[x.shape[-1] - 1 - k])


def each_vector_turned_too(w, x, y):
    z = w.memory("z", x.shape[-1])
    by_switches(w, x, z)
    for k in range(x.shape[-1]):
        w[...].mov(z.own[k], out=y.own[x.shape[-1] - 1 - k])


def neighbours_once(w, x, y):
    neighbours_side_by_side(w, x, y, rounds=1)


def one_round_too_few(w, x, y):
    neighbours_side_by_side(w, x, y, rounds=w.shape[1] - 1)


def one_off(w, x, y):
    """Turned round, and then everything a PE to the east, the last to the front."""
    by_switches(w, x, y)
    z = w.memory("z", x.shape[-1])
    last = w.shape[1] - 1
    colors = [w.color(f"c{k}") for k in range(2)]
    w[...].mov(y, out=z)
    to_east, from_west = w.alternating("s0", "s1", by="column")
    w[:, :-1].route(to_east, RAMP >> EAST)
    w[:, 1:].route(from_west, WEST >> RAMP)
    w[:, -1].route(colors[0], RAMP >> WEST)
    w[:, 1:last].route(colors[0], EAST >> WEST)
    w[:, 0].route(colors[0], EAST >> RAMP)
    w[:, :-1].mov(z, out=fabout(to_east), microthread=True)
    w[:, -1].mov(z, out=fabout(colors[0]), microthread=True)
    w[:, 1:].mov(fabin(from_west), out=y)
    w[:, 0].mov(fabin(colors[0]), out=y)


def middle_forgotten(w, x, y):
    by_switches(w, x, y)
    w.recorded.pop()


def only_to_the_east(w, x, y):
    by_switches(w, x, y)
    west, _, east = halves(w)
    e, _b = w.colors
    w.discard()
    west.mov(x, out=fabout(e, advance="path"))
    east.mov(fabin(e), out=y)


def all_send_first(w, x, y):
    by_switches(w, x, y)
    west, _, east = halves(w)
    e, b = w.colors
    w.discard()
    west.mov(x, out=fabout(e, advance="path"))
    east.mov(x, out=fabout(b, advance="path"))
    west.mov(fabin(b), out=y)
    east.mov(fabin(e), out=y)
    halves(w)[1].mov(x, out=y)


def a_color_a_pair(w, x, y):
    columns = w.shape[1]
    for k in range(columns // 2):
        c = w.color(f"pair {k}")
        w[:, k].route(c, RAMP >> EAST)
        w[:, k + 1 : columns - 1 - k].route(c, WEST >> EAST)
        w[:, columns - 1 - k].route(c, WEST >> RAMP)
        d = w.color(f"back {k}")
        w[:, columns - 1 - k].route(d, RAMP >> WEST)
        w[:, k + 1 : columns - 1 - k].route(d, EAST >> WEST)
        w[:, k].route(d, EAST >> RAMP)


WRONG = {
    untouched: "not written yet",
    nothing_moves: "Every PE has its own x in y: nothing has moved",
    each_vector_turned: "Each vector is turned round in its own PE",
    each_vector_turned_too: "The row is turned round, and each vector too",
    neighbours_once: "Neighbours have exchanged their vectors, once",
    one_off: "Every vector is one PE off",
    middle_forgotten: "Right with 32 PEs.*All is right but the PE in the middle, column 2",
    only_to_the_east: "The eastern half of the row is right; the western is not",
    all_send_first: "^Deadlock: since cycle",
    a_color_a_pair: "raises ProgramError.*24 colors and all are taken",
}


@pytest.mark.parametrize("answer", WRONG, ids=lambda answer: answer.__name__)
def test_a_known_mistake_is_named(answer):
    """No points, and the mistake first."""
    result = check("3.P", answer)
    assert not result.passed and result.points == 0
    assert re.search(WRONG[answer], "\n".join(result.reasons), re.DOTALL), result


def test_one_round_too_few_is_wrong():
    """A mistake without a name of its own hears which number is wrong."""
    (reason,) = check("3.P", one_round_too_few).reasons
    assert re.match(r"y\[0\] of PE \(0, \d+\) is .*; x of PE \(0, 31 - column\) is", reason)


@pytest.mark.parametrize("cheat", HOSTILE)
def test_what_may_not_earn_points_does_not(cheat):
    """Whatever a function does besides writing the program, it earns nothing and hears why."""
    answer, words = hostile(by_switches)[cheat]
    result = check("3.P", answer)
    assert result.passed is False and re.search(words, result.reasons[0]), result
    assert replaced_parts() == []
