// The board that wavelets move on: processors, routers, links and what stands still, of one cycle.
// A view has `scale`, pixels of a cell, and the pixels `x`, `y` at which the grid begins.

const MARGIN = { left: 30, top: 20 }; // for the numbers of rows and columns
const DETAIL = { // from which scale on it is drawn
  routers: 13, signs: 30, slots: 56, words: 84, kind: 120, operation: 210, captions: 330,
};
const STATES = { // of a processor: how it is filled, and its sign
  busy: ["busy", "▶"], ended: ["ended", "✓"], sleeps: ["ended", "z"], nothing: ["paper", ""],
  pause: ["wait", "‖"], beside: ["wait", "‖"], "no wavelet": ["wait", "…"], switch: ["wait", "‖"],
  "port taken": ["wait", "‖"], full: ["stop", "■"], "no route": ["stop", "✕"],
};

class Board {
  constructor(context, view, frame, layout, marks, theme) {
    Object.assign(this, { context, view, frame, layout, marks, theme });
    this.trace = frame.trace;
    this.scale = view.scale;
    this.seen = [...this.visible()];
  }

  /** A size that grows with the scale between two bounds, in pixels. */
  thick(least, share, most) { return Math.max(least, Math.min(most, share * this.scale)); }

  px(x) { return this.view.x + x * this.scale; }
  py(y) { return this.view.y + y * this.scale; }

  *visible() {
    const { trace, view, scale } = this, { width, height } = view;
    const [x0, x1] = [-view.x, width - view.x].map((x) => Math.floor(x / scale));
    const [y0, y1] = [-view.y, height - view.y].map((y) => Math.floor(y / scale));
    for (let row = Math.max(0, y0); row <= Math.min(trace.height - 1, y1); row++) {
      for (let column = Math.max(0, x0); column <= Math.min(trace.width - 1, x1); column++) {
        yield row * trace.width + column;
      }
    }
  }

  /** What no cycle changes, but for the positions of switches: routers, links and routes. */
  drawGround() {
    const { context, scale, theme } = this;
    context.fillStyle = theme.paper;
    context.fillRect(0, 0, this.view.width, this.view.height);
    if (scale < DETAIL.routers) return;
    this.baseLinks();
    if (scale >= DETAIL.slots) for (const pe of this.seen) this.links(pe);
    for (const pe of this.seen) this.router(pe);
  }

  /** What stands in a cycle, over the ground. */
  drawCycle() {
    const far = this.scale < DETAIL.routers;
    for (const pe of this.seen) {
      if (far) this.tile(pe);
      else if (this.scale < DETAIL.signs) this.plainProcessor(pe);
      else this.processor(pe);
    }
    if (!far) for (const pe of this.seen) this.stops(pe);
  }

  box({ left, right, top, bottom }, pe, round = 0.04) {
    const { context, trace, scale } = this;
    const column = pe % trace.width, row = Math.floor(pe / trace.width);
    context.beginPath();
    context.roundRect(this.px(column + left), this.py(row + top), (right - left) * scale,
      (bottom - top) * scale, round * scale);
  }

  line(points, color, width, dash = []) {
    const { context } = this;
    context.beginPath();
    points.forEach(([x, y], k) => context[k ? "lineTo" : "moveTo"](this.px(x), this.py(y)));
    context.strokeStyle = color;
    context.lineWidth = width;
    context.setLineDash(dash);
    context.stroke();
    context.setLineDash([]);
  }

  /** A PE from afar: a square. */
  tile(pe) {
    const { context, theme, scale } = this, [fill] = STATES[this.frame.state(pe)];
    const gap = scale < 6 ? 0.04 : 0.06;
    this.box({ left: gap, right: 1 - gap, top: gap, bottom: 1 - gap }, pe, scale < 8 ? 0 : 0.12);
    context.fillStyle = theme[fill === "busy" ? "busyFar" : fill];
    context.fill();
    if (scale < 8 && fill !== "stop") return;
    context.strokeStyle = fill === "stop" ? theme.red : theme.line;
    context.lineWidth = 0.75;
    context.stroke();
  }

  /** The links between neighbours, one each way. */
  baseLinks() {
    const { trace, layout, theme, context } = this;
    context.beginPath();
    for (const pe of this.seen) {
      for (const port of [EAST, SOUTH]) {
        const there = trace.neighbour(pe, port);
        if (there < 0) continue;
        for (const leaves of [true, false]) {
          const [x0, y0] = layout.port(pe, port, leaves);
          const [x1, y1] = layout.port(there, opposite(port), !leaves);
          context.moveTo(this.px(x0), this.py(y0));
          context.lineTo(this.px(x1), this.py(y1));
        }
      }
    }
    context.strokeStyle = theme.line;
    context.lineWidth = this.thick(0.75, 0.022, 5);
    context.stroke();
    if (this.scale >= DETAIL.words && trace.linkPlaces) this.lengths();
  }

  /** How many cycles the links take that take more than one. */
  lengths() {
    const { context, theme, trace } = this;
    context.font = `${this.thick(9, 0.06, 13)}px ${theme.sans}`;
    context.fillStyle = theme.soft;
    context.textBaseline = "middle";
    for (const pe of this.seen) {
      const [x, y] = [pe % trace.width, Math.floor(pe / trace.width)];
      const [east, south] = [EAST, SOUTH].map((port) => trace.linkLength(pe, port));
      context.textAlign = "center";
      if (east > 1) context.fillText(`${east} cycles`, this.px(x + 0.92), this.py(y + 0.08));
      context.textAlign = "left";
      if (south > 1) context.fillText(`${south} cycles`, this.px(x + 0.02), this.py(y + 0.995));
    }
  }

  /** Which colors are led over the links that leave a router. */
  links(pe) {
    const { trace, layout, scale, theme, context } = this;
    const used = [0, 0, 0, 0];
    for (const node of trace.nodesOf[pe]) {
      const hue = this.marks.hue(trace.nodeColor[node], theme);
      const bits = this.outputs(node);
      for (let port = 0; port < RAMP; port++) {
        if (!(bits >> port & 1)) continue;
        const there = trace.neighbour(pe, port);
        const start = layout.port(pe, port, true);
        const end = there < 0 ? layout.outside(pe, port, true)
          : layout.port(there, opposite(port), false);
        const aside = 0.022 * (used[port]++ - 0.4) * (port === EAST || port === SOUTH ? 1 : -1);
        const moved = [start, end].map(([x, y]) =>
          (port === EAST || port === WEST ? [x, y + aside] : [x + aside, y]));
        context.globalAlpha = 0.75;
        this.line(moved, hue, this.thick(1.25, 0.016, 3.5));
        if (scale >= DETAIL.words) this.head(moved, hue);
        context.globalAlpha = 1;
      }
    }
  }

  /** An arrow's head in the middle of a line. */
  head([[x0, y0], [x1, y1]], color) {
    const { context, scale } = this, size = this.thick(3.5, 0.026, 8);
    const angle = Math.atan2(y1 - y0, x1 - x0);
    context.save();
    context.translate(this.px((x0 + x1) / 2), this.py((y0 + y1) / 2));
    context.rotate(angle);
    context.beginPath();
    context.moveTo(size, 0);
    context.lineTo(-0.6 * size, 0.8 * size);
    context.lineTo(-0.6 * size, -0.8 * size);
    context.closePath();
    context.fillStyle = color;
    context.fill();
    context.restore();
  }

  /** The outputs of a node in any position of its switch, as bits. */
  outputs(node) {
    const { trace } = this, color = trace.colors[trace.nodeColor[node]];
    let bits = 0;
    for (let at = 0; at < color.entries.length; at++) bits |= trace.route(node, at).outputs;
    return bits;
  }

  router(pe) {
    const { context, theme, scale, trace, layout } = this;
    this.box(ROUTER, pe);
    context.fillStyle = theme.tile;
    context.fill();
    context.strokeStyle = theme.edge;
    context.lineWidth = this.thick(0.5, 0.01, 1.5);
    context.stroke();
    if (scale < DETAIL.slots) return;
    if (scale >= DETAIL.captions) this.captions(pe);
    for (const node of trace.nodesOf[pe]) {
      const hue = this.marks.hue(trace.nodeColor[node], theme);
      context.globalAlpha = 0.45;
      if (scale >= DETAIL.words) this.way(pe, node, hue);
      context.globalAlpha = 1;
      this.ramp(pe, node);
      this.slots("queue", node, hue);
      if (layout.sends[node]) this.slots("out", node, hue);
      if (layout.takes[node]) this.slots("in", node, hue);
    }
  }

  /** The way between a router and its processor. */
  ramp(pe, node) {
    const { layout, trace } = this, top = Math.floor(pe / trace.width);
    for (const place of ["out", "in"]) {
      if (!(place === "out" ? layout.sends : layout.takes)[node]) continue;
      const x = layout.places[place] ? layout.slot(place, node, 0)[0] : layout.slot("inbox", node, 0)[0];
      this.line([[x, top + ROUTER.bottom], [x, top + PROCESSOR.top]], this.theme.line,
        this.thick(1, 0.03, 8));
    }
  }

  /** The names of the parts, where there is room. */
  captions(pe) {
    const { context, theme, trace } = this;
    const column = pe % trace.width, row = Math.floor(pe / trace.width);
    context.font = `${this.thick(11, 0.028, 15)}px ${theme.sans}`;
    context.fillStyle = theme.soft;
    context.textBaseline = "middle";
    context.textAlign = "left";
    context.fillText("router", this.px(column + 0.775), this.py(row + 0.295));
    context.fillText("ramp", this.px(column + 0.775), this.py(row + 0.45));
    context.fillText("processor", this.px(column + 0.775), this.py(row + 0.55));
  }

  /** A color's way through a router, in the position that its first wavelet follows. */
  way(pe, node, hue) {
    const { layout, frame, scale } = this, { input, outputs } = frame.leaving(node);
    const first = layout.slot("queue", node, 0), last = layout.slot("queue", node, layout.depth - 1);
    const width = this.thick(1, 0.012, 3);
    if (input !== RAMP && input >= 0) this.line([layout.port(pe, input, false), last], hue, width);
    for (let port = 0; port < RAMP; port++) {
      if (outputs >> port & 1) this.line([first, layout.port(pe, port, true)], hue, width);
    }
  }

  /** The places of a queue or belt, empty. */
  slots(place, node, hue) {
    const { context, layout, scale, theme, frame } = this;
    const width = frame.trace.section[place].width, radius = layout.radius * scale;
    for (let slot = 0; slot < width; slot++) {
      const [x, y] = layout.slot(place, node, slot);
      context.beginPath();
      if (place === "queue" || place === "inbox") {
        const half = 0.98 * radius;
        context.roundRect(this.px(x) - half, this.py(y) - half, 2 * half, 2 * half, radius * 0.3);
      } else context.arc(this.px(x), this.py(y), 0.72 * radius, 0, 2 * Math.PI);
      context.fillStyle = theme.slot;
      context.fill();
      context.globalAlpha = 0.6;
      context.strokeStyle = hue;
      context.lineWidth = this.thick(0.75, 0.005, 2);
      context.stroke();
      context.globalAlpha = 1;
    }
  }

  /** A processor from afar: what it does, no more. */
  plainProcessor(pe) {
    const { context, theme, trace, scale } = this, [fill] = STATES[this.frame.state(pe)];
    const { left, right, top, bottom } = PROCESSOR;
    const x = this.px(pe % trace.width + left), y = this.py(Math.floor(pe / trace.width) + top);
    const width = (right - left) * scale, height = (bottom - top) * scale;
    context.fillStyle = theme[fill];
    context.fillRect(x, y, width, height);
    if (fill === "busy") return;
    context.strokeStyle = fill === "stop" ? theme.red : theme.edge;
    context.lineWidth = fill === "stop" ? 1.25 : 0.5;
    context.strokeRect(x, y, width, height);
  }

  processor(pe) {
    const { context, theme, scale, frame, trace, layout, marks } = this, state = frame.state(pe);
    const [fill, sign] = STATES[state];
    this.box(PROCESSOR, pe, 0.05);
    context.fillStyle = theme[fill];
    context.fill();
    context.strokeStyle = fill === "stop" ? theme.red : theme.edge;
    context.lineWidth = fill === "stop" ? this.thick(1.5, 0.014, 4) : this.thick(0.5, 0.01, 1.5);
    if (state === "nothing") context.setLineDash([3, 3]);
    context.stroke();
    context.setLineDash([]);
    this.progress(pe);
    if (scale >= DETAIL.slots) {
      for (const node of trace.nodesOf[pe]) {
        if (layout.takes[node]) {
          this.slots("inbox", node, this.marks.hue(trace.nodeColor[node], theme));
        }
      }
    }
    const [x, y] = [pe % trace.width, Math.floor(pe / trace.width)];
    context.fillStyle = fill === "busy" ? theme.busyInk : theme.ink;
    context.textBaseline = "middle";
    if (scale < DETAIL.words) {
      context.font = `${Math.max(7.5, 0.17 * scale)}px ${theme.sans}`;
      context.textAlign = "center";
      context.fillText(sign, this.px(x + 0.84), this.py(y + 0.77));
      return;
    }
    const size = this.thick(8.5, 0.075, 17);
    context.textAlign = "left";
    context.font = `600 ${size}px ${theme.sans}`;
    const words = shortState(frame, pe), colors = frame.waitsFor(pe).map((at) => marks.names[at]);
    const tries = [`${sign} ${words}`.trim(), words, `${sign} ${listed(colors)}`];
    const room = 0.64 * scale, fits = (text) => context.measureText(text).width <= room;
    this.fit(tries.find(fits) ?? tries[2], x + 0.3, y + PROCESSOR.bottom - 0.06, 0.64);
    if (scale >= DETAIL.kind) this.operation(pe, x, y);
  }

  /** Text, cut where it would be too long. */
  fit(text, x, y, width) {
    const { context, scale } = this;
    let shown = text;
    while (shown.length > 1 && context.measureText(shown).width > width * scale) {
      shown = `${shown.replace(/…$/, "").slice(0, -1)}…`;
    }
    context.fillText(shown, this.px(x), this.py(y));
  }

  /** How far a PE's operation is: a bar at the bottom of its processor. */
  progress(pe) {
    const { context, theme, scale, frame, trace } = this, [first] = frame.running(pe);
    if (!first || !first.total || !first.begun) return;
    const column = pe % trace.width, row = Math.floor(pe / trace.width);
    const { left, right, bottom } = PROCESSOR, inset = 0.03;
    const [x, y] = [this.px(column + left + inset), this.py(row + bottom)];
    const full = (right - left - 2 * inset) * scale, thick = this.thick(2, 0.02, 6);
    context.fillStyle = theme.line;
    context.fillRect(x, y - thick, full, thick);
    context.fillStyle = theme.accent;
    context.fillRect(x, y - thick, full * first.done / first.total, thick);
  }

  operation(pe, x, y) {
    const { context, theme, scale, frame, trace } = this, [first] = frame.running(pe);
    if (!first) return;
    const lanes = trace.nodesOf[pe].length * this.layout.pitch[pe];
    const left = LANES.left + lanes + 0.02, width = PROCESSOR.right - left - 0.02;
    const size = this.thick(9, scale < DETAIL.operation ? 0.06 : 0.042, 15);
    context.font = `${size}px ${theme.mono}`;
    const across = Math.max(6, Math.floor(width * scale / context.measureText("0").width));
    const { text, kind } = trace.operations[first.number];
    const brief = scale < DETAIL.operation;
    const lines = brief ? [kind] : wrapped(text, across).slice(0, 4);
    lines.push(`${first.done}${brief ? "/" : " of "}${first.total}`);
    lines.forEach((one, k) => {
      this.fit(one, x + left, y + PROCESSOR.top + 0.06 + (k * 1.25 * size) / scale, width);
    });
  }

  // Back-pressure: what cannot go on, since there is no room ahead.

  stops(pe) {
    const { trace, frame, layout, theme, scale } = this;
    for (const node of trace.nodesOf[pe]) {
      if (scale >= DETAIL.slots) {
        for (const belt of ["out", "in"]) if (frame.stuck(belt, node)) this.stuck(belt, node);
        if (frame.full("inbox", node) && !this.taken(node)) this.frameQueue("inbox", node);
      }
      for (const port of frame.stuckLinks(node)) {
        const there = trace.neighbour(pe, port);
        const start = there < 0 ? layout.outside(pe, port, false)
          : layout.port(there, opposite(port), true);
        this.line([start, layout.port(pe, port, false)], theme.red, this.thick(1.5, 0.03, 7));
      }
      const bits = frame.blocked(node);
      if (!bits) continue;
      for (let port = 0; port < RAMP; port++) {
        if (!(bits >> port & 1)) continue;
        const there = trace.neighbour(pe, port), start = layout.port(pe, port, true);
        const end = there < 0 ? layout.outside(pe, port, true)
          : layout.port(there, opposite(port), false);
        this.line([start, end], theme.red, this.thick(1.5, 0.03, 7));
        if (scale >= DETAIL.signs) this.bar(end, port, theme.red);
      }
      if (scale < DETAIL.slots) continue;
      this.frameQueue("queue", node);
      if (bits >> RAMP & 1) this.stuck("in", node);
    }
  }

  /** Whether a PE takes the first wavelet of a color in this cycle. */
  taken(node) {
    return this.trace.now.inbox[node] !== this.trace.then.inbox[node];
  }

  /** A bar across the end of a link. */
  bar([x, y], port, color) {
    const half = 0.045, flat = port === EAST || port === WEST;
    const ends = flat ? [[x, y - half], [x, y + half]] : [[x - half, y], [x + half, y]];
    this.line(ends, color, this.thick(2, 0.03, 7));
  }

  frameQueue(place, node) {
    if (!this.frame.full(place, node)) return;
    const { context, layout, theme, scale } = this;
    const ends = [0, layout.depth - 1].map((slot) => layout.slot(place, node, slot));
    const half = layout.radius * 1.16, top = Math.min(ends[0][1], ends[1][1]) - half;
    const height = Math.abs(ends[0][1] - ends[1][1]) + 2 * half;
    context.beginPath();
    context.roundRect(this.px(ends[0][0] - half), this.py(top), 2 * half * scale, height * scale,
      0.03 * scale);
    context.strokeStyle = theme.red;
    context.lineWidth = this.thick(1.5, 0.014, 4);
    context.stroke();
  }

  /** A belt that stands: a red line along it. */
  stuck(belt, node) {
    const { layout, theme, scale, trace } = this, [x] = layout.slot(belt, node, 0);
    const row = Math.floor(trace.nodePe[node] / trace.width), aside = layout.radius * 1.05;
    this.line([[x + aside, row + ROUTER.bottom + 0.01], [x + aside, row + PROCESSOR.top - 0.01]],
      theme.red, this.thick(1.5, 0.02, 5));
  }
}

/** Text in lines of at most so many letters, broken behind commas where that is possible. */
function wrapped(text, across) {
  const lines = [""];
  for (const part of text.split(/(?<=[,(] ?)/)) {
    if ((lines.at(-1) + part).trimEnd().length > across && lines.at(-1)) lines.push("");
    lines.push(lines.pop() + part);
  }
  return lines.map((line) => line.trim());
}
