"""The functions that a PE makes out of sums and products keep their bounds."""

from __future__ import annotations

import numpy as np
import pytest

from wselab.streaming.training import functions
from wselab.streaming.training.device import Device

VALUES = 4096


@pytest.fixture(scope="module")
def device():
    device = Device(1, 1)
    for name in ("x", "out", "scratch"):
        device.block(name, VALUES)
    device.allocate()
    return device


def worst_error(device, compute, x, true) -> float:
    """The largest relative error of a function over many numbers."""
    worst = 0.0
    for some in np.array_split(x.astype(np.float32), -(-len(x) // VALUES)):
        device.blocks["x"].values[1, 0] = np.resize(some, VALUES)
        compute()
        found = device.blocks["out"].values[1, 0, : len(some)].astype(np.float64)
        worst = max(worst, float(np.abs(found / true(some.astype(np.float64)) - 1).max()))
    return worst


def test_exp_keeps_its_bound(device):
    """Over all that it is for, from -32 to 32."""
    x, out = device.blocks["x"], device.blocks["out"]
    error = worst_error(
        device, lambda: functions.exp(device.pes, x, out=out), np.linspace(-32, 32, 400_001), np.exp
    )
    assert functions.EXP_BOUND / 4 < error < functions.EXP_BOUND


def test_exp_far_below_is_as_good_as_nothing(device):
    """A class that there is not, or a token that must not be looked at, weighs 1.3e-14 at most."""
    device.blocks["x"].values[...] = -1e30
    functions.exp(device.pes, device.blocks["x"], out=device.blocks["out"])
    assert 0 < device.blocks["out"].values[1].max() < 1.3e-14


@pytest.mark.parametrize(("low", "high"), [(1, 1), (1, 2), (1, 10), (1, 64), (1e-8, 1e6)])
@pytest.mark.parametrize(
    ("name", "true"), [("reciprocal", lambda x: 1 / x), ("rsqrt", lambda x: x**-0.5)]
)
def test_newton_keeps_its_bound(device, name, true, low, high):
    """From one end of any range to the other."""
    x, out, scratch = (device.blocks[one] for one in ("x", "out", "scratch"))
    function = getattr(functions, name)
    error = worst_error(
        device,
        lambda: function(device.pes, x, out=out, scratch=scratch, low=low, high=high),
        np.geomspace(low, high, 40_001),
        true,
    )
    assert error < functions.NEWTON_BOUND


@pytest.mark.parametrize("name", ["reciprocal", "rsqrt"])
def test_a_range_that_is_none_is_refused(device, name):
    """Zero has no reciprocal."""
    x, out, scratch = (device.blocks[one] for one in ("x", "out", "scratch"))
    with pytest.raises(ValueError, match="expected 0 < low <= high"):
        getattr(functions, name)(device.pes, x, out=out, scratch=scratch, low=0.0, high=1.0)


@pytest.mark.parametrize("name", ["exp", "reciprocal", "rsqrt"])
def test_a_function_costs_a_cycle_an_operation_and_element(name):
    """On the wafer: as many cycles as said, and the same bits as the replay."""
    low, high, n = 1e-3, 30.0, 10
    values = np.geomspace(low, high, n).astype(np.float32)
    results = []
    for running in (True, False):
        device = Device(1, 1)
        x, out, scratch = (device.block(one, n) for one in ("x", "out", "scratch"))
        device.allocate()
        x.values[...] = values
        device.running = running
        if name == "exp":
            functions.exp(device.pes, x, out=out)
        else:
            function = getattr(functions, name)
            function(device.pes, x, out=out, scratch=scratch, low=low, high=high)
        if running:
            run = device.wafer.run()
            assert run.cycles == n * functions.operations(name, low, high)
        results.append(out.values[1].copy())
    assert np.array_equal(*results)
