/** What stands above the table: the filter, how many runs fit it, grouping and columns. */

import { columnChooser } from "../base/chooser.ts";
import { label } from "../base/column.ts";
import { button, el } from "../base/dom.ts";
import { filterBar, type FilterBar } from "../base/filter_bar.ts";
import { menu, openPopover, type MenuEntry } from "../base/popover.ts";
import { canGroup } from "./header.ts";
import type { TableView } from "./view.ts";

export function toolbar(
  view: TableView,
  host: HTMLElement,
  toGrid: () => void,
  signal: AbortSignal,
): FilterBar {
  const grouping = button("", { class: "nbt-button" }, () => openGrouping(view, host, grouping));
  const columns = button("Columns", { class: "nbt-button" }, () => {
    openPopover(host, columns, "Columns", choose(view));
  });
  const describe = () => {
    const by = view.column(view.state.group ?? "");
    grouping.replaceChildren(
      el("span", { text: by ? "Grouped by " : "Group" }),
      by ? el("b", { text: label(by) }) : "",
    );
    grouping.classList.toggle("nbt-on", by !== undefined);
  };
  view.on("state", describe);
  describe();
  return filterBar(view, [comparing(view), grouping, columns], toGrid, signal);
}

/** Two runs are the fewest that can be compared, and eight the most. */
const COMPARED = [2, 8] as const;

function comparing(view: TableView): HTMLElement {
  const compare = button("Compare", { class: "nbt-button", title: "Put the selected runs side by side" }, () =>
    view.compare(true),
  );
  const describe = () => {
    const { size } = view.selection;
    compare.hidden = !view.canCompare || size < COMPARED[0] || size > COMPARED[1];
  };
  view.on("selection", describe);
  describe();
  return compare;
}

function choose(view: TableView): HTMLElement {
  const { shown, pinned } = view.state;
  return columnChooser({
    columns: () => view.state.columns,
    shown,
    show: (shown) => view.setColumns(shown ? { shown } : { shown, pinned: [] }),
    pins: { pinned, pin: (pinned, shown) => view.setColumns({ shown, pinned }) },
    chosen: "Parameters that vary, and every metric",
  });
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
