"""Cycles of a matrix times a vector."""

from __future__ import annotations

from typing import Any

from ..specs import WSE2, Chip
from .all_reduce import all_reduce_row
from .broadcast import broadcast
from .inputs import at_least, check_tuple, constant, mac_rate, whole
from .reduce import reduce_2d, reduce_row

Shape = tuple[int, int]

LAYOUTS = ("tiles", "rows", "columns", "mesh", "streamed")
#: What adds up y unless told otherwise, in the layouts where something can be told.
REDUCES = {"tiles": "chain", "columns": "chain", "mesh": "two_phase"}
ALL_REDUCES = ("reduce_broadcast", "centre")


def gemv(
    *,
    matrix: Shape,
    wafer: Shape,
    layout: str = "tiles",
    reduce: str | None = None,
    group: int | None = None,
    all_reduce: str | None = None,
    overlap: int | None = None,
    dtype: str = "float32",
    accumulate: str | None = None,
    chip: Chip = WSE2,
    ramp_latency: int | None = None,
    startup: int | None = None,
    gap: int | None = None,
    fp16_macs: int | None = None,
    fp32_macs: int | None = None,
    mixed_macs: int | None = None,
    io_wavelets: int | None = None,
) -> int:
    """Cycles of ``A @ x``, A cut into parts of m x n over R x C PEs.

    Where the matrix rests there are three phases in turn, of which each layout but "tiles" has two:

    1. x is brought to the PEs: `broadcast` of n values, down R rows in "tiles", to all R x C PEs in
       "rows"; nothing in the others, where it is there, and over a single PE.
    2. Every PE multiplies its part, an operation a column of it: ``n (startup + ceil(m / rate))``.
    3. The m sums are added up: `reduce_row` of C PEs in "tiles", `all_reduce_row` in "mesh",
       `reduce_2d` in "columns"; nothing in "rows", and where there is but one part.

    A gap lies between any two operations of a PE.

    In "streamed" the matrix enters in R links, a wavelet a cycle each, as long as the host's I/O
    carries R; else in ``R C m n / io_wavelets`` cycles. The tile of PE (r, 0) comes last; then that
    PE adds what the others have added up meanwhile: m cycles. With a gap streams stop and go, which
    has no closed form here.

    All this is exact but for what `reduce_row` and `all_reduce_row` say: streams that are stopped
    before a ramp can take ``T_R - 1`` cycles longer where y is added up by a tree and m is less
    than 16, and in "streamed"; up to 3 where a tree has its root in the "centre".

    Whether a PE has room for its part is not asked here: ``wselab.kernels.gemv_plan`` knows.

    Parts are ``ceil(M / R) x ceil(N / C)``, in "rows" ``ceil(M / (R C)) x N``, in "columns"
    ``M x ceil(N / (R C))``. PEs that would have none of the matrix are left out.

    Parameters
    ----------
    matrix : (int, int)
        M and N, the shape of A.
    wafer : (int, int)
        Rows and columns of PEs to spread it over.
    layout : str
        "tiles", "rows", "columns", "mesh" or "streamed": see `wselab.kernels.gemv`.
    reduce : str, optional
        In "tiles", "columns" and "mesh", what `reduce_row` calls ``algorithm``: "chain" unless
        given, in "mesh" "two_phase".
    group : int, optional
        What `reduce_row` calls so.
    all_reduce : str, optional
        In "mesh", what `all_reduce_row` calls ``algorithm``: "reduce_broadcast", which is taken
        unless given, or "centre".
    overlap : int, optional
        In "tiles" and "rows", the values of x that come at a time, while those before them are
        multiplied.
    dtype : str
        "float32", "float16" or "bfloat16": the rate of multiply-accumulate differs.
    accumulate : str, optional
        "float32" where sums are of that type, None where they are of that of A.
    chip : wselab.specs.Chip
        Whose constants are taken.
    ramp_latency, startup, gap, io_wavelets : int, optional
        T_R, the start of an operation on memory, the time between two operations, in cycles, and
        the wavelets a cycle of the host, instead of the chip's.
    fp16_macs, fp32_macs, mixed_macs : int, optional
        Multiply-accumulates a cycle by type, instead of the chip's; the first also in bfloat16.

    Raises
    ------
    ValueError
        A size is not a whole number of at least 1, the type is none that a PE computes in, there is
        no such layout or reduce, or the layout is "streamed" and there is a gap.

    References
    ----------
    The sum of `broadcast`, the rules' time of an operation on memory, and `reduce_row` and its
    kin. The layouts: He et al., "WaferLLM", OSDI 2025, arXiv:2502.04563, for "mesh".

    Examples
    --------
    >>> gemv(matrix=(4, 3), wafer=(2, 3))
    23
    >>> {layout: gemv(matrix=(16384, 16384), wafer=(994, 750), dtype="float16", layout=layout)
    ...  for layout in LAYOUTS}
    {'tiles': 5581, 'rows': 33543, 'columns': 41484, 'mesh': 1898, 'streamed': 6104550}
    """
    check_tuple("matrix", matrix, 2, "rows first: (64, 96)")
    check_tuple("wafer", wafer, 2, "rows first: (4, 8)")
    M, N, rows, columns = whole(M=matrix[0], N=matrix[1], rows=wafer[0], columns=wafer[1])
    if layout not in LAYOUTS:
        raise ValueError(f"no layout {layout!r}; there is {', '.join(map(repr, LAYOUTS))}")
    if (reduce is not None or group is not None) and layout not in REDUCES:
        raise ValueError(f"layout={layout!r} has no reduce and no group; leave them out")
    if all_reduce is not None and (layout != "mesh" or all_reduce not in ALL_REDUCES):
        raise ValueError(
            f"all_reduce={all_reduce!r} in layout={layout!r}: expected one of "
            f"{', '.join(map(repr, ALL_REDUCES))} in layout='mesh', and None elsewhere"
        )
    if overlap is not None:
        overlap = at_least("overlap", overlap, 1)
        if layout not in ("tiles", "rows"):
            raise ValueError(f"overlap={overlap!r} in layout={layout!r}: for 'tiles' and 'rows'")
    macs = {"fp16_macs": fp16_macs, "fp32_macs": fp32_macs, "mixed_macs": mixed_macs}
    rate = mac_rate(chip, dtype, accumulate, **macs)
    t_r = constant(chip, "ramp_latency_cycles", "ramp_latency", ramp_latency, least=1)
    start = constant(chip, "operation_startup_cycles", "startup", startup)
    between = constant(chip, "operation_gap_cycles", "gap", gap)
    (R, C), (m, n) = _parts((M, N), (rows, columns), layout)
    if layout == "streamed":
        carried = constant(chip, "io_wavelets_per_cycle", "io_wavelets", io_wavelets, least=1)
        if between:
            raise ValueError(
                f"layout='streamed' with gap={between}: what the streams wait for in queues has no "
                "closed form here; expected gap=0. Try wselab.kernels.gemv, which runs it"
            )
        return _streamed(R, C, m, n, carried, t_r)

    rules: dict[str, Any] = {"chip": chip, "ramp_latency": t_r}
    column = start + -(-m // rate)
    bring, multiply = 0, n * column + between * (n - 1)
    if layout in ("tiles", "rows"):
        bring = broadcast(rows=R, columns=1 if layout == "tiles" else C, wavelets=n, **rules)
        if bring and overlap is not None:
            way = bring - n  # cycles before the last PE has the first value
            bring, multiply = 0, _overlapped(n, overlap, way, column, between)
    rules |= {"startup": start, "gap": between}
    how: dict[str, Any] = {"wavelets": m, "group": group, **rules}
    by: Any = reduce or REDUCES.get(layout)
    add_up = 0
    if layout == "columns" and R > 1 and C > 1:
        add_up = reduce_2d(rows=R, columns=C, row_algorithm=by, column_algorithm=by, **how)
    elif layout == "columns" and R * C > 1:
        add_up = reduce_row(pes=R * C, algorithm=by, **how)
    elif layout == "tiles" and C > 1:
        add_up = reduce_row(pes=C, algorithm=by, **how)
    elif layout == "mesh" and C > 1:
        by_way = all_reduce or ALL_REDUCES[0]
        add_up = all_reduce_row(pes=C, algorithm=by_way, reduce_algorithm=by, **how)
    return bring + multiply + add_up + between * ((bring > 0) + (add_up > 0))


def _parts(matrix: Shape, wafer: Shape, layout: str) -> tuple[Shape, Shape]:
    """The PEs used, rows and columns, and the shape of each one's part of the matrix."""
    (M, N), (rows, columns) = matrix, wafer
    if layout in ("rows", "columns"):
        lines = M if layout == "rows" else N
        part = -(-lines // (rows * columns))
        pes = -(-lines // part)
        columns = min(columns, pes)
        return (-(-pes // columns), columns), (part, N) if layout == "rows" else (M, part)
    m, n = -(-M // rows), -(-N // columns)
    return (-(-M // m), -(-N // n)), (m, n)


def _overlapped(n: int, size: int, way: int, column: int, gap: int) -> int:
    """Cycles of the last PE, which takes in pieces of x while it multiplies those before.

    A piece begins when the one before is there and the PE has come to it, and takes one of its
    cycles to begin; the columns that meet it are multiplied when it is there.
    """
    free, there, done = 1, way + min(size, n), 0  # cycles from which on; values multiplied
    while done < n:
        now = min(size, n - done)
        coming = min(size, n - done - now)
        begins = max(free, there)
        if coming:
            free = begins + 1
            there = max(begins, way + done + now) + coming
        else:
            free = begins
        free += now * (column + gap)
        done += now
    return free - gap


def _streamed(R: int, C: int, m: int, n: int, carried: int, t_r: int) -> int:
    """The tiles of a row of PEs in turn, the farthest first, and a chain behind them."""
    tile, hand_over = m * n, 2 * t_r + 2
    adding = 0  # the cycle in which a PE takes in the first of the sums from the east
    for column in reversed(range(C)):
        number = tile * (C - column) - 1  # of the last wavelet of its tile, in its link
        sent = (number * R + R - 1) // carried if carried < R else number
        ends = sent + 1 + t_r + column * hand_over
        if C == 1:
            return ends + 1
        adding = max(ends + 1, adding + hand_over if column < C - 1 else 0)
    return adding + m
