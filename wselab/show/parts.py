"""A matrix cut into the parts that the PEs hold, with the padding that fills them up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..kernels import Plan
from ..kernels.tiling import zero_padded
from .picture import Picture, need_matplotlib, picture
from .scale import SIGNED_COLORS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NAMED = 40  # parts of a matrix that are each marked with their PE
WIDE_IN = 9.6  # of a picture that a page shows without making it smaller


def parts(A: np.ndarray, *plans: Plan) -> Picture:
    """``A`` as cells, cut as each of the plans has it, one below the other.

    ``plans`` are of `wselab.kernels.gemv_plan`. Padding is hatched; where there are few parts each
    is marked with its PE, (row, column). Raises ValueError where there is no plan, or one of a
    matrix of another shape.

    >>> from wselab.kernels import gemv_plan
    >>> A = np.arange(12.0).reshape(3, 4)
    >>> parts(A, gemv_plan(A.shape, (2, 2)), gemv_plan(A.shape, (2, 2), "columns"))
    A matrix of 3 x 4, cut in two ways. Layout "tiles": 2 x 2 PEs with 2 x 2 each; 4 of 16 cells are
    padding. Layout "columns": 2 x 2 PEs with 3 x 1 each.
    """
    A = np.asarray(A)
    if not plans or any(plan.matrix != A.shape for plan in plans):
        shapes = ", ".join(str(plan.matrix) for plan in plans) or "no plan"
        raise ValueError(f"parts: A has shape {A.shape}, and the plans are of {shapes}")
    need_matplotlib()
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDE_IN, 2.3 * len(plans)), layout="constrained")
    for axes, plan in zip(figure.subplots(len(plans), squeeze=False)[:, 0], plans, strict=True):
        drawn = _draw(axes, A, plan)
    figure.colorbar(drawn, ax=figure.axes, label="value")
    ways = f", cut in {('', 'two ', 'three ')[min(len(plans), 3) - 1]}ways" * (len(plans) > 1)
    return picture(
        figure, f"A matrix of {A.shape[0]} x {A.shape[1]}{ways}. " + " ".join(map(_words, plans))
    )


def _words(plan: Plan) -> str:
    (rows, columns), (height, width) = plan.wafer, plan.tile
    padding = f"; {plan.padding:,} of {plan.macs:,} cells are padding" * (plan.padding > 0)
    over = "" if plan.fits else f"; does not fit, {plan.bytes_per_pe:,} of {plan.room:,} bytes a PE"
    cut = f"{rows} x {columns} PEs with {height} x {width} each"
    return f'Layout "{plan.layout}": {cut}{padding}{over}.'


def _grid(plan: Plan) -> tuple[int, int]:
    """How many parts lie below, and beside, each other in the matrix."""
    rows, columns = plan.wafer
    if plan.layout == "rows":
        return rows * columns, 1
    return (1, rows * columns) if plan.layout == "columns" else plan.wafer


def _draw(axes: Axes, A: np.ndarray, plan: Plan) -> Any:
    from matplotlib.patches import Rectangle

    (down, right), (height, width) = _grid(plan), plan.tile
    rows, columns = down * height, right * width
    most = abs(A).max() or 1.0
    drawn = axes.imshow(
        zero_padded(A, (rows, columns)), cmap=SIGNED_COLORS, vmin=-most, vmax=most, aspect="auto",
        extent=(0, columns, rows, 0), interpolation="nearest",
    )  # fmt: skip
    hatched: dict[str, Any] = {
        "facecolor": "#d9d9d9",
        "edgecolor": "#767676",
        "hatch": "///",
        "linewidth": 0,
    }
    axes.add_patch(Rectangle((0, A.shape[0]), columns, rows - A.shape[0], **hatched))
    axes.add_patch(Rectangle((A.shape[1], 0), columns - A.shape[1], A.shape[0], **hatched))
    axes.hlines(np.arange(height, rows, height), 0, columns, color="black", linewidth=1)
    axes.vlines(np.arange(width, columns, width), 0, rows, color="black", linewidth=1)
    if down * right <= NAMED:
        behind = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1}
        for number in range(down * right):
            row, column = divmod(number, right)
            pe = divmod(number, plan.wafer[1])
            many = right == 1 and down > 12  # lines too thin for names below each other
            at = (number % 4 + 0.5) / 4 * columns if many else (column + 0.5) * width
            axes.text(
                at, (row + 0.5) * height, f"({pe[0]}, {pe[1]})", ha="center", va="center", size=7,
                rotation=90 if right > 12 else 0, bbox=behind,
            )  # fmt: skip
    axes.set(title=_words(plan), xlabel="column of the matrix", ylabel="row")
    axes.title.set_fontsize(10)
    axes.locator_params(axis="y", integer=True)
    return drawn
