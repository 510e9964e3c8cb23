"""Rooflines as pictures: what they say in words, and what moves when one is dragged."""

from __future__ import annotations

import importlib
import re
from typing import Any

import pytest
import traitlets

from wselab import hierarchy, show
from wselab.hierarchy import Roofline
from wselab.show.live_roofline import BATCHES, FASTEST, PAGE, SLOWEST, DraggedRoofline
from wselab.show.roofline import LOOKS, limits
from wselab.specs import A100, B200, H100, LPU, WSE2, WSE3

show_roofline = importlib.import_module("wselab.show.roofline")  # the name is a function's, too
ROOFS = [Roofline.of(chip) for chip in (A100, H100, B200, LPU, WSE2, WSE3)]
PRODUCT = {"GEMV": lambda batch: hierarchy.gemv(16_384, 16_384, batch=batch)}


def test_the_text_has_every_roof_and_every_kernel() -> None:
    """Each chip's ridge, and for each kernel the share of each peak."""
    kernels = [hierarchy.axpy(10), hierarchy.gemm(4096, 4096, 4096)]
    picture = show.roofline(ROOFS, kernels, title="Six chips")
    assert picture.png.startswith(b"\x89PNG")
    assert picture.alt.startswith("Six chips. Rooflines:")
    assert "H100 climbs to 989 Tflop/s at 295 flop a byte" in picture.alt
    assert picture.alt.count(" climbs to ") == len(ROOFS)
    reaches = re.findall(r"reaches (.*?)\.(?= |$)", picture.alt)
    assert len(reaches) == len(kernels) and all(" of A100, " in text for text in reaches)
    assert "AXPY of 10 (0.333 flop a byte) reaches 0.218 % of the peak of A100" in picture.alt
    assert reaches[1].endswith("100 % of WSE-3")


def test_every_kernel_and_ridge_lies_inside_the_picture() -> None:
    """The ends of the scales leave nothing out."""
    kernels = [hierarchy.axpy(10), hierarchy.gemm(4096, 4096, 4096)]
    low, high, least, most = limits(ROOFS, [kernel.intensity for kernel in kernels])
    for roof in ROOFS:
        assert low < roof.ridge < high and roof.peak_flop_per_s < most
        for kernel in kernels:
            assert low < kernel.intensity < high
            assert least < roof.attainable(kernel.intensity) < most


def test_a_mark_that_is_no_kernel_stands_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those beside the names of the chips would look like one more kernel on the edge."""
    drawn: list[Any] = []
    monkeypatch.setattr(show_roofline, "picture", lambda figure, _: drawn.append(figure))
    kernels = [hierarchy.axpy(10), hierarchy.gemm(4096, 4096, 4096)]
    show.roofline(ROOFS, kernels)
    (figure,) = drawn
    axes = figure.axes[0]
    figure.canvas.draw()
    marks = [line for line in axes.lines if line.get_marker() not in ("None", "")]
    places = [x for line in marks for x, _ in line.get_transform().transform(line.get_xydata())]
    inside = [x for x in places if x <= axes.bbox.x1 + 6]
    assert len(inside) == len(ROOFS) * len(kernels) and len(places) == len(inside) + len(ROOFS)


def test_looks_differ_in_color_in_dashes_and_in_marks() -> None:
    """Whoever cannot tell the colors apart has the dashes, and the marks."""
    for alone in zip(*LOOKS, strict=True):
        assert len(set(alone)) == len(LOOKS)


def test_what_cannot_be_drawn_is_refused() -> None:
    """With what was expected."""
    with pytest.raises(ValueError, match="0 roofs; expected 1 to 7"):
        show.roofline([])
    with pytest.raises(ValueError, match="8 roofs"):
        show.roofline([ROOFS[0]] * 8)
    with pytest.raises(ValueError, match="no kernel to drag"):
        show.drag_roofline(ROOFS, {})


def dragged() -> DraggedRoofline:
    """On the H100, with the product of the lesson."""
    widget = show.drag_roofline(ROOFS, PRODUCT)
    assert isinstance(widget, DraggedRoofline)
    widget.chip = 1
    return widget


def test_the_words_follow_what_is_dragged() -> None:
    """Batch, memory and chip each change what bounds the kernel."""
    widget = dragged()
    assert widget.alt == (
        "H100, GEMV, batch 1: 1 flop a byte. It waits for memory: at most 3.35 Tflop/s, 0.339 % of "
        "the peak, in at least 160 µs. From 295 flop a byte on it would wait for arithmetic."
    )
    widget.step = BATCHES.index(1024)
    assert "batch 1,024: 910 flop a byte. It waits for arithmetic: at most 989 Tflop/s, 100 %" in (
        widget.alt
    )
    assert widget.alt.endswith("Below 295 flop a byte it would wait for memory.")
    widget.step = 0
    widget.faster = 512.0
    assert widget.alt.startswith("H100 with a memory 512 times as fast, GEMV, batch 1:")
    assert "waits for arithmetic" in widget.alt and "at least 543 ns" in widget.alt
    widget.chip, widget.faster = 4, 1.0
    assert widget.alt.startswith("WSE-2, GEMV, batch 1: 1 flop a byte. It waits for arithmetic")


def test_a_kernel_whose_batch_helps_little_never_crosses() -> None:
    """A language model with a context: each user's is read anew."""
    from wselab.specs.models import LLAMA3_8B

    kernels = {**PRODUCT, "decode": lambda batch: hierarchy.decode(LLAMA3_8B, 4096, batch)}
    widget = show.drag_roofline(ROOFS[1:2], kernels)
    widget.kernel, widget.step = 1, len(BATCHES) - 1
    assert "H100, decode, batch 16,384: 31.9 flop a byte. It waits for memory" in widget.alt


def test_what_is_outside_is_refused() -> None:
    """By the name of the trait; the widget stays as it was."""
    widget = dragged()
    words = widget.alt
    for name, value in (("chip", 6), ("kernel", 1), ("step", len(BATCHES)), ("step", -1)):
        with pytest.raises(traitlets.TraitError, match=f"{name}={value}; expected 0 to"):
            setattr(widget, name, value)
    for value in (2.0**SLOWEST / 2, 2.0**FASTEST * 2):
        with pytest.raises(traitlets.TraitError, match=r"expected 0\.0625 to 1024 times"):
            widget.faster = value
    assert widget.alt == words


def test_it_brings_its_still_picture() -> None:
    """For a page that runs nothing: the same state, as PNG with words."""
    widget = dragged()
    widget.faster = 2.0
    data, about = widget._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    assert data["image/png"].startswith(b"\x89PNG")
    assert "H100 climbs to 989 Tflop/s at 148 flop a byte" in about["image/png"]["alt"]


def test_the_page_reads_what_python_sends() -> None:
    """Every trait and every key of ``about`` is used there, and nothing else is asked for."""
    page = (PAGE / "roofline.js").read_text(encoding="utf-8")
    widget = dragged()
    asked = set(re.findall(r'model\.get\("(\w+)"\)', page))
    assert asked == {"about", "chip", "kernel", "step", "faster", "alt"}
    assert asked <= set(widget.keys)
    assert set(re.findall(r"about\.(\w+)", page)) == set(widget.about)
    for key in (*widget.about["roofs"][0], *widget.about["memory"]):
        assert re.search(rf"\b{key}\b", page), key
