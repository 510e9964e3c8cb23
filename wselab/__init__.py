"""wselab."""
from .fabric import *  # noqa
from .specs import WSE1, WSE2, WSE3
