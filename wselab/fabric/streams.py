"""Streams: where the wavelets of each color come from, worked out from the routes alone.

Routes do not change within a launch and every queue has one writer, so each router that a color
passes belongs to the tree of one source, and the j-th wavelet out is the j-th in.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .color import Color
from .ports import LINKS, RAMP
from .program import Program

CIRCLE = -2


@dataclass
class Streams:
    """The streams of one color, in arrays of the wafer's shape; PEs are numbered row by row.

    ``source``: for each router, the PE whose processor feeds it, or -1 (or `CIRCLE`). ``sent``: for
    each PE, the wavelets that its operations send. ``listening``: whether the color leaves the
    router by the ramp.
    """

    source: np.ndarray
    sent: np.ndarray
    listening: np.ndarray

    @cached_property
    def traffic(self) -> np.ndarray:
        """Wavelets that enter each router."""
        fed = self.source >= 0
        return np.where(fed, self.sent.ravel()[self.source], 0)

    def hops(self) -> int:
        """Wavelets times links of the tree that each of them takes."""
        senders = np.flatnonzero(self.sent)
        first = senders[self.source.ravel()[senders] == senders]  # their own routers take no link
        return int(self.traffic.sum() - self.sent.ravel()[first].sum())

    def ramps(self) -> int:
        """Wavelets that processors are given."""
        return int(self.traffic[self.listening].sum())


def streams(program: Program, color: Color) -> Streams:
    """The streams of ``color`` in a program."""
    senders = [operation for operation in program.operations if operation.sends is color]
    most = sum(int(np.max(operation.n)) for operation in senders)
    sent = np.zeros(program.shape, np.int32 if most <= np.iinfo(np.int32).max else np.int64)
    for operation in senders:
        n = operation.n
        sent[operation.where] += n if np.ndim(n) == 0 else n[operation.where]
    return Streams(sources(color), sent, color.leaves_by(RAMP))


def sources(color: Color) -> np.ndarray:
    """For each router, the number of the PE that feeds it with ``color``; -1 where none does.

    `CIRCLE` where the way back to the source never ends.
    """
    rows, columns = color.shape
    number = np.arange(rows * columns, dtype=np.int32).reshape(rows, columns)
    at_source = color.enters_by(RAMP)
    upstream = np.where(at_source, number, np.int32(-1))
    for port in LINKS:
        fed = color.linked(port)
        down, right = port.step or (0, 0)
        if fed.any():
            np.copyto(upstream, number + np.int32(down * columns + right), where=fed)
    hop = upstream.ravel()
    led = following = np.flatnonzero((hop >= 0) & ~at_source.ravel())
    for _ in range(hop.size.bit_length()):  # each round doubles the distance looked back
        before = hop[following]
        further = np.where(before >= 0, hop[before], np.int32(-1))
        changed = further != before
        hop[following] = further
        following = following[changed]
        if not following.size:
            break
    ends = hop[led]
    hop[led[(ends >= 0) & ~at_source.ravel()[ends]]] = CIRCLE
    return hop.reshape(rows, columns)
