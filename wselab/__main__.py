"""`wselab` and `python -m wselab`: the command line, or a word on what it needs."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; end with exit code 2 where a package that it needs is missing."""
    try:
        from wselab.course.cli import main as command_line

        command_line()
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing in ("", "wselab"):
            raise  # ours to mend, not the reader's to install
        print(
            f"wselab: this needs the package {missing!r}, which is not installed.\n"
            'Install the course with all it needs:  python -m pip install "wselab[course]"\n'
            "or, in a checkout:                     make venv",
            file=sys.stderr,
        )
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
