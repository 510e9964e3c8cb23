"""Traces as Chrome trace JSON."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .trace import Trace


def write(trace: Trace, path: Path) -> None:
    """Write a trace as Chrome trace JSON."""
    raise NotImplementedError
