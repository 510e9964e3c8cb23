"""Microthreads, each rule by a program small enough to count its cycles by hand.

A microthread that begins in cycle t handles its first element in cycle t, the operation written
behind it may begin in cycle t + 1. As in the tests of the other rules, a wavelet sent in cycle t is
handled d links away in cycle t + `LINK(T, d)`, and a link holds `HELD(Q, T)` wavelets that nobody
reads.
"""

from __future__ import annotations

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

from .fabric_programs import HELD, LINK, busy, constants, latencies, line, wafer

engines = pytest.mark.parametrize("engine", ["reference", "lockstep", "bitplane"])


def from_the_middle(**rules: Any) -> tuple[Wafer, Any, Any]:
    """Three PEs in a row; color a leads from the middle one to PE 2, b to PE 0."""
    w = wafer(1, 3, **rules)
    a, b = w.color("a"), w.color("b")
    w[0, 1].route(a, RAMP >> EAST)
    w[0, 2].route(a, WEST >> RAMP)
    w[0, 1].route(b, RAMP >> WEST)
    w[0, 0].route(b, EAST >> RAMP)
    return w, a, b


def to_the_middle(**rules: Any) -> tuple[Wafer, Any, Any]:
    """Three PEs in a row; color a leads from PE 0 to the middle one, b from PE 2."""
    w = wafer(1, 3, **rules)
    a, b = w.color("a"), w.color("b")
    w[0, 0].route(a, RAMP >> EAST)
    w[0, 1].route(a, WEST >> RAMP)
    w[0, 2].route(b, RAMP >> WEST)
    w[0, 1].route(b, EAST >> RAMP)
    return w, a, b


# Beside what is written after it


@engines
@latencies
@pytest.mark.parametrize("K", [1, 17, 60])
@pytest.mark.parametrize("beside", ["send", "take", "both"])
def test_a_stream_runs_beside_what_is_written_after_it(
    engine: str, T: int, K: int, beside: str
) -> None:
    """A stream of n takes n + LINK(T, 1) cycles, K cycles of work 1 + K: both at once."""
    n = 12
    w = wafer(1, 2, ramp_latency=T)
    x, y = w.memory("x", n, dtype="float16"), w.memory("y", 60)
    x[0, 0] = np.arange(n)
    c = w.color("c")
    line(w, c, 0, 0, 1)
    w[0, 0].mov(x, out=fabout(c), microthread=beside != "take")
    w[0, 1].mov(fabin(c), out=x, microthread=beside != "send")
    busy(w[0, {"send": 0, "take": 1, "both": slice(None)}[beside]], y, K)
    run = w.run(engine=engine)
    assert run.cycles == max(n + LINK(T, 1), 1 + K)
    assert run.hops == run.ramps == n
    assert (x[0, 1] == np.arange(n)).all()


@engines
def test_a_microthread_waits_for_what_is_written_before_it(engine: str) -> None:
    """Operations begin in the order written: 30 cycles of work, then the stream."""
    w = wafer(1, 2)
    x, c = w.memory("x", 30), w.color("c")
    line(w, c, 0, 0, 1)
    busy(w[0, 0], x, 30)
    w[0, 0].mov(1.0, out=fabout(c), n=8, microthread=True)
    w[0, 1].mov(fabin(c), out=x.own[:8])
    assert w.run(engine=engine).cycles == 30 + 8 + LINK(2, 1)


@engines
@constants
@pytest.mark.parametrize("pes", [2, 5, 66])
def test_a_chain_of_microthreads_is_as_fast_as_a_chain(
    engine: str, T: int, Q: int, pes: int
) -> None:
    """Each PE adds to the stream in a microthread and works beside: B + (2 T + 2)(P - 1)."""
    B = 9
    w = wafer(1, pes, ramp_latency=T, queue_depth=Q)
    x, z = w.memory("x", B), w.memory("z", 5)
    x[...] = np.arange(pes)[None, :, None] + np.arange(B)
    mine, theirs = w.alternating("a", "b", by="column")
    w[:, 1:].route(mine, RAMP >> WEST)
    w[:, :-1].route(theirs, EAST >> RAMP)
    w[:, -1].mov(x, out=fabout(mine), microthread=True)
    w[:, 1:-1].add(fabin(theirs), x, out=fabout(mine), microthread=True)
    w[:, 0].add(fabin(theirs), x, out=x, microthread=True)
    busy(w[...], z, 5)
    run = w.run(engine=engine)
    assert run.cycles == B + (2 * T + 2) * (pes - 1)
    assert (x[0, 0] == pes * (pes - 1) // 2 + pes * np.arange(B)).all()


@engines
@pytest.mark.parametrize("k", [1, 3, 8])
def test_a_pe_starts_one_operation_a_cycle(engine: str, k: int) -> None:
    """Behind k microthreads, which wait for wavelets, the main operation begins in cycle k."""
    K, late = 100, 30
    w = wafer(1, 2)
    y, z = w.memory("y", k), w.memory("z", K)
    colors = [w.color(f"c{i}") for i in range(k)]
    busy(w[0, 0], z, late)
    for i, c in enumerate(colors):
        line(w, c, 0, 0, 1)
        w[0, 0].mov(float(i), out=fabout(c), n=1)
        w[0, 1].mov(fabin(c), out=y.own[i : i + 1], microthread=True)
    busy(w[0, 1], z, K)
    assert w.run(engine=engine).cycles == k + K
    assert y[0, 1].tolist() == [*range(k)]


@engines
@latencies
@pytest.mark.parametrize("microthreads", [1, 2])
def test_where_all_microthreads_run_the_next_waits_for_the_end_of_one(
    engine: str, T: int, microthreads: int
) -> None:
    """Of three takers one more than fit begins when the first ends, and what follows it then.

    The sender works 30 cycles, then sends one wavelet for each taker. With one lane the second
    taker begins behind the first, in cycle 31 + LINK, and ends there, the third a cycle later, the
    work again one later; with two lanes the third begins in cycle 31 + LINK, the work right behind.
    """
    w = wafer(1, 2, ramp_latency=T, microthreads=microthreads)
    y, z = w.memory("y", 3), w.memory("z", 100)
    busy(w[0, 0], z, 30)
    for i in range(3):
        c = w.color(f"c{i}")
        line(w, c, 0, 0, 1)
        w[0, 0].mov(float(i), out=fabout(c), n=1)
        w[0, 1].mov(fabin(c), out=y.own[i : i + 1], microthread=True)
    busy(w[0, 1], z, 100)
    begins = 30 + LINK(T, 1) + (3 if microthreads == 1 else 2)
    assert w.run(engine=engine).cycles == begins + 100
    assert y[0, 1].tolist() == [0, 1, 2]


@engines
def test_a_microthread_without_elements_takes_no_lane(engine: str) -> None:
    """Of n = 0 in one PE and 4 in the other, the first PE has no microthread and no delay."""
    w = wafer(1, 2, microthreads=1)
    y, z, c = w.memory("y", 4), w.memory("z", 100), w.color("c")
    line(w, c, 0, 0, 1)
    w[...].mov(1.0, out=fabout(c), n=np.array([[4, 0]]), microthread=True)
    w[0, 1].mov(fabin(c), out=y, microthread=True)
    busy(w[0, 1], z, 100)
    assert w.run(engine=engine).cycles == 1 + 100


# Out of the PE, one wavelet a cycle


@engines
@constants
@pytest.mark.parametrize("which", ["a", "b"])
def test_the_main_operation_sends_before_the_microthreads(
    engine: str, T: int, Q: int, which: str
) -> None:
    """The microthread sends in cycle 0, then the main one its 6 in 1 to 6, then it from 7 on."""
    w, a, b = from_the_middle(ramp_latency=T, queue_depth=Q)
    y, z = w.memory("y", 10), w.memory("z", 100)
    w[0, 1].mov(1.0, out=fabout(a), n=10, microthread=True)
    w[0, 1].mov(2.0, out=fabout(b), n=6)
    w[0, 2].mov(fabin(a), out=y)
    w[0, 0].mov(fabin(b), out=y.own[:6])
    busy(w[0, 2 if which == "a" else 0], z, 100)
    last_sent = {"a": 15, "b": 6}[which]
    assert w.run(engine=engine).cycles == last_sent + LINK(T, 1) + 1 + 100


@engines
@constants
@pytest.mark.parametrize("which", ["a", "b"])
def test_of_two_microthreads_the_first_sends_first(engine: str, T: int, Q: int, which: str) -> None:
    """Ten of a in cycles 0 to 9, then ten of b."""
    w, a, b = from_the_middle(ramp_latency=T, queue_depth=Q)
    y, z = w.memory("y", 10), w.memory("z", 100)
    w[0, 1].mov(1.0, out=fabout(a), n=10, microthread=True)
    w[0, 1].mov(2.0, out=fabout(b), n=10, microthread=True)
    w[0, 2].mov(fabin(a), out=y)
    w[0, 0].mov(fabin(b), out=y)
    busy(w[0, 2 if which == "a" else 0], z, 100)
    last_sent = {"a": 9, "b": 19}[which]
    assert w.run(engine=engine).cycles == last_sent + LINK(T, 1) + 1 + 100


@engines
@latencies
@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_microthread_takes_the_first_free_lane_and_its_turn(
    engine: str, T: int, which: str
) -> None:
    """Two lanes: the third microthread follows the first in its lane, and goes before the second.

    The first sends in cycles 0 and 1, the third in 2 to 5, the second, which began in cycle 1,
    in 6 to 10.
    """
    w = wafer(2, 3, ramp_latency=T, microthreads=2)
    y, z = w.memory("y", 5), w.memory("z", 100)
    ways = [(EAST, (0, 2), 2, 1), (WEST, (0, 0), 5, 10), (SOUTH, (1, 1), 4, 5)]
    for i, (port, there, n, _) in enumerate(ways):
        c = w.color(f"c{i}")
        back = {EAST: WEST, WEST: EAST, SOUTH: NORTH}[port]
        w[0, 1].route(c, RAMP >> port)
        w[there].route(c, back >> RAMP)
        w[0, 1].mov(1.0, out=fabout(c), n=n, microthread=True)
        w[there].mov(fabin(c), out=y.own[:n])
        if i == which:
            busy(w[there], z, 100)
    assert w.run(engine=engine).cycles == ways[which][3] + LINK(T, 1) + 1 + 100


@engines
@constants
def test_a_microthread_that_cannot_send_leaves_the_way_out_to_others(
    engine: str, T: int, Q: int
) -> None:
    """When the way of a is full, after HELD(Q, T) wavelets, b goes; b's six follow at once."""
    w, a, b = from_the_middle(ramp_latency=T, queue_depth=Q)
    full = HELD(Q, T)
    y, z = w.memory("y", full + 1), w.memory("z", 1000)
    w[0, 1].mov(1.0, out=fabout(a), n=full + 1, microthread=True)
    w[0, 1].mov(2.0, out=fabout(b), n=6, microthread=True)
    busy(w[0, 2], z, 500)
    w[0, 2].mov(fabin(a), out=y)
    w[0, 0].mov(fabin(b), out=y.own[:6])
    busy(w[0, 0], z, 1000)
    assert w.run(engine=engine).cycles == (full + 5) + LINK(T, 1) + 1 + 1000


# Into the PE, one wavelet a cycle


@engines
@constants
@pytest.mark.parametrize("written", ["ab", "ba"])
@pytest.mark.parametrize("then", ["a", "b"])
def test_two_streams_into_a_pe_come_in_turn(
    engine: str, T: int, Q: int, written: str, then: str
) -> None:
    """a, the lower color, is all there after n + LINK cycles, b after 2 n + LINK.

    Two microthreads take what comes, in whatever order they are written, at the full rate of the
    ramp. What waits for the one only begins behind that.
    """
    n = 20
    w, a, b = to_the_middle(ramp_latency=T, queue_depth=Q)
    y = {name: w.memory(name, n) for name in "ab"}
    z = w.memory("z", 100)
    w[0, 0].mov(1.0, out=fabout(a), n=n)
    w[0, 2].mov(2.0, out=fabout(b), n=n)
    for name in written:
        w[0, 1].mov(fabin({"a": a, "b": b}[name]), out=y[name], microthread=True)
    w[0, 1].add(z, y[then].own[-1], out=z)
    run = w.run(engine=engine)
    assert run.cycles == {"a": n, "b": 2 * n}[then] + LINK(T, 1) + 100
    assert (y["a"][0, 1] == 1).all() and (y["b"][0, 1] == 2).all() and run.ramps == 2 * n
    assert (z[0, 1] == {"a": 1, "b": 2}[then]).all()


@engines
@constants
def test_two_relays_share_the_ramp_both_ways(engine: str, T: int, Q: int) -> None:
    """The middle PE passes on two crossing streams of n: 2 n wavelets in, 2 n out, LINK twice."""
    n = 15
    w, a, b = to_the_middle(ramp_latency=T, queue_depth=Q)
    x, y = w.memory("x", n), w.memory("y", n)
    x[0, :, :] = np.arange(3)[:, None] + np.arange(n)
    on, back = w.color("on"), w.color("back")
    w[0, 1].route(on, RAMP >> EAST)
    w[0, 2].route(on, WEST >> RAMP)
    w[0, 1].route(back, RAMP >> WEST)
    w[0, 0].route(back, EAST >> RAMP)
    w[0, 0].mov(x, out=fabout(a), microthread=True)
    w[0, 2].mov(x, out=fabout(b), microthread=True)
    w[0, 1].add(fabin(a), x, out=fabout(on), microthread=True)
    w[0, 1].add(fabin(b), x, out=fabout(back), microthread=True)
    w[0, 2].mov(fabin(on), out=y)
    w[0, 0].mov(fabin(back), out=y)
    run = w.run(engine=engine)
    assert run.cycles == 2 * n + 2 * LINK(T, 1)
    assert (y[0, 2] == 1 + 2 * np.arange(n)).all() and (y[0, 0] == 3 + 2 * np.arange(n)).all()
    assert run.hops == run.ramps == 4 * n


# What waits for a microthread, and what does not


SENDING = {  # while a microthread sends x.own[:n]: operations of one cycle, and whether they wait
    "write what it reads": ("x.own[0]", "z.own[0]", True),
    "write a part of what it reads": ("x.own[n-1:n+1]", "z.own[:2]", True),
    "write beside it": ("x.own[n]", "z.own[0]", False),
    "read what it reads": ("z.own[1]", "x.own[0]", False),
    "another memory": ("z.own[1]", "z.own[0]", False),
}
TAKING = {  # while one takes in to x.own[:n]
    "write what it writes": ("x.own[n-1]", "z.own[0]", True),
    "read what it writes": ("z.own[0]", "x.own[n-1]", True),
    "write beside it": ("x.own[n]", "z.own[0]", False),
    "read beside it": ("z.own[0]", "x.own[n]", False),
    "another memory": ("z.own[1]", "z.own[0]", False),
}


@engines
@latencies
@pytest.mark.parametrize("case", SENDING)
def test_memory_that_a_sender_reads_may_be_read_and_not_written(
    engine: str, T: int, case: str
) -> None:
    """n elements sent in cycles 0 to n - 1; what writes these waits for cycle n, others do not."""
    n, K = 9, 100
    out, source, waits = SENDING[case]
    w = wafer(1, 2, ramp_latency=T)
    x, y, z = w.memory("x", n + 1), w.memory("y", n), w.memory("z", 100)
    x[...] = 5.0
    c = w.color("c")
    line(w, c, 0, 0, 1)
    w[0, 0].mov(x.own[:n], out=fabout(c), microthread=True)
    names = {"x": x, "z": z, "n": n}
    length = 2 if ":2" in source else 1
    w[0, 0].mov(eval(source, names), out=eval(out, names))
    busy(w[0, 0], z, K)
    w[0, 1].mov(fabin(c), out=y)
    assert w.run(engine=engine).cycles == (n if waits else 1) + length + K
    assert (y[0, 1] == 5).all(), "what is sent is what stood there before"


@engines
@latencies
@pytest.mark.parametrize("case", TAKING)
def test_memory_that_a_taker_writes_may_not_be_used(engine: str, T: int, case: str) -> None:
    """Its last element is handled in cycle n - 1 + LINK; what uses its memory waits for that."""
    n, K = 9, 100
    out, source, waits = TAKING[case]
    w = wafer(1, 2, ramp_latency=T)
    x, z, c = w.memory("x", n + 1), w.memory("z", 100), w.color("c")
    line(w, c, 0, 0, 1)
    w[0, 0].mov(7.0, out=fabout(c), n=n)
    w[0, 1].mov(fabin(c), out=x.own[:n], microthread=True)
    names = {"x": x, "z": z, "n": n}
    w[0, 1].mov(eval(source, names), out=eval(out, names))
    busy(w[0, 1], z, K)
    assert w.run(engine=engine).cycles == (n + LINK(T, 1) if waits else 1) + 1 + K
    if case == "read what it writes":
        assert z[0, 1, 0] == 7
    if case == "write what it writes":
        assert x[0, 1, :n].tolist() == [7] * (n - 1) + [0]


@engines
def test_what_writes_beside_a_microthread_in_one_pe_waits_in_another(engine: str) -> None:
    """Where parts begin elsewhere in each PE, each waits only where its own two overlap."""
    n, K = 8, 100
    w = wafer(2, 2)
    x, z, c = w.memory("x", 20), w.memory("z", 100), w.color("c")
    w[:, 0].route(c, RAMP >> EAST)
    w[:, 1].route(c, WEST >> RAMP)
    start = np.array([[0], [10]])
    w[:, 0].mov(1.0, out=fabout(c), n=n)
    w[:, 1].mov(fabin(c), out=x.own[start : start + n], microthread=True)
    w[:, 1].mov(3.0, out=x.own[17:18])  # of row 1's 10 to 17, not of row 0's 0 to 7
    both = w.run(engine=engine, max_cycles=None)
    assert x[:, 1, 17].tolist() == [3, 3], "written behind the stream, not under it"
    for row, begins in ((0, 1), (1, n + LINK(2, 1))):
        w[:, 0].mov(1.0, out=fabout(c), n=n)
        w[:, 1].mov(fabin(c), out=x.own[start : start + n], microthread=True)
        w[:, 1].mov(3.0, out=x.own[17:18])
        busy(w[row, 1], z, K)
        assert w.run(engine=engine).cycles == begins + 1 + K
    assert both.cycles == n + LINK(2, 1) + 1


@engines
@latencies
def test_two_microthreads_on_one_stream_follow_each_other(engine: str, T: int) -> None:
    """The second waits for the end of the first, and what is written behind it waits too."""
    n, K = 9, 100
    w = wafer(1, 2, ramp_latency=T)
    y, z, c = w.memory("y", 2 * n), w.memory("z", K), w.color("c")
    line(w, c, 0, 0, 1)
    w[0, 0].mov(1.0, out=fabout(c), n=n, microthread=True)
    w[0, 0].mov(2.0, out=fabout(c), n=n, microthread=True)
    busy(w[0, 0], z, K)  # behind the second, which begins in cycle n
    w[0, 1].mov(fabin(c), out=y.own[:n], microthread=True)
    w[0, 1].mov(fabin(c), out=y.own[n:], microthread=True)
    run = w.run(engine=engine)
    assert run.cycles == n + 1 + K
    assert y[0, 1].tolist() == [1] * n + [2] * n


@engines
@latencies
def test_a_stream_sent_by_two_microthreads_has_no_gap(engine: str, T: int) -> None:
    """What follows on the same color sends in the cycle behind the last of the first."""
    n = 9
    w = wafer(1, 2, ramp_latency=T)
    y, c = w.memory("y", 2 * n), w.color("c")
    line(w, c, 0, 0, 1)
    for value in (1.0, 2.0):
        w[0, 0].mov(value, out=fabout(c), n=n, microthread=True)
    w[0, 1].mov(fabin(c), out=y)
    assert w.run(engine=engine).cycles == 2 * n + LINK(T, 1)


@engines
@pytest.mark.parametrize("gap", [0, 1, 3])
@pytest.mark.parametrize("K", [1, 2, 5])
def test_the_gap_stands_behind_main_operations(engine: str, gap: int, K: int) -> None:
    """A microthread in cycles 0 to 2, K cycles of work from cycle 1, the gap, twenty more."""
    w = wafer(1, 2, gap=gap)
    y, z, c = w.memory("y", 3), w.memory("z", 20), w.color("c")
    line(w, c, 0, 0, 1)
    w[0, 0].mov(1.0, out=fabout(c), n=3, microthread=True)
    busy(w[0, 0], z, K)
    busy(w[0, 0], z, 20)
    w[0, 1].mov(fabin(c), out=y)
    assert w.run(engine=engine).cycles == 1 + K + gap + 20


# A halo exchange


@engines
@constants
def test_a_pe_with_four_neighbours_exchanges_in_four_z(engine: str, T: int, Q: int) -> None:
    """Four streams of Z out of the centre and four in: 4 Z + LINK(T, 1) cycles.

    Four sends and four takes run beside each other. Out goes one wavelet a cycle, in cycles 0 to
    4 Z - 1; in comes one a cycle, from cycle LINK to cycle 4 Z - 1 + LINK.
    """
    Z = 12
    w = wafer(3, 3, ramp_latency=T, queue_depth=Q)
    x, y = w.memory("x", Z), w.memory("y", (4, Z))
    x[...] = np.arange(9).reshape(3, 3, 1)
    sides = [
        (EAST, WEST, (1, 2)),
        (WEST, EAST, (1, 0)),
        (SOUTH, NORTH, (2, 1)),
        (NORTH, SOUTH, (0, 1)),
    ]
    colors = []
    for i, (port, back, there) in enumerate(sides):
        out, into = w.color(f"out{i}"), w.color(f"in{i}")
        w[1, 1].route(out, RAMP >> port)
        w[there].route(out, back >> RAMP)
        w[there].route(into, RAMP >> back)
        w[1, 1].route(into, port >> RAMP)
        colors.append((out, into, there))
    for out, into, there in colors:
        w[1, 1].mov(x, out=fabout(out), microthread=True)
        w[there].mov(x, out=fabout(into), microthread=True)
        w[there].mov(fabin(out), out=y.own[0], microthread=True)
    for i, (_, into, _) in enumerate(colors):
        w[1, 1].mov(fabin(into), out=y.own[i], microthread=True)
    run = w.run(engine=engine)
    assert run.cycles == 4 * Z + LINK(T, 1)
    assert (y[1, 1] == np.array([5, 3, 7, 1])[:, None]).all()
    assert all((y[there][0] == 4).all() for _, _, there in colors)


def halo(w: Wafer, x: Any, y: Any) -> None:
    """Every PE sends x to its four neighbours and keeps theirs in y, all in microthreads."""
    first, last, every = slice(1, None), slice(None, -1), slice(None)
    sides = [  # towards, from, what alternates, the PEs with a neighbour there, those with one here
        (EAST, WEST, "column", (every, last), (every, first)),
        (WEST, EAST, "column", (every, first), (every, last)),
        (SOUTH, NORTH, "row", (last, every), (first, every)),
        (NORTH, SOUTH, "row", (first, every), (last, every)),
    ]
    colors = [w.alternating(f"{port}0", f"{port}1", by=by) for port, _, by, *_ in sides]
    for (port, back, _, senders, takers), (mine, theirs) in zip(sides, colors, strict=True):
        w[senders].route(mine, RAMP >> port)
        w[takers].route(theirs, back >> RAMP)
    for (_, _, _, senders, _), (mine, _) in zip(sides, colors, strict=True):
        w[senders].mov(x, out=fabout(mine), microthread=True)
    for i, ((*_, takers), (_, theirs)) in enumerate(zip(sides, colors, strict=True)):
        w[takers].mov(fabin(theirs), out=y.own[i], microthread=True)


@engines
@pytest.mark.parametrize("shape", [(5, 6), (2, 2)])
@pytest.mark.parametrize("Z", [16, 40])
def test_a_halo_exchange_takes_about_four_z(engine: str, shape: tuple[int, int], Z: int) -> None:
    """On any rectangle no PE has more than four streams each way: about k Z for k neighbours."""
    w = wafer(*shape)
    x, y = w.memory("x", Z), w.memory("y", (4, Z))
    rows, columns = shape
    x[...] = np.arange(rows * columns).reshape(rows, columns, 1)
    halo(w, x, y)
    run = w.run(engine=engine)
    most = min(2, columns - 1) + min(2, rows - 1)
    assert most * Z + LINK(2, 1) <= run.cycles <= most * Z + LINK(2, 1) + 8
    number = np.pad(np.arange(rows * columns).reshape(shape), 1)
    west, east = number[1:-1, :-2], number[1:-1, 2:]
    north, south = number[:-2, 1:-1], number[2:, 1:-1]
    for i, side in enumerate((west, east, north, south)):
        assert (y[:, :, i, 0] == side).all() and (y[:, :, i, -1] == side).all()


# How it ends


@engines
@constants
def test_a_microthread_that_waits_for_ever_is_a_deadlock(engine: str, T: int, Q: int) -> None:
    """The sender sends 5 of 6; the rest of the taker's work goes on, and ends in cycle 41."""
    w = wafer(1, 2, ramp_latency=T, queue_depth=Q)
    y, z, c = w.memory("y", 6), w.memory("z", 40), w.color("c")
    line(w, c, 0, 0, 1)
    w[0, 0].mov(1.0, out=fabout(c), n=5)
    w[0, 1].mov(fabin(c), out=y, microthread=True)
    busy(w[0, 1], z, 40)
    with pytest.raises(Deadlock, match=r"PE \(0, 1\)") as caught:
        w.run(engine=engine)
    assert caught.value.cycle == 41
    state = caught.value.state
    assert state.operation[0].tolist() == [-1, -1]
    assert state.threads[0, 0].tolist() == [-1, 1] and state.threads_handled[0, 0, 1] == 5
    assert not np.asarray(y).any(), "memory is as before the run"


@engines
def test_wavelets_left_by_a_microthread_are_undrained(engine: str) -> None:
    """Six sent, five read."""
    w = wafer(1, 2)
    y, c = w.memory("y", 6), w.color("c")
    line(w, c, 0, 0, 1)
    w[0, 0].mov(1.0, out=fabout(c), n=6, microthread=True)
    w[0, 1].mov(fabin(c), out=y.own[:5], microthread=True)
    with pytest.raises(Undrained, match="1 wavelet"):
        w.run(engine=engine)


@engines
def test_a_run_cut_short_shows_what_runs_side_by_side(engine: str) -> None:
    """After 20 cycles the microthread has sent 19 - 8 of its wavelets, the main one its 8."""
    w, a, b = from_the_middle()
    y, z = w.memory("y", 50), w.memory("z", 50)
    w[0, 1].mov(1.0, out=fabout(a), n=50, microthread=True)
    w[0, 1].mov(2.0, out=fabout(b), n=8)
    busy(w[0, 1], z, 50)
    w[0, 2].mov(fabin(a), out=y)
    w[0, 0].mov(fabin(b), out=y.own[:8])
    with pytest.raises(StillRunning) as caught:
        w.run(engine=engine, max_cycles=20)
    state = caught.value.state
    # Cycle 0: a. Cycles 1 to 8: b. Cycles 9 to 19: a beside the work, which has no way out.
    assert state.threads[:, 0, 1].max() == 0 and state.threads_handled[:, 0, 1].max() == 12
    assert state.operation[0, 1] == 2


# What is refused


def test_a_microthread_on_memory_alone_is_refused() -> None:
    """It would wait for nothing; the message says so, and what to leave out."""
    w = wafer(1, 2)
    x = w.memory("x", 4)
    with pytest.raises(ProgramError, match=r"(?s)mul\(x, 2\.0, out=x\).*memory alone.*Leave"):
        w[...].mul(x, 2.0, out=x, microthread=True)
    assert not w.recorded


def test_a_wafer_without_microthreads_is_refused() -> None:
    """The least is one."""
    with pytest.raises(ProgramError, match=r"microthreads=0.*at least 1"):
        wafer(1, 1, microthreads=0)
