"""`Explainer.why` says what the reference engine does: who moves in the next cycle, and who waits.

What moved between two states is worked out here from the counts in them alone.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator

import numpy as np
import pytest

from wselab.fabric.engines import reference
from wselab.fabric.explain.standing import Standing, Waiting, step
from wselab.fabric.explain.why import Explainer
from wselab.fabric.ports import RAMP, Port, opposite
from wselab.fabric.program import Program
from wselab.fabric.state import State

from .programs import Draw, random_wafer

LONGEST = 300
NEVER = ("no route", "not read", "no wavelet", "switch")  # where nothing follows in the chain
IN_TIME = ("counting", "pause", "host")


def film(seed: int) -> tuple[Program, str, list[State]]:
    """A random program, how it ends, and its states from cycle to cycle."""
    program = Program.of(random_wafer(Draw(random.Random(seed)), beyond=seed % 2 == 1))
    states: list[State] = []
    with np.errstate(all="ignore"):
        outcome = reference.simulate(program.on_copies(), LONGEST, watch=states.append)
        how, last = outcome.how, outcome.state
    if last.cycle == len(states):
        states.append(last)
    return program, how, states


def things(program: Program, state: State) -> Iterator[Waiting]:
    """All that could move."""
    standing = Standing(program, state)
    for pe in np.ndindex(*program.shape):
        if standing.main(pe) is not None:
            yield Waiting("operation", pe)
        for number in standing.threads(pe):
            yield Waiting("operation", pe, None, number)
        for color in program.colors:
            for what, counts in (("queue", state.queued), ("inbox", state.waiting)):
                if counts[color.number][pe]:
                    yield Waiting(what, pe, color)


class Moved:
    """What moved from one state to the next."""

    def __init__(self, program: Program, before: State, after: State):
        self.program, self.before, self.after = program, before, after
        self.both, self.standing = (before, after), Standing(program, before)

    def __call__(self, thing: Waiting) -> bool:
        if thing.what == "operation":
            return self.handled(thing.pe, thing.number)
        if thing.what == "queue":
            return bool(self.left_router(thing.pe, thing.color))
        return self.taken(thing.pe, thing.color)

    def handled(self, pe: tuple[int, int], number: int | None) -> bool:
        """Whether an operation handled an element: its number or its count changed."""
        lanes = range(len(self.before.threads))
        if number is not None:
            lane = next(i for i in lanes if self.before.threads[i][pe] == number)
            same = self.after.threads[lane][pe] == number
            count = self.before.threads_handled[lane][pe]
            return not (same and self.after.threads_handled[lane][pe] == count)
        number = int(self.before.operation[pe])
        if self.program.operations[number].microthread:
            begun = [i for i in lanes if self.after.threads[i][pe] == number]
            waits = self.after.operation[pe] == number
            return not waits and not any(self.after.threads_handled[i][pe] == 0 for i in begun)
        same = self.after.operation[pe] == number
        return not (same and self.after.handled[pe] == self.before.handled[pe])

    def operations(self, pe: tuple[int, int]) -> list[int]:
        """The operations that handled an element."""
        found = [n for n in self.standing.threads(pe) if self.handled(pe, n)]
        main = self.standing.main(pe)
        return found + ([main] if main is not None and self.handled(pe, None) else [])

    def taken(self, pe: tuple[int, int], color: object) -> bool:
        """Whether a processor took a wavelet from its queue."""
        operations = [self.program.operations[n] for n in self.operations(pe)]
        if any(color in one.reads for one in operations):
            return True
        woken = self.before.operation[pe] < 0 <= self.after.operation[pe]
        return woken and any(
            task.color is color
            and self.program.operations[self.after.operation[pe]] in task.operations
            for task in self.program.tasks
        )

    def left_router(self, pe: tuple[int, int], color: object) -> int:
        """Wavelets that left a router's queue: those that entered it, less what it holds more."""
        held = self.after.queued[color.number][pe] - self.before.queued[color.number][pe]
        return self.entered_router(pe, color) - int(held)

    def entered_router(self, pe: tuple[int, int], color: object) -> int:
        """Wavelets that entered a router's queue, from the ramp, a neighbour or a long link."""
        route = self.standing.entering(pe, color)
        if route is None:
            return 0
        if route.input is RAMP:
            sends = [self.program.operations[n].sends is color for n in self.operations(pe)]
            held = self.after.leaving[color.number][pe] - self.before.leaving[color.number][pe]
            return sum(sends) - int(held)
        there = step(pe, route.input)
        if not self.standing.inside(there):
            return self.given_by_host(pe, color, route.input)
        link = (route.input.number, *pe)
        came = self.before.coming[color.number][link] - self.after.coming[color.number][link]
        going = self.standing.going(there, color)
        toward = going is not None and opposite(route.input) in going.outputs
        if toward and self.before.queued[color.number][there]:
            came += self.left_router(there, color)
        return int(came)

    def given_by_host(self, pe: tuple[int, int], color: object, port: Port) -> int:
        """Wavelets that the host sent into a router."""
        stream = self.standing.host(pe, color, port, is_in=True)
        if stream is None:
            return 0
        given = [Standing(self.program, state).passed(stream, pe) for state in self.both]
        return given[1] - given[0]


def look(seed: int, looked: Counter[str]) -> None:
    """Ask at random cycles, and at the end if it is a deadlock, what keeps everything."""
    program, how, states = film(seed)
    clean = how == "ended" and not any(states[-1].inside(c.number).any() for c in program.colors)
    chosen = random.Random(seed + 7).sample(range(len(states) - 1), min(6, len(states) - 1))
    for cycle in chosen:
        explainer = Explainer(program, states[cycle])
        moved = Moved(program, states[cycle], states[cycle + 1])
        for thing in things(program, states[cycle]):
            reason = explainer.why(thing)
            looked[reason.kind if reason else "moves"] += 1
            if reason and reason.kind == "counting":
                assert not explainer.operation(thing.pe, thing.number).on_fabric
            else:
                assert (reason is None) == moved(thing), (seed, cycle, thing, reason)
            links, circle = explainer.chain(thing)
            if clean and links:  # nobody waits for ever
                last = links[-1][1]
                assert not circle and (last.after or last.kind in IN_TIME), (seed, cycle, links)
    if how == "stuck":  # and here everybody does
        looked[how] += 1
        explainer = Explainer(program, states[-1])
        for thing in things(program, states[-1]):
            links, circle = explainer.chain(thing)
            assert links, (seed, thing)
            last = links[-1][1]
            assert circle or (last.after is None and last.kind in NEVER), (seed, links)


@pytest.mark.parametrize("block", range(4))
def test_what_waits_for_nothing_is_what_moves_in_the_next_cycle(block: int) -> None:
    """For every operation, router queue and PE queue, at random cycles of random programs.

    In a run that ends each chain of waiting ends in something that moves, or in a count of cycles;
    in a deadlock it closes to a circle, or ends where nothing will ever come.
    """
    looked = Counter[str]()
    for seed in range(10_000 + 25 * block, 10_000 + 25 * (block + 1)):
        look(seed, looked)
    often = ("moves", "no wavelet", "full", "port taken", "not now", "counting", "stuck")
    assert min(looked[kind] for kind in often) > 0, looked


@pytest.mark.long
@pytest.mark.parametrize("block", range(20))
def test_the_same_of_many_more_programs(block: int) -> None:
    """As above, for 2,000 further programs."""
    for seed in range(20_000 + 100 * block, 20_000 + 100 * (block + 1)):
        look(seed, Counter[str]())
