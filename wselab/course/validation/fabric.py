"""What was measured on a wafer, or on its vendor's simulator: V1, V2 and V7."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ... import kernels, predict
from ...specs import PUBLISHED, Chip
from .row import Row, inputs

# Inputs of the measurements, as the notes of their facts have them.
PES, WAVELETS = 512, 4096
GROUPS = (2, 8, 32, 128)
SIZE = 16 * 1024  # V7's "16K"
LAUNCH_FROM = "V2-8"  # the one row that a launch is fitted to, for a remark beside the others

#: The programs that meet V7: a name, how, what it does, what it assumes, and a remark.
_MESH = (
    "the vector begins in all rows, two levels of groups of about the root of the PEs sum, and "
    "every PE gets the sum"
)
_PROGRAMS: tuple[tuple[str, dict[str, Any], str, tuple[str, ...], str], ...] = (
    (
        "chain",
        {},
        "ours brings the vector, sums by a chain",
        (),
        "What was measured sums by a tree: the difference is that of two programs.",
    ),
    (
        "mesh",
        {"layout": "mesh"},
        "as MeshGEMV, summed at the end of a row",
        (_MESH,),
        "Where in a row the sums met is not stated.",
    ),
    (
        "centre",
        {"layout": "mesh", "all_reduce": "centre"},
        "as MeshGEMV, summed in the middle of a row",
        (_MESH,),
        "Where in a row the sums met is not stated.",
    ),
)

_CHOSEN = ("queue_depth", "operation_startup_cycles", "operation_gap_cycles")


def chain_reduce(emulate: bool, chip: Chip) -> Iterator[Row]:
    """V1: a row of PEs sums its vectors by a chain."""
    what = f"chain reduce, {PES} PEs in a row, {WAVELETS:,} FP32 values each"
    yield _reduce("V1", what, emulate, chip, algorithm="chain")


def two_phase_reduce(emulate: bool, chip: Chip) -> Iterator[Row]:
    """V2: the same by a chain in each group of S PEs, then a chain over the groups."""
    for group in GROUPS:
        what = f"two-phase reduce in groups of {group}, else as V1"
        yield _reduce(f"V2-{group}", what, emulate, chip, algorithm="two_phase", group=group)


def _reduce(id: str, what: str, emulate: bool, chip: Chip, **how: Any) -> Row:
    predicted = predict.reduce_row(pes=PES, wavelets=WAVELETS, chip=chip, **how)
    fact, emulated = PUBLISHED[id], None
    if emulate:  # zeros: cycles do not depend on values
        x = np.zeros((1, PES, WAVELETS), np.float32)
        emulated = kernels.reduce_row(x, chip=chip, **how)[1].cycles
    remark = (
        f"Published less predicted: {fact.value - predicted:+,} cycles. What was published has the "
        "launch of its program in it, the closed form has none. "
        + _with_launch(id, predicted, chip)
    )
    if "group" in how:
        model = _paper_two_phase(how["group"], chip)
        remark += (
            f" The cost model of the paper that named this algorithm has {model:,} cycles "
            f"({100 * (model / fact.value - 1):+.1f} %): there both phases send all values one "
            "after the other; by the rules the last group's sum goes on as it comes."
        )
    return Row(
        id,
        what,
        fact,
        (predicted, predicted),
        "run",
        inputs(chip, *_CHOSEN),
        emulated,
        remark,
    )


def _with_launch(id: str, predicted: int, chip: Chip) -> str:
    """What a launch that is fitted to one row leaves of the difference in the others."""
    fitted = predict.reduce_row(
        pes=PES, wavelets=WAVELETS, algorithm="two_phase", group=int(LAUNCH_FROM[3:]), chip=chip
    )
    launch = PUBLISHED[LAUNCH_FROM].value - fitted
    if id == LAUNCH_FROM:
        return f"Taken for the launch of such programs that is {launch} cycles."
    left = PUBLISHED[id].value - predicted - launch
    return f"With a launch of {launch} cycles, fitted to {LAUNCH_FROM} alone, {left:+,} are left."


def _paper_two_phase(group: int, chip: Chip) -> int:
    """Two phases by the cost model of Luczynski et al., HPDC 2024, arXiv:2404.15888."""
    hand_overs = (group - 1) + (-(-PES // group) - 1)
    return 2 * WAVELETS + PES - 1 + (2 * chip.ramp_latency_cycles + 1) * hand_overs


def wafer_gemv(emulate: bool, chip: Chip) -> Iterator[Row]:
    """V7: a matrix times a vector on a WSE-2, over every square of PEs that could have been it.

    First by the plainest program, in which the vector has to come and a chain sums, then by those
    that do what was measured: the vector is there, and a tree of two levels leaves the sum in every
    PE. Where the root of that tree stood is not stated either: at the end of a row, or in the
    middle.
    """
    clock = chip.clock_hot_chips_hz  # the clock that the paper of V7 reckons with
    assumed = (
        f"16K is {SIZE:,}, and sums are in FP16",
        f"clock of {clock / 1e9:g} GHz, as that paper has it; at {chip.clock_hz / 1e9:g} GHz ours "
        f"would be {clock / chip.clock_hz:.2f} times as long",
        *inputs(chip, *_CHOSEN),
    )
    for name, how, does, also, remark in _PROGRAMS:
        cycles = {
            side: predict.gemv(
                matrix=(SIZE, SIZE), wafer=(side, side), dtype="float16", chip=chip, **how
            )
            for side in _squares(chip)
        }
        best = min(cycles, key=cycles.__getitem__)
        emulated = None
        if emulate:  # zeros: cycles do not depend on values
            A, x = np.zeros((SIZE, SIZE), np.float16), np.zeros(SIZE, np.float16)
            emulated = kernels.gemv(A, x, (best, best), chip=chip, **how)[1].seconds(clock)
        yield Row(
            f"V7 {name}",
            f"GEMV of 16K x 16K in FP16 on a WSE-2; {does}",
            PUBLISHED["V7"],
            (min(cycles.values()) / clock, max(cycles.values()) / clock),
            "run",
            (_grid(cycles), *also, *assumed),
            emulated,
            f"Emulated at {best} x {best} PEs. {remark}",
        )


def _plan(side: int) -> kernels.Plan:
    return kernels.gemv_plan((SIZE, SIZE), (side, side), dtype="float16")


def _squares(chip: Chip) -> range:
    """Sides of the squares of PEs that hold the matrix and lie on the wafer."""
    largest = min(chip.user_shape)
    smallest = next(
        side for side in range(1, largest + 1) if _plan(side).bytes_per_pe <= chip.pe_memory_bytes
    )
    return range(smallest, largest + 1)


def _grid(cycles: dict[int, int]) -> str:
    """What is said of the core grid, which the source does not state."""
    sides = list(cycles)
    best, worst = (by(cycles, key=cycles.__getitem__) for by in (min, max))
    return (
        f"core grid not stated: every square from {sides[0]} x {sides[0]}, the least that holds "
        f"the matrix, to {sides[-1]} x {sides[-1]}; shortest at {best} x {best} "
        f"({cycles[best]:,} cycles), longest at {worst} x {worst} ({cycles[worst]:,})"
    )
