"""What layers cost: at a chip's dense peak, or as the programs of the fabric compute them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..specs import WSE2, Chip, LanguageModel
from .cycles import gradient_cycles, product_cycles
from .feature_order import feature_order_cycles
from .memoryx import positive
from .schedule import LayerCost


@dataclass(frozen=True)
class Wire:
    """How weights travel: ``weight_bits`` each, ``index_bits`` more where zeros are left out.

    ``density`` is the part of the weights that are not zero and are sent; with 1.0 all are, in
    order, and need no index. With as many bits of index as of weight, to send all is shorter until
    half of them are zero. Raises ValueError where there are no such weights.

    Examples
    --------
    >>> [Wire(density=part).bits_per_weight for part in (1.0, 0.5, 0.25)]
    [16.0, 16.0, 8.0]
    >>> print(Wire(density=0.25))
    25 % of the weights, 16 bits each and 16 of index
    """

    weight_bits: int = 16
    density: float = 1.0
    index_bits: int = 16

    def __post_init__(self) -> None:
        positive("Wire", "weight_bits", self.weight_bits)
        if not 0 < self.density <= 1:
            raise ValueError(
                f"Wire: density={self.density!r}; expected the part of the weights that are sent, "
                "more than 0 and at most 1"
            )
        if not self.index_bits >= 0:
            raise ValueError(f"Wire: index_bits={self.index_bits!r}; expected 0 or more")

    @property
    def bits_per_weight(self) -> float:
        """Bits on the way for each weight of the matrix, zeros counted."""
        index = self.index_bits if self.density < 1 else 0
        return self.density * (self.weight_bits + index)

    def __str__(self) -> str:
        if self.density == 1:
            return f"all weights, {self.weight_bits} bits each"
        return (
            f"{self.density * 100:.3g} % of the weights, {self.weight_bits} bits each and "
            f"{self.index_bits} of index"
        )


def peak_costs(
    model: LanguageModel,
    tokens: int,
    *,
    chip: Chip = WSE2,
    wire: Wire | None = None,
    bandwidth_bits_per_s: float | None = None,
) -> list[LayerCost]:
    """What each layer of a model costs a wafer at its dense peak, for so many tokens in flight.

    A layer computes for each token a multiply-accumulate with each weight that is sent, and as many
    again for each of the two gradients. (What attention computes without weights is left out.) Its
    weights come over the wafer's I/O. Both fall with the square of a layer's width: the width is
    not what decides. The last entry is the tables that read and write tokens.

    Parameters
    ----------
    model : wselab.specs.LanguageModel
        One without experts.
    tokens : int
        Tokens whose activations are on the wafer.
    chip : wselab.specs.Chip
        Whose dense FP16 peak, I/O and clock are taken.
    wire : Wire, optional
        How weights travel: all, of 16 bits each, unless given.
    bandwidth_bits_per_s : float, optional
        What the way from the MemoryX carries, instead of the wafer's I/O where it is less.

    Raises
    ------
    ValueError
        A number is out of range, the model has experts, or the chip has no public peak or I/O.

    Examples
    --------
    >>> from wselab.specs.models import GPT3_XL
    >>> costs = peak_costs(GPT3_XL, tokens=100_000)
    >>> len(costs), costs[0].weights_cycles < costs[0].forward_cycles
    (25, True)
    """
    wire = wire or Wire()
    tokens = _whole("peak_costs: tokens", tokens)
    macs_per_cycle = peak_macs_per_s(chip) / chip.clock_hz
    bits_per_cycle = io_bits_per_s(chip, bandwidth_bits_per_s) / chip.clock_hz
    costs = []
    for name, weights in layers_of(model).items():
        work = round(tokens * weights * wire.density / macs_per_cycle)
        there = round(weights * wire.bits_per_weight / bits_per_cycle)
        back = round(weights * wire.density * wire.weight_bits / bits_per_cycle)
        costs.append(LayerCost(name, there, work, there, work, work, back))
    return costs


def fabric_costs(
    shapes: Sequence[tuple[int, int]],
    tokens: int,
    wafer: tuple[int, int],
    *,
    order: str = "outputs",
    dtype: str = "float32",
    chip: Chip = WSE2,
    **what_if: int,
) -> list[LayerCost]:
    """What layers of (outputs, features) cost as the programs of the fabric compute them.

    Predicted: with ``order="outputs"`` as `product_cycles` and `gradient_cycles` do, with
    "features" as the training of `wselab.streaming.training` computes them, in float32, without
    biases (`wselab.streaming.feature_order`). ValueError where these raise it, or for another
    order.

    In the way back the matrix is turned, and filled up to its own columns. The weights of the first
    layer do not come twice: nobody asks for the gradient of the data. A schedule overlaps transfer
    and computing wholly. The programs do not everywhere, and what that costs is in the
    ``stall_cycles`` of their predictions.

    Examples
    --------
    >>> first, last = fabric_costs([(32, 64), (10, 32)], 32, wafer=(4, 4))
    >>> first.forward_cycles, last.forward_cycles
    (5050, 896)
    >>> first.weights_back_cycles, last.weights_cycles, last.weights_back_cycles
    (0, 80, 96)
    """
    if order not in ("outputs", "features") or (order == "features" and dtype != "float32"):
        raise ValueError(
            f"fabric_costs: order={order!r} with dtype={dtype!r}; expected 'outputs', or 'features'"
            " with 'float32'"
        )
    costs = []
    for number, (outputs, features) in enumerate(shapes, 1):
        sizes: dict[str, Any] = {"tokens": tokens, "wafer": wafer, "chip": chip, **what_if}
        gathering = 0
        if order == "features":
            launches = feature_order_cycles(outputs=outputs, features=features, **sizes)
            forward, gather, backward, gradient = launches.values()
            gathering = gather.cycles
        else:
            sizes["dtype"] = dtype
            forward = product_cycles(outputs=outputs, features=features, **sizes)
            backward = product_cycles(outputs=features, features=outputs, **sizes)
            gradient = gradient_cycles(outputs=outputs, features=features, **sizes)
        costs.append(
            LayerCost(
                f"layer {number}",
                forward.transfer_cycles,
                forward.compute_cycles,
                backward.transfer_cycles if number > 1 else 0,
                backward.compute_cycles if number > 1 else 0,
                gathering + gradient.compute_cycles,
                gradient.transfer_cycles,
            )
        )
    return costs


def layers_of(model: LanguageModel) -> dict[str, int]:
    """The weights of each layer of a model, and of its tables, by name.

    Examples
    --------
    >>> from wselab.specs.models import GPT3_XL
    >>> weights = layers_of(GPT3_XL)
    >>> sum(weights.values()) == GPT3_XL.parameters, weights["layer 24"]
    (True, 50358272)
    """
    if not isinstance(model, LanguageModel):
        raise ValueError(f"model={model!r}; expected a language model, such as specs.MODELS[0]")
    if model.experts > 1:
        raise ValueError(
            f"{model.name} has experts, which do not all see each token; expected a dense model"
        )
    tables = model.embeddings * model.vocabulary + model.positions + model.vectors_at_end
    in_tables = int(tables * model.width)
    each = (model.parameters - in_tables) // model.layers
    layers = {f"layer {number}": each for number in range(1, model.layers + 1)}
    return {**layers, "tables": in_tables}


def peak_macs_per_s(chip: Chip) -> float:
    """Multiply-accumulates a second at the dense FP16 peak.

    Examples
    --------
    >>> from wselab.specs import WSE3
    >>> peak_macs_per_s(WSE3)
    7812500000000000.0
    """
    return _of(chip, "peak_fp16_dense_flop_per_s") / 2


def io_bits_per_s(chip: Chip, bandwidth_bits_per_s: float | None = None) -> float:
    """Bits a second into the wafer: its I/O, or the way to it where that carries less.

    Examples
    --------
    >>> io_bits_per_s(WSE2), io_bits_per_s(WSE2, 4e11)
    (1200000000000.0, 400000000000.0)
    """
    io = _of(chip, "io_bandwidth_bits_per_s")
    if bandwidth_bits_per_s is None:
        return io
    return min(io, positive("weight streaming", "bandwidth_bits_per_s", bandwidth_bits_per_s))


def _of(chip: Chip, field: str) -> float:
    if not isinstance(chip, Chip) or field not in chip.facts:
        raise ValueError(
            f"{getattr(chip, 'name', chip)!r} has no {field}; expected a wafer of which it is "
            "public, such as wse.WSE2"
        )
    return float(getattr(chip, field))


def _whole(what: str, value: Any) -> int:
    if not hasattr(value, "__index__") or isinstance(value, bool) or value < 1:
        raise ValueError(f"{what}={value!r}; expected a whole number, at least 1")
    return int(value)
