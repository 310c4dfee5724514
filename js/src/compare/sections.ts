/** What is no row of values: curves over each other, code line by line, pictures side by side. */

import { curveChart } from "../base/curve_chart.ts";
import { diffBox } from "../base/diff.ts";
import { button, el } from "../base/dom.ts";
import { strokeOf } from "../base/hues.ts";
import { figure } from "../base/run_parts.ts";
import { sectionHead } from "./groups.ts";
import type { CodeChange } from "./protocol.ts";
import type { CompareView } from "./view.ts";

export function curvesSection(view: CompareView): HTMLElement | null {
  const sought = view.sought.toLowerCase();
  const keys = view.snapshot.keys.filter((key) => key.toLowerCase().includes(sought));
  if (!keys.length) return null;
  const charts = keys.map((key) => {
    const curves = view.curves.get(key);
    const lines = view.runs.flatMap(({ run_id, name, hue }) => {
      const curve = curves?.get(run_id);
      return curve ? [{ name, ...strokeOf(hue), ...curve }] : [];
    });
    return el(
      "div",
      { class: "nbt-cmp-chart" },
      el("div", { class: "nbt-cmp-charttitle", text: key, title: key }),
      curveChart(key, lines),
    );
  });
  return el(
    "section",
    { class: "nbt-cmp-group nbt-cmp-wide", attributes: { "data-group": "Curves" } },
    sectionHead(view, "Curves", "", null),
    el("div", { class: "nbt-cmp-charts" }, ...charts),
  );
}

export function codeSection(view: CompareView): HTMLElement | null {
  if (view.runs.length < 2 || view.sought) return null;
  const { code } = view.snapshot;
  if (!code.some(({ changes, same }) => changes.length || same)) return null;
  const place = view.codeOf;
  const shown = code[place - 1] ?? { changes: [], same: 0 };
  const { length } = shown.changes;
  const said = [
    length ? `${length} part${length === 1 ? "" : "s"} changed` : "nothing changed",
    shown.same ? `${shown.same} the same` : "",
  ];
  return el(
    "section",
    { class: "nbt-cmp-group nbt-cmp-wide", attributes: { "data-group": "Code" } },
    sectionHead(view, "Code", said.filter((part) => part).join(", "), null),
    view.runs.length > 2 ? runTabs(view, place) : null,
    ...shown.changes.map(codeChange),
  );
}

/** Whose code is held against the baseline's. */
function runTabs(view: CompareView, chosen: number): HTMLElement {
  const tabs = view.runs.slice(1).map(({ name }, i) =>
    button(name, { class: "nbt-cmp-tab", attributes: { "aria-pressed": i + 1 === chosen } }, () => view.showCodeOf(i + 1)),
  );
  return el("div", { class: "nbt-cmp-tabs", attributes: { role: "group", "aria-label": "Code of" } }, ...tabs);
}

function codeChange(change: CodeChange): HTMLElement {
  const said = [change.kind === "changed" ? "" : change.kind, change.note].filter((part) => part).join(" · ");
  return el(
    "div",
    { class: "nbt-cmp-code" },
    el(
      "div",
      { class: "nbt-cmp-codehead" },
      el("code", { text: change.name || "(empty cell)" }),
      el("span", { class: "nbt-quiet nbt-small", text: said }),
    ),
    change.lines.length ? diffBox(change.lines, change.cut) : null,
  );
}

export function figuresSection(view: CompareView): HTMLElement | null {
  const { figures } = view.snapshot;
  if (!figures.length || view.sought) return null;
  const body = el("tbody");
  for (const { path, digests } of figures) {
    body.append(
      el(
        "tr",
        {},
        el("th", { title: path, attributes: { scope: "row" } }, el("div", { class: "nbt-cmp-name", text: path })),
        ...digests.map((digest, place) => {
          if (digest === null) return el("td", {}, el("span", { class: "nbt-none", text: "–" }));
          const image = view.picture(digest);
          const shown = image ? figure({ path: `${path} of ${view.runs[place]?.name}`, image }) : el("div", { class: "nbt-cmp-waiting" });
          const isSame = place > 0 && digest === digests[0];
          return el("td", {}, shown, isSame ? el("div", { class: "nbt-quiet nbt-small", text: "the same" }) : null);
        }),
      ),
    );
  }
  return el(
    "section",
    { class: "nbt-cmp-group", attributes: { "data-group": "Figures" } },
    sectionHead(view, "Figures", "", null),
    el(
      "table",
      { class: "nbt-cmp-table nbt-cmp-figures", attributes: { "aria-label": "Figures" } },
      el("colgroup", {}, el("col", { class: "nbt-cmp-namecol" }), ...view.runs.map(() => el("col"))),
      body,
    ),
  );
}
