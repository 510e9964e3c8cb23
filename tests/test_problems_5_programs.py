"""Problems 5.2, 5.3 and 5.P, products of matrices: what passes, what fails, with which words."""

from __future__ import annotations

import re

import numpy as np
import pytest

import wselab.kernels
from wselab import EAST, NORTH, RAMP, SOUTH, WEST, fabin, fabout
from wselab.course import check, find
from wselab.course.problems import p05_2, p05_3, p05_p
from wselab.course.problems.p04_p import distance_bound
from wselab.course.replaced import replaced_parts
from wselab.specs import WSE2

from .hostile import HOSTILE, hostile


def untouched(*given):
    raise NotImplementedError


# ---- 5.2: x along the rows, sums up the columns --------------------------------------------


def along(w, x, color="along"):
    c = w.color(color)
    w[:, 0].route(c, RAMP >> EAST)
    w[:, 1:-1].route(c, WEST >> (RAMP, EAST))
    w[:, -1].route(c, WEST >> RAMP)
    w[:, 0].mov(x, out=fabout(c))
    w[:, 1:].mov(fabin(c), out=x)


def multiply(w, A, x, y, columns=None):
    for j in range(A.shape[-1])[slice(*columns or (None,))]:
        w[...].mac(A.own[:, j], x.own[j], out=y)


def up(w, y, own=True, last=None, out=None, by="row"):
    """A chain up each column; ``own`` says whether row 0 adds its own, ``last`` who starts."""
    mine, theirs = w.alternating("a", "b", by=by)
    last = w.shape[0] - 1 if last is None else last
    w[1 : last + 1, :].route(mine, RAMP >> NORTH)
    w[:last, :].route(theirs, SOUTH >> RAMP)
    w[last, :].mov(y, out=fabout(mine))
    w[1:last, :].add(fabin(theirs), y, out=fabout(mine))
    if own:
        w[0, :].add(fabin(theirs), y, out=y if out is None else out)
    else:
        w[0, :].mov(fabin(theirs), out=y)


def as_in_the_lesson(w, A, x, y):
    along(w, x)
    multiply(w, A, x, y)
    up(w, y)


def row_by_row(w, A, x, y):
    """PE by PE in the routes, and x sent beside the multiplying."""
    c = w.color("c")
    columns = w.shape[1]
    for column in range(columns):
        out = RAMP if column == columns - 1 else (RAMP, EAST)
        w[:, column].route(c, WEST >> out if column else RAMP >> EAST)
    w[:, 0].mov(x, out=fabout(c), microthread=True)
    for column in range(1, columns):
        w[:, column].mov(fabin(c), out=x)
    multiply(w, A, x, y)
    up(w, y)


def no_x(w, A, x, y):
    multiply(w, A, x, y)
    up(w, y)


def no_sums(w, A, x, y):
    along(w, x)
    multiply(w, A, x, y)


def forgets_row_0(w, A, x, y):
    along(w, x)
    multiply(w, A, x, y)
    up(w, y, own=False)


def forgets_the_last_row(w, A, x, y):
    along(w, x)
    multiply(w, A, x, y)
    up(w, y, last=w.shape[0] - 2)


def one_column_short(w, A, x, y):
    along(w, x)
    multiply(w, A, x, y, (0, -1))
    up(w, y)


def one_column(w, A, x, y):
    along(w, x)
    multiply(w, A, x, y, (0, 1))
    up(w, y)


def sums_before(w, A, x, y):
    """The sums leave before the product is made."""
    along(w, x)
    up(w, y)
    multiply(w, A, x, y)


def to_the_south(w, A, x, y):
    along(w, x)
    multiply(w, A, x, y)
    mine, theirs = w.alternating("a", "b", by="row")
    w[:-1, :].route(mine, RAMP >> SOUTH)
    w[1:, :].route(theirs, NORTH >> RAMP)
    w[0, :].mov(y, out=fabout(mine))
    w[1:-1, :].add(fabin(theirs), y, out=fabout(mine))
    w[-1, :].add(fabin(theirs), y, out=y)


def swapped_by_column(w, A, x, y):
    """As in the lesson, where the sums went along the rows."""
    along(w, x)
    multiply(w, A, x, y)
    up(w, y, by="column")


def one_color(w, A, x, y):
    along(w, x)
    multiply(w, A, x, y)
    c = w.color("up")
    w[1:, :].route(c, RAMP >> NORTH)
    w[0, :].route(c, SOUTH >> RAMP)
    w[-1, :].mov(y, out=fabout(c))
    w[1:-1, :].add(fabin(c), y, out=fabout(c))
    w[0, :].add(fabin(c), y, out=y)


def as_tiles(w, A, x, y):
    """The lesson's own layout: x down the columns, sums along the rows."""
    c = w.color("down")
    w[0, :].route(c, RAMP >> SOUTH)
    w[1:-1, :].route(c, NORTH >> (RAMP, SOUTH))
    w[-1, :].route(c, NORTH >> RAMP)
    w[0, :].mov(x, out=fabout(c))
    w[1:, :].mov(fabin(c), out=x)
    multiply(w, A, x, y)
    mine, theirs = w.alternating("a", "b", by="column")
    w[:, 1:].route(mine, RAMP >> WEST)
    w[:, :-1].route(theirs, EAST >> RAMP)
    w[:, -1].mov(y, out=fabout(mine))
    w[:, 1:-1].add(fabin(theirs), y, out=fabout(mine))
    w[:, 0].add(fabin(theirs), y, out=y)


def slowly(w, A, x, y):
    """x twice."""
    along(w, x)
    along(w, x, "again")
    multiply(w, A, x, y)
    up(w, y)


def writes_numbers(w, A, x, y):
    w[...].mov(1.0, out=y)


def by_a_kernel(w, A, x, y):
    wselab.kernels.write_gemv(w, A, x, y)


def on_the_host(w, A, x, y):
    y[...] = 1


def of_the_first_wafer(w, A, x, y):
    if w.shape != (6, 4):
        w[...].mov(x.own[0], out=y)
        return
    as_in_the_lesson(w, A, x, y)


WRONG_2 = {
    untouched: "not written yet",
    no_x: "Only column 0 has x",
    no_sums: "Row 0 has its own shares only",
    forgets_row_0: "Row 0 forgets its own shares",
    forgets_the_last_row: "The shares of the last row are not in the sums",
    one_column_short: "The last column of each tile is left out",
    one_column: "Only the first column of each tile",
    sums_before: "Row 0 has its own shares only",
    to_the_south: r"Each sum is right, but it stands in y of",
    one_color: "sends on up too",
    swapped_by_column: r"and its neighbour PE \(1, 0\) sends on a too.*by=\"row\"",
    as_tiles: r"y\[0\] of PE \(0, 0\) is",
    slowly: "the plain program takes 91",
    writes_numbers: "The same comes out whatever numbers are loaded",
    by_a_kernel: "calls wselab.kernels",
    on_the_host: "writes memory y from the host",
    of_the_first_wafer: "Right with 6 x 4 PEs with tiles of 5 x 8, not with 3 x 7",
    p05_2.turned: "calls a function of the course itself",
}


# ---- 5.3: SUMMA ----------------------------------------------------------------------------


def line(w, axis, at):
    return w[:, at] if axis else w[at, :]


def spread(w, c, k, axis):
    home, away = ((NORTH, SOUTH), (WEST, EAST))[axis]
    last = w.shape[axis] - 1
    line(w, axis, k).route(c, RAMP >> tuple([home] * (k > 0) + [away] * (k < last)))
    for at in range(last + 1):
        if at != k:
            came, on = (away, home) if at < k else (home, away)
            line(w, axis, at).route(c, came >> (RAMP if at in (0, last) else (RAMP, on)))


def panels(w, k, tile, now, axis, name, keep=True):
    c = w.color(f"{name} {k}")
    spread(w, c, k, axis)
    line(w, axis, k).mov(tile, out=fabout(c))
    if keep:
        line(w, axis, k).mov(tile, out=now)
    line(w, axis, slice(0, k)).mov(fabin(c), out=now)
    line(w, axis, slice(k + 1, None)).mov(fabin(c), out=now)


def tile_product(w, A, B, C):
    for q in range(B.shape[2]):
        for j in range(B.shape[3]):
            w[...].mac(A.own[q], B.own[q, j], out=C.own[j])


def steps(w, A, B, C, A_now, B_now, ks=None, keep=True, use=None, axes=(1, 0)):
    left, right = use or (A_now, B_now)
    for k in range(w.shape[0]) if ks is None else ks:
        panels(w, k, A, A_now, axes[0], "A", keep)
        panels(w, k, B, B_now, axes[1], "B", keep)
        tile_product(w, left, right, C)


def plain(w, *tiles):
    steps(w, *tiles)


def the_other_way_round(w, A, B, C, A_now, B_now):
    """From the last panel to the first, and B before A."""
    for k in reversed(range(w.shape[0])):
        panels(w, k, B, B_now, 0, "B")
        panels(w, k, A, A_now, 1, "A")
        tile_product(w, A_now, B_now, C)


def senders_use_their_own(w, A, B, C, A_now, B_now):
    """Without copies: four kinds of PEs in each step."""
    for k in range(w.shape[0]):
        panels(w, k, A, A_now, 1, "A", keep=False)
        panels(w, k, B, B_now, 0, "B", keep=False)
        others = [slice(0, k), slice(k + 1, None)]
        for q in range(B.shape[2]):
            for j in range(B.shape[3]):
                w[k, k].mac(A.own[q], B.own[q, j], out=C.own[j])
                for part in others:
                    w[part, k].mac(A.own[q], B_now.own[q, j], out=C.own[j])
                    w[k, part].mac(A_now.own[q], B.own[q, j], out=C.own[j])
                    for other in others:
                        w[part, other].mac(A_now.own[q], B_now.own[q, j], out=C.own[j])


def one_step(w, *tiles):
    steps(w, *tiles, ks=[0])


def one_step_short(w, *tiles):
    steps(w, *tiles, ks=range(w.shape[0] - 1))


def one_step_twice(w, A, B, C, A_now, B_now):
    steps(w, A, B, C, A_now, B_now)
    tile_product(w, A_now, B_now, C)


def own_tiles(w, A, B, C, A_now, B_now):
    steps(w, A, B, C, A_now, B_now, use=(A, B))


def own_tile_of_A(w, A, B, C, A_now, B_now):
    steps(w, A, B, C, A_now, B_now, use=(A, B_now))


def own_tile_of_B(w, A, B, C, A_now, B_now):
    steps(w, A, B, C, A_now, B_now, use=(A_now, B))


def turned_round(w, *tiles):
    steps(w, *tiles, axes=(0, 1))


def no_copies(w, *tiles):
    """Senders multiply with what they got in the step before."""
    steps(w, *tiles, keep=False)


def one_color_for_all(w, A, B, C, A_now, B_now):
    """A router has one input for a color: the second sender's route is refused."""
    c = w.color("A")
    for k in range(w.shape[0]):
        spread(w, c, k, 1)


def twice_as_slow(w, A, B, C, A_now, B_now):
    for _ in range(40):
        w[...].mov(A, out=A_now)
    steps(w, A, B, C, A_now, B_now)


def the_first_only(w, *tiles):
    if w.shape == (4, 4):
        steps(w, *tiles)
    else:
        steps(w, *tiles, ks=[0])


WRONG_3 = {
    untouched: "not written yet",
    one_step: r"In PE \(0, 0\), one of 16 .* of panel 1, panel 2 and panel 3 is missing",
    one_step_short: "the product of panel 3 is missing",
    one_step_twice: "the product of panel 3 is added twice",
    own_tiles: "multiplies its own two tiles in every step",
    own_tile_of_A: "multiplies with its own tile of A in every step",
    own_tile_of_B: "multiplies with its own tile of B in every step",
    turned_round: "A goes along the columns and B along the rows",
    no_copies: r"In PE \(0, 0\).* the product of panel 0 is missing",
    one_color_for_all: "RouteError|already|one input",
    twice_as_slow: "the plain program takes 796",
    the_first_only: "Right with 4 x 4 PEs, tiles of A 3 x 8, of B 8 x 4, not with 2 x 2",
    p05_3.summa: "calls a function of the course itself",
}


# ---- 5.P: the product in tiles, quickly -----------------------------------------------------


def down(w, x):
    c = w.color("down")
    w[0, :].route(c, RAMP >> SOUTH)
    w[1:-1, :].route(c, NORTH >> (RAMP, SOUTH))
    w[-1, :].route(c, NORTH >> RAMP)
    w[0, :].mov(x, out=fabout(c))
    w[1:, :].mov(fabin(c), out=x)


def pairs(w, y, skip=None):
    """A tree: neighbours, then neighbours of neighbours."""
    pes, step = w.shape[1], 1
    while step < pes:
        c = w.color(f"over {step}")
        for sender in range(step, pes, 2 * step):
            w[:, sender].route(c, RAMP >> WEST)
            w[:, sender - step + 1 : sender].route(c, EAST >> WEST)
            w[:, sender - step].route(c, EAST >> RAMP)
            w[:, sender].mov(y, out=fabout(c))
            if sender == skip:
                w[:, sender - step].mov(fabin(c), out=y)
            else:
                w[:, sender - step].add(fabin(c), y, out=y)
        step *= 2


def a_tree(w, A, x, y):
    down(w, x)
    multiply(w, A, x, y)
    pairs(w, y)


def from_the_middle(w, A, x, y):
    """Sums of both halves of a row, then one over the middle."""
    down(w, x)
    multiply(w, A, x, y)
    half = w.shape[1] // 2
    for first, last, names in ((0, half - 1, "ab"), (half, w.shape[1] - 1, "cd")):
        mine, theirs = w.alternating(*names, by="column")
        w[:, first + 1 : last + 1].route(mine, RAMP >> WEST)
        w[:, first:last].route(theirs, EAST >> RAMP)
        w[:, last].mov(y, out=fabout(mine))
        w[:, first + 1 : last].add(fabin(theirs), y, out=fabout(mine))
        w[:, first].add(fabin(theirs), y, out=y)
    far = w.color("far")
    w[:, half].route(far, RAMP >> WEST)
    w[:, 1:half].route(far, EAST >> WEST)
    w[:, 0].route(far, EAST >> RAMP)
    w[:, half].mov(y, out=fabout(far))
    w[:, 0].add(fabin(far), y, out=y)


def the_lesson_s(w, A, x, y):
    down(w, x)
    multiply(w, A, x, y)
    mine, theirs = w.alternating("a", "b", by="column")
    w[:, 1:].route(mine, RAMP >> WEST)
    w[:, :-1].route(theirs, EAST >> RAMP)
    w[:, -1].mov(y, out=fabout(mine))
    w[:, 1:-1].add(fabin(theirs), y, out=fabout(mine))
    w[:, 0].add(fabin(theirs), y, out=y)


def x_stays(w, A, x, y):
    multiply(w, A, x, y)
    pairs(w, y)


def shares_stay(w, A, x, y):
    down(w, x)
    multiply(w, A, x, y)


def forgets_its_own(w, A, x, y):
    down(w, x)
    multiply(w, A, x, y)
    pairs(w, y, skip=1)


def into_x(w, A, x, y):
    """The sums end in another place."""
    down(w, x)
    multiply(w, A, x, y)
    pairs(w, y)
    z = w.memory("z", y.shape[2])
    w[:, 0].mov(y, out=z)
    w[:, 0].mov(0.0, out=y)


def constant(w, A, x, y):
    w[:, 0].mov(7.0, out=y)


def the_square_only(w, A, x, y):
    if w.shape == (16, 16):
        a_tree(w, A, x, y)
    else:
        w[:, 0].mov(x.own[0], out=y)


WRONG_P = {
    untouched: "not written yet",
    the_lesson_s: "come after 174 cycles: the lesson's program takes 174; fewer are asked",
    x_stays: "Only row 0 has x",
    shares_stay: "Column 0 has its own shares only",
    forgets_its_own: "The shares of column 0 are not in the sums",
    into_x: r"Each sum is right, but it stands in z of 16 PEs",
    constant: "The same comes out whatever numbers are loaded",
    the_square_only: "Right with 16 x 16 PEs .*, not with 9 x 13",
    by_a_kernel: "calls wselab.kernels",
    on_the_host: "writes memory y from the host",
    p05_p.in_three_phases: "calls a function of the course itself",
}

RIGHT = {
    "5.2": [as_in_the_lesson, row_by_row],
    "5.3": [plain, the_other_way_round],
    "5.P": [a_tree, from_the_middle],
}
WRONG = {"5.2": WRONG_2, "5.3": WRONG_3, "5.P": WRONG_P}
EACH = [(number, answer) for number in WRONG for answer in WRONG[number]]


@pytest.mark.parametrize("seed", [None, 5])
@pytest.mark.parametrize(
    ("number", "answer"), [(number, answer) for number in RIGHT for answer in RIGHT[number]],
    ids=lambda one: getattr(one, "__name__", one),
)  # fmt: skip
def test_different_right_programs_pass(number, answer, seed):
    """With all points; the score is held against par."""
    result = check(number, answer, seed)
    assert result.passed is True and result.score <= result.par, result


def test_where_two_colors_are_asked_for_no_route_of_either_is():
    """A line that would mend one route as it stands leads astray where both colors change."""
    told = "\n".join(check("5.2", swapped_by_column).reasons)
    assert "Besides: " in told and told.count("Try: ") == 1 and ".route(" not in told


def test_senders_need_not_copy_their_own_tiles():
    """Four kinds of PEs in each step make a right SUMMA too, and a quicker one."""
    result = check("5.3", senders_use_their_own)
    assert result.passed is True and result.score < result.par, result


@pytest.mark.parametrize(("number", "answer"), EACH, ids=lambda one: getattr(one, "__name__", one))
def test_a_mistake_is_named(number, answer):
    """In the first of the reasons, or the second."""
    result = check(number, answer)
    assert result.passed is False and result.points == 0
    told = "\n".join(result.reasons[:2])
    assert re.search(WRONG[number][answer], told, re.DOTALL), result


@pytest.mark.parametrize("number", RIGHT)
@pytest.mark.parametrize("cheat", HOSTILE)
def test_a_right_program_that_does_more_than_write_earns_nothing(number, cheat):
    """It hears why."""
    answer, words = hostile(RIGHT[number][0])[cheat]
    result = check(number, answer)
    assert result.passed is False and result.points == 0, result
    assert re.search(words, result.reasons[0]), result
    assert not replaced_parts()


@pytest.mark.parametrize("seed", range(6))
def test_sizes_are_those_that_the_text_promises(seed):
    """Wafers and tiles of every seed."""
    for size in find("5.2").sizes(seed):
        assert size["rows"] >= 3 and size["columns"] >= 3
    for size in find("5.3").sizes(seed):
        assert 2 <= size["side"] <= 6
    for size in find("5.P").sizes(seed):
        assert 8 <= size["rows"] <= 20 and 8 <= size["columns"] <= 20
        assert 2 <= size["m"] <= 12 and 2 <= size["n"] <= 12


def test_what_is_due_is_numpy_s_product():
    """The tiles put together, multiplied, and cut again."""
    problem, size = find("5.3"), {"side": 3, "m": 2, "b": 4, "n": 5}
    data = problem.data(size, np.random.default_rng(1))
    A = data["A"].transpose(0, 3, 1, 2).reshape(6, 12)
    B = data["B"].swapaxes(1, 2).reshape(12, 15)
    (due,) = problem.due(size, data)
    assert (due.values.transpose(0, 3, 1, 2).reshape(6, 15) == A @ B).all()
    for number, across in (("5.2", True), ("5.P", False)):
        problem, size = find(number), {"rows": 3, "columns": 4, "m": 2, "n": 5}
        data = problem.data(size, np.random.default_rng(1))
        A, x = data["A"], data["x"]
        (due,) = problem.due(size, data)
        if across:
            whole = A.transpose(1, 2, 0, 3).reshape(8, 15) @ x[:, 0].reshape(15)
            assert (due.values[0].reshape(8) == whole).all() and due.where[0].all()
        else:
            whole = A.swapaxes(1, 2).reshape(6, 20) @ x[0].reshape(20)
            assert (due.values[:, 0].reshape(6) == whole).all() and due.where[:, 0].all()
        assert due.where.sum() == (4 if across else 3)


def test_the_puzzle_s_bound_is_that_of_the_distance():
    """Corner to corner, as in puzzle 4.P."""
    least = distance_bound(16, 16, WSE2.ramp_latency_cycles)
    assert f"fewer than {least} cycles" in find("5.P").bound() and least < find("5.P").par
