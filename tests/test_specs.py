"""The numbers of the course: no fact without unit, source and status; figures that must agree."""

import copy
import dataclasses
import itertools
import math
import pickle
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from wselab import specs
from wselab.specs import (
    A100,
    ALL,
    B200,
    DGX_B200,
    DGX_H100,
    H100,
    H200,
    INFINIBAND,
    LPU,
    STATUSES,
    WHAT_IF,
    WSE1,
    WSE2,
    WSE3,
    Chip,
    Fact,
)
from wselab.specs.core import FP32_RATES

WAFERS = (WSE1, WSE2, WSE3)
EVERY_FACT = [
    pytest.param(chip, field, id=f"{chip.name}-{field}") for chip in ALL for field in chip.facts
]

# What a field must be called for its unit. A unit that is not here fails the test below.
NAME_OF_UNIT = {
    "1": r"^(transistors|colors|reticle_fields|router_ports|max_switch_positions"
    r"|microthreads|sram_banks|dies|gpus|(physical|active)_sms|cs[23]_wafers|fan_out)$",
    "MAC/cycle": r"_macs_per_cycle$",
    "Hz": r"_hz$",
    "PE": r"_(rows|columns|cores)$",
    "W": r"_w$",
    "bit": r"_bits$",
    "bit/s": r"_bits_per_s$",
    "byte": r"_bytes$",
    "byte/cycle": r"_bytes_per_cycle$",
    "byte/s": r"_bytes_per_s$",
    "cycle": r"_cycles$",
    "date": r"^announced$",
    "flop/s": r"_flop_per_s$",
    "mm": r"_mm$",
    "mm2": r"_mm2$",
    "1/mm2": r"_density_per_mm2$",
    "USD": r"_usd$",
    "pJ": r"_pj$",
    "pJ/bit": r"_pj_per_bit$",
    "s": r"_latency_s$",
    "nm": r"_nm$",
    "op/s": r"_op_per_s$",
    "wavelet": r"(_wavelets|^queue_depth)$",
    "wavelet/cycle": r"_wavelets_per_cycle$",
}

# What the emulator reads of the wafer that it is given.
EMULATOR_FIELDS = (
    "fabric_rows",
    "fabric_columns",
    "pe_memory_bytes",
    "colors",
    "clock_hz",
    "ramp_latency_cycles",
    "queue_depth",
    "operation_startup_cycles",
    "operation_gap_cycles",
    "fp16_macs_per_cycle",
    "fp32_macs_per_cycle",
    "mixed_macs_per_cycle",
)


def a_fact(**changes):
    """A valid fact, save for the changes."""
    good = {"value": 850e6, "unit": "Hz", "source": "a test", "status": "seen"}
    return Fact(**{**good, **changes})


def within(factor, one, other):
    """Whether two positive figures differ by at most a factor."""
    return max(one / other, other / one) <= factor


# Facts -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("chip", "field"), EVERY_FACT)
def test_every_fact_has_value_unit_source_and_status(chip, field):
    """Every field of every chip is a Fact whose unit, source and status are filled in."""
    fact = chip.fact(field)
    assert type(fact) is Fact
    assert fact.unit.strip()
    assert fact.source.strip()
    assert fact.status in {"seen", "second", "recalled", "derived", "assumed"}
    numbers = fact.value if isinstance(fact.value, tuple) else (fact.value,)
    assert all(
        isinstance(v, str) if fact.unit == "date" else type(v) in (int, float) for v in numbers
    )


@pytest.mark.parametrize(("chip", "field"), EVERY_FACT)
def test_every_name_carries_its_unit(chip, field):
    """A field's name tells its unit, so that bits and bytes cannot share a name."""
    unit = chip.fact(field).unit
    assert unit in NAME_OF_UNIT, f"say in NAME_OF_UNIT how a field in {unit!r} is named"
    assert re.search(NAME_OF_UNIT[unit], field)


@pytest.mark.parametrize(("chip", "field"), EVERY_FACT)
def test_every_assumption_says_why(chip, field):
    """An assumed fact says in its note why it is so; no public chip holds a what-if."""
    fact = chip.fact(field)
    assert fact.note or fact.status != "assumed"
    assert fact.source != WHAT_IF


@pytest.mark.parametrize("missing", ["unit", "source", "status"])
@pytest.mark.parametrize("empty", ["", "  ", None, 7])
def test_a_fact_without_unit_source_or_status_is_refused(missing, empty):
    """A fact without unit, source or status says what is missing, what it wants, what to try."""
    with pytest.raises(ValueError, match=missing) as caught:
        a_fact(**{missing: empty})
    assert repr(empty) in str(caught.value)
    assert "850000000.0" in str(caught.value)
    assert "expected" in str(caught.value)
    assert "try" in str(caught.value)


def test_a_bare_fact_is_refused():
    """A number alone does not make a fact, not even by leaving arguments out."""
    with pytest.raises(ValueError, match="no unit"):
        Fact(850e6)


def test_an_unknown_status_lists_the_known_ones():
    """A status that is not one of the five is refused with all five in the message."""
    with pytest.raises(ValueError, match="rumour") as caught:
        a_fact(status="rumour")
    assert all(status in str(caught.value) for status in STATUSES)


@pytest.mark.parametrize(
    "value",
    [None, True, math.nan, math.inf, "", " ", [1, 2], (1,), (1, 2, 3), (2, 1), (1, "2"), {}, 1j],
)
def test_a_value_that_is_no_number_text_or_range_is_refused(value):
    """A fact holds a finite number, a text or an ordered range, and nothing else."""
    with pytest.raises(ValueError, match="cannot hold") as caught:
        a_fact(value=value)
    assert repr(value) in str(caught.value)


def test_a_note_must_be_a_text():
    """A note that is not a text is refused."""
    with pytest.raises(ValueError, match="note"):
        a_fact(note=3)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (np.int64(7), 7),
        (np.float32(0.5), 0.5),
        ((np.int32(1), np.float64(2.5)), (1, 2.5)),
    ],
)
def test_numpy_scalars_become_plain_numbers(given, kept):
    """A fact made from NumPy's scalars holds plain int and float."""
    value = a_fact(value=given).value
    assert value == kept
    parts = value if isinstance(value, tuple) else (value,)
    assert all(type(part) in (int, float) for part in parts)


def test_a_fact_does_not_change():
    """Assigning to a fact's value is an error."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        a_fact().value = 1


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (850_000, "850,000"),
        (10.2e3, "10,200"),
        (7.5e15, "7.5e+15"),
        (0.038, "0.038"),
        ((15e3, 20e3), "15,000 to 20,000"),
        ("2021-04", "2021-04"),
    ],
)
def test_a_value_reads_well(value, text):
    """The text of a value groups digits, shortens powers of ten and spells a range out."""
    assert a_fact(value=value).text == text


def test_a_printed_fact_shows_unit_status_and_source():
    """Printing a fact shows value, unit, status and source; a pure count shows no unit."""
    assert str(a_fact()) == "8.5e+08 Hz (seen: a test)"
    assert str(a_fact(value=24, unit="1")) == "24 (seen: a test)"


# Chips -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("bare", [850e6, 24, "2021", (1, 2), None])
def test_a_bare_value_in_a_chip_is_refused(bare):
    """A chip takes facts only: a bare value is refused, naming chip and field."""
    with pytest.raises(TypeError, match="bare") as caught:
        Chip("Toy", {"clock_hz": bare})
    message = str(caught.value)
    assert "'Toy'" in message
    assert "'clock_hz'" in message
    assert repr(bare) in message
    assert "try Fact(" in message


@pytest.mark.parametrize("field", ["_hidden", "two words", "8cores", "", 8])
def test_a_field_must_be_reachable_as_an_attribute(field):
    """A field whose name is no public identifier is refused."""
    with pytest.raises(ValueError, match="identifier"):
        Chip("Toy", {field: a_fact()})


@pytest.mark.parametrize("field", ["name", "facts", "fact", "what_if", "fabric_shape"])
def test_a_field_must_not_hide_what_every_chip_has(field):
    """A field that has the name of a chip's own attribute is refused."""
    with pytest.raises(ValueError, match="something else"):
        Chip("Toy", {field: a_fact()})


@pytest.mark.parametrize("name", ["", " ", None])
def test_a_chip_must_have_a_name(name):
    """A chip without a name is refused."""
    with pytest.raises(ValueError, match="no name"):
        Chip(name, {})


@pytest.mark.parametrize(("chip", "field"), EVERY_FACT)
def test_an_attribute_is_the_plain_value_of_its_fact(chip, field):
    """chip.field, chip.fact("field").value and chip.facts["field"].value are one."""
    assert getattr(chip, field) is chip.fact(field).value is chip.facts[field].value


def test_facts_keep_their_order():
    """Facts come in the order in which they were given."""
    fields = ["zeta_hz", "alpha_hz", "mid_hz"]
    assert list(Chip("Toy", {field: a_fact() for field in fields}).facts) == fields


def test_a_chip_does_not_follow_the_mapping_it_was_made_from():
    """Changing the mapping afterwards leaves the chip as it was."""
    facts = {"clock_hz": a_fact()}
    chip = Chip("Toy", facts)
    facts["clock_hz"] = a_fact(value=1)
    assert chip.clock_hz == 850e6


def test_a_chip_does_not_change():
    """Assigning, deleting and writing into the facts are errors; assigning points to what_if."""
    with pytest.raises(AttributeError, match=r"what_if\(clock_hz"):
        WSE2.clock_hz = 1e9
    with pytest.raises(AttributeError, match="cannot lose"):
        del WSE2.clock_hz
    with pytest.raises(TypeError):
        WSE2.facts["clock_hz"] = a_fact()
    assert WSE2.clock_hz == 850e6


@pytest.mark.parametrize("ask", [lambda: WSE2.clok_hz, lambda: WSE2.fact("clok_hz")])
def test_an_unknown_field_lists_the_closest_names(ask):
    """A misspelt field is an AttributeError that names the chip and the closest fields."""
    with pytest.raises(AttributeError, match="'clok_hz'") as caught:
        ask()
    assert "'WSE-2'" in str(caught.value)
    assert "closest names: clock_hz" in str(caught.value)


def test_an_unknown_field_that_is_like_no_other_lists_them_all():
    """Where nothing is close, the message lists every field."""
    with pytest.raises(AttributeError, match="gpus, system_power_w"):
        _ = DGX_H100.zzz


def test_a_chip_offers_its_fields_for_completion():
    """dir() of a chip holds its fields beside its methods."""
    assert {"clock_hz", "fabric_shape", "what_if"} <= set(dir(WSE2))
    assert "user_rows" not in dir(WSE1)


@pytest.mark.parametrize("chip", ALL, ids=lambda chip: chip.name)
def test_chips_survive_pickle_and_copy(chip):
    """A pickled, copied or deep-copied chip equals the first, facts and order included."""
    protocols = range(pickle.HIGHEST_PROTOCOL + 1)
    twins = [pickle.loads(pickle.dumps(chip, protocol)) for protocol in protocols]
    twins += [copy.copy(chip), copy.deepcopy(chip)]
    for twin in twins:
        assert twin == chip
        assert hash(twin) == hash(chip)
        assert list(twin.facts.items()) == list(chip.facts.items())


def test_chips_compare_by_name_and_facts():
    """Two chips are equal when name and facts are; a chip equals nothing else."""
    facts = {"clock_hz": a_fact()}
    assert Chip("Toy", facts) == Chip("Toy", facts)
    assert Chip("Toy", facts) != Chip("Other", facts)
    assert Chip("Toy", facts) != Chip("Toy", {"clock_hz": a_fact(source="another test")})
    assert Chip("Toy", facts) != "Toy"
    assert len({*ALL, *ALL}) == len(ALL)


def test_repr_is_one_line_and_names_what_was_changed():
    """A chip's repr gives its name and size, and the changes of a what-if."""
    assert repr(Chip("Toy", {"clock_hz": a_fact()})) == "Chip('Toy', 1 fact)"
    assert repr(WSE2) == f"Chip('WSE-2', {len(WSE2.facts)} facts)"
    assert repr(WSE2.what_if(colors=12)).endswith("facts, what if colors=12)")


def test_a_printed_chip_lists_every_fact():
    """Printing a chip gives one line for its name and one for each fact."""
    lines = str(WSE2).splitlines()
    assert lines[0] == "WSE-2"
    assert [line.split()[0] for line in lines[1:]] == list(WSE2.facts)


class Cells(HTMLParser):
    """The texts of a table, row by row."""

    def __init__(self):
        super().__init__()
        self.rows = []

    def handle_starttag(self, tag, attrs):
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_data(self, data):
        if self.rows:
            self.rows[-1][-1] += data


def test_the_html_table_shows_every_fact_and_escapes_it():
    """In a notebook a chip is a table of field, value, unit, status, source; texts are escaped."""
    chip = Chip(
        "<Toy>", {"clock_hz": a_fact(source="a < b", note="c & d"), "x_w": a_fact(unit="W")}
    )
    table = chip._repr_html_()
    assert "&lt;Toy&gt;" in table
    cells = Cells()
    cells.feed(table)
    assert cells.rows == [
        ["field", "value", "unit", "status", "source"],
        ["clock_hz", "8.5e+08", "Hz", "seen", "a < bc & d"],
        ["x_w", "8.5e+08", "W", "seen", "a test"],
    ]


# What if ---------------------------------------------------------------------------------------


def test_what_if_changes_a_copy_and_marks_it_assumed():
    """what_if gives a chip with the new value, assumed, in the old unit; the first one stays."""
    fast = WSE2.what_if(clock_hz=1.1e9, fabric_rows=10)
    assert (fast.clock_hz, fast.fabric_shape, WSE2.clock_hz) == (1.1e9, (10, 757), 850e6)
    fact = fast.fact("clock_hz")
    assert (fact.unit, fact.status, fact.source) == ("Hz", "assumed", "what-if of the caller")
    assert "seen" in fact.note
    assert fast != WSE2
    changed = {field for field in WSE2.facts if fast.facts[field] != WSE2.facts[field]}
    assert changed == {"clock_hz", "fabric_rows"}
    assert list(fast.facts) == list(WSE2.facts)


def test_what_if_takes_a_range_for_a_number_and_back():
    """A number may become a range, and a range a number."""
    assert WSE2.what_if(system_power_w=(16e3, 23e3)).system_power_w == (16e3, 23e3)
    assert WSE1.what_if(system_power_w=18e3).system_power_w == 18e3


def test_what_if_without_changes_is_the_same_chip():
    """what_if() without values gives an equal chip."""
    assert WSE2.what_if() == WSE2


def test_what_if_refuses_an_unknown_field():
    """what_if of a field that the chip lacks names the closest fields."""
    with pytest.raises(ValueError, match="closest names: queue_depth"):
        WSE2.what_if(que_depth=4)


def test_what_if_refuses_a_shape_and_names_its_parts():
    """A shape is changed by its two fields, and the message says so."""
    with pytest.raises(ValueError, match="fabric_rows and fabric_columns"):
        WSE2.what_if(fabric_shape=(4, 4))


@pytest.mark.parametrize(
    "change", [{"clock_hz": "fast"}, {"clock_hz": None}, {"announced": 2021}, {"colors": [1]}]
)
def test_what_if_refuses_a_value_of_another_kind(change):
    """what_if keeps numbers numbers and texts texts, and names chip and field when it refuses."""
    with pytest.raises(ValueError, match=r"what_if cannot set '\w+' of chip 'WSE-2'") as caught:
        WSE2.what_if(**change)
    assert "expected" in str(caught.value)
    assert "try" in str(caught.value)


# Shapes ----------------------------------------------------------------------------------------


def test_shapes_are_rows_by_columns():
    """Fabric and user rectangle come as (rows, columns), where sources print width x height."""
    assert [chip.fabric_shape for chip in WAFERS] == [(595, 602), (996, 757), (1172, 762)]
    assert [chip.user_shape for chip in (WSE2, WSE3)] == [(994, 750), (1170, 755)]


def test_the_host_takes_as_many_rows_and_columns_on_both_wafers():
    """The user rectangle is as much smaller than the fabric on the WSE-3 as on the WSE-2."""
    margins = [
        (c.fabric_rows - c.user_rows, c.fabric_columns - c.user_columns) for c in (WSE2, WSE3)
    ]
    assert margins[0] == margins[1] == (2, 7)


@pytest.mark.parametrize(
    ("chip", "shape"), [(WSE1, "user_shape"), (H100, "user_shape"), (LPU, "fabric_shape")]
)
def test_an_unknown_shape_says_which_fields_it_would_need(chip, shape):
    """A shape that is not known is an AttributeError naming the fields it is made of."""
    rows, columns = (shape.replace("shape", part) for part in ("rows", "columns"))
    with pytest.raises(AttributeError, match=f"{rows} and {columns}") as caught:
        getattr(chip, shape)
    assert chip.name in str(caught.value)
    assert not hasattr(chip, shape)


# The package -----------------------------------------------------------------------------------


def test_all_holds_every_chip_once():
    """ALL holds each public chip, once, and their names differ."""
    public = [v for v in (getattr(specs, name) for name in specs.__all__) if isinstance(v, Chip)]
    assert len(public) == len(ALL)
    assert set(public) == set(ALL)
    assert len({chip.name for chip in ALL}) == len(ALL)


@pytest.mark.parametrize("chip", WAFERS, ids=lambda chip: chip.name)
@pytest.mark.parametrize("field", EMULATOR_FIELDS)
def test_every_wafer_has_what_the_emulator_reads(chip, field):
    """Each wafer has the fields that the emulator needs, as whole numbers or a clock."""
    kind = float if field == "clock_hz" else int
    assert type(getattr(chip, field)) is kind


@pytest.mark.parametrize("chip", [WSE1, WSE3], ids=lambda chip: chip.name)
def test_a_value_carried_over_from_the_wse2_is_assumed(chip):
    """Where a wafer uses the WSE-2's value of the core or fabric, it says so and claims nothing."""
    carried = [f for f in chip.facts if chip.fact(f).source.startswith("the WSE-2's value")]
    assert {"ramp_latency_cycles", "colors", "hop_cycles", "fp32_macs_per_cycle"} <= set(carried)
    assert "mixed_macs_per_cycle" in carried
    for field in carried:
        assert getattr(chip, field) == getattr(WSE2, field)
        assert chip.fact(field).status == "assumed"
        assert WSE2.fact(field).source in chip.fact(field).source


def test_what_differs_on_the_wse3_is_not_carried_over():
    """The WSE-3's multiply-accumulates and output queue are its own, twice and 4/3 the WSE-2's."""
    assert WSE3.fp16_macs_per_cycle == 2 * WSE2.fp16_macs_per_cycle
    assert (WSE2.output_queue_wavelets, WSE3.output_queue_wavelets) == (3, 4)
    assert WSE3.fact("fp16_macs_per_cycle").status == "second"


def test_specs_need_nothing_but_the_standard_library():
    """Importing the specs loads no third-party module, and finds none missing."""
    root = Path(specs.__file__).parents[1]
    # An empty stand-in for the parent package, which may import what it likes.
    code = f"""
import sys, types
parent = types.ModuleType("wselab")
parent.__path__ = [{str(root)!r}]
sys.modules["wselab"] = parent
before = set(sys.modules)
import wselab.specs
print(*sorted({{name.split(".")[0] for name in set(sys.modules) - before}}))
"""
    run = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, timeout=60
    )
    assert run.returncode == 0, run.stderr
    loaded = set(run.stdout.split())
    assert "wselab" in loaded
    assert loaded - set(sys.stdlib_module_names) == {"wselab"}


# Figures that must agree -----------------------------------------------------------------------


@pytest.mark.parametrize("chip", WAFERS, ids=lambda chip: chip.name)
def test_sram_bandwidth_is_cores_times_ports_times_clock(chip):
    """24 bytes a cycle on every active core gives the vendor's SRAM rate within 1.2."""
    per_cycle = chip.sram_read_bytes_per_cycle + chip.sram_write_bytes_per_cycle
    assert per_cycle == 24
    derived = per_cycle * chip.active_cores * chip.clock_hz
    assert within(1.2, derived, chip.sram_bandwidth_bytes_per_s)


@pytest.mark.parametrize("chip", WAFERS, ids=lambda chip: chip.name)
def test_fabric_bandwidth_is_the_sum_over_link_ends(chip):
    """Eight link ends of 4 bytes a cycle on every active core give the vendor's rate within 1.2."""
    link_ends = 2 * (chip.router_ports - 1)  # all ports but the ramp, in and out
    assert (link_ends, chip.wavelet_bits) == (8, 8 * 4)
    bits = link_ends * chip.link_wavelets_per_cycle * chip.wavelet_bits
    derived = bits * chip.active_cores * chip.clock_hz
    assert within(1.2, derived, chip.fabric_bandwidth_bits_per_s)


def test_the_bisection_is_a_4000th_of_the_advertised_bandwidth():
    """All link ends over the links across the middle of a WSE-2 are 4 x 996 = 3,984."""
    rows, columns = WSE2.fabric_shape
    link = WSE2.wavelet_bits * WSE2.clock_hz
    bisection_bits_per_s = 2 * columns * link
    assert bisection_bits_per_s == pytest.approx(41e12, rel=0.01)
    assert 8 * rows * columns * link / bisection_bits_per_s == pytest.approx(3984, rel=1e-12)


@pytest.mark.parametrize("chip", [WSE2, WSE3], ids=lambda chip: chip.name)
def test_dense_peak_is_two_flop_per_mac_at_the_hot_chips_clock(chip):
    """Cores x multiply-accumulates x 2 gives the dense peak within 2 % at 1.1 GHz, not at 0.85."""
    flop_per_cycle = 2 * chip.fp16_macs_per_cycle * chip.active_cores
    peak = chip.peak_fp16_dense_flop_per_s
    assert within(1.02, flop_per_cycle * chip.clock_hot_chips_hz, peak)
    assert not within(1.25, flop_per_cycle * chip.clock_hz, peak)


@pytest.mark.parametrize("chip", [WSE2, WSE3], ids=lambda chip: chip.name)
def test_the_ai_figure_is_about_eight_times_dense(chip):
    """The peak that counts skipped zeros is 8 to 8.4 times the dense one."""
    assert 8 <= chip.peak_fp16_sparse_flop_per_s / chip.peak_fp16_dense_flop_per_s < 8.4


def test_carried_macs_explain_the_share_of_peak_measured_on_the_wse1():
    """0.86 PFLOPS on 600 x 595 cores (Rocki et al., SC20) is a third of peak, as published."""
    peak = 600 * 595 * 2 * WSE1.fp16_macs_per_cycle * WSE1.clock_hz
    assert 0.86e15 / peak == pytest.approx(1 / 3, rel=0.1)


@pytest.mark.parametrize("chip", WAFERS, ids=lambda chip: chip.name)
def test_sram_is_the_memory_of_all_pes(chip):
    """48 KiB on every active core give the vendor's decimal capacity within 1.1."""
    assert chip.pe_memory_bytes == 49152
    assert within(1.1, chip.pe_memory_bytes * chip.active_cores, chip.sram_bytes)


@pytest.mark.parametrize("chip", WAFERS, ids=lambda chip: chip.name)
def test_the_core_counts_stand_in_order(chip):
    """User rectangle < fabric < active cores < physical cores, where each is known."""
    shapes = [s for s in ("user_shape", "fabric_shape") if hasattr(chip, s)]
    counts = [math.prod(getattr(chip, shape)) for shape in shapes]
    counts += [getattr(chip, f) for f in ("active_cores", "physical_cores") if f in chip.facts]
    assert len(counts) == {WSE1: 2, WSE2: 3, WSE3: 4}[chip]
    assert all(low < high for low, high in itertools.pairwise(counts))


def test_fabric_and_user_rectangle_hold_the_printed_numbers_of_pes():
    """The products of the shapes are the counts that the sources print."""
    assert [math.prod(chip.fabric_shape) for chip in (WSE2, WSE3)] == [753_972, 893_064]
    assert [math.prod(chip.user_shape) for chip in (WSE2, WSE3)] == [745_500, 883_350]


@pytest.mark.parametrize("chip", WAFERS, ids=lambda chip: chip.name)
def test_the_die_does_not_fit_its_disc(chip):
    """The die is larger than the largest square in the disc: 16.5 to 102 mm2 of corners are cut."""
    assert chip.die_area_mm2 == 46_225
    assert chip.disc_diameter_mm / math.sqrt(2) == pytest.approx(212.1, abs=0.05)
    assert chip.die_side_mm > chip.disc_diameter_mm / math.sqrt(2)
    assert chip.die_corners_cut_mm2 == pytest.approx((16.5, 102.3), abs=0.05)


def test_the_cut_corners_agree_with_a_count_of_points():
    """The closed form of the cut corners agrees with a fine grid laid over the die."""
    step = 0.05
    along = np.arange(step / 2, WSE2.die_side_mm / 2, step)
    along = along[along > 95]  # nothing nearer the middle is beyond either disc
    squares = along[:, None] ** 2 + along**2
    radius = WSE2.disc_diameter_mm / 2
    counted = [4 * step**2 * np.count_nonzero(squares > r**2) for r in (radius, radius - 3)]
    assert counted == pytest.approx(WSE2.die_corners_cut_mm2, rel=0.01)


def test_known_contradictions_of_the_sources_are_still_there():
    """Figures that cannot all be true keep their notes: core power, core area, a rival's SM."""
    assert WSE2.core_power_w * WSE2.active_cores > WSE2.system_power_w
    assert "whole system" in WSE2.fact("core_power_w").note
    assert WSE3.core_area_mm2 * WSE3.physical_cores > WSE3.die_area_mm2
    assert "Rounded up" in WSE3.fact("core_area_mm2").note
    quoted_mm2 = float(re.search(r"about ([\d.]+) mm2", H100.fact("physical_sms").note)[1])
    assert quoted_mm2 * H100.physical_sms > H100.die_area_mm2


def test_power_of_the_wse2_runs_from_idle_to_load():
    """The WSE-2's system draws more under load than idle; no idle power is known of the others."""
    assert (WSE2.system_idle_power_w, WSE2.system_power_w) == (16.1e3, 22.8e3)
    assert not any("system_idle_power_w" in chip.facts for chip in (WSE1, WSE3))


def test_one_fp32_element_a_cycle_follows_from_two_measurements():
    """The chain reduce gives 0.99 and the stencil 0.80 FP32 elements a cycle: about one."""
    chain, stencil = FP32_RATES
    hand_off_cycles = 2 * WSE2.ramp_latency_cycles + 2
    assert 4096 / chain + 511 * hand_off_cycles == pytest.approx(7218)
    steps, cells = 100e3, 300
    seconds = steps * cells * (51 / stencil) / WSE2.clock_hz
    assert seconds == pytest.approx(3.1223 - 0.8637)
    assert WSE2.fp32_macs_per_cycle == round((chain + stencil) / 2) == 1


def test_color_bits_are_just_enough_for_the_colors():
    """A wavelet's color field holds every routable color and would not with one bit less."""
    assert 2 ** (WSE2.color_bits - 1) < WSE2.colors <= 2**WSE2.color_bits


# Figures as printed by their sources, a second time: a slip of a digit shows here ----------------


def test_wafers_match_the_printed_figures():
    """Each vendor figure of the three wafers is the printed one, in base units."""
    printed = {
        "active_cores": (400e3, 850e3, 900e3),
        "transistors": (1.2e12, 2.6e12, 4e12),
        "process_nm": (16, 7, 5),
        "sram_bytes": (18e9, 40e9, 44e9),
        "sram_bandwidth_bytes_per_s": (9e15, 20e15, 21e15),
        "fabric_bandwidth_bits_per_s": (100e15, 220e15, 214e15),
        "reticle_fields": (7 * 12,) * 3,
        "clock_hz": (850e6,) * 3,
        "colors": (24,) * 3,
        "max_switch_positions": (4,) * 3,
        "hop_cycles": (1,) * 3,
        "ramp_latency_cycles": (2,) * 3,
    }
    for field, values in printed.items():
        assert tuple(getattr(chip, field) for chip in WAFERS) == values, field
    assert WSE2.io_bandwidth_bits_per_s == WSE3.io_bandwidth_bits_per_s == 1.2e12
    assert (WSE1.system_power_w, WSE3.system_power_w) == ((15e3, 20e3), 23e3)
    assert (WSE2.core_area_mm2, WSE3.core_area_mm2) == (0.038, 0.05)
    assert (WSE2.core_power_w, WSE3.physical_cores) == (0.030, 970e3)


def test_gpus_match_the_printed_figures():
    """Rates, capacities and powers of the GPUs are the printed ones, in decimal base units."""
    assert [c.hbm_bandwidth_bytes_per_s / 1e12 for c in (A100, H100, H200, B200)] == [
        2.039,
        3.35,
        4.8,
        8,
    ]
    assert [c.hbm_bytes / 1e9 for c in (A100, H100, H200, B200)] == [80, 80, 141, 180]
    assert [c.peak_fp16_dense_flop_per_s / 1e12 for c in (A100, H100, B200)] == [312, 989, 2250]
    assert [c.nvlink_bandwidth_bytes_per_s / 1e9 for c in (A100, H100, B200)] == [600, 900, 1800]
    assert [c.power_w for c in (A100, H100, B200)] == [400, 700, 1000]
    assert [c.l2_bytes / 1e6 for c in (A100, H100)] == [40, 50]
    assert [(c.active_sms, c.physical_sms) for c in (A100, H100)] == [(108, 128), (132, 144)]
    assert [(c.gpus, c.system_power_w) for c in (DGX_H100, DGX_B200)] == [(8, 10.2e3), (8, 14.3e3)]
    assert [c.die_area_mm2 for c in (A100, H100, B200)] == [826, 814, 800]
    assert B200.dies == 2


def test_other_systems_match_the_printed_figures():
    """Rates and capacities of the LPU and of InfiniBand are the printed ones, in base units."""
    assert (LPU.sram_bytes, LPU.sram_bandwidth_bytes_per_s) == (230e6, 80e12)
    assert (LPU.peak_int8_op_per_s, LPU.peak_fp16_dense_flop_per_s) == (750e12, 188e12)
    assert (INFINIBAND.hdr_port_bits_per_s, INFINIBAND.ndr_port_bits_per_s) == (200e9, 400e9)


def test_the_emulators_own_choices_are_the_least_that_works():
    """Queues of depth 2 and no time between operations, all assumed, until someone measures."""
    choices = ("queue_depth", "operation_startup_cycles", "operation_gap_cycles")
    for chip in WAFERS:
        assert [getattr(chip, field) for field in choices] == [2, 0, 0]
        assert {chip.fact(field).status for field in choices} == {"assumed"}
