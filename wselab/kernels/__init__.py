"""Programs for the fabric: collectives, and the products built from them.

Every kernel is called on plain arrays and gives the result and the run::

    value, run = NAME(arrays..., chip=WSE2, **what_if)

``what_if`` changes a rule of the fabric by name: ``ramp_latency=3`` (see `wselab.fabric.rules`).
``on="gpu"`` goes the same way, to where the run is computed (see `wselab.fabric.engines.backend`).
The caller's arrays are only read, and nothing is converted. Each kernel loads its arrays into a
wafer, lets a *writer* put the program on it, and runs it; the writers (``write_...(w, ...)``) are
there to be read and to be used in other programs. Each uses colors of its own, so one wafer takes
a writer once; it gives a function of the same memories that writes the operations again for the
next launch, for which the routes stay.

`wselab.predict` has closed forms of the same names, which know nothing of these programs.

Examples
--------
>>> import numpy as np
>>> from wselab import kernels
>>> total, run = kernels.reduce_row(np.ones((1, 512, 8), np.float32))
>>> total
array([[512., 512., 512., 512., 512., 512., 512., 512.]], dtype=float32)
>>> run.cycles
3074
"""

from .all_reduce import all_reduce_2d, all_reduce_row, write_all_reduce_row, write_ring
from .broadcast import (
    broadcast,
    broadcast_row,
    write_broadcast,
    write_broadcast_down,
    write_broadcast_row,
)
from .cannon import write_cannon
from .chain import write_chain_north, write_chain_west, write_snake
from .exchange import all_to_all_row, scatter_row, write_all_to_all_row, write_scatter_row
from .gather import all_gather_row, write_all_gather_row
from .gemm import gemm
from .gemm_tiles import gemm_plan
from .gemv import gemv
from .gemv_layouts import Plan, gemv_plan
from .gemv_program import write_gemv
from .multicast import multicast, write_multicast
from .pruning import energy_kept, prune, prune_two_of_four
from .reduce import reduce_2d, reduce_row, write_reduce_2d, write_reduce_row
from .sequences import relu_sequences
from .sparse import sparse_gemv
from .summa import write_summa

__all__ = [
    "Plan",
    "all_gather_row",
    "all_reduce_2d",
    "all_reduce_row",
    "all_to_all_row",
    "broadcast",
    "broadcast_row",
    "energy_kept",
    "gemm",
    "gemm_plan",
    "gemv",
    "gemv_plan",
    "multicast",
    "prune",
    "prune_two_of_four",
    "reduce_2d",
    "reduce_row",
    "relu_sequences",
    "scatter_row",
    "sparse_gemv",
    "write_all_gather_row",
    "write_all_reduce_row",
    "write_all_to_all_row",
    "write_broadcast",
    "write_broadcast_down",
    "write_broadcast_row",
    "write_cannon",
    "write_chain_north",
    "write_chain_west",
    "write_gemv",
    "write_multicast",
    "write_reduce_2d",
    "write_reduce_row",
    "write_ring",
    "write_scatter_row",
    "write_snake",
    "write_summa",
]
