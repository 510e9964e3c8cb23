"""The chain reduce, written out: the plainest way to sum the vectors of many PEs in one of them.

The PE at the far end sends its vector; each next one adds its own to the stream, element by
element, and passes it on. A hand-over costs a hop, a ramp in, a ramp out and the cycle of the
addition, ``2 T_R + 2``, but the elements follow one another every cycle, so that a long vector pays
for the way only once. A color has one input in a router, so that a PE that takes in and sends on
needs two, and its neighbours have them swapped.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..fabric import EAST, NORTH, RAMP, SOUTH, WEST, Wafer, fabin, fabout
from .tree_program import Again


def write_chain_west(w: Wafer, x: Any, out: Any) -> Again:
    """Write on ``w``: the sum of memory ``x`` over each row, from east to west, into column 0.

    ``out`` is memory for the sum, of as many values; it may be ``x`` itself. A single column
    copies ``x`` to ``out``. Gives a function of (x, out) that writes the operations again, for
    another launch: the routes stay.

    Examples
    --------
    >>> w = Wafer(1, 4)
    >>> x = w.memory("x", 16)
    >>> x[...] = 1.0
    >>> again = write_chain_west(w, x, out=x)
    >>> w.run().cycles, float(x[0, 0, 0])
    (34, 4.0)
    >>> again(x, out=x)
    >>> w.run().cycles, float(x[0, 0, 0])  # the first has 4 already
    (34, 7.0)
    """
    mine, theirs = w.alternating("west, even columns", "west, odd columns", by="column")
    w[:, 1:].route(mine, RAMP >> WEST)
    w[:, :-1].route(theirs, EAST >> RAMP)

    def again(x: Any, out: Any) -> None:
        if w.shape[1] == 1:
            w[:, 0].mov(x, out=out)
            return
        w[:, -1].mov(x, out=fabout(mine))  # the last PE starts
        w[:, 1:-1].add(fabin(theirs), x, out=fabout(mine))  # each adds its own and passes it on
        w[:, 0].add(fabin(theirs), x, out=out)  # the first keeps the sum

    again(x, out)
    return again


def write_chain_north(w: Wafer, x: Any, out: Any) -> Again:
    """Write on ``w``: the sum of memory ``x`` over column 0, from south to north, into PE (0, 0).

    As `write_chain_west`, turned. The other columns do nothing.

    Examples
    --------
    >>> w = Wafer(4, 3)
    >>> x = w.memory("x", 16)
    >>> x[...] = 1.0
    >>> again = write_chain_north(w, x, out=x)
    >>> w.run().cycles, float(x[0, 0, 0])
    (34, 4.0)
    """
    mine, theirs = w.alternating("north, even rows", "north, odd rows", by="row")
    w[1:, 0].route(mine, RAMP >> NORTH)
    w[:-1, 0].route(theirs, SOUTH >> RAMP)

    def again(x: Any, out: Any) -> None:
        if w.shape[0] == 1:
            w[0, 0].mov(x, out=out)
            return
        w[-1, 0].mov(x, out=fabout(mine))
        w[1:-1, 0].add(fabin(theirs), x, out=fabout(mine))
        w[0, 0].add(fabin(theirs), x, out=out)

    again(x, out)
    return again


def write_snake(w: Wafer, x: Any, out: Any) -> Again:
    """Write on ``w``: the sum of memory ``x`` over all PEs into PE (0, 0), by one long chain.

    It winds through the rows: row 0 is passed towards column 0, the one below it away from there,
    and so on. Otherwise as `write_chain_west`.

    Examples
    --------
    >>> w = Wafer(3, 3)
    >>> x = w.memory("x", 16)
    >>> x[...] = 1.0
    >>> again = write_snake(w, x, out=x)
    >>> w.run().cycles, float(x[0, 0, 0])
    (64, 9.0)
    """
    rows, columns = w.shape
    place = np.arange(rows * columns).reshape(rows, columns)  # 0 in PE (0, 0), where it ends
    place[1::2] = place[1::2, ::-1].copy()
    even, odd = w.color("snake, even PEs"), w.color("snake, odd PEs")
    first, last = place == 0, place == rows * columns - 1
    ways = [  # from each PE to the one before it: where to, who goes there, back to whom
        (WEST, EAST, np.s_[::2, 1:], np.s_[::2, :-1]),
        (EAST, WEST, np.s_[1::2, :-1], np.s_[1::2, 1:]),
        (NORTH, SOUTH, np.s_[1::2, -1], np.s_[:-1:2, -1]),
        (NORTH, SOUTH, np.s_[2::2, 0], np.s_[1:-1:2, 0]),
    ]
    sides = [(place % 2 == 0, even, odd), (place % 2 == 1, odd, even)]
    for side, mine, theirs in sides:
        for home, away, senders, takers in ways:
            w[side & _mask(w, senders)].route(mine, RAMP >> home)
            w[side & _mask(w, takers)].route(theirs, away >> RAMP)

    def again(x: Any, out: Any) -> None:
        if rows * columns == 1:
            w[0, 0].mov(x, out=out)
            return
        for side, mine, theirs in sides:
            w[side & last].mov(x, out=fabout(mine))
            w[side & ~last & ~first].add(fabin(theirs), x, out=fabout(mine))
            w[side & first].add(fabin(theirs), x, out=out)

    again(x, out)
    return again


def _mask(w: Wafer, key: Any) -> np.ndarray:
    return w[key].mask
