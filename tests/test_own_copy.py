"""A reader's copy of the course: what comes, what follows, and what is never touched."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from wselab.course import cli, folder, learn, own_copy

FIRST = folder.START.as_posix()
EXERCISE = "exercises/03_a_fabric.ipynb"
GLOSSARY = "docs/glossary.md"
NEXT = "notebooks/01_next.ipynb"


def notebook(*sources: str) -> dict:
    """A notebook of code cells that never ran."""
    cells = [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": f"cell-{number}",
            "metadata": {},
            "outputs": [],
            "source": source.splitlines(keepends=True),
        }
        for number, source in enumerate(sources)
    ]
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


class Wheel:
    """What an installed wheel carries, to be changed as a newer wheel changes it."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch):
        self.root, self.monkeypatch = root, monkeypatch
        monkeypatch.setattr(folder, "MATERIAL", root)
        monkeypatch.setattr(folder, "CHECKOUT", root / "no checkout")
        self.release(
            "1.0", {FIRST: notebook("a = 1"), EXERCISE: notebook("# your answer", "check")}
        )
        self.put({GLOSSARY: "old words"})

    def put(self, files: dict[str, dict | str | None]) -> None:
        """Write files, notebooks or texts; None takes one out."""
        for name, content in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if content is None:
                path.unlink()
            else:
                text = content if isinstance(content, str) else json.dumps(content)
                path.write_text(text, encoding="utf-8")

    def release(self, version: str, files: dict[str, dict | str | None]) -> None:
        """Another version, with these files changed."""
        self.monkeypatch.setattr(own_copy, "_version", lambda: version)
        self.put(files)


@pytest.fixture
def wheel(tmp_path, monkeypatch) -> Wheel:
    """An installed wheel of three files, and a reader who stands in a folder of their own."""
    wheel = Wheel(tmp_path / "site-packages" / "material", monkeypatch)
    here = tmp_path / "Kurs über Wafer"
    here.mkdir()
    monkeypatch.chdir(here)
    return wheel


@pytest.fixture
def served(monkeypatch) -> list[Path]:
    """The folders that `wselab learn` would have served."""
    folders: list[Path] = []

    def serve(course, browser, port):
        folders.append(course.resolve())
        return 0

    monkeypatch.setattr(learn, "learn", serve)
    return folders


def run(*words: str):
    """`wselab learn` with these words, as a shell would call it."""
    return CliRunner().invoke(cli.app, ["learn", *words], prog_name="wselab")


def bring(copy: Path) -> dict[str, str]:
    """Bring a copy to what the wheel carries; what happened, by file."""
    plan = own_copy.plan(copy)
    own_copy.carry_out(plan)
    return {change.name: change.what for change in plan.changes}


def write_into(path: Path, text: str) -> None:
    """Change a notebook's first cell, as a reader does."""
    content = json.loads(path.read_text(encoding="utf-8"))
    content["cells"][0]["source"] = text
    path.write_text(json.dumps(content), encoding="utf-8")


def everything(root: Path) -> dict[str, bytes]:
    """Each file below a folder with what it holds."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


# ---- the first time --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "where"), [([], "wselab-course"), (["Übung 1/Kurs"], "Übung 1/Kurs")]
)
def test_the_course_is_copied_and_opened(wheel, served, words, where):
    """Into ./wselab-course or the folder that was named, and served; what is there stays."""
    Path("my own.txt").write_text("mine")
    copy = Path(where).resolve()
    result = run(*words)
    assert result.exit_code == 0, result.output
    assert f"The course is copied to {copy} (3 files)." in result.stdout
    assert served == [copy]
    copied = everything(copy)
    copied.pop(own_copy.MANIFEST)
    assert copied == everything(wheel.root)
    assert Path("my own.txt").read_text() == "mine"


def test_the_next_time_the_copy_is_found_and_nothing_is_said(wheel, served, monkeypatch):
    """From the folder that holds the copy, and from within it."""
    run()
    copy = served[0]
    before = everything(copy)
    assert run().output == ""
    monkeypatch.chdir(copy / "exercises")
    assert run().output == ""
    assert served == [copy] * 3
    assert everything(copy) == before


def test_an_empty_folder_will_do_and_hidden_files_count_for_nothing(wheel):
    """`git init` first, then the course."""
    copy = Path("course")
    (copy / ".git").mkdir(parents=True)
    assert set(bring(copy).values()) == {"new"}


def test_what_is_copied_can_be_written(wheel):
    """Even where the installed files are read-only."""
    (wheel.root / FIRST).chmod(0o444)
    bring(Path("course"))
    assert (Path("course") / FIRST).stat().st_mode & stat.S_IWUSR


# ---- a newer wheel ---------------------------------------------------------------------------


def test_what_the_reader_has_not_changed_follows_the_course(wheel, served):
    """Newer files replace the old, new ones come, what has gone from the course goes."""
    run()
    wheel.release("1.1", {FIRST: notebook("a = 2"), NEXT: notebook("b"), EXERCISE: None})
    result = run()
    copy = served[0]
    assert result.stdout.splitlines() == [
        f"The course in {copy}, from wselab 1.0 to 1.1:",
        f"  removed   {EXERCISE} (no longer in the course; you had not changed it)",
        f"  updated   {FIRST} (you had not changed it)",
        f"  new       {NEXT}",
    ]
    copied = everything(copy)
    copied.pop(own_copy.MANIFEST)
    assert copied == everything(wheel.root)
    assert run().output == ""


def test_what_the_reader_has_changed_stays(wheel, served):
    """Byte for byte, and they are told once how to get the newer one, which then comes."""
    run()
    copy = served[0]
    write_into(copy / EXERCISE, "my answer")
    (copy / "notes.md").write_text("mine")
    mine = (copy / EXERCISE).read_bytes()
    assert run().output == "", "the course has no newer one: nothing to say"

    wheel.release("1.1", {EXERCISE: notebook("# your answer", "a better check")})
    result = run()
    assert f"  kept      {EXERCISE} (yours, so it stays; the course has another now)" in (
        result.stdout.splitlines()
    )
    assert result.stdout.splitlines()[-1] == own_copy.HOW_TO_GET
    assert (copy / EXERCISE).read_bytes() == mine
    assert run().output == "", "told once"

    (copy / EXERCISE).rename(copy / "exercises" / "mine.ipynb")
    assert f"restored  {EXERCISE}" in run().stdout
    assert (copy / EXERCISE).read_bytes() == (wheel.root / EXERCISE).read_bytes()
    assert (copy / "exercises" / "mine.ipynb").read_bytes() == mine
    assert (copy / "notes.md").read_text() == "mine"


def test_what_the_reader_has_changed_stays_when_it_leaves_the_course(wheel):
    """It is theirs from then on."""
    copy = Path("course")
    bring(copy)
    (copy / GLOSSARY).write_text("old words and mine")
    wheel.release("1.1", {GLOSSARY: None})
    assert bring(copy) == {GLOSSARY: "left"}
    assert bring(copy) == {}
    assert (copy / GLOSSARY).read_text() == "old words and mine"


def test_a_reader_s_file_of_a_new_name_stays(wheel):
    """They had one of that name first. Where it is the same file, there is nothing to say."""
    copy = Path("course")
    bring(copy)
    (copy / "docs/rules.md").write_text("my rules")
    (copy / "docs/same.md").write_text("same")
    wheel.release("1.1", {"docs/rules.md": "the rules", "docs/same.md": "same"})
    assert bring(copy) == {"docs/rules.md": "kept"}
    assert (copy / "docs/rules.md").read_text() == "my rules"


def test_what_is_missing_comes_again_and_is_named(wheel, served):
    """Deleting a file is the way to get it fresh."""
    run()
    (served[0] / GLOSSARY).unlink()
    result = run()
    assert result.stdout.splitlines() == [
        f"The course in {served[0]}:",
        f"  restored  {GLOSSARY} (it was missing)",
    ]
    assert (served[0] / GLOSSARY).read_text() == "old words"


def test_running_a_notebook_is_no_change(wheel):
    """Outputs, counts, and what Jupyter notes while it runs: a newer lesson still comes."""
    copy = Path("course")
    bring(copy)
    content = json.loads((copy / FIRST).read_text(encoding="utf-8"))
    content["metadata"] = {"language_info": {"name": "python", "version": "3.13.0"}}
    cell = content["cells"][0]
    cell |= {"execution_count": 3, "source": "".join(cell["source"])}
    cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "7\n"}]
    cell["metadata"] = {"execution": {"iopub.execute_input": "now"}, "scrolled": True}
    (copy / FIRST).write_text(json.dumps(content, indent=1), encoding="utf-8")
    wheel.release("1.1", {FIRST: notebook("a = 2")})
    assert bring(copy) == {FIRST: "updated"}


@pytest.mark.parametrize(
    "change",
    [
        lambda cells: cells[0].update(source="a = 11"),
        lambda cells: cells[0].update(cell_type="markdown"),
        lambda cells: cells[0].update(metadata={"tags": ["mine"]}),
        lambda cells: cells[0].update(attachments={"a.png": {"image/png": "AAAA"}}),
        lambda cells: cells.append(dict(cells[0])),
        lambda cells: cells.clear(),
    ],
    ids=["source", "type", "tag", "attachment", "one more", "all taken out"],
)
def test_writing_into_a_notebook_is_a_change(wheel, change):
    """Whatever a reader can put into a cell counts as theirs."""
    copy = Path("course")
    bring(copy)
    content = json.loads((copy / FIRST).read_text(encoding="utf-8"))
    change(content["cells"])
    (copy / FIRST).write_text(json.dumps(content), encoding="utf-8")
    wheel.release("1.1", {FIRST: notebook("a = 2")})
    assert bring(copy) == {FIRST: "kept"}


@pytest.mark.parametrize("content", ["", "{", "[]", '{"cells": 3}', '{"cells": [{}]}'])
def test_a_notebook_that_cannot_be_read_is_a_file_like_another(wheel, content):
    """What is broken is the reader's as well, and stays."""
    copy = Path("course")
    bring(copy)
    (copy / FIRST).write_text(content)
    wheel.release("1.1", {FIRST: notebook("a = 2")})
    assert bring(copy) == {FIRST: "kept"}
    assert (copy / FIRST).read_text() == content


def test_an_older_wheel_is_followed_too(wheel):
    """The copy is of the version that is installed: the emulator there fits its lessons."""
    copy = Path("course")
    wheel.release("1.1", {FIRST: notebook("a = 2")})
    bring(copy)
    wheel.release("1.0", {FIRST: notebook("a = 1")})
    plan = own_copy.plan(copy)
    assert (plan.version, [change.what for change in plan.changes]) == ("1.1", ["updated"])


def test_a_dry_run_says_it_all_and_does_nothing(wheel, served):
    """The first copy, what a newer wheel changes, and that nothing does."""
    copy = Path(folder.COPY).resolve()
    result = run("--dry-run")
    assert result.stdout == f"The course would be copied to {copy} (3 files).\n"
    assert not copy.exists()
    run()
    assert run("--dry-run").stdout == f"Nothing would change in {copy}\n"
    wheel.release("1.1", {FIRST: notebook("a = 2")})
    before = everything(copy)
    said = [run("--dry-run").stdout for _ in range(2)]
    assert said[0] == said[1]
    head = f"The course in {copy}, from wselab 1.0 to 1.1, would change:"
    assert said[0].splitlines()[0] == head and f"updated   {FIRST}" in said[0]
    assert everything(copy) == before
    assert served == [copy]


# ---- folders that are no copy ----------------------------------------------------------------


def test_a_checkout_is_opened_as_it_is(wheel, served):
    """A course that we did not copy is the reader's own affair, whatever the wheel carries."""
    checkout = Path("checkout")
    shutil.copytree(wheel.root, checkout)
    write_into(checkout / FIRST, "mine")
    before = everything(checkout)
    assert run("checkout").output == ""
    assert served == [checkout.resolve()]
    assert everything(checkout) == before


def test_something_else_is_left_alone(wheel, served):
    """A folder with other things, or a file, is refused with what is there."""
    other = Path("thesis")
    other.mkdir()
    for name in ("chapter 1.tex", "chapter 2.tex", "data.csv", "plot.py"):
        (other / name).touch()
    result = run("thesis")
    assert result.exit_code == 2
    assert f"{other.resolve()} holds something else (chapter 1.tex, chapter 2.tex, data.csv" in (
        result.stderr
    )
    assert "give a new or an empty folder: wselab learn FOLDER" in result.stderr
    result = run("thesis/plot.py")
    assert result.exit_code == 2 and "plot.py is a file; give a new folder" in result.stderr
    assert len(list(other.iterdir())) == 4 and served == []


def test_a_broken_memory_is_said_with_the_mend(wheel):
    """Without it the reader's changes cannot be told: nothing is touched."""
    copy = Path("course")
    bring(copy)
    for text in ("", "[]", '{"version": "1.0"}', '{"version": "1.0", "files": []}'):
        (copy / own_copy.MANIFEST).write_text(text)
        with pytest.raises(own_copy.CannotCopy, match="delete it, and the folder is opened as"):
            own_copy.plan(copy)
    (copy / own_copy.MANIFEST).unlink()
    assert own_copy.plan(copy) is None


def test_without_a_course_to_copy_it_says_so(wheel, tmp_path, monkeypatch):
    """An installation without the files needs the folder's name; a copy is opened as it is."""
    bring(Path("course"))
    monkeypatch.setattr(folder, "MATERIAL", tmp_path / "nothing")
    assert own_copy.plan(Path("course")) is None
    result = run()
    assert result.exit_code == 2
    assert "give the folder of the course: wselab learn FOLDER" in result.stderr


# ---- links -----------------------------------------------------------------------------------


@pytest.fixture
def link():
    """Make a symbolic link, where the system lets us."""

    def make(at: Path, to: Path) -> None:
        try:
            at.symlink_to(to, target_is_directory=to.is_dir())
        except OSError as error:
            pytest.skip(f"no symbolic links here: {error}")

    return make


def test_a_link_to_the_folder_is_followed(wheel, served, link):
    """The course may lie on another disk."""
    disk = Path("big disk").resolve()
    disk.mkdir()
    link(Path("course"), disk)
    assert run("course").exit_code == 0
    assert served == [disk] and (disk / FIRST).is_file()
    assert run("course").output == ""


@pytest.mark.parametrize("whole", [False, True], ids=["a file", "its folder"])
def test_nothing_is_written_through_a_link_within(wheel, link, whole):
    """A reader's link is theirs, even where it leads to what we copied."""
    copy = Path("course").resolve()
    bring(copy)
    elsewhere = Path("elsewhere").resolve()
    linked = copy / GLOSSARY
    moved = linked.parent if whole else linked
    moved.rename(elsewhere)
    link(moved, elsewhere)
    wheel.release("1.1", {GLOSSARY: "new words"})
    assert bring(copy) == {GLOSSARY: "kept"}
    assert moved.is_symlink() and linked.read_text() == "old words"
    wheel.release("1.2", {GLOSSARY: None})
    assert bring(copy) == {GLOSSARY: "left"}
    assert linked.read_text() == "old words"


def test_a_link_to_nowhere_and_one_in_a_circle_are_the_reader_s(wheel, link):
    """No error, and no file appears at their ends."""
    copy = Path("course").resolve()
    bring(copy)
    for name, to in ((GLOSSARY, Path("nowhere").resolve()), (EXERCISE, copy / EXERCISE)):
        (copy / name).unlink()
        link(copy / name, to)
    wheel.release("1.1", {GLOSSARY: "new words", EXERCISE: notebook("new")})
    assert bring(copy) == {GLOSSARY: "kept", EXERCISE: "kept"}
    assert not Path("nowhere").exists()


def test_a_folder_in_the_place_of_a_file_is_the_reader_s(wheel):
    """It is not looked into."""
    copy = Path("course")
    bring(copy)
    (copy / GLOSSARY).unlink()
    (copy / GLOSSARY).mkdir()
    assert bring(copy) == {}
    wheel.release("1.1", {GLOSSARY: "new words"})
    assert bring(copy) == {GLOSSARY: "kept"}


@pytest.mark.parametrize("name", ["../precious.txt", "{absolute}"])
def test_a_memory_that_names_files_outside_reaches_nothing(wheel, name):
    """Whatever stands in the file, only what lies in the copy is ours."""
    copy = Path("course").resolve()
    bring(copy)
    precious = copy.parent / "precious.txt"
    precious.write_text("mine")
    kept = json.loads((copy / own_copy.MANIFEST).read_text())
    kept["files"][name.format(absolute=precious)] = own_copy.fingerprint(precious)
    (copy / own_copy.MANIFEST).write_text(json.dumps(kept))
    bring(copy)
    assert precious.read_text() == "mine"


# ---- cut short, and places that take nothing ---------------------------------------------------


def test_a_copy_that_was_killed_is_completed(wheel, tmp_path):
    """Killed after each of its files in turn: no half file, and the next run completes it."""
    for n in range(len(everything(wheel.root))):
        copy = tmp_path / f"killed after {n}"
        code = f"""
import os
from pathlib import Path
from wselab.course import folder, own_copy
folder.MATERIAL = Path({str(wheel.root)!r})
write, written = own_copy._write, []
def dies(path, content):
    if len(written) > {n}:
        path.with_name(f".{{path.name}}.part").write_bytes(content[:7])
        os._exit(9)
    write(path, content)
    written.append(path)
own_copy._write = dies
own_copy.carry_out(own_copy.plan(Path({str(copy)!r})))
"""
        env = os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parent.parent)}
        assert subprocess.run([sys.executable, "-c", code], env=env).returncode == 9
        done = bring(copy)
        assert len(done) == 3 - n and set(done.values()) == {"restored"}
        copied = everything(copy)
        copied.pop(own_copy.MANIFEST)
        assert copied == everything(wheel.root)


def test_an_update_that_was_cut_short_loses_no_file(wheel, monkeypatch):
    """What came already counts as copied, what did not comes with the next run."""
    copy = Path("course")
    bring(copy)
    wheel.release("1.1", {FIRST: notebook("a = 2"), GLOSSARY: "new words"})
    replace, done = os.replace, []

    def full(part, path):
        if done:
            raise OSError(28, "No space left on device")
        done.append(replace(part, path))

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", full)
        with pytest.raises(own_copy.CannotCopy, match="No space left on device; mend that"):
            own_copy.carry_out(own_copy.plan(copy))
    assert [path.name for path in copy.rglob("*.part")] == []
    assert list(bring(copy).values()) == ["updated"]
    assert bring(copy) == {}


def test_a_place_that_cannot_be_written_is_said(wheel, served, monkeypatch):
    """No traceback, but the place, the reason and what to do; nothing is served."""
    Path("taken").write_text("a file")
    result = run("taken/course")
    assert result.exit_code == 2 and served == []
    assert "the course cannot be copied to" in result.stderr
    assert str(Path("taken/course").resolve()) in result.stderr
    assert "give another folder: wselab learn FOLDER" in result.stderr


def test_a_copy_that_cannot_be_written_opens_while_nothing_is_to_do(wheel, served, monkeypatch):
    """A teacher's read-only copy is opened; what a newer wheel would change is said."""
    run()

    def refused(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "write_bytes", refused)
    assert run().output == "" and len(served) == 2
    wheel.release("1.1", {FIRST: notebook("a = 2")})
    assert f"updated   {FIRST}" in run("--dry-run").stdout
    result = run()
    assert result.exit_code == 2 and "Permission denied" in result.stderr
