"""The rules of the fabric, each by a program small enough to count its cycles by hand.

Two figures recur, both in `fabric_programs`: `LINK(T, d)`, 2 T + 1 + d, the cycles from the one in
which a wavelet is sent to the one in which it is handled d links away; and `HELD(Q, T)`,
3 Q + 2 T - 1, the wavelets of a color that one link holds.
"""

from __future__ import annotations

from collections.abc import Callable
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
    Deadlock,
    ProgramError,
    StillRunning,
    Undrained,
    Wafer,
    fabin,
    fabout,
)

from .fabric_programs import HELD, LINK, busy, constants, latencies, line, wafer

pytestmark = pytest.mark.parametrize("engine", ["reference", "bitplane"])


# Rules 1, 2, 6: links, ramps and the two closed forms


@constants
@pytest.mark.parametrize(("links", "n"), [(1, 1), (1, 30), (2, 2), (7, 1), (7, 30)])
def test_a_stream_takes_its_length_and_its_way(
    engine: str, T: int, Q: int, links: int, n: int
) -> None:
    """n wavelets over d links: n + 2 T + 1 + d cycles, n d hops, n ramp deliveries."""
    w = wafer(1, links + 1, ramp_latency=T, queue_depth=Q)
    x = w.memory("x", n)
    c = w.color("c")
    line(w, c, 0, 0, links)
    w[0, 0].mov(1.0, out=fabout(c), n=n)
    w[0, -1].mov(fabin(c), out=x)
    run = w.run(engine=engine)
    assert run.cycles == n + 2 * T + 1 + links
    assert run.hops == n * links and run.ramps == n
    assert (x[0, -1] == 1).all() and not x[0, :-1].any()


@constants
@pytest.mark.parametrize(("pes", "n"), [(2, 1), (2, 20), (5, 3), (9, 40), (66, 5)])
def test_a_chain_takes_b_plus_2t_plus_2_for_each_hand_off(
    engine: str, T: int, Q: int, pes: int, n: int
) -> None:
    """A chain reduce of P vectors of B: B + (2 T + 2)(P - 1) cycles, exactly."""
    w = wafer(1, pes, ramp_latency=T, queue_depth=Q)
    x = w.memory("x", n)
    x[...] = np.arange(pes)[None, :, None] + np.arange(n)
    mine, theirs = w.alternating("a", "b", by="column")
    w[:, 1:].route(mine, RAMP >> WEST)
    w[:, :-1].route(theirs, EAST >> RAMP)
    w[:, -1].mov(x, out=fabout(mine))
    w[:, 1:-1].add(fabin(theirs), x, out=fabout(mine))
    w[:, 0].add(fabin(theirs), x, out=x)
    run = w.run(engine=engine)
    assert run.cycles == n + (2 * T + 2) * (pes - 1)
    assert run.hops == run.ramps == n * (pes - 1)
    assert (x[0, 0] == pes * (pes - 1) // 2 + pes * np.arange(n)).all()


@constants
@pytest.mark.parametrize("shape", [(1, 2), (2, 2), (3, 5), (1, 70), (66, 2)])
def test_a_broadcast_takes_b_plus_its_longest_way(
    engine: str, T: int, Q: int, shape: tuple[int, int]
) -> None:
    """From a corner over M x N PEs: B + M + N - 2 + 2 T + 1 cycles, exactly."""
    (M, N), B = shape, 12
    w = wafer(M, N, ramp_latency=T, queue_depth=Q)
    x = w.memory("x", B)
    x[0, 0] = np.arange(B)
    c = w.color("c")
    south = (SOUTH,) if M > 1 else ()
    w[0, 0].route(c, RAMP >> (EAST, *south))
    w[0, 1:-1].route(c, WEST >> (RAMP, EAST, *south))
    w[0, -1].route(c, WEST >> (RAMP, *south))
    w[1:-1].route(c, NORTH >> (RAMP, SOUTH))
    if M > 1:
        w[-1].route(c, NORTH >> RAMP)
    rest = np.ones(shape, bool)
    rest[0, 0] = False
    w[0, 0].mov(x, out=fabout(c))
    w[rest].mov(fabin(c), out=x)
    run = w.run(engine=engine)
    assert run.cycles == B + M + N - 2 + 2 * T + 1
    assert run.hops == run.ramps == B * (M * N - 1), "a multicast head counts one for each link"
    assert (np.asarray(x) == np.arange(B)).all()


def test_a_link_carries_a_wavelet_each_way_in_a_cycle(engine: str) -> None:
    """Two streams that meet on a link do not slow each other."""
    n, T = 25, 2
    w = wafer(2, 2)
    x = w.memory("x", n)
    east, west = w.color("east"), w.color("west")
    # East along row 0, west along the same link from PE (1, 1) by way of PE (0, 1).
    w[0, 0].route(east, RAMP >> EAST)
    w[0, 1].route(east, WEST >> RAMP)
    w[1, 1].route(west, RAMP >> NORTH)
    w[0, 1].route(west, SOUTH >> WEST)
    w[0, 0].route(west, EAST >> SOUTH)
    w[1, 0].route(west, NORTH >> RAMP)
    w[0, 0].mov(1.0, out=fabout(east), n=n)
    w[0, 1].mov(fabin(east), out=x)
    w[1, 1].mov(2.0, out=fabout(west), n=n)
    w[1, 0].mov(fabin(west), out=x)
    assert w.run(engine=engine).cycles == n + LINK(T, 3)


# Rule 3: queues


@constants
def test_what_a_link_holds_is_its_queues_and_belts(engine: str, T: int, Q: int) -> None:
    """A stream that nobody reads: 3 Q + 2 T - 1 wavelets find a place, the next one none."""
    full = HELD(Q, T)
    for n, kind in ((full, Undrained), (full + 1, Deadlock)):
        w = wafer(1, 2, ramp_latency=T, queue_depth=Q)
        c = w.color("c")
        line(w, c, 0, 0, 1)
        w[0, 0].mov(1.0, out=fabout(c), n=n)
        with pytest.raises(kind) as caught:
            w.run(engine=engine)
        assert caught.value.cycle == full, "one a cycle until all places are taken"


@constants
def test_each_router_on_the_way_holds_its_depth(engine: str, T: int, Q: int) -> None:
    """Every further link adds one queue."""
    links = 4
    w = wafer(1, links + 1, ramp_latency=T, queue_depth=Q)
    c = w.color("c")
    line(w, c, 0, 0, links)
    w[0, 0].mov(1.0, out=fabout(c), n=1000)
    with pytest.raises(Deadlock) as caught:
        w.run(engine=engine)
    assert caught.value.cycle == HELD(Q, T) + (links - 1) * Q


@constants
def test_a_stream_that_waited_runs_at_full_rate_again(engine: str, T: int, Q: int) -> None:
    """After a receiver busy for K cycles n wavelets take n cycles: no queue halves the rate."""
    K, n = 50, 60
    w = wafer(1, 4, ramp_latency=T, queue_depth=Q)
    x = w.memory("x", 60)
    c = w.color("c")
    line(w, c, 0, 0, 3)
    w[0, 0].mov(1.0, out=fabout(c), n=n)
    busy(w[0, 3], x, K)
    w[0, 3].mov(fabin(c), out=x)
    assert w.run(engine=engine).cycles == K + n


def test_a_queue_of_one_is_refused(engine: str) -> None:
    """Depth 1 would run at half rate."""
    with pytest.raises(ProgramError, match=r"(?s)queue_depth.*(half|every other)"):
        wafer(1, 2, queue_depth=1).run(engine=engine)


# Rules 4 and 5: who gets a port


def shared_link(first: str, second: str, others: int = 0, **rules: Any) -> tuple[Wafer, Any, Any]:
    """PE 1 sends "near" to PE 2 over the link by which "far" passes from PE 0 to PE 3.

    "near" is first in the queue of PE 1's router in cycle T + 1, "far" in cycle T + 2.
    """
    w = wafer(1, 4, **rules)
    colors = {name: w.color(name) for name in (first, second)}
    for i in range(others):
        w.color(f"unused {i}")
    line(w, colors["near"], 0, 1, 2)
    line(w, colors["far"], 0, 0, 3)
    return w, colors["near"], colors["far"]


@constants
@pytest.mark.parametrize(("near", "far"), [(10, 10), (30, 4), (4, 30), (1, 20)])
def test_the_lowest_color_goes_first_and_starves_the_other(
    engine: str, T: int, Q: int, near: int, far: int
) -> None:
    """With near the lower color, far waits until the last of near has gone."""
    w, a, b = shared_link("near", "far", ramp_latency=T, queue_depth=Q)
    x = w.memory("x", 30)
    w[0, 1].mov(1.0, out=fabout(a), n=near)
    w[0, 0].mov(1.0, out=fabout(b), n=far)
    w[0, 2].mov(fabin(a), out=x.own[:near])
    w[0, 3].mov(fabin(b), out=x.own[:far])
    # near leaves PE 1 in cycles T + 1 to T + near, far in the cycles right behind it; a wavelet
    # that leaves PE 1 in cycle s is handled at PE 3, two links on, in cycle s + T + 2.
    assert w.run(engine=engine).cycles == (T + near + far) + (T + 2) + 1


@constants
@pytest.mark.parametrize(("near", "far"), [(10, 10), (30, 4), (4, 30)])
def test_the_order_is_that_of_the_numbers(engine: str, T: int, Q: int, near: int, far: int) -> None:
    """With far the lower color, near has one cycle before far comes, and the rest behind it."""
    w, a, b = shared_link("far", "near", ramp_latency=T, queue_depth=Q)
    x = w.memory("x", 30)
    w[0, 1].mov(1.0, out=fabout(a), n=near)
    w[0, 0].mov(1.0, out=fabout(b), n=far)
    w[0, 2].mov(fabin(a), out=x.own[:near])
    w[0, 3].mov(fabin(b), out=x.own[:far])
    # The link is never idle from cycle T + 1 on; the last of near goes last, to PE 2, one link on.
    near_ends = (T + near + far) + (T + 1) + 1
    far_ends = far + LINK(T, 3)
    assert w.run(engine=engine).cycles == max(near_ends, far_ends)


@pytest.mark.parametrize(
    ("arbitration", "unused", "last_of_near"),
    [("fixed", 0, 10), ("fixed", 2, 10), ("rotate", 0, 16), ("rotate", 1, 14), ("rotate", 2, 12)],
)
def test_a_rotating_order_shares_c_minus_1_to_1(
    engine: str, arbitration: str, unused: int, last_of_near: int
) -> None:
    """Of C colors two want the link: the second has its turn every C-th cycle, unused or not.

    T = 2 and 8 wavelets each. near is alone in cycle 3; far comes in cycle 4. In cycle t color
    t mod C asks first. C = 2: near in 3, 4, 6, 8, ... 16. C = 3 (1 unused): far has 4, 7, 10, 13,
    so near 3, 5, 6, 8, 9, 11, 12, 14. C = 4: far has 5, 9, so near 3, 4, 6, 7, 8, 10, 11, 12.
    """
    w, a, b = shared_link("near", "far", unused, arbitration=arbitration)
    x = w.memory("x", 100)
    w[0, 1].mov(1.0, out=fabout(a), n=8)
    w[0, 0].mov(1.0, out=fabout(b), n=8)
    w[0, 2].mov(fabin(a), out=x.own[:8])
    w[0, 3].mov(fabin(b), out=x.own[:8])
    busy(w[0, 2], x, 100)  # so that the run ends 100 cycles after the last of near is handled
    handled = last_of_near + (2 + 1)
    assert w.run(engine=engine).cycles == handled + 1 + 100


def test_a_rotating_order_changes_no_total(engine: str) -> None:
    """The link is busy all the time in any order, so the last wavelet goes in the same cycle."""
    cycles = set()
    for arbitration, unused in (("fixed", 0), ("rotate", 0), ("rotate", 5)):
        w, a, b = shared_link("near", "far", unused, arbitration=arbitration)
        x = w.memory("x", 40)
        w[0, 1].mov(1.0, out=fabout(a), n=20)
        w[0, 0].mov(1.0, out=fabout(b), n=40)
        w[0, 2].mov(fabin(a), out=x.own[:20])
        w[0, 3].mov(fabin(b), out=x)
        cycles.add(w.run(engine=engine).cycles)
    assert cycles == {(2 + 20 + 40) + (2 + 2) + 1}


def cross(low: str, high: str, **rules: Any) -> tuple[Wafer, dict[str, Any]]:
    """Colors across PE (1, 1) of 3 x 4: "copy" from the west to its ramp and east to PE (1, 2),

    "turn" from the south and east, through PE (1, 2), to PE (1, 3).
    """
    w = wafer(3, 4, **rules)
    c = {name: w.color(name) for name in (low, high)}
    w[1, 0].route(c["copy"], RAMP >> EAST)
    w[1, 1].route(c["copy"], WEST >> (RAMP, EAST))
    w[1, 2].route(c["copy"], WEST >> RAMP)
    w[2, 1].route(c["turn"], RAMP >> NORTH)
    w[1, 1].route(c["turn"], SOUTH >> EAST)
    w[1, 2].route(c["turn"], WEST >> EAST)
    w[1, 3].route(c["turn"], WEST >> RAMP)
    return w, c


@constants
def test_a_multicast_head_moves_to_all_its_ports_or_to_none(engine: str, T: int, Q: int) -> None:
    """While a lower color has the link, the copy for the PE's own ramp waits too."""
    n, k = 20, 12
    w, c = cross("turn", "copy", ramp_latency=T, queue_depth=Q)
    x = w.memory("x", 100)
    w[1, 0].mov(1.0, out=fabout(c["copy"]), n=k)
    w[2, 1].mov(1.0, out=fabout(c["turn"]), n=n)
    w[1, 3].mov(fabin(c["turn"]), out=x.own[:n])
    w[1, 1:3].mov(fabin(c["copy"]), out=x.own[:k])
    busy(w[1, 1], x, 100)
    # Both reach the router of (1, 1) in cycle T + 2. turn goes first, n times, then copy k times;
    # what leaves for the ramp is handled T cycles later.
    last = (T + 2) + n + k - 1
    assert w.run(engine=engine).cycles == last + T + 1 + 100


@constants
def test_a_head_that_cannot_move_takes_no_port(engine: str, T: int, Q: int) -> None:
    """A lower color stuck at a full ramp leaves the link it shares to the higher one."""
    n, K = 30, 100
    w, c = cross("copy", "turn", ramp_latency=T, queue_depth=Q)
    x = w.memory("x", 300)
    w[1, 0].mov(1.0, out=fabout(c["copy"]), n=n)
    busy(w[1, 1], x, K)  # (1, 1) reads no copy before cycle K
    w[1, 1:3].mov(fabin(c["copy"]), out=x.own[:n])
    busy(w[2, 1], x, 40)  # turn comes when copy has long been stuck
    w[2, 1].mov(1.0, out=fabout(c["turn"]), n=n)
    w[1, 3].mov(fabin(c["turn"]), out=x.own[:n])
    busy(w[1, 3], x, 300)
    assert w.run(engine=engine).cycles == 40 + n + LINK(T, 3) + 300


# Rule 6: one wavelet a cycle into a PE


@pytest.mark.parametrize("n", [2, 4, 10, 40])
def test_two_streams_into_one_operation_by_hand(engine: str, n: int) -> None:
    """T = 1, Q = 2: the ramp gives a, a, b, b, ... and pairs are handled in two cycles of four.

    a is in the PE's queue in cycles 4 and 5, which fills it; b in 6 and 7. Pairs are handled in
    6, 7, then 10, 11, and so on: 2 n + 4 cycles for an even n.
    """
    w = wafer(1, 3, ramp_latency=1)
    x = w.memory("x", n)
    a, b = w.color("a"), w.color("b")
    w[0, 0].route(a, RAMP >> EAST)
    w[0, 1].route(a, WEST >> RAMP)
    w[0, 2].route(b, RAMP >> WEST)
    w[0, 1].route(b, EAST >> RAMP)
    w[0, 0].mov(1.0, out=fabout(a), n=n)
    w[0, 2].mov(2.0, out=fabout(b), n=n)
    w[0, 1].add(fabin(a), fabin(b), out=x)
    run = w.run(engine=engine)
    assert run.cycles == 2 * n + 4
    assert (x[0, 1] == 3).all() and run.ramps == 2 * n


@constants
def test_two_streams_into_one_operation_run_at_half_rate(engine: str, T: int, Q: int) -> None:
    """24 elements more of two streams take 48 cycles more, whatever the queues."""
    cycles = []
    for n in (48, 72):
        w = wafer(1, 3, ramp_latency=T, queue_depth=Q)
        x = w.memory("x", n)
        a, b = w.color("a"), w.color("b")
        w[0, 0].route(a, RAMP >> EAST)
        w[0, 1].route(a, WEST >> RAMP)
        w[0, 2].route(b, RAMP >> WEST)
        w[0, 1].route(b, EAST >> RAMP)
        w[0, 0].mov(1.0, out=fabout(a), n=n)
        w[0, 2].mov(2.0, out=fabout(b), n=n)
        w[0, 1].mul(fabin(b), fabin(a), out=x)
        cycles.append(w.run(engine=engine).cycles)
    assert cycles[1] - cycles[0] == 48


# Rule 7: one operation after another


@pytest.mark.parametrize("gap", [0, 1, 3])
@latencies
def test_the_next_operation_begins_in_the_next_cycle_plus_the_gap(
    engine: str, T: int, gap: int
) -> None:
    """Three sends of 5, 1 and 7 elements to one reader of 13: 13 + 2 gaps and the way."""
    w = wafer(1, 2, ramp_latency=T, gap=gap)
    x = w.memory("x", 13)
    c = w.color("c")
    line(w, c, 0, 0, 1)
    for n in (5, 1, 7):
        w[0, 0].mov(1.0, out=fabout(c), n=n)
    w[0, 1].mov(fabin(c), out=x)
    assert w.run(engine=engine).cycles == 13 + 2 * gap + LINK(T, 1)


@pytest.mark.parametrize("gap", [0, 1, 3])
def test_the_gap_stands_between_operations_of_every_kind(engine: str, gap: int) -> None:
    """Memory, memory, stream: a gap after each but the last."""
    w = wafer(1, 2, gap=gap)
    x = w.memory("x", 20)
    c = w.color("c")
    line(w, c, 0, 0, 1)
    busy(w[0, 0], x, 10)
    busy(w[0, 0], x, 20)
    w[0, 0].mov(1.0, out=fabout(c), n=5)
    w[0, 1].mov(fabin(c), out=x.own[:5])
    assert w.run(engine=engine).cycles == 10 + gap + 20 + gap + 5 + LINK(2, 1)


def test_an_operation_that_waits_takes_and_sends_nothing(engine: str) -> None:
    """A PE that adds two streams takes none of the first while the second is not there.

    b starts 50 cycles late; meanwhile 3 Q + 2 T - 1 = 9 wavelets of a stand on their link, and the
    sender of a, whose 9 are done in cycle 9, can go on to its memory: the run shows when.
    """
    w = wafer(1, 3)
    x = w.memory("x", 50)
    a, b = w.color("a"), w.color("b")
    w[0, 0].route(a, RAMP >> EAST)
    w[0, 1].route(a, WEST >> RAMP)
    w[0, 2].route(b, RAMP >> WEST)
    w[0, 1].route(b, EAST >> RAMP)
    w[0, 0].mov(1.0, out=fabout(a), n=HELD(2, 2) + 1)
    busy(w[0, 2], x, 50)
    w[0, 2].mov(2.0, out=fabout(b), n=HELD(2, 2) + 1)
    w[0, 1].add(fabin(a), fabin(b), out=x.own[: HELD(2, 2) + 1])
    with pytest.raises(StillRunning) as caught:
        w.run(engine=engine, max_cycles=50)
    state = caught.value.state
    assert state.handled[0].tolist()[:2] == [HELD(2, 2), 0]
    assert state.waiting[a.number][0].tolist() == [0, 2, 0]
    assert state.arriving[a.number][0].tolist() == [0, 1, 0]
    assert state.queued[a.number][0].tolist() == [2, 2, 0]
    assert state.leaving[a.number][0].tolist() == [2, 0, 0]


@latencies
@pytest.mark.parametrize("Z", [1, 12, 30])
def test_a_halo_exchange_without_microthreads_takes_turns(engine: str, T: int, Z: int) -> None:
    """On a chessboard black sends to four sides while white takes in, then the other way round.

    Black's four streams take 4 Z cycles and their way 2 T + 2; white begins when it has taken
    all: 8 Z + 2 (2 T + 2) cycles, where four threads would need 4 Z.
    """
    w = wafer(6, 6, ramp_latency=T)
    x, y = w.memory("x", Z), w.memory("y", (4, Z))
    x[...] = np.arange(36).reshape(6, 6, 1)
    black = np.indices((6, 6)).sum(axis=0) % 2 == 0
    sides = [(EAST, WEST, 0, 1), (WEST, EAST, 0, -1), (SOUTH, NORTH, 1, 0), (NORTH, SOUTH, -1, 0)]
    streams = []
    for side, (out, back, down, right) in enumerate(sides):
        rows, columns = np.indices((6, 6))  # inside: PEs that have a neighbour on that side
        inside = (rows + down >= 0) & (rows + down < 6) & (columns + right >= 0)
        inside &= columns + right < 6
        taking = np.roll(inside, (down, right), (0, 1))
        for parity in (True, False):
            c = w.color(f"{out} from {'black' if parity else 'white'}")
            w[inside & (black == parity)].route(c, RAMP >> out)
            w[taking & (black != parity)].route(c, back >> RAMP)
            streams.append((parity, c, inside, taking, side))
    for turn in (True, False):
        for parity, c, inside, _, _ in streams:
            if parity == turn:
                w[inside & (black == parity)].mov(x, out=fabout(c))
        for parity, c, _, taking, side in streams:
            if parity == turn:
                w[taking & (black != parity)].mov(fabin(c), out=y.own[side])
    run = w.run(engine=engine)
    assert len(w.colors) == 8
    assert run.cycles == 8 * Z + 2 * (2 * T + 2)
    assert y[2, 3, :, 0].tolist() == [14, 16, 9, 21], "from the west, east, north and south"


# Rule 8: operations on memory alone


@pytest.mark.parametrize("startup", [0, 1, 7])
@pytest.mark.parametrize("n", [1, 2, 33])
@pytest.mark.parametrize("kind", ["mov", "add", "mul", "max", "mac"])
def test_an_operation_on_memory_takes_startup_and_one_cycle_a_value(
    engine: str, startup: int, n: int, kind: str
) -> None:
    """startup + n cycles in float32, for every kind of operation."""
    w = wafer(2, 2, startup=startup)
    x = w.memory("x", n)
    getattr(w[...], kind)(*[x] * (1 if kind == "mov" else 2), out=x)
    run = w.run(engine=engine)
    assert run.cycles == startup + n and run.hops == run.ramps == 0


@pytest.mark.parametrize(
    ("chip", "dtype", "rate"),
    [
        (wse.WSE2, "float16", 4),
        (wse.WSE3, "float16", 8),
        (wse.WSE2, "float32", 1),
        (wse.WSE3, "float32", 1),
    ],
    ids=lambda value: getattr(value, "name", str(value)),
)
@pytest.mark.parametrize("n", [1, 4, 8, 9, 100])
def test_multiply_accumulate_has_a_rate_by_type(
    engine: str, chip: Any, dtype: str, rate: int, n: int
) -> None:
    """float16: 4 a cycle on a WSE-2, 8 on a WSE-3; float32: 1; the last cycle may be part full."""
    w = Wafer(1, 2, chip=chip, startup=3, gap=0)
    x, y = w.memory("x", n, dtype=dtype), w.memory("y", n, dtype=dtype)
    w[...].mac(x, y, out=y)
    assert w.run(engine=engine).cycles == 3 + -(-n // rate)


@pytest.mark.parametrize("kind", ["mov", "add", "mul", "max"])
def test_only_multiply_accumulate_is_faster_in_float16(engine: str, kind: str) -> None:
    """The others handle one value a cycle in either type."""
    w = wafer(1, 1)
    x = w.memory("x", 40, dtype="float16")
    getattr(w[...], kind)(*[x] * (1 if kind == "mov" else 2), out=x)
    assert w.run(engine=engine).cycles == 40


def test_a_stream_of_float16_goes_one_a_cycle(engine: str) -> None:
    """The rate of multiply-accumulate is the memory's; a stream gives one value a cycle."""
    w = wafer(1, 2)
    x = w.memory("x", 40, dtype="float16")
    c = w.color("c")
    line(w, c, 0, 0, 1)
    w[0, 0].mov(x, out=fabout(c))
    w[0, 1].mac(fabin(c), x, out=x)
    assert w.run(engine=engine).cycles == 40 + LINK(2, 1)


def test_startup_is_paid_by_each_operation_on_memory_and_by_no_other(engine: str) -> None:
    """Two operations on memory and one on the fabric: startup twice."""
    w = wafer(1, 2, startup=5)
    x = w.memory("x", 10)
    c = w.color("c")
    line(w, c, 0, 0, 1)
    busy(w[0, 0], x, 10)
    busy(w[0, 0], x, 4)
    w[0, 0].mov(x, out=fabout(c))
    w[0, 1].mov(fabin(c), out=x)
    assert w.run(engine=engine).cycles == (5 + 10) + (5 + 4) + 10 + LINK(2, 1)


def test_rates_can_be_set_for_a_what_if(engine: str) -> None:
    """fp16_macs and fp32_macs are rules like the others."""
    w = wafer(1, 1, fp16_macs=16, fp32_macs=2)
    x, h = w.memory("x", 33), w.memory("h", 33, dtype="float16")
    w[...].mac(x, x, out=x)
    w[...].mac(h, h, out=h)
    assert w.run(engine=engine).cycles == 17 + 3


@pytest.mark.parametrize(("dtype", "small"), [("float32", 2.0**-12), ("float16", 2.0**-6)])
@pytest.mark.parametrize("streamed", [False, True])
def test_mac_rounds_the_product_and_then_the_sum(
    engine: str, dtype: str, small: float, streamed: bool
) -> None:
    """(1 + e)(1 + e) - (1 + 2 e) is 0 when rounded twice; fused it would be e squared."""
    kind = np.dtype(dtype).type
    w = wafer(1, 2)
    x, y = w.memory("x", 3, dtype=dtype), w.memory("y", 3, dtype=dtype)
    x[...] = kind(1 + small)
    y[...] = kind(-(1 + 2 * small))
    assert kind(1 + small) * kind(1 + small) == kind(1 + 2 * small), "rounds to even"
    c = w.color("c")
    line(w, c, 0, 0, 1)
    if streamed:
        w[0, 0].mov(x, out=fabout(c))
        w[0, 1].mac(fabin(c), x, out=y)
    else:
        w[0, 1].mac(x, x, out=y)
    w.run(engine=engine)
    assert y[0, 1].tolist() == [0, 0, 0] and (y[0, 0] != 0).all()


# Rule 9: waiting holds back only what it must


@constants
def test_back_pressure_through_a_multicast_holds_the_other_branch(
    engine: str, T: int, Q: int
) -> None:
    """PE 1 reads late, so PE 2, ready all the time, has its stream late as well.

    Before PE 1 reads, its queue and belt take h = Q + T - 1 wavelets, and h have gone on to PE 2.
    PE 1 reads from cycle K on; the head has room again in K + 1, so wavelet i moves in
    K + 1 + i - h, and PE 2, a link away, handles it T + 1 cycles later.
    """
    K, n = 60, 30
    w = wafer(1, 3, ramp_latency=T, queue_depth=Q)
    x = w.memory("x", 200)
    c = w.color("c")
    w[0, 0].route(c, RAMP >> EAST)
    w[0, 1].route(c, WEST >> (RAMP, EAST))
    w[0, 2].route(c, WEST >> RAMP)
    w[0, 0].mov(1.0, out=fabout(c), n=n)
    busy(w[0, 1], x, K)
    w[0, 1:].mov(fabin(c), out=x.own[:n])
    busy(w[0, 2], x, 200)
    handled = (K + 1 + (n - 1) - (Q + T - 1)) + T + 1
    assert w.run(engine=engine).cycles == handled + 1 + 200


@constants
def test_a_color_that_waits_holds_back_no_other(engine: str, T: int, Q: int) -> None:
    """One color stands still through two routers, another passes them at full rate."""
    n = 25
    w = wafer(2, 3, ramp_latency=T, queue_depth=Q)
    x = w.memory("x", 100)
    stuck, free = w.color("stuck"), w.color("free")
    line(w, stuck, 0, 0, 2)
    w[1, 0].route(free, RAMP >> NORTH)
    w[0, 0].route(free, SOUTH >> EAST)
    w[0, 1].route(free, WEST >> RAMP)
    w[0, 0].mov(1.0, out=fabout(stuck), n=n)
    busy(w[0, 2], x, 100)
    w[0, 2].mov(fabin(stuck), out=x.own[:n])
    busy(w[1, 0], x, 40)  # by then stuck stands
    w[1, 0].mov(1.0, out=fabout(free), n=n)
    w[0, 1].mov(fabin(free), out=x.own[:n])
    busy(w[0, 1], x, 100)
    assert w.run(engine=engine).cycles == 40 + n + LINK(T, 2) + 100


@constants
def test_wavelets_that_come_early_wait(engine: str, T: int, Q: int) -> None:
    """What arrives before its operation begins is taken by it, one a cycle, in order."""
    n = HELD(Q, T)
    w = wafer(1, 2, ramp_latency=T, queue_depth=Q)
    x, z = w.memory("x", n), w.memory("z", 50)
    x[0, 0] = np.arange(n)
    c = w.color("c")
    line(w, c, 0, 0, 1)
    w[0, 0].mov(x, out=fabout(c))
    busy(w[0, 1], z, 50)
    w[0, 1].mov(fabin(c), out=x)
    assert w.run(engine=engine).cycles == 50 + n
    assert x[0, 1].tolist() == list(range(n))


# Rule 10: the end of a run


def test_a_run_ends_with_the_last_element_of_the_slowest_pe(engine: str) -> None:
    """Cycles count to the last element anywhere, on the fabric or in memory."""
    w = wafer(1, 3)
    x = w.memory("x", 37)
    c = w.color("c")
    line(w, c, 0, 0, 1)
    w[0, 0].mov(1.0, out=fabout(c), n=4)
    w[0, 1].mov(fabin(c), out=x.own[:4])
    busy(w[0, 2], x, 37)
    assert w.run(engine=engine).cycles == 37


def test_nothing_recorded_takes_no_cycle(engine: str) -> None:
    """A wafer without operations runs, and ends at once."""
    w = wafer(2, 3)
    w.memory("x", 3)
    w[0].route(w.color("c"), WEST >> RAMP)
    run = w.run(engine=engine)
    assert (run.cycles, run.hops, run.ramps) == (0, 0, 0)


def test_nothing_is_repeated_and_routes_and_memory_stay(engine: str) -> None:
    """The second launch runs what was recorded since the first, on what the first left."""
    w = wafer(1, 2)
    x = w.memory("x", 3)
    x[0, 0] = [1, 2, 3]
    c = w.color("c")
    line(w, c, 0, 0, 1)
    w[0, 0].mov(x, out=fabout(c))
    w[0, 1].add(fabin(c), x, out=x)
    assert w.run(engine=engine).cycles == 3 + LINK(2, 1)
    again = w.run(engine=engine)
    assert (again.cycles, again.hops, again.ramps) == (0, 0, 0)
    assert x[0, 1].tolist() == [1, 2, 3]
    w[0, 0].mov(x.own[1:], out=fabout(c))
    w[0, 1].add(fabin(c), x.own[:2], out=x.own[:2])
    third = w.run(engine=engine)
    assert (third.cycles, third.hops) == (2 + LINK(2, 1), 2)
    assert x[0, 1].tolist() == [3, 5, 3]


def sends_too_many(w: Wafer) -> Any:
    """A stream of 12 of which 10 are read, and memory written before and behind it."""
    x = w.memory("x", 12)
    x[...] = 1.0
    c = w.color("c")
    w[0, 0].route(c, RAMP >> EAST)
    w[0, 1].route(c, WEST >> RAMP)
    w[...].mul(x, 3.0, out=x)
    w[0, 0].mov(x, out=fabout(c))
    w[0, 1].mov(fabin(c), out=x.own[:10])
    return x


def reads_over_a_wrong_route(w: Wafer) -> Any:
    """The same, whole, but the receiver's router looks for the stream in the east."""
    x = w.memory("x", 12)
    x[...] = 1.0
    c = w.color("c")
    w[0, 0].route(c, RAMP >> EAST)
    w[0, 1].route(c, EAST >> RAMP)
    w[...].mul(x, 3.0, out=x)
    w[0, 0].mov(x, out=fabout(c))
    w[0, 1].add(fabin(c), x, out=x)
    return x


def takes_long(w: Wafer) -> Any:
    """A hundred cycles of work."""
    x = w.memory("x", 12)
    x[...] = 1.0
    for _ in range(100):
        w[...].add(x, 1.0, out=x)
    return x


@pytest.mark.parametrize(
    ("program", "kind", "limit"),
    [
        (sends_too_many, Undrained, None),
        (reads_over_a_wrong_route, Deadlock, None),
        (takes_long, StillRunning, 50),
    ],
)
def test_a_run_that_fails_leaves_memory_and_program_untouched(
    engine: str, program: Callable, kind: type, limit: int | None
) -> None:
    """Memory is as before the launch and the operations stay recorded: it fails again alike."""
    w = wafer(1, 2)
    x = program(w)
    cycles = []
    for _ in range(2):
        with pytest.raises(kind) as caught:
            w.run(engine=engine, max_cycles=limit)
        cycles.append(caught.value.cycle)
        assert (np.asarray(x) == 1).all()
    assert cycles[0] == cycles[1] > 0


def test_a_mended_route_lets_the_same_operations_run(engine: str) -> None:
    """After a Deadlock one route is replaced, nothing is written again, and the run ends well."""
    w = wafer(1, 2)
    x = reads_over_a_wrong_route(w)
    with pytest.raises(Deadlock):
        w.run(engine=engine)
    w[0, 1].route(w.colors[0], WEST >> RAMP, replace=True)
    assert w.run(engine=engine).cycles == 12 + 12 + LINK(2, 1)
    assert (x[0, 0] == 3).all() and (x[0, 1] == 6).all()


def test_what_is_missing_can_be_added_after_a_failure(engine: str) -> None:
    """After an Undrained the reader's missing operation is recorded behind the others."""
    w = wafer(1, 2)
    x = sends_too_many(w)
    with pytest.raises(Undrained):
        w.run(engine=engine)
    w[0, 1].mov(fabin(w.colors[0]), out=x.own[10:])
    assert w.run(engine=engine).cycles == 12 + 12 + LINK(2, 1)
    assert (np.asarray(x) == 3).all()


def test_a_long_run_goes_on_with_a_larger_limit(engine: str) -> None:
    """StillRunning loses nothing: the same launch runs from its start, to the end."""
    w = wafer(1, 2)
    x = takes_long(w)
    with pytest.raises(StillRunning):
        w.run(engine=engine, max_cycles=50)
    assert w.run(engine=engine, max_cycles=10_000).cycles == 1200
    assert (np.asarray(x) == 101).all()


@pytest.mark.parametrize("streamed", [False, True])
def test_max_cycles_is_enough_when_the_run_takes_just_that(engine: str, streamed: bool) -> None:
    """With as many cycles as the run takes it ends; with one less it is StillRunning there."""
    cycles = 12 + LINK(2, 1)
    for limit in (0, 1, 9, cycles - 1):
        w = wafer(1, 2)
        x = w.memory("x", cycles)
        c = w.color("c")
        line(w, c, 0, 0, 1)
        if streamed:
            w[0, 0].mov(1.0, out=fabout(c), n=12)
            w[0, 1].mov(fabin(c), out=x.own[:12])
        else:
            busy(w[...], x, cycles)
        with pytest.raises(StillRunning) as caught:
            w.run(engine=engine, max_cycles=limit)
        assert caught.value.cycle == limit
        assert w.run(engine=engine, max_cycles=cycles).cycles == cycles


@pytest.mark.parametrize("later", [0, 1, 2, 10, 63, 64, 65, 1000])
def test_a_deadlock_is_named_before_a_later_limit(engine: str, later: int) -> None:
    """Stuck in cycle 9: a limit of 9 is reached first, any later one is not."""
    w = wafer(1, 2)
    c = w.color("c")
    line(w, c, 0, 0, 1)
    w[0, 0].mov(1.0, out=fabout(c), n=100)
    with pytest.raises(StillRunning if later == 0 else Deadlock) as caught:
        w.run(engine=engine, max_cycles=HELD(2, 2) + later)
    assert caught.value.cycle == HELD(2, 2)


def test_an_unfinished_run_says_which_operation_each_pe_is_at(engine: str) -> None:
    """The state counts a PE as at work until its last operation ends, also in its own memory."""
    w = wafer(1, 3, gap=2)
    x = w.memory("x", 20)
    c = w.color("c")
    line(w, c, 0, 0, 1)
    busy(w[0, 0], x, 20)  # 0: cycles 0 to 19
    w[0, 0].mov(x, out=fabout(c))  # 1
    w[0, 1].mov(fabin(c), out=x)  # 2
    busy(w[0, 2], x, 5)  # 3: cycles 0 to 4
    busy(w[0, 2], x, 20)  # 4: cycles 7 to 26
    at = {4: [0, 2, 3], 5: [0, 2, 4], 15: [0, 2, 4], 20: [1, 2, 4], 26: [1, 2, 4], 27: [1, 2, -1]}
    for limit, numbers in at.items():
        with pytest.raises(StillRunning) as caught:
            w.run(engine=engine, max_cycles=limit)
        assert caught.value.state.operation.tolist() == [numbers], f"after {limit} cycles"
        left = sum(number >= 0 for number in numbers)
        assert str(left) in str(caught.value)


def test_progress_hears_of_the_cycles(engine: str) -> None:
    """A function given as progress is called with growing cycle numbers, up to the end at most."""
    w = wafer(1, 2)
    c, x = w.color("c"), w.memory("x", 500)
    line(w, c, 0, 0, 1)
    w[0, 0].mov(1.0, out=fabout(c), n=500)
    w[0, 1].mov(fabin(c), out=x)
    heard: list[int] = []
    run = w.run(engine=engine, progress=heard.append)
    assert heard and heard == sorted(set(heard)) and heard[-1] <= run.cycles


def test_a_run_that_is_interrupted_leaves_everything_as_it_was(engine: str) -> None:
    """Whatever stops a run from outside, memory and program are untouched, and it can run again."""
    w = wafer(1, 2)
    x = takes_long(w)
    c = w.color("c")
    line(w, c, 0, 0, 1)
    w[0, 0].mov(x, out=fabout(c))
    w[0, 1].mov(fabin(c), out=x)

    def stop(cycle: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        w.run(engine=engine, progress=stop)
    assert (np.asarray(x) == 1).all()
    assert w.run(engine=engine).cycles == 1200 + 12 + LINK(2, 1)
    assert (np.asarray(x) == 101).all()


@pytest.mark.parametrize(
    "n", [*range(1, 19), 31, 32, 33, 63, 64, 65, 127, 128, 129, 1023, 1024, 1025]
)
def test_every_length_is_counted_to_its_last_element(engine: str, n: int) -> None:
    """Beside every power of two: sent, passed on and taken, n elements are n."""
    w = wafer(1, 3)
    x = w.memory("x", n)
    mine, theirs = w.alternating("a", "b", by="column")
    w[:, :-1].route(mine, RAMP >> EAST)
    w[:, 1:].route(theirs, WEST >> RAMP)
    w[0, 0].mov(1.0, out=fabout(mine), n=n)
    w[0, 1].add(fabin(theirs), 1.0, out=fabout(mine), n=n)
    w[0, 2].mov(fabin(theirs), out=x)
    run = w.run(engine=engine)
    assert run.cycles == n + 2 * LINK(2, 1) and run.ramps == 2 * n
    assert (x[0, 2] == 2).all()


def test_a_run_tells_its_figures(engine: str) -> None:
    """Cycles, hops, ramps, the engine and why its answer holds, seconds at a clock, energy."""
    w = wafer(1, 2)
    x = w.memory("x", 10)
    busy(w[...], x, 10)
    run = w.run(engine=engine)
    assert run.engine == engine and run.exact_because
    assert run.seconds() == pytest.approx(10 / wse.WSE2.clock_hz)
    assert run.seconds(1e9) == pytest.approx(1e-8)
    low, high = run.energy_j
    assert 0 < low <= high
    assert "10" in repr(run) and engine in repr(run) and engine in run._repr_html_()
