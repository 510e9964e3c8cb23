"""The wafer map in JupyterLab: new values as fast as they come, frames counted on both sides."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.long

FRAMES = 600
DEAD = (7, 11)
# A whole wafer, one of its 893,064 PEs dead, and a wave that runs over it faster than a page can.
PROGRAM = f"""\
import numpy as np
import wselab as wse

distance = np.add.outer(*map(np.arange, wse.WSE3.fabric_shape)).astype(np.float32)
distance[{DEAD}] = np.nan

def wave(k):
    return np.sin(distance / 60 - k / 8)

m = wse.show.wafer(wave(0), title="wave 0", label="height", limits=(-1, 1))
m
"""
UPDATES = f"""\
import time

begun = time.perf_counter()
for k in range(1, {FRAMES}):
    m.update(wave(k), title=f"wave {{k}}")
seconds = time.perf_counter() - begun
"""
COUNTS = """\
import json

print(json.dumps({"given": m.given, "sent": m.sent, "drawn": m.drawn, "seconds": seconds}))
"""


def pixels(shown: Any) -> str:
    """What the map looks like."""
    return hashlib.sha256(shown.locator(".wse-map-view canvas").screenshot()).hexdigest()


def test_the_map_of_a_whole_wafer_follows_its_values(lab, counted):
    """It draws while the cell runs, ends with the last frame, and counts as the kernel does."""
    lab.write("notebooks/map.ipynb", PROGRAM, UPDATES, COUNTS)
    lab.open("notebooks/map.ipynb")
    make, update, count = (lab.page.locator(".jp-CodeCell").nth(n) for n in range(3))
    lab.run(make)
    shown = lab.page.locator(".wse-map")
    lab.page.locator('.wse-map[data-newest="1"]').wait_for()
    lab.screenshot("map-first", of=shown)
    first, before = pixels(shown), int(shown.get_attribute("data-frame"))

    lab.run(update)
    lab.page.locator(f'.wse-map[data-newest="{FRAMES}"]').wait_for()
    assert shown.locator(".wse-map-title").inner_text() == f"wave {FRAMES - 1}"
    assert pixels(shown) != first
    lab.run(count)
    told = json.loads(count.locator(".jp-OutputArea-output").inner_text())
    drawn = int(shown.get_attribute("data-frame"))
    assert told["given"] == FRAMES
    assert before + 1 < drawn == told["drawn"] <= told["sent"] < FRAMES
    rate = (drawn - before) / told["seconds"]
    counted(f"the wafer map: {drawn - before} of {FRAMES - 1} frames drawn, {rate:.0f} a second")

    shown.locator(".wse-map-view").focus()
    for key, (row, column) in (("d", DEAD), ("ArrowRight", (DEAD[0], DEAD[1] + 1))):
        lab.page.keyboard.press(key)
        value = np.sin(np.float32(row + column) / 60 - (FRAMES - 1) / 8)
        said = "dead" if (row, column) == DEAD else f"{value:.6f}"[:6]
        shown.locator(".wse-map-value", has_text=f"PE ({row}, {column}): {said}").wait_for()
    lab.screenshot("map-last", of=shown)
