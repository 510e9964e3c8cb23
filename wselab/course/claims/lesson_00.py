"""Claims that lesson 00 decides: which cores are counted."""

from ...specs import WSE2, WSE3
from .claim import Ledger, Verdict

LEDGER = Ledger("00")


@LEDGER.claim("C54", "T0 T2", "A WSE-2 has 850,000 cores, a WSE-3 900,000.", 900_000, "PE")
def cores() -> Verdict:
    sold = (WSE2.active_cores, WSE3.active_cores)
    shapes = [chip.fabric_shape for chip in (WSE2, WSE3)]
    shown = [rows * columns for rows, columns in shapes]
    return Verdict(
        "holds with conditions",
        shown[1],
        f"These are the cores that are sold as active ({sold[0]:,} and {sold[1]:,}). A program is "
        f"placed on the fabric that the compiler shows: {shown[0]:,} and {shown[1]:,}. The mask of "
        f"the WSE-3 prints {WSE3.physical_cores:,}.",
    )
