"""All-reduce: the sum of the vectors of many PEs, in each of them.

Three ways along a row. Reduce into column 0 and broadcast back; reduce into the middle from both
sides and broadcast to both, which halves the way but takes in two vectors there; or a ring, in
which each PE sums up a part of the vector, so that no PE takes in more than about two vectors in
all, for which each part has to go round twice.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..fabric import ProgramError, Run, Wafer
from ..specs import WSE2
from .broadcast import write_broadcast, write_broadcast_row
from .inputs import checked, one_of
from .line import Line
from .reduce import AXES, write_reduce_2d, write_reduce_row
from .ring import Ring
from .tree_program import Again, write_reduce

ALGORITHMS = ("reduce_broadcast", "centre", "ring")


def all_reduce_row(
    x: np.ndarray,
    algorithm: str = "reduce_broadcast",
    *,
    reduce_algorithm: str = "chain",
    group: int | None = None,
    chip: Any = WSE2,
    **what_if: Any,
) -> tuple[np.ndarray, Run]:
    """The sum of ``x`` over the columns of each row, into every PE of the row.

    Of P columns, with B values in each PE (a wavelet each, in float16 too):

    - "reduce_broadcast": a `reduce_row`, then a `broadcast_row`: the sum of their cycles.
    - "centre": both halves are reduced into the column in the middle, the shorter one first, and
      the sum is broadcast to both sides. With chains ``3 B + (2 T_R + 3) P / 2`` or so.
    - "ring": the vector is cut into P parts, and every PE sends one to the next column and adds
      what comes from the one before, P - 1 times; then the sums go round once more. The last column
      sends to column 0 on a color of its own. About ``2 (P - 1) B / P + 2 (P - 1)(2 T_R + 3)``.

    `wselab.predict.all_reduce_row` has the cycles of each. A single column copies its vector: B.

    Sums are rounded as by `reduce_row`; in the middle, to the vector of that column are added the
    sum of the shorter half, then that of the other (the western one is the other where they are
    equally long). In a ring part k is summed from column k eastward, round to column k - 1.

    Parameters
    ----------
    x : array of shape (rows, columns, wavelets), float32, float16 or bfloat16
        The vector of each PE. The wafer adopts it without a copy and only reads it: the sum has
        memory of its own, so that a PE holds two vectors.
    algorithm : str
        "reduce_broadcast", "centre" or "ring", as above.
    reduce_algorithm : str
        For the first two, what `reduce_row` calls ``algorithm``: "chain", "star", "tree",
        "two_phase", "auto" or "best".
    group : int, optional
        S of "two_phase" or "tree", where one is used.
    chip : wselab.specs.Chip
        What the wafer is a part of.
    **what_if : int or str
        Rules to change, by name.

    Returns
    -------
    value : array of shape (rows, columns, wavelets)
        The sum of the row, as each PE has it, in the type of ``x``.
    run : wselab.Run

    Raises
    ------
    ProgramError
        ``x`` is of another type or shape, the chip has no such wafer, or there is no such
        algorithm or group.
    MemoryBudgetError
        Two vectors are more than a PE's memory.

    References
    ----------
    Luczynski et al., "Near-Optimal Wafer-Scale Reduce", HPDC 2024, arXiv:2404.15888 (ring, reduce
    and broadcast).

    Examples
    --------
    >>> x = np.ones((2, 8, 64), np.float32)
    >>> value, run = all_reduce_row(x)
    >>> value.shape, bool((value == 8).all()), run.cycles
    ((2, 8, 64), True, 182)
    >>> [all_reduce_row(x, how)[1].cycles for how in ("centre", "ring")]
    [219, 208]
    """
    x = checked("all_reduce_row", "x", x, AXES)
    rows, columns, wavelets = x.shape
    w = Wafer(rows, columns, chip=chip, **what_if)
    vectors = w.memory("x", data=x)
    total = w.memory("total", wavelets, dtype=x.dtype)
    write_all_reduce_row(w, vectors, total, algorithm, reduce_algorithm, group)
    return total.array, w.run()


def all_reduce_2d(
    x: np.ndarray,
    algorithm: str = "xy",
    *,
    row_algorithm: str = "chain",
    column_algorithm: str = "chain",
    group: int | None = None,
    chip: Any = WSE2,
    **what_if: Any,
) -> tuple[np.ndarray, Run]:
    """The sum of ``x`` over all PEs, into every PE: a `reduce_2d`, then a `broadcast`.

    Takes the sum of their cycles (and the rule ``gap`` between them), and rounds as the first. A
    single PE copies its vector: B.

    Parameters
    ----------
    x : array of shape (rows, columns, wavelets), float32, float16 or bfloat16
        The vector of each PE. The wafer adopts it without a copy and only reads it: the sum has
        memory of its own, so that a PE holds two vectors.
    algorithm, row_algorithm, column_algorithm, group : optional
        As for `reduce_2d`.
    chip : wselab.specs.Chip
        What the wafer is a part of.
    **what_if : int or str
        Rules to change, by name.

    Returns
    -------
    value : array of shape (rows, columns, wavelets)
        The sum, as each PE has it, in the type of ``x``.
    run : wselab.Run

    Raises
    ------
    ProgramError
        ``x`` is of another type or shape, the chip has no such wafer, or there is no such
        algorithm or group.
    MemoryBudgetError
        Two vectors are more than a PE's memory.

    References
    ----------
    Luczynski et al., "Near-Optimal Wafer-Scale Reduce", HPDC 2024, arXiv:2404.15888.

    Examples
    --------
    >>> value, run = all_reduce_2d(np.ones((4, 8, 16), np.float32))
    >>> value.shape, bool((value == 32).all()), run.cycles
    ((4, 8, 16), True, 123)
    """
    x = checked("all_reduce_2d", "x", x, AXES)
    rows, columns, wavelets = x.shape
    w = Wafer(rows, columns, chip=chip, **what_if)
    vectors = w.memory("x", data=x)
    total = w.memory("total", wavelets, dtype=x.dtype)
    write_reduce_2d(w, vectors, total, algorithm, row_algorithm, column_algorithm, group)
    write_broadcast(w, total)
    return total.array, w.run()


def write_all_reduce_row(
    w: Wafer,
    x: Any,
    out: Any,
    algorithm: str = "reduce_broadcast",
    reduce_algorithm: str = "chain",
    group: int | None = None,
) -> Again:
    """Write on ``w``: the sum of memory ``x`` over each row into ``out`` of all its PEs.

    ``out`` is memory for the sum, of as many values; it may be ``x`` itself, but not for a ring,
    which needs both. Gives a function of (x, out) that writes the operations again, for another
    launch: the routes stay.

    Examples
    --------
    >>> w = Wafer(1, 4)
    >>> x = w.memory("x", 16)
    >>> x[...] = 1.0
    >>> again = write_all_reduce_row(w, x, out=x, algorithm="centre")
    >>> w.run().cycles, x[0, :, 0].tolist()
    (61, [4.0, 4.0, 4.0, 4.0])
    """
    one_of("all_reduce_row", algorithm, ALGORITHMS)
    if algorithm == "ring":
        if group is not None or reduce_algorithm != "chain":
            raise ProgramError("all_reduce_row: a 'ring' has no reduce_algorithm and no group")
        return write_ring(w, x, out)
    if algorithm == "centre":
        return _write_centre(w, x, out, reduce_algorithm, group)
    reduce = write_reduce_row(w, x, out, reduce_algorithm, group)
    spread = write_broadcast_row(w, out)

    def again(x: Any, out: Any) -> None:
        reduce(x, out)
        spread(out)

    return again


def _write_centre(w: Wafer, x: Any, out: Any, reduce_algorithm: str, group: int | None) -> Again:
    """Both halves into the column in the middle, and from there to all."""
    columns = w.shape[1]
    middle = columns // 2
    halves = [Line.row(w, middle, columns - 1), Line.row(w, middle, 0)]
    halves.sort(key=lambda half: half.pes)
    if columns < 3:
        halves = halves[1:]
    reduces = [
        write_reduce(half, x, out, reduce_algorithm, group, root=out if turn else None)
        for turn, half in enumerate(halves)
    ]
    spread = write_broadcast_row(w, out, source=middle)

    def again(x: Any, out: Any) -> None:
        for turn, reduce in enumerate(reduces):
            reduce(x, out, root=out if turn else None)
        spread(out)

    return again


def write_ring(w: Wafer, x: Any, out: Any) -> Again:
    """Write on ``w``: the sum of memory ``x`` over each row into ``out`` of all its PEs, by a ring.

    ``x`` and ``out`` are memories of as many values, and not the same. Gives a function of (x, out)
    that writes the operations again, for another launch.

    Examples
    --------
    >>> w = Wafer(1, 4)
    >>> x, total = w.memory("x", 16), w.memory("total", 16)
    >>> x[...] = 1.0
    >>> again = write_ring(w, x, total)
    >>> w.run().cycles, total[0, :, 0].tolist()
    (64, [4.0, 4.0, 4.0, 4.0])
    """
    ring = Ring(w, "all-reduce")

    def again(x: Any, out: Any) -> None:
        if x is out:
            raise ProgramError(
                f"write_ring: out is x, {x}; a ring sums from one memory into another. Give it a "
                "second memory"
            )
        if ring.columns == 1:
            w[...].mov(x, out=out)
        for step in range(ring.columns - 1):  # each part gathers its sum on its way around
            ring.send(ring.part(out if step else x, -step))
            ring.take(ring.part(out, -step - 1), plus=ring.part(x, -step - 1))
        for step in range(ring.columns - 1):  # and the sums go round
            ring.send(ring.part(out, 1 - step))
            ring.take(ring.part(out, -step))

    again(x, out)
    return again
