/* Numbers on axes and scales, and text. The files of this folder are joined to one module. */

const clamp = (x, low, high) => Math.max(low, Math.min(high, x));

/** Round numbers from `low` to `high`, about `most` of them. */
function ticks(low, high, most, whole) {
  const rough = Math.max((high - low) / most, whole ? 1 : Number.MIN_VALUE);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((k) => k * power).find((s) => s >= rough * 0.999);
  const found = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k++)
    found.push(k * step);
  return found;
}

/** A number as it stands at a scale: at most five digits. */
function short(x) {
  const far = x !== 0 && (Math.abs(x) >= 1e7 || Math.abs(x) < 1e-3);
  if (far) return x.toExponential(2).replace(/\.?0+e/, "e");
  return x.toLocaleString("en", { maximumSignificantDigits: 5 });
}

/** Some lines in words: "row 3", "rows 3 to 7". */
const span = (name, first, last) =>
  first === last ? `${name} ${first}` : `${name}s ${first} to ${last}`;

/** Set a text only where it is new: the page is laid out again for it. */
function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
