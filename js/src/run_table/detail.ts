/** Everything about one run, beside the table. */

import { curveChart } from "../base/curve_chart.ts";
import { button, el } from "../base/dom.ts";
import { count, duration, fullNumber, moment, shortNumber } from "../base/format.ts";
import { SYSTEM, toNumber, type RunJson, type RunMetric } from "../base/run.ts";
import {
  figure,
  folded,
  inputPairs,
  keptText,
  pairs,
  statusDot,
  titled,
  titleOfText,
  verdict,
} from "../base/run_parts.ts";
import type { OpenDetail, TableView } from "./view.ts";

const OPEN_TEXTS = new Set(["traceback", "source"]);

export function detailPanel(view: TableView, open: OpenDetail): HTMLElement {
  const { detail } = open;
  const panel = el(
    "aside",
    {
      class: "nbt-detail",
      attributes: { role: "region", "aria-label": `Run ${detail.name}`, tabindex: -1 },
    },
    head(view, detail),
    detail.note ? el("div", { class: "nbt-note", text: detail.note }) : null,
    verdict(detail),
    metrics("Metrics", open, (key) => !key.startsWith(SYSTEM)),
    pairs("Parameters", detail.params.map(({ key, value }) => [key, value])),
    pairs("Tags", Object.entries(detail.tags)),
    figures(open),
    pairs("Data", inputPairs(detail)),
    resources(open),
    ...detail.texts.map(({ role, text, cut }) => {
      const section = folded(titleOfText(role), OPEN_TEXTS.has(role));
      section.append(...keptText(role, text, cut));
      return section;
    }),
    facts(detail.facts),
  );
  panel.addEventListener("keydown", (event) => {
    if (event.key === "Escape") view.closeDetail();
  });
  return panel;
}

function head(view: TableView, detail: RunJson): HTMLElement {
  const facts = [detail.experiment, detail.short_id];
  if (detail.duration_s !== null) facts.push(duration(detail.duration_s));
  const when = detail.started_ms === null ? "" : moment(detail.started_ms);
  return el(
    "div",
    { class: "nbt-detail-head" },
    el(
      "div",
      { class: "nbt-detail-title" },
      statusDot(detail.status),
      el("b", { text: detail.name }),
      el("span", { class: `nbt-status nbt-is-${detail.status}`, text: detail.status }),
      button("×", { class: "nbt-x", title: "Close (Esc)", attributes: { "aria-label": "Close" } }, () =>
        view.closeDetail(),
      ),
    ),
    el("div", { class: "nbt-quiet nbt-small", text: facts.join(" · ") }),
    el("div", { class: "nbt-quiet nbt-small", text: when }),
  );
}

function metrics(
  title: string,
  open: OpenDetail,
  belongs: (key: string) => boolean,
): HTMLElement | null {
  const all = open.detail.metrics.filter(({ key }) => belongs(key));
  if (!all.length) return null;
  const section = titled(title);
  for (const metric of all) section.append(metricBlock(metric, open));
  return section;
}

/** What the machine did while the run was open, folded away. */
function resources(open: OpenDetail): HTMLElement | null {
  const inner = metrics("", open, (key) => key.startsWith(SYSTEM));
  if (!inner) return null;
  const section = folded("Resources", false);
  section.append(...inner.children);
  return section;
}

function figures(open: OpenDetail): HTMLElement | null {
  if (!open.figures.length) return null;
  const section = titled("Figures");
  section.append(...open.figures.map(figure));
  return section;
}

function metricBlock(metric: RunMetric, open: OpenDetail): HTMLElement {
  const value = toNumber(metric.value);
  const line = el(
    "div",
    { class: "nbt-pair" },
    el("span", { class: "nbt-key", text: metric.key, title: metric.key }),
    el("span", {
      class: "nbt-number nbt-strong",
      text: value === null ? "–" : shortNumber(value),
      title: value === null ? "" : fullNumber(value),
    }),
  );
  const points = open.curves.get(metric.key)?.get(open.detail.run_id);
  if (metric.count < 2 || !points) return line;
  const [low, high] = [toNumber(metric.min), toNumber(metric.max)];
  const range =
    low === null || high === null
      ? ""
      : `min ${shortNumber(low)} · max ${shortNumber(high)} · ${count(metric.count)} points`;
  return el(
    "div",
    { class: "nbt-metric" },
    line,
    curveChart(metric.key, [{ name: "", stroke: "var(--nbt-curve)", dash: "", ...points }], 72),
    el("div", { class: "nbt-quiet nbt-small", text: range }),
  );
}

function facts(all: Record<string, string>): HTMLElement | null {
  const inner = pairs("", Object.entries(all));
  if (!inner) return null;
  const section = folded("Surroundings", false);
  section.append(...inner.children);
  return section;
}
