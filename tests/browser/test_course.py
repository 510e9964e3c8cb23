"""Lessons and an exercise as a reader meets them: run, moved by keyboard, solved."""

from __future__ import annotations

import inspect
import textwrap

import pytest

from wselab import predict
from wselab.course import own_copy
from wselab.course.problems import p03_1

from .conftest import ROOT

pytestmark = pytest.mark.long

LESSONS = sorted(path.stem for path in (ROOT / "notebooks").glob("[0-9]*.ipynb"))
LIVE = (
    ".wse-map:not([data-frame='0']), .wse-player[data-ready], .wse-roofline, .wse-streaming, "
    ".widget-slider"
)


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_lesson_runs_from_top_to_bottom(lab, lesson):
    """Every cell runs, none fails, what is live stands there; and running it is no change."""
    lab.open(f"notebooks/{lesson}.ipynb")
    number = lesson[:2]
    lab.screenshot(f"{number}-opened")
    lab.run_all()
    assert lab.errors() == []
    lab.page.locator(LIVE).first.wait_for()
    outputs = lab.page.locator(".jp-Cell-outputArea", has=lab.page.locator(LIVE))
    for place, live in enumerate(outputs.all()):
        lab.screenshot(f"{number}-live-{place}", of=live)
    lab.screenshot(f"{number}-end", of=lab.page.locator(".jp-Cell").last)

    cells = [cell for cell in lab.save()["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    original = ROOT / "notebooks" / lab.notebook.name
    assert own_copy.fingerprint(lab.notebook) == own_copy.fingerprint(original)


def test_a_slider_moves_by_keyboard_and_its_output_says_what_the_library_says(lab):
    """Lesson 05: shapes of the wafer, and the cycles of its product on each."""
    lab.open("notebooks/05_dataflow_tiling.ipynb")
    lab.run_all()
    output = lab.cell("column_slider = widgets.IntSlider").locator(".jp-OutputArea-output").last
    handles = output.locator(".noUi-handle")
    before = predict.gemv(matrix=(10, 64), wafer=(10, 5))
    output.get_by_text(f"emulated: {before} cycles").wait_for()
    for number, key, times in ((0, "ArrowLeft", 2), (1, "ArrowRight", 3)):  # rows, columns
        handles.nth(number).focus()
        for _ in range(times):
            lab.page.keyboard.press(key)
    after = predict.gemv(matrix=(10, 64), wafer=(8, 8))
    assert after != before
    output.get_by_text(f"emulated: {after} cycles").wait_for()
    lab.screenshot("05-slider", of=output)


def test_an_exercise_is_solved_and_checked(lab):
    """Problem 3.1: the stub is told kindly that it is one, the solution gets its points."""
    lab.open("exercises/03_a_fabric_of_cores.ipynb")
    lab.run_all()
    check = lab.cell('wse.check("3.1", wire)')
    check.get_by_text("is not written yet").wait_for()
    lab.screenshot("03-stub", of=check)
    routes = inspect.getsource(p03_1.textbook).partition('"""\n')[2]
    lab.replace(
        lab.cell("def wire(w, x_down, partial)"),
        f"def wire(w, x_down, partial):\n{textwrap.indent(textwrap.dedent(routes), ' ' * 4)}",
    )
    lab.run(lab.cell("def wire(w, x_down, partial)"))
    lab.run(check)
    check.get_by_text("passed, 8 of 8 points").wait_for()
    lab.screenshot("03-solved", of=check)
