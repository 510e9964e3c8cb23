"""Problem 4.1: sum the vectors of a row in fewer cycles than the chain."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...fabric import Wafer
from ...kernels.chain import write_chain_west
from ...predict import reduce_lower_bound
from ..problem import Size, register
from ..sums import Summing

WAVELETS = 16


def chain(w: Wafer, x: Any, total: Any) -> None:
    """The plain textbook program: every PE adds its own vector to what comes by."""
    write_chain_west(w, x, total)


@register
class BeatTheChain(Summing):
    """The learner's function writes any reduce; it has to be quicker than a chain."""

    number = "4.1"
    title = "Sum a row in fewer cycles than the chain"
    points = 8
    answer = "quick_sum"
    textbook = staticmethod(chain)
    hints = (
        "In a chain the first value is handed over by every PE in turn, and each hand-over costs "
        "2 T_R + 2 cycles: that is nearly all of the time when vectors are short. So let sums be "
        "handed over fewer times in turn. Which work of the chain could be done at the same time?",
        "Cut the row into groups of neighbours. In each group a short chain sums into its first "
        "PE, all groups at once; then the first PEs make a chain of their own. Their wavelets pass "
        "the routers of the PEs between without a stop: EAST >> WEST.",
        "Use two colors within the groups (w.alternating) and two others between the first PEs, "
        "for which even and odd groups swap. The first PE of a group first adds what comes in its "
        "group, add(fabin(...), x, out=total); then add(fabin(...), total, out=fabout(...)). The "
        "last group only sends. Groups of 8 do well for a row of 64.",
    )

    def sizes(self, seed: int | None = None) -> list[Size]:
        """Rows of PEs; a vector has 16 values."""
        rows = [64, 37, 100]
        if seed is not None:
            rows[1:] = np.random.default_rng(seed).integers(30, 130, size=2).tolist()
        return [{"columns": columns, "wavelets": WAVELETS} for columns in rows]

    def wanted(self, size: Size) -> np.ndarray:
        """The western end."""
        return np.arange(size["columns"])[None] == 0

    def most_cycles(self, size: Size) -> tuple[int, str]:
        """Fewer than the chain."""
        chain = self.par_at(size)
        return chain - 1, f"the chain takes {chain:,}, and what is asked is fewer"

    def bound(self) -> str:
        """The bound of the published model, and that it is none on our rules."""
        size = self.sizes()[0]
        bound = reduce_lower_bound(pes=size["columns"], wavelets=size["wavelets"])
        return (
            f"The lower bound of a published model is {bound:,.0f} (Luczynski et al., HPDC 2024). "
            "It is no bound on the emulator's rules: under these some programs take less, and "
            "docs/rules.md says why."
        )
