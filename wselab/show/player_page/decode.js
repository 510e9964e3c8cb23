// A trace, as docs/trace.md describes it, and its stepping both ways.

const ARRAYS = {
  u1: Uint8Array, i1: Int8Array, u2: Uint16Array, i2: Int16Array, u4: Uint32Array,
  i4: Int32Array, f4: Float32Array, f8: Float64Array,
};
const PLACES = ["out", "link", "queue", "in", "inbox"];
const NORTH = 0, EAST = 1, SOUTH = 2, WEST = 3, RAMP = 4;
const PORT_NAMES = ["NORTH", "EAST", "SOUTH", "WEST", "RAMP"];
const STEP_ROW = [-1, 0, 1, 0, 0], STEP_COLUMN = [0, 1, 0, -1, 0];
const opposite = (port) => (port + 2) % 4;

/** The data that `pack` in packed.py made a JSON text and compressed bytes of. */
async function unpack(text, compressed) {
  const stream = new Blob([compressed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const bytes = await new Response(stream).arrayBuffer();
  return JSON.parse(text, (_, item) => {
    if (item === null || typeof item !== "object" || !("dtype" in item && "at" in item)) {
      return item;
    }
    const length = item.shape.reduce((product, size) => product * size, 1);
    const array = new ARRAYS[item.dtype](bytes, item.at, length);
    array.shape = item.shape;
    return array;
  });
}

class Trace {
  constructor(data) {
    Object.assign(this, data); // the names of docs/trace.md
    const [firstRow, endRow] = data.rows, [firstColumn, endColumn] = data.columns;
    this.height = endRow - firstRow; // of the rectangle of PEs that is held
    this.width = endColumn - firstColumn;
    this.count = this.height * this.width;
    this.nodeColor = data.nodes.color;
    this.nodePe = Uint32Array.from(data.nodes.pe, (number) => this.local(number));
    this.nodeCount = this.nodeColor.length;
    this.colors = data.program.colors;
    this.operations = data.program.operations;
    this.nodeOf = new Int32Array(this.colors.length * this.count).fill(-1);
    this.nodesOf = Array.from({ length: this.count }, () => []); // of a PE, by color
    for (let node = 0; node < this.nodeCount; node++) {
      this.nodeOf[this.nodeColor[node] * this.count + this.nodePe[node]] = node;
      this.nodesOf[this.nodePe[node]].push(node);
    }
    this.section = {};
    for (const [name, [start, width, length]] of Object.entries(data.sections)) {
      this.section[name] = { start, width, length };
    }
    const { east = [], south = [] } = data.program.wires ?? {};
    const long = { east: east.some((one) => one > 1), south: south.some((one) => one > 1) };
    this.longPorts = [NORTH, EAST, SOUTH, WEST].filter((port) => long[port % 2 ? "east" : "south"]);
    this.linkPlaces = this.longPorts.length ? data.sections.link[1] / this.longPorts.length : 0;
    this.whole = data.frames.cells; // a row for each of data.frames.cycles
    this.size = this.whole.shape[1];
    this.cells = new Uint32Array(this.size); // at the start of this.cycle
    this.ahead = new Uint32Array(this.size); // a cycle later
    this.now = this.views(this.cells); // each section of them, row after row
    this.then = this.views(this.ahead);
    this.cycle = null;
    this.at(this.first);
  }

  views(cells) {
    return Object.fromEntries(Object.entries(this.section).map(([name, one]) =>
      [name, cells.subarray(one.start, one.start + one.width * one.length)]));
  }

  // Stepping, as trace.py does it.

  /** Go to a cycle: `cells` are then those at its start, `ahead` those at its end. */
  at(cycle) {
    const goal = Math.min(this.last, Math.max(this.first, cycle));
    const starts = this.frames.cycles;
    let near = 0;
    for (let key = 1; key < starts.length; key++) {
      if (Math.abs(starts[key] - goal) < Math.abs(starts[near] - goal)) near = key;
    }
    const far = this.cycle === null ? Infinity : Math.abs(this.cycle - goal);
    if (Math.abs(starts[near] - goal) < far) {
      this.cells.set(this.whole.subarray(near * this.size, (near + 1) * this.size));
      this.cycle = starts[near];
    }
    while (this.cycle !== goal) {
      const forward = this.cycle < goal;
      this.flip(this.cells, forward ? this.cycle : this.cycle - 1);
      this.cycle += forward ? 1 : -1;
    }
    this.ahead.set(this.cells);
    if (goal < this.last) this.flip(this.ahead, goal);
    return this.cells;
  }

  /** What changes in a cycle: where it begins and ends in `changes`. */
  span(ends, cycle) {
    const part = cycle - this.first;
    return [part > 0 ? ends[part - 1] : 0, ends[part]];
  }

  flip(cells, cycle) {
    const { cell, xor, ends } = this.changes;
    const [start, end] = this.span(ends, cycle);
    for (let i = start; i < end; i++) cells[cell[i]] ^= xor[i];
  }

  // Places.

  local(number) {
    const row = Math.floor(number / this.shape[1]) - this.rows[0];
    return row * this.width + (number % this.shape[1]) - this.columns[0];
  }

  /** Row and column on the wafer of a PE of the rectangle. */
  place(pe) {
    return [Math.floor(pe / this.width) + this.rows[0], (pe % this.width) + this.columns[0]];
  }

  /** A PE's number on the wafer, by which routes and counts are kept. */
  number(pe) {
    const [row, column] = this.place(pe);
    return row * this.shape[1] + column;
  }

  /** The PE of the rectangle behind a port, or -1. */
  neighbour(pe, port) {
    const row = Math.floor(pe / this.width) + STEP_ROW[port];
    const column = (pe % this.width) + STEP_COLUMN[port];
    const inside = row >= 0 && row < this.height && column >= 0 && column < this.width;
    return inside ? row * this.width + column : -1;
  }

  /** The length in cycles of the link behind a port of a PE. */
  linkLength(pe, port) {
    if (!this.longPorts.includes(port)) return 1;
    const [row, column] = this.place(pe), { east, south } = this.program.wires;
    if (port === EAST || port === WEST) {
      const at = column - (port === WEST ? 1 : 0);
      return at >= 0 && at < this.shape[1] - 1 ? east[row * (this.shape[1] - 1) + at] : 1;
    }
    const at = row - (port === NORTH ? 1 : 0);
    return at >= 0 && at < this.shape[0] - 1 ? south[at * this.shape[1] + column] : 1;
  }

  /** The rows of section "link" that hold what is on the way into a PE by a port: [first, last]. */
  linkRows(pe, port) {
    const start = this.longPorts.indexOf(port) * this.linkPlaces;
    return [start + this.linkPlaces + 1 - this.linkLength(pe, port), start + this.linkPlaces - 1];
  }

  // Programs.

  /** The input port and the outputs, as bits, of a node in a position of its switch. */
  route(node, position = 0) {
    const color = this.colors[this.nodeColor[node]];
    const at = Math.min(position, color.entries.length - 1);
    const number = this.number(this.nodePe[node]);
    return { input: color.entries[at][number] - 1, outputs: color.exits[at][number] };
  }

  /** How many elements an operation has at a PE; 0 where it is not. */
  elements(number, pe) {
    const { where, n } = this.operations[number];
    if (!this.within(where, pe)) return 0;
    return typeof n === "number" ? n : n[this.number(pe)];
  }

  /** Whether an operation is on memory alone: it neither takes nor sends. */
  computes(number) {
    const { reads, sends } = this.operations[number];
    return reads.length === 0 && sends === null;
  }

  /** The cycles that such an operation takes at a PE. */
  cyclesOf(number, pe) {
    const { startup } = this.program.rules, rate = this.rateOf(this.operations[number]);
    return startup + Math.ceil(this.elements(number, pe) / rate);
  }

  /** How many elements a cycle it handles. */
  rateOf({ kind, dtype, inputs }) {
    const { rules, memories } = this.program;
    if (kind !== "mac") return 1;
    if (dtype !== "float32") return rules.fp16_macs;
    const [a, b] = inputs.map(({ memory }) => memories.find(({ name }) => name === memory)?.dtype);
    const mixed = a === b && (a === "float16" || a === "bfloat16");
    return mixed ? rules.mixed_macs ?? rules.fp32_macs : rules.fp32_macs;
  }

  /** What idle PEs are: "sleeps", "ended", or "nothing", if they had nothing to do. */
  get idle() {
    this.idling ??= Array.from({ length: this.count }, (_, pe) => {
      if (this.program.tasks.some((task) => this.within(task.where, pe))) return "sleeps";
      return this.operations.some((__, at) => this.elements(at, pe)) ? "ended" : "nothing";
    });
    return this.idling;
  }

  within(where, pe) {
    if (where.mask) return where.mask[this.number(pe)] !== 0;
    return this.place(pe).every((at, axis) => {
      const [start, stop, step] = where.slices[axis];
      return at >= start && at < stop && (at - start) % step === 0;
    });
  }

  // Memory.

  /** Each write of a PE as [cycle, value's number, xor], in order. */
  writesOf(pe) {
    const { pe: who, at, xor, ends } = this.memory.writes;
    const found = [];
    for (let cycle = this.first, i = 0; cycle < this.last; cycle++) {
      for (const end = ends[cycle - this.first]; i < end; i++) {
        if (who[i] === pe) found.push([cycle, at[i], xor[i]]);
      }
    }
    return found;
  }

  /** A PE's memories at the start of a cycle: values, and what the cycle before has written. */
  memoryOf(pe, cycle, writes = this.writesOf(pe)) {
    let start = 0;
    return this.program.memories.filter(({ name }) => name in this.memory.initial).map((one) => {
      const initial = this.memory.initial[one.name];
      const length = initial.shape[1];
      const bits = initial.slice(pe * length, (pe + 1) * length);
      const fresh = [];
      for (const [when, at, xor] of writes) {
        if (when >= cycle) break;
        if (at < start || at >= start + length) continue;
        bits[at - start] ^= xor;
        if (when === cycle - 1) fresh.push(at - start);
      }
      start += length;
      return { ...one, values: floats(bits, one.dtype), fresh };
    });
  }
}

/** Bits as the numbers that they stand for. */
function floats(bits, dtype) {
  if (dtype === "float32") return new Float32Array(bits.buffer);
  if (dtype === "bfloat16") {  // the upper half of a float32
    return new Float32Array(Uint32Array.from(bits, (half) => half << 16).buffer);
  }
  return Float64Array.from(bits, (half) => {
    const exponent = (half >> 10) & 31, fraction = half & 1023, sign = half >> 15 ? -1 : 1;
    if (exponent === 31) return fraction ? NaN : sign * Infinity;
    return sign * (exponent ? 2 ** (exponent - 25) * (1024 + fraction) : 2 ** -24 * fraction);
  });
}

/** How many PEs do what, and how many wavelets are inside, cycle by cycle of a trace. */
function activity(trace) {
  const cycles = trace.last - trace.first + 1;
  const doing = trace.doing.map(() => new Uint32Array(cycles)), inside = new Uint32Array(cycles);
  const cells = new Uint32Array(trace.size);
  cells.set(trace.whole.subarray(0, trace.size)); // the first of them is that of the first cycle
  const what = trace.section.doing, now = new Uint32Array(trace.doing.length);
  const held = PLACES.map((name) => trace.section[name]);
  const isPlace = (cell) =>
    held.some(({ start, width, length }) => cell >= start && cell < start + width * length);
  let wavelets = 0;
  for (let pe = 0; pe < what.length; pe++) now[cells[what.start + pe]]++;
  for (const { start, width, length } of held) {
    for (let i = start; i < start + width * length; i++) wavelets += cells[i] > 0;
  }
  for (let at = 0; ; at++) {
    now.forEach((count, kind) => { doing[kind][at] = count; });
    inside[at] = wavelets;
    if (at === cycles - 1) return { doing, inside };
    const { cell, xor, ends } = trace.changes;
    const [start, end] = trace.span(ends, trace.first + at);
    for (let i = start; i < end; i++) {
      const which = cell[i], before = cells[which], after = (cells[which] ^= xor[i]);
      if (which >= what.start && which < what.start + what.length) {
        now[before]--;
        now[after]++;
      } else if ((before === 0 || after === 0) && isPlace(which)) {
        wavelets += after === 0 ? -1 : 1;
      }
    }
  }
}
