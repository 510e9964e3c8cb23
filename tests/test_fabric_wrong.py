"""Wrong programs, of the kinds that people write: each is stopped, named and explained, quickly.

Each program here is one mistake in a program that would otherwise be right. It must end, on both
engines and within a second, in the error that its mistake deserves, with a message that names a PE
at fault, the color, the cycle and what to try; and `w.verify()` must know it beforehand, where it
can be known without running.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
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
    RouteError,
    StillRunning,
    Undrained,
    Wafer,
    fabin,
    fabout,
)

ENGINES = ("reference", "bitplane")


@dataclass
class Wrong:
    """A wrong program, its error, what the message must name, and what verify must say.

    ``pes``: PEs of which the message must name at least one (all of them lie at the mistake).
    ``known``: texts that `verify` must hold, as (kind, color, PE); empty where nothing is known.
    """

    make: Callable[[], Wafer]
    error: type
    pes: list[tuple[int, int]]
    color: str
    known: list[tuple[str, str, tuple[int, int]]]


PROGRAMS: dict[str, Wrong] = {}


def wrong(error: type, pes: list, color: str, *known: tuple) -> Callable:
    """Enter a program in the list, under its function's name."""

    def enter(make: Callable[[], Wafer]) -> Callable[[], Wafer]:
        PROGRAMS[make.__name__] = Wrong(make, error, pes, color, list(known))
        return make

    return enter


def row_of(pes: int, values: int) -> tuple[Wafer, Any, Any]:
    """A row of PEs with a vector of ones each, and a color."""
    w = Wafer(1, pes, queue_depth=2, ramp_latency=2, startup=0, gap=0)
    x = w.memory("x", values)
    x[...] = 1.0
    return w, x, w.color("red")


def broadcast(w: Wafer, color: Any) -> None:
    """The right routes of a broadcast along each row, from the first column."""
    w[:, 0].route(color, RAMP >> EAST)
    w[:, 1:-1].route(color, WEST >> (RAMP, EAST))
    w[:, -1].route(color, WEST >> RAMP)


def exchange(n: int) -> tuple[Wafer, Any, Any, Any, Any]:
    """Two PEs, each of which can send to the other."""
    w = Wafer(1, 2, queue_depth=2, ramp_latency=2, startup=0, gap=0)
    x, y = w.memory("x", n), w.memory("y", n)
    red, blue = w.color("red"), w.color("blue")
    w[0, 0].route(red, RAMP >> EAST)
    w[0, 1].route(red, WEST >> RAMP)
    w[0, 1].route(blue, RAMP >> WEST)
    w[0, 0].route(blue, EAST >> RAMP)
    return w, x, y, red, blue


# Routes


@wrong(Deadlock, [(0, 1), (0, 2), (0, 3)], "red", ("no way in", "red", (0, 1)))
def the_copy_to_the_processor_is_forgotten() -> Wafer:
    """The middle of the row passes the stream on and keeps no copy."""
    w, x, red = row_of(5, 12)
    w[0, 0].route(red, RAMP >> EAST)
    w[0, 1:-1].route(red, WEST >> EAST)
    w[0, -1].route(red, WEST >> RAMP)
    w[0, 0].mov(x, out=fabout(red))
    w[0, 1:].mov(fabin(red), out=x)
    return w


@wrong(Deadlock, [(0, 4)], "red", ("over the edge", "red", (0, 4)))
def the_last_column_sends_over_the_edge() -> Wafer:
    """The last PE has the route of the middle ones."""
    w, x, red = row_of(5, 12)
    w[0, 0].route(red, RAMP >> EAST)
    w[0, 1:].route(red, WEST >> (RAMP, EAST))
    w[0, 0].mov(x, out=fabout(red))
    w[0, 1:].mov(fabin(red), out=x)
    return w


@wrong(Undrained, [(0, 1)], "red", ("over the edge", "red", (0, 1)))
def a_short_stream_ends_at_the_edge() -> Wafer:
    """Two wavelets wait for ever where the wafer ends, and nobody waits for them."""
    w, x, red = row_of(2, 2)
    w[0, 0].route(red, RAMP >> EAST)
    w[0, 1].route(red, WEST >> EAST)
    w[0, 0].mov(x, out=fabout(red))
    w[0, 1].mul(x, 2.0, out=x)
    w[0, 1].mul(x, 2.0, out=x)
    w[0, 1].mul(x, 2.0, out=x)
    return w


@wrong(
    Deadlock,
    [(0, 0), (0, 1)],
    "red",
    ("not taken", "red", (0, 0)),
    ("not sent", "red", (0, 2)),
)
def a_router_on_the_way_is_forgotten() -> Wafer:
    """The PE between sender and receiver has no route."""
    w, x, red = row_of(3, 12)
    w[0, 0].route(red, RAMP >> EAST)
    w[0, 2].route(red, WEST >> RAMP)
    w[0, 0].mov(x, out=fabout(red))
    w[0, 2].mov(fabin(red), out=x)
    return w


@wrong(
    Deadlock,
    [(0, 0), (0, 1)],
    "red",
    ("not taken", "red", (0, 0)),
    ("not sent", "red", (0, 1)),
)
def the_receiver_looks_the_wrong_way() -> Wafer:
    """EAST >> RAMP where the stream comes from the west."""
    w, x, red = row_of(3, 12)
    w[0, 0].route(red, RAMP >> EAST)
    w[0, 1].route(red, EAST >> RAMP)
    w[0, 0].mov(x, out=fabout(red))
    w[0, 1].mov(fabin(red), out=x)
    return w


@wrong(Deadlock, [(0, 1)], "red", ("no way out", "red", (0, 1)))
def a_sender_has_no_way_out_of_its_ramp() -> Wafer:
    """The sender's router takes the color from the west, not from its processor."""
    w, x, red = row_of(3, 12)
    w[0, 0].route(red, RAMP >> EAST)
    w[0, 1].route(red, WEST >> EAST)
    w[0, 2].route(red, WEST >> RAMP)
    w[0, 1].mov(x, out=fabout(red))
    w[0, 2].mov(fabin(red), out=x)
    return w


@wrong(Deadlock, [(0, 1)], "red", ("no way out", "red", (0, 1)))
def a_sender_has_no_route_at_all() -> Wafer:
    """An operation sends on a color that its router does not know."""
    w, x, red = row_of(3, 12)
    w[0, 1].mov(x, out=fabout(red))
    return w


@wrong(Deadlock, [(1, 2)], "red", ("no way in", "red", (1, 2)))
def a_reader_has_no_route_at_all() -> Wafer:
    """An operation reads a color that its router does not know."""
    w = Wafer(2, 3)
    x = w.memory("x", 4)
    w[1, 2].mov(fabin(w.color("red")), out=x)
    return w


@wrong(Deadlock, [(0, 0), (0, 1), (1, 0), (1, 1)], "red", ("circle", "red", (0, 0)))
def a_route_goes_in_a_circle() -> Wafer:
    """Four routers hand the color round and no processor ever puts a wavelet in."""
    w = Wafer(2, 2)
    x = w.memory("x", 4)
    red = w.color("red")
    w[0, 0].route(red, SOUTH >> EAST)
    w[0, 1].route(red, WEST >> SOUTH)
    w[1, 1].route(red, NORTH >> (WEST, RAMP))
    w[1, 0].route(red, EAST >> NORTH)
    w[1, 1].mov(fabin(red), out=x)
    return w


@wrong(Deadlock, [(0, 1)], "red", ("no way out", "red", (0, 1)))
def one_color_for_taking_in_and_sending_on() -> Wafer:
    """A chain on one color, forced with replace=True: the middle can only take in."""
    w, x, red = row_of(3, 12)
    w[0, 1:].route(red, RAMP >> WEST)
    w[0, :-1].route(red, EAST >> RAMP, replace=True)
    w[0, -1].mov(x, out=fabout(red))
    w[0, 1:-1].add(fabin(red), x, out=fabout(red))
    w[0, 0].add(fabin(red), x, out=x)
    return w


@wrong(
    Deadlock,
    [(0, 1), (0, 2)],
    "even|odd",
    ("no way in", "even", (0, 2)),
    ("no way out", "odd", (0, 2)),
)
def mine_and_theirs_are_confused() -> Wafer:
    """The middle of a chain takes in on its own color and sends on its neighbours'."""
    w = Wafer(1, 4)
    x = w.memory("x", 8)
    mine, theirs = w.alternating("even", "odd", by="column")
    w[:, 1:].route(mine, RAMP >> WEST)
    w[:, :-1].route(theirs, EAST >> RAMP)
    w[:, -1].mov(x, out=fabout(mine))
    w[:, 1:-1].add(fabin(mine), x, out=fabout(theirs))
    w[:, 0].add(fabin(theirs), x, out=x)
    return w


@wrong(Deadlock, [(0, 0), (1, 0)], "down", ("not sent", "down", (1, 0)))
def rows_and_columns_are_confused() -> Wafer:
    """A stream that should go south is sent east: w[0, :] where w[:, 0] was meant."""
    w = Wafer(3, 3)
    x = w.memory("x", 20)
    down = w.color("down")
    w[0, 0].route(down, RAMP >> EAST)
    w[1:-1, 0].route(down, NORTH >> (RAMP, SOUTH))
    w[-1, 0].route(down, NORTH >> RAMP)
    w[0, 0].mov(x, out=fabout(down))
    w[1:, 0].mov(fabin(down), out=x)
    return w


# Counts


@wrong(Deadlock, [(0, 1)], "red", ("counts differ", "red", (0, 1)))
def a_receiver_takes_more_than_is_sent() -> Wafer:
    """Ten are sent, twelve awaited."""
    w, x, red = row_of(2, 12)
    broadcast(w, red)
    w[0, 0].mov(x.own[:10], out=fabout(red))
    w[0, 1].mov(fabin(red), out=x)
    return w


@wrong(Undrained, [(0, 1)], "red", ("counts differ", "red", (0, 1)))
def a_receiver_takes_fewer_than_are_sent() -> Wafer:
    """Twelve are sent, ten taken; the two left fit into the queues."""
    w, x, red = row_of(2, 12)
    broadcast(w, red)
    w[0, 0].mov(x, out=fabout(red))
    w[0, 1].mov(fabin(red), out=x.own[:10])
    return w


@wrong(Deadlock, [(0, 0), (0, 1)], "red", ("counts differ", "red", (0, 1)))
def a_receiver_takes_far_fewer_than_are_sent() -> Wafer:
    """Forty are sent, three taken; the queues fill up and the sender is stuck."""
    w, x, red = row_of(2, 40)
    broadcast(w, red)
    w[0, 0].mov(x, out=fabout(red))
    w[0, 1].mov(fabin(red), out=x.own[:3])
    return w


@wrong(Undrained, [(0, 1)], "red", ("not read", "red", (0, 1)))
def nobody_reads_a_short_stream() -> Wafer:
    """Three wavelets are sent to a PE that has no operation."""
    w, x, red = row_of(2, 3)
    broadcast(w, red)
    w[0, 0].mov(x, out=fabout(red))
    return w


@wrong(Deadlock, [(0, 2)], "red", ("not read", "red", (0, 2)))
def one_branch_of_a_multicast_is_not_read() -> Wafer:
    """PE 2 gets a copy that it does not take: all the others starve with it."""
    w, x, red = row_of(4, 40)
    broadcast(w, red)
    w[0, 0].mov(x, out=fabout(red))
    w[0, 1].mov(fabin(red), out=x)
    w[0, 3].mov(fabin(red), out=x)
    return w


@wrong(Deadlock, [(1, 1)], "red", ("counts differ", "red", (1, 1)))
def one_pe_sends_one_too_few() -> Wafer:
    """n is one a PE, and one of them is wrong."""
    w = Wafer(2, 3)
    x = w.memory("x", 4)
    red = w.color("red")
    w[0].route(red, RAMP >> SOUTH)
    w[1].route(red, NORTH >> RAMP)
    w[0].mov(1.0, out=fabout(red), n=np.array([[4, 3, 4]]))
    w[1].mov(fabin(red), out=x)
    return w


@wrong(Deadlock, [(2, 0), (2, 1)], "red", ("not fed", "red", (2, 0)))
def one_row_has_no_sender() -> Wafer:
    """w[:2] where all three rows should send."""
    w = Wafer(3, 4)
    x = w.memory("x", 10)
    red = w.color("red")
    broadcast(w, red)
    w[:2, 0].mov(x, out=fabout(red))
    w[:, 1:].mov(fabin(red), out=x)
    return w


@wrong(Deadlock, [(0, 5)], "odd", ("not fed", "odd", (0, 5)))
def nobody_starts_the_chain() -> Wafer:
    """The last PE of a chain reduce has no operation, so all the others wait."""
    w = Wafer(1, 6)
    x = w.memory("x", 8)
    mine, theirs = w.alternating("even", "odd", by="column")
    w[:, 1:].route(mine, RAMP >> WEST)
    w[:, :-1].route(theirs, EAST >> RAMP)
    w[:, 1:-1].add(fabin(theirs), x, out=fabout(mine))
    w[:, 0].add(fabin(theirs), x, out=x)
    return w


@wrong(Deadlock, [(0, 0), (0, 1)], "red", ("not fed", "red", (0, 0)))
def the_second_launch_forgets_its_sender() -> Wafer:
    """What ran in the first launch is not repeated in the second."""
    w, x, red = row_of(2, 12)
    broadcast(w, red)
    w[0, 0].mov(x, out=fabout(red))
    w[0, 1].mov(fabin(red), out=x)
    w.run()
    w[0, 1].mov(fabin(red), out=x)
    return w


# Order


@wrong(Deadlock, [(0, 0), (0, 1)], "red|blue")
def both_send_before_they_take_in() -> Wafer:
    """Two PEs exchange more than the queues between them hold."""
    w, x, y, red, blue = exchange(40)
    w[0, 0].mov(x, out=fabout(red))
    w[0, 1].mov(x, out=fabout(blue))
    w[0, 0].mov(fabin(blue), out=y)
    w[0, 1].mov(fabin(red), out=y)
    return w


@wrong(Deadlock, [(0, 0), (0, 1)], "red|blue")
def both_take_in_before_they_send() -> Wafer:
    """Two PEs wait for each other's first wavelet."""
    w, x, y, red, blue = exchange(4)
    w[0, 0].mov(fabin(blue), out=y)
    w[0, 1].mov(fabin(red), out=y)
    w[0, 0].mov(x, out=fabout(red))
    w[0, 1].mov(x, out=fabout(blue))
    return w


@wrong(Deadlock, [(0, 0), (0, 1)], "red|green")
def two_streams_are_taken_in_the_other_order() -> Wafer:
    """Sent red then green, taken green then red."""
    w, x, y, red, _ = exchange(40)
    green = w.color("green")
    broadcast(w, green)
    w[0, 0].mov(x, out=fabout(red))
    w[0, 0].mov(x, out=fabout(green))
    w[0, 1].mov(fabin(green), out=x)
    w[0, 1].mov(fabin(red), out=y)
    return w


@wrong(Deadlock, [(0, 0), (0, 1), (1, 1), (1, 0)], "red|blue")
def a_ring_in_which_everyone_sends_first() -> Wafer:
    """Four PEs hand long vectors round, and each would send all before it takes any."""
    w = Wafer(2, 2)
    x, y = w.memory("x", 50), w.memory("y", 50)
    red, blue = w.color("red"), w.color("blue")
    ring = [((0, 0), EAST, red), ((0, 1), SOUTH, blue), ((1, 1), WEST, red), ((1, 0), NORTH, blue)]
    into = {EAST: WEST, SOUTH: NORTH, WEST: EAST, NORTH: SOUTH}
    for (pe, port, color), (following, _, _) in zip(ring, ring[1:] + ring[:1], strict=True):
        w[pe].route(color, RAMP >> port)
        w[following].route(color, into[port] >> RAMP)
        w[pe].mov(x, out=fabout(color))
    for (_, _, color), (following, _, _) in zip(ring, ring[1:] + ring[:1], strict=True):
        w[following].mov(fabin(color), out=y)
    return w


def test_there_are_enough_of_them() -> None:
    """At least fifteen wrong programs, of all kinds."""
    assert len(PROGRAMS) >= 15
    assert {program.error for program in PROGRAMS.values()} >= {Deadlock, Undrained}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_wrong_program_ends_in_the_right_error_within_a_second(name: str, engine: str) -> None:
    """Deadlock where someone waits for ever, Undrained where wavelets are left; never a hang."""
    program = PROGRAMS[name]
    w = program.make()
    start = time.process_time()
    with pytest.raises(program.error):
        w.run(engine=engine)
    assert time.process_time() - start < 1


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", PROGRAMS)
def test_the_message_names_pe_color_cycle_and_what_to_try(name: str, engine: str) -> None:
    """The PE at fault, the color that it is about, the cycle since when, and a way out."""
    program = PROGRAMS[name]
    with pytest.raises(program.error) as caught:
        program.make().run(engine=engine)
    text = str(caught.value)
    assert any(f"PE ({row}, {column})" in text for row, column in program.pes), text
    assert re.search(rf"\b({program.color})\b", text), text
    assert f"cycle {caught.value.cycle:,}" in text, text
    assert re.search(r"\bTry\b", text), text


@pytest.mark.parametrize("name", PROGRAMS)
def test_both_engines_say_the_same(name: str) -> None:
    """The same error, cycle, words and state from either engine."""
    seen = []
    for engine in ENGINES:
        with pytest.raises(PROGRAMS[name].error) as caught:
            PROGRAMS[name].make().run(engine=engine)
        error = caught.value
        state = {key: np.asarray(value).tolist() for key, value in vars(error.state).items()}
        seen.append((str(error), error.cycle, state))
    (*words, state), (*other_words, other_state) = seen
    assert words == other_words
    for key in state:
        assert state[key] == other_state[key], key


@pytest.mark.parametrize("name", PROGRAMS)
def test_verify_finds_what_can_be_known_before_running(name: str) -> None:
    """Each finding that the mistake deserves is there, with kind, color and PE, and in words."""
    program = PROGRAMS[name]
    report = program.make().verify()
    found = {(finding.kind, finding.color, finding.pe): finding.text for finding in report}
    for kind, color, pe in program.known:
        assert (kind, color, pe) in found, found
        text = found[kind, color, pe]
        assert color in text and f"({pe[0]}, {pe[1]})" in text
        assert text in repr(report)


@pytest.mark.parametrize("name", PROGRAMS)
def test_verify_changes_nothing(name: str) -> None:
    """After verify the program is recorded as before, and fails as before."""
    w = PROGRAMS[name].make()
    w.verify()
    with pytest.raises(PROGRAMS[name].error):
        w.run()


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", [name for name, one in PROGRAMS.items() if one.known])
def test_a_program_that_verify_objects_to_fails(name: str, engine: str) -> None:
    """Of these programs none that verify names ends well: no finding is a false alarm."""
    w = PROGRAMS[name].make()
    assert w.verify()
    with pytest.raises((Deadlock, Undrained)):
        w.run(engine=engine)


def right_programs() -> list[Wafer]:
    """The same kinds of programs without their mistakes."""
    made = []
    for shape in ((1, 5), (3, 4)):
        w = Wafer(*shape)
        x = w.memory("x", 12)
        red = w.color("red")
        broadcast(w, red)
        w[:, 0].mov(x, out=fabout(red))
        w[:, 1:].mov(fabin(red), out=x.own[:])
        made.append(w)
    w, x, y, red, blue = exchange(40)
    w[0, 0].mov(x, out=fabout(red))
    w[0, 1].mov(fabin(red), out=y)
    w[0, 1].mov(x, out=fabout(blue))
    w[0, 0].mov(fabin(blue), out=y)
    made.append(w)
    w = Wafer(1, 6)
    x = w.memory("x", 8)
    mine, theirs = w.alternating("even", "odd", by="column")
    w[:, 1:].route(mine, RAMP >> WEST)
    w[:, :-1].route(theirs, EAST >> RAMP)
    w[:, -1].mov(x, out=fabout(mine))
    w[:, 1:-1].add(fabin(theirs), x, out=fabout(mine))
    w[:, 0].add(fabin(theirs), x, out=x)
    made.append(w)
    return made


@pytest.mark.parametrize("number", range(4))
def test_verify_has_nothing_to_say_about_a_right_program(number: int) -> None:
    """The report of a right program is empty, and so false; and the program runs."""
    w = right_programs()[number]
    report = w.verify()
    assert not report and len(report) == 0
    assert "PE (" not in repr(report) and not any(c.name in repr(report) for c in w.colors)
    assert w.run().cycles > 0


@pytest.mark.parametrize("engine", ENGINES)
def test_a_circle_of_waiting_is_named_as_one(engine: str) -> None:
    """A deadlock by order names every PE of the circle and that it is one."""
    for name in ("both_send_before_they_take_in", "both_take_in_before_they_send"):
        with pytest.raises(Deadlock, match="circle") as caught:
            PROGRAMS[name].make().run(engine=engine)
        for pe in PROGRAMS[name].pes:
            assert f"PE ({pe[0]}, {pe[1]})" in str(caught.value)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_advice_for_two_that_wait_for_each_other_is_to_send_first(engine: str) -> None:
    """Where both take in before they send, "receive before it sends" would mend nothing."""
    with pytest.raises(Deadlock) as caught:
        both_take_in_before_they_send().run(engine=engine)
    advice = str(caught.value).split("Try:")[1]
    assert re.search(r"send color red before mov\(fabin\(blue\)", advice), advice


@pytest.mark.parametrize("engine", ENGINES)
def test_a_pe_with_one_stream_is_not_said_to_wait_for_another(engine: str) -> None:
    """Who reads one stream and cannot send is not told that a second stream is missing."""
    with pytest.raises(Deadlock) as caught:
        one_color_for_taking_in_and_sending_on().run(engine=engine)
    assert "another stream" not in str(caught.value)


@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_left_is_counted_by_color(engine: str) -> None:
    """Undrained names stream, count and missing reader, for each color that is left."""
    w, x, y, red, blue = exchange(12)
    w[0, 0].mov(x, out=fabout(red))
    w[0, 1].mov(fabin(red), out=y.own[:9])
    w[0, 1].mov(x.own[:2], out=fabout(blue))
    with pytest.raises(Undrained) as caught:
        w.run(engine=engine)
    lines = str(caught.value).splitlines()
    assert any("red" in line and "3 wavelets" in line for line in lines)
    assert any("blue" in line and "2 wavelets" in line for line in lines)
    assert "PE (0, 1)" in str(caught.value) and "PE (0, 0)" in str(caught.value)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_line_of_the_program_is_named(engine: str) -> None:
    """A Deadlock says which operation waits, how far it is and where it was written."""
    with pytest.raises(Deadlock) as caught:
        a_receiver_takes_more_than_is_sent().run(engine=engine)
    text = str(caught.value)
    assert "mov(fabin(red), out=x)" in text and "10 of 12" in text
    assert re.search(r"test_fabric_wrong\.py:\d+", text)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_run_that_is_cut_short_says_so(engine: str) -> None:
    """StillRunning names the limit and how many PEs have work left, and suggests a larger one."""
    w, x, red = row_of(3, 100)
    broadcast(w, red)
    w[0, 0].mov(x, out=fabout(red))
    w[0, 1:].mov(fabin(red), out=x)
    with pytest.raises(StillRunning, match=r"(?s)50.*3 of 3 PEs.*max_cycles") as caught:
        w.run(engine=engine, max_cycles=50)
    assert caught.value.cycle == 50


def test_a_second_route_for_a_color_is_named_when_it_is_written() -> None:
    """The naive chain on one color fails at once, before anything runs."""
    w, _, red = row_of(4, 8)
    w[0, 1:].route(red, RAMP >> WEST)
    with pytest.raises(
        RouteError, match=r"(?s)red.*PE \(0, 1\).*RAMP >> WEST.*(two|another) color"
    ):
        w[0, :-1].route(red, EAST >> RAMP)


@pytest.mark.parametrize("wide", [(90, 90), (1, 700)])
def test_wrong_programs_on_wide_wafers_end_quickly_too(wide: tuple[int, int]) -> None:
    """A row short of one wavelet is found within a second, also with thousands of PEs."""
    w = Wafer(*wide)
    x = w.memory("x", 64)
    red = w.color("red")
    broadcast(w, red)
    w[:, 0].mov(x, out=fabout(red))
    w[:, 1:].mov(fabin(red), out=x)
    w[-1, -1].mov(fabin(red), out=x.own[0])
    start = time.process_time()
    with pytest.raises(Deadlock, match=rf"PE \({wide[0] - 1}, {wide[1] - 1}\)"):
        w.run()
    assert time.process_time() - start < 1
    assert [(f.kind, f.pe) for f in w.verify()] == [("counts differ", (wide[0] - 1, wide[1] - 1))]


def switched_and_not_read() -> Wafer:
    """The PE in the middle sends and advances its switch, and nobody takes what it sent."""
    w, x, red = row_of(3, 4)
    w[0, 0].route(red, EAST >> RAMP)
    w[0, 1].route(red, [RAMP >> WEST, EAST >> WEST])
    w[0, 2].route(red, RAMP >> WEST)
    w[0, 1].mov(x, out=fabout(red, advance="own"))
    return w


def test_on_a_switch_the_one_who_sent_is_named() -> None:
    """Not the one who would send next, which the routes alone would say."""
    with pytest.raises(Undrained) as caught:
        switched_and_not_read().run()
    assert "color red from PE (0, 1), 4 sent: 4 wavelets left" in str(caught.value)
    assert "PE (0, 0) has no operation that reads color red; PE (0, 1) sends it 4" in str(
        caught.value
    )
    assert "PE (0, 2)" not in str(caught.value)


def test_on_a_switch_of_several_senders_all_are_named() -> None:
    """What is left may be of any of them."""
    w = switched_and_not_read()
    w[0, 2].mov(1.0, out=fabout(w.colors[0]), n=2)
    with pytest.raises(Undrained) as caught:
        w.run()
    assert "color red from PE (0, 1), 4 sent, and PE (0, 2), 2 sent: 6 wavelets left" in str(
        caught.value
    )
