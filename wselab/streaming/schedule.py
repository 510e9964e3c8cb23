"""The schedule of a streamed step: what is transferred and what is computed, layer by layer.

Weights are used as they pass, so a layer can begin with its first weight and cannot end before its
last one. With ``ahead=0`` the weights of a layer come when its turn comes. With ``ahead=1`` those
of the next layer come while this one computes, and wait on the wafer: double buffering, which hides
a transfer that is longer in one layer and shorter in another, and takes memory of the activations.

A step goes forward through the layers, then back: there the weights pass a second time, and then
the gradient of the layer is computed and streamed out, over the other direction of the same I/O.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..specs import WSE2

PHASES = ("forward", "backward", "gradient")


@dataclass(frozen=True)
class LayerCost:
    """What a layer costs in cycles, if nothing is waited for.

    Forward ``weights_cycles`` to transfer its weights and ``forward_cycles`` to compute it. Back
    ``weights_back_cycles`` to transfer them once more and ``backward_cycles`` for the gradient of
    its input; both are 0 where nobody asks for that, as in a first layer. ``gradient_cycles`` for
    the gradient of its weights, and ``out_cycles`` to transfer that.
    """

    name: str
    weights_cycles: int
    forward_cycles: int
    weights_back_cycles: int = 0
    backward_cycles: int = 0
    gradient_cycles: int = 0
    out_cycles: int = 0

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if name == "name":
                continue
            whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
            if not whole or value < 0:
                raise ValueError(
                    f"layer {self.name!r}: {name}={value!r}; expected a whole number of cycles, "
                    "at least 0"
                )


@dataclass(frozen=True)
class Span:
    """``layer`` is in a transfer or in computing (``what``) in a ``phase``, in cycles [start, end).

    >>> print(Span("layer 1", "transfer", "forward", 0, 30))
    layer 1: transfer forward from cycle 0 to 30
    """

    layer: str
    what: str
    phase: str
    start_cycle: int
    end_cycle: int

    def __str__(self) -> str:
        return (
            f"{self.layer}: {self.what} {self.phase} from cycle {self.start_cycle:,} to "
            f"{self.end_cycle:,}"
        )


@dataclass(frozen=True)
class Schedule:
    """The spans of a step, in the order in which they begin to compute.

    ``total_cycles``; ``compute_cycles``, what it would take with no wait; ``stall_cycles``, what
    each (layer, phase) waited; ``sent_cycles`` and ``returned_cycles``, how long the I/O was busy
    out to the wafer and back.
    """

    spans: tuple[Span, ...]
    stall_cycles: dict[tuple[str, str], int]
    compute_cycles: int
    sent_cycles: int
    returned_cycles: int
    clock_hz: float

    @property
    def total_cycles(self) -> int:
        """Cycles from the first weight to the last result."""
        return max(span.end_cycle for span in self.spans)

    @property
    def utilization(self) -> float:
        """The part of the time in which the wafer computes at its full rate."""
        return self.compute_cycles / self.total_cycles if self.total_cycles else 1.0

    def seconds(self) -> float:
        """The total at ``clock_hz``."""
        return self.total_cycles / self.clock_hz

    def __str__(self) -> str:
        waits = sum(self.stall_cycles.values())
        stalled = sum(1 for one in self.stall_cycles.values() if one)
        return (
            f"{self.total_cycles:,} cycles ({self.seconds():.3g} s at {self.clock_hz / 1e6:,.0f} "
            f"MHz), of them {waits:,} stalled, in {stalled} of {len(self.stall_cycles)} layer "
            f"phases; the wafer computes {self.utilization:.1%} of the time"
        )


def schedule(
    layers: Sequence[LayerCost],
    *,
    ahead: int = 1,
    training: bool = True,
    latency_cycles: int = 0,
    clock_hz: float = WSE2.clock_hz,
) -> Schedule:
    """When each layer is transferred and computed, in one step.

    - A transfer out begins when the link is free and there is room for it: when the layer ``ahead
      + 1`` before it has ended.
    - A layer computes from the end of the one before, but not before its first weight is there,
      and to its last weight at least.
    - A gradient leaves as it is computed; where the link back is slower, computing waits for it.

    Parameters
    ----------
    layers : sequence of LayerCost
        In the order in which they are computed forward.
    ahead : int
        Layers whose weights may wait on the wafer: 0, or 1 for double buffering, or more.
    training : bool
        With the way back, or forward alone.
    latency_cycles : int
        From the MemoryX to the wafer, and back: of a `SwarmX`, say.
    clock_hz : float
        For seconds: the WSE-2's unless given.

    Raises
    ------
    ValueError
        There is no layer, or a number is negative.

    Examples
    --------
    >>> step = schedule([LayerCost("A", 10, 30), LayerCost("B", 40, 20)], training=False)
    >>> for span in step.spans:
    ...     print(span)
    A: transfer forward from cycle 0 to 10
    A: compute forward from cycle 0 to 30
    B: transfer forward from cycle 10 to 50
    B: compute forward from cycle 30 to 50
    >>> step.stall_cycles["B", "forward"]
    0
    >>> schedule([LayerCost("A", 10, 30), LayerCost("B", 40, 20)], ahead=0,
    ...          training=False).stall_cycles["B", "forward"]
    20
    """
    for name, value in (("ahead", ahead), ("latency_cycles", latency_cycles)):
        if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < 0:
            raise ValueError(f"schedule: {name}={value!r}; expected a whole number, at least 0")
    if not layers:
        raise ValueError("schedule: no layers; expected at least one LayerCost")
    if len({layer.name for layer in layers}) < len(layers):
        raise ValueError("schedule: two layers have one name; give each its own")
    if not clock_hz > 0:
        raise ValueError(f"schedule: clock_hz={clock_hz!r}; expected more than 0")

    spans: list[Span] = []
    stalls: dict[tuple[str, str], int] = {}
    ends: list[int] = []  # of the layers that took weights, in turn
    link_out = link_back = done = 0  # until when each is busy

    def take_weights(layer: LayerCost, phase: str, transfer: int, work: int) -> None:
        nonlocal link_out, done
        room = ends[-1 - ahead] if len(ends) > ahead else 0
        first = max(link_out, room)
        link_out = first + transfer
        start = max(done, first + latency_cycles)
        end = max(start + work, link_out + latency_cycles)
        spans.append(Span(layer.name, "transfer", phase, first, link_out))
        spans.append(Span(layer.name, "compute", phase, start, end))
        stalls[layer.name, phase] = end - done - work
        done = end

    def give_gradient(layer: LayerCost) -> None:
        nonlocal link_back, done
        first = max(done, link_back)
        link_back = first + layer.out_cycles
        end = max(done + layer.gradient_cycles, link_back)
        spans.append(Span(layer.name, "compute", "gradient", done, end))
        spans.append(Span(layer.name, "transfer", "gradient", first, link_back + latency_cycles))
        stalls[layer.name, "gradient"] = end - done - layer.gradient_cycles
        done = end

    for layer in layers:
        take_weights(layer, "forward", layer.weights_cycles, layer.forward_cycles)
        ends.append(done)
    for layer in reversed(layers) if training else ():
        if layer.weights_back_cycles or layer.backward_cycles:
            take_weights(layer, "backward", layer.weights_back_cycles, layer.backward_cycles)
        give_gradient(layer)
        ends.append(done)
    work = sum(
        layer.forward_cycles + training * (layer.backward_cycles + layer.gradient_cycles)
        for layer in layers
    )
    return Schedule(
        tuple(spans),
        stalls,
        work,
        sum(layer.weights_cycles + training * layer.weights_back_cycles for layer in layers),
        sum(layer.out_cycles for layer in layers) if training else 0,
        float(clock_hz),
    )


def rows_of(step: Schedule) -> list[dict[str, Any]]:
    """The spans as plain data, one row each, for a table or a picture.

    Examples
    --------
    >>> rows_of(schedule([LayerCost("A", 10, 30)], training=False))[0]["end_cycle"]
    10
    """
    return [dict(vars(span)) for span in step.spans]
