/* Draws the map of a wafer. What travels, and the names in the DOM, stand in live_map.py. */

const BETWEEN_MS = 33; // between two words of frames drawn, so that about 30 a second come
const CALM_MS = 1000; // between two frames where the reader's system asks for little motion
const SETTLED_MS = 1000; // after the last frame its words are asked for,
const WORDS_MS = 10000; // and while frames keep coming, this often
const MARGIN = { left: 46, bottom: 36, top: 4, right: 4 }; // CSS pixels, for the axes
const MOST = { width: 1000, height: 560, cell: 64 };
const DEAD = 255; // of the levels; 0 to 254 lie along the scale
const INK = 0xff000000, PAPER = 0xffffffff; // dead PEs are hatched in these

const PARTS = `
  <div class="wse-map-head">
    <span class="wse-map-title"></span>
    <label class="wse-map-layers">shows <select class="wse-map-layer"></select></label>
    <span class="wse-map-buttons">
      <button type="button" aria-label="zoom in" title="zoom in (+)">+</button>
      <button type="button" aria-label="zoom out" title="zoom out (-)">−</button>
      <button type="button" aria-label="whole wafer" title="whole wafer (0)">whole</button>
      <button type="button" aria-label="go to the highest" title="go to the highest (h)">highest</button>
      <button type="button" aria-label="go to the next dead PE" title="next dead PE (d)">dead</button>
    </span>
  </div>
  <div class="wse-map-view" tabindex="0" role="application"><canvas></canvas></div>
  <div class="wse-map-value"></div>
  <div class="wse-map-scope"></div>
  <div class="wse-map-legend"><canvas></canvas>
    <span class="wse-map-ticks"></span><span class="wse-map-label"></span>
    <span class="wse-map-dead">dead</span></div>
  <div class="wse-map-said" role="status" aria-live="polite"></div>`;

const clamp = (x, low, high) => Math.max(low, Math.min(high, x));
const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** At most `most` round numbers from `low` to `high`. */
function ticks(low, high, most, whole) {
  const rough = Math.max((high - low) / most, whole ? 1 : 1e-300);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((k) => k * power).find((s) => s >= rough * 0.999);
  const found = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k++) found.push(k * step);
  return found;
}

/** Text that is set only where it is new, since the whole page is laid out again for it. */
const write = (element, text) => element.textContent === text || (element.textContent = text);

const short = (x) =>
  x !== 0 && (Math.abs(x) >= 1e7 || Math.abs(x) < 1e-3)
    ? x.toExponential(2).replace(/\.?0+e/, "e")
    : Number(x.toPrecision(5)).toLocaleString("en");

function render({ model, el }) {
  const about = model.get("about");
  const [rows, columns] = about.shape;
  const root = document.createElement("div");
  root.className = "wse-map";
  root.dataset.frame = root.dataset.newest = 0;
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", "Map of a wafer");
  root.innerHTML = PARTS;
  el.appendChild(root);
  const part = (name) => root.querySelector(`.wse-map-${name}`);
  const view = part("view"), canvas = view.firstChild, strip = part("legend").firstChild;
  const ink = canvas.getContext("2d"), buttons = {};
  for (const button of root.querySelectorAll("button")) buttons[button.ariaLabel] = button;
  view.setAttribute(
    "aria-label",
    `Map of ${rows} rows by ${columns} columns of PEs. Arrow keys move the cursor, with Shift they ` +
      "pan; plus and minus zoom, 0 shows the whole wafer; h goes to the highest, d to the next dead PE.",
  );
  part("label").textContent = about.label;
  for (const name of about.layers) part("layer").add(new Option(name || "map", name));
  part("layers").hidden = about.layers.length < 2;

  // ---- colors -----------------------------------------------------------------------------
  // Of the PEs in a dot that with the highest rank is shown: the rank is the level or, where the
  // scale goes both ways from zero, counts outward from the middle.
  const rgb = new Uint8Array(about.colors.buffer, about.colors.byteOffset, 3 * 255);
  const lut = new Uint32Array(256), rankOf = new Uint8Array(256), levelOf = new Uint8Array(256);
  for (let level = 0; level < 256; level++) {
    const outward = 2 * Math.abs(level - 127) - (level > 127 ? 1 : 0);
    const rank = about.signed && level !== DEAD ? outward : level;
    [rankOf[level], levelOf[rank]] = [rank, level];
    lut[rank] = INK | (rgb[3 * level + 2] << 16) | (rgb[3 * level + 1] << 8) | rgb[3 * level];
  }

  // ---- what is seen -----------------------------------------------------------------------
  let frame = null; // the newest that came: number, sent, title, layer, limits, ranks
  let cursor = null, atKeyboard = false, pointed = null; // PEs as [row, column]
  let ratio = 1, width = 0, height = 0; // of the map in device pixels
  let fit = [1, 1]; // device pixels a PE, across and down, of the whole wafer
  let zoom = 1, left = 0, top = 0; // top and left in PEs
  let dots, image, out; // a level and a color for each pixel, kept from frame to frame

  const scale = () => [fit[0] * zoom, fit[1] * zoom];
  const seen = () => [height / scale()[1], width / scale()[0]]; // rows and columns, broken ones too

  function measure() {
    const room = Math.min(part("head").clientWidth - MARGIN.left - MARGIN.right, MOST.width);
    if (room <= 0) return false;
    const tall = Math.min(MOST.height, 0.55 * innerHeight);
    const flat = columns > 2.5 * rows || rows > 2.5 * columns; // then a PE is no square
    let across = Math.min(room / columns, MOST.cell), down = Math.min(tall / rows, MOST.cell);
    if (!flat) across = down = Math.min(across, down);
    if (columns > 2.5 * rows) down = Math.min(down, Math.max(across, 120 / rows));
    if (rows > 2.5 * columns) across = Math.min(across, Math.max(down, 240 / columns));
    const dpr = devicePixelRatio || 1;
    const w = Math.round(across * columns * dpr), h = Math.round(down * rows * dpr);
    if (w !== width || h !== height || dpr !== ratio) {
      [ratio, width, height] = [dpr, w, h];
      fit = [w / columns, h / rows];
      dots = new Uint8Array(w * h);
      image = new ImageData(w, h);
      out = new Uint32Array(image.data.buffer);
      canvas.width = w + Math.round((MARGIN.left + MARGIN.right) * dpr);
      canvas.height = h + Math.round((MARGIN.top + MARGIN.bottom) * dpr);
      canvas.style.width = `${canvas.width / dpr}px`;
      canvas.style.height = `${canvas.height / dpr}px`;
    }
    return true;
  }

  /** Which PEs each device pixel stands for along one axis: first ones and ends. */
  function spans(pixels, start, per, most) {
    const from = new Int32Array(pixels), to = new Int32Array(pixels);
    for (let p = 0; p < pixels; p++) {
      from[p] = clamp(Math.floor(start + p / per + 1e-9), 0, most - 1);
      to[p] = clamp(Math.floor(start + (p + 1) / per + 1e-9), from[p] + 1, most);
    }
    return [from, to];
  }

  /** Find the rank of each pixel: of several PEs the highest, so that a dead one is before all. */
  function pool() {
    const { ranks } = frame;
    const [across, down] = scale();
    const [c0, c1] = spans(width, left, across, columns), [r0, r1] = spans(height, top, down, rows);
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

  function paint() {
    const [across, down] = scale();
    pool();
    for (let i = 0; i < out.length; i++) out[i] = lut[dots[i]];
    const bit = Math.max(1, Math.round(1.5 * ratio)), dead = [];
    for (let i = dots.indexOf(DEAD); i >= 0; i = dots.indexOf(DEAD, i + 1)) dead.push(i);
    // A lone one is drawn larger, to be seen, unless that would make many look like most.
    const small = Math.min(across, down) < 4 * ratio;
    const reach = small ? [2, 1, 0].find((r) => !r || dead.length * (2 * r + 1) ** 2 < out.length / 30) : 0;
    for (const i of dead) {
      const x = i % width, y = (i - x) / width;
      for (let v = Math.max(0, y - reach); v <= Math.min(height - 1, y + reach); v++)
        for (let u = Math.max(0, x - reach); u <= Math.min(width - 1, x + reach); u++)
          out[v * width + u] = Math.floor((u + v) / bit) % 2 ? INK : PAPER;
    }
    ink.clearRect(0, 0, canvas.width, canvas.height);
    ink.putImageData(image, MARGIN.left * ratio, MARGIN.top * ratio);
  }

  function axes() {
    const [across, down] = scale(), [tall, wide] = seen();
    const x0 = MARGIN.left * ratio, y0 = MARGIN.top * ratio;
    ink.fillStyle = ink.strokeStyle = getComputedStyle(root).color;
    ink.font = `${11 * ratio}px sans-serif`;
    ink.lineWidth = ratio;
    ink.strokeRect(x0 - ratio / 2, y0 - ratio / 2, width + ratio, height + ratio);
    ink.textAlign = "center";
    ink.textBaseline = "top";
    for (const column of ticks(Math.ceil(left), Math.floor(left + wide - 0.01), 8, true)) {
      const x = x0 + (column + 0.5 - left) * across;
      ink.fillRect(x, y0 + height, ratio, 4 * ratio);
      ink.fillText(column, x, y0 + height + 6 * ratio);
    }
    ink.fillText("column, west to east", x0 + width / 2, y0 + height + 20 * ratio);
    ink.textAlign = "right";
    ink.textBaseline = "middle";
    for (const row of ticks(Math.ceil(top), Math.floor(top + tall - 0.01), height / ratio / 30, true)) {
      const y = y0 + (row + 0.5 - top) * down;
      ink.fillRect(x0 - 5 * ratio, y, 4 * ratio, ratio);
      ink.fillText(row, x0 - 7 * ratio, y);
    }
    if (height > 70 * ratio) {
      ink.save();
      ink.translate(6 * ratio, y0 + height / 2);
      ink.rotate(-Math.PI / 2);
      ink.textAlign = "center";
      ink.fillText("row, north to south", 0, 0);
      ink.restore();
    }
    if (cursor && atKeyboard) {
      const w = Math.max(across, 9 * ratio), h = Math.max(down, 9 * ratio);
      const x = x0 + (cursor[1] + 0.5 - left) * across - w / 2;
      const y = y0 + (cursor[0] + 0.5 - top) * down - h / 2;
      for (const [color, line] of [["#000", 4], ["#fff", 2]]) {
        ink.strokeStyle = color;
        ink.lineWidth = line * ratio;
        ink.strokeRect(x, y, w, h);
      }
    }
  }

  function legend() {
    write(part("title"), frame.title);
    part("layer").value = frame.layer;
    const none = frame.ranks.indexOf(DEAD) < 0;
    part("dead").hidden = buttons["go to the next dead PE"].disabled = none;
    const [low, high] = frame.limits, apart = (high - low) / 8;
    const between = ticks(low, high, 4, false).filter((x) => x > low + apart && x < high - apart);
    if (String(frame.limits) === strip.dataset.limits) return;
    strip.dataset.limits = frame.limits;
    strip.width = 255;
    strip.height = 1;
    const image = new ImageData(255, 1);
    const line = new Uint32Array(image.data.buffer);
    line.forEach((_, level) => (line[level] = lut[rankOf[level]]));
    strip.getContext("2d").putImageData(image, 0, 0);
    part("ticks").replaceChildren(
      ...[low, ...between, high].map((value) => {
        const tick = document.createElement("span");
        tick.textContent = short(value);
        tick.style.left = `${(100 * (value - low)) / (high - low)}%`;
        return tick;
      }),
    );
  }

  function scope() {
    const [tall, wide] = seen(), [across, down] = scale();
    const last = (start, count, most) => Math.min(most - 1, Math.ceil(start + count - 1e-6) - 1);
    const per = [1 / down, 1 / across].map((x) => Math.max(1, Math.ceil(x - 1e-6)));
    const each = about.signed ? "farthest from zero" : "highest";
    const pools = per[0] * per[1] > 1;
    const range = (name, first, end) => (first === end ? `${name} ${first}` : `${name}s ${first} to ${end}`);
    write(
      part("scope"),
      range("row", Math.floor(top), last(top, tall, rows)) +
        range(", column", Math.floor(left), last(left, wide, columns)) +
        (pools ? `; a dot shows the ${each} of up to ${per[0]} x ${per[1]} PEs, or that one is dead` : ""),
    );
  }

  // ---- drawing, and saying so ---------------------------------------------------------------
  let asked = 0, last = { drawn: -1e9, said: 0, words: 0 }, owed = [], timers = {};

  function later(name, ms, work) {
    if (timers[name]) return;
    timers[name] = setTimeout(() => {
      timers[name] = 0;
      work();
    }, Math.max(0, ms));
  }

  /** Draw with the page's next picture; fresh where a new frame came. */
  function draw() {
    if (asked) return;
    asked = requestAnimationFrame(() => {
      asked = 0;
      if (!frame || !root.isConnected || !measure()) return; // not seen now: nothing is acknowledged
      look();
      paint();
      axes();
      if (frame.isNew) {
        frame.isNew = false;
        legend();
        last.drawn = performance.now();
        root.dataset.frame = Number(root.dataset.frame) + 1;
        root.dataset.newest = frame.number;
        acknowledge("drawn", frame.sent);
        ask();
        words();
      }
      scope();
    });
  }

  function acknowledge(kind, sent) {
    owed.push({ kind, sent });
    const next = () => {
      model.send(owed.shift());
      last.said = performance.now();
      if (owed.length) later("said", BETWEEN_MS, next);
    };
    later("said", last.said + BETWEEN_MS - performance.now(), next);
  }

  function words() {
    const wait = performance.now() - last.words > WORDS_MS ? 0 : SETTLED_MS;
    if (wait) {
      clearTimeout(timers.words);
      timers.words = 0;
    }
    later("words", last.words ? wait : 0, () => {
      last.words = performance.now();
      model.send({ kind: "words" });
    });
  }

  // ---- one PE in words ----------------------------------------------------------------------
  let waiting = null; // the PE whose value the kernel was asked for

  const chosen = () => pointed || (atKeyboard ? cursor : null);

  function ask() {
    const at = chosen();
    if (!at || !frame) return tell(null, "");
    const level = levelOf[frame.ranks[at[0] * columns + at[1]]], [low, high] = frame.limits;
    const value = low + (level / 254) * (high - low);
    if (level === DEAD) announce(at, "dead");
    else if (!waiting) tell(at, `about ${short(Number(value.toPrecision(3)))}`);
    if (level !== DEAD && !waiting) {
      waiting = at;
      model.send({ kind: "value", at });
    }
  }

  /** Tell, and say it aloud where the reader moves by keyboard. */
  function announce(at, text) {
    tell(at, text);
    if (!pointed) write(part("said"), part("value").textContent);
  }

  function tell(at, text) {
    write(part("value"), at ? `PE (${at[0]}, ${at[1]}): ${text}` : "");
  }

  function hear(message, buffers) {
    if (message.kind === "frame") {
      if (frame?.isNew) acknowledge("dropped", frame.sent);
      const bytes = buffers[0];
      const ranks = new Uint8Array(bytes.buffer ?? bytes, bytes.byteOffset ?? 0, rows * columns);
      if (about.signed) for (let pe = 0; pe < ranks.length; pe++) ranks[pe] = rankOf[ranks[pe]];
      frame = { ...message, ranks, isNew: true };
      later("draw", calm() ? last.drawn + CALM_MS - performance.now() : 0, draw);
    } else if (message.kind === "value") {
      const at = chosen(), here = at && message.at[0] === at[0] && message.at[1] === at[1];
      waiting = null;
      if (!here) return ask();
      announce(at, message.text);
    } else if (message.kind === "words") {
      part("said").textContent = message.text;
    } else if (message.kind === "go") {
      go(...message.at);
    }
  }

  // ---- moving -------------------------------------------------------------------------------
  function look() {
    zoom = clamp(zoom, 1, Math.max(1, (MOST.cell * ratio) / Math.max(...fit)));
    const [tall, wide] = seen();
    top = clamp(top, 0, rows - tall);
    left = clamp(left, 0, columns - wide);
    root.dataset.zoomed = zoom > 1;
  }

  /** Zoom by a factor; the PE at a place of the map, in parts of it, stays there. */
  function magnify(factor, x = 0.5, y = 0.5) {
    const before = seen();
    zoom *= factor;
    zoom = clamp(zoom, 1, Math.max(1, (MOST.cell * ratio) / Math.max(...fit)));
    const after = seen();
    top += (before[0] - after[0]) * y;
    left += (before[1] - after[1]) * x;
    draw();
  }

  function go(row, column) {
    cursor = [clamp(row, 0, rows - 1), clamp(column, 0, columns - 1)];
    [atKeyboard, pointed] = [true, null];
    const [tall, wide] = seen();
    top = clamp(top, cursor[0] + 1 - tall, cursor[0]);
    left = clamp(left, cursor[1] + 1 - wide, cursor[1]);
    ask();
    draw();
  }

  const place = ({ clientX, clientY }) => {
    const box = canvas.getBoundingClientRect();
    return [
      ((clientX - box.left - MARGIN.left) * ratio) / width,
      ((clientY - box.top - MARGIN.top) * ratio) / height,
    ];
  };

  const acts = {
    "zoom in": () => magnify(1.5, ...anchor()),
    "zoom out": () => magnify(1 / 1.5, ...anchor()),
    "whole wafer": () => magnify(1e-9),
    "go to the highest": () => model.send({ kind: "highest", after: cursor ?? [-1, columns - 1] }),
    "go to the next dead PE": () => model.send({ kind: "dead", after: cursor ?? [-1, columns - 1] }),
  };
  const keys = { "+": "zoom in", "=": "zoom in", "-": "zoom out", 0: "whole wafer" };
  Object.assign(keys, { h: "go to the highest", d: "go to the next dead PE" });
  const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

  function anchor() {
    if (!atKeyboard || !cursor) return [0.5, 0.5];
    const [tall, wide] = seen();
    return [(cursor[1] + 0.5 - left) / wide, (cursor[0] + 0.5 - top) / tall];
  }

  view.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (steps[event.key]) {
      const [tall, wide] = seen(), far = event.shiftKey;
      const [down, right] = steps[event.key];
      const by = [tall, wide].map((size) => (far ? Math.max(1, Math.round(size / 10)) : 1));
      const [row, column] = cursor;
      if (far) [top, left] = [top + down * by[0], left + right * by[1]];
      look();
      go(row + down * by[0], column + right * by[1]);
    } else if (keys[event.key]) acts[keys[event.key]]();
    else return;
    event.preventDefault();
  });
  view.addEventListener("focus", () => {
    const [tall, wide] = seen();
    cursor ??= [Math.floor(top + tall / 2), Math.floor(left + wide / 2)];
    atKeyboard = view.matches(":focus-visible");
    ask();
    draw();
  });
  view.addEventListener("blur", () => {
    atKeyboard = false;
    draw();
  });
  for (const name in buttons) buttons[name].addEventListener("click", acts[name]);
  part("layer").addEventListener("change", (event) =>
    model.send({ kind: "layer", layer: event.target.value }),
  );

  let held = null;
  canvas.addEventListener("pointerdown", (event) => {
    view.focus({ preventScroll: true });
    held = { at: place(event), top, left };
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointerup", () => (held = null));
  canvas.addEventListener("pointermove", (event) => {
    const [x, y] = place(event), [tall, wide] = seen();
    if (held) {
      top = held.top - (y - held.at[1]) * tall;
      left = held.left - (x - held.at[0]) * wide;
      draw();
    }
    const inside = x >= 0 && x < 1 && y >= 0 && y < 1;
    pointed = inside ? [Math.floor(top + y * tall), Math.floor(left + x * wide)] : null;
    ask();
  });
  canvas.addEventListener("pointerleave", () => {
    pointed = null;
    ask();
  });
  canvas.addEventListener(
    "wheel",
    (event) => {
      const out = event.deltaY > 0;
      // The page scrolls under the pointer, unless the map was chosen; and on beyond the whole.
      if ((document.activeElement !== view && !event.ctrlKey) || (out && zoom <= 1)) return;
      event.preventDefault();
      magnify(Math.exp(-clamp(event.deltaY, -300, 300) / 400), ...place(event));
    },
    { passive: false },
  );

  // JupyterLab takes keys before the page does, such as d, d to delete a cell; not where an element
  // has this attribute. What comes with Ctrl, to save or to undo, stays its own.
  const shield = (event) =>
    root.toggleAttribute("data-lm-suppress-shortcuts", !event.ctrlKey && !event.metaKey && !event.altKey);

  // ---- beginning and end --------------------------------------------------------------------
  const resized = new ResizeObserver(draw);
  resized.observe(root);
  const themed = new MutationObserver(draw);
  themed.observe(document.body, { attributeFilter: ["data-jp-theme-name", "class"] });
  addEventListener("keydown", shield, true);
  model.on("msg:custom", hear);
  model.send({ kind: "ready" });
  return () => {
    resized.disconnect();
    themed.disconnect();
    removeEventListener("keydown", shield, true);
    model.off("msg:custom", hear);
    cancelAnimationFrame(asked);
    Object.values(timers).forEach(clearTimeout);
  };
}

export default { render };
