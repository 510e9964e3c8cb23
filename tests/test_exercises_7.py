"""Exercise set 07 as it is handed out: what its text says is so."""

from __future__ import annotations

import functools
import re

import pytest

from wselab.course import find
from wselab.course.grading import CannotGrade, grade_notebook
from wselab.course.problems import p07_4

from . import handed_out

NAME, NAME_OF_8 = "07_weight_streaming.ipynb", "08_training_on_the_wafer.ipynb"
text = functools.partial(handed_out.text, NAME)


def test_the_example_of_the_layers_comes_out_as_the_text_says():
    """And each cycle that it names."""
    said = text("problem-time")
    (example,) = re.findall(r"`streaming_cycles\(\[10, 40\], \[30, 20\], 1\)` is (\d+)", said)
    assert p07_4.textbook([10, 40], [30, 20], 1) == int(example)
    assert "come from cycle 10 to 50, and it computes from 30 on" in said
    assert 10 + 40 == 50 and max(30 + 20, 50) == int(example)
    alone = p07_4.textbook([10, 40], [30, 20], 0)
    assert f"come from cycle 30 to 70, and it ends at {alone}" in said and alone == 30 + 40


def test_the_sizes_of_the_puzzle_are_those_that_the_text_says():
    """What is scored, and what else is tried."""
    scored, said = find("7.P").sizes()[0], text("problem-fast")
    assert f"on {scored['rows']} rows below the source and {scored['columns']} columns" in said
    assert f"with {scored['outputs']} outputs, {scored['features']} features and" in said
    assert f"{scored['tokens']} tokens in each PE" in said and "with 2 columns and more" in said
    columns = {size["columns"] for seed in range(30) for size in find("7.P").sizes(seed)}
    assert min(columns) == 2
    rows = {size["rows"] for seed in range(30) for size in find("7.3").sizes(seed)}
    assert min(rows) == 1 and "There may be a single row below it" in text("problem-column")


def test_zeros_and_waiting_weights_are_tried_as_the_text_says():
    """With none of them too, and where they take all the room."""
    for seed in (None, 0, 1):
        zeros = {size["zeros"] for size in find("7.1").sizes(seed)}
        assert 0 in zeros and max(zeros) > 0
        fit = find("7.2")
        assert 0 in {fit.right(size) for size in fit.sizes(seed)}


RIGHT = """
def tokens_that_fit(layers, width, bits, sram_bytes, waiting):
    return max(0, (8 * sram_bytes - waiting * bits) // (layers * width * bits))
"""
WRONG = RIGHT.replace("8 * sram_bytes", "sram_bytes")
ASKS = """
import wselab as wse
def tokens_that_fit(layers, width, bits, sram_bytes, waiting):
    return wse.streaming.tokens_without_stall()
"""
FORGED = "import wselab.course.reckoning as r\nr.Calculation.write = lambda *a: ['fits', 7]"


@pytest.mark.long
def test_an_answer_is_judged_outside_the_notebook(notebook):
    """A right one passes, a wrong one hears why, and one that asks the library too."""
    assert grade_notebook(notebook(RIGHT), ["7.2"])["7.2"].passed
    for source, words in ((WRONG, "a byte has 8"), (ASKS, "calls wselab.streaming")):
        result = grade_notebook(notebook(source), ["7.2"])["7.2"]
        assert not result.passed and words in " ".join(result.reasons), result


@pytest.mark.long
def test_a_notebook_cannot_make_itself_pass(notebook):
    """What its kernel writes in place of an answer is no number."""
    with pytest.raises(CannotGrade, match="cannot be read"):
        grade_notebook(notebook(RIGHT, FORGED), ["7.2"])


@pytest.mark.parametrize("number", ["7.3", "7.P", "8.1", "8.2", "8.P"])
def test_it_is_said_where_par_has_to_be_beaten(number):
    """Of each problem with cycles: whether it passes above par."""
    problem, puzzle = find(number), number.endswith("P")
    asks = problem.most_cycles(problem.sizes()[0])
    assert (asks is not None) == puzzle
    words = handed_out.text(NAME if number[0] == "7" else NAME_OF_8, "title")
    (any_number,) = re.findall(r"program takes\. (.{3,20}) pass(?:es)? with any number", words)
    assert (number in any_number) != puzzle
    assert (f"{number} passes below par only" in words) == puzzle
