"""Problem 4.3: which reduce for a row of so many PEs, with vectors so long?

>>> by_closed_forms(64, 1), by_closed_forms(64, 100), by_closed_forms(8, 2000)
(('star', None), ('two_phase', 8), ('chain', None))
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from operator import index
from typing import Any

import numpy as np

from ...kernels import reduce_row
from ...predict import reduce_row as predicted
from ..problem import Problem, Refused, Size, register
from ..reckoning import FORBIDDEN
from ..writing import call, name_of

Case = tuple[int, int]  # PEs, wavelets
Choice = tuple[str, int | None]  # an algorithm, and its group

ALGORITHMS = ("star", "chain", "tree", "two_phase")
SHOWN = [(64, 1), (64, 16), (64, 256), (16, 1_000), (8, 16), (100, 3), (30, 64), (128, 400)]
MARGIN = 1.5  # plain closed forms choose worse than they need to by nearly half, here and there


def by_closed_forms(pes: int, wavelets: int) -> Choice:
    """The plain right answer: what takes least by the closed forms of lesson 04, for T_R = 2."""
    levels = (pes - 1).bit_length()
    cycles: dict[Choice, int] = {
        ("star", None): wavelets * (pes - 1) + 6,
        ("chain", None): wavelets + 6 * (pes - 1),
        ("tree", None): (wavelets + 5) * levels + pes - 1,
    }
    for group in range(2, pes):
        groups = -(-pes // group)
        hand_overs = group - 1 + groups - 1
        cycles["two_phase", group] = 2 * wavelets + pes - 1 + 5 * hand_overs
    return min(cycles, key=lambda choice: cycles[choice])


@register
class ChooseTheReduce(Problem):
    """The learner's function is asked for many rows; what it chooses is run."""

    number = "4.3"
    title = "Choose the reduce for a row"
    points = 8
    answer = "choose"
    textbook = staticmethod(by_closed_forms)
    hints = (
        "Think of the two ends first. With a single value in each PE, hand-overs are all that "
        "costs: who has fewest of them in turn? With very long vectors the PE that takes in most "
        "vectors is the slowest: who takes in no more than one? The other two lie between.",
        "Write one line for each algorithm that gives its cycles for P PEs and B values: the chain "
        "B + 6 (P - 1), the star B (P - 1) + 6. A binary tree has (P - 1).bit_length() levels; in "
        "each a vector is handed over, B + 5, and all levels together have P - 1 links.",
        "Two phases hand over S - 1 times in the groups and G - 1 times between them, with G = "
        "-(-P // S) groups of S: 2 B + P - 1 + 5 (S - 1 + G - 1). Put all into a dictionary, two "
        "phases once for every S from 2 on, and return the choice with the least: min(found, "
        "key=found.get).",
    )

    def sizes(self, seed: int | None = None) -> list[Size]:
        """The cases that are shown, and others; ``draw`` 0 are the former."""
        return [{"draw": 0}, {"draw": 1 if seed is None else seed + 2}]

    def in_words(self, size: Size) -> str:
        """Shown or not."""
        return f"{'other' if size['draw'] else 'the'} rows{'' if size['draw'] else ' shown'}"

    def cases(self, size: Size) -> list[Case]:
        """(PEs, wavelets) of each row that is tried."""
        if not size["draw"]:
            return SHOWN
        rng = np.random.default_rng(size["draw"])
        pes = rng.integers(4, 129, len(SHOWN)).tolist()
        wavelets = (2 ** rng.uniform(0, 9, len(SHOWN))).astype(int).tolist()
        return list(zip(pes, wavelets, strict=True))

    def par_at(self, size: Size) -> int:
        """Cycles of what the closed forms choose, over all rows."""
        return sum(_run(by_closed_forms(*case), *case) for case in self.cases(size))

    def write(self, answer: Any, size: Size) -> list[list[Any]]:
        """What the function says of each case, and what if the two numbers change places."""
        said = []
        for pes, wavelets in self.cases(size):
            given = call(answer, pes, wavelets, forbidden=FORBIDDEN)
            choice = _checked(given, name_of(answer), pes, wavelets)
            try:
                given = call(answer, wavelets, pes, forbidden=FORBIDDEN)
                other: Any = _checked(given, "", wavelets, pes)
            except Refused:
                other = None
            said.append([choice, other])
        return said

    def judge(self, written: Any, size: Size, rng: np.random.Generator) -> int:
        """Hold every choice against the best one, and run it; the cycles of all together."""
        cases = self.cases(size)
        choices = [_checked(one[0], "", *case) for one, case in zip(written, cases, strict=True)]
        bad = [
            f"{_row(*case)}: you choose {_name(*choice)}, which takes {_takes(choice, *case):,} "
            f"cycles; {_name(*_best(*case))} takes {_takes(_best(*case), *case):,}."
            for choice, case in zip(choices, cases, strict=True)
            if not _good(choice, *case)
        ]
        if bad:
            named = _mistakes(choices, [one[1] for one in written], cases)
            asked = f"Half as much again as the best may be; {len(bad)} of {len(cases)} take more."
            raise Refused(*named, *bad[:2], asked)
        return sum(_run(choice, *case) for choice, case in zip(choices, cases, strict=True))


def _mistakes(choices: list[Choice], others: list[Any], cases: list[Case]) -> Iterator[str]:
    """What is known to go wrong, a sentence each."""
    swapped = zip(others, cases, strict=True)
    if all(other and _good(_checked(other, "", *case), *case) for other, case in swapped):
        yield "pes and wavelets are mixed up: the first number is PEs in the row."
    elif len(set(choices)) == 1:
        yield (
            "The answer is the same for every row. No algorithm is best for all: it depends on "
            "how many PEs there are, and on how long their vectors are."
        )
    elif len({choice[1] for choice in choices if choice[0] == "two_phase"}) == 1 and all(
        choice[0] == "two_phase" for choice, case in zip(choices, cases, strict=True)
        if not _good(choice, *case)
    ):  # fmt: skip
        yield "The group of two_phase is always the same; the best one depends on the row."


def _checked(said: Any, name: str, pes: int, wavelets: int) -> Choice:
    """What was returned, as an algorithm and a group; `Refused` where it is none."""
    call_ = f"{name}({pes}, {wavelets})"
    if not isinstance(said, (tuple, list)) or len(said) != 2:
        raise Refused(
            f"{call_} gives {_short(said)}; expected two things, an algorithm and its group, such "
            "as ('two_phase', 8) or ('chain', None)."
        )
    algorithm, group = said
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        known = ", ".join(map(repr, ALGORITHMS))
        raise Refused(f"{call_} chooses {_short(algorithm)}; there is {known}.")
    if algorithm != "two_phase":
        if group is not None:
            raise Refused(
                f"{call_} gives {_short(algorithm)} a group, {_short(group)}; only "
                "two_phase has groups here, so it is None."
            )
        return algorithm, None
    try:
        size = index(group)
    except Exception:  # whatever it is, it is no whole number
        raise Refused(
            f"{call_} gives two_phase groups of {_short(group)}; expected a whole number of PEs "
            "(round(...) or // make one)."
        ) from None
    if not 1 <= size <= pes:
        raise Refused(f"{call_} gives two_phase groups of {size} PEs; the row has {pes}.")
    return algorithm, size


def _short(thing: Any) -> str:
    try:
        text = repr(thing)
    except Exception:  # a learner's own class may not have one
        text = f"something of type {type(thing).__name__}"
    return text if len(text) < 60 else f"{text[:57]}..."


def _row(pes: int, wavelets: int) -> str:
    return f"{pes} PEs, {wavelets} value{'s' if wavelets > 1 else ''} each"


def _name(algorithm: str, group: int | None) -> str:
    return algorithm if group is None else f"{algorithm} in groups of {group}"


def _good(choice: Choice, pes: int, wavelets: int) -> bool:
    """Whether a choice is not much slower than the best."""
    best = _takes(_best(pes, wavelets), pes, wavelets)
    return _takes(choice, pes, wavelets) <= MARGIN * best


@cache
def _takes(choice: Choice, pes: int, wavelets: int) -> int:
    return predicted(pes=pes, wavelets=wavelets, algorithm=choice[0], group=choice[1])


@cache
def _best(pes: int, wavelets: int) -> Choice:
    plain: list[Choice] = [("star", None), ("chain", None), ("tree", None)]
    choices = plain + [("two_phase", group) for group in range(2, pes)]
    return min(choices, key=lambda choice: _takes(choice, pes, wavelets))


@cache
def _run(choice: Choice, pes: int, wavelets: int) -> int:
    """Cycles on the emulator."""
    x = np.ones((1, pes, wavelets), np.float32)
    return reduce_row(x, algorithm=choice[0], group=choice[1])[1].cycles
