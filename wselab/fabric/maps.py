"""Maps of a run: for each PE how long it worked and waited, and when wavelets came; link load.

They are counted only when a run is asked for them, ``w.run(maps=True)``, and cost it some time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .ports import Port


@dataclass
class Maps:
    """What each PE did in a run, in arrays of the wafer's shape, counted in cycles.

    ``busy``: some operation of it handled an element, counted, or a task woke; ``waiting``: it had
    work left and did nothing; ``idle``: the rest, also while it sleeps until a wavelet wakes it, so
    that the three add up to the run's cycles.
    ``first_arrival`` and ``last_arrival``: the cycle in which the first and the last wavelet
    reached its own queues, -1 where none did. ``link_load``: wavelets that left each router by each
    link, to a neighbour or the host.
    """

    busy: np.ndarray
    waiting: np.ndarray
    idle: np.ndarray
    first_arrival: np.ndarray
    last_arrival: np.ndarray
    link_load: dict[Port, np.ndarray]

    @classmethod
    def of(
        cls, cycles: int, busy: np.ndarray, at_work: np.ndarray, arrivals: Any, load: Any
    ) -> Maps:
        """Maps from the cycles in which each PE was busy, and those in which it had work left."""
        first, last = arrivals
        return cls(busy, at_work - busy, cycles - at_work, first, last, load)
