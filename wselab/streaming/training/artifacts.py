"""The folder of artifacts: what compiling found, kept until something it depends on changes.

An artifact holds the cost of every launch of a step. It is found by a key, a digest of all that
this could depend on: the layers and their sizes, the batch, where the parameters are, the wafer and
its wires (the map of good cores), the rules, the optimizer's program, and the code that writes and
runs the programs. So nothing has to be thrown away by hand.
"""

from __future__ import annotations

import hashlib
import json
import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .bill import Launch, to_json
from .blocks import Block
from .files import Damaged, OtherVersion, read_whole, write_whole
from .plan import Parameter, Value

if TYPE_CHECKING:
    from .compiled import Compiled

KIND = "wselab artifact 2"
CODE = ("fabric", "kernels", "specs", "streaming/training")


@dataclass(frozen=True)
class Status:
    """How a model came to its costs: "loaded", "compiled", "compiled again", and the file."""

    how: str
    path: Path | None


class Artifacts:
    """The artifacts of a folder; None for none, which keeps nothing."""

    def __init__(self, folder: Any):
        self.folder = None if folder is None else Path(folder)

    def load(self, compiled: Compiled) -> tuple[Status, list[Launch]]:
        """The costs of a compiled model's launches, or none: then they have to be found.

        Warns where there is an artifact that is damaged, and does without it.
        """
        if self.folder is None:
            return Status("compiled", None), []
        path = self._path(compiled)
        if not path.exists():
            return Status("compiled", path), []
        try:
            stored = json.loads(read_whole(path, KIND))
            if stored["depends on"] != depends_on(compiled):
                raise Damaged("it is of another model")
            return Status("loaded", path), [Launch(**one) for one in stored["launches"]]
        except (Damaged, OtherVersion, OSError, ValueError, KeyError, TypeError) as error:
            warnings.warn(
                f"artifact {path.name} is damaged ({error}); compiled again", stacklevel=2
            )
            return Status("compiled again", path), []

    def save(self, compiled: Compiled, launches: list[Launch]) -> None:
        """Keep the costs."""
        if self.folder is not None:
            stored = {"depends on": depends_on(compiled), "launches": to_json(launches)}
            write_whole(self._path(compiled), KIND, json.dumps(stored, indent=1).encode())

    def _path(self, compiled: Compiled) -> Path:
        assert self.folder is not None
        text = json.dumps(depends_on(compiled), sort_keys=True)
        return self.folder / f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.json"


def depends_on(compiled: Compiled) -> dict[str, Any]:
    """All that the cost of a step could depend on, as plain data."""
    device, plan, wafer = compiled.device, compiled.plan, compiled.device.wafer
    assert wafer is not None
    wires = np.concatenate([wafer.wires.east.ravel(), wafer.wires.south.ravel()])
    return {
        "layers": [_described(node) for node in (*plan.nodes, compiled.loss)],
        "parameters": [_placed(one) for one in plan.parameters],
        "blocks": [_memory(block) for block in device.blocks.values()],
        "batch": [plan.batch, plan.tokens],
        "weights": device.weights,
        "wafer": [*wafer.shape, wafer.chip.name, wafer.chip.pe_memory_bytes],
        "wires": hashlib.sha256(wires.astype("<i8").tobytes()).hexdigest(),
        "rules": {name: getattr(wafer.rules, name) for name in wafer.rules.__dataclass_fields__},
        "optimizer": compiled.optimizer.program(),
        "code": _code(),
    }


def _placed(parameter: Parameter) -> list[Any]:
    """A parameter in its place; of a sparse one, which weights there are."""
    kept = [] if parameter.kept is None else parameter.kept.tolist()
    return [parameter.name, list(parameter.shape), list(parameter.spans), kept]


def _memory(block: Block) -> list[Any]:
    return [block.name, block.size, np.dtype(block.dtype).name]


def _described(node: Any) -> list[Any]:
    """A layer in its place: its kind, its numbers, and the values that it joins."""
    numbers = {k: v for k, v in vars(node).items() if isinstance(v, (int, float, str))}
    values = {k: v.name for k, v in vars(node).items() if isinstance(v, Value)}
    return [type(node).__name__, numbers, values]


@cache
def _code() -> str:
    """A digest of the code that programs are written and run by."""
    digest = hashlib.sha256()
    package = Path(__file__).parents[2]
    for folder in CODE:
        for path in sorted((package / folder).rglob("*.py")):
            digest.update(path.relative_to(package).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()
