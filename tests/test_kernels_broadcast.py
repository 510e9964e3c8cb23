"""Broadcast and multicast: who has the vector in the end, and over which links it went."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import wselab as wse
from wselab import kernels

from .values import TYPES, numbers, same_bits

SHAPES = [(1, 1, 1), (1, 1, 5), (1, 2, 1), (3, 1, 4), (1, 9, 6), (4, 3, 1), (5, 8, 7), (2, 65, 3)]


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize(("rows", "columns", "wavelets"), SHAPES)
def test_broadcast_gives_every_pe_the_vector(
    rows: int, columns: int, wavelets: int, dtype: str
) -> None:
    """After a broadcast every PE has the bits of the vector, in its type."""
    x = numbers(wavelets, dtype)
    value, _ = kernels.broadcast(x, rows=rows, columns=columns)
    assert same_bits(value, np.tile(x, (rows, columns, 1)))


def test_broadcast_takes_each_link_of_its_tree_once() -> None:
    """A tree over all PEs has a link and a ramp less than PEs, and each takes every wavelet."""
    _, run = kernels.broadcast(numbers(6), rows=5, columns=7)
    assert (run.hops, run.ramps) == (6 * (5 * 7 - 1), 6 * (5 * 7 - 1))


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize(("rows", "columns", "wavelets"), SHAPES)
def test_broadcast_row_gives_each_row_its_own_vector(
    rows: int, columns: int, wavelets: int, dtype: str
) -> None:
    """From the first, a middle and the last column, every PE of a row gets that row's vector."""
    x = numbers((rows, wavelets), dtype)
    for source in sorted({0, columns // 2, columns - 1}):
        value, run = kernels.broadcast_row(x, columns=columns, source=source)
        assert same_bits(value, np.repeat(x[:, None], columns, axis=1))
        assert run.hops == run.ramps == rows * (columns - 1) * wavelets


def rectangle(shape: tuple[int, int], rows: slice, columns: slice) -> np.ndarray:
    to = np.zeros(shape, bool)
    to[rows, columns] = True
    return to


MASKS = [
    (rectangle((6, 8), slice(2, 5), slice(3, 7)), (0, 0)),
    (rectangle((6, 8), slice(2, 5), slice(3, 7)), (3, 5)),  # from within
    (rectangle((6, 8), slice(2, 5), slice(3, 7)), (5, 7)),
    (rectangle((6, 8), slice(0, 6), slice(0, 8)), (2, 3)),  # a broadcast
    (rectangle((6, 8), slice(4, 5), slice(0, 1)), (1, 7)),  # a single PE
    (rectangle((1, 5), slice(0, 1), slice(0, 2)), (0, 4)),
    (rectangle((5, 1), slice(0, 2), slice(0, 1)), (4, 0)),
    (np.eye(7, dtype=bool)[::-1], (3, 1)),
    (np.random.default_rng(3).random((9, 11)) < 0.2, (4, 5)),
]


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize(("to", "source"), MASKS)
def test_multicast_gives_the_vector_to_those_who_are_meant(
    to: np.ndarray, source: tuple[int, int], dtype: str
) -> None:
    """The source and the PEs of the mask have the bits of the vector, all others zeros."""
    x = numbers(5, dtype)
    value, run = kernels.multicast(x, to, source=source)
    others = to.copy()
    others[source] = False
    has = others.copy()
    has[source] = True
    assert same_bits(value, np.where(has[..., None], x, np.zeros(5, dtype)))
    assert run.ramps == 5 * others.sum()  # no PE between is troubled


def test_multicast_uses_no_link_beyond_the_farthest() -> None:
    """To a rectangle from a corner: a trunk along the row, and down each of its columns once."""
    _, run = kernels.multicast(numbers(5), MASKS[0][0])
    assert run.hops == 5 * (6 + 4 * 4)  # to column 6, and to row 4 in each of 4 columns


@pytest.mark.parametrize("alone", [True, False])
def test_multicast_to_nobody_else_sends_nothing(alone: bool) -> None:
    """To the source alone, or to none, there is nothing to do."""
    to = np.zeros((3, 4), bool)
    to[1, 2] = alone
    value, run = kernels.multicast(numbers(5), to, source=(1, 2))
    assert (run.cycles, run.hops) == (0, 0)
    assert same_bits(value[1, 2], numbers(5)) and np.count_nonzero(value) == 5


ONE = np.ones(4, np.float32)
TO = np.ones((2, 3), bool)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: kernels.broadcast_row(ONE, columns=3), "expected 2 axes, (rows, wavelets)"),
        (lambda: kernels.broadcast_row(ONE[None], columns=3, source=3), "source=3; expected a wh"),
        (lambda: kernels.broadcast_row(ONE[None], columns=3, source=-1), "number from 0 to 2"),
        (lambda: kernels.broadcast_row(ONE[None], columns=3, source=True), "source=True; expected"),
        (lambda: kernels.multicast(ONE, [[True]]), "to is [[True]]; expected a boolean array"),
        (lambda: kernels.multicast(ONE, TO.astype(int)), "to is int64 of shape (2, 3); expected"),
        (lambda: kernels.multicast(ONE, TO[0]), "to is bool of shape (3,); expected"),
        (lambda: kernels.multicast(ONE, TO, source=1), "source=1; expected (row, column)"),
        (lambda: kernels.multicast(ONE, TO, source=(2, 0)), "the row of source=2; expected a who"),
        (lambda: kernels.multicast(ONE, TO, source=(0, 3)), "the column of source=3; expected a"),
    ],
)
def test_wrong_inputs_are_named(call: Any, words: str) -> None:
    """A wrong input raises a ProgramError that says what it is and what was expected."""
    with pytest.raises(wse.ProgramError, match=re.escape(words)):
        call()
