"""The closed forms, against programs that really run on the emulated wafer."""

from __future__ import annotations

import itertools
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wselab import kernels, predict
from wselab.fabric.memory import number_type
from wselab.specs import WSE1, WSE2, WSE3

# Changes of the rules. Queues deeper than 2 change nothing here, so the formulas have no depth.
WHAT_IFS: list[dict[str, int]] = [
    {},
    {"ramp_latency": 1},
    {"ramp_latency": 5},
    {"queue_depth": 4},
    {"ramp_latency": 3, "queue_depth": 3, "startup": 2, "gap": 3},
]


def known(formula: Any, what_if: dict[str, int]) -> dict[str, int]:
    """Those of the changed rules that a closed form has a keyword for."""
    return {name: value for name, value in what_if.items() if name in formula.__kwdefaults__}


def ones(*shape: int, dtype: str = "float32") -> np.ndarray:
    return np.ones(shape, number_type(dtype))


@pytest.mark.parametrize("what_if", WHAT_IFS, ids=str)
def test_broadcast_takes_the_predicted_cycles(what_if: dict[str, int]) -> None:
    """Emulated and predicted cycles are the same for every shape, a single PE included."""
    shapes = [(1, 1), (1, 2), (2, 1), (1, 9), (9, 1), (3, 4), (7, 5), (2, 64)]
    for (rows, columns), wavelets in itertools.product(shapes, (1, 2, 3, 20)):
        _, run = kernels.broadcast(ones(wavelets), rows=rows, columns=columns, **what_if)
        assert run.cycles == predict.broadcast(
            rows=rows, columns=columns, wavelets=wavelets, **known(predict.broadcast, what_if)
        ), (rows, columns, wavelets)


@pytest.mark.parametrize("what_if", WHAT_IFS, ids=str)
def test_reduce_row_takes_the_predicted_cycles(what_if: dict[str, int]) -> None:
    """Emulated and predicted cycles are the same for every row, a single PE included."""
    for pes, wavelets in itertools.product((1, 2, 3, 8, 33), (1, 2, 3, 20)):
        _, run = kernels.reduce_row(ones(2, pes, wavelets), **what_if)
        assert run.cycles == predict.reduce_row(
            pes=pes, wavelets=wavelets, **known(predict.reduce_row, what_if)
        ), (pes, wavelets)


@pytest.mark.parametrize("what_if", WHAT_IFS, ids=str)
def test_reduce_2d_takes_the_predicted_cycles(what_if: dict[str, int]) -> None:
    """Emulated and predicted cycles are the same for every shape, a single line included."""
    shapes = [(1, 1), (1, 2), (2, 1), (1, 9), (9, 1), (3, 4), (7, 5)]
    for (rows, columns), wavelets in itertools.product(shapes, (1, 2, 20)):
        _, run = kernels.reduce_2d(ones(rows, columns, wavelets), **what_if)
        assert run.cycles == predict.reduce_2d(
            rows=rows, columns=columns, wavelets=wavelets, **known(predict.reduce_2d, what_if)
        ), (rows, columns, wavelets)


LAYOUTS: list[dict[str, Any]] = [
    *({"layout": layout} for layout in ("tiles", "rows", "columns", "mesh", "streamed")),
    *({"layout": "tiles", "reduce": by} for by in ("star", "tree", "two_phase", "auto", "best")),
    {"layout": "tiles", "reduce": "tree", "group": 3},
    {"layout": "columns", "reduce": "two_phase", "group": 2},
    {"layout": "tiles", "overlap": 3},
    {"layout": "rows", "overlap": 5},
    {"layout": "mesh", "reduce": "chain"},
    {"layout": "mesh", "reduce": "tree", "group": 4},
    {"layout": "mesh", "all_reduce": "centre", "reduce": "chain"},
    {"layout": "mesh", "all_reduce": "centre"},
]
SUMS = [("float32", None), ("float16", None), ("float16", "float32"), ("bfloat16", "float32")]


def holes(how: dict[str, Any], pes: int, ramp_latency: int, gap: int) -> int:
    """Cycles that a run may take longer: the formula of the collective that adds up says why."""
    hole = ramp_latency - 1
    chained = how.get("reduce", "chain" if how["layout"] != "mesh" else "") == "chain"
    if how["layout"] in ("rows", "tiles", "columns") and chained:
        return 0
    if how["layout"] == "mesh" and chained:
        return 2 * hole if "all_reduce" in how and gap else 0
    if how["layout"] == "streamed":
        return hole
    if how.get("reduce") in ("star", "auto", "best") and gap:
        return hole * pes
    return hole * (2 if gap or "all_reduce" in how or how["layout"] == "columns" else 1)


@settings(max_examples=250, deadline=None)
@given(
    how=st.sampled_from(LAYOUTS),
    matrix=st.tuples(st.integers(1, 30), st.integers(1, 30)),
    wafer=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    sums=st.sampled_from(SUMS),
    what_if=st.fixed_dictionaries(
        {},
        optional={
            "ramp_latency": st.integers(1, 4),
            "queue_depth": st.integers(2, 4),
            "startup": st.integers(0, 3),
            "gap": st.integers(0, 3),
            "fp16_macs": st.integers(1, 8),
            "fp32_macs": st.integers(1, 3),
            "mixed_macs": st.integers(1, 3),
            "io_wavelets": st.integers(1, 12),
        },
    ),
)
def test_gemv_takes_the_predicted_cycles(
    how: dict[str, Any],
    matrix: tuple[int, int],
    wafer: tuple[int, int],
    sums: tuple[str, str | None],
    what_if: dict[str, int],
) -> None:
    """Emulated and predicted cycles are the same for any layout, matrix, wafer, type and rules."""
    if how["layout"] == "streamed":
        what_if = {name: value for name, value in what_if.items() if name != "gap"}
    dtype, accumulate = sums
    A, x = ones(*matrix, dtype=dtype), ones(matrix[1], dtype=dtype)
    _, run = kernels.gemv(A, x, wafer, **how, accumulate=accumulate, **what_if)
    predicted = predict.gemv(
        matrix=matrix,
        wafer=wafer,
        dtype=dtype,
        accumulate=accumulate,
        **how,
        **known(predict.gemv, what_if),
    )
    m = kernels.gemv_plan(matrix, wafer, how["layout"]).tile[0]
    slack = holes(how, wafer[1], what_if.get("ramp_latency", 2), what_if.get("gap", 0))
    if m >= 16 and not what_if.get("gap") and how["layout"] != "streamed":
        slack = 3 if "all_reduce" in how else 0
    assert 0 <= run.cycles - predicted <= slack


@pytest.mark.parametrize("how", LAYOUTS, ids=str)
def test_gemv_takes_the_predicted_cycles_where_parts_are_longer(how: dict[str, Any]) -> None:
    """To the cycle, for parts of y of 16 values and more, on lines, squares and odd rectangles."""
    for matrix, wafer, dtype in [
        ((340, 200), (20, 20), "float16"),
        ((33, 125), (2, 41), "float32"),
        ((600, 40), (31, 3), "float16"),
        ((20, 64), (1, 64), "bfloat16"),
        ((64, 77), (1, 1), "float32"),
        ((90, 30), (5, 1), "float32"),
    ]:
        if how["layout"] == "streamed" and matrix[0] * matrix[1] > 25_000:
            continue  # tens of thousands of steps
        A = ones(*matrix, dtype=dtype)
        _, run = kernels.gemv(A, A[0], wafer, **how)
        predicted = predict.gemv(matrix=matrix, wafer=wafer, dtype=dtype, **how)
        slack = 3 if "all_reduce" in how and how.get("reduce") != "chain" else 0
        slack += how["layout"] == "streamed"
        assert 0 <= run.cycles - predicted <= slack, (matrix, wafer)


def test_a_streamed_product_is_predicted_where_the_io_is_the_limit() -> None:
    """60 rows of PEs take turns at 44 wavelets a cycle; 40 do not."""
    for rows, columns in [(60, 3), (100, 1), (44, 2), (40, 2), (45, 5)]:
        A = ones(rows * 16, columns * 3 + 1)
        _, run = kernels.gemv(A, A[0], (rows, columns), "streamed")
        predicted = predict.gemv(matrix=A.shape, wafer=(rows, columns), layout="streamed")
        assert 0 <= run.cycles - predicted <= (columns > 1), (rows, columns)


def test_64_by_64_pes_take_the_predicted_cycles() -> None:
    """The closed forms hold on 4,096 PEs, with vectors longer than any queue."""
    _, spread = kernels.broadcast(ones(100), rows=64, columns=64)
    _, summed = kernels.reduce_2d(ones(64, 64, 100))
    _, product = kernels.gemv(ones(512, 640), ones(640), wafer=(64, 64))
    assert spread.cycles == predict.broadcast(rows=64, columns=64, wavelets=100)
    assert summed.cycles == predict.reduce_2d(rows=64, columns=64, wavelets=100)
    assert product.cycles == predict.gemv(matrix=(512, 640), wafer=(64, 64))


def test_the_formulas_are_those_of_their_sources() -> None:
    """Worked by hand from the printed formulas, at the sizes that the course speaks of."""
    assert predict.reduce_row(pes=512, wavelets=4096) == 4096 + 6 * 511 == 7162
    assert predict.reduce_2d(rows=994, columns=750, wavelets=256) == 512 + 6 * 1742 == 10_964
    assert predict.broadcast(rows=994, columns=750, wavelets=256) == 256 + 1742 + 5 == 2003
    # 8 columns of x down 25 rows; 8 mac of 2 cycles (4 float16 a cycle); 8 sums along 32 PEs.
    phases = (8 + 25 + 4) + 8 * 2 + (8 + 6 * 31)
    assert predict.gemv(matrix=(200, 256), wafer=(25, 32), dtype="float16") == phases


def test_the_chips_constants_are_taken() -> None:
    """Another chip's ramp latency and rates count; what a caller sets counts more."""
    slow = WSE2.what_if(ramp_latency_cycles=4)
    assert predict.reduce_row(pes=3, wavelets=8, chip=slow) == 8 + 10 * 2
    assert predict.reduce_row(pes=3, wavelets=8, chip=slow, ramp_latency=1) == 8 + 4 * 2
    sizes: dict[str, Any] = {"matrix": (8, 8), "wafer": (1, 1), "dtype": "float16"}
    cycles = [predict.gemv(**sizes, chip=chip) for chip in (WSE1, WSE2, WSE3)]
    assert cycles == [16, 16, 8]
    assert predict.gemv(**sizes, fp16_macs=1) == 64
    delayed = WSE2.what_if(operation_startup_cycles=3, operation_gap_cycles=2)
    assert predict.gemv(**sizes, chip=delayed) == 8 * (3 + 2) + 7 * 2


@pytest.mark.parametrize(
    "cycles",
    [
        lambda one: predict.broadcast(rows=one(5), columns=one(6), wavelets=one(7)),
        lambda one: predict.reduce_row(pes=one(5), wavelets=one(7)),
        lambda one: predict.reduce_2d(rows=one(5), columns=one(6), wavelets=one(7)),
        lambda one: predict.gemv(matrix=(one(50), one(60)), wafer=(one(5), one(6))),
    ],
)
def test_sizes_may_come_from_numpy_and_cycles_are_plain(cycles: Any) -> None:
    """NumPy's whole numbers give what Python's give: a Python int."""
    assert cycles(np.uint8) == cycles(int)
    assert type(cycles(np.uint8)) is int


def gemv(**how: Any) -> int:
    return predict.gemv(matrix=(4, 4), wafer=(2, 2), **how)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: predict.broadcast(rows=0, columns=2, wavelets=3), "rows=0: expected a whole"),
        (lambda: predict.broadcast(rows=1, columns=2.0, wavelets=3), r"columns=2\.0: expected"),
        (lambda: predict.reduce_row(pes=True, wavelets=3), "pes=True: expected"),
        (lambda: predict.reduce_row(pes=2, wavelets=-1), "wavelets=-1: expected"),
        (lambda: predict.reduce_row(pes=2, wavelets=3, algorithm="pile"), "no algorithm 'pile'"),
        (lambda: predict.reduce_row(pes=2, wavelets=3, ramp_latency=0), "ramp_latency=0: expected"),
        (lambda: predict.reduce_2d(rows=2, columns=2, wavelets=3, gap=-1), "gap=-1: expected"),
        (lambda: predict.gemv(matrix=4, wafer=(2, 2)), "matrix=4: expected 2 whole numbers"),
        (lambda: predict.gemv(matrix=(4, 0), wafer=(2, 2)), "N=0: expected a whole number"),
        (lambda: gemv(dtype="int8"), "dtype='int8': expected"),
        (lambda: gemv(layout="diagonal"), "no layout 'diagonal'; there is 'tiles', 'rows'"),
        (lambda: gemv(layout="rows", reduce="tree"), "layout='rows' has no reduce"),
        (lambda: gemv(layout="streamed", group=2), "layout='streamed' has no reduce"),
        (lambda: gemv(reduce="pile"), "no algorithm 'pile'"),
        (lambda: gemv(all_reduce="centre"), "all_reduce='centre' in layout='tiles': expected"),
        (lambda: gemv(layout="mesh", all_reduce="ring"), "all_reduce='ring' in layout='mesh'"),
        (lambda: gemv(overlap=0), "overlap=0: expected a whole number, at least 1"),
        (lambda: gemv(layout="mesh", overlap=2), "overlap=2 in layout='mesh': for 'tiles' and"),
        (lambda: gemv(accumulate="float16"), "accumulate='float16' with float32: expected"),
        (lambda: gemv(layout="streamed", gap=1), "layout='streamed' with gap=1: what the streams"),
    ],
)
def test_wrong_sizes_are_named(call: Any, words: str) -> None:
    """A wrong size raises a ValueError that names it and says what was expected."""
    with pytest.raises(ValueError, match=words):
        call()


@pytest.mark.parametrize(("one", "other"), [("kernels", "predict"), ("predict", "kernels")])
def test_kernels_and_predictions_do_not_know_each_other(one: str, other: str) -> None:
    """Importing either loads neither the other nor any drawing library."""
    code = (
        f"import sys, wselab.{one}; "
        f"print([m for m in sys.modules if m.startswith('wselab.{other}') or m == 'matplotlib'])"
    )
    printed = subprocess.check_output([sys.executable, "-c", code], text=True)
    assert printed.strip() == "[]"
