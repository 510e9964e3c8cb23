"""Weight streaming: how a model runs that does not fit.

The weights live outside, in a `MemoryX`. They pass through the wafer, wavelet by wavelet, and meet
activations that stay; the gradients leave the way the weights came. With many wafers a `SwarmX`
copies the ones and adds the others.

- *On the fabric*, cycle for cycle: `streamed_product`, `streamed_sparse_product`,
  `streamed_gradient`, and their writers, for programs of more layers.
- *By prediction*, at any size: `product_cycles`, `sparse_product_cycles`, `gradient_cycles`, and
  `feature_order_cycles` for the order in which models learn here.
- *A whole step*: `schedule` over `peak_costs` or `fabric_costs`; `tokens_in_flight`, `resident`.
- *Models that learn*: `wselab.streaming.training`.

Examples
--------
>>> import numpy as np
>>> from wselab import streaming
>>> W, X = np.ones((12, 12), np.float32), np.ones((12, 32), np.float32)
>>> Y, run = streaming.streamed_product(W, X, wafer=(2, 4))
>>> run.cycles, streaming.product_cycles(outputs=12, features=12, tokens=32, wafer=(2, 4)).cycles
(946, 946)
"""

from .costs import Wire, fabric_costs, layers_of, peak_costs
from .cycles import LayerCycles, gradient_cycles, product_cycles
from .feature_order import feature_order_cycles
from .gradient import from_columns, streamed_gradient, write_gradient
from .in_flight import InFlight, Resident, resident, tokens_in_flight, tokens_without_stall
from .lanes import Lanes, gather, share, spread
from .memoryx import MemoryX
from .product import streamed_product, write_product
from .schedule import LayerCost, Schedule, Span, rows_of, schedule
from .sparse_cycles import sparse_product_cycles
from .sparse_product import streamed_sparse_product, write_sparse_product
from .swarmx import SwarmX

__all__ = [
    "InFlight",
    "Lanes",
    "LayerCost",
    "LayerCycles",
    "MemoryX",
    "Resident",
    "Schedule",
    "Span",
    "SwarmX",
    "Wire",
    "fabric_costs",
    "feature_order_cycles",
    "from_columns",
    "gather",
    "gradient_cycles",
    "layers_of",
    "peak_costs",
    "product_cycles",
    "resident",
    "rows_of",
    "schedule",
    "share",
    "sparse_product_cycles",
    "spread",
    "streamed_gradient",
    "streamed_product",
    "streamed_sparse_product",
    "tokens_in_flight",
    "tokens_without_stall",
    "write_gradient",
    "write_product",
    "write_sparse_product",
]
