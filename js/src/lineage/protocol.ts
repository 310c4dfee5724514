/** What a lineage's graph and the kernel say to each other. `widgets/lineage/` is the other end. */

import type { DataText } from "../base/data.ts";
import type { RunJson } from "../base/run.ts";

export interface Box {
  /** Tells it apart from all others, whatever is added. */
  key: string;
  title: string;
  below: string;
  /** All of it, for who hovers or listens. */
  told: string;
  run_id: string | null;
}

export interface Snapshot {
  /** Data, runs, model versions. */
  columns: [Box[], Box[], Box[]];
  /** How many of each are not in `columns`. */
  left_out: [number, number, number];
  /** Pairs of keys from each column to the next. */
  joined: [[string, string][], [string, string][]];
  store: string;
}

export interface VersionJson {
  name: string;
  version: number;
  stage: string;
  aliases: string[];
  description: string;
  tags: Record<string, string>;
  user: string;
  created_ms: number;
  since_ms: number | null;
  by: string;
  uri: string;
  source: string;
  digest: string;
}

export type Details =
  | { as: "data"; data: DataText }
  | { as: "run"; run: RunJson }
  | { as: "version"; version: VersionJson }
  | { as: "gone" };

export type Intent = { kind: "look"; key: string };

export type Answer = { kind: "details"; key: string } & Details;
