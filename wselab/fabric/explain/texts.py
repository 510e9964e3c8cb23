"""The texts of errors: what stands still, who waits for whom, and what to try."""

from __future__ import annotations

from collections.abc import Iterable, Sized

import numpy as np

from ..color import Color
from ..program import Program
from ..state import State
from ..streams import streams
from .mend import TWO_COLORS
from .standing import Place, Reason, Waiting, count, name
from .why import Explainer

MOST = 8  # links of a chain named in a message
MOST_CAUSES = 3
MOST_STREAMS = 3  # of one color
MOST_CHAINS = 256  # PEs with work left that are asked why,
MOST_LINKS = 8_000  # until their chains have so many links in all

Links = list[tuple[Waiting, Reason]]


class Cause:
    """A chain of waiting and what would mend it; ``turn`` is the circle in which it may end.

    ``end`` is the same for chains that end alike, and ``alike`` says where these end.
    """

    def __init__(self, explainer: Explainer, links: Links, circle: Waiting | None):
        things = [thing for thing, _ in links]
        self.turn = links[things.index(circle) :] if circle else []
        starts = [at for at, (one, _) in enumerate(self.turn) if one.what == "operation"]
        first = min(starts, key=lambda at: self.turn[at][0].pe, default=0)
        self.turn = self.turn[first:] + self.turn[:first]
        self.links, self.alike = self.turn or links, set[Place]()  # who leads to a circle is many
        self.mend = _mend_of_circle(explainer, self.turn) if circle else links[-1][1].mend
        thing, reason = links[-1]
        self.end = f"{thing.what}, {reason.kind}"
        if circle:
            thing = min((thing for thing, _ in self.turn), key=lambda thing: thing.pe)
            self.end = f"circle {sorted(f'{one.what} {one.color}' for one, _ in self.turn)}"
        self.place = thing.pe


def explain_deadlock(program: Program, state: State) -> str:
    """The text of a `Deadlock`: who waits for whom, as a chain or a circle, and other causes."""
    explainer, stuck = Explainer(program, state), np.argwhere(state.busy)
    found, whole = causes(explainer)
    left = f"{len(stuck):,} of {count(state.operation.size, 'PE')} have work left"
    left = left if len(stuck) else "every PE has ended, but a stream of the host has not"
    lines = [f"since cycle {state.cycle:,} nothing can move, and {left}."]
    for cause in found[:1]:
        lines += _tell(cause, _alike(cause.alike, whole))
    new_colors = found and TWO_COLORS in found[0].mend  # then no other route is right as it stands
    for cause in found[1:MOST_CAUSES]:
        text = cause.links[-1][1].text + _alike(cause.alike, whole)
        mend = f". Try: {cause.mend}" if cause.mend and not new_colors else ""
        lines.append(f"  Besides: {text}{mend}")
    return "\n".join(lines)


def causes(explainer: Explainer) -> tuple[list[Cause], bool]:
    """Why a program that stands still does not go on, and whether every PE was asked.

    The longest chain, or circle, comes first.
    """
    chosen = stuck = np.argwhere(explainer.state.busy)
    if len(stuck) > MOST_CHAINS:  # the first, and some of the others
        some = np.random.default_rng(0).permutation(len(stuck))[:MOST_CHAINS]
        chosen = stuck[[0, *some[some > 0]]]
    return _causes(explainer, _who_waits(explainer, chosen)), chosen is stuck


def _who_waits(explainer: Explainer, stuck: np.ndarray) -> Iterable[Waiting]:
    """Operations and microthreads of these PEs, and links of the host that cannot go on."""
    for row, column in stuck:
        pe = (int(row), int(column))
        if explainer.main(pe) is not None:
            yield Waiting("operation", pe)
        for number in explainer.threads(pe):
            yield Waiting("operation", pe, None, number)
    for stream in explainer.program.hosts:
        for pe in stream.places[:MOST_CHAINS]:
            if explainer.passed(stream, pe) != stream.data.shape[-1]:
                yield Waiting("host in" if stream.is_in else "host out", pe, stream.color)


def _causes(explainer: Explainer, things: Iterable[Waiting]) -> list[Cause]:
    """The chains from ``things``, one for each kind of end: the longest, longest first."""
    causes: dict[str, Cause] = {}
    looked = 0
    for thing in things:
        links, circle = explainer.chain(thing)
        looked += len(links)
        if not links:
            continue
        cause = Cause(explainer, links, circle)
        before = causes.setdefault(cause.end, cause)
        if len(cause.links) > len(before.links):
            causes[cause.end], cause.alike = cause, before.alike
        causes[cause.end].alike.add(cause.place)
        if looked > MOST_LINKS:
            break
    different: dict[str, Cause] = {}  # one mend may serve two of them
    for cause in sorted(causes.values(), key=lambda one: -len(one.links)):
        different.setdefault(cause.mend or cause.links[-1][1].text, cause)
    return list(different.values())


def _alike(places: Sized, whole: bool = True) -> str:
    """How many more PEs there are of which the same could be said."""
    more = f"{count(len(places) - 1, 'more PE')}{'' if whole else ' of those asked'}"
    return f" (the like at {more})" if len(places) > 1 else ""


def _tell(cause: Cause, alike: str) -> list[str]:
    """A chain in words, and what would mend it."""
    texts = list(_texts(cause.links))
    lines = [f"  {text}" for text in texts[:MOST]]
    if len(texts) > MOST:
        if len(texts) > MOST + 1:
            lines.append(f"  ... and {len(texts) - MOST - 1} more like these, then")
        lines.append(f"  {texts[-1]}")
    if cause.turn:
        pes = {thing.pe for thing, _ in cause.turn}
        lines.append(
            f"  This is a circle through {count(len(pes), 'PE')}: each line waits for the next, "
            f"the last for {name(cause.turn[0][0].pe)}"
        )
    lines[-1] += alike
    return [*lines, f"  Try: {cause.mend}"] if cause.mend else lines


def _texts(links: list[tuple[Waiting, Reason]]) -> Iterable[str]:
    """What each link of a chain says; full queues in a row are told together."""
    at = 0
    while at < len(links):
        end = at
        while end < len(links) and links[end][0].what == "queue" and _is_full(links[end]):
            end += 1
        thing, reason = links[at]
        if end - at > 2 and thing.color:
            first, last = name(thing.pe), name(links[end - 1][0].pe)
            yield (
                f"color {thing.color.word} is backed up through {end - at} routers that are full, "
                f"from {first} to {last}"
            )
            at = end
        else:
            yield reason.text
            at += 1


def _is_full(link: tuple[Waiting, Reason]) -> bool:
    after = link[1].after
    return link[1].kind == "full" and after is not None and after.what == "queue"


def _mend_of_circle(explainer: Explainer, turn: Links) -> str:
    """What would break a circle: that one of its PEs does something else first."""
    for thing, reason in turn:
        if thing.what == "inbox" and thing.color and reason.after:
            busy = explainer.operation(thing.pe, reason.after.number)
            if thing.color not in busy.reads:
                return (
                    f"let {name(thing.pe)} take color {thing.color.word} before {busy}; with "
                    "microthread=True the two run side by side"
                )
    for thing, reason in reversed(turn):
        if reason.kind == "no wavelet" and reason.after and reason.after.what == "operation":
            waits = explainer.operation(thing.pe, thing.number)
            missing = [c for c in waits.reads if not explainer.state.waiting[c.number][thing.pe]]
            busy = explainer.operation(reason.after.pe, reason.after.number)
            if missing and busy.sends is not missing[0]:
                return f"let {name(reason.after.pe)} send color {missing[0].word} before {busy}"
    sends = all(reason.kind == "no wavelet" for _, reason in turn)
    return f"let one of these PEs {'send' if sends else 'receive'} before the others"


def explain_undrained(program: Program, state: State) -> str:
    """The text of an `Undrained`: which streams are left, how much of each, and who misses it."""
    explainer = Explainer(program, state)
    left = sum(int(state.inside(color.number).sum()) for color in program.colors)
    lines = [
        f"every operation has ended by cycle {state.cycle:,}, and {count(left, 'wavelet')} "
        f"{'is' if left == 1 else 'are'} left inside."
    ]
    mends = []
    for color in program.colors:
        if state.inside(color.number).any():
            told, mend = _left_of(explainer, color)
            lines += told
            mends.append(mend)
    mend = next(filter(None, mends), "let a receiver take as many elements as its sender sends")
    return "\n".join([*lines, f"  Try: {mend}"])


def _left_of(explainer: Explainer, color: Color) -> tuple[list[str], str]:
    """The streams of a color of which something is left, in words, and a mend for the first."""
    program, inside = explainer.program, explainer.state.inside(color.number)
    flow, taken = streams(program, color), np.zeros(program.shape, np.int64)
    for operation in program.operations:
        if color in operation.reads:
            taken += operation.counts(program.shape)
    lines, mends = [], []
    switched = color.positions > 1  # then any sender may have sent what is left
    source_of = np.zeros_like(flow.source) if switched else flow.source
    left = np.unique(source_of[inside > 0])
    for source in left[:MOST_STREAMS]:
        mine = source_of == source
        places = np.argwhere((inside > 0) & mine)
        pe = (int(places[-1][0]), int(places[-1][1]))
        here = name(pe) if len(places) == 1 else f"{len(places):,} PEs, up to {name(pe)}"
        senders = [divmod(int(source), program.shape[1])] if source >= 0 else []
        of = _senders(explainer, color, explainer.senders(color) if switched else senders)
        number = int(inside[mine].sum())
        lines.append(f"  color {color.word}{of}: {count(number, 'wavelet')} left at {here}")
        short = flow.listening & mine & (flow.traffic > taken)
        if switched:  # those where something waits, else those that take nothing
            waits = explainer.state.waiting[color.number] > 0
            short = flow.listening & (waits if waits.any() else taken == 0)
        reason = _missing_reader(explainer, color, short) or explainer.lost(pe, color)
        if reason:
            lines.append(f"    {reason.text}")
            mends.append(reason.mend)
    if len(left) > MOST_STREAMS:
        lines.append(f"  ... and {len(left) - MOST_STREAMS:,} more streams of color {color.word}")
    return lines, next(filter(None, mends), "")


def _senders(explainer: Explainer, color: Color, senders: list[Place]) -> str:
    """Who sent a color, and how much of it."""
    told = []
    for sender in senders[:MOST_STREAMS]:
        task = explainer.sending_task(sender, color)
        how = f"sent by task {task.name}" if task else f"{explainer.sent(sender, color)[1]} sent"
        told.append(f"{name(sender)}, {how}")
    if len(senders) > MOST_STREAMS:
        told[1:] = [count(len(senders) - 1, "more PE")]
    return " from " + ", and ".join(told) if told else ""


def _missing_reader(explainer: Explainer, color: Color, short: np.ndarray) -> Reason | None:
    """That PEs take fewer wavelets than are sent to them: the first of these."""
    places = np.argwhere(short)
    pe = (int(places[0][0]), int(places[0][1])) if len(places) else None
    reason = explainer.unread(pe, color) if pe else None
    if reason:
        reason.text += _alike(places)
    return reason


def explain_limit(program: Program, state: State, max_cycles: int | None) -> str:
    """The text of a `StillRunning`: what some PEs are at, and what each of them waits for."""
    explainer = Explainer(program, state)
    left = np.argwhere(state.busy)
    lines = [
        f"after max_cycles={max_cycles:,} cycles {len(left):,} of "
        f"{count(state.operation.size, 'PE')} have work left:"
    ]
    mends: list[str] = []
    numbers = np.where(state.operation >= 0, state.operation, state.threads.max(axis=0, initial=-1))
    for number in np.unique(numbers[state.busy])[:MOST_CAUSES]:
        row, column = (int(i) for i in np.argwhere(numbers == number)[0])
        thread = None if state.operation[row, column] >= 0 else int(number)
        links, _ = explainer.chain(Waiting("operation", (row, column), None, thread))
        if not links:
            lines.append(f"  {explainer.at(int(number), (row, column))} goes on in the next cycle")
        for depth, (_, reason) in enumerate([*links[:1], *links[1:][-1:]]):
            lines.append(f"  {depth * '  '}{reason.text}")
        mends += [reason.mend for _, reason in links if reason.mend and not explainer.rotates]
    mend = "; or ".join(["a larger max_cycles", *mends[:1]])
    return "\n".join([*lines, f"  Try: {mend}"])
