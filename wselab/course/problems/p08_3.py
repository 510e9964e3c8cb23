"""Problem 8.3: the bytes that cross the edge of the wafer in a step with streamed weights.

>>> textbook([64, 32, 10], 8)  # the network of lesson 08
22912
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from ..problem import Size, register
from ..reckoning import Reckoning

BYTES = 4


def textbook(widths: list[int], columns: int) -> int:
    """The plain right answer: weights in, again for the way back, and gradients out."""
    return in_all(widths, columns)


def in_all(
    widths: list[int], columns: int, *, forward: int = 1, back: int = 1, gradients: int = 1,
    biases_back: int = 0, biases: int = 1, first_back: int = 0, pad: str = "both",
    itemsize: int = BYTES,
) -> int:  # fmt: skip
    """The bytes of all layers; the other arguments say what mistakes leave out or put in."""
    total = 0
    for number, (rows, outputs) in enumerate(pairwise(widths)):
        if pad in ("both", "inputs"):
            rows = -(-rows // columns) * columns
        if pad in ("both", "outputs"):
            outputs = -(-outputs // columns) * columns
        again = back if number else first_back
        total += (forward + again + gradients) * rows * outputs
        total += (forward + gradients + biases_back * again) * biases * outputs
    return itemsize * total


Formula = Callable[[list[int], int], int]


def _but(**other: Any) -> Formula:
    return lambda widths, columns: in_all(widths, columns, **other)


#: Wrong sums that people find, the likeliest first, and what to say.
MISTAKES: list[tuple[Formula, str]] = [
    (
        _but(pad="none"),
        "Nothing is filled up. Features and outputs are dealt out to the columns evenly, filled up "
        "with zeros to a multiple of columns.",
    ),
    (
        _but(pad="outputs"),
        "Only outputs are filled up to a multiple of columns; features that go in are too.",
    ),
    (
        _but(pad="inputs"),
        "Only the features that go in are filled up to a multiple of columns; outputs are too.",
    ),
    (
        _but(first_back=1),
        "The first layer's weights come only once: nobody wants the gradient of the input.",
    ),
    (_but(back=0), "On the way back the weights are needed again: all but the first layer's."),
    (
        _but(back=0, first_back=0, gradients=0),
        "These are the weights of the forward pass. They are needed again on the way back, and "
        "gradients go out.",
    ),
    (_but(gradients=0), "Gradients go out over the same edge: as many as there are parameters."),
    (
        _but(biases_back=1),
        "The biases do not come a second time: the gradient of a layer's input needs its weights "
        "alone.",
    ),
    (
        _but(biases_back=1, first_back=1),
        "Not everything crosses three times: the biases go in once, and so do the first layer's "
        "weights.",
    ),
    (_but(biases=0), "The biases are missing: one for each output, in, and its gradient out."),
    (_but(itemsize=1), "These are numbers, not bytes: a float32 has 4."),
    (_but(itemsize=32), "That is in bits: a float32 has 4 bytes."),
    (_but(itemsize=2), "It counts 2 bytes a number; these are float32."),
]


@register
class EdgeBytes(Reckoning):
    """The learner's function reckons the traffic of a network of linear layers."""

    number = "8.3"
    title = "The bytes that cross the edge in a step"
    points = 6
    answer = "edge_bytes"
    textbook = staticmethod(textbook)
    kind = "bytes are a whole number"
    hints = (
        "Go through the layers one by one. What of a layer comes in for the forward pass, what "
        "comes in again for the way back, and what goes out?",
        "Forward: weights and biases. Back: the weights once more, without biases, for the "
        "gradient of the layer's input; the first layer has no such product. Out: a gradient for "
        "every weight and every bias.",
        "First fill up both numbers of a layer: rows = -(-widths[i] // columns) * columns, and so "
        "for the outputs. Then (2 if i == 0 else 3) * rows * outputs + 2 * outputs numbers, of 4 "
        "bytes each.",
    )

    def sizes(self, seed: int | None = None) -> list[Size]:
        """Networks; some whose layers fit the columns, and some that have to be filled up."""
        if seed is None:
            some = [([64, 32, 10], 8), ([16, 16], 4), ([30, 20, 20, 5], 8), ([7, 9, 11], 3),
                    ([100, 64, 64, 64, 10], 16)]  # fmt: skip
        else:
            rng = np.random.default_rng(seed)
            some = [([64, 32, 10], 8)]
            for layers in (2, 3, 4, 2, 3):
                columns = int(rng.integers(3, 17))
                some.append(((rng.integers(2, 80, layers + 1)).tolist(), columns))
        return [
            {"columns": columns} | {f"width {k}": width for k, width in enumerate(widths)}
            for widths, columns in some
        ]

    def arguments(self, size: Size) -> tuple[Any, ...]:
        """The features before, between and behind the layers; and the columns of PEs."""
        return [width for name, width in size.items() if name != "columns"], size["columns"]

    def right(self, size: Size) -> int:
        """All layers."""
        return textbook(*self.arguments(size))

    def truth(self, size: Size, right: int) -> str:
        """What is right."""
        return f"{right:,} bytes cross it"

    def mistakes(self, size: Size) -> Iterator[tuple[int, str]]:
        """Wrong sums that people find, with their values here."""
        for formula, text in MISTAKES:
            yield formula(*self.arguments(size)), text
