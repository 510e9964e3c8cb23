// What is drawn over the board: wavelets on their way, the numbers of rows and columns, the PE that
// is chosen, and who waits for whom.

const SMALLEST = 1.75; // pixels: a wavelet's radius, however far it is
const DOTS_UNTIL = 2.6; // wavelets of a smaller radius have no shape

/** Wavelets at a moment of their cycle: those that stay, or those that go; `phase` from 0 to 1. */
function drawWavelets(context, view, ways, staying, phase, marks, theme, layout) {
  const { scale, width, height } = view;
  const radius = Math.max(scale < 8 ? 1 : SMALLEST, layout.radius * scale);
  const values = radius >= VALUES_FROM ? layout.trace.wavelets.value : null;
  const spot = { x: 0, y: 0 };
  let color = -1;
  for (let way = 0; way < ways.count; way++) {
    if (ways.stays[way] !== staying || (ways.born[way] && phase === 0)) continue;
    ways.at(way, phase, spot);
    const x = view.x + spot.x * scale, y = view.y + spot.y * scale;
    if (x < -radius || y < -radius || x > width + radius || y > height + radius) continue;
    if (radius < DOTS_UNTIL) {
      if (ways.color[way] !== color) {
        color = ways.color[way];
        context.fillStyle = marks.hue(color, theme);
      }
      context.fillRect(x - radius, y - radius, 2 * radius, 2 * radius);
      continue;
    }
    if (ways.gone[way]) context.globalAlpha = 1 - 0.85 * phase * phase;
    else if (ways.born[way]) context.globalAlpha = 0.25 + 0.75 * phase;
    const sprite = marks.sprite(ways.color[way], radius, ways.control[way], theme);
    const half = sprite.width / 2;
    context.drawImage(sprite, x - half, y - half);
    if (values) marks.label(context, ways.color[way], values[ways.id[way] - 1], x, y, radius, theme);
    context.globalAlpha = 1;
  }
}

/** A number in few letters. */
function short(value) {
  return Number.isFinite(value) ? String(Number(value.toPrecision(3))) : String(value);
}

/** Row numbers on the left, column numbers on top, in steps that leave them room. */
function drawNumbers(context, view, trace, theme) {
  const { scale, width, height } = view;
  context.fillStyle = theme.paper;
  context.fillRect(0, 0, width, MARGIN.top);
  context.fillRect(0, 0, MARGIN.left, height);
  context.font = `11px ${theme.sans}`;
  context.fillStyle = theme.soft;
  context.textBaseline = "middle";
  const step = [1, 2, 5, 10, 20, 50, 100, 200].find((one) => one * scale >= 26) ?? 500;
  const first = (at) => Math.ceil(at / step) * step;
  context.textAlign = "center";
  for (let column = first(trace.columns[0]); column < trace.columns[1]; column += step) {
    const x = view.x + (column - trace.columns[0] + 0.5) * scale;
    if (x > MARGIN.left + 4) context.fillText(column, x, MARGIN.top / 2);
  }
  context.textAlign = "right";
  for (let row = first(trace.rows[0]); row < trace.rows[1]; row += step) {
    const y = view.y + (row - trace.rows[0] + 0.5) * scale;
    if (y > MARGIN.top + 4) context.fillText(row, MARGIN.left - 8, y);
  }
}

function drawChosen(context, view, trace, pe, theme, focused) {
  if (pe < 0) return;
  const { scale } = view, gap = Math.min(3, scale * 0.03);
  const x = view.x + (pe % trace.width) * scale, y = view.y + Math.floor(pe / trace.width) * scale;
  context.beginPath();
  context.roundRect(x + gap, y + gap, scale - 2 * gap, scale - 2 * gap, Math.min(8, scale * 0.08));
  context.strokeStyle = theme.focus;
  context.lineWidth = focused ? 3 : 2;
  context.stroke();
}

/** The middle of an arrow, bent to its left as far as it is in sight, or else to its right. */
function apex(x0, y0, x1, y1, far, scale, view) {
  const bend = Math.min(0.3 * far, 0.42 * scale + 0.05 * far);
  const at = (side) => [(x0 + x1) / 2 + side * bend * (y1 - y0) / far,
    (y0 + y1) / 2 - side * bend * (x1 - x0) / far];
  const seen = ([x, y]) => x > 24 && y > 14 && x < view.width - 24 && y < view.height - 14;
  return [1, 0.6, 0.35, -1].map(at).find(seen) ?? at(1);
}

/** An arrow's number, and its reason where there is room. */
const pill = (room, index, label) => (room > 90 ? `${index + 1}  ${label}` : `${index + 1}`);

/** Who waits for whom: an arrow from PE to PE for each link, with its number and its reason. */
function drawWaiting(context, view, trace, arrows, theme, layout) {
  const { scale } = view;
  context.fillStyle = theme.veil;
  context.fillRect(0, 0, view.width, view.height);
  const placed = [];
  arrows.forEach(({ from, to, label }, index) => {
    const ends = [from, to].map(([row, column]) => {
      const pe = (row - trace.rows[0]) * trace.width + column - trace.columns[0];
      const [x, y] = layout.middle(pe);
      return [view.x + x * scale, view.y + y * scale];
    });
    if (from.join() === to.join()) { // the end of a chain: what this PE waits for never comes
      const [column, row] = [from[1] - trace.columns[0], from[0] - trace.rows[0]];
      context.strokeStyle = theme.red;
      context.lineWidth = 3;
      context.setLineDash([7, 5]);
      context.strokeRect(view.x + column * scale, view.y + row * scale, scale, scale);
      context.setLineDash([]);
      placed.push([[ends[0][0], Math.min(view.height - 14, view.y + (row + 1) * scale)], pill(scale, index, label)]);
      return;
    }
    const [[x0, y0], [x1, y1]] = ends, far = Math.hypot(x1 - x0, y1 - y0) || 1;
    const middle = apex(x0, y0, x1, y1, far, scale, view);
    const control = [2 * middle[0] - (x0 + x1) / 2, 2 * middle[1] - (y0 + y1) / 2];
    const share = Math.min(0.35, 0.2 * scale / far);
    const at = (t) => [0, 1].map((axis) => (1 - t) ** 2 * ends[0][axis]
      + 2 * t * (1 - t) * control[axis] + t * t * ends[1][axis]);
    const points = Array.from({ length: 25 }, (_, k) => at(share + (k / 24) * (1 - 2 * share)));
    for (const [color, width] of [[theme.paper, 7], [theme.red, 3.25]]) {
      context.beginPath();
      points.forEach(([x, y], k) => context[k ? "lineTo" : "moveTo"](x, y));
      context.strokeStyle = color;
      context.lineWidth = width;
      context.lineCap = "round";
      context.stroke();
    }
    const [tip, before] = [points.at(-1), points.at(-4)];
    const angle = Math.atan2(tip[1] - before[1], tip[0] - before[0]);
    context.save();
    context.translate(...tip);
    context.rotate(angle);
    context.beginPath();
    context.moveTo(9, 0);
    context.lineTo(-7, 7);
    context.lineTo(-7, -7);
    context.closePath();
    context.fillStyle = theme.red;
    context.fill();
    context.restore();
    placed.push([at(0.5), pill(Math.max(scale, far), index, label)]);
  });
  context.font = `600 12px ${theme.sans}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (const [[x, y], text] of placed) {
    const half = context.measureText(text).width / 2 + 8;
    const inside = Math.max(half + 2, Math.min(view.width - half - 2, x));
    context.beginPath();
    context.roundRect(inside - half, y - 11, 2 * half, 22, 11);
    context.fillStyle = theme.paper;
    context.fill();
    context.strokeStyle = theme.red;
    context.lineWidth = 1.5;
    context.stroke();
    context.fillStyle = theme.ink;
    context.fillText(text, inside, y + 0.5);
  }
}
