/** The table under the keyboard and the mouse: what keys and clicks on its lines do. */

import type { Grid } from "./grid.ts";
import { openColumnMenu, toggleSort } from "./header.ts";
import type { TableView } from "./view.ts";

export interface Reach {
  host: HTMLElement;
  focusFilter: () => void;
}

/** Keys of the grid. Arrows move, Enter opens or sorts, Space selects, `/` filters. */
export function listenToKeys(view: TableView, grid: Grid, reach: Reach, signal: AbortSignal): void {
  const onKey = (event: KeyboardEvent) => {
    if (event.target === grid.element && press(view, grid, reach, event)) event.preventDefault();
  };
  grid.element.addEventListener("keydown", onKey, { signal });
}

function press(view: TableView, grid: Grid, reach: Reach, event: KeyboardEvent): boolean {
  const { line, column } = grid.cursor;
  const command = event.ctrlKey || event.metaKey;
  const last = view.lines.length - 1;
  const go = (to: number, toColumn = column) => {
    grid.moveTo({ line: to, column: toColumn });
    if (event.shiftKey && to !== line) selectBetween(view, line, grid.cursor.line);
    return true;
  };
  switch (event.key) {
    case "ArrowDown":
      return go(command ? last : line + 1);
    case "ArrowUp":
      return go(command ? 0 : line - 1);
    case "PageDown":
      return go(Math.min(last, line + grid.pageLines));
    case "PageUp":
      return go(Math.max(0, line - grid.pageLines));
    case "Home":
      return command ? go(0, 0) : go(line, 0);
    case "End":
      return command ? go(last) : go(line, grid.columns.length - 1);
    case "ArrowRight":
      return go(line, column + 1);
    case "ArrowLeft":
      return go(line, column - 1);
    case "Enter":
      return enter(view, grid, event.shiftKey);
    case " ":
      return toggle(view, line);
    case "Escape":
      if (view.detail) view.closeDetail();
      else if (view.selection.size) view.selectNone();
      else return false;
      return true;
    case "a":
      if (command) view.selectAll();
      return command;
    case "/":
      reach.focusFilter();
      return true;
    case "m":
    case "ContextMenu": {
      const laid = grid.columns[column];
      const cell = grid.headerCell(column);
      if (laid && cell) openColumnMenu(view, laid, cell, reach.host);
      return true;
    }
  }
  return false;
}

function enter(view: TableView, grid: Grid, additional: boolean): boolean {
  const { line, column } = grid.cursor;
  const laid = grid.columns[column];
  if (line < 0 && laid) toggleSort(view, laid, additional);
  else if (!toggleGroupAt(view, line)) openAt(view, line);
  return true;
}

/** Clicks on rows: the box selects, the name opens, Shift selects up to here. */
export function listenToClicks(view: TableView, grid: Grid, signal: AbortSignal): void {
  let anchor = 0;
  const onClick = (event: MouseEvent) => {
    const line = grid.lineOf(event.target);
    if (line === null || line < 0) return;
    const target = event.target as Element;
    const cell = target.closest("[aria-colindex]");
    const column = Number(cell?.getAttribute("aria-colindex") ?? 2) - 2;
    grid.moveTo({ line, column: Math.max(0, column) });
    if (toggleGroupAt(view, line)) return;
    if (event.shiftKey) {
      selectBetween(view, anchor, line);
      getSelection()?.removeAllRanges();
      return;
    }
    anchor = line;
    if (target.closest(".nbt-select") || event.ctrlKey || event.metaKey) toggle(view, line);
    else if (target.closest(".nbt-name")) openAt(view, line);
  };
  grid.element.addEventListener("click", onClick, { signal });
  grid.element.addEventListener(
    "dblclick",
    (event) => {
      const line = grid.lineOf(event.target);
      if (line !== null && line >= 0) openAt(view, line);
    },
    { signal },
  );
}

function toggleGroupAt(view: TableView, line: number): boolean {
  const at = view.lines.at(line);
  const group = at?.kind === "group" ? view.group(at.group) : undefined;
  if (group) view.toggleGroup(group);
  return group !== undefined;
}

function openAt(view: TableView, line: number): void {
  const run = view.runAt(line);
  if (run) view.openDetail(run);
}

function toggle(view: TableView, line: number): boolean {
  const run = view.runAt(line);
  if (run) view.select([run], !view.selection.has(run));
  return true;
}

function selectBetween(view: TableView, from: number, to: number): void {
  if (from >= 0 && to >= 0) view.selectLines(from, to);
}
