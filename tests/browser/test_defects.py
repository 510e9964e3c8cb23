"""Painted defects in a browser: on a page with the widget's Python behind it, and in JupyterLab."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from wselab import show
from wselab.show import defects

pytestmark = pytest.mark.long

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
def painter(monkeypatch: pytest.MonkeyPatch) -> Any:
    """One without defects, which keeps what it tells the page in ``told``."""
    made = show.paint_defects(spares=2)
    told: list[dict[str, Any]] = []
    monkeypatch.setattr(made, "send", told.append)
    made.told = told
    return made


@pytest.fixture
def page(browser: Any, painter: Any) -> Iterator[Page]:
    """The widget alone, without a notebook."""
    shown = Page(browser.new_page(), painter)
    yield shown
    assert not shown.problems


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


PROGRAM = """\
import wselab as wse

painter = wse.show.paint_defects(spares=2)
painter
"""


def test_a_notebook_has_what_was_painted(lab: Any) -> None:
    """By mouse and by keyboard; the keys of JupyterLab are not hit by it."""
    lab.write("notebooks/paint.ipynb", PROGRAM, "painter.dead.nonzero(), painter.spares")
    lab.open("notebooks/paint.ipynb")
    lab.run_all()
    board = lab.page.locator('.wse-defects-board[data-by="rows"]')
    board.locator('[data-cell="37"]').click()  # (2, 5)
    lab.page.wait_for_function(SETTLED)
    board.focus()
    for key in ("ArrowDown", "Space", "+", "r", "c", "Space"):  # r and c: one more, then none
        lab.page.keyboard.press(key)
        lab.page.wait_for_function(SETTLED)
    lab.screenshot("01-painted", of=lab.page.locator(".wse-defects"))
    cell = lab.cell("painter.dead.nonzero()")
    lab.run(cell)
    cell.get_by_text("((array([3]), array([5])), 3)").wait_for()
