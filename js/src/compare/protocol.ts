/** What a comparison and the kernel say to each other. `compare/model.py` is the other end. */

import type { MarkedLine } from "../base/diff.ts";
import type { JsonNumber } from "../base/run.ts";

export interface Head {
  run_id: string;
  short_id: string;
  name: string;
  status: string;
  started_ms: number | null;
  duration_s: number | null;
  hue: number;
}

/** One thing that runs have, a value per run in their order; `null` where a run has none. */
export interface Row {
  name: string;
  same: boolean;
  /** What is said of each run's difference to the first, such as `10 times`. */
  notes?: string[];
  texts?: (string | null)[];
  /** Of texts, which differ from the first run's; long ones come cut. */
  differs?: boolean[];
  /** Of a metric, in place of `texts`. */
  numbers?: JsonNumber[];
  /** Whether more of the metric is better, where its name tells. */
  higher?: boolean | null;
}

export interface Group {
  title: string;
  rows: Row[];
}

export interface CodeChange {
  kind: "added" | "removed" | "changed" | "moved" | "renamed";
  name: string;
  note: string;
  lines: MarkedLine[];
  /** How many lines more there are. */
  cut: number;
}

export interface Code {
  changes: CodeChange[];
  same: number;
}

export interface Snapshot {
  /** The baseline comes first. */
  runs: Head[];
  groups: Group[];
  /** Of each run but the first, against the first. */
  code: Code[];
  /** Metrics that have curves, in order. */
  keys: string[];
  curves: DataView;
  /** Pictures by path, with the digest that each run has there. */
  figures: { path: string; digests: (string | null)[] }[];
  store: string;
}

export type Intent = { kind: "runs"; runs: string[] } | { kind: "figures"; digests: string[] };

export type Answer = { kind: "figures"; digests: string[]; media_types: string[] };
