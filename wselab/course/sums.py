"""Problems whose program sums the vectors of many PEs, and what is wrong with a wrong sum.

Every PE holds a vector in memory ``x``; the sum of all is due in memory ``total`` of some of them.
Where a sum is wrong the check runs the program again on numbers that tell who is in it: each of a
dozen PEs gets a power of 4, the others 0, so that the digits of the sum count how often each PE's
vector was added. That names the vectors that are missing, or counted twice, whatever the program.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..fabric import RAMP, Wafer
from ..fabric.color import neighbour
from ..fabric.ports import LINKS, opposite
from .problem import Size
from .programs import Data, Due, Programming, Ran
from .recorded import Recorded

DIGIT = 4  # a PE is told to be in a sum 0, 1, 2 or 3 times,
DIGITS = 12  # and so many PEs in one run: 4 ** 12 is the last whole number of float32's 24 bits
MOST_PES = 200  # rows of more PEs are not asked one by one

Place = tuple[int, int]


class Summing(Programming):
    """The sum of ``x`` of all PEs, into ``total`` of those that `wanted` says."""

    @abstractmethod
    def wanted(self, size: Size) -> np.ndarray:
        """The PEs that are to have the sum: a mask."""

    def shape(self, size: Size) -> tuple[int, int]:
        """The wafer's (rows, columns): a row of PEs unless the size has rows."""
        return size.get("rows", 1), size["columns"]

    def wafer(self, size: Size) -> tuple[Any, ...]:
        """A wafer with two memories of as many values."""
        w = Wafer(*self.shape(size))
        return w, w.memory("x", size["wavelets"]), w.memory("total", size["wavelets"])

    def data(self, size: Size, rng: np.random.Generator) -> Data:
        """Whole numbers other than 0, so small that every sum is exact in any order."""
        shape = (*self.shape(size), size["wavelets"])
        x = rng.integers(1, 1_000, shape) * rng.choice((-1, 1), shape)
        return {"x": x.astype(np.float32)}

    def due(self, size: Size, data: Data) -> list[Due]:
        """The sum, wherever it is wanted."""
        where, x = self.wanted(size), data["x"]
        values = np.broadcast_to(x.sum(axis=(0, 1)), x.shape)
        return [Due("total", where, values, "the sum")]

    def in_words(self, size: Size) -> str:
        """How many PEs, how long their vectors."""
        rows, columns = self.shape(size)
        pes = f"{rows} x {columns} PEs" if rows > 1 else f"{columns} PEs"
        n = size["wavelets"]
        return f"{pes}, {n} value{'s' if n > 1 else ''} each"

    def mistakes(self, program: Wafer, size: Size) -> Iterator[str]:
        """Neighbours that send on the same color."""
        yield from same_color_as_neighbour(program)

    def why(self, written: Recorded, size: Size, ran: Ran) -> Iterator[str]:
        """Where the sum stands instead, who is missing in it, or which values."""
        (due,) = self.due(size, ran.data)
        if elsewhere := found_elsewhere(ran, due):
            yield elsewhere
            return
        got = ran.wafer.memories["total"].array
        off = ((got != due.values) & due.where[..., None]).any(axis=(0, 1))
        if not off.all():
            right, wrong = np.flatnonzero(~off).tolist(), np.flatnonzero(off).tolist()
            yield (
                f"Of each vector only {_values(right)} {_are(right)} summed right, "
                f"{_values(wrong)} {_are(wrong)} not. The whole vector is asked for."
            )
            return
        without = due.where & (got != due.values).any(axis=2)
        if without.sum() < due.where.sum():
            never = without & ~got.any(axis=2)
            verb = "never get it" if never.sum() > 1 else "never gets it"
            if (never == without).all():
                yield f"The sum is right in other PEs, but {places(never)} {verb}."
            else:
                yield f"The sum is right in other PEs, but not in {places(without)}."
            return
        yield from self._who_is_in(written, size, ran, due)

    def _who_is_in(self, written: Recorded, size: Size, ran: Ran, due: Due) -> Iterator[str]:
        """Whose vectors are missing in the sum of the first PE that should have it, or twice."""
        rows, columns = self.shape(size)
        row, column = (int(one) for one in np.argwhere(due.where)[0])
        at = row, column
        if rows * columns > MOST_PES:
            yield from self._how_many(written, size, at)
            return
        if not ran.wafer.memories["total"].array[at].any():
            return
        counts = self.counted(written, size, at)
        explained = np.einsum("rc,rcn->n", counts, ran.data["x"])
        if not np.array_equal(explained, ran.wafer.memories["total"].array[at]):
            return  # it does something else than adding; no claim then
        missing, twice = counts == 0, counts > 1
        if missing.sum() == 1 and missing[at]:
            yield f"PE {at} forgets its own vector: it is to be in the sum as well."
        elif missing.any():
            yield self.missing(missing, size)
        if twice.any():
            yield (
                f"{'The vector' if twice.sum() == 1 else 'The vectors'} of {places(twice)} "
                f"{_are(twice)} in the sum more than once."
            )

    def _how_many(self, written: Recorded, size: Size, at: Place) -> Iterator[str]:
        """How many vectors are in the sum of the PE ``at``, and which lines' are missing."""
        rows, columns = self.shape(size)
        row, column = np.indices((rows, columns))
        there = self._count(written, size, at, row >= 0)
        if there == row.size:
            return  # as many as there are, and still wrong: it does something else than adding
        lines = {f"row {k}": row == k for k in (0, rows // 2, rows - 1)}
        lines |= {f"column {k}": column == k for k in (0, columns // 2, columns - 1)}
        none = [name for name, mask in lines.items() if not self._count(written, size, at, mask)]
        yield (
            f"{there:,} vectors are in the sum of PE {at}; there are {row.size:,}."
            + (f" Nothing of {' and '.join(none)} is in it." if none and there else "")
        )

    def _count(self, written: Recorded, size: Size, at: Place, where: np.ndarray) -> int:
        """How many of these PEs are in the sum of the PE ``at``: 1 in each of them, else 0."""
        x = np.zeros((*where.shape, size["wavelets"]), np.float32)
        x[where] = 1
        return int(self.run(written, size, {"x": x}).wafer.memories["total"].array[at][0])

    def missing(self, missing: np.ndarray, size: Size) -> str:
        """What to say where these PEs' vectors are not in the sum."""
        return (
            f"{'The vector' if missing.sum() == 1 else 'The vectors'} of {places(missing)} "
            f"{_are(missing)} not in the sum."
        )

    def counted(self, written: Recorded, size: Size, at: Place) -> np.ndarray:
        """How often each PE's vector is in the sum of the PE ``at``, by running the program."""
        rows, columns = self.shape(size)
        counts = np.zeros(rows * columns, np.int64)
        for first in range(0, counts.size, DIGITS):
            x = np.zeros((counts.size, size["wavelets"]), np.float32)
            asked = np.arange(first, min(first + DIGITS, counts.size))
            x[asked] = (DIGIT ** (asked - first))[:, None]
            ran = self.run(written, size, {"x": x.reshape(rows, columns, -1)})
            total = int(ran.wafer.memories["total"].array[at][0])
            counts[asked] = total // DIGIT ** (asked - first) % DIGIT
        return counts.reshape(rows, columns)


def found_elsewhere(ran: Ran, due: Due) -> str:
    """Where the sum stands if it is right, but not where it is due; "" where it is nowhere."""
    memories = [m for m in ran.wafer.memories.values() if m.array.shape == due.values.shape]
    there = {m.name: (m.array == due.values).all(axis=2) for m in memories}
    lacking = due.where & ~there[due.name]
    for name, mask in there.items():
        if np.array_equal(lacking, due.where):  # nobody has it who should
            found = mask & ~due.where if name == due.name else mask
        else:
            found = mask & lacking
        if found.any():
            return (
                f"The sum is right, but it stands in {name} of {places(found)}; it is due in "
                f"{due.name} of {places(lacking)}."
            )
    return ""


def same_color_as_neighbour(w: Wafer) -> Iterator[str]:
    """A PE sends a color to a neighbour whose own processor sends on the same color."""
    for color in w.colors:
        own = color.enters_by(RAMP)
        for port in LINKS:
            both = own & color.leaves_by(port) & neighbour(own, port)
            taken = neighbour(color.enters_by(opposite(port)), port)
            if (both := both & ~taken).any():
                row, column = (int(one) for one in np.argwhere(both)[0])
                down, right = port.step or (0, 0)
                by = "row" if down else "column"
                yield (
                    f"PE ({row}, {column}) sends {color.name} {port}, and its neighbour PE "
                    f"({row + down}, {column + right}) sends on {color.name} too. A router takes a "
                    "color in by one port only, so that the neighbour cannot take in what comes: "
                    f'give neighbours two colors and let them swap: w.alternating(..., by="{by}").'
                )
                return


def places(where: np.ndarray) -> str:
    """The PEs of a mask in words.

    >>> places(np.array([[True, False, True, True, True]]))
    'PE (0, 0) and PE (0, 2) to PE (0, 4)'
    """
    found = [(int(row), int(column)) for row, column in np.argwhere(where)]
    if len(where) > 1 and len(found) > 2:
        return f"{len(found):,} PEs, PE {found[0]} the first of them"
    runs: list[list[Place]] = []
    for place in found:
        if runs and place[1] == runs[-1][-1][1] + 1:
            runs[-1].append(place)
        else:
            runs.append([place])
    if len(runs) > 4:
        return f"{len(found):,} PEs, PE {found[0]} the first of them"
    words = [f"PE {run[0]}" if len(run) == 1 else f"PE {run[0]} to PE {run[-1]}" for run in runs]
    return " and ".join(words)


def _values(numbers: list[int]) -> str:
    if len(numbers) == 1:
        return f"value {numbers[0]}"
    if numbers == list(range(numbers[0], numbers[-1] + 1)):
        return f"values {numbers[0]} to {numbers[-1]}"
    return f"{len(numbers)} of the values"


def _are(things: Any) -> str:
    return "is" if (len(things) if isinstance(things, list) else things.sum()) == 1 else "are"
