"""A program as plain data, and back: what a trace holds of it beside what happened.

Memory has a name and a shape there, but no values. Numbers and strings stand in dicts and lists,
numbers of each PE in arrays of the wafer's shape.
"""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

import numpy as np

from ..color import Color
from ..hosts import HostStream
from ..memory import Memory, Part, number_type
from ..operations import FabIn, FabOut, Operation, Wavelet
from ..ports import PORTS
from ..program import Program
from ..rules import Rules
from ..tasks import Task
from ..wires import Wires
from ..written import Written


def describe(program: Program) -> dict[str, Any]:
    """All of a program but the values in its memory."""
    numbers = {operation: number for number, operation in enumerate(program.operations)}
    return {
        "rules": asdict(program.rules),
        "wires": {"east": program.wires.east, "south": program.wires.south},
        "memories": [
            {"name": name, "shape": list(array.shape[2:]), "dtype": str(array.dtype)}
            for name, array in program.memories.items()
        ],
        "colors": [
            {
                "name": color.name,
                "entries": [entry.copy() for entry in color.entries],
                "exits": [exits.copy() for exits in color.exits],
            }
            for color in program.colors
        ],
        "operations": [_operation(one, numbers) for one in program.operations],
        "tasks": [
            {
                "name": task.name,
                "line": task.line,
                "source": task.line.text,
                "color": task.color.number,
                "where": _where(task.where),
                "operations": [numbers[one] for one in task.operations],
            }
            for task in program.tasks
        ],
        "hosts": [
            {
                "text": str(stream),
                "line": stream.line,
                "source": stream.line.text,
                "color": stream.color.number,
                "edge": stream.edge.number,
                "is_in": stream.is_in,
                "places": [list(map(int, place)) for place in stream.places],
                "wavelets": stream.data.shape[-1],
            }
            for stream in program.hosts
        ],
    }


def _operation(operation: Operation, numbers: dict[Operation, int]) -> dict[str, Any]:
    n = operation.n
    return {
        "text": str(operation),
        "line": operation.line,
        "source": operation.line.text,
        "kind": operation.kind,
        "where": _where(operation.where),
        "inputs": [_operand(item) for item in operation.inputs],
        "out": None if operation.out is None else _operand(operation.out),
        "n": n.copy() if np.ndim(n) else int(n),
        "dtype": operation.dtype,
        "microthread": operation.microthread,
        "when": None if operation.when is None else numbers[operation.when],
        "reads": [color.number for color in operation.reads],
        "sends": None if operation.sends is None else operation.sends.number,
    }


def _where(where: Any) -> Any:
    if isinstance(where, np.ndarray):
        return {"mask": where.copy()}
    return {"slices": [[axis.start, axis.stop, axis.step] for axis in where]}


def _operand(item: Any) -> dict[str, Any]:
    if isinstance(item, Part):
        return {"memory": item.memory.name, "key": [_key(one) for one in item.key]}
    if isinstance(item, FabIn):
        return {"fabin": item.color.number}
    if isinstance(item, FabOut):
        return {"fabout": item.color.number, "advance": item.advance}
    if isinstance(item, Wavelet):
        return {"wavelet": True}
    return {"number": item if math.isfinite(item) else str(item)}


def _key(item: Any) -> Any:
    if isinstance(item, slice):
        ends = (item.start, item.stop, item.step)
        return [np.array(end) if np.ndim(end) else _whole(end) for end in ends]
    return "..." if item is Ellipsis else int(item)


def _whole(end: Any) -> int | None:
    return None if end is None else int(end)


def program_of(description: dict[str, Any], shape: tuple[int, int]) -> Program:
    """The program that `describe` was given, with memory that holds zeros and takes no room."""
    memories = {}
    for one in description["memories"]:
        zeros = np.broadcast_to(np.zeros((), number_type(one["dtype"])), (*shape, *one["shape"]))
        memories[one["name"]] = Memory(one["name"], zeros)
    colors = []
    for number, one in enumerate(description["colors"]):
        color = Color(one["name"], number, shape)
        color.entries, color.exits = one["entries"], one["exits"]
        colors.append(color)

    def operand(data: Any) -> Any:
        if data is None:
            return None
        if "memory" in data:
            return Part(memories[data["memory"]], tuple(key(one) for one in data["key"]))
        if "fabin" in data:
            return FabIn(colors[data["fabin"]])
        if "fabout" in data:
            return FabOut(colors[data["fabout"]], data["advance"])
        return Wavelet() if "wavelet" in data else float(data["number"])

    def key(data: Any) -> Any:
        if isinstance(data, list):
            return slice(*data)
        return Ellipsis if data == "..." else data

    def where(data: Any) -> Any:
        return data["mask"] if "mask" in data else tuple(slice(*axis) for axis in data["slices"])

    def written(data: Any) -> Written:
        return Written(data["line"], data.get("source", ""))

    operations: list[Operation] = []
    for one in description["operations"]:
        when = None if one["when"] is None else operations[one["when"]]
        inputs = tuple(operand(item) for item in one["inputs"])
        operations.append(
            Operation(
                one["kind"], where(one["where"]), inputs, operand(one["out"]), one["n"],
                one["dtype"], written(one), one["microthread"], when,
            )
        )  # fmt: skip
    tasks = [
        Task(
            colors[one["color"]], where(one["where"]), [operations[i] for i in one["operations"]],
            one["name"], written(one),
        )
        for one in description["tasks"]
    ]  # fmt: skip
    hosts = []
    for one in description["hosts"]:
        places = [(row, column) for row, column in one["places"]]
        data = np.broadcast_to(np.float32(0), (len(places), one["wavelets"]))
        lines = list(range(len(places)))
        color, edge = colors[one["color"]], PORTS[one["edge"]]
        stream = HostStream(color, edge, places, lines, data, one["is_in"], written(one))
        hosts.append(stream)
    arrays = {name: memory.array for name, memory in memories.items()}
    given = description["rules"]  # a file may be older than the mixed rate, which was float32's
    rules = Rules(**{"mixed_macs": given["fp32_macs"], **given})
    wires = Wires(shape, **description.get("wires", {}))
    return Program(shape, rules, colors, operations, arrays, tasks, hosts, wires)
