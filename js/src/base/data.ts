/** Data that a run read, as the kernel tells it. `widgets/run_view/model.py` is the other end. */

import { count } from "./format.ts";

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

/** Names and values of it, those that are known. */
export function dataPairs(each: DataText): [string, string][] {
  const entries: [string, string][] = [
    ["for", each.context],
    ...Object.entries(each.tags),
    ["kind", each.kind],
    ["shape", each.shape],
    ["size", each.size_bytes === null ? "" : `${count(each.size_bytes)} bytes`],
    ["source", each.source],
    ["digest", each.digest + (each.is_sampled ? " (of a sample)" : "")],
    ["note", each.note],
  ];
  return entries.filter(([, value]) => value);
}
