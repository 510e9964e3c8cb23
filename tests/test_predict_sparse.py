"""Expected cycles and counts of what skips zeros, against runs and against drawn patterns."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from wselab import kernels, predict
from wselab.predict.imbalance import at_most, exactly
from wselab.specs import H100, PUBLISHED
from wselab.specs.models import GPT3_XL, GPT_OSS_120B, LLAMA3_8B


def drawn(shape: Any, density: float, draw: np.random.Generator, dtype: str) -> np.ndarray:
    values = draw.standard_normal(shape).astype(dtype)
    values[draw.random(shape) >= density] = 0
    return values


CASES: list[tuple[Any, Any, dict[str, Any], dict[str, int]]] = [
    ((256, 256), (16, 16), {"density": 0.5, "skip": "weights"}, {}),
    ((256, 256), (16, 16), {"density": 0.1, "skip": "weights", "batch": 4}, {"startup": 1}),
    ((256, 128), (16, 1), {"density": 0.2, "skip": "weights"}, {"gap": 2, "ramp_latency": 3}),
    ((256, 256), (8, 16), {"density": 0.3, "sent": 0.5, "skip": "both"}, {}),
    ((256, 256), (8, 16), {"density": 0.3, "sent": 0.1, "skip": "both"}, {"task_wake": 2}),
    ((512, 64), (16, 4), {"sent": 0.4, "skip": "activations"}, {"startup": 1, "gap": 1}),
    ((512, 64), (16, 4), {"sent": 0.6, "skip": "activations", "dtype": "float16"}, {}),
    ((320, 16), (16, 1), {"density": 0.5, "sent": 0.5, "skip": "both"}, {}),
]


@pytest.mark.parametrize(("matrix", "wafer", "zeros", "rules"), CASES)
def test_expected_cycles_are_the_mean_of_runs(
    matrix: Any, wafer: Any, zeros: dict[str, Any], rules: dict[str, int]
) -> None:
    """Over 100 drawn patterns, within 4 standard errors, and 3 % where x is drawn too."""
    draw, cycles = np.random.default_rng(3), []
    how = {"density": 1.0, "sent": 1.0, "batch": 1, "dtype": "float32", **zeros}
    for _ in range(100):
        W = drawn(matrix, how["density"], draw, how["dtype"])
        x = drawn((matrix[1], how["batch"]), how["sent"], draw, how["dtype"])
        skip = how["skip"]
        _, run = kernels.sparse_gemv(W, x, wafer, skip=skip, engine="counted", **rules)
        cycles.append(run.cycles)
    expected = predict.sparse_gemv(matrix=matrix, wafer=wafer, **zeros, **rules)
    away = abs(expected - np.mean(cycles))
    allowed = 4 * np.std(cycles) / len(cycles) ** 0.5
    assert away <= allowed + (0.03 * expected if skip != "weights" else 0)


@pytest.mark.parametrize("skip", ["activations", "both"])
def test_index_wavelets_are_expected_too(skip: str) -> None:
    """Over 10 stepped runs, within 4 standard errors and 5 %."""
    draw, cycles = np.random.default_rng(8), []
    for _ in range(10):
        W, x = drawn((64, 64), 0.3, draw, "float32"), drawn(64, 0.5, draw, "float32")
        cycles.append(kernels.sparse_gemv(W, x, (4, 4), skip=skip, index="wavelet")[1].cycles)
    how: dict[str, Any] = {"density": 0.3, "sent": 0.5, "skip": skip}
    expected, by_color = (
        predict.sparse_gemv(matrix=(64, 64), wafer=(4, 4), index=index, **how)
        for index in ("wavelet", "color")
    )
    error = 4 * np.std(cycles) / len(cycles) ** 0.5
    assert abs(expected - np.mean(cycles)) <= error + 0.05 * expected
    assert by_color < np.mean(cycles) - error


@pytest.mark.parametrize("skip", ["weights", "activations", "both"])
def test_without_zeros_nothing_is_left_to_chance(skip: str) -> None:
    """Of a full matrix and a full positive vector the expected cycles are those of the run."""
    W, x = np.ones((24, 20), np.float32), np.ones(20, np.float32)
    for wafer in ((1, 1), (1, 4), (6, 1), (6, 5)):
        _, run = kernels.sparse_gemv(W, x, wafer, skip=skip)
        expected = predict.sparse_gemv(matrix=(24, 20), wafer=wafer, skip=skip)
        assert abs(run.cycles - expected) <= (0 if skip == "weights" else 1)


def test_the_binomial_distribution() -> None:
    """Its mean and deviation, its ends, and no rounding that adds up in large tiles."""
    k = np.arange(5001)
    chance = exactly(5000, 0.3)
    assert chance.sum() == pytest.approx(1) and at_most(5000, 0.3)[-1] == pytest.approx(1)
    assert chance @ k == pytest.approx(1500)
    assert chance @ (k - 1500) ** 2 == pytest.approx(5000 * 0.3 * 0.7)
    assert exactly(3, 0.0).tolist() == [1, 0, 0, 0] and exactly(3, 1.0).tolist() == [0, 0, 0, 1]


@pytest.mark.parametrize(
    ("places", "density", "pes"), [(1, 0.5, 3), (64, 0.1, 100), (256, 0.5, 64)]
)
def test_the_fullest_of_drawn_pes(places: int, density: float, pes: int) -> None:
    """The mean of the largest of binomial counts, within 4 standard errors of 4,000 draws."""
    most = np.random.default_rng(5).binomial(places, density, (4000, pes)).max(axis=1)
    expected = predict.expected_most(places=places, density=density, pes=pes)
    assert abs(expected - most.mean()) <= 4 * most.std() / 4000**0.5


def test_imbalance_falls_with_the_tile_and_grows_with_the_wafer() -> None:
    """Fullest over mean: as the docstring says."""

    def imbalance(places: int, pes: int) -> float:
        return predict.expected_most(places=places, density=0.25, pes=pes) / (0.25 * places)

    assert all(imbalance(a, 100) > imbalance(b, 100) for a, b in pairwise((64, 256, 1024, 4096)))
    assert all(imbalance(256, a) < imbalance(256, b) for a, b in pairwise((1, 16, 256, 4096)))


def test_where_skipping_begins_to_pay() -> None:
    """By counting wavelets a half; by cycles of a float16 weight a fourth, and runs agree."""
    assert predict.break_even_density(dense=1, nonzero=2) == 0.5
    limit = predict.break_even_density(dense=0.25, nonzero=1)
    cycles = {}
    for density in (0.8 * limit, 1.25 * limit):
        W = drawn((1024, 64), density, np.random.default_rng(1), "float16")
        x = np.ones(64, np.float16)
        cycles[density] = kernels.sparse_gemv(W, x, (2, 2), skip="weights", engine="counted")[1]
    dense = predict.gemv(matrix=(1024, 64), wafer=(2, 2), dtype="float16")
    below, above = (run.cycles for run in cycles.values())
    assert below < dense < above
    with pytest.raises(ValueError, match="expected a non-zero to cost more than a zero"):
        predict.break_even_density(dense=1, nonzero=1, zero=1)


def test_ideal_speedups() -> None:
    """1 / density, and 2 at most of four; an H100's sparse peak is twice its dense one."""
    assert predict.ideal_speedup(0.6) == pytest.approx(1 / 0.6)  # 40 % zeros: 1.67 times
    assert predict.ideal_speedup(0) == float("inf")
    gain = H100.peak_fp16_2of4_flop_per_s / H100.peak_fp16_dense_flop_per_s
    assert predict.two_of_four_speedup(0.5) == predict.two_of_four_speedup(0.01) == gain == 2
    assert predict.two_of_four_speedup(0.51) == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"matrix": 4}, "matrix=4"),
        ({"wafer": (0, 4)}, "rows=0"),
        ({"density": 1.1}, "density=1.1: expected a share"),
        ({"sent": True}, "sent=True: expected a share"),
        ({"skip": "none"}, "no algorithm 'none'"),
        ({"index": "none"}, "no algorithm 'none'"),
        ({"dtype": "int8"}, "dtype='int8'"),
        ({"batch": 0}, "batch=0"),
    ],
)
def test_errors_name_what_is_wrong(change: dict[str, Any], words: str) -> None:
    """Sizes, shares and ways."""
    with pytest.raises(ValueError, match=words):
        predict.sparse_gemv(**{"matrix": (4, 4), "wafer": (2, 2), **change})


# ---- sequences ---------------------------------------------------------------------------


def test_padding_buckets_and_stopping_early_by_hand() -> None:
    """Of lengths 1, 2, 5 and 8."""
    lengths = [8, 1, 5, 2]
    assert predict.padded_work(lengths) == 32 and predict.padded_work(lengths, to=10) == 40
    assert predict.bucketed_work(lengths, edges=[8, 2]) == 8 + 2 + 8 + 2
    assert predict.bucketed_work(lengths, edges=sorted(lengths)) == 16
    assert predict.wasted(lengths, 32) == 0.5
    assert predict.cycles_together(lengths, pes=2, per_token=3) == 3 * (8 + 5)
    assert predict.cycles_early(lengths, pes=2, per_token=3) == 3 * (8 + 5)
    assert predict.cycles_early([8, 1, 1, 8], pes=2) == 9 < predict.cycles_together([8, 1, 1, 8], 2)


def test_no_way_takes_less_than_the_work_and_padding_takes_most() -> None:
    """For drawn lengths: the true tokens, then stopping early, together, and all padded."""
    lengths = np.random.default_rng(2).integers(1, 2049, 512).tolist()
    needed = sum(lengths)
    early, together = (f(lengths, 64) for f in (predict.cycles_early, predict.cycles_together))
    assert needed / 64 < early < together < predict.padded_work(lengths) / 64
    edges = [256, 512, 1024, 2048]
    assert needed < predict.bucketed_work(lengths, edges) < predict.padded_work(lengths, 2048)


@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize("startup", [0, 2])
def test_pes_stop_when_their_sequences_end(padded: bool, startup: int) -> None:
    """The run is as long as the PE with most to do; each PE is busy for its own lengths."""
    draw = np.random.default_rng(4)
    lengths = draw.integers(0, 30, (3, 5, 4))
    x = draw.standard_normal((3, 5, 4, 32)).astype(np.float32)
    value, run = kernels.relu_sequences(x, lengths, padded=padded, startup=startup)
    there = np.arange(32) < lengths[..., None]
    assert (value == np.where(there, np.maximum(x, 0), 0)).all()
    work = np.full((3, 5), 4 * (lengths.max() + startup))
    if not padded:
        work = (lengths + startup * (lengths > 0)).sum(axis=2)
    assert run.cycles == work.max() and (run.maps.busy == work).all()


def test_what_runs_takes_what_is_predicted_for_sequences() -> None:
    """PEs that stop early, and padding to the longest, on the wafer and by the closed forms."""
    lengths = np.random.default_rng(6).integers(1, 40, 24)
    by_pe = lengths.reshape(3, 1, 8).transpose(2, 1, 0)  # every 8th sequence to a PE
    x = np.ones((8, 1, 3, 40), np.float32)
    early, padded = (kernels.relu_sequences(x, by_pe, padded=p)[1].cycles for p in (False, True))
    assert early == predict.cycles_early(lengths.tolist(), pes=8)
    assert padded * 8 == predict.padded_work(lengths.tolist())


def test_errors_about_sequences() -> None:
    """Lengths that do not fit are refused."""
    x = np.ones((1, 2, 1, 4), np.float32)
    with pytest.raises(kernels.sequences.ProgramError, match="from 1 to 5; expected 0 to 4"):
        kernels.relu_sequences(x, np.array([[[1], [5]]]))
    with pytest.raises(kernels.sequences.ProgramError, match=r"expected whole numbers of shape"):
        kernels.relu_sequences(x, np.array([1, 2]))
    with pytest.raises(ValueError, match="at least one sequence"):
        predict.padded_work([])
    with pytest.raises(ValueError, match="the longest sequence, 9, fits in"):
        predict.bucketed_work([9, 1], edges=[4, 8])


# ---- training, experts -------------------------------------------------------------------


def test_training_flops_by_hand() -> None:
    """GPT-3 XL: 12 d^2 weights a layer, 4 d T for scores, d V for words; three times forward."""
    d, layers = 2048, 24
    by_hand = 3 * 2 * (12 * d * d * layers + 2 * d * 2048 * layers + d * 50257)
    assert predict.training_flop(GPT3_XL, context=2048) == by_hand
    sparse = predict.training_flop(GPT3_XL, context=2048, density=0.25)
    assert by_hand / sparse == pytest.approx(PUBLISHED["V16"].value, rel=0.005)


def test_experts_are_sparse_by_blocks() -> None:
    """5.13 of 117 billion parameters; all of a model without experts, but the table it looks up."""
    assert predict.active_share(GPT_OSS_120B) == pytest.approx(5.13 / 116.8, rel=2e-3)
    assert 0.9 < predict.active_share(LLAMA3_8B) < 1
