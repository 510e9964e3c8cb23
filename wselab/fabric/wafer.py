"""The wafer: PEs in rows and columns, programmed by slices.

A broadcast along each row, from the first column:

    >>> from wselab import EAST, RAMP, WEST, Wafer, fabin, fabout
    >>> w = Wafer(4, 8)                          # 4 rows, 8 columns of PEs
    >>> x = w.memory("x", 16)                    # a 16-vector in every PE
    >>> x[:, 0] = 1.0
    >>> c = w.color("c")
    >>> w[:, 0].route(c, RAMP >> EAST)           # out of the processor, eastward
    >>> w[:, 1:-1].route(c, WEST >> (RAMP, EAST))  # a copy to the processor, and on
    >>> w[:, -1].route(c, WEST >> RAMP)
    >>> w[:, 0].mov(x, out=fabout(c))
    >>> w[:, 1:].mov(fabin(c), out=x)
    >>> w.run().cycles                           # 16 wavelets, 7 links, 5 cycles of ramps
    28
"""

from __future__ import annotations

import itertools
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from ..specs import WSE2, Chip
from .color import Alternating, Color, alternating_parities
from .errors import ProgramError, RouteError
from .memory import Memory, allocate, charge, shares
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
from .rules import Rules

if TYPE_CHECKING:
    from .run import Run
    from .verify import Report


class Wafer:
    """A rectangle of ``rows`` x ``columns`` PEs, row 0 north, column 0 west.

    ``chip`` (a `wselab.specs.Chip`, WSE-2 unless told otherwise) sets the largest size, the memory
    of a PE, the number of colors and the constants of the rules; these can be changed by name for
    what-if runs: ``Wafer(1, 512, ramp_latency=3)``. See `Rules` for the names.

    ``w[rows, columns]`` is a `Region`, which has the routes and operations: ``route``, ``mov``,
    ``add``, ``mul``, ``max``, ``mac``. ``memories`` holds what `memory` made, by name, ``recorded``
    the operations that the next run will run.

    Raises `ProgramError` where the chip has no such rectangle.
    """

    def __init__(self, rows: int, columns: int, chip: Any = WSE2, **what_if: Any):
        for name, size in (("rows", rows), ("columns", columns)):
            if not isinstance(size, (int, np.integer)) or size < 1:
                raise ProgramError(f"Wafer: {name}={size!r}; expected a whole number, at least 1")
        if not isinstance(chip, Chip) or not hasattr(chip, "fabric_shape"):
            raise ProgramError(f"Wafer: chip={chip!r} is no wafer; try chip=wse.WSE2")
        most = chip.fabric_shape
        if rows > most[0] or columns > most[1]:
            turned = rows <= most[1] and columns <= most[0]
            mend = f"Rows come first: Wafer({columns}, {rows})" if turned else "a smaller wafer"
            raise ProgramError(
                f"Wafer({rows}, {columns}): a {chip.name} has {most[0]} rows x {most[1]} columns "
                f"of PEs. Try: {mend}"
            )
        self.shape = (int(rows), int(columns))
        self.chip = chip
        self.rules = Rules.of(chip, **what_if)
        self.memories: dict[str, Memory] = {}
        self.colors: list[Color] = []
        self.recorded: list[Operation] = []

    def memory(self, name: str, shape: Any = None, dtype: Any = None, data: Any = None) -> Memory:
        """Memory of that name in every PE, of ``shape`` values each, zeros at first.

        ``dtype`` is "float32" or "float16". ``data`` adopts an array of shape ``(rows, columns,
        *shape)`` without a copy: the program then writes into the caller's array. Raises
        `MemoryBudgetError` where a PE would hold more than it has.

        >>> Wafer(2, 3).memory("A", (4, 5)).shape
        (2, 3, 4, 5)
        """
        _check_name("memory", name)
        if name in self.memories:
            raise ProgramError(f"memory {name!r} exists already; use it, or choose another name")

        def budget(new_bytes: int) -> None:
            charge(self.memories, name, new_bytes, self.chip.pe_memory_bytes)

        new = allocate(name, self.shape, shape, dtype, data, budget)
        for other in self.memories.values():
            if data is not None and shares(data, other.array):
                raise ProgramError(
                    f"memory {name!r}: its data= array shares values with memory {other.name!r}; "
                    "the memories of a PE lie apart, so give a copy of it"
                )
        self.memories[name] = new
        return new

    def color(self, name: str) -> Color:
        """A new color. Numbers go up from 0; of two that ask for a port the lower goes first."""
        self._check_new_color(name)
        if len(self.colors) >= self.chip.colors:
            raise ProgramError(
                f"color {name!r}: a router has {self.chip.colors} colors and all are taken; "
                "let streams that never share a router share a color"
            )
        self.colors.append(Color(name, len(self.colors), self.shape))
        return self.colors[-1]

    def _check_new_color(self, name: Any) -> None:
        _check_name("color", name)
        if any(color.name == name for color in self.colors):
            raise ProgramError(f"color {name!r} exists already; use it, or choose another name")

    def alternating(self, first: str, second: str, by: str) -> tuple[Alternating, Alternating]:
        """Two new colors and their names from a PE's view: (mine, theirs).

        ``by="column"``: in even columns mine is ``first`` and theirs ``second``, in odd columns the
        other way round, so that what I send on mine my neighbours take from theirs. A color has
        one input a router, so a PE that takes in and sends on needs two.
        """
        if by not in ("row", "column"):
            raise ProgramError(f"alternating(by={by!r}): expected 'row' or 'column'")
        if first == second:
            raise ProgramError(f"alternating: {first!r} twice; expected two names")
        for name in (first, second):
            self._check_new_color(name)
        even, odd = self.color(first), self.color(second)
        axis = ("row", "column").index(by)
        return Alternating(even, odd, axis), Alternating(odd, even, axis)

    def __getitem__(self, key: Any) -> Region:
        return Region(self, key)

    def run(
        self, engine: str | None = None, max_cycles: int | None = None, progress: Any = None
    ) -> Run:
        """Run what was recorded since the last run, to the end; gives a `Run`.

        ``engine`` is "reference" or "bitplane", chosen by itself otherwise; both give the same
        run. ``max_cycles`` ends a long run with `StillRunning`. ``progress`` is False for no bar,
        or a function of the cycle. Raises `Deadlock`, `Undrained` or `StillRunning`; then memory
        is as before, and the operations stay recorded: mend a route and run again, or `discard`
        them.
        """
        from .run import run

        return run(self, engine, max_cycles, progress)

    def verify(self) -> Report:
        """What is wrong with the recorded program, found without running it: a `Report`."""
        from .program import Program
        from .verify import verify

        return verify(Program.of(self))

    def discard(self) -> None:
        """Forget the operations recorded since the last run; routes and memory stay."""
        self.recorded.clear()

    def __repr__(self) -> str:
        rows, columns = self.shape
        return f"<wafer of {rows} rows x {columns} columns on {self.chip.name}>"


class Region:
    """Some PEs of a wafer: ``w[rows, columns]`` by NumPy slices, or ``w[mask]``.

    ``where`` indexes any array of the wafer's shape. Empty regions are fine: they do nothing.

    Its operations handle element after element. Their operands are memory (``x``), a part of it
    (``x.own[1:-1]``), a number, or a stream, ``fabin(color)``; ``out`` is memory, a part of it, or
    ``fabout(color)``. Lengths must agree; where no operand has one, ``n`` says how many elements: a
    number, or an array with one for each PE of the region.
    """

    def __init__(self, wafer: Wafer, key: Any):
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

        >>> from wselab import RAMP, WEST
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


def _check_name(kind: str, name: Any) -> None:
    if not isinstance(name, str) or not name:
        raise ProgramError(f"{kind} {name!r}: expected a name, such as {kind[0]!r}")


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


def _plain(color: Any, parities: dict[int, int], wafer: Wafer) -> Color:
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
