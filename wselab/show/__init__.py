"""Pictures of wafers and runs, each with a text that says what is to be seen."""

from .picture import Picture, picture
from .wafer_map import wafer
from .words import describe

__all__ = ["Picture", "describe", "picture", "wafer"]
