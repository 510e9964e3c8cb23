"""Optimizers: SGD and AdamW, in the operations of a PE.

The update runs where the parameters lie: in the PEs of the home row, as a program, or outside with
the host that streams them, in the same operations and with the same bits.
"""

from __future__ import annotations

from typing import Any

from ...fabric import ProgramError
from .blocks import Block, Piece, Processors
from .device import Device
from .functions import reciprocal, rsqrt

#: What an optimizer remembers: blocks of the home, by name.
State = dict[str, Block]
HIGHEST = 1e4  # that a root of a mean square may be


class Optimizer:
    """Something that updates parameters from their gradients; it holds settings alone.

    ``scratch`` names blocks for an update to compute in, as large as the largest layer.
    """

    scratch: tuple[str, ...] = ()

    def __init__(self, lr: float, weight_decay: float):
        _check("lr", lr, lr > 0, "a number above 0")
        _check("weight_decay", weight_decay, weight_decay >= 0, "a number of at least 0")
        self.lr, self.weight_decay = lr, weight_decay

    def allocate(self, device: Device, size: int) -> State:
        """What it remembers of ``size`` parameters a column, as new blocks by name."""
        raise NotImplementedError

    def update(
        self, home: Processors, parameters: Piece, gradients: Piece, state: State, step: int
    ) -> None:
        """Operations that update these parameters, in step 1, 2, ..."""
        raise NotImplementedError

    def program(self) -> list[Any]:
        """What its program depends on: which of its operations there are, not their numbers."""
        return [self.kind, {name: bool(value) for name, value in self.settings().items()}]

    @property
    def kind(self) -> str:
        """Its name."""
        return type(self).__name__

    def settings(self) -> dict[str, Any]:
        """Its kind and numbers."""
        numbers = {k: v for k, v in vars(self).items() if isinstance(v, (int, float, tuple))}
        return {"optimizer": self.kind, **numbers}


class SGD(Optimizer):
    """Stochastic gradient descent: ``v = momentum * v + g; p = p - lr * v``."""

    def __init__(self, lr: float, momentum: float = 0.0, weight_decay: float = 0.0):
        super().__init__(lr, weight_decay)
        _check("momentum", momentum, 0 <= momentum < 1, "a number from 0 to below 1")
        self.momentum = momentum

    def allocate(self, device: Device, size: int) -> State:
        return {"momentum": device.block("momentum", size)} if self.momentum else {}

    def update(
        self, home: Processors, parameters: Piece, gradients: Piece, state: State, step: int
    ) -> None:
        if self.weight_decay:
            home.mac(parameters, self.weight_decay, acc=gradients, out=gradients)
        moved = gradients
        if self.momentum:
            moved = state["momentum"][slice(*parameters.span)]
            home.mac(moved, self.momentum, acc=gradients, out=moved)
        home.mac(moved, -self.lr, acc=parameters, out=parameters)


class AdamW(Optimizer):
    """Adam with decoupled weight decay, as PyTorch has it.

    ``m`` and ``v`` are running means of the gradient and its square; with both corrected for their
    beginning at zero, ``p = p (1 - lr weight_decay) - lr m / (sqrt(v) + eps)``. Root and reciprocal
    are made of products and sums, which is most of what an update costs.
    """

    scratch = ("update, a", "update, b", "update, c")

    def __init__(
        self, lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0.01,
    ):  # fmt: skip
        super().__init__(lr, weight_decay)
        good = len(betas) == 2 and all(0 <= beta < 1 for beta in betas)
        _check("betas", betas, good, "two numbers from 0 to below 1")
        _check("eps", eps, 1e-12 <= eps < 1, "a number from 1e-12 to below 1")
        self.betas, self.eps = betas, eps

    def allocate(self, device: Device, size: int) -> State:
        return {name: device.block(name, size) for name in ("m", "v")}

    def update(
        self, home: Processors, parameters: Piece, gradients: Piece, state: State, step: int
    ) -> None:
        first, second = self.betas
        span = slice(*parameters.span)
        m, v = state["m"][span], state["v"][span]
        blocks = home.device.blocks
        a, b, c = (blocks[name][: len(parameters)] for name in self.scratch)
        if self.weight_decay:
            home.mul(parameters, 1 - self.lr * self.weight_decay, out=parameters)
        home.mul(m, first, out=m)
        home.mac(gradients, 1 - first, out=m)
        home.mul(gradients, gradients, out=a)
        home.mul(v, second, out=v)
        home.mac(a, 1 - second, out=v)
        home.mov(v, out=a)
        rsqrt(home, a, out=b, scratch=c, low=self.eps**2, high=HIGHEST**2)
        home.mul(v, b, out=a)  # the root
        home.mac(a, (1 - second**step) ** -0.5, acc=self.eps, out=a)
        reciprocal(home, a, out=b, scratch=c, low=self.eps, high=HIGHEST * 1e2)
        home.mul(m, b, out=b)
        home.mac(b, -self.lr / (1 - first**step), out=parameters)


def _check(name: str, value: Any, good: bool, expected: str) -> None:
    if not good:
        raise ProgramError(f"optimizer: {name}={value!r}; expected {expected}")
