"""Pictures of a matrix in parts, and curves: what they say is what they were given."""

from __future__ import annotations

import io

import numpy as np
import pytest

from wselab import show
from wselab.kernels import gemv_plan


def pixels(picture: show.Picture) -> np.ndarray:
    """The picture as an array of (rows, columns, 3)."""
    from matplotlib.image import imread

    return imread(io.BytesIO(picture.png))[..., :3]


@pytest.mark.parametrize("layout", ["tiles", "rows", "columns", "mesh", "streamed"])
def test_the_text_of_parts_has_the_plan(layout: str) -> None:
    """PEs, parts, padding, in each layout; padding is not told where there is none."""
    A = np.arange(70.0).reshape(7, 10)
    plan = gemv_plan(A.shape, (3, 4), layout)
    alt = show.parts(A, plan).alt
    (rows, columns), (height, width) = plan.wafer, plan.tile
    assert f'Layout "{layout}": {rows} x {columns} PEs with {height} x {width} each' in alt
    assert (f"{plan.padding:,} of {plan.macs:,} cells are padding" in alt) is bool(plan.padding)
    even = show.parts(A[:6, :8], gemv_plan((6, 8), (3, 4)))
    assert "padding" not in even.alt and "fit" not in even.alt
    large = show.parts(np.ones((200, 300)), gemv_plan((200, 300), (1, 1)))
    assert large.alt.endswith("does not fit, 242,000 of 49,152 bytes a PE.")


def test_padding_is_hatched() -> None:
    """More of it makes another picture, of the same matrix."""
    A = np.zeros((5, 8))
    full, padded = (show.parts(A, gemv_plan(A.shape, (rows, 2))) for rows in (5, 4))
    gray = [(abs(pixels(one) - 0.463).max(axis=-1) < 0.02).sum() for one in (full, padded)]
    assert gray[1] > gray[0] + 100


def test_parts_of_several_plans_and_of_none() -> None:
    """As many ways as plans; a plan of another matrix is refused."""
    A = np.ones((4, 6))
    plans = [gemv_plan(A.shape, (2, 2), layout) for layout in ("tiles", "rows", "columns")]
    assert show.parts(A, *plans).alt.startswith("A matrix of 4 x 6, cut in three ways. ")
    with pytest.raises(ValueError, match="no plan"):
        show.parts(A)
    with pytest.raises(ValueError, match=r"A has shape \(4, 6\), and the plans are of \(3, 6\)"):
        show.parts(A, gemv_plan((3, 6), (2, 2)))


def test_the_text_of_curves_has_their_points() -> None:
    """All of them where they are few, and always the lowest."""
    alt = show.curves({"a": {1: 8, 2: 5}, "b": {1: 3, 4: 1200}}, "PEs", "cycles", "Title").alt
    assert alt == (
        "Title. cycles over PEs. a: 8 at 1, 5 at 2; lowest 5 at 2. b: 3 at 1, 1,200 at 4; lowest 3 "
        "at 1."
    )
    many = show.curves({"a": {place: 100 + abs(50 - place) for place in range(1, 100)}}, "x", "y")
    assert many.alt == "y over x. a: 149 at 1, ..., 149 at 99; lowest 100 at 50."


def test_curves_refuse_what_they_cannot_draw() -> None:
    """Nothing, a curve without points, a point that has no logarithm."""
    for lines in ({}, {"a": {}}):
        with pytest.raises(ValueError, match="nothing to show"):
            show.curves(lines, "x", "y")
    with pytest.raises(ValueError, match="'a' has points that are not above 0"):
        show.curves({"a": {1: 0}}, "x", "y")
