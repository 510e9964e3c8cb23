"""PEs that wait for each other, seen without running.

Say that an operation which waits for wavelets can end as soon as their sender is at the operation
that sends the last of them, and one that sends as soon as its readers are at operations that leave
no more on the way than there are places. That is more than the rules allow. So what does not come
to its end in this way never does.
"""

from __future__ import annotations

from collections import defaultdict
from graphlib import CycleError, TopologicalSorter
from typing import Any

import numpy as np

from ..color import Color
from ..engines.planes import groups_of
from ..ports import LINKS
from ..program import Program
from ..streams import Streams
from .standing import Place, name

LOOKS = 30_000_000  # at a reader of a stream; a longer search is left to running


def may_wait(program: Program) -> bool:
    """Whether operations could wait in a circle, whichever PEs they are at.

    An operation ends after the one before it. One that takes a color may also wait for what comes
    before any that sends it, and one that sends for what comes before any that takes.
    """
    waits: defaultdict[Any, set[Any]] = defaultdict(set)
    for numbers in program.schedule.lists:
        for before, number in zip([None, *numbers], numbers, strict=False):
            operation = program.operations[number]
            earlier = set() if before is None else {before}
            waits[number] |= earlier
            for color in operation.reads:
                waits[number].add(("sent", color))
                waits["taken", color] |= earlier
            if operation.sends is not None:
                waits[number].add(("taken", operation.sends))
                waits["sent", operation.sends] |= earlier
    try:
        TopologicalSorter(waits).prepare()
    except CycleError:
        return True
    return False


def on_links(program: Program, color: Color) -> np.ndarray:
    """How many wavelets of a color the long links into each router hold."""
    places = [(program.wires.into(port) - 1) * color.linked(port) for port in LINKS]
    return np.sum(places, axis=0)


class Progress:
    """How far each PE comes under these loose rules; PEs are numbered row by row.

    ``sent`` and ``taken`` count, for each color, the wavelets of all that a PE has begun.
    """

    def __init__(self, program: Program, flows: dict[Color, Streams]):
        self.program, self.schedule, rules = program, program.schedule, program.rules
        self.step = self.schedule.first[self.schedule.class_of].ravel()
        size = self.step.size
        self.streams = []  # color, readers, their sources, places on the way
        for color, flow in flows.items():
            source = flow.source.ravel()
            readers = np.flatnonzero(flow.listening.ravel() & (source >= 0))
            routers = np.bincount(source[source >= 0], minlength=size)
            ramps = 2 * rules.ramp_latency - 1 + rules.queue_depth
            sources = source[readers]
            held = np.bincount(
                source[source >= 0], on_links(program, color).ravel()[source >= 0], size
            )
            places = ramps + rules.queue_depth * routers[sources] + held[sources].astype(np.int64)
            self.streams.append((color, readers, sources, places))
        self.sent = {color: np.zeros(size, np.int64) for color in flows}
        self.taken = {color: np.zeros(size, np.int64) for color in flows}
        self.reads, self.sends = np.zeros((2, size), np.int64)  # at work on: a bit for each color
        self._begin(np.flatnonzero(self.step))

    def run(self) -> bool:
        """Let PEs go on until none can; False if that takes too long to look at."""
        looks = 0
        while self.step.any():
            looks += sum(len(readers) for _, readers, *_ in self.streams)
            if looks > LOOKS:
                return False
            free = np.flatnonzero((self.step > 0) & ~self._kept())
            if not len(free):
                return True
            self.step[free] = self.schedule.following[self.step[free]]
            self._begin(free[self.step[free] > 0])
        return True

    def _begin(self, pes: np.ndarray) -> None:
        """Count what these PEs begin; a microthread keeps nobody from the next operation."""
        while len(pes):
            further = []
            for number, those in groups_of(self.schedule.operation[self.step[pes]], pes):
                operation = self.program.operations[number]
                n = operation.n.ravel()[those] if np.ndim(operation.n) else operation.n
                for color in operation.reads:
                    if color in self.taken:
                        self.taken[color][those] += n
                if operation.sends in self.sent:
                    self.sent[operation.sends][those] += n
                if operation.microthread:
                    further.append(those)
                self.reads[those] = self._bits(operation.reads)
                self.sends[those] = self._bits((operation.sends,))
            pes = np.concatenate(further) if further else pes[:0]
            self.step[pes] = self.schedule.following[self.step[pes]]
            pes = pes[self.step[pes] > 0]

    def _kept(self) -> np.ndarray:
        """The PEs that cannot end what they are at: a mask."""
        kept = np.zeros(self.step.size, bool)
        for color, readers, sources, places in self.streams:
            lacking, lagging = self._compare(color, readers, sources, places)
            kept[readers[lacking]] = True
            kept[sources[lagging]] = True
        return kept

    def _compare(self, color: Color, readers: Any, sources: Any, places: Any) -> tuple[Any, Any]:
        """Readers that cannot end what they take, and those for whom a source cannot end."""
        bit = 1 << color.number
        ahead = self.sent[color][sources] - self.taken[color][readers]
        lacking = (ahead < 0) & ((self.reads[readers] & bit) != 0)
        lagging = (ahead > places) & ((self.sends[sources] & bit) != 0)
        return lacking, lagging

    @staticmethod
    def _bits(colors: tuple[Color | None, ...]) -> int:
        return sum(1 << color.number for color in colors if color)

    def keeper(self, pe: int) -> tuple[int, Color, bool] | None:
        """Whom a PE waits for, on which color, and whether it would send to it."""
        for color, readers, sources, places in self.streams:
            lacking, lagging = self._compare(color, readers, sources, places)
            for sends, mask in (
                (False, (readers == pe) & lacking),
                (True, (sources == pe) & lagging),
            ):
                for at in np.flatnonzero(mask)[:1]:
                    return int((readers if sends else sources)[at]), color, sends
        return None


def waiting_in_circles(
    program: Program, flows: dict[Color, Streams]
) -> tuple[str, str, Place, int, str, str] | None:
    """What a `Finding` says of PEs that wait for each other in a circle; None if none is seen."""
    if not may_wait(program):
        return None
    progress = Progress(program, flows)
    if not progress.run() or not progress.step.any():
        return None
    links: dict[int, tuple[int, Color, bool]] = {}
    pe = int(np.flatnonzero(progress.step)[0])
    while pe not in links:
        link = progress.keeper(pe)
        if link is None or not progress.step[link[0]]:
            return None  # it waits for one that has ended, which is no circle
        links[pe] = link
        pe = link[0]
    circle = list(links)[list(links).index(pe) :]
    columns = program.shape[1]

    def told(one: int) -> tuple[str, str]:
        number = int(progress.schedule.operation[progress.step[one]])
        return name(divmod(one, columns)), str(program.operations[number])

    texts, mends = [], []
    for one in circle:
        other, color, sends = links[one]
        (who, at), (whom, its), does = told(one), told(other), "takes" if sends else "sends"
        texts.append(f"{who} cannot end {at} before {whom} {does} {color.word}, after its {its}")
        beside = "; with microthread=True the two run side by side"
        mends.append((not sends, f"let {whom} {does[:-1]} color {color.word} before {its}{beside}"))
    more = f"; and so on, {len(circle)} in a circle" if len(texts) > 3 else ""
    first, stuck = divmod(circle[0], columns), int(np.count_nonzero(progress.step))
    text, mend = "; ".join(texts[:3]) + more, min(mends)[1]
    return "wait in a circle", links[circle[0]][1].name, first, stuck, text, mend
