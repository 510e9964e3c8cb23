"""Problem 5.2: a matrix times a vector, laid out the other way round.

>>> w = Wafer(2, 3)
>>> A, x, y = w.memory("A", (4, 5)), w.memory("x", 5), w.memory("y", 4)
>>> turned(w, A, x, y)
>>> A[...] = x[:, 0] = 1.0
>>> w.run().cycles, y[0, 2].tolist()
(42, [10.0, 10.0, 10.0, 10.0])
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ...fabric import EAST, NORTH, RAMP, SOUTH, WEST, Wafer, fabin, fabout
from ..problem import Size, register
from ..programs import Data, Due, Ran
from ..recorded import Recorded
from ..sums import found_elsewhere
from ..tiled import TiledProduct


def turned(w: Wafer, A: Any, x: Any, y: Any) -> None:
    """The plain textbook program: x along the rows, multiply, chains up the columns."""
    along = w.color("x along")
    w[:, 0].route(along, RAMP >> EAST)
    w[:, 1:-1].route(along, WEST >> (RAMP, EAST))
    w[:, -1].route(along, WEST >> RAMP)
    w[:, 0].mov(x, out=fabout(along))
    w[:, 1:].mov(fabin(along), out=x)
    for j in range(A.shape[-1]):
        w[...].mac(A.own[:, j], x.own[j], out=y)
    mine, theirs = w.alternating("up, even", "up, odd", by="row")
    w[1:, :].route(mine, RAMP >> NORTH)
    w[:-1, :].route(theirs, SOUTH >> RAMP)
    w[-1, :].mov(y, out=fabout(mine))
    w[1:-1, :].add(fabin(theirs), y, out=fabout(mine))
    w[0, :].add(fabin(theirs), y, out=y)


@register
class TurnedRound(TiledProduct):
    """The learner's function writes the product with rows for columns."""

    number = "5.2"
    title = "A product turned round"
    points = 8
    answer = "product"
    textbook = staticmethod(turned)
    hints = (
        "Three phases, as in the lesson, each turned by a quarter: x goes along the rows, from "
        "column 0 to the east; then everybody multiplies; then the shares of y are summed up the "
        "columns, into row 0. Write the first one and look at x with show.wafer.",
        "For x: RAMP >> EAST in column 0, WEST >> (RAMP, EAST) in the columns between, WEST >> "
        "RAMP in the last one. To multiply: for each column j of the tile "
        "w[...].mac(A.own[:, j], x.own[j], out=y); A.shape[-1] says how many there are.",
        'For the sums: mine, theirs = w.alternating(..., by="row"). All rows but row 0 send mine '
        "to the north, all but the last take theirs from the south. The last row starts, those "
        "between add and pass on, row 0 adds and keeps: add(fabin(theirs), y, out=y).",
    )

    sizes_shown = ((6, 4, 5, 8), (3, 7, 9, 2), (5, 3, 1, 6))
    sides = (3, 9)
    tile_sides = (1, 10)
    x_begins = np.s_[:, 0]

    def due(self, size: Size, data: Data) -> list[Due]:
        """The sums over each column of PEs, in row 0."""
        shares = _shares(data)
        where = np.zeros(shares.shape[:2], bool)
        where[0] = True
        values = np.broadcast_to(shares.sum(axis=0), shares.shape)
        return [Due("y", where, values, "the sum over its column")]

    def most_cycles(self, size: Size) -> tuple[int, str]:
        """As many as the plain program."""
        par = self.par_at(size)
        return par, f"the plain program takes {par:,}, and no more are asked"

    def why(self, written: Recorded, size: Size, ran: Ran) -> Iterator[str]:
        """What y of row 0 is instead."""
        (due,) = self.due(size, ran.data)
        if elsewhere := found_elsewhere(ran, due).replace("The sum is", "Each sum is"):
            yield elsewhere
            return
        got = ran.wafer.memories["y"].array[0]
        for text, values in _instead(ran.data):
            if np.array_equal(got, values):
                yield text
                return


def _shares(data: Data) -> np.ndarray:
    """What each PE has to add, (rows, columns, m)."""
    shares: np.ndarray = np.einsum("rcmn,rn->rcm", data["A"], data["x"][:, 0])
    return shares


def _instead(data: Data) -> Iterator[tuple[str, np.ndarray]]:
    """What usual mistakes leave in row 0, (columns, m)."""
    A, x, shares = data["A"], data["x"][:, 0], _shares(data)
    yield "Row 0 has its own shares only: those of the rows below have not come.", shares[0]
    yield (
        "Row 0 forgets its own shares: they are to be in the sums as well.",
        shares[1:].sum(axis=0),
    )
    yield "The shares of the last row are not in the sums.", shares[:-1].sum(axis=0)
    only = np.zeros_like(shares)
    only[:, 0] = shares[:, 0]
    yield (
        "Only column 0 has x: the others multiply with zeros. x has to come to them before.",
        only.sum(axis=0),
    )
    yield (
        "The last column of each tile is left out: j goes from 0 to n - 1.",
        np.einsum("rcmn,rn->cm", A[..., :-1], x[:, :-1]),
    )
    yield (
        "Only the first column of each tile is multiplied.",
        np.einsum("rcm,r->cm", A[..., 0], x[:, 0]),
    )
    twice = shares.sum(axis=0) + shares[0]
    yield "The shares of row 0 are in the sums twice.", twice
    yield (
        "Every row of PEs multiplies with x of row 0: each row has a piece of its own.",
        np.einsum("rcmn,n->cm", A, x[0]),
    )
