"""The types of a PE's numbers: what each operation computes in, how it rounds, what it costs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest

import wselab as wse
from wselab import EAST, RAMP, WEST, Trace, fabin, fabout

from .fabric_programs import LINK, line, wafer

HALVES = ["float16", "bfloat16"]
engines = pytest.mark.parametrize("engine", ["reference", "lockstep", "bitplane"])
halves = pytest.mark.parametrize("half", HALVES)


def spread(shape: Any, dtype: str, seed: int = 0) -> np.ndarray:
    """Numbers of many sizes, so that each rounding shows."""
    draw = np.random.default_rng(seed)
    return (draw.standard_normal(shape) * 2.0 ** draw.integers(-4, 4, shape)).astype(dtype)


@engines
@pytest.mark.parametrize("kind", ["add", "mul", "max", "mac"])
def test_bfloat16_is_rounded_after_each_step_as_a_float32_is_cut_to_it(
    engine: str, kind: str
) -> None:
    """The nearest bfloat16, worked out here on the bits of a float32, is what memory holds."""
    w = wafer(1, 1)
    a, b, out = (w.memory(name, 200, dtype="bfloat16") for name in ("a", "b", "out"))
    a[...], b[...], out[...] = (spread(200, "bfloat16", seed) for seed in range(3))
    wide_a, wide_b, before = (one[0, 0].astype(np.float32) for one in (a, b, out))

    def nearest(wide: np.ndarray) -> np.ndarray:
        bits = wide.view(np.uint32)
        return (bits + 0x7FFF + ((bits >> 16) & 1) & 0xFFFF0000).view(np.float32)

    getattr(w[...], kind)(a, b, out=out)
    w.run(engine=engine)
    expected = {
        "add": lambda: nearest(wide_a + wide_b),
        "mul": lambda: nearest(wide_a * wide_b),
        "max": lambda: np.maximum(wide_a, wide_b),
        "mac": lambda: nearest(before + nearest(wide_a * wide_b)),
    }[kind]()
    assert out.dtype == ml_dtypes.bfloat16
    assert out[0, 0].astype(np.float32).tolist() == expected.tolist()


@engines
@halves
def test_a_product_of_two_halves_goes_exactly_onto_a_float32(engine: str, half: str) -> None:
    """Rounded once, after the sum: float64, which has room for both, rounds to the same."""
    w = wafer(1, 1)
    a, b = (w.memory(name, 300, dtype=half) for name in "ab")
    y = w.memory("y", 300)
    a[...], b[...], y[...] = spread(300, half, 1), spread(300, half, 2), spread(300, "float32", 3)
    exact = y[0, 0].astype(float) + a[0, 0].astype(float) * b[0, 0].astype(float)
    in_two = (y[0, 0] + (a[0, 0] * b[0, 0]).astype(np.float32)).tolist()
    w[...].mac(a, b, out=y)
    w.run(engine=engine)
    assert y[0, 0].tolist() == exact.astype(np.float32).tolist() != in_two


@engines
@pytest.mark.parametrize(
    ("types", "rate"),
    [
        (("float16", "float16", "float16"), 8),
        (("bfloat16", "bfloat16", "bfloat16"), 8),
        (("float32", "float32", "float32"), 2),
        (("float16", "float16", "float32"), 5),
        (("bfloat16", "bfloat16", "float32"), 5),
        (("float16", "bfloat16", "float32"), 2),
        (("float16", "float32", "float32"), 2),
        (("float32", "float32", "float16"), 2),
    ],
    ids=str,
)
def test_the_types_of_the_factors_and_of_the_sum_set_the_rate(
    engine: str, types: tuple[str, str, str], rate: int
) -> None:
    """``fp16_macs`` where all is of one 16-bit type, ``mixed_macs`` onto a float32, else fp32."""
    w = wafer(1, 1, fp16_macs=8, mixed_macs=5, fp32_macs=2)
    a, b, y = (w.memory(name, 37, dtype=one) for name, one in zip("aby", types, strict=True))
    w[...].mac(a, b, out=y)
    assert w.run(engine=engine).cycles == -(-37 // rate)


@engines
def test_only_memory_of_16_bits_makes_a_mac_mixed(engine: str) -> None:
    """A number is a float32, and what a stream brings comes one a cycle."""
    w = wafer(1, 2, fp16_macs=8, mixed_macs=5, fp32_macs=2)
    h, y, c = w.memory("h", 40, dtype="float16"), w.memory("y", 40), w.color("c")
    w[0, 0].mac(h, 2.0, out=y)
    assert w.run(engine=engine).cycles == 20
    line(w, c, 0, 0, 1)
    w[0, 0].mov(h, out=fabout(c))
    w[0, 1].mac(fabin(c), h, out=y)
    assert w.run(engine=engine).cycles == 40 + LINK(2, 1)


def test_the_chips_rate_of_a_mixed_mac_is_what_memory_takes_in() -> None:
    """Two float32 sums in the 8 bytes that the memory of a WSE-2 takes in a cycle."""
    w = wse.Wafer(1, 1)
    a, y = w.memory("a", 10, dtype="bfloat16"), w.memory("y", 10)
    w[...].mac(a, a, out=y)
    assert w.run().cycles == 5
    assert wse.WSE2.mixed_macs_per_cycle == wse.WSE2.sram_write_bytes_per_cycle // 4 == 2


@engines
@halves
def test_the_other_half_and_streams_go_by_way_of_float32(engine: str, half: str) -> None:
    """A wavelet carries a float32; memory takes the nearest of its own type."""
    other = HALVES[1 - HALVES.index(half)]
    w = wafer(1, 2)
    here, there = w.memory("here", 50, dtype=half), w.memory("there", 50, dtype=other)
    c = w.color("c")
    here[...] = spread((1, 2, 50), half)
    expected = here[0].astype(np.float32).astype(other)
    line(w, c, 0, 0, 1)
    w[0, 0].mov(here, out=fabout(c))
    w[0, 1].mov(fabin(c), out=there)
    w[0, 0].mov(here, out=there)
    w.run(engine=engine)
    assert there[0].tobytes() == np.array([expected[0], expected[0]]).tobytes()


@engines
@halves
def test_numbers_and_streams_are_rounded_before_they_are_computed_with(
    engine: str, half: str
) -> None:
    """All of an operation is of the one type of its memory: a number, and both of two streams."""
    number = 1 + 2**-8 + 2**-13  # by way of float16 it would become another bfloat16
    w = wafer(1, 3)
    x, h = w.memory("x", 50), w.memory("h", 50, dtype=half)
    east, west = w.color("east"), w.color("west")
    x[...] = spread((1, 3, 50), "float32")
    a, b = x[0, 0].astype(half), x[0, 2].astype(half)
    h[0, 2] = b
    w[0, 0].route(east, RAMP >> EAST)
    w[0, 2].route(west, RAMP >> WEST)
    w[0, 1].route(east, WEST >> RAMP)
    w[0, 1].route(west, EAST >> RAMP)
    w[0, 0].mov(x, out=fabout(east))
    w[0, 2].mov(x, out=fabout(west))
    w[0, 1].mul(fabin(east), fabin(west), out=h)
    w[0, 2].mul(h, number, out=h)
    w.run(engine=engine)
    assert h[0, 1].tobytes() == (a * b).tobytes()
    assert h[0, 2].tobytes() == (b * np.array(number).astype(half)).tobytes()
    assert h[0, 1].tobytes() != (x[0, 0] * x[0, 2]).astype(half).tobytes(), "seen if not rounded"


def test_bfloat16_counts_two_bytes_of_a_pe() -> None:
    """24,576 of them fill the 48 KiB, and one more is refused."""
    assert wse.Wafer(1, 1).memory("x", 24_576, dtype="bfloat16").bytes_per_pe == 48 * 1024
    with pytest.raises(wse.MemoryBudgetError, match="49,154 would be taken"):
        wse.Wafer(1, 1).memory("x", 24_577, dtype="bfloat16")


def test_memory_adopts_an_array_of_bfloat16() -> None:
    """Without a copy, as with the other types."""
    data = np.ones((1, 2, 3), ml_dtypes.bfloat16)
    w = wse.Wafer(1, 2)
    x = w.memory("x", data=data)
    w[...].add(x, 0.5, out=x)
    w.run()
    assert repr(x) == "<memory x: 3 of bfloat16 in each PE>"
    assert data.astype(float).tolist() == [[[1.5] * 3] * 2]


def test_bfloat16_is_loaded_when_asked_for_and_missed_with_a_word() -> None:
    """Importing wselab and a float16 memory do without ml_dtypes; bfloat16 says what to install."""
    code = (
        "import sys; sys.modules['ml_dtypes'] = None\n"
        "import wselab as wse\n"
        "w = wse.Wafer(1, 1); w.memory('h', 2, dtype='float16')\n"
        "try: w.memory('x', 2, dtype='bfloat16')\n"
        "except wse.ProgramError as error: print(error)"
    )
    printed = subprocess.check_output([sys.executable, "-c", code], text=True)
    assert "bfloat16" in printed and "pip install ml_dtypes" in printed
    loaded = (
        "import sys, wselab; wselab.Wafer(1, 1).memory('h', 2); print('ml_dtypes' in sys.modules)"
    )
    assert subprocess.check_output([sys.executable, "-c", loaded], text=True) == "False\n"


def test_a_trace_of_bfloat16_is_read_where_nothing_has_loaded_it(tmp_path: Path) -> None:
    """Values and cycles come back from the file in another process."""
    w = wafer(1, 1)
    x, y = w.memory("x", 4, dtype="bfloat16"), w.memory("y", 4)
    x[...] = [1.5, -2.0, 0.25, 3.0]
    w[...].mac(x, x, out=y)
    w.run(trace=Trace()).trace.to_json(tmp_path / "trace.json")
    code = (
        "import wselab as wse\n"
        f"trace = wse.Trace.from_json({str(tmp_path / 'trace.json')!r})\n"
        "memory = trace.at(trace.last).pe(0, 0).memory\n"
        "print(memory['x'].dtype, memory['x'].astype(float).tolist(), trace.last)"
    )
    printed = subprocess.check_output([sys.executable, "-c", code], text=True)
    assert printed == "bfloat16 [1.5, -2.0, 0.25, 3.0] 2\n"
