"""Random programs with switches, tasks and host streams.

Each of the functions here routes new colors and gives a function that records a launch on them, or
None where the wafer has no room. Most launches end well.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import wselab as wse
from wselab import EAST, NORTH, SOUTH, WEST, fabin, fabout
from wselab.fabric.ports import LINKS, RAMP, Route, opposite

from .draw import Draw

Place = tuple[int, int]
Record = Callable[[Draw], None]


def _line(draw: Draw, wafer: wse.Wafer) -> tuple[list[Place], Any, Any]:
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


def _send(draw: Draw, wafer: wse.Wafer, where: Any, out: Any, n: int) -> None:
    memory = wafer.memories[draw.one_of("xxh")]
    wafer[where].mov(draw.part(memory, 0, n), out=out, microthread=draw.microthread())


def _mask(wafer: wse.Wafer, places: list[Place]) -> np.ndarray:
    mask = np.zeros(wafer.shape, bool)
    for place in places:
        mask[place] = True
    return mask


def switches(draw: Draw, wafer: wse.Wafer, name: str) -> Record | None:
    """One after another the PEs of a line send to the first; some send again behind the others."""
    color = wafer.color(name)
    places, towards, away = _line(draw, wafer)
    if len(places) < 2:
        return None
    first, *others, last = places
    turns = draw.number(1, 2)
    wafer[first].route(color, away >> RAMP)
    for place in others:
        wafer[place].route(color, [RAMP >> towards, away >> towards] * turns)
    wafer[last].route(color, RAMP >> towards)

    def record(draw: Draw) -> None:
        n, x, h = draw.number(1, 6), wafer.memories["x"], wafer.memories["h"]
        for place in others:
            for _ in range(turns):
                advance = "own" if draw.chance(98) else draw.one_of([None, "path"])
                _send(draw, wafer, place, fabout(color, advance), n)
        advance = "path" if draw.chance(98) else draw.one_of([None, "own"])
        _send(draw, wafer, last, fabout(color, advance), n)
        for _ in range(turns * len(others) + 1):
            thread = draw.microthread()
            wafer[first].add(fabin(color), draw.part(h, 1, n), out=x.own[:n], microthread=thread)

    return record


def pieces(draw: Draw, wafer: wse.Wafer, name: str) -> Record | None:
    """One PE sends pieces down a tree in which each router has its own positions, some copying."""
    color = wafer.color(name)
    rows, columns = wafer.shape
    root = (draw.number(0, rows - 1), draw.number(0, columns - 1))
    entry: dict[Place, Any] = {root: RAMP}
    for _ in range(draw.number(1, 12)):
        at, port = draw.one_of(list(entry)), draw.one_of(LINKS)
        there = (at[0] + port.step[0], at[1] + port.step[1])
        if 0 <= there[0] < rows and 0 <= there[1] < columns and there not in entry:
            entry[there] = opposite(port)
    ways: dict[Place, list[Any]] = {place: [] for place in entry}
    for place, port in list(entry.items())[1:]:
        ways[place].append(RAMP)
        ways[place[0] + port.step[0], place[1] + port.step[1]].append(opposite(port))
    if not ways[root]:
        return None
    exits: dict[Place, list[tuple]] = {}
    for place, ports in ways.items():
        positions = draw.number(1, 4)
        exits[place] = [tuple(p for p in ports if draw.chance(60)) or (draw.one_of(ports),)
                        for _ in range(positions)]  # fmt: skip
        wafer[place].route(color, [Route(entry[place], out) for out in exits[place]])

    def record(draw: Draw) -> None:
        position, comes = dict.fromkeys(entry, 0), dict.fromkeys(entry, 0)
        wrong = draw.chance(3)  # a mistake of counting
        for _ in range(draw.number(1, 6)):
            n, advance = draw.number(1, 6), draw.one_of(["path", "path", "path", "own", None])
            _send(draw, wafer, root, fabout(color, advance), n)
            reached = [root]
            for place in reached:
                out = exits[place][position[place]]
                if advance == "path" or (advance and place == root):
                    position[place] = min(position[place] + 1, len(exits[place]) - 1)
                comes[place] += n * (RAMP in out)
                reached += [(place[0] + p.step[0], place[1] + p.step[1]) for p in out if p.step]
        for place, total in comes.items():
            total += wrong
            for start in range(0, total, 10):
                part = draw.part(wafer.memories[draw.one_of("xh")], 0, min(10, total - start))
                thread = draw.microthread()
                wafer[place].max(fabin(color), part, out=part, microthread=thread)

    return record


def tasks(draw: Draw, wafer: wse.Wafer, name: str) -> Record | None:
    """Wavelets from one PE of a line wake tasks in another, which may wake tasks in a third."""
    there, back = wafer.color(name), wafer.color(name + name)
    places, _, away = _line(draw, wafer)
    if len(places) < 3:
        return None
    x, s, h = (wafer.memories[name] for name in "xsh")
    first, *between, last = places
    middle = draw.one_of(between)
    at = places.index(middle)
    wafer[first].route(there, RAMP >> away)
    for place in places[1:at]:
        wafer[place].route(there, opposite(away) >> away)
    wafer[middle].route(there, opposite(away) >> RAMP)
    turn = away if draw.chance(80) else opposite(away)
    wafer[middle].route(back, [RAMP >> away, RAMP >> turn])
    for place in places[at + 1 : -1]:
        wafer[place].route(back, opposite(away) >> away)
    wafer[last].route(back, opposite(away) >> RAMP)
    way, depends = draw.number(1, 5), draw.chance(60)
    advance = "own" if turn is away and draw.chance(50) else None

    @wafer[middle].task(there, data_dependent=depends)
    def on_arrival(pe: Any, wavelet: Any) -> None:
        pe.add(s, wavelet, out=s)
        if way == 1:
            pe.mac(x.own[:5], wavelet, out=x.own[5:10])
        if way == 5:
            pe.mac(h.own[:6], h.own[6:12], out=h.own[:6])
        if depends:
            some = pe.where(wavelet > 0.1)
            some.mul(wavelet, 0.5, out=fabout(back, advance), microthread=way == 3)
            if way == 2:
                some.where(s.own < wavelet).mov(s, out=fabout(back, advance))
                pe.where(h.own[2] >= x.own[3]).mov(h.own[:3], out=fabout(back), microthread=True)
        else:
            pe.mov(wavelet, out=fabout(back), n=1 + way % 2, microthread=way == 3)

    @wafer[last].task(back)
    def at_the_end(pe: Any, wavelet: Any) -> None:
        pe.max(s, wavelet, out=s)

    def record(draw: Draw) -> None:
        _send(draw, wafer, first, fabout(there), draw.number(1, 12))

    return record


def relay(draw: Draw, wafer: wse.Wafer, name: str) -> Record | None:
    """Every PE of a line passes on what comes from the one before, on alternating colors."""
    places, towards, away = _line(draw, wafer)
    if len(places) < 2:
        return None
    by = "column" if away in (EAST, WEST) else "row"
    mine, theirs = wafer.alternating(name, name + name, by=by)
    s, h, depends = wafer.memories["s"], wafer.memories["h"], draw.chance(60)
    way = draw.number(1, 3)
    wafer[_mask(wafer, places[:-1])].route(mine, RAMP >> away)
    wafer[_mask(wafer, places[1:])].route(theirs, towards >> RAMP)

    @wafer[_mask(wafer, places[1:-1])].task(theirs, data_dependent=depends)
    def pass_on(pe: Any, wavelet: Any) -> None:
        some = pe.where(wavelet <= h.own[4]) if depends else pe
        some.add(wavelet, 0.25, out=fabout(mine), microthread=way == 1)
        if way == 2:
            pe.mul(s, wavelet, out=s)

    @wafer[places[-1]].task(theirs)
    def keep(pe: Any, wavelet: Any) -> None:
        pe.where(wavelet < s.own).mov(wavelet, out=s)

    def record(draw: Draw) -> None:
        senders = places[:-1] if draw.chance(50) else places[:1]
        _send(draw, wafer, _mask(wafer, senders), fabout(mine), draw.number(1, 8))

    return record


def woken_by_many(draw: Draw, wafer: wse.Wafer, name: str) -> Record | None:
    """A PE has tasks for streams from both sides; their order shows in what they compute."""
    places, towards, away = _line(draw, wafer)
    if len(places) < 3:
        return None
    at = draw.number(1, len(places) - 2)
    colors = [wafer.color(name * i) for i in range(1, 4)]
    sides = [draw.chance(50) for _ in colors]
    for color, near in zip(colors, sides, strict=True):
        onward = away if near else towards
        passed = places[1:at] if near else places[at + 1 : -1]
        wafer[places[0 if near else -1]].route(color, RAMP >> onward)
        wafer[_mask(wafer, passed)].route(color, opposite(onward) >> onward)
        wafer[places[at]].route(color, opposite(onward) >> RAMP)
    s, x, h = (wafer.memories[name] for name in "sxh")
    middle, (one, two, data) = wafer[places[at]], colors
    taken = draw.number(1, 3) if draw.chance(60) else 0  # values that a task takes of the third
    thread = draw.microthread()

    @middle.task(one)
    def multiply(pe: Any, wavelet: Any) -> None:
        pe.mul(s, wavelet, out=s)
        if taken:
            pe.add(fabin(data), s, out=x.own[:taken], microthread=thread)

    @middle.task(two)
    def add(pe: Any, wavelet: Any) -> None:
        pe.add(s, wavelet, out=s)
        pe.where(s.own > wavelet).mac(h.own[:4], wavelet, out=h.own[4:8])

    if not taken:

        @middle.task(data)
        def keep(pe: Any, wavelet: Any) -> None:
            pe.max(s, wavelet, out=s)
            pe.where(wavelet <= 1.0).add(x.own[3:6], wavelet, out=x.own[3:6])

    def record(draw: Draw) -> None:
        counts = [draw.number(1, 6) for _ in colors]
        if taken:
            counts[2] = taken * counts[0]
        for color, near, n in zip(colors, sides, counts, strict=True):
            _send(draw, wafer, places[0 if near else -1], fabout(color), n)

    return record


def host_streams(draw: Draw, wafer: wse.Wafer, name: str) -> Record:
    """The host sends into lines, and takes from them what passes through or is passed on."""
    into, out = wafer.color(name), wafer.color(name + name)
    enters = draw.one_of(LINKS)
    leaves, lines = opposite(enters), slice(draw.number(0, 1), None, draw.number(1, 2))
    along = 1 if enters in (EAST, WEST) else 0
    size = wafer.shape[along]

    def region(low: int, high: int) -> Any:
        """The PEs low to high - 1 of each line, counted from where the host's data enters."""
        if enters in (EAST, SOUTH):
            low, high = size - high, size - low
        return wafer[(lines, slice(low, high)) if along else (slice(low, high), lines)]

    count = len(range(*lines.indices(wafer.shape[1 - along])))
    way = draw.one_of(["through", "changed", "copied", "kept", "task"])
    if not count:
        way = "none"
    elif way == "through":
        region(0, size).route(into, enters >> leaves)
    elif way == "copied":
        region(0, size).route(into, enters >> (RAMP, leaves))
    elif way == "kept":
        region(0, size - 1).route(into, enters >> leaves)
        region(size - 1, size).route(into, enters >> RAMP)
    elif size > 1:
        region(0, 1).route(into, enters >> RAMP)
        region(0, 1).route(out, RAMP >> leaves)
        region(1, size).route(out, enters >> leaves)
    else:
        way = "none"
    if way == "task":

        @region(0, 1).task(into)
        def double(pe: Any, wavelet: Any) -> None:
            pe.mul(wavelet, 2.0, out=fabout(out))

    def record(draw: Draw) -> None:
        if way == "none":
            return
        n, memory = draw.number(1, 8), wafer.memories[draw.one_of("xh")]
        data = draw.numbers().standard_normal((count, n))
        region(0, 1).host_in(into, data, edge=enters)
        thread, part = draw.microthread(), draw.part(memory, 0, n)
        if way == "copied":
            region(0, size).mov(fabin(into), out=part, microthread=thread)
        elif way == "kept":
            region(size - 1, size).add(fabin(into), part, out=part, microthread=thread)
        elif way == "changed":
            region(0, 1).mul(fabin(into), 2.0, out=fabout(out), n=n, microthread=thread)
        if way != "kept":
            stream = into if way in ("through", "copied") else out
            more = n + draw.chance(3)
            wafer.got.append(region(size - 1, size).host_out(stream, more, edge=leaves))

    return record
