"""Switch positions and the control wavelets that advance them, by programs to count by hand.

A control wavelet is the last that follows a router's position. It is in its router's queue in cycle
t + T + 1 if it was sent in cycle t, and from that cycle on the queue takes in from the port of the
next position: what waits there enters in the cycle behind it.
"""

from __future__ import annotations

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
    RouteError,
    Undrained,
    Wafer,
    fabin,
    fabout,
)

from .fabric_programs import HELD, LINK, busy, constants, wafer

engines = pytest.mark.parametrize("engine", ["reference", "lockstep"])


def star(pes: int, B: int, advance: str | None = "own", **rules: Any) -> tuple[Wafer, Any, Any]:
    """A row in which all send B to the first on one color, the nearest first; it adds them."""
    w = wafer(1, pes, **rules)
    x, c = w.memory("x", B), w.color("c")
    x[...] = np.arange(pes)[None, :, None] + 10 * np.arange(B)
    w[0, 0].route(c, EAST >> RAMP)
    w[0, 1:-1].route(c, [RAMP >> WEST, EAST >> WEST])
    w[0, -1].route(c, RAMP >> WEST)
    write_star(w, x, c, advance)
    return w, x, c


def write_star(w: Wafer, x: Any, c: Any, advance: str | None = "own") -> None:
    w[0, 1:].mov(x, out=fabout(c, advance))
    for _ in range(w.shape[1] - 1):
        w[0, 0].add(fabin(c), x, out=x)


# One after another into one stream


@engines
@constants
@pytest.mark.parametrize(("pes", "B"), [(2, 5), (3, 1), (4, 7), (9, 12), (20, 2)])
@pytest.mark.parametrize("advance", ["own", "path"])
def test_a_star_takes_b_times_p_minus_1_and_one_way(
    engine: str, T: int, Q: int, pes: int, B: int, advance: str
) -> None:
    """B (P - 1) + 2 T + 2 cycles, exactly: there is no bubble between two senders.

    The PE beside the root sends first, and its first wavelet is handled in cycle LINK(T, 1). That
    "path" advances the switches nearer to the root too changes nothing: they are at their last.
    """
    w, x, _ = star(pes, B, advance, ramp_latency=T, queue_depth=Q)
    run = w.run(engine=engine)
    assert run.cycles == B * (pes - 1) + 2 * T + 2
    assert run.hops == B * pes * (pes - 1) // 2 and run.ramps == B * (pes - 1)
    assert (x[0, 0] == pes * (pes - 1) // 2 + pes * 10 * np.arange(B)).all()


@engines
@constants
def test_a_stream_of_many_senders_that_waited_has_no_bubble(engine: str, T: int, Q: int) -> None:
    """A root busy for K cycles takes B (P - 1) more, though positions change in full queues."""
    K, pes, B = 60, 6, 5
    w, x, c = star(pes, B, ramp_latency=T, queue_depth=Q)
    w.discard()
    z = w.memory("z", K)
    busy(w[0, 0], z, K)
    write_star(w, x, c)
    assert w.run(engine=engine).cycles == K + B * (pes - 1)


@engines
@pytest.mark.parametrize("late", [1, 2, 3])
def test_the_order_of_senders_is_that_of_the_positions_not_of_time(engine: str, late: int) -> None:
    """One of three senders works 50 cycles first: the root still hears the nearest first."""
    n = 4
    w = wafer(1, 4)
    x, y, z, c = w.memory("x", n), w.memory("y", 3 * n), w.memory("z", 50), w.color("c")
    x[...] = np.arange(4)[None, :, None]
    w[0, 0].route(c, EAST >> RAMP)
    w[0, 1:-1].route(c, [RAMP >> WEST, EAST >> WEST])
    w[0, -1].route(c, RAMP >> WEST)
    busy(w[0, late], z, 50)
    w[0, 1:].mov(x, out=fabout(c, advance="own"))
    w[0, 0].mov(fabin(c), out=y)
    run = w.run(engine=engine)
    assert y[0, 0].tolist() == [1] * n + [2] * n + [3] * n
    # What the late one sends, and what comes behind it, is all that is left.
    assert run.cycles == 50 + n * (4 - late) + LINK(2, late)


@engines
@constants
def test_a_pe_may_send_before_and_after_what_passes_through_it(engine: str, T: int, Q: int) -> None:
    """A head, its neighbour's stream, a tail: 3 n + LINK(T, 1), the tail waiting on the belt."""
    n = 6
    w = wafer(1, 3, ramp_latency=T, queue_depth=Q)
    y, c = w.memory("y", 3 * n), w.color("c")
    w[0, 0].route(c, EAST >> RAMP)
    w[0, 1].route(c, [RAMP >> WEST, EAST >> WEST, RAMP >> WEST])
    w[0, 2].route(c, RAMP >> WEST)
    w[0, 1].mov(1.0, out=fabout(c, advance="own"), n=n)
    w[0, 1].mov(3.0, out=fabout(c), n=n)
    w[0, 2].mov(2.0, out=fabout(c, advance="path"), n=n)
    w[0, 0].mov(fabin(c), out=y)
    run = w.run(engine=engine)
    assert y[0, 0].tolist() == [1] * n + [2] * n + [3] * n
    assert run.cycles == 3 * n + LINK(T, 1) and run.hops == 4 * n


# From one to many


@engines
@constants
@pytest.mark.parametrize(("pes", "B"), [(2, 4), (3, 1), (7, 5)])
def test_a_scatter_hands_each_pe_its_piece(engine: str, T: int, Q: int, pes: int, B: int) -> None:
    """Each piece's last wavelet advances every router it passes: B (P - 1) + LINK(T, P - 1)."""
    w = wafer(1, pes, ramp_latency=T, queue_depth=Q)
    x, y, c = w.memory("x", B * (pes - 1)), w.memory("y", B), w.color("c")
    x[0, 0] = np.arange(B * (pes - 1))
    w[0, 0].route(c, RAMP >> EAST)
    w[0, 1:-1].route(c, [WEST >> RAMP, WEST >> EAST])
    w[0, -1].route(c, WEST >> RAMP)
    for i in range(pes - 1):
        w[0, 0].mov(x.own[B * i : B * i + B], out=fabout(c, advance="path"))
    w[0, 1:].mov(fabin(c), out=y)
    run = w.run(engine=engine)
    assert run.cycles == B * (pes - 1) + LINK(T, pes - 1)
    assert run.hops == B * pes * (pes - 1) // 2 and run.ramps == B * (pes - 1)
    assert (y[0, 1:].ravel() == np.arange(B * (pes - 1))).all()


@engines
@constants
def test_four_positions_with_copies_and_turns(engine: str, T: int, Q: int) -> None:
    """Four pieces: to PE (0, 1), past it, to both, and south to PE (1, 1)."""
    n = 5
    w = wafer(2, 3, ramp_latency=T, queue_depth=Q)
    x, y, c = w.memory("x", 4 * n), w.memory("y", 2 * n), w.color("c")
    x[0, 0] = np.arange(4 * n)
    w[0, 0].route(c, RAMP >> EAST)
    w[0, 1].route(c, [WEST >> RAMP, WEST >> EAST, WEST >> (RAMP, EAST), WEST >> SOUTH])
    w[0, 2].route(c, WEST >> RAMP)
    w[1, 1].route(c, NORTH >> RAMP)
    for i in range(4):
        w[0, 0].mov(x.own[n * i : n * i + n], out=fabout(c, advance="path"))
    w[0, 1:].mov(fabin(c), out=y)
    w[1, 1].mov(fabin(c), out=y.own[:n])
    run = w.run(engine=engine)
    assert run.cycles == 4 * n + LINK(T, 2)
    assert run.hops == (1 + 2 + 2 + 2) * n and run.ramps == 5 * n
    piece = np.arange(4 * n).reshape(4, n)
    assert y[0, 1].tolist() == [*piece[0], *piece[2]]
    assert y[0, 2].tolist() == [*piece[1], *piece[2]]
    assert y[1, 1, :n].tolist() == [*piece[3]]


@engines
@constants
def test_a_sender_turns_its_own_switch(engine: str, T: int, Q: int) -> None:
    """Three pieces: east, west, both ways; the last position stays."""
    n = 5
    w = wafer(1, 3, ramp_latency=T, queue_depth=Q)
    x, y, c = w.memory("x", 4 * n), w.memory("y", 3 * n), w.color("c")
    x[0, 1] = np.arange(4 * n)
    w[0, 1].route(c, [RAMP >> EAST, RAMP >> WEST, RAMP >> (EAST, WEST)])
    w[0, 2].route(c, WEST >> RAMP)
    w[0, 0].route(c, EAST >> RAMP)
    for i in range(4):
        w[0, 1].mov(x.own[n * i : n * i + n], out=fabout(c, advance="own"))
    w[0, ::2].mov(fabin(c), out=y)
    run = w.run(engine=engine)
    assert run.cycles == 4 * n + LINK(T, 1)
    assert run.hops == run.ramps == (1 + 1 + 2 + 2) * n
    piece = np.arange(4 * n).reshape(4, n)
    assert y[0, 2].tolist() == [*piece[0], *piece[2], *piece[3]]
    assert y[0, 0].tolist() == [*piece[1], *piece[2], *piece[3]]


@engines
@pytest.mark.parametrize("advance", ["own", "path"])
def test_own_is_the_senders_router_and_path_every_router(engine: str, advance: str) -> None:
    """Two pieces of 3 to a PE whose switch leads on: "own" leaves it, "path" advances it."""
    w = wafer(1, 3)
    y, c = w.memory("y", 6), w.color("c")
    w[0, 0].route(c, RAMP >> EAST)
    w[0, 1].route(c, [WEST >> RAMP, WEST >> EAST])
    w[0, 2].route(c, WEST >> RAMP)
    w[0, 0].mov(1.0, out=fabout(c, advance), n=3)
    w[0, 0].mov(2.0, out=fabout(c, advance), n=3)
    if advance == "own":
        w[0, 1].mov(fabin(c), out=y)
    else:
        w[0, 1:].mov(fabin(c), out=y.own[:3])
    run = w.run(engine=engine)
    assert run.hops == {"own": 6, "path": 3 + 6}[advance]
    assert run.cycles == 6 + LINK(2, {"own": 1, "path": 2}[advance])
    assert y[0, 1].tolist() == {"own": [1, 1, 1, 2, 2, 2], "path": [1, 1, 1, 0, 0, 0]}[advance]


@engines
def test_a_copy_of_a_control_wavelet_advances_each_branch(engine: str) -> None:
    """A multicast to the north and the south: both neighbours turn from their ramp to the east."""
    n = 3
    w = wafer(3, 2)
    y, c = w.memory("y", n), w.color("c")
    w[1, 0].route(c, RAMP >> (NORTH, SOUTH))
    w[0, 0].route(c, [SOUTH >> RAMP, SOUTH >> EAST])
    w[2, 0].route(c, [NORTH >> RAMP, NORTH >> EAST])
    w[::2, 1].route(c, WEST >> RAMP)
    w[1, 0].mov(1.0, out=fabout(c, advance="path"), n=n)
    w[1, 0].mov(2.0, out=fabout(c, advance="path"), n=n)
    w[::2].mov(fabin(c), out=y)
    run = w.run(engine=engine)
    assert run.cycles == 2 * n + LINK(2, 2) and run.hops == 2 * n + 4 * n
    assert y[::2, :, -1].tolist() == [[1, 2], [1, 2]]


@engines
def test_a_control_wavelet_that_is_passed_on_by_a_program_is_none(engine: str) -> None:
    """A PE that takes in a stream and sends it says itself what its own last wavelet does."""
    n = 3
    w = wafer(1, 4)
    y, c, d = w.memory("y", 2 * n), w.color("c"), w.color("d")
    w[0, 0].route(c, RAMP >> EAST)
    w[0, 1].route(c, WEST >> RAMP)
    w[0, 1].route(d, RAMP >> EAST)
    w[0, 2].route(d, [WEST >> RAMP, WEST >> EAST])
    w[0, 3].route(d, WEST >> RAMP)
    w[0, 0].mov(1.0, out=fabout(c, advance="path"), n=n)
    w[0, 0].mov(2.0, out=fabout(c, advance="path"), n=n)
    w[0, 1].mov(fabin(c), out=fabout(d), n=2 * n)
    w[0, 2].mov(fabin(d), out=y)
    w.run(engine=engine)
    assert y[0, 2].tolist() == [1] * n + [2] * n


# Which wavelet it is


@engines
@pytest.mark.parametrize("microthread", [False, True])
def test_the_last_wavelet_of_an_operation_is_the_control_wavelet(
    engine: str, microthread: bool
) -> None:
    """One each of n = 1 and n = 4, also in a microthread; one without elements sends none."""
    w = wafer(1, 2)
    y, c = w.memory("y", 8), w.color("c")
    w[0, 0].route(c, [RAMP >> EAST, RAMP >> WEST, RAMP >> EAST])
    w[0, 1].route(c, WEST >> RAMP)
    thread = {"microthread": microthread}
    w[0, 0].mov(9.0, out=fabout(c, advance="own"), n=np.array([[0]]), **thread)
    w[0, 0].mov(1.0, out=fabout(c), n=2, **thread)
    w[0, 0].mov(2.0, out=fabout(c, advance="own"), n=1, **thread)
    w[0, 0].mov(3.0, out=fabout(c, advance="own"), n=4, **thread)
    w[0, 0].mov(4.0, out=fabout(c), n=2, **thread)
    got = w[0, 0].host_out(c, 4, edge=WEST)
    w[0, 1].mov(fabin(c), out=y.own[:5])
    w.run(engine=engine)
    assert y[0, 1, :5].tolist() == [1, 1, 2, 4, 4] and got[0, 0].tolist() == [3] * 4


@engines
def test_an_operation_without_elements_sends_no_control_wavelet(engine: str) -> None:
    """It is not there: the switch stays, and so does what waits for it."""
    for n, ends in ((1, True), (0, False)):
        w = wafer(1, 3)
        c, y = w.color("c"), w.memory("y", 4)
        w[0, 0].route(c, EAST >> RAMP)
        w[0, 1].route(c, [RAMP >> WEST, EAST >> WEST])
        w[0, 2].route(c, RAMP >> WEST)
        w[0, 1].mov(1.0, out=fabout(c, advance="own"), n=n)
        w[0, 2].mov(2.0, out=fabout(c), n=4 - n)
        w[0, 0].mov(fabin(c), out=y)
        if ends:
            w.run(engine=engine)
            assert y[0, 0].tolist() == [1, 2, 2, 2]
        else:
            with pytest.raises(Deadlock, match=r"PE \(0, 1\), where nothing sends it"):
                w.run(engine=engine)


@engines
def test_with_one_position_a_control_wavelet_changes_nothing(engine: str) -> None:
    """As many cycles, and the same values."""
    for advance in (None, "own", "path"):
        w = wafer(1, 3)
        y, c = w.memory("y", 6), w.color("c")
        w[0, 0].route(c, RAMP >> EAST)
        w[0, 1].route(c, WEST >> (RAMP, EAST))
        w[0, 2].route(c, [WEST >> RAMP])
        for value in (1.0, 2.0):
            w[0, 0].mov(value, out=fabout(c, advance), n=3)
        w[0, 1:].mov(fabin(c), out=y)
        assert w.run(engine=engine).cycles == 6 + LINK(2, 2)
        assert y[0, 1:].tolist() == [[1, 1, 1, 2, 2, 2]] * 2


@engines
def test_alternating_colors_have_positions_too(engine: str) -> None:
    """In a row of pairs the even PEs send east, the odd ones west, then both to north."""
    n = 4
    w = wafer(2, 4)
    x, y, c = w.memory("x", 2 * n), w.memory("y", n), w.alternating("a", "b", by="column")
    x[...] = np.arange(8).reshape(2, 4, 1)
    mine, theirs = c
    w[1, ::2].route(mine, [RAMP >> EAST, RAMP >> NORTH])
    w[1, 1::2].route(mine, [RAMP >> WEST, RAMP >> NORTH])
    w[1, 1::2].route(theirs, WEST >> RAMP)
    w[1, ::2].route(theirs, EAST >> RAMP)
    w[0].route(mine, SOUTH >> RAMP)
    w[1].mov(x.own[:n], out=fabout(mine, advance="own"))
    w[1].mov(x.own[:n], out=fabout(mine))
    w[1].mov(fabin(theirs), out=y)
    w[0].mov(fabin(mine), out=y)
    run = w.run(engine=engine)
    assert y[0, :, -1].tolist() == [4, 5, 6, 7] and y[1, :, -1].tolist() == [5, 4, 7, 6]
    assert run.cycles == 2 * n + LINK(2, 1)


# Every launch begins with the first


@engines
def test_each_launch_begins_with_the_first_position(engine: str) -> None:
    """Three launches on one wafer take the same cycles; one that fails leaves nothing behind."""
    w, x, c = star(5, 4)
    first = w.run(engine=engine)
    write_star(w, x, c)
    assert w.run(engine=engine).cycles == first.cycles
    write_star(w, x, c)
    w[0, 0].mov(fabin(c), out=x)
    with pytest.raises(Deadlock):
        w.run(engine=engine)
    w.discard()
    w[0, 1].mov(x, out=fabout(c, advance="own"))
    with pytest.raises(Undrained, match=r"4 wavelets are left"):
        w.run(engine=engine)
    w.discard()
    write_star(w, x, c)
    assert w.run(engine=engine).cycles == first.cycles


# What waits at a port that is not the position's


@engines
@constants
def test_a_queue_takes_in_from_the_port_of_its_position_alone(engine: str, T: int, Q: int) -> None:
    """While PE 1 is to send first and does not, Q + T of PE 2's wavelets find a place."""
    w = wafer(1, 3, ramp_latency=T, queue_depth=Q)
    y, c = w.memory("y", 100), w.color("c")
    w[0, 0].route(c, EAST >> RAMP)
    w[0, 1].route(c, [RAMP >> WEST, EAST >> WEST])
    w[0, 2].route(c, RAMP >> WEST)
    w[0, 2].mov(1.0, out=fabout(c), n=100)
    w[0, 0].mov(fabin(c), out=y)
    with pytest.raises(Deadlock, match=r"PE \(0, 1\)") as caught:
        w.run(engine=engine)
    assert caught.value.cycle == Q + T
    state = caught.value.state
    assert state.queued[c.number][0].tolist() == [0, 0, Q]
    assert state.leaving[c.number][0].tolist() == [0, 0, T]
    assert state.position_in[c.number][0].tolist() == [0, 0, 0]


@engines
@constants
def test_what_a_pe_sends_behind_its_control_wavelet_stays_on_the_belt(
    engine: str, T: int, Q: int
) -> None:
    """Three sent with a control wavelet; of those behind T find a place, with room in the queue."""
    w = wafer(1, 3, ramp_latency=T, queue_depth=Q)
    y, c = w.memory("y", 100), w.color("c")
    w[0, 0].route(c, EAST >> RAMP)
    w[0, 1].route(c, [RAMP >> WEST, EAST >> WEST])
    w[0, 2].route(c, RAMP >> WEST)
    w[0, 1].mov(1.0, out=fabout(c, advance="own"), n=3)
    w[0, 1].mov(2.0, out=fabout(c), n=100)
    w[0, 0].mov(fabin(c), out=y.own[:3])
    with pytest.raises(Deadlock) as caught:
        w.run(engine=engine)
    state = caught.value.state
    assert state.leaving[c.number][0].tolist() == [0, T, 0]
    assert state.queued[c.number][0].tolist() == [0, 0, 0]
    assert state.handled[0, 1] == T and state.operation[0, 1] == 1
    assert state.position_in[c.number][0, 1] == state.position_out[c.number][0, 1] == 1


@engines
@constants
def test_the_positions_of_a_queues_two_ends_differ_while_it_waits(
    engine: str, T: int, Q: int
) -> None:
    """A router takes in by its second position while its first in line follows the first.

    Nobody reads in PE 0. PE 1 sends as many wavelets as fill every place but its own belt, so that
    the last, a control wavelet, is the last in its router; PE 2 fills its router and its belt.
    """
    n = HELD(Q, T) - T
    w = wafer(1, 3, ramp_latency=T, queue_depth=Q)
    z, c = w.memory("z", 100), w.color("c")
    busy(w[0, 0], z, 100)
    w[0, 0].route(c, EAST >> RAMP)
    w[0, 1].route(c, [RAMP >> WEST, EAST >> WEST])
    w[0, 2].route(c, RAMP >> WEST)
    w[0, 1].mov(1.0, out=fabout(c, advance="own"), n=n)
    w[0, 2].mov(2.0, out=fabout(c), n=Q + T)
    with pytest.raises(Undrained) as caught:
        w.run(engine=engine)
    state = caught.value.state
    assert state.queued[c.number][0, 1:].tolist() == [Q, Q]
    assert state.leaving[c.number][0].tolist() == [0, 0, T]
    assert state.position_in[c.number][0].tolist() == [0, 1, 0]
    assert state.position_out[c.number][0].tolist() == [0, 0, 0]


@engines
def test_a_forgotten_control_wavelet_is_a_deadlock(engine: str) -> None:
    """The star without ``advance``: PE 2 waits for the switch of PE 1 for ever."""
    w, _, _ = star(4, 30, advance=None)
    with pytest.raises(Deadlock, match=r"(?s)PE \(0, 1\).*advance"):
        w.run(engine=engine)


# What is refused


WRONG: dict[str, tuple[Callable[[Any, Any], Any], type, str]] = {
    "five positions": (
        lambda w, c: w[0, 0].route(c, [RAMP >> EAST, RAMP >> WEST] * 2 + [RAMP >> EAST]),
        RouteError, r"at most 4 positions",
    ),
    "no position": (
        lambda w, c: w[0, 0].route(c, []),
        RouteError, r"route \[\]: expected IN >> OUT",
    ),
    "a port among routes": (
        lambda w, c: w[0, 0].route(c, [RAMP >> EAST, WEST]),
        RouteError, r"expected IN >> OUT",
    ),
    "a second list": (
        lambda w, c: (w[0, 0].route(c, RAMP >> EAST), w[0, 0].route(c, [RAMP >> WEST])),
        RouteError, r"PE \(0, 0\) already routes c RAMP >> EAST",
    ),
    "another word": (
        lambda w, c: fabout(c, advance="x"),
        ProgramError, r"advance='x'.*'own', 'path'",
    ),
    "a truth value": (
        lambda w, c: fabout(c, advance=True),
        ProgramError, r"advance=True.*'own', 'path'",
    ),
    "to read with advance": (
        lambda w, c: w[0, 0].mov(fabout(c, advance="own"), out=w.memories["x"]),
        ProgramError, r"read with fabin",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_switch_that_cannot_be_is_refused_when_written(name: str) -> None:
    """With what was expected; nothing is routed or recorded beyond what was right."""
    write, kind, message = WRONG[name]
    w = wafer(2, 3)
    w.memory("x", 4)
    c = w.color("c")
    with pytest.raises(kind, match=message):
        write(w, c)
    assert c.positions == 1 and not w.recorded


def test_the_bitplane_engine_says_that_it_has_no_switches() -> None:
    """It rests on routes that stay; asked for by name it refuses, and left alone gives way."""
    w, _, _ = star(3, 4)
    with pytest.raises(ProgramError, match=r"bitplane.*switches.*engine=None"):
        w.run(engine="bitplane")
    run = w.run()
    assert run.engine == "lockstep" and run.cycles == 4 * 2 + LINK(2, 1)


def test_replace_takes_positions_away() -> None:
    """A route laid over a switch with two positions is its only one."""
    w = wafer(1, 2)
    y, c = w.memory("y", 4), w.color("c")
    w[0, 0].route(c, [RAMP >> WEST, RAMP >> EAST])
    w[0, 0].route(c, RAMP >> EAST, replace=True)
    w[0, 1].route(c, WEST >> RAMP)
    w[0, 0].mov(1.0, out=fabout(c, advance="own"), n=2)
    w[0, 0].mov(2.0, out=fabout(c), n=2)
    w[0, 1].mov(fabin(c), out=y)
    w.run()
    assert y[0, 1].tolist() == [1, 1, 2, 2]
    assert c.routes_at(0, 0)[0] == RAMP >> EAST
