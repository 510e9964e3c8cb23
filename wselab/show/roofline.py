"""Rooflines: what chips can reach at most, over what a kernel computes with each byte."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..hierarchy import Kernel, Roofline
from .picture import Picture, picture
from .words import number

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes

    from .live_roofline import DraggedRoofline

#: Color, dashes in points and mark of each roof in turn; each of the three alone tells them apart.
LOOKS: tuple[tuple[str, tuple[int, ...], str], ...] = (
    ("#E69F00", (), "o"),
    ("#D55E00", (6, 2), "s"),
    ("#CC79A7", (6, 2, 1, 2), "^"),
    ("#000000", (1, 2), "x"),
    ("#56B4E9", (3, 2), "D"),
    ("#0072B2", (10, 2), "v"),
    ("#009E73", (1, 1), "P"),
)
PREFIXES = {-12: "p", -9: "n", -6: "µ", -3: "m", 0: "", 3: "k", 6: "M", 9: "G", 12: "T", 15: "P"}
#: What lies between the leftmost kernel or ridge and the edge, as a factor; and so on the right.
MARGIN = 3.0


def roofline(roofs: Sequence[Roofline], kernels: Sequence[Kernel] = (), title: str = "") -> Picture:
    """Some ``roofs``, and a mark for each kernel on each of them, on logarithmic scales.

    Raises ValueError where there is no roof, or more than can be told apart.

    >>> from wselab.hierarchy import gemv
    >>> from wselab.specs import H100, WSE2
    >>> roofline([Roofline.of(H100), Roofline.of(WSE2)], [gemv(4096, 4096)])
    Rooflines: operations a second, at most, over operations a byte. H100 climbs to 989 Tflop/s at
    295 flop a byte; WSE-2 climbs to 7.5 Pflop/s at 0.375 flop a byte. GEMV 4,096 x 4,096 (1 flop a
    byte) reaches 0.339 % of the peak of H100, 100 % of WSE-2.
    """
    from matplotlib.figure import Figure

    check(roofs)
    low, high, least, most = limits(roofs, [kernel.intensity for kernel in kernels])
    figure = Figure(figsize=(10, 5.6), layout="constrained")
    axes = figure.subplots()
    axes.set(
        xscale="log", yscale="log", xlim=(low, high), ylim=(least, most),
        xlabel="operations with each byte (flop a byte)", ylabel="operations a second, at most",
    )  # fmt: skip
    for roof, (color, dashes, mark) in zip(roofs, LOOKS, strict=False):
        _draw(axes, roof, kernels, color, dashes, mark)
    if len(roofs) == 1:
        _name_sides(axes, roofs[0])
    if kernels:
        at = [kernel.intensity for kernel in kernels]
        axes.vlines(at, least, most, color="gray", lw=0.6, alpha=0.6, zorder=0)
        top = axes.secondary_xaxis("top")
        top.set_xticks(at, [kernel.name for kernel in kernels])
        top.tick_params(axis="x", labelrotation=20)
        for label in top.get_xticklabels():
            label.set(ha="left", rotation_mode="anchor")
        top.minorticks_off()
    axes.yaxis.set_major_formatter(lambda value, _: amount(value, "flop/s"))
    axes.xaxis.set_major_formatter("{x:,g}")
    axes.grid(alpha=0.25)
    if title:
        figure.suptitle(textwrap.fill(title, 100), fontsize=11)
    return picture(figure, describe(roofs, kernels, title))


def drag_roofline(
    roofs: Sequence[Roofline], kernels: Mapping[str, Callable[[int], Kernel]]
) -> DraggedRoofline | Picture:
    """A roofline to play with: drag the kernel, or the bandwidth of the memory.

    ``kernels`` are functions by name; each gives the kernel for a batch. Where anywidget is not
    installed this is a still `Picture` of all roofs with the kernels of a batch of 1, with a
    warning. Raises ValueError as `roofline` does, and where there is no kernel.

    >>> from wselab.hierarchy import gemv
    >>> from wselab.specs import H100
    >>> drag_roofline([Roofline.of(H100)], {"GEMV": lambda batch: gemv(4096, 4096, batch=batch)})
    H100, GEMV, batch 1: 1 flop a byte. It waits for memory: at most 3.35 Tflop/s, 0.339 % of the
    peak, in at least 10 µs. From 295 flop a byte on it would wait for arithmetic.
    """
    check(roofs)
    if not kernels:
        raise ValueError("roofline: no kernel to drag; expected functions of a batch by name")
    try:
        from .live_roofline import DraggedRoofline
    except ImportError as error:
        import warnings

        warnings.warn(f"this roofline is a still picture: {error}", stacklevel=2)
        return roofline(roofs, [make(1) for make in kernels.values()])
    return DraggedRoofline(roofs, kernels)


def check(roofs: Sequence[Roofline]) -> None:
    """Refuse what cannot be drawn."""
    if not 1 <= len(roofs) <= len(LOOKS):
        raise ValueError(
            f"roofline: {len(roofs)} roofs; expected 1 to {len(LOOKS)}, or nobody tells them apart"
        )


def limits(roofs: Sequence[Roofline], intensities: Sequence[float]) -> tuple[float, ...]:
    """Ends of the two scales: operations a byte, then operations a second."""
    at = [*intensities, *(roof.ridge for roof in roofs)]
    low, high = min(at) / MARGIN, max(at) * MARGIN
    reached = [float(roof.attainable(low)) for roof in roofs]
    return low, high, min(reached) / 1.5, max(roof.peak_flop_per_s for roof in roofs) * 2


def describe(roofs: Sequence[Roofline], kernels: Sequence[Kernel], title: str = "") -> str:
    """What a roofline shows, in words."""
    text = [f"{title.rstrip('.')}."] if title else []
    text.append("Rooflines: operations a second, at most, over operations a byte.")
    climbs = (
        f"{roof.name} climbs to {amount(roof.peak_flop_per_s, 'flop/s')} at "
        f"{number(roof.ridge, 3)} flop a byte"
        for roof in roofs
    )
    text.append(f"{'; '.join(climbs)}.")
    for kernel in kernels:
        shares = [f"{percent(roof.share(kernel))} of {roof.name}" for roof in roofs]
        shares[0] = shares[0].replace(" of ", " of the peak of ", 1)
        at = f"{kernel.name} ({number(kernel.intensity, 3)} flop a byte)"
        text.append(f"{at} reaches {', '.join(shares)}.")
    return " ".join(text)


def amount(value: float, unit: str) -> str:
    """A number with the prefix of its unit that leaves one to three digits before the point.

    >>> amount(989e12, "flop/s"), amount(1.6028e-4, "s"), amount(0.0, "s")
    ('989 Tflop/s', '160 µs', '0 s')
    """
    power = 0 if value == 0 else int(np.floor(np.log10(abs(float(f"{value:.3g}"))) / 3)) * 3
    power = min(max(power, min(PREFIXES)), max(PREFIXES))
    return f"{float(f'{value / 10.0**power:.3g}'):g} {PREFIXES[power]}{unit}"


def percent(share: float) -> str:
    """A share in percent, with three digits.

    >>> percent(1.0), percent(0.0033868)
    ('100 %', '0.339 %')
    """
    return f"{100 * share:.3g} %"


def _name_sides(axes: Axes, roof: Roofline) -> None:
    """Mark the ridge and what is waited for on either side of it; of one roof only."""
    axes.axvline(roof.ridge, color="black", lw=1, ls=":")
    place: dict[str, Any] = {"xycoords": ("data", "axes fraction"), "textcoords": "offset points"}
    for text, side in (("waits for memory", "right"), ("waits for arithmetic", "left")):
        away = {"right": -8, "left": 8}[side]
        axes.annotate(text, (roof.ridge, 0.04), (away, 0), ha=side, **place)


def _draw(
    axes: Axes, roof: Roofline, kernels: Sequence[Kernel], color: str, dashes: Any, mark: str
) -> None:
    from matplotlib.transforms import ScaledTranslation

    low, high = axes.get_xlim()
    x = np.array([low, roof.ridge, high])
    style = (0, dashes) if dashes else "-"
    axes.plot(x, roof.attainable(x), color=color, ls=style, lw=2)
    at = [kernel.intensity for kernel in kernels]
    look: dict[str, Any] = {"color": color, "ms": 7, "mew": 2, "fillstyle": "none"}
    axes.plot(at, roof.attainable(at), mark, **look)
    # Outside of the axes, beside its name: on their edge it would look like one more kernel.
    beside: dict[str, Any] = {"textcoords": "offset points", "annotation_clip": False}
    end = (high, roof.peak_flop_per_s)
    axes.annotate(roof.name, end, (22, 0), va="center", **beside)
    key = axes.transData + ScaledTranslation(12 / 72, 0, axes.figure.dpi_scale_trans)
    axes.plot(*end, mark, transform=key, clip_on=False, **look)
