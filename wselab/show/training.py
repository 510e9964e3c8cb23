"""Pictures of training: where the cycles of a step go, and losses beside those of an oracle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from .picture import Picture, picture

if TYPE_CHECKING:
    from ..streaming.training import Bill

#: Color and hatch of the phases of a step; each alone tells them apart.
PHASES = {"forward": ("#56B4E9", ""), "backward": ("#0072B2", "///"), "update": ("#E69F00", "..")}
LEAST = 1e-10  # a distance below it is drawn there
LINES = (("#D55E00", "--"), ("#0072B2", "-"), ("#009E73", ":"), ("#CC79A7", "-."), ("#000000", "-"))


def bills(by_name: Mapping[str, Bill], title: str = "") -> Picture:
    """A bar for each bill, cut into its phases: forward, backward, update.

    Raises ValueError where there is no bill, or an empty one.

    >>> from wselab.streaming.training import Bill, Launch
    >>> one = Launch("fc", "forward", "product", 1200, 1024, 900, 800, 0, "bitplane")
    >>> bills({"small": Bill([one])})
    Cycles of a step. small: 1,200 in all; forward 1,200.
    """
    from matplotlib.figure import Figure

    if not by_name or not all(bill.launches for bill in by_name.values()):
        raise ValueError("bills: expected at least one bill, each with launches, such as step.bill")
    figure = Figure(figsize=(8, 1.2 + 0.5 * len(by_name)), layout="constrained")
    axes, told = figure.subplots(), []
    most = max(bill.cycles for bill in by_name.values())
    for row, bill in enumerate(by_name.values()):
        left = 0
        for phase, counts in bill.by_phase().items():
            color, hatch = PHASES[phase]
            axes.barh(row, counts["cycles"], left=left, color=color, hatch=hatch, ec="white")
            left += counts["cycles"]
        axes.text(left + most / 100, row, f"{bill.cycles:,}", va="center")
    for phase, (color, hatch) in PHASES.items():
        axes.barh(0, 0, color=color, hatch=hatch, ec="white", label=phase)
    for name, bill in by_name.items():
        parts = ", ".join(f"{p} {counts['cycles']:,}" for p, counts in bill.by_phase().items())
        told.append(f"{name}: {bill.cycles:,} in all; {parts}.")
    axes.set(
        yticks=range(len(by_name)), yticklabels=list(by_name), xlabel="cycles of a step",
        xlim=(0, 1.13 * most), title=title,
    )  # fmt: skip
    axes.invert_yaxis()
    figure.legend(loc="outside lower center", ncols=3, frameon=False)
    return picture(
        figure, " ".join([f"{title}." * bool(title), "Cycles of a step.", *told]).strip()
    )


def losses(
    curves: Mapping[str, Sequence[float]], against: Sequence[float] | None = None,
    title: str = "", mean: int = 20,
) -> Picture:  # fmt: skip
    """Losses of trainings step by step, and below how far each is from the oracle ``against``.

    The upper lines are means over ``mean`` steps up to each, the lower ones single steps; without
    an oracle there are no lower ones. Raises ValueError where a curve is missing, or is not as long
    as the others.

    >>> losses({"float32": [2.0, 1.0]}, [2.0, 1.1])
    Loss over 2 steps, and its distance from the oracle. float32: from 2 to 1, at most 0.1 from it.
    >>> losses({"float32": [2.0, 1.0]})
    Loss over 2 steps. float32: from 2 to 1.
    """
    from matplotlib.figure import Figure

    lengths = {len(curve) for curve in (*curves.values(), *([] if against is None else [against]))}
    if not curves or len(lengths) != 1 or 0 in lengths or len(curves) > len(LINES):
        raise ValueError(
            f"losses: {len(curves)} curves, lengths with the oracle's {sorted(lengths)}; expected "
            f"1 to {len(LINES)} curves, all of the same number of steps"
        )
    figure = Figure(figsize=(8, 3.2 if against is None else 5.4), layout="constrained")
    panels = figure.subplots(1 if against is None else 2, 1, sharex=True, squeeze=False)[:, 0]
    steps, told = np.arange(1, lengths.pop() + 1), []
    if against is not None:
        panels[0].plot(steps, _means(against, mean), color="#bbbbbb", lw=6, label="oracle")
    for (name, curve), (color, style) in zip(curves.items(), LINES, strict=False):
        panels[0].plot(steps, _means(curve, mean), style, color=color, lw=1.6, label=name)
        told.append(f"{name}: from {curve[0]:.2g} to {curve[-1]:.2g}")
        if against is not None:
            away = np.abs(np.subtract(curve, against))
            panels[1].plot(steps, np.maximum(away, LEAST), style, color=color, lw=1)
            told[-1] += f", at most {away.max():.1g} from it"
    panels[0].set(ylabel=f"loss, mean of {mean} steps", ylim=(0, None), title=title)
    panels[0].legend(frameon=False)
    panels[-1].set_xlabel("step")
    for axes in panels:
        axes.grid(alpha=0.3)
    start = f"Loss over {len(steps)} steps"
    if against is not None:
        panels[1].set(ylabel="distance from the oracle", yscale="log", ylim=(LEAST, None))
        start += ", and its distance from the oracle"
    return picture(figure, f"{title}. " * bool(title) + f"{start}. {'; '.join(told)}.")


def _means(values: Sequence[float], width: int) -> np.ndarray:
    """The mean of the last ``width`` values up to each, of fewer at the beginning."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(0, ends - width)
    return (sums[ends] - sums[starts]) / (ends - starts)
