"""Problem 3.2: one PE's vector to all PEs of its row and its column, a plus.

The textbook takes two colors, one for the row and one for the column, and sends twice:

    >>> w, x, row, column = BroadcastPlus().wafer({"rows": 3, "columns": 4, "values": 2, "row": 1,
    ...                                    "column": 0})
    >>> textbook(w, x, row, column)
    >>> x[1, 0] = [7, 8]
    >>> cycles = w.run().cycles
    >>> x[..., 0].astype(int).tolist()
    [[7, 0, 0, 0], [7, 7, 7, 7], [7, 0, 0, 0]]
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ...fabric import EAST, NORTH, RAMP, SOUTH, WEST, Wafer, fabin, fabout
from ...fabric.explain.standing import count
from ...fabric.operations import Operation
from ...fabric.ports import LINKS, Port, opposite
from ..problem import Size, register
from ..programs import Data, Due, Programming, Ran, whole_numbers
from ..recorded import Recorded


def textbook(w: Wafer, x: Any, row: int, column: int) -> None:
    """The plain right answer: along the row on one color, then along the column on another."""
    along, across = w.color("along"), w.color("across")
    rows, columns = w.shape
    _arms(w, x, along, row, column, [WEST] * (column > 0) + [EAST] * (column < columns - 1))
    _arms(w, x, across, row, column, [NORTH] * (row > 0) + [SOUTH] * (row < rows - 1))


def _arms(w: Wafer, x: Any, color: Any, row: int, column: int, ways: list[Port]) -> None:
    """Send x from the centre on ``color`` along the arms that there are."""
    if not ways:
        return
    w[row, column].route(color, RAMP >> tuple(ways))
    w[row, column].mov(x, out=fabout(color))
    for way in ways:
        arm, last = arm_of(w.shape, row, column, way)
        w[arm & ~last].route(color, opposite(way) >> (RAMP, way))
        w[last].route(color, opposite(way) >> RAMP)
        w[arm].mov(fabin(color), out=x)


def arm_of(
    shape: tuple[int, int], row: int, column: int, way: Port
) -> tuple[np.ndarray, np.ndarray]:
    """The PEs of one arm of the plus, and the last of them: two masks.

    >>> arm, last = arm_of((1, 5), 0, 1, EAST)
    >>> arm.astype(int).tolist(), last.astype(int).tolist()
    ([[0, 0, 1, 1, 1]], [[0, 0, 0, 0, 1]])
    """
    rows, columns = np.indices(shape)
    arm = {
        NORTH: (columns == column) & (rows < row),
        SOUTH: (columns == column) & (rows > row),
        WEST: (rows == row) & (columns < column),
        EAST: (rows == row) & (columns > column),
    }[way]
    edge = {NORTH: rows == 0, SOUTH: rows == shape[0] - 1, WEST: columns == 0,
            EAST: columns == shape[1] - 1}  # fmt: skip
    return arm, arm & edge[way]


@register
class BroadcastPlus(Programming):
    """The learner's function writes routes and operations; x of the centre is to be everywhere."""

    number = "3.2"
    title = "Broadcast to a plus"
    points = 8
    answer = "broadcast"
    textbook = staticmethod(textbook)
    hints = (
        "Begin with one arm, the eastern one. The centre's router takes x in by RAMP and lets it "
        "out by EAST. Each PE of the arm takes it in by WEST, hands a copy to its processor and "
        "lets it go on, (RAMP, EAST); the last one has nowhere to let it go, so there it is RAMP.",
        "The other arms are the same with other ports: what goes WEST comes in by EAST. The slices "
        "are w[row, column + 1:] for the eastern arm and w[row, :column] for the western one, "
        "w[row + 1:, column] and w[:row, column] for the other two. A centre at the edge has no "
        "neighbour on that side, so its route must not lead there: collect its outputs in a list, "
        "and write RAMP >> tuple(outputs).",
        "A route has one input and up to four outputs: RAMP >> (NORTH, EAST, SOUTH, WEST) copies "
        "each wavelet into all four arms in one cycle. So one color and one mov of the centre are "
        "enough, and cheaper than the two of par. The processors of the arms are mov(fabin(color), "
        "out=x); the centre has x already, and is none of them.",
    )

    def sizes(self, seed: int | None = None) -> list[Size]:
        """A centre well inside, which is scored, one at an edge, in a corner, and a single row."""
        if seed is None:
            return [_size(7, 9, 16, 3, 5), _size(6, 8, 3, 0, 2), _size(3, 2, 1, 2, 1),
                    _size(1, 6, 2, 0, 1)]  # fmt: skip
        rng = np.random.default_rng(seed)
        rows, columns = (int(one) for one in rng.integers(4, 10, 2))
        row, column = int(rng.integers(1, rows - 1)), int(rng.integers(1, columns - 1))
        return [
            self.sizes(None)[0],
            _size(rows, columns, int(rng.integers(2, 40)), row, column),
            _size(rows, columns, int(rng.integers(2, 20)), row, int(rng.choice([0, columns - 1]))),
            _size(columns, rows, 1, int(rng.choice([0, columns - 1])), rows - 1),
            _size(columns, 1, 5, int(rng.integers(columns)), 0),
        ]

    def in_words(self, size: Size) -> str:
        """The wafer, the centre and the vector."""
        at, values = (size["row"], size["column"]), count(size["values"], "value")
        return f"{size['rows']} x {size['columns']} PEs, the centre PE {at}, {values}"

    def wafer(self, size: Size) -> tuple[Any, ...]:
        """A wafer with memory x; then x, and the row and the column of the centre."""
        w = Wafer(size["rows"], size["columns"])
        x = w.memory("x", size["values"])
        return w, x, size["row"], size["column"]

    def data(self, size: Size, rng: np.random.Generator) -> Data:
        """An x in every PE, none like the centre's, so that what came from there is known by it."""
        x = whole_numbers(rng, (size["rows"], size["columns"], size["values"]))
        at = (size["row"], size["column"])
        alike = (x == x[at]).all(axis=-1)
        alike[at] = False
        x[alike] *= -1
        return {"x": x}

    def due(self, size: Size, data: Data) -> list[Due]:
        """The centre's x all over the plus, and outside what was there."""
        x, at = data["x"], (size["row"], size["column"])
        plus = np.zeros(x.shape[:2], bool)
        plus[at[0]] = plus[:, at[1]] = True
        return [
            Due("x", plus, np.broadcast_to(x[at], x.shape), f"x of the centre, PE {at},"),
            Due("x", ~plus, x, "outside the plus its own x, which"),
        ]

    def mistakes(self, program: Wafer, size: Size) -> Iterator[str]:
        """What the routes and operations tell before they run."""
        at = (size["row"], size["column"])
        yield from _senders(program, at, self.sizes(None)[0])
        yield from _over_the_edge(program, at)
        yield from _centre_takes(program, at)
        yield from _no_copies(program)

    def why(self, written: Recorded, size: Size, ran: Ran) -> Iterator[str]:
        """Which arms, or which ends of them, x has not come to; or that it went everywhere."""
        at = (size["row"], size["column"])
        x = ran.wafer.memories["x"].array
        came = (x == ran.data["x"][at]).all(axis=-1)
        arms = {way.name: arm_of(ran.wafer.shape, *at, way) for way in LINKS}
        if dry := [way for way, (arm, _) in arms.items() if arm.any() and not came[arm].any()]:
            yield (
                f"The centre's x has not come to the {', '.join(dry)} of it: the plus has an arm "
                "on each side where there are PEs."
            )
        short = [
            way
            for way, (arm, last) in arms.items()
            if came[arm & ~last].any() and not came[last].any()
        ]
        if short:
            yield (
                f"To the {', '.join(short)} the last PE of the arm has been left out. A slice ends "
                "before its stop: [a:-1] lacks the last, [a:] has it."
            )
        if came.all():
            yield (
                "x has come to all PEs, and only those of the centre's row and column are to have "
                "it: the routes are those of a broadcast over the whole wafer."
            )


def _size(rows: int, columns: int, values: int, row: int, column: int) -> Size:
    return {"rows": rows, "columns": columns, "values": values, "row": row, "column": column}


def _senders(program: Wafer, at: tuple[int, int], shown: Size) -> Iterator[str]:
    """That another PE sends than the centre, or a color twice."""
    sends = [operation for operation in program.recorded if operation.sends is not None]
    places = {place for operation in sends for place in _places(program, operation)}
    if sends and at not in places:
        where = " and ".join(f"PE {place}" for place in sorted(places)[:2])
        if places == {at[::-1]}:
            yield (
                f"Rows and columns are swapped: {where} sends, and the centre is PE {at}. In "
                "w[row, column] the row comes first."
            )
        elif places == {(shown["row"], shown["column"])}:
            yield (
                f"{where} sends, whatever row and column say: that is the centre of the first try "
                f"alone. Here it is PE {at}: use row and column."
            )
        else:
            yield f"The centre, PE {at}, sends nothing; {where} does."
    colors = [op.sends.name for op in sends if op.sends and at in _places(program, op)]
    for name in sorted({name for name in colors if colors.count(name) > 1}):
        yield (
            f"The centre sends {colors.count(name)} times on {name}. A multicast copies for all "
            "arms of a color: send once for each color."
        )


def _over_the_edge(program: Wafer, at: tuple[int, int]) -> Iterator[str]:
    """That an arm does not end, or that the centre lies at an edge and sends over it."""
    rows, columns = program.shape
    ends: dict[str, list[tuple[int, int]]] = {}
    for color in program.colors:
        for row, column in np.argwhere(color.routed).tolist():
            route = color.route_at(row, column)
            for port in route.outputs if route else ():
                down, right = port.step or (0, 0)
                if 0 <= row + down < rows and 0 <= column + right < columns:
                    continue
                if (row, column) == at:
                    yield (
                        f"The centre, PE {at}, lies at the edge: there is no PE to the {port} of "
                        f"it, and its route {route} leads there. A multicast moves to all its "
                        "ports or to none, so nothing moves."
                    )
                else:
                    ends.setdefault(port.name, []).append((row, column))
    for way, places in ends.items():
        yield (
            f"The arm to the {way} does not end: PE {places[0]} is the last there is, and its "
            f"route leads on {way}, over the edge. In the last PE it is ... >> RAMP."
        )


def _centre_takes(program: Wafer, at: tuple[int, int]) -> Iterator[str]:
    """That the centre waits for what it sends itself."""
    for operation in program.recorded:
        if operation.reads and at in _places(program, operation):
            yield (
                f"The centre, PE {at}, takes in a stream too ({operation}): it has x already, and "
                "nobody sends to it. Leave it out of the regions that receive."
            )
            return


def _no_copies(program: Wafer) -> Iterator[str]:
    """That PEs read a color which their routers pass on without a copy."""
    for color in program.colors:
        reads = np.zeros(program.shape, bool)
        for operation in program.recorded:
            if color in operation.reads:
                reads |= operation.counts(program.shape) > 0
        passes = color.routed & ~color.enters_by(RAMP) & ~color.leaves_by(RAMP)
        for row, column in np.argwhere(reads & passes).tolist()[:1]:
            yield (
                f"PE {(row, column)} reads {color.name}, and its router passes it on without a "
                f"copy for the processor ({color.route_at(row, column)}): two outputs make a copy, "
                "such as WEST >> (RAMP, EAST)."
            )


def _places(program: Wafer, operation: Operation) -> set[tuple[int, int]]:
    """The PEs that have an operation."""
    there = np.argwhere(operation.counts(program.shape) > 0)
    return {(int(row), int(column)) for row, column in there}
