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


CONTRARY = {">": "<=", ">=": "<", "<": ">=", "<=": ">"}


class Comparable:
    """Something of each PE; compared with ``>``, ``>=``, ``<`` or ``<=`` it gives a `Condition`.

    Python and NumPy see no value of it: all else that they would do with one is refused.
    """

    #: Whose operations compute on it.
    pes = "w[...]"

    @property
    def written(self) -> str:
        """How it is written in a program."""
        return str(self)

    def __gt__(self, other: Any) -> Condition:
        return Condition(">", self, other)

    def __ge__(self, other: Any) -> Condition:
        return Condition(">=", self, other)

    def __lt__(self, other: Any) -> Condition:
        return Condition("<", self, other)

    def __le__(self, other: Any) -> Condition:
        return Condition("<=", self, other)

    def __eq__(self, other: Any) -> Any:
        one, value = self.written, _written(other)
        raise ProgramError(
            f"{one} == {value}: PEs compare with >, >=, < and <=. "
            f"Use pe.where({one} >= {value}).where({one} <= {value}).mov(...)"
        )

    def __ne__(self, other: Any) -> Any:
        one, value = self.written, _written(other)
        raise ProgramError(
            f"{one} != {value}: PEs compare with >, >=, < and <=. "
            f"Use pe.where({one} > {value}).mov(...), then pe.where({one} < {value}).mov(...)"
        )

    __hash__ = object.__hash__

    def __bool__(self) -> bool:
        one = self.written
        raise ProgramError(
            f"{one} differs from PE to PE, so Python cannot branch on it with if, and, or, not. "
            f"Use a comparison of the PEs, such as pe.where({one} > 0).mov(...)"
        )

    def _compute(self, *_: Any) -> Any:
        self._refuse(str(self))

    def _refuse(self, what: str) -> None:
        raise ProgramError(
            f"{what} in Python arithmetic: what a PE has is computed by the PE, and costs cycles. "
            f"Use its operations, such as {self.pes}.mul({self}, 2.0, out=...)"
        )

    __add__ = __radd__ = __sub__ = __rsub__ = __neg__ = __pos__ = __abs__ = _compute
    __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __pow__ = __rpow__ = _compute
    __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __matmul__ = __rmatmul__ = _compute
    __float__ = __int__ = __round__ = _compute

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **_: Any) -> Any:
        """NumPy leaves to us what it would do with it: comparisons, and the rest is refused."""
        inputs = tuple(map(_plain, inputs))
        for kind, function in COMPARISONS.items():
            if ufunc is function and method == "__call__":
                return Condition(kind, *inputs)
        if ufunc in (np.equal, np.not_equal):
            one, other = inputs if isinstance(inputs[0], Comparable) else inputs[::-1]
            return one == other if ufunc is np.equal else one != other
        self._refuse(f"np.{ufunc.__name__} of {self}")


def _plain(item: Any) -> Any:
    """A number out of the array that NumPy has made of it."""
    return item.item() if isinstance(item, np.ndarray) and not item.ndim else item


def _written(item: Any) -> str:
    return item.written if isinstance(item, Comparable) else str(item)


@dataclass(frozen=True, eq=False)
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

    def __and__(self, other: Any) -> Any:
        raise ProgramError(
            f"({self}) & ({other}): a PE compares two values at a time. For both, use "
            f"pe.where({self}).where({other}).mov(...)"
        )

    def __or__(self, other: Any) -> Any:
        raise ProgramError(
            f"({self}) | ({other}): a PE compares two values at a time. For either, give each a "
            "pe.where(...) of its own"
        )

    def __invert__(self) -> Any:
        contrary = f"{_written(self.left)} {CONTRARY[self.kind]} {_written(self.right)}"
        raise ProgramError(f"~({self}): write the contrary comparison, {contrary}")

    __rand__, __ror__ = __and__, __or__

    def __repr__(self) -> str:
        return f"{_written(self.left)} {self.kind} {_written(self.right)}"
