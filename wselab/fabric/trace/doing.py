"""What each PE does in a cycle, told from the lockstep engine once it has decided.

A PE that waits does so for a reason of the kinds that `why` gives to its operation: of the main
one where there is one, else of the microthread in the lowest lane.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..engines.planes import groups_of
from ..operations import Operation
from ..ports import RAMP
from .cells import BESIDE, BUSY, DOING, FULL, NO_ROUTE, NO_WAVELET, PAUSE, PORT_TAKEN, SWITCH

if TYPE_CHECKING:
    from ..engines.lockstep import Lockstep


class Doing:
    """Counts, for each PE, the cycles in which it does what; `count` has a row for each `DOING`."""

    def __init__(self, engine: Lockstep):
        self.processors, self.routers = engine.processors, engine.routers
        self.operations = engine.program.operations
        alone = [not operation.on_fabric for operation in self.operations]
        self.alone = np.array([*alone, False])  # by number, -1 for none
        self.all = np.arange(self.processors.count)
        self.count = np.zeros((len(DOING), self.processors.count), np.uint32)
        self.open: list[np.ndarray] = []  # of cycles that may turn out to lie behind the end
        self.step = self.processors.step

    def look(self, quiet: int) -> None:
        """At the start of a cycle, ``quiet`` cycles after the last one in which anything moved."""
        self.step = self.processors.step.copy()
        if not quiet:
            self.close(0)

    def close(self, leave_out: int) -> None:
        """Count the cycles that are open, but for the last few."""
        for doing in self.open[: len(self.open) - leave_out]:
            self.count[doing, self.all] += 1
        self.open.clear()

    def decided(self, main: np.ndarray, ready: list, woken: list) -> np.ndarray:
        """What each PE does in this cycle, given the operations they were at when it began."""
        running = self.processors.running
        doing = np.zeros(len(self.all), np.uint8)
        works = (main >= 0) | (running >= 0).any(axis=0)
        busy = self.alone[running[0]]
        for pes in [*(pes for _, _, pes in ready), *(pes for pes, _, _ in woken)]:
            busy[pes] = True
        doing[busy] = BUSY
        waiting = np.flatnonzero(works & ~busy)
        if len(waiting):
            doing[waiting] = self._reasons(waiting, main[waiting])
        self.open.append(doing)
        return doing

    def _reasons(self, pes: np.ndarray, main: np.ndarray) -> np.ndarray:
        processors = self.processors
        running = processors.running[:, pes]
        begins = (self.step[pes] > 0) & (processors.step[pes] == self.step[pes])
        begins &= (main >= 0) & (running[0] < 0)
        reasons = np.where(processors.pause[pes] > 0, PAUSE, BESIDE)
        lowest = running[(running >= 0).argmax(axis=0), np.arange(len(pes))]
        number = np.where(main >= 0, main, lowest)
        for one, at in groups_of(number[~begins], np.flatnonzero(~begins)):
            reasons[at] = self._stalled(self.operations[one], pes[at])
        return reasons

    def _stalled(self, operation: Operation, pes: np.ndarray) -> np.ndarray:
        """Why an operation that has begun handles no element."""
        routers = self.routers
        reasons = np.full(len(pes), PORT_TAKEN)
        if operation.sends is not None:
            node = routers.node_of[operation.sends.number, pes]
            routed = np.flatnonzero(node >= 0)  # none of them where the color has no route at all
            here = node[routed]
            reasons[routed[~routers.room[here]]] = FULL
            later = np.zeros(len(here), bool)
            for position, inputs in enumerate(routers.inputs):
                later |= (position > routers.entering[here]) & (inputs[here] == RAMP.number)
            closed = ~routers.takes_ramp[here]
            reasons[routed[closed]] = np.where(later, SWITCH, NO_ROUTE)[closed]
            reasons[node < 0] = NO_ROUTE
        for color in operation.reads:
            node = routers.node_of[color.number, pes]
            empty = node < 0
            empty[~empty] = routers.inbox.count[node[~empty]] == 0
            reasons[empty] = NO_WAVELET
        return reasons
