/** Which columns stand where, and how wide: the run's name, the pinned ones, the others. */

import { label, type Column } from "../base/column.ts";
import { columnFormat, shortNumber, type NumberFormat } from "../base/format.ts";
import { SPARK_WIDTH } from "./sparkline.ts";
import type { TableView } from "./view.ts";

export interface LaidColumn {
  column: Column;
  /** What the header says: the name without its kind, which the band above tells. */
  label: string;
  width: number;
  /** Pixels from the left edge, for columns that do not scroll sideways. */
  stuckAt: number | null;
  /** Whether the next column scrolls away under it. */
  isEdge: boolean;
  numeric: boolean;
  format: NumberFormat;
}

export const SELECT_WIDTH = 34;
const CELL_PAD = 20;
const CHARACTER = 7.3;
const SORT_MARK = 26;
const RANGE_CHARACTER = 6.6;
const SAMPLED_ROWS = 60;
const MAX_WIDTH = 260;

const FIXED_WIDTHS: Record<string, number> = {
  "attributes.status": 84,
  "attributes.started": 94,
  "attributes.duration_s": 92,
  "attributes.ended": 98,
  "attributes.verdict": 112,
  "attributes.note": 180,
};

export const NAME: Column = {
  name: "attributes.name",
  kind: "attributes",
  type: "text",
  runs: 0,
  constant: false,
  value: null,
  curve: false,
};

/** The columns in order. `widths` holds those that the user has dragged. */
export function layOut(view: TableView, widths: ReadonlyMap<string, number>): LaidColumn[] {
  const pinned = new Set(view.state.pinned);
  const shown = view.state.shown
    .map((name) => view.column(name))
    .filter((column): column is Column => column !== undefined);
  const ordered = [
    NAME,
    ...shown.filter((column) => pinned.has(column.name)),
    ...shown.filter((column) => !pinned.has(column.name)),
  ];
  let left = SELECT_WIDTH;
  const lastStuck = ordered.filter((column) => pinned.has(column.name)).length;
  return ordered.map((column, i) => {
    const values = sample(view, column);
    const numbers = values.filter((value): value is number => typeof value === "number");
    // A parameter is what somebody wrote: 0.003 stays 0.003, whatever its neighbours are.
    const format = column.kind === "params" ? shortNumber : columnFormat(numbers);
    const numeric = column.type === "number" || column.type === "duration";
    const stuck = column === NAME || pinned.has(column.name);
    const width = Math.round(widths.get(column.name) ?? fit(view, column, values, format));
    const laid = {
      column,
      label: label(column),
      width,
      stuckAt: stuck ? left : null,
      isEdge: i === lastStuck,
      numeric,
      format,
    };
    left += width;
    return laid;
  });
}

function fit(
  view: TableView,
  column: Column,
  values: unknown[],
  format: NumberFormat,
): number {
  const fixed = FIXED_WIDTHS[column.name];
  if (fixed) return fixed;
  const texts = values.map((value) => (typeof value === "number" ? format(value) : String(value)));
  const longest = Math.max(0, ...texts.map((text) => text.length));
  const header = label(column).length * CHARACTER + SORT_MARK;
  if (column === NAME) return Math.min(Math.max(longest * CHARACTER + 56, 150), 260);
  const spark = column.curve ? SPARK_WIDTH + 10 : 0;
  const star = column.kind === "metrics" ? 14 : 0;
  const content = longest * CHARACTER + Math.max(spark, rangeWidth(view, column, format)) + star;
  return Math.min(Math.max(content, header, 48) + CELL_PAD, MAX_WIDTH);
}

/** A group's row has the range of a metric beside its mean. */
function rangeWidth(view: TableView, column: Column, format: NumberFormat): number {
  const ranges = (view.state.groups ?? []).map((group) => group.metrics[column.name] ?? []);
  const longest = ranges.map(([, low, high]) =>
    low == null || high == null ? 0 : `${format(Number(low))} – ${format(Number(high))}`.length,
  );
  return Math.max(0, ...longest) * RANGE_CHARACTER;
}

function sample(view: TableView, column: Column): unknown[] {
  const key = rowKey(column.name);
  const found: unknown[] = [];
  for (const rows of view.loadedRows()) {
    for (let row = 0; row < Math.min(rows.length, SAMPLED_ROWS); row++) {
      const value = rows.value(row, key);
      if (value !== null) found.push(value);
    }
  }
  for (const group of view.state.groups ?? []) {
    for (const value of group.metrics[column.name] ?? []) {
      if (typeof value === "number") found.push(value);
    }
  }
  return found;
}

/** The name under which a column stands in a page of rows. */
export function rowKey(name: string): string {
  return name.startsWith("attributes.") ? name.slice("attributes.".length) : name;
}
