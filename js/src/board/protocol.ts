/** What a board and the kernel say to each other. `board/widget.py` is the other end. */

import type { Column } from "../base/column.ts";

export interface Cell {
  title: string;
  /** The id of the widget's own model; `null` where there is none. */
  model: string | null;
  /** Why there is none, or what of it is not as it was saved; else empty. */
  note: string;
}

export interface Snapshot {
  state: {
    filter: string;
    mode: "all" | "filter" | "search";
    columns: Column[];
    total: number;
    all: number;
    place: string;
  };
  /** Under which the store has it; empty until it is saved. */
  name: string;
  columns: number;
  /** What is to be said of the board as a whole. */
  note: string;
  cells: Cell[];
}

export type Intent =
  | { kind: "filter"; text: string }
  | { kind: "columns"; columns: number }
  | { kind: "save"; name: string };

export type Answer = { kind: "done" };
