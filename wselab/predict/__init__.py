"""Closed forms: how many cycles the kernels of the same names take, without running them.

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
from .lower_bound import reduce_lower_bound
from .reduce import reduce_2d, reduce_row

__all__ = [
    "all_gather_row",
    "all_reduce_2d",
    "all_reduce_row",
    "all_to_all_row",
    "broadcast",
    "broadcast_row",
    "gemm",
    "gemv",
    "multicast",
    "reduce_2d",
    "reduce_lower_bound",
    "reduce_row",
    "scatter_row",
]
