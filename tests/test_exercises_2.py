"""Exercise set 02 as it is handed out: what its text says is so."""

from __future__ import annotations

import functools
import re

import pytest

from wselab.course import find
from wselab.course.grading import CannotGrade, grade_notebook
from wselab.course.problems import p02_4, p02_p
from wselab.course.reuse import moved

from . import handed_out

NAME = "02_sram_vs_hbm.ipynb"
text = functools.partial(handed_out.text, NAME)


def test_the_units_and_verdicts_in_the_text_are_those_of_the_check():
    """Five verdicts, 5 %, and every prefix; the two examples come out as it says."""
    said = text("problem-verdict")
    assert tuple(re.findall(r'\| `"([a-z ]+)"` \|', said)) == p02_4.VERDICTS
    assert p02_4.NEAR == 0.05 and "missed by 5 %" in said
    prefixes = set(re.findall(r"`([kMGTP]i?|Ki)`", said))
    assert prefixes | {""} == set(p02_4.POWERS)
    for prefix, power in p02_4.POWERS.items():
        base = 1024 if prefix.endswith("i") else 1000
        assert power == base ** " KMGTP".index((prefix or " ")[0].upper())
    examples = re.findall(r'`verdict\((\d[^)]*)\)` is `"([a-z ]+)"`', said)
    assert len(examples) == 2
    for claim, word in examples:
        number, unit, fact, fact_unit = (part.strip(' "') for part in claim.split(","))
        assert p02_4.textbook(float(number), unit, float(fact), fact_unit) == word


def test_the_numbers_of_the_puzzle_are_right():
    """The product that is scored, par and what is asked."""
    puzzle, said = find("2.P"), text("problem-plan")
    rows, inner, columns, values = puzzle.arguments(puzzle.sizes()[0])
    assert f"a product of {rows} x {inner} times {inner} x {columns}" in said
    assert f"an SRAM of {values:,} values" in said
    assert f"with {p02_p.ITEMSIZE} bytes a value" in said and p02_p.ASKED == (3, 4)
    assert "within three quarters of par" in said
    assert str(p02_p.textbook(rows, inner, columns, values)).replace("'", '"') in said


def test_the_last_word_of_the_puzzle_is_so():
    """An SRAM four times as large halves what is moved, as long as it is small."""
    shape = (960, 1280, 800)
    few, many = (p02_p.least(shape, values) for values in (1200, 4800))
    assert few / many == pytest.approx(2, abs=0.1)
    assert moved(shape, (33, 1, 33), "ijk") * 2 < 1.1 * few  # thin tiles of A and B


RIGHT = """
def bytes_to_train(parameters, layers, width, tokens, bits, master):
    return parameters * (2 * bits // 8 + 8 + 4 * master) + tokens * layers * width * bits // 8
"""
WRONG = RIGHT.replace("2 * bits // 8", "bits // 8")
ASKS = """
import wselab as wse
def bytes_to_train(parameters, layers, width, tokens, bits, master):
    needs = wse.hierarchy.training(parameters, tokens=tokens, master=master)
    return int(sum(needs.values())) + 2 * tokens * layers * width
"""
PATCHES = """
import wselab.course.reckoning as r, wselab.course.problem as q
r.Reckoning.measure = r.Calculation.judge = lambda *a, **k: 0
q.Problem.grade = q.Problem.check = r.Calculation.grade = lambda self, *a, **k: self.result(1)
"""


@pytest.mark.long
def test_an_answer_is_judged_outside_the_notebook(notebook):
    """A right one passes, a wrong one hears why, and one that asks the library too."""
    assert grade_notebook(notebook(RIGHT), ["2.2"])["2.2"].passed
    for source, words in ((WRONG, "The gradients are missing"), (ASKS, "calls wselab.hierarchy")):
        result = grade_notebook(notebook(source), ["2.2"])["2.2"]
        assert not result.passed and words in " ".join(result.reasons), result


@pytest.mark.long
def test_a_notebook_cannot_make_itself_pass(notebook):
    """Whatever its kernel changes or says, a wrong answer earns nothing."""
    assert grade_notebook(notebook(WRONG, PATCHES), ["2.2"])["2.2"].passed is False
    forged = "import wselab.course.reckoning as r\nr.Calculation.write = lambda *a: ['holds', 7]"
    for number in ("2.2", "2.4"):
        with pytest.raises(CannotGrade, match="cannot be read"):
            grade_notebook(notebook(RIGHT + "\nverdict = bytes_to_train", forged), [number])
