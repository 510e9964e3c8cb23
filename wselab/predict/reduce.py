"""Cycles of the sum of many PEs' vectors in one of them."""

from __future__ import annotations

from ..specs import WSE2, Chip
from ..trees import LEAST_GROUP, Tree, children_of, reduce_tree
from .inputs import constant, one_of, whole

ALGORITHMS_2D = ("xy", "snake")


def reduce_row(
    *,
    pes: int,
    wavelets: int,
    algorithm: str = "chain",
    group: int | None = None,
    chip: Chip = WSE2,
    ramp_latency: int | None = None,
    startup: int | None = None,
    gap: int | None = None,
) -> int:
    """Cycles to sum the vectors of a row of PEs in its first.

    A hand-over to a PE that is d hops away costs d, two ramps and the cycle of the addition,
    ``2 T_R + 1 + d``; after it one element follows the other. That makes, where ``gap`` is 0,

    - "chain": ``B + (2 T_R + 2)(P - 1)``;
    - "star": ``B (P - 1) + 2 T_R + 2``;
    - "tree" of two: ``B ceil(log2 P) + 2 T_R + 2`` for long vectors, and for short ones about
      ``B + P - 1 + (2 T_R + 1) log2 P``;
    - "two_phase" with G groups of S, two or more: ``2 B + (2 T_R + 2)(S - 1) + (G - 2)(2 T_R + 1 +
      S)`` for long vectors, if the last group is full. The last group's sum goes on as it comes,
      so that of G - 1 hand-overs between groups one costs nothing;
    - "auto": no closed form; the tree that costs least by the published model;
    - "best": the least over all trees without holes.

    All but the chain are reckoned by `sum_ends`, exactly for vectors of 16 and more. For shorter
    ones a stream that is stopped before a ramp with its last wavelets still on the way can take up
    to ``T_R - 1`` cycles longer; with a gap, each stream of a star can. A "tree" of three over more
    than 486 PEs takes longer, by 16 % at 511: it is the one with more levels than there are colors,
    and its streams wait for switches. A single PE copies its
    vector in its own memory, which alone has a start-up time.

    Parameters
    ----------
    pes : int
        P, PEs in the row.
    wavelets : int
        B, values of a vector.
    algorithm : str
        One of those above.
    group : int, optional
        S, PEs in a group: of "two_phase" the number nearest to the root of P unless given, of
        "tree" 2.
    chip : wselab.specs.Chip
        Whose constants are taken.
    ramp_latency, startup, gap : int, optional
        T_R, the start of an operation on memory, and the time between two operations, in cycles,
        instead of the chip's.

    Raises
    ------
    ValueError
        A size is not a whole number of at least 1, or there is no such algorithm or group.

    References
    ----------
    Luczynski et al., "Near-Optimal Wafer-Scale Reduce", HPDC 2024, arXiv:2404.15888, for the
    algorithms. The cycles follow from the rules; the bound of that paper's model is
    `reduce_lower_bound`.

    Examples
    --------
    >>> reduce_row(pes=512, wavelets=4096)
    7162
    >>> [reduce_row(pes=512, wavelets=256, algorithm=how)
    ...  for how in ("chain", "star", "tree", "two_phase", "auto", "best")]
    [3322, 130822, 2315, 1232, 1167, 1045]
    """
    pes, wavelets = whole(pes=pes, wavelets=wavelets)
    t_r = constant(chip, "ramp_latency_cycles", "ramp_latency", ramp_latency, least=1)
    start = constant(chip, "operation_startup_cycles", "startup", startup)
    between = constant(chip, "operation_gap_cycles", "gap", gap)
    if algorithm == "chain" and group is None:  # the closed form has no limit of size
        return wavelets + (2 * t_r + 2) * (pes - 1) + (start if pes == 1 else 0)
    tree = reduce_tree(algorithm, group, pes, wavelets, t_r, between)
    return sum_ends(tree, wavelets, t_r, between) if pes > 1 else wavelets + start


def reduce_2d(
    *,
    rows: int,
    columns: int,
    wavelets: int,
    algorithm: str = "xy",
    row_algorithm: str = "chain",
    column_algorithm: str = "chain",
    group: int | None = None,
    chip: Chip = WSE2,
    ramp_latency: int | None = None,
    startup: int | None = None,
    gap: int | None = None,
) -> int:
    """Cycles to sum the vectors of all PEs in PE (0, 0).

    "xy": along all rows at once, then up column 0, which begins when the rows have ended; between
    the two operations of a PE of column 0 lies the gap. With chains ``2 B + (2 T_R + 2)(M + N -
    2)``. "snake": a chain of M N PEs.

    Parameters
    ----------
    rows, columns : int
        M and N, in PEs.
    wavelets : int
        B, values of a vector.
    algorithm : str
        "xy" or "snake".
    row_algorithm, column_algorithm : str
        For "xy", what `reduce_row` calls ``algorithm``.
    group : int, optional
        For "xy", S of "two_phase" or "tree", wherever one is used.
    chip : wselab.specs.Chip
        Whose constants are taken.
    ramp_latency, startup, gap : int, optional
        T_R, the start of an operation on memory, and the time between two operations, in cycles,
        instead of the chip's.

    Raises
    ------
    ValueError
        A size is not a whole number of at least 1, or there is no such algorithm or group.

    References
    ----------
    Luczynski et al., "Near-Optimal Wafer-Scale Reduce", HPDC 2024, arXiv:2404.15888 (X-Y, snake).

    Examples
    --------
    >>> reduce_2d(rows=994, columns=750, wavelets=256)
    10964
    >>> best = {"row_algorithm": "best", "column_algorithm": "best"}
    >>> reduce_2d(rows=994, columns=750, wavelets=256, **best)
    2814
    """
    rows, columns, wavelets = whole(rows=rows, columns=columns, wavelets=wavelets)
    one_of(algorithm, ALGORITHMS_2D)
    lines = [(columns, row_algorithm), (rows, column_algorithm)]
    if algorithm == "snake":
        lines = [(rows * columns, "chain")]
    if group is not None and all(how not in LEAST_GROUP for _, how in lines):
        raise ValueError(f"group={group!r}, and no algorithm that is 'two_phase' or 'tree'")
    cycles = [
        reduce_row(
            pes=pes,
            wavelets=wavelets,
            algorithm=how,
            group=group if how in LEAST_GROUP else None,
            chip=chip,
            ramp_latency=ramp_latency,
            startup=startup,
            gap=gap,
        )
        for pes, how in lines
    ]
    return sum(cycles) + constant(chip, "operation_gap_cycles", "gap", gap) * (len(lines) - 1)


def sum_ends(parents: Tree, wavelets: int, ramp_latency: int, gap: int, ready: int = 0) -> int:
    """The cycle by which PE 0 of two or more has their sum, if it is free from ``ready`` on.

    A PE begins with the stream of a child

    - when it is free: the stream before it has ended, and the gap is over;
    - when the stream is there: the child began to send, which it did when it began with its own
      last stream, and a hand-over has passed: two ramps, d hops and the cycle of the addition;

    whichever is later, and ends B cycles later. Nothing else costs: streams that come too early
    wait outside and follow without a break.

    >>> sum_ends((-1, 0, 1, 2), wavelets=16, ramp_latency=2, gap=0)  # a chain
    34
    """
    begins = [0] * len(parents)  # with the last stream, or to send
    for pe, children in reversed(list(enumerate(children_of(parents)))):
        free = 0 if pe else ready
        for child in children:
            begins[pe] = max(free, begins[child] + 2 * ramp_latency + 1 + child - pe)
            free = begins[pe] + wavelets + gap
    return begins[0] + wavelets
