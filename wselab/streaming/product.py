"""The streamed product: activations at rest, weights in motion, one launch.

A weight enters at the north edge, goes down its column of PEs, and each of them multiplies the
activations that it holds with it, for all its tokens, and adds them to partial sums. Then the next
weight takes its place: the wafer never holds the matrix. When the weights of an output have passed,
the partial sums are added up along the rows, and the column that is to hold that output keeps it,
where the next layer expects its input.

The same program is the way back: ``dX = W.T @ dY`` streams the weights a second time, turned.

It goes output by output, so that a PE keeps the partial sums of one output and a layer of any width
fits; the price is that a row adds up after every output, while weights wait. The other order, which
`wselab.streaming.training` takes, needs memory for the sums of all outputs and fewer cycles;
`wselab.streaming.feature_order` compares the two.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..fabric import NORTH, ProgramError, Run, Wafer, fabin
from ..kernels.inputs import checked, wafer_of
from ..specs import WSE2
from .lanes import Lanes, check_held, gather, in_columns, share, spread


def streamed_product(
    W: np.ndarray, X: np.ndarray, wafer: tuple[int, int], *, chip: Any = WSE2, **what_if: Any
) -> tuple[np.ndarray, Run]:
    """``Y = W @ X`` with X resident on a wafer and W streamed through it.

    One weight a wavelet, in float16 too: a wavelet of the emulator carries one number. (The
    machine's wavelets have 32 bits, so that two 16-bit weights may share one.) Features that fill
    up the last column count as weights of 0, which are sent.

    The sum has this order, and is rounded to the type of ``X`` after each product and each
    addition. With C columns of PEs, n features in each, and ``owner = i // ceil(M / C)``::

        for c in range(C):
            p[c] = np.zeros(T)
            for j in range(c * n, (c + 1) * n):
                p[c] = p[c] + W[i, j] * X[j]
        from_west = p[0]
        for c in range(1, owner + 1):
            from_west = from_west + p[c]
        from_east = p[C - 1]
        for c in reversed(range(owner + 1, C - 1)):
            from_east = from_east + p[c]
        Y[i] = from_east + from_west            # from_west alone where the owner is the last

    Parameters
    ----------
    W : array of shape (M, N), float32 or float16
        The weights: M outputs, N features.
    X : array of shape (N, T), of the same type
        The activations of T tokens.
    wafer : (int, int)
        Rows and columns of PEs: tokens are spread over rows, features over columns.
    chip : wselab.specs.Chip
        What the wafer is a part of.
    **what_if : int or str
        Rules to change, by name.

    Returns
    -------
    value : array of shape (M, T)
        The product, in the type of ``X``.
    run : wselab.Run

    Raises
    ------
    ProgramError
        An array is of another type or shape, or the chip has no such wafer.
    MemoryBudgetError
        A PE has no room for its share of X, Y and the partial sums.

    Examples
    --------
    >>> W = np.arange(12, dtype=np.float32).reshape(4, 3)
    >>> X = np.array([[1, 0], [0, 1], [2, 0]], np.float32)
    >>> Y, run = streamed_product(W, X, wafer=(1, 3))
    >>> Y.tolist(), run.cycles
    ([[4.0, 1.0], [13.0, 4.0], [22.0, 7.0], [31.0, 10.0]], 45)
    """
    W, X, w, lanes = loaded("streamed_product", W, X, wafer, chip, what_if)
    M, T = W.shape[0], X.shape[1]
    x, y = hold(w, X, M)
    write_product(lanes, W, x, y)
    run = w.run()
    return gather(y, (M, T)), run


def write_product(lanes: Lanes, W: np.ndarray, x: Any, y: Any) -> None:
    """Write on the lanes' wafer: memory y = W times memory x, W streamed in by the host.

    ``x`` holds (features, tokens) of each PE, as `spread` lays them out, and ``y`` gets (outputs,
    tokens) laid out the same way, so that it can be the ``x`` of the next launch.

    Examples
    --------
    >>> w = Wafer(2, 2)
    >>> lanes = Lanes(w, tokens=2, features=2)
    >>> x, y = w.memory("x", (2, 2)), w.memory("y", (1, 2))
    >>> x[...] = 1.0
    >>> write_product(lanes, np.ones((2, 4), np.float32), x, y)
    >>> w.run().cycles, y[1, 0].tolist()
    (32, [[4.0, 4.0]])
    """
    w = lanes.w
    M, N = W.shape
    check_held("write_product", w, "x", x, N)
    check_held("write_product", w, "y", y, M)
    outputs, features = share(M, w.shape[1]), x.shape[2]
    stream = in_columns(W, w.shape[1])
    lanes.take_in(lanes.weights)
    w[0].host_in(lanes.weights, stream.reshape(w.shape[1], M * features), edge=NORTH)
    p = lanes.partial
    for i in range(M):
        for j in range(features):
            w[...].mov(fabin(lanes.weights), out=lanes.weight)
            w[...].mac(lanes.weight, x.own[j], acc=p if j else 0.0, out=p)
        owner, k = divmod(i, outputs)
        lanes.add_up(owner, y.own[k])


def loaded(
    what: str, W: Any, X: Any, wafer: Any, chip: Any, what_if: dict[str, Any]
) -> tuple[np.ndarray, np.ndarray, Wafer, Lanes]:
    """The checked arrays, a wafer of that shape, and lanes on it for a product of the two."""
    W = checked(what, "W", W, ("outputs", "features"))
    X = checked(what, "X", X, ("features", "tokens"))
    check_pair(what, "W", W, "X", X)
    if W.shape[1] != X.shape[0]:
        raise ProgramError(
            f"{what}: W has shape {W.shape} and X {X.shape}; expected X of shape "
            f"({W.shape[1]}, tokens), a row for each column of W"
        )
    w = wafer_of(what, wafer, chip, what_if)
    features = share(max(W.shape), w.shape[1])
    return W, X, w, Lanes(w, share(X.shape[1], w.shape[0]), features, X.dtype.name)


def hold(w: Wafer, X: np.ndarray, outputs: int) -> tuple[Any, Any]:
    """Memory x with ``X`` spread over it, and memory y for so many outputs of its tokens."""
    x = w.memory("x", data=spread(X, w.shape))
    return x, w.memory("y", (share(outputs, w.shape[1]), x.shape[3]), dtype=X.dtype)


def check_pair(what: str, name: str, one: np.ndarray, other_name: str, other: np.ndarray) -> None:
    """Refuse two arrays of different types."""
    if one.dtype != other.dtype:
        raise ProgramError(
            f"{what}: {name} is {one.dtype} and {other_name} is {other.dtype}; expected the same "
            f"type, and nothing is converted silently. Try {name}.astype({other_name}.dtype)"
        )
