/** The head of the table: bands that say what the columns are, and the columns' names. */

import { button, el } from "../base/dom.ts";
import { SELECT_WIDTH, type LaidColumn } from "./layout.ts";
import { menu, openPopover, type MenuEntry } from "../base/popover.ts";
import type { OrderKey } from "./protocol.ts";
import type { TableView } from "./view.ts";

const BANDS = { attributes: "", params: "Parameters", metrics: "Metrics", tags: "Tags" };
const MIN_WIDTH = 56;

export interface HeaderActions {
  /** The root of the widget, where popovers hang. */
  host: HTMLElement;
  /** A column is being dragged to another width. */
  resize: (name: string, width: number) => void;
}

/** The bands above the names, one for each run of columns of one kind. */
export function bands(columns: readonly LaidColumn[]): HTMLElement {
  const row = el("div", { class: "nbt-bands nbt-cols", attributes: { "aria-hidden": true } });
  let last: HTMLElement | null = null;
  let lastKey = "";
  columns.forEach((laid, i) => {
    const key = `${laid.column.kind}/${laid.stuckAt !== null}`;
    if (last && key === lastKey) {
      last.style.gridColumnEnd = String(i + 3);
      return;
    }
    const text = BANDS[laid.column.kind];
    last = el("div", { class: text ? "nbt-band" : "nbt-band nbt-band-empty" }, el("span", { text }));
    last.style.gridColumn = `${i + 2} / ${i + 3}`;
    if (laid.stuckAt !== null) stick(last, i === 0 ? 0 : laid.stuckAt);
    if (i === 0) last.style.gridColumnStart = "1";
    lastKey = key;
    row.append(last);
  });
  return row;
}

/** The row of names; each sorts on click and has a menu. */
export function headerRow(
  view: TableView,
  columns: readonly LaidColumn[],
  actions: HeaderActions,
): HTMLElement {
  const row = el("div", {
    class: "nbt-names nbt-cols",
    attributes: { role: "row", "aria-rowindex": 1 },
  });
  row.append(selectAllCell(view));
  columns.forEach((laid, i) => row.append(headerCell(view, laid, i, actions)));
  return row;
}

/** Sort by a column: best first, then the other way, then not at all. */
export function toggleSort(view: TableView, laid: LaidColumn, additional: boolean): void {
  const { name } = laid.column;
  const { order } = view.state;
  const now = order.find((key) => key.column === name);
  const first = startsDescending(view, laid);
  const next: OrderKey[] = !now
    ? [{ column: name, descending: first }]
    : now.descending === first
      ? [{ column: name, descending: !first }]
      : [];
  if (!additional) return view.sort(next);
  const others = order.filter((key) => key.column !== name);
  if (!now) return view.sort([...others, ...next]);
  view.sort(order.flatMap((key) => (key.column === name ? next : [key])));
}

/** Open the menu of a column under its header cell. */
export function openColumnMenu(
  view: TableView,
  laid: LaidColumn,
  cell: HTMLElement,
  host: HTMLElement,
): void {
  let close = () => {};
  const content = menu(columnCommands(view, laid), () => close());
  close = openPopover(host, cell, `Column ${laid.label}`, content);
}

function headerCell(
  view: TableView,
  laid: LaidColumn,
  place: number,
  actions: HeaderActions,
): HTMLElement {
  const { order } = view.state;
  const rank = order.findIndex((key) => key.column === laid.column.name);
  const key = order[rank];
  const cell = el(
    "div",
    {
      class: laid.numeric ? "nbt-cell nbt-right" : "nbt-cell",
      title: `${laid.label} – click to sort, Shift+click to sort by it too`,
      attributes: {
        role: "columnheader",
        "aria-colindex": place + 2,
        "aria-sort": key ? (key.descending ? "descending" : "ascending") : "none",
        "data-column": laid.column.name,
      },
    },
    el("span", { class: "nbt-label", text: laid.label }),
    key ? sortMark(key, order.length > 1 ? rank + 1 : 0) : null,
  );
  if (laid.stuckAt !== null) stick(cell, laid.stuckAt);
  cell.classList.toggle("nbt-last-stuck", laid.isEdge);
  cell.addEventListener("click", (event) => toggleSort(view, laid, event.shiftKey));
  const more = button(
    "⋮",
    { class: "nbt-more", title: "More", attributes: { tabindex: -1, "aria-hidden": true } },
    (event) => {
      event.stopPropagation();
      openColumnMenu(view, laid, cell, actions.host);
    },
  );
  cell.append(more, grip(laid, actions));
  return cell;
}

function sortMark(key: OrderKey, rank: number): HTMLElement {
  const arrow = key.descending ? "↓" : "↑";
  return el("span", { class: "nbt-sort", text: rank ? `${arrow}${rank}` : arrow });
}

function selectAllCell(view: TableView): HTMLElement {
  const box = el("input", {
    class: "nbt-box",
    attributes: { type: "checkbox", tabindex: -1, "aria-label": "Select all runs" },
  });
  box.checked = view.selection.size > 0 && view.selection.size === view.state.total;
  box.indeterminate = view.selection.size > 0 && !box.checked;
  box.addEventListener("change", () => (box.checked ? view.selectAll() : view.selectNone()));
  const cell = el("div", {
    class: "nbt-cell nbt-select",
    attributes: { role: "columnheader", "aria-colindex": 1 },
  });
  stick(cell, 0);
  cell.style.width = `${SELECT_WIDTH}px`;
  cell.append(box);
  return cell;
}

function grip(laid: LaidColumn, actions: HeaderActions): HTMLElement {
  const handle = el("span", { class: "nbt-grip", attributes: { "aria-hidden": true } });
  handle.addEventListener("click", (event) => event.stopPropagation());
  handle.addEventListener("pointerdown", (down) => {
    down.preventDefault();
    handle.setPointerCapture(down.pointerId);
    const move = (event: PointerEvent) =>
      actions.resize(laid.column.name, Math.max(MIN_WIDTH, laid.width + event.clientX - down.clientX));
    handle.addEventListener("pointermove", move);
    const done = () => handle.removeEventListener("pointermove", move);
    handle.addEventListener("pointerup", done, { once: true });
    handle.addEventListener("pointercancel", done, { once: true });
  });
  return handle;
}

function columnCommands(view: TableView, laid: LaidColumn): (MenuEntry | "line")[] {
  const { column } = laid;
  const { name } = column;
  const { state } = view;
  const isName = name === "attributes.name";
  const isPinned = state.pinned.includes(name);
  const commands: (MenuEntry | "line")[] = [
    { label: "Sort ascending", run: () => view.sort([{ column: name, descending: false }]) },
    { label: "Sort descending", run: () => view.sort([{ column: name, descending: true }]) },
  ];
  if (!isName) {
    const pinned = isPinned ? state.pinned.filter((other) => other !== name) : [...state.pinned, name];
    commands.push("line", {
      label: isPinned ? "Unpin" : "Pin to the left",
      run: () => view.setColumns({ pinned }),
    });
    commands.push({
      label: "Hide",
      run: () => view.setColumns({ shown: state.shown.filter((other) => other !== name) }),
    });
  }
  if (canGroup(column.kind, name)) {
    const grouped = state.group === name;
    commands.push("line", {
      label: grouped ? "Ungroup" : `Group by ${laid.label}`,
      run: () => view.groupBy(grouped ? null : name),
    });
  }
  if (column.kind === "metrics") {
    const now = state.best[name]?.direction ?? "none";
    const mark = (direction: "max" | "min" | "none", text: string): MenuEntry => ({
      label: text,
      checked: now === direction,
      run: () => view.setColumns({ best: { [name]: direction } }),
    });
    commands.push("line", mark("max", "Mark the highest ★"), mark("min", "Mark the lowest ★"));
    commands.push(mark("none", "Mark none"));
  }
  return commands;
}

export function canGroup(kind: string, name: string): boolean {
  return (
    kind === "params" ||
    kind === "tags" ||
    name === "attributes.status" ||
    name === "attributes.verdict" ||
    name === "attributes.experiment"
  );
}

function startsDescending(view: TableView, laid: LaidColumn): boolean {
  const { column } = laid;
  if (column.kind === "metrics") return view.state.best[column.name]?.direction !== "min";
  return column.type === "time" || column.type === "duration";
}

function stick(cell: HTMLElement, left: number): void {
  cell.classList.add("nbt-stuck");
  cell.style.left = `${left}px`;
}
