"""All-reduces around a ring of PEs, in pieces that begin elsewhere in each PE."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import wselab as wse
from wselab import EAST, NORTH, SOUTH, WEST, fabin, fabout
from wselab.fabric.ports import RAMP

from .draw import Draw

PORTS = {(0, 1): EAST, (0, -1): WEST, (1, 0): SOUTH, (-1, 0): NORTH}


def ring(draw: Draw, wafer: wse.Wafer, name: str) -> Callable[[Draw], None] | None:
    """Two rows of PEs, each next to the one before it, on two colors in turn."""
    rows, columns = wafer.shape
    if rows < 2 or columns < 2:
        return None
    top, left = draw.number(0, rows - 2), draw.number(0, columns - 2)
    right = min(columns - 1, left + draw.number(1, 6))
    across = range(left, right + 1)
    way = [(top, j) for j in across] + [(top + 1, j) for j in reversed(across)]
    if draw.chance(50):
        way.reverse()
    colors = wafer.color(name), wafer.color(name + name)
    for i, (row, column) in enumerate(way):
        after, before = way[(i + 1) % len(way)], way[i - 1]
        onward = PORTS[after[0] - row, after[1] - column]
        back = PORTS[before[0] - row, before[1] - column]
        wafer[row, column].route(colors[i % 2], RAMP >> onward)
        wafer[row, column].route(colors[1 - i % 2], back >> RAMP)

    def record(draw: Draw) -> None:
        memory = wafer.memories[draw.one_of("xh")]
        cuts = draw.numbers().integers(0, 25, len(way) - 1)
        bounds = np.array([0, *np.sort(cuts), 24])
        send, take = draw.chance(80), draw.chance(20)  # in microthreads
        steps = len(way) - 1
        for adding, step in [(True, s) for s in range(steps)] + [(False, s) for s in range(steps)]:
            sent = _piece(wafer, way, memory, bounds, -step + (not adding))
            kept = _piece(wafer, way, memory, bounds, -step - adding)
            for parity in (0, 1):
                mask = np.zeros(wafer.shape, bool)
                for place in way[parity::2]:
                    mask[place] = True
                mine, theirs = colors[parity], colors[1 - parity]
                wafer[mask].mov(sent, out=fabout(mine), microthread=send)
                if adding:
                    wafer[mask].add(fabin(theirs), kept, out=kept, microthread=take)
                else:
                    wafer[mask].mov(fabin(theirs), out=kept, microthread=take)

    return record


def _piece(wafer: Any, way: list, memory: Any, bounds: np.ndarray, ahead: int) -> Any:
    """For the i-th PE of the way piece ``i + ahead``."""
    start, stop = np.zeros(wafer.shape, int), np.zeros(wafer.shape, int)
    for i, place in enumerate(way):
        piece = (i + ahead) % len(way)
        start[place], stop[place] = bounds[piece], bounds[piece + 1]
    return memory.own[start:stop]
