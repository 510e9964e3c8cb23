"""The doctor: what it finds where something is missing, and that every finding has its mend."""

from __future__ import annotations

import importlib
import importlib.metadata
import re
import sys
import types
from pathlib import Path

import pytest
from typer.testing import CliRunner

from wselab.course import cli, doctor, folder

from . import standin

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def course(tmp_path, monkeypatch) -> Path:
    """A folder with a first lesson, away from the checkout."""
    (tmp_path / "notebooks").mkdir()
    (tmp_path / folder.START).write_text("{}")
    monkeypatch.setattr(folder, "CHECKOUT", tmp_path / "no checkout")
    return tmp_path


def run(place: Path):
    """`wselab doctor PLACE`, as a shell would call it."""
    return CliRunner().invoke(cli.app, ["doctor", str(place)], prog_name="wselab")


def findings(start: Path) -> dict[str, doctor.Finding]:
    """What the doctor finds, by name."""
    return {finding.name: finding for finding in doctor.examine(start)}


@pytest.fixture
def healthy(monkeypatch):
    """A machine with memory, disk and a display, so that only what a test takes away lacks."""
    plenty = types.SimpleNamespace(available=10**10, free=10**10)
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda path: plenty)
    monkeypatch.setattr("psutil.virtual_memory", lambda: plenty)
    monkeypatch.setenv("DISPLAY", ":0")


@pytest.mark.usefixtures("healthy")
def test_the_doctor_finds_this_environment_in_order(course):
    """Where everything is there, each need is ok or optional, and the exit code is 0."""
    result = run(course)
    assert result.exit_code == 0, result.output
    signs = {line[:9].strip() for line in result.stdout.splitlines() if line[:1].strip()}
    assert signs <= {"ok", "optional", "Everythin"}
    for name in ("Python", "numpy", "jupyterlab", "typer", "Jupyter kernel", "course files"):
        assert re.search(rf"^ok +{name} ", result.stdout, flags=re.MULTILINE), name


@pytest.mark.usefixtures("healthy")
def test_a_missing_package_is_named_with_its_mend(course, monkeypatch):
    """A package that is not installed makes the exit code 1, with the line to type."""
    version = importlib.metadata.version

    def without_tqdm(name):
        if name == "tqdm":
            raise importlib.metadata.PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr(importlib.metadata, "version", without_tqdm)
    result = run(course)
    assert result.exit_code == 1
    assert re.search(r"not ok +tqdm +not installed; wanted >=.*\n +make venv", result.stdout)
    assert "1 needed and not ok" in result.stderr


def test_an_old_package_and_a_broken_one_are_told_apart(monkeypatch):
    """Too old says which version is wanted; one that does not import says why."""
    assert "too old; wanted >=999" in doctor.package("numpy", ">=999.0").found
    assert doctor.package("numpy", ">=2.0,<3").ok

    def broken(name):
        raise OSError("a library is missing")

    monkeypatch.setattr(importlib, "import_module", broken)
    finding = doctor.package("numpy", ">=2.0")
    assert finding.sign == "not ok" and "does not import: OSError" in finding.found


def test_what_teachers_need_is_optional(monkeypatch):
    """Without nbgrader the doctor is content."""
    name = "no-such-package-as-this"
    finding = doctor.package(name, ">=1", needed=False)
    assert finding.sign == "optional" and "wselab[classroom]" in finding.mend
    assert doctor.package(name, ">=1").sign == "not ok"


def test_without_an_installed_wselab_the_doctor_says_so(monkeypatch):
    """Run from a bare checkout, the needs are unknown: that is the finding."""

    def none(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "requires", none)
    (finding,) = doctor.packages()
    assert finding.name == "wselab" and finding.sign == "not ok"


def test_an_old_python_is_not_ok(monkeypatch):
    """Python 3.10 is too old."""
    monkeypatch.setattr(doctor.sys, "version_info", (3, 10, 4))
    assert doctor.python().sign == "not ok" and doctor.python().found == "3.10.4"


def test_cupy_with_a_gpu_is_found_and_what_to_write(monkeypatch, course):
    """The doctor names both, and how a program asks for them."""
    monkeypatch.setitem(sys.modules, "cupy", standin)
    finding = doctor.gpu()
    assert finding.ok and not finding.needed
    assert "on no GPU at all" in finding.found and 'Wafer(..., on="gpu")' in finding.found
    assert 'on="gpu"' in run(course).stdout


def test_cupy_counts_only_with_a_gpu(monkeypatch):
    """CuPy imports without one too; it is optional, and the doctor says what to look at."""
    cuda = types.SimpleNamespace(is_available=lambda: False)
    cupy = types.SimpleNamespace(cuda=cuda, __version__="13.0")
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    finding = doctor.gpu()
    assert finding.sign == "optional" and "no GPU that it can use" in finding.found
    assert "nvidia-smi" in finding.mend


def test_a_cupy_that_does_not_import_is_optional_too(monkeypatch, tmp_path):
    """Its error is shown, not "no CuPy"."""
    (tmp_path / "cupy.py").write_text("raise ImportError('libcuda.so.1 is missing')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "cupy", raising=False)
    finding = doctor.gpu()
    assert finding.sign == "optional" and "libcuda.so.1 is missing" in finding.found


def test_no_cupy_is_optional(monkeypatch):
    """Without CuPy nothing is wrong."""
    monkeypatch.setitem(sys.modules, "cupy", None)
    finding = doctor.gpu()
    assert finding.sign == "optional" and "wselab[gpu]" in finding.mend


def test_the_kernel_of_another_python_is_not_ok(monkeypatch):
    """Notebooks would run where wselab is not installed: the doctor sees it."""
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager, NoSuchKernel

    def spec(self, name):
        return KernelSpec(argv=["/somewhere/else/python3"])

    monkeypatch.setattr(KernelSpecManager, "get_kernel_spec", spec)
    finding = doctor.kernel()
    assert finding.sign == "not ok" and "/somewhere/else/python3" in finding.found

    def none(self, name):
        raise NoSuchKernel(name)

    monkeypatch.setattr(KernelSpecManager, "get_kernel_spec", none)
    assert "no kernel python3" in doctor.kernel().found


@pytest.mark.parametrize("free", [10**6, 10**10])
def test_memory_and_disk_are_weighed(monkeypatch, tmp_path, free):
    """Too little of either is not ok, enough is."""
    amount = types.SimpleNamespace(available=free, free=free)
    monkeypatch.setattr("psutil.virtual_memory", lambda: amount)
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda path: amount)
    assert doctor.memory().ok is doctor.disk(tmp_path).ok is (free > 10**9)


def test_no_course_files_is_not_ok(tmp_path, monkeypatch):
    """Away from the course and its checkout the doctor says where it looked."""
    monkeypatch.setattr(folder, "CHECKOUT", tmp_path)
    finding = doctor.course_files(tmp_path)
    assert finding.sign == "not ok" and str(tmp_path) in finding.found


def kernel_of(monkeypatch, command: Path) -> doctor.Finding:
    """What the doctor says of a kernel with that command."""
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager

    spec = KernelSpec(argv=[str(command)])
    monkeypatch.setattr(KernelSpecManager, "get_kernel_spec", lambda self, name: spec)
    return doctor.kernel()


@pytest.mark.skipif(sys.platform == "win32", reason="symbolic links need a right there")
def test_an_environment_is_the_same_by_whatever_path(monkeypatch, tmp_path):
    """Through a link it is this one; another one of the same interpreter is not."""
    here = Path(sys.executable)
    (tmp_path / "linked").symlink_to(here.parent, target_is_directory=True)
    assert kernel_of(monkeypatch, tmp_path / "linked" / here.name).ok
    (tmp_path / "other").mkdir()
    other = tmp_path / "other" / here.name
    other.symlink_to(here.resolve())
    assert not kernel_of(monkeypatch, other).ok


def test_widgets_that_the_page_lacks_are_named(monkeypatch, tmp_path):
    """A JupyterLab without the page's half of a widget shows none: which, and the mend."""
    assert doctor.widgets().ok
    monkeypatch.setattr("jupyter_core.paths.jupyter_path", lambda *names: [str(tmp_path)])
    assert "of ipywidgets and anywidget" in doctor.widgets().found
    (tmp_path / "anywidget").mkdir()
    (tmp_path / "anywidget" / "package.json").touch()
    finding = doctor.widgets()
    assert finding.sign == "not ok" and "of ipywidgets" in finding.found
    assert "anywidget" not in finding.found and "would not show" in finding.mend


def test_a_folder_that_takes_no_file_is_found_and_nothing_is_left_in_one_that_does(
    course, monkeypatch
):
    """Notebooks could not be saved, or JupyterLab would not start."""
    before = sorted(course.rglob("*"))
    later = course / "not" / "yet"
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(later))
    assert doctor.saving(course).ok and all(one.ok for one in doctor.jupyter_folders())
    assert sorted(course.rglob("*")) == before

    full = course / "a file" / "config"
    full.parent.touch()
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(full))
    config, runtime = doctor.jupyter_folders()
    assert (config.sign, runtime.sign) == ("not ok", "ok")
    assert str(full) in config.found and "JUPYTER_CONFIG_DIR" in config.mend

    def refused(**_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(doctor.tempfile, "TemporaryFile", refused)
    finding = doctor.saving(course / "notebooks")
    assert finding.sign == "not ok" and "a folder of yours" in finding.mend
    assert finding.found == f"nothing can be written in {course}: Permission denied"


@pytest.mark.parametrize(("limit", "good"), [("1000000000\n", False), ("max\n", True)])
@pytest.mark.usefixtures("healthy")
def test_a_container_s_limit_counts(monkeypatch, tmp_path, limit, good):
    """A machine of much memory helps nobody who may take little of it."""
    (tmp_path / "memory.max").write_text(limit)
    monkeypatch.setattr(doctor, "CGROUP", tmp_path)
    assert doctor.memory().ok is good


@pytest.mark.usefixtures("healthy")
def test_with_nearly_everything_missing_each_finding_has_its_mend(tmp_path, monkeypatch):
    """No package but NumPy and Typer, an old Python, no room, no course: still a full report."""
    version = importlib.metadata.version

    def only_the_first(name):
        if name not in ("numpy", "typer"):
            raise importlib.metadata.PackageNotFoundError(name)
        return version(name)

    little = types.SimpleNamespace(free=10**6)
    monkeypatch.setattr(importlib.metadata, "version", only_the_first)
    monkeypatch.setattr(doctor.sys, "version_info", (3, 10, 4))
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda path: little)
    monkeypatch.setattr(folder, "CHECKOUT", tmp_path)
    monkeypatch.setattr(doctor, "has_display", lambda: False)
    gone = ("jupyter_client", "jupyter_client.kernelspec", "jupyter_core", "jupyter_core.paths")
    for name in (*gone, "psutil", "cupy"):
        monkeypatch.setitem(sys.modules, name, None)

    found = findings(tmp_path)
    assert {name for name, one in found.items() if one.ok} == {
        "numpy", "typer", "saving notebooks",
    }  # fmt: skip
    assert all(one.mend for one in found.values() if not one.ok)
    assert {name for name, one in found.items() if one.sign == "optional"} == {
        "GPU (CuPy)", "display", "free memory", "nbgrader",
    }  # fmt: skip

    result = run(tmp_path)
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    for line, below in zip(lines, [*lines[1:], ""], strict=True):
        if line.startswith(("not ok", "optional")):
            assert re.match(r" {31}\S", below), line


def test_a_folder_that_does_not_exist_is_said(tmp_path, monkeypatch):
    """A slip in the folder's name."""
    monkeypatch.setattr(folder, "CHECKOUT", tmp_path)
    result = run(tmp_path / "kurs")
    assert result.exit_code == 1
    assert "name a folder that exists" in result.stdout
