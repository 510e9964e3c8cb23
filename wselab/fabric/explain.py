"""Why something does not move: one answer for errors, checks and pictures.

A thing that can wait is a PE's operation, the first wavelet in a router's queue, or a PE's own full
queue. Each waits for one other thing, or for something that will never come; following these gives
a chain that ends, or a circle.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .color import Color
from .operations import Operation
from .ports import RAMP, Port, opposite
from .program import Program
from .state import State
from .streams import streams

MOST = 8  # links of a chain named in a message
MOST_CAUSES = 3
TWO_COLORS = "a router has one input a color (see w.alternating)"
MOST_CHAINS = 64  # PEs with work left that are asked why


@dataclass(frozen=True)
class Waiting:
    """Something that waits: an "operation", a "queue" of a router, or a PE's own, its "inbox"."""

    what: str
    pe: tuple[int, int]
    color: Color | None = None


@dataclass
class Reason:
    """Why something waits, in words; after what (None: for ever); and what would mend it."""

    text: str
    after: Waiting | None = None
    mend: str = ""


class Explainer:
    """Answers "why can this not move" about a program that stands in a state."""

    def __init__(self, program: Program, state: State):
        self.program, self.state = program, state

    def why(self, thing: Waiting) -> Reason | None:
        """Why ``thing`` does not move; None if nothing keeps it."""
        if thing.what == "operation":
            return self._why_operation(thing.pe)
        assert thing.color is not None
        if thing.what == "queue":
            return self._why_queue(thing.pe, thing.color)
        return self._why_inbox(thing.pe, thing.color)

    def chain(self, thing: Waiting) -> tuple[list[tuple[Waiting, Reason]], Waiting | None]:
        """What ``thing`` waits for, and so on; and where the chain closes, if it does."""
        links: list[tuple[Waiting, Reason]] = []
        seen: set[Waiting] = set()
        current: Waiting | None = thing
        while current is not None and current not in seen:
            seen.add(current)
            reason = self.why(current)
            if reason is None:
                return links, None
            links.append((current, reason))
            current = reason.after
        return links, current

    def operation(self, pe: tuple[int, int]) -> Operation | None:
        """What a PE is at."""
        number = int(self.state.operation[pe])
        return self.program.operations[number] if number >= 0 else None

    def _why_operation(self, pe: tuple[int, int]) -> Reason | None:
        operation = self.operation(pe)
        if operation is None:
            return None
        at = f"{_name(pe)} at {operation} (line {self.line(pe)})"
        for color in operation.reads:
            if not self.state.waiting[color.number][pe]:
                text, after, mend = self._upstream(pe, color)
                return Reason(
                    f"{at} waits for a wavelet on color {color.name}: {text}", after, mend
                )
        sends = operation.sends
        if sends is not None:
            route = sends.route_at(*pe)
            if route is None or route.input is not RAMP:
                how = f"routes it {route}" if route else "does not route it"
                mend = f"w[{pe[0]}, {pe[1]}].route({sends.name}, RAMP >> ...)"
                mend = f"let it send on another color; {TWO_COLORS}" if route else mend
                return Reason(f"{at} sends on color {sends.name}, but its router {how}", None, mend)
            if self.state.queued[sends.number][pe] >= self.program.rules.queue_depth:
                return Reason(
                    f"{at} cannot send: the queue of color {sends.name} in its router is full",
                    Waiting("queue", pe, sends),
                )
        return None

    def line(self, pe: tuple[int, int]) -> str:
        """Where the operation that a PE is at was written, and how much of it is done."""
        operation = self.operation(pe)
        return f"{operation.line}, {self._progress(pe)}" if operation else ""

    def _progress(self, pe: tuple[int, int]) -> str:
        number = int(self.state.operation[pe])
        n = self.program.operations[number].n
        total = int(n if np.ndim(n) == 0 else n[pe])
        return f"{int(self.state.handled[pe])} of {total} elements done"

    def _upstream(self, pe: tuple[int, int], color: Color) -> tuple[str, Waiting | None, str]:
        """Why no wavelet of ``color`` comes to a PE: follow the route back to its source."""
        route = color.route_at(*pe)
        if route is None or RAMP not in route.outputs:
            how = f"routes it {route}, not to the RAMP" if route else "does not route it"
            return f"its router {how}", None, f"give {_name(pe)} a route {color.name}: ... >> RAMP"
        visited = set()
        here = pe
        while here not in visited:
            visited.add(here)
            if self.state.queued[color.number][here]:
                text = f"one stands in the router of {_name(here)}"
                return text, Waiting("queue", here, color), ""
            route = color.route_at(*here)
            assert route is not None
            if route.input is RAMP:
                return self._source(here, color)
            there = _step(here, route.input)
            other = color.route_at(*there) if self._inside(there) else None
            if not self._inside(there):
                text = f"{_name(here)} takes it from the {route.input}, beyond the edge"
                return text, None, f"change the input of {color.name} at {_name(here)}"
            if other is None or opposite(route.input) not in other.outputs:
                how = f"routes it {other}" if other else "does not route it"
                text = (
                    f"{_name(here)} takes it from the {route.input}, but {_name(there)} there {how}"
                )
                way = opposite(route.input)
                return text, None, f"let {_name(there)} send {color.name} {way}: ... >> {way}"
            here = there
        return "its route is a circle without a source", None, "break the circle with RAMP >> ..."

    def _source(self, pe: tuple[int, int], color: Color) -> tuple[str, Waiting | None, str]:
        senders = [
            int(operation.counts(self.program.shape)[pe])
            for operation in self.program.operations
            if operation.sends is color
        ]
        total = sum(senders)
        if not total:
            return (
                f"it would come from {_name(pe)}, which has no operation that sends it",
                None,
                f"w[{pe[0]}, {pe[1]}].mov(..., out=fabout({color.name}))",
            )
        if self.operation(pe) is None:
            return (
                f"it would come from {_name(pe)}, which has sent all its {total} and has ended",
                None,
                "let sender and receiver handle the same number of elements",
            )
        return f"its sender {_name(pe)} waits too", Waiting("operation", pe), ""

    def _why_queue(self, pe: tuple[int, int], color: Color) -> Reason | None:
        route = color.route_at(*pe)
        if route is None or not self.state.queued[color.number][pe]:
            return None
        at = f"color {color.name} stands in the router of {_name(pe)}"
        for port in route.outputs:
            if port is RAMP:
                if self.state.waiting[color.number][pe] >= self.program.rules.queue_depth:
                    return Reason(
                        f"{at}: the queue of {_name(pe)} for color {color.name} is full",
                        Waiting("inbox", pe, color),
                    )
                continue
            there = _step(pe, port)
            if not self._inside(there):
                text = f"{at}: its route {route} leads {port} over the edge of the wafer"
                sends = route.input is RAMP
                mend = "send it the other way" if sends else f"end it here: {route.input} >> RAMP"
                return Reason(text, None, mend)
            other = color.route_at(*there)
            if other is None or other.input is not opposite(port):
                how = f"takes it from the {other.input}" if other else "does not route it"
                mend = f"let {_name(there)} take it: {opposite(port)} >> ..."
                if other is not None and other.input is RAMP:
                    mend = (
                        f"let {_name(there)} send on another color than it takes in; {TWO_COLORS}"
                    )
                return Reason(f"{at}: it leaves {port}, but {_name(there)} there {how}", None, mend)
            if self.state.queued[color.number][there] >= self.program.rules.queue_depth:
                return Reason(
                    f"{at}: the queue of color {color.name} at {_name(there)} is full",
                    Waiting("queue", there, color),
                )
        return None

    def _why_inbox(self, pe: tuple[int, int], color: Color) -> Reason | None:
        operation = self.operation(pe)
        if operation is None:
            reads = any(
                color in one.reads and one.counts(self.program.shape)[pe]
                for one in self.program.operations
            )
            how = "has ended and reads no more of" if reads else "has no operation that reads"
            mend = "let receivers take as many elements as are sent to them, or route no copy there"
            return Reason(f"{_name(pe)} {how} color {color.name}", None, mend)
        if color in operation.reads:
            return Reason(
                f"{_name(pe)} is at {operation}, which reads it but cannot go on",
                Waiting("operation", pe),
            )
        return Reason(
            f"{_name(pe)} does not read color {color.name} now: it is at {operation}",
            Waiting("operation", pe),
        )

    def _inside(self, pe: tuple[int, int]) -> bool:
        return all(0 <= at < size for at, size in zip(pe, self.program.shape, strict=True))


Chain = tuple[list[tuple[Waiting, Reason]], Waiting | None]


def explain_deadlock(program: Program, state: State) -> str:
    """The text of a `Deadlock`: who waits for whom, as a chain or a circle, and other causes."""
    explainer = Explainer(program, state)
    stuck = np.argwhere(state.operation >= 0)
    causes: dict[str, Chain] = {}  # by what a chain ends in, the longest to each
    for row, column in stuck[:MOST_CHAINS]:
        links, circle = explainer.chain(Waiting("operation", (int(row), int(column))))
        if links:
            within = [thing for thing, _ in links[_start(links, circle) :]]
            end = f"{min(map(str, within))}" if circle else _kind(links[-1][0])
            if end not in causes or len(links) > len(causes[end][0]):
                causes[end] = links, circle
    chains = sorted(causes.values(), key=lambda one: -len(one[0]))
    lines = [
        f"since cycle {state.cycle:,} nothing can move, and {len(stuck):,} of "
        f"{_count(state.operation.size, 'PE')} have work left."
    ]
    for links, circle in chains[:1]:
        lines += _tell(links, circle)
    for links, circle in chains[1:MOST_CAUSES]:
        things = [thing for thing, _ in links]
        mend = _mend_of_circle(things) if circle else links[-1][1].mend
        lines.append(f"  Besides: {links[-1][1].text}" + (f". Try: {mend}" if mend else ""))
    return "\n".join(lines)


def _kind(thing: Waiting) -> str:
    """What an end of a chain has in common with the same mistake at other PEs."""
    return f"{thing.what} {thing.color}"


def _start(links: list[tuple[Waiting, Reason]], circle: Waiting | None) -> int:
    """Where the circle begins in a chain; 0 where there is none."""
    return [thing for thing, _ in links].index(circle) if circle else 0


def _tell(links: list[tuple[Waiting, Reason]], circle: Waiting | None) -> list[str]:
    """A chain in words, and what would mend it."""
    lines = [f"  {reason.text}" for _, reason in links[:MOST]]
    if len(links) > MOST:
        lines.append(f"  ... and {len(links) - MOST} more like these, then")
        lines.append(f"  {links[-1][1].text}")
    if circle is not None:
        lines.append(
            f"  This is a circle of {len(links) - _start(links, circle)}: each waits for the next, "
            f"the last for {_name(circle.pe)}."
        )
        mend = _mend_of_circle([thing for thing, _ in links])
    else:
        mend = links[-1][1].mend
    return [*lines, f"  Try: {mend}"] if mend else lines


def _mend_of_circle(things: list[Waiting]) -> str:
    if all(thing.what == "operation" for thing in things):  # nobody has anything in his way
        return "let one of these PEs send before it receives"
    return "let one of these PEs receive before it sends"


def explain_undrained(program: Program, state: State) -> str:
    """The text of an `Undrained`: which streams are left, how much of each, and why."""
    explainer = Explainer(program, state)
    lines = [f"every operation has ended by cycle {state.cycle:,}, and wavelets are left inside."]
    mend = ""
    for color in program.colors:
        inside = state.inside(color.number)
        if not inside.any():
            continue
        row, column = (int(i) for i in np.argwhere(inside)[-1])
        places = int((inside > 0).sum())
        lines.append(
            f"  color {color.name}: {_count(inside.sum(), 'wavelet')}"
            + (f" at {places:,} PEs, {inside[row, column]} of them" if places > 1 else "")
            + f" at {_name((row, column))}"
        )
        reason = explainer.why(Waiting("queue", (row, column), color))
        if missing := _missing_reader(program, color):
            lines.append(f"    {missing}")
        elif reason:
            lines.append(f"    {reason.text}")
            mend = mend or reason.mend
    lines.append(f"  Try: {mend or 'let a receiver take as many elements as its sender sends'}")
    return "\n".join(lines)


def _missing_reader(program: Program, color: Color) -> str:
    """Who takes fewer wavelets of a color than are sent to him."""
    flow = streams(program, color)
    taken = np.zeros(program.shape, np.int64)
    for operation in program.operations:
        if color in operation.reads:
            taken += operation.counts(program.shape)
    short = np.argwhere(flow.listening & (flow.traffic > taken))
    if not len(short):
        return ""
    pe = (int(short[0][0]), int(short[0][1]))
    more = f", and {len(short) - 1:,} more PEs take too few" if len(short) > 1 else ""
    return f"{_name(pe)} takes {int(taken[pe])} of the {int(flow.traffic[pe])} sent to it{more}"


def explain_limit(program: Program, state: State, max_cycles: int | None) -> str:
    """The text of a `StillRunning`."""
    left = np.argwhere(state.operation >= 0)
    pe = (int(left[0][0]), int(left[0][1]))
    explainer = Explainer(program, state)
    return (
        f"after max_cycles={max_cycles:,} cycles {len(left):,} of "
        f"{_count(state.operation.size, 'PE')} have work left; {_name(pe)} is at "
        f"{explainer.operation(pe)} (line {explainer.line(pe)}).\n  Try: a larger max_cycles"
    )


def _step(pe: tuple[int, int], port: Port) -> tuple[int, int]:
    down, right = port.step or (0, 0)
    return pe[0] + down, pe[1] + right


def _name(pe: tuple[int, int]) -> str:
    return f"PE ({pe[0]}, {pe[1]})"


def _count(number: int, thing: str) -> str:
    return f"{int(number):,} {thing}" + ("" if number == 1 else "s")
