"""Who waits for whom in a run that ended in a deadlock: as arrows, and in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ..fabric.explain.standing import Place, Reason, Waiting, count, name, step
from ..fabric.explain.texts import causes
from ..fabric.explain.why import Explainer
from ..fabric.ports import RAMP, opposite
from ..fabric.trace.trace import Trace

MOST_LINKS = 8  # stretches that are told


class Arrow(NamedTuple):
    """That one PE waits for another: the reason in a few words, and in full.

    Where a chain ends, ``end`` is the PE that will not take what it is sent, or else ``start``:
    what that waits for will not come from anywhere.
    """

    start: Place
    end: Place
    label: str
    text: str


def standstill(trace: Trace) -> tuple[list[Arrow], bool, str]:
    """Why a deadlocked run stands: an arrow from PE to PE, whether they close a circle, a mend.

    Nothing where the run did not end so, or where the trace lacks its end or some of its PEs.
    """
    every = len(trace.cells.pes) == trace.shape[0] * trace.shape[1]
    if trace.end != "Deadlock" or not every or trace.last != trace.end_cycle:
        return [], False, ""
    frame = trace.at(-1)
    found, _ = causes(frame.explainer)
    if not found:
        return [], False, ""
    first = found[0]
    return _arrows(frame.explainer, first.links), bool(first.turn), first.mend


def _arrows(explainer: Explainer, links: list[tuple[Waiting, Reason]]) -> list[Arrow]:
    """Links that stay within a PE are told with the one that leaves it, or ends the chain."""
    arrows: list[Arrow] = []
    start = 0
    for at, (thing, reason) in enumerate(links):
        refuses = _refuses(explainer, thing, reason)
        end = reason.after.pe if reason.after else refuses or thing.pe
        alone = at == len(links) - 1 and not arrows  # a circle within one PE
        if end != thing.pe or reason.after is None or alone:
            within = [one.text for what, one in links[start:at] if what.what == "operation"]
            text = "; ".join([*within[-1:], reason.text])
            label = _label(explainer, thing, reason, refuses is not None)
            arrows.append(Arrow(thing.pe, end, label, text))
            start = at + 1
    return arrows


def _refuses(explainer: Explainer, thing: Waiting, reason: Reason) -> Place | None:
    """The neighbour that does not take what a router sends it, where that is the reason."""
    if reason.kind != "no route" or thing.what != "queue" or thing.color is None:
        return None
    route = explainer.going(thing.pe, thing.color)
    for port in route.outputs if route else ():
        there = step(thing.pe, port)
        if port is not RAMP and explainer.inside(there):
            taken = explainer.entering(there, thing.color)
            if taken is None or taken.input is not opposite(port):
                return there
    return None


def _numbers(arrows: Sequence[Arrow]) -> list[range]:
    """The numbers, from 1 on, of arrows that go on straight from PE to PE and say the same."""
    found: list[range] = []
    for number, arrow in enumerate(arrows, start=1):
        before = arrows[number - 2] if found else arrow
        on = before.label == arrow.label and _heading(before) == _heading(arrow) != (0, 0)
        if found and on:
            found[-1] = range(found[-1].start, number + 1)
        else:
            found.append(range(number, number + 1))
    return found


def _heading(arrow: Arrow) -> tuple[int, int]:
    return arrow.end[0] - arrow.start[0], arrow.end[1] - arrow.start[1]


def last_link(arrows: Sequence[Arrow]) -> Place | None:
    """The PE at which a chain ends; None where it closes, or there is none."""
    if not arrows or (len(arrows) > 1 and arrows[-1].end == arrows[0].start):
        return None
    return arrows[-1].end


def links_told(arrows: Sequence[Arrow]) -> list[tuple[range, str]]:
    """Who waits for whom: the numbers of arrows, from 1 on, and what they say together.

    Of many stretches some are left out, which has no numbers.
    """
    told = []
    for numbers in _numbers(arrows):
        first, last, between = arrows[numbers[0] - 1], arrows[numbers[-1] - 1], len(numbers) - 1
        whom = name(last.end) if first.start != last.end else "nobody"
        way = f" by way of {count(between, 'PE')}" if between else ""
        told.append((numbers, f"{name(first.start)} for {whom}{way}, {first.label}"))
    if len(told) > MOST_LINKS:  # where it begins, and how it ends
        told[MOST_LINKS - 2 : -1] = [(range(0), f"{len(told) - MOST_LINKS + 1} more")]
    return told


def span(numbers: range) -> str:
    """As it stands at an arrow, and in the list: "4", "1 to 3"."""
    return f"{numbers[0]}" if len(numbers) == 1 else f"{numbers[0]} to {numbers[-1]}"


def spans(arrows: Sequence[Arrow]) -> list[str]:
    """What stands at each arrow: the numbers of its stretch at the one in the middle, or "".

    >>> there = [Arrow((0, k), (0, k + 1), "no room for c", "") for k in range(3)]
    >>> spans([*there, Arrow((0, 3), (0, 0), "waits for d", "")])
    ['', '1 to 3', '', '4']
    """
    marks = [""] * len(arrows)
    for numbers in _numbers(arrows):
        first, last = numbers[0], numbers[-1]
        marks[(first + last) // 2 - 1] = span(numbers)
    return marks


def _label(explainer: Explainer, thing: Waiting, reason: Reason, refused: bool) -> str:
    what = thing.color.name if thing.color else ""
    if thing.what == "operation":
        operation = explainer.operation(thing.pe, thing.number)
        waiting = explainer.state.waiting
        missing = [c.name for c in operation.reads if not waiting[c.number][thing.pe]]
        what = listed(missing) or (operation.sends.name if operation.sends else "")
    if reason.kind == "no wavelet":
        return f"waits for {what}" if reason.after else f"{what} never comes"
    if reason.kind == "full":
        return f"no room for {what}"
    return f"{what} is not taken" if refused else f"{what}: {reason.kind}"


def listed(parts: list[str]) -> str:
    """Words in a row.

    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    return " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)
