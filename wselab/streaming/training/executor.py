"""The data executor: step after step, with checkpoints and a progress bar."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...fabric import ProgramError
from . import checkpoint
from .bill import Bill, Launch
from .checkpoint import CheckpointError
from .compiled import Compiled, Step
from .data import Data


class DataExecutor:
    """Trains ``compiled`` on ``data`` up to step ``steps``; iterate over it for the steps.

    The first ``run_steps`` steps of the training are run on the fabric and the others replayed;
    None runs all. With ``checkpoint_dir`` a checkpoint is written every ``checkpoint_steps`` steps
    and after the last; the ``checkpoints_kept`` latest are kept (None: all of them), and `resume`
    goes on from one. A folder that has checkpoints already is not begun in: iterating raises
    `CheckpointError` there until `resume` was called. ``progress`` shows a bar: None where somebody
    looks, False never.

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
        checkpoint_dir: Any = None, checkpoint_steps: int | None = None,
        checkpoints_kept: int | None = 3, progress: Any = None,
    ):  # fmt: skip
        if checkpoint_steps is not None and (checkpoint_dir is None or checkpoint_steps < 1):
            raise ProgramError(
                f"checkpoint_steps={checkpoint_steps!r}, checkpoint_dir={checkpoint_dir!r}; "
                "expected a number of at least 1 and a folder"
            )
        if checkpoints_kept is not None and checkpoints_kept < 1:
            raise ProgramError(
                f"checkpoints_kept={checkpoints_kept!r}; expected a number of at least 1, or None "
                "to keep all"
            )
        self.compiled, self.data, self.steps, self.run_steps = compiled, data, steps, run_steps
        self.folder = None if checkpoint_dir is None else Path(checkpoint_dir)
        self.checkpoint_steps, self.checkpoints_kept = checkpoint_steps, checkpoints_kept
        self.progress = progress
        self.losses: list[float] = []  # of all steps from the first on, also before a `resume`
        self._launches: list[Launch] = []
        self._run = self._replayed = 0
        self._own_folder = False  # whether what the folder has is of this run

    def resume(self, path: Any = None, *, missing_ok: bool = False) -> int:
        """Load the latest checkpoint of the folder, or that of ``path``; gives the steps done.

        Losses and bill go on from it too. Where there is none, ``missing_ok`` says that this is the
        beginning: 0. Raises `CheckpointError` where there is none and that is not said, and where
        it is damaged, of another model, optimizer or data, or of a later step than ``steps``.
        """
        path = checkpoint.latest(self.folder) if path is None and self.folder else path
        if path is None:
            if missing_ok:
                return self.compiled.steps_done
            there = self.folder is not None and self.folder.is_dir()
            raise CheckpointError(
                f"resume: no checkpoint in checkpoint_dir={self.folder and str(self.folder)!r}"
                f"{'' if there or not self.folder else ', which is no folder'}. Is it another one? "
                "To begin where there is none yet: resume(missing_ok=True)"
            )
        self.losses, bill = checkpoint.load(path, self.compiled, self.data.about(), self.steps)
        self._launches = bill.launches
        self._run, self._replayed = bill.steps_run, bill.steps_replayed
        self._own_folder = True
        return self.compiled.steps_done

    def __iter__(self) -> Iterator[Step]:
        found = checkpoint.latest(self.folder) if self.folder and not self._own_folder else None
        if found is not None:
            raise CheckpointError(
                f"checkpoint_dir={str(self.folder)!r} has {found.name} already, and this run would "
                "begin anew over it. Call resume() to go on from there, or give another folder"
            )
        self._own_folder = True
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
            checkpoint.save(path, compiled, self.data.about(), self.losses, self.bill)
            if self.checkpoints_kept is not None:
                checkpoint.keep(self.folder, self.checkpoints_kept, number)
        return step

    @property
    def bill(self) -> Bill:
        """The bill of all steps from the first on, also of those before a `resume`."""
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
