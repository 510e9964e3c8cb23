/* What stands around and over the map: rows, columns, the cursor. */

const MARGIN = { left: 46, bottom: 36, top: 4, right: 4 }; // CSS pixels

/** Draw the axes of what is seen: `across` and `down` pixels a PE, from PE `top`, `left` on. */
function drawAxes(ink, color, { width, height, top, left, across, down, ratio }) {
  const x0 = MARGIN.left * ratio, y0 = MARGIN.top * ratio;
  ink.fillStyle = ink.strokeStyle = color;
  ink.font = `${11 * ratio}px sans-serif`;
  ink.lineWidth = ratio;
  ink.strokeRect(x0 - ratio / 2, y0 - ratio / 2, width + ratio, height + ratio);
  const whole = (first, count, most) =>
    ticks(Math.ceil(first), Math.floor(first + count - 0.01), most, true);
  [ink.textAlign, ink.textBaseline] = ["center", "top"];
  for (const column of whole(left, width / across, Math.min(8, width / ratio / 40))) {
    const x = x0 + (column + 0.5 - left) * across;
    ink.fillRect(x, y0 + height, ratio, 4 * ratio);
    ink.fillText(column, x, y0 + height + 6 * ratio);
  }
  ink.fillText("column, west to east", x0 + width / 2, y0 + height + 20 * ratio);
  [ink.textAlign, ink.textBaseline] = ["right", "middle"];
  for (const row of whole(top, height / down, height / ratio / 30)) {
    const y = y0 + (row + 0.5 - top) * down;
    ink.fillRect(x0 - 5 * ratio, y, 4 * ratio, ratio);
    ink.fillText(row, x0 - 7 * ratio, y);
  }
  if (height < 110 * ratio) return; // no room for the words beside it
  ink.save();
  ink.translate(6 * ratio, y0 + height / 2);
  ink.rotate(-Math.PI / 2);
  ink.textAlign = "center";
  ink.fillText("row, north to south", 0, 0);
  ink.restore();
}

/** Numbers, one a PE, where there is room: black or white, as can be read on the PE's color. */
function drawNumbers(ink, numbers, colors, lens) {
  const { width, height, rows, columns, top, left, across, down, ratio } = lens;
  ink.save();
  ink.beginPath();
  ink.rect(MARGIN.left * ratio, MARGIN.top * ratio, width, height);
  ink.clip();
  ink.font = `${11 * ratio}px sans-serif`;
  [ink.textAlign, ink.textBaseline] = ["center", "middle"];
  const widest = Math.max(...numbers.map((text) => ink.measureText(text).width));
  if (widest < across - 4 * ratio && down > 14 * ratio)
    for (let pe = 0; pe < rows * columns; pe++) {
      const column = pe % columns, row = (pe - column) / columns;
      const [red, green, blue] = [0, 8, 16].map((bits) => (colors[pe] >>> bits) & 255);
      ink.fillStyle = 0.3 * red + 0.59 * green + 0.11 * blue > 127 ? "#000" : "#fff";
      const x = MARGIN.left * ratio + (column + 0.5 - left) * across;
      ink.fillText(numbers[pe], x, MARGIN.top * ratio + (row + 0.5 - top) * down);
    }
  ink.restore();
}

/** A frame around a PE, black and white, so that it is seen on every color. */
function drawCursor(ink, [row, column], { top, left, across, down, ratio }) {
  const w = Math.max(across, 9 * ratio), h = Math.max(down, 9 * ratio);
  const x = MARGIN.left * ratio + (column + 0.5 - left) * across - w / 2;
  const y = MARGIN.top * ratio + (row + 0.5 - top) * down - h / 2;
  for (const [color, line] of [["#000", 4], ["#fff", 2]]) {
    ink.strokeStyle = color;
    ink.lineWidth = line * ratio;
    ink.strokeRect(x, y, w, h);
  }
}
