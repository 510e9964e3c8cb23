"""Cycles of exchanges along a row: all-gather, scatter, all-to-all."""

from __future__ import annotations

import numpy as np

from ..specs import WSE2, Chip
from .inputs import constant, one_of, whole
from .ring import ring_ends

ALL_GATHERS = ("ring", "switches")


def all_gather_row(
    *,
    pes: int,
    wavelets: int,
    algorithm: str = "ring",
    chip: Chip = WSE2,
    ramp_latency: int | None = None,
    gap: int | None = None,
) -> int:
    """Cycles to give the vectors of a row of PEs to each of them.

    - "ring": ``P - 1`` steps of `wselab.predict.ring.ring_ends`, near ``(P - 1)(B + 2 T_R + 3)``:
      in each a PE takes a vector that the PE before it took in the step before.
    - "switches": PEs wait for the next one to have sent, so that their vectors leave one after the
      other, in either direction. One in the middle waits for half of them before both streams reach
      it, and then takes in P - 1 vectors by its ramp: ``ceil(3 (P - 1) / 2) B + 2 T_R + 2`` cycles
      for an odd P, one less for an even one. Of 2 PEs each takes one vector,
      ``B + 2 T_R + 2``; single values come as fast as routers turn, ``2 P + 2 T_R - 1``.

    A single PE has nothing to send: 0.

    Parameters
    ----------
    pes : int
        P, PEs in the row.
    wavelets : int
        B, values of a vector.
    algorithm : str
        "ring" or "switches".
    chip : wselab.specs.Chip
        Whose constants are taken.
    ramp_latency, gap : int, optional
        T_R, and the time between two operations, in cycles, instead of the chip's.

    Raises
    ------
    ValueError
        A size is not a whole number of at least 1, or there is no such algorithm.

    References
    ----------
    The rules, as above.

    Examples
    --------
    >>> [all_gather_row(pes=8, wavelets=16, algorithm=how) for how in ("ring", "switches")]
    [160, 181]
    """
    pes, wavelets = whole(pes=pes, wavelets=wavelets)
    t_r = constant(chip, "ramp_latency_cycles", "ramp_latency", ramp_latency, least=1)
    between = constant(chip, "operation_gap_cycles", "gap", gap)
    one_of(algorithm, ALL_GATHERS)
    if pes == 1:
        return 0
    if algorithm == "ring":
        one = np.full(pes, wavelets)
        return ring_ends(pes, [(one, [one])] * (pes - 1), t_r, between)
    if pes == 2:
        return wavelets + 2 * t_r + 2
    if wavelets == 1:
        return 2 * pes + 2 * t_r - 1
    return -(-3 * (pes - 1) // 2) * wavelets + 2 * t_r + 1 + pes % 2


def scatter_row(
    *,
    pes: int,
    wavelets: int,
    chip: Chip = WSE2,
    ramp_latency: int | None = None,
    gap: int | None = None,
) -> int:
    """Cycles to give each PE of a row its vector from the first: ``B (P - 1) + P - 1 + 2 T_R + 1``.

    The first PE sends one vector after the other, with a gap between them; the last is for the PE
    that is farthest. A single PE has nothing to send: 0.

    Parameters
    ----------
    pes : int
        P, PEs in the row.
    wavelets : int
        B, values for each.
    chip : wselab.specs.Chip
        Whose constants are taken.
    ramp_latency, gap : int, optional
        T_R, and the time between two operations, in cycles, instead of the chip's.

    Raises
    ------
    ValueError
        A size is not a whole number of at least 1.

    References
    ----------
    The rules, as above.

    Examples
    --------
    >>> scatter_row(pes=8, wavelets=16)
    124
    """
    pes, wavelets = whole(pes=pes, wavelets=wavelets)
    t_r = constant(chip, "ramp_latency_cycles", "ramp_latency", ramp_latency, least=1)
    between = constant(chip, "operation_gap_cycles", "gap", gap)
    if pes == 1:
        return 0
    return wavelets * (pes - 1) + between * (pes - 2) + pes - 1 + 2 * t_r + 1


def all_to_all_row(
    *,
    pes: int,
    wavelets: int,
    chip: Chip = WSE2,
    ramp_latency: int | None = None,
    startup: int | None = None,
    gap: int | None = None,
) -> int:
    """Cycles to give each PE of a row a vector from every other.

    ``P - 1`` steps of `wselab.predict.ring.ring_ends`, near
    ``B P (P - 1) / 2 + (P - 1)(2 T_R + 4)``: in step s all that has s or more columns to go is
    sent on to the next, P - s vectors from each PE, of which one stays there. Then each PE copies
    what is its own.

    Parameters
    ----------
    pes : int
        P, PEs in the row.
    wavelets : int
        B, values from each to each.
    chip : wselab.specs.Chip
        Whose constants are taken.
    ramp_latency, startup, gap : int, optional
        T_R, the start of an operation on memory, and the time between two operations, in cycles,
        instead of the chip's.

    Raises
    ------
    ValueError
        A size is not a whole number of at least 1.

    References
    ----------
    The rules, as above.

    Examples
    --------
    >>> all_to_all_row(pes=6, wavelets=16)
    290
    """
    pes, wavelets = whole(pes=pes, wavelets=wavelets)
    t_r = constant(chip, "ramp_latency_cycles", "ramp_latency", ramp_latency, least=1)
    start = constant(chip, "operation_startup_cycles", "startup", startup)
    between = constant(chip, "operation_gap_cycles", "gap", gap)
    copied = start + wavelets
    if pes == 1:
        return copied
    one = np.full(pes, wavelets)
    steps = [(one * n, [one, one * (n - 1)]) for n in range(pes - 1, 0, -1)]
    return ring_ends(pes, steps, t_r, between) + between + copied
