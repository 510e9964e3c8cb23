"""Problems whose answer is a function that writes a whole program on a wafer that it is given.

The function writes colors, routes, operations and tasks. Only then the check lays the same program
on a fresh wafer, loads numbers that the function has never seen, runs, and compares the PEs' memory
with what is due there. Par is what the textbook's program takes, found by running it.

A problem of this kind says what its wafer looks like (`Programming.wafer`), which numbers are
loaded (`data`), what is due where (`due`), and how the usual mistakes are recognised (`mistakes`,
before the run, and `why`, from what came out).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..fabric import RunError, Wafer, WaferError
from ..fabric.errors import StillRunning, TooLong
from ..fabric.run import AS_BEFORE
from .problem import Problem, Refused, Size
from .recorded import Recorded, recorded, rewritten
from .writing import Given, call, name_of

MAX_CYCLES = 100_000  # for the textbook's program, at any size
PATIENCE_S = 20.0  # a run that takes longer here is ended

Data = dict[str, np.ndarray]  # numbers by the name of the memory, each (rows, columns, ...)


@dataclass(frozen=True)
class Due:
    """What must stand in memory ``name`` of the PEs of a mask; ``what`` says it in words.

    ``values`` have the shape of the memory, (rows, columns, ...).
    """

    name: str
    where: np.ndarray
    values: np.ndarray
    what: str


@dataclass(frozen=True)
class Ran:
    """A program that ran to its end: the numbers it was given, and the wafer afterwards."""

    wafer: Wafer
    data: Data
    cycles: int


class Programming(Problem):
    """A problem whose answer writes a program; its first argument is the wafer."""

    #: Whether operations may be written, or only routes (and the operations are given).
    routes_only = False

    @abstractmethod
    def wafer(self, size: Size) -> tuple[Any, ...]:
        """A fresh wafer with what is given on it, all memory zero, then the other arguments."""

    @abstractmethod
    def data(self, size: Size, rng: np.random.Generator) -> Data:
        """The numbers to load: whole and small, so that every sum is exact in any order."""

    @abstractmethod
    def due(self, size: Size, data: Data) -> list[Due]:
        """What is right after a run on these numbers."""

    def most_cycles(self, size: Size) -> tuple[int, str] | None:
        """The cycles that a right program may take, and what asks for so few; None: any number."""
        return None

    def mistakes(self, program: Wafer, size: Size) -> Iterable[str]:
        """Known mistakes that show in the program before it runs, each a sentence."""
        return ()

    def why(self, written: Recorded, size: Size, ran: Ran) -> Iterable[str]:
        """Known mistakes that explain what came out wrong, each a sentence."""
        return ()

    def write(self, answer: Any, size: Size) -> Recorded:
        """The program that the learner's function wrote, the given part included."""
        w, *others = self.wafer(size)
        given, routes = Given(w), _routes(w)
        returned = call(answer, w, *others)
        name = name_of(answer)
        given.check(name, self.routes_only)
        if not w.recorded and not w.tasks:
            raise Refused(*_nothing(name, _routes(w) > routes, returned))
        try:
            return recorded(w)
        except Exception:  # whatever stands there now, no word of the wafer wrote it
            raise Refused(
                f"{name} changes the wafer's own lists; write with w[...].route, w[...].mov and "
                "the like."
            ) from None

    def judge(self, written: Any, size: Size, rng: np.random.Generator) -> int:
        """Lay the program on a fresh wafer, load numbers, run, and compare; the cycles."""
        most = 30 * self.par_at(size) + 1_000
        try:
            ran = self.run(written, size, self.data(size, rng), most)
            if wrong := self._wrong(ran, size):
                again = self.run(written, size, self.data(size, rng), most)
                raise Refused(*self._reasons(written, size, ran, again, wrong))
        except Refused as refused:
            named = self.mistakes(self._laid(written, size), size)
            raise Refused(*dict.fromkeys([*named, *refused.reasons])) from None
        most, asked = self.most_cycles(size) or (ran.cycles, "")
        if ran.cycles > most:
            raise Refused(
                f"The numbers are right ({self.in_words(size)}), but come after {ran.cycles:,} "
                f"cycles: {asked}.",
                score=ran.cycles,
            )
        return ran.cycles

    def run(self, written: Recorded, size: Size, data: Data, most: int = MAX_CYCLES) -> Ran:
        """Run the program on these numbers; `Refused` in the emulator's words where it fails."""
        w = self._laid(written, size)
        for name, values in data.items():
            w.memories[name][...] = values
        try:
            cycles = w.run(max_cycles=most, progress=False, patience=PATIENCE_S).cycles
        except (StillRunning, TooLong) as error:
            first = str(error).partition("\n")[0]
            raise Refused(
                f"The program does not come to its end: it still runs after {most:,} cycles, far "
                f"more than such a program needs. {first}"
            ) from None
        except RunError as error:
            text = str(error).removesuffix(AS_BEFORE).rstrip()
            raise Refused(f"{type(error).__name__}: {text}") from None
        except WaferError as error:
            raise Refused(f"{type(error).__name__}: {error}") from None
        return Ran(w, data, cycles)

    def par_at(self, size: Size) -> int:
        """Cycles of the textbook's program at any size."""
        key = tuple(sorted(size.items()))
        if key not in self._pars:
            w, *others = self.wafer(size)
            type(self).textbook(w, *others)
            data = self.data(size, np.random.default_rng(0))
            self._pars[key] = self.run(recorded(w), size, data).cycles
        return self._pars[key]

    def __init__(self) -> None:
        self._pars: dict[Any, int] = {}

    def _laid(self, written: Any, size: Size) -> Wafer:
        """The program on a fresh wafer; ValueError where it lacks memory that was given."""
        given = self.wafer(size)[0]
        w = rewritten(written, like=given)
        for name, memory in given.memories.items():
            there = w.memories.get(name)
            if there is None or (there.shape, there.dtype) != (memory.shape, memory.dtype):
                raise ValueError(f"memory {name} is not the one that was given")
        return w

    def _wrong(self, ran: Ran, size: Size) -> str:
        """The first number that is not what is due, in words; "" where all are."""
        for due in self.due(size, ran.data):
            got = np.asarray(ran.wafer.memories[due.name].array + np.float32(0))  # -0.0 is 0.0
            values = (due.values + np.float32(0)).astype(got.dtype)
            if got[due.where].tobytes() != values[due.where].tobytes():
                off = (got != values) & due.where.reshape(*due.where.shape, *(1,) * (got.ndim - 2))
                row, column, *rest = (int(one) for one in np.argwhere(off)[0])
                index = f"[{', '.join(map(str, rest))}]" if rest else ""
                at = (row, column, *rest)
                return (
                    f"{due.name}{index} of PE ({row}, {column}) is {got[at]:.9g}; {due.what} is "
                    f"{values[at]:.9g}."
                )
        return ""

    def _reasons(
        self, written: Recorded, size: Size, ran: Ran, again: Ran, wrong: str
    ) -> list[str]:
        """What came out wrong, after the mistake that explains it."""
        dues = self.due(size, ran.data)
        got = [[one.wafer.memories[d.name].array[d.where] for d in dues] for one in (ran, again)]
        nothing = not any(part.any() for part in got[0])
        if not nothing and all(np.array_equal(*pair) for pair in zip(*got, strict=True)):
            return [
                "The same comes out whatever numbers are loaded: the program does not depend on "
                "them. They have to come out of the PEs' memories, and travel as wavelets.",
                wrong,
            ]
        known = list(self.why(written, size, ran))
        if nothing and not known:
            names = " and ".join(dict.fromkeys(due.name for due in dues))
            known = [f"{names} is still 0 wherever a result is due: nothing has written it."]
        return [*known, wrong]


def whole_numbers(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Whole numbers other than 0, small enough that every sum is exact in any order.

    >>> whole_numbers(np.random.default_rng(1), (2, 3))
    array([[ 5.,  5., -7.],
           [-9.,  1., -2.]], dtype=float32)
    """
    numbers = rng.integers(1, 10, shape) * rng.choice((-1, 1), shape)
    return numbers.astype(np.float32)


def _routes(w: Wafer) -> int:
    """How many routes there are, over all colors and routers."""
    return sum(int(color.routed.sum()) for color in w.colors)


def _nothing(name: str, routes: bool, returned: Any) -> list[str]:
    """What to say where no operation is written, but perhaps routes."""
    if routes:
        return [
            f"{name} writes routes and no operation: routes only say where wavelets would go. "
            "Somebody has to send, w[...].mov(x, out=fabout(color)), and somebody to take in."
        ]
    reasons = [f"{name} writes nothing on the wafer yet: no route and no operation."]
    if returned is not None:
        reasons.append(
            f"It returns something of type {type(returned).__name__}; what counts is what it "
            "writes on w."
        )
    return reasons
