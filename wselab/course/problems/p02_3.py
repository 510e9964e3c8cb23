"""Problem 2.3: the bytes that it takes to serve a model.

>>> shape = shape_of(MODELS[1])
>>> textbook(shape["parameters"], 32, 32, 8, 128, users=1, context=0, weight_bits=4, kv_bits=16)
4015130624
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ...specs import MODELS
from ..problem import Size, register
from ..reckoning import Reckoning
from .p02_2 import shape_of


def textbook(
    parameters: int, layers: int, heads: int, kv_heads: int, head_width: int, users: int,
    context: int, weight_bits: int, kv_bits: int,
) -> int:  # fmt: skip
    """The plain right answer: weights, and a key and a value for each token, head and layer."""
    return in_all(
        parameters, layers, heads, kv_heads, head_width, users, context, weight_bits, kv_bits
    ) // 8  # fmt: skip


def in_all(
    parameters: int, layers: int, heads: int, kv_heads: int, head_width: int, users: int,
    context: int, weight_bits: int, kv_bits: int, both: int = 2, weights: int = 1,
) -> int:  # fmt: skip
    """The bits of both parts."""
    cache = both * layers * kv_heads * head_width * users * context
    return weights * parameters * weight_bits + cache * kv_bits


def _but(**other: Any) -> Callable[..., int]:
    """The sum with other arguments; one that is a text is taken from the argument of that name."""

    def formula(**model: int) -> int:
        changed = {name: model[v] if isinstance(v, str) else v for name, v in other.items()}
        return in_all(**{**model, **changed})

    return formula


#: Wrong sums that people find, the likeliest first, in bits, and what to say.
MISTAKES: list[tuple[Callable[..., int], str]] = [
    (
        lambda **model: 8 * in_all(**model),
        "That is in bits: 8 of them are a byte.",
    ),
    (
        _but(kv_heads="heads"),
        "It takes heads. Several heads of queries share one of keys and values, and those are "
        "kept: kv_heads of them.",
    ),
    (
        _but(both=1),
        "A token leaves a key and a value behind in each head: two vectors, not one.",
    ),
    (
        _but(kv_heads="heads", both=1),
        "A token leaves a key and a value behind in each of kv_heads heads: two vectors, not one, "
        "and not in each of heads.",
    ),
    (
        _but(layers=1),
        "Every layer keeps keys and values of its own.",
    ),
    (
        _but(head_width=1),
        "A key has head_width numbers, and so has a value.",
    ),
    (
        _but(kv_heads=1),
        "Each of kv_heads heads keeps a key and a value for a token.",
    ),
    (
        _but(users=1),
        "Each user has a context of their own: the cache is there users times.",
    ),
    (
        _but(context=1),
        "Keys and values are kept for every token of the context.",
    ),
    (
        lambda **model: in_all(**model) + (model["users"] - 1) * model["parameters"]
        * model["weight_bits"],
        "The weights are there once, for all users together.",
    ),
    (
        _but(context=0),
        "The cache is missing: keys and values of all tokens of the context, for each user.",
    ),
    (
        _but(weights=0),
        "The weights are missing.",
    ),
    (
        _but(kv_bits="weight_bits"),
        "The cache has kv_bits for each number, which may be more than the weights have, or less.",
    ),
    (
        _but(weight_bits="kv_bits"),
        "The weights have weight_bits each, which may be fewer than the cache has, or more.",
    ),
    (
        _but(weight_bits=16, kv_bits=16),
        "The bits do not come in: numbers do not always have 16.",
    ),
    (
        lambda **model: in_all(**model) + 7 * model["parameters"] * model["weight_bits"],
        "The weights are counted in bits: 8 of them are a byte.",
    ),
    (
        lambda **model: 8 * in_all(**model) - 7 * model["parameters"] * model["weight_bits"],
        "The cache is counted in bits: 8 of them are a byte.",
    ),
]  # fmt: skip


@register
class BytesToServe(Reckoning):
    """The learner's function reckons the memory of a model that serves users."""

    number = "2.3"
    title = "The bytes to serve a model"
    points = 6
    answer = "bytes_to_serve"
    textbook = staticmethod(textbook)
    kind = "bytes are a whole number"
    hints = (
        "Two parts. The weights are there once, weight_bits each. The KV cache grows with every "
        "token of every user: what does one token leave behind?",
        "In each layer, and in each of its kv_heads heads, a token leaves a key and a value, both "
        "of head_width numbers. That makes 2 * layers * kv_heads * head_width numbers for a token. "
        "(heads is how many heads of queries there are; queries are not kept.)",
        "Times context tokens, times users, times kv_bits; plus parameters * weight_bits; and all "
        "that divided by 8: 8 bits are a byte.",
    )

    def sizes(self, seed: int | None = None) -> list[Size]:
        """Models by name at first, then some that nobody has built."""
        if seed is None:
            return [
                shape_of(MODELS[number]) | _use(*use)
                for number, use in (
                    (1, (8, 4096, 16, 16)), (2, (1, 2048, 8, 16)), (3, (32, 8192, 4, 8)),
                    (5, (3, 1000, 16, 8)), (4, (100, 131_072, 4, 16)),
                )
            ]  # fmt: skip
        rng, sizes = np.random.default_rng(seed), self.sizes(None)[:1]
        for _ in range(6):
            kv_heads = int(rng.integers(1, 17))
            weight_bits, kv_bits = rng.choice([4, 8, 16, 32], 2, replace=False).tolist()
            shape = {
                "parameters": int(rng.integers(10**8, 10**11)) * 8,
                "layers": int(rng.integers(8, 128)), "heads": kv_heads * int(rng.integers(2, 9)),
                "kv_heads": kv_heads, "head_width": int(rng.choice([64, 96, 128])),
            }  # fmt: skip
            users, context = int(rng.integers(2, 200)), int(10 ** rng.uniform(2, 5))
            sizes.append(shape | _use(users, context, weight_bits, kv_bits))
        return sizes

    def arguments(self, size: Size) -> tuple[Any, ...]:
        """The shape of a model, its users with their context, and the bits of numbers."""
        return tuple(self._named(size).values())

    def _named(self, size: Size) -> dict[str, int]:
        names = ("parameters", "layers", "heads", "kv_heads", "head_width", "users", "context",
                 "weight_bits", "kv_bits")  # fmt: skip
        return {name: size[name] for name in names}

    def right(self, size: Size) -> int:
        """Both parts, added."""
        return textbook(*self.arguments(size))

    def truth(self, size: Size, right: int) -> str:
        """What is right, in GB too."""
        return f"it takes {right:,}, or {right / 1e9:,.1f} GB"

    def mistakes(self, size: Size) -> Iterator[tuple[float, str]]:
        """Wrong sums that people find, with their values here."""
        for formula, text in MISTAKES:
            yield formula(**self._named(size)) / 8, text


def _use(users: int, context: int, weight_bits: int, kv_bits: int) -> Size:
    return {"users": users, "context": context, "weight_bits": weight_bits, "kv_bits": kv_bits}
