"""Checkpoints: all that a training run needs to go on as if it had never stopped.

A checkpoint holds the parameters, the optimizer's memory and the number of steps done. Whatever is
drawn at random is drawn from a seed and the number of the step, so that number is the state of all
random choices too; the seed and a digest of the data stand beside it. It is a file that is there
whole or not at all, and that says when it was damaged.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...fabric import WaferError
from .files import Damaged, read_whole, write_whole

if TYPE_CHECKING:
    from .compiled import Compiled
    from .plan import Parameter

KIND = "wselab checkpoint 1"
NAME = re.compile(r"step-(\d{8,})\.ckpt")


class CheckpointError(WaferError):
    """A checkpoint cannot be used: it is damaged, or of another run."""


def save(
    path: Any, compiled: Compiled, data: dict[str, Any] | None = None,
    history: dict[str, Any] | None = None,
) -> Path:  # fmt: skip
    """Write a checkpoint of a model, of where its data stand, and of what came before; its path.

    A file of that name is replaced only when the new one is complete and on the disk.
    """
    arrays = {f"parameter {name}": values for name, values in compiled.plan.named()}
    for name, block in compiled.state.items():
        for one in compiled.plan.parameters:
            arrays[f"{name} {one.name}"] = one.get(block.values[0])
    about = {"run": _run(compiled), "data": data or {}, "steps done": compiled.steps_done}
    about["history"] = history or {}
    file = io.BytesIO()
    arrays["about"] = np.array(json.dumps(about))
    np.savez(file, **arrays)  # type: ignore[arg-type]
    write_whole(Path(path), KIND, file.getvalue())
    return Path(path)


def load(path: Any, compiled: Compiled, data: dict[str, Any] | None = None) -> dict[str, Any]:
    """Put a checkpoint into a model; gives its history. Without an error all of it is loaded.

    Raises `CheckpointError` where the file is not there, is damaged, or is of another model,
    optimizer or data; it names the first difference.
    """
    path = Path(path)
    try:
        with np.load(io.BytesIO(read_whole(path, KIND)), allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        about = json.loads(str(arrays["about"]))
    except FileNotFoundError:
        raise CheckpointError(f"checkpoint {path}: there is no such file") from None
    except (Damaged, OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise CheckpointError(
            f"checkpoint {path} is damaged: {error}. Nothing was loaded; use an earlier one"
        ) from None
    _same(path, "run", about["run"], _run(compiled))
    if data is not None:
        _same(path, "data", about["data"], data)
    for one in compiled.plan.parameters:
        one.put(compiled.plan.home.values[0], arrays[f"parameter {one.name}"])
        for name, block in compiled.state.items():
            one.put(block.values[0], arrays[f"{name} {one.name}"])
    compiled.steps_done = int(about["steps done"])
    return about["history"]


def latest(folder: Any) -> Path | None:
    """The checkpoint of the highest step in a folder, by name; None where there is none."""
    found = [(int(match[1]), path) for path, match in _checkpoints(folder)]
    return max(found)[1] if found else None


def path_of(folder: Any, step: int) -> Path:
    """The path of the checkpoint after a step.

    >>> path_of("runs", 20).name
    'step-00000020.ckpt'
    """
    return Path(folder) / f"step-{step:08}.ckpt"


def _checkpoints(folder: Any) -> list[tuple[Path, re.Match[str]]]:
    if not Path(folder).is_dir():
        return []
    pairs = [(path, NAME.fullmatch(path.name)) for path in Path(folder).iterdir()]
    return [(path, match) for path, match in pairs if match]


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
                f"checkpoint {path} is of another {what}: its {name} is {stored.get(name)!r}, "
                f"here it is {here.get(name)!r}. Nothing was loaded"
            )
