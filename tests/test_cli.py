"""The command line: what each command says, and how it ends."""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from typer.testing import CliRunner

from wselab import predict
from wselab.course import cli, folder, grading, learn
from wselab.course import tour as tours
from wselab.course.problem import Result
from wselab.specs.published import PUBLISHED

ROOT = Path(__file__).resolve().parent.parent
EMPTY = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


@pytest.fixture
def run():
    """Call the command line as a shell would."""
    return lambda *words: CliRunner().invoke(cli.app, list(words), prog_name="wselab")


@pytest.fixture
def course(tmp_path, monkeypatch) -> Path:
    """A folder that holds a course of one empty lesson, away from the checkout."""
    (tmp_path / "notebooks").mkdir()
    (tmp_path / folder.START).write_text(json.dumps(EMPTY))
    monkeypatch.setattr(folder, "CHECKOUT", tmp_path / "no checkout")
    return tmp_path


# ---- help and version ----------------------------------------------------------------------


def test_help_names_every_command(run):
    """`wselab --help` lists the five commands, each with its first line whole."""
    result = run("--help")
    assert result.exit_code == 0
    for command in ("learn", "doctor", "check", "tour", "validate"):
        assert re.search(rf"^  {command}  +\S.*\.$", result.stdout, flags=re.MULTILINE), command
        assert run(command, "--help").exit_code == 0


def test_version_is_the_package_s(run):
    """`wselab --version` prints what is installed."""
    assert run("--version").stdout == f"wselab {importlib.metadata.version('wselab')}\n"


def test_a_wrong_command_ends_with_2(run):
    """What the command line does not know is an error of use."""
    assert run("teach").exit_code == 2


def test_the_module_is_the_command():
    """`python -m wselab` is the same as `wselab`."""
    words = [sys.executable, "-m", "wselab", "--version"]
    ran = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.startswith("wselab ")


# ---- where files are -----------------------------------------------------------------------


def test_the_course_is_found_from_within(course):
    """From a folder of the course, the course is found upward."""
    assert folder.find_course(course / "notebooks") == course


def test_a_checkout_is_found_from_anywhere(tmp_path, course, monkeypatch):
    """An editable install knows its checkout."""
    monkeypatch.setattr(folder, "CHECKOUT", course)
    assert folder.find_course(Path(tmp_path.anchor)) == course


def test_a_copy_is_found_beside_the_reader(course, tmp_path):
    """Where one was made in the folder that they stand in."""
    (course / "notebooks").rename(course / "moved")
    copy = tmp_path / folder.COPY
    (copy / "notebooks").mkdir(parents=True)
    assert folder.find_course(tmp_path) is None
    (copy / folder.START).write_text(json.dumps(EMPTY))
    assert folder.find_course(tmp_path) == copy


def test_an_exercise_is_found_by_number(tmp_path):
    """Upward from anywhere in the course; two that fit, or none, are an error that says so."""
    exercises = tmp_path / "exercises"
    exercises.mkdir()
    with pytest.raises(folder.NotFound, match=r"no exercises/03_\*\.ipynb"):
        folder.find_exercise("3.1", tmp_path)
    one = exercises / "03_a.ipynb"
    one.touch()
    (exercises / "04_b.ipynb").touch()
    assert folder.find_exercise("3.1", exercises) == one
    assert folder.find_exercise("3.1", tmp_path / "notebooks" / "deep") == one
    (exercises / "03_copy.ipynb").touch()
    with pytest.raises(folder.NotFound, match=r"03_a\.ipynb, 03_copy\.ipynb"):
        folder.find_exercise("3.1", tmp_path)


# ---- check ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("passed", "code"), [(True, 0), (False, 1)])
def test_check_ends_with_what_the_result_says(run, course, monkeypatch, passed, code):
    """0 for passed, 1 for not yet; the notebook is found by number, and the result is printed."""
    notebook = course / "exercises" / "03_x.ipynb"
    notebook.parent.mkdir()
    notebook.touch()
    result, asked = Result("3.1", "t", passed, 8, 10, 10 if passed else None), []

    def grade(path, numbers):
        asked.append((path, numbers))
        return {"3.1": result}

    monkeypatch.setattr(grading, "grade_notebook", grade)
    monkeypatch.chdir(course / "notebooks")
    ran = run("check", "3.1")
    assert (ran.exit_code, asked) == (code, [(notebook, ["3.1"])])
    assert repr(result) in ran.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["9.9"], "there is no problem '9.9'"),
        (["pi"], "there is no problem 'pi'"),
        (["3.1"], "no exercises/03_*.ipynb"),
        (["3.1", "nowhere.ipynb"], "there is no file nowhere.ipynb"),
    ],
)
def test_what_cannot_be_graded_ends_with_2(run, tmp_path, monkeypatch, words, said):
    """An unknown number and a missing notebook are neither passed nor failed."""
    monkeypatch.chdir(tmp_path)
    result = run("check", *words)
    assert result.exit_code == 2 and said in result.stderr


# ---- learn ---------------------------------------------------------------------------------


def test_learn_in_a_checkout_takes_it_for_the_course(run, course, monkeypatch):
    """Found from within, or named; the words reach JupyterLab as they were given."""
    asked = []
    monkeypatch.setattr(learn, "learn", lambda *words: asked.append(words) or 0)
    monkeypatch.chdir(course / "notebooks")
    assert run("learn", "--no-browser", "--port", "1234").output == ""
    assert run("learn", str(course)).output == ""
    assert asked == [(course, False, 1234), (course, True, None)]


@pytest.mark.parametrize(
    ("environment", "browser", "opens"),
    [({}, True, False), ({"DISPLAY": ":0"}, True, True), ({"DISPLAY": ":0"}, False, False)],
)
@pytest.mark.skipif(sys.platform != "linux", reason="other systems always have a display")
def test_a_browser_opens_where_there_is_a_display(monkeypatch, environment, browser, opens):
    """Without a display, or when asked not to, JupyterLab only serves."""
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    words = learn.command(Path(), 1234, browser and learn.has_display())
    assert ("--no-browser" not in words) is opens
    assert "--port=1234" in words and not any("token" in word.lower() for word in words)


def test_a_taken_port_is_passed_over(monkeypatch):
    """The first free port is taken, and a taken one that was asked for is refused at once."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        taken = held.getsockname()[1]
        assert learn.free_port(taken) != taken
        said: list[str] = []
        assert learn.learn(Path(), port=taken, say=said.append) == 1
        assert "is taken" in said[0]


def test_a_server_that_does_not_start_is_reported(monkeypatch, tmp_path):
    """When JupyterLab ends at once, so does `learn`, with 1."""
    ends = [sys.executable, "-c", "raise SystemExit(3)"]
    monkeypatch.setattr(learn, "command", lambda *_: ends)
    said: list[str] = []
    assert learn.learn(tmp_path, browser=False, say=said.append) == 1
    assert "did not start" in said[-1]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for another process")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_learn_serves_the_course_until_ctrl_c(course, how):
    """The printed address opens the course and only with its token; Ctrl-C leaves nothing."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DISPLAY", "WAYLAND_DISPLAY", "JUPYTER_TOKEN")
    }
    words = [sys.executable, "-u", "-m", "wselab", "learn", str(course)]
    with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            printed = ""
            while "Ctrl-C" not in printed:
                line = process.stdout.readline()
                assert line, printed
                printed += line
            if sys.platform == "linux":
                assert "There is no display here" in printed
            address = re.search(r"http://\S+", printed)[0]
            server, _, token = address.partition("/lab")[0], None, address.partition("token=")[2]
            contents = f"{server}/api/contents/{folder.START.as_posix()}"
            with urllib.request.urlopen(f"{contents}?token={token}") as answer:
                assert json.load(answer)["type"] == "notebook"
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(contents)
            refused.value.close()
            assert refused.value.code == 403
            process.send_signal(how)
            assert process.wait(20) == 0
        finally:
            process.kill()
    time.sleep(0.1)
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(contents)


def test_learn_takes_another_port_when_its_own_was_taken_in_between(monkeypatch, tmp_path):
    """A port that somebody takes while JupyterLab starts is no reason to give up."""
    ports: list[int] = []

    def serve(folder_, port, browser, say):
        ports.append(port)
        return None if len(ports) == 1 else 0

    monkeypatch.setattr(learn, "_serve", serve)
    monkeypatch.setattr(learn, "_is_free", lambda port: port not in ports)
    assert learn.learn(tmp_path, say=lambda text: None) == 0
    assert len(set(ports)) == 2


# ---- tour ----------------------------------------------------------------------------------


def test_the_tour_predicts_runs_and_compares(capsys):
    """On a small wafer: cycles as predicted, the sum as NumPy's, and V1 beside its source."""
    said: list[str] = []
    whole, measured = tours.tour(rows=6, columns=9, say=said.append, bar=False)
    text = "\n".join(said)
    assert whole.cycles == predict.reduce_2d(rows=6, columns=9, wavelets=tours.WAVELETS)
    assert measured.cycles == predict.reduce_row(pes=512, wavelets=4096)
    for words in (
        "6 rows x 9 columns",
        f"run           {whole.cycles:,} cycles",
        f"predicted     {whole.cycles:,} cycles",
        f"run here      {measured.cycles:,} cycles",
        "published     7,218 cycles; we are -0.8 % from it",
        "SpMM_Cerebras",
        "vendor's simulator",
    ):
        assert words in text
    away = float(re.search(r"NumPy's sum +(\S+) away", text)[1])
    assert away < 1e-4, "54 numbers below 0.5, each rounding at most half of 2**-19 or so"


def test_the_tour_shows_a_bar_over_the_predicted_cycles(monkeypatch):
    """The bar's total is the prediction, and it ends there."""
    bars = []

    class Bar:
        def __init__(self, total, **_):
            self.total, self.n, self.closed = total, 0, False
            bars.append(self)

        def update(self, more):
            self.n += more

        def close(self):
            self.closed = True

    monkeypatch.setattr("tqdm.tqdm", Bar)
    whole, _ = tours.tour(rows=6, columns=9, say=lambda line: None)
    (bar,) = bars
    assert bar.total == bar.n == whole.cycles and bar.closed


def test_the_tour_s_command_tours_a_whole_wse_2(run, monkeypatch):
    """`wselab tour` takes the defaults: all rows and columns that a program gets."""
    import inspect

    shown = []
    defaults = inspect.signature(tours.tour).parameters
    assert (defaults["rows"].default, defaults["columns"].default) == (994, 750)
    monkeypatch.setattr(tours, "tour", lambda **given: shown.append(given))
    assert run("tour").exit_code == 0
    assert [sorted(given) for given in shown] == [["say"]]


def test_what_the_tour_runs_is_what_was_published():
    """The inputs of V1 in its note are those that are run."""
    fact = PUBLISHED["V1"]
    assert fact.status == "seen" and fact.unit == "cycle"
    for value in tours.MEASURED.values():
        assert f"{value:,}" in fact.note
