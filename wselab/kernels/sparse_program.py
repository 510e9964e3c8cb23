"""The programs of a sparse product: what is zero is not kept, or not sent, or neither.

Row 0 holds the pieces of x, each PE the piece of its column; the tiles lie in the rows below, whose
column 0 has the sums in the end.

Where all of x is sent, the j-th wavelet is for column j of the tile. Where zeros are left out, a
wavelet must say which column it is for. It can do so by its *color*, which every wavelet has
anyway, and which wakes the task of that column; then a tile has at most as many columns as there
are colors left. Or by a second wavelet, the *index*; then its task finds the column by comparing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..fabric import EAST, NORTH, RAMP, SOUTH, WEST, Wafer, fabin, fabout
from .nonzeros import NonZeros

#: Colors that `write_woken_by_color` needs beside one for each column of a tile: for "ready", for
#: the end of x, and two for the chain.
OTHER_COLORS = 4

#: What some PEs do with a value of x for column j of their tiles: called with (pe, j, value).
Column = Callable[[Any, int, Any], None]


def write_in_order(
    w: Wafer, kept: NonZeros, values: Any, x: Any, y: Any, batch: int
) -> Callable[[], None]:
    """Write on ``w``: y += the non-zeros of each PE times its piece of x, all of which is sent.

    ``values`` is memory for those of ``kept``, ``x`` and ``y`` for ``batch`` values of each column
    and of each row of a tile. Every non-zero is an operation on ``batch`` values, and a PE has as
    many operations as non-zeros: which part of x, and of y, differs from PE to PE. Gives a function
    that writes the operations again, for another launch.
    """
    c = w.color("x")
    _route_down(w, c)
    sums = _chain(w, y)

    def again() -> None:
        w[0].mov(x, out=fabout(c))
        w[1:].mov(fabin(c), out=x)
        for k in range(kept.values.shape[2]):
            length = batch * _below(kept.per_pe > k)
            row, column = (batch * _below(of[..., k]) for of in (kept.rows, kept.columns))
            w[1:].mac(values.own[k], x.own[column : column + length], out=y.own[row : row + length])
        for columns, add_up in sums:
            add_up(w[1:, columns])

    again()
    return again


def write_woken_by_color(w: Wafer, x: Any, y: Any, column: Column) -> Callable[[], None]:
    """Write on ``w``: y += tiles times pieces of x, where only the non-zeros of x are sent.

    When a PE of row 0 is told that the row below is ready, it compares its values with zero, twice
    each, and sends those that are not, each on the color of its column, which wakes a task. Then a
    wavelet says that there are no more, and wakes the chain; it has the highest color, so that it
    is taken after all others. Gives a function that writes the beginning again, for another launch;
    the tasks stay.
    """
    colors = [w.color(f"x[{j}]") for j in range(x.shape[2])]
    end = w.color("no more")
    for c in (*colors, end):
        _route_down(w, c)

    def send(pe: Any, j: int) -> None:
        pe.mov(x.own[j], out=fabout(colors[j]))

    def multiply(j: int) -> Callable[[Any, Any], None]:
        return lambda pe, wavelet: column(pe, j, wavelet)

    for j, c in enumerate(colors):
        w[1:].task(c)(multiply(j))
    for columns, add_up in _chain(w, y):

        @w[1:, columns].task(end)
        def no_more(pe: Any, wavelet: Any, add_up: Any = add_up) -> None:
            add_up(pe)

    return _write_source(w, x, send, lambda pe: pe.mov(0.0, out=fabout(end), n=1))


def write_woken_by_index(w: Wafer, x: Any, y: Any, column: Column) -> Callable[[], None]:
    """Write on ``w``: the same, where two wavelets leave for each non-zero of x, index and value.

    The index wakes a task, which compares it with the middle of what it may be until one column is
    left, two comparisons for each time that it halves, and then takes in the value. An index of one
    more than there are says that there are no more.
    """
    width = x.shape[2]
    index, value = w.color("index"), w.color("value")
    here = w.memory("value", (), dtype=x.dtype)
    _route_down(w, index)
    _route_down(w, value)

    def send(pe: Any, j: int) -> None:
        pe.mov(float(j), out=fabout(index), n=1)
        pe.mov(x.own[j], out=fabout(value))

    def choose(pe: Any, wavelet: Any, first: int, last: int, add_up: Any) -> None:
        if first == last == width:
            add_up(pe)
        elif first == last:
            pe.mov(fabin(value), out=here)
            column(pe, first, here)
        else:
            middle = (first + last + 1) // 2
            choose(pe.where(wavelet < middle), wavelet, first, middle - 1, add_up)
            choose(pe.where(wavelet >= middle), wavelet, middle, last, add_up)

    for columns, add_up in _chain(w, y):

        @w[1:, columns].task(index, data_dependent=True)
        def multiply(pe: Any, wavelet: Any, add_up: Any = add_up) -> None:
            choose(pe, wavelet, 0, width, add_up)

    return _write_source(w, x, send, lambda pe: pe.mov(float(width), out=fabout(index), n=1))


def whole_columns(A: Any, y: Any) -> Column:
    """What PEs do that keep their tiles as they are: a column of ``A`` is one operation."""
    return lambda pe, j, value: pe.mac(A.own[:, j], value, out=y)


def kept_columns(kept: NonZeros, values: Any, y: Any) -> Column:
    """What PEs do that keep only their non-zeros: each of a column is an operation."""

    def column(pe: Any, j: int, value: Any) -> None:
        for k in range(int(kept.counts[..., j].max())):
            there = _below(kept.counts[..., j] > k)
            place = kept.firsts[..., j, None] + np.where(kept.counts[..., j, None] > k, k, 0)
            place = np.minimum(place, kept.rows.shape[2] - 1)  # behind the last where it has none
            row = _below(np.take_along_axis(kept.rows, place, axis=2)[..., 0])
            at = _below(place[..., 0])
            pe.mac(values.own[at : at + there], value, out=y.own[row : row + there])

    return column


def _write_source(
    w: Wafer, x: Any, send: Callable[[Any, int], None], finish: Callable[[Any], None]
) -> Callable[[], None]:
    """Row 0: woken by the row below, it sends what of its ``x`` is not zero, and then finishes."""
    ready = w.color("ready")
    w[1].route(ready, RAMP >> NORTH)
    w[0].route(ready, SOUTH >> RAMP)

    @w[0].task(ready, data_dependent=True)
    def send_nonzeros(pe: Any, wavelet: Any) -> None:
        for j in range(x.shape[2]):
            send(pe.where(x.own[j] > 0), j)
            send(pe.where(x.own[j] < 0), j)
        finish(pe)

    def again() -> None:
        w[1].mov(1.0, out=fabout(ready), n=1)

    again()
    return again


def _chain(w: Wafer, y: Any) -> list[tuple[Any, Callable[[Any], None]]]:
    """The chain of `write_chain_west` below row 0: columns, and what their PEs do.

    A single column has its sum already, and nothing to do.
    """
    if w.shape[1] == 1:
        return [(slice(None), lambda pe: None)]
    mine, theirs = w.alternating("west, even columns", "west, odd columns", by="column")
    w[1:, 1:].route(mine, RAMP >> WEST)
    w[1:, :-1].route(theirs, EAST >> RAMP)
    return [
        (slice(-1, None), lambda pe: pe.mov(y, out=fabout(mine))),
        (slice(1, -1), lambda pe: pe.add(fabin(theirs), y, out=fabout(mine))),
        (slice(0, 1), lambda pe: pe.add(fabin(theirs), y, out=y)),
    ]


def _route_down(w: Wafer, color: Any) -> None:
    """From row 0 to every PE below it."""
    w[0].route(color, RAMP >> SOUTH)
    w[1:-1].route(color, NORTH >> (RAMP, SOUTH))
    w[-1].route(color, NORTH >> RAMP)


def _below(array: np.ndarray) -> np.ndarray:
    """``array`` as whole numbers for the rows that hold tiles, with zeros for row 0.

    >>> _below(np.array([[5, 6]])).tolist()
    [[0, 0], [5, 6]]
    """
    return np.concatenate([np.zeros_like(array[:1], dtype=np.int64), array.astype(np.int64)])
