"""Cycles of a matrix times a vector."""

from __future__ import annotations

from ..specs import WSE2, Chip
from .broadcast import broadcast
from .inputs import constant, whole
from .reduce import reduce_row

#: The rate of multiply-accumulate by type: the field of a chip, and its name as a what-if.
RATES = {
    "float32": ("fp32_macs_per_cycle", "fp32_macs"),
    "float16": ("fp16_macs_per_cycle", "fp16_macs"),
}


def gemv(
    *,
    matrix: tuple[int, int],
    wafer: tuple[int, int],
    dtype: str = "float32",
    chip: Chip = WSE2,
    ramp_latency: int | None = None,
    startup: int | None = None,
    gap: int | None = None,
    fp16_macs: int | None = None,
    fp32_macs: int | None = None,
) -> int:
    """Cycles of ``A @ x``, A cut into tiles of m x n over R x C PEs: three phases in turn.

    1. The pieces of x go down the columns, a broadcast to R rows: ``n + R + 2 T_R``, and nothing
       where there is one row.
    2. Every PE multiplies its tile, an operation a column of it: ``n (startup + ceil(m / rate))``.
    3. Chains sum the partial products along the rows: ``m + (2 T_R + 2)(C - 1)``, and nothing where
       there is one column.

    A gap lies between any two operations of a PE. Tiles are ``ceil(M / rows) x ceil(N / columns)``,
    and PEs that would have none of the matrix are left out.

    Parameters
    ----------
    matrix : (int, int)
        M and N, the shape of A.
    wafer : (int, int)
        Rows and columns of PEs to spread it over.
    dtype : str
        "float32" or "float16": the rate of multiply-accumulate differs.
    chip : wselab.specs.Chip
        Whose constants are taken.
    ramp_latency, startup, gap : int, optional
        T_R, the start of an operation on memory, and the time between two operations, in cycles,
        instead of the chip's.
    fp16_macs, fp32_macs : int, optional
        Multiply-accumulates a cycle by type, instead of the chip's.

    Raises
    ------
    ValueError
        A size is not a whole number of at least 1, or the type is none that a PE computes in.

    References
    ----------
    The sum of `broadcast`, the rules' time of an operation on memory, and `reduce_row`.

    Examples
    --------
    >>> gemv(matrix=(4, 3), wafer=(2, 3))
    23
    >>> gemv(matrix=(16384, 16384), wafer=(512, 512), dtype="float16")
    3902
    """
    _check_pair("matrix", matrix)
    _check_pair("wafer", wafer)
    M, N, rows, columns = whole(M=matrix[0], N=matrix[1], rows=wafer[0], columns=wafer[1])
    dtype = str(dtype)  # or a NumPy dtype
    if dtype not in RATES:
        raise ValueError(f"dtype={dtype!r}: expected one of {', '.join(map(repr, RATES))}")
    m, n = -(-M // rows), -(-N // columns)
    R, C = -(-M // m), -(-N // n)

    what_if = fp16_macs if dtype == "float16" else fp32_macs
    rate = constant(chip, *RATES[dtype], what_if, least=1)
    start = constant(chip, "operation_startup_cycles", "startup", startup)
    between = constant(chip, "operation_gap_cycles", "gap", gap)

    cycles, operations = n * (start + -(-m // rate)), n
    if R > 1:
        cycles += broadcast(rows=R, columns=1, wavelets=n, chip=chip, ramp_latency=ramp_latency)
        operations += 1
    if C > 1:
        cycles += reduce_row(pes=C, wavelets=m, chip=chip, ramp_latency=ramp_latency)
        operations += 1
    return cycles + between * (operations - 1)


def _check_pair(name: str, sizes: object) -> None:
    if not isinstance(sizes, (tuple, list)) or len(sizes) != 2:
        raise ValueError(f"{name}={sizes!r}: expected two whole numbers, rows first: (4, 8)")
