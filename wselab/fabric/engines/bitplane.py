"""The bitplane engine: steps every cycle of the whole wafer, 64 PEs to a word.

It keeps control apart from values: this module finds *when* each element is handled, and `replay`
computes the values, which do not depend on when. Only a `Window` of the wafer is stepped, the lines
in which anything can move; nothing leaves it sooner than its margin allows.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..ports import LINKS, RAMP
from ..program import Program
from ..state import State
from .backend import to_host
from .planes import bits_of, groups_of, merged, plane_of
from .starts import Start, Starts
from .threads import Threads
from .watch import PlaneWatch
from .window import BLOCK, Window
from .wiring import LOW, wire


class Control:
    """One launch, stepped: when each operation of each PE ends. PEs are numbered by their bits.

    Planes are arrays of ``xp`` (see `backend`); what starts and ends is worked out on the host.
    """

    def __init__(self, program: Program, xp: Any = np):
        self.rules, self.schedule = program.rules, program.schedule
        self.operations, self.color_count = program.operations, len(program.colors)
        used = {c for o in program.operations for c in (*o.reads, o.sends) if c is not None}
        self.slots = [c for c in program.colors if c in used or c.routed.any()]
        self.starts = Starts(program, self.slots)
        self.window = Window(wire(program, self.slots), self.starts, xp)
        layout = self.layout = self.window.layout
        self.step = layout.spread(self.schedule.first.astype(np.int32)[self.schedule.class_of])
        active = np.flatnonzero(self.step)
        self.left = len(active)  # PEs with operations in order to do, and microthreads that run
        self.wakes: dict[int, list[np.ndarray]] = {0: [active]}  # who starts an operation when
        self.computing = np.zeros(len(self.step), bool)  # PEs that work on memory alone
        self.any_follows = bool(self.schedule.following.any())
        self.watch: PlaneWatch | None = None
        self.threads = Threads(program.lanes - 1, len(self.step), self.operations, layout)
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
            horizon = self.window.look()
            if horizon:
                end = self.now + (1 if exact else min(horizon, BLOCK))
                interrupted = self._block(int(min(end, limit)))
                if progress:
                    progress(self.now)
                if not self.left:
                    break
                if interrupted or self.window.moved():
                    continue
            if not self.wakes:
                self.now -= 1 if horizon else 0  # the cycle in which nothing moved
                return "stuck"
            self.now = int(min(max(self.now, min(self.wakes)), limit))  # nothing moves before
        return "ended"

    def _block(self, end: int) -> bool:
        """Step until cycle ``end``; True if an operation starts before that needs another look."""
        window, circuit, eighth = self.window, self.window.circuit, (1 << LOW) - 1
        if circuit is None:
            return True
        cycle, ended = circuit.cycle, circuit.scratch("ended")
        count = window.xp.count_nonzero  # quicker than any()
        while self.now < end:
            if self.now in self.wakes:
                self._wake()
                if not self.left:
                    return False
                if window.circuit is not circuit or window.may_be_left(end - self.now):
                    return True
            cycle(self.now)
            if self.watch:
                self.watch.note(self.now)
            if self.now & eighth == eighth:
                circuit.flush()
            self.now += 1
            if count(ended):
                self._end(to_host(ended))
                if not self.left:
                    return False
        return False

    def _end(self, ended: np.ndarray) -> None:
        """Count the PEs that have ended all; wake the others when their next operation begins."""
        self.left -= int(np.bitwise_count(ended).sum())
        first = self.window.first_bit
        if len(self.threads):
            ended, *beside = ended.reshape(1 + len(self.threads), -1)
            for lane, plane in enumerate(beside):
                if plane.any():
                    bits = bits_of(plane) + first
                    self._finish(bits)
                    self._at(self.now, self.threads.end(lane, bits))
        if self.watch:
            self._finish(bits_of(ended) + first)
        if not self.any_follows:
            return
        followed = ended & to_host(self.window.planes("followed"))
        if followed.any():
            bits = bits_of(followed) + first
            self.left += len(bits)
            self.step[bits] = self.schedule.following[self.step[bits]]
            self._at(self.now + self.rules.gap, bits)

    def _finish(self, bits: np.ndarray) -> None:
        """Note that operations have ended, for the maps."""
        if self.watch:
            self.watch.finished[bits] = self.now

    def _at(self, cycle: int, bits: np.ndarray) -> None:
        """Wake PEs in a cycle."""
        self.wakes.setdefault(cycle, []).append(bits)

    def _wake(self, begin: bool = True) -> None:
        """End the operations on memory alone that have ended by now, and ``begin`` others."""
        groups = self.wakes.pop(self.now, None)
        if groups is None:
            return
        bits = groups[0] if len(groups) == 1 else merged(groups, len(self.step))
        bits = self._end_computing(bits)
        if not begin:
            self._at(self.now, bits)
            return
        streaming = []
        for number, n, those in self._kinds(bits):
            if len(self.threads):
                those = self.threads.admit(number, those)
            if not len(those):
                continue
            followed = bool(self.schedule.following[self.step[those[0]]])
            if self.operations[number].microthread:
                for lane, some in self.threads.begin(number, those):
                    streaming.append(Start(number, n, some, lane + 1, False))
                self._go_on_beside(those)
            elif self.starts.computing[number]:  # of known length: no counter, a wake behind it
                self.computing[those] = True
                if self.watch:
                    self.watch.alone |= plane_of(those, self.layout.size)
                self._at(self.now + self.operations[number].cycles(n, self.rules), those)
            else:
                streaming.append(Start(number, n, those, 0, followed))
        if streaming:
            self.window.load(streaming)

    def _go_on_beside(self, bits: np.ndarray) -> None:
        """Let the next operation follow a microthread in the next cycle."""
        following = self.schedule.following[self.step[bits]]
        self.step[bits] = following
        self.left += int((following > 0).sum())
        self._at(self.now + 1, bits[following > 0])

    def _end_computing(self, bits: np.ndarray) -> np.ndarray:
        """Of the PEs that wake, end the operations on memory alone; gives those that go on now."""
        ended = self.computing[bits]
        if not ended.any():
            return bits
        those = bits[ended]
        self.computing[those] = False
        if self.watch:
            self._finish(those)
            self.watch.alone &= ~plane_of(those, self.layout.size)
        self.step[those] = self.schedule.following[self.step[those]]
        more = self.step[those] != 0
        self.left -= len(those) - int(more.sum())
        if self.rules.gap:
            if more.any():
                self._at(self.now + self.rules.gap, those[more])
            return bits[~ended]
        return bits[self.step[bits] != 0]

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

    def drained(self) -> bool:
        """Whether no wavelet is left inside."""
        return self.window.drained()

    def state(self) -> State:
        """What stands where, now."""
        self.window.close()
        full, layout, colors = self.window.full, self.layout, len(self.slots)
        state = State.empty(layout.shape, self.color_count, 1 + len(self.threads))
        state.cycle = self.now
        levels = [*full.table("some"), *full.table("more")]
        places = self.window.every_slot.places
        belts = full.table("belt").reshape(places, 2, colors, layout.size)
        rooms = list(full.table("room"))
        for slot, color in enumerate(self.slots):
            for half, queues, ways in (
                (0, state.queued, state.leaving),
                (1, state.waiting, state.arriving),
            ):
                plane = half * colors + slot
                for level in levels[plane :: 2 * colors]:
                    queues[color.number] += layout.unpack(level)
                queues[color.number] += ~layout.unpack(rooms[plane])
                for place in belts[:, half, slot]:
                    ways[color.number] += layout.unpack(place)
            for port in LINKS:  # where no ramp leads into a router, its belt is a long link
                state.coming[color.number][port.number] = np.where(
                    color.enters_by(port), state.leaving[color.number], 0
                )
            state.leaving[color.number][~color.enters_by(RAMP)] = 0
        self._note_operations(state)
        return state

    def _note_operations(self, state: State) -> None:
        """Which operation each PE is at, and how much of it is done."""
        layout, starts, full = self.layout, self.starts, self.window.full
        asleep = np.zeros(len(self.step), bool)  # its next operation has not begun
        until = np.zeros(len(self.step), np.int64)
        for cycle, groups in self.wakes.items():
            for bits in groups:
                asleep[bits], until[bits] = True, cycle - self.now
        asleep |= self.threads.parked
        everyone = layout.bits()
        numbers = self.schedule.operation[self.step[everyone]]
        live = layout.unpack(full("live", 0, 1))[layout.places(everyone)]
        mute = np.zeros(len(everyone), bool)
        for number in starts.mute:
            those = numbers == number
            mute[those] = starts.is_mute(number, everyone[those], layout)
        ended = ~live & ~asleep[everyone] & ~mute & (numbers >= 0)
        state.operation[layout.places(everyone)] = np.where(ended, -1, numbers)
        live |= mute & ~asleep[everyone]
        self._note_handled(0, everyone[live], numbers[live], state.handled)
        self._note_cycles(everyone, numbers, until, state)
        for lane, running in enumerate(self.threads.number, start=1):
            bits = everyone[running[everyone] >= 0]
            state.threads[lane - 1][layout.places(bits)] = running[bits]
            self._note_handled(lane, bits, running[bits], state.threads_handled[lane - 1])

    def _note_cycles(
        self, everyone: np.ndarray, numbers: np.ndarray, until: np.ndarray, state: State
    ) -> None:
        """Cycles before each PE's operation may begin or, of one on memory alone, to its end."""
        state.pause[self.layout.places(everyone)] = np.where(
            self.computing[everyone], 0, until[everyone]
        )
        for number, bits in groups_of(numbers, everyone):
            if number >= 0 and self.starts.computing[number]:
                n = self.starts.elements(bits, np.full(len(bits), number), self.layout)
                whole = self.operations[number].cycles(n, self.rules)
                left = np.where(self.computing[bits], until[bits], whole)
                state.left[self.layout.places(bits)] = left

    def _note_handled(
        self, lane: int, bits: np.ndarray, numbers: np.ndarray, handled: np.ndarray
    ) -> None:
        """How many elements of the operations in a lane are done, from their counters."""
        layout, starts, lanes = self.layout, self.starts, 1 + len(self.threads)
        full = self.window.full
        count = np.zeros(layout.shape, np.int64)
        planes = [*full.table("low")[lane::lanes], *full.table("high")[lane::lanes]]
        for bit, plane in enumerate(planes):
            count += layout.unpack(plane).astype(np.int64) << bit
        where = layout.places(bits)
        n = starts.elements(bits, numbers, layout)
        handled[where] = n - ((1 << (LOW + starts.high)) - count[where])


def simulate(
    program: Program,
    max_cycles: int | None = None,
    progress: Any = None,
    maps: bool = False,
    xp: Any = np,
) -> tuple[Control, str]:
    """Step ``program``; gives the control and how it ended: "ended", "stuck" or "limit"."""
    control = Control(program, xp)
    if maps:
        control.watch = PlaneWatch(program, control)
    how = control.run(max_cycles, progress)
    if how == "stuck":  # known to the block; once more, to the cycle
        control = Control(program, xp)
        how = control.run(max_cycles, progress, exact=True)
    return control, how
