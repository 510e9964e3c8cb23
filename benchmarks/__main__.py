"""Time whole programs, print them as ratios to a copy of the same bytes and to the reference.

A program and the copy take turns, so that what else the machine does hits both.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import wselab as wse
from wselab.fabric.engines import bitplane
from wselab.fabric.engines.replay import Replay
from wselab.fabric.program import Program
from wselab.fabric.streams import streams

from . import programs

ROUNDS = 3
TURNS = 5  # of a program and the copy


def copy_of(values: int) -> Callable[[], None]:
    """Copies so many float32 values by `np.copyto`, both arrays in memory before."""
    source = np.ones(values, np.float32)
    target = np.zeros_like(source)
    target[...] = 2.0
    return lambda: np.copyto(target, source)


def timed(act: Callable[[], Any]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def median(measure: Callable[[], float]) -> float:
    return statistics.median(measure() for _ in range(ROUNDS))


def parts(wafer: wse.Wafer) -> tuple[int, float, float]:
    """Cycles, seconds of building and control, and seconds of values, of one launch."""
    start = time.perf_counter()
    program = Program.of(wafer)
    control, how = bitplane.simulate(program)
    middle = time.perf_counter()
    flows = [streams(program, color) for color in program.colors]
    Replay(program, flows).run()
    end = time.perf_counter()
    if how != "ended":
        raise RuntimeError(f"the timed program did not end but was {how}")
    return control.now, middle - start, end - middle


def row(name: str, make: Callable[[], wse.Wafer], copy: Callable[[], None]) -> None:
    turns = [(timed(copy), *parts(make())) for _ in range(TURNS)]
    times = np.array([(c, control, values, control + values) for c, _, control, values in turns])
    copied, control, values, whole = np.median(times, axis=0)
    _, control_in_copies, _, in_copies = np.median(times / times[:, :1], axis=0)
    print(
        f"{name:44} {turns[0][1]:>8,} {copied:>7.3f} {control:>8.2f} {values:>7.2f} {whole:>7.2f} "
        f"{control_in_copies:>9.1f} {in_copies:>7.1f}",
        flush=True,
    )


def against_reference(name: str, make: Callable[[int, int], wse.Wafer]) -> None:
    bitplane, lockstep = (
        median(lambda one=one: timed(lambda: make(32, 32).run(engine=one)))
        for one in ("bitplane", "lockstep")
    )
    slow = timed(lambda: make(32, 32).run(engine="reference"))
    print(
        f"{name:44} {bitplane:>8.3f} {lockstep:>8.2f} {slow:>9.2f} {slow / bitplane:>9.0f} "
        f"{slow / lockstep:>8.0f}",
        flush=True,
    )


def beside(name: str, make: Callable[[], wse.Wafer]) -> None:
    """What comes before a run, and what maps add to it, beside the run itself."""
    with programs.without_data():
        built = median(lambda: timed(make))
    wafer = make()
    verified, ran = timed(wafer.verify), timed(wafer.run)
    wafer = make()
    mapped = timed(lambda: wafer.run(maps=True))
    print(f"{name:44} {built:>8.2f} {verified:>8.2f} {ran:>9.2f} {mapped:>9.2f}", flush=True)


def control_megabytes(wafer: wse.Wafer) -> float:
    """What the bitplane engine holds to know when things happen, at the end of a run."""
    program = Program.of(wafer)
    control = bitplane.Control(program)
    control.run(None)
    threads = control.threads
    arrays = [control.step, control.computing, threads.number, threads.free, threads.parked]
    arrays += {id(p): p.buffer for p in (control.window.full, control.window.planes)}.values()
    return sum(array.nbytes for array in arrays) / 1e6


def by_rule() -> None:
    """Microseconds a cycle that each group of gates takes in the middle of a run."""
    for name, make in (("2D reduce", programs.reduce_2d), ("broadcast", programs.broadcast)):
        program = Program.of(make())
        control = bitplane.Control(program)
        control.run(1000)
        circuit = control.window.circuit
        if circuit is None:
            raise RuntimeError("no window is open in the middle of a run")
        sections = {**circuit.sections, "ports shared": (circuit.contended or [[]])[0]}
        costs = {}
        for section, gates in sections.items():
            start = time.perf_counter()
            for _ in range(500):
                for gate, a, b, out in gates:
                    gate(a, b, out)
            costs[section] = (time.perf_counter() - start) / 500 * 1e6
        low, high = control.window.lines
        text = ", ".join(f"{section} {cost:.1f}" for section, cost in costs.items() if cost > 0.2)
        print(f"{name}, cycle 1,000, {high - low} lines: {text} (sum {sum(costs.values()):.0f})")


def peak_megabytes() -> float:
    """Peak memory of a process that only makes and runs the 2D reduce."""
    code = (
        "import resource; from benchmarks import programs; programs.reduce_2d().run(); "
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return int(done.stdout) / (1024 if sys.platform != "darwin" else 1024**2)


def main() -> None:
    rows, columns, wavelets = programs.ROWS, programs.COLUMNS, programs.WAVELETS
    peak = peak_megabytes()
    copy = copy_of(rows * columns * wavelets)
    print(f"{rows} x {columns} PEs, {wavelets} float32 values each; every cycle stepped")
    megabytes = 4 * rows * columns * wavelets / 1e6
    print(f"a copy: np.copyto of {megabytes:,.0f} MB, as much as the 2D reduce has; medians\n")
    print(
        f"{'':44} {'cycles':>8} {'copy':>7} {'control':>8} {'values':>7} {'whole':>7} "
        f"{'in copies':>17}"
    )
    print(f"{'':44} {'':>8} {'s':>7} {'s':>8} {'s':>7} {'s':>7} {'control':>9} {'whole':>7}")
    row("2D chain reduce", programs.reduce_2d, copy)
    row(
        "2D chain reduce, each row delayed at random",
        lambda: programs.reduce_2d(delayed=True),
        copy,
    )
    row("broadcast", programs.broadcast, copy)
    row("halo exchange, 8 colors, 64 wavelets", programs.halo, copy)
    row("V1: chain over 512 PEs, 4,096 wavelets", programs.v1, copy)
    state = {
        name: control_megabytes(make())
        for name, make in (("2D reduce", programs.reduce_2d), ("halo exchange", programs.halo))
    }
    text = ", ".join(f"{name} {size:,.0f} MB" for name, size in state.items())
    print(f"\nControl state: {text}; peak memory of the 2D reduce, data included: {peak:,.0f} MB\n")
    print(f"{'32 x 32 PEs, s':44} {'bitplane':>8} {'lockstep':>8} {'reference':>9} {'ratios':>18}")
    against_reference("2D chain reduce", programs.reduce_2d)
    against_reference("broadcast", programs.broadcast)
    against_reference("halo exchange", programs.halo)
    print(f"\n{'whole wafer, s':44} {'build':>8} {'verify':>8} {'run':>9} {'with maps':>9}")
    beside("2D chain reduce", programs.reduce_2d)
    beside("broadcast", programs.broadcast)
    beside("halo exchange", programs.halo)
    print("\nWhat the rules cost, in microseconds a cycle:")
    by_rule()


if __name__ == "__main__":
    main()
