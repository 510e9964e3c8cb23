"""Time SUMMA, predicted at the full wafer and stepped: `python -m benchmarks.gemm`."""

from __future__ import annotations

import time
from typing import Any

import wselab as wse
from wselab.kernels.gemm_tiles import gemm_plan
from wselab.kernels.summa import write_summa

FULL = wse.WSE2.user_shape
#: Rows of square matrices, type and whether they are sent beside the products, to predict.
PREDICTED: list[tuple[int, str, bool]] = [
    (16384, "float32", True),
    (8192, "float16", True),  # here all wait for ramps
    (4096, "float32", True),
    (4096, "float32", False),
]
STEPPED = [(16, (16, 4, 16)), (32, (4, 4, 4)), (32, (1, 16, 1))]  # PEs a side, tile


def main() -> None:
    """Print both tables; goal: about a second for each prediction."""
    rows, columns = FULL
    print(f"predicted on {rows} x {columns} PEs")
    print(f"{'matrix':>8} {'type':>8} {'overlap':>8} {'cycles':>12} {'s':>6}")
    for size, dtype, overlap in PREDICTED:
        start = time.perf_counter()
        cycles = wse.predict.gemm(sizes=(size,) * 3, wafer=FULL, dtype=dtype, overlap=overlap)
        taken = time.perf_counter() - start
        print(f"{size:>8,} {dtype:>8} {overlap!s:>8} {cycles:>12,} {taken:>6.2f}", flush=True)
    print("\nstepped, float32, with overlap; off: how far the prediction is")
    print(
        f"{'PEs':>8} {'tile':>12} {'cycles':>8} {'off':>7} {'engine':>9} {'s':>6} "
        f"{'reference s':>12} {'times':>6}"
    )
    for side, tile in STEPPED:
        stepped(side, tile)


def stepped(side: int, tile: tuple[int, int, int]) -> None:
    """A product on ``side`` x ``side`` PEs, by the engine that it gets and by the reference."""
    m, b, n = tile
    sizes = side * m, side * b, side * n
    run, seconds = timed(program(sizes, side))
    _, reference = timed(program(sizes, side), engine="reference")
    off = wse.predict.gemm(sizes=sizes, wafer=(side, side)) / run.cycles - 1
    shape = " x ".join(map(str, tile))
    print(
        f"{side:>3} x {side:<2} {shape:>12} {run.cycles:>8,} {off:>+7.2%} {run.engine:>9} "
        f"{seconds:>6.2f} {reference:>12.2f} {reference / seconds:>6.1f}",
        flush=True,
    )


def timed(wafer: wse.Wafer, engine: str | None = None) -> tuple[wse.Run, float]:
    """A run, and its seconds."""
    start = time.perf_counter()
    run = wafer.run(engine)
    return run, time.perf_counter() - start


def program(sizes: tuple[int, int, int], side: int) -> wse.Wafer:
    """The program on its wafer, with zeros for data."""
    plan = gemm_plan(sizes, (side, side))
    m, b, n = plan.tile
    w = wse.Wafer(side, side)
    memories: dict[str, Any] = {
        name: w.memory(name, (places, b, m if name[0] == "A" else n))
        for name, places in plan.places.items()
    }
    pairs = [(memories[name], memories.get(f"{name} queue")) for name in "AB"]
    write_summa(w, pairs[0], pairs[1], w.memory("C", (n, m)), plan.panels)
    return w


if __name__ == "__main__":
    main()
