// How wavelets look: each color of the fabric has a hue and a shape, and its letters where there is
// room, so that none has to be told by its hue alone.

const HUES = { // Okabe and Ito's, without the red, which is for what is stuck
  light: ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#f0e442"],
  dark: ["#3d9be0", "#f0ae24", "#16b98b", "#e093c0", "#8ccff5", "#f5ec6b"],
};
const VALUES_FROM = 17; // pixels of a wavelet's radius: from there on its value is written in it
const SHAPES = ["circle", "square", "diamond", "triangle", "hexagon"]; // 5 x 6: 30 differ

class Marks {
  constructor(colors) {
    this.names = colors.map((color) => color.name);
    this.letters = this.names.map((name) => shortName(name, this.names));
    this.sprites = new Map();
  }

  hue(color, theme) {
    return HUES[theme.dark ? "dark" : "light"][color % HUES.light.length];
  }

  /** The outline of a color's shape around (x, y). */
  trace(context, color, x, y, radius) {
    const shape = SHAPES[color % SHAPES.length];
    context.beginPath();
    if (shape === "circle") context.arc(x, y, radius, 0, 2 * Math.PI);
    else if (shape === "square") {
      const half = 0.88 * radius;
      context.roundRect(x - half, y - half, 2 * half, 2 * half, 0.25 * radius);
    } else {
      const [corners, turn, size] = { diamond: [4, 0, 1.16], triangle: [3, -0.5, 1.2],
        hexagon: [6, 0, 1.06] }[shape];
      const lower = shape === "triangle" ? 0.2 * radius : 0;
      for (let k = 0; k < corners; k++) {
        const angle = Math.PI * (turn + 2 * k / corners);
        const way = k ? "lineTo" : "moveTo";
        const [dx, dy] = [Math.cos(angle), Math.sin(angle)].map((share) => size * radius * share);
        context[way](x + dx, y + lower + dy);
      }
      context.closePath();
    }
  }

  /** A wavelet, drawn once and kept: a canvas of 2 `half` pixels a side. */
  sprite(color, radius, control, theme) {
    const size = Math.round(radius * 4) / 4;
    const key = `${color} ${size} ${control} ${theme.dark}`;
    if (this.sprites.has(key)) return this.sprites.get(key);
    if (this.sprites.size > 400) this.sprites.clear();
    const half = Math.ceil(size * 1.7) + 2, canvas = document.createElement("canvas");
    canvas.width = canvas.height = 2 * half;
    const context = canvas.getContext("2d"), hue = this.hue(color, theme);
    if (control) { // one that advances switches wears a ring
      this.trace(context, color, half, half, size * 1.45);
      context.strokeStyle = theme.ink;
      context.lineWidth = Math.max(1, size * 0.2);
      context.stroke();
    }
    this.trace(context, color, half, half, size);
    context.fillStyle = hue;
    context.fill();
    if (size >= 3) {
      context.lineWidth = Math.max(0.75, size * 0.12);
      context.strokeStyle = theme.edge;
      context.stroke();
    }
    const letters = this.letters[color];
    const font = size * (letters.length > 1 ? 1.0 : 1.25);
    if (font >= 8 && size < VALUES_FROM) {
      context.fillStyle = inkOn(hue);
      context.font = `600 ${font}px ${theme.sans}`;
      context.textAlign = "center";
      context.textBaseline = "middle";
      context.fillText(letters, half, half + font * 0.06 + (color % 5 === 3 ? 0.12 * size : 0));
    }
    this.sprites.set(key, canvas);
    return canvas;
  }

  /** A wavelet's letters and value, written in it. */
  label(context, color, value, x, y, radius, theme) {
    const ink = inkOn(this.hue(color, theme)), text = short(value);
    context.fillStyle = ink;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.font = `600 ${radius * 0.62}px ${theme.sans}`;
    context.fillText(this.letters[color], x, y - radius * 0.28);
    context.font = `${Math.min(radius * 0.62, radius * 2.6 / text.length)}px ${theme.sans}`;
    context.fillText(text, x, y + radius * 0.38);
  }
}

/** One or two letters that no other color has. */
function shortName(name, names) {
  const tries = [name.length <= 2 ? name : name[0], name[0] + name.slice(-1)];
  const unlike = (brief) => names.every((other) => other === name
    || ![other, other[0], other[0] + other.slice(-1)].includes(brief));
  return tries.find(unlike) ?? String(names.indexOf(name));
}

/** Black or white, whichever is read better on a color "#rrggbb". */
function inkOn(color) {
  return brightness(color) > 0.32 ? "#10151c" : "#ffffff";
}

/** The relative luminance of a color: "#rrggbb" or "rgb(...)". */
function brightness(color) {
  const parts = color.startsWith("#")
    ? [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16))
    : color.match(/[\d.]+/g).slice(0, 3).map(Number);
  const [red, green, blue] = parts.map((part) => {
    const share = part / 255;
    return share <= 0.04 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
