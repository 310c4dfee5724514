/**
 * What the browser and the kernel say to each other.
 *
 * The kernel owns the table's state and every row; the browser owns hover, scroll
 * and focus. The browser sends intents that carry an id. Answers bear the same id
 * and bring rows as Arrow IPC buffers. `widgets/wire.py` is the other end.
 */

import type { Column } from "../base/column.ts";
import type { JsonNumber, RunJson } from "../base/run.ts";

export interface OrderKey {
  column: string;
  descending: boolean;
}

export interface Best {
  direction: "max" | "min";
  runs: string[];
}

export interface Group {
  /** The value that the runs share; `null` where they have none. */
  value: string | null;
  runs: number;
  /** Per metric: mean, least and greatest over finite values. */
  metrics: Record<string, [JsonNumber, JsonNumber, JsonNumber]>;
}

export interface State {
  /** Grows whenever what the rows are may have changed. */
  revision: number;
  filter: string;
  /** How the text in the box was understood. */
  mode: "all" | "filter" | "search";
  order: OrderKey[];
  group: string | null;
  groups: Group[] | null;
  columns: Column[];
  /** Names of the columns beside the run's name, in order; the pinned ones first. */
  shown: string[];
  pinned: string[];
  /** Whether columns that are the same in every run are shown too. */
  constant: boolean;
  /** Whether `shown` was chosen by the user. */
  chosen: boolean;
  best: Record<string, Best>;
  /** How many runs fit the filter, and how many there are without it. */
  total: number;
  all: number;
  /** Where the runs are: the experiment, or the store's folder. */
  place: string;
}

export interface PageHead {
  offset: number;
  /** The group whose runs these are, as its place in `groups`; `null` without grouping. */
  within: number | null;
}

/** What the kernel pushes without being asked, and keeps for views that open later. */
export interface Snapshot {
  state: State;
  page: PageHead | null;
  rows: DataView | null;
  curves: DataView | null;
}

/** A run with its pictures, whose bytes follow the buffer of its curves. */
export interface Detail extends RunJson {
  figures: { path: string; media_type: string }[];
}

export type Intent =
  | { kind: "page"; revision: number; offset: number; within: number | null }
  | { kind: "curves"; runs: string[] }
  /** What is on screen, so that news of it can be pushed. Has no answer. */
  | { kind: "window"; offset: number; within: number | null }
  | { kind: "filter"; text: string }
  | { kind: "sort"; order: OrderKey[] }
  | { kind: "group"; by: string | null }
  | {
      kind: "columns";
      shown: string[] | null;
      pinned: string[];
      constant: boolean;
      best: Record<string, "max" | "min" | "none">;
    }
  | { kind: "select"; runs: string[]; on: boolean }
  | { kind: "select_range"; from: number; to: number; on: boolean; within: number | null }
  | { kind: "select_all"; on: boolean }
  | { kind: "detail"; run: string }
  /** Open a comparison of what is selected, or close it. */
  | { kind: "compare"; on: boolean };

export type Answer =
  | ({ kind: "page"; revision: number } & PageHead)
  | { kind: "curves" }
  | { kind: "state"; state: State; page: PageHead | null }
  | { kind: "selected" }
  | { kind: "detail"; detail: Detail }
  /** The id of the comparison's own model; `null` where it was closed. */
  | { kind: "comparison"; model: string | null }
  | { kind: "error"; about: string; message: string };
