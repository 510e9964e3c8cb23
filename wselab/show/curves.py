"""Curves over a size, such as cycles over columns of PEs, told apart by their marks."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import cycle

from .picture import Picture, need_matplotlib, picture

MARKS = ("o-", "s--", "^-.", "D:")
SPOKEN = 12  # points of a curve that its text has


def curves(lines: Mapping[str, Mapping[float, float]], x: str, y: str, title: str = "") -> Picture:
    """Curves by name, each from a place on the x axis to its value; both axes are logarithmic.

    ``x`` and ``y`` name the axes. Raises ValueError where there is no curve, one without points, or
    a point that is not above 0.

    >>> curves({"one row": {1: 8, 2: 5, 4: 6}}, x="columns of PEs", y="cycles")
    cycles over columns of PEs. one row: 8 at 1, 5 at 2, 6 at 4; lowest 5 at 2.
    """
    if not lines or not all(lines.values()):
        raise ValueError("curves: nothing to show; expected {name: {x: y, ...}, ...}")
    for name, points in lines.items():
        if not all(place > 0 and value > 0 for place, value in points.items()):
            raise ValueError(f"curves: {name!r} has points that are not above 0")
    need_matplotlib()
    from matplotlib.figure import Figure
    from matplotlib.ticker import ScalarFormatter

    figure = Figure(figsize=(8, 3.6), layout="constrained")
    axes = figure.subplots()
    for (name, points), mark in zip(lines.items(), cycle(MARKS), strict=False):
        axes.loglog(list(points), list(points.values()), mark, label=name)
    places = sorted({place for points in lines.values() for place in points})
    axes.set(xlabel=x, ylabel=y, title=title)
    axes.set_yscale("log", base=2)
    axes.yaxis.set_major_formatter(ScalarFormatter())
    if len(places) <= SPOKEN:
        axes.set_xticks(places, [f"{place:g}" for place in places])
        axes.minorticks_off()
    axes.legend(frameon=False)
    told = " ".join(_words(name, points) for name, points in lines.items())
    return picture(figure, f"{title}{'. ' * bool(title)}{y} over {x}. {told}")


def _words(name: str, points: Mapping[float, float]) -> str:
    lowest = min(points, key=lambda place: points[place])
    every = [f"{value:,.6g} at {place:g}" for place, value in points.items()]
    said = every if len(every) <= SPOKEN else [every[0], "...", every[-1]]
    return f"{name}: {', '.join(said)}; lowest {points[lowest]:,.6g} at {lowest:g}."
