"""The bill of a step: what each program of it cost, layer by layer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

WAVELET_BYTES = 4
PHASES = ("forward", "backward", "update")


@dataclass(frozen=True)
class Launch:
    """One program of a step, as it was run.

    ``layer``, ``phase`` and ``what`` say which. ``cycles`` is what the launch took and
    ``busy_cycles`` what its busiest PE had to do; the rest it waited. ``hops`` are wavelets times
    links, ``ramps`` wavelets given to processors, ``edge_wavelets`` those that crossed the wafer's
    edge, ``engine`` the engine that ran it. ``replayed`` says that this step did not run it: values
    were computed on the host in the same order, and the cost is that of a run.
    """

    layer: str
    phase: str
    what: str
    cycles: int
    busy_cycles: int
    hops: int
    ramps: int
    edge_wavelets: int
    engine: str
    replayed: bool = False

    @property
    def name(self) -> str:
        """Layer, phase and what it does."""
        return f"{self.layer} {self.phase}: {self.what}"

    @property
    def stalled_cycles(self) -> int:
        """Cycles in which even the busiest PE waited."""
        return self.cycles - self.busy_cycles

    @property
    def fabric_bytes(self) -> int:
        """Bytes over the fabric's links, a wavelet's payload for each hop."""
        return self.hops * WAVELET_BYTES

    @property
    def edge_bytes(self) -> int:
        """Bytes over the edge of the wafer."""
        return self.edge_wavelets * WAVELET_BYTES


COUNTS = ("cycles", "busy_cycles", "hops", "ramps", "edge_wavelets")


class Bill:
    """The launches of one step or of many; ``steps_run`` and ``steps_replayed`` count the steps.

    Where neither is given it says nothing of steps: it is then what launches cost.

    >>> one = Launch("fc1", "forward", "product", 1200, 1024, 900, 800, 0, "bitplane")
    >>> bill = Bill([one, replace(one, phase="backward", cycles=2000)], steps_run=1)
    >>> bill.cycles, bill.by_layer()["fc1"]["cycles"], bill.launches[0].stalled_cycles
    (3200, 3200, 176)
    >>> print(bill + Bill([replace(one, replayed=True)], steps_replayed=1))
    layer        phase        cycles    stalled     fabric kB    edge kB
    fc1          forward       2,400        352           7.2        0.0
    fc1          backward      2,000        976           3.6        0.0
    in all                     4,400      1,328          10.8        0.0
    1 step run on the fabric, 1 replayed
    """

    def __init__(self, launches: Iterable[Launch], steps_run: int = 0, steps_replayed: int = 0):
        self.launches = list(launches)
        self.steps_run, self.steps_replayed = steps_run, steps_replayed

    @property
    def cycles(self) -> int:
        """Cycles of all launches, one after the other."""
        return sum(one.cycles for one in self.launches)

    @property
    def stalled_cycles(self) -> int:
        """Cycles in which even the busiest PE of a launch waited."""
        return sum(one.stalled_cycles for one in self.launches)

    def by_layer(self) -> dict[str, dict[str, int]]:
        """Counts of each layer, in the order in which the layers come."""
        return _grouped(self.launches, lambda one: one.layer)

    def by_phase(self) -> dict[str, dict[str, int]]:
        """Counts of each phase: forward, backward, update."""
        return _grouped(self.launches, lambda one: one.phase)

    def by_what(self) -> dict[str, dict[str, int]]:
        """Counts of each kind of program."""
        return _grouped(self.launches, lambda one: one.what)

    def __add__(self, other: Bill) -> Bill:
        return Bill(
            self.launches + other.launches,
            self.steps_run + other.steps_run,
            self.steps_replayed + other.steps_replayed,
        )

    def __str__(self) -> str:
        rows = _grouped(self.launches, lambda one: (one.layer, one.phase))
        layers = list(self.by_layer())
        order = sorted(rows, key=lambda key: (layers.index(key[0]), PHASES.index(key[1])))
        form = "{:<12} {:<10} {:>8} {:>10} {:>13} {:>10}"
        lines = [form.format("layer", "phase", "cycles", "stalled", "fabric kB", "edge kB")]
        for key, row in [*((key, rows[key]) for key in order), (("in all", ""), self.total())]:
            lines.append(
                form.format(
                    *key,
                    f"{row['cycles']:,}",
                    f"{row['cycles'] - row['busy_cycles']:,}",
                    f"{row['hops'] * WAVELET_BYTES / 1e3:,.1f}",
                    f"{row['edge_wavelets'] * WAVELET_BYTES / 1e3:,.1f}",
                )
            )
        if self.steps_run or self.steps_replayed:
            steps = f"{self.steps_run} step{'' if self.steps_run == 1 else 's'}"
            lines.append(f"{steps} run on the fabric, {self.steps_replayed} replayed")
        return "\n".join(lines)

    def stored(self) -> dict[str, Any]:
        """As plain data for a file: each different launch, and how often there was one.

        >>> one = Launch("fc1", "forward", "product", 1200, 1024, 900, 800, 0, "bitplane")
        >>> bill = Bill([one, one, one], steps_replayed=3)
        >>> Bill.restored(bill.stored()).launches == bill.launches
        True
        """
        launches = [{**asdict(one), "times": n} for one, n in Counter(self.launches).items()]
        steps = {"steps_run": self.steps_run, "steps_replayed": self.steps_replayed}
        return {"launches": launches, **steps}

    @classmethod
    def restored(cls, stored: dict[str, Any]) -> Bill:
        """The bill that was `stored`; equal launches come one after the other."""
        launches: list[Launch] = []
        for row in stored["launches"]:
            fields = {name: value for name, value in row.items() if name != "times"}
            launches += [Launch(**fields)] * row["times"]
        return cls(launches, stored["steps_run"], stored["steps_replayed"])

    def total(self) -> dict[str, int]:
        """Counts of everything."""
        return next(
            iter(_grouped(self.launches, lambda one: "").values()), dict.fromkeys(COUNTS, 0)
        )


def _grouped(launches: Iterable[Launch], key: Callable[[Launch], Any]) -> dict[Any, dict[str, int]]:
    groups: dict[Any, dict[str, int]] = {}
    for one in launches:
        row = groups.setdefault(key(one), dict.fromkeys(COUNTS, 0))
        for count in COUNTS:
            row[count] += getattr(one, count)
    return groups


def to_json(launches: Iterable[Launch]) -> list[dict[str, Any]]:
    """Launches as plain data, without the word whether they were replayed."""
    rows = [asdict(one) for one in launches]
    for row in rows:
        del row["replayed"]
    return rows


def as_replayed(launch: Launch) -> Launch:
    """The same launch, in a step that replays it."""
    return replace(launch, replayed=True)
