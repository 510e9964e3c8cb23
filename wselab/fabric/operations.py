"""Operations: what a PE does, element by element, with memory, numbers and streams."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from .color import Alternating, Color
from .conditions import COMPARISONS, Comparable
from .errors import ProgramError
from .memory import Memory, Part
from .rules import Rules
from .written import Written

INPUTS = {"mov": 1, "add": 2, "mul": 2, "max": 2, "mac": 3}
ADVANCES = ("own", "path")


@dataclass(frozen=True)
class FabIn:
    """The stream that arrives at a PE's ramp on a color; see `fabin`."""

    color: Any

    def __repr__(self) -> str:
        return f"fabin({self.color.word})"


@dataclass(frozen=True)
class FabOut:
    """The stream that a PE sends on a color; see `fabout`."""

    color: Any
    advance: str | None = None

    def __repr__(self) -> str:
        how = f", advance={self.advance!r}" if self.advance else ""
        return f"fabout({self.color.word}{how})"


class Wavelet(Comparable):
    """The value of the wavelet that woke a task: an operand of the task's operations."""

    pes = "pe"

    def __repr__(self) -> str:
        return "wavelet"


def fabin(color: Any) -> FabIn:
    """The stream that arrives at each PE's ramp on ``color``, one value a wavelet: an input."""
    return FabIn(_streamed("fabin", color))


def fabout(color: Any, advance: str | None = None) -> FabOut:
    """The stream that each PE sends on ``color``, one value a wavelet: for ``out=``.

    ``advance`` makes the last wavelet of the operation a control wavelet, which advances switches:
    "own" that of the PE's own router, "path" that of every router it passes. It is the last that
    follows a router's position; what enters the queue behind it follows the next.
    """
    if advance is not None and advance not in ADVANCES:
        raise ProgramError(f"fabout(advance={advance!r}): expected one of {ADVANCES}, or None")
    return FabOut(_streamed("fabout", color), advance)


def _streamed(what: str, color: Any) -> Any:
    if not isinstance(color, (Color, Alternating)):
        raise ProgramError(f"{what}({color!r}): expected a color, as w.color(...) gives it")
    return color


@dataclass(frozen=True, eq=False)
class Operation:
    """One recorded operation of a set of PEs.

    ``where`` indexes arrays of the wafer's shape; ``inputs`` are `Part`, `float` or `FabIn` (for
    "mac": the two factors, then what the product is added to); ``out`` is `Part` or `FabOut`;
    ``n`` counts elements, one number or an array of the wafer's shape; ``dtype`` is the type that
    it computes in; ``line`` says where it was written. A ``microthread`` runs beside the operations
    written after it. In a task, a ``kind`` of `COMPARISONS` notes whether the comparison holds, and
    an operation with ``when`` is done only where that comparison was last found to hold.
    """

    kind: str
    where: Any
    inputs: tuple[Any, ...]
    out: Any
    n: Any
    dtype: str
    line: Written
    microthread: bool = False
    when: Operation | None = None

    @cached_property
    def reads(self) -> tuple[Color, ...]:
        """The colors it takes wavelets from."""
        return tuple(item.color for item in self.inputs if isinstance(item, FabIn))

    @cached_property
    def sends(self) -> Color | None:
        """The color it sends on, if any."""
        return self.out.color if isinstance(self.out, FabOut) else None

    @property
    def on_fabric(self) -> bool:
        """Whether it takes or sends wavelets; if not, its length in cycles is known."""
        return bool(self.reads) or self.sends is not None

    @property
    def present(self) -> Any:
        """Where it has elements, as an index of arrays of the wafer's shape; None where nowhere."""
        if np.ndim(self.n) == 0:
            return self.where if self.n else None
        there = np.zeros(self.n.shape, bool)
        there[self.where] = self.n[self.where] > 0
        return there

    def counts(self, shape: tuple[int, int]) -> np.ndarray:
        """Elements that each PE of the wafer handles, 0 where the operation is not."""
        counts = np.zeros(shape, np.int64)
        counts[self.where] = self.n if np.ndim(self.n) == 0 else self.n[self.where]
        return counts

    @cached_property
    def mixed(self) -> bool:
        """Whether it multiplies two memories of one 16-bit type and adds up in float32."""
        types = [item.dtype if isinstance(item, Part) else "" for item in self.inputs[:2]]
        same_16_bits = types[0] == types[-1] and types[0] in ("float16", "bfloat16")
        return self.kind == "mac" and self.dtype == "float32" and same_16_bits

    def cycles(self, n: Any, rules: Rules) -> Any:
        """Cycles that ``n`` elements take where nothing is waited for."""
        if self.on_fabric:
            return n
        return rules.startup + -(-n // rules.rate(self.kind, self.dtype, self.mixed))

    def __repr__(self) -> str:
        inputs = [str(item) for item in self.inputs]
        if self.kind == "mac":
            acc = inputs.pop()
            inputs += [] if acc == str(self.out) else [f"acc={acc}"]
        if self.kind in COMPARISONS:
            return f"where({f' {self.kind} '.join(inputs)})"
        return f"{self.kind}({', '.join(inputs)}, out={self.out})"


def conflict(one: Operation, other: Operation) -> Any:
    """Whether two operations of a PE must not run side by side: a bool, or an array of one a PE.

    They take from or send on the same color, or one writes memory that the other uses.
    """
    if set(one.reads) & set(other.reads) or (one.sends and one.sends is other.sends):
        return True
    result: Any = False
    for a, b in ((one, other), (other, one)):
        if isinstance(a.out, Part):
            for item in (*b.inputs, b.out):
                if isinstance(item, Part):
                    result = result | item.shares(a.out)
    return result


def operand(item: Any, wafer: Any, is_out: bool = False) -> Any:
    """``item`` as an operand of ``wafer``, or an error that says what one is."""
    if isinstance(item, Memory):
        item = item.own
    if isinstance(item, Part):
        if wafer.memories.get(item.memory.name) is not item.memory:
            name = item.memory.name
            raise ProgramError(
                f"{item}: this memory belongs to another wafer; make it on this one, "
                f"w.memory({name!r}, ...)"
            )
        if is_out and not item.memory.array.flags.writeable:
            raise ProgramError(f"out={item}: its data= array is read-only; give a copy of it")
        return item
    if isinstance(item, FabOut if is_out else (FabIn, Wavelet)):
        return item
    if isinstance(item, (FabIn, FabOut)):
        raise ProgramError(f"{item}: read with fabin(color), send with out=fabout(color)")
    if isinstance(item, np.ndarray) and item.ndim:
        raise ProgramError(
            f"an array of shape {item.shape} as an operand: it is the host's, as x[...] and x * 2 "
            "are. Each PE's own data is x, or a part of it, x.own[1:-1]; to compute on the wafer "
            "use w[...].mul(x, 2.0, out=...)"
        )
    if is_out:
        raise ProgramError(f"out={item!r}: expected memory, a part of it, or fabout(color)")
    if isinstance(item, (int, float, np.integer, np.floating)) and not isinstance(item, bool):
        return float(item)
    hint = "; a wavelet carries a number, try 1.0 or 0.0" if isinstance(item, bool) else ""
    raise ProgramError(
        f"operand {item!r}: expected memory, x.own[...], a number, or fabin(color){hint}"
    )


def check(operation: Operation) -> None:
    """Refuse what a PE cannot do in one operation."""
    colors = operation.reads
    if len(set(colors)) < len(colors):
        raise ProgramError(
            f"{operation}: takes two wavelets of one color in a cycle. Take some into memory "
            "first, mov(fabin(color), out=y), then use y"
        )
    parts = [item for item in operation.inputs if isinstance(item, Part)]
    if isinstance(operation.out, Part):
        for part in parts:
            if not part.is_same(operation.out) and _anywhere(part.shares(operation.out), operation):
                raise ProgramError(
                    f"{operation}: {part} and out={operation.out} overlap without being the same, "
                    "which in hardware is a recurrence; use another memory for the result"
                )
    if operation.microthread and not operation.on_fabric:
        raise ProgramError(
            f"{operation}: a microthread waits for wavelets while the PE does something else; an "
            "operation on memory alone has nothing to wait for. Leave microthread=True out"
        )


def _anywhere(shared: Any, operation: Operation) -> bool:
    return bool(np.any(shared[operation.where] if np.ndim(shared) else shared))


def element_count(kind: str, operands: list[Any], n: Any) -> Any:
    """Elements that an operation handles: what its operands hold, or ``n`` where none does."""
    parts = [item for item in operands if isinstance(item, Part)]
    lengths = {str(part): part.length for part in parts if part.shape}
    length = next(iter(lengths.values())) if lengths else None
    if any(not np.array_equal(other, length) for other in lengths.values() if length is not None):
        table = ", ".join(f"{name} holds {_count(one)}" for name, one in lengths.items())
        raise ProgramError(f"{kind}: the lengths differ: {table}; expected the same everywhere")
    out = operands[-1]
    counts = np.asarray(n if n is not None else length if length is not None else 1)
    if isinstance(out, Part) and not out.shape and counts.dtype.kind in "iu" and (counts > 1).any():
        raise ProgramError(
            f"{kind}: out={out} is one value, and {counts.max()} elements would overwrite it; give "
            "a memory that holds them all, one operation an element, or a task (w[...].task), "
            "which runs once for each wavelet"
        )
    if n is None:
        if length is not None:
            return length
        if parts or any(isinstance(item, Wavelet) for item in operands):
            return 1
        raise ProgramError(f"{kind}: no operand has a length; say how many elements with n=")
    if counts.dtype.kind not in "iu" or (counts < 0).any():
        raise ProgramError(f"{kind}: n={n!r}; expected whole numbers, 0 or more")
    if lengths and (counts != length).any():
        name = next(iter(lengths))
        raise ProgramError(
            f"{kind}: n={n!r}, but {name} holds {_count(length)}; leave n out, or take a part of "
            "it, such as x.own[:20]"
        )
    return int(counts) if counts.ndim == 0 else counts


def _count(length: Any) -> str:
    return str(length) if np.ndim(length) == 0 else "a number of its own in each PE"


def compute_dtype(operands: list[Any]) -> str:
    """The type of the memory operands if all have one, else float32, which holds the others."""
    types = {item.dtype for item in operands if isinstance(item, Part)}
    return types.pop() if len(types) == 1 else "float32"


def per_pe(
    counts: Any, where: Any, backwards: tuple[int, ...], shape: tuple[int, int], kind: str
) -> Any:
    """``n`` as one number, or as an array of the wafer's shape from the region's or the wafer's."""
    if np.ndim(counts) == 0:
        return counts
    region = np.empty(shape, np.uint8)[where].shape
    full = np.zeros(shape, np.int64)
    if counts.shape == region:
        full[where] = np.flip(counts, backwards)
    elif counts.shape == shape:
        full[where] = counts[where]
    else:
        raise ProgramError(
            f"{kind}: n has shape {counts.shape}; expected one number, or one a PE: "
            f"{region} for this region or {shape} for the wafer"
        )
    return full
