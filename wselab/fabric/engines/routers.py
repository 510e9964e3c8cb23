"""The routers of the lockstep engine: all queues and belts of all colors in arrays.

A *node* is one color in one router that routes it. What a node may enter is looked up in one flat
table, ``may``: for each port, whether each node takes from that port now and has room; behind these
stand the nodes' ramps, the links to the host, and two entries that are always and never open.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from ..hosts import turn_of
from ..ports import LINKS, PORTS, RAMP, opposite
from ..program import Program
from .queues import NOTHING, PATH, Belt, Entering, Fifo, plain

if TYPE_CHECKING:
    from ..trace.recorder import Recorder

BITS = np.array([port.bit for port in PORTS])


class Routers:
    """All nodes of a program, and what they decide and do in a cycle.

    A ``recorder`` gives wavelets names, which then travel with their values.
    """

    def __init__(self, program: Program, recorder: Recorder | None = None):
        self.program, self.rules, self.recorder = program, program.rules, recorder
        self.pes = program.shape[0] * program.shape[1]
        self.node_of = np.full((len(program.colors), self.pes), -1)
        for color in program.colors:
            there = np.flatnonzero(color.routed)
            self.node_of[color.number, there] = there
        routed = self.node_of >= 0
        self.count = count = int(routed.sum())
        self.node_of[routed] = np.arange(count)
        self.color, self.pe = np.nonzero(routed)
        last = np.array([c.positions - 1 for c in program.colors], np.int64)
        self.last_of, self.last = last[self.color], last.max(initial=0)  # switch positions

        depth, latency = self.rules.queue_depth, self.rules.ramp_latency
        payload = np.dtype(np.float32) if recorder is None else recorder.payload
        self.queue, self.inbox = Fifo(count, depth, payload), Fifo(count, depth, payload)
        self.belt_out = Belt(np.arange(count), latency, payload)
        self.belt_in = Belt(np.arange(count), latency - 1, payload)
        self.entering, self.leaving = np.zeros((2, count), np.int64)

        hosts = [stream for stream in program.hosts if not stream.is_in]
        self.may = np.zeros(5 * count + sum(len(h.places) for h in hosts) + 2, bool)
        self.never, self.always = len(self.may) - 1, len(self.may) - 2
        self.may[self.always] = True
        self.inputs = np.zeros((self.last + 1, count), np.int64)  # by position: a port's number,
        self.exits = np.zeros((self.last + 1, count), np.int64)  # ports as bits,
        self.targets = np.zeros((self.last + 1, 5, count), np.int64)  # entries of may, by port
        for position in range(self.last + 1):
            self._wire(position)
        self.hosts_in = HostLinks(program, True, self)
        self.hosts_out = HostLinks(program, False, self)
        # What the first wavelet in line follows, and which port each node takes from.
        self.out, self.goal = self.exits[0].copy(), self.targets[0].copy()
        self.takes = np.array([self.inputs[0] == port.number for port in LINKS])
        self.takes_ramp = self.inputs[0] == RAMP.number
        self.long = self._long_links(payload)
        self._contention()

    def _long_links(self, payload: Any) -> Belt:
        """The belts of links that are longer than others; ``may`` has them at ``long_entry``."""
        uses = [(self.inputs == port.number).any(axis=0) for port in LINKS]
        length = [self.program.wires.into(port).ravel()[self.pe] for port in LINKS]
        places = np.where(uses, np.array(length) - 1, 0).ravel()
        self.long_entry = np.flatnonzero(places)
        self.long_of = np.full(4 * self.count, -1)
        self.long_of[self.long_entry] = np.arange(len(self.long_entry))
        most, its = self.program.wires.longest - 1, places[self.long_entry]
        return Belt(self.long_entry % max(1, self.count), most, payload, most - its)

    def _wire(self, position: int) -> None:
        rows, columns = self.program.shape
        for color in self.program.colors:
            nodes = np.flatnonzero(self.color == color.number)
            pes = self.pe[nodes]
            at = min(position, color.positions - 1)
            self.inputs[position, nodes] = color.entries[at].ravel()[pes] - 1
            exits = self.exits[position, nodes] = color.exits[at].ravel()[pes]
            row, column = np.divmod(pes, columns)
            for port in PORTS:
                leaves = (exits & port.bit) != 0
                if port is RAMP:
                    entry = RAMP.number * self.count + nodes
                else:
                    down, right = port.step or (0, 0)
                    inside = (row + down >= 0) & (row + down < rows)
                    inside &= (column + right >= 0) & (column + right < columns)
                    there = np.where(inside, pes + down * columns + right, 0)
                    neighbour = np.where(inside, self.node_of[color.number, there], -1)
                    entry = opposite(port).number * self.count + neighbour
                    entry = np.where(neighbour >= 0, entry, self.never)
                self.targets[position, port.number, nodes] = np.where(leaves, entry, self.always)

    def _contention(self) -> None:
        """For each color, its nodes that share a port with another color of their router."""
        ports = np.bitwise_or.reduce(self.exits, axis=0)
        uses = ((ports[:, None] & BITS) != 0).astype(np.int64)
        total = np.zeros((self.pes, 5), np.int64)
        np.add.at(total, self.pe, uses)
        shared = ((uses > 0) & (total[self.pe] > 1)).any(axis=1)
        self.contended = [
            np.flatnonzero(shared & (self.color == number))
            for number in range(len(self.program.colors))
        ]
        self.taken = np.zeros(self.pes, np.int64)

    def look(self, cycle: int) -> None:
        """Note what has room at the start of the cycle."""
        count = self.count
        self.room = self.queue.count < self.rules.queue_depth
        self.inbox_room = self.inbox.count < self.rules.queue_depth
        table = self.may[: 4 * count].reshape(4, count)
        np.logical_and(self.takes, self.room, out=table)
        self.may[4 * count : 5 * count] = self.inbox_room
        self.belt_out_moves = self.room & self.takes_ramp
        if self.hosts_out.count:
            self.may[5 * count : self.always] = self.hosts_out.served(cycle)

    def grants(self, cycle: int) -> np.ndarray:
        """The nodes whose first wavelet moves, to all its ports at once; lowest color first."""
        waiting = np.flatnonzero(self.queue.count)
        if not len(waiting):
            return waiting
        goes = np.zeros(self.count, bool)
        goes[waiting] = self.may[self.goal[:, waiting]].all(axis=0)
        colors = len(self.contended)
        first = cycle % max(1, colors) if self.rules.arbitration == "rotate" else 0
        begun = False
        for step in range(colors):
            nodes = self.contended[(first + step) % colors]
            nodes = nodes[goes[nodes]]
            if not len(nodes):
                continue
            if not begun:
                self.taken[:] = 0
                begun = True
            bits, pes = self.out[nodes], self.pe[nodes]
            free = (self.taken[pes] & bits) == 0
            goes[nodes] = free
            self.taken[pes] |= np.where(free, bits, 0)
        return np.flatnonzero(goes)

    def take(self, nodes: np.ndarray) -> np.ndarray:
        """Take the first wavelet of each of these processors' queues: their values."""
        return plain(self.inbox.pop(nodes)[0])

    def move(self, granted: np.ndarray, sent: Entering) -> tuple[bool, int, int]:
        """Move wavelets along links and belts; tells if any moved, hops, and ramp deliveries."""
        count = self.count
        to_ramp, ramps, hops = NOTHING, 0, 0
        arrivals: list[Entering] = []
        to_long: Entering = NOTHING
        if len(granted):
            values, marks = self.queue.pop(granted)
            goal = self.goal[:, granted]
            given = np.flatnonzero(goal[RAMP.number] < self.always)
            to_ramp, ramps = (granted[given], values[given], 0), len(given)
            port, which = np.nonzero(goal[:4] < 4 * count)
            hops = len(which)
            onward, entry = np.where(marks == PATH, PATH, 0), goal[port, which]
            if len(self.long_entry):
                long = self.long_of[entry]
                far = which[long >= 0]
                to_long = long[long >= 0], values[far], onward[far]
                which, entry = which[long < 0], entry[long < 0]
            arrivals.append((entry % max(1, count), values[which], onward[which]))
            if self.hosts_out.count:
                _, which = link = np.nonzero((goal[:4] >= 5 * count) & (goal[:4] < self.always))
                self.hosts_out.take(goal[:4][link] - 5 * count, values[which])
            if self.last and marks.any():
                self._turn(granted[marks > 0], self.leaving, self._leave_by)
        entered = self.hosts_in.give()
        moved = bool(len(granted) or len(entered[0]))
        arrivals.append(entered)
        arrived = self.belt_in.advance(self.inbox_room, to_ramp, self.inbox)
        moved |= arrived is not None
        self.arrived = NOTHING[0] if arrived is None else arrived
        before = self.queue.count.copy() if self.last else None
        moved |= self.belt_out.advance(self.belt_out_moves, sent, self.queue) is not None
        if len(self.long_entry):
            moves = self.may[self.long_entry]
            moved |= self.long.advance(moves, to_long, self.queue) is not None
        for nodes, what, how in arrivals:
            self.queue.push(nodes, what, how)
        if before is not None:
            came = np.flatnonzero(self.queue.count > before)
            slot = (self.queue.head[came] + self.queue.count[came] - 1) % self.queue.depth
            self._turn(came[self.queue.marks[slot, came] > 0], self.entering, self._enter_by)
        return moved, hops, ramps

    def _turn(self, nodes: np.ndarray, positions: np.ndarray, follow: Any) -> None:
        """Let switches go on to their next position."""
        positions[nodes] = np.minimum(positions[nodes] + 1, self.last_of[nodes])
        follow(nodes, positions[nodes])

    def _enter_by(self, nodes: np.ndarray, position: np.ndarray) -> None:
        ports = self.inputs[position, nodes]
        self.takes[:, nodes] = ports == np.arange(4)[:, None]
        self.takes_ramp[nodes] = ports == RAMP.number

    def _leave_by(self, nodes: np.ndarray, position: np.ndarray) -> None:
        self.out[nodes] = self.exits[position, nodes]
        self.goal[:, nodes] = self.targets[position, :, nodes].T


class HostLinks:
    """The links of all streams in one direction, which the host serves in turn."""

    def __init__(self, program: Program, into: bool, routers: Routers):
        streams = [stream for stream in program.hosts if stream.is_in is into]
        self.rate, self.routers, self.into = program.rules.io_wavelets, routers, into
        self.sizes = [len(stream.places) for stream in streams]
        self.rows = [(s.data, line) for s in streams for line in s.lines]
        self.count = len(self.rows)
        self.total = np.array([data.shape[1] for data, _ in self.rows], np.int64)
        self.passed = np.zeros(self.count, np.int64)
        self.node = np.zeros(self.count, np.int64)
        self.port = np.zeros(self.count, np.int64)
        at = 0
        for stream in streams:
            for row, column in stream.places:
                pe = row * program.shape[1] + column
                node = self.node[at] = routers.node_of[stream.color.number, pe]
                self.port[at] = stream.edge.number
                if not into and node >= 0:
                    leaves = routers.targets[:, stream.edge.number, node] != routers.always
                    routers.targets[leaves, stream.edge.number, node] = 5 * routers.count + at
                at += 1

    def served(self, cycle: int) -> np.ndarray:
        """The links whose turn it is and that have not passed all: a mask."""
        turn = turn_of(self.count, self.rate, cycle)
        return np.asarray(turn & (self.passed < self.total), bool)

    @property
    def left(self) -> bool:
        """Whether a wavelet is still to pass."""
        return bool((self.passed < self.total).any())

    def by_stream(self) -> Iterator[np.ndarray]:
        """Wavelets that have passed each link, stream after stream."""
        return iter(np.split(self.passed.copy(), np.cumsum(self.sizes)[:-1]))

    def decide(self, cycle: int) -> None:
        """Note which links into the wafer pass a wavelet in this cycle."""
        self.giving = np.flatnonzero(self.served(cycle) & (self.node >= 0)) if self.count else None
        if self.giving is not None:
            entry = self.port[self.giving] * self.routers.count + self.node[self.giving]
            self.giving = self.giving[self.routers.may[entry]]

    def give(self) -> Entering:
        """The wavelets that enter."""
        if self.giving is None or not len(self.giving):
            return NOTHING
        rows = [self.rows[i][0][self.rows[i][1], self.passed[i]] for i in self.giving.tolist()]
        values, recorder = np.array(rows, np.float32), self.routers.recorder
        if recorder is not None:
            values = recorder.from_host(self.giving, self.passed[self.giving], values)
        self.passed[self.giving] += 1
        return self.node[self.giving], values, 0

    def take(self, links: np.ndarray, values: np.ndarray) -> None:
        """Keep the wavelets that leave."""
        for link, value in zip(links.tolist(), plain(values), strict=True):
            data, line = self.rows[link]
            data[line, self.passed[link]] = value
            self.passed[link] += 1
