"""Multicast: one vector to some PEs, wherever they are.

As in a broadcast the vector goes along the row of the PE that has it, as far as anyone is meant,
and from there down and up the columns. A router gives a copy to its own PE only where that one is
meant.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..fabric import EAST, NORTH, RAMP, SOUTH, WEST, ProgramError, Run, Wafer, fabin, fabout
from ..fabric.ports import ports_of
from ..specs import WSE2
from .inputs import checked, whole_number
from .tree_program import Again


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
    x : array of shape (wavelets,), float32, float16 or bfloat16
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
