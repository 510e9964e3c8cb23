"""Opening the course in JupyterLab, and ending it cleanly."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .folder import START

FIRST_PORT = 8888
PORT_TRIES = 3
START_LIMIT_S = 90.0
STOP_LIMIT_S = 10.0
# What a learner's JupyterLab does unless their own settings say otherwise: it fetches no news of
# Jupyter, and does not ask whether it should.
DEFAULTS = Path(__file__).resolve().parent / "jupyter"


def learn(
    folder: Path, browser: bool = True, port: int | None = None, say: Callable[[str], Any] = print
) -> int:
    """Serve ``folder`` with JupyterLab until Ctrl-C, opened at the first lesson; an exit code.

    Opens a browser where there is a display and ``browser`` is true; prints the address always.
    """
    if port is not None and not _is_free(port):
        say(f"Port {port} is taken; leave --port out, and a free one is found.")
        return 1
    for _ in range(PORT_TRIES):
        chosen = free_port() if port is None else port
        code = _serve(folder, chosen, browser, say)
        if code is not None:
            return code
        if port is not None or _is_free(chosen):
            break  # it was not that somebody took the port in between
    say("JupyterLab did not start; its own words are above. Try: wselab doctor")
    return 1


def _serve(folder: Path, port: int, browser: bool, say: Callable[[str], Any]) -> int | None:
    """Serve on one port until Ctrl-C; an exit code, or None where the server did not start."""
    token = secrets.token_hex(24)
    opens = browser and has_display()
    address = f"http://127.0.0.1:{port}/lab/tree/{START.as_posix()}?token={token}"
    with _ended_by_signals(), _server(folder, port, token, opens) as server:
        try:
            if not _answers(server, port, token):
                return None
            if browser and not opens:
                say("There is no display here, so open the address yourself.")
            say(f"The course is at\n\n    {address}\n\nCtrl-C here ends it.")
            code = server.wait()
            say(f"JupyterLab ended by itself (exit code {code}).")
            return 1 if code else 0
        except KeyboardInterrupt:
            say("\nEnding JupyterLab.")
            return 0


def free_port(first: int = FIRST_PORT) -> int:
    """The first free port from ``first`` on, or any that the system gives."""
    near = next((port for port in range(first, first + 50) if _is_free(port)), None)
    if near is not None:
        return near
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError):
            return False
    return True


def has_display() -> bool:
    """Whether a browser could show itself here."""
    if os.name == "nt" or sys.platform == "darwin":
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


def command(folder: Path, port: int, opens: bool) -> list[str]:
    """The command line that starts JupyterLab; the token goes by the environment."""
    words = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={folder.resolve()}"]
    words += [f"--LabApp.default_url=/lab/tree/{START.as_posix()}", "--ip=127.0.0.1"]
    words += [f"--port={port}", "--ServerApp.port_retries=0", "--Application.log_level=ERROR"]
    words += [] if opens else ["--no-browser"]
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return [*words, "--allow-root"] if is_root else words


@contextmanager
def _server(folder: Path, port: int, token: str, opens: bool) -> Iterator[Any]:
    """A running server that is gone afterwards, with its kernels."""
    settings = [str(DEFAULTS), *filter(None, [os.environ.get("JUPYTER_CONFIG_PATH")])]
    server = subprocess.Popen(
        command(folder, port, opens),
        cwd=folder,
        env={
            **os.environ,
            "JUPYTER_TOKEN": token,
            "JUPYTER_CONFIG_PATH": os.pathsep.join(settings),
        },
        start_new_session=True,  # Ctrl-C reaches us alone: no question of Jupyter's in between
    )
    try:
        yield server
    finally:
        server.terminate()
        try:
            server.wait(STOP_LIMIT_S)
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            server.kill()
            server.wait()


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Take a closed terminal or a kill for a Ctrl-C, so that no server is left behind.

    Ctrl-C too: a shell's background jobs begin with it switched off.
    """

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    names = ("SIGINT", "SIGTERM", "SIGHUP")
    before = {}
    for name in names:
        if hasattr(signal, name):
            before[name] = signal.signal(getattr(signal, name), stop)
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)


def _answers(server: Any, port: int, token: str) -> bool:
    """Wait until our server answers (another's would refuse the token); False where it does not."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/status", headers={"Authorization": f"token {token}"}
    )
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    end = time.monotonic() + START_LIMIT_S
    while time.monotonic() < end and server.poll() is None:
        try:
            with direct.open(request, timeout=2):
                return True
        except OSError:  # not yet, or somebody else's
            time.sleep(0.2)
    return False
