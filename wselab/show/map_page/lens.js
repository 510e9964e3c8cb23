/* Which part of the map is seen, and how large. */

const MOST = { width: 1000, height: 560, screen: 0.55, cell: 64 }; // CSS pixels; of the window

class Lens {
  constructor([rows, columns]) {
    Object.assign(this, { rows, columns, width: 0, height: 0, ratio: 1, zoom: 1, top: 0, left: 0 });
  }

  /** Take the room that there is, CSS pixels across; whether the size of the map changed. */
  fill(room) {
    const { rows, columns } = this;
    const wide = columns > 2.5 * rows, high = rows > 2.5 * columns; // then a PE is no square
    let across = Math.min(room, MOST.width) / columns;
    let down = Math.min(MOST.height, MOST.screen * innerHeight) / rows;
    if (!wide && !high) across = down = Math.min(across, down);
    if (wide) down = Math.min(down, Math.max(across, 120 / rows));
    if (high) across = Math.min(across, Math.max(down, 240 / columns));
    const ratio = devicePixelRatio || 1;
    const width = Math.round(Math.min(across, MOST.cell) * columns * ratio);
    const height = Math.round(Math.min(down, MOST.cell) * rows * ratio);
    const same = width === this.width && height === this.height && ratio === this.ratio;
    Object.assign(this, { width, height, ratio });
    this.settle();
    return !same;
  }

  /** Stay on the map. */
  settle() {
    const closest = (MOST.cell * this.ratio * this.columns) / this.width;
    this.zoom = clamp(this.zoom, 1, Math.max(1, closest));
    this.across = (this.width / this.columns) * this.zoom; // device pixels a PE
    this.down = (this.height / this.rows) * this.zoom;
    this.tall = this.rows / this.zoom; // PEs seen, broken ones too
    this.wide = this.columns / this.zoom;
    this.top = clamp(this.top, 0, this.rows - this.tall);
    this.left = clamp(this.left, 0, this.columns - this.wide);
  }

  /** Zoom by a factor; what lies at a place, in parts of what is seen, stays there. */
  magnify(factor, [x, y] = [0.5, 0.5]) {
    const { tall, wide } = this;
    this.zoom *= factor;
    this.settle();
    this.top += (tall - this.tall) * y;
    this.left += (wide - this.wide) * x;
    this.settle();
  }

  /** Move so that a PE is seen. */
  include([row, column]) {
    this.top = clamp(this.top, row + 1 - this.tall, row);
    this.left = clamp(this.left, column + 1 - this.wide, column);
    this.settle();
  }

  /** The PE at a place, or null beside the map; and the place of a PE. */
  peAt([x, y]) {
    if (!(x >= 0 && x < 1 && y >= 0 && y < 1)) return null;
    return [Math.floor(this.top + y * this.tall), Math.floor(this.left + x * this.wide)];
  }

  placeOf([row, column]) {
    return [(column + 0.5 - this.left) / this.wide, (row + 0.5 - this.top) / this.tall];
  }

  /** What is seen, in words. */
  words(signed) {
    const last = (first, count, most) => Math.min(most, Math.ceil(first + count - 1e-6)) - 1;
    const rows = span("row", Math.floor(this.top), last(this.top, this.tall, this.rows));
    const columns = span("column", Math.floor(this.left), last(this.left, this.wide, this.columns));
    const [down, across] = [this.down, this.across].map((x) => Math.max(1, Math.ceil(1 / x - 1e-6)));
    const each = signed ? "farthest from zero" : "highest";
    const pooled = `; a dot shows the ${each} of up to ${down} x ${across} PEs, or that one is dead`;
    return `${rows}, ${columns}${down * across > 1 ? pooled : ""}`;
  }
}
