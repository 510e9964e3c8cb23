"""Links that are longer than the way to a neighbour, such as repair leaves behind.

A wafer with defects is rewired so that a program sees a rectangle without holes; some of its links
then lead past a dead PE. A link of length 1 takes a cycle, and one of length 3 takes three:

    >>> from wselab import EAST, RAMP, WEST, Wafer, fabin, fabout
    >>> import numpy as np
    >>> east = np.ones((1, 3), int)
    >>> east[0, 1] = 3                           # between columns 1 and 2
    >>> cycles = []
    >>> for wires in (None, (east, None)):
    ...     w = Wafer(1, 4, wires=wires)
    ...     x, c = w.memory("x", 8), w.color("c")
    ...     w[:, 0].route(c, RAMP >> EAST)
    ...     w[:, 1:-1].route(c, WEST >> (RAMP, EAST))
    ...     w[:, -1].route(c, WEST >> RAMP)
    ...     w[:, 0].mov(x, out=fabout(c))
    ...     w[:, 1:].mov(fabin(c), out=x)
    ...     cycles.append(w.run().cycles)
    >>> cycles
    [16, 18]
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .errors import ProgramError
from .ports import EAST, NORTH, SOUTH, WEST, Port

LONGEST = 64  # PEs that a repaired link may lead past, and more than any repair needs


class Wires:
    """The lengths of all links of a wafer, in cycles.

    ``east`` has those between each PE and its eastern neighbour, of shape ``(rows, columns - 1)``,
    ``south`` those between each PE and its southern neighbour, of shape ``(rows - 1, columns)``;
    None stands for ones. Both directions of a link have its length. Raises `ProgramError` where
    these are not whole numbers from 1 to 64 in such an array.
    """

    def __init__(self, shape: tuple[int, int], east: Any = None, south: Any = None):
        rows, columns = shape
        self.shape = shape
        self.east = _lengths("east", east, (rows, columns - 1))
        self.south = _lengths("south", south, (rows - 1, columns))
        self.longest = max(int(self.east.max(initial=1)), int(self.south.max(initial=1)))

    @classmethod
    def of(cls, shape: tuple[int, int], wires: Any) -> Wires:
        """The wires of a wafer from what `Wafer` was given: None, or a pair (east, south)."""
        if wires is None:
            return cls(shape)
        try:
            east, south = wires
        except (TypeError, ValueError):
            raise ProgramError(
                f"wires={type(wires).__name__}: expected a pair (east, south) of arrays of whole "
                "numbers; try wires=repair.wires"
            ) from None
        return cls(shape, east, south)

    def into(self, port: Port) -> np.ndarray:
        """The length of the link that enters each router by a port; 1 where none does."""
        lengths = np.ones(self.shape, np.int64)
        if port is EAST:
            lengths[:, :-1] = self.east
        elif port is WEST:
            lengths[:, 1:] = self.east
        elif port is SOUTH:
            lengths[:-1] = self.south
        elif port is NORTH:
            lengths[1:] = self.south
        return lengths


def _lengths(name: str, given: Any, shape: tuple[int, int]) -> np.ndarray:
    if given is None:
        return np.ones(shape, np.int64)
    lengths = np.asarray(given)
    if lengths.shape != shape or lengths.dtype.kind not in "iu":
        raise ProgramError(
            f"wires: {name} is an array of {lengths.dtype} of shape {lengths.shape}; expected "
            f"whole numbers of shape {shape}, the length of each link"
        )
    wrong = np.argwhere((lengths < 1) | (lengths > LONGEST))
    if len(wrong):
        row, column = (int(one) for one in wrong[0])
        raise ProgramError(
            f"wires: {name}[{row}, {column}] is {lengths[row, column]}; a link is 1 to {LONGEST} "
            "long"
        )
    return lengths.astype(np.int64)
