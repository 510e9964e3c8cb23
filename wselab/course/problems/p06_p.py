"""Puzzle 6.P: rows and columns dealt out so that no PE has too much.

>>> W, rows, columns = DealOut().arguments(DealOut().sizes()[0])
>>> fullest(W, rows, columns, *textbook(W, rows, columns)), even_share(W, rows, columns)
(56, 42)
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import index
from typing import Any

import numpy as np

from ..problem import Refused, Size, register
from ..reckoning import Calculation

ASKED = (7, 8)  # of par, where it is scored
SEQUENCES = (list, tuple, range, np.ndarray)
Orders = tuple[list[int], list[int]]


def textbook(W: np.ndarray, rows: int, columns: int) -> Orders:
    """The plain way: the heaviest first, dealt out in turn, as one deals cards."""
    return _cards(W.sum(axis=1), rows), _cards(W.sum(axis=0), columns)


def fullest(
    W: np.ndarray, rows: int, columns: int, row_order: Sequence[int], column_order: Sequence[int]
) -> int:
    """The non-zeros of the fullest PE, if rows and columns of W come in these orders."""
    M, N = W.shape
    moved = W[np.ix_(row_order, column_order)]
    return int(moved.reshape(rows, M // rows, columns, N // columns).sum(axis=(1, 3)).max())


def even_share(W: np.ndarray, rows: int, columns: int) -> int:
    """What each PE would have, were all the same, rounded up."""
    return -(-int(W.sum()) // (rows * columns))


def _cards(weights: np.ndarray, hands: int) -> list[int]:
    order = np.argsort(-weights, kind="stable").tolist()
    return [one for hand in range(hands) for one in order[hand::hands]]


@register
class DealOut(Calculation):
    """The learner's function gives an order of the rows and one of the columns."""

    number = "6.P"
    title = "Open puzzle: deal out rows and columns"
    points = 10
    answer = "deal_out"
    textbook = staticmethod(textbook)
    scored = True
    unit = "cycles of the fullest PE"
    hints = (
        "To deal like cards gives the first hand the heaviest of every round. Deal there and back "
        "instead, 0 1 2 3 3 2 1 0: that is better already, and not enough. What does a row of "
        "PEs hold? Not one number, but one for each column of PEs.",
        "Leave the columns in some order and deal the rows: from the heaviest on, give each row to "
        "the row of PEs whose fullest PE stays lowest with it, among those that have room. Then "
        "leave the rows, and deal the columns the same way. Then the rows again.",
        "From a good start, swap: two rows that lie in different rows of PEs, or two columns, "
        "chosen at random. Keep the swap if the fullest PE has no more than before. Some thousand "
        "tries take a second, and come near to the even share.",
    )

    def sizes(self, seed: int | None = None) -> list[Size]:
        """Matrices whose rows and columns are unequally full; both are multiples of the wafer's."""
        if seed is None:
            return [_size(96, 64, 8, 4, 1), _size(64, 64, 8, 8, 1), _size(48, 48, 4, 6, 3)]
        rng = np.random.default_rng(seed)
        sizes = self.sizes(None)[:1]
        for _ in range(2):
            rows, columns, m, n = (int(k) for k in rng.integers((3, 3, 6, 6), (8, 8, 12, 12)))
            sizes.append(_size(rows * m, columns * n, rows, columns, int(rng.integers(2**31))))
        return sizes

    def arguments(self, size: Size) -> tuple[Any, ...]:
        """Where the non-zeros are, ones and zeros, and rows and columns of PEs."""
        rng = np.random.default_rng(size["draw"])
        heavy = [np.exp(0.9 * rng.standard_normal(size[side])) for side in ("M", "N")]
        chance = np.outer(*heavy)
        W = rng.random(chance.shape) < np.minimum(0.25 * chance / chance.mean(), 1)
        return W.astype(np.int64), size["rows"], size["columns"]

    def in_words(self, size: Size) -> str:
        """The shape of the matrix and of the wafer."""
        return f"a matrix of {size['M']} x {size['N']} on {size['rows']} x {size['columns']} PEs"

    def read(self, given: Any, name: str, size: Size) -> list[list[int]]:
        """Two orders."""
        if type(given) not in (tuple, list) or len(given) != 2:
            shown = "nothing" if given is None else f"something of type {type(given).__name__}"
            raise Refused(
                f"{name} returns {shown}; expected two things, an order of the rows and one of the "
                "columns."
            )
        lengths = [len(order) if type(order) in SEQUENCES else 0 for order in given]
        if lengths == [size["N"], size["M"]] != lengths[::-1]:
            raise Refused(f"{name} gives the columns first: the order of the rows comes first.")
        return [
            _order(order, size[side], f"{name}, {what}")
            for order, side, what in zip(given, "MN", ("rows", "columns"), strict=True)
        ]

    def measure(self, written: Any, size: Size) -> int:
        """What the fullest PE has then."""
        return fullest(*self.arguments(size), *self.read(written, "the answer", size))

    def most(self, size: Size) -> tuple[int, str]:
        """Seven eighths of par where it is scored, and nowhere more than par."""
        par = self.par_at(size)
        if size == self.sizes()[0]:
            most = ASKED[0] * par // ASKED[1]
            return most, f"dealt out like cards it is {par:,}; seven eighths are asked, {most:,}"
        return par, f"dealt out like cards it is {par:,}, and no more are asked"

    def bound(self) -> str:
        """The even share."""
        least = even_share(*self.arguments(self.sizes()[0]))
        return (
            f"No orders come to fewer than {least:,}: that is the even share, all non-zeros over "
            "all PEs, rounded up. Whether any reach it is open."
        )


def _order(given: Any, length: int, name: str) -> list[int]:
    """Each number from 0 on once, as plain whole numbers."""
    if type(given) not in SEQUENCES or len(given) != length:
        shown = f" of {len(given)}" if type(given) in (list, tuple, range) else ""
        raise Refused(
            f"{name}: something of type {type(given).__name__}{shown}; expected a list of the "
            f"{length} numbers from 0 to {length - 1} in some order."
        )
    try:
        order = [
            index(one) if type(one).__module__ in ("builtins", "numpy") else -1 for one in given
        ]
    except Exception:  # not whole
        order = [-1]
    twice = sorted({one for one in order if order.count(one) > 1})
    if sorted(order) != [*range(length)]:
        counted = sorted(order) == [*range(1, length + 1)]
        why = "it counts from 1" if counted else "one is no such number"
        why = f"{twice[0]} stands there twice" if twice else why
        raise Refused(f"{name}: {why}; expected each of the numbers from 0 to {length - 1} once.")
    return order


def _size(M: int, N: int, rows: int, columns: int, draw: int) -> Size:
    return {"M": M, "N": N, "rows": rows, "columns": columns, "draw": draw}
