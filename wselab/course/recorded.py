"""A whole program as plain data, and back on a fresh wafer.

What a learner's function wrote travels as JSON from their process to the one that judges it: the
memories by name, the colors with their routes, the operations, and the tasks.

    >>> from wselab.fabric import EAST, RAMP, WEST, Wafer, fabin, fabout
    >>> w = Wafer(1, 2)
    >>> x, c = w.memory("x", 3), w.color("c")
    >>> w[0, 0].route(c, RAMP >> EAST)
    >>> w[0, 1].route(c, WEST >> RAMP)
    >>> w[0, 0].mov(x, out=fabout(c))
    >>> w[0, 1].mov(fabin(c), out=x)
    >>> fresh = rewritten(recorded(w), like=Wafer(1, 2))
    >>> fresh.memories["x"][0, 0] = [1, 2, 3]
    >>> fresh.run().cycles, fresh.memories["x"][0, 1].tolist()
    (9, [1.0, 2.0, 3.0])
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ..fabric import Wafer, fabin, fabout
from ..fabric.color import Color
from ..fabric.conditions import COMPARISONS, Condition
from ..fabric.memory import Memory, Part
from ..fabric.operations import INPUTS, FabIn, FabOut, Operation, Wavelet
from ..fabric.ports import PORTS, Route, ports_of
from ..fabric.region import Region
from ..fabric.tasks import Task, Tracing, Woken
from ..fabric.written import Written

Recorded = dict[str, Any]  # as JSON can hold it


def recorded(w: Wafer) -> Recorded:
    """What is written on a wafer. Numbers that its memories hold are left out."""
    operations = list(dict.fromkeys(o for task in w.tasks for o in task.operations))
    return {
        "memories": [[m.name, list(m.array.shape[2:]), str(m.dtype)] for m in w.memories.values()],
        "colors": [_color(color) for color in w.colors],
        "operations": [_operation(one, operations) for one in w.recorded],
        "in tasks": [_operation(one, operations) for one in operations],
        "tasks": [
            {
                "color": task.color.number,
                "where": _where(task.where),
                "operations": [operations.index(one) for one in task.operations],
                "name": task.name,
                "line": task.line,
            }
            for task in w.tasks
        ],
    }


def rewritten(program: Recorded, like: Wafer) -> Wafer:
    """The same program on a fresh wafer like ``like`` (shape, chip, rules, wires), memory zero.

    Raises ValueError, or what the wafer raises, where the data is no program: it may come from a
    stranger's process.
    """
    try:
        w = Wafer(*like.shape, chip=like.chip)
        w.rules, w.wires = like.rules, like.wires
        for name, inner, dtype in program["memories"]:
            w.memory(str(name), tuple(inner), dtype=str(dtype))
        for one in program["colors"]:
            _lay(w, w.color(one["name"]), one)
        w.recorded += [_rewritten(w, one, []) for one in program["operations"]]
        done: list[Operation] = []
        for one in program["in tasks"]:
            done.append(_rewritten(w, one, done))
        for one in program["tasks"]:
            color, where = w.colors[one["color"]], _read_where(one["where"], w.shape)
            its = [done[number] for number in one["operations"]]
            name, line = str(one["name"]), Written(str(one["line"]))
            w.tasks.append(Task(color, Region(w, where).where, its, name, line))
    except (AttributeError, IndexError, KeyError, OverflowError, TypeError) as error:
        raise ValueError(f"this is no program: {type(error).__name__}: {error}") from None
    return w


def _color(color: Color) -> dict[str, Any]:
    """Its routes: positions by position, a byte a router for the input, one for the outputs."""
    return {
        "name": color.name,
        "entries": [np.asarray(entry, np.uint8).tobytes().hex() for entry in color.entries],
        "exits": [np.asarray(exits, np.uint8).tobytes().hex() for exits in color.exits],
    }


def _lay(w: Wafer, color: Color, one: dict[str, Any]) -> None:
    """Give ``color`` its routes, routers with the same ones together."""
    read = [np.frombuffer(bytes.fromhex(text), np.uint8) for text in one["entries"] + one["exits"]]
    positions = len(one["entries"])
    if len(read) != 2 * positions or any(plane.size != w.shape[0] * w.shape[1] for plane in read):
        raise ValueError(f"color {color.name}: its routes are not those of {w!r}")
    planes = np.stack(read)
    kinds, which = np.unique(planes, axis=1, return_inverse=True)
    for number, kind in enumerate(kinds.T.tolist()):
        if not kind[0]:
            continue
        if not all(1 <= entry <= len(PORTS) for entry in kind[:positions]) or max(kind) > 31:
            raise ValueError(f"color {color.name} has no route of numbers {kind}")
        routes = [
            Route(PORTS[entry - 1], ports_of(exits))
            for entry, exits in zip(kind[:positions], kind[positions:], strict=True)
        ]
        w[which.reshape(w.shape) == number].route(color, routes)


def _where(where: Any) -> Any:
    """A region: two slices as [start, stop, step], or a mask with its bits as text."""
    if isinstance(where, np.ndarray):
        return np.packbits(where).tobytes().hex()
    return [[axis.start, axis.stop, axis.step] for axis in where]


def _read_where(where: Any, shape: tuple[int, int]) -> Any:
    if not isinstance(where, str):
        rows, columns = where
        return slice(*rows), slice(*columns)
    bits = np.frombuffer(bytes.fromhex(where), np.uint8)
    return np.unpackbits(bits, count=shape[0] * shape[1]).astype(bool).reshape(shape)


def _operation(operation: Operation, before: list[Operation]) -> dict[str, Any]:
    """An operation; ``before`` are those of tasks, of which one may be its condition."""
    return {
        "kind": operation.kind,
        "where": _where(operation.where),
        "inputs": [_operand(item) for item in operation.inputs],
        "out": _operand(operation.out),
        "n": np.asarray(operation.n).tolist(),
        "line": operation.line,
        "microthread": operation.microthread,
        "when": None if operation.when is None else before.index(operation.when),
    }


def _operand(item: Any) -> Any:
    """What an operation works on: a number, a stream, a part of memory, the wavelet, or None."""
    if isinstance(item, FabIn):
        return {"fabin": item.color.number}
    if isinstance(item, FabOut):
        return {"fabout": item.color.number, "advance": item.advance}
    if isinstance(item, Part):
        return {"memory": item.memory.name, "own": [_key(one) for one in item.key]}
    if isinstance(item, Wavelet):
        return "wavelet"
    return None if item is None else float(item)


def _key(item: Any) -> Any:
    if isinstance(item, slice):
        ends = (item.start, item.stop, item.step)
        return [None if end is None else np.asarray(end).tolist() for end in ends]
    return "..." if item is Ellipsis else int(item)


def _rewritten(w: Wafer, one: dict[str, Any], before: list[Operation]) -> Operation:
    """One operation, written on ``w`` by its own words, so that what they refuse is refused."""
    region = Region(w, _read_where(one["where"], w.shape))
    inputs = [_read(w, item) for item in one["inputs"]]
    out = _read(w, one["out"])
    tracing = Tracing(True, Written(str(one["line"])))
    for place, item in enumerate(inputs):
        if isinstance(item, Wavelet):
            inputs[place] = tracing.wavelet
    if one["kind"] in COMPARISONS:
        Woken(region, tracing).where(Condition(str(one["kind"]), *inputs))
        (found,) = tracing.operations
    else:
        if len(inputs) != INPUTS[one["kind"]]:
            raise ValueError(f"{one['kind']} of {len(inputs)} operands")
        parts = [item for item in (*inputs, out) if isinstance(item, Part)]
        n = None if any(part.shape for part in parts) else _count(one["n"])
        beside = bool(one["microthread"])
        (found,) = region.operations(one["kind"], tuple(inputs), out, n, beside)
    when = None if one["when"] is None else before[one["when"]]
    return replace(found, line=Written(str(one["line"])), when=when)


def _count(n: Any) -> Any:
    """Elements: one number, or an array of one a PE."""
    return np.array(n) if isinstance(n, list) else int(n)


def _read(w: Wafer, item: Any) -> Any:
    if not isinstance(item, dict):
        return Wavelet() if item == "wavelet" else item
    if "fabin" in item:
        return fabin(w.colors[item["fabin"]])
    if "fabout" in item:
        return fabout(w.colors[item["fabout"]], advance=item["advance"])
    memory: Memory = w.memories[item["memory"]]
    if not item["own"]:
        return memory.own
    return memory.own[tuple(_read_key(key) for key in item["own"])]


def _read_key(key: Any) -> Any:
    if isinstance(key, list):
        return slice(*(np.array(end) if isinstance(end, list) else end for end in key))
    return Ellipsis if key == "..." else int(key)
