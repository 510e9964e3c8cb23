"""Train one of the models of the course, for longer than a lesson: see `longer`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from .checkpoint import CheckpointError
from .longer import RUN_STEPS, STEPS, train


def main(words: list[str] | None = None) -> int:
    """``python -m wselab.streaming.training digits --steps 100 --out digits.json``."""
    parser = argparse.ArgumentParser(
        prog="python -m wselab.streaming.training", description=__doc__,
        epilog="Stopped and started again with the same --checkpoints, it goes on where it was.",
    )  # fmt: skip
    parser.add_argument("training", choices=list(STEPS))
    parser.add_argument("--steps", type=int, help="how many steps in all")
    parser.add_argument("--run-steps", type=int, help="how many of them to run on the fabric")
    parser.add_argument("--checkpoints", help="a folder for a checkpoint after every 50 steps")
    parser.add_argument("--out", type=Path, help="the record, NAME.json unless given")
    asked = parser.parse_args(words)
    name = asked.training
    steps = STEPS[name] if asked.steps is None else asked.steps
    run_steps = RUN_STEPS[name] if asked.run_steps is None else asked.run_steps
    if steps < 1 or run_steps < 0:
        parser.error(f"--steps {steps} --run-steps {run_steps}: expected at least 1 and 0")
    keep = {"checkpoint_dir": asked.checkpoints, "checkpoint_steps": 50}
    try:
        record = train(name, steps, run_steps, **(keep if asked.checkpoints else {}))
    except CheckpointError as error:
        print(error, file=sys.stderr)
        return 1
    out = asked.out or Path(f"{name}.json")
    out.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    print(
        f"{name}: loss {record['losses'][0]:.3f} to {record['losses'][-1]:.3f}, "
        f"{record['steps run']} steps run and {record['steps replayed']} replayed, "
        f"{record['cycles']:,} cycles; written to {out}"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
