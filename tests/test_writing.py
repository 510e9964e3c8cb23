"""The time limit of a check, where the moment is a bad one."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator

import pytest

from wselab.course.writing import TooLong, time_limit


@pytest.fixture
def slow_collector() -> Iterator[list[int]]:
    """A callback of the garbage collector that takes half a second; the phases it has seen."""
    seen: list[int] = []

    def callback(*_: object) -> None:
        seen.append(1)
        end = time.perf_counter() + 0.25
        while time.perf_counter() < end:
            pass

    gc.callbacks.append(callback)
    yield seen
    gc.callbacks.remove(callback)


def test_a_limit_that_falls_into_a_collection_comes_again(slow_collector: list[int]) -> None:
    """An exception there would be lost and warned of, which is an error in these tests."""

    def work_for_ever() -> None:
        gc.collect(0)  # a whole one takes long where much was tested before
        while True:
            pass

    with pytest.raises(TooLong), time_limit(0.1):
        work_for_ever()
    assert slow_collector


def test_a_limit_that_is_not_reached_does_nothing() -> None:
    """Nor afterwards."""
    with time_limit(0.05):
        pass
    time.sleep(0.1)
