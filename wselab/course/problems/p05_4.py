"""Problem 5.4: place a layer, by a layout and a shape of the wafer, so that no PE exceeds 48 KiB.

>>> by_bills(10, 64, 4, 16, 16), by_bills(872, 872, 4, 8, 8)
(('tiles', (10, 4)), None)
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from operator import index
from typing import Any

import numpy as np

from ...kernels import gemv
from ...predict import gemv as predicted
from ...specs import WSE2
from ..problem import Problem, Refused, Size, register
from ..reckoning import FORBIDDEN
from ..writing import call, name_of
from .p05_1 import LAYOUTS, textbook

Case = tuple[int, int, int, int, int]  # M, N, itemsize, rows, columns
Placed = tuple[str, tuple[int, int]] | None  # a layout, and the rows and columns of PEs to use

ROOM = WSE2.pe_memory_bytes
PLACES = 2  # of x, and of y: double buffers
TYPES = {4: "float32", 2: "float16"}
MARGIN = 1.25
SHOWN: list[Case] = [
    (10, 64, 4, 16, 16), (1000, 1000, 4, 16, 16), (600, 20, 4, 4, 16), (8, 2000, 2, 24, 8),
    (872, 872, 4, 8, 8), (300, 96, 2, 16, 23), (2000, 40, 4, 6, 24), (3298, 239, 2, 34, 1),
    (860, 860, 4, 8, 8),
]  # fmt: skip


def by_bills(M: int, N: int, itemsize: int, rows: int, columns: int) -> Placed:
    """The plain right answer: the shortest bill of all shapes that fit, for T_R = 2."""
    bills = {
        (layout, (R, C)): bill(M, N, itemsize, R, C, layout)
        for layout in LAYOUTS
        for R in range(1, rows + 1)
        for C in range(1, columns + 1)
        if textbook(M, N, R, C, layout, itemsize, PLACES) <= ROOM
    }
    return min(bills, key=lambda placed: bills[placed], default=None)


def bill(M: int, N: int, itemsize: int, R: int, C: int, layout: str) -> int:
    """Cycles of a product by the closed forms of lesson 05; PEs with padding alone are left out."""
    rate = {4: 1, 2: 4}[itemsize]
    if layout == "tiles":
        m, n = -(-M // R), -(-N // C)
        R, C = -(-M // m), -(-N // n)
        bring, add_up = (n + R + 4) * (R > 1), (m + 6 * (C - 1)) * (C > 1)
    elif layout == "rows":
        m, n = -(-M // (R * C)), N
        R, C = _left(-(-M // m), C)
        bring, add_up = (n + R + C + 3) * (R * C > 1), 0
    else:
        m, n = M, -(-N // (R * C))
        R, C = _left(-(-N // n), C)
        bring, add_up = 0, (m + 6 * (C - 1)) * (C > 1) + (m + 6 * (R - 1)) * (R > 1)
    return bring + n * -(-m // rate) + add_up


def _left(pes: int, columns: int) -> tuple[int, int]:
    """Rows and columns of so many PEs, in rows of that many columns."""
    columns = min(columns, pes)
    return -(-pes // columns), columns


@register
class PlaceALayer(Problem):
    """The learner's function is asked for many layers; where it puts them is counted and run."""

    number = "5.4"
    title = "Place a layer"
    points = 10
    answer = "place"
    textbook = staticmethod(by_bills)
    hints = (
        "Go through all layouts and all shapes, R from 1 to rows and C from 1 to columns. Leave "
        "out what does not fit: problem 5.1 gives the bytes, with places=2. If nothing is left, "
        "return None. Of what is left, which one is fast?",
        "Write a line for the cycles of each layout, with m rows and n columns in a part. All "
        "multiply for n * -(-m // rate) cycles: rate is 1 for itemsize 4, and 4 for itemsize 2. "
        "tiles: n + R + 4 for x if R > 1, and m + 6 (C - 1) for the sums if C > 1.",
        "rows: n + R + C + 3 for the broadcast to all, and no sums. columns: nothing for x; sums "
        "of m = M values along the rows and then up column 0, m + 6 (C - 1) if C > 1 and m + 6 "
        "(R - 1) if R > 1. Put them into a dictionary by (layout, (R, C)), and return "
        "min(bills, key=bills.get).",
    )

    def sizes(self, seed: int | None = None) -> list[Size]:
        """The layers that are shown, and others; ``draw`` 0 are the former."""
        return [{"draw": 0}, {"draw": 1 if seed is None else seed + 2}]

    def in_words(self, size: Size) -> str:
        """Shown or not."""
        return "other layers" if size["draw"] else "the layers shown"

    def cases(self, size: Size) -> list[Case]:
        """Layers with the wafers that they may have."""
        if not size["draw"]:
            return SHOWN
        rng = np.random.default_rng(size["draw"])
        drawn: list[Case] = []
        while len(drawn) < len(SHOWN) - 2:
            M, N = (10 ** rng.uniform(0.7, 3.3, 2)).astype(int).tolist()
            rows, columns = rng.integers(2, 25, 2).tolist()
            case = (M, N, int(rng.choice([2, 4])), rows, columns)
            if M * N <= 600_000 and _best(*case) is not None:
                drawn.append(case)
        full, over = rng.integers(3, 7, 2).tolist()
        just_fits = 108 * full, 108 * full, 4, full, full  # and not into 48,000 bytes
        return [*drawn, just_fits, (109 * over, 109 * over, 4, over, over)]  # fits with one place

    def par_at(self, size: Size) -> int:
        """Cycles of what the bills choose, over all layers."""
        return sum(_run(by_bills(*case), *case) for case in self.cases(size))

    def write(self, answer: Any, size: Size) -> list[Any]:
        """What the function says of each layer."""
        return [
            _checked(call(answer, *case, forbidden=FORBIDDEN), name_of(answer), case)
            for case in self.cases(size)
        ]

    def judge(self, written: Any, size: Size, rng: np.random.Generator) -> int:
        """Count the bytes of every choice, hold its cycles against the best, and run it."""
        cases = self.cases(size)
        if len(written) != len(cases):
            raise ValueError(f"{len(written)} places for {len(cases)} layers")
        placed = [_checked(one, "it", case) for one, case in zip(written, cases, strict=True)]
        pairs = list(zip(placed, cases, strict=True))
        bad = [wrong for one, case in pairs if (wrong := _wrong(one, case))]
        if bad:
            raise Refused(*_mistakes(pairs), *bad[:2], f"{len(bad)} of {len(cases)} are not right.")
        return sum(_run(one, *case) for one, case in pairs)


def _wrong(placed: Placed, case: Case) -> str:
    """What is wrong with a choice; "" where nothing is."""
    best = _best(*case)
    layer = _layer(case)
    if best is None:
        return (
            "" if placed is None else f"{layer}: {_over(placed, case)} Nothing fits: return None."
        )
    if placed is None:
        return f"{layer}: you return None, but {_name(best)} fits."
    if _bytes(placed, case) > ROOM:
        return f"{layer}: {_over(placed, case)}"
    takes, least = _takes(placed, *case), _takes(best, *case)
    if takes > MARGIN * least:
        return (
            f"{layer}: you choose {_name(placed)}, which takes {takes:,} cycles; {_name(best)} "
            f"fits too and takes {least:,}. At most a quarter more than the best is asked."
        )
    return ""


def _mistakes(pairs: list[tuple[Placed, Case]]) -> Iterator[str]:
    """What all the choices have in common; else what those that are too large have.

    Each sentence says what is so of them, and not how they were found.
    """
    chosen = [(one, case) for one, case in pairs if one]
    if not chosen:
        yield "You return None for every layer. None is for a layer that fits nowhere."
        return
    told = list(_in_common(chosen)) if len(chosen) > 1 else []
    yield from told
    full = [(one, case) for one, case in chosen if _bytes(one, case) > ROOM]
    if told or not full:
        return
    if all(_bytes(one, case, places=1) <= ROOM for one, case in full):
        yield (
            "What is too large would fit if x and y lay there once. With double buffers there are "
            "two places for each: one in use, and one for what comes in or goes out."
        )
    elif all(_bytes(one, case) - ROOM <= _vectors(one, case) for one, case in full):
        yield (
            "What is too large would fit if it were the part of the matrix alone: x and y lie in "
            "the PE too, twice each."
        )


def _in_common(chosen: list[tuple[tuple[str, tuple[int, int]], Case]]) -> Iterator[str]:
    """What is so of all that was chosen, and cannot be right."""
    if all(one[1] == case[3:] for one, case in chosen):
        yield (
            "It always takes the whole wafer. More PEs are not always faster: each one in a row is "
            "one more hand-over."
        )
    elif all(one == _fewest(*case) for one, case in chosen):
        yield "It takes the fewest PEs that hold the layer. What is asked is to be fast."
    elif len({one[1] for one, _ in chosen}) == 1:
        R, C = chosen[0][0][1]
        yield f"The shape is always {R} x {C}: layers of other sizes want other shapes."
    elif all(one[1][0] == one[1][1] for one, _ in chosen):
        yield "The shape is always a square. A row more and a column more cost different cycles."
    if len({layout for (layout, _), _ in chosen}) == 1:
        yield (
            f"The layout is always {chosen[0][0][0]!r}. None is best for all: look at layers that "
            "are tall, and at some that are wide."
        )


def _checked(said: Any, name: str, case: Case) -> Placed:
    """What was returned, as a layout and a shape; `Refused` where it is none."""
    call_ = f"{name}{case}"
    if said is None:
        return None
    if not isinstance(said, (tuple, list)) or len(said) != 2:
        raise Refused(
            f"{call_} gives {_short(said)}; expected a layout and a shape, such as "
            "('tiles', (4, 8)), or None where nothing fits."
        )
    layout, shape = said
    if type(layout) is not str or layout not in LAYOUTS:  # a class of one's own may agree to all
        known = ", ".join(map(repr, LAYOUTS))
        raise Refused(f"{call_} chooses {_short(layout)}; there is {known}.")
    if not isinstance(shape, (tuple, list)) or len(shape) != 2:
        raise Refused(f"{call_} gives the shape {_short(shape)}; expected (rows, columns).")
    try:
        R, C = (index(one) for one in shape)
    except Exception:  # whatever they are, they are no whole numbers
        raise Refused(
            f"{call_} gives the shape {_short(shape)}; expected two whole numbers of PEs."
        ) from None
    if not (1 <= R <= case[3] and 1 <= C <= case[4]):
        swapped = " Rows come first." * (1 <= C <= case[3] and 1 <= R <= case[4])
        raise Refused(
            f"{call_} takes {R} x {C} PEs; the wafer has {case[3]} rows and {case[4]} columns."
            f"{swapped}"
        )
    return layout, (R, C)


def _bytes(placed: tuple[str, tuple[int, int]], case: Case, places: int = PLACES) -> int:
    layout, (R, C) = placed
    return textbook(case[0], case[1], R, C, layout, case[2], places)


def _vectors(placed: tuple[str, tuple[int, int]], case: Case) -> int:
    """Bytes of both places of x and y."""
    return 2 * (_bytes(placed, case) - _bytes(placed, case, places=1))


def _over(placed: tuple[str, tuple[int, int]], case: Case) -> str:
    return (
        f"{_name(placed)} takes {_bytes(placed, case):,} bytes in a PE, double buffers included, "
        f"and it has {ROOM:,}."
    )


def _layer(case: Case) -> str:
    M, N, itemsize, rows, columns = case
    return f"{M} x {N} in {TYPES[itemsize]} on at most {rows} x {columns} PEs"


def _name(placed: tuple[str, tuple[int, int]]) -> str:
    return f"{placed[0]!r} on {placed[1][0]} x {placed[1][1]}"


def _short(thing: Any) -> str:
    try:
        text = repr(thing)
    except Exception:  # a learner's own class may not have one
        text = f"something of type {type(thing).__name__}"
    return text if len(text) < 60 else f"{text[:57]}..."


@cache
def _takes(placed: tuple[str, tuple[int, int]], *case: int) -> int:
    M, N, itemsize = case[:3]
    return predicted(matrix=(M, N), wafer=placed[1], layout=placed[0], dtype=TYPES[itemsize])


def _fitting(*case: int) -> list[tuple[str, tuple[int, int]]]:
    M, N, itemsize, rows, columns = case
    every = [
        (layout, (R, C))
        for layout in LAYOUTS
        for R in range(1, rows + 1)
        for C in range(1, columns + 1)
    ]
    return [one for one in every if _bytes(one, (M, N, itemsize, rows, columns)) <= ROOM]


@cache
def _best(*case: int) -> Placed:
    return min(_fitting(*case), key=lambda placed: _takes(placed, *case), default=None)


def _fewest(*case: int) -> Placed:
    return min(_fitting(*case), key=lambda placed: placed[1][0] * placed[1][1], default=None)


@cache
def _run(placed: Placed, *case: int) -> int:
    """Cycles on the emulator; 0 for a layer that is not placed."""
    if placed is None:
        return 0
    A = np.ones(case[:2], TYPES[case[2]])
    return gemv(A, A[0], placed[1], placed[0])[1].cycles
