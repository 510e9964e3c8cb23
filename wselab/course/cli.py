"""The command line: `wselab learn`, `doctor`, `check`, `tour`, `validate`, `claims`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

# What each command needs is imported when it runs: `wselab --help` is quick, and `doctor` works
# where the rest does not.

app = typer.Typer(
    name="wselab",
    help="A course on wafer-scale computing, with an emulator of a wafer of small cores.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        import importlib.metadata

        typer.echo(f"wselab {importlib.metadata.version('wselab')}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """A course on wafer-scale computing, with an emulator of a wafer of small cores."""


@app.command()
def learn(
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="FOLDER",
            help="The course, or where to copy it; found by itself, or ./wselab-course.",
        ),
    ] = None,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open a browser, or print the address.")
    ] = True,
    port: Annotated[
        int | None, typer.Option(help="The port to serve on; the first free one if not given.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what it would copy or bring up to date.")
    ] = False,
) -> None:
    """Open the course in JupyterLab, at the first lesson. Ctrl-C ends it.

    Where there is no course yet, it is copied into a folder of yours. Later, your copy follows
    newer versions of wselab: what you have not changed is brought up to date, what you have
    changed stays as it is.
    """
    from . import folder as places
    from . import own_copy
    from .learn import learn as serve

    course = folder or places.find_course(Path.cwd()) or Path(places.COPY)
    try:
        plan = own_copy.plan(course)
        if plan is not None and not dry_run:
            own_copy.carry_out(plan)
    except own_copy.CannotCopy as error:
        raise _ends(2, str(error)) from None
    words = "" if plan is None else own_copy.told(plan, dry_run)
    if words or dry_run:
        typer.echo(words or f"Nothing would change in {course.resolve()}")
    if not dry_run:
        raise typer.Exit(serve(course, browser, port))


@app.command()
def doctor(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Where to look for the course.")
    ] = Path("."),
) -> None:
    """Say what this machine has of what the course needs.

    Ends with 0 where nothing that is needed is missing, else with 1.
    """
    from .doctor import examine

    missing = 0
    for finding in examine(folder.resolve()):
        typer.echo(str(finding))
        missing += finding.sign == "not ok"
    if missing:
        raise _ends(1, f"\n{missing} needed and not ok; the mend stands below each.")
    typer.echo("\nEverything that is needed is here: wselab learn")


@app.command()
def check(
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="The problem, such as 3.1.")],
    path: Annotated[
        Path | None,
        typer.Argument(metavar="PATH", help="Your notebook, if not found by its number."),
    ] = None,
) -> None:
    """Grade a problem in your exercise notebook.

    Ends with 0 where it passed, 1 where it did not yet, 2 where it could not be graded.
    """
    from .folder import NotFound, find_exercise
    from .grading import CannotGrade, grade_notebook
    from .problem import find

    try:
        find(number)
        notebook = find_exercise(number, Path.cwd()) if path is None else path
        typer.echo(f"{notebook}")
        result = grade_notebook(notebook, [number])[number]
    except (CannotGrade, NotFound, ValueError) as error:
        raise _ends(2, f"cannot be graded: {error}") from None
    typer.echo(repr(result))
    raise typer.Exit(0 if result.passed else 1)


@app.command()
def tour() -> None:
    """See a whole wafer at work, in a few seconds.

    A WSE-2 sums random data over all its PEs; then a published measurement is run.
    """
    from .tour import tour as show

    show(say=typer.echo)


@app.command()
def validate(
    page: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Write a page with a plot into this folder, too."),
    ] = None,
) -> None:
    """Predict what others measured, and say how far off we are.

    Runs on the emulator what it can reach, beside the closed forms: some ten seconds.
    """
    from . import validation
    from .validation.text import lines

    rows: list[validation.Row] = []

    def kept() -> Iterator[validation.Row]:
        for row in validation.rows():
            rows.append(row)
            yield row

    for line in lines(kept()):
        typer.echo(line)
    if page is not None:
        from .validation.page import write

        try:
            written = write(rows, page)
        except OSError as error:
            raise _ends(2, f"the page cannot be written: {error}; try another folder") from None
        typer.echo(f"\nThe page is {written}")


@app.command()
def claims(
    ids: Annotated[
        list[str] | None,
        typer.Argument(metavar="ID", help="Some claims alone, such as C01 C12."),
    ] = None,
) -> None:
    """Audit what popular texts claim: their number, ours, the factor between them, and why."""
    from . import claims as ledger

    try:
        chosen = tuple(map(ledger.find, ids)) if ids else ledger.CLAIMS
    except ValueError as error:
        raise _ends(2, str(error)) from None
    for line in ledger.lines(chosen):
        typer.echo(line)


def _ends(code: int, why: str) -> typer.Exit:
    typer.echo(why, err=True)
    return typer.Exit(code)


def main() -> None:
    """Run the command line."""
    app(prog_name="wselab")
