"""Answers that try to pass without being right, for problems of any kind."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

import wselab as wse
import wselab.kernels
import wselab.predict
from wselab.course.problem import Problem, Result
from wselab.course.programs import Programming
from wselab.fabric.engines import reference
from wselab.fabric.program import Program

Answer = Callable[..., Any]


class Anything:
    """Equal to all, true, callable, and with every attribute."""

    def __getattr__(self, name: str) -> Anything:
        return self

    def __call__(self, *args: Any, **kwargs: Any) -> Anything:
        return self

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]


def hostile(right: Answer) -> dict[str, tuple[Answer, str]]:
    """For a problem of writing a program: answers made of a right one, and the words of refusal."""

    def answer(after: Callable[..., Any], before: bool = False) -> Answer:
        def both(w: Any, *given: Any) -> None:
            if before:
                after(w, *given)
            right(w, *given)
            if not before:
                after(w, *given)

        return both

    def writes_memory(w: Any, *given: Any) -> None:
        next(iter(w.memories.values()))[...] = 3.0

    def swaps_memory(w: Any, *given: Any) -> None:
        name = next(iter(w.memories))
        w.memories[name] = w.memory("another", 1)

    def brings_numbers(w: Any, *given: Any) -> None:
        w.memory("mine", 2, data=np.ones((*w.shape, 2), np.float32))

    def runs(w: Any, *given: Any) -> None:
        w.run()

    def runs_another(w: Any, *given: Any) -> None:
        other = wse.Wafer(1, 2)
        other[...].mov(1.0, out=other.memory("m", 1))
        other.run()

    def by_a_kernel(w: Any, *given: Any) -> None:
        wselab.kernels.reduce_row(np.ones((1, 2, 3), np.float32))

    def by_a_prediction(w: Any, *given: Any) -> None:
        wselab.predict.broadcast(rows=2, columns=2, wavelets=3)

    def by_the_reference(w: Any, *given: Any) -> None:
        reference.simulate(Program.of(wse.Wafer(1, 2)))

    def by_the_course(w: Any, *given: Any) -> None:
        wse.course.find("3.2").sizes(None)

    def checks_itself(w: Any, *given: Any) -> None:
        wse.check("3.2", right)

    def hides_a_method(w: Any, *given: Any) -> None:
        w.run = lambda *a, **k: None

    def another_class(w: Any, *given: Any) -> None:
        w.__class__ = type("Mine", (wse.Wafer,), {})

    def another_list(w: Any, *given: Any) -> None:
        w.recorded = []

    def nonsense(w: Any, *given: Any) -> None:
        w.recorded.append(Anything())

    def changes_the_emulator(w: Any, *given: Any) -> None:
        wse.Wafer.run = lambda *a, **k: None  # type: ignore[method-assign]

    def changes_the_check(w: Any, *given: Any) -> None:
        Programming.judge = Problem.grade = lambda *a, **k: 1  # type: ignore

    def changes_the_result(w: Any, *given: Any) -> None:
        Result.points = 8  # type: ignore[assignment,method-assign]

    def ends_the_watch(w: Any, *given: Any) -> None:
        sys.setprofile(None)

    def leaves_python(w: Any, *given: Any) -> None:
        sys.exit(0)

    def calls_itself(w: Any, *given: Any) -> None:
        calls_itself(w, *given)

    return {
        "writes memory": (answer(writes_memory), "from the host"),
        "swaps memory": (answer(swaps_memory), "from the host"),
        "brings numbers": (answer(brings_numbers), "writes memory mine from the host"),
        "runs": (answer(runs), "runs a wafer itself"),
        "runs another": (answer(runs_another), "runs a wafer itself"),
        "by a kernel": (answer(by_a_kernel), "calls wselab.kernels"),
        "by a prediction": (answer(by_a_prediction), "calls wselab.predict"),
        "by the reference": (answer(by_the_reference), "calls the reference engine"),
        "by the course": (answer(by_the_course), "calls the check|function of the course"),
        "checks itself": (answer(checks_itself), "calls the check from inside"),
        "hides a method": (answer(hides_a_method), r"replaces a part of the wafer \(run\)"),
        "another class": (answer(another_class), r"replaces a part of the wafer \(its class\)"),
        "another list": (answer(another_list), r"replaces a part of the wafer \(recorded\)"),
        "nonsense in the list": (answer(nonsense), "changes the wafer's own lists"),
        "changes the emulator": (answer(changes_the_emulator), "replaces Wafer.run"),
        "changes the check": (answer(changes_the_check), "replaces Prob?.*(judge|grade)"),
        "changes the result": (answer(changes_the_result), "replaces Result.points"),
        "ends the watch": (answer(ends_the_watch, before=True), "switches off the check's watch"),
        "leaves Python": (answer(leaves_python), "ends the program with SystemExit"),
        "calls itself": (answer(calls_itself), "calls itself without an end"),
        "is anything": (Anything(), "writes nothing|cannot be called|function"),
    }


HOSTILE = tuple(hostile(lambda: None))


class Agrees(int):
    """A whole number that equals everything."""

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = int.__hash__


def calculating(right: Answer, judge: type) -> dict[str, tuple[Answer, str]]:
    """For a problem of calculating, whose class is ``judge``: the same."""

    def answer(before: Callable[[], Any]) -> Answer:
        def both(*given: Any) -> Any:
            before()
            return right(*given)

        return both

    def changes_the_judge() -> None:
        judge.measure = lambda *given: 0  # type: ignore[attr-defined]

    def changes_the_result() -> None:
        Result.points = 8  # type: ignore[assignment,method-assign]

    def calls_itself() -> None:
        calls_itself()

    def in_a_thread() -> None:
        thread = threading.Thread(target=lambda: wse.foundry.repair(zeros, 1))
        thread.start()
        thread.join()

    zeros = np.zeros((1, 2), bool)
    return {
        "by the foundry": (answer(lambda: wse.foundry.repair(zeros, 1)), "calls wselab.foundry"),
        "by the foundry in a thread": (answer(in_a_thread), "calls wselab.foundry"),
        "by the hierarchy": (answer(lambda: wse.hierarchy.axpy(4)), "calls wselab.hierarchy"),
        "by a model": (
            answer(lambda: wselab.specs.MODELS[0].parameters),
            "asks a model of wselab.specs",
        ),
        "runs": (answer(lambda: wse.Wafer(1, 2).run()), "asks the emulator"),
        "by a kernel": (
            answer(lambda: wselab.kernels.broadcast(np.ones(1, np.float32), rows=1, columns=2)),
            "calls wselab.kernels",
        ),
        "by a prediction": (
            answer(lambda: wselab.predict.broadcast(rows=2, columns=2, wavelets=3)),
            "calls wselab.predict",
        ),
        "by the course": (
            answer(lambda: wse.course.problems.p01_3.textbook(zeros, 1)),
            "calls a function of the course itself",
        ),
        "checks itself": (answer(lambda: wse.check("1.3", right)), "calls the check from inside"),
        "changes the judge": (answer(changes_the_judge), rf"replaces {judge.__name__}\.measure"),
        "changes the result": (answer(changes_the_result), "replaces Result.points"),
        "ends the watch": (answer(lambda: sys.setprofile(None)), "switches off the check's watch"),
        "leaves Python": (answer(lambda: sys.exit(0)), "ends the program with SystemExit"),
        "calls itself": (answer(calls_itself), "calls itself without an end"),
        "returns anything": (lambda *given: Anything(), "something of type Anything"),
        "returns a liar": (lambda *given: Agrees(7), "something of type Agrees"),
        "is anything": (Anything(), "something of type Anything|cannot be called|function"),
    }


CALCULATING = tuple(calculating(lambda: None, Problem))
