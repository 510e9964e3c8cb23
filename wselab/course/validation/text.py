"""Rows in words: numbers with their units, and a table for the terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from ...specs import Fact
from .not_reached import NOT_REACHED
from .row import Row

WIDTH = 100
_COLUMNS = "{:13} {:14} {:20} {:36} {}"
_MARKS = "abcdefghijklmnopqrstuvwxyz"

#: What all rows have in common.
IN_COMMON = (
    "No constant was fitted to a row: each is from a source, or a choice that is named below. "
    "(Remarks on the page tell, for comparison, of a launch fitted to V2-8 alone.) An error is how "
    "far ours is above (+) or below (-) what was published."
)


def amount(values: tuple[float, ...], published: Fact, counted: str = "") -> str:
    """Values in the unit of a fact, as a reader wants them; two that differ are a range.

    ``counted`` says what a value without a unit counts.

    >>> amount((7162, 7162), Fact(7218, "cycle", "a run", "seen"))
    '7,162 cycles'
    >>> amount((2.669e-6, 6.45e-6), Fact(1.2e-6, "s", "a paper", "seen"))
    '2.669 to 6.45 µs'
    >>> amount((46.2, 46.2), Fact(46, "1", "a talk", "seen"), "defects")
    '46.2 defects'
    """
    scale, unit = 1.0, {"cycle": "cycles", "1": counted}.get(published.unit, published.unit)
    if unit == "s":
        scale, unit = (1e6, "µs") if published.value < 1e-4 else (1e3, "ms")
    texts = [_number(value * scale) for value in values]
    return f"{' to '.join(dict.fromkeys(texts))} {unit}".rstrip()


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def percent(errors: tuple[float, ...]) -> str:
    """Errors as a text; two that differ are a range.

    >>> percent((-0.776, -0.776)), percent((16.5, 416.7))
    ('-0.8 %', '+16.5 to +417 %')
    """
    texts = [f"{e:+.0f}" if abs(e) >= 100 else f"{e:+.1f}" for e in errors]
    return f"{' to '.join(dict.fromkeys(texts))} %"


class Marks:
    """A letter for each thing assumed, in the order in which rows first name it."""

    def __init__(self) -> None:
        self.of: dict[str, str] = {}

    def __call__(self, row: Row) -> list[str]:
        """The letters of a row."""
        return [self.of.setdefault(text, _MARKS[len(self.of)]) for text in row.assumed]


def lines(rows: Iterable[Row]) -> Iterator[str]:
    """The table and what belongs to it, for a terminal, each line as soon as its row is there."""
    marks = Marks()
    yield _COLUMNS.format("id", "what was measured", "", "", "").rstrip()
    yield _COLUMNS.format("", "published", "emulated (error)", "predicted (error)", "assumed")
    yield "-" * WIDTH
    for row in rows:
        yield f"{row.id:13} {row.what}"
        emulated = "-"
        if row.emulated is not None and row.emulated_error is not None:
            ours = amount((row.emulated,), row.published, row.counted)
            emulated = f"{ours.removesuffix(' cycles')} ({percent((row.emulated_error,))})"
        predicted = amount(row.predicted, row.published).removesuffix(" cycles")  # its unit is told
        yield _COLUMNS.format(
            "",
            amount((row.published.value,), row.published, row.counted),
            emulated,
            f"{predicted} ({percent(row.errors)})",
            " ".join(marks(row)),
        )
    yield ""
    yield from textwrap.wrap(IN_COMMON, WIDTH)
    yield "\nAssumed, or not measured by anyone:"
    for text, mark in marks.of.items():
        yield _item(mark, text, 4)
    yield "\nNot reached yet:"
    for one in NOT_REACHED:
        yield _item(one.ids[0].partition("-")[0], f"{one.what}: {one.why}", 6)


def _item(name: str, text: str, indent: int) -> str:
    first = f"  {name}".ljust(indent)
    return textwrap.fill(f"{first} {text}", WIDTH, subsequent_indent=" " * (indent + 1))


def table(rows: Iterable[Row]) -> list[str]:
    """The rows of the fabric as a table in Markdown, for the page of the rules."""
    head = ("id", "what was measured", "published", "emulated", "predicted", "error")
    body = [head, ("---",) * len(head)]
    for row in rows:
        ours = "" if row.emulated is None else amount((row.emulated,), row.published, row.counted)
        body.append(
            (
                row.id,
                row.what,
                amount((row.published.value,), row.published, row.counted),
                ours,
                amount(row.predicted, row.published, row.counted),
                percent(row.errors),
            )
        )
    return [f"| {' | '.join(cells)} |" for cells in body]
