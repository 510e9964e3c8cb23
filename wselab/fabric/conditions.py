"""Conditions: comparisons of values that the PEs have, for tasks that do one thing or another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .errors import ProgramError

COMPARISONS = {
    ">": np.greater,
    ">=": np.greater_equal,
    "<": np.less,
    "<=": np.less_equal,
}


class Comparable:
    """Something of each PE; compared with ``>``, ``>=``, ``<`` or ``<=`` it gives a `Condition`."""

    __array_ufunc__ = None  # NumPy leaves comparisons with it to us

    def __gt__(self, other: Any) -> Condition:
        return Condition(">", self, other)

    def __ge__(self, other: Any) -> Condition:
        return Condition(">=", self, other)

    def __lt__(self, other: Any) -> Condition:
        return Condition("<", self, other)

    def __le__(self, other: Any) -> Condition:
        return Condition("<=", self, other)

    def _compute(self, *_: Any) -> Any:
        raise ProgramError(
            f"{self} in Python arithmetic: what a PE has is computed by the PE, and costs cycles. "
            f"Use its operations, such as mul({self}, 2.0, out=...)"
        )

    __add__ = __radd__ = __sub__ = __rsub__ = __neg__ = __abs__ = _compute
    __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __pow__ = _compute


@dataclass(frozen=True)
class Condition:
    """A comparison of two values of each PE, for ``pe.where(...)`` in a task."""

    kind: str
    left: Any
    right: Any

    def __bool__(self) -> bool:
        raise ProgramError(
            f"{self} differs from PE to PE, so Python cannot branch on it with if, and, or, not. "
            f"Use pe.where({self}).mov(...)"
        )

    def __repr__(self) -> str:
        return f"{self.left} {self.kind} {self.right}"
