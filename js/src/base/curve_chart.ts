/** Curves of one metric over each other; the points under the mouse are read out. */

import { el, svg } from "./dom.ts";
import { fullNumber, shortNumber } from "./format.ts";
import { linearTicks } from "./ticks.ts";

const WIDTH = 320;
/** Room for strokes at the edges, as a share of the height. */
const PAD = 0.05;
/** What is read out stands beside the cross, not on it. */
const TIP_GAP = 24;

export interface ChartLine {
  /** Whose curve it is; empty where there is only one. */
  name: string;
  stroke: string;
  dash: string;
  steps: readonly number[];
  values: readonly number[];
}

/**
 * A chart `height` pixels high and as wide as its place; `title` is what screen readers call it,
 * and `unit` what its steps are.
 */
export function curveChart(title: string, lines: readonly ChartLine[], height = 120, unit = "step"): HTMLElement {
  const values = lines.flatMap((line) => line.values);
  const finite = values.filter((value) => Number.isFinite(value));
  if (!finite.length) return el("div", { class: "nbt-quiet nbt-small", text: "No finite value." });
  const low = finite.reduce((a, b) => Math.min(a, b));
  const high = finite.reduce((a, b) => Math.max(a, b));
  const first = lines.map((line) => line.steps[0] ?? 0).reduce((a, b) => Math.min(a, b));
  const last = lines.map((line) => line.steps[line.steps.length - 1] ?? 0).reduce((a, b) => Math.max(a, b));
  const x = (step: number) => share(step, first, last);
  const y = (value: number) => 1 - PAD - share(value, low, high) * (1 - 2 * PAD);
  const ticks = linearTicks(low, high, height < 100 ? 2 : 3);

  const cross = svg("line", { class: "nbt-cross", y1: 0, y2: height, visibility: "hidden" });
  const drawing = svg(
    "svg",
    {
      class: "nbt-curve",
      viewBox: `0 0 ${WIDTH} ${height}`,
      preserveAspectRatio: "none",
      height,
      role: "img",
      "aria-label": `${title}: from ${shortNumber(low)} to ${shortNumber(high)} over ${unit} ${first} to ${last}`,
    },
    ...ticks.map((tick) => {
      const at = y(tick) * height;
      return svg("line", { class: "nbt-curve-grid", x1: 0, x2: WIDTH, y1: at, y2: at });
    }),
    ...lines.map((line) =>
      svg("path", {
        d: pathOf(line, (step) => x(step) * WIDTH, (value) => y(value) * height),
        style: `stroke: ${line.stroke}`,
        "stroke-dasharray": line.dash || undefined,
      }),
    ),
    cross,
  );
  const tip = el("div", { class: "nbt-curve-tip" });
  tip.hidden = true;
  const labels = ticks.map((tick) => shortNumber(tick));
  const widest = labels.reduce((a, b) => (b.length > a.length ? b : a), "");
  const scale = el(
    "div",
    { class: "nbt-curve-scale", attributes: { "aria-hidden": true }, style: { height: `${height}px` } },
    el("span", { class: "nbt-curve-widest", text: widest }),
    ...ticks.map((tick, i) => el("span", { text: labels[i] ?? "", style: { top: `${y(tick) * 100}%` } })),
  );
  const plot = el("div", { class: "nbt-curve-plot" }, drawing, tip);
  const steps = el(
    "div",
    { class: "nbt-curve-steps nbt-quiet", attributes: { "aria-hidden": true } },
    el("span", { text: `${unit} ${shortNumber(first)}` }),
    first === last ? null : el("span", { text: shortNumber(last) }),
  );
  readOut(plot, tip, cross, lines, [first, last], unit);
  return el("div", { class: "nbt-curvebox" }, scale, plot, steps);
}

function readOut(
  plot: HTMLElement,
  tip: HTMLElement,
  cross: SVGLineElement,
  lines: readonly ChartLine[],
  [first, last]: [number, number],
  unit: string,
): void {
  plot.addEventListener("pointermove", (event) => {
    const frame = plot.getBoundingClientRect();
    const wanted = first + ((event.clientX - frame.left) / frame.width) * (last - first);
    const steps = lines.map((line) => line.steps[nearest(line.steps, wanted)] ?? first);
    const step = steps.reduce((a, b) => (Math.abs(b - wanted) < Math.abs(a - wanted) ? b : a));
    const at = share(step, first, last);
    cross.setAttribute("visibility", "visible");
    cross.setAttribute("x1", String(at * WIDTH));
    cross.setAttribute("x2", String(at * WIDTH));
    tip.hidden = false;
    tip.style.left = `${at * 100}%`;
    tip.replaceChildren(
      el("div", { class: "nbt-quiet", text: `${unit} ${fullNumber(step)}` }),
      ...lines.map((line) => {
        const i = nearest(line.steps, step);
        // Curves are thinned: the nearest point that was kept is told with its own step.
        const own = line.steps[i] === step ? "" : ` (${unit} ${fullNumber(line.steps[i] ?? NaN)})`;
        return el(
          "div",
          { class: "nbt-curve-value" },
          line.name ? lineKey(line.stroke, line.dash) : null,
          line.name ? el("span", { class: "nbt-curve-name", text: line.name }) : null,
          el("span", { class: "nbt-number", text: shortNumber(line.values[i] ?? NaN) }),
          own ? el("span", { class: "nbt-quiet", text: own }) : null,
        );
      }),
    );
    // On the right of the cross, unless the widget ends there.
    const end = (plot.closest(".nbt") ?? plot).getBoundingClientRect().right;
    const room = end - (frame.left + at * frame.width);
    tip.classList.toggle("nbt-curve-tip-left", room < tip.offsetWidth + TIP_GAP);
  });
  plot.addEventListener("pointerleave", () => {
    cross.setAttribute("visibility", "hidden");
    tip.hidden = true;
  });
}

/** A short piece of a line, as it is drawn: whose it is. */
export function lineKey(stroke: string, dash: string): SVGElement {
  return svg(
    "svg",
    { class: "nbt-line-key", width: 16, height: 10, viewBox: "0 0 16 10", "aria-hidden": true },
    svg("line", { x1: 1, x2: 15, y1: 5, y2: 5, style: `stroke: ${stroke}`, "stroke-dasharray": dash || undefined }),
  );
}

/** The `d` of a path, broken where a value is not finite; a point on its own is a dot. */
export function pathOf(
  line: Pick<ChartLine, "steps" | "values">,
  x: (step: number) => number,
  y: (value: number) => number,
): string {
  let pen = "M";
  let alone = false;
  let path = "";
  line.values.forEach((value, i) => {
    if (!Number.isFinite(value)) {
      if (alone) path += "h0";
      alone = false;
      pen = "M";
      return;
    }
    path += `${pen}${x(line.steps[i] ?? 0).toFixed(1)} ${y(value).toFixed(1)}`;
    alone = pen === "M";
    pen = "L";
  });
  return alone ? `${path}h0` : path;
}

/** Halves, since the distance between two large numbers may be infinite. */
function share(value: number, low: number, high: number): number {
  return high > low ? (value / 2 - low / 2) / (high / 2 - low / 2) : 0.5;
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
