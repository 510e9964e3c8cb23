"""Time a counted sparse product beside SciPy's: `python -m benchmarks.sparse`.

Both have the matrix ready, with its zeros (SciPy's in CSR form); both give the product, and ours the
cycles of a wafer besides. The two take turns, so that whatever else the machine does hits both.
"""

from __future__ import annotations

import statistics

import numpy as np
import scipy.sparse

from wselab import kernels

from .__main__ import timed

ROUNDS = 15
SHAPES = [(1024, 256, (64, 64)), (2048, 64, (64, 64))]  # square matrix, batch, PEs
SPARSITIES = (0.5, 0.75, 0.9)


def main() -> None:
    """Print milliseconds and ratios; goal: a ratio of at most 1.5 at every sparsity."""
    print(f"{'matrix':>12} {'batch':>6} {'zeros':>6} {'cycles':>8} {'counted ms':>11} {'CSR ms':>8} {'ratio':>6}")
    draw = np.random.default_rng(1)
    for size, batch, wafer in SHAPES:
        for sparsity in SPARSITIES:
            W = draw.standard_normal((size, size), np.float32)
            W[draw.random(W.shape) < sparsity] = 0
            X = draw.standard_normal((size, batch), np.float32)
            csr = scipy.sparse.csr_array(W)

            def ours(W: np.ndarray = W, X: np.ndarray = X, wafer: tuple[int, int] = wafer) -> int:
                return kernels.sparse_gemv(W, X, wafer, skip="weights", engine="counted")[1].cycles

            cycles = ours()
            pairs = [(timed(ours), timed(lambda: csr @ X)) for _ in range(ROUNDS)]
            mine, theirs = (1e3 * statistics.median(pair[k] for pair in pairs) for k in (0, 1))
            print(
                f"{size:>5} x {size:>4} {batch:>6} {sparsity:>6.0%} {cycles:>8,} {mine:>11.2f} "
                f"{theirs:>8.2f} {mine / theirs:>6.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
