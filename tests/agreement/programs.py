"""Random programs for the fabric, right ones and wrong ones, drawn from any source of choices."""

from __future__ import annotations

from typing import Any

import numpy as np

import wselab as wse
from wselab import EAST, NORTH, SOUTH, WEST, fabin, fabout
from wselab.fabric.ports import LINKS, RAMP, Route, opposite


class Draw:
    """Choices from a `random.Random` or one that Hypothesis controls.

    ``threads`` and ``starts`` are the chances, in percent, of a microthread and of a part that
    begins elsewhere in each PE.
    """

    def __init__(self, source: Any):
        self.source = source
        self.threads = self.starts = 0

    def number(self, low: int, high: int) -> int:
        return self.source.randint(low, high)

    def chance(self, percent: int) -> bool:
        return self.source.randint(1, 100) <= percent

    def one_of(self, items: Any) -> Any:
        return items[self.source.randint(0, len(items) - 1)]

    def microthread(self) -> bool:
        return self.threads > 0 and self.chance(self.threads)

    def part(self, memory: Any, start: int, count: int) -> Any:
        """So many values of a memory, from ``start`` or from elsewhere in each PE."""
        if not self.starts or not self.chance(self.starts):
            return memory.own[start : start + count]
        size = memory.shape[2]
        numbers = np.random.default_rng(self.number(0, 2**31))
        starts = numbers.integers(0, size - count + 1, (1, memory.shape[1]))
        return memory.own[starts : starts + count]


def random_wafer(draw: Draw, beyond: bool = False) -> wse.Wafer:
    """A wafer with a random program on it; about half of them end well.

    ``beyond``: with tasks, switches and host streams, which the bitplane engine leaves to others.
    """
    shape = _shape(draw)
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
    )
    draw.threads = draw.one_of([0, 30, 70])
    draw.starts = draw.one_of([0, 0, 40])
    numbers = np.random.default_rng(draw.number(0, 2**31))
    memories = [
        wafer.memory("x", 24),
        wafer.memory("y", (4, 6)),
        wafer.memory("h", 24, dtype="float16"),
        wafer.memory("s", ()),
    ]
    for memory in memories:
        memory[...] = numbers.standard_normal(memory.shape)
    streams = [_trees(draw, wafer, f"c{i}") for i in range(draw.number(1, 5))]
    plans = []
    for color, sources, listeners in streams:
        n = draw.number(1, 24)
        plans.append((color, sources, listeners, n))
    _operations(draw, wafer, plans)
    if beyond:
        for name in "pqr"[: draw.number(1, 3)]:
            draw.one_of([switches, tasks, host_streams])(draw, wafer, name)
    return wafer


def _shape(draw: Draw) -> tuple[int, int]:
    if draw.chance(12):
        long, short = draw.number(60, 135), draw.number(1, 3)
        return (long, short) if draw.chance(50) else (short, long)
    return draw.number(1, 6), draw.number(1, 7)


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
    x, h, s = (wafer.memories[name] for name in "xhs")
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
                    draw.one_of([x.own[:n], h.own[:n], 0.5, s]),
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
    numbers = np.random.default_rng(draw.number(0, 2**31))
    return numbers.random(shape) < draw.one_of([0.2, 0.6, 1.0])


def _send(draw: Draw, wafer: wse.Wafer, color: Any, where: np.ndarray, n: int) -> None:
    x, h, s = (wafer.memories[name] for name in "xhs")
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
            wafer[where].mov(draw.part(h, start, count), out=out, microthread=thread)
        else:
            wafer[where].mov(draw.part(x, start, count), out=out, microthread=thread)


def _take(draw: Draw, wafer: wse.Wafer, color: Any, where: np.ndarray, n: int) -> None:
    x, y, h, s = (wafer.memories[name] for name in "xyhs")
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
            wafer[where].mac(fabin(color), h, acc=x, out=y, microthread=thread)
        elif way == 5:
            wafer[where].mac(draw.part(h, start, count), fabin(color), out=part, microthread=thread)
        elif way == 6:
            part = draw.part(h, start, count)
            wafer[where].add(fabin(color), part, out=part, microthread=thread)
        else:
            wafer[where].mov(fabin(color), out=part, microthread=thread)


def _alone(draw: Draw, wafer: wse.Wafer, where: np.ndarray) -> None:
    """Operations on memory alone."""
    x, y, h, s = (wafer.memories[name] for name in "xyhs")
    way = draw.number(1, 5)
    if way == 1:
        wafer[where].mul(x, 0.75, out=x)
    elif way == 2:
        wafer[where].mac(h, h, out=h)
    elif way == 3:
        wafer[where].mac(y, s, out=y)
    elif way == 4:
        wafer[where].max(y.own[1:3, ::2], 0.0, out=y.own[1:3, ::2])
    else:
        wafer[where].add(x.own[3], s, out=s)


def _line(draw: Draw, wafer: wse.Wafer) -> tuple[list[tuple[int, int]], Any, Any]:
    """PEs in a line of the wafer, and the ports towards the first and towards the last of them."""
    rows, columns = wafer.shape
    if draw.chance(50):
        row = draw.number(0, rows - 1)
        places, ports = [(row, column) for column in range(columns)], (WEST, EAST)
    else:
        column = draw.number(0, columns - 1)
        places, ports = [(row, column) for row in range(rows)], (NORTH, SOUTH)
    low = draw.number(0, len(places) - 1)
    places = places[low : low + draw.number(1, 8)]
    if draw.chance(50):
        return places[::-1], ports[1], ports[0]
    return places, *ports


def switches(draw: Draw, wafer: wse.Wafer, name: str) -> None:
    """One after another the PEs of a line send to the first, or are sent to by it."""
    color = wafer.color(name)
    places, towards, away = _line(draw, wafer)
    if len(places) < 2:
        return
    x, h, n = wafer.memories["x"], wafer.memories["h"], draw.number(1, 6)
    first, *others = places
    if draw.chance(50):
        advance = "own" if draw.chance(90) else draw.one_of([None, "path"])
        wafer[first].route(color, away >> RAMP)
        for place in others:
            last = place == others[-1]
            wafer[place].route(color, [RAMP >> towards, *([] if last else [away >> towards])])
            wafer[place].mov(
                draw.part(x, 0, n), out=fabout(color, advance), microthread=draw.microthread()
            )
        for _ in others:
            wafer[first].add(fabin(color), draw.part(h, 1, n), out=x.own[:n])
    else:
        advance = "path" if draw.chance(90) else draw.one_of([None, "own"])
        wafer[first].route(color, RAMP >> away)
        for place in others:
            on = away if draw.chance(70) else (RAMP, away)
            last = place == others[-1]
            wafer[place].route(color, [towards >> RAMP, *([] if last else [towards >> on])])
            taken = n * (len(others) - others.index(place)) if on != away and not last else n
            wafer[place].mov(fabin(color), out=x.own[:n])
            for _ in range(taken // n - 1):
                wafer[place].max(fabin(color), x.own[:n], out=x.own[:n])
            wafer[first].mov(
                draw.part(x, 0, n), out=fabout(color, advance), microthread=draw.microthread()
            )


def tasks(draw: Draw, wafer: wse.Wafer, name: str) -> None:
    """Wavelets from one PE of a line wake tasks in another, which may wake tasks in a third."""
    there, back = wafer.color(name), wafer.color(name + name)
    places, _, away = _line(draw, wafer)
    if len(places) < 3:
        return
    x, s = wafer.memories["x"], wafer.memories["s"]
    first, *between, last = places
    middle = draw.one_of(between)
    wafer[first].route(there, RAMP >> away)
    for place in between:
        at = places.index(place)
        if at <= places.index(middle):
            on = RAMP if place == middle else away
            wafer[place].route(there, opposite(away) >> on)
        if at >= places.index(middle):
            wafer[place].route(back, (RAMP if place == middle else opposite(away)) >> away)
    wafer[last].route(back, opposite(away) >> RAMP)
    wafer[first].mov(x.own[: draw.number(1, 12)], out=fabout(there), microthread=draw.microthread())
    way, depends = draw.number(1, 4), draw.chance(60)

    @wafer[middle].task(there, data_dependent=depends)
    def on_arrival(pe: Any, wavelet: Any) -> None:
        pe.add(s, wavelet, out=s)
        if way == 1:
            pe.mac(x.own[:5], wavelet, out=x.own[5:10])
        if depends:
            some = pe.where(wavelet > 0.1)
            some.mul(wavelet, 0.5, out=fabout(back))
            if way == 2:
                some.where(s < wavelet).mov(s, out=fabout(back), microthread=way == 3)
        else:
            pe.mov(wavelet, out=fabout(back), n=1 + way % 2, microthread=way == 3)

    @wafer[last].task(back)
    def at_the_end(pe: Any, wavelet: Any) -> None:
        pe.max(s, wavelet, out=s)


def host_streams(draw: Draw, wafer: wse.Wafer, name: str) -> None:
    """The host sends into rows, and takes from them what passes through or is passed on."""
    rows, columns = wafer.shape
    into, out = wafer.color(name), wafer.color(name + name)
    n, x = draw.number(1, 8), wafer.memories["x"]
    data = np.random.default_rng(draw.number(0, 2**31)).standard_normal((rows, n))
    if draw.chance(40):
        wafer[:, :].route(into, WEST >> EAST)
        wafer.got = wafer[:, -1].host_out(into, n + draw.chance(5), edge=EAST)
    elif draw.chance(60) and columns > 1:
        wafer[:, 0].route(into, WEST >> RAMP)
        wafer[:, 0].route(out, RAMP >> EAST)
        wafer[:, 1:].route(out, WEST >> EAST)
        wafer[:, 0].mul(fabin(into), 2.0, out=fabout(out), n=n)
        wafer.got = wafer[:, -1].host_out(out, n, edge=EAST)
    else:
        wafer[:, :-1].route(into, WEST >> EAST)
        wafer[:, -1].route(into, WEST >> RAMP)
        wafer[:, -1].mov(fabin(into), out=x.own[:n], microthread=draw.microthread())
    wafer[:, 0].host_in(into, data, edge=WEST)
