"""A live picture: a widget where a kernel runs, and a still picture everywhere else.

A widget lives as long as its kernel. A page that runs nothing would show a hole in its place, so a
live picture always brings a still one with it, and the text that stands for both.

What a subclass owes:

* ``_esm`` and ``_css``: its JavaScript and its style, from files beside its Python module;
* ``alt``: what is to be seen, in words, made from the data; a trait, so the JavaScript has it too;
* ``picture()``: the same data as a still `Picture`, drawn by matplotlib.

Importing this module imports anywidget, so `wselab.show` imports it when a live picture is first
asked for.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

try:
    import anywidget
    import traitlets
except ImportError as error:
    raise ImportError(
        f"live pictures need the package {error.name}, which is not installed here. "
        "Try: python -m pip install 'wselab[course]'"
    ) from error

from .picture import Picture


def module(folder: Path, *parts: str) -> str:
    """JavaScript files of a folder, in that order, as the one module that a widget may have."""
    return "\n".join((folder / f"{part}.js").read_text(encoding="utf-8") for part in parts)


def dragged(page: Path, part: str) -> tuple[str, str]:
    """Module and style of a picture to drag: what all of them share, then what its page has."""
    shared = Path(__file__).with_name("drag.css").read_text(encoding="utf-8")
    own = (page / f"{part}.css").read_text(encoding="utf-8")
    return module(page, "../drag", part), shared + own


class Live(anywidget.AnyWidget):
    """A widget with its picture and its words."""

    alt = traitlets.Unicode().tag(sync=True)

    def picture(self) -> Picture:
        """What the widget shows now, as a still picture with the text ``alt``."""
        raise NotImplementedError(f"{type(self).__name__} has no picture()")

    def save(self, path: Any) -> None:
        """Write the still picture to a PNG file."""
        self.picture().save(path)

    def __repr__(self) -> str:
        return self.alt

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        # JupyterLab takes the widget before the picture. A notebook that was stored without
        # its widgets has the picture left.
        live, about = super()._repr_mimebundle_(**kwargs) or ({}, {})
        still, alt = self.picture()._repr_mimebundle_()
        return live | still, about | alt
