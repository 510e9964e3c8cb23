"""The exercise notebooks: each problem has its stub, check, hints and graded cell, and they fit."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest

import wselab as wse
from wselab.course import check, find, numbers
from wselab.course.grading import grade_notebook
from wselab.course.problem import Hints

from .long import long

ROOT = Path(__file__).resolve().parent.parent
SETS = sorted((ROOT / "solutions").glob("*.ipynb"))
NUMBERS = {
    path.name: [n for n in numbers() if n.startswith(f"{int(path.name[:2])}.")] for path in SETS
}
EACH = [(path.name, number) for path in SETS for number in NUMBERS[path.name]]


def cells(folder: str, name: str) -> list[Any]:
    return nbformat.read(ROOT / folder / name, as_version=4).cells


def definitions(folder: str, name: str) -> dict[str, Any]:
    """What a notebook imports and defines; nothing else of it is run."""
    found: dict[str, Any] = {}
    for cell in cells(folder, name):
        if cell.cell_type == "code":
            tree = ast.parse(cell.source)
            kept = (ast.Import, ast.ImportFrom, ast.FunctionDef)
            tree.body = [line for line in tree.body if isinstance(line, kept)]
            exec(compile(tree, f"<{name}>", "exec"), found)
    return found


@pytest.mark.parametrize(("name", "number"), EACH)
def test_an_untouched_stub_fails_kindly(name, number):
    """It runs, earns nothing, and says that it is not written yet and where hints are."""
    result = check(number, find(number).answer_in(definitions("exercises", name)))
    assert result.passed is False and result.points == 0
    assert "is not written yet" in result.reasons[0] and f'wse.hint("{number}")' in repr(result)


@pytest.mark.parametrize(("name", "number"), EACH)
@pytest.mark.parametrize("seed", [None, 11, *long(12)])
def test_the_solution_passes(name, number, seed):
    """With all points, at or under par, also with other seeds."""
    result = check(number, find(number).answer_in(definitions("solutions", name)), seed=seed)
    assert result.passed is True and result.points == result.out_of, result
    assert result.score is None or result.score <= result.par


@pytest.mark.parametrize(
    "name",
    [n if n.startswith("06") else long(n)[0] for n in NUMBERS],  # it has problems of both kinds
)
@pytest.mark.parametrize(("folder", "passes"), [("solutions", True), ("exercises", False)])
def test_graded_from_outside_solutions_pass_and_untouched_exercises_fail_kindly(
    name, folder, passes
):
    """With sizes that nobody has seen."""
    results = grade_notebook(ROOT / folder / name)
    assert list(results) == NUMBERS[name]
    for number, result in results.items():
        assert result.passed is passes, result
        assert passes or "is not written yet" in result.reasons[0]
        assert not passes or result.score is None or result.score <= result.par, number


@pytest.mark.parametrize(("name", "number"), EACH)
def test_a_problem_has_all_its_cells(name, number):
    """A heading with its points, a check, hints that are closed, and a graded cell."""
    problem, sources = find(number), [cell.source for cell in cells("exercises", name)]
    heading = rf"^## .*{re.escape(number)}: .*\({problem.points} points\)$"
    assert sum(bool(re.search(heading, source, re.MULTILINE)) for source in sources) == 1
    asked = f"({problem.answer})" if "," in problem.answer else problem.answer
    assert f'wse.check("{number}", {asked})' in sources
    assert f'# wse.hint("{number}")' in sources
    graded = [
        cell
        for cell in cells("solutions", name)
        if f'wse.check("{number}", {asked}, seed=seed)' in cell.source
    ]
    assert [cell.metadata.nbgrader.points for cell in graded] == [problem.points]
    assert graded[0].metadata.nbgrader.grade and graded[0].metadata.nbgrader.locked


@pytest.mark.parametrize("name", NUMBERS)
def test_no_solution_and_no_hidden_test_is_in_an_exercise(name):
    """nbgrader's markers are gone, with what stood between them; outputs are cleared."""
    for cell in cells("exercises", name):
        assert not re.search("(BEGIN|END) (SOLUTION|HIDDEN)", cell.source)
        assert "seed=seed" not in cell.source and not cell.get("outputs")


@pytest.mark.parametrize("name", NUMBERS)
def test_a_set_has_three_to_five_problems_and_a_puzzle(name):
    """They are in order, in the notebook too."""
    of_lesson = NUMBERS[name]
    assert 3 <= len(of_lesson) - 1 <= 5 and of_lesson[-1].endswith(".P")
    asked = re.findall(
        r'^wse\.check\("([^"]+)"',
        "\n".join(c.source for c in cells("exercises", name)),
        re.MULTILINE,
    )
    assert asked == of_lesson


@pytest.mark.parametrize("number", [number for _, number in EACH])
def test_three_hints_that_differ(number):
    """Each says something, and they open one after another."""
    hints = find(number).hints
    assert len(set(hints)) == 3 and all(len(hint) > 100 for hint in hints)
    for opened in (1, 2, 3):
        shown = repr(Hints(number, hints, opened))
        assert [hint in shown for hint in hints] == [k < opened for k in range(3)]


@pytest.mark.parametrize("number", [number for _, number in EACH])
def test_the_same_answer_gets_the_same_result(number):
    """Sizes and scores depend on the seed alone."""
    problem = find(number)
    for seed in (None, 3):
        assert problem.sizes(seed) == problem.sizes(seed)
        assert problem.sizes(seed)[0] == problem.sizes(None)[0], "the scored size stays"
    assert problem.sizes(3) != problem.sizes(4)
    assert wse.hint is wse.course.hint
