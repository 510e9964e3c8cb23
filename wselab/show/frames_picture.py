"""One frame of a trace as a still picture: PEs by what they do, wavelets where they stand.

A PE's router lies at the top of its square and its processor below, as in the player; colors of the
fabric have the same hues and shapes there. Many PEs are drawn as a map of what they do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..fabric.explain.standing import step
from ..fabric.ports import EAST, LINKS, NORTH, SOUTH, WEST, opposite
from ..fabric.trace.frames import Frame
from ..fabric.trace.pe_frame import PLACES
from .frames_text import short_state, states
from .waiting import Arrow
from .waiting_picture import RED, draw_waiting

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HUES = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#f0e442")  # Okabe and Ito's
SHAPES = ("o", "s", "D", "^", "h")
INK, EDGE = "#1b2430", "#8a94a3"
SHADES = {  # of what PEs do: the fill, and what it stands for
    "busy": ("#34465f", "busy"),
    "waits": ("#f3ead2", "waits"),
    "stopped": ("#fbdcd8", "no room ahead"),
    "ended": ("#e9edf2", "ended, or asleep"),
    "nothing": ("#ffffff", "nothing to do"),
}
BOXES = "upper box: router; lower box: its processor; dots: wavelets"
MOST_DRAWN = 32  # rows or columns with routers and wavelets; more are drawn as a map
INCHES = 9.5, 6.0  # the widest and the highest picture, without what is written around it
LARGEST, WORDS_FROM = 1.7, 0.85  # inches of a PE: at most; and from which it says what it does
SMALLEST = 5.0  # points of letters that can be read
SHORTER = {"no wavelet": "waits", "full": "no room", "no route": "no route"}  # without the colors
ROUTER = (0.08, 0.05, 0.68, 0.27)  # left, top, width, height in the square of a PE
PROCESSOR = (0.27, 0.58, 0.69, 0.37)
LANES = (0.29, 0.46, 0.16)  # where the colors' lanes begin, the room for all, and for one at most
SPANS = {"queue": (0.05, 0.32), "out": (0.58, 0.32), "in": (0.32, 0.58), "inbox": (0.84, 0.58)}
DOORS = {  # of a port: where wavelets leave a router by it, and where they enter
    NORTH: ((0.20, 0.05), (0.12, 0.05)),
    EAST: ((0.76, 0.23), (0.76, 0.14)),
    SOUTH: ((0.12, 0.32), (0.20, 0.32)),
    WEST: ((0.08, 0.14), (0.08, 0.23)),
}


def draw(frame: Frame, arrows: list[Arrow], title: str) -> Figure:
    """A figure of a frame, with who waits for whom where there are ``arrows``."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    cells, every = frame.trace.cells, states(frame)
    rows, columns = len(cells.rows), len(cells.columns)
    side = min(LARGEST, INCHES[0] / columns, INCHES[1] / rows)
    figure = Figure(figsize=(max(4.5, columns * side + 0.6), rows * side + 1.3))
    axes = figure.subplots()
    axes.set(xlim=(-0.1, columns + 0.1), ylim=(rows + 0.1, -0.1), aspect="equal")
    is_map = max(rows, columns) > MOST_DRAWN
    if is_map:
        _map(axes, frame, every)
    else:
        _links(axes, frame, side)
        _pes(axes, frame, every, side, _drawn(axes, figure, rows, columns))
        _wavelets(axes, frame, side)
    for axis, lines in ((axes.xaxis, cells.columns), (axes.yaxis, cells.rows)):
        ticks = MaxNLocator(12, integer=True).tick_values(lines.start, lines.stop - 1)
        places = [at for at in ticks if at in lines]
        axis.set_ticks([at - lines.start + 0.5 for at in places], [f"{at:.0f}" for at in places])
    axes.xaxis.tick_top()
    axes.tick_params(length=0, labelcolor="#5b6675")
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set_title(title)
    legend = _legend(axes, frame, every, is_map)
    if arrows:
        draw_waiting(axes, cells, arrows, side, is_map, 12 + 13 * legend)
    return figure


def _shade(state: str) -> str:
    if state in ("full", "no route"):
        return "stopped"
    if state in ("busy", "nothing"):
        return state
    return "ended" if state in ("ended", "sleeps") else "waits"


def _map(axes: Axes, frame: Frame, every: list[str]) -> None:
    from matplotlib.colors import ListedColormap

    kinds = list(SHADES)
    shades = np.array([kinds.index(_shade(state)) for state in every])
    shades = shades.reshape(len(frame.trace.cells.rows), -1)
    colors = ListedColormap([fill for fill, _ in SHADES.values()])
    extent = (0.0, float(shades.shape[1]), float(shades.shape[0]), 0.0)
    axes.imshow(shades, cmap=colors, vmin=-0.5, vmax=len(kinds) - 0.5, extent=extent)


def _links(axes: Axes, frame: Frame, side: float) -> None:
    """The links that colors are led over, in their hues; red where what would go finds no room."""
    from matplotlib.collections import LineCollection

    cells, going = frame.trace.cells, {(move.pe, move.color) for move in frame.moved}
    lines, hues, red = [], [], []
    for node, number in enumerate(cells.color.tolist()):
        color, (row, column) = frame.program.colors[number], cells.place(cells.pe[node])
        routes = color.routes_at(row, column)
        for port in {port for route in routes for port in route.outputs} & set(LINKS):
            there = step((row, column), port)
            doors = DOORS[port][0], DOORS[opposite(port)][1]
            line = [
                (at[1] - cells.columns.start + x, at[0] - cells.rows.start + y)
                for at, (x, y) in zip(((row, column), there), doors, strict=True)
            ]
            lines.append(line)
            hues.append(HUES[number % len(HUES)])
            local = cells.local(*there)
            after = -1 if local is None else cells.node_of[number, local]
            stays = frame("queue")[0, node] and ((row, column), color) not in going
            if stays and after >= 0 and frame("queue")[-1, after]:
                red.append(line)
    width = max(0.6, 1.4 * side)
    axes.add_collection(LineCollection(lines, colors=hues, linewidths=width, alpha=0.7))
    axes.add_collection(LineCollection(red, colors=RED, linewidths=1.8 * width))


def _drawn(axes: Axes, figure: Figure, rows: int, columns: int) -> float:
    """Inches of a PE as it is drawn, less than it was given: the figure has margins."""
    box, width, height = axes.get_position(), figure.get_figwidth(), figure.get_figheight()
    return min(box.width * width / (columns + 0.2), box.height * height / (rows + 0.2))


def _pes(axes: Axes, frame: Frame, every: list[str], side: float, drawn: float) -> None:
    from matplotlib.collections import PatchCollection
    from matplotlib.patches import Rectangle

    columns = len(frame.trace.cells.columns)
    boxes, fills, edges = [], [], []
    for pe, state in enumerate(every):
        row, column = divmod(pe, columns)
        shade = _shade(state)
        for left, top, width, height in (ROUTER, PROCESSOR):
            boxes.append(Rectangle((column + left, row + top), width, height))
        fills += ["#eef1f5", SHADES[shade][0]]
        edges += [EDGE, RED if shade == "stopped" else EDGE]
        if side >= WORDS_FROM:
            words, size = _fitting([short_state(frame, pe, state), SHORTER.get(state, "")], drawn)
            axes.text(  # at the right, since wavelets stand at the left
                column + PROCESSOR[0] + PROCESSOR[2] - 0.03, row + 0.93, words, zorder=4,
                fontsize=size, ha="right", color="white" if shade == "busy" else INK,
            )  # fmt: skip
    axes.add_collection(PatchCollection(boxes, facecolors=fills, edgecolors=edges, linewidths=0.8))


def _fitting(wordings: list[str], side: float) -> tuple[str, float]:
    """The first of some wordings that can be read within a processor, and the size of its letters.

    None of them ("") where all are too long; the fill says the same.
    """
    from matplotlib.textpath import TextPath

    usual, room = 5.2 * side + 1, (PROCESSOR[2] - 0.1) * side * 72
    for words in filter(None, wordings):
        width = TextPath((0, 0), words, size=10).get_extents().width / 10
        size = min(usual, room / width)
        if size >= SMALLEST:
            return words, float(size)
    return "", usual


def _wavelets(axes: Axes, frame: Frame, side: float) -> None:
    """Each in its slot, as in the player: a color's lane goes from the router down to the inbox."""
    cells = frame.trace.cells
    count = np.bincount(cells.pe, minlength=len(cells.pes))
    lane, seen = np.zeros(len(cells.pe), int), np.zeros(len(cells.pes), int)
    for node, pe in enumerate(cells.pe):
        lane[node] = seen[pe]
        seen[pe] += 1
    left, room, widest = LANES
    pitch = np.minimum(widest, room / np.maximum(1, count))[cells.pe]
    x = cells.pe % len(cells.columns) + left + (lane + 0.5) * pitch
    size = (side * 72 * 0.7 * float(pitch.min(initial=0.14))) ** 2
    for place in PLACES:
        if place == "link":  # on its way between routers, drawn where it is in the player only
            continue
        rows = frame(place)
        start, end = SPANS[place]
        for slot, row in enumerate(rows):
            y = cells.pe // len(cells.columns) + start + (slot + 0.5) / len(rows) * (end - start)
            for color in range(len(frame.program.colors)):
                here = np.flatnonzero((row > 0) & (cells.color == color))
                axes.scatter(
                    x[here], y[here], s=size, c=HUES[color % len(HUES)], zorder=3,
                    marker=SHAPES[color % len(SHAPES)], edgecolors=INK, linewidths=min(0.5, side),
                )  # fmt: skip


def _legend(axes: Axes, frame: Frame, every: list[str], is_map: bool) -> int:
    """What is drawn, which in a map is no wavelet; how many lines it takes."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    shades = {_shade(state) for state in every}
    handles: list[Any] = [
        Patch(facecolor=fill, edgecolor=EDGE, label=text)
        for shade, (fill, text) in SHADES.items()
        if shade in shades
    ]
    here = {int(one) for place in PLACES if not is_map
            for one in frame.trace.cells.color[np.nonzero(frame(place))[1]]}  # fmt: skip
    handles += [
        Line2D([], [], linestyle="", marker=SHAPES[color % len(SHAPES)], markersize=7,
               color=HUES[color % len(HUES)], markeredgecolor=INK, markeredgewidth=0.4,
               label=f"color {frame.program.colors[color].name}")
        for color in sorted(here)[:8]
    ]  # fmt: skip
    led = set() if is_map else set(frame.trace.cells.color.tolist()) - here
    handles += [  # of these only the links are seen
        Line2D([], [], color=HUES[color % len(HUES)],
               label=f"color {frame.program.colors[color].name}")
        for color in sorted(led)[: max(0, 8 - len(here))]
    ]  # fmt: skip
    columns = min(5, len(handles))
    axes.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, -0.01), ncols=columns,
                frameon=False, fontsize=8, title=None if is_map else BOXES,
                title_fontsize=8)  # fmt: skip
    return -(-len(handles) // columns) + (not is_map)
