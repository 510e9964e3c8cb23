"""Broadcast: one vector to many PEs.

A router that sends the head of a queue out of several ports copies it for free, so one color
carries the vector along a tree: along the row of the PE that has it, and from there down and up the
columns. The PE that is farthest has its first wavelet after as many hops and two ramps, and one
more each cycle.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..fabric import EAST, NORTH, RAMP, SOUTH, WEST, ProgramError, Run, Wafer, fabin, fabout
from ..fabric.ports import ports_of
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


def broadcast_row(
    x: np.ndarray, *, columns: int, source: int = 0, chip: Any = WSE2, **what_if: Any
) -> tuple[np.ndarray, Run]:
    """In each row a vector of its own, from the PE in column ``source`` to all PEs of the row.

    Takes exactly ``B + D + 2 T_R + 1`` cycles: B values (each a wavelet, in float16 too), D hops to
    the farther end of the row, ``P - 1`` from column 0 of P. In a single column there is nothing to
    send: 0.

    Parameters
    ----------
    x : array of shape (rows, wavelets), float32 or float16
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


def multicast(
    x: np.ndarray,
    to: np.ndarray,
    *,
    source: tuple[int, int] = (0, 0),
    chip: Any = WSE2,
    **what_if: Any,
) -> tuple[np.ndarray, Run]:
    """The vector ``x`` of one PE to some others: a rectangle, or any set of PEs.

    Routers between pass the wavelets on without giving them to their PE. Takes exactly
    ``B + D + 2 T_R + 1`` cycles: B values (each a wavelet, in float16 too), D hops, along rows and
    columns together, from the source to the farthest PE that is meant. If that is the source alone,
    or none, there is nothing to send: 0.

    Parameters
    ----------
    x : array of shape (wavelets,), float32 or float16
        The vector.
    to : array of shape (rows, columns), bool
        True for the PEs that are to have it. Its shape is that of the wafer.
    source : (int, int)
        Row and column of the PE that has it.
    chip : wselab.specs.Chip
        What the wafer is a part of.
    **what_if : int or str
        Rules to change, by name.

    Returns
    -------
    value : array of shape (rows, columns, wavelets)
        What every PE has in the end, in the type of ``x``: zeros but at the source and where meant.
    run : wselab.Run

    Raises
    ------
    ProgramError
        ``x`` or ``to`` is of another type or shape, or the chip has no such wafer or PE.
    MemoryBudgetError
        ``x`` is more than a PE's memory.

    References
    ----------
    The time of a broadcast, which is the case of all PEs.

    Examples
    --------
    >>> to = np.zeros((6, 8), bool)
    >>> to[2:5, 3:7] = True
    >>> value, run = multicast(np.ones(16, np.float32), to)
    >>> bool((value[to] == 1).all()), int(value.any(axis=-1).sum()), run.cycles
    (True, 13, 31)
    """
    x = checked("multicast", "x", x, ("wavelets",))
    if not isinstance(to, np.ndarray) or to.dtype != bool or to.ndim != 2:
        given = f"{to.dtype} of shape {to.shape}" if isinstance(to, np.ndarray) else repr(to)
        raise ProgramError(
            f"multicast: to is {given}; expected a boolean array with the shape of the wafer. Try "
            "to = np.zeros((rows, columns), bool); to[2:5, 3:7] = True"
        )
    rows, columns = to.shape
    w = Wafer(rows, columns, chip=chip, **what_if)
    place = _place(source, w.shape)
    some = w.memory("x", x.shape, dtype=x.dtype)
    some[place] = x
    write_multicast(w, some, to, place)
    return some.array, w.run()


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

    def again(x: Any) -> None:
        if rows > 1 or columns > 1:
            w[0, 0].mov(x, out=fabout(c))
        w[0, 1:].mov(fabin(c), out=x)
        w[1:, :].mov(fabin(c), out=x)

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
    c = w.color("broadcast down")
    if w.shape[0] > 1:
        w[0, :].route(c, RAMP >> SOUTH)
        w[1:-1, :].route(c, NORTH >> (RAMP, SOUTH))
        w[-1, :].route(c, NORTH >> RAMP)

    def again(x: Any) -> None:
        if w.shape[0] > 1:
            w[0, :].mov(x, out=fabout(c))
            w[1:, :].mov(fabin(c), out=x)

    again(x)
    return again


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


def write_multicast(w: Wafer, x: Any, to: np.ndarray, source: tuple[int, int] = (0, 0)) -> Again:
    """Write on ``w``: memory ``x`` of PE ``source`` to the PEs where ``to`` is True.

    ``to`` is a boolean array of the wafer's shape. Gives a function of x that writes the operations
    again, for another launch.

    Examples
    --------
    >>> w = Wafer(3, 3)
    >>> x = w.memory("x", 4)
    >>> x[1, 1] = 7.0
    >>> again = write_multicast(w, x, np.eye(3, dtype=bool), source=(1, 1))  # two corners
    >>> w.run().cycles, x[:, :, 0].diagonal().tolist()
    (11, [7.0, 7.0, 7.0])
    """
    c = w.color("multicast")
    to = to.copy()
    to[source] = False
    for (enters, leaves), where in _routes_to(to, source).items():
        w[where].route(c, enters >> leaves)

    def again(x: Any) -> None:
        if to.any():
            w[source].mov(x, out=fabout(c))
            w[to].mov(fabin(c), out=x)

    again(x)
    return again


def _routes_to(to: np.ndarray, source: tuple[int, int]) -> dict[Any, np.ndarray]:
    """The routes of a tree from ``source`` to the PEs of a mask: {(port, ports): mask}.

    Along the row of the source as far as any is, and from there along the columns.
    """
    row, column = source
    down, right = np.indices(to.shape)
    in_column, in_any = to.any(axis=0), np.flatnonzero(to.any(axis=0))
    top = np.minimum(row, np.where(in_column, to.argmax(axis=0), row))
    bottom = np.maximum(row, np.where(in_column, len(to) - 1 - to[::-1].argmax(axis=0), row))
    first, last = min([column, *in_any[:1]]), max([column, *in_any[-1:]])
    leaves = {
        NORTH: (top < down) & (down <= row),
        EAST: (down == row) & (column <= right) & (right < last),
        SOUTH: (row <= down) & (down < bottom),
        WEST: (down == row) & (first < right) & (right <= column),
        RAMP: to,
    }
    enters = {
        NORTH: (row < down) & (down <= bottom),
        EAST: (down == row) & (first <= right) & (right < column),
        SOUTH: (top <= down) & (down < row),
        WEST: (down == row) & (column < right) & (right <= last),
        RAMP: (down == row) & (column == right) & to.any(),
    }
    ways = sum(mask * port.bit for port, mask in leaves.items())
    routes = {}
    for port, mask in enters.items():
        for bits in np.unique(ways[mask]):
            routes[port, ports_of(int(bits))] = mask & (ways == bits)
    return routes


def _place(source: Any, shape: tuple[int, int]) -> tuple[int, int]:
    if not isinstance(source, (tuple, list)) or len(source) != 2:
        raise ProgramError(f"multicast: source={source!r}; expected (row, column), such as (0, 0)")
    row, column = source
    return (
        whole_number("multicast", "the row of source", row, shape[0]),
        whole_number("multicast", "the column of source", column, shape[1]),
    )
