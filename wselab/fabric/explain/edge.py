"""Why what crosses the edge of the wafer waits: the host serves its links in turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..color import Color
from ..hosts import turn_of
from ..ports import Port, Route
from .standing import Place, Reason, Waiting, name
from .upstream import Upstream

if TYPE_CHECKING:
    from ..hosts import HostStream


class Edge(Upstream):
    """Answers for the streams of the host."""

    def why_host_in(self, pe: Place, color: Color) -> Reason | None:
        """Why the host does not send into a PE's router in the next cycle."""
        route = self.entering(pe, color)
        stream = self.host(pe, color, route.input, is_in=True) if route else None
        at = f"the host cannot send color {color.word} into {name(pe)}"
        if stream is None:
            return self._not_let_in(pe, color, at)
        if self.state.queued[color.number][pe] >= self.depth:
            text = f"{at}: the queue of color {color.word} in its router is full"
            return Reason("full", text, Waiting("queue", pe, color))
        return None if self._served(stream, pe) else self._other_turn(at)

    def _not_let_in(self, pe: Place, color: Color, at: str) -> Reason | None:
        """Why the host's wavelets wait before a router that takes the color by another port."""
        streams = (one for one in self.program.hosts if one.color is color and pe in one.places)
        edges = [one.edge for one in streams if one.is_in and self._left(one, pe)]
        if not edges:
            return None
        at = f"{at} from the {edges[0]}"
        if any(later.input in edges for later in self.to_come(pe, color)):
            return self.switch(pe, color, at)
        route = self.entering(pe, color)
        how = f"routes it {route}" if route else "does not route it"
        return Reason("no route", f"{at}: its router {how}", None, self.mender.route(pe, color))

    def _left(self, stream: HostStream, pe: Place) -> int:
        """Wavelets that have still to pass between the host and a PE's router."""
        return stream.data.shape[-1] - self.passed(stream, pe)

    def why_host_out(self, pe: Place, color: Color) -> Reason | None:
        """Why nothing stands in a PE's router for the host to take."""
        streams = (one for one in self.program.hosts if one.color is color and pe in one.places)
        stream = next(one for one in streams if not one.is_in)
        text, after, mend = self.upstream(pe, color, stream.edge)
        at = f"the host waits for color {color.word} from {name(pe)} (line {stream.line})"
        if (source := self.source(pe, color)) and not after:
            sent, n = self.sent(source, color)[1], stream.data.shape[-1]
            mend = f"n={sent} in host_out, or let {name(source)} send {n}"
        return Reason("no wavelet", f"{at}: {text}", after, mend)

    def _served(self, stream: HostStream, pe: Place) -> bool:
        """Whether it is the turn of a host's link in the next cycle."""
        hosts = [one for one in self.program.hosts if one.is_in is stream.is_in]
        links = [(one, place) for one in hosts for place in one.places]
        turn = turn_of(len(links), self.program.rules.io_wavelets, self.state.cycle)
        return bool(turn[links.index((stream, pe))])

    def _other_turn(self, at: str) -> Reason:
        rate = self.program.rules.io_wavelets
        return Reason("host", f"{at}: the host serves {rate} links a cycle, others now")

    def blocked_at_edge(self, pe: Place, color: Color, port: Port, route: Route) -> Reason | None:
        """Why the first wavelet of a queue cannot leave the wafer by a port."""
        at = f"color {color.word} stands in the router of {name(pe)}"
        stream = self.host(pe, color, port, is_in=False)
        if stream is None:
            text = f"{at}: its route {route} leads {port} over the edge of the wafer"
            return Reason("no route", text, None, self.mender.not_taken(pe, port, color))
        if self.passed(stream, pe) == stream.data.shape[-1]:
            text = f"{at}: the host has taken all the {stream.data.shape[-1]} that it takes here"
            mend = f"a larger n in host_out (line {stream.line}), or send fewer"
            return Reason("not read", text, None, mend)
        return None if self._served(stream, pe) else self._other_turn(at)
