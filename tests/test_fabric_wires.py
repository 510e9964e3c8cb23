"""Long links, each rule by a program small enough to count its cycles by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import wselab as wse
from wselab import EAST, NORTH, RAMP, SOUTH, WEST, Wafer, fabin, fabout
from wselab.fabric.wires import Wires

engines = pytest.mark.parametrize("engine", ["reference", "lockstep", "bitplane"])
ramps = pytest.mark.parametrize("T", [1, 2, 3])
lengths = pytest.mark.parametrize("length", [1, 2, 3, 4, 7])


def row(length: int, n: int, **rules: Any) -> tuple[Wafer, Any, Any]:
    """Two PEs and a link of some length; the western one is to send x to the eastern one's y."""
    w = Wafer(1, 2, wires=([[length]], None), **rules)
    x, y = w.memory("x", n), w.memory("y", n)
    x[0, 0] = np.arange(n)
    c = w.color("c")
    w[0, 0].route(c, RAMP >> EAST)
    w[0, 1].route(c, WEST >> RAMP)
    w[0, 0].mov(x, out=fabout(c))
    return w, c, y


@engines
@ramps
@lengths
@pytest.mark.parametrize("n", [1, 2, 30])
def test_a_link_of_length_w_takes_w_cycles_and_passes_a_wavelet_a_cycle(
    engine: str, T: int, length: int, n: int
) -> None:
    """Two ramps, w cycles of link, and an element after the other."""
    w, c, y = row(length, n, ramp_latency=T)
    w[0, 1].mov(fabin(c), out=y)
    run = w.run(engine=engine)
    assert run.cycles == n + 2 * T + length + 1
    assert (run.hops, run.ramps) == (n, n)
    assert y[0, 1].tolist() == list(range(n))


@engines
@lengths
@pytest.mark.parametrize("Q", [2, 3])
def test_a_link_that_nobody_reads_fills_up(engine: str, length: int, Q: int) -> None:
    """It holds w - 1 wavelets, before two queues and a belt of each ramp that hold what they do."""
    w, c, _ = row(length, 40, queue_depth=Q)
    with pytest.raises(wse.Deadlock) as stopped:
        w.run(engine=engine)
    state, T = stopped.value.state, wse.WSE2.ramp_latency_cycles
    assert state.coming[c.number][WEST.number].tolist() == [[0, length - 1]]
    assert state.coming[c.number][[0, 1, 2]].max() == 0
    assert int(state.inside(c.number).sum()) == 3 * Q + T + (length - 1) + (T - 1)
    assert state.leaving[c.number].tolist() == [[T, 0]]
    assert "the queue of color c at PE (0, 1) is full" in str(stopped.value)


@engines
def test_wavelets_left_on_a_long_link_are_named(engine: str) -> None:
    """A run that ends while some are on the way there is `Undrained`."""
    w, c, _ = row(9, 12)
    with pytest.raises(wse.Undrained, match="12 wavelets left") as stopped:
        w.run(engine=engine)
    assert stopped.value.state.coming[c.number][WEST.number, 0, 1] == 8


def test_a_read_that_waits_says_that_its_wavelet_is_on_the_long_link() -> None:
    """As errors, traces and players tell it."""
    w, c, y = row(9, 3)
    w[0, 1].mov(fabin(c), out=y)
    frame = w.run(trace=True).trace.at(8)
    assert "one is on the long link from PE (0, 0) to PE (0, 1)" in frame.pe(0, 1).why
    assert frame.pe(0, 1).wavelets("c", "link") == [2.0, 1.0, 0.0]
    places = frame.wavelets[frame.wavelets["place"] == "link"]
    assert sorted(places["value"].tolist()) == [0.0, 1.0, 2.0]


@engines
@pytest.mark.parametrize("port", [NORTH, EAST, SOUTH, WEST])
def test_both_directions_of_a_link_are_as_long(engine: str, port: Any) -> None:
    """By whatever port a wavelet enters, the way there has the length of that link."""
    w = Wafer(3, 3, wires=([[2, 3], [4, 5], [6, 7]], [[2, 3, 4], [5, 6, 7]]))
    x, c = w.memory("x", 1), w.color("c")
    down, right = port.step
    away = {NORTH: SOUTH, SOUTH: NORTH, EAST: WEST, WEST: EAST}[port]
    w[1 + down, 1 + right].route(c, RAMP >> away)
    w[1, 1].route(c, port >> RAMP)
    w[1 + down, 1 + right].mov(x, out=fabout(c))
    w[1, 1].mov(fabin(c), out=x)
    length = {NORTH: 3, EAST: 5, SOUTH: 6, WEST: 4}[port]
    assert w.run(engine=engine).cycles == 1 + 2 * wse.WSE2.ramp_latency_cycles + length + 1


@engines
def test_a_multicast_over_links_of_different_length_waits_for_the_slowest_only_when_full(
    engine: str,
) -> None:
    """Both branches take a wavelet a cycle, whatever their length."""
    w = Wafer(1, 3, wires=([[1, 8]], None))
    x, c, n = w.memory("x", 20), w.color("c"), 20
    w[0, 1].route(c, RAMP >> (WEST, EAST))
    w[0, 0].route(c, EAST >> RAMP)
    w[0, 2].route(c, WEST >> RAMP)
    w[0, 1].mov(x, out=fabout(c))
    w[0, ::2].mov(fabin(c), out=x)
    assert w.run(engine=engine).cycles == n + 2 * wse.WSE2.ramp_latency_cycles + 8 + 1


def test_a_circle_holds_more_where_its_links_are_long() -> None:
    """Two PEs that both send before they take stop, unless links and queues hold all they send."""
    holds = 3 * wse.WSE2.queue_depth + 2 * wse.WSE2.ramp_latency_cycles - 1
    for length in (1, 6):
        for n in (holds + length - 1, holds + length):
            w = Wafer(1, 2, wires=([[length]], None))
            x, y = w.memory("x", n), w.memory("y", n)
            a, b = w.alternating("a", "b", by="column")
            w[0, 0].route(a, RAMP >> EAST)
            w[0, 1].route(b, WEST >> RAMP)
            w[0, 1].route(a, RAMP >> WEST)
            w[0, 0].route(b, EAST >> RAMP)
            w[...].mov(x, out=fabout(a))
            w[...].mov(fabin(b), out=y)
            found = [one.kind for one in w.verify()]
            if n == holds + length:
                assert found, (length, n)
                with pytest.raises(wse.Deadlock):
                    w.run()
            else:
                assert not found, (length, n)
                w.run()


def test_a_critical_path_counts_the_cycles_of_a_long_link() -> None:
    """Its cycles are on links, as those of others are."""
    w, c, y = row(5, 2)
    w[0, 1].mov(fabin(c), out=y)
    found = w.run(trace=True).explain()
    ramps = 2 * wse.WSE2.ramp_latency_cycles
    assert found.by_cause == {"elements": 3, "ramp": ramps, "link": 5}
    assert "2 on the ramp, 5 on links, 2 on the ramp" in str(found)


def test_a_trace_with_long_links_is_kept_in_a_file(tmp_path: Any) -> None:
    """And answers as before."""
    w, c, y = row(4, 3)
    w[0, 1].mov(fabin(c), out=y)
    trace = w.run(trace=True).trace
    trace.to_json(tmp_path / "trace.json")
    again = wse.Trace.from_json(tmp_path / "trace.json")
    for cycle in range(trace.first, trace.last + 1):
        one, other = trace.at(cycle), again.at(cycle)
        assert str(one) == str(other)
        assert one.pe(0, 1).why == other.pe(0, 1).why
        assert one.wavelets.tolist() == other.wavelets.tolist()


@pytest.mark.parametrize(
    ("wires", "match"),
    [
        (3, r"wires=int: expected a pair \(east, south\)"),
        ((None, None, None), "expected a pair"),
        ((np.ones((2, 3), int), None), r"east is an array of int64 of shape \(2, 3\).*\(2, 2\)"),
        ((np.ones((2, 2)), None), "east is an array of float64"),
        ((None, [[1, 2, 0]]), r"south\[0, 2\] is 0; a link is 1 to 64 long"),
        ((None, [[1, 65, 1]]), r"south\[0, 1\] is 65"),
    ],
)
def test_wrong_wires_are_refused(wires: Any, match: str) -> None:
    """With what is wrong, where, and what was expected."""
    with pytest.raises(wse.ProgramError, match=match):
        Wafer(2, 3, wires=wires)


def test_lengths_are_those_of_the_link_behind_each_port() -> None:
    """1 where there is no link."""
    wires = Wires((2, 2), [[2], [3]], [[4, 5]])
    assert wires.into(EAST).tolist() == [[2, 1], [3, 1]]
    assert wires.into(WEST).tolist() == [[1, 2], [1, 3]]
    assert wires.into(SOUTH).tolist() == [[4, 5], [1, 1]]
    assert wires.into(NORTH).tolist() == [[1, 1], [4, 5]]
    assert (wires.longest, Wires((2, 2)).longest) == (5, 1)
