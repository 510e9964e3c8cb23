"""GEMV: a matrix times a vector, laid out in one of five ways.

Every PE multiplies its part of A by its part of x, all PEs at the same time: what costs is to bring
x there and to add up y. In four layouts the matrix rests. In the fifth it is what moves: the host
streams it past x and y, which rest.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..fabric import ProgramError, Run, Wafer
from ..specs import WSE2
from .gemv_layouts import check_fits, gemv_plan, parts_of, put_x, take_y
from .gemv_program import write_gemv
from .inputs import checked, wafer_of
from .tiling import Shape


def gemv(
    A: np.ndarray,
    x: np.ndarray,
    wafer: Shape,
    layout: str = "tiles",
    *,
    reduce: str | None = None,
    group: int | None = None,
    all_reduce: str | None = None,
    overlap: int | None = None,
    accumulate: str | None = None,
    chip: Any = WSE2,
    **what_if: Any,
) -> tuple[np.ndarray, Run]:
    """``y = A @ x``, with A of M rows and N columns laid out over R rows and C columns of PEs.

    - "tiles": each PE has a tile of ``ceil(M / R) x ceil(N / C)``. A piece of x starts in each PE
      of row 0 and is broadcast down its column; the partial sums of a row of PEs are reduced into
      column 0.
    - "rows": each PE has ``ceil(M / (R C))`` rows of A. All of x starts in PE (0, 0) and is
      broadcast to everyone; y stays where it is made.
    - "columns": each PE has ``ceil(N / (R C))`` columns of A and starts with the piece of x that
      they meet. Partial sums of all of y are reduced along the rows, then up column 0.
    - "mesh": tiles, but each piece of x starts in all PEs of its column, and y is all-reduced along
      the rows: every PE of a row has its part of y, as a next layer with rows for columns takes its
      x. Known as MeshGEMV; its K-tree is ``reduce="tree"``, two levels of it "two_phase".
    - "streamed": the matrix in motion. x lies as in "mesh" and A outside, on the host, which
      streams the tiles of each row of PEs over the western edge, the farthest first. A PE passes on
      what is not for it, multiplies its tile as it comes, and keeps none of it. A chain along the
      row then adds up y.

    Parts of A, x and y are filled up with zeros where M or N do not come out even, PEs that would
    have nothing else are left out of the wafer where a rectangle allows; `gemv_plan` tells how many
    multiply-accumulates are of such padding. They take as long as the others.

    The value of each y is a sum in this order, with ``a`` and ``b`` the parts of A and x of a PE,
    n columns wide::

        part = 0
        for j in range(n):          # in each PE, down the columns of its part of A
            part = part + a[:, j] * b[j]

    and then the parts of the PEs, as `reduce_row` (for "columns" `reduce_2d`) adds them: for a
    chain ``(... (part[C-1] + part[C-2]) + ...) + part[0]``. It is rounded after each product and
    each addition to the type of A, so that float16 and bfloat16 accumulate in themselves. With
    ``accumulate="float32"`` they are multiplied exactly, and all sums and y are float32.

    So y is within ``k u / (1 - k u) * (abs(A) @ abs(x))`` of the exact product, as long as nothing
    overflows or underflows, with u half the distance from 1 to the next number (2**-24, 2**-11, and
    2**-8 in bfloat16), ``k = n + s`` and s the most additions of parts that a part goes through,
    at most one less than there are parts.

    Parameters
    ----------
    A : array of shape (M, N), float32, float16 or bfloat16
        The matrix. It is not copied where its parts come out even, but by "streamed".
    x : array of shape (N,), of the same type
        The vector.
    wafer : (int, int)
        Rows and columns of PEs to spread it over.
    layout : str
        One of those above.
    reduce : str, optional
        How y is added up in "tiles", "columns" and "mesh": what `reduce_row` calls ``algorithm``.
        "chain" unless given, in "mesh" "two_phase".
    group : int, optional
        What `reduce_row` calls so, for the reduces that have groups.
    all_reduce : str, optional
        In "mesh", where the sums meet: "reduce_broadcast", in column 0, which is taken unless
        given, or "centre", in the column in the middle. See `all_reduce_row`.
    overlap : int, optional
        In "tiles" and "rows": PEs take x in by microthreads, so many values at a time, and multiply
        a piece while the next one comes. Of its n values then about ``overlap + n / overlap`` cost
        cycles of their own, instead of n. Values and memory stay the same.
    accumulate : str, optional
        "float32", or None for the type of A.
    chip : wselab.specs.Chip
        What the wafer is a part of.
    **what_if : int or str
        Rules to change, by name.

    Returns
    -------
    value : array of shape (M,)
        The product, in the type of its sums.
    run : wselab.Run

    Raises
    ------
    ProgramError
        An array is of another type or shape, the chip has no such wafer, or there is no such layout
        or reduce.
    MemoryBudgetError
        What a PE keeps of A, x and y is more than its memory; the message says how large a wafer
        would do, and which layout.

    References
    ----------
    He et al., "WaferLLM", OSDI 2025, arXiv:2502.04563, for MeshGEMV.

    Examples
    --------
    >>> A = np.arange(12, dtype=np.float32).reshape(4, 3)
    >>> y, run = gemv(A, np.array([1, 0, 2], np.float32), wafer=(2, 3))
    >>> y.tolist(), run.cycles
    ([4.0, 13.0, 22.0, 31.0], 23)
    >>> A = np.ones((64, 64), np.float32)
    >>> {layout: gemv(A, A[0], (4, 8), layout)[1].cycles
    ...  for layout in ("tiles", "rows", "columns", "mesh", "streamed")}
    {'tiles': 202, 'rows': 207, 'columns': 316, 'mesh': 208, 'streamed': 1043}
    >>> gemv(A, A[0], (4, 8), "rows", overlap=8)[1].cycles
    158
    """
    A = checked("gemv", "A", A, ("M", "N"))
    x = checked("gemv", "x", x, ("N",))
    if x.dtype != A.dtype:
        raise ProgramError(
            f"gemv: A is {A.dtype} and x is {x.dtype}; expected the same type, and nothing is "
            "converted silently. Try x.astype(A.dtype)"
        )
    if len(x) != A.shape[1]:
        raise ProgramError(
            f"gemv: A has shape {A.shape} and x {x.shape}; expected x of shape ({A.shape[1]},), "
            "a value for each column of A"
        )
    asked_for = wafer_of("gemv", wafer, chip, what_if).shape
    plan = gemv_plan(A.shape, asked_for, layout, dtype=A.dtype, accumulate=accumulate, chip=chip)
    check_fits(plan, asked_for, A.dtype, chip)
    w = Wafer(*plan.wafer, chip=chip, **what_if)
    parts: Any = parts_of(A, plan)
    if layout != "streamed":
        parts = w.memory("A", data=parts)
    x_own = w.memory("x", plan.tile[1], dtype=A.dtype)
    y_own = w.memory("y", plan.tile[0], dtype=plan.accumulate)
    put_x(x_own, x, plan)
    how: dict[str, Any] = {"reduce": reduce, "group": group, "all_reduce": all_reduce}
    write_gemv(w, parts, x_own, y_own, layout, overlap=overlap, **how)
    run = w.run()
    return take_y(y_own, plan), run
