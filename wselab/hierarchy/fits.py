"""What a model needs, and where it fits.

>>> from wselab.specs.models import LLAMA3_8B
>>> needs = training(LLAMA3_8B, tokens=4096)
>>> for part, size in needs.items():
...     print(f"{part:12} {size / 1e9:6.1f} GB")
weights        16.1 GB
gradients      16.1 GB
optimizer      64.2 GB
activations     1.1 GB
>>> fits(sum(needs.values()), {"WSE-3": 44e9, "8 x H100": 640e9})
{'WSE-3': False, '8 x H100': True}
"""

from __future__ import annotations

from typing import Any

import numpy as np

#: Bytes of a number by format.
BYTES = {"float32": 4, "float16": 2, "bfloat16": 2, "int8": 1, "fp8": 1, "int4": 0.5}

#: What Adam keeps of each parameter: two moments in FP32, and with a master copy that copy too.
ADAM_BYTES, MASTER_BYTES = 8, 4
# Without recomputing anything, half-precision activations of a layer take this many bytes for each
# value of a token's width, and so many for each head and token of the sequence.
LAYER_BYTES, SCORES_BYTES = 34, 5  # Korthikanti et al., 2022, arXiv:2205.05198; recalled


def training(
    model: Any,
    tokens: int,
    format: str = "float16",
    master: bool = False,
    recompute: bool = True,
    sequence: int = 2048,
) -> dict[str, float]:
    """Bytes to train a model with Adam, by part, with so many ``tokens`` in flight.

    ``model`` is a language model of `wselab.specs`, or a number of parameters; then there are no
    activations. With ``recompute`` only the input of each layer is kept; else all that the way
    back needs, in sequences of ``sequence`` tokens. ``master`` adds a copy of the weights in FP32.
    """
    size = _size(format)
    _check(tokens=tokens, sequence=sequence)
    count = _parameters(model)
    needs = {
        "weights": size * count,
        "gradients": size * count,
        "optimizer": (ADAM_BYTES + (MASTER_BYTES if master else 0)) * count,
    }
    if not isinstance(model, (int, float)):
        needs["activations"] = tokens * activation_bytes(model, size, recompute, sequence)
    return needs


def activation_bytes(
    model: Any, itemsize: float = 2, recompute: bool = True, sequence: int = 2048
) -> float:
    """Bytes of activations that a token leaves behind for the way back."""
    if recompute:
        return itemsize * model.width * model.layers
    layer = LAYER_BYTES * model.width + SCORES_BYTES * model.heads * sequence
    return itemsize / 2 * layer * model.layers


def inference(
    model: Any, context: int, batch: int = 1, format: str = "float16", kv_format: str = ""
) -> dict[str, float]:
    """Bytes to run a model for ``batch`` users with ``context`` tokens each: weights, KV cache."""
    _check(context=context, batch=batch)
    kept = model.kv_values_per_token * context * batch
    return {
        "weights": _size(format) * model.parameters,
        "KV cache": _size(kv_format or format) * kept,
    }


def fits(needed_bytes: float, places: dict[str, float]) -> dict[str, bool]:
    """In which places, by their bytes, so much fits."""
    return {name: bool(needed_bytes <= capacity) for name, capacity in places.items()}


def most_tokens(model: Any, capacity_bytes: float, itemsize: float = 2) -> int:
    """How many tokens' activations a memory holds, if all else is recomputed.

    >>> from wselab.specs import WSE3
    >>> from wselab.specs.models import GPT3_175B
    >>> most_tokens(GPT3_175B, WSE3.sram_bytes)
    18649
    """
    return int(capacity_bytes // activation_bytes(model, itemsize))


def _parameters(model: Any) -> float:
    count = model if isinstance(model, (int, float)) else model.parameters
    if not (np.isfinite(count) and count > 0):
        raise ValueError(f"model={model!r}; expected a language model, or its parameters, above 0")
    return count


def _size(format: str) -> float:
    if format not in BYTES:
        raise ValueError(f"format {format!r}; expected one of {', '.join(BYTES)}")
    return BYTES[format]


def _check(**numbers: Any) -> None:
    for name, number in numbers.items():
        if not (isinstance(number, (int, np.integer)) and number >= 0):
            raise ValueError(f"{name}={number!r}; expected a whole number, at least 0")
