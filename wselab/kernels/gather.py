"""All-gather along a row: what each PE has, to all of them.

A ring hands everything on from PE to PE. Or the routers do it: with a switch of two positions a
router first lets its own PE send, and then lets pass what comes from behind, with a copy for its
PE; a control wavelet at the end of a vector tells it when.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..fabric import EAST, RAMP, WEST, Run, Wafer, fabin, fabout
from ..specs import WSE2
from .inputs import checked, one_of
from .reduce import AXES
from .ring import Ring
from .tree_program import Again

ALGORITHMS = ("ring", "switches")


def all_gather_row(
    x: np.ndarray, algorithm: str = "ring", *, chip: Any = WSE2, **what_if: Any
) -> tuple[np.ndarray, Run]:
    """The vectors of all columns of a row, into every PE of the row.

    Of P columns, with B values in each PE (a wavelet each, in float16 too):

    - "ring": each PE sends on to the next column what it took in last, P - 1 times. About
      ``(P - 1)(B + 2 T_R + 3)`` cycles; best for long vectors, since no ramp is ever idle for long.
    - "switches": streams to either side, into which each router first lets its own PE's vector,
      then what comes from behind, with a copy for its PE. A PE in the middle waits for a while
      before both streams reach it at once: exactly ``ceil(3 (P - 1) / 2) B + 2 T_R + 2`` cycles for
      an odd P, one less for an even one, if P is at least 3 and B at least 2.

    In a single column there is nothing to send: 0.

    Parameters
    ----------
    x : array of shape (rows, columns, wavelets), float32, float16 or bfloat16
        The vector of each PE.
    algorithm : str
        "ring" or "switches".
    chip : wselab.specs.Chip
        What the wafer is a part of.
    **what_if : int or str
        Rules to change, by name.

    Returns
    -------
    value : array of shape (rows, columns, columns, wavelets)
        What each PE has in the end: the vectors of its row, from column 0 to the last.
    run : wselab.Run

    Raises
    ------
    ProgramError
        ``x`` is of another type or shape, the chip has no such wafer, or there is no such
        algorithm.
    MemoryBudgetError
        The vectors of a row are more than a PE's memory.

    References
    ----------
    The second half of a ring all-reduce; the other program is ours.

    Examples
    --------
    >>> x = np.arange(2 * 8 * 16, dtype=np.float32).reshape(2, 8, 16)
    >>> value, run = all_gather_row(x)
    >>> bool((value == x[:, None]).all()), run.cycles
    (True, 160)
    >>> all_gather_row(x, "switches")[1].cycles
    181
    """
    x = checked("all_gather_row", "x", x, AXES)
    rows, columns, wavelets = x.shape
    w = Wafer(rows, columns, chip=chip, **what_if)
    parts = w.memory("parts", columns * wavelets, dtype=x.dtype)
    value = parts.array.reshape(rows, columns, columns, wavelets)
    every = np.arange(columns)
    value[:, every, every] = x
    write_all_gather_row(w, parts, algorithm)
    return value, w.run()


def write_all_gather_row(w: Wafer, parts: Any, algorithm: str = "ring") -> Again:
    """Write on ``w``: each PE's own part of memory ``parts`` to all PEs of its row.

    ``parts`` holds as many parts as there are columns, one after the other; before the launch the
    PE of column k has part k. Gives a function of parts that writes the operations again, for
    another launch: the routes stay.

    Examples
    --------
    >>> w = Wafer(1, 3)
    >>> parts = w.memory("parts", 6)
    >>> for k in range(3):
    ...     parts[0, k, 2 * k : 2 * k + 2] = k
    >>> again = write_all_gather_row(w, parts)
    >>> w.run().cycles, parts[0, 0].tolist()
    (17, [0.0, 0.0, 1.0, 1.0, 2.0, 2.0])
    """
    one_of("all_gather_row", algorithm, ALGORITHMS)
    if algorithm == "switches":
        return _write_gathering_switches(w, parts)
    ring = Ring(w, "all-gather")

    def again(parts: Any) -> None:
        for step in range(ring.columns - 1):
            ring.send(ring.part(parts, -step))
            ring.take(ring.part(parts, -step - 1))

    again(parts)
    return again


def _write_gathering_switches(w: Wafer, parts: Any) -> Again:
    columns = w.shape[1]
    east, west = w.color("all-gather, east"), w.color("all-gather, west")
    if columns > 1:
        w[:, 0].route(east, RAMP >> EAST)
        w[:, 1:-1].route(east, [RAMP >> EAST, WEST >> (RAMP, EAST)])
        w[:, -1].route(east, WEST >> RAMP)
        w[:, -1].route(west, RAMP >> WEST)
        w[:, 1:-1].route(west, [RAMP >> WEST, EAST >> (RAMP, WEST)])
        w[:, 0].route(west, EAST >> RAMP)

    def again(parts: Any) -> None:
        n = parts.own.length // columns
        start = np.arange(columns)[None] * n  # of each PE's own part
        own = parts.own[start : start + n]
        to_the_east = parts.own[start + n : np.full_like(start, columns * n)]
        w[:, :-1].mov(own, out=fabout(east, advance="own"), microthread=True)
        w[:, 1:].mov(own, out=fabout(west, advance="own"), microthread=True)
        w[:, :-1].mov(fabin(west), out=to_the_east, microthread=True)
        for near in range(1, columns):  # from the west the nearest part comes first
            at = np.maximum(start - near * n, 0)
            w[:, near:].mov(fabin(east), out=parts.own[at : at + n], microthread=True)

    again(parts)
    return again
