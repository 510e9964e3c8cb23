"""What the routes of a program make constant: which planes its circuit has, and which gates."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..color import Color, neighbour
from ..ports import LINKS, PORTS, RAMP, Port, opposite
from ..program import Program
from ..rules import Rules
from .planes import Layout, choose_layout

LOW = 3  # counter bits that are updated each cycle; the others every 2**LOW cycles

BY_LANE = {"followed", "sends", "live", "carried", "nearly", "low", "high"}  # not by color


def state_groups(
    colors: int, sends: bool, depth: int, latency: int, places: int, high: int, lanes: int
) -> dict[str, int]:
    """The planes that hold state, in the order that lets gates span neighbouring groups.

    Queues come in pairs of halves: the routers', then the PEs' own. ``some``: holds one or more;
    ``room``: not full; ``more``: levels between. A belt place likewise: those that lead into a
    router, then those to its processor; a wavelet enters as far from the end as its way is long.
    Where no processor ``sends`` there are only the places in which a belt to one holds anything.
    What a PE runs lies in lanes: first its main operation, then the microthreads beside it.
    """
    outs = colors if sends else 0
    both = 2 * colors
    return {
        "some": both,
        "room": both,
        "more": (depth - 2) * both,
        "belt": places * both if sends else (latency - 1) * colors,
        # what the current operations of a PE are:
        "not_reading": colors,
        "not_sending": outs,
        "reading": colors,
        "sending": outs,
        "beside": (lanes - 1) * both,  # reading and sending, lane by lane
        "followed": 1,  # by another operation
        "sends": lanes if lanes > 1 else 0,
        "live": lanes,
        "carried": lanes,
        "nearly": lanes,
        "low": LOW * lanes,
        "high": high * lanes,
    }


@dataclass
class Wiring:
    """What the routes of a program make constant.

    ``slots`` are the colors in use; ``leaves`` and ``enters`` give for each slot the ports that it
    uses somewhere; ``lengths`` the lengths of the links that wavelets enter by a port; ``clashes``
    the ports that two slots share in some router; ``masks`` the constant planes, by group and slot.
    """

    layout: Layout
    rules: Rules
    lanes: int
    slots: list[Color]
    turns: int  # orders in which colors ask, one a cycle in turn
    leaves: list[set[Port]]
    enters: list[set[Port]]
    lengths: dict[Port, list[int]]
    clashes: dict[tuple[int, int], list[Port]]
    masks: dict[str, list[np.ndarray]]

    @property
    def longest(self) -> int:
        """The length of the longest link in use."""
        return max((length for some in self.lengths.values() for length in some), default=1)


def wire(program: Program, slots: list[Color]) -> Wiring:
    """The constant planes of a program."""
    enters = [{port: mask for port in LINKS if (mask := c.linked(port)).any()} for c in slots]
    links = {port: sum(int(e[port].sum()) for e in enters if port in e) for port in LINKS}
    layout = choose_layout(program.shape, links)
    leaves: list[dict[Port, np.ndarray]] = []
    for c, there in zip(slots, enters, strict=True):
        here = {opposite(port): neighbour(mask, opposite(port)) for port, mask in there.items()}
        if (ramp := c.leaves_by(RAMP)).any():
            here[RAMP] = ramp
        leaves.append(here)
    ports = [port for port in PORTS if port is RAMP or any(port in masks for masks in leaves)]
    nowhere = np.zeros(layout.size, np.uint64)

    def planes(tables: list[dict[Port, np.ndarray]], port: Port) -> list[np.ndarray]:
        return [layout.pack(table[port]) if port in table else nowhere for table in tables]

    masks = {f"leaves {port}": planes(leaves, port) for port in ports}
    masks |= {f"stays {port}": [~plane for plane in masks[f"leaves {port}"]] for port in ports}
    lengths: dict[Port, list[int]] = {}
    for port in (port for port in LINKS if links[port]):
        if program.wires.longest == 1:  # nothing was repaired
            lengths[port], masks[f"enters {port} 1"] = [1], planes(enters, port)
            continue
        length = program.wires.into(port)
        used = np.logical_or.reduce([there[port] for there in enters if port in there])
        lengths[port] = np.flatnonzero(np.bincount(length[used])).tolist()
        for one in lengths[port]:
            here = length == one
            of_this = [{p: mask & here for p, mask in there.items()} for there in enters]
            masks[f"enters {port} {one}"] = planes(of_this, port)
    lost = []
    for c, here in zip(slots, leaves, strict=True):
        bits = sum((mask.view(np.uint8) << port.number for port, mask in here.items()), np.uint8(0))
        lost.append(c.exits[0] != bits)
    if any(mask.any() for mask in lost):  # heads that no neighbour takes can never move
        masks["free to go"] = [~layout.pack(mask) for mask in lost]
    clashes = {}
    for one, other in itertools.combinations(range(len(slots)), 2):
        both = set(leaves[one]) & set(leaves[other])
        pair = {port: masks[f"leaves {port}"] for port in ports if port in both}
        shared = [port for port, plane in pair.items() if (plane[one] & plane[other]).any()]
        if shared:
            clashes[one, other] = shared
    rotate = program.rules.arbitration == "rotate"
    return Wiring(
        layout,
        program.rules,
        program.lanes,
        slots,
        len(program.colors) if rotate else 1,
        [set(masks) for masks in leaves],
        [set(masks) for masks in enters],
        lengths,
        clashes,
        masks,
    )


Beside = dict[int, set[tuple[int, int]]]  # by lane: (0 reading or 1 sending, slot)


class Plan:
    """Which planes and gates the colors of some slots need; the others stand still meanwhile.

    ``leaving`` and ``entering`` give for each link the range of planes that use it; ``shared`` for
    each plane the ports that it shares with another; ``orders`` the orders in which such planes
    ask. ``rows`` are the chosen planes among those of all slots. ``beside`` lists for each lane of
    microthreads in use the (half, plane) that they read (half 0) or send on (half 1). Where no
    processor sends, and no belt that leads into a router holds anything, a plan may do without
    the planes for it: then ``sends`` is False, and ``outs`` 0 instead of the number of colors.
    """

    def __init__(
        self, wiring: Wiring, chosen: list[int], high: int, beside: Beside, sends: bool = True
    ):
        self.wiring, self.chosen, self.high, self.sends = wiring, chosen, high, sends
        self.layout, rules = wiring.layout, wiring.rules
        self.colors, self.depth = len(chosen), rules.queue_depth
        self.outs = self.colors if sends else 0
        self.latency, self.lanes = rules.ramp_latency, wiring.lanes
        self.places = max(self.latency, wiring.longest - 1)  # of a belt
        self.extra = self.places - self.latency
        self.beside = {
            lane: [(half, chosen.index(slot)) for half, slot in sorted(uses) if slot in chosen]
            for lane, uses in sorted(beside.items())
        }
        self.leaving = self._spans([wiring.leaves[slot] for slot in chosen])
        self.entering = self._spans([wiring.enters[slot] for slot in chosen])
        shared: list[set[Port]] = [set() for _ in chosen]
        for pair, ports in wiring.clashes.items():
            if all(slot in chosen for slot in pair):
                for slot in pair:
                    shared[chosen.index(slot)].update(ports)
        self.shared = [[port for port in PORTS if port in ports] for ports in shared]
        asking = [(wiring.slots[slot].number, i) for i, slot in enumerate(chosen) if self.shared[i]]
        self.orders = [
            [i for _, i in sorted(asking, key=lambda one: (one[0] - turn) % wiring.turns)]
            if wiring.turns > 1
            else [i for _, i in sorted(asking)]
            for turn in range(wiring.turns if asking else 0)
        ]
        self.stuck = "free to go" in wiring.masks
        self.crosses_lines = any(self.layout.towards(port)[0] for port in self.leaving)
        self.changing = self._groups(self.colors, sends)
        self.groups = self.changing | dict.fromkeys(wiring.masks, self.colors)
        every = len(wiring.slots)
        everything = self._groups(every, True) | dict.fromkeys(wiring.masks, every)
        self.rows = np.array(self._rows(everything), np.int64)
        self.others = sorted({*range(len(wiring.slots))} - {*chosen})  # slots that it leaves out
        self.written: dict[Any, Any] = {}  # what the planes hold when operations start

    def _spans(self, used: list[set[Port]]) -> dict[Port, tuple[int, int]]:
        spans = {}
        for port in LINKS:
            planes = [i for i, ports in enumerate(used) if port in ports]
            if planes:
                spans[port] = (min(planes), max(planes) + 1)
        return spans

    def _groups(self, colors: int, sends: bool) -> dict[str, int]:
        return state_groups(
            colors, sends, self.depth, self.latency, self.places, self.high, self.lanes
        )

    def step_place(self, place: int, half: int = 0) -> int:
        """Of the planes that tell what leaves each place of the belts, or enters the one behind it.

        The first of a place; ``half`` 0: towards routers, 1: towards processors. The last place is
        in both.
        """
        if self.sends:
            return (2 * place + half) * self.colors
        last = place == self.places - 1
        return (place + half * last) * self.colors

    @property
    def steps(self) -> int:
        """How many planes those are."""
        return self.step_place(self.places - 1) + 2 * self.colors

    def start_rows(self, lane: int) -> np.ndarray:
        """The planes from "not_reading" on that hold an operation of a lane; see `Starts`."""
        first: dict[str, int] = {}
        rows: list[int] = []
        at = 0
        for name, count in self.changing.items():
            if first or name == "not_reading":
                first[name], at = at, at + count
        if lane == 0:
            rows += [*range(2 * (self.colors + self.outs)), first["followed"]]
        else:
            both = 2 * self.colors
            start = first["beside"] + (lane - 1) * both
            rows += range(start, start + both)
        rows += [first["sends"] + lane] if self.lanes > 1 else []
        rows += [first[name] + lane for name in ("live", "carried", "nearly")]
        for name, bits in (("low", LOW), ("high", self.high)):
            rows += [first[name] + bit * self.lanes + lane for bit in range(bits)]
        return np.array(rows)

    def unused(self, lane: int, plan: Plan) -> tuple[np.ndarray, np.ndarray]:
        """Which of `start_rows` say that an operation does not use what ``plan`` leaves out."""
        rows = self.start_rows(lane)
        halves = 4 if lane == 0 else 2
        left_out = np.zeros((halves, self.colors), bool)
        left_out[:, plan.others] = True
        if not plan.sends:
            left_out[1::2] = True
        values = np.repeat(np.arange(halves) < halves - 2, self.colors)
        chosen = left_out.ravel()
        return rows[: len(chosen)][chosen], values[chosen]

    def _rows(self, everything: dict[str, int]) -> list[int]:
        rows: list[int] = []
        first = 0
        total = max(1, len(self.wiring.slots))
        for name, count in everything.items():
            if name in BY_LANE:
                rows += range(first, first + count)
            else:
                blocks = np.arange(0, count, total)
                if not self.sends:
                    if name in ("not_sending", "sending"):
                        blocks = blocks[:0]
                    elif name == "belt":
                        blocks = blocks[3::2]  # the in half, but for its first place
                rows += [first + block + slot for block in blocks.tolist() for slot in self.chosen]
            first += count
        return rows
