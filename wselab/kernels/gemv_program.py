"""The programs of the five layouts of a matrix-vector product.

x is brought where it is needed, every PE multiplies its part of A by it, column after column, and
what several PEs have of the same y is added up. Which of these steps a layout has, and over which
PEs, is all in which layouts differ, but for the one in which the matrix moves.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..fabric import EAST, RAMP, WEST, ProgramError, Wafer, fabin, fabout
from ..trees import ALGORITHMS
from .all_reduce import write_all_reduce_row
from .broadcast import route_down, route_everywhere
from .chain import write_chain_west
from .gemv_layouts import LAYOUTS
from .inputs import at_least_one, one_of
from .line import Line
from .reduce import write_reduce_2d, write_reduce_row
from .tree_program import Again, write_reduce

#: How y is added up unless ``reduce`` says so; None where nothing is, or nothing else can be.
REDUCES = {
    "tiles": "chain", "rows": None, "columns": "chain", "mesh": "two_phase", "streamed": None
}  # fmt: skip
#: How an all-reduce is made: in place, which a ring cannot.
ALL_REDUCES = ("reduce_broadcast", "centre")


def write_gemv(
    w: Wafer,
    A: Any,
    x: Any,
    y: Any,
    layout: str = "tiles",
    *,
    reduce: str | None = None,
    group: int | None = None,
    all_reduce: str | None = None,
    overlap: int | None = None,
) -> Again:
    """Write on ``w``: y = A times x, by the parts that the PEs have in that layout.

    ``A`` is memory of shape (m, n) in each PE, for "streamed" an array of shape (rows, columns, m,
    n); ``x`` is memory of n values and ``y`` of m, which is zero before the launch. x begins and y
    ends where `gemv` says; what other PEs have of y are parts of the sum. Gives a function of
    (A, x, y) that writes the operations again, for another launch.

    Examples
    --------
    >>> w = Wafer(2, 2)
    >>> A, x, y = w.memory("A", (3, 4)), w.memory("x", 4), w.memory("y", 3)
    >>> A[...] = 1.0
    >>> x[0] = 1.0
    >>> again = write_gemv(w, A, x, y)
    >>> w.run().cycles, y[1, 0].tolist()
    (31, [8.0, 8.0, 8.0])
    """
    one_of("gemv", layout, LAYOUTS, "layout")
    if (reduce or group) is not None and REDUCES[layout] is None:
        raise ProgramError(f"gemv: layout={layout!r} has no reduce and no group; leave them out")
    if reduce is not None:
        one_of("gemv", reduce, ALGORITHMS)
    if all_reduce is not None and (layout != "mesh" or all_reduce not in ALL_REDUCES):
        raise ProgramError(
            f"gemv: all_reduce={all_reduce!r} in layout={layout!r}; expected one of "
            f"{', '.join(map(repr, ALL_REDUCES))} in layout='mesh', and None elsewhere"
        )
    if overlap is not None:
        if layout not in ("tiles", "rows"):
            raise ProgramError(
                f"gemv: overlap={overlap!r} in layout={layout!r}; only in 'tiles' and 'rows' is x "
                "brought while PEs could multiply"
            )
        overlap = at_least_one("gemv", "overlap", overlap)
    if layout == "streamed":
        return _write_streamed(w, A, x, y)
    product = _write_product(w, A, x, y, layout, overlap)
    how = {"reduce": reduce or REDUCES[layout], "group": group, "all_reduce": all_reduce}
    add_up = _write_sum(w, y, layout, **how)

    def again(A: Any, x: Any, y: Any) -> None:
        product(A, x, y)
        if add_up:
            add_up(y, y)

    return again


def _write_product(
    w: Wafer, A: Any, x: Any, y: Any, layout: str, overlap: int | None
) -> Callable[[Any, Any, Any], None]:
    """Bring x to the PEs, and multiply: when it is there, or a piece while the next one comes."""
    routes = {"tiles": route_down, "rows": route_everywhere}
    c, source, others = routes[layout](w) if layout in routes else (None, w[...], [])

    def product(A: Any, x: Any, y: Any) -> None:
        length = A.shape[-1]
        size = length if overlap is None or not others else overlap
        beside = overlap is not None
        pieces = [range(length)[at : at + size] for at in range(0, length, size)]

        def take(piece: range) -> None:
            part = x.own[piece.start : piece.stop] if beside else x
            for region in others:
                region.mov(fabin(c), out=part, microthread=beside)

        if others:
            source.mov(x, out=fabout(c), microthread=beside)
            take(pieces[0])
        for at, piece in enumerate(pieces):
            for following in pieces[at + 1 : at + 2]:
                take(following)  # it begins when this piece is there, and comes meanwhile
            for j in piece:
                w[...].mac(A.own[:, j], x.own[j], out=y)

    product(A, x, y)
    return product


def _write_sum(
    w: Wafer, y: Any, layout: str, reduce: Any, group: Any, all_reduce: Any
) -> Again | None:
    """Add up the parts of y, where a layout has more than one of the same rows."""
    rows, columns = w.shape
    if reduce is None or (columns == 1 and (rows == 1 or layout != "columns")):
        return None
    if layout == "mesh":
        return write_all_reduce_row(w, y, y, all_reduce or ALL_REDUCES[0], reduce, group)
    if layout == "tiles" or rows == 1:
        return write_reduce_row(w, y, y, reduce, group)
    if columns == 1:
        return write_reduce(Line.column_0(w), y, y, reduce, group)
    return write_reduce_2d(w, y, y, row_algorithm=reduce, column_algorithm=reduce, group=group)


def _write_streamed(w: Wafer, A: np.ndarray, x: Any, y: Any) -> Again:
    """The tiles of a row of PEs come one after the other, and each PE passes on what is not its."""
    columns, (height, width) = w.shape[1], A.shape[2:]
    mine, theirs = w.alternating("A, from even columns", "A, from odd columns", by="column")
    w[...].route(theirs, WEST >> RAMP)
    w[:, :-1].route(mine, RAMP >> EAST)

    def stream(A: np.ndarray, x: Any, y: Any) -> None:
        farthest_first = A[:, ::-1].swapaxes(2, 3)  # and of each tile column after column
        w[:, 0].host_in(theirs, farthest_first.reshape(len(A), 1, -1), edge=WEST)
        for column in range(columns - 1):
            others = (columns - 1 - column) * height * width
            w[:, column].mov(fabin(theirs), out=fabout(mine), n=others)
        for j in range(width):
            w[...].mac(fabin(theirs), x.own[j], out=y)

    stream(A, x, y)
    add_up = write_chain_west(w, y, y) if columns > 1 else None

    def again(A: np.ndarray, x: Any, y: Any) -> None:
        stream(A, x, y)
        if add_up:
            add_up(y, y)

    return again
