"""What a run will cost this machine, roughly and from below, before it begins.

Costs are those of a small server of 2026 (`make bench` prints this machine's); they decide only
which engine to take, if none is named, and whether to ask first.
"""

from __future__ import annotations

import os
import time
from typing import Any

import numpy as np

from .errors import HostMemoryError, TooLong
from .program import Program

SECONDS_A_CYCLE = {"bitplane": 20e-6, "lockstep": 300e-6, "reference": 0.0}
SECONDS_A_NODE = {"bitplane": 0.0, "lockstep": 60e-9, "reference": 3e-6}  # a color in a router
#: What an operation costs the bitplane engine in each list of operations that some PEs have. The
#: lockstep engine has no such cost, since it takes operations of one form together.
SECONDS_A_LISTED = 40e-6
LONG = 20  # operations of a list that is called long
BYTES_A_NODE = {"bitplane": 10, "lockstep": 300, "reference": 3_000}
PATIENCE_S = 180.0


def host_bytes() -> float:
    """The memory of this machine in bytes; infinity where it does not say."""
    try:
        return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, ValueError, OSError):  # not every system has it
        return float("inf")


def check_host_memory(name: str, new_bytes: int, taken: int, most: float) -> None:
    """Refuse memory that this machine has not, before it is asked for it."""
    if taken + new_bytes <= most:
        return
    raise HostMemoryError(
        f"memory {name!r}: {new_bytes / 1e9:,.1f} GB on this machine, beside {taken / 1e9:,.1f} GB "
        f"that the wafer has already; the machine has {most / 1e9:,.1f} GB. Try a smaller wafer, "
        "dtype='float16', or data= with an array of your own. To go on anyway: "
        f"w.host_bytes = {1.1 * (taken + new_bytes):.2g}"
    )


def fewest_cycles(program: Program) -> int:
    """Cycles that the busiest PE needs at least, if it never waits.

    Microthreads run beside its other operations, so only the longest of them counts.
    """
    price = [
        int(np.max(operation.cycles(operation.n, program.rules), initial=0))
        for operation in program.operations
    ]
    beside = [operation.microthread for operation in program.operations]
    return max(
        max(
            sum(price[number] for number in numbers if not beside[number]),
            max((price[number] for number in numbers if beside[number]), default=0),
        )
        for numbers in program.schedule.lists
    )


def seconds_a_cycle(program: Program, engine: str) -> float:
    """What a cycle of a program costs an engine."""
    return SECONDS_A_CYCLE[engine] + SECONDS_A_NODE[engine] * nodes_of(program)


def nodes_of(program: Program) -> int:
    """The colors in all routers, or the PEs if there are more of them."""
    routed = sum(int(color.routed.sum()) for color in program.colors)
    return max(program.shape[0] * program.shape[1], routed)


def lockstep_is_quicker(program: Program) -> bool:
    """Whether the lockstep engine is likely to be quicker, though the bitplane engine could run it.

    It is where many PEs have long lists of their own that take few cycles, as in products of
    matrices on some hundred PEs. Cycles are counted from below, so twice as many are assumed. With
    short lists PEs may wait for what is far away, and there may be many times as many.
    """
    lists = program.schedule.lists
    listed = sum(map(len, lists))
    seconds = SECONDS_A_LISTED * listed
    if seconds < 0.1 or listed < LONG * len(lists):
        return False
    return seconds > 2 * fewest_cycles(program) * seconds_a_cycle(program, "lockstep")


def check(program: Program, engine: str, patience: float, most_bytes: float) -> None:
    """Refuse a run that would surely take longer than ``patience`` seconds, or too much memory."""
    nodes, per_cycle = nodes_of(program), seconds_a_cycle(program, engine)
    if BYTES_A_NODE[engine] * nodes > most_bytes:
        raise HostMemoryError(
            f"the {engine} engine would take {BYTES_A_NODE[engine] * nodes / 1e9:,.1f} GB for "
            f"{nodes:,} routes; this machine has {most_bytes / 1e9:,.1f} GB. Try a smaller wafer"
        )
    if per_cycle * 1_000 < patience and engine == "bitplane":
        return  # it needs many cycles to be long, and the clock stops it then
    cycles = fewest_cycles(program)
    if cycles * per_cycle > patience:
        raise TooLong(
            f"at least {cycles:,} cycles on {program.shape[0]} x {program.shape[1]} PEs, at about "
            f"{per_cycle * 1e3:,.3g} ms each on the {engine} engine: about "
            f"{cycles * per_cycle / 60:,.0f} minutes or more. Try a smaller wafer or fewer "
            "elements; to run it anyway: w.run(patience=seconds)"
        )


class Clock:
    """Calls ``report`` with the cycle, and stops a run that takes longer than ``patience``."""

    def __init__(self, report: Any, patience: float):
        self.report, self.patience, self.start = report, patience, time.monotonic()

    def __call__(self, cycle: int) -> None:
        if self.report:
            self.report(cycle)
        if time.monotonic() - self.start > self.patience:
            raise TooLong(
                f"after {self.patience:,.0f} seconds the run is at cycle {cycle:,} and not at its "
                "end; memory is as it was before. To let it take longer: w.run(patience=seconds)"
            )
