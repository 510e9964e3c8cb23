"""What a notebook put in the place of the emulator's or the checks' own functions.

A check runs in the learner's process, where everything can be exchanged. Two things tell: what was
there when the course was imported, and which file each function's code is from.
"""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

PACKAGE = str(Path(__file__).resolve().parent.parent)
WATCHED = ("wselab.fabric", *(f"wselab.course.{letter}" for letter in "prsw"))


def remember() -> None:
    """Take what is there now for the original; done once, when the course is imported."""
    _ORIGINAL.update({owner: _members(owner) for owner in _owners()})


def replaced_parts() -> list[str]:
    """Functions, methods and classes of the emulator and the checks that are not their own.

    >>> replaced_parts()
    []
    """
    found = []
    for owner in _owners():
        now, before = _members(owner), _ORIGINAL.get(owner, {})
        for name in sorted(now.keys() | before.keys()):
            part = now.get(name)
            known = name in before or (isinstance(owner, type) and owner in _ORIGINAL)
            if (known and before.get(name) is not part) or not _from_a_file(part):
                found.append(f"{owner.__name__}.{name}")
    return found


def put_back() -> None:
    """Undo what `replaced_parts` found, as far as it was replaced since the course was imported."""
    for owner, before in _ORIGINAL.items():
        now = _members(owner)
        for name in now.keys() | before.keys():
            if name not in before and isinstance(owner, type):
                delattr(owner, name)
            elif name in before and before[name] is not now.get(name):
                setattr(owner, name, before[name])


def _owners() -> Iterator[Any]:
    """What the checks rely on: modules, and the classes that they define."""
    for module_name, module in list(sys.modules.items()):
        if module_name.startswith(WATCHED):
            yield module
            for item in list(vars(module).values()):
                if isinstance(item, type) and item.__module__ == module_name:
                    yield item


def _members(owner: Any) -> dict[str, Any]:
    """The functions and classes of a module, or the functions and properties of a class."""
    members = list(vars(owner).items())
    if isinstance(owner, ModuleType):
        return {name: item for name, item in members if isinstance(item, (FunctionType, type))}
    return {n: item for n, item in members if callable(item) or isinstance(item, _PROPERTIES)}


def _from_a_file(part: Any) -> bool:
    """Whether a function or a class comes from this package or an installed library.

    What a notebook or a script defines does not; what was written by dataclasses does.
    """
    if isinstance(part, _PROPERTIES):
        part = next(getattr(part, a) for a in ("fget", "func", "__func__") if hasattr(part, a))
    if isinstance(part, type):
        return part.__module__ != "__main__"
    code = getattr(part, "__code__", None)
    return code is None or code.co_filename.startswith(_LIBRARIES)


_LIBRARIES = (PACKAGE, "<string>", "<frozen", *sysconfig.get_paths().values())
_PROPERTIES = (property, cached_property, staticmethod, classmethod)
_ORIGINAL: dict[Any, dict[str, Any]] = {}
