"""The problems, one module each, named by number; importing this makes all of them known."""

from . import p03_1, p03_2, p03_5, p03_6

__all__ = ["p03_1", "p03_2", "p03_5", "p03_6"]
