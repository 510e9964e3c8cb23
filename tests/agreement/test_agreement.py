"""The engines agree to the last cycle and bit, and on how and where a program fails.

The reference engine is the oracle, and slow. Of the programs that the bitplane engine runs it
checks a part; the lockstep engine, which it checks too, stands in for it on the others.
"""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wselab.fabric.engines import bitplane, circuit, window

from .compare import difference, outcome
from .programs import Draw, random_wafer

QUIET = settings(
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
# The engines compared, whether on programs with tasks, switches and host streams, and how often.
PAIRS = {
    "bitplane by reference": (("reference", "bitplane"), False, 35),
    "bitplane by lockstep": (("lockstep", "bitplane"), False, 90),
    "lockstep by reference": (("reference", "lockstep"), False, 15),
    "lockstep by reference, beyond": (("reference", "lockstep"), True, 70),
}
pairs = pytest.mark.parametrize("pair", PAIRS)


def agree(pair: str, seed: int, max_cycles: int = 20_000) -> None:
    engines, beyond, _ = PAIRS[pair]
    found = difference(
        lambda: random_wafer(Draw(random.Random(seed)), beyond), engines, max_cycles=max_cycles
    )
    assert found == "", f"seed {seed}, at most {max_cycles} cycles"


def narrow_windows(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    """In odd blocks a window has few lines around what moves, and is opened anew all the time.

    Its gates then leave out every word that they can, which elsewhere only large wafers' do.
    """
    if block % 2 == 0:
        return
    look = window.Window.look

    def look_anew(self: window.Window) -> int:
        self.restless = self._active()
        self.close()
        return look(self)

    monkeypatch.setattr(window, "MARGIN", 2)
    monkeypatch.setattr(circuit, "SPARED", -1)
    monkeypatch.setattr(bitplane, "BLOCK", 8)
    monkeypatch.setattr(window.Window, "look", look_anew)


@pairs
@pytest.mark.parametrize("block", range(4))
def test_engines_agree_on_random_programs(
    pair: str, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On random programs: cycles, hops, ramps, bits, and how each fails; launch after launch."""
    narrow_windows(monkeypatch, block)
    count = PAIRS[pair][2]
    for seed in range(1000 * block, 1000 * block + count):
        agree(pair, seed)


@pytest.mark.parametrize("pair", ["bitplane by lockstep", "lockstep by reference, beyond"])
@given(data=st.data())
@settings(QUIET, max_examples=60)
def test_engines_agree_on_programs_that_hypothesis_chooses(pair: str, data: st.DataObject) -> None:
    """On 60 programs more, which shrink when two engines do not agree."""
    choices: list[int] = []
    engines, beyond, _ = PAIRS[pair]

    class Recording:
        def randint(self, low: int, high: int) -> int:
            choices.append(data.draw(st.integers(low, high)))
            return choices[-1]

    class Replaying:
        def __init__(self) -> None:
            self.left = iter(choices)

        def randint(self, low: int, high: int) -> int:
            return next(self.left)

    random_wafer(Draw(Recording()), beyond)
    assert difference(lambda: random_wafer(Draw(Replaying()), beyond), engines) == ""


@pytest.mark.parametrize("pair", ["bitplane by reference", "lockstep by reference, beyond"])
def test_engines_agree_on_what_stands_where_when_they_are_stopped(pair: str) -> None:
    """At any cycle two engines show the same wavelets in the same places."""
    for seed in range(5_000, 5_080):
        agree(pair, seed, random.Random(seed + 1).randint(0, 80))


@pytest.mark.long
@pairs
@pytest.mark.parametrize("block", range(20))
def test_engines_agree_on_many_more_random_programs(
    pair: str, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On 10,000 further programs, a quarter of them stopped at some cycle."""
    narrow_windows(monkeypatch, block)
    count = {"bitplane by lockstep": 210, "lockstep by reference, beyond": 190}.get(pair, 50)
    for seed in range(10_000 + 1000 * block, 10_000 + 1000 * block + count):
        agree(pair, seed, random.Random(seed + 1).randint(0, 120) if seed % 4 == 3 else 20_000)


@pytest.mark.parametrize(("beyond", "engine"), [(False, "bitplane"), (True, "lockstep")])
def test_random_programs_are_of_every_kind(beyond: bool, engine: str) -> None:
    """Among random programs there are enough that end, that deadlock, and that leave wavelets."""
    kinds, later = Counter[str](), Counter[str]()
    for seed in range(100):
        found = outcome(random_wafer(Draw(random.Random(seed)), beyond), engine)
        kinds[found["kind"]] += 1
        later.update(launch["kind"] for launch in found["later"])
    assert kinds["ended"] > 40
    assert kinds["Deadlock"] > 8
    assert kinds["Undrained"] > 0
    assert later["ended"] > 4
