"""Sequences of different lengths: work, and cycles, of padding, of buckets, and of PEs that stop.

Lengths are counted in tokens, and a token is a unit of work wherever it stands. (Attention costs
more for later tokens; it is left out.)
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .inputs import at_least, whole


def padded_work(lengths: Sequence[int], to: int | None = None) -> int:
    """Tokens computed where every sequence is filled up to ``to``, the longest unless given.

    >>> padded_work([2, 3, 8])
    24
    """
    known = _checked(lengths)
    longest = max(known) if to is None else at_least("to", to, max(known))
    return longest * len(known)


def bucketed_work(lengths: Sequence[int], edges: Sequence[int]) -> int:
    """Tokens computed where every sequence is filled up to the next of some lengths, ``edges``.

    >>> bucketed_work([2, 3, 8], edges=[4, 8])
    16
    """
    known, steps = np.array(_checked(lengths)), np.array(sorted(_checked(edges)))
    if known.max() > steps[-1]:
        raise ValueError(
            f"edges={list(edges)!r}: expected one that the longest sequence, {known.max()}, fits in"
        )
    return int(steps[np.searchsorted(steps, known)].sum())


def wasted(lengths: Sequence[int], work: int) -> float:
    """The share of ``work`` that was done on no token.

    >>> wasted([2, 3, 8], padded_work([2, 3, 8]))
    0.4583333333333333
    """
    needed = sum(_checked(lengths))
    at_least("work", work, needed)
    return 1.0 - needed / work


def cycles_together(lengths: Sequence[int], pes: int, per_token: int = 1) -> int:
    """Cycles where ``pes`` sequences are done at a time, each time until the longest of them ends.

    >>> cycles_together([2, 3, 8, 1, 1, 1], pes=2)  # 3, then 8, then 1
    12
    """
    known, (pes, per_token) = _checked(lengths), whole(pes=pes, per_token=per_token)
    return per_token * sum(max(known[first : first + pes]) for first in range(0, len(known), pes))


def cycles_early(lengths: Sequence[int], pes: int, per_token: int = 1) -> int:
    """Cycles where each PE has every ``pes``-th sequence, and begins its next one when it is free.

    No PE waits for another; the run ends with the one whose sequences are longest together.

    >>> cycles_early([2, 3, 8, 1, 1, 1], pes=2)  # 2 + 8 + 1 in the one, 3 + 1 + 1 in the other
    11
    """
    known, (pes, per_token) = _checked(lengths), whole(pes=pes, per_token=per_token)
    return per_token * max(sum(known[first::pes]) for first in range(min(pes, len(known))))


def _checked(lengths: Sequence[int]) -> list[int]:
    known = [at_least("length", length, 1) for length in lengths]
    if not known:
        raise ValueError("lengths: expected at least one sequence")
    return known
