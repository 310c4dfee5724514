/** What the kernel says of the registry, and what it is asked. Mirrors `widgets/registry`. */

export type Stage = "None" | "Staging" | "Production" | "Archived";

/** A number as JSON can carry it: NaN and the infinities are their names. */
export type JsonNumber = number | string | null;

export interface Model {
  name: string;
  versions: number;
  in_production: number[];
  /** How many requests wait for an answer. */
  waiting: number;
}

export interface Version {
  version: number;
  stage: Stage;
  aliases: string[];
  description: string;
  run: string;
  run_id: string;
  user: string;
  created: string;
  since: string;
  by: string;
  /** How it came to its stage: "", "override" or "roll back". */
  how: string;
  /** Whether it ever went to Production past a gate. */
  overridden: boolean;
}

export interface Request {
  request: number;
  version: number;
  stage: Stage;
  by: string;
  time: string;
  comment: string;
}

export interface Check {
  gate: string;
  passed: boolean;
  reason: string;
}

export interface Metric {
  key: string;
  value: JsonNumber;
  before: JsonNumber;
  /** Whether more is better; `null` where nothing tells. */
  higher: boolean | null;
  is_gate: boolean;
}

export interface Evidence {
  version: number;
  /** The version that it is held against, and whether that is "in Production" or "before it". */
  against: number | null;
  against_is: string;
  metrics: Metric[];
  data: { name: string; digest: string; sampled: boolean; shape: string; same: boolean | null }[];
  code: { commit: string; dirty: boolean; same: boolean | null };
  verdict: string | null;
  replayed: boolean;
  checks: Check[];
  tags: Record<string, string>;
  trained_by: string;
  source: string;
}

export interface Change {
  number: number;
  time: string;
  version: number | null;
  told: string;
  how: string;
  comment: string;
  user: string;
  where: string;
  is_stage: boolean;
  /** The reasons past which it was promoted. */
  failed: string[];
}

export interface Shown {
  name: string;
  description: string;
  gates: string[];
  /** The registry's last change when this was read: what one decides is decided on it. */
  seen: number;
  total: number;
  versions: Version[];
  requests: Request[];
  /** The version that a roll back would bring back. */
  can_roll_back: number | null;
  chosen: Evidence | null;
  history: Change[];
}

export interface Snapshot {
  store: string;
  user: string;
  models: Model[];
  model: Shown | null;
}

export type Intent =
  | { kind: "model"; name: string }
  | { kind: "choose"; version: number }
  | {
      kind: "move";
      name: string;
      version: number;
      stage: Stage;
      comment: string;
      override: string | null;
      seen: number;
    }
  | { kind: "ask"; name: string; version: number; stage: Stage; comment: string }
  | { kind: "approve"; request: number; comment: string; override: string | null; seen: number }
  | { kind: "reject"; request: number; comment: string }
  | { kind: "roll_back"; name: string; comment: string; seen: number }
  | { kind: "comment"; version: number; comment: string };

export type Answer = { kind: "refused"; message: string };
