"""Reduce: the sum of the vectors of many PEs, in one of them.

The chain: the PE at the far end sends its vector; each next one adds its own to the stream,
element by element, and passes it on. A hand-over costs a hop, a ramp in, a ramp out and the cycle
of the addition, ``2 T_R + 2``, but the elements follow one another every cycle, so that a long
vector pays for the way only once. A color has one input in a router, so that a PE that takes in
and sends on needs two, and its neighbours have them swapped.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..fabric import EAST, NORTH, RAMP, SOUTH, WEST, ProgramError, Run, Wafer, fabin, fabout
from ..fabric.memory import Memory
from ..specs import WSE2
from .inputs import checked

AXES = ("rows", "columns", "wavelets")


def reduce_row(
    x: np.ndarray, algorithm: str = "chain", *, chip: Any = WSE2, **what_if: Any
) -> tuple[np.ndarray, Run]:
    """The sum of ``x`` over the columns of each row, into column 0.

    "chain" takes exactly ``B + (2 T_R + 2)(P - 1)`` cycles: B values (each a wavelet, in float16
    too), P columns, T_R cycles of ramp latency. A single column copies its vector: B. The sum
    goes from the last column to the first, rounded after each addition:
    ``(... (x[:, P-1] + x[:, P-2]) + ...) + x[:, 0]``, in the type of ``x``.

    Parameters
    ----------
    x : array of shape (rows, columns, wavelets), float32 or float16
        The vector of each PE. The wafer adopts it without a copy and only reads it: the sum has
        memory of its own, so that a PE holds two vectors.
    algorithm : str
        "chain".
    chip : wselab.specs.Chip
        What the wafer is a part of.
    **what_if : int or str
        Rules to change, by name.

    Returns
    -------
    value : array of shape (rows, wavelets)
        The sum of each row, in the type of ``x``.
    run : wselab.Run

    Raises
    ------
    ProgramError
        ``x`` is of another type or shape, the chip has no such wafer, or the algorithm is unknown.
    MemoryBudgetError
        Two vectors are more than a PE's memory.

    References
    ----------
    Luczynski et al., "Near-Optimal Wafer-Scale Reduce", HPDC 2024, arXiv:2404.15888 (chain).

    Examples
    --------
    >>> value, run = reduce_row(np.ones((2, 8, 16), np.float32))
    >>> value.shape, float(value[1, 15]), run.cycles
    ((2, 16), 8.0, 58)
    """
    if algorithm not in ROW_ALGORITHMS:
        known = ", ".join(map(repr, ROW_ALGORITHMS))
        raise ProgramError(f"reduce_row: no algorithm {algorithm!r}; there is {known}")
    x = checked("reduce_row", "x", x, AXES)
    rows, columns, wavelets = x.shape
    w = Wafer(rows, columns, chip=chip, **what_if)
    vectors = w.memory("x", data=x)
    total = column_0_memory(w, "total", wavelets, x.dtype)
    ROW_ALGORITHMS[algorithm](w, vectors, total)
    run = w.run()
    return total[:, 0].copy(), run


def reduce_2d(x: np.ndarray, *, chip: Any = WSE2, **what_if: Any) -> tuple[np.ndarray, Run]:
    """The sum of ``x`` over all PEs, into PE (0, 0): chains along the rows, then one up column 0.

    Takes exactly the cycles of the two chains, of P = columns and of P = rows, one after the other
    (and the rule ``gap`` between them): ``2 B + (2 T_R + 2)(M + N - 2)``. Each row is summed as by
    `reduce_row`, then the rows from the last to the first, rounded after each addition.

    Parameters
    ----------
    x : array of shape (rows, columns, wavelets), float32 or float16
        The vector of each PE. The wafer adopts it without a copy and only reads it: the sum has
        memory of its own, so that a PE holds two vectors.
    chip : wselab.specs.Chip
        What the wafer is a part of.
    **what_if : int or str
        Rules to change, by name.

    Returns
    -------
    value : array of shape (wavelets,)
        The sum, in the type of ``x``.
    run : wselab.Run

    Raises
    ------
    ProgramError
        ``x`` is of another type or shape, or the chip has no such wafer.
    MemoryBudgetError
        Two vectors are more than a PE's memory.

    References
    ----------
    Luczynski et al., "Near-Optimal Wafer-Scale Reduce", HPDC 2024, arXiv:2404.15888 (X-Y reduce).

    Examples
    --------
    >>> value, run = reduce_2d(np.ones((4, 8, 16), np.float32))
    >>> value.shape, float(value[15]), run.cycles
    ((16,), 32.0, 92)
    """
    x = checked("reduce_2d", "x", x, AXES)
    rows, columns, wavelets = x.shape
    w = Wafer(rows, columns, chip=chip, **what_if)
    vectors = w.memory("x", data=x)
    total = column_0_memory(w, "total", wavelets, x.dtype)
    write_reduce_2d(w, vectors, total)
    run = w.run()
    return total[0, 0].copy(), run


def write_chain_west(w: Wafer, x: Any, out: Any) -> None:
    """Write on ``w``: the sum of memory ``x`` over each row, from east to west, into column 0.

    ``out`` is memory for the sum, of as many values; it may be ``x`` itself. A single column
    copies ``x`` to ``out``.

    Examples
    --------
    >>> w = Wafer(1, 4)
    >>> x = w.memory("x", 16)
    >>> x[...] = 1.0
    >>> write_chain_west(w, x, out=x)
    >>> w.run().cycles, float(x[0, 0, 0])
    (34, 4.0)
    """
    if w.shape[1] == 1:
        w[:, 0].mov(x, out=out)
        return
    mine, theirs = w.alternating("west, even columns", "west, odd columns", by="column")
    w[:, 1:].route(mine, RAMP >> WEST)
    w[:, :-1].route(theirs, EAST >> RAMP)

    w[:, -1].mov(x, out=fabout(mine))  # the last PE starts
    w[:, 1:-1].add(fabin(theirs), x, out=fabout(mine))  # each adds its own and passes it on
    w[:, 0].add(fabin(theirs), x, out=out)  # the first keeps the sum


def write_chain_north(w: Wafer, x: Any, out: Any) -> None:
    """Write on ``w``: the sum of memory ``x`` over column 0, from south to north, into PE (0, 0).

    ``out`` is memory for the sum, of as many values; it may be ``x`` itself. A single row copies
    ``x`` to ``out``. The other columns do nothing.

    Examples
    --------
    >>> w = Wafer(4, 3)
    >>> x = w.memory("x", 16)
    >>> x[...] = 1.0
    >>> write_chain_north(w, x, out=x)
    >>> w.run().cycles, float(x[0, 0, 0])
    (34, 4.0)
    """
    if w.shape[0] == 1:
        w[0, 0].mov(x, out=out)
        return
    mine, theirs = w.alternating("north, even rows", "north, odd rows", by="row")
    w[1:, 0].route(mine, RAMP >> NORTH)
    w[:-1, 0].route(theirs, SOUTH >> RAMP)

    w[-1, 0].mov(x, out=fabout(mine))
    w[1:-1, 0].add(fabin(theirs), x, out=fabout(mine))
    w[0, 0].add(fabin(theirs), x, out=out)


def write_reduce_2d(w: Wafer, x: Any, out: Any) -> None:
    """Write on ``w``: the sum of memory ``x`` over all PEs into PE (0, 0), by way of column 0.

    ``out`` is memory for the sums, of as many values; it may be ``x`` itself.

    Examples
    --------
    >>> w = Wafer(4, 4)
    >>> x = w.memory("x", 16)
    >>> x[...] = 1.0
    >>> write_reduce_2d(w, x, out=x)
    >>> w.run().cycles, float(x[0, 0, 0])
    (68, 16.0)
    """
    write_chain_west(w, x, out)
    write_chain_north(w, out, out)


def column_0_memory(w: Wafer, name: str, wavelets: int, dtype: Any) -> Memory:
    """A vector in every PE, charged as any other, for results that only column 0 will have.

    The host keeps the PEs of a column side by side, so that it takes pages for those of column 0
    alone. In the usual order they lie a row apart, closer than a large page is long: every page
    would be taken, 763 MB for 256 float32 in each PE of a WSE-2.

    Examples
    --------
    >>> w = Wafer(2, 3)
    >>> total = column_0_memory(w, "total", 4, np.float32)
    >>> total.shape, total.bytes_per_pe
    ((2, 3, 4), 16)
    """
    rows, columns = w.shape
    by_column = np.zeros((columns, rows, wavelets), dtype)
    return w.memory(name, data=by_column.swapaxes(0, 1))


#: What ``reduce_row(algorithm=...)`` can be, and the writer of each.
ROW_ALGORITHMS: dict[str, Callable[[Wafer, Any, Any], None]] = {"chain": write_chain_west}
