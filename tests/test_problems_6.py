"""Problems 6.1 to 6.P, zeros and who waits: what passes, what fails, with which words."""

from __future__ import annotations

import re

import numpy as np
import pytest

from wselab import NORTH, RAMP, SOUTH, fabin, fabout, kernels, predict
from wselab.course import check, find
from wselab.course.problems import p06_1, p06_2, p06_3, p06_4, p06_p
from wselab.course.replaced import replaced_parts
from wselab.specs import WSE2

from .hostile import CALCULATING, HOSTILE, calculating, hostile


def untouched(*given):
    raise NotImplementedError


# ---- 6.1: the fullest PE -------------------------------------------------------------------


def tile_by_tile(W, rows, columns):
    m, n = -(-len(W) // rows), -(-len(W[0]) // columns)
    tiles = (
        W[r * m : (r + 1) * m, c * n : (c + 1) * n] for r in range(rows) for c in range(columns)
    )
    return max(int((tile != 0).sum()) for tile in tiles)


def one_by_one(W, rows, columns):
    """Each non-zero is told to its PE."""
    m, n = -(-len(W) // rows), -(-len(W[0]) // columns)
    kept = {}
    for i, j in zip(*np.nonzero(W), strict=True):
        kept[i // m, j // n] = kept.get((i // m, j // n), 0) + 1
    return max(kept.values())


def the_mean(W, rows, columns):
    return int(np.count_nonzero(W)) // (rows * columns)


def the_emptiest(W, rows, columns):
    m, n = -(-len(W) // rows), -(-len(W[0]) // columns)
    return min(
        int(np.count_nonzero(W[i : i + m, j : j + n]))
        for i in range(0, len(W), m) for j in range(0, len(W[0]), n)
    )  # fmt: skip


def zeros_counted(W, rows, columns):
    return tile_by_tile(W == 0, rows, columns)


def all_of_a_tile(W, rows, columns):
    return -(-len(W) // rows) * -(-len(W[0]) // columns)


def only_what_divides(W, rows, columns):
    m, n = len(W) // rows, len(W[0]) // columns
    return tile_by_tile(W[: m * rows, : n * columns], rows, columns)


def evenly_split(W, rows, columns):
    return max(
        int(np.count_nonzero(tile))
        for strip in np.array_split(W, rows)
        for tile in np.array_split(strip, columns, axis=1)
    )


def rounded_to_nearest(W, rows, columns):
    """Tiles of another size still, which no one has a name for."""
    m, n = max(1, round(len(W) / rows)), max(1, round(len(W[0]) / columns))
    last = [*range(m, m * rows, m)], [*range(n, n * columns, n)]
    return max(
        int(np.count_nonzero(tile))
        for strip in np.split(W, last[0])
        for tile in np.split(strip, last[1], axis=1)
    )


def turned(W, rows, columns):
    return tile_by_tile(W, columns, rows)


def a_row_of_pes(W, rows, columns):
    return tile_by_tile(W, rows, 1)


def a_column_of_pes(W, rows, columns):
    return tile_by_tile(W, 1, columns)


def tiles_for_pes(W, rows, columns):
    return max(
        int(np.count_nonzero(W[i : i + rows, j : j + columns]))
        for i in range(0, len(W), rows) for j in range(0, len(W[0]), columns)
    )  # fmt: skip


def above_zero(W, rows, columns):
    return tile_by_tile(np.maximum(W, 0), rows, columns)


def always_12(W, rows, columns):
    return 12


# ---- 6.2: the bill -------------------------------------------------------------------------


def along_the_rows(kept, m, n, **off):
    hand_over, later = off.get("hand_over", 6), off.get("later", 1)
    done = []
    for r, row in enumerate(kept):
        begins = 0
        for work in reversed(row):
            begins = max(begins + hand_over, n + off.get("way", 6) + later * r + work)
        done.append(begins + off.get("sums", m))
    return max(done)


def the_longest_path(kept, m, n):
    """Somebody's work, and the hand-overs from there on."""
    return max(
        n + 6 + r + work + 6 * c + m for r, row in enumerate(kept) for c, work in enumerate(row)
    )


def all_wait(kept, m, n):
    most = max(max(row) for row in kept)
    return n + 6 + len(kept) - 1 + most + 6 * (len(kept[0]) - 1) + m


def in_the_mean(kept, m, n):
    mean = round(np.mean(kept))
    return along_the_rows([[mean] * len(row) for row in kept], m, n)


def nobody_waits(kept, m, n):
    return max(n + 6 + r + row[-1] + 6 * (len(row) - 1) + m for r, row in enumerate(kept))


def rows_at_once(kept, m, n):
    return along_the_rows(kept, m, n, later=0)


def a_hop_for_a_hand_over(kept, m, n):
    return along_the_rows(kept, m, n, hand_over=1)


def without_the_sums(kept, m, n):
    return along_the_rows(kept, m, n, sums=0)


def one_sum(kept, m, n):
    return along_the_rows(kept, m, n, sums=1)


def eastward(kept, m, n):
    return along_the_rows([row[::-1] for row in kept], m, n)


def the_last_row(kept, m, n):
    return along_the_rows(kept[-1:], m, n) + len(kept) - 1


def the_first_row(kept, m, n):
    return along_the_rows(kept[:1], m, n)


def without_x(kept, m, n):
    return along_the_rows(kept, m, 0)


def no_way_down(kept, m, n):
    return along_the_rows(kept, m, n, way=0)


def as_if_dense(kept, m, n):
    return along_the_rows([[m * n] * len(row) for row in kept], m, n)


# ---- 6.3: buckets --------------------------------------------------------------------------


def least_that_fits(lengths, edges):
    fits = [[edge for edge in edges if edge >= length] for length in lengths]
    return sum(map(min, fits)) if all(fits) else None


def by_searching(lengths, edges):
    steps = np.sort(edges)
    if max(lengths) > steps[-1]:
        return None
    return int(steps[np.searchsorted(steps, lengths)].sum())


def to_the_last_edge(lengths, edges):
    return len(lengths) * max(edges)


def to_the_longest(lengths, edges):
    return len(lengths) * max(lengths)


def what_is_there(lengths, edges):
    return sum(lengths)


def the_waste(lengths, edges):
    return (least_that_fits(lengths, edges) or 0) - sum(lengths)


def the_first_that_fits(lengths, edges):
    if max(lengths) > max(edges):
        return None
    return sum(next(edge for edge in edges if edge >= length) for length in lengths)


def strictly_longer(lengths, edges):
    fits = [[edge for edge in edges if edge > length] for length in lengths]
    return sum(map(min, fits)) if all(fits) else None


def cut_off(lengths, edges):
    return sum(max((edge for edge in edges if edge <= n), default=n) for n in lengths)


def the_nearest(lengths, edges):
    return sum(min(edges, key=lambda edge: abs(edge - length)) for length in lengths)


def to_the_longest_of_the_bucket(lengths, edges):
    if max(lengths) > max(edges):
        return None
    buckets = {}
    for length in lengths:
        buckets.setdefault(min(e for e in edges if e >= length), []).append(length)
    return sum(len(bucket) * max(bucket) for bucket in buckets.values())


def never_none(lengths, edges):
    return least_that_fits([min(length, max(edges)) for length in lengths], edges)


# ---- 6.4: a program ------------------------------------------------------------------------


def woken(w, x, A, y, conditions=((">", 0), ("<", 0)), rows=None, late=False, task=None, send=None):
    """The plain program, with one thing or another off."""
    ready = w.color("ready")
    w[1].route(ready, RAMP >> NORTH)
    w[0].route(ready, SOUTH >> RAMP)
    colors = [w.color(f"c{j}") for j in range(x.shape[2])]
    last = w.shape[0] - 1 if rows is None else rows
    for j, c in enumerate(colors):
        w[0].route(c, RAMP >> SOUTH)
        w[1:last].route(c, NORTH >> (RAMP, SOUTH))
        w[last].route(c, NORTH >> RAMP)

        @w[1 : last + 1].task(c)
        def multiply(pe, value, j=x.shape[2] - 1 if late else j):
            (task or mac)(pe, A.own[:, j], value, y)

    @w[0].task(ready, data_dependent=True)
    def compare(pe, wavelet):
        for j, c in enumerate(colors):
            for sign, zero in conditions:
                where = pe.where(x.own[j] > zero if sign == ">" else x.own[j] < zero)
                (send or mov)(where, x.own[j], fabout(c))

    w[1].mov(1.0, out=fabout(ready), n=1)


def mac(pe, column, value, y):
    pe.mac(column, value, out=y)


def mov(pe, value, out):
    pe.mov(value, out=out)


def below_first(w, x, A, y):
    """Compares the other way round, and the last PE asks for x."""
    n = x.shape[2]
    ready = w.color("go")
    w[-1].route(ready, RAMP >> NORTH)
    w[1:-1].route(ready, SOUTH >> NORTH)
    w[0].route(ready, SOUTH >> RAMP)
    w[-1].mov(1.0, out=fabout(ready), n=1)
    colors = [w.color(f"column {j}") for j in range(n)]

    @w[0].task(ready, data_dependent=True)
    def compare(pe, wavelet):
        for j in reversed(range(n)):
            pe.where(x.own[j] < 0.0).mov(x.own[j], out=fabout(colors[j]))
            pe.where(x.own[j] > 0.0).mov(x.own[j], out=fabout(colors[j]))

    for j in range(n):
        w[0].route(colors[j], RAMP >> SOUTH)
        w[1:-1].route(colors[j], NORTH >> (SOUTH, RAMP))
        w[-1].route(colors[j], NORTH >> RAMP)
        w[1:].task(colors[j])(lambda pe, value, j=j: pe.mac(A.own[:, j], value, out=y))


def sends_all(w, x, A, y):
    """Right, and no zero is left out."""
    c = w.color("x")
    w[0].route(c, RAMP >> SOUTH)
    w[1:-1].route(c, NORTH >> (RAMP, SOUTH))
    w[-1].route(c, NORTH >> RAMP)
    w[0].mov(x, out=fabout(c))
    w[1:].mov(fabin(c), out=x)
    for j in range(x.shape[2]):
        w[1:].mac(A.own[:, j], x.own[j], out=y)


def sends_zeros_too(w, x, A, y):
    woken(w, x, A, y, conditions=((">", -100),))


def only_above(w, x, A, y):
    woken(w, x, A, y, conditions=((">", 0),))


def only_below(w, x, A, y):
    woken(w, x, A, y, conditions=(("<", 0),))


def the_last_j(w, x, A, y):
    woken(w, x, A, y, late=True)


def the_first_row_only(w, x, A, y):
    woken(w, x, A, y, rows=1)


def overwrites(w, x, A, y):
    woken(w, x, A, y, task=lambda pe, column, value, y: pe.mul(column, value, out=y))


def adds_columns(w, x, A, y):
    woken(w, x, A, y, task=lambda pe, column, value, y: pe.add(column, y, out=y))


def nobody_asks(w, x, A, y):
    woken(w, x, A, y)
    w.recorded.clear()


def over_the_edge(w, x, A, y):
    woken(w, x, A, y)
    w[-1].route(w.colors[1], NORTH >> (RAMP, SOUTH), replace=True)


# ---- 6.P: dealing out ----------------------------------------------------------------------


def deal(loads, hands):
    have, dealt = np.zeros((hands, loads.shape[1])), [[] for _ in range(hands)]
    for thing in np.argsort(-loads.sum(axis=1), kind="stable").tolist():
        room = [hand for hand in range(hands) if len(dealt[hand]) < len(loads) // hands]
        best = min(room, key=lambda hand: ((have[hand] + loads[thing]).max(), have[hand].sum()))
        dealt[best].append(thing)
        have[best] += loads[thing]
    return [thing for hand in dealt for thing in hand]


def by_turns(W, rows, columns):
    column_order = deal(W.sum(axis=0)[:, None], columns)
    for _ in range(4):
        row_order = deal(W[:, column_order].reshape(len(W), columns, -1).sum(axis=2), rows)
        by_pe = W[row_order].T.reshape(W.shape[1], rows, -1).sum(axis=2)
        column_order = deal(by_pe, columns)
    return row_order, column_order


def by_swaps(W, rows, columns):
    """From cards on, random swaps that make the full PEs no fuller."""
    draw = np.random.default_rng(1)
    orders = [np.array(order) for order in p06_cards(W, rows, columns)]
    here = W[np.ix_(*orders)]
    shape = rows, W.shape[0] // rows, columns, W.shape[1] // columns

    def price():
        kept = here.reshape(shape).sum(axis=(1, 3)).astype(float)
        return kept.max(), (kept**6).sum()

    now = price()
    for turn in range(2500):
        axis = turn % 2
        a, b = draw.integers(W.shape[axis], size=2)
        swap = ([a, b], slice(None)) if axis == 0 else (slice(None), [a, b])
        back = ([b, a], slice(None)) if axis == 0 else (slice(None), [b, a])
        here[swap] = here[back]
        if price() <= now:
            now = price()
            orders[axis][[a, b]] = orders[axis][[b, a]]
        else:
            here[swap] = here[back]
    return orders


def p06_cards(W, rows, columns):
    by_row = np.argsort(-W.sum(axis=1), kind="stable")
    by_column = np.argsort(-W.sum(axis=0), kind="stable")
    return (
        [i for hand in range(rows) for i in by_row[hand::rows].tolist()],
        [j for hand in range(columns) for j in by_column[hand::columns].tolist()],
    )


def as_it_is(W, rows, columns):
    return range(len(W)), range(len(W[0]))


def sorted_only(W, rows, columns):
    return np.argsort(-W.sum(axis=1)).tolist(), np.argsort(-W.sum(axis=0)).tolist()


def there_and_back(W, rows, columns):
    def snake(weights, hands):
        rounds = np.argsort(-weights, kind="stable").reshape(-1, hands)
        rounds[1::2] = rounds[1::2, ::-1]
        return rounds.T.ravel().tolist()

    return snake(W.sum(axis=1), rows), snake(W.sum(axis=0), columns)


def one_order(W, rows, columns):
    return by_turns(W, rows, columns)[0]


def a_row_twice(W, rows, columns):
    row_order, column_order = by_turns(W, rows, columns)
    return [row_order[0], row_order[0], *row_order[2:]], column_order


def rows_for_columns(W, rows, columns):
    return by_turns(W, rows, columns)[::-1]


def counted_from_one(W, rows, columns):
    return tuple([one + 1 for one in order] for order in by_turns(W, rows, columns))


def in_hands(W, rows, columns):
    """A list for each row of PEs."""
    row_order, column_order = by_turns(W, rows, columns)
    return np.reshape(row_order, (rows, -1)).tolist(), column_order


def of_the_scored_size(W, rows, columns):
    return list(range(96)), list(range(64))


# ---- right answers -------------------------------------------------------------------------

RIGHT = {
    "6.1": (tile_by_tile, one_by_one),
    "6.2": (along_the_rows, the_longest_path),
    "6.3": (least_that_fits, by_searching),
    "6.4": (woken, below_first),
    "6.P": (by_turns, by_swaps),
}
SCORED = ("6.4", "6.P")


@pytest.mark.parametrize("seed", [None, 3])
@pytest.mark.parametrize(
    ("number", "answer"), [(number, one) for number, some in RIGHT.items() for one in some]
)
def test_different_right_answers_pass(number, answer, seed):
    """With all points, and a score where there are scores."""
    result = check(number, answer, seed=seed)
    assert result.passed is True and result.points == result.out_of, result
    assert (result.score is not None) == (number in SCORED) == ("(par: " in repr(result))


# ---- wrong answers -------------------------------------------------------------------------

WRONG = {
    "6.1": {
        untouched: "not written yet",
        the_mean: "That is the mean over the PEs",
        the_emptiest: "That is the emptiest PE",
        zeros_counted: "It counts the zeros",
        all_of_a_tile: "all weights of a tile, zeros included",
        only_what_divides: "The rest is forgotten",
        evenly_split: "Those are the tiles of np.array_split",
        rounded_to_nearest: r"Right with a matrix of 16 x 16 .* non-zeros|the fullest has",
        turned: "Rows and columns of PEs are mixed up",
        a_row_of_pes: "a whole row of PEs",
        a_column_of_pes: "a whole column of PEs",
        tiles_for_pes: "rows and columns are of PEs",
        above_zero: "Weights below zero are weights too",
        always_12: "Right with a matrix of 16 x 16 .* the fullest has 15, so that is 3 too few",
    },
    "6.2": {
        untouched: "not written yet",
        all_wait: "Not everybody waits for the fullest",
        in_the_mean: "It takes the mean for each PE",
        nobody_waits: "only when its own work is done",
        rows_at_once: "have x later, a cycle for each row",
        a_hop_for_a_hand_over: "A hand-over takes 2 T_R",
        without_the_sums: "come one after another",
        one_sum: "come one after another",
        eastward: "starts in the last column",
        the_last_row: "another may have more work",
        the_first_row: "the first row of PEs alone",
        without_x: "x is sent whole",
        no_way_down: "The first value of x takes 2 T_R",
        as_if_dense: "the bill with no zeros at all",
    },
    "6.3": {
        untouched: "not written yet",
        to_the_last_edge: "all to the longest edge",
        to_the_longest: "all to the longest sequence",
        what_is_there: "Those are the tokens that are there",
        the_waste: "the wasted tokens alone",
        the_first_that_fits: "Edges may come in any order",
        strictly_longer: "just as long as an edge fits",
        cut_off: "to cut it off would lose tokens",
        the_nearest: "The nearest edge may be too short",
        to_the_longest_of_the_bucket: "filled up to its edge, not to the longest",
        never_none: "longer than every edge fits nowhere",
    },
    "6.4": {
        untouched: "not written yet",
        sends_all: "leaves out no zeros takes 308, and half of that is asked, 154",
        sends_zeros_too: "and half of that is asked",
        only_above: "Only the values above zero",
        only_below: "Only the values below zero",
        the_last_j: "look up j when they are called",
        the_first_row_only: "Of 3 PEs with tiles 1 has the product",
        overwrites: "y holds one product only",
        adds_columns: "The columns are added, not multiplied",
        nobody_asks: "does a wavelet wake the task of the PE with x",
        over_the_edge: "leads SOUTH over the edge",
    },
    "6.P": {
        untouched: "not written yet",
        as_it_is: "60 cycles of the fullest PE.*seven eighths are asked, 49",
        sorted_only: "seven eighths are asked",
        p06_cards: "56 cycles of the fullest PE: dealt out like cards it is 56",
        there_and_back: "50 cycles of the fullest PE",
        one_order: "expected two things",
        a_row_twice: "stands there twice",
        rows_for_columns: "gives the columns first",
        counted_from_one: "it counts from 1",
        in_hands: "rows: something of type list of 8",
        of_the_scored_size: "seven eighths are asked",
    },
}


@pytest.mark.parametrize(
    ("number", "answer"), [(number, one) for number, some in WRONG.items() for one in some]
)
def test_a_known_mistake_is_named(number, answer):
    """No points, and the words that a learner can act on."""
    result = check(number, answer)
    assert result.passed is False and result.points == 0
    assert re.search(WRONG[number][answer], "\n".join(result.reasons), re.DOTALL), result


@pytest.mark.parametrize("number", ["6.1", "6.2", "6.3", "6.P"])
@pytest.mark.parametrize("cheat", CALCULATING)
def test_what_may_not_earn_points_does_not(number, cheat):
    """Asking the library, the check or the emulator is no answer, and neither is changing them."""
    answer, words = calculating(RIGHT[number][0], type(find(number)))[cheat]
    result = check(number, answer)
    assert result.passed is False and result.points == 0, result
    assert re.search(words, "\n".join(result.reasons)), result
    assert replaced_parts() == []


@pytest.mark.parametrize("cheat", HOSTILE)
def test_a_right_program_that_does_more_than_write_earns_nothing(cheat):
    """It hears why."""
    answer, words = hostile(woken)[cheat]
    result = check("6.4", answer)
    assert result.passed is False and result.points == 0, result
    assert re.search(words, result.reasons[0]), result


@pytest.mark.parametrize("stranger", [7, [[0]], [[0], [0]], {"a": 1}, None, [["x"] * 96, [0] * 64]])
def test_a_record_that_is_no_deal_earns_nothing(stranger):
    """It is looked at again, where it is judged."""
    problem = find("6.P")
    sizes = problem.sizes(None)
    assert problem.grade([stranger] * len(sizes), sizes).passed is False


# ---- the judges ----------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [None, *range(20)])
def test_tiles_of_other_sizes_have_another_fullest_pe(seed):
    """In most of the cases, with every seed: or one could cut the matrix as one likes."""
    cases = [find("6.1").arguments(size) for size in find("6.1").sizes(seed)]
    for other in (evenly_split, only_what_divides):
        apart = [other(*case) != tile_by_tile(*case) for case in cases]
        assert sum(apart) >= len(cases) / 2


def test_the_fullest_is_the_kernels_fullest():
    """As sparse_gemv counts the non-zeros of each tile, where tiles come out even."""
    draw = np.random.default_rng(0)
    for _ in range(20):
        rows, columns, m, n = draw.integers(1, 7, 4).tolist()
        W = (draw.random((rows * m, columns * n)) < 0.4).astype(np.float32)
        kept = kernels.sparse_count.count_by_pe(W, (rows, columns), (m, n))
        assert p06_1.textbook(W, rows, columns) == kept.max() == one_by_one_or_0(W, rows, columns)


def one_by_one_or_0(W, rows, columns):
    return one_by_one(W, rows, columns) if W.any() else 0


@pytest.mark.parametrize("seed", range(4))
def test_the_bill_is_the_emulator_s(seed):
    """Stepped, for random matrices and wafers."""
    draw = np.random.default_rng(seed)
    for _ in range(5):
        rows, columns, m, n = draw.integers((1, 2, 1, 1), 7).tolist()
        W = (draw.random((rows * m, columns * n)) < draw.random()).astype(np.float32)
        kept = p06_1.counts(W, m, n).tolist()
        x = np.ones(columns * n, np.float32)
        _, run = kernels.sparse_gemv(W, x, (rows, columns), skip="weights")
        assert p06_2.textbook(kept, m, n) == run.cycles == the_longest_path(kept, m, n)
    assert p06_2.WAY == 2 * WSE2.ramp_latency_cycles + 2 == 6


def test_the_buckets_are_the_library_s():
    """In every case that one fits."""
    problem, nowhere = find("6.3"), 0
    for seed in (None, 1, 2, 3):
        for size in problem.sizes(seed):
            lengths, edges = problem.arguments(size)
            right = p06_3.textbook(lengths, edges)
            nowhere += right is None
            assert right is None or right == predict.bucketed_work(lengths, edges)
            assert right == by_searching(lengths, edges)
    assert nowhere == 4


def test_cycles_do_not_depend_on_where_zeros_stand():
    """So a score can be set against par; and par is close above the bound."""
    problem = find("6.4")
    for seed in (None, 5, 6, 7):
        for size in problem.sizes(seed):
            written = problem.write(woken, size)
            cycles = {
                problem.judge(written, size, np.random.default_rng(draw)) for draw in range(12)
            }
            assert cycles == {problem.par_at(size)}
            assert size["m"] * size["there"] < problem.par_at(size) < p06_4.with_zeros(size) / 2
    size = problem.sizes()[0]
    assert f" {size['m'] * size['there']} cycles" in problem.bound()


def test_the_product_with_zeros_is_what_is_asked_against():
    """A run of the program that leaves out nothing."""
    problem = find("6.4")
    for size in problem.sizes(9):
        written = problem.write(sends_all, size)
        data = problem.data(size, np.random.default_rng(1))
        assert problem.run(written, size, data).cycles == p06_4.with_zeros(size)


def test_par_and_bound_of_the_puzzle():
    """Cards are par; no orders are under the even share."""
    problem = find("6.P")
    W, rows, columns = problem.arguments(problem.sizes()[0])
    cards = fullest_after(W, rows, columns, *p06_cards(W, rows, columns))
    assert p06_p.textbook(W, rows, columns) == p06_cards(W, rows, columns)
    assert problem.par == cards == 56 and p06_p.even_share(W, rows, columns) == 42
    scores = [check("6.P", answer).score for answer in RIGHT["6.P"]]
    assert all(42 <= score <= 49 for score in scores)
    assert "fewer than 42:" in check("6.P", by_turns).bound


def fullest_after(W, rows, columns, row_order, column_order):
    return tile_by_tile(W[row_order][:, column_order], rows, columns)


# ---- the cases -----------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [None, *range(12)])
@pytest.mark.parametrize("number", ["6.1", "6.2", "6.3"])
def test_only_the_right_answer_is_right_everywhere(number, seed):
    """Each wrong formula is wrong in some case, of the visible ones and of any seed's."""
    problem = find(number)
    off: dict[int, bool] = {}
    for size in problem.sizes(seed):
        right = problem.textbook(*problem.arguments(size))
        for place, (given, _) in enumerate(problem.mistakes(size)):
            off[place] = off.get(place, False) or given != right
    assert all(off.values()), [place for place, wrong in off.items() if not wrong]


@pytest.mark.parametrize("seed", range(6))
def test_the_puzzle_can_be_solved_at_every_size(seed):
    """The plain answer by turns is at par or under it."""
    problem = find("6.P")
    for size in problem.sizes(seed):
        given = problem.arguments(size)
        assert p06_p.fullest(*given, *by_turns(*given)) <= problem.par_at(size)
