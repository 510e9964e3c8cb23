"""Regions: some PEs of a wafer, with their routes and operations."""

from __future__ import annotations

import itertools
import sys
from typing import Any

import numpy as np

from .color import Alternating, Color, alternating_parities
from .errors import ProgramError, RouteError
from .operations import (
    INPUTS,
    FabIn,
    FabOut,
    Operation,
    check,
    compute_dtype,
    element_count,
    operand,
    per_pe,
)
from .ports import Route


class Region:
    """Some PEs of a wafer: ``w[rows, columns]`` by NumPy slices, or ``w[mask]``.

    ``where`` indexes any array of the wafer's shape. Empty regions are fine: they do nothing.

    Its operations handle element after element. Their operands are memory (``x``), a part of it
    (``x.own[1:-1]``), a number, or a stream, ``fabin(color)``; ``out`` is memory, a part of it, or
    ``fabout(color)``. Lengths must agree; where no operand has one, ``n`` says how many elements: a
    number, or an array with one for each PE of the region.
    """

    def __init__(self, wafer: Any, key: Any):
        self.wafer, self.key = wafer, key
        self.where: Any = _where(key, wafer.shape)
        keys = key if isinstance(key, tuple) else (key,)
        self.backwards = tuple(  # axes that the key names from their end
            axis
            for axis, one in enumerate(keys[:2])
            if isinstance(one, slice) and one.step is not None and one.step < 0
        )

    @property
    def mask(self) -> np.ndarray:
        """The region as a boolean array of the wafer's shape."""
        mask = np.zeros(self.wafer.shape, bool)
        mask[self.where] = True
        return mask

    def route(self, color: Any, route: Route, replace: bool = False) -> None:
        """Let ``color`` (a color, or an alternating one) follow ``route`` in these routers.

        Raises `RouteError` where a router routes the color already, unless ``replace=True``.

        >>> from wselab import RAMP, WEST, Wafer
        >>> w = Wafer(1, 2)
        >>> c = w.color("c")
        >>> w[0, 1].route(c, WEST >> RAMP)
        >>> c.route_at(0, 1)
        WEST >> RAMP
        """
        if not isinstance(route, Route):
            raise RouteError(f"route {route!r}: expected IN >> OUT, such as WEST >> (RAMP, EAST)")
        for parities, where in self._split(alternating_parities([color])):
            one = _plain(color, parities, self.wafer)
            if not replace and (taken := one.entry[where] != 0).any():
                mask = np.zeros(self.wafer.shape, bool)
                mask[where] = taken
                row, column = np.argwhere(mask)[0]
                raise RouteError(
                    f"route {one.name} {route}: PE ({row}, {column}) already routes {one.name} "
                    f"{one.route_at(row, column)}; a router has one route a color. A PE that takes "
                    "in and sends on needs two colors (see w.alternating); to change a route, "
                    "replace=True"
                )
            one.set_route(where, route)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"a region has no {name!r}; it has route, mov, add, mul, max and mac")

    def mov(self, a: Any, *, out: Any, n: Any = None) -> None:
        """``out[i] = a[i]``: copy memory, send it, or take in a stream."""
        self._record("mov", (a,), out, n)

    def add(self, a: Any, b: Any, *, out: Any, n: Any = None) -> None:
        """``out[i] = a[i] + b[i]``."""
        self._record("add", (a, b), out, n)

    def mul(self, a: Any, b: Any, *, out: Any, n: Any = None) -> None:
        """``out[i] = a[i] * b[i]``."""
        self._record("mul", (a, b), out, n)

    def max(self, a: Any, b: Any, *, out: Any, n: Any = None) -> None:
        """``out[i] = a[i] if a[i] > b[i] else b[i]`` (a NaN in either gives NaN)."""
        self._record("max", (a, b), out, n)

    def mac(self, a: Any, b: Any, *, out: Any, acc: Any = None, n: Any = None) -> None:
        """``out[i] = acc[i] + a[i] * b[i]``, rounded twice; ``acc`` is ``out`` unless given."""
        if acc is None and isinstance(out, FabOut):
            raise ProgramError(f"mac: out={out} cannot be added to; give acc=")
        self._record("mac", (a, b, out if acc is None else acc), out, n)

    def _record(self, kind: str, inputs: tuple[Any, ...], out: Any, n: Any) -> None:
        wafer, line = self.wafer, _caller()
        given = [operand(item, wafer) for item in inputs[: INPUTS[kind]]]
        given.append(operand(out, wafer, is_out=True))
        count = element_count(kind, given, n)
        counts = per_pe(count, self.where, self.backwards, wafer.shape, kind)
        colors = [item.color for item in given if isinstance(item, (FabIn, FabOut))]
        for parities, where in self._split(alternating_parities(colors)):
            *sources, result = [
                type(item)(_plain(item.color, parities, wafer))
                if isinstance(item, (FabIn, FabOut))
                else item
                for item in given
            ]
            operation = Operation(
                kind, where, tuple(sources), result, counts, compute_dtype(given), line
            )
            check(operation)
            wafer.recorded.append(operation)

    def _split(self, axes: list[int]) -> list[tuple[dict[int, int], Any]]:
        """The region cut by the parity of its lines on ``axes``: ({axis: parity}, where)."""
        parts = []
        for chosen in itertools.product((0, 1), repeat=len(axes)):
            parities = dict(zip(axes, chosen, strict=True))
            parts.append((parities, _restrict(self.where, parities)))
        return parts

    def __repr__(self) -> str:
        return f"<{int(self.mask.sum())} PEs of {self.wafer!r}>"


def _where(key: Any, shape: tuple[int, int]) -> Any:
    """``key`` as an index that keeps both axes: two slices, or a mask."""
    if isinstance(key, np.ndarray):
        if key.dtype != bool or key.shape != shape:
            raise ProgramError(
                f"region: an array of shape {key.shape} and type {key.dtype}; expected slices, or "
                f"a boolean mask of the wafer's shape {shape}"
            )
        return key.copy()
    keys = list(key) if isinstance(key, tuple) else [key]
    dots = [at for at, one in enumerate(keys) if one is Ellipsis]
    for at in dots[:1]:
        keys[at : at + 1] = [slice(None)] * (3 - len(keys))
    keys += [slice(None)] * (2 - len(keys))
    if len(keys) > 2:
        raise ProgramError(f"region {key!r}: expected at most [rows, columns]")
    return tuple(
        _axis(one, size, name)
        for one, size, name in zip(keys, shape, ("row", "column"), strict=True)
    )


def _axis(key: Any, size: int, name: str) -> slice:
    if isinstance(key, (int, np.integer)) and not isinstance(key, bool):
        if not -size <= key < size:
            raise ProgramError(
                f"region: {name} {key} of a wafer with {size}; the last is {size - 1}"
            )
        return slice(int(key) % size, int(key) % size + 1, 1)
    if isinstance(key, slice):
        chosen = range(*key.indices(size))
        chosen = chosen if chosen.step > 0 else chosen[::-1]
        return slice(chosen.start, max(chosen.start, chosen.stop), chosen.step)
    raise ProgramError(f"region: {name} index {key!r}; expected a number or a slice")


def _restrict(where: Any, parities: dict[int, int]) -> Any:
    """``where`` with only the lines of those parities."""
    if isinstance(where, np.ndarray):
        where = where.copy()
        for axis, parity in parities.items():
            lines: list[Any] = [slice(None), slice(None)]
            lines[axis] = slice(1 - parity, None, 2)
            where[tuple(lines)] = False
        return where
    axes = list(where)
    for axis, parity in parities.items():
        lines_there = range(axes[axis].start, axes[axis].stop, axes[axis].step)
        skip = next((i for i, line in enumerate(lines_there[:2]) if line % 2 == parity), None)
        if skip is None:
            chosen = range(0)
        else:
            chosen = lines_there[skip :: 1 if lines_there.step % 2 == 0 else 2]
        axes[axis] = slice(chosen.start, max(chosen.start, chosen.stop), chosen.step)
    return tuple(axes)


def _plain(color: Any, parities: dict[int, int], wafer: Any) -> Color:
    """The one color meant on lines of those parities, checked to be the wafer's own."""
    if isinstance(color, Alternating):
        color = color.at(parities[color.axis])
    if not isinstance(color, Color):
        raise ProgramError(f"color {color!r}: expected what w.color(...) gave")
    if color.number >= len(wafer.colors) or wafer.colors[color.number] is not color:
        raise ProgramError(f"color {color.name!r} belongs to another wafer")
    return color


def _caller() -> str:
    """File and line of the code outside this package that is being run."""
    frame = sys._getframe(1)
    while frame.f_back and frame.f_globals.get("__name__", "").startswith("wselab.fabric"):
        frame = frame.f_back
    name = frame.f_code.co_filename
    return f"{'<cell>' if 'ipykernel' in name else name.rsplit('/', 1)[-1]}:{frame.f_lineno}"
