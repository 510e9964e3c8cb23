/* From levels, one a PE, to pixels, of which there may be fewer. */

const DEAD = 255; // of the levels; 0 to 254 lie along the scale
const INK = 0xff000000, PAPER = 0xffffffff; // dead PEs are hatched in these

/* Of the PEs in a pixel that with the highest rank is shown: the rank is the level or, where the
   scale goes both ways from zero, counts outward from the middle. A dead one is before all. */
class Pixels {
  constructor({ shape, colors, signed }) {
    [this.rows, this.columns] = shape;
    this.signed = signed;
    this.rankOf = new Uint8Array(256);
    this.levelOf = new Uint8Array(256);
    this.lut = new Uint32Array(256); // the color of a rank
    const rgb = new Uint8Array(colors.buffer, colors.byteOffset, 3 * DEAD);
    for (let level = 0; level <= DEAD; level++) {
      const outward = 2 * Math.abs(level - 127) - (level > 127 ? 1 : 0);
      const rank = signed && level !== DEAD ? outward : level;
      [this.rankOf[level], this.levelOf[rank]] = [rank, level];
      const [red, green, blue] = rgb.subarray(3 * level, 3 * level + 3);
      this.lut[rank] = 0xff000000 | (blue << 16) | (green << 8) | red;
    }
  }

  /** The ranks of levels, in their place. */
  rank(levels) {
    if (this.signed) for (let pe = 0; pe < levels.length; pe++) levels[pe] = this.rankOf[levels[pe]];
    return levels;
  }

  resize(width, height) {
    [this.width, this.height] = [width, height];
    this.dots = new Uint8Array(width * height);
    this.image = new ImageData(width, height);
    this.out = new Uint32Array(this.image.data.buffer);
  }

  /** The picture of a part of the map: its first PE down and across, and pixels a PE each way. */
  paint(ranks, { top, left, down, across, ratio }) {
    const { dots, out, lut, width, height } = this;
    this.pool(ranks, top, left, down, across);
    for (let i = 0; i < out.length; i++) out[i] = lut[dots[i]];
    const dead = [];
    for (let i = dots.indexOf(DEAD); i >= 0; i = dots.indexOf(DEAD, i + 1)) dead.push(i);
    // A lone one is drawn larger, to be seen, unless that would make many look like most.
    const small = Math.min(across, down) < 4 * ratio;
    const fits = (reach) => dead.length * (2 * reach + 1) ** 2 < out.length / 30;
    const reach = !small ? 0 : fits(2) ? 2 : fits(1) ? 1 : 0;
    const stripe = Math.max(1, Math.round(1.5 * ratio));
    for (const i of dead) {
      const x = i % width, y = (i - x) / width;
      for (let v = Math.max(0, y - reach); v <= Math.min(height - 1, y + reach); v++)
        for (let u = Math.max(0, x - reach); u <= Math.min(width - 1, x + reach); u++)
          out[v * width + u] = Math.floor((u + v) / stripe) % 2 ? INK : PAPER;
    }
    return this.image;
  }

  /** Find the rank of each pixel. */
  pool(ranks, top, left, down, across) {
    const { dots, width, height, columns } = this;
    const [c0, c1] = shares(width, left, across, columns);
    const [r0, r1] = shares(height, top, down, this.rows);
    for (let y = 0, at = 0; y < height; y++, at += width) {
      if (y && r0[y] === r0[y - 1] && r1[y] === r1[y - 1]) {
        dots.copyWithin(at, at - width, at);
        continue;
      }
      for (let r = r0[y]; r < r1[y]; r++) {
        const row = r * columns, first = r === r0[y];
        for (let x = 0; x < width; x++) {
          let best = first ? 0 : dots[at + x];
          for (let c = row + c0[x], end = row + c1[x]; c < end; c++)
            if (ranks[c] > best) best = ranks[c];
          dots[at + x] = best;
        }
      }
    }
  }

  /** The scale as a picture one pixel high. */
  strip() {
    const image = new ImageData(DEAD, 1), line = new Uint32Array(image.data.buffer);
    for (let level = 0; level < DEAD; level++) line[level] = this.lut[this.rankOf[level]];
    return image;
  }
}

/** Which PEs each pixel stands for along an axis: the first ones, and those behind the last. */
function shares(pixels, start, per, most) {
  const from = new Int32Array(pixels), to = new Int32Array(pixels);
  for (let p = 0; p < pixels; p++) {
    from[p] = clamp(Math.floor(start + p / per + 1e-9), 0, most - 1);
    to[p] = clamp(Math.floor(start + (p + 1) / per + 1e-9), from[p] + 1, most);
  }
  return [from, to];
}
