"""The roofline that is dragged: by hand, by keyboard, and its words from the kernel."""

from __future__ import annotations

import re

import pytest

pytestmark = pytest.mark.long

ROOFLINE = """
from wselab import hierarchy, show
from wselab.specs import H100, WSE2

show.drag_roofline(
    [hierarchy.Roofline.of(H100), hierarchy.Roofline.of(WSE2)],
    {"GEMV": lambda batch: hierarchy.gemv(16_384, 16_384, batch=batch)},
)
"""


@pytest.fixture
def roofline(lab):
    """The widget in a notebook of its own, on the H100."""
    lab.write("notebooks/roofline.ipynb", ROOFLINE)
    lab.open("notebooks/roofline.ipynb")
    lab.run_all()
    assert lab.errors() == []
    root = lab.page.locator(".wse-roofline")
    root.get_by_text("H100, GEMV, batch 1: 1 flop a byte. It waits for memory").wait_for()
    return root


def pull(lab, handle, right, up):
    """Drag a handle with the mouse, by so many dots."""
    handle.scroll_into_view_if_needed()
    handle.hover()
    box = handle.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    lab.page.mouse.move(x, y)
    lab.page.mouse.down()
    lab.page.mouse.move(x + right, y - up, steps=10)
    lab.page.mouse.up()


def test_both_handles_are_dragged_and_the_words_follow(lab, roofline):
    """The round one far to the right crosses the ridge; the square one up makes memory faster."""
    batch = roofline.get_by_role("slider", name="batch")
    memory = roofline.get_by_role("slider", name="memory")
    lab.screenshot("roofline-as-built", of=roofline)
    pull(lab, batch, right=220, up=0)
    some = int(batch.get_attribute("aria-valuenow"))
    assert some > 2
    roofline.get_by_text(re.compile(r"batch [\d,]{2,}: .* waits for memory")).wait_for()
    pull(lab, batch, right=2000, up=0)
    assert int(batch.get_attribute("aria-valuenow")) > some
    roofline.get_by_text(re.compile(r"batch 16,384: .* waits for arithmetic")).wait_for()
    pull(lab, memory, right=0, up=60)
    assert float(memory.get_attribute("aria-valuenow")) > 0.5
    roofline.get_by_text(re.compile(r"H100 with a memory [\d.]+ times as fast")).wait_for()
    lab.screenshot("roofline-dragged", of=roofline)


def test_keys_move_it_and_a_button_undoes(lab, roofline):
    """Arrows by a step, Home and End to the ends; the notebook itself hears none of them."""
    batch = roofline.get_by_role("slider", name="batch")
    memory = roofline.get_by_role("slider", name="memory")
    batch.focus()
    for key in ("End", "ArrowLeft"):
        lab.page.keyboard.press(key)
    roofline.get_by_text("batch 11,585:").wait_for()
    lab.page.keyboard.press("Home")
    memory.focus()
    for _ in range(4):
        lab.page.keyboard.press("ArrowUp")
    roofline.get_by_text("H100 with a memory 2 times as fast, GEMV, batch 1:").wait_for()
    assert memory.get_attribute("aria-valuetext") == "memory 2 times as fast as built"
    roofline.get_by_role("button", name="as built").click()
    roofline.get_by_text("H100, GEMV, batch 1: 1 flop a byte. It waits for memory").wait_for()
    roofline.get_by_label("chip").select_option("WSE-2")
    roofline.get_by_text("WSE-2, GEMV, batch 1: 1 flop a byte. It waits for arithmetic").wait_for()
