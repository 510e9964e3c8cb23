"""Weight streaming as a timeline: what comes in, what is computed, and how many tokens it takes.

Above, time runs to the right. Weights come in over one lane, and in the lane below the wafer
computes with them as they pass. Where they come slower than it could use them, its bar is full in
part only: between two weights it waits. Below is a scale of tokens in flight with two marks on it:
from how many on nothing waits, and how many fit.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..specs import WSE3, Chip, LanguageModel
from ..streaming import (
    InFlight,
    Schedule,
    Wire,
    layers_of,
    peak_costs,
    schedule,
    tokens_in_flight,
)
from .picture import Picture, picture
from .roofline import amount, percent
from .words import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .live_streaming import DraggedStreaming

#: Layers that are drawn, of a model whose layers are all alike.
LAYERS = 3
#: From which part of the time on a bar has room for its name, and for the number of its layer.
ROOM_FOR_A_NAME, ROOM_FOR_A_LAYER = 0.09, 0.025
#: Ends of the scale of tokens.
FEWEST, MOST = 2**10, 2**20
WEIGHTS, COMPUTES, GRADIENTS = LANES = ("weights in", "computes", "gradients out")
#: What is written on a bar behind the number of its layer.
PHASES = {"forward": "", "backward": ", back", "gradient": ", gradient"}
COLORS = {WEIGHTS: "#56B4E9", COMPUTES: "#E69F00", GRADIENTS: "#CC79A7"}
RIGHT_OF, WRONG_OF = "#009E73", "#D55E00"  # the good and the bad part of the scale of tokens


@dataclass(frozen=True)
class Flow:
    """Some layers of a ``model`` streamed through a ``chip``, for so many ``tokens`` in flight.

    ``density`` is the part of the weights that is sent, ``faster`` the I/O over that of the chip,
    ``ahead`` how many layers' weights wait on the wafer. With ``back`` it goes forward and back.
    Raises ValueError as `wselab.streaming.peak_costs` does.
    """

    model: LanguageModel
    chip: Chip = WSE3
    tokens: int = 16_384
    density: float = 1.0
    faster: float = 1.0
    ahead: int = 0
    back: bool = False

    @cached_property
    def step(self) -> Schedule:
        """When the layers that are drawn are transferred and computed."""
        costs = peak_costs(self.model, self.tokens, chip=self._chip, wire=self._wire)
        return schedule(
            costs[:-1][:LAYERS], ahead=self.ahead, training=self.back, clock_hz=self.chip.clock_hz
        )

    @cached_property
    def in_flight(self) -> InFlight:
        """The tokens at which nothing waits, and those that fit."""
        return tokens_in_flight(self.model, self._chip, self._wire, ahead=self.ahead)

    @property
    def _chip(self) -> Chip:
        io = self.chip.io_bandwidth_bits_per_s * self.faster
        return self.chip if self.faster == 1 else self.chip.what_if(io_bandwidth_bits_per_s=io)

    @property
    def _wire(self) -> Wire:
        return Wire(density=self.density)

    def bars(self) -> list[dict[str, Any]]:
        """Each span: its lane, its layer, seconds from and to, and the part that is not waiting."""
        works = {phase: getattr(self._cost, f"{phase}_cycles") for phase in PHASES}
        bars = []
        for span in self.step.spans:
            computes = span.what == "compute"
            lane = COMPUTES if computes else GRADIENTS if span.phase == "gradient" else WEIGHTS
            cycles = span.end_cycle - span.start_cycle
            full = works[span.phase] / cycles if computes and cycles else 1.0
            bars.append({
                "lane": lane, "name": span.layer.removeprefix("layer ") + PHASES[span.phase],
                "start": span.start_cycle / self.chip.clock_hz,
                "end": span.end_cycle / self.chip.clock_hz, "full": min(1.0, full),
            })  # fmt: skip
        return bars

    @cached_property
    def _cost(self) -> Any:
        """What a layer costs; they are all alike."""
        return peak_costs(self.model, self.tokens, chip=self._chip, wire=self._wire)[0]

    @property
    def activations_bytes(self) -> float:
        """Of all tokens in flight."""
        return self.tokens * self.in_flight.bytes_per_token

    @property
    def room_bytes(self) -> float:
        """What is left of SRAM beside the weights that wait."""
        waiting = self.ahead * max(layers_of(self.model).values()) * self._wire.bits_per_weight / 8
        return max(0.0, self.chip.sram_bytes - waiting)

    def __str__(self) -> str:
        found, step = self.in_flight, self.step
        sent = "" if self.density == 1 else f", {percent(self.density)} of the weights sent"
        io = "" if self.faster == 1 else f", I/O {self.faster:.3g} times as fast as built"
        two = ", the next layer's weights waiting in SRAM" if self.ahead else ""
        way = "forward and back" if self.back else "forward"
        waits, needed = sum(step.stall_cycles.values()), found.needed_tokens
        stall = (
            f"Streaming stalls: the wafer waits {percent(waits / step.total_cycles)} of that "
            f"time; "
            f"from {needed:,} tokens on it would not"
            if self.tokens < needed
            else f"Streaming does not stall; below {needed:,} tokens it would"
        )
        room = f"{number(self.room_bytes / 1e9, 3)} GB of room are enough for"
        fits = "They fit" if self.tokens <= found.fitting_tokens else "They do not fit"
        taken = number(self.activations_bytes / 1e9, 3)
        return (
            f"{self.model.name} on a {self.chip.name}, {self.tokens:,} tokens in flight{sent}{io}"
            f"{two}. {LAYERS} layers {way} take {amount(step.seconds(), 's')}. {stall}. The "
            f"activations of {self.tokens:,} tokens take {taken} GB. {fits}: {room} "
            f"{found.fitting_tokens:,} tokens."
        )


def streaming(model: LanguageModel, chip: Chip = WSE3, **how: Any) -> Picture:
    """The first layers of a model on their way through a wafer, as a still picture.

    ``how`` are the other fields of `Flow`, such as ``tokens=20_000`` or ``faster=4``.

    >>> from wselab.specs.models import GPT3_175B
    >>> streaming(GPT3_175B, tokens=104_167)
    GPT-3 175B on a WSE-3, 104,167 tokens in flight. 3 layers forward take 72.5 ms. Streaming does
    not stall; below 104,167 tokens it would. The activations of 104,167 tokens take 246 GB. They do
    not fit: 44 GB of room are enough for 18,649 tokens.
    """
    return drawn(Flow(model, chip, **how))


def drag_streaming(model: LanguageModel, chip: Chip = WSE3) -> DraggedStreaming | Picture:
    """The same to play with: drag the tokens in flight, the density, and the bandwidth.

    Where anywidget is not installed this is a still `Picture`, with a warning.

    >>> from wselab.specs.models import GPT3_XL
    >>> drag_streaming(GPT3_XL)
    GPT-3 XL on a WSE-3, 16,384 tokens in flight. 3 layers forward take 2.01 ms. Streaming stalls:
    the wafer waits 84.3 % of that time; from 104,167 tokens on it would not. The activations of
    16,384 tokens take 1.61 GB. They fit: 44 GB of room are enough for 447,591 tokens.
    """
    flow = Flow(model, chip)
    try:
        from .live_streaming import DraggedStreaming
    except ImportError as error:
        import warnings

        warnings.warn(f"this timeline is a still picture: {error}", stacklevel=2)
        return drawn(flow)
    return DraggedStreaming(flow)


def drawn(flow: Flow) -> Picture:
    """A flow as matplotlib draws it."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4.6), layout="constrained")
    above, below = figure.subplots(2, 1, height_ratios=(3 if flow.back else 2.2, 1.5))
    lanes = LANES if flow.back else LANES[:2]
    bars = flow.bars()
    until = max(bar["end"] for bar in bars)
    for bar in bars:
        _draw_bar(above, bar, lanes.index(bar["lane"]), until)
    labels = [f"{lane}\n(hatched: waits)" if lane == COMPUTES else lane for lane in lanes]
    above.set(
        ylim=(len(lanes) - 0.4, -0.6), yticks=range(len(lanes)), yticklabels=labels,
        xlim=(0, 1.02 * until),
    )  # fmt: skip
    above.xaxis.set_major_formatter(lambda value, _: amount(value, "s"))
    above.grid(axis="x", alpha=0.25)
    _draw_tokens(below, flow)
    figure.suptitle(textwrap.fill(str(flow), 110), fontsize=10)
    return picture(figure, str(flow))


def _draw_bar(axes: Axes, bar: dict[str, Any], lane: int, until: float) -> None:
    start, long, height = bar["start"], bar["end"] - bar["start"], 0.72
    color, bottom = COLORS[bar["lane"]], lane + height / 2
    axes.barh(
        lane, long, height, left=start, color="white", edgecolor="black", hatch="////", lw=0.8
    )
    axes.bar(
        start, -height * bar["full"], long, bottom, align="edge", color=color, edgecolor="black",
        lw=0.8,
    )  # fmt: skip
    share, (layer, *_) = long / until, bar["name"].split(",")
    if share < ROOM_FOR_A_LAYER:
        return
    name = bar["name"] if share >= ROOM_FOR_A_NAME else layer
    axes.text(
        start + long / 2, bottom - 0.13, name, ha="center", va="center", fontsize=9,
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1},
    )  # fmt: skip


def _draw_tokens(axes: Axes, flow: Flow) -> None:
    found = flow.in_flight
    for at, turn, words, good in (
        (0, found.needed_tokens, ("stalls", "does not stall"), (False, True)),
        (1, found.fitting_tokens, ("fits in SRAM", "does not fit"), (True, False)),
    ):
        turn = min(max(turn, FEWEST), MOST)
        for low, high, word, right in zip(
            (FEWEST, turn), (turn, MOST), words, good, strict=True
        ):  # fmt: skip
            if high <= low:
                continue
            axes.barh(
                at, high - low, 0.8, left=low, color=RIGHT_OF if right else "white",
                alpha=0.75 if right else 1, edgecolor="black" if right else WRONG_OF,
                hatch="" if right else "////", lw=0.8,
            )  # fmt: skip
            if high / low > 4:
                axes.text(
                    (low * high) ** 0.5, at, word, ha="center", va="center", fontsize=10,
                    bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1},
                )  # fmt: skip
    axes.axvline(min(max(flow.tokens, FEWEST), MOST), color="black", lw=2.5)
    axes.set(
        xscale="log", xlim=(FEWEST, MOST), yticks=(0, 1), yticklabels=("streaming", "activations"),
        ylim=(1.5, -0.5), xlabel="tokens in flight (the black line: now)",
    )  # fmt: skip
    axes.xaxis.set_major_formatter("{x:,.0f}")
