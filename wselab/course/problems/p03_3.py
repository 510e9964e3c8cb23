"""Problem 3.3: break a program into a deadlock of two PEs, and mend a deadlock of four.

Both programs run on four PEs with all routes between neighbours laid. The first sums over all of
them: neighbours in a row exchange their vectors and add, then neighbours in a column. The second
hands every vector on to the next PE around the square, and stands still once the vectors are
longer than the queues on the way hold.

    >>> given = square(10)
    >>> ring(*given)
    >>> given[0].run()
    Traceback (most recent call last):
        ...
    wselab.fabric.errors.Deadlock: since cycle 9 nothing can move, and 4 of 4 PEs have work left...
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ...fabric import (
    EAST,
    NORTH,
    RAMP,
    SOUTH,
    WEST,
    Deadlock,
    RunError,
    Wafer,
    fabin,
    fabout,
)
from ...fabric.explain.standing import Waiting, count
from ...fabric.explain.why import Explainer
from ...fabric.program import Program
from ...fabric.run import AS_BEFORE
from ..problem import Refused, Size, register
from ..programs import Data, Due, Programming, Ran, whole_numbers
from ..recorded import Recorded
from ..rewrites import changes, route_changes


def square(values: int) -> tuple[Any, ...]:
    """Four PEs with x and y, ``values`` long, and a color to each side, routed everywhere.

    Gives the wafer, x, y, and the colors east, west, south and north.
    """
    w = Wafer(2, 2)
    x, y = w.memory("x", values), w.memory("y", values)
    east, west, south, north = (w.color(name) for name in ("east", "west", "south", "north"))
    w[:, 0].route(east, RAMP >> EAST)  # each PE of the west column sends on it, to the east
    w[:, 1].route(east, WEST >> RAMP)
    w[:, 1].route(west, RAMP >> WEST)
    w[:, 0].route(west, EAST >> RAMP)
    w[0, :].route(south, RAMP >> SOUTH)
    w[1, :].route(south, NORTH >> RAMP)
    w[1, :].route(north, RAMP >> NORTH)
    w[0, :].route(north, SOUTH >> RAMP)
    return w, x, y, east, west, south, north


def all_sum(w: Wafer, x: Any, y: Any, east: Any, west: Any, south: Any, north: Any) -> None:
    """The first program: in the end x of every PE is the sum of all four."""
    w[:, 0].mov(x, out=fabout(east))  # along the rows: the west column sends first
    w[:, 1].mov(fabin(east), out=y)
    w[:, 1].mov(x, out=fabout(west))
    w[:, 0].mov(fabin(west), out=y)
    w[:, :].add(x, y, out=x)
    w[0, :].mov(x, out=fabout(south))  # along the columns: the north row sends first
    w[1, :].mov(fabin(south), out=y)
    w[1, :].mov(x, out=fabout(north))
    w[0, :].mov(fabin(north), out=y)
    w[:, :].add(x, y, out=x)


def ring(w: Wafer, x: Any, y: Any, east: Any, west: Any, south: Any, north: Any) -> None:
    """The second program: y of every PE is to be x of the one before it, clockwise."""
    w[0, 0].mov(x, out=fabout(east))
    w[0, 1].mov(x, out=fabout(south))
    w[1, 1].mov(x, out=fabout(west))
    w[1, 0].mov(x, out=fabout(north))
    w[0, 0].mov(fabin(north), out=y)
    w[0, 1].mov(fabin(east), out=y)
    w[1, 1].mov(fabin(south), out=y)
    w[1, 0].mov(fabin(west), out=y)


def mended(w: Wafer, x: Any, y: Any, east: Any, west: Any, south: Any, north: Any) -> None:
    """The plain right answer: one PE takes in before it sends, and so the others get their turn."""
    w[0, 0].mov(fabin(north), out=y)
    w[0, 0].mov(x, out=fabout(east))
    w[0, 1].mov(x, out=fabout(south))
    w[1, 1].mov(x, out=fabout(west))
    w[1, 0].mov(x, out=fabout(north))
    w[0, 1].mov(fabin(east), out=y)
    w[1, 1].mov(fabin(south), out=y)
    w[1, 0].mov(fabin(west), out=y)


@register
class DeadlockOfTwo(Programming):
    """Two functions: one writes `all_sum` with one thing changed, one `ring` so that it ends."""

    number = "3.3"
    title = "A deadlock of two, made and mended"
    points = 8
    answer = "broken, mended"
    textbook = staticmethod(mended)
    hints = (
        "Two PEs wait for each other when each waits for a wavelet that the other sends only "
        "after it has got its own. In an exchange one of the two sends first and the other takes "
        "in first; what if both take in first? And whoever stands still is missed by all who "
        "need it afterwards: where in the program does nobody need it any more?",
        "In the second half, along the columns, the north row sends and then takes in. Write the "
        "two lines of the north row for its two PEs one by one, and let one of them take in from "
        "the south before it sends. All other PEs come to their end, these two do not.",
        "In the ring all four send first, and nobody takes in: short vectors fit into the queues, "
        "long ones do not. It is enough that one of the four takes in before it sends; then its "
        "neighbour can finish, and so on around. It is quicker if two of them do, those that are "
        "not neighbours. And quickest if sending does not keep a PE from taking in: "
        "mov(x, out=fabout(east), microthread=True).",
    )

    def sizes(self, seed: int | None = None) -> list[Size]:
        """Long vectors, which are scored, and short ones, which fit into the queues."""
        if seed is None:
            return [{"values": 64}, {"values": 1}, {"values": 12}]
        rng = np.random.default_rng(seed)
        lengths = (int(rng.integers(*ends)) for ends in ((13, 90), (2, 9), (10, 30)))
        return [self.sizes(None)[0], *({"values": length} for length in lengths)]

    def in_words(self, size: Size) -> str:
        """How long the vectors are."""
        return f"vectors of {count(size['values'], 'value')}"

    def wafer(self, size: Size) -> tuple[Any, ...]:
        """The four PEs with their routes."""
        return square(size["values"])

    def data(self, size: Size, rng: np.random.Generator) -> Data:
        """An x in every PE."""
        return {"x": whole_numbers(rng, (2, 2, size["values"]))}

    def due(self, size: Size, data: Data) -> list[Due]:
        """For the ring: the x of the PE before, clockwise, in y."""
        x = data["x"]
        before = np.stack([np.stack([x[1, 0], x[0, 0]]), np.stack([x[1, 1], x[0, 1]])])
        return [Due("y", np.ones((2, 2), bool), before, "x of the PE before it, clockwise,")]

    def why(self, written: Recorded, size: Size, ran: Ran) -> Iterator[str]:
        """Whether the ring of the mended program turns the other way, or is cut."""
        x, y = ran.data["x"], ran.wafer.memories["y"].array
        after = np.stack([np.stack([x[0, 1], x[1, 1]]), np.stack([x[0, 0], x[1, 0]])])
        if np.array_equal(y, after):
            yield "The vectors go round the other way: clockwise is east in row 0, west in row 1."
        elif not (y == 0).all() and (silent := np.argwhere((y == 0).all(axis=-1))).size:
            yield f"PE {tuple(silent[0].tolist())} has got nothing: is its fabin left out?"

    # The two answers.

    def write(self, answer: Any, size: Size) -> dict[str, Any]:
        """Both programs; for one that could not be written, its reasons."""
        if not isinstance(answer, tuple) or len(answer) != 2:
            raise Refused(
                'The check wants both functions, in brackets: wse.check("3.3", (broken, mended)).'
            )
        said: dict[str, Any] = {}
        for which, function in zip(("broken", "mended"), answer, strict=True):
            try:
                said[which] = super().write(function, size)
            except Refused as refused:
                said[f"{which} refused"] = refused.reasons
        return said

    def judge(self, written: Any, size: Size, rng: np.random.Generator) -> int:
        """The cycles of the mended program, if the broken one stands still as it should."""
        for which, judge in (("broken", self._judge_broken), ("mended", self._judge_mended)):
            try:
                if which not in written:
                    raise Refused(*map(str, written[f"{which} refused"]))
                cycles = judge(written[which], size, rng)
            except Refused as refused:
                first, *more = refused.reasons
                first = first if first.startswith(which) else f"{which}: {first}"
                rest = ["broken does what it should: two PEs stand still."] * (which == "mended")
                raise Refused(first, *more, *rest) from None
        return cycles

    def _judge_mended(self, written: Recorded, size: Size, rng: np.random.Generator) -> int:
        """It may change all operations and one route."""
        routes = route_changes(self.wafer(size)[0], self._laid(written, size))
        if len(routes) > 1:
            raise Refused(
                f"It changes {len(routes)} routes, one at most is allowed: {_list(routes)}."
            )
        return super().judge(written, size, rng)

    def _judge_broken(self, written: Recorded, size: Size, rng: np.random.Generator) -> int:
        """One thing is changed, and exactly two PEs wait for each other."""
        w, given = self._laid(written, size), self.wafer(size)
        all_sum(*given)
        changed = changes(given[0], w)
        if not changed:
            raise Refused("It is the given program as it was: change one thing.")
        if len(changed) > 1:
            raise Refused(
                f"It changes {len(changed)} things, and one is asked, of one PE or one router: "
                f"{_list(changed)}."
            )
        one = f"The one change is that {changed[0]}."
        for name, values in self.data(size, rng).items():
            w.memories[name][...] = values
        try:
            cycles = w.run(max_cycles=100 * size["values"] + 1_000, progress=False).cycles
        except Deadlock as error:
            _check_circle(w, error, one)
            return error.cycle
        except RunError as error:
            raise Refused(
                "Something goes wrong, but nobody waits for anybody: that is no deadlock.",
                _in_words(error), one,
            ) from None  # fmt: skip
        raise Refused(f"It runs to its end, in {cycles:,} cycles: nothing stands still.", one,
                      *_fits(size))  # fmt: skip


def _check_circle(w: Wafer, error: Deadlock, one: str) -> None:
    """Refuse a standstill that is not of two PEs which wait for each other."""
    stuck = {(int(row), int(column)) for row, column in np.argwhere(error.state.busy)}
    explainer = Explainer(Program.of(w), error.state)
    said = [_in_words(error), one]
    for pe in sorted(stuck):
        links, closes = explainer.chain(Waiting("operation", pe))
        things = [thing for thing, _ in links]
        circle = {thing.pe for thing in things[things.index(closes) :]} if closes else set()
        if len(circle) > 2:
            raise Refused(f"{len(circle)} PEs wait for each other; two are asked.", *said)
        if len(circle) < 2:
            raise Refused(
                f"PE {pe} waits for something that never comes: that is a dead end. What is asked "
                "is a circle, two PEs of which each waits for the other.",
                *said,
            )
    if len(stuck) > 2:
        raise Refused(
            f"{len(stuck)} PEs stand still: two wait for each other, and others for one of them. "
            "Whoever needs one of the two later on stands still as well.",
            *said,
        )


def _fits(size: Size) -> list[str]:
    """What to say where nothing stands still, and the vectors are short."""
    if size["values"] > 9:
        return []
    return [
        "Vectors as short as these fit into the queues and belts on the way, so a PE that sends "
        "goes on before anybody takes in. Two PEs that both take in first wait at any length."
    ]


def _in_words(error: RunError) -> str:
    """What the emulator says, without what to do about it: here it is to stand still."""
    lines = str(error).removesuffix(AS_BEFORE).rstrip().splitlines()
    kept = [line for line in lines if not line.strip().startswith(("Try:", "w.verify()"))]
    return "\n".join([f"{type(error).__name__}: {kept[0]}", *kept[1:]])


def _list(phrases: list[str]) -> str:
    """The first few of many."""
    more = f"; and {len(phrases) - 3} more" if len(phrases) > 3 else ""
    return "; ".join(phrases[:3]) + more
