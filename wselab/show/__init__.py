"""Pictures of wafers, runs, discs and chips, each with a text that says what is to be seen.

`wafer` maps one number for each PE, `parts` shows how a matrix is cut, `routes` draws a small
program, `player` plays a run cycle by cycle, both ways; `disc` draws silicon, and on what
`paint_defects` shows one paints; `roofline` shows what bounds kernels on chips, and `drag_roofline`
lets them move; `streaming` is a model on its way through a wafer, and `drag_streaming` moves its
tokens; `bills` and `losses` draw training, `curves` numbers over a size. Widgets and matplotlib are
imported when they are first used.
"""

from __future__ import annotations

import importlib
from typing import Any

from .curves import curves
from .discs import Whole, disc, disc_corner
from .parts import parts
from .picture import Picture, picture
from .roofline import drag_roofline, roofline
from .routing import routes
from .streaming import drag_streaming, streaming
from .training import bills, losses
from .wafer_map import wafer
from .words import describe

__all__ = [
    "Picture", "Whole", "bills", "curves", "describe", "disc", "disc_corner", "drag_roofline",
    "drag_streaming", "losses", "paint_defects", "parts", "picture", "player", "roofline", "routes",
    "streaming", "wafer",
]  # fmt: skip

_LIVE = {"paint_defects": ".defects", "player": ".trace_player"}  # names that need widgets


def __getattr__(name: str) -> Any:
    if name not in _LIVE:
        raise AttributeError(f"module 'wselab.show' has no attribute {name!r}")
    importlib.import_module(".live", __name__)  # says what to install where widgets are missing
    return getattr(importlib.import_module(_LIVE[name], __name__), name)


def __dir__() -> list[str]:
    return sorted(__all__)
