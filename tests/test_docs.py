"""What README and docs say is what the code does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import wselab as wse

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("page", ["README.md", "docs/csl.md"])
def test_the_programs_of_a_page_run_as_it_says(page: str) -> None:
    """Each Python block runs, and the result beside its last expression is what comes out."""
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)
    assert blocks
    for block in blocks:
        names: dict[str, object] = {}
        exec(block, names)
        last = block.strip().splitlines()[-1]
        expression, said = last.split("#")
        assert str(eval(said)) == str(tuple(_plain(v) for v in eval(expression, names)))


def test_the_readme_shows_the_error_of_a_forgotten_route() -> None:
    """The Deadlock in the README is what its program says without the route that it names."""
    text = (ROOT / "README.md").read_text()
    program = re.findall(r"```python\n(.*?)```", text, re.DOTALL)[0]
    shown = re.findall(r"```\nDeadlock: (.*?)\n```", text, re.DOTALL)[0]
    without = "\n".join(one for one in program.splitlines() if "in from the east" not in one)
    with pytest.raises(wse.Deadlock) as caught:
        exec(compile(without, "sum.py", "exec"), {})
    assert str(caught.value) == shown


def test_the_csl_layout_lays_the_routes_of_the_program_beside_it() -> None:
    """Each route of the Python program stands in the layout, with (x, y) for (row, column)."""
    text = (ROOT / "docs" / "csl.md").read_text()
    names: dict[str, Any] = {}
    exec(re.findall(r"```python\n(.*?)```", text, re.DOTALL)[0], names)
    w = names["w"]
    routes = {
        (column, row, color.name, str(color.route_at(row, column)))
        for color in w.colors
        for row, column in np.argwhere(color.routed).tolist()
    }
    laid = re.findall(
        r"@set_color_config\((\d+), (\d+), (\w+), "
        r"\.{ \.routes = \.{ \.rx = \.{ (\w+) }, \.tx = \.{ (\w+) } } }\);",
        text,
    )
    assert len(laid) == len(routes) == 6
    assert {(int(x), int(y), c, f"{rx} >> {tx}") for x, y, c, rx, tx in laid} == routes
    assert "@set_rectangle({1}, {0})".format(*w.shape) in text


def _plain(value: object) -> object:
    return value.item() if hasattr(value, "item") else value


def test_links_between_pages_lead_somewhere() -> None:
    """Each relative link in README and docs names a file that is there."""
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
