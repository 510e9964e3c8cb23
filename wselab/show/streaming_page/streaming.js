/* A timeline of weight streaming to drag. What the traits mean, and the names in the DOM, stand in
   live_streaming.py, which also reckons all that is drawn here; what it shares with other pictures
   to drag, in drag.js. */

const WIDTH = 760, LEFT = 116, RIGHT = 40, TOP = 6;
const LANE = 56, BAR = 44, ZONE = 34, AXIS = 26; // heights: a lane and its bar, a zone, an axis
const GOOD = "#009E73", BAD = "#D55E00";

const PARTS = `
  <div class="wse-drag-head">
    <label>tokens in flight <input type="number" class="wse-streaming-tokens"></label>
    <label>weights sent <input type="range" class="wse-streaming-density"><output></output></label>
    <label>I/O <input type="range" class="wse-streaming-io" step="1"><output></output></label>
    <label><input type="checkbox" class="wse-streaming-ahead">double buffering</label>
    <label><input type="checkbox" class="wse-streaming-back">the way back</label>
    <button type="button" title="all as in the beginning">as built</button>
  </div>
  <svg role="group" aria-label="Above: weights in and computing over time. Below: tokens in flight, at which streaming stalls and whose activations fit"></svg>
  <div class="wse-streaming-said" role="status" aria-live="polite"></div>`;

function render({ model, el }) {
  const about = model.get("about"), { fewest, most, steps } = about.tokens;
  const root = opened(el, "streaming", PARTS);
  const find = (name) => root.querySelector(`.wse-streaming-${name}`);
  const svg = root.querySelector("svg"), said = find("said"), field = find("tokens");
  const density = find("density"), io = find("io");
  Object.assign(field, { min: fewest, max: most, step: 1 });
  Object.assign(density, { min: 0, max: about.densities.length - 1, step: 1 });
  Object.assign(io, { min: about.io.slowest * about.io.steps, max: about.io.fastest * about.io.steps });

  const rise = Math.log(most / fewest), span = WIDTH - LEFT - RIGHT;
  const x = (tokens) => LEFT + (span * Math.log(between(fewest, tokens, most) / fewest)) / rise;
  const hatch = `wse-waits-${Math.random().toString(36).slice(2)}`; // a page may have several of these

  const add = (kind, attributes, text, parent = svg) => added(parent, kind, attributes, text);

  const pattern = add("pattern", { id: hatch, width: 7, height: 7, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, "", add("defs", {}));
  add("line", { y2: 7, stroke: BAD, "stroke-width": 2.4 }, "", pattern);
  const ground = add("g", {});
  const now = add("line", { class: "now" });
  const handle = add("circle", { class: "handle", r: 10, role: "slider", tabindex: 0, "aria-label": "tokens in flight" });

  function draw() {
    const shown = model.get("shown"), tokens = model.get("tokens");
    const lanes = about.lanes.slice(0, model.get("back") ? 3 : 2);
    const below = TOP + lanes.length * LANE + AXIS + 14, scale = below + 2 * ZONE;
    svg.setAttribute("viewBox", `0 0 ${WIDTH} ${scale + AXIS + 28}`);
    ground.replaceChildren();
    drawTime(shown, lanes);
    zones(below, [["stalls", fewest, shown.needed, BAD], ["does not stall", shown.needed, most, GOOD]], "streaming");
    zones(below + ZONE, [["fits in SRAM", fewest, shown.fitting, GOOD], ["does not fit", shown.fitting, most, BAD]], "activations");
    for (let at = 1000; at <= most; at *= 10) {
      if (at >= fewest) add("text", { class: "tick", x: x(at), y: scale + AXIS + 10, "text-anchor": "middle" }, english(at), ground);
    }
    add("text", { class: "tick", x: LEFT + span / 2, y: scale + AXIS + 24, "text-anchor": "middle" }, "tokens in flight (drag the handle)", ground);
    place(now, { x1: x(tokens), x2: x(tokens), y1: below, y2: scale + 12 });
    place(handle, { cx: x(tokens), cy: scale + 12, "aria-valuenow": tokens, "aria-valuemin": fewest, "aria-valuemax": most, "aria-valuetext": `${english(tokens)} tokens` });
    if (document.activeElement !== field) field.value = tokens;
    density.value = about.densities.reduce((best, one, at) => (Math.abs(one - model.get("density")) < Math.abs(about.densities[best] - model.get("density")) ? at : best), 0);
    tell(density, `${+(100 * model.get("density")).toPrecision(3)} %`);
    io.value = Math.round(Math.log2(model.get("faster")) * about.io.steps);
    tell(io, shown.io);
    find("ahead").checked = model.get("ahead");
    find("back").checked = model.get("back");
    said.textContent = model.get("alt");
  }

  // ---- above: what comes in and what is computed, over time -----------------------------------
  function drawTime({ bars, until }, lanes) {
    const t = (seconds) => LEFT + (span * seconds) / until;
    const end = TOP + lanes.length * LANE, unit = 10 ** Math.floor(Math.log10(until / 2));
    const step = [1, 2, 5, 10].map((one) => one * unit).find((one) => until / one <= 8);
    const [times, name] = until < 1e-3 ? [1e6, "µs"] : until < 1 ? [1e3, "ms"] : [1, "s"];
    for (let at = 0; at <= until; at += step) {
      add("line", { class: "grid", x1: t(at), x2: t(at), y1: TOP, y2: end }, "", ground);
      add("text", { class: "tick", x: t(at), y: end + 14, "text-anchor": "middle" }, `${+(at * times).toPrecision(3)} ${name}`, ground);
    }
    for (const [row, lane] of lanes.entries()) {
      const top = TOP + row * LANE + (LANE - BAR) / 2;
      add("text", { x: LEFT - 8, y: top + BAR / 2 + 4, "text-anchor": "end" }, lane.name, ground);
      if (lane.name === about.waits) {
        add("text", { class: "tick", x: LEFT - 8, y: top + BAR / 2 + 20, "text-anchor": "end" }, "(hatched: waits)", ground);
      }
      for (const bar of bars) {
        if (bar.lane !== lane.name) continue;
        const left = t(bar.start), width = Math.max(0, t(bar.end) - left), high = BAR * bar.full;
        add("rect", { class: "part", x: left, y: top, width, height: BAR, fill: `url(#${hatch})` }, "", ground);
        add("rect", { class: "part", x: left, y: top + BAR - high, width, height: high, fill: lane.color }, "", ground);
        const label = width > 70 ? bar.name : bar.name.split(",")[0];
        if (width > 14) add("text", { class: "on", x: left + width / 2, y: top + BAR - 8, "text-anchor": "middle" }, label, ground);
      }
    }
  }

  // ---- below: at which tokens it stalls, and which fit ----------------------------------------
  function zones(top, parts, name) {
    add("text", { x: LEFT - 8, y: top + ZONE / 2 + 2, "text-anchor": "end" }, name, ground);
    for (const [words, from, to, color] of parts) {
      const left = x(from), width = x(to) - left;
      if (width <= 0) continue;
      add("rect", { class: "part", x: left, y: top, width, height: ZONE - 5, fill: color === GOOD ? GOOD : `url(#${hatch})` }, "", ground);
      if (width > 90) add("text", { class: "on", x: left + width / 2, y: top + ZONE / 2 + 2, "text-anchor": "middle" }, words, ground);
    }
  }

  function tell(slider, text) {
    slider.nextElementSibling.textContent = text;
    slider.setAttribute("aria-valuetext", text);
  }

  // ---- hands and keys -------------------------------------------------------------------------
  function toTokens(tokens) {
    if (Number.isFinite(tokens)) change(model, { tokens: Math.round(between(fewest, tokens, most)) });
  }

  drag(handle, (at) => toTokens(fewest * Math.exp((rise * (at.x - LEFT)) / span)));
  const toStep = (step) => toTokens(fewest * 2 ** (step / steps));
  const nearest = () => Math.round(Math.log2(model.get("tokens") / fewest) * steps);
  keys(handle, nearest, { page: steps, ends: [0, Math.log2(most / fewest) * steps] }, toStep);
  field.addEventListener("change", () => {
    toTokens(field.value === "" ? NaN : Number(field.value));
    field.value = model.get("tokens");
  });
  density.addEventListener("input", () => change(model, { density: about.densities[density.value] }));
  io.addEventListener("input", () => change(model, { faster: 2 ** (io.value / about.io.steps) }));
  for (const name of ["ahead", "back"]) {
    find(name).addEventListener("change", (event) => change(model, { [name]: event.target.checked }));
  }
  root.querySelector("button").addEventListener("click", () => change(model, about.built));

  return drawnWith(model, ["shown", "tokens", "density", "faster", "ahead", "back", "alt"], draw);
}

export default { render };
