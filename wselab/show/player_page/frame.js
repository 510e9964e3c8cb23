// What stands where in the cycle that a trace is at, and what happens in it. `now` and `then` are
// the sections of the cells at its start and end: of row r, cell i is at r * length + i.

class Frame {
  constructor(trace) {
    this.trace = trace;
    this.cycle = trace.cycle;
    this.now = trace.now;
    this.then = trace.then;
    this.depth = trace.section.queue.width;
    this.belts = { out: trace.section.out.width, in: trace.section.in.width };
    this.states = [];
  }

  // Routers and ramps.

  /** The wavelets in a place of a node, slot by slot; 0 where none is. */
  held(place, node) {
    const { width, length } = this.trace.section[place], cells = this.now[place];
    return Array.from({ length: width }, (_, slot) => cells[slot * length + node]);
  }

  /** Whether a queue, the router's or the PE's own, has no room. */
  full(place, node) {
    return this.now[place][(this.depth - 1) * this.trace.nodeCount + node] !== 0;
  }

  /** The route that leads a node's first wavelet on. */
  leaving(node) {
    return this.trace.route(node, this.now.leaving[node]);
  }

  /** The route that what enters a node now will follow. */
  entering(node) {
    return this.trace.route(node, this.now.entering[node]);
  }

  moved(node) {
    return this.now.moved[node] !== this.then.moved[node];
  }

  /** The ports that have no room for the first wavelet of a node's queue, as bits. */
  blocked(node) {
    if (!this.now.queue[node] || this.moved(node)) return 0;
    const { trace } = this, pe = trace.nodePe[node], color = trace.nodeColor[node];
    const { outputs } = this.leaving(node);
    let bits = 0;
    for (let port = 0; port <= RAMP; port++) {
      if (!(outputs >> port & 1)) continue;
      if (port === RAMP) {
        bits |= this.full("inbox", node) << port;
        continue;
      }
      const there = trace.neighbour(pe, port);
      const next = there < 0 ? -1 : trace.nodeOf[color * trace.count + there];
      if (next >= 0) bits |= this.full("queue", next) << port;
      else if (!this.leadsOut(pe, port)) bits |= 1 << port; // a route that nobody takes
    }
    return bits;
  }

  /** Whether a port leads to PEs that the trace does not hold, or to the host. */
  leadsOut(pe, port) {
    const { trace } = this, [row, column] = trace.place(pe);
    if (trace.neighbour(pe, port) >= 0) return false;
    const there = [row + STEP_ROW[port], column + STEP_COLUMN[port]];
    if (there.every((at, axis) => at >= 0 && at < trace.shape[axis])) return true;
    return trace.program.hosts.some((host) => host.edge === port);
  }

  /** Whether the belt from ("out") or to ("in") the processor stands, its end being full. */
  stuck(belt, node) {
    const last = this.belts[belt] - 1;
    if (last < 0 || !this.now[belt][last * this.trace.nodeCount + node]) return false;
    return this.full(belt === "out" ? "queue" : "inbox", node);
  }

  /** The ports whose long link into a router stands, its queue being full. */
  stuckLinks(node) {
    const { trace } = this, pe = trace.nodePe[node];
    if (!trace.linkPlaces || !this.full("queue", node)) return [];
    return trace.longPorts.filter((port) =>
      this.now.link[trace.linkRows(pe, port)[1] * trace.nodeCount + node]);
  }

  // Processors.

  doing(pe) {
    return this.trace.doing[this.now.doing[pe]];
  }

  /** "busy", "ended", "sleeps" (till a wavelet wakes it), "nothing" (to do), or why it waits. */
  state(pe) {
    const what = this.doing(pe);
    return what === "idle" ? this.trace.idle[pe] : what;
  }

  /** The number of the operation that a PE is at, its main one before microthreads; or -1. */
  first(pe) {
    const { operation, thread } = this.now, { length } = this.trace.section.operation;
    let number = operation[pe] - 1;
    for (let at = pe; number < 0 && at < thread.length; at += length) number = thread[at] - 1;
    return number;
  }

  /** The operations that a PE is at: number, lane, whether it has begun, and `works` in this cycle;
   * of its elements, or of its cycles if it `computes` on memory alone, the done and the total. */
  running(pe) {
    const { now, then, trace } = this, { length } = trace.section.operation, found = [];
    const note = (number, lane, begun) => {
      const at = lane * length + pe, computes = trace.computes(number);
      const starts = computes && (begun || then.begun[pe] > 0);
      const works = now.done[at] !== then.done[at] || (starts && this.doing(pe) === "busy");
      const since = computes ? this.cycle + 1 - now.begun[pe] : now.done[at] - now.before[at];
      const total = computes ? trace.cyclesOf(number, pe) : trace.elements(number, pe);
      found.push({ number, lane, begun, works, computes, done: begun ? since : 0, total });
    };
    if (now.operation[pe]) note(now.operation[pe] - 1, 0, now.begun[pe] > 0);
    for (let lane = 1; lane <= trace.section.thread.width; lane++) {
      const number = now.thread[(lane - 1) * length + pe] - 1;
      if (number >= 0) note(number, lane, true);
    }
    return found;
  }

  /** How many elements a PE handles in this cycle. */
  handled(pe) {
    const { now, then } = this, { length } = this.trace.section.operation;
    let count = 0;
    for (let at = pe; at < now.done.length; at += length) count += now.done[at] !== then.done[at];
    return count;
  }

  /** The colors that a waiting PE waits for: those it lacks, or the one that it cannot send. */
  waitsFor(pe) {
    const what = this.doing(pe), { trace } = this, at = this.first(pe);
    if (at < 0 || what === "busy" || what === "idle") return [];
    const { reads, sends } = trace.operations[at];
    if (what === "no wavelet") {
      return reads.filter((color) => {
        const node = trace.nodeOf[color * trace.count + pe];
        return node < 0 || !this.now.inbox[node];
      });
    }
    const sending = what === "full" || what === "switch" || what === "no route";
    return sending && sends !== null ? [sends] : [];
  }

  /** A number that differs where the cells differ, as eight hexadecimal digits. */
  digest() {
    const { cells } = this.trace;
    let hash = 2166136261;
    for (let i = 0; i < cells.length; i++) hash = Math.imul(hash ^ cells[i], 16777619);
    return (hash >>> 0).toString(16).padStart(8, "0");
  }
}
