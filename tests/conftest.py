"""What tests of many modules are given."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest


@pytest.fixture
def notebook(tmp_path: Path) -> Callable[..., Path]:
    """Write a learner's notebook of these cells, by its name one of set 03, and give its path."""

    def write(*sources: str) -> Path:
        path = tmp_path / "03_mine.ipynb"
        cells = [nbformat.v4.new_code_cell(source) for source in sources]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
        return path

    return write
