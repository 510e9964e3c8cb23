"""Optimizers: SGD and AdamW, in the operations of a PE.

The update runs where the parameters lie: in the PEs of the home row, as a program, or outside with
the host that streams them, in the same operations and with the same bits.
"""

from __future__ import annotations

from typing import Any

from ...fabric import ProgramError
from .blocks import Block, Piece
from .device import Device
from .functions import reciprocal, rsqrt

HIGHEST = 1e4  # that a root of a mean square may be


class Optimizer:
    """Something that updates parameters from their gradients; ``state`` has its own by name."""

    def __init__(self, lr: float, weight_decay: float):
        _check("lr", lr, lr > 0, "a number above 0")
        _check("weight_decay", weight_decay, weight_decay >= 0, "a number of at least 0")
        self.lr, self.weight_decay = lr, weight_decay
        self.state: dict[str, Block] = {}

    def allocate(self, device: Device, size: int, largest: int) -> None:
        """Ask for its memory: ``size`` parameters a column, of which a layer has ``largest``."""
        raise NotImplementedError

    def update(self, pes: Any, parameters: Piece, gradients: Piece, step: int) -> None:
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

    def allocate(self, device: Device, size: int, largest: int) -> None:
        self.state = {"momentum": device.block("momentum", size)} if self.momentum else {}

    def update(self, pes: Any, parameters: Piece, gradients: Piece, step: int) -> None:
        if self.weight_decay:
            pes.mac(parameters, self.weight_decay, acc=gradients, out=gradients)
        moved = gradients
        if self.momentum:
            moved = self.state["momentum"][slice(*parameters.span)]
            pes.mac(moved, self.momentum, acc=gradients, out=moved)
        pes.mac(moved, -self.lr, acc=parameters, out=parameters)


class AdamW(Optimizer):
    """Adam with decoupled weight decay, as PyTorch has it.

    ``m`` and ``v`` are running means of the gradient and its square; with both corrected for their
    beginning at zero, ``p = p (1 - lr weight_decay) - lr m / (sqrt(v) + eps)``. Root and reciprocal
    are made of products and sums, which is most of what an update costs.
    """

    def __init__(
        self, lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0.01,
    ):  # fmt: skip
        super().__init__(lr, weight_decay)
        good = len(betas) == 2 and all(0 <= beta < 1 for beta in betas)
        _check("betas", betas, good, "two numbers from 0 to below 1")
        _check("eps", eps, 1e-12 <= eps < 1, "a number from 1e-12 to below 1")
        self.betas, self.eps = betas, eps

    def allocate(self, device: Device, size: int, largest: int) -> None:
        self.state = {"m": device.block("m", size), "v": device.block("v", size)}
        self._scratch = [device.scratch(f"update {k}", largest) for k in range(3)]

    def update(self, pes: Any, parameters: Piece, gradients: Piece, step: int) -> None:
        first, second = self.betas
        span = slice(*parameters.span)
        m, v = self.state["m"][span], self.state["v"][span]
        a, b, c = (one[: len(parameters)] for one in self._scratch)
        if self.weight_decay:
            pes.mul(parameters, 1 - self.lr * self.weight_decay, out=parameters)
        pes.mul(m, first, out=m)
        pes.mac(gradients, 1 - first, out=m)
        pes.mul(gradients, gradients, out=a)
        pes.mul(v, second, out=v)
        pes.mac(a, 1 - second, out=v)
        pes.mov(v, out=a)
        rsqrt(pes, a, out=b, scratch=c, low=self.eps**2, high=HIGHEST**2)
        pes.mul(v, b, out=a)  # the root
        pes.mac(a, (1 - second**step) ** -0.5, acc=self.eps, out=a)
        reciprocal(pes, a, out=b, scratch=c, low=self.eps, high=HIGHEST * 1e2)
        pes.mul(m, b, out=b)
        pes.mac(b, -self.lr / (1 - first**step), out=parameters)


def _check(name: str, value: Any, good: bool, expected: str) -> None:
    if not good:
        raise ProgramError(f"optimizer: {name}={value!r}; expected {expected}")
