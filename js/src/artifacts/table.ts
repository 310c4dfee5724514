/** A table in a file: a page of its rows, ordered by any column. */

import { tableFromIPC } from "@uwdata/flechette";
import { button, el } from "../base/dom.ts";
import { columnFormat, count, type NumberFormat } from "../base/format.ts";
import type { TablePage } from "./protocol.ts";

/** Of a whole type: a list of numbers is none, and neither is an interval. */
const NUMBER = /^(U?(TINY|SMALL|BIG|HUGE)?INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL\(.*\))$/;

export type AskRows = (offset: number, order_by: number | null, descending: boolean) => void;

export function tablePage(page: TablePage, buffer: DataView, ask: AskRows): HTMLElement {
  const rows = tableFromIPC(new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength));
  const isNumber = page.types.map((type) => NUMBER.test(type));
  const columns = page.names.map((_, i) => Array.from({ length: rows.numRows }, (_, row) => rows.getChild(`c${i}`)?.at(row) as string | null));
  // Fractions in line; whole numbers may be names of things, and are left as they are.
  const writes = columns.map((values, i) =>
    /^(FLOAT|DOUBLE)$/.test(page.types[i]!) ? columnFormat(values.flatMap((value) => (value === null ? [] : [Number(value)]))) : null,
  );
  const body = el("tbody");
  for (let row = 0; row < rows.numRows; row++) {
    const line = el("tr", {}, el("th", { text: count(page.offset + row + 1), attributes: { scope: "row" } }));
    columns.forEach((column, i) => line.append(cell(column[row] ?? null, isNumber[i]!, writes[i]!)));
    body.append(line);
  }
  const heads = page.names.map((name, i) => head(page, name, i, isNumber[i]!, ask));
  const corner = el("td", { attributes: { "aria-hidden": true } });
  const table = el("table", { class: "nbt-files-table", attributes: { "aria-label": `Rows of ${page.path}`, "aria-rowcount": page.total ?? -1 } });
  table.append(el("thead", {}, el("tr", {}, corner, ...heads)), body);
  return el(
    "div",
    { class: "nbt-files-sheet" },
    el("div", { class: "nbt-files-scroll", attributes: { tabindex: 0, role: "group", "aria-label": "Rows" } }, table),
    foot(page, rows.numRows, ask),
  );
}

function head(page: TablePage, name: string, i: number, isNumber: boolean, ask: AskRows): HTMLElement {
  const isOrdered = page.order_by === i;
  const type = el("span", { class: "nbt-files-type nbt-quiet", text: page.types[i]!.toLowerCase() });
  const label = el("span", { class: "nbt-files-column", text: name || "(no name)" });
  const attributes = { scope: "col", "aria-sort": isOrdered ? (page.descending ? "descending" : "ascending") : "none" };
  const look = isNumber ? "nbt-files-number" : "";
  if (!page.can_order) return el("th", { class: look, title: name, attributes: { scope: "col" } }, label, type);
  // Down, up, as in the file.
  const next = (): [number | null, boolean] => (!isOrdered ? [i, false] : !page.descending ? [i, true] : [null, false]);
  const sort = button("", { class: "nbt-files-sort", title: `Order by ${name}`, attributes: { "data-column": i } }, () => ask(0, ...next()));
  label.append(el("span", { class: "nbt-files-arrow", text: isOrdered ? (page.descending ? " ↓" : " ↑") : "" }));
  sort.append(label, type);
  return el("th", { class: look, attributes }, sort);
}

function cell(value: string | null, isNumber: boolean, write: NumberFormat | null): HTMLElement {
  if (value === null) return el("td", { class: "nbt-files-null", text: "null" });
  const text = write ? write(Number(value.replace(/^(-?)inf$/, "$1Infinity"))) : value;
  return el("td", { class: isNumber ? "nbt-files-number" : "", text, title: value.length > 24 || text !== value ? value : "" });
}

function foot(page: TablePage, shown: number, ask: AskRows): HTMLElement {
  const { offset, total, page_rows: size } = page;
  const columns = page.names.length + page.columns_left_out;
  const range = shown ? `rows ${count(offset + 1)}–${count(offset + shown)}` : "no rows";
  const said = [
    total === null ? `${range} of a large file` : `${range} of ${count(total)}`,
    `${count(columns)} column${columns === 1 ? "" : "s"}${page.columns_left_out ? `, ${count(page.columns_left_out)} of them not shown` : ""}`,
  ];
  // Who clicks twice before an answer is there turns two pages.
  let at = offset;
  const turn = (label: string, title: string, step: number, can: boolean) => {
    const made = button(label, { class: "nbt-button", title, attributes: { "aria-label": title } }, () => {
      const to = at + step;
      if (to < 0 || (total !== null && to >= total)) return;
      at = to;
      ask(to, page.order_by, page.descending);
    });
    made.disabled = !can;
    return made;
  };
  const isLast = total === null ? shown < size : offset + shown >= total;
  return el(
    "div",
    { class: "nbt-files-turn" },
    el("span", { class: "nbt-quiet nbt-small", text: said.join(" · "), attributes: { role: "status" } }),
    turn("‹", "Previous rows", -size, offset > 0),
    turn("›", "Next rows", size, !isLast),
  );
}
