"""Seeded numbers whose order of summation shows, and whether two results are the same."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np

TYPES = ("float32", "float16", "bfloat16")


def numbers(shape: Any, dtype: str = "float32", seed: int = 1) -> np.ndarray:
    """Seeded numbers of such different sizes that another order of summation shows."""
    draw = np.random.default_rng(seed)
    return (draw.standard_normal(shape) * 2.0 ** draw.integers(-6, 6, shape)).astype(dtype)


def same_bits(value: np.ndarray, expected: np.ndarray) -> bool:
    """Whether two arrays have the same type, shape and bits."""
    return (value.dtype, value.shape, value.tobytes()) == (
        expected.dtype,
        expected.shape,
        expected.tobytes(),
    )


def rounding_bound(A: np.ndarray, x: np.ndarray, roundings: int, sums: str) -> np.ndarray:
    """How far a computed ``A @ x`` can be from the exact one, each term rounded so often at most.

    A rounding multiplies by 1 + d with abs(d) <= u. A term that goes through k of them is off by a
    factor between (1 - u)**k and (1 + u)**k, which is at most k u / (1 - k u) from 1 where k u < 1
    (Higham, "Accuracy and Stability of Numerical Algorithms", lemma 3.1). So y is off by at most as
    much of the sum of abs(terms), whatever the order of the additions. A product may also underflow
    and lose half the smallest number; sums of numbers that are this near to 0 are exact.
    """
    info = ml_dtypes.finfo(sums)
    u, smallest = float(info.eps) / 2, float(info.smallest_subnormal)
    assert roundings * u < 1
    terms = abs(A).astype(np.float64) @ abs(x).astype(np.float64)
    share = roundings * u / (1 - roundings * u)
    return share * terms + (1 + share) * A.shape[1] * smallest / 2


def in_order(vectors: Any) -> np.ndarray:
    """The sum of some vectors in their order, rounded to their type after each addition."""
    first, *others = vectors
    total = first.copy()
    for vector in others:
        total = (total + vector).astype(first.dtype)
    return total


def chain(vectors: np.ndarray) -> np.ndarray:
    """The sum over the first axis, from the last vector to the first, in their own type."""
    return in_order(vectors[::-1])
