"""Predicted cycles of every collective against runs, and the published model against both."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import wselab as wse
from wselab import kernels, predict
from wselab.predict.all_reduce import ALGORITHMS as ALL_REDUCES
from wselab.specs import PUBLISHED
from wselab.trees import ALGORITHMS as TREES
from wselab.trees import children_of, depths_of, reduce_tree

Run = Callable[..., tuple[int, int]]


def both(name: str, shape: Callable[[int, int], tuple[int, ...]], **how: Any) -> Run:
    """What tells the emulated and the predicted cycles of a collective along a row."""
    kernel, formula = getattr(kernels, name), getattr(predict, name)

    def cycles(pes: int, wavelets: int, **what_if: int) -> tuple[int, int]:
        _, run = kernel(np.zeros(shape(pes, wavelets), np.float32), **how, **what_if)
        known = {key: n for key, n in what_if.items() if key in formula.__kwdefaults__}
        return run.cycles, formula(pes=pes, wavelets=wavelets, **how, **known)

    return cycles


def row(pes: int, wavelets: int) -> tuple[int, int, int]:
    return (1, pes, wavelets)


def square(pes: int, wavelets: int) -> tuple[int, int, int, int]:
    return (1, pes, pes, wavelets)


REDUCES: dict[str, dict[str, Any]] = {
    how: {"algorithm": how} for how in ("chain", "star", "tree", "two_phase", "auto", "best")
}
REDUCES |= {f"two_phase by {s}": {"algorithm": "two_phase", "group": s} for s in (1, 2, 3, 8, 50)}
REDUCES |= {f"tree by {s}": {"algorithm": "tree", "group": s} for s in (2, 3, 4)}

COLLECTIVES: dict[str, Run] = {how: both("reduce_row", row, **kw) for how, kw in REDUCES.items()}
COLLECTIVES |= {
    f"all-reduce, {how}, {by}": both("all_reduce_row", row, algorithm=how, reduce_algorithm=by)
    for how in ("reduce_broadcast", "centre")
    for by in ("chain", "two_phase", "auto")
}
COLLECTIVES |= {
    "all-reduce, ring": both("all_reduce_row", row, algorithm="ring"),
    "all-gather, ring": both("all_gather_row", row, algorithm="ring"),
    "all-gather, switches": both("all_gather_row", row, algorithm="switches"),
    "scatter": both("scatter_row", row),
    "all-to-all": both("all_to_all_row", square),
}


def slack(name: str, pes: int, wavelets: int, ramp_latency: int = 2, gap: int = 0) -> int:
    """Cycles that a run may take longer than predicted.

    A stream that is stopped in front of a ramp with wavelets still on the way begins again with a
    hole of at most T_R - 1 cycles. It shows in a tree or in two phases where the vector is hardly
    longer than the way; in two trees that meet in a PE, now and then; and in a star, whose PE takes
    in one stream after the other, if there are gaps between them.
    """
    hole = ramp_latency - 1
    if "centre" in name and "chain" not in name:
        return 2 * hole
    if name == "star" and gap:
        return hole * (pes - 1)
    if ("tree" in name or "two_phase" in name) and (wavelets < 16 or gap):
        return hole * (2 if gap else 1)
    return 0


@pytest.mark.parametrize("name", COLLECTIVES)
def test_cycles_are_as_predicted(name: str) -> None:
    """For rows and vectors of any small size, predicted cycles are those of the run.

    Also where P is no power of two and B no multiple of P.
    """
    for pes, wavelets in itertools.product((1, 2, 3, 5, 8, 13), (1, 3, 4, 16, 31)):
        if pes * wavelets > 160 and name in ("star", "all-gather, switches", "all-to-all"):
            continue  # slow to run, and no other case
        emulated, predicted = COLLECTIVES[name](pes, wavelets)
        assert 0 <= emulated - predicted <= slack(name, pes, wavelets), (pes, wavelets)


@pytest.mark.parametrize("ramp_latency", [1, 5])
@pytest.mark.parametrize("name", COLLECTIVES)
def test_cycles_are_as_predicted_with_another_ramp(name: str, ramp_latency: int) -> None:
    """With shorter and longer ramps too; only a single PE has an operation with a start-up time."""
    for pes, wavelets in itertools.product((1, 2, 3, 9), (1, 5, 16)):
        emulated, predicted = COLLECTIVES[name](pes, wavelets, ramp_latency=ramp_latency, startup=3)
        most = slack(name, pes, wavelets, ramp_latency)
        assert 0 <= emulated - predicted <= most, (pes, wavelets)


@pytest.mark.parametrize("name", COLLECTIVES)
def test_cycles_are_as_predicted_with_a_gap(name: str) -> None:
    """A gap between operations counts where a PE does several."""
    for pes, wavelets in itertools.product((1, 2, 3, 9), (1, 5, 16)):
        emulated, predicted = COLLECTIVES[name](pes, wavelets, gap=3)
        assert 0 <= emulated - predicted <= slack(name, pes, wavelets, gap=3), (pes, wavelets)


@pytest.mark.parametrize("name", COLLECTIVES)
def test_deeper_queues_change_next_to_nothing(name: str) -> None:
    """The formulas have no depth: deeper queues only save a gather on switches some cycles."""
    for pes, wavelets in itertools.product((2, 9), (1, 5, 16)):
        emulated, predicted = COLLECTIVES[name](pes, wavelets, queue_depth=4)
        saved = 2 * pes if name == "all-gather, switches" else 0
        assert -saved <= emulated - predicted <= slack(name, pes, wavelets), (pes, wavelets)


SIZES = [(512, 1), (512, 16), (511, 100), (2, 4096), (100, 1000), (37, 77)]
FAST = [how for how in REDUCES if how not in ("star", "tree by 3")]
FAST += ["all-reduce, reduce_broadcast, two_phase", "all-reduce, centre, auto"]


@pytest.mark.parametrize("name", FAST)
def test_cycles_are_as_predicted_for_long_rows_and_vectors(name: str) -> None:
    """Up to 512 PEs and 4,096 values the predicted cycles are those of the run."""
    for pes, wavelets in SIZES:
        emulated, predicted = COLLECTIVES[name](pes, wavelets)
        assert 0 <= emulated - predicted <= slack(name, pes, wavelets), (pes, wavelets)


def test_a_tree_of_threes_has_too_many_colors_for_a_long_row() -> None:
    """To 486 PEs it is as predicted; beyond, its streams wait for switches."""
    cycles = COLLECTIVES["tree by 3"]
    assert cycles(486, 100) == (900, 900)
    assert cycles(511, 100) == (1158, 1000)


SLOW: list[tuple[str, int, int]] = [
    ("star", 512, 16),
    ("star", 100, 64),
    ("all-reduce, ring", 512, 16),
    ("all-reduce, ring", 512, 4096),
    ("all-reduce, ring", 100, 1000),
    ("all-gather, ring", 512, 23),
    ("all-gather, ring", 64, 190),
    ("all-gather, switches", 100, 16),
    ("all-gather, switches", 129, 20),
    ("scatter", 512, 23),
    ("scatter", 64, 190),
    ("all-to-all", 64, 60),
    ("all-to-all", 100, 16),
    *((name, pes, 4096) for name in FAST for pes in (300, 512)),
]


@pytest.mark.long
@pytest.mark.parametrize(("name", "pes", "wavelets"), SLOW)
def test_slow_ones_take_the_predicted_cycles_too(name: str, pes: int, wavelets: int) -> None:
    """The same, where the emulator needs seconds."""
    emulated, predicted = COLLECTIVES[name](pes, wavelets)
    assert emulated == predicted


@pytest.mark.long
@pytest.mark.parametrize("seed", range(4))
def test_random_sizes_take_the_predicted_cycles(seed: int) -> None:
    """A few hundred programs of random size, up to 512 PEs and 4,096 values."""
    draw = np.random.default_rng(seed)
    for _ in range(60):
        name = str(draw.choice(FAST))
        pes, wavelets = int(2 ** draw.uniform(1, 9)), int(2 ** draw.uniform(0, 12))
        emulated, predicted = COLLECTIVES[name](pes, wavelets)
        most = slack(name, pes, wavelets)
        assert 0 <= emulated - predicted <= most, (name, pes, wavelets)


@pytest.mark.parametrize("what_if", [{}, {"ramp_latency": 4}, {"gap": 3, "startup": 2}], ids=str)
def test_two_dimensions_take_the_predicted_cycles(what_if: dict[str, int]) -> None:
    """Reduce and all-reduce over a wafer, by any algorithms, and around the snake."""
    ways: list[dict[str, Any]] = [
        {},
        {"algorithm": "snake"},
        {"row_algorithm": "best", "column_algorithm": "auto"},
        {"row_algorithm": "two_phase", "column_algorithm": "two_phase", "group": 3},
        {"row_algorithm": "two_phase", "column_algorithm": "chain", "group": 2},
    ]
    shapes = [(1, 1), (1, 6), (5, 1), (4, 7), (9, 3)]
    for name, how, shape, wavelets in itertools.product(
        ("reduce_2d", "all_reduce_2d"), ways, shapes, (1, 16, 21)
    ):
        _, run = getattr(kernels, name)(np.zeros((*shape, wavelets), np.float32), **how, **what_if)
        predicted = getattr(predict, name)(
            rows=shape[0], columns=shape[1], wavelets=wavelets, **how, **what_if
        )
        assert run.cycles == predicted, (name, how, shape, wavelets)


def test_broadcasts_take_the_predicted_cycles() -> None:
    """From any column of a row, and to any set of PEs."""
    for columns, wavelets, t_r in itertools.product((1, 2, 3, 8, 33), (1, 2, 16), (1, 2, 4)):
        for source in {0, columns // 2, columns - 1}:
            how = {"columns": columns, "source": source, "ramp_latency": t_r}
            _, run = kernels.broadcast_row(np.zeros((2, wavelets), np.float32), **how)
            assert run.cycles == predict.broadcast_row(wavelets=wavelets, **how)
    draw = np.random.default_rng(2)
    for _ in range(60):
        rows, columns, wavelets = (int(n) for n in draw.integers(1, 12, 3))
        to = draw.random((rows, columns)) < draw.random()
        source = int(draw.integers(rows)), int(draw.integers(columns))
        _, run = kernels.multicast(np.zeros(wavelets, np.float32), to, source=source)
        assert run.cycles == predict.multicast(to=to, source=source, wavelets=wavelets)


# ---- the formulas in their sources -------------------------------------------------------


def test_long_vectors_have_the_closed_forms_of_the_docstrings() -> None:
    """Worked by hand, T_R = 2: tree B log2 P + 6; two phases 2 B + 6 (S - 1) + (G - 2)(5 + S)."""
    assert predict.reduce_row(pes=512, wavelets=4096, algorithm="star") == 511 * 4096 + 6
    assert predict.reduce_row(pes=512, wavelets=4096, algorithm="tree") == 9 * 4096 + 6
    assert predict.reduce_row(pes=300, wavelets=4096, algorithm="tree") == 9 * 4096 + 6
    for group, heads in ((2, 256), (8, 64), (32, 16), (128, 4)):
        cycles = predict.reduce_row(pes=512, wavelets=4096, algorithm="two_phase", group=group)
        assert cycles == 2 * 4096 + 6 * (group - 1) + (heads - 2) * (5 + group)


@pytest.mark.parametrize(
    ("group", "from_rules", "from_formula"),
    [(2, 79, 72), (8, 77, 64), (32, 77, 40), (128, 77, -56)],
)
def test_v2_lies_alike_beside_the_rules_and_not_beside_the_printed_formula(
    group: int, from_rules: int, from_formula: int
) -> None:
    """V2: in all groups the same time is left for the launch, which no constant of the formula is.

    ``2 B + P - 1 + (2 T_R + 1)((S - 1) + ceil(P / S) - 1)`` lets the head of the last group wait
    for its group's whole sum.
    """
    published = PUBLISHED[f"V2-{group}"].value
    cycles = predict.reduce_row(pes=512, wavelets=4096, algorithm="two_phase", group=group)
    printed = 2 * 4096 + 511 + 5 * (group - 1 + 512 // group - 1)
    assert (published - cycles, published - printed) == (from_rules, from_formula)


def test_a_ring_is_next_to_the_printed_formula() -> None:
    """``2 (P - 1) B / P + 4 P - 6 + 2 (P - 1)(2 T_R + 1)``, where P divides B: all but 6 cycles."""
    for pes, wavelets in ((2, 64), (8, 64), (64, 4096), (512, 4096)):
        printed = 2 * (pes - 1) * wavelets // pes + 4 * pes - 6 + 2 * (pes - 1) * 5
        cycles = predict.all_reduce_row(pes=pes, wavelets=wavelets, algorithm="ring")
        assert 0 <= cycles - printed <= 6


def test_the_best_tree_is_never_slower_than_another() -> None:
    """By the rules no algorithm takes fewer cycles than "best"."""
    for pes, wavelets in itertools.product((2, 7, 64, 100, 512), (1, 3, 16, 256, 4096)):
        cycles = {
            how: predict.reduce_row(pes=pes, wavelets=wavelets, algorithm=how)
            for how in ("chain", "star", "tree", "two_phase", "auto", "best")
        }
        assert cycles["best"] == min(cycles.values())


def test_the_lower_bound_is_quick_and_is_the_chains_for_long_vectors() -> None:
    """512 PEs take a second or so; no tree of the model beats a chain of 4,096 values."""
    started = time.process_time()
    assert predict.reduce_lower_bound(pes=512, wavelets=4096) == 7162
    assert time.process_time() - started < 20  # a loop over numbers takes minutes
    assert predict.reduce_lower_bound(pes=1, wavelets=7) == 7


def test_the_rules_allow_what_is_below_the_models_bound() -> None:
    """The docstring's case: 512 PEs with 64 values each, and a sixth at most from 8 values on."""
    best = predict.reduce_row(pes=512, wavelets=64, algorithm="best")
    assert (best, round(predict.reduce_lower_bound(pes=512, wavelets=64))) == (668, 753)
    for pes, wavelets in itertools.product((8, 30, 47, 128), (8, 16, 64, 300)):
        best = predict.reduce_row(pes=pes, wavelets=wavelets, algorithm="best")
        assert best > (1 - 1 / 6) * predict.reduce_lower_bound(pes=pes, wavelets=wavelets)


# ---- the two printed forms of the model --------------------------------------------------

#: Algorithm, P, B, and cycles: emulated, by the form with L inside the maximum, with L outside.
FORMS = [
    ("star", 64, 1, 69, 100, 131),
    ("star", 64, 16, 1014, 1013, 1076),
    ("star", 64, 64, 4038, 4037, 4100),
    ("tree", 64, 16, 128, 142, 189),
    ("tree", 512, 16, 591, 628, 700),
    ("tree", 512, 256, 2315, 2349, 2860),
    ("tree", 512, 1024, 9222, 9261, 9772),
    ("tree", 512, 4096, 36870, 36909, 37420),
    ("two_phase", 64, 256, 632, 588, 645),
    ("two_phase", 512, 16, 752, 757, 758),
    ("two_phase", 512, 256, 1232, 1224, 1238),
    ("two_phase", 512, 1024, 2768, 2720, 2774),
    ("two_phase", 512, 4096, 8912, 8702, 8918),
    ("auto", 64, 64, 237, 231, 241),
    ("auto", 512, 16, 612, 609, 631),
    ("auto", 512, 64, 739, 753, 768),
    ("auto", 512, 256, 1167, 1162, 1178),
    ("auto", 512, 1024, 2703, 2652, 2714),
    ("best", 512, 64, 668, 906, 1177),
    ("best", 512, 256, 1045, 1373, 1554),
]


@pytest.mark.parametrize(("algorithm", "pes", "wavelets", "emulated", "inside", "outside"), FORMS)
def test_the_two_printed_forms_beside_runs(
    algorithm: str, pes: int, wavelets: int, emulated: int, inside: int, outside: int
) -> None:
    """``max(C, E / N + L)`` and ``max(C, E / N) + L``, each ``+ (2 T_R + 1) D``, beside runs."""
    _, run = kernels.reduce_row(np.zeros((1, pes, wavelets), np.float32), algorithm)
    assert run.cycles == emulated
    parents = reduce_tree(algorithm, None, pes, wavelets, ramp_latency=2, gap=0)
    contention = wavelets * max(map(len, children_of(parents)))
    energy = wavelets * sum(pe - parent for pe, parent in enumerate(parents) if pe)
    links = longest = pes - 1
    handed_over = 5 * max(depths_of(parents))
    assert round(max(contention, energy / links + longest) + handed_over) == inside
    assert round(max(contention, energy / links) + longest + handed_over) == outside


def test_the_rules_page_has_the_table_of_the_two_forms() -> None:
    """The table in docs/rules.md, where it stands, is that of the test above, row by row."""

    def beside(cycles: int, emulated: int) -> str:
        return f"{cycles:,} ({100 * (cycles / emulated - 1):+.1f} %)"

    rows = [
        f"| {how} | {pes} | {wavelets:,} | {run:,} | {beside(one, run)} | {beside(other, run)} |"
        for how, pes, wavelets, run, one, other in FORMS
    ]
    page = (Path(wse.__file__).parents[1] / "docs" / "rules.md").read_text()
    stands = [
        line for line in page.splitlines() if re.match(r"\| (star|tree|two_phase|auto) ", line)
    ]
    if stands:
        assert [line for line in page.splitlines() if line in rows] == rows


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: predict.reduce_row(pes=2, wavelets=3, algorithm="pile"), "no algorithm 'pile'"),
        (lambda: predict.reduce_row(pes=2, wavelets=3, group=2), "group=2 with algorithm 'chain'"),
        (lambda: predict.reduce_2d(rows=2, columns=2, wavelets=3, group=2), "group=2, and no algo"),
        (lambda: predict.reduce_2d(rows=2, columns=2, wavelets=3, algorithm="yx"), "no algorithm"),
        (lambda: predict.reduce_lower_bound(pes=0, wavelets=3), "pes=0: expected a whole"),
        (
            lambda: predict.all_reduce_row(pes=2, wavelets=3, algorithm="star"),
            "no algorithm 'star'",
        ),
        (
            lambda: predict.all_reduce_row(pes=1, wavelets=3, algorithm="star"),
            "no algorithm 'star'",
        ),
        (
            lambda: predict.all_reduce_row(pes=2, wavelets=3, algorithm="ring", group=2),
            "a 'ring' h",
        ),
        (
            lambda: predict.all_gather_row(pes=2, wavelets=3, algorithm="star"),
            "no algorithm 'star'",
        ),
        (lambda: predict.scatter_row(pes=2, wavelets=0), "wavelets=0: expected"),
        (lambda: predict.all_to_all_row(pes=2, wavelets=3, gap=-1), "gap=-1: expected"),
        (lambda: predict.broadcast_row(columns=3, wavelets=2, source=3), "source=3: expected a wh"),
        (lambda: predict.multicast(to=[[True]], wavelets=2), "expected a boolean array"),
        (
            lambda: predict.multicast(to=np.ones((2, 2), bool), wavelets=2, source=1),
            "source=1: exp",
        ),
        (
            lambda: predict.multicast(to=np.ones((2, 2), bool), wavelets=2, source=(2, 0)),
            "the row of source=2: expected",
        ),
    ],
)
def test_wrong_sizes_are_named(call: Any, words: str) -> None:
    """A wrong size or algorithm raises a ValueError that names it and says what was expected."""
    with pytest.raises(ValueError, match=re.escape(words)):
        call()


@pytest.mark.parametrize("package", [kernels, predict])
def test_the_names_of_algorithms_stand_where_they_are_asked_for(package: Any) -> None:
    """An all-reduce names, beside its parameters, each that it takes."""
    _, told = package.all_reduce_row.__doc__.split("\n    algorithm : str")
    own, reduces = told.split("group :")[0].split("reduce_algorithm : str")
    assert re.findall(r'"(\w+)"', own) == [*ALL_REDUCES]
    assert re.findall(r'"(\w+)"', reduces) == [*TREES]
