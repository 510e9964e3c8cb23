"""The memory hierarchy: rooflines, levels and their energies, and what fits where.

>>> from wselab.specs import A100
>>> f"{Roofline.of(A100).ridge:.0f} flop a byte"      # below this, reading is the limit
'153 flop a byte'
"""

from .cache import Cache
from .fits import BYTES, activation_bytes, fits, inference, most_tokens, training
from .levels import Level, access_pj_per_byte, energy_ratio, levels, per_byte
from .roofline import Kernel, Roofline, axpy, decode, gemm, gemv

__all__ = [
    "BYTES", "Cache", "Kernel", "Level", "Roofline", "access_pj_per_byte", "activation_bytes",
    "axpy", "decode", "energy_ratio", "fits", "gemm", "gemv", "inference", "levels", "most_tokens",
    "per_byte", "training",
]  # fmt: skip
