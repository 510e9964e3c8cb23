"""What comes out of a program does not depend on when things happen, as long as no task does it.

Each queue has one writer at a time, and operations that share memory do not run side by side. So a
program that ends well under two sets of rules leaves the same values, bit for bit, after as many
hops: this is what lets an engine compute values apart from cycles.
"""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from .compare import outcome
from .programs import Draw, random_wafer

OTHERWISE: dict[str, dict[str, Any]] = {
    "longer ramps": {"ramp_latency": 5},
    "deeper queues": {"queue_depth": 7},
    "slower operations": {"startup": 5, "gap": 3},
    "another order of colors": {"arbitration": "rotate"},
    "one microthread": {"microthreads": 1},
    "a faster host": {"io_wavelets": 44},
    "no microthreads": {},
}


def result(seed: int, beyond: bool, name: str = "") -> dict[str, Any]:
    """How a random program ends, under the rules drawn for it or otherwise."""
    wafer = random_wafer(Draw(random.Random(seed)), beyond)
    wafer.later = []
    if wafer.tasks:
        return {"kind": "tasks"}
    if name:
        wafer.rules = replace(wafer.rules, **OTHERWISE[name])
    if name == "no microthreads":
        wafer.recorded = [replace(one, microthread=False) for one in wafer.recorded]
    return outcome(wafer, "lockstep" if beyond else "bitplane")


@pytest.mark.parametrize("name", OTHERWISE)
@pytest.mark.parametrize("beyond", [False, True])
def test_values_do_not_depend_on_timing(name: str, beyond: bool) -> None:
    """Of 25 random programs those that end under both sets of rules leave the same values."""
    both = 0
    for seed in range(20_000, 20_025):
        first = result(seed, beyond)
        if first["kind"] != "ended":
            continue
        second = result(seed, beyond, name)
        if second["kind"] == "ended":
            both += 1
            assert first["memory"] == second["memory"], seed
            assert (first["hops"], first["ramps"]) == (second["hops"], second["ramps"]), seed
    assert both > 4
