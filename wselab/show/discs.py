"""Discs of silicon as pictures: cut into dies or kept whole, with the defects that fell on them.

What is good, bad or cut by the rim differs in hatching as well as in color, and the text of each
picture has the counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..foundry import Dead, Diced, Disc
from .picture import Picture, need_matplotlib, picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SILICON, RIM, DEFECT = "#ffffff", "#767676", "#000000"
WIDE_IN = 9.6  # of a picture that a page shows without making it smaller
MAGNIFIED_MM = 18  # the side of what `disc_corner` shows large
LOOKS: dict[str, dict[str, Any]] = {  # of a die, and of the parts of one that are not there
    "good": {"facecolor": "#a6d5f5", "edgecolor": "#1b5e8c", "linewidth": 0.7},
    "works with spares": {"facecolor": "#a6d5f5", "edgecolor": "#1b5e8c", "hatch": "...."},
    "bad": {"facecolor": "#f0a35e", "edgecolor": "#7a3b00", "hatch": "////"},
    "cut by the rim": {"facecolor": "none", "edgecolor": RIM, "linestyle": ":"},
    "beyond the rim": {"facecolor": "#333333", "edgecolor": "#333333", "linewidth": 0.5},
}


class Whole(NamedTuple):
    """A disc that is not cut: one die in its middle, with some of its cores dead.

    ``points`` are the defects of the disc, in mm, ``dead`` what they killed, as
    `wselab.foundry.dead_cores` gives it.
    """

    disc: Disc
    width_mm: float
    height_mm: float
    points: np.ndarray
    dead: Dead


#: A disc cut up; cut up, with a mask of the dies that work; or kept whole.
Panel = Diced | tuple[Diced, np.ndarray] | Whole


def disc(*panels: Panel) -> Picture:
    """Discs side by side, one for each panel, under the number of what works on it.

    A pair of a `Diced` and a mask tells dies that work in spite of their defects from bad ones.
    Raises ValueError where there is nothing to show.

    >>> from wselab import foundry
    >>> silicon = Disc()
    >>> points = foundry.defects(silicon, per_mm2=0.001, seed=3)
    >>> disc(foundry.dice(silicon, 40, 40, points))
    A disc of 300 mm cut into 32 dies of 40 x 40 mm: 7 good, 25 bad, and 28 cut by the rim; 65
    defects.
    >>> dead = foundry.dead_cores(points, (1172, 828), 215, 215)
    >>> disc(Whole(silicon, 215, 215, points, dead))
    A disc of 300 mm kept whole, as a die of 215 x 215 mm: 46 of its 970,416 cores are dead, 19
    defects lie beside it, and its corners lie beyond the rim.
    """
    if not panels:
        raise ValueError("disc: nothing to show; expected a Diced, a Whole, or several of them")
    need_matplotlib()
    from matplotlib.figure import Figure

    side = min(4.3, WIDE_IN / len(panels))
    figure = Figure(figsize=(side * len(panels), side + 0.6), layout="constrained")
    legend: dict[str, Any] = {}
    told = []
    for axes, panel in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
        if isinstance(panel, Whole):
            _draw_whole(axes, panel, legend)
            told.append(_whole_in_words(panel))
        else:
            diced, working = panel if isinstance(panel, tuple) else (panel, None)
            _draw_diced(axes, diced, working, legend)
            told.append(_diced_in_words(diced, working))
    figure.legend(
        legend.values(), legend, loc="outside lower center", ncols=min(4, len(legend)),
        frameon=False, fontsize=9,
    )  # fmt: skip
    return picture(figure, " ".join(told))


def disc_corner(disc: Disc, width_mm: float, height_mm: float) -> Picture:
    """A rectangle in the middle of a disc, whole, and its upper right corner magnified.

    >>> disc_corner(Disc(), 215, 215)
    A rectangle of 215 x 215 mm on a disc of 300 mm, and one of its corners magnified: it is 152.0
    mm from the centre, where the disc has a radius of 150 mm and its usable part one of 147 mm.
    The four corners together lie beyond that by 102.3 mm2.
    """
    need_matplotlib()
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

    half = np.array([width_mm, height_mm]) / 2
    beyond = disc.overhang_mm2(width_mm, height_mm)
    figure = Figure(figsize=(8.6, 4.4), layout="constrained")
    small, large = figure.subplots(1, 2)
    for axes in (small, large):
        _draw_disc(axes, disc)
        _draw_die(axes, disc, width_mm, height_mm, {})
    low = half - 0.8 * MAGNIFIED_MM
    frame: dict[str, Any] = {
        "facecolor": "none",
        "edgecolor": "black",
        "linewidth": 1.5,
        "zorder": 5,
    }
    small.add_patch(Rectangle((low[0], low[1]), MAGNIFIED_MM, MAGNIFIED_MM, **frame))
    large.set_axis_on()
    large.set(xlim=(low[0], low[0] + MAGNIFIED_MM), ylim=(low[1], low[1] + MAGNIFIED_MM))
    large.set(xticks=[], yticks=[])
    angle = np.arctan2(half[1], half[0])
    label: dict[str, Any] = {
        "textcoords": "axes fraction",
        "arrowprops": {"arrowstyle": "->"},
        "ha": "center",
    }
    for name, radius, turned, text in (
        ("rim of the disc", disc.diameter_mm / 2, 0.03, (0.76, 0.93)),
        ("usable part", disc.radius_mm, 0.0, (0.27, 0.3)),
    ):
        at = radius * np.cos(angle + turned), radius * np.sin(angle + turned)
        large.annotate(f"{name}, r = {radius:g} mm", at, text, **label)
    small.set_title(f"{width_mm:g} x {height_mm:g} mm on a disc of {disc.diameter_mm:g} mm")
    large.set_title("One corner, magnified; black: no usable silicon")
    return picture(
        figure,
        f"A rectangle of {width_mm:g} x {height_mm:g} mm on a disc of {disc.diameter_mm:g} mm, "
        f"and one of its corners magnified: it is {np.hypot(*half):.1f} mm from the centre, where "
        f"the disc has a radius of {disc.diameter_mm / 2:g} mm and its usable part one of "
        f"{disc.radius_mm:g} mm. The four corners together lie beyond that by {beyond:.1f} mm2.",
    )


def cut_by_the_rim(diced: Diced) -> np.ndarray:
    """The lower left corners of the places of its grid that lie on the disc, but not whole."""
    size, radius = np.array([diced.width_mm, diced.height_mm]), diced.disc.diameter_mm / 2
    step, first = size + diced.disc.scribe_mm, diced.corners.min(axis=0)
    most = int(np.ceil(2 * radius / step.min())) + 1
    places = np.stack(np.meshgrid(*[np.arange(-most, most + 1)] * 2), axis=-1).reshape(-1, 2)
    corners = first + places * step
    on_disc = np.hypot(*np.clip(0, corners, corners + size).T) < radius
    whole = {tuple(place) for place in np.rint((diced.corners - first) / step).astype(int)}
    return corners[on_disc & [tuple(place) not in whole for place in places]]


def _draw_diced(
    axes: Axes, diced: Diced, working: np.ndarray | None, legend: dict[str, Any]
) -> None:
    works = diced.good if working is None else working
    kinds = {"good": diced.good & works, "works with spares": works & ~diced.good, "bad": ~works}
    size = diced.width_mm, diced.height_mm
    _draw_disc(axes, diced.disc)
    for kind, which in kinds.items():
        _draw_rectangles(axes, diced.corners[which], size, kind, legend)
    rim = diced.disc.diameter_mm / 2
    _draw_rectangles(axes, cut_by_the_rim(diced), size, "cut by the rim", legend, rim)
    _draw_defects(axes, diced.points, legend)
    axes.set_title(f"{int(works.sum())} of {len(works)} dies work")


def _draw_whole(axes: Axes, whole: Whole, legend: dict[str, Any]) -> None:
    from matplotlib.lines import Line2D

    rows, columns = whole.dead.cores.shape
    row, column = np.nonzero(whole.dead.cores)
    _draw_disc(axes, whole.disc)
    _draw_die(axes, whole.disc, whole.width_mm, whole.height_mm, legend)
    _draw_defects(axes, whole.points[_beside(whole)], legend)
    x = ((column + 0.5) / columns - 0.5) * whole.width_mm
    y = (0.5 - (row + 0.5) / rows) * whole.height_mm
    axes.plot(x, y, "x", color="white", ms=9, mew=4)
    axes.plot(x, y, "x", color=DEFECT, ms=7, mew=1.8)
    legend["dead core (drawn much too large)"] = Line2D(
        [], [], color=DEFECT, marker="x", ms=7, mew=1.8, ls=""
    )
    axes.set_title(f"{rows * columns - len(row):,} of {rows * columns:,} cores work")


def _draw_disc(axes: Axes, disc: Disc) -> None:
    from matplotlib.patches import Circle

    radius = disc.diameter_mm / 2
    axes.add_patch(Circle((0, 0), radius, facecolor=SILICON, edgecolor="none"))
    for each, line in ((radius, "-"), (disc.radius_mm, "--")):
        axes.add_patch(
            Circle((0, 0), each, facecolor="none", edgecolor=RIM, linestyle=line, zorder=3)
        )
    axes.set(xlim=(-radius - 3, radius + 3), ylim=(-radius - 3, radius + 3), aspect="equal")
    axes.set_axis_off()


def _draw_die(axes: Axes, disc: Disc, width: float, height: float, legend: dict[str, Any]) -> None:
    """One die in the middle, with what of it lies beyond the rim."""
    corners, size = np.array([[-width / 2, -height / 2]]), (width, height)
    if np.hypot(width, height) / 2 > disc.radius_mm:
        _draw_rectangles(axes, corners, size, "beyond the rim", legend)
    _draw_rectangles(axes, corners, size, "good", legend, disc.radius_mm)


def _draw_rectangles(
    axes: Axes,
    corners: np.ndarray,
    size: tuple[float, float],
    kind: str,
    legend: dict[str, Any],
    radius: float | None = None,
) -> None:
    """Rectangles of a size; only what lies within the radius, where one is given."""
    from matplotlib.collections import PatchCollection
    from matplotlib.patches import Circle, Patch, Rectangle

    if not len(corners):
        return
    drawn = PatchCollection([Rectangle((x, y), *size) for x, y in corners], **LOOKS[kind])
    axes.add_collection(drawn)
    if radius is not None:
        drawn.set_clip_path(Circle((0, 0), radius, transform=axes.transData))
    legend.setdefault(kind, Patch(**LOOKS[kind]))


def _draw_defects(axes: Axes, points: np.ndarray, legend: dict[str, Any]) -> None:
    dots = axes.plot(*points.T, "o", color=DEFECT, ms=4.5, mec="white", mew=0.8, zorder=4)
    legend.setdefault("defect", dots[0])


def _beside(whole: Whole) -> np.ndarray:
    """Which defects fell beside the die."""
    return (np.abs(whole.points) > np.array([whole.width_mm, whole.height_mm]) / 2).any(axis=1)


def _diced_in_words(diced: Diced, working: np.ndarray | None) -> str:
    works = diced.good if working is None else working
    counts = [f"{int((diced.good & works).sum())} good"]
    if working is not None:
        counts.append(f"{int((works & ~diced.good).sum())} that work with spares")
    return (
        f"A disc of {diced.disc.diameter_mm:g} mm cut into {len(diced.corners)} dies of "
        f"{diced.width_mm:.3g} x {diced.height_mm:.3g} mm: {', '.join(counts)}, "
        f"{int((~works).sum())} bad, and {len(cut_by_the_rim(diced))} cut by the rim; "
        f"{len(diced.points)} defects."
    )


def _whole_in_words(whole: Whole) -> str:
    width, height = whole.width_mm, whole.height_mm
    told = [f"{int(whole.dead.cores.sum())} of its {whole.dead.cores.size:,} cores are dead"]
    told.append(f"{int(_beside(whole).sum())} defects lie beside it")
    if np.hypot(width, height) / 2 > whole.disc.radius_mm:
        told.append("its corners lie beyond the rim")
    return (
        f"A disc of {whole.disc.diameter_mm:g} mm kept whole, as a die of {width:g} x {height:g} "
        f"mm: {', '.join(told[:-1])}, and {told[-1]}."
    )
