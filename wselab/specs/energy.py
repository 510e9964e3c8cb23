"""Energies: of an operation, of a memory access, and of moving a bit.

The table of 45 nm is old, and its ratios are what it is still read for. Nobody publishes the energy
of a hop or an operation of a wafer-scale engine.

Examples
--------
>>> PJ_45NM.fact("dram_64_bit_pj").text
'1,300 to 2,600'
"""

from .chip import Chip
from .fact import Fact

_TABLE = "Horowitz, ISSCC 2014, 45 nm"
_MESH = "WaferLLM, OSDI 2025, arXiv:2502.04563, table 1 (orders of magnitude)"
_HBM = "general knowledge, not looked up"


def _pj(value: float | tuple, status: str, note: str = "") -> Fact:
    return Fact(value, "pJ", _TABLE, status, note)


#: Energies at 45 nm, in pJ: an operation, or an access of 64 bits.
PJ_45NM = Chip(
    "45 nm",
    {
        "int32_add_pj": _pj(0.1, "seen", "Through a paper that cites it."),
        "fp16_add_pj": _pj(0.4, "recalled"),
        "fp16_multiply_pj": _pj(1.1, "recalled"),
        "fp32_add_pj": _pj(0.9, "seen", "Through a paper that cites it."),
        "fp32_multiply_pj": _pj(3.7, "seen", "Through a paper that cites it."),
        "register_file_of_an_add_pj": _pj(
            6, "recalled", "All that an addition of 32 bits reads from registers and writes there."
        ),
        "sram_8_kb_64_bit_pj": _pj(10, "seen", "Through a paper that cites it."),
        "sram_32_kb_64_bit_pj": _pj(20, "recalled"),
        "sram_1_mb_64_bit_pj": _pj(100, "recalled"),
        "dram_64_bit_pj": _pj((1300, 2600), "recalled"),
    },
)

#: Energies of moving a bit today, in pJ, and how long it takes.
MOVING = Chip(
    "moving a bit",
    {
        "hbm_pj_per_bit": Fact((3.5, 4.0), "pJ/bit", _HBM, "recalled", "HBM2 and HBM3."),
        "on_wafer_pj_per_bit": Fact((0.1, 1.0), "pJ/bit", _MESH, "seen"),
        "off_chip_pj_per_bit": Fact((10.0, 100.0), "pJ/bit", _MESH, "seen"),
        "on_wafer_latency_s": Fact((1e-9, 1e-8), "s", _MESH, "seen"),
        "off_chip_latency_s": Fact((1e-7, 1e-6), "s", _MESH, "seen"),
    },
)
