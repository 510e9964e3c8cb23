"""`Wafer.verify`: it finds what can be known before a program runs, quickly, and never guesses."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from wselab import EAST, NORTH, RAMP, SOUTH, WEST, Deadlock, Undrained, Wafer, fabin, fabout
from wselab.fabric.explain import circles

from .agreement.compare import outcome
from .agreement.programs import Draw, random_wafer

BESIDE = {"not taken", "not sent", "over the edge", "from over the edge", "two senders"}


def kinds(w: Wafer) -> list[str]:
    return [finding.kind for finding in w.verify()]


def row(pes: int, n: int) -> tuple[Wafer, Any, Any]:
    w = Wafer(1, pes)
    return w, w.memory("x", n), w.color("red")


@pytest.mark.parametrize("block", range(3))
def test_it_has_nothing_to_say_of_random_programs_that_end_well(block: int) -> None:
    """Except of routes that lead nowhere and that nobody uses."""
    found = Counter[str]()
    for seed in range(60 * block, 60 * (block + 1)):
        make = lambda chosen=seed: random_wafer(Draw(random.Random(chosen)), chosen % 2 == 1)  # noqa: E731
        said = set(kinds(make()))
        how = outcome(make(), "reference")["kind"]
        if how == "ended":
            assert said <= BESIDE, seed
        found[how, bool(said)] += 1
    assert found["Deadlock", True] > 2 * found["Deadlock", False]
    assert found["Undrained", False] == 0


def exchange(seed: int) -> Wafer:
    """Neighbours in a ring or a row send vectors to each other, each PE in an order of its own."""
    draw = random.Random(seed)
    w = Wafer(2, draw.randint(2, 4))
    x, y = w.memory("x", 64), w.memory("y", 64)
    ways = [(EAST, WEST, 0, 1), (WEST, EAST, 0, -1), (SOUTH, NORTH, 1, 0), (NORTH, SOUTH, -1, 0)]
    colors = [w.color(name) for name in ("east", "west", "south", "north")]
    parity = [[w.color(f"{color.name}{i}") for i in range(2)] for color in colors]
    todo: dict[tuple[int, int], list[Callable[[], None]]] = {}
    for (out, into, down, right), pair in zip(ways, parity, strict=True):
        for r, c in np.ndindex(*w.shape):
            there = (r + down, c + right)
            if not (0 <= there[0] < w.shape[0] and 0 <= there[1] < w.shape[1]):
                continue
            if draw.random() < 0.4:
                continue
            color = pair[(r + c) % 2]
            w[r, c].route(color, RAMP >> out)
            w[there].route(color, into >> RAMP)
            n = draw.choice([2, 8, 9, 10, 11, 40])
            threads = [draw.random() < 0.1 for _ in range(2)]
            todo.setdefault((r, c), []).append(
                lambda at=(r, c), n=n, color=color, t=threads[0]: w[at].mov(
                    x.own[:n], out=fabout(color), microthread=t
                )
            )
            todo.setdefault(there, []).append(
                lambda at=there, n=n, color=color, t=threads[1]: w[at].mov(
                    fabin(color), out=y.own[:n], microthread=t
                )
            )
    for operations in todo.values():
        draw.shuffle(operations)
        for write in operations:
            write()
    return w


def test_a_circle_of_waiting_that_it_finds_is_one() -> None:
    """Of random exchanges each in which it sees a circle stops, and it sees nearly all of them."""
    seen = Counter[bool]()
    for seed in range(300):
        said = kinds(exchange(seed))
        assert set(said) <= {"wait in a circle"}
        how = outcome(exchange(seed), "reference")["kind"]
        assert how == ("Deadlock" if said else how), seed
        if how == "Deadlock":
            seen[bool(said)] += 1
    assert seen[True] > 9 * seen[False], seen


def two_that_send_first(n: int, **what_if: Any) -> Wafer:
    """Two neighbours send n wavelets to each other before they take any."""
    w = Wafer(1, 2, **what_if)
    x, y = w.memory("x", n), w.memory("y", n)
    red, blue = w.color("red"), w.color("blue")
    w[0, 0].route(red, RAMP >> EAST)
    w[0, 1].route(red, WEST >> RAMP)
    w[0, 1].route(blue, RAMP >> WEST)
    w[0, 0].route(blue, EAST >> RAMP)
    w[0, 0].mov(x, out=fabout(red))
    w[0, 1].mov(x, out=fabout(blue))
    w[0, 0].mov(fabin(blue), out=y)
    w[0, 1].mov(fabin(red), out=y)
    return w


@pytest.mark.parametrize(("depth", "latency"), [(2, 2), (2, 1), (3, 2), (4, 3)])
def test_two_that_send_first_may_send_what_the_way_holds(depth: int, latency: int) -> None:
    """The belts, two routers' queues and the PE's own: one wavelet more is a deadlock."""
    holds = (2 * latency - 1) + 3 * depth
    rules = {"queue_depth": depth, "ramp_latency": latency}
    assert kinds(two_that_send_first(holds, **rules)) == []
    assert two_that_send_first(holds, **rules).run().cycles > 0
    assert kinds(two_that_send_first(holds + 1, **rules)) == ["wait in a circle"]
    with pytest.raises(Deadlock):
        two_that_send_first(holds + 1, **rules).run()


def test_the_circle_is_told_with_both_operations_and_a_way_out() -> None:
    """Who cannot end what before whom, and an order that would do."""
    text = repr(two_that_send_first(40).verify())
    assert "PE (0, 0) cannot end mov(x, out=fabout(red)) before PE (0, 1) takes red" in text
    assert "PE (0, 1) cannot end mov(x, out=fabout(blue)) before PE (0, 0) takes blue" in text
    assert "Try: let PE (0, 0) take color blue before mov(x, out=fabout(red))" in text


def test_a_long_search_for_circles_is_left_to_running(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond a number of looks it says nothing, rather than cost more than a run."""
    monkeypatch.setattr(circles, "LOOKS", 1)
    assert kinds(two_that_send_first(40)) == []


def test_two_senders_into_one_router_are_named() -> None:
    """The second sender's router has the color from its own processor."""
    w, x, red = row(4, 8)
    w[0, :2].route(red, RAMP >> EAST)
    w[0, 2].route(red, WEST >> EAST)
    w[0, 3].route(red, WEST >> RAMP)
    w[0, :2].mov(x, out=fabout(red))
    w[0, 3].mov(fabin(red), out=x)
    (finding,) = w.verify()
    assert (finding.kind, finding.pe) == ("two senders", (0, 0))
    assert "PE (0, 1) there routes it RAMP >> EAST" in finding.text
    assert "two colors" in finding.mend or "another color" in finding.mend


def test_rows_that_a_launch_does_not_use_are_not_complained_of() -> None:
    """A stream that nobody sends and nobody reads is for another launch."""
    w = Wafer(3, 4)
    x, red = w.memory("x", 8), w.color("red")
    w[:, 0].route(red, RAMP >> EAST)
    w[:, 1:-1].route(red, WEST >> (RAMP, EAST))
    w[:, -1].route(red, WEST >> RAMP)
    w[1, 0].mov(x, out=fabout(red))
    w[1, 1:].mov(fabin(red), out=x)
    assert kinds(w) == []
    w.run()


def test_the_host_feeds_and_drains_streams() -> None:
    """A route over the edge is right where the host stands behind it, and wrong where not."""
    w = Wafer(2, 3)
    red = w.color("red")
    w[:, :].route(red, WEST >> EAST)
    assert sorted(set(kinds(w))) == ["from over the edge", "over the edge"]
    w[:, 0].host_in(red, np.ones((2, 5)), edge=WEST)
    w[:, -1].host_out(red, 5, edge=EAST)
    assert kinds(w) == []
    w.run()


def test_what_a_task_sends_and_takes_is_not_counted() -> None:
    """How often a task runs is not known before; its colors need no more than routes."""
    w = Wafer(1, 3)
    total, there, back = w.memory("total", ()), w.color("there"), w.color("back")
    w[0, 0].route(there, RAMP >> EAST)
    w[0, 1].route(there, WEST >> RAMP)
    w[0, 1].route(back, RAMP >> EAST)
    w[0, 2].route(back, WEST >> RAMP)
    w[0, 0].mov(1.0, out=fabout(there), n=7)
    w[0, 2].mov(fabin(back), out=total, n=1)
    for _ in range(6):
        w[0, 2].add(fabin(back), total, out=total)

    @w[0, 1].task(there)
    def pass_on(pe: Any, wavelet: Any) -> None:
        pe.mov(wavelet, out=fabout(back))

    assert kinds(w) == []
    w.run()
    assert float(total[0, 2]) == 7


def test_switch_positions_count_as_routes() -> None:
    """A neighbour that takes a color in any position of its switch takes it."""
    w, x, red = row(3, 4)
    w[0, 0].route(red, EAST >> RAMP)
    w[0, 1].route(red, [RAMP >> WEST, EAST >> WEST])
    w[0, 2].route(red, RAMP >> WEST)
    w[0, 1].mov(x, out=fabout(red, advance="own"))
    w[0, 2].mov(x, out=fabout(red))
    for _ in range(2):
        w[0, 0].mov(fabin(red), out=x)
    assert kinds(w) == []
    w.run()


def test_it_costs_less_than_running() -> None:
    """On 200 x 200 PEs, with every kind of look."""
    w = Wafer(200, 200)
    x = w.memory("x", 64)
    mine, theirs = w.alternating("even", "odd", by="column")
    w[:, 1:].route(mine, RAMP >> WEST)
    w[:, :-1].route(theirs, EAST >> RAMP)
    w[:, -1].mov(x, out=fabout(mine))
    w[:, 1:-1].add(fabin(theirs), x, out=fabout(mine))
    w[:, 0].add(fabin(theirs), x, out=x)
    w.verify()
    start = time.process_time()
    w.verify()
    middle = time.process_time()
    w.run()
    assert middle - start < time.process_time() - middle


def test_an_undrained_stream_is_found_before_it_runs() -> None:
    """A listener that takes one too few, of a multicast."""
    w, x, red = row(3, 8)
    w[0, 0].route(red, RAMP >> EAST)
    w[0, 1].route(red, WEST >> (RAMP, EAST))
    w[0, 2].route(red, WEST >> RAMP)
    w[0, 0].mov(x, out=fabout(red))
    w[0, 1].mov(fabin(red), out=x.own[:7])
    w[0, 2].mov(fabin(red), out=x)
    (finding,) = w.verify()
    assert (finding.kind, finding.pe) == ("counts differ", (0, 1))
    assert finding.mend == "let PE (0, 1) take 8, or PE (0, 0) send 7"
    with pytest.raises(Undrained):
        w.run()
