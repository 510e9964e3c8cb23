"""Problems: what is asked, how an answer is graded, and the hints.

An answer is judged in two steps. `Problem.write` calls the learner's function and keeps what it
wrote as plain data; `Problem.judge` makes a fresh wafer from that data, loads numbers that the
function has never seen, runs, and reads the answer out of the PEs. The notebook does both in one
process; the command line does the second in its own, where no line of the learner's runs.

    >>> import wselab.course as course
    >>> course.check("3.1", lambda w, x_down, partial: None).passed
    False
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from typing import Any, ClassVar

import numpy as np

Size = dict[str, int]


class Refused(Exception):
    """An answer that cannot be judged any further; ``reasons`` are sentences for the learner.

    ``score`` is given where the answer is right and its score is over what is asked.
    """

    def __init__(self, *reasons: str, score: int | None = None):
        super().__init__(" ".join(reasons))
        self.reasons, self.score = list(reasons), score


@dataclass(frozen=True)
class Result:
    """What a check says: points, the score against par, and why.

    ``score`` and ``par`` are in ``unit``, emulated cycles for most problems. They are None where
    the answer did not come to a right end, and where a problem has no score. ``bound`` says what no
    answer can beat, where that is known. ``reasons`` are sentences, the most telling first; an
    answer that passed has none.
    """

    number: str
    title: str
    passed: bool
    out_of: int
    par: int | None = None
    score: int | None = None
    reasons: list[str] = field(default_factory=list)
    bound: str = ""
    unit: str = "cycles"

    @property
    def points(self) -> int:
        """All points of the problem, or none."""
        return self.out_of if self.passed else 0

    @property
    def against_par(self) -> str:
        """The score beside par, in words; empty where there is no score."""
        if self.score is None or self.par is None:
            return ""
        away = self.score - self.par
        verdict = "at par" if not away else f"{abs(away):,} {'over' if away > 0 else 'under'} par"
        if away <= 0 and not self.passed:  # par alone is not enough
            verdict = "not low enough yet"
        return f"{self.score:,} {self.unit}, {verdict} (par: {self.par:,})"

    @property
    def headline(self) -> str:
        """One line: which problem, passed or not, points."""
        verdict = "passed" if self.passed else "not yet"
        return (
            f"Problem {self.number}, {self.title}: {verdict}, {self.points} of {self.out_of} points"
        )

    def __repr__(self) -> str:
        lines = [self.headline]
        lines += [part for part in (self.against_par, self.bound) if part]
        lines += [f"- {reason}".replace("\n", "\n  ") for reason in self.reasons]
        lines += [] if self.passed else [f'Stuck? wse.hint("{self.number}") opens a hint.']
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        sign = "&#10003;" if self.passed else "&#9675;"  # a mark and words: never color alone
        reasons = "".join(
            f"<li style='white-space: pre-wrap'>{escape(reason)}</li>" for reason in self.reasons
        )
        parts = [f"<p><strong>{sign} {escape(self.headline)}</strong></p>"]
        parts += [f"<p>{escape(part)}</p>" for part in (self.against_par, self.bound) if part]
        parts += [f"<ul>{reasons}</ul>"] if reasons else []
        if not self.passed:
            command = escape(f'wse.hint("{self.number}")')
            parts.append(f"<p>Stuck? <code>{command}</code> opens a hint.</p>")
        return f"<div>{''.join(parts)}</div>"


class Hints:
    """The hints that are open so far, the newest last."""

    def __init__(self, number: str, texts: tuple[str, ...], opened: int):
        self.number, self.texts, self.opened = number, texts, opened

    def _lines(self) -> list[str]:
        total = len(self.texts)
        lines = [f"Hint {k + 1} of {total}: {self.texts[k]}" for k in range(self.opened)]
        more = f'wse.hint("{self.number}") again opens the next one.'
        return [*lines, more if self.opened < total else "That was the last one."]

    def __repr__(self) -> str:
        return "\n".join(self._lines())

    def _repr_html_(self) -> str:
        return "".join(f"<p>{escape(line)}</p>" for line in self._lines())


class Problem(ABC):
    """One graded piece. A kind of problem says how answers are written down and judged.

    ``answer`` is the name that the learner's function has in the exercise, or the names of several,
    with commas between; ``textbook`` is the plain right answer, whose score is par. A problem that
    is right or not, and nothing between, is not ``scored``.
    """

    number: ClassVar[str]
    title: ClassVar[str]
    points: ClassVar[int]
    answer: ClassVar[str]
    hints: ClassVar[tuple[str, str, str]]
    textbook: ClassVar[Callable[..., Any]]
    unit: ClassVar[str] = "cycles"
    scored: ClassVar[bool] = True

    @abstractmethod
    def sizes(self, seed: int | None) -> list[Size]:
        """The sizes to try, the first being the one that is scored; a seed brings others."""

    def answer_in(self, namespace: dict[str, Any]) -> Any:
        """The answer among the names of a notebook: a function, or a tuple of several."""
        names = self.answer.split(", ")
        for name in names:
            if name not in namespace:
                raise Refused(f"The notebook defines no function named {name}.")
        found = tuple(namespace[name] for name in names)
        return found[0] if len(found) == 1 else found

    @abstractmethod
    def write(self, answer: Any, size: Size) -> Any:
        """Call the learner's function; what it wrote, as JSON can hold it. May raise `Refused`."""

    @abstractmethod
    def judge(self, written: Any, size: Size, rng: np.random.Generator) -> int:
        """Try what was written on data of our own; its score, or `Refused` with the reasons."""

    @abstractmethod
    def par_at(self, size: Size) -> int:
        """The score of the textbook's answer at a size, found by trying it."""

    @cached_property
    def par(self) -> int:
        """The score of the textbook's answer at the size that is scored."""
        return self.par_at(self.sizes(None)[0])

    def bound(self) -> str:
        """What no answer can beat at the size that is scored, in words; "" where none is known."""
        return ""

    def in_words(self, size: Size) -> str:
        """A size as a reader says it."""
        return ", ".join(f"{name} = {value}" for name, value in size.items())

    def check(self, answer: Any, seed: int | None = None) -> Result:
        """Grade an answer; another ``seed`` brings other data and other sizes."""
        sizes, written = self.sizes(seed), []
        try:
            for size in sizes:
                written.append(self.write(answer, size))
        except Refused as refused:
            return self.grade(written, sizes, seed, refused.reasons)
        return self.grade(written, sizes, seed)

    def grade(
        self,
        written: list[Any],
        sizes: list[Size],
        seed: int | None = None,
        against: list[str] | None = None,
    ) -> Result:
        """Judge what was written for each size, twice, on fresh data each time.

        ``against`` are the reasons why nothing was written for the next size. Raises ValueError
        where something is missing without a reason.
        """
        missing = len(sizes) - len(written)
        if missing < 0 or bool(missing) != bool(against):
            raise ValueError(f"{len(written)} programs for {len(sizes)} sizes")
        score = None
        for place, (program, size) in enumerate(zip(written, sizes, strict=False)):
            for again in range(2):
                rng = np.random.default_rng([0 if seed is None else seed + 1, place, again])
                try:
                    found = self.judge(program, size, rng)
                except Refused as refused:
                    return self._fails(refused.reasons, sizes, place, refused.score)
                score = found if score is None else score
        if against:
            return self._fails(against, sizes, len(written))
        return self.result(score)

    def _fails(
        self, reasons: list[str], sizes: list[Size], place: int, score: int | None = None
    ) -> Result:
        """An answer that fails at one of the sizes, and not at those before."""
        if not place:
            return self.result(score, reasons)
        first, here = self.in_words(sizes[0]), self.in_words(sizes[place])
        well = "Right" if score is None else "Low enough"
        return self.result(reasons=[f"{well} with {first}, not with {here}:", *reasons])

    def result(self, score: int | None = None, reasons: list[str] | None = None) -> Result:
        """A `Result` of this problem: passed where there are no reasons against it."""
        passed = score is not None and not reasons
        if score is None or not self.scored:
            return Result(self.number, self.title, passed, self.points, reasons=reasons or [])
        return Result(
            self.number, self.title, passed, self.points, self.par, score, reasons or [],
            self.bound(), self.unit,
        )  # fmt: skip


_KNOWN: dict[str, Problem] = {}
_OPENED: dict[str, int] = {}


def register(kind: type[Problem]) -> type[Problem]:
    """Make a kind of problem known by its number; used as a decorator."""
    _KNOWN[kind.number] = kind()
    return kind


def numbers() -> list[str]:
    """The numbers of all problems, in order; the open puzzle of a lesson, such as 4.P, last."""
    return sorted(_KNOWN, key=_order)


def _order(number: str) -> tuple[int, bool, int]:
    """Where a number comes.

    >>> sorted(["10.1", "4.P", "4.2", "4.10"], key=_order)
    ['4.2', '4.10', '4.P', '10.1']
    """
    lesson, _, part = number.partition(".")
    return int(lesson), not part.isdigit(), int(part) if part.isdigit() else 0


def find(number: str) -> Problem:
    """The problem of that number.

    >>> find("3.9")
    Traceback (most recent call last):
        ...
    ValueError: there is no problem '3.9'; the problems are 1.1...
    """
    known = numbers()
    if str(number) not in known:
        raise ValueError(f"there is no problem {number!r}; the problems are {', '.join(known)}")
    return _KNOWN[str(number)]


def check(number: str, answer: Any, seed: int | None = None) -> Result:
    """Grade ``answer`` to the problem of that number at once: `wse.check("3.1", wire)`.

    The same answer gives the same `Result` on every machine; ``seed`` brings other data.
    Raises ValueError where there is no such problem.

    >>> check("3.1", lambda w, x_down, partial: None)
    Problem 3.1, Wire the eight routes of the 2 x 2 GEMV: not yet, 0 of 8 points
    - No route is written yet...
    """
    return find(number).check(answer, seed)


def hint(number: str) -> Hints:
    """Open the next hint to the problem of that number, and show those open so far.

    Raises ValueError where there is no such problem.
    """
    problem = find(number)
    opened = min(_OPENED.get(problem.number, 0) + 1, len(problem.hints))
    _OPENED[problem.number] = opened
    return Hints(problem.number, problem.hints, opened)
