// The page around the stage: buttons, the time line, the list of colors, how the run ended.

const SPEEDS = [0.5, 1, 2, 4, 8, 16, 32, 64]; // cycles a second
const KEYS = [
  ["Space", "play or pause"], [". and ,", "one cycle on, one back"],
  ["> and <", "ten cycles on, ten back"], ["Home and End", "the first, the last cycle"],
  ["f and s", "faster, slower"], ["arrows", "choose a PE"], ["Enter", "open the chosen PE"],
  ["z", "show the chosen PE alone"], ["+ and -", "zoom in, zoom out"], ["0", "the whole rectangle"],
  ["Shift + arrows", "move the view"], ["w", "who waits for whom, after a deadlock"],
  ["Escape", "close what is open"], ["?", "this list"],
];
const ICONS = { // filled shapes, in a square of 24
  First: "M5 5h2.4v14H5zM19 5v14L8.5 12z", "Step back": "M16.5 5v14L6.5 12zM17.6 5H20v14h-2.4z",
  Play: "M7 4.5v15l12.5-7.5z", Pause: "M6.5 5h4v14h-4zM13.5 5h4v14h-4z",
  "Step forward": "M7.5 5v14l10-7zM4 5h2.4v14H4z", Last: "M5 5v14l10.5-7zM16.6 5H19v14h-2.4z",
  "Zoom in": "M11 5h2v6h6v2h-6v6h-2v-6H5v-2h6z", "Zoom out": "M5 11h14v2H5z",
  "Whole rectangle": "M4 4h6v2H6v4H4zM14 4h6v6h-2V6h-4zM4 14h2v4h4v2H4zM18 14h2v6h-6v-2h4z",
};

function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const [svg, path] = ["svg", "path"].map((tag) => document.createElementNS(space, tag));
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

function button(name, does, key = "", drawn = name) {
  return make("button", { type: "button", "aria-label": name,
    title: key ? `${name} (${key})` : name, onclick: does }, icon(drawn));
}

/** Make the elements of a player and put them on its root. */
function buildPage(player) {
  const { trace, about, stage, root } = player;
  player.playButton = button("Play", () => player.toggle(), "Space");
  player.slider = make("input", { type: "range", min: trace.first, max: trace.last, step: 1,
    "aria-label": "Cycle", oninput: () => player.go(Number(player.slider.value)) });
  player.strip = make("canvas", { class: "wse-strip", "aria-hidden": "true" });
  player.cycleText = make("span", { class: "wse-cycle" });
  player.speedSelect = make("select", { "aria-label": "Cycles a second",
    onchange: () => player.setSpeed(Number(player.speedSelect.value)) },
  SPEEDS.map((one) => make("option", { value: one }, `${one} cycles/s`)));
  player.says = make("p", { class: "wse-live", role: "status", "aria-live": "polite" });
  player.tip = make("div", { class: "wse-tip", hidden: "", "aria-hidden": "true" });
  player.program = new Program(trace);
  player.panel = new PEPanel(trace, stage.marks, () => player.closePE());
  player.legend = make("div", { class: "wse-legend" });
  player.keysButton = make("button", { type: "button", class: "wse-help", "aria-label": "Keys",
    title: "Keys (?)", "aria-expanded": "false", onclick: () => player.toggleKeys() }, "?");
  player.keys = make("section", { class: "wse-keys", hidden: "", "aria-label": "Keys" },
    make("dl", {}, KEYS.map(([key, does]) =>
      make("div", {}, make("dt", {}, key), make("dd", {}, does)))));
  stage.canvas.setAttribute("aria-label", `Grid of ${trace.height} x ${trace.width} PEs. Arrow `
    + "keys choose one, Enter opens it, the question mark lists all keys.");
  const time = make("div", { class: "wse-buttons", role: "group", "aria-label": "Time" },
    button("First cycle", () => player.go(trace.first), "Home", "First"),
    button("Step back", () => player.step(-1), ","), player.playButton,
    button("Step forward", () => player.step(1), "."),
    button("Last cycle", () => player.go(trace.last), "End", "Last"));
  const view = make("div", { class: "wse-buttons", role: "group", "aria-label": "View" },
    button("Zoom out", () => stage.zoom(1 / ZOOM), "-"),
    button("Zoom in", () => stage.zoom(ZOOM), "+"),
    button("Whole rectangle", () => stage.showWhole(), "0"));
  const ended = about.end && endBox(player);
  root.replaceChildren(...[
    about.title && make("h2", {}, about.title),
    ended,
    make("div", { class: "wse-main" },
      make("div", { class: "wse-left" },
        make("div", { class: "wse-stage" }, stage.canvas, player.tip),
        make("div", { class: "wse-time" }, player.strip, player.slider),
        make("div", { class: "wse-controls" }, time, player.cycleText, player.speedSelect, view,
          player.keysButton),
        player.keys, player.says),
      make("div", { class: "wse-side" }, make("h3", {}, "Program"), player.program.element,
        player.waiting ?? "", player.panel.element)),
    player.legend,
    about.held && make("p", { class: "wse-held" }, about.held),
  ].filter(Boolean));
}

/** How a run ended that did not end well, and the way to see why. */
function endBox(player) {
  const { end, text, arrows, mend } = player.about;
  player.circleButton = arrows.length ? make("button", { type: "button", class: "wse-circle",
    "aria-pressed": "false", title: "Who waits for whom (w)",
    onclick: () => player.toggleCircle() }, "Who waits for whom") : null;
  player.waiting = make("section", { class: "wse-waiting", hidden: "" },
    make("h3", {}, "Who waits for whom"),
    make("ol", {}, arrows.map((arrow) => make("li", {}, arrow.text))));
  return make("section", { class: "wse-end", "aria-label": "How the run ended" },
    make("p", {}, make("b", {}, end), `: ${text} `, player.circleButton ?? ""),
    mend ? make("p", {}, make("b", {}, "Try"), `: ${mend}`) : "",
    make("details", { open: arrows.length === 0 }, make("summary", {}, "The whole message"),
      make("pre", {}, player.trace.error)));
}

/** What hues, shapes and shades stand for. */
function fillLegend(player) {
  const { trace, stage, legend } = player, { theme, marks } = stage;
  const colors = trace.colors.slice(0, 12).map((color, at) =>
    make("span", {}, chip(marks, at, theme), color.name));
  const more = trace.colors.length > 12 ? [`and ${trace.colors.length - 12} colors more`] : [];
  const shade = (fill, sign, text) => {
    const box = make("i", { class: `wse-shade wse-${fill}`, "aria-hidden": "true" }, sign);
    return make("span", {}, box, text);
  };
  const group = (name, ...parts) =>
    make("span", { class: "wse-group" }, make("b", {}, name), ...parts);
  const shades = [shade("busy", "▶", "busy"), shade("wait", "…", "waits"),
    shade("stop", "■", "no room ahead"), shade("done", "✓", "ended")];
  legend.replaceChildren(group("Colors", colors, more), group("PEs", shades),
    group("Red", "a queue, ramp or link that stands: no room ahead"));
}

/** What PEs did in each cycle, under the slider: busy at the bottom, then waiting, then no room. */
function drawStrip(player) {
  const { strip, trace, stage } = player, { theme } = stage;
  player.activity ??= activity(trace);
  const { doing } = player.activity, cycles = doing[0].length;
  const width = strip.clientWidth, height = strip.clientHeight, dense = stage.dense;
  if (!width) return;
  strip.width = width * dense;
  strip.height = height * dense;
  const context = strip.getContext("2d");
  context.scale(dense, dense);
  const stopped = new Set(["full", "no route"].map((name) => trace.doing.indexOf(name)));
  const kinds = doing.map((_, kind) => kind).filter((kind) => trace.doing[kind] !== "idle");
  const bands = [
    [theme.busy, kinds.filter((kind) => trace.doing[kind] === "busy")],
    [theme.waitEdge, kinds.filter((kind) => trace.doing[kind] !== "busy" && !stopped.has(kind))],
    [theme.red, [...stopped]],
  ];
  const columns = Math.min(width, cycles), share = width / columns;
  for (let column = 0; column < columns; column++) {
    const first = Math.floor(column * cycles / columns);
    const end = Math.max(first + 1, Math.floor((column + 1) * cycles / columns));
    let y = height;
    const [x, next] = [column, column + 1].map((at) => Math.round(at * share));
    for (const [color, which] of bands) {
      let sum = 0;
      for (let at = first; at < end; at++) for (const kind of which) sum += doing[kind][at];
      const size = height * sum / ((end - first) * trace.count);
      context.fillStyle = color;
      context.fillRect(x, y - size, next - x, size);
      y -= size;
    }
  }
}
