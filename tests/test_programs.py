"""Problems of writing a whole program, on one that is small: copy x of the west PE to all."""

from __future__ import annotations

import copy
import re

import numpy as np
import pytest

import wselab as wse
import wselab.kernels
import wselab.predict
import wselab.trees
from wselab import EAST, RAMP, WEST, fabin, fabout
from wselab.course.problem import Refused
from wselab.course.programs import Due, Programming
from wselab.fabric.engines import reference
from wselab.fabric.program import Program


def textbook(w, x):
    c = w.color("c")
    w[:, 0].route(c, RAMP >> EAST)
    w[:, 1:-1].route(c, WEST >> (RAMP, EAST))
    w[:, -1].route(c, WEST >> RAMP)
    w[:, 0].mov(x, out=fabout(c))
    w[:, 1:].mov(fabin(c), out=x)


class Copy(Programming):
    """The program of the wafer's doc; no number that the course has."""

    number, title, points, answer = "0.1", "Copy", 3, "spread"
    hints = ("a", "b", "c")
    textbook = staticmethod(textbook)

    def sizes(self, seed=None):
        return [{"columns": 4, "wavelets": 3}, {"columns": 6 + (seed or 0), "wavelets": 2}]

    def wafer(self, size):
        w = wse.Wafer(1, size["columns"])
        return w, w.memory("x", size["wavelets"])

    def data(self, size, rng):
        x = np.zeros((1, size["columns"], size["wavelets"]), np.float32)
        x[:, 0] = rng.integers(1, 100, size["wavelets"])
        return {"x": x}

    def due(self, size, data):
        everywhere = np.ones((1, size["columns"]), bool)
        values = np.broadcast_to(data["x"][:, :1], data["x"].shape)
        return [Due("x", everywhere, values, "what PE (0, 0) had")]

    def most_cycles(self, size):
        return 2 * self.par_at(size), "at most twice par are asked"


PROBLEM = Copy()


def hand_to_hand(w, x):
    """Right, and another program: each PE stores it and sends it on."""
    colors = w.color("even"), w.color("odd")
    last = w.shape[1] - 1
    for k in range(last):
        w[0, k].route(colors[k % 2], RAMP >> EAST)
        w[0, k + 1].route(colors[k % 2], WEST >> RAMP)
    for k in range(last + 1):
        if k:
            w[0, k].mov(fabin(colors[(k + 1) % 2]), out=x)
        if k < last:
            w[0, k].mov(x, out=fabout(colors[k % 2]))


class Quick(Copy):
    """The same, with no limit of cycles."""

    def most_cycles(self, size):
        return None


@pytest.mark.parametrize("seed", [None, 1, 5])
def test_right_programs_pass(seed):
    """The textbook's is at par; a slower one passes where cycles do not count."""
    result = PROBLEM.check(textbook, seed)
    assert result.passed and result.score == result.par == 3 + 3 + 2 * 2 + 1
    result = Quick().check(hand_to_hand, seed)
    assert result.passed and result.score > result.par


def test_a_program_that_takes_too_long_hears_by_how_much():
    """It is told to be right, with its cycles, and what is asked."""
    result = PROBLEM.check(hand_to_hand)
    assert not result.passed and result.score > 2 * result.par and result.points == 0
    assert f"columns = 4, wavelets = 3), but come after {result.score} cycles" in repr(result)
    assert "at most twice par are asked." in repr(result)


# ---- what may not earn points --------------------------------------------------------------


def nothing(w, x):
    return 3


def only_routes(w, x):
    w[:, 0].route(w.color("c"), RAMP >> EAST)


def from_the_host(w, x):
    textbook(w, x)
    x[...] = 5.0


def into_its_own_memory(w, x):
    textbook(w, x)
    w.memory("mine", 3, data=np.ones((*w.shape, 3), np.float32))


def swaps_memory(w, x):
    textbook(w, x)
    w.memories["x"] = w.memory("y", 3)


def constant(w, x):
    textbook(w, x)
    w[:, :].mov(7.0, out=x)


def ignores_the_data(w, x):
    w[:, 1:].mov(0.0, out=x)
    w[:, 0].mul(x, 0.0, out=x)


def runs(w, x):
    textbook(w, x)
    w.run()


def runs_another(w, x):
    other = wse.Wafer(*w.shape)
    textbook(other, other.memory("x", 3))
    other.run()
    textbook(w, x)


def makes_another(w, x):
    w = wse.Wafer(*w.shape)
    textbook(w, w.memory("x", 3))


def by_a_kernel(w, x):
    from wselab.kernels.broadcast import write_broadcast_row

    write_broadcast_row(w, x)


def by_a_prediction(w, x):
    wselab.predict.broadcast_row(columns=4, wavelets=3)


def by_a_tree(w, x):
    wselab.trees.reduce_tree("chain", None, 4, 3, 2, 0)


def by_the_reference(w, x):
    textbook(w, x)
    reference.simulate(Program.of(w))


QUICKER = wse.Wafer(1, 4, ramp_latency=1).rules


def other_rules(w, x):
    w.rules = QUICKER
    textbook(w, x)


def other_wires(w, x):
    w.wires = QUICKER
    textbook(w, x)


def another_class(w, x):
    w.__class__ = type("Mine", (wse.Wafer,), {})


def another_list(w, x):
    w.recorded = []


def nonsense_in_the_list(w, x):
    textbook(w, x)
    w.recorded.append("nonsense")


def host_streams(w, x):
    c = w.color("c")
    w[:, :-1].route(c, WEST >> (RAMP, EAST))
    w[:, -1].route(c, WEST >> RAMP)
    w[:, 0].host_in(c, [1.0, 2.0, 3.0], edge=WEST)
    w[:, :].mov(fabin(c), out=x)


def changes_the_check(w, x):
    Programming.judge = lambda *a: 1


def endless(w, x):
    while True:
        pass


def as_long_as_the_example(w, x):
    c = w.color("c")
    w[:, 0].route(c, RAMP >> EAST)
    w[:, 1:3].route(c, WEST >> (RAMP, EAST))
    w[:, 3].route(c, WEST >> RAMP)
    w[:, 0].mov(x, out=fabout(c))
    w[:, 1:].mov(fabin(c), out=x)


def raises_elsewhere(w, x):
    if w.shape[1] > 4:
        raise ValueError("too wide for me")
    textbook(w, x)


def waits_for_ever(w, x):
    w[:, 1:].mov(fabin(w.color("c")), out=x)


def leaves_some(w, x):
    textbook(w, x)
    w[:, 0].mov(x, out=fabout(w.colors[0]))


def never_ends(w, x):
    c = w.color("c")
    w[0, 0].route(c, RAMP >> EAST)
    w[0, 1].route(c, WEST >> RAMP)
    w[0, 0].mov(1.0, out=fabout(c), n=10**9)

    @w[0, 1].task(c)
    def take(pe, wavelet):
        pe.mov(wavelet, out=x.own[0])


def wakes_itself_for_ever(w, x):
    a, b = w.color("a"), w.color("b")
    w[0, 0].route(a, RAMP >> EAST)
    w[0, 1].route(a, WEST >> RAMP)
    w[0, 1].route(b, RAMP >> WEST)
    w[0, 0].route(b, EAST >> RAMP)
    w[0, 0].mov(1.0, out=fabout(a), n=1)

    @w[0, 1].task(a)
    def ping(pe, wavelet):
        pe.mov(wavelet, out=fabout(b))

    @w[0, 0].task(b)
    def pong(pe, wavelet):
        pe.mov(wavelet, out=fabout(a))


WRONG = {
    nothing: "writes nothing on the wafer yet.*\n.*of type int",
    only_routes: "writes routes and no operation",
    from_the_host: "writes memory x from the host",
    into_its_own_memory: "writes memory mine from the host",
    swaps_memory: "writes memory x from the host",
    constant: "The same comes out whatever numbers are loaded",
    ignores_the_data: "x is still 0 wherever a result is due",
    runs: "runs a wafer itself",
    runs_another: "runs a wafer itself",
    makes_another: "makes a wafer of its own",
    by_a_kernel: "calls wselab.kernels",
    by_a_prediction: "calls wselab.predict",
    by_a_tree: "calls wselab.trees",
    by_the_reference: "calls the reference engine",
    other_rules: r"replaces a part of the wafer \(rules\)",
    other_wires: r"replaces a part of the wafer \(wires\)",
    another_class: r"replaces a part of the wafer \(its class\)",
    another_list: r"replaces a part of the wafer \(recorded\)",
    nonsense_in_the_list: "changes the wafer's own lists",
    host_streams: "streams from or to the host",
    changes_the_check: "replaces Programming.judge",
    as_long_as_the_example: "Right with columns = 4, wavelets = 3, not with columns = 6.*Deadlock",
    raises_elsewhere: "Right with columns = 4.*\n.*raises ValueError in line .*too wide for me",
    waits_for_ever: r"^Deadlock: since cycle.*PE \(0, 1\).*color c",
    leaves_some: r"^Undrained: .*c",
    never_ends: "not come to its end",
    wakes_itself_for_ever: "not come to its end",
}


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.__name__)
def test_a_wrong_answer_hears_why(wrong):
    """No points, and the reason first."""
    result = PROBLEM.check(wrong)
    assert result.passed is False and result.points == 0 and result.score is None
    assert re.search(WRONG[wrong], "\n".join(result.reasons), re.DOTALL), result
    assert PROBLEM.check(textbook).passed, "what it replaced is put back"


def test_a_run_s_error_does_not_speak_of_mending_and_running_again():
    """In a check nothing stays recorded."""
    assert "stays recorded" not in repr(PROBLEM.check(waits_for_ever))


def test_a_mistake_in_one_pe_is_shown():
    """The first wrong number, where it stands, and what is due."""

    def wrong(w, x):
        textbook(w, x)
        w[0, 2].add(x.own[1], 1.0, out=x.own[1])

    (reason,) = PROBLEM.check(wrong).reasons
    assert re.fullmatch(r"x\[1\] of PE \(0, 2\) is (\d+); what PE \(0, 0\) had is (\d+)\.", reason)


def test_what_a_stranger_s_record_lacks_is_no_program():
    """A record without the memory that was given, or with one of another size, is refused."""
    size = PROBLEM.sizes()[0]
    written = PROBLEM.write(textbook, size)
    for change in ([], [["x", [7], "float32"]]):
        broken = copy.deepcopy(written)
        broken["memories"], broken["operations"] = change, []
        with pytest.raises(ValueError, match="memory x"):
            PROBLEM.judge(broken, size, np.random.default_rng(0))


def test_the_check_runs_what_was_written_and_not_the_wafer_of_the_answer():
    """What the answer keeps a hold of is not what is graded."""
    kept = []

    def keeps(w, x):
        kept.append(x)
        nothing(w, x)
        w[:, :].mov(x, out=x)

    size = PROBLEM.sizes()[0]
    written = PROBLEM.write(keeps, size)
    kept[0][...] = 5.0
    with pytest.raises(Refused):
        PROBLEM.judge(written, size, np.random.default_rng(0))
