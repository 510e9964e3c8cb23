"""Running a program: choosing the engine, and what a run tells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .engines import bitplane, lockstep, reference
from .engines.backend import ON_GPU, xp_of
from .engines.replay import Replay
from .errors import Deadlock, ProgramError, RunError, StillRunning, Undrained
from .explain.texts import explain_deadlock, explain_limit, explain_undrained
from .explain.verify import verify
from .maps import Maps
from .price import PATIENCE_S, Clock, check, lockstep_is_quicker
from .program import Program
from .progress import Progress
from .state import Outcome
from .streams import streams
from .trace.trace import Trace

if TYPE_CHECKING:
    from .trace.stretches import Explanation

EXACT_BECAUSE = {
    "bitplane": "every cycle is stepped for every PE that can move; values follow streams whose "
    "order no timing changes",
    "lockstep": "every cycle is stepped for every PE, values and all",
    "reference": "it is the rules, one by one",
}
QUICKER = "likely to be the quicker one here, where many PEs have long lists of their own"
ENGINES = tuple(EXACT_BECAUSE)
NOTHING = "since nothing to do was written after the last run; write it again for another launch"
AS_BEFORE = (
    "  The program stays recorded: mend a route and run again, or w.discard() its operations and "
    "write them anew."
)


class Run:
    """What a launch tells.

    ``cycles``: up to and including the last element of the last operation. ``hops``: wavelets
    times links taken. ``ramps``: wavelets given to processors. ``engine``: which engine ran, and
    ``exact_because`` why its answer is that of the rules. ``trace``: what was recorded, if
    `Wafer.run` was told to.
    """

    def __init__(
        self, wafer: Any, outcome: Outcome, engine: str, exact_because: str,
        trace: Trace | None = None,
    ):  # fmt: skip
        self.chip, self.shape = wafer.chip, wafer.shape
        self.cycles, self.hops, self.ramps = outcome.cycles, outcome.hops, outcome.ramps
        self.engine, self.exact_because, self.trace = engine, exact_because, trace
        self._maps = outcome.maps

    @property
    def maps(self) -> Maps:
        """What each PE did and each link carried: `Maps`; needs ``maps=True`` or a trace."""
        if self._maps is None:
            raise ProgramError(
                "run.maps: not counted in this run. Try: w.run(maps=True), or w.run(trace=True)"
            )
        return self._maps

    def seconds(self, clock: float | None = None) -> float:
        """Seconds that the cycles take at ``clock`` Hz, the chip's clock unless given."""
        return self.cycles / (self.chip.clock_hz if clock is None else clock)

    @property
    def energy_j(self) -> tuple[float, float]:
        """Joules that the whole system draws in that time, from idle to measured mean power.

        No energy per hop or operation of a wafer-scale engine is public, so this is power x time.
        """
        seconds = self.seconds()
        most = self.chip.system_power_w
        powers = [*most] if isinstance(most, tuple) else [most]
        if "system_idle_power_w" in self.chip.facts:
            powers.append(self.chip.system_idle_power_w)
        return min(powers) * seconds, max(powers) * seconds

    def explain(self) -> Explanation:
        """Where the cycles of a traced run went: the path of what its end had to wait for.

        Prints as a text. Raises `ProgramError` where `Wafer.run` was not told to trace it all.
        """
        from .trace.stretches import explain

        return explain(self.trace)

    def __repr__(self) -> str:
        if not self.cycles:
            return f"<run: 0 cycles, {NOTHING}>"
        return (
            f"<run: {self.cycles:,} cycles, {self.hops:,} hops, {self.ramps:,} ramp deliveries, "
            f"engine {self.engine}>"
        )

    def _repr_html_(self) -> str:
        rows = {
            "cycles": f"{self.cycles:,}",
            f"time at {self.chip.clock_hz / 1e6:,.0f} MHz": f"{self.seconds() * 1e6:,.2f} µs",
            "hops": f"{self.hops:,}",
            "ramp deliveries": f"{self.ramps:,}",
            "engine": f"{self.engine}: {self.exact_because}",
        }
        cells = "".join(f"<tr><th scope='row'>{k}</th><td>{v}</td></tr>" for k, v in rows.items())
        return (
            f"<table><caption>Run on {self.shape[0]} x {self.shape[1]} PEs</caption>{cells}</table>"
        )


def run(
    wafer: Any,
    engine: str | None,
    max_cycles: int | None,
    progress: Any,
    maps: bool,
    trace: Any,
    patience: float | None,
) -> Run:
    """Run what a wafer has recorded; see `Wafer.run`."""
    if engine is not None and engine not in ENGINES:
        raise ProgramError(f"engine {engine!r}: expected one of {', '.join(ENGINES)}, or None")
    whole = isinstance(max_cycles, (int, np.integer)) and not isinstance(max_cycles, bool)
    if max_cycles is not None and (not whole or max_cycles < 0):
        raise ProgramError(f"max_cycles={max_cycles!r}: expected a whole number, 0 or more")
    program = Program.of(wafer)
    program.check()
    beyond = _beyond_bitplane(program)
    if not isinstance(trace, (Trace, bool, type(None))):
        raise ProgramError(f"trace={trace!r}: expected True, or a wse.Trace(...)")
    trace = Trace() if trace is True else None if trace is False else trace
    if trace is not None and engine not in (None, "lockstep"):
        raise ProgramError(f"engine {engine!r} records no trace; leave engine= out")
    if engine == "bitplane" and beyond:
        raise ProgramError(f"engine 'bitplane' has no {beyond}; try engine=None")
    if engine == "reference" and maps:
        raise ProgramError("maps=True: the reference engine has none; try engine='lockstep'")
    xp = xp_of(wafer.on)
    stepped = beyond or trace is not None
    sooner = not (engine or stepped) and xp is np and lockstep_is_quicker(program)
    engine = engine or ("lockstep" if stepped or sooner else "bitplane")
    if xp is not np and (engine != "bitplane" or maps):
        lacking = "maps" if maps else "traces" if trace else beyond or f"engine {engine!r}"
        raise ProgramError(f'on="gpu": the GPU has no {lacking}; try w.on = "cpu"')
    if xp is not np and any(a.dtype.name == "bfloat16" for a in program.memories.values()):
        raise ProgramError('on="gpu": CuPy has no bfloat16; try w.on = "cpu", or dtype="float16"')
    seconds = PATIENCE_S if patience is None else patience
    check(program, engine, seconds, wafer.host_bytes)
    with Progress(progress) as report:
        clock = Clock(report, seconds)
        if engine == "bitplane":
            outcome = _run_bitplane(program, max_cycles, clock, maps, xp)
        else:
            outcome = _run_stepped(program, engine, max_cycles, clock, maps, trace)
    why = EXACT_BECAUSE[engine] + (f"; the bitplane engine has no {beyond}" if beyond else "")
    why += f"; {QUICKER}" if sooner else ""
    why += "" if xp is np else f"; {ON_GPU}"
    wafer.discard()
    return Run(wafer, outcome, engine, why, trace)


def _beyond_bitplane(program: Program) -> str:
    """What a program uses that the bitplane engine has not, or ""."""
    uses = {
        "tasks": program.tasks,
        "host streams": program.hosts,
        "switches that advance": any(c.positions > 1 for c in program.colors),
    }
    return next((name for name, used in uses.items() if used), "")


def _run_stepped(
    program: Program,
    engine: str,
    max_cycles: int | None,
    clock: Clock,
    maps: bool,
    trace: Trace | None,
) -> Outcome:
    """Run on an engine that moves the values with the wavelets."""
    copy = program.on_copies()
    if engine == "reference":
        with np.errstate(all="ignore"):
            outcome = reference.simulate(copy, max_cycles, clock)
    else:
        recorder = None if trace is None else trace._recorder(program)
        outcome = lockstep.simulate(copy, max_cycles, clock, recorder=recorder, maps=maps)
    try:
        _raise_unless_clean(outcome.how, program, outcome.state, max_cycles)
    except RunError as error:
        if trace is not None:
            error.trace, trace.end, trace.error = trace, type(error).__name__, str(error)
        raise
    copy.write_back(program)
    return outcome


def _run_bitplane(
    program: Program, max_cycles: int | None, clock: Clock, maps: bool, xp: Any
) -> Outcome:
    """Run control and values apart."""
    control, how = bitplane.simulate(program, max_cycles, clock, maps, xp)
    if how != "ended" or not control.drained():
        _raise_unless_clean(how, program, control.state(), max_cycles)
    flows = [streams(program, color) for color in program.colors]
    Replay(program, flows, xp).run()
    found = control.watch.maps(control.now, flows) if control.watch else None
    hops, ramps = sum(flow.hops() for flow in flows), sum(flow.ramps() for flow in flows)
    return Outcome("ended", control.now, hops, ramps, None, found)


def _raise_unless_clean(how: str, program: Program, state: Any, max_cycles: int | None) -> None:
    kind: type[RunError]
    if how == "stuck":
        kind, text = Deadlock, explain_deadlock(program, state)
    elif how == "limit":
        kind, text = StillRunning, explain_limit(program, state, max_cycles)
    elif any(state.inside(color.number).any() for color in program.colors):
        kind, text = Undrained, explain_undrained(program, state)
    else:
        return
    miscounts = [finding for finding in verify(program) if finding.kind == "counts differ"]
    found = [f"  w.verify() says: {one}" for one in miscounts[:1] if one.mend not in text]
    raise kind("\n".join([text, *found, AS_BEFORE]), state.cycle, state)
