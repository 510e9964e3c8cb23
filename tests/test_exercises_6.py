"""Exercise set 06 as it is handed out: what its text says is so."""

from __future__ import annotations

import functools
import re
from pathlib import Path

import numpy as np

from wselab.course import find
from wselab.course.problems import p06_1, p06_2, p06_3, p06_p

from . import handed_out

ROOT = Path(__file__).resolve().parent.parent
NAME = "06_sparsity_skipping.ipynb"
text = functools.partial(handed_out.cell, NAME)
joined = functools.partial(handed_out.text, NAME)
NUMBERS = ["6.1", "6.2", "6.3", "6.4", "6.P"]


def test_points_and_titles_are_those_of_the_problems():
    """In every heading, and in the lesson's goals."""
    shorts = dict(zip(NUMBERS, ("fullest", "bill", "buckets", "send", "deal"), strict=True))
    for number, short in shorts.items():
        problem = find(number)
        heading = text(f"problem-{short}").splitlines()[0]
        assert f" {number}: " in heading and heading.endswith(f"({problem.points} points)")
        title = problem.title.removeprefix("Open puzzle: ")
        assert title.lower() in heading.lower()
    lesson = (ROOT / "notebooks" / NAME).read_text(encoding="utf-8")
    assert all(f"6.{k}" in lesson for k in range(1, 5))


def test_the_picture_of_tiles_is_right():
    """5 x 6 weights on 2 x 3 PEs; the fullest has 3."""
    picture = text("problem-fullest").split("```")[1].splitlines()
    lines = [line.split() for line in picture if re.fullmatch(r"[\d. ]+", line) and line.strip()]
    W = np.array([[0 if one == "." else int(one) for one in line] for line in lines])
    assert W.shape == (5, 6)
    assert p06_1.counts(W, 3, 2).tolist() == [[2, 2, 1], [0, 3, 1]]
    assert p06_1.textbook(W, 2, 3) == 3 and "with 3." in joined("problem-fullest")


def test_the_bill_of_the_example_is_right():
    """A row of three PEs, whose x has come after 10 cycles."""
    said = text("problem-bill")
    rows = re.findall(r"column (\d) +(\d+) +(\d+) +(\d+)", said)
    kept = [int(work) for _, work, _, _ in reversed(rows)]
    assert [int(column) for column, *_ in rows] == [2, 1, 0]
    assert [int(free) - int(work) for _, work, free, _ in rows] == [10] * 3
    assert "n + 6 + r = 10, m = 4" in said and "done: 31" in said
    assert p06_2.textbook([kept], m=4, n=10 - p06_2.WAY) == 31
    assert [int(begins) for *_, begins in rows] == [15, 21, 27] and 27 + 4 == 31


def test_the_example_of_buckets_is_right():
    """Lengths 2, 4 and 5 under edges 4 and 8."""
    said = text("problem-buckets")
    lengths = [int(length) for length in re.findall(r"length (\d)", said)]
    tokens = [int(count) for count in re.findall(r"(\d) tokens\n", said)]
    assert tokens == [p06_3.textbook([length], [4, 8]) for length in lengths]
    assert sum(tokens) == 16 and "included: 16 in the picture" in joined("problem-buckets")


def test_the_numbers_of_the_program_and_the_puzzle_are_right():
    """How wide x is, what is asked, and the matrix that is scored."""
    program, puzzle = find("6.4"), find("6.P")
    for seed in (None, *range(20)):
        sizes = program.sizes(seed)
        assert max(size["n"] for size in sizes) <= 16 and min(size["rows"] for size in sizes) >= 2
        assert all(3 * size["there"] <= size["n"] for size in sizes)
    assert "which is at most 16" in joined("problem-send")
    assert "at most half of the cycles" in joined("problem-send")
    size = puzzle.sizes()[0]
    said = joined("problem-deal")
    assert f"a matrix of {size['M']} x {size['N']} on {size['rows']} x {size['columns']}" in said
    assert "within seven eighths of par" in said and p06_p.ASKED == (7, 8)
