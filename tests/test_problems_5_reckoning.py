"""Problems 5.1 and 5.4, bytes and places: what passes, what fails, with which words."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

import wselab as wse
import wselab.kernels
import wselab.predict
from wselab.course import check, find
from wselab.course.problems import p05_1, p05_4
from wselab.kernels import gemv_plan

from .hostile import CALCULATING, calculating
from .long import long


def untouched(*given):
    raise NotImplementedError


# ---- 5.1 -----------------------------------------------------------------------------------


def count(M, N, R, C, layout, itemsize, places, up=True, x=1, y=1, own=1):
    def part(lines, pes):
        return (lines + (pes - 1) * up) // pes

    m, n = part(M, R), part(N, C)
    if layout == "rows":
        m, n = part(M, R * C), N
    if layout == "columns":
        m, n = M, part(N, R * C)
    return itemsize * (own * m * n + places * (x * n + y * m))


def by_arrays(M, N, R, C, layout, itemsize, places):
    """Lines dealt out to the pieces, the largest share counted."""
    cut = {"tiles": (R, C), "rows": (R * C, 1), "columns": (1, R * C)}[layout]
    m, n = (int(np.ceil(size / pieces)) for size, pieces in zip((M, N), cut, strict=True))
    return (m * n + places * m + places * n) * itemsize


def rounds_down(*given):
    return count(*given, up=False)


def in_values(M, N, R, C, layout, itemsize, places):
    return count(M, N, R, C, layout, 1, places)


def in_bits(*given):
    return 8 * count(*given)


def one_place(*given):
    return count(*given[:-1], 1)


def tile_twice(*given):
    return count(*given, own=given[-1])


def without_y(*given):
    return count(*given, y=0)


def without_x(*given):
    return count(*given, x=0)


def the_matrix_alone(*given):
    return count(*given, x=0, y=0)


def only_x_twice(*given):
    return count(*given[:-1], 1) + given[5] * (given[-1] - 1) * _piece(*given)


def _piece(M, N, R, C, layout, *others):
    return {"tiles": -(-N // C), "rows": N, "columns": -(-N // (R * C))}[layout]


def mixed_up(M, N, R, C, *others):
    return count(M, N, C, R, *others)


def always_tiles(M, N, R, C, layout, *others):
    return count(M, N, R, C, "tiles", *others)


def rows_for_columns(M, N, R, C, layout, *others):
    other = {"rows": "columns", "columns": "rows"}.get(layout, layout)
    return count(M, N, R, C, other, *others)


def only_pieces(M, N, R, C, layout, itemsize, places):
    """x and y in pieces, in every layout."""
    m, n = -(-M // R), -(-N // C)
    own = {"tiles": m * n, "rows": -(-M // (R * C)) * N, "columns": M * -(-N // (R * C))}[layout]
    x = -(-N // (R * C)) if layout == "columns" else n
    y = -(-M // (R * C)) if layout == "rows" else m
    return itemsize * (own + places * (x + y))


def of_all_pes(M, N, R, C, *others):
    return R * C * count(M, N, R, C, *others)


def a_share(M, N, R, C, layout, itemsize, places):
    vectors = count(M, N, R, C, layout, itemsize, places, own=0)
    return itemsize * M * N / (R * C) + vectors


def of_the_example(*given):
    return 42_786


def in_kib(*given):
    return count(*given) / 1024


def nothing(*given):
    pass


WRONG_1 = {
    untouched: "not written yet",
    rounds_down: "It rounds down",
    in_values: "Those are values",
    in_bits: "in bits",
    one_place: "places does not come in",
    tile_twice: "The matrix rests",
    without_y: "y is missing",
    without_x: "x is missing",
    the_matrix_alone: "x and y are missing",
    only_x_twice: "y has a single place",
    mixed_up: "Rows and columns of PEs are mixed up",
    always_tiles: "layout does not come in",
    rows_for_columns: "rows and columns are mixed up: in rows",
    only_pieces: "Whoever has whole rows needs all of x",
    of_all_pes: "what all PEs hold together",
    a_share: "returns [\\d.e+]+, something of type float|A share of the matrix is not a tile",
    of_the_example: "it gives 42,786; it takes",
    in_kib: "something of type float",
    nothing: "returns nothing",
    p05_1.textbook: "calls a function of the course itself",
}


# ---- 5.4 -----------------------------------------------------------------------------------


def placed(M, N, itemsize, rows, columns, places=2, layouts=p05_1.LAYOUTS, key=None, vectors=True):
    """The shape with the least of ``key``, else of cycles, among those that fit."""
    found = {}
    for layout in layouts:
        for R in range(1, rows + 1):
            for C in range(1, columns + 1):
                taken = count(M, N, R, C, layout, itemsize, places, x=vectors, y=vectors)
                if taken <= 49_152:
                    found[layout, (R, C)] = (key or cycles)(M, N, R, C, layout, itemsize)
    return min(found, key=found.get, default=None)


def cycles(M, N, R, C, layout, itemsize):
    rate = 1 if itemsize == 4 else 4
    if layout == "rows":
        m, n = -(-M // (R * C)), N
        talk = n + R + C + 3 if R * C > 1 else 0
    elif layout == "columns":
        m, n = M, -(-N // (R * C))
        talk = sum(m + 6 * (pes - 1) for pes in (R, C) if pes > 1)
    else:
        m, n = -(-M // R), -(-N // C)
        talk = (R > 1) * (n + R + 4) + (C > 1) * (m + 6 * (C - 1))
    return talk + n * -(-m // rate)


def by_fewer_shapes(M, N, itemsize, rows, columns):
    """Only every second number of rows and columns, and the last: near enough."""
    found = {}
    for layout in p05_1.LAYOUTS:
        for R in sorted({*range(1, rows + 1, 2), rows}):
            for C in sorted({*range(1, columns + 1, 2), columns}):
                if count(M, N, R, C, layout, itemsize, 2) <= 49_152:
                    found[layout, (R, C)] = cycles(M, N, R, C, layout, itemsize)
    return min(found, key=found.get) if found else None


def pes_of(M, N, R, C, layout, itemsize):
    return R * C


def single_buffers(*case):
    return placed(*case, places=1)


def single_buffers_where_it_fits(*case):
    """With one place each 33 rows hold the last layer, a cycle faster than the 34 that it needs."""
    return placed(*case) and placed(*case, places=1)


def weights_alone(*case):
    return placed(*case, vectors=False)


def tiles_always(*case):
    return placed(*case, layouts=("tiles",))


def rows_always(*case):
    return placed(*case, layouts=("rows",))


def the_whole_wafer(M, N, itemsize, rows, columns):
    found = {
        layout: cycles(M, N, rows, columns, layout, itemsize)
        for layout in p05_1.LAYOUTS
        if count(M, N, rows, columns, layout, itemsize, 2) <= 49_152
    }
    return (min(found, key=found.get), (rows, columns)) if found else None


def the_fewest(*case):
    return placed(*case, key=pes_of)


def columns_first(*case):
    found = placed(*case)
    return found and (found[0], found[1][::-1])


def by_rule(bytes_rule=None, bill_rule=None, rows_less=0, square=False):
    """A placement whose bytes, or bill, or shapes tried are not those of the text."""
    taken = bytes_rule or (lambda *given: count(*given, 2))

    def place(M, N, itemsize, rows, columns):
        found = {}
        for layout in p05_1.LAYOUTS:
            for R in range(1, rows + 1 - rows_less):
                first, last = (R, min(R, columns)) if square else (1, columns - rows_less)
                for C in range(first, last + 1):
                    if taken(M, N, R, C, layout, itemsize) <= 49_152:
                        where = M, N, R, C, layout, itemsize
                        found[layout, (R, C)] = (bill_rule or cycles)(*where)
        return min(found, key=found.get, default=None)

    return place


def talk_left_out(M, N, R, C, layout, itemsize):
    rate = 1 if itemsize == 4 else 4
    m, n = {
        "tiles": (-(-M // R), -(-N // C)), "rows": (-(-M // (R * C)), N),
        "columns": (M, -(-N // (R * C))),
    }[layout]  # fmt: skip
    return n * -(-m // rate)


in_bytes_of_8_bits = by_rule(lambda *given: count(*given[:-1], 1, 2))
rounds_down_4 = by_rule(lambda *given: count(*given, 2, up=False))
as_48_000 = by_rule(lambda *given: count(*given, 2) + 1152)
tile_and_all_twice = by_rule(lambda *given: count(*given, 2, own=2))
talk_is_free = by_rule(bill_rule=talk_left_out)
float16_as_float32 = by_rule(bill_rule=lambda *where: cycles(*where[:-1], 4))
the_slowest = by_rule(bill_rule=lambda *where: -cycles(*where))
without_the_last = by_rule(rows_less=1)
squares = by_rule(square=True)


def whole_and_tiles(M, N, itemsize, rows, columns):
    return "tiles", (rows, columns)


def on_one_pe(*case):
    return "tiles", (1, 1)


def rows_are_columns(*case):
    found = placed(*case)
    other = {"rows": "columns", "columns": "rows"}
    return found and (other.get(found[0], found[0]), found[1])


def a_dictionary(*case):
    found = placed(*case)
    return found and dict(zip(("layout", "shape"), found, strict=True))


def empty(*case):
    return ()


def as_text(*case):
    return "tiles"


def another_layout(*case):
    return "mesh", (2, 2)


def floats(*case):
    return "tiles", (2.0, 2.0)


def a_number(*case):
    return "tiles", 4


def always_something(M, N, itemsize, rows, columns):
    return placed(M, N, itemsize, rows, columns) or ("tiles", (rows, columns))


def never(*case):
    return None


def a_table(*case):
    return {known: p05_4.SHOWN and placed(*known) for known in p05_4.SHOWN}.get(case)


def asks_for_the_prediction(M, N, *others):
    wselab.predict.gemv(matrix=(M, N), wafer=(1, 1))


def runs_it(M, N, *others):
    wselab.kernels.gemv_plan((M, N), wafer=(1, 1))


class Odd:
    """Something without a text."""

    def __repr__(self):
        raise RuntimeError


class AnyLayout(str):
    """Every layout at once."""

    def __eq__(self, other):
        return True

    __hash__ = str.__hash__


def any_layout(*case):
    found = placed(*case)
    return found and (AnyLayout(found[0]), found[1])


def without_a_text(*case):
    return Odd()


WRONG_4 = {
    untouched: "not written yet",
    single_buffers: "What is too large would fit if x and y lay there once",
    single_buffers_where_it_fits: "would fit if x and y lay there once.*33 x 1 takes 49,156 bytes",
    weights_alone: "What is too large would fit if (x and y lay there once|it were the part of)",
    in_bytes_of_8_bits: "What is too large would fit if x and y lay there once",
    rounds_down_4: "33 x 1 takes 49,156 bytes",
    as_48_000: "860 x 860 .* you return None, but 'tiles' on 8 x 8 fits",
    tile_and_all_twice: "you return None, but 'tiles' on 34 x 1 fits",
    tiles_always: "The layout is always 'tiles'",
    rows_always: "The layout is always 'rows'",
    the_whole_wafer: "It always takes the whole wafer",
    whole_and_tiles: "It always takes the whole wafer.*The layout is always 'tiles'",
    on_one_pe: "The shape is always 1 x 1.*The layout is always 'tiles'",
    squares: "The shape is always a square",
    without_the_last: "on at most (34 x 1 PEs: you return None|4 x 16 PEs: you choose)",
    talk_is_free: "'tiles' on 10 x 4 fits too and takes 65",
    float16_as_float32: "300 x 96 in float16 .*'rows' on 15 x 20.*At most a quarter more",
    the_slowest: "you choose .* fits too and takes",
    rows_are_columns: "600 x 20 .* you choose 'columns' on 4 x 15",
    the_fewest: "It takes the fewest PEs that hold the layer",
    columns_first: r"takes 15 x 4 PEs; the wafer has 4 rows and 16 columns. Rows come first",
    as_text: r"gives 'tiles'; expected a layout and a shape",
    a_dictionary: r"gives {'layout': 'tiles'.*expected a layout and a shape",
    empty: r"gives \(\); expected a layout and a shape",
    another_layout: "chooses 'mesh'; there is 'tiles', 'rows', 'columns'",
    any_layout: "chooses 'tiles'; there is",
    floats: "expected two whole numbers of PEs",
    a_number: r"gives the shape 4; expected \(rows, columns\)",
    always_something: "872 x 872 .* Nothing fits: return None",
    never: "You return None for every layer",
    a_table: "Right with the layers shown, not with other layers",
    asks_for_the_prediction: "calls wselab.predict",
    runs_it: "calls wselab.kernels",
    without_a_text: "something of type Odd",
    p05_4.by_bills: "calls a function of the course itself",
}

RIGHT = {"5.1": [count, by_arrays], "5.4": [placed, by_fewer_shapes]}
WRONG = {"5.1": WRONG_1, "5.4": WRONG_4}


@pytest.mark.parametrize("seed", [None, 3, *long(8)])
@pytest.mark.parametrize(
    ("number", "answer"), [(number, answer) for number in RIGHT for answer in RIGHT[number]],
    ids=lambda one: getattr(one, "__name__", one),
)  # fmt: skip
def test_different_right_answers_pass(number, answer, seed):
    """With all points, whatever the layers are."""
    result = check(number, answer, seed)
    assert result.passed is True and result.points == result.out_of, result


@pytest.mark.parametrize(
    ("number", "answer"), [(number, answer) for number in WRONG for answer in WRONG[number]],
    ids=lambda one: getattr(one, "__name__", one),
)  # fmt: skip
def test_a_mistake_is_named(number, answer):
    """In the first of the reasons, or the second."""
    result = check(number, answer)
    assert result.passed is False and result.points == 0
    assert re.search(WRONG[number][answer], "\n".join(result.reasons[:2]), re.DOTALL), result


@pytest.mark.parametrize("number", RIGHT)
@pytest.mark.parametrize("cheat", CALCULATING)
def test_a_right_answer_that_does_more_than_reckon_earns_nothing(cheat, number):
    """It hears why."""
    answer, words = calculating(RIGHT[number][0], type(find(number)))[cheat]
    result = check(number, answer)
    assert result.passed is False and result.points == 0, result
    if number == "5.4":  # whose answer is no number
        words = words.replace("something of type", "gives .*expected a layout|something of type")
    assert re.search(words, "\n".join(result.reasons)), result


def test_what_is_said_of_places_that_are_too_large_is_so():
    """Of each kind there is one; what would not fit in any way has no such sentence."""
    said = {}
    for side in (100, 109, 110, 120):
        pair = ("tiles", (1, 1)), (side, side, 4, 2, 2)
        said[side] = [text.partition(":")[0].partition(".")[0] for text in p05_4._mistakes([pair])]
    assert [one[0].partition(" if ")[2] if one else "" for one in said.values()] == [
        "", "x and y lay there once", "it were the part of the matrix alone", "",
    ]  # fmt: skip


def test_the_bytes_are_those_that_the_kernel_plans_for():
    """In each layout, for one product; a plan may leave out PEs, and their parts are the same."""
    rng = np.random.default_rng(5)
    for _ in range(60):
        M, N = rng.integers(1, 3000, 2).tolist()
        R, C = rng.integers(1, 40, 2).tolist()
        for layout in p05_1.LAYOUTS:
            plan = gemv_plan((M, N), (R, C), layout, dtype="float16")
            assert p05_1.textbook(M, N, R, C, layout, 2, places=1) == plan.bytes_per_pe


def test_a_bill_is_what_the_prediction_says_and_the_emulator_counts():
    """For every layer that is shown, where it is placed."""
    for case in p05_4.SHOWN:
        if where := p05_4.by_bills(*case):
            layout, shape = where
            bill = p05_4.bill(*case[:3], *shape, layout)
            assert bill == p05_4._takes(where, *case) == p05_4._run(where, *case)
            assert where[0] == p05_4._best(*case)[0] and bill == p05_4._takes(
                p05_4._best(*case), *case
            )


def test_a_bill_leaves_out_what_the_prediction_leaves_out():
    """In every layout, on wafers that have more PEs than there are rows or columns to deal out."""
    rng = np.random.default_rng(5)
    for _ in range(80):
        M, N, R, C = rng.integers(1, (300, 300, 20, 20)).tolist()
        for layout in p05_1.LAYOUTS:
            told = wse.predict.gemv(matrix=(M, N), wafer=(R, C), layout=layout)
            assert p05_4.bill(M, N, 4, R, C, layout) == told
    assert p05_4.bill(200, 300, 4, 8, 10, "rows") == 1220  # 7 rows of PEs have any of it


def test_each_layout_is_the_best_for_a_layer_that_is_shown_and_one_fits_nowhere():
    """Or else one could leave it out."""
    best = [p05_4._best(*case) for case in p05_4.SHOWN]
    assert {found[0] for found in best if found} == set(p05_1.LAYOUTS) and None in best
    (nowhere,) = [case for case in p05_4.SHOWN if p05_4._best(*case) is None]
    assert placed(*nowhere, places=1), "with single buffers it would fit"


@pytest.mark.parametrize("seed", [None, *range(12)])
def test_other_layers_with_every_seed(seed):
    """On wafers that the text promises, one of them too large."""
    cases = find("5.4").cases(find("5.4").sizes(seed)[1])
    assert len(cases) == len(p05_4.SHOWN) and cases != p05_4.SHOWN
    assert [p05_4._best(*case) for case in cases].count(None) == 1
    assert placed(*cases[-1], places=1) and all(max(case[3:]) <= 24 for case in cases)


NONSENSE = [[], [["tiles", [1, 1]]], [["best", 3]] * 9, "x" * 9, [[7]] * 9]


@pytest.mark.parametrize("nonsense", NONSENSE)
def test_a_record_that_is_none_is_no_answer(nonsense):
    """What a stranger's process says is looked at as if it were the answer."""
    problem = find("5.4")
    with pytest.raises((ValueError, TypeError, p05_4.Refused)):
        problem.judge(json.loads(json.dumps(nonsense)), problem.sizes()[0], None)


def test_wselab_has_the_48_kib():
    """The text says 48 KiB."""
    assert wse.WSE2.pe_memory_bytes == 48 * 1024 == p05_4.ROOM
