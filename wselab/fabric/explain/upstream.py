"""Where the next wavelet of a stream is: the route followed back from the PE that waits for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..color import Color
from ..ports import RAMP, Port, Route, opposite
from ..program import Program
from ..state import State
from .mend import Mender
from .standing import Place, Reason, Standing, Waiting, count, elements, name, step

if TYPE_CHECKING:
    from ..tasks import Task


class Origin(NamedTuple):
    """Where a wavelet is or would come from, in words; what it waits for there; and a mend."""

    text: str
    after: Waiting | None = None
    mend: str = ""


class Upstream(Standing):
    """Follows the streams of a program back from those who wait for them."""

    def __init__(self, program: Program, state: State):
        super().__init__(program, state)
        self.mender = Mender(program)

    def upstream(self, pe: Place, color: Color, to: Port = RAMP) -> Origin:
        """Where the next wavelet of ``color`` is that will leave a PE's router by port ``to``.

        Or where it would come from, and why it does not.
        """
        if to is RAMP and self.state.arriving[color.number][pe]:
            return Origin("one is on the ramp", Waiting("belt in", pe, color))
        if self.state.queued[color.number][pe] and self._gives(pe, color, to, queued=True):
            return Origin(f"one stands in the router of {name(pe)}", Waiting("queue", pe, color))
        if self._gives(pe, color, to):
            return self.entry(pe, color)
        route = self.entering(pe, color)
        how = f"routes it {route}, not to the {to}" if route else "does not route it"
        return Origin(f"its router {how}", None, self.mender.no_way_in(pe, color))

    def entry(self, pe: Place, color: Color) -> Origin:
        """Where the next wavelet of ``color`` is that will enter a PE's router."""
        here, visited = pe, set[Place]()
        while here not in visited:
            visited.add(here)
            route = self.entering(here, color)
            if route is None:
                return Origin(f"{name(here)} does not route it")
            if route.input is RAMP:
                return self._source(here, pe, color)
            there = step(here, route.input)
            if not self.inside(there):
                return self._edge(here, color, route)
            if self.state.coming[color.number][(route.input.number, *here)]:
                text = f"one is on the long link from {name(there)} to {name(here)}"
                return Origin(text, Waiting("link", here, color))
            port, held = opposite(route.input), self.state.queued[color.number][there]
            comes = self._gives(there, color, port)
            if held and (comes or self._gives(there, color, port, queued=True)):
                far = count(len(visited), "link")
                text = f"one stands in the router of {name(there)}, {far} away"
                return Origin(text, Waiting("queue", there, color))
            if not comes:
                other = self.entering(there, color)
                how = f"routes it {other}" if other else "does not route it"
                text = (
                    f"{name(here)} takes it from the {route.input}, but {name(there)} there {how}"
                )
                return Origin(text, None, self.mender.not_given(here, route.input, color))
            here = there
        return Origin(
            "its route is a circle, which no PE feeds", None, "begin it at one PE with RAMP >> ..."
        )

    def switch(self, pe: Place, color: Color, what: str) -> Reason:
        """Why ``what`` waits at a router whose switch lets it in in a later position."""
        route = self.entering(pe, color)
        origin = self.entry(pe, color)
        text = (
            f"{what}: the switch of {name(pe)} stands at {route} until a control wavelet advances "
            f"it: {origin.text}"
        )
        return Reason("switch", text, origin.after, origin.mend)

    def source(self, pe: Place, color: Color) -> Place | None:
        """The PE whose processor feeds a router with a color, if the routes lead to one."""
        here, visited = pe, set[Place]()
        while here not in visited and self.inside(here) and (route := self.entering(here, color)):
            if route.input is RAMP:
                return here
            visited.add(here)
            there = step(here, route.input)
            if not self.inside(there) or not self._gives(there, color, opposite(route.input)):
                return None
            here = there
        return None

    def _gives(self, pe: Place, color: Color, port: Port, queued: bool = False) -> bool:
        """Whether a router lets a color leave by a port.

        In the switch position of what enters it or a later one; ``queued``: in one that what stands
        in its queue may follow.
        """
        goes, enters = (
            int(position[color.number][pe])
            for position in (self.state.position_out, self.state.position_in)
        )
        routes = color.routes_at(*pe)
        return any(
            port in way.outputs
            for way in (routes[goes : enters + 1] if queued else routes[enters:])
        )

    def _edge(self, pe: Place, color: Color, route: Route) -> Origin:
        """Behind the edge there is the host, or nothing."""
        stream = self.host(pe, color, route.input, is_in=True)
        if stream is None:
            text = f"{name(pe)} takes it from the {route.input}, beyond the edge"
            return Origin(text, None, self.mender.not_given(pe, route.input, color))
        total = stream.data.shape[-1]
        if self.passed(stream, pe) != total:
            return Origin(
                f"the host sends it into {name(pe)} when its turn comes",
                Waiting("host in", pe, color),
            )
        mend = f"send more in host_in (line {stream.line}), or take {total}"
        return Origin(f"the host has sent all its {total} into {name(pe)}", None, mend)

    def _source(self, source: Place, reader: Place, color: Color) -> Origin:
        """The PE that sends a stream: has it sent all, or what is it at?"""
        if self.state.leaving[color.number][source]:
            return Origin(
                f"one is on the ramp of {name(source)}", Waiting("belt out", source, color)
            )
        sent, total = self.sent(source, color)
        if sent < total:
            text = f"its sender {name(source)} has not sent it yet"
            beside = (n for n in self.threads(source) if self.operation(source, n).sends is color)
            return Origin(text, Waiting("operation", source, None, next(beside, None)))
        if task := self.sending_task(source, color):
            text = f"its sender {name(source)} sends it in task {task.name}"
            busy = self.main(source) is not None
            after = Waiting("operation", source) if busy else None
            return Origin(text, after or Waiting("task", source, task.color))
        if not total:
            return self._never_sent(source, color)
        text = f"its sender {name(source)} has sent all its {total}"
        if color.positions > 1:
            text += (
                "; a list of routes is the positions of a switch, one after another, and this "
                "stream ended in another position"
            )
            port = route.input if (route := color.route_at(*reader)) else "IN"
            mend = (
                f"for a copy to the processor and one that goes on, {port} >> (RAMP, ...); or let "
                f"a stream before it end with fabout({color.code}, advance=...)"
            )
            return Origin(text, None, mend)
        return Origin(text, None, self._counts(source, total, reader, self.taken(reader, color)[1]))

    def _never_sent(self, source: Place, color: Color) -> Origin:
        text = f"it would come from {name(source)}, where nothing sends it in this launch"
        for operation in self.program.operations:
            other = operation.sends
            if other is not None and elements(operation, source):
                route = self.entering(source, other)
                if route is None or route.input is not RAMP:  # it meant this color, it seems
                    text += f"; it sends on {other.word} instead, in {operation}"
                    mend = f"let {name(source)} send on color {color.word} there"
                    return Origin(text, None, mend)
        mend = f"w[{source[0]}, {source[1]}].mov(..., out=fabout({color.code}))"
        return Origin(text, None, mend)

    def unread(self, pe: Place, color: Color) -> Reason | None:
        """What keeps wavelets at a PE for ever: that nothing is left there to take the color."""
        if self.will_read(pe, color):
            return None
        total, source, of = self.taken(pe, color)[1], self._sole_source(pe, color), ""
        if source:
            sent, task = self.sent(source, color)[1], self.sending_task(source, color)
            of = f"; {name(source)} sends it {f'in task {task.name}' if task else sent}"
        if not total:
            text = f"{name(pe)} has no operation that reads color {color.word}{of}"
            mend = self.mender.not_read(pe, source, color)
            if there := self._task_elsewhere(color):
                text += f"; the task {there[0].name} that it wakes stands at {name(there[1])}"
                mend = (
                    f"lead color {color.word} to {name(there[1])}, or bind the task at {name(pe)}, "
                    f"w[{pe[0]}, {pe[1]}].task({color.code})"
                )
            return Reason("not read", text, None, mend)
        text = f"{name(pe)} has taken its {count(total, 'wavelet')} of color {color.word}{of}"
        mend = "let it take all that is sent"
        if source and not task:
            mend = self._counts(source, sent, pe, total)
        return Reason("not read", text, None, mend)

    def _sole_source(self, pe: Place, color: Color) -> Place | None:
        """The PE that sent what stands at a PE; None where switches leave that open."""
        if color.positions == 1:
            return self.source(pe, color)
        senders = self.senders(color)
        return senders[0] if len(senders) == 1 else None

    def _task_elsewhere(self, color: Color) -> tuple[Task, Place] | None:
        """A task of a color that waits where none of it arrives, and the first of its PEs."""
        for task in self.program.tasks:
            if task.color is color:
                waits = np.zeros(self.program.shape, bool)
                waits[task.where] = True
                for row, column in np.argwhere(waits & ~color.leaves_by(RAMP))[:1]:
                    return task, (int(row), int(column))
        return None

    @staticmethod
    def _counts(source: Place, sent: int, reader: Place, taken: int) -> str:
        return f"let {name(reader)} take {sent}, or {name(source)} send {taken}"
