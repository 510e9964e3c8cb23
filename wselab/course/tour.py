"""A few seconds in a terminal: a whole wafer adds up, then a measurement is met."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import kernels, predict
from ..fabric import Run, Wafer
from ..specs import WSE2
from ..specs.published import PUBLISHED

WAVELETS = 256
SEED = 2024
MEASURED = {"pes": 512, "wavelets": 4096}  # the inputs of V1


def tour(
    rows: int = WSE2.user_rows,
    columns: int = WSE2.user_columns,
    say: Callable[[str], Any] = print,
    bar: bool = True,
) -> tuple[Run, Run]:
    """Tell what a wafer is, sum vectors over all of it, and run V1; the two runs.

    ``say`` gets the lines; ``bar`` shows progress on the terminal. Small ``rows`` and ``columns``
    make it quick.
    """
    say(
        "A wafer-scale engine is a whole silicon wafer left in one piece: small processors (PEs)\n"
        "in rows and columns, each with 48 KiB of memory and a router to its four neighbours.\n"
        f"This is the emulator of one: {rows:,} rows x {columns:,} columns of {WSE2.name}, "
        f"{rows * columns:,} PEs.\n"
    )
    whole = _whole_wafer(rows, columns, say, bar)
    say("")
    return whole, _measured(say)


def _whole_wafer(rows: int, columns: int, say: Callable[[str], Any], bar: bool) -> Run:
    """A 2D reduce of seeded random vectors, with the cycles predicted and run."""
    rng = np.random.default_rng(SEED)
    data = rng.random((rows, columns, WAVELETS), dtype=np.float32)
    data -= np.float32(0.5)
    w = Wafer(rows, columns)
    x = w.memory("x", data=data)
    total = w.memory("total", WAVELETS, dtype=x.dtype)
    kernels.write_reduce_2d(w, x, total)
    predicted = predict.reduce_2d(rows=rows, columns=columns, wavelets=WAVELETS)
    say(
        f"Every PE holds {WAVELETS} random numbers. They are summed PE by PE along the rows, then\n"
        f"up the first column. Predicted: {predicted:,} cycles."
    )
    started = time.perf_counter()
    with _Bar(predicted, bar) as progress:
        run = w.run(progress=progress)
    seconds = time.perf_counter() - started
    exact = data.sum(axis=(0, 1), dtype=np.float64)
    apart = float(np.abs(np.asarray(total[0, 0], np.float64) - exact).max())
    clock = f"{WSE2.clock_hz / 1e6:,.0f} MHz"
    say(f"  run           {run.cycles:,} cycles: {run.seconds() * 1e6:,.1f} µs at {clock}")
    say(f"  predicted     {predicted:,} cycles")
    say(f"  hops          {run.hops:,} wavelets over links")
    largest = f"{np.abs(exact).max():,.0f}"
    say(f"  NumPy's sum   {apart:.1g} away at most, in sums up to {largest} (FP32)")
    say(f"  on this host  {seconds:.1f} s, every cycle stepped, every value computed")
    return run


def _measured(say: Callable[[str], Any]) -> Run:
    """V1: the same chain in one row, beside what another simulator measured."""
    pes, wavelets = MEASURED["pes"], MEASURED["wavelets"]
    published = PUBLISHED["V1"]
    rng = np.random.default_rng(SEED + 1)
    data = rng.random((1, pes, wavelets), dtype=np.float32)
    _, run = kernels.reduce_row(data, algorithm="chain")
    error = 100 * (run.cycles - published.value) / published.value
    say(f"Against the record (V1): {pes} PEs in a row sum vectors of {wavelets:,}.")
    say(f"  run here      {run.cycles:,} cycles")
    say(f"  published     {published.value:,} cycles; we are {error:+.1f} % from it")
    for name, text in (("source", published.source), ("what it is", published.note)):
        first, *rest = textwrap.wrap(text, 78, break_on_hyphens=False)
        say("\n".join([f"  {name:13} {first}", *(f"{'':16}{line}" for line in rest)]))
    return run


class _Bar:
    """tqdm over the predicted cycles; nothing where ``shown`` is false."""

    def __init__(self, total: int, shown: bool):
        self.total, self.shown = total, shown

    def __enter__(self) -> Any:
        if not self.shown:
            return False
        from tqdm import tqdm

        self.bar = tqdm(total=self.total, unit=" cycles", ncols=80, disable=None)
        return lambda cycle: self.bar.update(cycle - self.bar.n)

    def __exit__(self, *error: Any) -> None:
        if self.shown:
            self.bar.close()
