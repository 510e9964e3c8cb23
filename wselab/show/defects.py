"""Paint your own defects: a grid of cores, repaired by rows and by columns while you paint.

Both ways of `wselab.foundry.repair` stand side by side on the same silicon, each with the cycles
that two programs take on its rectangle, or with the reason why there is none. The page sends the
numbers of the dead cores and how many columns are spare; the kernel repairs, runs, and answers.

For tests and scripts on the page: the root is ``.wse-defects``; it has ``data-asked`` and
``data-answered``, which are equal when all that is seen belongs to what was painted. In it are, for
each way, a ``.wse-defects-board`` with ``data-by`` and ``data-repaired``, which takes the keys and
names them, and a ``.wse-defects-told``. A cell has ``data-cell``, its number counted row by row,
and ``data-kind``: "used", "dead" or "left out". There are a field ``.wse-defects-spares``, buttons
named "one at random" and "clear", and ``.wse-defects-said``, a polite live region.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from ..fabric import Wafer
from ..foundry import Repair, Unrepairable, Wires, repair
from ..foundry.repair import WAYS
from ..kernels import write_broadcast, write_chain_north, write_chain_west
from .defects_picture import draw
from .live import Live
from .picture import Picture, need_matplotlib, picture

HERE = Path(__file__).parent
SHAPE = 12, 16
MOST = 24, 32  # rows and columns that fit on a page
VALUES = 8  # in each core, for the two programs
NAMED = 6  # dead cores that the words list; of more they have the number


class DefectPainter(Live):
    """The widget; made by `paint_defects`.

    ``dead`` is the mask of what is painted and ``spares`` the number of spare columns; both can be
    set. Raises ValueError where they make no sense.
    """

    _esm = HERE / "defects.js"
    _css = HERE / "defects.css"

    def __init__(self, dead: np.ndarray, spares: int):
        super().__init__()
        self._shape: tuple[int, int] = _checked(dead).shape
        self._set(dead, spares)
        self.on_msg(self._hear)

    @property
    def dead(self) -> np.ndarray:
        """Which cores are dead: a mask of shape ``(rows, columns)``."""
        return self._dead.copy()

    @dead.setter
    def dead(self, mask: Any) -> None:
        self._set(mask, self.spares)

    @property
    def spares(self) -> int:
        """Columns that the program's rectangle has fewer than the silicon."""
        return self._spares

    @spares.setter
    def spares(self, count: int) -> None:
        self._set(self._dead, count)

    def repair(self, by: str) -> Repair:
        """What `wselab.foundry.repair` makes of it; raises `Unrepairable` where it cannot."""
        return repair(self._dead, self._shape[1] - self._spares, by)

    def picture(self) -> Picture:
        """Both repairs as they stand now."""
        return picture(draw(self._dead, self._found), self.alt)

    def _set(self, dead: Any, spares: Any, asked: int = 0) -> None:
        mask = _checked(dead)
        if mask.shape != self._shape:
            raise ValueError(f"dead: a mask of shape {mask.shape}; expected {self._shape}")
        most = mask.shape[1] - 2
        if not (isinstance(spares, (int, np.integer)) and 0 <= spares <= most):
            raise ValueError(f"spares={spares!r}; expected a whole number from 0 to {most}")
        self._dead, self._spares = mask.copy(), int(spares)
        self._answer(asked)

    def _hear(self, _: Any, said: Any, __: Any) -> None:
        """The page says what is painted there, or, when it is new, nothing but that it is there."""
        if "cells" in said:
            dead = np.zeros(self._shape, bool)
            dead.ravel()[said["cells"]] = True
            self._set(dead, said["spares"], said["asked"])
        else:
            self._answer(said["asked"])

    def _answer(self, asked: int) -> None:
        """Tell the page what stands now; ``asked`` is the number of what it asked, or 0."""
        self._found = {by: _made(self, by) for by in WAYS}
        rows, columns = self._shape
        told = [f"By {by}: {'; '.join(lines)}." for by, (_, lines) in self._found.items()]
        size = f"{rows} x {columns} cores, {_in_words(self._dead)}"
        self.alt = " ".join([f"{size}; wanted {rows} x {columns - self._spares}.", *told])
        answer = {
            "asked": asked,
            "shape": self._shape,
            "cells": np.flatnonzero(self._dead).tolist(),
            "spares": self._spares,
            "ways": {
                by: {"column": made.column.tolist() if made else None, "told": lines}
                for by, (made, lines) in self._found.items()
            },
        }
        self.send(answer)


def paint_defects(dead: Any = None, spares: int = 3) -> DefectPainter:
    """A grid of cores to paint defects on, by mouse or keyboard; repaired both ways meanwhile.

    ``dead`` is a mask of dead cores to begin with, of up to 24 rows and 32 columns; by default 12 x
    16 cores that all work. ``spares`` of its columns are spare. Afterwards ``painter.dead`` is the
    mask that was painted. Raises ValueError for what is no such mask, or more spares than columns.

    >>> dead = np.zeros((4, 6), bool)
    >>> dead[1, 2] = dead[1, 4] = True
    >>> painter = paint_defects(dead, spares=2)
    >>> painter.spares = 1
    >>> painter
    4 x 6 cores, dead: (1, 2), (1, 4); wanted 4 x 5. By rows: no repair: row 1 has lost 2 cores, and
    there is 1 spare column. Try fewer columns, which leaves more spares. By columns: no repair: 2
    columns have something dead in them (the first are 2, 4), and there is 1 spare column. Try
    by='rows', or fewer columns.
    """
    need_matplotlib()
    return DefectPainter(np.zeros(SHAPE, bool) if dead is None else dead, spares)


def _checked(dead: Any) -> np.ndarray:
    mask = np.asarray(dead)
    fits = mask.ndim == 2 and all(2 <= n <= most for n, most in zip(mask.shape, MOST, strict=True))
    if not fits or mask.dtype != bool:
        raise ValueError(
            f"dead: an array of {mask.dtype} of shape {mask.shape}; expected a mask of (rows, "
            f"columns), from 2 x 2 to {MOST[0]} x {MOST[1]}"
        )
    return mask


def _in_words(dead: np.ndarray) -> str:
    """Which cores are dead; of many how many."""
    places = [f"({row}, {column})" for row, column in np.argwhere(dead).tolist()]
    if not places:
        return "none dead"
    if len(places) > NAMED:
        return f"{len(places)} of them dead"
    return f"dead: {', '.join(places)}"


def _made(painter: DefectPainter, by: str) -> tuple[Repair | None, list[str]]:
    """The repair, or None where there is none; and what is to be said of it."""
    try:
        found = painter.repair(by)
    except Unrepairable as refusal:
        return None, [f"no repair: {str(refusal).removeprefix(f'repair by {by}: ')}"]
    rows, columns = found.shape
    longer = sum(int((lengths > 1).sum()) for lengths in found.wires)
    told = [
        f"{rows} x {columns} cores, {found.spares_used} of {found.spares} spare columns used",
        f"{longer} longer wires, the longest {found.longest}" if longer else "no longer wire",
    ]
    without, repaired = _without_defects(found.shape), _programs(found.shape, found.wires)
    for name, (cycles, bits) in repaired.items():
        more = cycles - without[name][0]
        told.append(f"{name}: {cycles} cycles, {more or 'none'} of them for the repair")
        if bits != without[name][1]:
            raise AssertionError(f"{name}: longer wires changed what came out")
    return found, [*told, "what comes out is the same, to the last bit"]


def _programs(shape: tuple[int, int], wires: Wires | None) -> dict[str, tuple[int, bytes]]:
    """For two programs of lesson 00, their cycles and the bits of what comes out."""
    w = Wafer(*shape, wires=wires)
    numbers = np.random.default_rng(0).random((*shape, VALUES), dtype=np.float32)
    x, total = w.memory("x", data=numbers), w.memory("total", VALUES)
    write_chain_west(w, x, total)
    write_chain_north(w, total, total)
    summed = w.run(progress=False).cycles
    told = Wafer(*shape, wires=wires)
    vector = told.memory("vector", VALUES)
    vector[0, 0] = total[0, 0]
    write_broadcast(told, vector)
    spread = told.run(progress=False).cycles
    return {
        "sum over all cores": (summed, total[0, 0].tobytes()),
        "broadcast to all cores": (spread, vector[...].tobytes()),
    }


@lru_cache(maxsize=64)
def _without_defects(shape: tuple[int, int]) -> dict[str, tuple[int, bytes]]:
    return _programs(shape, None)
