"""The tools that make and check the notebooks, on small notebooks made here."""

from __future__ import annotations

import json
import time
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools import agree, exercises, notebooks

PICTURE = "from IPython.display import Image\nImage(data=b'\\x89PNG', format='png')"
SLIDER = "import ipywidgets\nipywidgets.IntSlider(3)"


def notebook(path: Path, *sources: str) -> Path:
    """Write a notebook of code cells."""
    path.write_text(nbformat.writes(new_notebook(cells=[new_code_cell(s) for s in sources])))
    return path


def cell(*outputs: dict, tags: tuple[str, ...] = ()):
    """A cell that has these outputs."""
    return new_code_cell(outputs=list(outputs), metadata={"tags": list(tags)})


def shown(**kinds: str):
    """A displayed output, `text_plain="..."` and the like."""
    data = {kind.replace("_", "/"): value for kind, value in kinds.items()}
    return new_output("display_data", data)


def printed(text: str, name: str = "stdout"):
    """A piece of a stream."""
    return new_output("stream", name=name, text=text)


def error(value: str):
    """What a cell leaves that raises ValueError."""
    return new_output("error", ename="ValueError", evalue=value, traceback=["line 1", value])


# ---- run ---------------------------------------------------------------------------------


def test_a_run_stores_what_another_run_agrees_with(tmp_path, capsys):
    """`run` then `compare` is content, and a second `run` changes no byte."""
    path = notebook(
        tmp_path / "a.ipynb",
        "import sys\nprint(1); print('x', file=sys.stderr); print(2)",
        "print(object())\nobject()",
        PICTURE,
        SLIDER,
        "import tqdm, tqdm.notebook\nfor i in tqdm.tqdm(range(3)): pass\n"
        "for i in tqdm.notebook.tqdm(range(3)): pass",
    )
    assert notebooks.main(["run", str(path)]) == 0
    first = path.read_bytes()
    assert notebooks.read(path).cells[-1].outputs == [], "no progress bar, not as a widget either"
    assert notebooks.main(["compare", str(path)]) == 0
    assert notebooks.main(["run", str(path)]) == 0
    assert path.read_bytes() == first
    assert capsys.readouterr().out.count(": ok") == 3
    assert list(tmp_path.iterdir()) == [path], "nothing is left beside it"


def test_what_is_stored_belongs_to_no_machine(tmp_path):
    """No widget state, no times, no addresses, no paths, a kernel without its version."""
    inside = notebooks.ROOT / "a.py"
    path = notebook(
        tmp_path / "a.ipynb",
        SLIDER,
        f"import warnings\nwarnings.warn('look')\nprint(object(), {str(inside)!r})",
        "from pathlib import Path\nprint(Path.home() / 'b.py', Path('/usr') / 'c.py')",
    )
    notebooks.run(path)
    text = path.read_text(encoding="utf-8")
    assert "widget-view" not in text and "IntSlider(value=3)" in text
    assert "ipykernel_" not in text and "<cell>:2: UserWarning" in text
    assert "<object object at 0x...> a.py" in text
    assert '"b.py /usr/c.py' in text
    metadata = json.loads(text)["metadata"]
    assert metadata["kernelspec"] == notebooks.KERNEL
    assert set(metadata) == {"kernelspec", "language_info"}
    assert "version" not in metadata["language_info"]


def test_ids_stay_and_missing_ones_come_from_the_place(tmp_path):
    """A cell keeps its id; without one, or with another cell's, it gets that of its place."""
    path = notebook(tmp_path / "a.ipynb", "1", "2", "3", "4")
    stored = json.loads(path.read_text(encoding="utf-8"))
    for each, name in zip(stored["cells"], ["mine", "", "mine", "cell-01"], strict=True):
        each["id"] = name
    del stored["cells"][1]["id"]
    path.write_text(json.dumps(stored), encoding="utf-8")
    assert [c.id for c in notebooks.read(path).cells] == ["mine", "cell-01b", "cell-02", "cell-01"]


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("1 / 0", ["ZeroDivisionError"]),
        ("import os\nos.write(2, b'last words')\nos._exit(3)", ["Kernel died", "last words"]),
        ("while True: pass", ["longer than 3 s"]),
    ],
)
def test_what_cannot_run_is_reported_and_not_stored(tmp_path, capsys, source, says):
    """A failing cell, a dead kernel and an endless loop are named soon; the file stays."""
    path = notebook(tmp_path / "a.ipynb", "x = 1", source, "x = 2")
    before, start = path.read_bytes(), time.monotonic()
    assert notebooks.main(["run", "--timeout=3", str(path)]) == 1
    assert time.monotonic() - start < 30
    said = capsys.readouterr().out
    assert "FAILED" in said and "cell 1 (" in said
    assert all(words in said for words in says)
    assert path.read_bytes() == before


def test_a_cell_may_raise_on_purpose(tmp_path):
    """With the tag `raises-exception` the error is an output like another."""
    path = tmp_path / "a.ipynb"
    raises = new_code_cell("1 / 0", metadata={"tags": ["raises-exception"]})
    path.write_text(nbformat.writes(new_notebook(cells=[raises, new_code_cell("1")])))
    assert notebooks.main(["run", str(path)]) == 0
    assert notebooks.main(["compare", str(path)]) == 0


def test_what_is_no_notebook_is_reported(tmp_path, capsys):
    """A file that is missing or holds something else is one line, not a traceback."""
    (tmp_path / "b.ipynb").write_text("not json")
    for name in ("a.ipynb", "b.ipynb"):
        assert notebooks.main(["compare", str(tmp_path / name)]) == 1
        assert f"{name}: FAILED" in capsys.readouterr().out


def test_a_stream_is_stored_as_a_terminal_leaves_it():
    """One text for stdout and one for stderr; what was written over and progress bars go."""
    bar = " 45%|####5     | 45/100 [00:01<00:01, 44.1it/s]"
    outputs = [
        printed("a\n"),
        printed(f"\r{bar}\rdone\n{bar}\n", "stderr"),
        printed("b\n"),
        printed(bar, "stderr"),
    ]
    assert [(o.name, o.text) for o in notebooks.stored_outputs(outputs)] == [
        ("stdout", "a\nb\n"),
        ("stderr", "done\n"),
    ]


# ---- compare -----------------------------------------------------------------------------


def test_a_tampered_notebook_is_found(tmp_path, capsys):
    """A stored number that the cell does not give is shown, with the cell's number."""
    path = notebook(tmp_path / "a.ipynb", "print('x')", "print(10_964, 'cycles')", PICTURE, SLIDER)
    notebooks.run(path)
    stored = notebooks.read(path)
    stored.cells[1].outputs[0].text = "10965 cycles\n"
    stored.cells[2].outputs[0].data["image/png"] = "AAAA"
    stored.cells[3].outputs[0].data["text/plain"] = "IntSlider(value=4)"
    notebooks.write(stored, path)
    assert notebooks.main(["compare", str(path)]) == 1
    said = capsys.readouterr().out
    assert "cell 1 (print(10_964, 'cycles')):" in said
    assert "-10965 cycles" in said and "+10964 cycles" in said
    assert not any(f"cell {number} " in said for number in (0, 2, 3))
    stored.cells[1].outputs[0].text = "10964 cycles\n"
    stored.cells[2].outputs, stored.cells[3].outputs = [], []
    notebooks.write(stored, path)
    assert notebooks.main(["compare", str(path)]) == 1
    said = capsys.readouterr().out
    assert "cell 2 " in said and "cell 3 " in said and "cell 1 " not in said


def test_a_notebook_saved_by_hand_is_found(tmp_path, capsys):
    """Outputs may agree and the file may still hold what belongs to one machine."""
    path = notebook(tmp_path / "a.ipynb", "1")
    notebooks.run(path)
    stored = json.loads(path.read_text(encoding="utf-8"))
    stored["metadata"]["language_info"]["version"] = "3.11.7"
    path.write_text(json.dumps(stored, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    assert notebooks.main(["compare", str(path)]) == 1
    assert "not stored by this tool" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("stored", "now"),
    [
        (printed("10964 cycles"), printed("10965 cycles")),
        (printed("10964.0 cycles"), printed("10965.0 cycles")),
        (printed("1,234 cycles"), printed("1,235 cycles")),
        (printed("0.6667"), printed("0.6669")),
        (printed("x = -0.5"), printed("x = 0.5")),
        (printed("1e-6"), printed("1e-7")),
        (printed("a b"), printed("a c")),
        (printed("1 2"), printed("12")),
        (printed("nan"), printed("1.0")),
        (printed("a\nb"), printed("a")),
        (printed("a"), printed("a", "stderr")),
        (shown(text_plain="1"), shown(text_plain="2")),
        (shown(text_plain="1"), shown(text_html="1")),
        (shown(text_html="<b>1</b>"), shown(text_html="<b>2</b>")),
        (shown(text_plain="a"), shown(text_plain="a", image_png="AAAA")),
        (error("row 3"), error("row 4")),
    ],
)
def test_outputs_that_differ(stored, now):
    """Each of these is a change, in either direction."""
    assert agree.difference(cell(stored), cell(now))
    assert agree.difference(cell(now), cell(stored))
    assert agree.difference(cell(), cell(now))


@pytest.mark.parametrize(
    ("stored", "now"),
    [
        (printed("0.66666667"), printed("0.66668")),
        (printed("[ 1.5  2. ]"), printed("[1.5 2.]")),
        (printed("-1.2e-17"), printed("2.2e-16")),
        (printed("\x1b[31mred\x1b[0m"), printed("red")),
        (shown(image_png="AAAA"), shown(image_png="BBBB")),
        (
            shown(text_html='<img src="data:image/png;base64,AAAA">'),
            shown(text_html='<img src="data:image/png;base64,BBBB">'),
        ),
    ],
)
def test_outputs_that_agree(stored, now):
    """None of these is a change."""
    assert not agree.difference(cell(stored), cell(now))


def test_of_a_widget_the_words_of_its_picture_count():
    """A widget without a picture has none that mean anything."""
    for picture, differs in (({"image_png": "AAAA"}, True), ({}, False)):
        before, now = (shown(text_plain=f"{at} is highest", **picture) for at in "ab")
        before.metadata["widget"] = now.metadata["widget"] = True
        assert bool(agree.difference(cell(before), cell(now))) == differs


def test_the_tags_ask_for_less_and_not_for_more_than_they_say():
    """`host-time` leaves out durations alone, `nbval-ignore-output` everything."""
    a = printed("12 cycles in 1.234 s, 5.0e-3 ms, 1.5 µs")
    b, c = printed(a.text.replace("1.234", "2.5")), printed(a.text.replace("12", "13"))
    assert agree.difference(cell(a), cell(b))
    assert agree.difference(cell(a, tags=("nbval-check-output",)), cell(b))
    assert not agree.difference(cell(a, tags=("host-time",)), cell(b))
    assert agree.difference(cell(a, tags=("host-time",)), cell(c))
    assert not agree.difference(cell(a, tags=("nbval-ignore-output",)), cell(c))


# ---- exercises ---------------------------------------------------------------------------


def graded(source: str, name: str, *, grade: bool) -> dict:
    """A cell in nbgrader's format: an answer, or the test of one."""
    marks = {"schema_version": 3, "grade_id": name, "grade": grade, "locked": grade}
    marks |= {"solution": not grade, "task": False} | ({"points": 2} if grade else {})
    return new_code_cell(source, id=name, metadata={"nbgrader": marks})


@pytest.fixture
def course(tmp_path) -> Path:
    """A folder with one solution notebook, executed."""
    (tmp_path / "solutions").mkdir()
    answer = "def double(x):\n    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION"
    test = "print(double(1))\n### BEGIN HIDDEN TESTS\nassert double(21) == 42\n### END HIDDEN TESTS"
    cells = [
        new_markdown_cell("# Double", id="head"),
        graded(answer, "double", grade=False),
        graded(test, "test-double", grade=True),
    ]
    path = tmp_path / "solutions" / "01_double.ipynb"
    path.write_text(nbformat.writes(new_notebook(cells=cells)), encoding="utf-8")
    notebooks.run(path)
    return tmp_path


def test_an_exercise_is_its_solution_without_the_answer(course):
    """Answer, hidden tests and outputs go; the rest, ids included, and points stay."""
    assert exercises.main(["--root", str(course)]) == 0
    made = nbformat.read(course / "exercises" / "01_double.ipynb", as_version=4)
    head, answer, test = made.cells
    assert [c.id for c in made.cells] == ["head", "double", "test-double"]
    assert "2 * x" not in answer.source and "raise NotImplementedError()" in answer.source
    assert test.source == "print(double(1))" and test.outputs == [] and not test.execution_count
    assert test.metadata.nbgrader.points == 2 and test.metadata.nbgrader.checksum
    assert test.metadata.editable is False and answer.metadata.deletable is False
    assert head.source == "# Double"


def test_exercises_that_are_not_made_from_the_solutions_are_found(course, capsys):
    """`--check` writes nothing, and fails where one is missing, changed, or has no solution."""
    check = ["--root", str(course), "--check"]
    made = course / "exercises" / "01_double.ipynb"
    assert exercises.main(check) == 1
    assert not made.exists()
    exercises.main(["--root", str(course)])
    first = made.read_bytes()
    assert exercises.main(check) == 0
    exercises.main(["--root", str(course)])
    assert made.read_bytes() == first
    made.write_text(made.read_text(encoding="utf-8").replace("# Double", "# Triple"))
    assert exercises.main(check) == 1
    assert "make exercises" in capsys.readouterr().out
    made.write_bytes(first)
    made.with_name("02_stray.ipynb").write_bytes(first)
    assert exercises.main(check) == 1
    assert "02_stray.ipynb has no solution" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("### END SOLUTION", ""),
        ("### END HIDDEN TESTS", ""),
        ('"solution": true', '"solution": false'),
        ('"grade_id": "test-double"', '"grade_id": "double"'),
    ],
)
def test_a_malformed_solution_makes_no_exercise(course, capsys, old, new):
    """A mark that is left open or stands in the wrong cell would give the answer away."""
    source = course / "solutions" / "01_double.ipynb"
    text = source.read_text(encoding="utf-8")
    assert old in text
    source.write_text(text.replace(old, new), encoding="utf-8")
    assert exercises.main(["--root", str(course)]) == 1
    assert "01_double.ipynb" in capsys.readouterr().out
    assert not (course / "exercises" / "01_double.ipynb").exists()


def test_no_solutions_is_not_a_success(tmp_path):
    """A wrong folder is not taken for a course whose exercises are all right."""
    assert exercises.main(["--root", str(tmp_path), "--check"]) == 1


def test_a_picture_in_a_page_is_left_as_it_is() -> None:
    """Whatever its letters spell, and however long it is; not so what stands around it."""
    picture = "data:image/png;base64," + "ipykernel/123" * 40_000
    text = f'<img src="{picture}"> at 0x7f21'
    assert notebooks.portable(text) == f'<img src="{picture}"> at 0x...'
