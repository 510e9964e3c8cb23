"""What takes no fabric: a roof, and counts of operations and defects. V15, V16, V18 and V19."""

from __future__ import annotations

from collections.abc import Iterator

from ...predict.training import training_flop
from ...specs import A100, PUBLISHED, WSE3
from ...specs.models import GPT3_XL
from .row import Row, inputs

# Inputs of the measurements, as the notes of their facts have them.
SIZES = {"16K": 16 * 1024, "32K": 32 * 1024}
LAYERS, D, VOCABULARY = GPT3_XL.layers, GPT3_XL.width, GPT3_XL.vocabulary
CONTEXT = 2048
SPARSITY = 0.75
DEFECTS_PER_MM2 = 0.001
GPUS = 3072


def gpu_gemv() -> Iterator[Row]:
    """V15: a matrix times a vector on an A100, where the matrix comes out of the HBM once."""
    for name, size in SIZES.items():
        fact = PUBLISHED[f"V15-{name}"]
        seconds = 2 * size**2 / A100.hbm_bandwidth_bytes_per_s
        yield Row(
            f"V15-{name}",
            f"GEMV of {name} x {name} in FP16 on one A100",
            fact,
            (seconds, seconds),
            "bound",
            (
                f"{name} is {size:,}",
                "the A100 with 80 GB: the source names none",
                *inputs(A100, "hbm_bandwidth_bytes_per_s"),
            ),
            remark=f"The kernel ran at {100 * seconds / fact.value:.0f} % of this roof.",
        )


def sparse_training() -> Iterator[Row]:
    """V16: by how much fewer FLOPs a model with sparse linear layers takes to train."""
    full, causal = fewer(attended=1.0), fewer(attended=0.5)
    yield Row(
        "V16",
        "training FLOPs of GPT-3 XL, dense over 75 % sparse",
        PUBLISHED["V16"],
        (min(full, causal), max(full, causal)),
        "arithmetic",
        (
            "feed-forward layers of 4 d",
            "attention's scores and the vocabulary stay dense",
            f"scores over all pairs of tokens ({full:.2f}), or only over those that a causal mask "
            f"keeps ({causal:.2f})",
        ),
        counted="times",
    )


def fewer(attended: float) -> float:
    """FLOPs of V16, dense over sparse, where a token attends to this share of the context.

    >>> fewer(attended=0.0) < 1 / (1 - SPARSITY)  # the vocabulary is left
    True
    """
    dense, sparse = (
        training_flop(GPT3_XL, context=CONTEXT, density=density, attended=attended)
        for density in (1.0, 1.0 - SPARSITY)
    )
    return dense / sparse


def defects() -> Iterator[Row]:
    """V18: how many defects lie on a die as large as a wafer."""
    expected = DEFECTS_PER_MM2 * WSE3.die_area_mm2
    yield Row(
        "V18",
        f"defects on a wafer-scale die at {DEFECTS_PER_MM2} /mm2",
        PUBLISHED["V18"],
        (expected, expected),
        "arithmetic",
        inputs(WSE3, "die_area_mm2"),
        remark='Published as "about".',
        counted="defects",
    )


def cluster_share() -> Iterator[Row]:
    """V19: the published rate of a cluster as a share of the peak that we have for its GPUs."""
    share = PUBLISHED["V19"].value / (GPUS * A100.peak_fp16_dense_flop_per_s)
    yield Row(
        "V19-share",
        f"{PUBLISHED['V19'].value / 1e15:g} PFLOP/s on {GPUS:,} A100, as a share of their peak",
        PUBLISHED["V19-share"],
        (share, share),
        "arithmetic",
        inputs(A100, "peak_fp16_dense_flop_per_s"),
        remark="The rate is the source's; only the peak is ours.",
        counted="of peak",
    )
