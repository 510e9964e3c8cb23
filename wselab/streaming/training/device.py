"""The device: a wafer laid out for training, its memory, and its launches one by one.

Activations stay where they are: tokens (a batch's rows) are spread over the rows of PEs, features
over the columns. A PE holds ``tokens`` tokens of ``ceil(features / columns)`` features, feature
after feature. Parameters belong to columns. They lie in a row of their own north of the others, the
*home row* (``weights="resident"``), or outside the wafer (``weights="streamed"``); either way they
come down the columns, are used as they pass, and are not kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from ...fabric import MemoryBudgetError, ProgramError, Wafer
from ...fabric.memory import number_type
from ...fabric.program import Program
from ...specs import WSE2
from .bill import Launch, as_replayed
from .blocks import Block, Piece, Processors
from .links import Links

WEIGHTS = ("resident", "streamed")
DTYPES = ("float32", "bfloat16", "float16", "float64")


class Device:
    """``rows`` x ``columns`` PEs that compute, and what keeps their parameters.

    ``weights="resident"`` adds a row for them; "streamed" leaves them outside, with the host.
    ``wires`` and ``what_if`` are those of `wselab.Wafer`. With ``dtype`` "bfloat16" or "float16"
    the factors of all products are rounded to that type, and multiplied at its rate; sums, and all
    else, stay float32. "float64" is a device without a wafer, which only replays: to check the
    mathematics, not the machine.

    While ``running``, a launch is recorded and run on the wafer, and its cost noted; else its
    values are computed in the same order on the host, and the cost is the one noted before, which
    does not depend on values.
    """

    def __init__(
        self, rows: int, columns: int, *, weights: str = "resident", chip: Any = WSE2,
        wires: Any = None, dtype: str = "float32", **what_if: Any,
    ):  # fmt: skip
        if weights not in WEIGHTS:
            raise ProgramError(f"weights={weights!r}: expected one of {', '.join(WEIGHTS)}")
        if dtype not in DTYPES:
            raise ProgramError(f"dtype={dtype!r}: expected one of {', '.join(DTYPES)}")
        self.shape = (rows, columns)
        self.weights = weights
        self.top = 1 if weights == "resident" else 0
        self.wafer: Wafer | None = None
        if dtype != "float64":
            self.wafer = Wafer(rows + self.top, columns, chip=chip, wires=wires, **what_if)
        self.dtype, double = dtype, dtype == "float64"
        self.number = np.float64 if double else np.float32
        self.factor = number_type(dtype)
        self.links = Links(self, self.wafer, self.top)
        region = self.wafer[self.top :] if self.wafer else None
        home = self.wafer[:1] if self.wafer and self.top else None
        self.pes = Processors(self, region, self.top)
        self.home = Processors(self, home, -1)
        self.blocks: dict[str, Block] = {}
        self.running = False
        self.costs: list[Launch] = []  # of the launches of a step, as they were run
        self.launches: list[Launch] = []  # of this step so far
        self._edge_wavelets = 0
        self._received: list[tuple[np.ndarray, Piece]] = []

    def block(self, name: str, size: int) -> Block:
        """A new block of ``size`` values in every PE."""
        if name in self.blocks:
            raise ProgramError(f"block {name!r} exists already; choose another name")
        self.blocks[name] = Block(name, size, self.number)
        return self.blocks[name]

    def scratch(self, name: str, size: int, dtype: Any = None) -> Block:
        """A block that any layer may use for a while: made as large as the largest asked for."""
        if name not in self.blocks:
            self.blocks[name] = Block(name, size, self.number if dtype is None else dtype)
        self.blocks[name].size = max(size, self.blocks[name].size)
        return self.blocks[name]

    def allocate(self, outside: Sequence[str] = ()) -> None:
        """Give every block its memory; those named ``outside`` lie with the streamed parameters.

        Raises `MemoryBudgetError` where a PE has not enough, with the table of what takes it.
        """
        rows, columns = self.shape
        for block in self.blocks.values():
            if self.wafer is None or (block.name in outside and not self.top):
                shape = (rows + self.top, columns, block.size)
                block.values = np.zeros(shape, block.dtype)
            else:
                try:
                    block.memory = self.wafer.memory(block.name, block.size, block.dtype)
                except MemoryBudgetError as error:
                    hint = ", or weights='streamed'" if self.top else ""
                    raise MemoryBudgetError(
                        f"{error}\nOf a model: use more PEs or a smaller batch{hint}."
                    ) from None
                block.values = block.memory.array
            block.pieces.clear()

    def begin(self, run: bool) -> None:
        """Begin a step, to be run on the wafer or replayed."""
        if run and self.wafer is None:
            raise ProgramError("a float64 device has no wafer to run on; it can only replay")
        if not run and self.wafer is not None and not self.costs:
            raise ProgramError("nothing was run yet whose costs a replay could take; run a step")
        self.running = run
        self.launches = []

    def end(self) -> list[Launch]:
        """End a step; gives its launches."""
        if self.running:
            self.costs = self.launches
        self.running = False
        return self.launches

    @contextmanager
    def launch(self, layer: str, phase: str, what: str) -> Iterator[None]:
        """A program: what is written inside is run at the end, or was computed already."""
        self._edge_wavelets = 0
        yield
        if self.wafer is None:
            return
        name = f"{layer} {phase}: {what}"
        if self.running:
            self.launches.append(self._run(layer, phase, what))
            return
        cost = self.costs[len(self.launches)]
        if cost.name != name:
            raise ProgramError(f"replay of {name!r}: the step that was run had {cost.name!r} here")
        self.launches.append(as_replayed(cost))

    def _run(self, layer: str, phase: str, what: str) -> Launch:
        wafer = self.wafer
        assert wafer is not None
        busy = busy_cycles(Program.of(wafer))
        run = wafer.run(progress=False)
        for values, piece in self._received:
            piece.view(-1)[0] = values
        self._received.clear()
        return Launch(
            layer, phase, what, run.cycles, busy, run.hops, run.ramps, self._edge_wavelets,
            run.engine,
        )  # fmt: skip

    def count_edge(self, piece: Piece) -> None:
        """Note that the values of a piece cross the edge, in every column, if parameters do."""
        if not self.top:
            self._edge_wavelets += len(piece) * self.shape[1]

    def receive(self, values: np.ndarray, out: Piece) -> None:
        """Let what the host takes from the edge in this launch go into a piece of the store."""
        self._received.append((values, out))


def busy_cycles(program: Program) -> int:
    """Cycles that the busiest PE is at work in its main operations, if it never waits.

    Microthreads are left out: they run beside these.
    """
    price = [
        0 if one.microthread else int(np.max(one.cycles(one.n, program.rules), initial=0))
        for one in program.operations
    ]
    return max(sum(price[number] for number in numbers) for numbers in program.schedule.lists)
