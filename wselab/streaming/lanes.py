"""The lanes of a wafer that weights stream through: its routes, its scratch, and who holds what.

Features lie over the columns of PEs, tokens over the rows: PE (r, c) holds the activations of some
features for some tokens, and they stay. Weights come in over the north edge and go down the
columns; partial sums go along the rows, east or west, to the column that is to hold the result;
gradients of weights go up the columns and leave by the edge that weights came in by.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from ..fabric import EAST, NORTH, RAMP, SOUTH, WEST, ProgramError, Wafer, fabin, fabout
from ..fabric.memory import Memory


class Lanes:
    """Routes and scratch memory on ``w``, for the streamed products and gradients of any layers.

    ``tokens`` and ``features`` are the most that a PE holds of each; see `share`. Takes seven
    colors, and of each PE's memory ``tokens + 1`` values of type ``dtype``, and ``2 features`` more
    where gradients are streamed.

    Examples
    --------
    >>> w = Wafer(2, 4)
    >>> lanes = Lanes(w, tokens=3, features=2)
    >>> [color.name for color in w.colors[:3]]
    ['weights', 'to the east, even columns', 'to the east, odd columns']
    """

    def __init__(self, w: Wafer, tokens: int, features: int, dtype: str = "float32"):
        self.w = w
        self.weights = w.color("weights")
        # In each direction mine is the color that a PE sends on, theirs the one it takes from.
        self.east = self._both_ways("east", "column")
        self.west = self._both_ways("west", "column")
        self.north = self._both_ways("north", "row")
        w[:, :-1].route(self.east[0], RAMP >> EAST)
        w[:, 1:].route(self.east[1], WEST >> RAMP)
        w[:, 1:].route(self.west[0], RAMP >> WEST)
        w[:, :-1].route(self.west[1], EAST >> RAMP)
        self.weight = w.memory("weight", (), dtype=dtype)  # the one that is passing
        self.partial = w.memory("partial sums", tokens, dtype=dtype)
        self.features, self.dtype = features, dtype

    @cached_property
    def gradient(self) -> Memory:
        """Two buffers for the gradient of an output's weights, in programs that stream it out."""
        return self.w.memory("gradient", (2, self.features), dtype=self.dtype)

    def take_in(self, color: Any) -> None:
        """Route ``color`` from the host down all columns, unless it is routed."""
        if not color.routed.any():
            route_down(self.w, color)

    def give_back(self) -> None:
        """Route the colors to the north, from row 0 to the host, unless they are routed."""
        if not self.north[0].even.routed.any():
            route_up(self.w, self.north)

    def _both_ways(self, side: str, by: str) -> Any:
        return self.w.alternating(f"to the {side}, even {by}s", f"to the {side}, odd {by}s", by)

    def add_up(self, owner: int, y: Any) -> None:
        """Write: the partial sums of every row of PEs into ``y`` of its PE in column ``owner``.

        Two chains run towards it, one from each end of the row. With ``p[c]`` the partial sums of
        column c, element by element::

            from_west = p[0]
            for c in range(1, owner + 1):                 # eastwards; the owner adds its own
                from_west = from_west + p[c]
            from_east = p[C - 1]
            for c in reversed(range(owner + 1, C - 1)):
                from_east = from_east + p[c]
            y = from_east + from_west
        """
        w, p, last = self.w, self.partial, self.w.shape[1] - 1
        if last == 0:
            w[...].mov(p, out=y)
            return
        (to_east, from_west), (to_west, from_east) = self.east, self.west
        if owner > 0:
            w[:, 0].mov(p, out=fabout(to_east))
            w[:, 1:owner].add(fabin(from_west), p, out=fabout(to_east))
            w[:, owner].add(fabin(from_west), p, out=p if owner < last else y)
        if owner < last:
            w[:, -1].mov(p, out=fabout(to_west))
            w[:, owner + 1 : -1].add(fabin(from_east), p, out=fabout(to_west))
            w[:, owner].add(fabin(from_east), p, out=y)


def route_down(w: Wafer, color: Any, top: int = 0) -> None:
    """Route ``color`` down all columns, to each PE from row ``top`` on.

    With ``top=0`` it comes over the north edge, with ``top=1`` from row 0, which keeps none.
    """
    w[:top].route(color, RAMP >> SOUTH)
    w[top:-1].route(color, NORTH >> (RAMP, SOUTH))
    w[-1].route(color, NORTH >> RAMP)


def route_up(w: Wafer, north: Any, top: int = 0) -> None:
    """Route two colors that alternate by row, (mine, theirs), from each row to the one above it.

    With ``top=0`` they end beyond the north edge, with ``top=1`` in row 0.
    """
    mine, theirs = north
    w[top:].route(mine, RAMP >> NORTH)
    w[:-1].route(theirs, SOUTH >> RAMP)


def sum_up(w: Wafer, north: Any, values: Any, top: int = 0, microthread: bool = False) -> None:
    """Write: ``values`` of all PEs of a column, added up from the south to the north.

    What reaches row ``top`` goes on by the routes of `route_up`, for the host or row 0 to take.
    """
    mine, theirs = north
    w[-1].mov(values, out=fabout(mine), microthread=microthread)
    w[top:-1].add(fabin(theirs), values, out=fabout(mine), microthread=microthread)


def share(count: int, pes: int) -> int:
    """How many of ``count`` features or tokens each of ``pes`` columns or rows holds, at most.

    Examples
    --------
    >>> share(10, 4)
    3
    """
    return -(-count // pes)


def spread(X: np.ndarray, wafer: tuple[int, int]) -> np.ndarray:
    """``X`` of shape (features, tokens) as PEs hold it: (rows, columns, features, tokens) of each.

    Filled up with zeros where they do not divide.

    Examples
    --------
    >>> spread(np.arange(6, dtype=np.float32).reshape(3, 2), (1, 2))[0, 1].tolist()
    [[4.0, 5.0], [0.0, 0.0]]
    """
    rows, columns = wafer
    n, t = share(X.shape[0], columns), share(X.shape[1], rows)
    full = np.zeros((columns * n, rows * t), X.dtype)
    full[: X.shape[0], : X.shape[1]] = X
    return np.ascontiguousarray(full.reshape(columns, n, rows, t).transpose(2, 0, 1, 3))


def gather(y: Any, shape: tuple[int, int]) -> np.ndarray:
    """The array of ``shape`` that was `spread`; a copy, from memory or an array.

    Examples
    --------
    >>> X = np.arange(6, dtype=np.float32).reshape(3, 2)
    >>> bool((gather(spread(X, (2, 2)), (3, 2)) == X).all())
    True
    """
    held = np.asarray(y)
    rows, columns, n, t = held.shape
    full = held.transpose(1, 2, 0, 3).reshape(columns * n, rows * t)
    return full[: shape[0], : shape[1]].copy()


def in_columns(W: np.ndarray, columns: int) -> np.ndarray:
    """``W`` as the host sends it: (columns, outputs, features), with zeros for what is missing.

    Examples
    --------
    >>> in_columns(np.array([[1, 2, 3], [4, 5, 6]]), 2).tolist()
    [[[1, 2], [4, 5]], [[3, 0], [6, 0]]]
    """
    outputs, features = W.shape
    n = share(features, columns)
    full = np.zeros((outputs, columns * n), W.dtype)
    full[:, :features] = W
    return full.reshape(outputs, columns, n).transpose(1, 0, 2)


def check_held(what: str, w: Wafer, name: str, memory: Any, features: int) -> None:
    """Refuse memory that is not (features, tokens) of each PE, for so many features in all."""
    expected = share(features, w.shape[1])
    if not isinstance(memory, Memory) or len(memory.shape) != 4 or memory.shape[2] != expected:
        held = memory.shape[2:] if isinstance(memory, Memory) else type(memory).__name__
        raise ProgramError(
            f"{what}: {name} holds {held} in each PE; expected ({expected}, tokens), {features} "
            f"features over {w.shape[1]} columns. Try w.memory({name!r}, ({expected}, tokens))"
        )
