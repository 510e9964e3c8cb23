"""Sparse products: zeros that cost nothing, or nearly so.

A product with zero adds nothing, so it need not be done. A zero in x need not even be sent: in a
machine whose work begins when a value arrives, what does not arrive makes no work. A zero in the
matrix need not be kept: a PE works through the non-zeros that it has. Neither asks for a pattern.
But PEs have different numbers of them, and a sum that comes by waits for those that still work.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..fabric import MemoryBudgetError, ProgramError, Run, Wafer
from ..fabric.run import ENGINES
from ..fabric.state import Outcome
from ..specs import WSE2
from .inputs import checked, wafer_of
from .nonzeros import INDEX_BYTES, NonZeros
from .sparse_count import IN_ORDER, WOKEN, count_by_pe, count_in_order, count_woken
from .sparse_program import (
    OTHER_COLORS,
    kept_columns,
    whole_columns,
    write_in_order,
    write_woken_by_color,
    write_woken_by_index,
)
from .tiling import large_enough, tiles, tiling, zero_padded

SKIPS = ("weights", "activations", "both")
INDICES = ("color", "wavelet")
Pair = tuple[int, int]


def sparse_gemv(
    W: np.ndarray,
    x: np.ndarray,
    wafer: Pair,
    *,
    skip: str = "both",
    index: str = "color",
    engine: str | None = None,
    chip: Any = WSE2,
    **what_if: Any,
) -> tuple[np.ndarray, Run]:
    """``y = W @ x``, where zeros of W are not kept, zeros of x are not sent, or both.

    W is cut into tiles as in `gemv`, over ``wafer`` PEs; the pieces of x are in a row of PEs more,
    above them. The numbers are summed in the order of `gemv`, so that y has its bits: to add a
    product with zero changes none, whatever is finite. What a PE does, with a tile of m x n:

    - ``skip="weights"``: all of x is sent, a wavelet a value. For each non-zero of its tile a PE
      does an operation on a value of x, of one cycle; for a batch on a value of each vector, at the
      full rate of multiply-accumulate.
    - ``skip="activations"``: only non-zeros of x are sent. Each wakes a task, which takes a cycle,
      and then multiplies a column of the tile: m values, at the full rate.
    - ``skip="both"``: each non-zero of x wakes a task, which does an operation of a cycle for each
      non-zero of that column.

    To find the non-zeros of x, the PE that has them compares each value twice, a cycle each.
    ``index`` says how a wavelet tells its column where zeros are left out. By its "color" costs
    nothing, and allows 20 columns a tile on a WSE-2. By another "wavelet" takes two wavelets a
    non-zero, and in every PE another cycle to take in the value and two for each halving of the
    columns to find the one meant; the tile can be as wide as memory allows.

    Compare with `gemv` on the same tiles, which has no zeros to find and no tasks.

    Parameters
    ----------
    W : array of shape (M, N), float32, float16 or bfloat16
        The matrix, zeros and all; those are dropped here.
    x : array of shape (N,) or (N, batch), of the same type
        The vector, or vectors. Where zeros of x are skipped, a batch is so many launches, one after
        another, and the run is their sum.
    wafer : (int, int)
        Rows and columns of PEs to spread W over, without the row for x.
    skip : str
        "weights", "activations" or "both".
    index : str
        "color" or "wavelet", where zeros of x are skipped.
    engine : str, optional
        An engine of `Wafer.run`; or "counted": no cycle is stepped, so that there is no limit of
        size. Values are then NumPy's ``W @ x`` in float32: each may differ by the rounding of two
        sums of N products, at most ``2 N eps (abs(W) @ abs(x))``, with the eps of the type of W.
    chip : wselab.specs.Chip
        What the wafer is a part of.
    **what_if : int or str
        Rules to change, by name.

    Returns
    -------
    value : array of shape (M,) or (M, batch)
        The product, in the type of ``W``.
    run : wselab.Run

    Raises
    ------
    ProgramError
        An array is of another type or shape, or holds a number that is not finite (zero times
        infinity is not zero); there is no such wafer, engine or way; or a tile has more columns
        than there are colors.
    MemoryBudgetError
        The fullest PE has no room for its part; values are kept with an index of 2 bytes. The
        message says how large a wafer would do.

    Examples
    --------
    >>> W = np.array([[1, 0, 2, 0], [0, 0, 0, 3]], np.float32)
    >>> y, run = sparse_gemv(W, np.array([1, 5, 0, 2], np.float32), wafer=(1, 2))
    >>> y.tolist(), run.cycles
    ([1.0, 6.0], 27)
    """
    W = _finite("W", checked("sparse_gemv", "W", W, ("M", "N")))
    X = _finite("x", checked("sparse_gemv", "x", x, ("N",) if np.ndim(x) < 2 else ("N", "batch")))
    if x.dtype != W.dtype or len(x) != W.shape[1]:
        raise ProgramError(
            f"sparse_gemv: W is {W.dtype} of shape {W.shape}, x {x.dtype} of {x.shape}; expected "
            f"the same type, and x of shape ({W.shape[1]},) or ({W.shape[1]}, batch)"
        )
    for name, given, known in (("skip", skip, SKIPS), ("index", index, INDICES)):
        if given not in known:
            raise ProgramError(f"sparse_gemv: {name}={given!r}; expected one of {known}")
    if engine not in (None, "counted", *ENGINES):
        engines = ", ".join(map(repr, ("counted", *ENGINES)))
        raise ProgramError(f"sparse_gemv: engine={engine!r}; expected one of {engines}, or None")
    X = X.reshape(len(X), -1)
    (R, C), tile = tiling(W.shape, wafer_of("sparse_gemv", wafer, chip, what_if).shape)
    w = Wafer(R + 1, C, chip=chip, **what_if)
    per_pe = None if skip == "activations" else count_by_pe(W, (R, C), tile)
    _check_room(W, wafer, w, per_pe, X.shape[1] if skip == "weights" else 1)
    if skip != "weights" and index == "color":
        _check_colors(w, tile[1], W.shape[1])
    if engine == "counted":
        runs = _counted(W, X, w, tile, per_pe, skip, index)
        single = W.astype(np.float32, copy=False), X.astype(np.float32, copy=False)
        value = np.matmul(*single).astype(W.dtype, copy=False)
    else:
        value, runs = _stepped(W, X, w, tile, skip, index, engine)
    return value.reshape(W.shape[:1] + x.shape[1:]), _sum(w, runs)


def _stepped(
    W: np.ndarray, X: np.ndarray, w: Wafer, tile: Pair, skip: str, index: str, engine: str | None
) -> tuple[np.ndarray, list[Run]]:
    """The product and its launches on the wafer's own engines."""
    wafer, (m, n) = (w.shape[0] - 1, w.shape[1]), tile
    batch = X.shape[1] if skip == "weights" else 1
    kept = None if skip == "activations" else NonZeros.of(W, wafer, tile)
    x, y = w.memory("x", n * batch, dtype=W.dtype), w.memory("y", m * batch, dtype=W.dtype)
    if kept is None:
        A = w.memory("A", tile, dtype=W.dtype)
        A[1:] = tiles(W, wafer, tile)
        column = whole_columns(A, y)
    else:
        values = w.memory("values", kept.values.shape[2], dtype=W.dtype)
        values[1:] = kept.values
        column = kept_columns(kept, values, y)
    if kept is not None and skip == "weights":
        again = write_in_order(w, kept, values, x, y, batch)
    else:
        write = write_woken_by_color if index == "color" else write_woken_by_index
        again = write(w, x, y, column)
    found, runs = [], []
    for first in range(0, X.shape[1], batch):
        part = zero_padded(X[:, first : first + batch], (w.shape[1] * n, batch))
        x[0], y[...] = part.reshape(w.shape[1], n * batch), 0
        if first:
            again()
        runs.append(w.run(engine=engine))
        found.append(y[1:, 0].reshape(-1, batch)[: len(W)].copy())
    return np.concatenate(found, axis=1), runs


def _counted(
    W: np.ndarray,
    X: np.ndarray,
    w: Wafer,
    tile: Pair,
    per_pe: np.ndarray | None,
    skip: str,
    index: str,
) -> list[Run]:
    """The launches, counted."""
    if per_pe is not None and skip == "weights":
        outcome = count_in_order(per_pe, X.shape[1], tile, W.dtype.name, w.rules)
        return [Run(w, outcome, "counted", IN_ORDER)]
    if index != "color":
        raise ProgramError(
            "sparse_gemv: engine='counted' knows index='color' only; with an index wavelet all "
            "values share a queue, and a PE that is busy holds up the others of its column. Try "
            "engine=None, or tiles of fewer columns with index='color'"
        )
    wafer = w.shape[0] - 1, w.shape[1]
    outcomes = count_woken(W, X, wafer, tile, skip == "both", w.rules)
    return [Run(w, outcome, "counted", WOKEN) for outcome in outcomes]


def _sum(w: Wafer, runs: list[Run]) -> Run:
    """Launches one after another as one run."""
    if len(runs) == 1:
        return runs[0]
    cycles, hops, ramps = (
        sum(getattr(run, of) for run in runs) for of in ("cycles", "hops", "ramps")
    )
    why = f"{len(runs)} launches, one after another; of each: {runs[0].exact_because}"
    return Run(w, Outcome("ended", cycles, hops, ramps, None, None), runs[0].engine, why)


def _finite(name: str, array: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        quick = np.vdot(array, array) if array.dtype == np.float32 else np.nan
    if not np.isfinite(quick) and not np.isfinite(array).all():  # or their squares are too large
        at = tuple(np.argwhere(~np.isfinite(array))[0].tolist())
        raise ProgramError(
            f"sparse_gemv: {name}{list(at)} is {array[at]}; expected finite numbers, since zero "
            "times that is not zero, and would be left out. Try gemv, which leaves nothing out"
        )
    return array


def _check_colors(w: Wafer, width: int, N: int) -> None:
    most = w.chip.colors - OTHER_COLORS
    if width > most:
        raise ProgramError(
            f"sparse_gemv: tiles are {width} columns wide, and index='color' needs a color for "
            f"each: {w.chip.name} has {w.chip.colors}, {OTHER_COLORS} of them for other "
            f"things. Try a wafer with at least {-(-N // most)} columns, so that tiles have at "
            f"most {most}, or index='wavelet'"
        )


def _check_room(
    W: np.ndarray, wafer: Pair, w: Wafer, per_pe: np.ndarray | None, batch: int
) -> None:
    """Refuse a product of which the fullest PE would keep more than it has room for.

    ``per_pe`` has the non-zeros that each keeps; None where whole tiles are kept.
    """
    room = w.chip.pe_memory_bytes

    def kept(shape: Pair) -> tuple[int, str]:
        """The bytes of the fullest of so many PEs, and what they are."""
        used, (m, n) = tiling(W.shape, shape)
        stored, what = m * n * W.itemsize, f"a tile of {m:,} x {n:,}"
        if per_pe is not None:
            counts = per_pe if shape == wafer else count_by_pe(W, used, (m, n))
            most = int(counts.max())
            stored, what = most * (W.itemsize + INDEX_BYTES), f"{most:,} non-zeros with their rows"
        return stored + (m + n) * batch * W.itemsize, what

    taken, what = kept(wafer)
    if taken > room:
        hint = large_enough(wafer, w.chip, lambda shape: kept(shape)[0] <= room, rows_beside=1)
        smaller = " Or try a smaller batch." * (batch > 1)
        raise MemoryBudgetError(
            f"sparse_gemv: the fullest PE has {what}, and {batch} of x for each column and of y "
            f"for each row: {taken:,} bytes, of {room:,}. {hint}{smaller}"
        )
