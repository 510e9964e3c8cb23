"""How many cycles the streamed programs take, at any size, without running them.

Everything is reckoned for a PE and an output. Where C columns of PEs share the ``io_wavelets`` of
the wafer, the host comes by every ``v = max(1, C / io_wavelets)`` cycles. A PE with n features and
t tokens takes

- a weight in ``u = 1 + startup + ceil(t / rate)`` cycles, one to take it and the rest to use it;
- the partial sums of an output in ``t``; the column that keeps them takes two streams, ``2 t + 1``
  (one cycle is lost between them), unless it is the first or the last.

So an output takes ``n u + adding`` where arithmetic is the limit, and ``n v`` where the host is.
Between them each is the limit in its turn. From the last weight of an output on, a PE takes none
for ``u + adding`` cycles. Meanwhile the host fills two queues, the router's and the PE's (on the
belt between them a weight stays only if T_R is larger than v): ``H = 2 Q`` weights are won. Then it
stands still. That a place is free it sees 2 cycles after the PE has gone on, waits up to ``v - 1``
more for its turn, sends ``n - H`` weights, v cycles apart, and the last one is ``T_R + 1`` on its
way. Added up: ``u + adding + (n - H) v + T_R + 2``. The longest of the three counts.

What remains is the way in and the waves of partial sums, which swing from one end of the rows to
the other and back: ``2 (2 T_R + 2) (C - 1)``.

>>> print(product_cycles(outputs=64, features=64, tokens=128, wafer=(8, 8)))
10,638 cycles: 10,638 to compute and 0 of waiting for wavelets, which take 512
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Any

from ..predict.inputs import MACS, check_tuple, constant, mac_rate, whole
from ..specs import WSE2, Chip
from .lanes import share

WHAT_IFS = {
    "ramp_latency": ("ramp_latency_cycles", 1),
    "queue_depth": ("queue_depth", 2),
    "startup": ("operation_startup_cycles", 0),
    "gap": ("operation_gap_cycles", 0),
    "task_wake": ("task_wake_cycles", 0),
    "io_wavelets": ("io_wavelets_per_cycle", 1),
}


@dataclass(frozen=True)
class LayerCycles:
    """What a streamed program takes: in all, if no wavelet were waited for, and for the transfer.

    ``compute_cycles`` is the program with a host that is always in time, ``transfer_cycles`` the
    host with a program that always is.
    """

    cycles: int
    compute_cycles: int
    transfer_cycles: int

    @property
    def stall_cycles(self) -> int:
        """Cycles of waiting for wavelets of the host, or for the host to take them."""
        return self.cycles - self.compute_cycles

    def __str__(self) -> str:
        return (
            f"{self.cycles:,} cycles: {self.compute_cycles:,} to compute and "
            f"{self.stall_cycles:,} of waiting for wavelets, which take {self.transfer_cycles:,}"
        )


@dataclass(frozen=True)
class Constants:
    """Of a chip, with what-ifs; see `wselab.fabric.rules`."""

    ramp_latency: int
    queue_depth: int
    startup: int
    gap: int
    task_wake: int
    io_wavelets: int
    rate: int

    @classmethod
    def of(cls, chip: Chip, dtype: str, what_if: dict[str, Any]) -> Constants:
        macs = [f"{kind}_macs" for kind in dict.fromkeys(MACS.values())]
        for given in what_if:
            if given not in (*WHAT_IFS, *macs):
                known = ", ".join([*WHAT_IFS, *macs])
                raise ValueError(f"unknown rule {given!r}; expected one of {known}")
        values = {
            one: constant(chip, where, one, what_if.get(one), least)
            for one, (where, least) in WHAT_IFS.items()
        }
        rate = mac_rate(chip, dtype, **{name: what_if.get(name) for name in macs})
        return cls(rate=rate, **values)

    @property
    def hand_over(self) -> int:
        """From a processor to its neighbour, and the addition: two ramps, a hop, a cycle."""
        return 2 * self.ramp_latency + 2

    def every(self, links: int) -> float:
        """The cycles between two turns of a link of the host."""
        return max(1.0, links / self.io_wavelets)


def product_cycles(
    *,
    outputs: int,
    features: int,
    tokens: int,
    wafer: tuple[int, int],
    dtype: str = "float32",
    chip: Chip = WSE2,
    **what_if: int,
) -> LayerCycles:
    """Cycles of `streamed_product`: weights of (outputs, features), activations of so many tokens.

    Parameters
    ----------
    outputs, features : int
        M and N, the shape of the weights.
    tokens : int
        T, all tokens in flight.
    wafer : (int, int)
        Rows and columns of PEs.
    dtype : str
        "float32" or "float16".
    chip : wselab.specs.Chip
        Whose constants are taken; ``what_if`` changes one by name: ``io_wavelets=1``.

    Raises
    ------
    ValueError
        A size is not a whole number of at least 1, or there is no such type or constant.

    References
    ----------
    The rules of the fabric. Tests hold it against stepped runs: within 3 % of those that take 1,000
    cycles or more, and 6 % from 300 on. Shorter ones, of few outputs, were up to 30 % off.

    Examples
    --------
    >>> product_cycles(outputs=64, features=64, tokens=128, wafer=(8, 8)).stall_cycles
    0
    >>> few = product_cycles(outputs=64, features=64, tokens=8, wafer=(8, 8), io_wavelets=2)
    >>> few.compute_cycles, few.cycles
    (1278, 2142)
    """
    M, R, C, n, t = sizes_of(wafer, outputs, features, tokens)
    k = Constants.of(chip, dtype, what_if)
    m = share(M, C)
    weight = 2 * k.gap + 1 + k.startup + ceil(t / k.rate)
    once = t + k.gap + (k.startup if C == 1 else 0)  # adding, for the first and the last column
    inside = max(0, min(M, m * (C - 1)) - m)  # outputs that a column between them keeps
    way = R + k.ramp_latency + 2 * k.hand_over * (C - 1)

    def total(v: float) -> int:
        held = 2 * k.queue_depth + int((k.ramp_latency - 1) / v)

        def output(adding: int) -> float:
            late = weight + adding + (n - held) * v + k.ramp_latency + 2 if n > held else 0
            return max(n * weight + adding, n * v, late)

        return round(way + (M - inside) * output(once) + inside * output(once + t + k.gap + 1))

    v = k.every(C)
    return LayerCycles(total(v), total(1.0), round(M * n * v))


def gradient_cycles(
    *,
    outputs: int,
    features: int,
    tokens: int,
    wafer: tuple[int, int],
    dtype: str = "float32",
    chip: Chip = WSE2,
    **what_if: int,
) -> LayerCycles:
    """Cycles of `streamed_gradient`; parameters as those of `product_cycles`.

    For each token of an output a PE takes a value of dY, passes it on, and uses it for n features:
    ``2 + startup + ceil(n / rate)`` cycles (with two columns 1 less); and one to begin the
    microthread that adds up and sends while the PE works on the next output. That takes ``n v``
    cycles, and at least n and one for each value of dY that leaves by the same ramp. The longer of
    the two counts, once for each output. What remains is the way: to columns that dY reaches late,
    and, when another column hands dY out, the pause of two hand-overs to the west of it.

    References
    ----------
    The rules of the fabric; tests hold it against stepped runs, within 3 %. In runs of a hundred
    cycles, with a token or two in a PE, it was up to 15 % off.

    Examples
    --------
    >>> print(gradient_cycles(outputs=16, features=32, tokens=64, wafer=(4, 4)))
    2,646 cycles: 2,646 to compute and 0 of waiting for wavelets, which take 128
    """
    M, R, C, n, t = sizes_of(wafer, outputs, features, tokens)
    k = Constants.of(chip, dtype, what_if)
    handing = min(C - 1, 2)  # a cycle to take a value of dY, one to pass it on
    token = handing * (1 + k.gap) + k.startup + ceil(n / k.rate) + k.gap
    working = t * token + 1
    handed_on = t if handing > 1 else 0
    hop = k.hand_over + handing - 1 if C > 1 else 0  # to the next column, with the taking of it
    changes = share(M, share(M, C)) - 1  # of the column that hands dY out
    way = k.ramp_latency + k.hand_over * (R - 1)

    def total(v: float) -> int:
        each = max(working, n * v, n + handed_on)
        pauses = max((C - 1) * hop, changes * max(0, working + 2 * hop - each))
        return round(way + working + (M - 1) * each + pauses + n * v)

    v = k.every(C)
    return LayerCycles(total(v), total(1.0), round(M * n * v))


def sizes_of(
    wafer: Any, outputs: int, features: int, tokens: int
) -> tuple[int, int, int, int, int]:
    """Outputs, rows, columns, features in a column, tokens in a row."""
    check_tuple("wafer", wafer, 2, "rows first: (4, 8)")
    M, N, T, R, C = whole(
        outputs=outputs, features=features, tokens=tokens, rows=wafer[0], columns=wafer[1]
    )
    return M, R, C, share(N, C), share(T, R)
