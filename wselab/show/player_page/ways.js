// The ways that wavelets go in a cycle: where each stands at its start, and where it comes to.

class Ways {
  constructor(trace, layout) {
    Object.assign(this, { trace, layout });
    const most = 2 * PLACES.reduce((sum, name) => sum + trace.now[name].length, 0);
    this.id = new Uint32Array(most);
    this.color = new Uint8Array(most);
    this.control = new Uint8Array(most); // whether it advances switches here
    this.born = new Uint8Array(most); // it comes from a processor, or from outside
    this.gone = new Uint8Array(most); // it goes to a processor, or outside
    this.stays = new Uint8Array(most);
    this.points = new Uint8Array(most); // of its way: 2 to 4,
    this.x = new Float32Array(4 * most); // four places for each wavelet, in cells of the grid
    this.y = new Float32Array(4 * most);
    this.count = 0;
  }

  /** Find all of a cycle. */
  fill(frame) {
    this.frame = frame;
    this.count = 0;
    const { trace } = this, { now } = trace, nodes = trace.nodeCount;
    for (const place of PLACES) {
      const cells = now[place];
      for (let at = 0, slot = -1, node = 0; at < cells.length; at++, node++) {
        if (at % nodes === 0) {
          slot++;
          node = 0;
        }
        if (cells[at]) this[place](node, slot, cells[at]);
      }
    }
    for (let node = 0; node < nodes; node++) this.arrivals(node);
    return this;
  }

  /** Begin a way at a slot; gives its number. */
  begin(node, id, place, slot) {
    const way = this.count++, { trace } = this;
    this.id[way] = id;
    this.color[way] = trace.nodeColor[node];
    this.born[way] = this.gone[way] = this.stays[way] = this.points[way] = 0;
    const advance = trace.wavelets.advance[id - 1];
    const own = advance === 1 && trace.wavelets.pe[id - 1] === trace.number(trace.nodePe[node]);
    this.control[way] = (advance === 2 || own) && ["out", "link", "queue"].includes(place) ? 1 : 0;
    if (place) this.to(way, this.layout.slot(place, node, slot));
    return way;
  }

  to(way, [x, y]) {
    const at = 4 * way + this.points[way]++;
    this.x[at] = x;
    this.y[at] = y;
  }

  /** The slot in which a wavelet stands at the end of the cycle, at most `slot`; or -1. */
  found(place, node, id, slot) {
    const cells = this.trace.then[place], nodes = this.trace.nodeCount;
    for (let at = slot; at >= 0; at--) if (cells[at * nodes + node] === id) return at;
    return -1;
  }

  /** The slot of a queue that a wavelet gets which comes into it. */
  entered(place, node, id) {
    return Math.max(0, this.found(place, node, id, this.frame.depth - 1));
  }

  goal(way, place, node, slot) {
    this.to(way, this.layout.slot(place, node, slot));
  }

  // Where what stands in each place goes.

  belt(belt, end, node, slot, id) {
    const way = this.begin(node, id, belt, slot), last = this.frame.belts[belt] - 1;
    if (this.trace.then[belt][slot * this.trace.nodeCount + node] === id) this.stays[way] = 1;
    else if (slot < last) this.goal(way, belt, node, slot + 1);
    else this.goal(way, end, node, this.entered(end, node, id));
  }

  out(node, slot, id) { this.belt("out", "queue", node, slot, id); }

  in(node, slot, id) { this.belt("in", "inbox", node, slot, id); }

  inbox(node, slot, id) {
    const way = this.begin(node, id, "inbox", slot), later = this.found("inbox", node, id, slot);
    if (later === slot) this.stays[way] = 1;
    else if (later >= 0) this.goal(way, "inbox", node, later);
    else {
      this.gone[way] = 1;
      this.to(way, this.layout.processor(this.trace.nodePe[node], node));
    }
  }

  queue(node, slot, id) {
    const { frame, trace, layout } = this;
    if (!frame.moved(node)) {
      this.stays[this.begin(node, id, "queue", slot)] = 1;
      return;
    }
    if (slot > 0) {
      this.goal(this.begin(node, id, "queue", slot), "queue", node, slot - 1);
      return;
    }
    const { outputs } = frame.leaving(node), pe = trace.nodePe[node];
    for (let port = 0; port <= RAMP; port++) {
      if (!(outputs >> port & 1)) continue;
      const way = this.begin(node, id, "queue", 0);
      if (port === RAMP) {
        if (frame.belts.in) this.goal(way, "in", node, 0);
        else this.goal(way, "inbox", node, this.entered("inbox", node, id));
        continue;
      }
      const there = trace.neighbour(pe, port);
      const next = there < 0 ? -1 : trace.nodeOf[trace.nodeColor[node] * trace.count + there];
      this.to(way, layout.port(pe, port, true));
      if (next < 0) {
        this.gone[way] = 1;
        this.to(way, layout.outside(pe, port, true));
      } else {
        this.enter(way, next, opposite(port), id, true);
      }
    }
  }

  /** Into a router by a port: onto the link there, where that is long, or into the queue. */
  enter(way, node, port, id, fromRouter) {
    const { trace, layout } = this, pe = trace.nodePe[node];
    if (fromRouter && trace.linkLength(pe, port) > 1) {
      this.goal(way, "link", node, trace.linkRows(pe, port)[0]);
      return;
    }
    this.to(way, layout.port(pe, port, false));
    this.goal(way, "queue", node, this.entered("queue", node, id));
  }

  link(node, row, id) {
    const way = this.begin(node, id, "link", row), { trace } = this;
    const port = trace.longPorts[Math.floor(row / trace.linkPlaces)];
    const [, last] = trace.linkRows(trace.nodePe[node], port);
    if (trace.then.link[row * trace.nodeCount + node] === id) this.stays[way] = 1;
    else if (row < last) this.goal(way, "link", node, row + 1);
    else this.enter(way, node, port, id, false);
  }

  /** What a node gets from its processor, from the host, or from where the trace does not reach. */
  arrivals(node) {
    const { frame, trace, layout } = this, pe = trace.nodePe[node];
    const sent = trace.then.out[node];
    if (sent && sent !== trace.now.out[node]) {
      const way = this.begin(node, sent);
      this.born[way] = 1;
      this.to(way, layout.processor(pe, node));
      this.goal(way, "out", node, 0);
    }
    const { input } = frame.entering(node);
    if (input < 0 || input === RAMP || trace.neighbour(pe, input) >= 0) return;
    const before = [...frame.held("queue", node), ...frame.held("out", node)];
    for (let slot = 0; slot < frame.depth; slot++) {
      const id = trace.then.queue[slot * trace.nodeCount + node];
      if (!id || before.includes(id)) continue;
      const way = this.begin(node, id);
      this.born[way] = 1;
      this.to(way, layout.outside(pe, input, false));
      this.to(way, layout.port(pe, input, false));
      this.goal(way, "queue", node, slot);
    }
  }

  /** Where a wavelet is at a moment of its way, which it goes evenly: into `spot`. */
  at(way, phase, spot) {
    const { x, y } = this, first = 4 * way, last = first + this.points[way] - 1;
    if (phase === 0 || last === first) {
      spot.x = x[first];
      spot.y = y[first];
      return;
    }
    let left = phase, k = first;
    if (last > first + 1) {
      let total = 0;
      for (let at = first; at < last; at++) total += span(x, y, at);
      left *= total;
      while (k < last - 1 && left > span(x, y, k)) left -= span(x, y, k++);
      left /= span(x, y, k) || 1;
    }
    spot.x = x[k] + left * (x[k + 1] - x[k]);
    spot.y = y[k] + left * (y[k + 1] - y[k]);
  }
}

function span(x, y, at) {
  const dx = x[at + 1] - x[at], dy = y[at + 1] - y[at];
  return Math.sqrt(dx * dx + dy * dy);
}
