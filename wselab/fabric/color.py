"""Colors: the names of the routes that wavelets follow."""

from __future__ import annotations

from keyword import iskeyword
from typing import Any

import numpy as np

from .ports import PORTS, Port, Route, opposite, ports_of


class Color:
    """A color of a wafer, with its routes in every router. Made by `Wafer.color`.

    A router's switch stands in one of its *positions*, each a route. ``entries[k]`` holds 1 + the
    number of the input port of each router in position k (0: not routed), ``exits[k]`` the output
    ports as bits; both have the wafer's shape. A router with fewer positions than another holds
    its last again, so that going on from the last changes nothing.
    """

    def __init__(self, name: str, number: int, shape: tuple[int, int]):
        self.name, self.number = name, number
        self.entries = [np.zeros(shape, np.uint8)]
        self.exits = [np.zeros(shape, np.uint8)]
        self._linked: dict[Port, np.ndarray] = {}

    @property
    def word(self) -> str:
        """Its name in a sentence: quoted, if it is none that Python would take for one word."""
        return self.name if _is_word(self.name) else repr(self.name)

    @property
    def code(self) -> str:
        """Its name in a line of Python: of one with a space in it, say, where it stands."""
        return self.name if _is_word(self.name) else f"w.colors[{self.number}]"

    @property
    def shape(self) -> tuple[int, int]:
        """The wafer's (rows, columns)."""
        rows, columns = self.entries[0].shape
        return rows, columns

    @property
    def positions(self) -> int:
        """Positions of the router that has most."""
        return len(self.entries)

    @property
    def routed(self) -> np.ndarray:
        """The routers that route the color: a mask."""
        return self.entries[0] != 0

    def set_routes(self, where: Any, routes: list[Route]) -> None:
        """Let the routers of an index follow the first of ``routes``, then the next, ..."""
        while len(self.entries) < len(routes):
            self.entries.append(self.entries[-1].copy())
            self.exits.append(self.exits[-1].copy())
        for position in range(self.positions):
            route = routes[min(position, len(routes) - 1)]
            self.entries[position][where] = route.input.number + 1
            self.exits[position][where] = route.output_bits
        self._linked.clear()

    def linked(self, port: Port) -> np.ndarray:
        """Where a router takes the color by a link and the neighbour there sends it: a mask.

        In any position of the two.
        """
        if port not in self._linked:
            sent = self.leaves_by(opposite(port))
            here = self.enters_by(port) & neighbour(sent, port) if sent.any() else sent
            self._linked[port] = here
        return self._linked[port]

    def route_at(self, row: int, column: int, position: int = 0) -> Route | None:
        """The route in one router, or None."""
        entry = int(self.entries[position][row, column])
        if not entry:
            return None
        return Route(PORTS[entry - 1], ports_of(int(self.exits[position][row, column])))

    def routes_at(self, row: int, column: int) -> list[Route]:
        """The routes in one router by position; the last may stand there more than once."""
        routes = [self.route_at(row, column, position) for position in range(self.positions)]
        return [route for route in routes if route is not None]

    def enters_by(self, port: Port) -> np.ndarray:
        """Where the color enters the router by ``port`` in some position: a mask."""
        return _any([entry == port.number + 1 for entry in self.entries])

    def leaves_by(self, port: Port) -> np.ndarray:
        """Where the color leaves the router by ``port`` in some position: a mask."""
        return _any([(exits & port.bit) != 0 for exits in self.exits])

    def __repr__(self) -> str:
        return f"<color {self.name}, number {self.number}>"


def _is_word(name: str) -> bool:
    return name.isidentifier() and not iskeyword(name)


def _any(masks: list[np.ndarray]) -> np.ndarray:
    return masks[0] if len(masks) == 1 else np.logical_or.reduce(masks)


class Alternating:
    """Two colors that change places from one line of PEs to the next; see `Wafer.alternating`."""

    def __init__(self, even: Color, odd: Color, axis: int):
        self.even, self.odd, self.axis = even, odd, axis

    @property
    def name(self) -> str:
        """Both names, the one of line 0 first."""
        return f"{self.even.name}/{self.odd.name}"

    @property
    def word(self) -> str:
        """Both names in a sentence."""
        return f"{self.even.word}/{self.odd.word}"

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
