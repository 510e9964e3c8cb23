"""Seeded numbers whose order of summation shows, and whether two results are the same."""

from __future__ import annotations

from typing import Any

import numpy as np

TYPES = ("float32", "float16")


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
