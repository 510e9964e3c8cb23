"""Counting the maps of a run: on the bitplane engine with planes, on lockstep with arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..maps import Maps
from ..ports import LINKS, PORTS
from ..program import Program
from ..streams import Streams
from .planes import bits_of

if TYPE_CHECKING:
    from .lockstep import Lockstep

BITS = 32  # of a cycle's number, at most


class PlaneWatch:
    """Counts the maps of a run while the bitplane engine steps it.

    Its planes are the whole wafer's, of which the window that is stepped sees its own lines.
    """

    def __init__(self, program: Program, control: Any):
        self.program, self.control, self.layout = program, control, control.layout
        size = self.layout.size
        self.seen, self.came = np.zeros((2, size), np.uint64)
        self.last, self.last_bits = np.zeros((BITS, size), np.uint64), 0
        self.first = np.full(len(control.step), -1)
        self.finished = np.zeros(len(control.step), np.int64)
        self.fired = np.zeros((BITS, size), np.uint64)  # a counter, of PEs with microthreads
        self.alone = np.zeros(size, np.uint64)  # PEs at an operation on memory alone

    def note(self, now: int) -> None:
        """Note what has just moved in cycle ``now``."""
        window, words = self.control.window, self.layout.words
        here = slice(window.lines[0] * words, window.lines[1] * words)
        plan, circuit = window.plan, window.circuit
        came = self.came[here]
        arriving = circuit.scratch.table("step")[plan.steps - plan.colors :]
        np.bitwise_or.reduce(arriving, axis=0, out=came)
        if came.any():
            new = came & ~self.seen[here]
            if new.any():
                self.first[bits_of(new) + window.first_bit] = now
                self.seen[here] |= came
            not_came = ~came
            for bit in range(max(now.bit_length(), self.last_bits)):
                plane = self.last[bit, here]
                if now >> bit & 1:
                    plane |= came
                else:
                    plane &= not_came
            self.last_bits = max(self.last_bits, now.bit_length())
        if plan.lanes > 1:
            carry = np.bitwise_or.reduce(circuit.scratch.table("fire"), axis=0)
            carry &= ~self.alone[here]
            for plane in self.fired[:, here]:
                if not carry.any():
                    break
                plane ^= carry
                carry &= ~plane

    def maps(self, cycles: int, streams: list[Streams]) -> Maps:
        """The maps, at the end."""
        layout, program = self.layout, self.program
        last = np.full(program.shape, 0)
        for bit in range(self.last_bits):
            last += layout.unpack(self.last[bit]).astype(np.int64) << bit
        last[~layout.unpack(self.seen)] = -1
        busy = np.zeros(program.shape, np.int64)
        if program.lanes > 1:
            for bit in range(cycles.bit_length()):
                busy += layout.unpack(self.fired[bit]).astype(np.int64) << bit
        for operation in program.operations:
            if program.lanes == 1 or not operation.on_fabric:
                counts = operation.counts(program.shape)
                busy += np.where(counts > 0, operation.cycles(counts, program.rules), 0)
        load = {port: np.zeros(program.shape, np.int64) for port in LINKS}
        for color, one in zip(program.colors, streams, strict=True):
            for port, wavelets in load.items():
                wavelets += np.where(color.leaves_by(port), one.traffic, 0)
        arrivals = layout.gather(self.first), last
        return Maps.of(cycles, busy, layout.gather(self.finished), arrivals, load)


class ArrayWatch:
    """Counts the maps of a run while the lockstep engine steps it."""

    def __init__(self, engine: Lockstep):
        self.engine = engine
        count = engine.processors.count
        self.busy, self.waiting = np.zeros((2, count), np.int64)
        self.first, self.last = np.full((2, count), -1)
        self.load = np.zeros((len(PORTS), count), np.int64)
        self.works = engine.processors.step > 0  # has work left at the start of this cycle

    def before(self, granted: np.ndarray, ready: list, woken: list) -> None:
        """What is about to move and to be handled."""
        processors, routers = self.engine.processors, self.engine.routers
        busy = np.zeros(processors.count, bool)
        for _, _, pes in ready:
            busy[pes] = True
        for pes, _, _ in woken:
            busy[pes] = True
        for alarms in processors.alarms.values():
            for _, pes in alarms:
                busy[pes] = True
        self.busy += busy
        self.waiting += self.works & ~busy
        exits = routers.out[granted]
        for port in LINKS:
            leaving = granted[(exits & port.bit) != 0]
            np.add.at(self.load[port.number], routers.pe[leaving], 1)

    def after(self, now: int) -> None:
        """What has moved and was handled in cycle ``now``."""
        processors, routers = self.engine.processors, self.engine.routers
        pes = routers.pe[routers.arrived]
        self.last[pes] = now
        self.first[pes] = np.where(self.first[pes] < 0, now, self.first[pes])
        self.works = (processors.step > 0) | (processors.running >= 0).any(axis=0)

    def maps(self, cycles: int) -> Maps:
        """The maps, at the end."""
        shape = self.engine.program.shape
        busy, waiting, first, last = (
            one.reshape(shape) for one in (self.busy, self.waiting, self.first, self.last)
        )
        load = {port: self.load[port.number].reshape(shape) for port in LINKS}
        return Maps.of(cycles, busy, busy + waiting, (first, last), load)
