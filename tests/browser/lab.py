"""JupyterLab as a reader meets it: menus, cells, keys; and what must not happen while they read."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

SCREENSHOTS = Path(__file__).resolve().parent.parent.parent / ".build" / "screenshots"
SIZES = ((1600, 1000), (1100, 800), (700, 900))
# How long to wait for what comes in seconds before saying that it does not come.
PATIENCE_S = 180.0
ALL_HAVE_RUN = """() => ![...document.querySelectorAll(".jp-InputPrompt")].some(
    (prompt) => prompt.textContent.includes("*"))"""


class Lab:
    """A page of JupyterLab on the course in ``folder``, served at ``address`` with a ``token``.

    ``name`` is that of its workspace; ``problems`` collects what goes wrong unseen.
    """

    def __init__(self, page: Any, address: str, token: str, folder: Path, name: str):
        self.page, self.address, self.token = page, address, token
        self.folder, self.name = folder, name
        self.notebook = folder
        self.problems: list[str] = []
        self.be_patient(PATIENCE_S)
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.problems.append(f"the page raised {error}"))
        page.on("request", self._asked)
        page.on("requestfailed", self._failed)
        page.on("response", self._answered)

    def be_patient(self, seconds: float) -> None:
        """Wait so long for what is to come, and no longer."""
        self.patience_s = seconds
        self.page.set_default_timeout(1000 * seconds)

    # ---- a notebook --------------------------------------------------------------------------

    def open(self, notebook: str) -> None:
        """Open a notebook of the course and wait for its kernel."""
        self.notebook = self.folder / notebook
        workspace = f"{self.address}/lab/workspaces/{self.name}"
        self.page.goto(f"{workspace}/tree/{notebook}?token={self.token}&reset")
        self.wait_until_idle()

    def write(self, notebook: str, *sources: str) -> None:
        """Write a notebook of code cells into the course, to be opened."""
        cells = [
            {
                "cell_type": "code",
                "execution_count": None,
                "id": f"cell-{number}",
                "metadata": {},
                "outputs": [],
                "source": source,
            }
            for number, source in enumerate(sources)
        ]
        kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
        content = {
            "cells": cells,
            "metadata": {"kernelspec": kernel},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
        (self.folder / notebook).write_text(json.dumps(content), encoding="utf-8")

    def wait_until_idle(self) -> None:
        """Wait until the kernel is there and no cell runs or waits to run."""
        from playwright.sync_api import TimeoutError

        try:
            self.page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
            self.page.wait_for_function(ALL_HAVE_RUN)
            self.page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
        except TimeoutError:
            raise AssertionError(
                f"{self.notebook.name}: no kernel that is idle within {self.patience_s:g} s. "
                "Does a cell run on without an end, or does the server hang?"
            ) from None

    def run_all(self) -> None:
        """Run every cell by the menu, and wait for the last."""
        self.page.get_by_role("menuitem", name="Run", exact=True).click()
        self.page.locator('.lm-Menu-item[data-command="runmenu:run-all"]').click()
        self._wait_until_run()

    def run(self, cell: Any) -> None:
        """Run one cell by keyboard."""
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Control+Enter")
        self._wait_until_run()

    def cell(self, text: str) -> Any:
        """The code cell that holds that text."""
        return self.page.locator(
            ".jp-CodeCell", has=self.page.locator(".cm-content", has_text=text)
        )

    def replace(self, cell: Any, source: str) -> None:
        """Put other text into a cell, as typed."""
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(source)

    def errors(self) -> list[str]:
        """What the cells wrote as errors."""
        kinds = ("error", "stderr")
        shown = ", ".join(f'[data-mime-type="application/vnd.jupyter.{kind}"]' for kind in kinds)
        return self.page.locator(shown).all_inner_texts()

    def save(self) -> dict[str, Any]:
        """Save by keyboard; what then stands in the file."""
        before = self.notebook.stat().st_mtime_ns
        self.page.keyboard.press("Control+s")
        for _ in range(round(10 * self.patience_s)):
            self.page.wait_for_timeout(100)
            if self.notebook.stat().st_mtime_ns != before:
                with contextlib.suppress(ValueError):  # not yet written to its end
                    return json.loads(self.notebook.read_text(encoding="utf-8"))
        raise AssertionError(f"{self.notebook.name} was not saved within {self.patience_s:g} s")

    def _wait_until_run(self) -> None:
        """Wait until cells run, unless that is over too soon to see, and then for their end."""
        from playwright.sync_api import TimeoutError

        with contextlib.suppress(TimeoutError):
            self.page.wait_for_function(f"() => !({ALL_HAVE_RUN})()", timeout=2_000)
        self.wait_until_idle()

    # ---- what was seen -----------------------------------------------------------------------

    def screenshot(self, name: str, of: Any = None) -> None:
        """Keep the page at each size of the window, with ``of`` in the middle where it is given."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        was = self.page.viewport_size
        for width, height in SIZES:
            self.page.set_viewport_size({"width": width, "height": height})
            for _ in range(3):  # JupyterLab lays itself out anew, and what it draws later moves it
                self.page.wait_for_timeout(300)
                if of is not None:
                    of.evaluate("(element) => element.scrollIntoView({ block: 'center' })")
            self.page.wait_for_timeout(300)
            self.page.screenshot(path=SCREENSHOTS / f"{name}-{width}x{height}.png")
        self.page.set_viewport_size(was)

    def _heard(self, message: Any) -> None:
        if message.type == "error":
            self.problems.append(f"the console says: {message.text} ({message.location})")

    def _asked(self, request: Any) -> None:
        if not request.url.startswith((f"{self.address}/", "data:", "blob:")):
            self.problems.append(f"the page asks outside: {request.url}")

    def _failed(self, request: Any) -> None:
        if request.failure != "net::ERR_ABORTED":  # the page itself took that one back
            self.problems.append(f"no answer: {request.method} {request.url}: {request.failure}")

    def _answered(self, response: Any) -> None:
        if response.status >= 400:
            self.problems.append(f"answer {response.status}: {response.url}")
