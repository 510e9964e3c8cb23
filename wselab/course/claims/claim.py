"""A claim that a popular text makes, and the verdict that is computed for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

Kind = Literal[
    "holds", "holds with conditions", "off by a factor", "contradicted", "cannot be checked"
]

#: What each verdict means.
KINDS: dict[Kind, str] = {
    "holds": "what is claimed comes out",
    "holds with conditions": "it comes out for what the verdict names, and not in general",
    "off by a factor": "it comes out different, by the factor given",
    "contradicted": "by another claim, or by a run",
    "cannot be checked": "from what is public",
}

#: The texts that make the claims; no reader needs them to follow a verdict.
TEXTS = {
    "T0": "an engineering blog, in Korean",
    "T1": "a news blog, in Korean",
    "T2": "a long lesson that prepares for interviews",
    "T3": "a news piece on a contract of 750 MW",
    "T4": "a technical feature",
}

Range = tuple[float, float]


class Verdict(NamedTuple):
    """What came out: of which kind, ours as a number or a range in the claim's unit, and why."""

    kind: Kind
    ours: float | Range | None
    why: str


class Claim(NamedTuple):
    """A claim, in our words.

    ``said`` is the text's number or range, in ``unit``, where it gives one. ``judge`` computes the
    verdict, from facts, predictions and runs.
    """

    id: str
    texts: tuple[str, ...]
    text: str
    said: float | Range | None
    unit: str
    lesson: str
    judge: Callable[[], Verdict]


def factor(claim: Claim, verdict: Verdict) -> Range | None:
    """Ours over the text's number, from least to most; None where one of them is missing."""
    if claim.said is None or verdict.ours is None:
        return None
    said, ours = _pair(claim.said), _pair(verdict.ours)
    return ours[0] / said[1], ours[1] / said[0]


def _pair(value: float | Range) -> Range:
    return value if isinstance(value, tuple) else (value, value)


class Ledger:
    """The claims that one lesson decides; `claim` adds one, as a decorator of its judge."""

    def __init__(self, lesson: str):
        self.lesson = lesson
        self.claims: list[Claim] = []

    def claim(
        self, id: str, texts: str, text: str, said: float | Range | None = None, unit: str = ""
    ) -> Callable[[Callable[[], Verdict]], Callable[[], Verdict]]:
        """Enter a claim; ``texts`` are its texts, apart from each other by spaces."""

        def enter(judge: Callable[[], Verdict]) -> Callable[[], Verdict]:
            self.claims.append(
                Claim(id, tuple(texts.split()), text, said, unit, self.lesson, judge)
            )
            return judge

        return enter


def amount(value: float | Range | None, unit: str) -> str:
    """A number or a range with its unit, as a reader wants it.

    >>> amount(46_225, "mm2"), amount((0.0123, 0.0123), ""), amount((1e15, 2e18), "byte/s")
    ('46,225 mm2', '0.0123', '1e+15 to 2e+18 byte/s')
    """
    if value is None:
        return "-"
    texts: dict[str, Any] = {}
    for number in _pair(value):
        texts[f"{number:,.0f}" if 1000 <= abs(number) < 1e9 else f"{number:.3g}"] = None
    return f"{' to '.join(texts)} {unit}".rstrip()
