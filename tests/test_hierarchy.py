"""Rooflines, levels, caches and what fits: closed values, plain code, the figures of sources."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

from wselab import hierarchy
from wselab.hierarchy import Cache, Kernel, Roofline
from wselab.specs import ALL, H100, LPU, MODELS, MOVING, PJ_45NM, STATUSES, WSE1, WSE2, WSE3
from wselab.specs import models as named

# Language models


@pytest.mark.parametrize(
    ("model", "billions"),
    [
        ("LLAMA3_8B", 8.03), ("LLAMA3_70B", 70.55), ("LLAMA3_405B", 405.85), ("LLAMA2_13B", 13.02),
        ("GPT3_175B", 174.6), ("GPT3_XL", 1.32), ("GPT_OSS_120B", 116.8),
    ],
)  # fmt: skip
def test_parameters_come_out_of_the_shapes(model: str, billions: float) -> None:
    """As many as are published, to the digits given."""
    digits = len(str(billions).partition(".")[2])
    assert round(getattr(named, model).parameters / 1e9, digits) == billions


def test_a_small_model_counted_by_hand() -> None:
    """One layer, two wide: every matrix written out."""
    one = named._model("toy", layers=1, width=2, heads=1, ffn=3, vocabulary=5)
    attention, ffn, norms, tables, final = 4 * 2 * 2, 3 * 2 * 3, 2 * 2, 2 * 5 * 2, 2
    assert one.parameters == attention + ffn + norms + tables + final
    assert one.active_parameters == one.parameters - 5 * 2  # the table that is looked up
    assert one.kv_values_per_token == 2 * 2
    mixed = one.what_if(experts=4, active_experts=1)
    assert type(mixed) is named.LanguageModel
    assert mixed.parameters == one.parameters + 3 * ffn + 2 * 4
    assert mixed.active_parameters == one.active_parameters + 2 * 4
    assert pickle.loads(pickle.dumps(mixed)) == copy.deepcopy(mixed) == mixed


@pytest.mark.parametrize("thing", [*MODELS, MOVING, PJ_45NM], ids=lambda thing: thing.name)
def test_every_fact_of_them_has_a_source(thing: Any) -> None:
    """Unit, source and a status, as those of chips."""
    assert all(
        fact.source and fact.unit and fact.status in STATUSES for fact in thing.facts.values()
    )


# Rooflines


def test_the_roof_of_an_h100() -> None:
    """989 TF over 3.35 TB/s: 295 flop a byte; a GEMV reaches a third of a percent."""
    roof = Roofline.of(H100)
    assert roof.memory == "HBM" and roof.ridge == pytest.approx(989e12 / 3.35e12)
    assert roof.attainable(1.0) == 3.35e12 and roof.attainable(1e4) == 989e12
    both = roof.attainable(np.array([1.0, 1e4]))
    assert both.tolist() == [3.35e12, 989e12]
    product = hierarchy.gemv(1000, 2000)
    assert (product.flop, product.bytes) == (4e6, 2 * (2_000_000 + 3000))
    assert roof.seconds(product) == product.bytes / 3.35e12
    assert roof.bound(product) == "memory" and roof.bound(Kernel("x", 1e6, 1)) == "arithmetic"
    assert roof.share(product) == pytest.approx(product.intensity / roof.ridge)


def test_a_batch_lifts_a_gemv_over_the_ridge() -> None:
    """The matrix is read once for all vectors."""
    roof = Roofline.of(H100)
    shares = [roof.share(hierarchy.gemv(8192, 8192, batch=b)) for b in (1, 64, 512, 4096)]
    assert shares == sorted(shares) and shares[0] < 0.004 and shares[-1] == 1
    one = hierarchy.gemv(300, 200, batch=50)
    other = hierarchy.gemm(300, 200, 50)
    assert (one.flop, one.bytes) == (other.flop, other.bytes)


def test_kernels_by_hand() -> None:
    """Bytes and operations."""
    assert hierarchy.axpy(10, itemsize=4) == Kernel("AXPY of 10", 20, 120)
    model = named.LLAMA3_8B
    plain = hierarchy.decode(model)
    assert plain.intensity == 1.0  # two bytes and two operations a weight
    kept = 2 * 32 * 8 * 128 * 4096
    full = hierarchy.decode(model, context=4096)
    assert full.bytes - plain.bytes == 2 * kept
    assert full.flop - plain.flop == 2 * kept * 4
    assert hierarchy.decode(model, batch=8).intensity == 8.0


@pytest.mark.parametrize("chip", ALL, ids=lambda chip: chip.name)
def test_each_chip_has_a_roof_or_says_why_not(chip: Any) -> None:
    """No zeros that stand for what nobody published."""
    has = {"hbm_bandwidth_bytes_per_s", "sram_bandwidth_bytes_per_s"} & set(chip.facts)
    if has and "peak_fp16_dense_flop_per_s" in chip.facts:
        assert Roofline.of(chip).ridge > 0
    else:
        with pytest.raises(
            ValueError, match=f"{chip.name} has no roofline: .* not among its facts"
        ):
            Roofline.of(chip)
    assert {WSE2, WSE3, H100, LPU} <= {c for c in ALL if "peak_fp16_dense_flop_per_s" in c.facts}


# Levels


def test_levels_have_what_the_facts_have() -> None:
    """Bandwidths, latencies and energies, each from the specs; nothing else."""
    (sram,) = hierarchy.levels(WSE2)
    assert (sram.name, sram.bytes) == ("SRAM", WSE2.sram_bytes)
    assert sram.seconds_to_read_once == WSE2.sram_bytes / 20e15
    names = [level.name for level in hierarchy.levels(H100)]
    assert names == ["L2", "HBM"]
    l2, hbm = hierarchy.levels(H100)
    assert l2.bandwidth_bytes_per_s is None and l2.seconds_to_read_once is None
    assert hbm.energy_pj_per_byte == (28.0, 32.0)
    assert hierarchy.levels(WSE1)[0].bytes == WSE1.sram_bytes
    energies = hierarchy.access_pj_per_byte()
    assert energies["registers"] == (0.5, 0.5) and energies["DRAM"] == (162.5, 325.0)
    assert list(energies.values()) == sorted(energies.values())
    assert hierarchy.energy_ratio() == pytest.approx(1950 / 10)


# Caches


def plain_misses(cache: Cache, addresses: list[int]) -> int:
    """The same with a list a set, searched from one end to the other."""
    sets: list[list[int]] = [[] for _ in range(cache.sets)]
    missing = 0
    for address in addresses:
        line = address // cache.line_bytes
        held = sets[line % cache.sets]
        if line in held:
            held.remove(line)
        else:
            missing += 1
            if len(held) == cache.ways:
                held.pop(0)
        held.append(line)
    return missing


@pytest.mark.parametrize("seed", range(12))
def test_a_cache_against_a_plain_one(seed: int) -> None:
    """On random accesses, near and far."""
    random = np.random.default_rng(seed)
    ways, line = int(random.integers(1, 5)), int(random.choice([16, 64]))
    cache = Cache(ways * line * int(random.integers(1, 9)), line, ways)
    addresses = random.integers(0, 4 * cache.bytes, 3000)
    addresses[::3] = np.arange(len(addresses[::3])) * 4
    assert cache.misses(addresses) == plain_misses(cache, addresses.tolist())
    assert cache.bytes_moved(addresses) == line * cache.misses(addresses)
    assert cache.misses([]) == 0


# What fits


def test_training_needs_by_hand() -> None:
    """2 + 2 + 8 bytes a parameter; 16 with a master copy; activations of the tokens in flight."""
    needs = hierarchy.training(7e9, tokens=1)
    assert sum(needs.values()) == 12 * 7e9 and "activations" not in needs
    assert sum(hierarchy.training(1e9, tokens=1, master=True).values()) == 16e9
    assert sum(hierarchy.training(1e9, tokens=1, format="float32").values()) == 16e9
    model = named.GPT3_175B
    needs = hierarchy.training(model, tokens=10)
    assert needs["activations"] == 10 * 2 * 12_288 * 96
    kept = hierarchy.training(model, tokens=10, recompute=False, sequence=2048)["activations"]
    assert kept == 10 * 96 * (34 * 12_288 + 5 * 96 * 2048)


def test_the_tokens_of_lesson_07_in_flight() -> None:
    """18,600 tokens of GPT-3 fit into 44 GB, at 2.36 MB each."""
    model = named.GPT3_175B
    assert hierarchy.activation_bytes(model) / 1e6 == pytest.approx(2.36, abs=0.005)
    assert hierarchy.most_tokens(model, WSE3.sram_bytes) == pytest.approx(18_600, abs=100)


def test_inference_needs_by_hand() -> None:
    """Weights once, keys and values for each token of each user."""
    model = named.LLAMA3_8B
    needs = hierarchy.inference(model, context=1000, batch=3, kv_format="int8")
    assert needs["weights"] == 2 * model.parameters
    assert needs["KV cache"] == 2 * 32 * 8 * 128 * 3000
    places = {"WSE-3": 44e9, "nowhere": 1e9}
    assert hierarchy.fits(sum(needs.values()), places) == {"WSE-3": True, "nowhere": False}
    assert not hierarchy.fits(44e9 + 1, places)["WSE-3"] and hierarchy.fits(44e9, places)["WSE-3"]


@pytest.mark.parametrize(
    ("ask", "match"),
    [
        (lambda: hierarchy.gemv(0, 3), "rows=0; expected a whole number, at least 1"),
        (lambda: hierarchy.gemm(1, 2.5, 3), "inner=2.5"),
        (lambda: hierarchy.training(1e9, tokens=-1), "tokens=-1; expected a whole number"),
        (
            lambda: hierarchy.training(1e9, 1, format="fp12"),
            "format 'fp12'; expected one of float32",
        ),
        (lambda: hierarchy.training(-5, 1), "a language model, or its parameters"),
        (lambda: Cache(1000), "a multiple of line_bytes x ways"),
        (lambda: Cache(1024, 0), "whole numbers"),
    ],
)
def test_wrong_questions_are_refused(ask: Any, match: str) -> None:
    """With what was expected."""
    with pytest.raises(ValueError, match=match):
        ask()
