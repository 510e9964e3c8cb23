"""What a kernel accepts: NumPy arrays of a type that a PE computes in, and of the right shape."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..fabric import ProgramError, Wafer
from ..fabric.memory import DTYPES


def checked(kernel: str, name: str, array: Any, axes: tuple[str, ...]) -> np.ndarray:
    """``array`` as a read-only view, so that no program can write into what the caller owns.

    Raises `ProgramError` where it is no array, or has another type, number of axes, or no values.

    >>> checked("reduce_row", "x", np.zeros((2, 3)), ("rows", "columns", "wavelets"))
    Traceback (most recent call last):
        ...
    wselab.fabric.errors.ProgramError: reduce_row: x is float64; a PE computes in float32 or \
float16 or bfloat16, and nothing is converted silently. Try x.astype(np.float32)
    """
    expected = f"({', '.join(axes)}{',' if len(axes) == 1 else ''})"
    if not isinstance(array, np.ndarray):
        raise ProgramError(
            f"{kernel}: {name} is a {type(array).__name__}; expected a NumPy array of shape "
            f"{expected}. Try np.asarray({name}, dtype=np.float32)"
        )
    if array.dtype.name not in DTYPES:
        raise ProgramError(
            f"{kernel}: {name} is {array.dtype}; a PE computes in {' or '.join(DTYPES)}, and "
            f"nothing is converted silently. Try {name}.astype(np.float32)"
        )
    if array.ndim != len(axes):
        raise ProgramError(
            f"{kernel}: {name} has shape {array.shape}; expected {len(axes)} "
            f"{'axis' if len(axes) == 1 else 'axes'}, {expected}. Try {name}.reshape(...)"
        )
    if 0 in array.shape:
        empty = axes[array.shape.index(0)]
        raise ProgramError(
            f"{kernel}: {name} has shape {array.shape}, no {empty}; expected at least one of "
            f"each of {expected}"
        )
    return np.broadcast_to(array, array.shape)


def wafer_of(kernel: str, wafer: Any, chip: Any, what_if: dict[str, Any]) -> Wafer:
    """The wafer that is asked for as (rows, columns); raises `ProgramError` for anything else.

    >>> from wselab.specs import WSE2
    >>> wafer_of("gemv", 4, WSE2, {})
    Traceback (most recent call last):
        ...
    wselab.fabric.errors.ProgramError: gemv: wafer=4; expected (rows, columns), such as (4, 8)
    """
    if not isinstance(wafer, (tuple, list)) or len(wafer) != 2:
        raise ProgramError(f"{kernel}: wafer={wafer!r}; expected (rows, columns), such as (4, 8)")
    rows, columns = wafer
    return Wafer(rows, columns, chip=chip, **what_if)


def whole_number(kernel: str, name: str, value: Any, below: int) -> int:
    """``value`` as a plain whole number of at least 0 and less than ``below``.

    >>> whole_number("broadcast_row", "source", 8, below=8)
    Traceback (most recent call last):
        ...
    wselab.fabric.errors.ProgramError: broadcast_row: source=8; expected a whole number from 0 to 7
    """
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not whole or not 0 <= value < below:
        raise ProgramError(
            f"{kernel}: {name}={value!r}; expected a whole number from 0 to {below - 1}"
        )
    return int(value)


def at_least_one(kernel: str, name: str, value: Any) -> int:
    """``value`` as a plain whole number of at least 1.

    >>> at_least_one("gemv", "overlap", np.int64(4))
    4
    """
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not whole or value < 1:
        raise ProgramError(f"{kernel}: {name}={value!r}; expected a whole number, at least 1")
    return int(value)


def one_of(kernel: str, name: Any, known: tuple[str, ...], what: str = "algorithm") -> None:
    """Refuse an algorithm, or ``what`` it is, that is not among those that there are.

    >>> one_of("reduce_2d", "yx", ("xy", "snake"))
    Traceback (most recent call last):
        ...
    wselab.fabric.errors.ProgramError: reduce_2d: no algorithm 'yx'; there is 'xy', 'snake'
    """
    if name not in known:
        names = ", ".join(map(repr, known))
        raise ProgramError(f"{kernel}: no {what} {name!r}; there is {names}")
