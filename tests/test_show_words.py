"""What maps show, in words: found in the numbers, and only what is there."""

from __future__ import annotations

import numpy as np
import pytest

from wselab.show import describe

NAN = float("nan")


def noise(rows=60, columns=80):
    """Numbers between 0 and 1 without any pattern."""
    return np.random.default_rng(0).random((rows, columns))


def facts(values):
    """What is said of a map, one by one."""
    text = describe(values)
    assert text.endswith(".")
    return text[:-1].split(": ", 1)[1].split("; ")


def but(table, value, *places):
    """A copy of a table with another value at some places."""
    table = np.array(table, float)
    for where in places:
        table[where] = value
    return table


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([[5]], ["5 everywhere"]),
        ([[5, NAN]], ["5 everywhere", "PE (0, 1) is dead"]),
        (np.full((2, 2), NAN), ["all PEs are dead"]),
        (but(np.zeros((60, 80)), 64, np.s_[:, :20]),
         ["from 0 to 64, mean 16", "the same in every row", "growing westward"]),
        (np.add.outer(np.arange(994), np.arange(750)),
         ["from 0 to 1,742, mean 871", "growing southward", "growing eastward",
          "highest at PE (993, 749)"]),
        (np.arange(12)[:, None] * np.ones(3),
         ["from 0 to 11, mean 5.5", "the same in every column", "growing southward"]),
        (but(np.full((994, 750), 64), 0, (993, 749)),
         ["from 0 to 64, mean 64", "lowest at PE (993, 749)", "nearly all of the PEs at 64"]),
        (np.eye(60), ["from 0 to 1, mean 0.01667", "98% of the PEs at 0"]),
        ([[np.inf, 1], [2, 3]], ["from 1 to inf, mean inf", "highest at PE (0, 0)"]),
    ],
)  # fmt: skip
def test_words_of_a_map(values, said):
    """Range, dead PEs, what repeats, which way it grows, where it is highest, shares at an end."""
    assert facts(values) == said


def test_noise_has_no_pattern():
    """No line stands out of it and it grows nowhere, whatever the seed."""
    for seed in range(40):
        values = np.random.default_rng(seed).random((60, 80))
        assert [fact.split()[0] for fact in facts(values)] == ["from", "highest"]


@pytest.mark.parametrize(
    ("where", "value", "said"),
    [
        (np.s_[7], 5.0, "row 7 is high, mean 5 against "),
        (np.s_[:, [3, 9]], -2.0, "columns 3 and 9 are low, mean -2 and -2 against "),
    ],
)
def test_hot_and_cold_lines_are_named(where, value, said):
    """A row or a column far off the others."""
    values = but(noise(), value, where)
    assert any(fact.startswith(said) for fact in facts(values))


def test_lines_that_grow_do_not_stand_out():
    """The last of a slope is no hot line."""
    values = np.arange(60)[:, None] + noise()
    assert [fact.split()[0] for fact in facts(values)] == ["from", "growing", "highest"]


def test_a_slope_that_turns_back_again_and_again_is_none():
    """It is said to grow where it nearly always does, or is nearly straight."""
    rows = np.arange(60) + 40 * np.random.default_rng(1).random(60)
    assert 0.5 < np.corrcoef(np.arange(60), rows)[0, 1] < 0.9
    assert "growing" not in describe(rows[:, None] * np.ones(3))
    assert "growing southward" in describe(np.sort(rows)[:, None] * np.ones(3))


@pytest.mark.parametrize(
    ("dead", "said"),
    [
        ([(0, 1), (5, 6)], ["PEs (0, 1) and (5, 6) are dead"]),
        ([np.s_[:, 3]], ["column 3 is dead"]),
        ([np.s_[:, 3], (4, 70)], ["column 3 is dead", "61 PEs are dead (1.3%)"]),
        ([np.s_[10:20]], ["800 PEs are dead (17%)"]),
        ([np.s_[[1, 5]]], ["rows 1 and 5 are dead"]),
    ],
)
def test_dead_pes(dead, said):
    """By place where they are few, whole lines, else how many; they count in no mean."""
    values = but(noise(), NAN, *dead)
    found = [fact for fact in facts(values) if "dead" in fact]
    assert found == said
    assert f"mean {np.nanmean(values):.4g}" in facts(values)[0]


def test_head_and_unit():
    """The title is a sentence; the unit stands behind the size; several maps have their names."""
    assert describe([[1]], "Load.", "bytes") == (
        "Load. Map of 1 row x 1 column of PEs (bytes): 1 everywhere."
    )
    assert describe({"busy": [[1, 2]], "idle": [[4, 4]]}, "Cycles") == (
        "Cycles. Map of 1 row x 2 columns of PEs. busy: from 1 to 2, mean 1.5; growing eastward; "
        "highest at PE (0, 1). idle: 4 everywhere."
    )
