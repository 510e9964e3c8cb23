"""What to try: the line of code that would mend a route, as the PEs around it ask for it."""

from __future__ import annotations

from ..color import Color
from ..ports import LINKS, PORTS, RAMP, Port, opposite
from ..program import Program
from .standing import Place, elements, name, step, within

TWO_COLORS = (
    "a router has one input a color (see w.alternating; by='column' for streams along a row)"
)


class Mender:
    """Knows what operations, neighbours and the host want of a router."""

    def __init__(self, program: Program):
        self.program = program

    def route(self, pe: Place, color: Color, without: Port | None = None) -> str:
        """The route that would fit a router; ``without`` names an output that leads nowhere."""
        sends, reads = self._sends(pe, color), self._reads(pe, color)
        if sends and reads:
            return self.two_colors(pe)
        had, given = color.route_at(*pe), self._given(pe, color)
        entry = RAMP if sends else given[0] if given else None
        if had and not sends and (had.input in given or not given):
            entry = had.input if self._inside(step(pe, had.input)) else None
        kept = had.outputs if had else ()
        exits = [port for port in LINKS if self._expects(pe, port, color)]
        exits += [RAMP] if reads or RAMP in kept else []
        exits = [port for port in exits if port not in (entry, without)]
        if not exits:
            exits = [port for port in kept if port not in (entry, without)]
            exits = [port for port in exits if port is RAMP or self._inside(step(pe, port))]
        if not exits and had and entry not in (None, RAMP):
            exits = [RAMP]
        ways = ", ".join(port.name for port in PORTS if port in exits) or "..."
        ways = f"({ways})" if len(exits) > 1 else ways
        again = ", replace=True" if had else ""
        return f"w[{pe[0]}, {pe[1]}].route({color.name}, {entry or '...'} >> {ways}{again})"

    def no_way_out(self, pe: Place, color: Color) -> str:
        """What to try where a PE sends on a color that its router does not take from the RAMP."""
        for other in self.program.colors:
            starts = any(route.input is RAMP for route in other.routes_at(*pe))
            if starts and not self._sends(pe, other):
                return f"fabout({other.name}), the color that starts at {name(pe)}"
        return self.route(pe, color)

    def no_way_in(self, pe: Place, color: Color) -> str:
        """What to try where a PE reads a color that its router does not lead to the RAMP."""
        for other in self.program.colors:
            arrives = any(RAMP in route.outputs for route in other.routes_at(*pe))
            if arrives and not self._reads(pe, other):
                return f"fabin({other.name}), the color that arrives at {name(pe)}"
        return self.route(pe, color)

    def two_colors(self, pe: Place) -> str:
        """What to try where a PE takes in and sends on one color."""
        return f"let {name(pe)} send on another color than it takes in; {TWO_COLORS}"

    def not_taken(self, pe: Place, port: Port, color: Color) -> str:
        """What to try where a color leaves a router by a port and is not taken there."""
        there = step(pe, port)
        if not self._inside(there):
            mend = self.route(pe, color, without=port)
            if self._reads(pe, color):
                return mend
            return f"{mend}, or w[{pe[0]}, {pe[1]}].host_out({color.name}, n, edge={port})"
        route = color.route_at(*there)
        if route and route.input is RAMP and self._sends(there, color):
            return self.two_colors(there)
        if route and route.input in self._given(there, color):
            other = step(there, route.input)
            return f"let {name(pe)} or {name(other)} send on another color; {TWO_COLORS}"
        asked = self._reads(there, color) or any(self._expects(there, p, color) for p in LINKS)
        turned = any(self._expects(pe, other, color) for other in LINKS)
        return self.route(pe, color) if turned and not asked else self.route(there, color)

    def not_given(self, pe: Place, port: Port, color: Color) -> str:
        """What to try where a router takes a color from a port, behind which nobody sends it."""
        there = step(pe, port)
        if self._given(pe, color) or not self._inside(there):
            return self.route(pe, color)
        return self.route(there, color)

    def _inside(self, pe: Place) -> bool:
        return all(0 <= at < size for at, size in zip(pe, self.program.shape, strict=True))

    def _operations(self, pe: Place) -> list:
        return [one for one in self.program.operations if elements(one, pe)]

    def _sends(self, pe: Place, color: Color) -> bool:
        return any(one.sends is color for one in self._operations(pe))

    def _reads(self, pe: Place, color: Color) -> bool:
        wakes = any(task.color is color and within(pe, task.where) for task in self.program.tasks)
        return wakes or any(color in one.reads for one in self._operations(pe))

    def _given(self, pe: Place, color: Color) -> list[Port]:
        """The links by which neighbours or the host send a color here."""
        return [port for port in LINKS if self._comes(pe, port, color)]

    def _comes(self, pe: Place, port: Port, color: Color) -> bool:
        there = step(pe, port)
        if not self._inside(there):
            return self._hosted(pe, port, color, is_in=True)
        return any(opposite(port) in route.outputs for route in color.routes_at(*there))

    def _expects(self, pe: Place, port: Port, color: Color) -> bool:
        there = step(pe, port)
        if not self._inside(there):
            return self._hosted(pe, port, color, is_in=False)
        return any(opposite(port) is route.input for route in color.routes_at(*there))

    def _hosted(self, pe: Place, port: Port, color: Color, is_in: bool) -> bool:
        return any(
            stream.is_in is is_in and stream.color is color and stream.edge is port
            for stream in self.program.hosts
            if pe in stream.places
        )
