"""How many cycles the streamed product of sparse weights takes, without running it.

There is no closed form for columns of PEs that get different numbers of weights: one that has more
holds its neighbours up, output after output. So the waves of partial sums are followed, all columns
at once: a column begins to add when its own weights are done and the wave from its neighbour is
there, ``2 T_R + 2`` later, and ends when the next has taken all but what the way between has room
for. A weight takes

    1 + task_wake + 2 (1 + log2 n) (startup + 1) + 1 + startup + ceil(t / rate)

cycles: to wake, to find the feature by halving, to take the value, to use it for t tokens.
"""

from __future__ import annotations

from math import ceil

import numpy as np

from ..specs import WSE2, Chip
from .cycles import Constants, LayerCycles, sizes_of
from .lanes import share


def sparse_product_cycles(
    nonzeros: np.ndarray,
    *,
    features: int,
    tokens: int,
    wafer: tuple[int, int],
    dtype: str = "float32",
    chip: Chip = WSE2,
    **what_if: int,
) -> LayerCycles:
    """Cycles of `streamed_sparse_product`, from how many weights each column gets for each output.

    Parameters
    ----------
    nonzeros : array of shape (outputs, columns), whole numbers
        The weights that are not zero, by output and column of PEs.
    features, tokens, wafer, dtype, chip
        As those of `product_cycles`.

    Raises
    ------
    ValueError
        A size or a count is out of range, or there is no such type or constant.

    References
    ----------
    The rules of the fabric; tests hold it against stepped runs, within 4 %.

    Examples
    --------
    >>> from wselab.streaming import product_cycles
    >>> count = np.full((64, 8), 2)  # of 8 in each column: 75 % are zero
    >>> sparse_product_cycles(count, features=64, tokens=128, wafer=(8, 8)).cycles
    6865
    >>> product_cycles(outputs=64, features=64, tokens=128, wafer=(8, 8)).cycles
    10638
    """
    count = np.asarray(nonzeros)
    M, R, C, n, t = sizes_of(wafer, len(count) if count.ndim else 0, features, tokens)
    if count.shape != (M, C) or count.dtype.kind not in "iu" or count.min() < 0:
        raise ValueError(
            f"nonzeros: {count.dtype} of shape {count.shape}; expected whole numbers of shape "
            f"(outputs, {C}), one for each output and column of PEs"
        )
    if count.max() > n:
        raise ValueError(
            f"nonzeros: {count.max()} for one column, which has {n} of the {features} features; "
            f"expected at most {n}"
        )
    k = Constants.of(chip, dtype, what_if)
    m = share(M, C)
    look = 1 + k.task_wake + k.gap
    halving = 2 * (1 + k.startup + k.gap)
    weight = look + halving * (1 + _halvings(n)) + 1 + k.startup + ceil(t / k.rate) + 2 * k.gap
    close = look + halving * (1 + _halvings(m + 2)) + k.startup + t + 2 * k.gap
    room = 2 * k.ramp_latency - 1 + 3 * k.queue_depth  # places on the way to a neighbour
    way = R + k.ramp_latency
    free = np.full(C, float(way))  # when a column is done with the output before
    took = np.zeros(C)  # when it began with what its neighbours sent for that one
    for i in range(M):
        ready = free + count[i] * weight + close
        free, took = _add_up(ready, i // m, t, k.hand_over, room, took)
    sent = round((M + int(count.sum(0).max())) * k.every(2 * C))  # by two links a column
    worked = round(free.max())
    return LayerCycles(max(worked, sent + way), worked, sent)


def _add_up(
    ready: np.ndarray, owner: int, t: int, hop: int, room: int, took: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """When each column has done its part of an output, and when it began to take for it.

    ``ready`` is when it could begin, ``took`` when columns began to take for the output before.
    """
    last = len(ready) - 1
    begins = ready.copy()
    begins[:owner] = _wave(ready[:owner], hop)
    begins[owner + 1 :] = _wave(ready[owner + 1 :][::-1], hop)[::-1]
    takes, ends = begins.copy(), begins + t
    if owner > 0:  # the wave from the west, then the one from the east
        takes[owner] = max(ready[owner], begins[owner - 1] + hop)
        ends[owner] = takes[owner] + t
    second = ends[owner] if owner > 0 else ready[owner]
    if owner < last:
        second = max(second, begins[owner + 1] + hop)
        ends[owner] = second + t
    # A column ends when its neighbour has taken all but what the way between them has room for;
    # where that is a whole vector and more, it waits for its neighbour and the one before.
    until, more = (takes, t - room) if t > room else (took, 2 * t - room)
    ends[:owner] = np.maximum(ends[:owner], until[1 : owner + 1] + more)
    if owner < last:
        held = until[owner:-1].copy()
        held[0] = second if t > room else held[0]
        ends[owner + 1 :] = np.maximum(ends[owner + 1 :], held + more)
    return ends, takes


def _wave(ready: np.ndarray, hop: int) -> np.ndarray:
    """When each column in turn begins: when it is ready and the wave is there."""
    lag = hop * np.arange(len(ready))
    return np.maximum.accumulate(ready - lag) + lag


def _halvings(cases: int) -> float:
    """How often so many cases are halved until one is left, in the mean over them."""
    if cases == 1:
        return 0.0
    half = cases // 2
    return 1 + (half * _halvings(half) + (cases - half) * _halvings(cases - half)) / cases
