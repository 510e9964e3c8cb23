"""Cycles of the sum of many PEs' vectors in each of them."""

from __future__ import annotations

import numpy as np

from ..specs import WSE2, Chip
from ..trees import reduce_tree
from .broadcast import broadcast, broadcast_row
from .inputs import constant, one_of, whole
from .reduce import reduce_2d, reduce_row, sum_ends
from .ring import ring_ends

ALGORITHMS = ("reduce_broadcast", "centre", "ring")


def all_reduce_row(
    *,
    pes: int,
    wavelets: int,
    algorithm: str = "reduce_broadcast",
    reduce_algorithm: str = "chain",
    group: int | None = None,
    chip: Chip = WSE2,
    ramp_latency: int | None = None,
    startup: int | None = None,
    gap: int | None = None,
) -> int:
    """Cycles to sum the vectors of a row of PEs in each of them.

    - "reduce_broadcast": `reduce_row`, the gap, and `broadcast_row`.
    - "centre": the shorter half into the middle, then the other, which was on its way meanwhile,
      and `broadcast_row` from the middle. Other reduces than chains can take up to 3 cycles longer,
      where streams from both sides have to stop.
    - "ring": a recurrence over 2 (P - 1) steps, near
      ``2 (P - 1) B / P + 4 P - 6 + 2 (P - 1)(2 T_R + 1)``. In each a PE sends the part that it took
      in the step before, which takes it two ramps, a hop and the part's length to the next; the way
      back from the last column is P - 1 hops long, and every part takes it twice.

    A single PE copies its vector.

    Parameters
    ----------
    pes : int
        P, PEs in the row.
    wavelets : int
        B, values of a vector.
    algorithm : str
        "reduce_broadcast", "centre" or "ring", as above.
    reduce_algorithm : str
        For the first two, what `reduce_row` calls ``algorithm``: "chain", "star", "tree",
        "two_phase", "auto" or "best".
    group : int, optional
        S of "two_phase" or "tree", where one is used.
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
    Luczynski et al., "Near-Optimal Wafer-Scale Reduce", HPDC 2024, arXiv:2404.15888 (ring, reduce
    and broadcast).

    Examples
    --------
    >>> [all_reduce_row(pes=8, wavelets=64, algorithm=how)
    ...  for how in ("reduce_broadcast", "centre", "ring")]
    [182, 219, 208]
    """
    pes, wavelets = whole(pes=pes, wavelets=wavelets)
    t_r = constant(chip, "ramp_latency_cycles", "ramp_latency", ramp_latency, least=1)
    start = constant(chip, "operation_startup_cycles", "startup", startup)
    between = constant(chip, "operation_gap_cycles", "gap", gap)
    one_of(algorithm, ALGORITHMS)
    if algorithm == "ring" and (group is not None or reduce_algorithm != "chain"):
        raise ValueError("a 'ring' has no reduce_algorithm and no group")
    if algorithm == "reduce_broadcast" or pes == 1:
        cycles = reduce_row(
            pes=pes,
            wavelets=wavelets,
            algorithm=reduce_algorithm,
            group=group,
            chip=chip,
            ramp_latency=t_r,
            startup=start,
            gap=between,
        )
        source = 0
    elif algorithm == "ring":
        return _ring(pes, wavelets, t_r, between)
    else:
        source, cycles = pes // 2, 0
        for half in (pes - source, source + 1):  # both with the middle, the shorter one first
            if half > 1:
                tree = reduce_tree(reduce_algorithm, group, half, wavelets, t_r, between)
                ready = cycles + between if cycles else 0
                cycles = sum_ends(tree, wavelets, t_r, between, ready)
    if pes == 1:
        return cycles
    return (
        cycles
        + between
        + broadcast_row(columns=pes, wavelets=wavelets, source=source, chip=chip, ramp_latency=t_r)
    )


def all_reduce_2d(
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
    """Cycles to sum the vectors of all PEs in every PE: `reduce_2d`, the gap, and `broadcast`.

    Parameters
    ----------
    rows, columns : int
        M and N, in PEs.
    wavelets : int
        B, values of a vector.
    algorithm, row_algorithm, column_algorithm, group : optional
        As for `reduce_2d`.
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
    Luczynski et al., "Near-Optimal Wafer-Scale Reduce", HPDC 2024, arXiv:2404.15888.

    Examples
    --------
    >>> all_reduce_2d(rows=4, columns=8, wavelets=16)
    123
    """
    cycles = reduce_2d(
        rows=rows,
        columns=columns,
        wavelets=wavelets,
        algorithm=algorithm,
        row_algorithm=row_algorithm,
        column_algorithm=column_algorithm,
        group=group,
        chip=chip,
        ramp_latency=ramp_latency,
        startup=startup,
        gap=gap,
    )
    spread = broadcast(
        rows=rows, columns=columns, wavelets=wavelets, chip=chip, ramp_latency=ramp_latency
    )
    return cycles + (spread and constant(chip, "operation_gap_cycles", "gap", gap) + spread)


def _ring(pes: int, wavelets: int, ramp_latency: int, gap: int) -> int:
    """The parts go round twice; the second time each PE begins one part further on."""
    length = np.diff(np.arange(pes + 1) * wavelets // pes)
    column = np.arange(pes)
    first = [length[(column - step) % pes] for step in range(pes - 1)]
    second = [length[(column + 1 - step) % pes] for step in range(pes - 1)]
    steps = [(n, [np.roll(n, 1)]) for n in (*first, *second)]
    return ring_ends(pes, steps, ramp_latency, gap)
