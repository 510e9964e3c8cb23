"""Pictures of wafers, runs and chips, each with a text that says what is to be seen."""

from .picture import Picture, picture
from .roofline import drag_roofline, roofline
from .routing import routes
from .wafer_map import wafer
from .words import describe

__all__ = ["Picture", "describe", "drag_roofline", "picture", "roofline", "routes", "wafer"]
