/** One run as the kernel tells it. `widgets/run_detail.py` is the other end. */

/** A number as JSON can carry it: `"NaN"`, `"Infinity"` and `"-Infinity"` are text. */
export type JsonNumber = number | string | null;

export interface RunMetric {
  key: string;
  value: JsonNumber;
  count: number;
  min: JsonNumber;
  max: JsonNumber;
  last_step: number | null;
}

export interface KeptText {
  text: string;
  /** Whether the text goes on. */
  cut: boolean;
}

export interface KeptFile {
  path: string;
  size_bytes: number;
  media_type: string;
  digest: string;
  /** Whether a page shows it as a picture. */
  is_drawn: boolean;
}

export interface RunJson {
  run_id: string;
  short_id: string;
  name: string;
  status: string;
  experiment: string;
  started_ms: number | null;
  ended_ms: number | null;
  duration_s: number | null;
  user: string;
  host: string;
  program: string;
  note: string;
  params: { key: string; value: string }[];
  metrics: RunMetric[];
  tags: Record<string, string>;
  facts: Record<string, string>;
  verdict: string | null;
  /** Why it is that, a sentence each. */
  blames: string[];
  replayed: string | null;
  inputs: { name: string; kind: string; shape: string; digest: string; note: string }[];
  texts: ({ role: string } & KeptText)[];
  files: KeptFile[];
  /** How many more it keeps. */
  files_left_out: number;
}

/** A picture that a run keeps. */
export interface Figure {
  path: string;
  image: Blob;
}

/** Metrics of the machine, which tell nothing of the model. */
export const SYSTEM = "system/";

export function toNumber(value: JsonNumber): number | null {
  return value === null ? null : Number(value);
}
