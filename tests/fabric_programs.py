"""Small programs for the tests of the fabric: a wafer with rules as said, lines, counts by hand."""

from __future__ import annotations

from typing import Any

import pytest

from wselab import EAST, RAMP, WEST, Wafer

latencies = pytest.mark.parametrize("T", [1, 2, 3])
constants = pytest.mark.parametrize(("T", "Q"), [(1, 2), (2, 2), (3, 2), (2, 3), (1, 4), (3, 4)])


def wafer(rows: int, columns: int, **rules: Any) -> Wafer:
    """A wafer with every rule as said here, whatever the chip has."""
    plain = {"queue_depth": 2, "ramp_latency": 2, "startup": 0, "gap": 0}
    return Wafer(rows, columns, **{**plain, **rules})


def LINK(T: int, links: int) -> int:
    """Cycles from the one in which an element is sent to the one in which it is handled.

    A wavelet that a PE sends in cycle t is in its router's queue in cycle t + T + 1 (T is the ramp
    latency), in the next router's a cycle later for each link, and in the queue of a PE T cycles
    after it left that PE's router; there it is handled in the same cycle.
    """
    return 2 * T + 1 + links


def HELD(Q: int, T: int) -> int:
    """Wavelets of one color that a sender can send while its neighbour reads none.

    They fill two routers' queues, the receiving PE's and both belts.
    """
    return 3 * Q + 2 * T - 1


def line(w: Wafer, color: Any, row: int, first: int, last: int) -> None:
    """Route a color eastward along a row, from one PE's processor to another's."""
    w[row, first].route(color, RAMP >> EAST)
    w[row, first + 1 : last].route(color, WEST >> EAST)
    w[row, last].route(color, WEST >> RAMP)


def busy(region: Any, memory: Any, cycles: int) -> None:
    """Keep the PEs of a region at work on their own memory for that many cycles."""
    region.mul(memory.own[:cycles], 1.0, out=memory.own[:cycles])
