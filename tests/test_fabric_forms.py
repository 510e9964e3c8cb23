"""Operations of one form, which the lockstep engine computes together."""

from __future__ import annotations

import numpy as np
import pytest

import wselab as wse
from wselab import EAST, RAMP, WEST, fabin, fabout, kernels
from wselab.fabric import price
from wselab.fabric.engines import processors
from wselab.fabric.engines.forms import forms
from wselab.fabric.program import Program


def test_operations_that_use_other_values_of_the_same_memories_are_of_one_form() -> None:
    """Not those that differ in kind, in memory, in length, in color or in where they begin."""
    w = wse.Wafer(1, 4)
    x, y, c, d = w.memory("x", 8), w.memory("y", 8), w.color("c"), w.color("d")
    starts = np.arange(4).reshape(1, 4)
    first = w[0, 0]
    first.add(x.own[:3], 2.0, out=x.own[5:])
    first.add(x.own[1:4], 3.0, out=x.own[5:])  # as the one before
    first.mul(x.own[:4], 2.0, out=x.own[4:])
    first.add(y.own[:4], 2.0, out=x.own[4:])
    first.add(x.own[:2], 2.0, out=x.own[6:])
    first.mov(x.own[:4], out=fabout(c))
    first.mov(x.own[4:], out=fabout(c))  # as the one before
    first.mov(x.own[4:], out=fabout(d))
    first.mov(x.own[4:], out=fabout(d), microthread=True)
    first.mov(x.own[4:], out=fabout(d, advance="own"))
    first.mov(fabin(d), out=x.own[4:])
    w[0, :].mov(x.own[starts : starts + 2], out=y.own[:2])
    w[0, :].mov(x.own[starts + 1 : starts + 3], out=y.own[:2])
    found, form, row = forms(Program.of(w).operations)
    assert form.tolist() == [0, 0, 1, 2, 3, 4, 4, 5, 6, 7, 8, 9, 10]
    assert row.tolist() == [0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]
    assert found[0].tables[1].tolist() == [2.0, 3.0]
    places = found[0].places(0, np.array([0, 1]), np.array([0, 0]), np.array([1, 2]))
    assert places.tolist() == [1, 3]


@pytest.mark.parametrize("engine", ["reference", "lockstep", "bitplane"])
def test_pes_at_different_operations_of_one_form_compute_each_its_own(engine: str) -> None:
    """Every PE multiplies another part by another number, and sends on as many as it has."""
    w = wse.Wafer(1, 6)
    x, got, c = w.memory("x", (6, 4)), w.memory("got", 4), w.color("c")
    x[...] = np.arange(x.array.size).reshape(x.shape)
    w[0, ::2].route(c, RAMP >> EAST)
    w[0, 1::2].route(c, WEST >> RAMP)
    for column in range(0, 6, 2):
        w[0, column].mul(x.own[column], float(column + 1), out=fabout(c))
        w[0, column + 1].add(fabin(c), x.own[column], out=got)
    w.run(engine)
    for column in range(0, 6, 2):
        sent = x[0, column, column] * (column + 1)
        assert np.array_equal(got[0, column + 1], sent + x[0, column + 1, column])


@pytest.mark.parametrize("at_once", [1, 3, 7, 100])
def test_elements_are_computed_some_at_a_time(
    at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many in each PE as it says, however many are taken together."""
    monkeypatch.setattr(processors, "AT_ONCE", at_once)
    w = wse.Wafer(1, 4)
    x, counts = w.memory("x", 9), np.array([[2, 0, 9, 5]])
    x[...] = np.arange(36).reshape(1, 4, 9)
    expected = np.where(np.arange(9) < counts[..., None], 2 * x.array, x.array)
    w[0, :].mul(x.own[:counts], 2.0, out=x.own[:counts])
    run = w.run("lockstep")
    assert np.array_equal(x.array, expected)
    assert run.cycles == 9


def test_many_long_lists_of_operations_go_to_the_lockstep_engine() -> None:
    """A product on 16 x 16 PEs; one on 4 x 4 is done before it would matter."""
    A = np.ones((32, 32), np.float32)
    product, run = kernels.gemm(A, A, (16, 16))
    assert run.engine == "lockstep" and "long lists of their own" in run.exact_because
    assert (product == 32).all()
    assert kernels.gemm(A[:8, :8], A[:8, :8], (4, 4))[1].engine == "bitplane"


def lists(columns: int, each: int, elements: int) -> Program:
    """PEs with ``each`` operations of their own."""
    w = wse.Wafer(1, columns)
    x = w.memory("x", elements)
    for column in range(columns):
        for _ in range(each):
            w[0, column].add(x, 1.0, out=x)
    return Program.of(w)


def test_lists_that_are_short_or_take_long_stay_with_the_bitplane_engine() -> None:
    """There the lockstep engine would step many cycles, or may have to."""
    assert price.lockstep_is_quicker(lists(200, 21, elements=1))
    assert not price.lockstep_is_quicker(lists(200, 19, elements=1))
    assert not price.lockstep_is_quicker(lists(200, 21, elements=4000))
