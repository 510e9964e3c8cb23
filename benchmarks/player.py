"""Frames a second of the player, in Chromium without a GPU: ``python -m benchmarks.player``.

On 32 x 32 PEs every PE sends a vector to each of its four neighbours at once; the page plays that
and counts the frames that it draws. It needs the package playwright and a Chromium, whose path is
the argument, /usr/bin/chromium unless given.
"""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import wselab as wse
from wselab import EAST, NORTH, RAMP, SOUTH, WEST, fabin, fabout
from wselab.fabric.ports import opposite
from wselab.show.trace_player import Player, javascript

SIZE, VALUES, SECONDS = 32, 10, 6
SENDERS = {  # who has a neighbour behind a port
    EAST: (slice(None), slice(0, -1)),
    WEST: (slice(None), slice(1, None)),
    SOUTH: (slice(0, -1), slice(None)),
    NORTH: (slice(1, None), slice(None)),
}
COUNT = """async ([speed, seconds]) => {
  const select = document.querySelector(".wse-player select");
  select.value = speed;
  select.dispatchEvent(new Event("change"));
  document.querySelector("button[aria-label='First cycle']").click();
  document.querySelector("button[aria-label='Play']").click();
  const root = document.querySelector(".wse-player"), begun = performance.now();
  let frames = 0, longest = 0, before = begun;
  await new Promise((done) => requestAnimationFrame(function each(now) {
    frames++;
    longest = Math.max(longest, now - before);
    before = now;
    const over = root.dataset.playing !== "true" || now - begun > 1000 * seconds;
    over ? done() : requestAnimationFrame(each);
  }));
  return [frames / (performance.now() - begun) * 1000, longest, Number(root.dataset.cycle)];
}"""


def exchange() -> wse.Wafer:
    """Each PE sends a vector to all its neighbours, and takes theirs, in microthreads."""
    w = wse.Wafer(SIZE, SIZE)
    x = w.memory("x", VALUES)
    for port, senders in SENDERS.items():
        by = "column" if port in (EAST, WEST) else "row"
        mine, theirs = w.alternating(f"{port}0", f"{port}1", by=by)
        got = w.memory(f"from {opposite(port)}", VALUES)
        readers = SENDERS[opposite(port)]
        w[senders].route(mine, RAMP >> port)
        w[readers].route(theirs, opposite(port) >> RAMP)
        w[senders].mov(x, out=fabout(mine), microthread=True)
        w[readers].mov(fabin(theirs), out=got, microthread=True)
    return w


def page(player: Player) -> str:
    """A page that shows a player and needs no kernel."""
    cells = base64.b64encode(player.cells).decode()
    state = json.dumps({name: getattr(player, name) for name in ("content", "about", "alt")})
    return f"""<!doctype html><meta charset="utf-8"><style>{player._css}</style><div id="el"></div>
<script type="module">
{javascript("")}
const cells = Uint8Array.from(atob("{cells}"), (letter) => letter.charCodeAt(0));
const state = {{ ...{state}, cells: new DataView(cells.buffer) }};
const model = {{ get: (name) => state[name], on() {{}}, off() {{}}, send() {{}} }};
render({{ model, el: document.getElementById("el") }});
</script>"""


def main(chromium: str = "/usr/bin/chromium") -> None:
    """Print the frames a second, at several speeds and sizes of the window."""
    from playwright.sync_api import sync_playwright

    trace = exchange().run(trace=True).trace
    most = max(len(frame.wavelets) for frame in trace)
    player = wse.show.player(trace)
    print(f"{SIZE} x {SIZE} PEs, {len(trace.wavelets):,} wavelets in {trace.end_cycle} cycles, at")
    print(f"most {most:,} at once; {len(player.cells) / 1e6:.1f} MB and "
          f"{len(player._esm) / 1e3:.0f} kB of JavaScript to the page")  # fmt: skip
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        path = Path(folder) / "player.html"
        path.write_text(page(player), encoding="utf-8")
        options: dict[str, Any] = {"args": ["--no-sandbox", "--disable-gpu"]}
        browser = playwright.chromium.launch(executable_path=chromium, **options)
        for width, height in ((1600, 1000), (1100, 800), (700, 900)):
            tab = browser.new_page(viewport={"width": width, "height": height})
            tab.goto(path.as_uri())
            tab.wait_for_selector(".wse-player[data-ready]")
            for speed in ("2", "8", "32"):
                rate, longest, cycle = tab.evaluate(COUNT, [speed, SECONDS])
                print(f"  window {width} x {height}, {speed:>2} cycles/s: {rate:4.0f} frames/s, "
                      f"the longest {longest:3.0f} ms, up to cycle {cycle}")  # fmt: skip
            tab.close()
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
