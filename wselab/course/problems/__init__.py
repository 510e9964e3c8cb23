"""The problems, one module each, named by number; importing this makes all of them known."""

from . import p03_1, p04_1, p04_2, p04_3, p04_4, p04_p

__all__ = ["p03_1", "p04_1", "p04_2", "p04_3", "p04_4", "p04_p"]
