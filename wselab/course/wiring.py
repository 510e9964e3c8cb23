"""The routes of a color as plain data, and where wavelets stand that go no further.

>>> from wselab.fabric import RAMP, SOUTH, Wafer
>>> w = Wafer(2, 2)
>>> c = w.color("c")
>>> w[0, :].route(c, RAMP >> SOUTH)
>>> routes_of(c)
[[0, 0, 'RAMP', ['SOUTH']], [0, 1, 'RAMP', ['SOUTH']]]
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from ..fabric import Wafer
from ..fabric.explain.standing import Waiting
from ..fabric.explain.why import Explainer
from ..fabric.ports import PORTS, Route, ports_of
from ..fabric.program import Program
from ..fabric.state import State

Routes = list[list[Any]]  # [row, column, name of the input port, names of the output ports]
WRITTEN_BY_US = re.compile(r"\(line \S+:\d+, ")  # our lines tell a learner nothing
PORT_OF = {port.name: port for port in PORTS}


def routes_of(color: Any) -> Routes:
    """The routes of ``color`` in every router that has one, row by row, as JSON can hold them.

    Raises ValueError where the color no longer holds routes.
    """
    rows, columns = color.shape
    found: Routes = []
    for row in range(rows):
        for column in range(columns):
            entry, exits = int(color.entries[0][row, column]), int(color.exits[0][row, column])
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
    """Where each wavelet of a stopped fabric stands and why, then what each PE waits for."""
    explainer = Explainer(Program.of(wafer), state)
    sentences = []
    for color in wafer.colors:
        for row, column in np.argwhere(state.inside(color.number)):
            sentences.append(_standing(explainer, color, (int(row), int(column))))
    for row, column in np.argwhere(state.operation >= 0):
        if reason := explainer.why(Waiting("operation", (int(row), int(column)))):
            sentences.append(f"{WRITTEN_BY_US.sub('(', reason.text)}.")
    return sentences


def _standing(explainer: Explainer, color: Any, pe: tuple[int, int]) -> str:
    """Where the wavelets of one color at one PE stand, and why the first goes no further."""
    state = explainer.state
    count = int(state.inside(color.number)[pe])
    some = f"{count} wavelet{'s' if count > 1 else ''} of {color.name} stopped at PE {pe}"
    for what, counts in (("inbox", state.waiting), ("queue", state.queued)):
        if counts[color.number][pe] and (reason := explainer.why(Waiting(what, pe, color))):
            why = reason.text.removeprefix(f"color {color.name} stands in the router of PE {pe}: ")
            return f"{some}: {why}."
    return f"{some}, between processor and router."
