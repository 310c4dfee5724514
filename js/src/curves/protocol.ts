/** What curves and the kernel say to each other. `curves/model.py` and `curves/widget.py` are the other end. */

import type { Filtered } from "../base/filter_bar.ts";

export type X = "step" | "time" | "relative";

/** `[low, high]` of x that is shown, by metric. */
export type Ranges = Record<string, [number, number]>;

/** The column that colours lines. */
export interface Paint {
  name: string;
  kind: "number" | "time" | "duration" | "category";
  scale: "linear" | "log";
  low: number;
  high: number;
  labels: string[];
}

/** Curves as Arrow. */
export interface CurveBuffers {
  /** metric (its place), run (its place), points and levels (how many rows of each are its own). */
  series: DataView;
  /** x, step, value. */
  points: DataView;
  /** Of thinned curves: x, value (a mean), count. */
  levels: DataView;
}

export interface Snapshot extends CurveBuffers {
  state: Filtered["state"] & { place: string };
  /** The metrics that are shown, in order. */
  metrics: string[];
  /** Whether they were chosen by the user. */
  chosen: boolean;
  /** How many that were chosen find no room. */
  left_out: number;
  /** How many of the runs that fit were looked at: the newest. */
  asked: number;
  x: X;
  log_x: boolean;
  color: string | null;
  paint: Paint | null;
  /** Arrow: run_id, name, and stroke, or color and `color?`. */
  runs: DataView;
}

export type Intent =
  | { kind: "filter"; text: string }
  | { kind: "metrics"; metrics: string[] | null }
  | { kind: "along"; x: X; log_x: boolean }
  | { kind: "color"; color: string | null }
  | { kind: "select"; runs: string[] }
  | { kind: "curves"; ranges: Ranges }
  | { kind: "svg"; theme: "light" | "dark" };

export type Answer =
  | { kind: "done" }
  | { kind: "svg"; svg: string }
  /** The buffers are series, points and levels. */
  | { kind: "curves"; metrics: string[]; ranges: Ranges }
  | { kind: "error"; about: string; message: string };
