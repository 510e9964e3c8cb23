"""That these tests can fail: what goes wrong unseen is noticed, and what hangs is ended."""

from __future__ import annotations

import pytest

from .conftest import ended, kill_chromium
from .lab import PATIENCE_S

pytestmark = pytest.mark.long


def test_what_goes_wrong_unseen_is_noticed(lab):
    """An error in the console, one that nobody catches, a missing file, a request elsewhere."""
    lab.page.goto(f"{lab.address}/lab/workspaces/{lab.name}?token={lab.token}&reset")
    lab.page.get_by_role("menuitem", name="Run", exact=True).wait_for()
    assert lab.problems == []
    for script, noticed in (
        ("console.error('broken')", "the console says: broken"),
        ("setTimeout(() => { throw new Error('thrown') })", "the page raised thrown"),
        ("fetch('/files/nowhere.js')", "answer 404"),
        ("fetch('http://127.0.0.1:9/').catch(() => null)", "the page asks outside"),
    ):
        lab.page.evaluate(f"() => {{ {script} }}")
        for _ in range(100):
            lab.page.wait_for_timeout(100)
            if any(noticed in problem for problem in lab.problems):
                break
        else:
            pytest.fail(f"{noticed!r} was not noticed: {lab.problems}")
    lab.problems.clear()


def test_a_cell_that_does_not_end_is_said(lab):
    """The word names the notebook."""
    lab.write("notebooks/endless.ipynb", "while True:\n    pass")
    lab.open("notebooks/endless.ipynb")
    lab.be_patient(3)
    with pytest.raises(AssertionError, match=r"endless\.ipynb: no kernel that is idle within 3 s"):
        lab.run_all()
    lab.be_patient(PATIENCE_S)


def test_an_error_of_a_cell_is_seen(lab):
    """An exception, and a warning, which goes to stderr."""
    lab.write("notebooks/wrong.ipynb", "import warnings\nwarnings.warn('careful')", "1 / 0")
    lab.open("notebooks/wrong.ipynb")
    lab.run_all()
    warning, error = lab.errors()
    assert "careful" in warning and "ZeroDivisionError" in error


def test_a_page_that_hangs_is_ended(browser):
    """An endless loop in the page, which no patience of a locator ends."""
    page = browser.new_page()
    with (
        pytest.raises(pytest.fail.Exception, match="the page hung: it was ended after 2 s"),
        ended("the page", kill_chromium, seconds=2),
    ):
        page.evaluate("() => { while (true) {} }")
