"""How a matrix is cut into a tile for each PE, and how large a wafer would hold it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from typing import Any

import numpy as np

Shape = tuple[int, int]


def tiling(matrix: Shape, wafer: Shape) -> tuple[Shape, Shape]:
    """The PEs used and the shape of a tile, for a matrix spread evenly over a wafer.

    Examples
    --------
    >>> tiling((5, 64), wafer=(4, 16))  # tiles of 2 rows: three PEs a column have any
    ((3, 16), (2, 4))
    """
    (M, N), (rows, columns) = matrix, wafer
    height, width = -(-M // rows), -(-N // columns)
    return (-(-M // height), -(-N // width)), (height, width)


def tiles(A: np.ndarray, wafer: Shape, tile: Shape) -> np.ndarray:
    """``A`` cut into tiles: (rows, columns, height, width), a view of it where they fill it.

    Examples
    --------
    >>> tiles(np.arange(6).reshape(2, 3), wafer=(2, 2), tile=(1, 2)).tolist()
    [[[[0, 1]], [[2, 0]]], [[[3, 4]], [[5, 0]]]]
    """
    (rows, columns), (height, width) = wafer, tile
    full = zero_padded(A, (rows * height, columns * width))
    return full.reshape(rows, height, columns, width).swapaxes(1, 2)


def zero_padded(array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """``array`` with zeros behind it up to ``shape``; itself where it is as large.

    Examples
    --------
    >>> zero_padded(np.array([1, 2, 3]), (4,)).tolist()
    [1, 2, 3, 0]
    """
    if array.shape == shape:
        return array
    padded = np.zeros(shape, array.dtype)
    padded[tuple(map(slice, array.shape))] = array
    return padded


def large_enough(
    wafer: Shape, chip: Any, fits: Callable[[Shape], bool], rows_beside: int = 0
) -> str:
    """The hint for a kernel whose data do not fit ``wafer``: the smallest that would do, in words.

    It has the proportions of ``wafer``, as far as the chip's fabric goes, less ``rows_beside`` that
    the kernel needs for other things; ``fits(shape)`` says whether a PE's share fits, and once it
    does, so it must on any larger one.

    Examples
    --------
    >>> from wselab.specs import WSE2
    >>> large_enough((2, 1), WSE2, lambda shape: shape[0] * shape[1] >= 50)
    'A wafer of the same proportions would do with wafer=(10, 5).'
    """

    most = chip.fabric_shape[0] - rows_beside, chip.fabric_shape[1]

    def scaled(longest: int) -> Shape:
        rows, columns = (
            min(limit, -(-size * longest // max(wafer)))
            for size, limit in zip(wafer, most, strict=True)
        )
        return rows, columns

    sizes = range(max(wafer), max(chip.fabric_shape) * max(wafer) + 1)
    enough = bisect_left(sizes, True, key=lambda longest: fits(scaled(longest)))
    if enough < len(sizes):
        rows, columns = scaled(sizes[enough])
        return f"A wafer of the same proportions would do with wafer=({rows}, {columns})."
    rows, columns = most
    return f"Not even the {rows} x {columns} PEs of a {chip.name} hold it: cut it into pieces."
