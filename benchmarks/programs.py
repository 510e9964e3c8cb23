"""The programs that are timed, each on a wafer with its data already in it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np

import wselab as wse
from wselab import RAMP, fabin, fabout
from wselab.fabric.color import neighbour
from wselab.fabric.ports import LINKS, opposite
from wselab.kernels import write_broadcast, write_reduce_2d

ROWS, COLUMNS = wse.WSE2.user_shape
WAVELETS = 256


FILLS = True


@contextlib.contextmanager
def without_data() -> Iterator[None]:
    """Make programs without filling their memory, which is the host's work and not the program."""
    global FILLS
    FILLS = False
    try:
        yield
    finally:
        FILLS = True


def fill(memory: wse.Memory, values: Any) -> None:
    """Write to every PE, so that the host's pages are there before the clock starts."""
    if FILLS:
        memory[...] = values


def reduce_2d(rows: int = ROWS, columns: int = COLUMNS, delayed: bool = False) -> wse.Wafer:
    """The 2D chain reduce; ``delayed``: each row begins after an operation of random length."""
    wafer = wse.Wafer(rows, columns)
    x = wafer.memory("x", WAVELETS)
    fill(x, np.arange(columns, dtype=np.float32)[:, None] % 7)
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
    fill(x, 0.0)
    x[0, 0] = np.arange(WAVELETS)
    write_broadcast(wafer, x)
    return wafer


def halo(rows: int = ROWS, columns: int = COLUMNS, wavelets: int = 64) -> wse.Wafer:
    """Each PE sends its vector to its four neighbours and takes in theirs, by microthreads.

    Eight colors: a PE sends on other colors than its neighbours, as on a chessboard.
    """
    wafer = wse.Wafer(rows, columns)
    x = wafer.memory("x", wavelets)
    here = np.indices(wafer.shape).sum(axis=0) % 2
    there = np.ones(wafer.shape, bool)
    for port in LINKS:
        got = wafer.memory(f"from {opposite(port)}", wavelets)
        for parity in (0, 1):
            color = wafer.color(f"{port} {parity}")
            sends = (here == parity) & neighbour(there, port)
            takes = (here != parity) & neighbour(there, opposite(port))
            wafer[sends].route(color, RAMP >> port)
            wafer[takes].route(color, opposite(port) >> RAMP)
            wafer[takes].mov(fabin(color), out=got, microthread=True)
            wafer[sends].mov(x, out=fabout(color), microthread=True)
    for memory in wafer.memories.values():
        fill(memory, 1.0)
    return wafer


def v1() -> wse.Wafer:
    """The published measurement V1: a row of 512 PEs, 4,096 wavelets."""
    wafer = wse.Wafer(1, 512)
    x = wafer.memory("x", 4096)
    fill(x, 1.0)
    wse.kernels.write_chain_west(wafer, x, x)
    return wafer
