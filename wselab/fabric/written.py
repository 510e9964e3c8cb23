"""Where a line of the user's program stands, and what it says."""

from __future__ import annotations

import linecache
import sys


class Written(str):
    """A place in a program, ``file:line``; ``text`` is what the line says, "" if not known."""

    __slots__ = ("text",)
    text: str

    def __new__(cls, place: str, text: str = "") -> Written:
        new = super().__new__(cls, place)
        new.text = text
        return new


def caller() -> Written:
    """The line outside this package that is being run."""
    frame = sys._getframe(1)
    while frame.f_back and frame.f_globals.get("__name__", "").startswith("wselab.fabric"):
        frame = frame.f_back
    name, line = frame.f_code.co_filename, frame.f_lineno
    text = linecache.getline(name, line, frame.f_globals).strip()
    short = "<cell>" if "ipykernel" in name else name.rsplit("/", 1)[-1]
    return Written(f"{short}:{line}", text)
