/** What parallel coordinates and the kernel say to each other. `parallel/model.py` is the other end. */

import type { Filtered } from "../base/filter_bar.ts";

export type Scale = "linear" | "log";

/** `[low, high]` of numbers, or labels; `null`, `"NaN"`, `"inf"`, `"-inf"` for what has no place. */
export type Brush = (number | string | null)[];
export type Brushes = Record<string, Brush>;

export interface AxisHead {
  name: string;
  kind: "number" | "time" | "duration" | "category";
  scale: Scale;
  low: number;
  high: number;
  /** Of a category's axis, from the bottom upwards. */
  labels: string[];
}

export interface Snapshot {
  state: Filtered["state"] & { place: string };
  /** The names of the axes, in order. */
  shown: string[];
  /** Whether `shown` was chosen by the user. */
  chosen: boolean;
  /** The column by whose values lines are coloured. */
  color: string | null;
  /** Those that are shown, and the one that colours. Their columns in `rows` are called 0, 1, … */
  axes: AxisHead[];
  /** Arrow: run_id, name, and per axis values, and codes of what has no place as `0?`, … */
  rows: DataView;
}

export type Intent =
  | { kind: "filter"; text: string }
  | { kind: "axes"; axes: string[] | null }
  | { kind: "color"; color: string }
  | { kind: "scale"; axis: string; scale: Scale }
  | { kind: "brush"; brushes: Brushes }
  | { kind: "select"; runs: string[] }
  | { kind: "keep"; brushes: Brushes }
  | { kind: "csv" }
  | { kind: "svg"; theme: "light" | "dark" };

export type Answer =
  | { kind: "done" }
  | { kind: "csv"; text: string }
  | { kind: "svg"; svg: string }
  | { kind: "error"; about: string; message: string };
