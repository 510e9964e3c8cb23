"""Problems whose answer is a function that calculates: it is called, and what it returns is judged.

The function is called with cases that it has not been shown. It may calculate as it likes; asking
the emulator, the predictions or the models of this package is refused. `Calculation` is any such
problem; `Reckoning` is one whose answer is a number for each case, right or not.
"""

from __future__ import annotations

import inspect
from abc import abstractmethod
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from .problem import Problem, Refused, Result, Size
from .writing import call, name_of

#: What such an answer may not call, by module, and what to say then.
FORBIDDEN = {
    "wselab.course.problem": "It calls the check from inside the answer.",
    "wselab.course": "It calls a function of the course itself: what is asked is your own.",
    "wselab.streaming": "It calls wselab.streaming: what is asked is a function of your own.",
    "wselab.kernels": "It calls wselab.kernels: reckon by the rules, without running anything.",
    "wselab.predict": "It calls wselab.predict: what is asked is a formula of your own.",
    "wselab.trees": "It calls wselab.trees: who sends to whom is yours to find.",
    "wselab.fabric": "It asks the emulator, which is the judge: reckon by the rules, without it.",
    "wselab.foundry": "It calls wselab.foundry: what is asked is a function of your own.",
    "wselab.hierarchy": "It calls wselab.hierarchy: what is asked is a function of your own.",
    "wselab.specs.models": "It asks a model of wselab.specs: reckon with what it is given.",
}

NUMBERS = (int, float, np.int32, np.int64, np.float32, np.float64)
MOST = 2**50  # more than any answer, and exact in a float
LARGEST = 2**1000  # that `read` gives
FEW = 10**6  # of larger numbers their ratio is said, not their difference


class Calculation(Problem):
    """A problem whose answer is called with plain arguments, and returns what is asked for.

    The arguments are named as those of ``textbook``, the plain right function. A mistake is named
    where it ``explains`` this part of all answers, and of those that are wrong.
    """

    scored = False
    explains: ClassVar[float] = 1.0

    @abstractmethod
    def arguments(self, size: Size) -> tuple[Any, ...]:
        """What the function is called with, made anew: plain numbers, lists, arrays."""

    @abstractmethod
    def read(self, given: Any, name: str, size: Size) -> Any:
        """What the function of that name returned, as JSON can hold it. May raise `Refused`."""

    @abstractmethod
    def measure(self, written: Any, size: Size) -> int:
        """The score of what `read` gave, 0 where there are no scores; `Refused` where it is wrong.

        Raises ValueError for what `read` never gives: it may come from a stranger's process.
        """

    def mistakes(self, size: Size) -> Iterable[tuple[Any, str]]:
        """What usual mistakes lead to, and a sentence for each, the likeliest first."""
        return ()

    def same(self, one: Any, other: Any) -> bool:
        """Whether two answers come to the same."""
        return bool(one == other)

    def most(self, size: Size) -> tuple[int, str] | None:
        """The largest score that passes, and what asks for it; None: any."""
        return None

    def in_words(self, size: Size) -> str:
        """The arguments, as they are written in Python."""
        names = inspect.signature(type(self).textbook).parameters
        given = zip(names, self.arguments(size), strict=True)
        return ", ".join(f"{name} = {value!r}" for name, value in given)

    def write(self, answer: Any, size: Size) -> Any:
        """What the learner's function returns."""
        given = call(answer, *self.arguments(size), forbidden=FORBIDDEN)
        return self.read(given, name_of(answer), size)

    def judge(self, written: Any, size: Size, rng: np.random.Generator) -> int:
        """The score, if it is right and low enough."""
        score = self.measure(written, size)
        most, asked = self.most(size) or (score, "")
        if score > most:
            raise Refused(
                f"All is as it should be but the score, {score:,} {self.unit}: {asked}.",
                score=score,
            )
        return score

    def grade(
        self,
        written: list[Any],
        sizes: list[Size],
        seed: int | None = None,
        against: list[str] | None = None,
    ) -> Result:
        """As for any problem; and the mistake is named that explains what was returned."""
        result = super().grade(written, sizes, seed, against)
        wrong = [] if result.passed else [*map(self._is_wrong, written, sizes)]
        if not any(wrong):
            return result
        named, reasons = self._explained(written, sizes, wrong)[:1], list(result.reasons)
        place = int(reasons[0].startswith(("Right with ", "Low enough with ")))
        return replace(result, reasons=[*reasons[:place], *named, *reasons[place:]])

    def _is_wrong(self, written: Any, size: Size) -> bool:
        try:
            self.measure(written, size)
        except Refused:
            return True
        return False

    def _explained(self, written: list[Any], sizes: list[Size], wrong: list[bool]) -> list[str]:
        """The mistakes that lead to these answers, in all cases and where they are wrong.

        One case proves little: many wrong numbers are the same there.
        """
        found: dict[str, list[bool]] = {}
        for place, (given, size) in enumerate(zip(written, sizes, strict=False)):
            for other, text in self.mistakes(size):
                if self.same(given, other):
                    found.setdefault(text, [False] * len(written))[place] = True
        return [
            text for text, fits in found.items()
            if np.mean(fits) >= self.explains and np.mean(np.array(fits)[wrong]) >= self.explains
        ]  # fmt: skip

    def par_at(self, size: Size) -> int:
        """The score of the textbook's answer."""
        given = type(self).textbook(*self.arguments(size))
        return self.measure(self.read(given, "textbook", size), size)


class Reckoning(Calculation):
    """A problem whose answer returns a number for each case.

    ``whole`` says whether it is a whole one, and ``kind`` so in words; a number that is not has to
    be right to ``tolerance``. ``never`` says what None stands for, where it may be returned.
    """

    whole: ClassVar[bool] = True
    kind: ClassVar[str] = "cycles are a whole number"
    tolerance: ClassVar[float] = 0.0
    never: ClassVar[str] = ""

    @abstractmethod
    def right(self, size: Size) -> Any:
        """The right number, or None."""

    def truth(self, size: Size, right: Any) -> str:
        """What is right, in words."""
        return f"the emulator counts {right:,}"

    def read(self, given: Any, name: str, size: Size) -> int | float | None:
        """The number that the learner's function gives."""
        if given is None and not self.never:
            raise Refused(f"{name} returns nothing: its last line has to be return ..., a number.")
        number = _number(given)
        if given is None:
            return None
        if number is None or not (number.is_integer() if self.whole else np.isfinite(number)):
            shown = "" if number is None else f"{number:g}, "
            raise Refused(
                f"{name} returns {shown}something of type {type(given).__name__}, with "
                f"{self.in_words(size)}; {self.kind}."
            )
        return int(number) if self.whole else number

    def measure(self, written: Any, size: Size) -> int:
        """Nothing but that the number is right."""
        known = type(written) in (int, float) and not abs(written) > LARGEST
        if not known and not (written is None and self.never):
            raise ValueError(f"{written!r:.60} is no number")
        right = self.right(size)
        if self.same(written, right):
            return 0
        gives = f"None, which means that {self.never}" if written is None else f"{written:,}"
        raise Refused(
            f"With {self.in_words(size)} it gives {gives}; {self.truth(size, right)}"
            f"{self._apart(written, right)}.",
        )

    def same(self, one: Any, other: Any) -> bool:
        """Whether two numbers are the same, to the tolerance."""
        if one is None or other is None:
            return one is other
        return bool(abs(one - other) <= self.tolerance)

    def _apart(self, written: Any, right: Any) -> str:
        """How far off a number is, in words."""
        if written is None or right is None:
            return ""
        if not self.whole:
            return f", so that is {abs(written - right):.3g} too {_low(written < right)}"
        if right < FEW:
            return f", so that is {abs(written - right):,} too {_few(written < right)}"
        return f", so that is {written / right:.4g} times as many"


def _low(below: bool) -> str:
    return "low" if below else "high"


def _few(below: bool) -> str:
    return "few" if below else "many"


def _number(given: Any) -> float | None:
    """What was returned, if it is a plain number: of a type that has no tricks of its own."""
    if type(given) not in NUMBERS:
        return None
    number = float(min(max(given, -MOST), MOST) if type(given) is int else given)
    return min(max(number, -LARGEST), LARGEST) if np.isfinite(number) else number
