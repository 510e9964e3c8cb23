"""GEMV: a matrix times a vector, the matrix at rest and the vector in motion.

The matrix is cut into one tile a PE. A piece of x starts in each PE of row 0, is broadcast down its
column, and meets the tiles there; the partial products of a row of tiles are summed by a chain
along the row, and column 0 holds y. Every PE works on its tile at the same time: what costs is the
way to and from it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..fabric import MemoryBudgetError, ProgramError, Run, Wafer
from ..specs import WSE2
from .broadcast import write_broadcast_down
from .chain import write_chain_west
from .inputs import checked
from .tiling import Shape, large_enough, tiles, tiling, zero_padded
from .tree_program import Again


def gemv(
    A: np.ndarray, x: np.ndarray, wafer: Shape, *, chip: Any = WSE2, **what_if: Any
) -> tuple[np.ndarray, Run]:
    """``y = A @ x``, with A tiled over a wafer of PEs.

    Every PE holds a tile of ``ceil(M / rows) x ceil(N / columns)``, filled up with zeros at the
    lower and right edge; PEs that would have nothing but zeros are left out of the wafer.

    The sum has this order, and is rounded to the type of ``A`` after each product and each
    addition (float16 accumulates in float16). With ``tiles[r, c]`` the tile and ``pieces[c]`` the
    piece of x of PE (r, c), C columns of PEs and a tile n columns wide::

        y = np.zeros(...)                                  # (rows, columns, ceil(M / rows))
        for j in range(n):                                 # each PE, down the columns of its tile
            y[r, c] = y[r, c] + tiles[r, c][:, j] * pieces[c][j]
        total = y[r, C - 1]
        for c in reversed(range(C - 1)):                   # then the chain, from east to west
            total = total + y[r, c]

    Parameters
    ----------
    A : array of shape (M, N), float32 or float16
        The matrix. It is not copied where rows divide M and columns divide N.
    x : array of shape (N,), of the same type
        The vector.
    wafer : (int, int)
        Rows and columns of PEs to spread it over.
    chip : wselab.specs.Chip
        What the wafer is a part of.
    **what_if : int or str
        Rules to change, by name.

    Returns
    -------
    value : array of shape (M,)
        The product, in the type of ``A``.
    run : wselab.Run

    Raises
    ------
    ProgramError
        An array is of another type or shape, or the chip has no such wafer.
    MemoryBudgetError
        A tile with its pieces of x and y is more than a PE's memory; the message says how large a
        wafer would do.

    Examples
    --------
    >>> A = np.arange(12, dtype=np.float32).reshape(4, 3)
    >>> y, run = gemv(A, np.array([1, 0, 2], np.float32), wafer=(2, 3))
    >>> y.tolist(), run.cycles
    ([4.0, 13.0, 22.0, 31.0], 23)
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
    if not isinstance(wafer, (tuple, list)) or len(wafer) != 2:
        raise ProgramError(f"gemv: wafer={wafer!r}; expected (rows, columns), such as (4, 8)")
    asked_for = Wafer(*wafer, chip=chip, **what_if)
    (rows, columns), (height, width) = tiling(A.shape, asked_for.shape)
    if bytes_per_pe((height, width), A.itemsize) > chip.pe_memory_bytes:
        raise MemoryBudgetError(_too_large(A, asked_for.shape, chip))
    w = Wafer(rows, columns, chip=chip, **what_if)
    A_own = w.memory("A", data=tiles(A, (rows, columns), (height, width)))
    x_own = w.memory("x", width, dtype=A.dtype)
    y_own = w.memory("y", height, dtype=A.dtype)
    x_own[0] = zero_padded(x, (columns * width,)).reshape(columns, width)
    write_gemv(w, A_own, x_own, y_own)
    run = w.run()
    return y_own[:, 0].reshape(-1)[: A.shape[0]], run


def write_gemv(w: Wafer, A: Any, x: Any, y: Any) -> Again:
    """Write on ``w``: y of column 0 = A times x, where row 0 holds the pieces of x.

    ``A`` is memory of shape (m, n) in each PE, ``x`` of n values and ``y`` of m, which is zero
    before the launch. After it x is in every PE, and y beside column 0 is each PE's own part. Gives
    a function of (A, x, y) that writes the operations again, for another launch.

    Examples
    --------
    >>> w = Wafer(2, 2)
    >>> A, x, y = w.memory("A", (3, 4)), w.memory("x", 4), w.memory("y", 3)
    >>> A[...] = 1.0
    >>> x[0] = 1.0
    >>> again = write_gemv(w, A, x, y)
    >>> w.run().cycles, y[1, 0].tolist()
    (31, [8.0, 8.0, 8.0])
    """

    def multiply(A: Any, x: Any, y: Any) -> None:
        for j in range(A.shape[-1]):
            w[...].mac(A.own[:, j], x.own[j], out=y)

    spread = write_broadcast_down(w, x)
    multiply(A, x, y)
    add_up = write_chain_west(w, y, out=y) if w.shape[1] > 1 else None

    def again(A: Any, x: Any, y: Any) -> None:
        spread(x)
        multiply(A, x, y)
        if add_up:
            add_up(y, out=y)

    return again


def bytes_per_pe(tile: Shape, itemsize: int) -> int:
    """Bytes that a PE holds: its tile, its piece of x and its part of y.

    Examples
    --------
    >>> bytes_per_pe((3, 4), itemsize=4)
    76
    """
    height, width = tile
    return (height * width + width + height) * itemsize


def _too_large(A: np.ndarray, wafer: Shape, chip: Any) -> str:
    """The error for a matrix that a wafer cannot hold: what it takes, and what would do."""

    def fits(shape: Shape) -> bool:
        return bytes_per_pe(tiling(A.shape, shape)[1], A.itemsize) <= chip.pe_memory_bytes

    hint = large_enough(wafer, chip, fits)
    _, (height, width) = tiling(A.shape, wafer)
    taken = bytes_per_pe((height, width), A.itemsize)
    return (
        f"gemv: A of shape {A.shape} over wafer={wafer} does not fit: each PE has "
        f"{chip.pe_memory_bytes:,} bytes, and a tile of {height} x {width} {A.dtype} with its "
        f"{width} of x and {height} of y takes {taken:,}. {hint}"
    )
