"""What is published and not predicted here, so that nothing is left out in silence."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class NotReached:
    """Published measurements that nothing here predicts yet: their ids, what they are, and why."""

    ids: tuple[str, ...]
    what: str
    why: str


_NO_MODEL = "there is no language model on the wafer yet, nor a prediction of one on GPUs"

#: With `rows`, every id of `PUBLISHED`.
NOT_REACHED = (
    NotReached(
        ("V4", "V4-rate", "V5-100", "V5-200", "V5-300", "V5-400"),
        "steps of a 25-point stencil on a WSE-2",
        "there is no stencil kernel yet. And one FP32 element a cycle was derived from V5 (and V1) "
        "itself: these will test how data moves, not that rate",
    ),
    NotReached(
        ("V6",),
        "22 GFLOP/W of that stencil",
        "22.8 kW is an input here and the rate is V4's: to divide them would repeat the source",
    ),
    NotReached(("V8", "V8-1xA100", "V8-8xA100", "V8-16xA100"), "decode of LLaMA3-8B", _NO_MODEL),
    NotReached(("V9", "V9-1xA100"), "prefill of LLaMA3-8B", _NO_MODEL),
    NotReached(("V10",), "BiCGStab on a WSE-1", "there is no stencil kernel and no solver yet"),
    NotReached(
        ("V19",),
        "training at 502 PFLOP/s on 3,072 A100",
        "there is no model of a GPU cluster yet; its share of the peak is above",
    ),
    NotReached(
        ("R1",),
        "a reduce up to 3.27 times faster than the vendor's library",
        "the sources here say neither what that library does nor at which size it was; a ratio of "
        "two programs of ours would be another number",
    ),
)
