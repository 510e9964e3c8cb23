"""Reduce: the sum of the vectors of many PEs, in one of them.

Whatever the algorithm, PEs hand sums over to others that are nearer to the first one, along a tree
(`wselab.trees`). A chain has the least to send and the longest way; a star takes all in by
one ramp, one vector after the other; trees and groups lie between. Which is best depends on the
vectors' length.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..fabric import ProgramError, Run, Wafer
from ..specs import WSE2
from ..trees import LEAST_GROUP
from .chain import write_snake
from .inputs import checked, one_of
from .line import Line
from .tree_program import Again, write_reduce

AXES = ("rows", "columns", "wavelets")
ALGORITHMS_2D = ("xy", "snake")


def reduce_row(
    x: np.ndarray,
    algorithm: str = "chain",
    *,
    group: int | None = None,
    chip: Any = WSE2,
    **what_if: Any,
) -> tuple[np.ndarray, Run]:
    """The sum of ``x`` over the columns of each row, into column 0.

    Of P columns, with B values in each PE (a wavelet each, in float16 too):

    - "chain": each PE adds its vector to the stream of the next and passes it on. Exactly
      ``B + (2 T_R + 2)(P - 1)`` cycles, T_R of ramp latency; best for long vectors.
    - "star": all send to column 0, the nearest first. Exactly ``B (P - 1) + 2 T_R + 2`` where the
      rule ``gap`` is 0; best for vectors of a few values.
    - "tree": a binary tree, also where P is no power of two; with ``group``, chains of S PEs, then
      chains of S of their first ones, and so on, up to a tree of K levels for ``S ** K >= P``.
    - "two_phase": chains of ``group`` PEs, then a chain of their first ones.
    - "auto": the tree that costs least by the published model, found by a dynamic program.
    - "best": of all trees without holes the one that takes the fewest cycles by the rules, found by
      another. It may be any of the others.

    `wselab.predict.reduce_row` has the cycles of each. A single column copies its vector: B.

    A PE adds to its own vector the sums that reach it, the nearest PE's first, rounded after each
    addition to the type of ``x``. For a chain that is
    ``(... (x[:, P-1] + x[:, P-2]) + ...) + x[:, 0]``, for a star ``(x[:, 0] + x[:, 1]) + ...``.

    Parameters
    ----------
    x : array of shape (rows, columns, wavelets), float32, float16 or bfloat16
        The vector of each PE. The wafer adopts it without a copy and only reads it: the sum has
        memory of its own, so that a PE holds two vectors.
    algorithm : str
        One of those above.
    group : int, optional
        S, PEs in a group: of "two_phase" the number nearest to the root of P unless given, of
        "tree" 2.
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
        ``x`` is of another type or shape, the chip has no such wafer, or there is no such
        algorithm or group.
    MemoryBudgetError
        Two vectors are more than a PE's memory.

    References
    ----------
    Luczynski et al., "Near-Optimal Wafer-Scale Reduce", HPDC 2024, arXiv:2404.15888, for the
    algorithms and the model; "best" is ours.

    Examples
    --------
    >>> value, run = reduce_row(np.ones((2, 8, 16), np.float32))
    >>> value.shape, float(value[1, 15]), run.cycles
    ((2, 16), 8.0, 58)
    >>> {how: reduce_row(np.ones((1, 8, 16), np.float32), how)[1].cycles
    ...     for how in ("chain", "star", "tree", "two_phase", "auto", "best")}
    {'chain': 58, 'star': 118, 'tree': 54, 'two_phase': 52, 'auto': 50, 'best': 46}
    """
    x = checked("reduce_row", "x", x, AXES)
    rows, columns, wavelets = x.shape
    w = Wafer(rows, columns, chip=chip, **what_if)
    vectors = w.memory("x", data=x)
    total = w.memory("total", wavelets, dtype=x.dtype)
    write_reduce_row(w, vectors, total, algorithm, group)
    run = w.run()
    return total[:, 0].copy(), run


def reduce_2d(
    x: np.ndarray,
    algorithm: str = "xy",
    *,
    row_algorithm: str = "chain",
    column_algorithm: str = "chain",
    group: int | None = None,
    chip: Any = WSE2,
    **what_if: Any,
) -> tuple[np.ndarray, Run]:
    """The sum of ``x`` over all PEs, into PE (0, 0).

    "xy" reduces all rows at once, then the sums up column 0, each by an algorithm of `reduce_row`:
    the cycles of the two, one after the other (and the rule ``gap`` between them). With chains that
    is ``2 B + (2 T_R + 2)(M + N - 2)`` for M rows and N columns, neither 1. "snake" is one chain
    through all PEs, row by row, as long as there are PEs: ``B + (2 T_R + 2)(M N - 1)``. Sums are
    rounded as by `reduce_row`.

    Parameters
    ----------
    x : array of shape (rows, columns, wavelets), float32, float16 or bfloat16
        The vector of each PE. The wafer adopts it without a copy and only reads it: the sum has
        memory of its own, so that a PE holds two vectors.
    algorithm : str
        "xy" or "snake".
    row_algorithm, column_algorithm : str
        For "xy", what `reduce_row` calls ``algorithm``.
    group : int, optional
        For "xy", S of "two_phase" or "tree", wherever one is used.
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
        ``x`` is of another type or shape, the chip has no such wafer, or there is no such
        algorithm or group.
    MemoryBudgetError
        Two vectors are more than a PE's memory.

    References
    ----------
    Luczynski et al., "Near-Optimal Wafer-Scale Reduce", HPDC 2024, arXiv:2404.15888 (X-Y, snake).

    Examples
    --------
    >>> x = np.ones((4, 8, 16), np.float32)
    >>> value, run = reduce_2d(x)
    >>> value.shape, float(value[15]), run.cycles
    ((16,), 32.0, 92)
    >>> reduce_2d(x, row_algorithm="best", column_algorithm="best")[1].cycles
    80
    """
    x = checked("reduce_2d", "x", x, AXES)
    rows, columns, wavelets = x.shape
    w = Wafer(rows, columns, chip=chip, **what_if)
    vectors = w.memory("x", data=x)
    total = w.memory("total", wavelets, dtype=x.dtype)
    write_reduce_2d(w, vectors, total, algorithm, row_algorithm, column_algorithm, group)
    run = w.run()
    return total[0, 0].copy(), run


def write_reduce_row(
    w: Wafer, x: Any, out: Any, algorithm: str = "chain", group: int | None = None
) -> Again:
    """Write on ``w``: the sum of memory ``x`` over each row into column 0, as `reduce_row` does.

    ``out`` is memory for the sums, of as many values; it may be ``x`` itself. Other PEs than those
    of column 0 keep parts of the sum there. Gives a function of (x, out) that writes the operations
    again, for another launch: the routes stay.

    Examples
    --------
    >>> w = Wafer(1, 4)
    >>> x = w.memory("x", 16)
    >>> x[...] = 1.0
    >>> again = write_reduce_row(w, x, out=x, algorithm="tree")
    >>> w.run().cycles, float(x[0, 0, 0])
    (38, 4.0)
    """
    return write_reduce(Line.row(w), x, out, algorithm, group)


def write_reduce_2d(
    w: Wafer,
    x: Any,
    out: Any,
    algorithm: str = "xy",
    row_algorithm: str = "chain",
    column_algorithm: str = "chain",
    group: int | None = None,
) -> Again:
    """Write on ``w``: the sum of memory ``x`` over all PEs into PE (0, 0), as `reduce_2d` does.

    ``out`` is memory for the sums, of as many values; it may be ``x`` itself. Gives a function of
    (x, out) that writes the operations again, for another launch.

    Examples
    --------
    >>> w = Wafer(4, 4)
    >>> x = w.memory("x", 16)
    >>> x[...] = 1.0
    >>> again = write_reduce_2d(w, x, out=x)
    >>> w.run().cycles, float(x[0, 0, 0])
    (68, 16.0)
    """
    one_of("reduce_2d", algorithm, ALGORITHMS_2D)
    axes = [row_algorithm, column_algorithm] if algorithm == "xy" else []
    if group is not None and not LEAST_GROUP.keys() & axes:
        raise ProgramError(
            f"reduce_2d: group={group!r}, and no algorithm that is 'two_phase' or 'tree'"
        )
    if algorithm == "snake":
        return write_snake(w, x, out)
    groups = [group if one in LEAST_GROUP else None for one in axes]
    rows = write_reduce(Line.row(w), x, out, row_algorithm, groups[0])
    column = write_reduce(Line.column_0(w), out, out, column_algorithm, groups[1])

    def again(x: Any, out: Any) -> None:
        rows(x, out)
        column(out, out)

    return again
