"""The claims ledger: each verdict is computed, and says what its numbers say."""

from __future__ import annotations

import re

import pytest
from typer.testing import CliRunner

from wselab import specs
from wselab.course import claims
from wselab.course.claims import CLAIMS, KINDS, TEXTS, Claim, factor, find
from wselab.course.cli import app

each = pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
OF_LESSONS = {  # decided so far
    "00": "C54",
    "01": "C01 C02 C03 C04 C05 C11 C12 C13 C37 C38 C48",
    "02": "C06 C08 C09 C10 C14 C15 C16 C42 C43 C49",
    "03": "C33 C50",
    "04": "C07 C44",
    "06": "C25 C26 C34 C47",
    "07": "C17 C18 C46 C55",
    "08": "C35 C36",
}


def test_every_claim_of_a_lesson_is_decided() -> None:
    """Once, in the module of its lesson."""
    for lesson, ids in OF_LESSONS.items():
        assert [claim.id for claim in CLAIMS if claim.lesson == lesson] == ids.split()
    assert len({claim.id for claim in CLAIMS}) == len(CLAIMS) == sum(
        len(ids.split()) for ids in OF_LESSONS.values()
    )  # fmt: skip


@each
def test_a_verdict_fits_its_numbers(claim: Claim) -> None:
    """What is off by a factor is off by one, what holds is not; the reason is a sentence."""
    verdict = claim.judge()
    assert verdict.kind in KINDS and verdict.why.endswith(".") and claim.text.endswith(".")
    assert set(claim.texts) <= set(TEXTS)
    assert not re.search(r"\bnan\b|\binf\b|  ", verdict.why)
    times = factor(claim, verdict)
    if verdict.kind == "off by a factor":
        assert times is not None and (times[1] < 0.95 or times[0] > 1.05)
    if verdict.kind == "holds":
        assert times is not None and 0.9 < times[0] <= times[1] < 1.3
    if claim.said is not None:
        assert claim.unit or claim.id == "C03"  # a chance


def test_some_verdicts_by_hand() -> None:
    """Reckoned with nothing but the numbers of the sources."""
    ours = {id: find(id).judge().ours for id in ("C01", "C02", "C06", "C11", "C16", "C33")}
    assert ours["C01"] == pytest.approx(46_225 / 814)
    assert ours["C02"] == pytest.approx(3.14159265 * 150**2)
    assert ours["C06"] == pytest.approx(21e15 / 3.35e12)
    assert ours["C11"] == pytest.approx(44 / 18)
    assert ours["C16"] == pytest.approx(23 / 10.2)
    assert ours["C33"] == pytest.approx(4 * 0.85e9 / 900e9)


def test_verdicts_on_sparsity_by_hand() -> None:
    """Lengths from 100 to 2,048 in the mean; gains are below their ceilings; pairs that meet."""
    even = 100 * (1 - (100 + 2048) / 2 / 2048)
    low, high = find("C26").judge().ours
    assert low == pytest.approx(even) and even < high < 70
    faster = find("C25").judge().ours
    assert 1 < faster[0] < 2 and faster[0] < faster[1] < 1 / 0.3
    assert 1 < find("C47").judge().ours < faster[0]
    tried, meet, whole = (
        int(n.replace(",", ""))
        for n in re.findall(r"\d+,\d{3}(?:,\d{3})*", find("C34").judge().why)
    )
    assert whole == 128**3 and 90 < tried / meet < 170  # about 128: a pair meets in 1 of 128


def test_verdicts_follow_the_facts(monkeypatch: pytest.MonkeyPatch) -> None:
    """With another fact another verdict: nothing is typed."""
    from wselab.course.claims import lesson_01

    before = find("C01").judge().ours
    monkeypatch.setattr(lesson_01, "H100", specs.H100.what_if(die_area_mm2=407))
    assert find("C01").judge().ours == pytest.approx(2 * before)


def test_the_command_prints_the_ledger() -> None:
    """All of it, or some; and what there is where one is not known."""
    all_of_it = CliRunner().invoke(app, ["claims"])
    assert all_of_it.exit_code == 0
    assert all(f"\n{claim.id}  " in f"\n{all_of_it.output}" for claim in CLAIMS)
    assert max(map(len, all_of_it.output.splitlines())) <= claims.WIDTH
    some = CliRunner().invoke(app, ["claims", "c02"])
    assert some.output.startswith("C02  OFF BY A FACTOR  (lesson 01)\n")
    assert "said 46,225 mm2; ours 70,686 mm2; ours over theirs 1.53" in some.output
    none = CliRunner().invoke(app, ["claims", "C99"])
    assert none.exit_code == 2 and "no claim 'C99'; there are C54, C01" in none.output
