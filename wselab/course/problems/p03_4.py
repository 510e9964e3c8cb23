"""Problem 3.4: a function that gives the cycles of a chain whose PEs have work of their own first.

>>> run = busy_chain([0, 20, 0], 16, 2).run()
>>> run.cycles, textbook([0, 20, 0], 16, 2)
(42, 42)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ...fabric import EAST, RAMP, WEST, Wafer, fabin, fabout
from ..problem import Size, register
from ..reckoning import Reckoning


def busy_chain(work: Sequence[int], values: int, ramp_latency: int) -> Wafer:
    """A row of PEs that sum their x into the first, each after ``work[k]`` cycles of its own."""
    columns = len(work)
    w = Wafer(1, columns, ramp_latency=ramp_latency)
    x = w.memory("x", values)
    own = w.memory("own", max(*work, 1))
    mine, theirs = w.alternating("a", "b", by="column")
    w[:, 1:].route(mine, RAMP >> WEST)
    w[:, :-1].route(theirs, EAST >> RAMP)

    for k in range(columns):
        w[0, k].mul(own.own[: work[k]], 2.0, out=own.own[: work[k]])  # takes work[k] cycles
    w[:, -1].mov(x, out=fabout(mine))  # the last PE starts the chain
    w[:, 1:-1].add(fabin(theirs), x, out=fabout(mine))  # each adds its own x and passes it on
    w[:, 0].add(fabin(theirs), x, out=x)  # the first keeps the sum
    return w


def textbook(work: Sequence[int], values: int, ramp_latency: int) -> int:
    """The plain right answer: out by a ramp, a hop, in by a ramp, and the cycle of the addition."""
    return chain_cycles(work, values, 2 * ramp_latency + 2)


def chain_cycles(work: Sequence[int], values: int, hand_over: int) -> int:
    """Each PE begins when it is free and the stream is there, ``hand_over`` cycles later."""
    begins = work[-1]
    for free in reversed(work[:-1]):
        begins = max(free, begins + hand_over)
    return begins + values


def plain(work: Sequence[int], values: int, ramp_latency: int) -> int:
    """Cycles of a chain whose PEs have no work of their own."""
    return chain_cycles([0] * len(work), values, 2 * ramp_latency + 2)


#: Wrong formulas that people find, the likeliest first, and what to say.
MISTAKES: list[tuple[Callable[[list[int], int, int], int], str]] = [
    (
        lambda work, values, ramp: textbook(work, values, ramp) - 1,
        "It is off by one: the first cycle is number 0, and the cycles of a run count up to and "
        "including the last.",
    ),
    (
        lambda work, values, ramp: textbook(work, values, ramp) + 1,
        "It is off by one: the first cycle is number 0, and the cycles of a run count up to and "
        "including the last.",
    ),
    (
        lambda work, values, ramp: textbook(work, values, ramp) + 2 * ramp + 2,
        "One hand-over too many: P PEs in a row have P - 1 of them.",
    ),
    (
        lambda work, values, ramp: plain(work, values, ramp),
        "work does not come in: no PE passes anything on before its own work is done.",
    ),
    (
        lambda work, values, ramp: sum(work) + plain(work, values, ramp),
        "It adds up the work of all PEs; they work side by side, from cycle 0.",
    ),
    (
        lambda work, values, ramp: max(work) + plain(work, values, ramp),
        "It lets the chain begin when everybody is ready. The far end begins when it is ready "
        "itself, and values get as far as the first PE that is still busy.",
    ),
    (
        lambda work, values, ramp: max(max(work), plain(work, 0, ramp)) + values,
        "It takes the longest work for the end of all waiting. From the PE that is ready last, "
        "the hand-overs to the first PE are still to come.",
    ),
    (
        lambda work, values, ramp: textbook(work[::-1], values, ramp),
        "It goes through the row from the wrong end: the last PE begins, the first keeps the sum.",
    ),
    (
        lambda work, values, ramp: textbook(work, values, 2),
        "ramp_latency does not come in: a ramp does not always take 2 cycles.",
    ),
    (
        lambda work, values, ramp: chain_cycles(work, values, 2 * ramp + 1),
        "A hand-over is one cycle too short: two ramps, the hop, and the cycle in which the "
        "processor adds.",
    ),
    (
        lambda work, values, ramp: chain_cycles(work, values, ramp + 2),
        "A hand-over passes two ramps, one out and one in; only one seems to be counted.",
    ),
    (
        lambda work, values, ramp: chain_cycles(work, values, ramp + 1),
        "A hand-over passes two ramps, one out and one in; only one seems to be counted.",
    ),
    (
        lambda work, values, ramp: chain_cycles(work, values, 1),
        "A hand-over is more than a hop: the sum goes through the processor of each PE, by two "
        "ramps.",
    ),
    (
        lambda work, values, ramp: plain(work, values * len(work), ramp),
        "It lets a PE wait for a whole vector before it passes on; each value goes on as soon as "
        "it is added.",
    ),
    (
        lambda work, values, ramp: plain(work, values * (len(work) - 1), ramp),
        "It lets a PE wait for a whole vector before it passes on; each value goes on as soon as "
        "it is added.",
    ),
]


@register
class CountTheCycles(Reckoning):
    """The learner's function reckons the cycles of `busy_chain`."""

    number = "3.4"
    title = "Count the cycles of a chain"
    points = 8
    answer = "cycles"
    textbook = staticmethod(textbook)
    hints = (
        "Begin without work, and follow the first value. In cycle t a PE hands it to its ramp; "
        "T_R places of the belt, its router, the neighbour's router, T_R - 1 places of the belt "
        "there: in cycle t + 2 T_R + 2 the neighbour can add to it. How many such steps are there "
        "in a row of P PEs? And when the last PE on the way begins, how many values has it to add?",
        "All begin with their own work in cycle 0, side by side. So the PE at the far end sends "
        "its first value in cycle work[-1]. The next one begins when two things are true: its own "
        "work is done, and the first value has come. That is a maximum. While it is not ready, "
        "wavelets wait in queues: none is lost, and the wait is not added to later ones.",
        "Go from the far end to the first PE: begins = work[-1]; then for each PE before it, "
        "begins = max(its work, begins + 2 * ramp_latency + 2). The first PE adds one value a "
        "cycle from then on, so the run takes begins + values.",
    )

    def sizes(self, seed: int | None = None) -> list[Size]:
        """No work at first, then some, with other rows, vectors and ramps; see `work_of`."""
        if seed is None:
            return [
                _size(4, 16, 2, 0, 0), _size(6, 12, 2, 60, 27), _size(5, 20, 2, 80, 51),
                _size(7, 5, 3, 70, 10), _size(2, 1, 1, 9, 15), _size(12, 33, 4, 150, 10),
            ]  # fmt: skip
        rng = np.random.default_rng(seed)
        return [self.sizes(None)[0]] + [
            _size(
                int(rng.integers(2, 14)), int(rng.integers(1, 60)), int(rng.integers(1, 6)),
                int(rng.integers(10, 200)), int(rng.integers(2**31)),
            )
            for _ in range(8)
        ]  # fmt: skip

    def in_words(self, size: Size) -> str:
        """The arguments, as they are written in Python."""
        work, values, ramp_latency = self.arguments(size)
        return f"work = {work}, values = {values}, ramp_latency = {ramp_latency}"

    def arguments(self, size: Size) -> tuple[Any, ...]:
        """The cycles of work, PE by PE from the west, the values of a vector, and T_R."""
        return work_of(size), size["values"], size["ramp_latency"]

    def cycles(self, size: Size) -> int:
        """What the emulator counts."""
        return busy_chain(*self.arguments(size)).run().cycles

    def mistakes(self, size: Size) -> Iterator[tuple[float, str]]:
        """Wrong formulas that people find, with their values here."""
        arguments = self.arguments(size)
        for formula, text in MISTAKES:
            yield formula(*arguments), text


def work_of(size: Size) -> list[int]:
    """The work of each PE: some have none, some little, some much.

    >>> work_of({"columns": 3, "values": 1, "ramp_latency": 2, "work": 0, "draw": 0})
    [0, 0, 0]
    """
    rng = np.random.default_rng(size["draw"])
    most = rng.choice([0, size["work"] // 3, size["work"]], size["columns"])
    return [int(one) for one in rng.integers(0, most + 1)]


def _size(columns: int, values: int, ramp_latency: int, work: int, draw: int) -> Size:
    return {"columns": columns, "values": values, "ramp_latency": ramp_latency, "work": work,
            "draw": draw}  # fmt: skip
