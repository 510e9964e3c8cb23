"""Values of a parameter that only `make test-all` tries."""

from __future__ import annotations

from typing import Any

import pytest


def long(*values: Any) -> list[Any]:
    """For ``parametrize("seed", [None, 0, *long(1, 2)])``: the last two are marked `long`."""
    return [pytest.param(value, marks=pytest.mark.long) for value in values]
