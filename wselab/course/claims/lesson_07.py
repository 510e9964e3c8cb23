"""Claims that lesson 07 decides: weight streaming, and what it waits for."""

from ... import streaming
from ...specs import WSE2, WSE3
from ...specs.models import GPT3_175B
from .claim import Ledger, Verdict

LEDGER = Ledger("07")
GB = 1e9


@LEDGER.claim(
    "C17", "T2",
    "Weight streaming never stalls while MemoryX brings the weights of a layer in the time that "
    "the layer computes, so that models of several terabytes train with no idle time.",
)  # fmt: skip
def never_stalls() -> Verdict:
    found = streaming.tokens_in_flight(GPT3_175B, WSE3)
    return Verdict(
        "holds with conditions",
        None,
        f"The condition is right and hides another one. A {WSE3.name} at its dense peak meets it "
        f"from {found.needed_tokens:,} tokens in flight on. Of {GPT3_175B.name}, which takes "
        f"{2 * GPT3_175B.parameters / 1e12:.2f} TB, the activations of {found.fitting_tokens:,} "
        f"fit in SRAM: it reaches {found.utilization:.1%} of the peak. The larger a model, the "
        "fewer fit.",
    )


@LEDGER.claim(
    "C18", "T2",
    "Thin, deep models stall, since a thin layer computes less while its weights take as long to "
    "load.",
)  # fmt: skip
def thin_layers() -> Verdict:
    tokens = streaming.tokens_without_stall(WSE3)
    thin, wide = (_costs_of(width, tokens) for width in (768, 12_288))
    shares = [_share_of_peak(width, 50 * WSE2.user_rows) for width in (768, 12_288)]
    return Verdict(
        "contradicted",
        None,
        f"By the arithmetic. A layer that is 16 times as wide takes {wide[0] / thin[0]:.0f} times "
        f"as long to load and {wide[1] / thin[1]:.0f} times as long to compute: the tokens in "
        "flight decide, not the width. Thin layers are slow for another reason, the adding up of "
        f"partial sums: predicted {shares[0]:.0%} of the peak of a WSE-2 for a width "
        f"of 768 and {shares[1]:.0%} for 12,288, with 50 tokens in each row of PEs.",
    )


@LEDGER.claim(
    "C46", "T2", "In deep models the traffic of gradients overtakes that of weights.", 1, "times"
)
def gradient_traffic() -> Verdict:
    ratios = []
    for layers in (2, 24, 96):
        costs = streaming.peak_costs(GPT3_175B, 1, chip=WSE3)[:layers]
        step = streaming.schedule(costs)
        ratios.append(step.returned_cycles / step.sent_cycles)
    return Verdict(
        "off by a factor",
        ratios[-1],
        "Weights pass twice, forward and back, and their gradients leave once: gradients over "
        f"weights are {', '.join(f'{ratio:.2f}' for ratio in ratios)} for 2, 24 and 96 layers.",
    )


@LEDGER.claim(
    "C55", "T2",
    "The weights of the next layer are fetched into SRAM while a layer computes.",
)  # fmt: skip
def prefetched() -> Verdict:
    alone, ahead = (streaming.tokens_in_flight(GPT3_175B, WSE3, ahead=n) for n in (0, 1))
    layer = 2 * max(streaming.layers_of(GPT3_175B).values())
    used = [_utilization(found.fitting_tokens, n) for n, found in enumerate((alone, ahead))]
    return Verdict(
        "holds with conditions",
        None,
        "Weights are used as they pass and need not be stored. A schedule may fetch a layer "
        "ahead, which helps on the way back, where a gradient is computed with no weights coming. "
        f"It takes room: a layer of {GPT3_175B.name} is {layer / GB:.2f} GB, and "
        f"{ahead.fitting_tokens:,} tokens fit instead of {alone.fitting_tokens:,}. A step reaches "
        f"{used[1]:.1%} of the peak instead of {used[0]:.1%}.",
    )


def _costs_of(width: int, tokens: int) -> tuple[float, float]:
    """Seconds to load a square layer, and to compute it, on a WSE-3 at its dense peak."""
    weights = width**2
    load = 16 * weights / WSE3.io_bandwidth_bits_per_s
    return load, tokens * weights / (WSE3.peak_fp16_dense_flop_per_s / 2)


def _share_of_peak(width: int, tokens: int) -> float:
    """The part of a WSE-2's peak that the course's program reaches in a square layer, predicted."""
    rows, columns = WSE2.user_rows, WSE2.user_columns
    told = streaming.product_cycles(
        outputs=width, features=width, tokens=tokens, wafer=(rows, columns), dtype="float16"
    )
    return float(width**2 * tokens / (rows * columns * WSE2.fp16_macs_per_cycle) / told.cycles)


def _utilization(tokens: int, ahead: int) -> float:
    """Of the peak, in a training step of GPT-3 175B."""
    costs = streaming.peak_costs(GPT3_175B, tokens, chip=WSE3)
    return streaming.schedule(costs, ahead=ahead).utilization
