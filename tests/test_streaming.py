"""The streamed programs: values to the bit, in the order that is stated, and what each refuses."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import wselab as wse
from wselab import SOUTH, WEST
from wselab.streaming import (
    Lanes,
    from_columns,
    gather,
    share,
    spread,
    streamed_gradient,
    streamed_product,
    streamed_sparse_product,
    write_gradient,
    write_product,
    write_sparse_product,
)

SHAPES = [  # outputs, features, tokens, (rows, columns)
    (1, 1, 1, (1, 1)),
    (3, 5, 4, (2, 1)),
    (4, 4, 5, (1, 2)),
    (7, 9, 10, (3, 2)),
    (10, 7, 8, (2, 4)),
    (6, 12, 8, (3, 5)),
    (2, 5, 3, (2, 5)),  # columns that hold nothing
]
shapes = pytest.mark.parametrize(("M", "N", "T", "wafer"), SHAPES)
types = pytest.mark.parametrize("dtype", [np.float32, np.float16])


def numbers(seed: int, *shape: int, dtype: type = np.float32) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def product_in_order(W: np.ndarray, X: np.ndarray, columns: int) -> np.ndarray:
    """The lines of `streamed_product`, every step rounded to the type of X."""
    (M, N), C = W.shape, columns
    n, m = share(N, C), share(M, C)
    Y = np.zeros((M, X.shape[1]), X.dtype)
    for i in range(M):
        p = np.zeros((C, X.shape[1]), X.dtype)
        for c in range(C):
            for j in range(c * n, min((c + 1) * n, N)):
                p[c] = p[c] + W[i, j] * X[j]
        owner = i // m
        from_west = p[0]
        for c in range(1, owner + 1):
            from_west = from_west + p[c]
        Y[i] = from_west
        if owner < C - 1:
            from_east = p[C - 1]
            for c in reversed(range(owner + 1, C - 1)):
                from_east = from_east + p[c]
            Y[i] = from_east + from_west
    return Y


def gradient_in_order(dY: np.ndarray, X: np.ndarray, rows: int) -> np.ndarray:
    """The lines of `streamed_gradient`."""
    t, T = share(X.shape[1], rows), X.shape[1]
    dW = np.zeros((len(dY), len(X)), X.dtype)
    for i in range(len(dY)):
        g = np.zeros((rows, len(X)), X.dtype)
        for r in range(rows):
            for e in range(r * t, min((r + 1) * t, T)):
                g[r] = g[r] + dY[i, e] * X[:, e]
        dW[i] = g[rows - 1]
        for r in reversed(range(rows - 1)):
            dW[i] = dW[i] + g[r]
    return dW


@types
@shapes
def test_a_streamed_product_is_its_numpy_lines(M, N, T, wafer, dtype) -> None:
    """Every bit, in both types, also where features and tokens do not divide."""
    W, X = numbers(1, M, N, dtype=dtype), numbers(2, N, T, dtype=dtype)
    Y, run = streamed_product(W, X, wafer)
    assert Y.dtype == dtype and np.array_equal(Y, product_in_order(W, X, wafer[1]))
    n = share(N, wafer[1])
    sums = 0 if wafer[1] == 1 else M * share(T, wafer[0]) * (wafer[1] - 1) * wafer[0]
    assert run.ramps == M * n * wafer[0] * wafer[1] + sums  # each weight once to each PE


@types
@shapes
def test_a_streamed_gradient_is_its_numpy_lines(M, N, T, wafer, dtype) -> None:
    """Every bit of what the host received."""
    dY, X = numbers(3, M, T, dtype=dtype), numbers(4, N, T, dtype=dtype)
    dW, _ = streamed_gradient(dY, X, wafer)
    assert np.array_equal(dW, gradient_in_order(dY, X, wafer[0]).astype(np.float32))


@types
@shapes
@pytest.mark.parametrize("zeros", [0.0, 0.75, 1.0])
def test_sparse_weights_give_the_bits_of_dense_ones(M, N, T, wafer, dtype, zeros) -> None:
    """Zeros are not sent, and are not missed."""
    W, X = numbers(5, M, N, dtype=dtype), numbers(6, N, T, dtype=dtype)
    W[np.random.default_rng(7).random(W.shape) < zeros] = 0
    Y, run = streamed_sparse_product(W, X, wafer)
    assert np.array_equal(Y, product_in_order(W, X, wafer[1]))
    rows, columns = wafer
    sums = 0 if columns == 1 else M * share(T, rows) * (columns - 1) * rows
    # A code and a value for each weight that is not zero, and a code that closes each output.
    assert run.ramps == rows * (2 * np.count_nonzero(W) + M * columns) + sums


PROGRAMS: dict[str, Callable] = {}


def program(function: Callable) -> Callable:
    PROGRAMS[function.__name__] = function
    return function


@program
def product(w: wse.Wafer) -> Callable:
    lanes, x = Lanes(w, 4, 3), w.memory("x", data=spread(numbers(1, 8, 7), w.shape))
    y = w.memory("y", (2, 4))
    write_product(lanes, numbers(2, 5, 8), x, y)
    return lambda: np.array(y)


@program
def sparse_product(w: wse.Wafer) -> Callable:
    lanes, x = Lanes(w, 4, 3), w.memory("x", data=spread(numbers(1, 8, 7), w.shape))
    y = w.memory("y", (2, 4))
    W = numbers(2, 5, 8)
    W[np.random.default_rng(3).random(W.shape) < 0.6] = 0
    write_sparse_product(lanes, x, y)(W)
    return lambda: np.array(y)


@program
def gradient(w: wse.Wafer) -> Callable:
    lanes, x = Lanes(w, 4, 3), w.memory("x", data=spread(numbers(1, 8, 7), w.shape))
    dy = w.memory("dy", data=spread(numbers(2, 5, 7), w.shape))
    return write_gradient(lanes, dy, x, outputs=5).copy


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("what_if", [{}, {"io_wavelets": 1, "gap": 1, "startup": 2}], ids=str)
def test_the_engines_agree(name: str, what_if: dict) -> None:
    """In cycles, hops, ramp deliveries and every bit."""
    found = {}
    for engine in ("reference", "lockstep"):
        w = wse.Wafer(2, 3, **what_if)
        value = PROGRAMS[name](w)
        run = w.run(engine=engine)
        found[engine] = run.cycles, run.hops, run.ramps, value().tobytes()
    assert found["reference"] == found["lockstep"]


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("columns", [1, 2, 3])
def test_nothing_is_found_wrong_with_a_program(name: str, columns: int) -> None:
    """No route that leads nowhere, no send that nobody takes."""
    w = wse.Wafer(2, columns)
    lanes = Lanes(w, 2, 2)
    x, y = w.memory("x", (2, 2)), w.memory("y", (1, 2))
    W = numbers(1, columns, 2 * columns)
    if name == "product":
        write_product(lanes, W, x, y)
    elif name == "gradient":
        write_gradient(lanes, y, x, outputs=columns)
    else:
        write_sparse_product(lanes, x, y)(W)
    assert not list(w.verify())


def test_layers_follow_one_another_without_leaving_the_wafer() -> None:
    """The output of a launch is the input of the next, and the way back uses the same lanes."""
    w = wse.Wafer(2, 3)
    X, W1, W2, dZ = numbers(1, 6, 8), numbers(2, 9, 6), numbers(3, 5, 9), numbers(4, 5, 8)
    x, y = w.memory("x", data=spread(X, w.shape)), w.memory("y", (3, 4))
    z, dz = w.memory("z", (2, 4)), w.memory("dz", data=spread(dZ, w.shape))
    dy = w.memory("dy", (3, 4))
    lanes = Lanes(w, tokens=4, features=3)
    for W, source, out in ((W1, x, y), (W2, y, z), (W2.T, dz, dy)):
        write_product(lanes, W, source, out)
        w.run()
    got = write_gradient(lanes, dz, y, outputs=5)
    w.run()
    Y = product_in_order(W1, X, 3)
    assert np.array_equal(gather(z, (5, 8)), product_in_order(W2, Y, 3))
    assert np.array_equal(gather(dy, (9, 8)), product_in_order(W2.T, dZ, 3))
    assert np.array_equal(from_columns(got, 5)[:, :9], gradient_in_order(dZ, Y, 2))


def test_a_sparse_program_takes_other_weights_in_the_next_launch() -> None:
    """The tasks stay bound; what they do is said by the wavelets."""
    w = wse.Wafer(2, 2)
    X = numbers(1, 4, 6)
    x, y = w.memory("x", data=spread(X, w.shape)), w.memory("y", (2, 3))
    send = write_sparse_product(Lanes(w, 3, 2), x, y)
    for seed in (2, 3):
        W = numbers(seed, 4, 4) * (numbers(seed + 10, 4, 4) > 0)
        send(W)
        w.run()
        assert np.array_equal(gather(y, (4, 6)), product_in_order(W, X, 2))


def test_the_values_are_those_that_the_wavelets_bring() -> None:
    """One route that leads elsewhere, and the program no longer ends."""
    w = wse.Wafer(2, 3)
    lanes, x, y = Lanes(w, 4, 3), w.memory("x", (3, 4)), w.memory("y", (2, 4))
    write_product(lanes, numbers(2, 5, 8), x, y)
    w[0, 1].route(lanes.weights, wse.NORTH >> SOUTH, replace=True)  # none for this PE
    with pytest.raises(wse.Deadlock, match=r"PE \(0, 1\)"):
        w.run()
    w[0, 1].route(lanes.weights, WEST >> SOUTH, replace=True)
    with pytest.raises(wse.RunError):
        w.run()


def test_weights_are_not_stored() -> None:
    """Of what a PE holds only one value is for weights, however large the matrix is."""
    w = wse.Wafer(1, 2)
    lanes = Lanes(w, tokens=5, features=7)
    assert {name: m.bytes_per_pe for name, m in w.memories.items()} == {
        "weight": 4, "partial sums": 20,
    }  # fmt: skip
    lanes.give_back()
    assert lanes.gradient.bytes_per_pe == 56  # two buffers, where one is asked for


def test_75_percent_sparse_weights_take_fewer_cycles() -> None:
    """With 32 tokens in a PE, finding the feature and closing each output included."""
    W, X = numbers(1, 8, 16), numbers(2, 16, 32)
    W[np.random.default_rng(3).random(W.shape) < 0.75] = 0
    dense, sparse = streamed_product(W, X, (1, 2))[1], streamed_sparse_product(W, X, (1, 2))[1]
    assert sparse.cycles < 0.65 * dense.cycles


F32 = np.float32
WRONG = {
    "no array": (lambda: streamed_product([[1.0]], np.ones((1, 1), F32), (1, 1)), "W is a list"),
    "float64": (lambda: streamed_product(np.ones((2, 2)), np.ones((2, 2)), (1, 1)), "float64"),
    "two types": (
        lambda: streamed_product(np.ones((2, 2), "f"), np.ones((2, 2), np.float16), (1, 1)),
        "W is float32 and X is float16",
    ),
    "shapes": (
        lambda: streamed_product(np.ones((2, 3), F32), np.ones((2, 3), F32), (1, 1)),
        r"expected X of shape \(3, tokens\)",
    ),
    "sparse shapes": (
        lambda: streamed_sparse_product(np.ones((2, 3), F32), np.ones((2, 3), F32), (1, 1)),
        r"streamed_sparse_product: W has shape \(2, 3\)",
    ),
    "tokens": (
        lambda: streamed_gradient(np.ones((2, 3), F32), np.ones((2, 4), F32), (1, 1)),
        "as many tokens",
    ),
    "wafer": (
        lambda: streamed_product(np.ones((2, 2), F32), np.ones((2, 2), F32), 4),
        "expected \\(rows, columns\\)",
    ),
    "memory": (
        lambda: write_product(
            Lanes(w := wse.Wafer(1, 2), 4, 3), np.ones((4, 6), F32), w.memory("x", (2, 4)), None
        ),
        r"x holds \(2, 4\) in each PE; expected \(3, tokens\)",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said(name: str) -> None:
    call, words = WRONG[name]
    with pytest.raises(wse.ProgramError, match=words):
        call()


def test_activations_that_do_not_fit_are_refused() -> None:
    """With the table of what takes how much of a PE's memory."""
    with pytest.raises(wse.MemoryBudgetError, match="49,152 bytes"):
        streamed_product(np.ones((4, 64), F32), np.ones((64, 1000), F32), (2, 2))
