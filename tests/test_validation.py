"""Published measurements: what is predicted of them, how it is told, and that no error grows."""

from __future__ import annotations

import dataclasses
import json
import re
from functools import partial
from html.parser import HTMLParser
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tools import validation as tool
from wselab import predict, show
from wselab.course import cli, validation
from wselab.course.validation import NOT_REACHED, Row, counting, fabric, page, rows, text
from wselab.specs import A100, PUBLISHED, WSE2

ROOT = Path(__file__).resolve().parent.parent
STORED = json.loads((ROOT / tool.STORED).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def forms() -> list[Row]:
    """Every row by closed forms alone."""
    return list(rows(emulate=False))


@pytest.fixture(scope="module")
def by_id(forms) -> dict[str, Row]:
    return {row.id: row for row in forms}


# ---- errors do not grow --------------------------------------------------------------------


def test_no_error_grows(forms):
    """Each prediction is as near to what was measured as when it was stored, and none is gone."""
    worse = tool.grown(STORED, tool.errors(forms))
    assert not worse, "\n".join(worse)


def test_what_is_stored_is_what_is_computed(forms):
    """A prediction that became better, or a new one, is stored too: `make validation`."""
    now = tool.errors(forms)
    assert list(now) == list(STORED)
    for id, record in now.items():
        same = {key: value for key, value in STORED[id].items() if not key.startswith("emulated")}
        assert {key: record[key] for key in same} == same, id


def test_the_reduces_run_as_stored():
    """V1 and V2 on the emulator: the cycles that are stored."""
    for part in (fabric.chain_reduce, fabric.two_phase_reduce):
        for row in part(True, WSE2):
            assert row.emulated == STORED[row.id]["emulated"], row.id


@pytest.mark.long
def test_all_that_is_stored_comes_out_again(capsys):
    """The whole of `make validation`, with the GEMV of V7 on the emulator, changes nothing."""
    assert tool.main(["--check"]) == 0, capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "hit"),
    [
        # 8 and 32 have few hand-overs: there a longer ramp hides some of the launch
        ({"ramp_latency_cycles": 3}, {"V1", "V2-2", "V2-128", "V7 chain", "V7 mesh"}),
        ({"ramp_latency_cycles": 1}, {"V1", "V2-2", "V2-8", "V2-32", "V2-128"}),
        ({"fp16_macs_per_cycle": 2}, {"V7 chain", "V7 mesh"}),
    ],
)
def test_another_constant_makes_errors_grow(change, hit):
    """A ramp that is a cycle longer or shorter, or half the rate, is seen in the errors."""
    changed = rows(emulate=False, chip=WSE2.what_if(**change))
    worse = tool.grown(STORED, tool.errors(changed))
    assert hit <= {line.split(":")[0] for line in worse}


def test_growth_is_told_with_both_errors(forms):
    """A row that is gone, an emulated value that went astray and one that was not run."""
    now = tool.errors(forms)
    assert tool.grown(STORED, {id: now[id] for id in now if id != "V18"}) == [
        "V18: no longer predicted"
    ]
    astray = {**now, "V1": {**now["V1"], "emulated": 7000, "emulated_error_percent": -3.02}}
    assert tool.grown(STORED, astray) == [
        "V1: emulated -3.020 % from what was measured, stored was -0.776 %"
    ]
    better = {**now, "V1": {**now["V1"], "predicted_error_percent": [0.1, 0.1]}}
    assert tool.grown(STORED, better) == []


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """A copy of what the tool writes, and closed forms for it to compute."""
    (tmp_path / "docs").mkdir()
    for path in (tool.STORED, tool.PAGE):
        (tmp_path / path).write_text((ROOT / path).read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.setattr(tool, "rows", partial(rows, emulate=False))
    return tmp_path


def test_the_tool_stores_and_then_finds_it_stored(folder, capsys):
    """What it wrote it accepts, in the table of the page too."""
    assert tool.main(["--root", str(folder), "--check"]) == 1  # the emulated values are missing
    assert "run `make validation`" in capsys.readouterr().out
    assert tool.main(["--root", str(folder)]) == 0
    assert tool.main(["--root", str(folder), "--check"]) == 0
    assert json.loads((folder / tool.STORED).read_text(encoding="utf-8"))["V1"]["emulated"] is None


def test_the_tool_refuses_an_error_that_grew(folder, monkeypatch, capsys):
    """Nothing is written then, unless it is told to."""
    longer = WSE2.what_if(ramp_latency_cycles=3)
    monkeypatch.setattr(tool, "rows", partial(rows, emulate=False, chip=longer))
    before = (folder / tool.STORED).read_text(encoding="utf-8")
    assert tool.main(["--root", str(folder)]) == 1
    assert "V1: predicted +13.38" in capsys.readouterr().out
    assert (folder / tool.STORED).read_text(encoding="utf-8") == before
    assert tool.main(["--root", str(folder), "--worse"]) == 0
    assert "| 8,184 cycles |" in (folder / tool.PAGE).read_text(encoding="utf-8")


def test_the_tool_needs_a_place_for_its_table(folder):
    """A page that lost the lines around the table is an error that names them."""
    (folder / tool.PAGE).write_text("# Rules\n", encoding="utf-8")
    with pytest.raises(SystemExit, match="table: make validation"):
        tool.main(["--root", str(folder)])


# ---- what is predicted ---------------------------------------------------------------------


def test_every_published_measurement_is_predicted_or_said_not_to_be(forms):
    """Once: no id in both, none in neither, none that is not published."""
    predicted = {row.id.partition(" ")[0] for row in forms}
    left = [id for one in NOT_REACHED for id in one.ids]
    assert len(left) == len(set(left)) and not predicted & set(left)
    same = {"V7-A100"}  # V15-16K under the name that lesson 05 uses
    assert PUBLISHED["V7-A100"] == PUBLISHED["V15-16K"]
    assert predicted | set(left) | same == set(PUBLISHED)


def test_published_facts_are_whole():
    """Each has a note that says what was measured; no two ids hide the same sentence by mistake."""
    notes = [fact.note for id, fact in PUBLISHED.items() if id != "V7-A100"]
    assert all(notes) and len(set(notes)) == len(notes)


def test_the_printed_numbers_of_the_sources():
    """A second time, so that a slip of a digit shows: in the units of the sources."""
    printed = {
        "V1": 7218, "V2-2": 10055, "V2-8": 9117, "V2-32": 8973, "V2-128": 9297,
        "V4": (75.0e-6, 76.4e-6), "V4-rate": 503e12,
        "V5-100": 0.8637, "V5-200": 1.6133, "V5-300": 2.3716, "V5-400": 3.1223,
        "V6": 22e9, "V7": 1.2e-6, "V7-A100": 0.336e-3,
        "V8": 2699.9, "V8-1xA100": 78.9, "V8-8xA100": 260.4, "V8-16xA100": 164.6,
        "V9": 20320.6, "V9-1xA100": 13988.3, "V10": 0.86e15,
        "V15-16K": 0.336e-3, "V15-32K": 1.231e-3, "V16": 2.5, "V18": 46,
        "V19": 502e15, "V19-share": 0.52, "R1": 3.27,
    }  # fmt: skip
    assert {id: fact.value for id, fact in PUBLISHED.items()} == printed


def test_inputs_are_those_of_the_notes():
    """What is computed with is what each note says was measured with."""
    for id in ("V1", *(f"V2-{group}" for group in fabric.GROUPS)):
        assert f"of {fabric.PES} PEs" in PUBLISHED[id].note
        assert f"{fabric.WAVELETS:,} FP32 values" in PUBLISHED[id].note
    for group in fabric.GROUPS:
        assert f"groups of {group}," in PUBLISHED[f"V2-{group}"].note
    assert fabric.SIZE == 16384 and "[1, 16K] x [16K, 16K], FP16" in PUBLISHED["V7"].note
    for name, size in counting.SIZES.items():
        assert size == 1024 * int(name.removesuffix("K"))
    assert "32K x 32K, FP16" in PUBLISHED["V15-32K"].note
    for words in (
        f"{counting.LAYERS} layers",
        f"d = {counting.D:,}",
        f"context {counting.CONTEXT:,}",
        f"vocabulary {counting.VOCABULARY:,}",
        f"{100 * counting.SPARSITY:g} % sparse",
    ):
        assert words in PUBLISHED["V16"].note
    assert f"{counting.DEFECTS_PER_MM2} /mm2" in PUBLISHED["V18"].note
    assert f"{counting.GPUS:,} A100" in PUBLISHED["V19"].note


def test_errors_are_percent_above_what_was_published():
    """A tenth more is +10 %; a range has two; what did not run has none."""
    fact = dataclasses.replace(PUBLISHED["V1"], value=1000)
    row = Row("V1", "a run", fact, (900, 1100), "run", emulated=1100)
    assert row.errors == pytest.approx((-10, 10)) and row.emulated_error == pytest.approx(10)
    assert dataclasses.replace(row, emulated=None).emulated_error is None


def test_two_phases_differ_by_one_launch_and_the_published_model_does_not(by_id):
    """Published less predicted is the same for all groups to 2 cycles; less the model, to 128."""
    ours, model = [], []
    for group in fabric.GROUPS:
        row = by_id[f"V2-{group}"]
        ours.append(row.published.value - row.predicted[0])
        # 2 B + (P - 1) + (2 T_R + 1)((S - 1) + (P / S - 1)), by hand
        model.append(row.published.value - (8192 + 511 + 5 * (group + 512 // group - 2)))
        assert f"{row.published.value - model[-1]:,} cycles" in row.remark
    assert (min(ours), max(ours)) == (77, 79)
    assert (min(model), max(model)) == (-56, 72)


def test_the_gemv_is_predicted_for_every_square_that_could_have_been(by_id):
    """From the least that holds 512 MiB to the widest on the wafer; the ends are closed forms."""
    assert list(fabric._squares(WSE2))[:: 750 - 106] == [106, 750]
    programs = {"chain": {}, "mesh": {"layout": "mesh"}}
    programs["centre"] = {"layout": "mesh", "all_reduce": "centre"}
    for name, how in programs.items():
        cycles = [
            predict.gemv(matrix=(16384, 16384), wafer=(side, side), dtype="float16", **how)
            for side in range(106, 751)
        ]
        row = by_id[f"V7 {name}"]
        assert row.predicted == pytest.approx((min(cycles) / 1.1e9, max(cycles) / 1.1e9))
        assert "106 x 106" in row.assumed[0]
        best = 106 + cycles.index(min(cycles))
        assert f"shortest at {best} x {best}" in row.assumed[0]


def test_the_mesh_gemv_by_hand(by_id):
    """On 512 x 512 PEs: 32 columns of 8 cycles, chains of 23, 23 heads, and back along the row."""
    cycles = predict.gemv(matrix=(16384, 16384), wafer=(512, 512), dtype="float16", layout="mesh")
    # The last of 23 groups has 6 PEs, and its sum is there long before its turn comes. The head
    # before it takes in its own group's, then that one's; each head adds 5 + 23 cycles after that.
    multiplied, group, sent_back = 32 * 8, 6 * 22 + 32, 32 + 511 + 5
    heads = 32 + 21 * (5 + 23)
    assert cycles == multiplied + group + heads + sent_back


def test_what_was_measured_lies_between_the_two_meshes(by_id):
    """At the grids that suit them best; docs/rules.md says so."""
    published = by_id["V7 mesh"].published.value
    assert by_id["V7 centre"].predicted[0] < published < by_id["V7 mesh"].predicted[0]


def test_the_roof_of_the_a100_gives_the_shares_that_were_printed(by_id):
    """78 % and 86 % of the HBM roof, as the source says of its own numbers."""
    for id, share in (("V15-16K", 78), ("V15-32K", 86)):
        row = by_id[id]
        assert f"at {share} % of this roof" in row.remark
        assert f"{share} % of what its HBM could do" in row.published.note
    assert by_id["V15-16K"].predicted[0] == pytest.approx(2**29 / A100.hbm_bandwidth_bytes_per_s)


def test_the_sparse_model_by_hand():
    """GPT-3 XL: 2.416 GFLOP a token in linear layers, 0.403 in scores, 0.206 in the vocabulary."""
    assert counting.fewer(1.0) == pytest.approx(
        (2.41592 + 0.40265 + 0.20585) / (0.60398 + 0.40265 + 0.20585), rel=1e-5
    )
    assert counting.fewer(0.5) > counting.fewer(1.0)


# ---- how it is told ------------------------------------------------------------------------


def test_the_table_fits_a_terminal_and_says_all(forms):
    """Ids, published, predicted, errors, what was assumed, what is not reached and why."""
    lines = "\n".join(text.lines(forms)).splitlines()
    assert max(map(len, lines)) <= text.WIDTH
    told = "\n".join(lines)
    for words in (
        "V2-128        two-phase reduce in groups of 128",
        "7,218 cycles   -                    7,162 (-0.8 %)                       a b c",
        "1.2 µs         -                    2.669 to 6.45 µs (+122 to +438 %)",
        "No constant was fitted",
        "2.5 times      -",
        "46 defects     -",
        "0.52 of peak   -",
        "0.5238 (+0.7 %) ",
        "queue_depth = 2 wavelet (assumed)",
        "core grid not stated",
        "Not reached yet:",
        "V10  BiCGStab on a WSE-1: there is no stencil kernel",
    ):
        assert words in told
    for one in NOT_REACHED:
        assert re.search(rf"^  {one.ids[0].split('-')[0]} ", told, flags=re.MULTILINE)


def test_what_is_said_of_fitting_is_true_of_the_remarks(forms):
    """A launch is fitted to one row, for a remark; so not nothing was, but no constant."""
    fitted = [row.id for row in forms if "fitted" in row.remark]
    assert fitted and fabric.LAUNCH_FROM not in fitted
    assert text.IN_COMMON.startswith("No constant was fitted")
    assert f"a launch fitted to {fabric.LAUNCH_FROM} alone" in text.IN_COMMON
    assert "Nothing" not in text.IN_COMMON


def test_an_emulated_value_stands_beside_the_closed_form():
    """Where the emulator ran, its value and its error are told."""
    row = next(fabric.chain_reduce(True, WSE2))
    assert "7,218 cycles   7,162 (-0.8 %)       7,162 (-0.8 %)" in "\n".join(text.lines([row]))
    assert text.table([row])[-1].endswith("| 7,218 cycles | 7,162 cycles | 7,162 cycles | -0.8 % |")


class Outline(HTMLParser):
    """What a screen reader goes by."""

    def __init__(self, html: str):
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of each tag of this name."""
        return [attributes for name, attributes in self.tags if name == tag]


def test_the_page_stands_alone_and_can_be_heard(forms, tmp_path):
    """One file: language, one heading, heads of rows and columns, a picture with its text."""
    path = page.write(forms, tmp_path / "new" / "folder")
    html = path.read_text(encoding="utf-8")
    outline = Outline(html)
    assert outline.all("html")[0]["lang"] == "en" and len(outline.all("h1")) == 1
    scopes = [head["scope"] for head in outline.all("th")]
    assert scopes.count("row") == len(forms) and scopes.count("col") == 9
    (image,) = outline.all("img")
    assert image["src"].startswith("data:image/png;base64,")
    assert "V1 published 7,218, predicted 7,162" in image["alt"]
    assert "V7 chain 2.22 to 5.38" in image["alt"]
    ids = [attributes["id"] for _, attributes in outline.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    for link in outline.all("a"):  # each leads within the page
        assert link["href"].removeprefix("#") in ids
    assert not re.search(r'(src|href)="(http|//)', html)
    for row in forms:
        assert f"<td>{row.way}</td>" in html


def test_the_page_escapes_what_it_is_given(forms):
    """A sign of HTML in a text is shown, not obeyed."""
    row = dataclasses.replace(forms[0], what="a <b>bold</b> claim", remark="1 < 2 & 3")
    html = page.html([row])
    assert "a &lt;b&gt;bold&lt;/b&gt; claim" in html and "1 &lt; 2 &amp; 3" in html


def test_nothing_to_draw_is_an_error():
    """An empty picture says so instead of being drawn."""
    from wselab.show.validation import validation as draw

    with pytest.raises(ValueError, match="0 measurements in cycles and 1 ratios"):
        draw([], [("V1", 1, 1)])
    assert isinstance(draw([("V1", 2, 1, 2)], [("V1", 1, 1)]), show.Picture)


@pytest.fixture
def quick(monkeypatch):
    """`wselab validate` by closed forms alone."""
    monkeypatch.setattr(validation, "rows", partial(rows, emulate=False))
    return lambda *words: CliRunner().invoke(cli.app, ["validate", *words], prog_name="wselab")


def test_the_command_prints_the_table_and_writes_the_page(quick, tmp_path):
    """Without a folder it prints; with one it also writes, and says where."""
    result = quick()
    assert result.exit_code == 0 and "two-phase reduce in groups of 8" in result.stdout
    assert "The page is" not in result.stdout
    result = quick("--page", str(tmp_path / "out"))
    written = tmp_path / "out" / page.NAME
    assert result.exit_code == 0 and f"The page is {written}" in result.stdout
    assert "<h1>How far from what was measured</h1>" in written.read_text(encoding="utf-8")


def test_a_page_that_cannot_be_written_ends_with_2(quick, tmp_path):
    """A file where the folder should be: the error says so, after the table."""
    (tmp_path / "taken").write_text("a file")
    result = quick("--page", str(tmp_path / "taken"))
    assert result.exit_code == 2 and "V18" in result.stdout
    assert "the page cannot be written" in result.stderr and "another folder" in result.stderr


def test_the_page_of_the_rules_has_the_stored_table_and_true_prose(by_id):
    """Its table is made of what is stored; the cycles in its prose are those of the rows."""
    rules = (ROOT / tool.PAGE).read_text(encoding="utf-8")
    made = [dataclasses.replace(row, emulated=STORED[id]["emulated"]) for id, row in by_id.items()]
    assert tool.page_of(rules, made) == rules
    prose = " ".join(rules.split())
    apart = [by_id[f"V2-{group}"] for group in fabric.GROUPS]
    two_phase = [row.published.value - row.predicted[0] for row in apart]
    chain = by_id["V1"].published.value - by_id["V1"].predicted[0]
    assert f"is {chain} cycles for the chain, and {min(two_phase)} to {max(two_phase)} for" in prose
    assert "is 72 too short to 56 too long" in prose  # tested above, by hand
