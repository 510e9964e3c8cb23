"""The mistakes that people make in problem 3.1, recognised from the routes alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ...fabric import EAST, NORTH, RAMP, SOUTH, WEST
from ...fabric.ports import Port, Route

Wires = dict[tuple[int, int], Route]  # the routes of one color by (row, column)

TRANSPOSED = {NORTH: WEST, WEST: NORTH, SOUTH: EAST, EAST: SOUTH, RAMP: RAMP}
OPPOSITE = {NORTH: SOUTH, SOUTH: NORTH, EAST: WEST, WEST: EAST, RAMP: RAMP}
#: What each color does, and the two ports on its way, for the sentences.
TASK = {
    "x_down": ("x goes down the columns, from the north row to the south row", "SOUTH", "NORTH"),
    "partial": ("sums go along the rows, from the east column to the west column", "WEST", "EAST"),
}


def mistakes(given: dict[str, Wires], right: dict[str, Wires]) -> list[str]:
    """A sentence for each mistake that is known; empty where all routes are right.

    >>> from .p03_1 import RIGHT
    >>> mistakes({"x_down": RIGHT["partial"], "partial": RIGHT["x_down"]}, RIGHT)[0]
    'The colors are mixed up: ...'
    """
    if given == right:
        return []
    if given["x_down"] == right["partial"] or given["partial"] == right["x_down"]:
        return [
            "The colors are mixed up: x_down carries x down the columns, partial carries the "
            "partial sums west along the rows."
        ]
    found: list[str] = []
    for color, wires in given.items():
        if wires != right[color]:
            found += _whole(color, wires, right[color]) or _each(color, wires, right[color])
    return found


def _whole(color: str, wires: Wires, right: Wires) -> list[str]:
    """The mistake that explains all routes of a color at once, if there is one."""
    what, onward, back = TASK[color]
    patterns: list[tuple[Callable[[Wires], Wires], str]] = [
        (
            swap_places,
            f"Rows and columns are swapped in the regions of {color}: in w[row, column] the row "
            "comes first, so w[0, :] is the north row and w[:, 0] the west column.",
        ),
        (
            lambda w: swap_places(turn(w, TRANSPOSED)),
            f"Rows and columns are swapped in {color}: {what}.",
        ),
        (
            lambda w: turn(w, TRANSPOSED),
            f"Rows and columns are swapped in the ports of {color}: {what}, so it leaves by "
            f"{onward}.",
        ),
        (
            lambda w: turn(w, OPPOSITE),
            f"{onward.capitalize()} and {back.lower()} are swapped in {color}: {what}, so it "
            f"leaves by {onward} and comes in by {back}.",
        ),
        (
            lambda w: flip_places(turn(w, OPPOSITE)),
            f"{color} runs the wrong way, from the receivers to the senders: {what}. A route is "
            "IN >> OUT, first where a wavelet comes in.",
        ),
        (
            flip_places,
            f"Senders and receivers of {color} have each other's routes: {what}.",
        ),
    ]
    return next(([text] for change, text in patterns if change(wires) == right), [])


def _each(color: str, wires: Wires, right: Wires) -> list[str]:
    """What is wrong with the routes of a color, one by one; the same mistake is named once."""
    found: dict[str, list[tuple[int, int]]] = {}
    for place, due in sorted(right.items()):
        route = wires.get(place)
        if route is None or set(route.outputs) != set(due.outputs) or route.input != due.input:
            for text in _one(color, route, due):
                found.setdefault(text, []).append(place)
    return [
        f"PE {' and PE '.join(map(str, places))}, {color}: {text}" for text, places in found.items()
    ]


def _one(color: str, route: Route | None, due: Route) -> Iterator[str]:
    """What is wrong with one route."""
    what, onward, back = TASK[color]
    sends = due.input is RAMP
    if route is None:
        if sends:
            yield "the sending end is forgotten; its processor sends, so a route begins at RAMP."
        else:
            yield (
                "the receiving end is forgotten; a wavelet needs a route in every router it comes "
                "to, also in the last, where it leaves by RAMP to the processor."
            )
        return
    if route == Route(due.outputs[0], (due.input,)):
        yield f"the route {route} is written backwards; it is IN >> OUT."
        return
    if sends and route.input is not RAMP:
        yield f"the route {route} does not begin at RAMP, but its own processor is what sends here."
    if not sends and route.input is RAMP:
        yield f"the route {route} begins at RAMP, but its processor sends nothing on {color}."
    elif not sends and route.input is OPPOSITE[due.input]:
        yield (
            f"the route {route} takes it in from {route.input}. The input is the port a wavelet "
            f"comes in by, not the way it is going: what moves {onward} comes in by {back}."
        )
    elif not sends and route.input is not due.input:
        yield f"the route {route} takes it in from {route.input}; {what}."
    yield from _outputs(color, route, due, sends)


def _outputs(color: str, route: Route, due: Route, sends: bool) -> Iterator[str]:
    """What is wrong with where one route leads."""
    what, onward, back = TASK[color]
    wanted = due.outputs[0]
    if wanted in route.outputs:
        if len(route.outputs) > 1:
            others = ", ".join(port.name for port in route.outputs if port is not wanted)
            yield (
                f"the route {route} is a multicast: a copy goes to {others} too, and a wavelet "
                f"moves to all its ports at once or not at all. {wanted} alone is due."
            )
    elif not sends:
        yield f"the ramp is forgotten; {route} hands nothing to the processor: end it with >> RAMP."
    elif route.outputs == (OPPOSITE[wanted],):
        yield (
            f"the route {route} lets it out by {back}: {onward.lower()} and {back.lower()} are "
            f"swapped; {what}."
        )
    else:
        outputs = ", ".join(port.name for port in route.outputs)
        yield f"the route {route} lets it out by {outputs}; {what}: {onward}."


def turn(wires: Wires, ports: dict[Port, Port]) -> Wires:
    """The same places, with each port exchanged."""
    return {
        place: Route(ports[route.input], tuple(ports[port] for port in route.outputs))
        for place, route in wires.items()
    }


def swap_places(wires: Wires) -> Wires:
    """The same routes, with row and column exchanged."""
    return {(column, row): route for (row, column), route in wires.items()}


def flip_places(wires: Wires) -> Wires:
    """The same routes at the other end of the row and of the column."""
    return {(1 - row, 1 - column): route for (row, column), route in wires.items()}
