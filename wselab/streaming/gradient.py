"""The gradient of streamed weights: it leaves over the edge that the weights came in by.

``dW = dY @ X.T``: the activations of a layer and the gradient of its outputs, dY, lie in the same
PEs, features and outputs over columns, tokens over rows. The column that holds an output hands its
values of dY along the row, east and west; every PE multiplies the activations of a token with the
value of that token as it passes, for all its features. What a column of PEs has found is added up
on the way north and goes to the host, by a microthread, while the PEs work on the next output. So a
PE holds two outputs' parts of dW, one in the making and one on its way out, and never more.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..fabric import NORTH, ProgramError, Run, fabin, fabout
from ..kernels.inputs import checked, wafer_of
from ..specs import WSE2
from .lanes import Lanes, check_held, share, spread, sum_up
from .product import check_pair


def streamed_gradient(
    dY: np.ndarray, X: np.ndarray, wafer: tuple[int, int], *, chip: Any = WSE2, **what_if: Any
) -> tuple[np.ndarray, Run]:
    """``dW = dY @ X.T`` with both resident on a wafer, and dW streamed out of it.

    The sum has this order, and is rounded to the type of ``X`` after each product and each
    addition. With R rows of PEs and t tokens in each::

        for r in range(R):
            g[r] = np.zeros(N)
            for e in range(r * t, (r + 1) * t):
                g[r] = g[r] + dY[i, e] * X[:, e]
        dW[i] = g[R - 1]
        for r in reversed(range(R - 1)):
            dW[i] = dW[i] + g[r]

    Parameters
    ----------
    dY : array of shape (M, T), float32 or float16
        How much the loss changes with each output of each token.
    X : array of shape (N, T), of the same type
        The activations that the layer had taken in.
    wafer : (int, int)
        Rows and columns of PEs: tokens are spread over rows, features and outputs over columns.
    chip : wselab.specs.Chip
        What the wafer is a part of.
    **what_if : int or str
        Rules to change, by name.

    Returns
    -------
    value : array of shape (M, N), float32
        The gradient, as the host received it.
    run : wselab.Run

    Raises
    ------
    ProgramError
        An array is of another type or shape, or the chip has no such wafer.
    MemoryBudgetError
        A PE has no room for its share of dY and X.

    Examples
    --------
    >>> dY, X = np.ones((2, 4), np.float32), np.arange(12, dtype=np.float32).reshape(3, 4)
    >>> dW, run = streamed_gradient(dY, X, wafer=(2, 3))
    >>> dW.tolist(), run.cycles
    ([[6.0, 22.0, 38.0], [6.0, 22.0, 38.0]], 35)
    """
    dY = checked("streamed_gradient", "dY", dY, ("outputs", "tokens"))
    X = checked("streamed_gradient", "X", X, ("features", "tokens"))
    check_pair("streamed_gradient", "dY", dY, "X", X)
    if dY.shape[1] != X.shape[1]:
        raise ProgramError(
            f"streamed_gradient: dY has shape {dY.shape} and X {X.shape}; expected as many tokens "
            "in both, their second axis"
        )
    w = wafer_of("streamed_gradient", wafer, chip, what_if)
    x, dy = (w.memory(name, data=spread(one, w.shape)) for name, one in (("x", X), ("dy", dY)))
    lanes = Lanes(w, x.shape[3], x.shape[2], X.dtype.name)
    got = write_gradient(lanes, dy, x, outputs=dY.shape[0])
    run = w.run()
    return from_columns(got, dY.shape[0])[:, : X.shape[0]], run


def write_gradient(lanes: Lanes, dy: Any, x: Any, outputs: int) -> np.ndarray:
    """Write on the lanes' wafer: the gradient of so many outputs' weights, out to the host.

    ``dy`` holds (outputs, tokens) of each PE and ``x`` (features, tokens), laid out by `spread`.
    Gives the array that the next run fills; `from_columns` puts it in order.

    Examples
    --------
    >>> from wselab import Wafer
    >>> w = Wafer(2, 2)
    >>> lanes = Lanes(w, tokens=2, features=2)
    >>> x, dy = w.memory("x", (2, 2)), w.memory("dy", (1, 2))
    >>> x[...], dy[...] = 1.0, 0.5
    >>> got = write_gradient(lanes, dy, x, outputs=2)
    >>> w.run().cycles, from_columns(got, 2).tolist()
    (36, [[2.0, 2.0, 2.0, 2.0], [2.0, 2.0, 2.0, 2.0]])
    """
    w = lanes.w
    columns = w.shape[1]
    features, tokens = x.shape[2:]
    check_held("write_gradient", w, "dy", dy, outputs)
    passing = lanes.weight
    (to_east, from_west), (to_west, from_east) = lanes.east, lanes.west
    lanes.give_back()
    for i in range(outputs):
        owner, k = divmod(i, share(outputs, columns))
        g = lanes.gradient.own[i % 2, :features]  # while the other one is on its way out
        for e in range(tokens):
            acc = g if e else 0.0
            own = dy.own[k, e]
            if owner < columns - 1:
                w[:, owner].mov(own, out=fabout(to_east))
            if owner > 0:
                w[:, owner].mov(own, out=fabout(to_west))
            w[:, owner].mac(own, x.own[:, e], acc=acc, out=g)
            for side, theirs, mine, on in (
                (np.s_[:, owner + 1 :], from_west, to_east, np.s_[:, owner + 1 : -1]),
                (np.s_[:, :owner], from_east, to_west, np.s_[:, 1:owner]),
            ):
                w[side].mov(fabin(theirs), out=passing)
                w[on].mov(passing, out=fabout(mine))
                w[side].mac(passing, x.own[:, e], acc=acc, out=g)
        sum_up(w, lanes.north, g, microthread=True)
    return w[0].host_out(lanes.north[0], n=outputs * features, edge=NORTH)


def from_columns(got: np.ndarray, outputs: int) -> np.ndarray:
    """What the host received, (1, columns, wavelets), as (outputs, features) with those filled up.

    Examples
    --------
    >>> from_columns(np.arange(8.0).reshape(1, 2, 4), outputs=2).tolist()
    [[0.0, 1.0, 4.0, 5.0], [2.0, 3.0, 6.0, 7.0]]
    """
    columns = got.shape[1]
    return got.reshape(columns, outputs, -1).swapaxes(0, 1).reshape(outputs, -1)
