/**
 * The grid: as many rows as fit the screen, whatever the table's length.
 *
 * Rows stand at their place in a box as high as all of them together. Browsers
 * bound how high a box may be; beyond that the scroll bar is geared.
 */

import { groupCell, refreshTimes, runCell } from "./cells.ts";
import { el } from "../base/dom.ts";
import { count } from "../base/format.ts";
import { bands, headerRow } from "./header.ts";
import { layOut, SELECT_WIDTH, type LaidColumn } from "./layout.ts";
import type { Group } from "./protocol.ts";
import type { TableView } from "./view.ts";

export const ROW_HEIGHT = 30;
const OVERSCAN = 6;
const MAX_HEIGHT = 12_000_000;
const SHOWN_ROWS = 14;
const TIMES_EVERY_MS = 10_000;

export interface Cursor {
  /** -1 is the header. */
  line: number;
  column: number;
}

export class Grid {
  readonly element: HTMLElement;
  columns: LaidColumn[] = [];
  cursor: Cursor = { line: 0, column: 0 };

  #view: TableView;
  #host: HTMLElement;
  #head: HTMLElement;
  #lines: HTMLElement;
  #rows = new Map<number, HTMLElement>();
  #widths = new Map<string, number>();
  #id = `nbt-${Math.random().toString(36).slice(2, 8)}`;
  #showsCursor = false;

  constructor(view: TableView, host: HTMLElement, signal: AbortSignal) {
    this.#view = view;
    this.#host = host;
    this.#head = el("div", { class: "nbt-head", attributes: { role: "rowgroup" } });
    this.#lines = el("div", { class: "nbt-lines", attributes: { role: "rowgroup" } });
    this.element = el(
      "div",
      {
        class: "nbt-scroll",
        attributes: {
          role: "grid",
          tabindex: 0,
          "aria-label": "Runs",
          "aria-multiselectable": true,
        },
      },
      this.#head,
      this.#lines,
    );
    this.element.addEventListener("scroll", () => this.#drawRows(), { passive: true, signal });
    this.element.addEventListener("focus", () => this.#setShowsCursor(true), { signal });
    this.element.addEventListener("blur", () => this.#setShowsCursor(false), { signal });
    // A box that is redrawn would take the focus with it.
    this.element.addEventListener(
      "mousedown",
      (event) => {
        if (!(event.target instanceof Element) || !event.target.closest(".nbt-box")) return;
        event.preventDefault();
        this.element.focus({ preventScroll: true });
      },
      { signal },
    );
    const resized = new ResizeObserver(() => this.#drawRows());
    resized.observe(this.element);
    const times = setInterval(() => refreshTimes(this.#lines), TIMES_EVERY_MS);
    signal.addEventListener("abort", () => {
      resized.disconnect();
      clearInterval(times);
    });
    view.on("state", () => this.draw());
    view.on("rows", () => this.redrawRows());
    view.on("selection", () => this.draw());
  }

  /** Everything anew: columns, header, rows. */
  draw(): void {
    this.columns = layOut(this.#view, this.#widths);
    const { lines, state } = this.#view;
    const width = this.columns.reduce((sum, laid) => sum + laid.width, SELECT_WIDTH);
    const tracks = this.columns.map((laid) => `${laid.width}px`).join(" ");
    this.element.style.setProperty("--nbt-cols", `${SELECT_WIDTH}px ${tracks} 1fr`);
    this.element.style.setProperty("--nbt-width", `${width}px`);
    this.element.style.setProperty("--nbt-row", `${ROW_HEIGHT}px`);
    this.element.setAttribute("aria-rowcount", String(lines.length + 1));
    this.element.setAttribute("aria-colcount", String(this.columns.length + 1));
    this.#head.replaceChildren(
      bands(this.columns),
      headerRow(this.#view, this.columns, {
        host: this.#host,
        resize: (name, pixels) => {
          this.#widths.set(name, pixels);
          this.draw();
        },
      }),
    );
    this.element.style.setProperty("--nbt-shown", String(Math.min(lines.length, SHOWN_ROWS)));
    this.#lines.style.height = `${Math.min(lines.length * ROW_HEIGHT, MAX_HEIGHT)}px`;
    this.#host.classList.toggle("nbt-grouped", state.groups !== null);
    this.cursor.line = Math.min(this.cursor.line, Math.max(lines.length - 1, -1));
    this.cursor.column = Math.min(this.cursor.column, this.columns.length - 1);
    this.redrawRows();
  }

  /** The rows on screen anew, in the same columns. */
  redrawRows(): void {
    this.#rows.clear();
    this.#lines.replaceChildren();
    this.#drawRows();
  }

  scrollToTop(): void {
    this.element.scrollTop = 0;
    this.cursor.line = Math.min(this.cursor.line, 0);
  }

  /** Move the cursor, and bring it into view. */
  moveTo(cursor: Cursor): void {
    const last = this.#view.lines.length - 1;
    this.cursor = {
      line: Math.max(-1, Math.min(cursor.line, last)),
      column: Math.max(0, Math.min(cursor.column, this.columns.length - 1)),
    };
    this.#reveal();
    this.#drawRows();
    this.#markCursor();
  }

  /** How many rows fit the screen. */
  get pageLines(): number {
    return Math.max(1, Math.floor((this.element.clientHeight - this.#head.offsetHeight) / ROW_HEIGHT));
  }

  /** The line under an event's target; -1 for the header, `null` for neither. */
  lineOf(target: EventTarget | null): number | null {
    if (!(target instanceof Element)) return null;
    const row = target.closest<HTMLElement>("[data-line]");
    if (row) return Number(row.dataset["line"]);
    return target.closest(".nbt-names") ? -1 : null;
  }

  headerCell(column: number): HTMLElement | null {
    return this.#head.querySelectorAll<HTMLElement>(".nbt-names [data-column]")[column] ?? null;
  }

  // Rows

  #drawRows(): void {
    const { lines } = this.#view;
    const height = this.element.clientHeight - this.#head.offsetHeight;
    const top = this.#topPixel();
    const first = Math.max(0, Math.floor(top / ROW_HEIGHT) - OVERSCAN);
    const last = Math.min(lines.length - 1, Math.ceil((top + height) / ROW_HEIGHT) + OVERSCAN);
    for (const [line, row] of this.#rows) {
      if (line >= first && line <= last) continue;
      row.remove();
      this.#rows.delete(line);
    }
    const shift = this.element.scrollTop - top;
    for (let line = first; line <= last; line++) {
      let row = this.#rows.get(line);
      if (!row) {
        row = this.#row(line);
        this.#rows.set(line, row);
        this.#lines.append(row);
      }
      row.style.transform = `translateY(${line * ROW_HEIGHT + shift}px)`;
    }
    this.#markCursor();
    if (last >= first) {
      const from = Math.floor(top / ROW_HEIGHT);
      this.#view.show(from, Math.min(lines.length - 1, Math.ceil((top + height) / ROW_HEIGHT)));
    }
  }

  /** Which pixel of the whole table is at the top edge. */
  #topPixel(): number {
    return this.element.scrollTop * this.#gear();
  }

  #gear(): number {
    const whole = this.#view.lines.length * ROW_HEIGHT;
    if (whole <= MAX_HEIGHT) return 1;
    const screen = this.element.clientHeight - this.#head.offsetHeight;
    return (whole - screen) / (MAX_HEIGHT - screen);
  }

  #reveal(): void {
    if (this.cursor.line >= 0) {
      const height = this.element.clientHeight - this.#head.offsetHeight;
      const top = this.#topPixel();
      const y = this.cursor.line * ROW_HEIGHT;
      const gear = this.#gear();
      if (y < top) this.element.scrollTop = y / gear;
      else if (y + ROW_HEIGHT > top + height) {
        this.element.scrollTop = (y + ROW_HEIGHT - height) / gear;
      }
    }
    const laid = this.columns[this.cursor.column];
    if (!laid || laid.stuckAt !== null) return;
    const stuck = this.columns.filter((other) => other.stuckAt !== null);
    const edge = stuck.reduce((sum, other) => sum + other.width, SELECT_WIDTH);
    const before = this.columns.slice(0, this.cursor.column);
    const left = before.reduce((sum, other) => sum + other.width, SELECT_WIDTH);
    const { scrollLeft, clientWidth } = this.element;
    if (left - edge < scrollLeft) this.element.scrollLeft = left - edge;
    else if (left + laid.width > scrollLeft + clientWidth) {
      this.element.scrollLeft = left + laid.width - clientWidth;
    }
  }

  #row(line: number): HTMLElement {
    const at = this.#view.lines.at(line);
    const group = at?.kind === "group" ? this.#view.group(at.group) : undefined;
    if (group) return this.#groupRow(line, group);
    const found = this.#view.row(at);
    const run = found?.rows.text(found.row, "run_id") ?? "";
    const isSelected = this.#view.selection.has(run);
    const row = el("div", {
      class: `nbt-row nbt-cols${isSelected ? " nbt-selected" : ""}${found ? "" : " nbt-loading"}`,
      attributes: {
        role: "row",
        "aria-rowindex": line + 2,
        "aria-selected": isSelected,
        "aria-busy": found ? undefined : true,
        "data-line": line,
        "data-run": run || undefined,
      },
    });
    row.append(this.#selectCell(isSelected, found?.rows.text(found.row, "name") ?? ""));
    this.columns.forEach((laid, i) => {
      const cell = found
        ? runCell(this.#view, laid, found.rows, found.row)
        : el("div", {}, el("span", { class: "nbt-bone" }));
      row.append(this.#place(cell, laid, line, i));
    });
    if (this.#view.detail?.detail.run_id === run && run) row.classList.add("nbt-open");
    return row;
  }

  #groupRow(line: number, group: Group): HTMLElement {
    const isOpen = this.#view.isOpen(group);
    const row = el("div", {
      class: "nbt-row nbt-cols nbt-group",
      attributes: {
        role: "row",
        "aria-rowindex": line + 2,
        "aria-expanded": isOpen,
        "data-line": line,
      },
    });
    const arrow = el("div", { class: "nbt-cell nbt-select nbt-stuck", text: isOpen ? "▾" : "▸" });
    arrow.style.left = "0";
    row.append(arrow);
    this.columns.forEach((laid, i) => {
      const cell =
        i === 0
          ? el(
              "div",
              { title: group.value ?? "none" },
              el("span", { class: "nbt-groupname", text: group.value ?? "none" }),
              el("span", { class: "nbt-quiet", text: ` ${count(group.runs)}` }),
            )
          : groupCell(laid, group);
      row.append(this.#place(cell, laid, line, i));
    });
    return row;
  }

  #place(cell: HTMLElement, laid: LaidColumn, line: number, column: number): HTMLElement {
    cell.classList.add("nbt-cell");
    if (!cell.firstElementChild) cell.classList.add("nbt-text-cell");
    if (laid.isEdge) cell.classList.add("nbt-last-stuck");
    if (laid.numeric) cell.classList.add("nbt-right");
    cell.setAttribute("role", column === 0 ? "rowheader" : "gridcell");
    cell.setAttribute("aria-colindex", String(column + 2));
    cell.id = `${this.#id}-${line}-${column}`;
    if (laid.stuckAt !== null) {
      cell.classList.add("nbt-stuck");
      cell.style.left = `${laid.stuckAt}px`;
    }
    return cell;
  }

  #selectCell(isSelected: boolean, name: string): HTMLElement {
    const box = el("input", {
      class: "nbt-box",
      attributes: { type: "checkbox", tabindex: -1, "aria-label": `Select ${name}` },
    });
    box.checked = isSelected;
    const cell = el(
      "div",
      { class: "nbt-cell nbt-select nbt-stuck", attributes: { role: "gridcell", "aria-colindex": 1 } },
      box,
    );
    cell.style.left = "0";
    return cell;
  }

  // Cursor

  #setShowsCursor(shows: boolean): void {
    this.#showsCursor = shows;
    const visibly = shows && this.element.matches(":focus-visible");
    this.element.parentElement?.classList.toggle("nbt-focused", visibly);
    this.#markCursor();
  }

  #markCursor(): void {
    for (const old of this.element.querySelectorAll(".nbt-cursor, .nbt-cursor-row")) {
      old.classList.remove("nbt-cursor", "nbt-cursor-row");
    }
    const { line, column } = this.cursor;
    const row = this.#rows.get(line);
    const cell =
      line < 0 ? this.headerCell(column) : row?.querySelector(`[aria-colindex="${column + 2}"]`);
    if (cell && !cell.id) cell.id = `${this.#id}-head-${column}`;
    if (cell) this.element.setAttribute("aria-activedescendant", cell.id);
    else this.element.removeAttribute("aria-activedescendant");
    if (!this.#showsCursor) return;
    row?.classList.add("nbt-cursor-row");
    cell?.classList.add("nbt-cursor");
  }
}
