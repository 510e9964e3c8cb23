// Keys, pointer, and all else that the player listens to.

const ARROWS = { ArrowUp: NORTH, ArrowRight: EAST, ArrowDown: SOUTH, ArrowLeft: WEST };
const THEMED = ["data-jp-theme-light", "data-jp-theme-name", "class"]; // of a body in a new dress
const PAN = 60; // pixels a key
const CLICK = 5; // pixels: what moves farther is a drag

/** Listen to everything; gives a function that ends it. */
function listen(player) {
  const { root, stage } = player, { canvas } = stage, ends = [];
  const on = (target, name, does, options) => {
    target.addEventListener(name, does, options);
    ends.push(() => target.removeEventListener(name, does, options));
  };
  on(root, "keydown", (event) => {
    const does = pressed(player, event);
    if (does) event.preventDefault();
    // A notebook has commands on plain keys, d d deletes a cell: they are not meant here.
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey && event.key.length === 1;
    if (does || plain || event.key in ARROWS) event.stopPropagation();
  });
  for (const name of ["focus", "blur"]) on(canvas, name, () => { stage.wanted = true; });
  pointer(player, on);
  const sizes = new ResizeObserver(() => {
    const width = Math.floor(canvas.parentElement.clientWidth);
    if (width && width !== stage.view.width) stage.resize(width);
    drawStrip(player);
  });
  sizes.observe(canvas.parentElement);
  const dress = () => player.dress();
  const themes = new MutationObserver(() => requestAnimationFrame(dress));
  themes.observe(document.body, { attributes: true, attributeFilter: THEMED });
  on(matchMedia("(prefers-color-scheme: dark)"), "change", dress);
  let before = performance.now(), frame = requestAnimationFrame(function each(now) {
    if (player.playing) player.play(now - before);
    before = now;
    stage.draw(now);
    frame = requestAnimationFrame(each);
  });
  ends.push(() => sizes.disconnect(), () => themes.disconnect(), () => cancelAnimationFrame(frame),
    () => clearTimeout(player.asking));
  return () => ends.forEach((end) => end());
}

/** What a key does; whether it does anything. */
function pressed(player, event) {
  const { stage, trace, root } = player, { key, target } = event;
  if (event.ctrlKey || event.metaKey || event.altKey || target.tagName === "SELECT") return false;
  const onButton = target.tagName === "BUTTON" && (key === " " || key === "Enter");
  const onSlider = target === player.slider && (key in ARROWS || key.startsWith("Page"));
  if (onButton || onSlider) return false;
  const port = ARROWS[key];
  if (port !== undefined) {
    if (target !== stage.canvas) return false;
    if (event.shiftKey) stage.pan(-PAN * STEP_COLUMN[port], -PAN * STEP_ROW[port]);
    else player.move(port);
    return true;
  }
  if (key === "Escape") {
    if (!player.keys.hidden) player.toggleKeys(false);
    else if (player.open) player.closePE();
    else return false;
    return true;
  }
  const does = {
    " ": () => player.toggle(),
    ".": () => player.step(1), ",": () => player.step(-1),
    ">": () => player.step(10), "<": () => player.step(-10),
    Home: () => player.go(trace.first), End: () => player.go(trace.last),
    f: () => player.faster(1), s: () => player.faster(-1),
    "+": () => stage.zoom(ZOOM), "=": () => stage.zoom(ZOOM), "-": () => stage.zoom(1 / ZOOM),
    0: () => stage.showWhole(),
    z: () => player.zoomToChosen(),
    Enter: () => player.choose(Math.max(0, stage.chosen), true),
    w: () => player.toggleCircle(),
    "?": () => player.toggleKeys(),
  }[key];
  does?.();
  return does !== undefined;
}

/** Click opens a PE, double click shows it alone, dragging moves the view, Ctrl + wheel zooms. */
function pointer(player, on) {
  const { stage } = player, { canvas } = stage;
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  let held = null;
  on(canvas, "pointerdown", (event) => {
    if (event.button) return;
    held = { at: place(event), far: 0 };
    canvas.setPointerCapture(event.pointerId);
  });
  on(canvas, "pointermove", (event) => {
    const at = place(event);
    if (held) {
      const [dx, dy] = [at[0] - held.at[0], at[1] - held.at[1]];
      held.far += Math.hypot(dx, dy);
      if (held.far > CLICK) stage.pan(dx, dy);
      held.at = at;
    }
    tell(player, held?.far > CLICK ? -1 : stage.peAt(...at), at);
  });
  on(canvas, "pointerup", (event) => {
    const pe = stage.peAt(...place(event));
    if (held && held.far <= CLICK && pe >= 0) player.choose(pe, true);
    held = null;
  });
  on(canvas, "pointercancel", () => { held = null; });
  on(canvas, "pointerleave", () => tell(player, -1));
  on(canvas, "dblclick", (event) => {
    const pe = stage.peAt(...place(event));
    if (pe >= 0) stage.zoomTo(pe);
  });
  on(canvas, "wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return; // the page scrolls
    event.preventDefault();
    stage.zoom(Math.exp(-event.deltaY / 200), ...place(event));
  }, { passive: false });
}

/** What the PE under the pointer does. */
function tell(player, pe, [x, y] = [0, 0]) {
  const { tip, frame, stage } = player;
  tip.hidden = pe < 0;
  if (pe < 0) return;
  tip.textContent = `${named(player.trace, pe)} ${phraseOf(frame, pe)}`;
  const left = x > stage.view.width / 2;
  tip.style.transform = `translate(${left ? "-100%" : "0"}, -130%)`;
  tip.style.left = `${x + (left ? -8 : 8)}px`;
  tip.style.top = `${Math.max(28, y)}px`;
}
