"""The problems, one module each, named by number; importing this makes all of them known."""

from . import (
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
)

__all__ = [
    "p03_1", "p03_2", "p03_3", "p03_4", "p03_5", "p03_p",
    "p04_1", "p04_2", "p04_3", "p04_4", "p04_p",
]  # fmt: skip
