"""GEMV in every layout: each bit, how far from the exact product, and what it takes of a PE."""

from __future__ import annotations

import re
import sys
from typing import Any

import numpy as np
import pytest

import wselab as wse
from wselab import kernels
from wselab.kernels.gemv_layouts import LAYOUTS
from wselab.kernels.gemv_program import ALL_REDUCES
from wselab.specs import WSE2

from .test_kernels import PRODUCTS, Adopting
from .values import TYPES, numbers, rounding_bound, same_bits

layouts = pytest.mark.parametrize("layout", LAYOUTS)


def partial(A: np.ndarray, x: np.ndarray, sums: str) -> np.ndarray:
    """One PE's part of y, element by element as `kernels.gemv` says, in the type of its sums."""
    part = np.zeros(len(A), sums)
    for a, b in zip(A.T.astype(sums), x.astype(sums), strict=True):
        part = part + a * b
    assert part.dtype == sums
    return part


def pieces(length: int, pes: int) -> list[slice]:
    size = -(-length // pes)
    return [slice(at, at + size) for at in range(0, length, size)]


def in_stated_order(
    A: np.ndarray, x: np.ndarray, wafer: tuple[int, int], layout: str, sums: str, **how: Any
) -> np.ndarray:
    """``A @ x``: NumPy's parts of the PEs, added up by the reduce that the layout has."""
    (M, N), (rows, columns) = A.shape, wafer
    if layout == "rows":
        parts = [partial(A[some], x, sums) for some in pieces(M, rows * columns)]
        return np.concatenate(parts)
    if layout == "columns":
        parts = [partial(A[:, some], x[some], sums) for some in pieces(N, rows * columns)]
        columns = min(columns, len(parts))
        parts += [np.zeros(M, sums)] * (-len(parts) % columns)
        grid = np.array(parts).reshape(-1, columns, M)
        by = how.pop("reduce", "chain")
        how |= {"row_algorithm": by, "column_algorithm": by}
        return kernels.reduce_2d(grid, **how)[0]
    y = []
    for some in pieces(M, rows):
        parts = [partial(A[some, these], x[these], sums) for these in pieces(N, columns)]
        line = np.array([parts])
        if "all_reduce" in how or layout == "mesh":
            by = how.get("reduce", "two_phase")
            way = how.get("all_reduce", "reduce_broadcast")
            group = how.get("group")
            total, _ = kernels.all_reduce_row(line, way, reduce_algorithm=by, group=group)
            y.append(total[0, 0])
        else:
            by = how.get("reduce", "chain")
            y.append(kernels.reduce_row(line, by, group=how.get("group"))[0][0])
    return np.concatenate(y)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("accumulate", [None, "float32"])
@layouts
def test_every_bit_is_of_the_stated_order(layout: str, accumulate: Any, dtype: str) -> None:
    """Each PE sums its part in its columns' order, and the parts are reduced, type by type."""
    for matrix, wafer in PRODUCTS:
        A, x = numbers(matrix, dtype, seed=2), numbers(matrix[1], dtype, seed=3)
        value, _ = kernels.gemv(A, x, wafer, layout, accumulate=accumulate)
        expected = in_stated_order(A, x, wafer, layout, accumulate or dtype)
        assert same_bits(value, expected), (matrix, wafer)


@pytest.mark.parametrize(
    ("layout", "how"),
    [
        *((at, {"reduce": by}) for at in ("tiles", "columns", "mesh") for by in ("star", "best")),
        *((at, {"reduce": "tree", "group": 3}) for at in ("tiles", "columns", "mesh")),
        ("mesh", {"all_reduce": "centre", "reduce": "tree"}),
        ("mesh", {"all_reduce": "centre"}),
        ("mesh", {"all_reduce": "reduce_broadcast", "reduce": "chain"}),
    ],
    ids=str,
)
def test_y_is_added_up_by_the_reduce_asked_for(layout: str, how: dict[str, Any]) -> None:
    """In its order, on wafers that the matrix fills and on others."""
    for matrix, wafer in [
        ((7, 24), (2, 12)),
        ((5, 30), (3, 7)),
        ((6, 9), (9, 1)),
        ((4, 9), (1, 9)),
    ]:
        A, x = numbers(matrix, seed=4), numbers(matrix[1], seed=5)
        value, _ = kernels.gemv(A, x, wafer, layout, **how)
        assert same_bits(value, in_stated_order(A, x, wafer, layout, "float32", **how))


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("accumulate", [None, "float32"])
@layouts
def test_y_is_within_the_stated_bound(layout: str, accumulate: Any, dtype: str) -> None:
    """n products and as many additions of parts as a row or the wafer has, each rounded once.

    float64 holds each product exactly and its own sum is 2**29 times nearer than float32's.
    """
    wafer, sums = (5, 6), accumulate or dtype
    A, x = numbers((40, 60), dtype, seed=6), numbers(60, dtype, seed=7)
    plan = kernels.gemv_plan(A.shape, wafer, layout, dtype=dtype, accumulate=accumulate)
    value, _ = kernels.gemv(A, x, wafer, layout, accumulate=accumulate)
    parts = -(-60 // plan.tile[1])
    bound = rounding_bound(A, x, plan.tile[1] + parts - 1, sums)
    exact = A.astype(np.float64) @ x.astype(np.float64)
    assert value.dtype == sums
    assert (abs(value.astype(np.float64) - exact) <= bound).all()
    largest = abs(A.astype(np.float64) * x.astype(np.float64)).max(axis=1)
    assert (largest > bound).any(), "that one were left out would be seen"


def test_float32_sums_are_nearer_than_those_of_16_bits() -> None:
    """2,048 + 1 + 1 stays 2,048 in float16, 256 + 1 + 1 stays 256 in bfloat16."""
    for dtype, large in (("float16", 2048), ("bfloat16", 256)):
        A, x = np.array([[large, 1, 1]]).astype(dtype), np.ones(3, dtype)
        own, _ = kernels.gemv(A, x, (1, 1))
        wide, _ = kernels.gemv(A, x, (1, 1), accumulate="float32")
        assert (float(own[0]), own.dtype) == (large, dtype)
        assert (wide[0], wide.dtype) == (large + 2, "float32")


@pytest.mark.parametrize("layout", ["tiles", "rows"])
def test_bringing_x_beside_the_product_changes_cycles_alone(layout: str) -> None:
    """The same bits whatever the pieces; near the root of x's length they save most of it."""
    for matrix, wafer in PRODUCTS:
        A, x = numbers(matrix, seed=2), numbers(matrix[1], seed=3)
        plain, _ = kernels.gemv(A, x, wafer, layout)
        for size in (1, 2, 5, 100):
            assert same_bits(kernels.gemv(A, x, wafer, layout, overlap=size)[0], plain)
    A = np.ones((16, 400), np.float32)
    wafer = (4, 4) if layout == "rows" else (16, 1)
    cycles = [kernels.gemv(A, A[0], wafer, layout, overlap=n)[1].cycles for n in (None, 20, 400)]
    assert cycles[0] == cycles[2] == cycles[1] + 400 - 20 - (400 // 20 - 1)


@pytest.mark.parametrize("all_reduce", [None, *ALL_REDUCES])
def test_in_a_mesh_every_pe_of_a_row_has_its_part_of_y(
    all_reduce: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that a next layer finds its x in place; in tiles column 0 alone has it."""
    made = captured(monkeypatch)
    A, x = numbers((12, 20)), numbers(20)
    value, _ = kernels.gemv(A, x, (3, 5), "mesh", all_reduce=all_reduce)
    y = made[-1].memories["y"].array
    assert (y == value.reshape(3, 1, 4)).all()
    kernels.gemv(A, x, (3, 5), "tiles")
    assert not (made[-1].memories["y"].array == value.reshape(3, 1, 4)).all()


def captured(monkeypatch: pytest.MonkeyPatch) -> list[wse.Wafer]:
    """The wafers that gemv makes from now on."""
    made: list[wse.Wafer] = []

    class Kept(wse.Wafer):
        def __init__(self, *args: Any, **kwargs: Any):
            super().__init__(*args, **kwargs)
            made.append(self)

    monkeypatch.setattr(sys.modules["wselab.kernels.gemv"], "Wafer", Kept)
    return made


# ---- what it takes -----------------------------------------------------------------------


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("accumulate", [None, "float32"])
@layouts
def test_the_plan_is_what_the_wafer_holds(
    layout: str, accumulate: Any, dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The PEs, and the bytes of each memory: none is made that the plan does not count."""
    made = captured(monkeypatch)
    for matrix, wafer in PRODUCTS:
        plan = kernels.gemv_plan(matrix, wafer, layout, dtype=dtype, accumulate=accumulate)
        A = numbers(matrix, dtype)
        kernels.gemv(A, A[0], wafer, layout, accumulate=accumulate)
        held = {name: memory.bytes_per_pe for name, memory in made[-1].memories.items()}
        assert (made[-1].shape, held) == (plan.wafer, plan.bytes)
        assert plan.bytes_per_pe == sum(held.values())


@layouts
def test_places_are_of_x_and_y_alone(layout: str) -> None:
    """Two places each are a tile once, and x and y twice; a plan says whether that fits."""
    one, two = (kernels.gemv_plan((40, 60), (3, 4), layout, places=k) for k in (1, 2))
    assert two.bytes_per_pe - one.bytes_per_pe == one.bytes["x"] + one.bytes["y"]
    assert two.bytes.get("A") == one.bytes.get("A") and (one.fits, two.fits) == (True, True)
    edge = [kernels.gemv_plan((872, 872), (8, 8), places=k) for k in (1, 2)]
    assert [plan.fits for plan in edge] == [True, False]
    assert [repr(plan).endswith(": does not fit>") for plan in edge] == [False, True]
    assert kernels.gemv_plan((872, 872), (8, 8), places=2, chip=wse.WSE3).room == 48 * 1024


@layouts
def test_padding_is_counted_and_paid_for(layout: str) -> None:
    """A matrix takes the cycles of the one that fills its PEs, whose padding is 0."""
    for matrix, wafer in PRODUCTS:
        plan = kernels.gemv_plan(matrix, wafer, layout)
        (rows, columns), (m, n) = plan.wafer, plan.tile
        full = {"rows": (rows * columns * m, n), "columns": (m, rows * columns * n)}.get(
            layout, (rows * m, columns * n)
        )
        assert plan.macs == full[0] * full[1] == matrix[0] * matrix[1] + plan.padding
        even = kernels.gemv_plan(full, plan.wafer, layout)
        assert (even.padding, even.tile, even.wafer) == (0, plan.tile, plan.wafer)
        A, B = np.ones(matrix, np.float32), np.ones(full, np.float32)
        cycles = [kernels.gemv(one, one[0], wafer, layout)[1].cycles for one in (A, B)]
        assert cycles[0] == cycles[1], (matrix, wafer)


@pytest.mark.parametrize(
    ("layout", "matrix", "wafer"),
    [
        ("tiles", (200, 200), (1, 1)),
        ("tiles", (300, 500), (1, 2)),
        ("tiles", (2000, 40), (3, 1)),
        ("mesh", (200, 400), (2, 2)),
        ("rows", (90, 400), (1, 2)),
        ("columns", (400, 90), (2, 1)),
        ("streamed", (13_000, 1), (1, 1)),
    ],
)
def test_a_matrix_too_large_for_the_wafer_names_one_that_does(
    layout: str, matrix: tuple[int, int], wafer: tuple[int, int]
) -> None:
    """The wafer that the error names holds the matrix, and one PE less a side does not."""
    A, x = np.ones(matrix, np.float32), np.ones(matrix[1], np.float32)
    with pytest.raises(wse.MemoryBudgetError, match="each PE has 49,152 bytes") as caught:
        kernels.gemv(A, x, wafer, layout)
    (named,) = re.findall(r"would do with wafer=\((\d+), (\d+)\)", str(caught.value))
    rows, columns = map(int, named)
    value, _ = kernels.gemv(A, x, (rows, columns), layout)
    assert (value == matrix[1]).all()
    with pytest.raises(wse.MemoryBudgetError):
        kernels.gemv(A, x, (max(1, rows - 1), max(1, columns - 1)), layout)


def test_the_error_names_the_layouts_that_would_go() -> None:
    """All of x in a PE is too much where a piece of it is not; nothing holds y of 20,000 rows."""
    A = np.ones((4, 13_000), np.float32)
    with pytest.raises(wse.MemoryBudgetError) as caught:
        kernels.gemv(A, A[0], (2, 8), "rows")
    told = str(caught.value)
    assert "Not even the 996 x 757 PEs of a WSE-2" in told
    named = re.findall(r"layout='(\w+)'", told.split("On this one it would go with")[1])
    assert named == ["tiles", "columns", "mesh", "streamed"]
    for layout in named[:3]:
        kernels.gemv(A, A[0], (2, 8), layout)
    with pytest.raises(wse.MemoryBudgetError) as caught:
        kernels.gemv(np.ones((100_000, 1), np.float32), A[0, :1], (2, 2), "columns")
    assert "On this one" not in str(caught.value)


def test_a_matrix_that_no_wafer_holds_is_refused_before_any_copy() -> None:
    """40 TB are refused at once, with the advice to cut the matrix into pieces."""
    A = np.broadcast_to(np.float32(1), (10**6 + 1, 10**7 + 1))
    for layout in ("tiles", "rows", "columns", "mesh"):
        with pytest.raises(wse.MemoryBudgetError, match="Not even the 996 x 757 PEs of a WSE-2"):
            kernels.gemv(A, A[0], (994, 750), layout)


def test_a_memory_of_the_exact_size_is_taken() -> None:
    """A tile that fills the 48 KiB to the last value runs; one column more does not."""
    # 6 x 1755 + 1755 + 6 = 12,291 of 12,288 values is too much; 6 x 1754 + 1754 + 6 = 12,284 fits.
    A = np.ones((6, 1755), np.float32)
    assert kernels.gemv(A[:, :1754], A[0, :1754], wafer=(1, 1))[0].tolist() == [1754.0] * 6
    with pytest.raises(wse.MemoryBudgetError, match="takes 49,164"):
        kernels.gemv(A, A[0], wafer=(1, 1))


def test_float32_sums_of_halves_count_four_bytes() -> None:
    """y of 12,000 rows fits in float16, and not in float32."""
    A = np.ones((12_000, 1), np.float16)
    assert kernels.gemv(A, A[0], (1, 1))[0].dtype == np.float16
    with pytest.raises(wse.MemoryBudgetError, match="48,000 of y"):
        kernels.gemv(A, A[0], (1, 1), accumulate="float32")


@pytest.mark.parametrize(
    ("layout", "matrix"),
    [("rows", (12, 4)), ("columns", (4, 12)), ("tiles", (4, 6)), ("mesh", (4, 6))],
)
def test_the_matrix_is_adopted_where_it_comes_out_even(
    layout: str, matrix: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No copy of A is made, whatever the layout in which it rests."""
    monkeypatch.setattr(sys.modules["wselab.kernels.gemv"], "Wafer", Adopting)
    monkeypatch.setattr(Adopting, "adopted", {}, raising=False)
    A = numbers(matrix)
    kernels.gemv(A, A[0], (2, 3), layout)
    assert np.shares_memory(Adopting.adopted["A"], A)


# ---- the matrix in motion ----------------------------------------------------------------


def test_the_hosts_io_is_what_streaming_costs() -> None:
    """Of 50 links it serves 44 a cycle; of 40 each one in every cycle."""
    for links, factor in ((50, 50 / 44), (40, 1.0)):
        A = np.ones((links * 4, 60), np.float32)
        _, run = kernels.gemv(A, A[0], (links, 2), "streamed")
        assert run.engine == "lockstep"
        assert 240 * factor <= run.cycles <= 240 * factor + 40


def test_a_streamed_matrix_is_kept_nowhere() -> None:
    """A matrix that 40 PEs could not hold goes through them."""
    A = np.ones((400, 1300), np.float32)
    assert A.nbytes > 40 * WSE2.pe_memory_bytes
    assert (kernels.gemv(A, A[0], (40, 1), "streamed")[0] == 1300).all()


# ---- errors ------------------------------------------------------------------------------

A, X = np.ones((4, 4), np.float32), np.ones(4, np.float32)
HALF = A.astype(np.float16)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda: kernels.gemv(A, X, (2, 2), "diagonal"),
            "no layout 'diagonal'; there is 'tiles', ",
        ),
        (
            lambda: kernels.gemv(A, X, (2, 2), reduce="pile"),
            "no algorithm 'pile'; there is 'chain'",
        ),
        (lambda: kernels.gemv(A, X, (2, 2), group=3), "group=3 with algorithm 'chain'; it is for"),
        (lambda: kernels.gemv(A, X, (2, 2), "rows", reduce="tree"), "layout='rows' has no reduce"),
        (
            lambda: kernels.gemv(A, X, (2, 2), "streamed", group=2),
            "layout='streamed' has no reduce",
        ),
        (
            lambda: kernels.gemv(A, X, (2, 2), all_reduce="centre"),
            "'reduce_broadcast', 'centre' in",
        ),
        (lambda: kernels.gemv(A, X, (2, 2), "mesh", all_reduce="ring"), "all_reduce='ring' in"),
        (lambda: kernels.gemv(A, X, (2, 2), overlap=0), "overlap=0; expected a whole number, at"),
        (lambda: kernels.gemv(A, X, (2, 2), overlap=2.0), "overlap=2.0; expected a whole number"),
        (lambda: kernels.gemv(A, X, (2, 2), "mesh", overlap=2), "only in 'tiles' and 'rows' is x"),
        (lambda: kernels.gemv(A, X, (2, 2), accumulate="float16"), "accumulate='float16' for a "),
        (lambda: kernels.gemv(HALF, X.astype("f2"), (2, 2), accumulate="f8"), "expected 'float32'"),
        (lambda: kernels.gemv_plan((4, 4), (2, 2), places=0), "places=0; expected a whole number"),
        (lambda: kernels.gemv_plan((4, 4), (2, 2), dtype="float64"), "a PE computes in float32 or"),
        (lambda: kernels.gemv_plan((4, 0), (2, 2)), "matrix=(4, 0); expected two whole numbers"),
        (lambda: kernels.gemv_plan(4, (2, 2)), "matrix=4; expected two whole numbers"),
        (lambda: kernels.gemv_plan((4, 4), (2, 2.0)), "wafer=(2, 2.0); expected two whole numbers"),
    ],
)
def test_what_there_is_not_is_named(call: Any, words: str) -> None:
    """A wrong layout, reduce or type raises a ProgramError that says what there is."""
    with pytest.raises(wse.ProgramError, match=re.escape(words)):
        call()


def test_a_wrong_reduce_is_named_though_there_is_nothing_to_add_up() -> None:
    """On a single column too."""
    with pytest.raises(wse.ProgramError, match="no algorithm 'pile'"):
        kernels.gemv(A, X, (2, 1), reduce="pile")
