"""Measurements that others published, to hold our own runs against: the one place for them.

`wselab validate` predicts those that it can, and says of each other one why not.

Examples
--------
>>> PUBLISHED["V1"].value, PUBLISHED["V1"].unit
(7218, 'cycle')
"""

from .fact import Fact

_REDUCE_RUNS = (
    "pr0f3ss/SpMM_Cerebras, src/mpi_collectives/reduce_0_pe/reduce_2colors_2phase/results.txt"
)
_REDUCE_NOTE = (
    "of 512 PEs in a row, 4,096 FP32 values each, root at one end; a third party's run of the "
    "vendor's simulator, WSE-2. Row labels inferred from its commands.sh."
)
_REDUCE_PAPER = "Luczynski et al., HPDC 2024, arXiv:2404.15888"
_STENCIL = "Jacquelin et al., SC22, arXiv:2204.03775"
_WAFERLLM = "WaferLLM, OSDI 2025, arXiv:2502.04563"
_MEGATRON = "Narayanan et al. (Megatron-LM), SC21, arXiv:2104.04473"

_A100_16K = Fact(
    0.336e-3,
    "s",
    f"{_WAFERLLM}, table 6",
    "seen",
    "The same product as V7 on one A100: 78 % of what its HBM could do.",
)

#: By id. A note names the inputs of the measurement, and what is not certain about it. Sources
#: print width x height; here rows come first.
PUBLISHED = {
    "V1": Fact(7218, "cycle", _REDUCE_RUNS, "seen", f"Chain reduce {_REDUCE_NOTE}"),
    **{
        f"V2-{group}": Fact(
            cycles,
            "cycle",
            _REDUCE_RUNS,
            "seen",
            f"Two-phase reduce, groups of {group}, {_REDUCE_NOTE}",
        )
        for group, cycles in {2: 10_055, 8: 9_117, 32: 8_973, 128: 9_297}.items()
    },
    "V4": Fact(
        (75.0e-6, 76.4e-6),
        "s",
        f"{_STENCIL}, tables II and IV",
        "seen",
        "A step of a 25-point stencil, FP32, 1,000 cells deep, on a WSE-2; flat from 200 x 200 PEs "
        "to 994 x 755.",
    ),
    "V4-rate": Fact(
        503e12,
        "flop/s",
        f"{_STENCIL}, tables II and IV",
        "seen",
        "V4 on 994 x 755 PEs, 51 flop a cell.",
    ),
    **{
        f"V5-{depth}": Fact(
            seconds,
            "s",
            f"{_STENCIL}, table III",
            "seen",
            f"100,000 steps of the stencil of V4, {depth} cells deep, on 994 x 755 PEs.",
        )
        for depth, seconds in {100: 0.8637, 200: 1.6133, 300: 2.3716, 400: 3.1223}.items()
    },
    "V6": Fact(22e9, "flop/J", _STENCIL, "seen", "V4's rate over a system power of 22.8 kW."),
    "V7": Fact(
        1.2e-6,
        "s",
        f"{_WAFERLLM}, table 6",
        "seen",
        "MeshGEMV, [1, 16K] x [16K, 16K], FP16, on a WSE-2; the core grid is not stated.",
    ),
    "V7-A100": _A100_16K,
    "V8": Fact(
        2_699.9,
        "token/s",
        f"{_WAFERLLM}, table 4",
        "seen",
        "Decode of LLaMA3-8B, batch 1, context of 4K, on 420 x 420 cores of a WSE-2. More cores "
        "made it slower.",
    ),
    **{
        f"V8-{gpus}xA100": Fact(
            rate, "token/s", f"{_WAFERLLM}, table 4", "seen", f"The decode of V8 on {gpus} A100."
        )
        for gpus, rate in {1: 78.9, 8: 260.4, 16: 164.6}.items()
    },
    "V9": Fact(
        20_320.6,
        "token/s",
        f"{_WAFERLLM}, table 3",
        "seen",
        "Prefill of 4,096 tokens, LLaMA3-8B, on 480 x 480 cores of a WSE-2.",
    ),
    "V9-1xA100": Fact(
        13_988.3, "token/s", f"{_WAFERLLM}, table 3", "seen", "The prefill of V9 on one A100."
    ),
    "V10": Fact(
        0.86e15,
        "flop/s",
        "Rocki et al., SC20, abstract",
        "seen",
        "BiCGStab, 7-point stencil, 595 x 600 PEs of a WSE-1, 1,536 cells deep; about a third of "
        "its peak.",
    ),
    "V15-16K": _A100_16K,
    "V15-32K": Fact(
        1.231e-3,
        "s",
        f"{_WAFERLLM}, table 6",
        "seen",
        "GEMV of 32K x 32K, FP16, on one A100: 86 % of what its HBM could do.",
    ),
    "V16": Fact(
        2.5,
        "1",
        "SPDF, arXiv:2303.10464",
        "seen",
        "Times fewer FLOPs to train GPT-3 XL (24 layers, d = 2,048, context 2,048, vocabulary "
        "50,257) with linear layers that are 75 % sparse.",
    ),
    "V18": Fact(
        46,
        "1",
        'Cerebras, "100x Defect Tolerance", January 2025',
        "second",
        "About: defects on a wafer-scale die, at a density of 0.001 /mm2.",
    ),
    "V19": Fact(
        502e15, "flop/s", _MEGATRON, "seen", "Training a model of 1T parameters on 3,072 A100."
    ),
    "V19-share": Fact(0.52, "1", _MEGATRON, "seen", "V19 as a share of the peak of 3,072 A100."),
    "R1": Fact(
        3.27,
        "1",
        f"{_REDUCE_PAPER}, abstract",
        "recalled",
        "Speed-up over the vendor's library for a reduce or all-reduce, at most.",
    ),
}
