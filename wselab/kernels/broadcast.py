"""Broadcast: one vector to all PEs, of a wafer, a row or a column.

A router that sends the head of a queue out of several ports copies it for free, so one color
carries the vector along a tree: along the row of the PE that has it, and from there down and up the
columns. The PE that is farthest has its first wavelet after as many hops and two ramps, and one
more each cycle.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..fabric import EAST, NORTH, RAMP, SOUTH, WEST, Region, Run, Wafer, fabin, fabout
from ..specs import WSE2
from .inputs import checked, whole_number
from .tree_program import Again


def broadcast(
    x: np.ndarray, *, rows: int, columns: int, chip: Any = WSE2, **what_if: Any
) -> tuple[np.ndarray, Run]:
    """The vector ``x`` of PE (0, 0) to every PE of ``rows`` x ``columns``.

    Takes exactly ``B + M + N - 2 + 2 T_R + 1`` cycles: B values (each a wavelet, in float16 too),
    M rows, N columns, T_R cycles of ramp latency. On a single PE there is nothing to send: 0.

    Parameters
    ----------
    x : array of shape (wavelets,), float32, float16 or bfloat16
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


def broadcast_row(
    x: np.ndarray, *, columns: int, source: int = 0, chip: Any = WSE2, **what_if: Any
) -> tuple[np.ndarray, Run]:
    """In each row a vector of its own, from the PE in column ``source`` to all PEs of the row.

    Takes exactly ``B + D + 2 T_R + 1`` cycles: B values (each a wavelet, in float16 too), D hops to
    the farther end of the row, ``P - 1`` from column 0 of P. In a single column there is nothing to
    send: 0.

    Parameters
    ----------
    x : array of shape (rows, wavelets), float32, float16 or bfloat16
        The vector of each row.
    columns : int
        P, PEs in a row.
    source : int
        The column that has the vectors.
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
        ``x`` is of another type or shape, the chip has no such wafer, or it has no such column.
    MemoryBudgetError
        A vector is more than a PE's memory.

    References
    ----------
    Luczynski et al., "Near-Optimal Wafer-Scale Reduce", HPDC 2024, arXiv:2404.15888 (broadcast).

    Examples
    --------
    >>> x = np.arange(32, dtype=np.float32).reshape(2, 16)
    >>> value, run = broadcast_row(x, columns=8)
    >>> value.shape, bool((value == x[:, None]).all()), run.cycles
    ((2, 8, 16), True, 28)
    >>> broadcast_row(x, columns=8, source=4)[1].cycles
    25
    """
    x = checked("broadcast_row", "x", x, ("rows", "wavelets"))
    w = Wafer(x.shape[0], columns, chip=chip, **what_if)
    source = whole_number("broadcast_row", "source", source, w.shape[1])
    everywhere = w.memory("x", x.shape[1], dtype=x.dtype)
    everywhere[:, source] = x
    write_broadcast_row(w, everywhere, source)
    return everywhere.array, w.run()


def write_broadcast(w: Wafer, x: Any) -> Again:
    """Write on ``w``: memory ``x`` of PE (0, 0) to every other PE, into its own ``x``.

    Gives a function of x that writes the operations again, for another launch: the routes stay.

    Examples
    --------
    >>> w = Wafer(2, 3)
    >>> x = w.memory("x", 4)
    >>> x[0, 0] = 7.0
    >>> again = write_broadcast(w, x)
    >>> w.run().cycles, float(x[1, 2, 3])
    (12, 7.0)
    """
    return _write(*route_everywhere(w), x)


def route_everywhere(w: Wafer) -> tuple[Any, Region, list[Region]]:
    """Route a color from PE (0, 0) to every PE: gives it, that PE, and the regions that take it."""
    rows, columns = w.shape
    c = w.color("broadcast")
    east = (EAST,) if columns > 1 else ()
    south = (SOUTH,) if rows > 1 else ()

    if rows > 1 or columns > 1:
        w[0, 0].route(c, RAMP >> (*east, *south))
    w[0, 1:-1].route(c, WEST >> (RAMP, EAST, *south))
    if columns > 1:
        w[0, -1].route(c, WEST >> (RAMP, *south))
    w[1:-1, :].route(c, NORTH >> (RAMP, SOUTH))
    if rows > 1:
        w[-1, :].route(c, NORTH >> RAMP)
    return c, w[0, 0], [w[0, 1:], w[1:, :]] if w.shape != (1, 1) else []


def _write(c: Any, source: Region, others: list[Region], x: Any) -> Again:
    """Write that the source sends and the others take in, if there are any."""

    def again(x: Any) -> None:
        if others:
            source.mov(x, out=fabout(c))
            for region in others:
                region.mov(fabin(c), out=x)

    again(x)
    return again


def write_broadcast_down(w: Wafer, x: Any) -> Again:
    """Write on ``w``: memory ``x`` of each PE of row 0 to all PEs of its column.

    Takes ``B + M + 2 T_R`` cycles, the broadcast to M rows x 1 column. Gives a function of x that
    writes the operations again, for another launch.

    Examples
    --------
    >>> w = Wafer(3, 2)
    >>> x = w.memory("x", 4)
    >>> x[0] = [[1.0], [2.0]]
    >>> again = write_broadcast_down(w, x)
    >>> w.run().cycles, x[2, :, 0].tolist()
    (11, [1.0, 2.0])
    """
    return _write(*route_down(w), x)


def route_down(w: Wafer) -> tuple[Any, Region, list[Region]]:
    """Route a color from each PE of row 0 down its column, and give the like of it."""
    c = w.color("broadcast down")
    if w.shape[0] > 1:
        w[0, :].route(c, RAMP >> SOUTH)
        w[1:-1, :].route(c, NORTH >> (RAMP, SOUTH))
        w[-1, :].route(c, NORTH >> RAMP)
    return c, w[0, :], [w[1:, :]] if w.shape[0] > 1 else []


def write_broadcast_row(w: Wafer, x: Any, source: int = 0) -> Again:
    """Write on ``w``: memory ``x`` of each PE of column ``source`` to all PEs of its row.

    Gives a function of x that writes the operations again, for another launch.

    Examples
    --------
    >>> w = Wafer(2, 5)
    >>> x = w.memory("x", 4)
    >>> x[:, 2] = [[1.0], [2.0]]
    >>> again = write_broadcast_row(w, x, source=2)
    >>> w.run().cycles, x[:, 0, 0].tolist(), x[:, 4, 0].tolist()
    (11, [1.0, 2.0], [1.0, 2.0])
    """
    last = w.shape[1] - 1
    c = w.color("broadcast row")
    both = ((WEST,) if source > 0 else ()) + ((EAST,) if source < last else ())

    if both:
        w[:, source].route(c, RAMP >> both)
    if source > 0:
        w[:, 1:source].route(c, EAST >> (RAMP, WEST))
        w[:, 0].route(c, EAST >> RAMP)
    if source < last:
        w[:, source + 1 : -1].route(c, WEST >> (RAMP, EAST))
        w[:, -1].route(c, WEST >> RAMP)

    def again(x: Any) -> None:
        if both:
            w[:, source].mov(x, out=fabout(c))
        w[:, :source].mov(fabin(c), out=x)
        w[:, source + 1 :].mov(fabin(c), out=x)

    again(x)
    return again
