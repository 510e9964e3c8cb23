"""Longer trainings than a lesson has time for, and the records of them that a lesson reads.

    python -m wselab.streaming.training digits
    python -m wselab.streaming.training text

train the two models of the course again and write what came out. Losses are the same on every
machine, but for the last digits of a logarithm; the cycles are the same everywhere.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import numpy as np

from ...fabric import ProgramError
from .bill import to_json
from .compiled import Backend, Compiled, compile
from .data import Batches, Windows, digits, wafer_text
from .executor import DataExecutor
from .models import digits_mlp, transformer
from .optimizers import SGD, AdamW

STEPS = {"digits": 440, "text": 1500}
RUN_STEPS = {"digits": 10, "text": 2}
CONTEXT = 16


def training(name: str, steps: int, run_steps: int, **executor: Any) -> DataExecutor:
    """The executor of one of the two trainings, "digits" or "text".

    Digits: 64-32-10 on 8 x 8 PEs by SGD with momentum, batches of 32. Text: a transformer of one
    block, 16 wide with 4 heads, on 4 x 4 PEs by AdamW, 4 windows of 16 characters a batch.
    """
    data: Any
    if name == "digits":
        data = Batches(*digits()[0], batch_size=32)
        compiled = compile(
            digits_mlp(), Backend(8, 8), batch_size=32, in_features=64,
            optimizer=SGD(lr=0.1, momentum=0.9),
        )  # fmt: skip
    elif name == "text":
        data = Windows(wafer_text(), sequences=4, context=CONTEXT)
        letters = len(data.vocabulary)
        compiled = compile(
            transformer(letters, context=CONTEXT), Backend(4, 4), batch_size=4 * CONTEXT,
            in_features=letters, optimizer=AdamW(lr=0.003),
        )  # fmt: skip
    else:
        raise ProgramError(f"training {name!r}; expected one of {', '.join(STEPS)}")
    return DataExecutor(compiled, data, steps, run_steps=run_steps, **executor)


def train(
    name: str, steps: int, run_steps: int, told: Callable[[str], Any] = print, **executor: Any
) -> dict[str, Any]:
    """Train, and tell: losses, the launches of a step with their cost, and what was learned.

    Where the executor's folder has a checkpoint, training goes on from there, and the record is
    that of the whole, as if it had never stopped; ``told`` is called with a line that says so.
    """
    run = training(name, steps, run_steps, **executor)
    done = run.resume(missing_ok=True)
    if run.folder is not None:
        where = f"goes on after step {done:,}" if done else "no checkpoint yet, begins at step 1"
        told(f"{run.folder}: {where}")
    for _ in run:
        pass
    bill, compiled = run.bill, run.compiled
    record: dict[str, Any] = {
        "training": name,
        "optimizer": compiled.optimizer.settings(),
        "batch size": compiled.plan.batch,
        "parameters": sum(one.size for one in compiled.parameters().values()),
        "PEs that compute": list(compiled.device.shape),
        "steps run": bill.steps_run,
        "steps replayed": bill.steps_replayed,
        "cycles": bill.cycles,
        "launches of a step": to_json(compiled.device.costs),
        "losses": run.losses,
    }
    if name == "digits":
        record["test accuracy"] = compiled.accuracy(*digits()[1])
    else:
        record["sample"] = continued(compiled, run.data, "a core ", 120)
    return record


def continued(compiled: Compiled, data: Any, text: str, more: int, seed: int = 0) -> str:
    """``text`` and ``more`` characters that the model draws, one after the other."""
    rng = np.random.default_rng(seed)
    vocabulary, context = data.vocabulary, data.context
    onehot = np.eye(len(vocabulary), dtype=np.float32)
    for _ in range(more):
        seen = [vocabulary.index(one) for one in text[-context:]]
        logits = compiled.predict(onehot[seen])[len(seen) - 1].astype(np.float64)
        chances = np.exp(logits - logits.max())
        text += vocabulary[rng.choice(len(vocabulary), p=chances / chances.sum())]
    return text


def record(name: str) -> dict[str, Any]:
    """The stored record of a training, "digits" or "text".

    >>> digits = record("digits")
    >>> digits["steps run"], digits["steps replayed"], len(digits["losses"])
    (10, 430, 440)
    """
    if name not in STEPS:
        raise ProgramError(f"record {name!r}; expected one of {', '.join(STEPS)}")
    text = files(__package__).joinpath("records", f"{name}.json").read_text(encoding="utf-8")
    return json.loads(text)
