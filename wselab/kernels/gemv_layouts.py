"""The layouts of a matrix-vector product: what each PE has of A, x and y, and what it takes.

========== ================= ============================ ====================== ==================
layout     a PE's part of A  x begins                     x is brought           y ends
========== ================= ============================ ====================== ==================
tiles      a tile            in pieces, in row 0          down each column       in column 0
rows       whole rows        in PE (0, 0)                 to every PE            where it is made
columns    whole columns     in pieces, one in each PE                           in PE (0, 0)
mesh       a tile            in pieces, all down a column                        along each row
streamed   a tile, passing   in pieces, all down a column                        in column 0
========== ================= ============================ ====================== ==================
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..fabric import MemoryBudgetError, ProgramError
from ..fabric.memory import DTYPES, number_type
from ..specs import WSE2
from .inputs import at_least_one, one_of
from .tiling import Shape, large_enough, tiles, tiling, zero_padded

LAYOUTS = ("tiles", "rows", "columns", "mesh", "streamed")


@dataclass(frozen=True, repr=False)
class Plan:
    """What a product takes of a wafer, before anything runs.

    ``wafer``: rows and columns of the PEs used. ``tile``: rows and columns of A that each of them
    has, or is sent. ``bytes``: what a PE keeps, by name. ``accumulate``: the type of the sums.
    ``room``: the bytes that a PE has.

    Examples
    --------
    >>> plan = gemv_plan((200, 300), wafer=(8, 8), dtype="float16")
    >>> plan.tile, plan.bytes, plan.bytes_per_pe
    ((25, 38), {'A': 1900, 'x': 76, 'y': 50}, 2026)
    >>> plan.macs, plan.padding
    (60800, 800)
    >>> plan
    <plan 'tiles' of 200 x 300: 8 x 8 PEs with 25 x 38 each, 2,026 of 49,152 bytes>
    >>> gemv_plan((90, 300), wafer=(1, 1))
    <plan 'tiles' of 90 x 300: 1 x 1 PEs with 90 x 300 each, 109,560 of 49,152 bytes: does not fit>
    """

    layout: str
    matrix: Shape
    wafer: Shape
    tile: Shape
    bytes: dict[str, int]
    accumulate: str
    room: int

    @property
    def bytes_per_pe(self) -> int:
        """Bytes that a PE keeps in all."""
        return sum(self.bytes.values())

    @property
    def fits(self) -> bool:
        """Whether a PE has room for them."""
        return self.bytes_per_pe <= self.room

    @property
    def macs(self) -> int:
        """Multiply-accumulates that the PEs make, those of the padding included."""
        (rows, columns), (height, width) = self.wafer, self.tile
        return rows * columns * height * width

    @property
    def padding(self) -> int:
        """How many of them are of the zeros that fill up the tiles: they take their time, too."""
        return self.macs - self.matrix[0] * self.matrix[1]

    def __repr__(self) -> str:
        matrix, pes, tile = (f"{a} x {b}" for a, b in (self.matrix, self.wafer, self.tile))
        return (
            f"<plan {self.layout!r} of {matrix}: {pes} PEs with {tile} each, "
            f"{self.bytes_per_pe:,} of {self.room:,} bytes{'' if self.fits else ': does not fit'}>"
        )


def gemv_plan(
    matrix: Shape,
    wafer: Shape,
    layout: str = "tiles",
    *,
    dtype: Any = "float32",
    accumulate: str | None = None,
    places: int = 1,
    chip: Any = WSE2,
) -> Plan:
    """What ``gemv`` takes for a matrix of that shape and type: PEs, tiles, bytes, padding.

    The PEs that would have nothing but zeros are left out, as far as a rectangle allows. ``places``
    are those for x and for y in a PE: 1 for a single product, as `gemv` has it, and 2 where the
    next x comes in, and the last y goes out, meanwhile. Whether a PE of ``chip`` has so much room
    says ``fits``. Raises `ProgramError` where there is no such layout or type, or a size is not a
    whole number above 0.

    Examples
    --------
    >>> gemv_plan((10, 64), wafer=(4, 8), layout="rows").wafer  # a row of A for each of ten PEs
    (2, 8)
    >>> {layout: gemv_plan((256, 256), (16, 16), layout).bytes_per_pe for layout in LAYOUTS}
    {'tiles': 1152, 'rows': 2052, 'columns': 2052, 'mesh': 1152, 'streamed': 128}
    >>> [gemv_plan((871, 871), (8, 8), places=places).fits for places in (1, 2)]
    [True, False]
    """
    places = at_least_one("gemv", "places", places)
    for name, sizes in (("matrix", matrix), ("wafer", wafer)):
        if not _is_shape(sizes):
            raise ProgramError(
                f"gemv: {name}={sizes!r}; expected two whole numbers above 0, rows first: (4, 8)"
            )
    one_of("gemv", layout, LAYOUTS, "layout")
    kind = number_type(dtype)
    if kind.name not in DTYPES:
        raise ProgramError(f"gemv: dtype={dtype!r}; a PE computes in {' or '.join(DTYPES)}")
    sums = kind.name if accumulate is None else str(accumulate)
    if sums not in (kind.name, "float32"):
        raise ProgramError(
            f"gemv: accumulate={accumulate!r} for a matrix of {kind.name}; expected 'float32', or "
            "None for the type of the matrix"
        )
    M, N = matrix
    if layout == "rows":
        used, (height, width) = _strips(M, wafer, lambda part: (part, N))
    elif layout == "columns":
        used, (height, width) = _strips(N, wafer, lambda part: (M, part))
    else:
        used, (height, width) = tiling(matrix, wafer)
    kept = {"A": 0 if layout == "streamed" else height * width, "x": width}
    taken = {name: count * kind.itemsize for name, count in kept.items() if count}
    taken["x"] *= places
    taken["y"] = places * height * number_type(sums).itemsize
    return Plan(layout, (M, N), used, (height, width), taken, sums, chip.pe_memory_bytes)


def _is_shape(sizes: Any) -> bool:
    pair = isinstance(sizes, (tuple, list)) and len(sizes) == 2
    return pair and all(isinstance(n, (int, np.integer)) and n > 0 for n in sizes)


def _strips(lines: int, wafer: Shape, tile: Any) -> tuple[Shape, Shape]:
    """As many lines of A for each PE, row by row of the wafer."""
    rows, columns = wafer
    part = -(-lines // (rows * columns))
    pes = -(-lines // part)
    columns = min(columns, pes)
    return (-(-pes // columns), columns), tile(part)


def check_fits(plan: Plan, wafer: Shape, dtype: Any, chip: Any) -> None:
    """Refuse a product whose PEs would keep more than they have room for, and say what would do."""
    if plan.fits:
        return
    budget = plan.room

    def taken(shape: Shape, layout: str = plan.layout) -> int:
        how = {"dtype": dtype, "accumulate": plan.accumulate}
        return gemv_plan(plan.matrix, shape, layout, **how).bytes_per_pe

    others = [f"layout={name!r}" for name in LAYOUTS if taken(wafer, name) <= budget]
    hint = large_enough(wafer, chip, lambda shape: taken(shape) <= budget)
    hint += f" On this one it would go with {' or '.join(others)}." if others else ""
    height, width = plan.tile
    table = " + ".join(f"{size:,} of {name}" for name, size in plan.bytes.items())
    raise MemoryBudgetError(
        f"gemv: A of shape {plan.matrix} over wafer={wafer} does not fit in layout="
        f"{plan.layout!r}: each PE has {budget:,} bytes, and {height} x {width} {dtype} of A, "
        f"{width} of x and {height} of y: that takes {plan.bytes_per_pe:,} ({table}). {hint}"
    )


def parts_of(A: np.ndarray, plan: Plan) -> np.ndarray:
    """The part of A of each PE: (rows, columns, height, width), a view where no zeros are added."""
    (rows, columns), (height, width) = plan.wafer, plan.tile
    if plan.layout == "rows":
        full = zero_padded(A, (rows * columns * height, width))
        return full.reshape(rows, columns, height, width)
    if plan.layout == "columns":
        full = zero_padded(A, (height, rows * columns * width))
        return full.reshape(height, rows, columns, width).transpose(1, 2, 0, 3)
    return tiles(A, plan.wafer, plan.tile)


def put_x(memory: Any, x: np.ndarray, plan: Plan) -> None:
    """Write x into the PEs that have it when the program begins."""
    (rows, columns), (_, width) = plan.wafer, plan.tile
    if plan.layout == "rows":
        memory[0, 0] = x
    elif plan.layout == "columns":
        memory[...] = zero_padded(x, (rows * columns * width,)).reshape(rows, columns, width)
    else:
        pieces = zero_padded(x, (columns * width,)).reshape(columns, width)
        memory[0 if plan.layout == "tiles" else ...] = pieces


def take_y(memory: Any, plan: Plan) -> np.ndarray:
    """Read y out of the PEs that have it when the program has ended, as an array of its own."""
    y: np.ndarray
    if plan.layout == "rows":
        y = memory[...]
    elif plan.layout == "columns":
        y = memory[0, 0]
    else:
        y = memory[:, 0]
    return y.reshape(-1)[: plan.matrix[0]].copy()
