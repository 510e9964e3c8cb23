"""The player: its JavaScript against the frames of Python, its words, pictures and errors."""

from __future__ import annotations

import hashlib
import json
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.textpath import TextPath

import wselab as wse
from wselab import EAST, RAMP, WEST, Trace, fabin, fabout
from wselab.fabric.explain.standing import Waiting
from wselab.fabric.ports import PORTS
from wselab.fabric.trace.cells import DOING
from wselab.fabric.trace.frames import Frame
from wselab.fabric.trace.pe_frame import PLACES
from wselab.show import frames_picture
from wselab.show.frames_text import describe_frame, states
from wselab.show.packed import pack
from wselab.show.trace_player import PAGE, PARTS, Player, javascript
from wselab.show.waiting import standstill

from .long import long
from .test_fabric_trace import LONGEST, recorded, row, some_wafer

NAMES = (
    "Frame, Layout, PLACES, Trace, Ways, activity, standingText, happeningText, unpack, shortName"
)


def node() -> str:
    """Node.js: that of this machine, or the one that Playwright brings."""
    found = shutil.which("node")
    if not found:
        try:
            import playwright
        except ImportError:
            pytest.skip("needs Node.js, on the path or in the package playwright")
        found = str(Path(playwright.__file__).parent / "driver" / "node")
    return found


def look(player: Player, cycles: Iterable[int], folder: Path) -> list[dict[str, Any]]:
    """What the page finds in a trace, going to these cycles one after the other."""
    files = {
        "player.mjs": javascript(f"export {{ {NAMES} }};").encode(),
        "content.json": player.content.encode(),
        "cells.bin": bytes(player.cells),
    }
    for file, data in files.items():
        (folder / file).write_bytes(data)
    done = subprocess.run(
        [node(), str(Path(__file__).with_name("player_look.mjs")),
         *(str(folder / file) for file in files), ",".join(map(str, cycles))],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def visits(trace: Trace) -> list[int]:
    """All cycles forwards, all backwards, and jumps."""
    every = list(range(trace.first, trace.last + 1))
    jumps = random.Random(trace.last).choices(every, k=10)
    return [*every, *reversed(every), *jumps]


def same_numbers(theirs: list[str], ours: Iterable[float]) -> bool:
    """Whether numbers that JavaScript wrote are ours."""
    return np.array_equal([float(one) for one in theirs], list(ours), equal_nan=True)


def check_looks(looks: list[dict[str, Any]], trace: Trace) -> None:
    """Hold what the page finds in each cycle against the frames, on whichever way it came there."""
    forwards = looks[: trace.last - trace.first + 1]
    for found in forwards:
        check_look(found, trace.at(found["cycle"]))
    for before, after in pairwise(forwards):  # what comes to a place stands there in the next cycle
        assert before["ends"] == after["starts"], before["cycle"]
    for found in looks:
        assert found == forwards[found["cycle"] - trace.first]


def check_look(found: dict[str, Any], frame: Frame) -> None:
    """Hold what the page finds in a cycle against the frame."""
    assert found["cells"] == hashlib.sha256(frame.cells.tobytes()).hexdigest(), frame.cycle
    assert found["states"] == states(frame)
    doing = frame("doing")[0]
    assert found["doing"] == [int((doing == kind).sum()) for kind in range(len(DOING))]
    assert found["inside"] == len(frame.wavelets)
    for pe in range(len(frame.trace.cells.pes)):
        check_pe(found, frame, pe)


def check_pe(found: dict[str, Any], frame: Frame, local: int) -> None:
    """Its operations with what is done of them, its queues, routes and memory."""
    trace, pe = frame.trace, frame.pe(*frame.trace.cells.place(local))
    running = {one["number"]: one for one in found["running"][local]}
    lanes = [int(one) - 1 for one in frame("thread")[:, local] if one]
    assert set(running) == {*lanes, *([] if pe.number is None else [pe.number])}
    for number, one in running.items():
        operation = frame.program.operations[number]
        done, total = pe.handled(number)
        if operation.on_fabric:
            assert (one["done"], one["total"]) == (done, total)
        else:
            assert one["total"] == operation.cycles(total, frame.program.rules)
            left = frame.state.left[pe.place] if one["begun"] else one["total"]
            assert one["done"] == one["total"] - left
    colors = [c for c in frame.program.colors if trace.cells.node_of[c.number, local] >= 0]
    for at, color in enumerate(colors):
        for place, held in zip(PLACES, found["held"][local][at], strict=True):
            assert same_numbers(held, pe.wavelets(color.name, place))
        route, theirs = pe.routes[color.name], found["routes"][local][at]
        assert (PORTS[theirs["input"]], theirs["outputs"]) == (route.input, route.output_bits)
        reason = frame.why(Waiting("queue", pe.place, color))
        if found["blocked"][local][at]:
            assert reason is not None and reason.kind in ("full", "no route", "switch"), reason
        else:
            assert reason is None or reason.kind != "full", reason
    memory = pe.memory
    assert [name for name, _ in found["memory"][local]] == list(memory)
    for name, values in found["memory"][local]:
        assert same_numbers(values, memory[name].ravel().tolist()), name


@pytest.mark.parametrize("seed", [*range(4), *long(*range(4, 12))])
def test_the_page_steps_as_python_does(seed: int, tmp_path: Path) -> None:
    """Random programs of every kind, forwards, backwards and in jumps."""
    trace = recorded(some_wafer(seed))
    cycles = visits(trace)
    looks = look(Player(trace), cycles, tmp_path)
    assert [one["cycle"] for one in looks] == cycles
    check_looks(looks, trace)
    by_digest = {one["digest"]: one["cells"] for one in looks}
    assert len(by_digest) == len({one["cells"] for one in looks})


@pytest.mark.long
@pytest.mark.parametrize("block", range(3))
def test_the_same_of_many_more_programs(block: int, tmp_path: Path) -> None:
    """As above, for 30 further programs."""
    for seed in range(2_000 + 10 * block, 2_010 + 10 * block):
        test_the_page_steps_as_python_does(seed, tmp_path)


def test_some_cycles_and_some_pes(tmp_path: Path) -> None:
    """Of a part of a run the page knows what the trace holds, and says what it does not."""
    w = row(7, 9)
    trace = w.run(trace=Trace(cycles=(6, 12), pes=w[:, 2:5])).trace
    player = Player(trace)
    check_looks(look(player, visits(trace), tmp_path), trace)
    held = json.loads(player.about)["held"]
    assert "cycles 6 to 12 of 20; rows 0 to 0 and columns 2 to 4 of a wafer of 1 x 7 PEs" in held
    assert "wse.Trace(cycles=, pes=, megabytes=)" in held
    assert "(rows 0 to 0, columns 2 to 4)" in player.alt
    full = row(8, 64).run(trace=Trace(megabytes=0.02)).trace
    assert "since its megabytes were used up" in json.loads(Player(full).about)["held"]
    assert json.loads(Player(row().run(trace=True).trace).about)["held"] == ""


def test_the_page_says_what_happens(tmp_path: Path) -> None:
    """In sentences made from the cells."""
    trace = row(4, 4).run(trace=True).trace
    five, six = look(Player(trace), [5, 6], tmp_path)
    assert five["standing"] == (
        "3 of 4 PEs wait for color c and 1 has ended. 5 wavelets of color c are inside."
    )
    assert five["happening"] == "During cycle 5, 3 wavelets of color c crossed a link."
    assert six["standing"].startswith("2 of 4 PEs wait for color c, 1 has ended and 1 is busy. ")
    assert "1 PE handled an element" in six["happening"]
    w = row(4, 4)
    w[:, 0].mov(fabin(w.colors[0]), out=w.memories["x"])
    stuck = recorded(w)
    (last,) = look(Player(stuck), [stuck.last], tmp_path)
    assert last["standing"].startswith("3 of 4 PEs have ended and 1 waits for color c. No wave")
    assert last["happening"].endswith("nothing moved from PE to PE.")


def two_that_send_first(n: int = 16) -> wse.RunError:
    """Each of two PEs sends to the other before it takes."""
    w = wse.Wafer(1, 2)
    x, y = w.memory("x", n), w.memory("y", n)
    a, b = w.color("a"), w.color("b")
    for color, sender, reader, way in ((a, 0, 1, EAST), (b, 1, 0, WEST)):
        w[0, sender].route(color, RAMP >> way)
        w[0, reader].route(color, (WEST if way is EAST else EAST) >> RAMP)
        w[0, sender].mov(x, out=fabout(color))
    w[0, 0].mov(fabin(b), out=y)
    w[0, 1].mov(fabin(a), out=y)
    with pytest.raises(wse.Deadlock) as caught:
        w.run(trace=True)
    return caught.value


def test_a_deadlock_is_the_circle_that_it_is() -> None:
    """An arrow from PE to PE, closed; named in the alternative text; shown at the start."""
    error = two_that_send_first()
    player = wse.show.player(error, title="Two")
    about = json.loads(player.about)
    ways = [(tuple(one["from"]), tuple(one["to"]), one["label"]) for one in about["arrows"]]
    assert ways == [((0, 0), (0, 1), "no room for a"), ((0, 1), (0, 0), "no room for b")]
    assert "cannot send: the queue of color a in its router is full" in about["arrows"][0]["text"]
    assert about["end"] == "Deadlock" and about["text"].endswith("in a circle.")
    assert about["start"] == error.trace.last
    assert about["mend"] in str(error)
    assert "PE (0, 1) for PE (0, 0), no room for b" in player.alt
    assert player.alt.startswith("Two. A run of 9 cycles on 1 x 2 PEs that ended in a deadlock.")


def test_a_chain_of_waiting_has_its_end() -> None:
    """From the PE that waits longest to that whose wavelets come from nowhere."""
    w = wse.Wafer(1, 4)
    x = w.memory("x", 8)
    mine, theirs = w.alternating("a", "b", by="column")
    w[:, 1:].route(mine, RAMP >> WEST)
    w[:, :-1].route(theirs, EAST >> RAMP)
    w[:, 1:-1].add(fabin(theirs), x, out=fabout(mine))
    w[:, 0].add(fabin(theirs), x, out=x)
    arrows, circle, mend = standstill(recorded(w))
    assert [(one.start, one.end, one.label) for one in arrows] == [
        ((0, 0), (0, 1), "waits for b"),
        ((0, 1), (0, 2), "waits for a"),
        ((0, 2), (0, 2), "b never comes"),
    ]
    assert not circle and mend == "w[0, 3].mov(..., out=fabout(b))"


def test_nothing_waits_where_a_run_ended_otherwise() -> None:
    """A run that ended, one that goes on, and a trace without all PEs have no arrows."""
    assert standstill(row().run(trace=True).trace) == ([], False, "")
    w = row(4, 4)
    w[:, 0].mov(fabin(w.colors[0]), out=w.memories["x"])
    with pytest.raises(wse.Deadlock) as caught:
        w.run(trace=Trace(pes=w[:, :2]))
    assert standstill(caught.value.trace) == ([], False, "")
    assert "ended in a deadlock" in wse.show.player(caught.value).alt
    with pytest.raises(wse.StillRunning) as limit:
        row(4, 40).run(trace=True, max_cycles=LONGEST // 10)
    assert "was stopped while it ran" in wse.show.player(limit.value).alt


def test_python_answers_why_a_pe_waits() -> None:
    """In the words of `why`; a page that asks for something else gets no answer."""
    trace = row().run(trace=True).trace
    trace.at(3)
    player, sent = wse.show.player(trace), []
    player.send = sent.append
    player._asked(player, {"ask": "why", "id": 7, "cycle": 5, "row": 0, "column": 2}, [])
    assert sent == [{"id": 7, "texts": [trace.at(5).pe(0, 2).why]}]
    for message in ("why", {"ask": "x"}, {"ask": "why"}, {"ask": "why", "cycle": 999, "row": 0,
                                                         "column": 0}):  # fmt: skip
        player._asked(player, message, [])
    assert len(sent) == 1


def test_the_trace_of_the_caller_stays_where_it_stands() -> None:
    """Making a player, its picture and its answers do not step the caller's trace."""
    trace = row().run(trace=True).trace
    before = repr(trace.at(4))
    player = wse.show.player(trace)
    player.picture()
    player._asked(player, {"ask": "why", "id": 1, "cycle": 9, "row": 0, "column": 1}, [])
    assert trace.cycle == 4
    assert trace.next().cycle == 5
    assert repr(trace.back()) == before


def test_a_stored_page_has_the_picture_and_its_text() -> None:
    """The widget, a PNG of the fullest frame, and the text that stands for both."""
    run = row(5, 6).run(trace=True)
    player = wse.show.player(run, title="Row")
    data, about = player._repr_mimebundle_()
    assert data["image/png"].startswith(b"\x89PNG")
    assert data["text/plain"] == about["image/png"]["alt"] == player.alt
    assert "application/vnd.jupyter.widget-view+json" in data
    counts = [len(frame.wavelets) for frame in run.trace]
    fullest = counts.index(max(counts))
    assert f"Cycle {fullest}: " in player.alt
    assert describe_frame(run.trace.at(fullest)) in player.alt
    assert f"{max(counts)} wavelets of color c are inside" in player.alt
    assert "Color c goes eastward" in player.alt


def test_pictures_show_what_the_frame_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mark for each wavelet in a slot, words in each PE; red where there is no room."""
    trace = two_that_send_first().trace
    figure = frames_picture.draw(trace.at(-1), standstill(trace)[0], "Two")
    axes = figure.axes[0]
    drawn = sum(len(one.get_offsets()) for one in axes.collections if len(one.get_offsets()) > 1
                or type(one).__name__ == "PathCollection")  # fmt: skip
    assert drawn == len(trace.at(-1).wavelets)
    texts = [text.get_text() for text in axes.texts]
    assert {"a: no room", "b: no room", "1", "2"} <= set(texts)
    listed = (
        "1   PE (0, 0) for PE (0, 1), no room for a\n2   PE (0, 1) for PE (0, 0), no room for b"
    )
    assert listed in texts
    links = [one for one in axes.collections if type(one).__name__ == "LineCollection"]
    assert [len(one.get_segments()) for one in links] == [2, 2]  # the links, and those that stand
    monkeypatch.setattr(frames_picture, "MOST_DRAWN", 1)
    assert frames_picture.draw(trace.at(-1), [], "Two").axes[0].images


def all_texts_and_wavelets(error: wse.RunError) -> tuple[list[str], bool]:
    """The texts of the still picture of a deadlock; whether anything drawn last covers a wavelet.

    That is: the boxes of numbers and the lines of arrows, in pixels of the picture.
    """
    figure = frames_picture.draw(error.trace.at(-1), standstill(error.trace)[0], "")
    axes = figure.axes[0]
    figure.canvas.draw()
    marks = [(axes.transData.transform(point), one.get_sizes()[0] ** 0.5 / 2 * figure.dpi / 72)
             for one in axes.collections if type(one).__name__ == "PathCollection"
             for point in one.get_offsets()]  # fmt: skip
    over = [text.get_bbox_patch().get_window_extent() for text in axes.texts
            if text.get_bbox_patch()]  # fmt: skip
    over += [one.get_window_extent() for one in axes.patches
             if type(one).__name__ == "FancyArrowPatch"]  # fmt: skip
    covered = any(box.padded(far).contains(*at) for box in over for at, far in marks)
    assert marks
    return [text.get_text() for text in axes.texts], covered


def backed_up(columns: int, n: int = 60) -> wse.RunError:
    """The last PE of a row wants another color first than the one that its first PE sends."""
    w = wse.Wafer(1, columns)
    x, y = w.memory("x", n), w.memory("y", n)
    odd, even = w.color("odd"), w.color("even")
    for c in (odd, even):
        w[:, 0].route(c, RAMP >> EAST)
        w[:, 1:-1].route(c, WEST >> EAST)
        w[:, -1].route(c, WEST >> RAMP)
        w[:, 0].mov(x, out=fabout(c))
    w[:, -1].mov(fabin(even), out=y)
    w[:, -1].mov(fabin(odd), out=y)
    with pytest.raises(wse.Deadlock) as caught:
        w.run(trace=True)
    return caught.value


def test_a_row_that_is_backed_up_has_one_label() -> None:
    """One number for the stretch, in the picture, in its words, and on the page."""
    error = backed_up(12)
    texts, covered = all_texts_and_wavelets(error)
    told = "PE (0, 0) for PE (0, 11) by way of 10 PEs, no room for odd"
    assert not covered and texts.count("1 to 11") == 1 and texts.count("12") == 1
    assert f"1 to 11   {told}\n12   PE (0, 11) for PE (0, 0), waits for even" in texts
    player = wse.show.player(error)
    assert f"Who waits for whom: {told}; PE (0, 11) for PE (0, 0)" in player.alt
    about = json.loads(player.about)
    assert [one["mark"] for one in about["arrows"]] == [*[""] * 5, "1 to 11", *[""] * 5, "12"]
    assert about["last"] is None


def test_no_wavelet_is_covered() -> None:
    """Neither by an arrow nor by its number, of two PEs that stand in a circle."""
    assert not all_texts_and_wavelets(two_that_send_first())[1]


def refused() -> wse.RunError:
    """What PE 3 sends, PE 1 does not take: it starts a stream of that color itself."""
    w = wse.Wafer(1, 4)
    x, c = w.memory("x", 16), w.color("c")
    w[0, 3].route(c, RAMP >> WEST)
    w[0, 2].route(c, EAST >> WEST)
    w[0, 1].route(c, RAMP >> WEST)
    w[0, 0].route(c, EAST >> RAMP)
    w[0, 3].mov(x, out=fabout(c))
    with pytest.raises(wse.Deadlock) as caught:
        w.run(trace=True)
    return caught.value


def test_a_chain_ends_at_the_pe_that_refuses() -> None:
    """Not at the one that has the route; a dashed frame stands around it."""
    error = refused()
    player = wse.show.player(error)
    assert player.alt.endswith("PE (0, 2) for PE (0, 1), c is not taken.")
    about = json.loads(player.about)
    assert about["last"] == [0, 1] and about["arrows"][-1]["to"] == [0, 1]
    axes = frames_picture.draw(error.trace.at(-1), standstill(error.trace)[0], "").axes[0]
    frames = [one for one in axes.patches if one.get_linestyle() != "solid"
              and type(one).__name__ == "Rectangle"]  # fmt: skip
    assert [one.get_xy() for one in frames] == [(1, 0)]


def test_over_the_edge_nobody_refuses() -> None:
    """The frame stands around the PE whose router sends it there."""
    w = wse.Wafer(1, 2)
    x, c = w.memory("x", 16), w.color("c")
    w[0, 0].route(c, RAMP >> EAST)
    w[0, 1].route(c, WEST >> EAST)
    w[0, 0].mov(x, out=fabout(c))
    with pytest.raises(wse.Deadlock) as caught:
        w.run(trace=True)
    assert wse.show.player(caught.value).alt.endswith("PE (0, 1) for nobody, c: no route.")


def test_of_many_links_the_first_and_the_last_are_told() -> None:
    """So that the end of a chain is never left out; a map's legend has no colors of wavelets."""
    w = wse.Wafer(1, 40)
    x = w.memory("x", 8)
    mine, theirs = w.alternating("a", "b", by="column")
    w[:, 1:].route(mine, RAMP >> WEST)
    w[:, :-1].route(theirs, EAST >> RAMP)
    w[:, 1:-1].add(fabin(theirs), x, out=fabout(mine))
    w[:, 0].add(fabin(theirs), x, out=x)
    with pytest.raises(wse.Deadlock) as caught:
        w.run(trace=True)
    alt = wse.show.player(caught.value).alt
    assert alt.count("; ") >= 7 and "; 32 more; PE (0, 38) for nobody, b never comes." in alt
    frame = row(40, 4).run(trace=True).trace.at(8)
    assert len(frame.wavelets)
    legend = frames_picture.draw(frame, [], "").axes[0].get_legend()
    assert not [one for one in legend.get_texts() if "color" in one.get_text()]


def test_words_stay_within_their_processor() -> None:
    """Long ones in smaller letters, or without the color."""
    for side in (frames_picture.LARGEST, frames_picture.WORDS_FROM):
        room = frames_picture.PROCESSOR[2] * side * 72
        for color in ("b", "sums_south", "a_color_with_a_long_name"):
            words, size = frames_picture._fitting([f"waits for {color}", "waits"], side)
            assert words.startswith("waits") and size >= frames_picture.SMALLEST
            assert TextPath((0, 0), words, size=size).get_extents().width < room
    assert (
        frames_picture._fitting(["waits for sums_south", "waits"], 1.7)[0][5:] == " for sums_south"
    )


def test_words_are_drawn_within_their_processor() -> None:
    """As drawn, in a figure that has margins: no letter runs out of its box."""
    w = wse.Wafer(4, 4)
    x, c = w.memory("x", 3), w.color("sums")
    w[:, 1:].route(c, RAMP >> WEST)
    w[:, 0].route(c, EAST >> RAMP)
    w[:, 1].mov(x, out=fabout(c))
    w[:, 0].add(fabin(c), x, out=x)
    figure = frames_picture.draw(w.run(trace=True).trace.at(1), [], "")
    figure.canvas.draw()
    axes = figure.axes[0]
    waits = [text for text in axes.texts if text.get_text() == "waits for sums"]
    assert len(waits) == 4
    for text in waits:
        extent = axes.transData.inverted().transform(text.get_window_extent())[:, 0]
        assert (
            frames_picture.PROCESSOR[0] < extent[0] < extent[1] < sum(frames_picture.PROCESSOR[::2])
        )
    assert axes.get_legend().get_title().get_text() == frames_picture.BOXES


def test_python_and_page_have_the_same_marks() -> None:
    """A color of the fabric looks alike in the still picture and in the player."""
    text = (PAGE / "marks.js").read_text()
    light = re.search(r"light: \[(.*?)\]", text)
    assert light and tuple(re.findall(r'"(#\w+)"', light[1])) == frames_picture.HUES
    shapes = re.search(r"const SHAPES = \[(.*?)\]", text)
    assert shapes and len(re.findall(r'"(\w+)"', shapes[1])) == len(frames_picture.SHAPES)
    looks = {(k % len(frames_picture.HUES), k % len(frames_picture.SHAPES)) for k in range(24)}
    assert len(looks) == 24  # a router has 24 colors


def test_the_keys_are_those_of_the_guide() -> None:
    """What the page lists under "?" stands in docs/player.md, and in the code that listens."""
    text = (PAGE / "page.js").read_text()
    table = text[text.index("const KEYS") :].split("];")[0]
    listed = re.findall(r'\["([^"]+)", "([^"]+)"\]', table)
    guide = (Path(__file__).parent.parent / "docs" / "player.md").read_text()
    rows = re.findall(r"^\| (.+?) \| (.+?) \|$", guide[guide.index("## Keys") :], re.MULTILINE)
    assert [(key.replace("`", ""), does) for key, does in rows] == listed
    code = (PAGE / "keys.js").read_text()
    keys = {key for names, _ in listed for key in re.split(r" and | \+ ", names)}
    for key in keys - {"Space", "arrows", "Shift"}:
        assert re.search(rf'(?:"{re.escape(key)}"|[ ,]{re.escape(key)}: \(\))', code), key


def test_the_picture_of_the_guide_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The lines of docs/player.md run as they stand; of a map it says from which size on."""
    guide = (Path(__file__).parent.parent / "docs" / "player.md").read_text()
    (lines,) = re.findall(r"```python\n(picture = .*?)```", guide, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    exec(lines, {"wse": wse, "error": two_that_send_first()})
    assert (tmp_path / "deadlock.png").read_bytes().startswith(b"\x89PNG")
    assert capsys.readouterr().out.startswith("Two that send first. A run of 9 cycles")
    assert f"With more than {frames_picture.MOST_DRAWN} rows" in guide


def test_every_part_of_the_page_is_joined() -> None:
    """No file lies beside that nobody reads, and the widget's style has its rules."""
    files = {path.name for path in PAGE.iterdir()}
    assert files == {f"{part}.js" for part in PARTS} | {"player.css"}
    assert Player._esm.endswith("export default { render };")
    assert ".wse-player" in Player._css
    for hook in ("wse-canvas", "wse-live", "wse-program", "wse-pe", "wse-end", "wse-circle"):
        assert f'"{hook}' in Player._esm or f" {hook}" in Player._esm, hook


def test_lines_of_the_program_have_their_text() -> None:
    """A trace keeps what each line says, in its file too."""
    trace = row().run(trace=True).trace
    sources = [one["source"] for one in trace.description["operations"]]
    assert sources == ["w[:, 0].mov(x, out=fabout(c))", "w[:, 1:].mov(fabin(c), out=x)"]
    content = json.loads(Player(trace).content)
    assert [one["source"] for one in content["program"]["operations"]] == sources


@pytest.mark.parametrize(
    ("what", "kind", "message"),
    [
        (lambda: row().run(), ValueError, r"this run has no trace. Try: w.run\(trace=True\)"),
        (lambda: 7, TypeError, r"player\(int\): expected a run, a trace, or the error"),
        (lambda: row(), TypeError, r"player\(Wafer\)"),
        (lambda: None, TypeError, r"Try: wse.show.player\(w.run\(trace=True\)\)"),
        (lambda: ValueError("x"), TypeError, r"player\(ValueError\)"),
        (Trace, wse.ProgramError, "holds nothing yet"),
    ],
)
def test_what_cannot_be_played_is_refused(what: Any, kind: type[Exception], message: str) -> None:
    """With what to do instead."""
    with pytest.raises(kind, match=message):
        wse.show.player(what())


def test_an_error_without_a_trace_is_refused() -> None:
    """It says how to get one with it."""
    w = row()
    w[:, 0].mov(fabin(w.colors[0]), out=w.memories["x"])
    with pytest.raises(wse.Deadlock) as caught:
        w.run()
    with pytest.raises(ValueError, match=r"this Deadlock has no trace. Try: w.run\(trace=True\)"):
        wse.show.player(caught.value)


def test_arrays_go_to_the_page_as_they_are() -> None:
    """Each begins where the longest numbers may; what JavaScript lacks becomes what it has."""
    data = {"a": np.array([True]), "b": np.arange(3), "c": [np.float32(1.5)], "d": np.uint32(7)}
    text, raw = pack(data)
    found = json.loads(text)
    assert found["a"] == {"dtype": "u1", "shape": [1], "at": 0}
    assert found["b"] == {"dtype": "f8", "shape": [3], "at": 8}
    assert (found["c"], found["d"]) == ([1.5], 7)
    assert pack(data)[1] == raw  # the same bytes on every day
    with pytest.raises(TypeError, match="object has no place on a page"):
        pack({"x": object()})


def run_python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_widgets_are_imported_when_they_are_used() -> None:
    """`wselab.show` alone imports none; where they are missing, a word says what to install."""
    loaded = "import sys, wselab.show; print([m for m in sys.modules if m.split('.')[0] in "
    done = run_python(loaded + "('anywidget', 'ipywidgets', 'matplotlib', 'traitlets')])")
    assert done.stdout.strip() == "[]", done.stderr
    missing = "import sys; sys.modules['anywidget'] = None; import wselab as wse; wse.show.player"
    done = run_python(missing)
    assert "need the package anywidget" in done.stderr
    assert "pip install 'wselab[course]'" in done.stderr


def test_the_still_picture_is_of_the_cycle_that_is_asked_for() -> None:
    """Its words say so, and one that the trace does not hold is refused."""
    w = wse.Wafer(2, 3)
    x, y = w.memory("x", 4), w.memory("y", 4)
    A = w.memory("A", (4, 4))
    x[0] = 1
    wse.kernels.write_gemv(w, A, x, y)
    run = w.run(trace=True)
    for cycle in (3, run.cycles - 4):
        assert f" Cycle {cycle}: " in wse.show.player(run, still=cycle).alt
    with pytest.raises(IndexError, match="cycle 900 is not in the trace"):
        wse.show.player(run, still=900)
    axes = frames_picture.draw(run.trace.at(3), [], "").axes[0]  # before any sum has left
    named = [one.get_text() for one in axes.get_legend().get_texts()]
    assert {f"color {color.name}" for color in w.colors} <= set(named)
