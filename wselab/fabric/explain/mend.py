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
        return f"w[{pe[0]}, {pe[1]}].route({color.code}, {entry or '...'} >> {ways}{again})"

    def no_way_out(self, pe: Place, color: Color) -> str:
        """What to try where a PE sends on a color that its router does not take from the RAMP."""
        for other in self.program.colors:
            starts = any(route.input is RAMP for route in other.routes_at(*pe))
            if starts and not self._sends(pe, other):
                return f"fabout({other.code}), the color that starts at {name(pe)}"
        return self.route(pe, color)

    def no_way_in(self, pe: Place, color: Color) -> str:
        """What to try where a PE reads a color that its router does not lead to the RAMP."""
        for other in self.program.colors:
            arrives = any(RAMP in route.outputs for route in other.routes_at(*pe))
            if arrives and not self._reads(pe, other):
                return f"fabin({other.code}), the color that arrives at {name(pe)}"
        mend = self.route(pe, color)
        if self._given(pe, color) or not color.routed.any():
            return mend
        return f"{mend}, or let {name(pe)} take nothing from color {color.word}"

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
            return f"{mend}, or w[{pe[0]}, {pe[1]}].host_out({color.code}, n, edge={port})"
        route = color.route_at(*there)
        if route and route.input is RAMP and self._sends(there, color):
            if self._reads(there, color):
                return self.two_colors(there)
            return self._mixed_up(there, opposite(port)) or self._apart(pe, there, color)
        if route and route.input in self._given(there, color):
            return self._apart(pe, step(there, route.input), color)
        asked = self._reads(there, color) or any(self._expects(there, p, color) for p in LINKS)
        turned = any(self._expects(pe, other, color) for other in LINKS)
        return self.route(pe, color) if turned and not asked else self.route(there, color)

    def not_given(self, pe: Place, port: Port, color: Color) -> str:
        """What to try where a router takes a color from a port, behind which nobody sends it."""
        if self._given(pe, color):
            return self.route(pe, color)
        there, reader = step(pe, port), self._reader(pe, color)
        if not self._inside(there):
            if not reader:
                return self.route(pe, color)
            return (
                f"let {name(reader)} take nothing from color {color.word}, or lead the color to it "
                "from a PE that sends on it"
            )
        if mend := self._mixed_up(pe, port):
            return mend
        mend = self.route(there, color)
        fed = self._sends(there, color) or self._given(there, color)
        if fed or not reader:
            return mend
        return f"{mend}, or let {name(reader)} take nothing from color {color.word}"

    def not_read(self, pe: Place, source: Place | None, color: Color) -> str:
        """What to try where a color is led to a processor that reads none of it."""
        read = f"w[{pe[0]}, {pe[1]}].mov(fabin({color.code}), out=...)"
        passes = any(len(route.outputs) > 1 for route in color.routes_at(*pe))
        if passes or source is None:
            return f"{read}, or no RAMP in its route"
        return f"{read}, or let {name(source)} send nothing to it"

    def _mixed_up(self, pe: Place, port: Port) -> str:
        """That two colors are mixed up behind a port; empty if it is not as clear as this.

        By the port comes one color, on which the PE itself sends to one that reads it; while the
        one that the PE would take from there is sent by nobody.
        """
        comes, waits = [], []
        for color in self.program.colors:
            route = color.route_at(*pe)
            if route and route.input is RAMP and self._sends(pe, color):
                if self._comes(pe, port, color) and self._reader(pe, color):
                    comes.append(color)
            elif route and route.input is port and not self._comes(pe, port, color):
                waits.append(color)
        if len(comes) != 1 or len(waits) != 1:
            return ""
        source = self._source(step(pe, port), comes[0])
        if source == pe or not self._sends(source, comes[0]):
            return ""
        return (
            f"let {name(source)} send on color {waits[0].word}, which {name(pe)} takes from the "
            f"{port}, not on {comes[0].word}, with routes to match"
        )

    def _apart(self, one: Place, other: Place, color: Color) -> str:
        """That two whose streams of a color meet in a router should not share it."""
        places = sorted({self._source(one, color), self._source(other, color)})
        return f"let {' or '.join(map(name, places))} send on another color; {TWO_COLORS}"

    def _source(self, pe: Place, color: Color) -> Place:
        """The PE where the stream through a router begins, as far as routes lead back."""
        seen = {pe}
        while (route := color.route_at(*pe)) and route.input in self._given(pe, color):
            there = step(pe, route.input)
            if there in seen or not self._inside(there):
                break
            seen.add(there)
            pe = there
        return pe

    def _reader(self, pe: Place, color: Color) -> Place | None:
        """The first PE on from a router, if there is one, that reads the color."""
        ahead, seen = [pe], {pe}
        while ahead:
            here = ahead.pop()
            route = color.route_at(*here)
            if route and RAMP in route.outputs and self._reads(here, color):
                return here
            for port in route.outputs if route else ():
                there = step(here, port)
                new = there not in seen and self._inside(there)
                if new and self._expects(here, port, color):
                    ahead.append(there)
                    seen.add(there)
        return None

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
