"""How often the tiles of a product are fetched, when a small memory holds one of each operand.

The product is ``C = A @ B``, rows x inner times inner x columns. It is cut into tiles of so many
rows, inner and columns, and goes through them in three loops: i over rows, k over inner, j over
columns, in an order such as "ikj", the outermost first. A tile is fetched when it is needed and
another one is there. A tile of C that is begun is not fetched; one that has to make room is written
back, and fetched when it is needed again.

    >>> moved((4, 4, 4), (2, 2, 2), "ikj")           # values: 1 x A, 2 x B, 2 x C and 1 x C again
    96
    >>> moved((4, 4, 4), (2, 2, 2), "ijk")           # a tile of C stays until it is done
    80
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod

Shape = tuple[int, int, int]  # rows, inner, columns
LOOPS = "ikj"
OPERANDS = {"A": "ik", "B": "kj", "C": "ij"}


def tiles(shape: Shape, tile: Shape) -> dict[str, int]:
    """How many tiles each loop goes through; the last may be smaller."""
    return {loop: -(-n // size) for loop, n, size in zip(LOOPS, shape, tile, strict=True)}


def passes(operand: str, count: dict[str, int], order: str) -> int:
    """How often all of an operand comes by: once for each turn of the loops that bring it anew.

    Those are loops outside of one that changes the operand's tile; a loop of one turn changes none.
    """
    times, changes = 1, False
    for loop in reversed(order):
        if loop in OPERANDS[operand]:
            changes = changes or count[loop] > 1
        elif changes:
            times *= count[loop]
    return times


def of_each(shape: Shape) -> dict[str, int]:
    """The values of each operand."""
    size = dict(zip(LOOPS, shape, strict=True))
    return {operand: prod(size[loop] for loop in of) for operand, of in OPERANDS.items()}


def moved(
    shape: Shape,
    tile: Shape,
    order: str,
    times: Callable[[str, dict[str, int], str], int] = passes,
) -> int:
    """The values that are fetched and written back."""
    count = tiles(shape, tile)
    come = {operand: times(operand, count, order) for operand in OPERANDS}
    return sum(
        n * (2 * come[operand] - 1 if operand == "C" else come[operand])
        for operand, n in of_each(shape).items()
    )


def once(shape: Shape) -> int:
    """The values that no order and no tiles can save: each is fetched, or written, once."""
    return sum(of_each(shape).values())


def held(tile: Shape) -> int:
    """The values of a tile of each operand."""
    return sum(of_each(tile).values())
