"""Exercise set 04 as it is handed out: what its text says is so."""

from __future__ import annotations

import functools

import pytest

import wselab as wse
from wselab.course import check, find
from wselab.course.grading import CannotGrade, grade_notebook
from wselab.course.problems import p04_3, p04_p

from . import handed_out

NAME = "04_talking_across_the_wafer.ipynb"
text = functools.partial(handed_out.text, NAME)


def test_the_numbers_in_the_text_are_right():
    """Sizes, cycles, bounds: each as the library has it."""
    first = find("4.1").sizes()[0]
    assert f"{first['columns']} where it is scored" in text("problem-quick")
    assert f"a vector of {first['wavelets']} values" in text("problem-quick")
    best = wse.predict.reduce_row(pes=first["columns"], wavelets=16, algorithm="best")
    assert f"A program of our library takes {best}." in text("more-quick")
    assert f"`{2 * wse.WSE2.ramp_latency_cycles + 1} + d` cycles over d links" in text("title")
    assert all(size["group"] >= 2 for seed in range(9) for size in find("4.2").sizes(seed))
    assert "In the check a group has at least 2 PEs" in text("problem-two")
    assert p04_3.MARGIN == 1.5
    assert "more than half as much again as the best" in text("problem-choose")
    asked = [case for seed in range(20) for case in find("4.3").cases(find("4.3").sizes(seed)[1])]
    assert all(4 <= pes <= 128 for pes, _ in asked + p04_3.SHOWN)
    assert "of 4 to 128 PEs with 1 value and more" in text("problem-choose")
    scored = find("4.4").sizes()[0]
    assert f"on {scored['columns']} PEs with {scored['wavelets']} values" in text("problem-all")


def test_the_puzzle_s_bound_is_derived_as_it_is_computed():
    """The cycles that the text counts, one after the other."""
    t_r, said = wse.WSE2.ramp_latency_cycles, text("problem-agree")
    queued = t_r + 1
    there = queued + 63 + 63
    handled = there + t_r
    assert f"For {t_r} cycles it is on the ramp; in cycle {queued} it stands" in said
    assert f"in cycle {there} it stands in the queue of the last router" in said
    assert f"In cycle {there + 1} it is on that ramp, and in cycle {handled} its PE" in said
    least = p04_p.distance_bound(64, 64, t_r)
    assert f"These are {least} cycles" in said and least == handled + 1 == 64 + 64 + 2 * t_r
    sides = [s for seed in range(30) for size in find("4.P").sizes(seed) for s in size.values()]
    assert {side for side in sides if side > 1} <= set(range(16, 65))
    assert "with 16 to 64 rows and columns" in said


def test_a_solution_is_below_the_published_bound_as_its_text_says():
    """The reference of 4.1 shows what the text claims of the model."""
    names: dict = {}
    for cell_id in ("imports", "quick_sum"):
        exec(handed_out.cell(NAME, cell_id), names)
    result = check("4.1", names["quick_sum"])
    size = find("4.1").sizes()[0]
    bound = wse.predict.reduce_lower_bound(pes=size["columns"], wavelets=size["wavelets"])
    assert result.passed and result.score < bound
    assert "some programs are below it on our rules" in text("problem-quick")


RIGHT = """
from wselab import EAST, RAMP, WEST, fabin, fabout
def quick_sum(w, x, total):
    half = w.shape[1] // 2
    for first, last, a, b in ((0, half - 1, "a", "b"), (half, w.shape[1] - 1, "c", "d")):
        mine, theirs = w.alternating(a, b, by="column")
        w[:, first + 1 : last + 1].route(mine, RAMP >> WEST)
        w[:, first:last].route(theirs, EAST >> RAMP)
        w[:, last].mov(x, out=fabout(mine))
        w[:, first + 1 : last].add(fabin(theirs), x, out=fabout(mine))
        w[:, first].add(fabin(theirs), x, out=total)
    far = w.color("far")
    w[:, half].route(far, RAMP >> WEST)
    w[:, 1:half].route(far, EAST >> WEST)
    w[:, 0].route(far, EAST >> RAMP)
    w[:, half].mov(total, out=fabout(far))
    w[:, 0].add(fabin(far), total, out=total)
"""
WRONG = RIGHT.replace("add(fabin(far), total", "mov(fabin(far)")
#: A record made without the check's own hands, so that nothing notices before it is judged.
FORGED = """
import wselab.course.programs as p
from wselab.course.recorded import recorded
def write(self, answer, size):
    w, *others = self.wafer(size)
    answer(w, *others)
    written = recorded(w)
    tamper(written)
    return written
p.Programming.write = write
def tamper(written):
"""
CHEATS = {
    "patches the judge": """
import wselab.course.programs as p, wselab.course.problem as q
p.Programming.judge = p.Programming.run = lambda *a, **k: 1
q.Problem.grade = q.Problem.check = lambda self, *a, **k: self.result(1)
""",
    "patches what is written down": """
import wselab.course.programs as p, wselab.course.recorded as r
p.recorded = r.recorded = lambda w: {"passed": True, "cycles": 1}
""",
    "says that it wrote nothing": """
import wselab.course.programs as p
p.Programming.write = lambda self, answer, size: {}
""",
    "says that it goes on and on": FORGED
    + """
    for one in written["operations"]:
        if one["kind"] == "mov":
            one.update(inputs=[1.0], n=10**12)
""",
    "says that it has more memory": FORGED
    + """
    written["memories"].append(["mine", [10**9], "float32"])
""",
    "says that it begins with numbers": FORGED
    + """
    written["memories"][1] = ["total", [16], "float32", [7.0] * 16]
""",
}
NO_RECORD = [
    "says that it wrote nothing", "says that it has more memory",
    "says that it begins with numbers",
]  # fmt: skip


@pytest.mark.long
def test_a_program_is_judged_outside_the_notebook(notebook):
    """A right one passes, a wrong one hears whose vectors it lacks."""
    assert grade_notebook(notebook(RIGHT), ["4.1"])["4.1"].passed
    result = grade_notebook(notebook(WRONG), ["4.1"])["4.1"]
    assert not result.passed
    assert "PE (0, 0) to PE (0, 31) are not in the sum" in result.reasons[0]


@pytest.mark.long
@pytest.mark.parametrize("cheat", CHEATS)
def test_a_notebook_cannot_make_itself_pass(notebook, cheat):
    """Whatever its kernel changes or says, a wrong program earns nothing, and soon."""
    path = notebook(WRONG, CHEATS[cheat])
    if cheat in NO_RECORD:
        with pytest.raises(CannotGrade, match="cannot be read"):
            grade_notebook(path, ["4.1"])
    else:
        assert grade_notebook(path, ["4.1"])["4.1"].passed is False
