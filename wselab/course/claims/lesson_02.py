"""Claims that lesson 02 decides: SRAM and HBM, what fits, power."""

from ... import hierarchy
from ...specs import A100, DGX_H100, H100, HOME, LPU, MOVING, WSE3
from .claim import Ledger, Verdict

LEDGER = Ledger("02")
GB = 1e9
ADAM_FP16_BYTES = 12  # weights 2, gradients 2, two moments in FP32


def _to_train(billions: float) -> float:
    """Bytes to train so many billion parameters in FP16 with Adam, without activations."""
    return sum(hierarchy.training(billions * 1e9, tokens=1).values())


@LEDGER.claim(
    "C06", "T0 T3",
    "44 GB of SRAM at 21 PB/s: 7,000 times the bandwidth of an H100's memory of 3 TB/s.",
    7000, "times",
)  # fmt: skip
def sram_over_hbm() -> Verdict:
    ratio = WSE3.sram_bandwidth_bytes_per_s / H100.hbm_bandwidth_bytes_per_s
    per_area = ratio / (WSE3.die_area_mm2 / H100.die_area_mm2)
    return Verdict(
        "holds with conditions",
        ratio,
        f"With the H100's 3.35 TB/s it is {ratio:,.0f}, a whole wafer against one chip: for each "
        f"mm2 of silicon {per_area:.0f}. The SRAM's bandwidth is the sum over all PEs, each of "
        f"which reads its own 48 KiB; and an H100 has {H100.hbm_bytes / GB:.0f} GB behind it, the "
        f"wafer {WSE3.sram_bytes / GB:.0f}.",
    )


@LEDGER.claim(
    "C08", "T2",
    "The fabric's 21 petabytes a second are about 800 times the HBM of a whole DGX H100 "
    "(26.8 TB/s).",
    800, "times",
)  # fmt: skip
def dgx() -> Verdict:
    dgx = DGX_H100.gpus * H100.hbm_bandwidth_bytes_per_s
    ratio = WSE3.sram_bandwidth_bytes_per_s / dgx
    fabric = WSE3.fabric_bandwidth_bits_per_s / 8 / 1e15
    return Verdict(
        "holds with conditions",
        ratio,
        f"8 x 3.35 TB/s are {dgx / 1e12:.1f}, and 21 PB/s {ratio:.0f} times that; but the 21 PB/s "
        f"are the SRAM's. The links of the fabric add up to {fabric:.2f} PB/s.",
    )


@LEDGER.claim("C09", "T2", "SRAM is 10 to 100 times faster than HBM.", (10, 100), "times")
def ten_to_hundred() -> Verdict:
    chip = LPU.sram_bandwidth_bytes_per_s / H100.hbm_bandwidth_bytes_per_s
    wafer = WSE3.sram_bandwidth_bytes_per_s / H100.hbm_bandwidth_bytes_per_s
    near, far = MOVING.on_wafer_latency_s, MOVING.off_chip_latency_s
    return Verdict(
        "holds with conditions",
        (chip, wafer),
        f"It depends on what is compared. In bandwidth a chip full of SRAM (LPU) has {chip:.0f} "
        f"times an H100's HBM, a wafer of it {wafer:,.0f} times. In latency, by orders of "
        f"magnitude, {far[0] / near[1]:.0f} to {far[1] / near[0]:,.0f} times.",
    )


@LEDGER.claim("C10", "T2", "Each core holds a few kilobytes of SRAM.", (2e3, 9e3), "byte")
def few_kilobytes() -> Verdict:
    return Verdict(
        "off by a factor",
        WSE3.pe_memory_bytes,
        f"48 KiB: {WSE3.sram_bytes / GB:.0f} GB over {WSE3.active_cores:,} cores are "
        f"{WSE3.sram_bytes / WSE3.active_cores:,.0f} bytes each.",
    )


@LEDGER.claim(
    "C14", "T2", "A model of 7 billion parameters in FP16 (14 GB) and one of 20 billion (40 GB) "
    "fit in the 44 GB of SRAM.", 40, "GB",
)  # fmt: skip
def fits_in_sram() -> Verdict:
    weights = [2 * n * 1e9 for n in (7, 20)]
    left = WSE3.sram_bytes - weights[1]
    return Verdict(
        "holds with conditions",
        weights[1] / GB,
        f"Their weights do, {weights[0] / GB:.0f} and {weights[1] / GB:.0f} GB. The larger leaves "
        f"{left / GB:.0f} GB for programs, activations and the KV cache. To be trained, with "
        f"gradients and Adam's moments, they take {_to_train(7) / GB:.0f} and "
        f"{_to_train(20) / GB:.0f} GB, and neither fits.",
    )


@LEDGER.claim(
    "C15", "T2", "To train in FP16 with Adam 1 billion parameters take 5 GB, 70 billion 350 GB.",
    5, "GB a billion",
)  # fmt: skip
def memory_to_train() -> Verdict:
    ours = _to_train(1)
    return Verdict(
        "off by a factor",
        ours / GB,
        f"Weights and gradients in FP16 and two moments in FP32 are {ADAM_FP16_BYTES} bytes a "
        f"parameter: {ours / GB:.0f} GB a billion, {_to_train(70) / GB:.0f} GB for 70. The text's "
        "own function says the same, and its table does not.",
    )


@LEDGER.claim(
    "C16", "T2", "A CS-3 draws 23 kW: more than four DGX H100 of 5.6 kW each, as much as 4 to 5 "
    "homes.", 4, "DGX H100",
)  # fmt: skip
def power() -> Verdict:
    ratio = WSE3.system_power_w / DGX_H100.system_power_w
    return Verdict(
        "off by a factor",
        ratio,
        f"A DGX H100 draws up to {DGX_H100.system_power_w / 1e3:.1f} kW, so 23 kW are {ratio:.2f} "
        f"of them. A home in the USA draws about {HOME.power_w / 1e3:.1f} kW in the mean: "
        f"{WSE3.system_power_w / HOME.power_w:.0f} homes.",
    )


@LEDGER.claim(
    "C42", "T2", "12 billion parameters with optimizer are about 120 GB: two or three A100 nodes.",
    (2, 3), "A100 nodes",
)  # fmt: skip
def a100_nodes() -> Verdict:
    needed, node = _to_train(12), 8 * A100.hbm_bytes
    return Verdict(
        "off by a factor",
        float(-(-needed // node)),
        f"At {ADAM_FP16_BYTES} bytes a parameter they are {needed / GB:.0f} GB, and a node of 8 "
        f"A100 holds {node / GB:.0f} GB: one node, a quarter full.",
    )


@LEDGER.claim(
    "C43", "T2", "7 billion parameters at 35 GB train in SRAM; a line later they need streaming.",
    35, "GB",
)  # fmt: skip
def seven_billion() -> Verdict:
    needed = _to_train(7)
    return Verdict(
        "contradicted",
        needed / GB,
        f"By each other. To train they take {needed / GB:.0f} GB before any activation, and the "
        f"SRAM has {WSE3.sram_bytes / GB:.0f}: they need streaming.",
    )


@LEDGER.claim("C49", "T2", "Large batches are fine, since everything is on one device.")
def large_batches() -> Verdict:
    one = 512 * 2048 * 4096 * 2
    return Verdict(
        "holds with conditions",
        None,
        f"While they fit: one activation of 512 sequences of 2,048 tokens, 4,096 wide, in FP16 is "
        f"{one / GB:.2f} GB, and the SRAM holds {WSE3.sram_bytes / one:.1f} of them, with nothing "
        "else in it.",
    )
