// What all drawings of the grid have in common. A view has `scale`, pixels of a cell, and the
// pixels `x`, `y` at which the grid begins.

const MARGIN = { left: 30, top: 20 }; // for the numbers of rows and columns
const DETAIL = { // from which scale on it is drawn
  routers: 13, signs: 30, slots: 56, words: 84, kind: 120, operation: 210, captions: 330,
};

class Sheet {
  constructor(context, view, frame, layout, marks, theme) {
    Object.assign(this, { context, view, frame, layout, marks, theme });
    this.trace = frame.trace;
    this.scale = view.scale;
    this.seen = [...this.visible()]; // PEs
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

  box({ left, right, top, bottom }, pe, round = 0.04) {
    const { context, trace, scale } = this;
    const column = pe % trace.width, row = Math.floor(pe / trace.width);
    context.beginPath();
    context.roundRect(this.px(column + left), this.py(row + top), (right - left) * scale,
      (bottom - top) * scale, round * scale);
  }

  line(points, color, width) {
    const { context } = this;
    context.beginPath();
    points.forEach(([x, y], k) => context[k ? "lineTo" : "moveTo"](this.px(x), this.py(y)));
    context.strokeStyle = color;
    context.lineWidth = width;
    context.stroke();
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

  /** Text, cut where it would be too long. */
  fit(text, x, y, width) {
    const { context, scale } = this;
    let shown = text;
    while (shown.length > 1 && context.measureText(shown).width > width * scale) {
      shown = `${shown.replace(/…$/, "").slice(0, -1)}…`;
    }
    context.fillText(shown, this.px(x), this.py(y));
  }
}
