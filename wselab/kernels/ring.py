"""Rings: every row a circle of PEs, each sending to the next column, the last one to column 0.

Two colors take turns from column to column, as in a chain, and a third leads back from the last
column to the first through the routers between. In each step of a program around a ring all PEs
send at once what they took in the step before. The sending is a microthread, which runs beside the
taking: were it not, all would wait for each other to take.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..fabric import EAST, RAMP, WEST, Wafer, fabin, fabout


class Ring:
    """The routes of a ring through each row of a wafer, and the operations of a step around it.

    ``rows`` are those that have one, if not all.
    """

    def __init__(self, w: Wafer, name: str, rows: slice = slice(None)):
        self.columns = columns = w.shape[1]
        even, odd, back = (w.color(f"{name}, {which}") for which in ("even", "odd", "back"))
        if columns > 1:
            w[rows, :-1:2].route(even, RAMP >> EAST)
            w[rows, 1::2].route(even, WEST >> RAMP)
            w[rows, 1:-1:2].route(odd, RAMP >> EAST)
            w[rows, 2::2].route(odd, WEST >> RAMP)
            w[rows, -1].route(back, RAMP >> WEST)
            w[rows, 1:-1].route(back, EAST >> WEST)
            w[rows, 0].route(back, EAST >> RAMP)
        self._senders = [(w[rows, :-1:2], even), (w[rows, 1:-1:2], odd), (w[rows, -1], back)]
        self._takers = [(w[rows, 1::2], even), (w[rows, 2::2], odd), (w[rows, 0], back)]

    def send(self, own: Any) -> None:
        """Every PE sends this memory to the next, beside what it does after."""
        for pes, color in self._senders:
            pes.mov(own, out=fabout(color), microthread=True)

    def take(self, out: Any, plus: Any = None) -> None:
        """Every PE takes what the one before sent into this memory, and may add some other."""
        for pes, color in self._takers:
            if plus is None:
                pes.mov(fabin(color), out=out)
            else:
                pes.add(fabin(color), plus, out=out)

    def part(self, memory: Any, ahead: int) -> Any:
        """Of a memory in as many parts as columns: each PE's own, or the one so many further on.

        >>> w = Wafer(1, 4)
        >>> Ring(w, "ring").part(w.memory("x", 10), 1).starts  # parts begin at 0, 2, 5 and 7
        array([[2, 5, 7, 0]])
        """
        ends = np.arange(self.columns + 1) * memory.own.length // self.columns
        number = (np.arange(self.columns)[None] + ahead) % self.columns
        return memory.own[ends[number] : ends[number + 1]]
