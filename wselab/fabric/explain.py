"""Why something does not move: one answer for errors, checks and pictures."""

from __future__ import annotations

from typing import Any


def explain_deadlock(program, state):
    return f"deadlock in cycle {state.cycle}"

def explain_limit(program, state, max_cycles):
    return f"limit {max_cycles}"

def explain_undrained(program, state):
    return "undrained"
