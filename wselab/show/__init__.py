"""Pictures of wafers and runs, each with a text that says what is to be seen."""

from .picture import Picture, picture
from .wafer_map import describe, wafer

__all__ = ["Picture", "describe", "picture", "wafer"]
