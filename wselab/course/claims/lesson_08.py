"""Claims that lesson 08 decides: compiling once, and how much code training takes."""

from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import numpy as np

from ...streaming import training
from ...streaming.training.artifacts import depends_on
from .claim import Ledger, Verdict

LEDGER = Ledger("08")
CHANGES: dict[str, dict[str, Any]] = {  # that leave the architecture as it is
    "the batch": {"batch_size": 9},
    "the place of the weights": {"weights": "streamed"},
    "the format": {"dtype": "bfloat16"},
    "the map of good cores": {"wires": (np.array([[1], [2], [1]]), None)},
    "the optimizer": {"optimizer": training.AdamW()},
}


def _question(batch_size: int = 4, optimizer: Any = None, **where: Any) -> dict[str, Any]:
    """All that the cost of a small model's step depends on."""
    model = training.Sequential(training.Linear(6, 4), training.ReLU(), training.Linear(4, 2))
    compiled = training.compile(
        model, training.Backend(2, 2, **where), batch_size=batch_size, in_features=6,
        optimizer=optimizer or training.SGD(lr=0.1),
    )  # fmt: skip
    return depends_on(compiled)


@LEDGER.claim(
    "C35", "T2", "The first compilation takes 15 to 60 minutes, and is cached until the "
    "architecture changes.", (15, 60), "minutes",
)  # fmt: skip
def compiled_once() -> Verdict:
    before = _question()
    older = [name for name, change in CHANGES.items() if _question(**change) != before]
    same = _question(optimizer=training.SGD(lr=0.2)) == before
    return Verdict(
        "holds with conditions",
        None,
        "The minutes cannot be checked from public facts. What was compiled can be kept, but not "
        f"only the architecture makes it old: here {', '.join(older[:-1])} and {older[-1]} do, "
        f"each alone. Another learning rate does{' not' if same else ''}.",
    )


@LEDGER.claim(
    "C36", "T0", "The code for large training shrinks by 97 % against GPUs.", 97, "% of the lines"
)
def less_code() -> Verdict:
    package = files(training.__name__)
    counted = {one.name: _lines(one) for one in package.iterdir() if one.name.endswith(".py")}
    model = counted.pop("models.py")
    beneath = sum(counted.values())
    return Verdict(
        "cannot be checked",
        None,
        "Neither of the two programs is public, and what counts as a line of which is not said. "
        f"In this course a user writes {model} lines for two models, and {beneath:,} lines of a "
        f"front end stand beneath them: {1 - model / beneath:.0%} less, if one counts what one "
        "sees. Front ends for GPUs hide as much.",
    )


def _lines(file: Traversable) -> int:
    """Lines of code: not blank, and no comment."""
    lines = (line.strip() for line in file.read_text(encoding="utf-8").splitlines())
    return sum(1 for line in lines if line and not line.startswith("#"))
