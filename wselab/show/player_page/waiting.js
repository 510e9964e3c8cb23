// Who waits for whom, as arrows over the grid.

/** The middle of an arrow, bent to its left as far as it is in sight, or else to its right. */
function apex(x0, y0, x1, y1, far, scale, view) {
  const bend = Math.min(0.3 * far, 0.42 * scale + 0.05 * far);
  const at = (side) => [(x0 + x1) / 2 + side * bend * (y1 - y0) / far,
    (y0 + y1) / 2 - side * bend * (x1 - x0) / far];
  const seen = ([x, y]) => x > 24 && y > 14 && x < view.width - 24 && y < view.height - 14;
  return [1, 0.6, 0.35, -1].map(at).find(seen) ?? at(1);
}

/** An arrow's number, or those of its stretch, and the reason where there is room. */
const pill = (room, { mark, label }) => (room > 180 ? `${mark}  ${label}` : mark);

/** A dashed frame around the PE at which a chain ends. */
function drawLast(context, view, trace, [row, column], theme) {
  const [x, y] = [column - trace.columns[0], row - trace.rows[0]];
  context.strokeStyle = theme.red;
  context.lineWidth = 3;
  context.setLineDash([7, 5]);
  context.strokeRect(view.x + x * view.scale, view.y + y * view.scale, view.scale, view.scale);
  context.setLineDash([]);
}

/** Who waits for whom: an arrow from PE to PE for each link, with its number and its reason. */
function drawWaiting(context, view, trace, { arrows, last }, theme, layout) {
  const { scale } = view;
  context.fillStyle = theme.veil;
  context.fillRect(0, 0, view.width, view.height);
  const placed = [];
  if (last) drawLast(context, view, trace, last, theme);
  arrows.forEach((arrow) => {
    const { from, to, mark } = arrow;
    const ends = [from, to].map(([row, column]) => {
      const pe = (row - trace.rows[0]) * trace.width + column - trace.columns[0];
      const [x, y] = layout.middle(pe);
      return [view.x + x * scale, view.y + y * scale];
    });
    if (from.join() === to.join()) { // the end of a chain: what this PE waits for never comes
      const row = from[0] - trace.rows[0];
      const below = Math.min(view.height - 14, view.y + (row + 1) * scale);
      placed.push([[ends[0][0], below], pill(scale, arrow)]);
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
    if (mark) placed.push([at(0.5), pill(Math.max(scale, far), arrow)]);
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
