"""A program as plain data comes back as it was, and what is no program is refused."""

from __future__ import annotations

import copy
import json
import random

import numpy as np
import pytest

import wselab as wse
from wselab import EAST, RAMP, WEST, fabout
from wselab.course.recorded import recorded, rewritten

from .agreement.compare import outcome
from .agreement.programs import Draw, random_wafer


@pytest.mark.parametrize("beyond", [False, True])
@pytest.mark.parametrize("block", range(3))
def test_a_program_comes_back_as_it_was(beyond, block):
    """Random programs, tasks and switches too, end alike after a way through JSON."""
    compared = 0
    for seed in range(100 * block, 100 * block + 25):
        w = random_wafer(Draw(random.Random(seed)), beyond)
        if w.hosts:  # no answer of a problem may have them
            continue
        del w.later
        fresh = rewritten(json.loads(json.dumps(recorded(w))), like=w)
        for name, memory in w.memories.items():
            assert not fresh.memories[name].array.any()
            fresh.memories[name][...] = memory.array
        assert [str(one) for one in fresh.recorded] == [str(one) for one in w.recorded]
        assert [one.line for one in fresh.recorded] == [one.line for one in w.recorded]
        engine = "lockstep" if beyond else "bitplane"
        assert outcome(fresh, engine) == outcome(w, engine), seed
        compared += 1
    assert compared > 10


def small():
    """A wafer on which every kind of part stands: slices, masks, tasks, starts by PE."""
    w = wse.Wafer(2, 3)
    x, s, c = w.memory("x", 4), w.memory("s", ()), w.color("c")
    w[:, 0].route(c, RAMP >> EAST)
    w[:, 1].route(c, [WEST >> RAMP, WEST >> (RAMP, EAST)])
    w[:, 0].mov(x.own[np.array([[0], [1]]) : np.array([[2], [3]])], out=fabout(c))
    w[np.array([[True, False, False]] * 2)].add(x.own[::2], 1.0, out=x.own[::2])

    @w[:, 1].task(c, data_dependent=True)
    def add_up(pe, wavelet):
        pe.where(wavelet > 2.0).add(s, wavelet, out=s)

    return w


def test_every_part_is_in_the_record():
    """Region, operand, condition and position: the record of the copy is the record."""
    w = small()
    once = json.loads(json.dumps(recorded(w)))
    assert recorded(rewritten(once, like=w)) == once
    assert "where(wavelet > 2.0)" in str(rewritten(once, like=w).tasks[0].operations)


BROKEN = {
    "memories": [[["x", [4], "float64"]], [["x", [-4], "float32"]], 7, [["x", [10**9], "float32"]]],
    "colors": [[{}], [{"name": "c", "entries": ["00"], "exits": ["00"]}], [None], None,
               [{"name": "c", "entries": ["ff" * 6], "exits": ["01" * 6]}],
               [{"name": "c", "entries": ["05" * 6], "exits": ["ff" * 6]}],
               [{"name": "c", "entries": [], "exits": []}]],
    "operations": [[{}], "no", [None]],
    "in tasks": [[{"kind": ">"}], 3],
    "tasks": [[{"color": 9}], [7]],
}  # fmt: skip


@pytest.mark.parametrize(("part", "nonsense"), [(k, n) for k, many in BROKEN.items() for n in many])
def test_what_is_no_program_is_refused(part, nonsense):
    """Whatever a stranger's process says, it ends as a ValueError."""
    w = small()
    program = {**recorded(w), part: nonsense}
    with pytest.raises(ValueError):
        rewritten(program, like=w)
    with pytest.raises(ValueError):
        rewritten({name: value for name, value in recorded(w).items() if name != part}, like=w)


CHANGES = {
    "kind": ["dance", None, 3],
    "where": [[[0, 9]], "zz", None, [["a", 1, 1], [0, 1, 1]]],
    "inputs": [[], [{"fabin": 7}], [{"memory": "none", "own": []}], ["x"], [None]],
    "out": [None, 3.0, {"fabout": "c"}, {"memory": "x", "own": [[0, 99, "a"]]}],
    "when": [99, "x"],
}


@pytest.mark.parametrize(
    ("part", "nonsense"), [(k, n) for k, many in CHANGES.items() for n in many]
)
def test_an_operation_that_is_none_is_refused(part, nonsense):
    """Each part of an operation is written anew by the wafer's own words, which check it."""
    w = small()
    program = copy.deepcopy(recorded(w))
    program["operations"][0][part] = nonsense
    with pytest.raises(ValueError):
        rewritten(program, like=w)


def test_numbers_stay_behind():
    """What a memory holds is not in the record."""
    w = small()
    before = recorded(w)
    w.memories["x"][...] = 7.0
    assert recorded(w) == before and "7.0" not in json.dumps(before)
