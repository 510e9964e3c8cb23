"""Queues and belts of the lockstep engine, all of one kind in one array.

A *node* is one color in one router that routes it (see `routers`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

OWN, PATH = 1, 2  # marks of control wavelets
Entering = tuple[np.ndarray, Any, Any]  # nodes, values, marks
NOTHING: Entering = (np.zeros(0, np.int64), 0, 0)


def plain(values: np.ndarray) -> np.ndarray:
    """The values alone, where names travel with them."""
    return values if values.dtype.names is None else values["value"]


class Fifo:
    """A queue of depth ``depth`` for each node, in rings: values, and marks of control wavelets.

    ``payload`` is the type of what is passed on as a value.
    """

    def __init__(self, nodes: int, depth: int, payload: Any = np.float32):
        self.depth = depth
        self.count, self.head = np.zeros(nodes, np.int64), np.zeros(nodes, np.int64)
        self.values = np.zeros((depth, nodes), payload)
        self.marks = np.zeros((depth, nodes), np.int8)

    def push(self, nodes: np.ndarray, values: Any, marks: Any = 0) -> None:
        """Append one wavelet to each of these queues, named once each."""
        slot = (self.head[nodes] + self.count[nodes]) % self.depth
        self.values[slot, nodes], self.marks[slot, nodes] = values, marks
        self.count[nodes] += 1

    def pop(self, nodes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Take the first wavelet of each of these queues."""
        slot = self.head[nodes]
        self.head[nodes] = (slot + 1) % self.depth
        self.count[nodes] -= 1
        return self.values[slot, nodes], self.marks[slot, nodes]


class Belt:
    """Rows of places before queues; ``wavelets`` counts those on all of them.

    ``into`` has the queue that each row leads into, and ``first`` the place where its wavelets
    enter; those before it stay empty, where rows are shorter than others.
    """

    def __init__(self, into: np.ndarray, places: int, payload: Any = np.float32, first: Any = 0):
        self.into, self.first = into, np.broadcast_to(first, into.shape)
        self.there = np.zeros((places, len(into)), bool)
        self.values = np.zeros((places, len(into)), payload)
        self.marks = np.zeros((places, len(into)), np.int8)
        self.wavelets = 0

    def advance(self, moves: np.ndarray, entering: Entering, queue: Fifo) -> np.ndarray | None:
        """Move by one place; gives the queues that a wavelet entered, None if none moved.

        ``moves`` tells which rows move, and ``entering`` names rows.
        """
        rows, values, marks = entering
        if not self.wavelets and not len(rows):
            return None
        if not len(self.there):
            queue.push(self.into[rows], values, marks)
            return self.into[rows]
        leaving = np.flatnonzero(self.there[-1] & moves)
        queue.push(self.into[leaving], self.values[-1, leaving], self.marks[-1, leaving])
        moving = np.flatnonzero((self.there & moves).any(axis=0))
        for array in (self.there, self.values, self.marks):
            array[1:, moving] = array[:-1, moving]
        self.there[0, moving] = False
        at = self.first[rows], rows
        self.there[at], self.values[at], self.marks[at] = True, values, marks
        self.wavelets += len(rows) - len(leaving)
        return self.into[leaving] if len(leaving) or len(moving) or len(rows) else None
