"""Problems and their checks, hints, grading, and the command line.

>>> from wselab import course
>>> course.check("3.1", lambda w, x_down, partial: None).points
0
"""

from . import problems, programs, replaced
from .problem import Hints, Problem, Result, check, find, hint, numbers

__all__ = [
    "Hints", "Problem", "Result", "check", "find", "hint", "numbers", "problems", "programs",
]  # fmt: skip

replaced.remember()
