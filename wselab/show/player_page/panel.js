// Beside the board: the lines of the program, and one PE with all that it holds.

const SHOWN = 48; // values of a memory
const HEADS = { // of the columns of the queues
  out: ["ramp up", "The belt from the processor"], link: ["long link", "Links into the router"],
  queue: ["router", "The router's queue, first in line first"],
  in: ["ramp down", "The belt to the processor"],
  inbox: ["inbox", "The PE's own queue, first in line first"],
};

/** An element with attributes and children; strings become text. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "class") element.className = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child || child === 0));
  return element;
}

/** A color's mark, for lists. */
function chip(marks, color, theme, size = 18) {
  const canvas = make("canvas", { class: "wse-chip", "aria-hidden": "true" });
  const dense = 2;
  canvas.width = canvas.height = size * dense;
  canvas.style.width = canvas.style.height = `${size}px`;
  const sprite = marks.sprite(color, size * dense * 0.38, 0, theme);
  canvas.getContext("2d").drawImage(sprite, size - sprite.width / 2, size - sprite.height / 2);
  return canvas;
}

/** The lines that have operations, in the order written, each with how many PEs are at it. */
class Program {
  constructor(trace) {
    this.trace = trace;
    const lines = new Map();
    trace.operations.forEach((one, at) => {
      const key = `${one.line} ${one.source}`;
      const { line, source } = one;
      const found = lines.get(key) ?? { line, source, texts: [], numbers: [] };
      found.numbers.push(at);
      if (!found.texts.includes(one.text)) found.texts.push(one.text);
      lines.set(key, found);
    });
    this.lines = [...lines.values()];
    this.lineOf = new Map(this.lines.flatMap(({ numbers }, at) => numbers.map((one) => [one, at])));
    this.rows = this.lines.map(({ line, source, texts }) => {
      const count = make("span", { class: "wse-count" });
      const place = make("span", { class: "wse-place" }, line);
      const text = make("code", {}, source || texts.join("; "));
      const row = make("li", { "data-line": line, title: texts.join("\n") },
        make("div", {}, place, count), text);
      return { row, count };
    });
    this.element = make("ol", { class: "wse-program", tabindex: "0",
      "aria-label": "Lines of the program" },
      this.rows.map(({ row }) => row));
  }

  show(frame, chosen) {
    const busy = this.lines.map(() => 0), waiting = this.lines.map(() => 0), { trace } = this;
    const mine = new Set();
    for (let pe = 0; pe < trace.count; pe++) {
      const lines = new Map();
      for (const { number: one, works } of frame.running(pe)) {
        const at = this.lineOf.get(one);
        lines.set(at, lines.get(at) || works);
      }
      for (const [at, lit] of lines) {
        (lit ? busy : waiting)[at]++;
        if (pe === chosen) mine.add(at);
      }
    }
    this.rows.forEach(({ row, count }, at) => {
      row.classList.toggle("wse-lit", busy[at] > 0);
      row.classList.toggle("wse-waited", !busy[at] && waiting[at] > 0);
      row.classList.toggle("wse-mine", mine.has(at));
      if (busy[at]) row.setAttribute("aria-current", "step");
      else row.removeAttribute("aria-current");
      const told = [busy[at] && `${number(busy[at])} busy`,
        waiting[at] && `${number(waiting[at])} waiting`].filter(Boolean);
      count.textContent = told.join(", ");
    });
    this.reveal(this.rows[mine.size ? Math.min(...mine) : busy.findIndex((one) => one > 0)]);
  }

  /** Bring a line into sight, without moving the page. */
  reveal({ row } = {}) {
    const { element } = this;
    if (!row || element.matches(":hover, :focus")) return; // somebody reads there
    const above = row.offsetTop < element.scrollTop;
    const below = row.offsetTop + row.offsetHeight > element.scrollTop + element.clientHeight;
    if (above || below) element.scrollTop = row.offsetTop;
  }
}

/** One PE: why it waits, its operations, its queues and routes, its memory. */
class PEPanel {
  constructor(trace, marks, close) {
    Object.assign(this, { trace, marks });
    this.title = make("h3", {});
    this.state = make("p", { class: "wse-state" });
    this.why = make("p", { class: "wse-why" });
    this.parts = [make("div"), make("div"), make("div")];
    const closing = make("button", { type: "button", class: "wse-close", "aria-label": "Close",
      title: "Close (Escape)", onclick: close }, "×");
    const about = { class: "wse-pe", hidden: "", tabindex: "0", "aria-label": "The chosen PE" };
    this.element = make("section", about, make("header", {}, this.title, closing),
      this.state, this.why, this.parts);
    this.writes = { pe: -1 };
  }

  show(frame, pe, theme) {
    this.title.textContent = named(this.trace, pe);
    const phrase = phraseOf(frame, pe);
    this.state.textContent = `${phrase[0].toUpperCase()}${phrase.slice(1)}`;
    this.why.textContent = "";
    const [operations, queues, memory] = this.parts;
    operations.replaceChildren(...this.operationRows(frame, pe));
    queues.replaceChildren(...this.queueRows(frame, pe, theme));
    memory.replaceChildren(...this.memoryRows(frame, pe));
  }

  /** What Python says of why it waits. */
  explain(texts) {
    this.why.textContent = texts.map((text) => `${text}.`).join(" ");
  }

  operationRows(frame, pe) {
    const { trace } = this, running = new Map(frame.running(pe).map((one) => [one.number, one]));
    const ofTasks = new Set(trace.program.tasks.flatMap((task) => task.operations));
    const main = frame.now.operation[pe] - 1, rows = [];
    trace.operations.forEach((operation, at) => {
      if (!trace.elements(at, pe)) return;
      const now = running.get(at), past = main < 0 || at < main || ofTasks.has(main);
      const state = now ? "now" : ofTasks.has(at) ? "task" : past ? "past" : "later";
      const sign = { now: "▶", past: "✓", later: "·", task: "z" }[state];
      const told = now ? progressText(now) + (now.lane ? ", a microthread" : "")
        : { past: "done", later: "to come", task: "in a task" }[state];
      rows.push(make("li", { class: `wse-${state}` },
        make("span", { class: "wse-sign", "aria-hidden": "true" }, sign),
        make("code", { title: `${operation.line}  ${operation.source}` }, operation.text),
        now?.begun && make("progress", { max: now.total, value: now.done, "aria-label": told }),
        make("small", {}, `${told} · ${operation.line}`)));
    });
    return rows.length ? [make("h4", {}, "Operations"), make("ul", {}, rows)]
      : [make("p", { class: "wse-none" }, "It has no operation in this launch.")];
  }

  queueRows(frame, pe, theme) {
    const { trace, marks } = this, values = trace.wavelets.value;
    const places = PLACES.filter((place) => place !== "link" || trace.linkPlaces);
    const rows = trace.nodesOf[pe].map((node) => {
      const color = trace.nodeColor[node], { input, outputs } = frame.entering(node);
      const to = PORT_NAMES.filter((_, port) => outputs >> port & 1);
      const route = `${PORT_NAMES[input]} >> ${to.length > 1 ? `(${to.join(", ")})` : to[0]}`;
      const cells = places.map((place) => {
        const ids = frame.held(place, node);
        const held = ids.filter((id) => id).map((id) => short(values[id - 1]));
        const full = (place === "queue" || place === "inbox") && held.length === ids.length;
        return make("td", { class: full ? "wse-full" : null },
          held.length ? held.join(", ") : make("span", { class: "wse-empty" }, "–"));
      });
      return make("tr", {},
        make("th", { scope: "row" }, chip(marks, color, theme), ` ${marks.names[color]}`,
          make("small", {}, route)), cells);
    });
    if (!rows.length) return [make("p", { class: "wse-none" }, "Its router routes no color.")];
    const heads = places.map((place) => make("th", { scope: "col", title: HEADS[place][1] },
      HEADS[place][0]));
    return [make("h4", {}, "Queues"), make("table", {}, make("thead", {},
      make("tr", {}, make("th", { scope: "col" }, "color"), heads)),
    make("tbody", {}, rows))];
  }

  memoryRows(frame, pe) {
    const { trace } = this;
    if (this.writes.pe !== pe) this.writes = { pe, all: trace.writesOf(pe) };
    const memories = trace.memoryOf(pe, frame.cycle, this.writes.all);
    if (!memories.length) {
      const why = trace.program.memories.length
        ? "The trace holds no memory: it takes too much room." : "The program has no memory.";
      return [make("p", { class: "wse-none" }, why)];
    }
    return [make("h4", {}, "Memory"), ...memories.map(({ name, shape, values, fresh }) => {
      const start = values.length <= SHOWN ? 0
        : Math.max(0, Math.min(values.length - SHOWN, (fresh[0] ?? 0) - SHOWN / 2));
      const seen = Array.from(values.subarray(start, start + SHOWN));
      const size = shape.length ? shape.join(" x ") : "one value";
      const part = seen.length < values.length
        ? `, ${number(start)} to ${number(start + seen.length - 1)} shown` : "";
      return make("div", { class: "wse-values" }, make("b", {}, name), ` ${size}${part}`,
        make("code", {}, seen.map((value, at) =>
          make(fresh.includes(start + at) ? "mark" : "span", {}, `${short(value)} `))));
    })];
  }
}
