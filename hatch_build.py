"""The wheel carries the course, so that `pip install wselab[course]` is enough to take it.

An editable install does not: there the course lies in the checkout, and a copy in the
environment would only grow old.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

MATERIAL = {  # folder of the checkout: kinds of files that go into wselab/course/material/
    "notebooks": "*",
    "exercises": "*",
    "solutions": "*",
    "docs": "*.md",  # the lessons link to the glossary and the rules
}


class CourseMaterial(BuildHookInterface):
    """Adds the course's files to the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        root = Path(self.root)
        for folder, pattern in MATERIAL.items():
            for path in sorted((root / folder).rglob(pattern)):
                part = path.relative_to(root)
                made_by_tools = any(name.startswith((".", "_")) for name in part.parts)
                if path.is_file() and not made_by_tools:
                    build_data["force_include"][str(path)] = f"wselab/course/material/{part}"
