"""The bitplane engine: steps every cycle of the whole wafer, 64 PEs to a word.

It keeps control apart from values: this module finds *when* each element is handled, and `replay`
computes the values, which do not depend on when. It steps a window, the lines in which anything
can move; nothing leaves it sooner than its margin allows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

from .circuit import Circuit, scratch_groups
from .operations import conflict
from .planes import WORD, Planes, bits_of, groups_of, merged, write_bits
from .program import Program, Schedule
from .starts import Starts
from .state import State
from .wiring import LOW, Beside, Plan, wire

Start = tuple[int, int, np.ndarray, int]  # an operation, its elements, PEs, and the lane

BLOCK = 64  # cycles between two looks at where anything moves, at most
MARGIN = 16  # lines around what moves when a window is opened; it is good for half of that


class Control:
    """One launch, stepped: when each operation of each PE ends."""

    def __init__(self, program: Program, schedule: Schedule):
        self.rules, self.schedule = program.rules, schedule
        self.operations = program.operations
        self.color_count = len(program.colors)
        used = {c for o in program.operations for c in (*o.reads, o.sends) if c is not None}
        slots = [c for c in program.colors if c in used or c.routed.any()]
        self.starts = Starts(program, slots)
        self.wiring = wire(program, slots)
        layout = self.layout = self.wiring.layout
        self.beside: Beside = {}  # which planes microthreads have needed so far, by lane
        self.every_slot = Plan(self.wiring, list(range(len(slots))), self.starts.high, self.beside)
        self.full = Planes(self.every_slot.groups, layout.size, layout.words)
        self.full.table("room")[:] = ~np.uint64(0)
        for name, planes in self.wiring.masks.items():
            for row, plane in zip(self.full.table(name), planes, strict=True):
                row[:] = plane
        self.step = layout.spread(schedule.first.astype(np.int32)[schedule.class_of])
        active = np.flatnonzero(self.step)
        self.left = len(active)  # PEs with operations in order to do, and microthreads that run
        self.threads = np.full((program.lanes - 1, len(self.step)), -1, np.int32)
        lanes = 1 << len(self.threads)
        self.free = np.full(len(self.step), lanes - 1, np.uint16)  # lanes, a bit each
        self.lowest = np.array([(free & -free).bit_length() for free in range(lanes)])
        self.running: Counter[int] = Counter()  # PEs that run each microthread
        self.parked = np.zeros(len(self.step), bool)  # PEs whose next operation waits for a thread
        self.conflicts: dict[tuple[int, int], Any] = {}
        self.wakes: dict[int, list[np.ndarray]] = {0: [active]}  # who starts an operation when
        self.computing = np.zeros(len(self.step), bool)  # PEs that work on memory alone
        self.restless = (0, 0)  # lines with new operations that wait for nothing
        self.window, self.lines = self.full, (0, 0)  # which lines of the wafer are stepped
        self.plan = self.every_slot  # and which colors
        self.plans: dict[Any, Plan] = {}
        self.circuit: Circuit | None = None
        self.now = 0

    def run(self, max_cycles: int | None, progress: Any = None, exact: bool = False) -> str:
        """Step to the end: "ended", "stuck" or "limit"; ``exact``: to the cycle."""
        limit = float("inf") if max_cycles is None else max_cycles
        while self.left:
            self._wake(begin=self.now < limit)
            if not self.left:
                break
            if self.now >= limit:
                return "limit"
            horizon = self._look()
            if horizon:
                end = self.now + (1 if exact else min(horizon, BLOCK))
                interrupted = self._block(int(min(end, limit)))
                if progress:
                    progress(self.now)
                if not self.left:
                    break
                if interrupted or self._moved():
                    continue
            if not self.wakes:
                self.now -= 1 if horizon else 0  # the cycle in which nothing moved
                return "stuck"
            self.now = int(min(max(self.now, min(self.wakes)), limit))  # nothing moves before
        return "ended"

    def _block(self, end: int) -> bool:
        """Step until cycle ``end``; True if an operation starts before that needs another look."""
        circuit, eighth = self.circuit, (1 << LOW) - 1
        if circuit is None:
            return True
        cycle, ended = circuit.cycle, circuit.scratch("ended")
        while self.now < end:
            if self.now in self.wakes:
                self._wake()
                if not self.left:
                    return False
                if self.circuit is not circuit or self._may_leave_window(end - self.now):
                    return True
            cycle(self.now)
            if self.now & eighth == eighth:
                circuit.flush()
            self.now += 1
            if np.count_nonzero(ended):  # quicker than any()
                self._end(ended)
                if not self.left:
                    return False
        return False

    def _may_leave_window(self, cycles: int) -> bool:
        """Whether what has just begun to move may be beyond the window within so many cycles."""
        (first, last), (low, high) = self.restless, self.lines
        if first == last:
            return False
        if not self.plan.crosses_lines:
            return first < low or last > high
        beyond = self.layout.count + 2
        return (low > 0 and first - low <= cycles) or (high < beyond and high - last <= cycles)

    def _end(self, ended: np.ndarray) -> None:
        """Count the PEs that have ended all; wake the others when their next operation begins."""
        self.left -= int(np.bitwise_count(ended).sum())
        first = self.lines[0] * self.layout.words * WORD
        if len(self.threads):
            ended, *beside = ended.reshape(1 + len(self.threads), -1)
            for lane, (running, plane) in enumerate(zip(self.threads, beside, strict=True)):
                if plane.any():
                    bits = bits_of(plane) + first
                    self.free[bits] |= np.uint16(1 << lane)
                    for number, those in groups_of(running[bits], bits):
                        self.running[number] -= len(those)
                    running[bits] = -1
                    waiting = bits[self.parked[bits]]
                    self.parked[waiting] = False
                    self.wakes.setdefault(self.now, []).append(waiting)
        followed = ended & self.window("followed")
        if followed.any():
            bits = bits_of(followed) + first
            self.left += len(bits)
            self.step[bits] = self.schedule.following[self.step[bits]]
            self.wakes.setdefault(self.now + self.rules.gap, []).append(bits)

    def _wake(self, begin: bool = True) -> None:
        """End the operations on memory alone that have ended by now, and ``begin`` others."""
        groups = self.wakes.pop(self.now, None)
        if groups is None:
            return
        bits = groups[0] if len(groups) == 1 else merged(groups, len(self.step))
        bits = self._end_computing(bits)
        if not begin:
            self.wakes.setdefault(self.now, []).append(bits)
            return
        streaming = []
        for number, n, those in self._kinds(bits):
            if len(self.threads):
                those = self._without_conflict(number, those)
            if not len(those):
                continue
            if self.operations[number].microthread:
                streaming += self._begin_beside(number, n, those)
            elif self.starts.computing[number]:  # of known length: no counter, a wake behind it
                self.computing[those] = True
                end = self.now + self.operations[number].cycles(n, self.rules)
                self.wakes.setdefault(end, []).append(those)
            else:
                streaming.append((number, n, those, 0))
        if streaming:
            self._load(streaming)

    def _without_conflict(self, number: int, bits: np.ndarray) -> np.ndarray:
        """Those that can begin an operation beside their microthreads; the others are parked."""
        waits = np.zeros(len(bits), bool)
        self.running = +self.running  # without those that have ended
        for other in self.running:
            pair = other, number
            if pair not in self.conflicts:
                self.conflicts[pair] = conflict(*(self.operations[one] for one in pair))
            answer = self.conflicts[pair]
            if np.any(answer):
                here = (self.threads[:, bits] == other).any(axis=0)
                waits |= here & (answer[self.layout.places(bits)] if np.ndim(answer) else answer)
        if self.operations[number].microthread and len(self.running) >= len(self.threads):
            waits |= self.free[bits] == 0
        if not waits.any():
            return bits
        self.parked[bits[waits]] = True
        return bits[~waits]

    def _begin_beside(self, number: int, n: int, bits: np.ndarray) -> list[Start]:
        """Begin a microthread in the first free lane of each PE; the next operation may follow."""
        free = self.free[bits]
        lanes = self.lowest[free]
        self.free[bits] = free & (free - 1)
        self.threads[lanes - 1, bits] = number
        self.running[number] += len(bits)
        following = self.schedule.following[self.step[bits]]
        self.step[bits] = following
        self.left += int((following > 0).sum())
        self.wakes.setdefault(self.now + 1, []).append(bits[following > 0])
        return [(number, n, some, lane) for lane, some in groups_of(lanes, bits)]

    def _end_computing(self, bits: np.ndarray) -> np.ndarray:
        """Of the PEs that wake, end the operations on memory alone; gives those that go on now."""
        ended = self.computing[bits]
        if not ended.any():
            return bits
        those = bits[ended]
        self.computing[those] = False
        self.step[those] = self.schedule.following[self.step[those]]
        more = self.step[those] != 0
        self.left -= len(those) - int(more.sum())
        if self.rules.gap:
            if more.any():
                self.wakes.setdefault(self.now + self.rules.gap, []).append(those[more])
            return bits[~ended]
        return bits[self.step[bits] != 0]

    def _load(self, kinds: list[Start]) -> None:
        """Put operations on the fabric into the planes, in the window and beyond it."""
        width = self.layout.words * WORD
        slots = {slot for kind, *_ in kinds for slot in self.starts.slots_of[kind]}
        new_planes = False
        for kind, _, _, lane in kinds:
            if lane and not self.starts.uses[kind] <= self.beside.setdefault(lane, set()):
                self.beside[lane] |= self.starts.uses[kind]
                new_planes = True
        if new_planes or not slots <= set(self.plan.chosen):
            self.restless = self._active()
            self._close()  # the next look opens a window with these colors
        low, high = (edge * width for edge in self.lines)
        if new_planes:
            everything = list(range(len(self.wiring.slots)))
            self.every_slot = Plan(self.wiring, everything, self.starts.high, self.beside)
            self.plans.clear()
        for number, n, those, lane in kinds:
            followed = bool(self.schedule.following[self.step[those[0]]])
            mute = self.starts.is_mute(number, those, self.layout)
            for live, part in ((True, those[~mute]), (False, those[mute])):
                targets = [(self.full, self.every_slot, 0, part)]
                if self.window is not self.full:
                    inside = part[(part >= low) & (part < high)]
                    targets.append((self.window, self.plan, low, inside))
                for planes, plan, first, some in targets:
                    if len(some):
                        values = self.starts.planes(number, n, followed, live, plan, lane)
                        rows = plan.start_rows(lane)
                        write_bits(planes.table("not_reading", "high"), rows, some - first, values)
            if self.starts.reads_nothing[number] and not mute.all():
                lines = [*self.restless, int(those[0]) // width, int(those[-1]) // width + 1]
                lines = lines if any(self.restless) else lines[2:]
                self.restless = min(lines), max(lines)

    def _kinds(self, bits: np.ndarray) -> Iterator[tuple[int, int, np.ndarray]]:
        """Operation, elements and PEs, for PEs with the same to do from here on."""
        for step, those in groups_of(self.step[bits], bits):
            number = int(self.schedule.operation[step])
            if number in self.starts.varying:
                n = self.operations[number].n[self.layout.places(those)]
                for count, some in groups_of(n, those):
                    yield number, count, some
            else:
                yield number, int(self.starts.fixed_n[number]), those

    def _look(self) -> int:
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
        if near or last - first > 2 * (high - low) + 4 * MARGIN or first == last:
            self._close()
            margin = max(MARGIN, (high - low) // 4)
            first, last = max(0, low - margin), min(total, high + margin)
            plan = self._plan(first, last)
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
            window = self.window
            fireable = np.bitwise_and.reduce(window.table("not_reading"), axis=0)
            fireable &= window("live", 0, 1)
            for lane in self.plan.beside:
                reads = window.table("beside").reshape(-1, 2, self.plan.colors, window.size)
                reads = np.bitwise_or.reduce(reads[lane - 1, 0], axis=0)
                fireable |= window("live", lane, lane + 1) & ~reads
            for name in ("some", "belt"):
                fireable |= np.bitwise_or.reduce(window.table(name), axis=0)
            lines = first + np.flatnonzero(fireable.reshape(-1, self.layout.words).any(axis=1))
            if len(lines):
                ends = [int(lines[0]), int(lines[-1]) + 1, *((low, high) if low < high else ())]
                low, high = min(ends), max(ends)
        return low, high

    def _open(self, first: int, last: int, plan: Plan) -> None:
        """Step lines ``first`` to ``last`` and the colors of ``plan`` from now on.

        The window is a compact copy, unless it would be nearly the whole wafer and every color.
        """
        words, total = self.layout.words, self.layout.count + 2
        if plan is self.every_slot and 4 * (last - first) > 3 * total:
            first, last = 0, total
        self.lines, self.plan = (first, last), plan
        here = slice(first * words, last * words)
        if plan is self.every_slot and last - first == total:
            self.window = self.full
        else:
            self.window = Planes(plan.groups, (last - first) * words, words)
            self.window.all()[:] = self.full.all()[plan.rows, here]
        self.circuit = Circuit(
            plan, self.window, Planes(scratch_groups(plan), self.window.size, words)
        )

    def _plan(self, first: int, last: int) -> Plan:
        """The colors that some wavelet or operation in these lines has."""
        here = slice(first * self.layout.words, last * self.layout.words)
        count = len(self.wiring.slots)
        live = self.full.table("live")[:, here]
        used = np.zeros(count, bool)
        for name in ("some", "belt"):
            used |= self.full.table(name)[:, here].any(axis=1).reshape(-1, count).any(axis=0)
        for name in ("reading", "sending"):
            used |= (self.full.table(name)[:, here] & live[0]).any(axis=1)
        for lane, uses in self.beside.items():
            beside = self.full.table("beside").reshape(-1, 2, count, self.layout.size)[lane - 1]
            for half, slot in uses:
                used[slot] |= bool((beside[half, slot, here] & live[lane]).any())
        if used.all():
            return self.every_slot
        chosen = tuple(np.flatnonzero(used).tolist())
        if chosen not in self.plans:
            self.plans[chosen] = Plan(self.wiring, list(chosen), self.starts.high, self.beside)
        return self.plans[chosen]

    def _close(self) -> None:
        """Write what the window holds back to the planes of the whole wafer."""
        if self.circuit:
            self.circuit.flush()
        if self.window is not self.full:
            words = self.layout.words
            changing = self.window.table("some", "high")
            rows = self.plan.rows[: len(changing)]
            self.full.all()[rows, self.lines[0] * words : self.lines[1] * words] = changing
        self.window, self.lines, self.circuit = self.full, (0, 0), None

    def _moved(self) -> bool:
        """Whether anything moved in the last cycle, as far as is known."""
        if self.circuit is None:
            return True
        return any(self.circuit.scratch(name).any() for name in ("fire", "go", "step"))

    def drained(self) -> bool:
        """Whether no wavelet is left inside."""
        self._close()
        return not any(self.full.table(name).any() for name in ("some", "belt"))

    def state(self) -> State:
        """What stands where, now."""
        self._close()
        layout, colors = self.layout, len(self.wiring.slots)
        state = State.empty(layout.shape, self.color_count, 1 + len(self.threads))
        state.cycle = self.now
        levels = [*self.full.table("some"), *self.full.table("more")]
        belts = list(self.full.table("belt"))
        rooms = list(self.full.table("room"))
        for slot, color in enumerate(self.wiring.slots):
            for half, queues, ways in (
                (0, state.queued, state.leaving),
                (1, state.waiting, state.arriving),
            ):
                plane = half * colors + slot
                for level in levels[plane :: 2 * colors]:
                    queues[color.number] += layout.unpack(level)
                queues[color.number] += ~layout.unpack(rooms[plane])
                for place in belts[plane :: 2 * colors]:
                    ways[color.number] += layout.unpack(place)
        self._note_operations(state)
        return state

    def _note_operations(self, state: State) -> None:
        """Which operation each PE is at, and how much of it is done."""
        layout, starts = self.layout, self.starts
        asleep = np.zeros(len(self.step), bool)  # its next operation has not begun
        for groups in self.wakes.values():
            for bits in groups:
                asleep[bits] = True
        asleep |= self.parked
        everyone = layout.bits()
        numbers = self.schedule.operation[self.step[everyone]]
        live = layout.unpack(self.full("live", 0, 1))[layout.places(everyone)]
        mute = np.zeros(len(everyone), bool)
        for number in starts.mute:
            those = numbers == number
            mute[those] = starts.is_mute(number, everyone[those], layout)
        ended = ~live & ~asleep[everyone] & ~mute & (numbers >= 0)
        state.operation[layout.places(everyone)] = np.where(ended, -1, numbers)
        live |= mute & ~asleep[everyone]
        self._note_handled(0, everyone[live], numbers[live], state.handled)
        for lane, running in enumerate(self.threads, start=1):
            bits = everyone[running[everyone] >= 0]
            state.threads[lane - 1][layout.places(bits)] = running[bits]
            self._note_handled(lane, bits, running[bits], state.threads_handled[lane - 1])

    def _note_handled(
        self, lane: int, bits: np.ndarray, numbers: np.ndarray, handled: np.ndarray
    ) -> None:
        """How many elements of the operations in a lane are done, from their counters."""
        layout, starts, lanes = self.layout, self.starts, 1 + len(self.threads)
        count = np.zeros(layout.shape, np.int64)
        planes = [*self.full.table("low")[lane::lanes], *self.full.table("high")[lane::lanes]]
        for bit, plane in enumerate(planes):
            count += layout.unpack(plane).astype(np.int64) << bit
        where = layout.places(bits)
        n = starts.elements(bits, numbers, layout)
        handled[where] = n - ((1 << (LOW + starts.high)) - count[where])


def simulate(
    program: Program, schedule: Schedule, max_cycles: int | None = None, progress: Any = None
) -> tuple[Control, str]:
    """Step ``program``; gives the control and how it ended: "ended", "stuck" or "limit"."""
    control = Control(program, schedule)
    how = control.run(max_cycles, progress)
    if how == "stuck":  # known to the block; once more, to the cycle
        control = Control(program, schedule)
        how = control.run(max_cycles, progress, exact=True)
    return control, how
