"""The closed form of a matrix product, against programs that really run on the emulated wafer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from wselab import kernels, predict
from wselab.specs import WSE2, WSE3

from .long import long

ALGORITHMS = ["summa", "cannon", "mesh"]


def both(
    wafer: tuple[int, int], tile: tuple[int, int, int], algorithm: str, **how: Any
) -> tuple[int, int]:
    """Cycles predicted and run, of a product whose tiles are full."""
    (rows, columns), (m, b, n) = wafer, tile
    sizes = rows * m, b * max(wafer), columns * n
    dtype = how.pop("dtype", "float32")
    A, B = np.ones(sizes[:2], dtype), np.ones(sizes[1:], dtype)
    _, run = kernels.gemm(A, B, wafer, algorithm, **how)
    how |= {"dtype": dtype}
    return predict.gemm(sizes=sizes, wafer=wafer, algorithm=algorithm, **how), run.cycles


RULES: list[dict[str, int]] = [
    {},
    {"gap": 2, "startup": 1, "ramp_latency": 3},
    {"queue_depth": 4, "fp32_macs": 2, "ramp_latency": 1},
]
WAFERS = [(1, 2), (1, 4), (3, 1), (2, 2), (3, 3), (5, 5), (6, 6), (2, 5), (5, 2), (3, 7)]
TILES = [(1, 1, 1), (2, 2, 2), (1, 2, 3), (5, 1, 4), (8, 2, 8)]


@pytest.mark.parametrize("rules", RULES, ids=str)
@pytest.mark.parametrize("tile", TILES, ids=str)
@pytest.mark.parametrize("wafer", WAFERS, ids=str)
def test_summa_in_turns_takes_exactly_the_predicted_cycles(
    wafer: tuple[int, int], tile: tuple[int, int, int], rules: dict[str, int]
) -> None:
    """Without overlap the recurrence is the program, on every rectangle and with every rule."""
    predicted, cycles = both(wafer, tile, "summa", overlap=False, **rules)
    assert predicted == cycles


@pytest.mark.parametrize("rules", RULES[:2], ids=str)
@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("overlap", [True, False])
@pytest.mark.parametrize(
    ("wafer", "tile"),
    [((2, 2), (4, 4, 4)), ((3, 3), (8, 4, 8)), ((4, 4), (8, 8, 8)), ((6, 6), (8, 2, 8))],
    ids=str,
)
def test_products_that_outlast_their_transport_take_the_predicted_cycles(
    wafer: tuple[int, int],
    tile: tuple[int, int, int],
    overlap: bool,
    algorithm: str,
    rules: dict[str, int],
) -> None:
    """Where multiplying takes longer than what comes by the ramp, to half a percent."""
    predicted, cycles = both(wafer, tile, algorithm, overlap=overlap, **rules)
    assert abs(predicted - cycles) <= 0.005 * cycles


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("tile", [(1, 1, 1), (2, 2, 2), (3, 1, 5)], ids=str)
@pytest.mark.parametrize("wafer", [(2, 2), (4, 4), (8, 8), *long((11, 11))], ids=str)
def test_small_tiles_take_nearly_the_predicted_cycles(
    wafer: tuple[int, int], tile: tuple[int, int, int], algorithm: str
) -> None:
    """Where everybody waits for hand-overs and ramps: to two percent, SUMMA to four."""
    predicted, cycles = both(wafer, tile, algorithm)
    assert abs(predicted - cycles) <= max(2, (0.04 if algorithm == "summa" else 0.02) * cycles)


def test_what_is_left_out_where_ramps_are_the_limit_is_known() -> None:
    """Narrow panels of SUMMA that multiply in half the time of their transport: an eighth short."""
    predicted, cycles = both((5, 5), (6, 2, 1), "summa")
    assert 0.87 * cycles < predicted < cycles


@pytest.mark.parametrize(("sizes", "wafer"), [((7, 9, 5), (3, 3)), ((13, 30, 9), (4, 5))], ids=str)
@pytest.mark.parametrize(
    "how", [{}, {"dtype": "float16"}, {"dtype": "float16", "accumulate": "float32"}], ids=str
)
def test_padding_and_types_are_predicted(
    sizes: tuple[int, int, int], wafer: tuple[int, int], how: dict[str, str]
) -> None:
    """Matrices that do not fill their tiles, and the rates of the types."""
    dtype = how.get("dtype", "float32")
    accumulate = how.get("accumulate")
    A, B = np.ones(sizes[:2], dtype), np.ones(sizes[1:], dtype)
    for chip in (WSE2, WSE3):
        _, run = kernels.gemm(A, B, wafer, overlap=False, accumulate=accumulate, chip=chip)
        assert run.cycles == predict.gemm(sizes=sizes, wafer=wafer, overlap=False, chip=chip, **how)


def turn(cycles: dict[int, int]) -> int:
    """The side of the wafer on which a product is fastest."""
    return min(cycles, key=lambda side: cycles[side])


@pytest.mark.parametrize("algorithm", ["summa", *long("cannon", "mesh")])
def test_more_pes_make_a_product_slower_in_the_end(algorithm: str) -> None:
    """A 16 x 16 x 16 product is fastest somewhere in between, predicted and run alike."""
    A = np.ones((16, 16), np.float32)
    predicted, cycles = {}, {}
    for side in (1, 2, 4, 8, 16):
        how: dict[str, Any] = {"wafer": (side, side), "algorithm": algorithm}
        predicted[side] = predict.gemm(sizes=(16, 16, 16), **how)
        cycles[side] = kernels.gemm(A, A, **how)[1].cycles
    assert turn(predicted) == turn(cycles)
    assert 1 < turn(cycles) < 16
    assert cycles[1] > 2 * cycles[turn(cycles)] and cycles[16] > 1.08 * cycles[turn(cycles)]


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"sizes": 4}, "sizes=4: expected 3 whole numbers"),
        ({"sizes": (4, 0, 4)}, "K=0: expected a whole number"),
        ({"wafer": 4}, "wafer=4: expected 2 whole numbers"),
        ({"wafer": (2, 3), "algorithm": "mesh"}, "'mesh' wants a square"),
        ({"algorithm": "strassen"}, "no algorithm 'strassen'"),
        ({"dtype": "int8"}, "dtype='int8': expected one of"),
        ({"accumulate": "float16"}, "accumulate='float16' with float32"),
        ({"queue_depth": 1}, "queue_depth=1: expected a whole number, at least 2"),
    ],
)
def test_wrong_sizes_are_named(how: dict[str, Any], words: str) -> None:
    """A wrong size raises a ValueError that names it and says what was expected."""
    with pytest.raises(ValueError, match=words):
        predict.gemm(**{"sizes": (4, 4, 4), "wafer": (2, 2), **how})
