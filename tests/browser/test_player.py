"""The player in JupyterLab: by keyboard alone, time runs both ways and comes back to the same."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import pytest

from wselab import Deadlock, Trace

pytestmark = pytest.mark.long

# A chain reduce, as a reader writes it.
PROGRAM = """\
import wselab as wse
from wselab import EAST, RAMP, WEST, fabin, fabout

w = wse.Wafer(1, 8)
x = w.memory("x", 6)
x[...] = 1.0
mine, theirs = w.alternating("a", "b", by="column")
w[:, 1:].route(mine, RAMP >> WEST)
w[:, :-1].route(theirs, EAST >> RAMP)
w[:, -1].mov(x, out=fabout(mine))
w[:, 1:-1].add(fabin(theirs), x, out=fabout(mine))
w[:, 0].add(fabin(theirs), x, out=x)
"""
STEPS = 12

# Each takes in before it sends, and so does the other.
CIRCLE = """\
import wselab as wse
from wselab import EAST, RAMP, WEST, fabin, fabout

w = wse.Wafer(1, 2)
x = w.memory("x", 4)
a, b = w.color("a"), w.color("b")
w[:, 0].route(a, RAMP >> EAST)
w[:, 1].route(a, WEST >> RAMP)
w[:, 1].route(b, RAMP >> WEST)
w[:, 0].route(b, EAST >> RAMP)
w[:, 0].mov(fabin(b), out=x)
w[:, 0].mov(x, out=fabout(a))
w[:, 1].mov(fabin(a), out=x)
w[:, 1].mov(x, out=fabout(b))
"""


def trace_of_it() -> Trace:
    """What the page must show, from this process."""
    names: dict[str, Any] = {}
    exec(PROGRAM, names)
    return names["w"].run(trace=True).trace


SIZE = "(canvas) => `${canvas.width} x ${canvas.height}`"
# What is on the canvas once it has been drawn anew.
DRAWN = """async (canvas) => {
  for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
  return canvas.toDataURL();
}"""


def shown(player: Any) -> dict[str, Any]:
    """What a reader sees of a cycle: its state, the words, the lit line, the PE, the grid."""
    grid = player.locator(".wse-canvas").evaluate(DRAWN)
    return {
        "cycle": player.get_attribute("data-cycle"),
        "state": player.get_attribute("data-state"),
        "line": player.locator(".wse-program [aria-current]").all_inner_texts(),
        "PE": player.locator(".wse-pe").inner_text(),
        "grid": hashlib.sha256(grid.encode()).hexdigest(),
    }


def test_the_player_steps_forward_and_back_to_the_same_state(lab):
    """Cycle by cycle with one PE open, and why it waits as the library says."""
    from playwright.sync_api import expect

    expect.set_options(timeout=1000 * lab.patience_s)
    lab.page.emulate_media(reduced_motion="reduce")  # no gliding: each picture is of one cycle
    lab.write("notebooks/player.ipynb", PROGRAM, "wse.show.player(w.run(trace=True), 'A chain')")
    lab.open("notebooks/player.ipynb")
    lab.run_all()
    player = lab.page.locator(".wse-player[data-ready]")
    player.wait_for()
    lab.screenshot("player-opened", of=player)
    trace, keys = trace_of_it(), lab.page.keyboard
    assert player.get_attribute("data-last") == str(trace.last)

    player.locator(".wse-canvas").focus()
    keys.press("Home")
    for _ in range(20):
        if player.get_attribute("data-pe") == "0,3":
            break
        keys.press("ArrowRight")
    keys.press("Enter")

    def come_to(cycle: int) -> dict[str, Any]:
        """Wait until the page shows that cycle, with what the library says of the PE."""
        lab.page.locator(f'.wse-player[data-cycle="{cycle}"]').wait_for()
        for reason in trace.at(cycle).pe(0, 3).reasons.values():
            # Without the line's name: there it is one of a notebook's cell, here of no file.
            why = re.compile(re.escape(reason.text.partition("elements done) ")[2]))
            player.locator(".wse-pe").get_by_text(why).first.wait_for()
        return shown(player)

    seen = [come_to(0)]
    for cycle in range(1, STEPS + 1):
        keys.press(".")
        seen.append(come_to(cycle))
    assert (
        len({each["state"] for each in seen}) == len({each["grid"] for each in seen}) == len(seen)
    )
    canvas = player.locator(".wse-canvas")
    size = canvas.evaluate(SIZE)
    lab.screenshot("player-stepped", of=player)
    expect(canvas).to_have_js_property("width", int(size.partition(" ")[0]))  # it is wide again
    assert canvas.evaluate(SIZE) == size
    for cycle in range(STEPS - 1, -1, -1):
        keys.press(",")
        assert come_to(cycle) == seen[cycle]


def test_a_deadlock_opens_as_the_circle_that_it_is(lab):
    """Two PEs that each wait for the other: the error's own words, and who waits for whom."""
    lab.write(
        "notebooks/deadlock.ipynb",
        CIRCLE,
        "try:\n    w.run(trace=True)\nexcept wse.Deadlock as error:\n    found = error",
        "wse.show.player(found)",
    )
    lab.open("notebooks/deadlock.ipynb")
    lab.run_all()
    player = lab.page.locator('.wse-player[data-ready][data-circle="true"]')
    player.wait_for()
    names: dict[str, Any] = {}
    exec(CIRCLE, names)
    with pytest.raises(Deadlock) as raised:
        names["w"].run()
    first = str(raised.value).partition("\n")[0]
    player.locator(".wse-end").get_by_text(first).first.wait_for()
    lab.screenshot("player-deadlock", of=player)
