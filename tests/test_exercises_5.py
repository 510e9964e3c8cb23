"""Exercise set 05 as it is handed out: what its text says is so."""

from __future__ import annotations

import functools

import wselab as wse
from wselab.course import find
from wselab.course.problems import p05_1, p05_4

from . import handed_out

NAME = "05_dataflow_tiling.ipynb"
text = functools.partial(handed_out.text, NAME)


def test_the_numbers_in_the_text_are_right():
    """Sizes, bytes, cycles: each as the library has it."""
    example = p05_1.textbook(4096, 4096, 27, 27, "tiles", 2, 2)
    assert f"for example {example:,} for 4,096 x 4,096 on 27 x 27 PEs" in text("problem-bytes")
    assert "at least three rows and three columns of PEs" in text("problem-turned")
    sides = {s["side"] for seed in (None, *range(30)) for s in find("5.3").sizes(seed)}
    assert sides == set(range(2, 7)) and "any P from 2 to 6" in text("problem-summa")
    assert f"has {wse.WSE2.colors} colors" in text("problem-summa")
    assert p05_4.MARGIN == 1.25 and "at most a quarter more cycles" in text("problem-place")
    assert wse.WSE2.fp16_macs_per_cycle == 4 and wse.WSE2.fp32_macs_per_cycle == 1
    assert "In float16 a PE makes 4" in text("problem-place")
    size = find("5.P").sizes()[0]
    assert size == {"rows": 16, "columns": 16, "m": 4, "n": 12}
    assert "16 x 16 PEs with tiles of 4 rows and 12 columns" in text("problem-quick")
    assert (16 * size["m"], 16 * size["n"]) == (64, 192)
    assert "a matrix of 64 x 192" in text("problem-quick")


def test_par_is_the_lesson_s_bill():
    """In the puzzle and in the product turned round: the closed forms of the phases."""
    size = find("5.P").sizes()[0]
    assert find("5.P").par == wse.predict.gemv(matrix=(64, 192), wafer=(16, 16))
    size = find("5.2").sizes()[0]
    turned = {"matrix": (size["columns"] * size["m"], size["rows"] * size["n"])}
    assert find("5.2").par == wse.predict.gemv(wafer=(size["columns"], size["rows"]), **turned)
