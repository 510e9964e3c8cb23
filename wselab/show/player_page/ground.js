// What no cycle changes, but for the positions of switches: routers, links and routes.

class Ground extends Sheet {
  draw() {
    const { context, scale, theme } = this;
    context.fillStyle = theme.paper;
    context.fillRect(0, 0, this.view.width, this.view.height);
    if (scale < DETAIL.routers) return;
    this.baseLinks();
    if (scale >= DETAIL.slots) for (const pe of this.seen) this.links(pe);
    for (const pe of this.seen) this.router(pe);
    if (scale >= DETAIL.words) this.hosts();
  }

  /** The word at the links beyond which the host is. */
  hosts() {
    const { context, layout, theme, trace } = this;
    context.font = `${this.thick(9, 0.06, 13)}px ${theme.sans}`;
    context.fillStyle = theme.soft;
    context.textAlign = "center";
    context.textBaseline = "bottom";
    for (const { edge, places, is_in: isIn } of trace.program.hosts) {
      for (const [row, column] of places) {
        const [down, right] = [row - trace.rows[0], column - trace.columns[0]];
        if (down < 0 || right < 0 || down >= trace.height || right >= trace.width) continue;
        const [x, y] = layout.outside(down * trace.width + right, edge, !isIn);
        context.fillText("host", this.px(x), this.py(y - 0.03));
      }
    }
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
      if (south > 1) context.fillText(`${south} cycles`, this.px(x + 0.22), this.py(y + 1));
    }
  }

  /** Which colors are led over the links that leave a router. */
  links(pe) {
    const { trace, layout, theme } = this, used = [0, 0, 0, 0];
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
        this.strand(moved, hue);
      }
      for (const port of this.inputs(node)) { // from beyond what the trace holds, or the wafer
        if (trace.neighbour(pe, port) >= 0) continue;
        this.strand([layout.outside(pe, port, false), layout.port(pe, port, false)], hue);
      }
    }
  }

  strand(line, hue) {
    const { context, scale } = this;
    context.globalAlpha = 0.75;
    this.line(line, hue, this.thick(1.25, 0.016, 3.5));
    if (scale >= DETAIL.words) this.head(line, hue);
    context.globalAlpha = 1;
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

  /** The routes of a node, in all positions of its switch. */
  routes(node) {
    const { trace } = this, { entries } = trace.colors[trace.nodeColor[node]];
    return entries.map((_, position) => trace.route(node, position));
  }

  /** The links by which a color enters a router, and its outputs as bits, in any position. */
  inputs(node) {
    return new Set(this.routes(node).map(({ input }) => input).filter((port) => port < RAMP));
  }

  outputs(node) {
    return this.routes(node).reduce((bits, { outputs }) => bits | outputs, 0);
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
      const [x] = layout.slot(layout.places[place] ? place : "inbox", node, 0);
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
    const { layout, frame } = this, { input, outputs } = frame.leaving(node);
    const [first, last] = [0, layout.depth - 1].map((slot) => layout.slot("queue", node, slot));
    const width = this.thick(1, 0.012, 3);
    if (input !== RAMP && input >= 0) this.line([layout.port(pe, input, false), last], hue, width);
    for (let port = 0; port < RAMP; port++) {
      if (outputs >> port & 1) this.line([first, layout.port(pe, port, true)], hue, width);
    }
  }
}
