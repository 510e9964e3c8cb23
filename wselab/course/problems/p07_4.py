"""Problem 7.4: the time of many layers, whose weights may be fetched ahead.

>>> textbook([10, 40], [30, 20], ahead=1), textbook([10, 40], [30, 20], ahead=0)
(50, 70)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from ..problem import Size, register
from ..reckoning import Reckoning

Cycles = list[int]
LONGEST = 1000  # cycles of a transfer, and of computing a layer


def textbook(transfers: Cycles, computing: Cycles, ahead: int) -> int:
    """The plain right answer: layer by layer, when the way in is free and when there is room."""
    return followed(transfers, computing, ahead)


def followed(
    transfers: Cycles, computing: Cycles, ahead: int, *, room: bool = True, passing: bool = True,
    to_the_last: bool = True,
) -> int:  # fmt: skip
    """The cycles in all; the other arguments are rules that one may forget."""
    way_in, done = 0, 0  # until when each is busy
    ends: list[int] = []
    for number, (transfer, work) in enumerate(zip(transfers, computing, strict=True)):
        before = number - 1 - ahead
        first = max(way_in, ends[before] if room and before >= 0 else 0)
        way_in = first + transfer
        start = max(done, first if passing else way_in)
        done = max(start + work, way_in) if to_the_last else start + work
        ends.append(done)
    return done


def no_overlap(transfers: Cycles, computing: Cycles, ahead: int) -> int:
    """First all the weights of a layer, then the computing; nothing at the same time."""
    return sum(transfers) + sum(computing)


def layer_by_layer(transfers: Cycles, computing: Cycles, ahead: int) -> int:
    """The longer of the two in each layer: right for ahead = 0 alone."""
    return sum(map(max, transfers, computing))


def the_longer_sum(transfers: Cycles, computing: Cycles, ahead: int) -> int:
    """As if there were room for all, and each layer could begin with the others' weights."""
    return max(sum(transfers), sum(computing))


def next_beside_this(transfers: Cycles, computing: Cycles, ahead: int) -> int:
    """The first transfer alone, then each with the layer before it: as a textbook has it."""
    return transfers[0] + sum(map(max, computing[:-1], transfers[1:])) + computing[-1]


#: Wrong ways that people take, the likeliest first, and what to say.
MISTAKES: list[tuple[Callable[[Cycles, Cycles, int], int], str]] = [
    (
        layer_by_layer,
        "ahead does not come in: it takes the longer of the two for each layer. That is right only "
        "where no weights may come before their turn.",
    ),
    (
        lambda transfers, computing, ahead: followed(transfers, computing, 1),
        "It always lets one layer's weights wait. ahead says how many may; with 0 a transfer "
        "begins when the layer before has ended.",
    ),
    (
        lambda transfers, computing, ahead: followed(transfers, computing, ahead + 1),
        "It fetches one layer too far ahead: with ahead = 0 the weights of a layer begin to come "
        "when the layer before it has ended.",
    ),
    (
        lambda transfers, computing, ahead: followed(transfers, computing, max(0, ahead - 1)),
        "It fetches one layer less ahead than it may: with ahead = 1 the next layer's weights come "
        "while this one computes.",
    ),
    (
        partial(followed, room=False),
        "It fetches as far ahead as it likes. There is room for ahead layers: a transfer begins "
        "only when the layer ahead + 1 before it has ended.",
    ),
    (
        partial(followed, passing=False),
        "It computes a layer only when all its weights are there. Weights are used as they pass: a "
        "layer may begin with its first weight.",
    ),
    (
        partial(followed, to_the_last=False),
        "It lets a layer end before its last weight has come.",
    ),
    (
        partial(followed, passing=False, room=False),
        "It fetches as far ahead as it likes, and computes a layer only when all its weights are "
        "there. There is room for ahead layers, and weights are used as they pass.",
    ),
    (
        next_beside_this,
        "It computes a layer only when all its weights are there, and always fetches one ahead. "
        "Weights are used as they pass, and ahead says how many layers may wait.",
    ),
    (no_overlap, "Nothing happens at the same time there: weights are used while they pass."),
    (
        the_longer_sum,
        "The longer of the two sums is what it takes with room for all layers, and often not even "
        "then: a layer can't begin with weights that are not there yet.",
    ),
]


@register
class TimeOfLayers(Reckoning):
    """The learner's function reckons when the last of many layers ends."""

    number = "7.4"
    title = "The time of many layers"
    points = 8
    answer = "streaming_cycles"
    textbook = staticmethod(textbook)
    hints = (
        "Go through the layers in turn and keep three things: until when the way in is busy, when "
        "the layer before ended, and a list of when each layer ended. For the first layer both "
        "begin at cycle 0.",
        "A transfer begins when the way in is free, and when there is room: when layer number - 1 "
        "- ahead has ended, if there is one. With ahead = 0 that is the layer just before.",
        "first = max(way_in, ends[number - 1 - ahead]), or only way_in for the first ahead + 1 "
        "layers. Then way_in = first + transfer; start = max(the end of the layer before, first); "
        "and the layer ends at max(start + work, way_in), since its last weight has to come.",
    )

    def sizes(self, seed: int | None = None) -> list[Size]:
        """The two layers of the text, with and without; then more layers, by a number."""
        shown = [_size(2, 0, 0), _size(2, 1, 0)]
        found, number = shown, 1 if seed is None else 1000 * (seed + 1)
        while len(found) < 7:
            size = _size(6 + number % 5, len(found) % 3, number)
            transfers, computing, _ = self.arguments(size)
            if len({followed(transfers, computing, ahead) for ahead in range(4)}) == 4:
                found.append(size)  # how far ahead decides, also beyond what is asked
            number += 1
        return found

    def arguments(self, size: Size) -> tuple[Any, ...]:
        """Cycles of each layer's transfer, cycles of computing it, and how far ahead."""
        if not size["list"]:
            return [10, 40], [30, 20], size["ahead"]
        rng = np.random.default_rng(size["list"])
        scale = LONGEST ** rng.uniform(0.4, 1, (2, size["layers"]))
        transfers, computing = np.ceil(scale).astype(int).tolist()
        return transfers, computing, size["ahead"]

    def right(self, size: Size) -> int:
        """The cycles."""
        return textbook(*self.arguments(size))

    def truth(self, size: Size, right: int) -> str:
        """What is right."""
        return f"the last layer ends at cycle {right:,}"

    def mistakes(self, size: Size) -> Iterator[tuple[Any, str]]:
        """Wrong ways that people take, with what they give here."""
        for way, text in MISTAKES:
            yield way(*self.arguments(size)), text


def _size(layers: int, ahead: int, number: int) -> Size:
    return {"layers": layers, "ahead": ahead, "list": number}
