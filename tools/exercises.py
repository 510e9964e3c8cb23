"""Makes exercises/ from solutions/ with nbgrader's own preprocessors.

    python -m tools.exercises            make them
    python -m tools.exercises --check    end with 1 where a stored one differs

It is what `nbgrader generate_assignment` does, without its gradebook: solutions give way to
stubs, hidden tests go, graded cells are locked and get their checksums, outputs are cleared.
"""

from __future__ import annotations

import argparse
import copy
import sys
from pathlib import Path

from nbformat import NotebookNode
from nbgrader.converters import GenerateAssignment
from nbgrader.nbgraderformat import ValidationError
from nbgrader.preprocessors import IncludeHeaderFooter, InstantiateTests, SaveCells

from tools.notebooks import ROOT, as_text, normalise, read, write

# Not needed: we have no header, no generated tests, no gradebook.
LEFT_OUT = (IncludeHeaderFooter, InstantiateTests, SaveCells)
STEPS = [step for step in GenerateAssignment.preprocessors.default() if step not in LEFT_OUT]


class Refused(Exception):
    """A solution notebook that nbgrader takes for wrong; the message says why."""


def exercise(solution: NotebookNode) -> NotebookNode:
    """The notebook that the learner gets."""
    notebook, resources = copy.deepcopy(solution), {}
    try:
        for step in STEPS:
            notebook, resources = step().preprocess(notebook, resources)
    except (KeyError, RuntimeError, ValidationError) as error:
        raise Refused(str(error)) from error
    normalise(notebook)
    return notebook


def main(argv: list[str] | None = None) -> int:
    """Read the command line, do it, and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.exercises",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--check", action="store_true", help="write nothing")
    parser.add_argument("--root", type=Path, default=ROOT, help="the folder that holds both")
    asked = parser.parse_args(argv)
    solutions, exercises = asked.root / "solutions", asked.root / "exercises"
    wrong = []
    wanted = sorted(solutions.glob("*.ipynb"))
    if not wanted:
        wrong.append(f"no notebook in {solutions}")
    for source in wanted:
        target = exercises / source.name
        try:
            made = exercise(read(source))
        except Refused as error:
            wrong.append(f"{source}: {error}")
            continue
        if not asked.check:
            exercises.mkdir(exist_ok=True)
            write(made, target)
        elif not target.exists() or target.read_text(encoding="utf-8") != as_text(made):
            wrong.append(f"{target} is not what {source} makes; run `make exercises`")
    for stray in sorted(exercises.glob("*.ipynb")):
        if not (solutions / stray.name).exists():
            wrong.append(f"{stray} has no solution that it is made from")
    print("\n".join(wrong) or f"{exercises}: {len(wanted)} ok", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
