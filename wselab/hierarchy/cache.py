"""A cache: fast memory that guesses what will be wanted again, where SRAM on a wafer is told.

A matrix that is larger than the cache is read anew each time it is used. One that fits is read
once:

    >>> cache = Cache(bytes=32_768, line_bytes=64, ways=8)
    >>> small = np.arange(0, 16_384, 4)                  # addresses of 4,096 values of 4 bytes
    >>> cache.misses(np.tile(small, 10))                 # read ten times: 256 lines, once
    256
    >>> large = np.arange(0, 65_536, 4)
    >>> cache.misses(np.tile(large, 10))                 # twice the cache: every line, every time
    10240
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Cache:
    """A set-associative cache that drops the line not used for longest.

    ``bytes`` in lines of ``line_bytes``, ``ways`` lines in a set. Raises ValueError where these do
    not make whole sets.
    """

    bytes: int
    line_bytes: int = 64
    ways: int = 8

    def __post_init__(self) -> None:
        sizes = (self.bytes, self.line_bytes, self.ways)
        whole = all(isinstance(size, (int, np.integer)) and size >= 1 for size in sizes)
        if not whole or self.bytes % (self.line_bytes * self.ways):
            raise ValueError(
                f"{self}: expected whole numbers, and bytes a multiple of line_bytes x ways"
            )

    @property
    def sets(self) -> int:
        """Groups of lines; an address belongs to one of them."""
        return self.bytes // (self.line_bytes * self.ways)

    def misses(self, addresses: Any) -> int:
        """How many accesses, in this order, find their line missing; the cache begins empty."""
        lines = np.asarray(addresses).ravel() // self.line_bytes
        new = np.ones(len(lines), bool)
        new[1:] = lines[1:] != lines[:-1]  # again the same line: it is there
        held: list[dict[int, None]] = [{} for _ in range(self.sets)]
        missing = 0
        for line in lines[new].tolist():
            lru = held[line % self.sets]
            if line in lru:
                del lru[line]  # to be the newest again
            else:
                missing += 1
                if len(lru) == self.ways:
                    del lru[next(iter(lru))]
            lru[line] = None
        return missing

    def bytes_moved(self, addresses: Any) -> int:
        """What these accesses bring from the memory behind, in whole lines."""
        return self.misses(addresses) * self.line_bytes
