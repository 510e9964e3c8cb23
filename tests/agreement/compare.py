"""Running one program on two engines, and saying where they differ."""

from __future__ import annotations

from typing import Any

import numpy as np

import wselab as wse


def outcome(wafer: wse.Wafer, engine: str, max_cycles: int = 20_000) -> dict[str, Any]:
    """All that two engines must agree on: a run and its memory, or how and where it failed."""
    try:
        run = wafer.run(engine=engine, max_cycles=max_cycles)
    except wse.RunError as error:
        state = error.state
        counts = [
            np.stack(part).tolist()
            for part in (state.leaving, state.queued, state.arriving, state.waiting)
        ]
        return {
            "kind": type(error).__name__,
            "cycle": error.cycle,
            "counts": counts,
            "operation": state.operation.tolist(),
            "handled": state.handled.tolist(),
            "threads": [state.threads.tolist(), state.threads_handled.tolist()],
            "positions": np.stack([*state.position_in, *state.position_out]).tolist(),
        }
    got = getattr(wafer, "got", np.zeros(0))  # what the host took out, if it did
    memory = {"": got.tobytes()} | {
        name: one.array.tobytes() for name, one in wafer.memories.items()
    }
    return {
        "kind": "ended",
        "cycles": run.cycles,
        "hops": run.hops,
        "ramps": run.ramps,
        "memory": memory,
    }


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
