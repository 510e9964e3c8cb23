"""The GPUs and GPU systems that the wafers are compared with.

Capacities and rates are decimal, as the vendor prints them. ``peak_fp16_dense_flop_per_s`` counts
no zeros; set it against the wafers' field of the same name, never against their sparse one.

Examples
--------
>>> H100.hbm_bandwidth_bytes_per_s / A100.hbm_bandwidth_bytes_per_s > 1.5
True
>>> print(DGX_H100.fact("system_power_w"))
10,200 W (recalled: NVIDIA, figures of the DGX H100)
"""

from .chip import Chip
from .fact import Fact

_A100 = "NVIDIA, figures of the A100 80GB SXM"
_H100 = "NVIDIA, figures of the H100 SXM"
_H200 = "NVIDIA, figures of the H200"
_B200 = "NVIDIA, figures of the B200"
_DGX_H100 = "NVIDIA, figures of the DGX H100"
_DGX_B200 = "NVIDIA, figures of the DGX B200"

#: The 80 GB SXM module.
A100 = Chip(
    "A100",
    {
        "die_area_mm2": Fact(826, "mm2", _A100, "recalled"),
        "physical_sms": Fact(128, "1", _A100, "recalled", "Streaming multiprocessors on the die."),
        "active_sms": Fact(
            108, "1", _A100, "recalled", "Streaming multiprocessors sold as active."
        ),
        "hbm_bytes": Fact(80_000_000_000, "byte", _A100, "recalled"),
        "hbm_bandwidth_bytes_per_s": Fact(2.039e12, "byte/s", _A100, "recalled"),
        "l2_bytes": Fact(40_000_000, "byte", _A100, "recalled"),
        "nvlink_bandwidth_bytes_per_s": Fact(600e9, "byte/s", _A100, "recalled"),
        "peak_fp16_dense_flop_per_s": Fact(312e12, "flop/s", _A100, "recalled"),
        "power_w": Fact(400, "W", _A100, "recalled"),
    },
)

#: The SXM module.
H100 = Chip(
    "H100",
    {
        "die_area_mm2": Fact(814, "mm2", _H100, "recalled"),
        "physical_sms": Fact(
            144,
            "1",
            _H100,
            "recalled",
            "Streaming multiprocessors on the die. A rival quotes about 6.2 mm2 for each: too "
            "large, for 144 of that size exceed the die.",
        ),
        "active_sms": Fact(
            132, "1", _H100, "recalled", "Streaming multiprocessors sold as active."
        ),
        "hbm_bytes": Fact(80_000_000_000, "byte", _H100, "recalled"),
        "hbm_bandwidth_bytes_per_s": Fact(3.35e12, "byte/s", _H100, "recalled", "HBM3"),
        "l2_bytes": Fact(50_000_000, "byte", _H100, "recalled"),
        "nvlink_bandwidth_bytes_per_s": Fact(900e9, "byte/s", _H100, "recalled"),
        "peak_fp16_dense_flop_per_s": Fact(989e12, "flop/s", _H100, "recalled"),
        "peak_fp16_2of4_flop_per_s": Fact(
            2 * 989e12,
            "flop/s",
            "2 x peak_fp16_dense_flop_per_s",
            "derived",
            "Counts the two of every four weights that are skipped where they are zero: the same "
            "multiplications a second as dense.",
        ),
        "power_w": Fact(700, "W", _H100, "recalled"),
    },
)

#: Only its memory is recorded.
H200 = Chip(
    "H200",
    {
        "hbm_bytes": Fact(141_000_000_000, "byte", _H200, "second"),
        "hbm_bandwidth_bytes_per_s": Fact(4.8e12, "byte/s", _H200, "second"),
    },
)

#: Two dies in one package.
B200 = Chip(
    "B200",
    {
        "dies": Fact(2, "1", _B200, "recalled"),
        "die_area_mm2": Fact(800, "mm2", _B200, "recalled", "About; each of the two dies."),
        "hbm_bytes": Fact(180_000_000_000, "byte", _B200, "second", "About."),
        "hbm_bandwidth_bytes_per_s": Fact(8e12, "byte/s", _B200, "second", "About."),
        "nvlink_bandwidth_bytes_per_s": Fact(1.8e12, "byte/s", _B200, "second"),
        "peak_fp16_dense_flop_per_s": Fact(2.25e15, "flop/s", _B200, "recalled", "About."),
        "power_w": Fact(1000, "W", _B200, "recalled"),
    },
)

#: A server with eight H100.
DGX_H100 = Chip(
    "DGX H100",
    {
        "gpus": Fact(8, "1", _DGX_H100, "recalled"),
        "system_power_w": Fact(10.2e3, "W", _DGX_H100, "recalled", "Maximum, not a measured mean."),
    },
)

#: A server with eight B200.
DGX_B200 = Chip(
    "DGX B200",
    {
        "gpus": Fact(8, "1", _DGX_B200, "recalled"),
        "system_power_w": Fact(14.3e3, "W", _DGX_B200, "recalled", "Maximum, not a measured mean."),
    },
)
