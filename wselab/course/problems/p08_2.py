"""Problem 8.2: the way back of a ReLU, by PEs that know no if."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ...fabric import Wafer
from ..problem import Size, register
from ..programs import Data, Due, Programming, Ran, whole_numbers
from ..recorded import Recorded

LARGE = 2.0**40  # times the smallest y that is given, it is far above 1
SMALLEST = 2.0**-20


def textbook(w: Wafer, y: Any, dy: Any, dx: Any) -> None:
    """The plain right program: -1 where y > 0 and 0 elsewhere, turned round, times dy."""
    w[...].mul(y, -LARGE, out=dx)
    w[...].max(dx, -1.0, out=dx)
    w[...].mul(dx, -1.0, out=dx)
    w[...].mul(dx, dy, out=dx)


@register
class ReluBack(Programming):
    """The learner's function writes operations on a PE's own memory."""

    number = "8.2"
    title = "The way back of a ReLU, without an if"
    points = 6
    answer = "relu_back"
    textbook = staticmethod(textbook)
    hints = (
        "If you had 1 where y is above 0, and 0 elsewhere, one product with dy would do. y is "
        "nearly that: it is 0 where it should be 0. Elsewhere it is any number above 0. How could "
        "all of these become the same number, with mul, add and max?",
        "max cuts off what is too low, never what is too high. So turn y round: -y is 0, or below "
        "0. And max(-y, -1) is -1 wherever y is 1 or more. What of a y of 0.001?",
        "Make it large first: mul(y, -2.0**40, out=dx), then max(dx, -1.0, out=dx): now dx is -1 "
        "where y is above 0, and 0 elsewhere. Turn it round and multiply by dy.",
    )

    def sizes(self, seed: int | None = None) -> list[Size]:
        """Values in each PE of a small wafer."""
        some = [40, 7, 1]
        if seed is not None:
            some[1:] = np.random.default_rng(seed).integers(3, 60, 2).tolist()
        return [{"rows": 2, "columns": 3, "values": values} for values in some]

    def in_words(self, size: Size) -> str:
        """How many values."""
        n = size["values"]
        return f"{size['rows']} x {size['columns']} PEs, {n} value{'s' if n > 1 else ''} each"

    def wafer(self, size: Size) -> tuple[Any, ...]:
        """Three memories of as many values."""
        w = Wafer(size["rows"], size["columns"])
        return w, *(w.memory(name, size["values"]) for name in ("y", "dy", "dx"))

    def data(self, size: Size, rng: np.random.Generator) -> Data:
        """y is 0 or above, of all sizes down to 2^-20; dy of both signs."""
        shape = size["rows"], size["columns"], size["values"]
        powers = 2.0 ** rng.integers(-20, 5, shape) * rng.integers(1, 4, shape)
        y = (powers * rng.integers(0, 2, shape)).astype(np.float32)
        flat = y.reshape(-1)  # some of each kind, whatever is drawn
        flat[:4] = np.array([0, SMALLEST, 24, 0], np.float32)
        return {"y": y, "dy": whole_numbers(rng, shape)}

    def due(self, size: Size, data: Data) -> list[Due]:
        """dy where y is above 0, else 0; everywhere."""
        values = np.where(data["y"] > 0, data["dy"], 0)
        where = np.ones((size["rows"], size["columns"]), bool)
        return [Due("dx", where, values, "dy where y > 0, else 0,")]

    def why(self, written: Recorded, size: Size, ran: Ran) -> Iterator[str]:
        """What came out instead, among what is known."""
        y, dy, got = ran.data["y"], ran.data["dy"], ran.wafer.memories["dx"].array
        on = y > 0
        known = [
            (dy, "Every gradient goes through. Where y is 0 the ReLU held back, and so dx is 0."),
            (y * dy, "It multiplies by y itself. Where y is above 0 the factor is 1, not y."),
            (np.where(on, 0, dy), "It is the other way round: dy where y is 0, 0 where y > 0."),
            (np.where(on, -dy, 0), "Each gradient has the wrong sign: one turn more, times -1."),
            (np.maximum(dy, 0), "It is the ReLU of dy. What decides is y, not the sign of dy."),
            (
                np.minimum(y, 1) * dy,
                "It is right where y is 1 or more, and 0. A y between 0 and 1 has to let its "
                "gradient through whole.",
            ),
            (
                -np.minimum(y, 1) * dy,
                "The sign is wrong, and a y between 0 and 1 lets only a part through.",
            ),
            (on.astype(np.float32), "That says where the gradient goes through: now times dy."),
            (-on.astype(np.float32), "That is -1 where the gradient goes through: turn it round, "
             "and multiply by dy."),
        ]  # fmt: skip
        for values, text in known:
            if got.any() and np.array_equal(got, values):
                yield text
                return
