// What is drawn over the board: wavelets on their way, the numbers of rows and columns, and the PE
// that is chosen.

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
    if (values) {
      marks.label(context, ways.color[way], values[ways.id[way] - 1], x, y, radius, theme);
    }
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
