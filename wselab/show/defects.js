/* A grid of cores to paint defects on. What travels, and the names in the DOM, stand in defects.py. */

const SVG = "http://www.w3.org/2000/svg";
const PITCH = 26, HALF = 9; // of the cores, in units of the drawing
const WAYS = {
  rows: "By rows: each row leaves out its own dead cores",
  columns: "By columns: a column with a dead core is left out",
};
const KEYS =
  "Arrow keys move the cursor; Space marks a core dead, or working again; plus and minus change " +
  "the spare columns; r kills a core at random; c clears.";
const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

const PARTS = `
  <div class="wse-defects-head">
    <label>spare columns <input class="wse-defects-spares" type="number" min="0" step="1"></label>
    <button type="button" title="kill a core at random (r)">one at random</button>
    <button type="button" title="all cores work (c)">clear</button>
    <span class="wse-defects-hint">Click a core, or press Space on it.</span>
  </div>
  <div class="wse-defects-boards"></div>
  <div class="wse-defects-legend">
    <span><svg viewBox="-11 -11 22 22"><rect class="used" x="-9" y="-9" width="18" height="18" rx="3"/>
      <text>7</text></svg>used: column 7 for the program</span>
    <span><svg viewBox="-11 -11 22 22"><path class="dead" d="M-6-6L6 6M-6 6L6-6"/></svg>dead</span>
    <span><svg viewBox="-11 -11 22 22"><rect class="left-out" x="-9" y="-9" width="18" height="18"
      rx="3"/></svg>left out</span>
    <span><svg viewBox="-11 -11 22 22"><path class="longer" d="M-11 0H11"/></svg>longer wire</span>
  </div>
  <div class="wse-defects-said" role="status" aria-live="polite"></div>`;

const make = (name, attributes, parent) => {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  parent?.append(element);
  return element;
};
const middle = (place) => (place + 0.5) * PITCH;

/** The path of a wire between two cores, given by row and column of the silicon. */
function wire([row, column], [below, beside]) {
  const [x, y, u, v] = [middle(column), middle(row), middle(beside), middle(below)];
  if (row !== below) return `M${x} ${y + HALF}L${u} ${v - HALF}`;
  if (beside - column === 1) return `M${x + HALF} ${y}H${u - HALF}`;
  return `M${x + HALF} ${y - 2}C${x + HALF + 3} ${y - 16} ${u - HALF - 3} ${y - 16} ${u - HALF} ${y - 2}`;
}

/** Draw one way of repair: wires between cores that the program sees as neighbours, then cores. */
function draw(board, by, { shape, cells, ways }) {
  const [rows, columns] = shape, { column } = ways[by];
  const dead = new Set(cells), seenAs = new Map();
  const svg = make("svg", {
    viewBox: `0 0 ${columns * PITCH} ${rows * PITCH}`, "aria-hidden": "true",
    style: `max-width:${columns * PITCH * 1.15}px`,
  });
  const wires = make("g", {}, svg), over = [];
  column?.forEach((places, row) => {
    places.forEach((place, number) => {
      seenAs.set(row * columns + place, number);
      const next = places[number + 1], below = column[row + 1]?.[number];
      if (next !== undefined) {
        const path = { d: wire([row, place], [row, next]) };
        if (next - place === 1) make("path", { ...path, class: "wire" }, wires);
        else over.push(make("path", { ...path, class: "longer" }));
      }
      if (below !== undefined) {
        const kind = below === place ? "wire" : "longer";
        make("path", { d: wire([row, place], [row + 1, below]), class: kind }, wires);
      }
    });
  });
  for (let cell = 0; cell < rows * columns; cell++) {
    const x = middle(cell % columns), y = middle(Math.floor(cell / columns));
    const number = seenAs.get(cell);
    const kind = dead.has(cell) ? "dead" : number === undefined ? "left out" : "used";
    const group = make("g", { "data-cell": cell, "data-kind": kind }, svg);
    make("rect", { class: "touch", x: x - PITCH / 2, y: y - PITCH / 2, width: PITCH, height: PITCH }, group);
    make("rect", {
      class: kind === "used" ? "used" : "left-out",
      x: x - HALF, y: y - HALF, width: 2 * HALF, height: 2 * HALF, rx: 3,
    }, group);
    if (kind === "used") make("text", { x, y }, group).textContent = number;
    if (kind === "dead") make("path", { class: "dead", d: `M${x - 6} ${y - 6}l12 12m0-12l-12 12` }, group);
  }
  svg.append(...over);
  make("rect", { class: "cursor", width: PITCH, height: PITCH, rx: 4 }, svg);
  board.replaceChildren(svg);
  board.dataset.repaired = column !== null;
}

function render({ model, el }) {
  const root = document.createElement("div");
  root.className = "wse-defects";
  root.dataset.lmSuppressShortcuts = "true"; // or JupyterLab takes the keys
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", "Paint your own defects");
  root.dataset.asked = root.dataset.answered = 0;
  root.innerHTML = PARTS;
  el.append(root);
  const part = (name) => root.querySelector(`.wse-defects-${name}`);
  const spares = part("spares"), [random, clear] = root.querySelectorAll("button");

  let state = null; // the newest answer, with what was painted since
  let asked = 0, waiting = false, owed = false; // questions are asked one at a time
  let did = ""; // what the reader has just done, in words
  let cursor = [0, 0];

  const boards = Object.entries(WAYS).map(([by, title]) => {
    const figure = document.createElement("figure");
    figure.innerHTML = `<figcaption>${title}</figcaption>
      <div class="wse-defects-board" data-by="${by}" tabindex="0" role="application"></div>
      <ul class="wse-defects-told"></ul>`;
    part("boards").append(figure);
    return { by, board: figure.querySelector("div"), told: figure.querySelector("ul") };
  });

  // ---- asking and hearing -------------------------------------------------------------------
  function ask() {
    owed = waiting;
    if (waiting) return;
    waiting = true;
    root.dataset.asked = ++asked;
    model.send(state ? { asked, cells: state.cells, spares: state.spares } : { asked });
  }

  function hear(answer) {
    if (answer.asked === asked) waiting = false;
    if (!waiting && owed) return ask(); // what stands there is newer than this answer
    if (!waiting) root.dataset.answered = asked;
    state = answer;
    spares.value = state.spares;
    spares.max = state.shape[1] - 2;
    for (const { by, board, told } of boards) {
      const { column, told: lines } = state.ways[by];
      const [rows, columns] = state.shape;
      board.setAttribute("aria-label", `${WAYS[by]}. Silicon of ${rows} rows by ${columns} columns. ${KEYS}`);
      told.replaceChildren(...lines.map((line) => {
        const item = document.createElement("li");
        item.textContent = line;
        return item;
      }));
      told.dataset.repaired = column !== null;
    }
    show();
    const words = boards.map(({ by }) => `By ${by}: ${state.ways[by].told.join("; ")}.`);
    if (did) part("said").textContent = [did, ...words].join(" ");
    did = "";
  }

  function show() {
    for (const { by, board } of boards) draw(board, by, state);
    point();
  }

  // ---- painting -----------------------------------------------------------------------------
  const where = (cell) => `Core (${Math.floor(cell / state.shape[1])}, ${cell % state.shape[1]})`;

  function paint(cell, isDead) {
    const dead = new Set(state.cells);
    if (dead.has(cell) === isDead) return;
    dead[isDead ? "add" : "delete"](cell);
    state.cells = [...dead].sort((a, b) => a - b);
    did = `${where(cell)} ${isDead ? "is dead" : "works again"}.`;
    for (const group of root.querySelectorAll(`.wse-defects-board [data-cell="${cell}"]`))
      group.dataset.kind = isDead ? "dead" : "left out"; // until the answer comes
    ask();
  }

  function change(count) {
    if (!state) return;
    state.spares = Math.max(0, Math.min(state.shape[1] - 2, Math.round(count) || 0));
    spares.value = state.spares;
    did = `${state.spares} spare columns.`;
    ask();
  }

  function kill() {
    const [rows, columns] = state.shape, dead = new Set(state.cells);
    const alive = [...Array(rows * columns).keys()].filter((cell) => !dead.has(cell));
    if (alive.length) paint(alive[Math.floor(Math.random() * alive.length)], true);
  }

  function wipe() {
    state.cells = [];
    did = "All cores work.";
    ask();
  }

  // ---- the cursor ---------------------------------------------------------------------------
  function point() {
    for (const { board } of boards) {
      const mark = board.querySelector(".cursor");
      mark?.setAttribute("x", cursor[1] * PITCH);
      mark?.setAttribute("y", cursor[0] * PITCH);
    }
  }

  function move(down, right) {
    const [rows, columns] = state.shape;
    cursor = [Math.max(0, Math.min(rows - 1, cursor[0] + down)), Math.max(0, Math.min(columns - 1, cursor[1] + right))];
    const cell = cursor[0] * columns + cursor[1];
    const states = boards.map(({ by, board }) => {
      const group = board.querySelector(`[data-cell="${cell}"]`);
      const number = group.querySelector("text")?.textContent;
      return `by ${by} ${number === undefined ? group.dataset.kind : `column ${number}`}`;
    });
    const dead = state.cells.includes(cell);
    part("said").textContent = `${where(cell)}: ${dead ? "dead" : states.join(", ")}.`;
    point();
  }

  const acts = {
    " ": () => toggle(cursor[0] * state.shape[1] + cursor[1]),
    "+": () => change(state.spares + 1),
    "-": () => change(state.spares - 1),
    r: kill,
    c: wipe,
  };
  Object.assign(acts, { Enter: acts[" "], "=": acts["+"] });
  const toggle = (cell) => paint(cell, !state.cells.includes(cell));

  let brush = null; // true while defects are painted, false while they are taken away
  for (const { board } of boards) {
    board.addEventListener("keydown", (event) => {
      if (!state || event.ctrlKey || event.metaKey || event.altKey) return;
      if (STEPS[event.key]) move(...STEPS[event.key]);
      else if (acts[event.key]) acts[event.key]();
      else return;
      event.preventDefault();
    });
    board.addEventListener("pointerdown", (event) => {
      const cell = event.target.closest("[data-cell]")?.dataset.cell;
      if (cell === undefined || event.button) return;
      brush = !state.cells.includes(Number(cell));
      cursor = [Math.floor(cell / state.shape[1]), cell % state.shape[1]];
      point();
      paint(Number(cell), brush);
    });
    board.addEventListener("pointermove", (event) => {
      const cell = event.target.closest("[data-cell]")?.dataset.cell;
      if (brush !== null && event.buttons && cell !== undefined) paint(Number(cell), brush);
    });
  }
  const lift = () => (brush = null);
  addEventListener("pointerup", lift);
  random.addEventListener("click", () => state && kill());
  clear.addEventListener("click", () => state && wipe());
  spares.addEventListener("change", () => change(spares.valueAsNumber));

  model.on("msg:custom", hear);
  ask();
  return () => {
    removeEventListener("pointerup", lift);
    model.off("msg:custom", hear);
  };
}

export default { render };
