"""The constants of the fabric's rules, taken from a chip or set for a what-if run."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from .errors import ProgramError

ARBITRATIONS = ("fixed", "rotate")


@dataclass(frozen=True)
class Rules:
    """What the rules of the fabric leave open, in cycles, wavelets and elements.

    ``queue_depth``: wavelets a router's or a PE's queue holds, at least 2.
    ``ramp_latency``: cycles between a processor and its router, each way, at least 1.
    ``startup``: cycles before an operation on memory alone handles its first element.
    ``gap``: cycles between the end of an operation and the first element of the next.
    ``fp16_macs``, ``fp32_macs``: multiply-accumulates a cycle by type, memory to memory; the first
    also for bfloat16.
    ``mixed_macs``: the same for factors of 16 bits that are added up in float32.
    ``microthreads``: operations of a PE that can run beside its current one.
    ``task_wake``: cycles between a wavelet's taking by a task and its first operation.
    ``io_wavelets``: wavelets a cycle between the host and the wafer, each way, over all links.
    ``arbitration``: "fixed" (the lowest color first) or "rotate" (a what-if).
    """

    queue_depth: int
    ramp_latency: int
    startup: int
    gap: int
    fp16_macs: int
    fp32_macs: int
    mixed_macs: int
    microthreads: int
    task_wake: int
    io_wavelets: int
    arbitration: str = "fixed"

    @classmethod
    def of(cls, chip: Any, **what_if: Any) -> Rules:
        """The rules of ``chip`` (a `wselab.specs.Chip`), with changes by name."""
        values = {
            "queue_depth": chip.queue_depth,
            "ramp_latency": chip.ramp_latency_cycles,
            "startup": chip.operation_startup_cycles,
            "gap": chip.operation_gap_cycles,
            "fp16_macs": chip.fp16_macs_per_cycle,
            "fp32_macs": chip.fp32_macs_per_cycle,
            "mixed_macs": chip.mixed_macs_per_cycle,
            "microthreads": chip.microthreads,
            "task_wake": chip.task_wake_cycles,
            "io_wavelets": chip.io_wavelets_per_cycle,
        }
        known = [field.name for field in fields(cls)]
        for name in what_if:
            if name not in known:
                raise ProgramError(f"unknown rule {name!r}; the rules are {', '.join(known)}")
        return cls(**{**values, **what_if})

    def __post_init__(self) -> None:
        least = {"queue_depth": 2, "ramp_latency": 1, "startup": 0, "gap": 0}
        least |= {"fp16_macs": 1, "fp32_macs": 1, "mixed_macs": 1}
        least |= {"microthreads": 1, "task_wake": 0, "io_wavelets": 1}
        for name, bound in least.items():
            value = getattr(self, name)
            if not isinstance(value, int) or value < bound:
                hint = " (a queue of 1 would pass a wavelet only every other cycle)"
                raise ProgramError(
                    f"rule {name}={value!r}: expected a whole number of at least {bound}"
                    + (hint if name == "queue_depth" else "")
                )
        if self.arbitration not in ARBITRATIONS:
            raise ProgramError(
                f"rule arbitration={self.arbitration!r}: expected one of {ARBITRATIONS}"
            )

    def rate(self, kind: str, dtype: str, mixed: bool = False) -> int:
        """Elements that an operation on memory alone handles in a cycle; see `Operation.mixed`."""
        if kind != "mac":
            return 1
        if mixed:
            return self.mixed_macs
        return self.fp32_macs if dtype == "float32" else self.fp16_macs
