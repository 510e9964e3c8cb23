"""The picture of a program's routes, and its words: right ones, and wrong ones marked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

import wselab as wse
from wselab import EAST, NORTH, RAMP, SOUTH, WEST, fabin, fabout, show
from wselab.course.problems.p03_1 import gemv
from wselab.fabric.program import Program
from wselab.show import routing
from wselab.show.windows import MOST, MOST_IN_LINE, window_of
from wselab.show.wiring import Wire


def broadcast(rows=4, columns=8):
    """The first program of the course."""
    w = wse.Wafer(rows, columns)
    x, c = w.memory("x", 16), w.color("c")
    w[:, 0].route(c, RAMP >> EAST)
    w[:, 1:-1].route(c, WEST >> (RAMP, EAST))
    w[:, -1].route(c, WEST >> RAMP)
    w[:, 0].mov(x, out=fabout(c))
    w[:, 1:].mov(fabin(c), out=x)
    return w, c


def marks(of):
    """The markers drawn, and whether a processor is marked, by kind."""
    wafer, window = window_of(of)
    program = Program.of(wafer)
    wires = [Wire.of(program, color) for color in program.colors]
    axes = Figure().subplots()
    size = tuple(one.stop - one.start for one in window)
    routing.Drawing(axes, wires, window, 8).draw(size)
    found = {marker: [] for marker in ("x", "o")}
    for line in axes.lines:
        if line.get_markeredgecolor() == routing.WRONG:
            found[line.get_marker()].append(tuple(line.get_xydata()[0].round(2).tolist()))
    squares = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    red = [square for square in squares if square.get_edgecolor()[0] > 0.6]
    return found["x"], found["o"], len(red)


def test_a_right_program():
    """Which lines route how, who sends, who reads; nothing is marked."""
    w, _ = broadcast()
    assert show.routes(w, "A broadcast").alt == (
        "A broadcast. Routes of 4 rows x 8 columns of PEs. Color c: column 0 RAMP >> EAST; columns "
        "1 to 6 WEST >> (EAST, RAMP); column 7 WEST >> RAMP; sent by column 0; read by columns 1 "
        "to 7."
    )
    assert marks(w) == ([], [], 0)


def test_nobody_takes_it_and_nobody_gives_it():
    """Both ends of a link that only one side routes."""
    w, c = broadcast()
    w[2, 4].route(c, SOUTH >> RAMP, replace=True)
    words = show.routes(w).alt.split("Wrong: ")[1]
    assert words == (
        "c leaves PE (2, 3) EAST, where nobody takes it; PE (2, 4) would take c from SOUTH, where "
        "nobody gives it; PE (2, 5) would take c from WEST, where nobody gives it."
    )
    crosses, rings, _ = marks(w)
    assert len(crosses) == 1 and len(rings) == 2
    assert 3.5 < crosses[0][0] < 4  # in the gap between PEs 3 and 4, where x goes east
    assert all(abs(at - 2) < 1 for _, at in crosses + rings)


def test_over_the_edge():
    """The wafer ends there."""
    w = wse.Wafer(1, 2)
    c = w.color("c")
    w[0, 1].route(c, RAMP >> (EAST, NORTH))
    assert "c leaves PE (0, 1) EAST, where nobody" in show.routes(w).alt
    assert "c leaves PE (0, 1) NORTH, where nobody" in show.routes(w).alt
    assert len(marks(w)[0]) == 2


def test_a_program_without_routes():
    """As problem 3.1 begins: processors that send and read, and no way."""
    w, *_ = gemv()
    words = show.routes(w).alt
    assert "row 0 sends x_down without a route for it" in words
    assert "column 0 reads partial without a route for it" in words
    assert marks(w) == ([], [], 4)


def test_what_goes_on_beyond_a_region_is_not_wrong():
    """The neighbour is looked at, though not drawn."""
    w, _ = broadcast(40, 90)
    some = w[3:6, 10:14]
    assert "Wrong" not in show.routes(some).alt and marks(some) == ([], [], 0)
    assert "all PEs WEST >> (EAST, RAMP); read by all PEs" in show.routes(some).alt


@pytest.mark.parametrize(("rows", "columns"), [(1, 16), (20, 1), (1, 64), (64, 1)])
def test_a_long_line_is_folded(rows, columns, monkeypatch):
    """Each PE is drawn once, in parts that are as long as each other, but for the last."""
    drawn = []
    draw = routing.Drawing.draw
    monkeypatch.setattr(
        routing.Drawing,
        "draw",
        lambda self, room: (drawn.append((self.window, room)), draw(self, room)),
    )
    w = wse.Wafer(rows, columns)
    c, (ahead, behind) = w.color("c"), (EAST, WEST) if rows == 1 else (SOUTH, NORTH)
    w[0, 0].route(c, RAMP >> ahead)
    between = w[1:-1, 0] if rows > 1 else w[0, 1:-1]
    between.route(c, behind >> ahead)
    w[-1, -1].route(c, behind >> RAMP)
    picture = show.routes(w, "Long")
    assert f"{rows} row{'s' * (rows > 1)} x {columns} column" in picture.alt
    assert "Wrong" not in picture.alt
    pes = [
        (row, column)
        for (down, right), _ in drawn
        for row in range(down.start, down.stop)
        for column in range(right.start, right.stop)
    ]
    assert sorted(pes) == [(row, column) for row in range(rows) for column in range(columns)]
    assert len({room for _, room in drawn}) == 1 and len(drawn) > 1
    (high, wide) = drawn[0][1]
    assert high <= 8 and wide <= 12
    size = int.from_bytes(picture.png[16:20]), int.from_bytes(picture.png[20:24])
    assert max(size) <= 2_000  # pixels; 8 x 12 PEs have 1,300


def test_the_hosts_links_are_right():
    """What comes from the host, and goes to it, crosses the edge."""
    w = wse.Wafer(1, 2)
    c, d = w.color("c"), w.color("d")
    w[0, 0].route(c, WEST >> RAMP)
    w[0, 1].route(d, RAMP >> EAST)
    assert len(show.routes(w).alt.split("Wrong: ")[1].split(";")) == 2
    w[0, 0].host_in(c, np.ones(3), edge=WEST)
    w[0, 1].host_out(d, 3, edge=EAST)
    assert "Wrong" not in show.routes(w).alt and marks(w) == ([], [], 0)


def test_switch_positions_one_after_another():
    """Each that differs from the one before."""
    w = wse.Wafer(1, 3)
    c = w.color("c")
    w[0, 0].route(c, RAMP >> EAST)
    w[0, 1].route(c, [WEST >> RAMP, WEST >> EAST])
    w[0, 2].route(c, WEST >> RAMP)
    words = show.routes(w).alt
    assert "PE (0, 1) WEST >> RAMP then WEST >> EAST" in words and "Wrong" not in words
    assert "PE (0, 2) WEST >> RAMP." in words


def test_tasks_read():
    """A PE that a color wakes reads it."""
    w = wse.Wafer(1, 2)
    total, c = w.memory("total", ()), w.color("c")
    w[0, 0].route(c, RAMP >> EAST)
    w[0, 1].route(c, WEST >> RAMP)
    w[0, 0].mov(2.0, out=fabout(c), n=3)

    @w[0, 1].task(c)
    def add_up(pe, wavelet):
        pe.add(total, wavelet, out=total)

    assert "sent by PE (0, 0); read by PE (0, 1)." in show.routes(w).alt


def test_every_second_line_and_scattered_pes():
    """Patterns are named; without one, PEs are listed, and the rest is counted."""
    w = wse.Wafer(1, 8)
    mine, theirs = w.alternating("a", "b", by="column")
    w[:, 1:].route(mine, RAMP >> WEST)
    w[:, :-1].route(theirs, EAST >> RAMP)
    words = show.routes(w).alt
    assert "Color a: every second column from 1 to 5 EAST >> RAMP" in words
    assert "every second column from 2 to 6 RAMP >> WEST" in words
    w = wse.Wafer(8, 12)
    diagonal = np.eye(8, 12, dtype=bool)
    w[diagonal].route(w.color("c"), RAMP >> EAST)
    listed = "(0, 0), (1, 1), (2, 2), (3, 3), (4, 4), (5, 5) and 2 more"
    assert f"Color c: PEs {listed} RAMP >> EAST" in show.routes(w).alt


@pytest.mark.parametrize("colors", [1, 7, 24])
def test_colors_differ_in_more_than_color(colors):
    """In the line, and in the letter, for as many as a router has."""
    names = [f"color number {k}" for k in range(colors)]
    letters = routing._letters(names)
    assert len(set(letters)) == colors
    looks = [(routing.COLORS[k % 7], routing.LINES[k % 4]) for k in range(colors)]
    assert len({str(look) for look in looks}) == colors
    w = wse.Wafer(1, 2)
    for name in names:
        c = w.color(name)
        w[0, 0].route(c, RAMP >> EAST)
        w[0, 1].route(c, WEST >> RAMP)
    assert "Wrong" not in show.routes(w).alt


def test_every_turn_of_a_route_can_be_drawn():
    """From each port to each other."""
    for entry in (NORTH, EAST, SOUTH, WEST, RAMP):
        w = wse.Wafer(3, 3)
        c = w.color("c")
        w[1, 1].route(
            c, entry >> tuple(p for p in (NORTH, EAST, SOUTH, WEST, RAMP) if p is not entry)
        )
        picture = show.routes(w)
        assert picture.png.startswith(b"\x89PNG")
        assert picture.alt.count("where nobody takes it") == 4 - (entry is not RAMP)
        assert picture.alt.count("where nobody gives it") == (entry is not RAMP)


@pytest.mark.parametrize(
    ("of", "text"),
    [
        (
            lambda: wse.Wafer(9, 4),
            r"9 x 4 PEs: at most 8 x 12 .* or 64 in one row .* show.routes\(w\[0:4, 0:4\]\)",
        ),
        (lambda: wse.Wafer(1, 512), r"Try a region, show.routes\(w\[0:1, 0:8\]\)"),
        (lambda: wse.Wafer(65, 1), r"65 x 1 PEs: at most 8 x 12"),
        (lambda: wse.Wafer(40, 40)[20:38, 3:5], r"show.routes\(w\[20:24, 3:5\]\)"),
        (lambda: wse.Wafer(4, 4)[2:2], "no PE"),
        (lambda: "w", r"expected a wafer, w, or a region, w\[0:4, 0:8\]"),
    ],
)
def test_what_cannot_be_drawn_is_refused(of, text):
    """With what to try."""
    with pytest.raises(ValueError, match=text):
        show.routes(of())


def test_a_wafer_without_colors():
    """Is drawn all the same."""
    assert show.routes(wse.Wafer(2, 2)).alt == (
        "Routes of 2 rows x 2 columns of PEs. No color is routed."
    )


def test_the_guide_says_how_much_is_drawn():
    """In docs/player.md."""
    guide = (Path(__file__).parent.parent / "docs" / "player.md").read_text()
    guide = " ".join(guide.split())
    assert "at most {} x {} PEs".format(*MOST) in guide
    assert f"A single row or column may have {MOST_IN_LINE}:" in guide
