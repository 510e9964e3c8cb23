"""The product of two tiles in every PE: the part of a matrix product that needs nobody else."""

from __future__ import annotations

from typing import Any

from ..fabric import Wafer


def write_tile_product(w: Wafer, A: Any, a: int, B: Any, b: int, C: Any) -> None:
    """Write on ``w``: in every PE ``C`` = ``C`` + tile ``A[a]`` times tile ``B[b]``.

    ``A`` is memory of shape (places, k, m), ``B`` of (places, k, n), ``C`` of (n, m): columns of A
    and C and rows of B lie together. An operation adds a multiple of a column of A to a column of
    C, so these are k n operations of m elements.

    Examples
    --------
    >>> w = Wafer(1, 1)
    >>> A, B, C = w.memory("A", (1, 2, 3)), w.memory("B", (1, 2, 4)), w.memory("C", (4, 3))
    >>> A[...], B[...] = 1.0, 2.0
    >>> write_tile_product(w, A, 0, B, 0, C)
    >>> w.run().cycles, C[0, 0, 0].tolist()
    (24, [4.0, 4.0, 4.0])
    """
    _, inner, columns = B.own.shape
    for k in range(inner):
        for j in range(columns):
            w[...].mac(A.own[a, k], B.own[b, k, j], out=C.own[j])
