"""What the PEs of a device say to each other: four ways, of six colors.

Tokens lie along the rows of PEs and features along the columns, so that

- parameters come *down* the columns, past every token,
- sums over features are made by a *reduce-scatter* along the rows, a block in each PE,
- what all PEs of a row need comes by an *all-gather* along the rows,
- gradients are summed *up* the columns, over all tokens.

Each way has a program for the wafer and, for replays, a line of NumPy that sums in the same order.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...fabric import NORTH, Wafer, fabin, fabout
from ...kernels.ring import Ring
from ..lanes import route_down, route_up, sum_up
from .blocks import Block, Piece


class Links:
    """The routes of a device, and the operations on them.

    ``top`` is the first row that computes: 1 where row 0 keeps the parameters, 0 where they come
    over the edge from outside, which is where the two differ. Everywhere else a wafer that keeps
    its parameters and one that has them streamed in run the same operations.
    """

    def __init__(self, device: Any, wafer: Wafer | None, top: int):
        self.device, self.top = device, top
        self.wafer: Any = wafer
        if wafer is None:
            return
        self.down = wafer.color("parameters")
        route_down(wafer, self.down, top)
        self.ring = Ring(wafer, "features", slice(top, None))
        self.north = wafer.alternating("gradients, even rows", "gradients, odd rows", by="row")
        route_up(wafer, self.north, top)

    def send_down(self, parameters: Piece) -> None:
        """Let these values of the home row, or of the store outside, go down all columns."""
        self.device.count_edge(parameters)
        if not self.device.running:
            return
        if self.top:
            self.wafer[0].mov(parameters.part, out=fabout(self.down), microthread=True)
        else:
            self.wafer[0, :].host_in(self.down, parameters.view(-1)[0], edge=NORTH)

    def take_down(self, out: Piece, parameters: Piece) -> None:
        """Every PE takes the next of what comes down, beside what it does after: ``parameters``.

        Where the step is replayed, they are copied.
        """
        if self.device.running:
            self.wafer[self.top :].mov(fabin(self.down), out=out.part, microthread=True)
        else:
            out.view(self.top)[...] = parameters.view(-1)

    def reduce_scatter(self, parts: Block, n: int) -> None:
        """Of ``n`` values in as many blocks as columns: block k is summed over a row in column k.

        With ``x[r, c, k]`` block k of PE (r, c), and C columns::

            total = x[:, (k + 1) % C, k]
            for step in range(2, C + 1):
                total = x[:, (k + step) % C, k] + total

        The other blocks of a PE are used up on the way.
        """
        C = self.device.shape[1]
        if self.device.running:
            for step in range(C - 1):
                self.ring.send(self._block(parts, n, -step - 1))
                taken = self._block(parts, n, -step - 2)
                self.ring.take(taken, plus=taken)
            return
        x = in_blocks(parts[:n].view(self.top), C)
        k = np.arange(C)
        total = x[:, (k + 1) % C, k]
        for step in range(2, C + 1):
            total = x[:, (k + step) % C, k] + total
        x[:, k, k] = total

    def all_gather(self, parts: Block, n: int) -> None:
        """Of ``n`` values in as many blocks as columns: block k of column k goes to all the row."""
        C = self.device.shape[1]
        if self.device.running:
            for step in range(C - 1):
                self.ring.send(self._block(parts, n, -step))
                self.ring.take(self._block(parts, n, -step - 1))
            return
        x = in_blocks(parts[:n].view(self.top), C)
        x[...] = own_blocks(x)[:, None].copy()

    def fold_row(self, how: str, values: Piece, out: Piece) -> None:
        """``values`` of all PEs of a row, added up ("add") or the largest of them ("max"), in each.

        They are gathered, and every PE folds them from column 0 on, so that all have the same bits.
        """
        pes, n, C = self.device.pes, len(values), self.device.shape[1]
        parts = self.device.scratch("of the row", n * C)
        pes.mov(values, out=self.own(parts, n * C, 0, n))
        self.all_gather(parts, n * C)
        operation = getattr(pes, how)
        if C == 1:
            pes.mov(parts[:n], out=out)
        for c in range(1, C):
            operation(parts[c * n : (c + 1) * n], out if c > 1 else parts[:n], out=out)

    def own(self, parts: Block, n: int, first: int, last: int) -> OwnPiece:
        """Values ``first`` to ``last`` of each PE's own block, as an operand."""
        name = ("own", n, first, last)
        if name not in parts.pieces:
            parts.pieces[name] = OwnPiece(self, parts, n, first, last)
        return parts.pieces[name]

    def by_column(self, parts: Block, starts: np.ndarray, n: int) -> ByColumn:
        """``n`` values that begin at another place in each column, ``starts`` of shape (C,)."""
        name = ("by column", n, starts.tobytes())
        if name not in parts.pieces:
            parts.pieces[name] = ByColumn(parts, starts, n)
        return parts.pieces[name]

    def sum_up(self, parts: Piece, out: Piece) -> None:
        """The sum over each column, from the south to the north, to the home row or outside."""
        self.device.count_edge(out)
        if not self.device.running:
            values = parts.view(self.top)
            total = values[-1]
            for row in values[-2::-1]:
                total = total + row
            out.view(-1)[0] = total
            return
        w, (mine, theirs) = self.wafer, self.north
        sum_up(w, self.north, parts.part, self.top)
        if self.top:
            w[0].mov(fabin(theirs), out=out.part)
        else:
            self.device.receive(w[0, :].host_out(mine, len(out), edge=NORTH), out)

    def _block(
        self, parts: Block, n: int, ahead: int, first: int = 0, last: int | None = None
    ) -> Any:
        """A block so many further on than each PE's own, or values of it, as an operand."""
        C = self.device.shape[1]
        start = (np.arange(C)[None] + ahead) % C * (n // C)
        return parts.memory.own[start + first : start + (n // C if last is None else last)]


class OwnPiece(Piece):
    """A part of each PE's own block: it begins elsewhere in each column."""

    def __init__(self, links: Links, parts: Block, n: int, first: int, last: int):
        super().__init__(parts, (first, last, 1), single=False)
        self.links, self.n = links, n

    @property
    def part(self) -> Any:
        """As the wafer's own operand."""
        if self._part is None:
            self._part = self.links._block(self.block, self.n, 0, *self.span[:2])
        return self._part

    def view(self, first_row: int) -> np.ndarray:
        """As an array (rows, columns, n) of the rows from ``first_row`` on."""
        if first_row not in self._views:
            x = in_blocks(self.block[: self.n].view(first_row), self.links.device.shape[1])
            self._views[first_row] = own_blocks(x)[..., slice(*self.span)]
        return self._views[first_row]


class ByColumn(Piece):
    """A part of a block that begins at another place in each column; for programs alone."""

    def __init__(self, parts: Block, starts: np.ndarray, n: int):
        super().__init__(parts, (0, n, 1), single=False)
        self.starts = starts

    @property
    def part(self) -> Any:
        """As the wafer's own operand."""
        if self._part is None:
            starts = self.starts[None]
            self._part = self.block.memory.own[starts : starts + len(self)]
        return self._part


def in_blocks(values: np.ndarray, blocks: int) -> np.ndarray:
    """(rows, columns, n) as a view (rows, columns, blocks, n / blocks)."""
    return values.reshape(*values.shape[:2], blocks, -1)


def own_blocks(x: np.ndarray) -> np.ndarray:
    """Of (rows, C, C, n) block k of column k: a view (rows, C, n).

    >>> own_blocks(np.arange(4).reshape(1, 2, 2, 1)).tolist()
    [[[0], [3]]]
    """
    return np.einsum("rccn->rcn", x)
