"""Discs, defects, dicing, yield and repair: closed values, counting by hand, and random maps."""

from __future__ import annotations

import itertools
from math import exp, pi
from typing import Any

import numpy as np
import pytest

import wselab as wse
from wselab import EAST, NORTH, RAMP, SOUTH, WEST, fabin, fabout, foundry
from wselab.foundry import (
    Dead,
    Disc,
    Unrepairable,
    dead_cores,
    defects,
    dice,
    partial_good,
    repair,
    simulate_yield,
    spares_needed,
)

AREA, DENSITY = 814, 0.001


# Discs


def test_dies_of_a_size_by_hand() -> None:
    """28.5 mm squares in columns of two centred streets: 10, 8, 8, 6 and 2 in each half."""
    disc = Disc()
    corners = disc.place(28.5, 28.5)
    assert len(corners) == 2 * (10 + 8 + 8 + 6 + 2)
    far = np.abs(np.stack([corners, corners + 28.5])).max(axis=0)
    assert (np.hypot(*far.T) <= disc.radius_mm).all()
    for one, other in itertools.combinations(corners, 2):
        assert (np.abs(one - other) > 28.5 + disc.scribe_mm - 1e-9).any()  # a street between


@pytest.mark.parametrize(("side", "count"), [(212.0, 1), (207.8, 1), (207.9, 0), (400, 0)])
def test_one_square_fits_up_to_the_largest(side: float, count: int) -> None:
    """With 3 mm of rim the largest square has 207.9 mm; without, 212.1."""
    disc = Disc(edge_exclusion_mm=0) if side == 212.0 else Disc()
    assert len(disc.place(side, side)) == count
    assert disc.largest_square_mm() == pytest.approx(disc.radius_mm * 2**0.5)


def test_the_textbook_formula_and_the_overhang() -> None:
    """Closed values: 63.5 dies of 814 mm2; 16.5 mm2 and 102 mm2 of a 215 mm square stick out."""
    assert Disc().textbook_count(AREA) == pytest.approx(63.5, abs=0.05)
    low, high = wse.WSE2.die_corners_cut_mm2
    assert Disc(edge_exclusion_mm=0).overhang_mm2(215, 215) == pytest.approx(low)
    assert Disc().overhang_mm2(215, 215) == pytest.approx(high)
    assert Disc().overhang_mm2(100, 100) == 0
    wide = Disc().overhang_mm2(250, 170)
    points = np.random.default_rng(0).uniform((-125, -85), (125, 85), (400_000, 2))
    beyond = (np.hypot(*points.T) > Disc().radius_mm).mean() * 250 * 170
    assert wide == pytest.approx(beyond, rel=0.05)


@pytest.mark.parametrize(
    ("ask", "match"),
    [
        (lambda: Disc(5), "no usable silicon"),
        (lambda: Disc().place(0, 3), "width_mm=0; expected a length in mm above 0"),
        (lambda: Disc().place(3, "4"), "height_mm='4'"),
        (lambda: Disc().textbook_count(-1), "expected an area above 0"),
        (lambda: Disc().overhang_mm2(300, 10), "a side reaches beyond"),
    ],
)
def test_wrong_discs_are_refused(ask: Any, match: str) -> None:
    """With what was expected."""
    with pytest.raises(ValueError, match=match):
        ask()


# Defects


@pytest.mark.parametrize(("alpha", "cluster_mm"), [(None, None), (2.0, None), (2.0, 40.0)])
def test_defects_have_the_density_asked_for_and_the_spread_of_their_law(
    alpha: float | None, cluster_mm: float | None
) -> None:
    """Poisson's variance is the mean; that of gamma-mixed counts is more by mean2 / alpha."""
    disc = Disc()
    counts = [len(defects(disc, DENSITY, seed, alpha, cluster_mm)) for seed in range(800)]
    mean = DENSITY * disc.area_mm2
    assert np.mean(counts) == pytest.approx(mean, rel=0.08)
    if alpha is None:
        assert np.var(counts) == pytest.approx(mean, rel=0.2)
    elif cluster_mm is None:
        assert np.var(counts) == pytest.approx(mean + mean**2 / alpha, rel=0.25)
    else:
        assert 1.5 * mean < np.var(counts) < mean + mean**2 / alpha


def test_defects_come_from_the_seed_and_lie_on_the_disc() -> None:
    """The same again, another with another seed, none outside, none at density 0."""
    disc = Disc()
    one, again, other = (defects(disc, 0.01, seed) for seed in (1, 1, 2))
    assert (one == again).all() and len(one) != len(other)
    assert disc.holds(*one.T).all()
    assert defects(disc, 0.0, 1).shape == (0, 2)
    for axis in one.T:  # on all sides
        assert axis.min() < -130 and axis.max() > 130


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ({"per_mm2": -0.1}, "expected a number from 0 to 10"),
        ({"per_mm2": float("nan")}, "a defect density of nan"),
        ({"per_mm2": 0.1, "alpha": 0}, "alpha=0; expected a number above 0"),
        ({"per_mm2": 0.1, "cluster_mm": 10}, "clusters need a size above 0 mm and an alpha"),
        ({"per_mm2": 0.1, "alpha": 1, "cluster_mm": 0}, "clusters need a size"),
    ],
)
def test_wrong_densities_are_refused(given: dict[str, Any], match: str) -> None:
    """With what was expected."""
    with pytest.raises(ValueError, match=match):
        defects(Disc(), seed=0, **given)


# Yield


def test_formulas_at_closed_values() -> None:
    """A D = 0.814: Poisson 0.443, Murphy 0.468, Seeds 0.551, negative binomial of 3 0.487."""
    found = [round(float(formula(AREA, DENSITY)), 3) for formula in foundry.FORMULAS.values()]
    assert found == [0.443, 0.468, 0.551, 0.487]
    assert foundry.bose_einstein(100, 0.001, 12) == pytest.approx(1.1**-12)
    assert foundry.bose_einstein(AREA, DENSITY, 1) == foundry.seeds(AREA, DENSITY)
    assert foundry.negative_binomial(AREA, DENSITY, 1) == foundry.seeds(AREA, DENSITY)
    assert foundry.negative_binomial(AREA, DENSITY, 1e7) == pytest.approx(exp(-0.814), rel=1e-5)
    areas = np.array([1.0, 100.0, 46_225.0])
    for formula in foundry.FORMULAS.values():
        one_by_one = [formula(area, DENSITY) for area in areas]
        assert formula(areas, DENSITY) == pytest.approx(one_by_one)
        assert formula(areas, 0.0) == pytest.approx(1.0)


def test_partial_good_dies() -> None:
    """No spare is Poisson's formula; as many spares as units always work; 132 of 144 by hand."""
    assert partial_good(AREA, DENSITY, 144, 0) == pytest.approx(exp(-0.814))
    assert partial_good(AREA, DENSITY, 144, 144) == pytest.approx(1.0)
    assert partial_good(AREA, DENSITY, 10, 10, share=0.5) == pytest.approx(exp(-0.407))
    bad = 1 - exp(-0.814 / 2)
    assert partial_good(AREA, DENSITY, 2, 1) == pytest.approx(1 - bad**2)
    assert partial_good(AREA, DENSITY, 144, 12) > 0.999_999


@pytest.mark.parametrize("alpha", [None, 0.7, 3.0])
def test_formulas_against_random_discs(alpha: float | None) -> None:
    """The maps that are diced give the yield of their law."""
    side = AREA**0.5
    found = simulate_yield(Disc(), side, side, DENSITY, discs=1500, seed=4, alpha=alpha)
    if alpha is None:
        assert found == pytest.approx(foundry.poisson(AREA, DENSITY), abs=0.01)
    else:
        assert found == pytest.approx(foundry.negative_binomial(AREA, DENSITY, alpha), abs=0.02)


def test_clusters_smaller_than_the_disc_raise_the_yield_too() -> None:
    """Between that of no clusters and that of densities that vary from disc to disc."""
    side = AREA**0.5
    found = simulate_yield(Disc(), side, side, DENSITY, 400, seed=5, alpha=1.0, cluster_mm=60)
    low, high = foundry.poisson(AREA, DENSITY), foundry.seeds(AREA, DENSITY)
    assert low + 0.02 < found < high + 0.02


# Dicing


def test_each_defect_harms_the_die_it_falls_on() -> None:
    """In the middle of one, on a street, on the rim, beside the grid."""
    disc = Disc()
    corners = disc.place(20, 30)
    points = [corners[5] + (10, 15), corners[5] + (19.9, 29.9), corners[7] + (0.1, 0.1)]
    points += [corners[5] + (20.05, 15), (0, 149.5), (149.5, 0)]
    diced = dice(disc, 20, 30, np.array(points))
    assert diced.die.tolist() == [5, 5, 7, -1, -1, -1]
    assert diced.counts[[5, 7]].tolist() == [2, 1] and diced.counts.sum() == 3
    assert diced.good.sum() == len(corners) - 2
    assert diced.good_area_mm2 == pytest.approx((len(corners) - 2) * 600)
    assert diced.within[0] == pytest.approx((0.5, 0.5))
    assert (diced.points == np.array(points)).all()
    plain = [
        [k for k, (x, y) in enumerate(corners) if x <= px < x + 20 and y <= py < y + 30]
        for px, py in defects(disc, 0.02, 3)
    ]
    found = dice(disc, 20, 30, defects(disc, 0.02, 3)).die
    assert [[k] if k >= 0 else [] for k in found.tolist()] == plain


def test_dies_with_spare_units() -> None:
    """Three defects, two of them in one unit, need two spares."""
    disc = Disc()
    corner = disc.place(20, 30)[3]
    points = np.array([corner + (1, 1), corner + (1.2, 2), corner + (19, 29)])
    diced = dice(disc, 20, 30, points)
    units = (12, 12)
    working = [bool(diced.good_with_spares(units, spare)[3]) for spare in range(4)]
    assert working == [False, False, True, True]
    assert diced.good_with_spares(units, 0).tolist() == diced.good.tolist()
    rate = np.mean([
        dice(disc, 28, 29, defects(disc, 0.02, seed)).good_with_spares(units, 12).mean()
        for seed in range(60)
    ])  # fmt: skip
    assert rate == pytest.approx(partial_good(28 * 29, 0.02, 144, 12), abs=0.02)


def test_what_a_good_square_millimetre_costs() -> None:
    """The disc's price over what works; infinite where nothing does."""
    assert foundry.cost_per_good_mm2(17_000, 34_000) == 0.5
    assert foundry.cost_per_good_mm2(17_000, 0) == float("inf")
    with pytest.raises(ValueError, match="neither below 0"):
        foundry.cost_per_good_mm2(-1, 3)


@pytest.mark.parametrize("cut", [
    lambda *size: dice(Disc(), *size, np.zeros((0, 2))),
    lambda *size: simulate_yield(Disc(), *size, 0.001, 1, 0),
])  # fmt: skip
def test_a_die_too_large_for_the_disc_is_refused(cut: Any) -> None:
    """Rather than counted as no dies; with the largest square that fits."""
    with pytest.raises(ValueError, match=r"no die of 400 x 400 mm fits .* up to 207\.9 mm"):
        cut(400, 400)
    with pytest.raises(ValueError, match="no die of 215 x 215 mm fits"):
        cut(215, 215)


# Dead cores


def test_defects_kill_the_core_or_link_that_they_fall_on() -> None:
    """North is up, and the share of links is that asked for."""
    points = np.array([(-107, 107), (107, 107), (0.1, -0.1), (107.6, 0), (0, -107.6)])
    dead = dead_cores(points, (10, 10), 215, 215)
    assert np.argwhere(dead.cores).tolist() == [[0, 0], [0, 9], [5, 5]]
    assert not dead.east.any() and not dead.south.any()
    many = np.random.default_rng(0).uniform(-107, 107, (20_000, 2))
    some = dead_cores(many, (1000, 1000), 215, 215, link_share=0.25, seed=1)
    links = some.east.sum() + some.south.sum()
    assert links / (links + some.cores.sum()) == pytest.approx(0.25, abs=0.02)
    assert some.east.sum() == pytest.approx(some.south.sum(), rel=0.1)


# Repair


def plain_repair(dead: np.ndarray, columns: int, by: str) -> list[list[int]] | None:
    """The same, core by core; None where it cannot be done."""
    if by == "columns":
        kept = [c for c in range(dead.shape[1]) if not dead[:, c].any()]
        rows = [kept] * len(dead)
    else:
        rows = [[c for c in range(dead.shape[1]) if not row[c]] for row in dead]
    return None if min(map(len, rows)) < columns else [row[:columns] for row in rows]


@pytest.mark.parametrize("by", ["rows", "columns"])
@pytest.mark.parametrize("seed", range(40))
def test_repair_against_a_plain_one(by: str, seed: int) -> None:
    """On random maps: the cores chosen, the lengths of all links, and what cannot be repaired."""
    random = np.random.default_rng(seed)
    rows, total = random.integers(1, 9, 2).tolist()
    dead = random.random((rows, total)) < random.choice([0.02, 0.1, 0.3])
    columns = int(random.integers(1, total + 1))
    expected = plain_repair(dead, columns, by)
    if expected is None:
        with pytest.raises(Unrepairable, match=f"repair by {by}: .* spare"):
            repair(dead, columns, by)
        return
    found = repair(dead, columns, by)
    assert found.column.tolist() == expected
    assert found.shape == (rows, columns)
    assert not dead[np.arange(rows)[:, None], found.column].any()
    for r, c in np.ndindex(rows, columns - 1):
        assert found.wires.east[r, c] == expected[r][c + 1] - expected[r][c]
    for r, c in np.ndindex(rows - 1, columns):
        assert found.wires.south[r, c] == 1 + abs(expected[r + 1][c] - expected[r][c])
    assert found.longest == max(
        1, found.wires.east.max(initial=1), found.wires.south.max(initial=1)
    )
    assert found.spares == total - columns
    assert found.spares_used == max(row[-1] for row in expected) - (columns - 1)
    assert (found.left_out >= dead).all()


def test_dead_cores_beyond_the_rectangle_take_no_spare() -> None:
    """A cluster in the spare columns, as large as there is room: nothing is rewired."""
    dead = np.zeros((4, 9), bool)
    dead[1:3, 6:] = True
    for by in ("rows", "columns"):
        found = repair(dead, columns=6, by=by)
        assert (found.spares_used, found.spares, found.longest) == (0, 3, 1)
        assert "0 spare columns of 3 used, longest link 1" in repr(found)
    dead[1, 2] = True  # now the spares of row 1 are wanted, and all of them are dead
    for by in ("rows", "columns"):
        with pytest.raises(Unrepairable):
            repair(dead, columns=6, by=by)
        assert repair(dead, columns=5, by=by).spares_used == 1


def test_a_dead_link_costs_a_core_unless_one_of_its_ends_is_dead() -> None:
    """The one behind it to the east, or south of it."""
    cores, east, south = np.zeros((2, 4), bool), np.zeros((2, 3), bool), np.zeros((1, 4), bool)
    east[0, 1] = south[0, 3] = True
    found = repair(Dead.of(cores, east, south), columns=3)
    assert np.argwhere(found.left_out).tolist() == [[0, 2], [1, 3]]
    cores[0, 1] = True
    found = repair(Dead.of(cores, east, south), columns=3)
    assert np.argwhere(found.left_out).tolist() == [[0, 1], [1, 3]]


@pytest.mark.parametrize(
    ("ask", "match"),
    [
        (lambda: repair(np.zeros((2, 3)), 2), "expected a mask"),
        (lambda: repair(np.zeros(3, bool), 2), "expected a mask"),
        (lambda: repair(np.zeros((2, 3), bool), 4), "from 1 to the grid's 3"),
        (lambda: repair(np.zeros((2, 3), bool), 2, by="cols"), "one of 'rows', 'columns'"),
        (lambda: Dead.of(np.zeros((2, 3), bool), east=np.zeros((2, 3), bool)), r"shape \(2, 2\)"),
        (lambda: spares_needed(np.zeros((2, 3)), (2, 2)), "expected whole numbers"),
        (lambda: spares_needed(np.array([[4]]), (2, 2)), "expected 0 to 3"),
        (lambda: spares_needed(np.array([[-2]]), (2, 2)), "or -1 for none"),
        (lambda: partial_good(1, 1, 3, 4), "no more spares than units"),
        (lambda: foundry.poisson(0, 1), "expected an area above 0"),
        (lambda: dead_cores(np.zeros((0, 2)), (0, 3), 1, 1), "expected a grid of cores"),
    ],
)
def test_wrong_questions_are_refused(ask: Any, match: str) -> None:
    """With what was expected."""
    with pytest.raises(ValueError, match=match):
        ask()


def test_an_unrepairable_map_says_which_row_and_how_many_spares() -> None:
    """And by columns, which columns."""
    dead = np.zeros((3, 6), bool)
    dead[1, [0, 2, 4]] = True
    with pytest.raises(Unrepairable, match="row 1 has lost 3 cores, and there is 1 spare column"):
        repair(dead, 5)
    with pytest.raises(Unrepairable, match=r"3 columns .*first are 0, 2, 4.* 2 spare columns"):
        repair(dead, 4, by="columns")


@pytest.mark.parametrize("seed", range(20))
def test_spares_of_many_discs_at_once(seed: int) -> None:
    """As many as repair finds enough, disc by disc, and one fewer is not."""
    random = np.random.default_rng(seed)
    shape = tuple(random.integers(1, 12, 2).tolist())
    cells = random.integers(0, shape[0] * shape[1], (15, int(random.integers(1, 9))))
    found = spares_needed(cells, shape)
    for disc, hit in enumerate(cells):
        dead = np.zeros(shape, bool)
        dead.ravel()[hit] = True
        assert found["rows"][disc] == dead.sum(axis=1).max()
        assert found["columns"][disc] == dead.any(axis=0).sum()
        for by, needed in found.items():
            left = shape[1] - int(needed[disc])
            if left:
                assert repair(dead, left, by).spares_used <= needed[disc]
            if needed[disc]:
                with pytest.raises(Unrepairable):
                    repair(dead, left + 1, by)
    assert spares_needed(np.zeros((4, 0), int), shape)["rows"].tolist() == [0] * 4


@pytest.mark.parametrize("seed", range(20))
def test_spares_of_discs_with_different_numbers_of_defects(seed: int) -> None:
    """-1 stands for no core, wherever it stands; a disc of nothing else needs no spare."""
    random = np.random.default_rng(seed)
    shape = tuple(random.integers(1, 12, 2).tolist())
    cells = random.integers(0, shape[0] * shape[1], (15, int(random.integers(1, 9))))
    none = random.random(cells.shape) < 0.5
    none[0] = True
    found = spares_needed(np.where(none, -1, cells), shape)
    for disc, hit in enumerate(cells):
        alone = spares_needed(hit[None, ~none[disc]], shape)
        assert {way: needed[0] for way, needed in alone.items()} == {
            way: needed[disc] for way, needed in found.items()
        }
    assert found["rows"][0] == found["columns"][0] == 0


# A program on a repaired wafer


def sums(w: wse.Wafer, values: np.ndarray) -> tuple[Any, np.ndarray]:
    """Row sums to the first column, by a chain; and the same broadcast back along the rows."""
    x = w.memory("x", values.shape[-1])
    x[...] = values
    mine, theirs = w.alternating("a", "b", by="column")
    w[:, 1:].route(mine, RAMP >> WEST)
    w[:, :-1].route(theirs, EAST >> RAMP)
    w[:, -1].mov(x, out=fabout(mine))
    w[:, 1:-1].add(fabin(theirs), x, out=fabout(mine))
    w[:, 0].add(fabin(theirs), x, out=x)
    down = w.color("down")
    w[0].route(down, RAMP >> SOUTH)
    w[1:-1].route(down, NORTH >> (RAMP, SOUTH))
    w[-1].route(down, NORTH >> RAMP)
    w[0].mov(x, out=fabout(down))
    w[1:].add(fabin(down), x, out=x)
    return w, x.array


@pytest.mark.parametrize("by", ["rows", "columns"])
@pytest.mark.parametrize("engine", ["reference", "lockstep", "bitplane"])
def test_a_program_runs_unchanged_on_a_repaired_wafer(by: str, engine: str) -> None:
    """The same bits, some cycles more: the longer wires of the slowest way."""
    random = np.random.default_rng(8)
    dead = np.zeros((6, 12), bool)
    dead[[0, 2, 4], [3, 7, 3]] = True
    found = repair(dead, columns=9, by=by)
    values = random.standard_normal((6, 9, 5)).astype(np.float32)
    whole, on_whole = sums(wse.Wafer(6, 9), values)
    mended, on_mended = sums(wse.Wafer(6, 9, wires=found.wires), values)
    plain, run = whole.run(engine=engine), mended.run(engine=engine)
    assert on_whole.tobytes() == on_mended.tobytes()
    assert (plain.hops, plain.ramps) == (run.hops, run.ramps)
    assert plain.cycles < run.cycles


def test_the_extra_cycles_of_a_broadcast_are_those_of_its_longest_way() -> None:
    """Along a row with two left-out columns: two cycles."""
    dead = np.zeros((1, 10), bool)
    dead[0, [3, 6]] = True
    found = repair(dead, columns=8)
    cycles = []
    for wires in (None, found.wires):
        w = wse.Wafer(1, 8, wires=wires)
        x = w.memory("x", 16)
        wse.kernels.write_broadcast(w, x)
        cycles.append(w.run().cycles)
    assert cycles[1] - cycles[0] == 2


def test_a_whole_wafer_of_a_random_disc() -> None:
    """WSE-3's grid, a disc with a typical number of defects: one or two spares by rows."""
    disc = Disc()
    points = defects(disc, DENSITY, seed=1)
    assert len(points) == pytest.approx(DENSITY * pi * 150**2, rel=0.3)
    rows, columns = wse.WSE3.fabric_shape
    dead = dead_cores(points, (rows, columns + 66), 215, 215)
    assert 1 <= repair(dead, columns).spares_used <= 2
    assert 20 < repair(dead, columns, by="columns").spares_used <= dead.cores.sum()
