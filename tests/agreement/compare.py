"""Running one program on two engines, and saying where they differ."""

from __future__ import annotations

from typing import Any

import numpy as np

import wselab as wse


def outcome(wafer: wse.Wafer, engine: str, max_cycles: int = 20_000) -> dict[str, Any]:
    """All that two engines must agree on: a run and its memory, or how and where it failed.

    And the same of each launch that comes after, whether the first ended well or not.
    """
    first = _launch(wafer, engine, max_cycles)
    first["later"] = []
    for record in getattr(wafer, "later", []):
        wafer.discard()
        record()
        first["later"].append(_launch(wafer, engine, max_cycles))
    return first


def _launch(wafer: wse.Wafer, engine: str, max_cycles: int) -> dict[str, Any]:
    try:
        run = wafer.run(engine=engine, max_cycles=max_cycles)
    except wse.RunError as error:
        state = error.state
        parts = [state.leaving, state.queued, state.arriving, state.waiting, state.coming]
        counts = [np.stack(part).tolist() for part in parts]
        return {
            "kind": type(error).__name__,
            "cycle": error.cycle,
            "counts": counts,
            "operation": state.operation.tolist(),
            "handled": state.handled.tolist(),
            "threads": [state.threads.tolist(), state.threads_handled.tolist()],
            "positions": np.stack([*state.position_in, *state.position_out]).tolist(),
            "memory": _memory(wafer),
        }
    return {
        "kind": "ended",
        "cycles": run.cycles,
        "hops": run.hops,
        "ramps": run.ramps,
        "memory": _memory(wafer),
    }


def _memory(wafer: wse.Wafer) -> dict[str, bytes]:
    """What stands in the PEs, and what the host has taken out."""
    got = {str(i): array.tobytes() for i, array in enumerate(getattr(wafer, "got", []))}
    return got | {name: one.array.tobytes() for name, one in wafer.memories.items()}


def difference(
    wafer_of: Any,
    engines: tuple[str, str] = ("reference", "bitplane"),
    max_cycles: int = 20_000,
) -> str:
    """Where two engines differ on the program that ``wafer_of()`` makes, or ""."""
    first, second = (outcome(wafer_of(), engine, max_cycles) for engine in engines)
    differing = [key for key in first if first[key] != second.get(key)]
    shown = {key: (first[key], second.get(key)) for key in differing if key != "memory"}
    return f"{differing} {shown}" if differing or first["kind"] != second["kind"] else ""
