/* A roofline to drag. What the traits mean, and the names in the DOM, stand in live_roofline.py;
   what it shares with other pictures to drag, in drag.js. */

const WIDTH = 760, HEIGHT = 420, LEFT = 84, RIGHT = 96, TOP = 14, BOTTOM = 46;
const SQUARE_AT = 0.04; // where on the slope the memory's handle stands, as a share of the width
const PREFIXES = ["", "k", "M", "G", "T", "P", "E"];

const PARTS = `
  <div class="wse-drag-head">
    <label>chip <select class="wse-roofline-chip"></select></label>
    <label>kernel <select class="wse-roofline-kernel"></select></label>
    <button type="button" title="batch 1, and the memory that the chip has">as built</button>
    <span>Drag ● along the roof: the batch. Drag ■ up or down: the memory.</span>
  </div>
  <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="group"
    aria-label="Roofline: operations a second over operations a byte, logarithmic scales"></svg>
  <div class="wse-roofline-said" role="status" aria-live="polite"></div>`;

function render({ model, el }) {
  const about = model.get("about"), [low, high, least, most] = about.limits;
  const root = opened(el, "roofline", PARTS);
  const svg = root.querySelector("svg"), said = root.querySelector(".wse-roofline-said");
  const chips = root.querySelector(".wse-roofline-chip");
  const kernels = root.querySelector(".wse-roofline-kernel");
  for (const [at, roof] of about.roofs.entries()) chips.add(new Option(roof.name, at));
  for (const [at, kernel] of about.kernels.entries()) kernels.add(new Option(kernel.name, at));

  // ---- scales: operations a byte to x, operations a second to y, and back ---------------------
  const span = Math.log(high / low), rise = Math.log(most / least);
  const x = (intensity) => LEFT + ((WIDTH - LEFT - RIGHT) * Math.log(intensity / low)) / span;
  const y = (rate) => HEIGHT - BOTTOM - ((HEIGHT - TOP - BOTTOM) * Math.log(rate / least)) / rise;
  const intensityAt = (px) => low * Math.exp((span * (px - LEFT)) / (WIDTH - LEFT - RIGHT));
  const rateAt = (py) => least * Math.exp((rise * (HEIGHT - BOTTOM - py)) / (HEIGHT - TOP - BOTTOM));

  const add = (kind, attributes, text) => added(svg, kind, attributes, text);

  // ---- what stands still: the grid ------------------------------------------------------------
  for (let power = Math.ceil(Math.log10(low)); 10 ** power <= high; power++) {
    const at = x(10 ** power);
    add("line", { class: "grid", x1: at, x2: at, y1: TOP, y2: HEIGHT - BOTTOM });
    add("text", { class: "tick", x: at, y: HEIGHT - BOTTOM + 16, "text-anchor": "middle" }, english(+(10 ** power).toPrecision(1)));
  }
  for (let power = Math.ceil(Math.log10(least)); 10 ** power <= most; power++) {
    const at = y(10 ** power), group = Math.floor(power / 3);
    add("line", { class: "grid", x1: LEFT, x2: WIDTH - RIGHT, y1: at, y2: at });
    const label = `${10 ** (power - 3 * group)} ${PREFIXES[group]}flop/s`;
    add("text", { class: "tick", x: LEFT - 6, y: at + 4, "text-anchor": "end" }, label);
  }
  add("text", { class: "tick", x: (LEFT + WIDTH - RIGHT) / 2, y: HEIGHT - 6, "text-anchor": "middle" }, "operations with each byte (flop a byte)");

  // ---- what moves -----------------------------------------------------------------------------
  const lines = about.roofs.map((roof) => ({
    path: add("path", { class: "roof", stroke: roof.color, "stroke-dasharray": roof.dashes.map((d) => 2 * d).join(" ") }),
    name: add("text", { class: "name", x: WIDTH - RIGHT + 6 }, roof.name),
  }));
  const ridge = add("line", { class: "ridge", y2: HEIGHT - BOTTOM });
  const left = add("text", { class: "zone", y: HEIGHT - BOTTOM - 8, "text-anchor": "end" }, "waits for memory ◂");
  const right = add("text", { class: "zone", y: HEIGHT - BOTTOM - 8 }, "▸ waits for arithmetic");
  const drop = add("line", { class: "drop", y2: HEIGHT - BOTTOM });
  const square = add("rect", { class: "handle", width: 18, height: 18, role: "slider", tabindex: 0, "aria-label": "memory", "aria-orientation": "vertical" });
  const dot = add("circle", { class: "handle", r: 10, role: "slider", tabindex: 0, "aria-label": "batch" });

  function draw() {
    const chosen = model.get("chip"), step = model.get("step"), faster = model.get("faster");
    const line = about.kernels[model.get("kernel")].intensities;
    chips.value = chosen;
    kernels.value = model.get("kernel");
    for (const [at, roof] of about.roofs.entries()) {
      const bandwidth = roof.bandwidth * (at === chosen ? faster : 1), turn = roof.peak / bandwidth;
      const start = Math.max(low, least / bandwidth);
      const bend = turn > low ? `${x(start)} ${y(Math.min(roof.peak, start * bandwidth))} L ${x(Math.min(turn, high))} ${y(Math.min(roof.peak, high * bandwidth))}` : `${x(low)} ${y(roof.peak)}`;
      lines[at].path.setAttribute("d", `M ${bend} L ${x(high)} ${y(Math.min(roof.peak, high * bandwidth))}`);
      lines[at].path.classList.toggle("chosen", at === chosen);
      lines[at].name.setAttribute("y", y(roof.peak) + 4);
      lines[at].name.classList.toggle("chosen", at === chosen);
    }
    const { peak, bandwidth, color } = about.roofs[chosen], fast = bandwidth * faster;
    const reach = (intensity) => Math.min(peak, intensity * fast);
    const bendAt = between(LEFT, x(peak / fast), WIDTH - RIGHT);
    place(ridge, { x1: bendAt, x2: bendAt, y1: y(peak) });
    left.setAttribute("x", bendAt - 8);
    right.setAttribute("x", bendAt + 8);
    left.style.display = bendAt - LEFT > 150 ? "" : "none";
    right.style.display = WIDTH - RIGHT - bendAt > 160 ? "" : "none";
    const cx = x(line[step]), cy = y(reach(line[step]));
    place(drop, { x1: cx, x2: cx, y1: cy });
    place(dot, { cx, cy, fill: color });
    tell(dot, step, 0, about.batches.length - 1, `batch ${english(about.batches[step])}`);
    const px = LEFT + SQUARE_AT * (WIDTH - LEFT - RIGHT), py = y(reach(intensityAt(px)));
    place(square, { x: px - 9, y: py - 9, fill: color });
    const { slowest, fastest } = about.memory;
    tell(square, Math.log2(faster), slowest, fastest, `memory ${english(+faster.toPrecision(3))} times as fast as built`);
    said.textContent = model.get("alt");
  }

  function tell(handle, now, min, max, text) {
    place(handle, { "aria-valuenow": now, "aria-valuemin": min, "aria-valuemax": max, "aria-valuetext": text });
  }

  // ---- hands and keys -------------------------------------------------------------------------
  function toStep(step) {
    change(model, { step: between(0, step, about.batches.length - 1) });
  }

  function toPower(power) {
    const { slowest, fastest, steps } = about.memory;
    const rounded = Math.round(power * steps) / steps;
    change(model, { faster: 2 ** between(slowest, rounded, fastest) });
  }

  drag(dot, (at) => {
    const line = about.kernels[model.get("kernel")].intensities, wanted = Math.log(intensityAt(at.x));
    let nearest = 0;
    for (const [step, intensity] of line.entries()) {
      if (Math.abs(Math.log(intensity) - wanted) < Math.abs(Math.log(line[nearest]) - wanted)) nearest = step;
    }
    if (nearest !== model.get("step")) toStep(nearest);
  });
  drag(square, (at) => {
    const px = LEFT + SQUARE_AT * (WIDTH - LEFT - RIGHT);
    const built = about.roofs[model.get("chip")].bandwidth * intensityAt(px);
    toPower(Math.log2(rateAt(at.y) / built));
  });
  const { slowest, fastest, steps } = about.memory;
  const batches = { page: 4, ends: [0, about.batches.length - 1] };
  keys(dot, () => model.get("step"), batches, toStep);
  const powers = { step: 1 / steps, page: 4 / steps, ends: [slowest, fastest] };
  keys(square, () => Math.log2(model.get("faster")), powers, toPower);

  chips.addEventListener("change", () => change(model, { chip: Number(chips.value), faster: 1 }));
  kernels.addEventListener("change", () => change(model, { kernel: Number(kernels.value) }));
  root.querySelector("button").addEventListener("click", () => change(model, { step: 0, faster: 1 }));

  return drawnWith(model, ["chip", "kernel", "step", "faster", "alt"], draw);
}

export default { render };
