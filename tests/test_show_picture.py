"""Pictures are small, and look as they were drawn."""

import io

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from wselab import show


def drawn() -> Figure:
    """A map of noise under three colored lines: more than 256 colors, once they are smoothed."""
    figure = Figure(figsize=(6, 4))
    axes = figure.subplots()
    noise = np.random.default_rng(0).random((80, 120))
    axes.imshow(noise, cmap="RdBu", interpolation="bilinear")
    axes.plot(np.cumsum(noise[:3], axis=1).T)
    return figure


def test_a_picture_is_stored_in_256_colors_and_nobody_sees_it():
    """Under half of the bytes; no pixel is far off, and the paper stays white."""
    full = io.BytesIO()
    drawn().savefig(full, format="png", dpi=100, bbox_inches="tight", pil_kwargs={"optimize": True})
    stored = show.picture(drawn(), "Noise under three lines.").png
    before = Image.open(full).convert("RGB")
    after = Image.open(io.BytesIO(stored))
    assert before.size == after.size and before.getcolors(256) is None
    assert after.mode == "P" and len(stored) < len(full.getvalue()) / 2
    wanted, found = (np.asarray(image.convert("RGB")).astype(int) for image in (before, after))
    assert abs(found - wanted).max() < 16
    assert (found[(wanted == 255).all(axis=2)] == 255).all()
