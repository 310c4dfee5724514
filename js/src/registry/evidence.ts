/** What a version is judged by: gates, metrics against Production, data, code, verdict. */

import { el } from "../base/dom.ts";
import { fullNumber, shortNumber } from "../base/format.ts";
import { checkList } from "./checks.ts";
import { actions } from "./decide.ts";
import type { Evidence, JsonNumber, Metric } from "./protocol.ts";
import { day } from "./time.ts";
import type { RegistryView } from "./view.ts";

const SHOWN_METRICS = 8;

export function evidence(view: RegistryView): HTMLElement[] {
  const { chosen } = view;
  if (!chosen) return view.looksAt === null ? [] : [comes(view.looksAt)];
  const version = view.version(chosen.version)!;
  const made = [`registered ${day(version.created)} by ${version.user}`];
  if (chosen.trained_by && chosen.trained_by !== version.user) made.push(`trained by ${chosen.trained_by}`);
  made.push(`run ${version.run}`);
  if (chosen.source) made.push(chosen.source);
  return [
    el(
      "div",
      { class: "nbt-reg-title" },
      el("h3", { text: `Version ${chosen.version}` }),
      el("span", { class: "nbt-quiet nbt-small", text: made.join(" · ") }),
    ),
    ...(version.description ? [el("div", { class: "nbt-reg-description", text: version.description })] : []),
    el(
      "div",
      { class: "nbt-reg-columns2" },
      el("div", { class: "nbt-reg-judged" }, gates(view, chosen), facts(chosen)),
      metrics(chosen),
    ),
    actions(view),
  ];
}

function comes(version: number): HTMLElement {
  return el(
    "div",
    { class: "nbt-reg-title" },
    el("h3", { text: `Version ${version}` }),
    el("span", { class: "nbt-quiet nbt-small", text: "Reading what it is judged by …" }),
  );
}

function gates(view: RegistryView, chosen: Evidence): HTMLElement | null {
  const isThere = view.version(chosen.version)?.stage === "Production";
  if (!chosen.checks.length) {
    const { gates: declared } = view.shown!;
    if (isThere) return null;
    const text = declared.length ? declared.join("; ") : "No gates: any version may go to Production.";
    return el("div", { class: "nbt-quiet", text });
  }
  return el(
    "div",
    {},
    el("div", { class: "nbt-reg-label", text: isThere ? "When it went to Production" : "To go to Production" }),
    checkList(chosen.checks),
  );
}

function facts(chosen: Evidence): HTMLElement {
  const rows: [string, HTMLElement][] = [];
  const verdict = chosen.verdict ?? "unknown: no tracked cell made it";
  rows.push([
    "verdict",
    el("span", {
      class: chosen.verdict === "clean" || chosen.replayed ? "nbt-reg-good" : "nbt-reg-warn",
      text: chosen.replayed ? `${verdict}, replayed with the same metrics` : verdict,
    }),
  ]);
  for (const data of chosen.data) {
    const same = data.same === null ? "" : data.same ? ` as in ${chosen.against}` : ` not as in ${chosen.against}`;
    rows.push([
      "data",
      el(
        "span",
        {},
        data.name,
        " ",
        el("code", { text: data.digest || "no digest" }),
        el("span", { class: "nbt-quiet", text: `${data.sampled ? " a sample" : ""}${same}` }),
      ),
    ]);
  }
  if (chosen.code.commit) {
    const same = chosen.code.same === null ? "" : chosen.code.same ? ` as in ${chosen.against}` : ` not as in ${chosen.against}`;
    rows.push([
      "code",
      el(
        "span",
        {},
        el("code", { text: chosen.code.commit }),
        el("span", { class: "nbt-quiet", text: `${chosen.code.dirty ? " with changes" : ""}${same}` }),
      ),
    ]);
  }
  for (const [key, value] of Object.entries(chosen.tags)) rows.push([key, el("span", { text: value })]);
  return el(
    "dl",
    { class: "nbt-reg-rows" },
    ...rows.flatMap(([name, value]) => [el("dt", { text: name }), el("dd", {}, value)]),
  );
}

function metrics(chosen: Evidence): HTMLElement {
  const { against } = chosen;
  const shown = chosen.metrics.slice(0, SHOWN_METRICS);
  const rest = chosen.metrics.slice(SHOWN_METRICS);
  const heads = ["metric", `version ${chosen.version}`, ...(against === null ? [] : [`${against} ${chosen.against_is}`, ""])];
  return el(
    "div",
    { class: "nbt-reg-metrics" },
    chosen.metrics.length
      ? metricTable(heads, shown, against)
      : el("div", { class: "nbt-quiet", text: "The run logged no metrics." }),
    rest.length
      ? el(
          "details",
          { attributes: { "data-fold": "metrics" } },
          el("summary", { class: "nbt-quiet", text: `${rest.length} more` }),
          metricTable(heads, rest, against),
        )
      : null,
  );
}

function metricTable(heads: string[], rows: Metric[], against: number | null): HTMLElement {
  return el(
    "table",
    { class: "nbt-reg-table" },
    el("thead", {}, el("tr", {}, ...heads.map((text) => el("th", { text, attributes: { scope: "col" } })))),
    el(
      "tbody",
      {},
      ...rows.map((row) =>
        el(
          "tr",
          { attributes: { "data-metric": row.key } },
          el("th", { text: row.key, title: row.key, attributes: { scope: "row" } }),
          number(row.value),
          ...(against === null ? [] : [number(row.before), change(row)]),
        ),
      ),
    ),
  );
}

function number(value: JsonNumber): HTMLElement {
  if (typeof value !== "number") return el("td", { text: value ?? "—" });
  return el("td", { text: shortNumber(value), title: fullNumber(value) });
}

/** By how much it is more or less, in the colour of whether that is good. */
function change({ value, before, higher }: Metric): HTMLElement {
  if (typeof value !== "number" || typeof before !== "number" || value === before) return el("td", {});
  const more = value - before;
  const tone = higher === null ? "" : more > 0 === higher ? "nbt-reg-good" : "nbt-reg-bad";
  return el("td", { class: tone, text: `${more > 0 ? "+" : "−"}${shortNumber(Math.abs(more))}` });
}
