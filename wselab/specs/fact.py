"""A fact: one value that cannot be had without its unit, its source and its trust."""

import math
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

#: How far a fact can be trusted, from best to least.
STATUSES = {
    "seen": "the text was read in the source named",
    "second": "read in a summary or press text of the source named",
    "recalled": "textbook or memory, not looked up",
    "derived": "arithmetic on other facts, written out in code",
    "assumed": "a choice of this project, because nothing is public",
}


@dataclass(frozen=True)
class Fact:
    """One value with its unit, its source and how far the source can be trusted.

    Parameters
    ----------
    value : int, float, str or tuple
        A number, a text (a date), or a range as a tuple ``(low, high)``. Numbers of other
        libraries (NumPy's scalars) become plain int or float.
    unit : str
        The SI unit or the thing counted: "Hz", "byte/s", "mm2", "cycle", "PE"; "1" for a pure
        count, "date" for a date.
    source : str
        Who said it, where and when; for a derived fact, the arithmetic in words.
    status : str
        "seen", "second", "recalled", "derived" or "assumed": see ``STATUSES``.
    note : str, optional
        What a reader should know before using the number. An assumed fact says here why.

    Raises
    ------
    ValueError
        Unit or source is missing, the status is unknown, or the value is not a finite number,
        a text or an ordered range. The message says what to try.

    Examples
    --------
    >>> clock = Fact(850e6, "Hz", "Cerebras SDK, benchmark programs", "seen")
    >>> clock.value
    850000000.0
    >>> print(clock)
    8.5e+08 Hz (seen: Cerebras SDK, benchmark programs)
    >>> Fact(850e6, "Hz")
    Traceback (most recent call last):
        ...
    ValueError: a fact has no source: got '' for 850000000.0; expected a reference such as \
'Jacquelin et al., SC22, arXiv:2204.03775'; try source='who, what, year'
    """

    value: Any
    unit: str = ""
    source: str = ""
    status: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "value", _plain(self.value))
        _demand(
            self.unit,
            "unit",
            self.value,
            "a unit such as 'byte/s', 'Hz' or 'mm2'",
            "unit='1' if it is a pure count",
        )
        _demand(
            self.source,
            "source",
            self.value,
            "a reference such as 'Jacquelin et al., SC22, arXiv:2204.03775'",
            "source='who, what, year'",
        )
        if self.status not in STATUSES:
            raise ValueError(
                f"a fact has no valid status: got {self.status!r} for {self.value!r}; expected one "
                f"of {', '.join(map(repr, STATUSES))}; try status='recalled' if you did not look "
                "it up, 'assumed' if you chose it"
            )
        if not isinstance(self.note, str):
            raise ValueError(
                f"the note of a fact is not a text: got {self.note!r} for {self.value!r}; "
                "expected a sentence or ''; try note='why this value'"
            )

    @property
    def text(self) -> str:
        """The value as a reader wants it, without unit.

        Examples
        --------
        >>> Fact(850_000, "PE", "Cerebras SDK white paper, 2022", "seen").text
        '850,000'
        >>> Fact((15e3, 20e3), "W", "memory", "recalled").text
        '15,000 to 20,000'
        """
        if isinstance(self.value, tuple):
            return " to ".join(map(_number_text, self.value))
        return self.value if isinstance(self.value, str) else _number_text(self.value)

    def __str__(self) -> str:
        unit = "" if self.unit in ("1", "date") else f" {self.unit}"
        return f"{self.text}{unit} ({self.status}: {self.source})"


def _plain(value: object) -> int | float | str | tuple[int | float, ...]:
    """The value as plain int, float, str or (low, high); ValueError for anything else."""
    if isinstance(value, str) and value.strip():
        return value
    if isinstance(value, tuple) and len(value) == 2:
        low, high = map(_plain_number, value)
        if low is not None and high is not None and low <= high:
            return low, high
    number = _plain_number(value)
    if number is None:
        raise ValueError(
            f"a fact cannot hold {value!r}: expected a finite number, a text that is not empty, or "
            "a range (low, high) with low <= high; try float(value), or (low, high) for a range"
        )
    return number


def _plain_number(value: object) -> int | float | None:
    """A finite number as int or float; None for anything else, True and False included."""
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
        return None
    return int(value) if isinstance(value, Integral) else float(value)


def _demand(text: object, what: str, value: object, expected: str, remedy: str) -> None:
    if not isinstance(text, str) or not text.strip():
        raise ValueError(
            f"a fact has no {what}: got {text!r} for {value!r}; expected {expected}; try {remedy}"
        )


def _number_text(number: int | float) -> str:
    """Digits in threes where that reads well, powers of ten where it does not."""
    if isinstance(number, int) or (number.is_integer() and abs(number) < 1e6):
        return f"{int(number):,}"
    return f"{number:.6g}"
