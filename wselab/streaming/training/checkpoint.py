"""Checkpoints: all that a training run needs to go on as if it had never stopped.

A checkpoint holds the parameters, the optimizer's memory and the number of steps done. Whatever is
drawn at random is drawn from a seed and the number of the step, so that number is the state of all
random choices too; the seed and a digest of the data stand beside it, and the losses and the bill
of all steps so far. It is a file that is there whole or not at all, and that says when it was
damaged.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...fabric import WaferError
from .bill import Bill
from .files import Damaged, OtherVersion, read_whole, write_whole

if TYPE_CHECKING:
    from .compiled import Compiled
    from .plan import Parameter

KIND = "wselab checkpoint 2"
NAME = re.compile(r"step-(\d{8,})\.ckpt")


class CheckpointError(WaferError):
    """A checkpoint cannot be used: it is damaged, or of another run."""


def save(
    path: Any, compiled: Compiled, data: dict[str, Any] | None = None,
    losses: Sequence[float] = (), bill: Bill | None = None,
) -> Path:  # fmt: skip
    """Write a checkpoint of a model, of where its data stand, and of what came before; its path.

    ``losses`` and ``bill`` are those of all steps so far: 8 bytes a step, and a line a launch.

    A file of that name is replaced only when the new one is complete and on the disk.
    """
    arrays = {f"parameter {name}": values for name, values in compiled.plan.named()}
    for name, block in compiled.state.items():
        for one in compiled.plan.parameters:
            arrays[f"{name} {one.name}"] = one.get(block.values[0])
    about = {"run": _run(compiled), "data": data or {}, "steps done": compiled.steps_done}
    about["bill"] = (bill or Bill([])).stored()
    file = io.BytesIO()
    arrays["losses"] = np.array(losses, np.float64)
    arrays["about"] = np.frombuffer(json.dumps(about).encode(), np.uint8)
    np.savez(file, **arrays)  # type: ignore[arg-type]
    write_whole(Path(path), KIND, file.getvalue())
    return Path(path)


def load(
    path: Any, compiled: Compiled, data: dict[str, Any] | None = None, until: int | None = None
) -> tuple[list[float], Bill]:  # fmt: skip
    """Put a checkpoint into a model; gives the losses and the bill of the steps before it.

    Raises `CheckpointError` where the file is not there, cannot be read, is damaged, is of an older
    version, is of another model, optimizer or data, naming the first difference, or of a later step
    than ``until``. Then nothing was loaded.
    """
    path = Path(path)
    if path.is_dir():
        raise CheckpointError(f"checkpoint {path} is a folder; expected a file in it")
    try:
        with np.load(io.BytesIO(read_whole(path, KIND)), allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        about = json.loads(arrays["about"].tobytes())
        bill = Bill.restored(about["bill"])
    except FileNotFoundError:
        raise CheckpointError(f"checkpoint {path}: there is no such file") from None
    except OSError as error:
        raise CheckpointError(f"checkpoint {path} cannot be read: {error.strerror}") from None
    except OtherVersion as error:
        raise CheckpointError(f"checkpoint {path}: {error}. Nothing was loaded") from None
    except (Damaged, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise CheckpointError(f"checkpoint {path} is damaged: {error}. {_instead(path)}") from None
    _same(path, "another run", about["run"], _run(compiled))
    if data is not None:
        _same(path, "other data", about["data"], data)
    done = int(about["steps done"])
    if until is not None and done > until:
        raise CheckpointError(
            f"checkpoint {path} is of step {done}, later than the last one asked for, {until}. "
            f"Nothing was loaded; ask for {done} steps or more, or begin in another folder"
        )
    for one in compiled.plan.parameters:
        one.put(compiled.plan.home.values[0], arrays[f"parameter {one.name}"])
        for name, block in compiled.state.items():
            one.put(block.values[0], arrays[f"{name} {one.name}"])
    compiled.steps_done = done
    return arrays["losses"].tolist(), bill


def latest(folder: Any, before: int | None = None) -> Path | None:
    """The checkpoint of the highest step in a folder, by name; None where there is none.

    ``before`` leaves out those of this step and of later ones.
    """
    steps = _checkpoints(folder)
    found = [step for step in steps if before is None or step < before]
    return steps[max(found)] if found else None


def keep(folder: Any, last: int, until: int) -> None:
    """Of a folder's checkpoints up to step ``until``, delete all but the ``last`` few."""
    steps = _checkpoints(folder)
    for step in sorted(step for step in steps if step <= until)[:-last]:
        steps[step].unlink(missing_ok=True)


def path_of(folder: Any, step: int) -> Path:
    """The path of the checkpoint after a step.

    >>> path_of("runs", 20).name
    'step-00000020.ckpt'
    """
    return Path(folder) / f"step-{step:08}.ckpt"


def _checkpoints(folder: Any) -> dict[int, Path]:
    """The checkpoints of a folder by their step."""
    if not Path(folder).is_dir():
        return {}
    pairs = [(path, NAME.fullmatch(path.name)) for path in Path(folder).iterdir()]
    return {int(match[1]): path for path, match in pairs if match}


def _instead(path: Path) -> str:
    """What to do about a checkpoint that cannot be loaded."""
    match = NAME.fullmatch(path.name)
    earlier = latest(path.parent, int(match[1])) if match else None
    if earlier is None:
        return "Nothing was loaded, and its folder has no earlier one: begin in an empty folder"
    return (
        f"Nothing was loaded. There is an earlier one, {earlier.name}: delete the file above, and "
        "the run goes on from there"
    )


def _run(compiled: Compiled) -> dict[str, Any]:
    """What must be the same for the losses to go on with the same bits."""
    plan, device = compiled.plan, compiled.device
    shapes = {f"parameter {one.name}": _about(one) for one in plan.parameters}
    wafer = {
        "rows x columns of PEs": list(device.shape),
        "batch size": plan.batch,
        "dtype": device.dtype,
    }
    settings = json.loads(json.dumps(compiled.optimizer.settings()))
    return {**shapes, **settings, **wafer}


def _about(parameter: Parameter) -> list[Any]:
    """The shape of a parameter, and which of its numbers there are, if not all."""
    kept = parameter.kept
    mask = [] if kept is None else [hashlib.sha256(kept.astype("<i8").tobytes()).hexdigest()[:16]]
    return [*parameter.shape, *mask]


def _same(path: Path, what: str, stored: dict[str, Any], here: dict[str, Any]) -> None:
    for name in {**stored, **here}:
        if stored.get(name) != here.get(name):
            raise CheckpointError(
                f"checkpoint {path} is of {what}: its {name} is {stored.get(name)!r}, "
                f"here it is {here.get(name)!r}. Nothing was loaded"
            )
