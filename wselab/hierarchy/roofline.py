"""The roofline: how fast a kernel can run at most, by what it computes and what it moves.

A kernel that does few operations on each byte waits for memory, one that does many waits for the
arithmetic. A chip has a slope (its bandwidth) and a ceiling (its peak); a kernel is a point:

    >>> from wselab.specs import H100, WSE2
    >>> product = gemv(rows=4096, columns=4096)
    >>> product.intensity                                 # flop a byte, in FP16
    0.9995...
    >>> for chip in (H100, WSE2):
    ...     roof = Roofline.of(chip)
    ...     print(f"{chip.name}: {roof.share(product):.2%}, bound by {roof.bound(product)}")
    H100: 0.34%, bound by memory
    WSE-2: 100.00%, bound by arithmetic

Both sides of a wafer's roof take it that all PEs work and none waits for another: lessons 03 to 05
are about what that leaves out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..specs import Chip

SOURCES = ("hbm_bandwidth_bytes_per_s", "sram_bandwidth_bytes_per_s")


@dataclass(frozen=True)
class Kernel:
    """A computation: ``flop`` operations, and ``bytes`` moved between memory and arithmetic."""

    name: str
    flop: float
    bytes: float

    @property
    def intensity(self) -> float:
        """Operations a byte."""
        return self.flop / self.bytes


@dataclass(frozen=True)
class Roofline:
    """A peak in flop/s and a bandwidth in byte/s, of ``name``; ``memory`` says of what."""

    name: str
    peak_flop_per_s: float
    bandwidth_bytes_per_s: float
    memory: str

    @classmethod
    def of(cls, chip: Chip) -> Roofline:
        """The roof of a chip: dense FP16 over its main memory, HBM or SRAM.

        Raises ValueError where one of the two is not public.
        """
        memory = next((name for name in SOURCES if name in chip.facts), None)
        if memory is None or "peak_fp16_dense_flop_per_s" not in chip.facts:
            missing = "its memory's bandwidth" if memory is None else "a dense FP16 peak"
            raise ValueError(f"{chip.name} has no roofline: {missing} is not among its facts")
        return cls(
            chip.name,
            chip.peak_fp16_dense_flop_per_s,
            getattr(chip, memory),
            memory.partition("_")[0].upper(),
        )

    @property
    def ridge(self) -> float:
        """The operations a byte from which on arithmetic is the limit."""
        return self.peak_flop_per_s / self.bandwidth_bytes_per_s

    def attainable(self, intensity: Any) -> Any:
        """The most operations a second, for some operations a byte."""
        return np.minimum(self.peak_flop_per_s, np.asarray(intensity) * self.bandwidth_bytes_per_s)

    def seconds(self, kernel: Kernel) -> float:
        """The least time that a kernel takes."""
        arithmetic = kernel.flop / self.peak_flop_per_s
        return float(max(arithmetic, kernel.bytes / self.bandwidth_bytes_per_s))

    def share(self, kernel: Kernel) -> float:
        """The part of its peak that a kernel can reach."""
        return float(self.attainable(kernel.intensity) / self.peak_flop_per_s)

    def bound(self, kernel: Kernel) -> str:
        """What limits a kernel: "memory" or "arithmetic"."""
        return "memory" if kernel.intensity < self.ridge else "arithmetic"


def gemv(rows: int, columns: int, itemsize: int = 2, batch: int = 1) -> Kernel:
    """``A @ X``: ``batch`` vectors at once, the matrix read once; a batch makes it a GEMM."""
    _check(rows=rows, columns=columns, itemsize=itemsize, batch=batch)
    moved = itemsize * (rows * columns + batch * (rows + columns))
    name = f"GEMV {rows:,} x {columns:,}" if batch == 1 else f"GEMM of {batch:,} vectors"
    return Kernel(name, 2 * rows * columns * batch, moved)


def gemm(rows: int, inner: int, columns: int, itemsize: int = 2) -> Kernel:
    """``A @ B`` with each operand read once and the product written once."""
    _check(rows=rows, inner=inner, columns=columns, itemsize=itemsize)
    moved = itemsize * (rows * inner + inner * columns + rows * columns)
    return Kernel(f"GEMM {rows:,} x {inner:,} x {columns:,}", 2 * rows * inner * columns, moved)


def axpy(n: int, itemsize: int = 2) -> Kernel:
    """``y += a x``: two reads and a write for two operations."""
    _check(n=n, itemsize=itemsize)
    return Kernel(f"AXPY of {n:,}", 2 * n, 3 * itemsize * n)


def decode(model: Any, context: int = 0, batch: int = 1, itemsize: int = 2) -> Kernel:
    """A step of a language model that writes: every weight for ``batch`` tokens, and the context.

    ``model`` is a `wselab.specs` language model. Keys and values of ``context`` tokens are read for
    each of the batch.
    """
    _check(context=context + 1, batch=batch, itemsize=itemsize)
    kept = model.kv_values_per_token * context * batch
    ratio = model.heads / model.kv_heads  # several queries share a key and its value
    flop = 2 * model.active_parameters * batch + 2 * kept * ratio
    return Kernel(f"{model.name}, a token", flop, itemsize * (model.active_parameters + kept))


def _check(**numbers: Any) -> None:
    for name, number in numbers.items():
        if not (isinstance(number, (int, np.integer)) and number >= 1):
            raise ValueError(f"{name}={number!r}; expected a whole number, at least 1")
