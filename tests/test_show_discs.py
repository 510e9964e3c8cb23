"""Pictures of discs: what they say is what was counted, and nothing rests on color alone."""

from __future__ import annotations

import io
import itertools
from typing import Any

import numpy as np
import pytest

from wselab import show
from wselab.foundry import Dead, Disc, dead_cores, defects, dice
from wselab.show import discs


def pixels(picture: show.Picture) -> np.ndarray:
    """The picture as gray values from 0 to 1."""
    from matplotlib.image import imread

    return imread(io.BytesIO(picture.png))[..., :3] @ [0.2126, 0.7152, 0.0722]


@pytest.mark.parametrize("size", [(28.5, 28.5), (20, 30), (7, 9), (100, 60)])
def test_places_cut_by_the_rim_against_a_plain_count(size: tuple[float, float]) -> None:
    """A place is on the disc where one of many points of it is, and was no die."""
    disc = Disc()
    diced = dice(disc, *size, np.zeros((0, 2)))
    found = {tuple(np.round(at, 6)) for at in discs.cut_by_the_rim(diced)}
    assert not found & {tuple(np.round(at, 6)) for at in diced.corners}
    step = np.array(size) + disc.scribe_mm
    first = diced.corners[0]
    touched = set()
    inside = np.stack(np.meshgrid(*[np.linspace(0, side, 60) for side in size]), axis=-1)
    for place in itertools.product(range(-60, 61), repeat=2):
        at = first + place * step
        if np.abs(at).max() < 170 + max(size):
            touched |= {tuple(np.round(at, 6))} if disc.holds(*(at + inside).T).any() else set()
    dies = {tuple(np.round(at, 6)) for at in diced.corners}
    missed = (touched - dies) ^ found
    # A place of which only a sliver lies on the disc may fall between the points.
    assert (touched - dies) <= found and len(missed) <= 8


def test_the_text_of_a_disc_has_its_counts() -> None:
    """Good, bad, those that work with spares; and of a disc kept whole what is dead."""
    disc = Disc()
    points = defects(disc, 0.001, seed=3)
    diced = dice(disc, 28.5, 28.5, points)
    working = diced.good_with_spares((2, 2), spare=1)
    good, works = int(diced.good.sum()), int(working.sum())
    assert good < works < len(working)
    alt = show.disc((diced, working)).alt
    assert f"{good} good, {works - good} that work with spares, {len(working) - works} bad" in alt
    assert f"{len(points)} defects" in alt and "28.5 x 28.5 mm" in alt
    dead = dead_cores(points, (100, 100), 200, 200)
    alt = show.disc(diced, show.Whole(disc, 200, 200, points, dead)).alt
    beside = (np.abs(points) > 100).any(axis=1).sum()
    assert f"{good} good, {len(working) - good} bad" in alt
    assert (
        f"{dead.cores.sum()} of its 10,000 cores are dead, and {beside} defects lie beside" in alt
    )


def test_good_and_bad_differ_without_color() -> None:
    """In gray values: hatched where bad, plain where good; a dead core is a dark cross."""
    disc = Disc()
    nothing, one = np.zeros((0, 2)), np.array([[0.0, 0.0]])
    plain, hit = (pixels(show.disc(dice(disc, 150, 150, points))) for points in (nothing, one))
    middle = np.s_[150:250, 150:280]
    assert plain[middle].std() < 0.05 < hit[middle].std()
    alive, dead = Dead.of(np.zeros((9, 9), bool)), Dead.of(np.eye(9, dtype=bool))
    dark = [
        (pixels(show.disc(show.Whole(disc, 200, 200, nothing, which))) < 0.2).sum()
        for which in (alive, dead)
    ]
    assert dark[1] > dark[0] + 200


def test_nothing_to_show_is_refused() -> None:
    """With what was expected."""
    with pytest.raises(ValueError, match="nothing to show"):
        show.disc()


@pytest.mark.parametrize(
    ("disc", "beyond"),
    [(Disc(), "102.3 mm2"), (Disc(edge_exclusion_mm=0), "16.5 mm2"), (Disc(400), "0.0 mm2")],
)
def test_the_corner_of_a_rectangle(disc: Any, beyond: str) -> None:
    """How much of a square of 215 mm has no silicon under it."""
    assert f"lie beyond that by {beyond}" in show.disc_corner(disc, 215, 215).alt
