"""The routes of a program in words: which PEs take a color in and pass it on, who sends it, who
reads it, and where it gets lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..fabric.color import Color, neighbour
from ..fabric.explain.verify import Look
from ..fabric.ports import LINKS, RAMP, Port, opposite
from ..fabric.program import Program

NAMED = 6  # PEs without a pattern that are named one by one; of more the first of them


@dataclass
class Wire:
    """A color of a program, seen for drawing. All are masks of the wafer's shape.

    ``lost``: by port, where it leaves a router and nobody takes it. ``awaited``: where a router
    takes it from a port, behind which nobody gives it. ``hosted``: where the host serves the link.
    ``sends`` and ``reads``: where operations or tasks do; ``no_way``: those without a route for it.
    """

    color: Color
    lost: dict[Port, np.ndarray]
    awaited: dict[Port, np.ndarray]
    hosted: dict[Port, np.ndarray]
    sends: np.ndarray
    reads: np.ndarray

    @classmethod
    def of(cls, program: Program, color: Color) -> Wire:
        """The color as the program uses it."""
        look = Look(program, color)
        lost, awaited, hosted = {}, {}, {}
        for port in LINKS:
            hosted[port] = np.zeros(program.shape, bool)
            for stream in program.hosts:
                if stream.color is color and stream.edge is port:
                    hosted[port][tuple(np.transpose(stream.places))] = True
            taken = neighbour(color.linked(opposite(port)), port) | hosted[port]
            lost[port] = color.leaves_by(port) & ~taken
            awaited[port] = color.enters_by(port) & ~color.linked(port) & ~hosted[port]
        return cls(color, lost, awaited, hosted, look.sends, look.reads)

    @property
    def no_way(self) -> np.ndarray:
        """Where it is sent or read without a route from or to the ramp."""
        out = self.sends & ~self.color.enters_by(RAMP)
        return out | (self.reads & ~self.color.leaves_by(RAMP))

    @property
    def anywhere(self) -> np.ndarray:
        """The PEs that have to do with it."""
        return self.color.routed | self.sends | self.reads

    def words(self, window: tuple[slice, slice]) -> str:
        """Its routes, senders and readers within a window of the wafer."""
        routes: dict[str, np.ndarray] = {}
        for row, column in np.argwhere(_within(self.color.routed, window)):
            found = self.color.routes_at(row, column)
            ways = " then ".join(str(route) for at, route in enumerate(found) if _new(found, at))
            routes.setdefault(ways, np.zeros(self.color.shape, bool))[row, column] = True
        told = [f"{who(mask, window)} {ways}" for ways, mask in routes.items()]
        for verb, mask in (("sent by", self.sends), ("read by", self.reads)):
            if (inside := _within(mask, window)).any():
                told.append(f"{verb} {who(inside, window)}")
        return f"Color {self.color.name}: {'; '.join(told)}"

    def faults(self, window: tuple[slice, slice]) -> Iterator[str]:
        """What is wrong with it within a window, in words."""
        name = self.color.name
        for port in LINKS:
            if (lost := _within(self.lost[port], window)).any():
                yield f"{name} leaves {who(lost, window)} {port}, where nobody takes it"
            if (awaited := _within(self.awaited[port], window)).any():
                yield f"{who(awaited, window)} would take {name} from {port}, where nobody gives it"
        for way, uses, verb in (
            (self.color.enters_by(RAMP), self.sends, "sends"),
            (self.color.leaves_by(RAMP), self.reads, "reads"),
        ):
            if (without := _within(uses & ~way, window)).any():
                yield f"{who(without, window)} {verb} {name} without a route for it"


def _new(found: list, at: int) -> bool:
    """Whether a position differs from the one before; the last one may stand there more often."""
    return at == 0 or found[at] != found[at - 1]


def _within(mask: np.ndarray, window: tuple[slice, slice]) -> np.ndarray:
    inside = np.zeros_like(mask)
    inside[window] = mask[window]
    return inside


def who(mask: np.ndarray, window: tuple[slice, slice]) -> str:
    """Some PEs of a window in words: lines, rectangles, single ones.

    >>> mask = np.zeros((4, 8), bool)
    >>> mask[:, 1:7] = True
    >>> who(mask, (slice(0, 4), slice(0, 8)))
    'columns 1 to 6'
    """
    lines = [np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))]
    if mask.sum() == 1:
        return f"PE ({lines[0][0]}, {lines[1][0]})"
    if mask[np.ix_(*lines)].all():
        parts = [
            _line(found, range(one.start, one.stop), name)
            for found, one, name in zip(lines, window, ("row", "column"), strict=True)
        ]
        return " of ".join(part for part in parts[::-1] if part) or "all PEs"
    pes = [f"({row}, {column})" for row, column in np.argwhere(mask)]
    more = f" and {len(pes) - NAMED} more" if len(pes) > NAMED else ""
    return f"PEs {', '.join(pes[:NAMED])}{more}"


def _line(found: np.ndarray, whole: range, name: str) -> str:
    """Some rows, or columns; "" for all of them where that can be left out."""
    if len(found) == len(whole):
        return ""
    if len(found) == 1:
        return f"{name} {found[0]}"
    steps = set(np.diff(found).tolist())
    if steps == {1}:
        return f"{name}s {found[0]} to {found[-1]}"
    if steps == {2} and len(found) > 2:
        return f"every second {name} from {found[0]} to {found[-1]}"
    return f"{name}s {', '.join(str(at) for at in found)}"
