"""What the packaging files say of each other."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

import hatch_build

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
CONDA_SPEC = re.compile(r"([a-z0-9][a-z0-9._-]*)\s*([<>=!~].*)?")
PYTHONS = ["3.11", "3.12", "3.13"]
PLATFORMS = [("linux", "posix", "Linux"), ("darwin", "posix", "Darwin"), ("win32", "nt", "Windows")]


def requirements(*extras: str) -> list[Requirement]:
    """The core's dependencies and those of the extras."""
    lines = list(PROJECT["dependencies"])
    for extra in extras:
        lines += PROJECT["optional-dependencies"][extra]
    return [Requirement(line) for line in lines]


def conda_specs(text: str) -> dict[str, SpecifierSet]:
    """Name and range of each conda package that an environment file asks for."""
    specs = {}
    for line in yaml.safe_load(text)["dependencies"]:
        if isinstance(line, dict):
            assert line == {"pip": ["-e ."]}, "pip installs the checkout and nothing else"
            continue
        match = CONDA_SPEC.fullmatch(line)
        assert match, f"not a conda spec: {line!r}"
        specs[match[1]] = SpecifierSet(match[2] or "")  # raises where the range is malformed
    return specs


def locked() -> list[Requirement]:
    """Each line of the lock that names a package."""
    return [Requirement(line) for line in LOCK.splitlines() if line and line[0] not in " #"]


def test_the_core_needs_numpy_alone():
    """Who wants the emulator and not the course installs one package beside it."""
    assert [r.name for r in requirements()] == ["numpy"]


def test_conda_and_pip_ask_for_the_same():
    """environment.yml is the core, `course` and `classroom`, name by name and range by range."""
    specs = conda_specs((ROOT / "environment.yml").read_text(encoding="utf-8"))
    assert specs.pop("pip") == SpecifierSet("")
    assert specs.pop("python") == SpecifierSet(PROJECT["requires-python"])
    assert specs == {r.name: r.specifier for r in requirements("course", "classroom")}


@pytest.mark.parametrize("bad", ["numpy >>3", "numpy = = 2", "numpy >=two", "num py", ""])
def test_a_malformed_conda_spec_is_found(bad):
    """The reader of environment.yml refuses what conda would refuse."""
    with pytest.raises((AssertionError, ValueError)):
        conda_specs(yaml.safe_dump({"dependencies": [bad]}))


def test_the_lock_holds_no_address():
    """Neither an index nor a file that belongs to the machine where the lock was made."""
    assert not re.search(r"://|index-url|find-links|--hash| @ |file:", LOCK)
    assert "make lock" in LOCK.partition("\n\n")[0][:200], "the header says how to make it"


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("platform", PLATFORMS, ids=[p[0] for p in PLATFORMS])
def test_the_lock_holds_what_is_asked_for(python, platform):
    """Every direct dependency, once, at a version in its range, on each Python and system."""
    system = dict(zip(("sys_platform", "os_name", "platform_system"), platform, strict=True))
    environment = system | {"python_version": python, "python_full_version": f"{python}.1"}
    pins: dict[str, Version] = {}
    for pin in locked():
        if pin.marker is None or pin.marker.evaluate(environment):
            assert pin.name not in pins, f"{pin.name} twice"
            (specifier,) = pin.specifier
            assert specifier.operator == "=="
            pins[canonicalize_name(pin.name)] = Version(specifier.version)
    for wanted in requirements("course", "classroom", "dev"):
        assert wanted.specifier.contains(pins[canonicalize_name(wanted.name)]), wanted
    assert "cupy-cuda12x" not in pins, "the course runs without a GPU"


def test_one_version_everywhere():
    """pyproject.toml, CITATION.cff and the newest entry of CHANGELOG.md agree."""
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.search(r"^## (\S+)", changelog, flags=re.MULTILINE)
    assert newest
    assert PROJECT["version"] == citation["version"] == newest[1]


@pytest.fixture
def checkout(tmp_path) -> Path:
    """What a build needs, with a course of a few files and what a reader leaves beside it."""
    for path in ("pyproject.toml", "hatch_build.py", *PROJECT["license-files"]):
        shutil.copy(ROOT / path, tmp_path)
    if "readme" in PROJECT:
        (tmp_path / PROJECT["readme"]).write_text("# wselab\n")
    for path in (
        "wselab/__init__.py",
        "wselab/course/cli.py",
        "wselab/streaming/training/wafer.txt",
        "wselab/streaming/training/records/digits.json",
        "notebooks/00_a.ipynb",
        "notebooks/.ipynb_checkpoints/00_a-checkpoint.ipynb",
        "notebooks/__pycache__/a.pyc",
        "exercises/01_b.ipynb",
        "solutions/01_b.ipynb",
        "docs/glossary.md",
        "docs/conf.py",
        "tests/test_a.py",
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    return tmp_path


@pytest.mark.parametrize("kind", ["wheel", "editable"])
def test_the_wheel_carries_the_course(checkout, kind):
    """The lessons, exercises, solutions and the pages they link to; an editable one, nothing."""
    build = f"from hatchling.build import build_{kind}; print(build_{kind}('out'))"
    subprocess.run([sys.executable, "-c", build], cwd=checkout, check=True)
    (wheel,) = (checkout / "out").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    material = {"notebooks/00_a.ipynb", "exercises/01_b.ipynb", "solutions/01_b.ipynb"}
    material |= {"docs/glossary.md"}
    if kind == "wheel":
        wanted = {f"wselab/course/material/{name}" for name in material}
        data = {"wafer.txt", "records/digits.json"}  # what modules read lies beside them
        wanted |= {f"wselab/streaming/training/{name}" for name in data}
        assert names == wanted | {"wselab/__init__.py", "wselab/course/cli.py"}
    else:
        assert [name.endswith(".pth") for name in names] == [True]


def test_what_the_wheel_carries_links_to_nothing_that_it_leaves_out():
    """In a copy of the course each relative link leads somewhere, as it does in the checkout."""
    carried = {
        path.resolve()
        for folder, pattern in hatch_build.MATERIAL.items()
        for path in (ROOT / folder).rglob(pattern)
    }
    targets = {
        (path, target)
        for path in carried
        if path.suffix in (".ipynb", ".md")
        for target in re.findall(r"\]\(([^)\s#:]+)(?:#[^)\s]*)?\)", path.read_text("utf-8"))
    }
    assert targets
    for path, target in sorted(targets):
        assert (path.parent / target).resolve() in carried, f"{path.name} links to {target}"


@pytest.mark.parametrize(
    ("package", "words"), [("typer", ["--help"]), ("nbformat", ["check", "3.1", "a.ipynb"])]
)
def test_without_the_extra_the_command_says_what_to_install(tmp_path, package, words):
    """Where the command line or one command lacks a package: one clear word, no traceback."""
    (tmp_path / f"{package}.py").write_text(
        f"raise ModuleNotFoundError(\"No module named '{package}'\", name='{package}')"
    )
    ran = subprocess.run(
        [sys.executable, "-m", "wselab", *words],
        env=os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 2, ran.stderr
    assert '"wselab[course]"' in ran.stderr and f"'{package}'" in ran.stderr
    assert "Traceback" not in ran.stderr
