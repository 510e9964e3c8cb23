"""The tiles of a matrix-matrix product: what each PE has of A, B and C, and what it takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..fabric import MemoryBudgetError, ProgramError
from ..fabric.memory import number_type
from .inputs import one_of
from .shift import folded
from .tiling import Shape, large_enough, zero_padded

ALGORITHMS = ("summa", "cannon", "mesh")
Sizes = tuple[int, int, int]


@dataclass(frozen=True)
class Plan:
    """What a product takes of a wafer, before anything runs.

    ``wafer``: rows and columns of the PEs used. ``tile``: m, b and n; a PE has m x n of C, and in
    turn m x b of A and b x n of B. ``panels``: how many of these there are. ``places``: how many of
    them a PE has memory for, of "A" and "B" in use or coming in, and for SUMMA in the queues.
    ``bytes``: what these and C take, by name. ``accumulate``: the type of the sums.

    Examples
    --------
    >>> plan = gemm_plan((100, 80, 60), wafer=(8, 8), algorithm="cannon")
    >>> plan.tile, plan.bytes, plan.bytes_per_pe
    ((13, 10, 8), {'A': 1040, 'B': 640, 'C': 416}, 2096)
    >>> plan.macs, plan.padding
    (532480, 52480)
    """

    algorithm: str
    sizes: Sizes
    wafer: Shape
    tile: Sizes
    panels: int
    places: dict[str, int]
    bytes: dict[str, int]
    accumulate: str

    @property
    def bytes_per_pe(self) -> int:
        """Bytes that a PE keeps in all."""
        return sum(self.bytes.values())

    @property
    def macs(self) -> int:
        """Multiply-accumulates that the PEs make, those of the padding included."""
        (rows, columns), (m, b, n) = self.wafer, self.tile
        return rows * m * self.panels * b * columns * n

    @property
    def padding(self) -> int:
        """How many of them are of the zeros that fill up the tiles: they take their time, too."""
        M, K, N = self.sizes
        return self.macs - M * K * N

    @property
    def order(self) -> list[int]:
        """The row and the column on the wafer of each number of the rings; that of rows for SUMMA.

        Only MeshGEMM has another than the wafer's own.
        """
        return folded(self.wafer[0]) if self.algorithm == "mesh" else list(range(self.wafer[0]))


def gemm_plan(
    sizes: Sizes,
    wafer: Shape,
    algorithm: str = "summa",
    *,
    overlap: bool = True,
    dtype: Any = "float32",
    accumulate: str | None = None,
) -> Plan:
    """What ``gemm`` takes for matrices of M x K and K x N: PEs, tiles, bytes, padding.

    SUMMA leaves out the PEs that would have nothing of C; the others use the square that they are
    given. Raises `ProgramError` where there is no such algorithm or type, or no square for one that
    wants it.

    Examples
    --------
    >>> gemm_plan((10, 64, 5), wafer=(4, 8)).wafer  # rows of 3, 3, 3, 1; columns of 1
    (4, 5)
    >>> {how: gemm_plan((256, 256, 256), (16, 16), how).bytes_per_pe for how in ALGORITHMS}
    {'summa': 9216, 'cannon': 5120, 'mesh': 5120}
    """
    one_of("gemm", algorithm, ALGORITHMS)
    kind = number_type(dtype)
    sums = kind.name if accumulate is None else str(accumulate)
    if sums not in (kind.name, "float32"):
        raise ProgramError(
            f"gemm: accumulate={accumulate!r} for matrices of {kind.name}; expected 'float32', or "
            "None for the type of the matrices"
        )
    (M, K, N), (rows, columns) = sizes, wafer
    if algorithm != "summa" and rows != columns:
        square = min(wafer)
        raise ProgramError(
            f"gemm: {algorithm!r} goes around a square, and wafer={wafer} is none. Try "
            f"wafer=({square}, {square}), or algorithm='summa'"
        )
    m, n = -(-M // rows), -(-N // columns)
    if algorithm == "summa":
        rows, columns = -(-M // m), -(-N // n)
    b = -(-K // max(rows, columns))
    if algorithm == "summa":
        panels = -(-K // b)
        places = _places("A", columns, panels, overlap) | _places("B", rows, panels, overlap)
    else:
        panels = rows
        places = dict.fromkeys("AB", min(2, rows))
    one = {"A": b * m, "B": b * n}
    taken = {name: count * one[name[0]] * kind.itemsize for name, count in places.items()}
    taken["C"] = m * n * number_type(sums).itemsize
    return Plan(algorithm, sizes, (rows, columns), (m, b, n), panels, places, taken, sums)


def _places(name: str, pes: int, panels: int, overlap: bool) -> dict[str, int]:
    """Places for panels in use, and in the queue of a line: all but the first wait behind PE 0."""
    if pes == 1 or panels == 1:
        return {name: panels}
    return {name: 1 + bool(overlap), f"{name} queue": 1 + -(-(panels - 1) // (pes - 1))}


def check_fits(plan: Plan, wafer: Shape, overlap: bool, dtype: Any, chip: Any) -> None:
    """Refuse a product whose PEs would keep more than they have room for, and say what would do."""
    budget = chip.pe_memory_bytes
    if plan.bytes_per_pe <= budget:
        return

    def taken(shape: Shape, algorithm: str = plan.algorithm, overlap: bool = overlap) -> int:
        shape = shape if algorithm == "summa" else (min(shape), min(shape))
        how = {"dtype": dtype, "accumulate": plan.accumulate, "overlap": overlap}
        return gemm_plan(plan.sizes, shape, algorithm, **how).bytes_per_pe

    ways = [f"algorithm={how!r}" for how in ALGORITHMS if taken(wafer, how) <= budget]
    ways = [way for way in ways if wafer[0] == wafer[1]]  # what takes a smaller square takes more
    ways += ["overlap=False"] if taken(wafer, overlap=False) <= budget else []
    hint = large_enough(wafer, chip, lambda shape: taken(shape) <= budget)
    hint += f" On this one it would go with {' or '.join(ways)}." if ways else ""
    (M, K, N), (m, b, n) = plan.sizes, plan.tile
    table = " + ".join(f"{size:,} of {name}" for name, size in plan.bytes.items())
    copies = ", ".join(f"{count} of {name}" for name, count in plan.places.items())
    raise MemoryBudgetError(
        f"gemm: {M} x {K} times {K} x {N} over wafer={wafer} does not fit by {plan.algorithm!r}: "
        f"each PE has {budget:,} bytes, and panels of {m} x {b} of A and {b} x {n} of B ({copies}) "
        f"with {m} x {n} of C take {plan.bytes_per_pe:,} ({table}). {hint}"
    )


def put(memories: dict[str, Any], A: np.ndarray, B: np.ndarray, plan: Plan) -> None:
    """Write A and B into the PEs that have them when the program begins."""
    (rows, columns), (m, b, n) = plan.wafer, plan.tile
    inner = plan.panels * b
    full_A = zero_padded(A, (rows * m, inner)).reshape(rows, m, plan.panels, b)
    full_B = zero_padded(B, (inner, columns * n)).reshape(plan.panels, b, columns, n)
    panels_A = full_A.transpose(0, 2, 3, 1)  # (rows, panels, b, m)
    panels_B = full_B.transpose(2, 0, 1, 3)  # (columns, panels, b, n)
    if plan.algorithm == "summa":
        _queue_up(memories, "A", panels_A, lambda memory: memory.array)
        _queue_up(memories, "B", panels_B, lambda memory: memory.array.swapaxes(0, 1))
        return
    order = np.array(plan.order)
    for number, place in enumerate(order):
        memories["A"][place, order, number % 2] = panels_A[number]
        memories["B"][order, place, number % 2] = panels_B[number]


def _queue_up(memories: dict[str, Any], name: str, panels: np.ndarray, by_line: Any) -> None:
    """Panels of shape (lines, panels, ...): the first to PE 0 of a line, the others behind it."""
    now = by_line(memories[name])
    if f"{name} queue" not in memories:  # one PE a line has them all, or there is but one
        now[:, 0] = panels
        return
    now[:, 0, 0] = panels[:, 0]
    queue = by_line(memories[f"{name} queue"])
    each = queue.shape[2] - 1
    for number in range(1, panels.shape[1]):
        pe, place = divmod(number - 1, each)
        queue[:, 1 + pe, place] = panels[:, number]


def take(memory: Any, plan: Plan) -> np.ndarray:
    """Read C out of the PEs, as an array of its own."""
    (rows, columns), (m, _, n) = plan.wafer, plan.tile
    C = memory[...]
    if plan.algorithm == "mesh":
        C = C[np.ix_(plan.order, plan.order)]
    whole: np.ndarray = C.transpose(0, 3, 1, 2).reshape(rows * m, columns * n)
    return whole[: plan.sizes[0], : plan.sizes[2]].copy()
