"""Claims that lesson 04 decides: bandwidths of the fabric, and whether it needs an all-reduce."""

import numpy as np

from ... import kernels, predict
from ...specs import WSE3
from .claim import Ledger, Verdict

LEDGER = Ledger("04")


@LEDGER.claim(
    "C07", "T2 T4", "The fabric moves 21 petabytes a second; or 21 petabits; or 20 petabits.",
    (20e15, 21e15 * 8), "bit/s",
)  # fmt: skip
def fabric_bandwidth() -> Verdict:
    rows, columns = WSE3.fabric_shape
    total = WSE3.fabric_bandwidth_bits_per_s
    ends = 8 * rows * columns
    across = 2 * min(rows, columns)
    return Verdict(
        "contradicted",
        total,
        f"By each other, 8 times apart. All link ends together move {total / 1e15:.0f} Pb/s = "
        f"{total / 8e15:.2f} PB/s; the 21 PB/s are the SRAM's. And no cut through the middle sees "
        f"that sum: {across:,} links cross it of {ends:,} link ends, {ends // across:,} times "
        "less.",
    )


@LEDGER.claim("C44", "T2", "On a wafer there is no all-reduce.")
def all_reduce() -> Verdict:
    pes, n = 16, 32
    x = np.ones((1, pes, n), np.float32)
    sums, run = kernels.all_reduce_row(x)
    everybody = bool((sums == pes).all())
    whole = predict.all_reduce_row(pes=WSE3.user_columns, wavelets=n)
    return Verdict(
        "contradicted",
        None,
        f"By a run: {pes} PEs with {n} values each {'have' if everybody else 'do not have'} "
        f"the sums after {run.cycles} cycles; a row of {WSE3.user_columns} takes {whole:,}. It "
        "needs no cable and no library of its own, but it is there and it costs.",
    )
