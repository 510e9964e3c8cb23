"""GEMM: every bit of the product by each algorithm, what it takes of a PE, and what it refuses."""

from __future__ import annotations

import re
import sys
from math import lcm
from typing import Any

import numpy as np
import pytest

import wselab as wse
from wselab import kernels
from wselab.fabric.memory import number_type
from wselab.kernels.line import Line
from wselab.kernels.shift import CyclicShift, folded

from .values import numbers, same_bits

ALGORITHMS = ["summa", "cannon", "mesh"]
SHAPES = [  # M, K, N; wafer
    ((1, 1, 1), (1, 1)),
    ((4, 5, 6), (1, 1)),
    ((1, 1, 1), (3, 3)),  # more PEs than elements
    ((4, 4, 4), (2, 2)),
    ((7, 9, 5), (3, 3)),
    ((5, 3, 11), (4, 4)),  # K smaller than the side
    ((12, 1, 12), (4, 4)),  # one panel
    ((10, 23, 15), (5, 5)),
    ((9, 13, 8), (6, 6)),
]
RECTANGLES = [
    ((3, 7, 3), (1, 4)),
    ((3, 7, 3), (4, 1)),
    ((5, 20, 9), (2, 4)),
    ((9, 13, 6), (5, 2)),
    ((14, 30, 20), (7, 3)),
    ((8, 17, 8), (2, 5)),
]
EVERY = [(*one, how) for one in SHAPES for how in ALGORITHMS]
EVERY += [(*one, "summa") for one in RECTANGLES]


def gemm_in_order(
    A: np.ndarray, B: np.ndarray, wafer: tuple[int, int], algorithm: str, accumulate: Any
) -> np.ndarray:
    """``A @ B`` value by value, in the order that the docstring of `kernels.gemm` states."""
    (M, K), N = A.shape, B.shape[1]
    P = wafer[0]
    m, n, b = -(-M // P), -(-N // wafer[1]), -(-K // P)
    kind = np.dtype(accumulate).type

    def order(i: int, j: int) -> Any:
        return range(K) if algorithm == "summa" else np.roll(np.arange(P * b), -((i + j) % P) * b)

    C = np.zeros((M, N), accumulate)
    for i, j in np.ndindex(M, N):
        total = kind(0)
        for k in order(i // m, j // n):
            if k < K:
                total = kind(total + kind(kind(A[i, k]) * kind(B[k, j])))
        C[i, j] = total
    return C


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("overlap", [True, False])
@pytest.mark.parametrize(("sizes", "wafer", "algorithm"), EVERY)
def test_the_product_has_the_bits_of_its_stated_order(
    sizes: tuple[int, int, int], wafer: tuple[int, int], algorithm: str, overlap: bool, dtype: str
) -> None:
    """Each value is added up as the docstring says, in any shape, padded or not."""
    M, K, N = sizes
    A, B = numbers((M, K), dtype, seed=2), numbers((K, N), dtype, seed=3)
    value, _ = kernels.gemm(A, B, wafer, algorithm, overlap=overlap)
    assert same_bits(value, gemm_in_order(A, B, wafer, algorithm, dtype))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_halves_may_be_added_up_in_float32(algorithm: str, dtype: str) -> None:
    """Matrices of 16 bits, sums of 32: exact products, one rounding for each addition."""
    A, B = numbers((6, 8), "float32", 2), numbers((8, 5), "float32", 3)
    A, B = A.astype(number_type(dtype)), B.astype(number_type(dtype))
    value, run = kernels.gemm(A, B, (2, 2), algorithm, accumulate="float32")
    assert value.dtype == np.float32
    assert same_bits(value, gemm_in_order(A, B, (2, 2), algorithm, "float32"))
    halves, quick = kernels.gemm(A, B, (2, 2), algorithm)
    assert halves.dtype == A.dtype and quick.cycles < run.cycles
    assert not (halves.astype(np.float32) == value).all()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_engines_agree_bit_by_bit(algorithm: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reference engine has the same values, cycles, hops and ramp deliveries."""
    A, B = numbers((7, 9), seed=2), numbers((9, 5), seed=3)
    runs = {}
    for engine in ("bitplane", "lockstep", "reference"):
        original = wse.Wafer.run
        with monkeypatch.context() as patch:
            patch.setattr(wse.Wafer, "run", lambda w, e=engine, o=original: o(w, engine=e))
            value, run = kernels.gemm(A, B, (3, 3), algorithm)
        runs[engine] = value.tobytes(), run.cycles, run.hops, run.ramps
    assert runs["bitplane"] == runs["lockstep"] == runs["reference"]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_error_is_within_the_stated_bound(algorithm: str) -> None:
    """Against float64, which is exact here: K u / (1 - K u) times the product of the sizes."""
    A, B = numbers((40, 60), seed=4), numbers((60, 50), seed=5)
    value, _ = kernels.gemm(A, B, (5, 5), algorithm)
    wide_A, wide_B = A.astype(np.float64), B.astype(np.float64)
    rounded = 60 * 2.0**-24
    bound = rounded / (1 - rounded) * (abs(wide_A) @ abs(wide_B))
    error = abs(value - wide_A @ wide_B)
    assert (error <= bound).all()
    assert error.max() > 0


def test_the_caller_s_matrices_are_only_read() -> None:
    """Read-only, strided and transposed matrices are taken, and stay as they are."""
    wide = numbers((12, 20), seed=6)
    A, B = wide[::2, ::-2].T, wide[2:8, 1::3]
    before = wide.copy()
    wide.flags.writeable = False
    value, _ = kernels.gemm(A, B, (2, 2))
    assert same_bits(value, gemm_in_order(A, B, (2, 2), "summa", "float32"))
    assert same_bits(wide, before) and not np.shares_memory(value, wide)


# ---- the plan ----------------------------------------------------------------------------


@pytest.mark.parametrize("overlap", [True, False])
@pytest.mark.parametrize(("sizes", "wafer", "algorithm"), EVERY)
def test_a_plan_has_the_bytes_that_the_wafer_charges(
    sizes: tuple[int, int, int],
    wafer: tuple[int, int],
    algorithm: str,
    overlap: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is checked before anything runs is what the memories of the program take."""
    made = []

    class Noted(wse.Wafer):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            made.append(self)

    monkeypatch.setattr(sys.modules["wselab.kernels.gemm"], "Wafer", Noted)
    M, K, N = sizes
    kernels.gemm(numbers((M, K)), numbers((K, N)), wafer, algorithm, overlap=overlap)
    plan = kernels.gemm_plan(sizes, wafer, algorithm, overlap=overlap)
    taken = {name: memory.bytes_per_pe for name, memory in made[-1].memories.items()}
    assert taken == plan.bytes and made[-1].shape == plan.wafer
    m, b, n = plan.tile
    assert plan.wafer[0] * m >= M and plan.panels * b >= K and plan.wafer[1] * n >= N
    assert plan.padding == plan.macs - M * K * N >= 0


def test_double_buffers_are_counted_and_enforced() -> None:
    """A product that fits only with one place for each panel is refused with two, by name."""
    big = np.ones((120, 120), np.float32)  # tiles of 60 x 60: 14,400 bytes each
    for how, tiles in (("summa", 9), ("cannon", 5), ("mesh", 5)):
        assert kernels.gemm_plan((120, 120, 120), (2, 2), how).bytes_per_pe == tiles * 14_400
    with pytest.raises(wse.MemoryBudgetError, match=r"2 of A, 2 of B.* with wafer=\((\d+), \1\)"):
        kernels.gemm(big, big, (2, 2), "cannon")
    single = kernels.gemm_plan((68, 68, 68), (2, 2), overlap=False).bytes_per_pe
    double = kernels.gemm_plan((68, 68, 68), (2, 2)).bytes_per_pe
    room = wse.WSE2.what_if(pe_memory_bytes=(single + double) // 2)
    small = np.ones((68, 68), np.float32)
    with pytest.raises(wse.MemoryBudgetError, match=r"it would go with .* or overlap=False"):
        kernels.gemm(small, small, (2, 2), chip=room)
    value, _ = kernels.gemm(small, small, (2, 2), overlap=False, chip=room)
    assert (value == 68).all()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize(("sizes", "wafer"), [((45, 25, 35), (2, 2)), ((75, 20, 10), (3, 3))])
def test_the_wafer_that_the_error_names_does(
    algorithm: str, sizes: tuple[int, int, int], wafer: tuple[int, int]
) -> None:
    """The product runs on the wafer that the message names."""
    M, K, N = sizes
    A, B = np.ones((M, K), np.float32), np.ones((K, N), np.float32)
    small = wse.WSE2.what_if(pe_memory_bytes=1024)
    with pytest.raises(wse.MemoryBudgetError) as caught:
        kernels.gemm(A, B, wafer, algorithm, chip=small)
    found = re.search(r"would do with wafer=\((\d+), (\d+)\)", str(caught.value))
    assert found
    named = int(found[1]), int(found[2])
    fewer = named[0] - 1, named[1] - 1
    assert kernels.gemm_plan(sizes, named, algorithm).bytes_per_pe <= 1024
    assert kernels.gemm_plan(sizes, fewer, algorithm).bytes_per_pe > 1024
    value, _ = kernels.gemm(A, B, named, algorithm, chip=small)
    assert (value == K).all()


def test_a_product_that_no_wafer_holds_is_refused_before_any_copy() -> None:
    """4 TB a matrix are refused at once, with the advice to cut it into pieces."""
    A = np.broadcast_to(np.float32(1), (10**6, 10**6))
    with pytest.raises(wse.MemoryBudgetError, match="Not even the 996 x 757 PEs of a WSE-2 hold"):
        kernels.gemm(A, A, (750, 750))


ONE = np.ones((4, 4), np.float32)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: kernels.gemm(ONE.tolist(), ONE, (2, 2)), "A is a list; expected a NumPy array"),
        (lambda: kernels.gemm(ONE, ONE.astype(float), (2, 2)), "B is float64; a PE computes in"),
        (lambda: kernels.gemm(ONE, ONE.astype("f2"), (2, 2)), "A is float32 and B is float16"),
        (lambda: kernels.gemm(ONE, ONE[:3], (2, 2)), "expected B of shape (4, N)"),
        (lambda: kernels.gemm(ONE, ONE, 4), "wafer=4; expected (rows, columns)"),
        (lambda: kernels.gemm(ONE, ONE, (2, 2), "tsqr"), "no algorithm 'tsqr'; there is 'summa'"),
        (lambda: kernels.gemm(ONE, ONE, (2, 3), "mesh"), "Try wafer=(2, 2), or algorithm='summa'"),
        (lambda: kernels.gemm(ONE, ONE, (2, 2), accumulate="float16"), "accumulate='float16'"),
        (lambda: kernels.gemm(ONE, ONE, (2, 2), hops=3), "unknown rule 'hops'"),
        (lambda: kernels.gemm(ONE, ONE[:, :0], (2, 2)), "no N"),
    ],
)
def test_wrong_inputs_are_named(call: Any, words: str) -> None:
    """A wrong input raises a ProgramError that says what it is and what was expected."""
    with pytest.raises(wse.ProgramError, match=re.escape(words)):
        call()


# ---- cycles ------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_overlap_hides_the_transport_of_the_next_tiles(algorithm: str) -> None:
    """Nine tenths of it at least: tiles of 8 x 8 come in 128 cycles, beside 512 of multiplying."""
    A = np.ones((32, 32), np.float32)
    beside = kernels.gemm(A, A, (4, 4), algorithm)[1].cycles
    in_turn = kernels.gemm(A, A, (4, 4), algorithm, overlap=False)[1].cycles
    assert beside > 4 * 512
    assert in_turn - beside > 0.9 * 3 * 128


def test_overlap_saves_a_third_where_both_halves_are_comparable() -> None:
    """Panels of SUMMA that take 64 cycles by the ramps, twice 32, and 64 to multiply."""
    A = np.ones((32, 32), np.float32)
    beside = kernels.gemm(A, A, (8, 8))[1].cycles
    assert beside < 0.67 * kernels.gemm(A, A, (8, 8), overlap=False)[1].cycles


def test_folding_gains_little_where_pes_need_not_keep_step() -> None:
    """Who gets tiles late falls behind once: over many steps the long way back counts little."""
    A = np.ones((24, 24), np.float32)
    cannon, mesh = (kernels.gemm(A, A, (12, 12), how)[1].cycles for how in ("cannon", "mesh"))
    assert abs(mesh - cannon) < 0.05 * cannon


def test_no_step_of_folded_rings_goes_over_the_whole_line() -> None:
    """Two hops at most, where the ring in the line's own order has a way of all but one."""
    for pes in range(2, 30):
        for order, longest in ((list(range(pes)), pes - 1), (folded(pes), min(2, pes - 1))):
            ways = [abs(order[number] - order[number - 1]) for number in range(pes)]
            assert sorted(order) == list(range(pes)) and max(ways) == longest


@pytest.mark.parametrize("pes", [2, 3, 4, 5, 8, 13])
@pytest.mark.parametrize("fold", [True, False])
def test_a_shift_takes_three_colors_and_goes_around(pes: int, fold: bool) -> None:
    """After as many shifts as PEs everybody has what it began with, through no more colors."""
    w = wse.Wafer(2, pes)
    x, y = w.memory("x", 3), w.memory("y", 3)
    x[...] = np.arange(2 * pes * 3).reshape(2, pes, 3)
    before = x[...].copy()
    order = folded(pes) if fold else list(range(pes))
    shift = CyclicShift(Line.row(w), order, "shift")
    assert len(w.colors) == min(pes, 3)
    for step in range(lcm(2, pes)):
        shift.send((x, y)[step % 2])
        shift.take((y, x)[step % 2])
        w.run()
        if not step:
            assert (y[:, order] == np.roll(before[:, order], -1, axis=1)).all()
    assert (x[...] == before).all()
