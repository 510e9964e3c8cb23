"""What was published beside what is computed, as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .picture import Picture, picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Shapes differ as well as colors, for readers who cannot tell the colors apart.
PUBLISHED, EMULATED, PREDICTED = "#000000", "#0072B2", "#D55E00"

#: Label, published, emulated (None where it did not run), predicted; all in cycles.
Cycles = tuple[str, float, float | None, float]
#: Label, and the lowest and the highest of what is predicted over what was published.
Ratio = tuple[str, float, float]


def validation(cycles: Sequence[Cycles], ratios: Sequence[Ratio]) -> Picture:
    """Left: ``cycles``, one column a measurement. Right: ``ratios``, one line each, around 1.

    Raises ValueError where one of them is empty.

    >>> validation([("V1", 7218, 7162, 7162)], [("V1", 0.992, 0.992), ("V7", 2.2, 5.4)])
    Two charts. Left, in cycles: V1 published 7,218, emulated 7,162, predicted 7,162. Right, what is
    predicted over what was published, where 1 is right: V1 0.992; V7 2.2 to 5.4.
    """
    if not cycles or not ratios:
        raise ValueError(
            f"validation: {len(cycles)} measurements in cycles and {len(ratios)} ratios; expected "
            "at least one of each"
        )
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11.5, 4.6), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.2))
    _draw_cycles(left, cycles)
    _draw_ratios(right, ratios)
    return picture(figure, _describe(cycles, ratios))


def _draw_cycles(axes: Axes, cycles: Sequence[Cycles]) -> None:
    places = range(len(cycles))
    labels, published, emulated, predicted = zip(*cycles, strict=True)
    ran = [(at, value) for at, value in zip(places, emulated, strict=True) if value is not None]
    # Side by side, for they lie too near each other to be told apart one over the other.
    axes.plot(places, published, "o", color=PUBLISHED, fillstyle="none", ms=11, label="published")
    axes.plot(
        [at + 0.22 for at in places], predicted, "D", color=PREDICTED, ms=6, label="predicted"
    )
    if ran:
        at, value = zip(*ran, strict=True)
        axes.plot([a - 0.22 for a in at], value, "x", color=EMULATED, ms=8, mew=2, label="emulated")
    axes.set_xticks(places, labels)
    axes.margins(x=0.1, y=0.12)
    axes.set_ylabel("cycles (the axis does not begin at 0)")
    axes.set_title("Reduce of 512 PEs in a row", fontsize=11)
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.grid(axis="y", alpha=0.3)
    axes.legend(frameon=False)


def _draw_ratios(axes: Axes, ratios: Sequence[Ratio]) -> None:
    from matplotlib.ticker import FixedLocator, NullFormatter

    for at, (_, low, high) in enumerate(ratios):
        if high > low:
            axes.plot([low, high], [at, at], "-", color=PREDICTED, lw=5, solid_capstyle="butt")
        axes.plot([low, high], [at, at], "D", color=PREDICTED, ms=6)
    axes.axvline(1, color=PUBLISHED, lw=1)
    axes.set_xscale("log", base=2)
    reach = max(2, *(max(high, 1 / low) for _, low, high in ratios))
    axes.set_xlim(min(low for _, low, _ in ratios) / 1.4, reach * 1.15)
    axes.xaxis.set_major_locator(FixedLocator([0.25, 0.5, 0.8, 1, 1.25, 2, 3, 4, 6, 8, 16]))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_yticks(range(len(ratios)), [label for label, _, _ in ratios])
    axes.invert_yaxis()
    axes.set_xlabel("predicted over published, on a scale of powers (line: published)")
    axes.set_title("All rows", fontsize=11)
    axes.grid(axis="x", alpha=0.3)


def _describe(cycles: Sequence[Cycles], ratios: Sequence[Ratio]) -> str:
    left = "; ".join(
        f"{label} published {published:,.0f}"
        + ("" if emulated is None else f", emulated {emulated:,.0f}")
        + f", predicted {predicted:,.0f}"
        for label, published, emulated, predicted in cycles
    )
    right = "; ".join(
        f"{label} {low:.3g}" + ("" if low == high else f" to {high:.3g}")
        for label, low, high in ratios
    )
    return (
        f"Two charts. Left, in cycles: {left}. Right, what is predicted over what was published, "
        f"where 1 is right: {right}."
    )
