"""The routes of a small wafer as a picture: what a program looks like before anything moves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..fabric.explain.standing import count
from ..fabric.ports import EAST, LINKS, NORTH, RAMP, SOUTH, WEST, Port, Route
from ..fabric.program import Program
from ..fabric.region import Region
from ..fabric.wafer import Wafer
from .picture import Picture, need_matplotlib, picture
from .windows import Window, folded, window_of
from .wiring import Wire

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST = (
    8,
    12,
)  # rows and columns that can be told apart in a picture; a line of PEs is folded to that
EDGE = 0.4  # from the middle of a PE to its edge; the distance of two PEs is 1
PROCESSOR = 0.11, 0.37  # where the processor's square begins and ends, right and down of the middle
LANES = -0.33, 0.07  # the colors pass the middle within these, left of and above the processor
WRONG = "#b00000"
# Colors that color-blind readers can tell apart; lines and letters differ as well.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
LINES: tuple[Any, ...] = ("-", (0, (4, 1)), (0, (1, 0.8)), (0, (5, 1, 1, 1)))
Point = tuple[float, float]


def routes(of: Wafer | Region, title: str = "") -> Picture:
    """The routes of a wafer, or of a region of it: each router's IN >> OUT, color by color.

    ``of`` has at most 8 x 12 PEs, or is a single row or column of at most 64, which is folded: its
    parts stand below, or beside, each other. Of a larger wafer give a region, ``w[0:4, 0:8]``. The
    square in each PE is its processor, with what it sends (up) and reads (down). A cross is where
    a color leaves a router and nobody takes it, a ring where one waits for what nobody gives.
    Raises ValueError where ``of`` is too large, empty, or nothing with routes.

    >>> from wselab import EAST, RAMP, WEST, Wafer, fabin, fabout
    >>> w = Wafer(1, 3)
    >>> x, c = w.memory("x", 16), w.color("c")
    >>> w[:, 0].route(c, RAMP >> EAST)
    >>> w[:, 1].route(c, WEST >> (RAMP, EAST))
    >>> w[:, 0].mov(x, out=fabout(c))
    >>> w[:, 1:].mov(fabin(c), out=x)
    >>> routes(w, "Not done yet")
    Not done yet. Routes of 1 row x 3 columns of PEs. Color c: PE (0, 0) RAMP >> EAST; PE (0, 1)
    WEST >> (EAST, RAMP); sent by PE (0, 0); read by columns 1 to 2. Wrong: c leaves PE (0, 1) EAST,
    where nobody takes it; PE (0, 2) reads c without a route for it.
    """
    need_matplotlib()
    from matplotlib.figure import Figure

    wafer, window = window_of(of)
    parts = folded(window)
    rows, columns = (one.stop - one.start for one in parts[0])
    down, right = (len(parts), 1) if rows == 1 else (1, len(parts))
    program = Program.of(wafer)
    wires = [Wire.of(program, color) for color in program.colors]
    wires = [wire for wire in wires if wire.anywhere[window].any()]
    cell = 1.35 if max(rows, columns) <= 6 else 1.0
    legend_lines = -(-len(wires) // max(1, columns))
    size = right * (columns * cell + 0.9), down * (rows * cell + 0.7) + 0.3 + 0.25 * legend_lines
    figure = Figure(figsize=(max(size[0], 3.6), size[1]), layout="constrained")
    every = figure.subplots(down, right, squeeze=False).ravel()
    for axes, part in zip(every, parts, strict=True):
        Drawing(axes, wires, part, 7.5 if cell < 1.2 else 9.5).draw((rows, columns))
    for axes in every[-right:]:
        axes.set_xlabel("column (west to east)")
    for axes in every[::right]:
        axes.set_ylabel("row (north to south)")
    _legend(figure, wires, window, columns)
    if len(parts) == 1:
        every[0].set_title(title)
    else:
        figure.suptitle(title)
    return picture(figure, _describe(wires, window, title))


def _describe(wires: list[Wire], window: Window, title: str) -> str:
    head = f"{title.rstrip('.')}. " if title else ""
    many = " x ".join(
        count(one.stop - one.start, name)
        for one, name in zip(window, ("row", "column"), strict=True)
    )
    told = [wire.words(window) for wire in wires] or ["No color is routed"]
    faults = [fault for wire in wires for fault in wire.faults(window)]
    wrong = f" Wrong: {'; '.join(faults)}." if faults else ""
    return f"{head}Routes of {many} of PEs. {'. '.join(told)}.{wrong}"


class Drawing:
    """PEs and the routes through them; x goes east, y south, PE (row, column) at (column, row)."""

    def __init__(self, axes: Axes, wires: list[Wire], window: Window, size: float):
        self.axes, self.wires, self.window, self.size = axes, wires, window, size
        self.letters = _letters([wire.color.name for wire in wires])

    def draw(self, room: tuple[int, int]) -> None:
        """Everything; in the ``room`` of so many rows and columns."""
        (rows, columns), axes = self.window, self.axes
        axes.set_xlim(columns.start - 0.7, columns.start + room[1] - 0.3)
        axes.set_ylim(rows.start + room[0] - 0.3, rows.start - 0.7)
        axes.set_aspect("equal")
        axes.set_xticks(range(columns.start, columns.stop))
        axes.set_yticks(range(rows.start, rows.stop))
        axes.tick_params(length=0)
        for side in axes.spines.values():
            side.set_visible(False)
        for row in range(rows.start, rows.stop):
            for column in range(columns.start, columns.stop):
                self._pe(row, column)
        for number, wire in enumerate(self.wires):
            for row, column in np.argwhere(wire.color.routed[self.window]).tolist():
                self._router(number, row + rows.start, column + columns.start)

    def _pe(self, row: int, column: int) -> None:
        from matplotlib.patches import FancyBboxPatch, Rectangle

        corner, side = (column - EDGE, row - EDGE), 2 * EDGE
        look: dict[str, Any] = {"facecolor": "#f6f6f6", "edgecolor": "#999999"}
        box = FancyBboxPatch(corner, side, side, boxstyle="round,pad=0,rounding_size=0.06", **look)
        self.axes.add_patch(box)
        start, side = PROCESSOR[0], PROCESSOR[1] - PROCESSOR[0]
        wrong = any(wire.no_way[row, column] for wire in self.wires)
        edge = WRONG if wrong else "#777777"
        square = Rectangle((column + start, row + start), side, side, fc="white", ec=edge, zorder=3)
        self.axes.add_patch(square)
        for sign, height, name in (("↑", 0.32, "sends"), ("↓", 0.72, "reads")):
            letters = [
                letter
                for letter, wire in zip(self.letters, self.wires, strict=True)
                if getattr(wire, name)[row, column]
            ]
            if letters:
                self.axes.text(
                    column + start + side / 2, row + start + side * height,
                    sign + "".join(letters), ha="center", va="center", zorder=4,
                    fontsize=self.size - 2, color=WRONG if wrong else "black",
                )  # fmt: skip

    def _router(self, number: int, row: int, column: int) -> None:
        wire = self.wires[number]
        found = wire.color.routes_at(row, column)
        for position in range(len(found)):
            if position == 0 or found[position] != found[position - 1]:
                several = len(set(found)) > 1
                name = self.letters[number] + (str(position + 1) if several else "")
                self._route(number, row, column, found[position], position, name)
        for port in LINKS:
            x, y = self._at(number, row, column, port, beyond=True)
            if wire.lost[port][row, column]:
                self.axes.plot(x, y, "x", color=WRONG, ms=self.size, mew=2.5, zorder=6)
            if wire.awaited[port][row, column]:
                self.axes.plot(x, y, "o", mec=WRONG, mfc="white", ms=self.size - 1, mew=2, zorder=6)
            if wire.hosted[port][row, column]:
                self.axes.text(x, y, "host", ha="center", va="center", fontsize=self.size - 2)

    def _route(
        self, number: int, row: int, column: int, route: Route, position: int, name: str
    ) -> None:
        from matplotlib.patches import FancyArrowPatch

        color, line = COLORS[number % len(COLORS)], LINES[number % len(LINES)]
        thin = {"color": color, "lw": 2.2 / (1 + 0.6 * position), "linestyle": line}
        start = self._at(number, row, column, route.input, route.outputs[0])
        if route.input is RAMP:
            self.axes.plot(*start, "o", color=color, ms=4, zorder=5)
        for port in route.outputs:
            points = self._path(number, row, column, route.input, port)
            self._curve(points, thin)
            tip = self._at(number, row, column, port, route.input, beyond=port is not RAMP)
            head = FancyArrowPatch(
                points[-2] if port is RAMP else points[-1], tip, arrowstyle="-|>", color=color,
                mutation_scale=self.size + 1, shrinkA=0, shrinkB=0, lw=0 if port is RAMP else 1.6,
                zorder=5,
            )  # fmt: skip
            self.axes.add_patch(head)
            if port is not RAMP:
                self._letter(points[-1], port, name, color)
        if route.outputs == (RAMP,) and not self._named_before(number, row, column, route.input):
            self._letter(start, route.input, name, color)

    def _named_before(self, number: int, row: int, column: int, port: Port) -> bool:
        """Whether what comes in by a port has its letter at the neighbour that sends it."""
        down, right = port.step or (0, 0)
        inside = all(
            one.start <= at < one.stop
            for at, one in zip((row + down, column + right), self.window, strict=True)
        )
        return inside and bool(self.wires[number].color.linked(port)[row, column])

    def _letter(self, at: Point, port: Port, name: str, color: str) -> None:
        down, right = port.step or (0, 0)
        self.axes.text(
            at[0] - 0.07 * right, at[1] - 0.07 * down, name, color=color, fontsize=self.size - 1,
            fontweight="bold", ha="center", va="center", zorder=5,
            bbox={"boxstyle": "round,pad=0.1", "fc": "#f6f6f6", "ec": "none"},
        )  # fmt: skip

    def _curve(self, points: list[Point], look: dict[str, Any]) -> None:
        from matplotlib.patches import PathPatch
        from matplotlib.path import Path

        codes = {2: [1, 2], 3: [1, 3, 3], 4: [1, 4, 4, 4]}[len(points)]
        self.axes.add_patch(PathPatch(Path(points, codes), fill=False, zorder=2, **look))

    def _lane(self, number: int) -> float:
        low, high = LANES
        return low + (high - low) * (number + 0.5) / len(self.wires)

    def _at(
        self, number: int, row: int, column: int, port: Port, to: Port = NORTH, beyond: bool = False
    ) -> Point:
        """Where a color passes a port: at the edge, or beyond it, at the neighbour's edge.

        At the ramp: on the square's left side for what goes SOUTH or comes from there, else on top.
        """
        lane, out = self._lane(number), 0.62 if beyond else EDGE
        if port is RAMP:
            start, end = PROCESSOR
            along = start + (end - start) * (number + 0.5) / len(self.wires)
            x, y = (start, along) if to is SOUTH else (along, start)
        else:
            x, y = {NORTH: (lane, -out), SOUTH: (lane, out), WEST: (-out, lane), EAST: (out, lane)}[
                port
            ]
        return column + x, row + y

    def _path(self, number: int, row: int, column: int, entry: Port, exit: Port) -> list[Point]:
        """The points of a line from one port to another: straight, or a bend."""
        start = self._at(number, row, column, entry, exit)
        end = self._at(number, row, column, exit, entry)
        upright = {NORTH, SOUTH} if SOUTH in (entry, exit) else {NORTH, SOUTH, RAMP}
        if (entry in upright) == (exit in upright):
            if RAMP in (entry, exit):
                between = row - 0.1
                return [start, (start[0], between), (end[0], between), end]
            return [start, end]
        corner = (start[0], end[1]) if entry in upright else (end[0], start[1])
        return [start, corner, end]


def _legend(figure: Figure, wires: list[Wire], window: Window, columns: int) -> None:
    """What the lines and marks of a window stand for, below it."""
    from matplotlib.lines import Line2D

    handles = []
    letters = _letters([wire.color.name for wire in wires])
    for number, (letter, wire) in enumerate(zip(letters, wires, strict=True)):
        color, line = COLORS[number % len(COLORS)], LINES[number % len(LINES)]
        name = wire.color.name
        label = f"color {name}" if name == letter else f"{letter}: color {name}"
        handles.append(Line2D([], [], color=color, linestyle=line, lw=2.2, label=label))
    for marker, fill, label, found in (
        ("x", WRONG, "nobody takes it", [m for one in wires for m in one.lost.values()]),
        ("o", "white", "nobody gives it", [m for o in wires for m in o.awaited.values()]),
        ("s", "white", "has no route for it", [wire.no_way for wire in wires]),
    ):
        if any(mask[window].any() for mask in found):
            look: dict[str, Any] = {"marker": marker, "mec": WRONG, "mfc": fill, "mew": 2}
            handles.append(Line2D([], [], ls="none", label=label, **look))
    if handles:
        figure.legend(
            handles=handles, loc="outside lower center", frameon=False, fontsize=9,
            ncols=max(2, columns), handlelength=3,
        )  # fmt: skip


def _letters(names: list[str]) -> list[str]:
    """What stands at the lines: a short name itself, of a long one its first letter or a free one.

    >>> _letters(["c", "west", "wide"])
    ['c', 'w', 'a']
    """
    letters = {name: name for name in names if len(name) <= 2}
    for name in names:
        free = (x for x in name[0] + "abcdefghijklmnopqrstuvwxyz" if x not in letters.values())
        letters.setdefault(name, next(free))
    return [letters[name] for name in names]
