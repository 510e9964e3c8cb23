"""The bitplane engine keeps the rules of the reference engine to the last cycle and bit."""

from __future__ import annotations

import functools
import random
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wselab.fabric.engines import window

from .compare import difference, outcome
from .programs import Draw, random_wafer

QUIET = settings(
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def agree(seed: int) -> None:
    assert difference(lambda: random_wafer(Draw(random.Random(seed)))) == "", f"seed {seed}"


@pytest.fixture(params=[2, 16])
def margin(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """How many lines a window has around what moves: few, so that windows move often, and many."""
    monkeypatch.setattr(window, "MARGIN", request.param)


@pytest.mark.usefixtures("margin")
@pytest.mark.parametrize("block", range(5))
def test_engines_agree_on_random_programs(block: int) -> None:
    """Two engines agree on random programs: cycles, hops, ramps, bits, and how each fails."""
    for seed in range(80 * block, 80 * (block + 1)):
        agree(seed)


@given(st.data())
@settings(QUIET, max_examples=200)
def test_engines_agree_on_programs_that_hypothesis_chooses(data: st.DataObject) -> None:
    """Two engines agree on 200 programs more, which shrink when they do not."""
    choices: list[int] = []

    class Recording:
        def randint(self, low: int, high: int) -> int:
            choices.append(data.draw(st.integers(low, high)))
            return choices[-1]

    class Replaying:
        def __init__(self) -> None:
            self.left = iter(choices)

        def randint(self, low: int, high: int) -> int:
            return next(self.left)

    random_wafer(Draw(Recording()))
    assert difference(lambda: random_wafer(Draw(Replaying()))) == ""


@pytest.mark.parametrize("block", range(2))
def test_engines_agree_on_what_stands_where_when_they_are_stopped(block: int) -> None:
    """At any cycle two engines show the same wavelets in the same places."""
    for seed in range(80 * block, 80 * (block + 1)):
        limit = random.Random(seed + 1).randint(0, 80)
        program = functools.partial(lambda chosen: random_wafer(Draw(random.Random(chosen))), seed)
        assert difference(program, max_cycles=limit) == "", f"seed {seed}, {limit} cycles"


@pytest.mark.long
@pytest.mark.parametrize("block", range(90))
def test_engines_agree_on_many_more_random_programs(
    block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two engines agree on 9,000 further random programs, every other hundred in small windows."""
    monkeypatch.setattr(window, "MARGIN", (2, 16)[block % 2])
    for seed in range(10_000 + 100 * block, 10_000 + 100 * (block + 1)):
        agree(seed)


def test_random_programs_are_of_every_kind() -> None:
    """Among random programs there are enough that end, that deadlock, and that leave wavelets."""
    seeds = range(150)
    kinds = Counter(
        outcome(random_wafer(Draw(random.Random(seed))), "bitplane")["kind"] for seed in seeds
    )
    assert kinds["ended"] > 75
    assert kinds["Deadlock"] > 15
    assert kinds["Undrained"] > 1
