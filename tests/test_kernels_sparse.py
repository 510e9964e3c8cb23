"""Sparse products: every bit, every cycle; and counted runs, held to stepped ones."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from ml_dtypes import finfo

from wselab import kernels, predict
from wselab.fabric import MemoryBudgetError, ProgramError
from wselab.kernels.nonzeros import NonZeros
from wselab.kernels.sparse import SKIPS
from wselab.kernels.sparse_count import IN_ORDER, WOKEN, count_by_pe

from .test_kernels import gemv_in_order
from .values import TYPES, numbers, same_bits

WAYS = [("weights", "color"), *itertools.product(("activations", "both"), ("color", "wavelet"))]
ways = pytest.mark.parametrize(("skip", "index"), WAYS)
SHAPES = [
    ((1, 1), (1, 1)),
    ((1, 9), (1, 4)),
    ((9, 1), (4, 1)),
    ((12, 10), (3, 5)),
    ((7, 11), (3, 4)),
    ((5, 5), (4, 4)),  # tiles of 2 x 2 in 3 x 3 of the PEs
]


def holes(array: np.ndarray, density: float, seed: int = 7) -> np.ndarray:
    """``array`` with zeros at random places, so that about that share is left."""
    array[np.random.default_rng(seed).random(array.shape) >= density] = 0
    return array


def difference(W: np.ndarray, x: np.ndarray, wafer: Any, **how: Any) -> int:
    """Cycles of a stepped run less those of a counted one, of which all else is compared here."""
    y, run = kernels.sparse_gemv(W, x, wafer, **how)
    value, counted = kernels.sparse_gemv(W, x, wafer, engine="counted", **how)
    assert counted.engine == "counted" and run.engine != "counted"
    assert (counted.hops, counted.ramps) == (run.hops, run.ramps)
    eps = float(finfo(W.dtype).eps)
    bound = 2 * W.shape[1] * eps * (abs(W).astype(np.float64) @ abs(x).astype(np.float64))
    assert (abs(value.astype(np.float64) - y) <= bound + float(finfo(W.dtype).tiny)).all()
    assert (value.dtype, value.shape) == (y.dtype, y.shape)
    return run.cycles - counted.cycles


# ---- what is computed --------------------------------------------------------------------


@ways
@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize(("matrix", "wafer"), SHAPES)
def test_skipping_zeros_changes_no_bit(
    matrix: Any, wafer: Any, dtype: str, skip: str, index: str
) -> None:
    """y has the bits of the dense product in the order of `gemv`, on every engine that runs it."""
    W, x = holes(numbers(matrix, dtype), 0.4), holes(numbers(matrix[1], dtype, seed=3), 0.6)
    expected = gemv_in_order(W, x, wafer)
    runs = []
    for engine in (None, "lockstep", "reference"):
        y, run = kernels.sparse_gemv(W, x, wafer, skip=skip, index=index, engine=engine)
        assert same_bits(y, expected)
        runs.append((run.cycles, run.hops, run.ramps))
    assert runs[0] == runs[1] == runs[2]


@ways
@pytest.mark.parametrize(("density", "sent"), [(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)])
def test_all_zeros_and_none(density: float, sent: float, skip: str, index: str) -> None:
    """A matrix or a vector of zeros, and one without any, are products too."""
    W, x = holes(numbers((6, 10)), density), holes(numbers(10), sent)
    y, _ = kernels.sparse_gemv(W, x, (2, 3), skip=skip, index=index)
    assert same_bits(y, gemv_in_order(W, x, (2, 3)))


@pytest.mark.parametrize("skip", SKIPS)
def test_a_batch_is_the_vectors_one_by_one(skip: str) -> None:
    """Each column of y is that of a product with a vector, and launches add up."""
    W, X = holes(numbers((10, 9)), 0.5), holes(numbers((9, 3), seed=4), 0.5)
    Y, run = kernels.sparse_gemv(W, X, (3, 2), skip=skip)
    each = [kernels.sparse_gemv(W, X[:, b].copy(), (3, 2), skip=skip) for b in range(3)]
    assert all(same_bits(Y[:, b].copy(), y) for b, (y, _) in enumerate(each))
    if skip == "weights":
        assert run.cycles < sum(one.cycles for _, one in each)  # one launch for all
    else:
        assert run.cycles == sum(one.cycles for _, one in each)
        assert run.exact_because.startswith("3 launches, one after another")


def test_the_inputs_stay_as_they_are() -> None:
    """The caller's arrays are only read."""
    W, x = holes(numbers((6, 8)), 0.5), holes(numbers(8), 0.5)
    before = W.copy(), x.copy()
    W.flags.writeable = x.flags.writeable = False
    for skip, engine in itertools.product(SKIPS, (None, "counted")):
        y, _ = kernels.sparse_gemv(W, x, (2, 2), skip=skip, engine=engine)
        assert not np.shares_memory(y, x)
    assert same_bits(W, before[0]) and same_bits(x, before[1])


def test_nonzeros_are_all_kept_and_nothing_else() -> None:
    """Put back where their rows and columns say, they are the matrix."""
    W = holes(numbers((12, 15)), 0.3)
    kept = NonZeros.of(W, wafer=(3, 5), tile=(4, 3))
    back = np.zeros_like(W)
    for r, c in itertools.product(range(3), range(5)):
        for k in range(kept.per_pe[r, c]):
            row, column = kept.rows[r, c, k], kept.columns[r, c, k]
            assert (
                kept.firsts[r, c, column]
                <= k
                < kept.firsts[r, c, column] + kept.counts[r, c, column]
            )
            back[4 * r + row, 3 * c + column] = kept.values[r, c, k]
    assert same_bits(back, W) and kept.values.shape[2] == kept.per_pe.max()


# ---- what it costs -----------------------------------------------------------------------


@pytest.mark.parametrize("T", [1, 2, 4])
def test_one_pe_by_hand(T: int) -> None:
    """A tile of 3 x 4 in a single PE, x = (0, 2, 0, -1), and 5 non-zeros in all of W.

    With "weights": 4 values come in, then an operation for each of 5 non-zeros. With the others the
    PE above is ready after 2 T + 3 cycles. It compares x[0] twice, x[1] once and sends it, once
    more, x[2] twice, x[3] twice and sends it; then it says that there are no more. 2 T + 2 cycles
    after it was sent x[1] is taken, and then its column takes its time; at least.
    """
    W = np.array([[1, 2, 0, 0], [0, 3, 0, 0], [4, 0, 0, 5]], np.float32)
    x = np.array([0, 2, 0, -1], np.float32)

    def cycles(skip: str) -> int:
        return kernels.sparse_gemv(W, x, (1, 1), skip=skip, ramp_latency=T)[1].cycles

    assert cycles("weights") == 4 + 2 * T + 2 + 5
    first, second = 2 * T + 3 + 3, 2 * T + 3 + 9  # the cycles in which x[1] and x[3] are sent
    end = second + 1 + 2 * T + 2 + 1
    assert cycles("both") == max(end, second + 2 * T + 2 + 1 + 1 + 1)
    assert cycles("activations") == second + 2 * T + 2 + (1 + 3) + 1
    assert first + 2 * T + 2 + (1 + 3) <= second + 2 * T + 2  # so the PE waited for x[3]


def test_zeros_of_x_are_not_sent() -> None:
    """Hops are those of the non-zeros, of the ends of x, of the sums, and of "ready"."""
    W, x = numbers((12, 20)), holes(numbers(20), 0.5)
    for skip, index, wavelets in (("activations", "color", 1), ("both", "wavelet", 2)):
        _, run = kernels.sparse_gemv(W, x, (3, 2), skip=skip, index=index)
        assert run.hops == run.ramps == 3 * (wavelets * np.count_nonzero(x) + 2 + 4) + 2


def test_index_wavelets_cost_time_and_save_colors() -> None:
    """With an index the same product takes longer, and tiles can be wider than there are colors."""
    W, x = numbers((4, 40)), holes(numbers(40), 0.5)
    how = {"skip": "activations"}
    by_color, by_index = (
        kernels.sparse_gemv(W, x, (2, 2), index=index, **how)[1].cycles
        for index in ("color", "wavelet")
    )
    assert by_color < by_index
    with pytest.raises(ProgramError, match=r"40 columns wide.*2 columns, .*20, or index='wavelet'"):
        kernels.sparse_gemv(W, x, (2, 1), **how)
    y, _ = kernels.sparse_gemv(W, x, (2, 1), index="wavelet", **how)
    assert same_bits(y, gemv_in_order(W, x, (2, 1)))


@pytest.mark.parametrize("T", [1, 3])
def test_index_wavelets_by_hand(T: int) -> None:
    """Three columns and the end are four indices, so each is found by four comparisons.

    The first index is sent behind one comparison, and taken 2 T + 2 cycles later. A column of 20
    values then keeps the PE busy longer than the one above needs for the next: index, comparisons,
    value, column, three times, and the index of the end with its comparisons.
    """
    W, x = numbers((20, 3)), np.ones(3, np.float32)
    how = {"skip": "activations", "index": "wavelet", "ramp_latency": T}
    _, run = kernels.sparse_gemv(W, x, (1, 1), **how)
    assert run.cycles == (2 * T + 3 + 1) + (2 * T + 2) + 3 * (1 + 4 + 1 + 20) + 1 + 4


def test_the_fullest_pe_decides() -> None:
    """As many non-zeros, evenly and in four PEs of 16: the run is as long as their work."""
    even = np.zeros((32, 32), np.float32)
    even[::4] = 1  # each of 4 x 4 tiles has 16
    heap = np.zeros((32, 32), np.float32)
    heap[:8, :8], heap[8:16] = 1, 1
    heap[8:16, 24:] = 0
    assert np.count_nonzero(even) == np.count_nonzero(heap) == 256
    x = np.ones(32, np.float32)
    cycles = [kernels.sparse_gemv(W, x, (4, 4), skip="weights")[1].cycles for W in (even, heap)]
    # Row 2 of PEs begins after 2 cycles, row 4 after 4; column c is 6 c from the chain's end.
    assert cycles[1] - cycles[0] == (2 + 64 + 6 * 2) - (4 + 16 + 6 * 3)


def test_zeros_pay_only_where_there_are_many() -> None:
    """Of 90 % zeros the product with tasks is faster than the dense one, of none it is slower."""
    W, x = numbers((256, 64)), numbers(64)
    _, dense = kernels.gemv(W, x, (4, 4))
    full = kernels.sparse_gemv(W, x, (4, 4))[1].cycles
    sparse = kernels.sparse_gemv(holes(W.copy(), 0.1), holes(x.copy(), 0.1), (4, 4))[1].cycles
    assert sparse < dense.cycles < full


# ---- counted -----------------------------------------------------------------------------


def random_product(draw: np.random.Generator) -> tuple[Any, ...]:
    """A matrix, vectors, a wafer and rules, all drawn."""
    wafer = tuple(draw.integers(1, 7, 2).tolist())
    m, n = int(draw.integers(1, 40)), int(draw.integers(1, 14))
    shape = wafer[0] * m - int(draw.integers(0, m)), wafer[1] * n - int(draw.integers(0, n))
    dtype = str(draw.choice(TYPES))
    W, X = (
        draw.standard_normal(s).astype(dtype) for s in (shape, (shape[1], int(draw.integers(1, 3))))
    )
    for array in (W, X):
        array[draw.random(array.shape) < draw.random()] = 0
    rules = {
        "ramp_latency": int(draw.integers(1, 5)),
        "queue_depth": int(draw.integers(2, 5)),
        **{name: int(draw.choice([0, 0, 1, 3])) for name in ("startup", "gap", "task_wake")},
    }
    return W, X, wafer, rules


def counted_as_stepped(seed: int, products: int) -> None:
    draw = np.random.default_rng(seed)
    differ = 0
    for _ in range(products):
        W, X, wafer, rules = random_product(draw)
        skip = str(draw.choice(SKIPS))
        more = difference(W, X, wafer, skip=skip, **rules)
        most = 0 if skip == "weights" else (rules["ramp_latency"] - 1) * X.shape[1]
        assert 0 <= more <= most, (skip, W.shape, X.shape, wafer, rules)
        differ += more > 0
    assert differ <= products / 50


def test_counted_runs_are_as_long_as_stepped_ones() -> None:
    """On random patterns, shapes and rules: to the cycle, but for the holes that are stated."""
    counted_as_stepped(seed=1, products=40)


@pytest.mark.long
def test_counted_runs_are_as_long_as_stepped_ones_many_times() -> None:
    """The same of many."""
    counted_as_stepped(seed=2, products=300)


@pytest.mark.long
@pytest.mark.parametrize("skip", ["weights", "both"])
def test_a_million_nonzeros_stepped(skip: str) -> None:
    """1,280 x 1,280 with two of three weights: counted as stepped, to the cycle."""
    W, x = holes(numbers((1280, 1280)), 0.65), holes(numbers(1280), 0.5)
    assert np.count_nonzero(W) > 1_000_000
    how: dict[str, Any] = {"skip": skip}
    y, run = kernels.sparse_gemv(W, x, (20, 64), **how)
    assert run.cycles == kernels.sparse_gemv(W, x, (20, 64), engine="counted", **how)[1].cycles
    assert same_bits(y, kernels.gemv(W, x, (20, 64))[0])


def test_what_is_exact_of_a_counted_run_is_said() -> None:
    """The run says that it was counted, and what of it is exact."""
    W, x = numbers((4, 4)), numbers(4)
    for skip, why in (("weights", IN_ORDER), ("both", WOKEN)):
        _, run = kernels.sparse_gemv(W, x, (2, 2), skip=skip, engine="counted")
        assert run.exact_because == why
        assert "another order" in why and "engine counted" in repr(run)


def test_nonzeros_are_counted_where_they_stand() -> None:
    """Per PE as by a plain loop, also of tiles with more rows than a byte can count."""
    W = holes(numbers((600, 7)), 0.9)
    W[:, 0] = 1
    counts = count_by_pe(W, wafer=(2, 4), tile=(300, 2))
    for r, c in itertools.product(range(2), range(4)):
        part = W[300 * r : 300 * (r + 1), 2 * c : 2 * (c + 1)]
        assert counts[r, c] == np.count_nonzero(part)


def test_a_wafer_full_of_nonzeros_can_be_counted() -> None:
    """A layer over all of a WSE-2 but the row for x, far beyond what is stepped in a test."""
    W = np.zeros((993 * 4, 750 * 4), np.float32)
    W[::2] = 1
    _, run = kernels.sparse_gemv(
        W, np.ones(3000, np.float32), (993, 750), skip="weights", engine="counted"
    )
    assert (
        run.cycles == predict.sparse_gemv(matrix=W.shape, wafer=(993, 750), skip="weights") - 8
    )  # each PE has 8 of 16


# ---- errors ------------------------------------------------------------------------------

SQUARE, ONE = np.ones((4, 4), np.float32), np.ones(4, np.float32)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"x": ONE[:3]}, ProgramError, r"x float32 of \(3,\); expected the same type, and x of sh"),
        ({"x": ONE.astype(np.float16)}, ProgramError, "x float16 of"),
        ({"x": ONE.astype(float)}, ProgramError, "x is float64"),
        ({"W": SQUARE * np.inf}, ProgramError, r"W\[0, 0\] is inf; expected finite.*Try gemv"),
        ({"x": ONE * np.nan}, ProgramError, r"x\[0\] is nan"),
        ({"skip": "zeros"}, ProgramError, "skip='zeros'; expected one of"),
        ({"index": "none"}, ProgramError, "index='none'; expected one of"),
        ({"engine": "count"}, ProgramError, "engine='count'; expected one of 'counted', "),
        ({"wafer": 4}, ProgramError, r"wafer=4; expected \(rows, columns\)"),
        ({"index": "wavelet", "engine": "counted"}, ProgramError, "knows index='color' only"),
        ({"ramps": 3}, ProgramError, "unknown rule 'ramps'"),
        (
            {"W": np.ones((4, 9000), np.float32), "x": np.ones(9000, np.float32), "wafer": (1, 1),
             "skip": "weights"},
            MemoryBudgetError,
            r"36,000 non-zeros with their rows.*would do with wafer=\(3, 3\)\.$",
        ),
        (
            {"W": np.ones((64, 9000), np.float32), "x": np.ones((9000, 2), np.float32),
             "wafer": (1, 2), "skip": "weights"},
            MemoryBudgetError,
            r"would do with wafer=\(7, 13\)\. Or try a smaller batch",
        ),
        (
            {"W": np.ones((4000, 4), np.float32), "wafer": (1, 1), "skip": "activations",
             "engine": "counted"},
            MemoryBudgetError,
            "a tile of 4,000 x 4",
        ),
    ],
)  # fmt: skip
def test_errors_say_what_and_what_to_try(change: Any, error: Any, words: str) -> None:
    """Wrong arrays, ways and sizes are refused with what was expected."""
    given = {"W": SQUARE, "x": ONE, "wafer": (2, 2), **change}
    with pytest.raises(error, match=words):
        kernels.sparse_gemv(given.pop("W"), given.pop("x"), given.pop("wafer"), **given)


def test_large_finite_numbers_are_no_error() -> None:
    """Numbers whose squares are too large for a float32 are finite all the same."""
    y, _ = kernels.sparse_gemv(1e30 * SQUARE, 1e-30 * ONE, (2, 2))
    assert np.allclose(y, 4)
