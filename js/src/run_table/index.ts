/**
 * The run table: runs as rows, with their parameters, metrics and curves.
 *
 * `build` puts the parts together; each part draws itself and follows the view.
 */

import "../base/base.css";
import "../base/run.css";
import "./style.css";
import type { AnyModel } from "../base/anywidget.ts";
import { label } from "../base/column.ts";
import { button, el } from "../base/dom.ts";
import { mount } from "../base/mount.ts";
import { footLine, showEmpty } from "../base/notes.ts";
import { build as compare } from "../compare/build.ts";
import { detailPanel } from "./detail.ts";
import { Grid } from "./grid.ts";
import { listenToClicks, listenToKeys } from "./keyboard.ts";
import { toolbar } from "./toolbar.ts";
import { TableView } from "./view.ts";

function build(model: AnyModel, root: HTMLElement, signal: AbortSignal): void {
  const view = new TableView(model, signal);
  const grid = new Grid(view, root, signal);
  const top = toolbar(
    view,
    root,
    () => {
      grid.element.focus();
      grid.moveTo({ line: 0, column: grid.cursor.column });
    },
    signal,
  );
  const same = el("div", { class: "nbt-same" });
  const empty = el("div", { class: "nbt-empty", attributes: { role: "status" } });
  const body = el("div", { class: "nbt-body" }, el("div", { class: "nbt-main" }, grid.element, empty));
  root.append(top.element, same, body, footLine(view));
  showComparison(view, root, signal);

  listenToKeys(view, grid, { host: root, focusFilter: top.focus }, signal);
  listenToClicks(view, grid, signal);

  let question = questionOf(view);
  view.on("state", () => {
    // Another question's first answer is at the top.
    if (questionOf(view) !== question) grid.scrollToTop();
    question = questionOf(view);
    showSame(view, same);
    showEmpty(view, empty, grid.element);
  });
  view.on("detail", () => {
    body.querySelector(".nbt-detail")?.remove();
    if (view.detail) {
      const panel = detailPanel(view, view.detail);
      body.append(panel);
      panel.focus({ preventScroll: true });
    } else grid.element.focus({ preventScroll: true });
    grid.redrawRows();
  });

  showSame(view, same);
  showEmpty(view, empty, grid.element);
  // Its size is known once it is in the page.
  requestAnimationFrame(() => !signal.aborted && grid.draw());
}

/** Below the table, until it is closed or another one is asked for. */
function showComparison(view: TableView, root: HTMLElement, signal: AbortSignal): void {
  let over = new AbortController();
  const place = el("div", { class: "nbt-compared", attributes: { role: "region", "aria-label": "Comparison" } });
  root.append(place);
  const draw = () => {
    over.abort();
    over = new AbortController();
    place.replaceChildren();
    if (!view.comparison) return;
    const close = button("×", { class: "nbt-x", title: "Close", attributes: { "aria-label": "Close the comparison" } }, () =>
      view.compare(false),
    );
    place.append(el("div", { class: "nbt-compared-head" }, el("b", { text: "Comparison" }), close));
    compare(view.comparison, place, AbortSignal.any([over.signal, signal]));
  };
  view.on("comparison", draw);
  signal.addEventListener("abort", () => over.abort());
}

function questionOf(view: TableView): string {
  const { filter, order, group } = view.state;
  return JSON.stringify([filter, order, group]);
}

/** Parameters that every run shares are said once, above the table. */
function showSame(view: TableView, line: HTMLElement): void {
  const { state } = view;
  const same = state.columns.filter((column) => column.kind === "params" && column.constant);
  line.hidden = !same.length || state.total < 2;
  line.replaceChildren(el("span", { class: "nbt-quiet", text: "The same in every run" }));
  for (const column of same.slice(0, 12)) {
    line.append(
      el(
        "span",
        { class: "nbt-same-pair", title: `${label(column)} = ${column.value ?? ""}` },
        el("span", { class: "nbt-quiet", text: `${label(column)} ` }),
        column.value ?? "",
      ),
    );
  }
  if (same.length > 12) line.append(el("span", { class: "nbt-quiet", text: `+${same.length - 12}` }));
  line.append(
    button(
      state.constant ? "Hide columns" : "Show as columns",
      { class: "nbt-link", attributes: { "aria-pressed": state.constant } },
      () => view.setColumns({ constant: !state.constant }),
    ),
  );
}

export default { render: mount(build) };
