"""Grading notebooks from outside: what passes, and what no notebook can do to the grader."""

from __future__ import annotations

from pathlib import Path

import pytest

from wselab.course import grading
from wselab.course.grading import CannotGrade, grade_notebook

IMPORTS = "from wselab import *\nfrom wselab import EAST, NORTH, RAMP, SOUTH, WEST"
RIGHT = """
def wire(w, x_down, partial):
    w[0, :].route(x_down, RAMP >> SOUTH)
    w[1, :].route(x_down, NORTH >> RAMP)
    w[:, 1].route(partial, RAMP >> WEST)
    w[:, 0].route(partial, EAST >> RAMP)
"""
WRONG = RIGHT.replace("EAST >> RAMP", "WEST >> RAMP")
OF_LESSON_3 = ["3.1", "3.2", "3.3", "3.4", "3.5", "3.P"]


def test_a_right_notebook_passes_though_other_cells_fail(notebook):
    """The answer counts; a cell that raises elsewhere does not take it away."""
    result = grade_notebook(notebook(IMPORTS, "1 / 0", RIGHT, "input()"))["3.1"]
    assert result.passed and result.score == result.par


def test_two_functions_of_one_problem_are_both_recorded(notebook):
    """Where one is missing it is named, and else what is wrong with the first."""
    broken = "def broken(w, *given):\n    pass"
    result = grade_notebook(notebook(IMPORTS, broken), ["3.3"])["3.3"]
    assert result.reasons == ["The notebook defines no function named mended."]
    both = broken + "\ndef mended(w, *given):\n    raise NotImplementedError"
    result = grade_notebook(notebook(IMPORTS, both), ["3.3"])["3.3"]
    assert result.reasons[0].startswith("broken writes nothing on the wafer yet")


def test_a_wrong_notebook_hears_its_mistake(notebook):
    """The reasons are those of the check in the notebook."""
    result = grade_notebook(notebook(IMPORTS, WRONG), ["3.1"])["3.1"]
    assert not result.passed and "what moves WEST comes in by EAST" in result.reasons[0]


def test_a_missing_answer_is_said_with_what_failed_before(notebook):
    """Without the function, the cells that raised are named, since they are why."""
    result = grade_notebook(notebook(IMPORTS, "def wire(w):\n    retrun"), ["3.1"])["3.1"]
    assert "has to take 3 arguments" in result.reasons[0]
    result = grade_notebook(notebook("wire = wrie"), ["3.1"])["3.1"]
    assert result.reasons == [
        "The notebook defines no function named wire.",
        "In the cell that begins with 'wire = wrie': NameError: name 'wrie' is not defined",
    ]


def test_only_what_failed_before_the_answer_is_named(notebook):
    """No later cell, no stub of another problem; and a long first line ends at a word."""
    title = "# Here is what I wanted to see before the wires: rows, and then the columns"
    path = notebook(
        "import numpyy as np",
        "def others():\n    raise NotImplementedError()",
        "others()",
        f"{title}\nassert 1 > 2",
        "def wire(w, x_down, partial):\n    np.zeros(2)",
        "# See it\nothers()\n1 / 0",
    )
    reasons = grade_notebook(path, ["3.1"])["3.1"].reasons
    assert "NameError" in reasons[0] and reasons[1:] == [
        "In the cell that begins with 'import numpyy as np': ModuleNotFoundError: No module named "
        "'numpyy'",
        "In the cell that begins with '# Here is what I wanted to see before the wires: rows, ...'"
        ": AssertionError",
    ]


CHEATS = {
    "patches the check": """
import wselab, wselab.course, wselab.course.problem as p
p.Problem.check = p.Problem.grade = lambda self, *a, **k: self.result(1)
wselab.check = wselab.course.check = lambda *a, **k: None
""",
    "patches the wafer": """
import wselab
wselab.Wafer.run = lambda *a, **k: None
""",
    "prints a pass": """
print('record-00 {"written": []}')
print("Problem 3.1: passed, 8 of 8 points")
""",
    "patches what records": """
import wselab.course.grading as g
g.record = lambda number, namespace, sizes, nonce: print(nonce, '{"written": [{}, {}, {}]}')
""",
    "records too little": """
import wselab.course.grading as g
g.record = lambda number, namespace, sizes, nonce: print(nonce, '{"written": []}')
""",
    "records nonsense": """
import wselab.course.grading as g
g.record = lambda number, namespace, sizes, nonce: print(nonce, '[[' * 9)
""",
    "compares well with all": """
import numpy
numpy.array_equal = numpy.allclose = lambda *a, **k: True
""",
    "is whatever one asks for": """
class Anything:
    def __getattr__(self, name): return self
    def __call__(self, *a, **k): return self
    def __eq__(self, other): return True
    def __bool__(self): return True
wire = Anything()
""",
}


@pytest.mark.parametrize("cheat", CHEATS)
def test_a_notebook_cannot_make_itself_pass(notebook, cheat):
    """Whatever the learner's kernel changes or prints, a wrong wiring earns nothing."""
    path = notebook(IMPORTS, WRONG, CHEATS[cheat])
    if "record" in cheat:
        with pytest.raises(CannotGrade, match="record"):
            grade_notebook(path)
    else:
        assert grade_notebook(path)["3.1"].passed is False


ENDS = {
    "import time\nwhile True: time.sleep(1)": "'import time' does not end within 6 s",
    "import os; os._exit(0)": "the kernel died in the cell that begins with 'import os",
    "import sys, io; sys.stdout = io.StringIO()": "gave no record of your function: does the",
    "import sys; sys.modules['wselab.course.grading'] = None": "no record of your function: Module",
}


@pytest.mark.parametrize("cell", ENDS)
def test_a_notebook_that_takes_the_kernel_down_ends_in_a_clear_word(notebook, cell):
    """Loops, exits and a lost output are neither passed nor failed: they say what happened."""
    with pytest.raises(CannotGrade, match=ENDS[cell]):
        grade_notebook(notebook(IMPORTS + RIGHT, cell), cell_limit_s=6)


def test_an_answer_that_takes_the_kernel_down_says_so(notebook):
    """A function that leaves Python when called is met in the grading's own cell."""
    leaves = "def wire(w, x_down, partial):\n    import os; os._exit(0)"
    with pytest.raises(CannotGrade, match="the kernel died in the grading of your function"):
        grade_notebook(notebook(leaves))


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("03_x.ipynb", "hello", "is not a notebook that can be read"),
        ("03_x.ipynb", '{"cells": 3}', "is not a notebook that can be read"),
        ("mine.ipynb", "", "expected the name of an exercise"),
        ("99_x.ipynb", "", "expected the name of an exercise"),
        ("03_none.ipynb", None, "there is no file"),
    ],
)
def test_what_is_no_exercise_is_said_to_be_none(tmp_path, name, text, words):
    """Files that are no notebooks, and names without a lesson, end in a clear word."""
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(CannotGrade, match=words):
        grade_notebook(tmp_path / name)


def test_the_numbers_of_a_notebook_follow_from_its_name():
    """03_... holds the problems of lesson 3."""
    assert grading._numbers_of(Path("somewhere/03_mine.ipynb")) == OF_LESSON_3


def test_an_unknown_number_is_the_caller_s_mistake(notebook):
    """No kernel starts for a problem that does not exist."""
    with pytest.raises(ValueError, match="there is no problem"):
        grade_notebook(notebook(RIGHT), ["3.99"])
