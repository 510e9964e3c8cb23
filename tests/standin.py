"""A stand-in for CuPy on machines without a GPU: its arrays are NumPy's, behind CuPy's manners.

What is computed here runs on CuPy as far as these manners go. An array of it is refused by NumPy's
functions and refuses NumPy's arrays, as an operand, as an index and as what is assigned; it has
the functions and methods named below and no others, so that a call that CuPy lacks fails here too.
(CuPy would take some of these, and copy each time.) Only `asarray` and `get` go to and fro.
"""

from __future__ import annotations

import types
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

__version__ = "0 (a stand-in)"
cuda = types.SimpleNamespace(
    is_available=lambda: True,
    runtime=types.SimpleNamespace(getDeviceProperties=lambda number: {"name": b"no GPU at all"}),
)
crossings: Counter[str] = Counter()  # "in", "out", and "asked" for one number


def plain(item: Any) -> Any:
    """The NumPy array or the number behind an operand."""
    if isinstance(item, Array):
        return item.values
    if isinstance(item, (bool, int, float, np.generic)):
        return item
    raise TypeError(f"Unsupported type {type(item)}")


def index(key: Any) -> Any:
    """The like for an index."""
    if isinstance(key, tuple):
        return tuple(index(one) for one in key)
    return key if key is None or key is ... or isinstance(key, slice) else plain(key)


class Array:
    """What stands for `cupy.ndarray`."""

    __array_ufunc__ = None

    def __init__(self, values: Any):
        self.values = np.asarray(values)

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        raise TypeError("Implicit conversion to a NumPy array is not allowed")

    def __array_function__(self, function: Any, *_: Any) -> Any:
        raise TypeError(f"numpy.{function.__name__} of an array that is not NumPy's")

    @property
    def shape(self) -> tuple[int, ...]:
        return self.values.shape

    @property
    def strides(self) -> tuple[int, ...]:
        return self.values.strides

    @property
    def ndim(self) -> int:
        return self.values.ndim

    @property
    def size(self) -> int:
        return self.values.size

    @property
    def dtype(self) -> np.dtype:
        return self.values.dtype

    def reshape(self, *shape: Any) -> Array:
        return Array(self.values.reshape(*shape))

    def transpose(self, axes: Any) -> Array:
        return Array(self.values.transpose(axes))

    def astype(self, dtype: Any) -> Array:
        return Array(self.values.astype(dtype))

    def copy(self) -> Array:
        return Array(self.values.copy())

    def any(self, axis: Any = None) -> Array:
        return Array(self.values.any(axis=axis))

    def get(self) -> np.ndarray:
        crossings["out"] += 1
        return self.values.copy()

    def __getitem__(self, key: Any) -> Array:
        return Array(self.values[index(key)])

    def __setitem__(self, key: Any, value: Any) -> None:
        self.values[index(key)] = plain(value)

    def __len__(self) -> int:
        return len(self.values)

    def __iter__(self) -> Iterator[Array]:
        return (self[i] for i in range(len(self)))

    def __bool__(self) -> bool:
        crossings["asked"] += 1
        return bool(self.values)

    def __int__(self) -> int:
        crossings["asked"] += 1
        return int(self.values)

    def __invert__(self) -> Array:
        return Array(~self.values)


def _operator(name: str) -> None:
    def act(self: Array, other: Any) -> Array:
        result = getattr(self.values, name)(plain(other))
        if result is self.values:  # as after `a &= b`
            return self
        return Array(result)

    setattr(Array, name, act)


for _name in ("and", "or", "xor", "add", "gt", "ne"):
    _operator(f"__{_name}__")
for _name in ("and", "or", "xor"):
    _operator(f"__r{_name}__")
    _operator(f"__i{_name}__")


def _gate(name: str) -> Any:
    def act(*items: Any, out: Any = None, dtype: Any = None, casting: str = "same_kind") -> Array:
        *inputs, out = items if len(items) == 3 else (*items, out)
        if out is not None and not isinstance(out, Array):
            raise TypeError(f"return arrays must be of this module, not {type(out)}")
        target = None if out is None else out.values
        result = getattr(np, name)(*map(plain, inputs), out=target, dtype=dtype, casting=casting)
        return Array(result) if out is None else out

    act.__name__ = name
    return act


add, multiply = _gate("add"), _gate("multiply")
bitwise_and, bitwise_or, bitwise_xor = map(_gate, ("bitwise_and", "bitwise_or", "bitwise_xor"))
left_shift, right_shift = _gate("left_shift"), _gate("right_shift")


def zeros(shape: Any, dtype: Any = float) -> Array:
    return Array(np.zeros(shape, dtype))


def empty(shape: Any, dtype: Any = float) -> Array:
    """Not zeros, so that what was never written shows."""
    return Array(np.full(shape, 85, dtype))


def asarray(item: Any) -> Array:
    if isinstance(item, Array):
        return item
    crossings["in"] += isinstance(item, np.ndarray)
    return Array(np.array(item, order="C"))


def count_nonzero(array: Array) -> Array:
    """A number that stays where the array is, until it is asked for."""
    return Array(np.count_nonzero(array.values))


def where(condition: Array, one: Any, other: Any) -> Array:
    return Array(np.where(condition.values, plain(one), plain(other)))


def copyto(target: Array, source: Any, casting: str = "same_kind") -> None:
    np.copyto(target.values, plain(source), casting=casting)


def may_share_memory(one: Array, other: Array) -> bool:
    return np.may_share_memory(one.values, other.values)
