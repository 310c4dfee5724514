/** Rows of a group: what differs, and, where it is unfolded, what is the same. */

import { button, el } from "../base/dom.ts";
import { columnFormat, fullNumber, shortNumber, type NumberFormat } from "../base/format.ts";
import { toNumber } from "../base/run.ts";
import type { Group, Row } from "./protocol.ts";
import type { CompareView } from "./view.ts";

/** More rows than these are shown when they are asked for. */
const SHOWN = 60;

export function groupSection(view: CompareView, group: Group): HTMLElement | null {
  const sought = view.sought.toLowerCase();
  const rows = group.rows.filter((row) => row.name.toLowerCase().includes(sought));
  if (!rows.length) return null;
  const isOne = view.runs.length === 1;
  const different = isOne ? rows : rows.filter((row) => !row.same);
  const same = isOne ? [] : rows.filter((row) => row.same);
  const isUnfolded = view.unfolded.has(group.title) || sought !== "";
  const listed = isUnfolded ? [...different, ...same] : different;
  const all = `${group.title} all`;
  const shown = view.unfolded.has(all) ? listed : listed.slice(0, SHOWN);
  const section = el("section", { class: "nbt-cmp-group", attributes: { "data-group": group.title } });
  section.append(
    sectionHead(
      view,
      group.title,
      isOne ? "" : different.length ? `${different.length} differ${different.length === 1 ? "s" : ""}` : "",
      sought ? null : { fold: group.title, count: same.length },
    ),
  );
  if (shown.length) section.append(table(view, group.title, shown));
  if (listed.length > shown.length) {
    section.append(
      button(`Show all ${listed.length}`, { class: "nbt-link nbt-small nbt-cmp-all" }, () => view.toggle(all)),
    );
  }
  return section;
}

/** The title of a section, with what is the same folded away behind how much it is. */
export function sectionHead(
  view: CompareView,
  title: string,
  said: string,
  same: { fold: string; count: number } | null,
): HTMLElement {
  const isOpen = same !== null && view.unfolded.has(same.fold);
  return el(
    "div",
    { class: "nbt-cmp-sectionhead" },
    el("h3", { text: title }),
    said ? el("span", { class: "nbt-quiet nbt-small", text: said }) : null,
    same?.count
      ? button(
          `${isOpen ? "▾" : "▸"} ${same.count} the same`,
          { class: "nbt-cmp-fold nbt-small", attributes: { "aria-expanded": isOpen, "data-fold": same.fold } },
          () => view.toggle(same.fold),
        )
      : null,
  );
}

function table(view: CompareView, title: string, rows: readonly Row[]): HTMLElement {
  const body = el("tbody");
  for (const row of rows) body.append(line(row, view.runs.length > 1 && row.same));
  return el(
    "table",
    { class: "nbt-cmp-table", attributes: { "aria-label": title } },
    el("colgroup", {}, el("col", { class: "nbt-cmp-namecol" }), ...view.runs.map(() => el("col"))),
    // The heads stand once above all groups; here they are for screen readers.
    el(
      "thead",
      { class: "nbt-cmp-unseen" },
      el("tr", {}, el("th", { text: "Name" }), ...view.runs.map(({ name }) => el("th", { text: name }))),
    ),
    body,
  );
}

function line(row: Row, isSame: boolean): HTMLElement {
  const cells = row.numbers ? numberCells(row) : textCells(row);
  return el(
    "tr",
    { class: isSame ? "nbt-cmp-same" : "", attributes: { "data-row": row.name } },
    el(
      "th",
      { title: row.name, attributes: { scope: "row" } },
      el("div", { class: "nbt-cmp-name", text: row.name }),
    ),
    ...cells,
  );
}

function textCells(row: Row): HTMLElement[] {
  const texts = row.texts ?? [];
  return texts.map((text, place) => {
    if (text === null) return el("td", {}, el("span", { class: "nbt-none", text: "–" }));
    const differs = row.differs?.[place] ?? false;
    const shown = text === "" ? "(empty)" : text;
    const note = differs ? row.notes?.[place] : "";
    return el(
      "td",
      { title: text.length > 60 ? text : "" },
      el("span", { class: differs ? "nbt-cmp-value nbt-cmp-differs" : "nbt-cmp-value", text: shown }),
      note ? el("span", { class: "nbt-cmp-note", text: note }) : null,
    );
  });
}

function numberCells(row: Row): HTMLElement[] {
  const numbers = (row.numbers ?? []).map(toNumber);
  const there = numbers.filter((value): value is number => value !== null);
  const write = tellingFormat(there);
  const [first = null] = numbers;
  const best = row.higher === null || row.higher === undefined ? null : bestOf(there, row.higher);
  return numbers.map((value, place) => {
    if (value === null) return el("td", {}, el("span", { class: "nbt-none", text: "–" }));
    const isBest = value === best;
    return el(
      "td",
      { title: fullNumber(value) },
      el(
        "span",
        { class: "nbt-cmp-metric" },
        el("span", { class: isBest ? "nbt-cmp-number nbt-cmp-best" : "nbt-cmp-number", text: write(value) }),
        place > 0 && first !== null ? change(value, first, row.higher ?? null, write) : null,
      ),
    );
  });
}

/** By how much a value is above the baseline's, with as many decimals as they have. */
function change(value: number, first: number, higher: boolean | null, write: NumberFormat): HTMLElement | null {
  const difference = value - first;
  if (!Number.isFinite(difference) || difference === 0) return null;
  const better = higher === null ? null : difference > 0 === higher;
  const sign = difference > 0 ? "+" : "−";
  const size = Math.abs(difference);
  const written = write(size);
  const said = `${sign}${Number(written.replaceAll(",", "")) === 0 ? shortNumber(size) : written}`;
  const share = Math.abs(difference / first);
  const percent = first && share < 10 ? ` (${sign}${percentText(share)})` : "";
  const judged = better === null ? "" : better ? ", better" : ", worse";
  return el("span", {
    class: `nbt-cmp-change ${better === null ? "nbt-quiet" : better ? "nbt-cmp-good" : "nbt-cmp-bad"}`,
    text: said,
    title: `${sign}${fullNumber(size)}${percent}${judged}`,
    attributes: { "aria-label": `${said}${judged}` },
  });
}

function percentText(share: number): string {
  return `${(share * 100).toPrecision(3)} %`;
}

/** The best of the numbers, where they do not all tie. */
function bestOf(numbers: readonly number[], higher: boolean): number | null {
  const finite = numbers.filter((value) => Number.isFinite(value));
  if (new Set(finite).size < 2) return null;
  return finite.reduce((a, b) => (a > b === higher ? a : b));
}

/** Numbers of one row with their decimal points alike, and digits enough to tell them apart. */
export function tellingFormat(numbers: readonly number[]): NumberFormat {
  const usual = numbers.some((value) => Math.abs(value) >= 1e6 && !Number.isInteger(value))
    ? exponential
    : columnFormat(numbers);
  const different = new Set(numbers.map(String)).size;
  if (new Set(numbers.map(usual)).size >= different) return usual;
  return (value) => (Number.isFinite(value) ? String(Number(value.toPrecision(9))) : usual(value));
}

/** A large number as `1.235e6`. */
function exponential(value: number): string {
  return Number.isFinite(value) ? value.toExponential(3).replace("e+", "e") : shortNumber(value);
}
