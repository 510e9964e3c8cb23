"""The page that `wselab validate --page FOLDER` writes: one file, with its plot inside."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape
from pathlib import Path

from ...show.picture import Picture
from ...show.validation import validation
from ...specs.fact import STATUSES
from .not_reached import NOT_REACHED
from .row import WAYS, Row
from .text import IN_COMMON, Marks, amount, percent

NAME = "validation.html"

# Black on white and plain links: contrast is far above what WCAG asks for. The wide table scrolls
# in itself, and can be scrolled with the keyboard.
_STYLE = """
:root { color-scheme: light }
body { font: 1rem/1.5 system-ui, sans-serif; color: #111; background: #fff;
       max-width: 78rem; margin: 0 auto; padding: 1rem }
h1 { font-size: 1.6rem } h2 { font-size: 1.25rem; margin-top: 2rem }
img { max-width: 100%; height: auto }
.wide { overflow-x: auto }
table { border-collapse: collapse; font-size: .9rem; min-width: 66rem }
caption { text-align: left; padding: .3rem 0 }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem;
         border-bottom: 1px solid #aaa }
th[scope=row], td.number { white-space: nowrap; font-variant-numeric: tabular-nums }
small { color: #444; font-size: .85em; display: block }
a { color: #0645ad }
dt { font-weight: 600 } dd { margin: 0 0 .4rem 2rem }
"""


def write(rows: Sequence[Row], folder: Path) -> Path:
    """Write the page into ``folder``, which is made where it is not there; the file.

    Raises OSError where the folder cannot be made or written to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / NAME
    path.write_text(html(rows), encoding="utf-8")
    return path


def plot(rows: Sequence[Row]) -> Picture:
    """The rows as a picture with its text."""
    cycles = [
        (row.id, row.published.value, row.emulated, row.predicted[0])
        for row in rows
        if row.published.unit == "cycle"
    ]
    ratios = [(row.id, *(value / row.published.value for value in row.predicted)) for row in rows]
    return validation(cycles, ratios)


def html(rows: Sequence[Row]) -> str:
    """The page as a text."""
    picture, marks = plot(rows), Marks()
    data = base64.b64encode(picture.png).decode("ascii")
    body = "\n".join(_row(row, marks) for row in rows)
    heads = (
        "id",
        "what was measured",
        "published",
        "emulated",
        "its error",
        "predicted",
        "its error",
        "way",
        "assumed",
    )
    head = "".join(f'<th scope="col">{text}</th>' for text in heads)
    assumed = "\n".join(
        f'<dt id="assumed-{mark}">{mark}</dt><dd>{escape(text)}</dd>'
        for text, mark in marks.of.items()
    )
    facts = {row.id.partition(" ")[0]: row.published for row in rows}
    sources = "\n".join(
        f"<dt>{escape(id)}</dt><dd>{escape(f'{fact.source} ({fact.status}). {fact.note}')}</dd>"
        for id, fact in facts.items()
    )
    missing = "\n".join(
        f"<dt>{escape(', '.join(one.ids))}: {escape(one.what)}</dt><dd>{escape(one.why)}.</dd>"
        for one in NOT_REACHED
    )
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>wselab: how far from what was measured</title>
<style>{_STYLE}</style>
</head>
<body>
<main>
<h1>How far from what was measured</h1>
<p>Others published how long programs took on wafer-scale engines and on GPUs. Here each of these
measurements stands beside what wselab computes for it, as written by <code>wselab validate --page
FOLDER</code>.</p>

<h2>How to read it</h2>
<p>{escape(IN_COMMON)} A range stands where a source leaves an input open: the row was computed
for all that it may have been.</p>
<dl>
{_list(WAYS)}
</dl>
<p>If the launch of a program were all that the rules of the emulator lack, then published less
predicted would be the same number of cycles in each reduce. What differs from row to row is our
error.</p>

<h2>The picture</h2>
<p><img src="data:image/png;base64,{data}" alt="{escape(picture.alt)}"></p>

<h2>The table</h2>
<div class="wide" role="region" aria-labelledby="rows" tabindex="0">
<table>
<caption id="rows">Published measurements and what is computed for them. Letters lead to the list
of what was assumed.</caption>
<thead><tr>{head}</tr></thead>
<tbody>
{body}
</tbody>
</table>
</div>

<h2>What was assumed, or nobody measured</h2>
<dl>
{assumed}
</dl>

<h2>Where the measurements are from</h2>
<dl>
{sources}
</dl>

<h2>Not reached yet</h2>
<dl>
{missing}
</dl>

<h2>How far a source can be trusted</h2>
<dl>
{_list(STATUSES)}
</dl>
</main>
</body>
</html>
"""


def _row(row: Row, marks: Marks) -> str:
    emulated = error = "–"
    if row.emulated is not None and row.emulated_error is not None:
        emulated = amount((row.emulated,), row.published, row.counted)
        error = percent((row.emulated_error,))
    letters = " ".join(f'<a href="#assumed-{mark}">{mark}</a>' for mark in marks(row))
    numbers = (
        amount((row.published.value,), row.published, row.counted),
        emulated,
        error,
        amount(row.predicted, row.published, row.counted),
        percent(row.errors),
    )
    cells = "".join(f'<td class="number">{text}</td>' for text in numbers)
    return (
        f'<tr><th scope="row">{escape(row.id)}</th>'
        f"<td>{escape(row.what)}{_small(row.remark)}</td>"
        f"{cells}<td>{row.way}</td><td>{letters}</td></tr>"
    )


def _small(text: str) -> str:
    return f"<small>{escape(text)}</small>" if text else ""


def _list(meanings: dict[str, str]) -> str:
    return "\n".join(f"<dt>{word}</dt><dd>{escape(text)}</dd>" for word, text in meanings.items())
