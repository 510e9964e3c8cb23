"""The foundry: a disc of silicon with its defects, cut into dies or kept whole and repaired.

    >>> disc = Disc()
    >>> points = defects(disc, per_mm2=0.001, seed=1)
    >>> dice(disc, 28.5, 28.5, points)               # cut up: what a maker of GPUs has
    <68 dies of 28.5 x 28.5 mm: 27 good, 41 with defects>
    >>> dead = dead_cores(points, (1172, 828), 215, 215)     # kept whole, with 66 spare columns
    >>> repair(dead, columns=762)
    <repair by rows: 1172 x 762 of 1172 x 828 cores, 1 spare column of 66 used, longest link 2>

A repaired grid is a wafer like any other, with some longer links:
``wselab.Wafer(*found.shape, wires=found.wires)``.
"""

from .cores import Dead, dead_cores
from .defects import defects
from .dicing import Diced, cost_per_good_mm2, dice, simulate_yield
from .disc import Disc
from .repair import Repair, Unrepairable, Wires, repair, spares_needed
from .yields import (
    FORMULAS,
    bose_einstein,
    murphy,
    negative_binomial,
    partial_good,
    poisson,
    seeds,
)

__all__ = [
    "FORMULAS", "Dead", "Diced", "Disc", "Repair", "Unrepairable", "Wires", "bose_einstein",
    "cost_per_good_mm2", "dead_cores", "defects", "dice", "murphy", "negative_binomial",
    "partial_good", "poisson", "repair", "seeds", "simulate_yield", "spares_needed",
]  # fmt: skip
