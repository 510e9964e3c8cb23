"""Published measurements, predicted: each one that can be reached so far, and why not the others.

A row holds a measurement against what is computed here from public constants. No constant
is fitted, that is, chosen so that a row comes out well, and where a source leaves an input open,
the row is a range over what the input may have been.

Examples
--------
>>> first = next(rows(emulate=False))
>>> first.id, first.published.value, first.predicted, f"{first.errors[0]:+.1f} %"
('V1', 7218, (7162, 7162), '-0.8 %')
"""

from __future__ import annotations

from collections.abc import Iterator

from ...specs import WSE2, Chip
from .counting import cluster_share, defects, gpu_gemv, sparse_training
from .fabric import chain_reduce, two_phase_reduce, wafer_gemv
from .not_reached import NOT_REACHED
from .row import WAYS, Row

__all__ = ["NOT_REACHED", "WAYS", "Row", "rows"]


def rows(emulate: bool = True, chip: Chip = WSE2) -> Iterator[Row]:
    """Every row that can be reached, in the order of the ids, each as soon as it is computed.

    ``emulate=False`` leaves the emulator out: closed forms alone, in well under a second. ``chip``
    is the WSE-2 that the wafer's rows are computed for: a what-if shows what another constant
    would do to the errors.
    """
    for part in (chain_reduce, two_phase_reduce, wafer_gemv):
        yield from part(emulate, chip)
    for count in (gpu_gemv, sparse_training, defects, cluster_share):
        yield from count()
