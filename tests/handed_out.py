"""The cells of the sets of problems, as a reader has them before them."""

from __future__ import annotations

from pathlib import Path

import nbformat

SOLUTIONS = Path(__file__).resolve().parent.parent / "solutions"


def cell(name: str, cell_id: str) -> str:
    """What a cell of a set's notebook holds."""
    cells = nbformat.read(SOLUTIONS / name, as_version=4).cells
    (found,) = [one.source for one in cells if one.id == cell_id]
    return found


def text(name: str, cell_id: str) -> str:
    """The same, its lines joined."""
    return " ".join(cell(name, cell_id).split())
