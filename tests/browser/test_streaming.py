"""The timeline of weight streaming: dragged by hand, by keyboard, by number, and its words."""

from __future__ import annotations

import re

import pytest

from .test_roofline import pull

pytestmark = pytest.mark.long

TIMELINE = """
from wselab import show
from wselab.specs.models import GPT3_175B

show.drag_streaming(GPT3_175B)
"""


@pytest.fixture
def timeline(lab):
    """The widget in a notebook of its own."""
    lab.write("notebooks/timeline.ipynb", TIMELINE)
    lab.open("notebooks/timeline.ipynb")
    lab.run_all()
    assert lab.errors() == []
    root = lab.page.locator(".wse-streaming")
    root.get_by_text("16,384 tokens in flight. 3 layers forward take 72.5 ms").wait_for()
    return root


def test_the_tokens_are_dragged_until_nothing_stalls_and_they_do_not_fit(lab, timeline):
    """To the right it stops stalling, long after the activations have ceased to fit."""
    tokens = timeline.get_by_role("slider", name="tokens in flight")
    lab.screenshot("streaming-as-built", of=timeline)
    timeline.get_by_text(re.compile("Streaming stalls: .* They fit: ")).wait_for()
    places = [
        timeline.locator("svg").get_by_text(words, exact=True).bounding_box()["x"]
        for words in ("fits in SRAM", "does not fit", "does not stall")
    ]
    assert places == sorted(set(places)), "what fits ends long before stalling does"
    pull(lab, tokens, right=90, up=0)
    timeline.get_by_text(re.compile("Streaming stalls: .* They do not fit: ")).wait_for()
    some = int(tokens.get_attribute("aria-valuenow"))
    assert 18_649 < some < 104_167
    pull(lab, tokens, right=2000, up=0)
    timeline.get_by_text(re.compile("Streaming does not stall; .* They do not fit: ")).wait_for()
    assert int(tokens.get_attribute("aria-valuenow")) == 2**20
    lab.screenshot("streaming-dragged", of=timeline)


def test_keys_and_a_number_move_it_and_a_button_undoes(lab, timeline):
    """Arrows by a step, Home and End to the ends, a field for any number; boxes and sliders."""
    tokens = timeline.get_by_role("slider", name="tokens in flight")
    tokens.focus()
    for key in ("Home", "PageUp", "ArrowRight"):
        lab.page.keyboard.press(key)
    timeline.get_by_text("2,233 tokens in flight.").wait_for()
    field = timeline.get_by_role("spinbutton", name="tokens in flight")
    for number, words in ((104_166, "Streaming stalls"), (104_167, "Streaming does not stall")):
        field.fill(str(number))
        field.press("Enter")
        timeline.get_by_text(re.compile(f"{number:,} tokens in flight.*{words}")).wait_for()
        assert tokens.get_attribute("aria-valuetext") == f"{number:,} tokens"
    sent = timeline.get_by_role("slider", name="weights sent")
    sent.focus()
    sent.press("ArrowLeft")
    timeline.get_by_text("90 % of the weights sent").wait_for()
    io = timeline.get_by_role("slider", name="I/O")
    io.focus()
    for _ in range(4):
        io.press("ArrowRight")
    timeline.get_by_text("I/O 2 times as fast as built").wait_for()
    timeline.get_by_label("double buffering").check()
    timeline.get_by_label("the way back").check()
    timeline.get_by_text(
        "the next layer's weights waiting in SRAM. 3 layers forward and"
    ).wait_for()
    lab.screenshot("streaming-back", of=timeline)
    timeline.get_by_role("button", name="as built").click()
    timeline.get_by_text("16,384 tokens in flight. 3 layers forward take 72.5 ms").wait_for()
