"""Planes: one bit a PE, 64 PEs to a word, so that one machine instruction serves 64 PEs.

A plane lists the wafer line by line. Lines are columns or rows, whichever more links cross, so
that a step across lines is a step of whole words; an empty line stands before the first and behind
the last, so that such a step never leaves the plane.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..ports import EAST, LINKS, SOUTH, Port
from .backend import module_of, to_device, to_host

WORD = 64


class Layout:
    """How the PEs of a wafer lie in the words of a plane."""

    def __init__(self, shape: tuple[int, int], lines_are_columns: bool):
        self.shape, self.lines_are_columns = shape, lines_are_columns
        self.count, self.length = shape[::-1] if lines_are_columns else shape
        self.words = -(-self.length // WORD)  # a line's
        self.width = self.words * WORD  # a line's, in bits
        self.size = (self.count + 2) * self.words  # a plane's

    def pack(self, mask: np.ndarray) -> np.ndarray:
        """A plane from a boolean array of the wafer's shape."""
        lines = np.zeros((self.count + 2, self.words * WORD // 8), np.uint8)
        by_line = np.ascontiguousarray(mask.T if self.lines_are_columns else mask)
        packed = np.packbits(by_line, axis=1, bitorder="little")
        lines[1:-1, : packed.shape[1]] = packed
        return lines.reshape(-1).view(np.uint64)

    def unpack(self, plane: np.ndarray) -> np.ndarray:
        """The boolean array of the wafer's shape that a plane stands for."""
        lines = to_host(plane).view(np.uint8).reshape(self.count + 2, -1)[1:-1]
        mask = np.unpackbits(lines, axis=1, count=self.length, bitorder="little").astype(bool)
        return mask.T if self.lines_are_columns else mask

    def spread(self, values: np.ndarray) -> np.ndarray:
        """An array of the wafer's shape in the order of the bits, 0 where no PE is."""
        spread = np.zeros((self.count + 2, self.words * WORD), values.dtype)
        spread[1:-1, : self.length] = values.T if self.lines_are_columns else values
        return spread.ravel()

    def gather(self, spread: np.ndarray) -> np.ndarray:
        """The array of the wafer's shape that `spread` would spread so."""
        values = spread.reshape(self.count + 2, -1)[1:-1, : self.length]
        return np.array(values.T if self.lines_are_columns else values)

    def bits(self) -> np.ndarray:
        """Bit numbers of all PEs, ascending."""
        lines = np.arange(1, self.count + 1)[:, None] * (self.words * WORD)
        return (lines + np.arange(self.length)).ravel()

    def places(self, bits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Rows and columns of the PEs with those bit numbers."""
        line, position = np.divmod(bits, self.words * WORD)
        return (position, line - 1) if self.lines_are_columns else (line - 1, position)

    def towards(self, port: Port) -> tuple[int, int]:
        """The step to the neighbour behind a link: (lines, places in the line)."""
        down, right = port.step or (0, 0)
        return (right, down) if self.lines_are_columns else (down, right)


class Planes:
    """Named groups of planes in one buffer of ``xp``, of equal planes, ``size`` words each."""

    def __init__(self, groups: dict[str, int], size: int, margin: int = 0, xp: Any = np):
        self.groups, self.size, self.xp = groups, size, xp
        self.first: dict[str, int] = {}
        total = 0
        for name, count in groups.items():
            self.first[name], total = total, total + count
        self.margin = margin
        self.buffer = xp.zeros(total * size + 2 * margin, np.uint64)

    def __call__(
        self, name: str, low: int = 0, high: int | None = None, shift: int = 0
    ) -> np.ndarray:
        """Planes ``low`` to ``high`` of a group, end to end, read ``shift`` words further on."""
        high = self.groups[name] if high is None else high
        start = self.margin + self.first[name] * self.size + shift
        return self.buffer[start + low * self.size : start + high * self.size]

    def all(self) -> np.ndarray:
        """Every group, as an array of shape (planes, words)."""
        return self.buffer[self.margin : len(self.buffer) - self.margin].reshape(-1, self.size)

    def table(self, name: str, last: str | None = None) -> np.ndarray:
        """A group (up to group ``last``) as an array of shape (planes, words)."""
        end = last or name
        low = self.margin + self.first[name] * self.size
        high = self.margin + (self.first[end] + self.groups[end]) * self.size
        return self.buffer[low:high].reshape(-1, self.size)


def choose_layout(shape: tuple[int, int], links: dict[Port, int]) -> Layout:
    """Lines along which few links run: most wavelets then step by whole words."""
    along_rows = links[EAST] + links[LINKS[3]]
    along_columns = links[SOUTH] + links[LINKS[0]]
    return Layout(shape, lines_are_columns=along_rows >= along_columns)


def bits_of(plane: np.ndarray) -> np.ndarray:
    """The numbers of the bits that are set, ascending."""
    words = np.flatnonzero(plane)
    spread = np.unpackbits(plane[words].view(np.uint8), bitorder="little").reshape(-1, WORD)
    which, position = np.nonzero(spread)
    return words[which] * WORD + position


def merged(groups: list[np.ndarray], size: int) -> np.ndarray:
    """All bit numbers of some groups, ascending; they are less than ``size``."""
    bits = np.concatenate(groups)
    if len(bits) < size // 32:
        return np.sort(bits)
    there = np.zeros(size, bool)
    there[bits] = True
    return np.flatnonzero(there)


def plane_of(bits: np.ndarray, words: int) -> np.ndarray:
    """A plane of so many words with these bits set."""
    there = np.zeros(words * WORD, np.uint8)
    there[bits] = 1
    return np.packbits(there, bitorder="little").view(np.uint64)


def folded(gate: Any, planes: Any) -> Any:
    """One plane: ``gate`` between all of them. CuPy's gates have no ``reduce``."""
    if isinstance(planes, np.ndarray):
        return gate.reduce(planes, axis=0)
    result = planes[0].copy()
    for plane in planes[1:]:
        gate(result, plane, result)
    return result


def write_bits(planes: Any, rows: np.ndarray, bits: np.ndarray, values: np.ndarray) -> None:
    """In plane ``rows[p]`` set all these bits (ascending) to ``values[p]``."""
    xp = module_of(planes)
    ones, zeros = (to_device(xp, rows[values == bit]) for bit in (True, False))
    first, end = int(bits[0]) // WORD, int(bits[-1]) // WORD + 1
    if len(bits) >= end - first:  # slices, not gathering
        mask = to_device(xp, plane_of(bits - first * WORD, end - first))
        span = slice(first, end)
        planes[ones, span] |= mask
        planes[zeros, span] &= ~mask
    else:
        words, position = bits // WORD, (bits % WORD).astype(np.uint64)
        starts = np.flatnonzero(np.diff(words, prepend=-1))
        mask = to_device(xp, np.bitwise_or.reduceat(np.uint64(1) << position, starts))
        columns = to_device(xp, words[starts])
        planes[ones[:, None], columns] |= mask
        planes[zeros[:, None], columns] &= ~mask


def groups_of(keys: np.ndarray, items: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Each key, ascending, with its items, in their order."""
    if not len(keys):
        return
    low, high = int(keys.min()), int(keys.max())
    if low == high:
        yield low, items
        return
    if high - low < 16:  # quicker than to sort
        for key in range(low, high + 1):
            group = items[keys == key]
            if len(group):
                yield key, group
        return
    order = np.argsort((keys - low).astype(np.min_scalar_type(high - low)), kind="stable")
    ordered = keys[order]
    ends = np.flatnonzero(ordered[1:] != ordered[:-1]) + 1
    for key, group in zip(ordered[[0, *ends]], np.split(items[order], ends), strict=True):
        yield int(key), group
