"""The map of the wafer: what it takes, what travels to the page, and what a still page shows."""

from __future__ import annotations

import base64
import random
import re
import subprocess
import sys
import threading
from html import unescape
from types import SimpleNamespace

import nbformat
import numpy as np
import pytest

import wselab as wse
from tools import notebooks
from wselab import show
from wselab.show import live_map, scale, wafer_map

NAN = float("nan")
WIDGET = notebooks.WIDGET


class Page:
    """Stands in for the browser: keeps what is sent to it, and says what it is told to say."""

    def __init__(self, m):
        self.map, self.sent = m, []
        m.send = lambda content, buffers=None: self.sent.append((content, buffers))

    def say(self, kind, **what):
        self.map._hear(self.map, {"kind": kind, **what}, [])

    @property
    def frames(self):
        """The frames that came."""
        return [content for content, _ in self.sent if content["kind"] == "frame"]

    def draw(self):
        """Draw the newest frame, and say so."""
        self.say("drawn", sent=self.frames[-1]["sent"])


@pytest.fixture
def heard(monkeypatch):
    """A kernel that hears the page while a cell runs; each call gives a map and its page."""
    thread = SimpleNamespace(current_thread=lambda: 1, main_thread=lambda: 0, Lock=threading.Lock)
    monkeypatch.setattr(live_map, "threading", thread)

    def make(values, **how):
        m = show.wafer(values, **how)
        page = Page(m)
        page.say("ready")
        page.draw()
        return m, page

    return make


# ---- frames -----------------------------------------------------------------------------------


def test_a_page_that_does_not_draw_gets_no_more_than_two_frames(heard):
    """What comes while two frames are on their way is dropped."""
    m, page = heard(np.zeros((3, 4)))
    for k in range(100):
        m.update(np.full((3, 4), k))
    assert (m.given, m.sent, m.drawn) == (101, 3, 1)
    assert [frame["number"] for frame in page.frames] == [1, 2, 3]


def test_the_last_frame_comes_in_the_end(heard):
    """Of those dropped the newest goes once there is room for it, and once only."""
    m, page = heard(np.zeros((2, 2)))
    for k in range(9):
        m.update(np.full((2, 2), k), f"frame {k}")
    page.draw()
    assert page.frames[-1]["number"] == m.given and page.frames[-1]["title"] == "frame 8"
    page.draw()
    page.draw()
    assert [frame["number"] for frame in page.frames] == [1, 2, 3, 10]
    assert (m.sent, m.drawn) == (4, 3)


def test_a_dropped_frame_makes_room_and_is_not_counted_as_drawn(heard):
    """The page may pass over a frame for a newer one; it says so."""
    m, page = heard(np.zeros((2, 2)))
    m.update(np.ones((2, 2)))
    m.update(np.ones((2, 2)))
    m.update(np.ones((2, 2)))
    page.say("dropped", sent=2)
    assert (m.given, m.sent, m.drawn) == (4, 4, 1)


def test_two_views_of_a_map_count_a_frame_once(heard):
    """The second word about a frame changes nothing."""
    m, page = heard(np.zeros((2, 2)))
    m.update(np.ones((2, 2)))
    page.draw()
    page.draw()
    assert (m.sent, m.drawn) == (2, 2)


def test_a_kernel_that_hears_nothing_while_a_cell_runs_sends_at_a_pace(monkeypatch):
    """25 frames a second then, whatever a loop hands over."""
    now = [100.0]
    clock = SimpleNamespace(monotonic=lambda: now[0], sleep=lambda _: None)
    monkeypatch.setattr(live_map, "time", clock)
    m = show.wafer(np.zeros((2, 2)))
    page = Page(m)
    for _ in range(1000):
        m.update(np.ones((2, 2)))
        now[0] += 0.001
    assert 24 <= len(page.frames) <= 27


def test_a_new_view_gets_the_newest_frame_at_once(heard):
    """Also when frames to a page that is gone were never answered."""
    m, page = heard(np.zeros((2, 2)))
    for k in range(9):
        m.update(np.full((2, 2), k))
    page.say("ready")
    assert page.frames[-1]["number"] == m.given
    m.update(np.zeros((2, 2)))
    assert page.frames[-1]["number"] == m.given


def test_a_frame_is_a_byte_a_pe():
    """0 to 254 along the scale, 255 for a dead PE; what lies beyond the ends is at the ends."""
    m = show.wafer([[0, 5, 10], [NAN, -99, np.inf], [2.4, 2.6, 9.999]], limits=(0, 10))
    page = Page(m)
    page.say("ready")
    content, (data,) = page.sent[0]
    assert list(data) == [0, 127, 254, 255, 0, 254, 61, 66, 254]  # the nearest
    assert content["limits"] == (0, 10)


def test_the_map_keeps_values_of_its_own():
    """The caller may go on with its array."""
    values = np.zeros((2, 2))
    m = show.wafer(values)
    page = Page(m)
    m.update(values)
    values[0, 0] = 7
    page.say("value", at=[0, 0])
    assert page.sent[-1][0] == {"kind": "value", "at": [0, 0], "text": "0"}


def test_a_scale_grows_unless_its_limits_are_given():
    """Colors mean the same from frame to frame."""
    m = show.wafer([[0, 2]])
    assert m.limits == (0, 2)
    m.update([[-3, 1]])
    assert m.limits == (-3, 2)
    fixed = show.wafer([[0, 2]], limits=(0, 64))
    fixed.update([[0, 999]])
    assert fixed.limits == (0, 64)
    signed = show.wafer([[1, 2]], signed=True)
    signed.update([[-5, 2]])
    assert signed.limits == (-5, 5)


# ---- what the page asks -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [(31.25, "31.25"), (1 / 3, "0.333333"), (10_580, "10,580"), (2**40, "1,099,511,627,776"),
     (NAN, "dead"), (-2e-9, "-2e-09")],
)  # fmt: skip
def test_the_value_of_a_pe_is_exact(value, text):
    """It is no matter of the 255 levels."""
    m = show.wafer([[0, value], [1e9, 1]])
    page = Page(m)
    page.say("value", at=[0, 1])
    assert page.sent[-1][0]["text"] == text


def test_going_to_dead_pes_and_to_the_highest_goes_around():
    """From one to the next, row by row, then from the start."""
    values = np.zeros((3, 4))
    values[0, 1] = values[2, 3] = NAN
    values[1, 2] = 9
    page = Page(show.wafer(values))
    seen = []
    at = [-1, 3]
    for kind in ("dead", "dead", "dead", "highest", "highest"):
        page.say(kind, after=at)
        seen.append(tuple(page.sent[-1][0]["at"]))
        at = list(seen[-1])
    assert seen == [(0, 1), (2, 3), (0, 1), (1, 2), (1, 2)]


@pytest.mark.parametrize(("value", "kind"), [(0, "dead"), (NAN, "highest")])
def test_where_none_is_there_is_nowhere_to_go(value, kind):
    """And nothing is said."""
    page = Page(show.wafer(np.full((3, 4), value)))
    page.say(kind, after=[0, 0])
    assert page.sent == []


def test_words_are_those_of_the_newest_frame():
    """What the live region says, and what stands for the picture."""
    m = show.wafer([[1, 1]], "Before")
    page = Page(m)
    m.update([[2, 2]], "After")
    page.say("words")
    assert page.sent[-1][0]["text"] == m.alt == str(m) == m.picture().alt
    assert m.alt == "After. Map of 1 row x 2 columns of PEs: 2 everywhere."


def test_several_maps_share_a_scale_and_are_shown_one_at_a_time():
    """Such as the load of the links, by port; the first that is not the same everywhere first."""
    w = wse.Wafer(2, 3)
    x, total = w.memory("x", 5), w.memory("total", 5)
    wse.kernels.write_chain_west(w, x, total)
    load = w.run(maps=True).maps.link_load
    m = show.wafer(load, label="wavelets")
    assert m.about["layers"] == ["NORTH", "EAST", "SOUTH", "WEST"] and m.limits == (0, 5)
    page = Page(m)
    page.say("ready")
    assert page.sent[-1][0]["layer"] == "WEST"
    assert list(page.sent[-1][1][0]) == [0, 254, 254] * 2
    page.say("layer", layer="EAST")
    assert page.sent[-1][0]["layer"] == "EAST" and set(page.sent[-1][1][0]) == {0}
    assert "EAST: 0 everywhere" in m.alt and "WEST: from 0 to 5" in m.alt


# ---- errors -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "text"),
    [
        (np.zeros(4), r"shape \(4,\); expected \(rows, columns\)"),
        (np.zeros((2, 3, 4)), r"Try x\[:, :, 0\]"),
        (np.zeros((0, 3)), r"shape \(0, 3\)"),
        ("abc", "not numbers"),
        ([["a", "b"]], "not numbers"),
        ({}, "no map; expected maps of one shape"),
        ({"a": [[1]], "b": [[1, 2]]}, r"a \(1, 1\), b \(1, 2\); expected maps of one shape"),
        ({"a": [1]}, "a: values of shape"),
    ],
)
def test_what_is_no_map_is_refused(values, text):
    """With what it is, and what was expected."""
    with pytest.raises(ValueError, match=text):
        show.wafer(values)


@pytest.mark.parametrize("limits", [(1, 1), (2, 1), (0, NAN), 5, (0, 1, 2), ("a", "b")])
def test_limits_are_two_ends(limits):
    """The lower first, both finite."""
    with pytest.raises(ValueError, match=r"expected the two ends of the scale, such as \(0, 64\)"):
        show.wafer([[1]], limits=limits)


def test_an_update_has_the_shape_of_before():
    """And the names."""
    m = show.wafer(np.zeros((2, 3)))
    with pytest.raises(ValueError, match="map of 3 rows x 2 columns; expected a map of 2 rows x 3"):
        m.update(np.zeros((3, 2)))
    with pytest.raises(ValueError, match="maps a, b of 2 rows x 3 columns; expected a map of"):
        m.update({"a": np.zeros((2, 3)), "b": np.zeros((2, 3))})
    assert m.given == 1


# ---- the still picture ------------------------------------------------------------------------


def test_a_map_brings_its_picture_and_its_words():
    """The widget, the picture with its text in two forms, and the text."""
    m = show.wafer([[1, 2]], title='5 < 6 & "so"')
    data, about = m._repr_mimebundle_()
    assert data[WIDGET]["model_id"] == m.model_id
    assert data["image/png"].startswith(b"\x89PNG") and about["image/png"]["alt"] == m.alt
    assert data["text/plain"] == m.alt
    (alt,) = re.findall(
        r'<img alt="([^"]*)" src="data:image/png;base64,[\w+/=]*">', data["text/html"]
    )
    assert unescape(alt) == m.alt


def test_a_stored_notebook_keeps_the_picture():
    """The widget goes, since it would be dead; what shows without a kernel stays."""
    data, about = show.wafer([[1, 2]])._repr_mimebundle_()
    data["image/png"] = base64.b64encode(data["image/png"]).decode()
    output = nbformat.v4.new_output("display_data", data=data, metadata=about)
    (kept,) = notebooks.stored_outputs([output])
    assert set(kept.data) == {"image/png", "text/html", "text/plain"} and kept.metadata["widget"]


def test_save_writes_the_picture(tmp_path):
    """Of the newest frame."""
    m = show.wafer([[1, 2]])
    m.save(tmp_path / "one.png")
    m.update([[2, 1]])
    m.save(tmp_path / "two.png")
    one, two = ((tmp_path / f"{name}.png").read_bytes() for name in ("one", "two"))
    assert one.startswith(b"\x89PNG") and one != two


@pytest.mark.parametrize("signed", [False, True])
def test_pooling_hides_neither_hot_nor_dead(signed):
    """Each dot has the highest of its PEs, or is dead if one of them is: against a plain loop."""
    draw = random.Random(5)
    for _ in range(30):
        shape = draw.randint(1, 12), draw.randint(1, 12)
        rows, columns = draw.randint(1, 12), draw.randint(1, 12)
        values = np.array([[draw.uniform(-9, 9) for _ in range(shape[1])] for _ in range(shape[0])])
        values[np.random.default_rng(draw.randint(0, 99)).random(shape) < 0.05] = NAN
        dots = scale.pooled(values, rows, columns, signed)
        assert dots.shape == (min(rows, shape[0]), min(columns, shape[1]))
        for (row, column), dot in np.ndenumerate(dots):
            ends = [
                [at * size // most for at in (place, place + 1)]
                if size > most
                else [place, place + 1]
                for place, size, most in zip((row, column), shape, (rows, columns), strict=True)
            ]
            pes = values[slice(*ends[0]), slice(*ends[1])]
            highest = max(pes.ravel(), key=abs) if signed else pes.max()
            assert dot == highest or (np.isnan(pes).any() and np.isnan(dot))


def test_dead_pes_are_marked(monkeypatch):
    """A lone one of many by a cross, an area by its hatching."""
    figures = []
    monkeypatch.setattr("wselab.show.wafer_map.picture", lambda figure, alt: figures.append(figure))
    values = np.ones((100, 100))
    values[3, 4] = values[20:40, 50:90] = NAN
    show.wafer(values).picture()
    axes = figures[0].axes[0]
    (black, white) = axes.lines
    assert [line.get_marker() for line in (black, white)] == ["x", "x"]
    assert black.get_xydata().tolist() == [[4, 3]] and axes.patch.get_hatch()


def test_a_whole_wafer_has_a_picture():
    """Of 893,064 PEs, hot and dead ones among them."""
    values = np.zeros((762, 1172))
    values[5, 6], values[700, 1100] = 9, NAN
    m = show.wafer(values, limits=(0, 10))
    assert m.picture().png.startswith(b"\x89PNG")
    assert "PE (700, 1100) is dead; highest at PE (5, 6)" in m.alt


# ---- what is installed ------------------------------------------------------------------------


def python(code):
    """What a fresh interpreter prints."""
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_show_imports_neither_plots_nor_widgets():
    """They come when a picture is first asked for."""
    names = "('matplotlib', 'anywidget', 'ipywidgets', 'traitlets', 'IPython')"
    code = f"import sys, wselab.show; print([name for name in {names} if name in sys.modules])"
    assert python(code) == "[]\n"


def test_without_anywidget_a_map_is_a_still_picture():
    """A word says what to install."""
    code = """
import sys, warnings
sys.modules["anywidget"] = None
from wselab import show
with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    m = show.wafer([[1, 2]], "Still")
print(type(m).__name__, len(said), said[0].filename == "<string>")
print(said[0].message)
print(m)
"""
    kind, message, words = python(code).splitlines()
    assert kind == "Picture 1 True"
    assert "anywidget, which is not installed" in message and "'wselab[course]'" in message
    assert words.startswith("Still. Map of 1 row x 2 columns")


@pytest.mark.parametrize(
    "call",
    [
        "wafer([[1]])",
        "routes(wselab.Wafer(1, 2))",
        "disc(wselab.foundry.dice(wselab.foundry.Disc(), 9, 9, []))",
        "disc_corner(wselab.foundry.Disc(), 9, 9)",
        "paint_defects()",
    ],
)
def test_without_matplotlib_a_word_says_what_to_install(call):
    """No picture can be drawn then."""
    code = f"""
import sys
sys.modules["matplotlib"] = None
import wselab
try:
    wselab.show.{call}
except ImportError as error:
    print(error)
"""
    assert re.search(r"pictures need .* matplotlib.*'wselab\[course\]'", python(code))


# ---- the page ---------------------------------------------------------------------------------


def test_the_names_that_tests_in_the_browser_use_are_on_the_page():
    """Those that the module's text lists."""
    page, text = live_map.WaferMap._esm, " ".join(live_map.__doc__.split())
    classes = set(re.findall(r"``\.(wse-map[\w-]*)``", text))
    assert len(classes) >= 6 and all(f'"{name}"' in page for name in classes)
    buttons = re.search(r"the buttons are named (.*?)\.", text).group(1)
    for name in re.findall(r'"([^"]+)"', buttons):
        assert f'aria-label="{name}"' in page
    assert {"frame", "newest"} == set(re.findall(r"data-(\w+)``", text))
    assert "dataset.frame" in page and "dataset.newest" in page


def test_what_the_page_says_is_what_the_kernel_hears():
    """Each kind of message that one side sends has a place on the other."""
    page = live_map.WaferMap._esm
    sent = set(re.findall(r'send\(\{ kind: "(\w+)"', page)) | {"drawn", "dropped"}
    m = show.wafer([[1, NAN]])
    answers = Page(m)
    for kind in sent:
        answers.say(kind, at=[0, 0], after=[0, 0], sent=1, layer="")
    assert sent == {"ready", "drawn", "dropped", "value", "words", "highest", "dead", "layer"}
    for kind in {content["kind"] for content, _ in answers.sent}:
        assert f'message.kind === "{kind}"' in page


@pytest.mark.parametrize(("shape", "numbered"), [((4, 25), True), ((4, 26), False)])
def test_the_still_picture_of_few_pes_has_their_numbers(shape, numbered):
    """A PE's own, in a color that can be read there; a dead one has none."""
    from matplotlib.figure import Figure

    table = np.arange(float(np.prod(shape))).reshape(shape)
    table[1, 2] = NAN
    axes = Figure().subplots()
    wafer_map._draw(axes, table, table, False, (0, table.size))
    told = {text.get_position(): text for text in axes.texts}
    assert len(told) == (table.size - 1 if numbered else 0)
    if numbered:
        assert told[3, 1].get_text() == "28" and (2, 1) not in told
        assert [told[at].get_color() for at in ((0, 0), (24, 3))] == ["white", "black"]


def test_a_frame_of_few_pes_has_their_numbers(heard):
    """The page writes them; of many PEs it gets none, and none of a dead one."""
    m, page = heard([[1, NAN], [0.5, 12000]])
    assert page.frames[-1]["numbers"] == ["1", "", "0.5", "12,000"]
    m.update([[2, 3], [4, 5]])
    assert page.frames[-1]["numbers"] == ["2", "3", "4", "5"]
    assert heard(np.zeros((10, 11)))[1].frames[-1]["numbers"] == []
