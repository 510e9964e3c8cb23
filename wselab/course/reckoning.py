"""Problems whose answer is a function that reckons a number of cycles, with the emulator as judge.

The function is called with cases that it has not been shown, and its numbers are compared with what
the emulator counts when it runs them. It may calculate as it likes; asking the emulator, or the
predictions of this package, is refused.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from typing import Any

import numpy as np

from .problem import Problem, Refused, Result, Size
from .writing import call, name_of

#: What such an answer may not call, by module, and what to say then.
FORBIDDEN = {
    "wselab.course.problem": "It calls the check from inside the answer.",
    "wselab.course": "It calls a function of the course itself: what is asked is your own.",
    "wselab.kernels": "It calls wselab.kernels: reckon by the rules, without running anything.",
    "wselab.predict": "It calls wselab.predict: what is asked is a formula of your own.",
    "wselab.trees": "It calls wselab.trees: who sends to whom is yours to find.",
    "wselab.fabric": "It asks the emulator, which is the judge: reckon by the rules, without it.",
}

NUMBERS = (int, float, np.int32, np.int64, np.float32, np.float64)
MOST = 2**50  # more than any run takes, and exact in a float


class Reckoning(Problem):
    """A problem whose answer returns a number for each case; there is no score, it is right or not.

    ``textbook`` is the plain right function.
    """

    @abstractmethod
    def arguments(self, size: Size) -> tuple[Any, ...]:
        """What the function is called with: plain numbers, and lists of them."""

    @abstractmethod
    def cycles(self, size: Size) -> int:
        """What the emulator counts."""

    @abstractmethod
    def mistakes(self, size: Size) -> Iterable[tuple[float, str]]:
        """Numbers that usual mistakes lead to, and a sentence for each, the likeliest first."""

    def write(self, answer: Any, size: Size) -> int:
        """The number that the learner's function gives."""
        given = call(answer, *self.arguments(size), forbidden=FORBIDDEN)
        name = name_of(answer)
        if given is None:
            raise Refused(f"{name} returns nothing: its last line has to be return ..., a number.")
        number = _number(given)
        if number is None or not number.is_integer():
            shown = "" if number is None else f"{number:g}, "
            raise Refused(
                f"{name} returns {shown}something of type {type(given).__name__}, with "
                f"{self.in_words(size)}; cycles are a whole number."
            )
        return int(number)

    def judge(self, written: Any, size: Size, rng: np.random.Generator) -> int:
        """The cycles, if they are right."""
        if type(written) is not int:
            raise ValueError(f"{written!r:.60} is no number of cycles")
        right = self.cycles(size)
        if written == right:
            return right
        named = [text for number, text in self.mistakes(size) if written == number][:1]
        few = "few" if written < right else "many"
        raise Refused(
            *named,
            f"With {self.in_words(size)} it gives {written:,}; the emulator counts {right:,}, so "
            f"that is {abs(written - right):,} too {few}.",
        )

    def par_at(self, size: Size) -> int:
        """What is right, which needs no textbook."""
        return self.cycles(size)

    def result(self, score: int | None = None, reasons: list[str] | None = None) -> Result:
        """A `Result` without a score: there is nothing to be quick at."""
        passed = score is not None and not reasons
        return Result(self.number, self.title, passed, self.points, reasons=reasons or [])


def _number(given: Any) -> float | None:
    """What was returned, if it is a plain number: of a type that has no tricks of its own."""
    if type(given) not in NUMBERS:
        return None
    return float(min(max(given, -MOST), MOST) if type(given) is int else given)
