"""What is wrong with a program, found without running it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from ..color import Color, neighbour
from ..ports import LINKS, RAMP, Port, opposite
from ..program import Program
from ..streams import CIRCLE, Streams, streams
from .circles import waiting_in_circles
from .mend import Mender
from .standing import Place, count, name, step

#: Each kind of finding, in words; of a color's routes in this order.
TEXTS = {
    "two senders": "color {color} leaves {pe} {port}, but {there} there {how}, and is fed by that",
    "over the edge": "color {color} leaves {pe} {port}, where the wafer ends",
    "host not taken": "the host sends color {color} into {pe} {port}, but its router {how_here}",
    "host not given": "the host takes color {color} from {pe} {port}, but its router {how_here}",
    "not taken": "color {color} leaves {pe} {port}, but {there} there {how}",
    "not sent": "{pe} takes color {color} from the {port}, but {there} there {how}",
    "from over the edge": "{pe} takes color {color} from the {port}, where the wafer ends",
    "no way out": "{pe} sends color {color} out of its RAMP, but its router {how_here}",
    "no way in": "{pe} reads color {color} from its RAMP, but its router {how_here}",
    "circle": "the route of color {color} through {pe} is a circle, which no PE feeds",
    "not fed": "color {color} starts at {pe}, which sends nothing on it",
    "not read": "color {color} leads to the RAMP of {pe}, which reads none of the {sent} sent",
    "counts differ": "{pe} takes {taken} wavelets of color {color}, {source} sends it {sent}",
}


@dataclass(frozen=True)
class Finding:
    """One kind of mistake with one color: where it first stands, how often, in words, a mend."""

    kind: str
    color: str
    pe: Place
    count: int
    text: str
    mend: str = ""

    def __str__(self) -> str:
        more = f" (and at {count(self.count - 1, 'more PE')})" if self.count > 1 else ""
        return f"{self.kind}: {self.text}{more}" + (f". Try: {self.mend}" if self.mend else "")


class Report(list[Finding]):
    """The findings about a program; empty, and so false, when nothing is wrong."""

    def __repr__(self) -> str:
        fine = "nothing found: routes and counts fit; what else can go wrong is seen by running"
        return "\n".join(map(str, self)) if self else fine


def verify(program: Program) -> Report:
    """Look at a program, as `Wafer.verify` gives it.

    Finds routes over the edge or into a neighbour that does not take them, two senders into one
    router, circles, operations and streams of the host without a route, streams that nobody sends
    or reads, counts that differ between sender and receiver, a color that a task and an operation
    would take, and PEs that wait for each other. None of them is a guess.
    (Too many colors and too much memory are refused when they are written.)

    >>> from wselab import EAST, RAMP, Wafer, fabout
    >>> w = Wafer(1, 2)
    >>> c = w.color("c")
    >>> w[0, 0].route(c, RAMP >> EAST)
    >>> w[0, 0].mov(1.0, out=fabout(c), n=3)
    >>> w.verify()
    not taken: color c leaves PE (0, 0) EAST, but PE (0, 1) there does not route it. Try:
    w[0, 1].route(c, WEST >> ...)
    """
    report, looks = Report(), [Look(program, color) for color in program.colors]
    for look in looks:
        report += sorted(look.links(), key=lambda found: list(TEXTS).index(found.kind))
        if look.used:
            report += [*look.ends(), *look.counts()]
    for one, pe, places, text in program.taken_twice():
        report.append(Finding("taken twice", one, pe, places, text, "two colors"))
    if not report:
        still = {look.color: look.flow for look in looks if look.flow and not look.tasks.any()}
        circle = waiting_in_circles(program, still)
        report += [Finding(*circle)] if circle else []
    return report


class Look:
    """A look at one color of a program.

    ``sent`` and ``taken``: wavelets that each PE sends and takes; how often ``tasks`` send or take
    is not known. ``flow``: its streams, if it has any that no switch changes.
    """

    def __init__(self, program: Program, color: Color):
        self.program, self.color, self.mender = program, color, Mender(program)
        self.main = program.main
        self.sent, self.taken = np.zeros((2, *program.shape), np.int64)
        self.tasks = np.zeros((2, *program.shape), bool)  # those that send, those that take
        for number, operation in enumerate(program.operations):
            where, n = operation.where, operation.n
            n = n[where] if np.ndim(n) else n
            if operation.sends is color:
                self._add(number, where, n, self.sent, self.tasks[0])
            if color in operation.reads:
                self._add(number, where, n, self.taken, self.tasks[1])
        for task in program.tasks:
            if task.color is color:
                self.tasks[1][task.where] = True
        self.sends, self.reads = (self.sent > 0) | self.tasks[0], (self.taken > 0) | self.tasks[1]
        self.used = bool(self.sends.any() or self.reads.any())
        self.flow: Streams | None = None
        if self.used and color.positions == 1:
            self.flow = replace(streams(program, color), sent=self.sent)

    def _add(self, number: int, where: Any, n: Any, total: np.ndarray, tasks: np.ndarray) -> None:
        if number in self.main:
            total[where] += n
        else:
            tasks[where] = True

    def links(self) -> Iterator[Finding]:
        """Links that only one of two neighbours routes, and routers that two would enter."""
        color = self.color
        mend = partial(self.mender.route, color=color)
        for port in LINKS:
            untaken = self._hosted(port, is_in=True) & ~color.enters_by(port)
            yield from self._find("host not taken", untaken, mend, port)
            ungiven = self._hosted(port, is_in=False) & ~color.leaves_by(port)
            yield from self._find("host not given", ungiven, mend, port)
        if not color.routed.any():
            return
        fed = color.enters_by(RAMP) & self.sends
        for port in LINKS:
            fed |= color.linked(port)
        for port in LINKS:
            inside = neighbour(np.ones_like(fed), port)
            lost = color.leaves_by(port) & ~neighbour(color.linked(opposite(port)), port)
            lost &= ~self._hosted(port, is_in=False)
            twice = lost & neighbour(fed, port)
            taken, given = (
                partial(advice, port=port, color=color)
                for advice in (self.mender.not_taken, self.mender.not_given)
            )
            yield from self._find("over the edge", lost & ~inside, taken, port)
            yield from self._find("two senders", twice, taken, port)
            yield from self._find("not taken", lost & inside & ~twice, taken, port)
            awaited = color.enters_by(port) & ~color.linked(port) & ~self._hosted(port, is_in=True)
            yield from self._find("not sent", awaited & inside, given, port)
            yield from self._find("from over the edge", awaited & ~inside, given, port)

    def ends(self) -> Iterator[Finding]:
        """Operations without a route to or from their ramp."""
        color = self.color
        out, into = (
            partial(advice, color=color)
            for advice in (self.mender.no_way_out, self.mender.no_way_in)
        )
        yield from self._find("no way out", self.sends & ~color.enters_by(RAMP), out)
        yield from self._find("no way in", self.reads & ~color.leaves_by(RAMP), into)

    def counts(self) -> Iterator[Finding]:
        """Streams that nobody sends or reads, or of which too few or many are taken; circles."""
        flow = self.flow
        if flow is None:
            return
        source, listening, traffic = flow.source, flow.listening, flow.traffic
        yield from self._find(
            "circle", source == CIRCLE, lambda pe: "begin it at one PE with RAMP >> ..."
        )
        heard = listening & (source >= 0)
        places = np.flatnonzero(heard & self.reads)
        awaited = np.zeros(self.sent.size, bool)  # at the sources: somebody reads what they send
        awaited[source.ravel()[places]] = True
        unfed = awaited.reshape(self.sent.shape) & ~self.sends
        yield from self._find("not fed", unfed, self._send)
        yield from self._find("not read", heard & (traffic > 0) & ~self.reads, self._read)
        known = heard & ~self.tasks[1] & ~self.tasks[0].ravel()[source]
        differs = known & (traffic > 0) & (self.taken > 0) & (traffic != self.taken)
        agree = partial(self._agree, flow)
        yield from self._find("counts differ", differs, agree)

    def _find(
        self,
        kind: str,
        where: np.ndarray,
        mend: Callable[[Place], str],
        port: Port | None = None,
    ) -> Iterator[Finding]:
        """A kind of mistake if it stands anywhere, the first place in words."""
        if not where.any():
            return
        row, column = divmod(int(where.argmax()), where.shape[1])
        pe, color = (row, column), self.color
        fields: dict[str, Any] = {"color": color.word, "pe": name(pe), "how_here": self._how(pe)}
        fields |= {"taken": self.taken[pe], "port": port}
        if port and "{there}" in TEXTS[kind]:
            fields |= {"there": name(step(pe, port)), "how": self._how(step(pe, port))}
        if self.flow and (source := int(self.flow.source[pe])) >= 0:
            sender = divmod(source, where.shape[1])
            fields |= {"source": name(sender), "sent": self.sent[sender]}
        text = TEXTS[kind].format(**fields)
        yield Finding(kind, color.name, pe, int(where.sum()), text, mend(pe))

    def _how(self, pe: Place) -> str:
        routes = self.color.routes_at(*pe)
        return f"routes it {' then '.join(map(str, routes))}" if routes else "does not route it"

    def _hosted(self, port: Port, is_in: bool) -> np.ndarray:
        """Where the host serves the color's link behind a port: a mask."""
        mask = np.zeros(self.program.shape, bool)
        for stream in self.program.hosts:
            if stream.color is self.color and stream.edge is port and stream.is_in is is_in:
                mask[tuple(np.transpose(stream.places))] = True
        return mask

    def _send(self, pe: Place) -> str:
        return f"w[{pe[0]}, {pe[1]}].mov(..., out=fabout({self.color.code}))"

    def _read(self, pe: Place) -> str:
        source = divmod(int(self.flow.source[pe]), self.sent.shape[1]) if self.flow else None
        return self.mender.not_read(pe, source, self.color)

    def _agree(self, flow: Streams, pe: Place) -> str:
        sender = divmod(int(flow.source[pe]), self.program.shape[1])
        return f"let {name(pe)} take {self.sent[sender]}, or {name(sender)} send {self.taken[pe]}"
