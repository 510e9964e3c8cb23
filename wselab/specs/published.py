"""Measurements that others published, to hold our own runs against: the one place for them.

Examples
--------
>>> PUBLISHED["V1"].value, PUBLISHED["V1"].unit
(7218, 'cycle')
"""

from .fact import Fact

#: By id. A note names the inputs of the measurement, and what is not certain about it.
PUBLISHED = {
    "V1": Fact(
        7218,
        "cycle",
        "pr0f3ss/SpMM_Cerebras, "
        "src/mpi_collectives/reduce_0_pe/reduce_2colors_2phase/results.txt",
        "seen",
        "Chain reduce of 512 PEs in a row, 4,096 FP32 values each, root at one end; a third "
        "party's run of the vendor's simulator, WSE-2. Row labels inferred from its commands.sh.",
    ),
    "V7": Fact(
        1.2e-6,
        "s",
        "WaferLLM, OSDI 2025, arXiv:2502.04563, table 6",
        "seen",
        "MeshGEMV, [1, 16K] x [16K, 16K], FP16, on a WSE-2; the core grid is not stated.",
    ),
    "V7-A100": Fact(
        0.336e-3,
        "s",
        "WaferLLM, OSDI 2025, arXiv:2502.04563, table 6",
        "seen",
        "The same product as V7 on one A100.",
    ),
}
