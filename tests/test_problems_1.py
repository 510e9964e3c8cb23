"""Problems 1.1 to 1.P, discs and repairs: what passes, what fails, with which words."""

from __future__ import annotations

import itertools
import math
import re

import numpy as np
import pytest

import wselab as wse
from wselab import foundry
from wselab.course import check, find
from wselab.course.problems import p01_1, p01_2, p01_3, p01_4, p01_p
from wselab.course.repairs import dead_of, lengths, row_shift
from wselab.course.replaced import replaced_parts

from .hostile import CALCULATING, calculating
from .long import long


def untouched(*given):
    raise NotImplementedError


# ---- 1.1: the yield of a die with spares ---------------------------------------------------


def by_the_formula(die_area_mm2, per_mm2, units, spare, share):
    dead = 1 - math.exp(-per_mm2 * die_area_mm2 * share / units)
    rest = math.exp(-per_mm2 * die_area_mm2 * (1 - share))
    return rest * sum(
        math.comb(units, k) * dead**k * (1 - dead) ** (units - k) for k in range(spare + 1)
    )


def unit_by_unit(die_area_mm2, per_mm2, units, spare, share):
    """The chances of 0, 1, ... dead units, a unit more at each step."""
    dead = -np.expm1(-per_mm2 * die_area_mm2 * share / units)
    chances = np.zeros(units + 1)
    chances[0] = 1
    for _ in range(units):
        chances[1:] = chances[1:] * (1 - dead) + chances[:-1] * dead
        chances[0] *= 1 - dead
    return chances[: spare + 1].sum() * np.exp(-per_mm2 * die_area_mm2 * (1 - share))


def by_the_complement(die_area_mm2, per_mm2, units, spare, share):
    dead = 1 - math.exp(-per_mm2 * die_area_mm2 * share / units)
    too_many = sum(
        math.comb(units, k) * dead**k * (1 - dead) ** (units - k)
        for k in range(spare + 1, units + 1)
    )
    return (1 - too_many) * math.exp(-per_mm2 * die_area_mm2 * (1 - share))


def no_spares(die_area_mm2, per_mm2, units, spare, share):
    return math.exp(-die_area_mm2 * per_mm2)


def the_rest_forgotten(die_area_mm2, per_mm2, units, spare, share):
    return by_the_formula(die_area_mm2 * share, per_mm2, units, spare, 1)


def all_of_it_units(die_area_mm2, per_mm2, units, spare, share):
    return by_the_formula(die_area_mm2, per_mm2, units, spare, 1)


def defects_counted(die_area_mm2, per_mm2, units, spare, share):
    expected = die_area_mm2 * per_mm2 * share
    some = sum(math.exp(-expected) * expected**k / math.factorial(k) for k in range(spare + 1))
    return some * math.exp(-die_area_mm2 * per_mm2 * (1 - share))


def exactly_so_many(die_area_mm2, per_mm2, units, spare, share):
    dead = 1 - math.exp(-per_mm2 * die_area_mm2 * share / units)
    rest = math.exp(-per_mm2 * die_area_mm2 * (1 - share))
    return rest * math.comb(units, spare) * dead**spare * (1 - dead) ** (units - spare)


def one_short(die_area_mm2, per_mm2, units, spare, share):
    return by_the_formula(die_area_mm2, per_mm2, units, spare - 1, share)


def no_ways(die_area_mm2, per_mm2, units, spare, share):
    dead = 1 - math.exp(-per_mm2 * die_area_mm2 * share / units)
    rest = math.exp(-per_mm2 * die_area_mm2 * (1 - share))
    return rest * sum(dead**k * (1 - dead) ** (units - k) for k in range(spare + 1))


def per_cm2(die_area_mm2, per_mm2, units, spare, share):
    return by_the_formula(die_area_mm2, per_mm2 / 100, units, spare, share)


def a_unit_as_large_as_the_die(die_area_mm2, per_mm2, units, spare, share):
    dead = 1 - math.exp(-per_mm2 * die_area_mm2)
    rest = math.exp(-per_mm2 * die_area_mm2 * (1 - share))
    return rest * sum(
        math.comb(units, k) * dead**k * (1 - dead) ** (units - k) for k in range(spare + 1)
    )


def straight_line(die_area_mm2, per_mm2, units, spare, share):
    dead = per_mm2 * die_area_mm2 * share / units
    rest = math.exp(-per_mm2 * die_area_mm2 * (1 - share))
    return rest * sum(
        math.comb(units, k) * dead**k * (1 - dead) ** (units - k) for k in range(spare + 1)
    )


def those_that_fail(*given):
    return 1 - by_the_formula(*given)


def in_percent(*given):
    return 100 * by_the_formula(*given)


def of_the_example(*given):
    return 0.9513669


def one_half(*given):
    return 0.5


def rounded(*given):
    return round(by_the_formula(*given), 2)


def nothing(*given):
    print(by_the_formula(*given))


def not_a_number(*given):
    return float("nan")


def in_words(*given):
    return f"{by_the_formula(*given):.1%}"


# ---- 1.2: place dies on a disc -------------------------------------------------------------


def in_loops(width_mm, height_mm, diameter_mm, edge_exclusion_mm, scribe_mm, on_the_rim=True):
    radius = diameter_mm / 2 - edge_exclusion_mm
    most = 0
    for first_x, first_y in itertools.product((-width_mm / 2, scribe_mm / 2),
                                              (-height_mm / 2, scribe_mm / 2)):  # fmt: skip
        count = 0
        for i, j in itertools.product(range(-40, 41), repeat=2):
            x, y = first_x + i * (width_mm + scribe_mm), first_y + j * (height_mm + scribe_mm)
            far = math.hypot(max(abs(x), abs(x + width_mm)), max(abs(y), abs(y + height_mm)))
            count += far <= radius if on_the_rim else far < radius
        most = max(most, count)
    return most


def row_by_row(width_mm, height_mm, diameter_mm, edge_exclusion_mm, scribe_mm):
    """How long is the chord at the farther side of each row, and how many dies does it hold?"""
    radius = diameter_mm / 2 - edge_exclusion_mm
    found = []
    for first_y in (-height_mm / 2, scribe_mm / 2):
        low = first_y + np.arange(-90, 91) * (height_mm + scribe_mm)
        far = np.maximum(abs(low), abs(low + height_mm))
        half = np.sqrt(radius**2 - far[far <= radius] ** 2)
        odd = 1 + 2 * np.floor((half - width_mm / 2) / (width_mm + scribe_mm))
        even = 2 * np.floor((half + scribe_mm / 2) / (width_mm + scribe_mm))
        found += [np.maximum(odd, 0).sum(), even.sum()]
    return int(max(found))


def by_another_radius(of):
    """The right count, on a disc of another size."""

    def answer(width_mm, height_mm, diameter_mm, edge_exclusion_mm, scribe_mm):
        return row_by_row(width_mm, height_mm, 2 * of(diameter_mm, edge_exclusion_mm), 0, scribe_mm)

    return answer


def without_streets(width_mm, height_mm, diameter_mm, edge_exclusion_mm, scribe_mm):
    return row_by_row(width_mm, height_mm, diameter_mm, edge_exclusion_mm, 0)


def streets_are_dies(width_mm, height_mm, diameter_mm, edge_exclusion_mm, scribe_mm):
    width_mm, height_mm = width_mm + scribe_mm, height_mm + scribe_mm
    return row_by_row(width_mm, height_mm, diameter_mm, edge_exclusion_mm, 0)


def off_the_rim(*given):
    return in_loops(*given, on_the_rim=False)


def middles(width_mm, height_mm, diameter_mm, edge_exclusion_mm, scribe_mm):
    radius = diameter_mm / 2 - edge_exclusion_mm
    return max(
        sum(
            (x + i * (width_mm + scribe_mm)) ** 2 + (y + j * (height_mm + scribe_mm)) ** 2
            <= radius**2
            for i, j in itertools.product(range(-25, 26), repeat=2)
        )
        for x in (0, (width_mm + scribe_mm) / 2) for y in (0, (height_mm + scribe_mm) / 2)
    )  # fmt: skip


def one_grid(width_mm, height_mm, diameter_mm, edge_exclusion_mm, scribe_mm):
    radius = diameter_mm / 2 - edge_exclusion_mm
    i, j = np.mgrid[-50:51, -50:51]
    x, y = i * (width_mm + scribe_mm), j * (height_mm + scribe_mm)
    far_x, far_y = abs(x) + width_mm / 2, abs(y) + height_mm / 2
    return int((far_x**2 + far_y**2 <= radius**2).sum())


def of_areas(width_mm, height_mm, diameter_mm, edge_exclusion_mm, scribe_mm):
    radius = diameter_mm / 2 - edge_exclusion_mm
    return int(math.pi * radius**2 / (width_mm * height_mm))


def of_the_textbook(width_mm, height_mm, diameter_mm, edge_exclusion_mm, scribe_mm):
    area, radius = width_mm * height_mm, diameter_mm / 2
    return round(math.pi * radius**2 / area - math.pi * diameter_mm / (2 * area) ** 0.5)


def half_a_die(*given):
    return row_by_row(*given) + 0.5


# ---- 1.3: repair a grid by rows ------------------------------------------------------------


def in_lists(dead, columns):
    found = []
    for row in dead:
        working = [at for at in range(len(row)) if not row[at]]
        if len(working) < columns:
            return None
        found.append(working[:columns])
    return found


def as_an_array(dead, columns):
    if (~dead).sum(axis=1).min() < columns:
        return None
    return np.argsort(dead, axis=1, kind="stable")[:, :columns]


def one_after_the_other(dead, columns):
    """A pointer that moves on past what is dead; tuples, and floats that are whole."""
    found = []
    for row in dead.tolist():
        at, here = 0, []
        while len(here) < columns:
            while at < len(row) and row[at]:
                at += 1
            if at == len(row):
                return None
            here.append(float(at))
            at += 1
        found.append(tuple(here))
    return tuple(found)


def as_if_none_were_dead(dead, columns):
    return np.tile(np.arange(columns), (len(dead), 1))


def by_counting(dead, columns):
    return np.arange(columns) + np.cumsum(dead, axis=1)[:, :columns]


def by_columns(dead, columns):
    return [np.flatnonzero(~dead.any(axis=0))[:columns]] * len(dead)


def row_0_everywhere(dead, columns):
    return [np.flatnonzero(~dead[0])[:columns]] * len(dead)


def dead_ones(dead, columns):
    return [np.flatnonzero(row)[:columns] for row in dead]


def all_working(dead, columns):
    return [np.flatnonzero(~row) for row in dead]


def never_none(dead, columns):
    return [np.flatnonzero(~row)[:columns] for row in dead]


def always_none(dead, columns):
    return None


def from_the_east(dead, columns):
    return [np.flatnonzero(~row)[-columns:] for row in dead]


def turned_round(dead, columns):
    return [np.flatnonzero(~line)[:columns] for line in dead.T]


def swapped(dead, columns):
    return np.array(in_lists(dead, columns)).T


def westward(dead, columns):
    return [row[::-1] for row in in_lists(dead, columns)]


def one_twice(dead, columns):
    return [[row[0], *row[:-1]] for row in in_lists(dead, columns)]


def counted_from_1(dead, columns):
    return np.array(in_lists(dead, columns)) + 1


def a_row_short(dead, columns):
    return in_lists(dead, columns)[1:]


def a_mask(dead, columns):
    return ~dead


def text(dead, columns):
    return str(in_lists(dead, columns))


def halves(dead, columns):
    return [[at + 0.5 for at in row] for row in in_lists(dead, columns)]


def far_away(dead, columns):
    return [[10**400] * columns] * len(dead)


def of_one_row(dead, columns):
    return in_lists(dead, columns)[0]


# ---- 1.4: count the cycles on a repaired wafer ---------------------------------------------


def all_ways(column, row, source, values, east=True, south=True, down=1):
    """Link by link from the source, to every PE."""
    rows, columns = len(column), len(column[0])
    far = {(row, source): 0}
    for step, end in ((1, columns), (-1, -1)):
        for c in range(source + step, end, step):
            link = abs(column[row][c] - column[row][c - step]) if east else 1
            far[row, c] = far[row, c - step] + link
    for step, end in ((1, rows), (-1, -1)):
        for r, c in itertools.product(range(row + step, end, step), range(columns)):
            aside = abs(column[r][c] - column[r - step][c]) if south else 0
            far[r, c] = far[r - step, c] + down + aside
    return max(far.values()) + values + 5


def by_arrays(column, row, source, values):
    at = np.array(column)
    steps = 1 + abs(np.diff(at, axis=0))
    far = abs(at[row] - at[row, source]) + np.maximum(steps[:row].sum(0), steps[row:].sum(0))
    return far.max() + values + 5


def links_of_1(column, row, source, values):
    return all_ways(column, row, source, values, east=False, south=False)


def eastern_links_of_1(column, row, source, values):
    return all_ways(column, row, source, values, east=False)


def southern_links_of_1(column, row, source, values):
    return all_ways(column, row, source, values, south=False)


def step_down_forgotten(column, row, source, values):
    return all_ways(column, row, source, values, down=0)


def to_the_corners(column, row, source, values):
    ends = [[line[0], line[source], line[-1]] for line in column]
    return by_arrays(ends, row, 1, values)


def to_the_last_row(column, row, source, values):
    return all_ways(column[row:], 0, source, values)


def to_the_last_pe(column, row, source, values):
    return by_arrays([[line[source], line[-1]] for line in column[row:]], 0, 0, values)


def from_the_corner(column, row, source, values):
    return all_ways(column, 0, 0, values)


def straight(column, row, source, values):
    at = np.array(column)
    rows = np.arange(len(at))[:, None]
    return int((abs(at - at[row, source]) + abs(rows - row)).max()) + values + 5


def off_by_one(*given):
    return by_arrays(*given) - 1


def ramps_forgotten(*given):
    return by_arrays(*given) - 5


def one_value(column, row, source, values):
    return by_arrays(column, row, source, 0)


def value_after_value(column, row, source, values):
    return (by_arrays(column, row, source, 0) - 5) * values + 5


def all_longer_links(column, row, source, values):
    return links_of_1(column, row, source, values) + steps_of(column)


def of_29(*given):
    return 29


# ---- 1.P: repair with the least wire -------------------------------------------------------


def least_of_all(dead, columns):
    """All ways of each row, row after row."""
    total = dead.shape[1]
    spares = total - columns
    ways = np.array([*itertools.combinations(range(total), spares)])
    inside = ((ways > np.arange(spares)) & (ways < columns + np.arange(spares))).sum(axis=1)
    apart = abs(ways[:, None] - ways).sum(axis=2)
    steps, came = np.zeros(len(ways)), []
    for row in dead:
        both = steps[:, None] + apart if came else np.broadcast_to(steps[:, None], apart.shape)
        came.append(both.argmin(axis=0))
        keeps = np.isin(ways, np.flatnonzero(row)).sum(axis=1) < row.sum()
        steps = np.where(keeps, np.inf, both.min(axis=0) + inside)
    way, found = int(steps.argmin()), []
    for above in reversed(came):
        found.append(np.setdiff1d(np.arange(total), ways[way]))
        way = int(above[way])
    return found[::-1]


def like_the_row_above(dead, columns):
    """Greedy: each row leaves out what costs least beside the row above, and never looks back.

    Where that is worse than the plain repair, the plain repair.
    """
    total = dead.shape[1]
    above, found = None, []
    for row in dead:
        gone = np.flatnonzero(row).tolist()
        others = itertools.combinations(
            [at for at in range(total) if at not in gone], total - columns - len(gone)
        )
        best = min(
            (np.setdiff1d(np.arange(total), [*gone, *more]) for more in others),
            key=lambda used: used[-1] - used[0] + (0 if above is None else abs(used - above).sum()),
        )
        above = best
        found.append(best.tolist())
    return min(found, in_lists(dead, columns), key=steps_of)


def steps_of(column):
    at = np.array(column)
    along = (at[:, -1] - at[:, 0] - at.shape[1] + 1).sum()
    return int(along + abs(np.diff(at, axis=0)).sum())


def keeps_dead_cores(dead, columns):
    return [list(range(columns))] * len(dead)


def the_plain_one(dead, columns):
    return in_lists(dead, columns)


def spares_in_the_west(dead, columns):
    return [np.flatnonzero(~row)[-columns:] for row in dead]


def a_column_too_few(dead, columns):
    return [row[:-1] for row in in_lists(dead, columns)]


def only_2_spares(dead, columns):
    if dead.shape == (24, 34):
        return least_of_all(dead, columns)
    return [np.flatnonzero(~row)[-columns:] for row in dead]


# ---- right answers -------------------------------------------------------------------------

RIGHT = {
    "1.1": [by_the_formula, unit_by_unit, by_the_complement],
    "1.2": [in_loops, row_by_row],
    "1.3": [in_lists, as_an_array, one_after_the_other],
    "1.4": [all_ways, by_arrays],
    "1.P": [least_of_all, like_the_row_above],
}


@pytest.mark.parametrize(
    ("number", "answer"), [(number, answer) for number in RIGHT for answer in RIGHT[number]]
)
@pytest.mark.parametrize("seed", [None, 0, *long(1)])
def test_different_right_answers_pass(number, answer, seed):
    """With all points; a score only in the puzzle."""
    result = check(number, answer, seed=seed)
    assert result.passed is True and result.points == result.out_of, result
    assert (result.score is None) == (number != "1.P")
    assert ("(par: " in repr(result)) == (number == "1.P") and " cycles, " not in repr(result)


# ---- wrong answers -------------------------------------------------------------------------

WRONG = {
    "1.1": {
        untouched: "not written yet",
        no_spares: "share of dies without a defect",
        the_rest_forgotten: "The rest of the die, a part of 1 - share, has no spares",
        all_of_it_units: "Right with.*not with.*share does not come in",
        defects_counted: "counts defects, and dead units are asked",
        exactly_so_many: "exactly spare dead units",
        one_short: "stops one short",
        no_ways: r"math.comb\(units, k\)",
        per_cm2: "divided by 100: it is given per mm2 already",
        a_unit_as_large_as_the_die: "takes the area of the die for that of a unit",
        straight_line: "counts a unit with two defects twice",
        those_that_fail: "dies that do not work",
        in_percent: "in percent: a share is a number from 0 to 1",
        of_the_example: r"Right with die_area_mm2 = 814.0.*not with",
        one_half: "of 10,000 dies drawn at random 95.2% work",
        rounded: "so that is 0.00137 too low",
        nothing: "nothing returns nothing: its last line has to be return",
        not_a_number: "returns nan, something of type float",
        in_words: "returns something of type str.*a share is a number from 0 to 1",
    },
    "1.2": {
        untouched: "not written yet",
        by_another_radius(lambda diameter, edge: diameter - edge): "it is half of that",
        by_another_radius(lambda diameter, edge: diameter): "it is half of that",
        by_another_radius(lambda diameter, edge: diameter / 2): "so wide a rim makes no good dies",
        by_another_radius(lambda diameter, edge: (diameter - edge) / 2): "rim is taken off .* once",
        without_streets: "between two dies there is a street",
        streets_are_dies: "as large as die and street together",
        off_the_rim: "Right with.*not with width_mm = 150.0.*exactly on the rim",
        middles: "counts dies that the rim cuts",
        one_grid: "tries fewer grids than four",
        of_areas: "Dies are not liquid",
        of_the_textbook: "the textbook's estimate",
        half_a_die: "returns 68.5, something of type float.*dies are a whole number",
    },
    "1.3": {
        untouched: "not written yet",
        as_if_none_were_dead: "as if no core were dead",
        by_counting: "Right with 3 x 6.*not with 8 x 12.*count among the working ones",
        by_columns: "That is repair by columns",
        row_0_everywhere: "All rows get the same columns",
        dead_ones: "takes the dead cores",
        all_working: "takes all working cores, the spare ones too",
        never_none: "Row 2 has 6 working cores, and 7 are wanted: this grid cannot be repaired",
        always_none: r"returns None.*\(or is a return missing\?\)",
        from_the_east: "In row 0 the core in column 0 of the grid works, and is left out",
        turned_round: "It returns 6 rows; the grid has 3. Does it go through the columns",
        swapped: "It returns 5 rows of 3: rows and columns are swapped",
        westward: "In row 0 the order is lost: columns 0 and 1 are taken from columns 4 and 3",
        one_twice: "one core, in column 0 of the grid, is used twice",
        counted_from_1: "column 5 of the grid|would be in column 6 of the grid, .* 0 to 5|dead",
        a_row_short: "It returns 2 rows; the grid has 3",
        a_mask: "something of type bool in row 0; a column is a whole number",
        text: "returns something of type str; expected a list with a list for each row",
        halves: "returns 0.5, something of type float in row 0",
        far_away: "something of type int in row 0",
        of_one_row: "something of type int for row 0; expected a list of columns",
    },
    "1.4": {
        untouched: "not written yet",
        links_of_1: "right for a wafer whose links are all 1 long",
        eastern_links_of_1: "Right with.*not with.*Links along the row count as 1",
        southern_links_of_1: "Links from row to row count as 1|longer links do not come in",
        step_down_forgotten: "the step down is forgotten",
        to_the_corners: "Right with.*not with.*It takes the way to a corner",
        to_the_last_row: "Right with.*not with.*It looks at the last row alone",
        to_the_last_pe: "Right with.*not with.*the way to the last PE of the last row",
        from_the_corner: r"Right with.*not with.*It begins in PE \(0, 0\)",
        straight: "takes the straight way on the grid",
        off_by_one: "off by one",
        ramps_forgotten: "The 5 cycles on the ramps are forgotten",
        one_value: "The values do not come in",
        value_after_value: "They follow each other a cycle apart",
        all_longer_links: "Right with|adds up the longer links of the whole wafer",
        of_29: "Right with column = .*not with.*it gives 29; the emulator counts",
    },
    "1.P": {
        untouched: "not written yet",
        keeps_dead_cores: "and there it is dead",
        the_plain_one: "^All is .* but the score, 291 extra .* takes 291, and to pass it takes 194",
        spares_in_the_west: "the score, 381 extra steps of wire: repair by rows takes 291",
        always_none: "It returns nothing, or None",
        a_column_too_few: "Row 0 gets 31 cores; the program wants 32 in each row",
        westward: "In row 0 the order is lost",
        turned_round: "It returns 34 rows; the grid has 24",
        only_2_spares: "^Low enough with 24 x 34.*not with.*repair by rows takes .* no more",
        text: "returns something of type str",
    },
}


@pytest.mark.parametrize(
    ("number", "answer"), [(number, answer) for number in WRONG for answer in WRONG[number]]
)
def test_a_known_mistake_is_named(number, answer):
    """No points, and the words that a learner can act on."""
    result = check(number, answer)
    assert result.passed is False and result.points == 0
    assert re.search(WRONG[number][answer], "\n".join(result.reasons), re.DOTALL), result


def test_an_answer_at_par_that_does_not_pass_is_told_one_thing():
    """Not that it is at par, nor right with one grid and not with it."""
    said = repr(check("1.P", the_plain_one))
    assert "291 extra steps of wire, not low enough yet (par: 291)" in said
    assert "at par" not in said and "ight with" not in said
    assert "ight with" not in repr(check("1.P", only_2_spares))


def test_a_mistake_is_named_only_if_it_explains_every_answer():
    """69 is what people get who forget the rim, for the first disc; always 69 is something else."""
    for answer, named in (
        (by_another_radius(lambda diameter, edge: diameter / 2), True), (lambda *given: 69, False),
    ):  # fmt: skip
        reasons = check("1.2", answer).reasons
        assert "it gives 69; 68 lie within the rim, so that is 1 too many" in reasons[-1]
        assert ("so wide a rim makes no good dies" in reasons[0]) == named
        assert len(reasons) == 1 + named


@pytest.mark.parametrize("number", RIGHT)
@pytest.mark.parametrize("cheat", CALCULATING)
def test_what_may_not_earn_points_does_not(number, cheat):
    """Asking the library, the check or the emulator is no answer, and neither is changing them."""
    answer, words = calculating(RIGHT[number][0], type(find(number)))[cheat]
    result = check(number, answer)
    assert result.passed is False and result.points == 0, result
    assert re.search(words, "\n".join(result.reasons)), result
    assert replaced_parts() == []


@pytest.mark.parametrize("number", ["1.3", "1.P"])
@pytest.mark.parametrize("stranger", ["0", 7, {"rows": []}, [[1, "2"]], [[1e9]]])
def test_a_record_that_is_no_repair_earns_nothing(number, stranger):
    """Whatever comes from a learner's kernel is looked at again."""
    problem = find(number)
    sizes = problem.sizes(None)
    assert problem.grade([stranger] * len(sizes), sizes).passed is False


# ---- the judges ----------------------------------------------------------------------------


def test_the_yield_is_that_of_random_dies_and_of_the_library():
    """By the formula, by dies drawn at random, by the library's formula and by its discs."""
    problem = find("1.1")
    for seed in (None, 1):
        for size in problem.sizes(seed):
            area, density, units, spare, share = case = problem.arguments(size)
            right = problem.right(size)
            assert right == pytest.approx(foundry.partial_good(area, density, units, spare, share))
            assert p01_1.of_random_dies(*case) == pytest.approx(right, abs=0.02)
    disc, works = foundry.Disc(), []
    for seed in range(30):
        points = foundry.defects(disc, per_mm2=0.004, seed=seed)
        works.append(foundry.dice(disc, 30, 20, points).good_with_spares((4, 6), 2).mean())
    assert np.mean(works) == pytest.approx(by_the_formula(600, 0.004, 24, 2, 1.0), abs=0.03)


def test_dies_are_placed_as_the_library_places_them():
    """Each of the four grids is one that the library tries; its best holds as many or more."""
    problem = find("1.2")
    for size in problem.sizes(None) + problem.sizes(5):
        width, height, diameter, edge, scribe = case = problem.arguments(size)
        disc = foundry.Disc(diameter, edge, scribe)
        shifts = [
            (-side / 2 / (side + scribe), scribe / 2 / (side + scribe)) for side in (width, height)
        ]
        four = [len(disc._grid(width, height, *both)) for both in itertools.product(*shifts)]
        assert problem.right(size) == max(four) <= len(disc.place(width, height)), case


def test_only_the_cases_that_are_meant_to_lie_on_the_rim_do():
    """So that rounding decides nowhere: the one whose corners lie there has whole numbers."""
    for seed in (None, *range(5)):
        for size in find("1.2").sizes(seed):
            on_it = size["scribe"] == 0 and size["edge"] == 0
            assert p01_2.on_the_rim(size) == on_it, size


def test_a_repair_is_the_library_s():
    """Columns and lengths of links, on random grids; what it refuses is None here."""
    problem = find("1.3")
    for seed in (None, *range(6)):
        for size in problem.sizes(seed):
            dead, columns = problem.arguments(size)
            if size["left"] < 0:
                assert row_shift(dead, columns) is None
                with pytest.raises((foundry.Unrepairable, ValueError)):
                    foundry.repair(dead, columns)
                continue
            found, ours = foundry.repair(dead, columns), row_shift(dead, columns)
            assert found.column.tolist() == ours
            for theirs, links in zip(found.wires, lengths(ours), strict=True):
                assert np.array_equal(theirs, links)


def test_a_broadcast_takes_what_the_formula_says():
    """On random repairs, from anywhere, by two engines; from the corner the library's too."""
    random = np.random.default_rng(4)
    for draw in range(1, 25):
        size = {"rows": 7, "total": 12, "dead": 10, "left": int(random.integers(2)), "draw": draw}
        dead = dead_of(size)
        column = row_shift(dead, 12 - int(dead.sum(axis=1).max()) - size["left"])
        row, source = int(random.integers(7)), int(random.integers(len(column[0])))
        values = int(random.integers(1, 40))
        run = p01_4.broadcast_on(column, row, source, values).run(
            engine="reference" if draw % 2 else "bitplane"
        )
        assert run.cycles == p01_4.textbook(column, row, source, values)
        x, columns = np.ones(values, np.float32), len(column[0])
        wires = foundry.repair(dead, columns).wires
        _, corner = wse.kernels.broadcast(x, rows=7, columns=columns, wires=wires)
        assert corner.cycles == p01_4.textbook(column, 0, 0, values)


def test_the_least_wire_is_the_least():
    """By trying every repair of small grids, and by none of many random ones being shorter."""
    for draw in range(1, 9):
        size = {"rows": 3, "total": 7, "dead": 3, "left": draw % 2, "draw": draw}
        dead, columns = find("1.P").arguments(size)
        each = [
            [way for way in itertools.combinations(range(7), columns) if not row[list(way)].any()]
            for row in dead
        ]
        least = min(p01_p.extra_steps([*map(list, one)]) for one in itertools.product(*each))
        assert p01_p.least(dead, columns) == least == p01_p.extra_steps(least_of_all(dead, columns))


def test_par_and_bound_of_the_puzzle():
    """Par is the repair by rows; the answer that tries all comes down to the bound."""
    problem = find("1.P")
    dead, columns = problem.arguments(problem.sizes()[0])
    found = foundry.repair(dead, columns)
    assert problem.par == sum(int((links - 1).sum()) for links in found.wires) == 291
    best, greedy = (check("1.P", answer) for answer in RIGHT["1.P"])
    assert best.score == problem.fewest == 115 < greedy.score < best.par
    assert "No repair of this grid takes fewer than 115" in repr(best)
    assert f"in {math.comb(34, 2)} ways" in best.bound
    assert "115 extra steps of wire, 176 under par (par: 291)" in repr(best)


# ---- the cases -----------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [None, *range(4)])
@pytest.mark.parametrize("number", ["1.1", "1.2", "1.4"])
def test_only_the_right_formula_is_right_everywhere(number, seed):
    """Each wrong formula is wrong in some case, of the visible ones and of any seed's."""
    problem = find(number)
    off: dict[int, bool] = {}
    for size in problem.sizes(seed):
        right = problem.right(size)
        for place, (given, _) in enumerate(problem.mistakes(size)):
            wrong = abs(given - right) > 10 * problem.tolerance
            off[place] = off.get(place, False) or wrong
    assert all(off.values()), [place for place, wrong in off.items() if not wrong]


@pytest.mark.parametrize("seed", [None, *range(4)])
def test_only_the_right_repair_is_right_everywhere(seed):
    """The wrong repairs that are known fail in some case, and there is a grid beyond repair."""
    problem = find("1.3")
    cases = [problem.arguments(size) for size in problem.sizes(seed)]
    rights = [row_shift(*case) for case in cases]
    assert None in rights
    for wrong in (as_if_none_were_dead, p01_3.shifted_by_counting, p01_3.whole_columns):
        given = [np.array(wrong(*case)).tolist() for case in cases]
        assert any(one != right for one, right in zip(given, rights, strict=True) if right)


@pytest.mark.parametrize("seed", range(6))
def test_grids_of_the_puzzle_are_as_the_text_says(seed):
    """1 to 3 spares, smaller than the first, and the least is there to be found."""
    first, *others = find("1.P").sizes(seed)
    for size in others:
        dead, columns = find("1.P").arguments(size)
        assert 1 <= dead.shape[1] - columns <= 3 and dead.size < 24 * 34
        assert p01_p.least(dead, columns) <= find("1.P").par_at(size)
    assert first["total"] - find("1.P").arguments(first)[1] == 2
