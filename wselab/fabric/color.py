"""Colors: the names of the routes that wavelets follow."""

from __future__ import annotations

from typing import Any

import numpy as np

from .ports import PORTS, Port, Route, opposite, ports_of


class Color:
    """A color of a wafer, with its route in every router. Made by `Wafer.color`.

    ``entry`` holds 1 + the number of the input port of each router (0: not routed), ``exits`` the
    output ports as bits; both have the wafer's shape.
    """

    def __init__(self, name: str, number: int, shape: tuple[int, int]):
        self.name, self.number = name, number
        self.entry = np.zeros(shape, np.uint8)
        self.exits = np.zeros(shape, np.uint8)
        self._linked: dict[Port, np.ndarray] = {}

    def set_route(self, where: Any, route: Route) -> None:
        """Let the routers of an index follow ``route``."""
        self.entry[where] = route.input.number + 1
        self.exits[where] = route.output_bits
        self._linked.clear()

    def linked(self, port: Port) -> np.ndarray:
        """Where a router takes the color by a link and the neighbour there sends it: a mask."""
        if port not in self._linked:
            sent = self.leaves_by(opposite(port))
            here = self.enters_by(port) & neighbour(sent, port) if sent.any() else sent
            self._linked[port] = here
        return self._linked[port]

    def route_at(self, row: int, column: int) -> Route | None:
        """The route in one router, or None."""
        entry = int(self.entry[row, column])
        return Route(PORTS[entry - 1], ports_of(int(self.exits[row, column]))) if entry else None

    def enters_by(self, port: Port) -> np.ndarray:
        """Where the color enters the router by ``port``: a mask of the wafer's shape."""
        return self.entry == port.number + 1

    def leaves_by(self, port: Port) -> np.ndarray:
        """Where the color leaves the router by ``port``: a mask of the wafer's shape."""
        return (self.exits & port.bit) != 0

    def __repr__(self) -> str:
        return f"<color {self.name}, number {self.number}>"


class Alternating:
    """Two colors that change places from one line of PEs to the next; see `Wafer.alternating`."""

    def __init__(self, even: Color, odd: Color, axis: int):
        self.even, self.odd, self.axis = even, odd, axis

    @property
    def name(self) -> str:
        """Both names, the one of line 0 first."""
        return f"{self.even.name}/{self.odd.name}"

    def at(self, parity: int) -> Color:
        """The color on even (0) or odd (1) lines."""
        return self.odd if parity else self.even

    def __repr__(self) -> str:
        return (
            f"<{self.even.name} in even, {self.odd.name} in odd {('rows', 'columns')[self.axis]}>"
        )


def neighbour(mask: np.ndarray, port: Port) -> np.ndarray:
    """For each PE, ``mask`` at the neighbour behind ``port`` (False beyond the edge)."""
    result = np.zeros_like(mask)
    (down, right), (rows, columns) = port.step or (0, 0), mask.shape
    here = (
        slice(max(0, -down), rows - max(0, down)),
        slice(max(0, -right), columns - max(0, right)),
    )
    there = (
        slice(max(0, down), rows + min(0, down)),
        slice(max(0, right), columns + min(0, right)),
    )
    result[here] = mask[there]
    return result


def alternating_parities(items: list[Any]) -> list[int]:
    """The axes on which any of the colors among ``items`` alternates."""
    return sorted({item.axis for item in items if isinstance(item, Alternating)})
