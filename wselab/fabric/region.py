"""Regions: some PEs of a wafer, with their routes and operations."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np

from .color import Alternating, Color, alternating_parities
from .errors import ProgramError, RouteError
from .memory import Part
from .operating import Operating
from .operations import (
    INPUTS,
    FabIn,
    FabOut,
    Operation,
    Wavelet,
    check,
    compute_dtype,
    element_count,
    operand,
    per_pe,
)
from .ports import Port, Route
from .written import caller


class Region(Operating):
    """Some PEs of a wafer: ``w[rows, columns]`` by NumPy slices, or ``w[mask]``.

    ``where`` indexes any array of the wafer's shape. Empty regions are fine: they do nothing. See
    `Operating` for its operations, ``mov``, ``add``, ``mul``, ``max`` and ``mac``.
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

    def route(self, color: Any, route: Route | list[Route], replace: bool = False) -> None:
        """Let ``color`` (a color, or an alternating one) follow ``route`` in these routers.

        ``WEST >> (RAMP, EAST)`` copies what comes to both ports at once. A *list* of up to four
        routes is something else, the positions of the routers' switches, one after another: every
        launch begins with the first, and a control wavelet goes on to the next (see `fabout`).
        Raises
        `RouteError` where a router routes the color already, unless ``replace=True``.

        >>> from wselab import RAMP, WEST, Wafer
        >>> w = Wafer(1, 2)
        >>> c = w.color("c")
        >>> w[0, 1].route(c, WEST >> RAMP)
        >>> c.route_at(0, 1)
        WEST >> RAMP
        """
        self.wafer.not_in_task(
            "route",
            "A route that changes during a launch is a list of routes, the positions of a switch",
        )
        if isinstance(route, tuple) and all(isinstance(one, Route) for one in route):
            raise RouteError(
                f"route {route}: the positions of a switch are given as a list, {list(route)}"
            )
        routes = route if isinstance(route, list) else [route]
        most = self.wafer.chip.max_switch_positions
        if not routes or any(not isinstance(one, Route) for one in routes):
            raise RouteError(f"route {route!r}: expected IN >> OUT, such as WEST >> (RAMP, EAST)")
        if len(routes) > most:
            raise RouteError(f"route {route}: a switch has at most {most} positions")
        for parities, where in self.split(alternating_parities([color])):
            one = plain_color(color, parities, self.wafer)
            if not replace and (taken := one.routed[where]).any():
                mask = np.zeros(self.wafer.shape, bool)
                mask[where] = taken
                row, column = np.argwhere(mask)[0]
                raise RouteError(
                    f"route {one.word} {route}: PE ({row}, {column}) already routes {one.word} "
                    f"{one.route_at(row, column)}; a router has one route a color. A PE that takes "
                    "in and sends on needs two colors (see w.alternating); to change a route, "
                    "replace=True"
                )
            one.set_routes(where, routes)

    def task(self, color: Any, data_dependent: bool = False) -> Any:
        """Bind the function below to ``color``: each wavelet that arrives wakes it.

        The function gets the PEs that wake and the value that woke them, and says what they do. It
        is called once, now, and its operations are recorded, so plain Python in it (``print``,
        ``s[...] += 1``) does not run when a wavelet comes; a condition is ``pe.where(wavelet >
        3).add(...)``. See `wselab.fabric.tasks`. A PE whose other operations have ended takes the
        first wavelet of a color with a task, the lowest color first, and does the task to its end
        before the next. ``data_dependent=True`` allows it to send only where ``pe.where(...)``
        holds. A task stays bound for the launches to come.

        >>> from wselab import EAST, RAMP, WEST, Wafer, fabout
        >>> w = Wafer(1, 2)
        >>> total, c = w.memory("total", ()), w.color("c")
        >>> w[0, 0].route(c, RAMP >> EAST)
        >>> w[0, 1].route(c, WEST >> RAMP)
        >>> w[0, 0].mov(2.0, out=fabout(c), n=10)
        >>> @w[0, 1].task(c)
        ... def add_up(pe, wavelet):
        ...     pe.add(total, wavelet, out=total)
        >>> w.run().cycles, float(total[0, 1])
        (26, 20.0)
        """
        from .tasks import bind

        self.wafer.not_in_task("task")
        if callable(color):
            raise ProgramError(
                f"task: {getattr(color, '__name__', color)} has no color that wakes it. Write "
                "@w[...].task(color) above the function"
            )
        return bind(self, color, data_dependent, caller())

    def host_in(self, color: Any, data: Any, edge: Port | None = None) -> None:
        """Let the host send ``data`` on ``color`` into these PEs' routers, over the wafer's edge.

        ``data`` has the shape of the region, in its order, and the wavelets of each PE last; a
        region of one row or column may leave its axis out. Numbers too large for a float32, which
        a wavelet carries, become infinite. ``edge`` is the port by which the wavelets come, found
        by itself where the region lies on one edge only. The host serves the links of all its
        streams in turn, as many a cycle as the chip's I/O carries.
        """
        from .hosts import host_in

        self.wafer.not_in_task("host_in")
        host_in(self, color, data, edge, caller())

    def host_out(self, color: Any, n: int, edge: Port | None = None) -> np.ndarray:
        """Let the host take ``n`` wavelets of ``color`` from each of these PEs' routers.

        Gives an array of the region's shape and n, which the next run fills; see `host_in`.
        """
        from .hosts import host_out

        self.wafer.not_in_task("host_out")
        return host_out(self, color, n, edge, caller())

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(
            f"a region has no {name!r}; it has route, mov, add, mul, max, mac, task, host_in and "
            "host_out"
        )

    def _record(self, kind: str, inputs: tuple[Any, ...], out: Any, n: Any, beside: bool) -> None:
        self.wafer.not_in_task(kind, f"Use pe.{kind}(...)")
        if any(isinstance(item, Wavelet) for item in (*inputs, out)):
            raise ProgramError(
                f"{kind}: the wavelet that woke a task is there only while its task runs. Let the "
                "task keep it in memory, pe.mov(wavelet, out=x), and use that"
            )
        self.wafer.recorded += self.operations(kind, inputs, out, n, beside)

    def operations(
        self, kind: str, inputs: tuple[Any, ...], out: Any, n: Any, beside: bool
    ) -> list[Operation]:
        """The operation asked for, checked; one for each parity of lines if colors alternate."""
        if out is None:
            raise ProgramError(
                f"{kind}: out= is missing; say where the result goes, out=x or out=fabout(color)"
            )
        wafer, line = self.wafer, caller()
        given = [operand(item, wafer) for item in inputs[: INPUTS[kind]]]
        given.append(operand(out, wafer, is_out=True))
        for item in given:
            if isinstance(item, Part):
                item.check_within(self.where)
        count = element_count(kind, given, n)
        backwards = self.backwards if n is not None else ()
        counts = per_pe(count, self.where, backwards, wafer.shape, kind)
        colors = [item.color for item in given if isinstance(item, (FabIn, FabOut))]
        found = []
        for parities, where in self.split(alternating_parities(colors)):
            *sources, result = [
                replace(item, color=plain_color(item.color, parities, wafer))
                if isinstance(item, (FabIn, FabOut))
                else item
                for item in given
            ]
            operation = Operation(
                kind, where, tuple(sources), result, counts, compute_dtype(given), line, beside
            )
            check(operation)
            found.append(operation)
        return found

    def split(self, axes: list[int]) -> list[tuple[dict[int, int], Any]]:
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


def plain_color(color: Any, parities: dict[int, int], wafer: Any) -> Color:
    """The one color meant on lines of those parities, checked to be the wafer's own."""
    if isinstance(color, Alternating):
        color = color.at(parities[color.axis])
    if not isinstance(color, Color):
        raise ProgramError(f"color {color!r}: expected what w.color(...) gave")
    if color.number >= len(wafer.colors) or wafer.colors[color.number] is not color:
        raise ProgramError(
            f"color {color.name!r} belongs to another wafer; make it on this one, "
            f"w.color({color.name!r})"
        )
    return color
