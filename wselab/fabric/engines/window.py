"""The window: the lines of the wafer in which anything can move, and their circuit."""

from __future__ import annotations

from typing import Any

import numpy as np

from .backend import to_device, to_host
from .circuit import Circuit, scratch_groups
from .planes import Planes, folded, write_bits
from .starts import Start, Starts
from .wiring import Beside, Plan, Wiring

BLOCK = 64  # cycles between two looks at where anything moves, at most
LOOKS = 16  # after so many a window is opened anew, without the colors that are at rest by then
MARGIN = 16  # lines around what moves when a window is opened; it is good for half of that


class Window:
    """All planes of a wafer, and a compact copy of those that are stepped.

    ``full`` has every line and every color; ``planes`` those of ``lines`` (first, last + 1) and of
    the colors of ``plan``, unless that would be nearly everything. ``circuit`` steps them.
    """

    def __init__(self, wiring: Wiring, starts: Starts, xp: Any = np):
        self.wiring, self.starts, self.layout, self.xp = wiring, starts, wiring.layout, xp
        self.beside: Beside = {}  # which planes microthreads have needed so far, by lane
        self.every_slot = self._new_plan(range(len(wiring.slots)))
        self.full = Planes(self.every_slot.groups, self.layout.size, self.layout.words, xp)
        self.full.table("room")[:] = ~np.uint64(0)
        for name, planes in wiring.masks.items():
            for row, plane in zip(self.full.table(name), planes, strict=True):
                row[:] = to_device(xp, plane)
        self.planes, self.lines, self.plan = self.full, (0, 0), self.every_slot
        self.plans: dict[Any, Plan] = {}
        self.circuit: Circuit | None = None
        self.looks = 0  # at this window
        self.restless = (0, 0)  # lines with new operations that wait for nothing

    def _new_plan(self, slots: Any, sends: bool = True) -> Plan:
        return Plan(self.wiring, list(slots), self.starts.high, self.beside, sends)

    @property
    def first_bit(self) -> int:
        """The number, in the wafer, of the window's first bit."""
        return self.lines[0] * self.layout.width

    def look(self) -> int:
        """Fit the window to where anything can move; gives for how many cycles it is good."""
        if self.circuit:
            self.circuit.flush()
        total = self.layout.count + 2
        low, high = self._active()
        self.restless = (0, 0)
        if low >= high:
            return 0
        first, last = self.lines
        good = MARGIN // 2 if self.plan.crosses_lines else 1
        near = (first and low - first < good) or (last < total and last - high < good)
        wide = 2 * (last - first) > 3 * (high - low) + 8 * MARGIN
        self.looks += 1
        if near or wide or first == last or self.looks > LOOKS:
            self.close()
            margin = max(MARGIN, (high - low) // 8)
            first, last = max(0, low - margin), min(total, high + margin)
            plan = self._plan_for(first, last)
            if not plan.chosen:  # what was restless has ended since
                return 0
            if not plan.crosses_lines:  # nothing moves from line to line
                first, last = max(0, low - 1), min(total, high + 1)
            self._open(first, last, plan)
            first, last = self.lines
        if not self.plan.crosses_lines:
            return BLOCK
        return min(low - first if first else BLOCK, last - high if last < total else BLOCK)

    def _active(self) -> tuple[int, int]:
        """The lines that hold a wavelet or an operation that waits for nothing: first, last + 1."""
        low, high = self.restless
        first, last = self.lines
        if first < last:
            planes, xp = self.planes, self.xp
            fireable = folded(xp.bitwise_and, planes.table("not_reading"))
            fireable &= planes("live", 0, 1)
            for lane in self.plan.beside:
                reads = planes.table("beside").reshape(-1, 2, self.plan.colors, planes.size)
                reads = folded(xp.bitwise_or, reads[lane - 1, 0])
                fireable |= planes("live", lane, lane + 1) & ~reads
            for wavelets in map(planes.table, ("some", "belt")):
                if len(wavelets):  # with a latency of 1 there may be no belts
                    fireable |= folded(xp.bitwise_or, wavelets)
            there = fireable.reshape(-1, self.layout.words).any(axis=1)
            lines = first + np.flatnonzero(to_host(there))
            if len(lines):
                ends = [int(lines[0]), int(lines[-1]) + 1, *((low, high) if low < high else ())]
                low, high = min(ends), max(ends)
        return low, high

    def may_be_left(self, cycles: int) -> bool:
        """Whether what has just begun to move may be beyond the window within so many cycles."""
        (first, last), (low, high) = self.restless, self.lines
        if first == last:
            return False
        if not self.plan.crosses_lines:
            return first < low or last > high
        beyond = self.layout.count + 2
        return (low > 0 and first - low <= cycles) or (high < beyond and high - last <= cycles)

    def _open(self, first: int, last: int, plan: Plan) -> None:
        """Step lines ``first`` to ``last`` and the colors of ``plan`` from now on.

        The window is a compact copy, unless it would be nearly the whole wafer and every color.
        """
        words, total = self.layout.words, self.layout.count + 2
        if plan is self.every_slot and 4 * (last - first) > 3 * total:
            first, last = 0, total
        self.lines, self.plan, self.looks = (first, last), plan, 0
        here = slice(first * words, last * words)
        if plan is self.every_slot and last - first == total:
            self.planes = self.full
        else:
            self.planes = Planes(plan.groups, (last - first) * words, words, self.xp)
            self.planes.all()[:] = self.full.all()[to_device(self.xp, plan.rows), here]
        scratch = Planes(scratch_groups(plan), self.planes.size, words, self.xp)
        self.circuit = Circuit(plan, self.planes, scratch)

    def _plan_for(self, first: int, last: int) -> Plan:
        """The colors that some wavelet or operation in these lines has."""
        here = slice(first * self.layout.words, last * self.layout.words)
        count = len(self.wiring.slots)
        live = self.full.table("live")[:, here]
        used = np.zeros(count, bool)
        for name in ("some", "belt"):
            there = to_host(self.full.table(name)[:, here].any(axis=1))
            used |= there.reshape(-1, count).any(axis=0)
        for name in ("reading", "sending"):
            used |= to_host((self.full.table(name)[:, here] & live[0]).any(axis=1))
        for lane, uses in self.beside.items():
            beside = self.full.table("beside").reshape(-1, 2, count, self.layout.size)[lane - 1]
            for half, slot in uses:
                used[slot] |= bool((beside[half, slot, here] & live[lane]).any())
        sends = self._sends(here)
        if used.all() and sends:
            return self.every_slot
        chosen = tuple(np.flatnonzero(used).tolist())
        if (chosen, sends) not in self.plans:
            self.plans[chosen, sends] = self._new_plan(chosen, sends)
        return self.plans[chosen, sends]

    def _sends(self, here: slice) -> bool:
        """Whether a processor sends there, or a belt that leads into a router holds anything."""
        if self.wiring.lanes > 1 or self.wiring.longest > 1:
            return True
        live, sending = self.full("live")[here], self.full.table("sending")[:, here]
        shape = self.every_slot.places, 2, len(self.wiring.slots), self.full.size
        belts = self.full.table("belt").reshape(shape)
        out = belts[:, 0, :, here]
        return bool((sending & live).any() or out.any())

    def close(self) -> None:
        """Write what the window holds back to the planes of the whole wafer."""
        if self.circuit:
            self.circuit.flush()
        if self.planes is not self.full:
            words = self.layout.words
            changing = self.planes.table("some", "high")
            rows = to_device(self.xp, self.plan.rows[: len(changing)])
            self.full.all()[rows, self.lines[0] * words : self.lines[1] * words] = changing
        self.planes, self.lines, self.circuit = self.full, (0, 0), None

    def load(self, kinds: list[Start]) -> None:
        """Put operations on the fabric into the planes, in the window and beyond it."""
        slots = {slot for start in kinds for _, slot in self.starts.uses[start.number]}
        new_planes = self._note_lanes(kinds)
        sends = any(self.starts.sending[start.number] for start in kinds)
        if new_planes or not slots <= set(self.plan.chosen) or sends > self.plan.sends:
            self.restless = self._active()
            self.close()  # the next look opens a window with these colors
        if new_planes:
            self.every_slot = self.plan = self._new_plan(range(len(self.wiring.slots)))
            self.plans.clear()
        low, high = (edge * self.layout.width for edge in self.lines)
        for start in kinds:
            bits = start.bits
            mute = self.starts.is_mute(start.number, bits, self.layout)
            for live, part in ((True, bits[~mute]), (False, bits[mute])):
                within = (part >= low) & (part < high)
                self._write(start, live, self.full, self.every_slot, part[~within])
                inside = part[within]
                self._write(start, live, self.planes, self.plan, inside - low)
                if self.planes is not self.full and len(inside):  # what `close` leaves out
                    rows, values = self.every_slot.unused(start.lane, self.plan)
                    write_bits(self.full.table("not_reading", "high"), rows, inside, values)
            if self.starts.reads_nothing[start.number] and not mute.all():
                first, last = int(bits[0]), int(bits[-1])
                lines = [first // self.layout.width, last // self.layout.width + 1]
                lines += self.restless if any(self.restless) else []
                self.restless = min(lines), max(lines)

    def _note_lanes(self, kinds: list[Start]) -> bool:
        """Note which planes the lanes of microthreads need; tells if any is new."""
        new = False
        for start in kinds:
            uses = self.starts.uses[start.number]
            if start.lane and not uses <= self.beside.setdefault(start.lane, set()):
                self.beside[start.lane] |= uses
                new = True
        return new

    def _write(
        self, start: Start, live: bool, planes: Planes, plan: Plan, bits: np.ndarray
    ) -> None:
        if len(bits):
            kind = start.number, start.n, start.lane, start.followed, live
            if kind not in plan.written:
                rows, values = plan.start_rows(start.lane), self.starts.planes(start, live, plan)
                plan.written[kind] = rows, values
            rows, values = plan.written[kind]
            write_bits(planes.table("not_reading", "high"), rows, bits, values)

    def moved(self) -> bool:
        """Whether anything moved in the last cycle, as far as is known."""
        if self.circuit is None:
            return True
        return any(self.circuit.scratch(name).any() for name in ("fire", "go", "step"))

    def drained(self) -> bool:
        """Whether no wavelet is left inside."""
        self.close()
        return not any(self.full.table(name).any() for name in ("some", "belt"))
