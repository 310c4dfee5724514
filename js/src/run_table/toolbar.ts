/** What stands above the table: the filter, how many runs fit it, grouping and columns. */

import { columnChooser } from "./chooser.ts";
import { button, el, svg } from "./dom.ts";
import { count } from "./format.ts";
import { canGroup } from "./header.ts";
import { label } from "./layout.ts";
import { menu, openPopover, type MenuEntry } from "./popover.ts";
import { Suggestions } from "./suggestions.ts";
import type { TableView } from "./view.ts";

const FILTER_AFTER_MS = 180;
// Half of a filter is no mistake yet.
const PROBLEM_AFTER_MS = 700;
const PLACEHOLDER = "Filter: any words, or metrics.accuracy > 0.9 and params.model = 'forest'";

export interface Toolbar {
  element: HTMLElement;
  focusFilter: () => void;
}

export function toolbar(
  view: TableView,
  host: HTMLElement,
  toGrid: () => void,
  signal: AbortSignal,
): Toolbar {
  const problem = el("div", { class: "nbt-problem", attributes: { role: "alert" } });
  problem.id = `nbt-problem-${Math.random().toString(36).slice(2, 8)}`;
  const input = filterInput(view, problem.id, toGrid, signal);
  const said = el("div", { class: "nbt-count", attributes: { "aria-live": "polite" } });
  const picked = el("div", { class: "nbt-picked" });
  const grouping = button("", { class: "nbt-button" }, () => openGrouping(view, host, grouping));
  const columns = button("Columns", { class: "nbt-button" }, () => {
    openPopover(host, columns, "Columns", columnChooser(view));
  });
  const search = el("label", { class: "nbt-search" }, magnifier(), input.box, input.clear);
  const bar = el("div", { class: "nbt-bar" }, search, said, picked, grouping, columns);

  const describe = () => {
    const { state } = view;
    const { total, all } = state;
    said.textContent =
      total === all ? `${count(all)} run${all === 1 ? "" : "s"}` : `${count(total)} of ${count(all)} runs`;
    const by = state.columns.find((column) => column.name === state.group);
    grouping.replaceChildren(
      el("span", { text: by ? "Grouped by " : "Group" }),
      by ? el("b", { text: label(by) }) : "",
    );
    grouping.classList.toggle("nbt-on", by !== undefined);
    input.show(view.typed);
    search.classList.toggle("nbt-understood", state.mode === "filter" && !view.error);
    search.title = state.mode === "filter" ? "Understood as a filter" : "";
  };
  let patience = 0;
  const complain = () => {
    problem.textContent = view.error ?? "";
    problem.hidden = !view.error;
    search.classList.toggle("nbt-wrong", view.error !== null);
    input.box.setAttribute("aria-invalid", String(view.error !== null));
  };
  const complainSoon = () => {
    clearTimeout(patience);
    if (view.error === null) complain();
    else patience = window.setTimeout(complain, PROBLEM_AFTER_MS);
  };
  input.box.addEventListener("input", () => clearTimeout(patience), { signal });
  signal.addEventListener("abort", () => clearTimeout(patience));
  const pick = () => {
    const chosen = view.selected.size;
    picked.replaceChildren();
    if (!chosen) return;
    picked.append(
      `${count(chosen)} selected`,
      button("×", { class: "nbt-x", title: "Select none", attributes: { "aria-label": "Select none" } }, () =>
        view.selectAll(false),
      ),
    );
  };
  view.on("state", () => (describe(), pick()));
  view.on("selection", pick);
  view.on("error", complainSoon);
  describe();
  complain();
  pick();
  const element = el("div", { class: "nbt-top" }, bar, problem);
  return { element, focusFilter: () => input.box.focus() };
}

function filterInput(
  view: TableView,
  problemId: string,
  toGrid: () => void,
  signal: AbortSignal,
) {
  const box = el("input", {
    attributes: {
      type: "text",
      placeholder: PLACEHOLDER,
      spellcheck: false,
      autocomplete: "off",
      "aria-label": "Filter runs",
      "aria-describedby": problemId,
    },
  });
  const clear = button("×", { class: "nbt-x", attributes: { "aria-label": "Clear the filter" } }, () => {
    box.value = "";
    apply();
    box.focus();
  });
  let timer = 0;
  const apply = () => {
    clearTimeout(timer);
    clear.hidden = !box.value;
    if (box.value !== view.typed) view.filter(box.value);
  };
  const suggestions = new Suggestions(view, box, apply, signal);
  box.addEventListener(
    "input",
    () => {
      clearTimeout(timer);
      clear.hidden = !box.value;
      timer = window.setTimeout(apply, FILTER_AFTER_MS);
    },
    { signal },
  );
  box.addEventListener(
    "keydown",
    (event) => {
      if (suggestions.press(event)) return event.preventDefault();
      if (event.key === "Enter") apply();
      else if (event.key === "ArrowDown") (apply(), toGrid());
      else if (event.key === "Escape" && box.value) {
        box.value = "";
        apply();
      } else return;
      event.preventDefault();
    },
    { signal },
  );
  signal.addEventListener("abort", () => clearTimeout(timer));
  return {
    box,
    clear,
    /** Follow the kernel, unless the user is ahead of it. */
    show: (text: string) => {
      if (document.activeElement !== box && box.value !== text) box.value = text;
      clear.hidden = !box.value;
    },
  };
}

function openGrouping(view: TableView, host: HTMLElement, anchor: HTMLElement): void {
  const { state } = view;
  const entry = (name: string | null, text: string, hint?: string): MenuEntry => ({
    label: text,
    checked: state.group === name,
    ...(hint ? { hint } : {}),
    run: () => view.groupBy(name),
  });
  const candidates = state.columns.filter((column) => canGroup(column.kind, column.name));
  const varying = candidates.filter((column) => !column.constant);
  let close = () => {};
  const entries = varying.map((column) =>
    entry(column.name, label(column), column.kind === "params" ? "parameter" : column.kind === "tags" ? "tag" : ""),
  );
  const list = menu([entry(null, "No grouping"), "line", ...entries], () => close());
  close = openPopover(host, anchor, "Group runs", list);
}

function magnifier(): SVGElement {
  return svg(
    "svg",
    { class: "nbt-icon", viewBox: "0 0 16 16", width: 14, height: 14, "aria-hidden": true },
    svg("circle", { cx: 7, cy: 7, r: 4.5 }),
    svg("path", { d: "M10.5 10.5L14 14" }),
  );
}
