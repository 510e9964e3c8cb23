"""Writers on a wafer: every engine runs what they write alike, and they can write it again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import wselab as wse
from wselab import kernels

from .agreement.compare import difference
from .values import TYPES, numbers

B = 5


def filled(w: wse.Wafer, name: str, shape: Any, dtype: str) -> Any:
    return w.memory(name, data=numbers((*w.shape, *np.atleast_1d(shape)), dtype, seed=len(name)))


def two(write: Any, *args: Any, **kwargs: Any) -> Any:
    """A writer of (w, x, out)."""

    def build(w: wse.Wafer, dtype: str) -> tuple[Any, tuple[Any, ...]]:
        memories = filled(w, "x", B, dtype), w.memory("out", B, dtype=dtype)
        return write(w, *memories, *args, **kwargs), memories

    return build


def one(write: Any, *args: Any, parts: bool = False, **kwargs: Any) -> Any:
    """A writer of (w, x), where ``parts``: B values for each column."""

    def build(w: wse.Wafer, dtype: str) -> tuple[Any, tuple[Any, ...]]:
        x = filled(w, "x", B * w.shape[1] if parts else B, dtype)
        return write(w, x, *args, **kwargs), (x,)

    return build


def multicast(w: wse.Wafer, dtype: str) -> tuple[Any, tuple[Any, ...]]:
    x = filled(w, "x", B, dtype)
    to = np.random.default_rng(4).random(w.shape) < 0.4
    return kernels.write_multicast(w, x, to, (w.shape[0] // 2, w.shape[1] // 2)), (x,)


def all_to_all(w: wse.Wafer, dtype: str) -> tuple[Any, tuple[Any, ...]]:
    length = B * w.shape[1]
    parts = filled(w, "parts", length, dtype)
    memories = parts, w.memory("room", length, dtype=dtype), w.memory("out", length, dtype=dtype)
    return kernels.write_all_to_all_row(w, *memories), memories


def gemv(layout: str, **how: Any) -> Any:
    """A writer of a product whose sums are float32."""

    def build(w: wse.Wafer, dtype: str) -> tuple[Any, tuple[Any, ...]]:
        A, x = filled(w, "A", (6, 3), dtype), filled(w, "x", 3, dtype)
        memories = (A[...] if layout == "streamed" else A), x, w.memory("y", 6)
        return kernels.write_gemv(w, *memories, layout, **how), memories

    return build


WRITERS = {
    "broadcast": one(kernels.write_broadcast),
    "broadcast down": one(kernels.write_broadcast_down),
    "broadcast row": one(kernels.write_broadcast_row),
    "multicast": multicast,
    "chain west": two(kernels.write_chain_west),
    "chain north": two(kernels.write_chain_north),
    "chain": two(kernels.write_reduce_row, "chain"),
    "star": two(kernels.write_reduce_row, "star"),
    "tree": two(kernels.write_reduce_row, "tree"),
    "two_phase": two(kernels.write_reduce_row, "two_phase", 2),
    "auto": two(kernels.write_reduce_row, "auto"),
    "best": two(kernels.write_reduce_row, "best"),
    "xy": two(kernels.write_reduce_2d, row_algorithm="tree", column_algorithm="best"),
    "snake": two(kernels.write_reduce_2d, "snake"),
    "reduce_broadcast": two(kernels.write_all_reduce_row),
    "centre": two(kernels.write_all_reduce_row, "centre", "tree"),
    "ring": two(kernels.write_all_reduce_row, "ring"),
    "all-gather": one(kernels.write_all_gather_row, parts=True),
    "all-gather, switches": one(kernels.write_all_gather_row, "switches", parts=True),
    "scatter": one(kernels.write_scatter_row, parts=True),
    "all-to-all": all_to_all,
    "gemv": gemv("tiles"),
    "gemv, rows": gemv("rows"),
    "gemv, rows, overlapped": gemv("rows", overlap=2),
    "gemv, columns": gemv("columns", reduce="tree", group=3),
    "gemv, mesh": gemv("mesh"),
    "gemv, mesh from the centre": gemv("mesh", all_reduce="centre"),
    "gemv, streamed": gemv("streamed"),
}
SHAPES = [(1, 1), (1, 2), (1, 6), (5, 1), (3, 7)]
WHAT_IFS = [{}, {"ramp_latency": 4, "queue_depth": 3}, {"gap": 2, "startup": 1}]

Build = Callable[[wse.Wafer, str], tuple[Any, tuple[Any, ...]]]


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("what_if", WHAT_IFS, ids=str)
def test_all_engines_run_a_kernel_alike(name: str, what_if: dict[str, int]) -> None:
    """The engines agree on cycles, hops, ramp deliveries and every bit of memory."""
    for at, shape in enumerate(SHAPES):

        def build(at: int = at, shape: tuple[int, int] = shape) -> wse.Wafer:
            w = wse.Wafer(*shape, **what_if)
            WRITERS[name](w, TYPES[at % len(TYPES)])
            return w

        for engine in {"lockstep", build().run().engine}:
            assert difference(build, ("reference", engine)) == "", (shape, engine)


@pytest.mark.parametrize("switches", [False, True])
def test_all_engines_run_a_tree_on_switches_alike(
    switches: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether a tree takes a color for each level or switches, lockstep and reference agree."""
    monkeypatch.setattr("wselab.kernels.tree_program.MOST_STATIC", 0 if switches else 24)
    for how in ("chain", "star", "tree", "two_phase", "auto", "best"):

        def build(how: str = how) -> wse.Wafer:
            w = wse.Wafer(2, 11)
            x, out = filled(w, "x", B, "float32"), w.memory("out", B)
            kernels.write_reduce_row(w, x, out, how)
            return w

        assert not switches or len(build().colors) == 2
        assert difference(build, ("reference", "lockstep")) == ""


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", WRITERS)
def test_a_writer_writes_its_operations_again(name: str, shape: tuple[int, int]) -> None:
    """A second launch on the same wafer needs no new color and gives the same run and memory."""
    w = wse.Wafer(*shape)
    again, memories = WRITERS[name](w, "float32")
    before = [memory[...].copy() for memory in memories]
    colors = len(w.colors)
    launches = []
    for _ in range(2):
        run = w.run()
        launches.append((run.cycles, run.hops, run.ramps, [m[...].tobytes() for m in memories]))
        for memory, values in zip(memories, before, strict=True):
            memory[...] = values
        again(*memories)
    assert launches[0] == launches[1]
    assert len(w.colors) == colors


def test_a_writer_writes_again_for_other_memories() -> None:
    """The routes serve vectors of another length too."""
    w = wse.Wafer(1, 9)
    x, longer = w.memory("x", B), w.memory("longer", 3 * B)
    longer[...] = 1.0
    again = kernels.write_reduce_row(w, x, x, "two_phase")
    w.run()
    again(longer, longer)
    w.run()
    assert longer[0, 0].tolist() == [9.0] * 3 * B


@pytest.mark.parametrize("name", WRITERS)
def test_nothing_is_wrong_with_what_is_written(name: str) -> None:
    """`verify` finds no route that leads nowhere, and no counts that differ."""
    for shape in SHAPES:
        w = wse.Wafer(*shape)
        WRITERS[name](w, "float32")
        assert not w.verify(), (shape, w.verify())
