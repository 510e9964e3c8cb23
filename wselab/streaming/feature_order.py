"""How many cycles the products of a training step take, which go feature by feature.

There are two orders in which a linear layer can be streamed, and this package has both.

- *Output by output* (`wselab.streaming.streamed_product`): when the weights of an output have
  passed, its partial sums are added along the row. A PE keeps the sums of one output only, so that
  a layer of any width fits; but all wait while the row adds up, and weights wait in the queues.
- *Feature by feature* (`wselab.streaming.training.products`): a feature's weights to all outputs
  come one after the other, the next feature's while these are used, and the sums of all outputs are
  added along the row at the end, around a ring in which everybody works. That takes fewer cycles,
  and memory for the sums of all outputs: ``4 M t`` bytes for M outputs and t tokens in a PE. With
  the 12,288 outputs of a wide layer and 50 tokens these are 2.5 MB, fifty times what a PE has.

So the training of small models goes feature by feature, and predictions for large ones output by
output. With a slow host the gain is gone: the first feature's weights are waited for, and the
gradient leaves only when all of it is there.

>>> from wselab.streaming import product_cycles
>>> layer = {"outputs": 32, "features": 64, "tokens": 32, "wafer": (8, 8)}
>>> feature_order_cycles(**layer)["product"].cycles, product_cycles(**layer).cycles
(1249, 1622)
"""

from __future__ import annotations

from math import ceil

from ..predict import all_gather_row
from ..specs import WSE2, Chip
from .cycles import Constants, LayerCycles, sizes_of
from .lanes import share


def feature_order_cycles(
    *,
    outputs: int,
    features: int,
    tokens: int,
    wafer: tuple[int, int],
    bias: bool = False,
    chip: Chip = WSE2,
    **what_if: int,
) -> dict[str, LayerCycles]:
    """Cycles of the launches of a linear layer in a training step with streamed weights, float32.

    With n features and t tokens in a PE, N outputs filled up to a multiple of C columns, and a
    wavelet of the host every v cycles, see `wselab.streaming.cycles`:

    - "product": the first feature's weights, ``N v``; then for each feature the longer of using
      them for all tokens, ``N t + 1``, and of the next ones coming, ``N v``; then the sums once
      around the ring;
    - "gather": the gradient of all outputs around the ring, to all PEs of a row;
    - "product with W": as the first, with nothing to add up;
    - "product with x": ``n t N``, and only then ``n N`` values up the columns, v cycles apart.

    Parameters are those of `wselab.streaming.product_cycles`, which says what it raises; ``bias``
    says whether there is one.

    References
    ----------
    The rules of the fabric; tests hold it against runs, to the cycle where v is whole.

    Examples
    --------
    >>> few = feature_order_cycles(
    ...     outputs=32, features=64, tokens=32, wafer=(8, 8), io_wavelets=1
    ... )
    >>> for launch, cycles in few.items():
    ...     print(f"{launch:15} {cycles.cycles:5} {cycles.stall_cycles:5}")
    product          2362  1113
    gather            176     0
    product with W   2186  1113
    product with x   3117  1792
    """
    M, R, C, n, t = sizes_of(wafer, outputs, features, tokens)
    k = Constants.of(chip, "float32", what_if)
    m = share(M, C)
    N, biases = m * C, m if bias else 0
    ring = all_gather_row(pes=C, wavelets=m * t, ramp_latency=k.ramp_latency, gap=k.gap)

    def mac(length: int) -> int:
        return k.startup + ceil(length / k.rate) + k.gap

    def on_memory(length: int) -> int:
        return k.startup + length + k.gap

    def down(work: int, v: float) -> float:
        first = R + k.ramp_latency + N * v
        return first + (n - 1) * max(work + 1, N * v) + work

    def product(v: float) -> float:
        return down(t * mac(N), v) + bias + ring + m * on_memory(t)  # a cycle to take the bias

    def product_with_W(v: float) -> float:
        return down(N * mac(t), v) - k.gap  # which stands before the next operation

    def product_with_x(v: float) -> float:
        sums = n * t * mac(N) + (t * on_memory(m) if bias else 0)
        return sums + (n * N + biases) * v + k.hand_over * (R - 1) + k.ramp_latency + 1

    def gather(v: float) -> float:
        return on_memory(m * t) + ring

    v = k.every(C)
    return {
        launch: LayerCycles(round(cycles(v)), round(cycles(1.0)), round(wavelets * v))
        for launch, cycles, wavelets in (
            ("product", product, n * N + biases),
            ("gather", gather, 0),
            ("product with W", product_with_W, n * N),
            ("product with x", product_with_x, n * N + biases),
        )
    }
