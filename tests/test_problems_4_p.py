"""Puzzle 4.P, one number agreed on by a square of PEs: what passes, what fails, and the bound."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest

import wselab as wse
import wselab.kernels
import wselab.predict
from wselab import EAST, NORTH, RAMP, SOUTH, WEST, fabin, fabout
from wselab.course import check, find
from wselab.course.problems import p04_p
from wselab.specs import WSE2

from .hostile import HOSTILE, hostile

# ---- parts that answers are made of --------------------------------------------------------


def chain(w, x, total, lines, home, away, axis, name, start):
    """A chain along ``lines`` (row or column numbers, from the far end to the near one).

    ``at(k)`` are the PEs of line k. The first of them sends ``start``; the last adds what comes to
    its total.
    """
    colors = w.color(f"{name} even"), w.color(f"{name} odd")
    pairs = list(itertools.pairwise(lines))
    for far, near in pairs:
        at(w, axis, far).route(colors[far % 2], RAMP >> home)
        at(w, axis, near).route(colors[far % 2], away >> RAMP)
    at(w, axis, lines[0]).mov(start, out=fabout(colors[lines[0] % 2]))
    for far, here in pairs[:-1]:
        at(w, axis, here).add(fabin(colors[far % 2]), start, out=fabout(colors[here % 2]))
    at(w, axis, lines[-1]).add(fabin(colors[lines[-2] % 2]), total, out=total)


def at(w, axis, k):
    """Column k of all rows, or row k of the middle column."""
    return w[:, k] if axis else w[k, w.shape[1] // 2]


def back(w, total):
    """From the PE in the middle up and down its column, and from there along all rows."""
    rows, columns = w.shape
    r, m = rows // 2, columns // 2
    c = w.color("back")
    w[r, m].route(c, RAMP >> (NORTH, EAST, SOUTH, WEST))
    w[1:r, m].route(c, SOUTH >> (RAMP, NORTH, EAST, WEST))
    w[0, m].route(c, SOUTH >> (RAMP, EAST, WEST))
    w[r + 1 : -1, m].route(c, NORTH >> (RAMP, SOUTH, EAST, WEST))
    w[-1, m].route(c, NORTH >> (RAMP, EAST, WEST))
    w[:, 1:m].route(c, EAST >> (RAMP, WEST))
    w[:, 0].route(c, EAST >> RAMP)
    w[:, m + 1 : -1].route(c, WEST >> (RAMP, EAST))
    w[:, -1].route(c, WEST >> RAMP)
    w[r, m].mov(total, out=fabout(c))
    others = np.ones(w.shape, bool)
    others[r, m] = False
    w[others].mov(fabin(c), out=total)


def to_the_middle(w, x, total, first_row=0, own=True):
    """Chains from both ends of all rows, then from both ends of the middle column."""
    rows, columns = w.shape
    r, m = rows // 2, columns // 2
    if own:
        w[:, m].mov(x, out=total)
    chain(w, x, total, range(m + 1), EAST, WEST, 1, "west", x)
    chain(w, x, total, range(columns - 1, m - 1, -1), WEST, EAST, 1, "east", x)
    chain(w, x, total, range(first_row, r + 1), SOUTH, NORTH, 0, "north", total)
    chain(w, x, total, range(rows - 1, r - 1, -1), NORTH, SOUTH, 0, "south", total)


# ---- right ---------------------------------------------------------------------------------


def chains(w, x, total):
    to_the_middle(w, x, total)
    back(w, total)


def stars(w, x, total):
    """Everybody in a row sends to its middle, one behind the other; then the middle column."""
    rows, columns = w.shape
    r, m = rows // 2, columns // 2
    w[:, m].mov(x, out=total)
    star(w, 1, range(m), m, EAST, WEST, "west", x, total)
    star(w, 1, range(columns - 1, m, -1), m, WEST, EAST, "east", x, total)
    star(w, 0, range(r), r, SOUTH, NORTH, "north", total, total)
    star(w, 0, range(rows - 1, r, -1), r, NORTH, SOUTH, "south", total, total)
    back(w, total)


def star(w, axis, lines, root, home, away, name, start, total):
    """``lines`` from the far end to the one beside the root."""
    c = w.color(name)
    at(w, axis, lines[0]).route(c, RAMP >> home)
    for k in lines[1:]:
        at(w, axis, k).route(c, [RAMP >> home, away >> home])
    at(w, axis, root).route(c, away >> RAMP)
    for k in lines:
        at(w, axis, k).mov(start, out=fabout(c, advance="own"))
    for _ in lines:
        at(w, axis, root).add(fabin(c), total, out=total)


# ---- wrong ---------------------------------------------------------------------------------


def untouched(w, x, total):
    raise NotImplementedError


def rows_then_a_column(w, x, total):
    """Right, and what par is."""
    rows, columns = w.shape
    colors = [w.color(name) for name in "abcd"]
    for k in range(columns - 1, 0, -1):
        w[:, k].route(colors[k % 2], RAMP >> WEST)
        w[:, k - 1].route(colors[k % 2], EAST >> RAMP)
    w[:, -1].mov(x, out=fabout(colors[(columns - 1) % 2]))
    for k in range(columns - 2, -1, -1):
        out = fabout(colors[k % 2]) if k else total
        w[:, k].add(fabin(colors[(k + 1) % 2]), x, out=out)
    for k in range(rows - 1, 0, -1):
        w[k, 0].route(colors[2 + k % 2], RAMP >> NORTH)
        w[k - 1, 0].route(colors[2 + k % 2], SOUTH >> RAMP)
    w[-1, 0].mov(total, out=fabout(colors[2 + (rows - 1) % 2]))
    for k in range(rows - 2, -1, -1):
        out = fabout(colors[2 + k % 2]) if k else total
        w[k, 0].add(fabin(colors[2 + (k + 1) % 2]), total, out=out)
    c = w.color("back")
    w[0, 0].route(c, RAMP >> (EAST, SOUTH))
    w[1:-1, 0].route(c, NORTH >> (RAMP, EAST, SOUTH))
    w[-1, 0].route(c, NORTH >> (RAMP, EAST))
    w[:, 1:-1].route(c, WEST >> (RAMP, EAST))
    w[:, -1].route(c, WEST >> RAMP)
    w[0, 0].mov(total, out=fabout(c))
    w[1:, 0].mov(fabin(c), out=total)
    w[:, 1:].mov(fabin(c), out=total)


def no_broadcast(w, x, total):
    to_the_middle(w, x, total)


def forgets_row_0(w, x, total):
    to_the_middle(w, x, total, first_row=1)
    back(w, total)


def forgets_the_middle_column(w, x, total):
    to_the_middle(w, x, total, own=False)
    back(w, total)


def forgets_column_0(w, x, total):
    rows, columns = w.shape
    r, m = rows // 2, columns // 2
    w[:, m].mov(x, out=total)
    chain(w, x, total, range(1, m + 1), EAST, WEST, 1, "west", x)
    chain(w, x, total, range(columns - 1, m - 1, -1), WEST, EAST, 1, "east", x)
    chain(w, x, total, range(r + 1), SOUTH, NORTH, 0, "north", total)
    chain(w, x, total, range(rows - 1, r - 1, -1), NORTH, SOUTH, 0, "south", total)
    back(w, total)


def only_along_the_rows(w, x, total):
    columns = w.shape[1]
    m = columns // 2
    w[:, m].mov(x, out=total)
    chain(w, x, total, range(m + 1), EAST, WEST, 1, "west", x)
    chain(w, x, total, range(columns - 1, m - 1, -1), WEST, EAST, 1, "east", x)
    back(w, total)


def the_last_row_hears_nothing(w, x, total):
    chains(w, x, total)
    rows, columns = w.shape
    c = next(color for color in w.colors if color.name == "back")
    w[-2, columns // 2].route(c, NORTH >> (RAMP, EAST, WEST), replace=True)
    c.entries[0][-1] = 0
    w.recorded.pop()
    others = np.ones(w.shape, bool)
    others[rows // 2, columns // 2] = others[-1] = False
    w[others].mov(fabin(c), out=total)


def the_square_only(w, x, total):
    if w.shape != (64, 64):
        w[...].mov(x, out=total)
        return
    chains(w, x, total)


def both_from_one_side(w, x, total):
    """East and west are swapped in one of the two halves."""
    m = w.shape[1] // 2
    w[:, m].mov(x, out=total)
    chain(w, x, total, range(m + 1), WEST, EAST, 1, "west", x)


def constant(w, x, total):
    w[...].mov(4096.0, out=total)


def takes_x_for_all(w, x, total):
    w[...].mul(x, 4096.0, out=total)


def by_a_kernel(w, x, total):
    wselab.kernels.write_reduce_2d(w, x, total)


def adds_on_the_host(w, x, total):
    total[...] = np.asarray(x).sum() + 1


WRONG = {
    untouched: "not written yet",
    rows_then_a_column: "come after 890 cycles: rows, then a column, then a broadcast take 890",
    no_broadcast: "right in other PEs, but not in 4,095 PEs",
    forgets_row_0: "4,032 vectors are in the sum .*4,096. Nothing of row 0 is in it",
    forgets_the_middle_column: "4,032 vectors are in the sum.*Nothing of column 32 is in it",
    forgets_column_0: "4,032 vectors are in the sum .*4,096. Nothing of column 0 is in it",
    only_along_the_rows: r"64 vectors are in the sum of PE \(0, 0\); there are 4,096",
    the_last_row_hears_nothing: r"right in other PEs, but not in 64 PEs, PE \(63, 0\) the first",
    the_square_only: "Right with 64 x 64 PEs, 1 value each, not with 17 x 30 PEs",
    both_from_one_side: "Deadlock|leaves the wafer|off the edge",
    constant: "The same comes out whatever numbers are loaded",
    takes_x_for_all: r"total\[0\] of PE \(0, 0\) is -?\d+; the sum is",
    by_a_kernel: "calls wselab.kernels",
    adds_on_the_host: "writes memory total from the host",
    p04_p.rows_then_a_column: "calls a function of the course itself",
}


@pytest.mark.parametrize("answer", [chains, stars])
@pytest.mark.parametrize("seed", [None, 4])
def test_programs_under_par_pass(answer, seed):
    """Chains to the middle, and stars; the score is held against par and the bound."""
    result = check("4.P", answer, seed)
    assert result.passed and 132 < result.score < result.par == 890, result
    assert "No program takes fewer than 132 cycles" in repr(result)


@pytest.mark.parametrize("answer", WRONG, ids=lambda answer: answer.__name__)
def test_a_mistake_is_named(answer):
    """In the first of the reasons, or the second."""
    result = check("4.P", answer)
    assert result.passed is False and result.points == 0
    assert re.search(WRONG[answer], "\n".join(result.reasons[:2]), re.DOTALL), result


@pytest.mark.parametrize("cheat", HOSTILE)
def test_a_right_program_that_does_more_than_write_earns_nothing(cheat):
    """It hears why."""
    answer, words = hostile(chains)[cheat]
    result = check("4.P", answer)
    assert result.passed is False and result.points == 0, result
    assert re.search(words, result.reasons[0]), result


def test_par_is_the_sum_of_the_parts():
    """Chains along rows and a column, and a broadcast, by the closed forms of the rules."""
    assert find("4.P").par == wselab.predict.all_reduce_2d(rows=64, columns=64, wavelets=1)


@pytest.mark.parametrize("shape", [(64, 64), (17, 30), (1, 2), (5, 1)])
@pytest.mark.parametrize("ramp_latency", [1, 2, 3])
def test_the_bound_is_what_one_wavelet_takes_from_corner_to_corner(shape, ramp_latency):
    """So no program can be under it, and none can prove a larger one by distance alone."""
    w = wse.Wafer(*shape, ramp_latency=ramp_latency)
    x, c = w.memory("x", 1), w.color("c")
    rows, columns = shape
    turn, end = (0, columns - 1), (rows - 1, columns - 1)
    w[0, :-1].route(c, WEST >> EAST)
    w[:-1, -1].route(c, NORTH >> SOUTH)
    if rows > 1 and columns > 1:
        w[turn].route(c, WEST >> SOUTH, replace=True)
    w[0, 0].route(c, RAMP >> (EAST if columns > 1 else SOUTH), replace=True)
    w[end].route(c, (NORTH if rows > 1 else WEST) >> RAMP, replace=True)
    x[0, 0] = 7.0
    w[0, 0].mov(x, out=fabout(c))
    w[end].mov(fabin(c), out=x)
    cycles = w.run(engine="reference" if rows < 20 else None).cycles
    assert cycles == p04_p.distance_bound(rows, columns, ramp_latency)
    assert x[end] == 7.0


def test_the_bound_has_the_chip_s_ramps():
    """The puzzle is on a WSE-2."""
    size = find("4.P").sizes()[0]
    w = find("4.P").wafer(size)[0]
    assert w.rules.ramp_latency == WSE2.ramp_latency_cycles
    assert f" {p04_p.distance_bound(64, 64, w.rules.ramp_latency)} cycles" in find("4.P").bound()
