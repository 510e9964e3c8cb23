"""The programs that are timed, each on a wafer with its data already in it."""

from __future__ import annotations

import numpy as np

import wselab as wse
from wselab.kernels import write_broadcast, write_reduce_2d

ROWS, COLUMNS = wse.WSE2.user_shape
WAVELETS = 256


def reduce_2d(rows: int = ROWS, columns: int = COLUMNS, delayed: bool = False) -> wse.Wafer:
    """The 2D chain reduce; ``delayed``: each row begins after an operation of random length."""
    wafer = wse.Wafer(rows, columns)
    x = wafer.memory("x", WAVELETS)
    x[...] = np.arange(columns, dtype=np.float32)[:, None] % 7
    if delayed:
        lengths = np.random.default_rng(1).integers(1, WAVELETS + 1, rows)
        for row, length in enumerate(lengths.tolist()):
            wafer[row].mul(x.own[:length], 1.0, out=x.own[:length])
    write_reduce_2d(wafer, x, x)
    return wafer


def broadcast(rows: int = ROWS, columns: int = COLUMNS) -> wse.Wafer:
    """One vector to every PE."""
    wafer = wse.Wafer(rows, columns)
    x = wafer.memory("x", WAVELETS)
    x[...] = 0.0  # the host's pages are there before the clock starts
    x[0, 0] = np.arange(WAVELETS)
    write_broadcast(wafer, x)
    return wafer


def v1() -> wse.Wafer:
    """The published measurement V1: a row of 512 PEs, 4,096 wavelets."""
    wafer = wse.Wafer(1, 512)
    x = wafer.memory("x", 4096)
    x[...] = 1.0
    wse.kernels.write_chain_west(wafer, x, x)
    return wafer
