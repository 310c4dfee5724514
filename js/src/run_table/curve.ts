/** A metric's curve in the detail panel; the point under the mouse is read out. */

import { el, svg } from "../base/dom.ts";
import { fullNumber, shortNumber } from "../base/format.ts";
import { finiteRange } from "./sparkline.ts";

const WIDTH = 320;
const HEIGHT = 72;
const PAD = 4;

export function curve(steps: readonly number[], values: readonly number[]): HTMLElement {
  const [low, high] = finiteRange(values);
  const first = steps[0] ?? 0;
  const last = steps[steps.length - 1] ?? first;
  const x = (step: number) => (last > first ? ((step - first) / (last - first)) * WIDTH : WIDTH / 2);
  const y = (value: number) =>
    high > low ? HEIGHT - PAD - ((value - low) / (high - low)) * (HEIGHT - 2 * PAD) : HEIGHT / 2;

  let pen = "M";
  const parts: string[] = [];
  values.forEach((value, i) => {
    if (!Number.isFinite(value)) return void (pen = "M");
    parts.push(`${pen}${x(steps[i] ?? 0).toFixed(1)} ${y(value).toFixed(1)}`);
    pen = "L";
  });
  const cross = svg("line", { class: "nbt-cross", y1: 0, y2: HEIGHT, visibility: "hidden" });
  const drawing = svg(
    "svg",
    {
      class: "nbt-curve",
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      preserveAspectRatio: "none",
      role: "img",
      "aria-label": `Curve from ${shortNumber(low)} to ${shortNumber(high)} over steps ${first} to ${last}`,
    },
    svg("path", { d: parts.join("") }),
    cross,
  );
  const readout = el("span", { text: summary(first, last) });
  const box = el(
    "div",
    { class: "nbt-curvebox" },
    el(
      "div",
      { class: "nbt-curve-scale", attributes: { "aria-hidden": true } },
      el("span", { text: shortNumber(high) }),
      el("span", { text: shortNumber(low) }),
    ),
    drawing,
    el("div", { class: "nbt-curve-steps nbt-quiet" }, readout),
  );
  drawing.addEventListener("pointermove", (event) => {
    const frame = drawing.getBoundingClientRect();
    const step = first + ((event.clientX - frame.left) / frame.width) * (last - first);
    const i = nearest(steps, step);
    cross.setAttribute("visibility", "visible");
    cross.setAttribute("x1", String(x(steps[i] ?? 0)));
    cross.setAttribute("x2", String(x(steps[i] ?? 0)));
    readout.textContent = `step ${steps[i]}: ${fullNumber(values[i] ?? NaN)}`;
  });
  drawing.addEventListener("pointerleave", () => {
    cross.setAttribute("visibility", "hidden");
    readout.textContent = summary(first, last);
  });
  return box;
}

function summary(first: number, last: number): string {
  return first === last ? `step ${first}` : `steps ${first} – ${last}`;
}

/** The place in increasing `steps` that is closest to `step`. */
export function nearest(steps: readonly number[], step: number): number {
  let low = 0;
  let high = steps.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((steps[middle] ?? 0) < step) low = middle + 1;
    else high = middle;
  }
  const before = steps[low - 1];
  const here = steps[low] ?? 0;
  return before !== undefined && step - before < here - step ? low - 1 : low;
}
