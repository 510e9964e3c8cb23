"""The memory of the PEs: what the host sees as one array, and what each PE calls its own."""

from __future__ import annotations

import importlib
import math
from typing import Any

import numpy as np

from .conditions import Comparable
from .errors import MemoryBudgetError, ProgramError

DTYPES = ("float32", "float16", "bfloat16")


def number_type(dtype: Any) -> np.dtype:
    """The type of numbers that ``dtype`` names; bfloat16 is that of the package ml_dtypes.

    That package is imported when it is asked for. Raises `ProgramError` where it is missing.

    >>> number_type("bfloat16").itemsize
    2
    """
    if isinstance(dtype, str) and dtype == "bfloat16":
        try:
            importlib.import_module("ml_dtypes")  # then NumPy knows the name
        except ImportError as error:
            raise ProgramError(
                f"dtype='bfloat16': it is a type of the package ml_dtypes ({error}). Try: python "
                "-m pip install ml_dtypes; or dtype='float16'"
            ) from None
    try:
        return np.dtype(dtype)
    except TypeError:
        return np.dtype(object)


class Memory(np.lib.mixins.NDArrayOperatorsMixin):
    """A named piece of memory in every PE, an array of shape ``(rows, columns, *shape)``.

    The host reads and writes it at once, as any array: ``x[:, 0] = 1.0``, ``x[0, 0].sum()``,
    ``np.asarray(x)``. In an operation on the wafer ``x`` is each PE's own data, and ``x.own[...]``
    a part of it. Made by `Wafer.memory`.
    """

    def __init__(self, name: str, array: np.ndarray):
        self.name, self.array = name, array

    @property
    def own(self) -> Part:
        """What each PE has of it: ``x.own[1:-1]``, ``A.own[:, j]``, ``v.own[j]``."""
        return Part(self, ())

    @property
    def bytes_per_pe(self) -> int:
        """Bytes that it takes in each PE."""
        return math.prod(self.array.shape[2:]) * self.array.itemsize

    def __getitem__(self, key: Any) -> Any:
        return self.array[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        self.array[key] = value

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.array, dtype=dtype, copy=copy)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if any(isinstance(item, Comparable) for item in inputs):
            return NotImplemented  # it compares, or refuses
        plain = [item.array if isinstance(item, Memory) else item for item in inputs]
        outputs = kwargs.get("out", ())
        if outputs:
            kwargs["out"] = tuple(o.array if isinstance(o, Memory) else o for o in outputs)
        result = getattr(ufunc, method)(*plain, **kwargs)
        return outputs[0] if len(outputs) == 1 else result

    def __getattr__(self, attribute: str) -> Any:  # shape, dtype, sum(), mean(), ...
        if attribute.startswith("__") or attribute == "array":
            raise AttributeError(attribute)
        return getattr(self.array, attribute)

    def __len__(self) -> int:
        return len(self.array)

    def __repr__(self) -> str:
        shape = "x".join(map(str, self.array.shape[2:])) or "one value"
        return f"<memory {self.name}: {shape} of {self.array.dtype} in each PE>"


class Part(Comparable):
    """A part of what each PE has of a `Memory`: the operand of an operation.

    ``length`` counts its values: one number, or one a PE. ``starts`` holds where it begins in each
    PE where that differs from PE to PE, else None; both then have the wafer's shape.
    """

    def __init__(self, memory: Memory, key: tuple[Any, ...]):
        self.memory, self.key = memory, key
        self.starts: np.ndarray | None = None
        self.length: Any
        self.shape: tuple[Any, ...]
        if any(map(_differs, key)):
            self._start_by_pe()
            return
        inner = memory.array.shape[2:]
        try:
            view = np.broadcast_to(np.zeros((), memory.array.dtype), inner)[key]
        except IndexError as error:
            raise ProgramError(
                f"{memory.name}.own{_show(key)}: {error}; its shape in each PE is {inner}"
            ) from None
        self.shape = view.shape
        self.length = math.prod(self.shape)

    def _start_by_pe(self) -> None:
        memory, key = self.memory, next(filter(_differs, self.key))
        wafer, inner = memory.array.shape[:2], memory.array.shape[2:]
        ends = [np.array(0 if end is None else end) for end in (key.start, key.stop)]
        whole = all(end.dtype.kind in "iu" for end in ends) and key.stop is not None
        if len(self.key) > 1 or len(inner) != 1 or key.step is not None or not whole:
            raise ProgramError(
                f"{self}: where it begins differs from PE to PE, which needs a memory of one "
                "dimension and whole numbers: x.own[start : start + n]"
            )
        lengths = ends[1] - ends[0]
        try:
            self.starts = np.broadcast_to(ends[0], wafer)
            np.broadcast_to(lengths, wafer)
        except ValueError:
            raise ProgramError(
                f"{self}: one number a PE for the start and the stop; they have shapes "
                f"{ends[0].shape} and {ends[1].shape}, the wafer has {wafer}. They are those of "
                "the whole wafer, also for operations of a region"
            ) from None
        same = lengths.size > 0 and lengths.min() == lengths.max()
        self.length = int(lengths.flat[0]) if same else np.broadcast_to(lengths, wafer)
        self.shape = (self.length,)

    def check_within(self, where: Any) -> None:
        """Refuse starts and stops of the PEs of an index that lie outside the memory."""
        if self.starts is None:
            return
        starts = self.starts[where]
        stops = starts + (self.length[where] if np.ndim(self.length) else self.length)
        size = self.memory.array.shape[2]
        wrong = (starts < 0) | (stops < starts) | (stops > size)
        if wrong.any():
            at = tuple(np.argwhere(wrong)[0])
            raise ProgramError(
                f"{self}: a PE would use [{starts[at]}:{stops[at]}] of a memory of {size}; "
                "expected 0 <= start <= stop <= its length"
            )

    def __getitem__(self, key: Any) -> Part:
        key = key if isinstance(key, tuple) else (key,)
        if self.key:
            raise ProgramError(f"{self}: index it once, as in {self.memory.name}.own[...]")
        name = self.memory.name
        for item in key:
            if isinstance(item, np.ndarray) and item.ndim and item.dtype.kind in "iu":
                raise ProgramError(
                    f"{name}.own[S], where S is an array of shape {item.shape}: expected whole "
                    "numbers and slices. Where it begins may differ from PE to PE, as in "
                    f"{name}.own[S : S + 1]"
                )
            number = isinstance(item, (int, np.integer)) and not isinstance(item, bool)
            if not number and not isinstance(item, slice) and item is not Ellipsis:
                raise ProgramError(
                    f"{name}.own[{item!r}]: expected whole numbers and slices; "
                    "lists and masks would need more than one operation"
                )
        return Part(self.memory, key)

    def __setitem__(self, key: Any, value: Any) -> None:
        name = self.memory.name
        raise ProgramError(
            f"{name}.own[...] = ...: .own is for operations on the wafer. The host writes "
            f"{name}[row, column, ...] = ..."
        )

    @property
    def dtype(self) -> str:
        """The type of its values, "float32", "float16" or "bfloat16"."""
        return str(self.memory.array.dtype)

    def of(self, array: np.ndarray, leading: int) -> np.ndarray:
        """This part of ``array``, whose first ``leading`` axes number PEs.

        Not for a part that begins elsewhere in each PE, which is no one view.
        """
        rest = () if Ellipsis in self.key else (Ellipsis,)  # a view, also of a single value
        return array[(slice(None),) * leading + self.key + rest]

    def offsets(self) -> np.ndarray:
        """Where its values stand among those of the memory of a PE, in their order.

        Counted from ``starts`` where that is not None.
        """
        if self.starts is not None:
            return np.arange(int(np.max(self.length, initial=0)))
        inner = self.memory.array.shape[2:]
        return self.of(np.arange(math.prod(inner)).reshape(inner), 0).ravel()

    def shares(self, other: Part) -> Any:
        """Whether the two have values of one PE in common: a bool, or an array of one a PE."""
        if self.memory is not other.memory:
            return False
        if self.starts is None and other.starts is None:
            inner = np.empty(self.memory.array.shape[2:], dtype=np.uint8)
            return bool(np.shares_memory(self.of(inner, 0), other.of(inner, 0)))
        (low, high), (its_low, its_high) = self._span(), other._span()
        return (low < its_high) & (its_low < high) & (low < high) & (its_low < its_high)

    def _span(self) -> tuple[Any, Any]:
        """The first value and the one behind the last."""
        if self.starts is not None:
            return self.starts, self.starts + self.length
        offsets = self.offsets()
        return (offsets.min(), offsets.max() + 1) if len(offsets) else (0, 0)

    def is_same(self, other: Part) -> bool:
        """Whether the two name the same values in the same order."""
        if self.memory is not other.memory:
            return False
        if not np.array_equal(self.length, other.length):
            return False
        if self.starts is None or other.starts is None:
            if self.starts is not other.starts:
                return False
            return self.key == other.key or np.array_equal(self.offsets(), other.offsets())
        return np.array_equal(self.starts, other.starts)

    @property
    def written(self) -> str:
        """How it is written in a program where the memory alone would be the host's array."""
        return f"{self.memory.name}.own" + (_show(self.key) if self.key else "")

    def __repr__(self) -> str:
        return self.written if self.key else self.memory.name


def _differs(item: Any) -> bool:
    """Whether a slice begins or ends elsewhere in each PE."""
    return isinstance(item, slice) and any(np.ndim(end) for end in (item.start, item.stop))


def _show(key: tuple[Any, ...]) -> str:
    def one(item: Any) -> str:
        if not isinstance(item, slice):
            return "..." if item is Ellipsis else str(item)
        if _differs(item):
            return "start:stop, by PE"
        ends = [("" if end is None else str(end)) for end in (item.start, item.stop)]
        return ":".join(ends) + ("" if item.step is None else f":{item.step}")

    return "[" + ", ".join(one(item) for item in key) + "]"


def allocate(
    name: str, wafer: tuple[int, int], shape: Any, dtype: Any, data: Any, budget: Any
) -> Memory:
    """A new `Memory` for a wafer of that shape, from zeros or around the caller's array.

    ``budget(bytes)`` is asked, before anything is allocated, whether each PE has room for it.
    """
    if data is not None and not isinstance(data, np.ndarray):
        raise ProgramError(
            f"memory {name!r}: data is a {type(data).__name__}; expected a NumPy array, "
            "which is adopted without a copy"
        )
    if dtype is None:
        dtype = "float32" if data is None else data.dtype
    kind = number_type(dtype)
    if kind.name not in DTYPES or not kind.isnative:
        raise ProgramError(
            f"memory {name!r}: dtype {dtype}; a PE computes in {' or '.join(DTYPES)}. "
            "Try .astype(np.float32)"
        )
    if data is not None and (data.shape[:2] != wafer or data.dtype != kind):
        raise ProgramError(
            f"memory {name!r}: data has shape {data.shape} of {data.dtype}; expected "
            f"{wafer[0]} rows x {wafer[1]} columns of PEs first, and {kind.name}"
        )
    if shape is None and data is None:
        raise ProgramError(f"memory {name!r}: give a shape, such as 16 or (4, 4), or data=")
    inner = data.shape[2:] if data is not None else ()
    if shape is not None:
        inner = _inner_shape(name, shape)
        if data is not None and data.shape[2:] != inner:
            raise ProgramError(
                f"memory {name!r}: data holds {data.shape[2:]} in each PE, not {inner}; "
                "leave shape out"
            )
    budget(math.prod(inner) * kind.itemsize)
    if data is None:
        # The PEs of a column side by side: most programs pass values along rows, and a column of
        # PEs then handles its elements together (see `replay`). Results for one column take the
        # host's pages of that column alone; row by row they would take every page.
        data = np.zeros((*wafer[::-1], *inner), kind).swapaxes(0, 1)
    return Memory(name, data)


def _inner_shape(name: str, shape: Any) -> tuple[int, ...]:
    inner = shape if isinstance(shape, tuple) else (shape,)
    if any(not isinstance(size, (int, np.integer)) or size < 0 for size in inner):
        raise ProgramError(
            f"memory {name!r}: shape {shape!r}; expected a whole number or a tuple of them"
        )
    return tuple(int(size) for size in inner)


def shares(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two arrays have a value in common, or may have one that is hard to find."""
    try:
        return bool(np.shares_memory(one, other, 10_000))  # type: ignore[arg-type]
    except np.exceptions.TooHardError:
        return True


def charge(memories: dict[str, Memory], name: str, new_bytes: int, budget: int) -> None:
    """Refuse memory that a PE has no room for, with the table of what takes it."""
    table = {memory.name: memory.bytes_per_pe for memory in memories.values()} | {name: new_bytes}
    total = sum(table.values())
    if total <= budget:
        return
    lines = "\n".join(f"  {one:12} {size:>10,} bytes" for one, size in table.items())
    raise MemoryBudgetError(
        f"memory {name!r} does not fit: each PE has {budget:,} bytes and "
        f"{total:,} would be taken\n{lines}\n"
        "Spread the data over more PEs, use dtype='float16', or process it in pieces."
    )
