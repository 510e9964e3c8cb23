"""Problem 2.1: from which batch on a product stops waiting for memory.

>>> textbook(4096, 4096, 2, 989e12, 3.35e12)  # on an H100
345
>>> textbook(256, 256, 2, 989e12, 3.35e12)  # never: reading the vectors takes too long as well
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from math import ceil, floor
from typing import Any

import numpy as np

from ...specs import A100, B200, H100, LPU, WSE2, WSE3, Chip
from ..problem import Size, register
from ..reckoning import Reckoning

Number = float | Fraction
Answer = int | None


def textbook(
    rows: int, columns: int, itemsize: int, peak_flop_per_s: float, bandwidth_bytes_per_s: float
) -> Answer:
    """The plain right answer: the batch at which reading takes as long as computing, rounded up."""
    found = meeting(rows, columns, itemsize, peak_flop_per_s / bandwidth_bytes_per_s)
    return None if found is None else ceil(found)


def meeting(
    rows: int, columns: int, itemsize: Number, ridge: Number, flop: int = 2, vectors: int = -1
) -> Number | None:
    """The batch, not rounded, that brings ``ridge`` operations to each byte; None if none does.

    Each weight takes part in ``flop`` operations for every vector; each vector brings ``vectors``
    values to be moved, by default what it has and what comes out.
    """
    values = rows + columns if vectors < 0 else vectors
    gained = flop * rows * columns - ridge * itemsize * values  # by each vector of the batch
    return None if gained <= 0 else ridge * itemsize * rows * columns / gained


def _up(found: Number | None, rounded: Callable[[Any], int] = ceil) -> Answer:
    return None if found is None else rounded(found)


Formula = Callable[[int, int, int, Any], Answer]

#: Wrong formulas that people find, of rows, columns, itemsize and ridge; the likeliest first.
MISTAKES: list[tuple[Formula, str]] = [
    (
        lambda rows, columns, itemsize, ridge: _up(meeting(rows, columns, itemsize, ridge, 1)),
        "It counts a multiplication and its addition as one operation; a peak in flop/s counts "
        "both.",
    ),
    (
        lambda rows, columns, itemsize, ridge: _up(
            meeting(rows, columns, itemsize, ridge, vectors=0)
        ),
        "Only the matrix is moved. Every vector of the batch has to be read as well, and every "
        "result written, so that a larger batch does not help without end.",
    ),
    (
        lambda rows, columns, itemsize, ridge: _up(
            meeting(rows, columns, itemsize, ridge, vectors=columns)
        ),
        "The results are not moved: a product has rows values for each vector, and they are "
        "written.",
    ),
    (
        lambda rows, columns, itemsize, ridge: _up(
            meeting(rows, columns, itemsize, ridge, vectors=rows)
        ),
        "The vectors are not moved: each has columns values, and they are read.",
    ),
    (
        lambda rows, columns, itemsize, ridge: _up(meeting(rows, columns, 1, ridge)),
        "itemsize does not come in: it counts values, and the bandwidth is in bytes.",
    ),
    (
        lambda rows, columns, itemsize, ridge: _up(meeting(rows, columns, 8 * itemsize, ridge)),
        "It counts bits: itemsize is in bytes already, as the bandwidth is.",
    ),
    (
        lambda rows, columns, itemsize, ridge: _up(
            meeting(rows, columns, Fraction(itemsize, 8), ridge)
        ),
        "It divides by 8: itemsize is in bytes already, as the bandwidth is.",
    ),
    (
        lambda rows, columns, itemsize, ridge: _up(ridge),
        "That is the operations which the chip can do while a byte comes, peak over bandwidth. How "
        "large a batch brings so many to each byte?",
    ),
    (
        lambda rows, columns, itemsize, ridge: _up(
            meeting(rows, columns, itemsize, ridge), floor
        ),
        "It rounds down: with that batch the product still waits for memory. Round up.",
    ),
    (
        lambda rows, columns, itemsize, ridge: _up(
            meeting(rows, columns, itemsize, ridge), round
        ),
        "It rounds to the nearest: where that is down, the product still waits for memory. Round "
        "up.",
    ),
    (
        lambda rows, columns, itemsize, ridge: _up(meeting(rows, columns, itemsize, ridge)) or 1,
        "Where no batch is enough, None is asked for.",
    ),
    (
        lambda rows, columns, itemsize, ridge: ceil(
            ridge * itemsize * rows * columns
            / (2 * rows * columns - ridge * itemsize * (rows + columns))
        ),
        "Where no batch is enough, that number is below 0: then None is asked for.",
    ),
    (
        lambda rows, columns, itemsize, ridge: _up(meeting(rows, columns, itemsize, 1 / ridge)),
        "Peak and bandwidth are mixed up: the operations that fit in the time of a byte are peak "
        "over bandwidth.",
    ),
    (
        lambda rows, columns, itemsize, ridge: (
            1 if 2 * rows * columns >= ridge * itemsize * (rows * columns + rows + columns)
            else None
        ),
        "The batch does not come in: it reads the matrix anew for every vector. It is read once, "
        "for all of them.",
    ),
]  # fmt: skip


@register
class BatchNeeded(Reckoning):
    """The learner's function reckons the batch for a matrix and a chip."""

    number = "2.1"
    title = "The batch that stops waiting for memory"
    points = 8
    answer = "batch_needed"
    textbook = staticmethod(textbook)
    kind = "a batch is a whole number"
    never = "no batch is enough"
    hints = (
        "Write down two times for a batch b. Computing takes 2 * rows * columns * b operations, "
        "divided by the peak. Moving takes the bytes, divided by the bandwidth: the matrix once, "
        "and columns + rows values for each vector of the batch.",
        "Both are straight lines in b. The matrix alone gives the second one a head start; the "
        "first one catches up if it is steeper: if one vector more costs more time to compute than "
        "to move. If it is not, no batch is enough.",
        "With ridge = peak / bandwidth, in operations a byte, the lines meet at b = ridge * "
        "itemsize * rows * columns / (2 * rows * columns - ridge * itemsize * (rows + columns)). "
        "Where what is divided by is not above 0: None. Else math.ceil(b).",
    )

    def sizes(self, seed: int | None = None) -> list[Size]:
        """Several chips; some products that never stop waiting, some that never wait.

        None lies within rounding of a whole batch.
        """
        if seed is None:
            return [
                _on(H100, 4096, 4096, 2), _on(A100, 11_008, 4096, 1), _on(H100, 256, 256, 2),
                _on(WSE2, 4096, 4096, 2), _on(LPU, 1000, 3000, 4), _on(B200, 900, 1500, 2),
                _on(WSE3, 300, 300, 4), _on(B200, 16_384, 600, 1),
            ]  # fmt: skip
        rng = np.random.default_rng(seed)
        sizes = self.sizes(None)[:1]
        while len(sizes) < 9:
            gflop_per_s = int(10 ** rng.uniform(5, 7.3))
            size = {
                "rows": int(2 ** rng.uniform(7, 14)), "columns": int(2 ** rng.uniform(7, 14)),
                "itemsize": int(rng.choice([1, 2, 4])), "gflop_per_s": gflop_per_s,
                "gb_per_s": int(gflop_per_s / 10 ** rng.uniform(-0.5, 2.6)),
            }  # fmt: skip
            kind = min(self.right(size) or 0, 2)  # never, at once, or in between: one of each,
            if _is_clear(size) and kind == min(len(sizes) - 1, 2):  # then some in between
                sizes.append(size)
        return sizes

    def in_words(self, size: Size) -> str:
        """The arguments, rates as powers of ten."""
        rows, columns, itemsize, peak, bandwidth = self.arguments(size)
        return (
            f"rows = {rows}, columns = {columns}, itemsize = {itemsize}, peak_flop_per_s = "
            f"{peak:.6g}, bandwidth_bytes_per_s = {bandwidth:.6g}"
        )

    def arguments(self, size: Size) -> tuple[Any, ...]:
        """The matrix, the bytes of a value, operations a second, bytes a second."""
        rates = float(size["gflop_per_s"] * 10**9), float(size["gb_per_s"] * 10**9)
        return size["rows"], size["columns"], size["itemsize"], *rates

    def right(self, size: Size) -> Answer:
        """The batch, in fractions."""
        return _up(_meeting_at(size))

    def truth(self, size: Size, right: Any) -> str:
        """What is right, and how the two times compare there."""
        rows, columns, itemsize, peak, bandwidth = self.arguments(size)
        if right is None:
            moving = itemsize * (rows + columns) / bandwidth
            computing = 2 * rows * columns / peak
            return (
                f"no batch is enough: one vector more takes {computing:.3g} s to compute and "
                f"{moving:.3g} s to move"
            )
        moving = itemsize * (rows * columns + right * (rows + columns)) / bandwidth
        return (
            f"with {right:,} it takes {2 * rows * columns * right / peak:.4g} s to compute and "
            f"{moving:.4g} s to move" + ("" if right == 1 else ", and with one less it still waits")
        )

    def mistakes(self, size: Size) -> Iterator[tuple[Any, str]]:
        """Wrong formulas that people find, with their values here."""
        rows, columns, itemsize = size["rows"], size["columns"], size["itemsize"]
        for formula, text in MISTAKES:
            yield formula(rows, columns, itemsize, Fraction(*_rates(size))), text


def _rates(size: Size) -> tuple[int, int]:
    return size["gflop_per_s"], size["gb_per_s"]


def _meeting_at(size: Size) -> Any:
    """The batch, not rounded, as a fraction."""
    return meeting(size["rows"], size["columns"], size["itemsize"], Fraction(*_rates(size)))


def _is_clear(size: Size) -> bool:
    """Whether rounding decides nothing: the two times do not meet near a whole batch, or never."""
    found = _meeting_at(size)
    if found is None:
        steep = Fraction(*_rates(size)) * size["itemsize"] * (size["rows"] + size["columns"])
        return steep > 2.02 * size["rows"] * size["columns"]
    return found < 10**5 and abs(found - round(found)) > Fraction(1, 1000)


def _on(chip: Chip, rows: int, columns: int, itemsize: int) -> Size:
    """A product on a chip, with the rates of its roofline: dense FP16, and its main memory."""
    memory = "hbm" if "hbm_bytes" in chip.facts else "sram"
    bandwidth = getattr(chip, f"{memory}_bandwidth_bytes_per_s")
    return {
        "rows": rows, "columns": columns, "itemsize": itemsize,
        "gflop_per_s": round(chip.peak_fp16_dense_flop_per_s / 1e9),
        "gb_per_s": round(bandwidth / 1e9),
    }  # fmt: skip
