/** The panels beside the overview: curves, code, data, environment, output, files, resources. */

import { curveChart } from "../base/curve_chart.ts";
import { dataPairs, type ColumnProfile, type DataText } from "../base/data.ts";
import { diffBox, gitLines } from "../base/diff.ts";
import { el } from "../base/dom.ts";
import { count, duration, shortNumber } from "../base/format.ts";
import { SYSTEM, type RunMetric } from "../base/run.ts";
import { folded, keptText, pairs, titled, titleOfText } from "../base/run_parts.ts";
import { findable } from "./finding.ts";
import { lastValue } from "./overview.ts";
import type { CellText } from "./protocol.ts";
import type { RunView } from "./view.ts";

export function curvedMetrics(view: RunView, system: boolean): RunMetric[] {
  return view.run.metrics.filter(({ key }) => key.startsWith(SYSTEM) === system && view.curves.has(key));
}

export function charts(view: RunView, system: boolean): HTMLElement {
  const grid = el("div", { class: "nbt-run-charts" });
  for (const metric of curvedMetrics(view, system)) {
    const title = system ? machineTitle(metric.key) : metric.key;
    grid.append(
      el(
        "div",
        { class: "nbt-run-chart" },
        el(
          "div",
          { class: "nbt-run-charthead" },
          el("span", { class: "nbt-run-charttitle", text: title, title: metric.key }),
          el("span", { class: "nbt-strong", text: lastValue(metric) }),
        ),
        curveChart(
          title,
          [{ name: "", stroke: "var(--nbt-curve)", dash: "", ...view.curves.get(metric.key)! }],
          120,
          // The machine is looked at once a second.
          system ? "second" : "step",
        ),
      ),
    );
  }
  return grid;
}

/** `system/gpu_0_memory_usage_megabytes` as a person says it: `GPU 0 memory, MB`. */
export function machineTitle(key: string): string {
  const units: [string, string][] = [
    ["_utilization_percentage", ", %"],
    ["_usage_percentage", ", %"],
    ["_usage_megabytes", ", MB"],
    ["_usage_watts", ", W"],
  ];
  const name = key.slice(SYSTEM.length);
  const [ending, unit] = units.find(([end]) => name.endsWith(end)) ?? ["", ""];
  const words = name.slice(0, name.length - ending.length).replaceAll("_", " ");
  const said = words
    .replace(/^cpu$/, "CPU of the machine")
    .replace(/^process cpu$/, "CPU of this process")
    .replace(/^process memory$/, "memory of this process")
    .replace(/^system memory$/, "memory of the machine")
    .replace(/^gpu (\d+)/, "GPU $1");
  return said[0]!.toUpperCase() + said.slice(1) + unit;
}

export function code(view: RunView): HTMLElement {
  const { more } = view;
  const source = view.text("source");
  const diff = view.text("git.diff");
  const earlier = source ? more.cells.filter((cell) => cell.text !== source.text) : more.cells;
  const panel = el("div", { class: "nbt-run-stack" });
  if (source) panel.append(el("section", { class: "nbt-section" }, el("h4", { text: "The tracked cell" }), ...keptText("source", source.text, source.cut)));
  if (earlier.length) {
    const section = titled("Cells that made its inputs");
    if (more.cells_left_out) {
      section.append(el("div", { class: "nbt-quiet nbt-small", text: `${more.cells_left_out} earlier ones are not shown` }));
    }
    section.append(...earlier.map((cell) => cellFold(view, cell)));
    panel.append(section);
  }
  const git = pairs("Git", Object.entries(more.git));
  if (git) panel.append(git);
  if (diff) {
    const section = titled("Uncommitted changes");
    section.append(diffBox(gitLines(diff.text), 0));
    if (diff.cut) section.append(el("div", { class: "nbt-quiet nbt-small", text: 'Cut here; run.text("git.diff") has all of it.' }));
    panel.append(section);
  }
  if (more.modules.length) {
    const section = titled("Modules of the project");
    for (const { path, text, cut } of more.modules) {
      const fold = keptFold(view, path, false);
      fold.append(...keptText(`module:${path}`, text, cut));
      section.append(fold);
    }
    panel.append(section);
  }
  return panel;
}

function cellFold(view: RunView, cell: CellText): HTMLElement {
  const first = cell.text.split("\n").find((line) => line.trim()) ?? "";
  const took = cell.duration_s === null ? "" : ` · ${duration(cell.duration_s)}`;
  const fold = keptFold(view, `[${cell.number}] ${first.slice(0, 120)}`, false);
  fold.append(el("pre", { class: "nbt-log", text: cell.text }));
  fold.append(el("div", { class: "nbt-quiet nbt-small", text: `${cell.status}${took}${cell.cut ? " · cut here" : ""}` }));
  return fold;
}

export function data(view: RunView): HTMLElement {
  return el("div", { class: "nbt-run-stack" }, ...view.more.data.map((each) => dataCard(view, each)));
}

const PROFILE: [string, (row: ColumnProfile) => string][] = [
  ["column", (row) => row.column],
  ["type", (row) => row.type],
  ["count", (row) => count(row.count)],
  ["nulls", (row) => count(row.nulls)],
  ["distinct", (row) => `≈ ${count(row.distinct_about)}`],
  ["min", (row) => extreme(row.min)],
  ["mean", (row) => (row.mean === null ? "" : shortNumber(row.mean))],
  ["max", (row) => extreme(row.max)],
  ["std", (row) => (row.std === null ? "" : shortNumber(row.std))],
];

/** An extreme as DuckDB wrote it, a date or a number. */
function extreme(text: string | null): string {
  const value = Number(text);
  return text?.trim() && Number.isFinite(value) ? shortNumber(value) : (text ?? "").replace(/ 00:00:00$/, "");
}

function profileTable(profile: readonly ColumnProfile[]): HTMLElement {
  const head = el("tr", {}, ...PROFILE.map(([title]) => el("th", { text: title, attributes: { scope: "col" } })));
  const rows = profile.map((row) => el("tr", {}, ...PROFILE.map(([, told]) => el("td", { text: told(row) }))));
  return el("div", { class: "nbt-run-profile" }, el("table", {}, el("thead", {}, head), el("tbody", {}, ...rows)));
}

function dataCard(view: RunView, each: DataText): HTMLElement {
  const section = pairs(each.name, dataPairs(each)) ?? titled(each.name);
  section.classList.add("nbt-run-card");
  const fields = Object.entries(each.fields);
  if (fields.length) {
    const more = each.fields_left_out ? ` and ${each.fields_left_out} more` : "";
    const fold = keptFold(view, `${fields.length}${more} columns of ${each.name}`, false);
    fold.append(...(pairs("", fields)?.children ?? []));
    section.append(fold);
  }
  if (each.profile.length) {
    const fold = keptFold(view, `Profile of ${each.name}`, false);
    fold.append(profileTable(each.profile));
    section.append(fold);
  }
  return section;
}

export function environment(view: RunView): HTMLElement {
  const { machine, variables, packages } = view.more;
  return el(
    "div",
    { class: "nbt-run-stack" },
    pairs("Machine", Object.entries(machine)),
    pairs("Variables", Object.entries(variables)),
    findable("Packages", Object.entries(packages)),
  );
}

export function output(view: RunView): HTMLElement {
  const panel = el("div", { class: "nbt-run-stack" });
  for (const role of ["traceback", "stdout", "stderr"]) {
    const kept = view.text(role);
    if (kept?.text) {
      panel.append(el("section", { class: "nbt-section" }, el("h4", { text: titleOfText(role) }), ...keptText(role, kept.text, kept.cut)));
    }
  }
  return panel;
}

/** A fold that stays as the user left it when the run goes on. */
function keptFold(view: RunView, title: string, open: boolean): HTMLDetailsElement {
  const fold = folded(title, view.folds.get(title) ?? open);
  fold.addEventListener("toggle", () => view.folds.set(title, fold.open));
  return fold;
}
