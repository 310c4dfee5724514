/** What is known of one box, beside the graph. */

import { dataPairs, type DataText } from "../base/data.ts";
import { button, el } from "../base/dom.ts";
import { duration, fullNumber, moment, shortNumber } from "../base/format.ts";
import { SYSTEM, toNumber, type RunJson } from "../base/run.ts";
import { folded, inputPairs, pair, pairs, statusDot, titled, verdict } from "../base/run_parts.ts";
import { beside } from "./layout.ts";
import type { Box, VersionJson } from "./protocol.ts";
import type { LineageView } from "./view.ts";

export function detailsOf(view: LineageView): HTMLElement[] {
  const { details, looksAt } = view;
  const box = looksAt === null ? undefined : view.box(looksAt);
  if (!details || !box) return [el("div", { class: "nbt-quiet", text: details ? "It is gone." : "" })];
  switch (details.as) {
    case "data":
      return [...head(view, "Data", box.title), ...data(details.data), ...neighbours(view, box)];
    case "run":
      return [...runHead(view, details.run), ...run(details.run), ...neighbours(view, box)];
    case "version":
      return [...head(view, details.version.stage === "None" ? "Model version" : details.version.stage, box.title), ...version(details.version), ...neighbours(view, box)];
    case "gone":
      return [...head(view, "", box.title), el("div", { class: "nbt-quiet", text: "It is no longer in the store." })];
  }
}

function head(view: LineageView, kind: string, title: string, dot: HTMLElement | null = null): HTMLElement[] {
  return [
    el(
      "div",
      { class: "nbt-lin-title" },
      dot,
      el("b", { text: title, title }),
      el("span", { class: "nbt-quiet nbt-small", text: kind }),
      button("×", { class: "nbt-x", title: "Close (Esc)", attributes: { "aria-label": "Close" } }, () => view.leave()),
    ),
  ];
}

function data(each: DataText): HTMLElement[] {
  const parts = [pairs("", dataPairs(each))];
  const fields = Object.entries(each.fields);
  if (fields.length) {
    const more = each.fields_left_out ? ` and ${each.fields_left_out} more` : "";
    const fold = folded(`${fields.length}${more} columns`, fields.length <= 12);
    fold.append(...fields.map(([name, type]) => pair(name, type)));
    parts.push(fold);
  }
  return parts.filter((part) => part !== null);
}

function runHead(view: LineageView, each: RunJson): HTMLElement[] {
  const said = [each.experiment, each.short_id, each.duration_s === null ? "" : duration(each.duration_s)];
  const isPicked = view.selection.has(each.run_id);
  return [
    ...head(view, each.status, each.name, statusDot(each.status)),
    el("div", { class: "nbt-quiet nbt-small", text: said.filter((part) => part).join(" · ") }),
    button(isPicked ? "Selected" : "Select this run", { class: isPicked ? "nbt-button nbt-on" : "nbt-button", attributes: { "aria-pressed": isPicked } }, () =>
      view.pick(isPicked ? [] : [each.run_id]),
    ),
  ];
}

function run(each: RunJson): HTMLElement[] {
  const metrics = titled("Metrics");
  for (const { key, value } of each.metrics.filter(({ key }) => !key.startsWith(SYSTEM))) {
    const number = toNumber(value);
    const line = pair(key, number === null ? "–" : shortNumber(number));
    if (number !== null) line.lastElementChild?.setAttribute("title", fullNumber(number));
    metrics.append(line);
  }
  return [
    each.note ? el("div", { class: "nbt-note", text: each.note }) : null,
    verdict(each),
    metrics.childElementCount > 1 ? metrics : null,
    pairs("Parameters", each.params.map(({ key, value }) => [key, value])),
    pairs("Tags", Object.entries(each.tags)),
    pairs("Data", inputPairs(each)),
  ].filter((part) => part !== null);
}

function version(each: VersionJson): HTMLElement[] {
  const entries: [string, string][] = [
    ["stage", each.stage === "None" ? "" : each.stage],
    ["since", each.since_ms === null ? "" : moment(each.since_ms)],
    ["moved by", each.by],
    ["aliases", each.aliases.map((alias) => `@${alias}`).join(", ")],
    ["registered", moment(each.created_ms)],
    ["by", each.user],
    ["load it", each.uri],
    ["from", each.source],
    ["digest", each.digest],
  ];
  return [
    each.description ? el("div", { class: "nbt-note", text: each.description }) : null,
    pairs("", entries.filter(([, value]) => value)),
    pairs("Tags", Object.entries(each.tags)),
  ].filter((part) => part !== null);
}

/** What it was made from, and what came of it, each a step away. */
function neighbours(view: LineageView, box: Box): HTMLElement[] {
  return (["left", "right"] as const).flatMap((side) => {
    const found = beside(box.key, view.snapshot.joined, side).flatMap((key) => view.box(key) ?? []);
    if (!found.length) return [];
    const section = titled(side === "left" ? "Made from" : "Led to");
    section.append(...found.slice(0, 40).map(({ key, title, told }) => el("div", {}, button(title, { class: "nbt-link", title: told }, () => void view.look(key)))));
    if (found.length > 40) section.append(el("div", { class: "nbt-quiet nbt-small", text: `and ${found.length - 40} more` }));
    return [section];
  });
}
