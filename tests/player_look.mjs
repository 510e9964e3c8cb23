// What the player's JavaScript finds in a trace, for test_show_player.py to hold against Python.
// node player_look.mjs MODULE CONTENT CELLS CYCLE,CYCLE,...  prints one JSON line a cycle visited.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

const [module, content, cells, cycles] = process.argv.slice(2);
const { Frame, Layout, PLACES, Trace, Ways, activity, standingText, happeningText, unpack } =
  await import(module);
const trace = new Trace(await unpack(readFileSync(content, "utf8"), readFileSync(cells)));
const layout = new Layout(trace), ways = new Ways(trace, layout), counts = activity(trace);

/** Where each wavelet stands at the start of a cycle, and where those come to that stay inside. */
function places(frame) {
  ways.fill(frame);
  const starts = new Set(), ends = new Set();
  const spot = (way, at) => `${ways.id[way]} ${ways.x[4 * way + at]} ${ways.y[4 * way + at]}`;
  for (let way = 0; way < ways.count; way++) {
    if (!ways.born[way]) starts.add(spot(way, 0));
    if (!ways.gone[way]) ends.add(spot(way, ways.stays[way] ? 0 : ways.points[way] - 1));
  }
  return { starts: [...starts].sort(), ends: [...ends].sort() };
}

for (const cycle of cycles.split(",").map(Number)) {
  trace.at(cycle);
  const frame = new Frame(trace), pes = Array.from({ length: trace.count }, (_, pe) => pe);
  const at = trace.cycle - trace.first;
  console.log(JSON.stringify({
    cycle: trace.cycle,
    cells: createHash("sha256").update(Buffer.from(trace.cells.buffer)).digest("hex"),
    states: pes.map((pe) => frame.state(pe)),
    waitsFor: pes.map((pe) => frame.waitsFor(pe).map((color) => trace.colors[color].name)),
    running: pes.map((pe) => frame.running(pe)),
    held: pes.map((pe) => trace.nodesOf[pe].map((node) => PLACES.map((place) =>
      frame.held(place, node).filter((id) => id).map((id) => String(trace.wavelets.value[id - 1]))))),
    routes: pes.map((pe) => trace.nodesOf[pe].map((node) => frame.entering(node))),
    blocked: pes.map((pe) => trace.nodesOf[pe].map((node) => frame.blocked(node))),
    memory: pes.map((pe) => trace.memoryOf(pe, trace.cycle).map(({ name, values }) =>
      [name, Array.from(values, String)])),
    doing: counts.doing.map((one) => one[at]),
    inside: counts.inside[at],
    ...places(frame),
    standing: standingText(frame),
    happening: happeningText(frame),
    digest: frame.digest(),
  }));
}
