// What a frame shows, in words, made from the cells.

const PHRASES = { // of one PE, and of several; {c} stands for its colors
  busy: ["is busy", "are busy"],
  ended: ["has ended", "have ended"],
  sleeps: ["sleeps", "sleep"],
  nothing: ["has nothing to do", "have nothing to do"],
  pause: ["pauses", "pause"],
  beside: ["waits for a microthread", "wait for a microthread"],
  "no wavelet": ["waits for {c}", "wait for {c}"],
  full: ["cannot send {c}: no room ahead", "cannot send {c}: no room ahead"],
  switch: ["waits for a switch of {c}", "wait for a switch of {c}"],
  "port taken": ["waits, another operation sends", "wait, another operation sends"],
  "no route": ["has no route for {c}", "have no route for {c}"],
};
const SHORT = { // in a processor
  busy: "busy", ended: "ended", sleeps: "sleeps", nothing: "", pause: "pauses",
  beside: "waits beside", "no wavelet": "waits for {c}", full: "{c}: no room",
  switch: "switch of {c}", "port taken": "port taken", "no route": "{c}: no route",
};

const number = (value) => value.toLocaleString("en");
const counted = (value, thing) => `${number(value)} ${thing}${value === 1 ? "" : "s"}`;

function listed(parts) {
  return parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
}

function named(trace, pe) {
  const [row, column] = trace.place(pe);
  return `PE (${row}, ${column})`;
}

const namesOf = (frame, colors) => listed(colors.map((color) => frame.trace.colors[color].name));

/** A phrase with its colors in it; without them where there are none. */
function filled(phrase, frame, colors) {
  const names = namesOf(frame, colors), word = colors.length > 1 ? "colors" : "color";
  return phrase.replace(/( of| for)? {c}/, (_, of = "") => {
    if (names) return `${of} ${word} ${names}`;
    return of === " for" ? " for a wavelet" : "";
  });
}

const shortState = (frame, pe) =>
  SHORT[frame.state(pe)].replace("{c}", namesOf(frame, frame.waitsFor(pe)));
const phraseOf = (frame, pe) => filled(PHRASES[frame.state(pe)][0], frame, frame.waitsFor(pe));

/** How many PEs do what, the most frequent first, and how many wavelets are inside. */
function standingText(frame) {
  const { trace } = frame;
  let groups = grouped(frame, true);
  if (groups.length > 4) groups = grouped(frame, false);
  const most = groups.sort((one, other) => other.count - one.count);
  const told = most.map(({ forms, count }, at) =>
    (at ? `${number(count)} ` : `${number(count)} of ${counted(trace.count, "PE")} `)
    + forms[count === 1 ? 0 : 1]);
  return `${listed(told)}. ${insideText(frame)}`;
}

/** PEs that do the same: what, in the singular and the plural, and how many. */
function grouped(frame, byColor) {
  const groups = new Map();
  for (let pe = 0; pe < frame.trace.count; pe++) {
    const state = frame.state(pe), colors = byColor ? frame.waitsFor(pe) : [];
    const key = colors.length ? `${state} ${colors}` : state;
    if (!groups.has(key)) {
      const forms = PHRASES[state].map((phrase) => filled(phrase, frame, colors));
      groups.set(key, { forms, count: 0 });
    }
    groups.get(key).count++;
  }
  return [...groups.values()];
}

function insideText(frame) {
  const { trace } = frame, byColor = trace.colors.map(() => 0);
  for (const name of PLACES) {
    const cells = trace.now[name], { length } = trace.section[name];
    for (let i = 0; i < cells.length; i++) {
      if (cells[i]) byColor[trace.nodeColor[i % length]]++;
    }
  }
  const all = byColor.reduce((sum, one) => sum + one, 0);
  const parts = byColor.flatMap((count, color) =>
    (count ? [`${number(count)} of ${trace.colors[color].name}`] : []));
  const of = parts.length > 1 && parts.length < 7 ? `: ${listed(parts)}` : "";
  const only = parts.length === 1 ? ` of color ${trace.colors[byColor.indexOf(all)].name}` : "";
  if (!all) return "No wavelet is inside.";
  return `${counted(all, "wavelet")}${only} ${all === 1 ? "is" : "are"} inside${of}.`;
}

/** What happens in the cycle of a frame. */
function happeningText(frame) {
  const { trace } = frame, links = trace.colors.map(() => 0);
  const { now, then } = frame, begun = [], ended = [];
  let handled = 0;
  for (let node = 0; node < trace.nodeCount; node++) {
    if (!frame.moved(node)) continue;
    for (let port = 0; port < RAMP; port++) {
      links[trace.nodeColor[node]] += frame.leaving(node).outputs >> port & 1;
    }
  }
  for (let pe = 0; pe < trace.count; pe++) {
    handled += frame.handled(pe) > 0;
    if (now.operation[pe] !== then.operation[pe]) ended.push(pe);
    else if (now.begun[pe] === 0 && then.begun[pe]) begun.push(pe);
  }
  const parts = [];
  if (handled) parts.push(`${counted(handled, "PE")} handled an element`);
  const crossed = links.reduce((sum, one) => sum + one, 0);
  if (crossed) {
    const of = links.flatMap((count, color) =>
      (count ? [`${number(count)} of ${trace.colors[color].name}`] : []));
    const only = links.findIndex((count) => count === crossed);
    const told = only < 0 ? ` (${listed(of)})` : ` of color ${trace.colors[only].name}`;
    parts.push(`${counted(crossed, "wavelet")}${told} crossed a link`);
  }
  const whose = (pes) => (pes.length < 4 ? listed(pes.map((pe) => named(trace, pe)))
    : counted(pes.length, "PE"));
  if (begun.length) parts.push(`${whose(begun)} began an operation`);
  if (ended.length) parts.push(`${whose(ended)} ended one`);
  return parts.length ? `During cycle ${number(frame.cycle)}, ${listed(parts)}.`
    : `During cycle ${number(frame.cycle)}, nothing moved from PE to PE.`;
}

/** What a PE is at, in one sentence. */
function peText(frame, pe) {
  const { trace } = frame, [first] = frame.running(pe);
  const at = first ? `, at ${trace.operations[first.number].text}, ${progressText(first)}` : "";
  return `${named(trace, pe)} ${phraseOf(frame, pe)}${at}.`;
}

function progressText({ begun, done, total, computes }) {
  const thing = computes ? "cycle" : "element";
  return begun ? `${number(done)} of ${counted(total, thing)} done` : "not begun";
}
