// The stage: the canvas, what part of the grid it shows, and when it is drawn anew.

const ZOOM = 1.35, CLOSEST = 900; // pixels of a cell
const GLIDE_MS = 280; // of a wavelet, when a reader steps

class Stage {
  constructor(trace, root) {
    this.trace = trace;
    this.root = root;
    this.layout = new Layout(trace);
    this.marks = new Marks(trace.colors);
    this.canvas = make("canvas", { class: "wse-canvas", tabindex: "0", role: "application",
      "aria-roledescription": "grid of PEs" });
    this.board = document.createElement("canvas"); // a cycle, drawn when it is first shown
    this.ground = document.createElement("canvas"); // and what is the same in all cycles
    this.ways = new Ways(trace, this.layout);
    this.view = { scale: 1, x: 0, y: 0, width: 0, height: 0 };
    this.whole = true; // whether the whole rectangle is shown, also when the size changes
    this.chosen = -1;
    this.phase = 0;
    this.waiting = null; // who waits for whom, while it is shown
    this.theme = readTheme(root);
  }

  // The view.

  resize(width) {
    const edge = this.trace.program.hosts.length ? 0.5 : 0;
    const { trace } = this, columns = trace.width + 2 * edge, rows = trace.height + 2 * edge;
    const wide = (width - MARGIN.left - 8) / columns;
    const most = Math.max(360, Math.min(680, 0.64 * globalThis.innerHeight));
    const height = Math.round(Math.max(280, Math.min(most, rows * wide + MARGIN.top + 8)));
    this.edge = edge;
    Object.assign(this.view, { width, height });
    this.dense = Math.min(2, globalThis.devicePixelRatio || 1);
    for (const canvas of [this.canvas, this.board, this.ground]) {
      canvas.width = Math.round(width * this.dense);
      canvas.height = Math.round(height * this.dense);
    }
    this.canvas.style.height = `${height}px`;
    if (this.whole) this.showWhole();
    this.changed();
  }

  fitting() {
    const { trace, view, edge } = this;
    const wide = (view.width - MARGIN.left - 8) / (trace.width + 2 * edge);
    const high = (view.height - MARGIN.top - 8) / (trace.height + 2 * edge);
    return Math.min(wide, high, 420);
  }

  showWhole() {
    const { trace, view } = this;
    this.whole = true;
    view.scale = this.fitting();
    view.x = (view.width + MARGIN.left - trace.width * view.scale) / 2;
    view.y = (view.height + MARGIN.top - trace.height * view.scale) / 2;
    this.changed();
  }

  /** Zoom by a factor about a point of the canvas; without one, about the chosen PE. */
  zoom(factor, x, y) {
    const { view, chosen, trace } = this, least = Math.min(4, this.fitting());
    const scale = Math.max(least, Math.min(CLOSEST, view.scale * factor));
    if (x === undefined && chosen >= 0) {
      const [column, row] = [chosen % trace.width, Math.floor(chosen / trace.width)];
      const [width, height] = [view.width + MARGIN.left, view.height + MARGIN.top];
      Object.assign(view, { scale, x: width / 2 - (column + 0.5) * scale,
        y: height / 2 - (row + 0.5) * scale });
    } else {
      const [px, py] = [x ?? view.width / 2, y ?? view.height / 2], by = scale / view.scale;
      Object.assign(view, { scale, x: px - (px - view.x) * by, y: py - (py - view.y) * by });
    }
    this.whole = false;
    this.keepIn();
  }

  /** One router and its processor, as large as they fit. */
  zoomTo(pe) {
    const { view } = this;
    this.chosen = pe;
    this.zoom(0.92 * Math.min(view.width - MARGIN.left, view.height - MARGIN.top) / view.scale);
  }

  pan(dx, dy) {
    this.view.x += dx;
    this.view.y += dy;
    this.whole = false;
    this.keepIn();
  }

  /** Some of the grid stays in sight. */
  keepIn() {
    const { view, trace } = this, margin = 60;
    const bound = (at, size, room) => Math.max(margin - size, Math.min(room - margin, at));
    view.x = bound(view.x, trace.width * view.scale, view.width);
    view.y = bound(view.y, trace.height * view.scale, view.height);
    this.changed();
  }

  /** Bring a PE into sight. */
  reveal(pe) {
    const { view, trace } = this, { scale } = view;
    const x = view.x + (pe % trace.width) * scale;
    const y = view.y + Math.floor(pe / trace.width) * scale;
    const dx = Math.max(0, MARGIN.left - x) - Math.max(0, x + scale - view.width);
    const dy = Math.max(0, MARGIN.top - y) - Math.max(0, y + scale - view.height);
    if (dx || dy) this.pan(dx, dy);
    else this.changed();
  }

  /** The PE under a point of the canvas, or -1. */
  peAt(x, y) {
    const { view, trace } = this;
    const [column, row] = [(x - view.x) / view.scale, (y - view.y) / view.scale].map(Math.floor);
    const inside = column >= 0 && column < trace.width && row >= 0 && row < trace.height;
    return inside ? row * trace.width + column : -1;
  }

  // Drawing.

  /** A new cycle: what the board shows, and the ways of the wavelets. */
  show(frame) {
    this.frame = frame;
    this.ways.fill(frame);
    this.phase = 0;
    this.glide = null;
    const { leaving } = this.trace.now; // the positions of switches, if there are any
    const switched = leaving.length ? leaving.join() : "";
    if (switched !== this.switched) this.changed();
    this.switched = switched;
    this.stale = this.wanted = true;
  }

  /** What is drawn has changed in more than what stands on it. */
  changed() {
    this.moved = this.stale = this.wanted = true;
    this.root.dataset.zoom = this.view.scale.toFixed(1);
  }

  /** Let wavelets go from one phase of their cycle to another. */
  start(from, to, then) {
    this.glide = { from, to, then, begun: performance.now() };
    this.wanted = true;
  }

  /** Draw, if there is anything new to see. */
  draw(now) {
    if (this.glide) {
      const { from, to, then, begun } = this.glide;
      const share = Math.min(1, Math.max(0, (now - begun) / GLIDE_MS));
      this.phase = from + (to - from) * smooth(share);
      this.wanted = true;
      if (share === 1) {
        this.glide = null;
        then?.();
      }
    }
    if (!this.wanted || !this.frame || !this.view.width) return;
    this.wanted = false;
    const { view, theme, trace, layout, marks } = this;
    if (this.moved) {
      const context = this.onto(this.ground);
      new Ground(context, view, this.frame, layout, marks, theme).draw();
    }
    if (this.stale) {
      const context = this.onto(this.board, this.ground);
      new Board(context, view, this.frame, layout, marks, theme).draw();
      drawWavelets(context, view, this.ways, 1, 0, marks, theme, layout);
    }
    this.moved = this.stale = false;
    const context = this.onto(this.canvas, this.board);
    drawWavelets(context, view, this.ways, 0, this.phase, marks, theme, layout);
    if (this.waiting) drawWaiting(context, view, trace, this.waiting, theme, layout);
    const focused = document.activeElement === this.canvas;
    drawChosen(context, view, trace, this.chosen, theme, focused);
    drawNumbers(context, view, trace, theme);
  }

  /** The context of a canvas, with another one copied onto it. */
  onto(canvas, below) {
    const context = canvas.getContext("2d", { alpha: false });
    context.setTransform(1, 0, 0, 1, 0, 0);
    if (below) context.drawImage(below, 0, 0);
    context.setTransform(this.dense, 0, 0, this.dense, 0, 0);
    return context;
  }
}

/** Slow at both ends. */
function smooth(share) {
  return share * share * (3 - 2 * share);
}

/** The colors of the page, from its style sheet, for a light or dark surrounding. */
function readTheme(root) {
  let shown = "rgb(255, 255, 255)";
  for (let at = root; at; at = at.parentElement ?? at.getRootNode().host) {
    const color = getComputedStyle(at).backgroundColor;
    if (color && !/, 0\)$|transparent/.test(color) && at !== root) {
      shown = color;
      break;
    }
  }
  const dark = brightness(shown) < 0.2;
  root.classList.toggle("wse-dark", dark);
  const style = getComputedStyle(root), theme = { dark, sans: style.fontFamily || "sans-serif" };
  for (const name of ["mono", "paper", "ink", "soft", "line", "edge", "tile", "slot", "busy",
    "busyInk", "busyFar", "wait", "waitEdge", "ended", "stop", "red", "accent", "focus", "veil"]) {
    const kebab = name.replace(/[A-Z]/, (letter) => `-${letter.toLowerCase()}`);
    theme[name] = style.getPropertyValue(`--wse-${kebab}`).trim();
  }
  return theme;
}
