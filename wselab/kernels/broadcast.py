"""Broadcast: one vector to every PE.

A router that sends the head of a queue out of several ports copies it for free, so one color
carries the vector along a tree: east along row 0, and south down every column from there. The last
PE has its first wavelet after ``rows + columns - 2`` hops and two ramps, and one more each cycle.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..fabric import EAST, NORTH, RAMP, SOUTH, WEST, Run, Wafer, fabin, fabout
from ..specs import WSE2
from .inputs import checked


def broadcast(
    x: np.ndarray, *, rows: int, columns: int, chip: Any = WSE2, **what_if: Any
) -> tuple[np.ndarray, Run]:
    """The vector ``x`` of PE (0, 0) to every PE of ``rows`` x ``columns``.

    Takes exactly ``B + M + N - 2 + 2 T_R + 1`` cycles: B values (each a wavelet, in float16 too),
    M rows, N columns, T_R cycles of ramp latency. On a single PE there is nothing to send: 0.

    Parameters
    ----------
    x : array of shape (wavelets,), float32 or float16
        The vector.
    rows, columns : int
        The wafer, in PEs.
    chip : wselab.specs.Chip
        What the wafer is a part of.
    **what_if : int or str
        Rules to change, by name.

    Returns
    -------
    value : array of shape (rows, columns, wavelets)
        What every PE has in the end, in the type of ``x``.
    run : wselab.Run

    Raises
    ------
    ProgramError
        ``x`` is of another type or shape, or the chip has no such wafer.
    MemoryBudgetError
        ``x`` is more than a PE's memory.

    References
    ----------
    Luczynski et al., "Near-Optimal Wafer-Scale Reduce", HPDC 2024, arXiv:2404.15888 (2D broadcast).

    Examples
    --------
    >>> x = np.arange(16, dtype=np.float32)
    >>> value, run = broadcast(x, rows=4, columns=8)
    >>> value.shape, bool((value == x).all()), run.cycles
    ((4, 8, 16), True, 31)
    """
    x = checked("broadcast", "x", x, ("wavelets",))
    w = Wafer(rows, columns, chip=chip, **what_if)
    everywhere = w.memory("x", x.shape, dtype=x.dtype)
    everywhere[0, 0] = x
    write_broadcast(w, everywhere)
    return everywhere.array, w.run()


def write_broadcast(w: Wafer, x: Any) -> None:
    """Write on ``w``: memory ``x`` of PE (0, 0) to every other PE, into its own ``x``.

    Examples
    --------
    >>> w = Wafer(2, 3)
    >>> x = w.memory("x", 4)
    >>> x[0, 0] = 7.0
    >>> write_broadcast(w, x)
    >>> w.run().cycles, float(x[1, 2, 3])
    (12, 7.0)
    """
    rows, columns = w.shape
    if rows == columns == 1:
        return  # nobody to send to
    c = w.color("broadcast")
    east = (EAST,) if columns > 1 else ()
    south = (SOUTH,) if rows > 1 else ()

    w[0, 0].route(c, RAMP >> (*east, *south))
    w[0, 1:-1].route(c, WEST >> (RAMP, EAST, *south))
    if columns > 1:
        w[0, -1].route(c, WEST >> (RAMP, *south))
    w[1:-1, :].route(c, NORTH >> (RAMP, SOUTH))
    if rows > 1:
        w[-1, :].route(c, NORTH >> RAMP)

    w[0, 0].mov(x, out=fabout(c))
    w[0, 1:].mov(fabin(c), out=x)
    w[1:, :].mov(fabin(c), out=x)


def write_broadcast_down(w: Wafer, x: Any) -> None:
    """Write on ``w``: memory ``x`` of each PE of row 0 to all PEs of its column.

    Takes ``B + M + 2 T_R`` cycles, the broadcast to M rows x 1 column.

    Examples
    --------
    >>> w = Wafer(3, 2)
    >>> x = w.memory("x", 4)
    >>> x[0] = [[1.0], [2.0]]
    >>> write_broadcast_down(w, x)
    >>> w.run().cycles, x[2, :, 0].tolist()
    (11, [1.0, 2.0])
    """
    rows, _ = w.shape
    if rows == 1:
        return  # nobody to send to
    c = w.color("broadcast down")

    w[0, :].route(c, RAMP >> SOUTH)
    w[1:-1, :].route(c, NORTH >> (RAMP, SOUTH))
    w[-1, :].route(c, NORTH >> RAMP)

    w[0, :].mov(x, out=fabout(c))
    w[1:, :].mov(fabin(c), out=x)
