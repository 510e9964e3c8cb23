/* The map of a wafer. What travels, and the names in the DOM, stand in live_map.py. */

const BETWEEN_MS = 33; // between two words of frames drawn, so that about 30 a second come
const CALM_MS = 1000; // between two frames where the reader's system asks for little motion
const SETTLED_MS = 1000; // after the last frame its words are asked for,
const WORDS_MS = 10000; // and while frames keep coming, this often
const LATE_MS = 300; // when the kernel has not said what a PE holds, it is read off the scale

const PARTS = `
  <div class="wse-map-head">
    <span class="wse-map-title"></span>
    <label class="wse-map-layers">shows <select class="wse-map-layer"></select></label>
    <span class="wse-map-buttons">
      <button type="button" aria-label="zoom in" title="zoom in (+)">+</button>
      <button type="button" aria-label="zoom out" title="zoom out (-)">−</button>
      <button type="button" aria-label="whole wafer" title="whole wafer (0)">whole</button>
      <button type="button" aria-label="go to the highest" title="the highest (h)">highest</button>
      <button type="button" aria-label="go to the next dead PE" title="next dead PE (d)">dead</button>
    </span>
  </div>
  <div class="wse-map-view" tabindex="0" role="application"><canvas></canvas></div>
  <div class="wse-map-value"></div>
  <div class="wse-map-scope"></div>
  <div class="wse-map-legend"><canvas width="255" height="1"></canvas>
    <span class="wse-map-ticks"></span><span class="wse-map-label"></span>
    <span class="wse-map-dead">dead</span></div>
  <div class="wse-map-said" role="status" aria-live="polite"></div>`;

const KEYS = {
  "+": "zoom in", "=": "zoom in", "-": "zoom out", 0: "whole wafer",
  h: "go to the highest", d: "go to the next dead PE",
};
const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

function render({ model, el }) {
  const about = model.get("about"), [rows, columns] = about.shape;
  const root = document.createElement("div");
  root.className = "wse-map";
  root.dataset.frame = root.dataset.newest = 0;
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", "Map of a wafer");
  root.innerHTML = PARTS;
  el.appendChild(root);
  const part = (name) => root.querySelector(`.wse-map-${name}`);
  const view = part("view"), canvas = view.firstChild, ink = canvas.getContext("2d"), buttons = {};
  for (const button of root.querySelectorAll("button")) buttons[button.ariaLabel] = button;
  view.setAttribute(
    "aria-label",
    `Map of ${rows} rows by ${columns} columns of PEs. Arrow keys move the cursor, with Shift they ` +
      "pan; plus and minus zoom, 0 shows the whole wafer; h goes to the highest, d to the next dead PE.",
  );
  part("label").textContent = about.label;
  for (const name of about.layers) part("layer").add(new Option(name || "map", name));
  part("layers").hidden = about.layers.length < 2;

  const pixels = new Pixels(about), lens = new Lens(about.shape);
  part("legend").firstChild.getContext("2d").putImageData(pixels.strip(), 0, 0);
  let frame = null; // the newest that came: number, sent, title, layer, limits, numbers, ranks
  let cursor = null, atKeyboard = false, pointed = null; // PEs as [row, column]

  // ---- drawing ------------------------------------------------------------------------------
  const timers = {};
  let asked = 0, drawnAt = -1e9;

  function later(name, ms, work) {
    timers[name] ||= setTimeout(() => {
      timers[name] = 0;
      work();
    }, Math.max(0, ms));
  }

  /** Draw when the browser draws next. What is not seen is not drawn, and so not acknowledged. */
  function draw() {
    asked ||= requestAnimationFrame(() => {
      asked = 0;
      const room = part("head").clientWidth - MARGIN.left - MARGIN.right;
      if (!frame || !root.isConnected || room <= 0) return;
      if (lens.fill(room)) resize();
      ink.clearRect(0, 0, canvas.width, canvas.height);
      ink.putImageData(pixels.paint(frame.ranks, lens), MARGIN.left * lens.ratio, MARGIN.top * lens.ratio);
      if (frame.numbers.length)
        drawNumbers(ink, frame.numbers, Array.from(frame.ranks, (rank) => pixels.lut[rank]), lens);
      drawAxes(ink, getComputedStyle(root).color, lens);
      if (cursor && atKeyboard) drawCursor(ink, cursor, lens);
      write(part("scope"), lens.words(about.signed));
      root.dataset.zoomed = lens.zoom > 1;
      if (frame.isNew) drawn();
    });
  }

  function resize() {
    const { width, height, ratio } = lens;
    pixels.resize(width, height);
    canvas.width = width + Math.round((MARGIN.left + MARGIN.right) * ratio);
    canvas.height = height + Math.round((MARGIN.top + MARGIN.bottom) * ratio);
    canvas.style.width = `${canvas.width / ratio}px`;
    canvas.style.height = `${canvas.height / ratio}px`;
  }

  function drawn() {
    frame.isNew = false;
    drawnAt = performance.now();
    root.dataset.frame = Number(root.dataset.frame) + 1;
    root.dataset.newest = frame.number;
    write(part("title"), frame.title);
    part("layer").value = frame.layer;
    const none = frame.ranks.indexOf(DEAD) < 0;
    part("dead").hidden = buttons["go to the next dead PE"].disabled = none;
    legend();
    for (const sent of passedOver.splice(0)) acknowledge("dropped", sent);
    acknowledge("drawn", frame.sent);
    tellChosen();
    askForWords();
  }

  function legend() {
    const [low, high] = frame.limits, apart = (high - low) / 8;
    if (part("ticks").dataset.limits === String(frame.limits)) return;
    part("ticks").dataset.limits = frame.limits;
    const between = ticks(low, high, 4, false).filter((x) => x > low + apart && x < high - apart);
    part("ticks").replaceChildren(
      ...[low, ...between, high].map((value) => {
        const tick = document.createElement("span");
        tick.textContent = short(value);
        tick.style.left = `${(100 * (value - low)) / (high - low)}%`;
        return tick;
      }),
    );
  }

  // ---- talking with the kernel --------------------------------------------------------------
  const passedOver = []; // frames that a newer one came before
  const owed = []; // words of frames drawn or dropped, said one by one
  let saidAt = 0, wordsAt = 0, waiting = 0; // since when an answer is waited for

  function send(message) {
    try {
      model.send(message);
    } catch {
      // The kernel is gone. What is seen stays, and values are read off the scale.
    }
  }

  function acknowledge(kind, sent) {
    owed.push({ kind, sent });
    const say = () => {
      send(owed.shift());
      saidAt = performance.now();
      if (owed.length) later("say", BETWEEN_MS, say);
    };
    later("say", saidAt + BETWEEN_MS - performance.now(), say);
  }

  function askForWords() {
    const due = wordsAt + WORDS_MS - performance.now();
    clearTimeout(timers.words);
    timers.words = 0;
    later("words", wordsAt ? Math.min(SETTLED_MS, due) : 0, () => {
      wordsAt = performance.now();
      send({ kind: "words" });
    });
  }

  function hear(message, buffers) {
    if (message.kind === "frame") {
      if (frame?.isNew) passedOver.push(frame.sent);
      const bytes = buffers[0];
      const levels = new Uint8Array(bytes.buffer ?? bytes, bytes.byteOffset ?? 0, rows * columns);
      frame = { ...message, ranks: pixels.rank(levels), isNew: true };
      const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
      later("draw", calm ? drawnAt + CALM_MS - performance.now() : 0, draw);
    } else if (message.kind === "value") {
      waiting = 0;
      const at = chosen();
      if (String(at) === String(message.at)) tell(at, message.text, true);
      else tellChosen();
    } else if (message.kind === "words") write(part("said"), message.text);
    else if (message.kind === "go") go(message.at);
  }

  // ---- one PE in words ----------------------------------------------------------------------
  const chosen = () => pointed || (atKeyboard ? cursor : null);

  /** Say about what the chosen PE holds, and ask the kernel what exactly. */
  function tellChosen() {
    const at = chosen();
    if (!at || !frame) return write(part("value"), "");
    const level = pixels.levelOf[frame.ranks[at[0] * columns + at[1]]], [low, high] = frame.limits;
    if (level === DEAD) return tell(at, "dead", true);
    const value = low + (level / 254) * (high - low), now = performance.now();
    const late = waiting && now - waiting > LATE_MS; // the kernel is busy
    if (late || !part("value").textContent.startsWith(peName(at)))
      tell(at, `about ${short(Number(value.toPrecision(3)))}`, false);
    if (waiting) return;
    waiting = now;
    send({ kind: "value", at });
  }

  const peName = (at) => `PE (${at[0]}, ${at[1]})`;

  function tell(at, text, exactly) {
    write(part("value"), `${peName(at)}: ${text}`);
    if (exactly && !pointed) write(part("said"), part("value").textContent);
  }

  // ---- moving -------------------------------------------------------------------------------
  function go([row, column]) {
    cursor = [clamp(row, 0, rows - 1), clamp(column, 0, columns - 1)];
    [atKeyboard, pointed] = [true, null];
    lens.include(cursor);
    tellChosen();
    draw();
  }

  function magnify(factor, place) {
    lens.magnify(factor, place);
    draw();
  }

  const anchor = () => (atKeyboard && cursor ? lens.placeOf(cursor) : undefined);
  const after = () => cursor ?? [-1, columns - 1];
  const acts = {
    "zoom in": () => magnify(1.5, anchor()),
    "zoom out": () => magnify(1 / 1.5, anchor()),
    "whole wafer": () => magnify(0),
    "go to the highest": () => send({ kind: "highest", after: after() }),
    "go to the next dead PE": () => send({ kind: "dead", after: after() }),
  };
  for (const name in acts) buttons[name].addEventListener("click", acts[name]);
  part("layer").addEventListener("change", (event) =>
    send({ kind: "layer", layer: event.target.value }),
  );

  view.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = STEPS[event.key];
    if (step) {
      const far = [lens.tall, lens.wide].map((size) => Math.max(1, Math.round(size / 10)));
      const [down, right] = step.map((one, axis) => one * (event.shiftKey ? far[axis] : 1));
      if (event.shiftKey) [lens.top, lens.left] = [lens.top + down, lens.left + right];
      lens.settle();
      go([cursor[0] + down, cursor[1] + right]);
    } else if (KEYS[event.key]) acts[KEYS[event.key]]();
    else return;
    event.preventDefault();
  });
  view.addEventListener("focus", () => {
    cursor ??= lens.peAt([0.5, 0.5]) ?? [0, 0];
    atKeyboard = view.matches(":focus-visible");
    tellChosen();
    draw();
  });
  view.addEventListener("blur", () => {
    atKeyboard = false;
    draw();
  });

  const place = ({ clientX, clientY }) => {
    const box = canvas.getBoundingClientRect(), { width, height, ratio } = lens;
    const x = clientX - box.left - MARGIN.left, y = clientY - box.top - MARGIN.top;
    return [(x * ratio) / width, (y * ratio) / height];
  };
  let held = null; // where a drag began
  canvas.addEventListener("pointerdown", (event) => {
    view.focus({ preventScroll: true });
    held = { at: place(event), top: lens.top, left: lens.left };
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointerup", () => (held = null));
  canvas.addEventListener("pointermove", (event) => {
    const at = place(event);
    if (held) {
      lens.top = held.top - (at[1] - held.at[1]) * lens.tall;
      lens.left = held.left - (at[0] - held.at[0]) * lens.wide;
      lens.settle();
      draw();
    }
    pointed = lens.peAt(at);
    tellChosen();
  });
  canvas.addEventListener("pointerleave", () => {
    pointed = null;
    tellChosen();
  });
  canvas.addEventListener(
    "wheel",
    (event) => {
      // The page scrolls under the pointer, unless the map was chosen; and on beyond the whole.
      const chosenOne = document.activeElement === view || event.ctrlKey;
      if (!chosenOne || (event.deltaY > 0 && lens.zoom <= 1)) return;
      event.preventDefault();
      magnify(Math.exp(-clamp(event.deltaY, -300, 300) / 400), place(event));
    },
    { passive: false },
  );

  // JupyterLab takes keys before the page does, such as d, d to delete a cell; not where an element
  // has this attribute. What comes with Ctrl, to save or to undo, stays its own.
  const shield = (event) => {
    const own = !event.ctrlKey && !event.metaKey && !event.altKey;
    root.toggleAttribute("data-lm-suppress-shortcuts", own);
  };

  // ---- beginning and end --------------------------------------------------------------------
  const resized = new ResizeObserver(draw), themed = new MutationObserver(draw);
  resized.observe(root);
  themed.observe(document.body, { attributeFilter: ["data-jp-theme-name", "class"] });
  const media = ["(forced-colors: active)", "(prefers-color-scheme: dark)"].map((x) => matchMedia(x));
  for (const one of media) one.addEventListener("change", draw);
  addEventListener("keydown", shield, true);
  model.on("msg:custom", hear);
  send({ kind: "ready" });
  return () => {
    resized.disconnect();
    themed.disconnect();
    for (const one of media) one.removeEventListener("change", draw);
    removeEventListener("keydown", shield, true);
    model.off("msg:custom", hear);
    cancelAnimationFrame(asked);
    Object.values(timers).forEach(clearTimeout);
  };
}

export default { render };
