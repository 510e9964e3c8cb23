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

from typing import TYPE_CHECKING, Any

import numpy as np

from ..specs import WSE2, Chip
from .color import Alternating, Color
from .engines.backend import xp_of
from .errors import ProgramError
from .memory import Memory, allocate, charge, shares
from .operations import Operation
from .price import check_host_memory, host_bytes
from .region import Region
from .rules import Rules
from .wires import Wires

if TYPE_CHECKING:
    from .explain.verify import Report
    from .hosts import HostStream
    from .run import Run
    from .tasks import Task
    from .trace.trace import Trace


class Wafer:
    """A rectangle of ``rows`` x ``columns`` PEs, row 0 north, column 0 west.

    ``chip`` (a `wselab.specs.Chip`, WSE-2 unless told otherwise) sets the largest size, the memory
    of a PE, the number of colors and the constants of the rules; these can be changed by name for
    what-if runs: ``Wafer(1, 512, ramp_latency=3)``. See `Rules` for the names. ``wires`` is a pair
    (east, south) with the lengths of links that repair made longer, see `Wires`. ``on`` is where
    its runs are computed: "cpu", with NumPy, or "gpu", with CuPy; ``w.on = "cpu"`` changes it.

    ``w[rows, columns]`` is a `Region`, which has the routes and operations: ``route``, ``mov``,
    ``add``, ``mul``, ``max``, ``mac``, ``task``, ``host_in``, ``host_out``. ``memories`` holds what
    `memory` made, by name, ``recorded`` the operations that the next run will run, ``hosts`` its
    streams to and from the host, and ``tasks`` the tasks bound to colors.

    Raises `ProgramError` where the chip has no such rectangle, or this machine no such place.
    """

    def __init__(
        self, rows: int, columns: int, chip: Any = WSE2, on: str = "cpu", wires: Any = None,
        **what_if: Any,
    ):  # fmt: skip
        for name, size in (("rows", rows), ("columns", columns)):
            if not isinstance(size, (int, np.integer)) or size < 1:
                raise ProgramError(f"Wafer: {name}={size!r}; expected a whole number, at least 1")
        if not isinstance(chip, Chip) or not hasattr(chip, "fabric_shape"):
            raise ProgramError(f"Wafer: chip={chip!r} is no wafer; try chip=wse.WSE2")
        most = chip.fabric_shape
        if rows > most[0] or columns > most[1]:
            turned = rows <= most[1] and columns <= most[0]
            mend = f"Rows come first: Wafer({columns}, {rows})" if turned else _largest(chip)
            raise ProgramError(
                f"Wafer({rows}, {columns}): a {chip.name} has {most[0]} rows x {most[1]} columns "
                f"of PEs. Try: {mend}"
            )
        self.shape = (int(rows), int(columns))
        self.chip = chip
        self.rules = Rules.of(chip, **what_if)
        self.wires = Wires.of(self.shape, wires)
        xp_of(on)  # says now what a GPU lacks, not after the program is written
        self.on = on
        self.memories: dict[str, Memory] = {}
        self.colors: list[Color] = []
        self.recorded: list[Operation] = []
        self.tasks: list[Task] = []
        self.hosts: list[HostStream] = []
        self.binding: str | None = None  # the task whose function is being called
        self.host_bytes = host_bytes()  # memory that this machine has for it,
        self._made_bytes = 0  # and what of it was asked for; data= is the caller's

    def memory(self, name: str, shape: Any = None, dtype: Any = None, data: Any = None) -> Memory:
        """Memory of that name in every PE, of ``shape`` values each, zeros at first.

        ``dtype`` is "float32", "float16" or "bfloat16", which needs the package ml_dtypes. ``data``
        adopts an array of shape ``(rows, columns, *shape)`` without a copy: the program then writes
        into the caller's array. Raises `MemoryBudgetError` where a PE would hold more than it has.

        >>> Wafer(2, 3).memory("A", (4, 5)).shape
        (2, 3, 4, 5)
        """
        _check_name("memory", name)
        if name in self.memories:
            raise ProgramError(
                f"memory {name!r} exists already; use it, w.memories[{name!r}], or choose another "
                "name"
            )

        def budget(new_bytes: int) -> None:
            charge(self.memories, name, new_bytes, self.chip.pe_memory_bytes)
            if data is None:
                new_bytes *= self.shape[0] * self.shape[1]
                check_host_memory(name, new_bytes, self._made_bytes, self.host_bytes)
                self._made_bytes += new_bytes

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
            raise ProgramError(
                f"color {name!r} exists already; use it (w.colors lists them), or choose another "
                "name"
            )

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

    def __getattr__(self, name: str) -> Any:
        if name in ("mov", "add", "mul", "max", "mac", "route", "task", "host_in", "host_out"):
            raise AttributeError(f"w.{name}: a region has it, such as w[:, :].{name}(...)")
        raise AttributeError(f"a wafer has no {name!r}")

    def run(
        self,
        engine: str | None = None,
        max_cycles: int | None = None,
        progress: Any = None,
        maps: bool = False,
        trace: Trace | bool | None = None,
        patience: float | None = None,
    ) -> Run:
        """Run what was recorded since the last run, to the end; gives a `Run`.

        ``engine`` is "reference", "lockstep" or "bitplane", chosen by itself otherwise; all give
        the same run. ``max_cycles`` ends a long run with `StillRunning`. ``progress`` is False for
        no bar, or a function of the cycle. ``maps=True`` counts what each PE did and each link
        carried (see `Run.maps`), and ``trace`` records what happens, both at some cost: True, or a
        `Trace` that says what of it. ``patience`` is how many seconds the run may take, 180 unless
        given: `TooLong` says so before it starts, where that is sure, or else then. Raises
        `Deadlock`, `Undrained` or `StillRunning`; then memory is as before, and the operations stay
        recorded: mend a route and run again, or `discard` them.
        """
        from .run import run

        self.not_in_task("w.run()")
        return run(self, engine, max_cycles, progress, maps, trace, patience)

    def verify(self) -> Report:
        """What is wrong with the recorded program, found without running it: a `Report`.

        It finds wrong routes, counts that differ, and the simpler circles of waiting. That it finds
        nothing is no proof: some circles show only when the program runs. Nor does a run that ends
        prove the answer right: operations in a wrong order may add what is not there yet. Hold the
        values against NumPy; `RunResult.explain` of a traced run shows what came after what.
        """
        from .explain.verify import verify
        from .program import Program

        return verify(Program.of(self))

    def not_in_task(self, what: str, instead: str = "Write it outside the function") -> None:
        """Refuse ``what`` in the function of a task, which says what PEs do that wake."""
        if self.binding is not None:
            raise ProgramError(
                f"{what} in task {self.binding}: the function is called once, when the task is "
                f"bound, and says with pe.mov(...) and the like what the PEs that wake will do. "
                f"{instead}"
            )

    def discard(self) -> None:
        """Forget the operations recorded since the last run; routes, tasks and memory stay."""
        self.recorded.clear()
        self.hosts.clear()

    def __repr__(self) -> str:
        rows, columns = self.shape
        return f"<wafer of {rows} rows x {columns} columns on {self.chip.name}>"


def _largest(chip: Chip) -> str:
    """The rectangle that a program gets on a chip, to say what to try.

    >>> _largest(WSE2)
    'at most Wafer(994, 750), which is what a WSE-2 gives to a program'
    """
    try:
        rows, columns = chip.user_shape
    except AttributeError:  # not known of every chip
        return "a smaller wafer"
    return f"at most Wafer({rows}, {columns}), which is what a {chip.name} gives to a program"


def _check_name(kind: str, name: Any) -> None:
    if not isinstance(name, str) or not name:
        raise ProgramError(f"{kind} {name!r}: expected a name, such as {kind[0]!r}")
