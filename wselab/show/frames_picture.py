"""One frame of a trace as a still picture: PEs by what they do, wavelets where they stand.

A PE's router lies at the top of its square and its processor below, as in the player; colors of the
fabric have the same hues and shapes there. Many PEs are drawn as a map of what they do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..fabric.trace.cells import BUSY, FULL, IDLE, NO_ROUTE
from ..fabric.trace.frames import Frame
from ..fabric.trace.pe_frame import PLACES
from .frames_text import Arrow

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HUES = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#f0e442")  # Okabe and Ito's
SHAPES = ("o", "s", "D", "^", "h")
INK, EDGE, RED = "#1b2430", "#8a94a3", "#c8102e"
SHADES = {  # of what PEs do: the fill, and what it stands for
    "busy": ("#34465f", "busy"),
    "waits": ("#f3ead2", "waits"),
    "stopped": ("#fbdcd8", "no room ahead"),
    "idle": ("#e9edf2", "idle"),
}
MOST_DRAWN = 40  # rows or columns with routers and wavelets; more are drawn as a map
INCHES = (0.5, 1.3)  # a side of a PE, in a picture of many, of few
WIDEST = 11.0
ROUTER = (0.08, 0.05, 0.68, 0.27)  # left, top, width, height in the square of a PE
PROCESSOR = (0.27, 0.58, 0.69, 0.37)
LANES = (0.29, 0.46, 0.16)  # where the colors' lanes begin, the room for all, and for one at most
SPANS = {"queue": (0.05, 0.32), "out": (0.58, 0.32), "in": (0.32, 0.58), "inbox": (0.84, 0.58)}


def draw(frame: Frame, arrows: list[Arrow], title: str) -> Figure:
    """A figure of a frame, with who waits for whom where there are ``arrows``."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    cells = frame.trace.cells
    rows, columns = len(cells.rows), len(cells.columns)
    side = min(INCHES[1], max(INCHES[0], 7.0 / max(rows, columns)), WIDEST / columns)
    side = max(side, 2.6 / rows) if rows * 1.3 < 2.6 and columns <= 6 else side
    figure = Figure(figsize=(max(4.5, columns * side + 0.8), rows * side + 1.3))
    axes = figure.subplots()
    axes.set(xlim=(-0.1, columns + 0.1), ylim=(rows + 0.1, -0.1), aspect="equal")
    if max(rows, columns) > MOST_DRAWN:
        _map(axes, frame)
    else:
        _pes(axes, frame)
        _wavelets(axes, frame, side)
    for arrow in arrows:
        _arrow(axes, frame, arrow)
    for axis, lines in ((axes.xaxis, cells.columns), (axes.yaxis, cells.rows)):
        ticks = MaxNLocator(12, integer=True).tick_values(lines.start, lines.stop - 1)
        places = [at for at in ticks if at in lines]
        axis.set_ticks([at - lines.start + 0.5 for at in places], [f"{at:.0f}" for at in places])
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set(xlabel="column", ylabel="row", title=title or f"Cycle {frame.cycle:,}")
    _legend(axes, frame)
    return figure


def _shade(doing: int) -> str:
    if doing in (FULL, NO_ROUTE):
        return "stopped"
    return {BUSY: "busy", IDLE: "idle"}.get(doing, "waits")


def _map(axes: Axes, frame: Frame) -> None:
    from matplotlib.colors import ListedColormap

    kinds = list(SHADES)
    doing = frame("doing")[0].reshape(len(frame.trace.cells.rows), -1)
    lookup = np.array([kinds.index(_shade(one)) for one in range(int(doing.max()) + 1)])
    colors = ListedColormap([fill for fill, _ in SHADES.values()])
    extent = (0.0, float(doing.shape[1]), float(doing.shape[0]), 0.0)
    axes.imshow(lookup[doing], cmap=colors, vmin=-0.5, vmax=len(kinds) - 0.5, extent=extent)


def _pes(axes: Axes, frame: Frame) -> None:
    from matplotlib.collections import LineCollection, PatchCollection
    from matplotlib.patches import Rectangle

    rows, columns = len(frame.trace.cells.rows), len(frame.trace.cells.columns)
    across = [[(c + 0.76, r + 0.185), (c + 1.08, r + 0.185)]
              for r in range(rows) for c in range(columns - 1)]  # fmt: skip
    down = [[(c + 0.16, r + 0.32), (c + 0.16, r + 1.05)]
            for r in range(rows - 1) for c in range(columns)]  # fmt: skip
    axes.add_collection(LineCollection([*across, *down], colors="#d5dae1", linewidths=2))
    boxes, fills, edges = [], [], []
    for pe, doing in enumerate(frame("doing")[0].tolist()):
        row, column = divmod(pe, columns)
        shade = _shade(doing)
        for left, top, width, height in (ROUTER, PROCESSOR):
            boxes.append(Rectangle((column + left, row + top), width, height))
        fills += ["#eef1f5", SHADES[shade][0]]
        edges += [EDGE, RED if shade == "stopped" else EDGE]
    axes.add_collection(PatchCollection(boxes, facecolors=fills, edgecolors=edges, linewidths=0.8))


def _wavelets(axes: Axes, frame: Frame, side: float) -> None:
    """Each in its slot, as in the player: a color's lane goes from the router down to the inbox."""
    cells = frame.trace.cells
    lane = np.zeros(len(cells.pe), int)
    count = np.bincount(cells.pe, minlength=len(cells.pes))
    seen = np.zeros(len(cells.pes), int)
    for node, pe in enumerate(cells.pe):
        lane[node] = seen[pe]
        seen[pe] += 1
    left, room, widest = LANES
    pitch = np.minimum(widest, room / np.maximum(1, count))[cells.pe]
    x = cells.pe % len(cells.columns) + left + (lane + 0.5) * pitch
    top = cells.pe // len(cells.columns)
    size = (side * 72 * 0.075) ** 2
    for place in PLACES:
        rows = frame(place)
        start, end = SPANS[place]
        for slot, row in enumerate(rows):
            y = top + start + (slot + 0.5) / max(1, len(rows)) * (end - start)
            for color in range(len(frame.program.colors)):
                here = np.flatnonzero((row > 0) & (cells.color == color))
                axes.scatter(
                    x[here], y[here], s=size, c=HUES[color % len(HUES)], zorder=3,
                    marker=SHAPES[color % len(SHAPES)], edgecolors=INK, linewidths=0.4,
                )  # fmt: skip


def _arrow(axes: Axes, frame: Frame, arrow: Arrow) -> None:
    cells = frame.trace.cells
    (x0, y0), (x1, y1) = (
        (column - cells.columns.start + 0.61, row - cells.rows.start + 0.77)
        for row, column in (arrow.start, arrow.end)
    )
    axes.annotate(
        "", (x1, y1), (x0, y0), zorder=5,
        arrowprops={"arrowstyle": "-|>", "color": RED, "linewidth": 2, "shrinkA": 12, "shrinkB": 12,
                    "mutation_scale": 16, "connectionstyle": "arc3,rad=-0.3"},
    )  # fmt: skip
    middle = (x0 + x1) / 2 + 0.15 * (y1 - y0), (y0 + y1) / 2 - 0.15 * (x1 - x0)
    axes.text(
        *middle, arrow.label, ha="center", va="center", fontsize=8, zorder=6,
        bbox={"boxstyle": "round,pad=0.3", "facecolor": "white", "edgecolor": RED},
    )  # fmt: skip


def _legend(axes: Axes, frame: Frame) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    doing = {_shade(int(one)) for one in np.unique(frame("doing")[0])}
    handles: list[Any] = [
        Patch(facecolor=fill, edgecolor=EDGE, label=text)
        for shade, (fill, text) in SHADES.items()
        if shade in doing
    ]
    here = {int(one) for place in PLACES
            for one in frame.trace.cells.color[np.nonzero(frame(place))[1]]}  # fmt: skip
    handles += [
        Line2D([], [], linestyle="", marker=SHAPES[color % len(SHAPES)], markersize=7,
               color=HUES[color % len(HUES)], markeredgecolor=INK, markeredgewidth=0.4,
               label=f"color {frame.program.colors[color].name}")
        for color in sorted(here)[:8]
    ]  # fmt: skip
    axes.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, -0.02), ncols=4,
                frameon=False, fontsize=8, borderaxespad=2.5)  # fmt: skip
