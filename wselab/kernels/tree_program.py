"""The program of a reduce along a line that follows a tree.

A PE adds the streams of its children to its own vector, one after the other. The sum of the last
one it need not keep: it is added and sent on element by element, so that a hand-over does not wait
for the vector's end.

Where few colors are enough, routes stay as they are. A tree in which many streams pass over a PE (a
star: all of them) takes two colors, by whether a PE is an even or an odd number of hand-overs away,
and switches: a router first lets its own PE send, or receive, and then what comes from behind pass.
A control wavelet at the end of a stream tells it that it is time: the sender's own router, and that
of the receiver if it was the last stream for it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any, NamedTuple

from ..fabric import RAMP, ProgramError, fabin, fabout
from ..fabric.memory import Memory
from ..trees import Tree, children_of, depths_of, reduce_tree
from .line import Line

#: The most colors a tree takes before it turns to switches: two of them, for rows and for a column,
#: leave two of 24 for what comes after.
MOST_STATIC = 11

#: What a writer gives: called with memories, it writes the operations again, for another launch.
Again = Callable[..., None]


class Step(NamedTuple):
    """What some PEs do at a time: add a stream to what they have, and keep it or send it on."""

    rank: int  # how many steps such a PE did before
    arrives: int | None  # the color taken in, none where it only sends
    leaves: int | None  # the color sent on, none where the sum is kept
    advance: str | None
    at_root: bool


def write_reduce(
    line: Line, x: Any, out: Any, algorithm: str, group: int | None = None, root: Any = None
) -> Again:
    """Write on a line: the sum of memory ``x`` of its PEs into PE 0, by that algorithm.

    See `write_tree` for what it takes and gives, `wselab.kernels.reduce_row` for the algorithms.
    """
    wavelets = (x.own if isinstance(x, Memory) else x).length
    rules = line.w.rules
    try:
        parents = reduce_tree(algorithm, group, line.pes, wavelets, rules.ramp_latency, rules.gap)
    except ValueError as error:
        raise ProgramError(f"reduce: {error}") from None
    return write_tree(line, parents, x, out, root)


def write_tree(line: Line, parents: Tree, x: Any, out: Any, root: Any = None) -> Again:
    """Write on a line: the sum of memory ``x`` of its PEs, by way of ``parents``, into PE 0.

    ``out`` is memory for the sums, of as many values; it may be ``x`` itself. PE 0 adds ``root``
    instead of its ``x`` where that is given. Gives a function of (x, out, root) that writes the
    operations again, for another launch: the routes stay.

    Examples
    --------
    >>> from wselab import Wafer
    >>> w = Wafer(1, 6)
    >>> x = w.memory("x", 16)
    >>> x[...] = 1.0
    >>> again = write_tree(Line.row(w), (-1, 0, 0, 2, 0, 4), x, x)
    >>> w.run().cycles, float(x[0, 0, 0])
    (54, 6.0)
    """
    numbers = static_colors(parents)
    switches = max(numbers) >= MOST_STATIC
    if switches:
        numbers = [depth % 2 for depth in depths_of(parents)]
    names = [f"reduce from {line.away}, {n}" for n in range(max(numbers[1:], default=-1) + 1)]
    colors = [line.w.color(one) for one in names]
    _lay_routes(line, parents, numbers, colors)
    steps = _steps(parents, numbers, switches)

    def again(x: Any, out: Any, root: Any = None) -> None:
        for step, pes in steps:
            own = out if step.rank else root if step.at_root and root is not None else x
            leaves = step.leaves
            result = out if leaves is None else fabout(colors[leaves], advance=step.advance)
            if step.arrives is None:
                line[pes].mov(own, out=result)
            else:
                line[pes].add(fabin(colors[step.arrives]), own, out=result)

    again(x, out, root)
    return again


def _lay_routes(line: Line, parents: Tree, numbers: list[int], colors: list[Any]) -> None:
    """Each router's positions for each color: its own PE sends, or receives; then others pass."""
    send, receive, let_pass = RAMP >> line.home, line.away >> RAMP, line.away >> line.home
    positions: dict[tuple[int, int], list[Any]] = defaultdict(list)
    for pe, parent in enumerate(parents[1:], start=1):
        positions[pe, numbers[pe]] = [send]
        positions[parent, numbers[pe]] = [receive]
    for pe, parent in enumerate(parents[1:], start=1):
        for between in range(parent + 1, pe):
            if let_pass not in positions[between, numbers[pe]]:
                positions[between, numbers[pe]].append(let_pass)
    alike: dict[Any, list[int]] = defaultdict(list)
    for (pe, number), routes in positions.items():
        alike[number, tuple(routes)].append(pe)
    for (number, routes), pes in alike.items():
        line[pes].route(colors[number], list(routes))


def _steps(parents: Tree, numbers: list[int], switches: bool) -> list[tuple[Step, list[int]]]:
    """What the PEs do, in order, those together that do the same: (step, PEs)."""
    children = children_of(parents)
    steps: dict[Step, list[int]] = defaultdict(list)
    for pe, mine in enumerate(children):
        is_last = pe > 0 and children[parents[pe]][-1] == pe
        advance = ("path" if is_last else "own") if switches and pe else None
        for rank, arrives in enumerate([numbers[child] for child in mine] or [None]):
            sends = pe > 0 and rank >= len(mine) - 1
            leaves, how = (numbers[pe], advance) if sends else (None, None)
            steps[Step(rank, arrives, leaves, how, pe == 0)].append(pe)
    return sorted(steps.items(), key=lambda item: item[0].rank)


def static_colors(parents: Tree) -> list[int]:
    """A color for the stream of each PE to its parent, above those of all beneath it; -1 for PE 0.

    Two streams may share a color only where they share no router. Of two that do, the one that is
    taken in first gets the lower number: the other must wait for it anyway, and would take its
    place on the links.

    Examples
    --------
    >>> static_colors((-1, 0, 1, 2))  # a chain
    [-1, 0, 1, 0]
    >>> static_colors((-1, 0, 0, 2, 0, 4, 4, 6))  # a binary tree
    [-1, 0, 1, 0, 2, 0, 1, 0]
    """
    children = children_of(parents)
    colors, highest = [-1] * len(parents), [-1] * len(parents)
    for pe in reversed(range(len(parents))):  # children come behind their parents
        for child in children[pe]:
            taken = {colors[grandchild] for grandchild in children[child]}
            color = highest[pe] + 1
            while color in taken:
                color += 1
            colors[child] = color
            highest[pe] = max(highest[pe], highest[child], color)
    return colors
