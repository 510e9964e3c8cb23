"""Exercise set 01 as it is handed out: what its text says is so."""

from __future__ import annotations

import functools
import re
from math import comb

import numpy as np
import pytest

from wselab.course import find
from wselab.course.grading import CannotGrade, grade_notebook
from wselab.course.problems import p01_4, p01_p
from wselab.course.repairs import row_shift

from . import handed_out

NAME = "01_dicing_vs_wafer_scale.ipynb"
text = functools.partial(handed_out.cell, NAME)


def test_the_numbers_in_the_text_are_right():
    """Each as the checks have it."""
    assert find("1.1").tolerance == 0.0001 and "right to 0.0001" in text("problem-yield")
    drawing = text("problem-yield")
    assert drawing.count("| unit") + drawing.count("| x  x") == 12 and "units = 12" in drawing
    assert p01_4.RAMPS == 5 and "values + 5 + the steps" in text("problem-cycles")
    puzzle, said = find("1.P"), " ".join(text("problem-wire").split())
    dead, columns = puzzle.arguments(puzzle.sizes()[0])
    rows, total = dead.shape
    assert f"has {rows} x {total} cores and {total - columns} spare columns" in said
    assert puzzle.most(puzzle.sizes()[0])[0] == 2 * puzzle.par // 3
    assert "within two thirds of par" in said
    assert f"With 5 spare columns of {total}" in text("more-wire")
    assert f"in {comb(total, 5):,} ways" in text("more-wire")


def test_the_drawings_are_right():
    """The repair of 1.3, and both repairs of the puzzle with their extra steps."""
    dead = np.zeros((3, 6), bool)
    dead[1, 2] = True
    drawn = [line.split()[-5:] for line in text("problem-repair").splitlines() if "   row " in line]
    assert [[int(at) for at in row] for row in drawn] == row_shift(dead, 5)
    drawn = re.findall(r"(?:[.xs] ){8}[.xs]", text("problem-wire"))
    for name, grid in (("by rows", drawn[::2]), ("the same two spares", drawn[1::2])):
        cores = np.array([row.split() for row in grid])
        column = [np.flatnonzero(row == ".").tolist() for row in cores]
        (said,) = re.findall(rf"{name}: (\d+)", text("problem-wire"))
        assert cores.shape == (3, 9) and np.argwhere(cores == "x").tolist() == [[1, 1]]
        assert p01_p.extra_steps(column) == int(said)
        assert (column == row_shift(cores == "x", 7)) == (name == "by rows")


RIGHT = """
import math
def share_that_works(area, density, units, spare, share):
    dead = 1 - math.exp(-density * area * share / units)
    some = [math.comb(units, k) * dead**k * (1 - dead) ** (units - k) for k in range(spare + 1)]
    return sum(some) * math.exp(-density * area * (1 - share))
"""
WRONG = RIGHT.replace("range(spare + 1)", "range(spare)")
ASKS = (
    "from wselab import foundry\ndef share_that_works(*given): return foundry.partial_good(*given)"
)
CHEATS = {
    "patches the judge": """
import wselab.course.reckoning as r, wselab.course.problem as q
r.Reckoning.measure = r.Calculation.judge = lambda *a, **k: 0
q.Problem.grade = q.Problem.check = r.Calculation.grade = lambda self, *a, **k: self.result(1)
""",
    "patches what is written down": """
import wselab.course.reckoning as r
r.Calculation.write = lambda self, answer, size: {"passed": True}
""",
}


def test_an_answer_is_judged_outside_the_notebook(notebook):
    """A right one passes, a wrong one hears why, and one that asks the library too."""
    assert grade_notebook(notebook(RIGHT), ["1.1"])["1.1"].passed
    for source, words in ((WRONG, "It stops one short"), (ASKS, "It calls wselab.foundry")):
        result = grade_notebook(notebook(source), ["1.1"])["1.1"]
        assert not result.passed and words in " ".join(result.reasons), result


@pytest.mark.long
@pytest.mark.parametrize("cheat", CHEATS)
def test_a_notebook_cannot_make_itself_pass(notebook, cheat):
    """Whatever its kernel changes or says, a wrong answer earns nothing."""
    path = notebook(WRONG, CHEATS[cheat])
    if cheat == "patches what is written down":
        with pytest.raises(CannotGrade, match="cannot be read"):
            grade_notebook(path, ["1.1"])
    else:
        assert grade_notebook(path, ["1.1"])["1.1"].passed is False
