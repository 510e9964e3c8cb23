"""Problem 7.2: the tokens whose activations fit on the wafer.

>>> textbook(96, 12_288, bits=16, sram_bytes=44_000_000_000, waiting=0)  # GPT-3 175B on a WSE-3
18649
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from inspect import signature
from typing import Any

import numpy as np

from ...specs import WSE2, WSE3
from ...specs.models import GPT3_175B, GPT3_XL, LLAMA3_8B, LLAMA3_70B
from ...streaming import layers_of
from ..problem import Size, register
from ..reckoning import Reckoning


def textbook(layers: int, width: int, bits: int, sram_bytes: int, waiting: int) -> int:
    """The plain right answer: the room that is left, over what a token keeps."""
    return max(0, room(bits, sram_bytes, waiting) // (layers * width * bits))


def room(bits: int, sram_bytes: int, waiting: int) -> int:
    """The bits that are left of SRAM beside ``waiting`` weights."""
    return 8 * sram_bytes - waiting * bits


def _but(**other: Any) -> Callable[..., int]:
    """The right answer to other arguments; those not named stay."""

    def formula(**model: int) -> int:
        return textbook(**{**model, **other})

    return formula


#: Wrong answers that people find, the likeliest first, and what to say.
MISTAKES: list[tuple[Callable[..., Any], str]] = [
    (
        _but(waiting=0),
        "The weights that wait are not counted: they lie in SRAM too, waiting of them, of bits "
        "bits each.",
    ),
    (
        lambda **m: max(0, 8 * m["sram_bytes"] - m["waiting"]) // (
            m["layers"] * m["width"] * m["bits"]
        ),
        "Each weight that waits takes bits bits, not one.",
    ),
    (
        lambda **m: max(0, 8 * (m["sram_bytes"] - m["waiting"])) // (
            m["layers"] * m["width"] * m["bits"]
        ),
        "It takes a weight that waits for a byte: it has bits bits.",
    ),
    (
        lambda **m: max(0, m["sram_bytes"] - m["waiting"] * m["bits"]) // (
            m["layers"] * m["width"] * m["bits"]
        ),
        "sram_bytes are bytes, and the rest is in bits: a byte has 8.",
    ),
    (
        _but(layers=1),
        "A token keeps what entered *each* of the layers, until the way back has come through it.",
    ),
    (
        _but(width=1),
        "What enters a layer is a vector of width numbers.",
    ),
    (
        _but(bits=16),
        "The bits do not come in: numbers do not always have 16.",
    ),
    (
        _but(bits=8),
        "It takes a byte for each number: it has bits bits.",
    ),
    (
        lambda **m: -(-max(0, room(m["bits"], m["sram_bytes"], m["waiting"])) // (
            m["layers"] * m["width"] * m["bits"]
        )),
        "It rounds up: the last token has no room. Round down.",
    ),
    (
        lambda **m: textbook(**m) + bool(
            room(m["bits"], m["sram_bytes"], m["waiting"]) % (m["layers"] * m["width"] * m["bits"])
            * 2 >= m["layers"] * m["width"] * m["bits"]
        ),
        "It rounds to the nearest: where that is up, the last token has no room. Round down.",
    ),
    (
        lambda **m: room(m["bits"], m["sram_bytes"], m["waiting"]) // (
            m["layers"] * m["width"] * m["bits"]
        ),
        "Where the weights that wait leave no room, 0 tokens fit, not fewer.",
    ),
    (
        lambda **m: max(0, room(m["bits"], m["sram_bytes"], m["waiting"] * m["layers"])) // (
            m["layers"] * m["width"] * m["bits"]
        ),
        "It lets all layers' weights wait: waiting is the number of weights that do, all together.",
    ),
]  # fmt: skip


@register
class TokensThatFit(Reckoning):
    """The learner's function reckons how many tokens' activations an SRAM holds."""

    number = "7.2"
    title = "The tokens that fit"
    points = 6
    answer = "tokens_that_fit"
    textbook = staticmethod(textbook)
    kind = "tokens are a whole number"
    hints = (
        "What does one token leave on the wafer until the way back? In each layer the vector that "
        "entered it. How many numbers, and how many bits, is that for all layers?",
        "layers * width * bits bits a token. The SRAM has 8 * sram_bytes bits, and waiting * bits "
        "of them are taken by weights that wait for their turn.",
        "(8 * sram_bytes - waiting * bits) // (layers * width * bits) rounds down, which is right: "
        "a part of a token is no token. And if there is no room left at all it is below 0: "
        "max(0, ...).",
    )

    def sizes(self, seed: int | None = None) -> list[Size]:
        """Models by name at first, then some that nobody has built; one where nothing fits."""
        if seed is None:
            shapes = (
                (GPT3_175B, WSE3, 16, 0), (GPT3_175B, WSE3, 16, 1), (LLAMA3_70B, WSE2, 8, 2),
                (GPT3_XL, WSE2, 32, 12), (LLAMA3_8B, WSE3, 32, 60),
            )  # fmt: skip
            return [
                {
                    "layers": model.layers, "width": model.width, "bits": bits,
                    "sram_bytes": int(chip.sram_bytes),
                    "waiting": ahead * layers_of(model)["layer 1"],
                }
                for model, chip, bits, ahead in shapes
            ]  # fmt: skip
        rng = np.random.default_rng(seed)
        sizes = self.sizes(None)[:1]
        for bits, part in ((8, 0.0), (16, 0.1), (32, 0.3), (16, 0.7), (8, 0.4), (16, 1.3)):
            sram = int(rng.integers(10**9, 9 * 10**10))
            sizes.append(
                {
                    "layers": int(rng.integers(8, 128)), "width": int(rng.integers(8, 128)) * 128,
                    "bits": bits, "sram_bytes": sram, "waiting": int(part * 8 * sram / bits),
                }
            )  # fmt: skip
        return sizes

    def arguments(self, size: Size) -> tuple[Any, ...]:
        """The shape of a model, bits of a number, bytes of SRAM, weights that wait."""
        return tuple(size[name] for name in signature(textbook).parameters)

    def right(self, size: Size) -> int:
        """The tokens."""
        return textbook(*self.arguments(size))

    def truth(self, size: Size, right: int) -> str:
        """What is right, and what it takes."""
        token = size["layers"] * size["width"] * size["bits"] / 8
        left = room(size["bits"], size["sram_bytes"], size["waiting"]) / 8
        if left <= 0:
            return "the weights that wait leave no room, so that 0 fit"
        return f"{right:,} fit, of {token:,.0f} bytes each, in {left:,.0f} that are left"

    def mistakes(self, size: Size) -> Iterator[tuple[Any, str]]:
        """Wrong answers that people find, with their values here."""
        named = {name: size[name] for name in signature(textbook).parameters}
        for formula, text in MISTAKES:
            yield formula(**named), text
