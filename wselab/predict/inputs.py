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
    return [_whole(name, size, least=1) for name, size in sizes.items()]


def constant(chip: Chip, field: str, name: str, what_if: int | None, least: int = 0) -> int:
    """The chip's value of ``field``, or what the caller gave for it as ``name``.

    >>> from wselab.specs import WSE2
    >>> constant(WSE2, "ramp_latency_cycles", "ramp_latency", None)
    2
    >>> constant(WSE2, "ramp_latency_cycles", "ramp_latency", 5)
    5
    """
    return int(getattr(chip, field)) if what_if is None else _whole(name, what_if, least)


def _whole(name: str, value: Any, least: int) -> int:
    if not hasattr(value, "__index__") or isinstance(value, bool) or value < least:
        raise ValueError(f"{name}={value!r}: expected a whole number, at least {least}")
    return index(value)
