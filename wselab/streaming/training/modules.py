"""Layers of a neural network, in the names and shapes of PyTorch.

A module says what it has; called on a value it adds to the plan what it does there and back. What
PEs do with their own memory is written in the operations of `Processors`, in cost and in value.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from ...fabric import ProgramError
from .functions import exp, reciprocal, rsqrt
from .plan import Parameter, Value


class Module:
    """Something with parameters that is called on a value. Parts are attributes, or `Sequential`.

    >>> class Classifier(Module):
    ...     def __init__(self):
    ...         self.hidden, self.active, self.out = Linear(64, 32), ReLU(), Linear(32, 10)
    ...
    ...     def forward(self, x):
    ...         return self.out(self.active(self.hidden(x)))
    >>> [name for name, _ in Classifier().named_modules()]
    ['hidden', 'active', 'out']
    """

    name = ""

    def __call__(self, x: Value) -> Value:
        return self.forward(x)

    def forward(self, x: Value) -> Value:
        """What it makes of ``x``."""
        raise NotImplementedError(f"{type(self).__name__} has no forward(self, x)")

    def named_modules(self, prefix: str = "") -> Iterator[tuple[str, Module]]:
        """All its parts that have no parts, with their names, in order."""
        for key, part in self._parts():
            name = f"{prefix}{key}"
            inner = list(part.named_modules(f"{name}."))
            yield from inner or [(name, part)]

    def _parts(self) -> Iterator[tuple[str, Module]]:
        for key, part in vars(self).items():
            if isinstance(part, Module):
                yield key, part


class Sequential(Module):
    """Modules one after the other; their names are their numbers, or those given by keyword."""

    def __init__(self, *modules: Module, **named: Module):
        self.modules = {**{str(i): one for i, one in enumerate(modules)}, **named}

    def forward(self, x: Value) -> Value:
        for one in self.modules.values():
            x = one(x)
        return x

    def _parts(self) -> Iterator[tuple[str, Module]]:
        yield from self.modules.items()


def uniform(features: int) -> Any:
    """Numbers from -1 / sqrt(features) to as much above zero, as PyTorch's linear layers begin."""
    bound = 1 / math.sqrt(features)
    return lambda rng, shape: rng.uniform(-bound, bound, shape)


class Linear(Module):
    """``y = x @ weight.T + bias``, weight of shape (out_features, in_features)."""

    def __init__(self, in_features: int, out_features: int, bias: bool = True):
        self.in_features, self.out_features, self.bias = in_features, out_features, bias

    def forward(self, x: Value) -> Value:
        if x.features != self.in_features:
            raise ProgramError(
                f"Linear {self.name!r}: {x.name} has {x.features} features; expected "
                f"{self.in_features}, its in_features"
            )
        y = x.plan.value(self.name, self.out_features)
        x.plan.nodes.append(_Linear(self, x, y))
        return y

    def draws(self) -> Any:
        """How its parameters begin."""
        return uniform(self.in_features)


class Embedding(Linear):
    """A row of its table for each token, which comes as a one-hot row: a product without bias."""

    def __init__(self, num_embeddings: int, embedding_dim: int):
        super().__init__(num_embeddings, embedding_dim, bias=False)

    def draws(self) -> Any:
        return lambda rng, shape: rng.normal(0, 0.1, shape)


class _Linear:
    """A linear layer in its place."""

    def __init__(self, module: Linear, x: Value, y: Value):
        self.name, self.x, self.y, self.device = module.name, x, y, x.plan.device
        shape = (module.out_features, module.in_features)
        weight = Parameter(f"{self.name}.weight", shape, module.draws())
        bias = Parameter(f"{self.name}.bias", shape[:1], module.draws()) if module.bias else None
        self.product = x.plan.product(module.in_features, weight, bias, module.out_features)

    def forward(self) -> None:
        with self.device.launch(self.name, "forward", "product"):
            self.product.forward(self.x.block, self.y.block)

    def backward(self) -> None:
        dy = self.y.gradient
        assert dy is not None
        with self.device.launch(self.name, "backward", "gather"):
            self.product.gather(dy)
        if self.x.wanted:
            dx, add = self.x.take_gradient()
            with self.device.launch(self.name, "backward", "product with W"):
                self.product.backward(dx, add)
        with self.device.launch(self.name, "backward", "product with x"):
            self.product.weight_gradient(self.x.block, dy)


class ReLU(Module):
    """``y = max(x, 0)``."""

    def forward(self, x: Value) -> Value:
        y = x.plan.value(self.name, x.features)
        x.plan.nodes.append(_ReLU(self.name, x, y))
        return y


class _ReLU:
    """A ReLU in its place."""

    def __init__(self, name: str, x: Value, y: Value):
        self.name, self.x, self.y, self.device = name, x, y, x.plan.device
        self.step = self.device.scratch("activation", y.size)[: y.size]

    def forward(self) -> None:
        with self.device.launch(self.name, "forward", "activation"):
            self.device.pes.max(self.x.block, 0.0, out=self.y.block)

    def backward(self) -> None:
        """The gradient where y > 0: there y times 2^126 is 1 or more, for every normal number."""
        pes = self.device.pes
        with self.device.launch(self.name, "backward", "activation"):
            pes.mul(self.y.block, -(2.0**126), out=self.step)
            pes.max(self.step, -1.0, out=self.step)  # -1 where y > 0, else 0
            pes.mul(self.step, -1.0, out=self.step)
            pes.mul(self.step, self.y.gradient, out=self.step)
            self.x.add_gradient(self.step.block)


class CrossEntropyLoss:
    """The mean over a batch of -log of the softmax at the label.

    The wafer computes the softmax, its sums and the gradient. The logarithm, which no gradient
    needs, is taken by the host of the sums that the wafer made.
    """

    def trace(self, logits: Value) -> _CrossEntropy:
        """The loss of these logits, as the last node."""
        return _CrossEntropy(logits)


class _CrossEntropy:
    """The loss in its place."""

    name = "loss"

    def __init__(self, logits: Value):
        self.logits, self.plan, self.device = logits, logits.plan, logits.plan.device
        device, T = self.device, self.plan.tokens
        self.labels = device.block("labels, one-hot", logits.size)
        self.valid = device.block("classes that there are", logits.size)
        self.shift = device.block("others, far below", logits.size)
        self.shifted = device.block("logits less the largest", logits.size)
        self.share = device.block("share of a token", T)
        self.sums = device.block("sums of exponentials", T)
        self.power = device.scratch("activation", logits.size)[: logits.size]
        self.row = device.scratch("of tokens", 3 * T)
        device.scratch("of the row", T * device.shape[1])

    def constants(self) -> None:
        """What the host writes once."""
        plan, batch = self.plan, self.plan.batch
        there = np.ones((plan.device.shape[0] * plan.tokens, self.logits.features))
        plan.load(self.valid, there, self.logits.width)
        self.shift.values[...] = (self.valid.values - 1) * 1e30
        share = np.zeros((plan.device.shape[0] * plan.tokens, 1))
        share[:batch] = 1 / batch
        self.share.values[self.device.top :] = share.reshape(-1, 1, plan.tokens)

    def load(self, labels: np.ndarray) -> None:
        """The host writes the labels."""
        onehot = np.zeros((len(labels), self.logits.features))
        onehot[np.arange(len(labels)), labels] = 1
        self.plan.load(self.labels, onehot, self.logits.width)

    def forward(self) -> None:
        pes, links, T = self.device.pes, self.device.links, self.plan.tokens
        of, z, width = self.shifted, self.logits, self.logits.width
        own, total = self.row[:T], self.row[T : 2 * T]
        with self.device.launch(self.name, "forward", "largest logit"):
            pes.mac(z.block, self.valid, acc=self.shift, out=of)
            pes.mov(of[:T], out=own)
            for c in range(1, width):
                pes.max(of[c * T : (c + 1) * T], own, out=own)
            links.fold_row("max", own, total)
        with self.device.launch(self.name, "forward", "exponential"):
            for c in range(width):
                one = of[c * T : (c + 1) * T]
                pes.mac(total, -1.0, acc=one, out=one)
            pes.mov(of, out=self.labels_scratch)
            exp(pes, self.labels_scratch, out=self.power)
            pes.mul(self.power, self.valid, out=self.power)
        with self.device.launch(self.name, "forward", "sum"):
            pes.mov(self.power.block[:T], out=own)
            for c in range(1, width):
                pes.add(self.power.block[c * T : (c + 1) * T], own, out=own)
            links.fold_row("add", own, self.sums[:])

    @property
    def labels_scratch(self) -> Any:
        """The gradient's memory, free before there is a gradient."""
        assert self.logits.gradient is not None
        return self.logits.gradient[:]

    def backward(self) -> None:
        pes, T = self.device.pes, self.plan.tokens
        reciprocals, scratch, used_up = (self.row[k * T : (k + 1) * T] for k in range(3))
        gradient, _ = self.logits.take_gradient()
        with self.device.launch(self.name, "backward", "softmax less labels"):
            pes.mov(self.sums, out=used_up)
            reciprocal(
                pes, used_up, out=reciprocals, scratch=scratch, low=1.0,
                high=float(self.logits.features),
            )  # fmt: skip
            for c in range(self.logits.width):
                one = gradient[c * T : (c + 1) * T]
                pes.mul(self.power.block[c * T : (c + 1) * T], reciprocals, out=one)
                pes.mac(self.labels[c * T : (c + 1) * T], -1.0, acc=one, out=one)
                pes.mul(one, self.share, out=one)

    def value(self, labels: np.ndarray) -> float:
        """The loss, in double precision, of what the wafer has computed."""
        sums = self.plan.collect(
            np.repeat(self.sums.values[self.device.top :, :1], self.device.shape[1], 1), 1
        )
        shifted = self.plan.read(self.shifted, self.logits.features)
        picked = shifted[np.arange(len(labels)), labels].astype(np.float64)
        return float(np.mean(np.log(sums[: len(labels), 0].astype(np.float64)) - picked))
