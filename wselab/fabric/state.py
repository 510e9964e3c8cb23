"""What stands where in a stopped fabric: the common view of errors, checks and pictures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass
class State:
    """The fabric between two cycles; arrays have the wafer's shape, lists go by color number.

    ``cycle``: cycles that have passed. ``operation``: the number of the operation each PE is at
    (-1: ended all), in the order in which they were recorded; ``handled``: elements of it done.
    Wavelets: ``leaving`` on the belt from the processor, ``queued`` in the router, ``arriving`` on
    the belt to the processor, ``waiting`` in the PE's own queue.
    """

    cycle: int
    operation: np.ndarray
    handled: np.ndarray
    leaving: list[np.ndarray]
    queued: list[np.ndarray]
    arriving: list[np.ndarray]
    waiting: list[np.ndarray]

    @classmethod
    def empty(cls, shape: tuple[int, int], colors: int) -> State:
        """A state without wavelets, every PE at its end."""

        def planes() -> list[np.ndarray]:
            return [np.zeros(shape, np.int32) for _ in range(colors)]

        ended = np.full(shape, -1, np.int64)
        return cls(0, ended, np.zeros(shape, np.int64), planes(), planes(), planes(), planes())

    def inside(self, color: int) -> np.ndarray:
        """Wavelets of one color at each PE, wherever they stand there."""
        return self.leaving[color] + self.queued[color] + self.arriving[color] + self.waiting[color]
