"""Scatter and all-to-all along a row: to each PE what is for it.

In a scatter the routers sort: with a switch of two positions a router first serves its own PE and
then lets pass what is for others, and a control wavelet at a vector's end tells it when. In an
all-to-all there are more streams than a switch has positions; a ring does without.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..fabric import EAST, RAMP, WEST, ProgramError, Run, Wafer, fabin, fabout
from ..specs import WSE2
from .inputs import checked
from .reduce import AXES
from .ring import Ring
from .tree_program import Again


def scatter_row(x: np.ndarray, *, chip: Any = WSE2, **what_if: Any) -> tuple[np.ndarray, Run]:
    """In each row a vector for every PE, from column 0 to where it belongs.

    Column 0 sends one after the other, the nearest PE's first. A router gives the first one that
    comes to its PE; the control wavelet at its end turns the switch, and the others pass. Of P
    columns, with B values for each, exactly ``B (P - 1) + P - 1 + 2 T_R + 1`` cycles where the rule
    ``gap`` is 0. In a single column there is nothing to send: 0.

    Parameters
    ----------
    x : array of shape (rows, columns, wavelets), float32, float16 or bfloat16
        The vectors, which column 0 has: ``x[:, k]`` is for column k.
    chip : wselab.specs.Chip
        What the wafer is a part of.
    **what_if : int or str
        Rules to change, by name.

    Returns
    -------
    value : array of shape (rows, columns, wavelets)
        What each PE has of it in the end.
    run : wselab.Run

    Raises
    ------
    ProgramError
        ``x`` is of another type or shape, or the chip has no such wafer.
    MemoryBudgetError
        The vectors of a row are more than a PE's memory.

    References
    ----------
    The program is ours; a scatter is common in message passing.

    Examples
    --------
    >>> x = np.arange(2 * 8 * 16, dtype=np.float32).reshape(2, 8, 16)
    >>> value, run = scatter_row(x)
    >>> bool((value == x).all()), run.cycles
    (True, 124)
    """
    x = checked("scatter_row", "x", x, AXES)
    rows, columns, wavelets = x.shape
    w = Wafer(rows, columns, chip=chip, **what_if)
    parts = w.memory("parts", columns * wavelets, dtype=x.dtype)
    parts[:, 0] = x.reshape(rows, -1)
    write_scatter_row(w, parts)
    run = w.run()
    every = np.arange(columns)
    return parts.array.reshape(rows, columns, columns, wavelets)[:, every, every], run


def write_scatter_row(w: Wafer, parts: Any) -> Again:
    """Write on ``w``: part k of memory ``parts`` of column 0 to column k, into the same place.

    ``parts`` holds as many parts as there are columns, one after the other. Gives a function of
    parts that writes the operations again, for another launch: the routes stay.

    Examples
    --------
    >>> w = Wafer(1, 3)
    >>> parts = w.memory("parts", 6)
    >>> parts[0, 0] = [0, 0, 1, 1, 2, 2]
    >>> again = write_scatter_row(w, parts)
    >>> w.run().cycles, parts[0, 2].tolist()
    (11, [0.0, 0.0, 0.0, 0.0, 2.0, 2.0])
    """
    columns = w.shape[1]
    c = w.color("scatter")
    if columns > 1:
        w[:, 0].route(c, RAMP >> EAST)
        w[:, 1:-1].route(c, [WEST >> RAMP, WEST >> EAST])
        w[:, -1].route(c, WEST >> RAMP)

    def again(parts: Any) -> None:
        n = parts.own.length // columns
        start = np.arange(columns)[None] * n  # of each PE's own part
        for k in range(1, columns):
            w[:, 0].mov(parts.own[k * n : (k + 1) * n], out=fabout(c, advance="path"))
        w[:, 1:].mov(fabin(c), out=parts.own[start : start + n])

    again(parts)
    return again


def all_to_all_row(x: np.ndarray, *, chip: Any = WSE2, **what_if: Any) -> tuple[np.ndarray, Run]:
    """From every PE of a row a vector to every other: a transposition.

    Around a ring. Each PE sends all that is for others to the next column, the part for that one
    first, which keeps it and sends on the rest; and so on, P - 1 times, with one part less each
    time. Of P columns, with B values from each to each, about
    ``B P (P - 1) / 2 + (P - 1)(2 T_R + 4)`` cycles and B for what stays where it is: a ramp hands
    on half of all there is.

    Parameters
    ----------
    x : array of shape (rows, columns, columns, wavelets), float32, float16 or bfloat16
        ``x[:, i, k]`` is for column k, from column i.
    chip : wselab.specs.Chip
        What the wafer is a part of.
    **what_if : int or str
        Rules to change, by name.

    Returns
    -------
    value : array of shape (rows, columns, columns, wavelets)
        What each PE has in the end: ``value[:, k, i]`` is ``x[:, i, k]``.
    run : wselab.Run

    Raises
    ------
    ProgramError
        ``x`` is of another type or shape, or the chip has no such wafer.
    MemoryBudgetError
        Three times the vectors of a PE are more than its memory.

    References
    ----------
    The program is ours; an all-to-all is common in message passing.

    Examples
    --------
    >>> x = np.arange(6 * 6 * 16, dtype=np.float32).reshape(1, 6, 6, 16)
    >>> value, run = all_to_all_row(x)
    >>> bool((value == x.swapaxes(1, 2)).all()), run.cycles
    (True, 290)
    """
    x = checked("all_to_all_row", "x", x, ("rows", "columns", "columns", "wavelets"))
    rows, columns, parts_of_each, wavelets = x.shape
    if parts_of_each != columns:
        raise ProgramError(
            f"all_to_all_row: x has shape {x.shape}, {parts_of_each} vectors in each PE; expected "
            f"one for each of the {columns} columns"
        )
    w = Wafer(rows, columns, chip=chip, **what_if)
    parts, room, out = (
        w.memory(name, columns * wavelets, dtype=x.dtype) for name in ("parts", "room", "out")
    )
    column = np.arange(columns)[:, None]
    by_distance = x[:, column, (column + column.T) % columns]
    parts[...] = by_distance.reshape(rows, columns, -1)
    write_all_to_all_row(w, parts, room, out)
    run = w.run()
    return out.array.reshape(x.shape), run


def write_all_to_all_row(w: Wafer, parts: Any, room: Any, out: Any) -> Again:
    """Write on ``w``: the parts of memory ``parts`` of each PE to all PEs of its row.

    ``parts`` holds as many parts as there are columns, by distance: first what stays, then what is
    for the next column, and so on, from the last column on to column 0. In ``out`` lies in the end
    what came from column 0, then from column 1, and so on. ``room`` is for what is on its way. The
    three are as long, and ``parts`` is overwritten. Gives a function of (parts, room, out) that
    writes the operations again, for another launch: the routes stay.

    Examples
    --------
    >>> w = Wafer(1, 3)
    >>> parts, room, out = (w.memory(name, 3) for name in ("parts", "room", "out"))
    >>> parts[0] = [[0, 1, 2], [11, 12, 10], [22, 20, 21]]  # 12: from column 1 for column 2
    >>> again = write_all_to_all_row(w, parts, room, out)
    >>> w.run().cycles, out[0].tolist()
    (17, [[0.0, 10.0, 20.0], [1.0, 11.0, 21.0], [2.0, 12.0, 22.0]])
    """
    ring = Ring(w, "all-to-all")

    def again(parts: Any, room: Any, out: Any) -> None:
        n = parts.own.length // ring.columns
        for step in range(1, ring.columns):
            sent, taken = (parts, room) if step % 2 else (room, parts)
            on_the_way = (ring.columns - step) * n
            ring.send(sent.own[n : n + on_the_way])
            ring.take(ring.part(out, -step))
            if on_the_way > n:
                ring.take(taken.own[n:on_the_way])
        w[...].mov(parts.own[:n], out=ring.part(out, 0))

    again(parts, room, out)
    return again
