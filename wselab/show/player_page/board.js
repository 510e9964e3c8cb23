// What stands in a cycle, over the ground: what processors do, and what cannot go on.

const STATES = { // of a processor: how it is filled, and its sign
  busy: ["busy", "▶"], ended: ["ended", "✓"], sleeps: ["ended", "z"], nothing: ["paper", ""],
  pause: ["wait", "‖"], beside: ["wait", "‖"], "no wavelet": ["wait", "…"], switch: ["wait", "‖"],
  "port taken": ["wait", "‖"], full: ["stop", "■"], "no route": ["stop", "✕"],
};

class Board extends Sheet {
  draw() {
    const far = this.scale < DETAIL.routers;
    for (const pe of this.seen) {
      if (far) this.tile(pe);
      else if (this.scale < DETAIL.signs) this.plainProcessor(pe);
      else this.processor(pe);
    }
    if (!far) for (const pe of this.seen) this.stops(pe);
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
