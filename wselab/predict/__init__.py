"""Predictions: how many cycles the kernels of the same names take, without running them.

They are closed forms, but for `gemm`, which follows its steps by a recurrence, and `sparse_gemv`,
which expects a number from how zeros are drawn.
Each takes sizes by keyword and gives cycles. The constants are a chip's, and can be set for what-if
questions where the formula has them: ``ramp_latency=3``. There is no limit of size: what fits no
wafer can be predicted too. Nothing here knows the programs of `wselab.kernels`; the tests compare
the two.

Examples
--------
>>> from wselab import predict
>>> predict.reduce_2d(rows=994, columns=750, wavelets=256)
10964
>>> predict.broadcast(rows=994, columns=750, wavelets=256)
2003
"""

from .all_reduce import all_reduce_2d, all_reduce_row
from .broadcast import broadcast, broadcast_row, multicast
from .exchange import all_gather_row, all_to_all_row, scatter_row
from .gemm import gemm
from .gemv import gemv
from .imbalance import expected_most
from .lower_bound import reduce_lower_bound
from .reduce import reduce_2d, reduce_row
from .sequences import bucketed_work, cycles_early, cycles_together, padded_work, wasted
from .sparse import break_even_density, ideal_speedup, sparse_gemv, two_of_four_speedup
from .training import active_share, training_flop

__all__ = [
    "active_share",
    "all_gather_row",
    "all_reduce_2d",
    "all_reduce_row",
    "all_to_all_row",
    "break_even_density",
    "broadcast",
    "broadcast_row",
    "bucketed_work",
    "cycles_early",
    "cycles_together",
    "expected_most",
    "gemm",
    "gemv",
    "ideal_speedup",
    "multicast",
    "padded_work",
    "reduce_2d",
    "reduce_lower_bound",
    "reduce_row",
    "scatter_row",
    "sparse_gemv",
    "training_flop",
    "two_of_four_speedup",
    "wasted",
]
