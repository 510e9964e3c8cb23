"""Sequences of different lengths, where each PE works on the true values and then stops.

A machine that does the same step on all lanes at once fills short sequences up to the longest. A PE
is a processor of its own: the length of its operation is a number that it has, and it ends when its
sequence does.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..fabric import ProgramError, Run, Wafer
from ..specs import WSE2
from .inputs import checked


def relu_sequences(
    x: np.ndarray, lengths: np.ndarray, *, padded: bool = False, chip: Any = WSE2, **what_if: Any
) -> tuple[np.ndarray, Run]:
    """``max(x, 0)`` of the sequences of each PE, up to the length of each, one after another.

    An operation a sequence, ``startup + length`` cycles: a run takes as long as the PE whose
    sequences are longest together. ``padded=True`` is the comparison: every sequence takes as long
    as the longest of all, and what lies behind its end is computed too.

    Parameters
    ----------
    x : array of shape (rows, columns, sequences, longest), float32, float16 or bfloat16
        The sequences of each PE; what lies behind the end of one is not looked at.
    lengths : array of whole numbers, of shape (rows, columns, sequences)
        How long each is.
    padded : bool
        Whether to compute to the longest length.
    chip : wselab.specs.Chip
        What the wafer is a part of.
    **what_if : int or str
        Rules to change, by name.

    Returns
    -------
    value : array of the shape of ``x``
        Zero behind the end of a sequence.
    run : wselab.Run
        With maps: ``run.maps.busy`` has the cycles that each PE worked.

    Raises
    ------
    ProgramError
        An array is of another type or shape, or a length is longer than ``longest``.
    MemoryBudgetError
        The sequences of a PE, and as much for the result, are more than its memory.

    Examples
    --------
    >>> x = np.full((1, 3, 1, 8), 2, np.float32)
    >>> value, run = relu_sequences(x, np.array([[[8], [2], [0]]]))
    >>> value[0, 1, 0].tolist(), run.cycles, run.maps.busy.tolist()
    ([2.0, 2.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0], 8, [[8, 2, 0]])
    """
    x = checked("relu_sequences", "x", x, ("rows", "columns", "sequences", "longest"))
    rows, columns, sequences, longest = x.shape
    lengths = np.asarray(lengths)
    if lengths.shape != x.shape[:3] or lengths.dtype.kind not in "iu":
        raise ProgramError(
            f"relu_sequences: lengths has shape {lengths.shape} of {lengths.dtype}; expected whole "
            f"numbers of shape {x.shape[:3]}, one for each sequence"
        )
    if lengths.min() < 0 or lengths.max() > longest:
        raise ProgramError(
            f"relu_sequences: lengths from {lengths.min()} to {lengths.max()}; expected 0 to "
            f"{longest}, the room in x"
        )
    w = Wafer(rows, columns, chip=chip, **what_if)
    flat = x.reshape(rows, columns, sequences * longest)
    given = w.memory("x", data=flat)
    out = w.memory("out", sequences * longest, dtype=x.dtype)
    for one in range(sequences):
        first = one * longest
        stop = first + (lengths.max() if padded else lengths[:, :, one])
        stop = np.broadcast_to(stop, w.shape)
        w[...].max(given.own[first:stop], 0.0, out=out.own[first:stop])
    run = w.run(maps=True)
    value = out.array.reshape(x.shape)
    if padded:
        value = np.where(np.arange(longest) < lengths[..., None], value, x.dtype.type(0))
    return value, run
