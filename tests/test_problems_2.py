"""Problems 2.1 to 2.P, memory and what it holds: what passes, what fails, with which words."""

from __future__ import annotations

import itertools
import math
import re
from fractions import Fraction

import numpy as np
import pytest

from wselab import hierarchy
from wselab.course import check, find
from wselab.course.problems import p02_1, p02_4, p02_5, p02_p
from wselab.course.replaced import replaced_parts
from wselab.course.reuse import OPERANDS, held, moved, once, tiles
from wselab.specs import A100, B200, H100, LPU, MODELS, WSE2, WSE3

from .hostile import CALCULATING, calculating
from .long import long


def untouched(*given):
    raise NotImplementedError


# ---- 2.1: the batch that stops waiting for memory ------------------------------------------


def by_the_formula(rows, columns, itemsize, peak_flop_per_s, bandwidth_bytes_per_s, **off):
    ridge = peak_flop_per_s / bandwidth_bytes_per_s
    flop, values = off.get("flop", 2), off.get("values", rows + columns)
    gained = flop * rows * columns - ridge * itemsize * values
    if gained <= 0:
        return None
    return off.get("rounded", math.ceil)(ridge * itemsize * rows * columns / gained)


def by_doubling(rows, columns, itemsize, peak_flop_per_s, bandwidth_bytes_per_s):
    """Looks at whole batches alone: doubles until one is enough, then halves the interval."""

    def waits(batch):
        moving = itemsize * (rows * columns + batch * (rows + columns)) / bandwidth_bytes_per_s
        return 2 * rows * columns * batch / peak_flop_per_s < moving

    high = 1
    while waits(high):
        high *= 2
        if high > 2**40:
            return None
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if waits(middle) else (low, middle)
    return high


def as_a_float(*given):
    found = by_the_formula(*given)
    return None if found is None else float(found)


def one_operation(*given):
    return by_the_formula(*given, flop=1)


def only_the_matrix(*given):
    return by_the_formula(*given, values=0)


def without_results(rows, columns, *given):
    return by_the_formula(rows, columns, *given, values=columns)


def without_vectors(rows, columns, *given):
    return by_the_formula(rows, columns, *given, values=rows)


def values_for_bytes(rows, columns, itemsize, *rates):
    return by_the_formula(rows, columns, 1, *rates)


def bits_for_bytes(rows, columns, itemsize, *rates):
    return by_the_formula(rows, columns, 8 * itemsize, *rates)


def the_ridge(rows, columns, itemsize, peak, bandwidth):
    return math.ceil(peak / bandwidth)


def rounded_down(*given):
    return by_the_formula(*given, rounded=math.floor)


def never_never(*given):
    return by_the_formula(*given) or 1


def below_nothing(rows, columns, itemsize, peak, bandwidth):
    ridge = peak / bandwidth
    gained = 2 * rows * columns - ridge * itemsize * (rows + columns)
    return math.ceil(ridge * itemsize * rows * columns / gained)


def mixed_up(rows, columns, itemsize, peak, bandwidth):
    return by_the_formula(rows, columns, itemsize, bandwidth, peak)


def anew_for_each(rows, columns, itemsize, peak, bandwidth):
    moving = itemsize * (rows * columns + rows + columns) / bandwidth
    return 1 if 2 * rows * columns / peak >= moving else None


def of_the_example(*given):
    return 345


def not_rounded(*given):
    return by_the_formula(*given, rounded=float)


def never(*given):
    return None


# ---- 2.2: the bytes to train a model -------------------------------------------------------


def to_train(parameters, layers, width, tokens, bits, master, gradients=1, adam=8, copy=4):
    of_a_weight = (1 + gradients) * bits / 8 + adam + copy * master
    return int(parameters * of_a_weight + tokens * layers * width * bits / 8)


def part_by_part(parameters, layers, width, tokens, bits, master):
    parts = {"weights": parameters * bits, "gradients": parameters * bits}
    parts |= dict.fromkeys(("mean", "square"), parameters * 32)
    parts["copy"] = parameters * 32 if master else 0
    parts["activations"] = sum(tokens * width * bits for _ in range(layers))
    return sum(parts.values()) / 8


def train_in_bits(*given):
    return 8 * to_train(*given)


def no_gradients(*given):
    return to_train(*given, gradients=0)


def no_optimizer(*given):
    return to_train(*given, adam=0)


def one_mean(*given):
    return to_train(*given, adam=4)


def means_in_bits(parameters, layers, width, tokens, bits, master):
    return to_train(
        parameters, layers, width, tokens, bits, master, adam=2 * bits // 8, copy=bits // 8
    )


def a_small_copy(parameters, layers, width, tokens, bits, master):
    return to_train(parameters, layers, width, tokens, bits, master, copy=bits // 8)


def no_copy(*given):
    return to_train(*given, copy=0)


def always_a_copy(*given):
    return to_train(*given[:-1], True)


def no_activations(parameters, layers, width, tokens, bits, master):
    return to_train(parameters, layers, width, 0, bits, master)


def one_layer(parameters, layers, width, tokens, bits, master):
    return to_train(parameters, 1, width, tokens, bits, master)


def weights_alone(parameters, layers, width, tokens, bits, master):
    return parameters * bits // 8


def always_16_bits(parameters, layers, width, tokens, bits, master):
    return to_train(parameters, layers, width, tokens, 16, master)


def in_gb(*given):
    return to_train(*given) / 1e9


def of_8b(*given):
    return 97_436_876_800


# ---- 2.3: the bytes to serve a model -------------------------------------------------------


def to_serve(parameters, layers, heads, kv_heads, head_width, users, context, weight_bits, kv_bits):
    kept = 2 * layers * kv_heads * head_width * users * context
    return (parameters * weight_bits + kept * kv_bits) // 8


def token_by_token(
    parameters, layers, heads, kv_heads, head_width, users, context, weight_bits, kv_bits
):
    key = value = kv_heads * head_width * kv_bits / 8
    token = sum(key + value for _ in range(layers))
    return parameters * weight_bits / 8 + users * (context * token)


def to_serve_with(**other):
    """The sum with another argument; a text is the name of the one to take."""

    def answer(p, layers, heads, kv_heads, head_width, users, context, weight_bits, kv_bits):
        model = {
            "parameters": p, "layers": layers, "heads": heads, "kv_heads": kv_heads,
            "head_width": head_width, "users": users, "context": context,
            "weight_bits": weight_bits, "kv_bits": kv_bits,
        }  # fmt: skip
        changed = {name: model[v] if isinstance(v, str) else v for name, v in other.items()}
        return to_serve(**{**model, **changed})

    return answer


def serve_in_bits(*given):
    return 8 * to_serve(*given)


def only_keys(p, layers, heads, kv_heads, head_width, users, context, weight_bits, kv_bits):
    kept = layers * kv_heads * head_width * users * context
    return (p * weight_bits + kept * kv_bits) // 8


def only_keys_of_all_heads(p, layers, heads, kv_heads, head_width, users, context, w, kv):
    return (p * w + layers * heads * head_width * users * context * kv) // 8


def weights_for_each(p, layers, heads, kv_heads, head_width, users, context, w, kv):
    kept = 2 * layers * kv_heads * head_width * users * context
    return (users * p * w + kept * kv) // 8


def cache_in_bits(p, layers, heads, kv_heads, head_width, users, context, w, kv):
    return p * w // 8 + 2 * layers * kv_heads * head_width * users * context * kv


# ---- 2.4: the test that catches bits taken for bytes ---------------------------------------

PREFIXES = {"": 1, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15} | {
    "Ki": 1024.0, "Mi": 1024.0**2, "Gi": 1024.0**3,
}  # fmt: skip


def verdict(number, unit, fact, fact_unit, lower=False, near=0.05, one_way=False, rates=True):
    def in_bytes(amount, unit):
        prefix, kind = re.fullmatch(r"([A-Za-z]*)([bB])(?:/s)?", unit).groups()
        return amount * PREFIXES[prefix] / (8 if kind == "b" and not lower else 1)

    if rates and ("/s" in unit) != ("/s" in fact_unit):
        return "not comparable"
    ratio = in_bytes(number, unit) / in_bytes(fact, fact_unit)
    if not one_way and ratio < 0.9:
        ratio = 1 / ratio
    for times, word in ((1, "holds"), (8, "bits and bytes"), (1000, "prefix")):
        if (1 - near) * times <= ratio <= (1 + near) * times:
            return word
    return "wrong"


def by_logarithms(number, unit, fact, fact_unit):
    """The powers of ten that lie between the two; near is 0.022 of one."""
    logs = []
    for amount, name in ((number, unit), (fact, fact_unit)):
        bare = name.replace("/s", "")
        logs.append(math.log10(amount * PREFIXES[bare[:-1]] * (8 if bare.endswith("B") else 1)))
    if unit[-2:] != fact_unit[-2:] and "/s" in (unit[-2:], fact_unit[-2:]):
        return "not comparable"
    apart = abs(logs[0] - logs[1])
    meant = {0: "holds", math.log10(8): "bits and bytes", 3: "prefix"}
    return next((word for power, word in meant.items() if abs(apart - power) < 0.0215), "wrong")


def all_bytes(*claim):
    return verdict(*claim, lower=True)


def to_the_digit(*claim):
    return verdict(*claim, near=1e-9)


def upward_only(*claim):
    return verdict(*claim, one_way=True)


def rates_are_amounts(*claim):
    return verdict(*claim, rates=False)


def without_units(number, unit, fact, fact_unit):
    return verdict(number, "B", fact, "B")


def without_prefixes(number, unit, fact, fact_unit):
    bare = [re.sub(r"^(Ki|Mi|Gi|[kMGTP])", "", one) for one in (unit, fact_unit)]
    return verdict(number, bare[0], fact, bare[1])


def binary_as_decimal(number, unit, fact, fact_unit):
    plain = [re.sub("^Ki", "k", one).replace("i", "") for one in (unit, fact_unit)]
    return verdict(number, plain[0], fact, plain[1])


def always_holds(*claim):
    return "holds"


def only_right_or_wrong(*claim):
    return "holds" if verdict(*claim) == "holds" else "wrong"


def the_other_way(number, unit, fact, fact_unit):
    turned = [one.swapcase() if one in "bB" else one[:-1] + one[-1].swapcase()
              for one in (unit.removesuffix("/s"), fact_unit.removesuffix("/s"))]  # fmt: skip
    if ("/s" in unit) != ("/s" in fact_unit):
        return "not comparable"
    return verdict(number, turned[0], fact, turned[1])


def truth(*claim):
    return verdict(*claim) == "holds"


def capital(*claim):
    return verdict(*claim).capitalize()


def knows_few_prefixes(number, unit, fact, fact_unit):
    powers = {"P": 1e15, "T": 1e12, "G": 1e9, "M": 1e6, "k": 1e3}
    return powers[unit[0]] and powers[fact_unit[0]] and verdict(number, unit, fact, fact_unit)


# ---- 2.5: the bytes that a product in tiles moves ------------------------------------------


def in_loops(rows, inner, columns, tile, order, itemsize, again=True, zeros=True, last=True):
    """Every tile by itself: who is there, who makes room, what was begun."""
    sizes = dict(zip("ikj", (rows, inner, columns), strict=True))
    sides = dict(zip("ikj", tile, strict=True))
    turns = {loop: range(0, sizes[loop], sides[loop]) for loop in "ikj"}

    def values(at):
        return math.prod(min(sides[loop], sizes[loop] - begin) for loop, begin in at)

    there, begun, total = {}, set(), 0
    for begins in itertools.product(*(turns[loop] for loop in order)):
        now = dict(zip(order, begins, strict=True))
        for operand, loops in (("A", "ik"), ("B", "kj"), ("C", "ij")):
            at = tuple((loop, now[loop]) for loop in loops)
            if there.get(operand) == at:
                continue
            if operand == "C":
                total += values(there["C"]) if "C" in there else 0
                total += values(at) if (at in begun and again) or not zeros else 0
                begun.add(at)
            else:
                total += values(at)
            there[operand] = at
    return (total + (values(there["C"]) if last else 0)) * itemsize


def by_passes(rows, inner, columns, tile, order, itemsize):
    turns = [-(-n // side) for n, side in zip((rows, inner, columns), tile, strict=True)]
    live = [loop for loop in order if turns["ikj".index(loop)] > 1]

    def passes(other, own):
        inside = [at for at, loop in enumerate(live) if loop in own]
        if other not in live or not inside or live.index(other) > max(inside):
            return 1
        return turns["ikj".index(other)]

    a, b, c = passes("j", "ik"), passes("i", "kj"), passes("k", "ij")
    return itemsize * (a * rows * inner + b * inner * columns + (2 * c - 1) * rows * columns)


def each_once(rows, inner, columns, tile, order, itemsize):
    return itemsize * (rows * inner + inner * columns + rows * columns)


def every_step(rows, inner, columns, tile, order, itemsize):
    i, k, j = (-(-n // side) for n, side in zip((rows, inner, columns), tile, strict=True))
    return itemsize * (j * rows * inner + i * inner * columns + (2 * k - 1) * rows * columns)


def never_again(*given):
    return in_loops(*given, again=False)


def no_zeros(*given):
    return in_loops(*given, zeros=False)


def c_once(rows, inner, columns, tile, order, itemsize):
    return by_c(rows, inner, columns, tile, order, itemsize, 1)


def c_never(rows, inner, columns, tile, order, itemsize):
    return by_c(rows, inner, columns, tile, order, itemsize, 0)


def by_c(rows, inner, columns, tile, order, itemsize, times):
    right = in_loops(rows, inner, columns, tile, order, itemsize)
    passes = in_loops(rows, inner, columns, tile, order, itemsize, again=False)
    again = (right - passes) // itemsize // (rows * columns)  # fetched so many times
    return right - (2 * again + 1 - times) * rows * columns * itemsize


def backwards(rows, inner, columns, tile, order, itemsize):
    return in_loops(rows, inner, columns, tile, order[::-1], itemsize)


def always_ijk(rows, inner, columns, tile, order, itemsize):
    return in_loops(rows, inner, columns, tile, "ijk", itemsize)


def by_the_last_loop(rows, inner, columns, tile, order, itemsize):
    """What stays is what the innermost loop does not name, whether that loop turns or not."""
    turns = dict(zip("ikj", (-(-n // s) for n, s in zip((rows, inner, columns), tile, strict=True)),
                     strict=True))  # fmt: skip
    times = {}
    for operand, loops in (("A", "ik"), ("B", "kj"), ("C", "ij")):
        (other,) = set("ikj") - set(loops)
        times[operand] = 1 if order[-1] == other else turns[other]
    a, b, c = times.values()
    return itemsize * (a * rows * inner + b * inner * columns + (2 * c - 1) * rows * columns)


def whole_tiles(rows, inner, columns, tile, order, itemsize):
    padded = [-(-n // side) * side for n, side in zip((rows, inner, columns), tile, strict=True)]
    return in_loops(*padded, tile, order, itemsize)


def values_moved(rows, inner, columns, tile, order, itemsize):
    return in_loops(rows, inner, columns, tile, order, 1)


def bits_moved(*given):
    return 8 * in_loops(*given)


def sides_mixed_up(rows, inner, columns, tile, order, itemsize):
    return in_loops(rows, inner, columns, (tile[0], tile[2], tile[1]), order, itemsize)


def last_not_written(*given):
    return in_loops(*given, last=False)


# ---- 2.P: a product that fetches little ----------------------------------------------------


def best_of_all(rows, inner, columns, values):
    found = []
    for tile_rows, tile_columns in itertools.product(
        {-(-rows // n) for n in range(1, rows + 1)},
        {-(-columns // n) for n in range(1, columns + 1)},
    ):
        deep = (values - tile_rows * tile_columns) // (tile_rows + tile_columns)
        if deep > 0:
            tile = (tile_rows, min(deep, inner), tile_columns)
            for order in map("".join, itertools.permutations("ikj")):
                found.append((by_passes(rows, inner, columns, tile, order, 2), order, tile))
    return min(found)[1:]


def a_large_tile_of_c(rows, inner, columns, values):
    """C's tile is square, and stays; A's and B's are one thin. Where that is worse, par's plan."""
    side = math.isqrt(values + 1) - 1
    plans = [
        ("ijk", (min(side, rows), 1, min(side, columns))),
        square(rows, inner, columns, values),
    ]
    for thin, tall in ((rows, False), (columns, True)):  # or all of a thin side, and what is left
        if (rest := (values - thin) // (thin + 1)) > 0:
            other = min(rest, rows if tall else columns)
            plans.append(("ijk", (other, 1, thin) if tall else (thin, 1, other)))
    return min(plans, key=lambda plan: by_passes(rows, inner, columns, plan[1], plan[0], 2))


def square(rows, inner, columns, values):
    side = math.isqrt(values // 3)
    return "ijk", (min(side, rows), min(side, inner), min(side, columns))


def one_value_each(rows, inner, columns, values):
    return "ijk", (1, 1, 1)


def all_of_it(rows, inner, columns, values):
    return "ijk", (rows, inner, columns)


def a_third_each(rows, inner, columns, values):
    side = math.isqrt(values)
    return "ijk", (side, side, side)


def another_order(rows, inner, columns, values):
    return "kij", square(rows, inner, columns, values)[1]


def only_the_scored_one(rows, inner, columns, values):
    if (rows, inner, columns) == (96, 128, 80):
        return best_of_all(rows, inner, columns, values)
    return "kij", square(rows, inner, columns, values)[1]


def half_sides(rows, inner, columns, values):
    return "ijk", (2.5, 2.5, 2.5)


def no_side(rows, inner, columns, values):
    return "ijk", (0, 1, 1)


def larger_than_the_matrix(rows, inner, columns, values):
    return "ijk", (1_000_000, 1, 1)


def not_cut_to_it(rows, inner, columns, values):
    if (rows, inner, columns) == (96, 128, 80):
        return best_of_all(rows, inner, columns, values)
    return "ijk", (math.isqrt(values // 3),) * 3


def loops_by_name(rows, inner, columns, values):
    return "rows, inner, columns", (1, 1, 1)


def two_loops(rows, inner, columns, values):
    return "ij", (1, 1, 1)


def turned_round(rows, inner, columns, values):
    return (1, 1, 1), "ijk"


def only_the_tile(rows, inner, columns, values):
    return (20, 20, 20)


def a_flat_tile(rows, inner, columns, values):
    return "ijk", (20, 20)


def prints_it(*given):
    print(best_of_all(*given))


# ---- right answers -------------------------------------------------------------------------

RIGHT = {
    "2.1": [by_the_formula, by_doubling, as_a_float],
    "2.2": [to_train, part_by_part],
    "2.3": [to_serve, token_by_token],
    "2.4": [verdict, by_logarithms],
    "2.5": [in_loops, by_passes],
    "2.P": [best_of_all, a_large_tile_of_c],
}


@pytest.mark.parametrize(
    ("number", "answer"), [(number, answer) for number in RIGHT for answer in RIGHT[number]]
)
@pytest.mark.parametrize("seed", [None, 0, *long(1)])
def test_different_right_answers_pass(number, answer, seed):
    """With all points; a score only in the puzzle."""
    result = check(number, answer, seed=seed)
    assert result.passed is True and result.points == result.out_of, result
    assert (result.score is None) == (number != "2.P")
    assert ("(par: " in repr(result)) == (number == "2.P") and " cycles, " not in repr(result)


# ---- wrong answers -------------------------------------------------------------------------

WRONG = {
    "2.1": {
        untouched: "not written yet",
        one_operation: "counts a multiplication and its addition as one operation",
        only_the_matrix: "Only the matrix is moved",
        without_results: "The results are not moved",
        without_vectors: "The vectors are not moved",
        values_for_bytes: "itemsize does not come in",
        bits_for_bytes: "It counts bits: itemsize is in bytes already",
        the_ridge: "operations which the chip can do while a byte comes",
        rounded_down: "It rounds down",
        never_never: "Right with.*not with rows = 256.*None is asked for.*one vector more takes",
        below_nothing: "Right with.*not with rows = 256.*that number is below 0",
        mixed_up: "Peak and bandwidth are mixed up",
        anew_for_each: "The batch does not come in: it reads the matrix anew",
        of_the_example: "Right with.*not with rows = 11008.*it gives 345; with 79 it takes",
        not_rounded: "something of type float.*a batch is a whole number",
        never: "it gives None, which means that no batch is enough; with 345 it takes",
    },
    "2.2": {
        untouched: "not written yet",
        train_in_bits: "That is in bits",
        no_gradients: "The gradients are missing",
        no_optimizer: "What Adam keeps is missing",
        one_mean: "Adam keeps two means",
        means_in_bits: "Adam's means, and a master copy, are in 32 bits",
        a_small_copy: "Right with.*not with.*A master copy is in 32 bits",
        no_copy: "Right with.*not with.*master does not come in",
        always_a_copy: "only where master is True",
        no_activations: "The activations are missing",
        one_layer: "Activations are kept for every layer",
        weights_alone: "Those are the weights alone",
        always_16_bits: "Right with.*not with.*bits does not come in",
        in_gb: "returns 97.4369, something of type float.*bytes are a whole number",
        of_8b: "Right with.*not with.*it gives 97,436,876,800; it takes 27,494,023,168, or 27.5 GB",
    },
    "2.3": {
        untouched: "not written yet",
        serve_in_bits: "That is in bits",
        to_serve_with(kv_heads="heads"): "It takes heads. Several heads of queries share one",
        only_keys: "A token leaves a key and a value behind in each head: two vectors",
        only_keys_of_all_heads: "two vectors, not one, and not in each of heads",
        to_serve_with(layers=1): "Every layer keeps keys and values of its own",
        to_serve_with(head_width=1): "A key has head_width numbers",
        to_serve_with(users=1): "Each user has a context of their own",
        to_serve_with(context=1): "kept for every token of the context",
        to_serve_with(context=0): "The cache is missing",
        to_serve_with(parameters=0): "The weights are missing",
        weights_for_each: "The weights are there once, for all users",
        to_serve_with(kv_bits="weight_bits"): "Right with.*not with.*The cache has kv_bits",
        to_serve_with(weight_bits="kv_bits"): "Right with.*not with.*The weights have weight_bits",
        to_serve_with(weight_bits=16, kv_bits=16): "Right with.*The bits do not come in",
        cache_in_bits: "The cache is counted in bits",
    },
    "2.4": {
        untouched: "not written yet",
        all_bytes: "Right with.*not with.*It does not tell b from B",
        the_other_way: "b and B are mixed up",
        to_the_digit: "It asks for the exact number",
        upward_only: r"Right with.*not with verdict\(21, \"Pb/s\", 21, \"PB/s\"\)",
        rates_are_amounts: "It does not see that one of the two is a rate",
        without_units: "It compares the numbers alone",
        without_prefixes: "Prefixes do not come in",
        binary_as_decimal: "Right with.*not with.*Ki, Mi and Gi are powers of 1,024",
        always_holds: "It says 'holds' of every claim",
        only_right_or_wrong: "whether a claim holds, and not what is wrong with it",
        truth: "returns something of type bool; expected one of 'holds', 'bits and bytes'",
        capital: "returns 'Holds'; expected one of 'holds'",
        never: "returns nothing; expected one of",
        knows_few_prefixes: "Right with.*not with .*48, .KiB.*raises KeyError in line",
    },
    "2.5": {
        untouched: "not written yet",
        each_once: "That is each value once",
        every_step: "It fetches all three tiles at every step",
        never_again: "A tile of C that comes by again is fetched too",
        no_zeros: "A tile of C that is begun is not fetched",
        c_once: "C is counted once",
        c_never: "C is missing",
        backwards: "The order is read from the wrong end",
        always_ijk: "order does not come in",
        by_the_last_loop: "Right with.*not with.*A loop of a single turn changes no tile",
        whole_tiles: "Right with.*not with.*The last tile of a side is smaller",
        values_moved: "That is in values: each has itemsize bytes",
        bits_moved: "That is in bits",
        sides_mixed_up: "The sides of a tile are mixed up",
        last_not_written: "since A is fetched once, B twice, and C is written 4 times and fetched",
    },
    "2.P": {
        untouched: "not written yet",
        square: "^All is as it should be but the score, 216,064 bytes .* to pass it takes 162,0",
        one_value_each: "and to pass it takes 162,048 or fewer",
        all_of_it: "The tiles do not fit with rows = 96.*are 30,208 values, and the SRAM",
        a_third_each: "The tiles do not fit",
        another_order: "and to pass it takes 162,048 or fewer",
        only_the_scored_one: "^Low enough with.*not with.*to pass it takes no more than par",
        larger_than_the_matrix: "tiles of 1,000,000 rows, and the matrix has 96: no side",
        not_cut_to_it: "Right with.*not with.*tiles of 14 columns, and the matrix has 4: no side",
        half_sides: "a side of a tile that is no whole number of at least 1",
        no_side: "a side of a tile that is no whole number of at least 1",
        loops_by_name: "returns 'rows, inner, column.* for the order; expected i, k and j",
        two_loops: "returns 'ij' for the order",
        turned_round: "returns a tuple for the order",
        only_the_tile: "returns something of type tuple; expected two things, an order and a tile",
        a_flat_tile: "returns a tile of type tuple; expected its rows, inner and columns",
        prints_it: "returns nothing; expected two things",
    },
}


@pytest.mark.parametrize(
    ("number", "answer"), [(number, answer) for number in WRONG for answer in WRONG[number]]
)
def test_a_known_mistake_is_named(number, answer):
    """No points, and the words that a learner can act on."""
    result = check(number, answer)
    assert result.passed is False and result.points == 0
    assert re.search(WRONG[number][answer], "\n".join(result.reasons), re.DOTALL), result


def test_a_nearly_right_answer_is_not_told_another_s_mistake():
    """Wrong on one claim, and so right where people who miss a direction are wrong."""

    def nearly(number, unit, fact, fact_unit):
        return "wrong" if unit == "Tb/s" else verdict(number, unit, fact, fact_unit)

    reasons = check("2.4", nearly).reasons
    assert len(reasons) == 2 and 'not with verdict(1.2, "Tb/s"' in reasons[0]
    assert "what is claimed is 1 times the fact: 'holds'" in reasons[1]


@pytest.mark.parametrize("number", RIGHT)
@pytest.mark.parametrize("cheat", CALCULATING)
def test_what_may_not_earn_points_does_not(number, cheat):
    """Asking the library, the check or the emulator is no answer, and neither is changing them."""
    answer, words = calculating(RIGHT[number][0], type(find(number)))[cheat]
    result = check(number, answer)
    assert result.passed is False and result.points == 0, result
    assert re.search(words, "\n".join(result.reasons)), result
    assert replaced_parts() == []


@pytest.mark.parametrize("stranger", [None, 7, [["holds"]], {"a": 1}])
def test_a_record_that_is_no_verdict_cannot_be_judged(stranger):
    """What comes from a learner's kernel is one of five words, or the record is broken."""
    problem = find("2.4")
    sizes = problem.sizes(None)
    with pytest.raises(ValueError, match="is no verdict"):
        problem.grade([stranger] * len(sizes), sizes)


@pytest.mark.parametrize("stranger", ["ijk", ["ijk", [1, 2]], ["kkk", [1, 1, 1]], [1, 2, 3], None])
def test_a_record_that_is_no_plan_earns_nothing(stranger):
    """It is looked at again, where it is judged."""
    problem = find("2.P")
    sizes = problem.sizes(None)
    assert problem.grade([stranger] * len(sizes), sizes).passed is False


# ---- the judges ----------------------------------------------------------------------------


def test_the_batch_is_the_roofline_s():
    """With it a kernel is bound by arithmetic, with one less by memory; never is never."""
    chips = (A100, H100, B200, LPU, WSE2, WSE3)
    for chip, (rows, columns) in itertools.product(chips, [(4096, 4096), (300, 8000), (200, 200)]):
        roof = hierarchy.Roofline.of(chip)
        batch = p02_1.textbook(rows, columns, 2, roof.peak_flop_per_s, roof.bandwidth_bytes_per_s)
        largest = hierarchy.gemv(rows, columns, batch=10**9)
        if batch is None:
            assert roof.bound(largest) == "memory"
            continue
        assert roof.bound(hierarchy.gemv(rows, columns, batch=batch)) == "arithmetic"
        if batch > 1:
            assert roof.bound(hierarchy.gemv(rows, columns, batch=batch - 1)) == "memory"


@pytest.mark.parametrize("seed", [None, *range(5)])
def test_no_batch_lies_within_rounding(seed):
    """So that a right formula is right in floats as in fractions; and all three kinds are there."""
    problem, kinds = find("2.1"), set()
    for size in problem.sizes(seed):
        right = problem.right(size)
        assert p02_1.textbook(*problem.arguments(size)) == right
        kinds.add(min(right or 0, 2))
        found = p02_1._meeting_at(size)
        if found is not None:
            assert abs(found - round(found)) > Fraction(1, 10**4)
    assert kinds == {0, 1, 2}


def test_the_bytes_are_the_library_s():
    """Training and serving of every model, in each format."""
    formats = {32: "float32", 16: "float16", 8: "int8"}
    for model, (bits, name), master in itertools.product(MODELS, formats.items(), (False, True)):
        theirs = hierarchy.training(model, tokens=5000, format=name, master=master)
        ours = to_train(model.parameters, model.layers, model.width, 5000, bits, master)
        assert ours == sum(theirs.values())
        theirs = hierarchy.inference(model, context=3000, batch=7, format="int4", kv_format=name)
        shape = model.parameters, model.layers, model.heads, model.kv_heads, model.head_width
        assert to_serve(*shape, 7, 3000, 4, bits) == sum(theirs.values())
    for number in ("2.2", "2.3"):
        problem = find(number)
        for size in problem.sizes(None) + problem.sizes(3):
            assert problem.right(size) == RIGHT[number][0](*problem.arguments(size))


@pytest.mark.parametrize("draw", range(6))
def test_claims_are_of_every_kind_and_clear(draw):
    """None is near an edge: 4 % are near and 6 % too, or neither."""
    found = p02_4.claims(draw)
    words = [p02_4.judged(*claim) for claim in found]
    assert set(words) == set(p02_4.VERDICTS) and words == [verdict(*claim) for claim in found]
    for near in (0.04, 0.06):
        assert words == [p02_4.judged(*claim, near=near) for claim in found]


def test_what_is_moved_is_counted_tile_by_tile():
    """The formula and the loops agree on random products, in every order."""
    random = np.random.default_rng(0)
    for _ in range(60):
        shape = random.integers(1, 9, 3)
        tile = random.integers(1, shape + 1).tolist()
        for order in p02_5.ORDERS:
            case = (*shape.tolist(), tile, order, 2)
            assert 2 * moved(tuple(shape.tolist()), tile, order) == in_loops(*case), case
            assert by_passes(*case) == in_loops(*case)
    assert tiles((5, 4, 1), (2, 4, 1)) == {"i": 3, "k": 1, "j": 1}
    assert once((2, 3, 4)) == 6 + 12 + 8 and held((2, 3, 4)) == 26 and set(OPERANDS) == set("ABC")


def test_the_least_bytes_are_the_least():
    """By every tile and every order of small products."""
    random = np.random.default_rng(2)
    for _ in range(12):
        rows, inner, columns = shape = tuple(random.integers(2, 9, 3).tolist())
        values = int(random.integers(3, 60))
        sides = itertools.product(range(1, rows + 1), range(1, inner + 1), range(1, columns + 1))
        least = min(
            p02_p.bytes_of(shape, order, tile)
            for tile in sides if held(tile) <= values for order in p02_5.ORDERS
        )  # fmt: skip
        assert p02_p.least(shape, values) == least
        order, tile = best_of_all(*shape, values)
        assert p02_p.bytes_of(shape, order, tile) == least


def test_par_and_bound_of_the_puzzle():
    """Par is three square tiles; the answer that tries all comes down to the least there is."""
    problem = find("2.P")
    best, thin = (check("2.P", answer) for answer in RIGHT["2.P"])
    assert problem.par == in_loops(96, 128, 80, (20, 20, 20), "ijk", 2) == 216_064
    assert best.score == problem.fewest == 146_432 < thin.score < 3 * best.par // 4
    assert "146,432 bytes moved, 69,632 under par (par: 216,064)" in repr(best)
    each = 2 * (96 * 128 + 128 * 80 + 96 * 80)
    assert f"fewer than {problem.fewest:,}" in best.bound and f"would be {each:,}" in best.bound
    assert each <= problem.fewest


# ---- the cases -----------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [None, *range(4)])
@pytest.mark.parametrize("number", ["2.1", "2.2", "2.3", "2.4", "2.5"])
def test_only_the_right_answer_is_right_everywhere(number, seed):
    """Each wrong formula is wrong in some case, of the visible ones and of any seed's."""
    problem = find(number)
    off: dict[int, bool] = {}
    for size in problem.sizes(seed):
        right = problem.textbook(*problem.arguments(size))
        for place, (given, _) in enumerate(problem.mistakes(size)):
            off[place] = off.get(place, False) or given != right
    assert all(off.values()), [place for place, wrong in off.items() if not wrong]


@pytest.mark.parametrize("seed", range(6))
def test_products_of_the_puzzle_are_as_the_text_says(seed):
    """Par fits everywhere, and the least is at most par."""
    problem = find("2.P")
    for size in problem.sizes(seed):
        *shape, values = problem.arguments(size)
        assert held(p02_p.textbook(*shape, values)[1]) <= values
        assert p02_p.least(tuple(shape), values) <= problem.par_at(size)
