"""Data as one JSON text and one run of bytes, for a page: arrays go as they lie in memory.

In the JSON an array is an object of ``dtype`` (``u1``, ``u4``, ``f4``, ...; the bytes
little-endian), ``shape``, and ``at``, where it begins in the bytes. Integers of 64 bits, which
JavaScript has no plain numbers for, go as ``f8``, exact up to 2**53.
"""

from __future__ import annotations

import gzip
import json
from typing import Any

import numpy as np

ALIGNED = 8  # bytes: what the longest numbers need in front of them
LEVEL = 1  # of compression; higher ones take several times as long and save a tenth


def pack(data: Any) -> tuple[str, bytes]:
    """Dicts, lists, numbers, strings and arrays, as JSON and compressed bytes.

    >>> text, raw = pack({"name": "x", "values": np.array([1, 2], np.uint32)})
    >>> text
    '{"name":"x","values":{"dtype":"u4","shape":[2],"at":0}}'
    >>> list(gzip.decompress(raw))
    [1, 0, 0, 0, 2, 0, 0, 0]
    """
    parts: list[bytes] = []
    size = 0

    def place(item: Any) -> Any:
        nonlocal size
        if isinstance(item, np.generic):
            return item.item()
        if not isinstance(item, np.ndarray):
            raise TypeError(f"{type(item).__name__} has no place on a page")
        array = np.ascontiguousarray(_plain(item))
        start, raw = size, array.tobytes()
        gap = -len(raw) % ALIGNED
        parts.extend((raw, bytes(gap)))
        size += len(raw) + gap
        dtype = array.dtype.str.lstrip("<|")
        return {"dtype": dtype, "shape": list(array.shape), "at": start}

    text = json.dumps(data, default=place, allow_nan=False, separators=(",", ":"))
    return text, gzip.compress(b"".join(parts), LEVEL, mtime=0)


def _plain(array: np.ndarray) -> np.ndarray:
    """An array of numbers that JavaScript has, little-endian."""
    if array.dtype == bool:
        return array.astype("u1")
    if array.dtype.kind in "iu" and array.dtype.itemsize == 8:
        return array.astype("<f8")
    return array.astype(array.dtype.newbyteorder("<"), copy=False)
