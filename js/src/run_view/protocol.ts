/** What one run's view and the kernel say to each other. `run_view/model.py` is the other end. */

import type { KeptText, RunJson } from "../base/run.ts";

export interface CellText extends KeptText {
  number: number;
  status: string;
  duration_s: number | null;
}

export interface DataText {
  name: string;
  kind: string;
  shape: string;
  digest: string;
  is_sampled: boolean;
  size_bytes: number | null;
  source: string;
  note: string;
  /** Columns and their types. */
  fields: Record<string, string>;
  fields_left_out: number;
  /** What somebody said that it is for, and more of it. */
  context: string;
  tags: Record<string, string>;
  /** A row per column, as DuckDB summed it up; empty where nobody asked for it. */
  profile: ColumnProfile[];
}

export interface ColumnProfile {
  column: string;
  type: string;
  count: number;
  nulls: number;
  distinct_about: number;
  min: string | null;
  max: string | null;
  mean: number | null;
  std: number | null;
}

export interface More {
  /** The cells that made the run's inputs, in order; the tracked one is the last. */
  cells: CellText[];
  cells_left_out: number;
  modules: ({ path: string } & KeptText)[];
  git: Record<string, string>;
  machine: Record<string, string>;
  variables: Record<string, string>;
  packages: Record<string, string>;
  data: DataText[];
}

export interface Snapshot {
  run: RunJson;
  more: More;
  curves: DataView;
  store: string;
}
