"""The links between the host and the routers at the wafer's edge, for the reference engine."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..hosts import turn_of


class Link:
    """A link between a router and the host, which serves it when its turn comes."""

    def __init__(self, number: int, links: int, values: np.ndarray, rate: int):
        self.number, self.links, self.rate = number, links, rate
        self.values, self.passed = values, 0

    @property
    def left(self) -> bool:
        """Whether wavelets are still to pass."""
        return self.passed < len(self.values)

    def ready(self, cycle: int) -> bool:
        """Whether the host gives or takes a wavelet in this cycle."""
        return self.left and bool(turn_of(self.links, self.rate, cycle)[self.number])

    def give(self) -> Any:
        """The next wavelet from the host."""
        self.passed += 1
        return self.values[self.passed - 1]

    def take(self, value: Any) -> None:
        """The host keeps a wavelet."""
        self.values[self.passed] = value
        self.passed += 1


def join_hosts(program: Any, pes: dict) -> tuple[list, list]:
    """The links to the host: (PE, color, port, link) of those that lead in, and out."""
    found: tuple[list, list] = ([], [])
    for into in (True, False):
        streams = [stream for stream in program.hosts if stream.is_in is into]
        total = sum(len(stream.places) for stream in streams)
        for stream in streams:
            for place, line in zip(stream.places, stream.lines, strict=True):
                links = found[0 if into else 1]
                link = Link(len(links), total, stream.data[line], program.rules.io_wavelets)
                links.append((pes[place], stream.color, stream.edge, link))
                if not into:
                    pes[place].hosts[stream.color, stream.edge] = link
    return found


def those_that_give(given: list, cycle: int) -> list:
    """The links by which the host sends a wavelet in a cycle: (PE, color, link)."""
    return [
        (pe, c, link)
        for pe, c, port, link in given
        if c in pe.room and pe.takes_from[c] is port and link.ready(cycle)
    ]
