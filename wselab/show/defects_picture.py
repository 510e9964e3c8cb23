"""A grid of cores with dead ones, and what repair makes of it, as a still picture."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from ..foundry import Repair

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

USED, EDGE, LEFT_OUT, INK = "#a6d5f5", "#1b5e8c", "#767676", "#000000"
WIRE, LONGER = "#8c8c8c", "#b34700"
SIZE = 0.29  # of a core and its wires, in inches
HALF = 0.33  # of a core's side, where the next one is 1 away
RULES = {
    "rows": "By rows: each row leaves out its own dead cores",
    "columns": "By columns: a column with a dead core is left out",
}


def draw(dead: np.ndarray, found: Mapping[str, tuple[Repair | None, list[str]]]) -> Figure:
    """The silicon once for each way of repair, over what is to be said of it."""
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    rows, columns = dead.shape
    wide = max(3.6, SIZE * columns)
    figure = Figure(figsize=(wide * len(found) + 0.4, SIZE * rows + 2.2), layout="constrained")
    boards = figure.subplots(1, len(found))
    for axes, (by, (made, told)) in zip(boards, found.items(), strict=True):
        axes.set(xlim=(-0.8, columns - 0.2), ylim=(rows - 0.2, -0.8), aspect="equal")
        axes.set_axis_off()
        axes.set_title(RULES[by], fontsize=10, loc="left")
        if made:
            _draw_wires(axes, made.column)
        _draw_cores(axes, dead, made)
        lines = [line for one in told for line in textwrap.wrap(one, int(14 * wide))]
        axes.text(-0.5, rows, "\n".join(lines), va="top", fontsize=8)
    look: dict[str, Any] = {"facecolor": USED, "edgecolor": EDGE}
    handles = [
        (Patch(**look), "used; its column as the program sees it"),
        (Line2D([], [], color=INK, marker="x", mew=2, ls=""), "dead"),
        (Patch(facecolor="none", edgecolor=LEFT_OUT, linestyle=":"), "left out"),
        (Line2D([], [], color=LONGER, lw=2.2), "longer wire"),
    ]
    figure.legend(
        *zip(*handles, strict=True), loc="outside lower center", ncols=4, frameon=False, fontsize=8
    )
    return figure


def _draw_cores(axes: Axes, dead: np.ndarray, made: Repair | None) -> None:
    from matplotlib.patches import Rectangle

    seen_as = np.full(dead.shape, -1)
    if made:
        rows, columns = made.shape
        seen_as[np.arange(rows)[:, None], made.column] = np.arange(columns)
    for (row, column), number in np.ndenumerate(seen_as):
        core = Rectangle((column - HALF, row - HALF), 2 * HALF, 2 * HALF, zorder=2)
        core.set(facecolor="white", edgecolor=LEFT_OUT, linestyle=":")
        if number >= 0:
            core.set(facecolor=USED, edgecolor=EDGE, linestyle="-")
            axes.text(column, row, number, ha="center", va="center", fontsize=6, zorder=3)
        axes.add_patch(core)
    row, column = np.nonzero(dead)
    axes.plot(column, row, "x", color=INK, ms=7, mew=1.8, zorder=3)


def _draw_wires(axes: Axes, column: np.ndarray) -> None:
    """Links between cores that are neighbours for the program."""
    for row, places in enumerate(column.tolist()):
        for here, there in pairwise(places):
            _draw_wire(axes, (here, row), (there, row), there - here == 1)
    for row, (places, below) in enumerate(pairwise(column.tolist())):
        for here, there in zip(places, below, strict=True):
            _draw_wire(axes, (here, row), (there, row + 1), here == there)


def _draw_wire(axes: Axes, start: tuple[int, int], end: tuple[int, int], short: bool) -> None:
    """A line between two cores; one that leads past a core in its own row goes round above it."""
    (x, y), (u, v) = start, end
    look: dict[str, Any] = {"color": WIRE, "lw": 0.8} if short else {"color": LONGER, "lw": 1.6}
    if y == v and not short:
        middle = np.linspace(0, 1, 13)
        axes.plot(
            x + HALF + (u - x - 2 * HALF) * middle,
            y - 0.46 * np.sin(np.pi * middle) ** 0.5,
            **look,
            zorder=2.5,
        )
    elif y == v:
        axes.plot([x + HALF, u - HALF], [y, v], **look, zorder=1)
    else:
        axes.plot([x, u], [y + HALF, v - HALF], **look, zorder=1)
