"""That these tests can fail: what goes wrong unseen is noticed, and what hangs is ended."""

from __future__ import annotations

import pytest

from .conftest import ended, kill_chromium

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


def test_a_page_that_hangs_is_ended(browser):
    """An endless loop in the page, which no patience of a locator ends."""
    page = browser.new_page()
    with (
        pytest.raises(pytest.fail.Exception, match="the page hung: it was ended after 2 s"),
        ended("the page", kill_chromium, seconds=2),
    ):
        page.evaluate("() => { while (true) {} }")
