"""Claims that lesson 06 decides: what skipped zeros, and sequences that end early, gain."""

import numpy as np

from ... import kernels, predict
from .claim import Ledger, Verdict

LEDGER = Ledger("06")
MATRIX, WAFER = (1024, 640), (32, 32)


def _gain(zeros: float) -> float:
    """Times faster that a product becomes with so many activations zero, at random places.

    Against the product that does everything; MATRIX on WAFER, in float32.
    """
    draw = np.random.default_rng(25)
    W = draw.standard_normal(MATRIX, np.float32)
    x = np.where(draw.random(MATRIX[1]) < zeros, 0, 1).astype(np.float32)
    _, run = kernels.sparse_gemv(W, x, WAFER, skip="activations", engine="counted")
    return predict.gemv(matrix=MATRIX, wafer=WAFER) / run.cycles


def _place() -> str:
    (M, N), (rows, columns) = MATRIX, WAFER
    return f"A product of {M:,} x {N} on {rows} x {columns} PEs"


@LEDGER.claim(
    "C25", "T2",
    "Cores skip activations that are zero; models with 50 to 70 % of zeros run 2 to 3 times "
    "faster.",
    (2, 3), "times",
)  # fmt: skip
def two_to_three_times() -> Verdict:
    low, high = (predict.ideal_speedup(1 - zeros) for zeros in (0.5, 0.7))
    ours = _gain(0.5), _gain(0.7)
    return Verdict(
        "holds with conditions",
        ours,
        f"The numbers are ceilings, one over the density: {low:.1f} to {high:.1f}, if all work "
        f"is with zeros, nothing else costs anything, and no PE has more than its share. "
        f"{_place()} became {ours[0]:.1f} to {ours[1]:.1f} times faster.",
    )


@LEDGER.claim(
    "C26", "T2",
    "Filling up a batch of 100 to 2,048 tokens wastes 70 to 80 % of the compute.",
    (70, 80), "%",
)  # fmt: skip
def padding() -> Verdict:
    shortest, longest = 100, 2048
    evenly = list(range(shortest, longest + 1))
    mostly_short = np.geomspace(shortest, longest, 1000).astype(int).tolist()
    waste = [
        100 * predict.wasted(lengths, predict.padded_work(lengths))
        for lengths in (evenly, mostly_short)
    ]
    means = [longest * (1 - said) for said in (0.8, 0.7)]
    return Verdict(
        "holds with conditions",
        (waste[0], waste[1]),
        f"It depends on lengths that the text does not give. If all are equally frequent, "
        f"{waste[0]:.0f} % is wasted; if each doubling is, {waste[1]:.0f} %. For 70 to 80 % the "
        f"mean has to be {means[0]:.0f} to {means[1]:.0f} tokens.",
    )


@LEDGER.claim(
    "C34", "T4",
    "A printed product of two sparse matrices, which takes each non-zero of one with each of the "
    "other, does the work of the non-zeros only.",
)  # fmt: skip
def every_pair() -> Verdict:
    draw = np.random.default_rng(34)
    n, density = 128, 0.1
    A, B = (draw.random((2, n, n)) < density).astype(int)
    tried = int(A.sum() * B.sum())
    met = int((A @ B).sum())
    return Verdict(
        "contradicted",
        None,
        f"By a count: of two matrices of {n} x {n} with {100 * density:.0f} % non-zeros it tries "
        f"{tried:,} pairs, of which {met:,} meet. The product with all zeros in it has {n**3:,}. "
        "By rows, only the pairs that meet are touched.",
    )


@LEDGER.claim(
    "C47", "T2",
    "A model with more than 40 % zeros from ReLU is a strong candidate.",
    1 / (1 - 0.4), "times",
)  # fmt: skip
def strong_candidate() -> Verdict:
    ours, ideal = _gain(0.4), predict.ideal_speedup(1 - 0.4)
    return Verdict(
        "holds with conditions",
        ours,
        f"With 40 % zeros the ceiling is {ideal:.2f} times, before any imbalance and for the part "
        f"that multiplies. {_place()} became {ours:.2f} times faster.",
    )
