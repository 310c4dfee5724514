/** A column of runs: a parameter, a metric, a tag or an attribute. */

export type ColumnKind = "attributes" | "params" | "metrics" | "tags";
export type ColumnType = "number" | "text" | "bool" | "time" | "duration";

export interface Column {
  /** `params.lr`, `metrics.accuracy`, `attributes.status`. */
  name: string;
  kind: ColumnKind;
  type: ColumnType;
  /** How many of the runs have a value here. */
  runs: number;
  /** Whether every run has the same value. */
  constant: boolean;
  /** That value as text, where it is constant. */
  value: string | null;
  /** Whether runs have curves here (metrics only). */
  curve: boolean;
}

const ATTRIBUTE_LABELS: Record<string, string> = {
  "attributes.name": "Run",
  "attributes.status": "Status",
  "attributes.started": "When",
  "attributes.duration_s": "Duration",
  "attributes.ended": "Ended",
  "attributes.experiment": "Experiment",
  "attributes.note": "Note",
  "attributes.user": "User",
  "attributes.host": "Host",
  "attributes.source": "Source",
  "attributes.verdict": "Verdict",
};

/** What a person reads: the name without its kind. */
export function label(column: Pick<Column, "name" | "kind">): string {
  return ATTRIBUTE_LABELS[column.name] ?? column.name.slice(column.kind.length + 1);
}

/** The kinds of columns, in the order in which lists of them show them. */
export const BANDS: [ColumnKind, string][] = [
  ["attributes", "Run"],
  ["params", "Parameters"],
  ["metrics", "Metrics"],
  ["tags", "Tags"],
];
