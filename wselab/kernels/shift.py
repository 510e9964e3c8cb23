"""Cyclic shifts: every PE of a line hands what it has to the next of a ring, all at once.

A line of PEs has two ends, a ring has none, so the ring has to be laid onto the line. In the order
of the line each PE hands on to its neighbour, and the first one to the last, over the whole line.
Folded, the ring goes out on every other PE and comes back on those between: then nobody is more
than two hops from the next.

The routes are the same in either case, static, in three colors: a router has at most three streams
to do with, the one that its PE sends, the one that it takes, and one that passes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from ..fabric import RAMP, fabin, fabout
from .line import Line


def folded(pes: int) -> list[int]:
    """The place on the line of each number of a ring of two-hop steps: out by twos, and back.

    >>> folded(7)
    [0, 2, 4, 6, 5, 3, 1]
    """
    return [*range(0, pes, 2), *reversed(range(1, pes, 2))]


class CyclicShift:
    """The routes of a shift along lines, ring number k to ring number k - 1, and its operations.

    ``order[k]`` is the place on the line of ring number k.

    Examples
    --------
    >>> from wselab import Wafer
    >>> w = Wafer(1, 4)
    >>> x, y = w.memory("x", 8), w.memory("y", 8)
    >>> x[0, :, 0] = [0, 1, 2, 3]
    >>> shift = CyclicShift(Line.row(w), range(4), "shift")
    >>> shift.send(x)
    >>> shift.take(y)
    >>> w.run().cycles, y[0, :, 0].tolist()
    (16, [1.0, 2.0, 3.0, 0.0])
    """

    def __init__(self, line: Line, order: Sequence[int], name: str):
        self.line = line
        ways = [(place, order[number - 1]) for number, place in enumerate(order)]
        ways = ways if len(ways) > 1 else []
        self.senders: dict[Any, list[int]] = defaultdict(list)  # places on the line by color
        self.takers: dict[Any, list[int]] = defaultdict(list)
        routes: dict[Any, list[int]] = defaultdict(list)
        colors: list[Any] = []
        busy_to: list[int] = []  # of each color, the farthest place that has a stream of it
        for start, end in sorted(ways, key=min):  # lay them from one end, in any color that is free
            low, high = min(start, end), max(start, end)
            free = next((k for k, far in enumerate(busy_to) if far < low), len(colors))
            if free == len(colors):
                colors.append(line.w.color(f"{name}, {free}"))
                busy_to.append(high)
            busy_to[free], color = high, colors[free]
            ahead, behind = (line.home, line.away) if end < start else (line.away, line.home)
            routes[color, RAMP >> ahead].append(start)
            routes[color, behind >> RAMP].append(end)
            routes[color, behind >> ahead] += range(low + 1, high)
            self.senders[color].append(start)
            self.takers[color].append(end)
        for (color, route), places in routes.items():
            line[places].route(color, route)

    def send(self, own: Any, lines: Any = slice(None)) -> None:
        """Every PE sends this memory to the next of its ring, beside what it does after."""
        for color, places in self.senders.items():
            self.line.among(places, lines).mov(own, out=fabout(color), microthread=True)

    def take(self, out: Any, lines: Any = slice(None), beside: bool = False) -> None:
        """Every PE takes what was sent to it, ``beside`` what it does after or before that."""
        for color, places in self.takers.items():
            self.line.among(places, lines).mov(fabin(color), out=out, microthread=beside)
