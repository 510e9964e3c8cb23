"""The map's page: from levels to pixels, and what is seen, run by Node.js."""

from __future__ import annotations

import json
import random
import subprocess

import numpy as np

from wselab.show import scale
from wselab.show.live import module
from wselab.show.live_map import PAGE

from .test_show_player import node

HATCHING = 0xFF000000, 0xFFFFFFFF
BROWSER = """
globalThis.ImageData = class {
  constructor(width, height) { this.data = new Uint8ClampedArray(4 * width * height); }
};
globalThis.innerHeight = 1000;
globalThis.devicePixelRatio = 1;
"""
ASK = """
import { readFileSync } from "node:fs";
const asked = JSON.parse(readFileSync(0));
"""


def answers(code, asked):
    """What JavaScript that has the page's functions, and ``asked``, finds."""
    page = module(PAGE, "numbers", "pixels", "lens")
    code = f"{ASK}{BROWSER}{page}\nconsole.log(JSON.stringify(asked.map((one) => {{{code}}})));"
    command = [node(), "--input-type=module", "-e", code]
    done = subprocess.run(command, input=json.dumps(asked), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


PAINT = """
  const colors = new Uint8Array(3 * 255).map((_, at) => (at % 3 ? 7 : at / 3)); // red is the level
  const pixels = new Pixels({ shape: one.shape, colors, signed: one.signed });
  pixels.resize(one.width, one.height);
  pixels.paint(pixels.rank(Uint8Array.from(one.levels)), one);
  const strip = new Uint32Array(pixels.strip().data.buffer);
  return [[...pixels.dots].map((rank) => pixels.levelOf[rank]), [...pixels.out], [...strip]];
"""


def test_a_pixel_shows_the_highest_of_its_pes_or_that_one_is_dead():
    """Against a plain loop, on random maps, whole and zoomed in; its color is that of the level."""
    draw, asked = random.Random(3), []
    for _ in range(60):
        rows, columns = draw.randint(1, 30), draw.randint(1, 30)
        width, height, zoom = draw.randint(1, 40), draw.randint(1, 40), draw.choice([1, 1, 2.5])
        dead = draw.random() < 0.5
        levels = [draw.choice([255] if dead and draw.random() < 0.02 else range(255))
                  for _ in range(rows * columns)]  # fmt: skip
        asked.append({
            "shape": [rows, columns], "signed": draw.random() < 0.5, "levels": levels, "ratio": 1,
            "width": width, "height": height, "down": height / rows * zoom,
            "across": width / columns * zoom, "top": draw.random() * (rows - rows / zoom),
            "left": draw.random() * (columns - columns / zoom),
        })  # fmt: skip
    for one, (shown, colors, strip) in zip(asked, answers(PAINT, asked), strict=True):
        table = np.reshape(one["levels"], one["shape"])
        expected = np.empty((one["height"], one["width"]), int)
        for (y, x), _ in np.ndenumerate(expected):
            pes = table[
                part(y, one["top"], one["down"], table.shape[0]),
                part(x, one["left"], one["across"], table.shape[1]),
            ].ravel()
            outward = (lambda level: abs(level - 127.1)) if one["signed"] else int
            expected[y, x] = 255 if 255 in pes else max(pes, key=outward)
        assert shown == expected.ravel().tolist()
        if not (table == 255).any():
            assert [color & 0xFF for color in colors] == shown
        assert [color & 0xFF for color in strip] == list(range(255))


def part(pixel, start, per, most):
    """The lines that a pixel stands for."""
    first = min(int(start + pixel / per + 1e-9), most - 1)
    return slice(first, max(first + 1, min(most, int(start + (pixel + 1) / per + 1e-9))))


def test_a_lone_dead_pe_of_a_whole_wafer_is_seen():
    """As a hatched spot of several pixels; where many are dead each stays as small as it is."""
    table = np.zeros((762, 1172))
    table[300, 400] = np.nan
    many = np.where(np.random.default_rng(0).random(table.shape) < 0.02, np.nan, 0.0)
    asked = [
        {"shape": table.shape, "signed": False, "levels": list(scale.levels(one, (0, 1))),
         "ratio": 1, "width": 586, "height": 381, "down": 0.5, "across": 0.5, "top": 0, "left": 0}
        for one in (table, many)
    ]  # fmt: skip
    (one_shown, one_colors, _), (many_shown, many_colors, _) = answers(PAINT, asked)
    assert one_shown.count(255) == 1
    assert sorted(one_colors.count(color) for color in HATCHING) == [12, 13]  # 5 x 5 pixels
    assert sum(many_colors.count(color) for color in HATCHING) == many_shown.count(255) > 10_000


LENS = """
  const lens = new Lens(one.shape), seen = [];
  for (const [what, ...how] of one.acts) {
    if (what === "fill") lens.fill(...how);
    if (what === "magnify") lens.magnify(...how);
    if (what === "include") lens.include(...how);
    seen.push([lens.top, lens.left, lens.tall, lens.wide, lens.width, lens.height]);
  }
  return [seen, lens.words(false), lens.peAt([0.5, 0.5]), lens.peAt([1, 0.5])];
"""


def lens(shape, *acts):
    """What is seen after each act, the words in the end, and the PE in the middle."""
    return answers(LENS, [{"shape": shape, "acts": [["fill", 900], *acts]}])[0]


def test_a_whole_wafer_is_seen_at_first():
    """As wide as there is room, PEs square."""
    ((seen,), words, middle, beside) = lens((762, 1172))
    top, left, tall, wide, width, height = seen
    assert (top, left, tall, wide) == (0, 0, 762, 1172) and width <= 900 and height <= 550
    assert abs(width / height - 1172 / 762) < 0.01 and (middle, beside) == ([381, 586], None)
    assert words.startswith(
        "rows 0 to 761, columns 0 to 1171; a dot shows the highest of up to 2 x 2"
    )


def test_a_line_of_pes_is_drawn_taller_than_wide():
    """Else a row of 512 would be a hair."""
    ((seen,), words, *_) = lens((1, 512))
    assert seen[5] >= 60 and seen[4] == 900 and words == "row 0, columns 0 to 511"
    ((seen,), *_) = lens((10, 512))
    assert seen[5] == 120
    ((seen,), *_) = lens((512, 1))
    assert seen[4] >= 60


def test_zooming_keeps_the_place_and_stays_on_the_map():
    """In at a corner and far out again."""
    seen, *_ = lens(
        (100, 200), ["magnify", 4, [1, 0]], ["magnify", 1.5, [0.5, 0.5]], ["magnify", 0]
    )
    corner, closer, whole = seen[1:]
    assert corner[:4] == [0, 150, 25, 50]
    assert abs(closer[0] + closer[2] / 2 - 12.5) < 1e-9
    assert abs(closer[1] + closer[3] / 2 - 175) < 1e-9
    assert whole[:4] == [0, 0, 100, 200]


def test_zooming_in_ends_where_a_pe_is_large():
    """At 64 pixels, and a small wafer begins there."""
    seen, words, *_ = lens((100, 200), ["magnify", 1e9])
    assert abs(seen[-1][4] / seen[-1][3] - 64) < 1e-6 and "dot" not in words
    seen, *_ = lens((2, 2), ["magnify", 1e9])
    assert seen[0] == seen[1] == [0, 0, 2, 2, 128, 128]


def test_a_pe_is_brought_into_view():
    """By as little as it takes."""
    seen, *_ = lens(
        (100, 200), ["magnify", 4, [0, 0]], ["include", [10, 60]], ["include", [10, 59]],
        ["include", [99, 0]],
    )  # fmt: skip
    assert [one[:2] for one in seen[2:]] == [[0, 11], [0, 11], [75, 0]]


TICKS = "return [ticks(...one), one.slice(0, 2).map(short)];"


def test_numbers_at_axes_and_scales():
    """Round ones within the ends; short, and none too long."""
    asked = [[0, 761, 8, True], [3, 5, 8, True], [0.00102, 64, 4, False], [-4e-4, 4e-4, 4, False],
             [1e9, 3e9, 4, False]]  # fmt: skip
    whole, three, some, tiny, large = answers(TICKS, asked)
    assert whole[0] == [0, 100, 200, 300, 400, 500, 600, 700] and three[0] == [3, 4, 5]
    assert some == [[20, 40, 60], ["0.00102", "64"]]
    assert np.allclose(tiny[0], [-4e-4, -2e-4, 0, 2e-4, 4e-4]) and tiny[1] == ["-4e-4", "4e-4"]
    assert large[0] == [1e9, 1.5e9, 2e9, 2.5e9, 3e9] and large[1] == ["1e+9", "3e+9"]
