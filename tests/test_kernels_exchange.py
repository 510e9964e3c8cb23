"""All-gather, scatter and all-to-all: everything arrives where it belongs, bit by bit."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import wselab as wse
from wselab import kernels

from .values import TYPES, numbers, same_bits

SHAPES = [(1, 1, 1), (2, 1, 5), (1, 2, 1), (1, 2, 6), (3, 3, 4), (1, 9, 6), (4, 5, 1), (2, 8, 24)]
SHAPES += [(1, 33, 2)]


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("algorithm", ["ring", "switches"])
def test_all_gather_gives_every_pe_the_vectors_of_its_row(
    algorithm: str, shape: tuple[int, int, int], dtype: str
) -> None:
    """Every PE has the bits of all vectors of its row, in the order of the columns."""
    x = numbers(shape, dtype)
    value, _ = kernels.all_gather_row(x, algorithm)
    assert same_bits(value, np.repeat(x[:, None], shape[1], axis=1))


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("shape", SHAPES)
def test_scatter_gives_every_pe_its_own_vector(shape: tuple[int, int, int], dtype: str) -> None:
    """Each PE has the bits of the vector that was for it, and no ramp took any other."""
    x = numbers(shape, dtype)
    value, run = kernels.scatter_row(x)
    assert same_bits(value, x)
    assert run.ramps == shape[0] * (shape[1] - 1) * shape[2]


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("shape", SHAPES)
def test_all_to_all_transposes(shape: tuple[int, int, int], dtype: str) -> None:
    """What column i had for column k, column k has from column i."""
    rows, columns, wavelets = shape
    x = numbers((rows, columns, columns, wavelets), dtype)
    value, _ = kernels.all_to_all_row(x)
    assert same_bits(value, np.ascontiguousarray(x.swapaxes(1, 2)))


ROW = np.ones((1, 3, 4), np.float32)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: kernels.all_gather_row(ROW[0]), "expected 3 axes, (rows, columns, wavelets)"),
        (lambda: kernels.all_gather_row(ROW, "star"), "no algorithm 'star'; there is 'ring', 'sw"),
        (lambda: kernels.scatter_row(ROW.astype(float)), "x is float64"),
        (
            lambda: kernels.all_to_all_row(ROW),
            "expected 4 axes, (rows, columns, columns, wavelets)",
        ),
        (
            lambda: kernels.all_to_all_row(ROW[None]),
            "3 vectors in each PE; expected one for each o",
        ),
    ],
)
def test_wrong_inputs_are_named(call: Any, words: str) -> None:
    """A wrong input raises a ProgramError that says what it is and what was expected."""
    with pytest.raises(wse.ProgramError, match=re.escape(words)):
        call()


def test_the_vectors_of_a_row_must_fit_a_pe() -> None:
    """Each PE holds all vectors of a row once for a gather or a scatter, three times for all."""
    full = np.ones((1, 4, 3072), np.float32)
    assert kernels.scatter_row(full)[0].sum() == full.sum()
    more = np.ones((1, 4, 3073), np.float32)
    for kernel in (kernels.scatter_row, kernels.all_gather_row):
        with pytest.raises(wse.MemoryBudgetError):
            kernel(more)
    with pytest.raises(wse.MemoryBudgetError):
        kernels.all_to_all_row(np.ones((1, 4, 4, 1025), np.float32))
