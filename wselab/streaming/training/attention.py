"""Attention: every token looks at those before it, in its own sequence and with its own head.

A row of PEs has whole sequences and a column has whole heads, so that all of it lies in one PE:
queries, keys and values come from three linear layers, which have put them there.
"""

from __future__ import annotations

from typing import Any

from .blocks import Block, Piece
from .functions import exp, reciprocal
from .modules import Linear, Module
from .plan import Node, Value, whole
from .rowwise import need_whole_columns, need_whole_sequences


class CausalSelfAttention(Module):
    """Attention with ``num_heads`` heads over sequences of ``context`` tokens, none looking ahead.

    The heads are dealt out to the columns of PEs and the sequences to the rows.
    """

    def __init__(self, embed_dim: int, num_heads: int, context: int):
        self.query, self.key, self.value, self.heads, self.out = (
            Linear(embed_dim, embed_dim),
            Linear(embed_dim, embed_dim),
            Linear(embed_dim, embed_dim),
            _Heads(num_heads, context),
            Linear(embed_dim, embed_dim),
        )

    def forward(self, x: Value) -> Value:
        return self.out(self.heads.attend(self.query(x), self.key(x), self.value(x)))


class _Heads(Module):
    """The heads themselves: they have no parameters."""

    def __init__(self, num_heads: int, context: int):
        whole("attention", "num_heads", num_heads)
        whole("attention", "context", context)
        self.num_heads, self.context = num_heads, context

    def attend(self, query: Value, key: Value, value: Value) -> Value:
        what = f"attention {self.name!r}"
        need_whole_columns(what, "heads", self.num_heads, query)
        need_whole_columns(what, "features", query.features, query)
        need_whole_sequences(what, self.context, query)
        plan = query.plan
        y = plan.value(self.name, value.features)
        dimension = query.features // self.num_heads
        plan.nodes.append(Attention(self.name, query, key, value, y, self.context, dimension))
        return y


class Attention(Node):
    """The heads in their place: softmax(q k' / sqrt(d)) v for each head of each sequence.

    The weights of attention of a PE are kept for the way back, row i those of token i. What stands
    in a row behind place i means nothing, and nobody uses it.
    """

    def __init__(
        self, name: str, query: Value, key: Value, value: Value, y: Value, context: int,
        dimension: int,
    ):  # fmt: skip
        self.name, self.q, self.k, self.v, self.y = name, query, key, value, y
        self.context, self.dimension = context, dimension
        plan = query.plan
        self.device, self.tokens = plan.device, plan.tokens
        device, n = self.device, context * context
        starts = range(0, plan.tokens, context)
        #: Of each head and sequence of a PE, where it begins among the values.
        self.places = [(d, s) for d in range(0, y.width, dimension) for s in starts]
        self.weights = device.block(f"{name}, weights", n * len(self.places))
        self.scores = device.scratch("scores", n)
        self.products = device.scratch("scores, too", n)
        self.row = device.scratch("of tokens", 3 * context)

    def forward(self) -> None:
        with self.device.launch(self.name, "forward", "scores"):
            self.device.pes.mul(self.q.block, self.dimension**-0.5, out=self.q.block)
            for number, place in enumerate(self.places):
                self._scores(self._weights(number), self.q.block, self.k.block, place)
        with self.device.launch(self.name, "forward", "softmax"):
            for number in range(len(self.places)):
                self._softmax(self._weights(number))
        with self.device.launch(self.name, "forward", "weighted sums"):
            for number, place in enumerate(self.places):
                self._sums(self._weights(number), self.v.block, self.y.block, place, False)

    def backward(self) -> None:
        device, pes, dy = self.device, self.device.pes, self.y.gradient
        (dq, add_q), (dk, add_k), (dv, add_v) = (
            one.take_gradient() for one in (self.q, self.k, self.v)
        )
        assert dy is not None and not (add_q or add_k or add_v)
        n = self.context**2
        scores, products = self.scores[:n], self.products[:n]
        for number, place in enumerate(self.places):
            weights = self._weights(number)
            with device.launch(self.name, "backward", "gradient of values"):
                self._sums_turned(weights, dy, dv, place)
            with device.launch(self.name, "backward", "gradient of weights"):
                pes.mov(0.0, out=scores)
                self._scores(scores, dy, self.v.block, place)
            with device.launch(self.name, "backward", "gradient of scores"):
                self._softmax_back(weights, scores, products)
            with device.launch(self.name, "backward", "gradient of queries and keys"):
                self._sums(scores, self.k.block, dq, place, True)
                self._sums_turned(scores, self.q.block, dk, place)

    def _weights(self, number: int) -> Piece:
        n = self.context**2
        return self.weights[number * n : (number + 1) * n]

    def _scores(self, out: Piece, a: Block, b: Block, place: tuple[int, int]) -> None:
        """``out[i, j] = sum over d of a[d, i] b[d, j]`` for j up to i."""
        pes, first = self.device.pes, out.span[0]
        for i in range(self.context):
            row = out.block[first + i * self.context : first + i * self.context + i + 1]
            for d in range(self.dimension):
                at = self._at(place, d)
                operation = pes.mac if d else pes.mul
                operation(b[at : at + i + 1], a[at + i], out=row)

    def _sums(
        self, weights: Piece, b: Block, out: Block, place: tuple[int, int], scaled: bool
    ) -> None:
        """``out[d, i] = sum over j up to i of weights[i, j] b[d, j]``, scaled as queries are."""
        pes, n, first = self.device.pes, self.context, weights.span[0]
        for d in range(self.dimension):
            at = self._at(place, d)
            for j in range(n):
                column = weights.block[first + j * (n + 1) : first + n * n : n]
                operation = pes.mac if j else pes.mul
                operation(column, b[at + j], out=out[at + j : at + n])
            if scaled:
                pes.mul(out[at : at + n], self.dimension**-0.5, out=out[at : at + n])

    def _sums_turned(self, weights: Piece, b: Block, out: Block, place: tuple[int, int]) -> None:
        """``out[d, j] = sum over i from j on of weights[i, j] b[d, i]``."""
        pes, n, first = self.device.pes, self.context, weights.span[0]
        for d in range(self.dimension):
            at = self._at(place, d)
            for i in range(n - 1, -1, -1):  # the last token looks at all, so it comes first
                row = weights.block[first + i * n : first + i * n + i + 1]
                operation = pes.mul if i == n - 1 else pes.mac
                operation(row, b[at + i], out=out[at : at + i + 1])

    def _at(self, place: tuple[int, int], d: int) -> int:
        first, sequence = place
        return (first + d) * self.tokens + sequence

    def _softmax(self, weights: Piece) -> None:
        pes, n, first = self.device.pes, self.context, weights.span[0]
        of_row, scratch, sums = (self.row[k * n : (k + 1) * n] for k in range(3))
        block, scores = weights.block, self.scores[: n * n]
        pes.mov(block[first : first + n * n : n], out=of_row)
        for j in range(1, n):
            below = self.row[j:n]
            pes.max(block[first + j * (n + 1) : first + n * n : n], below, out=below)
        pes.mov(0.0, out=scores)
        for i in range(n):
            row = block[first + i * n : first + i * n + i + 1]
            pes.mac(self.row[i], -1.0, acc=row, out=self.scores[i * n : i * n + i + 1])
        exp(pes, scores, out=weights)
        self._sum_rows(block, first, sums)
        reciprocal(pes, sums, out=of_row, scratch=scratch, low=1.0, high=float(n))
        for i in range(n):
            row = block[first + i * n : first + (i + 1) * n]
            pes.mul(row, self.row[i], out=row)

    def _softmax_back(self, weights: Piece, scores: Piece, products: Piece) -> None:
        """From the gradient of the weights to that of the scores, in place."""
        pes, n = self.device.pes, self.context
        pes.mul(scores, weights, out=products)
        of_row = self.row[:n]
        self._sum_rows(products.block, 0, of_row)
        for i in range(n):
            row = self.scores[i * n : (i + 1) * n]
            pes.mac(self.row[i], -1.0, acc=row, out=row)
        pes.mul(scores, weights, out=scores)

    def _sum_rows(self, block: Any, first: int, out: Piece) -> None:
        pes, n = self.device.pes, self.context
        pes.mov(block[first : first + n * n : n], out=out)
        for j in range(1, n):
            below = Piece(out.block, (out.span[0] + j, out.span[1], 1), single=False)
            pes.add(block[first + j * (n + 1) : first + n * n : n], below, out=below)
