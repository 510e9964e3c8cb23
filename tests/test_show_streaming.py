"""The timeline of weight streaming: what it says in words, what is drawn, what moves."""

from __future__ import annotations

import re

import pytest
import traitlets

from wselab import show
from wselab.show.live_streaming import DENSITIES, PAGE, DraggedStreaming
from wselab.show.streaming import COMPUTES, FEWEST, GRADIENTS, LAYERS, MOST, WEIGHTS, Flow
from wselab.specs import WSE2, WSE3
from wselab.specs.models import GPT3_175B, GPT3_XL, GPT_OSS_120B
from wselab.streaming import tokens_without_stall


def test_it_stops_to_stall_at_the_tokens_that_the_library_says() -> None:
    """One token fewer, and some of the time is waited; what is said of it changes there."""
    for chip, faster in ((WSE3, 1.0), (WSE2, 1.0), (WSE3, 4.0)):
        needed = tokens_without_stall(chip.what_if(io_bandwidth_bits_per_s=1.2e12 * faster))
        enough = Flow(GPT3_175B, chip, tokens=needed, faster=faster)
        fewer = Flow(GPT3_175B, chip, tokens=needed - 1, faster=faster)
        assert f"Streaming does not stall; below {needed:,} tokens it would" in str(enough)
        assert f"of that time; from {needed:,} tokens on it would not" in str(fewer)
        few = Flow(GPT3_175B, chip, tokens=needed // 2, faster=faster)
        assert "Streaming stalls: the wafer waits 50 % of that time" in str(few)
        assert sum(enough.step.stall_cycles.values()) == 0 < sum(fewer.step.stall_cycles.values())


def test_what_is_full_is_the_part_that_computes() -> None:
    """Where weights come slowly, a bar is full as far as the wafer has work."""
    flow = Flow(GPT3_175B, tokens=26_042)
    bars = flow.bars()
    assert [bar["lane"] for bar in bars] == [WEIGHTS, COMPUTES] * LAYERS
    assert [bar["full"] for bar in bars] == pytest.approx([1, 0.25] * LAYERS, abs=1e-4)
    assert flow.in_flight.needed_tokens / flow.tokens == pytest.approx(4, abs=1e-3)
    busy = [bar["full"] for bar in Flow(GPT3_175B, tokens=200_000).bars()]
    assert busy == [1.0] * (2 * LAYERS)


def test_the_way_back_has_gradients_and_layers_in_turn() -> None:
    """Layer by layer back, each with weights once more, and its gradient out."""
    bars = Flow(GPT3_175B, tokens=20_000, back=True, ahead=1).bars()
    names = [bar["name"] for bar in bars if bar["lane"] == COMPUTES]
    assert names == ["1", "2", "3", "3, back", "3, gradient", "2, back", "2, gradient", "1, back",
                     "1, gradient"]  # fmt: skip
    assert sum(bar["lane"] == GRADIENTS for bar in bars) == LAYERS
    assert sum(bar["lane"] == WEIGHTS for bar in bars) == 2 * LAYERS


def test_the_words_have_all_that_is_drawn() -> None:
    """Model, chip, tokens, what was changed, whether it stalls, whether it fits."""
    picture = show.streaming(GPT3_175B, tokens=60_000, back=True, ahead=1, density=0.5, faster=4)
    assert picture.png.startswith(b"\x89PNG")
    for words in (
        "GPT-3 175B on a WSE-3, 60,000 tokens in flight",
        "50 % of the weights sent",
        "I/O 4 times as fast as built",
        "the next layer's weights waiting in SRAM",
        "3 layers forward and back take",
        "does not stall; below 52,084 tokens it would",
        "do not fit: 40.4 GB of room are enough for 17,113 tokens",
    ):
        assert words in picture.alt
    small = show.streaming(GPT3_XL).alt
    assert "The activations of 16,384 tokens take 1.61 GB. They fit: 44 GB of room are" in small


def dragged() -> DraggedStreaming:
    """GPT-3 175B on a WSE-3."""
    widget = show.drag_streaming(GPT3_175B)
    assert isinstance(widget, DraggedStreaming)
    return widget


def test_the_words_follow_what_is_dragged() -> None:
    """Each of the five moves what it should."""
    widget = dragged()
    assert "stalls: the wafer waits 84.3 % of that time" in widget.alt
    widget.tokens = 104_167
    assert "does not stall" in widget.alt and "do not fit" in widget.alt
    widget.density = 0.25
    assert "from 208,334 tokens on it would not" in widget.alt
    widget.faster = 2.0
    assert "below 104,167 tokens it would" in widget.alt and widget.shown["io"] == "2.4 Tb/s"
    fitting = widget.shown["fitting"]
    widget.ahead = True
    assert widget.shown["fitting"] < fitting
    widget.back = True
    assert {bar["lane"] for bar in widget.shown["bars"]} == {WEIGHTS, COMPUTES, GRADIENTS}
    assert widget.shown["until"] == max(bar["end"] for bar in widget.shown["bars"])


def test_what_is_outside_is_refused() -> None:
    """By the name of the trait; the widget stays as it was. Models with experts are refused too."""
    widget = dragged()
    words = widget.alt
    for name, value in (
        ("tokens", FEWEST - 1), ("tokens", MOST + 1), ("density", 0.0), ("density", 1.5),
        ("faster", 0.2), ("faster", 64.0),
    ):  # fmt: skip
        with pytest.raises(traitlets.TraitError, match=f"{name}={value}; expected "):
            setattr(widget, name, value)
    assert widget.alt == words
    with pytest.raises(ValueError, match="has experts"):
        show.drag_streaming(GPT_OSS_120B)


def test_it_brings_its_still_picture() -> None:
    """For a page that runs nothing: the same state, as PNG with words."""
    widget = dragged()
    widget.faster = 2.0
    data, about = widget._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    assert data["image/png"].startswith(b"\x89PNG")
    assert "I/O 2 times as fast as built" in about["image/png"]["alt"]


def test_the_page_reads_what_python_sends() -> None:
    """Every trait and every key is used there, and nothing else is asked for."""
    page = (PAGE / "streaming.js").read_text(encoding="utf-8")
    widget = dragged()
    asked = set(re.findall(r'model\.get\("(\w+)"\)', page))
    assert asked == {"about", "shown", "tokens", "density", "faster", "ahead", "back", "alt"}
    assert asked <= set(widget.keys)
    assert set(re.findall(r"about\.(\w+)", page)) == set(widget.about)
    for key in (*widget.shown, *widget.shown["bars"][0], *widget.about["tokens"]):
        assert re.search(rf"\b{key}\b", page), key
    assert sorted(DENSITIES)[-1] == DENSITIES[-1] == widget.about["built"]["density"]
