"""Pictures of training: what they say in words, and what they refuse."""

from __future__ import annotations

import pytest

from wselab import show
from wselab.streaming.training import Bill, Launch

ONE = Launch("fc", "forward", "product", 1200, 1024, 900, 800, 0, "bitplane")
BACK = Launch("fc", "backward", "product", 2500, 2048, 900, 800, 0, "bitplane")


def test_a_bar_says_the_cycles_of_each_phase() -> None:
    """In the order of the phases, and the sum; those that are not there are not named."""
    picture = show.bills({"a": Bill([ONE, BACK]), "b": Bill([ONE])}, title="Two steps")
    assert picture.png.startswith(b"\x89PNG")
    assert picture.alt == (
        "Two steps. Cycles of a step. a: 3,700 in all; forward 1,200, backward 2,500. "
        "b: 1,200 in all; forward 1,200."
    )


@pytest.mark.parametrize("bills", [{}, {"empty": Bill([])}, {"a": Bill([ONE]), "b": Bill([])}])
def test_a_bill_that_is_none_is_refused(bills) -> None:
    """With what is expected."""
    with pytest.raises(ValueError, match=r"at least one bill, each with launches"):
        show.bills(bills)


def test_losses_say_where_they_end_and_how_far_they_are_from_the_oracle() -> None:
    """The largest distance of each curve; without an oracle none."""
    curves = {"float32": [2.0, 1.0, 0.5], "half": [2.0, 1.25, 0.25]}
    picture = show.losses(curves, [2.0, 1.0, 0.75], title="Three steps")
    assert picture.png.startswith(b"\x89PNG")
    assert picture.alt == (
        "Three steps. Loss over 3 steps, and its distance from the oracle. "
        "float32: from 2 to 0.5, at most 0.2 from it; half: from 2 to 0.25, at most 0.5 from it."
    )
    assert show.losses(curves).alt == (
        "Loss over 3 steps. float32: from 2 to 0.5; half: from 2 to 0.25."
    )


@pytest.mark.parametrize(
    ("curves", "against"),
    [({}, None), ({}, [1.0]), ({"a": []}, None), ({"a": [1.0], "b": [1.0, 2.0]}, None),
     ({"a": [1.0]}, [1.0, 2.0]), ({str(k): [1.0] for k in range(9)}, None)],
)  # fmt: skip
def test_curves_that_cannot_be_drawn_together_are_refused(curves, against) -> None:
    """None, empty ones, of different lengths, too many."""
    with pytest.raises(ValueError, match=r"expected 1 to 5 curves, all of the same number"):
        show.losses(curves, against)
