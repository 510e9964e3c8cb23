"""Where the course's files are: a checkout, a copy of it, or what an installed wheel carries."""

from __future__ import annotations

from pathlib import Path

START = Path("notebooks") / "00_start_here.ipynb"
MATERIAL = Path(__file__).resolve().parent / "material"  # in a wheel only
CHECKOUT = Path(__file__).resolve().parent.parent.parent
COPY = "wselab-course"  # how a copy is named where the reader gives no name


class NotFound(Exception):
    """A file of the course that is not where it could be; the message says what to do."""


def find_course(start: Path) -> Path | None:
    """The folder with the first lesson: ``start``, one above it, a copy in it, the checkout.

    None where there is none; an installed wheel carries the files, `own_copy` copies them.
    """
    start = start.resolve()
    candidates = [start, *start.parents, start / COPY, CHECKOUT]
    return next((folder for folder in candidates if (folder / START).is_file()), None)


def find_exercise(number: str, start: Path) -> Path:
    """The exercise notebook with the problem of that number, from ``start`` upward.

    Raises `NotFound` where there is none, or more than one.
    """
    pattern = f"{int(number.partition('.')[0]):02d}_*.ipynb"
    for folder in [start.resolve(), *start.resolve().parents]:
        found = sorted((folder / "exercises").glob(pattern))
        if len(found) > 1:
            names = ", ".join(path.name for path in found)
            raise NotFound(f"{folder / 'exercises'} has {names}; say which: give its path")
        if found:
            return found[0]
    raise NotFound(
        f"no exercises/{pattern} in {start.resolve()} or above it; go to the folder of the "
        f"course, or give the path: wselab check {number} PATH"
    )
