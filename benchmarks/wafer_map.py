"""Frames a second of the live map of a whole wafer, in JupyterLab in a real browser.

    python -m benchmarks.wafer_map

A notebook hands new values of 762 x 1172 PEs to a map in several ways, and counts the frames that
the page says it has drawn; the page counts too. Needs the course's packages, Playwright, and a
Chromium. Nothing looks on while frames are counted: a browser that is driven copies all that comes
over its line to who drives it, which costs more than to draw it.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

SHAPE = (762, 1172)
SECONDS = 6.0
PAUSES_S = {"without a pause": 0.0, "a pause of 10 ms": 0.01, "30 a second": 1 / 30}
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
PATIENCE_S = 120.0

MAKE = f"""
import json, time
import numpy as np
import wselab as wse
row, column = np.indices({SHAPE})
hill = np.exp(-((row - 380) ** 2 + (column - 500) ** 2) / 60_000)
hill[100, 200] = np.nan
frames = [np.roll(hill, 20 * k, axis=1) for k in range(20)]
m = wse.show.wafer(hill, "A hill that moves")
m"""
MEASURE = f"""
time.sleep(4)  # until nobody looks on
rows = []
for name, pause in {PAUSES_S}.items():
    before, start, n = (m.given, m.sent, m.drawn), time.perf_counter(), 0
    while time.perf_counter() - start < {SECONDS}:
        m.update(frames[n % len(frames)], f"frame {{n}}")
        n += 1
        time.sleep(pause)
    seconds = time.perf_counter() - start
    rows.append([name, *((b - a) / seconds for a, b in zip(before, (m.given, m.sent, m.drawn)))])
    time.sleep(1)
with open("rows.json", "w") as file:
    json.dump([rows, m.given, m.drawn], file)"""


def main() -> int:
    """Measure and print the table; 1 where something is missing."""
    chromium = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        chromium = None
    if chromium is None:
        print("needs Chromium, and Playwright for Python: pip install playwright", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        cells = [_cell("make", MAKE), _cell("measure", MEASURE)]
        kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)"}}
        notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": kernel, "cells": cells}
        (folder / "map.ipynb").write_text(json.dumps(notebook))
        lab = stack.enter_context(_jupyterlab(folder))
        debugger = stack.enter_context(_browser(chromium, folder / "profile"))
        with sync_playwright() as playwright:
            browser = playwright.chromium.connect_over_cdp(debugger)
            page = browser.contexts[0].pages[0]
            page.goto(f"{lab}/lab/workspaces/map/tree/map.ipynb?reset")
            page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=1000 * PATIENCE_S)
            page.get_by_role("menuitem", name="Run", exact=True).click()
            page.locator('.lm-Menu-item[data-command="runmenu:run-all"]').click()
            page.locator(".wse-map").wait_for(timeout=1000 * PATIENCE_S)
            browser.close()  # the browser stays
        rows, given, acknowledged = json.loads(_until(_read(folder / "rows.json")))
        with sync_playwright() as playwright:
            page = playwright.chromium.connect_over_cdp(debugger).contexts[0].pages[0]
            map_ = page.locator(".wse-map")
            newest, drawn = (map_.get_attribute(f"data-{name}") for name in ("newest", "frame"))
            canvas = map_.locator("canvas").first.bounding_box()
    print(
        f"Frames a second of {SHAPE[0]} x {SHAPE[1]} PEs, one-minute load {os.getloadavg()[0]:.1f}"
    )
    print(
        f"on {os.cpu_count()} CPUs; the map takes {canvas['width']:.0f} x {canvas['height']:.0f}\n"
    )
    print(f"{'':20}{'given':>10}{'sent':>10}{'drawn':>10}")
    for way, *counts in rows:
        print(f"{way:20}" + "".join(f"{count:10.1f}" for count in counts))
    print(f"\nin all: the page drew {drawn} frames, the kernel heard of {acknowledged};")
    print(f"the page shows frame {newest} of {given}")
    return 0


def _cell(name: str, source: str) -> dict[str, Any]:
    empty: dict[str, Any] = {"metadata": {}, "outputs": [], "execution_count": None}
    return {"cell_type": "code", "id": name, "source": source.strip(), **empty}


@contextlib.contextmanager
def _jupyterlab(folder: Path) -> Iterator[str]:
    with open(folder / "server.log", "wb") as log:
        server = subprocess.Popen(
            [
                sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", "--port=0",
                "--IdentityProvider.token=", "--ServerApp.log_level=INFO", "--allow-root",
                f"--ServerApp.root_dir={folder}",
            ],
            stdout=log,
            stderr=log,
            env={**os.environ, "JUPYTER_RUNTIME_DIR": str(folder / "runtime")},
        )  # fmt: skip
    try:
        info = json.loads(_until(_read(folder / "runtime" / f"jpserver-{server.pid}.json")))
        address = info["url"].rstrip("/")
        _until(lambda: urllib.request.urlopen(f"{address}/api").read())
        yield address
    finally:
        server.terminate()
        server.wait()


@contextlib.contextmanager
def _browser(chromium: str, profile: Path) -> Iterator[str]:
    flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    flags += ["--no-first-run", "--window-size=1600,1000", "--remote-debugging-port=0"]
    command = [chromium, *flags, f"--user-data-dir={profile}", "about:blank"]
    browser = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        port = _until(_read(profile / "DevToolsActivePort")).split()[0]
        yield f"http://127.0.0.1:{port}"
    finally:
        browser.terminate()
        browser.wait()


def _read(path: Path) -> Callable[[], str]:
    return lambda: path.read_text() if path.exists() else ""


def _until(look: Callable[[], Any]) -> Any:
    """What ``look`` finds, once it finds something."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            if found := look():
                return found
        time.sleep(0.1)
    raise TimeoutError(f"nothing came in {PATIENCE_S:g} s")


if __name__ == "__main__":
    sys.exit(main())
