"""Painted defects: what the widget answers is what repair and the emulator say."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import wselab as wse
from wselab import show
from wselab.foundry import Unrepairable, repair
from wselab.show import defects


@pytest.fixture
def painter(monkeypatch: pytest.MonkeyPatch) -> Any:
    """One without defects, which keeps what it tells the page in ``told``."""
    made = show.paint_defects(spares=2)
    told: list[dict[str, Any]] = []
    monkeypatch.setattr(made, "send", told.append)
    made.told = told
    return made


def test_the_page_is_answered_with_both_repairs(painter: Any) -> None:
    """Columns, wires, cycles, and the number of its question."""
    painter._hear(None, {"asked": 7, "cells": [37, 40, 150], "spares": 3}, [])
    (answer,) = painter.told
    assert answer["asked"] == 7 and answer["cells"] == [37, 40, 150] and answer["spares"] == 3
    assert painter.dead.sum() == 3 and painter.dead[2, 5] and painter.spares == 3
    for by in ("rows", "columns"):
        way, expected = answer["ways"][by], repair(painter.dead, 13, by)
        assert way["column"] == expected.column.tolist()
        text = " ".join(way["told"])
        assert f"{expected.spares_used} of 3 spare columns used" in text
        assert f"the longest {expected.longest}" in text
        w = wse.Wafer(12, 13, wires=expected.wires)
        wse.kernels.write_broadcast(w, w.memory("x", defects.VALUES))
        cycles = w.run().cycles
        more = cycles - wse.predict.broadcast(rows=12, columns=13, wavelets=defects.VALUES)
        assert more > 0 and f"broadcast to all cores: {cycles} cycles, {more} of them" in text


def test_a_page_that_is_new_gets_what_is_painted(painter: Any) -> None:
    """It has nothing to say yet."""
    dead = painter.dead
    dead[1, 1] = True
    painter.dead = dead
    painter._hear(None, {"asked": 1}, [])
    assert [answer["cells"] for answer in painter.told] == [[17], [17]]
    assert [answer["asked"] for answer in painter.told] == [0, 1]


def test_what_cannot_be_repaired_says_why(painter: Any) -> None:
    """In the words of repair, and the other way is repaired all the same."""
    dead = painter.dead
    dead[3, 3] = dead[5, 8] = dead[9, 0] = True
    painter.dead = dead
    ways = painter.told[-1]["ways"]
    assert ways["columns"]["column"] is None and ways["rows"]["column"] is not None
    assert ways["columns"]["told"][0].startswith("no repair: 3 columns have something dead in them")
    with pytest.raises(Unrepairable):
        painter.repair("columns")
    assert painter.repair("rows").spares_used == 1


def test_the_words_and_the_picture_say_what_is_painted(painter: Any) -> None:
    """A few dead cores by place, many by number; and the picture carries the words."""
    assert painter.alt.startswith("12 x 16 cores, none dead; wanted 12 x 14. By rows: 12 x 14")
    assert "no longer wire" in painter.alt
    dead = painter.dead
    dead[2, 5] = dead[4, 0] = True
    painter.dead = dead
    assert "dead: (2, 5), (4, 0)" in painter.alt
    dead[:, 8] = True
    painter.dead = dead
    assert "14 of them dead" in painter.alt
    data, about = painter._repr_mimebundle_()
    assert data["image/png"].startswith(b"\x89PNG")
    assert about["image/png"]["alt"] == painter.alt == repr(painter)


@pytest.mark.parametrize("seed", range(4))
def test_repair_costs_cycles_and_never_a_bit(seed: int) -> None:
    """On random defects the two programs give the same as without them."""
    random = np.random.default_rng(seed)
    dead = random.random((7, 12)) < 0.04
    painter = show.paint_defects(dead, spares=7)
    for by in ("rows", "columns"):
        for cycles, more in re.findall(
            r"(\d+) cycles, (none|\d+)", " ".join(painter._found[by][1])
        ):
            assert int(cycles) > (0 if more == "none" else int(more))


@pytest.mark.parametrize(
    ("ask", "match"),
    [
        (lambda: show.paint_defects(np.zeros((3, 4))), "expected a mask"),
        (lambda: show.paint_defects(np.zeros((1, 4), bool)), "from 2 x 2 to 24 x 32"),
        (lambda: show.paint_defects(np.zeros((4, 40), bool)), "from 2 x 2 to 24 x 32"),
        (lambda: show.paint_defects(np.zeros(4, bool)), "expected a mask"),
        (lambda: show.paint_defects(spares=15), "a whole number from 0 to 14"),
        (lambda: show.paint_defects(spares=-1), "a whole number from 0 to 14"),
        (lambda: setattr(show.paint_defects(), "dead", np.zeros((3, 3), bool)), r"expected \(12"),
    ],
)
def test_wrong_masks_are_refused(ask: Any, match: str) -> None:
    """With what was expected."""
    with pytest.raises(ValueError, match=match):
        ask()


def test_the_names_that_tests_on_the_page_use_are_there() -> None:
    """Those that the module's text lists."""
    here = Path(defects.__file__).parent
    script, text = (here / "defects.js").read_text(), " ".join((defects.__doc__ or "").split())
    for name in re.findall(r"``\.(wse-defects[\w-]*)``", text):
        assert f'"{name}' in script, name
    for name in re.findall(r"``data-(\w+)``", text):
        assert f"dataset.{name}" in script or f"data-{name}" in script, name
