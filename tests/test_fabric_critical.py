"""Critical paths: held to what is known by hand, and to the frames of random runs."""

from __future__ import annotations

import random

import numpy as np
import pytest

import wselab as wse
from wselab import EAST, NORTH, RAMP, SOUTH, WEST, Trace, fabin, fabout
from wselab.fabric.explain.standing import Waiting
from wselab.fabric.trace.critical import CriticalPath
from wselab.fabric.trace.events import Step
from wselab.fabric.trace.frames import Frame
from wselab.fabric.trace.stretches import Explanation

from .agreement.programs import Draw, random_wafer

RAMP_LATENCY = wse.WSE2.ramp_latency_cycles


def explained(wafer: wse.Wafer) -> Explanation:
    """The explanation of a run, whose stretches lie end to end from 0 to its cycles."""
    run = wafer.run(trace=True)
    found = run.explain()
    check_ends(found, run.cycles)
    return found


def check_ends(found: Explanation, cycles: int) -> None:
    """Each stretch begins where the one before it ends."""
    ends = [0, *(one.stop for one in found.stretches)]
    assert ends[:-1] == [one.start for one in found.stretches]
    assert ends[-1] == found.cycles == cycles == sum(found.by_cause.values())


def chain(pes: int, n: int) -> wse.Wafer:
    """The sum of vectors along a row: each PE adds its own and passes it on."""
    w = wse.Wafer(1, pes)
    x = w.memory("x", n)
    mine, theirs = w.alternating("a", "b", by="column")
    w[:, 1:].route(mine, RAMP >> WEST)
    w[:, :-1].route(theirs, EAST >> RAMP)
    w[:, -1].mov(x, out=fabout(mine))
    w[:, 1:-1].add(fabin(theirs), x, out=fabout(mine))
    w[:, 0].add(fabin(theirs), x, out=x)
    return w


@pytest.mark.parametrize(("pes", "n"), [(2, 1), (2, 8), (7, 5), (40, 3)])
def test_a_chain_is_bound_by_its_hand_overs(pes: int, n: int) -> None:
    """Each PE handles one element and hands over; the last handles all: B + (2 T_R + 2)(P - 1)."""
    found = explained(chain(pes, n))
    assert found.by_cause == {
        "elements": n + pes - 1,
        "ramp": 2 * RAMP_LATENCY * (pes - 1),
        "link": pes - 1,
    }
    assert len(found.hand_overs) == pes - 1
    last = found.stretches[-1]
    assert (last.kind, last.pe, last.cycles) == ("elements", (0, 0), n)


def test_the_path_of_a_chain_in_words() -> None:
    """What repeats is told once, and the summary adds up to the cycles."""
    lines = repr(explained(chain(6, 8))).splitlines()
    assert lines[0] == "38 cycles, each of which the end of the run had to wait for:"
    assert lines[1].split(None, 1) == [
        "25", "on 5 hand-overs from PE to PE: 20 on ramps, 5 on links"
    ]  # fmt: skip
    assert lines[2].split(None, 1) == ["13", "to handle elements of streams, at 6 PEs"]
    assert lines[4].startswith("  cycle 0: PE (0, 5) handles 1 element: mov(x, out=fabout(b)) (tes")
    hand_over = "color b from PE (0, 5) to PE (0, 4): 2 on the ramp, 1 on a link, 2 on the ramp"
    assert lines[5] == f"  cycles 1 to 5: {hand_over}"
    assert lines[6].startswith("  cycle 6: PE (0, 4) handles 1 element: add(fabin(b), x, out=")
    assert "  ... the same 3 times more, the last:" in lines
    shares = "busy 21 % of the cycles, waiting 39 % (no wavelet 39 %), idle 39 %"
    assert lines[-1] == f"The 6 PEs: {shares}"


@pytest.mark.parametrize(("rows", "columns", "n"), [(1, 2, 1), (3, 4, 16), (5, 2, 9)])
def test_a_broadcast_is_one_hand_over_and_its_elements(rows: int, columns: int, n: int) -> None:
    """The wavelets stay on the fabric: B + (M + N - 2) + 2 T_R + 1."""
    w = wse.Wafer(rows, columns)
    x = w.memory("x", n)
    c = w.color("c")
    down = (SOUTH,) if rows > 1 else ()
    w[0, 0].route(c, RAMP >> (EAST, *down))
    w[0, 1:-1].route(c, WEST >> (RAMP, EAST, *down))
    w[0, -1].route(c, WEST >> (RAMP, *down))
    w[1:-1].route(c, NORTH >> (RAMP, SOUTH))
    if rows > 1:
        w[-1].route(c, NORTH >> RAMP)
    others = np.ones(w.shape, bool)
    others[0, 0] = False
    w[0, 0].mov(x, out=fabout(c))
    w[others].mov(fabin(c), out=x)
    found = explained(w)
    links = rows + columns - 2
    assert found.by_cause == {"elements": n + 1, "ramp": 2 * RAMP_LATENCY, "link": links}
    (way,) = found.hand_overs
    told = f"color c from PE (0, 0) to PE ({rows - 1}, {columns - 1}): "
    told += "1 on a link" if links == 1 else f"{links} on links"
    assert way[1].text.startswith(told)


def test_the_stream_that_waits_for_a_port() -> None:
    """Two streams over one link: the lower color goes first, and the other waits for all of it.

    From PE 1 the first wavelet of b leaves before those of a come; behind it b waits for n cycles.
    """
    n = 20
    w = wse.Wafer(1, 4)
    x = w.memory("x", n)
    a, b = w.color("a"), w.color("b")
    w[:, 0].route(a, RAMP >> EAST)
    w[:, 1:3].route(a, WEST >> EAST)
    w[:, 3].route(a, WEST >> RAMP)
    w[:, 1].route(b, RAMP >> EAST)
    w[:, 2].route(b, WEST >> RAMP)
    w[:, 0].mov(x, out=fabout(a))
    w[:, 1].mov(x, out=fabout(b))
    w[:, 3].mov(fabin(a), out=x)
    w[:, 2].mov(fabin(b), out=x)
    found = explained(w)
    assert found.by_cause == {
        "elements": n, "ramp": 2 * RAMP_LATENCY, "link": 2, "contention": n
    }  # fmt: skip
    (wait,) = [one for one in found.stretches if one.kind == "contention"]
    assert wait.text == "color b waits in the router of PE (0, 1): color a has the port"
    assert (wait.start, wait.stop) == (RAMP_LATENCY + 2, RAMP_LATENCY + 2 + n)
    assert found.stretches[0].pe == (0, 0)  # it is the stream of a that b waits for


def test_two_streams_into_one_pe_take_turns_on_its_ramp() -> None:
    """One wavelet a cycle goes into a PE, so half of the cycles of an addition are contention."""
    n = 30
    w = wse.Wafer(1, 3)
    x = w.memory("x", n)
    a, b = w.color("a"), w.color("b")
    w[:, 0].route(a, RAMP >> EAST)
    w[:, 2].route(b, RAMP >> WEST)
    w[:, 1].route(a, WEST >> RAMP)
    w[:, 1].route(b, EAST >> RAMP)
    w[:, 0].mov(x, out=fabout(a))
    w[:, 2].mov(x, out=fabout(b))
    w[:, 1].add(fabin(a), fabin(b), out=x)
    found = explained(w)
    assert abs(found.by_cause["contention"] - n) <= 3
    (where,) = {one.pe for one in found.stretches if one.kind == "contention"}
    assert where == (0, 1)


def test_wavelets_that_stand_on_the_ramp_while_the_queue_ahead_is_full() -> None:
    """Two of three wavelets fill the queue behind a port that another color has for 20 cycles.

    The third stands on the ramp, with an empty place ahead of it, so it comes late to the reader.
    """
    w = wse.Wafer(1, 4, ramp_latency=2, queue_depth=2)
    x, five, one = w.memory("x", 20), w.memory("five", 5), w.memory("one", 1)
    a, b = w.color("a"), w.color("b")
    w[:, 0].route(a, RAMP >> EAST)
    w[:, 1:3].route(a, WEST >> EAST)
    w[:, 3].route(a, WEST >> RAMP)
    w[:, 1].route(b, RAMP >> EAST)
    w[:, 2].route(b, WEST >> RAMP)
    w[:, 0].mov(x, out=fabout(a))
    w[:, 3].mov(fabin(a), out=x)
    w[:, 1].mul(five, 2.0, out=five)
    w[:, 1].mov(x.own[:2], out=fabout(b))
    w[:, 1].mul(one, 2.0, out=one)
    w[:, 1].mov(x.own[:1], out=fabout(b))
    w[:, 2].mov(fabin(b), out=x.own[:3])
    found = explained(w)
    assert found.by_cause == {"elements": 6, "ramp": 6, "link": 2, "contention": 16, "full": 1}
    assert [(one.kind, one.start) for one in found.stretches[-6:]] == [
        ("contention", 8), ("full", 24), ("ramp", 25), ("link", 27), ("ramp", 28), ("elements", 30)
    ]  # fmt: skip


def test_an_operation_waits_for_the_microthread_that_uses_its_memory() -> None:
    """Two microthreads end in the same cycle: the path is that of the one which writes x."""
    n, m = 10, 7
    w = wse.Wafer(1, 3, ramp_latency=2)
    x, y = w.memory("x", n), w.memory("y", n + 5)
    a, b = w.color("a"), w.color("b")
    w[:, 0].route(a, RAMP >> EAST)
    w[:, 1].route(a, WEST >> RAMP)
    w[:, 1].route(b, RAMP >> EAST)
    w[:, 2].route(b, WEST >> RAMP)
    w[:, 0].mov(x, out=fabout(a))
    w[:, 1].mov(fabin(a), out=x, microthread=True)
    w[:, 1].mov(y, out=fabout(b), microthread=True)
    w[:, 1].mul(x.own[:m], 2.0, out=x.own[:m])
    w[:, 1].mul(x, 2.0, out=x)
    w[:, 2].mov(fabin(b), out=y)
    found = explained(w)
    assert found.by_cause == {"computing": n + m, "elements": n + 1, "ramp": 4, "link": 1}
    beside = chain_of_starts(3)
    assert beside.by_cause["start"] == 3


def chain_of_starts(threads: int) -> Explanation:
    """A PE that begins microthreads, one a cycle, and then computes."""
    w = wse.Wafer(1, 2)
    y = w.memory("y", 30)
    for number in range(threads):
        c = w.color(f"c{number}")
        w[:, 0].route(c, RAMP >> EAST)
        w[:, 1].route(c, WEST >> RAMP)
        w[:, 0].mov(1.0, n=1, out=fabout(c), microthread=True)
        w[:, 1].mov(fabin(c), n=1, out=y.own[:1])
    w[:, 0].mul(y, 2.0, out=y)
    return explained(w)


def test_a_switch_that_has_to_advance() -> None:
    """PE 1 sends when the last wavelet of PE 3 has come to its router."""
    n, late = 4, 20
    w = wse.Wafer(1, 4)
    x, y = w.memory("x", n), w.memory("y", late)
    c = w.color("c")
    w[:, 3].route(c, RAMP >> WEST)
    w[:, 2].route(c, EAST >> WEST)
    w[:, 1].route(c, [EAST >> WEST, RAMP >> WEST])
    w[:, 0].route(c, EAST >> RAMP)
    w[:, 3].mul(y, 2.0, out=y)
    w[:, 3].mov(x, out=fabout(c, advance="path"))
    w[:, 1].mov(x, out=fabout(c))
    w[:, 0].mov(fabin(c), out=x)
    w[:, 0].mov(fabin(c), out=x)
    found = explained(w)
    assert found.by_cause == {
        "computing": late, "elements": 2 * n + 1, "ramp": 3 * RAMP_LATENCY, "link": 2, "switch": 1
    }  # fmt: skip
    (turn,) = [one for one in found.stretches if one.kind == "switch"]
    assert turn.text == "color c comes to PE (0, 1), whose switch it advances"


def two(n: int, first: int, then: int = 0) -> wse.Wafer:
    """PE 0 sends n wavelets and then computes, PE 1 computes first."""
    w = wse.Wafer(1, 2)
    x, y, z = w.memory("x", n), w.memory("y", first), w.memory("z", then)
    c = w.color("c")
    w[:, 0].route(c, RAMP >> EAST)
    w[:, 1].route(c, WEST >> RAMP)
    w[:, 1].mul(y, 2.0, out=y)
    w[:, 0].mov(x, out=fabout(c))
    w[:, 1].mov(fabin(c), out=x)
    w[:, 0].mul(z, 2.0, out=z)
    return w


def test_a_pe_that_computes_for_long() -> None:
    """The wavelets lie there when it has done; the path never leaves it."""
    found = explained(two(4, 1000))
    assert found.by_cause == {"computing": 1000, "elements": 4}
    assert {one.pe for one in found.stretches} == {(0, 1)}
    assert found.stretches[0].text.startswith("PE (0, 1) computes: mul(y, 2.0, out=y) (test_fabric")


def test_back_pressure_leads_to_the_pe_that_caused_it() -> None:
    """A sender's last element waits for room, which waits for the receiver to compute."""
    found = explained(two(30, 1000, 500))
    order = [(one.kind, one.pe) for one in found.stretches]
    assert order[0] == ("computing", (0, 1)) and order[-1] == ("computing", (0, 0))
    assert found.by_cause["computing"] == 1500
    assert found.by_cause["full"] >= 2
    assert any("room comes back from PE (0, 1) to PE (0, 0)" in o.text for o in found.stretches)


def test_what_each_pe_of_a_chain_did() -> None:
    """It waits until the stream comes, handles its elements, and is idle then."""
    pes, n = 9, 5
    run = chain(pes, n).run(trace=True)
    wait = (2 * RAMP_LATENCY + 2) * np.arange(pes)[::-1]
    assert run.maps.busy.tolist() == [[n] * pes]
    assert run.maps.waiting.tolist() == [wait.tolist()]
    assert run.maps.idle.tolist() == [(run.cycles - n - wait).tolist()]
    assert {what: one.tolist() for what, one in run.trace.waiting_for.items()} == {
        "no wavelet": [wait.tolist()]
    }


def test_untraced_and_partly_traced_runs_say_what_to_do() -> None:
    """`explain` needs a trace of everything; what PEs did is known of the whole run in any case."""
    run = chain(4, 8).run()
    for ask in (run.explain, lambda: run.maps):
        with pytest.raises(wse.ProgramError, match=r"w\.run\(trace=True\)"):
            ask()
    some = [Trace(cycles=(3, 9)), Trace(megabytes=0.002), Trace(pes=chain(4, 8)[:, :2])]
    for trace in some:
        part = chain(4, 8).run(trace=trace)
        with pytest.raises(wse.ProgramError, match="the path leads through all PEs and cycles"):
            part.explain()
        assert part.maps.busy.tolist() == [[8] * 4]


def test_a_run_of_no_cycles_has_an_empty_path() -> None:
    """Nothing was recorded to be done."""
    assert explained(wse.Wafer(2, 2)).stretches == []


def same_kind(step: Step) -> str | None:
    """What `why` calls what was waited for, where it is one thing."""
    return {"full": "full", "contention": "port taken", "switch": "switch"}.get(step.kind)


def happens(frame: Frame, step: Step) -> bool:
    """Whether the event of a step is among what a frame shows."""
    event, cells = step.event, frame.trace.cells
    place = cells.place(event.pe)
    pe, after = frame.pe(*place), frame.trace.at(frame.cycle + 1)
    if event.what == "fire":
        if not frame.program.operations[event.number].on_fabric:
            return pe.doing == "busy" and pe.number == event.number
        return (place, event.number, event.lane) in frame.fired
    if event.what == "start":
        return pe.number == event.number != after.pe(*place).number
    if event.what == "pause":
        return int(frame.state.pause[place]) > 0
    if event.what == "wake":
        return pe.number is None and pe.doing == "busy"
    if event.what == "given":
        waits = step.kind == "host"
        return waits or any(one.pe == place for one in frame.from_host)
    color = frame.program.colors[cells.color[event.number]]
    if event.what in ("head", "blocked"):
        moved = {move.color for move in frame.moved if move.pe == place}
        if event.what == "blocked":
            return color not in moved
        return color in moved or step.kind == "host"
    section = frame(event.what)[event.lane, event.number]
    return section > 0 and section != after(event.what)[event.lane, event.number]


@pytest.mark.parametrize("seed", range(40))
def test_each_event_of_a_path_is_in_the_frames(seed: int) -> None:
    """In random programs of every kind: it happens in its cycle, and `why` agrees with the reason.

    What an event waited for one cycle before it happened is what `why` says of it then.
    """
    wafer = random_wafer(Draw(random.Random(seed)), beyond=seed % 2 == 1)
    try:
        run = wafer.run(trace=True, max_cycles=400)
    except wse.RunError:
        return
    total = run.maps.busy + run.maps.waiting + run.maps.idle
    assert (total == run.cycles).all()
    check_ends(run.explain(), run.cycles)
    steps = CriticalPath(run.trace).steps
    for cycle, step in enumerate(steps):
        frame = run.trace.at(cycle)
        assert happens(frame, step), (seed, cycle, step)
        kind = same_kind(step)
        following = steps[cycle + 1] if cycle + 1 < len(steps) else None
        if kind and following and following.event.what in ("head", "fire"):
            thing = waiting(frame, following)
            reason = frame.why(thing) if thing else None
            assert thing is None or (reason and reason.kind == kind), (seed, cycle, step, reason)


@pytest.mark.long
@pytest.mark.parametrize("block", range(10))
def test_the_same_in_many_more_programs(block: int) -> None:
    """As above, for 500 further programs."""
    for seed in range(1_000 + 50 * block, 1_050 + 50 * block):
        test_each_event_of_a_path_is_in_the_frames(seed)


def waiting(frame: Frame, step: Step) -> Waiting | None:
    """What happens in the next cycle and waited in this one."""
    place, cells = frame.trace.cells.place(step.event.pe), frame.trace.cells
    if step.event.what == "head":
        return Waiting("queue", place, frame.program.colors[cells.color[step.event.number]])
    number = step.event.number
    if number in frame.explainer.threads(place):
        return Waiting("operation", place, None, number)
    return Waiting("operation", place) if frame.pe(*place).number == number else None


def outcome(wafer: wse.Wafer, **how: bool) -> wse.Run | None:
    """A run, or None where it fails."""
    try:
        return wafer.run(max_cycles=400, **how)
    except wse.RunError:
        return None


def test_what_pes_do_is_counted_as_the_frames_and_the_maps_show_it() -> None:
    """Busy, waiting by reason, and idle, in random programs."""
    for seed in range(20):
        run, counted = (
            outcome(random_wafer(Draw(random.Random(seed)), beyond=seed % 2 == 1), **how)
            for how in ({"trace": True}, {"maps": True})
        )
        if run is None or counted is None:
            continue
        assert run.maps.busy.tolist() == counted.maps.busy.tolist()
        assert run.maps.waiting.tolist() == counted.maps.waiting.tolist()
        assert run.maps.idle.tolist() == counted.maps.idle.tolist()
        doing = np.array([run.trace.at(cycle).doing for cycle in range(run.cycles)])
        doing = doing.reshape(-1, *run.shape)
        assert run.maps.busy.tolist() == (doing == "busy").sum(axis=0).tolist()
        assert run.maps.idle.tolist() == (doing == "idle").sum(axis=0).tolist()
        for what, cycles in run.trace.waiting_for.items():
            assert cycles.tolist() == (doing == what).sum(axis=0).tolist()
