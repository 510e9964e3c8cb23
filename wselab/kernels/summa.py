"""SUMMA: panel after panel of the two matrices is broadcast, and everybody multiplies what passes.

K is cut into panels. In step k everybody in row i of the PEs gets panel k of its rows of A, and
everybody in column j panel k of its columns of B, and adds their product to its tile of C. C stays
where it is, and each PE's tile of it is summed over K in order.

Who has panel k? On a machine whose routes can change, one PE of the line after the other sends. A
router of a wafer has one input for a color, so that a sender that moves along the line would need a
color for each PE. Here the *panels* move: they queue up along the line, a place nearer to its first
PE in each step, and that PE alone sends, on one color. The queue takes two colors, which alternate
from PE to PE. That makes three colors for A and three for B, however large the wafer is. The price:
most panels pass a PE's ramp twice, once in the queue and once to be multiplied.
"""

from __future__ import annotations

from typing import Any

from ..fabric import RAMP, Wafer, fabin, fabout
from .line import Line
from .tile_product import write_tile_product


class Panels:
    """The panels of one matrix along each line: how they queue up, and how PE 0 broadcasts them.

    ``now`` is memory for the panels in use, one place after the other in turn; before the launch it
    has the first one in PE 0, and all of them where a line has only one PE. ``queue`` is memory for
    those that wait, one place more than panels: PE 1 has panels 1, 2, ... in its first places, the
    next PE those behind them, and so on.
    """

    def __init__(self, line: Line, name: str, stream: Any, panels: int, now: Any, queue: Any):
        self.line, self.panels, self.now, self.queue = line, panels, now, queue
        self.stream = stream
        last = line.pes - 1
        self.others = range(1, last + 1)
        if last:
            line[0].route(self.stream, RAMP >> line.away)
            line[range(1, last)].route(self.stream, line.home >> (RAMP, line.away))
            line[last].route(self.stream, line.home >> RAMP)
            by = ("row", "column")[line.axis]
            self.mine, self.theirs = line.w.alternating(f"{name}, even", f"{name}, odd", by=by)
            line[self.others].route(self.mine, RAMP >> line.home)
            line[range(last)].route(self.theirs, line.away >> RAMP)

    def place(self, step: int) -> int:
        """Where panel ``step`` lies in ``now``."""
        return step % self.now.own.shape[0]

    def send(self, step: int, beside: bool) -> None:
        """The first PE of each line sends panel ``step`` to all others."""
        if self.others:
            own = self.now.own[self.place(step)]
            self.line[0].mov(own, out=fabout(self.stream), microthread=beside)

    def take(self, step: int, beside: bool) -> None:
        """The others take panel ``step``, if there is one."""
        if self.others and step < self.panels:
            own = self.now.own[self.place(step)]
            self.line[self.others].mov(fabin(self.stream), out=own, microthread=beside)

    def move_up(self, step: int, beside: bool) -> None:
        """Every PE hands the first panel of its queue to the one before it; PE 0 will send it."""
        left = self.panels - 1 - step  # panels that wait
        if not self.others or not left:
            return
        places = self.queue.own.shape[0]
        ends = 1 + -(-left // (places - 1))  # the first PE that has no more
        head, free = self.queue.own[step % places], self.queue.own[(step - 1) % places]
        self.line[range(1, ends)].mov(head, out=fabout(self.mine), microthread=True)
        first = self.now.own[self.place(step + 1)]
        self.line[0].mov(fabin(self.theirs), out=first, microthread=beside)
        self.line[range(1, ends - 1)].mov(fabin(self.theirs), out=free, microthread=beside)


def write_summa(w: Wafer, A: tuple[Any, Any], B: tuple[Any, Any], C: Any, panels: int) -> None:
    """Write on ``w``: C = C + A times B, panel by panel.

    ``A`` and ``B`` are two memories each, ``now`` and ``queue`` of `Panels`: a panel of m x b of A
    has shape (b, m), one of b x n of B (b, n). ``C`` has shape (n, m). Where ``now`` has places for
    two panels the next one comes in while a PE multiplies; where it has one, they take turns.

    Examples
    --------
    >>> w = Wafer(1, 2)  # the 1 x 2 product of a row of four and a 4 x 2 matrix, in four panels
    >>> A_now, A_queue = w.memory("A", (2, 1, 1)), w.memory("A queue", (4, 1, 1))
    >>> B, C = w.memory("B", (4, 1, 1)), w.memory("C", (1, 1))
    >>> A_now[0, 0, 0], A_queue[0, 1, :3] = 1.0, [[[2.0]], [[3.0]], [[4.0]]]
    >>> B[...] = 10.0
    >>> write_summa(w, (A_now, A_queue), (B, None), C, panels=4)
    >>> w.run().cycles, C[0, :, 0, 0].tolist()
    (32, [100.0, 100.0])
    """
    streams = [w.color(f"{name}, stream") for name in "AB"]  # low numbers: before what queues up
    sides = [
        Panels(Line.row(w), "A", streams[0], panels, *A),
        Panels(Line.column(w), "B", streams[1], panels, *B),
    ]
    beside = any(side.others and side.now.own.shape[0] > 1 for side in sides)
    if beside:
        for side in sides:
            side.take(0, True)
    for step in range(panels):
        for side in sides:
            side.send(step, beside)
            if not beside:
                side.take(step, False)
        if beside:
            for side in sides:
                side.move_up(step, True)
            for side in sides:
                side.take(step + 1, True)
        a, b = (side.place(step) for side in sides)
        write_tile_product(w, A[0], a, B[0], b, C)
        if not beside:
            for side in reversed(sides):  # the side that will send first moves last
                side.move_up(step, False)
