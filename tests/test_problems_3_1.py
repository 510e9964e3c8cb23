"""Problem 3.1: what passes, what fails and with which words, and that nothing else passes."""

from __future__ import annotations

import inspect
import itertools
import re
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import nbformat
import numpy as np
import pytest

import wselab as wse
import wselab.kernels
import wselab.predict
from wselab import EAST, NORTH, RAMP, SOUTH, WEST, fabin, fabout
from wselab.course import check, find, hint, problem, writing
from wselab.course.problem import Refused, Result
from wselab.course.problems import p03_1
from wselab.course.problems.p03_1_mistakes import mistakes
from wselab.course.wiring import by_place, routes_of
from wselab.fabric.engines import reference
from wselab.fabric.ports import PORTS, Route
from wselab.fabric.program import Program

PROBLEM = find("3.1")


# ---- right answers -------------------------------------------------------------------------


def by_slices(w, x_down, partial):
    w[0, :].route(x_down, RAMP >> SOUTH)
    w[1, :].route(x_down, NORTH >> RAMP)
    w[:, 1].route(partial, RAMP >> WEST)
    w[:, 0].route(partial, EAST >> RAMP)


def pe_by_pe(w, x_down, partial):
    w[1, 1].route(partial, RAMP >> WEST)
    w[1, 0].route(partial, EAST >> RAMP)
    w[0, 1].route(partial, RAMP >> WEST)
    w[0, 0].route(partial, EAST >> (RAMP,))
    w[1, 1].route(x_down, NORTH >> RAMP)
    w[0, 1].route(x_down, RAMP >> SOUTH)
    w[1, 0].route(x_down, NORTH >> RAMP)
    w[0, 0].route(x_down, RAMP >> SOUTH)


def by_masks(w, x_down, partial):
    row, column = np.indices((2, 2))
    w[row == 0].route(x_down, RAMP >> SOUTH)
    w[row == 1].route(x_down, NORTH >> RAMP)
    w[column == 1].route(partial, RAMP >> WEST)
    w[column == 0].route(partial, EAST >> RAMP)


def with_second_thoughts(w, x_down, partial):
    w[:, :].route(x_down, RAMP >> SOUTH)
    w[-1, :].route(x_down, NORTH >> RAMP, replace=True)
    w[...].route(partial, EAST >> RAMP)
    w[:, -1].route(partial, RAMP >> WEST, replace=True)
    w[0, 0].route(w.color("spare"), RAMP >> EAST)  # harmless: nobody sends on it


RIGHT = [by_slices, pe_by_pe, by_masks, with_second_thoughts]


@pytest.mark.parametrize("wire", RIGHT)
@pytest.mark.parametrize("seed", [None, 0, 7])
def test_different_right_answers_pass(wire, seed):
    """However the eight routes are written, they pass with all points, at par."""
    result = check("3.1", wire, seed=seed)
    assert result.passed is True and result.points == result.out_of == 8
    assert result.score == result.par and result.reasons == []


def test_par_is_the_run_of_the_textbook_wiring():
    """Par is not typed: it is what the default engine needs for the textbook's routes."""
    w, x_down, partial = p03_1.gemv()
    p03_1.textbook(w, x_down, partial)
    assert PROBLEM.par == w.run().cycles


def test_the_notebook_shows_the_program_that_runs():
    """The operations in the exercise's text are those of the problem, line by line."""
    source = textwrap.dedent(inspect.getsource(p03_1.gemv))
    program = source.partition("\n\n    w[0, :]")[2].partition("    return")[0]
    shown = textwrap.dedent("    w[0, :]" + program).strip()
    root = Path(__file__).resolve().parent.parent
    for folder in ("solutions", "exercises"):
        notebook = nbformat.read(root / folder / "03_a_fabric_of_cores.ipynb", as_version=4)
        assert any(f"```python\n{shown}\n```" in cell.source for cell in notebook.cells), folder


# ---- wrong answers -------------------------------------------------------------------------


def untouched(w, x_down, partial):
    raise NotImplementedError


def empty(w, x_down, partial):
    return 42


def rows_and_columns_swapped(w, x_down, partial):
    w[:, 0].route(x_down, RAMP >> SOUTH)
    w[:, 1].route(x_down, NORTH >> RAMP)
    w[1, :].route(partial, RAMP >> WEST)
    w[0, :].route(partial, EAST >> RAMP)


def x_along_the_rows(w, x_down, partial):
    w[:, 0].route(x_down, RAMP >> EAST)
    w[:, 1].route(x_down, WEST >> RAMP)
    w[1, :].route(partial, RAMP >> NORTH)
    w[0, :].route(partial, SOUTH >> RAMP)


def east_and_west_swapped(w, x_down, partial):
    w[0, :].route(x_down, RAMP >> SOUTH)
    w[1, :].route(x_down, NORTH >> RAMP)
    w[:, 1].route(partial, RAMP >> EAST)
    w[:, 0].route(partial, WEST >> RAMP)


def sums_go_east(w, x_down, partial):
    w[0, :].route(x_down, RAMP >> SOUTH)
    w[1, :].route(x_down, NORTH >> RAMP)
    w[:, 0].route(partial, RAMP >> EAST)
    w[:, 1].route(partial, WEST >> RAMP)


def receivers_forgotten(w, x_down, partial):
    w[0, :].route(x_down, RAMP >> SOUTH)
    w[:, 1].route(partial, RAMP >> WEST)


def one_sender_forgotten(w, x_down, partial):
    by_slices(w, x_down, w.color("thrown away"))
    w[1, 1].route(partial, RAMP >> WEST)
    w[:, 0].route(partial, EAST >> RAMP)


def named_by_where_it_goes(w, x_down, partial):
    w[0, :].route(x_down, RAMP >> SOUTH)
    w[1, :].route(x_down, SOUTH >> RAMP)
    w[:, 1].route(partial, RAMP >> WEST)
    w[:, 0].route(partial, WEST >> RAMP)


def ramp_forgotten(w, x_down, partial):
    w[0, :].route(x_down, RAMP >> SOUTH)
    w[1, :].route(x_down, NORTH >> SOUTH)
    w[:, 1].route(partial, RAMP >> WEST)
    w[:, 0].route(partial, EAST >> WEST)


def backwards(w, x_down, partial):
    w[0, :].route(x_down, SOUTH >> RAMP)
    w[1, :].route(x_down, RAMP >> NORTH)
    w[:, 1].route(partial, RAMP >> WEST)
    w[:, 0].route(partial, EAST >> RAMP)


def multicast(w, x_down, partial):
    w[0, :].route(x_down, RAMP >> SOUTH)
    w[1, 1].route(x_down, NORTH >> (RAMP, WEST))
    w[1, 0].route(x_down, EAST >> RAMP)
    w[:, 1].route(partial, RAMP >> WEST)
    w[:, 0].route(partial, EAST >> RAMP)


def colors_mixed_up(w, x_down, partial):
    by_slices(w, partial, x_down)


def one_color_for_all(w, x_down, partial):
    by_slices(w, x_down, x_down)


def ramp_to_ramp(w, x_down, partial):
    w[0, :].route(x_down, RAMP >> RAMP)


def colors_of_its_own(w, x_down, partial):
    by_slices(w, w.color("mine"), w.color("yours"))


def does_not_exist(w, x_down, partial):
    w[2, 0].route(x_down, RAMP >> SOUTH)


def raises(w, x_down, partial):
    return sorted([])[0]


WRONG = {
    untouched: "not written yet",
    empty: "No route is written yet",
    rows_and_columns_swapped: "Rows and columns are swapped in the regions of x_down",
    x_along_the_rows: "Rows and columns are swapped in x_down",
    east_and_west_swapped: "West and east are swapped in partial",
    sums_go_east: "partial runs the wrong way",
    receivers_forgotten: r"PE \(1, 0\) and PE \(1, 1\), x_down: the receiving end is forgotten",
    one_sender_forgotten: r"PE \(0, 1\), partial: the sending end is forgotten",
    named_by_where_it_goes: "what moves SOUTH comes in by NORTH",
    ramp_forgotten: "the ramp is forgotten",
    backwards: "x_down runs the wrong way.*IN >> OUT",
    multicast: r"PE \(1, 1\), x_down: the route NORTH >> \(WEST, RAMP\) is a multicast",
    colors_mixed_up: "The colors are mixed up",
    one_color_for_all: "raises RouteError.*already routes.*\n.*are the colors mixed up",
    ramp_to_ramp: "sends a wavelet back to where it came from",
    colors_of_its_own: r"routes colors of its own \(mine, yours\)",
    does_not_exist: "raises ProgramError.*row 2 of a wafer with 2",
    raises: r"raises IndexError in line \d+: list index out of range",
}


@pytest.mark.parametrize("wire", WRONG, ids=lambda wire: wire.__name__)
def test_a_known_mistake_is_named(wire):
    """Each mistake that people make fails without points, and its name comes before all else."""
    result = check("3.1", wire)
    assert not result.passed and result.points == 0 and result.score is None
    assert re.search(WRONG[wire], "\n".join(result.reasons[:2])), result


def test_the_check_shows_where_each_wavelet_stopped_and_why():
    """After the mistake: how the run ended, both wavelets with their places, and who waits."""
    reasons = check("3.1", receivers_forgotten).reasons
    told = "\n".join(reasons)
    assert "nothing can move" in told
    for column in (0, 1):
        assert (
            f"1 wavelet of x_down stopped at PE (0, {column}): "
            f"it leaves SOUTH, but PE (1, {column}) there does not route it."
        ) in reasons
        assert f"PE (1, {column}) at mov(fabin(x_down), out=x)" in told


def test_wavelets_that_nobody_reads_are_shown():
    """A wiring that runs to its end and leaves a wavelet behind fails as undrained."""
    reasons = "\n".join(check("3.1", multicast).reasons)
    assert "every operation has ended" in reasons
    assert "1 wavelet of x_down stopped at PE (0, 0)" in reasons


def as_lists(wires):
    """Routes by place as a learner's program holds them."""
    return [[*at, r.input.name, [port.name for port in r.outputs]] for at, r in wires.items()]


def outputs_of(port):
    """All sets of output ports that a route from ``port`` can have."""
    others = [other for other in PORTS if other is not port]
    return itertools.chain.from_iterable(itertools.combinations(others, k) for k in range(1, 5))


ROUTES = [None, *(Route(port, outputs) for port in PORTS for outputs in outputs_of(port))]


@pytest.mark.parametrize("color", ["x_down", "partial"])
@pytest.mark.parametrize("place", list(itertools.product((0, 1), repeat=2)))
def test_any_other_route_in_any_one_place_fails_and_is_named(color, place):
    """Of all 75 routes and none, one passes; for each other the color and PE are said first."""
    size, passed, first_words = PROBLEM.sizes()[0], [], set()
    for route in ROUTES:
        wires = {name: dict(routes) for name, routes in p03_1.RIGHT.items()}
        del wires[color][place]
        if route is not None:
            wires[color][place] = route
        written = {name: as_lists(routes) for name, routes in wires.items()}
        try:
            PROBLEM.judge(written, size, np.random.default_rng(1))
            passed.append(route)
        except Refused as refused:
            first_words.add(refused.reasons[0].partition(": ")[0])
    assert passed == [p03_1.RIGHT[color][place]]
    assert first_words == {f"PE {place}, {color}"}


def test_y_is_read_out_of_the_pes(monkeypatch):
    """Right routes over a program that loses a part of the sum fail, with the element named."""

    def lossy(rows=1, columns=1):
        w, x_down, partial = gemv(rows, columns)
        w.recorded.pop()
        w[:, 0].mov(fabin(partial), out=w.memories["y"])
        return w, x_down, partial

    gemv = p03_1.gemv
    monkeypatch.setattr(p03_1, "gemv", lossy)
    routes = {name: as_lists(wires) for name, wires in p03_1.RIGHT.items()}
    with pytest.raises(Refused, match=r"y\[0\], in PE \(0, 0\), is -?\d+; A @ x has -?\d+ there"):
        PROBLEM.judge(routes, PROBLEM.sizes()[1], np.random.default_rng(0))


def test_the_right_wiring_has_no_mistakes():
    """What recognises mistakes finds none in the textbook's routes."""
    assert mistakes(p03_1.RIGHT, p03_1.RIGHT) == []


# ---- what may not earn points --------------------------------------------------------------


def writes_memory(w, x_down, partial):
    by_slices(w, x_down, partial)
    w.memories["y"][:, 0] = 7.0


def swaps_memory(w, x_down, partial):
    by_slices(w, x_down, partial)
    w.memories["y"] = w.memories["A"]


def runs_the_wafer(w, x_down, partial):
    by_slices(w, x_down, partial)
    w.run()


def calls_a_kernel(w, x_down, partial):
    by_slices(w, x_down, partial)
    wse.kernels.gemv(np.ones((2, 2), np.float32), np.ones(2, np.float32), wafer=(2, 2))


def calls_a_prediction(w, x_down, partial):
    by_slices(w, x_down, partial)
    wselab.predict.reduce_row(pes=2, wavelets=1)


def calls_the_reference(w, x_down, partial):
    by_slices(w, x_down, partial)
    reference.simulate(Program.of(w))


def adds_an_operation(w, x_down, partial):
    by_slices(w, x_down, partial)
    w[:, 0].mov(1.0, out=w.memories["y"])


def discards_the_operations(w, x_down, partial):
    by_slices(w, x_down, partial)
    w.discard()


def hides_a_method(w, x_down, partial):
    w.run = lambda *a, **k: None


def becomes_another_class(w, x_down, partial):
    class Mine(wse.Wafer):
        def run(self, *a, **k):
            return None

    w.__class__ = Mine


def changes_the_class(w, x_down, partial):
    type(w).run = lambda *a, **k: None


def changes_the_result(w, x_down, partial):
    Result.passed = property(lambda self: True)


def changes_the_problem(w, x_down, partial):
    problem.Problem.grade = lambda self, *a, **k: self.result(1)


def breaks_a_color(w, x_down, partial):
    x_down.entries = "nonsense"


def fills_a_color_with_nonsense(w, x_down, partial):
    by_slices(w, x_down, partial)
    x_down.exits[0][...] = 255


def ends_the_watch(w, x_down, partial):
    by_slices(w, x_down, partial)
    sys.setprofile(None)


def checks_itself(w, x_down, partial):
    check("3.1", by_slices)
    by_slices(w, x_down, partial)


def leaves_python(w, x_down, partial):
    raise SystemExit(0)


def calls_itself(w, x_down, partial):
    calls_itself(w, x_down, partial)


class Speechless(Exception):
    """An error whose text cannot be had."""

    def __str__(self):
        raise RuntimeError


def raises_what_cannot_be_shown(w, x_down, partial):
    raise Speechless


CHEATS = {
    writes_memory: "writes memory y from the host",
    swaps_memory: "writes memory y from the host",
    runs_the_wafer: "runs a wafer itself",
    calls_a_kernel: "calls wselab.kernels",
    calls_a_prediction: "calls wselab.predict",
    calls_the_reference: "calls the reference engine",
    adds_an_operation: "there were 5, now there are 6",
    discards_the_operations: "there were 5, now there are 0",
    hides_a_method: r"replaces a part of the wafer \(run\)",
    becomes_another_class: r"replaces a part of the wafer \(its class\)",
    changes_the_class: "replaces Wafer.run",
    changes_the_result: "replaces Result.passed",
    changes_the_problem: "replaces Problem.grade",
    breaks_a_color: "breaks a color",
    fills_a_color_with_nonsense: "breaks a color",
    ends_the_watch: "switches off the check's watch",
    checks_itself: "calls the check from inside",
    leaves_python: "ends the program with SystemExit",
    calls_itself: "calls itself without an end",
    raises_what_cannot_be_shown: r"raises Speechless in line \d+\.",
}


@pytest.mark.parametrize("cheat", CHEATS, ids=lambda cheat: cheat.__name__)
def test_what_may_not_earn_points_does_not(cheat):
    """Whatever a function does besides writing routes, it earns nothing and hears why."""
    result = check("3.1", cheat)
    assert result.passed is False, result
    assert re.search(CHEATS[cheat], result.reasons[0]), result.reasons
    assert check("3.1", by_slices).passed, "what it replaced is put back"


def test_what_was_replaced_before_the_check_is_found(monkeypatch):
    """A method that an earlier cell replaced is named before the function is called."""
    called = []
    monkeypatch.setattr(wse.Wafer, "run", lambda *a, **k: None)
    result = check("3.1", lambda w, x_down, partial: called.append(1))
    assert result.reasons[0].startswith("Wafer.run is not the one of wselab") and not called


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (None, "without brackets"),
        (by_slices.__code__, "of type code"),
        ("wire", "of type str"),
        (lambda w: None, "has to take 3 arguments"),
        (lambda w, a, b, c: None, "has to take 3 arguments"),
        (len, "has to take 3 arguments"),
    ],
)
def test_what_is_no_answer_is_said_to_be_none(answer, words):
    """Something that is no function of three arguments gets a clear word."""
    (reason,) = check("3.1", answer).reasons
    assert words in reason


# ---- the time limit ------------------------------------------------------------------------


def endless():
    while True:
        pass


def sleeps():
    time.sleep(60)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="a sleep goes on without SIGALRM")
@pytest.mark.parametrize("answer", [endless, sleeps])
def test_a_function_without_an_end_is_stopped(answer):
    """A loop and a long sleep both end within the limit, as a reason."""
    with pytest.raises(Refused, match=r"did not end within 0\.1 s"):
        writing.call(answer, limit_s=0.1)


def test_a_loop_is_stopped_in_a_thread_too():
    """Where no signal can come, the watcher ends a loop of Python."""
    seen = []

    def grade():
        try:
            writing.call(endless, limit_s=0.1)
        except Refused as refused:
            seen.extend(refused.reasons)

    thread = threading.Thread(target=grade, daemon=True)
    thread.start()
    thread.join(20)
    assert seen == ["endless did not end within 0.1 s: is there a loop without an end?"]


def test_the_watch_is_gone_after_a_call():
    """A profiler of the user's own is back afterwards, also where the function raises."""

    def mine(*_):
        return None

    sys.setprofile(mine)
    try:
        with pytest.raises(Refused):
            writing.call(untouched, 1, 2, 3)
        assert sys.getprofile() is mine
    finally:
        sys.setprofile(None)


# ---- results, hints, numbers ---------------------------------------------------------------


def test_the_same_answer_gets_the_same_result():
    """A check is a function of the answer and the seed alone."""
    assert check("3.1", multicast) == check("3.1", multicast)
    assert check("3.1", by_slices, seed=3) == check("3.1", by_slices, seed=3)


def test_a_seed_brings_other_sizes_and_keeps_the_scored_one():
    """The hidden cell tries tiles that the visible check does not."""
    sizes = [PROBLEM.sizes(seed) for seed in (None, 1, 2)]
    assert sizes[0][0] == sizes[1][0] == sizes[2][0] == {"rows": 1, "columns": 1}
    assert len({str(size) for size in sizes}) == 3


def test_each_judgement_has_data_of_its_own(monkeypatch):
    """Every size is run twice, on numbers that differ, and another seed brings others."""
    drawn = []

    def spy(rng, rows, columns):
        A, x = numbers(rng, rows, columns)
        drawn.append((rows, A.tobytes() + x.tobytes()))
        return A, x

    numbers = p03_1._numbers
    monkeypatch.setattr(p03_1, "_numbers", spy)
    monkeypatch.setattr(writing, "replaced_parts", list)  # the spy is one
    for seed in (None, 0, 1):
        assert check("3.1", by_slices, seed=seed).passed
    assert len(drawn) == 18 and len(set(drawn)) == 18


def test_a_result_reads_well():
    """A result says number, verdict, points, score and par, as text and as HTML."""
    passed, failed = check("3.1", by_slices), check("3.1", empty)
    text, html = repr(passed), passed._repr_html_()
    for words in ("3.1", "passed, 8 of 8 points", f"{passed.score} cycles", f"par: {passed.par}"):
        assert words in text and words in html
    assert "not yet, 0 of 8 points" in repr(failed) and 'wse.hint("3.1")' in repr(failed)
    assert "wse.hint(&quot;3.1&quot;)" in failed._repr_html_()


def test_a_score_is_held_against_par():
    """Over, under and at par are said as such."""
    said = [Result("1.1", "t", True, 1, 10, score).against_par for score in (8, 10, 13)]
    assert [s.partition(" (")[0] for s in said] == [
        "8 cycles, 2 under par", "10 cycles, at par", "13 cycles, 3 over par",
    ]  # fmt: skip


def test_html_of_a_result_is_escaped():
    """What a learner's error says stands as text in the page."""

    def bold(w, x_down, partial):
        raise ValueError("<b>x</b>")

    assert "&lt;b&gt;x&lt;/b&gt;" in check("3.1", bold)._repr_html_()


def test_hints_open_one_after_another(monkeypatch):
    """Each call opens one more; after the third it stays at three."""
    monkeypatch.setattr(problem, "_OPENED", {})
    counts = []
    for _ in range(4):
        text = repr(hint("3.1"))
        counts.append([f"Hint {k} of 3" in text for k in (1, 2, 3)].count(True))
    assert counts == [1, 2, 3, 3] and "That was the last one." in text


@pytest.mark.parametrize("ask", [lambda n: check(n, by_slices), hint, find])
def test_an_unknown_number_names_the_known_ones(ask):
    """A wrong number is the caller's mistake, and says which problems there are."""
    with pytest.raises(ValueError, match=r"no problem '99\.1'; the problems are .*3\.1"):
        ask("99.1")


def test_routes_as_data_come_back_as_they_were():
    """What is written down of a color is what is laid again; nonsense is refused."""
    w, x_down, partial = p03_1.gemv()
    p03_1.textbook(w, x_down, partial)
    assert by_place(routes_of(x_down)) == p03_1.RIGHT["x_down"]
    for nonsense in ([[0, 0, "UP", ["RAMP"]]], [[0, 0]], [[0, 0, "RAMP", []]], [7], None):
        with pytest.raises(ValueError):
            by_place(nonsense)


def test_importing_the_package_leaves_the_course_alone():
    """`import wselab` costs nothing of what only a class or a notebook needs."""
    code = (
        "import sys, wselab; "
        "print([m for m in ('wselab.course', 'typer', 'nbclient') if m in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_the_operations_of_the_problem_send_what_they_say():
    """The program that learners see has two sends and two receives, one a color and direction."""
    w, x_down, partial = p03_1.gemv(3, 2)
    kinds = [(op.sends, op.reads) for op in w.recorded if op.on_fabric]
    assert kinds == [(x_down, ()), (None, (x_down,)), (partial, ()), (None, (partial,))]
    assert repr(fabout(partial)) == "fabout(partial)"
