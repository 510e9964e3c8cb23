"""Traces in files: JSON, the arrays in it as base64; see ``docs/trace.md``."""

from __future__ import annotations

import base64
import gzip
import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..memory import number_type
from .cells import DOING, Cells
from .description import program_of
from .recorder import WAVELET
from .trace import SCHEMA, VERSION, Kept

if TYPE_CHECKING:
    from .trace import Trace


def write(trace: Trace, path: Path) -> None:
    """Write a trace to a file, compressed if its name ends in ".gz"."""
    text = json.dumps(content(trace), default=_encode, allow_nan=False)
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode(), 6))
    else:
        path.write_text(text, encoding="utf-8")


def content(trace: Trace) -> dict[str, Any]:
    """A trace as dicts, lists, numbers, strings and arrays."""
    cells = trace.cells
    wavelets = trace.wavelets
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "shape": list(trace.shape),
        "rows": [cells.rows.start, cells.rows.stop],
        "columns": [cells.columns.start, cells.columns.stop],
        "first": trace.first,
        "last": trace.last,
        "cycles": trace.end_cycle,
        "full": trace.full,
        "end": trace.end,
        "error": trace.error,
        "program": trace.description,
        "doing": list(DOING),
        "sections": {name: list(section) for name, section in cells.sections.items()},
        "nodes": {"color": cells.color.astype("<u1"), "pe": cells.pes[cells.pe].astype("<u4")},
        "frames": {
            "cycles": [cycle for cycle, _ in trace._keys],
            "cells": np.array([whole for _, whole in trace._keys]),
        },
        "changes": _joined(trace._changes, ("cell", "xor")),
        "wavelets": {name: wavelets[name] for name in WAVELET.names or ()},
        "memory": {
            "initial": {
                name: kept.initial.view(f"<u{kept.initial.itemsize}")
                for name, kept in trace.memories.items()
            },
            "writes": _joined(trace._writes, ("pe", "at", "xor")),
        },
        "usage": trace.usage,
    }


def _joined(arrays: list[np.ndarray], names: tuple[str, ...]) -> dict[str, np.ndarray]:
    """Arrays with a row for each name end to end, and where each of them ends."""
    rows = np.concatenate([np.zeros((len(names), 0), np.uint32), *arrays], axis=1)
    ends = np.cumsum([0, *(array.shape[1] for array in arrays)])[1:]
    return {"ends": ends.astype("<u4"), **dict(zip(names, rows, strict=True))}


def _parted(data: dict[str, np.ndarray], names: tuple[str, ...]) -> list[np.ndarray]:
    rows = np.array([data[name] for name in names], np.uint32)
    return np.split(rows, data["ends"][:-1].astype(np.int64), axis=1) if len(data["ends"]) else []


def read(trace: Trace, path: Path) -> Trace:
    """Fill an empty trace from a file that `write` wrote."""
    raw = path.read_bytes()
    text = gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
    try:
        data = json.loads(text, object_hook=_decode)
        schema, version = data["schema"], int(data["version"])
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} is not a trace: {error!r}") from None
    if schema != SCHEMA or version > VERSION:
        raise ValueError(
            f"{path} is {schema!r} of version {version}; expected {SCHEMA!r} up to {VERSION}"
        )
    trace.description, rows, columns = data["program"], data["rows"], data["columns"]
    shape = (data["shape"][0], data["shape"][1])
    trace.cells = Cells(program_of(trace.description, shape), range(*rows), range(*columns))
    trace.first, trace.end_cycle, trace.full = data["first"], data["cycles"], data["full"]
    trace.end, trace.error, trace.usage = data["end"], data["error"], data["usage"]
    trace._keys = list(zip(data["frames"]["cycles"], data["frames"]["cells"], strict=True))
    trace._changes = _parted(data["changes"], ("cell", "xor"))
    wavelets = np.zeros(len(data["wavelets"]["value"]), WAVELET)
    for name in WAVELET.names or ():
        wavelets[name] = data["wavelets"][name]
    trace._wavelets = [wavelets]
    trace._writes = _parted(data["memory"]["writes"], ("pe", "at", "xor"))
    start = 0
    for one in trace.description["memories"]:
        if (bits := data["memory"]["initial"].get(one["name"])) is not None:
            initial = bits.view(number_type(one["dtype"]))
            trace.memories[one["name"]] = Kept(tuple(one["shape"]), start, initial)
            start += math.prod(one["shape"])
    trace._position = trace.first
    return trace


def _encode(item: Any) -> Any:
    if isinstance(item, np.ndarray):
        little = np.ascontiguousarray(item, item.dtype.newbyteorder("<"))
        return {
            "dtype": little.dtype.str.lstrip("<|"),
            "shape": list(item.shape),
            "base64": base64.b64encode(little.tobytes()).decode("ascii"),
        }
    if isinstance(item, np.generic):
        return item.item()
    raise TypeError(f"{type(item).__name__} has no place in a trace file")


def _decode(data: dict[str, Any]) -> Any:
    if data.keys() != {"dtype", "shape", "base64"}:
        return data
    raw = base64.b64decode(data["base64"])
    little = np.frombuffer(raw, np.dtype(data["dtype"]).newbyteorder("<"))
    return little.astype(little.dtype.newbyteorder("=")).reshape(data["shape"])
