/** What kernel and browser say to each other about a chart; `widgets/chart/` has the other side. */

import type { ColumnKind, Column } from "../base/column.ts";

/** What a column is shown as: `x`, `y`, `color`, `metric`. */
export interface Role {
  role: string;
  /** What the button says. */
  title: string;
  /** The column; `null` where there is none to show. */
  column: string | null;
  /** Kinds of columns to offer, the likeliest first. */
  kinds: ColumnKind[];
  /** Whether it may be left out. */
  optional: boolean;
}

export interface Snapshot {
  state: {
    filter: string;
    mode: "all" | "filter" | "search";
    columns: Column[];
    total: number;
    all: number;
    place: string;
  };
  /** What files of it are called. */
  name: string;
  roles: Role[];
  /** Whether nobody has chosen a column. */
  chosen_for_you: boolean;
  /** Whether an axis is logarithmic; `null`: chosen by its values. Empty where axes are fixed. */
  logs: Record<string, boolean | null>;
  /** A Vega-Lite spec for each theme, as JSON. */
  specs: DataView;
}

/** Vega-Lite, as far as the widget reads it. */
export interface Spec {
  description: string;
  height: number;
  config: Record<string, unknown>;
  params?: { name: string; select?: Record<string, unknown> }[];
  datasets: Record<string, Row[]>;
  [other: string]: unknown;
}

export interface Row {
  run_id?: string;
  run?: string;
  x?: unknown;
  y?: unknown;
}

export type Intent =
  | { kind: "filter"; text: string }
  | { kind: "column"; role: string; name: string | null }
  | { kind: "choose" }
  | { kind: "log"; axis: string; on: boolean | null }
  | { kind: "select"; runs: string[] }
  | { kind: "csv" };

export type Answer =
  | { kind: "done" }
  | { kind: "csv"; text: string }
  | { kind: "error"; about: string; message: string };
