"""Random programs for the fabric, right ones and wrong ones, drawn from any source of choices."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

import wselab as wse
from wselab import fabin, fabout
from wselab.fabric.ports import LINKS, RAMP, Route, opposite

from .beyond import host_streams, pieces, relay, switches, tasks, woken_by_many
from .draw import Draw as Draw
from .rings import ring


def random_wafer(draw: Draw, beyond: bool = False, b: str = "bfloat16") -> wse.Wafer:
    """A wafer with a random program on it; most of them end well.

    ``beyond``: with tasks, switches and host streams, which the bitplane engine leaves to others.
    ``b`` is the type of its memory of that name.
    The wafer's ``later`` are functions that record a further launch, on routes, switches and tasks
    that stay; its ``got`` are the arrays that the host takes out.
    """
    shape = _shape(draw, wide=4 if beyond else 12)
    wafer = wse.Wafer(
        *shape,
        queue_depth=draw.number(2, 4),
        ramp_latency=draw.number(1, 3),
        startup=draw.number(0, 3) if draw.chance(30) else 0,
        gap=draw.number(0, 2) if draw.chance(30) else 0,
        arbitration=draw.one_of(["fixed", "fixed", "fixed", "rotate"]),
        microthreads=draw.number(1, 4),
        task_wake=draw.number(0, 2),
        io_wavelets=draw.number(1, 3),
        mixed_macs=draw.number(1, 3),
        wires=_wires(draw, *shape) if draw.chance(30) else None,
    )
    draw.threads = draw.one_of([0, 30, 70])
    draw.starts = draw.one_of([0, 0, 40])
    numbers = draw.numbers()
    memories = [
        wafer.memory("x", 24),
        wafer.memory("y", (4, 6)),
        wafer.memory("h", 24, dtype="float16"),
        wafer.memory("b", 24, dtype=b),
        wafer.memory("s", ()),
    ]
    for memory in memories:
        memory[...] = numbers.standard_normal(memory.shape)
    wafer.got = []  # what the host takes out, stream by stream
    trees = [_trees(draw, wafer, f"c{i}") for i in range(draw.number(1, 5))]
    rest = [ring(draw, wafer, "o")] if draw.chance(15) else []
    if beyond:
        kinds = [switches, pieces, tasks, relay, woken_by_many, host_streams]
        rest += [draw.one_of(kinds)(draw, wafer, name) for name in "pqr"[: draw.number(1, 3)]]

    def launch(choices: Draw) -> None:
        most = choices.one_of([4, 10, 24])
        plans = [(color, *where, choices.number(1, most)) for color, *where in trees]
        steps = [lambda: _operations(choices, wafer, plans)]
        steps += [functools.partial(record, choices) for record in rest if record]
        for step in steps if choices.chance(60) else steps[::-1]:
            step()

    launch(draw)
    again = draw.number(1, 2) if draw.chance(12) else 0
    wafer.later = [functools.partial(launch, draw.apart()) for _ in range(again)]
    return wafer


def _shape(draw: Draw, wide: int) -> tuple[int, int]:
    if draw.chance(wide):
        long, short = draw.number(60, 135), draw.number(1, 3)
        return (long, short) if draw.chance(50) else (short, long)
    return draw.number(1, 6), draw.number(1, 7)


def _wires(draw: Draw, rows: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """Links of which some are longer than others."""
    numbers, most = draw.numbers(), draw.number(2, 6)
    return tuple(
        np.where(numbers.random(shape) < 0.4, numbers.integers(1, most + 1, shape), 1)
        for shape in ((rows, columns - 1), (rows - 1, columns))
    )


def _trees(draw: Draw, wafer: wse.Wafer, name: str) -> tuple[Any, np.ndarray, np.ndarray]:
    """Route a new color along random trees; gives it, its sources and its listeners."""
    rows, columns = wafer.shape
    color = wafer.color(name)
    exits: dict[tuple[int, int], list[Any]] = {}
    entry: dict[tuple[int, int], Any] = {}
    for _ in range(draw.number(1, 3)):
        root = (draw.number(0, rows - 1), draw.number(0, columns - 1))
        if root in entry:
            continue
        entry[root], exits[root] = RAMP, []
        tips = [root]
        for _ in range(draw.number(1, 2 * max(rows, columns))):
            at = draw.one_of(tips if draw.chance(80) else list(exits))
            port = draw.one_of(LINKS)
            there = (at[0] + port.step[0], at[1] + port.step[1])
            inside = 0 <= there[0] < rows and 0 <= there[1] < columns
            if inside and there not in entry and port not in exits[at]:
                exits[at].append(port)
                entry[there], exits[there] = opposite(port), []
                tips.append(there)
    listeners = np.zeros(wafer.shape, bool)
    sources = np.zeros(wafer.shape, bool)
    for at, ports in exits.items():
        if entry[at] is not RAMP and (not ports or draw.chance(40)):
            ports.append(RAMP)
            listeners[at] = True
        if not ports:
            continue  # a source without a way out stays unrouted
        if draw.chance(1):  # a mistake of wiring
            ports[0] = draw.one_of([port for port in LINKS if port is not entry[at]])
        sources[at] = entry[at] is RAMP
        wafer[at].route(color, Route(entry[at], tuple(dict.fromkeys(ports))))
    return color, sources, listeners


def _operations(draw: Draw, wafer: wse.Wafer, plans: list) -> None:
    """Senders send, listeners take in, some pass on what they take in."""
    x, h, b, s = (wafer.memories[name] for name in "xhbs")
    done: set[int] = set()
    for i, (color, sources, listeners, n) in enumerate(plans):
        late = draw.chance(50)
        if not late and draw.chance(50):
            _alone(draw, wafer, sources | listeners)
        if i not in done:
            _send(draw, wafer, color, sources, n)
        if draw.chance(30):
            _alone(draw, wafer, draw_mask(draw, wafer.shape))
        rest = listeners.copy()
        for j in range(i + 1, len(plans)):  # pass on to another color
            other, its_sources, _, _ = plans[j]
            both = rest & its_sources
            if j not in done and both.any() and draw.chance(70):
                out = fabout(other)
                wafer[both].add(
                    fabin(color),
                    draw.one_of([x.own[:n], h.own[:n], b.own[:n], 0.5, s]),
                    out=out,
                    n=n,
                    microthread=draw.microthread(),
                )
                _send(draw, wafer, other, its_sources & ~both, n)
                plans[j] = (*plans[j][:3], n)
                done.add(j)
                rest &= ~both
        for j in range(i + 1, len(plans)):  # take two streams at once
            other, its_sources, its_listeners, m = plans[j]
            both = rest & its_listeners
            apart = not (its_sources & (sources | listeners)).any()
            if j not in done and m >= n and both.any() and apart and draw.chance(30):
                _send(draw, wafer, other, its_sources, m)
                done.add(j)
                thread = draw.microthread()
                wafer[both].add(fabin(color), fabin(other), out=x.own[:n], microthread=thread)
                wafer[both].mov(fabin(other), out=x.own[: m - n], microthread=thread)
                plans[j] = (other, its_sources, its_listeners & ~both, m)
                rest &= ~both
        _take(draw, wafer, color, rest, n)


def draw_mask(draw: Draw, shape: tuple[int, int]) -> np.ndarray:
    """A mask of odd shape."""
    return draw.numbers().random(shape) < draw.one_of([0.2, 0.6, 1.0])


def _send(draw: Draw, wafer: wse.Wafer, color: Any, where: np.ndarray, n: int) -> None:
    x, s = (wafer.memories[name] for name in "xs")
    half = wafer.memories[draw.one_of("hb")]
    if draw.chance(2):
        n = min(24, max(0, n + draw.one_of([-1, 1])))  # a mistake of counting
    first = draw.number(1, n) if n > 1 and draw.chance(30) else n
    for start, count in ((0, first), (first, n - first)):
        way = draw.number(1, 6)
        out, thread = fabout(color), draw.microthread()
        if way == 1:
            wafer[where].mov(2.5, out=out, n=count, microthread=thread)
        elif way == 2:
            wafer[where].add(s, 1.5, out=out, n=count, microthread=thread)
        elif way == 3:
            wafer[where].mul(draw.part(x, start, count), s, out=out, microthread=thread)
        elif way == 4:
            counts = np.where(where, count, 0)
            wafer[...].mov(-1.25, out=out, n=counts, microthread=thread)
        elif way == 5:
            wafer[where].mov(draw.part(half, start, count), out=out, microthread=thread)
        else:
            wafer[where].mov(draw.part(x, start, count), out=out, microthread=thread)


def _take(draw: Draw, wafer: wse.Wafer, color: Any, where: np.ndarray, n: int) -> None:
    x, y, s = (wafer.memories[name] for name in "xys")
    half = wafer.memories[draw.one_of("hb")]
    if draw.chance(2):
        n = min(24, max(0, n + draw.one_of([-1, 1])))
    first = draw.number(1, n) if n > 1 and draw.chance(30) else n
    for start, count in ((0, first), (first, n - first)):
        way, thread = draw.number(1, 7), draw.microthread()
        part = draw.part(x, start, count) if start + count <= 24 else x.own[:0]
        if way == 1:
            wafer[where].add(fabin(color), part, out=part, microthread=thread)
        elif way == 2:
            wafer[where].mac(fabin(color), s, out=part, microthread=thread)
        elif way == 3:
            wafer[where].max(part, fabin(color), out=part, microthread=thread)
        elif way == 4 and count == 24:
            wafer[where].mac(fabin(color), half, acc=x, out=y, microthread=thread)
        elif way == 5:
            other = draw.part(half, start, count)
            wafer[where].mac(other, fabin(color), out=part, microthread=thread)
        elif way == 6:
            part = draw.part(half, start, count)
            wafer[where].add(fabin(color), part, out=part, microthread=thread)
        else:
            wafer[where].mov(fabin(color), out=part, microthread=thread)


def _alone(draw: Draw, wafer: wse.Wafer, where: np.ndarray) -> None:
    """Operations on memory alone."""
    x, y, s = (wafer.memories[name] for name in "xys")
    half, other = (wafer.memories[draw.one_of("hb")] for _ in range(2))
    way = draw.number(1, 8)
    if way == 1:
        wafer[where].mul(x, 0.75, out=x)
    elif way == 2:
        wafer[where].mac(half, half, out=half)
    elif way == 3:
        wafer[where].mac(y, s, out=y)
    elif way == 4:
        wafer[where].max(y.own[1:3, ::2], 0.0, out=y.own[1:3, ::2])
    elif way == 5:
        wafer[where].mac(half, other, out=x)  # of one type, or of both
    elif way == 6:
        wafer[where].add(half, other, out=half)
    elif way == 7:
        number = 1 + 2**-8 + 2**-13  # by way of float16 it would become another bfloat16
        wafer[where].mul(half, number, out=half)
    else:
        wafer[where].add(x.own[3], s, out=s)
