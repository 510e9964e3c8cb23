"""Compile: lay a model out on a device, run a step of it once, and keep what that cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...fabric import ProgramError
from ...specs import WSE2
from .artifacts import Artifacts, Status
from .bill import Bill
from .device import Device
from .loss import CrossEntropyLoss
from .modules import Module
from .optimizers import Optimizer
from .plan import Plan, Value, whole


class Backend:
    """Where a model is to train: ``rows`` x ``columns`` PEs of a chip.

    ``weights`` is "resident", kept by a row of PEs of their own, or "streamed" in from outside.
    ``wires`` is the map of good cores as `wselab.foundry` repairs it (`wselab.Wafer`),
    ``artifact_dir`` a folder for what was compiled, if it is to be kept. ``dtype`` is that of the
    factors of all products: "float32", or "bfloat16" or "float16", whose products are added up in
    float32 (`Device`).

    >>> Backend(8, 8, weights="streamed")
    Backend(8, 8, weights='streamed')
    """

    def __init__(
        self, rows: int, columns: int, *, weights: str = "resident", chip: Any = WSE2,
        wires: Any = None, artifact_dir: Any = None, dtype: str = "float32", **what_if: Any,
    ):  # fmt: skip
        self.rows, self.columns, self.weights = rows, columns, weights
        self.chip, self.wires, self.artifact_dir = chip, wires, artifact_dir
        self.dtype, self.what_if = dtype, what_if

    def device(self) -> Device:
        """A new device of this kind."""
        return Device(
            self.rows, self.columns, weights=self.weights, chip=self.chip, wires=self.wires,
            dtype=self.dtype, **self.what_if,
        )  # fmt: skip

    def __repr__(self) -> str:
        return f"Backend({self.rows}, {self.columns}, weights={self.weights!r})"


@dataclass(frozen=True)
class Step:
    """What a step gave: its number from 1 on, the loss before its update, and the bill."""

    number: int
    loss: float
    bill: Bill


def compile(
    model: Module, backend: Backend, *, batch_size: int, in_features: int, optimizer: Optimizer,
    loss: CrossEntropyLoss | None = None, seed: int = 0,
) -> Compiled:  # fmt: skip
    """Lay ``model`` out on ``backend`` for batches of ``batch_size`` rows of ``in_features``.

    Its parameters begin as numbers drawn from ``seed``. What each program of a step costs is found
    by running the step once, or read from the backend's folder of artifacts. Raises
    `MemoryBudgetError` where a PE has too little memory, with the table of what takes it.

    >>> from .modules import Linear, ReLU, Sequential
    >>> from .optimizers import SGD
    >>> model = Sequential(Linear(6, 4), ReLU(), Linear(4, 2))
    >>> compiled = compile(
    ...     model, Backend(2, 2), batch_size=4, in_features=6, optimizer=SGD(lr=0.1)
    ... )
    >>> x, labels = np.eye(4, 6, dtype=np.float32), np.array([0, 1, 0, 1])
    >>> run, replayed = compiled.step(x, labels), compiled.step(x, labels, replay=True)
    >>> replayed.loss < run.loss, replayed.bill.cycles == run.bill.cycles
    (True, True)
    """
    return Compiled(model, backend, batch_size, in_features, optimizer, loss, seed)


def _is(name: str, value: Any, kind: type, expected: str) -> None:
    """Refuse what is not of this kind."""
    if not isinstance(value, kind):
        raise ProgramError(f"compile: {name}={value!r}; expected {expected}")


class Compiled:
    """A model on a device: `step` trains it. ``artifact`` says whether its cost had to be found."""

    def __init__(
        self, model: Module, backend: Backend, batch_size: int, in_features: int,
        optimizer: Optimizer, loss: CrossEntropyLoss | None, seed: int,
    ):  # fmt: skip
        _is("model", model, Module, "a module, such as Linear(64, 10)")
        _is("backend", backend, Backend, "a backend, such as Backend(8, 8)")
        _is("optimizer", optimizer, Optimizer, "an optimizer, such as AdamW(lr=0.001)")
        whole("compile", "batch_size", batch_size)
        whole("compile", "in_features", in_features)
        self.model, self.backend, self.optimizer = model, backend, optimizer
        self.device = device = backend.device()
        self.plan = plan = Plan(device, batch_size)
        alone = [(type(model).__name__.lower(), model)]
        for name, module in list(model.named_modules()) or alone:
            module.name = name
        self.x = plan.value("input", in_features, wanted=False)
        logits = model(self.x)
        if not isinstance(logits, Value):
            raise ProgramError(f"the model gave {logits!r}; forward(x) is to return a value")
        self.logits = logits
        self.loss = (loss or CrossEntropyLoss()).trace(logits)
        largest = max((len(one) for one, _ in plan.layers.values()), default=0)
        self.state = optimizer.allocate(device, plan.home.size)
        scratch = ["gradients", *optimizer.scratch]
        for name in scratch:
            device.scratch(name, largest)
        device.allocate(["parameters", *(block.name for block in self.state.values()), *scratch])
        self.steps_done = 0
        self.artifact = self._price()
        self.initialise(seed)

    def _price(self) -> Status:
        """The cost of a step's launches, from the folder of artifacts or by running one."""
        if self.device.wafer is None:
            return Status("no wafer", None)
        artifacts = Artifacts(self.backend.artifact_dir)
        status, self.device.costs = artifacts.load(self)
        if not self.device.costs:
            self._pass(np.zeros((1, self.x.features)), np.zeros(1, int), run=True)
            artifacts.save(self, self.device.costs)
        return status

    def initialise(self, seed: int) -> None:
        """Begin anew: parameters drawn from ``seed``, no step done."""
        for block in self.device.blocks.values():
            block.values[...] = 0
        for node in (*self.plan.nodes, self.loss):
            node.constants()
        self.steps_done = 0
        rng = np.random.default_rng(seed)
        for one in self.plan.parameters:
            one.put(self.plan.home.values[0], one.draw(rng, one.shape))

    def step(self, x: np.ndarray, labels: np.ndarray, *, replay: bool = False) -> Step:
        """One step of training on a batch: forward, backward, update.

        ``x`` has the shape (batch, features), ``labels`` are whole numbers, one a row. With
        ``replay`` nothing is run: values are computed on the host, in the same order and with the
        same bits, and the bill is that of a step that was run.
        """
        x, labels = self._checked(x, labels)
        self._pass(x, labels, run=not replay)
        launches = self.device.launches
        self.steps_done += 1
        bill = Bill(launches, steps_run=int(not replay), steps_replayed=int(replay))
        return Step(self.steps_done, self.loss.value(labels), bill)

    def _pass(self, x: np.ndarray, labels: np.ndarray, run: bool) -> None:
        plan = self.plan
        plan.load(self.x.block, x)
        self.loss.load(labels)
        for value in plan.values:
            value.has_gradient = False
        self.device.begin(run)
        with np.errstate(all="ignore"):  # as the engines: infinities are for the numbers to tell
            for node in (*plan.nodes, self.loss):
                node.forward()
            for node in (self.loss, *reversed(plan.nodes)):
                node.backward()
                if node.name in plan.layers:
                    self._update(node.name, *plan.layers[node.name])
        self.device.end()

    def _update(self, layer: str, parameters: Any, gradients: Any) -> None:
        home, number = self.device.home, self.steps_done + 1
        if self.device.top:
            with self.device.launch(layer, "update", self.optimizer.kind):
                self.optimizer.update(home, parameters, gradients, self.state, number)
        else:  # outside the wafer, where the parameters are
            self.optimizer.update(home, parameters, gradients, self.state, number)

    def _checked(self, x: Any, labels: Any) -> tuple[np.ndarray, np.ndarray]:
        x, labels = np.asarray(x), np.asarray(labels)
        expected = (self.plan.batch, self.x.features)
        if x.shape != expected:
            raise ProgramError(
                f"step: x has shape {x.shape}; the model was compiled for {expected}"
            )
        classes = self.logits.features
        whole = labels.dtype.kind in "iu" and labels.shape == expected[:1]
        if not whole or labels.min() < 0 or labels.max() >= classes:
            raise ProgramError(
                f"step: labels of shape {labels.shape} and type {labels.dtype}; expected "
                f"{expected[0]} whole numbers from 0 to {classes - 1}"
            )
        return x, labels

    def predict(self, x: np.ndarray) -> np.ndarray:
        """The logits of any number of rows, (rows, classes); replayed, and no cost is noted."""
        found = []
        for some in np.split(x, range(self.plan.batch, len(x), self.plan.batch)):
            self.plan.load(self.x.block, some)
            self.device.begin(run=False)
            with np.errstate(all="ignore"):
                for node in self.plan.nodes:
                    node.forward()
            self.device.end()
            logits = self.plan.read(self.logits.block, self.logits.features)
            found.append(logits[: len(some)].copy())
        return np.concatenate(found)

    def accuracy(self, x: np.ndarray, labels: np.ndarray) -> float:
        """The share of rows whose largest logit is that of their label."""
        return float((self.predict(x).argmax(1) == labels).mean())

    def parameters(self) -> dict[str, np.ndarray]:
        """Copies of the parameters by name, in the model's shapes."""
        return dict(self.plan.named())
