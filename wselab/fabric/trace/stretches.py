"""Why a run took as long as it did, in words: `Run.explain`.

The critical path has one event in each cycle. Those of a kind that follow each other are a stretch;
what a wavelet passes on its way from one processor to another is a hand-over.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..color import Color
from ..errors import ProgramError
from ..explain.standing import Place, count, name
from ..operations import Operation
from .cells import BUSY, DOING, IDLE
from .critical import CriticalPath
from .events import Event, Kind, Step

if TYPE_CHECKING:
    from .trace import Trace

WAYS = ("ramp", "link")
WORDS: dict[str, str] = {  # of a summary; hand-overs are told apart
    "elements": "to handle elements of streams",
    "computing": "to compute on memory alone",
    "in line": "behind others of the same color in a router's queue",
    "contention": "for a port that another color had",
    "full": "for room: what stood in the way had to go on first",
    "switch": "for a router's switch to advance",
    "host": "for the host, which serves its links in turn",
    "start": "to begin microthreads, one operation a cycle",
    "pause": "in pauses before an operation",
    "task": "to take wavelets that wake a task",
}
SHOWN = 24  # lines of a path; more are told from both ends
REPEATS = 3  # so many times the same is told once
SAME = 2  # lines that may repeat together


@dataclass
class Stretch:
    """Cycles ``start`` to ``stop`` (behind the last) of a critical path, all of one ``kind``.

    ``pe`` is where it begins and ``to`` where it ends or what it lets go on; ``color`` is that of
    the wavelets concerned, ``operation`` the one at work, and ``line`` where it was written.
    ``way`` says which ramp, "out" or "in". ``text`` tells it in words.
    """

    kind: Kind
    start: int
    stop: int
    pe: Place
    to: Place
    color: Color | None
    operation: Operation | None
    way: str
    other: Color | None  # the one that has the port

    @property
    def cycles(self) -> int:
        """How long it is."""
        return self.stop - self.start

    @property
    def line(self) -> str:
        """File and line of its operation; "" where it has none."""
        return self.operation.line if self.operation else ""

    @property
    def text(self) -> str:
        """What happens in it."""
        at, color = name(self.pe), self.color.word if self.color else ""
        n = self.cycles
        if self.kind == "elements":
            return f"{at} handles {count(n, 'element')}: {self.operation} ({self.line})"
        if self.kind == "computing":
            return f"{at} computes: {self.operation} ({self.line})"
        if self.kind == "ramp":
            return f"color {color} on the ramp of {at}, {self.way}"
        if self.kind == "link":
            return f"color {color} from {at} to {name(self.to)}: {on_links(n)}"
        other = self.other.name if self.other else ""
        back = f"at {at}" if self.to == self.pe else f"room comes back from {at} to {name(self.to)}"
        return {
            "in line": f"color {color} waits in the router of {at} behind others of its color",
            "contention": f"color {color} waits in the router of {at}: color {other} has the port",
            "full": f"color {color} waits for room: {back}",
            "switch": f"color {color} comes to {name(self.to)}, whose switch it advances",
            "host": f"color {color} waits at {at} for the host, or passes its link",
            "start": f"{at} begins a microthread: {self.operation} ({self.line})",
            "pause": f"{at} pauses before its next operation",
            "task": f"a wavelet wakes {at}",
        }[self.kind]


class Explanation:
    """Where the cycles of a run went; prints as a text.

    ``stretches`` are those of the critical path, in the order of time: they add up to ``cycles``.
    ``by_cause`` adds them up by kind.
    """

    def __init__(self, trace: Trace):
        self.cycles, self._trace = trace.end_cycle, trace
        path = CriticalPath(trace)
        self.stretches = list(_stretches(path))
        self.by_cause: dict[str, int] = {}
        for one in self.stretches:
            self.by_cause[one.kind] = self.by_cause.get(one.kind, 0) + one.cycles

    @property
    def hand_overs(self) -> list[list[Stretch]]:
        """The stretches of each way of a wavelet, over ramps and links, without a wait."""
        found: list[list[Stretch]] = []
        for before, one in zip([None, *self.stretches], self.stretches, strict=False):
            if one.kind in WAYS:
                if before is None or before.kind not in WAYS or before.color is not one.color:
                    found.append([])
                found[-1].append(one)
        return found

    def __repr__(self) -> str:
        return "\n".join(
            [
                f"{count(self.cycles, 'cycle')}, each of which the end of the run had to wait for:",
                *self._summary(),
                "The path, from the first cycle to the last:",
                *self._path(),
                *self._pes(),
            ]
        )

    def _summary(self) -> list[str]:
        parts: list[tuple[int, str]] = []
        hand_overs, ways = self.hand_overs, [self.by_cause.get(kind, 0) for kind in WAYS]
        if hand_overs:
            text = f"on {count(len(hand_overs), 'hand-over')} from PE to PE: "
            parts.append((sum(ways), f"{text}{ways[0]:,} on ramps, {ways[1]:,} on links"))
        for kind, text in WORDS.items():
            if cycles := self.by_cause.get(kind, 0):
                places = len({one.pe for one in self.stretches if one.kind == kind})
                parts.append((cycles, f"{text}, at {count(places, 'PE')}"))
        return [f"  {cycles:>9,}  {text}" for cycles, text in sorted(parts, key=lambda p: -p[0])]

    def _path(self) -> list[str]:
        lines = _fold(_lines(self.stretches, self.hand_overs))
        if len(lines) > SHOWN:
            left = len(lines) - SHOWN
            lines[SHOWN // 2 : -SHOWN // 2] = [f"... {left} lines more: see .stretches ..."]
        return [f"  {line}" for line in lines]

    def _pes(self) -> list[str]:
        usage, pes = self._trace.usage, self._trace.usage[0].size
        total = max(1, pes * self.cycles)
        shares = {what: int(usage[at].sum()) for at, what in enumerate(DOING)}
        waits = {what: part for what, part in shares.items() if what not in DOING[: BUSY + 1]}
        reasons = ", ".join(
            f"{what} {_share(part, total)}"
            for what, part in sorted(waits.items(), key=lambda one: -one[1])
            if part
        )
        waiting = _share(sum(waits.values()), total) + (f" ({reasons})" if reasons else "")
        return [
            f"The {count(pes, 'PE')}: busy {_share(shares[DOING[BUSY]], total)} of the cycles, "
            f"waiting {waiting}, idle {_share(shares[DOING[IDLE]], total)}"
        ]


def on_links(cycles: int) -> str:
    """Cycles on links, in words."""
    return "1 on a link" if cycles == 1 else f"{cycles:,} on links"


def _share(part: int, total: int) -> str:
    return f"{100 * part / total:.0f} %"


def _stretches(path: CriticalPath) -> Iterable[Stretch]:
    """The steps of a path, those of a kind that follow each other taken together."""
    current: Any = None
    stretch: Stretch | None = None
    for cycle, step in enumerate(path.steps):
        following = path.steps[cycle + 1] if cycle + 1 < len(path.steps) else None
        one = _stretch(path, cycle, step, following)
        key: tuple[Any, ...] = (step.kind, one.color, one.operation, one.way, one.other)
        if step.kind not in ("link", "full"):
            key += (one.pe, step.event.lane if step.event.what == "fire" else 0)
        if stretch is not None and key == current:
            stretch.stop, stretch.to = cycle + 1, one.to
        else:
            if stretch is not None:
                yield stretch
            current, stretch = key, one
    if stretch is not None:
        yield stretch


def _stretch(path: CriticalPath, cycle: int, step: Step, following: Step | None) -> Stretch:
    event, operation, color, other = step.event, None, None, None
    if event.what in ("fire", "start"):
        operation = path.operations[event.number]
    elif event.what == "given":
        color = path.colors[path.cells.color[path.reach[0][event.number][0]]]
    elif event.what in ("head", "blocked", "out", "in", "link"):
        color = path.colors[path.cells.color[event.number]]
    if event.what == "blocked":
        other = path.colors[path.cells.color[event.other]]
    pe = to = path.cells.place(event.pe)
    if step.kind == "switch":
        to = path.cells.place(path.cells.pe[event.other])
    elif following is not None and step.kind in ("link", "full"):
        to = path.cells.place(following.event.pe)
    way = _way(event) if step.kind == "ramp" else ""
    return Stretch(step.kind, cycle, cycle + 1, pe, to, color, operation, way, other)


def _way(event: Event) -> str:
    return "out" if event.what == "out" else "in"


Line = tuple[tuple[Any, ...], str]  # what makes lines alike, and the text


def _lines(stretches: list[Stretch], hand_overs: list[list[Stretch]]) -> list[Line]:
    """A line for each stretch, one for each hand-over."""
    firsts = {id(ways[0]): ways for ways in hand_overs}
    lines: list[Line] = []
    for one in stretches:
        if one.kind not in WAYS:
            alike = (one.kind, one.cycles, one.line)
            lines.append((alike, f"{_when(one.start, one.stop)} {one.text}"))
        elif ways := firsts.get(id(one)):
            parts = [
                on_links(way.cycles) if way.kind == "link" else f"{way.cycles} on the ramp"
                for way in ways
            ]
            color = one.color.word if one.color else ""
            text = f"color {color} from {name(one.pe)} to {name(ways[-1].to)}: {', '.join(parts)}"
            lines.append((("hand-over", *parts), f"{_when(one.start, ways[-1].stop)} {text}"))
    return lines


def _when(start: int, stop: int) -> str:
    return f"cycle {start:,}:" if stop == start + 1 else f"cycles {start:,} to {stop - 1:,}:"


def _fold(lines: list[Line]) -> list[str]:
    """The texts; lines that repeat many times, alone or in twos, are told once."""
    found: list[str] = []
    at = 0
    while at < len(lines):
        for size in range(1, SAME + 1):
            alike = [key for key, _ in lines[at : at + size]]
            times = 1
            while [k for k, _ in lines[at + times * size : at + (times + 1) * size]] == alike:
                times += 1
            if times >= REPEATS:
                break
        else:
            size, times = 1, 1
        found += [text for _, text in lines[at : at + size]]
        if times > 1:
            last = lines[at + times * size - 1][1]
            found.append(f"... the same {times - 1:,} times more, the last:")
            found.append(last)
        at += size * times
    return found


def explain(trace: Trace | None) -> Explanation:
    """See `Run.explain`."""
    if trace is None:
        raise ProgramError(
            "run.explain(): nothing was recorded in this run. Try: w.run(trace=True), which steps "
            "every cycle on the lockstep engine"
        )
    if not trace.whole:
        raise ProgramError(
            f"run.explain(): the path leads through all PEs and cycles, and {trace!r} does not "
            "hold them. Try: w.run(trace=True), or wse.Trace(megabytes=...) with more of them"
        )
    return Explanation(trace)
