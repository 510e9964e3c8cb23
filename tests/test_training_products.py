"""The products of a linear layer: run on every engine, replayed, and in double precision."""

from __future__ import annotations

import numpy as np
import pytest

from wselab.fabric import ProgramError, Wafer
from wselab.streaming.training.device import Device
from wselab.streaming.training.modules import Linear
from wselab.streaming.training.plan import Plan

SHAPES = [
    # rows, columns, batch, features, outputs
    (1, 1, 1, 1, 1),
    (1, 1, 3, 4, 2),
    (1, 4, 2, 5, 7),
    (3, 1, 7, 3, 2),
    (2, 3, 5, 7, 4),
    (4, 2, 9, 2, 6),
]


def laid_out(shape, weights, bias, sparsity=0.0, there=True, **kind):
    """A linear layer on a device, with numbers everywhere."""
    rows, columns, batch, features, outputs = shape
    device = Device(rows, columns, weights=weights, **kind)
    plan = Plan(device, batch)
    x = plan.value("x", features)
    layer = Linear(features, outputs, bias, sparsity=sparsity)
    layer.name = "layer"
    y = layer(x)
    device.allocate(["parameters", "gradients"])
    rng = np.random.default_rng(1)
    numbers = {name: rng.standard_normal(size) for name, size in (
        ("x", (batch, features)), ("dy", (batch, outputs)),
    )}  # fmt: skip
    for block, name in ((x.block, "x"), (y.gradient, "dy")):
        plan.load(block, numbers[name].astype(np.float32))
    for one in plan.parameters:
        numbers[one.name] = rng.standard_normal(one.shape)
        if one.name.endswith("weight"):
            numbers[one.name] *= there
        one.put(plan.home.values[0], numbers[one.name].astype(np.float32))
    return device, plan, x, y, numbers


def computed(shape, weights="resident", bias=True, run=True, again=False, **kind):
    """All that the layer computes, in one array after the other, and the launches."""
    device, plan, x, y, numbers = laid_out(shape, weights, bias, **kind)
    node = plan.nodes[0]
    device.running = run
    if not run:
        costs = computed(shape, weights, bias, again=again, **kind)[1] if device.wafer else []
        device.costs = costs
    node.forward()
    node.backward()
    if again:  # a second gradient is added to the first
        node.backward()
    launches = device.launches
    found = [
        plan.read(y.block, y.features).copy(),
        plan.read(x.gradient, x.features).copy(),
    ]
    _, gradients = plan.layers["layer"]
    home = np.zeros_like(plan.home.values[0])
    home[:, : len(gradients)] = gradients.view(-1)[0]
    found += [one.get(home) for one in plan.parameters]
    return found, launches, numbers


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("weights", ["resident", "streamed"])
@pytest.mark.parametrize("shape", SHAPES)
def test_products_are_right(shape, weights, bias):
    """Against NumPy in double precision, within what sums of float32 can lose."""
    (y, dx, dW, *db), _, n = computed(shape, weights, bias)
    W, x, dy = (n[name].astype(np.float32).astype(float) for name in ("layer.weight", "x", "dy"))
    b = n["layer.bias"].astype(np.float32) if bias else 0
    pairs = [(y, x @ W.T + b), (dx, dy @ W), (dW, dy.T @ x)]
    pairs += [(db[0], dy.sum(0))] if bias else []
    terms = max(shape) + 2
    for found, true in pairs:
        assert found.shape == true.shape
        assert np.abs(found - true).max() <= 2 * terms * 2.0**-24 * 10 * terms


@pytest.mark.parametrize("shape", SHAPES)
def test_a_replay_has_the_same_bits(shape):
    """The lines of NumPy sum in the order of the fabric; so does the wafer that streams."""
    for again in (False, True):
        run = computed(shape, again=again)[0]
        for weights, how in (("resident", False), ("streamed", True)):
            other = computed(shape, weights, run=how, again=again)[0]
            assert all(np.array_equal(a, b) for a, b in zip(run, other, strict=True))


def test_a_second_gradient_is_added():
    """Of a value that two layers use; run, replayed and in double precision."""
    shape = SHAPES[4]
    once, twice = (computed(shape, run=False, again=again, dtype="float64")[0] for again in (0, 1))
    assert np.allclose(2 * once[1], twice[1], rtol=1e-12)
    run = computed(shape, again=True)[0]
    assert np.allclose(run[1], twice[1], atol=1e-4)


@pytest.mark.parametrize("engine", ["reference", "lockstep"])
def test_every_engine_agrees(engine, monkeypatch):
    """To the bit of every value and in cycles, hops and ramp deliveries."""
    shape = SHAPES[4]
    fast, launches, _ = computed(shape)
    real = Wafer.run
    monkeypatch.setattr(
        Wafer, "run", lambda self, **words: real(self, **{**words, "engine": engine})
    )
    slow, others, _ = computed(shape)
    assert all(np.array_equal(a, b) for a, b in zip(fast, slow, strict=True))
    for one, other in zip(launches, others, strict=True):
        assert (one.engine, other.engine) == ("bitplane", engine)
        counts = [(a.cycles, a.hops, a.ramps, a.busy_cycles) for a in (one, other)]
        assert counts[0] == counts[1]


@pytest.mark.parametrize("weights", ["resident", "streamed"])
def test_a_launch_is_its_work_and_its_waits(weights):
    """The busiest PE's own work: a multiply-accumulate for each weight and token, and the sums."""
    rows, columns, batch, features, outputs = shape = (4, 2, 32, 8, 6)
    launches = {one.what: one for one in computed(shape, weights)[1]}
    tokens, own, macs = batch // rows, features // columns, batch * features * outputs // 8
    assert launches["product"].busy_cycles == macs + 2 * (outputs // columns) * tokens
    assert launches["product with W"].busy_cycles == macs
    sums = own * outputs + outputs // columns  # a column's part of the gradient
    assert launches["product with x"].busy_cycles == macs + tokens * outputs // columns + sums
    assert all(0 < one.stalled_cycles < 100 for one in launches.values())


def test_streamed_weights_are_forgotten():
    """After the forward product no computing PE holds more of W than the two rows that passed."""
    shape = (2, 2, 4, 12, 2)
    device, plan, *_ = laid_out(shape, "streamed", bias=False)
    device.running = True
    plan.nodes[0].forward()
    W = plan.parameters[0].get(plan.home.values[0])
    kept = np.concatenate([block.memory.array.ravel() for block in device.blocks.values()
                           if block.memory is not None])  # fmt: skip
    assert np.isin(W, kept).sum() == 2 * 2 * shape[4]  # two rows of two values a column


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("sparsity", [0.5, 0.9])
def test_a_sparse_product_is_a_dense_one_with_zeros(shape, sparsity):
    """Run, streamed and replayed have its values, and the gradient of what is there."""
    dense = computed(shape)
    layer = Linear(shape[3], shape[4], sparsity=sparsity)
    there = np.zeros(shape[4:2:-1], bool)
    np.put_along_axis(there, layer.kept().T, True, 0)
    with_zeros = computed(shape, there=there)[0]
    for weights, run in (("resident", True), ("streamed", True), ("resident", False)):
        y, dx, dW, db = computed(shape, weights, run=run, sparsity=sparsity)[0]
        assert np.array_equal(y, with_zeros[0]) and np.array_equal(dx, with_zeros[1])
        assert np.array_equal(dW, np.where(there, dense[0][2], 0))
        assert np.array_equal(db, dense[0][3])


@pytest.mark.parametrize("sparsity", [0.0, 0.75])
@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize("shape", SHAPES)
def test_factors_of_16_bits(shape, dtype, sparsity):
    """Products of rounded factors, added up in float32: the same bits run, streamed, replayed."""
    run, _, n = computed(shape, dtype=dtype, sparsity=sparsity)
    for weights, how in (("streamed", True), ("resident", False)):
        other = computed(shape, weights, run=how, dtype=dtype, sparsity=sparsity)[0]
        assert all(np.array_equal(a, b) for a, b in zip(run, other, strict=True))
    if sparsity:
        return

    def rounded(name):
        return n[name].astype(np.float32).astype(dtype).astype(float)

    W, x, dy = (rounded(name) for name in ("layer.weight", "x", "dy"))
    b = n["layer.bias"].astype(np.float32)
    for found, true in zip(run, (x @ W.T + b, dy @ W, dy.T @ x), strict=False):
        assert np.abs(found - true).max() < 1e-4
    whole = computed(shape)[0]
    assert not np.array_equal(run[0], whole[0])


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_factors_of_16_bits_take_fewer_cycles(dtype):
    """Two multiply-accumulates a cycle; the copies that are rounded cost something."""
    shape = (4, 4, 64, 32, 32)
    cycles = {
        kind: {one.what: one.cycles for one in computed(shape, dtype=kind)[1]}
        for kind in (dtype, "float32")
    }
    for what in ("product", "product with W", "product with x"):
        assert cycles[dtype][what] < 0.75 * cycles["float32"][what]


def test_a_quarter_of_the_weights_takes_fewer_cycles_and_bytes():
    """In each of the three products, and at half the weights already in most."""
    shape = (4, 4, 32, 32, 32)
    cycles, edge = {}, {}
    for sparsity in (0.0, 0.5, 0.75):
        launches = computed(shape, "streamed", sparsity=sparsity)[1]
        cycles[sparsity] = {one.what: one.cycles for one in launches}
        edge[sparsity] = sum(one.edge_wavelets for one in launches)
    for what in ("product", "product with W", "product with x"):
        assert cycles[0.75][what] < 0.6 * cycles[0.0][what]
    assert cycles[0.75]["gather"] == cycles[0.0]["gather"]
    assert edge[0.0] == 3 * 32 * 32 + 2 * 32 and edge[0.75] == 3 * 32 * 8 + 2 * 32
    assert cycles[0.5]["product with W"] < 0.6 * cycles[0.0]["product with W"]


@pytest.mark.parametrize("sparsity", [1.0, -0.1, 75])
def test_a_sparsity_that_is_none_is_refused(sparsity):
    """It is a share."""
    with pytest.raises(ProgramError, match="expected 0 to below 1"):
        Linear(4, 4, sparsity=sparsity)
