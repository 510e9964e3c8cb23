"""Traces: each frame is what the reference engine photographs, in both directions of time."""

from __future__ import annotations

import json
import random
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import wselab as wse
from wselab import EAST, RAMP, WEST, Trace, fabin, fabout
from wselab.fabric.engines import reference
from wselab.fabric.explain.standing import Waiting
from wselab.fabric.program import Program
from wselab.fabric.state import State
from wselab.fabric.trace.cells import DOING
from wselab.fabric.trace.description import describe, program_of
from wselab.fabric.trace.frames import Frame
from wselab.fabric.trace.pe_frame import PLACES
from wselab.fabric.trace.tracefile import _decode, _encode

from .agreement.programs import Draw, random_wafer

LONGEST = 150


def recorded(wafer: wse.Wafer, **options: Any) -> Trace:
    """The trace of a run, however it ends."""
    try:
        trace = wafer.run(trace=Trace(**options), max_cycles=LONGEST).trace
    except wse.RunError as error:
        trace = error.trace
    assert trace is not None
    return trace


def some_wafer(seed: int) -> wse.Wafer:
    """A random program; every second with tasks, switches or host streams."""
    return random_wafer(Draw(random.Random(seed)), beyond=seed % 2 == 1)


def photographed(seed: int) -> list[State]:
    """The states of a random program on the reference engine, up to that in which it ended."""
    states: list[State] = []
    program = Program.of(some_wafer(seed)).on_copies()
    with np.errstate(all="ignore"):
        last = reference.simulate(program, LONGEST, watch=states.append).state
    return states[: last.cycle + 1] if len(states) > last.cycle else [*states, last]


def same(one: State, other: State) -> bool:
    """Whether two states say the same."""
    for name, value in vars(one).items():
        pairs = [(value, getattr(other, name))]
        if isinstance(value, list):
            pairs = list(zip(*pairs[0], strict=True))
        if not all(np.array_equal(a, b) for a, b in pairs):
            return False
    return True


@pytest.mark.parametrize("seed", range(24))
def test_every_frame_is_what_the_reference_engine_photographs(seed: int) -> None:
    """Of random programs of every kind: forwards, then backwards, from the file then."""
    trace, states = recorded(some_wafer(seed)), photographed(seed)
    assert (trace.first, trace.last) == (0, len(states) - 1)
    assert trace.whole
    for frame, state in zip(trace, states, strict=True):
        assert same(frame.state, state), (seed, frame.cycle)
    for state in reversed(states):
        assert same(trace.at(state.cycle).state, state), (seed, state.cycle)


@pytest.mark.long
@pytest.mark.parametrize("block", range(10))
def test_the_same_of_many_more_programs(block: int) -> None:
    """As above, and as below, for 300 further programs."""
    for seed in range(1_000 + 30 * block, 1_030 + 30 * block):
        test_every_frame_is_what_the_reference_engine_photographs(seed)
        test_what_a_pe_does_is_what_why_says(seed)


@pytest.mark.parametrize("seed", range(24))
def test_what_a_pe_does_is_what_why_says(seed: int) -> None:
    """A PE waits for the reason that `why` gives; one that is busy has something that moves."""
    trace = recorded(some_wafer(seed))
    for frame in trace:
        if frame.cycle == trace.end_cycle and trace.end == "ended":
            assert set(frame.doing.ravel()) <= {"idle"}
            continue
        for row, column in np.ndindex(*trace.shape):
            check_pe(frame, row, column)


def check_pe(frame: Frame, row: int, column: int) -> None:
    """Hold what a PE does against the reasons of its operations."""
    pe = frame.pe(row, column)
    things = [] if pe.number is None else [Waiting("operation", pe.place)]
    lanes = frame.explainer.threads(pe.place)
    things += [Waiting("operation", pe.place, None, number) for number in lanes]
    reasons = [frame.why(thing) for thing in things]
    kinds = [reason.kind if reason else None for reason in reasons]
    where = (frame.cycle, row, column, kinds)
    if pe.doing == "busy":
        tasks = frame.explainer.tasks(pe.place)
        waiting = any(pe.wavelets(task.color.name, "inbox") for task in tasks)
        wakes = pe.number is None and waiting
        assert wakes or None in kinds or "counting" in kinds, where
    elif pe.doing == "idle":
        assert not things, where
    else:
        assert kinds[0] == pe.doing, where


def test_a_program_as_data_is_the_same_program() -> None:
    """Described, made again and described again, it is as before; also numbers without end."""
    wafers = [some_wafer(seed) for seed in range(60)]
    wafers[0][...].add(wafers[0].memories["x"], float("-inf"), out=wafers[0].memories["x"])
    for wafer in wafers:
        program = Program.of(wafer)
        once = json.dumps(describe(program), default=repr, allow_nan=False)
        text = json.dumps(describe(program), default=_encode, allow_nan=False)
        again = program_of(json.loads(text, object_hook=_decode), wafer.shape)
        assert json.dumps(describe(again), default=repr) == once
        assert list(map(str, again.operations)) == list(map(str, program.operations))
        for one, other in zip(again.operations, program.operations, strict=True):
            assert str(one.when) == str(other.when)
            assert np.array_equal(one.counts(wafer.shape), other.counts(wafer.shape))


@pytest.mark.parametrize("seed", range(0, 24, 3))
def test_a_trace_comes_back_from_its_file(seed: int, tmp_path: Path) -> None:
    """All frames, the values in them, the reasons and the memory; also from a compressed file."""
    trace = recorded(some_wafer(seed))
    name = "trace.json.gz" if seed % 2 else "trace.json"
    trace.to_json(tmp_path / name)
    back = Trace.from_json(tmp_path / name)
    assert repr(back) == repr(trace)
    assert back.error == trace.error
    for frame, other in zip(trace, back, strict=True):
        assert same(frame.state, other.state)
        assert repr(frame) == repr(other)
        for place in [(0, 0), (trace.shape[0] - 1, trace.shape[1] - 1)]:
            assert repr(frame.pe(*place)) == repr(other.pe(*place))
    for memory, values in back.at(-1).pe(0, 0).memory.items():
        assert values.tobytes() == trace.at(-1).pe(0, 0).memory[memory].tobytes()


def row(columns: int = 4, n: int = 4) -> wse.Wafer:
    """A broadcast along a row."""
    w = wse.Wafer(1, columns)
    x = w.memory("x", n)
    x[0, 0] = np.arange(1, n + 1)
    c = w.color("c")
    w[:, 0].route(c, RAMP >> EAST)
    w[:, 1:-1].route(c, WEST >> (RAMP, EAST))
    w[:, -1].route(c, WEST >> RAMP)
    w[:, 0].mov(x, out=fabout(c))
    w[:, 1:].mov(fabin(c), out=x)
    return w


def test_a_wavelet_is_followed_from_place_to_place() -> None:
    """The first of a broadcast: the belt, the queues on its way, a copy to each processor."""
    trace = row().run(trace=True).trace
    seen = [
        sorted(
            (int(w["column"]), str(w["place"]), int(w["slot"]))
            for w in frame.wavelets
            if w["id"] == 1
        )
        for frame in trace
    ]
    assert seen[:8] == [
        [],
        [(0, "out", 0)],
        [(0, "out", 1)],
        [(0, "queue", 0)],
        [(1, "queue", 0)],
        [(1, "in", 0), (2, "queue", 0)],
        [(1, "inbox", 0), (2, "in", 0), (3, "queue", 0)],
        [(2, "inbox", 0), (3, "in", 0)],
    ]
    first = trace.wavelets[0]
    assert (first["value"], first["pe"], first["operation"], first["element"]) == (1.0, 0, 0, 0)
    moves = [(m.pe[1], m.ports) for m in trace.at(4).moved if m.id == 1]
    assert moves == [(1, (EAST, RAMP))]


def test_hops_ramps_and_elements_are_those_of_the_run() -> None:
    """What moves and fires in all frames adds up to what the run counted."""
    run = row(6, 9).run(trace=True)
    moves = [move for frame in run.trace for move in frame.moved]
    assert sum(len([p for p in move.ports if p is not RAMP]) for move in moves) == run.hops
    assert sum(RAMP in move.ports for move in moves) == run.ramps
    assert len([fired for frame in run.trace for fired in frame.fired]) == 6 * 9


def test_stepping_goes_both_ways_and_stays_at_the_ends() -> None:
    """`at`, `next` and `back` give the frame of the cycle that they go to."""
    trace = row().run(trace=True).trace
    assert trace.at(5).cycle == 5
    assert trace.next().cycle == 6 == trace.cycle
    assert trace.back().cycle == 5
    assert trace.at(0).cycle == trace.back().cycle == 0
    assert trace.at(-1).cycle == trace.next().cycle == trace.last == trace.end_cycle
    assert [frame.cycle for frame in trace] == list(range(trace.last + 1))


def test_some_frames_are_held_whole_so_that_no_way_is_far() -> None:
    """Between two of them lie no more changes than one of them has cells, and those of a cycle."""
    trace = row(8, 200).run(trace=True).trace
    starts = [cycle for cycle, _ in trace._keys]
    assert starts[0] == 0 and len(starts) > 5
    for start, stop in pairwise(starts):
        changes = sum(one.nbytes + 300 for one in trace._changes[start : stop - 1])
        assert changes < 4 * trace.cells.size + 600


def test_a_frame_stays_as_it_is_when_the_trace_goes_on() -> None:
    """It holds its own cells."""
    trace = row().run(trace=True).trace
    frame = trace.at(5)
    before = repr(frame)
    trace.at(-1)
    assert repr(frame) == before


def test_frames_and_pes_print_for_people() -> None:
    """A frame draws the PEs; a PE tells its operation, its line, its queues and why it waits."""
    trace = row().run(trace=True).trace
    assert repr(trace.at(5)).splitlines() == [
        "cycle 5 of 12: 5 wavelets inside; 4 PEs: 0 busy, 3 waiting, 1 idle",
        "  .2 w2 w1 w",
        "  (. idle, w no wavelet; 1-9 wavelets there)",
    ]
    told = repr(trace.at(8).pe(0, 1)).splitlines()
    assert told[0].startswith("PE (0, 1) in cycle 8, busy: at mov(fabin(c), out=x) (test_fabric_")
    assert told[0].endswith("2 of 4 elements done")
    assert told[1] == "  color c, WEST >> (EAST, RAMP): in [4.0], inbox [3.0]"
    waits = trace.at(5).pe(0, 2)
    assert (waits.doing, waits.handled(), waits.threads) == ("no wavelet", (0, 4), [])
    assert "waits for a wavelet on color c: one stands in the router of PE (0, 2)" in waits.why
    assert trace.at(8).pe(0, 1).wavelets("c", "in") == [4.0]


def test_memory_is_shown_as_it_was() -> None:
    """Cycle by cycle; at the end it is what the run left, in both types."""
    w = row(3, 4)
    h = w.memory("h", (2, 2), dtype="float16")
    h[...] = w.memories["x"][:, 1:] = 9.0
    w[...].add(h, 0.5, out=h)
    before = w.memories["x"].array.copy()
    trace = w.run(trace=True).trace
    assert trace.at(0).pe(0, 1).memory["x"].tolist() == before[0, 1].tolist()
    assert trace.at(8).pe(0, 1).memory["x"].tolist() == [1, 2, 9, 9]
    for column in range(3):
        memory = trace.at(-1).pe(0, column).memory
        assert memory["x"].tolist() == w.memories["x"].array[0, column].tolist()
        assert memory["h"].tolist() == w.memories["h"].array[0, column].tolist()
        assert memory["h"].dtype == np.float16


def test_only_some_cycles() -> None:
    """Frames of the cycles asked for and the one behind them, as in a trace of all."""
    whole = row(5, 9).run(trace=True).trace
    part = row(5, 9).run(trace=Trace(cycles=(6, 10))).trace
    assert (part.first, part.last, part.whole) == (6, 10, False)
    for frame in part:
        assert same(frame.state, whole.at(frame.cycle).state)
        assert frame.doing.tolist() == whole.at(frame.cycle).doing.tolist()
        values = np.sort(frame.wavelets["value"]).tolist()
        assert values == np.sort(whole.at(frame.cycle).wavelets["value"]).tolist()
    assert part.at(7).pe(0, 1).memory["x"].tolist() == whole.at(7).pe(0, 1).memory["x"].tolist()
    with pytest.raises(IndexError, match=r"cycle 3 is not in the trace, which holds cycles 6 to"):
        part.at(3)
    late = row().run(trace=Trace(cycles=(500, 600))).trace
    with pytest.raises(wse.ProgramError, match="the run ended before it"):
        late.at(500)


def test_only_some_pes() -> None:
    """A rectangle: the same in it as in a trace of all; what it cannot know it does not claim."""
    whole = row(6, 9).run(trace=True).trace
    w = row(6, 9)
    part = w.run(trace=Trace(pes=w[:, 2:4])).trace
    assert part.bytes < whole.bytes / 2
    for frame in part:
        other = whole.at(frame.cycle)
        assert frame.doing.tolist() == other.doing[:, 2:4].tolist()
        for column in (2, 3):
            for place in PLACES:
                mine, its = (f.pe(0, column).wavelets("c", place) for f in (frame, other))
                assert mine == its
    assert part.at(0).pe(0, 2).why.endswith("PE (0, 1), of which the trace holds nothing")
    assert "stands in the router of PE (0, 2)" in part.at(5).pe(0, 2).why
    with pytest.raises(IndexError, match="holds rows 0 to 0 and columns 2 to 3"):
        part.at(5).pe(0, 1)


def test_when_the_megabytes_are_used_up_the_run_goes_on() -> None:
    """The trace says which cycles it holds, and what PEs did is counted to the end."""
    whole, part = (row(8, 64).run(trace=Trace(megabytes=size)) for size in (256, 0.02))
    assert part.cycles == whole.cycles
    assert part.trace.full and not whole.trace.full
    assert part.trace.bytes <= 20_000
    assert 0 < part.trace.last < part.cycles
    assert "its megabytes were used up" in repr(part.trace)
    assert same(part.trace.at(-1).state, whole.trace.at(part.trace.last).state)
    assert part.trace.usage.tolist() == whole.trace.usage.tolist()
    tiny = row(8, 64).run(trace=Trace(megabytes=1e-6)).trace
    with pytest.raises(wse.ProgramError, match="do not hold one cycle"):
        tiny.at(0)


def test_memory_that_takes_too_much_room_is_left_out() -> None:
    """It may take a quarter of the trace; the rest is recorded all the same."""
    trace = row(4, 1000).run(trace=Trace(cycles=(0, 8), megabytes=0.04)).trace
    assert trace.memories == {} == trace.at(3).pe(0, 0).memory
    assert trace.last == 8


def test_a_deadlock_carries_its_trace() -> None:
    """Its last frame is the state of the error; the PEs wait in it for what the error says."""
    w = row()
    w[:, 0].mov(fabin(w.colors[0]), out=w.memories["x"])
    with pytest.raises(wse.Deadlock) as caught:
        w.run(trace=True)
    trace = caught.value.trace
    assert trace is not None
    assert (trace.end, trace.error) == ("Deadlock", str(caught.value))
    assert (trace.last, trace.last) == (trace.end_cycle, caught.value.cycle)
    assert same(trace.at(-1).state, caught.value.state)
    assert trace.at(-1).doing.tolist() == [["no wavelet", "idle", "idle", "idle"]]
    assert repr(trace).endswith("Deadlock>")
    with pytest.raises(wse.Deadlock) as plain:
        w.run()
    assert plain.value.trace is None


def test_a_program_without_any_route_has_a_trace() -> None:
    """No color is routed in any router: who sends has no route, who takes in no wavelet."""
    w = wse.Wafer(1, 2)
    x, c = w.memory("x", 1), w.color("c")
    w[:, 0].mov(x, out=fabout(c))
    w[:, 1].mov(fabin(c), out=x)
    with pytest.raises(wse.Deadlock) as caught:
        w.run(trace=True)
    assert caught.value.trace is not None
    assert caught.value.trace.at(0).doing.tolist() == [["no route", "no wavelet"]]


def test_still_running_shows_what_each_pe_would_do() -> None:
    """The last frame tells who waits, though the cycle behind it is not run."""
    with pytest.raises(wse.StillRunning) as caught:
        row().run(trace=True, max_cycles=8)
    trace = caught.value.trace
    assert trace is not None
    assert (trace.last, trace.end) == (8, "StillRunning")
    assert trace.at(8).doing.tolist() == row().run(trace=True).trace.at(8).doing.tolist()
    assert same(trace.at(8).state, caught.value.state)
    assert trace.at(8).moved == []
    assert int(trace.usage.sum()) == 4 * 8


def test_control_wavelets_and_switches_are_seen() -> None:
    """The last wavelet of a sender is one as far as it advances switches."""
    w = wse.Wafer(1, 3)
    x = w.memory("x", 2)
    c = w.color("c")
    w[0, 2].route(c, RAMP >> WEST)
    w[0, 1].route(c, [EAST >> WEST, RAMP >> WEST])
    w[0, 0].route(c, EAST >> RAMP)
    w[0, 2].mov(x, out=fabout(c, advance="path"))
    w[0, 1].mov(x, out=fabout(c, advance="own"))
    w[0, 0].mov(fabin(c), out=x)
    w[0, 0].mov(fabin(c), out=x)
    trace = w.run(trace=True).trace
    assert trace.wavelets["advance"].tolist() == [0, 2, 0, 1]
    seen = {
        (int(one["id"]), int(one["column"]), str(one["place"]))
        for frame in trace
        for one in frame.wavelets[frame.wavelets["control"]]
    }
    routers = {(2, 2, "queue"), (2, 1, "queue"), (2, 0, "queue"), (4, 1, "queue")}
    assert seen == routers | {(2, 2, "out"), (4, 1, "out")}
    routes = [frame.pe(0, 1).routes["c"] for frame in trace]
    assert routes[0] == EAST >> WEST and routes[-1] == RAMP >> WEST
    assert routes == sorted(routes, key=lambda route: route.input is RAMP)


def test_tasks_are_seen() -> None:
    """A PE is idle while it sleeps, and tells the wavelet that woke its task."""
    w = wse.Wafer(1, 2, task_wake=2)
    x, s = w.memory("x", 2), w.memory("s", ())
    x[0, 0] = [0.25, 0.75]
    c = w.color("c")
    w[:, 0].route(c, RAMP >> EAST)
    w[:, 1].route(c, WEST >> RAMP)
    w[:, 0].mov(x, out=fabout(c))

    @w[:, 1].task(c)
    def count(pe: Any, wavelet: Any) -> None:
        pe.add(s, wavelet, out=s)

    trace = w.run(trace=True).trace
    pes = [frame.pe(0, 1) for frame in trace]
    once = ["busy", "pause", "pause", "busy"]
    assert [pe.doing for pe in pes[5:]] == ["idle", *once, *once, "idle"]
    assert [pe.woken_by for pe in pes[6:11]] == [None, 0.25, 0.25, 0.25, None]
    assert "woken by 0.25" in repr(pes[7])
    assert "to wake its task count" in pes[0].why


def test_host_streams_are_seen() -> None:
    """Which links pass a wavelet in which cycle, and how many have."""
    w = wse.Wafer(2, 3, io_wavelets=1)
    c = w.color("c")
    w[...].route(c, WEST >> EAST)
    w[:, 0].host_in(c, [[1, 2], [3, 4]], edge=WEST)
    w[:, -1].host_out(c, 2, edge=EAST)
    trace = w.run(trace=True).trace
    given = [(f.cycle, link.pe) for f in trace for link in f.from_host]
    assert given == [(0, (0, 0)), (1, (1, 0)), (2, (0, 0)), (3, (1, 0))]
    taken = [link.pe for f in trace for link in f.to_host]
    assert sorted(taken) == [(0, 2), (0, 2), (1, 2), (1, 2)]
    assert trace.wavelets["host"].tolist() == [0, 0, 0, 0]
    assert trace.wavelets["value"].tolist() == [1, 3, 2, 4]
    assert [one.tolist() for one in trace.at(2).state.passed] == [[1, 1], [0, 0]]


def test_tracing_changes_nothing() -> None:
    """Cycles, hops, ramp deliveries and every bit of memory are as without."""
    for seed in range(12):
        results = []
        for trace in (None, True):
            wafer = some_wafer(seed)
            try:
                run = wafer.run("lockstep", LONGEST, trace=trace)
                results.append((run.cycles, run.hops, run.ramps))
            except wse.RunError as error:
                results.append(str(error).replace(str(sys.maxsize), ""))
            results.append({n: m.array.tobytes() for n, m in wafer.memories.items()})
        assert results[:2] == results[2:], seed


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cycles": (5, 5)}, r"cycles=\(5, 5\); expected \(start, stop\)"),
        ({"cycles": 7}, "cycles=7"),
        ({"megabytes": 0}, "megabytes=0; expected a number above 0"),
        ({"pes": (0, 1)}, "expected a region, such as w"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, Any], message: str) -> None:
    """Each says what was expected."""
    with pytest.raises(wse.ProgramError, match=message):
        Trace(**options)


def test_other_misuse_is_refused() -> None:
    """A trace used twice, one that is empty, an engine that records none, another wafer's PEs."""
    with pytest.raises(wse.ProgramError, match="holds nothing yet"):
        Trace().at(0)
    used = row().run(trace=True).trace
    with pytest.raises(wse.ProgramError, match="holds a run already"):
        row().run(trace=used)
    with pytest.raises(wse.ProgramError, match="engine 'bitplane' records no trace"):
        row().run(engine="bitplane", trace=True)
    with pytest.raises(wse.ProgramError, match="trace='yes': expected True"):
        row().run(trace="yes")
    with pytest.raises(wse.ProgramError, match="expected some PEs of this wafer"):
        row().run(trace=Trace(pes=wse.Wafer(2, 2)[:, :]))
    with pytest.raises(ValueError, match="a place is out, link, queue, in, inbox"):
        used.at(0).pe(0, 0).wavelets("c", "somewhere")


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    """Not JSON, another schema, a later version."""
    path = tmp_path / "trace.json"
    for text, message in [
        ("no", "is not a trace"),
        ("[]", "is not a trace"),
        ('{"schema": "other", "version": 1}', "expected 'wselab-trace' up to 1"),
        ('{"schema": "wselab-trace", "version": 2}', "of version 2"),
    ]:
        path.write_text(text)
        with pytest.raises(ValueError, match=message):
            Trace.from_json(path)


def test_the_file_is_as_its_page_says(tmp_path: Path) -> None:
    """Every name in the file stands in docs/trace.md, and what a PE can do is listed there."""
    page = (Path(__file__).parent.parent / "docs" / "trace.md").read_text()
    row().run(trace=True).trace.to_json(tmp_path / "trace.json")
    data = json.loads((tmp_path / "trace.json").read_text())

    def names(item: Any) -> set[str]:
        if isinstance(item, dict):
            return set(item).union(*map(names, item.values()))
        return set().union(*map(names, item)) if isinstance(item, list) else set()

    missing = {name for name in names(data) if f"`{name}`" not in page}
    assert not missing - {"x"}, missing  # x: a memory of this program
    assert all(f"`{what}`" in page for what in DOING)


FIELDS = {  # which fields an event of a phase has, and of what type
    "X": {"name": str, "cat": str, "ts": int, "dur": int, "pid": int, "tid": int, "args": dict},
    "C": {"name": str, "cat": str, "ts": int, "pid": int, "tid": int, "args": dict},
    "M": {"name": str, "cat": str, "ts": int, "pid": int, "tid": int, "args": dict},
}


def timeline(trace: Trace, path: Path) -> list[dict[str, Any]]:
    """The events that a trace gives, held against the fields of Chrome's trace event format.

    Slices have a start and a duration in microseconds and lie in one another or apart on a track;
    metadata events name the tracks; counters have numbers.
    """
    trace.to_perfetto(path)
    data = json.loads(path.read_text())
    assert set(data) == {"traceEvents", "displayTimeUnit", "otherData"}
    assert data["displayTimeUnit"] in ("ms", "ns")
    named = {"process_name": set[Any](), "thread_name": set[Any]()}
    for event in data["traceEvents"]:
        fields = FIELDS[event["ph"]]
        assert set(event) == {"ph", *fields}
        assert all(isinstance(event[name], kind) for name, kind in fields.items())
        if event["ph"] == "M":
            what, (value,) = event["name"].rsplit("_", 1)[1], event["args"].items()
            assert value[0] == ("name" if what == "name" else "sort_index")
            if what == "name":
                key = event["pid"] if event["name"] == "process_name" else event["tid"]
                named[event["name"]].add(key)
        if event["ph"] == "C":
            assert all(isinstance(value, int) for value in event["args"].values())
    slices = [event for event in data["traceEvents"] if event["ph"] == "X"]
    assert {event["tid"] for event in slices} <= named["thread_name"]
    assert {event["pid"] for event in data["traceEvents"]} == named["process_name"]
    for track in {event["tid"] for event in slices}:
        check_nesting([event for event in slices if event["tid"] == track])
    return data["traceEvents"]


def check_nesting(slices: list[dict[str, Any]]) -> None:
    """Slices of a track lie within one another or apart."""
    open_until: list[int] = []
    for event in sorted(slices, key=lambda one: (one["ts"], -one["dur"])):
        assert event["dur"] > 0
        while open_until and open_until[-1] <= event["ts"]:
            open_until.pop()
        end = event["ts"] + event["dur"]
        assert not open_until or end <= open_until[-1], slices
        open_until.append(end)


def test_a_timeline_for_perfetto(tmp_path: Path) -> None:
    """Operations, what they wait for and why, names of tracks, wavelets inside."""
    events = timeline(row(3).run(trace=True).trace, tmp_path / "trace.json")
    names = {e["tid"]: e["args"]["name"] for e in events if e["name"] == "thread_name"}
    assert list(names.values()) == ["PE (0, 0)", "PE (0, 1)", "PE (0, 2)"]
    slices = [
        (names[e["tid"]], e["cat"], e["name"], e["ts"], e["dur"]) for e in events if e["ph"] == "X"
    ]
    assert sorted(slices) == [
        ("PE (0, 0)", "operation", "mov(x, out=fabout(c))", 0, 4),
        ("PE (0, 1)", "operation", "mov(fabin(c), out=x)", 0, 10),
        ("PE (0, 1)", "waiting", "no wavelet", 0, 6),
        ("PE (0, 2)", "operation", "mov(fabin(c), out=x)", 0, 11),
        ("PE (0, 2)", "waiting", "no wavelet", 0, 7),
    ]
    (wait,) = [e for e in events if e["cat"] == "waiting" and names[e["tid"]] == "PE (0, 1)"]
    assert wait["args"]["reason"].startswith("PE (0, 1) at mov(fabin(c), out=x) (line test_fabric")
    counts = {e["ts"]: e["args"]["wavelets"] for e in events if e["ph"] == "C"}
    assert (counts[0], counts[1], counts[4], max(counts)) == (0, 1, 4, 11)
    assert counts[11] == 0


@pytest.mark.parametrize("seed", range(24))
def test_the_timeline_of_random_programs_is_what_the_frames_show(seed: int, tmp_path: Path) -> None:
    """Of a PE without microthreads: it waits where a slice says so, for that reason."""
    trace = recorded(some_wafer(seed))
    events = timeline(trace, tmp_path / "trace.json")
    names = {e["tid"]: e["args"]["name"] for e in events if e["name"] == "thread_name"}
    beside = [name for name in names.values() if "microthread" in name]
    shown: dict[str, set[tuple[int, str]]] = {}
    for event in events:
        if event["ph"] == "X" and event["cat"] == "waiting":
            cycles = range(event["ts"], event["ts"] + event["dur"])
            shown.setdefault(names[event["tid"]], set()).update(
                (cycle, event["name"]) for cycle in cycles
            )
    doing = {frame.cycle: frame.doing for frame in trace if frame.cycle < trace.last}
    for row, column in np.ndindex(*trace.shape):
        pe = f"PE ({row}, {column})"
        if not any(name.startswith(pe) for name in beside):
            waits = {(cycle, str(one[row, column])) for cycle, one in doing.items()}
            waits = {(cycle, what) for cycle, what in waits if what not in ("idle", "busy")}
            assert shown.get(pe, set()) == waits, (seed, pe)


def test_a_pe_that_waits_beside_a_microthread_that_works_says_both() -> None:
    """PE 0 waits for what never comes in cycle 3, while its microthread sends."""
    w = wse.Wafer(1, 2)
    x, y = w.memory("x", 8), w.memory("y", 1)
    c, d = w.color("c"), w.color("d")
    for color, here, there in ((c, RAMP >> EAST, WEST >> RAMP), (d, EAST >> RAMP, RAMP >> WEST)):
        w[0, 0].route(color, here)
        w[0, 1].route(color, there)
    w[0, 0].mov(x, out=fabout(c), microthread=True)
    w[0, 0].mov(fabin(d), out=y)
    w[0, 1].mov(fabin(c), out=x)
    w[0, 1].mov(y, out=fabout(d))
    trace = w.run(trace=True).trace
    assert trace is not None

    def head(cycle: int, pe: int) -> str:
        return repr(trace.at(cycle).pe(0, pe)).splitlines()[0].split(" (test")[0]

    waits = "busy with a microthread while its main operation waits (no wavelet)"
    assert head(3, 0) == f"PE (0, 0) in cycle 3, {waits}: at mov(fabin(d), out=y)"
    assert head(0, 0) == "PE (0, 0) in cycle 0, busy: at mov(x, out=fabout(c))"
    assert head(10, 1) == "PE (0, 1) in cycle 10, busy: at mov(fabin(c), out=x)"
    assert head(10, 0) == "PE (0, 0) in cycle 10, no wavelet: at mov(fabin(d), out=y)"
