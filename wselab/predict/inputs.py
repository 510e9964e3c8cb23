"""What a closed form takes: sizes, and constants of a chip that a what-if may replace."""

from __future__ import annotations

from operator import index
from typing import Any, SupportsIndex

from ..specs import Chip


def whole(**sizes: SupportsIndex) -> list[int]:
    """The sizes as plain whole numbers; raises `ValueError` where one is less than 1 or none.

    >>> whole(rows=2, columns=3)
    [2, 3]
    >>> whole(rows=2, columns=0)
    Traceback (most recent call last):
        ...
    ValueError: columns=0: expected a whole number, at least 1
    """
    return [at_least(name, size, 1) for name, size in sizes.items()]


def check_tuple(name: str, sizes: object, count: int, such_as: str) -> None:
    """Raise `ValueError` where ``sizes`` is no tuple or list of so many, ``such_as`` these.

    >>> check_tuple("wafer", 4, 2, "rows first: (4, 8)")
    Traceback (most recent call last):
        ...
    ValueError: wafer=4: expected 2 whole numbers, rows first: (4, 8)
    """
    if not isinstance(sizes, (tuple, list)) or len(sizes) != count:
        raise ValueError(f"{name}={sizes!r}: expected {count} whole numbers, {such_as}")


def constant(chip: Chip, field: str, name: str, what_if: int | None, least: int = 0) -> int:
    """The chip's value of ``field``, or what the caller gave for it as ``name``.

    >>> from wselab.specs import WSE2
    >>> constant(WSE2, "ramp_latency_cycles", "ramp_latency", None)
    2
    >>> constant(WSE2, "ramp_latency_cycles", "ramp_latency", 5)
    5
    """
    return int(getattr(chip, field)) if what_if is None else at_least(name, what_if, least)


#: By type of the factors, the kind of multiply-accumulate: ``..._macs_per_cycle`` of a chip.
MACS = {"float32": "fp32", "float16": "fp16", "bfloat16": "fp16"}


def mac_rate(chip: Chip, dtype: Any, accumulate: Any = None, **what_if: int | None) -> int:
    """Multiply-accumulates a cycle, with factors of ``dtype`` that are added up in ``accumulate``.

    ``what_if`` has what the caller gave for ``fp16_macs``, ``fp32_macs`` and ``mixed_macs``, which
    are 16-bit factors onto float32 sums. Raises `ValueError` for types that there are not.

    >>> from wselab.specs import WSE2
    >>> mac_rate(WSE2, "float16"), mac_rate(WSE2, "float16", "float32"), mac_rate(WSE2, "float32")
    (4, 2, 1)
    """
    dtype = str(dtype)
    if dtype not in MACS:
        raise ValueError(f"dtype={dtype!r}: expected one of {', '.join(map(repr, MACS))}")
    if accumulate not in (None, dtype, "float32"):
        raise ValueError(f"accumulate={accumulate!r} with {dtype}: expected 'float32' or None")
    kind = "mixed" if accumulate == "float32" != dtype else MACS[dtype]
    name = f"{kind}_macs"
    return constant(chip, f"{name}_per_cycle", name, what_if.get(name), least=1)


def at_least(name: str, value: Any, least: int) -> int:
    """``value`` as a plain whole number; raises `ValueError` where it is none, or less.

    >>> at_least("gap", 0, 0)
    0
    """
    if not hasattr(value, "__index__") or isinstance(value, bool) or value < least:
        raise ValueError(f"{name}={value!r}: expected a whole number, at least {least}")
    return index(value)


def index_below(name: str, value: Any, size: int) -> int:
    """``value`` as a plain whole number from 0 to ``size - 1``; raises `ValueError` otherwise.

    >>> index_below("source", 3, 8)
    3
    """
    if not hasattr(value, "__index__") or isinstance(value, bool) or not 0 <= value < size:
        raise ValueError(f"{name}={value!r}: expected a whole number from 0 to {size - 1}")
    return index(value)


def one_of(algorithm: Any, known: tuple[str, ...]) -> None:
    """Raise `ValueError` for an ``algorithm`` that is not among those that there are.

    >>> one_of("yx", ("xy", "snake"))
    Traceback (most recent call last):
        ...
    ValueError: no algorithm 'yx'; there is 'xy', 'snake'
    """
    if algorithm not in known:
        names = ", ".join(map(repr, known))
        raise ValueError(f"no algorithm {algorithm!r}; there is {names}")
