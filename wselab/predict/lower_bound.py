"""The lower bound of the published model of a reduce."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from ..specs import WSE2, Chip
from .inputs import constant, whole


def reduce_lower_bound(
    *, pes: int, wavelets: int, chip: Chip = WSE2, ramp_latency: int | None = None
) -> float:
    """Cycles that a reduce along a row cannot beat, by the published model.

    ``min over D of B E(P, D) / (P - 1) + P - 1 + D (2 T_R + 1)``: the energy E(P, D) is the least
    number of hops of a single wavelet's reduce over P PEs in which a sum is handed over at most D
    times in turn. The links share it, the farthest value has P - 1 hops, and each hand-over costs
    two ramps. The energy comes from a dynamic program: the last child has s of r PEs, its sum is
    handed over at most D - 1 times before, and travels r - s hops.

    It bounds what that model says of a reduce, not what the rules of the emulator allow. The model
    adds the way to the load of the links, as if all links were idle until the first wavelet has
    come all the way; here the far ones can be done with their work while the near ones have not
    begun. So "best" can be below the bound, by a sixth at most for vectors of 8 values and more
    (512 PEs with 64 values each: 668 cycles, the bound 753), and agrees with it where the bound is
    that of a chain.

    Parameters
    ----------
    pes : int
        P, PEs in the row.
    wavelets : int
        B, values of a vector.
    chip : wselab.specs.Chip
        Whose constants are taken.
    ramp_latency : int, optional
        T_R in cycles, instead of the chip's.

    Raises
    ------
    ValueError
        A size is not a whole number of at least 1.

    References
    ----------
    Luczynski et al., "Near-Optimal Wafer-Scale Reduce", HPDC 2024, arXiv:2404.15888 (lower bound).

    Examples
    --------
    >>> reduce_lower_bound(pes=512, wavelets=4096)  # the bound of a chain: no tree is better
    7162.0
    >>> round(reduce_lower_bound(pes=512, wavelets=256))
    1162
    """
    pes, wavelets = whole(pes=pes, wavelets=wavelets)
    t_r = constant(chip, "ramp_latency_cycles", "ramp_latency", ramp_latency, least=1)
    if pes == 1:
        return float(wavelets)
    energy = least_energy(1 << (pes - 1).bit_length())[pes, 1:pes]
    hand_overs = np.arange(1, pes)
    cycles = wavelets * energy / (pes - 1) + pes - 1 + hand_overs * (2 * t_r + 1)
    return float(cycles.min())


@lru_cache(maxsize=2)
def least_energy(pes: int) -> np.ndarray:
    """E[r, d]: hops of a reduce over r PEs up to ``pes``, of at most d hand-overs in turn.

    >>> least_energy(4)[4, 1:]  # a star 1 + 2 + 3, a tree 1 + 1 + 2, a chain 1 + 1 + 1
    array([6, 4, 3])
    """
    never = pes * pes  # more than any tree takes
    energy = np.full((pes + 1, pes), never)
    energy[1] = 0
    for r in range(2, pes + 1):
        s = np.arange(1, r)
        best = (energy[1:r, :-1] + energy[r - 1 : 0 : -1, 1:] + (r - s)[:, None]).min(axis=0)
        energy[r, 1:] = np.minimum.accumulate(best)
    return energy
