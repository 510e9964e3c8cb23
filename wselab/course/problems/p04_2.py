"""Problem 4.2: the two-phase reduce, for any size of group.

>>> w = Wafer(1, 10)
>>> x, total = w.memory("x", 16), w.memory("total", 16)
>>> two_phase(w, x, total, group=4)  # PEs 0 to 3, 4 to 7, and 8 and 9
>>> x[...] = 1.0
>>> w.run().cycles, float(total[0, 0, 0])
(59, 10.0)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...fabric import EAST, RAMP, WEST, Wafer, fabin, fabout
from ..problem import Size, register
from ..sums import Summing, places


def two_phase(w: Wafer, x: Any, total: Any, group: int) -> None:
    """The plain textbook program: a chain in every group, then a chain of their first PEs."""
    pes = w.shape[1]
    firsts = range(0, pes, group)
    mine, theirs = w.alternating("in groups, even", "in groups, odd", by="column")
    for first in firsts:
        last = min(first + group, pes) - 1
        if last == first:  # alone in its group
            w[:, first].mov(x, out=total)
            continue
        w[:, first + 1 : last + 1].route(mine, RAMP >> WEST)
        w[:, first:last].route(theirs, EAST >> RAMP)
        w[:, last].mov(x, out=fabout(mine))
        w[:, first + 1 : last].add(fabin(theirs), x, out=fabout(mine))
        w[:, first].add(fabin(theirs), x, out=total)

    colors = w.color("between groups, even"), w.color("between groups, odd")
    for number, first in enumerate(firsts):
        here, next_ = colors[number % 2], colors[1 - number % 2]
        if first:
            w[:, first].route(here, RAMP >> WEST)
            w[:, first - group + 1 : first].route(here, EAST >> WEST)  # past the PEs between
            w[:, first - group].route(here, EAST >> RAMP)
        is_last = first + group >= pes
        if first and is_last:
            w[:, first].mov(total, out=fabout(here))
        elif first:
            w[:, first].add(fabin(next_), total, out=fabout(here))
        elif not is_last:
            w[:, first].add(fabin(next_), total, out=total)


@register
class TwoPhase(Summing):
    """The learner's function writes the program for a group of any size."""

    number = "4.2"
    title = "Sum a row in two phases"
    points = 10
    answer = "two_phase"
    textbook = staticmethod(two_phase)
    hints = (
        "Write down which PEs are the first of their groups: range(0, pes, group). The last group "
        "ends where the row ends, so it may be shorter than the others, down to a single PE. Write "
        "phase one for one group from its first to its last PE, and loop over the groups.",
        "In a group it is the chain: the last PE sends x, those between add and pass on, the first "
        "adds and keeps the sum in total. A PE alone in its group copies x to total. Phase two is "
        "a chain of the first PEs, on two colors of its own, which even and odd groups swap.",
        "A sum on its way from one group's first PE to the next passes group - 1 routers whose "
        "processors have nothing to do with it: w[:, first - group + 1 : first].route(color, EAST "
        ">> WEST). The last group's first PE sends total, those between add(fabin(...), total, "
        "out=fabout(...)), PE 0 adds and keeps it: out=total. A single group has no phase two.",
    )

    def sizes(self, seed: int | None = None) -> list[Size]:
        """Groups that fill the row, some that do not, one PE left over, and a single group."""
        some = [(64, 16, 8), (23, 20, 5), (13, 16, 4), (8, 17, 8)]
        if seed is not None:
            rng = np.random.default_rng(seed)
            pes, wavelets, group = (rng.integers(*ends, size=2).tolist() for ends in RANGES)
            some[1:3] = zip(pes, wavelets, group, strict=True)
        return [dict(zip(("columns", "wavelets", "group"), one, strict=True)) for one in some]

    def wafer(self, size: Size) -> tuple[Any, ...]:
        """The row, its two memories, and the size of a group."""
        return (*super().wafer(size), size["group"])

    def wanted(self, size: Size) -> np.ndarray:
        """The western end."""
        return np.arange(size["columns"])[None] == 0

    def in_words(self, size: Size) -> str:
        """With the size of a group."""
        return f"{super().in_words(size)}, groups of {size['group']}"

    def most_cycles(self, size: Size) -> tuple[int, str]:
        """As many as the plain program."""
        par = self.par_at(size)
        return par, f"in two phases it takes {par:,}, and no more are asked"

    def missing(self, missing: np.ndarray, size: Size) -> str:
        """A group that is not full is left out most often."""
        full = size["columns"] // size["group"] * size["group"]
        if (missing[0] == (np.arange(size["columns"]) >= full)).all():
            return (
                f"{places(missing)} are not in the sum: they make the last group, which is not "
                f"full where {size['group']} does not divide {size['columns']}."
            )
        return super().missing(missing, size)


#: PEs, wavelets and PEs in a group. Streams of fewer wavelets can have holes of a cycle.
RANGES = ((9, 70), (16, 40), (2, 9))
