"""Problem 3.2: a broadcast to a plus; what passes, what fails, and with which words."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest

from wselab import EAST, NORTH, RAMP, SOUTH, WEST, fabin, fabout
from wselab.course import check, find
from wselab.course.problems import p03_2
from wselab.course.replaced import replaced_parts
from wselab.fabric.ports import opposite

from .hostile import HOSTILE, hostile
from .long import long

PROBLEM = find("3.2")
WAYS = (WEST, EAST, NORTH, SOUTH)


# ---- right answers -------------------------------------------------------------------------


def send(w, x, row, column, color, ways):
    """From the centre along the arms in these directions, on one color, by slices."""
    rows, columns = w.shape
    room = {WEST: column, EAST: columns - 1 - column, NORTH: row, SOUTH: rows - 1 - row}
    ways = [way for way in ways if room[way]]
    if not ways:
        return
    arms = {
        WEST: (w[row, 1:column], w[row, 0]),
        EAST: (w[row, column + 1 : -1], w[row, -1]),
        NORTH: (w[1:row, column], w[0, column]),
        SOUTH: (w[row + 1 : -1, column], w[-1, column]),
    }
    w[row, column].route(color, RAMP >> tuple(ways))
    w[row, column].mov(x, out=fabout(color))
    for way in ways:
        between, last = arms[way]
        between.route(color, opposite(way) >> (RAMP, way))
        last.route(color, opposite(way) >> RAMP)
        between.mov(fabin(color), out=x)
        last.mov(fabin(color), out=x)


def one_color(w, x, row, column):
    send(w, x, row, column, w.color("c"), WAYS)


def row_then_column(w, x, row, column):
    send(w, x, row, column, w.color("along"), (WEST, EAST))
    send(w, x, row, column, w.color("across"), (NORTH, SOUTH))


def an_arm_a_color(w, x, row, column):
    for way in WAYS:
        send(w, x, row, column, w.color(way.name), (way,))


def hand_to_hand(w, x, row, column):
    """Nobody copies: each PE takes x in and sends it on, by two colors an arm."""
    rows, columns = w.shape
    for way in WAYS:
        down, right = way.step
        colors = w.color(f"{way} a"), w.color(f"{way} b")
        places = []
        at = (row, column)
        while 0 <= at[0] < rows and 0 <= at[1] < columns:
            places.append(at)
            at = (at[0] + down, at[1] + right)
        for k, (here, there) in enumerate(itertools.pairwise(places)):
            w[here].route(colors[k % 2], RAMP >> way)
            w[there].route(colors[k % 2], opposite(way) >> RAMP)
            if k:
                w[here].mov(fabin(colors[1 - k % 2]), out=x)
            w[here].mov(x, out=fabout(colors[k % 2]))
        if len(places) > 1:
            w[places[-1]].mov(fabin(colors[len(places) % 2]), out=x)


RIGHT = [one_color, row_then_column, an_arm_a_color, hand_to_hand]


@pytest.mark.parametrize("answer", RIGHT)
@pytest.mark.parametrize("seed", [None, 0, *long(1, 2)])
def test_different_right_answers_pass(answer, seed):
    """One color, two, four, and no multicast at all: all are right, at different scores."""
    result = check("3.2", answer, seed=seed)
    assert result.passed is True and result.points == result.out_of == 8, result


def test_scores():
    """Par is two colors one after the other; one color is under it, passing by hand far over."""
    scores = {answer: check("3.2", answer).score for answer in RIGHT}
    size = PROBLEM.sizes(None)[0]
    w, x, *at = PROBLEM.wafer(size)
    row_then_column(w, x, *at)
    assert PROBLEM.par == scores[row_then_column] == w.run().cycles
    farthest = size["column"]  # the longest arm is the western one
    assert scores[one_color] == size["values"] + farthest + 5 < PROBLEM.par
    assert scores[hand_to_hand] > PROBLEM.par


@pytest.mark.parametrize("seed", [None, *range(20)])
def test_centres_lie_everywhere(seed):
    """Every seed tries a centre inside, one at an edge, one in a corner, and a single line."""
    kinds = set()
    for size in PROBLEM.sizes(seed):
        rows, columns, row, column = (size[k] for k in ("rows", "columns", "row", "column"))
        assert 0 <= row < rows and 0 <= column < columns and rows * columns > 1
        kinds.add(
            "line"
            if 1 in (rows, columns)
            else (row in (0, rows - 1)) + (column in (0, columns - 1))
        )
    assert kinds == {0, 1, 2, "line"}


def test_the_centre_s_vector_is_like_no_other():
    """Also a vector of one value tells where it is from."""
    size = {"rows": 9, "columns": 9, "values": 1, "row": 4, "column": 2}
    for seed in range(20):
        x = PROBLEM.data(size, np.random.default_rng(seed))["x"]
        assert (x == x[4, 2]).sum() == 1 and (x != 0).all()


# ---- wrong answers -------------------------------------------------------------------------


def untouched(w, x, row, column):
    raise NotImplementedError


def nothing(w, x, row, column):
    return x


def rows_and_columns_swapped(w, x, row, column):
    one_color(w, x, column, row)


def always_in_the_example_s_place(w, x, row, column):
    one_color(w, x, 3, 5)


def somewhere_else(w, x, row, column):
    one_color(w, x, 0, 0)


def only_inside(w, x, row, column):
    """Right where the centre lies inside; at an edge it sends over it."""
    c = w.color("c")
    w[row, column].route(c, RAMP >> WAYS)
    w[row, column].mov(x, out=fabout(c))
    arms = {
        WEST: (w[row, 1:column], w[row, :1], w[row, :column]),
        EAST: (w[row, column + 1 : -1], w[row, -1:], w[row, column + 1 :]),
        NORTH: (w[1:row, column], w[:1, column], w[:row, column]),
        SOUTH: (w[row + 1 : -1, column], w[-1:, column], w[row + 1 :, column]),
    }
    for way, (between, last, whole) in arms.items():
        between.route(c, opposite(way) >> (RAMP, way))
        if whole.mask.any():
            last.route(c, opposite(way) >> RAMP)
        whole.mov(fabin(c), out=x)


def arms_without_an_end(w, x, row, column):
    c = w.color("c")
    w[row, column].route(c, RAMP >> (WEST, EAST))
    w[row, :column].route(c, EAST >> (RAMP, WEST))
    w[row, column + 1 :].route(c, WEST >> (RAMP, EAST))
    w[row, column].mov(x, out=fabout(c))
    w[row, :column].mov(fabin(c), out=x)
    w[row, column + 1 :].mov(fabin(c), out=x)


def the_centre_takes_in_too(w, x, row, column):
    c = w.color("c")
    send(w, x, row, column, c, WAYS)
    w[row, column].mov(fabin(c), out=x)


def no_copy_for_the_processor(w, x, row, column):
    one_color(w, x, row, column)
    w[row, 1:column].route(w.colors[0], EAST >> WEST, replace=True)


def only_along_the_row(w, x, row, column):
    send(w, x, row, column, w.color("c"), (WEST, EAST))


def last_ones_left_out(w, x, row, column):
    c = w.color("c")
    w[row, column].route(c, RAMP >> (WEST, EAST))
    w[row, column + 1 : -2].route(c, WEST >> (RAMP, EAST))
    w[row, -2].route(c, WEST >> RAMP)
    w[row, 2:column].route(c, EAST >> (RAMP, WEST))
    w[row, 1].route(c, EAST >> RAMP)
    w[row, column].mov(x, out=fabout(c))
    w[row, 1:column].mov(fabin(c), out=x)
    w[row, column + 1 : -1].mov(fabin(c), out=x)
    send(w, x, row, column, w.color("d"), (NORTH, SOUTH))


def to_all(w, x, row, column):
    """First the column, then all rows from it."""
    send(w, x, row, column, w.color("c"), (NORTH, SOUTH))
    e, b = w.color("e"), w.color("b")
    w[:, column].route(e, RAMP >> EAST)
    w[:, column + 1 : -1].route(e, WEST >> (RAMP, EAST))
    w[:, -1].route(e, WEST >> RAMP)
    w[:, column].route(b, RAMP >> WEST)
    w[:, 1:column].route(b, EAST >> (RAMP, WEST))
    w[:, 0].route(b, EAST >> RAMP)
    w[:, column].mov(x, out=fabout(e))
    w[:, column].mov(x, out=fabout(b))
    w[:, column + 1 :].mov(fabin(e), out=x)
    w[:, :column].mov(fabin(b), out=x)


def sends_twice(w, x, row, column):
    one_color(w, x, row, column)
    w[row, column].mov(x, out=fabout(w.colors[0]))


def named_by_where_it_goes(w, x, row, column):
    c = w.color("c")
    w[row, column].route(c, RAMP >> EAST)
    w[row, column + 1 : -1].route(c, EAST >> (RAMP, EAST))


def a_number_for_x(w, x, row, column):
    one_color(w, x, row, column)
    w[row, :].mov(5.0, out=x)
    w[:, column].mov(5.0, out=x)


def changes_the_others(w, x, row, column):
    one_color(w, x, row, column)
    outside = np.ones(w.shape, bool)
    outside[row] = outside[:, column] = False
    w[outside].mul(x, 0.0, out=x)


WRONG = {
    untouched: "not written yet",
    nothing: "writes nothing on the wafer yet",
    rows_and_columns_swapped: r"Rows and columns are swapped: PE \(5, 3\) sends.*PE \(3, 5\)",
    always_in_the_example_s_place: r"Right with 7 x 9.*\(3, 5\) sends, whatever row and column say",
    somewhere_else: r"The centre, PE \(3, 5\), sends nothing; PE \(0, 0\) does",
    only_inside: r"Right with 7 x 9 PEs.*PE \(0, 2\), lies at the edge.*no PE to the NORTH",
    arms_without_an_end: r"The arm to the EAST does not end: PE \(3, 8\)",
    the_centre_takes_in_too: r"The centre, PE \(3, 5\), takes in a stream too",
    no_copy_for_the_processor: r"PE \(3, 1\) reads c.*without a copy for the processor",
    only_along_the_row: "The centre's x has not come to the NORTH, SOUTH of it",
    last_ones_left_out: r"To the EAST, WEST the last PE of the arm has been left out",
    to_all: "x has come to all PEs",
    sends_twice: "The centre sends 2 times on c",
    named_by_where_it_goes: "sends a wavelet back to where it came from",
    a_number_for_x: "is 5; x of the centre",
    changes_the_others: r"x\[0\] of PE \(0, 0\) is -?0; outside the plus its own x",
}


@pytest.mark.parametrize("answer", WRONG, ids=lambda answer: answer.__name__)
def test_a_known_mistake_is_named(answer):
    """No points, no pass, and the mistake in the first two reasons."""
    result = check("3.2", answer)
    assert not result.passed and result.points == 0, result
    assert re.search(WRONG[answer], "\n".join(result.reasons[:2]), re.DOTALL), result


def test_the_emulator_s_words_follow():
    """After the mistake the check says where it stood still, and why."""
    reasons = "\n".join(check("3.2", arms_without_an_end).reasons)
    assert "Deadlock: since cycle" in reasons and "leads EAST over the edge of the wafer" in reasons


@pytest.mark.parametrize("cheat", HOSTILE)
def test_what_may_not_earn_points_does_not(cheat):
    """Whatever a function does besides writing the program, it earns nothing and hears why."""
    answer, words = hostile(one_color)[cheat]
    result = check("3.2", answer)
    assert result.passed is False and re.search(words, result.reasons[0]), result
    assert replaced_parts() == []


def test_right_for_the_example_alone_is_not_right():
    """A table of the visible cases falls over the hidden ones."""
    shown = [tuple(size.values()) for size in PROBLEM.sizes(None)]

    def by_heart(w, x, row, column):
        if (*w.shape, x.shape[-1], row, column) not in shown:
            raise LookupError("never seen")
        one_color(w, x, row, column)

    assert check("3.2", by_heart).passed
    assert "LookupError" in check("3.2", by_heart, seed=1).reasons[1]


def test_the_arms():
    """An arm ends at the edge; at the edge there is none."""
    arm, last = p03_2.arm_of((3, 4), 1, 2, WEST)
    assert np.argwhere(arm).tolist() == [[1, 0], [1, 1]] and np.argwhere(last).tolist() == [[1, 0]]
    arm, last = p03_2.arm_of((3, 4), 0, 0, NORTH)
    assert not arm.any() and not last.any()
