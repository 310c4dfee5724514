/** What a run was and gave: its note, verdict, metrics, parameters, tags. */

import { pathOf } from "../base/curve_chart.ts";
import type { Curve } from "../base/curves.ts";
import { el, svg } from "../base/dom.ts";
import { columnFormat, count, fullNumber, shortNumber } from "../base/format.ts";
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
  for (const metric of metrics) body.append(metricLine(metric, view.curves.get(metric.key)));
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

function metricLine(metric: RunMetric, curve: Curve | undefined): HTMLElement {
  const values = [metric.value, metric.min, metric.max].map(toNumber);
  const write = columnFormat(values.filter((value): value is number => value !== null));
  const isCurve = metric.count > 1;
  const cell = (value: number | null | undefined, strong = false) =>
    el("td", {
      class: strong ? "nbt-strong" : "nbt-quiet",
      text: value === null || value === undefined ? "" : write(value),
      title: value === null || value === undefined ? "" : fullNumber(value),
    });
  return el(
    "tr",
    { attributes: { "data-metric": metric.key } },
    el("th", { title: metric.key, attributes: { scope: "row" } }, el("div", { class: "nbt-run-name", text: metric.key })),
    el("td", {}, isCurve && curve ? spark(curve) : null),
    cell(values[0], true),
    cell(isCurve ? values[1] : null),
    cell(isCurve ? values[2] : null),
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
