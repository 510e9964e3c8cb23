/* What pictures to drag have in common: a head with controls, a drawing with handles, and words.
   The page of each comes after it, in the same module. */

const english = (value) => value.toLocaleString("en");
const between = (low, value, high) => Math.min(Math.max(value, low), high);

/* The root element, with these parts in it. */
function opened(el, name, parts) {
  const root = document.createElement("div");
  root.className = `wse-drag wse-${name}`;
  root.innerHTML = parts;
  root.addEventListener("keydown", (event) => {
    if (!event.ctrlKey && !event.metaKey) event.stopPropagation(); // or the notebook takes the key
  });
  return el.appendChild(root);
}

function place(part, attributes) {
  for (const [name, value] of Object.entries(attributes)) part.setAttribute(name, value);
}

/* A new element of a drawing. */
function added(parent, kind, attributes, text = "") {
  const part = document.createElementNS("http://www.w3.org/2000/svg", kind);
  place(part, attributes);
  part.textContent = text;
  return parent.appendChild(part);
}

function change(model, values) {
  for (const [name, value] of Object.entries(values)) model.set(name, value);
  model.save_changes();
}

/* A handle that follows the pointer: `move` is told the place in the drawing. */
function drag(handle, move) {
  handle.addEventListener("pointerdown", (event) => {
    handle.setPointerCapture(event.pointerId);
    handle.focus();
    event.preventDefault();
  });
  handle.addEventListener("pointermove", (event) => {
    if (!handle.hasPointerCapture(event.pointerId)) return;
    const toDrawing = handle.ownerSVGElement.getScreenCTM().inverse();
    move(new DOMPoint(event.clientX, event.clientY).matrixTransform(toDrawing));
  });
}

/* A handle that takes keys: from `now()` by a step or a page, or to an end, and there by `to`. */
function keys(handle, now, { step = 1, page, ends }, to) {
  const moves = { ArrowRight: step, ArrowUp: step, ArrowLeft: -step, ArrowDown: -step, PageUp: page, PageDown: -page };
  handle.addEventListener("keydown", (event) => {
    if (event.key in moves) to(now() + moves[event.key]);
    else if (event.key === "Home") to(ends[0]);
    else if (event.key === "End") to(ends[1]);
    else return;
    event.preventDefault();
  });
}

/* Draws now and whenever one of these traits changes; what it returns ends that. */
function drawnWith(model, names, draw) {
  const watched = names.map((name) => `change:${name}`);
  for (const event of watched) model.on(event, draw);
  draw();
  return () => {
    for (const event of watched) model.off(event, draw);
  };
}
