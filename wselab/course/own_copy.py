"""A reader's own copy of the course: made from what an installed wheel carries, then kept up to it.

The rule, for each file of the course:

- one that is missing in the copy is copied, new or once more;
- one that the reader has not changed follows the course: replaced, or removed where it has gone;
- one that the reader has changed stays as it is, and so does every file that is only theirs.

Running a notebook does not count as a change, since outputs can be made again; writing into it
does. What was last copied is remembered in the copy, a fingerprint a file, so that the reader's
changes can be told from the course's. A copy that was cut short is completed by the next.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import folder as places

MANIFEST = ".wselab-course.json"
NOT_A_CHANGE = {"collapsed", "execution", "jupyter", "scrolled", "trusted"}  # Jupyter's own doing
WORDS = {
    "new": "",
    "updated": "you had not changed it",
    "restored": "it was missing",
    "removed": "no longer in the course; you had not changed it",
    "kept": "yours, so it stays; the course has another now",
    "left": "yours, so it stays; no longer in the course",
}
HOW_TO_GET = "To get another one, rename yours and run `wselab learn` again: what is missing comes."


class CannotCopy(Exception):
    """A folder that cannot take the course; the message says why and what to do."""


@dataclass(frozen=True)
class Change:
    """What happens to one file: ``what`` is a key of WORDS, ``name`` its path in the course."""

    what: str
    name: str

    def __str__(self) -> str:
        """
        >>> print(Change("restored", "docs/rules.md"))
          restored  docs/rules.md (it was missing)
        """
        why = WORDS[self.what]
        return f"  {self.what:9} {self.name}" + (f" ({why})" if why else "")


@dataclass(frozen=True)
class Plan:
    """What would bring ``copy`` to this wselab's course, and the version that it is of now.

    ``version`` is None where there is no copy yet. Nothing is done before `carry_out`.
    """

    copy: Path
    version: str | None
    changes: tuple[Change, ...]
    before: dict[str, str]  # fingerprints: of what was last copied,
    after: dict[str, str]  # and of what is carried now


def plan(copy: Path) -> Plan | None:
    """Compare the folder ``copy`` with the course that this wselab carries.

    None where ``copy`` is a course that is opened as it is: a checkout, or whatever else was not
    copied by us. Raises `CannotCopy` where it is neither a course nor empty, and where there is
    nothing to copy.
    """
    carries = (places.MATERIAL / places.START).is_file()
    try:
        copy = copy.resolve()
        is_ours = (copy / MANIFEST).is_file()
        if (copy / places.START).is_file() and not (is_ours and carries):
            return None
        if not carries:
            raise CannotCopy(
                f"there is no {places.START.as_posix()} in {copy}, and this wselab was installed "
                "without the course's files; give the folder of the course: wselab learn FOLDER"
            )
        if not is_ours:
            _refuse_something_else(copy)
        version, before = _read_manifest(copy) if is_ours else (None, {})
        after = {
            path.relative_to(places.MATERIAL).as_posix(): fingerprint(path)
            for path in sorted(places.MATERIAL.rglob("*"))
            if path.is_file()
        }
        names = sorted({*before, *after})
        found = [_change(copy, name, before.get(name), after.get(name)) for name in names]
    except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle
        raise CannotCopy(f"the course cannot be compared with {copy}: {error}") from None
    return Plan(copy, version, tuple(change for change in found if change), before, after)


def carry_out(plan: Plan) -> None:
    """Do what the plan says. Raises `CannotCopy` where something cannot be written.

    A file is complete or not there, whenever this is cut short.
    """
    copy = plan.copy
    coming = {change.name for change in plan.changes if change.what in ("new", "restored")}
    try:
        if coming:  # remembered first: what is cut short then is known as ours
            copy.mkdir(parents=True, exist_ok=True)
            known = plan.before | {name: plan.after[name] for name in coming}
            _write_manifest(copy, plan.version or _version(), known)
        for change in plan.changes:
            if change.what == "removed":
                (copy / change.name).unlink()
            elif change.what in ("new", "restored", "updated"):
                (copy / change.name).parent.mkdir(parents=True, exist_ok=True)
                _write(copy / change.name, (places.MATERIAL / change.name).read_bytes())
        if (plan.version, plan.before) != (_version(), plan.after):
            _write_manifest(copy, _version(), plan.after)
    except OSError as error:
        raise CannotCopy(
            f"the course cannot be copied to {copy}: {error}; mend that and run it again, it goes "
            "on where it ended; or give another folder: wselab learn FOLDER"
        ) from None


def told(plan: Plan, dry_run: bool = False) -> str:
    """What has been done, or with ``dry_run`` would be, for a reader; "" where it is nothing."""
    if plan.version is None:
        done = "would be" if dry_run else "is"
        return f"The course {done} copied to {plan.copy} ({len(plan.changes)} files)."
    if not plan.changes:
        return ""
    head = f"The course in {plan.copy}"
    if plan.version != _version():
        head += f", from wselab {plan.version} to {_version()}"
    lines = [f"{head}{', would change' if dry_run else ''}:", *map(str, plan.changes)]
    if any(change.what == "kept" for change in plan.changes):
        lines.append(HOW_TO_GET)
    return "\n".join(lines)


def fingerprint(path: Path) -> str:
    """A hash of what a file says; of a notebook, of its cells without outputs and their like."""
    content = path.read_bytes()
    if path.suffix == ".ipynb":
        try:
            cells = [_said(cell) for cell in json.loads(content)["cells"]]
            content = json.dumps(cells, sort_keys=True).encode()
        except (AttributeError, KeyError, TypeError, ValueError):
            pass  # no notebook that can be read: every byte counts
    return hashlib.sha256(content).hexdigest()


def _said(cell: dict[str, Any]) -> list[Any]:
    """What a reader can write into a cell."""
    metadata = {k: v for k, v in cell.get("metadata", {}).items() if k not in NOT_A_CHANGE}
    source = "".join(cell["source"])  # one text or a list of lines
    return [cell["cell_type"], source, cell.get("attachments") or {}, metadata]


def _change(copy: Path, name: str, before: str | None, after: str | None) -> Change | None:
    """What becomes of one file, or None where it is as it should be."""
    path = copy / name
    if not os.path.lexists(path):
        if after is None:
            return None
        return Change("new" if before is None else "restored", name)
    # A link, or a folder in its place, was made by the reader: nothing is written through it.
    plain = path.is_file() and path.resolve() == path and path.is_relative_to(copy)
    mine = fingerprint(path) if plain else None
    unchanged = mine is not None and mine == before
    if after is None:
        return Change("removed" if unchanged else "left", name)
    if after in (before, mine):  # where `before`, the reader has been told
        return None
    return Change("updated" if unchanged else "kept", name)


def _refuse_something_else(copy: Path) -> None:
    """Raise where the folder holds more than hidden files, or is none."""
    if not copy.exists():
        return
    if not copy.is_dir():
        raise CannotCopy(f"{copy} is a file; give a new folder: wselab learn FOLDER")
    others = sorted(path.name for path in copy.iterdir() if not path.name.startswith("."))
    if others:
        raise CannotCopy(
            f"{copy} holds something else ({', '.join(others[:3])}{', ...' * (len(others) > 3)}); "
            "give a new or an empty folder: wselab learn FOLDER"
        )


def _read_manifest(copy: Path) -> tuple[str, dict[str, str]]:
    path = copy / MANIFEST
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return str(kept["version"]), {str(name): str(of) for name, of in kept["files"].items()}
    except (AttributeError, KeyError, TypeError, ValueError):
        raise CannotCopy(
            f"{path}, which remembers what was copied, cannot be read; delete it, and the folder "
            "is opened as it is and no longer brought up to date"
        ) from None


def _write_manifest(copy: Path, version: str, files: dict[str, str]) -> None:
    text = json.dumps({"version": version, "files": files}, indent=1, sort_keys=True)
    _write(copy / MANIFEST, f"{text}\n".encode())


def _write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(content)
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _version() -> str:
    return importlib.metadata.version("wselab")
