"""A roofline to drag: a kernel along its batch, and the memory to another bandwidth.

Two handles stand on the roof of the chosen chip. The round one is the kernel: along the roof, to
the right, its batch grows. The square one is the slope: up, and the memory is faster than it was
built. Both take the arrow keys, Home and End, and say where they are. What bounds the kernel there
is `alt`, computed here whenever something moves.

In the DOM, for tests and for readers' own tools: the root element is ``.wse-roofline``; the handles
have the role "slider" and are named "batch" and "memory"; ``.wse-roofline-chip`` and
``.wse-roofline-kernel`` choose; the button "as built" undoes; ``.wse-roofline-said`` has the words,
a polite live region.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import traitlets

from ..hierarchy import Kernel, Roofline
from .live import Live, dragged
from .picture import Picture
from .roofline import LOOKS, amount, limits, percent, roofline
from .words import number

PAGE = Path(__file__).with_name("roofline_page")

#: The batches along the way: two steps to twice as many.
BATCHES = sorted({round(2 ** (step / 2)) for step in range(29)})
#: The memory's bandwidth as a power of two over what is built, least and most; and steps to two.
SLOWEST, FASTEST, STEPS = -4, 10, 4


class DraggedRoofline(Live):
    """A roofline with one kernel, made by `wselab.show.drag_roofline`.

    Traits: ``chip`` and ``kernel``, numbers of the chosen ones; ``step``, the place of the batch
    among `BATCHES`; ``faster``, the bandwidth over that of the chip as it is built.
    """

    _esm, _css = dragged(PAGE, "roofline")
    about = traitlets.Dict(read_only=True).tag(sync=True)
    chip = traitlets.Int(0).tag(sync=True)
    kernel = traitlets.Int(0).tag(sync=True)
    step = traitlets.Int(0).tag(sync=True)
    faster = traitlets.Float(1.0).tag(sync=True)

    def __init__(
        self, roofs: Sequence[Roofline], kernels: Mapping[str, Callable[[int], Kernel]]
    ) -> None:
        super().__init__()
        self._roofs = list(roofs)
        self._names = list(kernels)
        self._kernels = [[make(batch) for batch in BATCHES] for make in kernels.values()]
        intensities = [[kernel.intensity for kernel in line] for line in self._kernels]
        about = {
            "roofs": [
                {
                    "name": roof.name,
                    "peak": roof.peak_flop_per_s,
                    "bandwidth": roof.bandwidth_bytes_per_s,
                    "color": color,
                    "dashes": list(dashes),
                }
                for roof, (color, dashes, _) in zip(roofs, LOOKS, strict=False)
            ],
            "kernels": [
                {"name": name, "intensities": line}
                for name, line in zip(kernels, intensities, strict=True)
            ],
            "batches": BATCHES,
            "limits": limits(roofs, [one for line in intensities for one in line]),
            "memory": {"slowest": SLOWEST, "fastest": FASTEST, "steps": STEPS},
        }
        self.set_trait("about", about)
        self.observe(self._say, ["chip", "kernel", "step", "faster"])
        self._say()

    @property
    def roof(self) -> Roofline:
        """The roof of the chosen chip, with its memory as it is dragged."""
        built = self._roofs[self.chip]
        return replace(built, bandwidth_bytes_per_s=built.bandwidth_bytes_per_s * self.faster)

    @property
    def shown(self) -> Kernel:
        """The chosen kernel with its batch."""
        return self._kernels[self.kernel][self.step]

    def picture(self) -> Picture:
        """All roofs, the chosen one as it is dragged, with the kernel on them, under its words."""
        roofs = [self.roof if at == self.chip else roof for at, roof in enumerate(self._roofs)]
        return roofline(roofs, [self.shown], title=self.alt)

    @traitlets.validate("chip", "kernel", "step")
    def _known(self, proposal: dict[str, Any]) -> int:
        name, at = proposal["trait"].name, proposal["value"]
        counts = {"chip": len(self._roofs), "kernel": len(self._names), "step": len(BATCHES)}
        if not 0 <= at < counts[name]:
            raise traitlets.TraitError(f"{name}={at}; expected 0 to {counts[name] - 1}")
        return int(at)

    @traitlets.validate("faster")
    def _possible(self, proposal: dict[str, Any]) -> float:
        low, high = 2.0**SLOWEST, 2.0**FASTEST
        if not low <= proposal["value"] <= high:
            raise traitlets.TraitError(
                f"faster={proposal['value']}; expected {low:g} to {high:g} times"
            )
        return float(proposal["value"])

    def _say(self, _: Any = None) -> None:
        roof, kernel = self.roof, self.shown
        memory = "" if self.faster == 1 else f" with a memory {self.faster:.3g} times as fast"
        batch = BATCHES[self.step]
        reached = amount(float(roof.attainable(kernel.intensity)), "flop/s")
        waits, ridge = roof.bound(kernel), f"{number(roof.ridge, 3)} flop a byte"
        instead = {
            "memory": f"From {ridge} on it would wait for arithmetic.",
            "arithmetic": f"Below {ridge} it would wait for memory.",
        }
        self.alt = (
            f"{roof.name}{memory}, {self._names[self.kernel]}, batch {batch:,}: "
            f"{number(kernel.intensity, 3)} flop a byte. It waits for {waits}: at most {reached}, "
            f"{percent(roof.share(kernel))} of the peak, in at least "
            f"{amount(roof.seconds(kernel), 's')}. {instead[waits]}"
        )
