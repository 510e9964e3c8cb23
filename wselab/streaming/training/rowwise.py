"""Layers that look at a feature or a token by itself: GELU, layer norm, positions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...fabric import ProgramError
from .blocks import Piece
from .functions import exp, reciprocal, rsqrt
from .modules import Module
from .plan import Draw, Node, Parameter, Value, whole

ROOT = 2 * math.sqrt(2 / math.pi)
CUBIC = 0.044715
CLAMP = 16.0  # the sigmoid is within 1.2e-7 of 0 or 1 beyond it, a float32's rounding
HIGHEST_VARIANCE = 1e6


class GELU(Module):
    """``y = x * sigmoid(2 sqrt(2 / pi) (x + 0.044715 x^3))``, GELU's form with a tanh."""

    def forward(self, x: Value) -> Value:
        y = x.plan.value(self.name, x.features)
        x.plan.nodes.append(_GELU(self.name, x, y))
        return y


class _GELU(Node):
    """A GELU in its place; it keeps the sigmoid for the way back."""

    def __init__(self, name: str, x: Value, y: Value):
        self.name, self.x, self.y, self.device = name, x, y, x.plan.device
        self.sigmoid = self.device.block(f"{name}, sigmoid", y.size)
        self.a = self.device.scratch("activation", y.size)[: y.size]
        self.b = self.device.scratch("activation, too", y.size)[: y.size]

    def forward(self) -> None:
        pes, x, a, b = self.device.pes, self.x.block, self.a, self.b
        with self.device.launch(self.name, "forward", "activation"):
            pes.mul(x, x, out=a)
            pes.mac(a, ROOT * CUBIC, acc=ROOT, out=a)
            pes.mul(a, x, out=a)
            pes.max(a, -CLAMP, out=a)
            pes.mul(a, -1.0, out=a)
            pes.max(a, -CLAMP, out=a)
            exp(pes, a, out=b)
            pes.add(b, 1.0, out=b)
            high = 1.01 * (1 + math.exp(CLAMP))
            reciprocal(pes, b, out=self.sigmoid, scratch=a, low=1.0, high=high)
            pes.mul(x, self.sigmoid, out=self.y.block)

    def backward(self) -> None:
        pes, x, a, b = self.device.pes, self.x.block, self.a, self.b
        with self.device.launch(self.name, "backward", "activation"):
            pes.mul(x, x, out=a)
            pes.mac(a, 3 * ROOT * CUBIC, acc=ROOT, out=a)
            pes.mul(a, x, out=a)
            pes.mul(a, self.sigmoid, out=a)
            pes.mac(self.sigmoid, -1.0, acc=1.0, out=b)
            pes.mul(a, b, out=a)
            pes.add(a, self.sigmoid, out=a)
            pes.mul(a, self.y.gradient, out=a)
            self.x.add_gradient(a.block)


class LayerNorm(Module):
    """Every token less its mean, over its standard deviation; then ``* weight + bias``."""

    def __init__(self, normalized_shape: int, eps: float = 1e-5):
        self.features, self.eps = normalized_shape, eps

    def forward(self, x: Value) -> Value:
        need_whole_columns(f"LayerNorm {self.name!r}", "features", x.features, x)
        y = x.plan.value(self.name, x.features)
        x.plan.nodes.append(_LayerNorm(self, x, y))
        return y


class _LayerNorm(Node):
    """A layer norm in its place; it keeps the normalised values for the way back."""

    def __init__(self, module: LayerNorm, x: Value, y: Value):
        self.name, self.eps, self.x, self.y = module.name, module.eps, x, y
        plan = x.plan
        self.device, self.tokens, self.width = plan.device, plan.tokens, x.width
        device, T, columns = plan.device, plan.tokens, (plan.device.shape[1], x.width)
        weight = Parameter(f"{self.name}.weight", (x.features,), constant(1.0))
        bias = Parameter(f"{self.name}.bias", (x.features,), constant(0.0))
        self.parameters, self.gradients = plan.place((weight, columns), (bias, columns))
        self.normal = device.block(f"{self.name}, normalised", x.size)
        self.over_deviation = device.block(f"{self.name}, 1 / deviation", T)
        self.scratch = device.scratch("activation", x.size)
        self.squares = device.scratch("activation, too", x.size)
        self.row = device.scratch("of tokens", 4 * T)
        self.passing = device.scratch("passing", 2 * x.width)
        self.partial = device.scratch("partial gradients", 2 * x.width)
        device.scratch("of the row", 2 * T * device.shape[1])

    def forward(self) -> None:
        device, pes, T, w = self.device, self.device.pes, self.tokens, self.width
        own, total, spare = (self.row[k * T : (k + 1) * T] for k in range(3))
        features = self.x.features
        with device.launch(self.name, "forward", "mean"):
            self._sum(self.x.block, own)
            device.links.fold_row("add", own, total)
            pes.mul(total, 1 / features, out=total)
            for f in range(w):
                pes.mac(total, -1.0, acc=self._of(self.x.block, f), out=self._of(self.normal, f))
        with device.launch(self.name, "forward", "variance"):
            squares = self.squares[: self.x.size]
            pes.mul(self.normal, self.normal, out=squares)
            self._sum(squares.block, own)
            device.links.fold_row("add", own, total)
            pes.mac(total, 1 / features, acc=self.eps, out=total)
            rsqrt(
                pes, total, out=self.over_deviation, scratch=spare, low=self.eps,
                high=HIGHEST_VARIANCE,
            )  # fmt: skip
        with device.launch(self.name, "forward", "normalise"):
            device.links.send_down(self.parameters)
            device.links.take_down(self.passing[: 2 * w], self.parameters)
            for f in range(w):
                normal = self._of(self.normal, f)
                pes.mul(normal, self.over_deviation, out=normal)
            for f in range(w):
                out, normal = self._of(self.y.block, f), self._of(self.normal, f)
                pes.mac(normal, self.passing[f], acc=self.passing[w + f], out=out)

    def backward(self) -> None:
        device, pes, T, w = self.device, self.device.pes, self.tokens, self.width
        own, total = self.row[: 2 * T], self.row[2 * T : 4 * T]
        sum_of, sum_with = self.row[2 * T : 3 * T], self.row[3 * T : 4 * T]
        first = self.parameters.span[0]
        weight = self.parameters.block[first : first + w]
        dy, size = self.y.gradient, self.x.size
        assert dy is not None
        scaled, squares = self.scratch[:size], self.squares[:size]
        with device.launch(self.name, "backward", "sums over features"):
            device.links.send_down(weight)
            device.links.take_down(self.passing[:w], weight)
            for f in range(w):
                pes.mul(self._of(dy, f), self.passing[f], out=self._of(self.scratch, f))
            pes.mul(scaled, self.normal, out=squares)
            self._sum(self.scratch, self.row[:T])
            self._sum(self.squares, self.row[T : 2 * T])
            device.links.fold_row("add", own, total)
        with device.launch(self.name, "backward", "gradient of x"):
            pes.mul(total, -1 / self.x.features, out=total)
            for f in range(w):
                one = self._of(self.scratch, f)
                pes.add(one, sum_of, out=one)
                pes.mac(self._of(self.normal, f), sum_with, out=one)
                pes.mul(one, self.over_deviation, out=one)
            self.x.add_gradient(self.scratch)
        with device.launch(self.name, "backward", "gradient of weight and bias"):
            pes.mul(dy, self.normal, out=squares)
            for place, values in ((0, self.squares), (w, dy)):
                out = self.partial[place : place + w]
                pes.mov(values[0:size:T], out=out)
                for t in range(1, T):
                    pes.add(values[t:size:T], out, out=out)
            device.links.sum_up(self.partial[: 2 * w], self.gradients)

    def _of(self, block: Any, f: int) -> Piece:
        return block[f * self.tokens : (f + 1) * self.tokens]

    def _sum(self, block: Any, out: Piece) -> None:
        """A PE's own features added up."""
        pes = self.device.pes
        pes.mov(self._of(block, 0), out=out)
        for f in range(1, self.width):
            pes.add(self._of(block, f), out, out=out)


class PositionEmbedding(Module):
    """Adds to every token what is learned for its place in its sequence, of ``context`` tokens."""

    def __init__(self, context: int, embedding_dim: int):
        whole("PositionEmbedding", "context", context)
        self.context, self.features = context, embedding_dim

    def forward(self, x: Value) -> Value:
        need_whole_sequences(f"PositionEmbedding {self.name!r}", self.context, x)
        y = x.plan.value(self.name, x.features)
        x.plan.nodes.append(_Positions(self, x, y))
        return y


class _Positions(Node):
    """Learned positions in their place."""

    def __init__(self, module: PositionEmbedding, x: Value, y: Value):
        self.name, self.context, self.x, self.y = module.name, module.context, x, y
        plan, self.device = x.plan, x.plan.device
        table = Parameter(f"{self.name}.weight", (self.context, x.features), normal(0.1))
        columns = (self.device.shape[1], x.width, self.context)
        self.parameters, self.gradients = plan.place((table, columns))
        self.size = x.width * self.context
        self.passing = self.device.scratch("passing", self.size)
        self.partial = self.device.scratch("partial gradients", self.size)

    def forward(self) -> None:
        device = self.device
        with device.launch(self.name, "forward", "sum"):
            device.links.send_down(self.parameters)
            device.links.take_down(self.passing[: self.size], self.parameters)
            for place, f in self._places():
                there = slice(place, place + self.context)
                of_feature = self.passing[f * self.context : (f + 1) * self.context]
                device.pes.add(self.x.block[there], of_feature, out=self.y.block[there])

    def backward(self) -> None:
        device, pes, dy = self.device, self.device.pes, self.y.gradient
        assert dy is not None
        with device.launch(self.name, "backward", "gradient of the table"):
            for place, f in self._places():
                out = self.partial[f * self.context : (f + 1) * self.context]
                of_sequence = dy[place : place + self.context]
                if place % self.x.plan.tokens:
                    pes.add(of_sequence, out, out=out)
                else:
                    pes.mov(of_sequence, out=out)
            device.links.sum_up(self.partial[: self.size], self.gradients)
            if self.x.wanted:
                self.x.add_gradient(dy)

    def _places(self) -> list[tuple[int, int]]:
        """Where the sequences of each feature begin, and the feature."""
        T = self.x.plan.tokens
        return [(f * T + s, f) for f in range(self.x.width) for s in range(0, T, self.context)]


def constant(value: float) -> Draw:
    """Parameters that begin alike."""
    return lambda rng, shape: np.full(shape, value)


def normal(deviation: float) -> Draw:
    """Parameters that begin normally distributed around zero."""
    return lambda rng, shape: rng.normal(0, deviation, shape)


def need_whole_columns(what: str, name: str, number: int, x: Value) -> None:
    """Refuse features or heads that cannot be dealt out evenly to the columns of PEs."""
    columns = x.plan.device.shape[1]
    if number % columns:
        raise ProgramError(
            f"{what}: {number} {name} on {columns} columns of PEs; expected a multiple, such as "
            f"{-(-number // columns) * columns}"
        )


def need_whole_sequences(what: str, context: int, x: Value) -> None:
    """Refuse batches of which a row of PEs does not get whole sequences, as many as all others."""
    plan, rows = x.plan, x.plan.device.shape[0]
    if plan.batch % (rows * context):
        raise ProgramError(
            f"{what}: a batch of {plan.batch} tokens in sequences of {context} on {rows} rows of "
            f"PEs; expected whole sequences in each, a multiple of {rows} x {context} tokens"
        )
