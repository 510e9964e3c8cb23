"""In how many things one program differs from another, and in which.

A thing is a route in one router, or an operation of one PE: changed, added, left out, or standing
elsewhere among the PE's operations.

    >>> from wselab.fabric import Wafer
    >>> def program(first, second):
    ...     w = Wafer(1, 2)
    ...     x = w.memory("x", 1)
    ...     w[0, 0].mov(first, out=x)
    ...     w[0, 0].add(x, second, out=x)
    ...     return w
    >>> changes(program(1.0, 2.0), program(1.0, 3.0))
    ['PE (0, 0): add(x, 3.0, out=x) instead of add(x, 2.0, out=x)']
"""

from __future__ import annotations

import numpy as np

from ..fabric import Wafer
from ..fabric.explain.standing import elements, name, within
from ..fabric.memory import Part

MOST = 100  # operations of a PE that are compared; a program of more is another one anyway


def changes(before: Wafer, after: Wafer) -> list[str]:
    """What ``after`` has otherwise than ``before``, a phrase for each thing."""
    found = route_changes(before, after)
    for row, column in np.ndindex(after.shape):
        pe = (row, column)
        was, now = _operations(before, pe), _operations(after, pe)
        found += [f"{name(pe)}: {phrase}" for phrase in _edits(was, now)]
    return found


def route_changes(before: Wafer, after: Wafer) -> list[str]:
    """The routes that are otherwise, a phrase for each."""
    colors = {color.name: color for color in before.colors}
    found = []
    for color in after.colors:
        for row, column in np.ndindex(after.shape):
            now = color.routes_at(row, column)
            was = colors[color.name].routes_at(row, column) if color.name in colors else []
            if {*now, None} != {*was, None} or now[:1] != was[:1]:
                said = " then ".join(map(str, now)) or "nothing"
                instead = " then ".join(map(str, was)) or "no route"
                found.append(f"{name((row, column))} routes {color.name} {said}, not {instead}")
    return found


def _operations(w: Wafer, pe: tuple[int, int]) -> list[str]:
    """The operations of one PE, and what its tasks are, in words that tell all of each."""
    here = []
    for operation in w.recorded:
        if n := elements(operation, pe):
            said = str(operation)
            if operation.microthread:
                said = f"{said[:-1]}, microthread=True)"
            if not any(isinstance(item, Part) for item in (*operation.inputs, operation.out)):
                said = f"{said[:-1]}, n={n})"  # where no memory has the length
            here.append(said)
    here += [f"task {task.name}" for task in w.tasks if within(pe, task.where)]
    return here


def _edits(was: list[str], now: list[str]) -> list[str]:
    """The fewest things in which two lists differ, in words; what only moved is one thing."""
    gone, new = _apart(was[:MOST], now[:MOST])
    moved = [one for one in new if one in gone]
    for one in moved:
        gone.remove(one)
        new.remove(one)
    said = [f"{one} stands elsewhere" for one in moved]
    said += [f"{b} instead of {a}" for a, b in zip(gone, new, strict=False)]
    said += [f"{one} is left out" for one in gone[len(new) :]]
    return said + [f"{one} is added" for one in new[len(gone) :]]


def _apart(was: list[str], now: list[str]) -> tuple[list[str], list[str]]:
    """What is left of each of two lists without the longest list that both have in that order."""
    length = np.zeros((len(was) + 1, len(now) + 1), int)  # of what both have from i and j on
    for i, j in np.ndindex(len(was), len(now)):
        i, j = len(was) - 1 - i, len(now) - 1 - j
        alike = was[i] == now[j]
        length[i, j] = (
            1 + length[i + 1, j + 1] if alike else max(length[i + 1, j], length[i, j + 1])
        )
    gone, new, i, j = [], [], 0, 0
    while i < len(was) and j < len(now):
        if was[i] == now[j]:
            i, j = i + 1, j + 1
        elif length[i + 1, j] >= length[i, j + 1]:
            gone.append(was[i])
            i += 1
        else:
            new.append(now[j])
            j += 1
    return gone + was[i:], new + now[j:]
