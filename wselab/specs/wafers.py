"""The three wafers: what is public of WSE-1, WSE-2 and WSE-3, and what the emulator assumes.

Sources print a fabric as width x height; here rows come first, row 0 north. Vendor capacities and
rates are decimal, the memory of one PE is binary. Four core counts circulate and differ:
``physical_cores`` are printed by the mask, ``active_cores`` are sold, ``fabric_rows`` by
``fabric_columns`` is what the compiler shows, ``user_rows`` by ``user_columns`` is what a program
gets beside the host's own PEs. A what-if that changes one of them leaves the others alone.

Examples
--------
>>> WSE2.fabric_rows * WSE2.fabric_columns, WSE2.active_cores
(753972, 850000)
>>> print(WSE3.fact("fp16_macs_per_cycle"))
8 MAC/cycle (second: Cerebras, press material on the WSE-3)
"""

from math import asin, sqrt

from .chip import Chip
from .core import CHOICES, CORE, PAPER, ROUTING, STENCIL, carry
from .fact import Fact

_EXAMPLES = "Cerebras, csl-examples (the SDK's example programs)"
_HOT_CHIPS = "Cerebras, Hot Chips 34, 2022"
_DEFECTS = 'Cerebras, "100x Defect Tolerance", January 2025'
_FIGURES = {n: f"Cerebras, published figures of the WSE-{n}" for n in (1, 2, 3)}
_PRESS = {n: f"Cerebras, press material on the WSE-{n}" for n in (1, 2, 3)}
_MEMORY = "general knowledge, not looked up"


def _outside_disc_mm2(side_mm: float, radius_mm: float) -> float:
    """Area of a centred square that lies beyond a disc: its four corners together."""
    half = side_mm / 2
    start = sqrt(radius_mm**2 - half**2)  # where the rim crosses the square's upper edge

    def under_rim(x: float) -> float:
        return (x * sqrt(radius_mm**2 - x**2) + radius_mm**2 * asin(x / radius_mm)) / 2

    return 4 * (half * (half - start) - (under_rim(half) - under_rim(start)))


# The die is the same on all three wafers.
_SIDE = Fact(215, "mm", "Cerebras, press material", "second")
_DISC = Fact(300, "mm", _MEMORY, "recalled")
_DIE = {
    "die_side_mm": _SIDE,
    "die_area_mm2": Fact(
        _SIDE.value**2,
        "mm2",
        "Cerebras, press material: 46,225 = 215 x 215",
        "second",
        "The largest square in a 300 mm disc has a side of 212.1 mm, so the die's corners are cut.",
    ),
    "disc_diameter_mm": _DISC,
    "die_corners_cut_mm2": Fact(
        (
            _outside_disc_mm2(_SIDE.value, _DISC.value / 2),
            _outside_disc_mm2(_SIDE.value, _DISC.value / 2 - 3),
        ),
        "mm2",
        "area of the square of die_side_mm outside the disc of disc_diameter_mm",
        "derived",
        "Low: the whole disc. High: with 3 mm of edge exclusion.",
    ),
    "reticle_fields": Fact(
        84,
        "1",
        "Cerebras, published figures",
        "recalled",
        "A grid of 7 x 12; read in a source for the WSE-1 and WSE-2, recalled for the WSE-3.",
    ),
}

_PE_BANKS = Fact(8, "1", _FIGURES[2], "second")
_BANK = Fact(6 * 1024, "byte", _FIGURES[2], "second", "6 KiB")
_CARRIED = {field: carry(fact) for field, fact in CORE.items()}

#: The first wafer (2019). Its user rectangle was never printed, so it has none here.
WSE1 = Chip(
    "WSE-1",
    {
        "announced": Fact("2019-08", "date", _MEMORY, "recalled"),
        **_DIE,
        "process_nm": Fact(16, "nm", f"{_PRESS[1]} (TSMC)", "second"),
        "transistors": Fact(1.2e12, "1", _PRESS[1], "second"),
        "active_cores": Fact(400_000, "PE", _PRESS[1], "second"),
        "fabric_rows": Fact(595, "PE", _MEMORY, "recalled"),
        "fabric_columns": Fact(602, "PE", _MEMORY, "recalled"),
        "sram_bytes": Fact(18_000_000_000, "byte", _FIGURES[1], "seen"),
        "pe_memory_bytes": Fact(
            48 * 1024, "byte", _FIGURES[1], "second", "Printed as 48 KB; read as 48 KiB."
        ),
        "sram_bandwidth_bytes_per_s": Fact(
            9e15, "byte/s", _FIGURES[1], "seen", "All cores together."
        ),
        "fabric_bandwidth_bits_per_s": Fact(100e15, "bit/s", _FIGURES[1], "seen", "All link ends."),
        "system_power_w": Fact((15e3, 20e3), "W", _MEMORY, "recalled"),
        **_CARRIED,
        **CHOICES,
    },
)

#: The second wafer (2021), and the one that the emulator takes unless told otherwise.
WSE2 = Chip(
    "WSE-2",
    {
        "announced": Fact("2021-04", "date", _MEMORY, "recalled"),
        **_DIE,
        "process_nm": Fact(7, "nm", _PRESS[2], "second"),
        "transistors": Fact(2.6e12, "1", _PRESS[2], "second"),
        "active_cores": Fact(850_000, "PE", PAPER, "seen"),
        "fabric_rows": Fact(996, "PE", f"{_EXAMPLES}: 757 x 996", "seen"),
        "fabric_columns": Fact(757, "PE", f"{_EXAMPLES}: 757 x 996", "seen"),
        "user_rows": Fact(994, "PE", f"{_EXAMPLES}: 750 x 994", "seen"),
        "user_columns": Fact(750, "PE", f"{_EXAMPLES}: 750 x 994", "seen"),
        "core_area_mm2": Fact(0.038, "mm2", _HOT_CHIPS, "second"),
        "core_power_w": Fact(
            0.030,
            "W",
            _HOT_CHIPS,
            "second",
            "At 1.1 GHz; times active_cores it is more than was measured for a whole system.",
        ),
        "sram_bytes": Fact(40_000_000_000, "byte", _FIGURES[2], "seen"),
        "sram_banks": _PE_BANKS,
        "sram_bank_bytes": _BANK,
        "pe_memory_bytes": Fact(
            _PE_BANKS.value * _BANK.value,
            "byte",
            f"{_FIGURES[2]}: sram_banks x sram_bank_bytes",
            "second",
            "48 KiB",
        ),
        "sram_bandwidth_bytes_per_s": Fact(20e15, "byte/s", PAPER, "seen", "All cores together."),
        "fabric_bandwidth_bits_per_s": Fact(
            220e15,
            "bit/s",
            PAPER,
            "seen",
            "All link ends; bits, where the SRAM's rate is in bytes.",
        ),
        "peak_fp16_dense_flop_per_s": Fact(
            120e15 / 16,
            "flop/s",
            'one of 16 CS-2 with "120 petaflops of 16-bit half-precision"',
            "derived",
        ),
        "peak_fp16_sparse_flop_per_s": Fact(
            62.5e15, "flop/s", _PRESS[2], "second", 'The "AI" figure: it counts skipped zeros.'
        ),
        "system_power_w": Fact(22.8e3, "W", STENCIL, "seen", "Mean, measured under load."),
        "system_idle_power_w": Fact(16.1e3, "W", STENCIL, "seen"),
        "io_bandwidth_bits_per_s": Fact(
            12 * 100e9, "bit/s", f"{_PRESS[2]}: 12 x 100 GbE", "recalled"
        ),
        "clock_hot_chips_hz": Fact(
            1.1e9, "Hz", f"{_HOT_CHIPS}; WaferLLM, OSDI 2025, arXiv:2502.04563", "seen"
        ),
        **CORE,
        **CHOICES,
    },
)

_ROWS = Fact(1172, "PE", "Cerebras SDK documentation; WaferLLM compile.py: 762 x 1172", "seen")
_COLUMNS = Fact(762, "PE", "Cerebras SDK documentation; WaferLLM compile.py: 762 x 1172", "seen")

#: The third wafer (2024).
WSE3 = Chip(
    "WSE-3",
    {
        "announced": Fact(
            "2024-03", "date", _MEMORY, "recalled", "Popular texts disagree; some say 2023."
        ),
        **_DIE,
        "process_nm": Fact(5, "nm", _PRESS[3], "second"),
        "transistors": Fact(4e12, "1", _PRESS[3], "second"),
        "physical_cores": Fact(970_000, "PE", _DEFECTS, "second"),
        "active_cores": Fact(900_000, "PE", _PRESS[3], "second"),
        "fabric_rows": _ROWS,
        "fabric_columns": _COLUMNS,
        "user_rows": Fact(_ROWS.value - 2, "PE", f"fabric_rows less 2 ({_EXAMPLES})", "derived"),
        "user_columns": Fact(
            _COLUMNS.value - 7, "PE", f"fabric_columns less 7 ({_EXAMPLES})", "derived"
        ),
        "core_area_mm2": Fact(
            0.05,
            "mm2",
            _DEFECTS,
            "second",
            "Rounded up: times physical_cores it is more than the die.",
        ),
        "sram_bytes": Fact(44_000_000_000, "byte", _FIGURES[3], "seen"),
        "pe_memory_bytes": Fact(48 * 1024, "byte", _FIGURES[3], "second", "48 KiB"),
        "sram_bandwidth_bytes_per_s": Fact(
            21e15, "byte/s", _FIGURES[3], "seen", "All cores together."
        ),
        "fabric_bandwidth_bits_per_s": Fact(
            214e15, "bit/s", _FIGURES[3], "seen", "All link ends; less than the WSE-2's figure."
        ),
        "peak_fp16_dense_flop_per_s": Fact(
            125e15 / 8,
            "flop/s",
            "peak_fp16_sparse_flop_per_s over 8",
            "derived",
            "Close to 16 flop a cycle on each active core at 1.1 GHz.",
        ),
        "peak_fp16_sparse_flop_per_s": Fact(
            125e15, "flop/s", _PRESS[3], "second", 'The "AI" figure: it counts skipped zeros.'
        ),
        "system_power_w": Fact(23e3, "W", _PRESS[3], "second", "About; no idle power is known."),
        "io_bandwidth_bits_per_s": Fact(1.2e12, "bit/s", _MEMORY, "recalled"),
        "clock_hot_chips_hz": carry(WSE2.fact("clock_hot_chips_hz")),
        **_CARRIED,
        "output_queue_wavelets": Fact(
            8 * 16 // 32, "wavelet", f"{ROUTING}: eight 16-bit words", "second"
        ),
        "fp16_macs_per_cycle": Fact(8, "MAC/cycle", _PRESS[3], "second", "16 flop a cycle."),
        **CHOICES,
    },
)
