"""The wafer as a map: one dot a PE, row 0 at the top, column 0 on the left."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from .picture import Picture, need_matplotlib, picture
from .scale import COLORS, SIGNED_COLORS, Limits, Maps, checked, limits_of, maps_of, pooled
from .words import describe, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .live_map import WaferMap

FLAT = 2.5  # from this ratio of columns to rows on, a PE is drawn taller than it is wide
DOTS_PER_INCH = 75  # of a still map; the picture has room for a few more
SMALL = 1_000  # dots, so large that one is seen by itself
NUMBERED = 100  # PEs whose values a map has as numbers, too
FEW_DEAD = 200  # dots without a dead one beside them, each marked by a cross


def wafer(
    values: Any,
    title: str = "",
    label: str = "",
    signed: bool = False,
    limits: Limits | None = None,
) -> WaferMap | Picture:
    """A map of ``values``, an array of shape ``(rows, columns)`` with one number for each PE.

    NaN is a dead PE. Several maps by name, such as ``{"busy": ..., "waiting": ...}`` or the load of
    the links, ``run.maps.link_load``, share a scale, and one of them is shown at a time. ``label``
    names the number and its unit at the color scale; ``signed`` puts zero in the middle of a scale
    of two hues; ``limits`` are the ends of the scale, by default those of the values.

    The map is live: it zooms, says the value of each PE, and ``m.update(values)`` gives it new
    ones. Where anywidget is not installed it is a still `Picture`, with a warning. Raises
    ValueError where ``values`` is not a map.

    >>> m = wafer([[0, 1, 2], [0, 1, 2]], title="Columns")
    >>> m
    Columns. Map of 2 rows x 3 columns of PEs: from 0 to 2, mean 1; the same in every row; growing
    eastward.
    >>> m.update([[0, 1, 2], [0, 1, 9]])
    >>> m.limits
    (0.0, 9.0)
    """
    need_matplotlib()
    maps = maps_of(values)
    ends = None if limits is None else checked(limits)
    try:
        from .live_map import WaferMap
    except ImportError as error:
        warnings.warn(f"this map is a still picture: {error}", stacklevel=2)
        return still(maps, title, label, signed, ends or limits_of(maps, signed))
    return WaferMap(maps, title, label, signed, ends)


def still(maps: Maps, title: str, label: str, signed: bool, limits: Limits) -> Picture:
    """The maps side by side, as a picture."""
    from matplotlib.figure import Figure

    rows, columns = next(iter(maps.values())).shape
    wide = 5.0 * min(FLAT, max(0.6, columns / rows))
    high = 5.0 if rows * FLAT >= columns else 2.2
    figure = Figure(figsize=(len(maps) * wide + 1.2, high), layout="constrained")
    all_axes = figure.subplots(1, len(maps), squeeze=False)[0]
    for axes, (name, table) in zip(all_axes, maps.items(), strict=True):
        dots = pooled(table, int(DOTS_PER_INCH * high), int(DOTS_PER_INCH * wide), signed)
        image = _draw(axes, table, dots, signed, limits)
        axes.set_title(name if len(maps) > 1 else title)
    if len(maps) > 1:
        figure.suptitle(title)
    figure.colorbar(image, ax=list(all_axes), label=label, fraction=0.046, pad=0.03)
    return picture(figure, describe(maps, title, label))


def _draw(axes: Axes, table: np.ndarray, dots: np.ndarray, signed: bool, limits: Limits) -> Any:
    from matplotlib.ticker import MaxNLocator

    rows, columns = table.shape
    image = axes.imshow(
        dots,
        cmap=SIGNED_COLORS if signed else COLORS,
        vmin=limits[0],
        vmax=limits[1],
        interpolation="nearest",
        extent=(-0.5, columns - 0.5, rows - 0.5, -0.5),
        aspect="equal" if columns <= FLAT * rows else "auto",
    )
    dead = np.isnan(dots)
    if dead.any():
        axes.set_facecolor("white")
        axes.patch.set(hatch="//////", edgecolor="black")
    lone = np.argwhere(dead & ~_beside(dead))
    if dots.size > SMALL and 0 < len(lone) <= FEW_DEAD:
        down, across = ((lone + 0.5) * table.shape / dots.shape - 0.5).T
        axes.plot(across, down, "x", color="black", ms=7, mew=3.5)
        axes.plot(across, down, "x", color="white", ms=6, mew=1.5)
    if table.size <= NUMBERED:
        _write(axes, table, image)
    axes.set_xlabel("column (west to east)")
    axes.set_ylabel("row (north to south)")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    return image


def _write(axes: Axes, table: np.ndarray, image: Any) -> None:
    """The values of the PEs that live, in black or white as can be read on their colors."""
    for (place, value), text in zip(np.ndenumerate(table), numbers_of(table), strict=True):
        if text:
            red, green, blue, _ = image.cmap(image.norm(value))
            bright = 0.3 * red + 0.59 * green + 0.11 * blue > 0.5
            axes.text(
                place[1], place[0], text, ha="center", va="center", size=8,
                color="black" if bright else "white",
            )  # fmt: skip


def numbers_of(table: np.ndarray) -> list[str]:
    """The values of a map as they are written into it, row by row; nothing for a dead PE.

    >>> numbers_of(np.array([[12.0, 0.12345], [float("nan"), 1234.5]]))
    ['12', '0.123', '', '1,234']
    """
    return ["" if np.isnan(value) else number(value, digits=3) for value in table.ravel().tolist()]


def _beside(mask: np.ndarray) -> np.ndarray:
    """Where one of the four neighbours is marked."""
    padded = np.pad(mask, 1)
    across, down = padded[1:-1], padded[:, 1:-1]
    return across[:, :-2] | across[:, 2:] | down[:-2] | down[2:]
