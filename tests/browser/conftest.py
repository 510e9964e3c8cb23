"""A Chromium, a JupyterLab that serves a copy of the course, and an end to whatever hangs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from .lab import SIZES, Lab

ROOT = Path(__file__).resolve().parent.parent.parent
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
HANGS_S = 900.0  # a test that is well takes a small part of it


class Server(NamedTuple):
    """`wselab learn` on a copy of the course."""

    address: str
    token: str
    folder: Path


@contextmanager
def ended(what: str, end: Callable[[], Any], seconds: float = HANGS_S) -> Iterator[None]:
    """Call ``end`` when the block takes too long, and fail with a word on ``what`` hung."""
    hung = threading.Event()

    def act() -> None:
        hung.set()
        end()

    timer = threading.Timer(seconds, act)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        if hung.is_set():
            pytest.fail(f"{what} hung: it was ended after {seconds:g} s")


def kill_chromium() -> None:
    """End the browser that this process started: whatever waits for a page gets an error."""
    import psutil

    for process in psutil.Process().children(recursive=True):
        try:
            if "chrom" in process.name():
                process.kill()
        except psutil.NoSuchProcess:  # ended with its parent
            pass


@pytest.fixture
def browser() -> Iterator[Any]:
    """A Chromium without a window; where there is none, the test is skipped."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        pytest.skip(f"Playwright does not import: {error}. Try: python -m pip install playwright")
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path  # where Playwright has installed one
        found = next((path for path in map(shutil.which, CHROMIUMS) if path), own)
        if not Path(found).is_file():
            pytest.skip(
                "no Chromium is installed. Try: your system's package `chromium`, or "
                "playwright install chromium"
            )
        is_root = hasattr(os, "geteuid") and os.geteuid() == 0
        words = ["--disable-gpu", "--disable-background-networking", "--disable-component-update"]
        words += ["--disable-dev-shm-usage"]  # in a container that memory is small
        chromium = playwright.chromium.launch(
            executable_path=found, args=[*words, "--no-sandbox"] if is_root else words
        )
        yield chromium
        chromium.close()


def lay_out(folder: Path) -> None:
    """The course as it is in the repository, whatever was saved there before."""
    hidden = shutil.ignore_patterns(".*", "__*")
    for part in ("notebooks", "exercises", "docs"):
        shutil.copytree(ROOT / part, folder / part, ignore=hidden, dirs_exist_ok=True)


@pytest.fixture(scope="package")
def server(tmp_path_factory) -> Iterator[Server]:
    """The course in JupyterLab, with settings of its own, for all tests here."""
    home = tmp_path_factory.mktemp("browser")
    folder = home / "the course"
    lay_out(folder)
    environment = os.environ | {
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "IPYTHONDIR": str(home / "ipython"),
        "PYTHONPATH": str(ROOT),
    }
    words = [sys.executable, "-u", "-m", "wselab", "learn", str(folder), "--no-browser"]
    log = home / "server.log"
    with log.open("w") as errors:
        process = subprocess.Popen(
            words, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True
        )
    try:
        printed = ""
        with ended("`wselab learn`", process.kill):
            while "Ctrl-C" not in printed:
                line = process.stdout.readline()
                assert line, f"`wselab learn` did not start:\n{printed}\n{log.read_text()}"
                printed += line
        address, _, rest = re.search(r"http://\S+", printed)[0].partition("/lab/")
        yield Server(address, rest.partition("token=")[2], folder)
    finally:
        process.terminate()
        with ended("the end of `wselab learn`", process.kill):
            process.wait()
        process.stdout.close()


@pytest.fixture
def lab(browser, server, request) -> Iterator[Lab]:
    """JupyterLab in a page of its own; nothing may have gone wrong unseen when a test is over."""
    lay_out(server.folder)  # a notebook that was saved shows widgets that are no more
    width, height = SIZES[0]
    context = browser.new_context(viewport={"width": width, "height": height})
    lab = Lab(context.new_page(), *server, name=request.node.name.partition("[")[0])
    with ended("the page", kill_chromium):
        yield lab
    problems = list(lab.problems)  # before the page is left
    headers = {"Authorization": f"token {server.token}"}
    for kernel in context.request.get(f"{server.address}/api/kernels", headers=headers).json():
        context.request.delete(f"{server.address}/api/kernels/{kernel['id']}", headers=headers)
    context.close()
    assert not problems, "\n".join(problems)


@pytest.fixture
def counted(record_property) -> Callable[[str], None]:
    """Have a line said at the end of the run."""
    return lambda line: record_property("counted", line)
