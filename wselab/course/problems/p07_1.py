"""Problem 7.1: the tokens in flight from which on streaming does not stall.

>>> textbook(15.625e15, 1.2e12, weight_bits=16, index_bits=16, zeros_percent=0)  # a WSE-3
104167
>>> textbook(15.625e15, 1.2e12, weight_bits=16, index_bits=16, zeros_percent=75)
208334
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from math import ceil, floor
from typing import Any

import numpy as np

from ...specs import WSE2, WSE3
from ..problem import Size, register
from ..reckoning import Reckoning

Number = float | Fraction


def textbook(
    peak_flop_per_s: float, io_bits_per_s: float, weight_bits: int, index_bits: int,
    zeros_percent: int,
) -> int:  # fmt: skip
    """The plain right answer: the multiply-accumulates in the time in which a weight comes."""
    return ceil(uses(peak_flop_per_s, io_bits_per_s, weight_bits, index_bits, zeros_percent))


def uses(
    peak: Number, io: Number, weight_bits: int, index_bits: int, zeros_percent: int,
    flop: int = 2,
) -> Any:  # fmt: skip
    """How often each weight that is sent has to be used, not rounded."""
    bits = weight_bits + (index_bits if zeros_percent else 0)
    return peak / flop * bits / io


Formula = Callable[[Any, Any, int, int, int], Any]

#: Wrong formulas that people find, not rounded, the likeliest first, and what to say.
FORMULAS: list[tuple[Formula, str]] = [
    (
        lambda peak, io, weight, index, zeros: uses(peak, io, weight, index, zeros, flop=1),
        "It takes a multiply-accumulate for one operation. A peak in flop/s counts two, and a "
        "token uses a weight for one multiply-accumulate.",
    ),
    (
        lambda peak, io, weight, index, zeros: uses(peak, io, weight, 0, zeros),
        "The index is missing: where zeros are not sent, each weight that is sent has its place "
        "beside it, index_bits more.",
    ),
    (
        lambda peak, io, weight, index, zeros: uses(peak, io, weight, index, 1),
        "With no zeros all weights are sent in order, and no index is: it comes only where "
        "zeros_percent is above 0.",
    ),
    (
        lambda peak, io, weight, index, zeros: (
            uses(peak, io, weight, index, zeros) * Fraction(100 - zeros, 100)
        ),
        "It lets fewer tokens be enough because fewer weights come. But a weight that is not sent "
        "is not computed with either: transfer and computing fall together.",
    ),
    (
        lambda peak, io, weight, index, zeros: (
            uses(peak, io, weight, 0, zeros) * Fraction(100 - zeros, 100)
        ),
        "It lets fewer tokens be enough because fewer weights come, and leaves out the index. A "
        "weight that is not sent is not computed with either.",
    ),
    (
        lambda peak, io, weight, index, zeros: (
            uses(peak, io, weight, index, zeros) / Fraction(100 - zeros, 100)
        ),
        "It divides by the part that is sent: what is computed falls as what is sent does, so that "
        "this part cancels.",
    ),
    (
        lambda peak, io, weight, index, zeros: uses(peak, io, weight, index, zeros) / 8,
        "It divides by 8: the bits of a weight and the bits a second are both bits.",
    ),
    (
        lambda peak, io, weight, index, zeros: uses(peak, io, weight, index, zeros) * 8,
        "It counts bytes for bits somewhere: the I/O is in bits a second already.",
    ),
    (
        lambda peak, io, weight, index, zeros: uses(peak, io, 16, 16, zeros),
        "The bits do not come in: a weight does not always have 16.",
    ),
    (
        lambda peak, io, weight, index, zeros: uses(peak, io, 1, 1, zeros),
        "The bits do not come in: I/O in bits a second brings fewer weights a second.",
    ),
    (
        lambda peak, io, weight, index, zeros: 1 / uses(peak, io, weight, index, zeros),
        "It is upside down: many tokens are needed where the peak is high and the I/O is slow.",
    ),
]
DOWN = "It rounds down: with that many tokens the wafer still waits a little. Round up."
NEAREST = "It rounds to the nearest: where that is down, the wafer still waits a little. Round up."


@register
class TokensNeeded(Reckoning):
    """The learner's function reckons the tokens for a wafer, its I/O, and how weights travel."""

    number = "7.1"
    title = "The tokens at which streaming stops stalling"
    points = 6
    answer = "tokens_needed"
    textbook = staticmethod(textbook)
    kind = "tokens are a whole number"
    hints = (
        "Take one weight that is sent, and write down two times. How long does it take to come, in "
        "seconds? How long is the wafer busy with it, if T tokens use it, one multiply-accumulate "
        "each?",
        "A weight takes bits / io_bits_per_s seconds to come. The wafer makes peak_flop_per_s / 2 "
        "multiply-accumulates a second, so T of them take 2 * T / peak_flop_per_s seconds. At "
        "which T are the two the same?",
        "bits is weight_bits, and index_bits more where zeros_percent > 0; how many zeros there "
        "are does not matter further, since a zero is neither sent nor computed. T is "
        "peak_flop_per_s / 2 * bits / io_bits_per_s, rounded up: math.ceil.",
    )

    def sizes(self, seed: int | None = None) -> list[Size]:
        """Wafers that exist, then some that do not; none where rounding decides nothing."""
        if seed is None:
            return [
                _size(WSE3.peak_fp16_dense_flop_per_s, WSE3.io_bandwidth_bits_per_s, 16, 16, 0),
                _size(WSE3.peak_fp16_dense_flop_per_s, WSE3.io_bandwidth_bits_per_s, 16, 16, 75),
                _size(WSE2.peak_fp16_dense_flop_per_s, 7e11, 16, 12, 50),
                _size(WSE2.peak_fp16_dense_flop_per_s, 1.1e12, 8, 16, 90),
                _size(989.4e12, 2.6e13, 32, 8, 0),
            ]
        rng = np.random.default_rng(seed)
        sizes = self.sizes(None)[:1]
        while len(sizes) < 8:
            zeros = 0 if len(sizes) < 3 else int(rng.integers(1, 96))
            size = _size(
                10 ** rng.uniform(14, 17), 10 ** rng.uniform(11, 13.5),
                int(rng.choice([8, 16, 32])), int(rng.choice([8, 12, 24])), zeros,
            )  # fmt: skip
            part = uses(*self._exact(size)) % 1
            if 0.02 < part < 0.48:
                sizes.append(size)
        return sizes

    def arguments(self, size: Size) -> tuple[Any, ...]:
        """Operations a second, bits a second, bits of a weight and of an index, zeros."""
        peak, io = size["gflop_per_s"] * 10**9, size["mbit_per_s"] * 10**6
        return float(peak), float(io), size["weight_bits"], size["index_bits"], size["zeros"]

    def _exact(self, size: Size) -> tuple[Any, ...]:
        peak, io, *rest = self.arguments(size)
        return Fraction(int(peak)), Fraction(int(io)), *rest

    def right(self, size: Size) -> int:
        """The tokens, in fractions."""
        return ceil(uses(*self._exact(size)))

    def truth(self, size: Size, right: Any) -> str:
        """What is right, and how the two times compare there."""
        peak, io, weight_bits, index_bits, zeros = self.arguments(size)
        coming = (weight_bits + (index_bits if zeros else 0)) / io
        return (
            f"with {right:,} tokens a weight takes {coming:.4g} s to come and is used for "
            f"{2 * right / peak:.4g} s"
        )

    def mistakes(self, size: Size) -> Iterator[tuple[Any, str]]:
        """Wrong formulas that people find, with their values here."""
        exact = self._exact(size)
        yield floor(uses(*exact)), DOWN
        yield round(uses(*exact)), NEAREST
        for formula, text in FORMULAS:
            value = formula(*exact)
            yield ceil(value), text
            yield floor(value), f"{text} And it rounds down; round up."
            yield round(value), f"{text} And it rounds to the nearest; round up."


def _size(
    peak: float, io: float, weight_bits: int, index_bits: int, zeros_percent: int
) -> Size:  # fmt: skip
    return {
        "gflop_per_s": round(peak / 1e9), "mbit_per_s": round(io / 1e6),
        "weight_bits": weight_bits, "index_bits": index_bits, "zeros": zeros_percent,
    }  # fmt: skip
