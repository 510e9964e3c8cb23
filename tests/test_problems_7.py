"""Problems 7.1 to 7.P, weight streaming: what passes, what fails, and with which words."""

from __future__ import annotations

import math
import re
from fractions import Fraction

import numpy as np
import pytest

from wselab import EAST, NORTH, RAMP, SOUTH, WEST, fabin, fabout, streaming
from wselab.course import check, find
from wselab.course.problems import p07_1, p07_2, p07_3, p07_4, p07_p
from wselab.course.replaced import replaced_parts
from wselab.specs import WSE2, WSE3
from wselab.specs.models import GPT3_175B

from .hostile import CALCULATING, HOSTILE, calculating, hostile
from .long import long


def untouched(*given):
    raise NotImplementedError


# ---- 7.1: the tokens at which streaming stops stalling -------------------------------------


def by_the_ratio(peak, io, weight_bits, index_bits, zeros, **off):
    bits = weight_bits + (index_bits if off.get("always") or zeros else 0) * off.get("index", 1)
    found = peak / off.get("flop", 2) * bits / io * off.get("times", 1)
    return off.get("rounded", math.ceil)(found * (off["part"](zeros) if "part" in off else 1))


def by_looking(peak, io, weight_bits, index_bits, zeros):
    """Halves an interval until one token fewer would wait."""
    coming = Fraction(weight_bits + (index_bits if zeros else 0)) / Fraction(io)
    low, high = 0, 2**60
    while high - low > 1:
        middle = (low + high) // 2
        enough = 2 * middle / Fraction(peak) >= coming
        low, high = (low, middle) if enough else (middle, high)
    return high


def ratio(**off):
    def answer(*given):
        return by_the_ratio(*given, **off)

    return answer


def upside_down(peak, io, weight_bits, index_bits, zeros):
    return by_the_ratio(io, peak, weight_bits, index_bits, zeros)


def sixteen(peak, io, weight_bits, index_bits, zeros):
    return by_the_ratio(peak, io, 16, 16, zeros)


def one_bit(peak, io, weight_bits, index_bits, zeros):
    return by_the_ratio(peak, io, 1, 1, zeros)


def of_the_wse_3(*given):
    return 104_167


# ---- 7.2: the tokens that fit --------------------------------------------------------------


def that_fit(*given, **off):
    names = "layers", "width", "bits", "sram_bytes", "waiting"
    layers, width, bits, sram_bytes, waiting = (
        off.get(name, value) for name, value in zip(names, given, strict=True)
    )
    left = off.get("byte", 8) * sram_bytes - waiting * off.get("each", bits)
    found = off.get("rounded", math.floor)(Fraction(left, layers * width * bits))
    return found if off.get("negative") else max(0, found)


def in_bytes(layers, width, bits, sram_bytes, waiting):
    """Byte by byte, as a learner who likes them would."""
    size = bits // 8
    return max(0, (sram_bytes - waiting * size) // (layers * width * size))


def fit(**off):
    def answer(*given):
        return that_fit(*given, **off)

    return answer


def all_layers_wait(layers, width, bits, sram_bytes, waiting):
    return that_fit(layers, width, bits, sram_bytes, waiting * layers)


def of_gpt_3(*given):
    return 18_649


# ---- 7.4: the time of many layers ----------------------------------------------------------


def step_by_step(transfers, computing, ahead, room=True, passing=True, to_the_last=True):
    way_in, ends = 0, []
    for k, (transfer, work) in enumerate(zip(transfers, computing, strict=True)):
        first = max(way_in, ends[k - 1 - ahead] if room and k > ahead else 0)
        way_in = first + transfer
        start = max([first if passing else way_in, *ends[-1:]])
        ends.append(max(start + work, way_in) if to_the_last else start + work)
    return ends[-1]


def by_cycles(transfers, computing, ahead):
    """Counts cycle by cycle: the way in carries a layer, the wafer computes one."""
    cycle, came, coming, at, worked = 0, [0] * len(transfers), 0, 0, 0
    while at < len(transfers):
        can_come = coming < len(transfers) and coming <= at + ahead
        can_work = worked < computing[at] and (came[at] or (coming == at and can_come))
        if can_come:
            came[coming] += 1
            coming += came[coming] == transfers[coming]
        worked += bool(can_work)
        cycle += 1
        if worked == computing[at] and came[at] == transfers[at]:
            at, worked = at + 1, 0
    return cycle


def never_ahead(transfers, computing, ahead):
    return sum(map(max, transfers, computing))


def always_one(transfers, computing, ahead):
    return step_by_step(transfers, computing, 1)


def one_too_far(transfers, computing, ahead):
    return step_by_step(transfers, computing, ahead + 1)


def endless_room(*given):
    return step_by_step(*given, room=False)


def all_there_first(*given):
    return step_by_step(*given, passing=False)


def last_weight_forgotten(*given):
    return step_by_step(*given, to_the_last=False)


def nothing_at_once(transfers, computing, ahead):
    return sum(transfers) + sum(computing)


def the_longer_sum(transfers, computing, ahead):
    return max(sum(transfers), sum(computing))


def a_list(transfers, computing, ahead):
    return [step_by_step(transfers, computing, ahead)]


# ---- 7.3: stream a layer through a column --------------------------------------------------


def down(w):
    c = w.color("c")
    w[0].route(c, RAMP >> SOUTH)
    w[1:-1].route(c, NORTH >> (RAMP, SOUTH))
    w[-1].route(c, NORTH >> RAMP)
    return c


def weight_by_weight(w, W, x, y, weight, **off):
    c = down(w)
    outputs, features = W.shape[2:]
    w[0].mov(W, out=fabout(c))
    for i in range(outputs):
        for j in range(features):
            w[1:].mov(fabin(c), out=weight)
            j = off.get("feature", j)
            if off.get("overwrites"):
                w[1:].mul(weight, x.own[j], out=y.own[i])
            elif off.get("one_token"):
                w[1:].mac(weight, x.own[j, 0], acc=y.own[i, 0], out=y.own[i, 0])
            else:
                w[1:].mac(weight, x.own[j], acc=y.own[i], out=y.own[i])


def token_by_token(w, W, x, y, weight):
    """Sends every weight once for each token, and uses it as it comes."""
    c = down(w)
    features, tokens = x.shape[2:]
    for j in range(features):
        for e in range(tokens):
            w[0].mov(W.own[:, j], out=fabout(c))
            w[1:].mac(fabin(c), x.own[j, e], acc=y.own[:, e], out=y.own[:, e])


def column_by_column(w, W, x, y, weight):
    """The other order, sent as it is taken."""
    c = down(w)
    outputs, features = W.shape[2:]
    for j in range(features):
        w[0].mov(W.own[:, j], out=fabout(c))
        for i in range(outputs):
            w[1:].mov(fabin(c), out=weight)
            w[1:].mac(weight, x.own[j], acc=y.own[i], out=y.own[i])


def another_order(w, W, x, y, weight):
    """Sent row by row, taken column by column."""
    c = down(w)
    outputs, features = W.shape[2:]
    w[0].mov(W, out=fabout(c))
    for j in range(features):
        for i in range(outputs):
            w[1:].mov(fabin(c), out=weight)
            w[1:].mac(weight, x.own[j], acc=y.own[i], out=y.own[i])


def overwrites(*given):
    weight_by_weight(*given, overwrites=True)


def feature_0(*given):
    weight_by_weight(*given, feature=0)


def one_token(*given):
    weight_by_weight(*given, one_token=True)


def stored(w, W, x, y, weight):
    """Takes the whole matrix in, then multiplies: a resident layer."""
    c = down(w)
    w[0].mov(W, out=fabout(c))
    w[1:].mov(fabin(c), out=W)
    for i in range(W.shape[2]):
        for j in range(W.shape[3]):
            w[1:].mac(W.own[i, j], x.own[j], acc=y.own[i], out=y.own[i])


def stored_elsewhere(w, W, x, y, weight):
    mine = w.memory("mine", W.shape[2:])
    c = down(w)
    w[0].mov(W, out=fabout(c))
    w[1:].mov(fabin(c), out=mine)
    for i in range(W.shape[2]):
        for j in range(W.shape[3]):
            w[1:].mac(mine.own[i, j], x.own[j], acc=y.own[i], out=y.own[i])


def changes_x(w, W, x, y, weight):
    weight_by_weight(w, W, x, y, weight)
    w[1:].mov(0.0, out=x)


def first_row_alone(w, W, x, y, weight):
    """Only PE (1, 0) uses the weights; the others take them in."""
    c = down(w)
    w[0].mov(W, out=fabout(c))
    for i in range(W.shape[2]):
        for j in range(W.shape[3]):
            w[1:].mov(fabin(c), out=weight)
            w[1].mac(weight, x.own[j], acc=y.own[i], out=y.own[i])


def first_weights_only(w, W, x, y, weight):
    """One feature of each output."""
    c = down(w)
    for i in range(W.shape[2]):
        w[0].mov(W.own[i, 0], out=fabout(c))
        w[1:].mov(fabin(c), out=weight)
        w[1:].mac(weight, x.own[0], acc=y.own[i], out=y.own[i])


def nobody_takes(w, W, x, y, weight):
    c = down(w)
    w[0].mov(W, out=fabout(c))


def ends_early(w, W, x, y, weight):
    """No route in the last row."""
    c = w.color("c")
    w[0].route(c, RAMP >> SOUTH)
    w[1:].route(c, NORTH >> RAMP)
    w[0].mov(W, out=fabout(c))
    for i in range(W.shape[2]):
        for j in range(W.shape[3]):
            w[1:].mov(fabin(c), out=weight)
            w[1:].mac(weight, x.own[j], acc=y.own[i], out=y.own[i])


def by_the_library(w, W, x, y, weight):
    lanes = streaming.Lanes(w, tokens=x.shape[3], features=x.shape[2])
    streaming.write_product(lanes, np.ones(W.shape[2:], np.float32), x, y)


def for_the_example(w, W, x, y, weight):
    """Six outputs of five features."""
    c = down(w)
    w[0].mov(W, out=fabout(c))
    for i in range(6):
        for j in range(5):
            w[1:].mov(fabin(c), out=weight)
            w[1:].mac(weight, x.own[j], acc=y.own[i], out=y.own[i])


# ---- 7.P: a layer through a rectangle ------------------------------------------------------


def chain_west(w, y, names=("even", "odd")):
    mine, theirs = w.alternating(*names, by="column")
    w[1:, 1:].route(mine, RAMP >> WEST)
    w[1:, :-1].route(theirs, EAST >> RAMP)
    w[1:, -1].mov(y, out=fabout(mine))
    w[1:, 1:-1].add(fabin(theirs), y, out=fabout(mine))
    w[1:, 0].add(fabin(theirs), y, out=y)


def sent_again(w, W, x, y, weight):
    token_by_token(w, W, x, y, weight)
    chain_west(w, y)


def sent_again_by_tokens(w, W, x, y, weight):
    """All features of a token, then the next one; its chain follows at once."""
    c = down(w)
    features, tokens = x.shape[2:]
    mine, theirs = w.alternating("even", "odd", by="column")
    w[1:, 1:].route(mine, RAMP >> WEST)
    w[1:, :-1].route(theirs, EAST >> RAMP)
    for e in range(tokens):
        own = y.own[:, e]
        for j in range(features):
            w[0].mov(W.own[:, j], out=fabout(c))
            w[1:].mac(fabin(c), x.own[j, e], acc=own, out=own)
        w[1:, -1].mov(own, out=fabout(mine))
        w[1:, 1:-1].add(fabin(theirs), own, out=fabout(mine))
        w[1:, 0].add(fabin(theirs), own, out=own)


def at_par(w, W, x, y, weight):
    weight_by_weight(w, W, x, y, weight)
    chain_west(w, y)


def without_the_sum(w, W, x, y, weight):
    token_by_token(w, W, x, y, weight)


def without_the_last_column(w, W, x, y, weight):
    token_by_token(w, W, x, y, weight)
    mine, theirs = w.alternating("even", "odd", by="column")
    w[1:, 1:-1].route(mine, RAMP >> WEST)
    w[1:, :-2].route(theirs, EAST >> RAMP)
    if w.shape[1] > 2:
        w[1:, -2].mov(y, out=fabout(mine))
        w[1:, 1:-2].add(fabin(theirs), y, out=fabout(mine))
        w[1:, 0].add(fabin(theirs), y, out=y)


def into_the_last_column(w, W, x, y, weight):
    token_by_token(w, W, x, y, weight)
    mine, theirs = w.alternating("even", "odd", by="column")
    w[1:, :-1].route(mine, RAMP >> EAST)
    w[1:, 1:].route(theirs, WEST >> RAMP)
    w[1:, 0].mov(y, out=fabout(mine))
    w[1:, 1:-1].add(fabin(theirs), y, out=fabout(mine))
    w[1:, -1].add(fabin(theirs), y, out=y)


def stored_and_summed(w, W, x, y, weight):
    stored(w, W, x, y, weight)
    chain_west(w, y)


def constant(w, W, x, y, weight):
    sent_again(w, W, x, y, weight)
    w[...].mov(5.0, out=y)


RIGHT = {
    "7.1": [by_the_ratio, by_looking],
    "7.2": [that_fit, in_bytes],
    "7.3": [weight_by_weight, token_by_token, column_by_column],
    "7.4": [step_by_step, by_cycles],
    "7.P": [sent_again, sent_again_by_tokens],
}


@pytest.mark.parametrize(
    ("number", "answer"), [(number, answer) for number in RIGHT for answer in RIGHT[number]]
)
@pytest.mark.parametrize("seed", [None, 0, *long(1)])
def test_different_right_answers_pass(number, answer, seed):
    """With all points; a score where a program is written."""
    result = check(number, answer, seed=seed)
    assert result.passed is True and result.points == result.out_of, result
    assert (result.score is None) == (number not in ("7.3", "7.P"))
    assert number != "7.P" or result.score < result.par


WRONG = {
    "7.1": {
        untouched: "not written yet",
        ratio(flop=1): "takes a multiply-accumulate for one operation",
        ratio(index=0): "Right with.*not with.*The index is missing",
        ratio(always=True): "With no zeros all weights are sent in order",
        ratio(part=lambda zeros: 1 - zeros / 100): "lets fewer tokens be enough because fewer",
        ratio(part=lambda zeros: 1 - zeros / 100, index=0): "and leaves out the index",
        ratio(part=lambda zeros: 100 / (100 - zeros)): "divides by the part that is sent",
        ratio(times=1 / 8): "It divides by 8",
        ratio(times=8): "counts bytes for bits",
        ratio(rounded=math.floor): "It rounds down",
        ratio(flop=1, rounded=math.floor): "takes a multiply-accumulate for one operation",
        ratio(flop=1, rounded=round): "takes a multiply-accumulate for one operation",
        ratio(rounded=float): "something of type float.*tokens are a whole number",
        upside_down: "with 104,167 tokens a weight takes",
        sixteen: "Right with.*not with.*The bits do not come in",
        one_bit: "The bits do not come in: I/O in bits",
        of_the_wse_3: "Right with.*not with.*it gives 104,167; with 208,334 tokens",
    },
    "7.2": {
        untouched: "not written yet",
        fit(waiting=0): "Right with.*not with.*The weights that wait are not counted",
        fit(each=1): "Right with.*not with.*Each weight that waits takes bits bits, not one",
        fit(each=8): "takes a weight that waits for a byte",
        fit(byte=1): "sram_bytes are bytes, and the rest is in bits",
        fit(layers=1): "A token keeps what entered",
        fit(width=1): "a vector of width numbers",
        fit(bits=16): "Right with.*not with.*The bits do not come in",
        fit(rounded=math.ceil): "It rounds up",
        fit(negative=True): "Right with.*not with.*leave no room, 0 tokens fit",
        all_layers_wait: "Right with.*not with.*It lets all layers' weights wait",
        of_gpt_3: "Right with.*not with.*it gives 18,649; 17,113 fit",
        fit(rounded=float): "something of type float.*tokens are a whole number",
    },
    "7.3": {
        untouched: "not written yet",
        another_order: "taken column by column",
        overwrites: "Only the last feature is in y",
        feature_0: "All weights are used for feature 0",
        one_token: "Only the first token of each PE is right",
        stored: "It stores weights in W",
        stored_elsewhere: r"memory of its own \(mine\)",
        changes_x: "It writes to x. Activations stay",
        first_row_alone: r"not in rows 2, 3, 4: the weights have to pass all of them",
        first_weights_only: "Only the first feature is in y",
        nobody_takes: "Undrained|Deadlock",
        ends_early: "Deadlock",
        by_the_library: "calls wselab.streaming",
        for_the_example: "Right with 4 rows below the source.*not with 1 row",
        p07_3.textbook: "calls a function of the course itself",
    },
    "7.4": {
        untouched: "not written yet",
        never_ahead: "ahead does not come in: it takes the longer",
        always_one: "It always lets one layer's weights wait",
        one_too_far: "one layer too far ahead",
        endless_room: "fetches as far ahead as it likes",
        all_there_first: "only when all its weights are there",
        last_weight_forgotten: "lets a layer end before its last weight",
        nothing_at_once: "Nothing happens at the same time",
        the_longer_sum: "The longer of the two sums",
        a_list: "something of type list.*cycles are a whole number",
    },
    "7.P": {
        untouched: "not written yet",
        at_par: "but come after 111 cycles: a weight at a time and then a chain take 111",
        without_the_sum: r"y\[0, 0\] of PE \(1, 0\) is .*the product is",
        without_the_last_column: "the product is",
        into_the_last_column: "the product is",
        stored_and_summed: "It stores weights in W",
        constant: "The same comes out whatever numbers are loaded",
        p07_p.textbook: "calls a function of the course itself",
    },
}


@pytest.mark.parametrize(
    ("number", "place"),
    [(number, place) for number in WRONG for place in range(len(WRONG[number]))],
)
def test_a_wrong_answer_is_told_what_is_wrong(number, place):
    """The mistake is named, or what came out is said beside what is right."""
    answer, words = list(WRONG[number].items())[place]
    result = check(number, answer)
    assert result.passed is False and result.points == 0, result
    assert re.search(words, "\n".join(result.reasons[:3]), re.DOTALL), result


@pytest.mark.parametrize("number", ["7.1", "7.2", "7.4"])
@pytest.mark.parametrize("cheat", CALCULATING)
def test_what_may_not_earn_points_does_not(number, cheat):
    """Asking the library, the check or the emulator is no answer, and neither is changing them."""
    answer, words = calculating(RIGHT[number][0], type(find(number)))[cheat]
    refused(check(number, answer), words)


@pytest.mark.parametrize("number", ["7.3", "7.P"])
@pytest.mark.parametrize("cheat", HOSTILE)
def test_a_right_program_that_does_more_than_write_earns_nothing(number, cheat):
    """It hears why, and what it replaced is put back."""
    answer, words = hostile(RIGHT[number][0])[cheat]
    refused(check(number, answer), words)


def refused(result, words):
    assert result.passed is False and result.points == 0, result
    assert re.search(words, "\n".join(result.reasons)), result
    assert replaced_parts() == []


def test_asking_wselab_streaming_is_no_answer():
    """Its predictions are what the problems ask for."""

    def asks(*given):
        return streaming.tokens_without_stall()

    def schedules(transfers, computing, ahead):
        layers = [
            streaming.LayerCost(str(k), *both)
            for k, both in enumerate(zip(transfers, computing, strict=True))
        ]
        return streaming.schedule(layers, ahead=ahead, training=False).total_cycles

    refused(check("7.1", asks), "calls wselab.streaming")
    refused(check("7.4", schedules), "calls wselab.streaming")


# ---- what is right is what the library says ------------------------------------------------


@pytest.mark.parametrize("chip", [WSE2, WSE3])
@pytest.mark.parametrize("zeros", [0, 40, 90])
def test_7_1_is_what_the_library_reckons(chip, zeros):
    """From the facts of a chip."""
    wire = streaming.Wire(density=1 - zeros / 100)
    peak, io = chip.peak_fp16_dense_flop_per_s, chip.io_bandwidth_bits_per_s
    expected = streaming.tokens_without_stall(chip, wire)
    assert p07_1.textbook(peak, io, 16, 16, zeros) == expected


@pytest.mark.parametrize("ahead", [0, 1, 2])
def test_7_2_is_what_the_library_reckons(ahead):
    """For GPT-3 175B."""
    waiting = ahead * streaming.layers_of(GPT3_175B)["layer 1"]
    expected = streaming.tokens_in_flight(GPT3_175B, WSE3, ahead=ahead).fitting_tokens
    shape = GPT3_175B.layers, GPT3_175B.width
    assert p07_2.textbook(*shape, 16, int(WSE3.sram_bytes), waiting) == expected


@pytest.mark.parametrize("seed", [None, 1, 2, 3])
def test_7_4_is_what_the_library_schedules(seed):
    """Forward, for all the layers that the check asks for."""
    problem = find("7.4")
    for size in problem.sizes(seed):
        transfers, computing, ahead = problem.arguments(size)
        layers = [
            streaming.LayerCost(str(k), *both)
            for k, both in enumerate(zip(transfers, computing, strict=True))
        ]
        step = streaming.schedule(layers, ahead=ahead, training=False)
        assert p07_4.textbook(transfers, computing, ahead) == step.total_cycles


def test_the_bound_of_the_puzzle_is_below_every_right_answer():
    """And par is what the plain program takes."""
    said = repr(check("7.P", sent_again))
    least = p07_p.least_cycles(6 * 4 * 2, 4, 1)
    assert f"fewer than {least} cycles" in said
    assert least < check("7.P", sent_again).score < find("7.P").par
    assert find("7.3").par == check("7.3", weight_by_weight).score
