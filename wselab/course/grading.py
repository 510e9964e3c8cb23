"""Grading a learner's exercise notebook from the outside.

The notebook runs in a fresh kernel. What comes back is a *record*: the program that the learner's
function wrote, as plain data, behind a word that this grading made up and that the kernel hears
last. The program is then judged in this process, on data that the kernel never had, so that a
notebook which prints a pass, changes the emulator or edits the check gains nothing by it.

Learners' code runs as you, with your files: grade strangers' notebooks in a container.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import sys
import tempfile
import textwrap
from pathlib import Path
from typing import Any

from .problem import Problem, Refused, Result, find, numbers

CELL_LIMIT_S = 30.0


class CannotGrade(Exception):
    """A notebook that cannot be graded; the message says why and what to do."""


def grade_notebook(
    path: str | Path, problems: list[str] | None = None, cell_limit_s: float = CELL_LIMIT_S
) -> dict[str, Result]:
    """Run the notebook, and grade its answers to those problems; the results by number.

    ``problems`` are all of the lesson that the file's name begins with unless given. A cell that
    raises does not end the grading. Raises `CannotGrade` where there is no such notebook, or where
    it takes the kernel down or a cell runs on without an end; ValueError for an unknown number.
    """
    path = Path(path)
    wanted = [find(number) for number in problems or _numbers_of(path)]
    notebook = _read(path)
    seed, nonce = secrets.randbelow(2**32), f"record-{secrets.token_hex(16)}"
    sizes = {problem.number: problem.sizes(seed) for problem in wanted}
    own_cells = len(notebook.cells)
    for problem in wanted:
        notebook.cells.append(_recording_cell(problem, sizes[problem.number], nonce))
    _execute(notebook, path.resolve().parent, cell_limit_s, own_cells)
    own, recorded = notebook.cells[:own_cells], notebook.cells[own_cells:]
    return {
        problem.number: _graded(
            problem, cell, sizes[problem.number], seed, nonce, _errors(own, problem)
        )
        for problem, cell in zip(wanted, recorded, strict=True)
    }


def record(number: str, namespace: dict[str, Any], sizes: list[Any], nonce: str) -> None:
    """In the learner's kernel: print what their function writes, for `grade_notebook` to judge."""
    problem = find(number)
    said: dict[str, Any] = {"written": [], "reasons": []}
    try:
        answer = problem.answer_in(namespace)
        for size in sizes:
            said["written"].append(problem.write(answer, size))
    except Refused as refused:
        said["reasons"] = refused.reasons
    print(f"\n{nonce} {json.dumps(said)}", flush=True)


def _numbers_of(path: Path) -> list[str]:
    """The problems of the lesson that a file's name begins with: 03_... has 3.1, 3.2, ..."""
    lesson = path.name.partition("_")[0]
    found = [n for n in numbers() if lesson.isdigit() and n.startswith(f"{int(lesson)}.")]
    if not found:
        raise CannotGrade(
            f"{path.name}: expected the name of an exercise, such as 03_a_fabric_of_cores.ipynb, "
            f"or the numbers of the problems; there are {', '.join(numbers())}"
        )
    return found


def _read(path: Path) -> Any:
    import nbformat

    try:
        return nbformat.read(path, as_version=4)
    except FileNotFoundError:
        raise CannotGrade(f"there is no file {path}; give the path of your notebook") from None
    except Exception as error:  # nbformat and json raise many kinds
        raise CannotGrade(f"{path} is not a notebook that can be read: {error}") from None


def _recording_cell(problem: Problem, sizes: list[Any], nonce: str) -> Any:
    import nbformat

    return nbformat.v4.new_code_cell(
        "import wselab.course.grading\n"
        f"wselab.course.grading.record({problem.number!r}, globals(), {sizes!r}, {nonce!r})"
    )


def _execute(notebook: Any, folder: Path, cell_limit_s: float, own_cells: int) -> None:
    """Run all cells in a fresh kernel of this Python."""
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    class ThisPython(AsyncKernelManager):
        kernel_spec = KernelSpec(
            argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
            display_name="Python 3",
            language="python",
        )

    package = Path(__file__).resolve().parent.parent.parent
    paths = [str(package), *filter(None, [os.environ.get("PYTHONPATH")])]
    env = {**os.environ, "TQDM_DISABLE": "1", "PYTHONPATH": os.pathsep.join(paths)}
    at = [0]
    with tempfile.TemporaryFile() as kernel_log:
        client = NotebookClient(
            notebook,
            kernel_manager_class=ThisPython,
            timeout=cell_limit_s,
            allow_errors=True,
            record_timing=False,
            resources={"metadata": {"path": str(folder)}},
            on_cell_start=lambda cell, cell_index: at.__setitem__(0, cell_index),
        )
        try:
            client.execute(stderr=kernel_log, env=env)
        except CellTimeoutError:
            raise CannotGrade(
                f"{_place(notebook, at[0], own_cells)} does not end within {cell_limit_s:g} s: is "
                "there a loop without an end?"
            ) from None
        except (DeadKernelError, RuntimeError):
            raise CannotGrade(
                f"the kernel died in {_place(notebook, at[0], own_cells)}: does it leave Python "
                "(exit, os._exit), or take all memory?"
            ) from None


def _place(notebook: Any, index: int, own_cells: int) -> str:
    """A cell in words that its writer recognises."""
    if index >= own_cells:
        return "the grading of your function"
    return _begins(notebook.cells[index])


def _begins(cell: Any) -> str:
    """A cell by how it begins: Jupyter numbers none."""
    first, *_ = cell.source.strip().splitlines() or [""]
    return f"the cell that begins with '{textwrap.shorten(first, 60, placeholder=' ...')}'"


def _errors(cells: list[Any], problem: Problem) -> list[str]:
    """What may be why an answer cannot be called: a sentence for each cell that raised before it.

    Its own cell counts, no later one, and all where it is nowhere written. A stub that somebody
    calls says nothing about another problem's answer.
    """
    names = "|".join(map(re.escape, problem.answer.split(", ")))
    written = re.compile(rf"(?m)^\s*(?:def|class)\s+(?:{names})\b|^\s*(?:{names})\s*=")
    at = [place for place, cell in enumerate(cells) if written.search(cell.source)]
    return [
        f"In {_begins(cell)}: " + ": ".join(filter(None, (output.ename, output.evalue)))
        for cell in (cells[: at[-1] + 1] if at else cells)
        for output in cell.get("outputs", [])
        if output.output_type == "error" and output.ename != "NotImplementedError"
    ]


def _graded(
    problem: Problem, cell: Any, sizes: list[Any], seed: int, nonce: str, raised: list[str]
) -> Result:
    """The result of one problem from the output of its recording cell."""
    said = _said(cell, nonce)
    try:
        against = [str(reason) for reason in said["reasons"]]
        return problem.grade(said["written"], sizes, seed, against and [*against, *raised])
    except (AttributeError, LookupError, TypeError, ValueError):
        raise CannotGrade(
            f"the record of problem {problem.number} cannot be read: the notebook changes wselab "
            "itself. Take that out and try again"
        ) from None


def _said(cell: Any, nonce: str) -> dict[str, Any]:
    """The record in a cell's output."""
    texts = [output.text for output in cell.outputs if output.output_type == "stream"]
    lines = [line for line in "".join(texts).splitlines() if line.startswith(f"{nonce} ")]
    try:
        said = json.loads(lines[-1].removeprefix(f"{nonce} "))
        if isinstance(said, dict):
            return said
    except (IndexError, ValueError):
        pass
    raised = [f"{out.ename}: {out.evalue}" for out in cell.outputs if out.output_type == "error"]
    raise CannotGrade(
        "the kernel gave no record of your function: "
        + ("; ".join(raised) or "does the notebook change print or sys.stdout?")
    )
