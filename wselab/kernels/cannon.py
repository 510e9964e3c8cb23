"""Cannon's algorithm: both matrices go round, and nobody needs more than a tile of each at a time.

Tiles lie on a square of P x P PEs. Tile (i, k) of A has to meet tile (k, j) of B in PE (i, j), for
every k. First the *skew*: row i of A is shifted by i places and column j of B by j, so that PE
(i, j) has tiles with the same k, which is i + j, or P less. Then P times: multiply, and shift A by
one to the west and B by one to the north.

The same program on folded rings (`shift.folded`) is MeshGEMM's two-hop interleaved shift: PE (i, j)
of the rings stands elsewhere on the wafer, and no step has a way over a whole row. On this fabric
that gains little: PEs need not keep step, so who waits for the long way once is only later than the
others from then on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..fabric import Wafer
from .line import Line
from .shift import CyclicShift
from .tile_product import write_tile_product


def write_cannon(
    w: Wafer, A: Any, B: Any, C: Any, order: Sequence[int], overlap: bool = True
) -> None:
    """Write on ``w``, a square: C = C + A times B, by cyclic shifts.

    ``order[i]`` is the row and the column on the wafer of number i of the rings. ``A`` is memory of
    shape (2, b, m) in each PE, two places for a tile of m x b, a column of it after the other;
    ``B`` of (2, b, n), for tiles of b x n; ``C`` of (n, m). Before the launch number (i, j) has
    tile (i, j) of A in place i % 2, and tile (i, j) of B in place j % 2. With ``overlap`` the next
    tiles come in while a PE multiplies those it has.

    Examples
    --------
    >>> import numpy as np
    >>> w = Wafer(2, 2)
    >>> A, B, C = w.memory("A", (2, 1, 1)), w.memory("B", (2, 1, 1)), w.memory("C", (1, 1))
    >>> A[[0, 0, 1, 1], [0, 1, 0, 1], [0, 0, 1, 1]] = np.array([[1], [2], [3], [4]])[:, None]
    >>> B[[0, 0, 1, 1], [0, 1, 0, 1], [0, 1, 0, 1]] = np.array([[5], [6], [7], [8]])[:, None]
    >>> write_cannon(w, A, B, C, order=[0, 1])
    >>> w.run().cycles, C[...].reshape(2, 2).tolist()
    (23, [[19.0, 22.0], [43.0, 50.0]])
    """
    pes = len(order)
    shift_A = CyclicShift(Line.row(w), order, "A")
    shift_B = CyclicShift(Line.column(w), order, "B")

    sides = [(shift_A, A), (shift_B, B)]

    for side, tiles in sides:
        for far in range(pes - 1, 0, -1):  # row i and column i are shifted i times
            lines = list(order)[far:]
            side.send(tiles.own[far % 2], lines)
            side.take(tiles.own[1 - far % 2], lines)
    for step in range(pes):
        now, last = step % 2, step == pes - 1
        if overlap and not last:
            for side, tiles in sides:
                side.send(tiles.own[now])
            for side, tiles in sides:
                side.take(tiles.own[1 - now], beside=True)
        write_tile_product(w, A, now, B, now, C)
        if not overlap and not last:
            for side, tiles in sides:
                side.send(tiles.own[now])
                side.take(tiles.own[1 - now])
