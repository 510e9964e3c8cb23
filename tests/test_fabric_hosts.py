"""Streams between the host and the wafer's edge, by programs small enough to count by hand.

A wavelet that the host gives in cycle t is in its router's queue in cycle t + 1; one that leaves
over the edge is the host's in the cycle in which it leaves. Of L links a host that carries r
wavelets a cycle serves r in turn, so that link i is served for the k-th time, from 0, in cycle
(L k + i) // r if r is at most L, and in every cycle otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from wselab import (
    EAST,
    NORTH,
    RAMP,
    SOUTH,
    WEST,
    Deadlock,
    ProgramError,
    StillRunning,
    Undrained,
    Wafer,
    fabin,
    fabout,
)

from .fabric_programs import LINK, busy, constants, latencies, wafer

engines = pytest.mark.parametrize("engine", ["reference", "lockstep"])


def numbers(*shape: int) -> np.ndarray:
    """0, 1, 2, ... in that shape."""
    return np.arange(np.prod(shape), dtype=np.float32).reshape(shape)


# The way in, the way out


@engines
@constants
@pytest.mark.parametrize("d", [0, 1, 4])
@pytest.mark.parametrize("n", [1, 15])
def test_what_the_host_sends_comes_in_over_the_edge(
    engine: str, T: int, Q: int, d: int, n: int
) -> None:
    """n wavelets into PEs d links from the edge: n + 1 + d + T cycles, n d hops a row."""
    w = wafer(3, d + 1, ramp_latency=T, queue_depth=Q)
    y, c = w.memory("y", n), w.color("c")
    w[:, :d].route(c, WEST >> EAST)
    w[:, d].route(c, WEST >> RAMP)
    w[:, 0].host_in(c, numbers(3, n), edge=WEST)
    w[:, d].mov(fabin(c), out=y)
    run = w.run(engine=engine)
    assert run.cycles == n + 1 + d + T
    assert run.hops == 3 * n * d and run.ramps == 3 * n
    assert (y[:, d] == numbers(3, n)).all()


@engines
@constants
@pytest.mark.parametrize("d", [0, 1, 4])
@pytest.mark.parametrize("n", [1, 15])
def test_what_pes_send_over_the_edge_the_host_has(
    engine: str, T: int, Q: int, d: int, n: int
) -> None:
    """n wavelets from PEs d links from the edge: n + T + 1 + d cycles, n d hops a row."""
    w = wafer(3, d + 1, ramp_latency=T, queue_depth=Q)
    x, c = w.memory("x", n), w.color("c")
    x[:, 0] = numbers(3, n)
    w[:, 0].route(c, RAMP >> EAST)
    w[:, 1:].route(c, WEST >> EAST)
    w[:, 0].mov(x, out=fabout(c))
    got = w[:, -1].host_out(c, n, edge=EAST)
    run = w.run(engine=engine)
    assert run.cycles == n + T + 1 + d
    assert run.hops == 3 * n * d and run.ramps == 0
    assert got.shape == (3, 1, n) and got.dtype == np.float32 and (got[:, 0] == numbers(3, n)).all()


@engines
@pytest.mark.parametrize("columns", [1, 2, 9])
def test_a_stream_may_pass_through_the_wafer(engine: str, columns: int) -> None:
    """From the host to the host: n + C cycles, without a processor."""
    n = 12
    w = wafer(2, columns)
    c = w.color("c")
    w[...].route(c, WEST >> EAST)
    w[:, 0].host_in(c, numbers(2, n), edge=WEST)
    got = w[:, -1].host_out(c, n, edge=EAST)
    run = w.run(engine=engine)
    assert run.cycles == n + columns
    assert run.hops == 2 * n * (columns - 1) and run.ramps == 0
    assert (got[:, 0] == numbers(2, n)).all()


@engines
@pytest.mark.parametrize("port", [NORTH, EAST, SOUTH, WEST])
def test_each_edge_has_its_links(engine: str, port: Any) -> None:
    """In over each edge, to the middle of three, and back out by the same edge."""
    n = 6
    w = wafer(3, 3)
    into, out, y = w.color("into"), w.color("out"), w.memory("y", n)
    edge = {NORTH: w[0, 1], EAST: w[1, 2], SOUTH: w[2, 1], WEST: w[1, 0]}[port]
    back = {NORTH: SOUTH, EAST: WEST, SOUTH: NORTH, WEST: EAST}[port]
    edge.route(into, port >> back)
    w[1, 1].route(into, port >> RAMP)
    w[1, 1].route(out, RAMP >> port)
    edge.route(out, back >> port)
    edge.host_in(into, numbers(n))
    w[1, 1].mul(fabin(into), 2.0, out=fabout(out), n=n)
    got = edge.host_out(out, n)
    # 1 + 1 + T to the processor, which sends in the same cycle, and T + 1 + 1 back to the host.
    assert w.run(engine=engine).cycles == n + (2 + 2) + (2 + 2)
    assert (got[0, 0] == 2 * numbers(n)).all() and not np.asarray(y).any()


@engines
def test_a_stream_that_is_held_back_waits_at_the_host(engine: str) -> None:
    """A reader that works K cycles first takes n more: nothing is lost, and no rate."""
    K, n = 60, 30
    w = wafer(1, 4)
    y, z, c = w.memory("y", n), w.memory("z", K), w.color("c")
    w[0, :3].route(c, WEST >> EAST)
    w[0, 3].route(c, WEST >> RAMP)
    w[0, 0].host_in(c, numbers(n), edge=WEST)
    busy(w[0, 3], z, K)
    w[0, 3].mov(fabin(c), out=y)
    assert w.run(engine=engine).cycles == K + n
    assert (y[0, 3] == numbers(n)).all()


# The host's turn


@engines
@latencies
@pytest.mark.parametrize("rows", [43, 44, 45, 50, 88, 100])
@pytest.mark.parametrize("n", [1, 3])
def test_the_host_gives_44_wavelets_a_cycle(engine: str, T: int, rows: int, n: int) -> None:
    """n wavelets over each of L links: ceil(L n / 44) cycles, n at least, and 1 + T of way."""
    w = wafer(rows, 1, ramp_latency=T)
    y, c = w.memory("y", n), w.color("c")
    w[...].route(c, WEST >> RAMP)
    w[...].host_in(c, numbers(rows, n), edge=WEST)
    w[...].mov(fabin(c), out=y)
    assert w.rules.io_wavelets == 44
    assert w.run(engine=engine).cycles == max(n, -(-rows * n // 44)) + 1 + T
    assert (y[:, 0] == numbers(rows, n)).all()


@engines
@pytest.mark.parametrize("rows", [44, 45, 88, 100])
def test_the_host_takes_44_wavelets_a_cycle(engine: str, rows: int) -> None:
    """One wavelet a link, all at the edge in cycle T + 1 = 3: that of link i leaves in its turn.

    In cycle 3 it is the turn of links 132, 133, ... 175, counted around.
    """
    w = wafer(rows, 1)
    x, c = w.memory("x", ()), w.color("c")
    x[...] = numbers(rows, 1)
    w[...].route(c, RAMP >> EAST)
    w[...].mov(x, out=fabout(c), n=1)
    got = w[...].host_out(c, 1, edge=EAST)
    last = 3 + -(-rows // 44) - 1  # all have had their turn from cycle 3 to this one
    assert w.run(engine=engine).cycles == last + 1
    assert (got[:, 0] == numbers(rows, 1)).all()


@engines
@pytest.mark.parametrize("columns", [3, 4])
def test_in_and_out_have_a_turn_each(engine: str, columns: int) -> None:
    """Four rows at two wavelets a cycle: links 0 and 1 in even cycles, 2 and 3 in odd ones.

    The last two of n are given in cycle 2 n - 1 and C cycles later at the other edge, where it is
    their turn if C is even, or a cycle after.
    """
    n = 7
    w = wafer(4, columns, io_wavelets=2)
    c = w.color("c")
    w[...].route(c, WEST >> EAST)
    w[:, 0].host_in(c, numbers(4, n), edge=WEST)
    got = w[:, -1].host_out(c, n, edge=EAST)
    assert w.run(engine=engine).cycles == (2 * n - 1) + columns + columns % 2 + 1
    assert (got[:, 0] == numbers(4, n)).all()


@engines
@latencies
def test_all_streams_of_a_launch_share_the_turn(engine: str, T: int) -> None:
    """Two colors into three rows at three wavelets a cycle: each has every other cycle."""
    n = 5
    w = wafer(3, 1, ramp_latency=T, io_wavelets=3)
    a, b, y = w.color("a"), w.color("b"), w.memory("y", (2, n))
    for i, c in enumerate((a, b)):
        w[...].route(c, WEST >> RAMP)
        w[...].host_in(c, numbers(3, n) + 100 * i, edge=WEST)
        w[...].mov(fabin(c), out=y.own[i], microthread=True)
    assert w.run(engine=engine).cycles == (2 * n - 1) + 1 + T + 1
    assert (y[:, 0, 0] == numbers(3, n)).all() and (y[:, 0, 1] == numbers(3, n) + 100).all()


@engines
def test_a_link_that_has_nothing_to_give_has_its_turn_all_the_same(engine: str) -> None:
    """Of two links at one wavelet a cycle the second has cycles 1, 3, 5, 7 and 9."""
    w = wafer(2, 1, io_wavelets=1)
    a, b, y = w.color("a"), w.color("b"), w.memory("y", 5)
    w[0].route(a, WEST >> RAMP)
    w[1].route(b, WEST >> RAMP)
    w[0].host_in(a, [1], edge=WEST)
    w[1].host_in(b, numbers(5), edge=WEST)
    w[0].mov(fabin(a), out=y.own[:1])
    w[1].mov(fabin(b), out=y)
    assert w.run(engine=engine).cycles == 9 + 1 + 2 + 1


@engines
@latencies
@pytest.mark.parametrize("row", [0, 1, 3])
def test_the_turn_begins_with_the_first_link(engine: str, T: int, row: int) -> None:
    """Four links, one wavelet a cycle: that of link i comes in cycle i, and row i goes on then."""
    w = wafer(4, 1, ramp_latency=T, io_wavelets=1)
    y, z, c = w.memory("y", 1), w.memory("z", 100), w.color("c")
    w[...].route(c, WEST >> RAMP)
    w[...].host_in(c, numbers(4, 1), edge=WEST)
    w[...].mov(fabin(c), out=y)
    busy(w[row], z, 100)
    assert w.run(engine=engine).cycles == row + 1 + T + 1 + 100


@engines
@latencies
def test_a_link_far_from_its_turn_is_no_deadlock(engine: str, T: int) -> None:
    """Sixty links, one wavelet a cycle: between its two turns nothing moves for 59 cycles.

    The last link gives in cycles 59 and 119, the others have one wavelet each.
    """
    w = wafer(60, 1, ramp_latency=T, io_wavelets=1)
    y, c = w.memory("y", 2), w.color("c")
    w[...].route(c, WEST >> RAMP)
    w[:59].host_in(c, np.ones((59, 1)), edge=WEST)
    w[59].host_in(c, np.ones(2), edge=WEST)
    w[:59].mov(fabin(c), out=y.own[:1])
    w[59].mov(fabin(c), out=y)
    assert w.run(engine=engine).cycles == 119 + 1 + T + 1


@engines
def test_a_wavelet_that_leaves_two_ways_waits_for_the_hosts_turn(engine: str) -> None:
    """A copy for the PE at the edge goes when the host takes the other: every other cycle.

    Two rows, one wavelet a cycle. They come to the edge in cycle T + 2 = 4; row 0 has even cycles,
    row 1 odd ones: the last of its n leaves in cycle 5 + 2 (n - 1), and is handled T later.
    """
    n = 9
    w = wafer(2, 2, io_wavelets=1)
    x, c = w.memory("x", n), w.color("c")
    x[:, 0] = numbers(2, n)
    w[:, 0].route(c, RAMP >> EAST)
    w[:, 1].route(c, WEST >> (RAMP, EAST))
    w[:, 0].mov(x, out=fabout(c))
    w[:, 1].mov(fabin(c), out=x)
    got = w[:, 1].host_out(c, n, edge=EAST)
    assert w.run(engine=engine).cycles == 5 + 2 * (n - 1) + 2 + 1
    assert (got[:, 0] == numbers(2, n)).all() and (x[:, 1] == numbers(2, n)).all()


# With the rest


@engines
@latencies
def test_the_host_wakes_tasks(engine: str, T: int) -> None:
    """The first of n is taken in cycle 1 + T, each costs 2 cycles."""
    n = 8
    w = wafer(2, 1, ramp_latency=T)
    s, c = w.memory("s", ()), w.color("c")
    w[...].route(c, WEST >> RAMP)

    @w[...].task(c)
    def add_up(pe: Any, wavelet: Any) -> None:
        pe.add(s, wavelet, out=s)

    w[...].host_in(c, numbers(2, n), edge=WEST)
    assert w.run(engine=engine).cycles == 1 + T + 2 * n
    assert s[:, 0].tolist() == [28, 92]


@engines
def test_the_host_has_what_tasks_find(engine: str) -> None:
    """A filter between two edges; the host knows how many there are to be."""
    w = wafer(2, 1)
    into, out = w.color("into"), w.color("out")
    w[...].route(into, WEST >> RAMP)
    w[...].route(out, RAMP >> EAST)

    @w[...].task(into, data_dependent=True)
    def large(pe: Any, wavelet: Any) -> None:
        pe.where(wavelet >= 4).mul(wavelet, 10.0, out=fabout(out))

    w[...].host_in(into, [[4, 1, 5, 0, 9], [7, 6, 5, 1, 2]], edge=WEST)
    got = w[...].host_out(out, 3, edge=EAST)
    w.run(engine=engine)
    assert got[:, 0].tolist() == [[40, 50, 90], [70, 60, 50]]


@engines
@constants
def test_the_hosts_stream_follows_a_switch(engine: str, T: int, Q: int) -> None:
    """A PE at the edge sends a head, then lets the host's data pass: no bubble between them.

    The host gives its first in the cycle in which the control wavelet is in the router.
    """
    n, m, d = 4, 9, 3
    w = wafer(1, d + 1, ramp_latency=T, queue_depth=Q)
    y, c = w.memory("y", n + m), w.color("c")
    w[0, d].route(c, [RAMP >> WEST, EAST >> WEST])
    w[0, 1:d].route(c, EAST >> WEST)
    w[0, 0].route(c, EAST >> RAMP)
    w[0, d].mov(-1.0, out=fabout(c, advance="own"), n=n)
    w[0, d].host_in(c, numbers(m), edge=EAST)
    w[0, 0].mov(fabin(c), out=y)
    run = w.run(engine=engine)
    assert y[0, 0].tolist() == [-1] * n + [*range(m)]
    assert run.cycles == n + m + LINK(T, d)


@engines
def test_the_host_may_stand_at_a_corner_twice(engine: str) -> None:
    """One PE, one color: in over one edge, out over the other, and a second pair across."""
    w = wafer(1, 1)
    a, b = w.color("a"), w.color("b")
    w[0, 0].route(a, WEST >> EAST)
    w[0, 0].route(b, NORTH >> SOUTH)
    w[0, 0].host_in(a, numbers(5), edge=WEST)
    w[0, 0].host_in(b, numbers(5) + 10, edge=NORTH)
    east, south = w[0, 0].host_out(a, 5, edge=EAST), w[0, 0].host_out(b, 5, edge=SOUTH)
    assert w.run(engine=engine).cycles == 5 + 1
    assert east[0, 0].tolist() == [0, 1, 2, 3, 4] and south[0, 0].tolist() == [10, 11, 12, 13, 14]


@engines
def test_alternating_colors_stream_from_the_host_too(engine: str) -> None:
    """Rows have colors in turn; line i of the data is row i's."""
    n = 4
    w = wafer(5, 1)
    mine, _ = w.alternating("a", "b", by="row")
    y = w.memory("y", n)
    w[...].route(mine, WEST >> RAMP)
    w[...].host_in(mine, numbers(5, n), edge=WEST)
    w[...].mov(fabin(mine), out=y)
    assert w.run(engine=engine).cycles == n + 1 + 2
    assert (y[:, 0] == numbers(5, n)).all()


# Data


REGIONS: dict[str, tuple[Any, tuple, Any]] = {  # key, shape of the data, rows in order
    "a column": ((slice(None), 0), (4, 3), [0, 1, 2, 3]),
    "a column, with its axis": ((slice(None), 0), (4, 1, 3), [0, 1, 2, 3]),
    "every other row": ((slice(None, None, 2), 0), (2, 3), [0, 2]),
    "one row": ((2, 0), (3,), [2]),
    "one row, with an axis": ((2, 0), (1, 3), [2]),
    "a column from its end": ((slice(None, None, -1), 0), (4, 3), [3, 2, 1, 0]),
    "a column from its end, with its axis": ((slice(2, None, -2), 0), (2, 1, 3), [2, 0]),
    "a mask": (np.arange(8).reshape(4, 2) % 4 == 2, (2, 3), [1, 3]),
}


@engines
def test_the_host_sends_bfloat16(engine: str) -> None:
    """As the float32 that each of them is."""
    w = wafer(1, 1)
    x, c = w.memory("x", 3, dtype="bfloat16"), w.color("c")
    w[...].route(c, WEST >> RAMP)
    w[...].host_in(c, np.array([1.5, -2.0, 0.1]).astype("bfloat16"), edge=WEST)
    w[...].mov(fabin(c), out=x)
    w.run(engine=engine)
    assert x[0, 0].astype(float).tolist() == [1.5, -2.0, 0.10009765625]


@engines
@pytest.mark.parametrize("name", REGIONS)
def test_data_has_the_shape_of_the_region(engine: str, name: str) -> None:
    """A line for each PE of the region, wavelets last."""
    key, shape, rows = REGIONS[name]
    w = wafer(4, 2)
    y, c = w.memory("y", 3), w.color("c")
    w[key].route(c, WEST >> RAMP)
    w[key].host_in(c, numbers(*shape), edge=WEST)
    w[key].mov(fabin(c), out=y)
    w.run(engine=engine)
    expected = np.zeros((4, 2, 3))
    expected[rows, 0] = numbers(*shape).reshape(-1, 3)
    assert (np.asarray(y) == expected).all()


@engines
@pytest.mark.parametrize("key", [(slice(None, None, -1), -1), (slice(None), slice(2, None, -3))])
def test_what_comes_out_has_the_order_of_the_region(engine: str, key: Any) -> None:
    """A region named from its end has its lines from there, as `n` of one a PE has."""
    w = wafer(4, 3)
    c = w.color("c")
    w[...].route(c, WEST >> EAST)
    w[:, -1].route(c, RAMP >> EAST, replace=True)
    x = w.memory("x", 1)
    x[:, -1, 0] = [0, 1, 2, 3]
    w[key].mov(x, out=fabout(c))
    got = w[key].host_out(c, 1, edge=EAST)
    w.run(engine=engine)
    assert got.shape == (4, 1, 1) and got.ravel().tolist() == np.ravel(x[:, -1][key[:1]]).tolist()


@engines
@pytest.mark.parametrize("dtype", ["int64", "uint8", "float16", "float64", "list"])
def test_data_becomes_float32_wavelets_when_it_is_given(engine: str, dtype: str) -> None:
    """It is taken as it was: what the learner does with the array afterwards changes nothing."""
    w = wafer(2, 1)
    y, c = w.memory("y", 3), w.color("c")
    data: Any = numbers(2, 3).astype("float32" if dtype == "list" else dtype)
    w[...].route(c, WEST >> RAMP)
    w[...].host_in(c, data.tolist() if dtype == "list" else data, edge=WEST)
    data[...] = 99
    w[...].mov(fabin(c), out=y)
    w.run(engine=engine)
    assert (y[:, 0] == numbers(2, 3)).all()


@engines
def test_a_stream_is_of_one_launch(engine: str) -> None:
    """The next launch has none, and may have another; what came out before stays as it was."""
    w = wafer(1, 1)
    c = w.color("c")
    w[...].route(c, WEST >> EAST)
    results = []
    for value in (1.0, 2.0):
        w[...].host_in(c, [value] * 3, edge=WEST)
        results.append(w[...].host_out(c, 3, edge=EAST))
        assert w.run(engine=engine).cycles == 3 + 1
        assert w.run(engine=engine).cycles == 0
    assert [got[0, 0].tolist() for got in results] == [[1, 1, 1], [2, 2, 2]]


@engines
def test_what_was_recorded_can_be_discarded_with_its_streams(engine: str) -> None:
    """Then the same link may have another stream."""
    w = wafer(1, 1)
    c, y = w.color("c"), w.memory("y", 2)
    w[...].route(c, WEST >> RAMP)
    w[...].host_in(c, [1, 1, 1], edge=WEST)
    w.discard()
    w[...].host_in(c, [2, 2], edge=WEST)
    w[...].mov(fabin(c), out=y)
    w.run(engine=engine)
    assert y[0, 0].tolist() == [2, 2]


@engines
def test_numbers_too_large_for_a_wavelet_become_infinite(engine: str) -> None:
    """As they do in memory and operations, and without a warning."""
    w = wafer(1, 1)
    y, c = w.memory("y", 2), w.color("c")
    w[...].route(c, WEST >> RAMP)
    w[...].host_in(c, [1e300, -1e300], edge=WEST)
    w[...].mov(fabin(c), out=y)
    w.run(engine=engine)
    assert y[0, 0].tolist() == [np.inf, -np.inf]


# How it ends


@engines
@pytest.mark.parametrize("route", [None, WEST >> RAMP])
def test_a_host_at_a_port_that_the_route_does_not_take_is_named(engine: str, route: Any) -> None:
    """PE, color, port and the line that mends it, before it runs and after."""
    w = wafer(2, 3)
    y, c = w.memory("y", 1), w.color("c")
    if route:
        w[0, 1].route(c, route)
    w[0, 1].host_in(c, [1.0], edge=NORTH)
    w[0, 1].mov(fabin(c), out=y)
    how = r"routes it WEST >> RAMP" if route else r"does not route it"
    mend = r"w[0, 1].route(c, NORTH >> RAMP" + (", replace=True)" if route else ")")
    found = {finding.kind: finding for finding in w.verify()}["host not taken"]
    assert re.search(how, found.text) and found.mend == mend and found.pe == (0, 1)
    with pytest.raises(Deadlock, match=re.escape(f"Try: {mend}\n")):
        w.run(engine=engine)
    exec(mend, {"w": w, "c": c, "NORTH": NORTH, "RAMP": RAMP})
    assert not w.verify() and w.run(engine=engine).cycles > 0 and y[0, 1] == 1


@engines
@pytest.mark.parametrize("route", [None, WEST >> RAMP])
def test_a_host_alone_at_a_router_without_a_route_is_named(engine: str, route: Any) -> None:
    """Also where no PE has anything to do."""
    w = wafer(2, 3)
    c = w.color("c")
    if route:
        w[0, 1].route(c, route)
    w[0, 1].host_in(c, [1.0], edge=NORTH)
    w[1, 1].host_out(c, 1, edge=SOUTH)
    found = [one.kind for one in w.verify()]
    assert found[:2] == ["host not taken", "host not given"]
    how = r"routes it WEST >> RAMP" if route else r"does not route it"
    text = rf"color c into PE \(0, 1\) from the NORTH: its router {how}\n.*Try: w\[0, 1\]"
    with pytest.raises(Deadlock, match=text):
        w.run(engine=engine)


@engines
def test_a_host_before_a_switch_that_is_never_advanced_is_named(engine: str) -> None:
    """The router would let it in by a later position."""
    w = wafer(1, 2)
    y, c = w.memory("y", 1), w.color("c")
    w[0, 0].route(c, [EAST >> RAMP, WEST >> RAMP])
    w[0, 1].route(c, RAMP >> WEST)
    w[0, 0].host_in(c, [1.0], edge=WEST)
    w[0, 1].mov(2.0, out=fabout(c), n=1)
    w[0, 0].mov(fabin(c), out=y)
    assert not w.verify()
    with pytest.raises(Deadlock, match=r"color c into PE \(0, 0\) from the WEST: the switch of"):
        w.run(engine=engine)


@engines
def test_wavelets_that_leave_the_wafer_may_be_for_the_host(engine: str) -> None:
    """Where nobody takes them, the message names both ways out."""
    w = wafer(1, 2)
    c = w.color("c")
    w[0, 0].route(c, RAMP >> EAST)
    w[0, 1].route(c, WEST >> EAST)
    w[0, 0].mov(1.0, out=fabout(c), n=9)
    mend = "w[0, 1].route(c, WEST >> RAMP, replace=True), or w[0, 1].host_out(c, n, edge=EAST)"
    assert [one.mend for one in w.verify()] == [mend]
    with pytest.raises(Deadlock, match=re.escape(mend)):
        w.run(engine=engine)
    w[0, 1].host_out(c, 9, edge=EAST)
    assert w.run(engine=engine).cycles > 0


@engines
def test_a_host_that_waits_for_more_than_comes_is_a_deadlock(engine: str) -> None:
    """Six of five: what came is not kept; with one more sent the same program runs."""
    w = wafer(1, 2)
    x, c = w.memory("x", 5), w.color("c")
    x[0, 0] = numbers(5) + 1
    w[0, 0].route(c, RAMP >> EAST)
    w[0, 1].route(c, WEST >> EAST)
    w[0, 0].mov(x, out=fabout(c))
    got = w[0, 1].host_out(c, 6, edge=EAST)
    with pytest.raises(Deadlock, match=r"host") as caught:
        w.run(engine=engine)
    assert caught.value.cycle == 5 + 2 + 1 + 1, "the cycles until the last that came was taken"
    assert not got.any()
    w[0, 0].mov(9.0, out=fabout(c), n=1)
    assert w.run(engine=engine).cycles == 6 + 2 + 1 + 1
    assert got[0, 0].tolist() == [1, 2, 3, 4, 5, 9]


@engines
def test_a_host_with_more_than_is_taken_is_a_deadlock(engine: str) -> None:
    """Of 40 five are read; the host cannot give the rest."""
    w = wafer(1, 1)
    y, c = w.memory("y", 5), w.color("c")
    w[...].route(c, WEST >> RAMP)
    w[...].host_in(c, np.ones(40), edge=WEST)
    w[...].mov(fabin(c), out=y)
    with pytest.raises(Deadlock, match=r"host.*PE \(0, 0\)"):
        w.run(engine=engine)
    assert not np.asarray(y).any()


@engines
def test_a_host_that_takes_fewer_than_come_leaves_wavelets(engine: str) -> None:
    """Five are sent, four taken: the run ends with the fourth, in cycle T + 1 + 3."""
    w = wafer(1, 1)
    c = w.color("c")
    w[...].route(c, RAMP >> EAST)
    w[...].mov(1.0, out=fabout(c), n=5)
    got = w[...].host_out(c, 4, edge=EAST)
    with pytest.raises(Undrained, match=r"(?s)1 wavelet.*color c") as caught:
        w.run(engine=engine)
    assert caught.value.cycle == 2 + 1 + 3 + 1 and not got.any()


@engines
def test_a_host_that_gives_one_more_than_is_read_leaves_it(engine: str) -> None:
    """Six given, five read: the sixth finds a place, so that all end but it."""
    w = wafer(1, 1)
    y, c = w.memory("y", 5), w.color("c")
    w[...].route(c, WEST >> RAMP)
    w[...].host_in(c, np.ones(6), edge=WEST)
    w[...].mov(fabin(c), out=y)
    with pytest.raises(Undrained, match=r"(?s)1 wavelet.*color c"):
        w.run(engine=engine)


@engines
@pytest.mark.parametrize(("T", "Q"), [(1, 2), (2, 2), (3, 4)])
def test_what_the_host_has_left_is_undrained_while_it_has_room(engine: str, T: int, Q: int) -> None:
    """Two queues and the belt between them; with one more the host cannot end, a deadlock."""
    for more, error in ((0, Undrained), (1, Deadlock)):
        w = wafer(1, 1, ramp_latency=T, queue_depth=Q)
        y, c = w.memory("y", 5), w.color("c")
        w[...].route(c, WEST >> RAMP)
        w[...].host_in(c, np.ones(5 + Q + (T - 1) + Q + more), edge=WEST)
        w[...].mov(fabin(c), out=y)
        with pytest.raises(error):
            w.run(engine=engine)


@engines
def test_a_host_with_fewer_than_are_read_is_a_deadlock(engine: str) -> None:
    """Of five four come."""
    w = wafer(1, 1)
    y, c = w.memory("y", 5), w.color("c")
    w[...].route(c, WEST >> RAMP)
    w[...].host_in(c, np.ones(4), edge=WEST)
    w[...].mov(fabin(c), out=y)
    with pytest.raises(Deadlock, match=r"PE \(0, 0\).*4 of 5 elements done") as caught:
        w.run(engine=engine)
    assert caught.value.cycle == 4 + 1 + 2


@engines
def test_a_stream_to_the_host_can_be_cut_short(engine: str) -> None:
    """At 20 cycles nothing is kept."""
    w = wafer(1, 1)
    c = w.color("c")
    w[...].route(c, WEST >> EAST)
    w[...].host_in(c, np.ones(100), edge=WEST)
    got = w[...].host_out(c, 100, edge=EAST)
    with pytest.raises(StillRunning) as caught:
        w.run(engine=engine, max_cycles=20)
    assert caught.value.cycle == 20 and not got.any()
    assert w.run(engine=engine).cycles == 101 and got.all()


# What is refused


ONES = np.ones((3, 5))
WRONG: dict[str, tuple[Callable[[Wafer, Any], Any], str]] = {
    "not at an edge": (
        lambda w, c: w[:, 1].host_in(c, ONES),
        r"host_in: not all of these PEs lie at an edge.*such as w\[:, 0\] \(WEST\)",
    ),
    "not all at an edge": (
        lambda w, c: w[:, :2].host_in(c, np.ones((3, 2, 5)), edge=WEST),
        r"host_in: not all of these PEs lie at the edge WEST",
    ),
    "at another edge": (
        lambda w, c: w[:, 0].host_out(c, 5, edge=EAST),
        r"host_out: not all of these PEs lie at the edge EAST",
    ),
    "a corner without its edge": (
        lambda w, c: w[0, 0].host_in(c, np.ones(5)),
        r"more than one edge; say edge=NORTH or edge=WEST",
    ),
    "over the ramp": (
        lambda w, c: w[:, 0].host_in(c, ONES, edge=RAMP),
        r"edge RAMP",
    ),
    "too many lines": (
        lambda w, c: w[:, 0].host_in(c, np.ones((4, 5))),
        r"data has shape \(4, 5\); expected .*wavelets last.*3 PEs .* shape \(3, 1\)",
    ),
    "lines last": (
        lambda w, c: w[:, 0].host_in(c, ONES.T),
        r"data has shape \(5, 3\); expected .*wavelets last",
    ),
    "one line for all": (
        lambda w, c: w[:, 0].host_in(c, np.ones(5)),
        r"one line for each of the 3 PEs",
    ),
    "one value": (
        lambda w, c: w[1, 0].host_in(c, 3.0),
        r"data has shape \(\)",
    ),
    "truth values": (
        lambda w, c: w[:, 0].host_in(c, ONES > 0),
        r"data of bool; expected numbers",
    ),
    "complex numbers": (
        lambda w, c: w[:, 0].host_in(c, ONES * 1j),
        r"data of complex128; expected numbers",
    ),
    "no wavelets": (
        lambda w, c: w[1, 0].host_in(c, []),
        r"host_in: data of shape \(0,\) holds no wavelets; expected at least one",
    ),
    "no wavelets for any": (
        lambda w, c: w[:, 0].host_in(c, np.ones((3, 0))),
        r"holds no wavelets",
    ),
    "lines of different lengths": (
        lambda w, c: w[:, 0].host_in(c, [[1.0], [1.0, 2.0], [3.0]]),
        r"host_in: .* lines of different lengths; expected as many wavelets for each PE",
    ),
    "lines along the other axis": (
        lambda w, c: w[:, 0].host_in(c, np.ones((1, 3, 5))),
        r"data has shape \(1, 3, 5\); expected .*\(3, 1, n\) or \(3, n\)",
    ),
    "an edge in quotes": (
        lambda w, c: w[:, 0].host_in(c, ONES, edge="WEST"),
        r"edge='WEST': expected a port, such as edge=WEST, without quotes",
    ),
    "an edge that is none": (
        lambda w, c: w[:, 0].host_out(c, 5, edge=3),
        r"edge=3: expected a port, such as edge=WEST",
    ),
    "words": (
        lambda w, c: w[1, 0].host_in(c, ["a", "b"]),
        r"expected numbers",
    ),
    "memory of the PEs": (
        lambda w, c: w[:, 0].host_in(c, w.memory("x", 5)),
        r"data has shape \(3, 4, 5\)",
    ),
    "no PE": (
        lambda w, c: w[:, 0:0].host_in(c, ONES),
        r"host_in: the region is empty",
    ),
    "one link twice": (
        lambda w, c: (w[:, 0].host_in(c, ONES), w[2, 0].host_in(c, np.ones(4), edge=WEST)),
        r"host_in\(c\) \(line .*\) has the link WEST .* already; one stream a link and color",
    ),
    "no wavelets out": (
        lambda w, c: w[:, 0].host_out(c, 0),
        r"n=0; expected a whole number, at least 1",
    ),
    "half a wavelet out": (
        lambda w, c: w[:, 0].host_out(c, 2.5),
        r"n=2\.5; expected a whole number",
    ),
    "a number for each": (
        lambda w, c: w[:, 0].host_out(c, np.array([1, 2, 3])),
        r"expected a whole number",
    ),
    "a color by its name": (
        lambda w, c: w[:, 0].host_in("c", ONES),
        r"color 'c': expected what w\.color",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_stream_that_cannot_be_is_refused_when_written(name: str) -> None:
    """With what it is and what was expected."""
    write, message = WRONG[name]
    w = wafer(3, 4)
    c = w.color("c")
    with pytest.raises(ProgramError, match=message):
        write(w, c)
    assert len(w.hosts) <= 1


def test_the_bitplane_engine_says_that_it_has_no_host_streams() -> None:
    """Asked for by name it refuses, and left alone gives way."""
    w = wafer(1, 1)
    c = w.color("c")
    w[...].route(c, WEST >> EAST)
    w[...].host_in(c, np.ones(4), edge=WEST)
    w[...].host_out(c, 4, edge=EAST)
    with pytest.raises(ProgramError, match=r"bitplane.*host streams.*engine=None"):
        w.run(engine="bitplane")
    assert w.run().engine == "lockstep"


@engines
def test_alternating_colors_stream_to_the_host_too(engine: str) -> None:
    """Rows have colors in turn; line i of the data is row i's."""
    n = 4
    w = wafer(5, 2)
    mine, _ = w.alternating("a", "b", by="row")
    w[...].route(mine, WEST >> EAST)
    w[:, 0].host_in(mine, numbers(5, n), edge=WEST)
    got = w[:, 1].host_out(mine, n, edge=EAST)
    assert w.run(engine=engine).cycles == n + 2
    assert (got[:, 0] == numbers(5, n)).all()
