"""The timeline of weight streaming to drag: tokens in flight, density, bandwidth, double buffering.

All is reckoned here whenever something moves; the page draws what it is told.

In the DOM, for tests and for readers' own tools: the root element is ``.wse-streaming``; the handle
on the scale of tokens has the role "slider" and is named "tokens in flight", and a field beside it
takes a number; "weights sent" and "I/O" are sliders, "double buffering" and "the way back" check
boxes; the button "as built" undoes; ``.wse-streaming-said`` has the words, a polite live region.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import traitlets

from .live import Live, dragged
from .picture import Picture
from .streaming import COLORS, COMPUTES, FEWEST, MOST, Flow, drawn

PAGE = Path(__file__).with_name("streaming_page")

#: The part of the weights that is sent, least to most, and the I/O as powers of two over the built.
DENSITIES = [0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
SLOWEST, FASTEST, STEPS = -2, 5, 4


class DraggedStreaming(Live):
    """A timeline to drag, made by `wselab.show.drag_streaming`.

    Traits: ``tokens`` in flight; ``density``, the part of the weights that is sent; ``faster``, the
    I/O over that of the chip as it is built; ``ahead``, whether the next layer's weights wait on
    the wafer; ``back``, whether the way back is drawn. ``shown`` is what the page draws.
    """

    _esm, _css = dragged(PAGE, "streaming")
    about = traitlets.Dict(read_only=True).tag(sync=True)
    shown = traitlets.Dict(read_only=True).tag(sync=True)
    tokens = traitlets.Int(FEWEST).tag(sync=True)
    density = traitlets.Float(1.0).tag(sync=True)
    faster = traitlets.Float(1.0).tag(sync=True)
    ahead = traitlets.Bool(False).tag(sync=True)
    back = traitlets.Bool(False).tag(sync=True)

    def __init__(self, flow: Flow) -> None:
        super().__init__(tokens=flow.tokens)
        self._flow = flow
        about = {
            "built": {"tokens": flow.tokens, "density": 1.0, "faster": 1.0, "ahead": False,
                      "back": False},
            "tokens": {"fewest": FEWEST, "most": MOST, "steps": 8},
            "densities": DENSITIES,
            "io": {"slowest": SLOWEST, "fastest": FASTEST, "steps": STEPS},
            "waits": COMPUTES,
            "lanes": [{"name": name, "color": color} for name, color in COLORS.items()],
        }  # fmt: skip
        self.set_trait("about", about)
        self.observe(self._say, ["tokens", "density", "faster", "ahead", "back"])
        self._say()

    @property
    def flow(self) -> Flow:
        """What is drawn."""
        return replace(
            self._flow, tokens=self.tokens, density=self.density, faster=self.faster,
            ahead=int(self.ahead), back=self.back,
        )  # fmt: skip

    def picture(self) -> Picture:
        """The same without a handle, under its words."""
        return drawn(self.flow)

    @traitlets.validate("tokens", "density", "faster")
    def _possible(self, proposal: dict[str, Any]) -> Any:
        name, value = proposal["trait"].name, proposal["value"]
        low, high = {
            "tokens": (FEWEST, MOST),
            "density": (DENSITIES[0], DENSITIES[-1]),
            "faster": (2.0**SLOWEST, 2.0**FASTEST),
        }[name]
        if not low <= value <= high:
            raise traitlets.TraitError(f"{name}={value}; expected {low:g} to {high:g}")
        return value

    def _say(self, _: Any = None) -> None:
        flow = self.flow
        found, bars = flow.in_flight, flow.bars()
        shown = {
            "bars": bars,
            "until": max(bar["end"] for bar in bars),
            "needed": found.needed_tokens,
            "fitting": found.fitting_tokens,
            "io": f"{flow.chip.io_bandwidth_bits_per_s * flow.faster / 1e12:.3g} Tb/s",
        }
        self.set_trait("shown", shown)
        self.alt = str(flow)
