"""Problem 6.1: the work of the fullest PE.

>>> import numpy as np
>>> textbook(np.array([[1, 0, 2], [0, 0, 3], [4, 5, 6]]), rows=2, columns=2)
2
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..problem import Size, register
from ..reckoning import Reckoning


def textbook(W: np.ndarray, rows: int, columns: int) -> int:
    """The plain right answer: the non-zeros of each tile, and the most of them."""
    return int(counts(W, -(-W.shape[0] // rows), -(-W.shape[1] // columns)).max())


def counts(W: np.ndarray, m: int, n: int) -> np.ndarray:
    """The non-zeros in each tile of m x n, the last ones being smaller."""
    there = np.add.reduceat(W != 0, range(0, W.shape[0], m), axis=0, dtype=int)
    return np.add.reduceat(there, range(0, W.shape[1], n), axis=1)


def _rounded_down(W: np.ndarray, rows: int, columns: int) -> int:
    m, n = max(W.shape[0] // rows, 1), max(W.shape[1] // columns, 1)
    return int(counts(W[: m * rows, : n * columns], m, n).max())


def _evenly_split(W: np.ndarray, rows: int, columns: int) -> int:
    """Of tiles that are as even as can be, as np.array_split makes them."""
    strips = np.array_split(W, rows, axis=0)
    return max(
        int(np.count_nonzero(tile)) for s in strips for tile in np.array_split(s, columns, axis=1)
    )


def _per_tile(W: np.ndarray, rows: int, columns: int) -> np.ndarray:
    return counts(W, -(-W.shape[0] // rows), -(-W.shape[1] // columns))


#: Wrong counts that people find, the likeliest first, and what to say.
MISTAKES: list[tuple[Callable[[np.ndarray, int, int], Any], str]] = [
    (
        lambda W, rows, columns: np.count_nonzero(W) // (rows * columns),
        "That is the mean over the PEs: what is asked is the one that has most.",
    ),
    (
        lambda W, rows, columns: -(-np.count_nonzero(W) // (rows * columns)),
        "That is the mean over the PEs: what is asked is the one that has most.",
    ),
    (
        lambda W, rows, columns: _per_tile(W, rows, columns).min(),
        "That is the emptiest PE: what is asked is the fullest.",
    ),
    (
        lambda W, rows, columns: textbook(W == 0, rows, columns),
        "It counts the zeros. The work is with what is not zero.",
    ),
    (
        lambda W, rows, columns: -(-W.shape[0] // rows) * -(-W.shape[1] // columns),
        "Those are all weights of a tile, zeros included: count those that are not zero.",
    ),
    (
        lambda W, rows, columns: _rounded_down(W, rows, columns),
        "The rest is forgotten where a side is no multiple: a tile has ceil(M / rows) rows and "
        "ceil(N / columns) columns, and the last one is smaller.",
    ),
    (
        _evenly_split,
        "Those are the tiles of np.array_split, which makes them as even as it can. Here all have "
        "ceil(M / rows) rows and ceil(N / columns) columns, but the last, which are smaller.",
    ),
    (
        lambda W, rows, columns: textbook(W, columns, rows),
        "Rows and columns of PEs are mixed up.",
    ),
    (
        lambda W, rows, columns: _per_tile(W, rows, columns).sum(axis=1).max(),
        "Those are the non-zeros of a whole row of PEs.",
    ),
    (
        lambda W, rows, columns: _per_tile(W, rows, columns).sum(axis=0).max(),
        "Those are the non-zeros of a whole column of PEs.",
    ),
    (
        lambda W, rows, columns: counts(W, rows, columns).max(),
        "rows and columns are of PEs. A tile has ceil(M / rows) rows and ceil(N / columns) "
        "columns.",
    ),
    (
        lambda W, rows, columns: _per_tile(np.maximum(W, 0), rows, columns).max(),
        "Weights below zero are weights too: what counts is != 0.",
    ),
]


@register
class Fullest(Reckoning):
    """The learner's function counts the non-zeros of each PE's tile."""

    number = "6.1"
    title = "The fullest PE"
    points = 6
    answer = "fullest"
    textbook = staticmethod(textbook)
    kind = "non-zeros are a whole number"
    hints = (
        "First the size of a tile: m = ceil(M / rows) and n = ceil(N / columns), where M, N = "
        "W.shape. In whole numbers ceil(a / b) is -(-a // b). Then PE (r, c) holds the rows from r "
        "* m on and the columns from c * n on.",
        "W[r * m : (r + 1) * m, c * n : (c + 1) * n] is the tile of PE (r, c). NumPy cuts it off "
        "where the matrix ends, so the last tiles come out smaller by themselves, or empty.",
        "np.count_nonzero counts in a tile. Two loops, or one max over both: max(np.count_nonzero("
        "W[...]) for r in range(rows) for c in range(columns)).",
    )

    def sizes(self, seed: int | None = None) -> list[Size]:
        """Matrices that divide and that do not, sparse and hardly.

        Where one does not, the fullest of tiles of other sizes has another number of non-zeros.
        """
        if seed is None:
            return [
                _size(16, 16, 4, 4, 50, 1), _size(24, 40, 4, 8, 30, 2), _size(23, 31, 5, 4, 60, 9),
                _size(64, 9, 7, 2, 80, 1),
            ]  # fmt: skip
        rng = np.random.default_rng(seed)
        sizes = self.sizes(None)[:1]
        while len(sizes) < 6:
            M, N, rows, columns = (int(k) for k in rng.integers((12, 12, 2, 2), (60, 60, 7, 7)))
            percent, draw = int(rng.integers(20, 90)), int(rng.integers(2**31))
            size = _size(M, N, rows, columns, percent, draw)
            if self.right(size) != _evenly_split(*self.arguments(size)):
                sizes.append(size)
        return sizes

    def arguments(self, size: Size) -> tuple[Any, ...]:
        """A matrix of small whole numbers with zeros, and rows and columns of PEs."""
        rng = np.random.default_rng(size["draw"])
        shape = size["M"], size["N"]
        W = rng.integers(1, 9, shape) * rng.choice((-1, 1), shape)
        W[rng.random(shape) * 100 >= size["percent"]] = 0
        return W, size["rows"], size["columns"]

    def in_words(self, size: Size) -> str:
        """The shape of the matrix and of the wafer."""
        return f"a matrix of {size['M']} x {size['N']} on {size['rows']} x {size['columns']} PEs"

    def right(self, size: Size) -> int:
        """The most of all tiles."""
        return textbook(*self.arguments(size))

    def truth(self, size: Size, right: int) -> str:
        """What is right, in words."""
        return f"the fullest has {right:,}"

    def mistakes(self, size: Size) -> Iterator[tuple[float, str]]:
        """Wrong counts that people find, with their values here."""
        for count, text in MISTAKES:
            yield float(count(*self.arguments(size))), text


def _size(M: int, N: int, rows: int, columns: int, percent: int, draw: int) -> Size:
    return {"M": M, "N": N, "rows": rows, "columns": columns, "percent": percent, "draw": draw}
