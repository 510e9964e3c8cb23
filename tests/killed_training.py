"""A training run to be killed: `python killed_training.py FOLDER STEPS` (see the tests of it)."""

from __future__ import annotations

import sys

import numpy as np

from wselab.streaming.training.compiled import Backend, compile
from wselab.streaming.training.data import Batches
from wselab.streaming.training.executor import DataExecutor
from wselab.streaming.training.modules import Linear, ReLU, Sequential
from wselab.streaming.training.optimizers import AdamW


def executor(folder: str, steps: int, seed: int = 0, kept: int | None = None) -> DataExecutor:
    """A small model that learns which of the first features is largest, with checkpoints."""
    rng = np.random.default_rng(5)
    x = rng.standard_normal((60, 12)).astype(np.float32)
    data = Batches(x, x[:, :3].argmax(1), batch_size=10, seed=seed)
    model = Sequential(Linear(12, 8), ReLU(), Linear(8, 3))
    backend = Backend(2, 2, artifact_dir=folder)
    compiled = compile(model, backend, batch_size=10, in_features=12, optimizer=AdamW(lr=0.01))
    return DataExecutor(
        compiled,
        data,
        steps,
        run_steps=1,
        checkpoint_dir=folder,
        checkpoint_steps=1,
        checkpoints_kept=kept,
    )


if __name__ == "__main__":
    training = executor(sys.argv[1], int(sys.argv[2]))
    training.resume(missing_ok=True)
    print("begins", flush=True)
    for _ in training:
        pass
