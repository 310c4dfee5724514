/** Everything about one run, beside the table. */

import { curve } from "./curve.ts";
import { button, el } from "../base/dom.ts";
import { count, duration, fullNumber, moment, shortNumber } from "../base/format.ts";
import { toNumber, type Detail, type DetailMetric } from "./protocol.ts";
import type { OpenDetail, TableView } from "./view.ts";

const TEXT_TITLES: Record<string, string> = {
  source: "Source",
  stdout: "Output",
  stderr: "Errors and warnings",
  traceback: "Traceback",
  "git.diff": "Uncommitted changes",
};
const SYSTEM = "system/";
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
    inputs(detail),
    resources(open),
    ...orderedTexts(detail).map(({ role, text, cut }) => textSection(role, text, cut)),
    facts(detail.facts),
  );
  panel.addEventListener("keydown", (event) => {
    if (event.key === "Escape") view.closeDetail();
  });
  return panel;
}

function head(view: TableView, detail: Detail): HTMLElement {
  const facts = [detail.experiment, detail.short_id];
  if (detail.duration_s !== null) facts.push(duration(detail.duration_s));
  const when = detail.started_ms === null ? "" : moment(detail.started_ms);
  return el(
    "div",
    { class: "nbt-detail-head" },
    el(
      "div",
      { class: "nbt-detail-title" },
      el("span", { class: `nbt-dot nbt-is-${detail.status}`, attributes: { "aria-hidden": true } }),
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

function verdict(detail: Detail): HTMLElement | null {
  if (detail.verdict === null) return null;
  const section = titled("Verdict");
  const replayed = detail.replayed === null ? "" : ` · replayed: ${detail.replayed}`;
  section.append(
    el("span", {
      class: `nbt-verdict nbt-is-${detail.verdict.replace(" ", "-")}`,
      text: detail.verdict,
    }),
    el("span", { class: "nbt-quiet", text: replayed }),
    ...detail.blames.map((text) => el("div", { class: "nbt-quiet nbt-small", text })),
  );
  return section;
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
  for (const { path, image } of open.figures) {
    const address = URL.createObjectURL(image);
    const picture = el("img", { class: "nbt-figure", attributes: { src: address, alt: path } });
    picture.addEventListener("load", () => URL.revokeObjectURL(address));
    section.append(picture);
  }
  return section;
}

function inputs(detail: Detail): HTMLElement | null {
  return pairs(
    "Data",
    detail.inputs.map(({ name, kind, shape, digest, note }) => [
      name,
      [kind, shape, digest, note].filter((part) => part).join(" · "),
    ]),
  );
}

function metricBlock(metric: DetailMetric, open: OpenDetail): HTMLElement {
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
  const points = open.curves.get(metric.key);
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
    curve(points.steps, points.values),
    el("div", { class: "nbt-quiet nbt-small", text: range }),
  );
}

function pairs(title: string, entries: [string, string][]): HTMLElement | null {
  if (!entries.length) return null;
  const section = titled(title);
  for (const [key, value] of entries) {
    section.append(
      el(
        "div",
        { class: "nbt-pair" },
        el("span", { class: "nbt-key", text: key, title: key }),
        el("span", { class: "nbt-value", text: value, title: value.slice(0, 2000) }),
      ),
    );
  }
  return section;
}

function orderedTexts(detail: Detail): Detail["texts"] {
  const order = ["traceback", "source", "stdout", "stderr"];
  const rank = (role: string) => (order.indexOf(role) + order.length + 1) % (order.length + 1);
  const known = detail.texts.filter((text) => order.includes(text.role));
  const others = detail.texts.filter((text) => !order.includes(text.role));
  return [...known.sort((a, b) => rank(a.role) - rank(b.role)), ...others];
}

function textSection(role: string, text: string, cut: boolean): HTMLElement {
  const section = folded(TEXT_TITLES[role] ?? role, OPEN_TEXTS.has(role));
  section.append(el("pre", { class: role === "traceback" ? "nbt-log nbt-bad" : "nbt-log", text }));
  if (cut) {
    const how = `run.text("${role}") has all of it`;
    section.append(el("div", { class: "nbt-quiet nbt-small", text: `Cut here; ${how}.` }));
  }
  return section;
}

function facts(all: Record<string, string>): HTMLElement | null {
  const entries = Object.entries(all);
  if (!entries.length) return null;
  const section = folded("Surroundings", false);
  const inner = pairs("", entries);
  if (inner) section.append(...inner.children);
  return section;
}

function titled(title: string): HTMLElement {
  return el("section", { class: "nbt-section" }, title ? el("h4", { text: title }) : null);
}

function folded(title: string, open: boolean): HTMLDetailsElement {
  const section = el("details", { class: "nbt-section" }, el("summary", { text: title }));
  section.open = open;
  return section;
}
