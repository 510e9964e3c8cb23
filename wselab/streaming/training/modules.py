"""Modules: what a model is built from, in the names and shapes of PyTorch.

A module says what it has; called on a value it adds a node to the plan, which knows what the wafer
does there and back.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from ...fabric import ProgramError
from .plan import Draw, Node, Parameter, Value, whole


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


def uniform(features: int) -> Draw:
    """Numbers from -1 / sqrt(features) to as much above zero, as PyTorch's linear layers begin."""
    bound = 1 / math.sqrt(features)
    return lambda rng, shape: rng.uniform(-bound, bound, shape)


class Linear(Module):
    """``y = x @ weight.T + bias``, weight of shape (out_features, in_features).

    With ``sparsity`` only a share of the weights is there, from the beginning to the end: every
    feature keeps ``(1 - sparsity) * out_features`` of its own, drawn from ``mask_seed``. The others
    are zero, and are neither kept nor sent nor multiplied.
    """

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, *, sparsity: float = 0.0,
        mask_seed: int = 0,
    ):  # fmt: skip
        whole("Linear", "in_features", in_features)
        whole("Linear", "out_features", out_features)
        if not 0 <= sparsity < 1:
            raise ProgramError(f"Linear: sparsity={sparsity!r}; expected 0 to below 1")
        self.in_features, self.out_features, self.bias = in_features, out_features, bias
        self.sparsity, self.mask_seed = sparsity, mask_seed

    def kept(self) -> np.ndarray | None:
        """The outputs that each feature has a weight to, (in_features, k); None for all."""
        if not self.sparsity:
            return None
        k = max(1, round((1 - self.sparsity) * self.out_features))
        drawn = np.random.default_rng(self.mask_seed).random((self.in_features, self.out_features))
        return np.sort(drawn.argsort(1)[:, :k], 1)

    def forward(self, x: Value) -> Value:
        if x.features != self.in_features:
            raise ProgramError(
                f"layer {self.name!r}, a Linear, gets {x.features} features from {x.name!r}; "
                f"expected {self.in_features}, its in_features"
            )
        y = x.plan.value(self.name, self.out_features)
        x.plan.nodes.append(_Linear(self, x, y))
        return y

    def draws(self) -> Draw:
        """How its parameters begin."""
        return uniform(self.in_features)


class Embedding(Linear):
    """A row of its table for each token, which comes as a one-hot row: a product without bias."""

    def __init__(self, num_embeddings: int, embedding_dim: int):
        super().__init__(num_embeddings, embedding_dim, bias=False)

    def draws(self) -> Draw:
        return lambda rng, shape: rng.normal(0, 0.1, shape)


class _Linear(Node):
    """A linear layer in its place."""

    def __init__(self, module: Linear, x: Value, y: Value):
        self.name, self.x, self.y, self.device = module.name, x, y, x.plan.device
        shape = (module.out_features, module.in_features)
        weight = Parameter(f"{self.name}.weight", shape, module.draws())
        bias = Parameter(f"{self.name}.bias", shape[:1], module.draws()) if module.bias else None
        self.product = x.plan.product(
            module.in_features, weight, bias, module.out_features, module.kept()
        )

    def forward(self) -> None:
        with self.device.launch(self.name, "forward", "product"):
            self.product.forward(self.x.block, self.y.block)

    def backward(self) -> None:
        dy = self.y.gradient
        assert dy is not None
        with self.device.launch(self.name, "backward", "gather"):
            self.product.all_gather(dy)
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


class _ReLU(Node):
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
