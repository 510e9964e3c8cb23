"""A picture in 256 colors, which nobody can tell from one in all of them: a third of the bytes."""

from __future__ import annotations

import io

import numpy as np

OFTEN = 160  # colors chosen for the shades of large areas; the rest are for thin lines and marks
AT_ONCE = 4096  # colors compared with the palette in one go


def in_256_colors(png: io.BytesIO) -> bytes:
    """The PNG file of the same picture, without transparency, with a palette.

    One way to choose the colors serves the shades that are seen most, so that no bands appear in a
    map, but forgets small marks; the other is never far off, but has few shades. We take some of
    each, and give every pixel the nearest.

    >>> from PIL import Image
    >>> full = io.BytesIO()
    >>> Image.new("RGBA", (2, 1), "#123456").save(full, format="png")
    >>> Image.open(io.BytesIO(in_256_colors(full))).convert("RGB").getpixel((0, 0))
    (18, 52, 86)
    """
    from PIL import Image  # comes with matplotlib, and like it is imported when first used

    full = Image.open(png).convert("RGB")
    ways = ((OFTEN, Image.Quantize.MEDIANCUT), (256 - OFTEN, Image.Quantize.MAXCOVERAGE))
    chosen = [full.quantize(many, way, dither=Image.Dither.NONE) for many, way in ways]
    palette = np.concatenate([np.reshape(one.getpalette() or [], (-1, 3)) for one in chosen])[:256]

    packed = np.asarray(full).astype(np.int64) @ np.array([1 << 16, 1 << 8, 1])
    found, at = np.unique(packed, return_inverse=True)
    colors = np.stack([found >> 16, found >> 8 & 255, found & 255], axis=1)
    pieces = np.array_split(colors, len(colors) // AT_ONCE + 1)
    nearest = np.concatenate([_nearest(piece, palette) for piece in pieces])

    small = Image.fromarray(nearest[at].astype(np.uint8).reshape(packed.shape), mode="P")
    small.putpalette(palette.astype(np.uint8).tobytes())
    stored = io.BytesIO()
    small.save(stored, format="png", optimize=True)
    return stored.getvalue()


def _nearest(colors: np.ndarray, palette: np.ndarray) -> np.ndarray:
    """Of each color its place in the palette: |c - p|^2 is least where p^2 - 2 c p is."""
    best: np.ndarray = ((palette**2).sum(axis=1) - 2 * colors @ palette.T).argmin(axis=1)
    return best
