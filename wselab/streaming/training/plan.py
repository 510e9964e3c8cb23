"""The plan of a model on a device: its values, its parameters, and its layers in their order.

A model is called once, on a `Value` that holds no numbers yet. Every layer that it passes adds a
node to the plan; the plan then knows what has to lie where. A step goes through the nodes forwards
and then backwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ...fabric import ProgramError
from ..lanes import gather, share, spread
from .blocks import Block, Piece
from .device import Device
from .products import Product
from .sparse import SparseProduct

Draw = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]


class Node:
    """A layer in its place: what it computes on the way there and back."""

    name = ""

    def constants(self) -> None:
        """What the host writes into the PEs once, if anything."""

    def forward(self) -> None:
        """From its input to its output."""
        raise NotImplementedError

    def backward(self) -> None:
        """From the gradient of its output to that of its input, and of its parameters."""
        raise NotImplementedError


class Value:
    """What flows between layers: ``features`` of every token, spread over the device.

    ``block`` holds it and ``gradient`` that of the loss, each ``width * tokens`` values in a PE,
    ``width`` features of its own. ``wanted`` says whether anyone needs the gradient.
    """

    def __init__(self, plan: Plan, name: str, features: int, wanted: bool = True):
        self.plan, self.name, self.features, self.wanted = plan, name, features, wanted
        self.width = share(features, plan.device.shape[1])
        self.size = self.width * plan.tokens
        self.block = plan.device.block(name, self.size)
        self.gradient = plan.device.block(f"{name}, gradient", self.size) if wanted else None
        self.has_gradient = False  # in this step

    def feature(self, number: int, gradient: bool = False) -> Piece:
        """One of a PE's own features, of all its tokens."""
        T = self.plan.tokens
        block = self.gradient if gradient else self.block
        assert block is not None
        return block[number * T : (number + 1) * T]

    def take_gradient(self) -> tuple[Block, bool]:
        """Where to put a gradient, and whether to add it to what is there from another layer."""
        assert self.gradient is not None
        add, self.has_gradient = self.has_gradient, True
        return self.gradient, add

    def add_gradient(self, gradient: Block) -> None:
        """Take a gradient over."""
        out, add = self.take_gradient()
        if add:
            self.plan.device.pes.add(gradient[: self.size], out, out=out)
        else:
            self.plan.device.pes.mov(gradient[: self.size], out=out)

    def __add__(self, other: Value) -> Value:
        """The sum of two values: a residual connection."""
        return self.plan.add_values(self, other)


class Parameter:
    """Numbers that are learned: ``shape`` as the model has them, ``draw`` how they begin.

    On the device they lie in ``piece`` of the home's block "parameters", as ``columns``: an array
    of (columns, rows of W, outputs) for a matrix whose rows belong to features, else (columns,
    values); filled up with zeros.
    """

    def __init__(self, name: str, shape: tuple[int, ...], draw: Draw):
        self.name, self.shape, self.draw = name, shape, draw
        self.kept: np.ndarray | None = None  # of a sparse matrix: outputs by (columns, rows, k)
        self.columns: tuple[int, ...] = ()
        self.spans: tuple[int, int] = (0, 0)

    def place(self, columns: tuple[int, ...], first: int) -> int:
        """Say where it lies; gives the end."""
        self.columns = columns
        stored = columns if self.kept is None else self.kept.shape
        self.spans = (first, first + int(np.prod(stored[1:])))
        return self.spans[1]

    def put(self, home: np.ndarray, values: np.ndarray) -> None:
        """Write values of the model's shape into the home's, (columns, size)."""
        if len(self.shape) == 2:
            values = values.T if self.name.endswith("weight") else values
            rows, outputs = self.columns[0] * self.columns[1], self.columns[2]
            full = np.zeros((rows, outputs), home.dtype)
            full[: values.shape[0], : values.shape[1]] = values
        else:
            full = np.zeros(int(np.prod(self.columns)), home.dtype)
            full[: len(values)] = values
        full = full.reshape(self.columns)
        if self.kept is not None:
            full = np.take_along_axis(full, self.kept, 2)
        home[:, slice(*self.spans)] = full.reshape(self.columns[0], -1)

    def dense(self, home: np.ndarray) -> np.ndarray:
        """The home's own values with all zeros in their places."""
        flat = home[:, slice(*self.spans)]
        if self.kept is None:
            return flat
        full = np.zeros(self.columns, home.dtype)
        np.put_along_axis(full, self.kept, flat.reshape(self.kept.shape), 2)
        return full

    def get(self, home: np.ndarray) -> np.ndarray:
        """Read values of the model's shape out of the home's, (columns, size)."""
        flat = self.dense(home)
        if len(self.shape) == 1:
            return flat.reshape(-1)[: self.shape[0]].copy()
        full = flat.reshape(-1, self.columns[2])
        if self.name.endswith("weight"):
            return full[: self.shape[1], : self.shape[0]].T.copy()
        return full[: self.shape[0], : self.shape[1]].copy()


def whole(what: str, name: str, value: Any) -> None:
    """Refuse a size that is no whole number of at least 1."""
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < 1:
        raise ProgramError(f"{what}: {name}={value!r}; expected a whole number of at least 1")


class Plan:
    """A model laid out on a device for a batch of ``batch`` tokens."""

    def __init__(self, device: Device, batch: int):
        self.device, self.batch = device, batch
        self.tokens = share(batch, device.shape[0])  # in a PE
        self.nodes: list[Node] = []
        self.values: list[Value] = []
        self.parameters: list[Parameter] = []
        self.layers: dict[str, tuple[Piece, Piece]] = {}  # their parameters and gradients
        self.home = device.block("parameters", 0)

    def value(self, name: str, features: int, wanted: bool = True) -> Value:
        """A new value."""
        self.values.append(Value(self, name, features, wanted))
        return self.values[-1]

    def add_values(self, a: Value, b: Value) -> Value:
        """A node that adds two values."""
        if a.features != b.features:
            raise ProgramError(
                f"{a.name} has {a.features} features and {b.name} {b.features}; a sum needs as "
                "many of both"
            )
        node = Sum(a, b, self.value(f"{b.name} + residual", a.features))
        self.nodes.append(node)
        return node.y

    def place(self, *parameters: tuple[Parameter, tuple[int, ...]]) -> tuple[Piece, Piece]:
        """Give a layer's parameters their place in the home, side by side; and its gradients.

        These share their memory with those of other layers: a layer is updated as soon as it has
        its gradients, and they are not needed any more.
        """
        first = end = self.home.size
        for parameter, columns in parameters:
            end = parameter.place(columns, end)
            self.parameters.append(parameter)
        self.home.size = end
        gradients = self.device.scratch("gradients", end - first)[: end - first]
        layer = parameters[0][0].name.rpartition(".")[0]
        self.layers[layer] = self.home[first:end], gradients
        return self.layers[layer]

    def product(
        self, features: int, weight: Parameter, bias: Parameter | None, outputs: int,
        kept: np.ndarray | None = None,
    ) -> Product:  # fmt: skip
        """The products of a linear layer with these parameters.

        Of a sparse one ``kept`` holds the k outputs that each feature has a weight to, ascending.
        """
        C = self.device.shape[1]
        rows, own = share(features, C), share(outputs, C)
        if kept is not None:
            full = np.tile(np.arange(kept.shape[1]), (C * rows, 1))
            full[: len(kept)] = kept
            weight.kept = full.reshape(C, rows, -1)
        placed = [(weight, (C, rows, own * C))]
        pieces = self.place(*placed, *([(bias, (C, own))] if bias else []))
        sizes = self.device, self.tokens, features, outputs, bias is not None
        if weight.kept is None:
            return Product(*sizes, *pieces)
        return SparseProduct(*sizes, *pieces, kept=weight.kept)

    def load(self, block: Block, x: np.ndarray) -> None:
        """The host writes (tokens, features) into the PEs; tokens that are missing are zero."""
        full = np.zeros((x.shape[1], self.device.shape[0] * self.tokens), x.dtype)
        full[:, : len(x)] = x.T
        held = spread(full, self.device.shape)
        block.values[self.device.top :] = held.reshape(*self.device.shape, -1)

    def read(self, block: Block, features: int) -> np.ndarray:
        """The host reads a block of all PEs as (tokens, features)."""
        return self.collect(block.values[self.device.top :], features)

    def collect(self, values: np.ndarray, features: int) -> np.ndarray:
        """Values of all PEs, (rows, columns, width * tokens of a PE), as (tokens, features)."""
        held = values.reshape(*self.device.shape, -1, self.tokens)
        return gather(held, (features, self.batch)).T

    def named(self) -> Iterator[tuple[str, np.ndarray]]:
        """All parameters by name, as the model has them."""
        for one in self.parameters:
            yield one.name, one.get(self.home.values[0])


class Sum(Node):
    """Two values added up; the gradient goes to both."""

    def __init__(self, a: Value, b: Value, y: Value):
        self.a, self.b, self.y = a, b, y

    def forward(self) -> None:
        device = self.y.plan.device
        with device.launch(self.y.name, "forward", "sum"):
            device.pes.add(self.a.block, self.b.block, out=self.y.block)

    def backward(self) -> None:
        device = self.y.plan.device
        assert self.y.gradient is not None
        with device.launch(self.y.name, "backward", "sum"):
            for one in (self.a, self.b):
                if one.wanted:
                    one.add_gradient(self.y.gradient)
