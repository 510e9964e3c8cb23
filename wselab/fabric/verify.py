"""What is wrong with a program, found without running it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .color import Color, neighbour
from .ports import LINKS, RAMP, opposite
from .program import Program
from .streams import CIRCLE, streams


@dataclass(frozen=True)
class Finding:
    """One kind of mistake with one color: where it first stands, how often, in words."""

    kind: str
    color: str
    pe: tuple[int, int]
    count: int
    text: str

    def __str__(self) -> str:
        more = f" (and {self.count - 1:,} more PEs)" if self.count > 1 else ""
        return f"{self.kind}: {self.text}{more}"


class Report(list[Finding]):
    """The findings about a program; empty, and so false, when nothing is wrong."""

    def __repr__(self) -> str:
        fine = "routes and counts fit; in which order operations wait is seen by running"
        return "\n".join(map(str, self)) if self else fine


def verify(program: Program) -> Report:
    """Look at a program, as `Wafer.verify` gives it: routes that lead nowhere, counts that differ.

    >>> from wselab import EAST, RAMP, Wafer, fabout
    >>> w = Wafer(1, 2)
    >>> c = w.color("c")
    >>> w[0, 0].route(c, RAMP >> EAST)
    >>> w[0, 0].mov(1.0, out=fabout(c), n=3)
    >>> w.verify()
    not taken: color c leaves PE (0, 0) EAST, but PE (0, 1) there does not route it
    """
    report = Report()
    for color in program.colors:
        sent, taken = _elements(program, color)
        _routes(report, color)
        if not sent.any() and not taken.any():
            continue  # its routes may be there for another launch
        _ends(report, color, sent, taken)
        _counts(report, program, color, taken)
    return report


def _note(report: Report, kind: str, color: Color, where: np.ndarray, text: Any) -> None:
    if where.any():
        row, column = (int(i) for i in np.argwhere(where)[0])
        count = int(where.sum())
        report.append(Finding(kind, color.name, (row, column), count, text(row, column)))


def _elements(program: Program, color: Color) -> tuple[np.ndarray, np.ndarray]:
    """Elements that each PE sends and takes on a color."""
    sent, taken = np.zeros((2, *program.shape), np.int64)
    for operation in program.operations:
        if operation.sends is color:
            sent += operation.counts(program.shape)
        if color in operation.reads:
            taken += operation.counts(program.shape)
    return sent, taken


def _routes(report: Report, color: Color) -> None:
    """Links that only one of two neighbours routes."""
    everywhere = np.ones(color.shape, bool)
    for port in LINKS:
        inside = neighbour(everywhere, port)
        leaves, enters = color.leaves_by(port), color.enters_by(port)
        taken = neighbour(color.linked(opposite(port)), port)
        step = port.step or (0, 0)

        def there(row: int, column: int, step: Any = step) -> str:
            other = (row + step[0], column + step[1])
            route = color.route_at(*other)
            return f"PE ({other[0]}, {other[1]}) there " + (
                f"routes it {route}" if route else "does not route it"
            )

        def at(row: int, column: int) -> str:
            return f"PE ({row}, {column})"

        _note(
            report,
            "over the edge",
            color,
            leaves & ~inside,
            lambda r, c, p=port: f"color {color.name} leaves {at(r, c)} {p}, where the wafer ends",
        )
        _note(
            report,
            "not taken",
            color,
            leaves & inside & ~taken,
            lambda r, c, p=port: f"color {color.name} leaves {at(r, c)} {p}, but {there(r, c)}",
        )
        _note(
            report,
            "not sent",
            color,
            enters & ~color.linked(port),
            lambda r, c, p=port: (
                f"{at(r, c)} takes color {color.name} from the {p}, but "
                + (
                    there(r, c)
                    if 0 <= r + p.step[0] < color.shape[0] and 0 <= c + p.step[1] < color.shape[1]
                    else "the wafer ends there"
                )
            ),
        )


def _ends(report: Report, color: Color, sent: np.ndarray, taken: np.ndarray) -> None:
    """Operations without a route to their ramp, and ramps without an operation."""
    name = color.name
    into, out_of = color.enters_by(RAMP), color.leaves_by(RAMP)
    _note(
        report,
        "no way out",
        color,
        (sent > 0) & ~into,
        lambda r, c: (
            f"PE ({r}, {c}) sends on color {name}, but its router does not take it from the RAMP"
        ),
    )
    _note(
        report,
        "no way in",
        color,
        (taken > 0) & ~out_of,
        lambda r, c: (
            f"PE ({r}, {c}) reads color {name}, but its router does not lead it to the RAMP"
        ),
    )
    _note(
        report,
        "not fed",
        color,
        into & (sent == 0),
        lambda r, c: f"color {name} starts at PE ({r}, {c}), which sends nothing on it",
    )
    _note(
        report,
        "not read",
        color,
        out_of & (taken == 0),
        lambda r, c: f"color {name} leads to the RAMP of PE ({r}, {c}), which never reads it",
    )


def _counts(report: Report, program: Program, color: Color, taken: np.ndarray) -> None:
    """Streams of which a listener takes more or fewer than are sent, and circles."""
    flow = streams(program, color)
    _note(
        report,
        "circle",
        color,
        flow.source == CIRCLE,
        lambda r, c: (
            f"the route of color {color.name} through PE ({r}, {c}) is a circle: nothing enters it"
        ),
    )
    listening = flow.listening & (flow.source >= 0)
    differs = listening & (taken > 0) & (flow.traffic > 0) & (flow.traffic != taken)
    columns = program.shape[1]
    _note(
        report,
        "counts differ",
        color,
        differs,
        lambda r, c: (
            f"PE ({r}, {c}) takes {int(taken[r, c])} wavelets of color {color.name}, its sender "
            f"PE {divmod(int(flow.source[r, c]), columns)} sends {int(flow.traffic[r, c])}"
        ),
    )
