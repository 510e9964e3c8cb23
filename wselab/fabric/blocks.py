"""Values in blocks: one operation for many PEs of a line and many of its elements at once."""

from __future__ import annotations

from typing import Any

import numpy as np

from .memory import Part
from .operations import Operation


class Places:
    """Some PEs of a line: their numbers in it, ascending, and ``rows``, a slice where it can be."""

    def __init__(self, numbers: np.ndarray):
        self.numbers = numbers
        self.rows = as_slice(numbers)

    def __len__(self) -> int:
        return len(self.numbers)


def fetch(part: Part, line: np.ndarray, starts: Any, places: Places, span: slice) -> np.ndarray:
    """Elements ``span`` of a part, as [place, element]; [place, 1] of one that is a single value.

    ``line`` is the memory of all PEs of the line, ``starts`` where the part begins in each.
    """
    if starts is None:
        flat = _flat(part, line)[places.rows]
        return flat[:, span] if part.shape else flat
    return line[_window(starts, places, span)]


def store(
    operation: Operation, inputs: list[Any], line: np.ndarray, starts: Any, places: Places,
    span: slice,
) -> None:  # fmt: skip
    """Compute elements ``span`` of an operation into its memory."""
    part = operation.out
    if starts is None:
        flat = _flat(part, line)
        evaluate(operation, inputs, flat[:, span], places.rows)
        view = part.of(line, 1)
        if not np.shares_memory(flat, view):  # no flat view of this part: write the copy back
            view[...] = flat.reshape(view.shape)
        return
    window = _window(starts, places, span)
    if isinstance(window[1], slice):
        evaluate(operation, inputs, line[:, window[1]], places.rows)
    else:
        result = np.empty((len(places), span.stop - span.start), line.dtype)
        evaluate(operation, inputs, result, slice(None))
        line[window] = result


def _flat(part: Part, line: np.ndarray) -> np.ndarray:
    """A part as [place, element]; a view where that can be."""
    view = part.of(line, 1)
    return view.reshape(len(view), part.length)


def _window(starts: np.ndarray, places: Places, span: slice) -> tuple[Any, Any]:
    """The index of elements ``span`` behind each PE's start."""
    here = starts[places.numbers]
    if (here == here[0]).all():
        return places.rows, slice(int(here[0]) + span.start, int(here[0]) + span.stop)
    return places.numbers[:, None], here[:, None] + np.arange(span.start, span.stop)


def evaluate(operation: Operation, inputs: list[Any], target: np.ndarray, rows: Any) -> None:
    """One operation on blocks of values into ``target[rows]``, rounded as each element would be."""
    kind, dtype = operation.kind, operation.dtype
    out = target[rows]
    a = inputs[0]
    if kind == "mov":
        np.copyto(out, a, casting="same_kind")
    elif kind == "max":
        a, b = (np.asarray(item).astype(dtype) for item in inputs)
        np.copyto(out, np.where((a > b) | (a != a), a, b), casting="same_kind")
    elif kind == "mac":
        product = np.multiply(a, inputs[1], dtype=dtype, casting="same_kind")
        np.add(inputs[2], product, out=out, dtype=dtype, casting="same_kind")
    else:
        function = np.add if kind == "add" else np.multiply
        function(a, inputs[1], out=out, dtype=dtype, casting="same_kind")
    if not isinstance(rows, slice):
        target[rows] = out


def as_slice(places: np.ndarray) -> Any:
    """Evenly spaced places as a slice, one place for all as a slice of one; else as they are."""
    first, last = int(places[0]), int(places[-1])
    if first == last and (places == first).all():
        return slice(first, first + 1)
    step = int(places[1]) - first
    if step > 0 and last - first == step * (len(places) - 1) and (np.diff(places) == step).all():
        return slice(first, last + 1, step)
    return places
