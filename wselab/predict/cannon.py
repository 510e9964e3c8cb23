"""Cycles of Cannon's algorithm: when each PE of a square begins each of its steps.

A step is known from the one before. A PE begins to send when it is free and has what it sends; the
first wavelet is at the next PE of the ring two ramps, a cycle and the way later, and the others
follow. Of A and B a PE sends A first, and its ramp hands over A first. What a slow PE does not take
yet waits on its way, as much as the queues and belts there hold, and then in the sender.
"""

from __future__ import annotations

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
        self.ways, self.counts = (way[None, :], way[:, None]), counts
        self.handed_over = 2 * ramp_latency + 1
        self.ramps_hold = 2 * ramp_latency - 1 + 2 * depth
        self.depth, self.gap = depth, gap
        self.free = np.zeros((pes, pes), np.int64)
        self.sent, self.taken = [self.free] * 2, [self.free] * 2

    def begins(self, side: int) -> np.ndarray:
        """When each PE can begin to send: it has taken what it sends, and sent what it had."""
        return np.maximum(np.maximum(self.free, self.taken[side]), self.sent[side])

    def arrival(self, side: int, sent: np.ndarray) -> np.ndarray:
        """When each PE can take the first of what the one before it sends from ``sent`` on."""
        return np.roll(sent, -1, 1 - side) + self.handed_over + self.ways[side]

    def note(self, side: int, sends: np.ndarray, taken: np.ndarray, some: np.ndarray) -> None:
        """What begins to be sent and has been taken then, in some PEs."""
        held = self.ramps_hold + self.depth * self.ways[side]
        sent = np.maximum(sends + self.counts[side], np.roll(taken - held, 1, 1 - side))
        self.sent[side] = np.where(some, sent, self.sent[side])
        self.taken[side] = np.where(some, taken, self.taken[side])

    def turn(self, side: int, some: np.ndarray) -> None:
        """A shift of one of the matrices in some PEs, which do nothing beside."""
        sends = self.begins(side)
        taken = np.maximum(sends + 1, self.arrival(side, sends)) + self.counts[side]
        self.note(side, sends, taken, some)
        self.free = np.where(some, taken + self.gap, self.free)

    def beside(self) -> None:
        """A shift of both while the PEs go on; they are free as soon as all of it has begun."""
        m, n = self.counts
        every = np.ones_like(self.free, bool)
        sends_A = self.begins(0)
        sends_B = np.maximum(np.maximum(sends_A + 1, self.taken[1]), self.sent[1])
        first_B = np.maximum(sends_B, sends_A + m)
        from_A = np.maximum(sends_B + 1, self.arrival(0, sends_A))
        from_B = np.maximum(sends_B + 2, self.arrival(1, first_B))
        after_A, before_A = from_B >= from_A + m, from_B + n <= from_A
        shared = np.where(from_B >= from_A, from_A + m + n, from_B + n + m)
        here = np.maximum(self.taken[0], self.taken[1])  # the tiles to multiply next
        self.note(0, sends_A, from_A + m, every)
        self.note(1, first_B, np.where(after_A | before_A, from_B + n, shared), every)
        self.free = np.maximum(sends_B + 3, here)


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
    number, every = np.arange(pes), np.ones((pes, pes), bool)
    for side, lines in enumerate((number[:, None], number[None, :])):
        for far in range(pes - 1, 0, -1):  # line number i is shifted i times
            rings.turn(side, lines >= far)
    for step in range(pes):
        if overlap and step < pes - 1:
            rings.beside()
        elif overlap:
            rings.free = np.maximum(rings.free, np.maximum(*rings.taken))
        rings.free = rings.free + product
        if not overlap and step < pes - 1:
            rings.turn(0, every)
            rings.turn(1, every)
    return int(rings.free.max()) - gap
