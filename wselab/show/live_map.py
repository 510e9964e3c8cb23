"""A map of the wafer that takes new values while it is looked at.

A frame travels as one byte a PE: 0 to 254 along the scale, 255 for a dead one. The page draws it,
and says so. No more than two frames are ever on their way; what comes while they are is not queued
but dropped, all but the newest, which goes when one of the two has been drawn. So a program may
hand over frames as fast as it likes: the page shows about 30 a second of them, fewer where it or
the line to it is slow, and in the end the last one.

The value of a PE is not read off the scale: the page asks the kernel for it. Of few PEs all values
go with the frame, and the page writes them where there is room.

What the page shows stands in the DOM, for tests and for readers' own tools: the root element
``.wse-map`` has ``data-frame``, how many frames it has drawn, and ``data-newest``, the number of
the one that it shows, as `WaferMap.given` counts them; ``.wse-map-view`` is what has the keyboard's
focus, and names its keys; ``.wse-map-value`` says what is under the pointer or the cursor, and
``.wse-map-scope`` which PEs are to be seen; ``.wse-map-said`` is a polite live region;
``.wse-map-layer`` chooses one of several maps; the buttons are named "zoom in", "zoom out", "whole
wafer", "go to the highest" and "go to the next dead PE".
"""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import traitlets
from matplotlib import colormaps

from .live import Live, module
from .picture import Picture
from .scale import COLORS, SIGNED_COLORS, Limits, Maps, levels, limits_of, maps_of
from .wafer_map import NUMBERED, numbers_of, still
from .words import describe, number

PAGE = Path(__file__).with_name("map_page")
ON_THE_WAY = 2  # frames sent and not yet drawn: one travels while the other is drawn

# A kernel that hears the page only between cells learns of no drawing while a cell runs. It then
# sends at this pace, which a page on the same machine keeps up with.
DEAF_S = 1 / 25


class WaferMap(Live):
    """A live map of the wafer, made by `wselab.show.wafer`.

    ``given``, ``sent`` and ``drawn`` count frames: handed to `update` (the first when the map was
    made), sent to the page, and drawn there.
    """

    _esm = module(PAGE, "numbers", "pixels", "lens", "axes", "map")
    _css = (PAGE / "map.css").read_text(encoding="utf-8")
    about = traitlets.Dict(read_only=True).tag(sync=True)

    def __init__(self, maps: Maps, title: str, label: str, signed: bool, limits: Limits | None):
        super().__init__()
        self.title, self.label, self.signed = title, label, signed
        self._maps = maps
        varied = (name for name, table in maps.items() if table.min() != table.max())
        self._shown = next(varied, next(iter(maps)))
        self._grows, self._limits = limits is None, limits or limits_of(maps, signed)
        self.given, self.sent, self.drawn = 1, 0, 0
        self._sent_last, self._sent_at = 0, 0.0  # the newest frame's number as given, and when
        self._done_with = 0  # the newest that the page has drawn or dropped, as sent
        self._hears_meanwhile = False
        self._lock = threading.Lock()  # newer kernels hear the page in a thread of its own
        colors = colormaps[SIGNED_COLORS if signed else COLORS](np.linspace(0, 1, 255), bytes=True)
        about = {
            "shape": self._shape,
            "layers": list(maps),
            "label": label,
            "signed": signed,
            "colors": colors[:, :3].tobytes(),
        }
        self.set_trait("about", about)
        self.on_msg(self._hear)
        self._hear_while_cells_run()

    @property
    def _shape(self) -> tuple[int, int]:
        rows, columns = next(iter(self._maps.values())).shape
        return rows, columns

    def update(self, values: Any, title: str | None = None) -> None:
        """Show new values of the same shape; ``title`` replaces that of the map.

        Unless the map was made with ``limits``, its scale grows where values lie beyond its ends.
        Raises ValueError where the values are no such map.
        """
        maps = maps_of(values)
        if list(maps) != list(self._maps) or next(iter(maps.values())).shape != self._shape:
            raise ValueError(f"wafer map: {_told(maps)}; expected {_told(self._maps)}, as before")
        with self._lock:
            self._maps = maps
            self.title = self.title if title is None else title
            self.given += 1
            self._send_newest()
        time.sleep(0)  # a loop of updates leaves the thread that hears the page its turns

    @property
    def limits(self) -> Limits:
        """The two ends of the scale; found when a frame is sent or asked for."""
        if self._grows:
            low, high = limits_of(self._maps, self.signed)
            self._limits = min(low, self._limits[0]), max(high, self._limits[1])
        return self._limits

    @property
    def alt(self) -> str:  # type: ignore[override]
        """What the newest frame shows, in words; found when asked for, since it takes as long as a
        frame."""
        return describe(self._maps, self.title, self.label)

    def picture(self) -> Picture:
        """The newest frame as a still picture."""
        return still(self._maps, self.title, self.label, self.signed, self.limits)

    def _hear_while_cells_run(self) -> None:
        """Take the page's words in the thread to which it sends them, where a kernel has one.

        Some would rather give them to the thread that last spoke to the page; while a cell runs
        that is the cell's own, which does not listen. Kernels that know nothing of this lose
        nothing.
        """
        if hasattr(self.comm, "_reply_subshell_for"):
            self.comm._reply_subshell_for = lambda data, sent_to: sent_to

    def _hear(self, _: Any, said: dict[str, Any], __: Any) -> None:
        """Answer the page."""
        table = self._maps[self._shown]
        match said["kind"]:
            case "value":
                text = number(table[tuple(said["at"])], digits=6)
                self.send({"kind": "value", "at": said["at"], "text": text})
            case "words":
                self.send({"kind": "words", "text": self.alt})
            case "highest" | "dead" as what:
                wanted = (
                    table == np.fmax.reduce(table, None) if what == "highest" else np.isnan(table)
                )
                if (places := np.flatnonzero(wanted)).size:
                    row, column = said["after"]
                    behind = np.searchsorted(places, row * self._shape[1] + column, "right")
                    place = int(places[behind % places.size])
                    self.send({"kind": "go", "at": divmod(place, self._shape[1])})
            case _:
                with self._lock:
                    self._hear_of_frames(said)

    def _hear_of_frames(self, said: dict[str, Any]) -> None:
        if said["kind"] in ("drawn", "dropped"):
            if said["sent"] > self._done_with:  # of two views of the map the quicker one counts
                self._done_with = said["sent"]
                self.drawn += said["kind"] == "drawn"
            elsewhere = threading.current_thread() is not threading.main_thread()
            self._hears_meanwhile = self._hears_meanwhile or elsewhere
            self._send_newest()
        else:  # a view is new, or wants another layer
            self._shown = said.get("layer", self._shown)
            self._done_with = self.sent
            self._send_frame()

    def _send_newest(self) -> None:
        """Send the newest frame, unless the page has it or has enough to draw."""
        if self._sent_last < self.given:
            deaf = not self._hears_meanwhile and time.monotonic() - self._sent_at > DEAF_S
            if self.sent - self._done_with < ON_THE_WAY or deaf:
                self._send_frame()

    def _send_frame(self) -> None:
        self.sent += 1
        self._sent_last, self._sent_at = self.given, time.monotonic()
        limits, table = self.limits, self._maps[self._shown]
        frame = {
            "kind": "frame",
            "number": self.given,
            "sent": self.sent,
            "title": self.title,
            "layer": self._shown,
            "limits": limits,
            "numbers": numbers_of(table) if table.size <= NUMBERED else [],
        }
        self.send(frame, [levels(table, limits)])


def _told(maps: Maps) -> str:
    names = f"maps {', '.join(maps)}" if len(maps) > 1 else "a map"
    rows, columns = next(iter(maps.values())).shape
    return f"{names} of {rows} rows x {columns} columns"
