"""Painted defects: what the widget answers is what repair and the emulator say."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
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


# ---- the page, in a browser, with the widget's Python behind it --------------------------------

PAGE = """<!doctype html><title>Defects</title><div id="here"></div>"""
START = """async ([source, style]) => {
    document.head.append(Object.assign(document.createElement("style"), { textContent: style }));
    const blob = new Blob([source], { type: "text/javascript" });
    const module = await import(URL.createObjectURL(blob));
    const hears = [];
    const model = {
        send: async (said) => {
            const answer = JSON.parse(await window.python(JSON.stringify(said)));
            hears.forEach((hear) => hear(answer));
        },
        on: (_, hear) => hears.push(hear),
        off: () => {},
    };
    module.default.render({ model, el: document.getElementById("here") });
}"""
SETTLED = """() => {
    const { asked, answered } = document.querySelector(".wse-defects").dataset;
    return asked > 0 && asked === answered;
}"""


class Page:
    """The widget on a page of its own, and what a reader does there."""

    def __init__(self, page: Any, painter: Any):
        self.page, self.painter = page, painter
        self.problems: list[str] = []
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.set_content(PAGE)
        page.expose_function("python", self._answer)
        here = Path(defects.__file__).parent
        page.evaluate(START, [(here / f"defects.{kind}").read_text() for kind in ("js", "css")])
        self.settle()

    def _answer(self, said: str) -> str:
        self.painter._hear(None, json.loads(said), [])
        return json.dumps(self.painter.told[-1])

    def settle(self) -> None:
        """Wait until the page shows what was painted."""
        self.page.wait_for_function(SETTLED)

    def board(self, by: str) -> Any:
        return self.page.locator(f'.wse-defects-board[data-by="{by}"]')

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
        self.settle()

    def said(self) -> str:
        return self.page.locator(".wse-defects-said").inner_text()

    def numbers(self, by: str) -> dict[int, int]:
        """The column that each used core is to the program, by the core's number."""
        return {
            int(cell): int(text)
            for cell, text in self.board(by)
            .locator('[data-kind="used"]')
            .evaluate_all(
                "all => all.map((one) => [one.dataset.cell, one.querySelector('text').textContent])"
            )
        }


@pytest.fixture
def page(painter: Any) -> Iterator[Page]:
    """Skipped where there is no browser."""
    api = pytest.importorskip("playwright.sync_api")
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next((path for path in map(shutil.which, names) if path), None)
    if found is None:
        pytest.skip("no Chromium is installed")
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found, args=["--disable-gpu", *["--no-sandbox"] * root]
        )
        shown = Page(browser.new_page(), painter)
        yield shown
        browser.close()
    assert not shown.problems


@pytest.mark.long
def test_cores_are_killed_by_mouse_and_by_keyboard(page: Page, painter: Any) -> None:
    """Both boards show the repair that the kernel found, and the page says so."""
    page.board("columns").locator('[data-cell="37"]').click()  # (2, 5)
    page.settle()
    page.board("rows").focus()
    page.press("ArrowDown", "ArrowRight", "Space")  # from the core that was clicked
    assert np.argwhere(painter.dead).tolist() == [[2, 5], [3, 6]]
    assert page.said().startswith("Core (3, 6) is dead. By rows: 12 x 14 cores, 1 of 2 spare")
    for by in ("rows", "columns"):
        column = painter.repair(by).column
        expected = {
            row * 16 + place: number
            for row, places in enumerate(column.tolist())
            for number, place in enumerate(places)
        }
        assert page.numbers(by) == expected
        assert page.board(by).get_attribute("data-repaired") == "true"
    page.press("Space")  # it works again
    assert np.argwhere(painter.dead).tolist() == [[2, 5]]
    assert "works again" in page.said()


@pytest.mark.long
def test_what_cannot_be_repaired_is_said_on_the_page(page: Page, painter: Any) -> None:
    """And fewer spares can be asked for, by key and in the field."""
    page.board("rows").focus()
    page.press("Space", "ArrowRight", "Space", "ArrowRight", "Space")  # three in one row
    for by in ("rows", "columns"):
        assert page.board(by).get_attribute("data-repaired") == "false"
        assert page.numbers(by) == {}
    assert "row 0 has lost 3 cores, and there are 2 spare columns" in page.said()
    page.press("+")
    assert painter.spares == 3 and page.board("rows").get_attribute("data-repaired") == "true"
    page.page.locator(".wse-defects-spares").fill("1")
    page.page.locator(".wse-defects-spares").blur()
    page.settle()
    assert painter.spares == 1
    page.page.get_by_role("button", name="one at random").click()
    page.settle()
    assert painter.dead.sum() == 4
    page.page.get_by_role("button", name="clear").click()
    page.settle()
    assert painter.dead.sum() == 0 and "All cores work" in page.said()


@pytest.mark.long
def test_what_is_painted_in_haste_arrives_as_a_whole(page: Page, painter: Any) -> None:
    """A core after another, dragged over before the first is answered."""
    page.board("rows").evaluate(
        """(board) => {
            for (let cell = 64; cell < 71; cell++) {
                const kind = cell === 64 ? "pointerdown" : "pointermove";
                const event = new PointerEvent(kind, { bubbles: true, buttons: 1, button: 0 });
                board.querySelector(`[data-cell="${cell}"] .touch`).dispatchEvent(event);
            }
        }"""
    )
    page.settle()
    assert painter.dead.sum() == 7 and painter.dead[4, :7].all()
    assert len(painter.told) == 3  # the page's first question, the first core, and the rest at once


def test_the_names_that_tests_on_the_page_use_are_there() -> None:
    """Those that the module's text lists."""
    here = Path(defects.__file__).parent
    script, text = (here / "defects.js").read_text(), " ".join((defects.__doc__ or "").split())
    for name in re.findall(r"``\.(wse-defects[\w-]*)``", text):
        assert f'"{name}' in script, name
    for name in re.findall(r"``data-(\w+)``", text):
        assert f"dataset.{name}" in script or f"data-{name}" in script, name
