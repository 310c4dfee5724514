/** What one run's view and the kernel say to each other. `run_view/model.py` is the other end. */

import type { DataText } from "../base/data.ts";
import type { KeptText, RunJson } from "../base/run.ts";

export interface CellText extends KeptText {
  number: number;
  status: string;
  duration_s: number | null;
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
