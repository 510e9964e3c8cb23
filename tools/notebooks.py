"""Runs notebooks and stores their outputs, or runs them again and compares.

    python -m tools.notebooks run notebooks/03_a_fabric_of_cores.ipynb
    python -m tools.notebooks compare notebooks/*.ipynb solutions/*.ipynb

What is stored is the same on every machine as far as that can be: no widget state, no times
of execution, no paths, a fixed kernel name, cell ids that stay. `compare` ends with 1 when an
output has changed (tools/agree.py says what counts as changed), when a cell fails, when the
kernel dies or a cell takes too long, and when a file is not as `run` would have stored it.
"""

from __future__ import annotations

import argparse
import copy
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError
from nbformat import NotebookNode

from tools import agree

ROOT = Path(__file__).resolve().parent.parent
CELL_TIMEOUT_S = 120
WIDGET = "application/vnd.jupyter.widget-view+json"
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
# Where this machine keeps things, as paths are printed; IPython writes ~ for the home.
HOME = Path.home()
FOLDERS = [str(ROOT)]
if len(HOME.parts) > 1:
    FOLDERS += [f"~/{ROOT.relative_to(HOME)}"] if ROOT.is_relative_to(HOME) else []
    FOLDERS += [str(HOME)]
RULES = [
    (re.compile(regex), replace)
    for regex, replace in re.findall(
        r"^regex: (.*)\nreplace: (.*)$",
        Path(__file__).with_name("sanitize.cfg").read_text(encoding="utf-8"),
        flags=re.MULTILINE,
    )
]
DATA = re.compile(r"(data:[\w/+.-]+;base64,[A-Za-z0-9+/=]+)")


class Failed(Exception):
    """A notebook that could not be run to its end; the message says which cell and why."""


def read(path: Path) -> NotebookNode:
    """The notebook of a file; a cell without an id of its own gets one from its place."""
    notebook = nbformat.v4.reads(path.read_text(encoding="utf-8"))
    notebook.nbformat_minor = 5
    taken = {cell.get("id") for cell in notebook.cells}
    seen: set[str | None] = {None}
    for number, cell in enumerate(notebook.cells):
        if cell.get("id") in seen:
            cell.id = f"cell-{number:02d}"
            while cell.id in taken:
                cell.id += "b"
            taken.add(cell.id)
        seen.add(cell.id)
    return notebook


def name(notebook: NotebookNode, number: int) -> str:
    """How a cell is named to the reader: its place, counted from 0, and its first line."""
    first, *_ = notebook.cells[number].source.splitlines() or [""]
    return f"cell {number} ({first})"


def execute(notebook: NotebookNode, folder: Path, timeout_s: float = CELL_TIMEOUT_S) -> None:
    """Run all cells in a fresh kernel started in `folder`; raise `Failed` where one fails."""
    at = 0

    def note_start(cell: NotebookNode, cell_index: int) -> None:
        nonlocal at
        at = cell_index

    with tempfile.TemporaryFile() as kernel_log:
        client = NotebookClient(
            notebook,
            timeout=timeout_s,
            kernel_name="python3",
            record_timing=False,
            resources={"metadata": {"path": str(folder)}},
            on_cell_start=note_start,
        )
        try:
            client.execute(stderr=kernel_log)
        except CellTimeoutError:
            raise Failed(f"{name(notebook, at)} took longer than {timeout_s:g} s") from None
        except CellExecutionError as error:
            raise Failed(f"{name(notebook, at)}: {agree.plain(str(error))}") from None
        except RuntimeError as error:  # the kernel died, or never came up
            kernel_log.seek(0)
            lines = kernel_log.read().decode(errors="replace").splitlines()
            last_words = [line for line in lines if not line.startswith("[IPKernelApp]")][-20:]
            raise Failed("\n".join([f"{name(notebook, at)}: {error}", *last_words])) from None


def portable(text: str) -> str:
    """The text without what belongs to this machine and this run.

    >>> portable("<object at 0x7f21c0>, temp/ipykernel_12/345.py:1")
    '<object at 0x...>, <cell>:1'
    """
    parts = DATA.split(text)  # pictures hold no paths, and are long
    return "".join(part if at % 2 else _portable(part) for at, part in enumerate(parts))


def _portable(text: str) -> str:
    for pattern, replace in RULES:
        text = pattern.sub(replace, text)
    text = re.sub(r"[^\s\"'(]{0,300}site-packages[/\\]", "", text)
    for folder in FOLDERS:
        text = re.sub(re.escape(folder) + r"(?:[/\\]|(?![\w.-]))", "", text)
    return text


def settled(text: str) -> str:
    """What a terminal shows in the end of a stream: lines written over are gone, bars too.

    >>> settled("1 of 2\\r2 of 2\\n")
    '2 of 2\\n'
    """
    text = portable(re.sub(r"(?m)^[^\n]*\r(?!\n)", "", text))
    return re.sub(r"(?m)^<progress>(?:\n|\Z)", "", text)


def stored_outputs(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """The outputs as they are stored: one text a stream, widgets as their text, no bars."""
    kept: list[NotebookNode] = []
    streams: dict[str, NotebookNode] = {}
    for output in outputs:
        if output.output_type == "stream":
            if output.name in streams:
                streams[output.name].text += output.text
                continue
            streams[output.name] = output
        elif output.output_type == "error":
            output.evalue = portable(output.evalue)
            output.traceback = [portable(line) for line in output.traceback]
        else:
            for kind in output.data:
                if kind.startswith("text/"):
                    output.data[kind] = portable(output.data[kind])
            if output.data.pop(WIDGET, None):
                output.metadata["widget"] = True  # tools/agree.py compares no more than that
                if output.data.setdefault("text/plain", "(a widget)") == "<progress>":
                    continue
        kept.append(output)
    for output in streams.values():
        output.text = settled(output.text)
    return [output for output in kept if output.get("text") != ""]


def normalise(notebook: NotebookNode) -> None:
    """Bring an executed notebook into the form that is stored, in place."""
    notebook.metadata.pop("widgets", None)
    notebook.metadata["kernelspec"] = dict(KERNEL)
    notebook.metadata.get("language_info", {}).pop("version", None)
    for cell in notebook.cells:
        for passing in ("execution", "ExecuteTime", "collapsed", "scrolled"):
            cell.metadata.pop(passing, None)
        if cell.cell_type == "code":
            cell.outputs = stored_outputs(cell.outputs)


def as_text(notebook: NotebookNode) -> str:
    """What the file holds."""
    nbformat.validate(notebook)
    return nbformat.writes(notebook, version=4) + "\n"


def write(notebook: NotebookNode, path: Path) -> None:
    """Store the notebook whole or not at all."""
    unfinished = path.with_name(f".{path.name}.tmp")
    unfinished.write_text(as_text(notebook), encoding="utf-8", newline="\n")
    os.replace(unfinished, path)


def run(path: Path, timeout_s: float = CELL_TIMEOUT_S) -> None:
    """Execute the notebook and store it with its outputs; it stays as it was where it fails."""
    notebook = read(path)
    execute(notebook, path.parent, timeout_s)
    normalise(notebook)
    write(notebook, path)


def differences(path: Path, timeout_s: float = CELL_TIMEOUT_S) -> Iterator[str]:
    """What differs between the stored notebook and a run of it now, one text a cell."""
    stored = read(path)
    tidy = copy.deepcopy(stored)
    normalise(tidy)
    if as_text(tidy) != path.read_text(encoding="utf-8"):
        yield "not stored by this tool (widget state, paths, times or a kernel's version are in it)"
    fresh = copy.deepcopy(stored)
    execute(fresh, path.parent, timeout_s)
    normalise(fresh)
    for number, (before, after) in enumerate(zip(tidy.cells, fresh.cells, strict=True)):
        if before.cell_type == "code":
            change = agree.difference(before, after)
            if change:
                yield f"{name(stored, number)}:\n{change}"


def main(argv: list[str] | None = None) -> int:
    """Read the command line, do it, and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.notebooks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("what", choices=["run", "compare"])
    parser.add_argument("paths", nargs="+", type=Path, metavar="NOTEBOOK")
    parser.add_argument("--timeout", type=float, default=CELL_TIMEOUT_S, help="seconds for a cell")
    asked = parser.parse_args(argv)
    wrong = 0
    for path in asked.paths:
        found = []
        try:
            if asked.what == "run":
                run(path, asked.timeout)
            else:
                found = list(differences(path, asked.timeout))
        except Failed as error:
            found = [str(error)]
        except (OSError, ValueError, nbformat.ValidationError) as error:
            found = [f"not a notebook that can be read: {error}"]
        print(f"{path}: {'FAILED' if found else 'ok'}", flush=True)
        for text in found:
            print("  " + text.replace("\n", "\n  "), flush=True)
        wrong += bool(found)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
