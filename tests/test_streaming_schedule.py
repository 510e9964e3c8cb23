"""Schedules, costs, tokens in flight, MemoryX and SwarmX: by hand, and against the sources."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from wselab import WSE1, WSE2, WSE3
from wselab.specs import SWARMX
from wselab.specs.models import GPT3_175B, GPT3_XL, GPT_OSS_120B, LLAMA3_8B, LLAMA3_70B
from wselab.streaming import (
    LayerCost,
    MemoryX,
    SwarmX,
    Wire,
    fabric_costs,
    layers_of,
    peak_costs,
    resident,
    rows_of,
    schedule,
    streamed_gradient,
    streamed_product,
    tokens_in_flight,
    tokens_without_stall,
)


def spans_of(step) -> set[tuple]:
    return {(s.layer, s.what, s.phase, s.start_cycle, s.end_cycle) for s in step.spans}


def test_a_layer_with_long_weights_stalls_where_nothing_waits_on_the_wafer() -> None:
    """A computes 30 cycles, B's weights take 40 and come when A has ended."""
    step = schedule([LayerCost("A", 10, 30), LayerCost("B", 40, 20)], ahead=0, training=False)
    assert spans_of(step) == {
        ("A", "transfer", "forward", 0, 10),
        ("A", "compute", "forward", 0, 30),
        ("B", "transfer", "forward", 30, 70),
        ("B", "compute", "forward", 30, 70),
    }
    assert step.stall_cycles == {("A", "forward"): 0, ("B", "forward"): 20}
    assert (step.total_cycles, step.compute_cycles) == (70, 50)


def test_double_buffering_hides_it() -> None:
    """B's weights come while A computes, C's wait until A has ended."""
    layers = [LayerCost("A", 10, 30), LayerCost("B", 40, 20), LayerCost("C", 5, 5)]
    step = schedule(layers, ahead=1, training=False)
    assert ("B", "transfer", "forward", 10, 50) in spans_of(step)
    assert ("C", "transfer", "forward", 50, 55) in spans_of(step)
    assert step.total_cycles == 55 and not any(step.stall_cycles.values())
    early = [LayerCost("A", 1, 30), LayerCost("B", 1, 30), LayerCost("C", 1, 30)]
    assert ("C", "transfer", "forward", 30, 31) in spans_of(schedule(early, training=False))
    assert ("C", "transfer", "forward", 2, 3) in spans_of(schedule(early, ahead=2, training=False))


def test_the_way_back_sends_weights_again_and_gradients_once() -> None:
    """One layer: forward 0-30; back 30-55; its gradient computed 55-75 while it leaves."""
    step = schedule([LayerCost("A", 10, 30, 12, 25, 20, 35)], latency_cycles=3)
    assert spans_of(step) == {
        ("A", "transfer", "forward", 0, 10),
        ("A", "compute", "forward", 3, 33),
        ("A", "transfer", "backward", 10, 22),
        ("A", "compute", "backward", 33, 58),
        ("A", "compute", "gradient", 58, 93),  # 15 more than it computes: the link back
        ("A", "transfer", "gradient", 58, 96),
    }
    assert step.stall_cycles["A", "gradient"] == 15
    assert (step.sent_cycles, step.returned_cycles) == (22, 35)


@pytest.mark.parametrize("ahead", [0, 1, 2, 5])
@pytest.mark.parametrize("seed", range(6))
def test_a_schedule_keeps_its_rules(ahead: int, seed: int) -> None:
    """On random layers: one at a time, no use before arrival, no more waiting than allowed."""
    rng = np.random.default_rng(seed)
    layers = [LayerCost(f"{n}", *map(int, rng.integers(0, 50, 6))) for n in range(7)]
    step = schedule(layers, ahead=ahead)
    spans = step.spans
    compute = [s for s in spans if s.what == "compute"]
    for one, then in pairwise(compute):
        assert one.end_cycle <= then.start_cycle or one.start_cycle == one.end_cycle
    for back in (False, True):
        link = [s for s in spans if s.what == "transfer" and (s.phase == "gradient") == back]
        assert all(a.end_cycle <= b.start_cycle for a, b in pairwise(link))
    turns = [
        (s, t) for s, t in pairwise(spans)
        if s.what == "transfer" and s.phase != "gradient"
    ]  # fmt: skip
    ended = []
    for number, (transfer, use) in enumerate(turns):
        assert transfer.start_cycle <= use.start_cycle and transfer.end_cycle <= use.end_cycle
        if number > ahead:
            assert transfer.start_cycle >= ended[number - ahead - 1]
        gradients = [s for s in compute if s.phase == "gradient" and s.layer == use.layer]
        ended.append(gradients[0].end_cycle if use.phase == "backward" else use.end_cycle)
    assert step.total_cycles >= step.compute_cycles
    assert sum(step.stall_cycles.values()) == compute[-1].end_cycle - step.compute_cycles
    assert schedule(layers, ahead=ahead + 1).total_cycles <= step.total_cycles
    assert rows_of(step)[0]["layer"] == "0"


def test_a_first_layer_is_not_gone_back_through() -> None:
    """Nothing is sent or computed for the gradient of the data, only for that of the weights."""
    step = schedule([LayerCost("A", 10, 30, 0, 0, 20, 35), LayerCost("B", 5, 9, 7, 9, 9, 5)])
    backward = {(s.layer, s.what) for s in step.spans if s.phase == "backward"}
    assert backward == {("B", "transfer"), ("B", "compute")}
    assert ("A", "backward") not in step.stall_cycles and step.sent_cycles == 10 + 5 + 7


def test_tokens_in_flight_are_those_of_the_record() -> None:
    """About 104,000 wanted and 18,600 that fit, from the facts of the chip and the model."""
    found = tokens_in_flight(GPT3_175B)
    io = WSE3.io_bandwidth_bits_per_s / 16
    assert found.needed_tokens == -(-WSE3.peak_fp16_dense_flop_per_s // (2 * io))
    assert found.fitting_tokens == WSE3.sram_bytes // (2 * GPT3_175B.width * GPT3_175B.layers)
    assert round(found.needed_tokens, -3) == 104_000 and round(found.fitting_tokens, -2) == 18_600
    assert found.stalls and not tokens_in_flight(LLAMA3_8B).stalls
    assert "104,167" in str(found) and "18,649 fit" in str(found)


@pytest.mark.parametrize("model", [GPT3_XL, LLAMA3_8B, GPT3_175B], ids=lambda m: m.name)
def test_where_it_turns_every_layer_stops_to_stall_however_thin(model) -> None:
    """A thin layer computes less and loads less: the same tokens for all widths."""
    turn = tokens_without_stall(WSE2)
    enough = schedule(peak_costs(model, turn), training=False)
    short = schedule(peak_costs(model, turn * 99 // 100), training=False)
    assert sum(enough.stall_cycles.values()) <= model.layers  # a cycle of rounding a layer
    assert all(stall > 0 for stall in short.stall_cycles.values())


def test_sparse_weights_come_sooner_and_want_more_tokens() -> None:
    """At half of the weights index and value take as long as all did."""
    all_of_them, half, few = (
        peak_costs(GPT3_XL, 1000, wire=Wire(density=d)) for d in (1.0, 0.5, 0.25)
    )
    assert all_of_them[0].weights_cycles == half[0].weights_cycles
    assert few[0].weights_cycles == pytest.approx(all_of_them[0].weights_cycles / 2, abs=1)
    assert few[0].forward_cycles == pytest.approx(all_of_them[0].forward_cycles / 4, abs=1)
    assert tokens_without_stall(WSE2, Wire(density=0.25)) == 2 * tokens_without_stall(WSE2)


def test_a_pass_of_gpt_3_takes_what_its_bits_do() -> None:
    """2.33 s at 1.2 Tb/s, twice for 32 bits; weights go out twice and gradients back once."""
    step = schedule(peak_costs(GPT3_175B, 1), training=False)
    assert step.seconds() == pytest.approx(GPT3_175B.parameters * 16 / 1.2e12, rel=1e-6)
    assert round(step.seconds(), 2) == 2.33
    wide = schedule(peak_costs(GPT3_175B, 1, wire=Wire(weight_bits=32)), training=False)
    assert round(wide.seconds(), 2) == 4.66
    for model in (GPT3_XL, GPT3_175B):
        whole = schedule(peak_costs(model, 4096))
        assert whole.sent_cycles == 2 * whole.returned_cycles


def test_layers_have_all_weights_of_a_model() -> None:
    for model in (GPT3_XL, GPT3_175B, LLAMA3_70B):
        assert sum(layers_of(model).values()) == model.parameters
        assert len(layers_of(model)) == model.layers + 1


def test_costs_on_the_fabric_are_those_of_its_programs() -> None:
    """The forward cost of a layer is what a run of it takes."""
    cost = fabric_costs([(12, 12)], 32, (2, 4))[0]
    run = streamed_product(np.ones((12, 12), "f"), np.ones((12, 32), "f"), (2, 4))[1]
    assert cost.forward_cycles == pytest.approx(run.cycles, rel=0.02)


def cycles_of_a_step(shapes, tokens: int, wafer, **what_if: int) -> int:
    """Of all products of a training step, run one after the other: forward, then back."""

    def ones(*shape: int) -> np.ndarray:
        return np.ones(shape, np.float32)

    total = 0
    for number, (M, N) in enumerate(shapes):
        total += streamed_product(ones(M, N), ones(N, tokens), wafer, **what_if)[1].cycles
        total += streamed_gradient(ones(M, tokens), ones(N, tokens), wafer, **what_if)[1].cycles
        if number > 0:  # nobody asks for the gradient of the data
            total += streamed_product(ones(N, M), ones(M, tokens), wafer, **what_if)[1].cycles
    return total


def test_a_training_step_stops_to_stall_where_it_is_scheduled_to() -> None:
    """From 6 tokens on nothing is waited for but the first wavelets and the last: 3 %."""
    shapes, wafer = [(12, 32), (8, 12)], (2, 4)
    for tokens, stalls in ((4, True), (6, False), (8, False)):
        costs = fabric_costs(shapes, tokens, wafer, io_wavelets=1)
        assert costs[0].weights_back_cycles == costs[0].backward_cycles == 0
        assert costs[1].weights_back_cycles == 12 * 2 * 4 < costs[0].weights_cycles
        step = schedule(costs, ahead=0)
        assert any(step.stall_cycles.values()) == stalls
        slow, plenty = (cycles_of_a_step(shapes, tokens, wafer, io_wavelets=io) for io in (1, 4))
        assert (slow - plenty > 0.04 * slow) == stalls
        assert step.compute_cycles == pytest.approx(plenty, rel=0.02)
        if not stalls:
            assert step.total_cycles == pytest.approx(slow, rel=0.03)


@pytest.mark.parametrize("model", [GPT3_XL, GPT3_175B], ids=lambda m: m.name)
def test_a_whole_step_wants_as_many_tokens_as_its_forward_part(model) -> None:
    """Weights that come again are used as often; gradients that leave have cost as much."""
    turn = tokens_without_stall(WSE3)
    enough, short = (
        schedule(peak_costs(model, tokens, chip=WSE3), ahead=0) for tokens in (turn, turn * 9 // 10)
    )
    assert max(enough.stall_cycles.values()) <= 1  # of rounding
    assert all(stall > 1 for stall in short.stall_cycles.values())


def test_resident_or_streamed() -> None:
    """GPT-3 XL trains in SRAM, GPT-3 175B does not, and the parts are named."""
    small, large = resident(GPT3_XL, 4096), resident(GPT3_175B, 4096)
    assert small.fits and "it fits" in str(small)
    assert not large.fits and "must be streamed" in str(large)
    assert small.needed_bytes == sum(small.parts_bytes.values())
    assert resident(WSE3.sram_bytes // 12, 0).fits
    assert not resident(WSE3.sram_bytes // 12 + 1, 0).fits


def test_memoryx_holds_updates_and_counts() -> None:
    """The copy inside moves, the caller's does not; each byte over the wire is counted."""

    def rule(weights, gradient, state) -> None:
        state["count"] += 1
        weights -= np.float32(0.5) * gradient

    W = np.ones((2, 3), np.float32)
    store = MemoryX(capacity_bytes=100)
    store.hold("a", W, count=np.zeros(1, np.float32))
    assert store.held_bytes == 28
    half = store.send("a", np.float16)
    assert half.dtype == np.float16 and store.sent_bytes == 12
    half[...] = 7
    store.update("a", np.ones((2, 3), np.float32), rule)
    assert (store.send("a") == 0.5).all() and (W == 1).all() and store.state("a")["count"] == 1
    assert (store.sent_bytes, store.received_bytes) == (36, 24)
    assert store.transfer_s(1.5e11) == pytest.approx(1.0)
    with pytest.raises(ValueError, match=r"'b' does not fit: 100 bytes, and 108 would be taken"):
        store.hold("b", np.ones(20, np.float32))


def test_swarmx_adds_in_the_order_of_the_tree() -> None:
    """Whichever order they come in; copied once, at the cost of latency alone."""
    rng = np.random.default_rng(0)
    gradients = [rng.standard_normal(50).astype(np.float32) for _ in range(10)]
    a = [sum(gradients[k + 1 : k + 4], gradients[k]) for k in (0, 4)]
    expected = (a[0] + a[1]) + (gradients[8] + gradients[9])
    tree = SwarmX(10, fan_out=4)
    assert np.array_equal(tree.add(gradients), expected) and tree.levels == 2
    lone = SwarmX(1)
    assert lone.levels == 0 and (lone.add(gradients[:1]) == gradients[0]).all()
    bytes_ = 3.6e9
    for wafers in (4, 64, SWARMX.cs3_wafers):
        more = SwarmX(wafers).broadcast_s(bytes_) - lone.broadcast_s(bytes_)
        assert more == pytest.approx(SwarmX(wafers).levels * SWARMX.node_latency_s)
    assert tree.reduce_s(0) == pytest.approx(2 * SWARMX.node_latency_s)


WRONG = {
    "tokens": (lambda: peak_costs(GPT3_XL, -5), "tokens=-5; expected a whole number"),
    "experts": (lambda: peak_costs(GPT_OSS_120B, 5), "has experts"),
    "no model": (lambda: layers_of(7), "expected a language model"),
    "bandwidth": (lambda: tokens_without_stall(bandwidth_bits_per_s=0), "bandwidth_bits_per_s=0"),
    "chip": (lambda: tokens_without_stall(WSE1), "'WSE-1' has no io_bandwidth_bits_per_s"),
    "density": (lambda: Wire(density=0), "density=0"),
    "index": (lambda: Wire(index_bits=-1), "index_bits=-1"),
    "ahead": (lambda: schedule([LayerCost("A", 1, 1)], ahead=-1), "ahead=-1"),
    "no room ahead": (lambda: tokens_in_flight(GPT3_XL, ahead=-1), "ahead=-1"),
    "no layers": (lambda: schedule([]), "no layers"),
    "one name": (lambda: schedule([LayerCost("A", 1, 1)] * 2), "two layers have one name"),
    "cost": (lambda: replace(LayerCost("A", 1, 1), forward_cycles=-1), "forward_cycles=-1"),
    "clock": (lambda: schedule([LayerCost("A", 1, 1)], clock_hz=0), "clock_hz=0"),
    "capacity": (lambda: MemoryX(0), "capacity_bytes=0; expected a number above 0"),
    "model": (lambda: MemoryX(1e12).check_model(GPT3_175B), "Try a capacity_bytes of 1.75e"),
    "unknown": (lambda: MemoryX().send("a"), "no 'a'; it holds nothing yet"),
    "bytes": (lambda: MemoryX().transfer_s(-1), "size_bytes=-1"),
    "integers": (lambda: MemoryX().hold("a", np.ones(3, int)), "floating-point"),
    "wafers": (lambda: SwarmX(3000), "from 1 to 2,048"),
    "fan out": (lambda: SwarmX(3, fan_out=1), "fan_out=1"),
    "latency": (lambda: SwarmX(3, node_latency_s=-1.0), "node_latency_s=-1.0"),
    "no bytes": (lambda: SwarmX(3).broadcast_s(-1), "size_bytes=-1"),
    "gradients": (lambda: SwarmX(3).add([np.ones(2)]), "1 gradients .*expected 3"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said(name: str) -> None:
    call, words = WRONG[name]
    with pytest.raises(ValueError, match=words):
        call()


def test_a_gradient_of_another_shape_and_a_second_name_are_refused() -> None:
    store = MemoryX()
    store.hold("a", np.ones((2, 3), np.float32))
    with pytest.raises(ValueError, match=r"shape \(3, 2\) for 'a'"):
        store.update("a", np.ones((3, 2), np.float32), lambda *_: None)
    with pytest.raises(ValueError, match="held already"):
        store.hold("a", np.ones(1, np.float32))
