/** What a run was and gave: its note, verdict, metrics, parameters, tags. */

import { pathOf } from "../base/curve_chart.ts";
import type { Curve } from "../base/curves.ts";
import { el, svg } from "../base/dom.ts";
import { columnFormat, count, fullNumber, shortNumber, type NumberFormat } from "../base/format.ts";
import { SYSTEM, toNumber, type RunMetric } from "../base/run.ts";
import { pairs, verdict } from "../base/run_parts.ts";
import { findable } from "./finding.ts";
import type { RunView } from "./view.ts";

const SPARK = { width: 64, height: 18, pad: 2 };

export function overview(view: RunView): HTMLElement {
  const { run } = view;
  const metrics = run.metrics.filter(({ key }) => !key.startsWith(SYSTEM));
  const about: [string, string][] = [
    ["program", run.program],
    ["user", run.user],
    ["host", run.host],
  ];
  const isBare = !metrics.length && !run.params.length;
  return el(
    "div",
    { class: "nbt-run-overview" },
    run.note ? el("div", { class: "nbt-note nbt-run-whole", text: run.note }) : null,
    isBare ? el("div", { class: "nbt-quiet nbt-run-whole", text: "No parameter and no metric was logged yet." }) : null,
    el("div", { class: "nbt-run-column" }, metricTable(view, metrics), verdict(run)),
    el(
      "div",
      { class: "nbt-run-column" },
      findable("Parameters", run.params.map(({ key, value }) => [key, value])),
      pairs("Tags", Object.entries(run.tags)),
      pairs("Made by", about.filter(([, value]) => value)),
    ),
  );
}

function metricTable(view: RunView, metrics: readonly RunMetric[]): HTMLElement | null {
  if (!metrics.length) return null;
  const body = el("tbody");
  const writes = (["value", "min", "max"] as const).map((part) => alike(metrics.map((metric) => toNumber(metric[part]))));
  for (const metric of metrics) body.append(metricLine(metric, view.curves.get(metric.key), writes));
  const heads = ["Metric", "", "last", "least", "greatest", "points"];
  return el(
    "section",
    { class: "nbt-section" },
    el("h4", { text: "Metrics" }),
    el(
      "table",
      { class: "nbt-run-metrics", attributes: { "aria-label": "Metrics" } },
      el("thead", {}, el("tr", {}, ...heads.map((text) => el("th", { text: text === "Metric" ? "" : text })))),
      body,
    ),
  );
}

/** Decimal points in line where the numbers of a column are of one size; else each on its own. */
function alike(values: readonly (number | null)[]): NumberFormat {
  const sizes = values.flatMap((value) => (value && Number.isFinite(value) ? [Math.abs(value)] : []));
  const spread = sizes.reduce((a, b) => Math.max(a, b), 0) / sizes.reduce((a, b) => Math.min(a, b), Infinity);
  return spread <= 100 ? columnFormat(sizes) : shortNumber;
}

function metricLine(metric: RunMetric, curve: Curve | undefined, writes: readonly NumberFormat[]): HTMLElement {
  const values = [metric.value, metric.min, metric.max].map(toNumber);
  const isCurve = metric.count > 1;
  const cell = (place: number) => {
    const value = place === 0 || isCurve ? values[place] : null;
    return el("td", {
      class: place === 0 ? "nbt-strong" : "nbt-quiet",
      text: value === null || value === undefined ? "" : (writes[place]?.(value) ?? ""),
      title: value === null || value === undefined ? "" : fullNumber(value),
    });
  };
  return el(
    "tr",
    { attributes: { "data-metric": metric.key } },
    el("th", { title: metric.key, attributes: { scope: "row" } }, el("div", { class: "nbt-run-name", text: metric.key })),
    el("td", {}, isCurve && curve ? spark(curve) : null),
    ...[0, 1, 2].map(cell),
    el("td", { class: "nbt-quiet", text: isCurve ? count(metric.count) : "" }),
  );
}

function spark(curve: Curve): SVGElement {
  const finite = curve.values.filter((value) => Number.isFinite(value));
  const [low, high] = [finite.reduce((a, b) => Math.min(a, b), Infinity), finite.reduce((a, b) => Math.max(a, b), -Infinity)];
  const [first, last] = [curve.steps[0] ?? 0, curve.steps.at(-1) ?? 0];
  const { width, height, pad } = SPARK;
  const x = (step: number) => (last > first ? pad + ((step - first) / (last - first)) * (width - 2 * pad) : width / 2);
  const y = (value: number) =>
    high > low ? height - pad - ((value / 2 - low / 2) / (high / 2 - low / 2)) * (height - 2 * pad) : height / 2;
  return svg(
    "svg",
    { class: "nbt-curve nbt-run-spark", width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": true },
    svg("path", { d: pathOf(curve, x, y), style: "stroke: var(--nbt-curve)" }),
  );
}

/** Metrics as text for the head of a chart. */
export function lastValue(metric: RunMetric): string {
  const value = toNumber(metric.value);
  return value === null ? "–" : shortNumber(value);
}
