"""Cycles of SUMMA, step after step.

A stream may be late, and meet those of later steps. So a few steps are looked at together, see
`wselab.predict.summa_step`, again and again until nothing changes.

Of a large wafer a few PEs are looked at. Everybody waits for the first ones of the rows and of the
columns, since their queues have panels to the end; the last ones hear of everything last. And of
many steps that are alike a few are looked at.
"""

from __future__ import annotations

from .summa_step import BEHIND, PE, Line, Summa

#: So many PEs of a line are looked at, from the first one on, and the last one.
NEAR = 6
#: Steps are looked at together at most so often.
PASSES = 60
#: The pace of the PEs over so many of the last steps, if after so many none has shown.
MEASURED, KEPT = 16, 24


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
    >>> summa_ends((700, 900), (16, 16), 900, 64, True, ramp_latency=2, depth=2, gap=0)
    68671
    """
    lines = tuple(
        Line(
            list(range(pes)) if pes <= NEAR + 1 else [*range(NEAR), pes - 1],
            values,
            max(1, -(-(panels - 1) // max(1, pes - 1))),
        )
        for pes, values in zip(reversed(shape), counts, strict=True)
    )
    overlap = overlap and panels > 1 and max(shape) > 1
    summa = Summa(lines, product, overlap, ramp_latency=ramp_latency, depth=depth, gap=gap)
    marks: list[dict[PE, int]] = []  # of steps that are alike
    step, left = 0, panels - 1
    while left >= 0:
        _settle(summa, step, left)
        marks.append(dict(summa.at[step].goes_on))
        more = _alike(lines, left)
        pace = _pace(marks) if more else None
        if pace:
            cycles, steps = pace
            summa.wait({pe: more * one // steps for pe, one in cycles.items()})
            left -= more
        if pace or not more:
            marks = []
        step, left = step + 1, left - 1
    summa.begin(step, -1)
    return max(summa.at[step].goes_on.values()) - gap


def _settle(summa: Summa, step: int, left: int) -> None:
    """Look at a step and the next ones, until nothing changes in it."""
    for _ in range(PASSES):
        before = summa.at[step].ends()
        for other in range(min(1 + BEHIND, left + 1)):
            summa.begin(step + other, left - other)
            summa.pass_on(step + other)
        if summa.at[step].ends() == before:
            return


def _alike(lines: tuple[Line, ...], left: int) -> int:
    """How many steps behind this one are like it: the same of the first PEs have panels waiting.

    >>> [_alike((Line([0, 1, 2, 3], 16, 5), Line([0], 16, 14)), left) for left in (14, 11, 10, 0)]
    [3, 0, 4, 0]
    """
    fewest = 0
    for places, _, each in lines:
        waiting = min(-(-left // each), NEAR, places[-1])  # PEs, but the first
        fewest = max(fewest, (waiting - 1) * each + 1)
    return left - fewest


def _pace(marks: list[dict[PE, int]]) -> tuple[dict[PE, int], int] | None:
    """By how many cycles each PE goes on in how many steps; None if that is not known yet.

    Where nothing repeats, the first PEs wait for each other: they keep step. The last ones may be
    quicker, and catch up with them.
    """
    for steps in range(1, 5):
        if len(marks) >= max(8, 3 * steps + 1):
            last, *earlier = (_since(marks, steps, steps * times) for times in range(3))
            if last == earlier[0] == earlier[1]:
                return last, steps
    if len(marks) < KEPT:
        return None
    now, before = marks[-1], marks[-1 - MEASURED]
    first = [pe for pe in now if max(pe) < NEAR]
    together = max(now[pe] for pe in first) - max(before[pe] for pe in first)
    pace = {pe: min(together, own) for pe, own in _since(marks, MEASURED, 0).items()}
    return {**pace, **dict.fromkeys(first, together)}, MEASURED


def _since(marks: list[dict[PE, int]], steps: int, ago: int) -> dict[PE, int]:
    """How far each PE went on in so many steps, so many steps ago."""
    before = marks[-1 - ago - steps]
    return {pe: at - before[pe] for pe, at in marks[-1 - ago].items()}
