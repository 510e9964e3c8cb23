"""Cycles of SUMMA: when each PE of a rectangle begins each of its steps.

A step is known from the one before, as in `wselab.predict.cannon`. The first PE of a line sends a
panel when it has taken it from the queue; the PE at distance d has its first value two ramps, a
cycle and d hops later. Into a PE go, of what comes at once, panels of A first, then panels of B,
then what queues up of A, then of B. A panel that a PE is too slow for holds up the nearer ones, but
for what the queues on the way hold.
"""

from __future__ import annotations

import numpy as np

NEVER = -(10**12)


class Side:
    """The lines of one matrix: A along the rows (axis 1), B along the columns (axis 0).

    Of every PE, ``sent``, ``taken``, ``gave`` and ``got`` say when its last sending and taking of a
    panel ended, and its last giving and getting in the queue.
    """

    def __init__(self, shape: tuple[int, int], axis: int, count: int, panels: int):
        self.axis, self.count, self.panels = axis, count, panels
        self.pes = shape[axis]
        place = np.arange(self.pes)
        self.place = place[None, :] if axis else place[:, None]
        self.first, self.others = self.place == 0, self.place > 0
        self.each = -(-(panels - 1) // max(1, self.pes - 1)) if panels > 1 else 1
        nothing = np.zeros(shape, np.int64)
        self.sends = self.takes = self.sent = self.taken = self.gave = self.got = nothing
        self.sent_before = nothing  # the sending before the last one
        self.arrived = nothing + NEVER  # when what was got last began to come
        self.giving = nothing  # until when a PE that gives sends all of it, if nothing stops it

    def waiting(self, step: int) -> int:
        """PEs, from the first on, of which all but the first give a panel in this step."""
        left = self.panels - 1 - step
        return 1 - -left // self.each if left > 0 and self.pes > 1 else 0


class Grid:
    """The PEs of a rectangle, and both sides of a product on them."""

    def __init__(
        self, shape: tuple[int, int], counts: tuple[int, int], panels: int,
        ramp_latency: int, depth: int, gap: int,
    ):  # fmt: skip
        self.sides = [Side(shape, 1, counts[0], panels), Side(shape, 0, counts[1], panels)]
        self.lines = [side for side in self.sides if side.pes > 1]
        self.ramp, self.depth, self.gap = ramp_latency, depth, gap
        self.handed_over = 2 * ramp_latency + 1
        self.free = np.zeros(shape, np.int64)

    def stream(self, side: Side) -> np.ndarray:
        """When each PE has taken a panel, as far as it depends on its own line."""
        head = side.sends[:, :1] if side.axis else side.sends[:1]
        there = np.maximum(side.takes, head + self.handed_over + side.place) + side.count
        at_once = np.where(side.others, there, NEVER) - self.depth * side.place
        slowest = np.flip(np.maximum.accumulate(np.flip(at_once, side.axis), side.axis), side.axis)
        ramp_holds = self.ramp - 1 + self.depth
        held = slowest + self.depth * side.place - ramp_holds
        last = slowest.max(axis=side.axis, keepdims=True) - ramp_holds - self.ramp - self.depth
        side.sent_before = side.sent
        side.sent = np.where(side.first, np.maximum(side.sends + side.count, last), side.sent)
        return np.maximum(there, held)

    def move_up(self, side: Side, step: int, other: Side, beside: bool) -> None:
        """Every PE gives the first panel of its queue to the PE before it."""
        ends = side.waiting(step)
        if not ends:
            return
        gives, gets = side.others & (side.place < ends), side.place < ends - 1
        begins = np.maximum(np.maximum(self.free, side.gave), side.got)
        self.free = np.where(gives, begins + 1, self.free)
        begins = np.maximum(begins, other.giving)  # a PE sends one wavelet in a cycle
        if beside and other.pes > 1:
            sending = np.where(other.first, other.sends + other.count, 0)
            begins = np.maximum(begins, sending)
        side.giving = np.where(gives, begins + side.count, 0)
        in_use = np.where(side.first, side.sent_before, 0)
        can_get = np.maximum(np.maximum(self.free, side.got), in_use)
        there = np.roll(begins, -1, side.axis) + self.handed_over + 1
        got = np.maximum(can_get, there) + side.count
        path_holds = 2 * self.ramp - 1 + 3 * self.depth
        gave = np.maximum(begins + side.count, np.roll(got - path_holds, 1, side.axis))
        side.gave, side.got = np.where(gives, gave, side.gave), np.where(gets, got, side.got)
        side.arrived = np.where(gets, got - side.count, NEVER)
        self.free = np.where(gets, can_get + 1 if beside else got + self.gap, self.free)

    def take_turns(self, step: int, product: int) -> None:
        """Panels are sent and taken, multiplied, and then those that wait move up."""
        for side in self.lines:
            side.sends = side.takes = self.free
            taken = self.stream(side)
            self.free = np.where(side.first, side.sent, taken) + self.gap
        self.free = self.free + product
        for side in self.sides:
            side.giving = np.zeros_like(self.free)
        A, B = self.sides
        self.move_up(B, step, A, beside=False)
        self.move_up(A, step, B, beside=False)

    def overlap(self, step: int, product: int) -> None:
        """The first PEs send, what waits moves up, the next panels come: all beside the product."""
        A, B = self.sides
        for side in self.lines:
            side.sends = np.maximum(np.maximum(self.free, side.sent), side.got)
            self.free = np.where(side.first, side.sends + 1, self.free)
        if len(self.lines) == 2:
            corner = A.first & B.first
            B.sends = np.where(corner, np.maximum(B.sends, A.sends + A.count), B.sends)
        here = self.share_ramps()
        for side in self.sides:
            side.giving = np.zeros_like(self.free)
        self.move_up(A, step, B, beside=True)
        self.move_up(B, step, A, beside=True)
        for side in self.lines:
            if step + 1 < side.panels:
                side.takes = np.maximum(self.free, side.taken)
                self.free = np.where(side.others, side.takes + 1, self.free)
        self.free = np.maximum(self.free, here) + product

    def share_ramps(self) -> np.ndarray:
        """When each PE has the panels of a step; what queues up meanwhile is held up by them."""
        before: list[tuple[np.ndarray, np.ndarray]] = []
        here = np.zeros_like(self.free)
        for side in self.lines:
            start, taken = _after(self.stream(side) - side.count, side.count, before)
            side.taken = np.where(side.others, taken, 0)
            here = np.maximum(here, np.where(side.others, taken, side.got))
            before.append((np.where(side.others, start, NEVER), side.taken))
        for side in self.lines:
            came = side.arrived > NEVER
            start, got = _after(side.arrived, side.count, before)
            side.got = np.where(came, np.maximum(side.got, got), side.got)
            before.append((np.where(came, start, NEVER), np.where(came, got, NEVER)))
            side.arrived = np.full_like(side.got, NEVER)
        return here


def _after(
    start: np.ndarray, count: int, before: list[tuple[np.ndarray, np.ndarray]]
) -> tuple[np.ndarray, np.ndarray]:
    """From when to when a ramp hands over so many values, with others that go before them."""
    for low, high in before:
        end = start + count
        meet = (low < end) & (high > start)
        end = np.where(meet, np.where(low < start, high + count, end + high - low), end)
        start = end - count
    return start, start + count


def summa_ends(
    shape: tuple[int, int],
    counts: tuple[int, int],
    panels: int,
    product: int,
    overlap: bool,
    *,
    ramp_latency: int,
    depth: int,
    gap: int,
) -> int:
    """The cycle in which the last PE ends.

    ``counts`` are the values of a panel of A and of B in each PE, ``product`` the cycles of
    multiplying two.

    >>> summa_ends((2, 2), (16, 16), 2, 64, True, ramp_latency=2, depth=2, gap=0)
    189
    """
    grid = Grid(shape, counts, panels, ramp_latency, depth, gap)
    beside = overlap and panels > 1 and bool(grid.lines)
    if beside:
        for side in grid.lines:
            side.takes = grid.free
            grid.free = np.where(side.others, grid.free + 1, grid.free)
    for step in range(panels):
        (grid.overlap if beside else grid.take_turns)(step, product)
    return int(grid.free.max()) - gap
