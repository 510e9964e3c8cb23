"""Problem 2.2: the bytes that it takes to train a model.

>>> textbook(1_000_000_000, layers=24, width=2048, tokens=0, bits=16, master=False)
12000000000
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from inspect import signature
from typing import Any

import numpy as np

from ...specs import MODELS, LanguageModel
from ..problem import Size, register
from ..reckoning import Reckoning

FP32_BITS = 32  # of Adam's two means and of the master copy, whatever the rest has


def textbook(parameters: int, layers: int, width: int, tokens: int, bits: int, master: bool) -> int:
    """The plain right answer: weights, gradients, Adam's means, perhaps a copy, activations."""
    return in_all(parameters, layers, width, tokens, bits, master) // 8


def in_all(
    parameters: int, layers: int, width: int, tokens: int, bits: int, master: bool,
    weights: int = 1, gradients: int = 1, means: int = 2, adam_bits: int = FP32_BITS,
    kept: int = 1,
) -> int:  # fmt: skip
    """The bits of all parts, so many times each."""
    of_a_weight = bits * (weights + gradients) + adam_bits * (means + master)
    return parameters * of_a_weight + kept * tokens * layers * width * bits


def _but(**other: Any) -> Callable[..., int]:
    """The sum with other arguments; one that is a text is taken from the argument of that name."""

    def formula(**model: Any) -> int:
        changed = {name: model[v] if isinstance(v, str) else v for name, v in other.items()}
        return in_all(**{**model, **changed})

    return formula


_MEANS = "Adam keeps two means of each weight, of its gradients and of their squares."

#: Wrong sums that people find, the likeliest first, in bits, and what to say.
MISTAKES: list[tuple[Callable[..., int], str]] = [
    (
        lambda **model: 8 * in_all(**model),
        "That is in bits: 8 of them are a byte.",
    ),
    (
        _but(gradients=0),
        "The gradients are missing: one for each weight, in as many bits as a weight has.",
    ),
    (
        _but(means=0),
        "What Adam keeps is missing: two means of each weight, in 32 bits.",
    ),
    (_but(means=1), _MEANS),
    (
        _but(adam_bits="bits"),
        "Adam's means, and a master copy, are in 32 bits, however few the weights have.",
    ),
    (
        lambda **model: (
            in_all(**{**model, "master": False})
            + model["master"] * model["parameters"] * model["bits"]
        ),
        "A master copy is in 32 bits, however few the weights have: that is what it is for.",
    ),
    (
        _but(master=False),
        "master does not come in: where it is True, a copy of the weights in 32 bits is kept too.",
    ),
    (
        _but(master=True),
        "The master copy is there only where master is True.",
    ),
    (
        _but(kept=0),
        "The activations are missing: of each token in flight, width values for every layer.",
    ),
    (
        _but(layers=1),
        "Activations are kept for every layer, since the way back needs what entered each.",
    ),
    (
        _but(tokens=1),
        "Activations are kept for every token in flight.",
    ),
    (
        _but(gradients=0, means=0, master=False, kept=0),
        "Those are the weights alone. To train, there are gradients, what Adam keeps, and "
        "activations.",
    ),
    (
        _but(gradients=0, means=0, master=False),
        "There are weights and activations alone. To train, each weight has a gradient, and Adam "
        "keeps two means of it.",
    ),
    (
        _but(bits=16),
        "bits does not come in: weights do not always have 16.",
    ),
    (
        lambda **model: in_all(**model) + 7 * model["parameters"] * 2 * FP32_BITS,
        "Adam's means are counted in bits, the rest in bytes: 32 bits are 4 bytes.",
    ),
]


@register
class BytesToTrain(Reckoning):
    """The learner's function reckons the memory of a training run."""

    number = "2.2"
    title = "The bytes to train a model"
    points = 6
    answer = "bytes_to_train"
    textbook = staticmethod(textbook)
    kind = "bytes are a whole number"
    hints = (
        "Begin with what there is of each weight: the weight itself, and its gradient. With 16 "
        "bits each that is 2 and 2 bytes. A byte has 8 bits, so a number of bits takes bits // 8 "
        "bytes.",
        "Adam keeps two numbers more for each weight, in 32 bits, so 8 bytes. If master is True a "
        "copy of the weight in 32 bits comes on top, 4 bytes. With 16 bits that makes 12 or 16 "
        "bytes for each of the parameters.",
        "Activations are counted apart, since they grow with the tokens and not with the weights: "
        "tokens * layers * width values of bits // 8 bytes. All in all: parameters * (2 * bits // "
        "8 + 8 + 4 * master) + tokens * layers * width * bits // 8.",
    )

    def sizes(self, seed: int | None = None) -> list[Size]:
        """Models by name at first, then some that nobody has built."""
        if seed is None:
            return [
                _size(number, tokens, bits, master)
                for number, tokens, bits, master in (
                    (1, 4096, 16, 0), (0, 32_768, 32, 0), (5, 100_000, 16, 1), (3, 1_000_000, 8, 1),
                    (2, 1, 8, 0),
                )
            ]  # fmt: skip
        rng = np.random.default_rng(seed)
        return self.sizes(None)[:1] + [
            {
                "parameters": int(rng.integers(10**8, 10**11)) * 8,
                "layers": int(rng.integers(8, 128)), "width": int(rng.integers(8, 128)) * 128,
                "tokens": int(10 ** rng.uniform(1, 6.5)), "bits": bits, "master": master,
            }
            for bits in (8, 16, 32) for master in (0, 1)
        ]  # fmt: skip

    def arguments(self, size: Size) -> tuple[Any, ...]:
        """The shape of a model, tokens in flight, bits of a weight, and whether there is a copy."""
        names = ("parameters", "layers", "width", "tokens", "bits")
        return *(size[name] for name in names), bool(size["master"])

    def right(self, size: Size) -> int:
        """All parts, added."""
        return textbook(*self.arguments(size))

    def truth(self, size: Size, right: int) -> str:
        """What is right, in GB too."""
        return f"it takes {right:,}, or {right / 1e9:,.1f} GB"

    def mistakes(self, size: Size) -> Iterator[tuple[float, str]]:
        """Wrong sums that people find, with their values here."""
        names = signature(textbook).parameters
        model = dict(zip(names, self.arguments(size), strict=True))
        for formula, text in MISTAKES:
            yield formula(**model) / 8, text


def shape_of(model: LanguageModel) -> Size:
    """The shape of a model of `wselab.specs` as a size: whole numbers by name."""
    names = ("parameters", "layers", "width", "heads", "kv_heads", "head_width")
    return {name: int(getattr(model, name)) for name in names}


def _size(number: int, tokens: int, bits: int, master: int) -> Size:
    shape = shape_of(MODELS[number])
    names = ("parameters", "layers", "width")
    return {name: shape[name] for name in names} | {
        "tokens": tokens, "bits": bits, "master": master,
    }  # fmt: skip
