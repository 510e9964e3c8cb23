"""Cycles of Cannon's algorithm: when each PE of a square begins each of its steps.

A step is known from the one before. A PE begins to send when it is free and has what it sends; the
first wavelet is at the next PE of the ring two ramps, a cycle and the way later, and the others
follow. Of A and B a PE sends A first, and its ramp hands over A first. What a slow PE does not take
yet waits on its way, as much as the queues and belts there hold, and then in the sender.
"""

from __future__ import annotations

from typing import Any

import numpy as np


class Rings:
    """The PEs of P rings of rows (axis 1) and P rings of columns (axis 0), by their numbers.

    Arrays of P x P cycles: ``free``, when a PE can begin an operation; ``sent`` and ``taken``, when
    its last sending and taking of A (0) and of B (1) ended.
    """

    def __init__(
        self, way: np.ndarray, counts: tuple[int, int], ramp_latency: int, depth: int, gap: int
    ):
        pes = len(way)  # way[k]: hops to ring number k from number k + 1
        self.counts, self.gap = counts, gap
        comes, held = 2 * ramp_latency + 1 + way, 2 * ramp_latency - 1 + 2 * depth + depth * way
        self.comes = comes[None, :], comes[:, None]  # from a PE to the next
        self.held = held[None, :], held[:, None]  # wavelets on the way there
        self.free, *times = np.zeros((5, pes, pes), np.int64)
        self.sent, self.taken = times[:2], times[2:]

    def begins(self, side: int, some: Any = ...) -> np.ndarray:
        """When PEs can begin to send: they have taken what they send, and sent what they had."""
        ready = np.maximum(self.free[some], self.taken[side][some])
        return np.maximum(ready, self.sent[side][some], out=ready)

    def arrival(self, side: int, sent: np.ndarray) -> np.ndarray:
        """When each PE can take the first of what the one before it sends from ``sent`` on."""
        arrives = np.roll(sent, -1, 1 - side)
        arrives += self.comes[side]
        return arrives

    def note(self, side: int, sends: np.ndarray, taken: np.ndarray, some: Any = ...) -> None:
        """When PEs begin to send, and have taken: then the sending ends, and all is known."""
        room = np.roll(taken - self.held[side], 1, 1 - side)
        np.maximum(sends + self.counts[side], room, out=self.sent[side][some])
        self.taken[side][some] = taken

    def turn(self, side: int, first: int = 0) -> None:
        """A shift of one of the matrices in the lines from ``first`` on; they do nothing beside."""
        some = np.s_[:, first:] if side else np.s_[first:]
        sends = self.begins(side, some)
        taken = np.maximum(sends + 1, self.arrival(side, sends))
        taken += self.counts[side]
        self.note(side, sends, taken, some)
        np.add(taken, self.gap, out=self.free[some])

    def beside(self) -> None:
        """A shift of both while the PEs go on; they are free as soon as all of it has begun."""
        m, n = self.counts
        sends_A = self.begins(0)
        sends_B = np.maximum(np.maximum(sends_A + 1, self.taken[1]), self.sent[1])
        first_B = np.maximum(sends_B, sends_A + m)
        from_A = np.maximum(sends_B + 1, self.arrival(0, sends_A))
        from_B = np.maximum(sends_B + 2, self.arrival(1, first_B))
        apart = (from_B >= from_A + m) | (from_B + n <= from_A)
        shared = np.where(from_B >= from_A, from_A + m + n, from_B + n + m)
        here = np.maximum(self.taken[0], self.taken[1])  # the tiles to multiply next
        self.note(0, sends_A, from_A + m)
        self.note(1, first_B, np.where(apart, from_B + n, shared))
        np.maximum(sends_B + 3, here, out=self.free)


def cannon_ends(
    order: list[int],
    counts: tuple[int, int],
    product: int,
    overlap: bool,
    *,
    ramp_latency: int,
    depth: int,
    gap: int,
) -> int:
    """The cycle in which the last PE ends, with rings that lie in this order on rows and columns.

    ``counts`` are the values of a tile of A and of B, ``product`` the cycles of multiplying two.

    >>> cannon_ends([0, 1, 2], (16, 16), 64, True, ramp_latency=2, depth=2, gap=0)
    289
    """
    places, pes = np.array(order), len(order)
    way = np.abs(np.roll(places, -1) - places)
    rings = Rings(way, counts, ramp_latency, depth, gap)
    for side in (0, 1):
        for far in range(pes - 1, 0, -1):  # line number i is shifted i times
            rings.turn(side, far)
    for step in range(pes):
        if overlap and step < pes - 1:
            rings.beside()
        elif overlap:
            np.maximum(rings.free, np.maximum(*rings.taken), out=rings.free)
        rings.free += product
        if not overlap and step < pes - 1:
            rings.turn(0)
            rings.turn(1)
    return int(rings.free.max()) - gap
