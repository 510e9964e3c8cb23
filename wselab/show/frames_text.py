"""What a trace shows, in words made from its frames."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from ..fabric.explain.standing import count
from ..fabric.ports import LINKS
from ..fabric.trace.cells import DOING, IDLE, NO_WAVELET
from ..fabric.trace.frames import Frame
from ..fabric.trace.pe_frame import PLACES
from ..fabric.trace.trace import Trace
from .waiting import Arrow, links_told, listed

TOWARDS = dict(zip(LINKS, ("northward", "eastward", "southward", "westward"), strict=True))
MOST_COLORS = 4  # of which is told where they go, or of those that are waited for
DOES = {  # of the states of PEs: said of one, and of several
    "busy": ("is busy", "are busy"),
    "ended": ("has ended", "have ended"),
    "sleeps": ("sleeps", "sleep"),
    "nothing": ("has nothing to do", "have nothing to do"),
    "pause": ("pauses", "pause"),
    "beside": ("waits for a microthread", "wait for a microthread"),
    "no wavelet": ("waits for a wavelet", "wait for a wavelet"),
    "full": ("cannot send, since there is no room", "cannot send, since there is no room"),
    "switch": ("waits for a switch", "wait for a switch"),
    "port taken": ("waits while another operation sends", "wait while another operation sends"),
    "no route": ("has no route", "have no route"),
}


def describe_trace(
    trace: Trace, frame: Frame, title: str = "", arrows: Sequence[Arrow] = ()
) -> str:
    """A trace and one frame of it, in a few sentences; with who waits for whom.

    >>> import wselab as wse
    >>> w = wse.Wafer(1, 3)
    >>> x, c = w.memory("x", 4), w.color("c")
    >>> w[:, 0].route(c, wse.RAMP >> wse.EAST)
    >>> w[:, 1].route(c, wse.WEST >> (wse.RAMP, wse.EAST))
    >>> w[:, 2].route(c, wse.WEST >> wse.RAMP)
    >>> w[:, 0].mov(x, out=wse.fabout(c))
    >>> w[:, 1:].mov(wse.fabin(c), out=x)
    >>> trace = w.run(trace=True).trace
    >>> print(describe_trace(trace, trace.at(6)))
    A run of 11 cycles on 1 x 3 PEs. Color c goes eastward. Cycle 6: of 3 PEs, 1 has ended,
    1 is busy, 1 waits for color c; 6 wavelets of color c are inside.
    """
    rows, columns = len(trace.cells.rows), len(trace.cells.columns)
    head = f"{title.rstrip('.')}. " if title else ""
    size = f"{rows:,} x {columns:,} PEs"
    if (rows, columns) != trace.shape:
        size += f" (rows {trace.cells.rows.start} to {trace.cells.rows.stop - 1}, columns "
        size += f"{trace.cells.columns.start} to {trace.cells.columns.stop - 1})"
    run = f"{head}A run of {count(trace.end_cycle, 'cycle')} on {size}"
    told = [f"{run}{_how_it_ended(trace)}.", *_ways(trace)]
    told.append(f"Cycle {frame.cycle:,}: {describe_frame(frame)}.")
    links = [text for _, text in links_told(arrows)]
    return " ".join([*told, f"Who waits for whom: {'; '.join(links)}."] if links else told)


def _how_it_ended(trace: Trace) -> str:
    how = {
        "Deadlock": " that ended in a deadlock",
        "Undrained": " that left wavelets inside",
        "StillRunning": " that was stopped while it ran",
    }
    return how.get(trace.end, "")


def _ways(trace: Trace) -> list[str]:
    """Where the colors go over links, unless there are many."""
    colors = [color for color in trace.program.colors if color.routed.any()]
    found = []
    for color in colors:
        ways = [TOWARDS[port] for port in LINKS if color.leaves_by(port).any()]
        if ways:
            found.append((color.name, listed(ways)))
    if len(found) > MOST_COLORS:
        return [f"{count(len(colors), 'color')} are routed."]
    by_way: dict[str, list[str]] = {}
    for color_name, way in found:
        by_way.setdefault(way, []).append(color_name)
    return [
        f"Color {names[0]} goes {way}." if len(names) == 1 else f"Colors {listed(names)} go {way}."
        for way, names in by_way.items()
    ]


def describe_frame(frame: Frame) -> str:
    """How many PEs do what in a cycle, and how many wavelets are inside.

    PEs that wait for a wavelet, or for room, are told by color.
    """
    every = states(frame)
    groups = Counter(_said(frame, pe, state) for pe, state in enumerate(every))
    if len(groups) > MOST_COLORS:
        groups = Counter(DOES[state] for state in every)
    told = [f"{number:,} {forms[number != 1]}" for forms, number in groups.most_common()]
    return f"of {count(len(every), 'PE')}, {', '.join(told)}; {_inside(frame)}"


def states(frame: Frame) -> list[str]:
    """What each PE of a trace does in a cycle: a word of `DOING`, but for those that are idle.

    They have "ended", or, if they had "nothing" to do, that, or the PE "sleeps" till it is woken.
    """
    shape, pes = frame.program.shape, frame.trace.cells.pes
    worked, sleeps = np.zeros((2, *shape), bool)
    for operation in frame.program.operations:
        worked |= operation.counts(shape) > 0
    for task in frame.program.tasks:
        sleeps[task.where] = True
    idle = np.where(sleeps, "sleeps", np.where(worked, "ended", "nothing")).ravel()[pes]
    doing = frame("doing")[0]
    found: list[str] = np.where(doing == IDLE, idle, np.array(DOING)[doing]).tolist()
    return found


def _said(frame: Frame, pe: int, state: str) -> tuple[str, str]:
    """What a PE does, said of one and of several."""
    names = _colors(frame, pe) if state in ("no wavelet", "full") else []
    if not names:
        return DOES[state]
    color = f"color{'s' if len(names) > 1 else ''} {listed(names)}"
    if state == "full":
        return (f"cannot send {color}, since there is no room",) * 2
    return f"waits for {color}", f"wait for {color}"


def short_state(frame: Frame, pe: int, state: str) -> str:
    """What a PE does in two or three words: "busy", "waits for b", "b: no room"."""
    names = listed(_colors(frame, pe))
    if state == "no wavelet":
        return f"waits for {names}"
    if state in ("full", "switch", "no route"):
        return f"{names}: {'no room' if state == 'full' else state}"
    return {"pause": "pauses", "beside": "waits beside", "nothing": ""}.get(state, state)


def _colors(frame: Frame, pe: int) -> list[str]:
    """The colors that a PE which waits lacks or cannot send: of its main operation, or a thread."""
    numbers = [frame("operation")[0, pe], *frame("thread")[:, pe]]
    number = next((int(one) - 1 for one in numbers if one), None)
    if number is None:
        return []
    operation, cells = frame.program.operations[number], frame.trace.cells
    if frame("doing")[0, pe] != NO_WAVELET:
        return [operation.sends.name] if operation.sends else []
    inbox = frame("inbox")[0]
    nodes = [(color, cells.node_of[color.number, pe]) for color in operation.reads]
    return [color.name for color, node in nodes if node < 0 or not inbox[node]]


def _inside(frame: Frame) -> str:
    colors = Counter[int]()
    for place in PLACES:
        colors.update(frame.trace.cells.color[np.nonzero(frame(place))[1]].tolist())
    names = [color.name for color in frame.program.colors]
    total = colors.total()
    if not total:
        return "no wavelet is inside"
    verb = "is" if total == 1 else "are"
    if len(colors) == 1:
        return f"{count(total, 'wavelet')} of color {names[next(iter(colors))]} {verb} inside"
    parts = [f"{number:,} of {names[color]}" for color, number in sorted(colors.items())]
    return f"{count(total, 'wavelet')} {verb} inside, {listed(parts)}"
