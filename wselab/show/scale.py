"""The numbers of a map, and the scale from its lowest to its highest color."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

#: Maps of the same shape, (rows, columns), by name; a map alone has the name "".
Maps = dict[str, np.ndarray]
#: The two ends of a scale.
Limits = tuple[float, float]

COLORS = "cividis"  # looks the same to readers who cannot tell red from green
SIGNED_COLORS = "PuOr"


def maps_of(values: Any) -> Maps:
    """``values``, a map or several by name, as copies in float64; raises ValueError if neither.

    >>> maps_of({"EAST": [[1, 2]], "WEST": [[0, 0]]})["EAST"]
    array([[1., 2.]])
    """
    if isinstance(values, Mapping):
        maps = {str(name): _table(table, f"{name}: ") for name, table in values.items()}
    else:
        maps = {"": _table(values, "")}
    if len({table.shape for table in maps.values()}) != 1:
        shapes = ", ".join(f"{name} {table.shape}" for name, table in maps.items())
        raise ValueError(f"wafer map: {shapes or 'no map'}; expected maps of one shape")
    return maps


def _table(values: Any, name: str) -> np.ndarray:
    try:
        table = np.array(values, dtype=float)
    except (TypeError, ValueError) as error:
        raise ValueError(f"wafer map: {name}not numbers ({error})") from None
    if table.ndim != 2 or not table.size:
        raise ValueError(
            f"wafer map: {name}values of shape {table.shape}; expected (rows, columns), one number "
            "a PE. Try x[:, :, 0], or x[...].sum(axis=-1)"
        )
    return table


def limits_of(maps: Maps, signed: bool = False) -> Limits:
    """The lowest and the highest value of all maps, never equal; around zero where ``signed``.

    >>> limits_of(maps_of([[-3, float("nan"), 2]])), limits_of(maps_of([[5, 5]]))
    ((-3.0, 2.0), (0.0, 5.0))
    """
    finite = [table[np.isfinite(table)] for table in maps.values()]
    ends = [end for values in finite if values.size for end in (values.min(), values.max())]
    low, high = (float(min(ends)), float(max(ends))) if ends else (0.0, 1.0)
    if signed:
        most = max(abs(low), abs(high)) or 1.0
        return -most, most
    if low == high:
        low, high = min(low, 0.0), max(high, 0.0)
    return (low, high) if low < high else (0.0, 1.0)


def checked(limits: Any) -> Limits:
    """``limits`` as two numbers, the lower first; raises ValueError where they are not."""
    try:
        low, high = (float(end) for end in limits)
    except (TypeError, ValueError):
        low = high = float("nan")
    if not (np.isfinite([low, high]).all() and low < high):
        raise ValueError(
            f"wafer map: limits={limits!r}; expected the two ends of the scale, such as (0, 64)"
        )
    return low, high


def levels(table: np.ndarray, limits: Limits) -> bytes:
    """One byte a PE, row by row: 0 to 254 along the scale, 255 where it is dead (NaN).

    >>> list(levels(np.array([[0, 1, 2, 9, np.nan]]), (0, 2)))
    [0, 127, 254, 254, 255]
    """
    low, high = limits
    place = table.astype(np.float32)
    place -= np.float32(low)
    place *= np.float32(254 / (high - low))
    np.clip(place, 0, 254, out=place)
    place += 0.5
    return np.nan_to_num(place, copy=False, nan=255).astype(np.uint8).tobytes()


def pooled(table: np.ndarray, rows: int, columns: int, signed: bool = False) -> np.ndarray:
    """A smaller table, at most ``rows`` x ``columns``, for a picture with fewer dots than PEs.

    Of the PEs of a dot the highest counts (the farthest from zero where ``signed``), but a dead one
    before all: neither is lost among its neighbours.

    >>> pooled(np.array([[0, 9, 1, 1], [0, 0, 1, np.nan]]), 1, 2)
    array([[ 9., nan]])
    """
    for axis, most in ((0, rows), (1, columns)):
        size = table.shape[axis]
        if size > most:
            starts = np.arange(most) * size // most
            low, high = (f.reduceat(table, starts, axis) for f in (np.minimum, np.maximum))
            table = np.where(-low > high, low, high) if signed else high
    return table
