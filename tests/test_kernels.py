"""What all kernels have in common: tiles, their inputs, and the errors about them."""

from __future__ import annotations

import itertools
import re
import sys
from typing import Any

import numpy as np
import pytest

import wselab as wse
from wselab import kernels
from wselab.kernels.tiling import tiles, tiling
from wselab.specs import WSE1, WSE3

from .values import TYPES, chain, numbers, same_bits


def gemv_in_order(A: np.ndarray, x: np.ndarray, wafer: tuple[int, int]) -> np.ndarray:
    """``A @ x`` element by element, in the order that `kernels.gemv` states for tiles."""
    (M, N), kind = A.shape, A.dtype.type
    n = -(-N // wafer[1])
    y = np.zeros(M, A.dtype)
    for i in range(M):
        parts = []
        for start in range(0, N, n):
            part = kind(0)
            for j in range(start, min(start + n, N)):
                part = kind(part + kind(A[i, j] * x[j]))
            parts.append(part)
        y[i] = chain(np.array(parts))
    return y


# ---- tiles -------------------------------------------------------------------------------

PRODUCTS = [
    ((1, 1), (1, 1)),
    ((1, 9), (1, 4)),
    ((9, 1), (4, 1)),
    ((5, 7), (1, 1)),
    ((4, 6), (4, 6)),
    ((12, 10), (3, 5)),
    ((10, 64), (5, 16)),
    ((7, 11), (3, 4)),
    ((5, 5), (4, 4)),  # tiles of 2 x 2 in 3 x 3 of the PEs
    ((2, 3), (60, 60)),  # more PEs than elements
]


@pytest.mark.parametrize(("matrix", "wafer"), PRODUCTS)
def test_tiles_cover_the_matrix_with_no_pe_to_spare(
    matrix: tuple[int, int], wafer: tuple[int, int]
) -> None:
    """Every PE used has a part of the matrix, and all tiles together are the padded matrix."""
    used, tile = tiling(matrix, wafer)
    for size, pes, allowed, length in zip(matrix, used, wafer, tile, strict=True):
        assert pes <= allowed
        assert (pes - 1) * length < size <= pes * length
    A = numbers(matrix)
    cut = tiles(A, used, tile)
    assert cut.shape == used + tile
    for r, c in itertools.product(*map(range, used)):
        part = A[r * tile[0] : (r + 1) * tile[0], c * tile[1] : (c + 1) * tile[1]]
        assert (cut[r, c, : part.shape[0], : part.shape[1]] == part).all()
        assert np.count_nonzero(cut[r, c]) == np.count_nonzero(part)


# ---- the caller's arrays -----------------------------------------------------------------


class Adopting(wse.Wafer):
    """A wafer that keeps the arrays it is given."""

    adopted: dict[str, Any]

    def memory(self, name: str, *args: Any, **kwargs: Any) -> Any:
        Adopting.adopted[name] = kwargs.get("data")
        return super().memory(name, *args, **kwargs)


CALLS = [
    ("broadcast", lambda: (numbers(5),), {"rows": 3, "columns": 4}),
    ("broadcast_row", lambda: (numbers((3, 5)),), {"columns": 4}),
    ("multicast", lambda: (numbers(5), np.eye(4, dtype=bool)), {}),
    ("reduce_row", lambda: (numbers((3, 4, 5)),), {}),
    ("reduce_row", lambda: (numbers((3, 4, 5)), "tree"), {}),
    ("reduce_row", lambda: (numbers((3, 40, 2)), "star"), {}),
    ("reduce_2d", lambda: (numbers((3, 4, 5)),), {}),
    ("reduce_2d", lambda: (numbers((3, 4, 5)), "snake"), {}),
    ("all_reduce_row", lambda: (numbers((3, 4, 5)),), {}),
    ("all_reduce_row", lambda: (numbers((3, 4, 5)), "centre"), {}),
    ("all_reduce_row", lambda: (numbers((3, 4, 5)), "ring"), {}),
    ("all_reduce_2d", lambda: (numbers((3, 4, 5)),), {}),
    ("all_gather_row", lambda: (numbers((3, 4, 5)),), {}),
    ("scatter_row", lambda: (numbers((3, 4, 5)),), {}),
    ("all_to_all_row", lambda: (numbers((3, 4, 4, 5)),), {}),
    ("gemv", lambda: (numbers((4, 6)), numbers(6)), {"wafer": (2, 3)}),
    ("gemv", lambda: (numbers((5, 7)), numbers(7)), {"wafer": (2, 3)}),
]


@pytest.mark.parametrize(("name", "arrays", "sizes"), CALLS)
@pytest.mark.parametrize("writeable", [True, False])
def test_no_kernel_writes_into_its_inputs(
    name: str, arrays: Any, sizes: dict[str, Any], writeable: bool
) -> None:
    """The caller's arrays stay as they are, may be read-only, and keep their flags."""
    arguments = arrays()
    given = [array for array in arguments if isinstance(array, np.ndarray)]
    before = [array.copy() for array in given]
    for array in given:
        array.flags.writeable = writeable
    value, _ = getattr(kernels, name)(*arguments, **sizes)
    for array, old in zip(given, before, strict=True):
        assert same_bits(array, old)
        assert array.flags.writeable == writeable
        assert not np.shares_memory(value, array)


@pytest.mark.parametrize(
    ("name", "memory", "arrays", "sizes"),
    [
        ("reduce_row", "x", lambda: (numbers((3, 4, 5)),), {}),
        ("reduce_2d", "x", lambda: (numbers((3, 4, 5)),), {}),
        ("all_reduce_row", "x", lambda: (numbers((3, 4, 5)),), {}),
        ("all_reduce_2d", "x", lambda: (numbers((3, 4, 5)),), {}),
        ("gemv", "A", lambda: (numbers((4, 6)), numbers(6)), {"wafer": (2, 3)}),
    ],
)
def test_large_inputs_are_adopted_without_a_copy(
    name: str, memory: str, arrays: Any, sizes: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The wafer's memory is the caller's own array, not a copy."""
    kernel = getattr(kernels, name)
    monkeypatch.setattr(sys.modules[kernel.__module__], "Wafer", Adopting)
    monkeypatch.setattr(Adopting, "adopted", {}, raising=False)
    given = arrays()
    kernel(*given, **sizes)
    assert np.shares_memory(Adopting.adopted[memory], given[0])


@pytest.mark.parametrize("dtype", TYPES)
def test_arrays_in_any_memory_order_are_fine(dtype: str) -> None:
    """Slices, transposed and Fortran-ordered arrays give the same bits as plain ones."""
    wide, A = numbers((8, 6, 10), dtype), numbers((6, 4), dtype)
    x, part = numbers(8, dtype)[::2], wide[::-2, 1::2, ::3]
    row, _ = kernels.reduce_row(part)
    assert same_bits(row, chain(part.swapaxes(0, 1)))
    fortran, _ = kernels.reduce_2d(np.asfortranarray(part))
    assert same_bits(fortran, chain(chain(part.swapaxes(0, 1))))
    turned, _ = kernels.gemv(A.T, numbers(6, dtype), wafer=(2, 3))
    assert same_bits(turned, gemv_in_order(A.T, numbers(6, dtype), (2, 3)))
    stepped, _ = kernels.gemv(A, x, wafer=(2, 3))
    assert same_bits(stepped, gemv_in_order(A, x, (2, 3)))


# ---- errors ------------------------------------------------------------------------------

ONE = np.ones(4, np.float32)
ROW = np.ones((1, 3, 4), np.float32)
SQUARE = np.ones((4, 4), np.float32)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: kernels.broadcast([1.0], rows=1, columns=2), "x is a list; expected a NumPy arr"),
        (lambda: kernels.broadcast(ONE.astype(float), rows=1, columns=2), ".astype(np.float32)"),
        (lambda: kernels.broadcast(np.arange(4), rows=1, columns=2), "x is int64; a PE computes"),
        (lambda: kernels.broadcast(SQUARE, rows=1, columns=2), "expected 1 axis, (wavelets,)"),
        (lambda: kernels.broadcast(ONE[:0], rows=1, columns=2), "shape (0,), no wavelets"),
        (lambda: kernels.broadcast(ONE, rows=0, columns=2), "rows=0; expected a whole number"),
        (lambda: kernels.broadcast(ONE, rows=1, columns=2, speed=3), "unknown rule 'speed'"),
        (lambda: kernels.reduce_row(SQUARE), "expected 3 axes, (rows, columns, wavelets)"),
        (lambda: kernels.reduce_row(ROW.astype(float)), "x is float64"),
        (lambda: kernels.reduce_row(ROW[:, :0]), "shape (1, 0, 4), no columns"),
        (lambda: kernels.reduce_row(ROW, "pile"), "no algorithm 'pile'; there is 'chain', 'star'"),
        (lambda: kernels.reduce_row(ROW, queue_depth=1), "queue_depth=1: expected a whole number"),
        (lambda: kernels.reduce_2d(ROW.astype(float)), "x is float64"),
        (lambda: kernels.reduce_2d(ONE), "expected 3 axes"),
        (lambda: kernels.gemv(SQUARE.astype(float), ONE, wafer=(2, 2)), "A is float64"),
        (lambda: kernels.gemv(SQUARE, ONE.astype(float), wafer=(2, 2)), "x is float64"),
        (lambda: kernels.gemv(SQUARE, ONE.astype("f2"), wafer=(2, 2)), "x is float16; expected th"),
        (lambda: kernels.gemv(SQUARE, ONE[:3], wafer=(2, 2)), "expected x of shape (4,)"),
        (lambda: kernels.gemv(SQUARE, SQUARE, wafer=(2, 2)), "x has shape (4, 4); expected 1 axis"),
        (lambda: kernels.gemv(SQUARE, ONE, wafer=4), "wafer=4; expected (rows, columns)"),
        (lambda: kernels.gemv(SQUARE, ONE, wafer=(0, 4)), "rows=0; expected a whole number"),
    ],
)
def test_wrong_inputs_are_named(call: Any, words: str) -> None:
    """A wrong input raises a ProgramError that says what it is and what was expected."""
    with pytest.raises(wse.ProgramError, match=re.escape(words)):
        call()


@pytest.mark.parametrize(
    "call",
    [
        lambda: kernels.broadcast(ONE, rows=997, columns=1),
        lambda: kernels.reduce_row(np.broadcast_to(ONE, (1, 758, 4))),
        lambda: kernels.reduce_2d(np.broadcast_to(ONE, (997, 1, 4))),
        lambda: kernels.gemv(SQUARE, ONE, wafer=(757, 996)),
    ],
)
def test_a_wafer_larger_than_the_chip_is_refused(call: Any) -> None:
    """The wafer's own error names the chip and its size, for small matrices too."""
    with pytest.raises(wse.ProgramError, match="a WSE-2 has 996 rows x 757 columns"):
        call()


def test_another_chip_has_its_own_limits_and_rates() -> None:
    """``chip=`` sets the largest wafer, and the rate of the multiplications."""
    A, x = np.ones((8, 8), np.float16), np.ones(8, np.float16)
    slow, fast = (kernels.gemv(A, x, wafer=(1, 1), chip=chip)[1].cycles for chip in (WSE1, WSE3))
    assert (slow, fast) == (16, 8)
    assert kernels.broadcast(ONE, rows=1172, columns=1, chip=WSE3)[0].shape == (1172, 1, 4)


def test_two_vectors_of_a_reduce_must_fit_a_pe() -> None:
    """6,144 float32 and their sum fill 48 KiB; one more is refused with the table."""
    full = np.broadcast_to(np.float32(1), (1, 2, 6144))
    assert kernels.reduce_row(full)[0].sum() == 2 * 6144
    with pytest.raises(wse.MemoryBudgetError, match=r"total +24,580 bytes"):
        kernels.reduce_row(np.broadcast_to(np.float32(1), (1, 2, 6145)))
