"""What would take too long or too much of this machine is refused before it starts."""

from __future__ import annotations

import numpy as np
import pytest

import wselab as wse
from wselab import EAST, RAMP, WEST, fabin, fabout
from wselab.fabric import price


def test_memory_that_the_machine_has_not_is_refused_with_the_figures() -> None:
    """48 KiB in each PE of a WSE-2 are 36.6 GB: more than this pretended machine has."""
    w = wse.Wafer(994, 750)
    w.host_bytes = 24e9
    with pytest.raises(wse.HostMemoryError, match=r"36\.6 GB .* the machine has 24\.0 GB"):
        w.memory("x", 12 * 1024)
    w.host_bytes = 1e6
    with pytest.raises(wse.HostMemoryError, match=r"w\.host_bytes = "):
        w.memory("x", 1)
    w.host_bytes = 4e6  # told to
    assert w.memory("x", 1).shape == (994, 750, 1)


def test_adopted_memory_is_the_callers_own_affair() -> None:
    """What data= brings is there already, and not counted."""
    w = wse.Wafer(2, 2)
    w.host_bytes = 10
    assert w.memory("x", data=np.zeros((2, 2, 100), np.float32)).shape == (2, 2, 100)
    w.host_bytes = 20
    assert w.memory("y", 1).shape == (2, 2, 1)
    with pytest.raises(wse.HostMemoryError):
        w.memory("z", 1)


def star_of(columns: int, wavelets: int) -> wse.Wafer:
    """A program that only the lockstep engine runs: each PE sends to the first, in turn."""
    w = wse.Wafer(1, columns)
    x, c = w.memory("x", wavelets), w.color("c")
    w[0, 0].route(c, EAST >> RAMP)
    w[0, 1:].route(c, [RAMP >> WEST, EAST >> WEST])
    w[0, 1:].mov(x, out=fabout(c, advance="own"))
    for _ in range(columns - 1):
        w[0, 0].add(fabin(c), x, out=x)
    return w


def test_a_run_of_many_minutes_is_refused_before_it_starts() -> None:
    """The estimate is a lower bound on cycles times the engine's rough cost; patience lifts it."""
    w = star_of(500, 10_000)
    with pytest.raises(wse.TooLong, match=r"at least 4,990,000 cycles .* lockstep engine"):
        w.run()
    assert len(w.recorded) == 500  # as it was


@pytest.mark.parametrize("amounts", [[10**12], [2**31 - 1] * 3, [2**31, 5]])
def test_so_many_wavelets_are_counted_whole(amounts: list[int]) -> None:
    """Amounts beyond 32 bits neither become others nor end in NumPy's words."""
    w = wse.Wafer(1, 2)
    x, c = w.memory("x", 5), w.color("c")
    w[0, 0].route(c, RAMP >> EAST)
    w[0, 1].route(c, WEST >> RAMP)
    for n in amounts:
        w[0, 0].mov(1.0, out=fabout(c), n=n)
    w[0, 1].mov(fabin(c), out=x)
    with pytest.raises(wse.Deadlock, match=rf"PE \(0, 0\) sends it {sum(amounts)}"):
        w.run()
    with pytest.raises(wse.TooLong, match=f"at least {sum(amounts):,} cycles"):
        w.run(engine="lockstep")


def test_so_many_wavelets_are_handed_on_in_words() -> None:
    """Two PEs that hand each other more than 32 bits count: it is looked at, and neither begins."""
    w = wse.Wafer(1, 2)
    x, east, west = w.memory("x", 5), w.color("east"), w.color("west")
    w[0, 0].route(east, RAMP >> EAST)
    w[0, 1].route(east, WEST >> RAMP)
    w[0, 1].route(west, RAMP >> WEST)
    w[0, 0].route(west, EAST >> RAMP)
    for column, out, into in ((0, east, west), (1, west, east)):
        w[0, column].mov(fabin(into), out=fabout(out), n=2**31)
        w[0, column].mov(x, out=fabout(out))
        w[0, column].mov(fabin(into), out=x)
    assert not w.verify()
    with pytest.raises(wse.Deadlock, match="waits for a wavelet"):
        w.run()


def test_fewest_cycles_is_a_lower_bound() -> None:
    """What the busiest PE must do without waiting is never more than the run takes."""
    w = star_of(6, 10)
    least = price.fewest_cycles(price.Program.of(w))
    assert least == 50
    assert least <= w.run().cycles == 56


def test_microthreads_that_run_at_once_are_not_added_up() -> None:
    """A halo exchange of two microthreads takes less than one after the other would."""
    w = wse.Wafer(1, 2)
    x, got = w.memory("x", 500), w.memory("got", 500)
    x[...] = 1.0
    east, west = w.color("east"), w.color("west")
    w[:, 0].route(east, RAMP >> EAST)
    w[:, 1].route(east, WEST >> RAMP)
    w[:, 1].route(west, RAMP >> WEST)
    w[:, 0].route(west, EAST >> RAMP)
    for region, out, into in ((w[:, 0], east, west), (w[:, 1], west, east)):
        region.mov(fabin(into), out=got, microthread=True)
        region.mov(x, out=fabout(out), microthread=True)
    least = price.fewest_cycles(price.Program.of(w))
    assert 500 <= least <= w.run().cycles < 1000


@pytest.mark.parametrize("engine", ["reference", "lockstep", "bitplane"])
def test_a_run_that_takes_longer_than_its_patience_is_stopped(
    engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no estimate foresees it the clock stops a run, and memory is as before."""
    monkeypatch.setattr(price, "fewest_cycles", lambda program: 0)
    w = wse.Wafer(1, 3)
    x = w.memory("x", 1000)
    x[...] = 1.0
    c = w.color("c")
    w[0, 0].route(c, RAMP >> EAST)
    w[0, 1].route(c, WEST >> RAMP)
    w[0, 0].mov(x, out=fabout(c))
    w[0, 1].mul(fabin(c), 2.0, out=x)
    with pytest.raises(wse.TooLong, match="is at cycle"):
        w.run(engine=engine, patience=0.0)
    assert (np.asarray(x) == 1.0).all()
    assert w.run(engine=engine).cycles == 1006
