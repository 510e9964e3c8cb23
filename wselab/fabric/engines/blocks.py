"""Values in blocks: one operation for many PEs of a line and many of its elements at once.

The blocks are arrays of NumPy or CuPy, as the memory and the tapes are; places and starts are
NumPy's.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from ..memory import Part
from ..operations import Operation
from .backend import module_of, to_device


class Places:
    """Places in a line, such as those of some PEs; ``numbers`` gives them one by one."""

    def __init__(self, numbers: np.ndarray):
        self.numbers = numbers

    @cached_property
    def rows(self) -> Any:
        """An index of the places: a slice where it can be."""
        return as_slice(self.numbers)

    def __len__(self) -> int:
        return len(self.numbers)

    def among(self, mask: np.ndarray) -> Places:
        """Those that a mask chooses."""
        return Places(self.numbers[mask])


def fetch(part: Part, line: Any, starts: Any, places: Places, span: slice) -> Any:
    """Elements ``span`` of a part, as [place, element]; [place, 1] of one that is a single value.

    ``line`` is the memory of all PEs of the line, ``starts`` where the part begins in each.
    """
    if starts is None:
        flat = _flat(part, line)[to_device(module_of(line), places.rows)]
        return flat[:, span] if part.shape else flat
    return line[_window(module_of(line), starts, places, span)]


def store(
    operation: Operation, inputs: list[Any], line: Any, starts: Any, places: Places,
    span: slice,
) -> None:  # fmt: skip
    """Compute elements ``span`` of an operation into its memory."""
    part, xp = operation.out, module_of(line)
    if starts is None:
        flat = _flat(part, line)
        evaluate(operation, inputs, flat[:, span], places.rows)
        view = part.of(line, 1)
        if not xp.may_share_memory(flat, view):  # no flat view of this part: write the copy back
            view[...] = flat.reshape(view.shape)
        return
    window = _window(xp, starts, places, span)
    if isinstance(window[1], slice):
        evaluate(operation, inputs, line[:, window[1]], places.rows)
    else:
        result = xp.empty((len(places), span.stop - span.start), line.dtype)
        evaluate(operation, inputs, result, slice(None))
        line[window] = result


def _flat(part: Part, line: Any) -> Any:
    """A part as [place, element]; a view where that can be."""
    view = part.of(line, 1)
    return view.reshape(len(view), part.length)


def _window(xp: Any, starts: np.ndarray, places: Places, span: slice) -> tuple[Any, Any]:
    """The index of elements ``span`` behind each PE's start."""
    here = starts[places.numbers]
    if (here == here[0]).all():
        rows = to_device(xp, places.rows)
        return rows, slice(int(here[0]) + span.start, int(here[0]) + span.stop)
    offsets = here[:, None] + np.arange(span.start, span.stop)
    return to_device(xp, places.numbers[:, None]), to_device(xp, offsets)


def evaluate(operation: Operation, inputs: list[Any], target: Any, rows: Any) -> None:
    """One operation on blocks of values into ``target[rows]``, rounded as each element would be."""
    kind, dtype, xp = operation.kind, operation.dtype, module_of(target)
    rows = to_device(xp, rows)
    out = target[rows]
    if dtype == "bfloat16" or any(item.dtype.kind == "V" for item in inputs):
        # NumPy casts to and from its own types by itself, and bfloat16 is of no kind that it knows.
        inputs = [xp.asarray(item).astype(dtype, copy=False) for item in inputs]
    a = inputs[0]
    if kind == "mov":
        xp.copyto(out, a, casting="same_kind")
    elif kind == "max":
        a, b = (xp.asarray(item).astype(dtype) for item in inputs)
        xp.copyto(out, xp.where((a > b) | (a != a), a, b), casting="same_kind")
    elif kind == "mac":
        product = xp.multiply(a, inputs[1], dtype=dtype, casting="same_kind")
        xp.add(inputs[2], product, out=out, dtype=dtype, casting="same_kind")
    else:
        function = xp.add if kind == "add" else xp.multiply
        function(a, inputs[1], out=out, dtype=dtype, casting="same_kind")
    if not isinstance(rows, slice):
        target[rows] = out


def as_slice(places: np.ndarray) -> Any:
    """Evenly spaced places as a slice, one place for all as a slice of one; else as they are."""
    first, last = int(places[0]), int(places[-1])
    if len(places) == 1 or (first == last and (places == first).all()):
        return slice(first, first + 1)
    step = int(places[1]) - first
    may_be = step > 0 and last - first == step * (len(places) - 1)
    if may_be and (places[1:] - places[:-1] == step).all():
        return slice(first, last + 1, step)
    return places
