"""What discs of silicon cost and how many defects they have, process by process.

A process is kept in the form of a chip: a name and its facts. No maker publishes its defect
densities; the one here is what its customers and analysts repeat.

Examples
--------
>>> print(N5.fact("disc_price_usd"))
16,988 USD (second: Khan and Mann, CSET, 2020)
>>> N5.defect_density_per_mm2
(0.001, 0.0011)
"""

from .chip import Chip
from .fact import Fact

_PRICES = "Khan and Mann, CSET, 2020"
_DENSITY = "TSMC, defect density of N5 as repeated by the trade press"
_DISC = Fact(300, "mm", "general knowledge, not looked up", "recalled")
_PRICE_NOTE = "Model of an analyst, of what a customer paid in 2020; no list price is public."


def _process(name: str, price_usd: int, **more: Fact) -> Chip:
    price = Fact(price_usd, "USD", _PRICES, "second", _PRICE_NOTE)
    return Chip(name, {"disc_diameter_mm": _DISC, "disc_price_usd": price, **more})


N16 = _process("TSMC N16", 3984)
N7 = _process("TSMC N7", 9346)
N5 = _process(
    "TSMC N5",
    16988,
    defect_density_per_mm2=Fact(
        (0.0010, 0.0011), "1/mm2", _DENSITY, "second", "0.10 to 0.11 per square centimetre."
    ),
)
