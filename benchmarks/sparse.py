"""Time a counted sparse product beside SciPy's: `python -m benchmarks.sparse`.

Both have the matrix ready, with its zeros (SciPy's in CSR form); both give the product, and ours
the cycles of a wafer besides. The two take turns, so that what else the machine does hits both. But
SciPy's uses one core, and NumPy's product, which is nearly all of ours, as many as there are: on a
machine that is busy only the shortest of all times compare the two.
"""

from __future__ import annotations

import statistics

import numpy as np
import scipy.sparse

from wselab import kernels

from .__main__ import timed

ROUNDS = 40
SHAPES = [(1024, 256, (64, 64)), (2048, 64, (64, 64))]  # square matrix, batch, PEs
SPARSITIES = (0.5, 0.75, 0.9)


def main() -> None:
    """Print milliseconds and ratios; goal: at most 1.5 at every sparsity, and rather 1.2."""
    print(f"{'':36} {'medians, ms':>20} {'':6} {'shortest, ms':>19}")
    print(
        f"{'matrix':>12} {'batch':>6} {'zeros':>6} {'cycles':>8} "
        + 2 * f" {'counted':>11} {'CSR':>8} {'ratio':>6}"
    )
    for size, batch, wafer in SHAPES:
        for sparsity in SPARSITIES:
            row(size, batch, wafer, sparsity)


def row(size: int, batch: int, wafer: tuple[int, int], sparsity: float) -> None:
    """One comparison: the medians of each and of the ratios side by side, and the shortest."""
    draw = np.random.default_rng(1)
    W = draw.standard_normal((size, size), np.float32)
    W[draw.random(W.shape) < sparsity] = 0
    X = draw.standard_normal((size, batch), np.float32)
    csr = scipy.sparse.csr_array(W)

    def counted() -> int:
        return kernels.sparse_gemv(W, X, wafer, skip="weights", engine="counted")[1].cycles

    cycles = counted()
    pairs = [(timed(counted), timed(lambda: csr @ X)) for _ in range(ROUNDS)]
    ours, theirs = ([1e3 * pair[k] for pair in pairs] for k in (0, 1))
    ratio = statistics.median(pair[0] / pair[1] for pair in pairs)
    print(
        f"{size:>5} x {size:>4} {batch:>6} {sparsity:>6.0%} {cycles:>8,}  "
        f"{statistics.median(ours):>11.2f} {statistics.median(theirs):>8.2f} {ratio:>6.2f} "
        f"{min(ours):>11.2f} {min(theirs):>8.2f} {min(ours) / min(theirs):>6.2f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
