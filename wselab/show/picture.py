"""A picture with its text, for readers who see it, hear it, or read a page that runs nothing."""

from __future__ import annotations

import base64
import io
from html import escape
from typing import TYPE_CHECKING, Any

from .palette import in_256_colors

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DOTS_PER_INCH = 100


class Picture:
    """A figure drawn once, with ``alt``, the text that stands for it.

    In a notebook it shows itself; ``save(path)`` writes a PNG file.
    """

    def __init__(self, png: bytes, alt: str):
        self.png, self.alt = png, alt

    def save(self, path: Any) -> None:
        """Write the picture to a PNG file."""
        with open(path, "wb") as file:
            file.write(self.png)

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        # Twice, since neither serves all: JupyterLab gives image/png no alternative text, and what
        # takes no HTML, as an export to PDF by LaTeX, has image/png alone.
        source = f"data:image/png;base64,{base64.b64encode(self.png).decode()}"
        html = f'<img alt="{escape(self.alt)}" src="{source}">'
        data = {"image/png": self.png, "text/html": html, "text/plain": self.alt}
        return data, {"image/png": {"alt": self.alt}}

    def __repr__(self) -> str:
        return self.alt


def need_matplotlib() -> None:
    """Raise an ImportError that says what to install, where there is no matplotlib."""
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise ImportError(
            "pictures need the package matplotlib, which is not installed here. "
            "Try: python -m pip install 'wselab[course]'"
        ) from error


def picture(figure: Figure, alt: str) -> Picture:
    """``figure`` (of matplotlib) as a `Picture` with the text ``alt``; closes the figure.

    >>> from matplotlib.figure import Figure
    >>> figure = Figure()
    >>> _ = figure.subplots().plot([1, 2, 4])
    >>> picture(figure, "A curve that doubles: 1, 2, 4.")
    A curve that doubles: 1, 2, 4.
    """
    if not alt.strip():
        raise ValueError("picture: alt is empty; say in words what is to be seen")
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", dpi=DOTS_PER_INCH, bbox_inches="tight")
    return Picture(in_256_colors(drawn), alt)
