"""Cycles of one vector to many PEs."""

from __future__ import annotations

import numpy as np

from ..specs import WSE2, Chip
from .inputs import constant, index_below, whole


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
    return _over(rows + columns - 2, wavelets, chip, ramp_latency)


def broadcast_row(
    *,
    columns: int,
    wavelets: int,
    source: int = 0,
    chip: Chip = WSE2,
    ramp_latency: int | None = None,
) -> int:
    """Cycles to give a vector of one PE of each row to all PEs of the row: ``B + D + 2 T_R + 1``.

    D are the hops to the farther end, ``P - 1`` from column 0 of P. In a single column there is
    nothing to send: 0.

    Parameters
    ----------
    columns : int
        P, PEs in a row.
    wavelets : int
        B, values of the vector.
    source : int
        The column that has it.
    chip : wselab.specs.Chip
        Whose constants are taken.
    ramp_latency : int, optional
        T_R in cycles, instead of the chip's.

    Raises
    ------
    ValueError
        A size is not a whole number of at least 1, or there is no such column.

    References
    ----------
    Luczynski et al., "Near-Optimal Wafer-Scale Reduce", HPDC 2024, arXiv:2404.15888 (broadcast).

    Examples
    --------
    >>> broadcast_row(columns=8, wavelets=16), broadcast_row(columns=8, wavelets=16, source=4)
    (28, 25)
    """
    columns, wavelets = whole(columns=columns, wavelets=wavelets)
    source = index_below("source", source, columns)
    return _over(max(source, columns - 1 - source), wavelets, chip, ramp_latency)


def multicast(
    *,
    to: np.ndarray,
    wavelets: int,
    source: tuple[int, int] = (0, 0),
    chip: Chip = WSE2,
    ramp_latency: int | None = None,
) -> int:
    """Cycles to give a vector of one PE to those where ``to`` is True: ``B + D + 2 T_R + 1``.

    D are the hops, rows and columns together, from the source to the farthest of them. If that is
    the source alone, or none, there is nothing to send: 0.

    Parameters
    ----------
    to : array of shape (rows, columns), bool
        True for the PEs that are to have it.
    wavelets : int
        B, values of the vector.
    source : (int, int)
        Row and column of the PE that has it.
    chip : wselab.specs.Chip
        Whose constants are taken.
    ramp_latency : int, optional
        T_R in cycles, instead of the chip's.

    Raises
    ------
    ValueError
        ``to`` is no boolean array of two axes, a size is not a whole number of at least 1, or there
        is no such PE.

    References
    ----------
    The time of a broadcast, which is the case of all PEs.

    Examples
    --------
    >>> to = np.zeros((6, 8), bool)
    >>> to[2:5, 3:7] = True
    >>> multicast(to=to, wavelets=16)
    31
    """
    (wavelets,) = whole(wavelets=wavelets)
    if not isinstance(to, np.ndarray) or to.dtype != bool or to.ndim != 2:
        raise ValueError(f"to={to!r}: expected a boolean array of shape (rows, columns)")
    if not isinstance(source, (tuple, list)) or len(source) != 2:
        raise ValueError(f"source={source!r}: expected (row, column), such as (0, 0)")
    row = index_below("the row of source", source[0], to.shape[0])
    column = index_below("the column of source", source[1], to.shape[1])
    down, right = to.nonzero()
    hops = abs(down - row) + abs(right - column)
    return _over(int(hops.max(initial=0)), wavelets, chip, ramp_latency)


def _over(hops: int, wavelets: int, chip: Chip, ramp_latency: int | None) -> int:
    t_r = constant(chip, "ramp_latency_cycles", "ramp_latency", ramp_latency, least=1)
    return wavelets + hops + 2 * t_r + 1 if hops else 0
