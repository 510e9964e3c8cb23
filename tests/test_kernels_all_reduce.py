"""All-reduce by every algorithm: the same bits in every PE, in the stated order."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import wselab as wse
from wselab import kernels
from wselab.kernels.all_reduce import ALGORITHMS

from .values import TYPES, chain, in_order, numbers, same_bits

SHAPES = [(1, 1, 1), (1, 1, 5), (1, 2, 1), (1, 2, 6), (3, 3, 4), (1, 9, 6), (4, 5, 1), (2, 8, 24)]
SHAPES += [(1, 33, 7), (2, 16, 37)]


def everywhere(totals: np.ndarray, columns: int) -> np.ndarray:
    return np.repeat(totals[:, None], columns, axis=1)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("how", ["chain", "star", "tree", "two_phase", "auto", "best"])
def test_reduce_broadcast_gives_every_pe_the_reduced_sum(
    how: str, shape: tuple[int, int, int], dtype: str
) -> None:
    """Every PE has the bits that `reduce_row` by the same algorithm leaves in column 0."""
    x = numbers(shape, dtype)
    value, _ = kernels.all_reduce_row(x, reduce_algorithm=how)
    assert same_bits(value, everywhere(kernels.reduce_row(x, how)[0], shape[1]))


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("shape", SHAPES)
def test_centre_adds_the_shorter_half_first(shape: tuple[int, int, int], dtype: str) -> None:
    """To the vector in the middle are added the eastern chain's sum, then the western one's."""
    x = numbers(shape, dtype)
    value, _ = kernels.all_reduce_row(x, "centre")
    middle = shape[1] // 2
    totals = []
    for row in x:
        east, west = row[middle + 1 :], row[:middle][::-1]
        totals.append(in_order([row[middle], *(chain(half) for half in (east, west) if len(half))]))
    assert same_bits(value, everywhere(np.array(totals), shape[1]))


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("shape", SHAPES)
def test_each_part_of_a_ring_is_summed_from_its_own_column(
    shape: tuple[int, int, int], dtype: str
) -> None:
    """Part k, of P nearly equal ones, has the bits of a sum that begins at column k."""
    x = numbers(shape, dtype)
    _, columns, wavelets = shape
    value, _ = kernels.all_reduce_row(x, "ring")
    ends = [k * wavelets // columns for k in range(columns + 1)]
    parts = [
        in_order([x[:, (k + step) % columns, ends[k] : ends[k + 1]] for step in range(columns)])
        for k in range(columns)
    ]
    assert same_bits(value, everywhere(np.concatenate(parts, axis=1), columns))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_whole_numbers_have_the_sum_of_numpy(algorithm: str) -> None:
    """Where nothing is rounded every algorithm gives NumPy's sum, for any length and row."""
    draw = np.random.default_rng(7)
    for columns, wavelets in ((2, 1), (3, 2), (7, 16), (12, 5), (16, 16)):
        x = draw.integers(-99, 100, (2, columns, wavelets)).astype(np.float32)
        value, _ = kernels.all_reduce_row(x, algorithm)
        assert (value == x.sum(axis=1, keepdims=True)).all()


@pytest.mark.parametrize("how", [{}, {"algorithm": "snake"}, {"row_algorithm": "best"}])
def test_all_reduce_2d_gives_every_pe_the_sum(how: dict[str, Any]) -> None:
    """Every PE has the bits that `reduce_2d` with the same words leaves in PE (0, 0)."""
    for shape in SHAPES:
        x = numbers(shape)
        value, _ = kernels.all_reduce_2d(x, **how)
        assert same_bits(value, np.tile(kernels.reduce_2d(x, **how)[0], (*shape[:2], 1)))


def test_a_ring_needs_a_memory_for_the_sum() -> None:
    """In a ring ``out`` must not be ``x``: what is sent would be overwritten."""
    w = wse.Wafer(1, 4)
    x = w.memory("x", 8)
    with pytest.raises(wse.ProgramError, match="a ring sums from one memory into another"):
        kernels.write_ring(w, x, x)


ROW = np.ones((1, 3, 4), np.float32)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: kernels.all_reduce_row(ROW[0]), "expected 3 axes, (rows, columns, wavelets)"),
        (
            lambda: kernels.all_reduce_row(ROW, "star"),
            "no algorithm 'star'; there is 'reduce_broad",
        ),
        (lambda: kernels.all_reduce_row(ROW, reduce_algorithm="ring"), "no algorithm 'ring'; ther"),
        (lambda: kernels.all_reduce_row(ROW, group=2), "group=2 with algorithm 'chain'"),
        (lambda: kernels.all_reduce_row(ROW, "ring", group=2), "a 'ring' has no reduce_algorithm"),
        (lambda: kernels.all_reduce_row(ROW, "ring", reduce_algorithm="tree"), "a 'ring' has no"),
        (lambda: kernels.all_reduce_2d(ROW, "ring"), "no algorithm 'ring'; there is 'xy', 'snake'"),
        (lambda: kernels.all_reduce_2d(ROW.astype(float)), "x is float64"),
    ],
)
def test_wrong_inputs_are_named(call: Any, words: str) -> None:
    """A wrong input raises a ProgramError that says what it is and what was expected."""
    with pytest.raises(wse.ProgramError, match=re.escape(words)):
        call()
