"""The wafer as a map: one dot a PE, row 0 at the top, column 0 on the left."""

from __future__ import annotations

from typing import Any

import numpy as np

from .picture import Picture, picture

COLORS = "cividis"  # looks the same to readers who cannot tell red from green
SIGNED_COLORS = "PuOr"


def wafer(values: Any, title: str = "", label: str = "", signed: bool = False) -> Picture:
    """A map of ``values``, an array of shape ``(rows, columns)`` with one number for each PE.

    ``label`` names the number and its unit at the color scale; ``signed`` puts zero in the middle
    of a scale of two hues. Raises ValueError where ``values`` is not a map.

    >>> wafer([[0, 1, 2], [0, 1, 2]], title="Columns")  # doctest: +ELLIPSIS
    Columns. Map of 2 rows x 3 columns of PEs: from 0 to 2, mean 1; the same in every row; ...
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    table = np.asarray(values, dtype=float)
    if table.ndim != 2 or not table.size:
        raise ValueError(
            f"wafer map: values of shape {table.shape}; expected (rows, columns), one number a PE. "
            "Try x[:, :, 0], or x[...].sum(axis=-1)"
        )
    rows, columns = table.shape
    wide = 5.0 * min(2.5, max(0.6, columns / rows))
    figure = Figure(figsize=(wide + 1.2, 5.0 if rows * 2.5 >= columns else 2.2))
    axes = figure.subplots()
    most = float(np.nanmax(np.abs(table))) if signed else None
    image = axes.imshow(
        table,
        cmap=SIGNED_COLORS if signed else COLORS,
        vmin=-most if most else None,
        vmax=most,
        interpolation="nearest" if rows * columns < 10_000 else "antialiased",
        aspect="equal" if columns <= 2.5 * rows else "auto",
    )
    axes.set_xlabel("column (west to east)")
    axes.set_ylabel("row (north to south)")
    axes.set_title(title)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(integer=True))
    figure.colorbar(image, ax=axes, label=label, fraction=0.046, pad=0.03)
    return picture(figure, describe(table, title, label))


def describe(values: Any, title: str = "", label: str = "") -> str:
    """What a map shows, in words, from its numbers."""
    table = np.asarray(values, dtype=float)
    rows, columns = table.shape
    low, high, mean = (f"{f(table):,.4g}" for f in (np.nanmin, np.nanmax, np.nanmean))
    unit = f" ({label})" if label else ""
    head = f"{title.rstrip('.')}. " if title else ""
    size = f"{head}Map of {rows:,} rows x {columns:,} columns of PEs{unit}"
    if low == high:
        return f"{size}: {low} everywhere."
    text = [f"{size}: from {low} to {high}, mean {mean}"]
    if rows > 1 and (table == table[:1]).all():
        text.append("the same in every row")
    if columns > 1 and (table == table[:, :1]).all():
        text.append("the same in every column")
    for axis, ways in (
        (1, ("growing eastward", "growing westward")),
        (0, ("growing southward", "growing northward")),
    ):
        trend = np.nanmean(table, axis=1 - axis)
        steps = np.diff(trend)
        if len(steps) and (steps >= 0).all() and (steps > 0).any():
            text.append(ways[0])
        if len(steps) and (steps <= 0).all() and (steps < 0).any():
            text.append(ways[1])
    if len(text) == 1:
        row, column = np.unravel_index(int(np.nanargmax(table)), table.shape)
        text.append(f"highest at PE ({row}, {column})")
    return "; ".join(text) + "."
