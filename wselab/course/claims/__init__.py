"""The claims ledger: what popular texts say of wafer-scale engines, and what comes out.

Each row is a function that computes its verdict from `wselab.specs`, from predictions and from
runs; no verdict is typed.

    >>> claim = find("C02")
    >>> verdict = claim.judge()
    >>> verdict.kind, f"{factor(claim, verdict)[0]:.2f}"
    ('off by a factor', '1.53')
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from . import lesson_00, lesson_01, lesson_02, lesson_03, lesson_04, lesson_06, lesson_07, lesson_08
from .claim import KINDS, TEXTS, Claim, Kind, Ledger, Verdict, amount, factor

__all__ = [
    "CLAIMS", "KINDS", "TEXTS", "Claim", "Kind", "Ledger", "Verdict", "amount", "factor", "find",
    "lines",
]  # fmt: skip

_LESSONS = (
    lesson_00, lesson_01, lesson_02, lesson_03, lesson_04, lesson_06, lesson_07, lesson_08
)  # fmt: skip

#: Every claim that is decided so far, lesson by lesson.
CLAIMS: tuple[Claim, ...] = tuple(one for lesson in _LESSONS for one in lesson.LEDGER.claims)
WIDTH = 100


def find(id: str) -> Claim:
    """The claim of that id; raises ValueError where there is none."""
    for claim in CLAIMS:
        if claim.id == id.upper():
            return claim
    raise ValueError(f"no claim {id!r}; there are {', '.join(claim.id for claim in CLAIMS)}")


def lines(claims: tuple[Claim, ...] = CLAIMS) -> Iterator[str]:
    """The ledger for a terminal: the text's number, ours, the factor between them, and why."""
    for claim in claims:
        verdict = claim.judge()
        yield f"{claim.id}  {verdict.kind.upper()}  (lesson {claim.lesson})"
        yield _folded(claim.text)
        if (times := factor(claim, verdict)) is not None:
            said, ours = (amount(value, claim.unit) for value in (claim.said, verdict.ours))
            yield _folded(f"said {said}; ours {ours}; ours over theirs {amount(times, '')}")
        yield _folded(verdict.why)
        yield ""


def _folded(text: str) -> str:
    return textwrap.fill(text, WIDTH, initial_indent="  ", subsequent_indent="  ")
