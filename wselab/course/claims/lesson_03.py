"""Claims that lesson 03 decides: what a core is, and how far the next one."""

import numpy as np

from ...fabric import EAST, RAMP, WEST, Wafer, fabin, fabout
from ...specs import H100, WSE2
from .claim import Ledger, Verdict

LEDGER = Ledger("03")


@LEDGER.claim(
    "C33", "T4", "Any core reaches any other at speeds orders of magnitude above NVLink or "
    "InfiniBand.", 10, "times",
)  # fmt: skip
def any_to_any() -> Verdict:
    link = WSE2.wavelet_bits / 8 * WSE2.clock_hz
    ratio = link / H100.nvlink_bandwidth_bytes_per_s
    rows, columns = WSE2.user_shape
    hops = rows + columns - 2
    return Verdict(
        "off by a factor",
        ratio,
        f"One core to another is one link: a wavelet a cycle, {link / 1e9:.1f} GB/s at 850 MHz, "
        f"where an H100 has {H100.nvlink_bandwidth_bytes_per_s / 1e9:.0f} GB/s of NVLink. From "
        f"corner to corner it takes {hops:,} hops, {hops / WSE2.clock_hz * 1e6:.2f} µs. What is "
        "large is the sum over all cores, of which each uses its own.",
    )


@LEDGER.claim(
    "C50", "T4", "It does not follow instruction streams; the fabric on the wafer is called Swarm."
)
def no_instructions() -> Verdict:
    got = []
    for kind in ("mov", "mul"):  # the same routes, the same wavelets, another instruction
        w = Wafer(1, 2)
        x, c = w.memory("x", 1, data=np.array([[[3.0], [0.0]]], np.float32)), w.color("c")
        w[0, 0].route(c, RAMP >> EAST)
        w[0, 1].route(c, WEST >> RAMP)
        w[0, 0].mov(x, out=fabout(c))
        rest = () if kind == "mov" else (2.0,)
        getattr(w[0, 1], kind)(fabin(c), *rest, out=x)
        w.run()
        got.append(float(x[0, 1, 0]))
    return Verdict(
        "contradicted",
        None,
        f"By a run: with the same routes and the same wavelet a core ends with {got[0]:g} or with "
        f"{got[1]:g}, as its instruction says. Data decides when an operation begins. And by the "
        "vendor, whose SwarmX joins systems.",
    )
