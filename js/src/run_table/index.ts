/**
 * The run table: runs as rows, with their parameters, metrics and curves.
 *
 * `render` puts the parts together; each part draws itself and follows the view.
 */

import "./style.css";
import type { AnyModel, RenderContext } from "./anywidget.ts";
import { detailPanel } from "./detail.ts";
import { button, el } from "./dom.ts";
import { Grid } from "./grid.ts";
import { listenToClicks, listenToKeys } from "./keyboard.ts";
import { label } from "./layout.ts";
import { toolbar } from "./toolbar.ts";
import { TableView } from "./view.ts";

const NARROW = 820;

function render({ model, el: host }: RenderContext): () => void {
  const over = new AbortController();
  const { signal } = over;
  const root = el("div", { class: "nbt" });
  keepKeys(root, signal);
  build(model, root, signal);
  host.append(root);
  return () => {
    over.abort();
    root.remove();
  };
}

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
  const foot = el("div", { class: "nbt-foot nbt-quiet", attributes: { role: "status" } });
  root.append(top.element, same, body, foot);

  listenToKeys(view, grid, { host: root, focusFilter: top.focusFilter }, signal);
  listenToClicks(view, grid, signal);

  let question = questionOf(view);
  view.on("state", () => {
    // Another question's first answer is at the top.
    if (questionOf(view) !== question) grid.scrollToTop();
    question = questionOf(view);
    showSame(view, same);
    showEmpty(view, empty, grid.element);
    showFoot(view, foot);
  });
  view.on("busy", () => showFoot(view, foot));
  view.on("detail", () => {
    body.querySelector(".nbt-detail")?.remove();
    if (view.detail) {
      const panel = detailPanel(view, view.detail);
      body.append(panel);
      panel.focus({ preventScroll: true });
    } else grid.element.focus({ preventScroll: true });
    grid.redrawRows();
  });

  const width = new ResizeObserver(() => root.classList.toggle("nbt-narrow", root.clientWidth < NARROW));
  width.observe(root);
  signal.addEventListener("abort", () => width.disconnect());

  showSame(view, same);
  showEmpty(view, empty, grid.element);
  showFoot(view, foot);
  // Its size is known once it is in the page.
  requestAnimationFrame(() => !signal.aborted && grid.draw());
}

/** JupyterLab would take keys for commands of the notebook: "d d" deletes a cell. */
function keepKeys(root: HTMLElement, signal: AbortSignal): void {
  root.addEventListener(
    "focusin",
    // It looks for this on the focused element itself before it looks further up.
    (event) => (event.target as Element).setAttribute("data-lm-suppress-shortcuts", "true"),
    { signal },
  );
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

function showEmpty(view: TableView, place: HTMLElement, table: HTMLElement): void {
  const { total, all } = view.state;
  place.hidden = total > 0;
  table.hidden = all === 0;
  place.replaceChildren();
  if (total > 0) return;
  if (all > 0) {
    place.append(
      el("b", { text: "No run fits this filter." }),
      button("Show all runs", { class: "nbt-button" }, () => view.filter("")),
    );
    return;
  }
  place.append(
    el("b", { text: "No runs yet." }),
    el(
      "span",
      {},
      "Put ",
      el("code", { text: "%%track" }),
      " at the top of a cell that trains a model and run it, or call ",
      el("code", { text: "nbtrack.run(…)" }),
      ". Its run appears here at once.",
    ),
  );
}

function showFoot(view: TableView, foot: HTMLElement): void {
  foot.replaceChildren(
    el("span", { text: view.state.place, title: view.state.place }),
    el("span", { class: "nbt-trouble", text: view.trouble, title: view.trouble }),
    el("span", {
      class: "nbt-busy",
      text: view.busy ? "The kernel is busy; what you asked for comes when its cell is done." : "",
    }),
  );
}

export default { render };
