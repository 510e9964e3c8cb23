"""Claims that lesson 01 decides: areas, defects, yield, generations."""

from math import log

from ... import foundry
from ...specs import H100, WSE1, WSE2, WSE3
from ...specs.silicon import N5
from .claim import Ledger, Verdict

LEDGER = Ledger("01")
GPU_SIDES = (14.0, H100.die_area_mm2**0.5)  # mm: a small die, and one of an H100's area


def _core_mm2() -> float:
    """Of a WSE-3: its die over the cores that the mask prints."""
    return float(WSE3.die_area_mm2 / WSE3.physical_cores)


def _defects() -> tuple[float, float]:
    """Defects that a die as large as a WSE-3 has in the mean, at the density of N5."""
    low, high = N5.defect_density_per_mm2
    return low * WSE3.die_area_mm2, high * WSE3.die_area_mm2


@LEDGER.claim(
    "C01", "T0 T2",
    "The WSE-3 has 46,225 mm2, more than 50 times an H100's die of 814 mm2.", 50, "times",
)  # fmt: skip
def area_ratio() -> Verdict:
    ratio = WSE3.die_area_mm2 / H100.die_area_mm2
    return Verdict(
        "holds", ratio, f"{WSE3.die_area_mm2:,} over {H100.die_area_mm2} mm2 is {ratio:.1f}."
    )


@LEDGER.claim("C02", "T2", "46,225 mm2 is an entire wafer of 300 mm.", 46_225, "mm2")
def entire_disc() -> Verdict:
    disc = foundry.Disc(WSE3.disc_diameter_mm, edge_exclusion_mm=0)
    side = disc.largest_square_mm()
    beyond = disc.overhang_mm2(WSE3.die_side_mm, WSE3.die_side_mm)
    return Verdict(
        "off by a factor",
        disc.area_mm2,
        f"A disc of 300 mm has {disc.area_mm2:,.0f} mm2. The largest square in it has a side of "
        f"{side:.1f} mm and {side**2:,.0f} mm2: a die of {WSE3.die_side_mm} x {WSE3.die_side_mm} "
        f"mm sticks out at its corners, by {beyond:.1f} mm2 in all.",
    )


@LEDGER.claim(
    "C03", "T2", "A GPU die of 14 x 14 mm has a chance of 1 to 5 % to hold a defect.",
    (0.01, 0.05), "",
)  # fmt: skip
def small_die() -> Verdict:
    area = 14 * 14
    low, high = (1 - foundry.poisson(area, density) for density in N5.defect_density_per_mm2)
    needed = [-1 / area * log(1 - chance) for chance in (0.01, 0.05)]
    return Verdict(
        "off by a factor",
        (low, high),
        f"At 0.10 to 0.11 defects a cm2, as said of N5, {low:.0%} to {high:.0%} of such dies hold "
        f"one. For 1 to 5 % the density would have to be {100 * needed[0]:.3f} to "
        f"{100 * needed[1]:.3f} a cm2.",
    )


@LEDGER.claim(
    "C04", "T0",
    "A wafer of cores bears hundreds of times as many defects as a conventional chip, since a core "
    "is 0.05 mm2, about 1 % of an H100's multiprocessor of about 6 mm2.",
    (200, 900), "times",
)  # fmt: skip
def defect_tolerance() -> Verdict:
    sm, core = H100.die_area_mm2 / H100.physical_sms, _core_mm2()
    ratio = sm / core
    return Verdict(
        "off by a factor",
        ratio,
        f"What a defect costs is the part that is given up. A core has at most {core:.4f} mm2 "
        f"({WSE3.die_area_mm2:,} mm2 over {WSE3.physical_cores:,}), a multiprocessor at most "
        f"{sm:.2f} mm2 ({H100.die_area_mm2} over {H100.physical_sms}): 1 to {ratio:.0f}. The "
        f"text's own areas give {6 / 0.05:.0f}. So about a hundred times, not hundreds.",
    )


@LEDGER.claim(
    "C05", "T2",
    "With 2 % of dead cores 882,000 of 900,000 are left, and each wafer has 880,000 to 900,000.",
    0.02, "of the cores",
)  # fmt: skip
def dead_cores() -> Verdict:
    low, high = _defects()
    spare = 1 - WSE3.active_cores / WSE3.physical_cores
    return Verdict(
        "off by a factor",
        (low / WSE3.physical_cores, high / WSE3.physical_cores),
        f"The product is right, the 2 % is not: at the density of N5 a wafer has {low:.0f} to "
        f"{high:.0f} defects, and each kills a core or so. And the {WSE3.active_cores:,} are what "
        f"is left active of {WSE3.physical_cores:,} printed: {spare:.1%} are not used already.",
    )


@LEDGER.claim(
    "C11", "T2",
    "From WSE-1 to WSE-3 memory grew 10 times (18 to 44 GB), the fabric 2.3 times (9 to 21 Pb/s).",
    10, "times the memory",
)  # fmt: skip
def growth() -> Verdict:
    memory = WSE3.sram_bytes / WSE1.sram_bytes
    fabric = WSE3.fabric_bandwidth_bits_per_s / WSE1.fabric_bandwidth_bits_per_s
    sram = [chip.sram_bandwidth_bytes_per_s / 1e15 for chip in (WSE1, WSE3)]
    return Verdict(
        "off by a factor",
        memory,
        f"44 over 18 GB is {memory:.2f}. The 9 and 21 are petabytes a second of SRAM "
        f"({sram[0]:.0f} and {sram[1]:.0f}), not petabits of fabric: that went from 100 to 214 "
        f"Pb/s, {fabric:.2f} times.",
    )


@LEDGER.claim("C12", "T0", "A WSE-3 has 125 petaflops of AI compute.", 125e15, "flop/s")
def ai_petaflops() -> Verdict:
    dense, sparse = WSE3.peak_fp16_dense_flop_per_s, WSE3.peak_fp16_sparse_flop_per_s
    return Verdict(
        "holds with conditions",
        dense,
        f"If operations on zeros that are skipped count as done. Dense it is {dense / 1e15:.1f} "
        f"petaflops, {sparse / dense:.0f} times less.",
    )


@LEDGER.claim(
    "C13", "T0", "2,048 CS-3 make 256 exaflops, and train models of 24 trillion parameters.",
    256e18, "flop/s",
)  # fmt: skip
def cluster() -> Verdict:
    dense = 2048 * WSE3.peak_fp16_dense_flop_per_s
    needed = 24e12 * 12
    return Verdict(
        "holds with conditions",
        dense,
        f"2,048 x 125 petaflops are 256 exaflops with skipped zeros counted; dense they are "
        f"{dense / 1e18:.0f}. Weights, gradients and Adam's moments of 24 trillion parameters take "
        f"{needed / 1e12:.0f} TB at 12 bytes each: such a model can be stored. How long it would "
        "train is another question.",
    )


@LEDGER.claim("C37", "T2 T3", "A wafer is cut into hundreds of GPU dies.", (200, 900), "dies")
def hundreds_of_dies() -> Verdict:
    disc = foundry.Disc()
    small, large = (len(disc.place(side, side)) for side in GPU_SIDES)
    return Verdict(
        "holds with conditions",
        (large, small),
        f"{small} squares of 14 mm fit on a disc, but of the {H100.die_area_mm2} mm2 of an H100 "
        f"only {large} (the textbook's formula says {disc.textbook_count(H100.die_area_mm2):.1f}).",
    )


@LEDGER.claim("C38", "T2", "Transistors and fabric bandwidth double every two years.", 2, "years")
def doubling() -> Verdict:
    months = [12 * int(chip.announced[:4]) + int(chip.announced[5:7]) for chip in (WSE1, WSE3)]
    years = (months[1] - months[0]) / 12
    transistors = WSE3.transistors / WSE1.transistors
    fabrics = [c.fabric_bandwidth_bits_per_s / 1e15 for c in (WSE1, WSE2, WSE3)]
    taken = [years * log(2) / log(grown) for grown in (transistors, fabrics[2] / fabrics[0])]
    return Verdict(
        "off by a factor",
        (taken[0], taken[1]),
        f"In {years:.1f} years transistors grew {transistors:.2f} times, which is a doubling in "
        f"{taken[0]:.1f}; the fabric {fabrics[2] / fabrics[0]:.2f} times, in {taken[1]:.1f}. And "
        f"from WSE-2 to WSE-3 it shrank: {fabrics[1]:.0f} to {fabrics[2]:.0f} Pb/s.",
    )


@LEDGER.claim(
    "C48", "T2 T4",
    "The compiler routes around dead cores (one text); the wafer must have no defects (another).",
)  # fmt: skip
def defect_free() -> Verdict:
    low, high = _defects()
    return Verdict(
        "contradicted",
        None,
        f"By each other, and the second by arithmetic: with {low:.0f} to {high:.0f} defects in the "
        f"mean one die in 10^{low / log(10):.0f} or fewer would be free of them. Defects are left "
        "out when the fabric is wired, and a program sees a rectangle without holes.",
    )
