"""The routes of a color as plain data, and where wavelets stand that go no further.

    >>> from wselab.fabric import RAMP, SOUTH, Wafer
    >>> w = Wafer(2, 2)
    >>> c = w.color("c")
    >>> w[0, :].route(c, RAMP >> SOUTH)
    >>> routes_of(c)
    [[0, 0, 'RAMP', ['SOUTH']], [0, 1, 'RAMP', ['SOUTH']]]
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..fabric import Wafer
from ..fabric.ports import LINKS, PORTS, RAMP, Port, Route, opposite, ports_of
from ..fabric.state import State

Routes = list[list[Any]]  # [row, column, name of the input port, names of the output ports]
PORT_OF = {port.name: port for port in PORTS}


def routes_of(color: Any) -> Routes:
    """The routes of ``color`` in every router that has one, row by row, as JSON can hold them.

    Raises ValueError where the color no longer holds routes.
    """
    rows, columns = np.shape(color.entry)
    found: Routes = []
    for row in range(rows):
        for column in range(columns):
            entry, exits = int(color.entry[row, column]), int(color.exits[row, column])
            if not 0 <= entry <= len(PORTS) or not 0 <= exits < 1 << len(PORTS):
                raise ValueError(f"color {color.name} has no route of numbers {entry}, {exits}")
            if entry:
                route = Route(PORTS[entry - 1], ports_of(exits))
                outputs = [port.name for port in route.outputs]
                found.append([row, column, route.input.name, outputs])
    return found


def by_place(routes: Routes) -> dict[tuple[int, int], Route]:
    """The same routes by (row, column). Raises ValueError where they are none."""
    try:
        return {
            (int(row), int(column)): Route(PORT_OF[came], tuple(PORT_OF[name] for name in outputs))
            for row, column, came, outputs in routes
        }
    except (KeyError, TypeError) as error:
        raise ValueError(f"these are not routes: {routes!r}") from error


def lay(routes: Routes, wafer: Wafer, color: Any) -> None:
    """Give ``color`` these routes on ``wafer``."""
    for place, route in by_place(routes).items():
        wafer[place].route(color, route)


def stopped(wafer: Wafer, state: State) -> list[str]:
    """Where wavelets stand in a stopped fabric, and why the first of each goes no further."""
    sentences = []
    for color in wafer.colors:
        for row, column in np.argwhere(state.inside(color.number)):
            place = (int(row), int(column))
            sentences.append(_standing(wafer, state, color, place))
    for row, column in np.argwhere(state.operation >= 0):
        sentences += _waiting(wafer, state, (int(row), int(column)))
    return sentences


def _standing(wafer: Wafer, state: State, color: Any, place: tuple[int, int]) -> str:
    """Where the wavelets of one color stand at one PE."""
    count = int(state.inside(color.number)[place])
    some = f"{count} wavelet{'s' if count > 1 else ''} of {color.name}"
    verb = "stand" if count > 1 else "stands"
    if state.queued[color.number][place]:
        route = color.route_at(*place)
        assert route is not None
        why = "; ".join(_why_not(wafer, state, color, place, port) for port in route.outputs)
        return f"{some} {verb} in the router of PE {place}, route {route}: {why}."
    if state.leaving[color.number][place]:
        return f"{some} {verb} on the way from the processor of PE {place} to its router."
    now = int(state.operation[place])
    coming = wafer.recorded[now:] if now >= 0 else []
    if any(color in op.reads and op.counts(wafer.shape)[place] for op in coming):
        return f"{some} reached PE {place}, whose processor is not ready for it."
    return f"{some} reached PE {place}, whose processor does not read {color.name}, or no more of it."


def _why_not(
    wafer: Wafer, state: State, color: Any, place: tuple[int, int], port: Port
) -> str:
    """Why the first wavelet of a router's queue does not leave by ``port``, or that it could."""
    if port is RAMP:
        full = state.waiting[color.number][place] >= wafer.rules.queue_depth
        return f"its own processor does not take {color.name} in" if full else "RAMP is free"
    step = port.step or (0, 0)
    there = (place[0] + step[0], place[1] + step[1])
    if not all(0 <= at < size for at, size in zip(there, wafer.shape, strict=True)):
        return f"{port} leads off the edge of the wafer"
    onward = color.route_at(*there)
    if onward is None:
        return f"{port} leads to PE {there}, which has no route for {color.name}"
    if onward.input is not opposite(port):
        return (
            f"{port} leads to PE {there}, which takes {color.name} from {onward.input} "
            f"(route {onward}) and not from {opposite(port)}"
        )
    full = state.queued[color.number][there] >= wafer.rules.queue_depth
    return f"{port} leads to PE {there}, whose queue is full" if full else f"{port} is free"


def _operation(wafer: Wafer, state: State, place: tuple[int, int]) -> Any:
    return wafer.recorded[int(state.operation[place])]


def _waiting(wafer: Wafer, state: State, place: tuple[int, int]) -> Iterator[str]:
    """What the operation of one PE waits for."""
    operation = _operation(wafer, state, place)
    n, done = int(operation.counts(wafer.shape)[place]), int(state.handled[place])
    doing = f"PE {place} is at {operation}, {done} of {n} done"
    for color in operation.reads:
        if not state.waiting[color.number][place]:
            yield f"{doing}: it waits for {color.name}{_comes_from(wafer, color, place)}."
    sends = operation.sends
    if sends is not None:
        route = sends.route_at(*place)
        if route is None:
            yield f"{doing}: it cannot send, its router has no route for {sends.name}."
        elif route.input is not RAMP:
            yield (
                f"{doing}: it cannot send, its router takes {sends.name} from {route.input} "
                f"(route {route}) and not from RAMP."
            )
        elif state.queued[sends.number][place] >= wafer.rules.queue_depth:
            yield f"{doing}: it cannot send, the router's queue of {sends.name} is full."


def _comes_from(wafer: Wafer, color: Any, place: tuple[int, int]) -> str:
    """What is wrong with the last step to a PE's processor, as the end of a sentence."""
    route = color.route_at(*place)
    if route is None:
        return ", for which its router has no route"
    if RAMP not in route.outputs:
        return f", which its router never gives it (route {route})"
    if route.input in LINKS:
        step = route.input.step or (0, 0)
        there = (place[0] + step[0], place[1] + step[1])
        if not all(0 <= at < size for at, size in zip(there, wafer.shape, strict=True)):
            return f", which its router expects from beyond the edge (route {route})"
        onward = color.route_at(*there)
        if onward is None or opposite(route.input) not in onward.outputs:
            return f", which its router expects from PE {there}, and nothing leaves there that way"
    return ""
