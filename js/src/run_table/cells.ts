/** One cell of the table, drawn from a run's row. */

import { el } from "../base/dom.ts";
import { ago, duration, fullNumber, moment } from "../base/format.ts";
import { rowKey, type LaidColumn } from "./layout.ts";
import { toNumber } from "../base/run.ts";
import type { Group } from "./protocol.ts";
import type { Rows } from "./rows.ts";
import { sparkline } from "./sparkline.ts";
import type { TableView } from "./view.ts";

/** The cell of `laid` in a run's row, without its place. */
export function runCell(view: TableView, laid: LaidColumn, rows: Rows, row: number): HTMLElement {
  const { column } = laid;
  switch (column.name) {
    case "attributes.name":
      return nameCell(rows, row);
    case "attributes.status":
      return statusCell(rows.text(row, "status") ?? "");
    case "attributes.verdict":
      return verdictCell(rows.text(row, "verdict"));
    case "attributes.started":
    case "attributes.ended":
      return timeCell(rows.number(row, rowKey(column.name)));
    case "attributes.duration_s":
      return durationCell(rows, row);
  }
  if (column.kind === "metrics") return metricCell(view, laid, rows, row);
  return plainCell(laid, rows.value(row, rowKey(column.name)));
}

/** The cell of `laid` in a group's row: the mean and the range of a metric, else nothing. */
export function groupCell(laid: LaidColumn, group: Group): HTMLElement {
  const [mean, low, high] = (group.metrics[laid.column.name] ?? []).map(toNumber);
  if (mean === undefined || mean === null) return el("div");
  const cell = el("div", {
    title: `mean ${fullNumber(mean)}, from ${fullNumber(low ?? NaN)} to ${fullNumber(high ?? NaN)}`,
  });
  if (group.runs > 1 && low !== high) {
    cell.append(
      el("span", {
        class: "nbt-range",
        text: `${laid.format(low ?? NaN)} – ${laid.format(high ?? NaN)}`,
      }),
    );
  }
  cell.append(el("span", { class: "nbt-number", text: laid.format(mean) }));
  return cell;
}

function nameCell(rows: Rows, row: number): HTMLElement {
  const status = rows.text(row, "status") ?? "";
  const name = rows.text(row, "name") ?? "";
  const id = rows.text(row, "run_id") ?? "";
  return el(
    "div",
    { title: `${name} · ${id.slice(-8)}` },
    el("span", { class: `nbt-dot nbt-is-${status}`, attributes: { "aria-hidden": true } }),
    el("span", { class: "nbt-name", text: name }),
  );
}

function statusCell(status: string): HTMLElement {
  return el("div", { class: `nbt-status nbt-is-${status}`, text: status });
}

const VERDICTS: Record<string, string> = {
  clean: "every cell that made it stands in the saved notebook",
  stale: "a cell that made it was edited, moved or run out of order",
  "not replayable": "something that made it is in no cell",
  pending: "save the notebook, and it is judged",
};

function verdictCell(verdict: string | null): HTMLElement {
  if (verdict === null) return el("div", { class: "nbt-none", text: "–" });
  return el("div", {
    class: `nbt-verdict nbt-is-${verdict.replace(" ", "-")}`,
    text: verdict,
    title: VERDICTS[verdict] ?? "",
  });
}

function timeCell(momentMs: number | null): HTMLElement {
  if (momentMs === null) return el("div");
  return el("div", {
    class: "nbt-quiet",
    text: ago(momentMs, Date.now()),
    title: moment(momentMs),
    attributes: { "data-moment": momentMs },
  });
}

function durationCell(rows: Rows, row: number): HTMLElement {
  const seconds = rows.number(row, "duration_s");
  const started = rows.number(row, "started");
  if (seconds !== null) {
    return el("div", { class: "nbt-quiet", text: duration(seconds), title: `${seconds} s` });
  }
  if (rows.text(row, "status") !== "running" || started === null) return el("div");
  return el("div", {
    class: "nbt-quiet",
    text: duration((Date.now() - started) / 1000),
    title: "running",
    attributes: { "data-since": started },
  });
}

function metricCell(view: TableView, laid: LaidColumn, rows: Rows, row: number): HTMLElement {
  const { name } = laid.column;
  const value = rows.number(row, name);
  if (value === null) return el("div", { class: "nbt-none", text: "–" });
  const run = rows.text(row, "run_id") ?? "";
  const best = view.state.best[name];
  const isBest = best?.runs.includes(run) ?? false;
  const says = best?.direction === "max" ? "highest" : "lowest";
  const cell = el("div", {
    title: isBest ? `${fullNumber(value)} (${says} of all runs listed)` : fullNumber(value),
    class: isBest ? "nbt-best" : "",
  });
  if (laid.column.curve) {
    const curve = view.curves.get(run)?.get(name.slice("metrics.".length));
    cell.append(
      el("span", { class: "nbt-sparkbox" }, curve && curve.length > 1 ? sparkline(curve) : null),
    );
  }
  if (isBest) {
    cell.append(el("span", { class: "nbt-star", text: "★", attributes: { "aria-label": "best" } }));
  }
  cell.append(el("span", { class: "nbt-number", text: laid.format(value) }));
  return cell;
}

function plainCell(laid: LaidColumn, value: unknown): HTMLElement {
  if (value === null || value === undefined) return el("div", { class: "nbt-none", text: "–" });
  if (typeof value === "number") {
    if (laid.column.type === "time") return timeCell(value);
    return el("div", { class: "nbt-number", text: laid.format(value), title: fullNumber(value) });
  }
  const text = String(value);
  return el("div", { text: text.replace(/\s+/g, " ").slice(0, 200), title: text.slice(0, 2000) });
}

/** Bring the relative times and running durations under `root` up to date. */
export function refreshTimes(root: HTMLElement): void {
  const now = Date.now();
  for (const cell of root.querySelectorAll<HTMLElement>("[data-moment]")) {
    cell.textContent = ago(Number(cell.dataset["moment"]), now);
  }
  for (const cell of root.querySelectorAll<HTMLElement>("[data-since]")) {
    cell.textContent = duration((now - Number(cell.dataset["since"])) / 1000);
  }
}
