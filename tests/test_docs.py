"""What README and docs say is what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import wselab as wse

ROOT = Path(__file__).parent.parent


def test_the_programs_of_the_readme_run_as_it_says() -> None:
    """Each Python block of the README runs, and a result beside an expression is what comes out."""
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
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


def _plain(value: object) -> object:
    return value.item() if hasattr(value, "item") else value


def test_links_between_pages_lead_somewhere() -> None:
    """Each relative link in README and docs names a file that is there."""
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
