"""Problem 3.1: wire the eight routes of the 2 x 2 GEMV.

Every PE holds a tile of A, the north row holds x. `gemv` writes memory and operations; routes are
the learner's part, and the textbook's is four lines:

    >>> w, x_down, partial = gemv()
    >>> textbook(w, x_down, partial)
    >>> w.memories["A"][..., 0, 0] = [[1, 2], [3, 4]]
    >>> w.memories["x"][0, :, 0] = [10, 100]
    >>> cycles = w.run().cycles
    >>> w.memories["y"][:, 0, 0]
    array([210., 430.], dtype=float32)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...fabric import EAST, NORTH, RAMP, SOUTH, WEST, RunError, Wafer, fabin, fabout
from ..problem import Problem, Refused, Size, register
from ..programs import whole_numbers
from ..wiring import Routes, by_place, lay, routes_of, stopped
from ..writing import Given, call, name_of
from .p03_1_mistakes import mistakes

MAX_CYCLES = 100_000  # far more than any of the sizes takes


def gemv(rows: int = 1, columns: int = 1) -> tuple[Wafer, Any, Any]:
    """The wafer of the problem, without routes, each PE with a ``rows`` x ``columns`` tile of A.

    Gives the wafer and the two colors, x_down and partial.
    """
    w = Wafer(2, 2)
    A = w.memory("A", (rows, columns))
    x = w.memory("x", columns)
    y = w.memory("y", rows)
    x_down, partial = w.color("x_down"), w.color("partial")

    w[0, :].mov(x, out=fabout(x_down))  # the north row has x and sends a copy down
    w[1, :].mov(fabin(x_down), out=x)  # the south row takes it in
    for j in range(columns):
        w[:, :].mac(A.own[:, j], x.own[j], out=y)  # every PE: y = y + (column j of its tile) * x[j]
    w[:, 1].mov(y, out=fabout(partial))  # the east column sends its partial sums west
    w[:, 0].add(fabin(partial), y, out=y)  # the west column adds its own: y is done
    return w, x_down, partial


def textbook(w: Wafer, x_down: Any, partial: Any) -> None:
    """The plain right answer: the eight routes, two a line."""
    w[0, :].route(x_down, RAMP >> SOUTH)
    w[1, :].route(x_down, NORTH >> RAMP)
    w[:, 1].route(partial, RAMP >> WEST)
    w[:, 0].route(partial, EAST >> RAMP)


@register
class WireTheGemv(Problem):
    """The learner's function writes routes and nothing else."""

    number = "3.1"
    title = "Wire the eight routes of the 2 x 2 GEMV"
    points = 8
    answer = "wire"
    textbook = staticmethod(textbook)
    hints = (
        "A route tells one router where the wavelets of one color come in and where they leave: "
        "IN >> OUT. A wavelet that its own processor sends comes in by RAMP; one that is to reach "
        "its own processor leaves by RAMP. Two colors through four routers make eight routes.",
        "Follow x[0]. The processor of PE (0, 0) sends it, so there it comes in by RAMP, and it "
        "has to leave by SOUTH. In PE (1, 0), south of it, the same wavelet comes in from the "
        "NORTH. The other column does the same, so w[0, :] and w[1, :] need one line each.",
        "x_down is RAMP >> SOUTH in the north row w[0, :] and NORTH >> RAMP in the south row "
        "w[1, :]. partial goes the same way along the rows: it starts in the east column w[:, 1], "
        "moves WEST, and in the west column w[:, 0] it comes in by the port towards its sender.",
    )

    def sizes(self, seed: int | None = None) -> list[Size]:
        """Tiles of A: one number, which is scored, a small one, and one that fills the queues."""
        if seed is None:
            return [_tile(1, 1), _tile(3, 2), _tile(9, 8)]
        rows, columns = np.random.default_rng(seed).integers(2, 13, size=(2, 2)).tolist()
        return [_tile(1, 1), _tile(*rows), _tile(*columns)]

    def par_at(self, size: Size) -> int:
        """Cycles of the textbook's routes."""
        w, x_down, partial = gemv(**size)
        textbook(w, x_down, partial)
        return w.run().cycles

    def write(self, answer: Any, size: Size) -> dict[str, Routes]:
        """The routes that the learner's function wrote for the two colors."""
        w, x_down, partial = gemv(**size)
        given = Given(w)
        returned = call(answer, w, x_down, partial)
        name = name_of(answer)
        given.check(name, routes_only=True)
        try:
            routes = {color.name: routes_of(color) for color in (x_down, partial)}
        except Exception:  # whatever stands there now, route() did not write it
            raise Refused(f"{name} breaks a color; write routes with w[...].route.") from None
        if not any(routes.values()):
            raise Refused(*_nothing(name, w, returned))
        return routes

    def judge(self, written: Any, size: Size, rng: np.random.Generator) -> int:
        """Lay the routes on a fresh wafer, load data, run, and compare y with A @ x."""
        w, x_down, partial = gemv(**size)
        for color in (x_down, partial):
            lay(written[color.name], w, color)
        named = mistakes({name: by_place(routes) for name, routes in written.items()}, RIGHT)
        A, x = _numbers(rng, 2 * size["rows"], 2 * size["columns"])
        w.memories["A"][...] = A.reshape(2, size["rows"], 2, size["columns"]).swapaxes(1, 2)
        w.memories["x"][0] = x.reshape(2, size["columns"])
        try:
            run = w.run(engine="reference", max_cycles=MAX_CYCLES)
        except RunError as error:
            ended = str(error).partition("\n")[0]
            raise Refused(*named, f"Running it: {ended}", *stopped(w, error.state)) from None
        got, right = w.memories["y"][:, 0].ravel(), A @ x
        if got.tobytes() != right.tobytes():
            k = int(np.argmax(got != right))
            place = (k // size["rows"], 0)
            wrong = f"y[{k}], in PE {place}, is {got[k]:g}; A @ x has {right[k]:g} there."
            raise Refused(*named, wrong)
        return run.cycles


def _tile(rows: int, columns: int) -> Size:
    return {"rows": rows, "columns": columns}


def _numbers(rng: np.random.Generator, rows: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """A and x."""
    return whole_numbers(rng, (rows, columns)), whole_numbers(rng, (columns,))


def _nothing(name: str, w: Wafer, returned: Any) -> list[str]:
    """What to say where neither color has a route."""
    others = [color.name for color in w.colors[2:] if color.routed.any()]
    if others:
        return [
            f"{name} routes colors of its own ({', '.join(others)}), but the operations send on "
            "x_down and partial: route the two that it is given."
        ]
    reasons = ["No route is written yet: a wavelet that finds none stays where it is."]
    if returned is not None:
        reasons.append(
            f"{name} returns something of type {type(returned).__name__}; what counts is what it "
            "writes on w."
        )
    first = "Begin with one route: w[0, :].route(x_down, RAMP >> SOUTH) lets x out, southward."
    return [*reasons, first]


def _right() -> dict[str, Any]:
    w, x_down, partial = gemv()
    textbook(w, x_down, partial)
    return {color.name: by_place(routes_of(color)) for color in (x_down, partial)}


#: The routes that are due, by color and place. No others would do: every router of a color either
#: sends or receives, and its partner is its neighbour.
RIGHT = _right()
