"""Cycles of a matrix times a matrix."""

from __future__ import annotations

from ..specs import WSE2, Chip
from .cannon import cannon_ends
from .inputs import check_tuple, constant, mac_rate, one_of, whole
from .summa import summa_ends

ALGORITHMS = ("summa", "cannon", "mesh")


def gemm(
    *,
    sizes: tuple[int, int, int],
    wafer: tuple[int, int],
    algorithm: str = "summa",
    overlap: bool = True,
    dtype: str = "float32",
    accumulate: str | None = None,
    chip: Chip = WSE2,
    ramp_latency: int | None = None,
    queue_depth: int | None = None,
    startup: int | None = None,
    gap: int | None = None,
    fp16_macs: int | None = None,
    fp32_macs: int | None = None,
    mixed_macs: int | None = None,
) -> int:
    """Cycles of ``A @ B``, of M x K and K x N, with tiles of m x n of the product.

    A PE multiplies panels of m x b and b x n in ``b n (startup + ceil(m / rate))`` cycles, and
    takes them from its ramp in ``b (m + n)``, in SUMMA nearly twice as many, since what it passes
    on comes by there too. There are P panels, so that for large tiles

    - without ``overlap`` a product takes near P times the sum of the two,
    - with it, P times the larger one,

    and besides what comes first: in "summa" one panel to the far corner, in "cannon" and "mesh"
    the skew, ``2 (P - 1)`` shifts. For small tiles the hand-overs count, of 2 ramps and some
    cycles each: ``P`` times at least. So the more PEs, the shorter the products and the longer all
    else, and beyond some number of PEs a product gets slower.

    The cycles come from recurrences over the steps, `wselab.predict.summa` and
    `wselab.predict.cannon`, not from running a program. How far they are from programs that ran,
    on wafers of up to 24 x 24 PEs with sizes and rules drawn at random:

    - Without ``overlap`` "summa" is exact, and "cannon" and "mesh" are within 1 %, or 8 cycles.
    - With it all are within half a percent, most often exact, where a product takes 1.5 times (in
      "summa" twice) the ``b (m + n)`` cycles of two panels on a ramp.
    - Where it takes fewer, everybody waits for ramps, and a cycle decides who goes first, which may
      grow to many. The streams of "summa" are followed over the ramps that they share: off by 6 %
      at most, and by less than 1 % on average. Those of "cannon" and "mesh" are taken to pass one
      behind the other: too few cycles, by 17 % at most, and by 6 % on average.

    Of larger wafers "summa" follows the first 6 PEs of a line, and the last; on 64 x 64 PEs, the
    largest that were compared, it was off by 3 %. "cannon" and "mesh" follow all PEs, which takes
    half a minute for a whole wafer.

    Parameters
    ----------
    sizes : (int, int, int)
        M, K and N.
    wafer : (int, int)
        Rows and columns of PEs; a square for "cannon" and "mesh".
    algorithm : str
        "summa", "cannon" or "mesh".
    overlap : bool
        Whether the PEs communicate while they compute.
    dtype, accumulate : str
        The type of the matrices, and that of the sums if it is another: "float32".
    chip : wselab.specs.Chip
        Whose constants are taken.
    ramp_latency, queue_depth, startup, gap : int, optional
        Constants of the rules, instead of the chip's.
    fp16_macs, fp32_macs, mixed_macs : int, optional
        Multiply-accumulates a cycle by type, instead of the chip's; the first also in bfloat16.

    Raises
    ------
    ValueError
        A size is not a whole number of at least 1, the type is none that a PE computes in, there is
        no such algorithm, or it wants a square.

    References
    ----------
    The rules, as above.

    Examples
    --------
    >>> [gemm(sizes=(64, 64, 64), wafer=(8, 8), algorithm=how) for how in ALGORITHMS]
    [4337, 5110, 5115]
    >>> gemm(sizes=(64, 64, 64), wafer=(8, 8), overlap=False)
    6208
    >>> {p: gemm(sizes=(32, 32, 32), wafer=(p, p)) for p in (4, 8, 16, 32)}  # it turns around
    {4: 2265, 8: 643, 16: 326, 32: 359}
    """
    one_of(algorithm, ALGORITHMS)
    check_tuple("sizes", sizes, 3, "M, K and N: (64, 64, 64)")
    check_tuple("wafer", wafer, 2, "rows first: (8, 8)")
    M, K, N, rows, columns = whole(
        M=sizes[0], K=sizes[1], N=sizes[2], rows=wafer[0], columns=wafer[1]
    )
    if algorithm != "summa" and rows != columns:
        side = min(rows, columns)
        raise ValueError(f"wafer={wafer}: {algorithm!r} wants a square, such as ({side}, {side})")
    m, n = -(-M // rows), -(-N // columns)
    if algorithm == "summa":
        rows, columns = -(-M // m), -(-N // n)
    b = -(-K // max(rows, columns))

    start = constant(chip, "operation_startup_cycles", "startup", startup)
    between = constant(chip, "operation_gap_cycles", "gap", gap)
    macs = {"fp16_macs": fp16_macs, "fp32_macs": fp32_macs, "mixed_macs": mixed_macs}
    rate = mac_rate(chip, dtype, accumulate, **macs)
    product = b * n * (start + -(-m // rate) + between)
    rules = {
        "ramp_latency": constant(
            chip, "ramp_latency_cycles", "ramp_latency", ramp_latency, least=1
        ),
        "depth": constant(chip, "queue_depth", "queue_depth", queue_depth, least=2),
        "gap": between,
    }
    counts = m * b, b * n
    if algorithm == "summa":
        return summa_ends((rows, columns), counts, -(-K // b), product, bool(overlap), **rules)
    ring = list(range(rows))
    if algorithm == "mesh":
        ring = [*ring[::2], *reversed(ring[1::2])]
    return cannon_ends(ring, counts, product, bool(overlap), **rules)
