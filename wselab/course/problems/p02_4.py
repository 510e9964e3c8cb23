"""Problem 2.4: a test for claims that take bits for bytes.

>>> textbook(21, "Pb/s", 21, "PB/s"), textbook(214, "Pb/s", 26.75, "PB/s")
('bits and bytes', 'holds')
>>> textbook(40, "MB", 40, "GB"), textbook(3.35, "TB", 3.35, "TB/s"), textbook(48, "kB", 48, "KiB")
('prefix', 'not comparable', 'holds')
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np

from ...specs import H100, WSE2, WSE3
from ..problem import Refused, Size, register
from ..reckoning import Calculation

VERDICTS = ("holds", "bits and bytes", "prefix", "not comparable", "wrong")
NEAR = 0.05  # how far off a claim may be, for its number is rounded
POWERS = {"": 1, "k": 10**3, "Ki": 2**10, "M": 10**6, "Mi": 2**20, "G": 10**9, "Gi": 2**30,
          "T": 10**12, "P": 10**15}  # fmt: skip
OTHER_TIMES = (2, 0.4, 5, 0.03, 64, 1 / 64, 125, 8000)  # the fact, or parts of it: plainly wrong


Claim = tuple[float, str, float, str]  # a number with its unit, and the fact's


def textbook(number: float, unit: str, fact: float, fact_unit: str) -> str:
    """The plain right answer."""
    return judged(number, unit, fact, fact_unit)


def judged(
    number: float, unit: str, fact: float, fact_unit: str, *,
    bits_of: Callable[[str], float] | None = None, power_of: Callable[[str], float] | None = None,
    rates: bool = True, near: float = NEAR, eighths: tuple[float, ...] = (8, 1 / 8),
    thousandths: tuple[float, ...] = (1000, 1 / 1000),
) -> str:  # fmt: skip
    """The verdict; the other arguments are what a test may get wrong."""
    bits_of, power_of = bits_of or bits, power_of or power
    if rates and unit.endswith("/s") != fact_unit.endswith("/s"):
        return "not comparable"
    claimed = number * bits_of(unit) * power_of(unit)
    times = claimed / (fact * bits_of(fact_unit) * power_of(fact_unit))
    for known, verdict in (
        ((1,), "holds"), (eighths, "bits and bytes"), (thousandths, "prefix"),
    ):  # fmt: skip
        if any(abs(times / each - 1) <= near for each in known):
            return verdict
    return "wrong"


#: Tests that people write, and what these miss.
MISTAKES: list[tuple[Callable[..., str], str]] = [
    (
        lambda *claim: judged(*claim, bits_of=lambda unit: 8),
        "It does not tell b from B: a small b is a bit, a capital B is a byte, 8 bits.",
    ),
    (
        lambda *claim: judged(*claim, bits_of=lambda unit: 9 - bits(unit)),
        "b and B are mixed up: a byte, B, has 8 bits, b.",
    ),
    (
        lambda *claim: judged(*claim, power_of=lambda unit: 1),
        "Prefixes do not come in: 1 TB is 1,000 GB.",
    ),
    (
        lambda number, unit, fact, fact_unit: judged(number, "B", fact, "B"),
        "It compares the numbers alone; their units differ.",
    ),
    (
        lambda *claim: judged(*claim, eighths=(8,)),
        "It misses one direction: a claim can be 8 times as large as the fact, or an eighth of it.",
    ),
    (
        lambda *claim: judged(*claim, eighths=(1 / 8,)),
        "It misses one direction: a claim can be 8 times as large as the fact, or an eighth of it.",
    ),
    (
        lambda *claim: judged(*claim, thousandths=(1000,)),
        "It misses one direction: a claim can be 1,000 times as large as the fact, or a thousandth "
        "of it.",
    ),
    (
        lambda *claim: judged(*claim, thousandths=(1 / 1000,)),
        "It misses one direction: a claim can be 1,000 times as large as the fact, or a thousandth "
        "of it.",
    ),
    (
        lambda *claim: judged(*claim, rates=False),
        "It does not see that one of the two is a rate, /s, and the other an amount.",
    ),
    (
        lambda *claim: judged(*claim, near=1e-9),
        "It asks for the exact number. What a claim says is rounded: 5 % off is near enough, also "
        "around 8 times and 1,000 times.",
    ),
    (
        lambda *claim: judged(
            *claim, power_of=lambda unit: POWERS[_prefix(unit).replace("Ki", "k").rstrip("i")]
        ),
        "Ki, Mi and Gi are powers of 1,024; it takes them for k, M and G.",
    ),
    (
        lambda *claim: judged(
            *claim, power_of=lambda unit: 1024 ** " KMGTP".index((_prefix(unit).upper() or " ")[0])
        ),
        "k, M, G, T and P are powers of 1,000; only Ki, Mi and Gi are powers of 1,024.",
    ),
    *(
        (lambda *claim, always=verdict: always, f"It says {verdict!r} of every claim.")
        for verdict in VERDICTS
    ),
    (
        lambda *claim: "holds" if judged(*claim) == "holds" else "wrong",
        "It says whether a claim holds, and not what is wrong with it.",
    ),
]  # fmt: skip


@register
class TestTheClaims(Calculation):
    """The learner's function judges many claims."""

    number = "2.4"
    title = "Write the test that catches bits taken for bytes"
    points = 8
    answer = "verdict"
    explains = 0.9  # what is near may be asked for a little differently
    textbook = staticmethod(textbook)
    hints = (
        "Take a unit apart first: unit.endswith('/s') tells a rate, unit.removesuffix('/s')[-1] is "
        "b or B, and what stands before that is the prefix, perhaps none. A dictionary with the "
        "factor of each prefix, and 8 for a byte, make bits of any number.",
        "Both numbers in bits, then their ratio: claim / fact. It is near 1 where the claim holds, "
        "near 8 or 1/8 where bits were taken for bytes or the other way round, near 1000 or 1/1000 "
        "where the prefix is wrong. If only one of the two is a rate there is nothing to compare.",
        "Near means within 5 %: abs(ratio / 8 - 1) <= 0.05, and so for each of the five numbers. "
        "Ask for 'not comparable' first, then for the five numbers, and return 'wrong' at the end.",
    )

    def sizes(self, seed: int | None = None) -> list[Size]:
        """Claims on chips that are known, and claims of every kind that a draw makes."""
        if seed is None:
            return [*_numbered(0), *_numbered(1)]
        return [*_numbered(0)[:1], *_numbered(seed + 2)]

    def in_words(self, size: Size) -> str:
        """The call, as it is written in Python."""
        number, unit, fact, fact_unit = self.arguments(size)
        return f'verdict({number:g}, "{unit}", {fact:g}, "{fact_unit}")'

    def arguments(self, size: Size) -> tuple[Any, ...]:
        """A number and its unit, twice: what is claimed, and what is so."""
        return claims(size["draw"])[size["claim"]]

    def read(self, given: Any, name: str, size: Size) -> str:
        """One of the five verdicts."""
        if type(given) is str and given in VERDICTS:
            return given
        shown = f"something of type {type(given).__name__}"
        shown = repr(given[:40]) if type(given) is str else "nothing" if given is None else shown
        raise Refused(f"{name} returns {shown}; expected one of {', '.join(map(repr, VERDICTS))}.")

    def mistakes(self, size: Size) -> Iterator[tuple[str, str]]:
        """What tests that people write say of this claim."""
        for test, text in MISTAKES:
            yield test(*self.arguments(size)), text

    def measure(self, written: Any, size: Size) -> int:
        """Nothing but that the verdict is right."""
        if type(written) is not str:
            raise ValueError(f"{written!r:.60} is no verdict")
        number, unit, fact, fact_unit = self.arguments(size)
        right = judged(number, unit, fact, fact_unit)
        if written == right:
            return 0
        if right == "not comparable":
            why = "one is a rate, and the other an amount"
        else:
            times = number * bits(unit) * power(unit) / (fact * bits(fact_unit) * power(fact_unit))
            why = f"what is claimed is {times:.4g} times the fact"
        raise Refused(f"{self.in_words(size)} gives {written!r}; but {why}: {right!r}.")


@cache
def claims(draw: int) -> tuple[Claim, ...]:
    """Claims on chips that are known, for 0, or made up: some of each verdict, in no order.

    No made-up one lies near the edge of what is near.
    """
    return tuple(_made_up(draw) if draw else _known())


def _numbered(draw: int) -> list[Size]:
    return [{"draw": draw, "claim": number} for number in range(len(claims(draw)))]


def _known() -> list[Claim]:
    """Claims such as popular texts make, against the facts."""
    sram, fabric = WSE3.sram_bandwidth_bytes_per_s / 1e15, WSE3.fabric_bandwidth_bits_per_s / 1e15
    io, hbm = WSE3.io_bandwidth_bits_per_s / 8e9, H100.hbm_bandwidth_bytes_per_s / 1e12
    return [
        (21, "PB/s", sram, "PB/s"),  # the memory of all cores
        (21, "Pb/s", sram, "PB/s"),
        (21, "PB/s", fabric, "Pb/s"),  # the links of the fabric
        (26.7, "PB/s", fabric, "Pb/s"),
        (220, "Pb/s", WSE2.fabric_bandwidth_bits_per_s / 8e15, "PB/s"),
        (1.2, "TB/s", io, "GB/s"),
        (1.2, "Tb/s", io, "GB/s"),
        (44, "GB", WSE3.sram_bytes / 1e6, "MB"),
        (40, "MB", WSE2.sram_bytes / 1e9, "GB"),
        (48, "kB", WSE3.pe_memory_bytes / 1024, "KiB"),
        (48, "MB", WSE3.pe_memory_bytes, "B"),
        (3.35, "TB", hbm, "TB/s"),
        (26.8, "Tb/s", hbm, "TB/s"),
        (7000, "GB/s", hbm, "TB/s"),
    ]


def _made_up(draw: int) -> list[Claim]:
    rng = np.random.default_rng(draw)
    found = [_claim(1, "Gi", "M", 0.015, rng), _claim(1, "T", "Gi", 0.015, rng)]  # 7 % and more
    for times in [1, 1, 8, 8, 1 / 8, 1 / 8, 1000, 1000, 1 / 1000, 1 / 1000, 0, 0, *OTHER_TIMES]:
        at = int(rng.integers(len(POWERS)))  # the other prefix is not far from it
        near = np.clip(at + rng.integers(-2, 3), 0, len(POWERS) - 1)
        found.append(_claim(times, [*POWERS][at], [*POWERS][near], 0.035, rng))
    return [found[at] for at in rng.permutation(len(found))]


def _claim(times: float, prefix: str, other: str, off: float, rng: np.random.Generator) -> Claim:
    """A claim that is about so many times the fact; 0 stands for one that is not comparable."""
    rates = ["/s", "/s"] if rng.random() < 0.6 else ["", ""]
    if not times:
        rates = [*rng.permutation(["", "/s"])]
    units = [each + str(rng.choice(["b", "B"])) for each in (prefix, other)]
    fact = float(f"{10 ** rng.uniform(0, 3):.3g}")
    claimed = (times or 1) * rng.uniform(1 - off, 1 + off) * fact * bits(units[1]) * power(units[1])
    number = float(f"{claimed / bits(units[0]) / power(units[0]):.4g}")
    return number, units[0] + str(rates[0]), fact, units[1] + str(rates[1])


def bits(unit: str) -> int:
    """1 for a unit of bits, 8 for one of bytes."""
    return 1 if unit.removesuffix("/s")[-1] == "b" else 8


def power(unit: str) -> int:
    """What a unit's prefix stands for."""
    return POWERS[_prefix(unit)]


def _prefix(unit: str) -> str:
    return unit.removesuffix("/s")[:-1]
