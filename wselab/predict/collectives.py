"""Cycles of the collectives: broadcast and reduce."""

from __future__ import annotations

from ..specs import WSE2, Chip
from .inputs import constant, whole

ROW_ALGORITHMS = ("chain",)


def broadcast(
    *, rows: int, columns: int, wavelets: int, chip: Chip = WSE2, ramp_latency: int | None = None
) -> int:
    """Cycles to give a vector of PE (0, 0) to every PE: ``B + M + N - 2 + 2 T_R + 1``.

    The last PE is ``M + N - 2`` hops and two ramps away; then a wavelet arrives every cycle, B in
    all. On a single PE there is nothing to send: 0.

    Parameters
    ----------
    rows, columns : int
        M and N, in PEs.
    wavelets : int
        B, values of the vector.
    chip : wselab.specs.Chip
        Whose constants are taken.
    ramp_latency : int, optional
        T_R in cycles, instead of the chip's.

    Raises
    ------
    ValueError
        A size is not a whole number of at least 1.

    References
    ----------
    Luczynski et al., "Near-Optimal Wafer-Scale Reduce", HPDC 2024, arXiv:2404.15888 (2D broadcast).

    Examples
    --------
    >>> broadcast(rows=4, columns=8, wavelets=16)
    31
    >>> broadcast(rows=4, columns=8, wavelets=16, ramp_latency=5)
    37
    """
    rows, columns, wavelets = whole(rows=rows, columns=columns, wavelets=wavelets)
    t_r = constant(chip, "ramp_latency_cycles", "ramp_latency", ramp_latency, least=1)
    if rows == columns == 1:
        return 0
    return wavelets + rows + columns - 2 + 2 * t_r + 1


def reduce_row(
    *,
    pes: int,
    wavelets: int,
    algorithm: str = "chain",
    chip: Chip = WSE2,
    ramp_latency: int | None = None,
    startup: int | None = None,
) -> int:
    """Cycles to sum the vectors of a row of PEs in its first: ``B + (2 T_R + 2)(P - 1)``.

    A hand-over costs a hop, two ramps and the cycle of the addition, ``2 T_R + 2``, and there are
    ``P - 1`` before the first element is in; then one follows every cycle, B in all. A single PE
    copies its vector in its own memory, which alone has a start-up time.

    Parameters
    ----------
    pes : int
        P, PEs in the row.
    wavelets : int
        B, values of a vector.
    algorithm : str
        "chain".
    chip : wselab.specs.Chip
        Whose constants are taken.
    ramp_latency, startup : int, optional
        T_R, and the start of an operation on memory, in cycles, instead of the chip's.

    Raises
    ------
    ValueError
        A size is not a whole number of at least 1, or the algorithm is unknown.

    References
    ----------
    Luczynski et al., "Near-Optimal Wafer-Scale Reduce", HPDC 2024, arXiv:2404.15888 (chain).

    Examples
    --------
    >>> reduce_row(pes=512, wavelets=4096)
    7162
    """
    pes, wavelets = whole(pes=pes, wavelets=wavelets)
    if algorithm not in ROW_ALGORITHMS:
        known = ", ".join(map(repr, ROW_ALGORITHMS))
        raise ValueError(f"reduce_row: no algorithm {algorithm!r}; there is {known}")
    t_r = constant(chip, "ramp_latency_cycles", "ramp_latency", ramp_latency, least=1)
    start = constant(chip, "operation_startup_cycles", "startup", startup)
    return wavelets + (2 * t_r + 2) * (pes - 1) + (start if pes == 1 else 0)


def reduce_2d(
    *,
    rows: int,
    columns: int,
    wavelets: int,
    chip: Chip = WSE2,
    ramp_latency: int | None = None,
    startup: int | None = None,
    gap: int | None = None,
) -> int:
    """Cycles to sum the vectors of all PEs in PE (0, 0): two chains, one after the other.

    ``2 B + (2 T_R + 2)(M + N - 2)``: along all rows at once, then up column 0, which begins when
    the rows have ended. Between the two operations of a PE of column 0 lies the gap.

    Parameters
    ----------
    rows, columns : int
        M and N, in PEs.
    wavelets : int
        B, values of a vector.
    chip : wselab.specs.Chip
        Whose constants are taken.
    ramp_latency, startup, gap : int, optional
        T_R, the start of an operation on memory, and the time between two operations, in cycles,
        instead of the chip's.

    Raises
    ------
    ValueError
        A size is not a whole number of at least 1.

    References
    ----------
    Luczynski et al., "Near-Optimal Wafer-Scale Reduce", HPDC 2024, arXiv:2404.15888 (X-Y reduce).

    Examples
    --------
    >>> reduce_2d(rows=994, columns=750, wavelets=256)
    10964
    """
    rows, columns, wavelets = whole(rows=rows, columns=columns, wavelets=wavelets)
    chains = [
        reduce_row(
            pes=pes, wavelets=wavelets, chip=chip, ramp_latency=ramp_latency, startup=startup
        )
        for pes in (columns, rows)
    ]
    return sum(chains) + constant(chip, "operation_gap_cycles", "gap", gap)
