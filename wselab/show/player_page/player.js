// The player: which cycle is shown, whether it plays, which PE is chosen, and what it says of that.

const ANSWER_AFTER_MS = 60; // Python is asked when a reader stays that long
const TELL_EVERY_MS = 150; // while it plays
const LONGEST_FRAME_MS = 100; // a page that was hidden does not catch up

class Player {
  constructor(model, root, trace, about) {
    Object.assign(this, { model, root, trace, about, playing: false, open: false });
    this.calm = matchMedia("(prefers-reduced-motion: reduce)");
    this.stage = new Stage(trace, root);
    this.asked = 0;
    this.circle = about.arrows.length > 0;
    buildPage(this);
    const cycles = trace.last - trace.first;
    this.setSpeed(SPEEDS.find((one) => one >= 2 && cycles / one <= 25) ?? SPEEDS.at(-1));
    fillLegend(this);
    this.stop = listen(this);
    this.go(about.start);
    root.dataset.first = trace.first;
    root.dataset.last = trace.last;
  }

  // Time.

  get cycle() { return this.trace.cycle; }

  /** Show a cycle. */
  go(cycle) {
    this.pause();
    this.stage.glide = null;
    this.turn(cycle);
    this.stage.show(this.frame);
    this.say(this.whereWords());
  }

  /** One or more cycles on or back; wavelets glide there if it is one. */
  step(by) {
    this.pause();
    const { trace, stage } = this, goal = this.cycle + by;
    if (goal < trace.first || goal > trace.last) {
      const edge = goal < trace.first ? trace.first : trace.last;
      if (this.cycle !== edge) this.go(edge);
      else this.say(`This is the ${by < 0 ? "first" : "last"} cycle that the trace holds.`);
      return;
    }
    const glides = Math.abs(by) === 1 && !this.calm.matches;
    if (by === 1) {
      if (stage.glide) stage.show(this.frame); // a step before has not come to its end
      const happened = happeningText(this.frame);
      this.turn(goal);
      this.say(`${this.chosenWords()}${happened} ${this.whereWords()}`);
      if (glides) stage.start(0, 1, () => stage.show(this.frame));
      else stage.show(this.frame);
      return;
    }
    this.turn(goal);
    stage.show(this.frame);
    this.say(`${this.chosenWords()}${this.whereWords()}`);
    if (glides) stage.start(1, 0);
  }

  toggle() {
    if (this.playing) {
      this.pause();
      this.go(this.cycle);
      return;
    }
    if (this.cycle === this.trace.last) this.go(this.trace.first);
    this.playing = true;
    this.stage.show(this.frame);
    this.says.setAttribute("aria-live", "off"); // what flies past is not read out
    this.since = 0;
    this.nowPlaying();
  }

  pause() {
    if (!this.playing) return;
    this.playing = false;
    this.nowPlaying();
  }

  nowPlaying() {
    const name = this.playing ? "Pause" : "Play";
    this.root.dataset.playing = this.playing;
    this.playButton.setAttribute("aria-label", name);
    this.playButton.title = `${name} (Space)`;
    this.playButton.replaceChildren(icon(name));
  }

  setSpeed(speed) {
    this.speed = speed;
    this.speedSelect.value = String(speed);
  }

  faster(by) {
    const at = SPEEDS.indexOf(this.speed) + by;
    this.setSpeed(SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, at))]);
    this.say(`${this.speed} cycles a second.`);
  }

  /** Some milliseconds of playing have passed. */
  play(passed) {
    const { stage, trace } = this;
    this.since += Math.min(passed, LONGEST_FRAME_MS) / 1000 * this.speed;
    const on = Math.min(Math.floor(this.since), trace.last - this.cycle);
    if (on > 0) {
      this.since -= on;
      this.turn(this.cycle + on);
      stage.show(this.frame);
    }
    if (this.cycle === trace.last) {
      this.go(trace.last);
      return;
    }
    const share = Math.min(1, this.since);
    stage.phase = this.calm.matches ? 0 : this.speed <= 4 ? smooth(share) : share;
    stage.wanted = true;
  }

  /** Make a cycle the one that is shown, but for the stage. */
  turn(cycle) {
    const { trace, root, slider } = this;
    trace.at(cycle);
    this.frame = new Frame(trace);
    slider.value = String(this.cycle);
    slider.setAttribute("aria-valuetext", `cycle ${this.cycleWords()}`);
    this.cycleText.textContent = `cycle ${this.cycleWords()}`;
    root.dataset.cycle = this.cycle;
    if (!this.playing) root.dataset.state = this.frame.digest();
    const now = performance.now();
    if (this.playing && now - this.told < TELL_EVERY_MS) return;
    this.told = now;
    this.program.show(this.frame, this.stage.chosen);
    this.showPE();
    this.showCircle();
    if (this.playing) this.says.textContent = this.whereWords();
  }

  cycleWords() {
    return `${number(this.cycle)} of ${number(this.trace.cycles)}`;
  }

  whereWords() {
    return `Cycle ${this.cycleWords()}: ${standingText(this.frame)}`;
  }

  /** Of the PE that is open, if one is. */
  chosenWords() {
    return this.open ? `${peText(this.frame, this.stage.chosen)} ` : "";
  }

  // A PE.

  choose(pe, open = this.open) {
    const { stage, root, trace } = this;
    stage.chosen = pe;
    this.open = open && pe >= 0;
    root.dataset.pe = pe < 0 ? "" : trace.place(pe).join(",");
    root.classList.toggle("wse-open", this.open);
    this.panel.element.hidden = !this.open;
    this.program.show(this.frame, pe);
    if (pe >= 0) stage.reveal(pe);
    else stage.changed();
    this.showPE();
    if (pe >= 0) this.say(peText(this.frame, pe));
  }

  move(port) {
    const { trace, stage } = this;
    const there = stage.chosen < 0 ? 0 : trace.neighbour(stage.chosen, port);
    if (there >= 0) this.choose(there);
    else this.say(`This is the edge: ${peText(this.frame, stage.chosen)}`);
  }

  zoomToChosen() {
    if (this.stage.chosen < 0) this.choose(0);
    this.stage.zoomTo(this.stage.chosen);
  }

  closePE() {
    this.choose(this.stage.chosen, false);
    this.stage.canvas.focus({ preventScroll: true });
  }

  showPE() {
    const { open, panel, frame, stage, playing } = this;
    clearTimeout(this.asking);
    this.asked++; // an answer that comes now is of another cycle
    if (!open) return;
    panel.show(frame, stage.chosen, stage.theme);
    if (!playing) this.asking = setTimeout(() => this.ask(), ANSWER_AFTER_MS);
  }

  /** Ask Python why the chosen PE waits; where no kernel is, the short reason stays. */
  ask() {
    const [row, column] = this.trace.place(this.stage.chosen);
    this.model.send({ ask: "why", id: this.asked, cycle: this.cycle, row, column });
  }

  answered(message) {
    if (message.id === this.asked && this.open) this.panel.explain(message.texts);
  }

  // Who waits for whom.

  toggleCircle() {
    if (!this.about.arrows.length) return;
    this.circle = !(this.circle && this.cycle === this.trace.last);
    if (this.circle && this.cycle !== this.trace.last) this.go(this.trace.last);
    this.showCircle();
    if (this.circle) this.say(this.about.arrows.map(({ text }) => text).join(". "));
  }

  showCircle() {
    const { about, stage, trace } = this;
    const shown = this.circle && this.cycle === trace.last && about.arrows.length > 0;
    this.root.dataset.circle = shown;
    if (shown === (stage.waiting !== null)) return;
    stage.waiting = shown ? about : null;
    this.circleButton?.setAttribute("aria-pressed", String(shown));
    this.waiting?.toggleAttribute("hidden", !shown);
    stage.wanted = true;
  }

  // The page.

  toggleKeys(shown = this.keys.hidden) {
    this.keys.hidden = !shown;
    this.keysButton.setAttribute("aria-expanded", String(shown));
  }

  say(text) {
    this.says.setAttribute("aria-live", "polite");
    this.says.textContent = text;
  }

  dress() {
    this.stage.theme = readTheme(this.root);
    this.stage.changed();
    fillLegend(this);
    drawStrip(this);
    this.showPE();
  }
}

/** What anywidget calls for each view of the widget. */
async function render({ model, el }) {
  const root = make("div", { class: "wse-player", role: "group", "aria-label": model.get("alt") },
    "Unpacking the trace ...");
  el.append(root);
  let data;
  try {
    data = await unpack(model.get("content"), model.get("cells"));
  } catch (error) {
    root.textContent = `This browser cannot unpack it (${error.message}). ${model.get("alt")}`;
    return undefined;
  }
  const player = new Player(model, root, new Trace(data), JSON.parse(model.get("about")));
  const answer = (message) => player.answered(message);
  model.on("msg:custom", answer);
  root.dataset.ready = "true";
  return () => {
    model.off("msg:custom", answer);
    player.stop();
  };
}
