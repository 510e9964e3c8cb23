"""The problems of set 08, training: what passes, what fails, and with which words."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import pytest

import wselab as wse
import wselab.kernels
from wselab import NORTH, RAMP, SOUTH, WEST, fabin, fabout
from wselab.course import check, find
from wselab.course.problems import p08_1, p08_2, p08_3, p08_p
from wselab.streaming import training

from .hostile import CALCULATING, HOSTILE, calculating, hostile
from .long import long

# ---- 8.1, the gradient of weights: right --------------------------------------------------------


def own_products(w, x, dy, dW, tokens=None, of=None):
    for number, t in enumerate(range(dy.shape[-2]) if tokens is None else tokens):
        operation = w[1:].mac if number else w[1:].mul
        operation(dy.own[t], x.own[t if of is None else of], out=dW)


def up(w, dW, axis="row", first=0):
    mine, theirs = w.alternating("a", "b", by="row")
    w[first + 1 :].route(mine, RAMP >> NORTH)
    w[first:-1].route(theirs, SOUTH >> RAMP)
    w[-1].mov(dW, out=fabout(mine))
    w[first + 1 : -1].add(fabin(theirs), dW, out=fabout(mine))
    return theirs


def by_a_chain(w, x, dy, dW):
    own_products(w, x, dy, dW)
    w[0].mov(fabin(up(w, dW)), out=dW)


def row_by_row_to_the_top(w, x, dy, dW):
    """Each row sends straight to row 0, one after the other, by switches: a star."""
    own_products(w, x, dy, dW)
    c = w.color("up")
    rows = w.shape[0]
    w[-1].route(c, RAMP >> NORTH)
    w[1:-1].route(c, [RAMP >> NORTH, SOUTH >> NORTH])
    w[0].route(c, SOUTH >> RAMP)
    w[1].mov(dW, out=fabout(c, advance="own"))
    for row in range(2, rows):
        w[row].mov(dW, out=fabout(c, advance="own") if row < rows - 1 else fabout(c))
    for _ in range(1, rows):
        w[0].add(fabin(c), dW, out=dW)


# ---- 8.1, wrong -----------------------------------------------------------------------------


def gradient_untouched(w, x, dy, dW):
    raise NotImplementedError


def only_the_products(w, x, dy, dW):
    own_products(w, x, dy, dW)


def one_token(w, x, dy, dW):
    own_products(w, x, dy, dW, tokens=[0])
    w[0].mov(fabin(up(w, dW)), out=dW)


def overwrites(w, x, dy, dW):
    for t in range(dy.shape[-2]):
        w[1:].mul(dy.own[t], x.own[t], out=dW)
    w[0].mov(fabin(up(w, dW)), out=dW)


def from_token_1(w, x, dy, dW):
    own_products(w, x, dy, dW, tokens=range(1, dy.shape[-2]))
    w[0].mov(fabin(up(w, dW)), out=dW)


def x_of_token_0(w, x, dy, dW):
    own_products(w, x, dy, dW, of=0)
    w[0].mov(fabin(up(w, dW)), out=dW)


def bias_gradient(w, x, dy, dW):
    for t in range(dy.shape[-2]):
        w[1:].add(dy.own[t], dW, out=dW)
    w[0].mov(fabin(up(w, dW)), out=dW)


def passes_on_without_adding(w, x, dy, dW):
    own_products(w, x, dy, dW)
    c = w.color("c")
    w[-1].route(c, RAMP >> NORTH)
    w[1:-1].route(c, SOUTH >> NORTH)
    w[0].route(c, SOUTH >> RAMP)
    w[-1].mov(dW, out=fabout(c))
    w[0].mov(fabin(c), out=dW)


def only_row_1(w, x, dy, dW):
    own_products(w, x, dy, dW)
    c = w.color("c")
    w[1].route(c, RAMP >> NORTH)
    w[0].route(c, SOUTH >> RAMP)
    w[1].mov(dW, out=fabout(c))
    w[0].mov(fabin(c), out=dW)


def without_the_last_row(w, x, dy, dW):
    own_products(w, x, dy, dW)
    mine, theirs = w.alternating("a", "b", by="row")
    w[1:-1].route(mine, RAMP >> NORTH)
    w[:-2].route(theirs, SOUTH >> RAMP)
    w[-2].mov(dW, out=fabout(mine))
    w[1:-2].add(fabin(theirs), dW, out=fabout(mine))
    w[0].mov(fabin(theirs), out=dW)


def a_mean(w, x, dy, dW):
    by_a_chain(w, x, dy, dW)
    w[0].mul(dW, 1 / (dy.shape[-2] * (w.shape[0] - 1)), out=dW)


def down_to_the_last_row(w, x, dy, dW):
    own_products(w, x, dy, dW)
    mine, theirs = w.alternating("a", "b", by="row")
    w[1:-1].route(mine, RAMP >> SOUTH)
    w[2:].route(theirs, NORTH >> RAMP)
    w[1].mov(dW, out=fabout(mine))
    w[2:-1].add(fabin(theirs), dW, out=fabout(mine))
    w[-1].add(fabin(theirs), dW, out=dW)


def one_color(w, x, dy, dW):
    own_products(w, x, dy, dW)
    c = w.color("c")
    w[1:].route(c, RAMP >> NORTH)
    w[-1].mov(dW, out=fabout(c))


def twice(w, x, dy, dW):
    by_a_chain(w, x, dy, dW)
    w[0].mul(dW, 2.0, out=dW)


def constant_gradient(w, x, dy, dW):
    w[0].mov(3.0, out=dW)


def westward(w, x, dy, dW):
    own_products(w, x, dy, dW)
    mine, theirs = w.alternating("a", "b", by="column")
    w[1:, 1:].route(mine, RAMP >> WEST)
    w[1:, :-1].route(theirs, WEST >> RAMP)
    w[1:, -1].mov(dW, out=fabout(mine))
    w[1:, 0].add(fabin(theirs), dW, out=dW)


def by_a_kernel(w, x, dy, dW):
    wselab.kernels.reduce_row(np.ones((1, 2, 3), np.float32))


def on_the_host(w, x, dy, dW):
    dW[0] = np.einsum("rct,rctn->cn", x[...], dy[...]) + 1


WRONG_1 = {
    gradient_untouched: "not written yet",
    only_the_products: "dW is still 0 wherever a result is due",
    one_token: "Only the first token of each PE",
    overwrites: "mul writes over what was there, mac adds",
    from_token_1: "The first token of each PE is missing",
    x_of_token_0: "x of the first token is taken for all",
    bias_gradient: "that is the gradient of the bias",
    passes_on_without_adding: "last row's share alone",
    only_row_1: "row 1's share alone",
    without_the_last_row: "products of the last row are missing",
    a_mean: "It is a mean",
    down_to_the_last_row: "stands in the last row|still 0",
    one_color: "on the same color|sends|Undrained",
    twice: "in it twice",
    constant_gradient: "The same comes out whatever",
    westward: "Undrained|Deadlock|verify|waits",
    by_a_kernel: "calls wselab.kernels",
    on_the_host: "writes memory dW from the host",
    p08_1.textbook: "calls a function of the course itself",
}


# ---- 8.2, a ReLU's way back: right --------------------------------------------------------------


def by_a_mask(w, y, dy, dx):
    w[...].mul(y, -(2.0**60), out=y)
    w[...].max(y, -1.0, out=y)
    w[...].mul(y, -1.0, out=y)
    w[...].mul(y, dy, out=dx)


def by_what_is_held_back(w, y, dy, dx):
    """1 where y is 0: that share of dy is taken off again."""
    w[...].mac(y, -(2.0**30), acc=1.0, out=dx)
    w[...].max(dx, 0.0, out=dx)
    w[...].mul(dx, dy, out=dx)
    w[...].mac(dx, -1.0, acc=dy, out=dx)


# ---- 8.2, wrong ----------------------------------------------------------------------------------


def relu_untouched(w, y, dy, dx):
    raise NotImplementedError


def lets_all_through(w, y, dy, dx):
    w[...].mov(dy, out=dx)


def times_y(w, y, dy, dx):
    w[...].mul(y, dy, out=dx)


def the_other_way_round(w, y, dy, dx):
    w[...].mac(y, -(2.0**30), acc=1.0, out=dx)
    w[...].max(dx, 0.0, out=dx)
    w[...].mul(dx, dy, out=dx)


def wrong_sign(w, y, dy, dx):
    w[...].mul(y, -(2.0**40), out=dx)
    w[...].max(dx, -1.0, out=dx)
    w[...].mul(dx, dy, out=dx)


def relu_of_dy(w, y, dy, dx):
    w[...].max(dy, 0.0, out=dx)


def only_from_1_on(w, y, dy, dx):
    w[...].mul(y, -1.0, out=dx)
    w[...].max(dx, -1.0, out=dx)
    w[...].mul(dx, -1.0, out=dx)
    w[...].mul(dx, dy, out=dx)


def only_from_1_on_and_the_sign(w, y, dy, dx):
    w[...].mul(y, -1.0, out=dx)
    w[...].max(dx, -1.0, out=dx)
    w[...].mul(dx, dy, out=dx)


def only_the_mask(w, y, dy, dx):
    w[...].mul(y, -(2.0**40), out=dx)
    w[...].max(dx, -1.0, out=dx)
    w[...].mul(dx, -1.0, out=dx)


def only_the_mask_below_0(w, y, dy, dx):
    w[...].mul(y, -(2.0**40), out=dx)
    w[...].max(dx, -1.0, out=dx)


def by_numpy(w, y, dy, dx):
    dx[...] = np.where(y[...] > 0, dy[...], 1)


def one_row(w, y, dy, dx):
    by_a_mask(w[0:1], y, dy, dx)


def one_row_only(w, y, dy, dx):
    row = w[0]
    row.mul(y, -(2.0**60), out=y)
    row.max(y, -1.0, out=y)
    row.mul(y, -1.0, out=y)
    row.mul(y, dy, out=dx)


WRONG_2 = {
    relu_untouched: "not written yet",
    lets_all_through: "Every gradient goes through",
    times_y: "It multiplies by y itself",
    the_other_way_round: "It is the other way round",
    wrong_sign: "has the wrong sign",
    relu_of_dy: "It is the ReLU of dy",
    only_from_1_on: "A y between 0 and 1 has to let",
    only_from_1_on_and_the_sign: "The sign is wrong, and a y between",
    only_the_mask: "now times dy",
    only_the_mask_below_0: "That is -1 where the gradient goes through",
    by_numpy: "writes memory dx from the host",
    one_row: "raises",
    one_row_only: r"PE \(1, 0\) is 0",
    p08_2.textbook: "calls a function of the course itself",
}


# ---- 8.3, bytes over the edge ------------------------------------------------------------------


def filled(width, columns):
    return (width + columns - 1) // columns * columns


def layer_by_layer(widths, columns):
    total = 0
    for i in range(len(widths) - 1):
        rows, outputs = filled(widths[i], columns), filled(widths[i + 1], columns)
        total += (3 - (i == 0)) * rows * outputs + 2 * outputs
    return 4 * total


def column_by_column(widths, columns):
    """What a single column sends and gets, times the columns."""
    own = [-(-width // columns) for width in widths]
    one = sum((3 if i else 2) * own[i] * own[i + 1] * columns for i in range(len(own) - 1))
    return np.int64(4 * columns * (one + 2 * sum(own[1:])))


def edge_untouched(widths, columns):
    raise NotImplementedError


def nothing(widths, columns):
    layer_by_layer(widths, columns)


def the_example(widths, columns):
    return 22912


def as_text(widths, columns):
    return f"{layer_by_layer(widths, columns)} bytes"


def asks_the_front_end(widths, columns):
    model = training.Sequential(training.Linear(2, 2))
    backend = training.Backend(1, 1)
    optimizer = training.SGD(lr=0.1)
    training.compile(model, backend, batch_size=1, in_features=2, optimizer=optimizer)
    return layer_by_layer(widths, columns)


WRONG_3 = {
    edge_untouched: "not written yet",
    nothing: "returns nothing",
    the_example: r"Right with widths = \[64, 32, 10\], columns = 8, not with",
    as_text: "something of type str",
    asks_the_front_end: "calls wselab.streaming",
    p08_3.textbook: "calls a function of the course itself",
}


# ---- 8.P, share the update: right -----------------------------------------------------------


def rule(pes, v, a, rounds=8):
    for _ in range(rounds):
        pes.mac(v, -1.0, acc=1.0, out=a)
        pes.mul(v, a, out=v)
        pes.mul(v, 3.75, out=v)


def one_helper(w, p, v, a, rounds=8, rate=-0.125, work=rule):
    """Row 1 does the half of it."""
    half = p.shape[-1] // 2
    down, up = w.color("down"), w.color("up")
    w[0].route(down, RAMP >> SOUTH)
    w[1].route(down, NORTH >> RAMP)
    w[1].route(up, RAMP >> NORTH)
    w[0].route(up, SOUTH >> RAMP)
    w[0].mov(v.own[half:], out=fabout(down))
    rest = p.shape[-1] - half
    w[1].mov(fabin(down), out=v.own[:rest])
    work(w[1], v.own[:rest], a.own[:rest], rounds)
    w[1].mov(v.own[:rest], out=fabout(up))
    work(w[0], v.own[:half], a.own[:half], rounds)
    w[0].mac(v.own[:half], rate, out=p.own[:half])
    w[0].mac(fabin(up), rate, acc=p.own[half:], out=p.own[half:])


def many_helpers(w, p, v, a):
    rows, n = w.shape[0], p.shape[-1]
    edges = [n * k // rows for k in range(rows + 1)]
    ups = {}
    for k in range(rows - 1, 0, -1):
        down, ups[k] = w.color(f"down {k}"), w.color(f"up {k}")
        w[0].route(down, RAMP >> SOUTH)
        w[1:k].route(down, NORTH >> SOUTH)
        w[k].route(down, NORTH >> RAMP)
        w[k].route(ups[k], RAMP >> NORTH)
        w[1:k].route(ups[k], SOUTH >> NORTH)
        w[0].route(ups[k], SOUTH >> RAMP)
        m = edges[k + 1] - edges[k]
        w[0].mov(v.own[edges[k] : edges[k + 1]], out=fabout(down))
        w[k].mov(fabin(down), out=v.own[:m])
        rule(w[k], v.own[:m], a.own[:m])
        w[k].mov(v.own[:m], out=fabout(ups[k]))
    rule(w[0], v.own[: edges[1]], a.own[: edges[1]])
    w[0].mac(v.own[: edges[1]], -0.125, out=p.own[: edges[1]])
    for k, up_ in ups.items():
        part = p.own[edges[k] : edges[k + 1]]
        w[0].mac(fabin(up_), -0.125, acc=part, out=part)


# ---- 8.P, wrong -----------------------------------------------------------------------------


def update_untouched(w, p, v, a):
    raise NotImplementedError


def alone(w, p, v, a):
    rule(w[0], v, a)
    w[0].mac(v, -0.125, out=p)


def without_the_rounds(w, p, v, a):
    w[0].mac(v, -0.125, out=p)


def seven_rounds(w, p, v, a):
    one_helper(w, p, v, a, rounds=7)


def wrong_way(w, p, v, a):
    one_helper(w, p, v, a, rate=0.125)


def the_whole_of_v(w, p, v, a):
    one_helper(w, p, v, a, rate=-1.0)


def another_order(w, p, v, a):
    def work(pes, v, a, rounds):
        for _ in range(rounds):
            pes.mul(v, v, out=a)
            pes.mac(a, -1.0, acc=v, out=v)
            pes.mul(v, 3.75, out=v)

    one_helper(w, p, v, a, work=work)


def half_of_it(w, p, v, a):
    half = p.shape[-1] // 2
    rule(w[0], v.own[:half], a.own[:half])
    w[0].mac(v.own[:half], -0.125, out=p.own[:half])


def forgets_the_last(w, p, v, a):
    n = p.shape[-1] // w.shape[0] * w.shape[0] - 1
    rule(w[0], v.own[:n], a.own[:n])
    w[0].mac(v.own[:n], -0.125, out=p.own[:n])


def never_brings_it_back(w, p, v, a):
    down = w.color("down")
    w[0].route(down, RAMP >> SOUTH)
    w[1].route(down, NORTH >> RAMP)
    w[0].mov(v, out=fabout(down))
    w[1].mov(fabin(down), out=v)
    rule(w[1], v, a)
    w[1].mac(v, -0.125, out=p)


def the_nine_rows_only(w, p, v, a):
    if w.shape == (9, 3):
        many_helpers(w, p, v, a)
    else:
        w[0].mac(v, -0.125, out=p)


def on_the_host_too(w, p, v, a):
    many_helpers(w, p, v, a)
    p[0] = 1.0


WRONG_P = {
    update_untouched: "not written yet",
    alone: "come after 1,800 cycles: the home row alone takes 1,800",
    without_the_rounds: "the rounds of the rule are missing",
    seven_rounds: r"p\[0\] of PE \(0, 0\) is .*; p after the update",
    wrong_way: "The sign is wrong",
    the_whole_of_v: "All of v is subtracted",
    another_order: "another order rounds differently",
    half_of_it: r"Some parameters have not moved: p\[36\] and 35 more",
    forgets_the_last: r"Some parameters have not moved: p\[71\]\.",
    never_brings_it_back: "p is as it was",
    the_nine_rows_only: "Right with 9 x 3 PEs.*not with",
    on_the_host_too: "writes memory p from the host",
    p08_p.in_the_home_row: "calls a function of the course itself",
}

# ---- the tests --------------------------------------------------------------------------------

RIGHT = {
    "8.1": (by_a_chain, row_by_row_to_the_top),
    "8.2": (by_a_mask, by_what_is_held_back),
    "8.3": (layer_by_layer, column_by_column),
    "8.P": (one_helper, many_helpers),
}
WRONG = {"8.1": WRONG_1, "8.2": WRONG_2, "8.3": WRONG_3, "8.P": WRONG_P}


@pytest.mark.parametrize("seed", [None, 3, *long(4)])
@pytest.mark.parametrize(("number", "answer"), [(n, one) for n in RIGHT for one in RIGHT[n]])
def test_right_answers_pass(number, answer, seed):
    """Two different ones each, with sizes shown and not shown; the plain one is par."""
    result = check(number, answer, seed)
    assert result.passed, result
    if answer in (by_a_chain, by_a_mask, by_what_is_held_back):
        assert result.score == result.par
    if number == "8.P":
        assert 200 <= result.score < result.par == 1800 and result.bound


@pytest.mark.parametrize(("number", "answer"), [(n, one) for n in WRONG for one in WRONG[n]])
def test_a_mistake_is_named(number, answer):
    """In the first of the reasons, or the second."""
    result = check(number, answer)
    assert result.passed is False and result.points == 0
    words = "\n".join(result.reasons[:2])
    assert re.search(WRONG[number][answer], words, re.DOTALL), result


@pytest.mark.parametrize("number", range(len(p08_3.MISTAKES)))
def test_a_wrong_sum_is_named(number):
    """Each of those that people find, in words of its own."""
    formula, text = p08_3.MISTAKES[number]
    table = {
        (tuple(size_widths), columns): formula(size_widths, columns)
        for size_widths, columns in map(find("8.3").arguments, find("8.3").sizes())
    }
    result = check("8.3", lambda widths, columns: table[tuple(widths), columns])
    assert result.passed is False and text in result.reasons[:2], result


@pytest.mark.parametrize("number", ["8.1", "8.2", "8.P"])
@pytest.mark.parametrize("cheat", HOSTILE)
def test_a_right_program_that_does_more_than_write_earns_nothing(number, cheat):
    """It hears why."""
    answer, words = hostile(RIGHT[number][1])[cheat]
    result = check(number, answer)
    assert result.passed is False and result.points == 0, result
    assert re.search(words, result.reasons[0]), result


@pytest.mark.parametrize("cheat", CALCULATING)
def test_a_function_that_asks_or_tampers_earns_nothing(cheat):
    """It hears why."""
    answer, words = calculating(layer_by_layer, p08_3.EdgeBytes)[cheat]
    result = check("8.3", answer)
    assert result.passed is False and result.points == 0, result
    assert re.search(words, "\n".join(result.reasons)), result


def test_hints_open_one_after_another():
    """Three for each."""
    for number in RIGHT:
        assert len(find(number).hints) == 3


@pytest.mark.parametrize(
    ("widths", "columns"), [([64, 32, 10], 8), ([12, 8, 3], 4), ([7, 5, 5, 2], 3), ([4, 6], 1)]
)
def test_the_bytes_are_those_of_a_run(widths, columns):
    """Counted by the bill of a step with streamed weights."""
    compiled = training.compile(
        training.Sequential(*(training.Linear(*pair) for pair in pairwise(widths))),
        training.Backend(2, columns, weights="streamed"), batch_size=4, in_features=widths[0],
        optimizer=training.SGD(lr=0.1),
    )  # fmt: skip
    assert sum(one.edge_bytes for one in compiled.device.costs) == p08_3.textbook(widths, columns)


def test_par_by_hand():
    """The products, a chain up the column that row 0 only ends; operations on memory."""
    size = find("8.1").sizes()[0]
    products, ramp = size["tokens"] * size["outputs"], 2 * wse.WSE2.ramp_latency_cycles
    assert find("8.1").par == products + size["outputs"] + (ramp + 2) * size["rows"]
    assert find("8.2").par == 4 * find("8.2").sizes()[0]["values"]
    size = find("8.P").sizes()[0]
    assert find("8.P").par == p08_p.OPERATIONS * size["values"] == 1800
    assert p08_p.least_work(size["values"], size["rows"]) == 200


def test_the_relu_of_the_course_goes_back_so():
    """What 8.2 asks for is what the front end's ReLU does."""
    size = find("8.2").sizes()[0]
    data = find("8.2").data(size, np.random.default_rng(5))
    assert ((data["y"] > 0) & (data["y"] < 1)).any() and (data["y"] == 0).any()
    assert data["y"][data["y"] > 0].min() >= p08_2.SMALLEST and (data["dy"] < 0).any()


def test_another_order_of_the_rule_shows():
    """So sensitive is it that most parameters differ in some bit."""
    v = np.random.default_rng(0).uniform(0.05, 0.95, 1000).astype(np.float32)
    other = v.copy()
    for _ in range(p08_p.ROUNDS):
        other = (other - other * other) * np.float32(p08_p.FACTOR)
    assert (other != p08_p.by_numpy(v)).mean() > 0.9
