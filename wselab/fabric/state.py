"""What stands where in a stopped fabric: the common view of errors, checks and pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .ports import LINKS

if TYPE_CHECKING:
    from .maps import Maps


@dataclass
class State:
    """The fabric between two cycles; arrays have the wafer's shape, lists go by color number.

    ``cycle``: cycles that have passed. ``operation``: the number of the operation each PE is at
    (-1: ended all), in the order in which they were recorded; ``handled``: elements of it done.
    ``threads`` and ``threads_handled`` say the same of each lane of microthreads, lane first.
    ``position_in`` and ``position_out`` are the switch positions that wavelets entering and leaving
    a router follow.

    Wavelets: ``leaving`` on the belt from the processor, ``coming`` on long links into the router
    (of shape ``(4, rows, columns)``, by port), ``queued`` in it, ``arriving`` on the belt to the
    processor, ``waiting`` in the PE's own queue.

    ``pause``: the cycles before a PE may begin its next operation; ``left``: the cycles that its
    operation on memory alone still takes; ``passed``: for each host stream the wavelets that have
    passed each of its links.
    """

    cycle: int
    operation: np.ndarray
    handled: np.ndarray
    leaving: list[np.ndarray]
    coming: list[np.ndarray]
    queued: list[np.ndarray]
    arriving: list[np.ndarray]
    waiting: list[np.ndarray]
    threads: np.ndarray
    threads_handled: np.ndarray
    position_in: list[np.ndarray]
    position_out: list[np.ndarray]
    pause: np.ndarray
    left: np.ndarray
    passed: list[np.ndarray]

    @classmethod
    def empty(cls, shape: tuple[int, int], colors: int, lanes: int = 1) -> State:
        """A state without wavelets and host streams, every PE at its end."""

        def planes(*ports: int) -> list[np.ndarray]:
            return [np.zeros((*ports, *shape), np.int32) for _ in range(colors)]

        handled, pause, left = np.zeros((3, *shape), np.int64)
        threads = np.full((lanes - 1, *shape), -1, np.int64)
        return cls(
            0, np.full(shape, -1, np.int64), handled,
            planes(), planes(len(LINKS)), planes(), planes(), planes(),
            threads, np.zeros_like(threads), planes(), planes(), pause, left, [],
        )  # fmt: skip

    @property
    def busy(self) -> np.ndarray:
        """PEs that have not ended all: a mask."""
        return (self.operation >= 0) | (self.threads >= 0).any(axis=0)

    def inside(self, color: int) -> np.ndarray:
        """Wavelets of one color at each PE, wherever they stand there."""
        before = self.leaving[color] + self.coming[color].sum(axis=0) + self.queued[color]
        return before + self.arriving[color] + self.waiting[color]


class Outcome(NamedTuple):
    """How a launch went: "ended", "stuck" or "limit"; ``state`` is what stands where then."""

    how: str
    cycles: int
    hops: int
    ramps: int
    state: State | None
    maps: Maps | None = None
