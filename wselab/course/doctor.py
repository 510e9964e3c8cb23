"""What this machine has of what the course needs, each with the mend."""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..fabric.engines import backend
from .folder import MATERIAL, START, find_course
from .learn import has_display

OLDEST_PYTHON = (3, 11)
MEMORY_BYTES = 1_500_000_000  # the largest lesson steps a whole wafer: 763 MB of data, and room
DISK_BYTES = 500_000_000
MODULES = {"scikit-learn": "sklearn", "ml-dtypes": "ml_dtypes"}  # imported under other names
INSTALL = 'make venv (in a checkout), or: python -m pip install "wselab[course]"'
# What draws our widgets in JupyterLab's page: the folders in share/jupyter/labextensions.
WIDGETS = {"ipywidgets": "@jupyter-widgets/jupyterlab-manager", "anywidget": "anywidget"}
CGROUP = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Finding:
    """One need: what it is, whether it is met, what was found, and the mend."""

    name: str
    ok: bool
    found: str
    mend: str = ""
    needed: bool = True

    @property
    def sign(self) -> str:
        """ "ok", "not ok", or "optional" for what is missing and not needed."""
        return "ok" if self.ok else "not ok" if self.needed else "optional"

    def __str__(self) -> str:
        line = f"{self.sign:9} {self.name:20} {self.found}"
        return line if self.ok or not self.mend else f"{line}\n{'':30} {self.mend}"


def examine(folder: Path) -> Iterator[Finding]:
    """Every need in turn, looking for the course's files from ``folder`` on."""
    yield python()
    yield from packages()
    yield kernel()
    yield widgets()
    yield gpu()
    yield course_files(folder)
    yield saving(folder)
    yield from jupyter_folders()
    yield memory()
    yield disk(folder)
    yield display()


def python() -> Finding:
    """This Python's version."""
    version = ".".join(map(str, sys.version_info[:3]))
    oldest = ".".join(map(str, OLDEST_PYTHON))
    good = sys.version_info[:2] >= OLDEST_PYTHON
    return Finding("Python", good, version, f"Python {oldest} or newer: python.org, conda or uv")


def packages() -> Iterator[Finding]:
    """Each package that the core, the course and a class need, by wselab's own metadata."""
    try:
        requirements = importlib.metadata.requires("wselab") or []
    except importlib.metadata.PackageNotFoundError:
        yield Finding("wselab", False, "runs, but is not installed", INSTALL)
        return
    for line in requirements:
        match = re.match(r"([\w.-]+)\s*\(?([^;)]*)\)?\s*(?:;.*extra == ['\"]([\w-]+)['\"])?", line)
        if match and match[3] in (None, "course", "classroom"):
            yield package(match[1], match[2], needed=match[3] != "classroom")


def package(name: str, wanted: str, needed: bool = True) -> Finding:
    """One package: installed, new enough, and can be imported.

    >>> package("numpy", ">=2.0").sign
    'ok'
    """
    extra = "course" if needed else "classroom"
    mend = INSTALL.replace("course", extra)
    if not needed:
        mend = f"for teachers only: {mend}"
    try:
        version = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return Finding(name, False, f"not installed; wanted {wanted}", mend, needed)
    bound = re.search(r">=\s*([\d.]+)", wanted)
    if bound and _numbers(version) < _numbers(bound[1]):
        return Finding(name, False, f"{version} is too old; wanted {wanted}", mend, needed)
    try:
        importlib.import_module(MODULES.get(name, name))
    except Exception as error:  # a package can fail in any way when imported
        found = f"{version} does not import: {type(error).__name__}: {error}"
        return Finding(name, False, found, f"reinstall it: {mend}", needed)
    return Finding(name, True, version, needed=needed)


def _numbers(version: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", version)[:4]]


def kernel() -> Finding:
    """Jupyter's kernel "python3": there, and of this Python."""
    mend = "python -m ipykernel install --sys-prefix --name python3"
    try:
        from jupyter_client.kernelspec import KernelSpecManager

        command = KernelSpecManager().get_kernel_spec("python3").argv[0]
    except ImportError as error:
        return Finding("Jupyter kernel", False, f"no kernel python3: {error}", INSTALL)
    except Exception as error:
        return Finding("Jupyter kernel", False, f"no kernel python3: {error}", mend)
    here = Path(sys.executable)
    # Jupyter replaces a plain name by the Python that it runs in. Two environments can share their
    # interpreter, one environment can be reached by two paths.
    same = os.sep not in command or (
        Path(command).resolve() == here.resolve()
        and Path(command).parent.resolve() == here.parent.resolve()
    )
    found = f"python3 runs {here if same else command}"
    return Finding("Jupyter kernel", same, found, f"it is another Python's. {mend}")


def widgets() -> Finding:
    """The parts of the widgets that run in JupyterLab's page, where this JupyterLab looks."""
    mend = f"sliders and players would not show. {INSTALL}"
    try:
        from jupyter_core.paths import jupyter_path
    except ImportError as error:
        return Finding("widgets in the page", False, str(error), mend)
    places = [Path(place) for place in jupyter_path("labextensions")]
    missing = [
        name
        for name, folder in WIDGETS.items()
        if not any((place / folder / "package.json").is_file() for place in places)
    ]
    if missing:
        found = f"JupyterLab does not see that of {' and '.join(missing)}"
        return Finding("widgets in the page", False, found, f"{mend} --force-reinstall")
    return Finding("widgets in the page", True, ", ".join(WIDGETS))


def gpu() -> Finding:
    """CuPy and a GPU: not needed; see `wselab.fabric.engines.backend`."""
    cupy, found, mend = backend.gpu()
    if cupy is None:
        mend += "; all lessons run without"
        return Finding("GPU (CuPy)", False, found, mend, needed=False)
    return Finding("GPU (CuPy)", True, f'{found}; wse.Wafer(..., on="gpu") uses it', needed=False)


def course_files(folder: Path) -> Finding:
    """The notebooks: found from ``folder`` on, or carried by an installed wheel."""
    course = find_course(folder)
    if course is not None:
        return Finding("course files", True, str(course))
    if (MATERIAL / START).is_file():
        return Finding("course files", True, "in the package; `wselab learn` copies them out")
    mend = "go to the folder of the course, or name it: wselab doctor FOLDER"
    return Finding("course files", False, f"no {START.as_posix()} from {folder} upward", mend)


def saving(folder: Path) -> Finding:
    """Whether notebooks can be saved where the course is, or would be copied to."""
    place = find_course(folder) or folder
    mend = "copy the course to a folder of yours, or name one: wselab doctor FOLDER"
    return _writing("saving notebooks", place, mend)


def jupyter_folders() -> Iterator[Finding]:
    """JupyterLab does not start where it cannot write its settings and what it runs."""
    try:
        from jupyter_core.paths import jupyter_config_dir, jupyter_runtime_dir
    except ImportError:
        return  # `packages` has said that JupyterLab is not there
    for name, place in (("CONFIG", jupyter_config_dir()), ("RUNTIME", jupyter_runtime_dir())):
        mend = f"make it writable, or name another folder in JUPYTER_{name}_DIR"
        yield _writing(f"Jupyter's {name.lower()}", Path(place), mend)


def _writing(name: str, place: Path, mend: str) -> Finding:
    """Whether ``place`` takes a file, or would if it were made; leaves none."""
    there = next((path for path in (place, *place.parents) if path.exists()), place)
    try:
        with tempfile.TemporaryFile(dir=there):
            return Finding(name, True, str(place))
    except OSError as error:
        return Finding(name, False, f"nothing can be written in {place}: {error.strerror}", mend)


def memory() -> Finding:
    """Free memory: this machine's, or what a container may take of it."""
    try:
        psutil: Any = importlib.import_module("psutil")
        free = min(int(psutil.virtual_memory().available), _container_limit())
    except Exception:  # not installed, or a system that it does not know
        mend = f"see yourself that {MEMORY_BYTES / 1e9:g} GB are free; or: {INSTALL}"
        return Finding("free memory", False, "cannot be told here", mend, needed=False)
    mend = f"the whole wafer needs {MEMORY_BYTES / 1e9:g} GB: close other programs"
    return Finding("free memory", free >= MEMORY_BYTES, f"{free / 1e9:,.1f} GB", mend)


def _container_limit() -> float:
    """The bytes that a container may take, infinity where none is set (Linux, cgroup 2)."""
    try:
        return int((CGROUP / "memory.max").read_text())
    except (OSError, ValueError):  # no such file, or the word "max"
        return float("inf")


def disk(folder: Path) -> Finding:
    """Free space where the course is."""
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return Finding("free disk", False, str(error), "name a folder that exists")
    mend = f"the course writes up to {DISK_BYTES / 1e9:g} GB: make room"
    return Finding("free disk", free >= DISK_BYTES, f"{free / 1e9:,.1f} GB", mend)


def display() -> Finding:
    """A display for the browser: without one, `wselab learn` prints the address."""
    mend = "`wselab learn` prints the address to open in a browser elsewhere"
    has = has_display()
    return Finding("display", has, "yes" if has else "none", mend, needed=False)
