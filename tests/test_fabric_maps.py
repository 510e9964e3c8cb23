"""Maps of a run: what each PE did, when wavelets came, what each link carried."""

from __future__ import annotations

import random

import numpy as np
import pytest

import wselab as wse
from wselab import EAST, RAMP, WEST, fabin, fabout

from .agreement.programs import Draw, random_wafer

ENGINES = ("lockstep", "bitplane")


def sender_and_receiver() -> wse.Wafer:
    """PE 0 works on memory for 5 cycles, then sends 5 values to PE 2; PE 3 does nothing."""
    w = wse.Wafer(1, 4, ramp_latency=2)
    x, c = w.memory("x", 5), w.color("c")
    w[0, 0].route(c, RAMP >> EAST)
    w[0, 1].route(c, WEST >> EAST)
    w[0, 2].route(c, WEST >> RAMP)
    w[0, 0].mul(x, 2.0, out=x)
    w[0, 0].mov(x, out=fabout(c))
    w[0, 2].mov(fabin(c), out=x)
    return w


@pytest.mark.parametrize("engine", ENGINES)
def test_maps_of_a_program_worked_out_by_hand(engine: str) -> None:
    """Busy, waiting and idle cycles, arrivals and link load are those that the rules give."""
    run = sender_and_receiver().run(engine=engine, maps=True)
    maps = run.maps
    # The first value is sent in cycle 5 and, 2 T_R + 1 cycles and 2 hops later, read in cycle 12.
    assert run.cycles == 17
    assert maps.busy.tolist() == [[10, 0, 5, 0]]
    assert maps.waiting.tolist() == [[0, 0, 12, 0]]
    assert maps.idle.tolist() == [[7, 17, 0, 17]]
    assert maps.first_arrival.tolist() == [[-1, -1, 11, -1]]
    assert maps.last_arrival.tolist() == [[-1, -1, 15, -1]]
    assert maps.link_load[EAST].tolist() == [[5, 5, 0, 0]]
    assert not maps.link_load[WEST].any()


def test_maps_of_two_engines_agree_on_random_programs() -> None:
    """Each map of the bitplane engine is that of the lockstep engine."""
    compared = 0
    for seed in range(60):
        found = []
        for engine in ENGINES:
            try:
                wafer = random_wafer(Draw(random.Random(seed)))
                found.append(wafer.run(engine=engine, maps=True, max_cycles=20_000))
            except wse.RunError:
                break
        else:
            one, other = (run.maps for run in found)
            for name in ("busy", "waiting", "idle", "first_arrival", "last_arrival"):
                assert np.array_equal(getattr(one, name), getattr(other, name)), (seed, name)
            for port, load in one.link_load.items():
                assert np.array_equal(load, other.link_load[port]), (seed, port)
            assert ((one.busy + one.waiting + one.idle) == found[0].cycles).all()
            assert sum(int(load.sum()) for load in one.link_load.values()) >= found[0].hops
            compared += 1
    assert compared > 20


@pytest.mark.parametrize("engine", ENGINES)
def test_microthreads_that_work_beside_another_operation_count_once(engine: str) -> None:
    """A cycle in which a PE sends and receives is one busy cycle."""
    w = wse.Wafer(1, 2)
    x, y = w.memory("x", 8), w.memory("y", 8)
    there, back = w.color("there"), w.color("back")
    for here, port, out, into in ((0, EAST, there, back), (1, WEST, back, there)):
        w[0, here].route(out, RAMP >> port)
        w[0, here].route(into, port >> RAMP)
        w[0, here].mov(fabin(into), out=y, microthread=True)
        w[0, here].mov(x, out=fabout(out))
    run = w.run(engine=engine, maps=True)
    # Sends in cycles 1 to 8; 2 T_R + 2 cycles behind each it is read, in cycles 7 to 14.
    assert run.cycles == 15
    assert run.maps.busy.tolist() == [[14, 14]]
    assert run.maps.waiting.tolist() == [[1, 1]]


def test_maps_are_opt_in() -> None:
    """A run without them says how to get them; the reference engine has none."""
    with pytest.raises(wse.ProgramError, match=r"w\.run\(maps=True\)"):
        _ = sender_and_receiver().run().maps
    with pytest.raises(wse.ProgramError, match="engine='lockstep'"):
        sender_and_receiver().run(engine="reference", maps=True)
