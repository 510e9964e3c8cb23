"""The wafer as a learner writes it: regions, memory, colors, routes, and what is refused.

Written from the contract, not from the code: what NumPy does with an array of the wafer's shape is
what a region must do with PEs.
"""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import wselab as wse
from wselab import (
    EAST,
    NORTH,
    RAMP,
    SOUTH,
    WEST,
    MemoryBudgetError,
    ProgramError,
    RouteError,
    Wafer,
    fabin,
    fabout,
)

ENGINES = ("reference", "bitplane")
KIB = 1024
BUDGET = 48 * KIB

SHAPE = (6, 8)
CORNERS = np.zeros(SHAPE, bool)
CORNERS[::5, ::7] = True
CHECKERS = np.indices(SHAPE).sum(axis=0) % 2 == 0

#: Keys of a wafer of 6 rows x 8 columns; a number keeps its axis, so it counts as a slice of one.
REGIONS = {
    "everything": np.s_[...],
    "one row": np.s_[2],
    "one column": np.s_[:, 3],
    "one PE": np.s_[2, 3],
    "negative numbers": np.s_[-1, -8],
    "a slice with both ends": np.s_[1:4, 2:7],
    "negative ends": np.s_[-4:-1, -3:],
    "all but the edges": np.s_[1:-1, 1:-1],
    "stepped": np.s_[::2, 1::3],
    "stepped and negative": np.s_[-5::2, -7:-1:4],
    "reversed": np.s_[::-1, ::-1],
    "reversed and stepped": np.s_[5:0:-2, -2::-3],
    "reversed to the start": np.s_[-100::-1, 3::-1],
    "empty": np.s_[3:3, :],
    "empty since backwards": np.s_[5:2, 2:5],
    "empty since reversed": np.s_[1:4:-1, :],
    "ends out of range": np.s_[-100:100, 6:50],
    "start out of range": np.s_[:, 50:],
    "an ellipsis first": np.s_[..., 2],
    "an ellipsis behind": np.s_[2, ...],
    "rows alone": np.s_[1:3],
    "corners": CORNERS,
    "checkers": CHECKERS,
    "an empty mask": np.zeros(SHAPE, bool),
    "a full mask": np.ones(SHAPE, bool),
}


def numpy_mask(key: Any) -> np.ndarray:
    """Which PEs NumPy itself would choose."""
    mask = np.zeros(SHAPE, bool)
    mask[key] = True
    return mask


def refused(*words: str) -> Any:
    """A `ProgramError` whose message has all these words."""
    pattern = "".join(f"(?=.*(?:{word}))" for word in words)
    return pytest.raises(ProgramError, match=f"(?s){pattern}")


# Regions


@pytest.mark.parametrize("name", REGIONS)
def test_a_region_holds_the_pes_that_numpy_would_choose(name: str) -> None:
    """A region is any NumPy basic slice, or a boolean mask of the wafer's shape."""
    assert (Wafer(*SHAPE)[REGIONS[name]].mask == numpy_mask(REGIONS[name])).all()


@pytest.mark.parametrize("name", REGIONS)
@pytest.mark.parametrize("engine", ENGINES)
def test_operations_and_routes_touch_their_region_and_nothing_else(name: str, engine: str) -> None:
    """What is written for a region happens in each of its PEs once, and in no other."""
    w = Wafer(*SHAPE)
    x = w.memory("x", 3)
    x[...] = 1.0
    c = w.color("c")
    region = w[REGIONS[name]]
    region.route(c, NORTH >> SOUTH)
    region.add(x, 2.0, out=x)
    w.run(engine=engine)
    mask = numpy_mask(REGIONS[name])
    assert (np.asarray(x) == np.where(mask, 3.0, 1.0)[..., None]).all()
    routed = np.array([[c.route_at(i, j) is not None for j in range(8)] for i in range(6)])
    assert (routed == mask).all()


@pytest.mark.parametrize("engine", ENGINES)
def test_an_empty_region_costs_nothing(engine: str) -> None:
    """Operations of no PE take no cycle."""
    w = Wafer(3, 3)
    x = w.memory("x", 100)
    w[3:].mul(x, 2.0, out=x)
    w[np.zeros((3, 3), bool)].mov(x, out=fabout(w.color("c")))
    assert w.run(engine=engine).cycles == 0


def test_a_mask_is_taken_as_it_was() -> None:
    """Changing the mask afterwards does not change what was written for it."""
    w = Wafer(2, 2)
    x = w.memory("x", 1)
    mask = np.eye(2, dtype=bool)
    w[mask].add(x, 1.0, out=x)
    mask[...] = False
    w.run()
    assert np.asarray(x)[..., 0].tolist() == [[1, 0], [0, 1]]


@pytest.mark.parametrize("key", [np.s_[6], np.s_[-7], np.s_[:, 8], np.s_[0, -9], np.s_[100, 100]])
def test_a_number_out_of_range_is_refused(key: Any) -> None:
    """As in NumPy a slice may run over the edge, and a number may not."""
    with refused("row|column", "6|8"):
        Wafer(*SHAPE)[key]


@pytest.mark.parametrize(
    "key",
    [
        np.s_[0, 0, 0],
        np.s_[..., 0, 0, 0],
        [0, 1],
        [[True, False]],
        np.s_[[0, 1], :],
        np.array([0, 1]),
        np.ones((8, 6), bool),
        np.ones(6, bool),
        np.s_[np.ones(6, bool), :],
        np.ones(SHAPE),
        None,
        1.0,
        "north",
        np.s_[:, "c"],
        np.s_[..., ...],
    ],
    ids=str,
)
def test_what_is_no_region_is_refused(key: Any) -> None:
    """Lists, numbers of another kind and masks of another shape end in an error that says so."""
    with refused("expected"):
        Wafer(*SHAPE)[key]


# The wafer itself


def test_a_wafer_is_given_rows_first() -> None:
    """Shapes are (rows, columns), row 0 north and column 0 west."""
    w = Wafer(2, 3)
    x = w.memory("x", 4)
    c = w.color("c")
    assert w.shape == (2, 3) and x.shape == (2, 3, 4)
    w[0, 1].route(c, RAMP >> (EAST, SOUTH))
    w[0, 2].route(c, WEST >> RAMP)
    w[1, 1].route(c, NORTH >> RAMP)
    w[0, 1].mov(7.0, out=fabout(c), n=4)
    w[np.array([[False, False, True], [False, True, False]])].mov(fabin(c), out=x)
    w.run()
    assert np.asarray(x)[..., 0].tolist() == [[0, 0, 7], [0, 7, 0]]


def test_the_user_rectangle_of_a_wse2_is_994_rows_by_750_columns() -> None:
    """It fits, its transpose does not, and the error tells which way round sizes go."""
    assert Wafer(994, 750).shape == (994, 750)
    with refused("750", "994", "[Rr]ows"):
        Wafer(750, 994)


@pytest.mark.parametrize("chip", [wse.WSE1, wse.WSE2, wse.WSE3], ids=lambda chip: chip.name)
def test_a_wafer_larger_than_its_chip_is_refused(chip: Any) -> None:
    """Each chip has a largest rectangle; one line more is refused with the chip's name."""
    rows, columns = chip.fabric_shape
    assert Wafer(rows, 1, chip=chip).shape == (rows, 1)
    assert Wafer(1, columns, chip=chip).shape == (1, columns)
    with refused(chip.name, str(rows), str(columns)):
        Wafer(rows + 1, 1, chip=chip)
    with refused(chip.name, str(rows), str(columns)):
        Wafer(1, columns + 1, chip=chip)


def test_a_wafer_that_fits_a_larger_chip_can_have_it() -> None:
    """What a WSE-2 refuses, a WSE-3 may hold; without a word the chip is the WSE-2."""
    with refused("WSE-2", r"at most Wafer\(994, 750\)"):
        Wafer(1000, 1)
    with refused("WSE-1", "a smaller wafer"):
        Wafer(1000, 1, chip=wse.WSE1)
    assert Wafer(1000, 1, chip=wse.WSE3).chip is wse.WSE3
    assert Wafer(1, 1).chip is wse.WSE2


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (-1, 3), (2.0, 3), ("2", 3), (None, 3)], ids=str)
def test_a_wafer_of_no_pes_is_refused(shape: tuple) -> None:
    """Both sizes are whole numbers, at least 1."""
    with refused("rows|columns", "whole number"):
        Wafer(*shape)


@pytest.mark.parametrize(
    "rules",
    [
        {"queue_depth": 1},
        {"queue_depth": 0},
        {"ramp_latency": 0},
        {"gap": -1},
        {"startup": -1},
        {"fp16_macs": 0},
        {"mixed_macs": 0},
        {"queue_depth": 2.5},
        {"arbitration": "random"},
        {"depth": 2},
    ],
    ids=str,
)
def test_rules_that_no_fabric_has_are_refused(rules: dict) -> None:
    """The name of the rule stands in the error."""
    with refused(next(iter(rules))):
        Wafer(2, 2, **rules)


def test_a_queue_of_one_is_refused_with_the_reason() -> None:
    """With depth 1 a stream would run at half rate."""
    with refused("queue_depth", "every other cycle|half"):
        Wafer(2, 2, queue_depth=1)


# Memory


def test_memory_starts_at_zero_and_is_read_and_written_at_once() -> None:
    """Outside operations x is an array x[row, column, ...] that the host reads and writes."""
    x = Wafer(2, 3).memory("x", (4, 5))
    assert x.shape == (2, 3, 4, 5) and x.dtype == np.float32
    assert not np.asarray(x).any()
    x[1, :, 2] = 3.0
    assert x[1, 0, 2].tolist() == [3.0] * 5 and x[0].sum() == 0
    assert np.asarray(x).sum() == 3 * 5 * 3.0


@pytest.mark.parametrize(
    ("shape", "inner"), [(7, (7,)), ((7,), (7,)), ((2, 3), (2, 3)), ((), ()), (0, (0,))], ids=str
)
def test_memory_takes_shapes_as_numpy_does(shape: Any, inner: tuple) -> None:
    """A number, a tuple, nothing at all, or zero."""
    assert Wafer(2, 3).memory("x", shape).shape == (2, 3, *inner)


def test_arithmetic_in_python_acts_before_anything_runs() -> None:
    """`x *= 2` is the host's: it acts at once, records nothing and costs no cycle."""
    w = Wafer(1, 2)
    x = w.memory("x", 2)
    same = x
    x[...] = 3.0
    x *= 2
    x += 1
    assert x is same and np.asarray(x).tolist() == [[[7, 7], [7, 7]]]
    assert (x + 1).tolist() == [[[8, 8], [8, 8]]] and (x == 7).all()
    assert w.run().cycles == 0
    w[...].mul(x, 2.0, out=x)
    assert np.asarray(x).max() == 7
    assert w.run().cycles == 2 and np.asarray(x).max() == 14


def test_memory_is_charged_against_48_kib() -> None:
    """A PE has 48 KiB: they fit to the byte, and one value more does not."""
    w = Wafer(1, 1)
    w.memory("half", BUDGET // 8)
    w.memory("rest", (2, BUDGET // 8), dtype="float16")
    with pytest.raises(MemoryBudgetError):
        w.memory("one more", 1, dtype="float16")
    w.memory("nothing", 0)


def test_memory_over_budget_names_what_takes_it() -> None:
    """The error has the table: each memory with its bytes, the budget and the total."""
    w = Wafer(3, 3)
    w.memory("weights", (100, 100))
    w.memory("short", 1000, dtype="float16")
    with pytest.raises(MemoryBudgetError) as caught:
        w.memory("more", 2000)
    text = str(caught.value)
    rows = [("weights", "40,000"), ("short", "2,000"), ("more", "8,000")]
    for name, size in rows:
        assert any(name in line and size in line for line in text.splitlines())
    assert "49,152" in text and "50,000" in text


def test_refused_memory_leaves_nothing_behind() -> None:
    """After a refusal the name is free and the budget is as before."""
    w = Wafer(1, 1)
    with pytest.raises(MemoryBudgetError):
        w.memory("x", BUDGET)
    x = w.memory("x", BUDGET // 4)
    assert x.shape == (1, 1, BUDGET // 4)


def test_adopted_data_is_charged_too() -> None:
    """An array given with data= takes room in each PE as any other memory does."""
    with pytest.raises(MemoryBudgetError, match="49,156"):
        Wafer(1, 2).memory("x", data=np.zeros((1, 2, BUDGET // 4 + 1), np.float32))


@pytest.mark.parametrize("engine", ENGINES)
def test_data_is_adopted_without_a_copy(engine: str) -> None:
    """What the program computes stands in the caller's array, and what the caller writes counts."""
    w = Wafer(2, 2)
    mine = np.arange(12, dtype=np.float32).reshape(2, 2, 3)
    x = w.memory("x", data=mine)
    assert np.shares_memory(np.asarray(x), mine)
    w[...].add(x, 1.0, out=x)
    mine[0, 0] = 10
    w.run(engine=engine)
    assert mine.ravel().tolist() == [11, 11, 11, 4, 5, 6, 7, 8, 9, 10, 11, 12]


@pytest.mark.parametrize("engine", ["reference", "lockstep", "bitplane"])
def test_read_only_data_in_any_order_is_only_read(engine: str) -> None:
    """A view that no program may write into, nor any engine."""
    w = Wafer(2, 2)
    mine = np.arange(12, dtype=np.float32).reshape(2, 3, 2).swapaxes(1, 2)
    mine.flags.writeable = False
    x, y = w.memory("x", data=mine), w.memory("y", 3)
    w[...].add(x, 1.0, out=y)
    w.run(engine=engine)
    assert (y[...] == mine + 1).all()


def test_data_gives_shape_and_type() -> None:
    """shape and dtype may be left out, and must agree where they are given."""
    w = Wafer(2, 2)
    data = np.ones((2, 2, 3), np.float16)
    assert w.memory("a", data=data).dtype == np.float16
    assert w.memory("b", 3, "float16", data.copy()).shape == (2, 2, 3)
    with refused("c", "3", "4"):
        w.memory("c", 4, data=data)
    with refused("d", "float16", "float32"):
        w.memory("d", dtype="float32", data=data)


@pytest.mark.parametrize(
    "data",
    [
        [[1.0, 2.0], [3.0, 4.0]],
        np.zeros((2, 2), np.float64),
        np.zeros((2, 2), np.int32),
        np.zeros((3, 2), np.float32),
        np.zeros(4, np.float32),
    ],
    ids=["a list", "float64", "int32", "another wafer", "no axes for the PEs"],
)
def test_data_that_cannot_be_adopted_is_refused(data: Any) -> None:
    """A list, another type or another shape would need a copy."""
    with refused("x", "expected|computes"):
        Wafer(2, 2).memory("x", data=data)


def test_memories_lie_apart_in_a_pe() -> None:
    """Data that shares values with another memory is refused; pieces that only interleave are not.

    Else what is written under one name would change, or not, what the other name holds.
    """
    w = Wafer(2, 2)
    data = np.zeros((2, 2, 8), np.float32)
    w.memory("even", data=data[..., ::2])
    assert w.memory("odd", data=data[..., 1::2]).shape == (2, 2, 4)
    with refused("again", "even|odd", "copy"):
        w.memory("again", data=data[..., 3:5])


@pytest.mark.parametrize("given", [{}, {"shape": -1}, {"shape": 1.5}, {"shape": (2, -1)}], ids=str)
def test_memory_without_a_sound_shape_is_refused(given: dict) -> None:
    """A shape, or data, must say how much each PE has."""
    with refused("x", "shape"):
        Wafer(1, 1).memory("x", **given)


@pytest.mark.parametrize("dtype", ["float64", "int32", "complex64"])
def test_types_that_a_pe_does_not_compute_in_are_refused(dtype: str) -> None:
    """A PE computes in float32 and float16."""
    with refused("float32", "float16"):
        Wafer(1, 1).memory("x", 4, dtype=dtype)


def test_a_name_is_given_once() -> None:
    """Two memories, or two colors, of one name are refused."""
    w = Wafer(1, 1)
    w.memory("x", 1)
    w.color("x")
    with refused("x", "exists"):
        w.memory("x", 1)
    with refused("x", "exists"):
        w.color("x")


# Parts of a PE's own memory

PARTS = {
    "all of it": (np.s_[...], 24),
    "a row": (np.s_[2], 6),
    "a column": (np.s_[:, 1], 4),
    "one value": (np.s_[3, 5], 1),
    "negative": (np.s_[-1, -2], 1),
    "a block": (np.s_[1:3, 2:5], 6),
    "stepped": (np.s_[::3, 1::2], 6),
    "reversed": (np.s_[::-1, ::-2], 12),
    "the last axis": (np.s_[..., 0], 4),
    "empty": (np.s_[4:, :], 0),
}


@pytest.mark.parametrize("name", PARTS)
@pytest.mark.parametrize("engine", ENGINES)
def test_a_part_is_what_numpy_would_take_of_each_pe(name: str, engine: str) -> None:
    """x.own[...] is that part of every PE's own data, one cycle a value."""
    key, length = PARTS[name]
    w = Wafer(2, 3, startup=0, gap=0)
    A = w.memory("A", (4, 6))
    A[...] = np.arange(2 * 3 * 24).reshape(2, 3, 4, 6)
    expected = np.asarray(A).copy()
    for pe in np.ndindex(2, 3):
        expected[pe][key] += 1
    w[...].add(A.own[key], 1.0, out=A.own[key])
    assert w.run(engine=engine).cycles == length
    assert (np.asarray(A) == expected).all()


@pytest.mark.parametrize("engine", ENGINES)
def test_parts_are_handled_in_numpy_order(engine: str) -> None:
    """A part of several axes goes row by row, so it can meet a flat one of the same length."""
    w = Wafer(1, 1)
    A, x = w.memory("A", (3, 4)), w.memory("x", 6)
    A[...] = np.arange(12).reshape(3, 4)
    w[...].mov(A.own[::-1, 1::2], out=x)
    w.run(engine=engine)
    assert np.asarray(x).ravel().tolist() == [9, 11, 5, 7, 1, 3]


@pytest.mark.parametrize("engine", ENGINES)
def test_one_value_serves_every_element(engine: str) -> None:
    """A memory of shape (), or one element of another, stands beside any length."""
    w = Wafer(1, 2)
    x, s = w.memory("x", 4), w.memory("s", ())
    x[...] = [1, 2, 3, 4]
    s[...] = [[10, 20]]
    w[...].mul(x.own[:3], s, out=x.own[:3])
    w[...].add(x.own[3], 1.0, out=s)
    w.run(engine=engine)
    assert np.asarray(x).tolist() == [[[10, 20, 30, 4], [20, 40, 60, 4]]]
    assert np.asarray(s).tolist() == [[5, 5]]


@pytest.mark.parametrize("key", [4, -5, (0, 0), (..., 1, 1), 1.5, [0, 1], None, "a"], ids=str)
def test_a_part_that_is_not_there_is_refused(key: Any) -> None:
    """Numbers in range and slices make a part; a list would need more than one operation."""
    with refused("x.own"):
        Wafer(1, 1).memory("x", 4).own[key]


def test_a_number_for_each_pe_is_no_index() -> None:
    """A start that differs from PE to PE is part of a slice."""
    with refused(r"x\.own\[S\].*x\.own\[S : S \+ 1\]"):
        Wafer(1, 3).memory("x", 4).own[np.array([[0, 1, 2]])]


def test_a_part_is_indexed_once() -> None:
    """x.own[1:][0] is refused, and told how to be written."""
    with refused("once"):
        Wafer(1, 1).memory("x", 4).own[1:][0]


# Colors


def test_a_router_has_24_colors() -> None:
    """The 25th is refused."""
    w = Wafer(1, 2)
    numbers = [w.color(f"c{i}").number for i in range(22)]
    w.alternating("even", "odd", by="row")
    assert numbers == list(range(22))
    with refused("c24", "24"):
        w.color("c24")


@pytest.mark.parametrize("by", ["row", "column"])
@pytest.mark.parametrize("name", REGIONS)
def test_alternating_colors_change_places_from_line_to_line(by: str, name: str) -> None:
    """On even lines mine is the first color, on odd lines the second, whatever the region."""
    w = Wafer(*SHAPE)
    mine, theirs = w.alternating("a", "b", by=by)
    w[REGIONS[name]].route(mine, RAMP >> EAST)
    w[REGIONS[name]].route(theirs, WEST >> RAMP)
    a, b = w.colors
    for row, column in np.ndindex(SHAPE):
        even = (row if by == "row" else column) % 2 == 0
        routes = (RAMP >> EAST, WEST >> RAMP) if even else (WEST >> RAMP, RAMP >> EAST)
        expected = routes if numpy_mask(REGIONS[name])[row, column] else (None, None)
        assert (a.route_at(row, column), b.route_at(row, column)) == expected


@pytest.mark.parametrize("by", ["row", "column"])
@pytest.mark.parametrize("engine", ENGINES)
def test_alternating_colors_let_every_pe_send_and_take(by: str, engine: str) -> None:
    """Each PE hands its value to the next line: what I send on mine, they take from theirs."""
    w = Wafer(5, 5)
    x, y = w.memory("x", 3), w.memory("y", 3)
    x[...] = np.arange(75).reshape(5, 5, 3)
    mine, theirs = w.alternating("a", "b", by=by)
    port, back = (SOUTH, NORTH) if by == "row" else (EAST, WEST)
    first, last = (w[:-1], w[1:]) if by == "row" else (w[:, :-1], w[:, 1:])
    first.route(mine, RAMP >> port)
    last.route(theirs, back >> RAMP)
    first.mov(x, out=fabout(mine))
    last.mov(fabin(theirs), out=y)
    run = w.run(engine=engine)
    assert run.hops == run.ramps == 20 * 3
    axis = 0 if by == "row" else 1
    expected = np.roll(np.asarray(x), 1, axis=axis)
    expected[(0,) if by == "row" else np.s_[:, 0]] = 0
    assert (np.asarray(y) == expected).all()


@pytest.mark.parametrize("engine", ENGINES)
def test_alternation_by_row_and_by_column_can_meet_in_one_operation(engine: str) -> None:
    """An operation that takes from the west and sends south uses both kinds at once."""
    w = Wafer(2, 3)
    x = w.memory("x", 2)
    x[...] = np.arange(12).reshape(2, 3, 2)
    e, from_west = w.alternating("e0", "e1", by="column")
    s, from_north = w.alternating("s0", "s1", by="row")
    w[0, :-1].route(e, RAMP >> EAST)
    w[0, 1:].route(from_west, WEST >> RAMP)
    w[0, 1:].route(s, RAMP >> SOUTH)
    w[1, 1:].route(from_north, NORTH >> RAMP)
    w[0, :-1].mov(x, out=fabout(e))
    w[0, 1:].add(fabin(from_west), 100.0, out=fabout(s), n=2)
    w[1, 1:].mov(fabin(from_north), out=x)
    w.run(engine=engine)
    assert np.asarray(x)[1].tolist() == [[6, 7], [100, 101], [102, 103]]


def test_alternating_says_by_what() -> None:
    """By row or by column, and nothing else; two colors need two names."""
    w = Wafer(2, 2)
    with refused("row", "column"):
        w.alternating("a", "b", by="diagonal")
    with refused("a"):
        w.alternating("a", "a", by="row")


# Routes


def test_a_color_is_routed_once_in_a_router() -> None:
    """A second route is refused, naming the PE, the color and the route that is there."""
    w = Wafer(3, 4)
    c = w.color("red")
    w[1, 2].route(c, WEST >> RAMP)
    with pytest.raises(RouteError, match=r"(?s)red.*\(1, 2\).*WEST >> RAMP.*replace=True"):
        w[:, 1:].route(c, EAST >> RAMP)
    assert c.route_at(1, 2) == (WEST >> RAMP)
    assert c.route_at(0, 1) is None, "a refused route is laid nowhere"


def test_replace_lays_a_route_over_another() -> None:
    """With replace=True the new route stands, where there was one and where there was none."""
    w = Wafer(1, 3)
    c = w.color("c")
    w[0, :2].route(c, WEST >> RAMP)
    w[0, 1:].route(c, WEST >> (RAMP, EAST), replace=True)
    assert c.route_at(0, 0) == (WEST >> RAMP)
    assert c.route_at(0, 1) == c.route_at(0, 2)
    assert set(c.route_at(0, 1).outputs) == {RAMP, EAST}


def test_two_colors_do_not_disturb_each_other() -> None:
    """Each color has its own route in a router."""
    w = Wafer(1, 2)
    a, b = w.color("a"), w.color("b")
    w[0, 0].route(a, RAMP >> EAST)
    w[0, 0].route(b, EAST >> RAMP)
    assert a.route_at(0, 0) == (RAMP >> EAST) and b.route_at(0, 0) == (EAST >> RAMP)


@pytest.mark.parametrize(
    "make",
    [
        lambda: EAST,
        lambda: (WEST, EAST),
        lambda: WEST >> WEST,
        lambda: WEST >> (EAST, WEST),
        lambda: WEST >> (EAST, EAST),
        lambda: WEST >> (),
        lambda: WEST >> 3,
        lambda: "WEST >> EAST",
    ],
    ids=["a port", "a pair", "back", "back too", "twice", "nowhere", "a number", "text"],
)
def test_what_is_no_route_is_refused(make: Any) -> None:
    """One input port, one or more others as outputs."""
    w = Wafer(1, 2)
    with refused("route"):
        w[0, 0].route(w.color("c"), make())


def test_positions_are_a_list_of_routes() -> None:
    """A tuple of routes is told so."""
    w = Wafer(1, 2)
    with refused(r"route .*positions.*list, \[RAMP >> EAST, WEST >> EAST\]"):
        w[0, 0].route(w.color("c"), (RAMP >> EAST, WEST >> EAST))  # type: ignore[arg-type]


def test_ports_read_as_they_are_written() -> None:
    """A route shows itself as the learner writes it, and ports are the same after copying."""
    assert repr(WEST >> (RAMP, EAST)) == "WEST >> (RAMP, EAST)"
    assert repr(RAMP >> EAST) == "RAMP >> EAST"
    assert copy.deepcopy(EAST) is EAST and pickle.loads(pickle.dumps(EAST)) is EAST


# Operations that are refused


class Bench:
    """A wafer with something of everything to make operations of."""

    def __init__(self) -> None:
        self.w = w = Wafer(2, 3)
        self.x, self.y = w.memory("x", 4), w.memory("y", 4)
        self.A, self.s = w.memory("A", (3, 4)), w.memory("s", ())
        self.fixed = w.memory("fixed", data=np.broadcast_to(np.float32(2), (2, 3, 4)))
        self.c, self.d = w.color("c"), w.color("d")
        other = Wafer(2, 3)
        self.foreign, self.foreign_color = other.memory("x", 4), other.color("c")
        self.all = w[...]


REFUSED = {
    "the host's array as an input": (lambda b: b.all.mov(b.x[...], out=b.y), "own"),
    "the host's array as a result": (lambda b: b.all.mov(b.x, out=b.y[...]), "own"),
    "the host's array of one line": (lambda b: b.all.add(b.x, b.y[0], out=b.y), "own"),
    "operands that overlap": (
        lambda b: b.all.add(b.x.own[:-1], 1.0, out=b.x.own[1:]),
        "overlap.*recurrence",
    ),
    "an addend that overlaps": (
        lambda b: b.all.mac(b.y.own[1:], 2.0, acc=b.x.own[1:], out=b.x.own[:-1]),
        "overlap",
    ),
    "a part turned round onto itself": (
        lambda b: b.all.mov(b.x.own[::-1], out=b.x),
        "overlap",
    ),
    "one value of the result itself": (
        lambda b: b.all.add(b.x, b.x.own[0], out=b.x),
        "overlap",
    ),
    "a row over a column": (lambda b: b.all.mov(b.A.own[:, 0], out=b.A.own[0, :3]), "overlap"),
    "lengths that differ": (lambda b: b.all.add(b.x, b.y.own[:3], out=b.x), "4.*3"),
    "shapes of another size": (lambda b: b.all.mov(b.A, out=b.x), "12.*4"),
    "no length at all": (lambda b: b.all.mov(1.0, out=fabout(b.c)), "n="),
    "no length from a stream": (lambda b: b.all.mov(fabin(b.c), out=fabout(b.d)), "n="),
    "n against the memory's own": (lambda b: b.all.mov(b.x, out=fabout(b.c), n=3), "n=.*4"),
    "n below zero": (lambda b: b.all.mov(1.0, out=fabout(b.c), n=-1), "n="),
    "n not whole": (lambda b: b.all.mov(1.0, out=fabout(b.c), n=1.5), "n="),
    "n one a PE of another shape": (
        lambda b: b.all.mov(1.0, out=fabout(b.c), n=[[1, 2], [3, 4]]),
        r"\(2, 2\).*\(2, 3\)",
    ),
    "n one a PE against the memory's": (
        lambda b: b.all.mov(b.x, out=fabout(b.c), n=[[4, 4, 4], [4, 3, 4]]),
        "n=",
    ),
    "many values into one": (lambda b: b.all.mov(fabin(b.c), out=b.s, n=4), "one value"),
    "a vector into one value": (lambda b: b.all.mov(b.x, out=b.s), "one value"),
    "a vector onto one value": (lambda b: b.all.mac(b.x, b.y, out=b.s), "one value"),
    "a vector onto one of its own": (lambda b: b.all.add(b.x, b.y, out=b.x.own[0]), "one value"),
    "the memory of another wafer": (lambda b: b.all.mov(b.foreign, out=b.x), "another wafer"),
    "a result in another wafer": (lambda b: b.all.mov(b.x, out=b.foreign), "another wafer"),
    "a part in another wafer": (
        lambda b: b.all.mov(b.x.own[:2], out=b.foreign.own[:2]),
        "another wafer",
    ),
    "a color of another wafer": (
        lambda b: b.all.mov(fabin(b.foreign_color), out=b.x),
        "another wafer",
    ),
    "sending on another wafer's color": (
        lambda b: b.all.mov(b.x, out=fabout(b.foreign_color)),
        "another wafer",
    ),
    "routing another wafer's color": (
        lambda b: b.all.route(b.foreign_color, WEST >> RAMP),
        "another wafer",
    ),
    "writing into read-only data": (lambda b: b.all.mov(b.x, out=b.fixed), "read-only"),
    "adding onto read-only data": (lambda b: b.all.mac(b.x, b.y, out=b.fixed), "read-only"),
    "mac onto a stream without acc": (lambda b: b.all.mac(b.x, b.y, out=fabout(b.c)), "acc="),
    "a color without fabin": (lambda b: b.all.mov(b.c, out=b.x), "fabin"),
    "a color without fabout": (lambda b: b.all.mov(b.x, out=b.c), "fabout"),
    "fabout as an input": (lambda b: b.all.mov(fabout(b.c), out=b.x), "fabin"),
    "fabin as a result": (lambda b: b.all.mov(b.x, out=fabin(b.c)), "fabout"),
    "one stream twice": (lambda b: b.all.add(fabin(b.c), fabin(b.c), out=b.x), "two"),
    "a name for a color": (lambda b: b.all.mov(fabin("c"), out=b.x), "w.color"),
    "text as an operand": (lambda b: b.all.mov("one", out=b.x), "expected"),
    "nothing as an operand": (lambda b: b.all.add(b.x, None, out=b.x), "expected"),
    "a list as an operand": (lambda b: b.all.add(b.x, [1, 2, 3, 4], out=b.x), "expected"),
    "a number as a result": (lambda b: b.all.mov(b.x, out=3.0), "out="),
}


@pytest.mark.parametrize("name", REFUSED)
def test_operations_that_cannot_be_are_refused_when_written(name: str) -> None:
    """Each names its mistake at once, and records nothing."""
    make, words = REFUSED[name]
    bench = Bench()
    with pytest.raises(ProgramError, match=f"(?s){words}"):
        make(bench)
    assert bench.w.run().cycles == 0


def test_operands_that_share_nothing_or_all_are_fine() -> None:
    """The same part may be input and result; parts of one memory that lie apart may meet."""
    b = Bench()
    b.x[...] = [1, 2, 3, 4]
    b.all.add(b.x, b.x, out=b.x)
    b.all.add(b.x.own[:2], b.x.own[2:], out=b.x.own[:2])
    b.all.mov(b.x.own[::2], out=b.x.own[1::2])
    b.all.add(b.A.own[0], b.A.own[1], out=b.A.own[2])
    b.all.mov(b.fixed, out=b.y)
    b.w.run()
    assert (np.asarray(b.x) == [8, 8, 6, 6]).all()
    assert (np.asarray(b.y) == 2).all()


# n


@pytest.mark.parametrize("engine", ENGINES)
def test_n_can_be_one_a_pe(engine: str) -> None:
    """n takes the region's shape or the wafer's; a PE with 0 does nothing."""
    counts = np.array([[3, 0, 1, 2]])
    for n in (counts, np.vstack([counts, 9 * np.ones_like(counts)])):
        w = Wafer(2, 4, ramp_latency=2, queue_depth=2)
        c, s = w.color("c"), w.memory("s", 3)
        w[0].route(c, RAMP >> SOUTH)
        w[1].route(c, NORTH >> RAMP)
        w[0].mov(1.0, out=fabout(c), n=n)
        for count in (1, 2, 3):
            w[1, counts[0].tolist().index(count)].mov(fabin(c), out=s.own[:count])
        run = w.run(engine=engine)
        assert run.ramps == run.hops == 6
        assert np.asarray(s)[1].sum(axis=1).tolist() == [3, 0, 1, 2]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("columns", [np.s_[::-1], np.s_[3:0:-1], np.s_[::2]], ids=str)
def test_n_one_a_pe_follows_the_regions_own_order(columns: Any, engine: str) -> None:
    """As in NumPy, `w[0, ::-1]` given n = [1, 2, ...] counts from the last column."""
    plain = np.zeros(4, int)
    chosen = np.arange(1, len(plain[columns]) + 1)
    plain[columns] = chosen
    w = Wafer(2, 4)
    c, x = w.color("c"), w.memory("x", 4)
    w[0].route(c, RAMP >> SOUTH)
    w[1].route(c, NORTH >> RAMP)
    w[0, columns].mov(1.0, out=fabout(c), n=chosen[None])
    for column in np.flatnonzero(plain):
        w[1, int(column)].mov(fabin(c), out=x.own[: plain[column]])
    w.run(engine=engine)
    assert np.asarray(x)[1].sum(axis=1).tolist() == plain.tolist()


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("n", [0, [[0, 0, 0]], [[1, 0, 1]]], ids=str)
def test_no_elements_change_nothing(n: Any, engine: str) -> None:
    """Where n is 0 nothing is written, also into memory of one value."""
    w = Wafer(1, 3, startup=0)
    s = w.memory("s", ())
    w[...].mov(5.0, out=s, n=n)
    run = w.run(engine=engine)
    expected = 5.0 * np.broadcast_to(np.asarray(n), (1, 3))
    assert np.asarray(s).tolist() == expected.tolist()
    assert run.cycles == int(np.max(n))


@pytest.mark.parametrize("engine", ENGINES)
def test_n_is_taken_as_it_was(engine: str) -> None:
    """Changing the array of counts afterwards does not change the program."""
    w = Wafer(1, 2)
    c = w.color("c")
    w[0, 0].route(c, RAMP >> EAST)
    w[0, 1].route(c, WEST >> RAMP)
    n = np.array([[2, 0]])
    x = w.memory("x", 2)
    w[...].mov(1.0, out=fabout(c), n=n)
    n[...] = 50
    w[0, 1].mov(fabin(c), out=x)
    assert w.run(engine=engine).hops == 2


@pytest.mark.parametrize("engine", ENGINES)
def test_an_unknown_engine_or_a_wrong_limit_is_refused(engine: str) -> None:
    """The engines are named, and max_cycles is a whole number."""
    w = Wafer(1, 1)
    with refused("fast", *ENGINES):
        w.run(engine="fast")
    with refused("max_cycles"):
        w.run(engine=engine, max_cycles=-1)


@pytest.mark.parametrize("engine", ENGINES)
def test_counts_by_pe_go_with_colors_that_alternate(engine: str) -> None:
    """An operation on alternating colors is two, each in its own columns with their counts."""
    w = Wafer(1, 4)
    x = w.memory("x", 4)
    mine, theirs = w.alternating("even", "odd", by="column")
    w[:, 1:].route(mine, RAMP >> WEST)
    w[:, :-1].route(theirs, EAST >> RAMP)
    w[:, 1:].mov(2.0, out=fabout(mine), n=np.array([[4, 3, 4]]))
    w[:, :-1].mov(fabin(theirs), out=x.own[:3])
    w[:, ::2].mov(fabin(theirs), out=x.own[3])
    w.run(engine=engine)
    assert np.asarray(x).sum(axis=-1).tolist() == [[8, 6, 8, 0]]


def test_the_pes_of_a_column_lie_together_on_the_host() -> None:
    """A result that only column 0 has takes few of the host's pages."""
    total = wse.Wafer(5, 7).memory("total", 4, dtype=np.float16)
    assert total.shape == (5, 7, 4)
    assert total[:, 0].flags.c_contiguous
    assert not total[...].any()
