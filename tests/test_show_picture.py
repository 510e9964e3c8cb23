"""Pictures are small, and look as they were drawn."""

import io

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from wselab import show


def full_and_stored(figure: Figure) -> tuple[bytes, bytes]:
    """The figure as matplotlib stores it, and as we do."""
    full = io.BytesIO()
    smaller = {"optimize": True}
    figure.savefig(full, format="png", dpi=100, bbox_inches="tight", pil_kwargs=smaller)
    return full.getvalue(), show.picture(figure, "Shades and lines.").png


def pixels(png: bytes) -> np.ndarray:
    """Red, green and blue of each."""
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def test_a_picture_is_stored_in_256_colors_and_nobody_sees_it():
    """A map of noise under three lines: under half of the bytes, and no pixel is far off."""
    figure = Figure(figsize=(6, 4))
    axes = figure.subplots()
    noise = np.random.default_rng(0).random((80, 120))
    axes.imshow(noise, cmap="RdBu", interpolation="bilinear")
    axes.plot(np.cumsum(noise[:3], axis=1).T)
    full, stored = full_and_stored(figure)
    wanted, found = pixels(full), pixels(stored)
    assert len(np.unique(wanted.reshape(-1, 3), axis=0)) > 256
    assert Image.open(io.BytesIO(stored)).mode == "P" and len(stored) < len(full) / 2
    assert abs(found - wanted).max() < 32
    assert (found[(wanted == 255).all(axis=2)] == 255).all()


def test_shades_get_no_bands():
    """A map with a shade for each column: most are left, and none is off by more than 6 of 255."""
    figure = Figure(figsize=(6, 4))
    figure.subplots().imshow(np.tile(np.arange(400), (300, 1)), cmap="cividis")
    full, stored = full_and_stored(figure)
    middle = len(pixels(full)) // 2
    wanted, found = pixels(full)[middle], pixels(stored)[middle]
    assert len(np.unique(wanted, axis=0)) > 200 > len(np.unique(found, axis=0)) > 120
    assert abs(found - wanted).max() <= 6


def test_a_picture_of_a_hundred_thousand_colors_is_stored_as_well():
    """No map of ours has so many, but a figure of a reader's own may."""
    figure = Figure(figsize=(5, 4))
    figure.figimage(np.random.default_rng(0).random((400, 500, 3)))
    full, stored = full_and_stored(figure)
    wanted, found = pixels(full), pixels(stored)
    assert len(np.unique(wanted.reshape(-1, 3), axis=0)) > 100_000
    assert abs(found - wanted).mean() < 16
