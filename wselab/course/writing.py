"""Calling a learner's function so that whatever it does ends in a clear word.

The function may raise, loop without end, return something else, leave the interpreter, or reach
for what a problem forbids. `call` runs it under a time limit and under watch, and turns each of
these into a `Refused` whose reasons a learner can act on.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import inspect
import signal
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

import numpy as np

from ..fabric import RouteError, Wafer, WaferError
from .problem import Refused
from .replaced import PACKAGE, put_back, replaced_parts

LIMIT_S = 5.0

#: What an answer may not call, by module, and what to say then; the first that fits is said.
FORBIDDEN = {
    "wselab.course.problem": "It calls the check from inside the answer.",
    "wselab.course": "It calls a function of the course itself: what is asked is your own.",
    "wselab.kernels": "It calls wselab.kernels: what is asked is to write the program yourself.",
    "wselab.streaming": "It calls wselab.streaming: what is asked is a program of your own.",
    "wselab.predict": "It calls wselab.predict: a closed form moves no wavelet, and yours counts.",
    "wselab.trees": "It calls wselab.trees: who sends to whom is yours to find.",
    "wselab.fabric.run": "It runs a wafer itself: only write the program. The check loads its own "
    "data afterwards, and runs.",
    "wselab.fabric.engines.reference": "It calls the reference engine: the check runs the program "
    "itself.",
    "wselab.fabric.engines.backend": "It makes a wafer of its own: only what is written on a wafer "
    "that it is given counts.",
    "wselab.fabric.engines": "It calls an engine: the check runs the program itself.",
}


class Given:
    """A wafer as an answer gets it, to find afterwards what the answer may not change."""

    def __init__(self, w: Wafer):
        self.w, self.parts, self.operations = w, dict(vars(w)), list(w.recorded)
        self.arrays = {name: memory.array for name, memory in w.memories.items()}

    def check(self, name: str, routes_only: bool = False) -> None:
        """Raise `Refused` for what the function of that name did besides writing a program."""
        w, now = self.w, vars(self.w)
        only = "only write routes" if routes_only else "only write a program"
        changed = now.keys() ^ self.parts.keys()
        fixed = self.parts.keys() - CHANGING_PARTS
        changed |= {part for part in fixed if now.get(part) is not self.parts[part]}
        if type(w) is not Wafer or changed:
            what = ", ".join(sorted(changed)) or "its class"
            raise Refused(f"{name} replaces a part of the wafer ({what}): {only}.")
        arrays = {held: getattr(memory, "array", None) for held, memory in w.memories.items()}
        arrays |= {held: None for held in self.arrays if arrays.get(held) is not self.arrays[held]}
        for held, array in arrays.items():
            if array is None or np.any(array):
                raise Refused(
                    f"{name} writes memory {held} from the host. The numbers come later, from the "
                    f"check, and get to where they are needed as wavelets: {only}."
                )
        if routes_only and list(w.recorded) != self.operations:
            raise Refused(
                f"{name} changes the operations (there were {len(self.operations)}, now there are "
                f"{len(w.recorded)}). They are right as they are: only write routes."
            )
        if w.hosts:
            raise Refused(
                f"{name} streams from or to the host. The numbers are in the PEs' memories, and "
                "stay on the wafer."
            )


#: The parts of a wafer that change while a program is written; all others stay the objects that
#: they are, though the lists among them grow.
CHANGING_PARTS = {"binding", "host_bytes", "_made_bytes"}


class TooLong(BaseException):
    """The learner's function did not end in time; no Exception, so that few handlers catch it."""


def call(
    answer: Any,
    *arguments: Any,
    limit_s: float = LIMIT_S,
    forbidden: dict[str, str] = FORBIDDEN,
) -> Any:
    """Call ``answer(*arguments)`` under watch; what it returns. Raises `Refused`.

    ``forbidden`` are the modules that it may not call, and what to say then.

    >>> call(lambda x: x + 1, 2)
    3
    """
    _accepts(answer, arguments)
    if replaced := replaced_parts():
        raise Refused(
            f"{replaced[0]} is not the one of wselab any more: your notebook replaced it. "
            "Take that out, restart the kernel, and check again."
        )
    for module in forbidden:
        with suppress(ImportError):  # so that no import inside the answer looks like a call
            importlib.import_module(module)
    with _watched() as watch:
        against, returned = _run(answer, arguments, limit_s)
    for module, sentence in forbidden.items():
        if any(name == module or name.startswith(f"{module}.") for name in watch.seen):
            raise Refused(sentence)
    if replaced := replaced_parts():
        put_back()
        raise Refused(
            f"It replaces {replaced[0]}: what is graded is the program that you write, not a "
            "changed emulator. That is put back as it was; check again without it."
        )
    if against:
        raise Refused(*against)
    if watch.undone:
        raise Refused("It switches off the check's watch (sys.setprofile); leave that alone.")
    return returned


def name_of(answer: Any) -> str:
    """The name under which a reader knows a function."""
    name = getattr(answer, "__name__", "")
    return name if isinstance(name, str) and name and name != "<lambda>" else "your function"


def _accepts(answer: Any, arguments: tuple[Any, ...]) -> None:
    if not callable(answer):
        kind = type(answer).__name__
        hint = "It looks as if it was called" if answer is None else f"This is of type {kind}"
        raise Refused(
            f"The check wants your function itself. {hint}: hand over its name without brackets."
        )
    try:
        inspect.signature(answer).bind(*arguments)
    except TypeError:
        raise Refused(
            f"{name_of(answer)} has to take {len(arguments)} arguments, as in the stub; it cannot "
            "be called with that many."
        ) from None
    except Exception:  # a lying __signature__, or a builtin without one: calling will tell
        return


def _run(answer: Any, arguments: tuple[Any, ...], limit_s: float) -> tuple[list[str], Any]:
    """Call it; the reasons against it, and what it returned."""
    name = name_of(answer)
    try:
        with time_limit(limit_s):
            return [], answer(*arguments)
    except KeyboardInterrupt:
        raise
    except TooLong:
        return [f"{name} did not end within {limit_s:g} s: is there a loop without an end?"], None
    except NotImplementedError:
        return [
            f"{name} is not written yet: it still raises NotImplementedError. Put your lines in "
            "its place, and check again as often as you like."
        ], None
    except RecursionError:
        return [f"{name} calls itself without an end."], None
    except (SystemExit, GeneratorExit) as error:
        return [f"{name} ends the program with {type(error).__name__} instead of returning."], None
    except BaseException as error:
        return _in_words(answer, error), None


def _in_words(answer: Any, error: BaseException) -> list[str]:
    """What a learner's function raised, where, and for known errors what it means."""
    name, where = name_of(answer), _line_of(answer, error)
    try:
        text = str(error).strip()
    except Exception:  # a text that cannot be had is no reason to fall
        text = ""
    first = f"{name} raises {type(error).__name__}{where}" + (f": {text}" if text else ".")
    if not isinstance(error, WaferError):
        return [first]
    if isinstance(error, RouteError) and "already routes" in text:
        return [
            first,
            "A router holds one route for each color, so two streams through one PE need two "
            "colors: are the colors mixed up, or does a slice take in more PEs than you mean?",
        ]
    if "cannot leave by the port it came in" in text:
        return [
            first,
            "That sends a wavelet back to where it came from. A PE that sends lets it out by a "
            "link (RAMP >> ...), a PE that receives lets it in by a link (... >> RAMP).",
        ]
    return [first]


def _line_of(answer: Any, error: BaseException) -> str:
    """The learner's line that raised it, for the message."""
    own = getattr(getattr(answer, "__code__", None), "co_filename", None)
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == own]
    return f" in line {lines[-1]}" if lines else ""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise `TooLong` in this thread once that time has passed, and again while it goes on.

    The main thread of a system with SIGALRM is stopped in the middle of a sleep too; elsewhere the
    exception comes at the next line of Python.
    """
    on_time = True

    def stop(_: int, frame: FrameType | None) -> None:
        if on_time and not _in_collector(frame):
            raise TooLong

    in_main = threading.current_thread() is threading.main_thread()
    if in_main and hasattr(signal, "setitimer"):
        before = signal.signal(signal.SIGALRM, stop)
        signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
        try:
            yield
        finally:
            on_time = False
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
        return
    thread = ctypes.c_ulong(threading.get_ident())
    throw = ctypes.pythonapi.PyThreadState_SetAsyncExc
    ended = threading.Event()

    def throw_again_and_again() -> None:  # one alone is lost where it falls into a callback
        wait = seconds
        while not ended.wait(wait):
            throw(thread, ctypes.py_object(TooLong))
            wait = 0.5

    watcher = threading.Thread(target=throw_again_and_again, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()


def _in_collector(frame: FrameType | None) -> bool:
    """Whether Python collects garbage there: an exception would be lost, and only warned of."""
    callbacks = {getattr(callback, "__code__", None) for callback in gc.callbacks}
    while frame is not None:
        if frame.f_code in callbacks:
            return True
        frame = frame.f_back
    return False


class _Watch:
    """The modules of wselab whose functions were called, and whether the watch was ended early."""

    def __init__(self) -> None:
        self.seen: set[str] = set()
        self.undone = False

    def __call__(self, frame: FrameType, event: str, _: Any) -> None:
        if event != "call":
            return
        file = frame.f_code.co_filename
        if file.startswith(PACKAGE) and file != __file__:  # that is us
            self.seen.add(str(frame.f_globals.get("__name__", "")))


@contextmanager
def _watched() -> Iterator[_Watch]:
    watch, before, of_threads = _Watch(), sys.getprofile(), threading.getprofile()
    threading.setprofile(watch)  # for threads that are begun inside
    sys.setprofile(watch)
    try:
        yield watch
        watch.undone = sys.getprofile() is not watch
    finally:
        sys.setprofile(before)
        threading.setprofile(of_threads)
