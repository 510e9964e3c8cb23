"""A step of SUMMA: when each PE begins what is written for it, and when its streams pass.

Four streams come to a PE's ramp: a panel of A and one of B to multiply, and one of each for its
queue. The first in this order that has a value there passes; of what a PE sends, what is in the
lowest lane goes first. So each stream passes in the cycles that those before it leave. A PE begins
a step when the streams of the step before have passed.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from itertools import product as pairs
from typing import NamedTuple

from .passing import Times, behind, later, merged, nth, passing

PE = tuple[int, int]  # counted over the rows and columns that are looked at

#: A stream may meet those of so many steps before its own, and behind it.
BEFORE, BEHIND = 2, 2


class Line(NamedTuple):
    """Of the rows (for A) or the columns (for B): the PEs that are looked at, and their panels."""

    places: list[int]
    values: int  # of a panel
    each: int  # panels that wait in each PE but the first


class Step:
    """When what is written for one step begins and ends, by stream and PE.

    Streams are numbered in the order in which they go first on a ramp: 0 and 1 are the panels of A
    and B to multiply, 2 and 3 those for the queues. ``out`` is when their values leave who sends,
    ``into`` when they come out of the ramp of who takes. ``lanes`` has the lane in which a stream
    was last sent or taken, and in which step; ``goes_on`` when a PE has begun everything.
    """

    def __init__(self) -> None:
        self.sends, self.takes, self.sent, self.taken = (_numbers() for _ in range(4))
        self.out, self.into = _times(), _times()
        self.lanes: dict[PE, dict[tuple[int, bool], tuple[int, int]]] = {}
        self.goes_on: dict[PE, int] = {}

    def write_again(self) -> None:
        """Forget what begins when; when the streams pass stays, until that is found anew."""
        self.sends, self.takes = _numbers(), _numbers()

    def ends(self) -> list[dict[PE, int]]:
        """A copy of when everything ends."""
        return [dict(ends) for ends in (*self.sent, *self.taken)]

    def move(self, cycles: dict[PE, int]) -> None:
        """Let everything happen later, by so many cycles in each PE."""
        for some in (*self.sends, *self.takes, *self.sent, *self.taken, self.goes_on):
            some.update({pe: at + cycles[pe] for pe, at in some.items()})
        for times in (*self.out, *self.into):
            times.update({pe: later(passes, cycles[pe]) for pe, passes in times.items()})


def _numbers() -> list[dict[PE, int]]:
    return [{} for _ in range(4)]


def _times() -> list[dict[PE, Times]]:
    return [{} for _ in range(4)]


class Summa:
    """The steps of a product, each known from those before it."""

    def __init__(
        self, lines: tuple[Line, ...], product: int, overlap: bool,
        *, ramp_latency: int, depth: int, gap: int,
    ):  # fmt: skip
        self.lines, self.product = lines, product
        self.ramp, self.depth, self.gap = ramp_latency, depth, gap
        self.pes = list(pairs(range(len(lines[1].places)), range(len(lines[0].places))))
        self.sides = [side for side in (0, 1) if len(lines[side].places) > 1]
        self.write = self._beside if overlap else self._in_turns
        self.at: defaultdict[int, Step] = defaultdict(Step)  # what is known of each step
        self.found: dict[tuple[int, int, PE, bool], tuple] = {}  # what a stream depends on, and is

    def wait(self, cycles: dict[PE, int]) -> None:
        """Let everything that is known happen later, by so many cycles in each PE."""
        for step in self.at.values():
            step.move(cycles)
        self.found.clear()

    # ---- what a PE begins, one after the other -----------------------------------------------

    def begin(self, step: int, left: int) -> None:
        """When every PE begins what is written for a step, in which ``left`` panels wait in queues.

        With less than none left, nothing but the last product remains.
        """
        now, before = self.at[step], self.at[step - 1]
        now.write_again()
        ends = [1 - -left // line.each if left > 0 else 0 for line in self.lines]
        for pe in self.pes:
            now.lanes[pe] = dict(before.lanes.get(pe, {}))
            places = [line.places[pe[1 - side]] for side, line in enumerate(self.lines)]
            gives = [0 < place < end for place, end in zip(places, ends, strict=True)]
            gets = [place < end - 1 for place, end in zip(places, ends, strict=True)]
            now.goes_on[pe] = self.write(step, pe, gives, gets, left < 0)

    def _beside(self, step: int, pe: PE, gives: list[bool], gets: list[bool], last: bool) -> int:
        """All but the products are microthreads; what comes next may begin a cycle later."""
        before = self.at[step - 1]
        free, here = before.goes_on.get(pe, 0), 0
        for side in self.sides:
            if pe[1 - side]:
                taken = before.taken[side].get(pe, 0)
                here = max(here, taken)
                if not last:
                    free = self._start(step, pe, side, True, max(free, taken))
            else:  # it multiplies what it got for the queue, in the step before
                here = max(here, self.at[step - 2].taken[2 + side].get(pe, 0))
        if step:
            free = max(free, here) + self.product
        if last:
            return free
        for side in self.sides:
            if not pe[1 - side]:
                ready = max(before.sent[side].get(pe, 0), before.taken[2 + side].get(pe, 0))
                free = self._start(step, pe, side, False, max(free, ready))
        for side in self.sides:
            got = before.taken[2 + side].get(pe, 0)
            if gives[side]:
                free = max(free, before.sent[2 + side].get(pe, 0))
                if self.lines[side].each == 1:  # what it gives is what it got last
                    free = max(free, got)
                free = self._start(step, pe, 2 + side, False, free)
            if gets[side]:
                free = max(free, got)
                if not pe[1 - side]:  # it gets a panel to where it sent the one before from
                    free = max(free, before.sent[side].get(pe, 0))
                free = self._start(step, pe, 2 + side, True, free)
        return free

    def _in_turns(self, step: int, pe: PE, gives: list[bool], gets: list[bool], last: bool) -> int:
        """Only the giving is a microthread; all else ends before the next begins."""
        before = self.at[step - 1]
        free = before.goes_on.get(pe, 0)
        if last:
            return free
        for side in self.sides:
            free = self._one(step, pe, side, bool(pe[1 - side]), free)
        free += self.product
        for side in reversed(self.sides):
            if gives[side]:
                free = max(free, before.sent[2 + side].get(pe, 0))
                free = self._start(step, pe, 2 + side, False, free)
            if gets[side]:
                free = self._one(step, pe, 2 + side, True, free)
        return free

    def _one(self, step: int, pe: PE, stream: int, takes: bool, cycle: int) -> int:
        """Begin a main operation; the next may begin when it has ended."""
        now = self.at[step]
        (now.takes if takes else now.sends)[stream][pe] = cycle
        now.lanes[pe][stream, takes] = -1, step
        return (now.taken if takes else now.sent)[stream].get(pe, cycle) + self.gap

    def _start(self, step: int, pe: PE, stream: int, takes: bool, cycle: int) -> int:
        """Begin a microthread, in the first free lane; the next may begin in the next cycle."""
        now, used = self.at[step], set()
        for (other, taking), (lane, begun) in now.lanes[pe].items():
            its = self.at[begun]
            if (its.taken if taking else its.sent)[other].get(pe, cycle + 1) > cycle:
                used.add(lane)
        lane = next(lane for lane in range(len(used) + 1) if lane not in used)
        (now.takes if takes else now.sends)[stream][pe] = cycle
        now.lanes[pe][stream, takes] = lane, step
        return cycle + 1

    # ---- when streams pass ---------------------------------------------------------------------

    def pass_on(self, step: int) -> None:
        """When the streams of a step leave who sends, and come out of the ramps of who takes."""
        now = self.at[step]
        near = [self.at[step + other] for other in range(-BEFORE, BEHIND + 1)]
        for stream in range(4):
            out: dict[PE, Times] = {}
            into: dict[PE, Times] = {}
            taken: dict[PE, int] = {}
            for pe in now.sends[stream]:
                takers = self._takers(stream, pe)
                out[pe], passes = self._way(step, near, stream, pe, takers)
                into.update(zip((taker for taker, _ in takers), passes, strict=True))
                if pe in now.takes[stream] and self._ends_what_is_near(stream % 2, pe):
                    into[pe] = self._way(step, near, stream, pe, [(pe, 1)])[1][0]
            for pe, begun in now.takes[stream].items():
                taken[pe] = max(into[pe][-1][1], begun + self.lines[stream % 2].values)
            now.out[stream], now.taken[stream] = out, taken
            now.into[stream] = {pe: into[pe] for pe in taken}
            now.sent[stream] = {pe: passes[-1][1] for pe, passes in out.items()}

    def _takers(self, stream: int, pe: PE) -> list[tuple[PE, int]]:
        """Who takes what a PE sends, and how far away.

        The neighbour before a PE, if it is not looked at, does as the PE itself.
        """
        side, places = stream % 2, self.lines[stream % 2].places
        at = pe[1 - side]
        if stream < 2:
            to = [(number, place) for number, place in enumerate(places) if place]
        else:
            to = [(at - 1 if places[at] - places[at - 1] == 1 else at, 1)]
        return [((pe[0], number) if side == 0 else (number, pe[1]), hops) for number, hops in to]

    def _ends_what_is_near(self, side: int, pe: PE) -> bool:
        """Whether the neighbour behind a PE is not looked at, though the one before it is.

        What it gets from there comes as what it gives goes.
        """
        places, at = self.lines[side].places, pe[1 - side]
        apart = [far - near > 1 for near, far in pairwise(places[at - 1 : at + 2])]
        return bool(at) and apart == [False, True]

    def _way(
        self, step: int, near: list[Step], stream: int, pe: PE, takers: list[tuple[PE, int]]
    ) -> tuple[Times, list[Times]]:
        """When a stream leaves a PE, and when it passes the ramps of those who take it."""
        now = self.at[step]
        begins, lane = now.sends[stream][pe], now.lanes[pe][stream, False][0]
        blocked = [
            passes
            for other in near
            for before, out in enumerate(other.out)
            if pe in out and other.lanes[pe].get((before, False), (lane,))[0] < lane
            for passes in out[pe]
            if passes[1] > begins
        ]
        stops = []
        for taker, hops in takers:
            busy = [
                passes
                for other in near
                for into in other.into[:stream]
                if taker in into
                for passes in into[taker]
                if passes[1] > begins
            ]
            stops.append((busy, now.takes[stream].get(taker), hops))
        key = step, stream, pe, takers[0][0] == pe
        depends = begins, blocked, stops
        if key not in self.found or self.found[key][0] != depends:
            self.found[key] = depends, self._along(stream, *depends)
        found: tuple[Times, list[Times]] = self.found[key][1]
        return found

    def _along(
        self,
        stream: int,
        begins: int,
        blocked: Times,
        stops: list[tuple[Times, int | None, int]],
    ) -> tuple[Times, list[Times]]:
        """When a stream leaves, and passes each stop: when that is busy, takes, and how far it is.

        Found again and again, since what does not pass a stop holds up what comes behind it.
        """
        T, Q, values = self.ramp, self.depth, self.lines[stream % 2].values
        blocked = merged(blocked)
        busy = [merged(one) for one, _, _ in stops]
        ways = [stops[0][2], *(far - near for (*_, near), (*_, far) in pairwise(stops))]
        out, into = passing([(begins, begins + values)], blocked), list[Times]()
        for _ in range(values):  # each time one value more is where it stays, at least
            found: list[Times] = []
            at = later(out, 2 * T + 1)
            for number, (_, begun, _) in enumerate(stops):
                at = later(at, ways[number])
                if number + 1 < len(into):  # the routers on the way to the next hold Q each
                    way = ways[number + 1]
                    at = behind(at, into[number + 1], Q * way, way)
                passes = passing(at, busy[number])
                if begun is not None and values > Q:
                    full, begun = nth(passes, Q - 1) + T, begun + T + 1
                    if full < begun:  # the PE's queue is: the ramp stands still until it takes
                        passes = passing(at, merged([*busy[number], (full, begun)]))
                at = passes
                found.append(passes)
            for number in range(len(stops) - 2, -1, -1):
                way = ways[number + 1]
                at = behind(found[number], found[number + 1], Q * way, way)
                found[number] = passing(at, busy[number])
            # The belt of who sends holds T, and the routers up to the first stop Q each.
            held = behind(out, found[0], T + (1 + ways[0]) * Q, 1 + ways[0] - T)
            leaves = passing(held, blocked)
            if (leaves, found) == (out, into):
                break
            out, into = leaves, found
        return out, into
