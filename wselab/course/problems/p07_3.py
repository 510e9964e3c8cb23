"""Problem 7.3: stream a layer through a column of PEs.

>>> problem = StreamColumn()
>>> w, W, x, y, weight = problem.wafer({"rows": 2, "outputs": 2, "features": 3, "tokens": 1})
>>> textbook(w, W, x, y, weight)
>>> W[0, 0], x[1] = [[1, 2, 3], [4, 5, 6]], 1.0
>>> cycles = w.run().cycles
>>> y[1, 0].ravel().tolist()
[6.0, 15.0]
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ...fabric import NORTH, RAMP, SOUTH, Wafer, fabin, fabout
from ..problem import Refused, Size, register
from ..programs import Data, Due, Programming, Ran, whole_numbers
from ..recorded import Recorded


def textbook(w: Wafer, W: Any, x: Any, y: Any, weight: Any) -> None:
    """The plain right answer: each weight is taken in, and used for all tokens of the PE."""
    c = down(w)
    w[0].mov(W, out=fabout(c))
    outputs, features = W.shape[2:]
    for i in range(outputs):
        for j in range(features):
            w[1:].mov(fabin(c), out=weight)
            w[1:].mac(weight, x.own[j], acc=y.own[i], out=y.own[i])


def down(w: Wafer) -> Any:
    """A color from row 0 down the columns, with a copy to each PE on the way."""
    c = w.color("weights")
    w[0].route(c, RAMP >> SOUTH)
    w[1:-1].route(c, NORTH >> (RAMP, SOUTH))
    w[-1].route(c, NORTH >> RAMP)
    return c


class Streaming(Programming):
    """A layer whose weights are in row 0 and whose tokens are in the rows below it."""

    def wafer(self, size: Size) -> tuple[Any, ...]:
        """Memories: W (outputs, features), x (features, tokens), y (outputs, tokens), weight."""
        outputs, features, tokens = (size[name] for name in ("outputs", "features", "tokens"))
        w = Wafer(size["rows"] + 1, size.get("columns", 1))
        W = w.memory("W", (outputs, features))
        x, y = w.memory("x", (features, tokens)), w.memory("y", (outputs, tokens))
        return w, W, x, y, w.memory("weight", ())

    def data(self, size: Size, rng: np.random.Generator) -> Data:
        """Weights in row 0, activations in the rows below."""
        _, W, x, *_ = self.wafer(size)
        weights, activations = (whole_numbers(rng, one.array.shape) for one in (W, x))
        weights[1:], activations[0] = 0, 0
        return {"W": weights, "x": activations}

    def judge(self, written: Any, size: Size, rng: np.random.Generator) -> int:
        """As any program, which stores no weight."""
        given, laid = self.wafer(size)[0].memories, self._laid(written, size)
        if more := [name for name in laid.memories if name not in given]:
            raise Refused(
                f"It keeps something in memory of its own ({', '.join(more)}). Streamed weights do "
                "not stay: the room for a weight is weight, and partial sums have room in y."
            )
        operations = [*laid.recorded, *(one for task in laid.tasks for one in task.operations)]
        changed = {getattr(getattr(one.out, "memory", None), "name", "") for one in operations}
        if "W" in changed:
            raise Refused(
                "It stores weights in W. With W in every PE a layer would be resident; streamed "
                "weights pass, and there is room for one, in weight."
            )
        if "x" in changed:
            raise Refused("It writes to x. Activations stay as they are; products have room in y.")
        return super().judge(written, size, rng)

    def partial_sums(self, data: Data) -> np.ndarray:
        """What each PE has to add up: its column's weights times its own activations."""
        return np.einsum("cij,rcjt->rcit", data["W"][0], data["x"])

    def due(self, size: Size, data: Data) -> list[Due]:
        """The products, below row 0."""
        right = self.products(data)
        where = np.zeros(right.shape[:2], bool)
        where[1:] = self.wanted(size)
        return [Due("y", where, right, "the product")]

    def products(self, data: Data) -> np.ndarray:
        """What is due in y."""
        return self.partial_sums(data)

    def wanted(self, size: Size) -> np.ndarray:
        """The columns in which it is due."""
        return np.ones(size.get("columns", 1), bool)

    def why(self, written: Recorded, size: Size, ran: Ran) -> Iterator[str]:
        """What the products are instead."""
        W, x = ran.data["W"][0], ran.data["x"]
        got = ran.wafer.memories["y"].array
        outputs, features = W.shape[1:]
        (right,) = self.due(size, ran.data)
        turned = W.reshape(-1, features, outputs).swapaxes(1, 2)
        for wrong, text in (
            (
                np.einsum("cij,rcjt->rcit", turned, x),
                "The weights come row by row, all features of one output first, and are taken "
                "column by column: send and take them in the same order.",
            ),
            (
                W[None, :, :, -1, None] * x[:, :, None, -1],
                "Only the last feature is in y: each product overwrites the one before. mac adds "
                "to acc, so that y collects all features.",
            ),
            (
                W[None, :, :, 0, None] * x[:, :, None, 0],
                "Only the first feature is in y: there is a weight for each feature of an output.",
            ),
            (
                W.sum(axis=2)[None, :, :, None] * x[:, :, None, 0],
                "All weights are used for feature 0: weight number j of an output belongs to "
                "x.own[j].",
            ),
        ):
            if np.array_equal(got[right.where], self.summed(wrong)[right.where]):
                yield text
                return
        rows = (got == right.values).all(axis=(2, 3)) | ~right.where
        wrong_rows = np.flatnonzero(~rows.all(axis=1))
        if 0 < len(wrong_rows) < size["rows"]:
            yield (
                f"y is right in some rows, and not in row{'s' if len(wrong_rows) > 1 else ''} "
                f"{', '.join(map(str, wrong_rows))}: the weights have to pass all of them."
            )
        if got.shape[3] > 1 and np.array_equal(got[..., 0][right.where],
                                               right.values[..., 0][right.where]):  # fmt: skip
            yield "Only the first token of each PE is right: a weight is used for all of them."

    def summed(self, partial: np.ndarray) -> np.ndarray:
        """What y would be if these were the partial sums."""
        return partial


@register
class StreamColumn(Streaming):
    """The learner's function streams a layer through one column of PEs."""

    number = "7.3"
    title = "Stream a layer through a column"
    points = 8
    answer = "stream_layer"
    textbook = staticmethod(textbook)
    hints = (
        "Routes first: one color, from the processor of row 0 to the south, then in each row below "
        "a copy to the PE and on to the south; the last row only takes its copy. Then row 0 sends "
        "all of W with a single mov.",
        "W goes out row by row: W[0, 0], W[0, 1], ... So write two loops in that order, over the "
        "outputs and over the features. Inside, a PE takes one weight in, mov(fabin(c), "
        "out=weight), and uses it.",
        "The use is one operation for all tokens of the PE: mac(weight, x.own[j], acc=y.own[i], "
        "out=y.own[i]). The rows are w[0] for the source and w[1:] for the others; with a single "
        "row below, w[1:-1] is empty and its route simply says nothing.",
    )

    def sizes(self, seed: int | None = None) -> list[Size]:
        """Rows of PEs, outputs, features, tokens in each PE."""
        some = [(4, 6, 5, 3), (1, 3, 4, 2), (7, 2, 3, 1), (3, 5, 5, 4)]
        if seed is not None:
            rng = np.random.default_rng(seed)
            some[1:] = [tuple(rng.integers(1, 7, 4).tolist()) for _ in range(3)]
        names = ("rows", "outputs", "features", "tokens")
        return [dict(zip(names, one, strict=True)) for one in some]

    def in_words(self, size: Size) -> str:
        """Rows, outputs, features, tokens."""
        return (
            f"{size['rows']} rows below the source, W of {size['outputs']} x {size['features']}, "
            f"{size['tokens']} tokens in each PE"
        )
