"""One core of a wafer and its router: what is measured, and what the emulator chooses.

The figures are the WSE-2's, the wafer with the most published measurements. A wafer whose own are
not public carries them over, marked as assumed.

Examples
--------
>>> CORE["colors"].value, CORE["colors"].status
(24, 'seen')
>>> carry(CORE["colors"]).status
'assumed'
"""

from .fact import Fact
from .published import PUBLISHED

#: Sources that the wafers share.
PAPER = "Cerebras SDK white paper, 2022"
STENCIL = "Jacquelin et al., SC22, arXiv:2204.03775"
_BOTH = f"{PAPER}; {STENCIL}"
ROUTING = "spcl/spada, routing_wse.md"

_RAMP = Fact(
    2, "cycle", "spcl/spatial-collectives, tr = 2", "seen", "Each way, between a PE and its router."
)
#: FP32 elements a cycle of the WSE-2, from one run on the vendor's simulator and one on hardware.
FP32_RATES = (
    # A chain reduce: its elements over its cycles less those of ramps and hops, 2 T_R + 2 for each
    # of the 511 hand-offs between 512 PEs.
    4096 / (PUBLISHED["V1"].value - (2 * _RAMP.value + 2) * (512 - 1)),
    # A stencil: the 51 flop of a cell over the cycles that one more cell of depth costs in a step.
    51 / ((PUBLISHED["V5-400"].value - PUBLISHED["V5-100"].value) / 100_000 / (400 - 100) * 850e6),
)
_FP32_SOURCE = (
    "elements over cycles, rounded mean of two measurements: the 512-PE chain reduce of "
    f"pr0f3ss/SpMM_Cerebras, and flop a cycle of the stencil of {STENCIL}, at 850 MHz"
)

_CLOCK = Fact(
    850e6,
    "Hz",
    "Cerebras SDK, benchmark programs",
    "seen",
    "Other texts reckon with clock_hot_chips_hz: report cycles, name the clock of a time.",
)
_SRAM_WRITE = Fact(8, "byte/cycle", f"{STENCIL}, section II", "seen")
_WAVELET = Fact(32, "bit", _BOTH, "seen", "Payload; the color travels beside it.")

#: What one core and its router do, on the WSE-2, and how much the wafer's I/O carries.
CORE = {
    "clock_hz": _CLOCK,
    "router_ports": Fact(5, "1", _BOTH, "seen", "North, east, south, west, ramp."),
    "link_wavelets_per_cycle": Fact(1, "wavelet/cycle", _BOTH, "seen", "On each port, each way."),
    "colors": Fact(24, "1", _BOTH, "seen", "Routable colors, 0 to 23."),
    "wavelet_bits": _WAVELET,
    "color_bits": Fact(5, "bit", _BOTH, "seen"),
    "max_switch_positions": Fact(4, "1", ROUTING, "second", "For each color of a router."),
    "microthreads": Fact(
        8, "1", "general knowledge, not looked up", "recalled", "Beside a PE's main thread."
    ),
    "io_wavelets_per_cycle": Fact(
        int(12 * 100e9 / _WAVELET.value / _CLOCK.value),
        "wavelet/cycle",
        "12 x 100 Gb/s over wavelet_bits x clock_hz, rounded down",
        "derived",
        "Each way, for the whole wafer.",
    ),
    "hop_cycles": Fact(1, "cycle", _BOTH, "seen"),
    "ramp_latency_cycles": _RAMP,
    "output_queue_wavelets": Fact(
        6 * 16 // 32, "wavelet", f"{ROUTING}: six 16-bit words", "second"
    ),
    "sram_read_bytes_per_cycle": Fact(16, "byte/cycle", f"{STENCIL}, section II", "seen"),
    "sram_write_bytes_per_cycle": _SRAM_WRITE,
    "fp16_macs_per_cycle": Fact(
        4,
        "MAC/cycle",
        _BOTH,
        "seen",
        "Up to 8 flop a cycle; a multiply-accumulate counts two. Taken for bfloat16 as well.",
    ),
    "fp32_macs_per_cycle": Fact(
        round(sum(FP32_RATES) / len(FP32_RATES)),
        "MAC/cycle",
        _FP32_SOURCE,
        "derived",
        "About one element a cycle for any FP32 vector instruction; taken for mac as well.",
    ),
    "mixed_macs_per_cycle": Fact(
        _SRAM_WRITE.value * 8 // 32,
        "MAC/cycle",
        "sram_write_bytes_per_cycle over the 4 bytes of a float32 sum",
        "derived",
        "Factors of 16 bits, added up in float32: what memory can take at most, taken for the rate "
        "itself. That the datapath keeps up is not in a source at hand.",
    ),
}

#: The emulator's own choices, where silicon is silent; ``Chip.what_if`` changes them.
CHOICES = {
    "queue_depth": Fact(
        2,
        "wavelet",
        "choice of this project",
        "assumed",
        "The depth of the silicon's router queues is not public; 2 is the least that runs at full "
        "rate.",
    ),
    "operation_startup_cycles": Fact(
        0,
        "cycle",
        "choice of this project",
        "assumed",
        "The time an operation takes to start is not public; 0 claims nothing.",
    ),
    "operation_gap_cycles": Fact(
        0,
        "cycle",
        "choice of this project",
        "assumed",
        "The time between two operations is not public; 0 claims nothing.",
    ),
    "task_wake_cycles": Fact(
        0,
        "cycle",
        "choice of this project",
        "assumed",
        "The time between a wavelet's taking and its task's first operation is not public; 0 "
        "claims nothing. To take the wavelet is a cycle of its own.",
    ),
}


def carry(fact: Fact) -> Fact:
    """A fact of the WSE-2, as an assumption for a wafer whose own is not public.

    Examples
    --------
    >>> carry(CORE["wavelet_bits"]).source.startswith("the WSE-2's value")
    True
    """
    note = "Not public for this wafer, but the emulator needs one: the WSE-2's is carried over."
    return Fact(fact.value, fact.unit, f"the WSE-2's value ({fact.source})", "assumed", note)
