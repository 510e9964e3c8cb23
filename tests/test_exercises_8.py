"""Exercise set 08 as it is handed out: what its text says is so."""

from __future__ import annotations

import functools

import numpy as np

import wselab as wse
from wselab.course import find
from wselab.course.problems import p08_2, p08_p
from wselab.streaming import training

from . import handed_out

NAME = "08_training_on_the_wafer.ipynb"
cell = functools.partial(handed_out.cell, NAME)
text = functools.partial(handed_out.text, NAME)
NUMBERS = ["8.1", "8.2", "8.3", "8.P"]


def test_the_numbers_in_the_text_are_right():
    """Sizes, points, the smallest number: each as the problem has it."""
    for number, where in zip(
        NUMBERS, ("gradient", "relu", "edge", "update"), strict=True
    ):  # each in the heading of its problem
        assert f"({find(number).points} points)" in text(f"problem-{where}")
    rows = [s["rows"] for seed in range(20) for s in find("8.1").sizes(seed)]
    assert min(rows) + 1 >= 3 and "There are at least 3 rows in all" in text("problem-gradient")
    assert p08_2.SMALLEST == 2.0**-20 and "at least `2.0**-20`" in text("problem-relu")
    first = find("8.P").sizes()[0]
    part = text("problem-update-part")
    assert f"`w.shape` is ({first['rows']}, {first['columns']}) with {first['values']}" in part
    sizes = [s["rows"] for seed in range(40) for s in find("8.P").sizes(seed)]
    assert set(sizes) <= set(range(4, 12)) and "with 4 to 11 rows" in part
    assert f"with {p08_p.OPERATIONS} operations for each parameter" in part
    assert "8 rounds of three operations" in text("problem-update") and p08_p.ROUNDS == 8


def test_the_rule_that_is_handed_out_is_the_one_that_is_judged():
    """The same bits, and `alone` is par."""
    names: dict = {"wse": wse}
    exec(cell("rule"), names)
    size = find("8.P").sizes()[0]
    w, p, v, a = find("8.P").wafer(size)
    data = find("8.P").data(size, np.random.default_rng(3))
    p[...], v[...] = data["p"], data["v"]
    names["alone"](w, p, v, a)
    assert w.run().cycles == find("8.P").par
    (due,) = find("8.P").due(size, data)
    assert np.array_equal(p[0], due.values[0])


def test_the_table_of_the_relu_is_right():
    """As the text shows it."""
    lines = [line.split() for line in cell("problem-relu").splitlines()]
    y, dy, dx = ([float(one) for one in line[1:]] for line in lines if line[:1] and line[0] in
                 ("y", "dy", "dx") and len(line) == 6)  # fmt: skip
    assert dx == [b if a > 0 else 0 for a, b in zip(y, dy, strict=True)]


def test_what_the_puzzle_says_of_the_lesson_is_so():
    """A step with Adam there: the share of its update, who does it, and in how many operations."""
    compiled = training.compile(
        training.digits_mlp(), training.Backend(8, 8), batch_size=32, in_features=64,
        optimizer=training.AdamW(lr=0.003),
    )  # fmt: skip
    bill = training.Bill(compiled.device.costs)
    update, said = bill.by_phase()["update"]["cycles"], text("problem-update")
    assert f"spent {update / bill.cycles:.0%}".replace("%", " %") in said
    assert f"with {update // compiled.plan.home.size} operations for each" in said
    rows, columns = compiled.device.shape
    assert f"{columns} PEs of the home row" in said and f"while {rows * columns} PEs waited" in said
