"""Counting a sparse product: how long each PE works follows from how many non-zeros it has.

No cycle is stepped. Two facts make it possible. A value of x travels on the color of its column, on
which no other comes behind it in a launch; so no PE that is busy ever holds up another, and every
wavelet arrives when it was sent and a fixed time later. And a PE takes up one piece of work after
another: it begins with the next one when it is free, or when that is there, whichever is later.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..fabric import Rules
from ..fabric.state import Outcome
from .tiling import zero_padded

Pair = tuple[int, int]
#: Bytes that stay in a core's cache until they are used again.
CACHED = 1 << 19

_COUNTED = (
    "counted, not stepped: each PE's work from its non-zeros, each hand-over by the rules; values "
    "are NumPy's product, which sums in another order. "
)
IN_ORDER = _COUNTED + "Cycles, hops and ramp deliveries are those of a stepped run"
WOKEN = _COUNTED + (
    "Hops and ramp deliveries are those of a stepped run, and so are cycles, unless a value of x "
    "comes to a ramp together with a sum: that one's stream may then go on with a hole, and the "
    "launch takes a cycle more, or a few (in tests fewer than 1 in 50, by less than T_R cycles)"
)


def count_in_order(per_pe: np.ndarray, batch: int, tile: Pair, dtype: str, rules: Rules) -> Outcome:
    """What `write_in_order` takes: PEs that work through all their non-zeros, then the chain.

    ``per_pe`` has how many each PE has, see `count_by_pe`.
    """
    (R, C), (m, n) = per_pe.shape, tile
    each = rules.startup + -(-batch // rules.rate("mac", dtype)) + rules.gap
    all_there = n * batch + 2 * rules.ramp_latency + 1 + rules.gap + np.arange(1, R + 1)[:, None]
    free = all_there + each * per_pe
    if C == 1:
        cycles = int(free.max()) - rules.gap
    else:
        cycles = _chained(free, rules) + m * batch
    wavelets = batch * R * (n * C + m * (C - 1))
    return Outcome("ended", cycles, wavelets, wavelets, None, None)


def count_woken(
    W: np.ndarray, x: np.ndarray, wafer: Pair, tile: Pair, skip_weights: bool, rules: Rules
) -> Iterator[Outcome]:
    """What each launch of `write_woken_by_color` takes, for each column of ``x``, of (N, batch)."""
    (R, C), (m, n) = wafer, tile
    T, step = rules.ramp_latency, rules.startup + 1 + rules.gap
    if skip_weights:
        work = count_by_column(W, wafer, tile) * step
    else:
        one = rules.startup + -(-m // rules.rate("mac", W.dtype.name)) + rules.gap
        work = np.full((1, C, n), one)
    work = work + 1 + rules.task_wake
    below = np.arange(1, R + 1)[:, None]
    for vector in zero_padded(x, (C * n, x.shape[1])).T:
        piece = vector.reshape(C, n)
        there = piece != 0
        # Row 0 compares twice, and sends behind the first comparison or behind the second.
        spent = np.cumsum(2 * step + there * (1 + rules.gap), axis=1)
        begun = 2 * T + 2 + 1 + rules.task_wake
        sent = begun + spent - np.where(piece < 0, 0, step) - (1 + rules.gap)
        end_sent = begun + spent[:, -1]
        # A PE that begins with column j at once and is never idle again ends so much later.
        left = np.cumsum((work * there)[..., ::-1], axis=2)[..., ::-1]
        ends = np.where(there, sent + left, 0).max(axis=2)  # (R or 1, C)
        way = 2 * T + 1 + below
        free = way + np.maximum(ends, end_sent)  # and takes the wavelet that says so
        cycles = int(free.max()) + 1 if C == 1 else _chained(free + 1 + rules.task_wake, rules) + m
        wavelets = R * (int(there.sum()) + C + m * (C - 1)) + C  # values, ends, sums, and "ready"
        yield Outcome("ended", cycles, wavelets, wavelets, None, None)


def count_by_pe(W: np.ndarray, wafer: Pair, tile: Pair) -> np.ndarray:
    """The non-zeros in each PE's tile: an array of the wafer's shape.

    >>> count_by_pe(np.eye(4), wafer=(2, 2), tile=(2, 2)).tolist()
    [[2, 0], [0, 2]]
    """
    return count_by_column(W, wafer, tile).sum(axis=2)


def count_by_column(W: np.ndarray, wafer: Pair, tile: Pair) -> np.ndarray:
    """The non-zeros in each column of each PE's tile: (rows, columns, width of a tile).

    Whole rows of W are added, 255 at a time, since sums up to there fit into a byte. And W is taken
    some rows at a time, so that what is found out of them is added before it leaves the cache.

    >>> count_by_column(np.eye(4), wafer=(2, 2), tile=(2, 2)).tolist()
    [[[1, 1], [0, 0]], [[0, 0], [1, 1]]]
    """
    (R, C), (m, n) = wafer, tile
    whole = R * m, C * n
    full = W if W.shape == whole else zero_padded(W != 0, whole)
    full = full.reshape(R, m, C * n)
    counts = np.zeros((R, C * n), np.int64)
    at_once = min(m, 255)
    rows = max(1, min(R, CACHED // (at_once * C * n)))  # of tiles
    there = np.empty((rows, at_once, C * n), bool)
    for first in range(0, R, rows):
        for top in range(0, m, at_once):
            part = full[first : first + rows, top : top + at_once]
            found = there[: part.shape[0], : part.shape[1]]
            np.not_equal(part, 0, out=found)
            found = found.view(np.uint8)
            counts[first : first + rows] += np.add.reduce(found, axis=1, dtype=np.uint8)
    return counts.reshape(R, C, n)


def _chained(free: np.ndarray, rules: Rules) -> int:
    """The cycle in which the last PE of column 0 begins with the sum, each free from a cycle on.

    A PE begins when it is free, or when the sum is there that the one behind it began before.
    """
    handed_over = (2 * rules.ramp_latency + 2) * np.arange(free.shape[1])
    return int((free + handed_over).max())
