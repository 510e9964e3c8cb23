"""Tasks, by programs small enough to count by hand.

A wavelet is handled by a task d links away in cycle t + `LINK(T, d)` at the earliest, if it was
sent in cycle t. To take it is a cycle of its own, then the task's operations begin, after
``task_wake`` cycles; the next wavelet is taken in the cycle behind the last of them.
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
    StillRunning,
    Undrained,
    Wafer,
    fabin,
    fabout,
)

from .fabric_programs import LINK, busy, constants, latencies, wafer

engines = pytest.mark.parametrize("engine", ["reference", "lockstep"])


def relay(**rules: Any) -> tuple[Wafer, Any, Any]:
    """Three PEs in a row: color c leads from PE 0 to PE 1, d from there to PE 2."""
    w = wafer(1, 3, **{"task_wake": 0, **rules})
    c, d = w.color("c"), w.color("d")
    w[0, 0].route(c, RAMP >> EAST)
    w[0, 1].route(c, WEST >> RAMP)
    w[0, 1].route(d, RAMP >> EAST)
    w[0, 2].route(d, WEST >> RAMP)
    return w, c, d


# What a task costs


@engines
@constants
@pytest.mark.parametrize("wake", [0, 1, 4])
@pytest.mark.parametrize("startup", [0, 3])
@pytest.mark.parametrize("n", [1, 9])
def test_a_task_takes_its_wavelet_in_a_cycle_wakes_and_works(
    engine: str, T: int, Q: int, wake: int, startup: int, n: int
) -> None:
    """n wavelets, each 1 + wake + startup + 1 cycles, from cycle LINK(T, 1) on."""
    w, c, _ = relay(ramp_latency=T, queue_depth=Q, task_wake=wake, startup=startup)
    x, s = w.memory("x", n), w.memory("s", ())
    x[0, 0] = np.arange(1, n + 1)
    calls = []

    @w[0, 1].task(c)
    def add_up(pe: Any, wavelet: Any) -> None:
        calls.append(pe)
        pe.add(s, wavelet, out=s)

    w[0, 0].mov(x, out=fabout(c))
    run = w.run(engine=engine)
    assert run.cycles == LINK(T, 1) + n * (1 + wake + startup + 1)
    assert run.hops == run.ramps == n and len(calls) == 1
    assert s[0, 1] == n * (n + 1) / 2


@engines
@pytest.mark.parametrize(("dtype", "rate"), [("float16", 4), ("float32", 1)])
def test_a_task_works_at_the_rate_of_its_operations(engine: str, dtype: str, rate: int) -> None:
    """Each of 6 wavelets is multiplied with 10 values: 1 + ceil(10 / rate), on a WSE-2."""
    w, c, _ = relay()
    A, y = w.memory("A", (6, 10), dtype=dtype), w.memory("y", 10, dtype=dtype)
    A[0, 1] = np.arange(60).reshape(6, 10) % 7

    @w[0, 1].task(c)
    def multiply(pe: Any, wavelet: Any) -> None:
        pe.mac(A.own[2], wavelet, out=y)

    w[0, 0].mov(2.0, out=fabout(c), n=6)
    assert w.rules.rate("mac", dtype) == rate
    assert w.run(engine=engine).cycles == LINK(2, 1) + 6 * (1 + -(-10 // rate))
    assert (y[0, 1] == 12.0 * (np.arange(20, 30) % 7)).all()


@engines
@pytest.mark.parametrize("gap", [0, 1, 3])
def test_the_gap_stands_between_the_operations_of_a_task(engine: str, gap: int) -> None:
    """One wavelet; three operations of 4 cycles and the gaps between them."""
    w, c, _ = relay(gap=gap)
    x = w.memory("x", 4)

    @w[0, 1].task(c)
    def three(pe: Any, wavelet: Any) -> None:
        pe.add(x, wavelet, out=x)
        pe.mul(x, 2.0, out=x)
        pe.add(x, wavelet, out=x)

    w[0, 0].mov(5.0, out=fabout(c), n=1)
    assert w.run(engine=engine).cycles == LINK(2, 1) + 1 + 4 + gap + 4 + gap + 4
    assert (x[0, 1] == 15).all()


@engines
@pytest.mark.parametrize("gap", [0, 1, 3])
@pytest.mark.parametrize("wake", [0, 2])
def test_the_gap_stands_before_a_wake_too(engine: str, gap: int, wake: int) -> None:
    """After a written operation of 20 cycles, and after each of three times that the task runs."""
    w, c, _ = relay(gap=gap, task_wake=wake)
    x, s = w.memory("x", 20), w.memory("s", ())
    w[0, 1].task(c)(lambda pe, wavelet: pe.add(s, wavelet, out=s))
    w[0, 0].mov(1.0, out=fabout(c), n=3)
    busy(w[0, 1], x, 20)
    assert w.run(engine=engine).cycles == 20 + 3 * (gap + 1 + wake + 1)
    assert s[0, 1] == 3


@engines
@pytest.mark.parametrize("gap", [0, 2])
@pytest.mark.parametrize("startup", [0, 3])
def test_behind_a_comparison_stands_the_gap(engine: str, gap: int, startup: int) -> None:
    """To compare costs what an operation of one element on memory does, whether it holds or not."""
    for value, then in ((1.0, gap + startup + 1), (-1.0, 0)):
        w, c, _ = relay(gap=gap, startup=startup)
        s = w.memory("s", ())
        w[0, 1].task(c)(lambda pe, wavelet, s=s: pe.where(wavelet > 0).mov(wavelet, out=s))
        w[0, 0].mov(value, out=fabout(c), n=1)
        assert w.run(engine=engine).cycles == LINK(2, 1) + 1 + startup + 1 + then


@engines
@pytest.mark.parametrize("beside", [False, True])
def test_with_tasks_a_microthread_may_change_what_comes_out(engine: str, beside: bool) -> None:
    """What is sent behind nine wavelets, or beside them from cycle 1 on, wakes its task earlier.

    The PE takes one of the nine every other cycle, from the one in which the first is there.
    """
    w = wafer(1, 2, task_wake=0)
    many, seen = w.memory("many", ()), w.memory("seen", ())
    b, a = w.color("b"), w.color("a")
    for color in (a, b):
        w[0, 0].route(color, RAMP >> EAST)
        w[0, 1].route(color, WEST >> RAMP)
    w[0, 1].task(a)(lambda pe, wavelet: pe.add(many, 1.0, out=many))
    w[0, 1].task(b)(lambda pe, wavelet: pe.mov(many, out=seen))
    w[0, 0].mov(1.0, out=fabout(a), n=9, microthread=beside)
    w[0, 0].mov(2.0, out=fabout(b), n=1)
    w.run(engine=engine)
    assert many[0, 1] == 9 and seen[0, 1] == (1 if beside else 5)


@engines
def test_a_task_that_does_nothing_takes_its_wavelets(engine: str) -> None:
    """One a cycle; the wavelets are gone."""
    w, c, _ = relay()

    @w[0, 1].task(c)
    def nothing(pe: Any, wavelet: Any) -> None:
        pass

    w[0, 0].mov(5.0, out=fabout(c), n=8)
    assert w.run(engine=engine).cycles == LINK(2, 1) + 8


@engines
@latencies
@pytest.mark.parametrize(("n", "m"), [(1, 1), (5, 1), (5, 3)])
def test_a_task_may_send(engine: str, T: int, n: int, m: int) -> None:
    """Each of n wavelets is passed on m times: n (1 + m) cycles between two ways of one link."""
    w, c, d = relay(ramp_latency=T)
    x, y = w.memory("x", n), w.memory("y", n * m)
    x[0, 0] = np.arange(n)

    @w[0, 1].task(c)
    def pass_on(pe: Any, wavelet: Any) -> None:
        pe.add(wavelet, 0.5, out=fabout(d), n=m)

    w[0, 0].mov(x, out=fabout(c))
    w[0, 2].mov(fabin(d), out=y)
    run = w.run(engine=engine)
    assert run.cycles == LINK(T, 1) + n * (1 + m) + LINK(T, 1)
    assert run.hops == run.ramps == n + n * m
    assert y[0, 2].tolist() == [i + 0.5 for i in range(n) for _ in range(m)]


@engines
@constants
def test_a_task_waits_for_its_way_out(engine: str, T: int, Q: int) -> None:
    """The reader works K cycles first: what finds a place is sent; the task stands with the next.

    It sends every other cycle, so that each wavelet on a belt has a gap behind it, which stays when
    the belt stands: 3 Q in queues, T // 2 on the one belt, (T - 1) // 2 on the other. Then room
    goes back from the reader in cycle K, queue by queue, three of them: the next is sent in cycle
    K + 3, and those behind it every other cycle.
    """
    K, n = 100, 60
    w, c, d = relay(ramp_latency=T, queue_depth=Q)
    y, z = w.memory("y", n), w.memory("z", K)

    @w[0, 1].task(c)
    def pass_on(pe: Any, wavelet: Any) -> None:
        pe.mov(wavelet, out=fabout(d))

    w[0, 0].mov(1.0, out=fabout(c), n=n)
    busy(w[0, 2], z, K)
    w[0, 2].mov(fabin(d), out=y)
    held = 3 * Q + T // 2 + (T - 1) // 2
    last_sent = K + 3 + 2 * (n - held - 1)
    assert w.run(engine=engine).cycles == last_sent + LINK(T, 1) + 1


# When it is woken


@engines
@pytest.mark.parametrize("K", [30, 100])
def test_tasks_wait_until_the_written_operations_have_ended(engine: str, K: int) -> None:
    """K cycles of work, then 8 tasks of 2 cycles."""
    w, c, _ = relay()
    z, s = w.memory("z", 100), w.memory("s", ())

    @w[0, 1].task(c)
    def add_up(pe: Any, wavelet: Any) -> None:
        pe.add(s, wavelet, out=s)

    w[0, 0].mov(1.0, out=fabout(c), n=8)
    busy(w[0, 1], z, K)
    assert w.run(engine=engine).cycles == K + 2 * 8
    assert s[0, 1] == 8


def two_colors(first: str, second: str, **rules: Any) -> tuple[Wafer, dict[str, Any]]:
    """Three PEs in a row: "west" leads from PE 0 to the middle one, "east" from PE 2."""
    w = wafer(1, 3, **rules)
    c = {name: w.color(name) for name in (first, second)}
    w[0, 0].route(c["west"], RAMP >> EAST)
    w[0, 1].route(c["west"], WEST >> RAMP)
    w[0, 2].route(c["east"], RAMP >> WEST)
    w[0, 1].route(c["east"], EAST >> RAMP)
    return w, c


@engines
@constants
@pytest.mark.parametrize("first", ["west", "east"])
@pytest.mark.parametrize("bound", ["west", "east"])
def test_the_lowest_color_wakes_first(engine: str, T: int, Q: int, first: str, bound: str) -> None:
    """Of three wavelets each, all there, those of the lower color go first, however bound.

    "west" doubles, "east" adds one: from 1 it is 1 * 8 + 3 or (1 + 3) * 8.
    """
    second = {"west": "east", "east": "west"}[first]
    w, c = two_colors(first, second, ramp_latency=T, queue_depth=Q)
    s, z = w.memory("s", ()), w.memory("z", 50)
    s[...] = 1

    def double(pe: Any, wavelet: Any) -> None:
        pe.mul(s, wavelet, out=s)

    def add_one(pe: Any, wavelet: Any) -> None:
        pe.add(s, wavelet, out=s)

    for name in (bound, {"west": "east", "east": "west"}[bound]):
        w[0, 1].task(c[name])({"west": double, "east": add_one}[name])
    w[0, 0].mov(2.0, out=fabout(c["west"]), n=3)
    w[0, 2].mov(1.0, out=fabout(c["east"]), n=3)
    busy(w[0, 1], z, 50)
    assert w.run(engine=engine).cycles == 50 + 6 * 2
    assert s[0, 1] == {"west": 11, "east": 32}[first]


@engines
def test_a_task_is_done_to_its_end_before_the_next(engine: str) -> None:
    """A wavelet of the lower color that comes during a task of ten cycles waits for its end.

    "east", the higher color, comes at LINK(2, 1); its task multiplies ten times and so copies s. A
    wavelet of "west" comes a few cycles later.
    """
    w, c = two_colors("west", "east")
    s, x, z = w.memory("s", ()), w.memory("x", 10), w.memory("z", 4)

    @w[0, 1].task(c["west"])
    def set_it(pe: Any, wavelet: Any) -> None:
        pe.mov(wavelet, out=s)

    @w[0, 1].task(c["east"])
    def keep_it(pe: Any, wavelet: Any) -> None:
        pe.add(x, wavelet, out=x)
        pe.add(x, s, out=x)

    s[...] = 100
    busy(w[0, 0], z, 4)
    w[0, 0].mov(7.0, out=fabout(c["west"]), n=1)
    w[0, 2].mov(1.0, out=fabout(c["east"]), n=1)
    assert w.run(engine=engine).cycles == LINK(2, 1) + (1 + 10 + 10) + (1 + 1)
    assert (x[0, 1] == 101).all() and s[0, 1] == 7


@engines
def test_all_pes_of_a_region_wake_each_on_its_own(engine: str) -> None:
    """A broadcast along three rows; each PE multiplies with what it has and keeps the sum."""
    w = wafer(3, 5)
    c = w.color("c")
    w[:, 0].route(c, RAMP >> EAST)
    w[:, 1:-1].route(c, WEST >> (RAMP, EAST))
    w[:, -1].route(c, WEST >> RAMP)
    x, a, s = w.memory("x", 6), w.memory("a", ()), w.memory("s", ())
    a[...] = np.arange(15).reshape(3, 5)
    x[:, 0] = np.arange(6)

    @w[:, 1:].task(c)
    def scale(pe: Any, wavelet: Any) -> None:
        pe.mac(a, wavelet, out=s)

    w[:, 0].mov(x, out=fabout(c))
    # A PE takes one in 2 cycles. What the nearest holds back is on its way in time for the last,
    # four links away, which takes its first in cycle LINK(2, 4).
    assert w.run(engine=engine).cycles == LINK(2, 4) + 2 * 6
    assert (s[:, 1:] == 15 * a[:, 1:]).all() and not s[:, 0].any()


# Conditions


@engines
@latencies
def test_to_compare_takes_a_cycle_and_what_does_not_hold_none(engine: str, T: int) -> None:
    """Of 1, -1, 2, -2, 3 the positive ones take 3 cycles, the others 2."""
    w, c, _ = relay(ramp_latency=T)
    x, s = w.memory("x", 5), w.memory("s", ())
    x[0, 0] = [1, -1, 2, -2, 3]

    @w[0, 1].task(c)
    def add_up(pe: Any, wavelet: Any) -> None:
        pe.where(wavelet > 0).add(s, wavelet, out=s)

    w[0, 0].mov(x, out=fabout(c))
    assert w.run(engine=engine).cycles == LINK(T, 1) + 3 * 3 + 2 * 2
    assert s[0, 1] == 6


@engines
@pytest.mark.parametrize("startup", [0, 3])
def test_to_compare_is_an_operation_with_its_startup(engine: str, startup: int) -> None:
    """One wavelet: 1 + (startup + 1) + (startup + 5)."""
    w, c, _ = relay(startup=startup)
    x = w.memory("x", 5)

    @w[0, 1].task(c)
    def add_up(pe: Any, wavelet: Any) -> None:
        pe.where(wavelet > 0).add(x, wavelet, out=x)

    w[0, 0].mov(1.0, out=fabout(c), n=1)
    assert w.run(engine=engine).cycles == LINK(2, 1) + 1 + (startup + 1) + (startup + 5)


@engines
@pytest.mark.parametrize(
    ("word", "holds"),
    [(">", [0, 0, 1, 0]), (">=", [0, 1, 1, 0]), ("<", [1, 0, 0, 0]), ("<=", [1, 1, 0, 0])],
)
@pytest.mark.parametrize("turned", [False, True])
def test_the_four_comparisons(engine: str, word: str, holds: list[int], turned: bool) -> None:
    """Of 1, 2, 3 and NaN with 2; with NaN none holds. A number, or memory, may stand first."""
    w, c, _ = relay()
    x, y, two = w.memory("x", 4), w.memory("y", 4), w.memory("two", ())
    x[0, 0], two[...] = [1, 2, 3, np.nan], 2
    compare: dict[str, Callable[[Any, Any], Any]] = {
        ">": lambda a, b: a > b,
        ">=": lambda a, b: a >= b,
        "<": lambda a, b: a < b,
        "<=": lambda a, b: a <= b,
    }
    back = {">": "<", ">=": "<=", "<": ">", "<=": ">="}[word]

    @w[0, 1].task(c)
    def note(pe: Any, wavelet: Any) -> None:
        found = compare[back](two.own, wavelet) if turned else compare[word](wavelet, 2.0)
        pe.where(found).add(y.own[0], wavelet, out=y.own[0])
        pe.where(found).add(y.own[1], 1.0, out=y.own[1])

    w[0, 0].mov(x, out=fabout(c))
    w.run(engine=engine)
    assert y[0, 1, 0] == np.dot([1, 2, 3], holds[:3]) and y[0, 1, 1] == sum(holds)


@engines
def test_conditions_within_conditions(engine: str) -> None:
    """Of 1 to 5 those over 2 are compared with 4: 2, 2, 3, 3 and 4 cycles; 5 alone is kept."""
    w, c, _ = relay()
    x, s = w.memory("x", 5), w.memory("s", ())
    x[0, 0] = [1, 2, 3, 4, 5]

    @w[0, 1].task(c)
    def keep(pe: Any, wavelet: Any) -> None:
        pe.where(wavelet > 2).where(wavelet > 4).add(s, wavelet, out=s)

    w[0, 0].mov(x, out=fabout(c))
    assert w.run(engine=engine).cycles == LINK(2, 1) + 2 + 2 + 3 + 3 + 4
    assert s[0, 1] == 5


@engines
def test_one_or_the_other(engine: str) -> None:
    """Positive ones are added to one, the rest to the other: 1 + 2 comparisons + 1, each."""
    w, c, _ = relay()
    x, plus, minus = w.memory("x", 5), w.memory("plus", ()), w.memory("minus", ())
    x[0, 0] = [1, -1, 2, 0, 3]

    @w[0, 1].task(c)
    def add_up(pe: Any, wavelet: Any) -> None:
        pe.where(wavelet > 0).add(plus, wavelet, out=plus)
        pe.where(wavelet <= 0).add(minus, wavelet, out=minus)

    w[0, 0].mov(x, out=fabout(c))
    assert w.run(engine=engine).cycles == LINK(2, 1) + 4 * 5
    assert plus[0, 1] == 6 and minus[0, 1] == -1


@engines
def test_a_condition_holds_as_it_was_found(engine: str) -> None:
    """What a task writes after a comparison does not change it; the next task compares anew."""
    w, c, _ = relay()
    x, best, count = w.memory("x", 6), w.memory("best", ()), w.memory("count", ())
    x[0, 0] = [3, 1, 4, 1, 5, 9]

    @w[0, 1].task(c)
    def record(pe: Any, wavelet: Any) -> None:
        more = pe.where(wavelet > best)
        more.mov(wavelet, out=best)
        more.add(count, 1.0, out=count)

    w[0, 0].mov(x, out=fabout(c))
    assert w.run(engine=engine).cycles == LINK(2, 1) + 4 * (1 + 1 + 2) + 2 * (1 + 1)
    assert best[0, 1] == 9 and count[0, 1] == 4


@engines
def test_a_comparison_is_made_in_the_type_of_its_memory(engine: str) -> None:
    """1.0001 is no more than 1 in float16."""
    w, c, _ = relay()
    half, full, s = w.memory("half", (), "float16"), w.memory("full", ()), w.memory("s", 2)
    half[...] = full[...] = 1

    @w[0, 1].task(c)
    def note(pe: Any, wavelet: Any) -> None:
        pe.where(wavelet > half).mov(1.0, out=s.own[0])
        pe.where(wavelet > full).mov(1.0, out=s.own[1])

    w[0, 0].mov(1.0001, out=fabout(c), n=1)
    w.run(engine=engine)
    assert s[0, 1].tolist() == [0, 1]


@engines
def test_each_pe_has_its_own_condition(engine: str) -> None:
    """A broadcast; PEs keep what is more than their own number."""
    w = wafer(1, 4)
    c = w.color("c")
    w[0, 0].route(c, RAMP >> EAST)
    w[0, 1:-1].route(c, WEST >> (RAMP, EAST))
    w[0, -1].route(c, WEST >> RAMP)
    x, number, s = w.memory("x", 4), w.memory("number", 2), w.memory("s", ())
    number[0, :, 1] = np.arange(4)
    x[0, 0] = [1, 2, 3, 4]

    @w[0, 1:].task(c)
    def keep(pe: Any, wavelet: Any) -> None:
        pe.where(wavelet > number.own[1]).add(s, wavelet, out=s)

    w[0, 0].mov(x, out=fabout(c))
    w.run(engine=engine)
    assert s[0].tolist() == [0, 2 + 3 + 4, 3 + 4, 4]


# Sends that depend on values


@engines
@latencies
def test_a_filter_sends_what_it_finds(engine: str, T: int) -> None:
    """Of 8 wavelets 3 are passed on; the last, 8 tasks later, wakes the third PE for 2 cycles."""
    w, c, d = relay(ramp_latency=T)
    x, s, count = w.memory("x", 8), w.memory("s", ()), w.memory("count", ())
    x[0, 0] = [5, 0, 6, 0, 0, 0, 0, 7]

    @w[0, 1].task(c, data_dependent=True)
    def skip_zeros(pe: Any, wavelet: Any) -> None:
        pe.where(wavelet > 0).mov(wavelet, out=fabout(d))

    @w[0, 2].task(d)
    def add_up(pe: Any, wavelet: Any) -> None:
        pe.add(s, wavelet, out=s)
        pe.add(count, 1.0, out=count)

    w[0, 0].mov(x, out=fabout(c))
    run = w.run(engine=engine)
    last_sent = LINK(T, 1) + 8 * 2 + 3 - 1  # 2 cycles a wavelet, a third where it is sent
    assert run.cycles == last_sent + LINK(T, 1) + 3
    assert run.hops == run.ramps == 8 + 3
    assert s[0, 2] == 18 and count[0, 2] == 3


@engines
@latencies
@pytest.mark.parametrize("k", [0, 1, 7])
def test_two_pes_count_down_between_them(engine: str, T: int, k: int) -> None:
    """k to and fro, LINK + 2 cycles each, and at the end the task that finds 0.

    A wavelet of k comes in cycle LINK; it is taken, compared, and sent on less one in LINK + 2.
    """
    w = wafer(1, 2, ramp_latency=T)
    mine, theirs = w.alternating("a", "b", by="column")
    w[0, 0].route(mine, RAMP >> EAST)
    w[0, 1].route(mine, RAMP >> WEST)
    w[0, 1].route(theirs, WEST >> RAMP)
    w[0, 0].route(theirs, EAST >> RAMP)
    count = w.memory("count", ())

    @w[...].task(theirs, data_dependent=True)
    def less_one(pe: Any, wavelet: Any) -> None:
        pe.where(wavelet > 0.5).add(wavelet, -1.0, out=fabout(mine))
        pe.add(count, 1.0, out=count)

    w[0, 0].mov(float(k), out=fabout(mine), n=1)
    run = w.run(engine=engine)
    assert run.cycles == LINK(T, 1) + k * (LINK(T, 1) + 2) + 3
    assert run.hops == k + 1
    assert count[0].tolist() == [(k + 1) // 2, k // 2 + 1]


@engines
def test_a_task_may_turn_a_switch(engine: str) -> None:
    """Three wavelets: the first is sent east, the others north, by a control wavelet each time."""
    w = wafer(2, 3)
    c, d = w.color("c"), w.color("d")
    w[1, 0].route(c, RAMP >> EAST)
    w[1, 1].route(c, WEST >> RAMP)
    w[1, 1].route(d, [RAMP >> EAST, RAMP >> NORTH])
    w[1, 2].route(d, WEST >> RAMP)
    w[0, 1].route(d, SOUTH >> RAMP)
    x, y = w.memory("x", 3), w.memory("y", 4)
    x[1, 0] = [1, 2, 3]

    @w[1, 1].task(c)
    def turn(pe: Any, wavelet: Any) -> None:
        pe.mov(wavelet, out=fabout(d, advance="own"), n=2)

    w[1, 0].mov(x, out=fabout(c))
    w[1, 2].mov(fabin(d), out=y.own[:2])
    w[0, 1].mov(fabin(d), out=y)
    w.run(engine=engine)
    assert y[1, 2].tolist() == [1, 1, 0, 0] and y[0, 1].tolist() == [2, 2, 3, 3]


@engines
@latencies
def test_a_task_may_take_in_another_stream(engine: str, T: int) -> None:
    """A header on the lower color, then four values on the other: LINK + 1 + 4 cycles.

    Both come to the ramp in the same cycle; the header goes first, so the values are there from
    cycle LINK + 1 on, and the task reads them from that cycle on.
    """
    w, c = two_colors("west", "east", ramp_latency=T)
    x = w.memory("x", 4)

    @w[0, 1].task(c["west"])
    def read(pe: Any, wavelet: Any) -> None:
        pe.mul(fabin(c["east"]), wavelet, out=x)

    w[0, 0].mov(3.0, out=fabout(c["west"]), n=1)
    w[0, 2].mov(2.0, out=fabout(c["east"]), n=4)
    assert w.run(engine=engine).cycles == LINK(T, 1) + 1 + 4
    assert (x[0, 1] == 6).all()


@engines
def test_microthreads_of_tasks_keep_their_wavelets(engine: str) -> None:
    """Three sends of each value in a microthread; the next value's wait for them."""
    w, c, d = relay()
    x, y, s = w.memory("x", 3), w.memory("y", 9), w.memory("s", ())
    x[0, 0] = [1, 2, 3]

    @w[0, 1].task(c)
    def repeat(pe: Any, wavelet: Any) -> None:
        pe.mov(wavelet, out=fabout(d), n=3, microthread=True)
        pe.add(s, wavelet, out=s)

    w[0, 0].mov(x, out=fabout(c))
    w[0, 2].mov(fabin(d), out=y)
    w.run(engine=engine)
    assert y[0, 2].tolist() == [1, 1, 1, 2, 2, 2, 3, 3, 3] and s[0, 1] == 6


@engines
def test_behind_a_microthread_a_condition_counts_too(engine: str) -> None:
    """What does not hold is left out, also where it is next when the microthread has begun.

    A wavelet is taken, compared, sent in a microthread, and 2 cycles of work follow if it holds.
    """
    w, c, d = relay()
    x, y, s = w.memory("x", 3), w.memory("y", 3), w.memory("s", 2)
    x[0, 0] = [1, -1, 2]

    @w[0, 1].task(c)
    def pass_on(pe: Any, wavelet: Any) -> None:
        positive = pe.where(wavelet > 0)
        pe.mov(wavelet, out=fabout(d), microthread=True)
        positive.add(s, wavelet, out=s)

    w[0, 0].mov(x, out=fabout(c))
    w[0, 2].mov(fabin(d), out=y)
    w[0, 2].mul(y, 1.0, out=y)
    run = w.run(engine=engine)
    assert s[0, 1].tolist() == [3, 3] and y[0, 2].tolist() == [1, -1, 2]
    # The third is taken behind 5 and 3 cycles, and sent two cycles later; then PE 2 works for 3.
    assert run.cycles == LINK(2, 1) + 5 + 3 + 2 + LINK(2, 1) + 1 + 3


# Colors and launches


@engines
def test_one_color_wakes_a_task_here_and_another_there(engine: str) -> None:
    """Two tasks on one color in different PEs."""
    w = wafer(1, 3)
    c = w.color("c")
    w[0, 0].route(c, RAMP >> EAST)
    w[0, 1].route(c, WEST >> (RAMP, EAST))
    w[0, 2].route(c, WEST >> RAMP)
    s = w.memory("s", ())

    @w[0, 1].task(c)
    def once(pe: Any, wavelet: Any) -> None:
        pe.add(s, wavelet, out=s)

    @w[0, 2].task(c)
    def twice(pe: Any, wavelet: Any) -> None:
        pe.add(s, wavelet, out=s)
        pe.add(s, wavelet, out=s)

    w[0, 0].mov(1.0, out=fabout(c), n=5)
    w.run(engine=engine)
    assert s[0].tolist() == [0, 5, 10]


@engines
def test_alternating_colors_wake_tasks(engine: str) -> None:
    """Each PE of a row sends to its eastern neighbour, which sends what it gets back north."""
    w = wafer(2, 5)
    mine, theirs = w.alternating("a", "b", by="column")
    up = w.color("up")
    w[1, :-1].route(mine, RAMP >> EAST)
    w[1, 1:].route(theirs, WEST >> RAMP)
    w[1].route(up, RAMP >> NORTH)
    w[0].route(up, SOUTH >> RAMP)
    x, y = w.memory("x", ()), w.memory("y", 2)
    x[1] = np.arange(5)

    @w[1, 1:].task(theirs)
    def pass_on(pe: Any, wavelet: Any) -> None:
        pe.mul(wavelet, x, out=fabout(up))

    w[1, :-1].mov(x, out=fabout(mine), n=2)
    w[0, 1:].mov(fabin(up), out=y)
    assert w.run(engine=engine).cycles == LINK(2, 1) + 2 * (1 + 1) + LINK(2, 1)
    assert (y[0, 1:] == (np.arange(4) * np.arange(1, 5))[:, None]).all()


@engines
def test_a_task_stays_bound(engine: str) -> None:
    """Two launches wake it; `discard` leaves it too."""
    w, c, _ = relay()
    s = w.memory("s", ())

    @w[0, 1].task(c)
    def add_up(pe: Any, wavelet: Any) -> None:
        pe.add(s, wavelet, out=s)

    for _ in range(2):
        w[0, 0].mov(1.0, out=fabout(c), n=3)
        assert w.run(engine=engine).cycles == LINK(2, 1) + 6
    w[0, 0].mov(1.0, out=fabout(c), n=99)
    w.discard()
    w[0, 0].mov(1.0, out=fabout(c), n=1)
    assert w.run(engine=engine).cycles == LINK(2, 1) + 2
    assert s[0, 1] == 7


@engines
def test_a_task_that_no_wavelet_wakes_costs_nothing(engine: str) -> None:
    """A launch ends with its last element, whatever is bound."""
    w, c, d = relay()
    y = w.memory("y", 6)

    @w[0, 1].task(c)
    def never(pe: Any, wavelet: Any) -> None:
        pe.add(y, wavelet, out=y)

    assert w.run(engine=engine).cycles == 0
    w[0, 1].mov(1.0, out=fabout(d), n=6)
    w[0, 2].mov(fabin(d), out=y)
    assert w.run(engine=engine).cycles == 6 + LINK(2, 1)


# How it ends


@engines
def test_a_task_that_waits_for_ever_is_a_deadlock(engine: str) -> None:
    """It reads five of four: nothing of it is left in memory."""
    w, c = two_colors("west", "east")
    x, s = w.memory("x", 5), w.memory("s", ())

    @w[0, 1].task(c["west"])
    def read(pe: Any, wavelet: Any) -> None:
        pe.mov(wavelet, out=s)
        pe.mov(fabin(c["east"]), out=x)

    w[0, 0].mov(3.0, out=fabout(c["west"]), n=1)
    w[0, 2].mov(2.0, out=fabout(c["east"]), n=4)
    with pytest.raises(Deadlock, match=r"PE \(0, 1\)") as caught:
        w.run(engine=engine)
    assert caught.value.state.handled[0, 1] == 4
    assert not np.asarray(x).any() and not np.asarray(s).any()


@engines
def test_what_a_task_sends_to_nobody_is_undrained(engine: str) -> None:
    """One wavelet for each that woke it."""
    w, c, d = relay()

    @w[0, 1].task(c)
    def pass_on(pe: Any, wavelet: Any) -> None:
        pe.mov(wavelet, out=fabout(d))

    w[0, 0].mov(3.0, out=fabout(c), n=2)
    with pytest.raises(Undrained, match=r"2 wavelets"):
        w.run(engine=engine)


@engines
def test_a_run_of_tasks_for_ever_can_be_cut_short(engine: str) -> None:
    """Two PEs that pass a wavelet to and fro never end."""
    w = wafer(1, 2)
    mine, theirs = w.alternating("a", "b", by="column")
    w[0, 0].route(mine, RAMP >> EAST)
    w[0, 1].route(mine, RAMP >> WEST)
    w[0, 1].route(theirs, WEST >> RAMP)
    w[0, 0].route(theirs, EAST >> RAMP)

    @w[...].task(theirs)
    def back(pe: Any, wavelet: Any) -> None:
        pe.mov(wavelet, out=fabout(mine))

    w[0, 0].mov(1.0, out=fabout(mine), n=1)
    with pytest.raises(StillRunning) as caught:
        w.run(engine=engine, max_cycles=500)
    assert caught.value.cycle == 500


# What is refused


def bind(w: Wafer, body: Callable[[Any, Any], Any], **how: Any) -> None:
    """Bind a task to the color c of `relay` in PE 1."""
    w[0, 1].task(w.colors[0], **how)(lambda pe, wavelet: body(pe, wavelet))


def twice(w: Wafer) -> None:
    bind(w, lambda pe, wavelet: None)
    bind(w, lambda pe, wavelet: None)


def kept_pe(w: Wafer) -> None:
    kept: list[Any] = []
    bind(w, lambda pe, wavelet: kept.append(pe))
    kept[0].mov(1.0, out=w.memories["s"])


def kept_where(w: Wafer) -> None:
    kept: list[Any] = []
    bind(w, lambda pe, wavelet: kept.append(pe.where(wavelet > 0)))
    kept[0].mov(1.0, out=w.memories["s"])


def kept_wavelet(w: Wafer) -> None:
    kept: list[Any] = []
    bind(w, lambda pe, wavelet: kept.append(wavelet))
    w[0, 2].task(w.colors[1])(lambda pe, wavelet: pe.mov(kept[0], out=w.memories["s"]))


def kept_condition(w: Wafer) -> None:
    kept: list[Any] = []
    bind(w, lambda pe, wavelet: kept.append(wavelet > 0))
    w[0, 2].task(w.colors[1])(lambda pe, wavelet: pe.where(kept[0]).mov(1.0, out=w.memories["s"]))


def written_wavelet(w: Wafer) -> None:
    kept: list[Any] = []
    bind(w, lambda pe, wavelet: kept.append(wavelet))
    w[0, 1].mov(kept[0], out=w.memories["s"])


def branch(pe: Any, wavelet: Any) -> None:
    if wavelet > 0:
        pe.mov(wavelet, out=fabout(None))


WRONG: dict[str, tuple[Callable[[Wafer], Any], str]] = {
    "two tasks for one color": (
        twice, r"color c wakes .* already; a color wakes one task",
    ),
    "a send that depends on values": (
        lambda w: bind(w, lambda pe, v: pe.where(v > 0).mov(v, out=fabout(w.colors[1]))),
        r"under where.*task\(color, data_dependent=True\)",
    ),
    "a branch in Python": (
        lambda w: bind(w, branch),
        r"wavelet > 0 differs from PE to PE.*Use pe\.where\(wavelet > 0\)",
    ),
    "Python arithmetic": (
        lambda w: bind(w, lambda pe, v: pe.mov(2 * v + 1, out=w.memories["s"])),
        r"wavelet in Python arithmetic: .* computed by the PE, and costs cycles.*mul\(wavelet",
    ),
    "NumPy arithmetic": (
        lambda w: bind(w, lambda pe, v: pe.mov(np.ones(4) + v, out=w.memories["x"])),
        r"wavelet in Python arithmetic",
    ),
    "memory in Python arithmetic": (
        lambda w: bind(w, lambda pe, v: pe.mov(w.memories["s"].own - 1, out=w.memories["s"])),
        r"s in Python arithmetic",
    ),
    "the host's memory and a wavelet": (
        lambda w: bind(w, lambda pe, v: pe.mov(w.memories["s"] + v, out=w.memories["s"])),
        r"wavelet in Python arithmetic",
    ),
    "two comparisons in one": (
        lambda w: bind(w, lambda pe, v: pe.where(0 < v < 1)),
        r"differs from PE to PE.*if, and, or, not",
    ),
    "the larger in Python": (
        lambda w: bind(w, lambda pe, v: pe.mov(max(v, 0), out=w.memories["s"])),
        r"differs from PE to PE",
    ),
    "two comparisons with &": (
        lambda w: bind(w, lambda pe, v: pe.where((v > 0) & (v < 1))),
        r"\(wavelet > 0\) & \(wavelet < 1\): .*pe\.where\(wavelet > 0\)\.where\(wavelet < 1\)",
    ),
    "two comparisons with |": (
        lambda w: bind(w, lambda pe, v: pe.where((v > 1) | (v < 0))),
        r"\(wavelet > 1\) \| \(wavelet < 0\): .*pe\.where\(\.\.\.\) of its own",
    ),
    "the contrary": (
        lambda w: bind(w, lambda pe, v: pe.where(~(v > 1))),
        r"~\(wavelet > 1\): .*contrary comparison, wavelet <= 1",
    ),
    "a wavelet as a truth value": (
        lambda w: bind(w, lambda pe, v: pe.mov(1.0 if v else 0.0, out=w.memories["s"])),
        r"wavelet differs from PE to PE.*pe\.where\(wavelet > 0\)",
    ),
    "memory as a truth value": (
        lambda w: bind(w, lambda pe, v: pe.mov(1.0 if w.memories["s"].own else 0.0, out=v)),
        r"s\.own differs from PE to PE.*pe\.where\(s\.own > 0\)",
    ),
    "memory in a branch": (
        lambda w: bind(w, lambda pe, v: pe.where(1 < w.memories["s"].own < 2)),
        r"Use pe\.where\(s\.own > 1\)",
    ),
    "equal in Python": (
        lambda w: bind(w, lambda pe, v: pe.where(v == 1.0).mov(v, out=w.memories["s"])),
        r"wavelet == 1\.0: .*pe\.where\(wavelet >= 1\.0\)\.where\(wavelet <= 1\.0\)",
    ),
    "not equal in Python": (
        lambda w: bind(w, lambda pe, v: pe.where(v != np.float32(1.0)).mov(v, out=w.memories["s"])),
        r"wavelet != 1\.0: .*pe\.where\(wavelet > 1\.0\).*pe\.where\(wavelet < 1\.0\)",
    ),
    "one of some, in Python": (
        lambda w: bind(w, lambda pe, v: pe.mov(float(v in (1, 2)), out=w.memories["s"])),
        r"wavelet == 1: ",
    ),
    "a function of NumPy": (
        lambda w: bind(w, lambda pe, v: pe.mov(np.sqrt(v), out=w.memories["s"])),
        r"np\.sqrt of wavelet in Python.*pe\.mul\(wavelet, 2\.0, out=",
    ),
    "the larger in NumPy": (
        lambda w: bind(w, lambda pe, v: pe.mov(np.maximum(v, 0.0), out=w.memories["s"])),
        r"np\.maximum of wavelet in Python.*pe\.mul\(wavelet",
    ),
    "a number in Python": (
        lambda w: bind(w, lambda pe, v: pe.mov(float(v), out=w.memories["s"])),
        r"wavelet in Python arithmetic.*pe\.mul\(wavelet",
    ),
    "a whole number in Python": (
        lambda w: bind(w, lambda pe, v: pe.mov(1.0, out=w.memories["x"].own[int(v)])),
        r"wavelet in Python arithmetic",
    ),
    "a remainder in Python": (
        lambda w: bind(w, lambda pe, v: pe.mov(v % 2, out=w.memories["s"])),
        r"wavelet in Python arithmetic",
    ),
    "where, of the host's memory": (
        lambda w: bind(w, lambda pe, v: pe.where(w.memories["s"] > 0)),
        r"where: an array of shape \(1, 3\).*host.*pe\.where\(s\.own > 0\)",
    ),
    "where, of one value of the host's": (
        lambda w: bind(w, lambda pe, v: pe.where(w.memories["s"][0, 1] > 0)),
        r"where: .*host.*pe\.where\(s\.own > 0\)",
    ),
    "where, of a truth value": (
        lambda w: bind(w, lambda pe, v: pe.where(True)),
        r"where\(True\): expected a comparison",
    ),
    "where, of a vector": (
        lambda w: bind(w, lambda pe, v: pe.where(w.memories["x"].own > v)),
        r"x is not one value of each PE; try x\.own\[0\]",
    ),
    "where, of a stream": (
        lambda w: bind(w, lambda pe, v: pe.where(v > fabin(w.colors[1]))),
        r"fabin\(d\) is not one value",
    ),
    "where, of the host's array": (
        lambda w: bind(w, lambda pe, v: pe.where(v > np.ones(3))),
        r"array of shape \(3,\) as an operand: it is the host's",
    ),
    "a part by the wavelet": (
        lambda w: bind(w, lambda pe, v: pe.mov(v, out=w.memories["x"].own[v])),
        r"x\.own\[wavelet\]: expected whole numbers and slices",
    ),
    "to write the wavelet": (
        lambda w: bind(w, lambda pe, v: pe.mov(1.0, out=v)),
        r"out=wavelet: expected memory",
    ),
    "as many as the wavelet says": (
        lambda w: bind(w, lambda pe, v: pe.mov(1.0, out=fabout(w.colors[1]), n=v)),
        r"n=wavelet; expected whole numbers",
    ),
    "a microthread on memory alone": (
        lambda w: bind(w, lambda pe, v: pe.mov(v, out=w.memories["s"], microthread=True)),
        r"memory alone",
    ),
    "the PEs of a task that has ended": (kept_pe, r"of a task that has ended"),
    "some of the PEs of one": (kept_where, r"of a task that has ended"),
    "the wavelet of one": (kept_wavelet, r"of a task that has ended"),
    "the wavelet of one, written": (
        written_wavelet, r"mov: the wavelet .* only while its task runs.*pe\.mov\(wavelet, out=",
    ),
    "an operation of the launch": (
        lambda w: bind(w, lambda pe, v: w[0, 1].mov(1.0, out=w.memories["s"])),
        r"mov in task <lambda>: .* called once, .*Use pe\.mov\(\.\.\.\)",
    ),
    "its wavelet in an operation of the launch": (
        lambda w: bind(w, lambda pe, v: w[0, 1].add(v, 1.0, out=w.memories["s"])),
        r"add in task <lambda>: .*Use pe\.add",
    ),
    "a route": (
        lambda w: bind(w, lambda pe, v: w[0, 2].route(w.colors[0], WEST >> RAMP)),
        r"route in task <lambda>: .* called once.*list of routes",
    ),
    "a task in a task": (
        lambda w: bind(w, lambda pe, v: w[0, 2].task(w.colors[1])(lambda pe, v: None)),
        r"task in task <lambda>: .* called once.*outside",
    ),
    "a stream of the host": (
        lambda w: bind(w, lambda pe, v: w[0, 2].host_out(w.colors[1], 3, edge=EAST)),
        r"host_out in task <lambda>: .* called once.*outside",
    ),
    "a run": (
        lambda w: bind(w, lambda pe, v: w.run()),
        r"w\.run\(\) in task <lambda>: .* called once.*outside",
    ),
    "a condition of one": (kept_condition, r"of a task that has ended"),
    "a color by its name": (
        lambda w: w[0, 1].task("c")(lambda pe, v: None),
        r"color 'c': expected what w\.color",
    ),
    "another wafer's color": (
        lambda w: w[0, 1].task(wafer(1, 3).color("c"))(lambda pe, v: None),
        r"belongs to another wafer",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_task_that_cannot_be_is_refused_when_written(name: str) -> None:
    """With what it is and what to try; what was refused is not bound."""
    write, message = WRONG[name]
    w, _, _ = relay()
    w.memory("x", 4)
    w.memory("s", ())
    with pytest.raises(ProgramError, match=message):
        write(w)
    assert len(w.tasks) <= 1 and not w.recorded


def test_a_task_that_failed_leaves_the_wafer_as_it_was() -> None:
    """After an error in its function operations and runs are those of the launch again."""
    w, _, _ = relay()
    s = w.memory("s", ())
    with pytest.raises(ProgramError, match="Python arithmetic"):
        bind(w, lambda pe, wavelet: pe.mov(wavelet + 1, out=s))
    w[0, 1].mov(1.0, out=s)
    assert w.run().cycles == 1


@pytest.mark.parametrize("number", [np.float32(3), np.float64(3), 3], ids=["f4", "f8", "int"])
@engines
def test_numbers_and_memory_stand_on_either_side(engine: str, number: Any) -> None:
    """NumPy's numbers and a memory of one value leave the comparison to the wavelet."""
    w, c, _ = relay()
    s, seen = w.memory("s", ()), w.memory("seen", 3)
    s[...] = 2.0

    @w[0, 1].task(c)
    def look(pe: Any, wavelet: Any) -> None:
        pe.where(number < wavelet).add(seen.own[0], 1.0, out=seen.own[0])
        pe.where(s < wavelet).add(seen.own[1], 1.0, out=seen.own[1])
        pe.where(wavelet <= s).add(seen.own[2], 1.0, out=seen.own[2])

    x = w.memory("values", 5)
    x[0, 0] = [1, 2, 3, 4, 5]
    w[0, 0].mov(x, out=fabout(c))
    w.run(engine=engine)
    assert seen[0, 1].tolist() == [2, 3, 2]


def test_a_word_that_woken_pes_have_not_is_refused() -> None:
    """They have operations and where; no route, no task, no index."""
    w, c, _ = relay()
    with pytest.raises(AttributeError, match=r"no 'route'; they have where, mov"):
        w[0, 1].task(c)(lambda pe, wavelet: pe.route(c, WEST >> RAMP))


@pytest.mark.parametrize("where", ["written", "in the task itself", "in another task"])
def test_an_operation_that_would_take_a_tasks_wavelets_is_refused(where: str) -> None:
    """By name and line, when it is run; there is no telling which of the two would get them."""
    w, c, d = relay()
    x = w.memory("x", 4)

    def take(pe: Any, wavelet: Any) -> None:
        pe.mov(fabin(c), out=x)

    def mine(pe: Any, wavelet: Any) -> None:
        pe.add(x, wavelet, out=x)

    w[0, 1].task(c)(take if where == "in the task itself" else mine)
    if where == "in another task":
        w[0, 1].task(d)(take)
    w[0, 0].mov(1.0, out=fabout(c), n=5)
    if where == "written":
        w[0, 1].mov(fabin(c), out=x)
    with pytest.raises(ProgramError, match=r"PE \(0, 1\): color c wakes task .*reads it too"):
        w.run()


def test_verify_lists_an_operation_that_would_take_a_tasks_wavelets() -> None:
    """As a finding among others, with the same words."""
    w, c, _ = relay()
    x = w.memory("x", 5)
    w[0, 1].task(c)(lambda pe, wavelet: pe.mov(wavelet, out=x.own[0]))
    w[0, 0].mov(1.0, out=fabout(c), n=5)
    w[0, 1].mov(fabin(c), out=x)
    (finding,) = w.verify()
    assert (finding.kind, finding.color, finding.pe) == ("taken twice", "c", (0, 1))
    with pytest.raises(ProgramError) as caught:
        w.run()
    assert str(caught.value) == f"{finding.text}. Use {finding.mend}"
    assert finding.mend == "two colors"


@engines
def test_a_task_whose_color_is_not_routed_costs_nothing(engine: str) -> None:
    """Nothing wakes it; what is written runs, and pauses, as without it."""
    w = wafer(1, 1, gap=1)
    x, c = w.memory("x", 4), w.color("c")
    w[...].task(c)(lambda pe, wavelet: pe.mov(wavelet, out=x.own[0]))
    w[...].mul(x, 1.0, out=x)
    w[...].mul(x, 1.0, out=x)
    assert w.run(engine=engine).cycles == 4 + 1 + 4


@engines
def test_what_a_task_sent_is_said_to_be_a_tasks(engine: str) -> None:
    """How often it ran is not counted, so no number of it is told."""
    w, c, d = relay()
    w[0, 0].mov(1.0, out=fabout(c), n=6)

    @w[0, 1].task(c)
    def pass_on(pe: Any, wavelet: Any) -> None:
        pe.mov(wavelet, out=fabout(d))

    with pytest.raises(Undrained) as caught:
        w.run(engine=engine)
    text = str(caught.value)
    assert "color d from PE (0, 1), sent by task pass_on: 6 wavelets left" in text
    assert "no operation that reads color d; PE (0, 1) sends it in task pass_on" in text
    assert " 0" not in text.replace("(0, 0)", "").replace("[0, 2]", "").replace("[0, 1]", "")


@engines
def test_a_task_that_its_color_does_not_reach_is_named(engine: str) -> None:
    """The wavelets stop a PE before it: lead them on, or bind it here."""
    w, c, _ = relay()
    s = w.memory("s", ())
    w[0, 0].mov(1.0, out=fabout(c), n=2)

    @w[0, 2].task(c)
    def keep(pe: Any, wavelet: Any) -> None:
        pe.mov(wavelet, out=s)

    with pytest.raises(Undrained, match=r"task keep .*stands at PE \(0, 2\)") as caught:
        w.run(engine=engine)
    assert "Try: lead color c to PE (0, 2), or bind the task at PE (0, 1), w[0, 1].task(c)" in str(
        caught.value
    )


def test_a_task_without_its_color_is_told_how() -> None:
    """The decorator was written without a call."""
    w = wafer(1, 2)
    with pytest.raises(ProgramError, match=r"task: .*color.*@w\[\.\.\.\]\.task\(color\)"):

        @w[0, 1].task
        def work(pe: Any, wavelet: Any) -> None:
            """Nothing."""


def test_an_operation_beside_a_task_in_another_pe_is_fine() -> None:
    """One color may wake a task in one PE and be read in another."""
    w = wafer(1, 3)
    c, y = w.color("c"), w.memory("y", 5)
    w[0, 0].route(c, RAMP >> EAST)
    w[0, 1].route(c, WEST >> (RAMP, EAST))
    w[0, 2].route(c, WEST >> RAMP)
    w[0, 1].task(c)(lambda pe, wavelet: pe.mov(wavelet, out=y.own[0]))
    w[0, 0].mov(4.0, out=fabout(c), n=5)
    w[0, 2].mov(fabin(c), out=y)
    w.run()
    assert y[0, 1:].tolist() == [[4, 0, 0, 0, 0], [4] * 5]


def test_the_bitplane_engine_says_that_it_has_no_tasks() -> None:
    """Asked for by name it refuses, and left alone gives way."""
    w, c, _ = relay()
    s = w.memory("s", ())
    w[0, 1].task(c)(lambda pe, wavelet: pe.add(s, wavelet, out=s))
    w[0, 0].mov(1.0, out=fabout(c), n=5)
    with pytest.raises(ProgramError, match=r"bitplane.*tasks.*engine=None"):
        w.run(engine="bitplane")
    run = w.run()
    assert run.engine == "lockstep" and run.cycles == LINK(2, 1) + 10
