"""Host streams: wavelets that enter or leave the wafer over its edge.

The wafer's I/O carries a limited number of wavelets a cycle each way, far fewer than an edge has
links. The host serves the links of all streams of a launch in turn: with L links and 44 wavelets a
cycle, links 0 to 43 in the first cycle, the next 44 in the second, and so on around. A link that
has nothing to give, or no room, when its turn comes waits for its next turn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .color import Color, alternating_parities
from .errors import ProgramError
from .ports import EAST, LINKS, NORTH, SOUTH, WEST, Port
from .region import Region, plain_color
from .written import Written


@dataclass(frozen=True, eq=False)
class HostStream:
    """The host's end of the links behind ``edge`` of some PEs, for one color.

    ``places`` are the (row, column) of the PEs and ``lines`` which row of ``data`` is each one's:
    what is sent in, or where what comes out is kept.
    """

    color: Color
    edge: Port
    places: list[tuple[int, int]]
    lines: list[int]
    data: np.ndarray
    is_in: bool
    line: Written

    def __repr__(self) -> str:
        return f"host_{'in' if self.is_in else 'out'}({self.color.word})"


def turn_of(links: int, rate: int, cycle: int) -> np.ndarray:
    """Which of ``links`` links the host serves in a cycle: a mask.

    >>> turn_of(5, 2, 0).tolist(), turn_of(5, 2, 2).tolist()
    ([True, True, False, False, False], [True, False, False, False, True])
    """
    return (np.arange(links) - cycle * rate) % links < rate


def host_in(region: Region, color: Any, data: Any, edge: Port | None, line: Written) -> None:
    """See `Region.host_in`."""
    edge = _edge(region, edge, "host_in")
    shape = np.empty(region.wafer.shape, np.uint8)[region.where].shape
    try:
        values = np.asarray(data)
    except ValueError:
        raise ProgramError(
            "host_in: data is lines of different lengths; expected as many wavelets for each PE. "
            "Give PEs with fewer a host_in of their own"
        ) from None
    if values.dtype.kind not in "fiu" and values.dtype.name != "bfloat16":
        raise ProgramError(f"host_in: data of {values.dtype}; expected numbers")
    pes = int(np.prod(shape))
    lines = dict.fromkeys([shape, (pes,), *([()] if pes == 1 else [])])
    if not values.ndim or values.shape[:-1] not in lines:
        given = " or ".join(f"({', '.join([*map(str, line), 'n'])})" for line in lines)
        raise ProgramError(
            f"host_in: data has shape {values.shape}; expected {given}: wavelets last and, before "
            f"them, one line for each of the {pes} PEs of the region of shape {shape}"
        )
    if not values.size:
        raise ProgramError(
            f"host_in: data of shape {values.shape} holds no wavelets; expected at least one for "
            "each PE"
        )
    with np.errstate(over="ignore"):  # as in memory and operations
        flat = values.astype(np.float32).reshape(pes, -1)
    _record(region, color, edge, flat, True, line)


def host_out(region: Region, color: Any, n: int, edge: Port | None, line: Written) -> np.ndarray:
    """See `Region.host_out`."""
    edge = _edge(region, edge, "host_out")
    if not isinstance(n, (int, np.integer)) or isinstance(n, bool) or n < 1:
        raise ProgramError(f"host_out: n={n!r}; expected a whole number, at least 1")
    shape = np.empty(region.wafer.shape, np.uint8)[region.where].shape
    got = np.zeros((*shape, int(n)), np.float32)
    _record(region, color, edge, got.reshape(-1, int(n)), False, line)
    return got


def _record(
    region: Region, color: Any, edge: Port, data: np.ndarray, is_in: bool, line: Written
) -> None:
    wafer = region.wafer
    number = np.full(wafer.shape, -1)
    order = np.arange(len(data)).reshape(number[region.where].shape)
    number[region.where] = np.flip(order, region.backwards)
    for parities, where in region.split(alternating_parities([color])):
        one = plain_color(color, parities, wafer)
        lines = number[where].ravel().tolist()
        at = np.unravel_index(np.arange(number.size).reshape(number.shape)[where], number.shape)
        places = list(zip(at[0].ravel().tolist(), at[1].ravel().tolist(), strict=True))
        if not places:
            continue
        for stream in wafer.hosts:
            if stream.color is one and stream.edge is edge and set(stream.places) & set(places):
                raise ProgramError(
                    f"{stream} (line {stream.line}) has the link {edge} of some of these PEs "
                    "already; one stream a link and color in a launch"
                )
        wafer.hosts.append(HostStream(one, edge, places, lines, data, is_in, line))


def _edge(region: Region, edge: Port | None, what: str) -> Port:
    """The side of the wafer that all PEs of the region lie at."""
    if edge is not None and not isinstance(edge, Port):
        quotes = ", without quotes" if isinstance(edge, str) else ""
        raise ProgramError(f"{what}: edge={edge!r}: expected a port, such as edge=WEST{quotes}")
    rows, columns = region.wafer.shape
    places = np.argwhere(region.mask)
    if not len(places):
        raise ProgramError(f"{what}: the region is empty")
    at = {
        NORTH: (places[:, 0] == 0).all(),
        EAST: (places[:, 1] == columns - 1).all(),
        SOUTH: (places[:, 0] == rows - 1).all(),
        WEST: (places[:, 1] == 0).all(),
    }
    sides = [port for port in LINKS if at[port]]
    if edge is None and len(sides) == 1:
        return sides[0]
    if edge in sides and edge is not None:
        return edge
    if edge is None and sides:
        names = " or ".join(f"edge={port}" for port in sides)
        raise ProgramError(f"{what}: these PEs lie at more than one edge; say {names}")
    which = "an edge" if edge is None else f"the edge {edge}"
    raise ProgramError(
        f"{what}: not all of these PEs lie at {which} of the wafer; the host reaches only edges, "
        "such as w[:, 0] (WEST) or w[0, :] (NORTH)"
    )
