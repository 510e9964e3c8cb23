"""Who waits for whom over the still picture of a frame: arrows beside the wavelets, never on them.

Between neighbours an arrow goes from processor to processor, where no color has its lane; to a PE
farther away it goes along the gaps between the PEs. Its number leads to the list below the picture.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from ..fabric.trace.cells import Cells
from .waiting import Arrow, last_link, links_told, span, spans

if TYPE_CHECKING:
    from matplotlib.axes import Axes

RED = "#c8102e"
EAST_AT, WEST_AT = 0.66, 0.80  # how far down in a PE the arrows to its neighbours leave it
SOUTH_AT, NORTH_AT = 0.81, 0.90  # and how far right
Point = tuple[float, float]


def draw_waiting(
    axes: Axes, cells: Cells, arrows: list[Arrow], side: float, is_map: bool, below: float
) -> None:
    """The arrows, and a dashed frame where a chain of them ends, of PEs ``side`` inches wide.

    In a map they go from middle to middle. The list begins ``below`` points under the axes.
    """
    from matplotlib.patches import FancyArrowPatch, Rectangle
    from matplotlib.path import Path

    origin = cells.rows.start, cells.columns.start
    links = [[_inside(pe, origin) for pe in (one.start, one.end)] for one in arrows]
    head = min(14.0, max(4.0, 16 * side))
    for at, (start, end) in enumerate(links):
        if start != end:
            line = Path(_way(start, end, is_map, at))
            axes.add_patch(FancyArrowPatch(
                path=line, arrowstyle="-|>", mutation_scale=head, color=RED, zorder=5,
                linewidth=min(2.0, max(0.8, 2.4 * side)), fill=False, joinstyle="miter",
            ))  # fmt: skip
    if end_of_chain := last_link(arrows):
        row, column = _inside(end_of_chain, origin)
        axes.add_patch(Rectangle((column, row), 1, 1, fill=False, edgecolor=RED, linewidth=2,
                                 linestyle=(0, (4, 2.5)), zorder=6))  # fmt: skip
    for at, ((start, end), mark) in enumerate(zip(links, spans(arrows), strict=True)):
        if mark and not is_map:
            axes.text(
                *_beside(start, end, at), mark, ha="center", va="center", zorder=7,
                fontsize=min(8, 3.5 + 5 * side), color="#1b2430",
                bbox={"boxstyle": "round,pad=0.2", "facecolor": "white", "edgecolor": RED},
            )  # fmt: skip
    told = links_told(arrows)
    lines = [f"{span(numbers)}   {text}" if numbers else text for numbers, text in told]
    axes.annotate(
        "\n".join(lines), (0.5, 0), (0, -below), xycoords="axes fraction", va="top", ha="center",
        textcoords="offset points", fontsize=8, linespacing=1.6,
    )  # fmt: skip


def _inside(pe: tuple[int, int], origin: tuple[int, int]) -> tuple[int, int]:
    return pe[0] - origin[0], pe[1] - origin[1]


def _way(start: tuple[int, int], end: tuple[int, int], is_map: bool, number: int) -> list[Point]:
    """The points of an arrow, x and y; PE (row, column) has the square that begins there."""
    (r0, c0), (r1, c1) = start, end
    if is_map:
        return [(c0 + 0.5, r0 + 0.5), (c1 + 0.5, r1 + 0.5)]
    if (r1 - r0, c1 - c0) == (0, 1):
        return [(c0 + 0.80, r0 + EAST_AT), (c1 + 0.28, r0 + EAST_AT)]
    if (r1 - r0, c1 - c0) == (0, -1):
        return [(c0 + 0.28, r0 + WEST_AT), (c1 + 0.80, r0 + WEST_AT)]
    if (r1 - r0, c1 - c0) == (1, 0):
        return [(c0 + SOUTH_AT, r0 + 0.90), (c0 + SOUTH_AT, r1 + 0.60)]
    if (r1 - r0, c1 - c0) == (-1, 0):
        return [(c0 + NORTH_AT, r0 + 0.62), (c0 + NORTH_AT, r1 + 0.95)]
    gap = 0.98 + 0.03 * (number % 3)  # some go side by side
    if r0 == r1:
        return [(c0 + 0.55, r0 + 0.95), (c0 + 0.55, r0 + gap + 0.03), (c1 + 0.65, r0 + gap + 0.03),
                (c1 + 0.65, r0 + 0.88)]  # fmt: skip
    up = [(c0 + 0.96, r0 + 0.77)] if c0 == c1 else [(c0 + 0.6, r0 + 0.95), (c0 + 0.6, r0 + gap)]
    turn = r0 + (0.77 if c0 == c1 else gap)
    return [*up, (c1 + gap + 0.03, turn), (c1 + gap + 0.03, r1 + 0.77), (c1 + 0.9, r1 + 0.77)]


def _beside(start: tuple[int, int], end: tuple[int, int], number: int) -> Point:
    """Where an arrow's number stands: in the gap beside it."""
    (r0, c0), (r1, c1) = start, end
    if start == end:
        return c0 + 0.14, r0 + 0.86
    if (r1 - r0, c1 - c0) == (0, 1):
        return c0 + 1.12, r0 + EAST_AT - 0.17
    if (r1 - r0, c1 - c0) == (0, -1):
        return c1 + 1.12, r0 + WEST_AT + 0.22
    if abs(r1 - r0) == 1 and c0 == c1:
        return c0 + (0.93 if r1 > r0 else 1.02), min(r0, r1) + 1.32
    points = _way(start, end, False, number)
    (x0, y0), (x1, y1) = max(pairwise(points), key=lambda two: abs(sum(two[0]) - sum(two[1])))
    return (x0 + x1) / 2, (y0 + y1) / 2
