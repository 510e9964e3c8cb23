"""What every lesson has, checked on every notebook in notebooks/.

For authors. A lesson is a notebook with one title and these sections, in this order; each heading
is the first line of a markdown cell, word for word:

    # 05 · Title                    the number of the file, a middle dot, the title
    ## Before you start             the head, with the four bold labels below
    ## The question                 a code cell with the line `my_guess = None`
    ## ...                          as many sections of your own as you like
    ## Further: ...                 what goes beyond the core, if there is any
    ## Against the record           with a code cell
    ## What the model leaves out
    ## Exercises
    ## Quiz                         five or more <details> with the answers
    ## Sources
    ## Recap                        a code cell there shows `my_guess` beside the answer
    ## Read next

The head has **Prerequisites**, **After this you can** (three to five list items, each with "tested
by" and what tests it: a problem, a question, a cell), **Minutes** ("core 40, further 10, problems
20"; core is at most 45) and **Warm-up**.

Further conventions:

- A *number in prose* of three or more digits, with a decimal point, or with a unit behind it, is a
  literal of an `assert` in the next code cell, without its commas: "10,964 cycles" needs `assert
  run.cycles == 10964`, and "0.8 %" an assert with 0.8. An assert of literals alone does not count.
  Code spans and blocks are not prose (a span that is nothing but a number is), nor are headings,
  "Sources", minutes, years without a unit, and the numbers of problems, lessons and versions.
- Where the head says of the sections "Further" that "nothing after them needs them", no cell of the
  other sections uses a name that only such a section makes.
- A *term of docs/glossary.md* is linked where it first stands in a lesson's prose,
  [wavelet](../docs/glossary.md#wavelet), or set in **bold** where the lesson itself explains it.
- At least one control to move (a widget), with a picture in the same section for readers of a
  page that runs nothing. Every picture carries alternative text: `wse.show` sees to it.
- No trailing `;`, no paths of a machine, no errors in outputs but in cells tagged
  `raises-exception`; executed from top to bottom by `make notebooks`, never saved by hand.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

import wselab as wse

ROOT = Path(__file__).resolve().parent.parent
LESSONS = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
FIRST = ROOT / "notebooks" / "00_start_here.ipynb"
GLOSSARY = ROOT / "docs" / "glossary.md"

SECTIONS = (  # one regular expression a heading; "own" stands for the author's sections
    r"Before you start",
    r"The question",
    r"own",
    r"Against the record",
    r"What the model leaves out",
    r"Exercises",
    r"Quiz",
    r"Sources",
    r"Recap",
    r"Read next",
)
HEAD = ("Prerequisites", "After this you can", "Minutes", "Warm-up")
CORE_MINUTES = 45
QUIZ_QUESTIONS = 5

UNITS = (
    r"cycles?|hops?|wavelets?|PEs?|cores?|rows?|columns?|colors?|values?|elements?|links?|ports?"
    r"|bytes?|bits?|KiB|MiB|GiB|kB|MB|GB|TB|PB|[KMGTP]b|%|percent|per cent|times|x|mm2?|nm|[mk]?W"
    r"|[kMG]?Hz|[munµ]?s|(?:micro|milli|nano)?seconds?|p?J|joules?|flops?|[GTP]F|tokens?|wafers?|digits?|parameters?"
)
NUMBER = re.compile(
    r"(?<![\w.,/#:])(?<![A-Za-z]-)"
    r"(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?(?:e[-+]?\d+)?)"
    rf"(?=(?P<unit>[\s-]*(?:{UNITS})(?!\w))|(?!\w))"
)
#: What stands before a number that names something and measures nothing.
NAMED = re.compile(
    r"(?i)(?:problems?|lessons?|questions?|exercises?|Python|NumPy|version)"
    r"\s+(?:\S+\s+(?:and|to)\s+)?$"
)
MACHINE_PATH = re.compile(
    r"(?<![\w.:/-])(?:/(?:home|root|Users|tmp|opt|var|usr|mnt|etc)/|[A-Z]:\\|~/)|site-packages"
)


# ---- reading a lesson ------------------------------------------------------------------------


def read(path: Path) -> NotebookNode:
    """The notebook of a file."""
    return nbformat.v4.reads(path.read_text(encoding="utf-8"))


def heading(cell: NotebookNode, level: str) -> str | None:
    """The heading that a markdown cell begins with, or None."""
    if cell.cell_type != "markdown":
        return None
    match = re.match(rf"{level} (.*)", cell.source)
    return match[1].strip() if match else None


def sections(lesson: NotebookNode) -> dict[str, list[NotebookNode]]:
    """The cells of each section by its heading; those before the first under ''."""
    parts: dict[str, list[NotebookNode]] = {"": []}
    for cell in lesson.cells:
        title = heading(cell, "##")
        if title is not None:
            parts.setdefault(title, [])
        parts[title if title is not None else list(parts)[-1]].append(cell)
    return parts


def text_of(cells: list[NotebookNode]) -> str:
    """The markdown of these cells."""
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def code_of(cells: list[NotebookNode]) -> list[NotebookNode]:
    """The code cells among these."""
    return [cell for cell in cells if cell.cell_type == "code"]


def without_code(markdown: str) -> str:
    """The markdown without blocks of code, in which a # is a comment."""
    return re.sub(r"(?ms)^(```|~~~).*?^\1\s*$", " ", markdown)


def prose(markdown: str) -> str:
    """What a reader reads as text: no code, no tags, no targets of links, no headings."""
    text = re.sub(r"(?m)^#+ .*$", " ", without_code(markdown))
    text = re.sub(r"(?s)<!--.*?-->", " ", text)
    text = re.sub(r"`([\d.,]+)`", r"\1", text)  # a number does not hide in a code span
    text = re.sub(r"`[^`\n]*`", " ` ", text)
    text = re.sub(r"\]\([^)\s]*\)", "] ", text)
    return re.sub(r"</?[a-zA-Z][^>]*>", " ", text)


def where(number: int, cell: NotebookNode) -> str:
    """How a cell is named in a complaint."""
    first, *_ = cell.source.splitlines() or [""]
    return f"cell {number} ({first[:60]})"


# ---- the checks: each yields what is wrong -----------------------------------------------------


def check_sections(lesson: NotebookNode) -> Iterator[str]:
    """One title, and the sections that every lesson has, in their order."""
    titles = [heading(cell, "#") for cell in lesson.cells if heading(cell, "#") is not None]
    if len(titles) != 1 or heading(lesson.cells[0], "#") is None:
        yield f"one title, in the first cell; found {titles}"
    elif not re.fullmatch(r"\d\d · \S.*", titles[0] or ""):
        yield f"the title is '# NN · words'; found {titles[0]!r}"
    for cell in lesson.cells:
        if cell.cell_type == "markdown":
            for line in re.findall(r"(?m)^##? .*", without_code(cell.source).partition("\n")[2]):
                yield f"a heading of a section begins its cell; {line!r} does not"
    found = [title for title in sections(lesson) if title]
    required = [title for title in SECTIONS if title != "own"]
    for title in required:
        if title not in found:
            yield f"no section '## {title}'"
    if [title for title in found if title in required] != [t for t in required if t in found]:
        yield f"the sections are not in the order {required}: {found}"
    for title, cells in sections(lesson).items():
        if title in required and len(text_of(cells).split()) < 8:
            yield f"section '## {title}' is empty"
    if "Against the record" in found and not code_of(sections(lesson)["Against the record"]):
        yield "'## Against the record' computes nothing"


def check_head(lesson: NotebookNode) -> Iterator[str]:
    """Prerequisites, goals with what tests them, minutes, a warm-up."""
    head = text_of(sections(lesson).get("Before you start", []))
    for label in HEAD:
        if f"**{label}**" not in head:
            yield f"the head has no **{label}**"
    _, _, after = head.partition("**After this you can**")
    goals = re.findall(r"(?m)^(?:[-*]|\d+\.) +(.*(?:\n +.*)*)", after.split("\n**")[0])
    if not 3 <= len(goals) <= 5:
        yield f"three to five goals, as a list; found {len(goals)}"
    for goal in goals:
        if "tested by" not in goal:
            yield f"the goal does not say what it is 'tested by': {goal}"
    minutes = re.search(r"core (\d+), further (\d+), problems (\d+)", head)
    if not minutes:
        yield "the head does not say 'core N, further N, problems N' minutes"
    elif int(minutes[1]) > CORE_MINUTES:
        yield f"the core takes {minutes[1]} minutes; at most {CORE_MINUTES}"


def check_guess(lesson: NotebookNode) -> Iterator[str]:
    """The learner's guess stands in a plain variable, and the recap shows it."""
    parts = sections(lesson)
    asked = [cell.source for cell in code_of(parts.get("The question", []))]
    if not any(re.search(r"(?m)^my_guess = None\b", source) for source in asked):
        yield "no line `my_guess = None` in a code cell of '## The question'"
    shown = [
        node
        for cell in code_of(parts.get("Recap", []))
        for node in ast.walk(ast.parse(cell.source))
        if isinstance(node, ast.Name) and node.id == "my_guess" and isinstance(node.ctx, ast.Load)
    ]
    if not shown:
        yield "no code cell of '## Recap' shows my_guess"


def check_quiz(lesson: NotebookNode) -> Iterator[str]:
    """Five questions whose answers open."""
    quiz = text_of(sections(lesson).get("Quiz", []))
    answers = re.findall(r"(?s)<details>\s*<summary>.+?</summary>(.*?)</details>", quiz)
    if len(answers) < QUIZ_QUESTIONS:
        yield f"{len(answers)} quiz questions with <details>; {QUIZ_QUESTIONS} or more"
    for answer in answers:
        if len(answer.split()) < 10:
            yield f"a quiz answer explains nothing: {answer.strip()!r}"


def check_executed(lesson: NotebookNode) -> Iterator[str]:
    """Run from top to bottom, outputs stored, no errors that were not meant."""
    counts = [cell.execution_count for cell in code_of(lesson.cells)]
    if counts != list(range(1, len(counts) + 1)):
        yield f"not executed from top to bottom: {counts}; use `make notebooks NB=...`"
    for number, cell in enumerate(lesson.cells):
        if cell.cell_type != "code":
            continue
        if not cell.outputs and _shows(cell.source):
            yield f"{where(number, cell)} shows something and has no stored output"
        for output in cell.outputs:
            meant = "raises-exception" in cell.metadata.get("tags", [])
            if output.output_type == "error" and not meant:
                yield f"{where(number, cell)} ended with {output.ename}: {output.evalue}"


def _shows(source: str) -> bool:
    """Whether the cell prints, displays, or ends with a value that is surely shown."""
    body = ast.parse(source).body
    for statement in body:
        call = statement.value if isinstance(statement, ast.Expr) else None
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") in ("print", "display"):
            return True
    return (
        bool(body)
        and isinstance(body[-1], ast.Expr)
        and isinstance(body[-1].value, (ast.Name, ast.Tuple, ast.BinOp, ast.JoinedStr))
    )


def check_pictures(lesson: NotebookNode) -> Iterator[str]:
    """Every picture has a text; a control stands beside a picture."""
    for number, cell in enumerate(lesson.cells):
        for kind, data in pictures(cell):
            alt = data.metadata.get(kind, {}).get("alt", "")
            if len(alt.split()) < 3:
                yield f"{where(number, cell)}: a picture without alternative text"
        if re.search(r"!\[\s*\]\(|<img(?![^>]*\balt=.[\w{])", cell.source):
            yield f"{where(number, cell)}: a picture without alternative text"
    if not any(pictures(cell) for cell in lesson.cells):
        yield "no picture at all"
    controls = {
        title
        for title, cells in sections(lesson).items()
        for cell in code_of(cells)
        if any(output.metadata.get("widget") for output in cell.outputs if "data" in output)
    }
    if not controls:
        yield "no control to move (a widget)"
    for title in controls:
        if not any(pictures(cell) for cell in sections(lesson)[title]):
            yield f"'## {title}' has a control, and no picture for a page that runs nothing"


def pictures(cell: NotebookNode) -> list[tuple[str, NotebookNode]]:
    """The outputs of a cell that are pictures, with their kind."""
    if cell.cell_type != "code":
        return []
    return [
        (kind, output)
        for output in cell.outputs
        for kind in output.get("data", {})
        if kind.startswith("image/")
    ]


def check_portable(lesson: NotebookNode) -> Iterator[str]:
    """No path of a machine, no trailing semicolon, the kernel that everyone has."""
    if lesson.metadata.get("kernelspec", {}).get("name") != "python3":
        yield "the kernel is not python3"
    if "widgets" in lesson.metadata:
        yield "widget state is stored; use `make notebooks NB=...`"
    for number, cell in enumerate(lesson.cells):
        texts = [cell.source]
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            texts += [output.get("text", ""), *output.get("traceback", [])]
            texts += [str(v) for kind, v in data.items() if not kind.startswith("image/")]
        for text in texts:
            for line in text.splitlines():
                if MACHINE_PATH.search(line) or str(ROOT) in line:
                    yield f"{where(number, cell)}: a path of a machine: {line.strip()!r}"
        if cell.cell_type == "code" and re.search(r"(?m);[ \t]*(#.*)?$", cell.source):
            yield f"{where(number, cell)}: a trailing semicolon; assign to _ instead"


def check_links(lesson: NotebookNode) -> Iterator[str]:
    """A link to a file leads to one, a link to the glossary to a term of it."""
    text = without_code(text_of(lesson.cells))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        file, _, anchor = target.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        if file and not (ROOT / "notebooks" / file).is_file():
            yield f"no file {file}"
        elif file.endswith("glossary.md") and anchor and anchor not in glossary():
            yield f"docs/glossary.md has no term #{anchor}"


def check_numbers(lesson: NotebookNode) -> Iterator[str]:
    """A number in prose is a literal of an assert in the next code cell."""
    source_cells = sections(lesson).get("Sources", [])
    for number, cell in enumerate(lesson.cells):
        if cell.cell_type != "markdown" or any(cell is other for other in source_cells):
            continue
        wanted = dict(numbers(prose(cell.source)))
        if not wanted:
            continue
        after = next((c for c in lesson.cells[number:] if c.cell_type == "code"), None)
        asserted = literals(after.source) if after else set()
        for value, text in wanted.items():
            if value not in asserted:
                which = f"the next code cell ({after.source[:40]!r} ...)" if after else "no cell"
                yield f"{where(number, cell)}: no assert with {value:g} for '{text}' in {which}"


def numbers(text: str) -> Iterator[tuple[float, str]]:
    """The numbers of a text that need an assert, each with its surroundings."""
    for match in NUMBER.finditer(text):
        written, unit = match["number"], match["unit"]
        digits = written.replace(",", "")
        if NAMED.search(text[: match.start()]):
            continue
        if not unit and "," not in written and re.fullmatch(r"(?:19|20)\d\d", digits):
            continue
        if unit or not digits.isdigit() or len(digits) >= 3:
            around = text[max(0, match.start() - 25) : match.end() + 20]
            yield float(digits), " ".join(around.split())


def literals(source: str) -> set[float]:
    """The numbers in the asserts of a cell that compare them with something computed."""
    found: set[float] = set()
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Assert):
            continue
        parts = list(ast.walk(node.test))
        if any(isinstance(part, ast.Name) for part in parts):
            found |= {
                float(part.value)
                for part in parts
                if isinstance(part, ast.Constant) and type(part.value) in (int, float)
            }
    return found


def check_terms(lesson: NotebookNode) -> Iterator[str]:
    """A term of the glossary is linked, or explained in bold, where it first stands."""
    known = glossary()
    texts = without_sources(lesson)
    for anchor, names in known.items():
        text = "\n\n".join(seen_for(anchor, markdown, known) for markdown in texts)
        for longer in longer_terms(names, known):
            text = first_use([longer]).sub(lambda use: " " if use["bare"] else use[0], text)
        first = first_use(names).search(text)
        if first and first["bare"]:
            around = " ".join(text[max(0, first.start() - 40) : first.end() + 20].split())
            yield (
                f"'{first[0]}' is used before it is explained: '... {around} ...'; write "
                f"[{first[0]}](../docs/glossary.md#{anchor}) there"
            )


def without_sources(lesson: NotebookNode) -> list[str]:
    """The markdown of a lesson, cell by cell, but for the section with titles of papers."""
    left_out = sections(lesson).get("Sources", [])
    return [
        cell.source
        for cell in lesson.cells
        if cell.cell_type == "markdown" and not any(cell is other for other in left_out)
    ]


def seen_for(anchor: str, markdown: str, known: dict[str, list[str]]) -> str:
    """The prose with links to this term as ⟦⟧, other terms in their links left out, bold as ⟪⟫.

    >>> known = {"hop": ["hop"], "chain-hop": ["chain hop"]}
    >>> seen_for("hop", "A [chain hop](../docs/glossary.md#chain-hop), **a hop**", known)
    'A  , ⟪a hop⟫'
    >>> seen_for("hop", "A [hop](../docs/glossary.md#hop), a [hop](../docs/rules.md)", known)
    'A ⟦⟧, a [hop] '
    """

    def plain(link: re.Match[str]) -> str:
        words, target = link[1], link[2]
        if target == anchor:
            return "⟦⟧"
        names = known.get(target, [])
        return " " if names and first_use(names).search(words) else link[0]

    links = re.compile(r"\[([^\]]+)\]\([^)\s]*glossary\.md#([\w-]+)\)")
    text = prose(links.sub(plain, markdown))
    return re.sub(r"\*\*([^*]+)\*\*", r"⟪\1⟫", text)


def longer_terms(names: list[str], known: dict[str, list[str]]) -> list[str]:
    """The terms that have one of these names in them: "chain reduce" has "reduce"."""
    others = [other for group in known.values() for other in group if other not in names]
    return [o for o in others if any(re.search(rf"\b{re.escape(n)}\b", o) for n in names)]


def first_use(names: list[str]) -> re.Pattern[str]:
    """Finds a link, the bare term, or the term in bold; whole words, also in the plural.

    >>> first_use(["hop"]).search("the ⟪hop⟫, two hops")["bare"] is None
    True
    >>> first_use(["hop"]).search("a shop, two hops, ⟦⟧")["bare"]
    'hops'
    """
    spelled = []
    for name in names:
        words = r"\s+".join(map(re.escape, name.split()))
        spelled.append(f"(?i:{words})" if name == name.lower() else words)  # PE, but Wafer
    words = "|".join(spelled)
    term = rf"(?<![\w#/-])(?:{words})s?(?![\w-])"
    return re.compile(rf"⟦⟧|⟪(?:(?:an?|the)\s+)?{term}⟫|(?P<bare>{term})")


def glossary() -> dict[str, list[str]]:
    """The terms of docs/glossary.md: anchor -> name and other names."""
    terms: dict[str, list[str]] = {}
    for line in GLOSSARY.read_text(encoding="utf-8").splitlines():
        if match := re.fullmatch(r'### <a id="([\w-]+)"></a>(.+)', line):
            terms[match[1]] = [name.strip() for name in match[2].split(" / ")]
    return terms


def check_further(lesson: NotebookNode) -> Iterator[str]:
    """A reader who goes past "Further", as the head says one may, meets no NameError."""
    if "nothing after them needs them" not in " ".join(text_of(lesson.cells).split()):
        return
    core: set[str] = set()
    further: dict[str, str] = {}
    for title, cells in sections(lesson).items():
        for cell in code_of(cells):
            makes, uses = names_in(cell)
            if title.startswith("Further"):
                further |= dict.fromkeys(makes - core, title)
                continue
            core |= makes
            for name in sorted((uses & further.keys()) - core):
                yield f"'## {title}' uses {name}, which only '## {further[name]}' makes"


def names_in(cell: NotebookNode) -> tuple[set[str], set[str]]:
    """The names that a cell makes, and those that it uses."""
    makes, uses = set[str](), set[str]()
    for node in ast.walk(ast.parse(cell.source)):
        if isinstance(node, ast.Name):
            (uses if isinstance(node.ctx, ast.Load) else makes).add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            makes.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            makes |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
    return makes, uses


CHECKS: tuple[Callable[[NotebookNode], Iterator[str]], ...] = (
    check_sections,
    check_head,
    check_guess,
    check_quiz,
    check_executed,
    check_pictures,
    check_portable,
    check_links,
    check_numbers,
    check_terms,
    check_further,
)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_a_lesson_has_what_every_lesson_has(path, check):
    """See the top of this file; each check lists all that it misses."""
    complaints = list(check(read(path)))
    assert not complaints, "\n".join([f"{path.name}:", *complaints])


# ---- the checks can fail: each is tried on a broken copy of lesson 00 --------------------------


def section_cell(lesson: NotebookNode, title: str) -> NotebookNode:
    """The cell that begins a section."""
    return sections(lesson)[title][0]


def code_cell(lesson: NotebookNode, words: str) -> NotebookNode:
    """The first code cell that has these words."""
    return next(cell for cell in code_of(lesson.cells) if words in cell.source)


def swap(cell: NotebookNode, old: str, new: str, count: int = 1) -> None:
    """Replace a text that must be there."""
    assert old in cell.source, f"{old!r} is not in {cell.source!r}"
    cell.source = cell.source.replace(old, new, count)


def without_section(title):
    """A lesson without one section."""

    def break_it(lesson):
        gone = sections(lesson)[title]
        lesson.cells = [c for c in lesson.cells if not any(c is other for other in gone)]

    return break_it


def replaced(title, old, new, count=1):
    """A lesson with other words at the beginning of a section."""
    return lambda lesson: swap(section_cell(lesson, title), old, new, count)


def in_code(words, old, new):
    """A lesson with other words in a code cell."""
    return lambda lesson: swap(code_cell(lesson, words), old, new)


def quiz_before_exercises(lesson):
    """Two sections in the wrong order."""
    swap(section_cell(lesson, "Quiz"), "## Quiz", "## Exercises!")
    swap(section_cell(lesson, "Exercises"), "## Exercises", "## Quiz")
    swap(section_cell(lesson, "Exercises!"), "## Exercises!", "## Exercises")


def empty_section(lesson):
    """A heading and nothing under it."""
    section_cell(lesson, "Sources").source = "## Sources\n\nNone."


def no_run_against_the_record(lesson):
    """A section of words alone."""
    part = code_of(sections(lesson)["Against the record"])
    lesson.cells = [c for c in lesson.cells if not any(c is other for other in part)]


def short_answer(lesson):
    """A quiz answer that only says yes."""
    cell = section_cell(lesson, "Quiz")
    cell.source = re.sub(r"(?s)(</summary>).*?(</details>)", r"\1 Yes. \2", cell.source, count=1)


def not_run(lesson):
    """A cell that was added and never run."""
    lesson.cells.append(nbformat.v4.new_code_cell("x = 1"))


def no_outputs(lesson):
    """A cell that prints, with its output cleared."""
    code_cell(lesson, "print(").outputs = []


def with_error(lesson):
    """A cell that ended with an error."""
    error = nbformat.v4.new_output("error", ename="ValueError", evalue="no", traceback=[])
    code_cell(lesson, "my_guess = None").outputs = [error]


def with_meant_error(lesson):
    """The same, and it says that it means it."""
    with_error(lesson)
    code_cell(lesson, "my_guess = None").metadata["tags"] = ["raises-exception"]


def no_alt(lesson):
    """A picture that says nothing to those who do not see it."""
    _, output = next(pair for cell in lesson.cells for pair in pictures(cell))
    output.metadata = {}


def no_pictures(lesson):
    """A lesson without any."""
    for cell in code_of(lesson.cells):
        cell.outputs = [o for o in cell.outputs if "image/png" not in o.get("data", {})]


def no_control(lesson):
    """A lesson without a widget."""
    for cell in code_of(lesson.cells):
        cell.outputs = [o for o in cell.outputs if not o.get("metadata", {}).get("widget")]


def markdown_picture(lesson):
    """A picture in the text, without words."""
    section_cell(lesson, "Quiz").source += "\n\n![](map.png)"


def printed_path(lesson):
    """An output that names a folder of the machine."""
    text = f"read {Path('/') / 'home' / 'me' / 'data.txt'}"
    code_cell(lesson, "my_guess = None").outputs = [nbformat.v4.new_output("stream", text=text)]


def semicolon(lesson):
    """A cell that ends as in MATLAB."""
    code_cell(lesson, "my_guess = None").source += "\nrows;  # shown or not?"


def other_kernel(lesson):
    """A kernel that only its author has."""
    lesson.metadata.kernelspec["name"] = "my-venv"


def widget_state(lesson):
    """What JupyterLab stores on its own."""
    lesson.metadata["widgets"] = {}


def add(words, title="What the model leaves out"):
    """A lesson with a sentence more."""

    def break_it(lesson):
        section_cell(lesson, title).source += f"\n\n{words}"

    return break_it


def a_number_with_an_empty_assert(lesson):
    """An assert that compares a number with itself."""
    section_cell(lesson, "The question").source += "\n\nThere are 777 of them."
    code_cell(lesson, "my_guess = None").source += "\nassert 777 == 777"


def a_number_asserted_too_late(lesson):
    """An assert that stands one code cell further on."""
    section_cell(lesson, "The question").source += "\n\nThere are 777 of them."
    code_cell(lesson, "my_guess = None").source += "\nthem = 777"
    code_cell(lesson, "write_chain_west").source += "\nassert them == 777"


def a_number_as_it_should_be(lesson):
    """The same number, checked where the reader expects it."""
    section_cell(lesson, "The question").source += "\n\nThere are 777 of them."
    code_cell(lesson, "my_guess = None").source += "\nthem = 777\nassert them == 777"


def term_before_its_link(lesson):
    """A word of the field in the first paragraph."""
    lesson.cells[0].source += "\n\nThink of back-pressure."


def term_linked(lesson):
    """The same, explained elsewhere."""
    lesson.cells[0].source += "\n\nThink of [back-pressure](../docs/glossary.md#back-pressure)."


def term_explained(lesson):
    """The same, explained here; then it may be used."""
    lesson.cells[0].source += "\n\nA full queue holds back its sender: **back-pressure**."
    swap(lesson.cells[0], "A full queue", "A full [queue](../docs/glossary.md#queue)")
    section_cell(lesson, "Quiz").source += "\n\nWhat is back-pressure?"


def wrong_link(lesson):
    """A link to another term does not explain this one."""
    lesson.cells[0].source += "\n\nThink of [back-pressure](../docs/glossary.md#belt)."


def with_further(said):
    """A name that "Further" makes and the recap uses; with what the head says of it."""

    def break_it(lesson):
        at = next(k for k, cell in enumerate(lesson.cells) if heading(cell, "##") == "Quiz")
        lesson.cells.insert(at, nbformat.v4.new_code_cell("aside = 1"))
        lesson.cells.insert(at, nbformat.v4.new_markdown_cell("## Further: more"))
        code_of(sections(lesson)["Recap"])[-1].source += "\nprint(aside)"
        section_cell(lesson, "Before you start").source += said

    return break_it


BROKEN = [  # what is broken, by which check it is found, and words of the complaint
    (without_section("Quiz"), check_sections, "no section '## Quiz'"),
    (quiz_before_exercises, check_sections, "not in the order"),
    (empty_section, check_sections, "'## Sources' is empty"),
    (no_run_against_the_record, check_sections, "computes nothing"),
    (add("# Another title"), check_sections, "'# Another title' does not"),
    (replaced("Quiz", "## Quiz", "# Quiz"), check_sections, "one title"),
    (replaced("Before you start", "**Warm-up**", "Warm-up"), check_head, "no **Warm-up**"),
    (replaced("Before you start", "tested by", "for", 1), check_head, "does not say what"),
    (replaced("Before you start", "\n- ", "\n", 3), check_head, "three to five goals"),
    (replaced("Before you start", "core 40", "core 50"), check_head, "takes 50 minutes"),
    (replaced("Before you start", "further", "then"), check_head, "does not say 'core N"),
    (in_code("my_guess = None", "my_guess = None", "my_guess = 10"), check_guess, "no line"),
    (lambda lesson: code_cell(lesson, "your guess").update(source="1"), check_guess, "shows my_"),
    (replaced("Quiz", "<details>", "<div>"), check_quiz, "4 quiz questions"),
    (short_answer, check_quiz, "explains nothing"),
    (not_run, check_executed, "not executed from top to bottom"),
    (no_outputs, check_executed, "no stored output"),
    (with_error, check_executed, "ended with ValueError"),
    (with_meant_error, check_executed, None),
    (no_alt, check_pictures, "without alternative text"),
    (markdown_picture, check_pictures, "without alternative text"),
    (no_pictures, check_pictures, "no picture for a page that runs nothing"),
    (no_control, check_pictures, "no control to move"),
    (printed_path, check_portable, "a path of a machine"),
    (semicolon, check_portable, "a trailing semicolon"),
    (other_kernel, check_portable, "the kernel is not python3"),
    (widget_state, check_portable, "widget state"),
    (add("See [this](../docs/nowhere.md)."), check_links, "no file ../docs/nowhere.md"),
    (add("See [this](../docs/glossary.md#nothing)."), check_links, "no term #nothing"),
    (add("There are 777 of them."), check_numbers, "no assert with 777"),
    (add("There are `777` of them."), check_numbers, "no assert with 777"),
    (add("It takes 3 cycles."), check_numbers, "no assert with 3"),
    (add("That is 17 % less."), check_numbers, "no assert with 17"),
    (add("A factor of 1.7 lies between."), check_numbers, "no assert with 1.7"),
    (add("It is -1.7 in all, or 1e7."), check_numbers, "no assert with 1e+07"),
    (add("It is 4,321,000 in all."), check_numbers, "no assert with 4.321e+06"),
    (add("In 2024 a 16th of lesson 05, problem 3.1, by `x[777]`."), check_numbers, None),
    (a_number_with_an_empty_assert, check_numbers, "no assert with 777"),
    (a_number_asserted_too_late, check_numbers, "no assert with 777"),
    (a_number_as_it_should_be, check_numbers, None),
    (term_before_its_link, check_terms, "'back-pressure' is used before it is explained"),
    (wrong_link, check_terms, "'back-pressure' is used before it is explained"),
    (term_linked, check_terms, None),
    (term_explained, check_terms, None),
    (add("Deadlocks!", "Quiz"), check_terms, "'Deadlocks' is used before it is explained"),
    (add("Deadlocks!", "Sources"), check_terms, None),
    (with_further("\n\nAnd nothing after\nthem needs them."), check_further, "Recap' uses aside"),
    (with_further(""), check_further, None),
]


@pytest.mark.parametrize(("break_it", "check", "complaint"), BROKEN)
def test_each_check_finds_what_it_is_there_to_find(tmp_path, break_it, check, complaint):
    """A broken copy of lesson 00 is refused for the right reason; where None stands, accepted."""
    copy = tmp_path / FIRST.name
    lesson = read(FIRST)
    break_it(lesson)
    nbformat.write(lesson, copy)
    complaints = list(check(read(copy)))
    if complaint is None:
        assert complaints == []
    else:
        assert any(complaint in text for text in complaints), complaints


# ---- what a reader is asked to change ------------------------------------------------------------


CHANGES = [  # a lesson, what stands there, what a reader writes instead, whether sentences break
    ("00", '"columns": 60, "wavelets": 16', '"columns": 2, "wavelets": 1', False),
    ("00", '"columns": 60, "wavelets": 16', '"columns": 700, "wavelets": 9', False),
    ("01", "defects(disc, density, seed=3)", "defects(disc, density, seed=5)", True),
    ("01", "defects(disc, density, seed=3)", "defects(disc, density, seed=7)", True),
    ("02", "my_batch = None", "my_batch = 300", False),
    ("02", "my_context = None", "my_context = 0", False),
    ("03", "my_cycles = None", "my_cycles = 27", False),
    ("03", "array([10, 100]", "array([-5, 7]", False),
    ("03", "exchange(8))", "exchange(9))", True),
    ("03", "[3, -1, 4, 1,", "[3, -1, 4, 1, 8,", True),
    ("04", "my_difference = None", "my_difference = 290", False),
    ("04", "default_rng(4)", "default_rng(5)", False),
    ("04", "P, B = 512, 32", "P, B = 128, 32", True),
]


@pytest.mark.long
@pytest.mark.parametrize(("number", "old", "new", "breaks"), CHANGES)
def test_a_change_breaks_sentences_and_not_the_lesson(monkeypatch, number, old, new, breaks):
    """With another number in it, a cell that ends, ends with an assert, and all others run."""
    (path,) = (path for path in LESSONS if path.name.startswith(number))
    lesson, names = read(path), {}
    swap(code_cell(lesson, old), old, new)
    monkeypatch.chdir(path.parent)
    failed = 0
    for cell in code_of(lesson.cells):
        try:
            exec(cell.source, names)
        except AssertionError:
            failed += 1
    assert bool(failed) == breaks


# ---- the glossary ------------------------------------------------------------------------------


def test_each_term_has_an_anchor_of_its_own_and_an_explanation():
    """A term is explained in a few sentences under its anchor."""
    text = GLOSSARY.read_text(encoding="utf-8")
    entries = re.findall(r'(?ms)^### <a id="([\w-]+)"></a>(.+?)$(.*?)(?=^##|\Z)', text)
    assert len(entries) == len(re.findall(r"(?m)^### ", text)) == len({a for a, _, _ in entries})
    for anchor, names, words in entries:
        assert anchor == re.sub(r"\W+", "-", anchor.lower()), anchor
        assert 6 <= len(words.split()) <= 70, f"{names} is not explained in a few sentences"
    names = [name for group in glossary().values() for name in group]
    assert len(set(names)) == len(names)


def test_numbers_of_the_glossary_are_those_of_the_specs():
    """The glossary has few numbers, and each is a fact of a chip."""
    chip = wse.WSE2
    assert set(dict(numbers(prose(GLOSSARY.read_text(encoding="utf-8"))))) == {
        chip.colors, chip.wavelet_bits, chip.pe_memory_bytes / 1024, 1024
    }  # fmt: skip
