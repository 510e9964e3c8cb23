"""The data executor: step after step, with checkpoints and a progress bar."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...fabric import ProgramError
from . import checkpoint
from .bill import Bill, Launch
from .compiled import Compiled, Step
from .data import Data


class DataExecutor:
    """Trains ``compiled`` on ``data`` up to step ``steps``; iterate over it for the steps.

    The first ``run_steps`` steps of the training are run on the fabric and the others replayed;
    None runs all. With ``checkpoint_dir`` a checkpoint is written every ``checkpoint_steps`` steps
    and after the last, and `resume` goes on from the latest. ``progress`` shows a bar: None where
    somebody looks, False never.

    >>> import numpy as np
    >>> from .compiled import Backend, compile
    >>> from .data import Batches
    >>> from .modules import Linear
    >>> from .optimizers import SGD
    >>> compiled = compile(
    ...     Linear(4, 2), Backend(2, 2), batch_size=4, in_features=4, optimizer=SGD(lr=0.5)
    ... )
    >>> data = Batches(np.eye(4, dtype=np.float32), np.array([0, 1, 0, 1]), batch_size=4)
    >>> executor = DataExecutor(compiled, data, steps=5, run_steps=1)
    >>> losses = [step.loss for step in executor]
    >>> losses[-1] < losses[0], executor.bill.steps_run, executor.bill.steps_replayed
    (True, 1, 4)
    """

    def __init__(
        self, compiled: Compiled, data: Data, steps: int, *, run_steps: int | None = None,
        checkpoint_dir: Any = None, checkpoint_steps: int | None = None, progress: Any = None,
    ):  # fmt: skip
        if checkpoint_steps is not None and (checkpoint_dir is None or checkpoint_steps < 1):
            raise ProgramError(
                f"checkpoint_steps={checkpoint_steps!r}, checkpoint_dir={checkpoint_dir!r}; "
                "expected a number of at least 1 and a folder"
            )
        self.compiled, self.data, self.steps, self.run_steps = compiled, data, steps, run_steps
        self.folder = None if checkpoint_dir is None else Path(checkpoint_dir)
        self.checkpoint_steps, self.progress = checkpoint_steps, progress
        self.losses: list[float] = []  # of all steps from the first on, also before a `resume`
        self._launches: list[Launch] = []
        self._run = self._replayed = 0

    def resume(self) -> int:
        """Load the latest checkpoint of the folder; gives the steps done, 0 where there is none.

        Raises `CheckpointError` where it is damaged or of another model, optimizer or data.
        """
        path = checkpoint.latest(self.folder) if self.folder else None
        if path is not None:
            self.losses = checkpoint.load(path, self.compiled, self.data.about())["losses"]
        return self.compiled.steps_done

    def __iter__(self) -> Iterator[Step]:
        bar = _bar(self.progress, self.steps, self.compiled.steps_done)
        try:
            while self.compiled.steps_done < self.steps:
                step = self._step()
                if bar is not None:
                    bar.update()
                    bar.set_postfix(loss=f"{step.loss:.3f}", cycles=f"{step.bill.cycles:,}")
                yield step
        finally:
            if bar is not None:
                bar.close()

    def _step(self) -> Step:
        compiled = self.compiled
        number = compiled.steps_done + 1
        replay = self.run_steps is not None and number > self.run_steps
        step = compiled.step(*self.data.batch(number), replay=replay)
        self.losses.append(step.loss)
        self._launches += step.bill.launches
        self._run += step.bill.steps_run
        self._replayed += step.bill.steps_replayed
        due = self.checkpoint_steps is not None and number % self.checkpoint_steps == 0
        if self.folder is not None and (due or number == self.steps):
            path = checkpoint.path_of(self.folder, number)
            checkpoint.save(path, compiled, self.data.about(), {"losses": self.losses})
        return step

    @property
    def bill(self) -> Bill:
        """The bill of all steps that this executor did."""
        return Bill(self._launches, self._run, self._replayed)


def _bar(wanted: Any, steps: int, done: int) -> Any:
    if wanted is False:
        return None
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return None
    from ...fabric.progress import nobody_looks

    return tqdm(
        total=steps, initial=done, unit=" steps", leave=False,
        disable=wanted is None and nobody_looks(),
    )  # fmt: skip
