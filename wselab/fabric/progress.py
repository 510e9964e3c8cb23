"""A progress bar for long runs, and none for short ones or where nobody looks."""

from __future__ import annotations

import os
import sys
import time
from typing import Any

QUIET_SECONDS = 1.0


class Progress:
    """Calls ``wanted(cycle)`` if it is a function; else shows a bar once a run takes a second.

    ``wanted=False`` shows none; ``None`` shows one unless this is CI or a test, or tqdm is missing.
    """

    def __init__(self, wanted: Any = None):
        self.function = wanted if callable(wanted) else None
        self.wanted = wanted is not False and not callable(wanted) and not nobody_looks()
        self.bar: Any = None
        self.start = time.monotonic()

    def __enter__(self) -> Any:
        return self.function or (self if self.wanted else None)

    def __call__(self, cycle: int) -> None:
        if self.bar is None and time.monotonic() - self.start > QUIET_SECONDS:
            self.bar = _bar()
        if self.bar is not None:
            self.bar.update(cycle - self.bar.n)

    def __exit__(self, *error: Any) -> None:
        if self.bar is not None:
            self.bar.close()


def nobody_looks() -> bool:
    """Whether this is CI, a test, or a script that writes into a file."""
    if os.environ.get("CI") or "pytest" in sys.modules:
        return True
    in_notebook = "ipykernel" in sys.modules
    return not in_notebook and not sys.stderr.isatty()


def _bar() -> Any:
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return None
    return tqdm(unit=" cycles", unit_scale=True, leave=False)
