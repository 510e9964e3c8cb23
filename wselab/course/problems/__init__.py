"""The problems, one module each, named by number; importing this makes all of them known."""

from . import (
    p01_1,
    p01_2,
    p01_3,
    p01_4,
    p01_p,
    p02_1,
    p02_2,
    p02_3,
    p02_4,
    p02_5,
    p02_p,
    p03_1,
    p03_2,
    p03_3,
    p03_4,
    p03_5,
    p03_p,
    p04_1,
    p04_2,
    p04_3,
    p04_4,
    p04_p,
    p05_1,
    p05_2,
    p05_3,
    p05_4,
    p05_p,
)

__all__ = [
    "p01_1", "p01_2", "p01_3", "p01_4", "p01_p",
    "p02_1", "p02_2", "p02_3", "p02_4", "p02_5", "p02_p",
    "p03_1", "p03_2", "p03_3", "p03_4", "p03_5", "p03_p",
    "p04_1", "p04_2", "p04_3", "p04_4", "p04_p",
    "p05_1", "p05_2", "p05_3", "p05_4", "p05_p",
]  # fmt: skip
