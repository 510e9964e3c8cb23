"""When two outputs of a cell are the same.

Words and whole numbers must be equal; other numbers to four digits; spaces may differ. Of a
picture only that it is there, and its words; of a widget only that it is there, and the words of
the picture that it brings. Two tags of a cell ask for less: `nbval-ignore-output` compares nothing,
`host-time` leaves out durations such as 1.23 s, for a cell that reports how long this machine took.
"""

from __future__ import annotations

import difflib
import math
import re

from nbformat import NotebookNode

NUMBER = re.compile(r"((?:(?<![\w.)\]])[-+])?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][-+]?\d+)?)")
WHOLE = re.compile(r"[-+]?\d+(?:\.0*)?")
DURATION = re.compile(r"\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?\s?(?:[nmuµμ]?s|min)\b")
ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
PICTURE_IN_HTML = re.compile(r"data:image/[^\"')\s]+")
RELATIVE = 1e-4  # four digits
NOISE = 1e-15  # two roundings of zero are the same number


def plain(text: str) -> str:
    """The text without the colors of a terminal."""
    return ANSI.sub("", text)


def same_number(stored: str, fresh: str) -> bool:
    """Whether two written numbers agree.

    >>> same_number("1.23456", "1.23459"), same_number("10964", "10965")
    (True, False)
    """
    if WHOLE.fullmatch(stored) and WHOLE.fullmatch(fresh):
        return float(stored) == float(fresh)
    return math.isclose(float(stored), float(fresh), rel_tol=RELATIVE, abs_tol=NOISE)


def same_line(stored: str, fresh: str) -> bool:
    """Whether two lines agree: the words, and number by number.

    >>> same_line("took 12 cycles,  0.50001 ns", "took 12 cycles, 0.5 ns")
    True
    """
    a, b = NUMBER.split(stored), NUMBER.split(fresh)  # word, number, word, ..., word
    return (
        len(a) == len(b)
        and ["".join(word.split()) for word in a[::2]] == ["".join(word.split()) for word in b[::2]]
        and all(same_number(x, y) for x, y in zip(a[1::2], b[1::2], strict=True))
    )


def readable(cell: NotebookNode) -> list[str]:
    """The outputs of a cell as lines: the streams first, then the others in their order."""
    lines = []
    for name in ("stdout", "stderr"):
        texts = [o.text for o in cell.outputs if o.output_type == "stream" and o.name == name]
        if texts:
            lines += [f"[{name}]", *plain("".join(texts)).splitlines()]
    for output in cell.outputs:
        if output.output_type == "stream":
            continue
        if output.output_type == "error":
            lines += ["[error]", *plain(f"{output.ename}: {output.evalue}").splitlines()]
            continue
        if output.metadata.get("widget"):
            lines.append("[widget]")
            if "image/png" not in output.data:
                continue
        for kind, value in sorted(output.data.items()):
            lines.append(f"[{kind}]")
            if not kind.startswith("image/"):
                text = PICTURE_IN_HTML.sub("data:image", str(value))
                lines += plain(text).splitlines()
    return lines


def difference(before: NotebookNode, after: NotebookNode) -> str:
    """What changed in the outputs of one cell, as a diff; empty where they agree."""
    tags = before.metadata.get("tags", [])
    if "nbval-ignore-output" in tags:
        return ""
    stored, fresh = readable(before), readable(after)
    if "host-time" in tags:
        stored, fresh = ([DURATION.sub("<time>", x) for x in lines] for lines in (stored, fresh))
    if len(stored) == len(fresh):  # what agrees looks the same in the diff
        fresh = [a if same_line(a, b) else b for a, b in zip(stored, fresh, strict=True)]
    return "\n".join(difflib.unified_diff(stored, fresh, "stored", "now", n=1, lineterm=""))
