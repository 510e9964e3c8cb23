"""What tests of many modules are given."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest

from .browser.lab import SCREENSHOTS


@pytest.fixture
def notebook(tmp_path: Path) -> Callable[..., Path]:
    """Write a learner's notebook of these cells, by its name one of set 03, and give its path."""

    def write(*sources: str) -> Path:
        path = tmp_path / "03_mine.ipynb"
        cells = [nbformat.v4.new_code_cell(source) for source in sources]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
        return path

    return write


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say what browser tests counted, and where their screenshots are, where one passed.

    Here, not beside them: the process that reports need not be one that runs tests.
    """
    passed = terminalreporter.stats.get("passed", [])
    browser = [report for report in passed if report.nodeid.startswith("tests/browser/")]
    for report in browser:
        for name, line in report.user_properties:
            if name == "counted" and report.when == "call":
                terminalreporter.write_line(line)
    if browser:
        terminalreporter.write_line(f"screenshots: {SCREENSHOTS}")
