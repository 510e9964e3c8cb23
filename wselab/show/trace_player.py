"""The player: a run, stepped both ways on the grid of its PEs.

`player` gives a widget whose JavaScript, the files of ``player_page`` joined to one module, has the
whole trace and steps over it by itself. Python is asked for one thing: why a PE waits, in words.

For tests and scripts on the page: the widget's root is ``.wse-player``. It has ``data-ready``,
``data-cycle``, ``data-first``, ``data-last``, ``data-state`` (eight digits that differ where
anything that stands in the cycle does; kept while it does not play), ``data-playing``,
``data-zoom`` (pixels of a PE), ``data-pe`` ("row,column" of the chosen one, or empty) and
``data-circle`` (whether the arrows of who waits for whom are shown). In it are ``.wse-canvas``, the
grid, which takes the keys; buttons named "First cycle", "Step back", "Play" or "Pause", "Step
forward", "Last cycle", "Zoom in", "Zoom out", "Whole rectangle" and "Keys"; a slider "Cycle"; a
selection "Cycles a second"; ``.wse-live``, which says what a step changed; ``.wse-program``, whose
lines have ``data-line`` and, lit, ``aria-current``; ``.wse-pe``, the chosen PE; ``.wse-end``, how a
run ended that did not end well, with the button ``.wse-circle``.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import traitlets

from ..fabric.errors import RunError
from ..fabric.run import Run
from ..fabric.trace.frames import Frame
from ..fabric.trace.pe_frame import PLACES
from ..fabric.trace.trace import Trace
from ..fabric.trace.tracefile import content
from .frames_picture import draw
from .frames_text import describe_trace
from .live import Live, module
from .packed import pack
from .picture import Picture, picture
from .waiting import last_link, spans, standstill

PAGE = Path(__file__).with_name("player_page")
PARTS = (
    "decode", "frame", "words", "layout", "ways", "marks", "sheet", "ground", "board", "wavelets",
    "waiting", "stage", "panel", "page", "keys", "player",
)  # fmt: skip
HOW_IT_ENDED = {
    "Deadlock": "Deadlock",
    "Undrained": "Wavelets were left inside",
    "StillRunning": "It was stopped while it ran",
}


def javascript(export: str = "export default { render };") -> str:
    """The page's JavaScript as one module."""
    return f"{module(PAGE, *PARTS)}\n{export}"


class Player(Live):
    """Plays a trace; made by `player`."""

    _esm = javascript()
    _css = (PAGE / "player.css").read_text(encoding="utf-8")
    content = traitlets.Unicode().tag(sync=True)  # the trace as `pack` gives it
    cells = traitlets.Bytes().tag(sync=True)
    about = traitlets.Unicode().tag(sync=True)  # what is said and drawn besides, as JSON

    def __init__(self, trace: Trace, title: str = "", still: int | None = None):
        self.trace, self.title = copy.copy(trace), title  # the caller's stands where it stood
        self.trace.at(self.trace.first)  # says so where it holds nothing
        data = content(trace)
        of_itself = trace.last if trace.end != "ended" else fullest(data)
        self._still_cycle = of_itself if still is None else self.trace.at(still).cycle
        self._arrows, circle, mend = standstill(self.trace)
        ended = trace.end == "ended"
        first = trace.error.partition("\n")[0]
        about = {
            "title": title,
            "start": trace.first if ended else trace.last,
            "end": HOW_IT_ENDED.get(trace.end, ""),
            "text": first + (" They wait for each other in a circle." if circle else ""),
            "mend": mend,
            "held": _what_is_held(trace),
            "arrows": [
                dict(zip(("from", "to", "label", "text", "mark"), (*arrow, mark), strict=True))
                for arrow, mark in zip(self._arrows, spans(self._arrows), strict=True)
            ],
            "last": last_link(self._arrows),
        }
        text, cells = pack(data)
        alt = describe_trace(self.trace, self._still(), title, self._arrows)
        super().__init__(content=text, cells=cells, about=json.dumps(about), alt=alt)
        self.on_msg(self._asked)

    def picture(self) -> Picture:
        """The frame asked for; else the last, or, after a good end, that with most wavelets."""
        frame = self._still()
        cycle = f"cycle {frame.cycle:,} of {frame.trace.end_cycle:,}"
        how = f"who waits for whom, {cycle}" if self._arrows else cycle
        title = f"{self.title}: {how}" if self.title else how[0].upper() + how[1:]
        return picture(draw(frame, self._arrows, title), self.alt)

    def _still(self) -> Frame:
        return self.trace.at(self._still_cycle)

    def _asked(self, _: Any, message: Any, __: Any) -> None:
        """The page asks why a PE waits in a cycle."""
        if not isinstance(message, dict) or message.get("ask") != "why":
            return
        try:
            frame = self.trace.at(int(message["cycle"]))
            pe = frame.pe(int(message["row"]), int(message["column"]))
            texts = [reason.text for reason in pe.reasons.values()]
        except (IndexError, KeyError, TypeError, ValueError):
            return  # of a page that asks for something else
        self.send({"id": message.get("id"), "texts": texts})


def fullest(data: dict[str, Any]) -> int:
    """The first of the cycles with most wavelets inside, of the content of a trace.

    Of ``docs/trace.md``: a cell of a place that becomes 0, or is 0 no longer, is a wavelet.
    """
    is_place = np.zeros(data["frames"]["cells"].shape[1], bool)
    for start, width, length in (data["sections"][place] for place in PLACES):
        is_place[start : start + width * length] = True
    cells = np.where(is_place, data["frames"]["cells"][0], 0)
    inside = [np.count_nonzero(cells)]
    changes, first = data["changes"], 0
    for end in data["changes"]["ends"].tolist():
        cell, xor = changes["cell"][first:end], changes["xor"][first:end]
        cell, xor, first = cell[is_place[cell]], xor[is_place[cell]], end
        before = cells[cell]
        cells[cell] = before ^ xor
        inside.append(inside[-1] + np.count_nonzero(before ^ xor) - np.count_nonzero(before))
    return int(data["first"] + np.argmax(inside))


def _what_is_held(trace: Trace) -> str:
    """What the trace does not hold; "" where it holds all."""
    cells, told = trace.cells, []
    if trace.first > 0 or trace.last < trace.end_cycle:
        why = ", since its megabytes were used up" if trace.full else ""
        told.append(f"cycles {trace.first:,} to {trace.last:,} of {trace.end_cycle:,}{why}")
    if len(cells.pes) < trace.shape[0] * trace.shape[1]:
        rows, columns = (f"{part.start} to {part.stop - 1}" for part in (cells.rows, cells.columns))
        size = f"{trace.shape[0]:,} x {trace.shape[1]:,} PEs"
        told.append(f"rows {rows} and columns {columns} of a wafer of {size}")
    if not trace.memories and trace.description["memories"]:
        told.append("no memory, which would take more than a quarter of its megabytes")
    if not told:
        return ""
    mend = "w.run(trace=wse.Trace(cycles=, pes=, megabytes=)) says what to record."
    return f"The trace holds {'; '.join(told)}. {mend}"


def player(what: Any, title: str = "", still: int | None = None) -> Player:
    """Play a traced run on the grid of its PEs.

    ``what`` is a `Run` or a `Trace`, or the error that ended a traced run: a `Deadlock` opens with
    who waits for whom. The picture that a notebook keeps is of the cycle ``still``; unless that is
    given it is the last frame, or, of a run that came to its end, the one with most wavelets
    inside.

    Raises ValueError where nothing was traced, IndexError for a cycle that was not, and TypeError
    for anything else.

    >>> import wselab as wse
    >>> w = wse.Wafer(1, 2)
    >>> x, c = w.memory("x", 8), w.color("c")
    >>> w[:, 0].route(c, wse.RAMP >> wse.EAST)
    >>> w[:, 1].route(c, wse.WEST >> wse.RAMP)
    >>> w[:, 0].mov(x, out=wse.fabout(c))
    >>> w[:, 1].mov(wse.fabin(c), out=x)
    >>> wse.show.player(w.run(trace=True), title="Hand over")
    Hand over. A run of 14 cycles on 1 x 2 PEs. Color c goes eastward. Cycle 6: ...
    """
    trace = what if isinstance(what, Trace) else getattr(what, "trace", None)
    if not isinstance(what, (Trace, Run, RunError)):
        raise TypeError(
            f"player({type(what).__name__}): expected a run, a trace, or the error that ended a "
            "run. Try: wse.show.player(w.run(trace=True))"
        )
    if trace is None:
        kind = "run" if isinstance(what, Run) else type(what).__name__
        raise ValueError(
            f"player: this {kind} has no trace. Try: w.run(trace=True), and if that ends in an "
            "error, give the error: except wse.RunError as error: wse.show.player(error)"
        )
    return Player(trace, title, still)
