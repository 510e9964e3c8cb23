"""Problem 8.1: the gradient of a layer's weights, summed up the columns into the home row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ...fabric import NORTH, RAMP, SOUTH, Wafer, fabin, fabout
from ..problem import Size, register
from ..programs import Data, Due, Programming, Ran, whole_numbers
from ..recorded import Recorded
from ..sums import same_color_as_neighbour


def textbook(w: Wafer, x: Any, dy: Any, dW: Any) -> None:
    """The plain right program: all tokens of a PE, then a chain up every column."""
    tokens = dy.shape[-2]
    w[1:].mul(dy.own[0], x.own[0], out=dW)
    for t in range(1, tokens):
        w[1:].mac(dy.own[t], x.own[t], out=dW)
    mine, theirs = w.alternating("a", "b", by="row")
    w[1:].route(mine, RAMP >> NORTH)
    w[:-1].route(theirs, SOUTH >> RAMP)
    w[-1].mov(dW, out=fabout(mine))
    w[1:-1].add(fabin(theirs), dW, out=fabout(mine))
    w[0].mov(fabin(theirs), out=dW)


@register
class WeightGradient(Programming):
    """The learner's function writes the products and the sum over all tokens."""

    number = "8.1"
    title = "The gradient of a layer's weights"
    points = 8
    answer = "weight_gradient"
    textbook = staticmethod(textbook)
    hints = (
        "Two parts that follow one another. In every PE below row 0 the products of its own "
        "tokens are added up, in its own memory; no wavelet is needed for that. Then the PEs of "
        "a column add up what they have, and row 0 gets the sum.",
        "For one token t it is the row dy.own[t] times the one number x.own[t]: "
        "w[1:].mac(dy.own[t], x.own[t], out=dW) adds it to dW, which begins at zero. A loop over "
        "the tokens, dy.shape[-2] of them. After that it is a chain, as in lesson 04, but up a "
        "column: RAMP >> NORTH, SOUTH >> RAMP, and w.alternating(\"a\", \"b\", by=\"row\").",
        "The last row starts: w[-1].mov(dW, out=fabout(mine)). Rows 1 to the last but one add "
        "their own and pass on: w[1:-1].add(fabin(theirs), dW, out=fabout(mine)). Row 0 has no "
        "tokens and only takes in: w[0].mov(fabin(theirs), out=dW).",
    )  # fmt: skip

    def sizes(self, seed: int | None = None) -> list[Size]:
        """Rows of PEs below the home row, columns, tokens in a PE, outputs."""
        names = ("rows", "columns", "tokens", "outputs")
        some = [(16, 4, 4, 16), (5, 6, 3, 7), (2, 2, 1, 5)]
        if seed is not None:
            rng = np.random.default_rng(seed)
            some[1:] = [tuple(rng.integers((2, 2, 1, 2), (20, 8, 6, 20)).tolist()) for _ in "ab"]
        return [dict(zip(names, one, strict=True)) for one in some]

    def in_words(self, size: Size) -> str:
        """The PEs, their tokens, the outputs."""
        tokens = f"{size['tokens']} token{'s' if size['tokens'] > 1 else ''} in a PE"
        shape = f"{size['rows']} + 1 rows of {size['columns']} PEs"
        return f"{shape}, {tokens}, {size['outputs']} outputs"

    def wafer(self, size: Size) -> tuple[Any, ...]:
        """A row more than there are tokens for, and three memories."""
        w, n = Wafer(size["rows"] + 1, size["columns"]), size["outputs"]
        x = w.memory("x", size["tokens"])
        dy = w.memory("dy", (size["tokens"], n))
        return w, x, dy, w.memory("dW", n)

    def data(self, size: Size, rng: np.random.Generator) -> Data:
        """A feature a column; dy alike in all PEs of a row, as it is after a gather."""
        rows, columns, tokens, n = (size[k] for k in ("rows", "columns", "tokens", "outputs"))
        x = np.zeros((rows + 1, columns, tokens), np.float32)
        dy = np.zeros((rows + 1, columns, tokens, n), np.float32)
        x[1:] = whole_numbers(rng, (rows, columns, tokens))
        dy[1:] = whole_numbers(rng, (rows, 1, tokens, n))
        return {"x": x, "dy": dy}

    def due(self, size: Size, data: Data) -> list[Due]:
        """The sum over all rows and tokens, in row 0."""
        values = np.einsum("rct,rctn->cn", data["x"], data["dy"])
        where = np.arange(size["rows"] + 1)[:, None] == np.zeros(size["columns"])
        return [Due("dW", where, np.broadcast_to(values, (*where.shape, values.shape[1])), "x' dy")]

    def mistakes(self, program: Wafer, size: Size) -> Iterator[str]:
        """Neighbours that send on the same color."""
        yield from same_color_as_neighbour(program)

    def why(self, written: Recorded, size: Size, ran: Ran) -> Iterator[str]:
        """What came out instead, among what is known."""
        x, dy = ran.data["x"][1:], ran.data["dy"][1:]
        everywhere = ran.wafer.memories["dW"].array
        got, own = everywhere[0], np.einsum("rct,rctn->rcn", x, dy)
        right, tokens = own.sum(0), size["tokens"] * size["rows"]
        last = everywhere[-1]
        known = [
            (own[:-1].sum(0), "The products of the last row are missing in the sum."),
            (own[1:].sum(0), "The products of row 1 are missing in the sum: it adds its own, too."),
            (own[0], "That is row 1's share alone. The sum is over all rows below row 0."),
            (own[-1], "That is the last row's share alone: on the way nobody adds its own to it."),
            (
                np.einsum("rc,rcn->cn", x[..., 0], dy[..., 0, :]),
                "Only the first token of each PE is in it; every token adds a product.",
            ),
            (
                np.einsum("rc,rcn->cn", x[..., -1], dy[..., -1, :]),
                "Only the last token of each PE is in it: mul writes over what was there, mac adds "
                "to it.",
            ),
            (
                np.einsum("rct,rctn->cn", x[..., 1:], dy[..., 1:, :]),
                "The first token of each PE is missing: tokens are counted from 0.",
            ),
            (
                np.einsum("rct,rctn->cn", x[..., :-1], dy[..., :-1, :]),
                "The last token of each PE is missing.",
            ),
            (
                np.einsum("rc,rctn->cn", x[..., 0], dy),
                "x of the first token is taken for all tokens; each has its own.",
            ),
            (dy.sum((0, 2)), "x is not in it: that is the gradient of the bias."),
            (
                right / tokens,
                "It is a mean. The mean over the batch is in dy already; here they add up.",
            ),
            (
                np.broadcast_to(right.sum(0), right.shape),
                "It is summed along the rows as well. A column has a feature of its own, and its "
                "weights have a gradient of their own.",
            ),
            (2 * right, "Everything is in it twice."),
        ]  # fmt: skip
        for values, text in known:
            if got.any() and np.array_equal(got, np.broadcast_to(values, got.shape)):
                yield text
                return
        if np.array_equal(last, right):
            yield "The sum is right, but it stands in the last row; it is due in row 0."
