"""The tokens in flight: how many it takes for streaming not to stall, and how many fit.

A weight that enters is used for every token on the wafer. With T tokens it keeps the wafer busy for
``T`` multiply-accumulates, and the next weight takes ``bits / I/O`` seconds to come. So streaming
does not stall from

    T = (multiply-accumulates a second) x (bits of a weight) / (bits a second of I/O)

tokens on. The width of the layers cancels out: a thin layer computes less and loads less. But the
activations of those tokens must lie on the wafer until the way back, and they may not fit.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Any

from ..hierarchy import activation_bytes, most_tokens, training
from ..specs import WSE3, Chip, LanguageModel
from .costs import Wire, io_bits_per_s, layers_of, peak_macs_per_s
from .memoryx import name_of


@dataclass(frozen=True)
class InFlight:
    """Tokens at which streaming stops stalling, and those that fit in SRAM, for a model on a chip.

    ``bytes_per_token`` are its activations, where only the input of each layer is kept.
    """

    model: str
    chip: str
    needed_tokens: int
    fitting_tokens: int
    bytes_per_token: float
    sram_bytes: int

    @property
    def stalls(self) -> bool:
        """Whether streaming stalls with as many tokens as fit."""
        return self.fitting_tokens < self.needed_tokens

    @property
    def utilization(self) -> float:
        """The part of its peak that the wafer reaches with as many tokens as fit."""
        return min(1.0, self.fitting_tokens / self.needed_tokens)

    def __str__(self) -> str:
        verdict = (
            f"it stalls, and reaches {self.utilization:.1%} of its peak"
            if self.stalls
            else "it need not stall"
        )
        return (
            f"{self.model} on a {self.chip}: streaming stops stalling at {self.needed_tokens:,} "
            f"tokens in flight, and {self.fitting_tokens:,} fit, at "
            f"{self.bytes_per_token / 1e6:.3g} MB each in {self.sram_bytes / 1e9:.3g} GB: {verdict}"
        )


def tokens_without_stall(
    chip: Chip = WSE3, wire: Wire | None = None, bandwidth_bits_per_s: float | None = None
) -> int:
    """The fewest tokens in flight at which a wafer at its dense peak waits for no weight.

    With sparse weights what is sent and what is computed both fall; what remains is the index,
    which makes a weight longer.

    Parameters
    ----------
    chip : wselab.specs.Chip
        Whose dense FP16 peak and I/O are taken.
    wire : Wire, optional
        How weights travel: all, of 16 bits each, unless given.
    bandwidth_bits_per_s : float, optional
        What the way from the MemoryX carries, where it is less than the wafer's I/O.

    Raises
    ------
    ValueError
        The chip has no public peak or I/O, or there is no such bandwidth.

    Examples
    --------
    >>> tokens_without_stall()
    104167
    >>> tokens_without_stall(wire=Wire(density=0.25))
    208334
    """
    wire = wire or Wire()
    seconds_per_weight = wire.bits_per_weight / io_bits_per_s(chip, bandwidth_bits_per_s)
    return ceil(peak_macs_per_s(chip) * seconds_per_weight / wire.density)


def tokens_in_flight(
    model: LanguageModel,
    chip: Chip = WSE3,
    wire: Wire | None = None,
    bandwidth_bits_per_s: float | None = None,
    ahead: int = 0,
) -> InFlight:
    """The tokens in flight that streaming a model wants, beside those that fit.

    Parameters as those of `tokens_without_stall`; ``ahead`` is how many layers' weights wait on the
    wafer, as in `schedule`, and take room. What fits is reckoned kindly: all else of SRAM holds
    activations, two bytes each, and of each layer only its input; the rest is computed again.

    Examples
    --------
    >>> from wselab.specs.models import GPT3_175B
    >>> print(tokens_in_flight(GPT3_175B))
    GPT-3 175B on a WSE-3: streaming stops stalling at 104,167 tokens in flight, and 18,649 fit, \
at 2.36 MB each in 44 GB: it stalls, and reaches 17.9% of its peak
    >>> tokens_in_flight(GPT3_175B, ahead=1).fitting_tokens  # with double buffering
    17113
    """
    if not isinstance(ahead, int) or isinstance(ahead, bool) or ahead < 0:
        raise ValueError(f"tokens_in_flight: ahead={ahead!r}; expected a whole number, at least 0")
    bits = (wire or Wire()).bits_per_weight
    waiting = ahead * max(layers_of(model).values()) * bits / 8
    return InFlight(
        model.name,
        chip.name,
        tokens_without_stall(chip, wire, bandwidth_bits_per_s),
        most_tokens(model, max(0.0, chip.sram_bytes - waiting)),
        activation_bytes(model),
        chip.sram_bytes,
    )


@dataclass(frozen=True)
class Resident:
    """What a model takes to be trained with all of it in SRAM, in bytes by part."""

    model: str
    chip: str
    parts_bytes: dict[str, float]
    sram_bytes: int

    @property
    def needed_bytes(self) -> float:
        """Bytes of all parts."""
        return sum(self.parts_bytes.values())

    @property
    def fits(self) -> bool:
        """Whether they fit."""
        return self.needed_bytes <= self.sram_bytes

    def __str__(self) -> str:
        parts = ", ".join(f"{name} {size / 1e9:.3g}" for name, size in self.parts_bytes.items())
        return (
            f"{self.model} resident on a {self.chip} takes {self.needed_bytes / 1e9:.3g} GB "
            f"({parts}) of {self.sram_bytes / 1e9:.3g}: it "
            + ("fits" if self.fits else "does not fit, and must be streamed")
        )


def resident(model: Any, tokens: int, chip: Chip = WSE3, **how: Any) -> Resident:
    """The other way: weights, gradients, Adam's state and activations, all on the wafer.

    ``tokens`` are in flight; ``how`` are the other arguments of `wselab.hierarchy.training`, which
    says what each part takes and what it refuses.

    Examples
    --------
    >>> from wselab.specs.models import GPT3_XL
    >>> print(resident(GPT3_XL, tokens=4096))
    GPT-3 XL resident on a WSE-3 takes 16.2 GB (weights 2.63, gradients 2.63, optimizer 10.5, \
activations 0.403) of 44: it fits
    """
    parts = training(model, tokens, **how)
    return Resident(name_of(model), chip.name, parts, chip.sram_bytes)
