"""The rules of the fabric as a circuit: gates between planes, applied once a cycle.

Planes of one kind lie side by side in one buffer, one plane a color, so that a gate serves all
colors in one call. The comments name the rule (see docs/rules.md) that a group of gates stands for.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ..ports import PORTS, RAMP, Port
from .backend import to_host
from .planes import Planes, folded
from .wiring import LOW, Plan

AND, OR, XOR = np.bitwise_and, np.bitwise_or, np.bitwise_xor
UP, DOWN = np.left_shift, np.right_shift
ONE, TOP, ALL = np.uint64(1), np.uint64(63), np.uint64(2**64 - 1)
SPARED = 4096  # words of a plane that a gate leaves out, at least, if it leaves any out

Gate = tuple[Callable[..., Any], np.ndarray, Any, np.ndarray]


def scratch_groups(plan: Plan) -> dict[str, int]:
    """The planes that live within a cycle."""
    colors, both, lanes = plan.colors, 2 * plan.colors, plan.lanes
    return {
        "go": colors,  # heads of routers that move; with "taken" these are the queues' pops
        "taken": colors,  # wavelets that processors take
        "sent": plan.outs,  # and send
        "first": plan.outs if plan.extra else 0,  # what enters at the first place
        "nothing": plan.outs,
        "step": plan.steps,  # what leaves each belt place, or enters the one behind it
        "test": both,
        "spare": both,
        "fire": lanes,
        "carries": 2 * lanes,
        "ended": lanes,
        "port free": len(PORTS),
        "wanting": both if lanes > 1 else 0,
        "beside": 3 if lanes > 1 else 0,
    }


class Circuit:
    """The gates of a plan for one window of lines."""

    def __init__(self, plan: Plan, state: Planes, scratch: Planes):
        self.plan, self.state, self.scratch = plan, state, scratch
        self.sections = {
            "operations": self._fire() + (self._fire_beside() if plan.lanes > 1 else []),
            "heads": self._heads(),
            "belts": self._belts(),
            "links": self._arrivals(),
            "queues": self._queues(),
            "counters": self._count(),
        }
        parts = list(self.sections.values())
        self.before = [gate for part in parts[:2] for gate in part]
        self.contended = [self._share(order) for order in plan.orders]
        self.after = [gate for part in parts[2:] for gate in part]
        self.every_eighth = self._carry_on()
        if state.xp is not np:  # its own gates, of the same names
            for gates in (self.before, *self.contended, self.after, self.every_eighth):
                gates[:] = [(getattr(state.xp, gate.__name__), *rest) for gate, *rest in gates]

    def cycle(self, now: int) -> None:
        """One cycle of the whole window."""
        for gate, a, b, out in self.before:
            gate(a, b, out)
        if self.contended:
            for gate, a, b, out in self.contended[now % len(self.contended)]:
                gate(a, b, out)
        for gate, a, b, out in self.after:
            gate(a, b, out)

    def flush(self) -> None:
        """Bring the slow counter bits up to date."""
        for gate, a, b, out in self.every_eighth:
            gate(a, b, out)

    def _fire(self) -> list[Gate]:
        # Rule 7: an element is handled if every stream read has one and the stream sent has room.
        s, t, colors = self.state, self.scratch, self.plan.colors
        size, width = s.size, colors + self.plan.outs
        inputs_and_way_out = s("some", colors, colors + width)  # PEs' own queues, routers' room
        test = t("test", 0, width)
        gates: list[Gate] = [(OR, inputs_and_way_out, s("not_reading", 0, width), test)]
        while width > 1:
            half = width // 2
            low, high = test[: half * size], test[(width - half) * size : width * size]
            gates.append((AND, low, high, low))
            width -= half
        fire = t("fire", 0, 1)
        gates.append((AND, test[:size], s("live", 0, 1), fire))
        takes_and_sends = t("taken", 0, colors + self.plan.outs).reshape(-1, size)
        operation = s("reading", 0, colors + self.plan.outs).reshape(-1, size)
        gates.append((AND, operation, fire, takes_and_sends))
        return gates

    def _fire_beside(self) -> list[Gate]:
        # Rule 11: likewise each microthread; one operation sends in a cycle, by lanes.
        s, t, plan = self.state, self.scratch, self.plan
        colors = plan.colors
        blocked, gone, part = (t("beside", i, i + 1) for i in range(3))
        gates: list[Gate] = [(XOR, s("some", colors, 3 * colors), ALL, t("wanting"))]
        gates.append((AND, t("fire", 0, 1), s("sends", 0, 1), gone))
        idle = [lane for lane in range(1, plan.lanes) if not plan.beside.get(lane)]
        for lane in idle:
            fire = t("fire", lane, lane + 1)
            gates.append((XOR, fire, fire, fire))
        for lane, uses in plan.beside.items():
            if lane in idle:
                continue
            live, fire = s("live", lane, lane + 1), t("fire", lane, lane + 1)
            sends = s("sends", lane, lane + 1)
            gates.append((AND, sends, gone, blocked))
            planes = [half * colors + i for half, i in uses]
            for plane in planes:
                used = self._beside_plane(lane, plane)
                gates.append((AND, used, t("wanting", plane, plane + 1), part))
                gates.append((OR, blocked, part, blocked))
            gates += [(AND, live, blocked, part), (XOR, live, part, fire)]
            if any(half for half, _ in uses):
                gates += [(AND, fire, sends, part), (OR, gone, part, gone)]
            for plane in planes:
                taken = t("taken", plane, plane + 1)  # or "sent", which lies behind it
                gates.append((AND, self._beside_plane(lane, plane), fire, part))
                gates.append((OR, taken, part, taken))
        return gates

    def _beside_plane(self, lane: int, plane: int) -> np.ndarray:
        at = (lane - 1) * 2 * self.plan.colors + plane
        return self.state("beside", at, at + 1)

    def _heads(self) -> list[Gate]:
        # Rule 4: a head moves if there is room behind all its ports.
        s, t, plan = self.state, self.scratch, self.plan
        colors = plan.colors
        go, test = t("go"), t("test", 0, colors)
        gates: list[Gate] = [(OR, s(f"stays {RAMP}"), s("room", colors), test)]
        gates.append((AND, s("some", 0, colors), test, go))
        for port, (low, high) in plan.leaving.items():
            here = slice(low, high), self._where([f"leaves {port}"], low, high)
            if here[1].stop == 0:
                continue
            room, extra = self._beside(s, "room", port, *here)
            part = _part(t.table("test"), slice(high - low), here[1])
            leaving = _part(t.table("go"), *here)
            gates += extra
            gates.append((OR, _part(s.table(f"stays {port}"), *here), room, part))
            gates.append((AND, leaving, part, leaving))
        if plan.stuck:
            gates.append((AND, go, s("free to go"), go))
        return gates

    def _where(self, masks: Iterable[str], low: int, high: int) -> slice:
        """The words of a plane in which some of these masks has a bit; all, if most have."""
        gate, size = self.state.xp.bitwise_or, self.state.size
        planes = [folded(gate, self.state.table(mask)[low:high]) for mask in masks]
        words = np.flatnonzero(to_host(functools.reduce(gate, planes)))
        if not len(words):
            return slice(0, 0)
        first, last = int(words[0]), int(words[-1]) + 1
        return slice(first, last) if size - (last - first) > SPARED else slice(0, size)

    def _beside(
        self, planes: Planes, name: str, port: Port, those: slice, words: slice
    ) -> tuple[np.ndarray, list[Gate]]:
        """What the neighbours behind a port hold, and the gates that fetch it."""
        lines, places = self.plan.layout.towards(port)
        step = lines * self.plan.layout.words or places
        there = _part(planes(name, shift=step).reshape(-1, planes.size), those, words)
        if lines:
            return there, []
        spares = self.scratch.table("spare").reshape(2, -1, planes.size)
        spare, carried = (_part(half, those, words) for half in spares)
        one_way, other_way = (DOWN, UP) if places > 0 else (UP, DOWN)
        gates: list[Gate] = [(one_way, _part(planes.table(name), those, words), ONE, spare)]
        if self.plan.layout.words > 1:  # the bit that comes from the next word
            gates.append((other_way, there, TOP, carried))
            gates.append((OR, spare, carried, spare))
        return spare, gates

    def _share(self, order: list[int]) -> list[Gate]:
        # Rules 4 and 5: of the heads that want a port, the first in the order has it.
        s, t = self.state, self.scratch
        gates: list[Gate] = []
        given: set[Port] = set()
        test = t("test", 0, 1)
        for color in order:
            go = t("go", color, color + 1)
            ports = self.plan.shared[color]
            for port in (port for port in ports if port in given):
                free = self._free(port)
                gates.append((OR, free, s(f"stays {port}", color, color + 1), test))
                gates.append((AND, go, test, go))
            for port in ports:
                uses = s(f"leaves {port}", color, color + 1)
                gates.append((AND, go, uses, test))
                if port in given:
                    gates.append((XOR, self._free(port), test, self._free(port)))
                else:
                    gates.append((XOR, test, ALL, self._free(port)))
                given.add(port)
        return gates

    def _free(self, port: Port) -> np.ndarray:
        return self.scratch("port free", port.number, port.number + 1)

    def _belts(self) -> list[Gate]:
        # Rule 6: a belt moves as a whole, if the queue at its end had room.
        s, t, plan = self.state, self.scratch, self.plan
        colors, outs = plan.colors, plan.outs
        gates: list[Gate] = []
        if outs:
            places, steps = (g.reshape(plan.places, -1) for g in (s("belt"), t("step")))
            gates += [(AND, places, s("room"), steps), (XOR, s("belt"), t("step"), s("belt"))]
        else:
            last = plan.step_place(plan.places - 1)
            routers = t("step", last, last + colors)
            gates.append((XOR, routers, routers, routers))
            for i in range(plan.latency - 1):
                place = s("belt", i * colors, (i + 1) * colors)
                at = plan.step_place(plan.extra + 1 + i, half=1)
                leaving = t("step", at, at + colors)
                gates.append((AND, place, s("room", colors, 2 * colors), leaving))
                gates.append((XOR, place, leaving, place))
        at = plan.step_place(plan.extra, half=1)
        gates.append((AND, t("go"), s(f"leaves {RAMP}"), t("step", at, at + colors)))
        if plan.extra and outs:
            at = plan.step_place(plan.extra - 1)
            behind, first = t("step", at, at + outs), t("first")
            gates += [(OR, behind, t("sent"), behind), (XOR, first, first, first)]
        return gates

    def _arrivals(self) -> list[Gate]:
        # Rule 2: what left a neighbour by a link enters here; it joins what leaves the out belts,
        # or what leaves the place before the one where a longer link begins.
        s, t, plan = self.state, self.scratch, self.plan
        gates: list[Gate] = []
        entrance = "first" if plan.extra else "sent"
        for port, (low, high) in plan.entering.items():
            lengths = {length: f"enters {port} {length}" for length in plan.wiring.lengths[port]}
            here = slice(low, high), self._where(lengths.values(), low, high)
            if here[1].stop == 0:
                continue
            arriving, extra = self._beside(t, "go", port, *here)
            part = _part(t.table("test"), slice(high - low), here[1])
            gates += extra
            for length, mask in lengths.items():
                if length <= plan.places:
                    at = plan.step_place(plan.places - length)
                    joined = _part(t.table("step"), slice(at + low, at + high), here[1])
                else:
                    joined = _part(t.table(entrance), *here)
                gates.append((AND, arriving, _part(s.table(mask), *here), part))
                gates.append((OR, joined, part, joined))
        # What enters the first places of the belts, nothing, then what left each but the last.
        entering = t(entrance, 0, 2 * plan.outs + plan.step_place(plan.places - 1))
        if len(entering):
            gates.append((OR, s("belt"), entering, s("belt")))
        return gates

    def _queues(self) -> list[Gate]:
        # Rule 3: first in, first out; unary counts, so that a pop and a push are a few gates.
        s, t, plan = self.state, self.scratch, self.plan
        both = 2 * plan.colors
        pop = t("go", 0, both)
        push = t("step", plan.step_place(plan.places - 1))
        rest, spare = t("test"), t("spare")
        levels = [s("some")]
        levels += [s("more", i * both, (i + 1) * both) for i in range(plan.depth - 2)]
        gates: list[Gate] = [(AND, pop, s("room"), rest), (OR, s("room"), pop, s("room"))]
        for level in reversed(levels[1:]):
            gates += [
                (AND, rest, level, spare),
                (XOR, level, spare, level),
                (XOR, rest, spare, rest),
            ]
        gates.append((XOR, levels[0], rest, levels[0]))
        coming, leftover = push, rest
        for level in levels:
            gates += [(AND, coming, level, leftover), (OR, level, coming, level)]
            coming, leftover = leftover, (spare if leftover is rest else rest)
        gates.append((XOR, s("room"), coming, s("room")))
        return gates

    def _count(self) -> list[Gate]:
        # Rule 7: counters count up to 2**bits, so that the carry out says "ended".
        s, t = self.state, self.scratch
        gates: list[Gate] = []
        carry, lanes = t("fire"), self.plan.lanes
        for bit in range(LOW):
            low = s("low", bit * lanes, (bit + 1) * lanes)
            out = t("carries", bit % 2 * lanes, (bit % 2 + 1) * lanes)
            gates += [(AND, low, carry, out), (XOR, low, carry, low)]
            carry = out
        if self.plan.high:
            gates.append((OR, s("carried"), carry, s("carried")))
        gates.append((AND, carry, s("nearly"), t("ended")))
        gates.append((XOR, s("live"), t("ended"), s("live")))
        return gates

    def _carry_on(self) -> list[Gate]:
        # At most one carry leaves the low bits in 2**LOW cycles; it may wait that long.
        s, t = self.state, self.scratch
        gates: list[Gate] = []
        carry, nearly, lanes = s("carried"), s("nearly"), self.plan.lanes
        bits = [s("high", bit * lanes, (bit + 1) * lanes) for bit in range(self.plan.high)]
        for bit, high in enumerate(bits):
            out = t("carries", bit % 2 * lanes, (bit % 2 + 1) * lanes)
            gates += [(AND, high, carry, out), (XOR, high, carry, high)]
            carry = out
        if self.plan.high:
            gates.append((XOR, s("carried"), s("carried"), s("carried")))
            gates.append((OR, bits[0], bits[0], nearly))
            gates += [(AND, nearly, high, nearly) for high in bits[1:]]
        return gates


def _part(table: np.ndarray, planes: slice, words: slice) -> np.ndarray:
    """Some words of some planes; end to end where they lie so, which makes a gate quicker."""
    part = table[planes, words]
    return part.reshape(-1) if len(part) == 1 or part.shape[1] == table.shape[1] else part
