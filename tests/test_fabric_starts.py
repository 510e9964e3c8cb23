"""Parts of memory that begin elsewhere in each PE: ``x.own[start : start + n]``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from wselab import EAST, NORTH, RAMP, SOUTH, WEST, ProgramError, Wafer, fabin, fabout

from .fabric_programs import LINK, busy, latencies, wafer

engines = pytest.mark.parametrize("engine", ["reference", "lockstep", "bitplane"])

SHAPES = {  # starts, and what they are in each PE of 3 x 4
    "one a column": (np.array([[0, 5, 2, 1]]), np.array([[0, 5, 2, 1]] * 3)),
    "one a column, flat": (np.array([0, 5, 2, 1]), np.array([[0, 5, 2, 1]] * 3)),
    "one a row": (np.array([[4], [0], [6]]), np.array([[4], [0], [6]] * 1).repeat(4, 1)),
    "one a PE": (np.arange(12).reshape(3, 4) % 7, np.arange(12).reshape(3, 4) % 7),
    "small integers": (np.array([[0, 5, 2, 1]], np.uint8), np.array([[0, 5, 2, 1]] * 3)),
    "the same in all": (np.array([[3]]), np.full((3, 4), 3)),
}


def pairs(**rules: Any) -> tuple[Wafer, Any]:
    """Rows of four: columns 0 and 2 send on a color to columns 1 and 3."""
    w = wafer(3, 4, **rules)
    c = w.color("c")
    w[:, ::2].route(c, RAMP >> EAST)
    w[:, 1::2].route(c, WEST >> RAMP)
    return w, c


# What it is


@engines
@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_each_pe_sends_from_its_own_start(engine: str, name: str, dtype: str) -> None:
    """Starts have the wafer's shape, or one that NumPy stretches to it."""
    given, starts = SHAPES[name]
    w, c = pairs()
    x, y = w.memory("x", 10, dtype=dtype), w.memory("y", 3)
    x[...] = np.arange(120).reshape(3, 4, 10)
    w[:, ::2].mov(x.own[given : given + 3], out=fabout(c))
    w[:, 1::2].mov(fabin(c), out=y)
    run = w.run(engine=engine)
    assert run.cycles == 3 + LINK(2, 1)
    for row in range(3):
        for column in (0, 2):
            first = starts[row, column]
            sent = np.arange(120).reshape(3, 4, 10)[row, column, first : first + 3]
            assert y[row, column + 1].tolist() == sent.tolist()


@engines
@pytest.mark.parametrize("name", SHAPES)
def test_each_pe_writes_from_its_own_start(engine: str, name: str) -> None:
    """The rest of the memory stays as it was."""
    given, starts = SHAPES[name]
    w, c = pairs()
    y = w.memory("y", 10)
    y[...] = -1
    w[:, ::2].mov(7.0, out=fabout(c), n=3)
    w[:, 1::2].mov(fabin(c), out=y.own[given : given + 3])
    w.run(engine=engine)
    expected = np.full((3, 4, 10), -1.0)
    for row in range(3):
        for column in (1, 3):
            expected[row, column, starts[row, column] : starts[row, column] + 3] = 7
    assert (np.asarray(y) == expected).all()


@engines
@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_memory_alone_is_computed_on_at_each_start(engine: str, dtype: str) -> None:
    """``mac`` with three parts that begin elsewhere, at the rate of its type: ceil(7 / rate)."""
    w = wafer(2, 3, startup=2)
    a, b, y = (w.memory(name, 12, dtype=dtype) for name in "aby")
    a[...], b[...] = np.arange(12), np.arange(12) % 5
    one, two = np.array([[0, 1, 2]]), np.array([[5], [3]])
    w[...].mac(a.own[one : one + 7], b.own[two : two + 7], out=y.own[one + 2 : one + 9])
    run = w.run(engine=engine)
    assert run.cycles == 2 + -(-7 // w.rules.rate("mac", dtype))
    for row in range(2):
        for column in range(3):
            result = np.zeros(12)
            first, second = column, (5, 3)[row]
            factors = np.arange(12)[first : first + 7], (np.arange(12) % 5)[second : second + 7]
            result[first + 2 : first + 9] = factors[0] * factors[1]
            assert y[row, column].tolist() == result.tolist()


@engines
def test_the_length_can_be_one_a_pe(engine: str) -> None:
    """Columns send 0, 3, 6 and 9 values to the south; the last takes longest."""
    w = wafer(2, 4)
    x, y, c = w.memory("x", 10), w.memory("y", 10), w.color("c")
    w[0].route(c, RAMP >> SOUTH)
    w[1].route(c, NORTH >> RAMP)
    x[...] = np.arange(10)
    start, n = np.array([[10, 1, 0, 1]]), np.array([[0, 3, 6, 9]])
    w[0].mov(x.own[start : start + n], out=fabout(c))
    w[1].mov(fabin(c), out=y.own[10 - n : 10])
    run = w.run(engine=engine)
    assert run.cycles == 9 + LINK(2, 1) and run.hops == 18
    expected = [[0] * 10, [0] * 7 + [1, 2, 3], [0] * 4 + [*range(6)], [0, *range(1, 10)]]
    assert y[1].tolist() == expected


@engines
def test_a_part_that_all_of_a_memory_is_of_is_a_part(engine: str) -> None:
    """From 0 to a stop by PE, and from a start by PE to one stop for all."""
    w = wafer(1, 3)
    x, y = w.memory("x", 4), w.memory("y", 4)
    x[...] = [1, 2, 3, 4]
    ends = np.array([[1, 3, 4]])
    w[...].mov(x.own[:ends], out=y.own[4 - ends : 4])
    assert w.run(engine=engine).cycles == 4
    assert y[0].tolist() == [[0, 0, 0, 1], [0, 1, 2, 3], [1, 2, 3, 4]]


@engines
def test_starts_are_those_of_the_wafer_in_any_region(engine: str) -> None:
    """A region takes its own PEs' starts, also one that counts backwards, by parity or by mask."""
    start = np.arange(12).reshape(3, 4)
    mask = np.zeros((3, 4), bool)
    mask[0, 3] = mask[2, 1] = True
    for region in (
        (slice(None), slice(1, 3)),
        (slice(None, None, -1), slice(None, None, -2)),
        mask,
    ):
        w = wafer(3, 4)
        x = w.memory("x", 12)
        w[region].mov(1.0, out=x.own[start : start + 1])
        w.run(engine=engine)
        expected = np.zeros((3, 4, 12))
        for row, column in np.argwhere(w[region].mask):
            expected[row, column, start[row, column]] = 1
        assert (np.asarray(x) == expected).all()


@engines
def test_alternating_colors_and_starts_go_together(engine: str) -> None:
    """Each PE of a row sends its own piece to its eastern neighbour, on two colors."""
    w = wafer(1, 6)
    x, y = w.memory("x", 8), w.memory("y", 8)
    x[...] = np.arange(48).reshape(1, 6, 8)
    mine, theirs = w.alternating("a", "b", by="column")
    w[:, :-1].route(mine, RAMP >> EAST)
    w[:, 1:].route(theirs, WEST >> RAMP)
    start = np.arange(6)[None]
    w[:, :-1].mov(x.own[start : start + 2], out=fabout(mine), microthread=True)
    w[:, 1:].mov(fabin(theirs), out=y.own[start : start + 2])
    assert w.run(engine=engine).cycles == 2 + LINK(2, 1)
    for i in range(1, 6):
        assert y[0, i, i : i + 2].tolist() == [8 * (i - 1) + i - 1, 8 * (i - 1) + i]


# A ring


@engines
@latencies
@pytest.mark.parametrize("columns", [2, 3, 5])
@pytest.mark.parametrize("C", [1, 6])
def test_a_ring_all_reduce_takes_its_steps(engine: str, T: int, columns: int, C: int) -> None:
    """P PEs, each next to the one before: 2 (P - 1) steps of C + LINK(T, 1) cycles, exactly.

    In a step each PE sends a piece of C values in a microthread and takes in another. What it sends
    next is what it took last, so a step begins when the last wavelet of the one before is there.
    """
    P, n = 2 * columns, 2 * columns * C
    w = wafer(2, columns, ramp_latency=T)
    x = w.memory("x", n)
    x[...] = np.arange(2 * columns * n).reshape(2, columns, n) % 17
    total = np.asarray(x).sum(axis=(0, 1))
    way = [(0, j) for j in range(columns)] + [(1, j) for j in range(columns)[::-1]]
    number = np.zeros((2, columns), int)
    for i, place in enumerate(way):
        number[place] = i
    even = number % 2 == 0
    colors = w.color("even"), w.color("odd")
    for i, place in enumerate(way):
        after, before = way[(i + 1) % P], way[i - 1]
        port = {(0, 1): EAST, (0, -1): WEST, (1, 0): SOUTH, (-1, 0): NORTH}
        toward = port[after[0] - place[0], after[1] - place[1]]
        back = port[before[0] - place[0], before[1] - place[1]]
        w[place].route(colors[i % 2], RAMP >> toward)
        w[place].route(colors[1 - i % 2], back >> RAMP)
    for add, step in [(True, s) for s in range(P - 1)] + [(False, s) for s in range(P - 1)]:
        sent = (number - step + (not add)) % P * C
        taken = (number - step - add) % P * C
        for mask, mine, theirs in ((even, *colors), (~even, *colors[::-1])):
            w[mask].mov(x.own[sent : sent + C], out=fabout(mine), microthread=True)
            kept = x.own[taken : taken + C]
            if add:
                w[mask].add(fabin(theirs), kept, out=kept)
            else:
                w[mask].mov(fabin(theirs), out=kept)
    run = w.run(engine=engine)
    assert run.cycles == 2 * (P - 1) * (C + LINK(T, 1))
    assert run.hops == run.ramps == 2 * (P - 1) * C * P
    assert (np.asarray(x) == total).all()


@engines
def test_the_same_program_runs_again(engine: str) -> None:
    """A part may be kept, and used in many launches."""
    w, c = pairs()
    x, y = w.memory("x", 10), w.memory("y", 10)
    start = np.array([[4, 1, 0, 7]])
    piece, kept = x.own[start : start + 3], y.own[start : start + 3]
    for value in (1.0, 2.0):
        x[...] = value
        w[:, ::2].mov(piece, out=fabout(c))
        w[:, 1::2].add(fabin(c), kept, out=kept)
        assert w.run(engine=engine).cycles == 3 + LINK(2, 1)
    assert y[2, 3].tolist() == [0] * 7 + [3] * 3


# Overlap


@engines
def test_parts_that_overlap_in_no_pe_are_fine(engine: str) -> None:
    """In row 0 the source lies before, in row 1 behind what is written."""
    w = wafer(2, 1)
    x = w.memory("x", 8)
    x[...] = np.arange(8)
    w[...].mov(x.own[np.array([[0], [4]]) : np.array([[4], [8]])],
               out=x.own[np.array([[4], [0]]) : np.array([[8], [4]])])  # fmt: skip
    w.run(engine=engine)
    assert x[:, 0].tolist() == [[0, 1, 2, 3, 0, 1, 2, 3], [4, 5, 6, 7, 4, 5, 6, 7]]


def test_parts_that_overlap_in_one_pe_are_refused() -> None:
    """There, and where the region has that PE; elsewhere they are fine."""
    w = wafer(1, 3)
    x = w.memory("x", 10)
    start = np.array([[4, 5, 3]])
    w[:, :2].mov(x.own[:4], out=x.own[start : start + 4])
    with pytest.raises(ProgramError, match=r"overlap without being the same"):
        w[...].mov(x.own[:4], out=x.own[start : start + 4])
    with pytest.raises(ProgramError, match=r"overlap without being the same"):
        w[...].add(x.own[start : start + 4], 1.0, out=x.own[start + 1 : start + 5])
    w[...].add(x.own[start : start + 4], 1.0, out=x.own[start : start + 4])


def test_a_part_is_the_same_however_it_is_written() -> None:
    """An operation may write where it reads; not one value further on, nor the other way round."""
    w = wafer(1, 2)
    x, y = w.memory("x", 8), w.memory("y", (2, 4))
    for part, same in [(x.own[0:4], x.own[:-4]), (y.own[1], y.own[1:]), (y.own[...], y)]:
        w[...].mul(part, 2.0, out=same)
    for part, other in [(x.own[:4], x.own[1:5]), (x, x.own[::-1]), (y.own[:, 1], y.own[1, :2])]:
        with pytest.raises(ProgramError, match=r"overlap without being the same"):
            w[...].mul(part, 2.0, out=other)


@engines
@pytest.mark.parametrize("waits", [True, False])
def test_work_on_one_piece_goes_beside_a_stream_into_another(engine: str, waits: bool) -> None:
    """Each PE takes one half in while it works on the other; on the same half it waits."""
    n, K = 10, 10
    w, c = pairs()
    x, y = w.memory("x", n), w.memory("y", 2 * n)
    half = np.array([[0, 0, 0, n]])
    other = half if waits else n - half
    w[:, ::2].mov(x, out=fabout(c))
    w[:, 1::2].mov(fabin(c), out=y.own[half : half + n], microthread=True)
    w[:, 1::2].add(y.own[other : other + n], 1.0, out=y.own[other : other + n])
    busy(w[:, 1::2], x, K)
    start = n + LINK(2, 1) if waits else 1
    assert w.run(engine=engine).cycles == start + n + K


# What is refused


S = np.array([[0, 1, 2, 3]])
WRONG: dict[str, tuple[Callable[[Any, Any, Any], Any], str]] = {
    "beyond the end": (
        lambda w, x, A: w[...].mov(0.0, out=x.own[S + 5 : S + 9]),
        r"\[7:11\] of a memory of 10; expected 0 <= start <= stop",
    ),
    "before the first": (
        lambda w, x, A: w[...].mov(0.0, out=x.own[S - 1 : S + 1]),
        r"\[-1:1\] of a memory of 10; expected 0 <= start",
    ),
    "stop before start": (
        lambda w, x, A: w[...].mov(0.0, out=x.own[S + 2 : S]),
        r"\[2:0\] of a memory of 10",
    ),
    "floats": (
        lambda w, x, A: w[...].mov(0.0, out=x.own[S * 1.0 : S + 2.0]),
        r"whole numbers: x\.own\[start : start \+ n\]",
    ),
    "truth values": (
        lambda w, x, A: w[...].mov(0.0, out=x.own[S > 9 : S >= 0]),
        r"whole numbers",
    ),
    "two dimensions": (
        lambda w, x, A: w[...].mov(0.0, out=A.own[S : S + 1]),
        r"A\.own.*one dimension",
    ),
    "two dimensions, one of them a number": (
        lambda w, x, A: w[...].mov(0.0, out=A.own[0, S : S + 1]),
        r"A\.own\[0, start:stop, by PE\].*one dimension",
    ),
    "no stop": (
        lambda w, x, A: w[...].mov(0.0, out=x.own[S:]),
        r"x\.own\[start : start \+ n\]",
    ),
    "a step": (
        lambda w, x, A: w[...].mov(0.0, out=x.own[S : S + 4 : 2]),
        r"x\.own\[start : start \+ n\]",
    ),
    "another wafer's shape": (
        lambda w, x, A: w[...].mov(0.0, out=x.own[np.arange(5) : np.arange(5) + 1]),
        r"shapes \(5,\) and \(5,\), the wafer has \(3, 4\)",
    ),
    "the region's shape": (
        lambda w, x, A: w[:, 2:].mov(0.0, out=x.own[S[:, 2:] : S[:, 2:] + 1]),
        r"shapes \(1, 2\) and \(1, 2\), the wafer has \(3, 4\).*also .* a region",
    ),
    "three dimensions": (
        lambda w, x, A: w[...].mov(0.0, out=x.own[S[None] : S[None] + 1]),
        r"the wafer has \(3, 4\)",
    ),
    "numbers instead of a slice": (
        lambda w, x, A: w[...].mov(0.0, out=x.own[S]),
        r"expected whole numbers and slices.*x\.own\[S : S \+ 1\]",
    ),
    "other lengths": (
        lambda w, x, A: w[...].mov(x.own[S : S + 3], out=x.own[5:9]),
        r"lengths differ: .* holds 3, x\.own\[5:9\] holds 4",
    ),
    "lengths that differ in one PE": (
        lambda w, x, A: w[...].mov(x.own[:S], out=x.own[5:8]),
        r"lengths differ: .* a number of its own in each PE",
    ),
    "n of another length": (
        lambda w, x, A: w[...].mov(1.0, out=x.own[S : S + 3], n=2),
        r"n=2, but .* holds 3; leave n out",
    ),
    "a second index": (
        lambda w, x, A: x.own[S : S + 3][0],
        r"index it once",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_part_by_pe_that_cannot_be_is_refused_when_written(name: str) -> None:
    """With what it is, what was expected, and nothing recorded."""
    write, message = WRONG[name]
    w = wafer(3, 4)
    x, A = w.memory("x", 10), w.memory("A", (4, 5))
    with pytest.raises(ProgramError, match=message):
        write(w, x, A)
    assert not w.recorded


def test_starts_of_pes_that_are_not_meant_may_lie_anywhere() -> None:
    """Only those of the region count."""
    w = wafer(1, 4)
    x = w.memory("x", 10)
    start = np.array([[0, 8, 99, -5]])
    w[:, :2].mov(1.0, out=x.own[start : start + 2])
    w.run()
    assert x[0, 1].tolist() == [0] * 8 + [1, 1]


@engines
def test_starts_are_taken_as_they_were(engine: str) -> None:
    """A learner who moves the starts on in a loop does not change what is written already."""
    w = wafer(1, 2)
    x = w.memory("x", 6)
    start = np.array([[0, 3]])
    for value in (1.0, 2.0, 3.0):
        w[...].mov(value, out=x.own[start : start + 1])
        start += 1
    w.run(engine=engine)
    assert x[0].tolist() == [[1, 2, 3, 0, 0, 0], [0, 0, 0, 1, 2, 3]]
