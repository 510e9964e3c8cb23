"""GEMM: a matrix times a matrix, all three in tiles, two of them in motion.

A tile of the product stays in each PE. What has to meet there, tiles of a row of A and of a column
of B, travels; the algorithms differ in how.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..fabric import ProgramError, Run, Wafer
from ..specs import WSE2
from .cannon import write_cannon
from .gemm_tiles import check_fits, gemm_plan, put, take
from .inputs import checked, wafer_of
from .summa import write_summa
from .tiling import Shape


def gemm(
    A: np.ndarray,
    B: np.ndarray,
    wafer: Shape,
    algorithm: str = "summa",
    *,
    overlap: bool = True,
    accumulate: str | None = None,
    chip: Any = WSE2,
    **what_if: Any,
) -> tuple[np.ndarray, Run]:
    """``A @ B``, of M x K and K x N, with tiles of all three matrices in every PE of a wafer.

    - "summa": panels of A are broadcast along the rows and panels of B down the columns, in turn.
      Any rectangle of PEs, each with ``m x n`` of the product, ``m = ceil(M / rows)`` and
      ``n = ceil(N / columns)``; PEs without any of it are left out. K is cut into panels of
      ``b = ceil(K / longer side)``. See `wselab.kernels.summa`.
    - "cannon": tiles of A shift to the west and tiles of B to the north, around the rows and
      columns of a square of P x P PEs. K is cut into P tiles of ``b = ceil(K / P)``; no PE is left
      out. See `wselab.kernels.cannon`.
    - "mesh": the same around folded rings, on which every step is of two hops at most: the shift
      of MeshGEMM.

    Whatever does not fill the tiles is zeros, which travel and are multiplied as all numbers are.
    A PE holds, of ``m x b`` of A and ``b x n`` of B each, two places for Cannon and MeshGEMM; for
    SUMMA one place, or two with ``overlap``, and those of the queue: g + 1 with
    ``g = ceil((panels - 1) / (PEs of the line - 1))``. With ``overlap`` the next tiles or panels
    come in, as microthreads, while a PE multiplies; without, the two take turns.

    A PE adds up the products of its values in this order, and rounds to the type of the sums after
    each product and each addition. In "summa" the order of k is 0, 1, ...; in the others the PE of
    tile (i, j) begins with tile i + j of K and goes around::

        def order(i, j):                                         # summa: range(K)
            return np.roll(np.arange(P * b), -((i + j) % P) * b)  # P b: K and its padding
        C = np.zeros((M, N), accumulate)
        for i, j in np.ndindex(M, N):
            for k in order(i // m, j // n):
                if k < K:                                        # zeros change nothing
                    C[i, j] = C[i, j] + A[i, k] * B[k, j]

    With u half the spacing of the sums' type at 1 (2**-24 in float32), each product is rounded at
    most K times (its own, and K - 1 additions; the first, to zero, is exact), so that

        abs(C - exact) <= K u / (1 - K u) * (abs(A) @ abs(B))

    unless a number is too large for the type or a product too small to be normal in it.

    Parameters
    ----------
    A : array of shape (M, K), of a type that a PE computes in
        The left matrix.
    B : array of shape (K, N), of the same type
        The right matrix.
    wafer : (int, int)
        Rows and columns of PEs.
    algorithm : str
        "summa", "cannon" or "mesh".
    overlap : bool
        Whether the PEs communicate while they compute.
    accumulate : str, optional
        The type of the sums and of C: that of the matrices unless given, or "float32".
    chip : wselab.specs.Chip
        What the wafer is a part of.
    **what_if : int or str
        Rules to change, by name.

    Returns
    -------
    value : array of shape (M, N)
        The product, in the type of the sums.
    run : wselab.Run

    Raises
    ------
    ProgramError
        An array is of another type or shape, there is no such algorithm, it wants a square, or the
        chip has no such wafer.
    MemoryBudgetError
        The tiles are more than a PE's memory; the message says how large a wafer would do.

    References
    ----------
    SUMMA: van de Geijn and Watts, 1997. Cannon, 1969. MeshGEMM: He et al. (WaferLLM), OSDI 2025.

    Examples
    --------
    >>> A = np.arange(12, dtype=np.float32).reshape(3, 4)
    >>> value, run = gemm(A, np.eye(4, dtype=np.float32), wafer=(2, 2))
    >>> bool((value == A).all()), run.cycles
    (True, 41)
    >>> gemm(A, np.eye(4, dtype=np.float32), wafer=(2, 2), algorithm="cannon")[1].cycles
    42
    """
    A, B = checked("gemm", "A", A, ("M", "K")), checked("gemm", "B", B, ("K", "N"))
    if B.dtype != A.dtype:
        raise ProgramError(
            f"gemm: A is {A.dtype} and B is {B.dtype}; expected the same type, and nothing is "
            "converted silently. Try B.astype(A.dtype)"
        )
    if A.shape[1] != B.shape[0]:
        raise ProgramError(
            f"gemm: A has shape {A.shape} and B {B.shape}; expected B of shape ({A.shape[1]}, N), "
            "a row for each column of A"
        )
    asked_for = wafer_of("gemm", wafer, chip, what_if).shape
    how: dict[str, Any] = {"dtype": A.dtype, "accumulate": accumulate, "overlap": overlap}
    plan = gemm_plan((*A.shape, B.shape[1]), asked_for, algorithm, **how)
    check_fits(plan, asked_for, overlap, A.dtype, chip)
    w = Wafer(*plan.wafer, chip=chip, **what_if)
    m, b, n = plan.tile
    memories = {
        name: w.memory(name, (places, b, m if name[0] == "A" else n), dtype=A.dtype)
        for name, places in plan.places.items()
    }
    C = w.memory("C", (n, m), dtype=plan.accumulate)
    put(memories, A, B, plan)
    if algorithm == "summa":
        pairs = [(memories[name], memories.get(f"{name} queue")) for name in "AB"]
        write_summa(w, pairs[0], pairs[1], C, plan.panels)
    else:
        write_cannon(w, memories["A"], memories["B"], C, plan.order, overlap)
    run = w.run()
    return take(C, plan), run
