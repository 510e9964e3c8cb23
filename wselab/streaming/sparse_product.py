"""The streamed product of sparse weights: index and value, and zeros never sent.

Two streams go down each column: *codes* and *values*. A code wakes a task. If it is an index, the
task takes one value, multiplies the activations of that feature with it and adds them to the
partial sums. Other codes close an output: pass the partial sums on to the east or to the west, or
keep their sum as an output of one's own. So the data says what is done, and no PE knows how many
weights come.

A PE of the emulator finds the feature by halving, two comparisons a step, since its operations take
no address from a wavelet. What the machine pays for that is not public; its wavelet has room for a
16-bit index beside a 16-bit value, where ours are two.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..fabric import NORTH, Run, fabin, fabout
from ..specs import WSE2
from .lanes import Lanes, check_held, gather, in_columns, share
from .product import hold, loaded


def streamed_sparse_product(
    W: np.ndarray, X: np.ndarray, wafer: tuple[int, int], *, chip: Any = WSE2, **what_if: Any
) -> tuple[np.ndarray, Run]:
    """``Y = W @ X`` as `streamed_product` computes it, without what W has of zeros.

    The sum has the same order; a product with zero would not have changed it, as long as X is
    finite. Parameters, what it gives and what it refuses are those of `streamed_product`.

    Examples
    --------
    >>> W = np.array([[0, 2, 0], [3, 0, 0], [0, 0, 0]], np.float32)
    >>> X = np.array([[1, 0], [0, 1], [2, 0]], np.float32)
    >>> Y, run = streamed_sparse_product(W, X, wafer=(1, 3))
    >>> Y.tolist()
    [[0.0, 2.0], [3.0, 0.0], [0.0, 0.0]]
    """
    W, X, w, lanes = loaded("streamed_sparse_product", W, X, wafer, chip, what_if)
    M, T = W.shape[0], X.shape[1]
    x, y = hold(w, X, M)
    send = write_sparse_product(lanes, x, y)
    send(W)
    run = w.run()
    return gather(y, (M, T)), run


def write_sparse_product(lanes: Lanes, x: Any, y: Any) -> Callable[[np.ndarray], None]:
    """Bind tasks on the lanes' wafer: memory y = W times memory x, for what W the host sends.

    Gives a function of W that lets the host send it in the next launch; the tasks stay. Takes two
    colors more.

    Examples
    --------
    >>> from wselab import Wafer
    >>> w = Wafer(2, 2)
    >>> lanes = Lanes(w, tokens=2, features=2)
    >>> x, y = w.memory("x", (2, 2)), w.memory("y", (1, 2))
    >>> x[...] = 1.0
    >>> send = write_sparse_product(lanes, x, y)
    >>> send(np.eye(2, 4, dtype=np.float32))
    >>> run = w.run()
    >>> y[0, :, 0].tolist()
    [[1.0, 1.0], [1.0, 1.0]]
    """
    w = lanes.w
    columns = w.shape[1]
    codes, values = (w.color(f"{name} for {y.name}") for name in ("codes", "values"))
    lanes.take_in(codes)
    lanes.take_in(values)

    for region, from_west, from_east in (
        (w[:, 0], False, columns > 1),
        (w[:, 1:-1], True, True),
        (w[:, -1 if columns > 1 else columns :], True, False),
    ):

        @region.task(codes, data_dependent=True)
        def look(pe: Any, code: Any, west: bool = from_west, east: bool = from_east) -> None:
            """Do what the code says: multiply, or close an output."""
            multiply = [_multiply(lanes, values, x, j) for j in range(x.shape[2])]
            close = [_keep(lanes, y.own[k], west, east) for k in range(y.shape[2])]
            close += [_pass_on(lanes, lanes.east, west)] if east else []
            close += [_pass_on(lanes, lanes.west, east)] if west else []
            _choose(pe.where(code < len(multiply)), code, 0, multiply)
            _choose(pe.where(code >= len(multiply)), code, len(multiply), close)

    def send(W: np.ndarray) -> None:
        check_held("write_sparse_product", w, "x", x, W.shape[1])
        check_held("write_sparse_product", w, "y", y, W.shape[0])
        for c, (its_codes, its_values) in enumerate(coded(W, columns)):
            w[0, c].host_in(codes, its_codes, edge=NORTH)
            if its_values.size:
                w[0, c].host_in(values, its_values, edge=NORTH)

    return send


def coded(W: np.ndarray, columns: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """The codes and the values that each column of PEs is sent for W.

    With n features and m outputs in a column, code j below n says: a value for feature j; n + k:
    keep the sum as output k; n + m and n + m + 1: pass partial sums on, to the east and to the
    west. (The last column has no east: there n + m says to the west.)

    Examples
    --------
    >>> first, second = coded(np.array([[5, 0], [0, 7]]), columns=2)
    >>> first[0].tolist(), first[1].tolist(), second[0].tolist(), second[1].tolist()
    ([0, 1, 2], [5], [2, 0, 1], [7])
    """
    M, m = W.shape[0], share(W.shape[0], columns)
    sent = []
    for c, block in enumerate(in_columns(W, columns)):
        n = block.shape[1]
        output, feature = np.nonzero(block)
        owner, k = np.divmod(np.arange(M), m)
        west = m + 1 if c < columns - 1 else m
        closing = n + np.where(owner == c, k, np.where(owner > c, m, west))
        at = np.append(np.searchsorted(output, np.arange(1, M)), len(feature))  # behind its weights
        sent.append((np.insert(feature, at, closing), block[output, feature]))
    return sent


def _choose(pe: Any, code: Any, first: int, cases: list[Callable[[Any], None]]) -> None:
    """Write: do ``cases[code - first]``, found by halving."""
    if len(cases) == 1:
        cases[0](pe)
        return
    half = len(cases) // 2
    _choose(pe.where(code < first + half), code, first, cases[:half])
    _choose(pe.where(code >= first + half), code, first + half, cases[half:])


def _multiply(lanes: Lanes, values: Any, x: Any, j: int) -> Callable[[Any], None]:
    def case(pe: Any) -> None:
        pe.mov(fabin(values), out=lanes.weight)
        pe.mac(lanes.weight, x.own[j], out=lanes.partial)

    return case


def _keep(lanes: Lanes, y: Any, west: bool, east: bool) -> Callable[[Any], None]:
    """The owner's part of `Lanes.add_up`, and zeros for the next output."""

    def case(pe: Any) -> None:
        p = lanes.partial
        if west:
            pe.add(fabin(lanes.east[1]), p, out=p if east else y)
        if east:
            pe.add(fabin(lanes.west[1]), p, out=y)
        if not west and not east:
            pe.mov(p, out=y)
        pe.mov(0.0, out=p)

    return case


def _pass_on(lanes: Lanes, way: Any, behind: bool) -> Callable[[Any], None]:
    """The others' part: what comes from behind and one's own, in that direction."""

    def case(pe: Any) -> None:
        mine, theirs = way
        if behind:
            pe.add(fabin(theirs), lanes.partial, out=fabout(mine))
        else:
            pe.mov(lanes.partial, out=fabout(mine))
        pe.mov(0.0, out=lanes.partial)

    return case
