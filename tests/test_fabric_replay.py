"""Values, bit for bit: the block-wise replay of the bitplane engine against the reference.

Which values an operation computes does not depend on when it computes them; here are the programs
in which that is hardest to get right. Each is made twice, run on each engine, and compared in
every byte of every memory, in cycles, hops and ramps. Where NumPy can say the answer in a line, it
is compared with that too, so that the engines cannot be wrong together.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from wselab import EAST, NORTH, RAMP, SOUTH, WEST, Run, Wafer, fabin, fabout
from wselab.fabric.engines.tapes import Tape
from wselab.fabric.ports import opposite
from wselab.fabric.streams import Streams

PAGE = 1024  # values of a stream that the replay keeps together


def agree(make: Callable[[], Wafer]) -> tuple[Wafer, Run]:
    """Run a program on both engines, compare everything, and give one wafer and run back."""
    wafers = make(), make()
    runs = [w.run(engine=e) for w, e in zip(wafers, ("reference", "bitplane"), strict=True)]
    one, other = wafers
    assert runs[0].cycles == runs[1].cycles
    assert (runs[0].hops, runs[0].ramps) == (runs[1].hops, runs[1].ramps)
    for name, memory in one.memories.items():
        mine, theirs = np.asarray(memory), np.asarray(other.memories[name])
        bits = f"u{mine.itemsize}"
        differ = mine.view(bits) != theirs.view(bits)
        assert not differ.any(), f"{name} differs at {np.argwhere(differ)[:5].tolist()}"
    return other, runs[1]


def rough(shape: Any, seed: int = 1, dtype: str = "float32") -> np.ndarray:
    """Seeded numbers of such different sizes that another order or rounding shows."""
    draw = np.random.default_rng(seed)
    return (draw.standard_normal(shape) * 2.0 ** draw.integers(-9, 9, shape)).astype(dtype)


def pair(w: Wafer, color: Any, rows: Any = np.s_[:]) -> None:
    """Route a color from the first column to the second."""
    w[rows, 0].route(color, RAMP >> EAST)
    w[rows, 1].route(color, WEST >> RAMP)


# Operations fed by their own output


def ring(pes: int, colors: int, rounds: int, seeds: int, pieces: int) -> Wafer:
    """PEs in a ring; the first puts ``seeds`` values in, each adds its own number and sends on.

    What comes back to the first goes round again, ``rounds`` times, in operations of ``pieces``
    parts each; then the first keeps it.
    """
    columns = pes // 2
    w = Wafer(2, columns)
    x, y = w.memory("x", ()), w.memory("y", seeds)
    x[...] = rough((2, columns))
    y[...] = rough((2, columns, seeds), 2)
    path = [(0, c) for c in range(columns)] + [(1, c) for c in reversed(range(columns))]
    names = [w.color(f"c{i}") for i in range(colors)]
    for i, (here, there) in enumerate(itertools.pairwise([*path, path[0]])):
        step = there[0] - here[0], there[1] - here[1]
        port = next(p for p in (NORTH, EAST, SOUTH, WEST) if p.step == step)
        w[here].route(names[i % colors], RAMP >> port)
        w[there].route(names[i % colors], opposite(port) >> RAMP)
    total = rounds * seeds
    for i, here in enumerate(path):
        mine, theirs = names[i % colors], names[(i - 1) % pes % colors]
        edges = np.linspace(0, total - seeds * (i == 0), pieces + 1).astype(int)
        if i == 0:
            w[here].mov(y, out=fabout(mine))
        for low, high in itertools.pairwise(edges.tolist()):
            w[here].add(fabin(theirs), x, out=fabout(mine), n=high - low)
        if i == 0:
            w[here].mov(fabin(theirs), out=y)
    return w


@pytest.mark.parametrize("pieces", [1, 3])
@pytest.mark.parametrize(
    ("pes", "rounds", "seeds"),
    [(2, 1, 3), (2, 2, 1), (4, 7, 5), (6, 40, 2), (10, 3, 6), (2, 300, 5), (4, 260, 4)],
)
def test_a_ring_feeds_itself(pes: int, rounds: int, seeds: int, pieces: int) -> None:
    """One operation takes in what it sent itself, round after round, also over several pages."""
    w, _ = agree(lambda: ring(pes, 2, rounds, seeds, pieces))
    before = ring(pes, 2, rounds, seeds, pieces)
    x, value = np.asarray(before.memories["x"]), np.asarray(before.memories["y"])[0, 0].copy()
    order = [*x[0, 1:], *x[1, ::-1]]
    for number in range(rounds):
        for own in order if number == 0 else [x[0, 0], *order]:
            value = value + own
    assert (np.asarray(w.memories["y"])[0, 0] == value).all()


def test_two_rings_cross_in_one_pe() -> None:
    """A PE hands values between two rings, each of which waits for the other."""

    def make() -> Wafer:
        w = Wafer(1, 3)
        x, y = w.memory("x", 200), w.memory("y", 4)
        x[...] = rough(x.shape)
        y[...] = rough(y.shape, 3)
        a, b, c, d = (w.color(name) for name in "abcd")
        w[0, 0].route(a, RAMP >> EAST)
        w[0, 1].route(a, WEST >> RAMP)
        w[0, 1].route(b, RAMP >> EAST)
        w[0, 2].route(b, WEST >> RAMP)
        w[0, 2].route(c, RAMP >> WEST)
        w[0, 1].route(c, EAST >> RAMP)
        w[0, 1].route(d, RAMP >> WEST)
        w[0, 0].route(d, EAST >> RAMP)
        w[0, 0].mov(y, out=fabout(a))
        w[0, 2].mov(y, out=fabout(c))
        for k in range(50):  # four values a turn: a -> b, c -> d, and both come back
            own = x.own[4 * k : 4 * k + 4]
            w[0, 1].add(fabin(a), own, out=fabout(b))
            w[0, 1].mac(fabin(c), 0.5, acc=own, out=fabout(d))
            if k < 49:
                w[0, 0].mul(fabin(d), 0.75, out=fabout(a), n=4)
                w[0, 2].max(fabin(b), own, out=fabout(c))
        w[0, 0].mov(fabin(d), out=y)
        w[0, 2].mov(fabin(b), out=y)
        return w

    agree(make)


def test_many_rings_side_by_side_start_at_different_times() -> None:
    """Each row is a ring of its own, delayed by its own work: crews split and go on apart."""

    def make() -> Wafer:
        w = Wafer(7, 2)
        x, y = w.memory("x", 60), w.memory("y", 3)
        x[...] = rough(x.shape)
        y[...] = rough(y.shape, 5)
        go, back = w.color("go"), w.color("back")
        w[:, 0].route(go, RAMP >> EAST)
        w[:, 1].route(go, WEST >> RAMP)
        w[:, 1].route(back, RAMP >> WEST)
        w[:, 0].route(back, EAST >> RAMP)
        for row in range(7):
            w[row].mul(x.own[: 9 * row], 0.5, out=x.own[: 9 * row])
        w[:, 0].mov(y, out=fabout(go))
        w[:, 1].add(fabin(go), x, out=fabout(back))
        w[:, 0].mul(fabin(back), x.own[:57], out=fabout(go))
        w[:, 0].mov(fabin(back), out=y)
        return w

    agree(make)


# Splits, pages, counts


@pytest.mark.parametrize(
    ("sent", "taken"),
    [
        ([40], [40]),
        ([7, 13, 20], [1, 30, 9]),
        ([1] * 12, [12]),
        ([12], [1] * 12),
        ([3, 0, 5], [5, 3, 0]),
        ([PAGE - 1, 2, PAGE], [PAGE + 1, 1, PAGE - 1]),
        ([3 * PAGE + 7], [5, PAGE, PAGE, PAGE + 2]),
        ([1500, 1500, 96], [1000, 2000, 96]),
        ([PAGE] * 3, [2 * PAGE, PAGE]),
        ([2500], [2500]),
    ],
    ids=str,
)
def test_sender_and_receiver_may_split_a_stream_differently(sent: list, taken: list) -> None:
    """The j-th value sent is the j-th taken, wherever operations and pages begin and end."""
    total = sum(sent)
    assert total == sum(taken)

    def make() -> Wafer:
        w = Wafer(2, 2)
        x, y = w.memory("x", total), w.memory("y", total)
        x[...] = rough(x.shape)
        y[...] = rough(y.shape, 9)
        c = w.color("c")
        pair(w, c)
        edges = np.cumsum([0, *sent]).tolist()
        for low, high in itertools.pairwise(edges):
            w[:, 0].mul(x.own[low:high], 3.0, out=fabout(c))
        edges = np.cumsum([0, *taken]).tolist()
        for low, high in itertools.pairwise(edges):
            w[:, 1].add(fabin(c), y.own[low:high], out=y.own[low:high])
        return w

    w, run = agree(make)
    expected = rough(w.memories["x"].shape)[:, 0] * np.float32(3)
    expected = expected + rough(w.memories["y"].shape, 9)[:, 1]
    assert (np.asarray(w.memories["y"])[:, 1] == expected).all()
    assert run.ramps == 2 * total


def test_a_chain_over_several_pages() -> None:
    """Streams of 3,000 values pass through PEs that split them each in its own way."""

    def make() -> Wafer:
        w = Wafer(2, 5)
        n = 3000
        x = w.memory("x", n)
        x[...] = rough(x.shape)
        mine, theirs = w.alternating("a", "b", by="column")
        w[:, 1:].route(mine, RAMP >> WEST)
        w[:, :-1].route(theirs, EAST >> RAMP)
        for column in range(5):
            edges = np.unique([0, n, *np.random.default_rng(column).integers(0, n, column)])
            for low, high in itertools.pairwise(edges.tolist()):
                own, pes = x.own[low:high], w[:, column]
                if column == 4:
                    pes.mov(own, out=fabout(mine))
                elif column:
                    pes.add(fabin(theirs), own, out=fabout(mine))
                else:
                    pes.add(fabin(theirs), own, out=own)
        return w

    w, _ = agree(make)
    x = rough((2, 5, 3000))
    total = x[:, 4]
    for column in (3, 2, 1, 0):
        total = total + x[:, column]
    assert (np.asarray(w.memories["x"])[:, 0] == total).all()


def test_one_stream_is_read_by_many_at_different_paces() -> None:
    """A broadcast of several pages whose listeners begin at different times and split it apart."""

    def make() -> Wafer:
        w = Wafer(3, 4)
        n = 2 * PAGE + 100
        x = w.memory("x", n)
        x[...] = rough(x.shape)
        c = w.color("c")
        w[1, 0].route(c, RAMP >> EAST)
        w[1, 1:-1].route(c, WEST >> (RAMP, EAST, NORTH, SOUTH))
        w[1, -1].route(c, WEST >> (RAMP, NORTH))
        w[0, 1:].route(c, SOUTH >> RAMP)
        w[2, 1:-1].route(c, NORTH >> RAMP)
        w[1, 0].mov(x, out=fabout(c))
        listeners = [(0, 1), (0, 2), (0, 3), (1, 1), (1, 2), (1, 3), (2, 1), (2, 2)]
        for at, (row, column) in enumerate(listeners):
            w[row, column].mul(x.own[: 7 * at], 2.0, out=x.own[: 7 * at])
            edges = np.linspace(0, n, at + 2).astype(int).tolist()
            for low, high in itertools.pairwise(edges):
                w[row, column].max(fabin(c), x.own[low:high], out=x.own[low:high])
        return w

    agree(make)


@pytest.mark.parametrize("length", [9, 70, 130])
@pytest.mark.parametrize("turned", [False, True])
def test_counts_may_differ_from_pe_to_pe(length: int, turned: bool) -> None:
    """n is one a PE, with zeros: each PE's stream has its own length and end."""

    def make() -> Wafer:
        w = Wafer(*((length, 2) if turned else (2, length)))
        out, back = (EAST, WEST) if turned else (SOUTH, NORTH)
        x, s = w.memory("x", 12), w.memory("s", ())
        x[...], s[...] = rough(x.shape), rough(s.shape, 4)
        c, d = w.color("c"), w.color("d")
        counts = np.random.default_rng(0).integers(0, 13, length)
        first = np.zeros(w.shape, bool)
        first[np.s_[:, 0] if turned else 0] = True
        n = np.zeros(w.shape, int)
        n[first] = counts
        m = np.zeros(w.shape, int)
        m[~first] = counts
        w[first].route(c, RAMP >> out)
        w[~first].route(c, back >> RAMP)
        w[~first].route(d, RAMP >> back)
        w[first].route(d, out >> RAMP)
        some = np.minimum(n, 5)
        w[first].add(s, 0.125, out=fabout(c), n=some)
        w[...].mul(s, s, out=fabout(c), n=n - some)
        w[~first].mac(fabin(c), 1.5, acc=s, out=fabout(d), n=m)
        for count in range(1, 13):
            w[n == count].add(fabin(d), x.own[:count], out=x.own[:count])
        return w

    _, run = agree(make)
    assert run.ramps == 2 * np.random.default_rng(0).integers(0, 13, length).sum()


# Regions and widths


@pytest.mark.parametrize("seed", range(6))
def test_masks_of_any_shape_compute_what_numpy_computes(seed: int) -> None:
    """A list of operations on random masks leaves what the same list leaves in NumPy arrays."""

    def make() -> Wafer:
        draw = np.random.default_rng(seed)
        shape = [(5, 7), (1, 130), (129, 1), (66, 3), (3, 65), (9, 9)][seed]
        w = Wafer(*shape)
        x, y = w.memory("x", 5), w.memory("y", (5, 2))
        x[...], y[...] = rough(x.shape, seed), rough(y.shape, seed + 50)
        for _ in range(12):
            region = w[draw.random(shape) < draw.random()]
            region.add(x, y.own[:, 0], out=x)
            region.mul(x.own[1:4], -0.5, out=y.own[:3, 1])
            region.max(y.own[::-1, 1], x, out=y.own[:, 0])
        return w

    w, _ = agree(make)
    again = make()
    x, y = np.asarray(again.memories["x"]), np.asarray(again.memories["y"])
    draw = np.random.default_rng(seed)
    for _ in range(12):
        mask = draw.random(w.shape) < draw.random()
        x[mask] += y[mask, :, 0]
        y[mask, :3, 1] = x[mask, 1:4] * np.float32(-0.5)
        y[mask, :, 0] = np.maximum(y[mask, ::-1, 1], x[mask])
    assert (np.asarray(w.memories["x"]) == x).all()
    assert (np.asarray(w.memories["y"]) == y).all()


@pytest.mark.parametrize("pes", [63, 64, 65, 128, 129, 150])
@pytest.mark.parametrize("lines", [1, 2])
@pytest.mark.parametrize("turned", [False, True])
def test_wide_wafers_pass_streams_across_words(pes: int, lines: int, turned: bool) -> None:
    """Wider than 64 and 128 on either axis: a shift by one PE, and a stream from end to end."""

    def make() -> Wafer:
        w = Wafer(*((pes, lines) if turned else (lines, pes)))
        out, back = (SOUTH, NORTH) if turned else (EAST, WEST)
        x, y = w.memory("x", 2), w.memory("y", 2)
        x[...] = rough(x.shape)
        mine, theirs = w.alternating("a", "b", by="row" if turned else "column")
        far = w.color("far")
        along = (lambda s: w[s]) if turned else (lambda s: w[:, s])
        along(np.s_[:-1]).route(mine, RAMP >> out)
        along(np.s_[1:]).route(theirs, back >> RAMP)
        along(-1).route(far, RAMP >> back)
        along(np.s_[1:-1]).route(far, out >> back)
        along(0).route(far, out >> RAMP)
        along(np.s_[:-1]).mov(x, out=fabout(mine))
        along(np.s_[1:]).mov(fabin(theirs), out=y)
        along(-1).mov(x, out=fabout(far))
        along(0).add(fabin(far), x, out=y)
        return w

    w, run = agree(make)
    x = rough(w.memories["x"].shape)
    axis = 0 if turned else 1
    expected = np.roll(x, 1, axis)
    first, last = (np.s_[0], np.s_[-1]) if turned else (np.s_[:, 0], np.s_[:, -1])
    expected[first] = x[last] + x[first]
    assert (np.asarray(w.memories["y"]) == expected).all()
    assert run.hops == 2 * lines * (2 * (pes - 1))


def test_streams_along_both_axes_of_a_wide_wafer() -> None:
    """Trees that turn: along row 0, then down every column, and back up to the row's start."""

    def make() -> Wafer:
        w = Wafer(3, 131)
        x, y = w.memory("x", 6), w.memory("y", 6)
        x[...] = rough(x.shape)
        down, up = w.color("down"), w.color("up")
        w[0, 0].route(down, RAMP >> (EAST, SOUTH))
        w[0, 1:-1].route(down, WEST >> (RAMP, EAST, SOUTH))
        w[0, -1].route(down, WEST >> (RAMP, SOUTH))
        w[1].route(down, NORTH >> (RAMP, SOUTH))
        w[2].route(down, NORTH >> RAMP)
        w[2, ::5].route(up, RAMP >> NORTH)
        w[1, ::5].route(up, SOUTH >> NORTH)
        w[0, ::5].route(up, SOUTH >> RAMP)
        rest = np.ones((3, 131), bool)
        rest[0, 0] = False
        w[0, 0].mov(x, out=fabout(down))
        w[rest].mac(fabin(down), x, acc=2.0, out=y)
        w[2, ::5].mov(y, out=fabout(up))
        w[0, ::5].add(fabin(up), y, out=y)
        return w

    w, _ = agree(make)
    x = rough((3, 131, 6))
    y = np.float32(2) + x[0, 0] * x
    y[0, 0] = 0
    y[0, ::5] += y[2, ::5]
    assert (np.asarray(w.memories["y"]) == y).all()


# Types and special values


@pytest.mark.parametrize("kind", ["mov", "add", "mul", "max", "mac"])
@pytest.mark.parametrize("types", list(itertools.product(["float32", "float16"], repeat=3)))
@pytest.mark.parametrize("way", ["memory", "in", "out"])
def test_types_mix_as_the_rules_say(kind: str, types: tuple, way: str) -> None:
    """An operation computes in the widest type of its memory operands; a wavelet is a float32."""
    n = 50

    def make() -> Wafer:
        w = Wafer(2, 2)
        a, b, r = (w.memory(m, n, dtype=t) for m, t in zip("abr", types, strict=True))
        for seed, memory in enumerate((a, b, r)):
            memory[...] = rough(memory.shape, seed).astype(memory.dtype)
        c = w.color("c")
        pair(w, c)
        inputs = [a] if kind == "mov" else [a, b]
        if way == "memory":
            getattr(w[...], kind)(*inputs, out=r)
        elif way == "in":
            w[:, 0].mov(a, out=fabout(c))
            getattr(w[:, 1], kind)(fabin(c), *inputs[1:], out=r)
        else:
            given = {"acc": r} if kind == "mac" else {}
            getattr(w[:, 0], kind)(*inputs, out=fabout(c), **given)
            w[:, 1].mov(fabin(c), out=r)
        return w

    w, _ = agree(make)
    if way == "memory":
        before = make()
        a, b, r = (np.asarray(before.memories[name]) for name in "abr")
        used = (a, r) if kind == "mov" else (a, b, r)
        wide = np.result_type(*(one.dtype for one in used))
        a, b, r = (one.astype(wide) for one in (a, b, r))
        with np.errstate(over="ignore"):
            value = {
                "mov": lambda: a,
                "add": lambda: a + b,
                "mul": lambda: a * b,
                "max": lambda: np.maximum(a, b),
                "mac": lambda: r + a * b,
            }[kind]()
            expected = value.astype(types[2])
        assert (np.asarray(w.memories["r"]) == expected).all()


SPECIAL = [0.0, -0.0, np.inf, -np.inf, 1.0, -1.5, 2.0**-149, -(2.0**-126), 3e38, 65504.0, 1e-7]


@pytest.mark.parametrize("kind", ["add", "mul", "max", "mac"])
@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("streamed", [False, True])
def test_signs_of_zero_infinities_and_the_smallest_keep_their_bits(
    kind: str, dtype: str, streamed: bool
) -> None:
    """Every pair of special values: -0.0, infinities, subnormals, overflow, what becomes NaN."""
    with np.errstate(over="ignore"):
        one, two = (m.ravel().astype(dtype) for m in np.meshgrid(SPECIAL, SPECIAL))

    def make() -> Wafer:
        w = Wafer(1, 2)
        a, b, r = (w.memory(name, len(one), dtype=dtype) for name in "abr")
        a[...], b[...], r[...] = one, two, -0.0
        c = w.color("c")
        pair(w, c)
        w[0, 0].mov(a, out=fabout(c))
        if streamed:
            getattr(w[0, 1], kind)(fabin(c), b, out=r)
        else:
            w[0, 1].mov(fabin(c), out=a)
            getattr(w[0, 1], kind)(a, b, out=r)
        return w

    w, _ = agree(make)
    result = np.asarray(w.memories["r"])[0, 1]
    with np.errstate(all="ignore"):
        product = (one * two).astype(dtype)
        expected = {
            "add": one + two,
            "mul": product,
            "max": np.where(one > two, one, two),
            "mac": np.asarray(-0.0, dtype) + product,
        }[kind]
    nan = np.isnan(expected)
    assert nan.any() == (kind != "max") and (np.isnan(result) == nan).all()
    assert result[~nan].tobytes() == expected[~nan].astype(dtype).tobytes()


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_a_nan_in_either_operand_comes_out(dtype: str) -> None:
    """mov carries it, add, mul, max and mac give one, wherever it stands."""

    def make() -> Wafer:
        w = Wafer(1, 2)
        a, b = w.memory("a", 4, dtype=dtype), w.memory("b", 4, dtype=dtype)
        r = w.memory("r", (5, 4), dtype=dtype)
        a[...], b[...] = [np.nan, 1, np.nan, 2], [1, np.nan, np.nan, 3]
        c = w.color("c")
        pair(w, c)
        for _ in range(5):
            w[0, 0].mov(a, out=fabout(c))
        w[0, 1].mov(fabin(c), out=r.own[0])
        w[0, 1].add(fabin(c), b, out=r.own[1])
        w[0, 1].mul(b, fabin(c), out=r.own[2])
        w[0, 1].max(fabin(c), b, out=r.own[3])
        w[0, 1].mac(fabin(c), b, out=r.own[4])
        return w

    w, _ = agree(make)
    isnan = np.isnan(np.asarray(w.memories["r"])[0, 1]).tolist()
    assert isnan == [[True, False, True, False]] + [[True, True, True, False]] * 4


def test_a_float16_stream_is_rounded_where_the_rules_say() -> None:
    """A sum computed in float16 is rounded before it is sent; one with a float32 is not."""

    def make() -> Wafer:
        w = Wafer(1, 3)
        h, x = w.memory("h", 4, dtype="float16"), w.memory("x", 4)
        h[...], x[...] = 2048, 1
        c, d = w.color("c"), w.color("d")
        w[0, 1].route(c, RAMP >> WEST)
        w[0, 0].route(c, EAST >> RAMP)
        w[0, 1].route(d, RAMP >> EAST)
        w[0, 2].route(d, WEST >> RAMP)
        w[0, 1].add(h, 1.0, out=fabout(c))
        w[0, 1].add(h, x, out=fabout(d))
        w[0, 0].mov(fabin(c), out=x)
        w[0, 2].mov(fabin(d), out=x)
        return w

    w, _ = agree(make)
    assert np.asarray(w.memories["x"])[0, ::2].tolist() == [[2048] * 4, [2049] * 4]


# Where the data lies


def laid_out(way: str, values: np.ndarray) -> np.ndarray:
    """The same values in memory laid out in another way."""
    if way == "transposed":
        return np.ascontiguousarray(values.T).T
    if way == "Fortran":
        return np.asfortranarray(values)
    if way == "PEs swapped":
        return np.ascontiguousarray(values.swapaxes(0, 1)).swapaxes(0, 1)
    if way == "inner axes swapped":
        return np.ascontiguousarray(values.swapaxes(-1, -2)).swapaxes(-1, -2)
    if way == "within a larger array":
        larger = np.full([2 * size + 1 for size in values.shape], 99, values.dtype)
        view = larger[tuple(slice(1, None, 2) for _ in values.shape)]
        view[...] = values
        return view
    if way == "backwards":
        return values[tuple(slice(None, None, -1) for _ in values.shape)].copy()[
            tuple(slice(None, None, -1) for _ in values.shape)
        ]
    assert way == "plain"
    return values.copy()


LAYOUTS = [
    "transposed",
    "Fortran",
    "PEs swapped",
    "inner axes swapped",
    "within a larger array",
    "backwards",
]


def with_data(way: str, shape: tuple[int, int]) -> tuple[Wafer, np.ndarray]:
    """A program on adopted arrays laid out in some way, with and without streams."""
    values = rough((*shape, 4, 6))
    data = laid_out(way, values)
    flat = laid_out(way, rough((*shape, 4, 6), 2))
    w = Wafer(*shape)
    A, B = w.memory("A", data=data), w.memory("B", data=flat)
    mine, theirs = w.alternating("a", "b", by="column")
    w[:, :-1].route(mine, RAMP >> EAST)
    w[:, 1:].route(theirs, WEST >> RAMP)
    w[...].mul(A, 0.5, out=B)
    w[..., 0].add(A.own[1], B.own[2, ::-1], out=A.own[1])
    w[:, :-1].mov(A, out=fabout(mine))
    w[:, 1:].add(fabin(theirs), B, out=B)
    w[::2].mac(A.own[:, 1:5:3], B.own[::-1, :2], out=A.own[:, ::3])
    w[:, :-1].mul(A.own[1:3, ::2], 3.0, out=fabout(mine))
    w[:, 1:].max(fabin(theirs), A.own[::3, 1:4], out=A.own[::3, 1:4])
    return w, data


@functools.cache
def as_plain(shape: tuple[int, int]) -> tuple[Wafer, np.ndarray]:
    """What the reference leaves of that program in plain arrays."""
    w, data = with_data("plain", shape)
    w.run(engine="reference")
    return w, data


@pytest.mark.parametrize("way", LAYOUTS)
@pytest.mark.parametrize(
    ("shape", "engine"), [((3, 4), "reference"), ((3, 4), "bitplane"), ((2, 67), "bitplane")]
)
def test_adopted_data_may_lie_in_any_way(way: str, shape: tuple[int, int], engine: str) -> None:
    """Transposed, strided, reversed: the bits are those of a plain array, in the caller's array."""
    plain, expected = as_plain(shape)
    w, data = with_data(way, shape)
    assert not data.flags.c_contiguous
    w.run(engine=engine)
    assert np.shares_memory(np.asarray(w.memories["A"]), data)
    assert np.ascontiguousarray(data).tobytes() == expected.tobytes()
    b, c = (np.ascontiguousarray(np.asarray(one.memories["B"])) for one in (w, plain))
    assert b.tobytes() == c.tobytes()


@pytest.mark.parametrize("engine", ["reference", "bitplane"])
def test_adopting_a_piece_of_an_array_leaves_the_rest_alone(engine: str) -> None:
    """What lies between the adopted values keeps its own."""
    larger = np.full((6, 8, 10), 7, np.float32)
    w = Wafer(3, 4)
    x = w.memory("x", data=larger[::2, 1::2, 3:6])
    w[...].mov(1.0, out=x)
    w.run(engine=engine)
    assert (larger == 1).sum() == 3 * 4 * 3 and (larger == 7).sum() == 6 * 8 * 10 - 36
    assert (larger[::2, 1::2, 3:6] == 1).all()


@pytest.mark.parametrize("engine", ["reference", "bitplane"])
def test_one_vector_for_all_pes_can_be_read(engine: str) -> None:
    """A read-only array broadcast over the wafer is an input like any other, in every PE."""
    vector = rough(9)
    w = Wafer(3, 70)
    v = w.memory("v", data=np.broadcast_to(vector, (3, 70, 9)))
    column = w.memory("column", data=np.broadcast_to(rough((3, 1, 9), 2), (3, 70, 9)))
    x = w.memory("x", 9)
    c = w.color("c")
    w[:, :-1:2].route(c, RAMP >> EAST)
    w[:, 1::2].route(c, WEST >> RAMP)
    w[...].add(v, column, out=x)
    w[:, :-1:2].mul(v, x, out=fabout(c))
    w[:, 1::2].mac(fabin(c), column, out=x)
    w.run(engine=engine)
    total = np.broadcast_to(vector + rough((3, 1, 9), 2), (3, 70, 9)).copy()
    total[:, 1::2] += (vector * total[:, ::2]) * rough((3, 1, 9), 2)
    assert (np.asarray(x) == total).all()
    assert (vector == rough(9)).all()


# Parts


@pytest.mark.parametrize(
    ("key", "length"),
    [
        (np.s_[:, 1, 2], 3),
        (np.s_[1], 20),
        (np.s_[::-1, ::3], 30),
        (np.s_[..., 4], 12),
        (np.s_[2, 1:3, ::-2], 6),
        (np.s_[::2, ::-1, 1:4], 24),
        (np.s_[-1, -1, -1], 1),
        (np.s_[...], 60),
    ],
    ids=str,
)
def test_parts_of_several_axes_meet_streams_element_by_element(key: Any, length: int) -> None:
    """A part goes row by row, also when it is reversed or strided, sent, taken or accumulated."""

    def make() -> Wafer:
        w = Wafer(2, 2)
        A, B = w.memory("A", (3, 4, 5)), w.memory("B", (3, 4, 5))
        A[...], B[...] = rough(A.shape), rough(B.shape, 2)
        c = w.color("c")
        pair(w, c)
        w[:, 0].mov(A.own[key], out=fabout(c))
        w[:, 1].mac(fabin(c), A.own[key], out=B.own[key])
        w[:, 0].add(B.own[key], A.own[key], out=B.own[key])
        return w

    w, run = agree(make)
    A, B = rough((2, 2, 3, 4, 5)), rough((2, 2, 3, 4, 5), 2)
    whole = key if isinstance(key, tuple) else (key,)
    at = (slice(None), *whole)
    B[:, 1][at] += A[:, 0][at] * A[:, 1][at]
    B[:, 0][at] += A[:, 0][at]
    assert (np.asarray(w.memories["B"]) == B).all()
    assert run.ramps == 2 * length


def test_single_values_in_and_out_of_streams() -> None:
    """One value sent many times, taken one at a time, and accumulated from launch to launch."""

    def make() -> Wafer:
        w = Wafer(2, 2)
        s, x = w.memory("s", ()), w.memory("x", 9)
        s[...], x[...] = rough(s.shape), rough(x.shape, 2)
        c = w.color("c")
        pair(w, c)
        w[:, 0].mul(s, x.own[3], out=fabout(c), n=5)
        w[:, 0].add(x.own[8], s, out=s)
        w[:, 0].mov(s, out=fabout(c))
        for i in range(3):
            w[:, 1].add(fabin(c), s, out=s)
            w[:, 1].mov(fabin(c), out=x.own[i])
        return w

    w, _ = agree(make)
    s, x = rough((2, 2)), rough((2, 2, 9), 2)
    sent = s[:, 0] * x[:, 0, 3]
    s[:, 0] = x[:, 0, 8] + s[:, 0]
    x[:, 1, 0] = x[:, 1, 1] = sent
    x[:, 1, 2] = s[:, 0]
    for _ in range(3):
        s[:, 1] = sent + s[:, 1]
    assert (np.asarray(w.memories["s"]) == s).all()
    assert (np.asarray(w.memories["x"]) == x).all()


# Long programs


def test_a_long_list_of_operations_with_streams_between() -> None:
    """Three hundred operations a PE, memory and streams in turn, in another order in each row."""

    def make() -> Wafer:
        w = Wafer(4, 3)
        x, y = w.memory("x", 16), w.memory("y", 16)
        x[...], y[...] = rough(x.shape), rough(y.shape, 2)
        mine, theirs = w.alternating("a", "b", by="column")
        w[:, :-1].route(mine, RAMP >> EAST)
        w[:, 1:].route(theirs, WEST >> RAMP)
        for row in range(4):
            draw = np.random.default_rng(row)
            for _ in range(100):
                low = int(draw.integers(0, 15))
                high = int(draw.integers(low + 1, 17))
                xs, ys = x.own[low:high], y.own[low:high]
                w[row].mac(xs, 0.5, acc=ys, out=ys)
                w[row, 0].mul(ys, -0.75, out=fabout(mine))
                w[row, 1].add(fabin(theirs), ys, out=fabout(mine))
                w[row, 2].max(fabin(theirs), xs, out=xs)
        return w

    agree(make)


def test_several_launches_leave_what_one_long_program_leaves() -> None:
    """Memory survives from launch to launch, routes too, and the host may write in between."""

    def launch(w: Wafer, mine: Any, theirs: Any, number: int) -> None:
        x, y = w.memories["x"], w.memories["y"]
        w[:, :-1].mov(x, out=fabout(mine))
        w[:, 1:].mac(fabin(theirs), 0.5, acc=y, out=y)
        w[...].mul(y, 0.5 + number, out=x)

    def make() -> tuple[Wafer, Any, Any]:
        w = Wafer(3, 66)
        x, y = w.memory("x", 7), w.memory("y", 7)
        x[...], y[...] = rough(x.shape), rough(y.shape, 2)
        mine, theirs = w.alternating("a", "b", by="column")
        w[:, :-1].route(mine, RAMP >> EAST)
        w[:, 1:].route(theirs, WEST >> RAMP)
        return w, mine, theirs

    wafers = []
    for engines in (["reference"] * 4, ["bitplane"] * 4, ["bitplane", "reference"] * 2, [None]):
        w, mine, theirs = make()
        for number in range(4):
            launch(w, mine, theirs, number)
            if len(engines) > 1:
                w.run(engine=engines[number])
        w.run(engine=engines[-1])
        wafers.append(w)
    values = {np.asarray(w.memories["x"]).tobytes() for w in wafers}
    assert len(values) == 1 and np.isfinite(np.asarray(wafers[0].memories["x"])).all()


def test_a_halo_exchange_with_eight_colors() -> None:
    """Four sides, two colors each, sent and taken in turn: each PE has its neighbours' vectors."""

    def make() -> Wafer:
        w = Wafer(5, 67)
        x, y = w.memory("x", 3), w.memory("y", (4, 3))
        x[...] = rough(x.shape)
        sides = [(EAST, "column"), (WEST, "column"), (SOUTH, "row"), (NORTH, "row")]
        regions = {
            EAST: (w[:, :-1], w[:, 1:]),
            WEST: (w[:, 1:], w[:, :-1]),
            SOUTH: (w[:-1], w[1:]),
            NORTH: (w[1:], w[:-1]),
        }
        for i, (port, by) in enumerate(sides):
            mine, theirs = w.alternating(f"{port} even", f"{port} odd", by=by)
            senders, takers = regions[port]
            senders.route(mine, RAMP >> port)
            takers.route(theirs, opposite(port) >> RAMP)
            senders.mov(x, out=fabout(mine))
            takers.mov(fabin(theirs), out=y.own[i])
        return w

    w, _ = agree(make)
    x, y = rough((5, 67, 3)), np.zeros((5, 67, 4, 3), np.float32)
    y[:, 1:, 0], y[:, :-1, 1] = x[:, :-1], x[:, 1:]
    y[1:, :, 2], y[:-1, :, 3] = x[:-1], x[1:]
    assert (np.asarray(w.memories["y"]) == y).all()


def test_a_page_counts_its_reads_beyond_32_bits() -> None:
    """A broadcast to three million PEs: more than two billion values are still to be read."""
    source = np.zeros((3_000_000, 1), np.int32)
    sent = source.copy()
    sent[0] = 1000
    tape = Tape(Streams(source, sent, source == 0), lambda array, line: array[line], 1)
    tape.values(0, 0, 1)
    assert tape.pages[0, 0][1] == 3_000_000 * 1000
