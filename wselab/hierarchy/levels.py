"""The levels of a chip's memory: how much, how fast, how far, and at what energy.

>>> from wselab.specs import H100
>>> for level in levels(H100):
...     print(f"{level.name:14} {level.bytes:>15,} bytes")
L2                  50,000,000 bytes
HBM             80,000,000,000 bytes
>>> round(energy_ratio())                            # DRAM over a small SRAM, at 45 nm
195
"""

from __future__ import annotations

from dataclasses import dataclass

from ..specs import Chip
from ..specs.energy import MOVING, PJ_45NM

Range = tuple[float, float]


@dataclass(frozen=True)
class Level:
    """A memory: what it holds, and where known its bandwidth, latency and energy, as ranges."""

    name: str
    bytes: int
    bandwidth_bytes_per_s: float | None = None
    latency_s: Range | None = None
    energy_pj_per_byte: Range | None = None

    @property
    def seconds_to_read_once(self) -> float | None:
        """How long it takes to read all of it."""
        bandwidth = self.bandwidth_bytes_per_s
        return None if bandwidth is None else self.bytes / bandwidth


def levels(chip: Chip) -> list[Level]:
    """The levels of a chip that its facts have, the nearest first.

    The SRAM of a wafer is one level here, as its vendor counts it: each PE reaches its own part.
    """
    facts, found = chip.facts, []
    if "sram_bytes" in facts:
        found.append(
            Level(
                "SRAM",
                chip.sram_bytes,
                chip.sram_bandwidth_bytes_per_s if "sram_bandwidth_bytes_per_s" in facts else None,
                MOVING.on_wafer_latency_s,
                per_byte(MOVING.on_wafer_pj_per_bit),
            )
        )
    if "l2_bytes" in facts:
        found.append(Level("L2", chip.l2_bytes))
    if "hbm_bytes" in facts:
        found.append(
            Level(
                "HBM",
                chip.hbm_bytes,
                chip.hbm_bandwidth_bytes_per_s,
                MOVING.off_chip_latency_s,
                per_byte(MOVING.hbm_pj_per_bit),
            )
        )
    return found


def per_byte(pj_per_bit: Range) -> Range:
    """Energy of a byte from that of a bit."""
    low, high = pj_per_bit
    return 8 * low, 8 * high


def access_pj_per_byte() -> dict[str, Range]:
    """What it costs at 45 nm to read or write a byte, the cheapest first."""
    names = {  # the field of the table, and the bytes that its energy is for
        "registers": ("register_file_of_an_add_pj", 3 * 4),  # two operands and the sum
        "SRAM of 8 kB": ("sram_8_kb_64_bit_pj", 8),
        "SRAM of 32 kB": ("sram_32_kb_64_bit_pj", 8),
        "SRAM of 1 MB": ("sram_1_mb_64_bit_pj", 8),
        "DRAM": ("dram_64_bit_pj", 8),
    }
    found = {}
    for name, (field, count) in names.items():
        value = getattr(PJ_45NM, field)
        low, high = value if isinstance(value, tuple) else (value, value)
        found[name] = (low / count, high / count)
    return found


def energy_ratio() -> float:
    """How much more energy DRAM takes than a small SRAM, at 45 nm, in the middle of its range."""
    energies = access_pj_per_byte()
    return sum(energies["DRAM"]) / sum(energies["SRAM of 8 kB"])
