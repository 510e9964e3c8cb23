"""Problem 6.3: what sequences cost in buckets.

>>> textbook([2, 3, 8], edges=[8, 4])
16
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..problem import Size, register
from ..reckoning import Reckoning

Lengths = list[int]


def textbook(lengths: Lengths, edges: Lengths) -> int | None:
    """The plain right answer: each length up to the least edge that it fits under."""
    if max(lengths) > max(edges):
        return None
    return sum(min(edge for edge in edges if edge >= length) for length in lengths)


def _up_to_its_longest(lengths: Lengths, edges: Lengths) -> int | None:
    """As if a bucket were filled up to the longest sequence that is in it."""
    if max(lengths) > max(edges):
        return None
    bucket = [min(edge for edge in edges if edge >= length) for length in lengths]
    longest = {
        edge: max(n for n, of in zip(lengths, bucket, strict=True) if of == edge)
        for edge in set(bucket)
    }
    return sum(longest[edge] for edge in bucket)


def _strictly(lengths: Lengths, edges: Lengths) -> int | None:
    above = [[edge for edge in edges if edge > length] for length in lengths]
    return sum(map(min, above)) if all(above) else None


def _below(lengths: Lengths, edges: Lengths) -> int:
    return sum(max((edge for edge in edges if edge <= n), default=n) for n in lengths)


def _nearest(lengths: Lengths, edges: Lengths) -> int:
    return sum(min(edges, key=lambda edge: abs(edge - length)) for length in lengths)


def _in_given_order(lengths: Lengths, edges: Lengths) -> int | None:
    """The first edge that is long enough, in the order in which they are given."""
    if max(lengths) > max(edges):
        return None
    return sum(next(edge for edge in edges if edge >= length) for length in lengths)


#: Wrong sums that people find, the likeliest first, and what to say.
MISTAKES: list[tuple[Callable[[Lengths, Lengths], int | None], str]] = [
    (
        lambda lengths, edges: len(lengths) * max(edges),
        "It fills up all to the longest edge: that is padding without buckets.",
    ),
    (
        lambda lengths, edges: len(lengths) * max(lengths),
        "It fills up all to the longest sequence: that is padding without buckets.",
    ),
    (
        lambda lengths, edges: sum(lengths),
        "Those are the tokens that are there. Filled up ones are computed as well.",
    ),
    (
        lambda lengths, edges: (textbook(lengths, edges) or 0) - sum(lengths),
        "Those are the wasted tokens alone: all that are computed are asked for.",
    ),
    (
        _in_given_order,
        "Edges may come in any order: take the least that is long enough, not the first.",
    ),
    (
        _strictly,
        "A sequence just as long as an edge fits: it is not filled up at all.",
    ),
    (
        _below,
        "A sequence is filled up to the next edge above it; to cut it off would lose tokens.",
    ),
    (
        _nearest,
        "The nearest edge may be too short: take the least that is long enough.",
    ),
    (
        _up_to_its_longest,
        "A bucket is filled up to its edge, not to the longest that happens to be in it.",
    ),
    (
        lambda lengths, edges: textbook([min(n, max(edges)) for n in lengths], edges),
        "A sequence that is longer than every edge fits nowhere: return None.",
    ),
    (
        lambda lengths, edges: textbook(lengths, [*edges, max(lengths)]),
        "A sequence that is longer than every edge fits nowhere: return None.",
    ),
]


@register
class Buckets(Reckoning):
    """The learner's function adds up what buckets compute."""

    number = "6.3"
    title = "What buckets compute"
    points = 6
    answer = "bucketed"
    textbook = staticmethod(textbook)
    kind = "tokens are a whole number"
    never = "a sequence is longer than every edge"
    hints = (
        "One sequence first. Of all edges that are at least as long as it, which is meant? And "
        "how long is the sequence after it has been filled up to there?",
        "[edge for edge in edges if edge >= length] has the edges that are long enough; the least "
        "of them is min(...). If there is none, the list is empty, and the answer is None.",
        "Loop over the lengths and add up the least edge that is long enough. Edges need not be "
        "sorted for that. Begin with: if max(lengths) > max(edges): return None.",
    )

    def sizes(self, seed: int | None = None) -> list[Size]:
        """Few lengths, many, edges in order and not, and a sequence that fits nowhere."""
        if seed is None:
            return [_size(6, 3, 0, 1), _size(40, 4, 0, 2), _size(12, 5, 1, 3), _size(20, 1, 0, 4)]
        rng = np.random.default_rng(seed)
        return self.sizes(None)[:1] + [
            _size(
                int(rng.integers(5, 40)), int(rng.integers(2, 7)), over, int(rng.integers(2**31))
            )
            for over in (0, 0, 0, 0, 1)
        ]  # fmt: skip

    def arguments(self, size: Size) -> tuple[Any, ...]:
        """Lengths of sequences, and edges of buckets; one length is an edge."""
        rng = np.random.default_rng(size["draw"])
        edges = (8 * (1 + rng.choice(250, size["edges"], replace=False))).tolist()
        most = max(edges) + (100 if size["over"] else 0)
        lengths = rng.integers(1, most + 1, size["sequences"]).tolist()
        lengths[1] = min(edges)
        lengths[2] = most - size["over"]
        if len(edges) > 1:  # the first edge is not the least, so that their order matters
            edges.sort(reverse=bool(size["draw"] % 2))
            edges[0], edges[1] = max(edges[:2]), min(edges[:2])
        return lengths, edges

    def in_words(self, size: Size) -> str:
        """The arguments, if they are short."""
        lengths, edges = self.arguments(size)
        if len(lengths) > 8:
            return f"{len(lengths)} lengths up to {max(lengths):,}, edges = {edges}"
        return f"lengths = {lengths}, edges = {edges}"

    def right(self, size: Size) -> int | None:
        """The sum."""
        return textbook(*self.arguments(size))

    def truth(self, size: Size, right: int | None) -> str:
        """What is right, in words."""
        return "one fits under no edge" if right is None else f"{right:,} tokens are computed"

    def mistakes(self, size: Size) -> Iterator[tuple[float | None, str]]:
        """Wrong sums that people find, with their values here."""
        for wrong, text in MISTAKES:
            yield wrong(*self.arguments(size)), text


def _size(sequences: int, edges: int, over: int, draw: int) -> Size:
    return {"sequences": sequences, "edges": edges, "over": over, "draw": draw}
