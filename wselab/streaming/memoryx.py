"""MemoryX: where the weights live while wafers compute with them, and where they are updated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..hierarchy import training
from ..specs import MEMORYX

#: How weights are moved: changes them and the state in place, given (weights, gradient, state).
Rule = Callable[[np.ndarray, np.ndarray, dict[str, np.ndarray]], None]


class MemoryX:
    """A store of ``capacity_bytes`` for weights and optimizer state, outside the wafers.

    It sends weights out, each time they are needed, takes gradients in, and applies the update
    itself, so that the state of the optimizer never leaves it. ``sent_bytes`` and
    ``received_bytes`` are its bill. Capacity and bandwidth are those of `wselab.specs.MEMORYX`
    unless given: the smallest of the CS-3, and an assumed bandwidth.

    Examples
    --------
    >>> def step(weights, gradient, state):  # gradient descent with momentum
    ...     state["mean"] *= np.float32(0.9)
    ...     state["mean"] += gradient
    ...     weights -= np.float32(0.1) * state["mean"]
    >>> store = MemoryX()
    >>> store.hold("layer 1", np.ones((2, 3), np.float32), mean=np.zeros((2, 3), np.float32))
    >>> W = store.send("layer 1")
    >>> store.update("layer 1", np.ones((2, 3), np.float32), step)
    >>> round(float(store.send("layer 1")[0, 0]), 3)
    0.9
    >>> print(store)
    MemoryX: 48 of 1,500,000,000,000 bytes held, 48 sent, 24 received
    """

    def __init__(
        self,
        capacity_bytes: float = MEMORYX.cs3_smallest_bytes,
        bandwidth_bits_per_s: float = MEMORYX.bandwidth_bits_per_s,
    ):
        self.capacity_bytes = positive("MemoryX", "capacity_bytes", capacity_bytes)
        self.bandwidth_bits_per_s = positive(
            "MemoryX", "bandwidth_bits_per_s", bandwidth_bits_per_s
        )
        self.sent_bytes = self.received_bytes = 0
        self._weights: dict[str, np.ndarray] = {}
        self._states: dict[str, dict[str, np.ndarray]] = {}

    @property
    def held_bytes(self) -> int:
        """Bytes of all weights and all state."""
        return sum(self._bytes_of(name) for name in self._weights)

    def _bytes_of(self, name: str) -> int:
        return self._weights[name].nbytes + sum(a.nbytes for a in self._states[name].values())

    def hold(self, name: str, weights: np.ndarray, **state: np.ndarray) -> None:
        """Take in a copy of ``weights``, and of what the optimizer remembers of them.

        Raises ValueError where it has no room, with what takes it, or has that name already.
        """
        if name in self._weights:
            raise ValueError(f"MemoryX: {name!r} is held already; choose another name")
        arrays = {"weights": weights, **state}
        for part, array in arrays.items():
            if not isinstance(array, np.ndarray) or array.dtype.kind != "f":
                raise ValueError(
                    f"MemoryX: {part} of {name!r} is no array of floating-point numbers; try "
                    "np.asarray(..., dtype=np.float32)"
                )
        more = sum(array.nbytes for array in arrays.values())
        if self.held_bytes + more > self.capacity_bytes:
            table = {one: self._bytes_of(one) for one in self._weights} | {name: more}
            lines = "\n".join(f"  {one:20} {size:>20,} bytes" for one, size in table.items())
            raise ValueError(
                f"MemoryX: {name!r} does not fit: {self.capacity_bytes:,.0f} bytes, and "
                f"{self.held_bytes + more:,} would be taken\n{lines}\n"
                "Try a larger capacity_bytes, weights of 16 bits, or an optimizer with less state."
            )
        self._weights[name] = weights.copy()
        self._states[name] = {part: array.copy() for part, array in state.items()}

    def send(self, name: str, dtype: Any = None) -> np.ndarray:
        """The weights as they go out, in ``dtype`` if that is given: a copy, and counted."""
        weights = self._weights[self._known(name)]
        out = weights.astype(weights.dtype if dtype is None else dtype)
        self.sent_bytes += out.nbytes
        return out

    def update(self, name: str, gradient: np.ndarray, rule: Rule) -> None:
        """Take in a gradient, and move the weights by ``rule(weights, gradient, state)``."""
        weights = self._weights[self._known(name)]
        if np.shape(gradient) != weights.shape:
            raise ValueError(
                f"MemoryX: a gradient of shape {np.shape(gradient)} for {name!r}; expected that "
                f"of its weights, {weights.shape}"
            )
        self.received_bytes += np.asarray(gradient).nbytes
        rule(weights, gradient, self._states[name])

    def state(self, name: str) -> dict[str, np.ndarray]:
        """A copy of what the optimizer remembers of some weights, for a checkpoint."""
        return {part: array.copy() for part, array in self._states[self._known(name)].items()}

    def transfer_s(self, size_bytes: float) -> float:
        """Seconds that it takes to send, or to take in, so many bytes."""
        if not size_bytes >= 0:
            raise ValueError(f"MemoryX: size_bytes={size_bytes!r}; expected 0 or more")
        return 8 * size_bytes / self.bandwidth_bits_per_s

    def check_model(self, model: Any, format: str = "float16", master: bool = False) -> int:
        """The bytes of a model's weights with what Adam keeps; ValueError where they do not fit.

        Examples
        --------
        >>> from wselab.specs.models import GPT3_175B
        >>> MemoryX(2.4e15).check_model(GPT3_175B) // 10**9
        1746
        """
        needs = training(model, tokens=0, format=format, master=master)
        needed = int(needs["weights"] + needs["optimizer"])
        if needed > self.capacity_bytes:
            raise ValueError(
                f"MemoryX: {name_of(model)} does not fit: its weights take "
                f"{needs['weights']:,.0f} bytes and Adam's state {needs['optimizer']:,.0f}, and "
                f"there are {self.capacity_bytes:,.0f}. Try a capacity_bytes of {needed:.3g} or "
                "more"
            )
        return needed

    def _known(self, name: str) -> str:
        if name not in self._weights:
            names = ", ".join(map(repr, self._weights)) or "nothing yet"
            raise ValueError(f"MemoryX: no {name!r}; it holds {names}. Try hold({name!r}, weights)")
        return name

    def __str__(self) -> str:
        return (
            f"MemoryX: {self.held_bytes:,} of {self.capacity_bytes:,.0f} bytes held, "
            f"{self.sent_bytes:,} sent, {self.received_bytes:,} received"
        )


def name_of(model: Any) -> str:
    """What to call a language model, or a number of parameters.

    >>> name_of(1_000_000)
    'a model of 1,000,000 parameters'
    """
    return model.name if hasattr(model, "name") else f"a model of {model:,} parameters"


def positive(what: str, name: str, value: Any) -> float:
    """``value`` as a number above 0; ValueError otherwise.

    >>> positive("MemoryX", "capacity_bytes", -1)
    Traceback (most recent call last):
        ...
    ValueError: MemoryX: capacity_bytes=-1; expected a number above 0
    """
    number = isinstance(value, (int, float, np.integer, np.floating)) and value is not True
    if not number or not 0 < value < float("inf"):
        raise ValueError(f"{what}: {name}={value!r}; expected a number above 0")
    return float(value)
