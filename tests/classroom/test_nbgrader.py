"""A class with nbgrader: from our solutions to scores in its gradebook, once end to end."""

from __future__ import annotations

import os
import shutil
import sysconfig
from pathlib import Path

import nbformat
import pytest

pytest.importorskip("nbgrader", reason="nbgrader is not installed: pip install 'wselab[classroom]'")

pytestmark = [pytest.mark.long, pytest.mark.filterwarnings("ignore")]

ROOT = Path(__file__).resolve().parent.parent.parent
NAME = "03_a_fabric_of_cores"
RIGHT = """def wire(w, x_down, partial):
    for k in (0, 1):
        w[0, k].route(x_down, RAMP >> SOUTH)
        w[1, k].route(x_down, NORTH >> RAMP)
        w[k, 1].route(partial, RAMP >> WEST)
        w[k, 0].route(partial, EAST >> RAMP)
"""
EVERYTHING = 5 * 8 + 10
WRONG = RIGHT.replace("w[1, k].route(x_down, NORTH", "w[1, k].route(x_down, SOUTH")


def solved() -> dict[str, str]:
    """The source of each solution cell of our own solution, by its name."""
    notebook = nbformat.read(ROOT / "solutions" / f"{NAME}.ipynb", as_version=4)
    found = [c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("solution")]
    return {cell.metadata.nbgrader.grade_id: cell.source for cell in found}


def submit(released: Path, course: Path, student: str, answers: dict[str, str]) -> None:
    """Hand in the released notebook, with the answers written into the cells of their names."""
    handed_in = course / "submitted" / student / "ps3" / released.name
    handed_in.parent.mkdir(parents=True)
    notebook = nbformat.read(released, as_version=4)
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("solution"):
            assert "NotImplementedError" in cell.source and "BEGIN SOLUTION" not in cell.source
            cell.source = answers.get(cell.metadata.nbgrader.grade_id, cell.source)
    nbformat.write(notebook, handed_in)


def test_nbgrader_makes_grades_and_scores_the_exercise(tmp_path, monkeypatch):
    """Right gets all points, wrong and untouched none; learners see no hidden test."""
    from nbgrader.api import Gradebook
    from nbgrader.apps import NbGraderAPI
    from traitlets.config import Config

    monkeypatch.chdir(tmp_path)  # nbgrader writes its log where it runs
    programs = sysconfig.get_path("scripts")  # it calls its helpers by their bare names
    monkeypatch.setenv("PATH", programs, prepend=os.pathsep)
    config = Config()
    config.CourseDirectory.root = str(tmp_path)
    config.CourseDirectory.db_url = f"sqlite:///{tmp_path / 'gradebook.db'}"
    config.ExecutePreprocessor.timeout = 60
    config.NbGrader.logfile = str(tmp_path / "nbgrader.log")
    source = tmp_path / "source" / "ps3" / f"{NAME}.ipynb"
    source.parent.mkdir(parents=True)
    shutil.copy(ROOT / "solutions" / source.name, source)

    api = NbGraderAPI(config=config)
    made = api.generate_assignment("ps3", create=True)
    assert made["success"], made
    released = tmp_path / "release" / "ps3" / source.name
    assert "HIDDEN" not in released.read_text(encoding="utf-8")

    answers = {
        "all": solved(), "one": {"wire": RIGHT}, "wrong": {"wire": WRONG}, "untouched": {},
    }  # fmt: skip
    for student, written in answers.items():
        submit(released, tmp_path, student, written)
        graded = api.autograde("ps3", student)
        assert graded["success"], graded

    with Gradebook(config.CourseDirectory.db_url) as gradebook:
        scores = {student: gradebook.find_submission("ps3", student).score for student in answers}
        assert gradebook.find_assignment("ps3").max_score == EVERYTHING
    assert scores == {"all": EVERYTHING, "one": 8, "wrong": 0, "untouched": 0}
