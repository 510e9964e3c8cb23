"""Stores how far wselab is from what was measured, and refuses to store an error that grew.

    python -m tools.validation            compute it again and store it
    python -m tools.validation --check    end with 1 where what is stored differs
    python -m tools.validation --worse    store it although an error grew

It writes docs/validation.json, which the tests compare with what they compute, and the table of
docs/rules.md.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tools.notebooks import ROOT
from wselab.course.validation import Row, rows
from wselab.course.validation.text import table

STORED = Path("docs/validation.json")
PAGE = Path("docs/rules.md")
BEGIN, END = "<!-- table: make validation -->\n", "<!-- end of table -->\n"
ON_THE_PAGE = ("V1", "V2", "V7")  # what the rules can be held against
ROUNDING = 0.0006  # percent: errors are stored to a thousandth

Errors = dict[str, dict[str, Any]]


def errors(rows: Iterable[Row]) -> Errors:
    """What is stored of each row, by its id."""
    return {
        row.id: {
            "published": row.published.value,
            "unit": row.published.unit,
            "predicted": [_short(value) for value in row.predicted],
            "predicted_error_percent": [round(error, 3) for error in row.errors],
            "emulated": None if row.emulated is None else _short(row.emulated),
            "emulated_error_percent": (
                None if row.emulated_error is None else round(row.emulated_error, 3)
            ),
        }
        for row in rows
    }


def _short(value: float) -> float:
    """Seven digits: as many as are the same on every machine, and more than are published."""
    return value if isinstance(value, int) else float(f"{value:.7g}")


def grown(stored: Errors, now: Errors) -> list[str]:
    """What became worse since it was stored, a line each: an error that grew, a row that is gone.

    An emulated value that is not in ``now`` was not run, and is no loss.
    """
    worse = [f"{id}: no longer predicted" for id in stored if id not in now]
    for id in (id for id in stored if id in now):
        pairs = [
            ("predicted", old, new)
            for old, new in zip(
                stored[id]["predicted_error_percent"],
                now[id]["predicted_error_percent"],
                strict=True,
            )
        ]
        pairs.append(
            ("emulated", stored[id]["emulated_error_percent"], now[id]["emulated_error_percent"])
        )
        worse += [
            f"{id}: {what} {new:+.3f} % from what was measured, stored was {old:+.3f} %"
            for what, old, new in dict.fromkeys(pairs)
            if old is not None and new is not None and abs(new) > abs(old) + ROUNDING
        ]
    return worse


def text_of(errors: Errors) -> str:
    """The file that holds them."""
    return json.dumps(errors, indent=1) + "\n"


def page_of(page: str, rows: Iterable[Row]) -> str:
    """The page of the rules with its table made again from the rows."""
    before, _, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise SystemExit(f"{PAGE}: no line {BEGIN.strip()!r} and, behind it, {END.strip()!r}")
    on_it = [row for row in rows if re.split("[ -]", row.id)[0] in ON_THE_PAGE]
    return before + BEGIN + "\n" + "\n".join(table(on_it)) + "\n\n" + END + after


def main(argv: list[str] | None = None) -> int:
    """Read the command line, do it, and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.validation",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--check", action="store_true", help="write nothing")
    parser.add_argument("--worse", action="store_true", help="store errors that grew, too")
    parser.add_argument("--root", type=Path, default=ROOT, help="the folder that holds docs/")
    asked = parser.parse_args(argv)

    computed = list(rows())
    now = errors(computed)
    stored, page = asked.root / STORED, asked.root / PAGE
    new = {stored: text_of(now), page: page_of(page.read_text(encoding="utf-8"), computed)}
    before = stored.read_text(encoding="utf-8") if stored.exists() else "{}"
    worse = grown(json.loads(before), now)
    if worse and not asked.worse:
        print("\n".join([*worse, "nothing is stored; where that is meant: --worse"]))
        return 1
    stale = [
        path
        for path, text in new.items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    for path in stale:
        if asked.check:
            print(f"{path} is not what is computed; run `make validation`")
        else:
            path.write_text(new[path], encoding="utf-8")
            print(f"{path} is written")
    if not stale:
        print(f"{stored} and {page}: as computed")
    return 1 if asked.check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
