// Where things are drawn, in cells of the grid: PE (row, column) has the square that begins at
// (column, row). Its router lies at the top, its processor below it, so that what a processor sends
// goes up the ramp. Each color that a router routes has a lane, in which stand, from above: the
// router's queue, the ramp's belts, and the inbox, the PE's own queue.

const ROUTER = { left: 0.08, right: 0.76, top: 0.05, bottom: 0.32 };
const PROCESSOR = { left: 0.27, right: 0.96, top: 0.58, bottom: 0.95 };
const INBOX = { top: 0.58, bottom: 0.84 };
const LANES = { left: 0.29, width: 0.46, widest: 0.16 };
const PORT_AT = [ // of the five ports: what leaves a router, and what enters it, drive on the right
  { out: [0.2, ROUTER.top], in: [0.12, ROUTER.top] },
  { out: [ROUTER.right, 0.23], in: [ROUTER.right, 0.14] },
  { out: [0.12, ROUTER.bottom], in: [0.2, ROUTER.bottom] },
  { out: [ROUTER.left, 0.14], in: [ROUTER.left, 0.23] },
];
const BEYOND = 0.4; // how far beyond the edge what the host gives and takes is seen

class Layout {
  constructor(trace) {
    this.trace = trace;
    const { section } = trace;
    this.depth = section.queue.width;
    this.places = { out: section.out.width, in: section.in.width };
    this.x = new Float32Array(trace.nodeCount); // of each node's lane, within its cell
    this.pitch = new Float32Array(trace.count); // of a PE's lanes
    this.sends = new Uint8Array(trace.nodeCount); // whether its processor sends
    this.takes = new Uint8Array(trace.nodeCount); // or takes
    let narrowest = LANES.widest;
    for (let pe = 0; pe < trace.count; pe++) {
      const nodes = trace.nodesOf[pe];
      const pitch = Math.min(LANES.widest, LANES.width / Math.max(1, nodes.length));
      this.pitch[pe] = pitch;
      narrowest = Math.min(narrowest, pitch);
      nodes.forEach((node, lane) => {
        this.x[node] = LANES.left + (lane + 0.5) * pitch;
        const positions = trace.colors[trace.nodeColor[node]].entries.length;
        for (let position = 0; position < positions; position++) {
          const { input, outputs } = trace.route(node, position);
          if (input === RAMP) this.sends[node] = 1;
          if (outputs >> RAMP & 1) this.takes[node] = 1;
        }
      });
    }
    const ramp = (PROCESSOR.top - ROUTER.bottom) / Math.max(this.places.out, this.places.in);
    const inbox = (INBOX.bottom - INBOX.top) / this.depth;
    const queue = (ROUTER.bottom - ROUTER.top) / this.depth;
    this.radius = 0.46 * Math.min(narrowest, ramp, inbox, queue, 0.14);
  }

  /** Where a slot of a node is; slot 0 is the first in line, or the place where a belt begins. */
  slot(place, node, slot) {
    const { trace } = this, pe = trace.nodePe[node];
    const left = pe % trace.width, top = Math.floor(pe / trace.width);
    let x = this.x[node], y;
    const both = this.takes[node] && this.sends[node] ? this.pitch[pe] / 4 : 0;
    if (place === "link") return this.onLink(pe, slot);
    if (place === "queue") {
      const step = (ROUTER.bottom - ROUTER.top) / this.depth;
      const rises = this.sends[node] && !this.takes[node]; // then the first in line stands highest
      y = rises ? ROUTER.top + (slot + 0.5) * step : ROUTER.bottom - (slot + 0.5) * step;
    } else if (place === "inbox") {
      x += both;
      y = INBOX.bottom - (slot + 0.5) * ((INBOX.bottom - INBOX.top) / this.depth);
    } else {
      const step = (PROCESSOR.top - ROUTER.bottom) / this.places[place];
      x += place === "out" ? -both : both;
      y = place === "out" ? PROCESSOR.top - (slot + 0.5) * step
        : ROUTER.bottom + (slot + 0.5) * step;
    }
    return [left + x, top + y];
  }

  /** A place of a long link, evenly between the two routers; by its row of the section. */
  onLink(pe, row) {
    const { trace } = this, port = trace.longPorts[Math.floor(row / trace.linkPlaces)];
    const [first, last] = trace.linkRows(pe, port), there = trace.neighbour(pe, port);
    const [x0, y0] = there < 0 ? this.outside(pe, port, false)
      : this.port(there, opposite(port), true);
    const [x1, y1] = this.port(pe, port, false), share = (row - first + 1) / (last - first + 2);
    return [x0 + share * (x1 - x0), y0 + share * (y1 - y0)];
  }

  /** Where what a processor takes goes to, and what it sends comes from. */
  processor(pe, node) {
    const y = this.takes[node] && !this.sends[node] ? INBOX.bottom + 0.04 : PROCESSOR.top + 0.06;
    return [pe % this.trace.width + this.x[node], Math.floor(pe / this.trace.width) + y];
  }

  port(pe, port, leaves) {
    const [x, y] = PORT_AT[port][leaves ? "out" : "in"];
    return [pe % this.trace.width + x, Math.floor(pe / this.trace.width) + y];
  }

  outside(pe, port, leaves) {
    const [x, y] = this.port(pe, port, leaves);
    return [x + BEYOND * STEP_COLUMN[port], y + BEYOND * STEP_ROW[port]];
  }

  /** The middle of a processor. */
  middle(pe) {
    return [
      pe % this.trace.width + (PROCESSOR.left + PROCESSOR.right) / 2,
      Math.floor(pe / this.trace.width) + (PROCESSOR.top + PROCESSOR.bottom) / 2,
    ];
  }
}
