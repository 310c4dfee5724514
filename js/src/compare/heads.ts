/** The heads of the columns: which run each is, and what can be done with it. */

import { lineKey } from "../base/curve_chart.ts";
import { button, el } from "../base/dom.ts";
import { ago, duration, moment } from "../base/format.ts";
import { strokeOf } from "../base/hues.ts";
import { menu, openPopover, type MenuEntry } from "../base/popover.ts";
import { statusDot } from "../base/run_parts.ts";
import type { Head } from "./protocol.ts";
import type { CompareView } from "./view.ts";

export function heads(view: CompareView, host: HTMLElement): HTMLElement {
  return el(
    "div",
    { class: "nbt-cmp-heads" },
    el("div", { class: "nbt-cmp-corner" }),
    ...view.runs.map((run, place) => head(view, host, run, place)),
  );
}

function head(view: CompareView, host: HTMLElement, run: Head, place: number): HTMLElement {
  const { stroke, dash } = strokeOf(run.hue);
  const more = button(
    "⋯",
    { class: "nbt-x nbt-cmp-more", title: "Change the columns", attributes: { "aria-label": `Change ${run.name}` } },
    () => openMenu(view, host, run, place, more),
  );
  const said = [run.status];
  if (run.duration_s !== null) said.push(duration(run.duration_s));
  const when = run.started_ms === null ? "" : ago(run.started_ms, Date.now());
  return el(
    "div",
    { class: "nbt-cmp-head", attributes: { "data-run": run.run_id } },
    el(
      "div",
      { class: "nbt-cmp-title" },
      lineKey(stroke, dash),
      el("b", { text: run.name, title: `${run.name} (${run.short_id})` }),
      more,
    ),
    el(
      "div",
      { class: "nbt-cmp-said nbt-quiet nbt-small", title: run.started_ms === null ? "" : moment(run.started_ms) },
      statusDot(run.status),
      [...said, when].filter((part) => part).join(" · "),
    ),
    place === 0 && view.runs.length > 1 ? el("div", { class: "nbt-cmp-baseline", text: "baseline" }) : null,
  );
}

function openMenu(view: CompareView, host: HTMLElement, run: Head, place: number, anchor: HTMLElement): void {
  const last = view.runs.length - 1;
  const entries: (MenuEntry | "line")[] = [];
  if (place > 0) entries.push({ label: "Make it the baseline", run: () => view.move(run.run_id, 0) });
  if (place > 0) entries.push({ label: "Move left", run: () => view.move(run.run_id, place - 1) });
  if (place < last) entries.push({ label: "Move right", run: () => view.move(run.run_id, place + 1) });
  if (entries.length) entries.push("line");
  entries.push({ label: "Remove from the comparison", run: () => view.remove(run.run_id) });
  let close = () => {};
  close = openPopover(host, anchor, run.name, menu(entries, () => close()));
}
