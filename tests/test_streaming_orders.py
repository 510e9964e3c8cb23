"""Two orders of a streamed layer, output by output and feature by feature: what each one costs."""

from __future__ import annotations

import numpy as np
import pytest

from wselab import WSE2
from wselab.streaming import (
    fabric_costs,
    feature_order_cycles,
    product_cycles,
    schedule,
    streamed_gradient,
    streamed_product,
    training,
)
from wselab.streaming.training.bill import Launch
from wselab.streaming.training.device import Device
from wselab.streaming.training.modules import Linear
from wselab.streaming.training.plan import Plan


def feature_by_feature(W, X, dY, wafer, bias=False, **what_if):
    """The layer as training runs it: its outputs, the gradient of W, its launches, its memory."""
    (M, N), T = W.shape, X.shape[1]
    device = Device(*wafer, weights="streamed", **what_if)
    plan = Plan(device, T)
    x, layer = plan.value("x", N), Linear(N, M, bias=bias)
    layer.name = "layer"
    y = layer(x)
    device.allocate(["parameters", "gradients"])
    plan.load(x.block, X.T)
    plan.load(y.gradient, dY.T)
    weight = plan.parameters[0]
    weight.put(plan.home.values[0], W)
    device.running = True
    plan.nodes[0].forward()
    plan.nodes[0].backward()
    home = np.zeros_like(plan.home.values[0])
    gradients = plan.layers["layer"][1]
    home[:, : len(gradients)] = gradients.view(-1)[0]
    memory = {name: one.bytes_per_pe for name, one in device.wafer.memories.items()}
    return plan.read(y.block, M).T, weight.get(home), device.launches, memory


def numbers(seed, *shape, whole=True):
    rng = np.random.default_rng(seed)
    found = rng.integers(-3, 4, shape) if whole else rng.standard_normal(shape)
    return found.astype(np.float32)


M, N, T, WAFER = 32, 64, 32, (8, 8)


@pytest.mark.parametrize("whole", [True, False])
def test_both_orders_compute_the_same(whole) -> None:
    """Whole numbers to the bit; others but for the rounding of sums in another order."""
    M, N, T, wafer = 11, 21, 10, (2, 4)
    W, X, dY = (numbers(k, *s, whole=whole) for k, s in enumerate([(M, N), (N, T), (M, T)]))
    y, dW, _, _ = feature_by_feature(W, X, dY, wafer)
    pairs = [(y, streamed_product(W, X, wafer)[0], N), (dW, streamed_gradient(dY, X, wafer)[0], T)]
    for one, other, terms in pairs:
        bound = 0 if whole else terms * np.abs(one).max() * np.finfo(np.float32).eps
        assert np.abs(one - other).max() <= bound


def test_feature_by_feature_is_quicker_and_keeps_the_sums_of_all_outputs() -> None:
    """Memory for sums against wavelets that wait: M t sums for t, and a fifth fewer cycles."""
    W, X, dY = numbers(1, M, N), numbers(2, N, T), numbers(3, M, T)
    _, _, launches, memory = feature_by_feature(W, X, dY, WAFER)
    outputs = streamed_product(W, X, WAFER)[1]
    t = T // WAFER[0]
    assert memory["sums"] == 4 * M * t  # where `Lanes` has "partial sums" of 4 t bytes
    told = product_cycles(outputs=M, features=N, tokens=T, wafer=WAFER).cycles
    assert told == pytest.approx(outputs.cycles, rel=0.02)
    assert launches[0].cycles < 0.8 * outputs.cycles
    wide, tokens = 12_288, 50
    assert 4 * wide * tokens == 50 * WSE2.pe_memory_bytes  # a wide layer has no room for them


def test_with_a_slow_host_the_gain_is_gone() -> None:
    """It waits for the first feature's weights, and sends its gradient when all of it is there."""
    W, X, dY = numbers(1, M, N), numbers(2, N, T), numbers(3, M, T)
    _, _, launches, _ = feature_by_feature(W, X, dY, WAFER, io_wavelets=1)
    slow = {"wafer": WAFER, "io_wavelets": 1}
    assert launches[0].cycles > streamed_product(W, X, **slow)[1].cycles
    assert launches[-1].cycles > streamed_gradient(dY, X, **slow)[1].cycles


CASES = [
    (12, 32, 8, (2, 4)),
    (10, 7, 9, (3, 2)),
    (5, 6, 4, (2, 1)),
    (7, 20, 12, (1, 5)),
    (3, 4, 6, (4, 3)),
]
WHAT_IFS = [
    {},
    {"io_wavelets": 1},
    {"startup": 2, "gap": 1},
    {"ramp_latency": 4, "io_wavelets": 2},
    {"queue_depth": 4, "ramp_latency": 1},
]


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("what_if", WHAT_IFS, ids=str)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_launches_of_a_layer_are_predicted(case, what_if, bias) -> None:
    """To the cycle, but for the last operation's gap, and for turns that are no whole cycles."""
    outputs, features, tokens, wafer = case
    W, X, dY = np.ones((outputs, features)), np.ones((features, tokens)), np.ones((outputs, tokens))
    launches = feature_by_feature(W, X, dY, wafer, bias, **what_if)[2]
    sizes = {"outputs": outputs, "features": features, "tokens": tokens, "wafer": wafer}
    told = feature_order_cycles(**sizes, bias=bias, **what_if)
    for launch in launches:
        slack = what_if.get("gap", 0) or wafer[1] % what_if.get("io_wavelets", 1) > 0
        assert abs(told[launch.what].cycles - launch.cycles) <= slack, launch.what


LAYERS = [(12, 32), (8, 12)]  # (outputs, features)


def linear_launches(tokens: int, **what_if: int) -> list[Launch]:
    """The launches of the products in a training step of two layers, streamed."""
    (hidden, features), (outputs, _) = LAYERS
    model = training.Sequential(
        training.Linear(features, hidden, bias=False), training.ReLU(),
        training.Linear(hidden, outputs, bias=False),
    )  # fmt: skip
    backend = training.Backend(2, 4, weights="streamed", **what_if)
    compiled = training.compile(
        model, backend, batch_size=tokens, in_features=features, optimizer=training.SGD(lr=0.1)
    )
    return [one for one in compiled.device.costs if one.what.startswith(("product", "gather"))]


@pytest.mark.parametrize(("tokens", "stalls"), [(4, True), (6, True), (8, False), (12, False)])
def test_the_stalls_of_a_training_step_are_scheduled(tokens, stalls) -> None:
    """Cycles as run, and the tokens from which on no weight is waited for, forward and back.

    Of the runs all wait for the first feature's weights, ``(v - 1) N`` cycles with v = 4.
    """
    step = schedule(fabric_costs(LAYERS, tokens, (2, 4), order="features", io_wavelets=1), ahead=0)
    plenty, slow = linear_launches(tokens), linear_launches(tokens, io_wavelets=1)
    assert step.compute_cycles == sum(one.cycles for one in plenty)
    first = {"forward": 3 * (LAYERS[0][0] + LAYERS[1][0]), "backward": 3 * LAYERS[1][0]}
    for phase, at_first in first.items():
        scheduled = sum(step.stall_cycles.get((f"layer {k}", phase), 0) for k in (1, 2))
        waited = sum(
            one.cycles - other.cycles
            for one, other in zip(slow, plenty, strict=True)
            if one.phase == phase and one.what in ("product", "product with W")
        )
        assert (scheduled > 0) == (waited > at_first) == stalls
        assert waited >= at_first


def test_the_orders_are_two() -> None:
    with pytest.raises(ValueError, match="order='rows' with dtype='float32'"):
        fabric_costs(LAYERS, 4, (2, 4), order="rows")
    with pytest.raises(ValueError, match="order='features' with dtype='float16'"):
        fabric_costs(LAYERS, 4, (2, 4), order="features", dtype="float16")
